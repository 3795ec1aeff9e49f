--- Waiting for tasks whose ids nobody knows yet: those of a batch, or those that a push makes. They appear late and one
--- by one; each is waited for from the moment when a list shows it. Who lists, waits and sleeps is passed in.

local core = require "crsync.core"
local errors = require "crsync.error"
local fields = require "crsync.print.fields"
local tables = require "crsync.print.table"
local wait = require "crsync.wait"

--- What is to be waited for, and who does the work.
---@class crsync.Awaited
---@field what string                     for messages: "batch 5a2d…"
---@field host string                     that is asked
---@field is_meant fun(task: crsync.ListedTask): boolean  of what the list shows
---@field least number                    seconds that a single look needs
---@field list fun(seconds: number, heard: fun(attempt: crsync.Attempt)): crsync.ListedTask[]?, crsync.Error?
---@field wait fun(id: string, seconds: number): crsync.Task?, crsync.Error?
---@field all fun(body: fun(number: integer, more: fun(count: integer)), listing: table)  runs bodies side by side: 1 at
--- first; has what stands for the list tell what is due
---@field pause fun(seconds: number)
---@field instead fun(): string|nil       what there is in place of a task that is not there

local batch = {}

local GROWTH = 1.5
local SLICE = 0.5 -- seconds between two looks at whether the others are done

-- ---- looking ----------------------------------------------------------------------------------------------

local function by_time(a, b)
  if a.made ~= b.made then return a.made < b.made end
  return a.number < b.number
end

