--- Where the access key comes from: the first source that is configured. One that then fails is an error that names it;
--- only the instance's metadata, which nobody configures, may be missing. Here are the keys that are simply there, in
--- options and environment; what has to be asked is search.lua's.

local core = require "crsync.core"
local environment = require "crsync.util.environment"
local errors = require "crsync.error"
local keys_of = require "crsync.credentials.keys"
local new_source = require "crsync.credentials.source"
local redact = require "crsync.util.redact"
local env = require "crsync.credentials.env"

local chain = {}

local trimmed = environment.trimmed

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
  local family, reason = env.find()
  if reason then return nil, errors.config("%s", reason) end
  if not family then return nil end
  return new_source("environment (" .. family.id .. ")", nil, true), env.keys(family)
end

-- Loaded for a client that needs it, as it is a third of all there is to load; and when it is made, not when it calls:
-- by then a host may have locked itself in where no file is to be found. To Lua a file that cannot be opened is not
-- found, also where it is only that too many are open.
local function load_search()
  local found, search = pcall(require, "crsync.credentials.search")
  if found then return search end
  local can_open, reason = core.check_file "/"
  if can_open then error(search, 0) end
  return nil, errors.new { kind = "credentials", retryable = true,
    message = "the other sources of keys cannot be loaded: " .. reason }
end

--- Finds the source for a client: the first that is configured. Keys that stay come back to be handed on and forgotten.
---@param options crsync.Options
---@param chosen crsync.Profile|nil  as cli_profile.choose has it; nil: to be chosen here
---@return crsync.Source|nil
---@return crsync.Keys|crsync.Error|nil keys  the error when there is no source
function chain.find(options, chosen)
  local source, second = given(options)
  if not (source or second or options.profile) then source, second = from_variables() end
  if not (source or second) then
    local search, err = load_search()
    if not search then return nil, err end
    source, second = search.find(options, chosen)
  end
  if source and second then source.key_id = redact.key_id(second.access_key_id) end
  return source, second
end

return chain
