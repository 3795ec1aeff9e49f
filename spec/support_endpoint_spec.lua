-- The local endpoint itself: that it says what the service says, and misbehaves as it is told.

local at_most = require "spec.support.at_most"
local acs3 = require "spec.support.acs3"
local cjson = require "cjson"
local endpoint = require "spec.support.endpoint"
local nginx = require "spec.support.nginx"
local socket = require "socket"
local ssl = require "ssl"

local server
local nonces = 0

-- ---- a small client of its own -----------------------------------------------------------------------------------

-- The headers of a signed request. false in changes leaves one out.
local function signed_headers(to, changes, key)
  nonces = nonces + 1
  changes = changes or {}
  local headers = {
    host = to.host, ["x-acs-action"] = "GetRepoSyncTask", ["x-acs-version"] = "2018-12-01",
    ["x-acs-date"] = os.date "!%Y-%m-%dT%H:%M:%SZ", ["x-acs-signature-nonce"] = "nonce-" .. nonces,
    ["x-acs-content-sha256"] = acs3.sha256(changes.body or ""), ["x-acs-security-token"] = to.security_token,
  }
  for name, value in pairs(changes.headers or {}) do headers[name] = value or nil end
  local request = { method = changes.method or "POST", headers = headers, body = changes.body or "",
    target = changes.target or "/?InstanceId=cri-1&SyncTaskId=rst-1" }
  headers.authorization = acs3.authorization(request, key or to)
  return headers, request
end

