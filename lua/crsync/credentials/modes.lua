--- What a profile says becoming keys, by its mode. A profile of the ini file comes under the same names.
--- https://www.alibabacloud.com/help/en/cli/configure-credentials

local compat = require "crsync.util.compat"
local dates = require "crsync.util.dates"
local environment = require "crsync.util.environment"
local external = require "crsync.credentials.external"
local ecs_ram_role = require "crsync.credentials.ecs_ram_role"
local oidc = require "crsync.credentials.oidc"
local ram_role_arn = require "crsync.credentials.ram_role_arn"
local uri = require "crsync.credentials.uri"

---@class crsync.ProfileSource  where profiles come from, and what is remembered between two times of asking
---@field name string                            of the profile to begin with
---@field lookup fun(name: string): table|nil, string|nil  reads its fields anew; the reason when there are none
---@field roles table<string, function>          metadata sources by the role's name

local modes = {}

local LONGEST_CHAIN = 8

-- A field that has text in it, or a number.
---@param fields table
---@param name string
---@return any
local function field(fields, name)
  local value = fields[name]
  if type(value) == "number" then return value end
  if type(value) ~= "string" then return nil end
  value = value:match "^%s*(.-)%s*$"
  return value ~= "" and value or nil
end

local function missing(fields, names)
  for _, name in ipairs(names) do
    if not field(fields, name) then return name .. " is missing" end
  end
  return nil
end

local function role_of(fields)
  return {
    role_arn = field(fields, "ram_role_arn"),
    session_name = field(fields, "ram_session_name"),
    duration = field(fields, "expired_seconds") or field(fields, "duration_seconds"),
    policy = field(fields, "policy"),
    external_id = field(fields, "external_id"),
    sts_endpoint = field(fields, "sts_endpoint"),
    sts_region = field(fields, "sts_region"),
    vpc = fields.enable_vpc == true,
    oidc_provider_arn = field(fields, "oidc_provider_arn"),
    oidc_token_file = field(fields, "oidc_token_file"),
  }
end

-- The key pair in the profile, with its token if it has one.
local function static(fields, needs_token)
  local lacks = missing(fields, { "access_key_id", "access_key_secret", needs_token and "sts_token" or nil })
  if lacks then return nil, lacks end
  return { access_key_id = field(fields, "access_key_id"), access_key_secret = field(fields, "access_key_secret"),
    security_token = field(fields, "sts_token") }
end

-- What the CLI got at a login and wrote down; only it can do that again.
local function cached(fields)
  local set, lacks = static(fields, true)
  local ends = dates.expiration(field(fields, "sts_expiration"))
  if not set or not ends or ends <= os.time() then
    return nil, ("%s: log in again with `aliyun configure --profile %s`"):format(
      lacks or "the login has expired", tostring(fields.name))
  end
  set.expiration = ends
  return set
end

local ask

local function assumed(context, _, fields)
  local set, lacks = static(fields)
  lacks = lacks or missing(fields, { "ram_role_arn" })
  if not set or lacks then return nil, lacks end
  return ram_role_arn.ask(context, set, role_of(fields))
end

local function chained(context, source, fields, trail)
  local lacks = missing(fields, { "source_profile", "ram_role_arn" })
  if lacks then return nil, lacks end
  local name = field(fields, "source_profile")
  if trail[name] then return nil, ("source_profile goes in a circle: %s is asked for again"):format(name) end
  trail[name], trail.length = true, trail.length + 1
  if trail.length > LONGEST_CHAIN then
    return nil, ("more than %d profiles lean on each other"):format(LONGEST_CHAIN)
  end
  local others, reason = source.lookup(name)
  if not others then return nil, reason end
  local set
  set, reason = ask(context, source, others, trail)
  if not set then return nil, reason end
  return ram_role_arn.ask(context, set, role_of(fields))
end

local function of_instance(context, source, fields)
  local role = field(fields, "ram_role_name")
  local known = source.roles[role or ""] or ecs_ram_role.new(role)
  source.roles[role or ""] = known
  return known(context)
end

