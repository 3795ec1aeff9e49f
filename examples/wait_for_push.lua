-- Waits for everything that a push has started, and fails the CI job with a list of what went wrong.
--
--   lua5.4 examples/wait_for_push.lua cri-sgedpenzw80e team web 1.0.0
--
-- A push that matches several rules makes several tasks, which share a batch. They appear a moment after the push.

local crsync = require "crsync"

local instance, namespace, repo, tag = arg[1], arg[2], arg[3], arg[4]
local client = assert(crsync.new())

local function ids_of_push()
  local ids, batch = {}, nil
  for task in client:tasks(instance, { RepoNamespaceName = namespace, RepoName = repo, Tag = tag }) do
    batch = batch or task.SyncBatchTaskId -- the newest is taken to be the push's
    if task.SyncBatchTaskId == batch then ids[#ids + 1] = task.SyncTaskId end
  end
  return ids
end

local ids = ids_of_push()
if #ids == 0 then
  io.stderr:write("no sync task for this image\n")
  os.exit(2, true)
end

local reported = {}
local results, summary = client:wait_all(instance, ids, {
  timeout = tonumber(os.getenv "SYNC_TIMEOUT") or 7200,
  interval = tonumber(os.getenv "SYNC_INTERVAL"),
  stall_timeout = 1800,
  on_progress = function(task, p)
    if reported[task.SyncTaskId] == task.TaskStatus then return end
    reported[task.SyncTaskId] = task.TaskStatus
    io.stderr:write(("%s to %s: %s %s\n"):format(task.SyncTaskId, task.ImageTo.RegionId, task.TaskStatus,
      p.percent and p.percent .. " %" or ""))
  end,
})

for _, result in ipairs(results) do
  if result.err then
    local region = result.task and result.task.ImageTo.RegionId or "?"
    print(("FAILED %s to %s: %s"):format(result.id, region, tostring(result.err)))
  end
end
print(("%d of %d synchronized"):format(summary.success, summary.total))
client:close()
os.exit(summary.success == summary.total and 0 or 1, true)
