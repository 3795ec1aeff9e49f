-- Which source of keys is found, and what a wrong one says.

local chain = require "crsync.credentials.chain"
local crsync = require "crsync"
local surroundings = require "spec.support.surroundings"

local ID, SECRET, TOKEN =
  "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"

before_each(surroundings.enter)
after_each(surroundings.leave)

local function set(variables)
  for name, value in pairs(variables) do surroundings.variables[name] = value end
end

local function name_of(options) return (assert(chain.find(options or {}))).name end

local function problem(options)
  local source, err = chain.find(options or {})
  assert.is_nil(source)
  assert.equal("config", err.kind)
  assert.is_nil(tostring(err):find("the-secret", 1, true))
  return err.message
end

describe("keys in options", function()
  it("come before the environment, and are trimmed", function()
    set { [ID] = "env-id", [SECRET] = "env-secret", [TOKEN] = "env-token" }
    local source, keys = chain.find { access_key_id = " id\n", access_key_secret = "\tsecret\r\n" }
    assert.equal("options", source.name)
    assert.same({ access_key_id = "id", access_key_secret = "secret" }, keys)
  end)

  it("may be a table under credentials", function()
    local source, keys = chain.find { credentials = { access_key_id = "id", access_key_secret = "s",
      security_token = "t" } }
    assert.equal("option credentials", source.name)
    assert.same({ access_key_id = "id", access_key_secret = "s", security_token = "t" }, keys)
    assert.truthy(problem({ credentials = { access_key_id = "id" } }):find("no access_key_secret", 1, true))
  end)

  it("are not kept in the source", function()
    local source = chain.find { access_key_id = "id", access_key_secret = "secret", security_token = "token" }
    assert.same({ name = "options", generation = 0, key_id = "****" }, source)
  end)

  local halves = {
    { { access_key_id = "the-id" }, "access_key_secret is missing" },
    { { access_key_secret = "the-secret" }, "access_key_id is missing" },
    { { access_key_id = "", access_key_secret = "the-secret" }, "access_key_id is missing" },
    { { security_token = "the-secret" }, "access_key_id is missing" },
    { { access_key_id = "the-id", access_key_secret = "the-secret", credentials = print }, "contradict" },
  }
  for i, case in ipairs(halves) do
    it("that are half set are a config error, case " .. i, function()
      assert.truthy(problem(case[1]):find(case[2], 1, true))
    end)
  end
end)

describe("keys in the environment", function()
  local families = {
    { ID, SECRET, TOKEN },
    { "ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_SECURITY_TOKEN" },
    { "ALICLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECURITY_TOKEN" },
    { "ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN" },
  }
  for _, family in ipairs(families) do
    it("may be called " .. family[1], function()
      set { [family[1]] = "id\r", [family[2]] = " secret\n", [family[3]] = "token" }
      local source, keys = chain.find {}
      assert.equal("environment (" .. family[1] .. ")", source.name)
      assert.same({ access_key_id = "id", access_key_secret = "secret", security_token = "token" }, keys)
    end)
  end

  it("are of one family, never of two", function()
    set { [ID] = "id", [SECRET] = "secret", ALIBABACLOUD_SECURITY_TOKEN = "another's",
      ALICLOUD_SECURITY_TOKEN = "another's" }
    assert.is_nil(select(2, chain.find {}).security_token)
    set { [SECRET] = "" }
    set { ALICLOUD_ACCESS_KEY = "id2", ALICLOUD_SECRET_KEY = "secret2" }
    assert.truthy(problem():find(SECRET .. " is not", 1, true))
  end)

  local halves = {
    { { [ID] = "the-id" }, ID .. " is set and " .. SECRET .. " is not" },
    { { [SECRET] = "the-secret" }, SECRET .. " is set and " .. ID .. " is not" },
    { { [ID] = "the-id", [SECRET] = "  " }, SECRET .. " is not" },
    { { ALICLOUD_SECRET_KEY = "the-secret" }, "ALICLOUD_ACCESS_KEY is not" },
    { { [TOKEN] = "the-secret", ALICLOUD_ACCESS_KEY = "i", ALICLOUD_SECRET_KEY = "s" }, TOKEN .. " is set and " .. ID },
    { { ALICLOUD_SECURITY_TOKEN = "the-secret" }, "ALICLOUD_SECURITY_TOKEN is set and ALICLOUD_ACCESS_KEY is not" },
    { { ALIBABA_CLOUD_ROLE_ARN = "acs:ram::1:role/r" }, "a pod's role needs all three" },
    { { ALIBABA_CLOUD_OIDC_TOKEN_FILE = "/t", ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "p" },
      "ALIBABA_CLOUD_ROLE_ARN is not" },
  }
  for i, case in ipairs(halves) do
    it("that are half set are a config error, case " .. i, function()
      set(case[1])
      assert.truthy(problem():find(case[2], 1, true))
    end)
  end

  it("do not count beside a profile that is asked for", function()
    set { [ID] = "id", [SECRET] = "secret" }
    local path = surroundings.write_profiles { name = "ci", mode = "AK", access_key_id = "i", access_key_secret = "s" }
    assert.equal("environment (" .. ID .. ")", name_of())
    assert.equal("profile ci in " .. path, name_of { profile = "ci" })
  end)
end)

