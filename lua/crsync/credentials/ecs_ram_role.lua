--- Keys of the RAM role that an ECS instance has, from its metadata service: with a session token (v2), without (v1)
--- only where that service knows no tokens. Never through a proxy.
--- https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata

local core = require "crsync.core"
local environment = require "crsync.util.environment"
local http = require "crsync.credentials.http"
local keys = require "crsync.credentials.keys"
local variables = require "crsync.variables"

local ecs_ram_role = {}

local ORIGIN = "http://100.100.100.200"
local ROLES = "/latest/meta-data/ram/security-credentials/"
local TOKEN_SECONDS, TOKEN_SPARE = 21600, 60
local LIMIT = 1 -- second for a request
local MORE_TRIES, LONGEST_PAUSE = 1, 0.2 -- for all requests of one look-up; seconds
local NO_TOKENS_HERE = { [403] = true, [404] = true, [405] = true }

-- Another address, where containers have a proxy of the metadata service. Specs play one.
local function origin()
  local given = variables.get "metadata_endpoint"
  return given and given:gsub("/+$", "") or ORIGIN
end

local function request(context, path, headers, method)
  return http.once(context, { method = method, url = origin() .. path, headers = headers, timeout = LIMIT,
    connect_timeout = LIMIT, direct = true, shown_path = path })
end

local function not_reached(failure)
  if failure.cut then return failure end
  return { kind = failure.kind, retryable = true,
    message = "no metadata service answers: this is no ECS instance, or the service is switched off" }
end

-- A session token; false where the service has none to give.
local function fetch_token(context)
  local response, failure = request(context, "/latest/api/token",
    { ["X-aliyun-ecs-metadata-token-ttl-seconds"] = tostring(TOKEN_SECONDS) }, "PUT")
  if response and response.status == 200 then
    local token = environment.trimmed(response.body)
    if token:find "^[!-~]+$" then return token end
    return nil, "the metadata service's token is malformed"
  end
  -- Connected, and then silence: a service that knows no PUT.
  local silent = failure and failure.kind == "timeout" and failure.sent and not failure.cut
  if not (silent or response and NO_TOKENS_HERE[response.status]) then
    return nil, failure and not_reached(failure)
      or "the metadata service refused a token with HTTP " .. response.status
  end
  if variables.is_true "imdsv1_disabled" then
    return nil, ("the metadata service gives no token, and %s forbids to go on without"):format(
      variables.name "imdsv1_disabled")
  end
  return false
end

--- A source of its own, which remembers its session token.
---@param role string|nil  name of the role, when it is known
---@return fun(context: crsync.FetchContext): crsync.Keys|nil, crsync.Failure|string|nil
function ecs_ram_role.new(role)
  local token, token_ends
  local tries_left

  local function headers(context)
    if token == nil or (token and core.now() >= token_ends) then
      local reason
      token, reason = fetch_token(context)
      if token == nil then return nil, reason end
      token_ends = core.now() + TOKEN_SECONDS - TOKEN_SPARE
    end
    return token and { ["X-aliyun-ecs-metadata-token"] = token } or {}
  end

  local function get_once(context, path)
    local with_token, reason = headers(context)
    if not with_token then return nil, reason end
    local response, failure = request(context, path, with_token)
    return response, failure and not_reached(failure)
  end

  -- One more try in all: after silence, after a fault, or with a fresh token after a refused one.
  local function get(context, path)
    while true do
      local response, reason = get_once(context, path)
      local refused = response and token and (response.status == 401 or response.status == 403)
      local failed = type(reason) == "table" and not reason.cut or response and response.status >= 500
      if not (refused or failed) or tries_left <= 0 then return response, reason end
      tries_left = tries_left - 1
      if refused then token = nil else context.client.loop:sleep(core.random() * LONGEST_PAUSE) end
    end
  end

  local function text(context, path, missing)
    local response, reason = get(context, path)
    if not response then return nil, reason end
    if response.status == 404 then return nil, missing end
    if response.status ~= 200 then return nil, "the metadata service answered with HTTP " .. response.status end
    return response.body
  end

  local function find_role(context)
    local name, reason = text(context, ROLES, "no RAM role is attached to this instance")
    if not name then return nil, reason end
    name = environment.trimmed(name)
    if not name:find "^[A-Za-z0-9._-]+$" then return nil, "the metadata service gives no proper role name" end
    return name
  end

  return function(context)
    tries_left = MORE_TRIES
    local problem = http.problem(origin())
    if problem then return nil, variables.name "metadata_endpoint" .. ": " .. problem end
    if role and not role:find "^[A-Za-z0-9._-]+$" then return nil, "a role's name has no such characters" end
    local name, reason = role, nil
    if not name then name, reason = find_role(context) end
    if not name then return nil, reason end
    local body
    body, reason = text(context, ROLES .. name, "the metadata service knows no role " .. name)
    if not body then return nil, reason end
    local fields
    fields, problem = keys.object(body)
    if not fields then return nil, "the metadata service's response is not JSON: " .. problem end
    if fields.Code ~= "Success" then return nil, "the metadata service's response has no Code Success" end
    local set = keys.from_camel(fields)
    if not (set.security_token and set.expiration) then
      return nil, "the metadata service's response lacks SecurityToken or Expiration"
    end
    return set
  end
end

return ecs_ram_role
