--- The way out of a command from anywhere: an error value that carries the exit status and what is said to the person.

local core = require "crsync.core"
local crsync = require "crsync"
local exit_status = require "crsync.cli.exit_status"

local exit = {}

--- Ends the command.
---@param status integer
---@param message string|nil  nil: nothing is to be said
function exit.with(status, message) error({ status = status, message = message }, 0) end

--- Ends the command because its words are wrong; how it is used is said, too.
---@param message string
function exit.misused(message) error({ status = exit_status.USAGE, misuse = message }, 0) end

--- Ends the command if there is no result: `local task = exit.unless(client:get_task(…))`.
---@generic T, U
---@param result T|nil
---@param second U  the error if there is no result, else another result
---@return T result
---@return U second
function exit.unless(result, second)
  if result == nil then exit.with(exit_status.of(second), tostring(second)) end
  return result, second
end

--- What a raised error of any kind means for the person at the terminal.
---@param raised any
---@return integer status
---@return string|nil message
function exit.reason(raised)
  if crsync.is_error(raised) then return exit_status.of(raised), tostring(raised) end
  if type(raised) == "table" and raised.status then return raised.status, raised.message end
  local message = tostring(raised)
  if message:find "interrupted!" then
    if core.was_terminated() then return exit_status.TERMINATED, "crsync: ended by SIGTERM" end
    return exit_status.INTERRUPTED, "crsync: interrupted"
  end
  local argument = message:match "bad argument.*"
  return argument and exit_status.USAGE or exit_status.TROUBLE, "crsync: " .. (argument or message)
end

return exit
