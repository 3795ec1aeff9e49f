--- Text for people: foreign text made harmless, widths, sizes. Free of the locale.

local widths = require "crsync.util.widths"

local text = {}

-- ---- characters ---------------------------------------------------------------------------------------

-- Length of the UTF-8 sequence at i and its code point; nil where the bytes are none.
local function decode(s, i)
  local c = s:byte(i)
  if c < 0x80 then return 1, c end
  local n = c >= 0xC2 and c <= 0xDF and 2 or c >= 0xE0 and c <= 0xEF and 3 or c >= 0xF0 and c <= 0xF4 and 4
  if not n or i + n - 1 > #s then return nil end
  local code = c % 2 ^ (7 - n)
  for k = i + 1, i + n - 1 do
    local b = s:byte(k)
    if b < 0x80 or b > 0xBF then return nil end
    code = code * 64 + b - 0x80
  end
  local smallest = n == 2 and 0x80 or n == 3 and 0x800 or 0x10000
  if code < smallest or code > 0x10FFFF or (code >= 0xD800 and code <= 0xDFFF) then return nil end
  return n, math.floor(code)
end

local utf8 = package.loaded.utf8 -- from Lua 5.3 on; the global may not be asked for where it is not declared

--- Where the text stops being UTF-8, seen from a position on; nil: nowhere.
---@param s string
---@param from integer|nil
---@return integer|nil
function text.invalid_at(s, from)
  local i = from or 1
  if utf8 then return select(2, utf8.len(s, i)) end
  while i <= #s do
    local n = decode(s, i)
    if not n then return i end
    i = i + n
  end
  return nil
end

-- Whether a code point lies in one of sorted pairs of first and last code point.
local function in_ranges(ranges, code)
  local low, high = 1, #ranges / 2
  while low <= high do
    local middle = math.floor((low + high) / 2)
    if code < ranges[2 * middle - 1] then
      high = middle - 1
    elseif code > ranges[2 * middle] then
      low = middle + 1
    else
      return true
    end
  end
  return false
end

-- What can move the cursor, turn the writing around, or hide: controls, marks and overrides of direction,
-- zero-width and line-breaking characters, invisible fillers, tags and selectors of variants.
local HARMFUL = {
  0x00, 0x1F, 0x7F, 0x9F, 0xAD, 0xAD, 0x34F, 0x34F, 0x61C, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180F,
  0x200B, 0x200F, 0x2028, 0x202E, 0x2060, 0x206F, 0x2800, 0x2800, 0x3164, 0x3164, 0xFEFF, 0xFEFF, 0xFFA0, 0xFFA0,
  0xFFF0, 0xFFFB, 0x1BCA0, 0x1BCA3, 0x1D173, 0x1D17A, 0xE0000, 0xE0FFF,
}

local NAMED = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape_byte(c) return NAMED[c] or ("\\x%02x"):format(c:byte()) end

--- The text with each character beyond ASCII that can harm a terminal or hide replaced, and each byte that is no UTF-8.
---@param s string
---@param replace fun(bytes: string, code: integer|nil): string  code: nil for a byte that is no UTF-8
---@return string
function text.replace_harmful(s, replace)
  local out, from, i = {}, 1, s:find "[\128-\255]"
  while i do
    local n, code = decode(s, i)
    local after = i + (n or 1)
    if not n or in_ranges(HARMFUL, code) then
      out[#out + 1] = s:sub(from, i - 1)
      out[#out + 1] = replace(s:sub(i, after - 1), code)
      from = after
    end
    i = s:find("[\128-\255]", after)
  end
  out[#out + 1] = s:sub(from)
  return table.concat(out)
end

local function escape_visibly(bytes, code) return code and ("\\u{%x}"):format(code) or escape_byte(bytes) end

--- Foreign text that a terminal cannot be harmed by: controls, bidirectional overrides, zero-width characters
--- and bytes that are not UTF-8 become visible escapes; everything else stays.
---@param s string
---@return string
function text.printable(s)
  if s:find("[\128-\255]") then s = text.replace_harmful(s, escape_visibly) end
  return (s:gsub("[%z\1-\31\127]", escape_byte))
end

-- The character at i: its length in bytes, and the columns that it takes.
local function character(s, i)
  local n, code = decode(s, i)
  if not n or code < 0x80 then return n or 1, 1 end
  return n, in_ranges(widths.none, code) and 0 or in_ranges(widths.two, code) and 2 or 1
end

--- Columns that the text takes on a terminal, approximately.
---@param s string
---@return integer
function text.width(s)
  if not s:find("[\128-\255]") then return #s end
  local width, i = 0, 1
  while i <= #s do
    local n, columns = character(s, i)
    width, i = width + columns, i + n
  end
  return width
end

--- The beginning of the text that fits into so many columns. No character is split.
---@param s string
---@param columns integer
---@return string
function text.head(s, columns)
  local width, i = 0, 1
  while i <= #s do
    local n, more = character(s, i)
    if width + more > columns then break end
    width, i = width + more, i + n
  end
  return s:sub(1, i - 1)
end

--- The end of the text that fits into so many columns. No character is split.
---@param s string
---@param columns integer
---@return string
function text.tail(s, columns)
  local width, i = text.width(s), 1
  while i <= #s do
    local n, less = character(s, i)
    if width <= columns and less > 0 then break end -- a mark without its letter is no beginning
    width, i = width - less, i + n
  end
  return s:sub(i)
end

--- The text cut to a number of columns, with dots at the end where something went. No character is split.
---@param s string
---@param columns integer
---@param dots string|nil  "..." if not given
---@return string
function text.truncate(s, columns, dots)
  if text.width(s) <= columns then return s end
  dots = dots or "..."
  return text.head(s, math.max(columns - text.width(dots), 0)) .. text.head(dots, columns)
end

-- ---- numbers ------------------------------------------------------------------------------------------

--- A number with one digit behind a point, whatever the locale's point is.
---@param n number
---@return string
function text.decimal(n) return (("%.1f"):format(n):gsub("[^%d-]", ".")) end

local UNITS = { "kB", "MB", "GB", "TB", "PB", "EB" }

--- A size for people, in units of 1000 and their names: "999 B", "23.7 MB".
---@param n number bytes
---@return string
function text.bytes(n)
  if type(n) ~= "number" or n ~= n then return "?" end
  local sign, value, unit = n < 0 and "-" or "", math.abs(n + 0.0), 0
  if value < 999.5 then return ("%s%d B"):format(sign, math.floor(value + 0.5)) end
  repeat
    value, unit = value / 1000, unit + 1
  until value < 999.95 or unit == #UNITS
  if value == math.huge then return sign .. "?" end
  return sign .. text.decimal(value) .. " " .. UNITS[unit]
end

return text
