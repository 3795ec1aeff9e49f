--- Waiting in libevent, by luaevent: `crsync.new { loop = require "crsync.loop.luaevent".new(base) }`, then call
--- methods in a coroutine while the base's loop runs.  https://github.com/harningt/luaevent

local callbacks = require "crsync.loop.callbacks"
local core = require "luaevent.core"

local luaevent = {}

--- Makes the adapter for an event base.
---@param base any  what luaevent.core.new() has made
---@return crsync.Loop
function luaevent.new(base)
  local kept = {} -- an event that is collected never comes

  return callbacks.new {
    watch = function(fd, f)
      local event = base:addevent(fd, core.EV_READ, function()
        f()
        return core.EV_READ
      end)
      kept[event] = true
      return function()
        kept[event] = nil
        event:close()
      end
    end,
    after = function(seconds, f)
      local event
      local function stop()
        if kept[event] then event:close() end
        kept[event] = nil
      end
      event = base:addevent(nil, core.EV_TIMEOUT, function()
        stop()
        f()
        return core.LEAVE
      end, math.max(seconds, 0.001))
      kept[event] = true
      return stop
    end,
  }
end

return luaevent
