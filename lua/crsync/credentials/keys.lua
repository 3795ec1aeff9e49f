--- What a source of keys has answered: read from JSON, checked, and its expiration as a number.

local core = require "crsync.core"

---@class crsync.Keys  one set: belongs together, is never mixed with another
---@field access_key_id string
---@field access_key_secret string
---@field security_token string|nil
---@field expiration string|number|nil    UTC as YYYY-MM-DDThh:mm:ssZ, or seconds since the epoch
---@field recheck number|nil              seconds after which to ask again, where no expiration is known
---@field clock_difference integer|nil    seconds by which the clock of who gave them is ahead of this machine's

local keys = {}

-- Days since 1970-01-01 in the Gregorian calendar, without the host's time zone.
local function days_from_civil(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- Seconds since the epoch, or nil when it is no time.
---@param expiration any
---@return number|nil
function keys.epoch(expiration)
  if type(expiration) == "number" then return expiration end
  local y, mo, d, h, mi, s = tostring(expiration):match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.?%d*Z$")
  if not y then return nil end
  return days_from_civil(tonumber(y), tonumber(mo), tonumber(d)) * 86400 + h * 3600 + mi * 60 + s
end

--- What is wrong with a set of keys; nil when nothing is.
---@param set any
---@return string|nil
function keys.problem(set)
  if type(set) ~= "table" then return "it should return a table and returned a " .. type(set) end
  for _, name in ipairs { "access_key_id", "access_key_secret" } do
    if type(set[name]) ~= "string" or not set[name]:find "%S" then return "there is no " .. name .. " in it" end
  end
  if set.security_token ~= nil and type(set.security_token) ~= "string" then
    return "security_token should be a string"
  end
  if set.expiration ~= nil and not keys.epoch(set.expiration) then
    return "expiration should be YYYY-MM-DDThh:mm:ssZ or seconds since the epoch"
  end
  return nil
end

--- What of an id may be shown: enough to know it again.
---@param id string
---@return string
function keys.masked(id)
  if #id < 12 then return "****" end
  return id:sub(1, 4) .. "…" .. id:sub(-4)
end

local CAMEL = { access_key_id = "AccessKeyId", access_key_secret = "AccessKeySecret",
  security_token = "SecurityToken", expiration = "Expiration" }
local SNAKE = { access_key_id = "access_key_id", access_key_secret = "access_key_secret",
  security_token = "sts_token", expiration = "expiration" }

local function from_fields(fields, names)
  local set = {}
  for name, field in pairs(names) do
    if fields[field] ~= "" then set[name] = fields[field] end
  end
  return set
end

--- A set under the names of STS, metadata and credentials URIs.
function keys.from_camel(fields) return from_fields(fields, CAMEL) end

--- A set under the names that programs and config.json use.
function keys.from_snake(fields) return from_fields(fields, SNAKE) end

--- Reads a JSON object. The reason tells the place, and nothing of the text.
---@param body string
---@return table|nil
---@return string|nil reason
function keys.object(body)
  local value, reason = core.decode(body)
  if type(value) ~= "table" or #value > 0 then return nil, reason or "it is no JSON object" end
  return value
end

return keys
