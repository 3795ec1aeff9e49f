--- `crsync rules`: lists, creates or deletes rules.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"
local tables = require "crsync.print.table"

local function list(given, client)
  local rules = exit.unless(client:list_rules(given.instance, { NamespaceName = given.namespace,
    RepoName = given.repo, limit = given.limit }))
  output.write_list(given, rules, tables.RULES)
end

local function create(given, client)
  local id, response = exit.unless(client:create_rule(given.instance, arguments.parameters(given.create)))
  output.write(given, response, function() return output.single(id) end)
end

local function delete(given, client)
  exit.unless(client:delete_rule(given.instance, given.delete))
  io.stderr:write("rule deleted\n")
end

return {
  name = "rules",
  about = "List, create or delete rules",
  arguments = { arguments.INSTANCE },
  options = {
    { name = "--namespace", value = "NAME", about = "Only rules for this namespace" },
    { name = "--repo", value = "NAME", about = "Only rules for this repository" },
    { name = "--limit", value = "N", type = "count", about = "Stop after this many rules" },
    { name = "--create", value = "NAME=VALUE", many = "+", about = "Create a rule with these parameters" },
    { name = "--delete", value = "ID", about = "Delete the rule with this id, crsr-…" },
  },
  formats = arguments.TABLE_FORMATS,
  run = function(given, client)
    local act = given.delete and delete or given.create and create or list
    act(given, client)
    return exit_status.DONE
  end,
}
