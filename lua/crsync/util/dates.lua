--- Dates as others write them, and as we do. UTC throughout, whatever the host's time zone.

local compat = require "crsync.util.compat"

local dates = {}

-- Days since 1970-01-01 in the Gregorian calendar.
local function days_from_civil(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

-- Seconds since the epoch of a date and a time of day, and what stands behind them.
---@param value string
---@return number|nil seconds
---@return any zone  text, where there are seconds
local function parsed(value)
  local y, mo, d, h, mi, s, rest = value:match "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.?%d*(.*)$"
  if not y then return nil end
  return days_from_civil(tonumber(y), tonumber(mo), tonumber(d)) * 86400 + h * 3600 + mi * 60 + s, rest
end

--- Seconds since the epoch of a date in UTC, YYYY-MM-DDThh:mm:ssZ; nil for any other text.
---@param value string
---@return number|nil
function dates.epoch(value)
  local seconds, rest = parsed(value)
  return rest == "Z" and seconds or nil
end

local SMALLEST_MILLISECONDS = 1e11 -- as seconds that would be the year 5138

local function from_number(number)
  return number >= SMALLEST_MILLISECONDS and number / 1000 or number
end

--- Seconds since the epoch, in whatever form a source of keys writes its expiration: seconds or milliseconds, as a
--- number or as digits; RFC 3339 with Z or an offset. Nil when it is no time, or one without a zone.
---@param value any
---@return number|nil
function dates.expiration(value)
  if type(value) == "number" then return from_number(value) end
  local text = tostring(value)
  if text:find "^%d+$" then return from_number(tonumber(text)) end
  local seconds, zone = parsed(text)
  if not seconds or zone == "Z" or zone == "z" then return seconds end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
  if not sign then return nil end
  return seconds - (sign == "-" and -1 or 1) * (hours * 3600 + minutes * 60)
end

-- Whether each part of a date of parsed()'s form is one that there can be.
local function is_possible(text)
  local month, day, hour, minute, second = text:match "^%d+%-(%d+)%-(%d+)T(%d+):(%d+):(%d+)"
  local function within(part, from, to) return tonumber(part) >= from and tonumber(part) <= to end
  return within(month, 1, 12) and within(day, 1, 31) and within(hour, 0, 23) and within(minute, 0, 59)
    and within(second, 0, 60)
end

local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

--- Seconds since the epoch of a moment as a person writes it: RFC 3339, seconds since the epoch, or how long ago: 90s,
--- 10m, 2h, 1d. Nil where it is none of them.
---@param value string
---@param now number  seconds since the epoch
---@return number|nil
function dates.moment(value, now)
  local count, unit = value:match "^(%d+%.?%d*)([smhd])$"
  if count then return now - tonumber(count) * UNITS[unit] end
  if value:find "^%d+%.?%d*$" then return from_number(tonumber(value)) end
  local text = value:gsub("[tz ]", { t = "T", z = "Z", [" "] = "T" })
  return parsed(text) and is_possible(text) and dates.expiration(text) or nil
end

-- The first moments of the years 0 and 10000, between which RFC 3339 has words.
local FIRST, BEYOND = -62167219200, 253402300800

--- A time as RFC 3339 has it, to the second; a dash for one that it has no words for.
---@param seconds number  since the epoch
---@return string
function dates.rfc3339(seconds)
  if not (seconds >= FIRST and seconds < BEYOND) then return "-" end
  return tostring(os.date("!%Y-%m-%dT%H:%M:%SZ", compat.tointeger(seconds) or math.floor(seconds)))
end

return dates
