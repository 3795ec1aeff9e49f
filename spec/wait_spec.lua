-- Waiting for one task and for many, against the local endpoint.

local at_most = require "spec.support.at_most"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"

local server, client

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function()
  server:reset()
  client = server:client()
end)
after_each(function() client:close() end)

local function body(status, synced, more)
  local task = { IsSuccess = true, Code = "success", TaskStatus = status,
    LayerTasks = { { Size = 1000, SyncedSize = synced or 0, TaskStatus = status } } }
  for k, v in pairs(more or {}) do task[k] = v end
  return { body = task }
end

local function wait(options)
  options.interval = options.interval or 0.02
  local started = core.now()
  local task, err = client:wait("cri-1", "rst-1", options)
  return task, err, core.now() - started
end

describe("a wait", function()
  it("ends with the task that succeeded", function()
    server:answer(body("PENDING"), body("SYNCHRONIZING", 500), body("QUEUED", 600), body("SUCCESS", 1000))
    local seen, percents = {}, {}
    local task = wait { on_progress = function(t, p)
      seen[#seen + 1] = t.TaskStatus
      percents[#percents + 1] = p.percent
      assert.is_true(p.elapsed >= 0 and p.idle >= 0)
    end }
    assert.equal("SUCCESS", task.TaskStatus)
    assert.same({ "PENDING", "SYNCHRONIZING", "QUEUED", "SUCCESS" }, seen)
    assert.same({ 0, 50, 60, 100 }, percents)
    assert.equal(4, #server:requests())
  end)

  for _, status in ipairs { "ERROR", "CANCELED" } do
    it("ends on the first look that shows " .. status, function()
      server:answer(body "PENDING", body "SYNCHRONIZING", body(status, 0, { TaskIssue = "NETWORK_ERROR" }))
      local task, err, seconds = wait { timeout = 60 }
      assert.is_nil(task)
      assert.is_true(crsync.is_error(err))
      assert.same({ "task", status, false }, { err.kind, err.code, err.retryable })
      assert.equal(status, err.task.TaskStatus)
      assert.truthy(tostring(err):find("rst-1 ended in " .. status .. ": NETWORK_ERROR", 1, true), tostring(err))
      assert.truthy(err.hint:find("a new task may succeed", 1, true))
      assert.equal(3, #server:requests())
      assert.is_true(seconds < at_most(1))
    end)
  end

  it("ends in time, with the last task seen", function()
    server:answer_always(body("SYNCHRONIZING", 250))
    local _, err, seconds = wait { timeout = 0.4, interval = 60 }
    assert.same({ "task", "timeout" }, { err.kind, err.code })
    assert.equal("SYNCHRONIZING", err.task.TaskStatus)
    assert.truthy(tostring(err):find("at 25 %", 1, true))
    assert.is_true(seconds >= 0.39 and seconds < at_most(0.8), seconds)
  end)

  it("ends in time although the server hangs", function()
    server:answer_always { hang = true }
    local _, err, seconds = wait { timeout = 0.4 }
    assert.same({ "task", "timeout" }, { err.kind, err.code })
    assert.is_true(seconds < at_most(0.9), seconds)
  end)

  it("with a timeout of 0 looks once", function()
    server:answer_always(body "PENDING")
    local _, err = wait { timeout = 0 }
    assert.equal("timeout", err.code)
    assert.equal(1, #server:requests())
    server:answer_always(body "SUCCESS")
    assert.equal("SUCCESS", wait { timeout = 0 }.TaskStatus)
  end)

  it("ends when nothing moves any more", function()
    server:answer_always(body("SYNCHRONIZING", 10))
    local _, err, seconds = wait { stall_timeout = 0.3, timeout = 30 }
    assert.same({ "task", "stalled" }, { err.kind, err.code })
    assert.equal("SYNCHRONIZING", err.task.TaskStatus)
    assert.is_true(seconds >= 0.29 and seconds < at_most(0.8), seconds)
  end)

  it("does not end while bytes move", function()
    local answers = {}
    for i = 1, 30 do answers[i] = body("SYNCHRONIZING", i) end
    answers[31] = body("SUCCESS", 1000)
    server:answer(compat.unpack(answers))
    assert.is_table(wait { stall_timeout = 0.3, max_interval = 0.03 })
  end)

  it("goes on after passing faults, and ends on a refusal", function()
    local many = {}
    for i = 1, 5 do many[i] = "err.500.SystemError" end
    server:answer(compat.unpack(many))
    server:answer({ reset = "before" }, body "SUCCESS")
    assert.is_table(wait {})
    server:answer(body "PENDING", "err.403.NoPrivilege")
    local _, err = wait {}
    assert.same({ "auth", 403 }, { err.kind, err.status })
    assert.equal("PENDING", err.task.TaskStatus)
  end)

  it("does not say that the service asks to slow down when it is the network", function()
    server:answer({ example = "ok.GetRepoSyncTask", cut = 200 })
    server:answer_always { hang = true }
    local kinds = {}
    local _, err = wait { timeout = 1, on_progress = function(_, _, trouble) kinds[trouble.kind] = true end }
    assert.is_nil(kinds.throttled)
    assert.is_nil(tostring(err):find("slow down", 1, true), tostring(err))
  end)

  it("keeps what the service says when it runs out, and names the task", function()
    client:close()
    client = server:client { retry = false }
    server:answer_always { status = 400, body = { Code = "Throttling.User", Message = "slow down", RequestId = "R" } }
    local _, err = wait { timeout = 0.4, interval = 0.1 }
    assert.same({ "task", "timeout", "rst-1" }, { err.kind, err.code, err.task_id })
    assert.truthy(err.message:find("it was never seen: Throttling.User: slow down", 1, true), err.message)
    assert.same({ "throttled", "Throttling.User" }, { err.trouble.kind, err.trouble.code })
    server:reset()
    server:answer(body("ERROR", 0, { TaskIssue = "TAG_CONFLICT" }))
    err = select(2, wait {})
    assert.same({ "rst-1", "TAG_CONFLICT" }, { err.task_id, err.issue })
    server:answer "err.403.NoPrivilege"
    err = select(2, wait {})
    assert.equal("rst-1", err.task_id)
    assert.truthy(tostring(err):find("task rst-1", 1, true), tostring(err))
  end)

  it("is not hindered by a look that its own end cuts short, but by one that was given its time", function()
    server:answer(body "SYNCHRONIZING", { hang = true })
    local troubles = {}
    local function on_progress(_, p, trouble) troubles[#troubles + 1] = not p.given_up and trouble or nil end
    local _, err = wait { timeout = 0.4, on_progress = on_progress }
    assert.same({}, troubles)
    assert.is_nil(err.trouble)
    assert.equal("task rst-1 has not ended within 0.4 s; it is SYNCHRONIZING at 0 %", err.message)
    client:close()
    client = server:client { timeout = 0.1, retry = false }
    server:answer(body "SYNCHRONIZING")
    server:answer_always { hang = true }
    _, err = wait { timeout = 0.4 }
    assert.truthy(err.message:find("and the last look failed: Operation timed out", 1, true), err.message)
  end)

  it("that never reaches the service ends before its time, when asked to", function()
    local nobody = server:client { endpoint = "http://127.0.0.1:1", retry = false }
    local _, err = nobody:wait("cri-1", "rst-1", { timeout = 60, interval = 0.05, unreachable_timeout = 0.3 })
    assert.same({ "network", "rst-1" }, { err.kind, err.task_id })
    assert.truthy(err.message:find("the service was not reached once in 0 s", 1, true), err.message)
    nobody:close()
  end)

  it("that has reached the service once goes on after that", function()
    server:answer(body "PENDING")
    server:answer_always { reset = "before" }
    local _, err = wait { timeout = 0.6, interval = 0.05, unreachable_timeout = 0.2 }
    assert.same({ "task", "timeout" }, { err.kind, err.code })
  end)

  it("gives a task that is not there yet its grace, when asked to", function()
    server:answer("err.400.SYNC_TASK_NOT_EXIST", "fail200.SYNC_TASK_NOT_EXIST", body "PENDING", body "SUCCESS")
    assert.is_table(wait { not_found_grace = 5 })
    server:answer "err.400.SYNC_TASK_NOT_EXIST"
    local _, err = wait {}
    assert.equal("not_found", err.kind)
    server:answer_always "err.400.SYNC_TASK_NOT_EXIST"
    _, err = wait { not_found_grace = 0.1 }
    assert.equal("not_found", err.kind)
  end)

  it("passes a callback's error on unchanged, and the client goes on", function()
    server:answer_always(body "PENDING")
    local mine = { code = 7 }
    local ok, err = pcall(wait, { on_progress = function() error(mine) end })
    assert.is_false(ok)
    assert.equal(mine, err)
    assert.is_table(client:get_task("cri-1", "rst-1"))
  end)

  it("spreads its looks", function()
    server:answer_always(body "PENDING")
    wait { timeout = 0.6, interval = 0.1, max_interval = 0.1 }
    local count = #server:requests()
    assert.is_true(count >= 4 and count <= 9, count)
  end)

  local wrong = { { interval = 0 }, { interval = -1 }, { interval = "x" }, { interval = 0 / 0 },
    { interval = math.huge }, { timeout = -1 }, { timeout = math.huge }, { stall_timeout = 0 }, { on_progress = 5 },
    { on_tick = true }, { max_interval = 0 }, { not_found_grace = -1 }, { intervall = 1 } }
  for _, options in ipairs(wrong) do
    it("refuses " .. next(options) .. " = " .. tostring(select(2, next(options))), function()
      local ok, message = pcall(function() client:wait("cri-1", "rst-1", options) end)
      assert.is_false(ok)
      assert.truthy(message:find("bad argument #3 to 'wait' (" .. next(options), 1, true), message)
      assert.truthy(message:find("wait_spec.lua", 1, true), message)
    end)
  end
end)

-- What on_progress was given: "status/trouble" for each call, and all calls.
local function listener()
  local said, calls = {}, {}
  return said, calls, function(task, p, trouble)
    calls[#calls + 1] = { task = task, p = p, trouble = trouble }
    said[#said + 1] = tostring(task.TaskStatus) .. (trouble and "/" .. (trouble.code or trouble.kind) or "")
  end
end

describe("the clock of a wait", function()
  it("ticks every second, whatever is asked and answered", function()
    server:answer_always { hang = true }
    local ticks, started = {}, core.now()
    wait { timeout = 2.3, on_tick = function() ticks[#ticks + 1] = core.now() - started end }
    assert.is_true(#ticks >= 2 and #ticks <= 3, #ticks)
    assert.is_true(ticks[1] < at_most(0.5) and ticks[2] - ticks[1] >= 1)
    assert.is_true(#server:requests() <= 2)
  end)

  it("ticks while no task has appeared", function()
    server:answer_always { body = { IsSuccess = true, TotalCount = 0, SyncTasks = {} } }
    local ticks = 0
    local function on_tick() ticks = ticks + 1 end
    client:wait_batch("cri-1", "b-1", { appear_timeout = 1.2, interval = 0.1, on_tick = on_tick })
    assert.is_true(ticks >= 1)
  end)

  it("ends the wait with the error that is raised in it", function()
    server:answer_always(body "PENDING")
    local mine = {}
    local ok, err = pcall(client.wait_all, client, "cri-1", { "a", "b" }, { on_tick = function() error(mine) end })
    assert.same({ false, mine }, { ok, err })
    assert.is_true(#server:requests() <= 2)
  end)
end)

describe("what hinders a wait", function()
  it("is told to on_progress once, and that it is over", function()
    server:answer(body("SYNCHRONIZING", 100), "err.500.SystemError", "err.500.SystemError", "err.500.SystemError",
      "err.500.SystemError", body("SYNCHRONIZING", 100), body("SUCCESS", 1000))
    client:close()
    client = server:client { retry = false }
    local said, calls, listen = listener()
    assert.is_table(wait { on_progress = listen })
    assert.same({ "SYNCHRONIZING", "SYNCHRONIZING/SystemError", "SYNCHRONIZING", "SUCCESS" }, said)
    local second = calls[2]
    assert.is_true(crsync.is_error(second.trouble))
    assert.same({ "rst-1", true, false }, { second.p.task_id, second.p.news, second.p.given_up })
    assert.is_true(second.p.hindered >= 0)
    assert.same({}, { calls[3].p.hindered, second.p.rate, second.p.eta })
  end)

  it("is told where the task was never seen, with what stands for it", function()
    server:answer_always { reset = "accept" }
    local said, calls, listen = listener()
    wait { timeout = 0.3, on_progress = listen }
    assert.equal("UNKNOWN/network", said[1])
    assert.same({ "rst-1", 0 }, { calls[1].task.SyncTaskId, #calls[1].task.LayerTasks })
    assert.same({ "?", "?" }, { calls[1].task.ImageFrom.RegionId, calls[1].task.ImageTo.ImageTag })
    assert.same({ calls[1].p.percent, calls[1].p.final }, { nil, false })
  end)

  it("is told with its code while the service lets one call wait", function()
    server:answer({ example = "err.429.Throttling.User", headers = { ["Retry-After"] = "2" } }, body "SUCCESS")
    local said, calls, listen = listener()
    wait { on_progress = listen }
    assert.same({ "UNKNOWN/Throttling.User", "SUCCESS" }, said)
    assert.same({ "throttled", 429 }, { calls[1].trouble.kind, calls[1].trouble.status })
    assert.is_true(calls[1].p.elapsed < at_most(1), calls[1].p.elapsed)
  end)

  it("is that there is no answer, after a while", function()
    server:answer({ delay = 6, body = body "SUCCESS".body })
    local said, calls, listen = listener()
    wait { on_progress = listen }
    assert.same({ "UNKNOWN/timeout", "SUCCESS" }, said)
    assert.equal("no answer yet", calls[1].trouble.message)
    assert.is_true(calls[1].p.hindered >= 5)
  end)

  it("is told again every ten seconds, and so is all else", function()
    local core_now, shift = core.now, 0
    finally(function() core.now = core_now end)
    core.now = function() return core_now() + shift end
    server:answer_always(body("SYNCHRONIZING", 100))
    local news = {}
    wait { timeout = 60, interval = 0.2, max_interval = 0.2, on_progress = function(_, p)
      if p.news then news[#news + 1] = math.floor(p.elapsed + 0.5) end
      shift = shift + 2
    end }
    assert.equal(0, news[1])
    for i = 2, #news - 1 do assert.is_true(news[i] - news[i - 1] >= 10 and news[i] - news[i - 1] <= 13, news[i]) end
    assert.is_true(#news >= 5)
  end)

  it("ends the telling when it ends the wait", function()
    server:answer(body "PENDING", "err.403.NoPrivilege")
    local said, calls, listen = listener()
    local _, err = wait { on_progress = listen }
    assert.same({ "PENDING", "PENDING/NoPrivilege" }, said)
    assert.same({ err, true }, { calls[2].trouble, calls[2].p.given_up })
  end)
end)

describe("waiting for many", function()
  it("tells of a refused one at once", function()
    server:answer_for("no", "err.400.SYNC_TASK_NOT_EXIST")
    server:answer_for("yes", body "PENDING", body "PENDING", body "PENDING", body "SUCCESS")
    local told = {}
    client:wait_all("cri-1", { "no", "yes" }, { interval = 0.05, on_progress = function(task, p, trouble)
      told[#told + 1] = p.task_id .. " " .. (p.given_up and trouble.code or task.TaskStatus)
    end })
    assert.truthy(table.concat(told, ", "):find "no SYNC_TASK_NOT_EXIST, .*yes SUCCESS$")
  end)

  it("gives a result for each, in the order given, and counts", function()
    server:answer_for("A", body "PENDING", body "SUCCESS")
    server:answer_for("B", body "SYNCHRONIZING", body("ERROR", 0, { TaskIssue = "TAG_CONFLICT" }))
    server:answer_for("C", body "CANCELED")
    server:answer_for("D", "err.403.NoPrivilege")
    server:answer_for("E", body "PENDING")
    local results, summary = client:wait_all("cri-1", { "A", "B", "A", "C", "D", "E" },
      { interval = 0.02, timeout = 0.5 })
    local ids, ends = {}, {}
    for i, r in ipairs(results) do
      ids[i] = r.id
      ends[i] = r.err and r.err.kind .. "/" .. r.err.code or r.task.TaskStatus
    end
    assert.same({ "A", "B", "C", "D", "E" }, ids)
    assert.same({ "SUCCESS", "task/ERROR", "task/CANCELED", "auth/NoPrivilege", "task/timeout" }, ends)
    assert.equal("ERROR", results[2].task.TaskStatus)
    assert.same({ total = 5, success = 1, failed = 1, canceled = 1, timeout = 1, error = 1 }, summary)
  end)

  it("is not held up by one that is slow or failing", function()
    server:answer_for("slow", { hang = true })
    server:answer_for("bad", "err.500.SystemError")
    for i = 1, 10 do server:answer_for("T" .. i, body "PENDING", body "SUCCESS") end
    local ids = { "slow", "bad" }
    for i = 1, 10 do ids[#ids + 1] = "T" .. i end
    local started, done = core.now(), {}
    local _, summary = client:wait_all("cri-1", ids, { interval = 0.02, timeout = 2, concurrency = 4,
      on_progress = function(task)
        if task.TaskStatus == "SUCCESS" then done[#done + 1] = core.now() - started end
      end })
    assert.same({ 10, 2 }, { summary.success, summary.timeout })
    assert.is_true(done[10] < 2, done[10])
    assert.is_true(core.now() - started < at_most(2.5))
  end)

  it("has no more requests in flight than it may", function()
    server:answer_always { example = "ok.GetRepoSyncTask", delay = 0.1 }
    local ids = {}
    for i = 1, 12 do ids[i] = "rst-" .. i end
    local started = core.now()
    client:wait_all("cri-1", ids, { concurrency = 4, interval = 0.01 })
    local seconds = core.now() - started
    assert.is_true(seconds >= 0.28 and seconds < at_most(0.39), seconds)
    assert.equal(4, server:connections())
  end)

  it("of nothing is nothing", function()
    local results, summary = client:wait_all("cri-1", {})
    assert.same({}, results)
    assert.same({ total = 0, success = 0, failed = 0, canceled = 0, timeout = 0, error = 0 }, summary)
  end)

  it("passes a callback's error on, and leaves nothing in flight", function()
    server:answer_for("hangs", { hang = true })
    server:answer_for("fine", body "PENDING")
    local mine = {}
    local ok, err = pcall(client.wait_all, client, "cri-1", { "hangs", "fine" },
      { interval = 0.02, on_progress = function() error(mine) end })
    assert.is_false(ok)
    assert.equal(mine, err)
    assert.is_table(client:get_task("cri-1", "rst-1"))
  end)
end)
