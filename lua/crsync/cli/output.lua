--- Results on standard output, in the form that --output and --field ask for. What cannot be written ends the command
--- with a message; a reader that has gone (`| head`) ends it quietly.

local ci = require "crsync.cli.ci"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local lua_source = require "crsync.print.lua_source"
local nearest = require "crsync.util.nearest"
local tables = require "crsync.print.table"
local terminal = require "crsync.cli.terminal"
local text = require "crsync.util.text"

local output = {}

-- ---- the stream -------------------------------------------------------------------------------------------

local NOT_OPEN, NO_READER = 9, 32 -- EBADF and EPIPE, the same on every system

local placeholders = {}

--- Takes the places of standard streams that are closed. The next socket would get them, and what is printed would go
--- to the service. Reading is all that a placeholder can do: what is written to it fails.
function output.keep_places()
  for _, stream in ipairs { io.stdin, io.stdout, io.stderr } do
    local _, _, number = stream:seek "cur"
    if number == NOT_OPEN then placeholders[#placeholders + 1] = io.open("/dev/null", "r") end
  end
end

local function check(written, problem, number)
  if written then return end
  if number == NO_READER then exit.with(exit_status.NO_READER, nil) end
  exit.with(exit_status.TROUBLE, "crsync: the output could not be written: " .. problem)
end

--- Writes text as it is.
---@param s string
function output.put(s)
  check(io.stdout:write(s))
  output.finish()
end

--- Sees to it that all that was written has arrived.
function output.finish() check(io.stdout:flush()) end

-- ---- results ----------------------------------------------------------------------------------------------

--- A single text that came from elsewhere: harmless at a terminal, byte for byte in a pipe.
---@param s string
---@return string
function output.single(s) return terminal.is_terminal(1) and text.printable(s) or s end

-- Ends the command; says what was meant, if that is near. Of a path it is the part from which on nothing is there.
local function no_field(path, value)
  local before, rest = "", path
  local part, behind = rest:match "^([^.]+)%.?(.*)$"
  while type(value) == "table" and part and fields.at(value, part) ~= nil do
    value, before, rest = fields.at(value, part), before .. part .. ".", behind
    part, behind = rest:match "^([^.]+)%.?(.*)$"
  end
  local has_names = type(value) == "table" and value[1] == nil
  local meant = has_names and part and nearest(part, fields.sorted_keys(value))
  exit.with(exit_status.USAGE, ("crsync: there is no field %s%s"):format(path,
    meant and ("\nDid you mean '%s'?"):format(text.printable(before .. meant)) or ""))
end

local function bare(value) return type(value) == "table" and crsync.to_json(value) or compat.tostring(value) end

-- Of a list each item's value, one a line: an empty one where an item has none. None at all has it: it is misspelt.
local function fields_of(items, path)
  local lines, is_there = {}, #items == 0
  for i, item in ipairs(items) do
    local found = fields.at(item, path)
    is_there = is_there or found ~= nil
    lines[i] = found == nil and "" or text.printable(bare(found))
  end
  if not is_there then no_field(path, items[1]) end
  return lines
end

-- Each of these makes lines.

local function field_lines(value, path, is_list)
  if is_list and not path:find "^%d" then return fields_of(value, path) end
  local found = fields.at(value, path)
  if found == nil then no_field(path, value) end
  return { output.single(bare(found)) }
end

local function object_lines(value, is_list)
  local lines = {}
  for i, item in ipairs(is_list and value or { value }) do lines[i] = crsync.to_json(item) end
  return lines
end

local function lines_of(given, value, as_text, is_list)
  if given.field then return field_lines(value, given.field, is_list) end
  if given.output == "json" then return { crsync.to_json(value) } end
  if given.output == "jsonl" then return object_lines(value, is_list) end
  if given.output == "lua" then return { "return " .. lua_source.of(value) } end
  return { as_text(value) }
end

local function write_as(given, value, as_text, is_list)
  local lines = lines_of(given, value, as_text, is_list)
  lines[#lines + 1] = "" -- the last line ends, too
  output.put(table.concat(lines, "\n"))
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

--- Does what writes a thing that nobody can ask for again. Where it cannot be written, also because nobody reads it any
--- more, standard error tells it.
---@param write fun()
---@param sentence fun(): string|nil  what is told then
function output.write_or_tell(write, sentence)
  local ok, problem = pcall(core.without_sigpipe, write)
  if ok then return end
  local said = sentence()
  if said then ci.say("crsync: " .. said) end
  error(problem, 0)
end

--- Writes what was made; for people its id.
---@param given table  from the command line: output, field
---@param response table
---@param id string
---@param what string  "task", "rule"
function output.write_made(given, response, id, what)
  output.write_or_tell(function() output.write(given, response, function() return output.single(id) end) end,
    function() return ("the %s was made, its id is %s"):format(what, text.printable(id)) end)
end

local function cut_to(width, lines)
  local dots = terminal.speaks_utf8() and "…" or "..."
  return (lines:gsub("[^\n]+", function(line) return text.truncate(line, width, dots) end))
end

--- Writes a list; for people as a table, which keeps to the width of a terminal.
---@param given table  from the command line: output, field
---@param items table[]
---@param columns crsync.print.Column[]
function output.write_list(given, items, columns)
  output.write_several(given, items, function()
    local form = tables.forms[given.output](columns, items)
    if given.output == "text" and terminal.is_terminal(1) then form = cut_to(terminal.columns(), form) end
    return output.for_reader(given, form)
  end)
end

--- A table as its reader takes it: CSV with an end of its last line, but for what print adds; text in which the log
--- of a CI job finds no command.
---@param given table  from the command line: output
---@param s string
---@return string
function output.for_reader(given, s)
  if given.output == "text" then return ci.any_log().line(s) end
  return given.output == "csv" and s .. "\r" or s
end

--- What makes a task's report, fit for standard output.
---@param given table  from the command line: color
---@return fun(task: crsync.Task): string
function output.report(given)
  return function(task)
    return ci.any_log().line(crsync.format(task, { color = terminal.wants_color(given.color, 1),
      width = terminal.is_terminal(1) and terminal.columns() or 80 }))
  end
end

return output
