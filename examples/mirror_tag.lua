-- Mirrors one tag to three regions and waits for all of them.
--
--   lua5.4 examples/mirror_tag.lua cri-source crr-sourcerepo 1.0.0
--
-- The targets stand here; a target that cannot be started does not keep the others from it.

local crsync = require "crsync"

local TARGETS = {
  { TargetRegionId = "eu-west-1", TargetInstanceId = "cri-london" },
  { TargetRegionId = "us-east-1", TargetInstanceId = "cri-virginia" },
  { TargetRegionId = "ap-southeast-1", TargetInstanceId = "cri-singapore" },
}

local instance, repo_id, tag = arg[1], arg[2], arg[3]
local client = assert(crsync.new())

local ids, failures = {}, 0
for _, target in ipairs(TARGETS) do
  local id, response = client:create_task(instance, {
    RepoId = repo_id, Tag = tag, TargetRegionId = target.TargetRegionId, TargetInstanceId = target.TargetInstanceId,
    TargetNamespace = "team", TargetRepoName = "web", TargetTag = tag, Override = true,
  })
  if id then
    print(("started %s to %s"):format(id, target.TargetRegionId))
    ids[#ids + 1] = id
  else -- response is the error; where it was lost a task may have been started all the same: look before you repeat
    failures = failures + 1
    io.stderr:write(target.TargetRegionId, ": ", tostring(response), "\n")
  end
end

local results = client:wait_all(instance, ids, { not_found_grace = 10, interval = tonumber(os.getenv "SYNC_INTERVAL") })
for _, result in ipairs(results) do
  if result.err then failures = failures + 1 end
  print(("%s: %s"):format(result.id, result.err and tostring(result.err) or "SUCCESS"))
end
client:close()
os.exit(failures == 0 and 0 or 1, true)
