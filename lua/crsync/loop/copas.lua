--- Waiting in Copas: `crsync.new { loop = require "crsync.loop.copas" }`, then call methods in Copas' threads. Works by
--- descriptors alone, since the Copas that distributions have knows no time; LuaSocket's select takes those below 1024.

local copas = require "copas"
local core = require "crsync.core"

local adapter = {}

-- What Copas and LuaSocket's select take for a socket: it has a descriptor, and "receives" once that was readable.
local function receiver(timer)
  local tried = false
  return {
    getfd = function() return timer:pollfd() end,
    dirty = function() return false end,
    settimeout = function() end,
    close = function() end,
    receive = function()
      if tried then return "" end
      tried = true
      return nil, "timeout", ""
    end,
  }
end

---@param fd integer|nil
---@param seconds number
function adapter.wait(fd, seconds)
  local timer = core.timer(seconds, fd)
  copas.receive(receiver(timer), 1)
  timer:close()
end

---@param seconds number
function adapter.sleep(seconds) adapter.wait(nil, seconds) end

return adapter --[[@as crsync.Loop]]
