--- One accepted connection: bytes in and out, TLS or not, without blocking the others; and ways to end it badly. What
--- ends it raises a table { gone = reason }, which ends the connection's coroutine.

local core = require "crsync.core"
local socket = require "socket"

local Stream = {}
Stream.__index = Stream

local stream = {}

local PIECE = 16384
local WRITE_PATIENCE = 30 -- seconds for a client to take what it asked for
local FAREWELL = 1 -- seconds, and pieces, for a client that still sends to see that it was refused
local FAREWELL_PIECES = 64

local function gone(reason) error({ gone = reason }, 0) end

local function wait_for(self, reason, deadline)
  local what = (reason == "timeout" or reason == "wantread") and "r" or reason == "wantwrite" and "w"
  if not what then gone(reason) end
  if not self.loop:wait(self.fd, what, deadline) then gone "timeout" end
end

--- Takes an accepted socket.
function stream.new(loop, accepted)
  accepted:settimeout(0)
  accepted:setoption("tcp-nodelay", true)
  return setmetatable({ loop = loop, socket = accepted, fd = accepted:getfd(), buffer = "" }, Stream)
end

--- Performs the TLS handshake.
---@param tls userdata  luasec's context
---@param deadline number  of core.now
function Stream:shake_hands(tls, deadline)
  local wrapped, problem = require "ssl".wrap(self.socket, tls) -- needed for TLS alone
  if not wrapped then error(problem, 0) end
  self.socket, self.is_tls = wrapped, true
  self.socket:settimeout(0)
  while true do
    local ok, reason = self.socket:dohandshake()
    if ok then return end
    wait_for(self, reason, deadline)
  end
end

--- Reads more into the buffer.
---@param deadline number  of core.now
function Stream:fill(deadline)
  while true do
    local data, reason, part = self.socket:receive(PIECE)
    local chunk = data or part
    if chunk and #chunk > 0 then
      self.buffer = self.buffer .. chunk
      return
    end
    wait_for(self, reason, deadline)
  end
end

--- A line without its end; nil if it is longer than the limit.
---@return string|nil
function Stream:line(limit, deadline)
  local from = 1
  while true do
    local stop = self.buffer:find("\n", from, true)
    if (stop or #self.buffer) > limit then return nil end
    if stop then
      local line = self.buffer:sub(1, stop - 1):gsub("\r$", "")
      self.buffer = self.buffer:sub(stop + 1)
      return line
    end
    from = #self.buffer + 1
    self:fill(deadline)
  end
end

function Stream:bytes(n, deadline)
  local parts, length = { self.buffer }, #self.buffer
  while length < n do
    self.buffer = ""
    self:fill(deadline)
    parts[#parts + 1], length = self.buffer, length + #self.buffer
  end
  local data = table.concat(parts)
  self.buffer = data:sub(n + 1)
  return data:sub(1, n)
end

function Stream:send(data)
  local sent, deadline = 0, core.now() + WRITE_PATIENCE
  while sent < #data do
    local last, reason, partial = self.socket:send(data, sent + 1)
    sent = last or partial or sent
    if not last then wait_for(self, reason == "timeout" and "wantwrite" or reason, deadline) end
  end
end

--- Ends the sending half, and takes for a moment what the client still sends: closed at once, it would see a reset
--- instead of what it was told.
function Stream:farewell()
  if not self.is_tls then self.socket:shutdown "send" end
  local deadline = core.now() + FAREWELL
  for _ = 1, FAREWELL_PIECES do
    self.buffer = ""
    self:fill(deadline)
  end
end

--- Reads until the client goes, and says nothing.
function Stream:swallow()
  while true do
    self.buffer = ""
    self:fill(core.now() + 86400)
  end
end

function Stream:close()
  if not self.closed then
    self.loop.waiting[self.fd] = nil
    self.loop.poller:watch(self.fd, nil)
    self.socket:close()
  end
  self.closed = true
end

-- luasec has no socket options: for TLS a plain socket object borrows the descriptor and closes it behind luasec's
-- back. Those objects are kept: collected, they would close whatever connection has the same number by then.
local beheaded = {}

--- Ends the connection with a reset instead of a proper end.
function Stream:reset()
  local plain = self.socket
  if self.is_tls then
    beheaded[#beheaded + 1] = self.socket
    plain = socket.tcp()
    plain:close()
    plain:setfd(self.fd)
  end
  plain:setoption("linger", { on = true, timeout = 0 })
  plain:close()
  self.closed = true
end

return stream