-- Those of the list that are new here, in the order in which they were made.
local function new_ones(b, tasks)
  local fresh = {}
  for i, task in ipairs(tasks) do
    local id = task.SyncTaskId
    if id and not b.known[id] and b.awaited.is_meant(task) then
      b.known[id] = true
      fresh[#fresh + 1] = { id = id, made = task.CreateTime or 0, number = i }
    end
  end
  table.sort(fresh, by_time)
  return fresh
end

local function look(b)
  local left = b.ends - core.now()
  local tasks, err = wait.look_at_list(b.listing, function(heard)
    return b.awaited.list(left > 0 and left or b.awaited.least, heard)
  end)
  if not tasks then
    ---@cast err crsync.Error
    local was_cut = b.looked_at and not b.trouble and wait.was_cut(err, left, b.awaited.least)
    b.trouble = not was_cut and err or nil
    return
  end
  local now = core.now()
  b.trouble, b.looked_at = nil, now
  local fresh = new_ones(b, tasks)
  if #fresh == 0 then return end
  for _, one in ipairs(fresh) do
    b.found[#b.found + 1] = one
    one.number = #b.found
  end
  b.added_at, b.interval, b.going = now, b.options.interval, b.going + #fresh
  b.more(#fresh)
end

local function is_settled(b, now) return b.going == 0 and now - b.added_at >= b.options.settle end

-- Whether there is nothing more to look for.
local function is_over(b, now)
  local expect = b.options.expect
  if b.trouble and not b.trouble.retryable or now >= b.ends or wait.is_unreachable(b.listing, now) then return true end
  if #b.found == 0 then return now >= b.appears_until end
  if expect then return #b.found >= expect end
  return b.looked_at and is_settled(b, b.looked_at)
end

-- When to look again: in a while, but not after a moment that decides.
local function next_look(b, now)
  local at = now + b.interval * (0.75 + core.random() / 2)
  b.interval = math.min(b.interval * GROWTH, math.max(b.options.max_interval, b.options.interval))
  if #b.found == 0 then return math.min(at, b.ends, b.appears_until) end
  local settles = b.added_at + b.options.settle
  return math.min(at, b.ends, not b.options.expect and settles > now and settles or at)
end

local function look_until_over(b)
  while true do
    look(b)
    local now = core.now()
    if not (b.trouble and is_over(b, now)) then -- then it is returned
      wait.tell_list(b.listing, #b.found, #b.found < (b.options.expect or 1))
      now = core.now() -- on_progress may have taken its time
    end
    if is_over(b, now) then return end
    local at, was_going = next_look(b, now), b.going > 0
    repeat
      b.awaited.pause(math.min(SLICE, at - now))
      now = core.now()
    until now >= at or was_going and not b.options.expect and is_settled(b, now)
    if now >= b.ends then return end
  end
end

-- ---- the end ----------------------------------------------------------------------------------------------

local function ended(b, message)
  return errors.new { kind = "task", code = "timeout", message = message, action = "ListRepoSyncTask",
    endpoint = b.awaited.host, trouble = b.trouble }
end

local function seconds_waited(b) return math.floor((core.now() - b.started) * 10 + 0.5) / 10 end

-- The service was not reached once: what is wrong is said as it is.
local function unreached(b)
  b.trouble.message = ("%s; the service was not reached once in %d s"):format(b.trouble.message,
    math.floor(seconds_waited(b)))
  return b.trouble
end

local function nothing_appeared(b)
  if wait.is_unreachable(b.listing, core.now()) then return unreached(b) end
  local waited, instead = seconds_waited(b), b.looked_at and b.awaited.instead()
  return ended(b, ("no task of %s has appeared within %g s%s%s"):format(b.awaited.what, waited,
    b.trouble and (b.looked_at and ", and the last look failed: " or "; no list came: ") .. tostring(b.trouble.message)
      or "", instead and "; " .. instead or ""))
end

local function results_of(b)
  table.sort(b.found, by_time)
  local results = fields.as_list {}
  for i, one in ipairs(b.found) do results[i] = { id = one.id, task = one.task, err = one.err } end
  return results
end

local function too_few(b, results)
  local err = ended(b, ("%d of %d tasks of %s have appeared within %g s"):format(#results, b.options.expect,
    b.awaited.what, seconds_waited(b)))
  err.results = results
  return err
end

--- Waits for the tasks to appear and to end.
---@param awaited crsync.Awaited
---@param options table  as filled in from options.wait_push
---@return crsync.WaitResult[]|nil results  in the order in which the tasks were made
---@return crsync.WaitSummary|crsync.Error summary
function batch.run(awaited, options)
  local now = core.now()
  local b = { awaited = awaited, options = options, started = now, ends = now + options.timeout,
    appears_until = now + options.appear_timeout, interval = options.interval, known = {}, found = {}, going = 0,
    listing = wait.for_list(awaited.what, awaited.host, options) }
  awaited.all(function(number, more)
    if number == 1 then
      b.more = more
      look_until_over(b)
      b.listing.is_over = true
      return
    end
    local one = b.found[number - 1]
    local task, err = awaited.wait(one.id, math.max(0, b.ends - core.now()))
    one.task, one.err = task or err and err.task, err
    b.going = b.going - 1
  end, b.listing)
  if b.trouble and not b.trouble.retryable then return nil, b.trouble end
  if #b.found == 0 then return nil, nothing_appeared(b) end
  local results = results_of(b)
  if options.expect and #results < options.expect then return nil, too_few(b, results) end
  return results, wait.summary(results)
end

-- ---- what is there instead --------------------------------------------------------------------------------

local MOST_RULES = 4

local shown = tables.shown

local function newest(tasks)
  local best
  for _, task in ipairs(tasks or {}) do
    if not best or (task.CreateTime or 0) > (best.CreateTime or 0) then best = task end
  end
  return best
end

local function told(task)
  local to = task.ImageTo or {}
  return ("%s of %s: %s to %s, %s"):format(shown(task.SyncTaskId), tables.date(task.CreateTime),
    tables.image(task.ImageFrom or {}), shown(to.RegionId), shown(task.TaskStatus))
end

-- Whether a rule may make tasks for a repository. Its regular expressions are shown, not tried: they are the service's.
local function leads_from(rule, instance_id, namespace, name)
  local function is_open_or(value, wanted) return (value or "") == "" or value == wanted end
  return rule.SyncDirection ~= "TO" and is_open_or(rule.LocalInstanceId, instance_id)
    and is_open_or(rule.LocalNamespaceName, namespace) and is_open_or(rule.LocalRepoName, name)
end

local function rule_told(rule)
  local parts = { shown(rule.SyncRuleId) .. " to " .. shown(rule.TargetRegionId) }
  if (rule.TagFilter or ".*") ~= ".*" then parts[#parts + 1] = "tags " .. rule.TagFilter end
  if (rule.RepoNameFilter or ".*") ~= ".*" then parts[#parts + 1] = "repositories " .. rule.RepoNameFilter end
  if rule.SyncTrigger == "INITIATIVE" then parts[#parts + 1] = "by hand only" end
  return table.concat(parts, ", ")
end

--- What there is of a repository and tag: the newest task, and the rules that may make tasks for it.
---@param tasks crsync.ListedTask[]|nil  of it; nil: it is not known
---@param rules crsync.Rule[]|nil        of the instance; nil: they are not known
---@param instance_id string
---@param namespace string
---@param name string
---@return string|nil
function batch.instead_of_push(tasks, rules, instance_id, namespace, name)
  local parts, told_rules, count = {}, {}, 0
  local last = newest(tasks)
  if tasks then parts[1] = last and "the newest there is: " .. told(last) or "there was never one" end
  for _, rule in ipairs(rules or {}) do
    if leads_from(rule, instance_id, namespace, name) then
      count = count + 1
      if count <= MOST_RULES then told_rules[count] = rule_told(rule) end
    end
  end
  if count > MOST_RULES then told_rules[#told_rules + 1] = ("and %d more"):format(count - MOST_RULES) end
  if rules then
    parts[#parts + 1] = count == 0 and ("no rule leads from %s/%s anywhere"):format(namespace, name)
      or "rules that lead from there: " .. table.concat(told_rules, "; ")
  end
  return #parts > 0 and table.concat(parts, "; ") or nil
end

--- What there is instead of a batch: the newest of some tasks.
---@param tasks crsync.ListedTask[]|nil
---@return string|nil
function batch.instead_of_batch(tasks)
  local last = newest(tasks)
  if not tasks then return nil end
  if not last then return "the instance has no tasks" end
  return ("the newest batch among %d tasks of the instance is %s, with %s"):format(#tasks,
    shown(last.SyncBatchTaskId), told(last))
end

return batch
