-- Wrong arguments: whichever public function gets one raises at the line of the script that called it, and names the
-- argument.

local compat = require "crsync.util.compat"
local crsync = require "crsync"
local sandbox = require "crsync.sandbox"

local client

lazy_setup(function()
  client = assert(crsync.new { endpoint = "http://127.0.0.1:1", access_key_id = "id", access_key_secret = "secret" })
end)
lazy_teardown(function() client:close() end)

local nothing = function() end

local CASES = {
  get_task = { { "" }, "instance_id: it is empty" },
  get_tasks = { { "i", { "a", "" } }, "ids[2]: it is empty" },
  list_tasks = { { "i", { Nope = 1 } }, "Nope: unknown option" },
  tasks = { { "i", { since = "x" } }, "since: expected a number, got string" },
  create_task = { { "i", {} }, "RepoId: it is missing" },
  create_task_by_rule = { { "i", { RepoId = "x", Tag = "1" } }, "SyncRuleId: it is missing" },
  retry_task = { { "i", "t", { Priority = 1.5 } }, "Priority: a number that is no integer cannot be sent" },
  cancel_task = { { "i", 5 }, "task_id: expected a string, got number" },
  list_rules = { { "i", 5 }, "expected a table, got number" },
  create_rule = { { "i" }, "params: expected a table, got no value" },
  delete_rule = { { "i", "\n" }, "rule_id: it holds a control character" },
  wait = { { "i", "t", { interval = 0 } }, "interval: out of range: 0" },
  wait_all = { { "i", { "" } }, "ids[1]: it is empty" },
  wait_batch = { { "i", "b", { nope = 1 } }, "nope: unknown option" },
  wait_push = { { "i", { RepoNamespaceName = "a", RepoName = "b", Tag = "c" } }, "since: it is missing" },
  call = { { "a b" }, "action: expected the name of an operation" },
}

local function with(changes)
  local params = { RepoId = "crr-1", Tag = "1", TargetRegionId = "eu-west-1", TargetInstanceId = "cri-2",
    TargetNamespace = "team", TargetRepoName = "web", TargetTag = "1" }
  for name, value in pairs(changes) do params[name] = value end
  return params
end

local function push(changes)
  local params = { RepoNamespaceName = "team", RepoName = "web", Tag = "1" }
  for name, value in pairs(changes) do params[name] = value end
  return params
end

-- Method, arguments, problem.
local MORE_CASES = {
  { "get_tasks", { "i", { a = "b" } }, "of this table a would be left out" },
  { "get_tasks", { "i", { "a", [3] = "c" } }, "of this table 3 would be left out" },
  { "wait_all", { "i", { [0] = "a", "b" } }, "of this table 0 would be left out" },
  { "create_task", { "i", with { RepoId = 5 } }, "RepoId: expected a string, got number" },
  { "create_task", { "i", with { TargetInstanceId = "a\n" } }, "TargetInstanceId: it holds a control character" },
  { "create_task", { "i", with { InstanceId = "j" } }, "InstanceId: it is another than the first argument" },
  { "create_task_by_rule", { "i", { RepoId = "r", Tag = "1", SyncRuleId = {} } }, "SyncRuleId: expected a string" },
  { "create_rule", { "i", { SyncRuleName = "n", SyncScope = "REPO", TagFilter = ".*", TargetRegionId = "r",
    TargetInstanceId = "i", LinkId = "" } }, "LinkId: it is empty" },
  { "retry_task", { "i", "t", { RepoId = "" } }, "RepoId: it is empty" },
  { "retry_task", { "i", "t", { InstanceId = "j" } }, "InstanceId: it is another than the first argument" },
  { "retry_task", { "i", "t", { force = "yes" } }, "force: expected a boolean, got string" },
  { "list_tasks", { "i", { SyncRecordId = "a\0" } }, "SyncRecordId: it holds a control character" },
  { "list_rules", { "i", { TargetInstanceId = "" } }, "TargetInstanceId: it is empty" },
  { "wait_push", { "i", push { Tag = 5 }, { since = 1 } }, "Tag: expected a string, got number" },
  { "wait_push", { "i", push { RepoName = "a\n" }, { since = 1 } }, "RepoName: it holds a control character" },
  { "call", { "GetX", { "a" } }, "1: the name of a parameter should be a string" },
}

local OF_THE_MODULE = {
  { crsync.new, { 5 }, "expected a table of options, got number" },
  { crsync.get_task, { "i" }, "task_id: expected a string, got no value" },
  { crsync.format, { 5 }, "expected a task, got number" },
  { crsync.progress, { 5 }, "expected a task, got number" },
  { crsync.duration, { 5 }, "expected a task, got number" },
  { crsync.report, { 5 }, "expected a sequence of tasks, got number" },
  { crsync.report, { { {}, 5 } }, "expected a sequence of tasks, got a number at 2" },
  { crsync.report, { { ["rst-1"] = {} } }, "expected a sequence of tasks, got a table with names" },
  { crsync.sign, { {} }, "access_key_id is missing" },
  { crsync.to_json, { nothing }, "cannot be written as JSON: the value: a function" },
  { sandbox.start, { 5 }, "expected a table of options, got number" },
}

-- What is raised, and the line of this file that it should name.
local function raised_by(f, ...)
  local given, line = { ... }, nil
  local ok, message = pcall(function()
    line = debug.getinfo(1, "l").currentline + 1
    local result = f(compat.unpack(given))
    return result
  end)
  assert.is_false(ok)
  return message, line
end

local function check(problem, f, ...)
  local message, line = raised_by(f, ...)
  assert.truthy(message:find("misuse_spec%.lua:" .. line .. ": "), message)
  assert.truthy(message:find(problem, 1, true), message)
end

describe("a wrong argument is told at the caller's line", function()
  it("by each method", function()
    for name, case in pairs(CASES) do check(case[2], client[name], client, compat.unpack(case[1])) end
    for name, method in pairs(getmetatable(client).__index) do
      local is_public = type(method) == "function" and name ~= "close" and not name:find "^__"
      assert.is_true(CASES[name] ~= nil or not is_public, name)
    end
  end)

  it("for each thing that can be wrong", function()
    for _, case in ipairs(MORE_CASES) do check(case[3], client[case[1]], client, compat.unpack(case[2])) end
  end)

  it("by each function of the module, and by the sandbox's", function()
    for _, case in ipairs(OF_THE_MODULE) do check(case[3], case[1], compat.unpack(case[2])) end
  end)
end)

describe("the command", function()
  it("tells what is no argument's fault as trouble", function()
    local exit = require "crsync.cli.exit"
    assert.same({ 4, "crsync: no file" }, { exit.reason "no file" })
    assert.same({ 2, "crsync: bad argument #1 to 'f' (x)" }, { exit.reason "here:1: bad argument #1 to 'f' (x)" })
    assert.same({ 130, "crsync: interrupted" }, { exit.reason "interrupted!" })
  end)
end)
