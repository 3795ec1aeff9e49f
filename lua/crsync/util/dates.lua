--- Dates as others write them, and as we do. UTC throughout, whatever the host's time zone.

local compat = require "crsync.util.compat"

local dates = {}

-- Days since 1970-01-01 in the Gregorian calendar.
local function days_from_civil(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

--- Seconds since the epoch, or nil when it is no time.
---@param value any  seconds, or YYYY-MM-DDThh:mm:ssZ
---@return number|nil
function dates.epoch(value)
  if type(value) == "number" then return value end
  local y, mo, d, h, mi, s = tostring(value):match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.?%d*Z$")
  if not y then return nil end
  return days_from_civil(tonumber(y), tonumber(mo), tonumber(d)) * 86400 + h * 3600 + mi * 60 + s
end

--- A time as RFC 3339 has it, to the second.
---@param seconds number  since the epoch
---@return string
function dates.rfc3339(seconds)
  return tostring(os.date("!%Y-%m-%dT%H:%M:%SZ", compat.tointeger(seconds) or math.floor(seconds)))
end

return dates
