-- A local endpoint for the specs: a process of its own (server.lua), real sockets, and a line to tell it what to do.
--
--   local server = endpoint.start { tls = "good" }
--   server:answer("err.503.ServiceUnavailable", { delay = 0.2, example = "get.synchronizing-multi" })
--   … server.url, server.ca_file, server.access_key_id, server.access_key_secret …
--   server:requests()[1].headers["x-acs-action"]
--   server:stop()
--
-- Without a plan it does what the service does: it verifies, and answers with the examples; those of a task have the id
-- that was asked for, unless they are compressed. A request that does not verify is refused whatever is planned, and
-- takes nothing off the plan, unless the response that it would get has verify = false.
--
-- A response is the name of an example under spec/examples (status and headers come with it), or a table of these:
--   example, status, headers = {name = value}, body = text or table, content_type
--   headers_raw = {line, …}       lines added to the head as they are
--   status_line = line            instead of that line
--   raw = text                    exactly these bytes instead of a response, then the end of the connection
--   verify = false                for a request that does not verify too
--   interim = {103, …}            informational heads first
--   chunked, gzip, deflate, http10 = true
--   huge = n                      a JSON string of n bytes, streamed, with its length or chunked
--   gzip_bomb = n                 the same, compressed
--   deep = n                      an object with n arrays in each other
--   echo_secret = true            an error whose text has the secret, the token and the Authorization header
--   delay = seconds               before the head
--   together = n                  before the head, until n requests have come that get this response
--   drip = {bytes = 1, every = 1} the body in pieces, a pause after each
--   cut = n                       announces the whole body, sends n bytes of it, ends the connection properly
--   reset = "accept"              a TCP reset of the next connection to be accepted, for TLS after the handshake,
--           "before", "middle"    instead of the response, after half of the body
--   hang = true                   no answer, until the client goes
--   die = true                    no answer, the connection ends properly
--   close = true                  the connection ends after the response, as announced
--   close_silently = true         announces keep-alive, ends the connection all the same
--   linger = seconds              before either end
--   die_on_reuse = true           the next request on this connection is read, verified (its nonce is used up then)
--                                 and never answered: the connection ends. Makes libcurl repeat a request by itself.

local certificates = require "spec.support.certificates"
local cjson = require "cjson"
local compat = require "crsync.util.compat"
local socket = require "socket"

local Endpoint = {}
Endpoint.__index = Endpoint

local endpoint = {}

local KEY = { access_key_id = "IdOfTheEndpoint", access_key_secret = "SecretOfTheEndpoint/+=" }
local PATIENCE = 30 -- seconds for the server to do as it is told; compressing a large bomb takes some

local server_file = debug.getinfo(1, "S").source:match "^@(.-)[^/]*$" .. "server.lua"

-- lua-cjson rounds integers above 2^53, whichever way they go.
local function to_json(value)
  if compat.is_integer(value) then return ("%d"):format(value) end
  if type(value) ~= "table" then return cjson.encode(value) end
  local parts, is_list = {}, #value > 0
  if is_list then
    for i, item in ipairs(value) do parts[i] = to_json(item) end
  else
    for name, item in pairs(value) do table.insert(parts, cjson.encode(name) .. ":" .. to_json(item)) end
  end
  return (is_list and "[%s]" or "{%s}"):format(table.concat(parts, ","))
end

local function plain(spec)
  if type(spec) ~= "table" then return { example = spec } end
  local copy = {}
  for name, value in pairs(spec) do copy[name] = value end
  if type(copy.body) == "table" then copy.body = to_json(copy.body) end
  return copy
end

local function all_plain(...)
  local specs = {}
  for i, spec in ipairs { ... } do specs[i] = plain(spec) end
  return specs
end

-- lua-cjson decodes integers as floats.
local function with_integers(value)
  if type(value) ~= "table" then return compat.tointeger(value) or value end
  for key, item in pairs(value) do
    if type(item) ~= "string" then value[key] = with_integers(item) end
  end
  return value
end

