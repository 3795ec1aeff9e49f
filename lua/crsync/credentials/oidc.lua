--- Keys of a RAM role that a token in a file opens, as in a pod with RRSA: AssumeRoleWithOIDC.
--- https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc

local core = require "crsync.core"
local environment = require "crsync.util.environment"
local sts = require "crsync.credentials.sts"
local url = require "crsync.util.url"

local oidc = {}

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
  for name, value in pairs(params) do parts[#parts + 1] = name .. "=" .. url.encode(value) end
  table.sort(parts)
  return table.concat(parts, "&")
end

local function ask_with_token(context, at, params)
  local function posted()
    local query = ("Action=AssumeRoleWithOIDC&Format=JSON&Timestamp=%s&Version=%s"):format(
      url.encode(sts.date(context)), sts.VERSION)
    return { url = at .. "/?" .. query,
      shown_path = "/?Action=AssumeRoleWithOIDC",
      headers = { ["Content-Type"] = "application/x-www-form-urlencoded", Accept = "application/json" },
      body = form(params) }
  end
  return sts.ask(context, posted, { token = params.OIDCToken })
end

--- Asks for the role's keys.
---@param context crsync.FetchContext
---@param role crsync.Role
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function oidc.ask(context, role)
  local params, at = sts.prepare(context, role)
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

return oidc
