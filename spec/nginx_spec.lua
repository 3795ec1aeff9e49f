-- A real server in front: nginx with TLS and HTTP/2, as it is in the world.

local core = require "crsync.core"
local endpoint = require "spec.support.endpoint"
local nginx = require "spec.support.nginx"
local operations = require "crsync.operations"

local server, front

local function new() return server:client { endpoint = front.url, ca_file = front.ca_file } end

lazy_setup(function()
  server = endpoint.start()
  front = nginx.start(server)
end)
lazy_teardown(function()
  front:stop()
  server:stop()
end)
before_each(function() server:reset() end)

describe("behind nginx", function()
  it("calls go over HTTP/2, their signature intact", function()
    local client = new()
    finally(function() client:close() end)
    for i = 1, 3 do assert.equal("rst-" .. i, assert(client:get_task("cri-1", "rst-" .. i)).SyncTaskId) end
    for _, protocol in ipairs(front:protocols(3)) do assert.equal("HTTP/2.0", protocol) end
    for _, r in ipairs(server:requests()) do
      assert.is_true(r.verified)
      assert.equal(front.host, r.headers.host)
    end
  end)

  it("many requests share one connection", function()
    local engine = core.new { endpoint = front.url, ca_file = front.ca_file, proxy = "",
      access_key_id = server.access_key_id, access_key_secret = server.access_key_secret }
    finally(function() engine:close() end)
    assert(engine:get_task("cri-1", "rst-0"))
    local jobs, done = {}, 0
    for i = 1, 50 do
      local job = engine:start(operations.GetRepoSyncTask, { InstanceId = "cri-1", SyncTaskId = "rst-" .. i }, {})
      jobs[job] = "rst-" .. i
    end
    while done < 50 do
      engine:wait(1)
      for job in engine.finished, engine do
        assert.equal(jobs[job], assert(engine:result(job)).SyncTaskId)
        done = done + 1
      end
    end
    assert.equal(51, #server:requests())
  end)

  it("errors come through with their status", function()
    local client = new()
    finally(function() client:close() end)
    server:answer "err.403.NoPrivilege"
    local _, err = client:get_task("cri-1", "rst-1")
    assert.same({ "auth", 403, 1 }, { err.kind, err.status, err.attempts })
  end)

  it("its own error page is a server error, tried again", function()
    server:answer({ reset = "before" }, { reset = "before" })
    local client = new()
    finally(function() client:close() end)
    local task, err = client:get_task("cri-1", "rst-1")
    if not task then assert.same({ "server", 502 }, { err.kind, err.status }) end
    server:answer_always { reset = "before" }
    task, err = client:get_task("cri-1", "rst-1")
    assert.is_nil(task)
    assert.same({ "server", 502, 3 }, { err.kind, err.status, err.attempts })
    assert.truthy(tostring(err):find("text/html", 1, true))
  end)
end)
