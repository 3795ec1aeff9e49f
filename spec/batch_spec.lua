-- Waiting for tasks whose ids nobody knows: those of a batch, those of a push. Against the sandbox, whose pushes make
-- tasks one by one, and against the endpoint, which lists what a spec wants.

local at_most = require "spec.support.at_most"
local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local loops = require "spec.support.loops"
local sandbox = require "crsync.sandbox"

local PUSH = { RepoNamespaceName = "team", RepoName = "web", Tag = "1.1.0" }
local RULES = {
  { id = "crsr-eu", to = "eu-west-1", repo = "team/web" },
  { id = "crsr-us", to = "us-east-1", repo = "team/web" },
  { id = "crsr-ap", to = "ap-southeast-1", namespace = "team", trigger = "INITIATIVE", tag_filter = "^v" },
}
local INSTANCES = { { id = "cri-eu", region = "eu-west-1" }, { id = "cri-us", region = "us-east-1" },
  { id = "cri-ap", region = "ap-southeast-1" } }
local QUICK = { interval = 0.05, max_interval = 0.1, timeout = 20, appear_timeout = 5, settle = 0.5 }

local function with(more)
  local options = {}
  for name, value in pairs(QUICK) do options[name] = value end
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

local function ids(results, field)
  local list = {}
  for i, result in ipairs(results) do
    list[i] = field and result.task.ImageTo.RegionId or result.task.ImageFrom.ImageTag
  end
  return list
end

