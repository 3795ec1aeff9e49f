--- Waiting beside a program's own socket.select, where it has no event loop but that. Methods are called in coroutines:
---
---   local select = require "crsync.loop.select"
---   local client = crsync.new { loop = select }
---   coroutine.wrap(function() print(client:wait(instance, task)) end)()
---   while true do
---     local readable = socket.select(select.sockets { my_socket }, nil, select.timeout(60))
---     select.turn(readable)
---     … what is the program's own …
---   end
---
--- LuaSocket's select takes descriptors below 1024.

local callbacks = require "crsync.loop.callbacks"
local core = require "crsync.core"

local watched, timers = {}, {} -- sets: what select takes for a socket; what is due

local adapter = callbacks.new {
  watch = function(fd, f)
    local entry = { getfd = function() return fd end, dirty = function() return false end, f = f }
    watched[entry] = true
    return function() watched[entry] = nil end
  end,
  after = function(seconds, f)
    local timer = { due = core.now() + seconds, f = f }
    timers[timer] = true
    return function() timers[timer] = nil end
  end,
}

---@class crsync.loop.select: crsync.Loop
local select_loop = { wait = adapter.wait, sleep = adapter.sleep, forget = adapter.forget }

--- A list of the program's sockets, and those that are waited for here.
---@param own? table
---@return table
function select_loop.sockets(own)
  local list = {}
  for i, socket in ipairs(own or {}) do list[i] = socket end
  for entry in pairs(watched) do list[#list + 1] = entry end
  return list
end

--- How long select may wait: up to `most` seconds, or until the next timer.
---@param most number
---@return number
function select_loop.timeout(most)
  for timer in pairs(timers) do most = math.min(most, timer.due - core.now()) end
  return math.max(most, 0)
end

--- Lets those go on whose sockets are readable or whose time is over. An error in a coroutine is raised here.
---@param readable table  what socket.select has returned first
function select_loop.turn(readable)
  local due, now = {}, core.now()
  for timer in pairs(timers) do
    if timer.due <= now then due[#due + 1] = timer end
  end
  for _, timer in ipairs(due) do
    if timers[timer] then
      timers[timer] = nil
      timer.f()
    end
  end
  for _, entry in ipairs(readable) do
    if watched[entry] then entry.f() end
  end
end

return select_loop
