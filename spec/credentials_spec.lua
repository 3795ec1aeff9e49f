-- Where keys come from. No network, and no key in any error.

local core = require "crsync.core"
local credentials = require "crsync.credentials"

local ID, SECRET, TOKEN =
  "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"

local environment, real_getenv = {}, os.getenv
before_each(function()
  environment = {}
  os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
end)
after_each(function() os.getenv = real_getenv end) -- luacheck: ignore 122

local function engine() return core.new { endpoint = "https://h" } end

describe("static keys", function()
  it("come from options before the environment", function()
    environment = { [ID] = "env-id", [SECRET] = "env-secret", [TOKEN] = "env-token" }
    local source, keys = credentials.find { access_key_id = " id\n", access_key_secret = "\tsecret\r\n" }
    assert.equal("options", source.name)
    assert.same({ access_key_id = "id", access_key_secret = "secret" }, keys)
    source, keys = credentials.find {}
    assert.equal("environment", source.name)
    assert.same({ access_key_id = "env-id", access_key_secret = "env-secret", security_token = "env-token" }, keys)
  end)

  it("are not kept in the source", function()
    local source = credentials.find { access_key_id = "id", access_key_secret = "secret", security_token = "token" }
    assert.same({ name = "options" }, source)
  end)

  local halves = {
    { {}, { [ID] = "the-id" }, SECRET .. " is not" }, { {}, { [SECRET] = "the-secret" }, ID .. " is not" },
    { {}, { [ID] = "the-id", [SECRET] = "  " }, SECRET .. " is not" },
    { { access_key_id = "the-id" }, {}, "access_key_secret is missing" },
    { { access_key_secret = "the-secret" }, {}, "access_key_id is missing" },
    { { access_key_id = "", access_key_secret = "the-secret" }, {}, "access_key_id is missing" },
    { { security_token = "the-secret" }, {}, "access_key_id is missing" },
    { { access_key_id = "the-id", access_key_secret = "the-secret", credentials = print }, {}, "contradict" },
  }
  for i, case in ipairs(halves) do
    it("that are half set are a config error, case " .. i, function()
      environment = case[2]
      local source, err = credentials.find(case[1])
      assert.is_nil(source)
      assert.equal("config", err.kind)
      assert.truthy(err.message:find(case[3], 1, true), err.message)
      assert.is_nil(tostring(err):find("the-secret", 1, true))
    end)
  end

  it("that are nowhere are a credentials error that lists where it looked", function()
    local source = credentials.find {}
    local err = credentials.ensure(source, engine())
    assert.equal("credentials", err.kind)
    for _, name in ipairs { "access_key_id", "credentials", ID, SECRET } do
      assert.truthy(err.message:find(name, 1, true))
    end
  end)
end)

describe("a function", function()
  local calls, answer
  local function ask()
    calls = calls + 1
    return answer()
  end
  local function source() return (credentials.find { credentials = ask }) end
  before_each(function() calls = 0 end)

  it("is asked once while its keys hold, and again when told to", function()
    answer = function() return { access_key_id = "id", access_key_secret = "secret" } end
    local s, e = source(), engine()
    assert.is_nil(credentials.ensure(s, e))
    assert.is_nil(credentials.ensure(s, e))
    assert.equal(1, calls)
    assert.is_nil(credentials.ensure(s, e, true))
    assert.equal(2, calls)
  end)

  it("is asked again shortly before they expire", function()
    local seconds
    answer = function()
      return { access_key_id = "id", access_key_secret = "secret", expiration = os.time() + seconds }
    end
    for life, expected in pairs { [3600] = 1, [100] = 2, [-1] = 2 } do
      calls, seconds = 0, life
      local s, e = source(), engine()
      credentials.ensure(s, e)
      credentials.ensure(s, e)
      assert.equal(expected, calls, life)
    end
  end)

  it("may tell the expiration as text, in UTC", function()
    for offset, expected in pairs { [3600] = 1, [60] = 2 } do
      calls = 0
      answer = function()
        return { access_key_id = "id", access_key_secret = "secret",
          expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + offset) }
      end
      local s, e = source(), engine()
      credentials.ensure(s, e)
      credentials.ensure(s, e)
      assert.equal(expected, calls, offset)
    end
  end)

  local function key(changes)
    local keys = { access_key_id = "id", access_key_secret = "the-secret" }
    for k, v in pairs(changes) do keys[k] = v end
    return function() return keys end
  end
  local bad = {
    { function() return nil, "vault is sealed" end, "vault is sealed" }, { function() end, "returned nothing" },
    { function() return "the-secret" end, "returned a string" }, { function() return {} end, "no access_key_id" },
    { key { access_key_secret = " " }, "no access_key_secret" }, { key { security_token = 5 }, "security_token" },
    { key { expiration = "soon" }, "expiration" }, { key { access_key_id = "a\nb" }, "a character that no key has" },
  }
  for i, case in ipairs(bad) do
    it("that fails is named, case " .. i, function()
      answer = case[1]
      local err = credentials.ensure(source(), engine())
      assert.equal("credentials", err.kind)
      assert.truthy(err.message:find("option credentials: ", 1, true))
      assert.truthy(err.message:find(case[2], 1, true), err.message)
      assert.is_nil(tostring(err):find("the-secret", 1, true))
    end)
  end

  it("that raises passes its error on unchanged", function()
    local mine = { 7 }
    answer = function() error(mine) end
    local ok, e = pcall(credentials.ensure, source(), engine())
    assert.is_false(ok)
    assert.equal(mine, e)
  end)
end)
