--- Modules that may be missing. One that is there and cannot be loaded is another matter, and so is what a hook raises
--- meanwhile: that goes on.

local optional = {}

-- What requires say: Lua's, and the installed command's (bin.lua) of a file that is empty.
local MISSING = { "module '%s' not found", "module '%s' is empty" }

local function is_missing(problem, name)
  for _, words in ipairs(MISSING) do
    if type(problem) == "string" and problem:find(words:format(name), 1, true) then return true end
  end
  return false
end

--- The module; nil if there is none of that name, or nothing in it.
---@param name string
---@return any
function optional.module(name)
  local found, module = pcall(require, name)
  if found and module ~= true then return module end
  if found or is_missing(module, name) then return nil end
  error(module, 0)
end

return optional
