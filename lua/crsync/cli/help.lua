--- What --help and `crsync help` show, made of rows: how a command is used, all that one takes, all that there is.

local arguments = require "crsync.cli.arguments"
local exit_status = require "crsync.cli.exit_status"
local sheet = require "crsync.cli.sheet"
local topics = require "crsync.cli.topics"

local help = {}

-- ---- usage --------------------------------------------------------------------------------------------------

local AROUND = { ["+"] = "%s…", ["*"] = "[%s…]", ["?"] = "[%s]" }

--- An argument as usage shows it.
---@param row crsync.cli.Argument
---@return string
function help.argument(row)
  local name = row.choices and table.concat(row.choices, "|") or row.value or row.name:upper()
  return (AROUND[row.many] or "%s"):format(name)
end

local function words_of(command)
  local words = {}
  for _, row in ipairs(command.arguments or {}) do words[#words + 1] = help.argument(row) end
  return table.concat(words, " ")
end

local function has_options(command) return command.options or not command.without_common end

--- How a command is used: a line for each way.
---@param command crsync.cli.Command|nil  nil: any
---@return string[]
function help.usage(command)
  if not command then return { "crsync COMMAND [options] …" } end
  local lines = {}
  for i, words in ipairs(command.usage or { words_of(command) }) do
    local line = "crsync " .. command.name .. (has_options(command) and " [options] " or " ") .. words
    lines[i] = line:gsub(" $", "")
  end
  return lines
end

--- The same for a message about wrong words, and where to read more.
---@param command crsync.cli.Command|nil  nil: none is meant
---@return string
function help.short(command)
  local lines = help.usage(command)
  lines[#lines + 1] = ("%s tells more"):format(command and "crsync " .. command.name .. " --help" or "crsync help")
  return "Usage: " .. table.concat(lines, "\n       ")
end

-- ---- a command ----------------------------------------------------------------------------------------------

local function common_of(command)
  if command.without_common then return { arguments.HELP } end
  local rows = {}
  for i, row in ipairs(arguments.COMMON) do
    local is_timeout = row.name == arguments.TIMEOUT_OF_WAIT.name and command.has_own_timeout
    rows[i] = is_timeout and arguments.TIMEOUT_OF_WAIT or row
  end
  rows[#rows + 1] = arguments.HELP
  return rows
end

local function write_arguments(page, command)
  if not (command.arguments and command.arguments[1]) then return end
  page:heading "Arguments"
  for _, row in ipairs(command.arguments) do page:row(help.argument(row), row.about or "One of these words") end
end

local function write_results(page, command)
  if command.without_common then return end
  page:heading "Output"
  if not command.results then return page:text("Nothing, but a message on standard error.", 2) end
  page:row("-o FORMAT", table.concat(arguments.formats_of(command), ", "))
  for _, line in ipairs(arguments.result_lines(command)) do
    page:row("-o json" .. (line.of and ", " .. line.of or ""), line.json)
  end
end

local function write_statuses(page, command)
  local special = {} -- those that the command can give, of those that not every command can
  for _, name in ipairs(command.statuses or {}) do special[name] = true end
  page:heading "Exit status"
  for _, row in ipairs(exit_status.rows) do
    local is_asked = row.of == "service" and not command.without_client
    if not row.of or is_asked or special[row.name] then page:row(tostring(row.number), row.meaning, 8) end
  end
end

--- All about a command.
---@param command crsync.cli.Command
---@param width integer  columns
---@return string
function help.command(command, width)
  local page = sheet.new(width)
  page:text(command.about .. ".")
  page:space()
  page:verbatim("Usage: " .. table.concat(help.usage(command), "\n       "))
  write_arguments(page, command)
  if command.options then
    page:heading "Options"
    page:options(command.options)
  end
  page:heading(command.options and "Common options" or "Options")
  page:options(common_of(command))
  write_results(page, command)
  write_statuses(page, command)
  page:heading "Examples, with what `crsync sandbox` prints exported"
  for _, line in ipairs(command.examples) do page:code(line) end
  return page:close()
end

-- ---- all there is -------------------------------------------------------------------------------------------

--- The commands, the topics, and the options of every command.
---@param commands crsync.cli.Command[]
---@param width integer  columns
---@return string
function help.overview(commands, width)
  local page = sheet.new(width)
  page:text "Check, start and watch image syncs of Alibaba Cloud Container Registry."
  page:space()
  page:verbatim("Usage: " .. help.usage()[1])
  page:heading "Commands"
  for _, command in ipairs(commands) do page:row(command.name, command.about, 16) end
  page:heading "Topics"
  for _, topic in ipairs(topics.rows) do page:row(topic.name, topic.about, 16) end
  page:heading "Common options"
  page:options(arguments.COMMON)
  page:options { arguments.HELP }
  page:space()
  page:text("`crsync help COMMAND` and `crsync COMMAND --help` tell all about a command, `crsync help TOPIC` about a"
    .. " topic.")
  return page:close()
end

return help
