-- Which proxy is used, as libcurl decides it, and what is said of it.

local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local forwarder = require "spec.support.forwarder"
local proxy = require "crsync.proxy"
local surroundings = require "spec.support.surroundings"

before_each(surroundings.enter)
after_each(surroundings.leave)

local SERVICE = "https://cr.cn-hangzhou.aliyuncs.com"

local function used(variables, address, option)
  for name, value in pairs(variables) do surroundings.variables[name] = value end
  local found = proxy.of(address or SERVICE, option)
  return found and { found.host, found.from }
end

describe("the proxy", function()
  it("is that of the scheme, else the general one", function()
    assert.same({ "p:1", "https_proxy" }, used { https_proxy = "http://p:1", http_proxy = "h:2", all_proxy = "a:3" })
    assert.same({ "h:2", "http_proxy" }, used({}, "http://cr.example"))
    assert.same({ "a:3", "all_proxy" }, used { https_proxy = "" })
    assert.is_nil(used({ all_proxy = "", HTTP_PROXY = "h:2" , http_proxy = "" }, "http://cr.example"))
    assert.same({ "p:1", "HTTPS_PROXY" }, used { HTTPS_PROXY = "p:1" })
  end)

  it("is that of the option, or none", function()
    assert.same({ "o:4", "option proxy" }, used({ https_proxy = "p:1" }, SERVICE, "socks5h://u:p@o:4"))
    assert.is_nil(used({}, SERVICE, ""))
  end)

  it("is none for what NO_PROXY excepts, whoever names the proxy", function()
    for list, excepted in pairs {
      ["*"] = true, ["aliyuncs.com"] = true, [".aliyuncs.com"] = true, ["a, cr.CN-hangzhou.aliyuncs.com ,b"] = true,
      ["x.example aliyuncs.com."] = true, ["yuncs.com"] = false, ["*.aliyuncs.com"] = false,
      ["cr.cn-hangzhou.aliyuncs.com:443"] = false, ["other.example"] = false,
    } do
      assert.equal(excepted, used({ NO_PROXY = list }, SERVICE, "p:1") == nil, list)
    end
  end)

  it("is none for excepted addresses and networks", function()
    for list, excepted in pairs { ["127.0.0.1"] = true, ["127.0.0.0/8"] = true, ["127.1.0.0/16"] = false,
      ["0.0.1"] = false, ["127.0.0.1/99"] = false } do
      assert.equal(excepted, used({ NO_PROXY = list }, "http://127.0.0.1:8787", "p:1") == nil, list)
    end
    assert.is_nil(used({ NO_PROXY = "::1" }, "http://[::1]:8787", "p:1"))
  end)

  it("goes by no_proxy before NO_PROXY", function()
    assert.same({ "p:1", "https_proxy" }, used { https_proxy = "p:1", no_proxy = "other", NO_PROXY = "*" })
  end)
end)

describe("what is said of a proxy", function()
  local function said(option, message, curl_code)
    local failure = { kind = "network", message = message, curl_code = curl_code }
    proxy.note(failure, proxy.of(SERVICE, option))
    return failure.message
  end

  it("never holds a part of its password, however it is written", function()
    for _, url in ipairs { "http://jdoe:pa/ss@proxy:1", "http://jdoe:pa@ss@proxy:1", "http://jdoe:pa#ss@proxy:1",
      "http://jdoe:pa?ss@proxy:1", "jdoe:12/ss@proxy:1" } do
      assert.equal("the URL of the proxy is malformed", said(url, "Could not resolve proxy: ss", 5))
      assert.equal("the URL of the proxy is malformed", said(url, "Failed to connect to jdoe port 12", 7))
    end
    assert.equal("the URL of the proxy is malformed",
      said("http://jdoe:pass@pro xy", "Unsupported proxy syntax in 'http://jdoe:pass@pro xy'", 5))
    assert.equal("no address was found for the proxy proxy:1", said("http://jdoe:pass@proxy:1", "Could not …", 5))
  end)

  it("is libcurl's where that tells nothing", function()
    assert.equal("Failed to connect", said("http://jdoe:pass@proxy:1", "Failed to connect", 7))
    assert.equal("Could not resolve proxy: proxy", said("http://proxy:1", "Could not resolve proxy: proxy", 5))
  end)
end)

describe("a proxy that refuses the login", function()
  local server

  lazy_setup(function() server = endpoint.start() end)
  lazy_teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    server:answer_always { status = 407, verify = false, body = "<html>407</html>", content_type = "text/html",
      headers = { ["Proxy-Authenticate"] = 'Basic realm="corp"' } }
  end)

  local function client_through(login, scheme, options)
    local all = { endpoint = scheme .. "://cr.example.invalid", access_key_id = "id", access_key_secret = "secret",
      retry = { max_attempts = 3, base_delay = 0.01 }, proxy = "http://" .. login .. server.url:match "//(.*)" }
    for name, value in pairs(options or {}) do all[name] = value end
    return assert(crsync.new(all))
  end

  local function check(err, hint)
    assert.same({ "network", 407, false, "the proxy refuses the login", 1 },
      { err.kind, err.status, err.retryable, err.message, err.attempts })
    assert.equal(("option proxy names the proxy %s%s"):format(server.url:match "//(.*)", hint), err.hint)
    assert.is_nil(err.proxy)
    assert.equal(1, #server:requests())
  end

  for _, scheme in ipairs { "http", "https" } do
    it("is asked once by a call over " .. scheme .. ", and named", function()
      check(select(2, client_through("jdoe:wrong@", scheme):get_task("cri-1", "rst-1")),
        ": check the user and the password in it")
    end)

    it("ends a wait over " .. scheme, function()
      local started = core.now()
      check(select(2, client_through("", scheme):wait("cri-1", "rst-1", { interval = 0.01, timeout = 60 })),
        ", which wants a user and a password: http://user:password@host:port")
      assert.is_true(core.now() - started < 30)
    end)
  end

  for login, answers in pairs { [""] = { "\5\255" }, ["jdoe:wrong@"] = { "\5\2", "\1\1" } } do
    it("is asked once where it speaks SOCKS, and named: " .. login, function()
      local way, attempts = forwarder.start(server.port), 0
      way:converse(answers)
      local host = "127.0.0.1:" .. way.port
      local client = client_through(login, "https", { proxy = "socks5h://" .. login .. host,
        on_attempt = function() attempts = attempts + 1 end })
      local _, err = client:wait("cri-1", "rst-1", { interval = 0.01, timeout = 60 })
      client:close()
      way:stop()
      assert.same({ "network", false, "the proxy refuses the login", 1 },
        { err.kind, err.retryable, err.message, attempts })
      assert.equal(("option proxy names the proxy %s%s"):format(host, login == ""
        and ", which wants a user and a password: socks5h://user:password@host:port"
        or ": check the user and the password in it"), err.hint)
    end)
  end

  it("is told without its name where a transport has met it", function()
    local function transport() return 407, {}, "" end
    local _, err = client_through("", "http", { transport = transport, proxy = "" }):get_task("cri-1", "rst-1")
    assert.same({ "network", "the proxy wants another user or password", 1 }, { err.kind, err.hint, err.attempts })
  end)
end)
