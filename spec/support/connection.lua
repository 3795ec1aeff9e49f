-- One accepted connection: bytes in and out, TLS or not, without blocking the others; and ways to end it badly.

local scheduler = require "spec.support.scheduler"
local socket = require "socket"

local Connection = {}
Connection.__index = Connection

local connection = {}

local function wait_for(self, reason)
  if reason == "wantwrite" then return scheduler.wait_writable(self.socket) end
  if reason == "timeout" or reason == "wantread" then return scheduler.wait_readable(self.socket) end
  error({ gone = reason }, 0)
end

--- Takes an accepted socket; performs the TLS handshake when there are TLS parameters.
function connection.new(accepted, tls)
  accepted:settimeout(0)
  accepted:setoption("tcp-nodelay", true)
  local self = setmetatable({ socket = accepted, buffer = "", tls = tls ~= nil }, Connection)
  if tls then
    self.socket = assert(require "ssl".wrap(accepted, tls)) -- needed for TLS alone
    self.socket:settimeout(0)
    while true do
      local ok, reason = self.socket:dohandshake()
      if ok then break end
      if reason ~= "wantread" and reason ~= "wantwrite" then self.socket:close() end
      wait_for(self, reason)
    end
  end
  return self
end

function Connection:fill()
  while true do
    local data, reason, part = self.socket:receive(8192)
    local chunk = data or part
    if chunk and #chunk > 0 then
      self.buffer = self.buffer .. chunk
      return
    end
    wait_for(self, reason)
  end
end

--- A line without its end.
function Connection:line()
  local from = 1
  while true do
    local stop = self.buffer:find("\n", from, true)
    if stop then
      local line = self.buffer:sub(1, stop - 1):gsub("\r$", "")
      self.buffer = self.buffer:sub(stop + 1)
      return line
    end
    from = #self.buffer + 1
    self:fill()
  end
end

function Connection:bytes(n)
  while #self.buffer < n do self:fill() end
  local data = self.buffer:sub(1, n)
  self.buffer = self.buffer:sub(n + 1)
  return data
end

function Connection:send(data)
  local sent = 0
  while sent < #data do
    local last, reason, partial = self.socket:send(data, sent + 1)
    sent = last or partial or sent
    if not last then
      if reason == "timeout" then reason = "wantwrite" end
      wait_for(self, reason)
    end
  end
end

function Connection:close()
  if not self.closed then self.socket:close() end
  self.closed = true
end

-- luasec has no socket options: for TLS a plain socket object borrows the descriptor and closes it behind luasec's
-- back. Those objects are kept: collected, they would close whatever connection has the same number by then.
local beheaded = {}

--- Ends the connection with a reset instead of a proper end.
function Connection:reset()
  local plain = self.socket
  if self.tls then
    beheaded[#beheaded + 1] = self.socket
    plain = socket.tcp()
    plain:close()
    plain:setfd(self.socket:getfd())
  end
  plain:setoption("linger", { on = true, timeout = 0 })
  plain:close()
  self.closed = true
end

return connection
