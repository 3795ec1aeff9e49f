-- When keys are asked for, once for all, how long they are used, and what a source that fails says.

local at_most = require "spec.support.at_most"
local chain = require "crsync.credentials.chain"
local core = require "crsync.core"
local refresh = require "crsync.credentials.refresh"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local surroundings = require "spec.support.surroundings"

before_each(surroundings.enter)
after_each(surroundings.leave)

local calls, answer

local function ask()
  calls = calls + 1
  return answer()
end

-- As much of a client as credentials/refresh.lua needs.
local function client_with(options)
  return { core = core.new { endpoint = "https://h" }, source = assert(chain.find(options or { credentials = ask })) }
end

local function ensure(client, refused) return refresh.ensure(client, core.now() + 10, refused) end

local function key(changes)
  local keys = { access_key_id = "id", access_key_secret = "the-secret" }
  for k, v in pairs(changes or {}) do keys[k] = v end
  return function() return keys end
end

local function expiring(seconds)
  return function() return key({ expiration = os.time() + seconds })() end
end

before_each(function() calls = 0 end)

describe("a function", function()
  it("is asked once while its keys hold, and again when they were refused", function()
    answer = key()
    local client = client_with()
    assert.is_nil(ensure(client))
    assert.is_nil(ensure(client))
    assert.equal(1, calls)
    assert.is_nil(ensure(client, client.source.generation))
    assert.equal(2, calls)
    assert.is_nil(ensure(client, 1)) -- those keys have been replaced already
    assert.equal(2, calls)
  end)

  it("is asked again by the call after one whose key was refused, and not again while new keys are, too", function()
    answer = key()
    local client = client_with()
    ensure(client)
    for _, code in ipairs { "NoPrivilege", "Forbidden.RAM", "SYNC_TASK_NOT_EXIST" } do
      refresh.note_refusal(client.source, 1, { kind = "auth", code = code })
    end
    refresh.note_refusal(client.source, 1, { kind = "client", code = "InvalidAccessKeyId.NotFound" })
    refresh.note_refusal(client.source, 1, { kind = "auth" })
    ensure(client)
    assert.equal(1, calls)
    for _, code in ipairs { "InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive", "SignatureDoesNotMatch",
      "InvalidSecurityToken.Malformed", "MissingSecurityToken", "Forbidden.AccessKeyDisabled" } do
      local source = client.source
      local before, generation = calls, source.generation
      source.patient_until = nil
      refresh.note_refusal(source, generation, { kind = "auth", code = code })
      ensure(client)
      ensure(client)
      assert.equal(before + 1, calls, code)
      refresh.note_refusal(source, source.generation, { kind = "auth", code = code }) -- the new ones, too
      ensure(client)
      assert.equal(before + 1, calls, code)
      assert.is_true(source.patient_until > core.now() + 29)
    end
  end)

  it("is asked again when its keys have expired, and each time when it gives expired ones", function()
    for life, expected in pairs { [3600] = 1, [900] = 1, [-1] = 2 } do
      calls, answer = 0, expiring(life)
      local client = client_with()
      ensure(client)
      ensure(client)
      assert.equal(expected, calls, life)
    end
  end)

  it("may tell the expiration as text, in UTC, with or without a fraction", function()
    for _, form in ipairs { "!%Y-%m-%dT%H:%M:%SZ", "!%Y-%m-%dT%H:%M:%S.250Z" } do
      answer = function() return key({ expiration = os.date(form, os.time() + 7200) })() end
      local client = client_with()
      assert.is_nil(ensure(client))
      assert.is_true(math.abs(client.source.ends - core.now() - 7200) < 3)
    end
  end)

  local bad = {
    { function() return nil, "vault is sealed" end, "vault is sealed" }, { function() end, "returned nothing" },
    { function() return "the-secret" end, "returned a string" }, { function() return {} end, "no access_key_id" },
    { key { access_key_secret = " " }, "no access_key_secret" }, { key { security_token = 5 }, "security_token" },
    { key { expiration = "soon" }, "expiration" }, { key { access_key_id = "a\nb" }, "a character that no key has" },
    { key { expiration = "2026-01-02T03:04:05" }, "a date with a time zone" },
  }
  for i, case in ipairs(bad) do
    it("that fails is named, case " .. i, function()
      answer = case[1]
      local err = ensure(client_with())
      assert.equal("credentials", err.kind)
      assert.truthy(err.message:find("option credentials: ", 1, true))
      assert.truthy(err.message:find(case[2], 1, true), err.message)
      assert.is_nil(tostring(err):find("the-secret", 1, true))
    end)
  end

  it("that raises passes its error on unchanged, and is asked again", function()
    local mine = { 7 }
    answer = function() error(mine) end
    local client = client_with()
    local ok, e = pcall(ensure, client)
    assert.is_false(ok)
    assert.equal(mine, e)
    answer = key()
    assert.is_nil(ensure(client))
    assert.equal(2, calls)
  end)
end)

