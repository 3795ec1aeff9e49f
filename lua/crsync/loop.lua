--- Who waits: for a request in flight, for a pause to pass, for many at once. By default this thread does; a host's
--- event loop takes over through a table with `wait(fd, seconds)` and `sleep(seconds)`, which yield as that loop
--- wants it. Ready ones for cqueues, luv and Copas are in loop/. Knows jobs and time, not operations.

local compat = require "crsync.util.compat"
local core = require "crsync.core"

--- A host's event loop: option loop.
---@class crsync.Loop
---@field wait? fun(fd: integer, seconds: number)  returns when fd is readable or the time is over, or sooner; not
--- needed where the host has its own transport
---@field sleep fun(seconds: number)
---@field forget? fun(fd: integer)  called before fd is closed

--- A client's own loop, on a host's or on none.
---@class crsync.ClientLoop
---@field private host crsync.Loop|nil
---@field private core crsync.Core
---@field private waiters table<crsync.Job, table>  job → the member of a crowd that waits for it
---@field private just_ended crsync.Job|false       a job whose member was not told yet
local Loop = {}
Loop.__index = Loop

local loop = {}

-- The longest that a host's wait is asked for at once: another coroutine of the same client may have moved our
-- request along meanwhile, which the descriptor does not tell.
local SLICE = 0.05

-- What a member of a crowd yields first when it waits: for a request, for time to pass, for leave to send.
local JOB, PAUSE, SLOT = {}, {}, {}
local OURS = { [JOB] = true, [PAUSE] = true, [SLOT] = true }

-- Coroutine → the crowd it belongs to, for those that `all` has started.
local crowds = setmetatable({}, { __mode = "k" })

local function current_crowd() return crowds[coroutine.running()] end

--- A loop for one client.
---@param host? crsync.Loop  nil: block
---@param client_core crsync.Core
---@return crsync.ClientLoop
function loop.new(host, client_core)
  return setmetatable({
    host = host,
    core = client_core,
    waiters = {},       -- job → the member of a crowd that waits for it
    just_ended = false, -- a job whose member was not told yet
  }, Loop)
end