local function with_oidc(context, _, fields)
  local lacks = missing(fields, { "oidc_provider_arn", "oidc_token_file", "ram_role_arn" })
  if lacks then return nil, lacks end
  return oidc.ask(context, role_of(fields))
end

local function printed(context, _, fields)
  local lacks = missing(fields, { "process_command" })
  if lacks then return nil, lacks end
  return external.ask(context, field(fields, "process_command"))
end

local function fetched(context, _, fields)
  local lacks = missing(fields, { "credentials_uri" })
  if lacks then return nil, lacks end
  return uri.ask(context, field(fields, "credentials_uri"))
end

-- By the mode's name in lower case: the CLI compares so.
local ASK = {
  ak = function(_, _, fields)
    local set, lacks = static(fields)
    if set then set.security_token = nil end
    return set, lacks
  end,
  ststoken = function(_, _, fields) return static(fields, true) end,
  ramrolearn = assumed,
  chainableramrolearn = chained,
  ecsramrole = of_instance,
  oidc = with_oidc,
  external = printed,
  credentialsuri = fetched,
  cloudsso = function(_, _, fields) return cached(fields) end,
  oauth = function(_, _, fields) return cached(fields) end,
}

local INSTEAD = {
  rsakeypair = "key pairs are deprecated: use mode AK or RamRoleArn",
  ramrolearnwithrolename = "it is deprecated: use mode ChainableRamRoleArn with a source_profile of mode EcsRamRole",
  bearertoken = "Container Registry takes no bearer token: use mode AK or RamRoleArn",
  anonymous = "Container Registry answers nobody without a key: use mode AK or RamRoleArn",
}

-- What the CLI takes a profile for that names no mode, in its order.
local GUESSES = {
  { "ststoken", "access_key_id", "access_key_secret", "sts_token" },
  { "ramrolearn", "access_key_id", "access_key_secret", "ram_role_arn" },
  { "ak", "access_key_id", "access_key_secret" },
  { "rsakeypair", "private_key", "key_pair_name" },
  { "ecsramrole", "ram_role_name" },
  { "external", "process_command" },
  { "oidc", "oidc_provider_arn", "oidc_token_file", "ram_role_arn" },
  { "cloudsso", "cloud_sso_sign_in_url" },
  { "bearertoken", "bearer_token" },
}

local function guess(fields)
  for _, candidate in ipairs(GUESSES) do
    if not missing(fields, { compat.unpack(candidate, 2) }) then return candidate[1] end
  end
  return nil
end

--- The profile's mode, named or guessed, in lower case; nil when it has neither mode nor keys.
---@param fields table
---@return string|nil
function modes.of(fields)
  local named = field(fields, "mode")
  return named and environment.lower(tostring(named)) or guess(fields)
end

--- Whether a profile is one that `aliyun configure` leaves behind when nothing is filled in.
---@param fields table
---@return boolean
function modes.is_empty(fields)
  local mode = modes.of(fields)
  return (not mode or mode == "ak") and not field(fields, "access_key_id") and not field(fields, "access_key_secret")
end

-- Modes whose keys stand in the profile.
local AT_HAND = { ak = true, ststoken = true, cloudsso = true, oauth = true }

--- Whether the keys of a profile stand in it, so that nobody is asked for them.
---@param fields table
---@return boolean
function modes.is_at_hand(fields) return AT_HAND[modes.of(fields)] or false end

function ask(context, source, fields, trail)
  local mode = modes.of(fields)
  if not mode then return nil, "it has neither a mode nor a whole key" end
  local written = tostring(fields.mode or mode)
  if INSTEAD[mode] then return nil, ("mode %s is not supported: %s"):format(written, INSTEAD[mode]) end
  if not ASK[mode] then return nil, ("mode %s is unknown"):format(written) end
  return ASK[mode](context, source, fields, trail)
end

--- Asks for the keys of a profile.
---@param context crsync.FetchContext
---@param source crsync.ProfileSource
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function modes.ask(context, source)
  local fields, reason = source.lookup(source.name)
  if not fields then return nil, reason end
  return ask(context, source, fields, { [source.name] = true, length = 1 })
end

return modes
