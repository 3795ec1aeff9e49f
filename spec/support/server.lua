-- The process behind spec/support/endpoint.lua: speaks the service's operations over real sockets, verifies signatures,
-- and misbehaves as it is told over a control connection, one line of JSON a command. It lives as long as that
-- connection. What a response can be told to do is listed in endpoint.lua.
--
-- Usage: lua5.4 spec/support/server.lua ADDRESS [CERTIFICATE_FOLDER CERTIFICATE]
-- Prints "PORT CONTROL_PORT" once it listens.

local socket = require "socket"

-- A child inherits the open descriptors of the process that started it; held here, that one's connections would
-- outlive their end there.
local borrowed = socket.tcp()
for descriptor = 3, socket._SETSIZE - 1 do
  borrowed:setfd(descriptor)
  borrowed:close()
end

local root = (arg[0]:match "^(.*/)" or "./") .. "../../"
package.path = root .. "?.lua;" .. root .. "lua/?.lua;" .. package.path

local acs3 = require "spec.support.acs3"
local responses = require "spec.support.responses"
local cjson = require "cjson"
local connection = require "spec.support.connection"
local scheduler = require "spec.support.scheduler"

local PATIENCE = 10 -- seconds until somebody takes control

local address, certificate_folder, certificate = table.unpack(arg)

local tls = certificate and {
  mode = "server", protocol = "any", options = { "all", "no_sslv3", "no_tlsv1", "no_tlsv1_1" },
  certificate = ("%s/%s.pem"):format(certificate_folder, certificate),
  key = ("%s/%s.key"):format(certificate_folder, certificate),
}

local state = { keys = {}, clock_offset = 0, verify = true }

-- Forgets what was received and planned; the settings stay.
local function forget()
  state.queue, state.always, state.by_task, state.requests, state.nonces, state.connections = {}, nil, {}, {}, {}, 0
end
forget()

local function clock() return socket.gettime() + state.clock_offset end

-- ---- requests --------------------------------------------------------------------------------------------------

local function give_up(reason) error({ gone = reason }, 0) end

local function read_head(conn)
  local method, target, version = conn:line():match "^(%S+) (%S+) HTTP/(%d%.%d)$"
  if not method then give_up "no request line" end
  local request = { method = method, target = target, version = version, headers = {}, header_list = {} }
  for line in function() return conn:line() end do
    if line == "" then return request end
    local name, value = line:match "^([^:]+):%s*(.-)%s*$"
    if not name then give_up "no header" end
    local before = request.headers[name:lower()]
    request.headers[name:lower()] = before and before .. ", " .. value or value
    table.insert(request.header_list, { name, value })
  end
end

local function read_chunks(conn)
  local chunks = {}
  repeat
    local size = tonumber(conn:line():match "^%x+" or give_up "no chunk", 16)
    if size > 0 then
      table.insert(chunks, conn:bytes(size))
      conn:line()
    end
  until size == 0
  repeat until conn:line() == "" -- trailers
  return table.concat(chunks)
end

local function read_body(conn, headers)
  if (headers["transfer-encoding"] or ""):lower() == "chunked" then return read_chunks(conn) end
  return conn:bytes(tonumber(headers["content-length"]) or 0)
end

local function read_request(conn)
  local request = read_head(conn)
  request.body = read_body(conn, request.headers)
  request.time = socket.gettime()
  request.tls = tls ~= nil
  request.path = acs3.path_of(request.target)
  request.query = acs3.query_of(request.target)
  return request
end

-- From the query, or from a form.
local function parameter(request, name)
  local is_form = (request.headers["content-type"] or ""):find "^application/x%-www%-form%-urlencoded"
  return request.query[name] or is_form and acs3.query_of("?" .. request.body)[name] or nil
end

-- ---- choosing the response -----------------------------------------------------------------------------------------

local VERSION = "2018-12-01"
local WITHOUT_INSTANCE = { ListInstance = true, GetInstanceCount = true, ListInstanceRegion = true }

local function refusal(request, status, code, message)
  return responses.prepare { status = status, body = cjson.encode {
    RequestId = responses.made_up_id(), HostId = request.headers.host, Code = code, Message = message,
    Recommend = "https://api.aliyun.com/troubleshoot?product=cr&q=" .. code,
  } }
end

-- The example, with the id that was asked for.
local function task(id)
  local text = responses.example "ok.GetRepoSyncTask"
  local body = text:gsub('("SyncTaskId":%s*)"[^"]*"', function(name) return name .. cjson.encode(id) end)
  return responses.prepare { body = body }
end

-- What a healthy service says.
local function ordinary(request)
  local action = request.headers["x-acs-action"] or ""
  local instance_id, task_id = parameter(request, "InstanceId"), parameter(request, "SyncTaskId")
  if request.headers["x-acs-version"] ~= VERSION then
    return responses.prepare { example = "err.400.InvalidVersion" }
  elseif not action:find "^%a+$" or not responses.example("ok." .. action) then
    return responses.prepare { example = "err.404.InvalidAction.NotFound" }
  elseif request.method ~= "GET" and request.method ~= "POST" then
    return responses.prepare { example = "err.400.UnsupportedHTTPMethod" }
  elseif (instance_id or "") == "" and not WITHOUT_INSTANCE[action] then
    return responses.prepare { example = "err.400.MissingInstanceId" }
  elseif action ~= "GetRepoSyncTask" then
    return responses.prepare { example = "ok." .. action }
  elseif (task_id or "") == "" then
    return refusal(request, 400, "MissingSyncTaskId", "SyncTaskId is mandatory for this action.")
  end
  return task(task_id)
