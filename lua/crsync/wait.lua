--- Polling a task until it ends: final states, stall, grace for a task that is not there yet. Who asks and who sleeps
--- is passed in; nothing is printed.

local core = require "crsync.core"
local errors = require "crsync.error"
local options = require "crsync.options"
local progress = require "crsync.progress"
local statuses = require "crsync.statuses"

--- How the wait for one of many has ended.
---@class crsync.WaitResult
---@field id string
---@field task? crsync.Task        the last one seen
---@field err? crsync.Error        nil: it is SUCCESS

--- How many waits have ended how.
---@class crsync.WaitSummary
---@field total integer
---@field success integer
---@field failed integer           ended in ERROR
---@field canceled integer
---@field timeout integer          not ended in time, or stalled
---@field error integer            could not be asked for

local wait = {}

local ROWS = options.by_name(options.wait)
local GROWTH = 1.5

-- A wait that ended without success.
local function ended(w, code, message)
  local issue = w.task and statuses.issues[w.task.TaskIssue]
  return errors.new { kind = "task", code = code, message = message, action = "GetRepoSyncTask", task = w.task,
    endpoint = w.watched.host, request_id = w.task and w.task.RequestId, attempts = w.looks, hint = issue }
end

local function where_it_stands(w)
  if not w.task then return "; it was never seen" .. (w.fault and ": " .. tostring(w.fault.message) or "") end
  local p, status = progress.of(w.task), tostring(w.task.TaskStatus)
  return ("; it is %s%s"):format(status, p.percent and " at " .. p.percent .. " %" or "")
    .. (w.fault and ", and the last look failed: " .. tostring(w.fault.message) or "")
end

local function ended_in_time(w)
  local message = ("task %s has not ended within %g s%s"):format(w.watched.id, w.timeout, where_it_stands(w))
  return ended(w, "timeout", message)
end

local function ended_stalled(w, idle)
  return ended(w, "stalled", ("task %s has not moved for %d s%s"):format(w.watched.id, math.floor(idle),
    where_it_stands(w)))
end

local function ended_badly(w, status)
  local issue = w.task.TaskIssue
  local reason = issue and ": " .. tostring(issue) or ""
  return ended(w, status, ("task %s ended in %s%s"):format(w.watched.id, status, reason))
end

-- A task was seen. Returns its end, if it has come.
local function see(w, task, now)
  w.task, w.fault = task, nil
  w.tracker = w.tracker or progress.tracker(w.started)
  local p = w.tracker:update(task, now)
  w.idle_since = now - p.idle
  if w.options.on_progress then w.options.on_progress(task, p) end
  if p.ok then return task end
  if p.final then return nil, ended_badly(w, task.TaskStatus) end
  return nil
end

-- No task was seen. Returns the error, if it ends the wait.
local function miss(w, err, now)
  local passing = err.retryable or (err.kind == "not_found" and now - w.started < w.options.not_found_grace)
  w.fault = err
  if passing then return nil end
  err.task = w.task
  return err
end

-- Seconds until the next look: growing, never all at once, never past a limit.
local function next_pause(w, now)
  local pause = w.interval * (0.75 + core.random() / 2)
  w.interval = math.min(w.interval * GROWTH, math.max(w.options.max_interval, w.options.interval))
  local left = w.started + w.timeout - now
  if w.options.stall_timeout then left = math.min(left, w.idle_since + w.options.stall_timeout - now) end
  return math.max(0, math.min(pause, left))
end

--- Waits for one task.
---@param watched { id: string, host: string, least: number, look: function, pause: function }
--- look(seconds) asks for the task within so long; pause(seconds) lets time pass; least: seconds for a single look
---@param given crsync.WaitOptions
---@return crsync.Task? task
---@return crsync.ErrorOrNil err
function wait.run(watched, given)
  local now, settings = core.now(), options.filled(ROWS, given)
  local w = { watched = watched, options = settings, started = now, idle_since = now, looks = 0,
    timeout = settings.timeout, interval = settings.interval }
  while true do
    w.looks = w.looks + 1
    -- A timeout of 0 asks for one look, which needs its time.
    local task, err = watched.look(w.timeout == 0 and watched.least or w.started + w.timeout - now)
    now = core.now()
    local done, problem
    if task then done, problem = see(w, task, now) else problem = miss(w, err, now) end
    if done or problem then return done, problem end
    now = core.now() -- on_progress may have taken its time
    if now >= w.started + w.timeout then return nil, ended_in_time(w) end
    if settings.stall_timeout and now - w.idle_since >= settings.stall_timeout then
      return nil, ended_stalled(w, now - w.idle_since)
    end
    watched.pause(next_pause(w, now))
    now = core.now()
    if now >= w.started + w.timeout then return nil, ended_in_time(w) end
  end
end

local COUNTED = { ERROR = "failed", CANCELED = "canceled", timeout = "timeout", stalled = "timeout" }

--- Counts how waits have ended; a stalled one counts as timed out.
---@param results crsync.WaitResult[]
---@return crsync.WaitSummary
function wait.summary(results)
  local summary = { total = #results, success = 0, failed = 0, canceled = 0, timeout = 0, error = 0 }
  for _, result in ipairs(results) do
    local err, name = result.err, "success"
    if err then name = err.kind == "task" and COUNTED[err.code] or "error" end
    summary[name] = summary[name] + 1
  end
  return summary
end

return wait
