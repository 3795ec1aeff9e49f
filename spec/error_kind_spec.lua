-- What a response means: HTTP status, the service's code, or a page that is not the service's. No network.

local cjson = require "cjson"
local core = require "crsync.core"
local files = require "spec.support.files"
local operations = require "crsync.operations"

local KEY, SECRET, TOKEN = "AccessKeyOfTheSpecs", "Secret/Of+The=Specs", "Token/Of+The=Specs=="

local client_core = core.new {
  endpoint = "https://cr.cn-hangzhou.aliyuncs.com", access_key_id = KEY, access_key_secret = SECRET,
  security_token = TOKEN,
}

local function answer(status, body, headers, request)
  headers = headers or { ["content-type"] = "application/json" }
  return client_core:receive(operations.GetRepoSyncTask, request or {}, status, headers, body)
end

local function failure(...)
  local result, err = answer(...)
  assert.is_nil(result)
  return err
end

-- The kind of each documented or observed error body, by its code.
local KINDS = {
  INSTANCE_NOT_EXIST = "not_found", NAMESPACE_NOT_EXIST = "not_found", REPO_NOT_EXIST = "not_found",
  SYNC_TASK_NOT_EXIST = "not_found", NoPrivilege = "auth", AUTHENTICATION_FAILED = "auth", NoPermission = "auth",
  ["Forbidden.RAM"] = "auth", ["Forbidden.AccessKeyDisabled"] = "auth", ["InvalidAccessKeyId.NotFound"] = "auth",
  ["InvalidAccessKeyId.Inactive"] = "auth", SignatureDoesNotMatch = "auth", IncompleteSignature = "auth",
  ["InvalidSecurityToken.Expired"] = "auth", ["InvalidSecurityToken.Malformed"] = "auth",
  ["InvalidSecurityToken.MismatchWithAccessKey"] = "auth", MissingSecurityToken = "auth",
  ["InvalidTimeStamp.Expired"] = "client", ["InvalidTimeStamp.Format"] = "client", IllegalTimestamp = "client",
  SignatureNonceUsed = "client", InvalidVersion = "client", MissingInstanceId = "client", MissingParameter = "client",
  InvalidParameter = "client", ["InvalidParameter.Format"] = "client", UnsupportedHTTPMethod = "client",
  ["InvalidProtocol.NeedSsl"] = "client", ["InvalidAction.NotFound"] = "client", ["InvalidApi.NotFound"] = "client",
  ["InvalidProduct.NotFound"] = "client", Throttling = "throttled", ["Throttling.User"] = "throttled",
  ["Throttling.Api"] = "throttled", SystemError = "server", InternalError = "server", ServiceUnavailable = "server",
  ServiceUnavailableTemporary = "server", rpc_invalid_arg = "server",
}

