--- An adapter for event loops that call back, made of two functions of theirs: for libuv see luv.lua, for others
--- examples/embedding. Methods of a client are then called in coroutines; an error in such a coroutine is raised in the
--- loop's callback.

local callbacks = {}

local function running()
  local co, is_main = coroutine.running()
  if not co or is_main then error("in an event loop, call crsync in a coroutine", 3) end
  return co
end

local function resume(co)
  local ok, err = coroutine.resume(co)
  if not ok then error(debug.traceback(co, tostring(err)), 0) end
end

---@class crsync.Callbacks
---@field watch fun(fd: integer, f: function): fun() calls f whenever fd is readable, until what it returns is called
---@field after fun(seconds: number, f: function): fun() calls f once, unless what it returns is called before

--- Makes the adapter.
---@param host crsync.Callbacks
---@return crsync.Loop
function callbacks.new(host)
  local adapter = {}
  local watched = {} -- a loop takes one watcher for a descriptor: fd → { unwatch, waiting = { [coroutine] = stop } }

  local function wake(entry, co)
    local stop = entry.waiting[co]
    if not stop then return end
    entry.waiting[co] = nil
    stop()
    resume(co)
  end

  local function wake_all(entry)
    local list = {}
    for co in pairs(entry.waiting) do list[#list + 1] = co end
    for _, co in ipairs(list) do wake(entry, co) end
  end

  local function watch(fd)
    local entry = watched[fd]
    if entry then return entry end
    entry = { waiting = {} }
    watched[fd] = entry
    entry.unwatch = host.watch(fd, function() wake_all(entry) end)
    return entry
  end

  -- Who still waits for it is woken by its timer.
  function adapter.forget(fd)
    local entry = watched[fd]
    if not entry then return end
    watched[fd] = nil
    entry.unwatch()
  end

  function adapter.wait(fd, seconds)
    local co, entry = running(), watch(fd)
    entry.waiting[co] = host.after(seconds, function() wake(entry, co) end)
    coroutine.yield()
    if not next(entry.waiting) and watched[fd] == entry then adapter.forget(fd) end
  end

  function adapter.sleep(seconds)
    local co = running()
    host.after(seconds, function() resume(co) end)
    coroutine.yield()
  end

  return adapter
end

return callbacks
