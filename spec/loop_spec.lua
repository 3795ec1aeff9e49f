-- In event loops that are not ours: cqueues, libuv, libevent, Copas and GLib where this Lua has them, a program's own
-- select, a host's own table; with a host's own HTTP.

local at_most = require "spec.support.at_most"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local loops = require "spec.support.loops"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

local HANG = { hang = true }
local SLOWED = tonumber(os.getenv "SLOWED" or 1) -- by a sanitizer or valgrind: how many times

local function status(word, delay) return { body = { TaskStatus = word }, delay = delay } end

-- Not for every Lua: what the loop is made of.
local NEEDS = { copas = "copas", glib = "lgi" }

for _, name in ipairs { "cqueues", "luv", "copas", "glib", "luaevent", "select", "own" } do
  if not NEEDS[name] or pcall(require, NEEDS[name]) then
    describe("in " .. name, function()
      local run, adapter
      lazy_setup(function() run, adapter = loops.runner(name), loops.adapter(name) end)

      local function new(changes)
        local options = { loop = adapter }
        for key, value in pairs(changes or {}) do options[key] = value end
        return server:client(options)
      end

      it("calls go on side by side", function()
        server:answer_always { example = "ok.GetRepoSyncTask", together = 10 }
        local client, calls, done = new(), {}, 0
        for i = 1, 10 do
          calls[i] = function()
            assert(client:get_task("cri-1", "rst-" .. i))
            done = done + 1
          end
        end
        run(compat.unpack(calls))
        assert.equal(10, done)
      end)

      -- How late a ticker of 10 ms is at worst beside fifty waits, and how long this process works between ticks.
      local function lateness()
        local client, calls, done, late, busy = new(), {}, 0, 0, 0
        for i = 1, 50 do
          server:answer_for("rst-" .. i, status("PENDING", 0.03), status("SYNCHRONIZING", 0.03), status "SUCCESS")
          calls[i] = function()
            assert(client:wait("cri-1", "rst-" .. i, { interval = 0.1, max_interval = 0.1 }))
            done = done + 1
          end
        end
        calls[51] = function()
          while done < 50 do
            local started, worked = core.now(), os.clock()
            adapter.sleep(0.01)
            late, busy = math.max(late, core.now() - started - 0.01), math.max(busy, os.clock() - worked)
          end
        end
        run(compat.unpack(calls))
        assert.equal(50, done)
        client:close()
        return late, busy
      end

      it("a ticker beside fifty waits is not held up", function()
        local late, busy
        for _ = 1, 4 do -- others use this machine too: the clock is asked whether anything blocks, no more
          late, busy = lateness()
          if late < 0.2 and busy < 0.02 * SLOWED then return end
        end
        error(("%.0f ms late, %.0f ms busy"):format(late * 1000, busy * 1000))
      end)

      it("many at once and waits work in one coroutine", function()
        server:answer_for("B", "err.400.SYNC_TASK_NOT_EXIST")
        server:answer_for("C", status "SYNCHRONIZING", status "SUCCESS")
        local tasks, errors, summary
        run(function()
          local client = new()
          tasks, errors = client:get_tasks("cri-1", { "A", "B" })
          summary = select(2, client:wait_all("cri-1", { "A", "C" }, { interval = 0.05 }))
          client:close()
        end)
        assert.equal("A", tasks.A.SyncTaskId)
        assert.equal("not_found", errors.B.kind)
        assert.equal(2, summary.success)
      end)

      it("an attempt and a call have their limits", function()
        server:answer_always(HANG)
        local one, all, took
        run(function()
          local started = core.now()
          one = select(2, new({ timeout = 0.2, retry = false }):get_task("cri-1", "rst-1"))
          took = core.now() - started
          all = select(2, new({ timeout = 0.1, deadline = 0.35, retry = { max_attempts = 100 } })
            :get_task("cri-1", "rst-1"))
        end)
        assert.same({ "timeout", "timeout" }, { one.kind, all.kind })
        assert.is_true(took >= 0.19 and took < at_most(0.5))
      end)

      it("retries pause in the loop", function()
        server:answer("err.503.ServiceUnavailable", "err.503.ServiceUnavailable")
        local task
        run(function() task = new():get_task("cri-1", "rst-1") end)
        assert.equal("rst-1", task.SyncTaskId)
        assert.equal(3, #server:requests())
      end)

      it("an error in a callback reaches the one who waits", function()
        server:answer_always(status "SYNCHRONIZING")
        local mine, caught, client = { 7 }, nil, new()
        local function wait(method, id)
          return select(2, pcall(method, client, "cri-1", id,
            { interval = 0.01, on_progress = function() error(mine, 0) end }))
        end
        -- Lua 5.1 cannot yield in a pcall: there the callback's error is looked at another way.
        if compat.pcall == pcall then
          run(function() caught = { wait(client.wait, "A"), wait(client.wait_all, { "A", "B" }) } end)
          assert.equal(mine, caught[1])
          assert.equal(mine, caught[2])
        end
        server:answer_always()
        run(function() caught = assert(client:get_task("cri-1", "rst-1")) end)
        assert.equal("rst-1", caught.SyncTaskId)
      end)

      it("a callback may close the client, which ends the wait", function()
        server:answer_always(status "SYNCHRONIZING")
        local client, ok, problem = new(), nil, nil
        local body = function()
          client:wait("cri-1", "rst-1", { interval = 0.01, on_progress = function() client:close() end })
        end
        if compat.pcall == pcall then
          run(function() ok, problem = pcall(body) end)
          assert.is_false(ok)
          assert.truthy(tostring(problem):find("client is closed", 1, true))
        else
          client:close()
        end
      end)
    end)
  end
end

describe("a callback that yields", function()
  it("yields to whoever runs the call, and goes on", function()
    server:answer_for("A", status "SYNCHRONIZING", status "SUCCESS")
    server:answer_for("B", status "SYNCHRONIZING", status "SUCCESS")
    local client, seen = server:client { loop = loops.OWN }, {}
    local co = coroutine.create(function()
      return client:wait_all("cri-1", { "A", "B" }, { interval = 0.01, on_progress = function(task)
        seen[#seen + 1] = coroutine.yield("mine", task.TaskStatus)
      end })
    end)
    local given, result = 0
    repeat
      result = compat.pack(coroutine.resume(co, given))
      assert.is_true(result[1], tostring(result[2]))
      if result[2] == "mine" then given = given + 1 end
    until coroutine.status(co) == "dead"
    assert.equal(2, result[3].success)
    assert.same({ 1, 2, 3, 4 }, seen)
  end)
end)

describe("a throttled call", function()
  it("holds up the others of its client, but not beyond their deadlines", function()
    server:answer_for("A", { example = "err.429.Throttling.User", headers = { ["Retry-After"] = "1" } },
      status "SUCCESS")
    local refused, err, went_on
    local client = server:client { loop = loops.OWN, on_attempt = function(attempt)
      if attempt.status == 429 then refused = core.now() end
    end }
    local function other(f)
      return function()
        while not refused do coroutine.yield() end
        f()
      end
    end
    loops.runner "own"(function() assert(client:get_task("cri-1", "A")) end, other(function()
      err = select(2, client:call("GetNothing", {}, { deadline = 0.1 }))
    end), other(function()
      assert(client:get_task("cri-1", "B"))
      went_on = core.now()
    end))
    assert.same({ "timeout", 0 }, { err.kind, err.attempts })
    assert.truthy(err.message:find("the call's deadline of 0.1 s has passed", 1, true), err.message)
    assert.is_true(went_on - refused >= 0.99)
  end)
end)

describe("a host's own HTTP", function()
  local function transport(log)
    return function(request)
      log[#log + 1] = request.url:match "SyncTaskId=([^&]*)"
      coroutine.yield "http" -- as a cosocket does
      return 200, { ["X-Acs-Request-Id"] = "r" }, '{"IsSuccess":true,"Code":"success","TaskStatus":"SUCCESS"}'
    end
  end

  it("needs no wait, and works for one call and for many at once", function()
    local log, slept = {}, 0
    local client = server:client { transport = transport(log), loop = { sleep = function(seconds)
      slept = slept + seconds
      coroutine.yield "sleep"
      core.sleep(math.min(seconds, 0.01))
    end } }
    local co = coroutine.create(function()
      local task = assert(client:get_task("cri-1", "one"))
      local tasks = client:get_tasks("cri-1", { "A", "B", "C" })
      local _, summary = client:wait_all("cri-1", { "D", "E" })
      return task.TaskStatus, tasks.C.TaskStatus, summary.success
    end)
    local result
    repeat
      result = compat.pack(coroutine.resume(co))
      assert.is_true(result[1], tostring(result[2]))
    until coroutine.status(co) == "dead"
    assert.same({ true, "SUCCESS", "SUCCESS", 2 }, { compat.unpack(result, 1, 4) })
    assert.same({ "one", "A", "B", "C", "D", "E" }, log)
  end)

  it("leaves nothing to do but sleep when all of many pause", function()
    local asked, slept = {}, 0
    local client = server:client { retry = { base_delay = 0.01, max_delay = 0.02 }, transport = function(request)
      local id = request.url:match "SyncTaskId=([^&]*)"
      asked[id] = (asked[id] or 0) + 1
      if asked[id] == 1 then return nil, "not yet" end
      return 200, {}, '{"IsSuccess":true,"Code":"success","TaskStatus":"SUCCESS"}'
    end, loop = { sleep = function(seconds)
      slept = slept + 1
      core.sleep(seconds)
    end } }
    local tasks = client:get_tasks("cri-1", { "A", "B" })
    assert.same({ "SUCCESS", "SUCCESS" }, { tasks.A.TaskStatus, tasks.B.TaskStatus })
    assert.same({ A = 2, B = 2 }, asked)
    assert.is_true(slept > 0)
  end)

  it("is no reason to leave sleep out", function()
    local _, err = crsync.new { endpoint = "h", transport = print, loop = {} }
    assert.truthy(err.message:find("beside option transport sleep is enough", 1, true))
  end)
end)

describe("a timer", function()
  it("is readable after its time, or as soon as another descriptor is", function()
    local socket = require "socket"
    local function readable(timer, seconds)
      local object = { getfd = function() return timer:pollfd() end, dirty = function() return false end }
      return #(socket.select({ object }, {}, seconds)) == 1
    end
    local timer = core.timer(0.1)
    assert.is_false(readable(timer, 0.02))
    assert.is_true(readable(timer, 1))
    local udp = socket.udp()
    udp:setsockname("127.0.0.1", 0)
    timer = core.timer(30, udp:getfd())
    assert.is_false(readable(timer, 0.02))
    local _, port = udp:getsockname()
    socket.udp():sendto("x", "127.0.0.1", port)
    assert.is_true(readable(timer, 1))
    timer:close()
    timer:close()
    assert.equal(-1, timer:pollfd())
    assert.is_true(readable(core.timer(-1), 1))
    assert.is_false(pcall(core.timer, 1, 987654))
  end)
end)
