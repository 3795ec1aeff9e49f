-- Options, environment and defaults.

local config = require "crsync.config"

local ENDPOINT = { endpoint = "cr.example" }

local function with(options, changes)
  local copy = {}
  for k, v in pairs(options) do copy[k] = v end
  for k, v in pairs(changes) do copy[k] = v end
  return copy
end

local function resolve(options) return assert(config.resolve(options)) end

local function problem(options)
  local settings, err = config.resolve(options)
  assert.is_nil(settings)
  assert.equal("config", err.kind)
  return err.message
end

-- A variable of the environment for the length of one test.
local environment, real_getenv = {}, os.getenv
local function getenv(name)
  if environment[name] ~= nil then return environment[name] or nil end
  return name:find "^ALIBABA" and nil or real_getenv(name)
end

before_each(function()
  environment = { SSL_CERT_FILE = false, SSL_CERT_DIR = false }
  os.getenv = getenv -- luacheck: ignore 122
end)
after_each(function() os.getenv = real_getenv end) -- luacheck: ignore 122

describe("the endpoint", function()
  local good = {
    ["cr.example"] = "https://cr.example", ["cr.example:8443"] = "https://cr.example:8443",
    ["https://cr.example/"] = "https://cr.example", ["https://cr.example:443"] = "https://cr.example:443",
    ["http://127.0.0.1:80"] = "http://127.0.0.1:80", ["HTTP://Host"] = "http://Host", ["[::1]"] = "https://[::1]",
    ["http://[::1]:8080"] = "http://[::1]:8080", ["[fe80::1]:1"] = "https://[fe80::1]:1", [" h \r\n"] = "https://h",
  }
  for given, url in pairs(good) do
    it("is " .. url .. " for " .. ("%q"):format(given), function()
      assert.equal(url, resolve({ endpoint = given }).endpoint)
    end)
  end

  local bad = {
    ["ftp://h"] = "neither http nor https", ["h/path"] = "path", ["https://h?x=1"] = "path or a query",
    ["::1"] = "brackets", ["h:port"] = "no proper host or port", ["h:0"] = "impossible port",
    ["h:65536"] = "impossible port",
    ["h:"] = "no proper host or port", [""] = "no proper host or port", ["https://"] = "no proper host or port",
    ["[::1"] = "no proper host or port", ["a b"] = "character that no host name has", ["h#x"] = "path or a query",
    ["h\\x"] = "character that no host name has", ["m\u{fc}nchen"] = "character that no host name has",
  }
  for given, why in pairs(bad) do
    it("cannot be " .. ("%q"):format(given), function()
      local message = problem { endpoint = given }
      assert.truthy(message:find(why, 1, true), message)
    end)
  end

  it("cannot hold a password, which is not repeated", function()
    local message = problem { endpoint = "https://user:hunter2@h" }
    assert.truthy(message:find("user name or password", 1, true))
    assert.is_nil(message:find("hunter2", 1, true))
  end)

  it("is made from the region and the network", function()
    assert.equal("https://cr.cn-hangzhou.aliyuncs.com", resolve({ region = "cn-hangzhou" }).endpoint)
    local vpc = resolve { region = " eu-west-1\n", network = "vpc" }
    assert.equal("https://cr-vpc.eu-west-1.aliyuncs.com", vpc.endpoint)
    local public = resolve { region = "cn-hangzhou", network = "public" }
    assert.equal("https://cr.cn-hangzhou.aliyuncs.com", public.endpoint)
    for _, region in ipairs { "cn hangzhou", "cn/..", "x.evil.example", "-a", "x@y", "a:1" } do
      assert.truthy(problem({ region = region }):find("not a region id", 1, true))
    end
    assert.truthy(problem({ region = "r", network = "private" }):find("network", 1, true))
  end)

  it("comes from the environment, an option going before it", function()
    environment.ALIBABA_CLOUD_REGION_ID = " us-west-1 "
    assert.equal("https://cr.us-west-1.aliyuncs.com", resolve({}).endpoint)
    environment.ALIBABA_CLOUD_ENDPOINT = "http://localhost:1"
    assert.equal("http://localhost:1", resolve({}).endpoint)
    assert.equal("https://cr.eu-west-1.aliyuncs.com", resolve({ region = "eu-west-1" }).endpoint)
    assert.equal("https://h", resolve({ endpoint = "h", region = "eu-west-1" }).endpoint)
  end)

  it("is asked for, by every name, when nothing says it", function()
    environment.ALIBABA_CLOUD_REGION_ID = ""
    local message = problem {}
    for _, name in ipairs { "region", "endpoint", "ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_ENDPOINT" } do
      assert.truthy(message:find(name, 1, true))
    end
  end)

  it("names the variable that is wrong", function()
    environment.ALIBABA_CLOUD_ENDPOINT = "ftp://h"
    assert.truthy(problem({}):find("ALIBABA_CLOUD_ENDPOINT", 1, true))
  end)
end)

