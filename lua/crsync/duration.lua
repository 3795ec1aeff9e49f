--- How long a task has taken, by the times that the service tells.

local statuses = require "crsync.statuses"

local duration = {}

--- Seconds from a task's creation to its last change. Nil while it goes on, and for a task without times: only lists
--- tell them.
---@param task crsync.ListedTask|crsync.Task
---@return number|nil
function duration.of(task)
  if type(task) ~= "table" then
    error("bad argument #1 to 'duration' (expected a task, got " .. type(task) .. ")", 2)
  end
  local from, to = task.CreateTime, task.ModifiedTime or task.ModifedTime -- the latter is the service's older spelling
  if not statuses.final[task.TaskStatus] or type(from) ~= "number" or type(to) ~= "number" then return nil end
  return to >= from and (to - from) / 1000 or nil
end

return duration
