--- A page of a list, as every list of the service has it.

local compat = require "crsync.util.compat"
local refusals = require "crsync.sandbox.refusals"

local DEFAULT_SIZE, LARGEST_SIZE = 30, 100

local function count(query, name, default)
  local given = query[name]
  if not given or given == "" then return default end
  local n = given:find "^%d+$" and compat.tointeger(tonumber(given))
  if n and n >= 1 and n < 2 ^ 31 then return n end
  return nil, refusals.invalid(name, "it is a whole number of at least 1")
end

--- Cuts a page out.
---@param query table   with PageNo and PageSize, or without
---@param items table[]
---@param field string  what holds the items
---@param total "string"|"number"  the type of TotalCount, which differs
---@return table|nil answer
---@return crsync.sandbox.Refusal|nil
return function(query, items, field, total)
  local number, refusal = count(query, "PageNo", 1)
  if not number then return nil, refusal end
  local size
  size, refusal = count(query, "PageSize", DEFAULT_SIZE)
  if not size then return nil, refusal end
  size = math.min(size, LARGEST_SIZE)
  local page = {}
  for i = (number - 1) * size + 1, math.min(number * size, #items) do page[#page + 1] = items[i] end
  return { PageNo = number, PageSize = size, TotalCount = total == "string" and tostring(#items) or #items,
    [field] = page }
end
