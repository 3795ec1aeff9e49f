--- Waiting in GLib's main loop, as GTK programs have it, by lgi: `crsync.new { loop = require "crsync.loop.glib" }`,
--- then call methods in a coroutine while the loop runs.  https://github.com/lgi-devs/lgi

local callbacks = require "crsync.loop.callbacks"
local GLib = require "lgi".GLib

-- GLib forgets a source whose function returns false; removing one that is gone is an error.
local function once(source_of, f)
  local source
  source = source_of(function()
    source = nil
    f()
    return false
  end)
  return function()
    if source then GLib.source_remove(source) end
    source = nil
  end
end

return callbacks.new {
  watch = function(fd, f)
    local channel = GLib.IOChannel.unix_new(fd)
    local source = GLib.io_add_watch(channel, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN, function()
      f()
      return true
    end)
    return function() GLib.source_remove(source) end
  end,
  after = function(seconds, f)
    return once(function(run)
      return GLib.timeout_add(GLib.PRIORITY_DEFAULT, math.ceil(math.max(seconds, 0) * 1000), run)
    end, f)
  end,
}
