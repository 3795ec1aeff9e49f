-- The examples, run as they stand, as a user would.

local endpoint = require "spec.support.endpoint"

local LUA = os.getenv "LUA" or "lua5.4"
local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

local function run(command, environment)
  local pipe = io.popen(("env ALIBABA_CLOUD_ENDPOINT='%s' ALIBABA_CLOUD_ACCESS_KEY_ID='%s' "
    .. "ALIBABA_CLOUD_ACCESS_KEY_SECRET='%s' NO_PROXY=127.0.0.1 LUA_PATH='%s' LUA_CPATH='%s' %s sh -c '%s' 2>&1; "
    .. "echo status $?"):format(server.url, server.access_key_id, server.access_key_secret, package.path, package.cpath,
    environment or "", command))
  local output, status = pipe:read "*a":match "^(.*)status (%d+)%s*$"
  pipe:close()
  return output, tonumber(status)
end

describe("the example", function()
  it("get_task prints a report, and fails with the task", function()
    local output, status = run(LUA .. " examples/get_task.lua cri-1 rst-7")
    assert.equal(0, status)
    assert.truthy(output:find("^task      rst%-7\nstatus    SUCCESS\n"), output)
    server:answer "get.error-network-error"
    output, status = run(LUA .. " examples/get_task.lua cri-1 rst-7")
    assert.equal(1, status)
    assert.truthy(output:find("NETWORK_ERROR", 1, true), output)
    server:answer "err.403.NoPrivilege"
    output, status = run(LUA .. " examples/get_task.lua cri-1 rst-7")
    assert.equal(2, status)
    assert.truthy(output:find("cr:GetRepositorySync", 1, true), output)
  end)

  it("task_as_json prints JSON, and tells kinds of errors apart", function()
    local output, status = run(LUA .. " examples/task_as_json.lua cri-1 rst-7")
    assert.equal(0, status)
    assert.equal("rst-7", require "cjson".decode(output).SyncTaskId)
    assert.truthy(output:find('"SyncedSize":23655489,', 1, true))
    server:answer "err.400.SYNC_TASK_NOT_EXIST"
    output, status = run(LUA .. " examples/task_as_json.lua cri-1 rst-7")
    assert.same({ "no such task: rst-7\n", 1 }, { output, status })
    server:answer_always { reset = "before" }
    assert.equal(75, select(2, run(LUA .. " examples/task_as_json.lua cri-1 rst-7")))
  end)

  it("sign_for_curl prints a command that the service accepts", function()
    local output, status = run(("%s examples/sign_for_curl.lua %s cri-1 rst-7 | env -u LD_PRELOAD sh"):format(LUA,
      server.host), "SCHEME=http")
    assert.equal(0, status)
    assert.truthy(output:find('"SyncTaskId": "rst-7"', 1, true), output)
    assert.is_true(server:requests()[1].verified)
  end)

  it("wait_for_push waits for all of a push's tasks, and lists what failed", function()
    server:answer({ body = { IsSuccess = true, TotalCount = "3", SyncTasks = {
      { SyncTaskId = "A", SyncBatchTaskId = "b2", TaskStatus = "PENDING" },
      { SyncTaskId = "B", SyncBatchTaskId = "b2", TaskStatus = "PENDING" },
      { SyncTaskId = "old", SyncBatchTaskId = "b1", TaskStatus = "SUCCESS" } } } })
    server:answer_for("A", "get.synchronizing-multi", "get.success-multi")
    server:answer_for("B", "get.error-tag-conflict")
    local output, status = run(LUA .. " examples/wait_for_push.lua cri-1 team web 1.0", "SYNC_INTERVAL=0.05")
    assert.equal(1, status)
    assert.truthy(output:find("FAILED B to eu-central-1:", 1, true), output)
    assert.truthy(output:find("1 of 2 synchronized", 1, true), output)
  end)

  it("failed_tasks writes JSON, an empty list when all is well", function()
    local now = os.time() * 1000
    server:answer({ body = { IsSuccess = true, TotalCount = "3", SyncTasks = {
      { SyncTaskId = "A", TaskStatus = "ERROR", TaskIssue = "NETWORK_ERROR", CreateTime = now },
      { SyncTaskId = "B", TaskStatus = "SUCCESS", CreateTime = now },
      { SyncTaskId = "C", TaskStatus = "ERROR", CreateTime = now - 2 * 86400000 } } } })
    local list = require "cjson".decode((run(LUA .. " examples/failed_tasks.lua cri-1")))
    assert.same({ 1, "A", "NETWORK_ERROR" }, { #list, list[1].SyncTaskId, list[1].TaskIssue })
    server:answer { body = { IsSuccess = true, TotalCount = "1", SyncTasks = {
      { SyncTaskId = "B", TaskStatus = "SUCCESS", CreateTime = now } } } }
    assert.equal("[]\n", (run(LUA .. " examples/failed_tasks.lua cri-1")))
  end)

  it("mirror_tag starts three, and goes on where one cannot be started", function()
    server:answer({ body = { IsSuccess = true, SyncTaskId = "A" } }, "err.403.NoPrivilege",
      { body = { IsSuccess = true, SyncTaskId = "C" } })
    server:answer_for("A", "get.success-multi")
    server:answer_for("C", "get.success-multi")
    local output, status = run(LUA .. " examples/mirror_tag.lua cri-1 crr-1 1.0", "SYNC_INTERVAL=0.05")
    assert.equal(1, status)
    for _, part in ipairs { "started A to eu-west-1", "us-east-1: crsync: CreateRepoSyncTask: NoPrivilege",
      "cr:CreateRepositorySync", "A: SUCCESS", "C: SUCCESS" } do
      assert.truthy(output:find(part, 1, true), output)
    end
  end)

  it("prometheus_textfile writes what node exporter reads", function()
    server:answer_for("B", "err.400.SYNC_TASK_NOT_EXIST")
    local output, status = run(LUA .. " examples/prometheus_textfile.lua cri-1 A B")
    assert.equal(0, status)
    local labels = '{task="A",region="eu-west-1",repo="test/test",tag="master"}'
    for _, line in ipairs { "# TYPE crsync_synced_bytes gauge", "crsync_synced_bytes" .. labels .. " 23655489",
      "crsync_ok" .. labels .. " 1", "crsync_unanswered 1" } do
      assert.truthy(output:find(line .. "\n", 1, true), output)
    end
  end)

  it("demo shows report, tables and an error", function()
    local output, status = run(LUA .. " examples/demo.lua")
    assert.equal(0, status)
    for _, part in ipairs { "task      rst-small\nstatus    PENDING", "task = {\n  SyncTaskId = \"rst-small\"",
      "rst-web-eu  SUCCESS  100 %", "rst-web-us  ERROR", "1 of 2 succeeded, 1 failed", "TASK        STATUS" } do
      assert.truthy(output:find(part, 1, true), output)
    end
  end)
end)
