--- Keys of a RAM role, from STS: AssumeRole, signed with other keys, and AssumeRoleWithOIDC, which a token opens.
--- AssumeRole is signed as the operations are (ACS3-HMAC-SHA256): STS takes that as well as its older RPC signature, so
--- one signature does for all.
--- https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local endpoint = require "crsync.endpoint"
local environment = require "crsync.util.environment"
local http = require "crsync.credentials.http"
local keys = require "crsync.credentials.keys"
local uri = require "crsync.credentials.uri"

---@class crsync.Role
---@field role_arn string
---@field session_name string|nil      "crsync"
---@field duration number|string|nil   seconds; 3600
---@field policy string|nil
---@field external_id string|nil
---@field sts_endpoint string|nil
---@field sts_region string|nil
---@field vpc boolean|nil              whether to ask within a VPC
---@field oidc_provider_arn string|nil
---@field oidc_token_file string|nil

local sts = {}

local VERSION = "2015-04-01"
local TIMEOUT, CONNECT_TIMEOUT = 10, 5
local LEAST, LONGEST = 900, 43200 -- seconds of a session

-- ---- where ------------------------------------------------------------------------------------------------

local function region_host(role, settings)
  local vpc = role.vpc or settings.network == "vpc"
    or environment.is_true(environment.get "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED")
  local region = role.sts_region or environment.get "ALIBABA_CLOUD_STS_REGION" or (vpc and settings.region)
  if not region then return "https://sts.aliyuncs.com" end
  if not region:find "^%w[%w-]*$" then return nil, "the region of STS is no region id" end
  return ("https://sts%s.%s.aliyuncs.com"):format(vpc and "-vpc" or "", region)
end

-- Scheme and host. Plain HTTP only where nobody else listens, since keys come back.
local function origin(role, settings)
  local given = role.sts_endpoint or environment.get "ALIBABA_CLOUD_STS_ENDPOINT"
  if not given then return region_host(role, settings) end
  local url, err = endpoint.parse(given, role.sts_endpoint and "sts_endpoint" or "ALIBABA_CLOUD_STS_ENDPOINT")
  if not url then return nil, err.message end
  if url:find "^http:" and not uri.is_near(url) then return nil, "STS is asked over https only" end
  return url
end

-- ---- what it answers --------------------------------------------------------------------------------------

local ADVICE = {
  ["AuthenticationFail.NoPermission"] = "the role's trust policy does not allow it, or oidc_provider_arn is wrong",
  ["AuthenticationFail.OIDCToken.Expired"] = "the OIDC token has expired: is its file still written?",
  ["AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch"] =
    "the RAM OIDC provider holds another certificate fingerprint than the issuer uses now: update it in RAM",
  ["AuthenticationFail.OIDCToken.AudienceNotMatch"] = "the RAM OIDC provider lacks the token's audience as a client id",
  NoPermission = "the key's user needs sts:AssumeRole for the role; a root account cannot assume roles",
  ["EntityNotExist.Role"] = "the role does not exist: check its ARN",
  ["InvalidParameter.RoleArn"] = "the role's ARN is malformed",
  ["InvalidParameter.DurationSeconds"] = "the role does not allow sessions so long",
}

local function is_throttling(code, status)
  return status == 429 or code == "Throttling" or code:find "^Throttling%." ~= nil
end

-- STS's refusal, nil when it is none. What it says may repeat what was sent: no secret passes.
local function refusal(response, secrets)
  if response.status == 200 then return nil end
  local fields = keys.object(response.body) or {}
  local code = type(fields.Code) == "string" and http.without(fields.Code, secrets) or ""
  local message = type(fields.Message) == "string" and http.without(fields.Message, secrets) or ""
  local passing = response.status >= 500 or is_throttling(code, response.status)
  return {
    kind = is_throttling(code, response.status) and "throttled" or passing and "server" or "client",
    retryable = passing,
    code = code ~= "" and code or nil,
    request_id = type(fields.RequestId) == "string" and http.without(fields.RequestId, secrets) or response.request_id,
    message = message ~= "" and message or "STS answered with HTTP " .. response.status,
    hint = ADVICE[code],
  }
end

local function read(response)
  local fields, reason = keys.object(response.body)
  if not fields then return nil, "STS's answer is not JSON: " .. reason end
  local given = fields.Credentials
  if type(given) ~= "table" then return nil, "STS's answer has no Credentials" end
  local set = keys.from_camel(given)
  if not (set.security_token and set.expiration) then
    return nil, "STS's answer lacks SecurityToken or Expiration"
  end
  set.clock_difference = response.clock_difference
  return set
