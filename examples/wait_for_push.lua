-- The gate in CI after a push: waits until the tag has arrived everywhere. Where it has not, the job fails with a line
-- for each region: the reason, and what to do.
--
--   since=$(($(date +%s) - 60))
--   docker push …
--   lua5.4 examples/wait_for_push.lua cri-sandbox team/web 1.0.0 "$since" 2
--
-- The time is that before the push, a minute early since clocks differ: what was made earlier belongs to an older push
-- of the tag. The last word is the number of regions that the rules lead to; without it, all tasks are taken to be
-- there once none was added for ten seconds. SYNC_TIMEOUT is how many seconds it may all take; 3000. Let the job have
-- more: when CI ends it, nobody says which region was missing. Exit status: 0 it has arrived, 1 not everywhere, 2 wrong
-- usage, 3 nobody knows: the service could not be asked.

local crsync = require "crsync"

local instance, image, tag, since, expect = arg[1], arg[2] or "", arg[3], tonumber(arg[4]), tonumber(arg[5])
local namespace, name = image:match "^([^/]+)/(.+)$"
if not (namespace and since) or arg[5] and not expect then
  io.stderr:write "usage: lua5.4 wait_for_push.lua INSTANCE NAMESPACE/NAME TAG SINCE [REGIONS]\n"
  os.exit(2)
end

local client, problem = crsync.new()
if not client then
  io.stderr:write(tostring(problem), "\n")
  os.exit(3, true)
end

local function region_of(task) return task and task.ImageTo and task.ImageTo.RegionId or "region unknown" end

local results, summary = client:wait_push(instance, { RepoNamespaceName = namespace, RepoName = name, Tag = tag }, {
  since = since,
  expect = expect,
  timeout = tonumber(os.getenv "SYNC_TIMEOUT") or 3000,
  stall_timeout = 600,
  interval = tonumber(os.getenv "SYNC_INTERVAL"), -- for tests
  on_progress = function(task, p, trouble)
    if not p.news then return end -- else there is a line for each look
    io.stderr:write(("%s: %s%s%s\n"):format(region_of(task), task.TaskStatus,
      p.percent and (", %d %%"):format(p.percent) or "", trouble and ", " .. trouble.message or ""))
  end,
})
client:close()

local err = not results and summary or nil -- no task has appeared, or fewer than expected, or nobody could ask
local total, failed = 0, 0
for _, result in ipairs(results or err.results or {}) do
  total = total + 1
  if result.err then
    failed = failed + 1
    print(("FAILED to %s: %s; %s"):format(region_of(result.task), result.err.message,
      result.err.hint or ("look with: crsync get %s %s"):format(instance, result.id)))
  end
end
if err then io.stderr:write(tostring(err), "\n") end
print(("%s:%s: %d of %d syncs succeeded"):format(image, tag, total - failed, math.max(total, expect or 0)))
os.exit(err and (err.kind == "task" and 1 or 3) or failed > 0 and 1 or 0, true)
