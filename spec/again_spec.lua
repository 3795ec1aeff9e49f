-- Making failed tasks again: by the library and by the command.

local again = require "crsync.again"
local at_most = require "spec.support.at_most"
local command = require "spec.support.command"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local sandbox = require "crsync.sandbox"

local function image(region, tag)
  return { RegionId = region, InstanceId = "cri-" .. region, RepoNamespaceName = "team", RepoName = "web",
    ImageTag = tag or "1.0" }
end

local function task(more)
  local t = { IsSuccess = true, SyncTaskId = "rst-1", TaskStatus = "ERROR", TaskIssue = "NETWORK_ERROR",
    TaskTrigger = "PASSIVE", SyncRuleId = "crsr-1", ImageFrom = image "cn", ImageTo = image "eu", LayerTasks = {} }
  for name, value in pairs(more or {}) do t[name] = value end
  return t
end

describe("client:retry_task", function()
  local server, client

  lazy_setup(function() server = endpoint.start() end)
  lazy_teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    client = server:client()
  end)
  after_each(function() client:close() end)

  local REPOSITORY = { body = { IsSuccess = true, RepoId = "crr-9" } }
  local CREATED = { body = { IsSuccess = true, SyncTaskId = "rst-2" } }

  local function retry(given, params)
    server:answer({ body = given }, REPOSITORY, CREATED)
    local id, response = client:retry_task("cri-1", "rst-1", params)
    local requests = server:requests()
    return id, response, requests[#requests]
  end

  it("spells the task without a rule out", function()
    local given = task { Priority = 5 }
    given.SyncRuleId = nil
    local id, response, request = retry(given)
    assert.same({ "rst-2", "rst-2" }, { id, response.SyncTaskId })
    assert.equal("CreateRepoSyncTask", request.headers["x-acs-action"])
    local query = request.query
    assert.same({ "cri-1", "crr-9", "1.0", "eu", "cri-eu", "team", "web", "1.0", "5" }, { query.InstanceId,
      query.RepoId, query.Tag, query.TargetRegionId, query.TargetInstanceId, query.TargetNamespace,
      query.TargetRepoName, query.TargetTag, query.Priority })
    assert.is_nil(query.SyncRuleId)
    local asked = server:requests()[2]
    assert.same({ "GetRepository", "team", "web" }, { asked.headers["x-acs-action"], asked.query.RepoNamespaceName,
      asked.query.RepoName })
  end)

  it("goes by the task's rule", function()
    for _, trigger in ipairs { "INITIATIVE", "PASSIVE" } do
      server:reset()
      local id, _, request = retry(task { TaskTrigger = trigger, TaskStatus = "CANCELED" })
      assert.same({ "rst-2", "CreateRepoSyncTaskByRule" }, { id, request.headers["x-acs-action"] })
      assert.same({ "crr-9", "1.0", "crsr-1" }, { request.query.RepoId, request.query.Tag, request.query.SyncRuleId })
      assert.is_nil(request.query.TargetRegionId)
    end
  end)

  it("spells the target out where an automatic rule is refused, and only there", function()
    for _, refusal in ipairs { "err.400.InvalidParameter", "err.403.NoPrivilege",
      "fail200.SYNC_TASK_NOT_EXIST" } do
      server:reset()
      server:answer({ body = task() }, REPOSITORY, refusal, CREATED)
      assert.equal("rst-2", (client:retry_task("cri-1", "rst-1")))
      local request = server:requests()[4]
      assert.same({ "CreateRepoSyncTask", "crr-9", "cri-eu" }, { request.headers["x-acs-action"],
        request.query.RepoId, request.query.TargetInstanceId })
    end
    local unsure = { "err.400.SignatureNonceUsed", "err.500.SystemError", { reset = "before" }, { body = {} } }
    for _, answer in ipairs(unsure) do
      server:reset()
      server:answer({ body = task() }, REPOSITORY, answer, CREATED)
      local id, err = client:retry_task("cri-1", "rst-1")
      assert.same({ nil, "CreateRepoSyncTaskByRule", 3 }, { id, err.action, #server:requests() })
    end
    for given, params in pairs { [task { TaskTrigger = "INITIATIVE" }] = {}, [task()] = { SyncRuleId = "crsr-2" } } do
      server:reset()
      server:answer({ body = given }, REPOSITORY, "err.400.InvalidParameter", CREATED)
      assert.equal("client", select(2, client:retry_task("cri-1", "rst-1", params)).kind)
      assert.equal(3, #server:requests())
    end
  end)

  it("lets parameters win", function()
    local given = { RepoId = "crr-mine", TargetTag = "2.0", Override = true }
    local _, _, request = retry(task(), given)
    assert.same({ "crr-mine", "2.0", "true", "1.0" }, { request.query.RepoId, request.query.TargetTag,
      request.query.Override, request.query.Tag })
    assert.equal(2, #server:requests())
    assert.same({ RepoId = "crr-mine", TargetTag = "2.0", Override = true }, given)
    server:reset()
    _, _, request = retry(task(), { SyncRuleId = "crsr-2" })
    assert.same({ "CreateRepoSyncTaskByRule", "crsr-2" }, { request.headers["x-acs-action"], request.query.SyncRuleId })
  end)

  it("spells the target out where a parameter says more than a rule takes", function()
    local by_hand = { TaskTrigger = "INITIATIVE" }
    for name, value in pairs { TargetTag = "2.0", Override = true, TargetRegionId = "us" } do
      server:reset()
      local _, _, request = retry(task(by_hand), { [name] = value })
      assert.equal("CreateRepoSyncTask", request.headers["x-acs-action"])
      assert.equal(tostring(value), request.query[name])
      assert.equal("cri-eu", request.query.TargetInstanceId)
    end
    server:reset()
    local _, _, request = retry(task(by_hand), { Priority = 1, Tag = "1.1" })
    assert.same({ "CreateRepoSyncTaskByRule", "1", "1.1" }, { request.headers["x-acs-action"], request.query.Priority,
      request.query.Tag })
  end)

  it("asks for what the task does not tell, and makes nothing", function()
    local without = task { SyncRuleId = "" }
    without.ImageFrom = nil
    local _, err = retry(without)
    assert.truthy(err.message:find("new one's RepoId: give it", 1, true), err.message)
    server:reset()
    without = task { SyncRuleId = "" }
    without.ImageTo = nil
    _, err = retry(without, { RepoId = "crr-1", TargetRegionId = "eu" })
    assert.truthy(err.message:find("new one's TargetInstanceId: give it", 1, true), err.message)
    assert.same({ "client", "rst-1", 1 }, { err.kind, err.task_id, #server:requests() })
  end)

  it("makes nothing where the repository's id is not told", function()
    server:answer({ body = task() }, { body = { IsSuccess = true } })
    local _, err = client:retry_task("cri-1", "rst-1")
    assert.same({ "decode", "GetRepository", "rst-1" }, { err.kind, err.action, err.task_id })
    assert.truthy(err.message:find("lacks RepoId", 1, true), err.message)
    assert.equal(2, #server:requests())
  end)

  it("is an error for any other status, unless it is forced", function()
    for _, status in ipairs { "SUCCESS", "PENDING", "NEW" } do
      server:reset()
      local id, err = retry(task { TaskStatus = status })
      assert.is_nil(id)
      assert.is_true(crsync.is_error(err))
      assert.same({ "client", status, "rst-1", "NETWORK_ERROR" }, { err.kind, err.task.TaskStatus, err.task_id,
        err.issue })
      assert.truthy(err.message:find("task rst-1 is " .. status .. ": only one", 1, true))
      assert.equal(1, #server:requests())
      server:reset()
      local _, _, request = retry(task { TaskStatus = status }, { force = true })
      assert.is_nil(request.query.force)
    end
  end)

  it("asks for the account that a task does not name", function()
    local spelled_out = task { CrossUser = true }
    spelled_out.SyncRuleId = nil
    local _, err = retry(spelled_out)
    assert.truthy(err.message:find("give TargetUserId", 1, true))
    server:reset()
    assert.equal("rst-2", (retry(spelled_out, { TargetUserId = "17" })))
    server:reset()
    assert.equal("rst-2", (retry(task { CrossUser = true }))) -- its rule knows
    server:reset()
    server:answer({ body = task { CrossUser = true } }, REPOSITORY, "err.400.InvalidParameter", CREATED)
    _, err = client:retry_task("cri-1", "rst-1")
    assert.truthy(err.message:find("give TargetUserId", 1, true))
    assert.equal(3, #server:requests())
  end)

  it("passes on what was refused", function()
    server:answer "err.400.SYNC_TASK_NOT_EXIST"
    assert.equal("not_found", select(2, client:retry_task("cri-1", "rst-1")).kind)
    server:answer({ body = task() }, "err.400.REPO_NOT_EXIST")
    assert.equal("GetRepository", select(2, client:retry_task("cri-1", "rst-1")).action)
    server:answer({ body = task() }, REPOSITORY, "err.403.NoPrivilege", "err.403.NoPrivilege")
    local _, refusal = client:retry_task("cri-1", "rst-1")
    assert.same({ "CreateRepoSyncTask", "rst-1" }, { refusal.action, refusal.task_id })
    local ok, message = pcall(function() client:retry_task("cri-1", "rst-1", 5) end)
    assert.is_false(ok)
    assert.truthy(message:find "again_spec.lua:%d+: bad argument #3 to 'retry_task'")
  end)
end)

describe("a newer task", function()
  it("has the same source and target", function()
    local old = { SyncTaskId = "a", CreateTime = 5, ImageFrom = image "cn", ImageTo = image "eu" }
    local function other(id, time, from, to)
      return { SyncTaskId = id, CreateTime = time, ImageFrom = from, ImageTo = to }
    end
    assert.is_nil(again.newer(old, { old, other("b", 4, image "cn", image "eu"), other("c", 9, image "cn", image "us"),
      other("d", 9, image("cn", "2"), image "eu"), other("e", 9), other("f", nil, image "cn", image "eu") }))
    assert.equal("c", again.newer(old, { other("b", 6, image "cn", image "eu"), other("c", 8, image "cn", image "eu"),
      other("d", 7, image "cn", image "eu") }).SyncTaskId)
  end)
end)

describe("crsync retry", function()
  local server, target

  local function failed(id, age, more)
    local t = { id = id, age = age, repo = "team/web", tag = id, to = "eu-west-1", layers = { 10 }, pending = 0,
      rate = 1000, fails_at = 0.5, issue = "NETWORK_ERROR" }
    for name, value in pairs(more or {}) do t[name] = value end
    return t
  end

  before_each(function()
    server = assert(sandbox.start { lua = os.getenv "LUA" or "lua5.4", speed = 20, scenario = { instance = "cri-1",
      instances = { { id = "cri-eu", region = "eu-west-1" } }, rules = {},
      repositories = { { id = "crr-1", name = "team/web" } },
      made = { { layers = { 10 }, pending = 0.1, rate = 1000 } },
      tasks = {
        failed("rst-net", 3600), failed("rst-old", 2 * 86400), failed("rst-conflict", 1800, { issue = "TAG_CONFLICT" }),
        failed("rst-first", 3000, { tag = "twice" }), failed("rst-second", 600, { tag = "twice" }),
        { id = "rst-fine", age = 900, repo = "team/web", to = "eu-west-1", layers = { 10 }, pending = 0, rate = 1000 },
      } } })
    local options = server:options()
    target = { url = server:url(), access_key_id = options.access_key_id,
      access_key_secret = options.access_key_secret }
  end)
  after_each(function() server:stop() end)

  local function run(words) return command.run(target, words) end

  local function made()
    local count = 0
    for _, request in ipairs(server:requests()) do
      if request.action:find "^Create" then count = count + 1 end
    end
    return count
  end

  it("makes the tasks that are named again, once, and waits for them", function()
    local output, errors, status = run "retry cri-1 rst-net rst-conflict rst-net --wait"
    assert.equal(0, status, errors)
    local ids = {}
    for id in output:gmatch "(rst%-%w+)\n" do ids[#ids + 1] = id end
    assert.equal(2, #ids, output)
    assert.truthy(errors:find(ids[1] .. "  SUCCESS", 1, true), errors)
    assert.truthy(errors:find("2 of 2 succeeded", 1, true), errors)
    assert.equal(2, made())
    output, errors, status = run "retry cri-1 rst-net"
    assert.same({ "", 0 }, { output, status })
    assert.truthy(errors:find("rst-net is left alone: it was made again already, as " .. ids[1]
      .. ", which is SUCCESS", 1, true), errors)
    assert.truthy(errors:find("there is nothing to make again", 1, true))
    assert.equal(2, made())
  end)

  it("leaves alone what has not failed", function()
    local output, errors, status = run "retry cri-1 rst-fine"
    assert.same({ "", 0, 0 }, { output, status, made() })
    assert.truthy(errors:find("rst-fine is left alone: it is SUCCESS", 1, true))
  end)

  it("shows what it would make of those that failed, and makes none", function()
    local output, errors, status = run "retry cri-1 --failed --dry-run --field SyncTaskId"
    assert.same({ 0, 0 }, { status, made() })
    local found = {}
    for id in output:gmatch "[^\n]+" do found[id] = true end
    assert.same({ ["rst-net"] = true, ["rst-conflict"] = true, ["rst-second"] = true }, found)
    assert.truthy(errors:find("rst-first is left alone: it was made again already, as rst-second, which is ERROR", 1,
      true))
    assert.truthy((run "retry cri-1 --failed --since 5d --issue NETWORK_ERROR --dry-run"):find("rst-old", 1, true))
    assert.equal(0, made())
  end)

  it("makes those that failed for a reason, and not again the next time", function()
    local output, _, status = run "retry cri-1 --failed --since 2h --issue NETWORK_ERROR,INTERNAL_ERROR -o json"
    assert.equal(0, status)
    assert.truthy(output:find('"RetryOf":"rst-net"', 1, true), output)
    assert.truthy(output:find('"RetryOf":"rst-second"', 1, true))
    assert.equal(2, made())
    run "retry cri-1 --failed --since 2h --issue NETWORK_ERROR,INTERNAL_ERROR"
    assert.equal(2, made())
  end)

  it("says what was meant by a reason that there is not", function()
    local _, errors, status = run "retry cri-1 --failed --issue NETWORK_EROR,SOMETHING_NEW"
    assert.same({ 0, 0 }, { status, made() })
    assert.equal("crsync: no task failed for NETWORK_EROR; did you mean NETWORK_ERROR?\n"
      .. "crsync: there is nothing to make again\n", errors)
  end)

  it("tells the ids all the same where the output is lost", function()
    local _, errors, status = run "retry cri-1 rst-net >/dev/full"
    assert.same({ 4, 1 }, { status, made() })
    assert.truthy(errors:find "these tasks were made: rst%-%w+\n", errors)
  end)

  it("goes on after one that is refused", function()
    local fake = endpoint.start()
    finally(function() fake:stop() end)
    local listed = { task { CreateTime = os.time() * 1000 }, task { SyncTaskId = "rst-2", CreateTime = os.time() * 1000,
      ImageTo = image "us" } }
    fake:answer { body = { IsSuccess = true, TotalCount = "2", SyncTasks = listed } }
    fake:answer_for("rst-1", "err.400.SYNC_TASK_NOT_EXIST")
    fake:answer_for("rst-2", { body = listed[2] })
    local output, errors, status = command.run(fake, "retry cri-1 --failed")
    assert.same({ 3, true }, { status, output:find "^rst%-%w+" ~= nil })
    assert.truthy(errors:find("SYNC_TASK_NOT_EXIST", 1, true))
  end)

  it("tells the ids of those that are made already when it is interrupted", function()
    local fake = endpoint.start()
    finally(function() fake:stop() end)
    local listed = { task { CreateTime = os.time() * 1000 }, task { SyncTaskId = "rst-2", CreateTime = os.time() * 1000,
      ImageTo = image "us" } }
    fake:answer_for("rst-1", { body = listed[1] })
    fake:answer_for("rst-2", { body = listed[2] })
    local repository = { body = { IsSuccess = true, RepoId = "crr-1" } }
    fake:answer({ body = { IsSuccess = true, TotalCount = "2", SyncTasks = listed } }, repository,
      { body = { IsSuccess = true, SyncTaskId = "rst-made" } }, repository, { hang = true })
    local output, errors, status = command.run(fake, "retry cri-1 --failed",
      "timeout --foreground --preserve-status -s INT 2")
    assert.same({ "", 130 }, { output, status }, errors)
    assert.equal("crsync: these tasks were made: rst-made\ncrsync: interrupted\n", errors)
  end)

  it("ends in the time that it is given, and so does create with its wait", function()
    local fake = endpoint.start()
    finally(function() fake:stop() end)
    local page = { delay = 0.3, body = { IsSuccess = true, TotalCount = "99", SyncTasks = { task() } } }
    local create = "create cri-1 RepoId=crr-1 Tag=1.0 SyncRuleId=crsr-1 --wait"
    for words, responses in pairs {
      ["retry cri-1 --failed"] = { page, { hang = true } },
      ["retry cri-1 rst-1 --wait"] = { { hang = true } },
      [create] = { { delay = 0.3, body = { IsSuccess = true, SyncTaskId = "rst-1" } }, { hang = true } },
    } do
      fake:reset()
      fake:answer(compat.unpack(responses))
      local started = core.now()
      local _, errors, status = command.run(fake, words .. " --timeout 1")
      assert.equal(5, status, errors)
      assert.is_true(core.now() - started < at_most(3), words)
    end
  end)

  for words, part in pairs {
    ["retry cri-1"] = "retry takes ids of tasks, or --failed",
    ["retry cri-1 rst-1 --failed"] = "retry takes ids of tasks, or --failed",
    ["retry cri-1 rst-1 --since 1h"] = "choose among tasks with --failed",
    ["retry cri-1 rst-1 --issue X"] = "choose among tasks with --failed",
  } do
    it("refuses " .. words, function()
      local _, errors, status = run(words)
      assert.equal(2, status)
      assert.truthy(errors:find(part, 1, true), errors)
    end)
  end

  it("gives up in time without --wait, too", function()
    local fake = endpoint.start()
    finally(function() fake:stop() end)
    fake:answer_always { hang = true }
    for _, words in ipairs { "rst-1", "--failed" } do
      local _, errors, status = command.run(fake, "retry cri-1 --timeout 0.3 " .. words)
      assert.equal(5, status, errors)
    end
  end)

  it("create waits, too", function()
    local output, errors, status = run("create cri-1 RepoId=crr-1 Tag=1.0 TargetRegionId=eu-west-1"
      .. " TargetInstanceId=cri-eu TargetNamespace=team TargetRepoName=web TargetTag=1.0 --wait --timeout 20")
    assert.equal(0, status, errors)
    assert.truthy(output:find "^rst%-%w+\n$")
    assert.truthy(errors:find("SUCCESS", 1, true))
  end)
end)
