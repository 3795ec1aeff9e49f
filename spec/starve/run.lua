-- Calls while memory runs out, at every allocation there is: make starve. What must hold each time is in `check`.
--
--   build/starve/host spec/starve/run.lua SUPPLY STEP
--
-- SUPPLY: whose memory runs out, "lua", "core", "libcurl" or "openssl". STEP: every so many allocations; 1 is all.
-- luacheck: globals starve

local supply, step = ..., tonumber((select(2, ...)))

local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local nginx = require "spec.support.nginx"
local process = require "spec_process"

starve.keep(package.searchpath("cjson", package.cpath))

local LAYERS = 200
local WHILE_IN_NEED = 1e18 -- allocations that fail in a row: all, until the call has returned
local FORGET_EVERY = 200   -- the endpoint keeps the requests that it has received

local server = endpoint.start()
local front = nginx.start(server) -- TLS and HTTP/2

local function plan()
  local layers = {}
  for i = 1, LAYERS do
    layers[i] = { Digest = ("sha256:%064d"):format(i), Size = i * 1000, SyncedSize = i * 1000, TaskStatus = "SUCCESS" }
  end
  server:reset()
  server:answer_for("rst-large", { body = { IsSuccess = true, TaskStatus = "SUCCESS", LayerTasks = layers } })
  server:answer_in_turn("rst-moving", { body = { TaskStatus = "PENDING" } }, { body = { TaskStatus = "SUCCESS" } })
end

-- ---- what is done ------------------------------------------------------------------------------------------------

local options = { access_key_id = server.access_key_id, access_key_secret = server.access_key_secret,
  ca_file = front.ca_file, proxy = "", timeout = 5, retry = { base_delay = 0.001, max_delay = 0.001 } }

local client
local returned = {}

