-- What the sandbox's world is made of: that what is made shows what it was made of, by hand, by rules and by pushes.

local filter = require "crsync.sandbox.filter"
local places = require "crsync.sandbox.places"
local scenarios = require "crsync.sandbox.scenario"
local service = require "crsync.sandbox.service"

local SCENARIO = {
  instance = "cri-mine", account = "111",
  instances = {
    { id = "cri-eu", region = "eu-west-1", name = "europe" },
    { id = "cri-far", region = "us-east-1", account = "222" },
  },
  repositories = {
    { name = "team/web", id = "crr-web", tags = { "1.0", "1.1" }, summary = "the site" },
    { name = "team/tool" }, { name = "other/lib" },
  },
  rules = {
    { id = "crsr-web", to = "eu-west-1", repo = "team/web", target_repo = "copies/site",
      tag_filter = "v[0-9]+\\.[0-9]+", priority = 5, link = "stl-1" },
    { id = "crsr-team", to = "us-east-1", namespace = "team", target_namespace = "mirror", account = "222" },
    { id = "crsr-all", to = "ap-southeast-1", namespace_filter = "te.*", repo_filter = "web|tool", tag_filter = "v.*" },
    { id = "crsr-hand", to = "eu-west-1", namespace = "team", trigger = "INITIATIVE", priority = 2 },
  },
  tasks = {},
}

local played

-- Plays a scenario without a server; time goes as the spec says.
local function play(changes)
  local scenario = {}
  for name, value in pairs(SCENARIO) do scenario[name] = value end
  for name, value in pairs(changes or {}) do scenario[name] = value end
  played = service.new(assert(scenarios.of(scenario)), 1)
  played.gate.refuses = function() end
  played.world.time = 0
  played.world.now = function(world) return world.time end
  return played
end

local function later(seconds) played.world.time = played.world.time + seconds end

