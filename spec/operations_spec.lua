-- Every operation of a client, against the local endpoint.

local cjson = require "cjson"
local at_most = require "spec.support.at_most"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"

local server, client

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function()
  server:reset()
  client = server:client()
end)
after_each(function() client:close() end)

local function last_request()
  local requests = server:requests()
  return requests[#requests]
end

local function page(first, last, total)
  local tasks = {}
  for i = first, last do tasks[#tasks + 1] = { SyncTaskId = "rst-" .. i, CreateTime = 1700000000000 + i } end
  if #tasks == 0 then
    return { body = ('{"IsSuccess":true,"Code":"success","TotalCount":"%d","SyncTasks":[]}'):format(total) }
  end
  return { body = { IsSuccess = true, Code = "success", TotalCount = tostring(total), SyncTasks = tasks } }
end

describe("list_tasks", function()
  it("reads the documented sample, its count and its times as integers", function()
    local tasks, total = assert(client:list_tasks "cri-1")
    assert.is_true(compat.is_integer(total))
    assert.is_true(compat.is_integer(tasks[1].CreateTime))
    assert.is_true(compat.is_integer(tasks[1].ModifedTime))
  end)

  it("collects all pages", function()
    server:answer(page(1, 50, 120), page(51, 100, 120), page(101, 120, 120))
    local tasks, total = assert(client:list_tasks("cri-1", { RepoName = "web", SyncRecordId = "batch" }))
    assert.same({ 120, 120, "rst-120" }, { #tasks, total, tasks[120].SyncTaskId })
    local numbers = {}
    for i, r in ipairs(server:requests()) do
      numbers[i] = r.query.PageNo
      assert.same({ "50", "web", "batch", "cri-1" }, { r.query.PageSize, r.query.RepoName, r.query.SyncRecordId,
        r.query.InstanceId })
    end
    assert.same({ "1", "2", "3" }, numbers)
  end)

  it("ends at the limit, and when the service runs dry before its count", function()
    server:answer(page(1, 2, 120))
    assert.equal(2, #client:list_tasks("cri-1", { limit = 2 }))
    assert.equal("2", last_request().query.PageSize)
    server:answer(page(1, 3, 12121), page(1, 0, 12121))
    assert.equal(3, #client:list_tasks("cri-1"))
    server:answer(page(1, 0, 0))
    assert.same({ {}, 0 }, { client:list_tasks("cri-1") })
  end)

  it("gives each task once though the list grows while it is read", function()
    server:answer(page(1, 50, 60), page(50, 60, 61)) -- what was the 50th of the first page is the first of the second
    local tasks, total = assert(client:list_tasks "cri-1")
    local ids = {}
    for i, task in ipairs(tasks) do ids[i] = task.SyncTaskId end
    assert.same({ 60, 61, "rst-50", "rst-51" }, { #ids, total, ids[50], ids[51] })
  end)

  it("ends when a page brings nothing new, as from an endpoint that knows nothing of pages", function()
    local same = { body = { IsSuccess = true, Code = "success", SyncTasks = { { SyncTaskId = "rst-1" } } } }
    server:answer(same, same, same)
    assert.equal(1, #client:list_tasks "cri-1")
    assert.equal(2, #server:requests())
  end)

  it("of nothing is a list in JSON", function()
    server:answer(page(1, 0, 0))
    assert.equal("[]", crsync.to_json((client:list_tasks "cri-1")))
    server:answer(page(1, 0, 0))
    assert.equal("[]", crsync.to_json(client:list_tasks "cri-1")) -- the total beside it is no matter
  end)

  it("ends with an error when its deadline has passed", function()
    local slow = page(1, 50, 1000)
    slow.delay = 0.3
    local other = page(51, 100, 1000)
    other.delay = 5
    server:answer(slow, other)
    local tasks, err = client:list_tasks("cri-1", { deadline = 0.8 })
    assert.is_nil(tasks)
    assert.equal("timeout", err.kind)
  end)

  it("fails as a whole", function()
    server:answer(page(1, 50, 120), "err.403.NoPrivilege")
    local tasks, err = client:list_tasks "cri-1"
    assert.is_nil(tasks)
    assert.equal("auth", err.kind)
    assert.truthy(err.hint:find("cr:GetRepositorySync", 1, true))
  end)

  it("refuses a filter that there is not", function()
    local ok, message = pcall(function() client:list_tasks("cri-1", { Repo = "x" }) end)
    assert.is_false(ok)
    local expected = "operations_spec.lua:%d+: bad argument #2 to 'list_tasks' %(Repo: unknown option"
    assert.truthy(message:find(expected), message)
  end)
end)

describe("tasks", function()
  it("asks for a page only when the loop comes to it", function()
    server:answer(page(1, 50, 120), page(51, 100, 120))
    local count = 0
    for task in client:tasks "cri-1" do
      count = count + 1
      assert.equal("rst-" .. count, task.SyncTaskId)
      if count == 60 then break end
    end
    assert.equal(2, #server:requests())
  end)

  it("raises the error table", function()
    server:answer "err.403.NoPrivilege"
    local ok, err = pcall(function() for _ in client:tasks "cri-1" do error "never" end end)
    assert.is_false(ok)
    assert.is_true(crsync.is_error(err))
  end)
end)

describe("list_rules", function()
  it("reads the documented sample", function()
    local rules, total = assert(client:list_rules("cri-1", { NamespaceName = "ns", limit = 1 }))
    assert.equal("string", type(rules[1].SyncRuleId))
    assert.is_true(compat.is_integer(total))
  end)
end)

local UNSURE = "it may have been done all the same"

local NEW_TASK = { RepoId = "crr-1", Tag = "1.0", TargetRegionId = "eu-west-1", TargetInstanceId = "cri-2",
  TargetNamespace = "ns", TargetRepoName = "web", TargetTag = "1.0", Override = true, Priority = 5 }

describe("create_task", function()
  it("returns the new id and the whole answer", function()
    local id, answer = client:create_task("cri-1", NEW_TASK)
    assert.equal(answer.SyncTaskId, id)
    local q = last_request().query
    assert.same({ "cri-1", "true", "5", "crr-1" }, { q.InstanceId, q.Override, q.Priority, q.RepoId })
    assert.is_nil(NEW_TASK.InstanceId)
  end)

  it("names what is missing", function()
    local ok, message = pcall(function() client:create_task("cri-1", { RepoId = "crr-1" }) end)
    assert.is_false(ok)
    local expected = "operations_spec.lua:%d+: bad argument #2 to 'create_task' %(Tag: it is missing"
    assert.truthy(message:find(expected), message)
  end)

  it("names what cannot be sent, at the caller's line", function()
    local thread = coroutine.create(function() end)
    for path, value in pairs { A = print, ["B.2.x"] = { 1, { x = thread } }, C = 1.5, D = 0 / 0 } do
      local ok, message = pcall(function() client:call("ListInstance", { [path:sub(1, 1)] = value }) end)
      assert.is_false(ok)
      assert.truthy(message:find("operations_spec.lua:%d+: bad argument #2 to 'call' %(" .. path .. ": a %l+"), message)
      assert.truthy(message:find("cannot be sent", 1, true), message)
    end
  end)

  it("is never sent twice by accident", function()
    for _, fault in ipairs { "err.500.SystemError", { reset = "before" },
      { example = "ok.CreateRepoSyncTask", cut = 5 }, { status = 502, body = "<html>" } } do
      server:reset()
      server:answer_always(fault)
      local id, err = client:create_task("cri-1", NEW_TASK)
      assert.is_nil(id)
      assert.equal(1, err.attempts)
      assert.equal(1, #server:requests())
      assert.truthy(err.hint:find(UNSURE, 1, true), err.hint)
    end
    server:reset()
    server:answer_always { hang = true }
    local _, err = server:client({ timeout = 0.2 }):create_task("cri-1", NEW_TASK)
    assert.same({ "timeout", 1 }, { err.kind, err.attempts })
    assert.equal(1, #server:requests())
    assert.truthy(err.hint:find(UNSURE, 1, true), err.hint)
  end)

  it("is told that it may have been done where nobody knows, and only there", function()
    server:answer({ body = {} }, "err.403.NoPrivilege")
    local _, unknown = client:create_task("cri-1", NEW_TASK)
    assert.same({ "decode", true }, { unknown.kind, unknown.hint:find(UNSURE, 1, true) ~= nil })
    local _, refused = client:create_task("cri-1", NEW_TASK)
    local _, unreached = server:client { endpoint = "http://127.0.0.1:1" }:create_task("cri-1", NEW_TASK)
    server:answer_always { reset = "before" }
    local _, reading = client:get_task("cri-1", "rst-1")
    for _, err in ipairs { refused, unreached, reading } do
      assert.is_nil(tostring(err):find(UNSURE, 1, true), tostring(err))
    end
  end)

  it("is sent again where it certainly was not done", function()
    server:answer("err.400.Throttling.User", "err.400.InvalidTimeStamp.Expired")
    assert(client:create_task("cri-1", NEW_TASK))
    assert.equal(3, #server:requests())
    local refused = server:client { endpoint = "http://127.0.0.1:1" }
    local _, err = refused:create_task("cri-1", NEW_TASK)
    assert.same({ "network", 3 }, { err.kind, err.attempts })
  end)

  it("does not take a kept connection, which may be dead", function()
    assert(client:get_task("cri-1", "rst-1"))
    server:answer { die = true }
    local _, err = client:create_task("cri-1", NEW_TASK)
    assert.equal("network", err.kind)
    assert.equal(2, #server:requests())
    assert.equal(2, server:connections())
  end)
end)

describe("the other makers and enders", function()
  it("do what they are called", function()
    assert.is_string(client:create_task_by_rule("cri-1", { RepoId = "r", Tag = "t", SyncRuleId = "s" }))
    assert.equal("CreateRepoSyncTaskByRule", last_request().headers["x-acs-action"])
    assert.is_string(client:create_rule("cri-1", { SyncRuleName = "n", SyncScope = "REPO", TagFilter = ".*",
      TargetRegionId = "r", TargetInstanceId = "i" }))
    assert.equal("CreateRepoSyncRule", last_request().headers["x-acs-action"])
    assert.is_true(client:cancel_task("cri-1", "rst-1"))
    assert.equal("rst-1", last_request().query.SyncTaskId)
    assert.is_true(client:delete_rule("cri-1", "crsr-1"))
    assert.equal("crsr-1", last_request().query.SyncRuleId)
  end)

  it("take a task that is gone at the second attempt for done", function()
    server:answer("err.500.SystemError", "err.400.SYNC_TASK_NOT_EXIST")
    assert.is_true(client:cancel_task("cri-1", "rst-1"))
    server:answer "err.400.SYNC_TASK_NOT_EXIST"
    local ok, err = client:cancel_task("cri-1", "rst-1")
    assert.is_nil(ok)
    assert.equal("not_found", err.kind)
  end)
end)

describe("call", function()
  it("does any operation", function()
    local answer = assert(client:call("GetRepoSyncTask", { InstanceId = "cri-1", SyncTaskId = "rst-9" }))
    server:answer "err.400.SYNC_TASK_NOT_EXIST"
    local _, gone = client:call("CancelRepoSyncTask", { InstanceId = "cri-1", SyncTaskId = "rst-9" })
    assert.equal("rst-9", gone.task_id)
    assert.same({ "rst-9", 23655489 }, { answer.SyncTaskId, answer.SyncedSize })
    assert.is_table(client:call("ListInstance"))
    server:answer { body = { IsSuccess = true, Tags = { 1 } } }
    assert.is_table(client:call("TagThings", { InstanceId = "cri-1", Tag = { "a", { Key = "k" } } }))
    local q = last_request().query
    assert.same({ "a", "k" }, { q["Tag.1"], q["Tag.2.Key"] })
  end)

  it("repeats what reads, and what it is told to", function()
    server:answer("err.500.SystemError")
    assert.is_table(client:call("ListNamespace", { InstanceId = "cri-1" }))
    server:answer("err.500.SystemError")
    local _, err = client:call("TagThings", { InstanceId = "cri-1" })
    assert.equal(1, err.attempts)
    server:answer("err.500.SystemError", { body = { IsSuccess = true } })
    assert.is_table(client:call("TagThings", { InstanceId = "cri-1" }, { repeatable = true }))
  end)

  it("sends what takes GET alone so, and else what it is told to", function()
    local function method(...)
      server:answer { body = { IsSuccess = true } }
      assert(client:call(...))
      return last_request().method
    end
    local rule = { InstanceId = "cri-1" }
    assert.equal("GET", method("ListScanRule", rule))
    assert.equal("GET", method("GetRepoTag", { InstanceId = "cri-1", RepoId = "crr-1", Tag = "1" }))
    assert.equal("POST", method("ListScanRule", rule, { method = "POST" }))
    assert.equal("POST", method("GetScanRule", rule))
    assert.equal("GET", method("GetScanRule", rule, { method = "GET" }))
  end)

  it("sends as JSON text what the API wants so", function()
    local function sent(action, params)
      server:answer { body = { IsSuccess = true } }
      assert(client:call(action, params))
      return last_request().query
    end
    local params = { InstanceId = "cri-1", Namespaces = { "a", "ü" }, RepoNames = {} }
    local query = sent("CreateScanRule", params)
    assert.same({ '["a","ü"]', "[]" }, { query.Namespaces, query.RepoNames })
    assert.same({ "a", "ü" }, params.Namespaces)
    query = sent("CreateNamespace", { DefaultRepoConfiguration = { RepoType = "PRIVATE", Rate = 0.5,
      Nothing = cjson.null, None = setmetatable({}, { __jsontype = "array" }), Inner = {} } })
    assert.equal('{"Inner":{},"None":[],"Nothing":null,"Rate":0.5,"RepoType":"PRIVATE"}',
      query.DefaultRepoConfiguration)
    assert.equal("{}", sent("UpdateNamespace", { DefaultRepoConfiguration = {} }).DefaultRepoConfiguration)
    assert.equal("[1]", sent("UpdateStorageDomainRoutingRule", { Routes = "[1]" }).Routes)
    assert.equal("a", sent("CreateChain", { Namespaces = { "a" } })["Namespaces.1"])
    local ok, message = pcall(function() client:call("CreateScanRule", { RepoNames = { 1, x = 2 } }) end)
    assert.is_false(ok)
    assert.truthy(message:find "operations_spec.lua:%d+: bad argument #2 to 'call' %(RepoNames: cannot be written",
      message)
  end)

  it("refuses names and options that cannot be", function()
    for _, case in ipairs { { "Get Task" }, { "" }, { 5 }, { "X", 5 }, { "X", {}, { retries = 1 } },
      { "X", {}, { method = "PUT" } }, { "X", {}, { method = 1 } } } do
      assert.is_false(pcall(client.call, client, compat.unpack(case)))
    end
  end)
end)

describe("get_tasks", function()
  it("returns tasks and errors by id", function()
    server:answer_for("B", "err.400.SYNC_TASK_NOT_EXIST")
    local tasks, errors = client:get_tasks("cri-1", { "A", "B", "C", "A" })
    assert.same({ "A", "C" }, { tasks.A.SyncTaskId, tasks.C.SyncTaskId })
    assert.is_nil(tasks.B)
    assert.equal("not_found", errors.B.kind)
    assert.is_nil(errors.A)
    assert.equal(3, #server:requests())
  end)

  it("asks for a thousand side by side", function()
    server:answer_always { example = "ok.GetRepoSyncTask", delay = 0.05 }
    local ids = {}
    for i = 1, 1000 do ids[i] = "rst-" .. i end
    local started = core.now()
    local tasks, errors = client:get_tasks("cri-1", ids, { concurrency = 64 })
    local seconds, count = core.now() - started, 0
    for _ in pairs(tasks) do count = count + 1 end
    assert.same({ 1000, nil }, { count, next(errors) })
    assert.is_true(seconds >= 0.78 and seconds < at_most(4), seconds)
    assert.is_true(server:connections() <= 64, server:connections())
  end)

  it("ends at its deadline, and says so of those that it cut off", function()
    server:answer_always { example = "ok.GetRepoSyncTask", delay = 0.4 }
    local tasks, errors = client:get_tasks("cri-1", { "A", "B", "C", "D" }, { concurrency = 1, deadline = 1 })
    assert.is_table(tasks.A)
    assert.is_nil(tasks.D)
    assert.equal("timeout", errors.D.kind)
    assert.truthy(errors.D.message:find("the deadline of 1 s for all tasks has passed", 1, true))
  end)

  it("is not held up by one that hangs", function()
    server:answer_for("slow", { hang = true })
    local tasks, errors = server:client({ timeout = 0.3, retry = false }):get_tasks("cri-1", { "slow", "A", "B" },
      { concurrency = 2 })
    assert.is_table(tasks.A)
    assert.is_table(tasks.B)
    assert.equal("timeout", errors.slow.kind)
  end)

  it("slows down together when the service asks for it", function()
    server:answer({ example = "err.400.Throttling.User", headers = { ["x-acs-retry-after"] = "300" } })
    local started = core.now()
    local tasks, errors = client:get_tasks("cri-1", { "A", "B", "C", "D" }, { concurrency = 1 })
    assert.is_nil(next(errors))
    assert.is_table(tasks.D)
    assert.is_true(core.now() - started < at_most(1.5))
    assert.equal(5, #server:requests())
  end)

  it("stops trying again where everything fails", function()
    server:answer_always "err.503.ServiceUnavailable"
    local ids = {}
    for i = 1, 60 do ids[i] = "rst-" .. i end
    local eager = server:client { retry = { max_attempts = 3, base_delay = 0 } }
    local tasks, errors = eager:get_tasks("cri-1", ids)
    assert.is_nil(next(tasks))
    assert.equal(60 + 100, #server:requests())
    local _, err = eager:get_task("cri-1", "last")
    assert.equal(1, err.attempts)
    assert.truthy(tostring(err):find("not tried again, as most", 1, true))
    assert.equal("server", errors["rst-60"].kind)
  end)

  it("checks its arguments", function()
    for _, case in ipairs { { "cri-1", "A" }, { "cri-1", { "" } }, { "", { "A" } },
      { "cri-1", { "A" }, { concurrency = 0 } }, { "cri-1", { "A" }, { concurrency = 1.5 } },
      { "cri-1", { "A" }, { parallel = 2 } }, { "cri-1", { "A" }, 16 } } do
      assert.is_false(pcall(client.get_tasks, client, compat.unpack(case)))
    end
    assert.same({}, (client:get_tasks("cri-1", {})))
  end)

  it("works in a host's loop", function()
    local socket = require "socket"
    local host = {
      wait = function(fd, seconds)
        socket.select({ { getfd = function() return fd end, dirty = function() return false end } }, nil, seconds)
      end,
      sleep = socket.sleep,
    }
    local tasks = server:client({ loop = host }):get_tasks("cri-1", { "A", "B", "C" }, { concurrency = 2 })
    assert.same({ "A", "B", "C" }, { tasks.A.SyncTaskId, tasks.B.SyncTaskId, tasks.C.SyncTaskId })
  end)
end)
