-- The same transfers through crsync. Usage: lua5.4 spec/bench/client.lua MODE URL N [TOGETHER] [CA]
-- CA: a file, or a folder with a / at its end.
-- Prints microseconds of processor time and of the clock, for each request in mode serial, for all in mode many; and
-- the KiB of memory at its highest.

local crsync = require "crsync"
local core = require "crsync.core"

local mode, url, n = arg[1], arg[2], tonumber(arg[3])
local origin, instance = url:match "^(%a+://[^/]+)/%?InstanceId=([^&]*)"

local ca = mode == "serial" and arg[4] or arg[5]
local is_folder = ca and ca:sub(-1) == "/"

local client = assert(crsync.new { endpoint = origin, access_key_id = "LTAI5tBenchBenchBench00",
  access_key_secret = "secret", proxy = "", retry = false, ca_file = not is_folder and ca or nil,
  ca_path = is_folder and ca or nil })

local function serial()
  if n > 1 then assert(client:get_task(instance, "rst-1")) end -- the connection
  local cpu, wall = os.clock(), core.now()
  for _ = 1, n do assert(client:get_task(instance, "rst-1")) end
  return (os.clock() - cpu) / n, (core.now() - wall) / n
end

local function many()
  local ids = {}
  for i = 1, n do ids[i] = "rst-" .. i end
  local cpu, wall = os.clock(), core.now()
  local _, errors = client:get_tasks(instance, ids, { concurrency = tonumber(arg[4]) })
  assert(not next(errors), select(2, next(errors)))
  return os.clock() - cpu, core.now() - wall
end

local cpu, wall = (mode == "serial" and serial or many)()
print(("%f %f"):format(cpu * 1e6, wall * 1e6))
for line in io.lines "/proc/self/status" do
  if line:find "^VmHWM" then print((line:match "%d+")) end
end
