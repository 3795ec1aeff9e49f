--- Results on standard output, in the form that --output and --field ask for.

local compat = require "crsync.util.compat"
local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local lua_source = require "crsync.print.lua_source"
local tables = require "crsync.print.table"
local terminal = require "crsync.cli.terminal"
local text = require "crsync.util.text"

local output = {}

--- A single text that came from elsewhere: harmless at a terminal, byte for byte in a pipe.
---@param s string
---@return string
function output.single(s) return terminal.is_terminal(1) and text.printable(s) or s end

local function no_field(path) exit.with(exit_status.USAGE, ("crsync: there is no field %s"):format(path)) end

local function bare(value) return type(value) == "table" and crsync.to_json(value) or compat.tostring(value) end

-- Of a list each item's value, one a line: an empty one where an item has none. None at all has it: it is misspelt.
local function fields_of(items, path)
  local lines, is_there = {}, #items == 0
  for i, item in ipairs(items) do
    local found = fields.at(item, path)
    is_there = is_there or found ~= nil
    lines[i] = found == nil and "" or text.printable(bare(found))
  end
  if not is_there then no_field(path) end
  return lines
end

local function write_field(value, path, is_list)
  if is_list and not path:find "^%d" then
    for _, line in ipairs(fields_of(value, path)) do print(line) end
    return
  end
  local found = fields.at(value, path)
  if found == nil then no_field(path) end
  print(output.single(bare(found)))
end

local function write_lines(value, is_list)
  for _, item in ipairs(is_list and value or { value }) do print(crsync.to_json(item)) end
end

local function write_as(given, value, as_text, is_list)
  if given.field then
    write_field(value, given.field, is_list)
  elseif given.output == "json" then
    print(crsync.to_json(value))
  elseif given.output == "jsonl" then
    write_lines(value, is_list)
  elseif given.output == "lua" then
    print("return " .. lua_source.of(value))
  else
    print(as_text(value))
  end
end

--- Writes a result.
---@param given table                  from the command line: output, field
---@param value table
---@param as_text fun(value): string  makes the form for people
function output.write(given, value, as_text) write_as(given, value, as_text, false) end

--- Writes a sequence of results.
---@param given table                  from the command line: output, field
---@param items table[]
---@param as_text fun(items): string  makes the form for people
function output.write_several(given, items, as_text) write_as(given, items, as_text, true) end

--- Writes a list; for people as a table.
---@param given table  from the command line: output, field
---@param items table[]
---@param columns crsync.print.Column[]
function output.write_list(given, items, columns)
  output.write_several(given, items, function()
    return output.line_ended(given, tables.forms[given.output](columns, items))
  end)
end

--- Text whose last line's end is to be as CSV wants it, when print adds the rest.
---@param given table  from the command line: output
---@param s string
---@return string
function output.line_ended(given, s) return given.output == "csv" and s .. "\r" or s end

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
