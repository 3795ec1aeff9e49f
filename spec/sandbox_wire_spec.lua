-- What goes over the wire: the sandbox takes all that the vendor's clients send, and refuses what the service refuses.
-- The same requests go to the specs' own endpoint, which was written apart from it: both must say the same.

local certificates = require "spec.support.certificates"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local sandbox = require "crsync.sandbox"
local wire = require "spec.support.wire"

local KEY = { id = "SandboxAccessKey", secret = "sandbox-secret" }
local TEMPORARY = { id = "STS.New", secret = "temporary", token = "token/+=" }
local EXPIRED = { id = "STS.Old", secret = "temporary", token = "old" }
local QUERY = { InstanceId = "cri-sandbox", SyncTaskId = "rst-small" }

local SCENARIO = { keys = {
  { id = TEMPORARY.id, secret = TEMPORARY.secret, token = TEMPORARY.token, expires = 3600 },
  { id = EXPIRED.id, secret = EXPIRED.secret, token = EXPIRED.token, expires = 0 },
  { id = "Disabled", secret = "disabled", disabled = true },
} }

local played, other

lazy_setup(function()
  played = assert(sandbox.start { scenario = SCENARIO })
  other = endpoint.start { keys = {
    { access_key_id = KEY.id, access_key_secret = KEY.secret },
    { access_key_id = TEMPORARY.id, access_key_secret = TEMPORARY.secret, security_token = TEMPORARY.token },
    { access_key_id = EXPIRED.id, access_key_secret = EXPIRED.secret, security_token = "new", expired_token = "old" },
  } }
end)

lazy_teardown(function()
  played:stop()
  other:stop()
end)

local function port_of(server)
  local url = type(server.url) == "string" and server.url or server:url()
  return tonumber(url:match ":(%d+)$")
end

local function with_host(r, port)
  local copy = {}
  for name, value in pairs(r) do copy[name] = value end
  copy.host, copy.key = r.host or "127.0.0.1:" .. port, r.key or KEY
  return copy
end

-- What a server answers: status and code.
local function said(server, r)
  local port = port_of(server)
  local text = wire.request(with_host(r, port))
  local answer = assert(wire.ask(port, r.rewrite and r.rewrite(text) or text, r.method))
  return { answer.status, r.method ~= "HEAD" and answer.code or nil }
end

local function form(parameters) return wire.encoded(parameters) end

local FORM = { ["content-type"] = "application/x-www-form-urlencoded" }
local JSON = { ["content-type"] = "application/json; charset=utf-8" }

local function spaced(text)
  return (text:gsub("(Authorization: )(.-)\r\n", function(name, value)
    return name .. value:gsub(",", ", ") .. "\r\n"
  end))
end

local FINE = { 200, "success" }

