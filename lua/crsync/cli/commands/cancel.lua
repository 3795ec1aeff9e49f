--- `crsync cancel`: asks for a task's end.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"

local function run(given, client)
  exit.unless(client:cancel_task(given.instance, given.task))
  io.stderr:write("asked for; the status follows\n")
  return exit_status.DONE
end

return {
  name = "cancel",
  about = "asks for a task's end",
  arguments = { arguments.INSTANCE, { name = "task", about = "the task, rst-…" } },
  run = run,
}
