--- The sandbox's server: listens, takes connections, and lets the service answer what comes over them; and breaks them
--- as faults say.

local core = require "crsync.core"
local http = require "crsync.sandbox.http"
local loop_of = require "crsync.sandbox.loop"
local option_rows = require "crsync.options"
local refusals = require "crsync.sandbox.refusals"
local service_of = require "crsync.sandbox.service"
local socket = require "socket"
local stream_of = require "crsync.sandbox.stream"
local world = require "crsync.sandbox.world"

local Server = {}
Server.__index = Server

local server = {}

local BACKLOG = 1024
local SHORTAGE_PAUSE = 0.1 -- seconds until it is looked again whether there are descriptors
local MOST_RECORDS, MORE_RECORDS = 10000, 1000 -- of requests, for those who ask what came; before old ones are let go

-- ---- answers ---------------------------------------------------------------------------------------------------

local function send_answer(stream, request, answer, must_close)
  local fault, body = answer.fault, answer.fault.body or answer.body
  local headers = answer.headers
  headers[#headers + 1] = { "Content-Type", "application/json;charset=utf-8" }
  headers[#headers + 1] = { "Content-Length", #body }
  if must_close then headers[#headers + 1] = { "Connection", "close" } end
  if fault.retry_after then
    headers[#headers + 1] = { "x-acs-retry-after", ("%d"):format(math.floor(fault.retry_after * 1000)) }
  end
  if request.method == "HEAD" then body = "" end
  if fault.cut then body = body:sub(1, fault.cut) end
  stream:send(http.head(answer.status, headers) .. body)
end

-- What is no HTTP, or too large: said, and then the end.
local function send_refusal(stream, refusal)
  local id = world.uuid()
  local body = service_of.envelope(id, refusals.of("InvalidRequest", refusal.message))
  stream:send(http.head(refusal.status, { { "x-acs-request-id", id },
    { "Content-Type", "application/json;charset=utf-8" }, { "Content-Length", #body }, { "Connection", "close" } })
    .. body)
  stream:farewell()
end

-- All connections that are open go dead: they swallow what comes, and nothing comes back.
local function kill_open_ones(self)
  for stream in pairs(self.streams) do stream.is_dead = true end
end

-- Breaks the connection where a fault wants that instead of an answer; tells whether it did.
local function breaks(self, stream, fault)
  if fault.delay then self.loop:sleep(fault.delay) end
  if fault.dead then kill_open_ones(self) end
  if fault.hang or stream.is_dead then stream:swallow() end
  if fault.reset then stream:reset() end
  return fault.reset or fault.drop
end

local function record(self, request, answer)
  if #self.records >= MOST_RECORDS + MORE_RECORDS then
    local kept = {}
    for i = MORE_RECORDS + 1, #self.records do kept[#kept + 1] = self.records[i] end
    self.records = kept
  end
  local list = self.records
  list[#list + 1] = { method = request.method, path = request.path, action = request.headers["x-acs-action"],
    parameters = request.parameters, headers = request.headers, body = request.body, status = answer.status,
    code = answer.code, request_id = answer.request_id }
end

local PREFLIGHT = { { "Allow", "GET, POST, HEAD, OPTIONS" }, { "Content-Length", "0" } }

local function converse(self, stream)
  while true do
    self.idle[stream] = stream.buffer == "" and core.now() or nil
    local request, refusal = http.read(stream, self.limits)
    self.idle[stream] = nil
    if stream.is_dead then stream:swallow() end
    if not request then return send_refusal(stream, refusal) end
    if request.method == "OPTIONS" then
      stream:send(http.head(200, PREFLIGHT))
    else
      local answer = self.service:answer(request)
      if self.keeps_records then record(self, request, answer) end
      if breaks(self, stream, answer.fault) then return end
      local must_close = request.must_close or answer.fault.close
      send_answer(stream, request, answer, must_close)
      if must_close or answer.fault.cut then return end
    end
    if request.must_close then return end
  end
end

-- ---- connections -----------------------------------------------------------------------------------------------

local function is_end_of_connection(err) return type(err) == "table" and err.gone ~= nil end

local function attend(self, accepted)
  local stream = stream_of.new(self.loop, accepted)
  self.streams[stream] = true
  self.loop:spawn(function()
    if self.tls then stream:shake_hands(self.tls, core.now() + self.limits.head_seconds) end
    converse(self, stream)
  end, function(err)
    self.streams[stream], self.idle[stream] = nil, nil
    stream:close()
    if err and not is_end_of_connection(err) then io.stderr:write("crsync sandbox: ", tostring(err), "\n") end
  end)
end

-- Out of descriptors: the connection that has been idle the longest goes, as servers do with those they need no more.
local function make_room(self)
  local oldest
  for stream, since in pairs(self.idle) do
    if not oldest or since < self.idle[oldest] then oldest = stream end
  end
  if oldest then self.loop:give_up(oldest.fd) end
  return oldest ~= nil
end

local function accept_all(self)
  while true do
    self.loop:wait(self.listener:getfd(), "r")
    repeat
      local accepted, reason = self.listener:accept()
      if accepted then
        attend(self, accepted)
      elseif reason ~= "timeout" and not make_room(self) then
        self.loop:sleep(SHORTAGE_PAUSE)
      end
    until not accepted
  end
end

-- ---- life ------------------------------------------------------------------------------------------------------

local function listen(address, port)
  local listener, reason = (address:find(":", 1, true) and socket.tcp6 or socket.tcp)()
  if not listener then return nil, ("no socket can be opened: %s"):format(reason) end
  listener:setoption("reuseaddr", true)
  local ok
  ok, reason = listener:bind(address, port)
  if ok then ok, reason = listener:listen(BACKLOG) end
  if not ok then
    listener:close()
    local hint = reason == "address already in use" and "; another port, or 0 for any free one, may do" or ""
    return nil, ("%s port %d: %s%s"):format(address, port, reason, hint)
  end
  listener:settimeout(0)
  return listener
end

local DEFAULTS = option_rows.by_name(option_rows.sandbox)

local WILDCARDS = { ["0.0.0.0"] = "127.0.0.1", ["::"] = "::1" }

-- How a client on this machine reaches it.
local function url_of(address, port, tls)
  local host = WILDCARDS[address] or address
  if host:find(":", 1, true) then host = "[" .. host .. "]" end
  return ("%s://%s:%d"):format(tls and "https" or "http", host, port)
end

---@class crsync.sandbox.ServerOptions
---@field scenario table        complete
---@field address string|nil    127.0.0.1
---@field port integer|nil      any
---@field tls userdata|nil      luasec's context
---@field speed number|nil      how much faster than the clock tasks move
---@field limits table|nil      other ones than http.LIMITS
---@field loop table|nil        a loop of loop.lua's to live on; one of its own
---@field keeps_records boolean|nil  of requests, for requests()

--- A server that listens.
---@param options crsync.sandbox.ServerOptions
---@return table|nil server
---@return string|nil problem
function server.new(options)
  local address = options.address or DEFAULTS.listen.default
  local loop, problem = options.loop, nil
  if not loop then loop, problem = loop_of.new() end
  if not loop then return nil, problem end
  local listener
  listener, problem = listen(address, options.port or 0)
  if not listener then return nil, problem end
  local _, port = listener:getsockname()
  local limits = {}
  for name, value in pairs(http.LIMITS) do limits[name] = options.limits and options.limits[name] or value end
  local self = setmetatable({ loop = loop, listener = listener, tls = options.tls,
    service = service_of.new(options.scenario, options.speed or DEFAULTS.speed.default), limits = limits, streams = {},
    idle = {}, records = {}, keeps_records = options.keeps_records, url = url_of(address, port, options.tls) }, Server)
  self.loop:spawn(function() accept_all(self) end)
  return self
end

--- What was asked, oldest first.
function Server:requests() return self.records end

--- Ends it and all its connections.
function Server:stop()
  self.loop:stop()
  if not self.listener then return end
  self.listener:close()
  self.listener = nil
  local open = {}
  for stream in pairs(self.streams) do open[#open + 1] = stream end
  for _, stream in ipairs(open) do stream:close() end
  self.loop:close()
end

return server