-- Tells whoever waits for the job that has just ended. Where memory runs out in the midst of it, the next turn does it
-- again: it may be another coroutine's member that waits.
local function tell_member(self)
  local member = self.waiters[self.just_ended]
  if member then
    member.crowd.ready[#member.crowd.ready + 1] = member
    self.waiters[self.just_ended] = nil
  end
  self.just_ended = false
end

-- Moves what can be moved, waiting for it up to `seconds`; notes who may go on.
function Loop:turn(seconds)
  local client_core = self.core
  if self.just_ended then tell_member(self) end
  if not self.host then
    client_core:wait(seconds) -- comes back every 200 ms, so that an interrupt is seen
  elseif not self.host.wait then
    self.host.sleep(seconds) -- no request is ours: a transport's are its own affair
  else
    if seconds > 0 then
      self.host.wait(client_core:pollfd(), math.min(seconds, client_core:timeout() or SLICE, SLICE))
    end
    client_core:step()
  end
  for job in client_core.finished, client_core do
    self.just_ended = job
    tell_member(self)
  end
end

local function drive_until_ended(self, job)
  if self.host then self:turn(0) end
  while not self.core:has_ended(job) do self:turn(1) end
end

--- Waits until the job has ended. An error meanwhile (an interrupt, most likely) stops the job and goes on.
---@param job crsync.Job
function Loop:await(job)
  if current_crowd() then
    coroutine.yield(JOB, job)
  elseif self.host then
    drive_until_ended(self, job)
  else
    local ok, err = pcall(drive_until_ended, self, job)
    if not ok then
      pcall(self.core.cancel, self.core, job)
      error(err, 0)
    end
  end
end

--- Lets time pass.
---@param seconds number
function Loop:sleep(seconds)
  if seconds <= 0 then return end
  if current_crowd() then
    coroutine.yield(PAUSE, core.now() + seconds)
  elseif self.host then
    self.host.sleep(seconds)
  else
    local till = core.now() + seconds
    repeat
      core.sleep(till - core.now()) -- 200 ms at most
    until core.now() >= till
  end
end

--- Tells the host that the descriptor goes.
function Loop:close()
  if self.host and self.host.forget then self.host.forget(self.core:pollfd()) end
end

-- ---- many at once ---------------------------------------------------------------------------------------

--- Waits for leave to have one more request in flight; without a crowd there is always leave.
function Loop.acquire()
  local crowd = current_crowd()
  if not crowd then return end
  while crowd.free == 0 do coroutine.yield(SLOT) end
  crowd.free = crowd.free - 1
end

--- Gives the leave back.
function Loop.release()
  local crowd = current_crowd()
  if not crowd then return end
  crowd.free = crowd.free + 1
  local member = table.remove(crowd.queue, 1)
  if member then crowd.ready[#crowd.ready + 1] = member end
end

local function add_sleeper(crowd, member, due)
  member.due = due
  local at = #crowd.sleepers + 1
  while at > 1 and crowd.sleepers[at - 1].due > due do at = at - 1 end
  table.insert(crowd.sleepers, at, member)
end

-- A crowd that has failed takes its requests with it.
local function abandon(self, crowd)
  for member in pairs(crowd.members) do
    if member.job then
      self.waiters[member.job] = nil
      pcall(self.core.cancel, self.core, member.job)
    end
  end
end

-- Lets the member go on until it waits for something of ours. What the host's own functions yield in it goes to the
-- host, whose answer comes back to them.
local function run_on(self, member, ...)
  local result = compat.pack(coroutine.resume(member.co, ...))
  if not result[1] then
    abandon(self, member.crowd)
    error(result[2], 0)
  end
  if coroutine.status(member.co) == "dead" or OURS[result[2]] then return result[2], result[3] end
  return run_on(self, member, coroutine.yield(compat.unpack(result, 2, result.n)))
end

local function resume(self, member)
  local what, value = run_on(self, member)
  local crowd = member.crowd
  if coroutine.status(member.co) == "dead" then
    crowd.alive = crowd.alive - 1
  elseif what == JOB then
    member.job = value
    if self.core:has_ended(value) then crowd.ready[#crowd.ready + 1] = member else self.waiters[value] = member end
  elseif what == PAUSE then
    add_sleeper(crowd, member, value)
  else
    crowd.queue[#crowd.queue + 1] = member
  end
end

local function start_members(self, crowd, body)
  while crowd.alive < crowd.together and crowd.started < crowd.count do
    crowd.started = crowd.started + 1
    crowd.alive = crowd.alive + 1
    local number = crowd.started
    local member = { crowd = crowd, co = coroutine.create(function() body(number) end) }
    crowd.members[member] = true
    crowds[member.co] = crowd
    resume(self, member)
  end
end

local function resume_ready(self, crowd)
  local now = core.now()
  while crowd.sleepers[1] and crowd.sleepers[1].due <= now do
    crowd.ready[#crowd.ready + 1] = table.remove(crowd.sleepers, 1)
  end
  local ready = crowd.ready
  crowd.ready = {}
  for _, member in ipairs(ready) do resume(self, member) end
  return #ready > 0
end

local function run_crowd(self, crowd, body)
  repeat
    start_members(self, crowd, body)
    if not resume_ready(self, crowd) and crowd.alive > 0 then
      local next_due = crowd.sleepers[1] and crowd.sleepers[1].due - core.now() or 1
      self:turn(math.max(0, math.min(next_due, 1)))
    end
  until crowd.alive == 0 and crowd.started == crowd.count
end

--- Runs body(1) … body(count) side by side, each in a coroutine of its own, until all have returned. An error in one
--- stops the requests of all and goes on unchanged.
---@param count integer
---@param together integer  how many run at once
---@param slots integer     how many requests are in flight at once
---@param body fun(number: integer)
function Loop:all(count, together, slots, body)
  local crowd = { count = count, together = together, free = slots, started = 0, alive = 0, ready = {}, queue = {},
    sleepers = {}, members = setmetatable({}, { __mode = "k" }) }
  local call = self.host and compat.pcall or pcall -- a host's wait may yield
  local ok, err = call(run_crowd, self, crowd, body)
  if ok then return end
  abandon(self, crowd)
  error(err, 0)
end

return loop
