-- Whatever can run Lua can run anything: a hook, a collection or a callback that closes a client in the midst of a
-- call, calls it or another one, raises, forks or yields. First what people met, then everything at every point:
-- support/meddling.lua. REENTER_POINTS sets how many points of each method are tried, 0: all there are.

local at_most = require "spec.support.at_most"
local child = require "spec.support.child"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local meddling = require "spec.support.meddling"
local operations = require "crsync.operations"

local server, other_server

lazy_setup(function() server, other_server = endpoint.start(), endpoint.start() end)
lazy_teardown(function()
  server:stop()
  other_server:stop()
end)
before_each(function()
  server:reset()
  other_server:reset()
end)

-- A client that asks for its keys.
local function without_keys(options)
  options.endpoint, options.proxy, options.retry = server.url, "", { base_delay = 0.01, max_delay = 0.02 }
  return assert(crsync.new(options))
end

-- ---- what people met ---------------------------------------------------------------------------------------------

local MOVING = { { body = { TaskStatus = "PENDING" } }, { body = { TaskStatus = "SUCCESS" } } }

describe("another client is asked", function()
  local here, there
  before_each(function() here, there = server:client(), other_server:client() end)

  local function ask() assert(there:get_task("cri-2", "rst-9")) end

  it("in on_progress of a wait for many", function()
    server:answer_in_turn("rst-1", compat.unpack(MOVING))
    local _, summary = here:wait_all("cri-1", { "rst-1", "rst-2" }, { interval = 0.01, on_progress = ask })
    assert.equal(2, summary.success)
    assert.is_true(#other_server:requests() >= 3)
  end)

  it("in on_attempt of a call for many", function()
    local tasks = server:client({ on_attempt = ask }):get_tasks("cri-1", { "rst-1", "rst-2" })
    assert.truthy(tasks["rst-1"] and tasks["rst-2"])
    assert.equal(2, #other_server:requests())
  end)

  it("for many, in each of many", function()
    local tasks = server:client({ on_attempt = function() there:get_tasks("cri-2", { "A", "B", "C" }) end })
      :get_tasks("cri-1", { "rst-1", "rst-2" })
    assert.truthy(tasks["rst-1"] and tasks["rst-2"])
    assert.equal(6, #other_server:requests())
  end)
end)

describe("leave to send", function()
  it("is not lost to a call that raises in a callback", function()
    local client
    client = server:client { on_attempt = function()
      pcall(client.call, client, "GetRepoSyncTask", { InstanceId = "cri-1", [true] = "no name" })
    end }
    local started = core.now()
    local tasks = client:get_tasks("cri-1", { "rst-1", "rst-2", "rst-3" }, { concurrency = 1 })
    assert.truthy(tasks["rst-1"] and tasks["rst-2"] and tasks["rst-3"])
    local _, summary = client:wait_all("cri-1", { "rst-1", "rst-2", "rst-3" }, { concurrency = 1,
      on_progress = function() pcall(client.call, client, "GetRepoSyncTask", { [true] = "no name" }) end })
    assert.equal(3, summary.success)
    assert.is_true(core.now() - started < at_most(2))
  end)

  it("is not needed twice by a transport that asks its own client", function()
    local client
    local function transport(request)
      local id = request.url:match "SyncTaskId=([%w-]+)"
      if id:find "^rst" then assert(client:get_task("cri-1", "inner-" .. id)) end
      return 200, {}, '{"TaskStatus":"SUCCESS","SyncTaskId":"' .. id .. '"}'
    end
    client = server:client { transport = transport }
    local started = core.now()
    local results, summary = client:wait_all("cri-1", { "rst-1", "rst-2", "rst-3" }, { concurrency = 1 })
    assert.equal(3, summary.success)
    assert.equal("rst-3", results[3].task.SyncTaskId)
    assert.is_true(core.now() - started < at_most(2))
  end)
end)

describe("keys that are renewed in flight", function()
  local FIRST, NEXT = "TOKEN-first-0123456789", "TOKEN-next-0123456789"

  -- The error of a request that both tokens come back to; the client's keys are others each time it asks for them.
  local function error_of()
    local times = 0
    local function credentials()
      times = times + 1
      return { access_key_id = "STS.example", access_key_secret = "secret-0123456789-" .. times,
        security_token = times == 1 and FIRST or NEXT }
    end
    local client = without_keys { credentials = credentials }
    local echo = { status = 403, verify = false,
      body = { Code = "NoPrivilege", Message = "you sent " .. FIRST .. " and secret-0123456789-1, not " .. NEXT } }
    local slow = { delay = 0.2 }
    for name, value in pairs(echo) do slow[name] = value end
    server:answer_for("rst-slow", slow)
    server:answer_for("rst-quick",
      { status = 400, body = { Code = "InvalidSecurityToken.Expired" }, verify = false },
      { status = 403, body = { Code = "NoPrivilege", Message = "no" }, verify = false })
    local _, errors = client:get_tasks("cri-1", { "rst-slow", "rst-quick" })
    assert.equal(2, times)
    return errors["rst-slow"]
  end

  it("are left out of its error, the old and the new", function()
    local err = error_of()
    assert.equal("NoPrivilege", err.code)
    local text = tostring(err)
    assert.is_nil(text:find("TOKEN", 1, true), text)
    assert.is_nil(text:find("secret-0", 1, true), text)
  end)

  it("are left out where a host's transport has sent it", function()
    local client_core = core.new { endpoint = "http://h", access_key_id = "id", access_key_secret = "secret-0123" }
    local task = operations.GetRepoSyncTask
    local request, key = client_core:prepare(task, {})
    assert.is_true(client_core:set_credentials("id", "other-0123"))
    local body = '{"Code":"NoPrivilege","Message":"secret-0123 other-0123"}'
    local _, err = client_core:receive(task, request, 403, {}, body, key)
    assert.equal("*********** **********", err.message)
    _, err = client_core:receive(task, request, 403, {}, body)
    assert.equal("secret-0123 **********", err.message) -- nobody has the old one in use any more
  end)
end)

describe("who fetches keys", function()
  -- A host whose coroutines are resumed by hand.
  local function by_hand(credentials)
    local function give_way() coroutine.yield() end
    return without_keys { deadline = 20, credentials = credentials, loop = { wait = give_way, sleep = give_way } }
  end

  local function run(client)
    local co = coroutine.create(function() return client:get_task("cri-1", "rst-1") end)
    local ok, task, err
    repeat
      core.sleep(0.002)
      ok, task, err = coroutine.resume(co)
    until coroutine.status(co) == "dead"
    return assert(ok and task, ok and err or task)
  end

  it("and is dropped by its host does not hold up the next call", function()
    local is_first = true
    local client = by_hand(function()
      if is_first then
        is_first = false
        coroutine.yield()
      end
      return { access_key_id = server.access_key_id, access_key_secret = server.access_key_secret }
    end)
    coroutine.resume(coroutine.create(function() client:get_task("cri-1", "rst-1") end))
    local started = core.now()
    assert.equal("rst-1", run(client).SyncTaskId)
    assert.is_true(core.now() - started < at_most(3))
  end)

  it("and is left by a crowd that has failed does not either", function()
    local times, boom = 0, {}
    local client = by_hand(function()
      times = times + 1
      if times == 1 then coroutine.yield() end
      return { access_key_id = server.access_key_id, access_key_secret = server.access_key_secret }
    end)
    local kept = {} -- so that no collection helps
    local create = coroutine.create
    coroutine.create = function(f) -- luacheck: ignore 122
      local co = create(f)
      kept[#kept + 1] = co
      return co
    end
    finally(function() coroutine.create = create end) -- luacheck: ignore 122
    local co = create(function()
      return client.loop:all(2, 2, 2, function(n)
        if n == 2 then error(boom, 0) end
        client:get_task("cri-1", "rst-1")
      end)
    end)
    local ok, err
    repeat ok, err = coroutine.resume(co) until coroutine.status(co) == "dead"
    assert.same({ false, boom }, { ok, err })
    local started = core.now()
    assert.equal("rst-1", run(client).SyncTaskId)
    assert.is_true(core.now() - started < at_most(0.5))
  end)
end)

describe("a client that closes in the midst", function()
  it("because its owner is collected does not crash: the owner's method is a tail call", function()
    local output = child.run(([[
      local crsync = require "crsync"
      local function owner(client, f)
        if newproxy then
          local p = newproxy(true)
          getmetatable(p).__gc = f
          return { client = client, keep = p }
        end
        return setmetatable({ client = client }, { __gc = f })
      end
      local others = {}
      for _ = 1, 150 do
        local ok, task = pcall(function()
          local client = assert(crsync.new { endpoint = %q, access_key_id = %q, access_key_secret = %q, proxy = "" })
          local function poll(self) return self.client:get_task("cri-1", "rst-1") end
          return poll(owner(client, function() client:close() end))
        end)
        if not (ok and task) then others[tostring(task):match "client is closed" or tostring(task)] = true end
        collectgarbage "step"
      end
      others["client is closed"] = nil
      print(next(others) or "fine")]]):format(server.url, server.access_key_id, server.access_key_secret))
    assert.equal("fine\n", output)
  end)

  it("in the host's function that is told of it closes once", function()
    local client, times = nil, 0
    client = server:client { loop = { sleep = function() end, wait = function() end, forget = function()
      times = times + 1
      client:close()
    end } }
    client:close()
    assert.equal(1, times)
    assert.has_error(function() client:get_task("cri-1", "rst-1") end)
  end)

  it("in a callback ends the call that it belongs to, with what it has", function()
    local client
    client = server:client { on_attempt = function() client:close() end }
    assert.equal("rst-1", client:get_task("cri-1", "rst-1").SyncTaskId)
    client = server:client { on_attempt = function() client:close() end }
    local ok, message = pcall(client.get_tasks, client, "cri-1", { "rst-1", "rst-2", "rst-3" }, { concurrency = 1 })
    assert.is_false(ok)
    assert.truthy(message:find("client is closed", 1, true))
  end)
end)

describe("a callback that yields", function()
  it("gives way to whoever has called, in a coroutine", function()
    local yielded = 0
    local client = server:client { on_attempt = function() coroutine.yield "mine" end }
    local calls = { function() return client:get_task("cri-1", "rst-1") end }
    if _VERSION ~= "Lua 5.1" or rawget(_G, "jit") then -- where pcall lets a yield through
      calls[2] = function()
        local tasks = client:get_tasks("cri-1", { "rst-1", "rst-2" })
        return tasks["rst-1"]
      end
    end
    for _, call in ipairs(calls) do
      local co = coroutine.create(call)
      local ok, value = coroutine.resume(co)
      while coroutine.status(co) ~= "dead" do
        assert.equal("mine", value)
        yielded = yielded + 1
        ok, value = coroutine.resume(co)
      end
      assert.is_true(ok, value)
      assert.equal("rst-1", value.SyncTaskId)
    end
    assert.is_true(yielded >= #calls)
  end)

  it("and is never resumed leaves a client that works", function()
    local client = server:client { on_attempt = function(attempt)
      if attempt.request_id == "R-drop" then coroutine.yield() end
    end }
    server:answer_for("rst-drop", { body = { RequestId = "R-drop", SyncTaskId = "rst-drop" } })
    coroutine.resume(coroutine.create(function() client:get_tasks("cri-1", { "rst-drop", "rst-2" }) end))
    local tasks = client:get_tasks("cri-1", { "rst-1", "rst-2" }, { concurrency = 1 })
    assert.truthy(tasks["rst-1"] and tasks["rst-2"])
  end)
end)

-- ---- everything at every point -----------------------------------------------------------------------------------

local points = tonumber(os.getenv "REENTER_POINTS" or "")
-- Where many calls are on their way there is more that a few points would miss.
local AT_HOOKS = { get_tasks = 80, wait_all = 120, callback = 80 }

local function check_requests()
  for _, r in ipairs(server:requests()) do
    assert.is_true(r.verified, r.message)
    assert.truthy(meddling.instances[r.query.InstanceId], r.target)
    local is_deep = r.query["List.1"] or r.query["List.3.Key"]
    assert.equal(is_deep and "4", r.query["List.3.Value"] or is_deep, r.target)
    local id = r.query.SyncTaskId
    if r.query.InstanceId ~= "cri-1" then
      assert.equal("rst-1", id)
      for name in pairs(r.query) do assert.truthy(name == "InstanceId" or name == "SyncTaskId", name) end
    elseif r.headers["x-acs-action"] == "GetRepoSyncTask" then
      assert.truthy(id:find "^rst%-%w+$", id)
    end
  end
end

local function sweep(kind, name, most)
  for id, answer in pairs(meddling.answers) do server:answer_for(id, answer) end
  for id, answers in pairs(meddling.answers_in_turn) do server:answer_in_turn(id, compat.unpack(answers)) end
  local output = child.run(([[
    local place = { url = %q, access_key_id = %q, access_key_secret = %q }
    print(require("spec.support.meddling").run(place, %q, %q, %d) > 15 and "fine")]]):format(server.url,
    server.access_key_id, server.access_key_secret, kind, name, points or most), points ~= 0 and "timeout 300 env")
  assert.equal("fine\n", output)
  check_requests()
end

for _, name in ipairs(meddling.methods()) do
  describe(name .. ", in whose midst the client is closed or called, another called, raised, or forked,", function()
    it("ends right, at each point that a hook sees", function() sweep("hooks", name, AT_HOOKS[name] or 8) end)
    it("ends right, at each collection", function() sweep("collections", name, 4) end)
  end)
end
