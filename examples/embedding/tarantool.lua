-- Tarantool: tarantool tarantool.lua <instance> <task>… asks for tasks in fibers, side by side. See servers.md.

local fiber = require "fiber"
local socket = require "socket"
local crsync = require "crsync"

if #arg < 2 then
  io.stderr:write "usage: tarantool tarantool.lua INSTANCE TASK…\n"
  os.exit(2)
end

local client = assert(crsync.new {
  loop = { wait = function(fd, seconds) socket.iowait(fd, "R", seconds) end, sleep = fiber.sleep },
})

local instance, fibers, status = arg[1], {}, 0
for i = 2, #arg do
  fibers[#fibers + 1] = fiber.new(function()
    local task, err = client:get_task(instance, arg[i])
    if not task then status = 1 end
    print(task and crsync.to_json(task) or tostring(err))
  end)
  fibers[#fibers]:set_joinable(true)
end
for _, each in ipairs(fibers) do each:join() end
client:close()
os.exit(status)
