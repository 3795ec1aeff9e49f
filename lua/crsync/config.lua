--- Options, environment, the CLI's profile and defaults becoming one checked table of settings, each with the place
--- that it comes from. Keys are credentials/refresh.lua's.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local endpoints = require "crsync.endpoint"
local environment = require "crsync.util.environment"
local errors = require "crsync.error"
local options = require "crsync.options"
local VERSION = require "crsync.version"
local cli_profile = require "crsync.credentials.cli_profile"

local config = {}

local ROWS = options.by_name(options.client)
local RETRY_DEFAULTS = ROWS.retry.default
local NO_RETRY = { max_attempts = 1, base_delay = 0, max_delay = 0 }

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ", ")
end

-- ---- where a setting comes from -------------------------------------------------------------------------

local function of_option(from, name)
  local value = from.options[name]
  if value ~= nil then return value, "option " .. name end
end

local function of_environment(_, name) return environment.first(ROWS[name].variables or {}) end

-- A number of 0 and an empty text are what the CLI writes for "not set"; a retry count of 0 means it.
local function of_profile(from, name)
  local fields = from.profile and from.profile.fields or {}
  for _, field in ipairs(ROWS[name].profile_fields or {}) do
    local value = fields[field]
    if type(value) == "string" then value = environment.trimmed(value) end
    if value ~= nil and value ~= "" and (value ~= 0 or name == "retry") then
      return value, ("%s of profile %s in %s"):format(field, from.profile.name, from.profile.path)
    end
  end
end

local LAYERS = { of_option, of_environment, of_profile }
local LAYERS_BELOW = { of_environment, of_profile }

-- The value of the first layer that has one, and the place.
local function find(from, name, layers)
  for _, layer in ipairs(layers or LAYERS) do
    local value, source = layer(from, name)
    if value ~= nil then return value, source end
  end
  return nil, "default"
end

-- ---- single values ------------------------------------------------------------------------------------

local function has_control_characters(s) return s:find("[%z\1-\31\127]") ~= nil end

-- Another value, or one of another type, that the row takes.
local function is_alternative(row, value)
  return row.alternative ~= nil and (value == row.alternative or type(value) == row.alternative)
end

local function check_types(given)
  for name, value in pairs(given) do
    local row = ROWS[name]
    if not row then
      return errors.config("unknown option %q; the options are: %s", tostring(name), sorted_names(ROWS))
    elseif type(value) ~= row.type and not is_alternative(row, value) then
      return errors.config("option %s should be a %s and is a %s", name, row.type, type(value))
    elseif row.type == "string" and has_control_characters(environment.trimmed(value)) then
      return errors.config("option %s holds a control character", name)
    end
  end
  return nil
end

local function positive(from, name)
  local given, source = find(from, name)
  local value = compat.tonumber(given or ROWS[name].default)
  if value and value > 0 and value < math.huge then return value, nil, source end
  return nil, errors.config("%s should be a positive number of seconds and is %s", source, tostring(given))
end

local function response_limit(from)
  local value, source = find(from, "max_response_size")
  local row = ROWS.max_response_size
  if value == nil then return row.default, nil, source end
  if value >= row.least and value <= row.most and value == math.floor(value) then return value, nil, source end
  return nil, errors.config("option max_response_size should be a whole number of bytes and is %s", tostring(value))
end

-- People write a variable that way, too.
local LEVELS = { ["true"] = 1, ["false"] = 0 }

local function debug_level(from)
  local given, source = find(from, "debug")
  local level = given == nil and ROWS.debug.default or tonumber(given) or LEVELS[environment.lower(tostring(given))]
  if level == 0 or level == 1 or level == 2 then return level, nil, source end
  return nil, errors.config("%s should be 0, 1 or 2 and is %s", source, tostring(given))
end

-- Of a count of retries, as the environment and profiles have it.
local function default_policy(from)
  local given, source = find(from, "retry", LAYERS_BELOW)
  local count = compat.tointeger(tonumber(given or RETRY_DEFAULTS.max_attempts - 1))
  if not count or count < 0 then
    return nil, errors.config("%s should be a whole number of at least 0 and is %s", source, tostring(given))
  end
  local policy = {}
  for name, default in pairs(RETRY_DEFAULTS) do policy[name] = default end
  policy.max_attempts = count + 1
  return policy, nil, source
end

local function retry_policy(from)
  local given = from.options.retry
  if given == false then return NO_RETRY, nil, "option retry" end
  local policy, err, source = default_policy(from)
  if not policy or given == nil then return policy, err, source end
  for name, value in pairs(given) do
    if RETRY_DEFAULTS[name] == nil then
      return nil, errors.config("unknown option retry.%s; there are: %s", tostring(name), sorted_names(RETRY_DEFAULTS))
    elseif type(value) ~= "number" then
      return nil, errors.config("option retry.%s should be a number and is a %s", name, type(value))
    elseif not (value >= 0 and value < math.huge) then
      return nil, errors.config("option retry.%s should be a number of at least 0 and is %s", name, tostring(value))
    end
    policy[name] = value
  end
  if policy.max_attempts < 1 or policy.max_attempts ~= math.floor(policy.max_attempts) then
    return nil, errors.config("option retry.max_attempts should be a whole number of at least 1 and is %s",
      tostring(policy.max_attempts))
  end
  return policy, nil, "option retry"
