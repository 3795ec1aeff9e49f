-- awesome: a notification when a sync task has ended: require "crsync_awesome" (instance, task). See desktop.md.

local crsync = require "crsync"
local naughty = require "naughty"

local client

--- Waits in awesome's own loop, which is GLib's.
return function(instance, task_id)
  client = client or assert(crsync.new { loop = require "crsync.loop.glib" })
  coroutine.wrap(function()
    local task, err = client:wait(instance, task_id)
    naughty.notify { title = task_id, text = task and task.TaskStatus or tostring(err), timeout = 0 }
  end)()
end
