-- The sandbox's server as a process that lives: limits, slow clients, many connections, faults, and its end.

local certificates = require "spec.support.certificates"
local child = require "spec.support.child"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local files = require "spec.support.files"
local sandbox = require "crsync.sandbox"
local wire = require "spec.support.wire"

local KEY = { id = "SandboxAccessKey", secret = "sandbox-secret" }
local QUERY = { InstanceId = "cri-sandbox", SyncTaskId = "rst-small" }
local LUA = os.getenv "LUA" or "lua5.4"

local server, port

local function start(options)
  server = assert(sandbox.start(options))
  port = tonumber(server:url():match ":(%d+)$")
  return server
end

local function request(r)
  r = r or {}
  r.host, r.key, r.query = "127.0.0.1:" .. port, KEY, r.query or QUERY
  return wire.request(r)
end

local function client(options)
  local made = assert(crsync.new(server:options(options)))
  finally(function() made:close() end)
  return made
end

after_each(function()
  if server then server:stop() end
  server = nil
end)

describe("a body beyond the limit", function()
  it("is refused before it is sent, and the server goes on", function()
    start { limits = { body = 1000 } }
    local s = wire.connect(port)
    s:send("POST / HTTP/1.1\r\nContent-Length: 16000000\r\n\r\n" .. ("x"):rep(100000))
    assert.equal(413, wire.answer(s).status)
    s:close()
    assert.equal("success", wire.ask(port, request()).code)
  end)

  it("is refused in chunks, too", function()
    start { limits = { body = 1000 } }
    assert.equal(413, wire.ask(port, request { body = ("x"):rep(3000), is_chunked = true }).status)
  end)
end)

