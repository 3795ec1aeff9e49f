--- Many conversations in one thread: coroutines that wait for descriptors and for time.
---
--- Why a loop of our own, of a hundred lines: it waits with the core's poll set (epoll, kqueue), so nothing ends at
--- descriptor 1023, where LuaSocket's select and with it Copas end. cqueues with lua-http would bring a parser too, and
--- eight rocks with it, not for every Lua that the command runs in, and no way to break a connection as a scenario says
--- so; luv has no TLS.

local core = require "crsync.core"

local Loop = {}
Loop.__index = Loop

local loop = {}

local SWEEP = 1 -- seconds between looks at deadlines: those of slow clients need no more precision

--- A loop; or nil and the reason, where no descriptor is left for it.
function loop.new()
  local poller, reason = core.poller()
  if not poller then return nil, reason end
  local endings = setmetatable({}, { __mode = "k" })
  return setmetatable({ poller = poller, waiting = {}, sleeping = {}, endings = endings,
    next_sweep = math.huge, is_running = true }, Loop)
end

local function resume(self, co, ...)
  local ok, err = coroutine.resume(co, ...)
  if coroutine.status(co) ~= "dead" then return end
  -- In LuaJIT an interrupt is raised wherever the process is, which is mostly in one of these.
  if not ok and tostring(err):find("interrupted!", 1, true) then error(err, 0) end
  local ending = self.endings[co]
  if ending then return ending(not ok and err or nil) end
  if not ok then io.stderr:write(debug.traceback(co, tostring(err)), "\n") end
end

--- Starts a coroutine. Its end is attended to, good or bad: what a pcall would do, if every Lua could yield in one.
---@param f function
---@param ending fun(err: any)|nil
function Loop:spawn(f, ending)
  local co = coroutine.create(f)
  self.endings[co] = ending
  resume(self, co)
end

--- Waits for a descriptor, one coroutine for each.
---@param fd integer
---@param what "r"|"w"
---@param deadline number|nil  of core.now
---@return boolean ready  false: the deadline has passed
function Loop:wait(fd, what, deadline)
  self.poller:watch(fd, what)
  self.waiting[fd] = { co = coroutine.running(), deadline = deadline }
  if deadline then self.next_sweep = math.min(self.next_sweep, math.max(deadline, core.now() + SWEEP)) end
  return coroutine.yield()
end

function Loop:sleep(seconds)
  self.sleeping[#self.sleeping + 1] = { co = coroutine.running(), at = core.now() + seconds }
  coroutine.yield()
end

local function wake(self, fd, ready)
  local waiter = self.waiting[fd]
  if not waiter then return end
  self.waiting[fd] = nil
  self.poller:watch(fd, nil)
  resume(self, waiter.co, ready)
end

--- Ends somebody's wait as if its deadline had passed.
function Loop:give_up(fd) wake(self, fd, false) end

local function wake_sleepers(self, now)
  local due, left = {}, {}
  for _, sleeper in ipairs(self.sleeping) do
    local list = sleeper.at <= now and due or left
    list[#list + 1] = sleeper
  end
  self.sleeping = left
  for _, sleeper in ipairs(due) do resume(self, sleeper.co) end
end

local function sweep(self, now)
  local late, nearest = {}, math.huge
  for fd, waiter in pairs(self.waiting) do
    if waiter.deadline and waiter.deadline <= now then
      late[#late + 1] = fd
    elseif waiter.deadline then
      nearest = math.min(nearest, waiter.deadline)
    end
  end
  self.next_sweep = math.max(nearest, now + SWEEP)
  for _, fd in ipairs(late) do wake(self, fd, false) end
end

--- Readable when there is something to do: for a host's loop.
function Loop:pollfd() return self.poller:pollfd() end

--- Seconds until step must be called, whatever is readable.
function Loop:timeout()
  local nearest = self.next_sweep
  for _, sleeper in ipairs(self.sleeping) do nearest = math.min(nearest, sleeper.at) end
  return math.max(nearest - core.now(), 0)
end

--- Does what is to be done; waits for it so long at most.
function Loop:step(seconds)
  for _, fd in ipairs(self.poller:wait(math.min(seconds, self:timeout()))) do wake(self, fd, true) end
  local now = core.now()
  if self.sleeping[1] then wake_sleepers(self, now) end
  if self.next_sweep <= now then sweep(self, now) end
end

--- Runs until stop. An interrupt ends it with an error.
function Loop:run()
  while self.is_running do self:step(60) end
end

function Loop:stop() self.is_running = false end

function Loop:close() self.poller:close() end

return loop
