--- `crsync sandbox`: a local endpoint that speaks the sync operations over real HTTP, for demos, tests and trying
--- scripts without an account. Needs luasocket, and luasec for TLS.

local env = require "crsync.credentials.env"
local client_options = require "crsync.options"

local sandbox = {}

local NEEDS = "the sandbox needs %s (Debian: apt-get install %s; LuaRocks: luarocks install %s)"

-- A library that the rock itself does without.
local function need(module, debian, rock)
  local ok, found = pcall(require, module)
  if ok then return found end
  return nil, NEEDS:format(rock, debian, rock)
end

local function decode(s)
  return (s:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function query_of(target)
  local query = {}
  for pair in (target:match "%?(.*)$" or ""):gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    query[decode(name)] = decode(value)
  end
  return query
end

local function read_request(conn)
  local method, target = conn:line():match "^(%S+) (%S+) HTTP/1%.%d$"
  if not method then error({ gone = "no request line" }, 0) end
  local request = { method = method, path = target:match "^[^?]*", query = query_of(target), headers = {} }
  for line in function() return conn:line() end do
    if line == "" then break end
    local name, value = line:match "^([^:]+):%s*(.-)%s*$"
    if name then request.headers[name:lower()] = value end
  end
  request.body = conn:bytes(tonumber(request.headers["content-length"]) or 0)
  return request
end

local function head(status, length, fault)
  local lines = { ("HTTP/1.1 %d %s"):format(status, status == 200 and "OK" or "Refused"),
    "Date: " .. os.date "!%a, %d %b %Y %H:%M:%S GMT", "Content-Type: application/json;charset=utf-8",
    "Content-Length: " .. length }
  if fault.retry_after then lines[#lines + 1] = ("x-acs-retry-after: %d"):format(fault.retry_after * 1000) end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function converse(conn, service, scheduler)
  while true do
    local request = read_request(conn)
    local status, body, fault = service:answer(request)
    if fault.delay then scheduler.sleep(fault.delay) end
    if fault.hang then scheduler.sleep(86400) end
    if fault.reset then return conn:reset() end
    conn:send(head(status, #body, fault) .. body)
    if (request.headers.connection or ""):lower() == "close" then return end
  end
end

local function tls_parameters(options)
  if not options.tls_cert and not options.tls_key then return nil end
  if not (options.tls_cert and options.tls_key) then return nil, "--tls-cert and --tls-key belong together" end
  local ssl, problem = need("ssl", "lua-sec", "luasec")
  if not ssl then return nil, problem end
  for _, path in ipairs { options.tls_cert, options.tls_key } do
    local file, reason = io.open(path, "r")
    if not file then return nil, reason end
    file:close()
  end
  return { mode = "server", protocol = "any", options = { "all", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
    certificate = options.tls_cert, key = options.tls_key }
end

local function listen(socket, port)
  local listener = socket.tcp()
  listener:setoption("reuseaddr", true)
  local ok, reason = listener:bind("127.0.0.1", port)
  if not ok then return nil, ("port %d: %s"):format(port, reason) end
  listener:listen(128)
  listener:settimeout(0)
  return listener, select(2, listener:getsockname())
end

-- What a person must export to use it, and what there is to try.
local function introduction(scenario, url, write)
  local ids = {}
  for i, task in ipairs(scenario.tasks) do ids[i] = task.id end
  write(("# crsync sandbox at %s; Ctrl-C ends it. In another terminal:\n"):format(url))
  local function export(name, value) write(("export %s=%s\n"):format(name, value)) end
  export(client_options.variable "endpoint", url)
  export(client_options.variable "region", scenario.region)
  export(env.KEYS[1].id, scenario.access_key_id)
  export(env.KEYS[1].secret, scenario.access_key_secret)
  write(("# instance %s, tasks %s; each begins to move when it is first asked for:\n"):format(scenario.instance,
    table.concat(ids, " ")))
  write(("#   crsync list %s\n#   crsync wait %s %s\n"):format(scenario.instance, scenario.instance,
    table.concat(ids, " ")))
end

local function serve(listener, service, tls)
  local connection, scheduler = require "crsync.sandbox.connection", require "crsync.sandbox.scheduler"
  local function attend(accepted)
    local conn
    scheduler.spawn_guarded(function()
      conn = connection.new(accepted, tls)
      converse(conn, service, scheduler)
    end, function(err)
      if not conn then return accepted:close() end
      conn:close()
      if err and not (type(err) == "table" and err.gone) then io.stderr:write(tostring(err), "\n") end
    end)
  end
  scheduler.spawn(function()
    while true do
      scheduler.wait_readable(listener)
      local accepted = listener:accept()
      if accepted then attend(accepted) end
    end
  end)
  scheduler.run()
end

--- Runs the sandbox until it is interrupted.
---@param options { port: integer?, scenario: string?, tls_cert: string?, tls_key: string?, speed: number? }
---@param write fun(text: string)  where the introduction goes
---@return nil
---@return string? problem  why it could not start
function sandbox.run(options, write)
  local socket, problem = need("socket", "lua-socket", "luasocket")
  if not socket then return nil, problem end
  local scenarios = require "crsync.sandbox.scenario"
  local scenario = scenarios.BUILT_IN ---@type any
  if options.scenario then
    scenario, problem = scenarios.read(options.scenario)
    if not scenario then return nil, problem end
  end
  local tls
  tls, problem = tls_parameters(options)
  if problem then return nil, problem end
  local listener, port = listen(socket, options.port or 8787)
  if not listener then return nil, port end
  introduction(scenario, (tls and "https" or "http") .. "://127.0.0.1:" .. port, write)
  serve(listener, require "crsync.sandbox.service".new(scenario, options.speed or 1), tls)
end

return sandbox
