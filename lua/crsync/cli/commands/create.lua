--- `crsync create`: starts a sync, by a rule or to a target that is spelled out.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local operations = require "crsync.operations"
local output = require "crsync.cli.output"
local wait_for = require "crsync.cli.wait_for"

local SOURCE, TARGET = { "RepoId", "Tag" }, {}
for _, name in ipairs(operations.CreateRepoSyncTask.required) do
  if name:find "^Target" then TARGET[#TARGET + 1] = name end
end

local function check(params)
  local missing = arguments.missing(params, SOURCE)
  local target = params.SyncRuleId and {} or arguments.missing(params, TARGET)
  if #target == #TARGET then
    missing[#missing + 1] = "SyncRuleId, or " .. table.concat(TARGET, ", ") -- neither way was begun
  else
    for _, name in ipairs(target) do missing[#missing + 1] = name end
  end
  if #missing > 0 then exit.misused("create needs " .. table.concat(missing, #target == #TARGET and "; " or ", ")) end
end

local function run(given, client)
  local params = arguments.parameters(given.parameter)
  check(params)
  wait_for.check(given)
  local create = params.SyncRuleId and client.create_task_by_rule or client.create_task
  local id, response = exit.unless(create(client, given.instance, params))
  output.write_made(given, response, id, "task")
  return given.wait and wait_for.end_of(given, client, { id }) or exit_status.DONE
end

return {
  name = "create",
  about = "Start a sync and print the id of its task",
  arguments = { arguments.INSTANCE, { name = "parameter", value = "NAME=VALUE", many = "+", completes = "create",
    about = "RepoId=crr-… Tag=1.0 SyncRuleId=crsr-…; without a rule the Target… parameters" } },
  options = {
    { name = "--wait", about = "Wait until the task has ended, for an hour at most without --timeout" },
    arguments.SUMMARY,
  },
  examples = { "crsync create cri-sandbox RepoId=crr-sandbox-web Tag=1.0.0 SyncRuleId=crsr-sandbox-manual --wait" },
  results = { { fields = { "SyncTaskId", "RequestId", "Code", "IsSuccess" } } },
  statuses = { "TASK_FAILED" },
  run = run,
}
