--- What differs between Lua 5.1 to 5.5 and LuaJIT, made alike. Before Lua 5.3 every number is a double: integers are
--- exact to 2^53. Where undeclared globals are errors, no name may be asked for that this Lua does not have.

---@diagnostic disable: undefined-global, deprecated -- what one Lua lacks another has

local compat = {}

compat.unpack = table.unpack or unpack -- luacheck: ignore 113

--- The arguments as a table, and their number as its `n`.
---@param ... any
---@return { n: integer, [integer]: any }
function compat.pack(...) return { n = select("#", ...), ... } end

local LARGEST = 2 ^ 53

--- The number as an integer; nil for what is none.
---@param n any
---@return integer|nil
function compat.tointeger(n)
  if type(n) ~= "number" then return nil end
  if math.tointeger then return math.tointeger(n) end
  return math.floor(n) == n and math.abs(n) <= LARGEST and n or nil
end

--- As tonumber, with a point whatever the locale's is: Lua 5.1 and 5.2 read the locale's alone.
---@param value any
---@return number|nil
function compat.tonumber(value)
  local number = tonumber(value)
  if number or type(value) ~= "string" then return number end
  return tonumber((value:gsub("%.", (("%.1f"):format(0):sub(2, -2)))))
end

--- Whether the number is one that is written without a point.
---@param n number
---@return boolean
function compat.is_integer(n)
  if math.type then return math.type(n) == "integer" end
  return compat.tointeger(n) ~= nil
end

--- As tostring, but an integer in all its digits: where numbers are doubles, tostring has 14 of them, and %d may have
--- room for 32 bits.
---@param value any
---@return string
function compat.tostring(value)
  if math.type or type(value) ~= "number" or not compat.is_integer(value) then return tostring(value) end
  return ("%.0f"):format(value + 0) -- without the sign of a zero
end

--- Runs Lua source.
---@param source string
---@param name string  for messages
---@param environment table
---@return function|nil
---@return string|nil problem
function compat.load(source, name, environment)
  if _VERSION ~= "Lua 5.1" then return load(source, name, "t", environment) end
  if source:find "^\27" then return nil, "attempt to load a binary chunk" end
  local chunk, problem = loadstring(source, name) -- luacheck: ignore 113
  return chunk and setfenv(chunk, environment), problem -- luacheck: ignore 113
end

--- As setmetatable, and the metatable's __gc is heeded: Lua 5.1 and LuaJIT finalize userdata alone. There the table has
--- one, as its field `finalizer`.
---@generic T: table
---@param value T
---@param metatable table
---@return T
function compat.finalized(value, metatable)
  local newproxy = _VERSION == "Lua 5.1" and rawget(_G, "newproxy")
  if newproxy then
    local finalizer = newproxy(true)
    rawset(value, "finalizer", finalizer)
    getmetatable(finalizer).__gc = function() metatable.__gc(value) end
  end
  return setmetatable(value, metatable)
end

-- Not by _G alone, which a host may have put something else in front of.
compat.jit = package.loaded.jit or rawget(_G, "jit")

-- By name, not by trying: a host such as nginx has coroutines of its own, which cannot yield while a module loads.
local can_yield_in_pcall = _VERSION ~= "Lua 5.1" or compat.jit ~= nil

--- pcall around what may yield. Lua 5.1 cannot do that: there an error goes straight on, past whatever was to be put in
--- order after it.
compat.pcall = can_yield_in_pcall and pcall or function(f, ...) return true, f(...) end

return compat
