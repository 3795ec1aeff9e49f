--- The summary of a CI job: a file in Markdown that a wait appends its table to, as --summary or the environment says.

local ci = require "crsync.cli.ci"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local text = require "crsync.util.text"
local variables = require "crsync.variables"

local job_summary = {}

local function append(path, s)
  local file, problem = io.open(path, "a")
  if not file then return nil, problem end
  local written, trouble = file:write(s)
  local closed, other_trouble = file:close()
  return written and closed, trouble or other_trouble
end

local function complaint(path, problem)
  local reason = tostring(problem):gsub("^" .. path:gsub("%p", "%%%0") .. ": ", "")
  return ("crsync: the summary could not be written to %s: %s"):format(text.printable(path), reason)
end

--- Ends the command if the file that --summary names cannot be written: before anything is made or waited for.
---@param given table  from the command line: summary
function job_summary.check(given)
  if (given.summary or "") == "" then return end
  local written, problem = append(given.summary, "")
  if not written then exit.with(exit_status.TROUBLE, complaint(given.summary, problem)) end
end

--- Appends a paragraph or a table, and says so where that fails.
---@param given table  from the command line: summary; an empty one is none
---@param markdown string
---@return integer status  what --summary asked for and cannot be had is trouble; what the environment offers is not
function job_summary.add(given, markdown)
  local path = given.summary or variables.get "github_step_summary"
  if not path or path == "" then return exit_status.DONE end
  local written, problem = append(path, markdown .. "\n\n")
  if written then return exit_status.DONE end
  ci.say(complaint(path, problem))
  return given.summary and exit_status.TROUBLE or exit_status.DONE
end

return job_summary
