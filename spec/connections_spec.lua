-- Connections: shared while they work, given up when they do not. nginx speaks HTTP/2 here, and a forwarder before it
-- or before the endpoint forgets flows as NAT boxes do.

local at_most = require "spec.support.at_most"
local core = require "crsync.core"
local endpoint = require "spec.support.endpoint"
local forwarder = require "spec.support.forwarder"
local loops = require "spec.support.loops"
local nginx = require "spec.support.nginx"
local process = require "spec_process"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

local function ids(count)
  local list = {}
  for i = 1, count do list[i] = "rst-" .. i end
  return list
end

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

-- All at once; each is answered with its own task.
local function get_all(client, number, together)
  local tasks, errors = client:get_tasks("cri-1", ids(number), { concurrency = together or number })
  assert.same({ number, nil }, { count(tasks), select(2, next(errors)) and tostring(select(2, next(errors))) })
  for id, task in pairs(tasks) do assert.equal(id, task.SyncTaskId) end
end

local NEW_TASK = { RepoId = "r", Tag = "t", SyncRuleId = "x" }

local function creates()
  local n = 0
  for _, request in ipairs(server:requests()) do
    if request.headers["x-acs-action"] == "CreateRepoSyncTaskByRule" then n = n + 1 end
  end
  return n
end