describe("the order", function()
  local function everything()
    set {
      ALIBABA_CLOUD_ROLE_ARN = "acs:ram::1:role/r", ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "p",
      ALIBABA_CLOUD_OIDC_TOKEN_FILE = "/t", ALIBABA_CLOUD_CREDENTIALS_URI = "http://127.0.0.1/",
      ALIBABA_CLOUD_ECS_METADATA_DISABLED = "false",
    }
    surroundings.write_profiles { name = "ci", mode = "AK", access_key_id = "i", access_key_secret = "s" }
    surroundings.write(".alibabacloud/credentials",
      "[default]\ntype = access_key\naccess_key_id = i\naccess_key_secret = s\n")
  end

  it("is pod, config.json, ini, credentials URI, metadata", function()
    everything()
    assert.equal("OIDC (ALIBABA_CLOUD_ROLE_ARN)", name_of())
    set { ALIBABA_CLOUD_ROLE_ARN = "", ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "", ALIBABA_CLOUD_OIDC_TOKEN_FILE = "" }
    assert.truthy(name_of():find "^profile ci in .*/%.aliyun/config%.json$")
    set { ALIBABA_CLOUD_CLI_PROFILE_DISABLED = "TRUE" }
    assert.truthy(name_of():find "^profile default in .*/%.alibabacloud/credentials$")
    os.remove(surroundings.path ".alibabacloud/credentials")
    assert.equal("ALIBABA_CLOUD_CREDENTIALS_URI", name_of())
    set { ALIBABA_CLOUD_ECS_METADATA = "role" }
    assert.equal("ECS metadata", name_of())
    set { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" }
    assert.equal("ALIBABA_CLOUD_CREDENTIALS_URI", name_of())
    set { ALIBABA_CLOUD_CREDENTIALS_URI = "" }
    assert.equal("none", name_of())
  end)

  for _, switch in ipairs { "ALIBABA_CLOUD_IGNORE_PROFILE", "ALIBABACLOUD_IGNORE_PROFILE" } do
    it("leaves config.json out when " .. switch .. " is TRUE, and only then", function()
      surroundings.write_profiles { name = "ci", mode = "AK", access_key_id = "i", access_key_secret = "s" }
      set { [switch] = "true" }
      assert.truthy(name_of():find "^profile ci")
      set { [switch] = "TRUE" }
      assert.equal("none", name_of())
    end)
  end
end)

describe("nowhere", function()
  it("is a credentials error that lists where it looked", function()
    local client = assert(crsync.new { endpoint = "http://127.0.0.1:1" })
    local _, err = client:get_task("cri-1", "rst-1")
    assert.equal("credentials", err.kind)
    assert.is_false(err.retryable)
    for _, place in ipairs { "access_key_id", "credentials", "profile", ID, SECRET, "ALIBABA_CLOUD_ROLE_ARN",
      "ALIBABA_CLOUD_CREDENTIALS_URI", surroundings.path ".aliyun/config.json", ".alibabacloud", "ECS metadata" } do
      assert.truthy(err.message:find(place, 1, true), place)
    end
  end)
end)
