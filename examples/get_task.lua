-- How is this image sync doing?
--
--   lua5.4 examples/get_task.lua cri-sgedpenzw80e rst-zxjkiv5oil6f
--
-- The key and the region come from the environment: ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET,
-- ALIBABA_CLOUD_REGION_ID. Exit status: 0 the task succeeded or is under way, 1 it failed, 2 it could not be asked for.

local crsync = require "crsync"

local task, err = crsync.get_task(arg[1], arg[2])
if not task then
  io.stderr:write(tostring(err), "\n")
  os.exit(2, true)
end
print(crsync.format(task))

local progress = crsync.progress(task)
os.exit((progress.ok or not progress.final) and 0 or 1, true)