describe("a connection is shared", function()
  local front

  local function begin(options, client_options)
    front = nginx.start(server, options)
    local all = { endpoint = front.url, ca_file = front.ca_file }
    for name, value in pairs(client_options or {}) do all[name] = value end
    return server:client(all)
  end
  after_each(function() front:stop() end)

  it("by all calls over HTTP/2, from the first ones on", function()
    local client = begin()
    get_all(client, 100)
    get_all(client, 100)
    client:close()
    assert.equal(1, front:connections(200))
  end)

  it("by as many calls as the server says, and there are as many as that needs", function()
    local client = begin { directives = "http2_max_concurrent_streams 10;" }
    assert(client:get_task("cri-1", "rst-1")) -- before the first answer libcurl takes 100 for granted, as RFC 9113 does
    server:answer_always { example = "ok.GetRepoSyncTask", together = 60 }
    client:get_tasks("cri-1", ids(60), { concurrency = 60 })
    client:close()
    local connections = front:connections(61)
    assert.is_true(connections >= 6 and connections < 30, connections) -- some are made and not needed
    assert.equal(61, #server:requests())
  end)

  it("by nobody over HTTP/1, and nobody waits for it twice", function()
    local client = begin { http1 = true }
    server:answer_always { example = "ok.GetRepoSyncTask", together = 20 }
    client:get_tasks("cri-1", ids(20), { concurrency = 20 })
    client:close()
    assert.equal(20, front:connections(20))
  end)

  -- A balancer before nodes of two kinds; libcurl 7.88 gives a third of the calls another call's response.
  for _, first in ipairs { "HTTP/1", "HTTP/2" } do
    it("by nobody where HTTP/1 and HTTP/2 are spoken by turns, " .. first .. " at first", function()
      front = nginx.start(server)
      local plain = nginx.start(server, { http1 = true })
      local way = forwarder.start(first == "HTTP/1" and front.port or plain.port)
      way:take_turns(first == "HTTP/1" and plain.port or front.port)
      local client = server:client { endpoint = "https://127.0.0.1:" .. way.port, ca_file = front.ca_file }
      for _ = 1, 2 do get_all(client, 200, 8) end
      client:close()
      way:stop()
      plain:stop()
    end)
  end

  -- libcurl 7.88 sends on a second connection whose tunnel is not there yet, and fails ("no filter connected"). What is
  -- under way when the server ends a connection may fail all the same, and is repeated.
  for _, directive in ipairs { "http2_max_concurrent_streams 3;", "keepalive_requests 20;" } do
    it("through a proxy's tunnel, and nothing is sent before that is there: " .. directive, function()
      front = nginx.start(server, { directives = directive })
      local way, too_early = forwarder.start(front.port), 0
      way:tunnel()
      local function on_attempt(attempt)
        if (attempt.message or ""):find("filter", 1, true) then too_early = too_early + 1 end
      end
      local client = server:client { endpoint = front.url, ca_file = front.ca_file,
        proxy = "http://127.0.0.1:" .. way.port, on_attempt = on_attempt }
      finally(function()
        client:close()
        way:stop()
      end)
      for _ = 1, 2 do get_all(client, 50) end
      assert.equal(0, too_early)
    end)
  end

  it("until the server takes no more on it, and nothing is lost", function()
    local client = begin { directives = "keepalive_requests 20;" }
    for _ = 1, 3 do get_all(client, 100) end
    client:close()
    assert.equal(300, #server:requests())
    assert.is_true(front:connections(300) >= 15)
  end)

  it("by no call that makes something, which has its own", function()
    local client = begin()
    get_all(client, 3)
    assert(client:create_task_by_rule("cri-1", NEW_TASK))
    get_all(client, 3)
    client:close()
    assert.equal(2, front:connections(7))
  end)

  it("and beside it another one goes on with its TLS session", function()
    local client = begin { directives = 'ssl_session_cache shared:specs:1m; ssl_protocols TLSv1.2;'
      .. ' if ($ssl_session_reused = "r") { return 418; }' }
    assert.is_table(client:get_task("cri-1", "rst-1"))
    local _, err = client:create_task_by_rule("cri-1", NEW_TASK)
    client:close()
    assert.equal(418, err.status)
  end)

  it("by the calls that follow one that makes something", function()
    local client = begin()
    assert(client:create_task_by_rule("cri-1", NEW_TASK))
    get_all(client, 3)
    client:close()
    assert.equal(1, front:connections(4))
  end)
end)

describe("a connection is not trusted any more", function()
  local TASK = { example = "ok.GetRepoSyncTask" }

  -- What each request's connection was, after so many calls that succeed.
  local function connections_of(client, calls)
    for _ = 1, calls do assert(client:get_task("cri-1", "rst-1")) end
    client:close()
    local list = {}
    for i, request in ipairs(server:requests()) do list[i] = request.connection end
    return list
  end

  for _, status in ipairs { "408 Request Timeout", "421 Misdirected Request" } do
    it("when " .. status .. " has come on it, as on what is kept beside it", function()
      server:answer(TASK, { status_line = "HTTP/1.1 " .. status, body = "" }, TASK, TASK)
      local used = connections_of(server:client(), 3)
      assert.same({ 4, used[1], used[3] }, { #used, used[2], used[4] })
      assert.not_equal(used[2], used[3])
    end)
  end

  it("when another request's response has come on it", function()
    server:answer(TASK, { body = '{"TaskStatus":"SUCCESS","SyncTaskId":"rst-2"}' }, TASK, TASK)
    local client = server:client()
    assert(client:get_task("cri-1", "rst-1"))
    local _, err = client:get_task("cri-1", "rst-1")
    assert.same({ "decode", 1 }, { err.kind, err.attempts })
    assert.is_nil(err.anothers)
    local used = connections_of(client, 2)
    assert.same({ 4, used[1], used[3] }, { #used, used[2], used[4] })
    assert.not_equal(used[2], used[3])
  end)
end)

-- Each over HTTP/1 without TLS and over HTTP/2.
for _, protocol in ipairs { "HTTP/1", "HTTP/2" } do
  describe("over " .. protocol, function()
    local is_2, front, way, url = protocol == "HTTP/2"
    local TIMEOUT = math.min(at_most(0.2), 3)

    lazy_setup(function()
      front = is_2 and nginx.start(server) or nil
      way = forwarder.start((front or server).port)
      url = (is_2 and "https" or "http") .. "://127.0.0.1:" .. way.port
    end)
    lazy_teardown(function()
      way:stop()
      if front then front:stop() end
    end)
    before_each(function()
      way:lead_to((front or server).port)
      way:counts()
    end)

    local function new(options)
      local all = { endpoint = url, ca_file = front and front.ca_file, timeout = TIMEOUT, connect_timeout = TIMEOUT }
      for name, value in pairs(options or {}) do all[name] = value end
      return server:client(all)
    end

    local attempts
    local function counted(options)
      attempts = 0
      options = options or {}
      options.on_attempt = function() attempts = attempts + 1 end
      return new(options)
    end

    it("a connection that is dead without a word costs one attempt", function()
      local client = counted()
      finally(function() client:close() end)
      get_all(client, 8)
      way:forget()
      attempts = 0
      for _ = 1, 4 do assert(client:get_task("cri-1", "rst-1")) end
      assert.equal(5, attempts)
      assert.equal(1, (select(2, way:counts())))
    end)

    it("the calls that wait on such a connection get another one together", function()
      local client = counted { retry = { max_attempts = 2, base_delay = 0.01 }, timeout = 3 * TIMEOUT }
      finally(function() client:close() end)
      get_all(client, 8)
      way:forget()
      way:counts()
      local started = core.now()
      get_all(client, is_2 and 100 or 8)
      assert.is_true(core.now() - started < at_most(1) + 6 * TIMEOUT)
      if is_2 then assert.equal(1, (way:counts())) end
    end)

    it("sixty of them at once cost what one does", function()
      local client = counted { retry = { max_attempts = 2, base_delay = 0.01 } }
      finally(function() client:close() end)
      server:answer_always { example = "ok.GetRepoSyncTask", together = 60 } -- so that none is used twice
      client:get_tasks("cri-1", ids(60), { concurrency = 60 })
      way:forget()
      server:reset()
      local budget = client.retry_budget.left
      get_all(client, 60)
      assert.is_true(budget - client.retry_budget.left <= 10, client.retry_budget.left)
    end)

    -- What a call costs after so many at once, whose connections' other end acknowledges nothing any more.
    local function after_silence(calls, timeout)
      local client = counted { timeout = timeout }
      finally(function() client:close() end)
      get_all(client, calls)
      way:forget()
      assert.is_true(process.deafen(way.port))
      attempts = 0
      assert(client:get_task("cri-1", "rst-1"))
      return attempts
    end

    local AMPLE = 60 -- seconds, far above what the system's limit takes

    it("one whose other end acknowledges nothing costs no attempt", function()
      assert.equal(1, after_silence(1, AMPLE))
    end)

    if is_2 then
      it("one that many have shared neither", function() assert.equal(1, after_silence(16, AMPLE)) end)
    else
      it("many of them cost one, which ends in time", function()
        server:answer_always { example = "ok.GetRepoSyncTask", delay = 0.1 }
        local started = core.now()
        assert.equal(2, after_silence(4, 5)) -- libcurl begins to count anew when the first has cost it 4 s
        assert.is_true(core.now() - started < at_most(7.5))
      end)
    end

    for _, loop in ipairs { "cqueues", "own" } do
      it("in " .. loop .. " too, and the descriptor stays", function()
        loops.runner(loop)(function()
          local client = counted { loop = loops.adapter(loop) }
          assert(client:get_task("cri-1", "rst-1"))
          local descriptor = client.core:pollfd()
          way:forget()
          attempts = 0
          for _ = 1, 2 do assert(client:get_task("cri-1", "rst-1")) end
          assert.equal(3, attempts)
          assert.equal(descriptor, client.core:pollfd())
          client:close()
        end)
      end)
    end

    it("a response that hangs gives the connection up as well", function()
      local client = counted()
      finally(function() client:close() end)
      assert(client:get_task("cri-1", "rst-1"))
      server:answer_for("slow", { hang = true }, "ok.GetRepoSyncTask")
      way:counts()
      assert(client:get_task("cri-1", "slow"))
      assert.equal(1, (way:counts()))
      for _ = 1, 3 do assert(client:get_task("cri-1", "rst-1")) end
      assert.equal(0, (way:counts()))
    end)

    it("a response that hangs leaves those beside it alone", function()
      local client = counted { timeout = 4 * TIMEOUT }
      finally(function() client:close() end)
      server:answer_for("rst-1", { hang = true }, { hang = true }, "ok.GetRepoSyncTask")
      for i = 2, 20 do server:answer_for("rst-" .. i, { delay = 2 * TIMEOUT, body = { IsSuccess = true,
        Code = "success", SyncTaskId = "rst-" .. i, TaskStatus = "PENDING" } }) end
      client:get_tasks("cri-1", ids(20), { concurrency = 20 })
      assert.equal(22, attempts)
    end)

    it("a connection that is lost costs no call its answer", function()
      local client = new { timeout = at_most(5) }
      finally(function() client:close() end)
      get_all(client, 8)
      server:answer_always { example = "ok.GetRepoSyncTask", delay = at_most(0.2) }
      local lost, number = false, is_2 and 150 or 50 -- more than a budget of retries would bear
      local tasks, errors = {}, {}
      loops.runner "cqueues" (function()
        local many = new { timeout = at_most(5), loop = loops.adapter "cqueues" }
        tasks, errors = many:get_tasks("cri-1", ids(number), { concurrency = number })
        many:close()
      end, function()
        require "cqueues".sleep(at_most(0.1))
        way:reset()
        lost = true
      end)
      assert.is_true(lost)
      local _, err = next(errors)
      assert.same({ number, 0 }, { count(tasks), count(errors) }, err and tostring(err))
    end)

    it("a create on a connection that is lost or silent is not sent again", function()
      local client = new()
      finally(function() client:close() end)
      get_all(client, 8)
      server:answer { hang = true }
      local id, err = client:create_task_by_rule("cri-1", NEW_TASK)
      assert.same({ nil, "timeout", 1 }, { id, err.kind, err.attempts })
      server:answer { reset = "before" }
      id, err = client:create_task_by_rule("cri-1", NEW_TASK)
      assert.same({ nil, is_2 and "server" or "network", 1 }, { id, err.kind, err.attempts })
      assert.equal(2, creates())
    end)

    it("who cannot connect fails together, and in time", function()
      local client = counted { retry = false, timeout = 5 * TIMEOUT }
      finally(function()
        way:silence(false)
        client:close()
      end)
      way:silence(true)
      local started = core.now()
      local tasks, errors = client:get_tasks("cri-1", ids(20), { concurrency = 20 })
      assert.same({ 0, 20 }, { count(tasks), count(errors) })
      assert.is_true(core.now() - started < (is_2 and 3 or 6) * TIMEOUT + at_most(0.5))
      way:silence(false)
      get_all(client, 20)
    end)

    it("who waits for another's connection waits no longer than it may", function()
      local adapter = loops.adapter "cqueues"
      local client = new { timeout = 4 * TIMEOUT, connect_timeout = 4 * TIMEOUT, retry = false, loop = adapter }
      finally(function()
        way:silence(false)
        client:close()
      end)
      way:silence(true)
      local started, first, second, overdue = core.now(), nil, nil, nil
      loops.runner "cqueues"(function()
        first = select(2, client:get_task("cri-1", "rst-1"))
      end, function()
        adapter.sleep(0.05)
        local task = { InstanceId = "cri-1", SyncTaskId = "rst-2" }
        second = select(2, client:call("GetRepoSyncTask", task, { deadline = TIMEOUT }))
        overdue = core.now() - started
      end)
      assert.same({ "timeout", "timeout" }, { first.kind, second.kind })
      assert.is_true(overdue < core.now() - started - TIMEOUT, overdue)
      assert.equal(is_2, second.message:find("another request", 1, true) ~= nil, second.message)
    end)

    it("a server that is gone for a while is found again", function()
      local client = counted { retry = { max_attempts = 2, base_delay = 0.01 } }
      finally(function()
        way:refuse(false)
        client:close()
      end)
      get_all(client, 8)
      way:refuse(true)
      way:reset()
      local _, errors = client:get_tasks("cri-1", ids(8), { concurrency = 8 })
      assert.equal(8, count(errors))
      way:refuse(false)
      get_all(client, 8)
    end)
  end)
end
