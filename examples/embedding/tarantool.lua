-- Tarantool: tarantool tarantool.lua <instance> <task>… asks for tasks in fibers, side by side. See servers.md.

local fiber = require "fiber"
local socket = require "socket"
local crsync = require "crsync"

local client = assert(crsync.new {
  loop = { wait = function(fd, seconds) socket.iowait(fd, "R", seconds) end, sleep = fiber.sleep },
})

local instance, fibers = arg[1], {}
for i = 2, #arg do
  fibers[#fibers + 1] = fiber.new(function()
    local task, err = client:get_task(instance, arg[i])
    print(task and crsync.to_json(task) or tostring(err))
  end)
  fibers[#fibers]:set_joinable(true)
end
for _, each in ipairs(fibers) do each:join() end
os.exit(0)
