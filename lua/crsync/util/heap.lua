--- A list whose smallest item is at hand, whatever its length: a binary heap. Items are tables; what they are ordered
--- by, a number, is in the field that is named.

local heap = {}

--- Puts an item in.
---@param list table[]
---@param field string
---@param item table
function heap.push(list, field, item)
  local at = #list + 1
  while at > 1 do
    local above = math.floor(at / 2)
    if list[above][field] <= item[field] then break end
    list[at], at = list[above], above
  end
  list[at] = item
end

--- Takes the smallest item, which is list[1], out.
---@param list table[]
---@param field string
---@return table|nil
function heap.pop(list, field)
  local smallest, last = list[1], list[#list]
  list[#list] = nil
  local size, at = #list, 1
  while 2 * at <= size do
    local below = 2 * at
    if below < size and list[below + 1][field] < list[below][field] then below = below + 1 end
    if last[field] <= list[below][field] then break end
    list[at], at = list[below], below
  end
  if size > 0 then list[at] = last end
  return smallest
end

return heap
