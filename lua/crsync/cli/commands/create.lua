--- `crsync create`: starts a sync, by a rule or to a target that is spelled out.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"

local function run(given, client)
  local params = arguments.parameters(given.parameter)
  local create = params.SyncRuleId and client.create_task_by_rule or client.create_task
  local id, response = exit.unless(create(client, given.instance, params))
  output.write(given, response, function() return output.single(id) end)
  return exit_status.DONE
end

return {
  name = "create",
  about = "Start a sync and print the id of its task",
  arguments = { arguments.INSTANCE, { name = "parameter", many = "+",
    about = "RepoId=crr-… Tag=1.0 SyncRuleId=crsr-…; without a rule the Target… parameters" } },
  run = run,
}
