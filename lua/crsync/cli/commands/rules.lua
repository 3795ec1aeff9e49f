--- `crsync rules`: lists, creates or deletes rules.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local operations = require "crsync.operations"
local output = require "crsync.cli.output"
local tables = require "crsync.print.table"

local function list(given, client)
  local namespace, name = arguments.repository(given.repo)
  local rules = exit.unless(client:list_rules(given.instance, { NamespaceName = given.namespace or namespace,
    RepoName = name, limit = given.limit, deadline = given.timeout }))
  output.write_list(given, rules, tables.RULES)
end

local function create(given, client)
  local params = arguments.parameters(given.create)
  local missing = arguments.missing(params, operations.CreateRepoSyncRule.required)
  if #missing > 0 then exit.misused("a rule needs " .. table.concat(missing, ", ")) end
  local id, response = exit.unless(client:create_rule(given.instance, params))
  output.write_made(given, response, id, "rule")
end

local function delete(given, client)
  exit.unless(client:delete_rule(given.instance, given.delete))
  io.stderr:write("rule deleted\n")
end

return {
  name = "rules",
  about = "List, create or delete rules",
  usage = { "INSTANCE", "INSTANCE --create NAME=VALUE…", "INSTANCE --delete ID" },
  arguments = { arguments.INSTANCE },
  options = {
    { name = "--namespace", value = "NAME", completes = "namespaces", about = "Only rules for this namespace" },
    { name = "--repo", value = "NAME", completes = "repositories",
      about = "Only rules for this repository: NAME, or NAMESPACE/NAME" },
    { name = "--limit", value = "N", type = "count", about = "Stop after this many rules" },
    { name = "--create", value = "NAME=VALUE", many = "+", completes = "rule",
      about = "Create a rule with these parameters" },
    { name = "--delete", value = "ID", completes = "rules", about = "Delete the rule with this id, crsr-…" },
  },
  examples = { "crsync rules cri-sandbox --namespace team", "crsync rules cri-sandbox --delete crsr-sandbox-us" },
  results = {
    { class = "crsync.Rule", is_array = true, columns = tables.RULES },
    { of = "--create", fields = { "SyncRuleId", "RequestId", "Code", "IsSuccess" } },
  },
  formats = arguments.TABLE_FORMATS,
  run = function(given, client)
    if given.create and given.delete then exit.misused "--create and --delete are two commands" end
    local act = given.delete and delete or given.create and create or list
    act(given, client)
    return exit_status.DONE
  end,
}
