--- Who waits: for a request in flight, for a pause to pass, for many at once. By default this thread does; a host's
--- event loop takes over through a table with `wait(fd, seconds)` and `sleep(seconds)`, which yield as that loop
--- wants it. Ready ones for cqueues, luv and Copas are in loop/. Knows jobs and time, not operations.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local heap = require "crsync.util.heap"

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
local Loop = {}
Loop.__index = Loop

local loop = {}

-- The longest that a host's wait is asked for at once: another coroutine of the same client may have moved our
-- request along meanwhile, which the descriptor does not tell.
local SLICE = 0.05

-- So many members are started before the requests of the first ones are moved: the service can work on those meanwhile.
local BATCH = 32

-- What a member of a crowd yields first when it waits: for a request, for time to pass, for leave to send.
local JOB, PAUSE, SLOT = {}, {}, {}
local OURS = { [JOB] = true, [PAUSE] = true, [SLOT] = true }

-- Coroutine → the member of a crowd that runs in it, for those that `all` has started; or STRANDED, when its crowd has
-- failed and nobody lets it go on any more. Weak both ways: a member knows its coroutine.
local members, STRANDED = setmetatable({}, { __mode = "kv" }), {}

local can_yield = coroutine.isyieldable or function() return true end

-- The member of one of this client's crowds that is running, if it can give way: a finalizer or a hook in it cannot.
local function current_member(self)
  local member = members[coroutine.running()]
  return member and member.loop == self and can_yield() and member or nil
end

--- A loop for one client.
---@param host? crsync.Loop  nil: block
---@param client_core crsync.Core
---@return crsync.ClientLoop
function loop.new(host, client_core)
  return setmetatable({
    host = host,
    core = client_core,
    waiters = {}, -- job → the member of a crowd that waits for it
  }, Loop)
end

--- Whether somebody may still resume the coroutine.
---@param co thread
function loop.may_go_on(co) return coroutine.status(co) == "suspended" and members[co] ~= STRANDED end

-- By table.insert, within which no hook runs: a call made in one may make others ready, at the place just counted.
local function make_ready(member) table.insert(member.crowd.ready, member) end

-- Moves what can be moved, waiting for it up to `seconds`; notes who may go on.
function Loop:turn(seconds)
  local client_core = self.core
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
  -- An interrupt may come between any two of these, in a call that goes on without us: the same job comes again then.
  for job in client_core.finished, client_core do
    local member = self.waiters[job]
    if member then
      make_ready(member)
      self.waiters[job] = nil
    end
  end
end

local function drive_until_ended(self, job)
  if self.host then self:turn(0) end
  while not self.core:has_ended(job) do self:turn(1) end
end

--- Waits until the job has ended. An error meanwhile (an interrupt, most likely) stops the job and goes on.
---@param job crsync.Job
function Loop:await(job)
  if current_member(self) then
    repeat coroutine.yield(JOB, job) until self.core:has_ended(job) -- it may be told twice
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
  local till = core.now() + seconds
  if current_member(self) then
    repeat coroutine.yield(PAUSE, till) until core.now() >= till
  elseif self.host then
    self.host.sleep(seconds)
  else
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

-- Leave to have a request in flight is a member's. What it does while it has leave, such as a transport that calls its
-- own client, needs no other. Depth: how many calls of it, one in another, have asked for leave. A call that raises
-- gives nothing back; the one around it, or the member's end, does by setting the depth to what it was.

local function count(set, but)
  local n = 0
  for item in pairs(set) do n = n + (item == but and 0 or 1) end
  return n
end

--- How deep the running member is; 0 without a crowd.
---@return integer
function Loop:depth()
  local member = current_member(self)
  return member and member.crowd.holders[member] or 0
end

--- Waits for leave to have one more request in flight; without a crowd there is always leave.
function Loop:acquire()
  local member = current_member(self)
  if not member then return end
  local holders = member.crowd.holders
  -- Its own leave is not counted: a call that was made in a hook of Lua 5.1, on this very line, may have left some.
  while count(holders, member) >= member.crowd.slots do coroutine.yield(SLOT) end
  holders[member] = (holders[member] or 0) + 1
