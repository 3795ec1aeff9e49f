-- Keys from the metadata service of an ECS instance, played over a real socket.

local at_most = require "spec.support.at_most"
local compat = require "crsync.util.compat"
local child = require "spec.support.child"
local core = require "crsync.core"
local key_giver = require "spec.support.key_giver"
local surroundings = require "spec.support.surroundings"

local scene = key_giver.scene()
lazy_setup(scene.start)
lazy_teardown(scene.stop)
before_each(scene.enter)
after_each(scene.leave)

local keys, plain, status = key_giver.keys, key_giver.plain, key_giver.status
local TOKEN, LIST, ROLE = "/latest/api/token", "/latest/meta-data/ram/security-credentials/", "crsync-ecs"
local HTML = { status = 404, content_type = "text/html", verify = false,
  body = "<html><title>404</title><body>The requested URL SecretThatWasGiven/+= was not found</body></html>" }

local function set(variables)
  for name, value in pairs(variables) do surroundings.variables[name] = value end
end

before_each(function()
  set { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "", CRSYNC_METADATA_ENDPOINT = scene.giver.url .. "/" }
end)

describe("the keys of an instance's role", function()
  it("are asked for with a session token", function()
    scene.giver:answer(plain "TOKEN==\n", plain(ROLE .. "\n"), keys())
    assert(scene.get())
    assert.same({ "PUT " .. TOKEN, "GET " .. LIST, "GET " .. LIST .. ROLE }, scene.paths())
    local requests = scene.giver:requests()
    assert.equal("21600", requests[1].headers["x-aliyun-ecs-metadata-token-ttl-seconds"])
    assert.equal("0", requests[1].headers["content-length"])
    assert.is_nil(requests[1].headers["x-aliyun-ecs-metadata-token"])
    for i = 2, 3 do assert.equal("TOKEN==", requests[i].headers["x-aliyun-ecs-metadata-token"]) end
    assert.is_true(scene.service:requests()[1].verified)
  end)

  it("are asked for by the role's name where it is known, and the token is kept", function()
    set { ALIBABA_CLOUD_ECS_METADATA = ROLE }
    scene.giver:answer(plain "TOKEN", keys(), keys())
    local client = scene.client()
    assert(client:get_task("cri-1", "rst-1"))
    client.source.advisory = core.now() - 1
    assert(client:get_task("cri-1", "rst-1"))
    assert.same({ "PUT " .. TOKEN, "GET " .. LIST .. ROLE, "GET " .. LIST .. ROLE }, scene.paths())
  end)

  for _, code in ipairs { 403, 404, 405 } do
    it(("are asked for without a token where the service answers %d to that"):format(code), function()
      scene.giver:answer(status(code), plain(ROLE), keys())
      assert(scene.get())
      assert.is_nil(scene.giver:requests()[2].headers["x-aliyun-ecs-metadata-token"])
    end)
  end

  it("are asked for without a token where the service has been silent about that", function()
    scene.giver:answer({ hang = true, verify = false }, plain(ROLE), keys())
    assert(scene.get())
    assert.equal(3, #scene.giver:requests())
  end)

  it("never are where ALIBABA_CLOUD_IMDSV1_DISABLED forbids it", function()
    set { ALIBABA_CLOUD_IMDSV1_DISABLED = "True" }
    scene.giver:answer(status(404))
    assert.truthy(scene.problem():find("ALIBABA_CLOUD_IMDSV1_DISABLED", 1, true))
    assert.same({ "PUT " .. TOKEN }, scene.paths())
  end)

  it("are not asked for where the token is refused for good, nor without one later on", function()
    scene.giver:answer(status(400))
    assert.truthy(scene.problem():find("refused a token with HTTP 400", 1, true))
    scene.giver:answer(plain "TOKEN", status(403), plain "TOKEN2", status(403))
    assert.truthy(scene.problem():find("HTTP 403", 1, true))
    local requests = scene.giver:requests()
    assert.equal(5, #requests)
    assert.equal("TOKEN2", requests[5].headers["x-aliyun-ecs-metadata-token"])
  end)

  it("are asked for with a fresh token when the kept one is refused", function()
    scene.giver:answer(plain "TOKEN", plain(ROLE), status(401), plain "TOKEN2", keys())
    assert(scene.get())
    assert.equal("TOKEN2", scene.giver:requests()[5].headers["x-aliyun-ecs-metadata-token"])
  end)

  it("are asked for once more after a fault, and no more", function()
    scene.giver:answer(plain "TOKEN", status(500), plain(ROLE), keys())
    assert(scene.get())
    scene.giver:answer(plain "TOKEN", status(500), plain(ROLE), status(500))
    assert.truthy(scene.problem():find("HTTP 500", 1, true))
    assert.equal(8, #scene.giver:requests())
  end)

  it("go through no proxy, whatever the environment says", function()
    scene.giver:answer(plain "TOKEN", plain(ROLE), keys())
    local script = ([[local task, err = require "crsync".new { endpoint = %q }:get_task("cri-1", "rst-1")
      print(task and task.TaskStatus or err.kind)]]):format(scene.service.url)
    local output = child.run(script, ("env -u ALIBABA_CLOUD_ECS_METADATA_DISABLED CRSYNC_METADATA_ENDPOINT=%s "
      .. "http_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1"):format(
      scene.giver.url))
    assert.equal("network\n", output) -- the call itself went to the proxy; the keys had come before it
    assert.equal(3, #scene.giver:requests())
  end)
end)

describe("without such keys", function()
  local cases = {
    { { plain "TOKEN", status(404) }, "no RAM role is attached to this instance" },
    { { plain "TOKEN", plain "<html>not a role</html>" }, "no proper role name" },
    { { plain "TOKEN", plain "" }, "no proper role name" },
    { { plain "TOKEN", plain(ROLE), HTML }, "knows no role crsync-ecs" },
    { { plain "TOKEN", plain(ROLE), keys { Code = "Failed" } }, "no Code Success" },
    { { plain "TOKEN", plain(ROLE), keys { Code = false } }, "no Code Success" },
    { { plain "TOKEN", plain(ROLE), keys { Expiration = false } }, "lacks SecurityToken or Expiration" },
    { { plain "TOKEN", plain(ROLE), keys { SecurityToken = false } }, "lacks SecurityToken or Expiration" },
    { { plain "TOKEN", plain(ROLE), keys { Expiration = "2026-13-40" } }, "expiration should be" },
    { { plain "TOKEN", plain(ROLE), plain '{"AccessKeySecret":"SecretThatWasGiven/+="' }, "is not JSON" },
    { { plain "a\1b" }, "token is malformed" },
  }
  for i, case in ipairs(cases) do
    it("the error says what is wrong and where else keys were looked for, case " .. i, function()
      scene.giver:answer(compat.unpack(case[1]))
      local message = scene.problem()
      assert.truthy(message:find(case[2], 1, true), message)
      assert.truthy(message:find("no access key was found; looked for: ", 1, true))
      assert.truthy(message:find("ECS metadata (", 1, true))
    end)
  end

  it("nobody waits long where there is no such service", function()
    set { CRSYNC_METADATA_ENDPOINT = "http://127.0.0.1:1" }
    local started = core.now()
    local message, err = scene.problem()
    assert.truthy(message:find("this is no ECS instance, or the service is switched off", 1, true))
    assert.is_true(err.retryable)
    assert.is_true(core.now() - started < at_most(0.5))
    scene.giver:answer({ hang = true, verify = false }, { hang = true, verify = false })
    set { CRSYNC_METADATA_ENDPOINT = scene.giver.url }
    started = core.now()
    scene.problem()
    assert.is_true(core.now() - started < at_most(4))
  end)

  it("a named role of the wrong form is not asked for", function()
    set { ALIBABA_CLOUD_ECS_METADATA = "../../x" }
    assert.truthy(scene.problem():find("no such characters", 1, true))
    assert.same({}, scene.paths())
  end)

  it("the credentials URI is asked, where there is one", function()
    set { ALIBABA_CLOUD_ECS_METADATA = ROLE, ALIBABA_CLOUD_CREDENTIALS_URI = scene.giver.url .. "/keys" }
    scene.giver:answer(plain "TOKEN", status(404), keys())
    assert(scene.get())
    assert.same({ "PUT " .. TOKEN, "GET " .. LIST .. ROLE, "GET /keys" }, scene.paths())
  end)

  it("a profile of mode EcsRamRole fails by its name", function()
    surroundings.write_profiles { name = "ecs", mode = "EcsRamRole", ram_role_name = ROLE }
    scene.giver:answer(plain "TOKEN", HTML)
    local message = scene.problem()
    assert.equal(("profile ecs in %s: the metadata service knows no role crsync-ecs"):format(
      surroundings.path ".aliyun/config.json"), message)
  end)
end)

it("keys that have expired already are used, with a pause until the next look", function()
  scene.giver:answer(plain "TOKEN", plain(ROLE), keys { Expiration = "2020-01-02T03:04:05Z" })
  local client = scene.client()
  for _ = 1, 3 do assert(client:get_task("cri-1", "rst-1")) end
  assert.equal(3, #scene.giver:requests())
  local pause = client.source.advisory - core.now()
  assert.is_true(pause > 50 and pause < 100)
end)

it("keys go on being used while the service is down", function()
  scene.giver:answer(plain "TOKEN", plain(ROLE), keys())
  local client = scene.client()
  assert(client:get_task("cri-1", "rst-1"))
  client.source.advisory = core.now() - 1
  scene.giver:answer(status(500), status(500))
  assert(client:get_task("cri-1", "rst-1"))
  assert(client:get_task("cri-1", "rst-1"))
  assert.equal(5, #scene.giver:requests())
end)
