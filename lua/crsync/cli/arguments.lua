--- The command's words as rows: what a command of commands/ says of itself, what many commands have; the types of
--- options' values; what is made of words. Parsing, help and completions follow these rows.

local compat = require "crsync.util.compat"
local dates = require "crsync.util.dates"
local exit = require "crsync.cli.exit"
local nearest = require "crsync.util.nearest"
local objects = require "crsync.objects"
local options = require "crsync.options"
local statuses = require "crsync.statuses"

---@class crsync.cli.Argument
---@field name string
---@field about string|nil          for help
---@field value string|nil          what help calls it, where that is not its name in capitals
---@field many "+"|"*"|"?"|nil      one or more, any number, one or none
---@field choices string[]|nil
---@field completes string|nil      what shells offer for it: a name of candidates.lua's

---@class crsync.cli.Option
---@field name string               "--tag"; with a short name "-o --output"
---@field about string              for help
---@field value string|nil          what help calls its value; an option with neither value nor choices is a flag
---@field type string|nil           of the value, where it is not any text: a name of TYPES
---@field choices string[]|nil
---@field default string|nil
---@field shown_default string|nil  for help: what holds without it, where something else sees to that
---@field completes string|nil      what shells offer for its value: a name of candidates.lua's
---@field many "+"|nil              one or more values
---@field act "version"|nil         of a flag that does its work at once: what parser.lua does then
---@field is_counted boolean|nil    of a flag: how often it is given counts

---@class crsync.cli.Result             one kind of result on standard output
---@field of string|nil                which words lead to it, for people; nil: those without another result
---@field class string|nil             of objects.lua: the fields of the object, or of each in the array
---@field fields string[]|nil          the same, where there is no such class
---@field is_array boolean|nil
---@field columns crsync.print.Column[]|nil  of csv and markdown

---@class crsync.cli.Command
---@field name string
---@field about string              for help
---@field usage string[]|nil         what may follow its name, where its arguments do not say it
---@field arguments crsync.cli.Argument[]|nil
---@field options crsync.cli.Option[]|nil       its own, beside arguments.COMMON
---@field examples string[]          lines for a shell, that run against `crsync sandbox`
---@field results crsync.cli.Result[]|nil       nil: it writes text alone, or nothing
---@field formats string[]|nil       of --output, beside those of every command
---@field statuses string[]|nil      special exit statuses that it can give, beside those of every command
---@field without_client boolean|nil            its run is given no client
---@field without_common boolean|nil            options of every command mean nothing to it
---@field has_own_timeout boolean|nil           --timeout bounds what it does, not each call
---@field run fun(given: table, client: crsync.Client|nil): integer  does it and returns the exit status

local arguments = {}

--- A value's type: makes what it means of the word, or nil and what is wrong with it. "file" is any text.
---@type table<string, fun(word: string): any, string|nil>
local TYPES = {}
arguments.TYPES = TYPES

-- ---- types ------------------------------------------------------------------------------------------------

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
      local meant = nearest(word, statuses.words)
      return nil, ("'%s' is no status: there are %s%s"):format(word, table.concat(statuses.words, ", "),
        meant and ("\nDid you mean '%s'?"):format(meant) or "")
    end
  end
  return words, problem
end

function TYPES.port(s)
  local n = compat.tointeger(number(s))
  if n and n >= 0 and n <= 65535 then return n end
  return nil, ("'%s' is no port: a whole number from 0 to 65535"):format(s)
end

function TYPES.path(s)
  if not ("." .. s .. "."):find("..", 1, true) then return s end
  return nil, ("'%s' is no path: write names and positions with dots between them, such as LayerTasks.1.Size")
    :format(s)
end

function TYPES.file(s) return s end -- any text; completions offer names of files

-- ---- what many commands have ---------------------------------------------------------------------------------

-- What every command writes.
local FORMATS = { "text", "json", "jsonl", "lua" }

--- Of commands whose result is a list.
arguments.TABLE_FORMATS = { "csv", "markdown" }

