--- The security token service, as both ways to assume a role need it: where it is, what of a role it is told, what its
--- response holds. ram_role_arn.lua asks with other keys, oidc.lua with a token.
--- https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-overview

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local dates = require "crsync.util.dates"
local endpoint = require "crsync.endpoint"
local http = require "crsync.credentials.http"
local keys = require "crsync.credentials.keys"
local variables = require "crsync.variables"

---@diagnostic disable: invisible -- a client's parts are this room's business

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

sts.VERSION = "2015-04-01"

local TIMEOUT, CONNECT_TIMEOUT = 10, 5
local LEAST, LONGEST = 900, 43200 -- seconds of a session

-- ---- where ------------------------------------------------------------------------------------------------

local function region_host(role, settings)
  local vpc = role.vpc or settings.network == "vpc"
    or variables.is_true "vpc_endpoint_enabled"
  local region = role.sts_region or variables.get "sts_region" or (vpc and settings.region)
  if not region then return "https://sts.aliyuncs.com" end
  if not region:find "^%w[%w-]*$" then return nil, "the region of STS is no region id" end
  return ("https://sts%s.%s.aliyuncs.com"):format(vpc and "-vpc" or "", region)
end

-- Scheme and host. Plain HTTP only where nobody else listens, since keys come back.
local function origin(role, settings)
  local given = role.sts_endpoint or variables.get "sts_endpoint"
  if not given then return region_host(role, settings) end
  local url, err = endpoint.parse(given, role.sts_endpoint and "sts_endpoint" or variables.name "sts_endpoint")
  if not url then return nil, err.message end
  if url:find "^http:" and not http.is_near(url) then return nil, "STS is asked over https only" end
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

local function struck_out(text, secrets)
  return core.redact(text, { secrets.secret or "", secrets.token or "", secrets.signature or "" }, secrets.id)
end

-- STS's refusal, nil when it is none. What it says may repeat what was sent: no secret passes.
local function refusal(response, secrets)
  if response.status == 200 then return nil end
  local fields = keys.object(response.body) or {}
  local function text(name) return type(fields[name]) == "string" and struck_out(fields[name], secrets) or "" end
  local code, message, request_id = text "Code", text "Message", text "RequestId"
  if request_id == "" then request_id = struck_out(response.request_id or "", secrets) end
  local passing = response.status >= 500 or is_throttling(code, response.status)
  return {
    kind = is_throttling(code, response.status) and "throttled" or passing and "server" or "client",
    retryable = passing,
    code = code ~= "" and code or nil,
    request_id = request_id ~= "" and request_id or nil,
    message = message ~= "" and message or "STS answered with HTTP " .. response.status,
    hint = ADVICE[code],
  }
end

local function read(response)
  local fields, reason = keys.object(response.body)
  if not fields then return nil, "STS's response is not JSON: " .. reason end
  local given = fields.Credentials
  if type(given) ~= "table" then return nil, "STS's response has no Credentials" end
  local set = keys.from_camel(given)
  if not (set.security_token and set.expiration) then
    return nil, "STS's response lacks SecurityToken or Expiration"
  end
  set.clock_difference = response.clock_difference
  return set
end

--- Asks for the keys of a role.
---@param context crsync.FetchContext
---@param make_request fun(): crsync.FetchRequest  called for each attempt; the limits are added here
---@param secrets { id: string|nil, secret: string|nil, token: string|nil, signature: string|nil }  what was sent and
--- must not be shown; of the id the middle
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function sts.ask(context, make_request, secrets)
  local function limited()
    local request = make_request()
    request.method, request.timeout, request.connect_timeout = "POST", TIMEOUT, CONNECT_TIMEOUT
    request.direct = request.url:find "^http:" ~= nil
    request.shown_path = request.shown_path or "/"
    return request
  end
  local response, failure = http.repeated(context, context.client.settings.retry, limited,
    function(given) return refusal(given, secrets) end)
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
  local session = role.session_name or variables.get "role_session_name" or "crsync"
  if not session:find "^[A-Za-z0-9.@_-]+$" or #session < 2 or #session > 64 then
    return nil, "a session's name has 2 to 64 of the characters A-Z a-z 0-9 . @ _ -"
  end
  return { RoleArn = role.role_arn, RoleSessionName = session, DurationSeconds = tostring(duration),
    Policy = role.policy }
end

--- Parameters and the service's origin; or nil and what is wrong with the role.
---@param context crsync.FetchContext
---@param role crsync.Role
---@return table|nil
---@return string at_or_reason
function sts.prepare(context, role)
  local params, reason = parameters(role)
  if not params then return nil, reason --[[@as string]] end
  local at, problem = origin(role, context.client.settings)
  if not at then return nil, problem --[[@as string]] end
  return params, at
end

--- The time as STS's clock has it.
---@param context crsync.FetchContext
---@return string
function sts.date(context)
  return dates.rfc3339(os.time() + context.clock_offset)
end

return sts