describe("a life", function()
  -- seconds of it, and how long before its end it is time to ask, and high time
  for life, windows in pairs { [21600] = { 900, 180 }, [3600] = { 900, 180 }, [900] = { 300, 150 },
    [60] = { 20, 10 } } do
    it(("of %d s is looked after %d s and %d s before its end"):format(life, windows[1], windows[2]), function()
      answer = expiring(life)
      local client = client_with()
      ensure(client)
      local source = client.source
      assert.is_true(math.abs(source.ends - source.advisory - windows[1]) < 1.5)
      assert.is_true(math.abs(source.ends - source.mandatory - windows[2]) < 1.5)
    end)
  end

  it("of 900 s is no reason to ask at every call", function()
    answer = expiring(900)
    local client = client_with()
    for _ = 1, 5 do ensure(client) end
    assert.equal(1, calls)
  end)

  local function failing_near_its_end(client, left)
    ensure(client)
    local source, now = client.source, core.now()
    source.ends, source.advisory = now + left, now - 1
    source.mandatory = left > 200 and now + 100 or now - 1
    answer = function() return nil, "vault is sealed" end
  end

  it("near its end goes on when there are no new keys, and some time passes until they are asked for again", function()
    answer = expiring(3600)
    local client = client_with()
    failing_near_its_end(client, 800)
    for _ = 1, 3 do assert.is_nil(ensure(client)) end
    assert.equal(2, calls)
    local pause = client.source.advisory - core.now()
    assert.is_true(pause > 29 and pause <= 60)
  end)

  it("nearer to its end still goes on, asking each time, and in the last seconds is an error", function()
    answer = expiring(3600)
    local client = client_with()
    failing_near_its_end(client, 100)
    for _ = 1, 3 do assert.is_nil(ensure(client)) end
    assert.equal(4, calls)
    client.source.ends = core.now() + 20
    assert.truthy(ensure(client).message:find("vault is sealed", 1, true))
  end)
end)

-- ---- over sockets -----------------------------------------------------------------------------------------------

