-- Profiles of the aliyun CLI's config.json and of the SDKs' ini file: which one applies, and what it comes to.

local child = require "spec.support.child"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local files = require "spec.support.files"
local key_giver = require "spec.support.key_giver"
local surroundings = require "spec.support.surroundings"

local scene = key_giver.scene()
lazy_setup(scene.start)
lazy_teardown(scene.stop)
before_each(scene.enter)
after_each(scene.leave)

local KEYS = key_giver.KEYS
local CONFIG, INI = ".aliyun/config.json", ".alibabacloud/credentials"

local function set(variables)
  for name, value in pairs(variables) do surroundings.variables[name] = value end
end

-- A profile that works.
local function working(changes)
  local fields = { name = "good", mode = "StsToken", access_key_id = KEYS.access_key_id,
    access_key_secret = KEYS.access_key_secret, sts_token = KEYS.security_token }
  for name, value in pairs(changes or {}) do fields[name] = value or nil end
  return fields
end

local function config_error(options)
  local all = { endpoint = scene.service.url }
  for name, value in pairs(options or {}) do all[name] = value end
  local client, err = crsync.new(all)
  assert.is_nil(client)
  assert.equal("config", err.kind)
  assert.is_nil(tostring(err):find(KEYS.access_key_secret, 1, true))
  return err.message
end