end

--- Gives back what was asked for since.
---@param depth integer
function Loop:settle(depth)
  local member = current_member(self)
  if member then member.crowd.holders[member] = depth > 0 and depth or nil end
end

-- A crowd that has failed takes its requests with it.
local function abandon(self, crowd)
  for member in pairs(crowd.members) do
    members[member.co] = STRANDED
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
  if coroutine.status(member.co) ~= "suspended" then return end -- it was told twice, and has ended at the first
  local what, value = run_on(self, member)
  local crowd = member.crowd
  if coroutine.status(member.co) == "dead" then
    crowd.members[member], crowd.holders[member] = nil, nil
    crowd.alive = crowd.alive - 1
  elseif what == JOB then
    member.job = value
    self.waiters[value] = member -- first: it may end before the next line
    if self.core:has_ended(value) then
      self.waiters[value] = nil
      make_ready(member)
    end
  elseif what == PAUSE then
    heap.push(crowd.sleepers, "due", { due = value, member = member })
  else
    local queue = crowd.queue
    queue.last = queue.last + 1
    queue[queue.last] = member
  end
end

local function start_members(self, crowd, body)
  local till = math.min(crowd.count, crowd.started + crowd.together - crowd.alive, crowd.started + BATCH)
  while crowd.started < till do
    crowd.started = crowd.started + 1
    crowd.alive = crowd.alive + 1
    local number = crowd.started
    local member = { loop = self, crowd = crowd, co = coroutine.create(function() body(number, crowd.more) end) }
    crowd.members[member] = true
    members[member.co] = member
    resume(self, member)
  end
end

local function wake_queue(crowd)
  local queue = crowd.queue
  if queue.first > queue.last then return end
  for _ = 1, math.min(crowd.slots - count(crowd.holders), queue.last - queue.first + 1) do
    make_ready(queue[queue.first])
    queue[queue.first], queue.first = nil, queue.first + 1
  end
end

local function wake(crowd)
  local now, sleepers = core.now(), crowd.sleepers
  while sleepers[1] and sleepers[1].due <= now do make_ready(heap.pop(sleepers, "due").member) end
  wake_queue(crowd)
end

local function resume_ready(self, crowd)
  wake(crowd)
  local ready = crowd.ready
  crowd.ready = {}
  for _, member in ipairs(ready) do resume(self, member) end
  return #ready > 0
end

-- How long to wait for something to happen; not at all while members are yet to be started.
local function patience(crowd)
  if crowd.started < crowd.count and crowd.alive < crowd.together then return 0 end
  local next_due = crowd.sleepers[1] and crowd.sleepers[1].due - core.now() or 1
  return math.max(0, math.min(next_due, 1))
end

local function run_crowd(self, crowd, body)
  repeat
    start_members(self, crowd, body)
    if not resume_ready(self, crowd) and crowd.alive > 0 then self:turn(patience(crowd)) end
  until crowd.alive == 0 and crowd.started == crowd.count
end

--- Runs body(1) … body(bodies) side by side, each in a coroutine of its own, until all have returned. An error in one
--- stops the requests of all and goes on unchanged. A body may call more(n) for n bodies more.
---@param bodies integer
---@param together integer  how many run at once
---@param slots integer     how many requests are in flight at once
---@param body fun(number: integer, more: fun(n: integer))
function Loop:all(bodies, together, slots, body)
  local crowd = { count = bodies, together = together, slots = slots, started = 0, alive = 0, members = {},
    ready = {}, queue = { first = 1, last = 0 }, sleepers = {}, holders = {} }
  crowd.more = function(n) crowd.count = crowd.count + n end
  local call = self.host and compat.pcall or pcall -- a host's wait may yield
  local ok, err = call(run_crowd, self, crowd, body)
  if ok then return end
  abandon(self, crowd)
  error(err, 0)
end

return loop
