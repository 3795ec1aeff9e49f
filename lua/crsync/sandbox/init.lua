--- `crsync sandbox`: a local endpoint that speaks the sync operations over real HTTP, for demos, tests and trying
--- scripts without an account. Needs luasocket, and luasec for TLS.
---
---   local sandbox = require "crsync.sandbox"
---   local server = assert(sandbox.start { scenario = "push.lua", speed = 50 })
---   local client = assert(crsync.new(server:options()))
---   …
---   server:requests()[1].action
---   server:stop()

local client_options = require "crsync.options"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local env = require "crsync.credentials.env"
local optional = require "crsync.util.optional"
local scenarios = require "crsync.sandbox.scenario"

local sandbox = {}

local DEFAULT_PORT = client_options.by_name(client_options.sandbox).port.default

local NEEDS = "the sandbox needs %s (Debian: apt-get install %s; LuaRocks: luarocks install %s)"

-- A library that the rock itself does without.
local function need(module, debian, rock)
  local found = optional.module(module)
  if found then return found end
  return nil, NEEDS:format(rock, debian, rock)
end

-- ---- options -----------------------------------------------------------------------------------------------------

-- Luasec's context, made here: a key that does not fit is told before anybody calls.
local function tls_context(options)
  if not options.tls_cert and not options.tls_key then return nil end
  if not (options.tls_cert and options.tls_key) then return nil, "tls_cert and tls_key belong together" end
  local ssl, problem = need("ssl", "lua-sec", "luasec")
  if not ssl then return nil, problem end
  for _, path in ipairs { options.tls_cert, options.tls_key } do
    local is_there, reason = core.check_file(path, "file")
    if not is_there then return nil, ("%s: %s"):format(path, reason) end
  end
  local context
  context, problem = ssl.newcontext { mode = "server", protocol = "any",
    options = { "all", "no_sslv3", "no_tlsv1", "no_tlsv1_1" }, certificate = options.tls_cert, key = options.tls_key }
  return context, not context and ("%s and %s: %s"):format(options.tls_cert, options.tls_key, problem) or nil
end

local function is_port(n) return compat.tointeger(n) ~= nil and n >= 0 and n <= 65535 end

-- A server that listens, of options as people give them.
---@return table|nil server
---@return table|string|nil scenario  or what is wrong
local function open(options, more)
  local socket, problem = need("socket", "lua-socket", "luasocket")
  if not socket then return nil, problem end
  if options.port and not is_port(options.port) then
    return nil, ("port %s: a port is a whole number from 0 to 65535"):format(tostring(options.port))
  end
  local scenario
  scenario, problem = scenarios.find(options.scenario)
  if not scenario then return nil, problem end
  local tls
  tls, problem = tls_context(options)
  if problem then return nil, problem end
  local server
  server, problem = require "crsync.sandbox.server".new { scenario = scenario, tls = tls, address = options.listen,
    port = options.port and compat.tointeger(options.port), speed = options.speed, limits = options.limits,
    keeps_records = more and more.keeps_records, loop = more and more.loop }
  return server, problem or scenario
end

-- ---- the command -------------------------------------------------------------------------------------------------

-- A word for a shell; plain ones stay as they are.
local function quoted(word)
  if word:find "^[%w%%+,./:=@_-]+$" then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local LOOPBACK = { ["127.0.0.1"] = true, ["::1"] = true, localhost = true }

local function latest(pushes)
  local best
  for _, push in ipairs(pushes) do
    if not best or (push.at or 0) > (best.at or 0) then best = push end
  end
  return best
end

-- What there is to try: tasks of the scenario's own, or else a push of its.
local function introduce_tasks(scenario, write)
  local instance, ids, push = quoted(scenario.instance), {}, latest(scenario.push)
  for i, task in ipairs(scenario.tasks) do ids[i] = quoted(task.id) end
  write(("# instance %s, %s:\n"):format(instance, #ids == 0 and "whose tasks are made by pushes and by requests"
    or "tasks " .. table.concat(ids, " ") .. "; each begins to move when it is first asked for"))
  write(("#   crsync list %s\n"):format(instance))
  if #ids > 0 then
    write(("#   crsync wait %s %s\n"):format(instance, table.concat(ids, " ")))
  elseif push then
    write(("#   crsync wait %s --repo %s --tag %s --since 1m\n"):format(instance, quoted(push.repo),
      quoted(push.tag or "latest")))
  end
end

-- What a person must export to use it, and what there is to try.
local function introduction(scenario, server, address, write)
  write(("# crsync sandbox at %s; Ctrl-C ends it. In another terminal:\n"):format(server.url))
  local function export(name, value) write(("export %s=%s\n"):format(name, quoted(value))) end
  export(client_options.variable "endpoint", server.url)
  export(client_options.variable "region", scenario.region)
  export(env.KEYS[1].id, scenario.access_key_id)
  export(env.KEYS[1].secret, scenario.access_key_secret)
  if address and not LOOPBACK[address] and not address:find "^127%." then
    write(("# WARNING: it listens on %s: whoever reaches this machine can use it, with the key above\n"):format(
      quoted(address)))
  end
  introduce_tasks(scenario, write)
end

--- Runs the sandbox until it is interrupted.
---@param options table  port, listen, scenario, tls_cert, tls_key, speed
---@param write fun(text: string)  where the introduction goes
---@return nil
---@return string|nil problem  why it could not start
function sandbox.run(options, write)
  local settings = { port = options.port or DEFAULT_PORT }
  for _, name in ipairs { "listen", "scenario", "tls_cert", "tls_key", "speed" } do settings[name] = options[name] end
  local server, scenario = open(settings)
  if not server then return nil, scenario --[[@as string]] end
  introduction(scenario, server, options.listen, write)
  server.loop:run()
  return nil
end

--- Reads a scenario file and does nothing else.
---@param path string
---@return string|nil summary  what it has
---@return string|nil problem
function sandbox.check(path)
  local scenario, problem = scenarios.read(path)
  if not scenario then return nil, problem end
  local counts = {}
  for _, name in ipairs { "tasks", "rules", "push", "made", "faults" } do
    counts[#counts + 1] = ("%s %d"):format(name, #scenario[name])
  end
  return ("%s: fine: %s"):format(path, table.concat(counts, ", "))
end

-- ---- for scripts -------------------------------------------------------------------------------------------------

local STARTS_WITH = { scenario = true, speed = true, port = true, listen = true, tls_cert = true, tls_key = true,
  lua = true, limits = true, loop = true }

--- Starts a sandbox for a script, on any free port.
---
--- Without a `loop` it is a process of its own, which ends with stop(), or with this process. With one it lives in this
--- process, and answers while a coroutine of that loop runs `server:run()`.
---@param options crsync.sandbox.StartOptions|nil
---@return crsync.sandbox.Handle|nil server
---@return string|nil problem
function sandbox.start(options)
  if options ~= nil and type(options) ~= "table" then
    error("bad argument #1 to 'start' (expected a table of options, got " .. type(options) .. ")", 2)
  end
  local settings = {}
  for given, value in pairs(options or {}) do
    local name = given == 1 and "scenario" or given
    if not STARTS_WITH[name] then
      error("bad argument #1 to 'start' (" .. tostring(name) .. ": unknown option)", 2)
    end
    settings[name] = value
  end
  local handle = require "crsync.sandbox.handle"
  if not settings.loop then return handle.of_child(settings) end
  local server, scenario = open(settings, { keeps_records = true })
  if not server then return nil, scenario --[[@as string]] end
  return handle.of_server(server, scenario, settings)
end

--- What a child process of start() does; not for others.
sandbox.open = open

return sandbox
