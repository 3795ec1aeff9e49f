--- Results on standard output, in the form that --output and --field ask for.

local compat = require "crsync.util.compat"
local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local lua_source = require "crsync.print.lua_source"
local terminal = require "crsync.cli.terminal"

local output = {}

local function field_of(value, path)
  for name in path:gmatch "[^.]+" do
    local key = type(value) == "table" and (value[name] ~= nil and name or compat.tointeger(tonumber(name))) or nil
    value = key ~= nil and value[key] or nil
    if value == nil then exit.with(exit_status.USAGE, ("crsync: there is no field %s"):format(path)) end
  end
  return value
end

local function bare(value) return type(value) == "table" and crsync.to_json(value) or tostring(value) end

--- Writes a result.
---@param arguments table              the command's: output, field
---@param value table
---@param as_text fun(value): string  makes the form for people
function output.write(arguments, value, as_text)
  if arguments.field then
    print(bare(field_of(value, arguments.field)))
  elseif arguments.output == "json" then
    print(crsync.to_json(value))
  elseif arguments.output == "lua" then
    print("return " .. lua_source.of(value))
  else
    print(as_text(value))
  end
end

--- What makes a task's report, fit for standard output.
---@param arguments table  the command's: color
---@return fun(task: crsync.Task): string
function output.report(arguments)
  return function(task)
    return crsync.format(task, { color = terminal.wants_color(arguments.color, 1),
      width = terminal.is_terminal(1) and terminal.columns() or 80 })
  end
end

return output
