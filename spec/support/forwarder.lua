-- What stands between a client and its server, as NAT boxes, load balancers and proxies do: forwards bytes, and forgets
-- flows or breaks them as it is told. A process of its own, which ends with this one.
--
--   local way = forwarder.start(port)    to 127.0.0.1:port
--   local other = forwarder.start(port, "127.0.0.2", way.port)    the same at another address of this machine
--   … way.port …
--   way:forget()    all flows that are open now stay open and are silent from here on; new ones work
--   way:reset()     resets all flows
--   way:silence(on) accepts new flows and forwards nothing of them
--   way:refuse(on)  new connections are refused, as nobody listens
--   way:lead_to(port)
--   way:take_turns(port)  every second new flow leads to this port instead
--   way:tunnel()    it is an HTTP proxy, which leads each CONNECT to the port
--   way:converse { text, … }   it is a server that answers each piece of a new flow with the next of these
--   way:counts()    → flows opened, forgotten flows that have swallowed bytes; since the last time
--   way:stop()

local compat = require "crsync.util.compat"
local socket = require "socket"

local forwarder = {}

-- ---- the process -----------------------------------------------------------------------------------------------

local CHUNK = 65536

-- A child inherits the open descriptors of the process that started it: held here, that one's connections would outlive
-- their end there.
local function close_borrowed()
  local borrowed = socket.tcp()
  for descriptor = 3, socket._SETSIZE - 1 do
    borrowed:setfd(descriptor)
    borrowed:close()
  end
end

