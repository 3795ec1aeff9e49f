--- Polling a task until it ends: final states, stall, grace for a task that is not there yet; and telling how it goes
--- meanwhile, also while nothing can be learnt. Who asks and who sleeps is passed in; nothing is printed.

local core = require "crsync.core"
local errors = require "crsync.error"
local objects = require "crsync.objects"
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

--- What a wait needs to know and to do.
---@class crsync.Watched
---@field id string
---@field host string              that is asked
---@field least number             seconds that a single look needs
---@field look fun(seconds: number, heard: fun(attempt: crsync.Attempt)): table?, crsync.Error?  asks for the task,
--- within so long; heard learns of each attempt
---@field pause fun(seconds: number)

local wait = {}

local ROWS = options.by_name(options.wait)
local GROWTH = 1.5
local NEWS_EVERY = 10 -- seconds; so often at least it is told how things stand
local SLOW = 5        -- seconds that a look may take before it is told that there is no answer
local TICK = 0.1      -- seconds between looks at the clock
local TICK_EVERY = 1  -- seconds between calls of on_tick

-- ---- telling ----------------------------------------------------------------------------------------------

-- What stands for a task that was never seen: a script's on_progress finds no nil where a task has a table or a text.
local function stand_in(id)
  local task = objects.unknown "crsync.Task"
  task.SyncTaskId, task.TaskStatus = id, statuses.unseen
  return task
end

-- The task's numbers at this moment; of a list, how many tasks it has shown. Where asking fails nobody knows how fast
-- it is.
local function numbers(w, task, now)
  local p = w.tracker and w.tracker:later(now) or progress.of(task)
  p.task_id = w.watched.id
  p.elapsed, p.idle, p.found = now - w.started, p.idle or now - w.started, w.found
  if w.trouble then
    p.rate, p.eta, p.hindered = nil, nil, now - w.hindered_since
  end
  return p
end

-- Of troubles the code counts, or the kind: texts differ from one time to the next, by milliseconds or by a port.
local function name_of(trouble) return trouble and (trouble.code or trouble.kind) or nil end

-- Of a list in which tasks appear only what hinders it, and that some are missing still.
local function is_news_of_list(w, now)
  if name_of(w.trouble) ~= w.told_trouble then return true end
  return (w.trouble or w.is_wanting) and now - (w.told_at or w.started) >= NEWS_EVERY
end

local function is_news(w, now)
  if w.found then return is_news_of_list(w, now) end
  local status = w.task and w.task.TaskStatus
  return not w.told_at or now - w.told_at >= NEWS_EVERY or status ~= w.told_status
    or name_of(w.trouble) ~= w.told_trouble
end

local function tell(w, now, given_up)
  local news = given_up ~= nil or is_news(w, now)
  if news then
    w.told_at, w.told_status, w.told_trouble = now, w.task and w.task.TaskStatus, name_of(w.trouble)
  end
  if not w.options.on_progress then return end
  local task = w.task or stand_in(w.watched.id)
  local p = numbers(w, task, now)
  p.news, p.given_up = news, given_up ~= nil
  w.is_telling = true -- on_progress may let others run, the clock among them
  w.options.on_progress(task, p, given_up or w.trouble)
  w.is_telling = false
end

local function hinder(w, trouble)
  if not w.trouble then w.hindered_since = w.asking_since end
  w.trouble = trouble
end

-- One look makes several attempts with pauses, which may be long where the service asks for it.
local function hear(w, attempt)
  if attempt.status then w.reached = true end
  local is_asked_to = attempt.kind == "throttled" or attempt.kind == "server"
  if not (is_asked_to and attempt.status and attempt.delay and attempt.delay > 0) then return end
  hinder(w, errors.new { kind = attempt.kind, code = attempt.code, status = attempt.status,
    request_id = attempt.request_id, action = attempt.action, endpoint = w.watched.host, retryable = true,
    retry_after = attempt.delay, task_id = not w.found and w.watched.id or nil })
end