local function signs_the_call(options)
  assert(scene.get(options))
  local requests = scene.service:requests()
  return requests[#requests].verified
end

describe("the file", function()
  it("may have tabs, a byte order mark, fields that nobody knows, and is not written", function()
    local text = ('\239\187\191{\n\t"current": "good",\n\t"profiles": [\n\t\t{ "name": "good", "mode": "StsToken",\n'
      .. '\t\t"access_key_id": "%s", "access_key_secret": "%s",\n\t\t"sts_token": "%s", "verified": null, "site": 7,'
      .. '\n\t\t"plugin": {"a": [1, 2]} }\n\t],\n\t"meta_path": ""\n}\n'):format(KEYS.access_key_id,
      KEYS.access_key_secret, KEYS.security_token)
    local path = surroundings.write(CONFIG, text)
    assert.is_true(signs_the_call())
    assert.equal(text, files.read(path))
  end)

  it("may be elsewhere, and is found in the home folder of the user where there is no HOME", function()
    set { ALIBABA_CLOUD_CONFIG_FILE = surroundings.write("elsewhere.json", { current = "", profiles = {
      working { name = "default" } } }) }
    assert.is_true(signs_the_call())
    local output = child.run([[print(require "crsync.credentials.cli_profile".path())]], "env -u HOME")
    assert.truthy(output:find "^/[^%s]+/%.aliyun/config%.json\n$", output)
  end)

  it("that is malformed is told by path, line and column, never by its text", function()
    local texts = {
      ['{"profiles":[\n{"name":"x","access_key_secret":"' .. KEYS.access_key_secret .. '",}\n]}'] =
        "line 2, column %d+$",
      ['{"profiles":[{"access_key_secret":"' .. KEYS.access_key_secret] = "is not JSON: ",
      [KEYS.access_key_secret] = "line 1, column 1$", [""] = "is not JSON: ", ["[]"] = "has no list of profiles",
      null = "has no list of profiles",
      ['"' .. KEYS.access_key_secret .. '"'] = "has no list of profiles", ['{"profiles":"x"}'] = "no list of profiles",
    }
    for text, why in pairs(texts) do
      local path = surroundings.write(CONFIG, text)
      local message = config_error()
      assert.equal(1, (message:find(path, 1, true)))
      assert.truthy(message:find(why), message)
    end
  end)

  it("that is malformed is no matter where the keys are elsewhere", function()
    surroundings.write(CONFIG, "{")
    set { ALIBABA_CLOUD_ACCESS_KEY_ID = KEYS.access_key_id, ALIBABA_CLOUD_ACCESS_KEY_SECRET = KEYS.access_key_secret,
      ALIBABA_CLOUD_SECURITY_TOKEN = KEYS.security_token }
    assert.is_true(signs_the_call())
  end)

  it("that is half written is read once more", function()
    local read, times = core.read_file, 0
    local path = surroundings.write(CONFIG, { current = "good", profiles = { working() } })
    local whole = files.read(path)
    core.read_file = function(name) -- luacheck: ignore 122
      if name ~= path then return read(name) end
      times = times + 1
      return times == 1 and whole:sub(1, #whole - 20) or whole, false
    end
    local ok, problem = pcall(function() assert.is_true(signs_the_call()) end)
    core.read_file = read -- luacheck: ignore 122
    assert(ok, problem)
    assert.is_true(times >= 2)
  end)

  it("that a variable names and that is not there is an error, whatever else might give keys", function()
    set { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "", CRSYNC_METADATA_ENDPOINT = scene.giver.url }
    set { ALIBABA_CLOUD_CONFIG_FILE = "/etc/acr/confg.json" }
    assert.truthy(config_error():find("ALIBABA_CLOUD_CONFIG_FILE: /etc/acr/confg.json cannot be read: No such file", 1,
      true))
    set { ALIBABA_CLOUD_CONFIG_FILE = "", ALIBABA_CLOUD_CREDENTIALS_FILE = "/etc/acr/crdentials" }
    assert.truthy(config_error():find("ALIBABA_CLOUD_CREDENTIALS_FILE: /etc/acr/crdentials cannot be read: No such", 1,
      true))
    for _, name in ipairs { "ALIBABA_CLOUD_PROFILE", "ALIBABACLOUD_PROFILE", "ALICLOUD_PROFILE" } do
      set { ALIBABA_CLOUD_CREDENTIALS_FILE = "", [name] = "production" }
      local message = config_error()
      assert.truthy(message:find(name .. ' asks for profile "production", which is nowhere: ', 1, true), message)
      assert.truthy(message:find(surroundings.path(CONFIG), 1, true), message)
      set { ALIBABA_CLOUD_CLI_PROFILE_DISABLED = "true" }
      assert.truthy(config_error():find('"production", which is nowhere: config.json is left out', 1, true))
      set { [name] = "", ALIBABA_CLOUD_CLI_PROFILE_DISABLED = "" }
    end
    assert.same({}, scene.giver:requests())
  end)

  it("that a variable names and that is not there is no matter where keys and region come from elsewhere", function()
    set { ALIBABA_CLOUD_CONFIG_FILE = "/etc/acr/confg.json", ALIBABA_CLOUD_PROFILE = "production" }
    set { ALIBABA_CLOUD_ACCESS_KEY_ID = KEYS.access_key_id, ALIBABA_CLOUD_ACCESS_KEY_SECRET = KEYS.access_key_secret,
      ALIBABA_CLOUD_SECURITY_TOKEN = KEYS.security_token }
    assert.is_true(signs_the_call())
    local _, err = crsync.new {}
    assert.truthy(err.message:find("no region and no endpoint", 1, true))
    assert.truthy(err.message:find("ALIBABA_CLOUD_CONFIG_FILE: /etc/acr/confg.json cannot be read", 1, true))
  end)

  it("that is no regular file, too large or not to be read is told so, without waiting", function()
    surroundings.write(".aliyun/x", "")
    os.execute(("mkfifo '%s'"):format(surroundings.path(CONFIG)))
    assert.truthy(config_error():find("cannot be read: it is no regular file", 1, true))
    os.remove(surroundings.path(CONFIG))
    surroundings.write(CONFIG, (" "):rep(1024 * 1024 + 1))
    assert.truthy(config_error():find("cannot be read: it is larger than", 1, true))
    set { ALIBABA_CLOUD_CONFIG_FILE = surroundings.path ".aliyun" }
    assert.truthy(config_error():find("cannot be read: it is no regular file", 1, true))
  end)
end)

describe("the profile", function()
  before_each(function()
    surroundings.write_profiles(working(), working { name = "other", access_key_secret = "WrongSecret" },
      { name = "empty", mode = "AK", access_key_id = "", access_key_secret = "" }, working { name = "third" })
  end)

  it("is the option's, the environment's or the current one", function()
    set { ALIBABA_CLOUD_PROFILE = "other" }
    assert.is_true(signs_the_call { profile = "third" })
    local _, err = scene.get()
    assert.equal("auth", err.kind)
    set { ALIBABA_CLOUD_PROFILE = "" }
    for _, name in ipairs { "ALIBABACLOUD_PROFILE", "ALICLOUD_PROFILE" } do
      set { [name] = "third" }
      assert.is_true(signs_the_call())
      set { [name] = "" }
    end
    assert.is_true(signs_the_call())
  end)

  it("that is asked for and not there is an error, and so is an empty one", function()
    assert.truthy(config_error({ profile = "nope" }):find('option profile asks for profile "nope"', 1, true))
    set { ALIBABACLOUD_PROFILE = "neither" }
    assert.truthy(config_error():find('has no profile "neither"', 1, true))
    assert.truthy(scene.problem({ profile = "empty" }):find("access_key_id is missing", 1, true))
  end)

  it("that is empty and merely the current one is none", function()
    surroundings.write_profiles({ name = "default", mode = "AK", access_key_id = "", access_key_secret = "",
      region_id = "eu-west-1" })
    local _, err = scene.get()
    assert.truthy(err.message:find("no access key was found", 1, true))
  end)
end)

describe("a mode", function()
  it("may be written in any letter case, or left out", function()
    surroundings.write_profiles(working { mode = "ststoken" })
    assert.is_true(signs_the_call())
    surroundings.write_profiles(working { mode = false })
    assert.is_true(signs_the_call())
    surroundings.write_profiles(working { mode = "AK" }) -- takes no token along, as the CLI
    local _, err = scene.get()
    assert.equal("auth", err.kind)
  end)

  local unsupported = {
    RsaKeyPair = "use mode AK or RamRoleArn", RamRoleArnWithRoleName = "use mode ChainableRamRoleArn",
    BearerToken = "takes no bearer token", Anonymous = "answers nobody without a key",
    Quantum = "mode Quantum is unknown",
  }
  for mode, why in pairs(unsupported) do
    it(mode .. " is refused by its name, with what to use instead", function()
      surroundings.write_profiles(working { mode = mode })
      local message = scene.problem()
      assert.truthy(message:find("profile good in ", 1, true))
      assert.truthy(message:find(mode, 1, true))
      assert.truthy(message:find(why, 1, true), message)
    end)
  end

  it("StsToken needs its token, and fields of other types are none", function()
    surroundings.write_profiles(working { sts_token = false })
    assert.truthy(scene.problem():find("sts_token is missing", 1, true))
    surroundings.write_profiles { name = "half", access_key_secret = KEYS.access_key_secret }
    assert.truthy(scene.problem():find("neither a mode nor a whole key", 1, true))
    surroundings.write_profiles(working { access_key_secret = { KEYS.access_key_secret } })
    assert.truthy(scene.problem():find("access_key_secret is missing", 1, true))
    surroundings.write_profiles(working { access_key_id = "a\nb" })
    assert.truthy(scene.problem():find("a character that no key has", 1, true))
  end)

  for _, mode in ipairs { "CloudSSO", "OAuth" } do
    it(mode .. " uses what the CLI has got until it expires, and then says how to log in", function()
      surroundings.write_profiles(working { mode = mode, sts_expiration = os.time() + 600,
        cloud_sso_sign_in_url = "https://signin.example", access_token = "x" })
      assert.is_true(signs_the_call())
      for _, changes in ipairs { { sts_expiration = os.time() - 1 }, { sts_expiration = false }, { sts_token = false,
        sts_expiration = os.time() + 600 } } do
        changes.mode = mode
        surroundings.write_profiles(working(changes))
        assert.truthy(scene.problem():find("log in again with `aliyun configure --profile good`", 1, true))
      end
    end)
  end

  it("CredentialsURI asks the URL", function()
    surroundings.write_profiles { name = "uri", mode = "CredentialsURI", credentials_uri = scene.giver.url .. "/keys" }
    scene.giver:answer(key_giver.keys())
    assert.is_true(signs_the_call())
    surroundings.write_profiles { name = "uri", mode = "CredentialsURI", credentials_uri = "http://keys.example/" }
    assert.truthy(scene.problem():find("profile uri in ", 1, true))
  end)
end)

describe("a chain of profiles", function()
  local function link(name, source)
    return { name = name, mode = "ChainableRamRoleArn", source_profile = source,
      ram_role_arn = "acs:ram::1:role/" .. name, sts_endpoint = scene.giver.url }
  end

  local function sts_answer()
    local given = key_giver.keys().body
    return { body = { RequestId = "r", Credentials = given } }
  end

  it("is followed from role to role", function()
    local base = { name = "base", mode = "AK", access_key_id = scene.giver.access_key_id,
      access_key_secret = scene.giver.access_key_secret }
    scene.giver:set { keys = { { access_key_id = scene.giver.access_key_id,
      access_key_secret = scene.giver.access_key_secret }, KEYS } }
    surroundings.write_profiles(link("b", "a"), link("a", "base"), base)
    scene.giver:answer(sts_answer(), sts_answer())
    assert.is_true(signs_the_call())
    local requests = scene.giver:requests()
    assert.same({ "acs:ram::1:role/a", "acs:ram::1:role/b" }, { requests[1].query.RoleArn, requests[2].query.RoleArn })
    assert.truthy(requests[2].headers.authorization:find(KEYS.access_key_id, 1, true))
  end)

  it("that goes in a circle, leads nowhere or has no end is an error", function()
    surroundings.write_profiles(link("a", "b"), link("b", "a"))
    assert.truthy(scene.problem():find("goes in a circle: a is asked for again", 1, true))
    surroundings.write_profiles(link("a", "a"))
    assert.truthy(scene.problem():find("goes in a circle", 1, true))
    surroundings.write_profiles(link("a", "gone"))
    assert.truthy(scene.problem():find('has no profile "gone"', 1, true))
    surroundings.write_profiles(link("a"))
    assert.truthy(scene.problem():find("source_profile is missing", 1, true))
    local links = {}
    for i = 1, 20 do links[i] = link("p" .. i, "p" .. i + 1) end
    surroundings.write_profiles(compat.unpack(links))
    assert.truthy(scene.problem():find("more than 8 profiles", 1, true))
    assert.equal(0, #scene.giver:requests())
  end)
end)

describe("the ini file", function()
  local function ini(text, name)
    return surroundings.write(name or INI, (text:gsub("%$(%w+)", { id = KEYS.access_key_id,
      secret = KEYS.access_key_secret, token = KEYS.security_token })))
  end

  local STS = "type = sts\naccess_key_id = $id\naccess_key_secret=$secret\nsecurity_token =  $token \n"

  it("may have comments, blank lines, CRLF, a byte order mark, and # within a value", function()
    ini("\239\187\191# a comment\r\n\r\n [ default ] \r\n; another\r\n" .. STS:gsub("\n", "\r\n")
      .. "note = a # b ; c\r\n")
    assert.is_true(signs_the_call())
  end)

  for _, name in ipairs { INI, INI .. ".ini" } do
    it("may be " .. name, function()
      ini("[default]\n" .. STS, name)
      assert.is_true(signs_the_call())
    end)
  end

  it("may be elsewhere, and must be there then", function()
    set { ALIBABA_CLOUD_CREDENTIALS_FILE = ini("[default]\n" .. STS, "elsewhere.ini") }
    assert.is_true(signs_the_call())
    set { ALIBABA_CLOUD_CREDENTIALS_FILE = "/nonexistent/credentials" }
    assert.truthy(config_error():find("/nonexistent/credentials cannot be read: No such file", 1, true))
  end)

  it("has a section for each profile", function()
    ini("[default]\ntype = access_key\naccess_key_id = x\naccess_key_secret = y\n[ci]\n" .. STS)
    set { ALIBABA_CLOUD_PROFILE = "ci" }
    assert.is_true(signs_the_call())
    set { ALIBABA_CLOUD_PROFILE = "" }
    assert.is_true(signs_the_call { profile = "ci" })
  end)

  it("knows the SDKs' types", function()
    ini(("[default]\ntype = ram_role_arn\naccess_key_id = %s\naccess_key_secret = %s\nrole_arn = acs:r\n"
      .. "role_session_name = nightly\npolicy = {\"Version\":\"1\"}\nsts_endpoint = %s\n"):format(
      scene.giver.access_key_id, scene.giver.access_key_secret, scene.giver.url))
    scene.giver:answer { body = { Credentials = key_giver.keys().body } }
    assert.is_true(signs_the_call())
    local query = scene.giver:requests()[1].query
    assert.same({ "acs:r", "nightly", '{"Version":"1"}' }, { query.RoleArn, query.RoleSessionName, query.Policy })

    local token = surroundings.write("token", "eyJtoken")
    ini(("[default]\ntype = oidc_role_arn\noidc_provider_arn = acs:p\noidc_token_file_path = %s\nrole_arn = acs:r\n"
      .. "sts_endpoint = %s\n"):format(token, scene.giver.url))
    scene.giver:answer { body = { Credentials = key_giver.keys().body }, verify = false }
    assert.is_true(signs_the_call())

    set { CRSYNC_METADATA_ENDPOINT = scene.giver.url }
    ini "[default]\ntype = ecs_ram_role\nrole_name = the-role\n"
    scene.giver:answer(key_giver.plain "TOKEN", key_giver.keys())
    assert.is_true(signs_the_call())

    ini "[default]\ntype = rsa_key_pair\npublic_key_id = x\n"
    assert.truthy(scene.problem():find("RsaKeyPair is not supported", 1, true))
  end)

  it("that is malformed is told by path and line, never by its text", function()
    local path = ini("[default]\n" .. KEYS.access_key_secret:gsub("=", "") .. "\n")
    assert.equal(path .. ": line 2 is no [section], no name = value and no comment", config_error())
  end)
end)
