--- Waiting for the tasks that a command has just made: how it goes is shown on standard error, and standard output is
--- left alone.

local core = require "crsync.core"
local exit = require "crsync.cli.exit"
local job_summary = require "crsync.cli.job_summary"
local wait = require "crsync.cli.commands.wait"

local wait_for = {}

--- Ends the command where its words about waiting are wrong: before anything is made.
---@param given table  from the command line: wait, summary
function wait_for.check(given)
  if not given.wait and given.summary then exit.misused "--summary goes with --wait" end
  job_summary.check(given)
end

--- Waits until the tasks have ended, in what is left of the command's time.
---@param given table  from the command line: instance, timeout, color, summary
---@param client crsync.Client
---@param ids string[]
---@return integer status
function wait_for.end_of(given, client, ids)
  ---@diagnostic disable: invisible -- what cli/init.lua has set
  local left = client.ends and math.max(0, math.floor((client.ends - core.now()) * 10 + 0.5) / 10)
  client.ends = nil -- a wait ends by itself, and says how things stand
  ---@diagnostic enable: invisible
  return wait.watch({ instance = given.instance, task = ids, timeout = left, color = given.color,
    summary = given.summary, not_found_grace = 10 }, client)
end

return wait_for