end

-- The response that the plan has next, and how to take it off the plan.
local function planned(task_id)
  local for_task = state.by_task[task_id or ""]
  if for_task and for_task[1] then
    return for_task[1], function()
      local taken = for_task[2] and table.remove(for_task, 1)
      if taken and for_task.again then table.insert(for_task, taken) end
    end
  elseif state.queue[1] then
    return state.queue[1], function() table.remove(state.queue, 1) end
  end
  return state.always, function() end
end

-- A request that does not verify is refused whatever the plan says, and takes nothing off it, unless the response
-- that it would get has verify = false, or the server has.
local function choose(request)
  local answer, take = planned(parameter(request, "SyncTaskId"))
  if not request.verified and state.verify and (not answer or answer.verify ~= false) then
    return refusal(request, acs3.status_of(request.code), request.code, request.message)
  end
  take()
  return answer or ordinary(request)
end

-- ---- connections -------------------------------------------------------------------------------------------------

local function record(request, number)
  local ok, code, message = acs3.verify(request, state.keys, clock(), state.nonces)
  request.verified, request.code, request.message, request.connection = ok or false, code, message, number
  table.insert(state.requests, request)
end

local function converse(conn, number)
  local doomed, stays
  repeat
    local request = read_request(conn)
    record(request, number)
    if doomed then return end
    local answer = choose(request)
    doomed = answer.die_on_reuse
    stays = responses.respond(conn, answer, request, { now = clock(), keys = state.keys })
  until not stays
end

local function complain(err)
  if not (type(err) == "table" and err.gone) then io.stderr:write("endpoint: ", tostring(err), "\n") end
end

local function serve(accepted, number, unwelcome)
  local shaken, conn = pcall(connection.new, accepted, tls)
  if not shaken then return complain(conn) end
  if unwelcome then
    if not tls then scheduler.sleep(0.02) end -- any sooner, and the client may not even see that it was connected
    return conn:reset()
  end
  local ok, err = xpcall(converse, function(err) return type(err) == "table" and err or debug.traceback(err) end, conn,
    number)
  conn:close()
  if not ok then complain(err) end
end

local function welcome(accepted)
  state.connections = state.connections + 1
  local answer, take = planned()
  local unwelcome = answer and answer.reset == "accept"
  if unwelcome then take() end
  scheduler.spawn(serve, accepted, state.connections, unwelcome)
end

local function accept_all(listener)
  while true do
    scheduler.wait_readable(listener)
    local accepted = listener:accept()
    if not accepted then
      scheduler.sleep(0.05) -- out of descriptors: waiting would not wait
    elseif accepted:getfd() < socket._SETSIZE then
      welcome(accepted)
    else
      accepted:close() -- more than select can wait for
    end
  end
end

-- ---- control -----------------------------------------------------------------------------------------------------

local SETTINGS = { keys = true, clock_offset = true, verify = true }

local commands = {}

function commands.answer(command)
  for _, answer in ipairs(responses.prepare_all(command.specs)) do table.insert(state.queue, answer) end
end

function commands.answer_always(command) state.always = command.spec and responses.prepare(command.spec) end

function commands.answer_for(command)
  local plan = responses.prepare_all(command.specs)
  plan.again = command.again
  state.by_task[command.task_id] = plan
end

function commands.requests() return state.requests end
function commands.connections() return state.connections end
function commands.reset() forget() end
function commands.processor_time() return os.clock() end

function commands.set(command)
  for name, value in pairs(command.values) do
    if not SETTINGS[name] then error(("there is no setting '%s'"):format(name), 0) end
    state[name] = value
  end
end

-- One with a large body is large: luasocket collects a line faster than connection.lua.
local function read_command(conn)
  local parts = {}
  while true do
    local line, reason, part = conn.socket:receive "*l"
    table.insert(parts, line or part)
    if line then return cjson.decode(table.concat(parts)) end
    if reason ~= "timeout" then give_up(reason) end
    scheduler.wait_readable(conn.socket)
  end
end

local function obey(conn)
  while true do
    local command = read_command(conn)
    local ok, result = pcall(commands[command.name], command)
    conn:send(cjson.encode(ok and { result = result } or { error = tostring(result) }) .. "\n")
  end
end

local function listen(host)
  local listener = assert((host:find(":", 1, true) and socket.tcp6 or socket.tcp)())
  listener:setoption("reuseaddr", true)
  assert(listener:bind(host, 0))
  assert(listener:listen(1024))
  listener:settimeout(0)
  return listener, select(2, listener:getsockname())
end

local service, port = listen(address)
local control, control_port = listen "127.0.0.1"
local controlled = false

scheduler.spawn(accept_all, service)

scheduler.spawn(function()
  scheduler.wait_readable(control)
  controlled = true
  local _, err = pcall(obey, connection.new(control:accept()))
  complain(err)
  scheduler.stop()
end)

scheduler.spawn(function()
  scheduler.sleep(PATIENCE)
  if not controlled then scheduler.stop() end
end)

io.write(port, " ", control_port, "\n")
io.flush()
scheduler.run()
os.exit(0)