describe("the service's refusals", function()
  local count = 0
  for _, example in ipairs(cjson.decode(files.read "spec/examples/index.json")) do
    if example.kind ~= "ok" and example.file:find "^err%." or example.file:find "^fail200" then
      count = count + 1
      it("reads " .. example.file, function()
        local body = cjson.decode(files.read("spec/examples/" .. example.file))
        local err = failure(example.http_status, files.read("spec/examples/" .. example.file))
        assert.equal(body.Code or body.code, err.code)
        assert.equal(body.RequestId or body.requestId, err.request_id)
        assert.equal(example.http_status, err.status)
        assert.equal(KINDS[err.code], err.kind)
        assert.equal(err.kind == "server" or err.kind == "throttled", err.retryable)
        assert.equal("GetRepoSyncTask", err.action)
        assert.equal("cr.cn-hangzhou.aliyuncs.com", err.endpoint)
      end)
    end
  end
  it("has met many of them", function() assert.is_true(count >= 38) end)

  it("takes a 200 with IsSuccess false, as a word too, or with a Code other than success", function()
    for _, body in ipairs { '{"IsSuccess":false,"Code":"INSTANCE_NOT_EXIST","RequestId":"R1"}',
      '{"IsSuccess":"false","Code":"INSTANCE_NOT_EXIST","RequestId":"R1"}',
      '{"IsSuccess":true,"Code":"INSTANCE_NOT_EXIST","RequestId":"R1"}' } do
      local err = failure(200, body)
      assert.equal("not_found", err.kind)
      assert.equal("R1", err.request_id)
      assert.equal(200, err.status)
    end
    assert.equal("client", failure(200, '{"IsSuccess":false}').kind)
    assert.is_table(answer(200, '{"TaskStatus":"PENDING","IsSuccess":true,"Code":"Success"}'))
    assert.is_table(answer(200, '{"TaskStatus":"PENDING"}'))
  end)

  it("decides by the status when there is no code", function()
    for status, kind in pairs { [400] = "client", [401] = "auth", [403] = "auth", [404] = "not_found",
      [429] = "throttled", [500] = "server", [503] = "server", [302] = "client" } do
      assert.equal(kind, failure(status, "{}").kind, tostring(status))
    end
  end)

  it("takes the request id from the header when the body has none", function()
    local err = failure(403, "{}", { ["x-acs-request-id"] = "R-HEADER" })
    assert.equal("R-HEADER", err.request_id)
  end)

  it("lets a throttling code decide whatever the status", function()
    for _, status in ipairs { 400, 429, 503 } do
      assert.equal("throttled", failure(status, '{"Code":"Throttling.User"}').kind)
    end
  end)

  it("accepts a code that is a number, and ignores one that is a table", function()
    assert.equal("404", failure(404, '{"Code":404}').code)
    assert.is_nil(failure(404, '{"Code":{},"Message":[1]}').code)
  end)
end)

describe("pages that are not the service's", function()
  local html = { ["content-type"] = "text/html" }
  local cases = {
    { 502, "<html>Bad Gateway</html>", "server" }, { 504, "", "server" }, { 404, "<html>", "server" },
    { 403, "", "server" }, { 429, "<html>", "throttled" },
    { 200, "<html>", "decode" }, { 200, "", "decode" }, { 500, "[1,2]", "server" }, { 400, '"text"', "server" },
  }
  for _, case in ipairs(cases) do
    it(("makes %d %q a %s error"):format(case[1], case[2], case[3]), function()
      local err = failure(case[1], case[2], html)
      assert.equal(case[3], err.kind)
      assert.equal(case[1], err.status)
      assert.truthy(err.message:find("text/html", 1, true))
    end)
  end

  it("makes 407 a proxy's refusal, whatever its page says", function()
    local err = failure(407, "<html>proxy", html)
    assert.same({ "network", false, "the proxy refuses the login" }, { err.kind, err.retryable, err.message })
  end)

  it("reads code, message and request id out of XML", function()
    local err = failure(400, "<?xml version='1.0'?><Error><RequestId>R2</RequestId><Code>Throttling</Code>"
      .. "<Message>Slow down.</Message></Error>", { ["content-type"] = "text/xml" })
    assert.equal("throttled", err.kind)
    assert.equal("Throttling", err.code)
    assert.equal("Slow down.", err.message)
    assert.equal("R2", err.request_id)
  end)

  it("says XML when there is no message in it", function()
    assert.truthy(failure(400, "<Error><Code>X</Code></Error>").message:find("XML", 1, true))
    for _, cut in ipairs { "<Code>", "<Code>X", "<Error><Code></Code>", "<" } do
      assert.equal("server", failure(400, cut).kind, cut)
    end
  end)

  it("names the host that a redirect points to, and nothing else of it", function()
    local err = failure(302, "", { location = "https://user:pw@elsewhere.example/path?x=" .. TOKEN })
    assert.equal("client", err.kind)
    assert.equal(302, err.status)
    assert.truthy(err.message:find("elsewhere.example", 1, true))
    assert.is_nil(err.message:find("path", 1, true))
    assert.is_nil(err.message:find("pw", 1, true))
  end)
end)

