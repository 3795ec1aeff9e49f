--- A task as numbers. Pure: the clock is passed in. Only the task's own status decides whether it has ended;
--- its `Progress` field, which is 0 or 1, is left out of account.

local compat = require "crsync.util.compat"
local statuses = require "crsync.statuses"

--- A task as numbers.
---@class crsync.Progress
---@field percent? integer        0 to 100; nil while unknown; 100 exactly when the task is SUCCESS
---@field synced integer          bytes copied
---@field total integer           bytes of all layers
---@field layers integer
---@field layers_done integer
---@field layers_failed integer
---@field final boolean           the task has ended
---@field ok boolean              and has succeeded
---@field rate? number          bytes a second, lately (inside a wait)
---@field eta? number           seconds still to go; nil until it means something (inside a wait)
---@field elapsed? number       seconds since the first look (inside a wait)
---@field idle? number          seconds since status or bytes last changed (inside a wait)
---@field task_id? string       the id that was asked for (inside a wait)
---@field hindered? number      seconds for which asking has failed; nil while it works (inside a wait)
---@field news? boolean         status or trouble are other than told, or that was ten seconds ago (inside a wait)
---@field given_up? boolean     the wait for this task is over, though it has not ended (inside a wait)
---@field found? integer          of the list in which tasks appear: how many it has shown (wait_batch, wait_push)

local progress = {}

-- A size that can be reckoned with: a number of at least 0.
local function size(value)
  if type(value) ~= "number" or value ~= value or value < 0 then return 0 end
  return value
end

-- Integers as long as they fit; a sum beyond int64 goes on as a float instead of wrapping.
local function add(a, b)
  local sum = a + b
  if compat.is_integer(sum) and sum < a then return (a + 0.0) + b end
  return sum
end

local function whole(n) return compat.tointeger(n) or n end

local function sum_layers(task)
  local p = { synced = 0, total = 0, layers = 0, layers_done = 0, layers_failed = 0 }
  local layers = type(task.LayerTasks) == "table" and task.LayerTasks or {}
  for _, layer in ipairs(layers) do
    if type(layer) == "table" then
      local total = size(layer.Size)
      p.layers = p.layers + 1
      p.total = add(p.total, total)
      p.synced = add(p.synced, math.min(size(layer.SyncedSize), total))
      if layer.TaskStatus == "SUCCESS" then p.layers_done = p.layers_done + 1 end
      if statuses.failed[layer.TaskStatus] then p.layers_failed = p.layers_failed + 1 end
    end
  end
  p.synced, p.total = whole(p.synced), whole(p.total)
  return p
end

local function percent(p)
  if p.ok then return 100 end
  if p.total <= 0 then return nil end
  return math.min(99, math.floor(p.synced / p.total * 100))
end

--- Numbers from a task.
---@param task crsync.Task|crsync.ListedTask
---@return crsync.Progress
function progress.of(task)
  if type(task) ~= "table" then
    error("bad argument #1 to 'progress' (expected a task, got " .. type(task) .. ")", 2)
  end
  local p = sum_layers(task)
  p.final = statuses.final[task.TaskStatus] or false
  p.ok = task.TaskStatus == "SUCCESS"
  p.percent = percent(p)
  return p
end

-- ---- over time ----------------------------------------------------------------------------------------

local WINDOW = 30     -- seconds that the rate looks back
local MIN_SAMPLES = 3 -- movements before there is an estimate

local Tracker = {}
Tracker.__index = Tracker

--- Follows one task over time.
---@param now number  seconds on a clock that is never set back
---@return table tracker  with update(task, now)
function progress.tracker(now)
  return setmetatable({ started = now, changed = now, samples = {} }, Tracker)
end

-- Keeps what lies in the window, and the last sample before it. The time before the first byte moved is no part of it.
local function remember(samples, now, synced)
  if #samples == 1 and samples[1].synced == synced then samples[1] = nil end
  samples[#samples + 1] = { at = now, synced = synced }
  while samples[2] and samples[2].at < now - WINDOW do table.remove(samples, 1) end
end

-- The rates of single steps, in order of size.
local function rates_of(samples)
  local rates = {}
  for i = 2, #samples do
    local seconds = samples[i].at - samples[i - 1].at
    if seconds > 0 then rates[#rates + 1] = math.max(0, samples[i].synced - samples[i - 1].synced) / seconds end
  end
  table.sort(rates)
  return rates
end

-- The rate, and whether there are steps enough to reckon with it: the middle one of the steps, so that one jump after a
-- resume spoils nothing; where most of them stand still, the average of all.
local function rate_of(samples)
  local first, last = samples[1], samples[#samples]
  local seconds, bytes = last.at - first.at, last.synced - first.synced
  if seconds <= 0 or bytes <= 0 then return 0, false end
  local rates = rates_of(samples)
  local middle = #rates >= MIN_SAMPLES and rates[math.ceil(#rates / 2)] or 0
  return middle > 0 and middle or bytes / seconds, #rates >= MIN_SAMPLES
end

--- The task's numbers, with those that need time.
---@param task crsync.Task
---@param now number
---@return crsync.Progress
function Tracker:update(task, now)
  local p = progress.of(task)
  local synced = p.synced
  if task.TaskStatus ~= self.status or synced ~= self.synced then
    if self.status ~= nil then self.changed = now end
    self.status, self.synced = task.TaskStatus, synced
  end
  remember(self.samples, now, synced)
  p.elapsed = now - self.started
  p.idle = now - self.changed
  self.last = p
  if p.final then return p end
  local rate, is_steady = rate_of(self.samples)
  p.rate = p.idle < WINDOW and rate or 0
  if is_steady and p.rate > 0 and p.total > 0 then p.eta = math.max(0, (p.total - synced) / p.rate) end
  return p
end

--- The numbers of the last update, a while later. What has not moved for long has neither a rate nor an estimate.
---@param now number
---@return crsync.Progress
function Tracker:later(now)
  local p = {}
  for name, value in pairs(self.last) do p[name] = value end
  p.elapsed, p.idle = now - self.started, now - self.changed
  if p.final then return p end
  if p.idle >= WINDOW then p.rate, p.eta = 0, nil end
  return p
end

return progress