describe("a push", function()
  local server, client

  local function play(pushes, more)
    local scenario = { instance = "cri-1", instances = INSTANCES, rules = RULES, push = pushes,
      made = { { layers = { 100 }, pending = 0.1, rate = 1000 } } }
    for name, value in pairs(more or {}) do scenario[name] = value end
    server = assert(sandbox.start { scenario = scenario, speed = 1, lua = os.getenv "LUA" or "lua5.4" })
    client = assert(crsync.new(server:options()))
  end

  after_each(function()
    client:close()
    server:stop()
  end)

  it("is waited for until its tasks have appeared, one by one, and ended", function()
    play { { repo = "team/web", tag = "1.1.0", at = 0.3, gap = 0.3 } }
    local since, seen = os.time() - 1, {}
    local results, summary = client:wait_push("cri-1", PUSH, with { since = since, on_progress = function(task, p)
      assert.equal(p.task_id, task.SyncTaskId)
      seen[task.ImageTo.RegionId] = task.TaskStatus
    end })
    assert.same({ total = 2, success = 2, failed = 0, canceled = 0, timeout = 0, error = 0 }, summary)
    assert.same({ "eu-west-1", "us-east-1" }, ids(results, "to"))
    assert.same({ ["eu-west-1"] = "SUCCESS", ["us-east-1"] = "SUCCESS" }, seen)
    assert.equal(results[1].id, results[1].task.SyncTaskId)
  end)

  it("is not an older one of the same tag", function()
    play { { repo = "team/web", tag = "1.1.0", at = -100, batch = "old" },
      { repo = "team/web", tag = "1.1.0", at = 0.5, batch = "new" } }
    local results = assert(client:wait_push("cri-1", PUSH, with { since = os.time() - 20 }))
    assert.equal(2, #results)
    for _, result in ipairs(results) do assert.equal("new", result.task.SyncBatchTaskId) end
  end)

  it("that comes twice makes two batches, and all of them are waited for", function()
    play { { repo = "team/web", tag = "1.1.0", at = 0, batch = "first" },
      { repo = "team/web", tag = "1.1.0", at = 0.4, batch = "second" } }
    local results, summary = client:wait_push("cri-1", PUSH, with { since = os.time() - 5 })
    local batches = {}
    for i, result in ipairs(results) do batches[i] = result.task.SyncBatchTaskId end
    assert.same({ "first", "first", "second", "second" }, batches)
    assert.equal(4, summary.success)
  end)

  it("with as many tasks as expected is not waited for longer", function()
    play { { repo = "team/web", tag = "1.1.0", at = 0 } }
    local started = core.now()
    local results = assert(client:wait_push("cri-1", PUSH, with { since = os.time() - 5, expect = 2, settle = 60 }))
    assert.equal(2, #results)
    assert.is_true(core.now() - started < at_most(5))
  end)

  it("with fewer tasks than expected is an error that has them", function()
    play { { repo = "team/web", tag = "1.1.0", at = 0 } }
    local results, err = client:wait_push("cri-1", PUSH, with { since = os.time() - 5, expect = 3, timeout = 1 })
    assert.is_nil(results)
    assert.same({ "task", "timeout", 2 }, { err.kind, err.code, #err.results })
    assert.truthy(tostring(err):find("2 of 3 tasks of team/web:1.1.0 made since 20", 1, true), tostring(err))
    assert.equal("SUCCESS", err.results[1].task.TaskStatus)
  end)

  it("counts what failed", function()
    play({ { repo = "team/web", tag = "1.1.0", at = 0, gap = 0.1 } }, { made = {
      { region = "us-east-1", layers = { 100 }, pending = 0.1, rate = 1000, fails_at = 0.5, issue = "NETWORK_ERROR" },
      { layers = { 100 }, pending = 0.1, rate = 1000 } } })
    local results, summary = client:wait_push("cri-1", PUSH, with { since = os.time() - 5 })
    assert.same({ 2, 1, 1 }, { summary.total, summary.success, summary.failed })
    assert.same({ "task", "ERROR" }, { results[2].err.kind, results[2].err.code })
  end)

  it("that never comes ends in time, and it is told what is there instead", function()
    play { { repo = "team/web", tag = "1.1.0", at = -100, batch = "old" } }
    local results, err = client:wait_push("cri-1", PUSH, with { since = os.time() - 20, appear_timeout = 0.4 })
    assert.is_nil(results)
    assert.is_true(crsync.is_error(err))
    assert.same({ "task", "timeout", "ListRepoSyncTask" }, { err.kind, err.code, err.action })
    for _, part in ipairs { "no task of team/web:1.1.0 made since 20", "has appeared within 0.",
      "the newest there is: rst-", "team/web:1.1.0 to ", "rules that lead from there: ", "crsr-eu to eu-west-1",
      "crsr-us to us-east-1", "crsr-ap to ap-southeast-1, tags ^v, by hand only" } do
      assert.truthy(err.message:find(part, 1, true), err.message)
    end
    err = select(2, client:wait_push("cri-1", { RepoNamespaceName = "other", RepoName = "x", Tag = "1" },
      with { since = os.time(), appear_timeout = 0.2 }))
    assert.truthy(err.message:find("there was never one; no rule leads from other/x anywhere", 1, true), err.message)
  end)

  it("works for a batch's id, and says which batch there is where that one is not", function()
    play { { repo = "team/web", tag = "1.1.0", at = 0.2, gap = 0.2, batch = "b-1" } }
    local results, summary = client:wait_batch("cri-1", "b-1", with())
    assert.same({ 2, 2 }, { #results, summary.success })
    local _, err = client:wait_batch("cri-1", "b-2", with { appear_timeout = 0.2 })
    assert.truthy(err.message:find("no task of batch b-2 has appeared within", 1, true), err.message)
    assert.truthy(err.message:find("the newest batch among 5 tasks of the instance is b-1, with rst-", 1, true),
      err.message)
  end)
end)

describe("a batch", function()
  local server, client

  lazy_setup(function() server = endpoint.start() end)
  lazy_teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    client = server:client()
  end)
  after_each(function() client:close() end)

  local function list(...)
    local tasks = {}
    for i, id in ipairs { ... } do
      tasks[i] = { SyncTaskId = id, TaskStatus = "PENDING", CreateTime = 1000 * tonumber(id:match "%d+"),
        SyncBatchTaskId = "b-1" }
    end
    return { body = { IsSuccess = true, TotalCount = tostring(#tasks), SyncTasks = tasks } }
  end

  local function body(id, status)
    return { body = { IsSuccess = true, SyncTaskId = id, TaskStatus = status, LayerTasks = {} } }
  end

  local function order(results)
    local found = {}
    for i, result in ipairs(results) do found[i] = result.id end
    return table.concat(found, " ")
  end

  it("is ordered by when its tasks were made, and those that appear late join in", function()
    for _, id in ipairs { "t1", "t2", "t3" } do server:answer_for(id, body(id, "SUCCESS")) end
    server:answer_for("t3", body("t3", "PENDING"), body("t3", "PENDING"), body("t3", "SUCCESS"))
    server:answer(list(), "err.500.SystemError", list "t3", list("t3", "t1"), list("t2", "t3", "t1"))
    server:answer_always(list("t3", "t1", "t2"))
    local results, summary = client:wait_batch("cri-1", "b-1", with { settle = 0.2 })
    assert.equal("t1 t2 t3", order(results))
    assert.equal(3, summary.success)
    assert.equal("b-1", server:requests()[1].query.SyncRecordId)
  end)

  it("is looked for as long as one of its tasks goes on", function()
    local pending = {}
    for i = 1, 12 do pending[i] = body("t1", "PENDING") end
    pending[#pending + 1] = body("t1", "SUCCESS")
    server:answer_for("t1", (table.unpack or unpack)(pending)) -- luacheck: ignore 113
    server:answer_for("t2", body("t2", "SUCCESS"))
    server:answer(list "t1", list "t1", list "t1", list "t1", list "t1")
    server:answer_always(list("t1", "t2"))
    local results = client:wait_batch("cri-1", "b-1", with { settle = 0.1 })
    assert.equal("t1 t2", order(results))
  end)

  it("has nothing of another batch, whatever is listed", function()
    server:answer_for("t1", body("t1", "SUCCESS"))
    local listed = list("t1", "t2")
    listed.body.SyncTasks[2].SyncBatchTaskId = "b-2"
    server:answer_always(listed)
    assert.equal("t1", order((client:wait_batch("cri-1", "b-1", with { settle = 0.1 }))))
  end)

  it("gives a task its time that the list knows sooner than the service", function()
    server:answer_for("t1", "err.400.SYNC_TASK_NOT_EXIST", body("t1", "SUCCESS"))
    server:answer_always(list "t1")
    assert.equal(1, select(2, client:wait_batch("cri-1", "b-1", with { settle = 1 })).success)
  end)

  it("that is refused is an error, at once", function()
    server:answer_always "err.403.NoPrivilege"
    local results, err = client:wait_batch("cri-1", "b-1", with())
    assert.is_nil(results)
    assert.same({ "auth", "ListRepoSyncTask" }, { err.kind, err.action })
    assert.equal(1, #server:requests())
  end)

  it("that nobody could list has not appeared, for what its list failed with", function()
    server:answer_always { reset = "before" }
    local _, err = client:wait_batch("cri-1", "b-1", with { appear_timeout = 0.3 })
    assert.same({ "task", "timeout", "network" }, { err.kind, err.code, err.trouble.kind })
    assert.truthy(err.message:find("no task of batch b-1 has appeared within", 1, true), err.message)
    assert.truthy(err.message:find("; no list came: " .. err.trouble.message, 1, true), err.message)
  end)

  it("whose list failed at last is told so", function()
    server:answer(list())
    server:answer_always "err.500.SystemError"
    local _, err = client:wait_batch("cri-1", "b-1", with { appear_timeout = 0.3 })
    assert.same({ "task", "timeout", "SystemError" }, { err.kind, err.code, err.trouble.code })
    assert.truthy(err.message:find(", and the last look failed: ", 1, true), err.message)
  end)

  it("tells what hinders its list, and when that is over", function()
    server:answer_for("t1", body("t1", "SUCCESS"))
    local fault = "err.500.SystemError"
    server:answer(fault, fault, fault, list(), list "t1")
    server:answer_always(list "t1")
    local told = {}
    local results = client:wait_batch("cri-1", "b-1", with { settle = 0.1, on_progress = function(task, p, trouble)
      if p.found then
        assert.same({ "UNKNOWN", p.task_id }, { task.TaskStatus, task.SyncTaskId })
        told[#told + 1] = { p.task_id, p.found, trouble and trouble.code or false,
          trouble and trouble.action or false, p.hindered ~= nil, p.news }
      end
    end })
    assert.equal("t1", order(results))
    assert.same({ { "batch b-1", 0, "SystemError", "ListRepoSyncTask", true, true },
      { "batch b-1", 0, false, false, false, true } }, told)
  end)

  it("tells that its list does not answer, and that no task has appeared for long", function()
    local now = core.now
    finally(function() core.now = now end) -- luacheck: ignore 122
    core.now = function() return now() * 20 end -- luacheck: ignore 122
    server:answer({ delay = 0.4, body = list().body })
    server:answer_always(list())
    local told = {}
    local _, err = client:wait_batch("cri-1", "b-1", { interval = 1, appear_timeout = 30,
      on_progress = function(_, p, trouble) told[#told + 1] = { p.found, trouble and trouble.message or false } end })
    assert.equal("timeout", err.code)
    assert.same({ { 0, "no answer yet" }, { 0, false }, { 0, false } }, { told[1], told[2], told[3] })
  end)

  it("is not looked for again when its time is over", function()
    client:close()
    client = server:client { retry = false }
    server:answer "err.500.SystemError"
    server:answer_always { hang = true }
    local started = core.now()
    local _, err = client:wait_batch("cri-1", "b-1", with { interval = 60, max_interval = 60, timeout = 0.5 })
    assert.same({ "timeout", "server" }, { err.code, err.trouble.kind })
    assert.is_true(core.now() - started < at_most(3))
    assert.equal(1, #server:requests())
  end)

  it("is not told of a look at the list that its own end cuts short", function()
    server:answer(list(), { hang = true })
    local _, err = client:wait_batch("cri-1", "b-1", with { timeout = 0.5 })
    assert.equal("timeout", err.code)
    assert.falsy(err.message:find("the last look failed", 1, true), err.message)
  end)

  it("whose list was not reached once ends when that is enough", function()
    local lost = assert(crsync.new { endpoint = "http://127.0.0.1:1", access_key_id = "a", access_key_secret = "b",
      proxy = "", retry = false })
    local _, err = lost:wait_batch("cri-1", "b-1", with { appear_timeout = 60, unreachable_timeout = 1 })
    lost:close()
    assert.equal("network", err.kind)
    assert.truthy(err.message:find("the service was not reached once in 1 s", 1, true), err.message)
  end)

  it("ends in time with where its tasks stand", function()
    server:answer_for("t1", body("t1", "SYNCHRONIZING"))
    server:answer_always(list "t1")
    local results, summary = client:wait_batch("cri-1", "b-1", with { timeout = 0.5 })
    assert.same({ 1, 1 }, { summary.total, summary.timeout })
    assert.equal("timeout", results[1].err.code)
  end)

  it("with a timeout of 0 is looked at once", function()
    server:answer_for("t1", body("t1", "SYNCHRONIZING"))
    server:answer_always(list "t1")
    assert.equal(1, select(2, client:wait_batch("cri-1", "b-1", with { timeout = 0 })).timeout)
    assert.equal(2, #server:requests())
    server:answer_always(list())
    local _, err = client:wait_batch("cri-1", "b-1", with { timeout = 0 })
    assert.truthy(err.message:find("the instance has no tasks", 1, true), err.message)
  end)

  it("tells nothing of what is there instead where that is refused, or cut off", function()
    server:answer(list())
    server:answer_always "err.403.NoPrivilege"
    local _, err = client:wait_batch("cri-1", "b-1", with { timeout = 0 })
    assert.truthy(err.message:find("within %d[%d.]* s$"), err.message)
    server:answer(list())
    _, err = client:wait_push("cri-1", PUSH, with { since = 5, timeout = 0 })
    assert.truthy(err.message:find("within %d[%d.]* s$"), err.message)
  end)

  it("passes a callback's error on unchanged", function()
    server:answer_for("t1", body("t1", "SUCCESS"))
    server:answer_always(list "t1")
    local mine = {}
    local ok, err = pcall(client.wait_batch, client, "cri-1", "b-1", with { on_progress = function() error(mine) end })
    assert.same({ false, true }, { ok, err == mine })
  end)

  for _, name in ipairs { "cqueues", "own" } do
    it("is waited for in a host's loop: " .. name, function()
      server:answer_for("t1", body("t1", "PENDING"), body("t1", "SUCCESS"))
      server:answer_for("t2", body("t2", "SUCCESS"))
      server:answer(list(), list "t1")
      server:answer_always(list("t1", "t2"))
      local c = server:client { loop = loops.adapter(name) }
      local found
      loops.runner(name)(function() found = order((c:wait_batch("cri-1", "b-1", with { settle = 0.2 }))) end)
      c:close()
      assert.equal("t1 t2", found)
    end)
  end

  for name, call in pairs {
    ["since: it is missing"] = function() client:wait_push("cri-1", PUSH, {}) end,
    ["since: out of range"] = function() client:wait_push("cri-1", PUSH, { since = 1718000000000 }) end,
    ["Tag: it is missing"] = function()
      client:wait_push("cri-1", { RepoNamespaceName = "team", RepoName = "web" }, { since = 1 })
    end,
    ["expect: out of range"] = function() client:wait_batch("cri-1", "b-1", { expect = 0 }) end,
    ["since: unknown option"] = function() client:wait_batch("cri-1", "b-1", { since = 1 }) end,
    ["batch_id: it is empty"] = function() client:wait_batch("cri-1", "") end,
  } do
    it("refuses a wrong argument: " .. name, function()
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.truthy(message:find("batch_spec.lua:%d+: bad argument"), message)
      assert.truthy(message:find("(" .. name, 1, true), message)
    end)
  end
end)

describe("rules that lead away from a repository", function()
  local batch = require "crsync.batch"

  it("are told, but not all of many", function()
    local rules = {}
    for i = 1, 6 do rules[i] = { SyncRuleId = "crsr-" .. i, TargetRegionId = "eu-west-1", RepoNameFilter = "^w" } end
    rules[7] = { SyncRuleId = "crsr-7", SyncDirection = "TO" }
    rules[8] = { SyncRuleId = "crsr-8", LocalNamespaceName = "others" }
    rules[9] = { SyncRuleId = "crsr-9", LocalInstanceId = "cri-2" }
    local text = batch.instead_of_push(nil, rules, "cri-1", "team", "web")
    assert.equal("rules that lead from there: crsr-1 to eu-west-1, repositories ^w; crsr-2 to eu-west-1, repositories"
      .. " ^w; crsr-3 to eu-west-1, repositories ^w; crsr-4 to eu-west-1, repositories ^w; and 2 more", text)
  end)
end)
