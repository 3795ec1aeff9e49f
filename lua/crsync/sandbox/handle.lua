--- What `sandbox.start` gives to a script: a server in a child process, or in this one on a host's loop.
---
--- The child listens on a second port, where this process connects and says what to play, and later asks what came.
--- When that connection ends, so does the child: it never outlives who started it.

local client_options = require "crsync.options"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local env = require "crsync.credentials.env"
local optional = require "crsync.util.optional"
local lua_source = require "crsync.print.lua_source"
local scenarios = require "crsync.sandbox.scenario"
local variables = require "crsync.variables"

---@class crsync.sandbox.StartOptions
---@field scenario table|string|nil  a table as a scenario file returns it, or the path of a file; the built-in one. It
--- may come first, without its name
---@field speed number|nil     how much faster than the clock tasks move
---@field port integer|nil     any free one
---@field tls_cert string|nil  file with a certificate: HTTPS
---@field tls_key string|nil   file with its key
---@field lua string|nil       a shell's command for the child's interpreter; the one that runs this script
---@field limits table|nil    of requests: other ones than http.LIMITS
---@field loop crsync.Loop|nil runs in this process, on this loop

---@class crsync.sandbox.Handle
---@field private address string
---@field private scenario table
---@field private ca_file string|nil
---@field private loop crsync.Loop|nil
---@field private server table|nil   in this process
---@field private is_serving boolean|nil
---@field private process file*|nil  the child
---@field private control table|nil  the connection to it
local Handle = {}
Handle.__index = Handle

local handle = {}

local PATIENCE = 10 -- seconds for the child to answer

-- What both kinds know.
local function made(fields, scenario, options)
  fields.scenario, fields.ca_file = scenario, options.tls_cert
  return compat.finalized(fields, Handle)
end

--- Its URL.
---@return string
function Handle:url() return self.address end

--- The variables of the environment that make crsync, and the vendor's clients, use it.
---@return table<string, string>
function Handle:env()
  return { [client_options.variable "endpoint"] = self.address,
    [client_options.variable "region"] = self.scenario.region,
    [env.KEYS[1].id] = self.scenario.access_key_id, [env.KEYS[1].secret] = self.scenario.access_key_secret,
    [client_options.variable "ca_file"] = self.ca_file, [variables.name "no_proxy"] = "127.0.0.1" }
end

--- Options for `crsync.new`; pauses between attempts are short. What is given stands in for them.
---@param changes table|nil
---@return table
function Handle:options(changes)
  local options = { endpoint = self.address, region = self.scenario.region,
    access_key_id = self.scenario.access_key_id, access_key_secret = self.scenario.access_key_secret, proxy = "",
    ca_file = self.ca_file, retry = { base_delay = 0.01, max_delay = 0.05 }, loop = self.loop }
  for name, value in pairs(changes or {}) do options[name] = value end
  return options
end

-- ---- on a host's loop --------------------------------------------------------------------------------------------

--- A server in this process.
function handle.of_server(server, scenario, options)
  return made({ server = server, address = server.url, loop = options.loop }, scenario, options)
end

local SLICE = 0.2 -- seconds: a host's loop is told of an end by nothing else

--- Serves until stop(); in a coroutine of the loop's.
function Handle:run()
  local loop = self.server.loop
  self.is_serving = true
  while loop.is_running do
    self.loop.wait(loop:pollfd(), math.min(loop:timeout(), SLICE))
    if loop.is_running then loop:step(0) end
  end
  self.server:stop()
end

-- ---- a child process ---------------------------------------------------------------------------------------------

local function quoted(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

-- The interpreter that runs this script, as far as Lua tells.
local function interpreter()
  local first, given = 0, rawget(_G, "arg")
  while type(given) == "table" and given[first - 1] do first = first - 1 end
  if first < 0 then return given[first] end
  return compat.jit and "luajit" or "lua" .. _VERSION:match "%d.*"
end

local CHILD = "package.path, package.cpath = %q, %q require 'crsync.sandbox.child'.run()"

-- The first line that the child writes: where to tell it what to do, and the word that proves who says so.
local function start_child(options)
  local line = ("%s -e %s </dev/null"):format(options.lua or ("exec " .. quoted(interpreter())),
    quoted(CHILD:format(package.path, package.cpath)))
  local process, reason = io.popen(line, "r")
  if not process then return nil, reason end
  local port, word = (process:read "*l" or ""):match "^(%d+) (%x+)$"
  if port then return process, tonumber(port), word end
  process:close()
  return nil, "the sandbox's process did not start; its words are above"
end

-- Says a thing to the child: its length, its text; and gets such a thing back.
local function tell(control, text)
  local ok, reason = control:send(#text .. "\n" .. text)
  local length = ok and control:receive "*l"
  local reply
  if length then reply, reason = control:receive(tonumber(length)) end
  return reply, reason or "the sandbox's process has ended"
end

local SENT = { "speed", "port", "tls_cert", "tls_key", "limits" }

--- A server in a child process.
---@param options crsync.sandbox.StartOptions
---@return crsync.sandbox.Handle|nil server
---@return string|nil problem
function handle.of_child(options)
  local socket = optional.module "socket"
  if not socket then return nil, "sandbox.start needs luasocket (LuaRocks: luarocks install luasocket)" end
  local scenario, problem = scenarios.find(options.scenario)
  if not scenario then return nil, problem end
  local process, port, word = start_child(options)
  if not process then return nil, port --[[@as string]] end
  local control, reason = socket.connect("127.0.0.1", port)
  if not control then return nil, reason end
  control:setoption("tcp-nodelay", true)
  control:settimeout(PATIENCE)
  local settings = { scenario = scenario, word = word }
  for _, name in ipairs(SENT) do settings[name] = options[name] end
  local reply
  reply, reason = tell(control, "return " .. lua_source.of(settings))
  local url = (reply or ""):match "^ok (.*)$"
  if url then return made({ process = process, control = control, address = url }, scenario, options) end
  control:close()
  process:close()
  return nil, reply or reason
end

--- What was asked so far, oldest first: { method, path, action, parameters, headers (lower-case names), body, status,
--- code ("success", or that of the refusal), request_id }; of the last 10 000 requests.
---@return table[]
function Handle:requests()
  if self.server then return self.server:requests() end
  assert(self.control, "this sandbox was stopped")
  return assert(core.decode(assert(tell(self.control, "requests"))))
end

--- Ends it. Again is fine.
function Handle:stop()
  if self.server and self.is_serving then return self.server.loop:stop() end -- run() does the rest
  if self.server then return self.server:stop() end
  if not self.control then return end
  self.control:shutdown "both" -- closing alone says nothing while another child has inherited the descriptor
  self.control:close()
  self.control = nil
  self.process:close()
end

Handle.__gc, Handle.__close = Handle.stop, Handle.stop

return handle
