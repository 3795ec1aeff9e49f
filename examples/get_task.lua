-- How is this image sync doing? Prints a report; the exit status tells what came of it.
--
--   lua5.4 examples/get_task.lua cri-sandbox rst-small
--
-- Keys and region come from the environment or a profile: `crsync config` shows which. Exit status: 0 the task has
-- succeeded or goes on, 1 it has failed, 2 wrong usage, 3 no answer, 75 no answer this time: try again.

local crsync = require "crsync"

if #arg ~= 2 then
  io.stderr:write "usage: lua5.4 get_task.lua INSTANCE TASK\n"
  os.exit(2)
end
local instance, id = arg[1], arg[2]

local task, err = crsync.get_task(instance, id) -- on a client of the module's, which lives as long as the program
if not task then
  io.stderr:write(tostring(err), "\n")
  os.exit(err.retryable and 75 or 3, true) -- 75: a temporary failure, in sysexits.h
end
print(crsync.format(task))

local progress = crsync.progress(task)
os.exit((progress.ok or not progress.final) and 0 or 1, true)