end

local function ask(context, make_request, secrets)
  local response, failure = http.repeated(context, context.client.settings.retry, make_request,
    function(answer) return refusal(answer, secrets) end)
  if not response then return nil, failure end
  return read(response)
end

-- ---- what it is asked -------------------------------------------------------------------------------------

-- The parameters that both operations have.
local function parameters(role)
  local duration = compat.tointeger(tonumber(role.duration or 3600))
  if not duration or duration < LEAST or duration > LONGEST then
    return nil, ("a session lasts %d to %d seconds"):format(LEAST, LONGEST)
  end
  local session = role.session_name or environment.get "ALIBABA_CLOUD_ROLE_SESSION_NAME" or "crsync"
  if not session:find "^[A-Za-z0-9.@_-]+$" or #session < 2 or #session > 64 then
    return nil, "a session's name has 2 to 64 of the characters A-Z a-z 0-9 . @ _ -"
  end
  return { RoleArn = role.role_arn, RoleSessionName = session, DurationSeconds = tostring(duration),
    Policy = role.policy }
end

-- Parameters and place; or nil and what is wrong with the role.
local function prepared(context, role)
  local params, reason = parameters(role)
  if not params then return nil, reason end
  local at, problem = origin(role, context.client.settings)
  if not at then return nil, problem end
  return params, at
end

local function date(context) return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + context.clock_offset) end

--- Assumes a role with other keys.
---@param context crsync.FetchContext
---@param source crsync.Keys
---@param role crsync.Role
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function sts.assume_role(context, source, role)
  local params, at = prepared(context, role)
  if not params then return nil, at end
  params.ExternalId = role.external_id
  local function signed()
    local headers, query = core.sign { method = "POST", host = http.host(at), path = "/", query = params,
      action = "AssumeRole", version = VERSION, date = date(context), headers = { accept = "application/json" },
      access_key_id = source.access_key_id, access_key_secret = source.access_key_secret,
      security_token = source.security_token }
    return { method = "POST", url = at .. "/?" .. query, headers = headers, timeout = TIMEOUT,
      connect_timeout = CONNECT_TIMEOUT, direct = at:find "^http:" ~= nil }
  end
  return ask(context, signed, { source.access_key_secret, source.security_token })
end

-- The file is written anew long before the token in it expires, so it is read each time.
local function read_token(path)
  local token, reason = core.read_file(path)
  if not token then return nil, ("the OIDC token file %s cannot be read: %s"):format(path, reason) end
  token = environment.trimmed(token)
  if #token < 4 or #token > 20000 or token:find "[%c%s]" then
    return nil, ("the OIDC token file %s holds no token"):format(path)
  end
  return token
end

local function form(params)
  local parts = {}
  for name, value in pairs(params) do parts[#parts + 1] = name .. "=" .. http.encode(value) end
  table.sort(parts)
  return table.concat(parts, "&")
end

local function ask_with_token(context, at, params)
  local function posted()
    local query = ("Action=AssumeRoleWithOIDC&Format=JSON&Timestamp=%s&Version=%s"):format(
      http.encode(date(context)), VERSION)
    return { method = "POST", timeout = TIMEOUT, connect_timeout = CONNECT_TIMEOUT, direct = at:find "^http:" ~= nil,
      url = at .. "/?" .. query,
      headers = { ["Content-Type"] = "application/x-www-form-urlencoded", Accept = "application/json" },
      body = form(params) }
  end
  return ask(context, posted, { params.OIDCToken })
end

--- Assumes a role with the token in a file.
---@param context crsync.FetchContext
---@param role crsync.Role
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function sts.assume_role_with_oidc(context, role)
  local params, at = prepared(context, role)
  if not params then return nil, at end
  params.OIDCProviderArn = role.oidc_provider_arn
  local set, reason
  for _ = 1, 2 do -- the file may have been written anew in the very moment
    params.OIDCToken, reason = read_token(role.oidc_token_file)
    if not params.OIDCToken then return nil, reason end
    set, reason = ask_with_token(context, at, params)
    if set or type(reason) ~= "table" or reason.code ~= "AuthenticationFail.OIDCToken.Expired" then
      return set, reason
    end
  end
  return nil, reason
end

return sts