-- Each: a request, and what is said to it.
local SAME = {
  ["POST, all in the query"] = { { query = QUERY }, FINE },
  ["GET"] = { { method = "GET", query = QUERY }, FINE },
  ["POST, a form with a length"] = { { body = form(QUERY), signed = FORM }, FINE },
  ["POST, a form in chunks"] = { { body = form(QUERY), signed = FORM, is_chunked = true }, FINE },
  ["POST, half and half"] = { { query = { InstanceId = "cri-sandbox" }, body = "SyncTaskId=rst-small", signed = FORM },
    FINE },
  ["blanks after the commas of Authorization"] = { { query = QUERY, rewrite = spaced }, FINE },
  ["a temporary key"] = { { query = QUERY, key = TEMPORARY }, FINE },
  ["an expired token"] = { { query = QUERY, key = EXPIRED }, { 400, "InvalidSecurityToken.Expired" } },
  ["a temporary key without its token"] = { { query = QUERY, key = { id = TEMPORARY.id, secret = TEMPORARY.secret } },
    { 400, "MissingSecurityToken" } },
  ["another token"] = { { query = QUERY, key = { id = TEMPORARY.id, secret = TEMPORARY.secret, token = "x" } },
    { 400, "InvalidSecurityToken.MismatchWithAccessKey" } },
  ["a token with a static key"] = { { query = QUERY, key = { id = KEY.id, secret = KEY.secret, token = "x" } },
    { 400, "InvalidSecurityToken.MismatchWithAccessKey" } },
  ["an unknown key"] = { { query = QUERY, key = { id = "Nobody", secret = "x" } },
    { 404, "InvalidAccessKeyId.NotFound" } },
  ["a wrong secret"] = { { query = QUERY, key = { id = KEY.id, secret = "x" } }, { 400, "SignatureDoesNotMatch" } },
  ["a body that was altered"] = { { body = form(QUERY), signed = FORM, rewrite = function(text)
    return (text:gsub("rst%-small$", "rst-other"))
  end }, { 400, "SignatureDoesNotMatch" } },
  ["a hash of another body"] = { { query = QUERY, changed = { ["x-acs-content-sha256"] = ("0"):rep(64) } },
    { 400, "SignatureDoesNotMatch" } },
  ["a parameter that was altered"] = { { query = QUERY, target = "/?InstanceId=cri-sandbox&SyncTaskId=rst-other" },
    { 400, "SignatureDoesNotMatch" } },
  ["parameters in another order and spelling"] = { { query = { A = "*(b)!'", B = "c d", InstanceId = "cri-sandbox",
    SyncTaskId = "rst-small" }, target = "/?SyncTaskId=rst%2Dsmall&B=c%20d&InstanceId=cri-sandbox&A=*(b)!'" }, FINE },
  ["no Authorization"] = { { query = QUERY, changed = { Authorization = false } }, { 400, "IncompleteSignature" } },
  ["a malformed Authorization"] = { { query = QUERY, changed = { Authorization = "ACS3-HMAC-SHA256 x" } },
    { 400, "IncompleteSignature" } },
  ["a header that is not signed"] = { { query = QUERY, changed = { ["x-acs-more"] = "1" } },
    { 400, "IncompleteSignature" } },
  ["a content type that is not signed"] = { { query = QUERY, changed = FORM }, { 400, "IncompleteSignature" } },
  ["a signed header that is gone"] = { { query = QUERY, changed = { ["x-acs-version"] = false } },
    { 400, "IncompleteSignature" } },
  ["no action"] = { { query = QUERY, signed = { ["x-acs-action"] = false } }, { 400, "IncompleteSignature" } },
  ["no version"] = { { query = QUERY, signed = { ["x-acs-version"] = false } }, { 400, "IncompleteSignature" } },
  ["a header twice"] = { { query = QUERY, extra = { "x-acs-action: GetRepoSyncTask" } },
    { 400, "SignatureDoesNotMatch" } },
  ["a nonce twice"] = { { query = QUERY, extra = { "x-acs-signature-nonce: other" } },
    { 400, "SignatureDoesNotMatch" } },
  ["an empty nonce"] = { { query = QUERY, signed = { ["x-acs-signature-nonce"] = "" } }, { 400, "MissingParameter" } },
  ["an old date"] = { { query = QUERY, date = "2020-01-01T00:00:00Z" }, { 400, "InvalidTimeStamp.Expired" } },
  ["a date to come"] = { { query = QUERY, date = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 16 * 60) },
    { 400, "InvalidTimeStamp.Expired" } },
  ["a date of 14 minutes ago"] = { { query = QUERY, date = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 14 * 60) },
    FINE },
  ["a date with a fraction"] = { { query = QUERY, date = "2024-01-01T00:00:00.5Z" },
    { 400, "InvalidTimeStamp.Format" } },
  ["a date in another form"] = { { query = QUERY, date = "Thu, 29 Feb 2024 23:59:59 GMT" },
    { 400, "InvalidTimeStamp.Format" } },
  ["another host than the one that was signed"] = { { query = QUERY, changed = { host = "cr.example" } },
    { 400, "SignatureDoesNotMatch" } },
  ["another version"] = { { query = QUERY, signed = { ["x-acs-version"] = "2016-06-07" } }, { 400, "InvalidVersion" } },
  ["an unknown action"] = { { query = QUERY, action = "GetNothing" }, { 404, "InvalidAction.NotFound" } },
  ["PUT"] = { { method = "PUT", query = QUERY }, { 400, "UnsupportedHTTPMethod" } },
  ["DELETE"] = { { method = "DELETE", query = QUERY }, { 400, "UnsupportedHTTPMethod" } },
  ["no instance"] = { { query = { SyncTaskId = "rst-small" } }, { 400, "MissingInstanceId" } },
  ["an empty instance"] = { { query = { InstanceId = "", SyncTaskId = "rst-small" } }, { 400, "MissingInstanceId" } },
  ["no task"] = { { query = { InstanceId = "cri-sandbox" } }, { 400, "MissingSyncTaskId" } },
  ["no parameters"] = { {}, { 400, "MissingInstanceId" } },
  ["a list"] = { { action = "ListRepoSyncTask", query = { InstanceId = "cri-sandbox" } }, FINE },
  ["instances"] = { { action = "ListInstance" }, FINE },
  ["regions"] = { { action = "ListInstanceRegion" }, FINE },
  ["a count of instances"] = { { action = "GetInstanceCount" }, FINE },
  ["a whole URL as its target"] = { { query = QUERY,
    target = "http://127.0.0.1/?InstanceId=cri-sandbox&SyncTaskId=rst-small" }, FINE },
}

