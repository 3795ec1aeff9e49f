-- Many connections in one thread: coroutines over luasocket's select, with timers.

local compat = require "crsync.util.compat"
local socket = require "socket"

local scheduler = {}

local readers, writers, sleepers = {}, {}, {} -- socket → coroutine; sleepers: { at, coroutine }
local endings = setmetatable({}, { __mode = "k" }) -- coroutine → what to call at its end
local running = true

local function resume(co)
  local ok, err = coroutine.resume(co)
  local ending = coroutine.status(co) == "dead" and endings[co]
  if ending then
    ending(not ok and err or nil)
  elseif not ok then
    io.stderr:write(debug.traceback(co, tostring(err)), "\n")
  end
end

--- Starts a coroutine.
function scheduler.spawn(f, ...)
  local args = compat.pack(...)
  resume(coroutine.create(function() f(compat.unpack(args, 1, args.n)) end))
end

--- Starts a coroutine whose end is attended to, good or bad; what a pcall would do, if every Lua could yield in one.
---@param f function
---@param ending fun(err: any)
function scheduler.spawn_guarded(f, ending)
  local co = coroutine.create(f)
  endings[co] = ending
  resume(co)
end

function scheduler.wait_readable(s)
  readers[s] = coroutine.running()
  coroutine.yield()
end

function scheduler.wait_writable(s)
  writers[s] = coroutine.running()
  coroutine.yield()
end

function scheduler.sleep(seconds)
  sleepers[#sleepers + 1] = { at = socket.gettime() + seconds, co = coroutine.running() }
  coroutine.yield()
end

function scheduler.stop() running = false end

local function take(waiting, s)
  local co = waiting[s]
  waiting[s] = nil
  if co then resume(co) end
end

local function keys_of(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  return keys
end

local function wake_sleepers()
  local now, due, left = socket.gettime(), {}, {}
  for _, sleeper in ipairs(sleepers) do
    local list = sleeper.at <= now and due or left
    list[#list + 1] = sleeper
  end
  sleepers = left
  for _, sleeper in ipairs(due) do resume(sleeper.co) end
end

local function next_timeout()
  local now, nearest = socket.gettime(), 60
  for _, sleeper in ipairs(sleepers) do nearest = math.min(nearest, sleeper.at - now) end
  return math.max(nearest, 0)
end

--- Runs until stop() is called.
function scheduler.run()
  while running do
    local readable, writable = socket.select(keys_of(readers), keys_of(writers), next_timeout())
    for _, s in ipairs(readable) do take(readers, s) end
    for _, s in ipairs(writable) do take(writers, s) end
    wake_sleepers()
  end
end

return scheduler
