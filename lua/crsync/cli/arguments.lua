--- The command's words: what argparse is told of the rows in commands/, and what comes of it.

local compat = require "crsync.util.compat"
local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local dates = require "crsync.util.dates"
local output = require "crsync.cli.output"
local statuses = require "crsync.statuses"

---@class crsync.cli.Argument
---@field name string
---@field about string|nil          for help
---@field many "+"|"*"|nil          one or more, or any number
---@field choices string[]|nil

---@class crsync.cli.Option
---@field name string               "--tag"; with a short name "-o --output"
---@field about string              for help
---@field value string|nil          what help calls its value; an option with neither value nor choices is a flag
---@field type string|nil           of the value, where it is not any text: a name of TYPES
---@field choices string[]|nil
---@field default string|nil
---@field many "+"|nil              one or more values
---@field act fun()|nil             of a flag that does its work at once
---@field is_counted boolean|nil    of a flag: how often it is given counts

---@class crsync.cli.Command
---@field name string
---@field about string              for help
---@field arguments crsync.cli.Argument[]|nil
---@field options crsync.cli.Option[]|nil       its own, beside arguments.COMMON
---@field formats string[]|nil       of --output, beside those of every command
---@field without_client boolean|nil            its run is given no client
---@field has_own_timeout boolean|nil           --timeout bounds what it does, not each call
---@field run fun(given: table, client: crsync.Client|nil): integer  does it and returns the exit status

local arguments = {}

-- ---- types ------------------------------------------------------------------------------------------------

local TYPES = {}

-- As people write it: other words that Lua takes, such as 0x1F or nan, are slips.
local function number(s) return s:find "^[%d.eE+-]+$" and tonumber(s) or nil end

function TYPES.seconds(s)
  local n = number(s)
  if n and n >= 0 and n < math.huge then return n end
  return nil, ("'%s' is not a number of seconds"):format(s)
end

function TYPES.count(s)
  local n = compat.tointeger(number(s))
  if n and n >= 1 then return n end
  return nil, ("'%s' is not a whole number of at least 1"):format(s)
end

function TYPES.speed(s)
  local n = number(s)
  if n and n > 0 and n < math.huge then return n end
  return nil, ("'%s' is not a number above 0"):format(s)
end

function TYPES.moment(s)
  local seconds = dates.moment(s, os.time())
  if seconds then return seconds end
  return nil, ("'%s' is no time: write 2024-06-10T06:13:20Z, seconds since 1970, or how long ago: 90s, 10m, 2h, 1d")
    :format(s)
end

