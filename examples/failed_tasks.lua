-- A nightly report: the tasks of the last day that failed, as JSON, the reason of each with it.
--
--   lua5.4 examples/failed_tasks.lua cri-sgedpenzw80e > failed.json

local crsync = require "crsync"

local client = assert(crsync.new())
local since = (os.time() - 24 * 3600) * 1000 -- the service counts milliseconds

local failed = setmetatable({}, { __jsontype = "array" }) -- an empty list, not an empty object
for task in client:tasks(arg[1]) do
  if task.TaskStatus == "ERROR" and (task.CreateTime or since) >= since then failed[#failed + 1] = task end
end
client:close()
print(crsync.to_json(failed))
