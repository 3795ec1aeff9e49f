-- mpv: shows on the screen how a sync is doing, every few seconds. See desktop.md.

local crsync = require "crsync"

local options = { instance = "", task = "", every = 10 }
require "mp.options".read_options(options, "sync")

local client = assert(crsync.new { deadline = 2, retry = false }) -- mpv runs each script in a thread of its own

local function show()
  local task, err = client:get_task(options.instance, options.task)
  local line = task and ("%s %s"):format(options.task, task.TaskStatus) or tostring(err)
  mp.osd_message(line)
  mp.msg.info(line)
end

mp.add_periodic_timer(options.every, show)
show()