describe("a client that is slow or silent", function()
  local LIMITS = { idle_seconds = 0.2, head_seconds = 0.2, body_seconds = 0.2 }

  for name, text in pairs { ["that says nothing"] = "", ["that begins a head"] = "POST / HTT",
    ["that begins a body"] = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab" } do
    it(name .. " is left", function()
      start { limits = LIMITS }
      local s = wire.connect(port)
      s:send(text)
      assert.equal("closed", select(2, s:receive(1)))
      s:close()
      assert.equal("success", wire.ask(port, request()).code)
    end)
  end
end)

describe("a sandbox with few descriptors", function()
  it("lets those go that are idle, and answers", function()
    start { lua = "ulimit -n 40; exec " .. LUA }
    local idle = {}
    for i = 1, 60 do idle[i] = wire.connect(port) end
    assert.equal("success", wire.ask(port, request()).code)
    for _, s in ipairs(idle) do s:close() end
    assert.equal("success", wire.ask(port, request()).code)
  end)

  it("waits where none are idle", function()
    start { lua = "ulimit -n 40; exec " .. LUA }
    local busy = {}
    for i = 1, 60 do
      busy[i] = wire.connect(port)
      busy[i]:send "POST / HTT"
    end
    local s = wire.connect(port)
    s:send(request())
    core.sleep(0.2)
    for _, other in ipairs(busy) do other:close() end
    assert.equal("success", wire.answer(s).code)
    s:close()
  end)
end)

describe("a fault", function()
  local function faulty(fault) return start { scenario = { faults = { fault } } } end

  it("delays the first byte", function()
    faulty { delay = 0.3 }
    local before = core.now()
    assert.equal("success", wire.ask(port, request()).code)
    assert.is_true(core.now() - before >= 0.3)
  end)

  it("refuses with a status, a code, words and a time to wait", function()
    faulty { status = 503, code = "ServiceUnavailable", message = "not now", retry_after = 1.5 }
    local answer = wire.ask(port, request())
    assert.same({ 503, "ServiceUnavailable" }, { answer.status, answer.code })
    assert.equal("1500", answer.headers["x-acs-retry-after"])
    assert.truthy(answer.body:find('"not now"', 1, true))
  end)

  it("answers with another body", function()
    faulty { body = "<html>busy</html>", status = 502 }
    local answer = wire.ask(port, request())
    assert.same({ 502, "<html>busy</html>" }, { answer.status, answer.body })
  end)

  it("cuts the body", function()
    faulty { cut = 10 }
    local s = wire.connect(port)
    s:send(request())
    local _, reason, part = wire.answer(s)
    assert.same({ "closed", 10 }, { reason, #part })
    s:close()
  end)

  it("ends the connection: announced, without an answer, or with a reset", function()
    faulty { close = true }
    assert.equal("close", wire.ask(port, request()).headers.connection)
    server:stop()
    for _, fault in ipairs { { drop = true }, { reset = true } } do
      faulty(fault)
      assert.is_nil((wire.ask(port, request())))
      server:stop()
    end
  end)

  it("resets a TLS connection, too", function()
    local folder = certificates.folder()
    start { scenario = { faults = { { reset = true } } }, tls_cert = folder .. "/good.pem",
      tls_key = folder .. "/good.key" }
    for _ = 1, 2 do
      local s = wire.connect(port, folder .. "/ca.pem")
      s:send(request())
      assert.is_nil((wire.answer(s)))
      s:close()
    end
  end)

  it("never answers", function()
    faulty { hang = true }
    local _, err = client { timeout = 0.3, retry = false }:get_task("cri-sandbox", "rst-small")
    assert.equal("timeout", err.kind)
  end)

  it("makes all connections that are open dead, and no new ones", function()
    faulty { dead = true, after = 2, times = 1 }
    local open, idle = wire.connect(port), wire.connect(port)
    for _, s in ipairs { open, idle } do
      s:send(request())
      assert.equal("success", wire.answer(s).code)
    end
    open:send(request())
    idle:send(request())
    for _, s in ipairs { open, idle } do
      s:settimeout(0.3)
      assert.equal("timeout", select(2, s:receive(1)))
      s:close()
    end
    assert.equal("success", wire.ask(port, request()).code)
  end)

  it("hits those alone that fit, as often as it says", function()
    start { scenario = { tasks = { { id = "rst-small", to = "eu-west-1" }, { id = "rst-other", to = "us-east-1" } },
      faults = { { action = "GetRepoSyncTask", region = "us-east-1", every = 2, code = "SystemError" },
        { action = "ListRepoSyncTask", share = 0.5, code = "Throttling" },
        { action = "ListRepoSyncRule", starts = 1000, code = "Throttling" },
        { action = "ListRepoSyncRule", ends = 0, code = "Throttling" } } } }
    local c = client { retry = false }
    for _ = 1, 2 do assert.is_table((c:get_task("cri-sandbox", "rst-small"))) end
    local seen = {}
    for i = 1, 4 do
      local _, err = c:get_task("cri-sandbox", "rst-other")
      seen[i] = type(err) == "table" and err.code or "fine"
    end
    assert.same({ "fine", "SystemError", "fine", "SystemError" }, seen)
    local throttled = 0
    for _ = 1, 40 do
      if not c:list_tasks "cri-sandbox" then throttled = throttled + 1 end
    end
    assert.is_true(throttled > 5 and throttled < 35, throttled)
    assert.is_table((c:list_rules "cri-sandbox"))
  end)
end)

describe("a quota", function()
  it("throttles what is beyond it, and says so in the gateway's headers", function()
    start { scenario = { quota = { { calls = 2, seconds = 60 },
      { calls = 1, seconds = 60, action = "ListInstance" } } } }
    local answer = wire.ask(port, request { action = "ListInstance", query = {} })
    assert.same({ 200, "success" }, { answer.status, answer.code })
    assert.truthy(answer.headers["x-ratelimit-user"]:find "^Limit:2,Remain:1,TimeLeft:%d+,Reset:%d+$")
    assert.truthy(answer.headers["x-ratelimit-user-api"]:find "^Limit:1,Remain:0,TimeLeft:%d+,Reset:%d+$")
    assert.equal("Throttling.Api", wire.ask(port, request { action = "ListInstance", query = {} }).code)
    answer = wire.ask(port, request())
    assert.same({ 400, "Throttling.User" }, { answer.status, answer.code })
  end)

  it("is over when its time is", function()
    start { scenario = { quota = { { calls = 1, seconds = 2, code = "Throttling", status = 429 } } } }
    assert.equal(200, wire.ask(port, request()).status)
    local answer = wire.ask(port, request())
    assert.same({ 429, "Throttling" }, { answer.status, answer.code })
    for _ = 1, 11 do core.sleep(0.2) end
    assert.equal(200, wire.ask(port, request()).status)
  end)
end)

describe("the command's process", function()
  -- Starts it and gives what to read from and its number; a shell's background is deaf to an interrupt, so Lua's own
  -- handler has to hear it.
  local function run()
    local script = ("echo $$; exec %s -e %s"):format(LUA, child.quoted(([[
      package.path, package.cpath = %q, %q
      os.exit(require "crsync.cli".run { "sandbox", "--port", "0" })]]):format(package.path, package.cpath)))
    local pipe = io.popen(("exec 2>&1; sh -c %s & wait $!; echo status $?"):format(child.quoted(script)), "r")
    local pid = pipe:read "*l"
    local line
    repeat line = pipe:read "*l" until not line or line:find "crsync wait"
    return pipe, pid
  end

  for signal, status in pairs { INT = 130, TERM = 143 } do
    it("ends at once with SIG" .. signal, function()
      local pipe, pid = run()
      local before = core.now()
      os.execute(("kill -%s %s"):format(signal, pid))
      local rest = pipe:read "*a"
      pipe:close()
      assert.truthy(rest:find("status " .. status, 1, true), rest)
      assert.is_true(core.now() - before < 5)
    end)
  end

  it("says what is wrong with an address or a port", function()
    local function problem(options) return select(2, sandbox.run(options, function() end)) end
    assert.truthy(problem { port = 65536 }:find("port 65536: a port is a whole number from 0 to 65535", 1, true))
    assert.truthy(problem { listen = "192.0.2.1", port = 0 }:find("192.0.2.1 port 0: ", 1, true))
  end)

  it("reads a scenario file, and says what is wrong with it", function()
    local path = os.tmpname()
    finally(function() os.remove(path) end)
    local function check(text)
      files.write(path, text)
      return child.run(("os.exit(require 'crsync.cli'.run { 'sandbox', '--check', %q })"):format(path))
    end
    assert.equal(path .. ": fine: tasks 0, rules 3, push 0, made 0, faults 1\n",
      check "return { tasks = {}, faults = { { delay = 1 } } }")
    assert.equal("crsync: " .. path .. ":2: seed: should be a number\n", check "return {\n  seed = 'x' }")
  end)

  it("warns where others can reach it, and quotes for a shell", function()
    local output = child.run [[
      local written = {}
      require "crsync.sandbox.loop".new = function()
        return { spawn = function() end, run = function() end }
      end
      require "crsync.sandbox".run({ listen = "0.0.0.0", port = 0, scenario = {
        access_key_secret = "it's $HOME", tasks = { { id = "a; b" } } } }, io.write)]]
    assert.truthy(output:find("# WARNING: it listens on 0.0.0.0: whoever reaches", 1, true), output)
    assert.truthy(output:find("=http://127.0.0.1:%d+\n"), output)
    assert.truthy(output:find([[_SECRET='it'\''s $HOME']], 1, true), output)
    assert.truthy(output:find("crsync wait cri-sandbox 'a; b'", 1, true), output)
  end)
end)

describe("what came", function()
  it("is told of the last ten thousand requests, more or less, and not kept for ever", function()
    start()
    local s = wire.connect(port)
    local hundred = ("GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n"):rep(100)
    for _ = 1, 111 do
      s:send(hundred)
      for _ = 1, 100 do assert.equal(400, wire.answer(s).status) end
    end
    s:close()
    assert.equal("success", wire.ask(port, request()).code)
    local records = server:requests()
    assert.equal("GetRepoSyncTask", records[#records].action)
    assert.is_true(#records >= 10000 and #records <= 11000, #records)
  end)
end)

describe("the command's introduction", function()
  -- What it says there is to try in a scenario.
  local function lines(scenario)
    return child.run(([[
      require "crsync.sandbox.loop".new = function() return { spawn = function() end, run = function() end } end
      require "crsync.sandbox".run({ port = 0, scenario = %s }, io.write)]]):format(scenario)):match "(# instance.*)$"
  end

  it("names the tasks, or a push where there are none, or the list alone", function()
    assert.equal("# instance cri-1, tasks rst-1 rst-2; each begins to move when it is first asked for:\n"
      .. "#   crsync list cri-1\n#   crsync wait cri-1 rst-1 rst-2\n",
      lines "{ instance = 'cri-1', tasks = { { id = 'rst-1' }, { id = 'rst-2' } } }")
    local made = "# instance cri-sandbox, whose tasks are made by pushes and by requests:\n"
      .. "#   crsync list cri-sandbox\n"
    assert.equal(made .. "#   crsync wait cri-sandbox --repo team/web --tag latest --since 1m\n",
      lines "{ tasks = {}, push = { { repo = 'a/b', at = -9 }, { repo = 'team/web' } } }")
    assert.equal(made, lines "{ tasks = {} }")
  end)
end)

describe("many connections", function()
  it("are no more than what a process may have open", function()
    start { lua = "ulimit -n 3000 2>/dev/null; exec " .. LUA }
    local open = {}
    for i = 1, 1500 do
      local s = compat.pack(pcall(wire.connect, port))
      if not s[1] then break end -- this process may have fewer
      open[i] = s[2]
    end
    for _ = 1, 3 do table.remove(open):close() end
    assert.equal("success", wire.ask(port, request()).code)
    for _, s in ipairs(open) do s:close() end
    assert.equal("success", wire.ask(port, request()).code)
  end)
end)
