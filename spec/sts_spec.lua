-- Keys of a role from STS: AssumeRole, signed with other keys, and AssumeRoleWithOIDC, with a token from a file.

local cjson = require "cjson"
local crsync = require "crsync"
local key_giver = require "spec.support.key_giver"
local surroundings = require "spec.support.surroundings"

local scene = key_giver.scene "good"
lazy_setup(scene.start)
lazy_teardown(scene.stop)
before_each(scene.enter)
after_each(scene.leave)

local ARN = "acs:ram::1234567890123456:role/crsync-ci"

-- STS's response with the keys; verify = false where the request is not signed.
local function answer(changes, verify)
  local given = key_giver.keys(changes).body
  given.Code = nil
  return { verify = verify, body = { RequestId = "6894B13B-STS", Credentials = given,
    AssumedRoleUser = { Arn = ARN .. "/crsync", AssumedRoleId = "39:crsync" } } }
end

local function refusal(status, code, message, verify)
  return { status = status, verify = verify,
    body = { RequestId = "6894B13B-STS", HostId = "sts.aliyuncs.com", Code = code, Message = message } }
end

local function form_of(request)
  local form = {}
  for name, value in request.body:gmatch "([^&=]+)=([^&]*)" do
    form[name] = value:gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end)
  end
  return form
end