describe("options", function()
  it("have the documented defaults", function()
    local s = resolve(ENDPOINT)
    assert.same({ 5, 10, 60, 16777216 }, { s.connect_timeout, s.timeout, s.deadline, s.max_response_size })
    assert.same({ max_attempts = 3, base_delay = 0.5, max_delay = 20 }, s.retry)
    assert.equal("crsync/" .. config.VERSION, s.user_agent)
    assert.is_nil(s.proxy)
  end)

  it("take what is given", function()
    local s = resolve(with(ENDPOINT, { timeout = 0.5, retry = { max_attempts = 5 }, user_agent = "job/1", proxy = "" }))
    assert.equal(0.5, s.timeout)
    assert.same({ max_attempts = 5, base_delay = 0.5, max_delay = 20 }, s.retry)
    assert.equal("crsync/" .. config.VERSION .. " job/1", s.user_agent)
    assert.equal("", s.proxy)
    assert.equal(1, resolve(with(ENDPOINT, { retry = false })).retry.max_attempts)
  end)

  it("of an unknown name are an error that lists the names", function()
    local message = problem(with(ENDPOINT, { regoin = "x" }))
    assert.truthy(message:find("regoin", 1, true))
    assert.truthy(message:find("region", 1, true))
    assert.truthy(problem(with(ENDPOINT, { retry = { attempts = 2 } })):find("retry.attempts", 1, true))
  end)

  local wrong = {
    timeout = { 0, -1, 0 / 0, math.huge, "5", true }, connect_timeout = { 0, {} }, deadline = { -5, "x" },
    max_response_size = { 0, 1.5, -1, math.huge }, retry = { true, 3 }, proxy = { 5, "http://a\nb" },
    user_agent = { "a\r\nX-Evil: 1" }, insecure_skip_tls_verify = { 1, "true" }, loop = { {}, { wait = 1, sleep = 2 } },
    transport = { "curl" }, on_attempt = { {} }, credentials = { {} }, access_key_id = { 5, "A\r\nX: 1" },
    ca_file = { "/nonexistent/ca.pem" }, ca_path = { "/nonexistent" }, profile = { "default" },
  }
  for name, values in pairs(wrong) do
    for _, value in ipairs(values) do
      it(("refuse %s = %s"):format(name, tostring(value):gsub("0x%x+", "…")), function()
        assert.truthy(problem(with(ENDPOINT, { [name] = value })):find(name, 1, true))
      end)
    end
  end
  for _, policy in ipairs { { max_attempts = 0 }, { max_attempts = 1.5 }, { base_delay = -1 }, { max_delay = 0 / 0 },
    { max_attempts = "3" } } do
    it("refuse a retry policy with " .. next(policy) .. " = " .. tostring(select(2, next(policy))), function()
      assert.truthy(problem(with(ENDPOINT, { retry = policy })):find("retry." .. next(policy), 1, true))
    end)
  end

  it("take trust anchors from the environment, and say when they are not there", function()
    environment.SSL_CERT_FILE = "spec/config_spec.lua"
    assert.equal("spec/config_spec.lua", resolve(ENDPOINT).ca_file)
    environment.SSL_CERT_FILE = "/nonexistent/ca.pem"
    assert.truthy(problem(ENDPOINT):find("SSL_CERT_FILE", 1, true))
    environment.SSL_CERT_FILE, environment.SSL_CERT_DIR = false, "/nonexistent"
    assert.truthy(problem(ENDPOINT):find("SSL_CERT_DIR", 1, true))
    assert.is_nil(resolve({ endpoint = "http://localhost" }).ca_path)
  end)
end)
