--- `crsync cancel`: cancels a task.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"

local function run(given, client)
  exit.unless(client:cancel_task(given.instance, given.task))
  io.stderr:write("cancel requested; check with crsync get\n")
  return exit_status.DONE
end

return {
  name = "cancel",
  about = "Cancel a task",
  arguments = { arguments.INSTANCE, arguments.TASK },
  examples = { "crsync cancel cri-sandbox rst-web-eu" },
  run = run,
}
