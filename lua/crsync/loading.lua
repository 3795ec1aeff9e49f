--- Loading the library: all of it or nothing, and why its core cannot be loaded. Hosts differ in what they let a module
--- do: io may be missing, or raise.

local compat = require "crsync.util.compat"

local loading = {}

-- Which Lua the file was built for, as csrc/luaaux.c writes it there; nil when that cannot be read.
local function built_for(path)
  local ok, bytes = pcall(function()
    local file = assert(io.open(path, "rb"))
    local all = file:read "*a"
    file:close()
    return all
  end)
  if not ok and tostring(bytes):find("interrupted!", 1, true) then error(bytes, 0) end
  return ok and bytes:match "crsync core for (Lua %d%.%d)" or nil
end

-- The loader names only a symbol that is missing: because this Lua has none of that name, or because its program keeps
-- them all to itself.
local function explained(problem)
  if not (problem:find "undefined symbol" or problem:find "symbol not found" or problem:find "version mismatch") then
    return problem
  end
  local path = problem:match "from file '([^\n]-)'"
  if path and built_for(path) == _VERSION and not problem:find "version mismatch" then
    return ("crsync was built for this Lua (%s), but the program hides Lua's functions from C modules: link it with"
      .. " -Wl,-E; where its Lua is a plugin, have that loaded with global symbols, or start the program with"
      .. " LD_PRELOAD naming its liblua: doc/guides/embedding.md"):format(_VERSION)
  end
  return ("crsync was built for another Lua; this is %s: build it again with LUA=<this Lua>, or"
    .. " luarocks --lua-version %s"):format(compat.jit and "LuaJIT" or _VERSION, _VERSION:match "%d%.%d")
end

--- Calls a function that requires modules of crsync's. When it fails, those that it has loaded are taken back, so that
--- it can be tried again: Lua 5.1 would remember even one that has failed.
---@param load_all function
function loading.all_or_nothing(load_all)
  local before = {}
  for name in pairs(package.loaded) do before[name] = true end
  local ok, problem = pcall(load_all)
  if ok then return end
  for name in pairs(package.loaded) do
    if type(name) == "string" and (name == "crsync" or name:find "^crsync%." and not before[name]) then
      package.loaded[name] = nil
    end
  end
  error(type(problem) == "string" and explained(problem) or problem, 0)
end

return loading
