--- Sources of keys that are asked: a role of OIDC's, a profile of the CLI's or of the ini file, a URL, the instance's
--- metadata. The first that is configured.

local errors = require "crsync.error"
local ini_profile = require "crsync.credentials.ini_profile"
local ecs_ram_role = require "crsync.credentials.ecs_ram_role"
local modes = require "crsync.credentials.modes"
local new_source = require "crsync.credentials.source"
local cli_profile = require "crsync.credentials.cli_profile"
local oidc = require "crsync.credentials.oidc"
local uri = require "crsync.credentials.uri"
local variables = require "crsync.variables"
local env = require "crsync.credentials.env"

local search = {}

local function from_oidc()
  local role, reason = env.oidc()
  if reason then return nil, errors.config("%s", reason) end
  if not role then return nil end
  return new_source("OIDC (" .. env.ROLES[1].role_arn .. ")", function(context)
    return oidc.ask(context, role)
  end, true)
end

local function profile_source(label, name, fields, lookup)
  local profile = { name = name, lookup = lookup, roles = {} }
  local source = new_source(label, function(context) return modes.ask(context, profile) end, true)
  source.is_at_hand = modes.is_at_hand(fields)
  return source
end

-- Reads the file at each time of asking: what is in it may have changed, and none of it is kept.
local function lookup_in(path)
  return function(name)
    local document, reason = cli_profile.read(path)
    if not document then return nil, reason end
    local fields = cli_profile.find(document, name)
    if not fields then return nil, ("%s has no profile %q"):format(path, name) end
    return fields
  end
end

local function from_ini(name)
  local fields, path, reason = ini_profile.read(name)
  if reason then return nil, errors.config("%s", reason) end
  if not fields or modes.is_empty(fields) then return nil end
  return profile_source(("profile %s in %s"):format(fields.name, path), fields.name, fields, function(wanted)
    local again, _, problem = ini_profile.read(wanted)
    return again, problem or ("%s has no section %q"):format(path, wanted)
  end)
end

-- What is asked for by name must be in one of the two files: going on would find another identity. The current profile
-- of the CLI's may be an empty one.
local function from_files(options, chosen)
  chosen = chosen or cli_profile.choose(options.profile)
  if chosen and chosen.fields and (chosen.asked_by or not modes.is_empty(chosen.fields)) then
    return profile_source(("profile %s in %s"):format(chosen.name, chosen.path), chosen.name, chosen.fields,
      lookup_in(chosen.path))
  end
  if chosen and chosen.unusable then return nil, errors.config("%s", chosen.problem) end
  local name, asked_by = cli_profile.asked(options.profile)
  local source, err = from_ini(name)
  if source or err or not name then return source, err end
  return nil, errors.config("%s asks for profile %q, which is nowhere: %s; ~/.alibabacloud/credentials has no section"
    .. " of that name", asked_by, name, chosen and chosen.problem or "config.json is left out")
end

local function uri_source(url)
  return new_source(variables.name "credentials_uri", function(context) return uri.ask(context, url) end, true)
end

-- The instance's metadata, which may be missing anywhere; then the URL, if there is one.
local function instance_source(role, url)
  local ask_instance = ecs_ram_role.new(role)
  return new_source("ECS metadata", function(context)
    local keys, reason = ask_instance(context)
    if keys or not url then return keys, reason end
    return uri.ask(context, url)
  end, true)
end

-- The URL first: looking for metadata elsewhere than on an ECS instance takes seconds.
local function from_afar()
  local url, role = (variables.get "credentials_uri"), (variables.get "ecs_metadata")
  local disabled = variables.is_true "ecs_metadata_disabled"
  if disabled or (url and not role) then return url and uri_source(url) end
  local source = instance_source(role, url)
  source.last_resort = not role and not url
  return source
end

--- Finds the first that is configured; a source named "none" where there is none.
---@param options crsync.Options
---@param chosen crsync.Profile|nil  as cli_profile.choose has it; nil: to be chosen here
---@return crsync.Source|nil
---@return crsync.Error|nil
function search.find(options, chosen)
  local source, err
  if not options.profile then
    source, err = from_oidc()
    if source or err then return source, err end
  end
  source, err = from_files(options, chosen)
  if source or err then return source, err end
  return from_afar() or new_source("none", nil, true)
end

return search
