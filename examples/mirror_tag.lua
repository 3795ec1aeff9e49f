-- Mirrors one tag to three regions. What fails for the network is made again, twice at most; what is left then is told.
--
--   lua5.4 examples/mirror_tag.lua cri-sandbox crr-sandbox-web 1.0.0
--
-- What has arrived goes to standard output, what has not to standard error. Exit status: 0 all have arrived, 1 some
-- have not, 2 wrong usage, 3 it could not begin.

local crsync = require "crsync"

local TARGETS = {
  { region = "eu-west-1", instance = "cri-sandbox-eu" },
  { region = "us-east-1", instance = "cri-sandbox-us" },
  { region = "ap-southeast-1", instance = "cri-sandbox-ap" },
}
local NAMESPACE, NAME = "team", "web" -- there
local REPAIRS = 2
local WAIT = { timeout = 7200, stall_timeout = 900, not_found_grace = 30, -- seconds
  interval = tonumber(os.getenv "SYNC_INTERVAL") } -- for tests

if #arg ~= 3 then
  io.stderr:write "usage: lua5.4 mirror_tag.lua INSTANCE REPO_ID TAG\n"
  os.exit(2)
end
local instance, repo_id, tag = arg[1], arg[2], arg[3]

local client, problem = crsync.new()
if not client then
  io.stderr:write(tostring(problem), "\n")
  os.exit(3, true)
end

local region_of, is_left = {}, false -- the region of each task

local function leave(region, err)
  is_left = true
  io.stderr:write(region, ": ", tostring(err), "\n")
end

-- One that cannot be started does not keep the others from it. Where the answer was lost it may have been started all
-- the same: the error says so, and `crsync list` shows it.
local function start_all()
  local ids = {}
  for _, target in ipairs(TARGETS) do
    local id, response = client:create_task(instance, { RepoId = repo_id, Tag = tag, TargetRegionId = target.region,
      TargetInstanceId = target.instance, TargetNamespace = NAMESPACE, TargetRepoName = NAME, TargetTag = tag,
      Override = true })
    if id then
      ids[#ids + 1], region_of[id] = id, target.region
    else
      leave(target.region, response)
    end
  end
  return ids
end

-- Waits for all of them; returns those that were made again in place of some.
local function wait_and_repair(ids, may_repair)
  local again = {}
  for _, result in ipairs(client:wait_all(instance, ids, WAIT)) do
    local region, err = region_of[result.id], result.err
    if not err then
      print(region .. ": arrived")
    elseif err.issue == "NETWORK_ERROR" and may_repair then
      -- A task does not tell whether it may overwrite: that is said again.
      local id, response = client:retry_task(instance, result.id, { RepoId = repo_id, Override = true })
      if id then
        print(("%s: %s failed for the network, made again as %s"):format(region, result.id, id))
        again[#again + 1], region_of[id] = id, region
      else
        leave(region, response)
      end
    else
      leave(region, err)
    end
  end
  return again
end

local ids = start_all()
for repair = 0, REPAIRS do ids = wait_and_repair(ids, repair < REPAIRS) end
client:close()
os.exit(is_left and 1 or 0, true)