local function keep(value, err)
  returned[#returned + 1] = value or err
  return value
end

-- Everything from a new client to its end. What it returns is kept, to be looked at when there is memory again.
local function scenario()
  client = keep(crsync.new(options))
  if not client then return end
  local large = keep(client:get_task("cri-1", "rst-large"))
  if large then keep(crsync.format(large)) end
  keep(client:wait("cri-1", "rst-moving", { interval = 0.001, timeout = 0.5,
    on_progress = function(task) keep(task) end }))
  local tasks, errors = client:get_tasks("cri-1", { "A", "B", "C" }, { concurrency = 2 })
  for _, id in ipairs { "A", "B", "C" } do keep(tasks[id], errors[id]) end
  client:close()
end

-- ---- what must hold ----------------------------------------------------------------------------------------------

local function is_whole(value)
  if type(value) == "string" then return value:find("200 layers", 1, true) end
  if crsync.is_error(value) then return type(value.kind) == "string" and #tostring(value) > 0 end
  if value == client then return true end
  return (value.SyncTaskId or value.TaskStatus) and (not value.LayerTasks or #value.LayerTasks ~= LAYERS
    or value.LayerTasks[LAYERS].Size == LAYERS * 1000)
end

-- A later call works: of the same client, where there is one that was not closed, and of a new one.
local function goes_on()
  local is_usable = client and not tostring(client):find("closed", 1, true)
  for _, one in ipairs { is_usable and client or assert(crsync.new(options)), assert(crsync.new(options)) } do
    assert(#assert(one:get_task("cri-1", "rst-large")).LayerTasks == LAYERS)
    one:close()
  end
end

local function is_clean_problem(message)
  return type(message) == "string" and (message:find "memory" or message:find "OpenSSL") or crsync.is_error(message)
end

local function collect()
  client, returned = nil, {}
  collectgarbage()
  collectgarbage()
end

local function held() return { starve.blocks "libcurl", starve.blocks "core", starve.descriptors() } end

local function check_held(before, now)
  for i, what in ipairs { "blocks of libcurl's", "blocks of the core's", "descriptors" } do
    if now[i] > before[i] then error(("%d %s are left over"):format(now[i] - before[i], what)) end
  end
end

local function check(ok, problem)
  if not ok and not is_clean_problem(problem) then error("no clean error: " .. tostring(problem)) end
  for _, value in ipairs(returned) do
    if not is_whole(value) then error("neither a whole answer nor an error: " .. tostring(value)) end
  end
  goes_on()
end

-- ---- at every allocation -----------------------------------------------------------------------------------------

local counts = { runs = 0, raised = 0, returned = 0, succeeded = 0 }

local function count_end(ok)
  counts.runs = counts.runs + 1
  local how = ok and "succeeded" or "raised"
  for _, value in ipairs(returned) do
    if ok and crsync.is_error(value) then how = "returned" end
  end
  counts[how] = counts[how] + 1
end

local function report(what, times)
  print(("%-8s %-10s %s in a row: %6d runs, %6d succeeded, %5d returned an error, %5d raised one"):format(supply, what,
    times == WHILE_IN_NEED and "all" or (" "):rep(2) .. times, counts.runs, counts.succeeded, counts.returned,
    counts.raised))
  counts = { runs = 0, raised = 0, returned = 0, succeeded = 0 }
end

-- In this state, again and again.
local function sweep(where, times)
  options.endpoint = where.url
  plan()
  scenario()
  goes_on()
  collect()
  local before, first = held(), 1
  repeat
    if counts.runs % FORGET_EVERY == FORGET_EVERY - 1 then plan() end
    starve.begin(supply, first, times)
    local ok, problem = pcall(scenario)
    starve.finish()
    local asked = starve.asked(supply)
    local fine, why = xpcall(check, debug.traceback, ok, problem)
    if fine then
      count_end(ok)
      collect()
      fine, why = pcall(check_held, before, held())
    end
    if not fine then error(("%s, allocation %d, %g in a row: %s"):format(supply, first, times, why), 0) end
    first = first + step
  until asked < first - step
  report(where == front and "over TLS" or "over TCP", times)
end

-- In a forked child, which makes the parent's connections anew at its first call. Its exit status is what it saw.
local WORKS, DONE, BROKEN = 0, 1, 2

local function call_in_child(first)
  local child = process.fork()
  if child ~= 0 then return process.wait(child) end
  starve.begin(supply, first, WHILE_IN_NEED)
  pcall(client.get_task, client, "cri-1", "rst-large")
  starve.finish()
  local asked = starve.asked(supply)
  local works, problem = pcall(goes_on)
  if not works then io.stderr:write(tostring(problem), "\n") end
  process.exit(not works and BROKEN or asked < first and DONE or WORKS)
end

local function sweep_children(where)
  options.endpoint = where.url
  plan()
  local first, status = 1, WORKS
  while status == WORKS do
    client = assert(crsync.new(options))
    assert(client:get_task("cri-1", "rst-large"))
    status = call_in_child(first)
    if status ~= WORKS and status ~= DONE then error(("%s, allocation %d in a child"):format(supply, first), 0) end
    counts.runs, first = counts.runs + 1, first + step
    client:close()
  end
  print(("%-8s in a child         : %6d runs"):format(supply, counts.runs))
  counts.runs = 0
end

-- From a new state to its end.
local LOAD = [[
  crsync = require "crsync"
  client = assert(crsync.new { endpoint = %q, access_key_id = "id", access_key_secret = "secret" })
  client:close()
]]
local AFTERWARDS = [[
  local crsync = require "crsync"
  local client = assert(crsync.new { endpoint = %q, access_key_id = %q, access_key_secret = %q, proxy = "" })
  assert(#assert(client:get_task("cri-1", "rst-large")).LayerTasks == %d)
]]

local function sweep_lives(times)
  plan()
  local load = LOAD:format(server.url)
  local afterwards = AFTERWARDS:format(server.url, server.access_key_id, server.access_key_secret, LAYERS)
  local before, first = held(), 1
  repeat
    if counts.runs % FORGET_EVERY == FORGET_EVERY - 1 then plan() end
    local asked, problem, later, blocks = starve.life(first, times, load, afterwards)
    local where = ("load, allocation %d, %g in a row: "):format(first, times)
    if problem ~= "" and not problem:find "memory" then error(where .. problem, 0) end
    if later ~= "" then error(where .. "a later call fails: " .. later, 0) end
    if blocks ~= 0 then error(where .. blocks .. " blocks of the state are left over", 0) end
    check_held(before, held())
    count_end(problem == "")
    first = first + step
  until asked < first - step
  report("loading", times)
end

local function run()
  if supply == "lua" then
    sweep_lives(1)
    sweep_lives(WHILE_IN_NEED)
    sweep(server, 2)
  elseif supply ~= "openssl" then -- of which signing needs nothing any more
    sweep_children(server)
  end
  for _, where in ipairs { server, front } do
    -- One alone: Lua collects its garbage and asks again. Whatever is in use then must be in sight of the collector.
    sweep(where, 1)
    sweep(where, WHILE_IN_NEED)
  end
end

local ok, problem = pcall(run)
front:stop()
server:stop()
if not ok then error(problem, 0) end
