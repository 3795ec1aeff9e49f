-- What somebody sees who looks at what happens: each attempt as a block of lines, on_attempt's table; and nothing where
-- nobody asked. That no secret is in it is trace_secrets_spec.lua's.

local child = require "spec.support.child"
local command = require "spec.support.command"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local loops = require "spec.support.loops"
local files = require "spec.support.files"
local key_giver = require "spec.support.key_giver"
local nginx = require "spec.support.nginx"
local surroundings = require "spec.support.surroundings"
local traced = require "spec.support.traced"

local server, attempts, client

local function new(options, of)
  attempts = {}
  local all = { debug = 1, on_attempt = function(attempt) attempts[#attempts + 1] = attempt end }
  for name, value in pairs(options or {}) do all[name] = value end
  traced(function() client = (of or server):client(all) end) -- that it has keys is told then, and of no matter here
  return client
end

local function get(c) return (c or client):get_task("cri-1", "rst-1") end

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function()
  server:reset()
  server:answer_always()
end)
after_each(function()
  if client then client:close() end
  client = nil
end)

-- The blocks' lines as one text each; what is written between blocks is a block of its own.
local function blocks(run)
  local list, lines, text = {}, traced(run)
  for _, line in ipairs(lines) do
    if line:find "^%d%d%d%d%-" then list[#list + 1] = line:match "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%dZ  (.*)$"
    else list[#list] = list[#list] .. "\n" .. line end
  end
  return list, text
end

local function has(block, ...)
  for _, pattern in ipairs { ... } do
    assert(block:find("\n" .. pattern), ("no %q in:\n%s"):format(pattern, block))
  end
end

local function lacks(block, ...)
  for _, pattern in ipairs { ... } do
    assert(not block:find(pattern), ("%q in:\n%s"):format(pattern, block))
  end
end

local NUMBER = "[%d.]+"

describe("a block", function()
  it("tells of a new connection over HTTP/1.1, and of a kept one", function()
    local c = new()
    local list = blocks(function()
      assert(get(c))
      assert(get(c))
    end)
    assert.equal(2, #list)
    assert(list[1]:find "^GetRepoSyncTask, attempt 1: HTTP 200, request [%x-]+, 0%.%d+ s\n", list[1])
    has(list[1], "  new connection to " .. server.host .. ", HTTP/1%.1\n",
      "  > POST " .. server.url .. "/%?InstanceId=cri%-1&SyncTaskId=rst%-1\n", "  > x%-acs%-action: GetRepoSyncTask\n",
      "  > x%-acs%-date: 20", "  > Authorization: ACS3%-HMAC%-SHA256 Credential=Id%*%*%*,SignedHeaders=[%w;-]+,"
      .. "Signature=%*%*%*\n", "  > User%-Agent: crsync/", "  < HTTP/1%.1 200 OK\n", "  < Date: ",
      "  < x%-acs%-request%-id: ", "  < Content%-Type: application/json",
      ("  seconds until: name %s, connect %s, first byte %s, all %s$"):format(NUMBER, NUMBER, NUMBER, NUMBER))
    has(list[2], "  kept connection to " .. server.host)
    lacks(list[1] .. list[2], "  | ", "TLS", "sleeping", "proxy")
    assert.same({ true, false }, { attempts[1].new_connection, attempts[2].new_connection })
  end)

  it("tells of TLS", function()
    local secure = endpoint.start { tls = "good" }
    finally(function() secure:stop() end)
    local list = blocks(function() assert(get(new({}, secure))) end)
    has(list[1], "  > POST https://",
      ("  seconds until: name %s, connect %s, TLS %s, first"):format(NUMBER, NUMBER, NUMBER))
    assert.is_true(attempts[1].times.appconnect > attempts[1].times.connect)
    local untrusting = new({ ca_file = secure.ca_file:gsub("ca%.pem$", "foreign.pem") }, secure)
    list = blocks(function() assert.is_nil((get(untrusting))) end)
    assert(list[1]:find "^GetRepoSyncTask, attempt 1: tls failure", list[1])
    has(list[1], "  tls: SSL certificate problem")
  end)

  it("tells of HTTP/2 behind nginx", function()
    local front = nginx.start(server)
    finally(function() front:stop() end)
    local c = new { endpoint = front.url, ca_file = front.ca_file }
    local list = blocks(function()
      assert(get(c))
      assert(get(c))
    end)
    has(list[1], "  new connection to 127%.0%.0%.1:%d+, HTTP/2\n", "  < HTTP/2 200")
    has(list[2], "  kept connection to 127%.0%.0%.1:%d+, HTTP/2\n")
    assert.same({ "2", "2" }, { attempts[1].http_version, attempts[2].http_version })
  end)

  it("tells of IPv6, and of HTTP/1.0", function()
    local other = endpoint.start { ipv6 = true }
    finally(function() other:stop() end)
    other:answer { example = "ok.GetRepoSyncTask", http10 = true }
    local list = blocks(function() assert(get(new({}, other))) end)
    has(list[1], "  new connection to %[::1%]:%d+, HTTP/1%.0\n", "  < HTTP/1%.0 200")
  end)

  it("names the proxy without its login", function()
    local list = blocks(function()
      get(new { endpoint = "http://cr.example.invalid", proxy = "http://jdoe:ProxyPassword1@" .. server.host })
    end)
    has(list[1], "  new connection to " .. server.host .. ", HTTP/1%.1, through the proxy " .. server.host
      .. " of option proxy\n", "  > POST http://cr%.example%.invalid/%?")
    lacks(list[1], "jdoe", "ProxyPassword1")
  end)

  it("tells of a connection that was not made, and of the pause before the next attempt", function()
    local list = blocks(function()
      assert.is_nil((get(new { endpoint = "http://127.0.0.1:9", retry = { max_attempts = 2, base_delay = 0.01 } })))
    end)
    assert.equal(2, #list)
    assert(list[1]:find "^GetRepoSyncTask, attempt 1: network failure, 0", list[1])
    has(list[1], "  no connection: nothing was sent\n", "  network: Failed to connect to 127.0.0.1",
      "  sleeping 0%.%d%d s, then again$")
    assert(list[2]:find "^GetRepoSyncTask, attempt 2:", list[2])
    lacks(list[2], "sleeping")
    assert.is_nil(attempts[1].new_connection)
    assert.is_nil(attempts[1].http_version)
    assert.is_nil(attempts[1].times.connect)
    assert.equal("network", attempts[1].kind)
    assert.truthy(attempts[1].message:find "Failed to connect")
  end)

  it("tells of a response that does not come", function()
    server:answer_always { hang = true }
    local list = blocks(function() assert.is_nil((get(new { timeout = 0.2, retry = false }))) end)
    assert(list[1]:find "^GetRepoSyncTask, attempt 1: timeout failure, 0.[23]", list[1])
    has(list[1], "  new connection to ", "  > x%-acs%-action", "  timeout: Operation timed out",
      "  seconds until: name " .. NUMBER .. ", connect " .. NUMBER .. ", all 0")
    lacks(list[1], "\n  <", "first byte", "HTTP/")
  end)

  it("tells of odd statuses, and of a redirect that is not followed", function()
    for status, kind in pairs { [302] = "server", [418] = "client", [503] = "server" } do
      server:answer_always { status = status, verify = false, body = "<p>no</p>", content_type = "text/html",
        headers = { Location = "https://elsewhere.example/?Signature=x1y2z3&Tag=t" } }
      local list = blocks(function() assert.is_nil((get(new { retry = false }))) end)
      assert(list[1]:find("^GetRepoSyncTask, attempt 1: HTTP " .. status), list[1])
      has(list[1], "  < HTTP/1%.1 " .. status, "  < Location: https://elsewhere.example/%?Signature=%*%*%*&Tag=t\n",
        "  " .. attempts[1].kind .. ": ")
      if status == 503 then assert.equal(kind, attempts[1].kind) end
    end
  end)

  it("tells why the service refuses, and how long it is waited", function()
    server:answer({ example = "err.429.Throttling.User", headers = { ["x-acs-retry-after"] = "70" } })
    local list = blocks(function() assert(get(new())) end)
    assert(list[1]:find "^GetRepoSyncTask, attempt 1: HTTP 429, Throttling.User, request", list[1])
    has(list[1], "  throttled: Request was denied", "  sleeping 0%.%d+ s, then again$")
    assert.equal("throttled", attempts[1].kind)
    assert.is_true(attempts[1].delay >= 0.07)
    assert.is_nil(attempts[2].kind)
  end)

  it("stands where another call was throttled, too", function()
    server:answer_for("rst-1", { example = "err.429.Throttling.User", headers = { ["x-acs-retry-after"] = "2000" } },
      { example = "get.success-multi" })
    local adapter = loops.adapter "cqueues"
    local _, text = blocks(function()
      local one = new { retry = { max_attempts = 2, base_delay = 0.01 }, loop = adapter }
      loops.runner "cqueues"(function() one:get_task("cri-1", "rst-1") end, function()
        adapter.sleep(0.7) -- until that one is known to be throttled
        one:get_task("cri-1", "rst-2")
      end)
    end)
    assert(text:find "slowed down, as another call was throttled: sleeping [01]%.%d+ s\n", text)
  end)
end)

describe("bodies", function()
  it("are there at level 2, line by line, and cut at 4096 bytes", function()
    server:answer { body = '{\r\n  "TaskStatus": "' .. ("x"):rep(9000) .. '"\n}' }
    local list = blocks(function() assert(get(new { debug = 2 })) end)
    has(list[1], "  | {\n", '  |   "TaskStatus": "x+\n', "  | %(cut: 4096 of 9023 bytes%)\n")
    assert.equal(4096 - #'{\r\n  "TaskStatus": "', #list[1]:match '"TaskStatus": "(x+)')
  end)

  it("that are empty are named", function()
    server:answer_always { status = 500, body = "", verify = false }
    local list = blocks(function() get(new { debug = 2, retry = false }) end)
    has(list[1], "  | %(no body%)\n")
  end)

  it("are left out before", function()
    lacks(table.concat(blocks(function() assert(get(new())) end)), "TaskStatus")
  end)
end)

describe("foreign text", function()
  it("stays within its line and is harmless", function()
    local forged = "\n[crsync] 2026-01-01T00:00:00Z  forged\r[crsync] \27[2J\226\128\174x\0y"
    server:answer_always { status = 400, verify = false, body = { Code = "Bad" .. forged, Message = "no" .. forged },
      headers = { ["X-Odd"] = "a\27[31mb\226\128\174c\255" } }
    local lines, text = traced(function() get(new { debug = 2, retry = false }) end)
    for _, line in ipairs(lines) do assert.is_nil(line:find "forged" and line:find "^%d%d%d%d%-01%-01", line) end
    assert.is_nil(text:find "[%z\1-\9\11-\31\127]")
    assert.is_nil(text:find("\226\128\174", 1, true))
    assert(text:find("a\\x1b[31mb\\u{202e}c\\xff", 1, true), text)
    assert.is_nil((attempts[1].code .. attempts[1].message):find "[%c]")
    server:answer_always { body = "<p>" .. forged .. "\n\n", content_type = "text/html", verify = false, status = 502 }
    lines = traced(function() get(new { debug = 2, retry = false }) end)
    local found
    for _, line in ipairs(lines) do
      if line:find "forged" then found = found or line:find "^  | " or line:find "^  server: " end
    end
    assert.truthy(found)
  end)

  it("that is long is cut", function()
    local lines = traced(function() new():call("GetThing", { Text = ("中"):rep(2000) }) end)
    for _, line in ipairs(lines) do assert.is_true(#line < 2100, line) end
  end)
end)

describe("a host's own transport", function()
  it("is traced as far as it tells", function()
    local c = new { debug = 2, transport = function(request)
      if request.url:find "rst%-2" then return nil, "the wire is cut" end
      return 200, { ["Content-Type"] = "application/json", ["X-One"] = 1 }, '{"TaskStatus":"SUCCESS"}'
    end }
    local list = blocks(function()
      assert(get(c))
      c:get_task("cri-1", "rst-2")
    end)
    has(list[1], "  sent by option transport, which does not tell how\n", "  > POST http", "  > x%-acs%-action: ",
      "  > Authorization: ACS3%-HMAC%-SHA256 Credential=Id%*%*%*,[^\n]*Signature=%*%*%*\n", "  < HTTP 200\n",
      "  < Content%-Type: application/json\n", "  < X%-One: 1\n", '  | {"TaskStatus":"SUCCESS"}')
    assert(list[2]:find "^GetRepoSyncTask, attempt 1: network failure", list[2])
    has(list[2], "  network: transport: the wire is cut\n")
    assert.is_nil(attempts[1].times)
  end)
end)

describe("keys", function()
  local scene = key_giver.scene()
  lazy_setup(scene.start)
  lazy_teardown(scene.stop)
  before_each(scene.enter)
  after_each(scene.leave)

  local MASKED = "STS%.…sync"

  it("that are simply there are named", function()
    local list = blocks(function() scene.client({ credentials = key_giver.KEYS, debug = 1 }):close() end)
    assert.same({ "keys from option credentials: STS.…sync" }, list)
  end)

  it("of a URL are fetched in sight, and neither path nor body is shown", function()
    surroundings.variables.ALIBABA_CLOUD_CREDENTIALS_URI = scene.giver.url .. "/hidden/path?key=hidden"
    scene.giver:answer({ status = 503, body = "", verify = false }, key_giver.keys())
    local list, text = blocks(function() assert(scene.get { debug = 2 }) end)
    assert(list[1]:find "^keys from ALIBABA_CLOUD_CREDENTIALS_URI, attempt 1: HTTP 503, [%d.]+ s\n", list[1])
    has(list[1], "  > GET " .. scene.giver.url .. "/%*%*%*\n", "  < HTTP/1%.1 503\n")
    assert(list[2]:find "^asking for keys again: sleeping 0%.%d+ s$", list[2])
    has(list[3], "  | %(the body is left out: it may hold keys%)\n", "  < Content%-Type: application/json")
    assert(list[4]:find("^keys from ALIBABA_CLOUD_CREDENTIALS_URI: " .. MASKED .. ", good for %d+ s$"), list[4])
    assert(list[5]:find "^GetRepoSyncTask, attempt 1: HTTP 200", list[5])
    assert.is_nil(text:find("hidden", 1, true))
  end)

  it("of the metadata are fetched in sight", function()
    for name, value in pairs { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "", CRSYNC_METADATA_ENDPOINT = scene.giver.url } do
      surroundings.variables[name] = value
    end
    scene.giver:answer(key_giver.plain "a-session-token", key_giver.plain "role", key_giver.keys())
    local list = blocks(function() assert(scene.get { debug = 1 }) end)
    has(list[1], "  > PUT " .. scene.giver.url .. "/latest/api/token\n",
      "  > X%-aliyun%-ecs%-metadata%-token%-ttl%-seconds: 21600\n")
    has(list[2], "  > GET [^\n]+/security%-credentials/\n", "  > X%-aliyun%-ecs%-metadata%-token: %*%*%*\n")
    has(list[3], "  > GET [^\n]+/security%-credentials/role\n")
    assert(list[4]:find("^keys from ECS metadata: " .. MASKED), list[4])
  end)

  it("of a role are fetched in sight", function()
    surroundings.write_profiles { name = "p", mode = "RamRoleArn", access_key_id = "LTAI5tOfTheSource",
      access_key_secret = "SecretOfTheSource", ram_role_arn = "acs:ram::1:role/r", sts_endpoint = scene.giver.url }
    scene.giver:answer({ status = 403, verify = false,
      body = { Code = "NoPermission", Message = "not you", RequestId = "4A2B" } })
    local list = blocks(function() assert.is_nil((scene.get { debug = 1 })) end)
    assert(list[1]:find "^keys from profile p in [^\n]*/config%.json, attempt 1: HTTP 403, ", list[1])
    has(list[1], "  > POST " .. scene.giver.url .. "/\n", "  > x%-acs%-action: AssumeRole\n",
      "  > Authorization: ACS3%-HMAC%-SHA256 Credential=LTAI…urce,[^\n]*Signature=%*%*%*\n")
    assert(list[2]:find "^no keys from profile p in [^\n]*: [^\n]*not you$", list[2])
    assert.equal(2, #list)
  end)

  it("of a pod's role are fetched in sight", function()
    for name, value in pairs { ALIBABA_CLOUD_ROLE_ARN = "acs:r", ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "acs:p",
      ALIBABA_CLOUD_OIDC_TOKEN_FILE = surroundings.write("token", "eyJhbGciOi.TokenOfThePod"),
      ALIBABA_CLOUD_STS_ENDPOINT = scene.giver.url } do
      surroundings.variables[name] = value
    end
    scene.giver:answer { body = { Credentials = key_giver.keys().body }, verify = false }
    local list, text = blocks(function() assert(scene.get { debug = 2 }) end)
    has(list[1], "  > POST [^\n]+/%?Action=AssumeRoleWithOIDC\n")
    assert.is_nil(text:find("TokenOfThePod", 1, true))
    assert(list[2]:find("^keys from OIDC %(ALIBABA_CLOUD_ROLE_ARN%): " .. MASKED), list[2])
  end)

  it("are fetched in sight by a host's own transport", function()
    surroundings.variables.ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1:1/hidden"
    local list = blocks(function()
      scene.get { debug = 2, transport = function(request)
        if request.url:find "hidden" then
          return 200, { Date = "Thu, 26 Nov 2026 14:22:35 GMT", ["X-Odd"] = "x" }, crsync.to_json(key_giver.keys().body)
        end
        return 200, {}, '{"TaskStatus":"SUCCESS"}'
      end }
    end)
    has(list[1], "  > GET http://127%.0%.0%.1:1/%*%*%*\n", "  < HTTP 200\n", "  < Date: Thu, 26 Nov",
      "  < %(1 more, left out%)\n")
  end)
end)

describe("on_attempt", function()
  it("is told the same without a trace", function()
    local _, text = traced(function() assert(get(new { debug = 0 })) end)
    assert.equal("", text)
    local a = attempts[1]
    assert.same({ "GetRepoSyncTask", 1, 200, "1.1", true, server.host },
      { a.action, a.attempt, a.status, a.http_version, a.new_connection, a.address })
    assert.is_string(a.request_id)
    assert.is_true(a.times.namelookup <= a.times.connect and a.times.connect <= a.times.starttransfer
      and a.times.starttransfer <= a.times.total and a.times.total <= a.elapsed + 0.01)
    assert.is_nil(a.times.appconnect)
    assert.is_nil(a.message)
  end)

  it("is told of many at once", function()
    assert(new({ debug = 0 }):get_tasks("cri-1", { "rst-1", "rst-2", "rst-3" }))
    for _, a in ipairs(attempts) do assert.is_number(a.times.total) end
    assert.equal(3, #attempts)
  end)
end)

describe("a wait", function()
  it("is traced, and on_attempt is told", function()
    server:answer_for("rst-1", "get.pending-empty", "get.success-multi")
    local list = blocks(function() new():wait("cri-1", "rst-1", { interval = 0.01, on_progress = function() end }) end)
    assert.equal(2, #list)
    assert.equal(2, #attempts)
  end)
end)

describe("who asks", function()
  before_each(surroundings.enter)
  after_each(surroundings.leave)

  local function level_of(value)
    surroundings.variables.CRSYNC_DEBUG = value
    local c, err = crsync.new { endpoint = server.url, access_key_id = "id", access_key_secret = "secret" }
    surroundings.variables.CRSYNC_DEBUG = nil
    return c and c.settings.debug, err
  end

  it("may do so by the environment, which is read when a client is made", function()
    local level
    traced(function()
      level = { level_of "1", level_of "2", level_of "TRUE", level_of "0", level_of "false", level_of "", (level_of()) }
    end)
    assert.same({ 1, 2, 1, 0, 0, 0, 0 }, level)
    surroundings.variables.CRSYNC_DEBUG = "1"
    local c
    traced(function() c = server:client() end)
    surroundings.variables.CRSYNC_DEBUG = nil
    assert.equal(1, #blocks(function() get(c) end))
    c:close()
    surroundings.variables.CRSYNC_DEBUG = "2"
    assert.same({}, (traced(function() server:client({ debug = 0 }):close() end))) -- what a host says goes first
    surroundings.variables.CRSYNC_DEBUG = nil
    local _, err = level_of "loud"
    assert.equal("CRSYNC_DEBUG should be 0, 1 or 2 and is loud", err.message)
    _, err = crsync.new { endpoint = server.url, debug = 3 }
    assert.equal("option debug should be 0, 1 or 2 and is 3", err.message)
  end)

  it("is not there by default: nothing is written, and nothing noted", function()
    local c, noted = server:client(), 0
    local methods = debug.getmetatable(c.core).__index
    local observe = methods.observe
    methods.observe = function(...)
      noted = noted + 1
      return observe(...)
    end
    finally(function() methods.observe = observe end)
    assert(get(c))
    c:wait("cri-1", "rst-1", { timeout = 0 })
    assert.equal(0, noted)
    assert(get(new { debug = 0 }))
    assert.equal(1, noted)
    local _, text = traced(function() assert(get(c)) end)
    assert.equal("", text)
  end)

  it("may have no standard error", function()
    local real = io.stderr
    for _, none in ipairs { false, { write = error } } do
      io.stderr = none -- luacheck: ignore 122
      local c = new()
      local task = get(c)
      io.stderr = real -- luacheck: ignore 122
      assert.is_table(task)
    end
  end)
end)

describe("the command", function()
  local function errors_of(words, environment)
    local output, errors, status = command.run(server, words, environment)
    assert.equal(0, status, errors)
    return errors, output
  end

  it("takes -v before and after the subcommand, and as often as one likes", function()
    for words, has_bodies in pairs { ["-v get cri-1 rst-1"] = false, ["get cri-1 rst-1 -v"] = false,
      ["-vv get cri-1 rst-1"] = true, ["-v get cri-1 rst-1 -v"] = true, ["get -vvv cri-1 rst-1"] = true,
      ["--verbose get cri-1 rst-1"] = false } do
      local errors, output = errors_of(words .. " --field TaskStatus")
      assert(errors:find("[crsync]   > POST " .. server.url, 1, true), words .. "\n" .. errors)
      assert.equal(has_bodies, errors:find("\n[crsync]   | {", 1, true) ~= nil, words)
      assert.is_nil(output:find("[crsync]", 1, true))
    end
  end)

  it("goes by the environment, too", function()
    assert.truthy(errors_of("get cri-1 rst-1", "CRSYNC_DEBUG=2"):find("[crsync]   | {", 1, true))
    assert.equal("", errors_of("get cri-1 rst-1", "CRSYNC_DEBUG=0"))
  end)

  it("shows a wait in plain lines at a terminal then", function()
    for environment, is_live in pairs { ["CRSYNC_DEBUG=1"] = false, ["CRSYNC_DEBUG=0"] = true } do
      server:answer_for("rst-1", "get.pending-empty", "get.success-multi")
      local line = ("env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s"
        .. " LUA_PATH=%s LUA_CPATH=%s %s TERM=xterm %s lua/crsync/bin.lua wait cri-1 rst-1 --interval 0.01"
        .. " --color never"):format(server.url, server.access_key_id, child.quoted(server.access_key_secret),
        child.quoted(package.path), child.quoted(package.cpath), environment, os.getenv "LUA" or "lua5.4")
      local shown = files.output_of("script -qec " .. child.quoted(line) .. " /dev/null </dev/null 2>&1")
      assert.equal(is_live, shown:find("\27[", 1, true) ~= nil, shown)
    end
  end)
end)

describe("a script", function()
  it("is traced by the environment alone", function()
    local script = ([[assert(require "crsync".new { endpoint = "%s", access_key_id = "%s", access_key_secret = "%s" })
      :get_task("cri-1", "rst-1")]]):format(server.url, server.access_key_id, server.access_key_secret)
    local output = child.run(script, "CRSYNC_DEBUG=1 NO_PROXY=127.0.0.1")
    assert(output:find "^%[crsync%] %S+  keys from options: IdOf…oint\n%[crsync%] %S+  GetRepoSyncTask, ", output)
    assert.equal("", child.run(script, "NO_PROXY=127.0.0.1"))
  end)
end)

