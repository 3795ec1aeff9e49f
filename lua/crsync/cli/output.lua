--- Results on standard output, in the form that --output and --field ask for.

local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local lua_source = require "crsync.print.lua_source"
local tables = require "crsync.print.table"
local terminal = require "crsync.cli.terminal"

local output = {}

local function field_of(value, path)
  local found = fields.at(value, path)
  if found == nil then exit.with(exit_status.USAGE, ("crsync: there is no field %s"):format(path)) end
  return type(found) == "table" and crsync.to_json(found) or tostring(found)
end

--- Writes a result.
---@param given table                  from the command line: output, field
---@param value table
---@param as_text fun(value): string  makes the form for people
function output.write(given, value, as_text)
  if given.field then
    print(field_of(value, given.field))
  elseif given.output == "json" then
    print(crsync.to_json(value))
  elseif given.output == "lua" then
    print("return " .. lua_source.of(value))
  else
    print(as_text(value))
  end
end

--- Writes a list; for people as a table.
---@param given table  from the command line: output, field
---@param items table[]
---@param columns crsync.print.Column[]
function output.write_list(given, items, columns)
  output.write(given, items, function() return tables.text(columns, items) end)
end

--- What makes a task's report, fit for standard output.
---@param given table  from the command line: color
---@return fun(task: crsync.Task): string
function output.report(given)
  return function(task)
    return crsync.format(task, { color = terminal.wants_color(given.color, 1),
      width = terminal.is_terminal(1) and terminal.columns() or 80 })
  end
end

return output
