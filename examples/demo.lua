-- What `make demo` shows: a sync task asked for over real HTTP, as a report and as nested Lua tables. The service is
-- the endpoint of the specs, on this machine; no account is needed.

local crsync = require "crsync"
local dump = require "crsync.dump"
local endpoint = require "spec.support.endpoint"

local service <close> = endpoint.start()
service:answer("err.503.ServiceUnavailable", "get.synchronizing-multi", "get.error-network-error",
  "err.403.NoPrivilege")

local client <close> = assert(crsync.new {
  endpoint = service.url,
  access_key_id = service.access_key_id,
  access_key_secret = service.access_key_secret,
  proxy = "",
  on_attempt = function(attempt)
    if not attempt.delay then return end
    print(("   (attempt %d: HTTP %d %s; again in %.2f s)"):format(attempt.attempt, attempt.status or 0,
      attempt.code or "", attempt.delay))
  end,
})

local function ask(task_id)
  print(('\n>> client:get_task("cri-constructedsrc0", "%s")\n'):format(task_id))
  return client:get_task("cri-constructedsrc0", task_id)
end

print("A local endpoint plays the service at " .. service.url .. ". It verifies each signature.")

local task = assert(ask "rst-constructed0004")
print(crsync.format(task))
print("\nThe same as nested Lua tables:\n")
print("task = " .. dump.lua_source(task))
print()
print("task.ImageTo.RegionId           --> " .. task.ImageTo.RegionId)
print("#task.LayerTasks                --> " .. #task.LayerTasks)
print("task.LayerTasks[1].Size         --> " .. task.LayerTasks[1].Size)
print("crsync.progress(task).percent   --> " .. crsync.progress(task).percent)

print(crsync.format(assert(ask "rst-constructed0009")))

local _, err = ask "rst-constructed0001"
print(tostring(err))
