--- Regular expressions, as rules have them for tags and names: literals, `.`, classes, `\d \w \s`, groups, `|`, and
--- `* + ? {n,m}`. They match the whole text. Lua's own patterns know neither groups nor alternatives.

local filter = {}

local CLASSES = { d = "[0-9]", w = "[A-Za-z0-9_]", s = "%s", D = "[^0-9]", W = "[^A-Za-z0-9_]", S = "%S" }

local parse_choice

local function fail(p, problem) error({ problem = ("%s at character %d"):format(problem, p.at) }, 0) end

local function peek(p) return p.text:sub(p.at, p.at) end

-- Each part is a function (text, position, go) that calls go with where it may end, until go says yes.
local function one(pattern)
  return function(text, i, go) return i <= #text and text:find("^" .. pattern, i) ~= nil and go(i + 1) end
end

local function escaped(c)
  if CLASSES[c] then return CLASSES[c] end
  return (c:gsub("%W", "%%%0"))
end

local function parse_class(p)
  local stop, parts = nil, {}
  local negated = p.text:sub(p.at, p.at) == "^"
  if negated then p.at = p.at + 1 end
  repeat
    local c = peek(p)
    if c == "" then fail(p, "a class without its end") end
    if c == "]" and parts[1] then
      stop = true
    elseif c == "\\" then
      p.at = p.at + 1
      parts[#parts + 1] = escaped(peek(p)):gsub("^%[(.*)%]$", "%1")
    elseif c == "-" and parts[1] and p.text:sub(p.at + 1, p.at + 1) ~= "]" then
      parts[#parts + 1] = "-"
    else
      parts[#parts + 1] = (c:gsub("%W", "%%%0"))
    end
    p.at = p.at + 1
  until stop
  return one("[" .. (negated and "^" or "") .. table.concat(parts) .. "]")
end

local function parse_group(p)
  if p.text:sub(p.at, p.at + 1) == "?:" then p.at = p.at + 2 end
  local inner = parse_choice(p)
  if peek(p) ~= ")" then fail(p, "a group without its end") end
  p.at = p.at + 1
  return inner
end

local function parse_atom(p)
  local c = peek(p)
  p.at = p.at + 1
  if c == "(" then return parse_group(p) end
  if c == "[" then return parse_class(p) end
  if c == "." then return one "." end
  if c == "^" then return function(_, i, go) return i == 1 and go(i) end end
  if c == "$" then return function(text, i, go) return i == #text + 1 and go(i) end end
  if c:find "[*+?{]" then fail(p, "nothing to repeat") end
  if c == "\\" then
    c = peek(p)
    p.at = p.at + 1
    if c == "" then fail(p, "a backslash at the end") end
    return one(escaped(c))
  end
  return one((c:gsub("%W", "%%%0")))
end

local function repeated(part, least, most)
  return function(text, from, go)
    local function try(count, i)
      if count < most and part(text, i, function(j) return (j > i or count < least) and try(count + 1, j) end) then
        return true
      end
      return count >= least and go(i)
    end
    return try(0, from)
  end
end

local SIGNS = { ["*"] = { 0, math.huge }, ["+"] = { 1, math.huge }, ["?"] = { 0, 1 } }

local function parse_repeated(p)
  local part = parse_atom(p)
  while true do
    local sign = SIGNS[peek(p)]
    local least, comma, most, stop = p.text:match("^{(%d+)(,?)(%d*)}()", p.at)
    if sign then
      part, p.at = repeated(part, sign[1], sign[2]), p.at + 1
      if peek(p) == "?" then p.at = p.at + 1 end -- a lazy one matches the same whole texts
    elseif least then
      least = tonumber(least)
      part = repeated(part, least, tonumber(most) or (comma == "" and least or math.huge))
      p.at = stop
    else
      return part
    end
  end
end

local function parse_sequence(p)
  local parts = {}
  while p.at <= #p.text and not peek(p):find "[|)]" do parts[#parts + 1] = parse_repeated(p) end
  return function(text, from, go)
    local function step(n, i)
      if not parts[n] then return go(i) end
      return parts[n](text, i, function(j) return step(n + 1, j) end)
    end
    return step(1, from)
  end
end

function parse_choice(p)
  local choices = { parse_sequence(p) }
  while peek(p) == "|" do
    p.at = p.at + 1
    choices[#choices + 1] = parse_sequence(p)
  end
  return function(text, i, go)
    for _, choice in ipairs(choices) do
      if choice(text, i, go) then return true end
    end
    return false
  end
end

local function parse(text)
  local p = { text = text, at = 1 }
  local whole = parse_choice(p)
  if p.at <= #text then fail(p, "an end of a group without its beginning") end
  return whole
end

--- The expression as a function that tells whether a text matches it; nil and the reason where it is none.
---@param text string
---@return (fun(text: string): boolean)|nil
---@return string|nil problem
function filter.new(text)
  local ok, whole = pcall(parse, text)
  if not ok and not (type(whole) == "table" and whole.problem) then error(whole, 0) end
  if not ok then return nil, (whole --[[@as table]]).problem end
  return function(candidate)
    return whole(candidate, 1, function(i) return i == #candidate + 1 end)
  end
end

return filter
