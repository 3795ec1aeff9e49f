--- The command `crsync`: finds what its words ask for, does it, and ends with a status. Results go to standard output,
--- all else to standard error.

local arguments = require "crsync.cli.arguments"
local commands = require "crsync.cli.commands"
local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local output = require "crsync.cli.output"

local cli = {}

local function command_named(name)
  for _, command in ipairs(commands) do
    if command.name == name then return command end
  end
end

-- Gives the command a client, and closes that whatever happens.
local function run_with_client(command, given)
  local options = arguments.client_options(given)
  if command.has_own_timeout or given.wait then options.deadline = nil end
  local client = exit.unless(crsync.new(options))
  local ok, status = pcall(command.run, given, client)
  client:close()
  if not ok then error(status, 0) end
  return status
end

local function run(words)
  local given = arguments.parse(words, commands)
  local command = command_named(given.command)
  local ok, status = pcall(function()
    if given.timeout == 0 and not command.has_own_timeout then exit.misused "--timeout 0 leaves no time" end
    if command.without_client then return command.run(given) end
    return run_with_client(command, given)
  end)
  if not ok then error(arguments.in_words(status, command, commands), 0) end
  output.finish()
  return status
end

--- Runs the command.
---@param words string[]  its arguments
---@return integer status  exit_status.lua says what each means
function cli.run(words)
  output.keep_places()
  local ok, status = pcall(run, words)
  if ok then return status end
  local message
  status, message = exit.reason(status)
  if message then io.stderr:write(message, "\n") end
  return status
end

return cli
