--- Keys in the environment: the families of variables that the vendor's tools set and read, each only as a whole set.

local environment = require "crsync.util.environment"

local env = {}

--- Access keys. Names that belong together are never mixed.
env.KEYS = {
  { id = "ALIBABA_CLOUD_ACCESS_KEY_ID", secret = "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    token = "ALIBABA_CLOUD_SECURITY_TOKEN" },
  { id = "ALIBABACLOUD_ACCESS_KEY_ID", secret = "ALIBABACLOUD_ACCESS_KEY_SECRET",
    token = "ALIBABACLOUD_SECURITY_TOKEN" },
  { id = "ALICLOUD_ACCESS_KEY_ID", secret = "ALICLOUD_ACCESS_KEY_SECRET", token = "ALICLOUD_SECURITY_TOKEN",
    token_is_shared = true }, -- with the next
  { id = "ALICLOUD_ACCESS_KEY", secret = "ALICLOUD_SECRET_KEY", token = "ALICLOUD_SECURITY_TOKEN" },
}

--- The role of a pod (RRSA).
env.ROLES = {
  { role_arn = "ALIBABA_CLOUD_ROLE_ARN", oidc_provider_arn = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    oidc_token_file = "ALIBABA_CLOUD_OIDC_TOKEN_FILE" },
  { role_arn = "ALIBABACLOUD_ROLE_ARN", oidc_provider_arn = "ALIBABACLOUD_OIDC_PROVIDER_ARN",
    oidc_token_file = "ALIBABACLOUD_OIDC_TOKEN_FILE" },
}

--- A set read from its family of variables.
---@param family table
---@return crsync.Keys
function env.keys(family)
  return { access_key_id = environment.get(family.id), access_key_secret = environment.get(family.secret),
    security_token = environment.get(family.token) }
end

--- The first family that has a member.
---@return table|nil family
---@return string|nil reason  why it is no whole set
function env.find()
  for _, family in ipairs(env.KEYS) do
    local id, secret = environment.get(family.id), environment.get(family.secret)
    if id and secret then return family end
    local orphan = not family.token_is_shared and environment.get(family.token) and family.token
    if id or secret or orphan then
      return nil, ("%s is set and %s is not: a key needs both"):format(
        id and family.id or secret and family.secret or orphan, id and family.secret or family.id)
    end
  end
  return nil
end

--- The role that the environment of a pod describes (RRSA).
---@return crsync.Role|nil
---@return string|nil reason  why it is no whole set
function env.oidc()
  for _, family in ipairs(env.ROLES) do
    local role, set, unset = {}, nil, nil
    for field, name in pairs(family) do
      role[field] = environment.get(name)
      if role[field] then set = name else unset = name end
    end
    if set and not unset then return role end
    if set then return nil, ("%s is set and %s is not: a pod's role needs all three"):format(set, unset) end
  end
  return nil
end

return env
