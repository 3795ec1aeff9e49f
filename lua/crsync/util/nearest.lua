--- The word that somebody most likely meant: for messages about a name that there is not.

-- How many letters must be put in, taken out or replaced to make one of the other.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
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
