-- Knot Resolver: waits for a sync task in kresd's own loop, and answers names meanwhile. See servers.md.

local callbacks = require "crsync.loop.callbacks"
local crsync = require "crsync"

local function watch(fd, f)
  local id = event.socket(fd, f)
  return function() event.cancel(id) end
end

-- What has run is gone, and its number may be another's.
local function after(seconds, f)
  local id
  id = event.after(math.ceil(seconds * 1000), function()
    id = nil
    f()
  end)
  return function()
    if id then event.cancel(id) end
  end
end

local client = assert(crsync.new { loop = callbacks.new { watch = watch, after = after } })

coroutine.wrap(function()
  local task, err = client:wait(os.getenv "SYNC_INSTANCE", os.getenv "SYNC_TASK")
  print(task and crsync.format(task) or tostring(err))
end)()
