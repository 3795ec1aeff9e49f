--- Sync tasks that move with time: what each looks like at a moment. Pure; the clock is passed in.

local compat = require "crsync.util.compat"

local tasks = {}

local DEFAULT_LAYERS, DEFAULT_RATE, DEFAULT_PRIORITY = { 12000000, 1500, 48000000 }, 10e6, 3

-- Looks like a digest, and is the same for the same text.
local function digest(seed, i)
  local n, hex = #seed * 131 + i, {}
  for k = 1, #seed do n = (n * 31 + seed:byte(k)) % 2147483647 end
  for k = 1, 8 do
    n = (n * 48271) % 2147483647
    hex[k] = ("%08x"):format(n)
  end
  return "sha256:" .. table.concat(hex)
end

tasks.digest = digest

--- Part of a task that says how it goes.
---@class crsync.sandbox.Course
---@field layers number[]|nil    bytes of each
---@field pending number|nil     seconds before it moves
---@field rate number|nil        bytes a second
---@field fails_at number|nil    share of the bytes at which it fails
---@field stalls_at number|nil   share of the bytes at which it stops moving
---@field issue string|nil       why it fails
---@field canceled_after number|nil  seconds after which somebody cancels it

---@class crsync.sandbox.Task
---@field id string
---@field course crsync.sandbox.Course
---@field from table             region, instance, namespace, name, tag
---@field to table               the same, and account
---@field created number         of the sandbox's clock
---@field starts number|nil      when it begins to be due to move; nil: when somebody looks at it

--- A task.
---@param fields table
---@return crsync.sandbox.Task
function tasks.new(fields)
  local task = {}
  for name, value in pairs(fields) do task[name] = value end
  task.layers, task.total = fields.course.layers or DEFAULT_LAYERS, 0
  for _, size in ipairs(task.layers) do task.total = task.total + size end
  if task.starts and fields.course.canceled_after then task.canceled = task.starts + fields.course.canceled_after end
  return task
end

-- Bytes that are copied at the most: where it fails or stalls, if it does.
local function reach(task)
  local course = task.course
  return math.floor(task.total * math.min(course.fails_at or 1, course.stalls_at or 1))
end

local function bytes_at(task, now)
  if not task.starts then return 0, 0 end
  local elapsed = math.min(task.canceled or now, now) - task.starts
  local moving = elapsed - (task.course.pending or 0)
  return math.max(0, math.min(moving * (task.course.rate or DEFAULT_RATE), reach(task))), moving
end

local function ends_by_itself(task, bytes)
  local fails_at = task.course.fails_at
  if fails_at and bytes >= math.floor(task.total * fails_at) then return "ERROR" end
  return bytes >= task.total and "SUCCESS" or nil
end

--- The word for a task at a moment.
function tasks.status(task, now)
  local bytes, moving = bytes_at(task, now)
  local ended = moving > 0 and ends_by_itself(task, bytes)
  if ended then return ended end
  if task.canceled and task.canceled <= now then return "CANCELED" end
  return moving > 0 and "SYNCHRONIZING" or "PENDING"
end

-- When it was changed last: while it moves, just now.
local function changed_at(task, now)
  local status = tasks.status(task, now)
  if not task.starts then return task.created end
  local moves_at = task.starts + (task.course.pending or 0)
  local stops_at = moves_at + reach(task) / (task.course.rate or DEFAULT_RATE)
  if status == "PENDING" then return task.starts end
  if status == "CANCELED" then return task.canceled end
  return math.min(now, stops_at)
end

local function layers_at(task, bytes, status)
  local list = {}
  for i, size in ipairs(task.layers) do
    local synced = math.floor(math.max(0, math.min(bytes, size)))
    local word = synced >= size and (bytes > 0 or status == "SUCCESS") and "SUCCESS" or "PENDING"
    if word ~= "SUCCESS" and synced > 0 then word = status end
    list[i] = { SyncLayerTaskId = ("rslt-%s-%d"):format(task.id:gsub("^rst%-", ""), i),
      Digest = digest(task.from.namespace .. "/" .. task.from.name, i), ArtifactDigest = digest(task.id, 0),
      Size = compat.tointeger(size) or size, SyncedSize = synced, TaskStatus = word }
    bytes = bytes - size
  end
  return list
end

local function image(place)
  return { RegionId = place.region, InstanceId = place.instance, RepoNamespaceName = place.namespace,
    RepoName = place.name, ImageTag = place.tag }
end

-- What both operations tell.
local function told(task, status)
  return { SyncTaskId = task.id, SyncBatchTaskId = task.batch, SyncRuleId = task.rule, TaskStatus = status,
    TaskTrigger = task.trigger or "PASSIVE", TaskIssue = status == "ERROR" and task.course.issue or nil,
    Priority = compat.tointeger(task.priority or DEFAULT_PRIORITY), CrossUser = task.to.account ~= nil,
    SyncTransAccelerate = task.accelerate == true, ImageFrom = image(task.from), ImageTo = image(task.to) }
end

--- Somebody asks for the task: one that has waited for that begins to move.
function tasks.touch(task, now)
  if task.starts then return end
  task.created, task.starts = now, now
  if task.course.canceled_after then task.canceled = now + task.course.canceled_after end
end

--- The task as GetRepoSyncTask tells it.
function tasks.look(task, now)
  tasks.touch(task, now)
  local status, bytes = tasks.status(task, now), bytes_at(task, now)
  local answer = told(task, status)
  answer.Progress = status == "SUCCESS" and 1 or 0
  answer.SyncedSize = math.floor(bytes)
  answer.LayerTasks = layers_at(task, bytes, status)
  return answer
end

--- The task as ListRepoSyncTask tells it.
---@param epoch_ms fun(t: number): integer  the sandbox's clock as milliseconds since 1970
function tasks.listed(task, now, epoch_ms)
  local item = told(task, tasks.status(task, now))
  item.CreateTime, item.ModifiedTime = epoch_ms(task.created), epoch_ms(changed_at(task, now))
  item.ModifedTime = item.ModifiedTime
  item.CustomLink, item.LinkId = task.link ~= nil, task.link
  return item
end

--- Ends a task, if it has not ended.
function tasks.cancel(task, now)
  tasks.touch(task, now)
  local status = tasks.status(task, now)
  if status == "PENDING" or status == "SYNCHRONIZING" then task.canceled = now end
end

return tasks