local function request_text(to, changes, key)
  local headers, request = signed_headers(to, changes, key)
  local lines = { ("%s %s HTTP/%s"):format(request.method, request.target, changes and changes.version or "1.1") }
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  local body = request.body
  if changes and changes.chunked then
    lines[#lines + 1] = "Transfer-Encoding: chunked"
    body = ("%x;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: 1\r\n\r\n"):format(1, body:sub(1, 1), #body - 1, body:sub(2))
  else
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

local function connect(to)
  local s = to.url:find("[", 1, true) and socket.tcp6() or socket.tcp()
  assert(s:connect(to.url:find("[", 1, true) and "::1" or "127.0.0.1", to.port))
  if to.ca_file then
    s = assert(ssl.wrap(s, { mode = "client", protocol = "any", verify = "peer", cafile = to.ca_file }))
    assert(s:dohandshake())
  end
  s:settimeout(10)
  return s
end

local function read_chunked(s)
  local body = ""
  while true do
    local size = tonumber(assert(s:receive "*l"), 16)
    body = body .. (size > 0 and s:receive(size) or "")
    s:receive "*l"
    if size == 0 then return body end
  end
end

local function read_answer(s)
  local line, err = s:receive "*l"
  if not line then return nil, err end
  local answer = { line = line, status = math.tointeger(line:match "^HTTP/%d%.%d (%d+)"), headers = {} }
  for header in function() return assert(s:receive "*l") end do
    if header == "" then break end
    local name, value = header:match "^(.-): ?(.*)$"
    answer.headers[name:lower()] = value
  end
  if answer.status < 200 then return answer end
  local length = answer.headers["content-length"]
  if answer.headers["transfer-encoding"] then answer.body = read_chunked(s)
  elseif length == "0" then answer.body = "" -- luasocket would wait for it
  else answer.body = s:receive(math.tointeger(length) or "*a") end
  if answer.body and answer.body:find '^{%s*"' then answer.json = select(2, pcall(cjson.decode, answer.body)) end
  return answer
end

local function ask(to, changes, key)
  local s = connect(to)
  assert(s:send(request_text(to, changes, key)))
  local answer, err = read_answer(s)
  s:close()
  return answer, err
end

-- curl's exit status, and its output with its words. HEADERS stands for a signature of their own each time, URL for
-- the endpoint's.
local function curl(to, arguments)
  local url = ("'%s/?InstanceId=cri-1&SyncTaskId=rst-1'"):format(to.url)
  local function headers()
    local options = { "-X POST" }
    for name, value in pairs(signed_headers(to)) do options[#options + 1] = ("-H '%s: %s'"):format(name, value) end
    return table.concat(options, " ")
  end
  arguments = arguments:gsub("HEADERS", headers):gsub("URL", (url:gsub("%%", "%%%%")))
  local pipe = assert(io.popen("env -u LD_PRELOAD curl -sS -g --noproxy '*' -m 10 " .. arguments .. " 2>&1", "r"))
  local output = pipe:read "a"
  return select(3, pipe:close()), output
end

local function codes_of(requests)
  local codes = {}
  for i, request in ipairs(requests) do codes[i] = request.verified and "fine" or request.code end
  return codes
end

local function timed(f, ...)
  local started = socket.gettime()
  local result = table.pack(f(...))
  return socket.gettime() - started, table.unpack(result, 1, result.n)
end

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

-- ---- what it says ------------------------------------------------------------------------------------------------

describe("the endpoint", function()
  it("answers with the example, the id that was asked for and the headers of the service", function()
    local answer = ask(server, { target = "/?SyncTaskId=rst%2D%22%251&InstanceId=cri-1" })
    assert.equal("HTTP/1.1 200 OK", answer.line)
    assert.same({ 'rst-"%1', "SUCCESS" }, { answer.json.SyncTaskId, answer.json.TaskStatus })
    assert.equal("application/json;charset=utf-8", answer.headers["content-type"])
    assert.equal(answer.json.RequestId, answer.headers["x-acs-request-id"])
    assert.truthy(answer.headers.date:find "^%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT$")
  end)

  it("notes what it received", function()
    ask(server, { method = "GET", target = "/?InstanceId=cri-1&SyncTaskId=a%20b", headers = { ["X-Odd"] = "O dd" } })
    local r = server:requests()[1]
    assert.same({ "GET", "/?InstanceId=cri-1&SyncTaskId=a%20b", "/", "1.1", "", true, false, 1 },
      { r.method, r.target, r.path, r.version, r.body, r.verified, r.tls, r.connection })
    assert.same({ InstanceId = "cri-1", SyncTaskId = "a b" }, r.query)
    assert.equal("O dd", r.headers["x-odd"])
    local found
    for _, header in ipairs(r.header_list) do found = found or header[1] == "X-Odd" and header[2] == "O dd" end
    assert.is_true(found)
    assert.is_true(math.abs(r.time - socket.gettime()) < 1)
    assert.equal("integer", math.type(r.connection))
  end)

  it("reads forms, by length and in chunks", function()
    for _, chunked in ipairs { false, true } do
      local answer = ask(server, { target = "/", body = "InstanceId=cri-1&SyncTaskId=x%2Ay", chunked = chunked,
        headers = { ["content-type"] = "application/x-www-form-urlencoded" } })
      assert.equal("x*y", answer.json.SyncTaskId)
    end
    assert.equal("InstanceId=cri-1&SyncTaskId=x%2Ay", server:requests()[2].body)
  end)

  it("keeps a connection for HTTP/1.1 and ends it for 1.0, or when asked to", function()
    local s = connect(server)
    for _ = 1, 3 do
      s:send(request_text(server))
      assert.equal(200, read_answer(s).status)
    end
    s:send(request_text(server) .. request_text(server)) -- pipelined
    assert.same({ 200, 200 }, { read_answer(s).status, read_answer(s).status })
    s:send(request_text(server, { version = "1.0" }))
    assert.equal("close", read_answer(s).headers.connection)
    assert.equal("closed", select(2, s:receive(1)))
    s = connect(server)
    s:send(request_text(server, { headers = { connection = "close" } }))
    assert.equal("close", read_answer(s).headers.connection)
    assert.equal(2, server:connections())
    assert.same({ 1, 2 }, { server:requests()[6].connection, server:requests()[7].connection })
  end)

  it("knows the documented operations, and refuses what is none", function()
    local function code_of(headers, target, method)
      local answer = ask(server, { headers = headers, target = target, method = method })
      return answer.status .. " " .. answer.json.Code
    end
    assert.equal("200 success", code_of { ["x-acs-action"] = "ListRepoSyncTask" })
    assert.equal("200 success", code_of({ ["x-acs-action"] = "ListInstance" }, "/"))
    assert.equal("404 InvalidAction.NotFound", code_of { ["x-acs-action"] = "GetRepoSyncTask.2026" })
    assert.equal("404 InvalidAction.NotFound", code_of { ["x-acs-action"] = "Nonsense" })
    assert.equal("400 InvalidVersion", code_of { ["x-acs-version"] = "2016-06-07" })
    assert.equal("400 MissingInstanceId", code_of(nil, "/?SyncTaskId=rst-1"))
    assert.equal("400 MissingSyncTaskId", code_of(nil, "/?InstanceId=cri-1&SyncTaskId="))
    assert.equal("400 UnsupportedHTTPMethod", code_of(nil, nil, "PUT"))
  end)

  it("refuses what does not verify, and takes nothing off the plan for it", function()
    server:answer("err.403.NoPrivilege")
    local key = { access_key_id = server.access_key_id, access_key_secret = "wrong" }
    local refusal = ask(server, nil, key)
    assert.same({ 400, "SignatureDoesNotMatch" }, { refusal.status, refusal.json.Code })
    assert.truthy(refusal.json.Message:find "CanonicalRequest is %[POST\n/\nInstanceId=cri%-1&SyncTaskId=rst%-1\n")
    assert.equal(server.host, refusal.json.HostId)
    assert.equal(404, ask(server, nil, { access_key_id = "nobody", access_key_secret = "x" }).status)
    ask(server, { headers = { ["x-acs-date"] = "2024-03-01T08:30:00Z" } })
    assert.equal(403, ask(server).status)
    assert.equal(200, ask(server, { headers = { ["x-acs-signature-nonce"] = "n" } }).status)
    ask(server, { headers = { ["x-acs-signature-nonce"] = "n" } })
    assert.same({ "SignatureDoesNotMatch", "InvalidAccessKeyId.NotFound", "InvalidTimeStamp.Expired", "fine", "fine",
      "SignatureNonceUsed" }, codes_of(server:requests()))
    server:answer { example = "get.nulls", verify = false }
    assert.equal(200, ask(server, nil, key).status)
    server:set { verify = false }
    assert.equal(200, ask(server, nil, key).status)
    server:set { verify = true }
    assert.equal(400, ask(server, nil, key).status)
  end)

  it("goes by its own clock and keys, which a reset leaves", function()
    local other <close> = endpoint.start { clock_offset = 7200, keys = { { access_key_id = "STS.x",
      access_key_secret = "s", security_token = "to/ken", expired_token = "old" } } }
    other:reset()
    local refusal = ask(other)
    assert.equal("InvalidTimeStamp.Expired", refusal.json.Code)
    assert.equal(os.date("!%H", os.time() + 7200), refusal.headers.date:match " (%d%d):")
    other:set { clock_offset = 0 }
    assert.equal("STS.x", other.access_key_id)
    assert.equal(200, ask(other).status)
    local function code_for(token) return ask(other, { headers = { ["x-acs-security-token"] = token } }).json.Code end
    assert.same({ "InvalidSecurityToken.Expired", "MissingSecurityToken" }, { code_for "old", code_for(false) })
  end)
end)

describe("a plan", function()
  it("is queued, for always or for a task", function()
    local function status(task) return ask(server, { target = "/?InstanceId=i&SyncTaskId=" .. task }).status end
    server:answer({ status = 501 }, { status = 502 })
    server:answer_always { status = 599 }
    server:answer_for("rst-t", { status = 511 }, { status = 512 })
    assert.same({ 511, 501, 512, 512, 502, 599, 599 }, { status "rst-t", status "a", status "rst-t", status "rst-t",
      status "a", status "a", status "b" })
    server:answer_always(nil)
    server:answer_for "rst-t"
    assert.same({ 200, 200 }, { status "a", status "rst-t" })
    server:answer { status = 501 }
    server:reset()
    assert.equal(200, status "a")
    assert.same({ 1, 1 }, { #server:requests(), server:connections() })
  end)

  it("with a mistake is refused at once", function()
    local function refused(spec, words)
      local ok, message = pcall(server.answer, server, spec)
      assert.is_false(ok)
      assert.truthy(message:find(words, 1, true), message)
    end
    refused({ dely = 1 }, "no option 'dely'")
    refused("get.nothing", "no example 'get.nothing'")
    assert.is_false(pcall(server.set, server, { clock = 1 }))
    assert.equal(200, ask(server).status)
  end)
end)

describe("a response", function()
  local function answered(spec, ...)
    server:answer(spec)
    return ask(server, ...)
  end

  it("has the status, head and body that it was given", function()
    local throttled = answered "err.400.Throttling.User"
    assert.same({ 400, "Throttling.User" }, { throttled.status, throttled.json.Code })
    assert.truthy(throttled.headers["x-ratelimit-user"]:find "TimeLeft:400")
    assert.same({ "HTTP/1.1 502 Bad Gateway", "<html>", "text/html" }, (function(a)
      return { a.line, a.body, a.headers["content-type"] }
    end)(answered { status = 502, body = "<html>", content_type = "text/html" }))
    local a = answered { body = { Big = 9007199254740993, List = { "a", true } }, status_line = "HTTP/1.1 299 Odd",
      headers = { DATE = "never", ["X-A"] = 1 }, headers_raw = { "X-B:2", "X-C: 3" } }
    assert.truthy(a.body:find('"Big":9007199254740993', 1, true))
    assert.truthy(a.body:find('"List":["a",true]', 1, true))
    assert.same({ "HTTP/1.1 299 Odd", "never", "1", "2", "3" }, { a.line, a.headers.date, a.headers["x-a"],
      a.headers["x-b"], a.headers["x-c"] })
    assert.equal("\0\255\r\n", answered({ body = "\0\255\r\n" }).body)
    assert.equal("", answered({ status = 504 }).body)
  end)

  it("comes in chunks, over HTTP/1.0, after interim heads, or as raw bytes", function()
    local whole = answered("ok.GetRepoSyncTask").body
    local chunked = answered { example = "ok.GetRepoSyncTask", chunked = true }
    assert.same({ "chunked", nil, #whole }, { chunked.headers["transfer-encoding"], chunked.headers["content-length"],
      #chunked.body })
    local old = answered { example = "ok.GetRepoSyncTask", http10 = true }
    assert.same({ "HTTP/1.0 200 OK", nil, #whole }, { old.line, old.headers["content-length"], #old.body })
    server:answer { interim = { 100, 103 }, body = "{}" }
    local s = connect(server)
    s:send(request_text(server))
    assert.same({ 100, 103, 200 }, { read_answer(s).status, read_answer(s).status, read_answer(s).status })
    server:answer { raw = "220 ftp ready\r\n" }
    s:send(request_text(server))
    assert.same({ "220 ftp ready\r\n" }, { s:receive "*a" })
  end)

  it("is compressed", function()
    for _, encoding in ipairs { "gzip", "deflate" } do
      server:answer { example = "get.127-layers", [encoding] = true }
      local _, output = curl(server, "--compressed HEADERS URL -D -")
      local head, body = output:match "^(.-\r\n\r\n)(.*)$"
      assert.truthy(head:find("Content-Encoding: " .. encoding, 1, true))
      assert.is_true(math.tointeger(head:match "Content%-Length: (%d+)") < #body // 4)
      assert.equal(127, #cjson.decode(body).LayerTasks)
    end
  end)

  it("is huge, a bomb or deep", function()
    for spec, size in pairs { [{ huge = 30000001 }] = 30000014, [{ huge = 3000001, chunked = true }] = 3000014,
      [{ gzip_bomb = 20000000 }] = 20000013 } do
      server:answer(spec)
      local status, output = curl(server, "--compressed HEADERS URL | wc -c")
      assert.same({ 0, size }, { status, math.tointeger(output) })
    end
    local bomb = answered { gzip_bomb = 20000000 }
    assert.is_true(#bomb.body < 40000)
    assert.equal('{"Deep":[[[]]]}', answered({ deep = 3 }).body)
    assert.equal(200000 + #'{"Deep":}', #answered({ deep = 100000 }).body)
  end)

  it("gives secrets away", function()
    local answer = answered { echo_secret = true, status = 500 }
    assert.equal(500, answer.status)
    local r = server:requests()[1]
    assert.truthy(answer.json.Message:find(server.access_key_secret, 1, true))
    assert.truthy(answer.json.Message:find(r.headers.authorization, 1, true))
  end)
end)

-- ---- how it takes its time -----------------------------------------------------------------------------------------

describe("time", function()
  it("that one answer takes is not taken from others: 200 connections, 1000 requests", function()
    server:set { verify = false }
    server:answer_always { example = "ok.GetRepoSyncTask", delay = 0.05 }
    local seconds = timed(function()
      local connections = {}
      for i = 1, 200 do
        connections[i] = connect(server)
        connections[i]:send(("GET /?InstanceId=i HTTP/1.1\r\n\r\n"):rep(5))
      end
      for _, s in ipairs(connections) do
        for _ = 1, 5 do assert.equal(200, read_answer(s).status) end
        s:close()
      end
    end)
    server:set { verify = true }
    assert.is_true(seconds >= 0.25 and seconds < at_most(6), seconds)
    assert.same({ 1000, 200 }, { #server:requests(), server:connections() })
  end)

  it("passes before the head, between the pieces, or for ever", function()
    local seconds = timed(function() server:answer { delay = 0.1, body = "{}" } ask(server) end)
    assert.is_true(seconds >= 0.1 and seconds < at_most(0.5), seconds)
    seconds = timed(function()
      server:answer { drip = { bytes = 10, every = 0.05 }, body = ("x"):rep(40) }
      assert.equal(40, #ask(server).body)
    end)
    assert.is_true(seconds >= 0.15 and seconds < at_most(0.6), seconds)
    server:answer { hang = true }
    assert.equal(28, (curl(server, "-m 0.2 HEADERS URL")))
  end)

  it("waits until so many ask", function()
    server:answer_always { together = 3, body = "{}" }
    local sockets = { connect(server), connect(server), connect(server) }
    for i, s in ipairs(sockets) do
      sockets[1]:settimeout(0.05)
      if i > 1 then assert.equal("timeout", select(2, sockets[1]:receive(1))) end
      s:send(request_text(server))
    end
    for _, s in ipairs(sockets) do
      s:settimeout(5)
      assert.equal(200, read_answer(s).status)
      s:close()
    end
  end)

  it("costs nothing while nothing happens", function()
    local tls <close> = endpoint.start { tls = "good" }
    for _, to in ipairs { server, tls } do
      to:answer { hang = true }
      local waiting, idle = connect(to), connect(to)
      waiting:send(request_text(to))
      local raw = socket.connect("127.0.0.1", to.port) -- a handshake that never comes
      local before = to:processor_time()
      socket.sleep(0.3)
      assert.is_true(to:processor_time() - before < 0.05)
      for _, s in ipairs { waiting, idle, raw } do s:close() end
    end
  end)
end)

-- ---- how it fails ------------------------------------------------------------------------------------------------

describe("a broken connection", function()
  local tls
  lazy_setup(function() tls = endpoint.start { tls = "good" } end)
  lazy_teardown(function() tls:stop() end)
  before_each(function() tls:reset() end)

  local function each(check)
    check(server, "HEADERS URL")
    check(tls, ("--cacert '%s' HEADERS URL"):format(tls.ca_file))
  end

  it("is reset on accept, before the response or in the middle of it", function()
    each(function(to, arguments)
      for _, moment in ipairs { "accept", "before", "middle" } do
        to:reset()
        to:answer { example = "ok.GetRepoSyncTask", reset = moment }
        local status, output = curl(to, arguments)
        assert.not_equal(0, status)
        assert.truthy(moment == "accept" or output:find("reset by peer", 1, true), output)
        assert.equal(moment == "middle", output:find('"RequestId"', 1, true) ~= nil)
        assert.same({ moment == "accept" and 0 or 1, 1 }, { #to:requests(), to:connections() })
        assert.equal(0, (curl(to, arguments)))
      end
    end)
  end)

  it("is cut short, or ends without a byte", function()
    each(function(to, arguments)
      to:answer({ example = "ok.GetRepoSyncTask", cut = 100 }, { die = true })
      local status, output = curl(to, arguments)
      assert.equal(18, status)
      assert.truthy(output:find("with 983 bytes remaining", 1, true), output)
      assert.equal(52, (curl(to, arguments)))
      to:answer { example = "ok.GetRepoSyncTask", cut = 100, chunked = true }
      assert.equal(18, (curl(to, arguments)))
    end)
  end)

  it("ends as announced, or in silence", function()
    each(function(to)
      local function end_of(spec)
        to:answer(spec)
        local s = connect(to)
        s:send(request_text(to))
        local answer = read_answer(s)
        local seconds, data, reason = timed(s.receive, s, 1)
        s:close()
        return answer.headers.connection, data or reason, seconds
      end
      assert.same({ "close", "closed" }, { table.unpack({ end_of { body = "{}", close = true } }, 1, 2) })
      assert.same({ "keep-alive", "closed" }, { table.unpack({ end_of { body = "{}", close_silently = true } }, 1, 2) })
      local _, reason, seconds = end_of { body = "{}", close_silently = true, linger = 0.1 }
      assert.equal("closed", reason)
      assert.is_true(seconds > 0.08 and seconds < at_most(0.5))
    end)
  end)

  it("that dies on reuse makes libcurl repeat a request by itself", function()
    each(function(to, arguments)
      to:answer { example = "ok.GetRepoSyncTask", die_on_reuse = true }
      local status = curl(to, arguments .. " --next " .. arguments)
      assert.equal(0, status)
      local r = to:requests()
      assert.same({ "fine", "fine", "SignatureNonceUsed" }, codes_of(r))
      assert.same({ 1, 1, 2 }, { r[1].connection, r[2].connection, r[3].connection })
    end)
  end)
end)

-- ---- where it is -------------------------------------------------------------------------------------------------

describe("TLS", function()
  it("has good certificates and bad ones", function()
    for kind, expected in pairs { good = 0, foreign = 60, expired = 60, misnamed = 60 } do
      local tls <close> = endpoint.start { tls = kind }
      local status, output = curl(tls, ("--cacert '%s' HEADERS URL"):format(tls.ca_file))
      assert.equal(expected, status, output)
      assert.equal(0, (curl(tls, "-k HEADERS URL")))
      assert.is_true(tls:requests()[1].tls)
    end
  end)

  it("survives those who do not speak it", function()
    local tls <close> = endpoint.start { tls = "good", ipv6 = true }
    local s = socket.tcp6()
    assert(s:connect("::1", tls.port))
    s:settimeout(5)
    s:send "GET / HTTP/1.1\r\n\r\n"
    local _, reason = s:receive "*l"
    assert.equal("closed", reason)
    assert.equal("[::1]:" .. tls.port, tls.host)
    assert.equal(200, ask(tls).status)
  end)
end)

describe("nginx in front", function()
  it("speaks HTTP/2 and passes on what is signed", function()
    local front <close> = nginx.start(server)
    local to = { host = front.host, url = front.url, access_key_id = server.access_key_id,
      access_key_secret = server.access_key_secret }
    local arguments = ("-w '%%{http_version}' -o /dev/null --cacert '%s'"):format(front.ca_file)
    assert.same({ 0, "2" }, { curl(to, "--http2 HEADERS URL " .. arguments) })
    assert.same({ 0, "1.1" }, { curl(to, "--http1.1 HEADERS URL " .. arguments) })
    assert.same({ "HTTP/2.0", "HTTP/1.1" }, front:protocols(2))
    assert.same({ "fine", "fine" }, codes_of(server:requests()))
    assert.equal(front.host, server:requests()[1].headers.host)
  end)
end)

describe("the process", function()
  it("ends with the one that started it, whatever the order, and starts from any folder", function()
    local script = ([[local root = "%s"
      package.path = root .. "/?.lua;" .. root .. "/lua/?.lua;" .. package.path
      local endpoint, nginx = require "spec.support.endpoint", require "spec.support.nginx"
      local a, b = endpoint.start(), endpoint.start { tls = "good" }
      local front = nginx.start(a)
      a:stop()
      local c = endpoint.start()
      print(b.port, c.port, front.port)
      print(b.ca_file:match "^(.*)/")
      io.stdout:flush()
      os.execute "kill -9 $PPID"]]):format(io.popen "pwd":read "l")
    local pipe = io.popen(("cd / && exec env -u LD_PRELOAD %s -e '%s' 2>&1"):format(os.getenv "LUA" or "lua5.4",
      script))
    local ports, folder, rest = pipe:read("l", "l", "a") -- all ends once none of them holds the output any more
    pipe:close()
    assert.equal("", rest)
    os.execute(("rm -r '%s'"):format(folder)) -- what nobody was left to remove
    local count = 0
    for port in ports:gmatch "%d+" do
      count = count + 1
      assert.is_nil((socket.connect("127.0.0.1", math.tointeger(port))))
    end
    assert.equal(3, count)
  end)
end)
