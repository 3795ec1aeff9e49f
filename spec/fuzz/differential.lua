-- core.decode beside a decoder of JSON that shares nothing with it: both take the same texts, and see the same in them.

local core = require "crsync.core"
local same = require "spec.fuzz.same"

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local NULL, LITERALS = {}, { ["true"] = true, ["false"] = false }
local MAX_DEPTH = 100

local function fail() error("bad", 0) end

local function skip(s, i) return s:find("[^ \t\r\n]", i) or #s + 1 end

local function read_escape(s, i)
  local c = s:sub(i, i)
  if ESCAPES[c] then return ESCAPES[c], i + 1 end
  local code = c == "u" and tonumber(s:match("^%x%x%x%x", i + 1) or fail(), 16) or fail()
  i = i + 5
  if code >= 0xDC00 and code <= 0xDFFF then fail() end
  if code >= 0xD800 and code <= 0xDBFF then
    local low = tonumber(s:match("^\\u(%x%x%x%x)", i) or fail(), 16)
    if low < 0xDC00 or low > 0xDFFF then fail() end
    code, i = 0x10000 + (code - 0xD800) * 1024 + low - 0xDC00, i + 6
  end
  return utf8.char(code), i
end

local function read_string(s, i)
  local out = {}
  while true do
    local c = s:sub(i, i)
    if c == '"' then return table.concat(out), i + 1 end
    if c == "" or c:byte() < 32 then fail() end
    if c == "\\" then out[#out + 1], i = read_escape(s, i + 1) else out[#out + 1], i = c, i + 1 end
  end
end

local function read_number(s, i)
  local from = i
  i = s:match("^%-?0()", i) or s:match("^%-?[1-9]%d*()", i) or fail()
  i = s:match("^%.%d+()", i) or i
  i = s:match("^[eE][+-]?%d+()", i) or i
  local n = tonumber(s:sub(from, i - 1))
  if n ~= n or n == math.huge or n == -math.huge then fail() end
  if math.type(n) == "float" and math.abs(n) <= 2 ^ 53 then n = math.tointeger(n) or n end
  return n, i
end

local read

local function read_list(s, i, depth)
  local list = {}
  i = skip(s, i)
  if s:sub(i, i) == "]" then return list, i + 1 end
  while true do
    local value
    value, i = read(s, i, depth)
    if value ~= NULL then list[#list + 1] = value end
    i = skip(s, i)
    local c = s:sub(i, i)
    if c == "]" then return list, i + 1 elseif c ~= "," then fail() end
    i = i + 1
  end
end

local function read_object(s, i, depth)
  local object = {}
  i = skip(s, i)
  if s:sub(i, i) == "}" then return object, i + 1 end
  while true do
    i = skip(s, i)
    if s:sub(i, i) ~= '"' then fail() end
    local key, value
    key, i = read_string(s, i + 1)
    i = skip(s, i)
    if s:sub(i, i) ~= ":" then fail() end
    value, i = read(s, i + 1, depth)
    if value == NULL then object[key] = nil else object[key] = value end
    i = skip(s, i)
    local c = s:sub(i, i)
    if c == "}" then return object, i + 1 elseif c ~= "," then fail() end
    i = i + 1
  end
end

function read(s, i, depth)
  i = skip(s, i)
  local c = s:sub(i, i)
  if c == "{" or c == "[" then
    if depth >= MAX_DEPTH then fail() end
    return (c == "{" and read_object or read_list)(s, i + 1, depth + 1)
  elseif c == '"' then
    return read_string(s, i + 1)
  end
  local word = s:match("^%l+", i)
  if not word then return read_number(s, i) end
  if word == "null" then return NULL, i + 4 end
  if LITERALS[word] == nil then fail() end
  return LITERALS[word], i + #word
end

local function independent(s)
  if not utf8.len(s) then fail() end
  local value, i = read(s, 1, 0)
  if skip(s, i) <= #s then fail() end
  return value
end

return function(data)
  if not data:find "^[ \t\r\n]*[%[{]" then return end -- lua-cjson takes bare values too, and so many spellings of them
  local ok, expected = pcall(independent, data)
  local value, reason = core.decode(data)
  if not ok then
    -- lua-cjson takes a lone low surrogate and a NUL, which is none of our affair.
    assert(value == nil or data:find "\\u", "taken: " .. data)
    return
  end
  assert(value ~= nil, tostring(reason))
  assert(same(expected, value), "seen otherwise: " .. data)
end