-- What the specs' own endpoint has not.
local SANDBOX_ALONE = {
  ["POST, JSON"] = { { body = '{"InstanceId":"cri-sandbox","SyncTaskId":"rst-small","Priority":3,"More":null}',
    signed = JSON }, FINE },
  ["POST, JSON in chunks, half in the query"] = { { query = { InstanceId = "cri-sandbox" }, signed = JSON,
    body = '{"SyncTaskId":"rst-small","Tags":["a",{"Key":1.5}]}', is_chunked = true }, FINE },
  ["JSON that is none"] = { { body = '{"InstanceId":', signed = JSON }, { 400, "InvalidParameter" } },
  ["JSON that is no object"] = { { body = '5', signed = JSON }, { 400, "InvalidParameter" } },
  ["another path"] = { { path = "/x", query = QUERY }, { 404, "InvalidAction.NotFound" } },
  ["a disabled key"] = { { query = QUERY, key = { id = "Disabled", secret = "disabled" } },
    { 400, "InvalidAccessKeyId.Inactive" } },
  ["HEAD"] = { { method = "HEAD", query = QUERY }, { 200 } },
  ["another algorithm of the family"] = { { query = QUERY, changed = { Authorization = "ACS3-RSA-SHA256 x" } },
    { 400, "InvalidSignatureMethod" } },
  ["an operation that is not played"] = { { query = QUERY, action = "CreateNamespace" }, { 403, "NoPrivilege" } },
  ["an operation that there never was"] = { { query = QUERY, action = "UpdateRepoSyncRule" },
    { 404, "InvalidAction.NotFound" } },
  ["GetRepoTag with POST"] = { { query = { InstanceId = "cri-sandbox" }, action = "GetRepoTag" },
    { 400, "UnsupportedHTTPMethod" } },
  ["GetRepoTag"] = { { method = "GET", action = "GetRepoTag",
    query = { InstanceId = "cri-sandbox", RepoId = "crr-sandbox-web", Tag = "1.0.0" } }, FINE },
}

describe("the sandbox, and the specs' own endpoint beside it", function()
  for name, case in pairs(SAME) do
    it("answers alike: " .. name, function()
      assert.same(case[2], said(played, case[1]))
      assert.same(case[2], said(other, case[1]))
    end)
  end

  it("answers alike: a request again", function()
    for _, server in ipairs { played, other } do
      local port = port_of(server)
      local text = wire.request(with_host({ query = QUERY }, port))
      assert.equal("success", wire.ask(port, text).code)
      assert.equal("SignatureNonceUsed", wire.ask(port, text).code)
    end
  end)
end)

