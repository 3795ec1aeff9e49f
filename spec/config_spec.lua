-- Options, environment and defaults.

local child = require "spec.support.child"
local config = require "crsync.config"
local VERSION = require "crsync.version"
local surroundings = require "spec.support.surroundings"

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

before_each(surroundings.enter)
after_each(surroundings.leave)

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
    ["h\\x"] = "character that no host name has", ["m\195\188nchen"] = "character that no host name has",
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
    surroundings.variables.ALIBABA_CLOUD_REGION_ID = " us-west-1 "
    assert.equal("https://cr.us-west-1.aliyuncs.com", resolve({}).endpoint)
    surroundings.variables.ALIBABA_CLOUD_ENDPOINT = "http://localhost:1"
    assert.equal("http://localhost:1", resolve({}).endpoint)
    assert.equal("https://cr.eu-west-1.aliyuncs.com", resolve({ region = "eu-west-1" }).endpoint)
    assert.equal("https://h", resolve({ endpoint = "h", region = "eu-west-1" }).endpoint)
  end)

  it("is asked for, by every name, when nothing says it", function()
    surroundings.variables.ALIBABA_CLOUD_REGION_ID = ""
    local message = problem {}
    for _, name in ipairs { "region", "endpoint", "ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_ENDPOINT" } do
      assert.truthy(message:find(name, 1, true))
    end
  end)

  it("names the variable that is wrong", function()
    surroundings.variables.ALIBABA_CLOUD_ENDPOINT = "ftp://h"
    assert.truthy(problem({}):find("ALIBABA_CLOUD_ENDPOINT", 1, true))
  end)
end)

