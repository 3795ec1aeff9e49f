--- The command `crsync`: finds what its words ask for, does it, and ends with a status. Results go to standard output,
--- all else to standard error.

local arguments = require "crsync.cli.arguments"
local ci = require "crsync.cli.ci"
local commands = require "crsync.cli.commands"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"
local parser = require "crsync.cli.parser"

local cli = {}

-- Gives the command a client, and closes that whatever happens. However many calls it makes, --timeout is for all.
local function run_with_client(command, given)
  local ends = given.timeout and not command.has_own_timeout and core.now() + given.timeout or nil
  local options = arguments.client_options(given)
  if command.has_own_timeout or given.wait then options.deadline = nil end
  local client, err = crsync.new(options)
  if not client then return exit.with(exit_status.of(err), arguments.with_flags(tostring(err))) end
  client.ends = ends ---@diagnostic disable-line: invisible -- no option: it is the command's end, not a call's
  local ok, status = pcall(command.run, given, client)
  client:close()
  if not ok then error(status, 0) end
  return status
end

local function run(words)
  local given, command = parser.parse(words, commands)
  local ok, status = pcall(function()
    if given.timeout == 0 and not command.has_own_timeout then exit.misused "--timeout 0 leaves no time" end
    if command.without_client then return command.run(given) end
    return run_with_client(command, given)
  end)
  if not ok then error(parser.in_words(status, command), 0) end
  output.finish()
  return status
end

-- What the scripts of `crsync completion` ask for. Whatever goes wrong, the person is typing: nothing is said.
local function complete(words)
  local ok, answer = pcall(function()
    local completions = require "crsync.cli.completions"
    return completions.answer(words[2], { compat.unpack(words, 3) }, commands)
  end)
  if ok then io.stdout:write(answer) end
  return exit_status.DONE
end

--- Runs the command.
---@param words string[]  its arguments
---@return integer status  exit_status.lua says what each means
function cli.run(words)
  output.keep_places()
  if words[1] == "__complete" then return complete(words) end
  local ok, status = pcall(run, words)
  if ok then return status --[[@as integer]] end
  local message
  status, message = exit.reason(status)
  if message then ci.say(message) end
  return status
end

return cli