-- The clock has gone on: whatever is due is told.
local function tick(w, now)
  if w.is_over or w.is_telling then return end
  if not w.trouble and w.asking_since and now - w.asking_since >= SLOW then
    hinder(w, errors.new { kind = "timeout", message = "no answer yet",
      action = w.found and "ListRepoSyncTask" or "GetRepoSyncTask", endpoint = w.watched.host, retryable = true,
      task_id = not w.found and w.watched.id or nil })
  end
  if (w.task or w.trouble or w.found) and is_news(w, now) then tell(w, now) end
end

-- ---- how a wait ends --------------------------------------------------------------------------------------

local function reason_of(err) return (err.code and err.code .. ": " or "") .. tostring(err.message) end

-- A wait that ended without success.
local function ended(w, code, message)
  local issue = w.task and w.task.TaskIssue
  return errors.new { kind = "task", code = code, message = message, action = "GetRepoSyncTask", task = w.task,
    task_id = w.watched.id, issue = issue, trouble = w.trouble, endpoint = w.watched.host,
    request_id = w.task and w.task.RequestId, attempts = w.looks, hint = statuses.issues[issue] }
end

local function where_it_stands(w)
  if not w.task then return "; it was never seen" .. (w.trouble and ": " .. reason_of(w.trouble) or "") end
  local p, status = progress.of(w.task), tostring(w.task.TaskStatus)
  return ("; it is %s%s"):format(status, p.percent and " at " .. p.percent .. " %" or "")
    .. (w.trouble and ", and the last look failed: " .. reason_of(w.trouble) or "")
end

local function ended_in_time(w)
  local message = ("task %s has not ended within %g s%s"):format(w.watched.id, w.options.timeout, where_it_stands(w))
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

-- ---- looks ------------------------------------------------------------------------------------------------

-- A task was seen. Returns its end, if it has come.
local function see(w, task, now)
  w.task, w.trouble, w.reached = task, nil, true
  w.tracker = w.tracker or progress.tracker(w.started)
  local p = w.tracker:update(task, now)
  w.idle_since = now - p.idle
  tell(w, now)
  if p.ok then return task end
  if p.final then return nil, ended_badly(w, task.TaskStatus) end
  return nil
end

-- When a wait ends that has never reached the service; nil: it has, or there is no such end.
local function unreachable_at(w)
  return not w.reached and w.options.unreachable_timeout and w.started + w.options.unreachable_timeout or nil
end

--- Whether a look failed for nothing but the little time that was left for it, which says nothing of the service.
---@param err crsync.Error
---@param left number   seconds that it had
---@param least number  seconds that a look needs
---@return boolean
function wait.was_cut(err, left, least) return err.kind == "timeout" and left < math.min(SLOW, least) end

-- Whether what was known before a look says more than its error, which is that time is up.
local function says_nothing_new(w, err, now)
  if w.trouble then
    local has_reason = w.trouble.kind ~= "timeout" or w.trouble.curl_code ~= nil
    return err.kind == "timeout" and now >= w.ends and has_reason
  end
  return w.task ~= nil and wait.was_cut(err, w.ends - w.asking_since, w.watched.least)
end

-- No task was seen. Returns the error, if it ends the wait.
local function miss(w, err, now)
  err.task_id = w.watched.id
  if err.status or err.sent then w.reached = true end
  if not says_nothing_new(w, err, now) then hinder(w, err) end
  local last = err.sent == false and unreachable_at(w)
  if last and now >= last then
    err.message = ("%s; the service was not reached once in %d s"):format(err.message, math.floor(now - w.started))
    return err
  end
  if err.retryable or (err.kind == "not_found" and now - w.started < w.options.not_found_grace) then
    if is_news(w, now) then tell(w, now) end
    return nil
  end
  err.task, err.issue = w.task, w.task and w.task.TaskIssue
  return err
end

-- Seconds until the next look: growing, never all at once, never past a limit.
local function next_pause(w, now)
  local pause = w.interval * (0.75 + core.random() / 2)
  w.interval = math.min(w.interval * GROWTH, math.max(w.options.max_interval, w.options.interval))
  local left = math.min(w.ends, unreachable_at(w) or math.huge) - now
  if w.options.stall_timeout then left = math.min(left, w.idle_since + w.options.stall_timeout - now) end
  return math.max(0, math.min(pause, left))
end