describe("a source elsewhere", function()
  local service, giver
  local KEYS = { access_key_id = "STS.NTgiven", access_key_secret = "SecretThatIsGiven", security_token = "TokenGiven" }

  lazy_setup(function() service, giver = endpoint.start { keys = { KEYS } }, endpoint.start() end)
  lazy_teardown(function()
    service:stop()
    giver:stop()
  end)

  local function given(changes)
    local body = { Code = "Success", AccessKeyId = KEYS.access_key_id, AccessKeySecret = KEYS.access_key_secret,
      SecurityToken = KEYS.security_token, Expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600) }
    local spec = { body = body, verify = false }
    for name, value in pairs(changes or {}) do spec[name] = value end
    return spec
  end

  before_each(function()
    service:reset()
    giver:reset()
    surroundings.variables.ALIBABA_CLOUD_CREDENTIALS_URI = giver.url .. "/keys"
  end)

  local function new(options)
    local all = { endpoint = service.url, proxy = "", retry = { base_delay = 0.01, max_delay = 0.02 } }
    for name, value in pairs(options or {}) do all[name] = value end
    return assert(crsync.new(all))
  end

  local function ids(n)
    local list = {}
    for i = 1, n do list[i] = "rst-" .. i end
    return list
  end

  it("is asked once for all concurrent calls", function()
    giver:answer_always(given { delay = 0.2 })
    local tasks, errors = new():get_tasks("cri-1", ids(20))
    assert.is_nil(next(errors))
    assert.truthy(tasks["rst-20"])
    assert.equal(1, #giver:requests())
  end)

  it("that fails fails for all who wait for it, by one request", function()
    giver:answer_always { status = 404, body = "", verify = false, delay = 0.2 }
    local _, errors = new():get_tasks("cri-1", ids(10), { concurrency = 10 })
    for i = 1, 10 do assert.equal("credentials", errors["rst-" .. i].kind) end
    assert.equal(1, #giver:requests())
    assert.equal(0, #service:requests())
  end)

  it("is asked again, once for all, when the service says that the token has expired", function()
    giver:answer_always(given())
    local client = new()
    assert(client:get_task("cri-1", "rst-0"))
    for i = 1, 5 do service:answer_for("rst-" .. i, "err.400.InvalidSecurityToken.Expired", "ok.GetRepoSyncTask") end
    local _, errors = client:get_tasks("cri-1", ids(5))
    assert.is_nil(next(errors))
    assert.equal(2, #giver:requests())
    service:answer_always "err.400.InvalidSecurityToken.Expired"
    local _, err = client:get_task("cri-1", "rst-9")
    assert.equal("auth", err.kind)
    assert.equal(3, #giver:requests())
  end)

  it("that is slow is cut by the call's deadline, not later", function()
    giver:answer_always { hang = true, verify = false }
    local started = core.now()
    local _, err = new({ deadline = 0.3 }):get_task("cri-1", "rst-1")
    assert.equal("timeout", err.kind)
    assert.truthy(err.message:find("ALIBABA_CLOUD_CREDENTIALS_URI", 1, true), err.message)
    assert.is_true(core.now() - started < at_most(0.6))
  end)

  it("is left alone when its keys still hold, though one look for new ones fails", function()
    giver:answer(given(), { status = 500, body = "", verify = false }, { status = 500, body = "", verify = false })
    local client = new()
    assert(client:get_task("cri-1", "rst-1"))
    client.source.advisory = core.now() - 1
    assert(client:get_task("cri-1", "rst-2"))
    assert(client:get_task("cri-1", "rst-3"))
    assert.equal(3, #giver:requests()) -- of the one look, tried twice
  end)

  it("that has answered with expired keys is not asked at every call", function()
    local expired = given()
    expired.body.Expiration = "2020-01-02T03:04:05Z"
    giver:answer_always(expired)
    local client = new()
    for i = 1, 3 do assert(client:get_task("cri-1", "rst-" .. i)) end
    assert.equal(1, #giver:requests())
  end)

  it("goes by the clock of who has answered", function()
    giver:set { clock_offset = -1200 }
    local answered = given()
    answered.body.Expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 1200 + 600)
    giver:answer_always(answered)
    local client = new()
    assert(client:get_task("cri-1", "rst-1"))
    giver:set { clock_offset = 0 }
    assert.is_true(math.abs(client.source.ends - core.now() - 600) < 5)
  end)

  it("that nobody had named at first is found once it is", function()
    surroundings.variables.ALIBABA_CLOUD_CREDENTIALS_URI = nil
    local client = new()
    local _, err = client:get_task("cri-1", "rst-1")
    assert.equal("credentials", err.kind)
    surroundings.variables.ALIBABA_CLOUD_ACCESS_KEY_ID = KEYS.access_key_id
    surroundings.variables.ALIBABA_CLOUD_ACCESS_KEY_SECRET = KEYS.access_key_secret
    surroundings.variables.ALIBABA_CLOUD_SECURITY_TOKEN = KEYS.security_token
    assert(client:get_task("cri-1", "rst-1"))
    assert.truthy(client:get_task("cri-1", "rst-2"))
  end)

  it("can be asked through the host's own transport", function()
    giver:answer_always(given())
    local asked = {}
    local function transport(request)
      asked[#asked + 1] = request.url:gsub("%?.*", "")
      if request.url:find(giver.url, 1, true) then
        return 200, {}, require "cjson".encode(given().body)
      end
      return 200, {}, '{"IsSuccess":true,"Code":"success","TaskStatus":"SUCCESS"}'
    end
    local task = assert(new({ transport = transport }):get_task("cri-1", "rst-1"))
    assert.equal("SUCCESS", task.TaskStatus)
    assert.same({ giver.url .. "/keys", service.url .. "/" }, asked)
  end)
end)
