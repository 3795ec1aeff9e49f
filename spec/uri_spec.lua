-- Keys from a URL, ALIBABA_CLOUD_CREDENTIALS_URI.

local core = require "crsync.core"
local key_giver = require "spec.support.key_giver"
local surroundings = require "spec.support.surroundings"
local http = require "crsync.credentials.http"

local scene = key_giver.scene()
lazy_setup(scene.start)
lazy_teardown(scene.stop)
before_each(scene.enter)
after_each(scene.leave)

local keys, status = key_giver.keys, key_giver.status

before_each(function()
  surroundings.variables.ALIBABA_CLOUD_CREDENTIALS_URI = scene.giver.url .. "/keys?for=" .. "crsync&key=TheKeyInTheUrl"
end)

it("is asked with a GET, and its keys sign the call", function()
  scene.giver:answer(keys())
  assert(scene.get())
  local request = scene.giver:requests()[1]
  assert.same({ "GET", "/keys?for=crsync&key=TheKeyInTheUrl" }, { request.method, request.target })
  assert.is_nil(request.headers.authorization)
  local sent = scene.service:requests()[1]
  assert.is_true(sent.verified)
  assert.equal(key_giver.KEYS.security_token, sent.headers["x-acs-security-token"])
end)

it("may leave out Code, and token and expiration together: it is asked again after a quarter of an hour", function()
  scene.giver:answer_always(keys { Code = false, SecurityToken = false, Expiration = false })
  scene.service:set { verify = false }
  local client = scene.client()
  assert(client:get_task("cri-1", "rst-1"))
  assert(client:get_task("cri-1", "rst-1"))
  assert.equal(1, #scene.giver:requests())
  assert.is_true(math.abs(client.source.advisory - core.now() - 900) < 5)
  scene.service:set { verify = true }
end)

it("has its own limit, whatever the service's responses may have", function()
  scene.giver:answer(keys())
  local _, err = scene.client { max_response_size = 50 }:get_task("cri-1", "rst-1")
  assert.equal(1, #scene.service:requests())
  assert.truthy(err.message:find("more than max_response_size (50 bytes)", 1, true), err.message)
end)

local bad = {
  { keys { Code = "Failed" }, "a Code other than Success" },
  { keys { AccessKeySecret = false }, "no access_key_secret" },
  { keys { AccessKeyId = false }, "no access_key_id" }, { keys { Expiration = false }, "both or neither" },
  { keys { SecurityToken = false }, "both or neither" }, { keys { Expiration = "tomorrow" }, "expiration should be" },
  { keys { SecurityToken = 5 }, "security_token should be a string" },
  { { body = '["SecretThatWasGiven/+="]', verify = false }, "no JSON object" },
  { { body = '{"AccessKeySecret":"SecretThatWasGiven/+=",}', verify = false }, "not JSON" },
  { { body = "", verify = false }, "not JSON" }, { status(404), "HTTP 404" }, { status(302), "HTTP 302" },
  { { huge = 70000, verify = false }, "the response is too large" },
}
for i, case in ipairs(bad) do
  it("is refused when the response is not what it should be, case " .. i, function()
    scene.giver:answer(case[1])
    local message = scene.problem()
    assert.truthy(message:find("ALIBABA_CLOUD_CREDENTIALS_URI: ", 1, true), message)
    assert.truthy(message:find(case[2], 1, true), message)
    assert.is_nil(message:find("TheKeyInTheUrl", 1, true))
    assert.equal(1, #scene.giver:requests())
  end)
end

it("is asked a second time after a fault, not a third", function()
  scene.giver:answer(status(503), keys())
  assert(scene.get())
  scene.giver:answer(status(503), status(503), keys())
  local _, err = scene.problem()
  assert.is_true(err.retryable, err.message)
  assert.equal(4, #scene.giver:requests())
  assert.equal(scene.giver.host, err.endpoint)
end)

it("is never asked through a proxy where it is near", function()
  scene.giver:answer(keys())
  scene.service:set { verify = false }
  local task = scene.get { proxy = "http://127.0.0.1:1" } -- the call itself goes through it, to nowhere
  assert.is_nil(task)
  assert.equal(1, #scene.giver:requests())
  scene.service:set { verify = true }
end)

it("may be plain http on this machine and its link only", function()
  for _, near in ipairs { "http://127.0.0.1/x", "http://127.3.4.5:1", "http://localhost:8080/", "http://[::1]:1/",
    "http://169.254.170.2/v2", "http://100.100.100.200/", "http://[fe80::1]/", "https://anywhere.example/x?y",
    "HTTPS://h" } do
    assert.is_nil(http.problem(near), near)
  end
  for _, far in ipairs { "http://10.0.0.1/", "http://example.com/", "http://127.0.0.1.example.com/",
    "http://localhost.example/", "http://127.0.0.1@example.com/", "http://example.com#@127.0.0.1/",
    "http://[::1].example/", "http://[2001:db8::1]/", "http://1270.0.0.1/", "http://127.999.1.1/",
    "http://169.254.0.256/", "http://127.1/", "http://example.com?127.0.0.1" } do
    assert.equal("keys are fetched over http from this machine or its link only; use https", http.problem(far), far)
  end
  for _, wrong in ipairs { "file:///etc/passwd", "ftp://h/", "127.0.0.1", "http:///x", "http://h/\r\nX: 1", "" } do
    assert.equal("it is no http or https URL", http.problem(wrong), wrong)
  end
end)

it("of the wrong sort is not asked, and not repeated", function()
  surroundings.variables.ALIBABA_CLOUD_CREDENTIALS_URI = "http://user:TheKeyInTheUrl@keys.example/"
  local message = scene.problem()
  assert.truthy(message:find("use https", 1, true))
  assert.is_nil(message:find("TheKeyInTheUrl", 1, true))
end)
