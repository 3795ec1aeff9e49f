--- Modules that may be missing. One that is there and cannot be loaded is another matter, and so is what a hook raises
--- meanwhile: that goes on.

local optional = {}

--- The module; nil if there is none of that name.
---@param name string
---@return any
function optional.module(name)
  local found, module = pcall(require, name)
  if found then return module end
  if type(module) == "string" and module:find("module '" .. name .. "' not found", 1, true) then return nil end
  error(module, 0)
end

return optional