--- The formats that a command writes.
---@param command crsync.cli.Command
---@return string[]
function arguments.formats_of(command)
  local formats = {}
  for _, list in ipairs { FORMATS, command.formats or {} } do
    for _, format in ipairs(list) do formats[#formats + 1] = format end
  end
  return formats
end

-- The default of an option of the library's, for help.
local function default_of(row) return row.default_text or tostring(row.default) end

local client_rows = options.by_name(options.client)
local wait_rows = options.by_name(options.wait_push)
local sandbox_rows = options.by_name(options.sandbox)

--- The default of an option of a wait's, for help.
---@param name string
---@return string
function arguments.default_of_wait(name) return default_of(wait_rows[name]) end

--- The default of an option of the sandbox's, for help.
---@param name string
---@return string
function arguments.default_of_sandbox(name) return default_of(sandbox_rows[name]) end

local TIMEOUT = { name = "--timeout", value = "S", type = "seconds",
  about = "Time limit for the whole command, in seconds",
  shown_default = default_of(client_rows.deadline) .. " for each call of the service" }

--- --timeout, of commands that wait.
---@type crsync.cli.Option
arguments.TIMEOUT_OF_WAIT = { name = "--timeout", value = "S", type = "seconds",
  about = "Time limit for the whole wait, in seconds; 0 asks once",
  shown_default = arguments.default_of_wait "timeout" }

--- Options of every command, beside --help, which argparse has.
---@type crsync.cli.Option[]
arguments.COMMON = {
  { name = "-o --output", value = "FORMAT", default = "text", completes = "formats",
    about = "How the result is written" },
  { name = "--field", value = "PATH", type = "path", completes = "fields",
    about = "Print this value only, such as ImageTo.RegionId or LayerTasks.1.Size" },
  { name = "--region", value = "ID", completes = "regions", about = "Region of the source instance" },
  { name = "--endpoint", value = "URL", about = "Service to ask: host, host:port or URL" },
  { name = "--profile", value = "NAME", completes = "profiles",
    about = "Profile of the aliyun CLI, or section of the SDKs' ini file" },
  TIMEOUT,
  { name = "--color", choices = { "auto", "always", "never" }, default = "auto", about = "When to use colours" },
  { name = "-v --verbose", is_counted = true,
    about = "Show each request on standard error, without secrets; -vv shows bodies, too" },
  { name = "--version", act = "version", about = "Show the version, and those of what it stands on, and exit" },
}

--- Of every command, too, and seen to elsewhere.
---@type crsync.cli.Option
arguments.HELP = { name = "-h --help", about = "Show help and exit" }

--- Every name that an option has with this command, short ones too: its own options first.
---@param command crsync.cli.Command|false|nil  none: what every command has
---@return { name: string, about: string, row: crsync.cli.Option }[]
function arguments.option_names(command)
  local names = {}
  for _, rows in ipairs { command and command.options or {}, arguments.COMMON, { arguments.HELP } } do
    for _, row in ipairs(rows) do
      for name in row.name:gmatch "%S+" do names[#names + 1] = { name = name, about = row.about, row = row } end
    end
  end
  return names
end

--- The option that has this name.
---@param name string
---@param command crsync.cli.Command|false|nil
---@return crsync.cli.Option|nil
function arguments.option_named(name, command)
  for _, named in ipairs(arguments.option_names(command)) do
    if named.name == name then return named.row end
  end
  return nil
end

--- The command's name of an option of the library's; nil where it has none.
---@param name string
---@param command crsync.cli.Command|nil  whose options count, too
---@return string|nil
function arguments.flag(name, command)
  local flag = "--" .. name:gsub("_", "-")
  return arguments.option_named(flag, command) and flag or nil
end

--- What the library says of its options, such as "option endpoint", by the command's names of them.
---@param message string
---@return string
function arguments.with_flags(message)
  return (message:gsub("%f[%w]option ([%l_]+)", function(name) return arguments.flag(name) end))
end

---@type crsync.cli.Argument
arguments.INSTANCE = { name = "instance", completes = "instances", about = "Id of the source instance, cri-…" }

---@type crsync.cli.Argument
arguments.TASK = { name = "task", completes = "tasks", about = "Id of the task, rst-…" }

---@type crsync.cli.Argument
arguments.TASKS = { name = "task", many = "+", completes = "tasks", about = "Ids of tasks, rst-…" }

--- --since, of commands that choose among tasks.
---@param default string|nil  for people: what holds without it
---@return crsync.cli.Option
function arguments.since(default)
  return { name = "--since", value = "WHEN", type = "moment", shown_default = default,
    about = "Only tasks made at this time or later: 2024-06-10T06:13:20Z, seconds since 1970, or how long ago: 10m, 1d",
  }
end

---@type crsync.cli.Option
arguments.TILL = { name = "--till", value = "WHEN", type = "moment", about = "Only tasks made at this time or earlier" }

---@type crsync.cli.Option
arguments.TO_REGION = { name = "--to-region", value = "R", type = "words", completes = "regions",
  about = "Only tasks to this region, or to one of these: A,B" }

---@type crsync.cli.Option
arguments.SUMMARY = { name = "--summary", value = "FILE", type = "file", shown_default = "$GITHUB_STEP_SUMMARY",
  about = "Append a table of what has become of the tasks, in Markdown" }

-- ---- what is made of them ---------------------------------------------------------------------------------------

--- What a command writes as JSON, for people.
---@param command crsync.cli.Command
---@return { of: string|nil, json: string }[]
function arguments.result_lines(command)
  local lines = {}
  for i, result in ipairs(command.results or {}) do
    local what = result.class and objects.line_of(result.class) or "an object of " .. table.concat(result.fields, ", ")
    local shape = result.is_array and "an array, each item " or ""
    lines[i] = { of = result.of, json = shape .. what }
  end
  return lines
end

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
