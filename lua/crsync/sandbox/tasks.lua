--- Sync tasks that move with time: what each looks like at a moment. Pure; the clock is passed in.

local compat = require "crsync.util.compat"

local tasks = {}

local DEFAULT_LAYERS, DEFAULT_RATE = { 12000000, 1500, 48000000 }, 10e6

local function digest(seed, i)
  local n, hex = #seed * 131 + i, {}
  for k = 1, #seed do n = (n * 31 + seed:byte(k)) % 2147483647 end
  for k = 1, 8 do
    n = (n * 48271) % 2147483647
    hex[k] = ("%08x"):format(n)
  end
  return "sha256:" .. table.concat(hex)
end

--- A task from its description in a scenario.
---@param description table
---@param instance string
---@param region string
---@param now number  seconds
---@return table task
function tasks.new(description, instance, region, now)
  local total = 0
  for _, size in ipairs(description.layers or DEFAULT_LAYERS) do total = total + size end
  return { description = description, instance = instance, region = region, created = now, total = total }
end

local function bytes_at(task, now)
  local d = task.description
  if not task.started then return 0, 0 end
  local elapsed = (task.canceled or now) - task.started
  local moving = elapsed - (d.pending or 0)
  local bytes = math.max(0, math.min(moving * (d.rate or DEFAULT_RATE), task.total))
  local stop = math.min(d.fails_at or 1, d.stalls_at or 1)
  return math.min(bytes, math.floor(task.total * stop)), moving
end

--- The word for a task at a moment.
function tasks.status(task, now)
  local d, bytes, moving = task.description, bytes_at(task, now)
  if task.canceled then return "CANCELED" end
  if moving <= 0 then return "PENDING" end
  if d.fails_at and bytes >= math.floor(task.total * d.fails_at) then return "ERROR" end
  return bytes >= task.total and "SUCCESS" or "SYNCHRONIZING"
end

local function layers_at(task, bytes, status)
  local list = {}
  for i, size in ipairs(task.description.layers or DEFAULT_LAYERS) do
    local synced = math.floor(math.max(0, math.min(bytes, size)))
    local word = synced >= size and (bytes > 0 or status == "SUCCESS") and "SUCCESS" or "PENDING"
    if word ~= "SUCCESS" and synced > 0 then word = status end
    list[i] = { SyncLayerTaskId = ("rslt-%s-%d"):format(task.description.id:gsub("^rst%-", ""), i),
      Digest = digest(task.description.repo or "team/image", i), ArtifactDigest = digest(task.description.id, 0),
      Size = compat.tointeger(size) or size, SyncedSize = synced, TaskStatus = word }
    bytes = bytes - size
  end
  return list
end

local function image(region, instance, d)
  local namespace, name = (d.repo or "team/image"):match "^(.-)/(.*)$"
  return { RegionId = region, InstanceId = instance, RepoNamespaceName = namespace or "team",
    RepoName = name or d.repo, ImageTag = d.tag or "latest" }
end

--- The task as GetRepoSyncTask tells it.
function tasks.look(task, now)
  task.started = task.started or now -- it begins to move when somebody looks
  local d, status = task.description, tasks.status(task, now)
  local bytes = bytes_at(task, now)
  return {
    SyncTaskId = d.id, SyncBatchTaskId = d.batch, SyncRuleId = d.rule, TaskStatus = status,
    TaskTrigger = task.by_hand and "INITIATIVE" or "PASSIVE", TaskIssue = status == "ERROR" and d.issue or nil,
    Progress = status == "SUCCESS" and 1 or 0, SyncedSize = math.floor(bytes), Priority = 3,
    CrossUser = false, SyncTransAccelerate = false,
    ImageFrom = image(task.region, task.instance, d), ImageTo = image(d.to or "eu-west-1", "cri-target", d),
    LayerTasks = layers_at(task, bytes, status),
  }
end

--- The task as ListRepoSyncTask tells it.
function tasks.listed(task, now, epoch)
  local d, status = task.description, tasks.status(task, now)
  local ms = math.floor((epoch - (now - task.created)) * 1000)
  return {
    SyncTaskId = d.id, SyncBatchTaskId = d.batch, SyncRuleId = d.rule, TaskStatus = status,
    TaskTrigger = task.by_hand and "INITIATIVE" or "PASSIVE", TaskIssue = status == "ERROR" and d.issue or nil,
    CreateTime = ms, ModifedTime = ms, ModifiedTime = ms, Priority = 3, CrossUser = false, CustomLink = false,
    ImageFrom = image(task.region, task.instance, d), ImageTo = image(d.to or "eu-west-1", "cri-target", d),
  }
end

--- Ends a task, if it has not ended.
function tasks.cancel(task, now)
  local status = tasks.status(task, now)
  if status == "PENDING" or status == "SYNCHRONIZING" then
    task.started = task.started or now
    task.canceled = now
  end
end

return tasks