local function tell(self, command)
  assert(self.control, "this endpoint was stopped")
  assert(self.control:send(cjson.encode(command) .. "\n"))
  local reply = cjson.decode((assert(self.control:receive "*l")))
  if reply.error then error(reply.error, 3) end
  return with_integers(reply.result)
end

--- The next requests get these answers, one each; then the ordinary one again.
function Endpoint:answer(...) tell(self, { name = "answer", specs = all_plain(...) }) end

--- Every request without a queued answer gets this one; nil: the ordinary one.
function Endpoint:answer_always(spec) tell(self, { name = "answer_always", spec = spec and plain(spec) }) end

--- Requests for this task get these, before any other; the last one stays. None: as for other tasks.
function Endpoint:answer_for(task_id, ...)
  tell(self, { name = "answer_for", task_id = task_id, specs = all_plain(...) })
end

--- The same, but after the last one they begin again.
function Endpoint:answer_in_turn(task_id, ...)
  tell(self, { name = "answer_for", task_id = task_id, specs = all_plain(...), again = true })
end

--- What was received, in order: { method, target, version, path, query, headers (lower-case names), header_list
--- ({ name, value } as received), body, verified, code and message (of the refusal), connection, time, tls }.
function Endpoint:requests() return tell(self, { name = "requests" }) end

--- How many connections were accepted since the start or the last reset.
function Endpoint:connections() return tell(self, { name = "connections" }) end

--- Forgets requests, plans, nonces and the count of connections. Keys, clock and verification stay as they were set.
function Endpoint:reset() tell(self, { name = "reset" }) end

--- Sets keys (as for endpoint.start, also with expired_token), clock_offset (seconds) or verify.
function Endpoint:set(values) tell(self, { name = "set", values = values }) end

--- Seconds of processor time that the server has used.
function Endpoint:processor_time() return tell(self, { name = "processor_time" }) end

--- A client of this endpoint whose pauses are short. Options change or add to the defaults.
function Endpoint:client(options)
  local all = { endpoint = self.url, access_key_id = self.access_key_id, access_key_secret = self.access_key_secret,
    ca_file = self.ca_file, proxy = "", retry = { base_delay = 0.01, max_delay = 0.02 } }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(require "crsync".new(all))
end

function Endpoint:stop()
  if not self.control then return end
  -- Closing alone says nothing to the server while another child has inherited the descriptor.
  self.control:shutdown "both"
  self.control:close()
  self.control = nil
  self.process:close()
end

Endpoint.__gc, Endpoint.__close = Endpoint.stop, Endpoint.stop

local function command_line(address, certificate)
  local line = ("exec env -u LD_PRELOAD %s '%s' %s"):format("lua5.4", server_file, address)
  return certificate and ("%s '%s' '%s'"):format(line, certificates.folder(), certificate) or line
end

local function start_process(address, certificate)
  local process = assert(io.popen(command_line(address, certificate), "r"))
  local port, control_port = (process:read "*l" or ""):match "^(%d+) (%d+)$"
  if not port then
    process:close()
    error("the endpoint did not start", 0)
  end
  local control = assert(socket.connect("127.0.0.1", tonumber(control_port)))
  control:setoption("tcp-nodelay", true)
  control:settimeout(PATIENCE)
  return process, control, tonumber(port)
end

--- Starts an endpoint.
---@param options { tls: string?, ipv6: boolean?, keys: table?, clock_offset: number? }|nil  tls: good, foreign,
--- expired or misnamed
function endpoint.start(options)
  options = options or {}
  local process, control, port = start_process(options.ipv6 and "::1" or "127.0.0.1", options.tls)
  local host = (options.ipv6 and "[::1]:" or "127.0.0.1:") .. port
  local keys = options.keys or { KEY }
  local self = setmetatable({
    process = process, control = control, port = port, host = host,
    url = (options.tls and "https://" or "http://") .. host,
    ca_file = options.tls and certificates.folder() .. "/ca.pem" or nil,
    access_key_id = keys[1].access_key_id, access_key_secret = keys[1].access_key_secret,
    security_token = keys[1].security_token,
  }, Endpoint)
  self:set { keys = keys, clock_offset = options.clock_offset or 0 }
  return self
end

return endpoint
