-- collectd, plugin lua: the percentage of a sync task as a gauge. See daemons.md.

local crsync = require "crsync"

local INSTANCE, TASK = os.getenv "SYNC_INSTANCE", os.getenv "SYNC_TASK"
local client = assert(crsync.new { deadline = 5, retry = false })

local function read()
  local task, err = client:get_task(INSTANCE, TASK)
  if not task then
    collectd.log_error(tostring(err))
    return 0
  end
  collectd.dispatch_values { plugin = "sync", type = "percent", type_instance = TASK,
    values = { crsync.progress(task).percent or 0 } }
  return 0
end

collectd.register_read(read)
