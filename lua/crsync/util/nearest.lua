--- The word that somebody most likely meant: for messages about a name that there is not.

-- How many letters must be put in, taken out, replaced, or swapped with the next, to make one of the other.
local function distance(a, b)
  local above, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local next_row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      next_row[j] = math.min(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + cost)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        next_row[j] = math.min(next_row[j], above[j - 2] + 1)
      end
    end
    above, row = row, next_row
  end
  return row[#b]
end

--- The nearest of some words, in whatever letter case; nil where none is near.
---@param word string
---@param words string[]
---@return string|nil
return function(word, words)
  local best, least = nil, math.max(1, math.floor(#word / 4)) + 1
  for _, candidate in ipairs(words) do
    local d = distance(word:lower(), candidate:lower())
    if d < least then best, least = candidate, d end
  end
  return best
end
