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
    { max_interval = 0 }, { not_found_grace = -1 }, { intervall = 1 } }
  for _, options in ipairs(wrong) do
    it("refuses " .. next(options) .. " = " .. tostring(select(2, next(options))), function()
      local ok, message = pcall(function() client:wait("cri-1", "rst-1", options) end)
      assert.is_false(ok)
      assert.truthy(message:find("bad argument #3 to 'wait' (" .. next(options), 1, true), message)
      assert.truthy(message:find("wait_spec.lua", 1, true), message)
    end)
  end
end)

describe("waiting for many", function()
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
