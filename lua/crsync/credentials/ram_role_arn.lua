--- Keys of a RAM role that other keys may assume: AssumeRole. Signed as the operations are (ACS3-HMAC-SHA256): STS
--- takes that beside its older RPC signature, and one signature does for all.
--- https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole

local core = require "crsync.core"
local sts = require "crsync.credentials.sts"
local url = require "crsync.util.url"

local ram_role_arn = {}

--- Asks for the role's keys.
---@param context crsync.FetchContext
---@param source crsync.Keys
---@param role crsync.Role
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function ram_role_arn.ask(context, source, role)
  local params, at = sts.prepare(context, role)
  if not params then return nil, at end
  params.ExternalId = role.external_id
  local secrets = { id = source.access_key_id, secret = source.access_key_secret, token = source.security_token }
  local function signed()
    local headers, query = core.sign { method = "POST", host = url.host(at), path = "/", query = params,
      action = "AssumeRole", version = sts.VERSION, date = sts.date(context), headers = { accept = "application/json" },
      access_key_id = source.access_key_id, access_key_secret = source.access_key_secret,
      security_token = source.security_token }
    secrets.signature = headers.Authorization:match "Signature=(%x+)"
    return { url = at .. "/?" .. query, headers = headers }
  end
  return sts.ask(context, signed, secrets)
end

return ram_role_arn
