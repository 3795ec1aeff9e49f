--- Where the access key comes from: options, a function, or the environment. Keys are handed to the core at
--- once and kept in no table; what stays here is the source's name and when to ask it again.

local config = require "crsync.config"
local errors = require "crsync.error"

---@class crsync.Credentials
---@field access_key_id string
---@field access_key_secret string
---@field security_token string|nil
---@field expiration string|number|nil  UTC as YYYY-MM-DDThh:mm:ssZ, or seconds since the epoch

local credentials = {}

local ID, SECRET, TOKEN =
  "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"

-- Asked again so many seconds before they expire, so that none expires on its way.
local AHEAD = 180

local trimmed = config.trimmed

local function from_options(options)
  local id, secret = trimmed(options.access_key_id), trimmed(options.access_key_secret)
  if not id and not secret and not options.security_token then return nil end
  if not id or id == "" then return nil, errors.config("option access_key_id is missing beside access_key_secret") end
  if not secret or secret == "" then
    return nil, errors.config("option access_key_secret is missing beside access_key_id")
  end
  return { access_key_id = id, access_key_secret = secret, security_token = trimmed(options.security_token) }
end

local function from_environment()
  local id, secret = config.env(ID), config.env(SECRET)
  if not id and not secret then return nil end
  if not secret then return nil, errors.config("%s is set and %s is not: a key needs both", ID, SECRET) end
  if not id then return nil, errors.config("%s is set and %s is not: a key needs both", SECRET, ID) end
  return { access_key_id = id, access_key_secret = secret, security_token = config.env(TOKEN) }
end

--- Finds the source for a new client. Static keys come back to be handed on and forgotten.
---@param options crsync.Options
---@return table|nil source  { name, ask = function or nil }
---@return crsync.Credentials|crsync.Error|nil keys  of a static source; the error when there is no source
function credentials.find(options)
  local keys, err = from_options(options)
  if err then return nil, err end
  if keys and options.credentials then
    return nil, errors.config("options credentials and access_key_id contradict each other: give one of them")
  end
  if options.credentials then return { name = "option credentials", ask = options.credentials } end
  if keys then return { name = "options" }, keys end
  keys, err = from_environment()
  if err then return nil, err end
  if keys then return { name = "environment" }, keys end
  return { name = "none" }
end

--- The error of a call without keys.
---@return crsync.Error
function credentials.none()
  return errors.new { kind = "credentials", message = "no access key was found; looked for: options access_key_id and"
    .. " access_key_secret, option credentials, environment variables " .. ID .. " and " .. SECRET }
end

-- Days since 1970-01-01 in the Gregorian calendar, without the host's time zone.
local function days_from_civil(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

local function epoch_of(expiration)
  if type(expiration) == "number" then return expiration end
  local y, mo, d, h, mi, s = tostring(expiration):match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.?%d*Z$")
  if not y then return nil end
  return days_from_civil(tonumber(y), tonumber(mo), tonumber(d)) * 86400 + h * 3600 + mi * 60 + s
end

local function source_failed(source, why)
  return errors.new { kind = "credentials", message = source.name .. ": " .. why }
end

local function check_answer(source, keys, reason)
  if keys == nil then return source_failed(source, tostring(reason or "it returned nothing")) end
  if type(keys) ~= "table" then
    return source_failed(source, "it should return a table and returned a " .. type(keys))
  end
  for _, name in ipairs { "access_key_id", "access_key_secret" } do
    if type(keys[name]) ~= "string" or trimmed(keys[name]) == "" then
      return source_failed(source, "the table that it returned has no " .. name)
    end
  end
  if keys.security_token ~= nil and type(keys.security_token) ~= "string" then
    return source_failed(source, "security_token should be a string")
  end
  if keys.expiration ~= nil and not epoch_of(keys.expiration) then
    return source_failed(source, "expiration should be YYYY-MM-DDThh:mm:ssZ or seconds since the epoch")
  end
  return nil
end

--- Makes sure that the core has keys that hold. An error raised by the source passes unchanged.
---@param source table       as found by `find`
---@param engine table       a core
---@param renew boolean|nil  ask even if the present keys seem to hold
---@return crsync.Error|nil
function credentials.ensure(source, engine, renew)
  if source.name == "none" then return credentials.none() end
  if not source.ask then return nil end
  if source.asked and not renew and not (source.expires and os.time() >= source.expires - AHEAD) then return nil end
  local keys, reason = source.ask()
  local err = check_answer(source, keys, reason)
  if err then return err end
  local ok = pcall(engine.set_credentials, engine, keys.access_key_id, keys.access_key_secret, keys.security_token)
  if not ok then return source_failed(source, "a key holds a character that no key has") end
  source.asked = true
  source.expires = keys.expiration and epoch_of(keys.expiration)
  return nil
end

return credentials
