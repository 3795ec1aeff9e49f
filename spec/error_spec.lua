-- The error table: its one line, its remedies, and nothing harmful in it.

local errors = require "crsync.error"

local function hint(fields)
  fields.action = fields.action or "GetRepoSyncTask"
  fields.endpoint = fields.endpoint or "cr.example"
  return errors.new(fields).hint or ""
end

local function has(text, part) assert.truthy(text:find(part, 1, true), text) end

describe("an error", function()
  local err = errors.new {
    kind = "auth", action = "GetRepoSyncTask", code = "NoPrivilege", message = "Access denied for this user.",
    status = 403, request_id = "R-1", endpoint = "cr.cn-hangzhou.aliyuncs.com", attempts = 1,
  }

  it("is one line: what, code, message, status, request id, endpoint, attempts, remedy", function()
    assert.equal("crsync: GetRepoSyncTask: NoPrivilege: Access denied for this user. [HTTP 403, request R-1, "
      .. "cr.cn-hangzhou.aliyuncs.com, 1 attempt] Hint: grant the RAM action cr:GetRepositorySync on "
      .. "acs:cr:*:*:repository/<instance id> to the key's user or role; for a task across accounts ask with a key of "
      .. "the source instance's account", tostring(err))
  end)

  it("is told from other values", function()
    assert.is_true(errors.is_error(err))
    for _, other in ipairs { {}, "crsync: x", 5, setmetatable({}, {}), { kind = "auth" } } do
      assert.is_false(errors.is_error(other))
    end
    assert.is_false(errors.is_error(nil))
  end)

  it("passes through error() and pcall", function()
    local ok, caught = pcall(error, err)
    assert.is_false(ok)
    assert.equal(err, caught)
  end)

  it("is never empty", function()
    local kinds = "config credentials auth not_found throttled server client network timeout tls decode task"
    for kind in kinds:gmatch "%S+" do
      local text = tostring(errors.new { kind = kind, status = 403, action = "X" })
      assert.is_true(#text > 20)
      has(text, "HTTP 403")
      has(text, "X: ")
    end
  end)

  it("makes foreign text harmless and keeps to one line of bearable length", function()
    local text = tostring(errors.new { kind = "client", message = "a\27[31m\nb\r" .. ("x"):rep(5000), code = "C\7",
      request_id = "R\n", endpoint = "h\0" })
    assert.is_nil(text:find("[%z\1-\31\127]"))
    assert.is_true(#text < 1000)
  end)

  it("has every field that scripts may rely on", function()
    assert.equal(0, errors.new({ kind = "config" }).attempts)
    assert.is_false(errors.new({ kind = "config" }).retryable)
  end)

  it("of the configuration carries a message made like string.format's", function()
    local e = errors.config("option %s is %d", "x", 5)
    assert.equal("config", e.kind)
    assert.equal("crsync: option x is 5", tostring(e))
  end)
end)

describe("the remedy", function()
  it("for a wrong signature tells a wrong secret from an altered request", function()
    has(hint { kind = "auth", code = "SignatureDoesNotMatch", signature_verdict = "secret" }, "secret is wrong")
    has(hint { kind = "auth", code = "SignatureDoesNotMatch", signature_verdict = "request" }, "altered")
    has(hint { kind = "auth", code = "SignatureDoesNotMatch" }, "secret")
  end)

  it("for a missing permission names the RAM action", function()
    for _, code in ipairs { "NoPrivilege", "Forbidden.RAM", "NoPermission", "AUTHENTICATION_FAILED" } do
      has(hint { kind = "auth", code = code, status = 403 }, "cr:GetRepositorySync")
    end
    has(hint { kind = "auth", status = 403 }, "cr:GetRepositorySync")
    has(hint { kind = "auth", status = 403, action = "Other" }, "RAM policy")
  end)

  it("for a key or a token says which", function()
    has(hint { kind = "auth", code = "InvalidAccessKeyId.NotFound" }, "access key id")
    has(hint { kind = "auth", code = "InvalidAccessKeyId.Inactive" }, "disabled")
    has(hint { kind = "auth", code = "InvalidSecurityToken.Expired" }, "temporary credentials")
    has(hint { kind = "auth", code = "MissingSecurityToken" }, "security token")
    has(hint { kind = "auth", code = "IncompleteSignature" }, "access key")
    assert.equal("check the access key", hint { kind = "auth", status = 401 })
  end)

  it("for a user whom the registry does not know leaves the ids alone", function()
    local text = hint { kind = "not_found", code = "USER_NOT_EXIST" }
    has(text, "does not know the access key's user")
    has(text, "console")
  end)

  it("for a method that is refused names the option", function()
    has(hint { kind = "client", code = "UnsupportedHTTPMethod" }, "--method")
  end)

  it("for a clock gives the difference in seconds", function()
    has(hint { kind = "client", code = "InvalidTimeStamp.Expired", clock_difference = 7200 }, "7200 s ahead of")
    has(hint { kind = "client", code = "InvalidTimeStamp.Expired", clock_difference = -7200 }, "7200 s behind")
    has(hint { kind = "client", code = "IllegalTimestamp" }, "clock")
    has(hint { kind = "client", code = "InvalidTimeStamp.Expired", clock_difference = 0 }, "agrees with this machine's")
  end)

  it("for a wrong endpoint or region names the host", function()
    for _, code in ipairs { "InvalidVersion", "InvalidAction.NotFound", "InvalidApi.NotFound",
      "InvalidProduct.NotFound" } do
      local text = hint { kind = "client", code = code }
      has(text, "wrong endpoint?")
      has(text, "cr.example")
    end
    has(hint { kind = "client", code = "InvalidProtocol.NeedSsl" }, "https")
  end)

  it("for what is not there asks for the id first, then for the region", function()
    for code, what in pairs { INSTANCE_NOT_EXIST = "instance", REPO_NOT_EXIST = "repository",
      SYNC_TASK_NOT_EXIST = "task", SYNC_RULE_NOT_EXIST = "rule" } do
      local text = hint { kind = "not_found", code = code }
      has(text, "is the " .. what .. " right? If so: cr.example was asked")
      has(text, "region")
    end
  end)

  it("for a misspelt operation names the one that was meant", function()
    local code = "InvalidAction.NotFound"
    has(hint { kind = "client", code = code, action = "GetRepoSyncTasks" }, "is GetRepoSyncTask meant?")
    has(hint { kind = "client", code = code, action = "ListInstances" }, "is ListInstance meant?")
    has(hint { kind = "client", code = code, action = "DescribeEverything" }, "wrong endpoint?")
    has(hint { kind = "client", code = code, action = "GetRepoSyncTask" }, "wrong endpoint?")
  end)

  it("for a permission names the action that the service names, and what the documents say of the rest", function()
    has(hint { kind = "auth", code = "NoPermission", action = "GetRepoSyncTask", denied_action = "cr:Special" },
      "the RAM action cr:Special on acs:cr:*:*:repository/")
    has(hint { kind = "auth", code = "NoPrivilege", action = "CreateRepoSyncTaskByRule" },
      "cr:CreateRepositorySync on * to")
    assert.equal("", hint { kind = "auth", code = "AccountInArrears", status = 403, action = "GetRepoSyncTask" })
  end)

  it("for TLS tells issuer, name and expiry apart", function()
    has(hint { kind = "tls", curl_code = 60, verify_result = 20 }, "ca_file or SSL_CERT_FILE")
    has(hint { kind = "tls", curl_code = 60, verify_result = 18 }, "issuer")
    has(hint { kind = "tls", curl_code = 60, verify_result = 10 }, "expired")
    has(hint { kind = "tls", curl_code = 60, verify_result = 9 }, "not valid yet")
    for _, message in ipairs { "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number",
      "gnutls_handshake() failed: An unexpected TLS packet was received." } do
      has(hint { kind = "tls", curl_code = 35, message = message }, "http:// must be spelled out")
    end
    local name = "no alternative certificate subject name matches target host name 'cr.example'"
    has(hint { kind = "tls", curl_code = 60, message = name }, "another name than cr.example")
    assert.equal("", hint { kind = "tls", curl_code = 60, message = "certificate verification failed" })
    has(hint { kind = "tls", curl_code = 77 }, "cannot be read")
  end)

  describe("for the network", function()
    local environment, real = {}, os.getenv
    before_each(function()
      environment = {}
      os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
    end)
    after_each(function() os.getenv = real end) -- luacheck: ignore 122

    it("says when a name has no address", function()
      has(hint { kind = "network", curl_code = 6 }, "no address was found for cr.example")
      has(hint { kind = "network", curl_code = 5 }, "the proxy's name has no address")
    end)

    it("names the proxy that was used", function()
      environment.https_proxy = "http://proxy.example:3128/"
      assert.equal("", hint { kind = "network", curl_code = 7 })
      has(hint { kind = "network", curl_code = 7, proxy = { host = "proxy.example:3128", from = "https_proxy" } },
        "https_proxy names the proxy proxy.example:3128")
      has(hint { kind = "timeout", proxy = { host = "proxy.example:3128", from = "option proxy" } },
        "is the proxy proxy.example:3128, from option proxy, in order?")
    end)

    it("is not made up", function() assert.equal("", hint { kind = "network", curl_code = 56 }) end)
  end)
end)
