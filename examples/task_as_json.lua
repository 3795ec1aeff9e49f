-- A task as JSON on standard output, for jq and its like: integers exact, empty lists lists.
--
--   lua5.4 examples/task_as_json.lua cri-sgedpenzw80e rst-zxjkiv5oil6f | jq .LayerTasks[].Size
--
-- Decides by the kind of an error what is worth saying.

local crsync = require "crsync"

local client = assert(crsync.new { timeout = 5, deadline = 20 })
local task, err = client:get_task(arg[1], arg[2])
client:close()

if task then
  print(crsync.to_json(task))
elseif err.kind == "not_found" then
  io.stderr:write("no such task: ", arg[2], "\n")
  os.exit(1, true)
else
  io.stderr:write(tostring(err), "\n")
  os.exit(err.retryable and 75 or 1, true) -- 75: a temporary failure, in sysexits.h
end
