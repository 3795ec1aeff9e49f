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
  local output, status = pipe:read "a":match "^(.*)status (%d+)%s*$"
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

  it("demo shows report, tables and an error", function()
    local output, status = run(LUA .. " examples/demo.lua")
    assert.equal(0, status)
    for _, part in ipairs { "status    SYNCHRONIZING  57 %", "task = {\n  SyncTaskId =", "again in", "NETWORK_ERROR",
      "cr:GetRepositorySync" } do
      assert.truthy(output:find(part, 1, true), output)
    end
  end)
end)