end

-- What the environment names is none of our business where there is no TLS.
local function trust_anchors(from, name, wanted, url)
  local path, source = find(from, name)
  if not path then return nil, nil, source end
  local is_there, reason = core.check_file(path, wanted)
  if is_there then return path, nil, source end
  if not from.options[name] and not (url or ""):find "^https:" then return nil, nil, "default" end
  return nil, errors.config("%s cannot be read: %s: %s", source, path, reason)
end

-- ---- the endpoint -------------------------------------------------------------------------------------

local function network_of(from)
  local network, source = find(from, "network")
  if network == nil or endpoints.is_network(network) then return network or ROWS.network.default, nil, source end
  return nil, errors.config("%s should be \"public\" or \"vpc\" and is %q", source, tostring(network))
end

local function no_endpoint(from)
  local chosen = from.profile
  local problem = chosen and (chosen.present or chosen.unusable or chosen.asked_by) and chosen.problem
  local names = ROWS.region.variables --[[@as string[] ]]
  return nil, errors.config("no region and no endpoint: set option region or option endpoint, the environment variable"
    .. " %s (also %s) or %s, or %s in a profile of the aliyun CLI's; it is the region of the source instance, such as"
    .. " cn-hangzhou%s", names[1], table.concat(names, ", ", 2), ROWS.endpoint.variables[1],
    ROWS.region.profile_fields[1], problem and "; " .. problem or "")
end

-- The first layer that names an endpoint or a region decides: a region that is asked for in so many words goes before
-- an endpoint that happens to be exported.
local function endpoint_url(from, network)
  for _, layer in ipairs(LAYERS) do
    local url, source = layer(from, "endpoint")
    local region, region_source = layer(from, "region")
    if url then
      local parsed, err = endpoints.parse(environment.trimmed(tostring(url)), source)
      return parsed, err, source
    elseif region and environment.trimmed(tostring(region)) ~= "" then
      local made, err = endpoints.of_region(environment.trimmed(tostring(region)), network)
      return made, err, region_source
    end
  end
  return no_endpoint(from)
end

local function region_of(from)
  local region, source = find(from, "region")
  return region and environment.trimmed(tostring(region)), nil, source
end

-- ---- all of it ----------------------------------------------------------------------------------------

local function check_loop(host, transport)
  if host == nil then return nil end
  if type(host.sleep) == "function" and (type(host.wait) == "function" or transport) then return nil end
  return errors.config("option loop should have the functions wait(fd, seconds) and sleep(seconds); beside option"
    .. " transport sleep is enough")
end

local function user_agent(from)
  local own = "crsync/" .. VERSION
  local added, source = find(from, "user_agent")
  if added and has_control_characters(added) then
    return nil, errors.config("%s holds a control character", source)
  end
  return added and own .. " " .. added or own, nil, source
end

---@class crsync.Settings
---@field endpoint string
---@field region string|nil
---@field network "public"|"vpc"
---@field connect_timeout number
---@field timeout number
---@field deadline number
---@field retry crsync.RetryPolicy
---@field proxy string|nil
---@field ca_file string|nil
---@field ca_path string|nil
---@field insecure_skip_tls_verify boolean|nil
---@field max_response_size integer
---@field user_agent string
---@field loop crsync.Loop|nil
---@field transport crsync.Transport|nil
---@field on_attempt nil|fun(attempt: crsync.Attempt)
---@field debug 0|1|2
---@field sources table<string, string>  setting → the place that it comes from

-- As they are given.
local PLAIN = { "proxy", "insecure_skip_tls_verify", "loop", "transport", "on_attempt" }

--- Checks the options and fills in environment, profile and defaults.
---@param given crsync.Options
---@param chosen crsync.Profile|nil  as cli_profile.choose has it; nil: to be chosen here
---@return crsync.Settings? settings
---@return crsync.ErrorOrNil err
---@return crsync.Settings partial  what could be resolved, for `crsync config`
function config.resolve(given, chosen)
  local settings, err = { sources = {} }, check_types(given) or check_loop(given.loop, given.transport)
  if err then return nil, err, settings end
  local from = { options = given, profile = chosen or cli_profile.choose(given.profile) }
  local function take(name, value, problem, source)
    settings[name], settings.sources[name] = value, source
    err = err or problem
  end
  take("network", network_of(from))
  take("region", region_of(from))
  take("endpoint", endpoint_url(from, settings.network))
  for _, name in ipairs { "connect_timeout", "timeout", "deadline" } do take(name, positive(from, name)) end
  take("max_response_size", response_limit(from))
  take("retry", retry_policy(from))
  take("ca_file", trust_anchors(from, "ca_file", "file", settings.endpoint))
  take("ca_path", trust_anchors(from, "ca_path", "folder", settings.endpoint))
  take("user_agent", user_agent(from))
  take("debug", debug_level(from))
  for _, name in ipairs(PLAIN) do
    take(name, given[name], nil, given[name] ~= nil and "option " .. name or "default")
  end
  if err then return nil, err, settings end
  return settings, nil, settings
end

return config
