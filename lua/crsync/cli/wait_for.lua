--- Waiting for the tasks that a command has just made: how it goes is shown on standard error, and standard output is
--- left alone.

local wait = require "crsync.cli.commands.wait"

local wait_for = {}

--- Waits until the tasks have ended.
---@param given table  from the command line: instance, timeout, color
---@param client crsync.Client
---@param ids string[]
---@return integer status
function wait_for.end_of(given, client, ids)
  return wait.watch({ instance = given.instance, task = ids, timeout = given.timeout, color = given.color,
    not_found_grace = 10 }, client)
end

return wait_for