function TYPES.words(s)
  local words = {}
  for word in s:gmatch "[^,%s]+" do words[#words + 1] = word end
  if #words > 0 then return words end
  return nil, ("'%s' names nothing"):format(s)
end

local is_status = {}
for _, word in ipairs(statuses.words) do is_status[word] = true end

function TYPES.statuses(s)
  local words, problem = TYPES.words(s:upper())
  for _, word in ipairs(words or {}) do
    if not is_status[word] then
      return nil, ("'%s' is no status: there are %s"):format(word, table.concat(statuses.words, ", "))
    end
  end
  return words, problem
end

function TYPES.port(s)
  local n = compat.tointeger(number(s))
  if n and n >= 0 and n <= 65535 then return n end
  return nil, ("'%s' is no port: a whole number from 0 to 65535"):format(s)
end

function TYPES.file(s) return s end -- any text; completions offer names of files

-- ---- what many commands have ---------------------------------------------------------------------------------

-- What a flag shows instead of doing anything.
local function show(text)
  output.put(text .. "\n")
  exit.with(exit_status.DONE, nil)
end

local function show_version() show(crsync._VERSION) end

local FORMATS = { "text", "json", "jsonl", "lua" }

--- Of commands whose result is a list.
arguments.TABLE_FORMATS = { "csv", "markdown" }

local ALL_FORMATS = { "text", "json", "jsonl", "lua", "csv", "markdown", "html", "prometheus" }

--- Options of every command, beside --help, which argparse has.
---@type crsync.cli.Option[]
arguments.COMMON = {
  { name = "-o --output", choices = ALL_FORMATS, default = "text", about = "Output format" },
  { name = "--field", value = "PATH", about = "Print this value only, such as ImageTo.RegionId or LayerTasks.1.Size" },
  { name = "--region", value = "ID", about = "Region of the source instance" },
  { name = "--endpoint", value = "URL", about = "Service to ask: host, host:port or URL" },
  { name = "--profile", value = "NAME", about = "Profile of the aliyun CLI, or section of the SDKs' ini file" },
  { name = "--timeout", value = "S", type = "seconds", about = "Time limit for the whole command, in seconds" },
  { name = "--color", choices = { "auto", "always", "never" }, default = "auto", about = "When to use colours" },
  { name = "-v --verbose", is_counted = true,
    about = "Show each request on standard error, without secrets; -vv shows bodies, too" },
  { name = "--version", act = show_version, about = "Show the version and exit" },
}

---@type crsync.cli.Argument
arguments.INSTANCE = { name = "instance", about = "Id of the source instance, cri-…" }

---@type crsync.cli.Argument
arguments.TASK = { name = "task", about = "Id of the task, rst-…" }

---@type crsync.cli.Argument
arguments.TASKS = { name = "task", many = "+", about = "Ids of tasks, rst-…" }

---@type crsync.cli.Option
arguments.SINCE = { name = "--since", value = "WHEN", type = "moment",
  about = "Only tasks made at this time or later: 2024-06-10T06:13:20Z, seconds since 1970, or how long ago: 10m, 1d" }

---@type crsync.cli.Option
arguments.TILL = { name = "--till", value = "WHEN", type = "moment", about = "Only tasks made at this time or earlier" }

---@type crsync.cli.Option
arguments.TO_REGION = { name = "--to-region", value = "R", type = "words",
  about = "Only tasks to this region, or to one of these: A,B" }

-- ---- parsing --------------------------------------------------------------------------------------------------

local function add_option(parser, row)
  local is_flag = not (row.value or row.choices)
  local option = is_flag and parser:flag(row.name, row.about) or parser:option(row.name, row.about)
  if row.value then option:argname(row.value) end
  if row.type then option:convert(TYPES[row.type]) end
  if row.choices then option:choices(row.choices) end
  if row.default then option:default(row.default) end
  if row.many then option:args(row.many) end
  if row.act then option:action(row.act) end
  if row.is_counted then option:count("*"):init(0):action "count" end
end

local function add_argument(parser, row)
  local argument = parser:argument(row.name, row.about)
  if row.choices then argument:choices(row.choices) end
  if row.many then argument:args(row.many) end
end

-- argparse's own help leaves without looking whether it was written.
local function add_help(parser)
  parser:add_help { action = function() show(parser:get_help()) end }
end

-- The parser of all words, and by name those of the commands' words.
local function make_parser(commands)
  local found, argparse = pcall(require, "argparse")
  if not found then
    exit.with(exit_status.CONFIGURATION, "the command crsync needs argparse (Debian: apt-get install lua-argparse; "
      .. "LuaRocks: luarocks install argparse)")
  end
  local parser = argparse("crsync", "Check, start and watch image syncs of Alibaba Cloud Container Registry.")
  add_help(parser)
  parser:command_target "command"
  parser:require_command(true)
  for _, row in ipairs(arguments.COMMON) do add_option(parser, row) end
  local by_name = {}
  for _, command in ipairs(commands) do
    local subparser = parser:command(command.name, command.about)
    by_name[command.name] = subparser
    add_help(subparser)
    for _, row in ipairs(command.arguments or {}) do add_argument(subparser, row) end
    for _, row in ipairs(command.options or {}) do add_option(subparser, row) end
  end
  return parser, by_name
end

local function say_usage(parser, problem)
  exit.with(exit_status.USAGE, parser:get_usage() .. "\n\ncrsync: " .. problem)
end

-- What is written differs between commands.
local function check_format(given, commands)
  local formats = {}
  for _, format in ipairs(FORMATS) do formats[#formats + 1] = format end
  for _, command in ipairs(commands) do
    for _, format in ipairs(command.name == given.command and command.formats or {}) do
      formats[#formats + 1] = format
    end
  end
  for _, format in ipairs(formats) do
    if format == given.output then return end
  end
  exit.with(exit_status.USAGE, ("crsync: %s does not write %s; its formats are %s"):format(given.command, given.output,
    table.concat(formats, ", ")))
end

--- What was given on the command line; ends the command where that is wrong.
---@param words string[]
---@param commands crsync.cli.Command[]
---@return table given  by the names of arguments and options, with _ for -; and command: the command's name
function arguments.parse(words, commands)
  local parser = make_parser(commands)
  parser.error = say_usage -- argparse gives it the parser of the command that is meant
  local given = parser:parse(words)
  check_format(given, commands)
  return given
end

-- The library's names of what the command line calls otherwise.
local WORDS = { instance_id = "INSTANCE", task_id = "TASK", rule_id = "--delete", action = "ACTION",
  deadline = "--timeout" }

-- What the person has written for an argument of the library's.
local function word_for(command, name)
  local flag = "--" .. name:gsub("_", "-")
  for _, options in ipairs { command.options or {}, arguments.COMMON } do
    for _, option in ipairs(options) do
      if option.name == flag then return flag end
    end
  end
  return WORDS[name] or name:find "^ids%[" and "TASK" or name
end

--- A raised error as it concerns the person: what the library says of its arguments, and what a command says of its
--- words, in the command's words and with its usage; all else unchanged.
---@param raised any
---@param command crsync.cli.Command
---@param commands crsync.cli.Command[]
---@return any
function arguments.in_words(raised, command, commands)
  local misuse = type(raised) == "table" and raised.misuse
  if type(raised) == "string" then
    local name, problem = raised:match "bad argument #%d+ to '[%w_]+' %(([%w_.%[%]]+): (.*)%)$"
    misuse = name and ("%s: %s: %s"):format(command.name, word_for(command, name), problem)
  end
  if not misuse then return raised end
  local _, parsers = make_parser(commands)
  return select(2, pcall(say_usage, parsers[command.name], misuse))
end

-- ---- what is made of them ---------------------------------------------------------------------------------------

--- Name=value words as parameters; what looks like a number stays text, as the service takes it either way.
---@param words string[]
---@return table<string, string>
function arguments.parameters(words)
  local params = {}
  for _, word in ipairs(words) do
    local name, value = word:match "^([%w_.-]+)=(.*)$"
    if not name then exit.misused(("'%s' is not of the form Name=value"):format(word)) end
    params[name] = value
  end
  return params
end

--- Those of the names that no parameter has a value for.
---@param params table<string, string>
---@param names string[]
---@return string[]
function arguments.missing(params, names)
  local missing = {}
  for _, name in ipairs(names) do
    if (params[name] or "") == "" then missing[#missing + 1] = name end
  end
  return missing
end

--- The parts of NAMESPACE/NAME; of another word only the name.
---@param word string|nil
---@return string|nil namespace
---@return string|nil name
function arguments.repository(word)
  local namespace, name = (word or ""):match "^([^/]+)/([^/]+)$"
  return namespace, name or word
end

--- What of it a client is made with.
---@param given table
---@return crsync.Options
function arguments.client_options(given)
  return { region = given.region, endpoint = given.endpoint, profile = given.profile, deadline = given.timeout,
    debug = given.verbose > 0 and math.min(given.verbose, 2) or nil }
end

return arguments
