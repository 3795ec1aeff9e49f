--- The command's words being read: what argparse is told of the rows of commands and options, what comes of it, and
--- what is said of words that are wrong.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local help = require "crsync.cli.help"
local nearest = require "crsync.util.nearest"
local optional = require "crsync.util.optional"
local output = require "crsync.cli.output"
local terminal = require "crsync.cli.terminal"
local versions = require "crsync.cli.versions"

local parser = {}

-- ---- what a flag shows ------------------------------------------------------------------------------------------

local MOST_COLUMNS = 100 -- longer lines are hard to read

-- Shows a text instead of doing anything. argparse would leave without looking whether it was written.
local function show(text)
  output.put(text .. "\n")
  exit.with(exit_status.DONE, nil)
end

--- Columns for help.
---@return integer
function parser.width() return terminal.is_terminal(1) and math.min(terminal.columns(), MOST_COLUMNS) or 80 end

local ACTS = { version = function() show(versions.text()) end }

-- ---- argparse ---------------------------------------------------------------------------------------------------

-- Of a value that is any text: an empty one is a shell's variable that was not set, and means nothing.
local function not_empty(word)
  if word:find "%S" then return word end
  return nil, "it is empty"
end

-- Reads a value; what is wrong with it is said with the option's name: a line may hold several numbers.
local function converter(row)
  local convert, name = arguments.TYPES[row.type] or not_empty, row.name:match "%-%-%S+"
  return function(word)
    local value, problem = convert(word)
    if value == nil then return nil, name .. ": " .. problem end
    return value
  end
end

local function add_option(argparser, row)
  local is_flag = not (row.value or row.choices)
  local option = is_flag and argparser:flag(row.name, row.about) or argparser:option(row.name, row.about)
  if row.type or row.value then option:convert(converter(row)) end
  if row.choices then option:choices(row.choices) end
  if row.default then option:default(row.default) end
  if row.many then option:args(row.many) end
  if row.act then option:action(ACTS[row.act]) end
  if row.is_counted then option:count("*"):init(0):action "count" end
end

local function add_argument(argparser, row)
  local argument = argparser:argument(row.name, row.about)
  if row.choices then argument:choices(row.choices) end
  if row.many then argument:args(row.many) end
end

local function add_help(argparser, make)
  argparser:add_help { action = function() show(make()) end }
end

local function load_argparse()
  local argparse = optional.module "argparse"
  if argparse then return argparse end
  return exit.with(exit_status.CONFIGURATION, "the command crsync needs argparse (Debian: apt-get install"
    .. " lua-argparse; LuaRocks: luarocks install argparse)")
end

-- The parser of all words, and which command each of its subparsers is for.
local function make(commands)
  local argparser = load_argparse() "crsync"
  local command_of = {}
  add_help(argparser, function() return help.overview(commands, parser.width()) end)
  argparser:command_target "command"
  for _, row in ipairs(arguments.COMMON) do add_option(argparser, row) end
  for _, command in ipairs(commands) do
    local subparser = argparser:command(command.name, command.about)
    command_of[subparser] = command
    add_help(subparser, function() return help.command(command, parser.width()) end)
    for _, row in ipairs(command.arguments or {}) do add_argument(subparser, row) end
    for _, row in ipairs(command.options or {}) do add_option(subparser, row) end
  end
  return argparser, command_of
end

-- ---- words that are wrong ---------------------------------------------------------------------------------------

local function misused(command, problem)
  exit.with(exit_status.USAGE, help.short(command) .. "\n\ncrsync: " .. problem)
end

--- What was meant, as a line to put behind a message; empty where nothing is near.
---@param word string
---@param words string[]
---@return string
function parser.meant(word, words)
  local found = nearest(word, words)
  return found and ("\nDid you mean '%s'?"):format(found) or ""
end

local function names_of(rows)
  local names = {}
  for i, row in ipairs(rows) do names[i] = row.name end
  return names
end

-- What argparse says, in our words. It knows what was meant where one letter is wrong, or two change places.
local function in_our_words(problem, command, commands)
  for _, row in ipairs(command and command.arguments or {}) do
    problem = problem:gsub("argument '" .. row.name .. "'", row.value or row.name:upper())
  end
  if problem:find "\n" then return problem end
  local option = problem:match "^unknown option '([^']*)'$"
  local name = problem:match "^unknown command '([^']*)'$"
  return problem .. (option and parser.meant(option, names_of(arguments.option_names(command)))
    or name and parser.meant(name, names_of(commands)) or "")
end

local function check_format(given, command)
  local formats = arguments.formats_of(command)
  for _, format in ipairs(formats) do
    if format == given.output then return end
  end
  misused(command, ("%s does not write %s; its formats are %s%s"):format(command.name, given.output,
    table.concat(formats, ", "), parser.meant(given.output, formats)))
end

--- What was given on the command line; ends the command where that is wrong.
---@param words string[]
---@param commands crsync.cli.Command[]
---@return table given  by the names of arguments and options, with _ for -
---@return crsync.cli.Command command
function parser.parse(words, commands)
  local argparser, command_of = make(commands)
  local command
  argparser.error = function(subparser, problem) -- argparse gives it the parser of the command that is meant
    misused(command_of[subparser], in_our_words(problem, command_of[subparser], commands))
  end
  local given = argparser:parse(words)
  for _, row in ipairs(commands) do
    if row.name == given.command then command = row end
  end
  check_format(given, command)
  return given, command
end

-- ---- the library's words ------------------------------------------------------------------------------------------

-- The library's names of what the command line calls otherwise.
local WORDS = { instance_id = "INSTANCE", task_id = "TASK", rule_id = "--delete", action = "OPERATION",
  deadline = "--timeout" }

-- What the person has written for an argument of the library's.
local function word_for(command, name)
  return arguments.flag(name, command) or WORDS[name] or name:find "^ids%[" and "TASK" or name
end

--- A raised error as it concerns the person: what the library says of its arguments, and what a command says of its
--- words, in the command's words and with its usage; all else unchanged.
---@param raised any
---@param command crsync.cli.Command
---@return any
function parser.in_words(raised, command)
  local misuse = type(raised) == "table" and raised.misuse or nil ---@type string|nil
  if type(raised) == "string" then
    local name, problem = raised:match "bad argument #%d+ to '[%w_]+' %(([%w_.%[%]]+): (.*)%)$"
    misuse = name and ("%s: %s: %s"):format(command.name, word_for(command, name), problem) or nil
  end
  if not misuse then return raised end
  return select(2, pcall(misused, command, misuse))
end

return parser
