-- sandbox.start: a sandbox for a script's own specs, in a process of its own or on a host's loop.

local certificates = require "spec.support.certificates"
local child = require "spec.support.child"
local core = require "crsync.core"
local crsync = require "crsync"
local files = require "spec.support.files"
local loops = require "spec.support.loops"
local sandbox = require "crsync.sandbox"
local socket = require "socket"

describe("sandbox.start", function()
  local server

  local function start(options)
    server = assert(sandbox.start(options))
    return server
  end

  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  local function ask(options)
    local client = assert(crsync.new(server:options(options)))
    finally(function() client:close() end)
    return client:get_task("cri-sandbox", "rst-small")
  end

  it("gives a server with its URL, variables and options", function()
    start()
    assert.truthy(server:url():find "^http://127%.0%.0%.1:%d+$")
    assert.same({ ALIBABA_CLOUD_ENDPOINT = server:url(), ALIBABA_CLOUD_REGION_ID = "cn-hangzhou",
      ALIBABA_CLOUD_ACCESS_KEY_ID = "SandboxAccessKey", ALIBABA_CLOUD_ACCESS_KEY_SECRET = "sandbox-secret",
      no_proxy = "127.0.0.1" },
      server:env())
    assert.equal("PENDING", ask().TaskStatus)
    assert.equal("SignatureDoesNotMatch", select(2, ask { access_key_secret = "x" }).code)
  end)

  it("tells what was asked", function()
    start()
    ask()
    local requests = server:requests()
    assert.equal(1, #requests)
    local first = requests[1]
    assert.same({ "POST", "/", "GetRepoSyncTask", 200, "success" }, { first.method, first.path, first.action,
      first.status, first.code })
    assert.same({ InstanceId = "cri-sandbox", SyncTaskId = "rst-small" }, first.parameters)
    assert.equal("2018-12-01", first.headers["x-acs-version"])
    assert.is_string(first.request_id)
  end)

  it("tells of nothing asked with an empty list", function()
    start()
    assert.same({}, server:requests())
  end)

  it("speaks HTTPS", function()
    local folder = certificates.folder()
    start { tls_cert = folder .. "/good.pem", tls_key = folder .. "/good.key" }
    assert.truthy(server:url():find "^https://")
    assert.equal(folder .. "/good.pem", server:env().SSL_CERT_FILE)
    assert.equal("PENDING", ask { ca_file = folder .. "/ca.pem" }.TaskStatus)
  end)

  it("takes a file, a port and a speed", function()
    local path = os.tmpname()
    files.write(path, "return { tasks = { { id = 'rst-small', layers = { 10 }, pending = 50 } } }")
    start { path, speed = 1000 }
    os.remove(path)
    assert.equal("PENDING", ask().TaskStatus)
    core.sleep(0.1)
    assert.equal("SUCCESS", ask().TaskStatus)
    local port = tonumber(server:url():match "%d+$")
    local _, problem = sandbox.start { port = port }
    assert.truthy(problem:find(("127.0.0.1 port %d: "):format(port), 1, true), problem)
  end)

  it("says what is wrong with what it is given", function()
    for problem, options in pairs {
      ["tasks[1]: it needs id"] = { scenario = { tasks = { {} } } },
      ["instances[1].region: should be a non-empty string without control characters"] = { scenario = {
        instances = { { id = "a", region = "" } } } },
      ["tasks[1].to: cri-a lies in r"] = { scenario = { instances = { { id = "cri-a", region = "r" } },
        tasks = { { id = "x", target_instance = "cri-a", to = "other" } } } },
      ["rules[1].target_instance: there is no such one in instances"] = { scenario = {
        rules = { { id = "x", to = "r", target_instance = "cri-a" } } } },
      ["made[1].chance: should be a number from 0 to 1"] = { scenario = { made = { { chance = 5 } } } },
      ["faults[1].status: should be a number from 200 to 599"] = { scenario = { faults = { { status = 99 } } } },
      ["tasks[1].priority: should be a whole number from 1 to 5"] = { scenario = { tasks = { { id = "a",
        priority = 9 } } } },
      ['tasks[1].trigger: should be "PASSIVE" or "INITIATIVE"'] = { scenario = { tasks = { { id = "a",
        trigger = "x" } } } },
      ["repositories[1].tags[2]: should be a non-empty string without control characters"] = { scenario = {
        repositories = { { name = "a/b", tags = { "x", 5 } } } } },
      ["repositories[2].name: a/b is there twice"] = { scenario = { repositories = { { name = "a/b" },
        { name = "a/b", id = "x" } } } },
      ["faults[1].body: should be a string"] = { scenario = { faults = { { body = 5 } } } },
      ["keys[1].disabled: should be true or false"] = { scenario = { keys = { { id = "a", secret = "b",
        disabled = 1 } } } },
      ["repositories[1].tags: should be a list"] = { scenario = { repositories = { { name = "a/b", tags = 1 } } } },
      ["rules[1].tag_filter: should be a regular expression"] = { scenario = { rules = { { id = "a", to = "b",
        tag_filter = 1 } } } },
      ["quota[1].calls: should be a whole number of at least 1"] = { scenario = { quota = { { calls = 0.5 } } } },
      ["quota[1].seconds: should be a number above 0"] = { scenario = { quota = { { calls = 1, seconds = 0 } } } },
      ["push: should be a list of tables"] = { scenario = { push = 5 } },
      ["seed: should be a number"] = { scenario = { seed = 0 / 0 } },
      ["/nonexistent: No such file or directory"] = { scenario = "/nonexistent" },
      ["tls_cert and tls_key belong together"] = { tls_cert = "x" },
      ["the sandbox's process did not start; its words are above"] = { lua = "true" },
    } do
      assert.equal(problem, select(2, sandbox.start(options)))
    end
  end)

  it("raises for an option that there is not", function()
    local ok, message = pcall(sandbox.start, { sped = 5 })
    assert.is_false(ok)
    assert.truthy(message:find("bad argument #1 to 'start' (sped: unknown option)", 1, true), message)
  end)

  it("needs luasocket", function()
    assert.equal("nil\tsandbox.start needs luasocket (LuaRocks: luarocks install luasocket)\n", child.run [[
      package.preload.socket = function() error "module 'socket' not found: nowhere" end
      print(require "crsync.sandbox".start())]])
  end)

  it("ends when it is stopped, once or twice", function()
    start()
    local port = tonumber(server:url():match "%d+$")
    server:stop()
    server:stop()
    assert.is_nil((socket.connect("127.0.0.1", port)))
    assert.has_error(function() server:requests() end, "this sandbox was stopped")
  end)

  it("ends with the process that started it", function()
    local port = tonumber(child.run [[
      local server = assert(require "crsync.sandbox".start())
      io.write((server:url():match "%d+$"))
      os.exit(0)]])
    local gone
    for _ = 1, 50 do
      local s = socket.connect("127.0.0.1", port)
      gone = not s
      if gone then break end
      s:close()
      core.sleep(0.1)
    end
    assert.is_true(gone)
  end)

  it("ends when it is forgotten, though another that knows its descriptors goes on", function()
    local lua = os.getenv "LUA" or "lua5.4"
    local output = child.run(([[
      local sandbox = require "crsync.sandbox"
      local function second()
        local _, kept = assert(sandbox.start { lua = %q }), assert(sandbox.start { lua = %q })
        return kept
      end
      local kept = second()
      collectgarbage()
      collectgarbage()
      print("went on", #kept:requests())]]):format(lua, lua), "timeout 60 env")
    assert.equal("went on\t0\n", output)
  end)

  it("takes orders from nobody else", function()
    local pipe = child.open [[require "crsync.sandbox.child".run()]]
    local port = tonumber(pipe:read "*l":match "^%d+")
    local stranger = assert(socket.connect("127.0.0.1", port))
    stranger:send "26\nreturn { word = 'a guess' }"
    assert.is_nil((stranger:receive "*l"))
    assert.equal("", pipe:read "*a")
    pipe:close()
    stranger:close()
  end)

  it("asks the interpreter that runs this script, or one by its version", function()
    local output = child.run [[
      arg = nil
      local server = assert(require "crsync.sandbox".start())
      print(server:url())
      server:stop()]]
    assert.truthy(output:find "^http://", output)
  end)
end)

describe("sandbox.start on a host's loop", function()
  for _, name in ipairs { "luv", "cqueues" } do
    it("answers while a coroutine of " .. name .. " runs it", function()
      local server = assert(sandbox.start { loop = loops.adapter(name), scenario = { faults = {
        { action = "GetRepoSyncTask", times = 1, delay = 0.1 } } } })
      local client = assert(crsync.new(server:options()))
      local task, err
      loops.runner(name)(function() server:run() end, function()
        task, err = client:get_task("cri-sandbox", "rst-small")
        client:close()
        server:stop()
      end)
      assert.is_nil(err)
      assert.equal("PENDING", task.TaskStatus)
      assert.equal("GetRepoSyncTask", server:requests()[1].action)
    end)
  end

  it("says what is wrong with what it is given", function()
    local _, problem = sandbox.start { loop = loops.adapter "luv", scenario = { tasks = { {} } } }
    assert.equal("tasks[1]: it needs id", problem)
  end)
end)

describe("the example of a spec with a sandbox", function()
  it("passes", function()
    local lua = os.getenv "LUA" or "lua5.4"
    local output = files.output_of(("LUA_PATH=%s LUA_CPATH=%s %s spec/support/run.lua %s 2>&1"):format(
      child.quoted(package.path), child.quoted(package.cpath), lua, "examples/spec_with_sandbox.lua"))
    assert.truthy(output:find("4 passed, 0 failed", 1, true), output)
  end)
end)