local function look(w)
  w.looks, w.asking_since = w.looks + 1, core.now()
  -- A timeout of 0 asks for one look, which needs its time.
  local seconds = w.options.timeout == 0 and w.watched.least or w.ends - w.asking_since
  local task, err = w.watched.look(seconds, function(attempt) hear(w, attempt) end)
  local now = core.now()
  local done, problem
  if task then done, problem = see(w, task, now) else problem = miss(w, err, now) end
  w.asking_since = nil
  return done, problem
end

local function run(w)
  w.started = core.now()
  w.ends, w.idle_since = w.started + w.options.timeout, w.started
  local stall = w.options.stall_timeout
  while true do
    local done, problem = look(w)
    if done or problem then return done, problem end
    local now = core.now() -- on_progress may have taken its time
    if now >= w.ends then return nil, ended_in_time(w) end
    if stall and now - w.idle_since >= stall then return nil, ended_stalled(w, now - w.idle_since) end
    w.watched.pause(next_pause(w, now))
    if core.now() >= w.ends then return nil, ended_in_time(w) end
  end
end

-- ---- waits ------------------------------------------------------------------------------------------------

--- A wait for one task, not yet begun.
---@param watched crsync.Watched
---@param given crsync.WaitOptions
---@return table
function wait.new(watched, given)
  local settings = options.filled(ROWS, given)
  return { watched = watched, options = settings, looks = 0, interval = settings.interval, reached = false,
    is_over = false }
end

--- Waits until it has ended.
---@param w table
---@return crsync.Task? task
---@return crsync.ErrorOrNil err
function wait.run(w)
  local task, err = run(w)
  w.is_over = true
  local has_task_ended = err and err.kind == "task" and statuses.final[err.code] -- then that was told
  if err and not has_task_ended then tell(w, core.now(), err) end
  return task, err
end

-- ---- lists in which tasks appear ----------------------------------------------------------------------------

--- What stands for such a list beside the waits for its tasks: what hinders it is told likewise.
---@param what string  is waited for, which stands in a task's place
---@param host string  that is asked
---@param given { on_progress: function?, unreachable_timeout: number? }
---@return table
function wait.for_list(what, host, given)
  return { watched = { id = what, host = host }, options = given, started = core.now(), found = 0, is_wanting = true,
    reached = false, is_over = false }
end

--- Asks for the list once, and notes what hinders that.
---@param w table
---@param ask fun(heard: fun(attempt: crsync.Attempt)): table?, crsync.Error?
---@return table? tasks
---@return crsync.Error? err
function wait.look_at_list(w, ask)
  w.asking_since = core.now()
  local tasks, err = ask(function(attempt) hear(w, attempt) end)
  if tasks then
    w.trouble, w.reached = nil, true
  else
    ---@cast err crsync.Error
    if err.status or err.sent then w.reached = true end
    hinder(w, err)
  end
  w.asking_since = nil
  return tasks, err
end

--- Notes how many tasks it has shown, and whether some are missing; tells what is due.
---@param w table
---@param found integer
---@param is_wanting boolean
function wait.tell_list(w, found, is_wanting)
  w.found, w.is_wanting = found, is_wanting
  if is_news(w, core.now()) then tell(w, core.now()) end
end

--- Whether the service was not reached once, for as long as that is borne.
---@param w table
---@param now number
---@return boolean
function wait.is_unreachable(w, now)
  local at = w.trouble and w.trouble.sent == false and unreachable_at(w)
  return at and now >= at or false
end

---@class crsync.Waits
---@field are_all boolean|nil  false while others may join
---@field [integer] table

--- Has waits that run side by side tell what is due, until all have ended; runs beside them. The first pauses are
--- short, so that waits which end soon are not held up.
---@param waits crsync.Waits
---@param pause fun(seconds: number)
---@param on_tick fun()|nil  called every second or so
function wait.keep_telling(waits, pause, on_tick)
  local started, are_over = core.now(), false
  local next_tick = started
  while not are_over do
    pause(math.min(TICK, 0.001 + (core.now() - started) / 10))
    are_over = waits.are_all == true
    for _, w in ipairs(waits) do
      tick(w, core.now())
      are_over = are_over and w.is_over
    end
    if on_tick and not are_over and core.now() >= next_tick then
      next_tick = core.now() + TICK_EVERY
      on_tick()
    end
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
