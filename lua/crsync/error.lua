--- The error table: what failed, why, and what to do, for programs as fields and for people as one line.

local error_kinds = require "crsync.error_kinds"
local operations = require "crsync.operations"
local other_operations = require "crsync.other_operations"
local nearest = require "crsync.util.nearest"
local options = require "crsync.options"
local text = require "crsync.util.text"
local variables = require "crsync.variables"

local errors = {}

local MAX_LINE_MESSAGE = 600

local PLAIN = {}
for _, row in ipairs(error_kinds.kinds) do PLAIN[row.name] = row.plain end

-- One line: what and why, then the facts in brackets, then the remedy.
local function one_line(err)
  local facts = {}
  local function fact(...) facts[#facts + 1] = string.format(...) end
  if err.status then fact("HTTP %d", err.status) end
  if err.request_id then fact("request %s", err.request_id) end
  if err.endpoint then fact("%s", err.endpoint) end
  local task_id = err.task_id and text.printable(err.task_id)
  if task_id and not tostring(err.message):find(task_id, 1, true) then fact("task %s", task_id) end
  if (err.attempts or 0) > 0 then fact("%d attempt%s", err.attempts, err.attempts == 1 and "" or "s") end
  local parts = { "crsync: " }
  if err.action then parts[#parts + 1] = err.action .. ": " end
  if err.code then parts[#parts + 1] = err.code .. ": " end
  local message = err.message or PLAIN[err.kind] or "unknown failure"
  if #message > MAX_LINE_MESSAGE then message = text.truncate(message, MAX_LINE_MESSAGE) end
  parts[#parts + 1] = message
  if #facts > 0 then parts[#parts + 1] = " [" .. table.concat(facts, ", ") .. "]" end
  if err.hint then parts[#parts + 1] = " Hint: " .. err.hint end
  return (table.concat(parts):gsub("[\r\n]+", " "))
end

local metatable = { __name = "crsync.error", __tostring = one_line }

--- Whether a value is one of crsync's error tables.
---@param value any
---@return boolean
function errors.is_error(value)
  return type(value) == "table" and getmetatable(value) == metatable
end

-- ---- remedies -----------------------------------------------------------------------------------------

local function endpoint_of(err) return err.endpoint or "the endpoint" end

-- What a policy lacks: the action that the service names, or the documented one.
local function permission_hint(err)
  local operation = operations[err.action] or {}
  local action = err.denied_action or operation.ram
  if not action then return "the key's RAM policy does not allow this operation" end
  return string.format("grant the RAM action %s on %s to the key's user or role;"
    .. " for a task across accounts ask with a key of the source instance's account", action,
    operation.resource or "acs:cr:*:*:repository/<instance id>")
end

local function signature_hint(err)
  if err.signature_verdict == "secret" then
    return "the service signed the very same request and came to another signature: the access key secret is wrong"
  elseif err.signature_verdict == "request" then
    return "the service signed another request than the one sent: it was altered on its way (a proxy that rewrites"
      .. " the host or a header?)"
  end
  return "check the access key secret"
end

local function clock_hint(err)
  local seconds = err.clock_difference
  if not seconds then return "this machine's clock is wrong by more than 15 minutes: set it" end
  if math.abs(seconds) < error_kinds.SAME_CLOCK then
    return "the service's clock agrees with this machine's: was the request held up on its way, by a proxy or a queue?"
  end
  return string.format("the service's clock is %d s %s this machine's: set the clock (NTP)",
    math.abs(seconds), seconds < 0 and "behind" or "ahead of")
end

local function known_actions()
  local list = {}
  for _, actions in ipairs { operations, other_operations.names } do
    for action in pairs(actions) do list[#list + 1] = action end
  end
  table.sort(list)
  return list
end

local function wrong_endpoint_hint(err)
  local meant = err.action and not operations[err.action] and not other_operations.names[err.action]
    and nearest(err.action, known_actions())
  if meant and meant ~= err.action then return "is " .. meant .. " meant?" end
  return "wrong endpoint? " .. endpoint_of(err) .. " does not offer this operation;"
    .. " Enterprise Edition answers at cr.<region>.aliyuncs.com"
end

-- What is not there, by the code's own words.
local MISSING = { { "TASK", "task" }, { "RULE", "rule" }, { "REPO", "repository" }, { "NAMESPACE", "namespace" },
  { "TAG", "tag" }, { "INSTANCE", "instance" } }

local function missing_hint(err)
  local what = "instance or the other id"
  for _, word in ipairs(MISSING) do
    if (err.code or ""):upper():find(word[1], 1, true) then
      what = word[2]
      break
    end
  end
  return ("is the %s right? If so: %s was asked, which must be the endpoint of the source instance's region"):format(
    what, endpoint_of(err))
end

-- Of the access key's owner: the registry makes its own users, at their first sign-in.
local function unknown_user_hint()
  return "Container Registry does not know the access key's user yet, which has nothing to do with the ids: let the RAM"
    .. " user sign in to the Container Registry console once (or the account activate the service), and grant it access"
    .. " to the instance"
end

local BY_CODE = {
  USER_NOT_EXIST = unknown_user_hint,
  SignatureDoesNotMatch = signature_hint,
  ["InvalidTimeStamp.Expired"] = clock_hint,
  IllegalTimestamp = clock_hint,
  ["InvalidAccessKeyId.NotFound"] = function() return "the service does not know this access key id: check it" end,
  ["InvalidAccessKeyId.Inactive"] = function() return "the access key is disabled: enable it in RAM or use another" end,
  ["Forbidden.AccessKeyDisabled"] = function() return "the access key is disabled: enable it in RAM or use another" end,
  MissingSecurityToken = function() return "this is a temporary key: set the security token that belongs to it" end,
  ["InvalidVersion"] = wrong_endpoint_hint,
  ["InvalidAction.NotFound"] = wrong_endpoint_hint,
  ["InvalidApi.NotFound"] = wrong_endpoint_hint,
  ["InvalidProduct.NotFound"] = wrong_endpoint_hint,
  UnsupportedHTTPMethod = function()
    return "some operations take GET alone, some POST: option method of client:call, --method of crsync call"
  end,
  ["InvalidProtocol.NeedSsl"] = function() return "use an https endpoint" end,
}

local PERMISSION = { NoPrivilege = true, NoPermission = true, Forbidden = true, ["Forbidden.RAM"] = true,
  AUTHENTICATION_FAILED = true }

local NOBODY_KNOWN = 401

local function auth_hint(err)
  local code = err.code or ""
  if code:find("SecurityToken", 1, true) then
    return "the security token is expired or belongs to another key: get a new set of temporary credentials"
  elseif code:find("^InvalidAccessKey") or code:find("Signature", 1, true)
    or code == "" and err.status == NOBODY_KNOWN then
    return "check the access key"
  end
  if err.denied_action or PERMISSION[code] or code == "" then return permission_hint(err) end
  return nil
end

-- libcurl's CURLcode and OpenSSL's X509_V_ numbers, where a remedy depends on them.
local RESOLVE_PROXY, RESOLVE_HOST, CA_FILE = 5, 6, 77
local NOT_YET_VALID, EXPIRED = 9, 10
local UNKNOWN_ISSUER = { [2] = true, [18] = true, [19] = true, [20] = true, [21] = true, [27] = true }

-- What OpenSSL and GnuTLS say of plain text.
local function is_answered_without_tls(message)
  return message:find("wrong version number", 1, true) or message:find("unexpected TLS packet", 1, true)
end

local function tls_hint(err)
  local verify = err.verify_result
  if is_answered_without_tls(err.message or "") then
    return "what answers at " .. endpoint_of(err) .. " speaks no TLS: check the port; where plain HTTP is meant, as of"
      .. " the sandbox, http:// must be spelled out"
  end
  if err.curl_code == CA_FILE then return "the CA file or folder cannot be read" end
  if verify == EXPIRED then return "the server's certificate has expired, or this machine's clock is ahead" end
  if verify == NOT_YET_VALID then
    return "the server's certificate is not valid yet, or this machine's clock is behind"
  end
  if UNKNOWN_ISSUER[verify] then
    return "the certificate's issuer is not trusted: install the system's CA certificates (ca-certificates), or name"
      .. " the issuer's with ca_file or " .. options.variable "ca_file"
  elseif not verify and err.curl_code == 60 and (err.message or ""):find("match", 1, true) then
    return "the certificate belongs to another name than " .. endpoint_of(err) .. ": check the endpoint"
  end
  return nil
end

local REFUSED_BY_PROXY = 407 -- by an HTTP proxy

local function proxy_login_hint(err)
  local proxy = err.proxy
  if not proxy then return "the proxy wants another user or password" end
  return string.format("%s names the proxy %s%s", proxy.from, proxy.host or "", proxy.has_user
    and ": check the user and the password in it"
    or (", which wants a user and a password: %s://user:password@host:port"):format(proxy.scheme))
end

local function network_hint(err)
  if err.login_refused or err.status == REFUSED_BY_PROXY then return proxy_login_hint(err) end
  if err.curl_code == RESOLVE_HOST then -- looked up here: where a proxy does that, it says so by itself
    return "no address was found for " .. endpoint_of(err) .. ": check the region's spelling and the name server"
  end
  local proxy = err.proxy
  if proxy then
    return string.format("%s names the proxy%s: check it, list the endpoint in %s, or set proxy = \"\"", proxy.from,
      proxy.host and " " .. proxy.host or "", variables.name "no_proxy")
  elseif err.curl_code == RESOLVE_PROXY then
    return "the proxy's name has no address: check it"
  end
  return nil
end

local BY_KIND = {
  auth = auth_hint,
  tls = tls_hint,
  network = network_hint,
  not_found = missing_hint,
  throttled = function() return "ask less often or for fewer tasks at once" end,
  timeout = function(err)
    local proxy = err.proxy
    if not proxy then return nil end
    return string.format("is the proxy %s, from %s, in order?", proxy.host or "", proxy.from)
  end,
}

-- Whatever failed: it is how csrc/descriptors.c tells it, here and in the words of a source of keys.
local function shortage_hint(err)
  if not tostring(err.message):find("too many open files", 1, true) then return nil end
  return "raise the limit (ulimit -n), do less at once, or look for what is left open"
end

--- The remedy for a failure, if one is known.
---@param err table  an error, or what one is about to be made of
---@return string|nil
function errors.hint(err)
  local shortage = shortage_hint(err)
  if shortage then return shortage end
  local make = BY_CODE[err.code] or BY_KIND[err.kind]
  return make and make(err) or nil
end

-- ---- making errors ------------------------------------------------------------------------------------

--- Makes the table an error: foreign text harmless, the remedy added, `tostring` in place.
---@param fields table
---@return crsync.Error
function errors.new(fields)
  for _, name in ipairs { "message", "code", "request_id", "endpoint", "denied_action" } do
    local value = fields[name]
    if type(value) == "string" then fields[name] = text.printable(value) end
  end
  fields.message = fields.message or PLAIN[fields.kind]
  fields.attempts = fields.attempts or 0
  fields.retryable = fields.retryable or false
  fields.hint = fields.hint or errors.hint(fields)
  fields.proxy = nil -- it was for the hint
  return setmetatable(fields, metatable)
end

--- The configuration is missing something or contradicts itself.
---@param format string
---@param ... any
---@return crsync.Error
function errors.config(format, ...)
  return errors.new { kind = "config", message = string.format(format, ...) }
end

return errors
