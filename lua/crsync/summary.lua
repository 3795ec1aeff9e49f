--- Many tasks as numbers: for each target region how many there are, how they have ended, how long they took; and what
--- failed, why, and what to do. Pure.

local duration = require "crsync.duration"
local fields = require "crsync.print.fields"
local progress = require "crsync.progress"
local statuses = require "crsync.statuses"

--- The tasks to one region, or all.
---@class crsync.RegionReport
---@field RegionId? string          nil: all of them
---@field tasks integer
---@field succeeded integer
---@field failed integer            ended in ERROR
---@field canceled integer
---@field going integer             not ended yet
---@field bytes? integer            copied by the tasks whose sizes are known; nil: of none they are
---@field sized integer             tasks whose sizes are known
---@field duration_median? number   seconds, of those that succeeded; nil: there are none
---@field duration_p95? number      seconds within which 95 of 100 of them were done
---@field throughput? number        bytes a second of a task, on average over those that succeeded

--- A task that ended in ERROR.
---@class crsync.FailedTask
---@field SyncTaskId string
---@field CreateTime? integer
---@field duration? number
---@field ImageFrom? crsync.Image
---@field ImageTo? crsync.Image
---@field TaskIssue? string
---@field hint? string              what the issue means and what to do

---@class crsync.Report
---@field regions crsync.RegionReport[]  by the regions' names
---@field total crsync.RegionReport
---@field failures crsync.FailedTask[]    newest first

local summary = {}

local COUNTED = { SUCCESS = "succeeded", ERROR = "failed", CANCELED = "canceled" }

local function new_region(id)
  return { RegionId = id, tasks = 0, succeeded = 0, failed = 0, canceled = 0, going = 0, sized = 0,
    durations = {}, moved = 0, moving = 0 } -- the last three are taken away again
end

--- Bytes that a task has copied; nil where it does not tell, as in a list.
---@param task crsync.ListedTask|crsync.Task
---@return number|nil
function summary.bytes_of(task)
  if type(task.LayerTasks) == "table" and #task.LayerTasks > 0 then return progress.of(task).synced end
  return type(task.SyncedSize) == "number" and task.SyncedSize or nil
end

local function count(region, task)
  local how, bytes, seconds = COUNTED[task.TaskStatus] or "going", summary.bytes_of(task), duration.of(task)
  region.tasks, region[how] = region.tasks + 1, region[how] + 1
  if bytes then region.bytes, region.sized = (region.bytes or 0) + bytes, region.sized + 1 end
  if how ~= "succeeded" or not seconds then return end
  table.insert(region.durations, seconds)
  if bytes then region.moved, region.moving = region.moved + bytes, region.moving + seconds end
end

-- The middle one; of an even number the middle between two.
local function median(sorted)
  local half = math.floor(#sorted / 2)
  if #sorted % 2 == 1 then return sorted[half + 1] end
  return #sorted > 0 and (sorted[half] + sorted[half + 1]) / 2 or nil
end

local function conclude(region)
  local sorted = region.durations
  table.sort(sorted)
  region.duration_median = median(sorted)
  region.duration_p95 = sorted[math.ceil(#sorted * 0.95)]
  region.throughput = region.moving > 0 and region.moved / region.moving or nil
  region.durations, region.moved, region.moving = nil, nil, nil
end

local function region_of(task)
  local to = task.ImageTo
  return type(to) == "table" and type(to.RegionId) == "string" and to.RegionId or "unknown"
end

local function failure_of(task)
  return { SyncTaskId = task.SyncTaskId, CreateTime = task.CreateTime, duration = duration.of(task),
    ImageFrom = task.ImageFrom, ImageTo = task.ImageTo, TaskIssue = task.TaskIssue,
    hint = statuses.issues[task.TaskIssue] }
end

local function newest_first(a, b)
  local left, right = a.CreateTime or 0, b.CreateTime or 0
  if left ~= right then return left > right end
  return tostring(a.SyncTaskId) < tostring(b.SyncTaskId)
end

-- What was given in place of a sequence of tasks; nil: it is one.
local function no_sequence(tasks)
  if type(tasks) ~= "table" then return type(tasks) end
  if tasks[1] == nil and next(tasks) ~= nil then return "a table with names" end -- such as get_tasks returns
  for i, task in ipairs(tasks) do
    if type(task) ~= "table" then return ("a %s at %d"):format(type(task), i) end
  end
end

--- Numbers from tasks. Lists tell times, but no sizes; tasks of get_task the reverse: what has both gives all numbers.
---@param tasks (crsync.ListedTask|crsync.Task)[]
---@return crsync.Report
function summary.of(tasks)
  local other = no_sequence(tasks)
  if other then error("bad argument #1 to 'report' (expected a sequence of tasks, got " .. other .. ")", 2) end
  local by_id, total = {}, new_region(nil)
  local report = { regions = fields.as_list {}, total = total, failures = fields.as_list {} }
  for _, task in ipairs(tasks) do
    local id = region_of(task)
    if not by_id[id] then
      by_id[id] = new_region(id)
      table.insert(report.regions, by_id[id])
    end
    count(by_id[id], task)
    count(total, task)
    if task.TaskStatus == "ERROR" then table.insert(report.failures, failure_of(task)) end
  end
  for _, region in pairs(by_id) do conclude(region) end
  conclude(total)
  table.sort(report.regions, function(a, b) return a.RegionId < b.RegionId end)
  table.sort(report.failures, newest_first)
  return report
end

return summary
