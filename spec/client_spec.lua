-- A client against the local endpoint: what goes over the wire, what comes back, what is tried again.

local at_most = require "spec.support.at_most"
local certificates = require "spec.support.certificates"
local child = require "spec.support.child"
local compat = require "crsync.util.compat"
local crsync = require "crsync"
local core = require "crsync.core"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"
local surroundings = require "spec.support.surroundings"

local server, client, attempts

local FAST = { max_attempts = 3, base_delay = 0.01, max_delay = 0.02 }

local function new(changes)
  local options = { retry = FAST, on_attempt = function(attempt) attempts[#attempts + 1] = attempt end }
  for k, v in pairs(changes or {}) do options[k] = v end
  return server:client(options)
end

local function get(c) return (c or client):get_task("cri-1", "rst-1") end

local function failure(c)
  local task, err = get(c)
  assert.is_nil(task)
  assert.is_true(crsync.is_error(err))
  return err
end

local function timed(f, ...)
  local started = core.now()
  local result = compat.pack(f(...))
  return core.now() - started, compat.unpack(result, 1, result.n)
end

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function()
  attempts = {}
  server:reset()
  client = new()
end)
after_each(function() client:close() end)

describe("a request", function()
  it("brings nested tables", function()
    local task = assert(client:get_task("cri-sgedpenzw80e", "rst-zxjkiv5oil6f"))
    assert.equal("SUCCESS", task.TaskStatus)
    assert.equal("rst-zxjkiv5oil6f", task.SyncTaskId)
    assert.equal("eu-west-1", task.ImageTo.RegionId)
    assert.equal(1, #task.LayerTasks)
    assert.equal("23655489", tostring(task.LayerTasks[1].Size))
  end)

  it("is what the service expects, and signed", function()
    assert(client:get_task("cri-1", "rst-1"))
    local r = server:requests()[1]
    assert.is_true(r.verified)
    assert.equal("POST", r.method)
    assert.equal("/?InstanceId=cri-1&SyncTaskId=rst-1", r.target)
    assert.equal("", r.body)
    assert.equal("0", r.headers["content-length"])
    assert.equal("GetRepoSyncTask", r.headers["x-acs-action"])
    assert.equal("2018-12-01", r.headers["x-acs-version"])
    assert.equal("application/json", r.headers.accept)
    assert.equal(server.host, r.headers.host)
    assert.truthy(r.headers["user-agent"]:find "^crsync/%d+%.%d+%.%d+$")
    assert.truthy(r.headers["accept-encoding"]:find("gzip", 1, true))
    assert.is_nil(r.headers.expect)
    assert.is_nil(r.headers["content-type"])
    assert.is_nil(r.headers["x-acs-security-token"])
  end)

  it("encodes each id once, for the wire and the signature alike", function()
    local task = assert(client:get_task("cri-1", "rst-a b*c~d/é+=%"))
    assert.equal("rst-a b*c~d/é+=%", task.SyncTaskId)
    assert.equal("/?InstanceId=cri-1&SyncTaskId=rst-a%20b%2Ac~d%2F%C3%A9%2B%3D%25", server:requests()[1].target)
  end)

  it("has the date in UTC, whatever TZ says", function()
    local script = [[local e = require "crsync".sign { host = "h", access_key_id = "i", access_key_secret = "s" }
      print(e["x-acs-date"])]]
    local function utc(shift) return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + shift) end
    local before = utc(-1)
    local date = child.run(script, "TZ=Asia/Shanghai"):gsub("\n$", "")
    assert.is_true(date >= before and date <= utc(1), date)
  end)

  it("carries and signs a security token", function()
    server:set { keys = { { access_key_id = "STS.x", access_key_secret = "s3cr3t", security_token = "tok/en+==" } } }
    assert(get(new { access_key_id = "STS.x", access_key_secret = " s3cr3t\n", security_token = "tok/en+==" }))
    local headers = server:requests()[1].headers
    assert.equal("tok/en+==", headers["x-acs-security-token"])
    assert.truthy(headers.authorization:find("x-acs-security-token", 1, true))
    server:set { keys = { { access_key_id = server.access_key_id, access_key_secret = server.access_key_secret } } }
  end)

  it("keeps its connection", function()
    for _ = 1, 5 do assert(get()) end
    assert.equal(1, server:connections())
  end)

  it("appends the user agent that it is given", function()
    assert(get(new { user_agent = "nightly/3" }))
    assert.truthy(server:requests()[1].headers["user-agent"]:find "^crsync/[%d.]+ nightly/3$")
  end)

  it("signs the host that it sends, a default port included", function()
    assert(get(new { endpoint = "http://cr.example:80", proxy = server.url }))
    local r = server:requests()[1]
    assert.equal("cr.example:80", r.headers.host)
    assert.is_true(r.verified)
  end)

  it("is its status where an error page cannot be decompressed", function()
    for status, kind in pairs { [503] = "server", [429] = "throttled" } do
      server:answer_always { status = status, body = "busy", headers = { ["Content-Encoding"] = "gzip" } }
      local err = failure()
      assert.same({ kind, status, 3 }, { err.kind, err.status, err.attempts })
      assert.truthy(err.message:find("compression is broken", 1, true), err.message)
    end
  end)

  it("is an error where more follows than was compressed, and no want of memory", function()
    local compressed = "\31\139\8\0\0\0\0\0\0\3\171\86\10\73\44\206\14\46\73\44\41\45\86\178"
      .. "\82\10\14\117\118\118\13\14\86\170\5\0\227\53\210\105\24\0\0\0more"
    server:answer_always { body = compressed, headers = { ["Content-Encoding"] = "gzip" } }
    local err = failure()
    assert.same({ "decode", "the response's compression is broken", 1 }, { err.kind, err.message, err.attempts })
  end)

  it("is understood compressed, chunked, with interim heads and over HTTP/1.0", function()
    server:answer({ example = "ok.GetRepoSyncTask", gzip = true }, { example = "ok.GetRepoSyncTask", chunked = true },
      { example = "ok.GetRepoSyncTask", interim = { 103, 103 } }, { example = "ok.GetRepoSyncTask", http10 = true },
      { example = "ok.GetRepoSyncTask", close = true })
    for _ = 1, 5 do
      assert.equal("SUCCESS", assert(client:get_task("cri-1", "rst-zxjkiv5oil6f****")).TaskStatus)
    end
    assert.equal(5, #attempts)
  end)

  it("whose answer is compressed badly is a decode error, told once", function()
    server:answer { raw = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello" }
    local err = failure()
    assert.same({ "decode", 1 }, { err.kind, err.attempts })
  end)

  it("that is longer than libcurl takes is not sent, and the client goes on", function()
    local ok, message = pcall(client.call, client, "GetNothing", { Text = ("x"):rep(8000000) })
    assert.is_false(ok)
    local reason = "the request is too long: with its parameters the URL has more than 8 MB"
    assert.truthy(message:find(reason, 1, true), message)
    assert(get())
    assert.equal(1, #server:requests())
  end)

  it("is not delayed by a hundred continued", function()
    assert(get())
    assert.is_true(timed(get) < 0.5)
  end)
end)

describe("ids", function()
  local bad = {
    { "", "rst-1", "bad argument #1 to 'get_task' (instance_id: it is empty)" },
    { "cri-1", "", "bad argument #2 to 'get_task' (task_id: it is empty)" },
    { nil, "rst-1", "bad argument #1 to 'get_task' (instance_id: expected a string, got no value)" },
    { "cri-1", nil, "bad argument #2 to 'get_task' (task_id: expected a string, got no value)" },
    { 5, "rst-1", "bad argument #1 to 'get_task' (instance_id: expected a string, got number)" },
    { "cri-1", {}, "bad argument #2 to 'get_task' (task_id: expected a string, got table)" },
    { "cri-1", "rst\n1", "bad argument #2 to 'get_task' (task_id: it holds a control character)" },
    { "cri\0", "rst-1", "bad argument #1 to 'get_task' (instance_id: it holds a control character)" },
    { "cri-1", "rst\194\133", "bad argument #2 to 'get_task' (task_id: it holds a control character)" },
    { "cri-1", "\255", "bad argument #2 to 'get_task' (task_id: it is not UTF-8)" },
  }
  for _, case in ipairs(bad) do
    it("raise " .. case[3], function()
      for _, call in ipairs { function() client:get_task(case[1], case[2]) end,
        function() crsync.get_task(case[1], case[2]) end } do
        local ok, message = pcall(call)
        assert.is_false(ok)
        assert.truthy(message:find(case[3], 1, true), message)
        assert.truthy(message:find("client_spec.lua", 1, true), message)
      end
      assert.same({}, server:requests())
    end)
  end
end)

describe("a failing network", function()
  local cases = {
    { "no listener", { endpoint = "http://127.0.0.1:1" }, nil, "network", "127.0.0.1" },
    { "a reset instead of a response", nil, { reset = "before" }, "network", "reset" },
    { "a reset in the middle", nil, { example = "ok.GetRepoSyncTask", reset = "middle" }, "network", "" },
    { "a body cut short", nil, { example = "ok.GetRepoSyncTask", cut = 200 }, "network", "" },
    { "a whole JSON in a body cut short", nil, { raw = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}" },
      "network", "" },
    { "no answer at all", nil, { raw = "" }, "network", "" },
    { "a peer that speaks no HTTP", nil, { raw = "220 ftp ready\r\n" }, "network", "" },
    { "a head without an end", nil, { raw = "HTTP/1.1 200 OK\r\nX" }, "network", "" },
  }
  for _, case in ipairs(cases) do
    it("with " .. case[1] .. " is tried three times and told", function()
      server:answer_always(case[3])
      local c = new(case[2])
      local err = failure(c)
      assert.equal(case[4], err.kind)
      assert.is_true(err.retryable)
      assert.equal(3, err.attempts)
      assert.equal(3, #attempts)
      assert.truthy(err.message:find(case[5], 1, true), err.message)
      assert.equal("GetRepoSyncTask", err.action)
      c:close()
    end)
  end

  it("is told by the attempt that had time, not by the last one, which had none", function()
    server:answer { reset = "before" }
    server:answer_always { hang = true }
    local c = new { timeout = 5, deadline = 0.5 }
    local err = failure(c)
    c:close()
    assert.same({ "timeout", 2 }, { err.kind, err.attempts })
    assert.truthy(err.message:find("the call's deadline of 0.5 s has passed; the last attempt failed: .*reset"),
      err.message)
  end)

  it("that recovers is not told, but reported to on_attempt", function()
    server:answer({ reset = "before" }, "err.500.SystemError", { example = "ok.GetRepoSyncTask", cut = 10 })
    local c = new { retry = { max_attempts = 4, base_delay = 0.01, max_delay = 0.01 } }
    assert(get(c))
    assert.equal(4, #attempts)
    assert.equal(500, attempts[2].status)
    assert.equal("SystemError", attempts[2].code)
    assert.is_string(attempts[2].request_id)
    assert.is_number(attempts[3].delay)
    assert.is_nil(attempts[4].delay)
    for i, attempt in ipairs(attempts) do
      assert.equal("GetRepoSyncTask", attempt.action)
      assert.equal(i, attempt.attempt)
      assert.is_true(attempt.elapsed >= 0 and attempt.elapsed < 5)
    end
    assert.equal(200, attempts[4].status)
  end)

  it("names the host when there is no address", function()
    local err = failure(new { endpoint = "cr.xx-none.invalid", deadline = 5, retry = false })
    assert.truthy(err.kind == "network" or err.kind == "timeout")
    assert.truthy(tostring(err):find("cr.xx-none.invalid", 1, true))
  end)

  it("is given up after the attempts that are allowed", function()
    server:answer_always "err.500.SystemError"
    assert.equal(1, failure(new { retry = false }).attempts)
    assert.equal(5, failure(new { retry = { max_attempts = 5, base_delay = 0, max_delay = 0 } }).attempts)
    assert.equal(6, #server:requests())
  end)
end)

describe("every attempt", function()
  it("is signed anew: another nonce, each valid", function()
    server:answer("err.503.ServiceUnavailable", "err.503.ServiceUnavailable")
    assert(get())
    local seen = {}
    for _, r in ipairs(server:requests()) do
      assert.is_true(r.verified)
      seen[r.headers["x-acs-signature-nonce"]] = true
    end
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    assert.equal(3, count)
  end)

  it("that libcurl repeats by itself is never seen by the caller", function()
    for _, retry in ipairs { FAST, false } do
      server:reset()
      local c = new { retry = retry }
      assert(get(c)) -- a kept connection
      server:answer { die = true } -- which the server then drops; libcurl sends the same bytes again
      assert(get(c))
      local codes = {}
      for i, r in ipairs(server:requests()) do codes[i] = r.code or "fine" end
      assert.same({ "fine", "fine", "SignatureNonceUsed", "fine" }, codes)
      local r = server:requests()
      assert.equal(r[2].headers["x-acs-signature-nonce"], r[3].headers["x-acs-signature-nonce"])
      assert.not_equal(r[3].headers["x-acs-signature-nonce"], r[4].headers["x-acs-signature-nonce"])
      c:close()
    end
  end)

  it("takes a connection that the server dropped in silence for dead", function()
    server:answer { example = "ok.GetRepoSyncTask", drop = true }
    assert(get())
    core.sleep(0.05)
    assert(get())
  end)

  it("goes by the service's clock after a refusal for skew", function()
    for _, offset in ipairs { 7200, -7200 } do
      server:reset()
      server:set { clock_offset = offset }
      local c = new()
      assert(get(c))
      assert(get(c)) -- and remembers it
      local r = server:requests()
      assert.equal(3, #r)
      assert.equal("InvalidTimeStamp.Expired", r[1].code)
      c:close()
    end
    server:set { clock_offset = 0 }
  end)

  it("signs once more after such a refusal where the clocks agree", function()
    server:answer { example = "err.400.InvalidTimeStamp.Expired", verify = false }
    assert(get(client))
    assert.equal(2, #server:requests())
    server:answer_always { example = "err.400.InvalidTimeStamp.Expired", verify = false }
    local err = failure()
    assert.equal(2, err.attempts)
    assert.truthy(tostring(err):find("agrees with this machine's", 1, true), tostring(err))
  end)

  it("says how far the clock is off when that does not help", function()
    server:answer_always { example = "err.400.InvalidTimeStamp.Expired", verify = false,
      headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 7200) } }
    local err = failure()
    assert.equal("client", err.kind)
    assert.equal(2, err.attempts)
    assert.truthy(tostring(err):find("7[12]%d%d s ahead"), tostring(err))
  end)

  it("asks a function for new keys after an expired token, once", function()
    server:set { keys = { { access_key_id = "STS.1", access_key_secret = "s", security_token = "new",
      expired_token = "old" } } }
    local calls = 0
    local function from(tokens)
      return function()
        calls = calls + 1
        return { access_key_id = "STS.1", access_key_secret = "s", security_token = tokens[calls] or tokens[#tokens] }
      end
    end
    local options = { credentials = from { "old", "new" } }
    options.endpoint, options.proxy, options.retry = server.url, "", FAST
    assert(get(assert(crsync.new(options))))
    assert.equal(2, calls)
    calls, options.credentials = 0, from { "old" }
    local err = failure(assert(crsync.new(options)))
    assert.equal("auth", err.kind)
    assert.equal("InvalidSecurityToken.Expired", err.code)
    assert.equal(2, err.attempts)
    server:set { keys = { { access_key_id = server.access_key_id, access_key_secret = server.access_key_secret } } }
  end)
end)

describe("the service's wish to wait", function()
  local wishes = { ["x-acs-retry-after"] = "300", ["X-RateLimit-User-API"] = "Limit:1,Remain:0,TimeLeft:300" }
  for header, value in pairs(wishes) do
    it("in " .. header .. " is granted", function()
      server:answer { example = "err.400.Throttling.User", headers = { [header] = value } }
      local seconds, task = timed(get)
      assert.is_table(task)
      assert.is_true(seconds >= 0.29 and seconds < at_most(1), seconds)
      assert.equal(0.3, attempts[1].delay)
    end)
  end

  it("that would pass the deadline ends the call at once", function()
    server:answer_always { example = "err.429.Throttling.User", headers = { ["Retry-After"] = "30" } }
    local seconds, _, err = timed(get, new { deadline = 5 })
    assert.is_true(seconds < at_most(1))
    assert.equal("throttled", err.kind)
    assert.equal(30, err.retry_after)
    assert.equal(1, err.attempts)
    assert.truthy(err.hint:find("the service asks to wait 30 s, and the call has 5 s left", 1, true), err.hint)
  end)
end)

describe("limits", function()
  local function check(seconds, err, least, most)
    assert.equal("timeout", err.kind)
    assert.is_true(err.retryable)
    assert.is_true(seconds >= least - 0.01 and seconds < at_most(most), seconds)
  end

  it("end an attempt that hangs", function()
    server:answer_always { hang = true }
    local seconds, _, err = timed(get, new { timeout = 0.3, retry = false })
    check(seconds, err, 0.3, 0.8)
    assert.equal("an attempt may take 5 s to connect and 0.3 s in all: options connect_timeout and timeout", err.hint)
  end)

  it("end an attempt that drips", function()
    server:answer_always { example = "ok.GetRepoSyncTask", drip = { bytes = 1, every = 0.05 } }
    local seconds, _, err = timed(get, new { timeout = 0.4, retry = false })
    check(seconds, err, 0.4, 0.9)
  end)

  it("end the call whatever its attempts", function()
    server:answer_always { hang = true }
    local seconds, _, err = timed(get, new { timeout = 0.3, deadline = 0.7,
      retry = { max_attempts = 10, base_delay = 0, max_delay = 0 } })
    check(seconds, err, 0.65, 1.2)
    assert.is_true(err.attempts >= 2 and err.attempts <= 4)
    assert.truthy(err.hint:find("option deadline", 1, true), err.hint)
  end)

  it("count for bytes while they stream", function()
    for _, case in ipairs { { huge = 50e6 }, { example = "ok.GetRepoSyncTask" }, { bomb = 20e6 } } do
      server:answer_always(case)
      local seconds, _, err = timed(get, new { max_response_size = 1000 })
      assert.equal("decode", err.kind)
      assert.equal(1, err.attempts)
      assert.truthy(err.message:find("max_response_size (1000 bytes)", 1, true), err.message)
      assert.is_true(seconds < at_most(2))
    end
    server:answer_always "ok.GetRepoSyncTask"
    assert(get(new { max_response_size = 1098 }))
  end)

  it("count for depth and for the head", function()
    server:answer { deep = 100000 }
    assert.equal("decode", failure().kind)
    server:answer { raw = "HTTP/1.1 200 OK\r\n" .. ("X-Filler: " .. ("x"):rep(1000) .. "\r\n"):rep(400) .. "\r\n{}" }
    assert.equal("decode", failure().kind)
  end)
end)

describe("a refusal", function()
  it("is told with code, message, status, request id and remedy, after one request", function()
    server:answer "err.403.NoPrivilege"
    local err = failure()
    assert.equal("auth", err.kind)
    assert.equal("NoPrivilege", err.code)
    assert.equal(403, err.status)
    assert.equal(1, err.attempts)
    assert.truthy(err.hint:find("cr:GetRepositorySync", 1, true))
    assert.truthy(tostring(err):find(err.request_id, 1, true))
    assert.equal(1, #server:requests())
  end)

  it("with HTTP 200 is one too", function()
    server:answer "fail200.SYNC_TASK_NOT_EXIST"
    local err = failure()
    assert.same({ "not_found", 200, 1 }, { err.kind, err.status, err.attempts })
  end)

  it("for a wrong secret says that it is the secret", function()
    local err = failure(new { access_key_secret = "wrong-secret-of-mine" })
    assert.equal("SignatureDoesNotMatch", err.code)
    assert.truthy(err.hint:find("secret is wrong", 1, true))
    assert.equal(1, #server:requests())
  end)

  it("for an unknown key says that it is the key", function()
    local err = failure(new { access_key_id = "Nobody" })
    assert.equal("auth", err.kind)
    assert.truthy(err.hint:find("access key id", 1, true))
  end)

  it("in HTML, XML, lower case or nothing is understood", function()
    server:answer({ status = 502, body = "<html>bad gateway", content_type = "text/html" },
      { status = 504, body = "" }, "err.500.lowercase-envelope")
    local err = failure()
    assert.same({ "server", "rpc_invalid_arg", 3 }, { err.kind, err.code, err.attempts })
    assert.same({ 502, 504, 500 }, { attempts[1].status, attempts[2].status, attempts[3].status })
    server:answer { status = 200, body = "<html>login", content_type = "text/html" }
    err = failure()
    assert.same({ "decode", 200, 1 }, { err.kind, err.status, err.attempts })
    assert.truthy(tostring(err):find("text/html", 1, true))
  end)

  it("that is a redirect is not followed", function()
    local other = endpoint.start()
    finally(function() other:stop() end)
    server:answer { status = 302, headers = { Location = other.url .. "/?x" } }
    local err = failure()
    assert.equal(302, err.status)
    assert.truthy(err.message:find(other.host, 1, true))
    assert.same({}, other:requests())
  end)
end)

describe("TLS", function()
  local function https(kind, changes)
    local tls = endpoint.start { tls = kind }
    local options = { endpoint = tls.url, ca_file = tls.ca_file }
    for k, v in pairs(changes or {}) do options[k] = v or nil end
    local c = new(options)
    local ok, task, err = pcall(get, c)
    local count = #tls:requests()
    c:close()
    tls:stop() -- not by `finally`, of which a test has but one
    assert(ok, task)
    return task, err, count
  end

  it("carries a request to a certificate that is good", function() assert.is_table(https "good") end)

  for kind, hint in pairs { foreign = "issuer is not trusted", expired = "has expired", misnamed = "another name" } do
    it("refuses one that is " .. kind .. ", at the first attempt", function()
      local task, err, requests = https(kind)
      assert.is_nil(task)
      assert.same({ "tls", 1, false, 0 }, { err.kind, err.attempts, err.retryable, requests })
      assert.truthy(err.hint:find(hint, 1, true), err.hint)
      assert.is_table(https(kind, { insecure_skip_tls_verify = true }))
    end)
  end

  it("does not trust an unknown CA by default", function()
    local _, err = https("good", { ca_file = false })
    assert.equal("tls", err.kind)
  end)

  describe("without anchors in the environment", function()
    before_each(surroundings.enter)
    after_each(surroundings.leave)

    it("does not trust an unknown CA either, after a second look at the system's", function()
      local _, err = https("good", { ca_file = false })
      assert.same({ "tls", 1 }, { err.kind, err.attempts })
    end)
  end)

  it("takes trust anchors from a folder of hashed certificates", function()
    local tls = endpoint.start { tls = "good" }
    finally(function() tls:stop() end)
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute(("mkdir '%s' && cp '%s' '%s/' && env -u LD_PRELOAD openssl rehash '%s'"):format(folder,
      tls.ca_file, folder, folder)))
    local c = new { endpoint = tls.url, ca_path = folder }
    assert.is_table(get(c))
    c:close()
    os.execute("rm -r '" .. folder .. "'")
  end)

  it("reads its anchors again after a certificate was refused: the file may have been put right", function()
    local tls = endpoint.start { tls = "good" }
    local path = os.tmpname()
    finally(function()
      tls:stop()
      os.remove(path)
    end)
    files.write(path, files.read(certificates.folder() .. "/foreign.pem"))
    local c = new { endpoint = tls.url, ca_file = path }
    assert.equal("tls", failure(c).kind)
    files.write(path, files.read(tls.ca_file))
    assert.is_table(get(c))
  end)

  it("needs no proxy of the environment's for a handshake that fails", function()
    local plain = new { endpoint = server.url:gsub("^http:", "https:") }
    local err = failure(plain)
    assert.equal("tls", err.kind)
    assert.equal(1, err.attempts)
  end)
end)

describe("IPv6", function()
  it("literals that are none are a mistake in the configuration", function()
    local err = failure(new { endpoint = "http://[1:::2]" })
    assert.same({ "config", 1 }, { err.kind, err.attempts })
  end)

  it("literals are reached, signed with their brackets", function()
    local six = endpoint.start { ipv6 = true }
    finally(function() six:stop() end)
    assert(get(new { endpoint = six.url }))
    local r = six:requests()[1]
    assert.equal("[::1]:" .. six.port, r.headers.host)
    assert.is_true(r.verified)
  end)
end)

describe("a proxy", function()
  -- In a process of its own, since libcurl reads the environment.
  local function get_with(environment, options)
    local script = ([[local child = require "spec.support.child"
local crsync = require "crsync"
      local c = assert(crsync.new { endpoint = "%s", access_key_id = "%s", access_key_secret = "%s", retry = false %s })
      local task, err = c:get_task("cri-1", "rst-1")
      print(task and task.TaskStatus or err)]]):format(server.url, server.access_key_id, server.access_key_secret,
      options or "")
    return (child.run(script, environment):gsub("\n$", ""))
  end

  it("is taken from the environment, and named when it fails", function()
    local line = get_with "http_proxy=http://user:hunter2@127.0.0.1:9 NO_PROXY= no_proxy="
    assert.truthy(line:find("network|127.0.0.1:9", 1, true) or line:find("127.0.0.1:9", 1, true), line)
    assert.is_nil(line:find("hunter2", 1, true))
  end)

  it("is passed by for NO_PROXY, and for the option \"\"", function()
    assert.equal("SUCCESS", get_with "http_proxy=http://127.0.0.1:9 NO_PROXY=127.0.0.1")
    assert.equal("SUCCESS", get_with("http_proxy=http://127.0.0.1:9", ', proxy = ""'))
  end)

  it("from the option carries the request", function()
    assert(get(new { endpoint = "http://cr.example", proxy = server.url }))
    assert.equal("http://cr.example/?InstanceId=cri-1&SyncTaskId=rst-1", server:requests()[1].target)
  end)
end)

describe("secrets", function()
  it("appear in no output, whatever comes back", function()
    local token = "TokenOfTheSpecs/+=="
    local key = { access_key_id = "STS.1", access_key_secret = "SecretOfTheSpecs", security_token = token }
    server:set { keys = { key } }
    local c = new(key)
    server:answer_always { status = 400, echo = true }
    local err = failure(c)
    local texts = { tostring(err), tostring(c), tostring(c.core), crsync.to_json(setmetatable(err, nil)) }
    local function walk(t, seen)
      for k, v in pairs(t) do
        texts[#texts + 1] = tostring(k) .. tostring(v)
        if type(v) == "table" and not seen[v] then
          seen[v] = true
          walk(v, seen)
        end
      end
    end
    walk(c, {})
    walk(attempts, {})
    for _, text in ipairs(texts) do
      assert.is_nil(text:find("SecretOfTheSpecs", 1, true))
      assert.is_nil(text:find("TokenOfTheSpecs", 1, true))
    end
    server:set { keys = { { access_key_id = server.access_key_id, access_key_secret = server.access_key_secret } } }
  end)
end)

describe("a host's own", function()
  it("transport is given a signed request and may answer it", function()
    local seen
    local c = new { transport = function(request)
      seen = request
      return 200, { ["Content-Type"] = "application/json" }, '{"TaskStatus":"PENDING","SyncedSize":"5"}'
    end }
    local task = assert(get(c))
    assert.same({ "PENDING", 5, 0 }, { task.TaskStatus, task.SyncedSize, #task.LayerTasks })
    assert.equal("POST", seen.method)
    assert.equal(server.url .. "/?InstanceId=cri-1&SyncTaskId=rst-1", seen.url)
    assert.truthy(seen.headers.Authorization:find("^ACS3%-HMAC%-SHA256 "))
    assert.same({}, server:requests())
  end)

  it("transport fails as the network does, and is tried again", function()
    local calls = 0
    local c = new { transport = function()
      calls = calls + 1
      if calls < 3 then return nil, "no route" end
      return 503, {}, ""
    end }
    local err = failure(c)
    assert.same({ "server", 3, 3 }, { err.kind, err.attempts, calls })
    c = new { transport = function() return nil, "no route" end }
    err = failure(c)
    assert.equal("network", err.kind)
    assert.truthy(err.message:find("no route", 1, true))
  end)

  it("transport that returns no response is told so", function()
    for problem, returned in pairs { ["a number, a table and a table"] = { 200, {}, {} },
      ["a boolean, a nil and a nil"] = { true }, ["a string, a table and a string"] = { "fine", {}, "" },
      ["a number, a string and a nil"] = { 200, "x" } } do
      local c = new { transport = function() return compat.unpack(returned, 1, 3) end }
      local ok, message = pcall(get, c)
      assert.is_false(ok)
      assert.equal("option transport should return a status, a table of headers and a string, and returned " .. problem,
        message)
    end
    local err = failure(new { transport = function() end })
    assert.truthy(err.message:find("it failed without a reason", 1, true), err.message)
  end)

  it("loop waits for the descriptor and sleeps in our place", function()
    local socket, waits, sleeps = require "socket", 0, 0
    local host = {
      wait = function(fd, seconds)
        waits = waits + 1
        assert.is_true(seconds > 0 or seconds == 0)
        socket.select({ { getfd = function() return fd end, dirty = function() return false end } }, nil, seconds)
      end,
      sleep = function(seconds)
        sleeps = sleeps + 1
        socket.sleep(seconds)
      end,
    }
    server:answer("err.503.ServiceUnavailable", { example = "ok.GetRepoSyncTask", delay = 0.1 })
    assert(get(new { loop = host }))
    assert.is_true(waits >= 2)
    assert.equal(1, sleeps)
  end)

  it("callback's error passes unchanged, and the client goes on", function()
    local mine = { code = 7 }
    local c = new { on_attempt = function() error(mine) end }
    for _ = 1, 20 do
      local ok, err = pcall(get, c)
      assert.is_false(ok)
      assert.equal(mine, err)
    end
    assert.equal(20, #server:requests())
  end)
end)

describe("a client", function()
  it("is made from a table, whose texts libcurl takes", function()
    local ok, message = pcall(crsync.new, "cn-hangzhou")
    assert.is_false(ok)
    assert.truthy(message:find("bad argument #1 to 'new' (expected a table of options, got string)", 1, true), message)
    local none, err = crsync.new { endpoint = "h", user_agent = ("x"):rep(8000001) }
    assert.is_nil(none)
    assert.equal("config", err.kind)
  end)

  it("says what is wrong where the colon is a dot", function()
    local ok, message = pcall(function() client.get_task("cri-1", "rst-1") end)
    assert.is_false(ok)
    assert.truthy(message:find("client_spec.lua:%d+: a client's methods are called with a colon"), message)
  end)

  it("closes once and for all", function()
    client:close()
    client:close()
    local ok, message = pcall(function() client:get_task("cri-1", "rst-1") end)
    assert.is_false(ok)
    assert.truthy(message:find("client_spec.lua:%d+: client is closed"), message)
    assert.equal("crsync.client (closed)", tostring(client))
  end)

  it("closes at the end of its block", function()
    local block = compat.load("local c <close> = ...; return c", "=block", {})
    local c = new()
    assert(get(c))
    if block then block(c) else getmetatable(c).__close(c) end -- before Lua 5.4 nobody calls it
    assert.is_false(pcall(get, c))
  end)

  it("made in a coroutine that has died works on", function()
    local c = coroutine.wrap(function() return new() end)()
    collectgarbage()
    collectgarbage()
    assert(get(c))
    assert(coroutine.wrap(function() return get(c) end)())
  end)

  it("lets go of everything when it is forgotten", function()
    local function descriptors()
      local count = 0
      for _ in io.popen("ls /proc/self/fd"):lines() do count = count + 1 end
      return count
    end
    collectgarbage()
    collectgarbage()
    local before = descriptors()
    for _ = 1, 30 do assert(get(new())) end
    collectgarbage()
    collectgarbage()
    assert.is_true(descriptors() <= before + 1)
  end)

  it("stays flat over many calls", function()
    server:answer_always "get.synchronizing-multi"
    local function measure()
      collectgarbage()
      collectgarbage()
      return collectgarbage "count"
    end
    for _ = 1, 200 do assert(get()) end
    attempts = {}
    local before = measure()
    client:close()
    client = new { on_attempt = false or nil }
    for _ = 1, 1000 do assert(get()) end
    attempts = {}
    assert.is_true(measure() - before < 100)
    assert.equal(2, server:connections())
  end)

  it("is made from the environment by crsync.get_task", function()
    local function run(environment)
      local script = [[local task, err = require "crsync".get_task("cri-1", "rst-1")
        print(task and task.SyncTaskId or err.kind .. ": " .. tostring(err))]]
      local clean = [[env -i PATH="$PATH" LD_PRELOAD="$LD_PRELOAD"]]
      return (child.run(script, clean .. " " .. environment):gsub("\n$", ""))
    end
    local id = "ALIBABA_CLOUD_ACCESS_KEY_ID=" .. server.access_key_id
    local secret = "ALIBABA_CLOUD_ACCESS_KEY_SECRET='" .. server.access_key_secret .. "'"
    local where = "ALIBABA_CLOUD_ENDPOINT=" .. server.url
    assert.equal("rst-1", run(id .. " " .. secret .. " " .. where))
    assert.truthy(run(id .. " " .. where):find("^config: .*ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"))
    assert.truthy(run(where):find("^credentials: .*ALIBABA_CLOUD_ACCESS_KEY_ID"))
    assert.truthy(run(id .. " " .. secret):find("^config: .*ALIBABA_CLOUD_REGION_ID"))
    assert.equal(1, #server:requests())
  end)
end)

describe("an interrupt", function()
  -- Runs a script that is sent SIGINT after a while.
  local function interrupt(script)
    return timed(child.run, script, "timeout --foreground -s INT 0.7 env")
  end

  local function script(body)
    return ([[local child = require "spec.support.child"
local crsync = require "crsync"
      local c = assert(crsync.new { endpoint = "%s", access_key_id = "%s", access_key_secret = "%s", proxy = "",
        timeout = 30 })
      %s]]):format(server.url, server.access_key_id, server.access_key_secret, body)
  end

  it("ends a call", function()
    server:answer_always { hang = true }
    local seconds, output = interrupt(script 'c:get_task("cri-1", "rst-1") print "went on"')
    assert.truthy(output:find("interrupted!", 1, true), output)
    assert.is_nil(output:find("went on", 1, true))
    assert.is_true(seconds < at_most(1.5), seconds)
  end)

  it("ends a pause between attempts", function()
    server:answer_always { example = "err.429.Throttling.User", headers = { ["Retry-After"] = "30" } }
    local seconds, output = interrupt(script 'c:get_task("cri-1", "rst-1") print "went on"')
    assert.truthy(output:find("interrupted!", 1, true), output)
    assert.is_true(seconds < at_most(1.5), seconds)
  end)

  it("ends the bare core's call", function()
    server:answer_always { hang = true }
    local seconds, output = interrupt(script 'c.core:get_task("cri-1", "rst-1") print "went on"')
    assert.truthy(output:find("interrupted!", 1, true), output)
    assert.is_true(seconds < at_most(1.5), seconds)
  end)

  it("can be caught, and the client used again", function()
    server:answer({ hang = true })
    local _, output = interrupt(script [[
      local ok, err = pcall(c.get_task, c, "cri-1", "rst-1")
      print(ok, err)
      print(assert(c:get_task("cri-1", "rst-2")).SyncTaskId)
      os.exit(0, true)]])
    assert.truthy(output:find("false.*interrupted!"), output)
    assert.truthy(output:find("rst-2", 1, true), output)
  end)
end)
