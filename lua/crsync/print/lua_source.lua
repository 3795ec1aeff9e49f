--- A value as Lua source that a person can read and `load` can run.

local compat = require "crsync.util.compat"
local fields = require "crsync.print.fields"
local text = require "crsync.util.text"

local lua_source = {}

local KEYWORDS = {}
for word in ("and break do else elseif end false for function global goto if in local nil not or repeat return then"
  .. " true until while"):gmatch("%a+") do
  KEYWORDS[word] = true
end

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- Three digits always: a digit may follow.
local function escape(c) return ESCAPES[c] or ("\\%03d"):format(c:byte()) end

local function escape_bytes(s) return (s:gsub(".", escape)) end

-- Bytes of valid UTF-8 stay readable, but for characters that can harm a terminal or hide.
local function quote(s)
  if not s:find "[\128-\255]" then
    s = s:gsub('[%z\1-\31"\\\127]', escape)
  elseif text.invalid_at(s) then
    s = s:gsub('[%z\1-\31"\\\127-\255]', escape)
  else
    s = text.replace_harmful(s:gsub('[%z\1-\31"\\\127]', escape), escape_bytes)
  end
  return '"' .. s .. '"'
end

local function number(n)
  if n ~= n then return "0/0" end
  if n == math.huge then return "math.huge" elseif n == -math.huge then return "-math.huge" end
  if compat.is_integer(n) then return n == math.mininteger and "math.mininteger" or compat.tostring(n) end
  local digits = ("%.17g"):format(n):gsub(",", ".")
  return digits:find("[.e]") and digits or digits .. ".0"
end

local function key_source(key)
  if type(key) ~= "string" then return "[" .. number(key) .. "]" end
  return key:find("^[%a_][%w_]*$") and not KEYWORDS[key] and key or "[" .. quote(key) .. "]"
end

local function keys_of(t, shape)
  if shape ~= nil then return fields.sorted_keys(t) end
  local names, positions = {}, {}
  for key in pairs(t) do
    local list = type(key) == "string" and names or positions
    list[#list + 1] = key
  end
  table.sort(names)
  table.sort(positions)
  for _, name in ipairs(names) do positions[#positions + 1] = name end
  return positions
end

local write

local function write_table(t, out, indent)
  if #indent > 2 * 200 then error("too deep, or a table within itself", 0) end
  if next(t) == nil then
    out[#out + 1] = "{}"
    return
  end
  local inner, shape = indent .. "  ", fields.shape(t)
  out[#out + 1] = "{\n"
  for _, key in ipairs(keys_of(t, shape)) do
    out[#out + 1] = inner .. (shape == "list" and "" or key_source(key) .. " = ")
    write(t[key], out, inner)
    out[#out + 1] = ",\n"
  end
  out[#out + 1] = indent .. "}"
end

function write(value, out, indent)
  local kind = type(value)
  if kind == "table" then return write_table(value, out, indent) end
  if kind == "string" then
    out[#out + 1] = quote(value)
  elseif kind == "number" then
    out[#out + 1] = number(value)
  elseif kind == "boolean" or kind == "nil" then
    out[#out + 1] = tostring(value)
  else
    error("a " .. kind .. " has no source", 0)
  end
end

--- The value as Lua source: `load("return " .. source)()` gives an equal one. Keys in the order of to_json.
--- Raises for functions, userdata and tables within themselves.
---@param value any
---@return string
function lua_source.of(value)
  local out = {}
  write(value, out, "")
  return table.concat(out)
end

return lua_source