describe("waiting times", function()
  local function wait(headers) return failure(503, "{}", headers).retry_after end

  it("come from three headers, the largest counting", function()
    assert.equal(1.5, wait { ["x-acs-retry-after"] = "1500" })
    assert.equal(2, wait { ["x-ratelimit-user-api"] = "Limit:1,Remain:0,TimeLeft:2000,Reset:1234" })
    assert.equal(0.8, wait { ["x-ratelimit-user"] = "limit:1,timeleft:800" })
    assert.equal(3, wait { ["retry-after"] = "3" })
    assert.equal(7, wait { ["retry-after"] = "3", ["x-acs-retry-after"] = "7000",
      ["x-ratelimit-user"] = "TimeLeft:5000" })
  end)

  it("come from a date too", function()
    local seconds = wait { ["retry-after"] = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 60) }
    assert.is_true(seconds >= 58 and seconds <= 60)
    assert.equal(0, wait { ["retry-after"] = "Wed, 21 Oct 2015 07:28:00 GMT" })
  end)

  it("go by the clock of who sends the date", function()
    assert.equal(90, wait { date = "Wed, 21 Oct 2015 07:28:00 GMT", ["retry-after"] = "Wed, 21 Oct 2015 07:29:30 GMT" })
  end)

  it("are absent when nonsense, and never longer than a day", function()
    for _, text in ipairs { "", "soon", "-5", "1.5x" } do
      assert.is_nil(wait { ["retry-after"] = text, ["x-acs-retry-after"] = "x", ["x-ratelimit-user"] = "Limit:1" })
    end
    assert.equal(86400, wait { ["retry-after"] = "99999999999999999999999" })
  end)

  it("tells how far the clocks are apart", function()
    local date = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 7200)
    local difference = failure(400, '{"Code":"InvalidTimeStamp.Expired"}', { date = date }).clock_difference
    assert.is_true(math.abs(difference - 7200) <= 2)
  end)
end)

describe("a signature that does not match", function()
  local request = client_core:prepare(operations.GetRepoSyncTask, { InstanceId = "i", SyncTaskId = "t" })
  local function verdict(hash)
    return failure(400, cjson.encode { Code = "SignatureDoesNotMatch",
      Message = "server StringToSign is [ACS3-HMAC-SHA256\n" .. hash .. "]" }, nil, request).signature_verdict
  end

  it("with our own hash in the message means a wrong secret", function()
    assert.equal("secret", verdict(request.request_hash))
  end)

  it("with another hash means an altered request", function() assert.equal("request", verdict(("0"):rep(64))) end)

  it("without any says nothing", function()
    assert.is_nil(failure(400, '{"Code":"SignatureDoesNotMatch","Message":"no"}', nil, request).signature_verdict)
  end)
end)

describe("secrets", function()
  local function percent(s) return (s:gsub("[^%w._~-]", function(c) return ("%%%02X"):format(c:byte()) end)) end
  local spellings = {
    SECRET, TOKEN, percent(SECRET), (percent(TOKEN):gsub("%%%x%x", string.lower)), (SECRET:gsub("/", "\\/")),
  }
  for i, spelling in ipairs(spellings) do
    it("stay out of every text, spelling " .. i, function()
      local errs = {
        failure(400, cjson.encode { Code = spelling, Message = "x" .. spelling .. "y", RequestId = spelling }),
        failure(502, "<html>" .. spelling, { ["content-type"] = "text/" .. spelling,
          ["x-acs-request-id"] = spelling, location = "https://" .. spelling }),
        failure(302, "", { location = "https://" .. spelling .. "/" }),
        failure(400, "<Code>" .. spelling .. "</Code><Message>" .. spelling .. "</Message>"),
        failure(200, '{"SyncedSize":"' .. spelling .. '"}'),
        failure(502, (" "):rep(1010) .. spelling, { ["content-type"] = "t" }),
        failure(502, (" "):rep(8180) .. spelling, { ["content-type"] = "t" }),
        failure(400, cjson.encode { Message = ("m"):rep(4090) .. spelling }),
      }
      for n, err in ipairs(errs) do
        for field, text in pairs(err) do
          local where = n .. " " .. field .. ": " .. tostring(text)
          assert.is_nil(tostring(text):find("Of+The", 1, true), where)
          assert.is_nil(tostring(text):lower():find("of%2bthe", 1, true), where)
        end
      end
    end)
  end
end)