describe("AssumeRole", function()
  local function role(changes)
    local fields = { name = "role", mode = "RamRoleArn", access_key_id = scene.giver.access_key_id,
      access_key_secret = scene.giver.access_key_secret, ram_role_arn = ARN, sts_endpoint = scene.giver.url .. "/" }
    for name, value in pairs(changes or {}) do fields[name] = value end
    return fields
  end

  it("is signed as the operations are, and its keys sign the call", function()
    surroundings.write_profiles(role { ram_session_name = "nightly", expired_seconds = 900, external_id = "a+b/c=",
      policy = '{"Version":"1"}' })
    scene.giver:answer(answer())
    assert(scene.get())
    local request = scene.giver:requests()[1]
    assert.is_true(request.verified, request.message)
    assert.is_true(request.tls)
    assert.same({ "POST", "/", "AssumeRole", "2015-04-01" }, { request.method, request.path,
      request.headers["x-acs-action"], request.headers["x-acs-version"] })
    assert.same({ RoleArn = ARN, RoleSessionName = "nightly", DurationSeconds = "900", ExternalId = "a+b/c=",
      Policy = '{"Version":"1"}' }, request.query)
    assert.is_true(scene.service:requests()[1].verified)
  end)

  it("takes the profile's token along, and has defaults", function()
    scene.giver:set { keys = { { access_key_id = "STS.NTsource", access_key_secret = "SourceSecret",
      security_token = "SourceToken" } } }
    surroundings.write_profiles(role { access_key_id = "STS.NTsource", access_key_secret = "SourceSecret",
      sts_token = "SourceToken" })
    scene.giver:answer(answer())
    assert(scene.get())
    local request = scene.giver:requests()[1]
    assert.equal("SourceToken", request.headers["x-acs-security-token"])
    assert.same({ RoleArn = ARN, RoleSessionName = "crsync", DurationSeconds = "3600" }, request.query)
    scene.giver:set { keys = { { access_key_id = scene.giver.access_key_id,
      access_key_secret = scene.giver.access_key_secret } } }
  end)

  it("is tried again after a fault and after throttling, with a fresh signature", function()
    surroundings.write_profiles(role())
    scene.giver:answer(refusal(503, "ServiceUnavailable", "busy"), refusal(400, "Throttling.User", "too many"),
      answer())
    assert(scene.get())
    local seen = {}
    for _, request in ipairs(scene.giver:requests()) do seen[request.headers["x-acs-signature-nonce"]] = true end
    assert.equal(3, #scene.giver:requests())
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    assert.equal(3, count)
  end)

  it("is set right by STS's clock", function()
    surroundings.write_profiles(role())
    scene.giver:set { clock_offset = 3600 }
    local given = answer({ Expiration = key_giver.time(7200) })
    scene.giver:answer(given)
    assert(scene.get())
    scene.giver:set { clock_offset = 0 }
    assert.equal(2, #scene.giver:requests())
  end)

  local refusals = {
    { refusal(403, "NoPermission", "You are not authorized"), "You are not authorized", "sts:AssumeRole" },
    { refusal(404, "EntityNotExist.Role", "The role does not exist."), "does not exist", "check its ARN" },
    { refusal(400, "InvalidParameter.DurationSeconds", "too long"), "too long", "sessions so long" },
  }
  for _, case in ipairs(refusals) do
    it("refused as " .. case[1].body.Code .. " is not tried again, and says what to do", function()
      surroundings.write_profiles(role())
      scene.giver:answer(case[1])
      local message, err = scene.problem()
      assert.truthy(message:find("profile role in ", 1, true))
      assert.truthy(message:find(case[2], 1, true))
      assert.truthy(err.hint:find(case[3], 1, true))
      assert.same({ case[1].body.Code, case[1].status, "6894B13B-STS", scene.giver.host, false },
        { err.code, err.status, err.request_id, err.endpoint, err.retryable })
      assert.equal(1, #scene.giver:requests())
    end)
  end

  local broken = {
    { { status = 200, body = "SecretThatWasGiven/+=" }, "not JSON" },
    { { status = 200, body = '{"Credentials":"SecretThatWasGiven/+="}' }, "has no Credentials" },
    { answer({ Expiration = false }), "lacks SecurityToken or Expiration" },
    { answer({ AccessKeySecret = false }), "no access_key_secret" },
    { { status = 418, body = "<html>SecretThatWasGiven/+=</html>" }, "STS answered with HTTP 418" },
  }
  for i, case in ipairs(broken) do
    it("answered with something else is told without the text, case " .. i, function()
      surroundings.write_profiles(role())
      scene.giver:answer(case[1])
      local message = scene.problem()
      assert.truthy(message:find(case[2], 1, true), message)
    end)
  end

  it("repeats no secret that STS repeats", function()
    surroundings.write_profiles(role())
    scene.giver:answer { echo_secret = true, status = 400 }
    local message, err = scene.problem()
    assert.is_nil((message .. tostring(err) .. tostring(err.request_id)):find(scene.giver.access_key_secret, 1, true))
  end)

  local wrong = {
    { { ram_role_arn = "" }, "ram_role_arn is missing" },
    { { access_key_secret = " " }, "access_key_secret is missing" },
    { { expired_seconds = 60 }, "900 to 43200 seconds" }, { { expired_seconds = "soon" }, "900 to 43200 seconds" },
    { { ram_session_name = "a b" }, "2 to 64 of the characters" }, { { ram_session_name = "x" }, "2 to 64" },
    { { sts_endpoint = "http://sts.example" }, "over https only" }, { { sts_endpoint = "ftp://h" }, "sts_endpoint" },
    { { sts_endpoint = "", sts_region = "cn/.." }, "no region id" },
  }
  for i, case in ipairs(wrong) do
    it("is not asked for with a wrong profile, case " .. i, function()
      surroundings.write_profiles(role(case[1]))
      local message = scene.problem()
      assert.truthy(message:find(case[2], 1, true), message)
      assert.equal(0, #scene.giver:requests())
    end)
  end
end)

describe("STS", function()
  local function host_asked(fields, options)
    local all = { name = "role", mode = "RamRoleArn", access_key_id = "i", access_key_secret = "s", ram_role_arn = ARN }
    for name, value in pairs(fields or {}) do all[name] = value end
    surroundings.write_profiles(all)
    local asked
    local client = assert(crsync.new { region = options and options.region, endpoint = not options and "h" or nil,
      network = options and options.network, transport = function(request)
        asked = asked or request.url:match "^(https?://[^/]+)/"
        return nil, "far away"
      end, retry = false })
    client:get_task("cri-1", "rst-1")
    return asked
  end

  it("is the one of the profile, the environment, the region or the world", function()
    local variables = surroundings.variables
    assert.equal("https://sts.aliyuncs.com", host_asked())
    assert.equal("https://sts.aliyuncs.com", host_asked({ enable_vpc = true }))
    assert.equal("https://sts.eu-west-1.aliyuncs.com", host_asked { sts_region = "eu-west-1" })
    assert.equal("https://sts-vpc.eu-west-1.aliyuncs.com", host_asked { sts_region = "eu-west-1", enable_vpc = true })
    assert.equal("https://sts-vpc.cn-hangzhou.aliyuncs.com",
      host_asked({}, { region = "cn-hangzhou", network = "vpc" }))
    variables.ALIBABA_CLOUD_STS_REGION = "us-west-1"
    assert.equal("https://sts.us-west-1.aliyuncs.com", host_asked())
    variables.ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED = "true"
    assert.equal("https://sts-vpc.us-west-1.aliyuncs.com", host_asked())
    variables.ALIBABA_CLOUD_STS_ENDPOINT = "sts-vpc.cn-beijing.aliyuncs.com/"
    assert.equal("https://sts-vpc.cn-beijing.aliyuncs.com", host_asked())
    assert.equal("https://sts.example:8443", host_asked { sts_endpoint = "sts.example:8443" })
  end)
end)

describe("AssumeRoleWithOIDC", function()
  local token_file

  before_each(function()
    token_file = surroundings.write("token", "eyJOidcTokenOne\n")
    local variables = surroundings.variables
    variables.ALIBABA_CLOUD_ROLE_ARN, variables.ALIBABA_CLOUD_OIDC_PROVIDER_ARN = ARN, "acs:ram::1:oidc-provider/ack"
    variables.ALIBABA_CLOUD_OIDC_TOKEN_FILE = token_file
    variables.ALIBABA_CLOUD_STS_ENDPOINT = scene.giver.url
  end)

  it("is a form without a signature, with the file's token as it stands there", function()
    surroundings.variables.ALIBABA_CLOUD_ROLE_SESSION_NAME = "pod-7"
    scene.giver:answer(answer(nil, false))
    assert(scene.get())
    local request = scene.giver:requests()[1]
    assert.equal("application/x-www-form-urlencoded", request.headers["content-type"])
    assert.is_nil(request.headers.authorization)
    assert.is_nil(request.headers["x-acs-signature-nonce"])
    assert.truthy(request.query.Timestamp:find "^%d+-%d+-%d+T%d+:%d+:%d+Z$")
    assert.same({ "AssumeRoleWithOIDC", "2015-04-01", "JSON" },
      { request.query.Action, request.query.Version, request.query.Format })
    assert.is_nil(request.target:find("eyJ", 1, true))
    assert.same({ RoleArn = ARN, RoleSessionName = "pod-7", DurationSeconds = "3600", OIDCToken = "eyJOidcTokenOne",
      OIDCProviderArn = "acs:ram::1:oidc-provider/ack" }, form_of(request))
    assert.is_true(scene.service:requests()[1].verified)
  end)

  it("reads the file anew each time", function()
    scene.giver:answer(answer({ Expiration = key_giver.time(-5) }, false), answer(nil, false))
    local client = scene.client()
    assert(client:get_task("cri-1", "rst-1"))
    surroundings.write("token", "eyJOidcTokenTwo")
    client.source.advisory = 0
    assert(client:get_task("cri-1", "rst-1"))
    assert.equal("eyJOidcTokenTwo", form_of(scene.giver:requests()[2]).OIDCToken)
  end)

  it("is tried once more when the token has expired, as the file may be new", function()
    local expired = refusal(401, "AuthenticationFail.OIDCToken.Expired", "expired", false)
    scene.giver:answer(expired, answer(nil, false))
    assert(scene.get())
    scene.giver:answer(expired, expired)
    local _, err = scene.problem()
    assert.truthy(err.hint:find("is its file still written", 1, true))
    assert.equal(4, #scene.giver:requests())
  end)

  for code, advice in pairs {
    ["AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch"] = "update it in RAM",
    ["AuthenticationFail.OIDCToken.AudienceNotMatch"] = "client id",
    ["AuthenticationFail.NoPermission"] = "trust policy",
  } do
    it("refused as " .. code .. " is final, and repeats no token", function()
      scene.giver:answer(refusal(401, code, "the token eyJOidcTokenOne is not accepted", false))
      local message, err = scene.problem()
      local expected = "OIDC (ALIBABA_CLOUD_ROLE_ARN): the token *************** is not accepted"
      assert.truthy(message:find(expected, 1, true), message)
      assert.truthy(err.hint:find(advice, 1, true))
      assert.equal(1, #scene.giver:requests())
    end)
  end

  it("says when the file is not there, is empty, or is no file", function()
    for content, why in pairs { ["\n"] = "holds no token", ["a token of many words"] = "holds no token" } do
      surroundings.write("token", content)
      local message = scene.problem()
      assert.truthy(message:find(why, 1, true))
      assert.is_nil(message:find("many words", 1, true))
    end
    os.remove(token_file)
    assert.truthy(scene.problem():find("token cannot be read: ", 1, true))
    surroundings.variables.ALIBABA_CLOUD_OIDC_TOKEN_FILE = surroundings.path ""
    assert.truthy(scene.problem():find("cannot be read: ", 1, true))
  end)

  it("can be a profile's too, with the profile's endpoint", function()
    for _, name in ipairs { "ROLE_ARN", "OIDC_PROVIDER_ARN", "OIDC_TOKEN_FILE", "STS_ENDPOINT" } do
      surroundings.variables["ALIBABA_CLOUD_" .. name] = nil
    end
    surroundings.write_profiles { name = "pod", mode = "OIDC", oidc_provider_arn = "acs:p",
      oidc_token_file = token_file, ram_role_arn = ARN, ram_session_name = "pod", expired_seconds = 1800,
      sts_endpoint = scene.giver.url }
    scene.giver:answer(answer(nil, false))
    assert(scene.get())
    local form = form_of(scene.giver:requests()[1])
    assert.same({ "pod", "1800", "acs:p" }, { form.RoleSessionName, form.DurationSeconds, form.OIDCProviderArn })
  end)

  it("is never asked where the certificate is not trusted", function()
    scene.giver:answer(answer(nil, false))
    local _, err = scene.get { ca_file = surroundings.write("empty.pem", "") }
    assert.equal("credentials", err.kind)
    assert.equal(0, #scene.giver:requests())
    assert.is_string(cjson.encode(err.message))
  end)
end)