local function ask(action, query, method)
  local parts = {}
  for name, value in pairs(query or {}) do parts[#parts + 1] = name .. "=" .. value:gsub("+", "%%2B") end
  local answer = played:answer { method = method or "POST", path = "/", query_text = table.concat(parts, "&"),
    body = "", headers = { ["x-acs-action"] = action, ["x-acs-version"] = "2018-12-01" } }
  return require "crsync.core".decode(answer.body)
end

local function ask_mine(action, query)
  query = query or {}
  query.InstanceId = "cri-mine"
  return ask(action, query)
end

local function tasks_now()
  local list = {}
  for i, task in ipairs(ask_mine("ListRepoSyncTask").SyncTasks) do list[i] = task end
  return list
end

local TARGET = { RepoId = "crr-web", Tag = "1.0", TargetRegionId = "eu-west-1", TargetInstanceId = "cri-eu",
  TargetNamespace = "copies", TargetRepoName = "site", TargetTag = "2.0" }

local function with(changes, base)
  local copy = {}
  for name, value in pairs(base or TARGET) do copy[name] = value end
  for name, value in pairs(changes) do copy[name] = value or nil end
  return copy
end

before_each(function() play() end)

describe("a task that is made", function()
  it("shows what it was made of", function()
    local id = ask_mine("CreateRepoSyncTask", with { Priority = "5" }).SyncTaskId
    local task = ask_mine("GetRepoSyncTask", { SyncTaskId = id })
    assert.same({ RegionId = "cn-hangzhou", InstanceId = "cri-mine", RepoNamespaceName = "team", RepoName = "web",
      ImageTag = "1.0" }, task.ImageFrom)
    assert.same({ RegionId = "eu-west-1", InstanceId = "cri-eu", RepoNamespaceName = "copies", RepoName = "site",
      ImageTag = "2.0" }, task.ImageTo)
    assert.same({ "INITIATIVE", 5, false }, { task.TaskTrigger, task.Priority, task.CrossUser })
    assert.is_nil(task.SyncRuleId)
    assert.truthy(task.SyncBatchTaskId:find "^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$")
  end)

  it("to another account names that account", function()
    local far = with { TargetRegionId = "us-east-1", TargetInstanceId = "cri-far" }
    assert.equal("INSTANCE_NOT_EXIST", ask_mine("CreateRepoSyncTask", far).Code)
    local id = ask_mine("CreateRepoSyncTask", with({ TargetUserId = "222" }, far)).SyncTaskId
    assert.is_true(ask_mine("GetRepoSyncTask", { SyncTaskId = id }).CrossUser)
    id = ask_mine("CreateRepoSyncTask", with { TargetUserId = "111" }).SyncTaskId
    assert.is_false(ask_mine("GetRepoSyncTask", { SyncTaskId = id }).CrossUser)
  end)

  it("by a rule shows the rule's", function()
    local made = ask_mine("CreateRepoSyncTaskByRule", { RepoId = "crr-web", Tag = "1.1", SyncRuleId = "crsr-hand" })
    local task = ask_mine("GetRepoSyncTask", { SyncTaskId = made.SyncTaskId })
    assert.same({ "crsr-hand", 2, "INITIATIVE" }, { task.SyncRuleId, task.Priority, task.TaskTrigger })
    assert.same({ "eu-west-1", "cri-eu", "team", "web", "1.1" }, { task.ImageTo.RegionId, task.ImageTo.InstanceId,
      task.ImageTo.RepoNamespaceName, task.ImageTo.RepoName, task.ImageTo.ImageTag })
  end)

  it("never has an id again", function()
    local seen = {}
    for _ = 1, 200 do
      local id = ask_mine("CreateRepoSyncTask", with {}).SyncTaskId
      assert.is_nil(seen[id])
      seen[id] = true
    end
  end)

  it("is refused where something that it needs is not there", function()
    local function code(action, query) return ask_mine(action, query).Code end
    for name in pairs(TARGET) do
      assert.equal("Missing" .. name, code("CreateRepoSyncTask", with { [name] = false }))
    end
    assert.equal("MissingRepoId", code("CreateRepoSyncTask"))
    assert.equal("REPO_NOT_EXIST", code("CreateRepoSyncTask", with { RepoId = "crr-nope" }))
    assert.equal("INSTANCE_NOT_EXIST", code("CreateRepoSyncTask", with { TargetInstanceId = "cri-nope" }))
    assert.equal("INSTANCE_NOT_EXIST", code("CreateRepoSyncTask", with { TargetRegionId = "us-east-1" }))
    for name, value in pairs { Priority = "6", Override = "yes" } do
      assert.equal("InvalidParameter", code("CreateRepoSyncTask", with { [name] = value }))
    end
    local by_rule = { RepoId = "crr-web", Tag = "1", SyncRuleId = "crsr-nope" }
    assert.equal("SYNC_RULE_NOT_EXIST", code("CreateRepoSyncTaskByRule", with({}, by_rule)))
    assert.equal("REPO_NOT_EXIST", code("CreateRepoSyncTaskByRule", with({ RepoId = "x" }, by_rule)))
    assert.equal("InvalidParameter", code("CreateRepoSyncTaskByRule", with({ SyncRuleId = "crsr-web" }, by_rule)))
    assert.equal("InvalidParameter", code("CreateRepoSyncTaskByRule",
      with({ SyncRuleId = "crsr-hand", RepoId = "crr-other-lib" }, by_rule)))
    assert.equal("SYNC_TASK_NOT_EXIST", code("CancelRepoSyncTask", { SyncTaskId = "rst-nope" }))
  end)

  it("goes as the scenario says, the same each time", function()
    local function outcomes()
      play { seed = 7, made = { { region = "eu-west-1", tag = "bad", fails_at = 0.5, issue = "NETWORK_ERROR" },
        { repo = "team/tool", stalls_at = 0.5 }, { chance = 0.5, canceled_after = 1 } } }
      local ids, words = {}, {}
      local function make(changes) ids[#ids + 1] = ask_mine("CreateRepoSyncTask", with(changes)).SyncTaskId end
      make { Tag = "bad" }
      make { RepoId = "crr-team-tool" }
      for _ = 1, 20 do make {} end
      later(60)
      for i, id in ipairs(ids) do words[i] = ask_mine("GetRepoSyncTask", { SyncTaskId = id }).TaskStatus end
      return words
    end
    local words = outcomes()
    assert.same({ "ERROR", "SYNCHRONIZING" }, { words[1], words[2] })
    local canceled = 0
    for i = 3, #words do canceled = canceled + (words[i] == "CANCELED" and 1 or 0) end
    assert.is_true(canceled > 3 and canceled < 17, canceled)
    assert.same(words, outcomes())
  end)

  it("ends when it is cancelled, and stays so", function()
    local id = ask_mine("CreateRepoSyncTask", with {}).SyncTaskId
    later(2)
    assert.is_true(ask_mine("CancelRepoSyncTask", { SyncTaskId = id }).IsSuccess)
    later(60)
    assert.equal("CANCELED", ask_mine("GetRepoSyncTask", { SyncTaskId = id }).TaskStatus)
    local listed = tasks_now()[1]
    assert.equal(2000, listed.ModifiedTime - listed.CreateTime)
    assert.equal("CANCELED", listed.TaskStatus)
  end)
end)

describe("the list of tasks", function()
  it("has all filters, the newest first, and pages", function()
    play { tasks = { { id = "rst-a", age = 300, repo = "team/web", tag = "1", batch = "b-1", accelerate = true },
      { id = "rst-b", age = 100, repo = "team/tool", tag = "1", batch = "b-1" },
      { id = "rst-c", age = 200, repo = "other/web", tag = "2" } } }
    local function ids(query)
      local list = {}
      for i, task in ipairs(ask_mine("ListRepoSyncTask", query).SyncTasks) do list[i] = task.SyncTaskId:sub(-1) end
      return table.concat(list)
    end
    assert.equal("bca", ids())
    assert.equal("ba", ids { RepoNamespaceName = "team" })
    assert.equal("ca", ids { RepoName = "web" })
    assert.equal("ba", ids { Tag = "1" })
    assert.equal("ba", ids { SyncRecordId = "b-1" })
    assert.equal("a", ids { SyncRecordId = "b-1", RepoName = "web" })
    assert.equal("c", ids { PageNo = "2", PageSize = "1" })
    assert.equal("", ids { PageNo = "9" })
    local page = ask_mine("ListRepoSyncTask", { PageSize = "500" })
    assert.same({ 1, 100, "3" }, { page.PageNo, page.PageSize, page.TotalCount })
    assert.is_true(page.SyncTasks[3].SyncTransAccelerate)
    for _, wrong in ipairs { "0", "x", "-1", "1.5" } do
      assert.equal("InvalidParameter", ask_mine("ListRepoSyncTask", { PageNo = wrong }).Code)
      assert.equal("InvalidParameter", ask_mine("ListRepoSyncTask", { PageSize = wrong }).Code)
    end
  end)

  it("of another instance is another one", function()
    play { tasks = { { id = "rst-a", age = 1 } } }
    assert.equal("0", ask("ListRepoSyncTask", { InstanceId = "cri-eu" }).TotalCount)
    assert.equal("SYNC_TASK_NOT_EXIST", ask("GetRepoSyncTask", { InstanceId = "cri-eu", SyncTaskId = "rst-a" }).Code)
    assert.equal("INSTANCE_NOT_EXIST", ask("ListRepoSyncTask", { InstanceId = "cri-far" }).Code)
  end)

  it("has tasks of the past with the times that they took", function()
    play { tasks = { { id = "rst-a", age = 86400, layers = { 1000 }, rate = 10, pending = 20 } } }
    local listed = tasks_now()[1]
    assert.same({ "SUCCESS", 120000 }, { listed.TaskStatus, listed.ModifiedTime - listed.CreateTime })
    assert.is_true(math.abs(listed.CreateTime / 1000 + 86400 - os.time()) < 60)
  end)
end)

describe("a push", function()
  it("makes a batch by the automatic rules that fit, one task after the other", function()
    play { push = { { at = 10, gap = 5, repo = "team/web", tag = "v1.2", batch = "batch-1", layers = { 5 } } } }
    assert.equal(0, #tasks_now())
    later(10)
    local list = tasks_now()
    assert.same({ 1, "crsr-web", "batch-1", "PASSIVE" }, { #list, list[1].SyncRuleId, list[1].SyncBatchTaskId,
      list[1].TaskTrigger })
    assert.same({ "copies", "site", "v1.2", 5, "stl-1", true }, { list[1].ImageTo.RepoNamespaceName,
      list[1].ImageTo.RepoName, list[1].ImageTo.ImageTag, list[1].Priority, list[1].LinkId, list[1].CustomLink })
    later(5)
    list = tasks_now()
    assert.same({ 2, "crsr-team", "mirror", true }, { #list, list[1].SyncRuleId, list[1].ImageTo.RepoNamespaceName,
      list[1].CrossUser })
    local hidden = played.world.tasks[3].id
    assert.equal("SYNC_TASK_NOT_EXIST", ask_mine("GetRepoSyncTask", { SyncTaskId = hidden }).Code)
    later(5)
    list = tasks_now()
    assert.same({ 3, "crsr-all" }, { #list, list[1].SyncRuleId })
    assert.equal(5, ask_mine("GetRepoSyncTask", { SyncTaskId = hidden }).LayerTasks[1].Size)
  end)

  it("goes by the rules that there were, and not by those that are gone", function()
    play { push = { { at = 10, repo = "other/lib" }, { at = 30, repo = "other/lib" } } }
    local rule = { SyncRuleName = "all", SyncScope = "INSTANCE", TagFilter = ".*", TargetRegionId = "eu-west-1",
      TargetInstanceId = "cri-eu" }
    later(20)
    local id = ask_mine("CreateRepoSyncRule", rule).SyncRuleId
    assert.equal(0, #tasks_now())
    later(20)
    assert.equal(id, tasks_now()[1].SyncRuleId)
    play { push = { { at = 10, repo = "other/lib" } } }
    id = ask_mine("CreateRepoSyncRule", rule).SyncRuleId
    ask_mine("DeleteRepoSyncRule", { SyncRuleId = id })
    later(20)
    assert.equal(0, #tasks_now())
  end)

  it("comes after another that was written before it", function()
    play { push = { { at = 5, repo = "team/tool", tag = "a" }, { at = 5, repo = "team/tool", tag = "b" } } }
    later(5)
    assert.same({ "b", "a" }, { tasks_now()[1].ImageFrom.ImageTag, tasks_now()[2].ImageFrom.ImageTag })
  end)

  it("of the past has been", function()
    play { push = { { at = -3600, repo = "team/web", tag = "v1.0" }, { at = -7200, repo = "team/web", tag = "v0.9" } } }
    local list = tasks_now()
    assert.same({ 6, "v1.0", "SUCCESS" }, { #list, list[1].ImageFrom.ImageTag, list[1].TaskStatus })
    local tags = ask_mine("ListRepoTag", { RepoId = "crr-web" })
    assert.same({ "4", "v1.0" }, { tags.TotalCount, tags.Images[4].Tag })
  end)
end)

describe("rules", function()
  it("have all their fields", function()
    local given = { SyncRuleName = "n", SyncScope = "REPO", TagFilter = "v.*", TargetRegionId = "us-east-1",
      TargetInstanceId = "cri-far", TargetUserId = "222", NamespaceName = "team", RepoName = "web",
      TargetNamespaceName = "a", TargetRepoName = "b", SyncTrigger = "INITIATIVE", LinkId = "stl-2", Priority = "4" }
    local id = ask_mine("CreateRepoSyncRule", with({}, given)).SyncRuleId
    local rules = ask_mine("ListRepoSyncRule").SyncRules
    local rule = rules[#rules]
    assert.same({ id, "n", "REPO", "v.*", "INITIATIVE" }, { rule.SyncRuleId, rule.SyncRuleName, rule.SyncScope,
      rule.TagFilter, rule.SyncTrigger })
    assert.same({ "stl-2", 4, "FROM", true }, { rule.LinkId, rule.Priority, rule.SyncDirection, rule.CrossUser })
    assert.same({ "cn-hangzhou", "cri-mine", "team", "web" }, { rule.LocalRegionId, rule.LocalInstanceId,
      rule.LocalNamespaceName, rule.LocalRepoName })
    assert.same({ "us-east-1", "cri-far", "a", "b" }, { rule.TargetRegionId, rule.TargetInstanceId,
      rule.TargetNamespaceName, rule.TargetRepoName })
    assert.is_number(rule.CreateTime)
    assert.equal(rule.CreateTime, rule.ModifiedTime)
  end)

  it("are filtered, and seen from both ends", function()
    local function count(query) return ask_mine("ListRepoSyncRule", query).TotalCount end
    assert.equal(4, count())
    assert.equal(3, count { NamespaceName = "team" })
    assert.equal(1, count { RepoName = "web" })
    assert.equal(2, count { TargetInstanceId = "cri-eu" })
    assert.equal(1, count { TargetRegionId = "ap-southeast-1" })
    local seen = ask("ListRepoSyncRule", { InstanceId = "cri-eu" })
    assert.same({ 2, "TO" }, { seen.TotalCount, seen.SyncRules[1].SyncDirection })
    local from_there = { InstanceId = "cri-eu", SyncRuleId = "crsr-web" }
    assert.equal("SYNC_RULE_NOT_EXIST", ask("DeleteRepoSyncRule", from_there).Code)
  end)

  it("are refused where something does not fit", function()
    local given = { SyncRuleName = "n", SyncScope = "NAMESPACE", TagFilter = ".*", TargetRegionId = "eu-west-1",
      TargetInstanceId = "cri-eu", NamespaceName = "team", TargetNamespaceName = "team" }
    local function code(changes) return ask_mine("CreateRepoSyncRule", with(changes, given)).Code end
    assert.equal("success", code {})
    assert.equal("MissingSyncScope", code { SyncScope = false })
    assert.equal("InvalidParameter", code { SyncScope = "ALL" })
    assert.equal("InvalidParameter", code { SyncTrigger = "NEVER" })
    assert.equal("InvalidParameter", code { TagFilter = "(" })
    assert.equal("MissingNamespaceName", code { NamespaceName = false })
    assert.equal("MissingRepoName", code { SyncScope = "REPO" })
    assert.equal("NAMESPACE_NOT_EXIST", code { NamespaceName = "nope" })
    assert.equal("REPO_NOT_EXIST", code { SyncScope = "REPO", RepoName = "nope", TargetRepoName = "x" })
    assert.equal("INSTANCE_NOT_EXIST", code { TargetInstanceId = "cri-nope" })
  end)
end)

describe("what finds ids", function()
  it("tells instances, namespaces, repositories and tags", function()
    local list = ask("ListInstance", { InstanceName = "europe" })
    assert.same({ 1, "cri-eu", "eu-west-1", "string" }, { list.TotalCount, list.Instances[1].InstanceId,
      list.Instances[1].RegionId, type(list.Instances[1].CreateTime) })
    assert.equal(0, ask("ListInstance", { InstanceStatus = "STOPPED" }).TotalCount)
    assert.equal("number", type(ask("GetInstance", { InstanceId = "cri-eu" }).CreateTime))
    assert.equal(3, ask("GetInstanceCount").Count)
    assert.equal(4, #ask("ListInstanceRegion").Regions)
    assert.equal("2", ask_mine("ListNamespace").TotalCount)
    assert.equal("team", ask_mine("ListNamespace").Namespaces[1].NamespaceName)
    assert.equal("0", ask_mine("ListNamespace", { NamespaceStatus = "DELETING" }).TotalCount)
    assert.equal("0", ask("ListNamespace", { InstanceId = "cri-eu" }).TotalCount)
    assert.equal("3", ask_mine("ListRepository", { RepoStatus = "ALL" }).TotalCount)
    assert.equal("crr-other-lib", ask_mine("ListRepository", { RepoNamespaceName = "other" }).Repositories[1].RepoId)
    assert.equal("0", ask("ListRepository", { InstanceId = "cri-eu" }).TotalCount)
    assert.equal("the site", ask_mine("GetRepository", { RepoId = "crr-web" }).Summary)
    assert.equal("crr-web", ask_mine("GetRepository", { RepoNamespaceName = "team", RepoName = "web" }).RepoId)
    assert.equal("REPO_NOT_EXIST", ask_mine("GetRepository", { RepoNamespaceName = "team", RepoName = "x" }).Code)
    assert.equal("MissingRepoNamespaceName", ask_mine("GetRepository").Code)
    assert.equal("REPO_NOT_EXIST", ask("GetRepository", { InstanceId = "cri-eu", RepoId = "crr-web" }).Code)
    assert.equal("1.1", ask_mine("ListRepoTag", { RepoId = "crr-web" }).Images[2].Tag)
    assert.equal("MissingRepoId", ask_mine("ListRepoTag").Code)
    assert.equal("REPO_NOT_EXIST", ask_mine("ListRepoTag", { RepoId = "x" }).Code)
    local tag = { InstanceId = "cri-mine", RepoId = "crr-web", Tag = "1.0" }
    assert.equal(64, #ask("GetRepoTag", tag, "GET").Digest)
    tag.Tag = "none"
    assert.equal("InvalidParameter", ask("GetRepoTag", tag, "GET").Code)
    tag.RepoId = "x"
    assert.equal("REPO_NOT_EXIST", ask("GetRepoTag", tag, "GET").Code)
  end)
end)

describe("a regular expression", function()
  local cases = { { ".*", "anything", true }, { "v1", "v1", true }, { "v1", "v10", false }, { "v\\d+", "v10", true },
    { "v\\d+", "v", false }, { "a|b|cd", "cd", true }, { "(rc|beta)-[0-9]{1,2}", "beta-12", true },
    { "(?:rc|beta)-[0-9]{1,2}", "rc-123", false }, { "[^a-z]+", "ABC", true }, { "[^a-z]+", "aBC", false },
    { "^v.?$", "v", true }, { "a{2}", "aa", true }, { "a{2}", "aaa", false }, { "a{2,}", "aaaa", true },
    { "1\\.2", "1x2", false }, { "[\\d.]+", "1.2", true }, { "[]a]+", "]a", true }, { "(a*)*b", "aaab", true },
    { "(a*)*b", "aaac", false }, { "a*?b", "aab", true }, { "", "", true }, { "", "x", false }, { "%d", "5", false },
    { "[%d]", "d", true } }
  for _, case in ipairs(cases) do
    it(case[1] .. (case[3] and " matches " or " does not match ") .. case[2], function()
      assert.equal(case[3], filter.new(case[1])(case[2]))
    end)
  end

  it("that is none is told with its place", function()
    for text, problem in pairs { ["("] = "a group without its end at character 2", ["a)"] = "an end of a group without "
      .. "its beginning at character 2", ["[a"] = "a class without its end at character 3", ["*"] = "nothing to repeat "
      .. "at character 2", ["a\\"] = "a backslash at the end at character 4" } do
      local made, why = filter.new(text)
      assert.is_nil(made)
      assert.equal(problem, why)
    end
  end)
end)

describe("a scenario file that would not end", function()
  for problem, source in pairs { ["it does not come to an end"] = "while true do end",
    ["it takes too much memory"] = "local s = 'x' while true do s = s .. s end",
    ["a scenario can call no methods but format"] = "return { seed = ('x'):rep(1e9) }" } do
    it("is stopped: " .. problem, function()
      local made, why = scenarios.of_source(source, "file.lua")
      assert.is_nil(made)
      assert.truthy(why:find(problem, 1, true), why)
    end)
  end

  it("may compute all the same", function()
    local made = assert(scenarios.of_source([[
      local tasks = {}
      for i = 1, 500 do tasks[i] = { id = ("rst-%d"):format(i), age = math.max(i, 10) } end
      return { tasks = tasks }]], "file.lua"))
    assert.same({ 500, "rst-500", 10 }, { #made.tasks, made.tasks[500].id, made.tasks[1].age })
  end)
end)

describe("the lines of a scenario's fields", function()
  it("are found through comments, strings, brackets and calls", function()
    local lines = places.of [==[
local x = { return_ = 1 } -- return {
--[[ return {
]]
return {
  instance = "a { b", region = 'it\'s {',
  ["tasks"] = {
    { id = [[x
]], layers = { 1, 2 } }; { id = "y", rate = (1 + 2) * math.max(3, { 4 }) },
  },
  seed =
    5,
}]==]
    assert.same({ 5, 5, 6, 7, 7, 8, 8, 8, 8, 8, 10 }, { lines.instance, lines.region, lines.tasks, lines["tasks[1]"],
      lines["tasks[1].id"], lines["tasks[1].layers"], lines["tasks[1].layers[2]"], lines["tasks[2]"],
      lines["tasks[2].id"], lines["tasks[2].rate"], lines.seed })
    assert.same({}, places.of "local t = {} return t")
  end)
end)
