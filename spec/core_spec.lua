-- The C binding by itself: jobs and their lives, in any order of ending, and what it must leave alone in its host.

local at_most = require "spec.support.at_most"
local child = require "spec.support.child"
local core = require "crsync.core"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"
local operations = require "crsync.operations"
local process = require "spec_process"

local TASK = operations.GetRepoSyncTask

local server, client_core

local function new(changes)
  local settings = { endpoint = server.url, access_key_id = server.access_key_id, proxy = "",
    access_key_secret = server.access_key_secret }
  for k, v in pairs(changes or {}) do settings[k] = v end
  return core.new(settings)
end

local function start(id, e, attempt)
  return (e or client_core):start(TASK, { InstanceId = "cri-1", SyncTaskId = id or "rst-1" }, attempt)
end

local function finish(job, e)
  e = e or client_core
  for _ = 1, 100 do
    e:wait(0.2)
    for ended in e.finished, e do
      if ended == job then return e:result(job) end
    end
  end
  error "the job did not end"
end

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function()
  server:reset()
  client_core = new()
end)
after_each(function() client_core:close() end)

describe("a core", function()
  it("has the card's binding, which works alone", function()
    local task = assert(client_core:get_task("cri-1", "rst-5"))
    assert.equal("rst-5", task.SyncTaskId)
    server:answer "err.403.NoPrivilege"
    local none, err = client_core:get_task("cri-1", "rst-5")
    assert.is_nil(none)
    assert.same({ "auth", "NoPrivilege", 403 }, { err.kind, err.code, err.status })
  end)

  it("needs no Lua file of crsync's for that", function()
    local script = ([[
      package.path = ""
      local client = require("crsync.core").new { endpoint = "%s", access_key_id = "%s", access_key_secret = "%s",
        proxy = "" }
      io.write(assert(client:get_task("cri-1", "rst-5")).SyncTaskId)]])
      :format(server.url, server.access_key_id, server.access_key_secret)
    assert.equal("rst-5", child.run(script))
  end)

  it("tells of a request whose URL libcurl would not take", function()
    local ok, message = pcall(client_core.start, client_core, TASK, { SyncTaskId = ("x"):rep(8000000) })
    assert.is_false(ok)
    assert.truthy(tostring(message):find("the URL has more than 8 MB, which is libcurl's limit", 1, true), message)
    ok, message = pcall(client_core.fetch, client_core, { url = server.url .. "/?" .. ("x"):rep(8000000) })
    assert.is_false(ok)
    assert.truthy(tostring(message):find("libcurl's limit", 1, true), message)
  end)

  it("knows the operation as crsync.operations has it", function()
    assert.same({ action = TASK.action, version = TASK.version, method = TASK.method, response = TASK.response,
      holds = TASK.holds, echo = TASK.echo }, core.task_operation())
  end)

  it("can be polled: a descriptor, a timeout, a step", function()
    server:answer { example = "ok.GetRepoSyncTask", delay = 0.1 }
    assert.is_nil(client_core:timeout())
    assert.equal("r", client_core:events())
    local job, socket, turns = start(), require "socket", 0
    local watched = { getfd = function() return client_core:pollfd() end, dirty = function() return false end }
    local ended
    repeat
      socket.select({ watched }, nil, client_core:timeout() or 5)
      client_core:step()
      ended = client_core:finished()
      turns = turns + 1
    until ended or turns > 100
    assert.equal(job, ended)
    assert.is_true(turns < 20, turns)
    assert.equal(job, client_core:finished()) -- until it is given back
    assert.is_nil(client_core:finished(job))
    assert.equal("SUCCESS", client_core:result(job).TaskStatus)
  end)

  it("moves many requests at once", function()
    server:answer_always { example = "ok.GetRepoSyncTask", together = 20 }
    local jobs = {}
    for i = 1, 20 do jobs[i] = start("rst-" .. i) end
    for _, job in ipairs(jobs) do
      while tostring(job) ~= "crsync.job (ended)" do client_core:wait(0.2) end
      assert.is_table(client_core:result(job))
    end
  end)

  it("forgets one that has ended behind another, when it is cancelled", function()
    local function ended(id)
      local job = start(id)
      while not client_core:has_ended(job) do client_core:wait(0.2) end
      return job
    end
    local first, second = ended "rst-1", ended "rst-2"
    client_core:cancel(second)
    assert.equal(first, client_core:finished())
    assert.is_nil(client_core:finished(first))
    assert.equal("rst-1", client_core:result(first).SyncTaskId)
  end)

  it("waits no longer than 200 ms at once", function()
    server:answer { hang = true }
    start()
    client_core:wait(0.1) -- the connection
    for _ = 1, 3 do
      local started = core.now()
      client_core:wait(10)
      assert.is_true(core.now() - started < at_most(0.5))
    end
  end)

  it("says what it is", function()
    assert.equal("crsync.core (" .. server.url .. ")", tostring(client_core))
    assert.equal("crsync.job (in flight)", tostring(start()))
    client_core:close()
    assert.equal("crsync.core (closed)", tostring(client_core))
  end)

  it("refuses what is no endpoint, no key, no job", function()
    for _, url in ipairs { "", "h", "ftp://h", "https://", "https://h/p", "https://u@h" } do
      assert.same({ nil, "endpoint should be https://host or http://host", "config" },
        { core.new { endpoint = url } })
    end
    assert.same({ nil, "access_key_id holds a control character", "config" },
      { core.new { endpoint = "https://h", access_key_id = "a\nb", access_key_secret = "c" } })
    assert.is_false(pcall(core.new, { endpoint = "https://h", timeout = "5" }))
    assert.is_false(pcall(start, "x", core.new { endpoint = "https://h" }))
    assert.is_false(pcall(client_core.result, client_core, io.stdout))
    local other = new()
    assert.is_false(pcall(other.result, other, start()))
    assert.same({ nil, "access_key_id or access_key_secret is empty" }, { client_core:set_credentials("", "") })
    assert.same({ nil, "access_key_id holds a control character" }, { client_core:set_credentials("a\nb", "c") })
    for _, headers in ipairs { { ["a\nb"] = "c" }, { ["a\0b"] = "c" }, { a = "b\nc" }, { a = "b\0c" } } do
      local ok, message = pcall(client_core.fetch, client_core, { url = server.url, headers = headers })
      assert.is_false(ok)
      assert.truthy(message:find("a header holds a control character", 1, true))
    end
  end)

  it("takes any number as a limit or an offset", function()
    for _, case in ipairs { { math.huge }, { 2 ^ 40 }, { 0, "decode" }, { -1, "decode" }, { 0 / 0, "decode" } } do
      local e = new { max_response_size = case[1] }
      local task, err = e:get_task("cri-1", "rst-5")
      e:close()
      assert.equal(case[2], not task and err.kind or nil)
    end
    local now = os.date "!%Y-"
    for offset, year in pairs { [-1e300] = now, [1e300] = now, [math.huge] = now, [4e9] = "2", [-1e9] = "1" } do
      local request = client_core:prepare(TASK, { InstanceId = "i", SyncTaskId = "t" }, { clock_offset = offset })
      assert.equal(year, request.headers["x-acs-date"]:sub(1, #year))
    end
  end)
end)

describe("a job", function()
  it("gives its result once", function()
    local job = start()
    assert.is_false(pcall(client_core.result, client_core, job))
    assert.is_table(finish(job))
    local ok, message = pcall(client_core.result, client_core, job)
    assert.is_false(ok)
    assert.truthy(message:find("taken already", 1, true))
    assert.equal("crsync.job (gone)", tostring(job))
  end)

  it("can be cancelled, at any time and twice", function()
    server:answer { hang = true }
    local job = start()
    repeat client_core:wait(0.05) until #server:requests() == 1
    client_core:cancel(job)
    client_core:cancel(job)
    job = start()
    while tostring(job) == "crsync.job (in flight)" do client_core:wait(0.2) end
    client_core:cancel(job)
    assert.is_nil(client_core:finished())
    assert.is_table(finish(start()))
  end)

  it("may be forgotten in flight", function()
    server:answer { hang = true }
    start()
    repeat client_core:wait(0.05) until #server:requests() == 1
    collectgarbage()
    collectgarbage()
    assert.is_table(finish(start()))
  end)

  it("ends with its core", function()
    server:answer { hang = true }
    local e = new()
    local job = start("x", e)
    e:wait(0.05)
    e:close()
    assert.equal("crsync.job (gone)", tostring(job))
    assert.is_false(pcall(e.step, e))
  end)

  it("keeps its core alive", function()
    local e = new()
    local weak, job = setmetatable({ e }, { __mode = "v" }), start("x", e)
    e = nil -- luacheck: ignore 311
    collectgarbage()
    collectgarbage()
    assert.is_table(finish(job, weak[1]))
  end)
end)

describe("a state that closes", function()
  -- With requests in flight and finalizers of the script's own that still call in.
  it("does so in any order, many times", function()
    local script = ([[
      local child = require "spec.support.child"
local core = require "crsync.core"
      local operations = require "crsync.operations"
      kept = {}
      for i = 1, 3 do
        local e = core.new { endpoint = "%s", access_key_id = "i", access_key_secret = "s", proxy = "" }
        local job = e:start(operations.GetRepoSyncTask, { InstanceId = "a", SyncTaskId = "b" })
        e:wait(0.01)
        local function meddle(t)
          pcall(t[1].step, t[1])
          pcall(t[1].result, t[1], t[2])
        end
        kept[i] = setmetatable({ e, job }, { __gc = meddle })
      end
      os.exit(0, true)]]):format(server.url)
    local command = child.command(script) .. " && echo fine"
    local times = os.getenv "LD_PRELOAD" and 10 or 30 -- a sanitizer makes each slow
    local pipe = io.popen(("for i in $(seq %d); do %s; done 2>&1"):format(times, command))
    local count = 0
    for line in pipe:lines() do
      assert.equal("fine", line)
      count = count + 1
    end
    pipe:close()
    assert.is_true(count >= 10)
  end)
end)

describe("after a fork", function()
  it("parent and child have connections and nonces of their own", function()
    assert(client_core:get_task("cri-1", "rst-0"))
    server:answer { example = "ok.GetRepoSyncTask", delay = 0.2 }
    local flying = start "rst-flying"
    client_core:wait(0.05)
    local pid = process.fork()
    if pid == 0 then
      -- What was in flight is the parent's; new calls work, over new connections.
      local ok = pcall(function()
        local none, err = finish(flying)
        assert(none == nil and err.kind == "network" and err.message:find("forked", 1, true))
        for i = 1, 20 do assert(client_core:get_task("cri-1", "child-" .. i).SyncTaskId == "child-" .. i) end
      end)
      process.exit(ok and 0 or 1)
    end
    assert.is_table(finish(flying))
    for i = 1, 20 do assert.equal("parent-" .. i, client_core:get_task("cri-1", "parent-" .. i).SyncTaskId) end
    assert.equal(0, process.wait(pid))
    local by_connection, nonces = {}, {}
    for _, r in ipairs(server:requests()) do
      local who = r.query.SyncTaskId:match "^%a+"
      if who == "rst" then who = "parent" end
      assert.equal(who, by_connection[r.connection] or who)
      by_connection[r.connection] = who
      assert.is_nil(nonces[r.headers["x-acs-signature-nonce"]])
      nonces[r.headers["x-acs-signature-nonce"]] = true
    end
  end)
end)

describe("the host", function()
  it("keeps its SIGPIPE, which no broken TLS connection sends it", function()
    local tls = endpoint.start { tls = "good" }
    local e = new { endpoint = tls.url, ca_file = tls.ca_file }
    finally(function()
      e:close()
      tls:stop()
    end)
    process.sigpipe "default"
    tls:answer_always { example = "ok.GetRepoSyncTask", reset = "middle" }
    for _ = 1, 10 do
      local none, err = e:get_task("cri-1", "rst-1")
      assert.is_nil(none)
      assert.equal("network", err.kind)
    end
    tls:answer_always { example = "ok.GetRepoSyncTask", close_silently = true }
    for _ = 1, 10 do assert(e:get_task("cri-1", "rst-1")) end
    assert.same({ "default", false }, { process.sigpipe() })
  end)

  it("keeps its random numbers and its locale", function()
    math.randomseed(42)
    local expected = { math.random(2 ^ 30), math.random(2 ^ 30) }
    math.randomseed(42)
    assert(client_core:get_task("cri-1", "rst-1"))
    assert.same(expected, { math.random(2 ^ 30), math.random(2 ^ 30) })
    assert.equal("C", os.setlocale())
  end)

  it("may use a decimal comma", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute(("mkdir '%s' && env -u LD_PRELOAD localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1")
      :format(folder, folder)))
    local script = ([[
      local crsync = require "crsync"
      assert(os.setlocale "de_DE.UTF-8" and os.setlocale(nil, "numeric") == "de_DE.UTF-8")
      local c = assert(crsync.new { endpoint = "%s", access_key_id = "%s", access_key_secret = "%s", proxy = "" })
      local task = assert(c:get_task("cri-1", "rst-1"))
      print(task.Progress == 0.5, crsync.to_json { task.Progress, task.SyncedSize, 0.1 })
      print(crsync.format(task):match "copied +([^\n]*)")
      local long, err = c:get_task("cri-1", "rst-1")
      print(err and err.kind or long.Progress == 0.5)]]):format(server.url, server.access_key_id,
      server.access_key_secret)
    server:answer({ body = '{"TaskStatus":"SYNCHRONIZING","Progress":0.5,"SyncedSize":23655489,'
      .. '"LayerTasks":[{"Size":23655489,"SyncedSize":5e6}]}' },
      { body = '{"TaskStatus":"SYNCHRONIZING","Progress":0.5' .. ("0"):rep(300) .. "}" })
    -- glibc keeps what it made of LOCPATH, which a leak checker would report.
    local output = child.run(script, ("ASAN_OPTIONS=detect_leaks=0 ALIBABA_CLOUD_READ_TIMEOUT=2.5 LOCPATH='%s'")
      :format(folder))
    os.execute("rm -rf '" .. folder .. "'")
    local rest = output:match "^true\t%[0%.5,23655489,0%.1%]\n5%.0 MB of 23%.7 MB in 1 layer\n(%w+)\n$"
    -- Where the point is no point, Lua from 5.3 on reads no number of more than 200 characters: refused, never wrong.
    assert.truthy(rest == "decode" or rest == "true", output)
  end)
end)

describe("a core that cannot be loaded", function()
  local function problem(before, prefix)
    return child.run(before .. " print(select(2, pcall(require, 'crsync')))", prefix)
  end

  it("says so where OpenSSL has no SHA-256", function()
    local configuration = os.tmpname()
    files.write(configuration, "openssl_conf = a\n[a]\nproviders = b\n[b]\nnull = c\n[c]\nactivate = 1\n")
    local output = problem("", "OPENSSL_CONF=" .. configuration)
    os.remove(configuration)
    assert.equal("crsync: OpenSSL offers no SHA-256 or no HMAC\n", output)
  end)

  it("says so where it is not, and where it is another Lua's", function()
    assert.truthy(problem "package.cpath = ''":find("module 'crsync.core' not found", 1, true))
    local output = problem "package.preload['crsync.core'] = function() error('undefined symbol: lua_x', 0) end"
    assert.truthy(output:find("crsync was built for another Lua; this is", 1, true), output)
  end)
end)

describe("time and chance", function()
  it("come from a clock that only goes on, and from OpenSSL", function()
    local before = core.now()
    core.sleep(0.05)
    assert.is_true(core.now() - before >= 0.045 and core.now() - before < at_most(1))
    core.sleep(-1)
    core.sleep(0 / 0)
    local least, most = 1, 0
    for _ = 1, 1000 do
      local x = core.random()
      least, most = math.min(least, x), math.max(most, x)
    end
    assert.is_true(least >= 0 and least < 0.1 and most > 0.9 and most < 1)
  end)
end)
