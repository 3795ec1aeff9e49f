-- Many calls on one client, five in a hundred of them with a fault: each is answered once and with its own task, each
-- request is an attempt's, and neither memory nor descriptors grow.
--
-- SOAK_CALLS says how many (`make soak`: an hour's worth), SOAK_SEED which faults come when.

local compat = require "crsync.util.compat"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"

local SLOWED = tonumber(os.getenv "SLOWED" or 1) -- by a sanitizer or valgrind: how many times
local CALLS = math.floor(tonumber(os.getenv "SOAK_CALLS" or 2400) / math.min(SLOWED, 10))
local SEED = math.floor(tonumber(os.getenv "SOAK_SEED" or 1))
local BATCH = { asked = 400, one_by_one = 40, waited_for = 60, waits = 5 } -- BATCHes in one round

-- Park and Miller's, which is exact in doubles too: the host's random numbers are its own, and the same everywhere.
local drawn = SEED % 2147483646 + 1
local function random(n)
  drawn = drawn * 16807 % 2147483647
  return drawn % n + 1
end

local OK = "ok.GetRepoSyncTask"

-- Each: the response, and the error's kind for a call that gets no other.
local FAULTS = {
  { { reset = "before" }, "network" },
  { { example = OK, reset = "middle" }, "network" },
  { { die = true }, "network" },
  { { example = OK, cut = 200 }, "network" },
  { { raw = "220 ftp ready\r\n" }, "network" },
  { { hang = true }, "timeout", rare = true }, -- as it takes its time
  { "err.503.ServiceUnavailable", "server" },
  { "err.429.Throttling.User", "throttled" },
  { silent = true }, -- the connection ends after a good answer
}

local server, client, attempts, calls, settled, looks

local function same(expected, found, what)
  if expected ~= found then
    error(("%s: expected %s, found %s (SOAK_SEED=%d)"):format(what, tostring(expected), tostring(found), SEED), 2)
  end
end

local function assert_most(limit, found, what)
  if found > limit then error(("%.0f %s, %.0f at most (SOAK_SEED=%d)"):format(found, what, limit, SEED), 2) end
end

local function good(id, status)
  return { body = { IsSuccess = true, Code = "success", SyncTaskId = id, TaskStatus = status } }
end

-- A new task, which is seen with these statuses one after the other. Returns its id and, where a fault lasts, the kind
-- of its error.
local function new_task(may_last, ...)
  calls = calls + 1
  local id, fault, answers = "rst-" .. calls, random(100) <= 5 and FAULTS[random(#FAULTS)], {}
  if fault and fault.rare and random(4) > 1 then fault = FAULTS[1] end
  for i, status in ipairs { ... } do answers[i] = good(id, status) end
  local at = random(#answers)
  if fault and fault.silent then
    answers[at].close_silently = true
  elseif fault and fault[2] and may_last and random(4) == 1 then
    server:answer_for(id, fault[1])
    return id, fault[2]
  elseif fault then
    for _ = 1, random(2) do table.insert(answers, at, fault[1]) end
  end
  server:answer_for(id, compat.unpack(answers))
  return id
end

local function new_tasks(count, ...)
  local ids, kinds = {}, {}
  for i = 1, count do
    local id, kind = new_task(...)
    ids[i], kinds[id] = id, kind
  end
  return ids, kinds
end

local function settle(id, task, err, kind)
  same(kind, err and err.kind, id .. " " .. tostring(err))
  -- One more than three where a kept connection has died, which costs no attempt.
  if kind then same(true, err.attempts == 3 or err.attempts == 4, "three attempts: " .. tostring(err)) end
  same(not kind and id or nil, task and task.SyncTaskId, "the task of " .. id)
  same(not kind and "SUCCESS" or nil, task and task.TaskStatus, "the status of " .. id)
  settled = settled + 1
end

local function count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

local function ask_for_many()
  local ids, kinds = new_tasks(BATCH.asked, true, "SUCCESS")
  local tasks, errors = client:get_tasks("cri-1", ids, { concurrency = 16 })
  same(#ids, count(tasks) + count(errors), "answers")
  for _, id in ipairs(ids) do settle(id, tasks[id], errors[id], kinds[id]) end
end

local function ask_one_by_one()
  local ids, kinds = new_tasks(BATCH.one_by_one, true, "SUCCESS")
  for _, id in ipairs(ids) do
    local task, err = client:get_task("cri-1", id)
    settle(id, task, err, kinds[id])
  end
end

local WAITING = { interval = 0.01, max_interval = 0.02, on_progress = function(task, _, trouble)
  if trouble then return end -- the same task once more, and what hinders
  looks[task.SyncTaskId] = (looks[task.SyncTaskId] or "") .. task.TaskStatus .. " "
end }

local function settle_wait(id, task, err)
  settle(id, task, err)
  same("PENDING SYNCHRONIZING SUCCESS ", looks[id], "what was seen of " .. id)
  looks[id] = nil
end

local function wait_for_many()
  local ids = new_tasks(BATCH.waited_for, false, "PENDING", "SYNCHRONIZING", "SUCCESS")
  local results, summary = client:wait_all("cri-1", ids, WAITING)
  same(#ids, summary.success, "waits that succeeded")
  for i, id in ipairs(ids) do
    same(id, results[i].id, "result " .. i)
    settle_wait(id, results[i].task, results[i].err)
  end
end

local function wait_one_by_one()
  for _, id in ipairs((new_tasks(BATCH.waits, false, "PENDING", "SYNCHRONIZING", "SUCCESS"))) do
    settle_wait(id, client:wait("cri-1", id, WAITING))
  end
end

-- The endpoint has seen each attempt once, with a nonce of its own. What libcurl repeats by itself, when a kept
-- connection has died, is no attempt: it has a used nonce.
local function compare_with_the_endpoint()
  local nonces, repeated = {}, 0
  for _, request in ipairs(server:requests()) do
    if request.verified then
      nonces[request.headers["x-acs-signature-nonce"]] = true
    else
      same("SignatureNonceUsed", request.code, "refusal")
      repeated = repeated + 1
    end
  end
  same(attempts, count(nonces), "nonces of " .. attempts .. " attempts")
  same(attempts + repeated, #server:requests(), "requests")
  attempts = 0
  server:reset() -- it keeps what it received
end

local function round()
  ask_for_many()
  ask_one_by_one()
  wait_for_many()
  wait_one_by_one()
  same(nil, next(looks), "tasks seen that nobody waits for")
  same(calls, settled, "calls that were settled")
  compare_with_the_endpoint()
end

local function read_number(path, pattern) return tonumber(files.read(path):match(pattern)) end

local function descriptors()
  local listing = files.output_of(("ls /proc/%d/fd"):format(read_number("/proc/self/stat", "^%d+")))
  return select(2, listing:gsub("\n", ""))
end

-- Kilobytes of Lua's, kilobytes resident, descriptors.
local function memory()
  if compat.jit then compat.jit.flush() end -- compiled traces count as Lua's, and become more for long
  collectgarbage()
  collectgarbage()
  return collectgarbage "count", read_number("/proc/self/status", "VmRSS:%s*(%d+)"), descriptors()
end

local function new_client()
  return server:client { timeout = SLOWED > 1 and 5 or 1, on_attempt = function() attempts = attempts + 1 end }
end

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)

describe("a client in the long run", function()
  it("loses nothing, doubles nothing, and does not grow", function()
    attempts, calls, settled, looks = 0, 0, 0, {}
    client = new_client()
    round()
    client:close()
    local _, _, open_before = memory() -- what other specs have left is collected
    client = new_client()
    round()
    local lua, resident, open = memory()
    repeat round() until calls >= CALLS
    local lua_now, resident_now, open_now = memory()
    assert_most(256, lua_now - lua, "KB of Lua's more")
    -- A sanitizer keeps what was freed.
    if SLOWED == 1 then assert_most(8192, resident_now - resident, "KB resident more") end
    assert_most(open + 16, open_now, "open descriptors")
    client:close()
    assert_most(open_before, (select(3, memory())), "open descriptors")
    assert.is_true(settled >= CALLS)
  end)
end)
