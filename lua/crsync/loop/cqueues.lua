--- Waiting in cqueues: `crsync.new { loop = require "crsync.loop.cqueues" }`, then call methods in coroutines of a
--- cqueues controller. Outside of one, cqueues blocks.  https://25thandclement.com/~william/projects/cqueues.html

local cqueues = require "cqueues"

local adapter = {}

-- fd → how many wait for it. A controller remembers a descriptor until it is told that it is no longer one.
local waiting = {}

---@param fd integer
function adapter.forget(fd)
  waiting[fd] = nil
  cqueues.cancel(fd)
end

---@param fd integer
---@param seconds number
function adapter.wait(fd, seconds)
  waiting[fd] = (waiting[fd] or 0) + 1
  cqueues.poll({ pollfd = fd, events = "r" }, seconds)
  if not waiting[fd] then return end
  waiting[fd] = waiting[fd] - 1
  if waiting[fd] == 0 then adapter.forget(fd) end
end

---@param seconds number
function adapter.sleep(seconds) cqueues.sleep(seconds) end

return adapter --[[@as crsync.Loop]]
