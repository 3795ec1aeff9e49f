-- `crsync config`: where settings and key come from, what is amiss, and nothing of the key.

local child = require "spec.support.child"
local cjson = require "cjson"
local config_report = require "crsync.cli.config_report"
local files = require "spec.support.files"
local key_giver = require "spec.support.key_giver"
local surroundings = require "spec.support.surroundings"

local scene = key_giver.scene()
lazy_setup(scene.start)
lazy_teardown(scene.stop)
before_each(scene.enter)
after_each(scene.leave)

local KEYS = key_giver.KEYS
local LUA = os.getenv "LUA" or "lua5.4"

local function row(rows, setting)
  for _, candidate in ipairs(rows) do
    if candidate.setting == setting then return candidate end
  end
  error("there is no row " .. setting)
end

local function set(variables)
  for name, value in pairs(variables) do surroundings.variables[name] = value end
end

local function set_keys()
  set { ALIBABA_CLOUD_ACCESS_KEY_ID = KEYS.access_key_id, ALIBABA_CLOUD_ACCESS_KEY_SECRET = KEYS.access_key_secret,
    ALIBABA_CLOUD_SECURITY_TOKEN = KEYS.security_token }
end

describe("what is effective", function()
  it("is told with its place, the key by a masked id", function()
    set_keys()
    set { ALIBABA_CLOUD_REGION_ID = "eu-west-1", ALIBABA_CLOUD_READ_TIMEOUT = "7" }
    local rows, notes, errors = config_report.of { network = "vpc" }
    assert.same({ {}, {} }, { notes, errors })
    assert.same({ setting = "endpoint", value = "https://cr-vpc.eu-west-1.aliyuncs.com",
      from = "ALIBABA_CLOUD_REGION_ID" }, row(rows, "endpoint"))
    assert.same({ setting = "network", value = "vpc", from = "option network" }, row(rows, "network"))
    assert.same({ setting = "timeout", value = 7, unit = "s", from = "ALIBABA_CLOUD_READ_TIMEOUT" },
      row(rows, "timeout"))
    assert.same({ setting = "insecure_skip_tls_verify", value = false, from = "default" },
      row(rows, "insecure_skip_tls_verify"))
    assert.same({ setting = "access_key_id", value = "STS.…sync", from = "environment (ALIBABA_CLOUD_ACCESS_KEY_ID)" },
      row(rows, "access_key_id"))
  end)

  it("shows no user and password of a proxy", function()
    set_keys()
    set { https_proxy = "http://someone:hunter2@proxy:3128/" }
    local rows = config_report.of { region = "eu-west-1" }
    assert.same({ setting = "proxy", value = "proxy:3128", from = "https_proxy" }, row(rows, "proxy"))
    rows = config_report.of { region = "eu-west-1", proxy = "http://someone:hunter2@proxy:3128" }
    assert.same({ setting = "proxy", value = "proxy:3128", from = "option proxy" }, row(rows, "proxy"))
    rows = config_report.of { region = "eu-west-1", proxy = "http://someone:hun/ter2@proxy:3128" }
    assert.same({ setting = "proxy", value = "a malformed URL", from = "option proxy" }, row(rows, "proxy"))
  end)

  it("shows the proxy that is used, and by what it is not", function()
    set_keys()
    set { http_proxy = "http://other:1" }
    assert.is_nil(row(config_report.of { region = "eu-west-1" }, "proxy").value)
    set { https_proxy = "http://proxy:3128", NO_PROXY = ".aliyuncs.com, *.example, cr.example:443" }
    local rows, notes = config_report.of { region = "eu-west-1" }
    assert.same({ setting = "proxy", value = "none", from = "NO_PROXY" }, row(rows, "proxy"))
    assert.same({ "NO_PROXY: libcurl does not understand *.example; write .example",
      "NO_PROXY: libcurl does not understand cr.example:443; write cr.example" }, notes)
  end)

  it("asks the source of the key, and tells how long it holds", function()
    set { ALIBABA_CLOUD_CREDENTIALS_URI = scene.giver.url }
    scene.giver:answer(key_giver.keys())
    local rows, _, errors = config_report.of { endpoint = scene.service.url }
    assert.same({}, errors)
    local key = row(rows, "access_key_id")
    assert.same({ "STS.…sync", "ALIBABA_CLOUD_CREDENTIALS_URI" }, { key.value, key.from })
    assert.truthy(key.life:find "^3[56]%d%d s left$")
    assert.equal(0, #scene.service:requests())
  end)

  it("is told as far as it goes beside what is wrong", function()
    set_keys()
    local rows, _, errors = config_report.of {}
    assert.equal("config", errors[1].kind)
    assert.equal("STS.…sync", row(rows, "access_key_id").value)
    scene.giver:answer(key_giver.status(404))
    set { ALIBABA_CLOUD_ACCESS_KEY_ID = "", ALIBABA_CLOUD_ACCESS_KEY_SECRET = "", ALIBABA_CLOUD_SECURITY_TOKEN = "",
      ALIBABA_CLOUD_CREDENTIALS_URI = scene.giver.url }
    rows, _, errors = config_report.of { endpoint = scene.service.url }
    assert.equal("credentials", errors[1].kind)
    assert.is_nil(row(rows, "access_key_id").value)
    assert.equal("ALIBABA_CLOUD_CREDENTIALS_URI", row(rows, "access_key_id").from)
  end)

  it("goes with notes on what had better be seen to", function()
    set_keys()
    set { ALIBABA_CLOUD_ACCESS_KEY_SECRET = KEYS.access_key_secret .. "\r\n", ALIBABA_CLOUD_REGION_ID = " eu-west-1" }
    local path = surroundings.write_profiles { name = "ci", mode = "AK" }
    os.execute(("chmod 644 '%s'"):format(path))
    local _, notes = config_report.of {}
    assert.same({ path .. " can be read by other users: run chmod 600 on it",
      "ALIBABA_CLOUD_REGION_ID has spaces or a line break around its value; they are ignored",
      "ALIBABA_CLOUD_ACCESS_KEY_SECRET has spaces or a line break around its value; they are ignored" }, notes)
    os.execute(("chmod 620 '%s'"):format(path))
    assert.equal(path .. " can be changed by other users: run chmod 600 on it", select(2, config_report.of {})[1])
    surroundings.write(".aliyun/config.json", "{")
    _, notes = config_report.of {}
    assert.truthy(notes[1]:find "is not JSON: .*; it is ignored$")
  end)
end)

describe("the command", function()
  local function run(words, variables)
    local err = os.tmpname()
    local line = ("env HOME=%s LUA_PATH=%s LUA_CPATH=%s %s %s lua/crsync/bin.lua %s 2>%s; "
      .. "echo \"status $?\""):format(surroundings.path "", child.quoted(package.path), child.quoted(package.cpath),
      variables, LUA, words, err)
    local pipe = assert(io.popen(line))
    local output, status = pipe:read "*a":match "^(.*)status (%d+)\n$"
    pipe:close()
    local errors = files.read(err)
    os.remove(err)
    return output, tonumber(status), errors
  end

  it("prints a table or JSON, and fails where a call would", function()
    surroundings.write_profiles { name = "ci", mode = "StsToken", region_id = "eu-west-1",
      access_key_id = KEYS.access_key_id, access_key_secret = KEYS.access_key_secret, sts_token = KEYS.security_token }
    local output, status, errors = run("config", "")
    assert.same({ 0, "" }, { status, errors })
    assert.truthy(output:find "SETTING +VALUE +FROM\n")
    assert.truthy(output:find "\nregion +eu%-west%-1 +region_id of profile ci in ")
    assert.truthy(output:find "\ntimeout +10 s +default\n")
    assert.truthy(output:find "\naccess_key_id +STS%.…sync +profile ci in ")
    local rows = cjson.decode((run("config -o json --region cn-hangzhou", "")))
    assert.same({ setting = "region", value = "cn-hangzhou", from = "--region" }, rows[1])
    output, status, errors = run("config --profile nope", "")
    assert.equal(6, status)
    assert.truthy(output:find "\nendpoint +%- +")
    assert.truthy(errors:find('has no profile "nope"', 1, true))
    for _, secret in ipairs { KEYS.access_key_secret, KEYS.security_token, KEYS.access_key_id } do
      assert.is_nil((output .. errors):find(secret, 1, true))
    end
  end)
end)
