--- Where the access key comes from: the first source that is configured. One that then fails is an error that names it;
--- only the instance's metadata, which nobody configures, may be missing.

local environment = require "crsync.environment"
local errors = require "crsync.error"
local ini = require "crsync.credentials.ini"
local keys_of = require "crsync.credentials.keys"
local metadata = require "crsync.credentials.metadata"
local modes = require "crsync.credentials.modes"
local profile = require "crsync.profile"
local sts = require "crsync.credentials.sts"
local uri = require "crsync.credentials.uri"
local variables = require "crsync.credentials.variables"

---@class crsync.Source
---@field name string              for people
---@field ask nil|fun(context: crsync.FetchContext): crsync.Keys|nil, crsync.Failure|string|nil  nil: keys that stay
---@field is_function boolean|nil  the script's own: cheap to ask
---@field last_resort boolean|nil  asked for want of anything that is configured
---@field searched boolean|nil     found by searching the usual places, which may look different the next time
---@field key_id string|nil       of the keys it gave last, masked
---@field generation integer       how often it has given keys
---@field ends number|nil          on core.now's clock: when the keys expire
---@field advisory number|nil      when to begin to ask again, while the keys still hold
---@field mandatory number|nil     when not to go on without an answer
---@field busy_until number|nil    somebody is asking, until then at most
---@field asker thread|nil         who

local chain = {}

local trimmed = environment.trimmed

local function new_source(name, ask, searched)
  return { name = name, ask = ask, searched = searched, generation = 0 }
end

local function from_options(options)
  local id, secret = trimmed(options.access_key_id), trimmed(options.access_key_secret)
  if not id and not secret and not options.security_token then return nil end
  if not id or id == "" then return nil, errors.config("option access_key_id is missing beside access_key_secret") end
  if not secret or secret == "" then
    return nil, errors.config("option access_key_secret is missing beside access_key_id")
  end
  return { access_key_id = id, access_key_secret = secret, security_token = trimmed(options.security_token) }
end

local function given(options)
  local keys, err = from_options(options)
  if err then return nil, err end
  local other = options.credentials
  if not other then return keys and new_source "options", keys end
  if keys then
    return nil, errors.config("options credentials and access_key_id contradict each other: give one of them")
  end
  if type(other) == "table" then
    local problem = keys_of.problem(other)
    if problem then return nil, errors.config("option credentials: %s", problem) end
    return new_source "option credentials", from_options(other)
  end
  local source = new_source("option credentials", other)
  source.is_function = true
  return source
end

local function from_variables()
  local family, reason = variables.find()
  if reason then return nil, errors.config("%s", reason) end
  if family then return new_source("environment (" .. family.id .. ")", nil, true), variables.keys(family) end
  local role
  role, reason = variables.oidc()
  if reason then return nil, errors.config("%s", reason) end
  if not role then return nil end
  return new_source("OIDC (ALIBABA_CLOUD_ROLE_ARN)", function(context)
    return sts.assume_role_with_oidc(context, role)
  end, true)
end

local function profile_source(label, name, lookup)
  local source = { name = name, lookup = lookup, roles = {} }
  return new_source(label, function(context) return modes.ask(context, source) end, true)
end

-- Reads the file at each time of asking: what is in it may have changed, and none of it is kept.
local function lookup_in(path)
  return function(name)
    local document, reason = profile.read(path)
    if not document then return nil, reason end
    local fields = profile.find(document, name)
    if not fields then return nil, ("%s has no profile %q"):format(path, name) end
    return fields
  end
end

local function from_ini(name)
  local fields, path, reason = ini.read(name)
  if reason then return nil, errors.config("%s", reason) end
  if not fields or modes.is_empty(fields) then return nil end
  return profile_source(("profile %s in %s"):format(fields.name, path), fields.name, function(wanted)
    local again, _, problem = ini.read(wanted)
    return again, problem or ("%s has no section %q"):format(path, wanted)
  end)
end

-- What is asked for by name must be in one of the two files; the current profile of the CLI's may be an empty one.
local function from_files(options, chosen)
  chosen = chosen or profile.choose(options.profile)
  if chosen and chosen.fields and (chosen.explicit or not modes.is_empty(chosen.fields)) then
    return profile_source(("profile %s in %s"):format(chosen.name, chosen.path), chosen.name, lookup_in(chosen.path))
  end
  if chosen and chosen.unusable then return nil, errors.config("%s", chosen.problem) end
  local source, err = from_ini(options.profile or profile.name_from_environment())
  if source or err then return source, err end
  local is_missed = chosen and chosen.explicit and not chosen.fields and (options.profile or chosen.present)
  if is_missed then return nil, errors.config("%s", chosen.problem) end
  return nil
end

local function uri_source(url)
  return new_source("ALIBABA_CLOUD_CREDENTIALS_URI", function(context) return uri.ask(context, url) end, true)
end

-- The instance's metadata, which may be missing anywhere; then the URL, if there is one.
local function instance_source(role, url)
  local ask_instance = metadata.new(role)
  return new_source("ECS metadata", function(context)
    local keys, reason = ask_instance(context)
    if keys or not url then return keys, reason end
    return uri.ask(context, url)
  end, true)
end

-- The URL first: looking for metadata elsewhere than on an ECS instance takes seconds.
local function from_afar()
  local url, role = environment.get "ALIBABA_CLOUD_CREDENTIALS_URI", environment.get "ALIBABA_CLOUD_ECS_METADATA"
  local disabled = environment.is_true(environment.get "ALIBABA_CLOUD_ECS_METADATA_DISABLED")
  if disabled or (url and not role) then return url and uri_source(url) end
  local source = instance_source(role, url)
  source.last_resort = not role and not url
  return source
end

local function search(options, chosen)
  local source, second
  if not options.profile then
    source, second = from_variables()
    if source or second then return source, second end
  end
  source, second = from_files(options, chosen)
  if source or second then return source, second end
  return from_afar() or new_source("none", nil, true)
end

--- Finds the source for a client: the first that is configured. Keys that stay come back to be handed on and forgotten.
---@param options crsync.Options
---@param chosen crsync.Profile|nil  as profile.choose has it; nil: to be chosen here
---@return crsync.Source|nil
---@return crsync.Keys|crsync.Error|nil keys  the error when there is no source
function chain.find(options, chosen)
  local source, second = given(options)
  if not (source or second) then source, second = search(options, chosen) end
  if source and second then source.key_id = keys_of.masked(second.access_key_id) end
  return source, second
end

return chain