describe("the sandbox", function()
  for name, case in pairs(SANDBOX_ALONE) do
    it("answers " .. name, function() assert.same(case[2], said(played, case[1])) end)
  end

  local function request(r) return wire.request(with_host(r or { query = QUERY }, port_of(played))) end

  it("gives the request id as a header, too", function()
    local answer = wire.ask(port_of(played), request())
    assert.equal(answer.body:match '"RequestId":"([^"]*)"', answer.headers["x-acs-request-id"])
  end)

  it("tells its string to sign, by which a client finds what is wrong", function()
    local client = crsync.new(played:options { access_key_secret = "wrong" })
    finally(function() client:close() end)
    local _, err = client:get_task("cri-sandbox", "rst-small")
    assert.equal("SignatureDoesNotMatch", err.code)
    assert.truthy(err.hint:find("the access key secret is wrong", 1, true), err.hint)
  end)

  it("refuses the older signature in words that name ACS3", function()
    local old = "Action=GetRepoSyncTask&Version=2018-12-01&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0"
      .. "&SignatureNonce=1&Timestamp=2024-01-01T00%3A00%3A00Z&AccessKeyId=a&Signature=x%3D"
    local get = wire.ask(port_of(played), "GET /?" .. old .. " HTTP/1.1\r\nHost: x\r\n\r\n")
    local post = wire.ask(port_of(played), ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
      .. "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s"):format(#old, old))
    for _, answer in ipairs { get, post } do
      assert.equal("InvalidSignatureMethod", answer.code)
      assert.truthy(answer.body:find("ACS3-HMAC-SHA256", 1, true))
    end
  end)

  it("answers OPTIONS and HEAD without a body, and goes on", function()
    local s = wire.connect(port_of(played))
    s:send "OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n"
    local answer = wire.answer(s)
    assert.same({ 200, "", "GET, POST, HEAD, OPTIONS" }, { answer.status, answer.body, answer.headers.allow })
    s:send(request { method = "HEAD", query = QUERY })
    answer = wire.answer(s, "HEAD")
    assert.equal(200, answer.status)
    assert.is_true(tonumber(answer.headers["content-length"]) > 100)
    s:send(request())
    assert.equal("success", wire.answer(s).code)
    s:close()
  end)

  it("answers requests that come at once, one after the other", function()
    local s = wire.connect(port_of(played))
    s:send(request() .. request { body = form(QUERY), signed = FORM, is_chunked = true } .. request())
    for _ = 1, 3 do assert.equal("success", wire.answer(s).code) end
    s:close()
  end)

  it("puts together what comes byte by byte", function()
    local s = wire.connect(port_of(played))
    for c in request({ body = form(QUERY), signed = FORM, is_chunked = true }):gmatch "." do s:send(c) end
    assert.equal("success", wire.answer(s).code)
    s:close()
  end)

  it("asks for a body that is announced with a question", function()
    local s = wire.connect(port_of(played))
    local head, body = request({ body = form(QUERY), signed = FORM, extra = { "Expect: 100-continue" } })
      :match "^(.-\r\n\r\n)(.*)$"
    s:send(head)
    assert.equal(100, wire.answer(s).status)
    s:send(body)
    assert.equal("success", wire.answer(s).code)
    s:close()
  end)

  it("ends the connection where it is asked to", function()
    local s = wire.connect(port_of(played))
    s:send(request { query = QUERY, extra = { "Connection: close" } })
    assert.equal("close", wire.answer(s).headers.connection)
    assert.equal("closed", select(2, s:receive(1)))
    s:close()
  end)

  it("speaks HTTPS", function()
    local folder = certificates.folder()
    local secured = assert(sandbox.start { tls_cert = folder .. "/good.pem", tls_key = folder .. "/good.key" })
    finally(function() secured:stop() end)
    local port = port_of(secured)
    local s = wire.connect(port, folder .. "/ca.pem")
    for _ = 1, 2 do
      s:send(wire.request(with_host({ body = form(QUERY), signed = FORM, is_chunked = true }, port)))
      assert.equal("success", wire.answer(s).code)
    end
    s:close()
    local plain = wire.connect(port)
    plain:send "GET / HTTP/1.1\r\n\r\n"
    assert.is_nil((plain:receive "*l"))
    plain:close()
  end)
end)

describe("what is no request", function()
  local cases = {
    ["hello\r\n\r\n"] = 400,
    ["GET / HTTP/2.0\r\n\r\n"] = 505,
    ["GET / HTTP/1.1\r\nno header\r\n\r\n"] = 400,
    ["POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"] = 400,
    ["POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"] = 400,
    ["POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"] = 400,
    ["POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"] = 501,
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"] = 400,
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"] = 400,
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" .. ("x"):rep(2000)] = 431,
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n"] = 413,
    ["POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"] = 413,
    ["POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n"] = 413,
    ["GET /" .. ("x"):rep(40000) .. " HTTP/1.1\r\n\r\n"] = 431,
    [("x"):rep(40000)] = 431,
    ["GET / HTTP/1.1\r\n" .. ("A: b\r\n"):rep(20000) .. "\r\n"] = 431,
  }
  for text, status in pairs(cases) do
    it("is refused, and the connection ends: " .. text:sub(1, 60):gsub("%c", " ") .. " → " .. status, function()
      local s = wire.connect(port_of(played))
      s:send(text)
      local answer = assert(wire.answer(s))
      assert.same({ status, "InvalidRequest", "close" }, { answer.status, answer.code, answer.headers.connection })
      s:close()
    end)
  end

  it("may begin with an empty line all the same", function()
    local answer = wire.ask(port_of(played), "\r\n" .. wire.request(with_host({ query = QUERY }, port_of(played))))
    assert.equal("success", answer.code)
  end)
end)

describe("the gate", function()
  it("remembers a nonce for as long as its date can be fresh, and no nonce for ever", function()
    local gate = require "crsync.sandbox.gate".new { KEY }
    local function request(nonce)
      local headers = crsync.sign { host = "h", action = "A", version = "v", access_key_id = KEY.id,
        access_key_secret = KEY.secret, headers = { ["x-acs-signature-nonce"] = nonce } }
      headers.authorization, headers.host = headers.Authorization, "h"
      return { method = "POST", path = "/", query_text = "", headers = headers, body = "" }
    end
    local function time_passes() gate.nonces_since = gate.nonces_since - 3600 end
    local function code(nonce) return (gate:refuses(request(nonce)) or { code = "fine" }).code end
    assert.same({ "fine", "SignatureNonceUsed" }, { code "a", code "a" })
    time_passes()
    assert.same({ "fine", "SignatureNonceUsed" }, { code "b", code "a" })
    time_passes()
    assert.same({ "fine", "fine" }, { code "c", code "a" })
  end)
end)