local function serve(backend, address, wanted)
  close_borrowed()
  local flows, silent, opened, swallowed = {}, false, 0, {} -- flows: each socket → { other, is_silent }
  local second -- the port that every second flow leads to
  local is_proxy
  local answers

  local function listen(here, port)
    local listener = assert(socket.tcp4())
    listener:setoption("reuseaddr", true)
    assert(listener:bind(here, port))
    assert(listener:listen(1024))
    listener:settimeout(0)
    return listener
  end

  local listener, control = listen(address, wanted), listen("127.0.0.1", 0)
  local _, port = listener:getsockname()
  local _, control_port = control:getsockname()
  io.write(port, " ", control_port, "\n")
  io.flush()
  control:settimeout(10)
  local commander = assert(control:accept())

  local function drop(s, as_reset)
    local flow = flows[s]
    flows[s] = nil
    if as_reset then s:setoption("linger", { on = true, timeout = 0 }) end
    s:close()
    if flow and flow.other and flows[flow.other] then drop(flow.other, as_reset) end
  end

  local function all_flows()
    local list = {}
    for s in pairs(flows) do list[#list + 1] = s end
    return list
  end

  local function accept()
    local a = listener:accept()
    if not a then return end
    opened = opened + 1
    a:settimeout(0)
    if second then backend, second = second, backend end
    local b = not silent and socket.connect("127.0.0.1", backend) or nil
    if b then b:settimeout(0) end
    flows[a] = { other = b, is_silent = silent, answered = answers and 0, request = is_proxy and "" or nil }
    if b then flows[b] = { other = a } end
    if not b and not silent then drop(a, true) end
  end

  local function send(s, data)
    local at = 1
    while at <= #data do
      local sent, reason, partly = s:send(data, at)
      if not sent and reason ~= "timeout" then return end
      at = (sent or partly) + 1
      if not sent then socket.select(nil, { s }, 1) end
    end
  end

  -- What follows the head of a CONNECT, which is answered.
  local function after_connect(s, flow, data)
    flow.request = flow.request .. data
    local rest = flow.request:match "\r\n\r\n(.*)"
    if not rest then return "" end
    flow.request = nil
    send(s, "HTTP/1.1 200 Connection established\r\n\r\n")
    return rest
  end

  local function forward(s)
    local flow = flows[s]
    if not flow then return end
    local data, reason, part = s:receive(CHUNK)
    data = data or part
    if flow.request then data = after_connect(s, flow, data) end
    if flow.answered and data ~= "" then
      flow.answered = flow.answered + 1
      send(s, answers[flow.answered] or "")
    elseif flow.is_silent then
      if data ~= "" then swallowed[s] = true end
    elseif data ~= "" then
      send(flow.other, data)
    end
    if reason == "closed" then drop(s) end
  end

  local commands = {}
  function commands.forget() for _, flow in pairs(flows) do flow.is_silent = true end end
  function commands.reset() for _, s in ipairs(all_flows()) do if flows[s] then drop(s, true) end end end
  function commands.silence(on) silent = on == "true" end
  function commands.lead_to(other) backend, second = tonumber(other), nil end
  function commands.take_turns(other) second = tonumber(other) end
  function commands.tunnel() is_proxy = true end
  function commands.converse(codes)
    answers = {}
    for answer in codes:gmatch "%S+" do
      answers[#answers + 1] = answer:gsub("%x%x", function(code) return string.char(tonumber(code, 16)) end)
    end
  end
  function commands.refuse(on)
    if on == "true" and listener then
      listener:close()
      listener = nil
    elseif on == "false" and not listener then
      listener = listen(address, port)
    end
  end
  function commands.counts()
    local count = 0
    for _ in pairs(swallowed) do count = count + 1 end
    local line = opened .. " " .. count
    opened, swallowed = 0, {}
    return line
  end

  while true do
    local watched = all_flows()
    watched[#watched + 1] = commander
    watched[#watched + 1] = listener
    for _, s in ipairs((socket.select(watched, nil))) do
      if s == commander then
        local line = commander:receive "*l"
        if not line then return end
        local name, argument = line:match "^(%S+) ?(.*)$"
        commander:send((commands[name](argument) or "done") .. "\n")
      elseif s == listener then
        accept()
      else
        forward(s)
      end
    end
  end
end

-- ---- for the specs ---------------------------------------------------------------------------------------------

local Forwarder = {}
Forwarder.__index = Forwarder

local function tell(self, command, argument)
  assert(self.control:send(command .. " " .. tostring(argument == nil and "" or argument) .. "\n"))
  return assert(self.control:receive "*l")
end

function Forwarder:forget() tell(self, "forget") end
function Forwarder:reset() tell(self, "reset") end
function Forwarder:silence(on) tell(self, "silence", on) end
function Forwarder:refuse(on) tell(self, "refuse", on) end
function Forwarder:lead_to(port) tell(self, "lead_to", port) end
function Forwarder:tunnel() tell(self, "tunnel") end
function Forwarder:converse(answers)
  local codes = table.concat(answers, " "):gsub("[^ ]", function(c) return ("%02x"):format(c:byte()) end)
  tell(self, "converse", codes)
end
function Forwarder:take_turns(port) tell(self, "take_turns", port) end

function Forwarder:counts()
  local opened, swallowed = tell(self, "counts"):match "(%d+) (%d+)"
  return compat.tointeger(tonumber(opened)), compat.tointeger(tonumber(swallowed))
end

function Forwarder:stop()
  if not self.control then return end
  self.control:shutdown "both"
  self.control:close()
  self.control = nil
  self.pipe:close()
end

function forwarder.start(backend, address, wanted)
  address = address or "127.0.0.1"
  local script = ("require('spec.support.forwarder').serve(%d, '%s', %d)"):format(backend, address, wanted or 0)
  local pipe = assert(io.popen(("env -u LD_PRELOAD LUA_PATH='%s' lua5.4 -e \"%s\""):format(package.path, script), "r"))
  local port, control = pipe:read "*l":match "(%d+) (%d+)"
  return setmetatable({ pipe = pipe, port = tonumber(port), control = assert(socket.connect("127.0.0.1", control)) },
    Forwarder)
end

forwarder.serve = serve

return forwarder