describe("options", function()
  it("have the documented defaults", function()
    local s = resolve(ENDPOINT)
    assert.same({ 5, 10, 60, 16777216 }, { s.connect_timeout, s.timeout, s.deadline, s.max_response_size })
    assert.same({ max_attempts = 3, base_delay = 0.5, max_delay = 20 }, s.retry)
    assert.equal("crsync/" .. VERSION, s.user_agent)
    assert.is_nil(s.proxy)
  end)

  it("take what is given", function()
    local s = resolve(with(ENDPOINT, { timeout = 0.5, retry = { max_attempts = 5 }, user_agent = "job/1", proxy = "" }))
    assert.equal(0.5, s.timeout)
    assert.same({ max_attempts = 5, base_delay = 0.5, max_delay = 20 }, s.retry)
    assert.equal("crsync/" .. VERSION .. " job/1", s.user_agent)
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
    transport = { "curl" }, on_attempt = { {} }, credentials = { 5, "x" }, access_key_id = { 5, "A\r\nX: 1" },
    ca_file = { "/nonexistent/ca.pem" }, ca_path = { "/nonexistent" },
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

  it("tell a retry policy's word from its number", function()
    assert.truthy(problem(with(ENDPOINT, { retry = { max_attempts = "3" } })):find("should be a number and is a string",
      1, true))
  end)

  it("take trust anchors from the environment, and say when they are not there", function()
    surroundings.variables.SSL_CERT_FILE = "spec/config_spec.lua"
    assert.equal("spec/config_spec.lua", resolve(ENDPOINT).ca_file)
    surroundings.variables.SSL_CERT_FILE = "/nonexistent/ca.pem"
    assert.truthy(problem(ENDPOINT):find("SSL_CERT_FILE", 1, true))
    surroundings.variables.SSL_CERT_FILE, surroundings.variables.SSL_CERT_DIR = nil, "/nonexistent"
    assert.truthy(problem(ENDPOINT):find("SSL_CERT_DIR", 1, true))
    assert.is_nil(resolve({ endpoint = "http://localhost" }).ca_path)
  end)
end)

describe("a setting", function()
  local function profile(fields)
    fields.name = "ci"
    return surroundings.write_profiles(fields)
  end

  it("comes from the option, the environment, the profile or a default, in that order, and says which", function()
    local path = profile { region_id = "eu-west-1", endpoint_type = "vpc", read_timeout = 31, connect_timeout = 4,
      retry_count = 5 }
    local of_profile = (" of profile ci in %s"):format(path)
    local s = resolve {}
    assert.equal("https://cr-vpc.eu-west-1.aliyuncs.com", s.endpoint)
    assert.same({ "eu-west-1", "vpc", 31, 4, 6 },
      { s.region, s.network, s.timeout, s.connect_timeout, s.retry.max_attempts })
    assert.same({ "region_id" .. of_profile, "endpoint_type" .. of_profile, "read_timeout" .. of_profile,
      "retry_count" .. of_profile, "default" },
      { s.sources.endpoint, s.sources.network, s.sources.timeout, s.sources.retry, s.sources.deadline })

    local variables = surroundings.variables
    variables.ALIBABA_CLOUD_REGION_ID, variables.ALIBABA_CLOUD_ENDPOINT_TYPE = "us-west-1", "public"
    variables.ALIBABA_CLOUD_READ_TIMEOUT, variables.ALIBABA_CLOUD_CONNECT_TIMEOUT = "2.5", "3"
    variables.ALIBABA_CLOUD_RETRY_COUNT, variables.ALIBABA_CLOUD_USER_AGENT = "0", "job/7"
    s = resolve {}
    assert.equal("https://cr.us-west-1.aliyuncs.com", s.endpoint)
    assert.same({ 2.5, 3, 1 }, { s.timeout, s.connect_timeout, s.retry.max_attempts })
    assert.equal("crsync/" .. VERSION .. " job/7", s.user_agent)
    assert.same({ "ALIBABA_CLOUD_REGION_ID", "ALIBABA_CLOUD_RETRY_COUNT" }, { s.sources.endpoint, s.sources.retry })

    s = resolve { region = "cn-beijing", network = "vpc", timeout = 1, retry = { max_attempts = 2 } }
    assert.equal("https://cr-vpc.cn-beijing.aliyuncs.com", s.endpoint)
    assert.same({ 1, 2 }, { s.timeout, s.retry.max_attempts })
    assert.same({ "option region", "option timeout", "option retry" },
      { s.sources.endpoint, s.sources.timeout, s.sources.retry })
  end)

  it("of an endpoint in a nearer place goes before a region in a farther one, and the other way round", function()
    profile { endpoint = "cr-of-profile.example", region_id = "eu-west-1" }
    assert.equal("https://cr-of-profile.example", resolve({}).endpoint)
    surroundings.variables.ALIBABA_CLOUD_REGION_ID = "us-west-1"
    assert.equal("https://cr.us-west-1.aliyuncs.com", resolve({}).endpoint)
    surroundings.variables.ALIBABA_CLOUD_ENDPOINT = "cr-exported.example"
    assert.equal("https://cr-exported.example", resolve({}).endpoint)
  end)

  for _, name in ipairs { "ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID",
    "ALICLOUD_REGION" } do
    it("of the region may stand in " .. name .. ", with a line end", function()
      surroundings.variables[name] = "eu-west-1\r\n"
      local s = resolve {}
      assert.same({ "eu-west-1", name }, { s.region, s.sources.region })
    end)
  end

  for _, name in ipairs { "ALIBABA_CLOUD_ENDPOINT_TYPE", "ALIBABACLOUD_ENDPOINT_TYPE", "ALICLOUD_ENDPOINT_TYPE" } do
    it("of the network may stand in " .. name, function()
      surroundings.variables[name] = "vpc"
      assert.equal("https://cr-vpc.cn-hangzhou.aliyuncs.com", resolve({ region = "cn-hangzhou" }).endpoint)
    end)
  end

  it("of 0 seconds or no text in a profile is one that is not set; old files call the timeout otherwise", function()
    profile { region_id = "eu-west-1", read_timeout = 0, retry_timeout = 12, connect_timeout = 0, endpoint = "",
      endpoint_type = "" }
    local s = resolve {}
    assert.same({ 12, 5, "public" }, { s.timeout, s.connect_timeout, s.network })
  end)

  it("that is wrong is named with its place", function()
    local path = profile { region_id = "eu-west-1", read_timeout = "soon" }
    assert.equal(("read_timeout of profile ci in %s should be a positive number of seconds and is soon"):format(path),
      problem {})
    local wrong = { ALIBABA_CLOUD_RETRY_COUNT = { "-1", "1.5", "many" }, ALIBABA_CLOUD_READ_TIMEOUT = { "0", "x" },
      ALIBABA_CLOUD_CONNECT_TIMEOUT = { "-1" }, ALIBABA_CLOUD_ENDPOINT_TYPE = { "internal" },
      ALIBABA_CLOUD_USER_AGENT = { "a\r\nX-Evil: 1" }, ALIBABA_CLOUD_REGION_ID = { "cn/.." } }
    for name, values in pairs(wrong) do
      for _, value in ipairs(values) do
        surroundings.variables[name] = value
        local message = problem { timeout = name ~= "ALIBABA_CLOUD_READ_TIMEOUT" and 1 or nil }
        assert.truthy(message:find(name == "ALIBABA_CLOUD_REGION_ID" and "not a region id" or name, 1, true), message)
        surroundings.variables[name] = nil
      end
    end
  end)

  it("in a file that cannot be read is no matter where the region comes from elsewhere", function()
    surroundings.write(".aliyun/config.json", "{")
    assert.equal("https://cr.eu-west-1.aliyuncs.com", resolve({ region = "eu-west-1" }).endpoint)
    assert.truthy(problem({}):find("config.json is not JSON", 1, true))
  end)
end)

describe("a host that opens no files for its scripts", function()
  local function said(script)
    return child.run("crsync = require 'crsync' " .. script
      .. " print(crsync.new { endpoint = 'h', ca_file = '/etc/hostname' })")
  end

  it("has its CA file looked at all the same, whether it raises or has no io", function()
    for _, host in ipairs { "io.open = function() error('not here', 0) end", "io = nil" } do
      assert.truthy(said(host):find "^crsync.client", said(host))
    end
  end)
end)

describe("a CA file", function()
  it("that is a folder is refused, and so is a folder of them that is a file", function()
    local ordinary = surroundings.write("ordinary", "")
    local folder = ordinary:match "^(.*)/"
    assert.equal(("option ca_file cannot be read: %s: it is a folder, and should be a file"):format(folder),
      problem { endpoint = "h", ca_file = folder })
    surroundings.variables.SSL_CERT_DIR = ordinary
    assert.equal(("SSL_CERT_DIR cannot be read: %s: it is a file, and should be a folder"):format(ordinary),
      problem { endpoint = "h" })
    assert.is_table(resolve { endpoint = "http://127.0.0.1" })
    assert.is_table(resolve { endpoint = "h", ca_file = ordinary, ca_path = folder })
  end)

  it("that is a pipe, a device or none is refused at once", function()
    local fifo = surroundings.path "fifo"
    assert(os.execute(("mkfifo '%s'"):format(fifo)))
    assert.equal(("option ca_file cannot be read: %s: it is neither a file nor a folder"):format(fifo),
      problem { endpoint = "h", ca_file = fifo })
    assert.equal("option ca_path cannot be read: /dev/null: it is neither a file nor a folder",
      problem { endpoint = "h", ca_path = "/dev/null" })
    assert.equal("option ca_file cannot be read: /nonexistent/x: No such file or directory",
      problem { endpoint = "h", ca_file = "/nonexistent/x" })
    surroundings.variables.SSL_CERT_FILE = fifo
    assert.equal(("SSL_CERT_FILE cannot be read: %s: it is neither a file nor a folder"):format(fifo),
      problem { endpoint = "h" })
    assert.is_table(resolve { endpoint = "http://127.0.0.1" })
  end)
end)
