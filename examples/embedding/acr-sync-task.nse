description = [[
Tells how an image sync of Alibaba Cloud Container Registry is doing. See nmap.md.
]]

---
-- @usage nmap --script ./acr-sync-task.nse --script-args instance=cri-…,task=rst-…
-- @args instance  the source instance
-- @args task      the task

author = "the authors of crsync"
license = "MIT"
categories = { "safe", "external" }

local stdnse = require "stdnse"
local crsync = require "crsync"

prerule = function() return stdnse.get_script_args "instance" ~= nil end

action = function()
  -- A pause in which nmap goes on with its other scripts stands for waiting on a descriptor.
  local client, err = crsync.new {
    loop = {
      wait = function(_, seconds) stdnse.sleep(math.min(seconds, 0.01)) end,
      sleep = stdnse.sleep,
    },
    deadline = 20,
  }
  local task
  if client then
    task, err = client:get_task(stdnse.get_script_args "instance", stdnse.get_script_args "task")
    client:close()
  end
  return "\n" .. (task and crsync.format(task) or tostring(err))
end
