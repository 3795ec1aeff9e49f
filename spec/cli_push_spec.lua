-- crsync wait for a push and for a batch, whose tasks appear late and one by one.

local cjson = require "cjson"
local command = require "spec.support.command"
local sandbox = require "crsync.sandbox"

local server, target

local function play(pushes, faults)
  server = assert(sandbox.start { lua = os.getenv "LUA" or "lua5.4", scenario = { instance = "cri-1",
    instances = { { id = "cri-eu", region = "eu-west-1" }, { id = "cri-us", region = "us-east-1" } },
    rules = { { id = "crsr-eu", to = "eu-west-1", repo = "team/web" },
      { id = "crsr-us", to = "us-east-1", repo = "team/web" } },
    made = { { region = "us-east-1", tag = "bad", layers = { 100 }, pending = 0, rate = 1000, fails_at = 0.5,
      issue = "NETWORK_ERROR" }, { layers = { 100 }, pending = 0, rate = 1000 } },
    tasks = {}, push = pushes, faults = faults } })
  local options = server:options()
  target = { url = server:url(), access_key_id = options.access_key_id, access_key_secret = options.access_key_secret }
end

after_each(function()
  if server then server:stop() end
  server = nil
end)

local QUICK = " --interval 0.1 --max-interval 0.2 --settle 0.5 --timeout 30"

local function run(words) return command.run(target, words) end

describe("crsync wait", function()
  it("waits for a push, and not for an older one", function()
    play { { repo = "team/web", tag = "1.1.0", at = -900, batch = "old" },
      { repo = "team/web", tag = "1.1.0", at = 0.5, gap = 0.5, batch = "new" } }
    local output, errors, status = run("wait cri-1 --repo team/web --tag 1.1.0 --since 10m --expect 2 -o json" .. QUICK)
    assert.equal(0, status, errors)
    local tasks = cjson.decode(output)
    assert.same({ 2, "new", "new" }, { #tasks, tasks[1].SyncBatchTaskId, tasks[2].SyncBatchTaskId })
    assert.same({ "eu-west-1", "us-east-1" }, { tasks[1].ImageTo.RegionId, tasks[2].ImageTo.RegionId })
    assert.truthy(errors:find("2 of 2 succeeded", 1, true), errors)
    assert.truthy(errors:find(tasks[1].SyncTaskId .. "  SUCCESS", 1, true), errors)
  end)

  it("waits for a batch, and tells what failed", function()
    play { { repo = "team/web", tag = "bad", at = 0, batch = "b-1" } }
    local output, errors, status = run("wait cri-1 --batch b-1 -o markdown" .. QUICK)
    assert.equal(1, status)
    assert.truthy(output:find("^| SyncTaskId | TaskStatus |"), output)
    assert.truthy(errors:find("ended in ERROR: NETWORK_ERROR", 1, true), errors)
    assert.truthy(errors:find("1 of 2 succeeded, 1 failed", 1, true), errors)
  end)

  it("ends with 5 where nothing appears, and says what is there instead", function()
    play { { repo = "team/web", tag = "1.1.0", at = -900 } }
    local output, errors, status = run("wait cri-1 --repo team/web --tag 1.1.0 --since 10m --appear-timeout 0.5"
      .. QUICK)
    assert.same({ "", 5 }, { output, status })
    for _, part in ipairs { "no task of team/web:1.1.0 made since", "the newest there is: rst-",
      "crsr-eu to eu-west-1" } do
      assert.truthy(errors:find(part, 1, true), errors)
    end
  end)

  it("ends with 5 where fewer appear than are expected, and shows those", function()
    play { { repo = "team/web", tag = "1.1.0", at = 0, batch = "b-1" } }
    local output, errors, status = run("wait cri-1 --batch b-1 --expect 3 --field TaskStatus" .. QUICK
      .. " --timeout 2")
    assert.same({ "SUCCESS\nSUCCESS\n", 5 }, { output, status })
    assert.truthy(errors:find("2 of 3 tasks of batch b-1 have appeared within 2", 1, true), errors)
  end)

  it("goes on where asking for the list was hindered for a while", function()
    play({ { repo = "team/web", tag = "1.1.0", at = 0, batch = "b-1" } },
      { { action = "ListRepoSyncTask", after = 1, times = 4, status = 503, code = "ServiceUnavailable" } })
    local _, errors, status = run("wait cri-1 --batch b-1" .. QUICK)
    assert.equal(0, status, errors)
    assert.truthy(errors:find "\nbatch b%-1  [^\n]*appeared  asking fails: ServiceUnavailable: [^\n]*; going on\n",
      errors)
    assert.truthy(errors:find("2 of 2 succeeded", 1, true), errors)
  end)

  it("tells what hinders asking for the list", function()
    local nobody = { url = "http://127.0.0.1:1", access_key_id = "a", access_key_secret = "b" }
    local _, errors, status = command.run(nobody, "wait cri-1 --batch b-1 --interval 0.1 --unreachable-timeout 1.5")
    assert.equal(4, status)
    assert.truthy(errors:find "^batch b%-1  no task has appeared yet  asking fails: [^\n]*connect[^\n]*; going on\n",
      errors)
    assert.truthy(errors:find "the service was not reached once in %d s", errors)
  end)

  for words, part in pairs {
    [""] = "wait takes ids of tasks, or --batch, or --repo",
    ["rst-1 --batch b-1"] = "wait takes ids of tasks, or --batch, or --repo",
    ["--batch b-1 --repo team/web --tag 1 --since 1m"] = "wait takes ids of tasks, or --batch, or --repo",
    ["--repo team/web --tag 1.0"] = "--repo needs --tag and --since",
    ["--repo team/web --since 10m"] = "--repo needs --tag and --since",
    ["--repo web --tag 1.0 --since 10m"] = "--repo is NAMESPACE/NAME here",
    ["rst-1 --since 10m"] = "--tag and --since belong to --repo",
    ["rst-1 --expect 2"] = "belong to --batch or --repo",
    ["--batch b-1 --expect 0"] = "at least 1",
  } do
    it("refuses wrong words: " .. words, function()
      local nobody = { url = "http://127.0.0.1:1", access_key_id = "a", access_key_secret = "b" }
      local _, errors, status = command.run(nobody, "wait cri-1 " .. words)
      assert.equal(2, status)
      assert.truthy(errors:find(part, 1, true), errors)
    end)
  end
end)
