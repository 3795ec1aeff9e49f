--- Who waits: for a request in flight, and for a pause to pass. By default this thread does; a host's event
--- loop takes over through a table with `wait(fd, seconds)` and `sleep(seconds)`, which yield as that loop
--- wants it. Knows jobs and time, not operations.

local core = require "crsync.core"

---@class crsync.Loop
---@field wait fun(fd: integer, seconds: number)  returns when fd is readable or the time is over, or sooner
---@field sleep fun(seconds: number)

local loop = {}

-- The longest that a host's wait is asked for at once: another coroutine of the same client may have moved
-- our request along meanwhile, which the descriptor does not tell.
local SLICE = 0.05

-- Moves every request of the client that can be moved, and notes those that have ended.
local function turn(engine, ended)
  for job in engine.finished, engine do ended[job] = true end
end

local function await_blocking(engine, ended, job)
  repeat
    engine:wait(1) -- comes back every 200 ms, so that an interrupt is seen
    turn(engine, ended)
  until ended[job]
end

local function await_hosted(host, engine, ended, job)
  engine:step()
  turn(engine, ended)
  while not ended[job] do
    host.wait(engine:pollfd(), math.min(engine:timeout() or SLICE, SLICE))
    engine:step()
    turn(engine, ended)
  end
end

--- Waits until the job has ended. An error meanwhile (an interrupt, most likely) stops the job and goes on.
---@param host crsync.Loop|nil  nil: block
---@param engine table  a core
---@param ended table<table, boolean>  the client's ended jobs, weak keys
---@param job table
function loop.await(host, engine, ended, job)
  if host then
    await_hosted(host, engine, ended, job)
  else
    local ok, err = pcall(await_blocking, engine, ended, job)
    if not ok then
      pcall(engine.cancel, engine, job)
      error(err, 0)
    end
  end
  ended[job] = nil
end

--- Lets time pass.
---@param host crsync.Loop|nil
---@param seconds number
function loop.sleep(host, seconds)
  if host then
    if seconds > 0 then host.sleep(seconds) end
    return
  end
  local till = core.now() + seconds
  local left = seconds
  while left > 0 do
    core.sleep(left) -- 200 ms at most
    left = till - core.now()
  end
end

return loop
