--- A value as JSON, lossless: integers exact, empty lists lists, the same bytes every time. lua-cjson writes 14
--- digits and cannot tell an empty list, so this is our own.

local compat = require "crsync.util.compat"
local fields = require "crsync.print.fields"
local text = require "crsync.util.text"

local json = {}

local MAX_DEPTH = 200

-- How a NULL pointer looks, by C library.
local NULL_POINTER = { ["userdata: (nil)"] = true, ["userdata: 0x0"] = true, ["userdata: NULL"] = true,
  ["userdata: 0x0000000000000000"] = true, ["userdata: 0000000000000000"] = true }

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
  ["\b"] = "\\b", ["\f"] = "\\f" }

local function escape(c) return ESCAPES[c] or ("\\u%04x"):format(c:byte()) end

-- Bytes that are not UTF-8 become U+FFFD: JSON must be UTF-8.
local function valid_utf8(s)
  local out, from = {}, 1
  while true do
    local bad = text.invalid_at(s, from)
    if not bad then break end
    out[#out + 1] = s:sub(from, bad - 1) .. "\239\191\189"
    from = bad + 1
  end
  out[#out + 1] = s:sub(from)
  return table.concat(out)
end

-- Characters that can harm a terminal or hide, by their code: in two halves beyond 16 bits.
local function escape_code(_, code)
  if code < 0x10000 then return ("\\u%04x"):format(code) end
  local rest = code - 0x10000
  return ("\\u%04x\\u%04x"):format(0xD800 + math.floor(rest / 0x400), 0xDC00 + rest % 0x400)
end

local function encode_string(s)
  if s:find("[\128-\255]") then
    if text.invalid_at(s) then s = valid_utf8(s) end
    s = text.replace_harmful(s:gsub('[%z\1-\31"\\\127]', escape), escape_code)
  else
    s = s:gsub('[%z\1-\31"\\\127]', escape)
  end
  return '"' .. s .. '"'
end

-- The shortest digits that read back, with a point whatever the locale's is.
local function encode_float(n)
  for precision = 14, 17 do
    local digits = ("%." .. precision .. "g"):format(n):gsub(",", ".")
    if compat.tonumber(digits) == n or precision == 17 then return digits end
  end
end

local function fail(path, why)
  error("cannot be written as JSON: " .. (#path == 0 and "the value" or table.concat(path, ".")) .. ": " .. why, 0)
end

local function encode_number(n, path)
  if compat.is_integer(n) then return compat.tostring(n) end
  if n ~= n or n == math.huge or n == -math.huge then fail(path, "JSON has no " .. tostring(n)) end
  return encode_float(n)
end

local encode_value

local function encode_list(t, w, path)
  w.out[#w.out + 1] = "["
  for i = 1, #t do
    if i > 1 then w.out[#w.out + 1] = "," end
    w.newline(#path + 1)
    path[#path + 1] = i
    encode_value(t[i], w, path, nil)
    path[#path] = nil
  end
  if #t > 0 then w.newline(#path) end
  w.out[#w.out + 1] = "]"
end

local function encode_object(t, w, path)
  local keys = fields.sorted_keys(t)
  w.out[#w.out + 1] = "{"
  for i, key in ipairs(keys) do
    if i > 1 then w.out[#w.out + 1] = "," end
    w.newline(#path + 1)
    w.out[#w.out + 1] = encode_string(key) .. w.colon
    path[#path + 1] = key
    encode_value(t[key], w, path, key)
    path[#path] = nil
  end
  if #keys > 0 then w.newline(#path) end
  w.out[#w.out + 1] = "}"
end

local function encode_table(t, w, path, name)
  if #path >= MAX_DEPTH then fail(path, "too deep, or a table within itself") end
  local shape, why = fields.shape(t, name)
  if shape == "list" then return encode_list(t, w, path) end
  if shape == "object" then return encode_object(t, w, path) end
  fail(path, why)
end

function encode_value(value, w, path, name)
  local kind = type(value)
  if kind == "table" then return encode_table(value, w, path, name) end
  local written
  if kind == "string" then
    written = encode_string(value)
  elseif kind == "number" then
    written = encode_number(value, path)
  elseif kind == "boolean" then
    written = tostring(value)
  elseif value == nil or (kind == "userdata" and NULL_POINTER[tostring(value)]) then
    written = "null" -- lua-cjson's null is a NULL pointer
  else
    fail(path, "a " .. kind)
  end
  w.out[#w.out + 1] = written
end

--- How to_json writes.
---@class crsync.JsonOptions
---@field indent? integer  blanks a level; without it all stands on one line
---@field [string] "no such option"

--- Writes a value as JSON. Documented fields come first and in documented order, the rest sorted.
--- Raises, naming the place, for what JSON cannot hold: functions, NaN, infinities, mixed or sparse tables.
--- Bytes that are not UTF-8 are written as U+FFFD.
---@param value any
---@param options? crsync.JsonOptions|integer|crsync.Error  a number is no option: what a list's total is, in
--- crsync.to_json(client:list_tasks(…))
---@return string
function json.encode(value, options)
  local indent, out = type(options) == "table" and options.indent or nil, {}
  local writer = { out = out, colon = indent and ": " or ":", newline = function() end }
  if indent then
    writer.newline = function(depth) out[#out + 1] = "\n" .. (" "):rep(indent * depth) end
  end
  local ok, err = pcall(encode_value, value, writer, {}, nil)
  if not ok then error(err, 2) end
  return table.concat(out)
end

return json
