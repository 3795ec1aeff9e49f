-- The examples, run as they stand, as a user would.

local child = require "spec.support.child"
local desks = require "spec.support.desk"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"
local sandbox = require "crsync.sandbox"

local LUA = os.getenv "LUA" or "lua5.4"
local quoted = child.quoted

local server, desk

lazy_setup(function()
  server = endpoint.start()
  desk = desks.new()
end)
lazy_teardown(function()
  server:stop()
  desk:clear()
end)
before_each(function() server:reset() end)

local function run(command)
  return desk:run(command, { ALIBABA_CLOUD_ENDPOINT = server.url, ALIBABA_CLOUD_ACCESS_KEY_ID = server.access_key_id,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET = server.access_key_secret })
end

local worlds = {}

after_each(function()
  while worlds[1] do table.remove(worlds):stop() end
end)

-- A sandbox for the length of a test; returns a function that runs commands against it.
local function play(scenario)
  local world = assert(sandbox.start { lua = LUA, speed = 20, scenario = scenario })
  worlds[#worlds + 1] = world
  local variables = world:env()
  variables.SYNC_INTERVAL = "0.1"
  return function(command, more)
    local all = {}
    for _, set in ipairs { variables, more or {} } do
      for name, value in pairs(set) do all[name] = value end
    end
    return desk:run(command, all)
  end, world
end

local function count(text, part) return select(2, text:gsub(part, "")) end

local function has_all(output, parts)
  for _, part in ipairs(parts) do assert.truthy(output:find(part, 1, true), output) end
end

describe("each example", function()
  it("without arguments tells its usage and ends with 2", function()
    local seen = 0
    for path in io.popen("ls examples/*.lua examples/*.sh"):lines() do
      if not (path:find "/spec_" or path:find "/demo%.lua$") then
        local output, status = desk:run((path:find "%.lua$" and LUA .. " " or "") .. path, {})
        assert.equal(2, status, path .. ": " .. output)
        assert.truthy(output:find "^usage: .*" and output:find(path:match "[^/]+$", 1, true), output)
        seen = seen + 1
      end
    end
    assert.is_true(seen >= 6, seen)
  end)

  it("says so where there are no keys", function()
    for _, words in ipairs { "get_task.lua cri-1 rst-1", "wait_for_push.lua cri-1 team/web 1.0 0",
      "mirror_tag.lua cri-1 crr-1 1.0", "prometheus_textfile.lua " .. desk.folder .. "/x.prom cri-1 rst-1" } do
      local output, status = desk:run(LUA .. " examples/" .. words, {})
      assert.is_true(status == 1 or status == 3, words)
      assert.truthy(output:find "^crsync: no region and no endpoint", output)
    end
  end)
end)

describe("get_task", function()
  local GET = LUA .. " examples/get_task.lua cri-1 rst-7"

  it("prints a report, and fails with the task", function()
    local output, status = run(GET)
    assert.equal(0, status)
    assert.truthy(output:find("^task      rst%-7\nstatus    SUCCESS\n"), output)
    server:answer "get.error-network-error"
    output, status = run(GET)
    assert.equal(1, status)
    has_all(output, { "NETWORK_ERROR" })
  end)

  it("tells a refusal from what may pass", function()
    server:answer "err.403.NoPrivilege"
    local output, status = run(GET)
    assert.equal(3, status)
    has_all(output, { "cr:GetRepositorySync" })
    server:answer_always { reset = "before" }
    assert.equal(75, select(2, run(GET)))
  end)
end)

describe("sign_for_curl", function()
  it("prints a command that the service accepts", function()
    local output, status = run(("%s examples/sign_for_curl.lua %s cri-1 rst-7 | env -u LD_PRELOAD sh"):format(LUA,
      server.url))
    assert.equal(0, status)
    has_all(output, { '"SyncTaskId": "rst-7"' })
    assert.is_true(server:requests()[1].verified)
  end)

  it("asks by https where no scheme is named", function()
    local output = run(LUA .. " examples/sign_for_curl.lua cr.cn-hangzhou.aliyuncs.com cri-1 rst-7")
    has_all(output, { "'https://cr.cn-hangzhou.aliyuncs.com/?InstanceId=cri-1" })
    assert.is_nil(output:find(server.access_key_secret, 1, true))
  end)
end)

-- Two automatic rules; the tag was pushed an hour ago, and failed, and is pushed again in half a second.
local function release(made)
  return { rules = { { id = "crsr-eu", to = "eu-west-1", repo = "team/web" },
      { id = "crsr-us", to = "us-east-1", repo = "team/web" } },
    push = { { at = 10, gap = 5, repo = "team/web", tag = "1.1.0" } }, made = made,
    tasks = { { id = "rst-old", age = 3600, repo = "team/web", tag = "1.1.0", to = "eu-west-1", fails_at = 0.1,
      issue = "TAG_CONFLICT" } } }
end

local function gate(regions)
  return ("%s examples/wait_for_push.lua cri-sandbox team/web 1.1.0 %d %s"):format(LUA, os.time() - 5, regions)
end

describe("wait_for_push", function()
  it("is content when the tag has arrived everywhere, whatever became of an older push", function()
    local output, status = play(release { { layers = { 10e6 } } })(gate "2")
    assert.equal(0, status, output)
    has_all(output, { "eu-west-1: SUCCESS, 100 %\n", "us-east-1: SUCCESS", "team/web:1.1.0: 2 of 2 syncs succeeded\n" })
  end)

  it("fails with a line for each region where it has not: reason, and what to do", function()
    local output, status = play(release { { layers = { 10e6 }, region = "us-east-1", fails_at = 0.5,
      issue = "NETWORK_ERROR" }, { layers = { 10e6 } } })(gate "2")
    assert.equal(1, status, output)
    assert.equal(1, count(output, "FAILED"))
    assert.truthy(output:find("\nFAILED to us%-east%-1: task rst%-%w+ ended in ERROR: NETWORK_ERROR; [^\n]*a new task"),
      output)
    has_all(output, { "1 of 2 syncs succeeded" })
  end)

  it("fails where fewer have appeared than there are regions, or none", function()
    local scenario = release { { layers = { 10e6 } } }
    local output, status = play(scenario)(gate "3", { SYNC_TIMEOUT = "3" })
    assert.equal(1, status, output)
    has_all(output, { "2 of 3 tasks of team/web:1.1.0", "team/web:1.1.0: 2 of 3 syncs succeeded\n" })
  end)

  it("says what is there instead of a push", function()
    local scenario = release {}
    scenario.push = {}
    local output, status = play(scenario)(gate "2", { SYNC_TIMEOUT = "0.5" })
    assert.equal(1, status, output)
    has_all(output, { "no task of team/web:1.1.0 made since", "the newest there is: rst-old",
      "0 of 2 syncs succeeded" })
  end)

  it("tells that nobody knows where the list is refused", function()
    local scenario = release {}
    scenario.faults = { { action = "ListRepoSyncTask", code = "NoPrivilege", status = 403 } }
    local output, status = play(scenario)(gate "2")
    assert.equal(3, status, output)
    has_all(output, { "NoPrivilege", "cr:GetRepositorySync" })
  end)
end)

describe("mirror_tag", function()
  local MIRROR = LUA .. " examples/mirror_tag.lua cri-sandbox crr-sandbox-web 1.0.0"

  local function tasks_to(command, region)
    local output = command("crsync list cri-sandbox --to-region " .. region .. " --field SyncTaskId")
    return count(output, "rst%-")
  end

  it("repairs what failed for the network", function()
    local command = play({ tasks = {}, seed = 2, made = { { chance = 0.5, layers = { 1e6 }, fails_at = 0.5,
      issue = "NETWORK_ERROR" }, { layers = { 1e6 } } } })
    local output, status = command(MIRROR)
    assert.equal(0, status, output)
    assert.is_true(count(output, "failed for the network, made again as") > 0, output)
    has_all(output, { "eu-west-1: arrived", "us-east-1: arrived", "ap-southeast-1: arrived" })
  end)

  it("gives up after two repairs, makes nothing else again, and tells what is left", function()
    local command = play({ tasks = {}, made = {
      { region = "us-east-1", layers = { 1e6 }, fails_at = 0.5, issue = "NETWORK_ERROR" },
      { region = "eu-west-1", layers = { 1e6 }, fails_at = 0.5, issue = "TAG_CONFLICT" },
      { layers = { 1e6 } } } })
    local output, status = command(MIRROR)
    assert.equal(1, status, output)
    assert.same({ 3, 1, 1 }, { tasks_to(command, "us-east-1"), tasks_to(command, "eu-west-1"),
      tasks_to(command, "ap-southeast-1") })
    assert.equal(2, count(output, "made again as"))
    assert.truthy(output:find "us%-east%-1: crsync: [^\n]*NETWORK_ERROR", output)
    assert.truthy(output:find "eu%-west%-1: crsync: [^\n]*TAG_CONFLICT", output)
    has_all(output, { "ap-southeast-1: arrived" })
  end)

  it("goes on where one cannot be started, or not be made again", function()
    local command = play({ tasks = {}, made = {
      { region = "us-east-1", layers = { 1e6 }, fails_at = 0.5, issue = "NETWORK_ERROR" }, { layers = { 1e6 } } },
      faults = { { action = "CreateRepoSyncTask", region = "eu-west-1", code = "NoPrivilege", status = 403 },
        { action = "CreateRepoSyncTask", region = "us-east-1", after = 1, code = "QuotaFull", status = 400 },
        { action = "CreateRepoSyncTask", region = "ap-southeast-1", reset = true } },
    })
    local output, status = command(MIRROR)
    assert.equal(1, status, output)
    has_all(output, { "eu-west-1: crsync: CreateRepoSyncTask: NoPrivilege",
      "us-east-1: crsync: CreateRepoSyncTask: QuotaFull", "ap-southeast-1: crsync: CreateRepoSyncTask: Recv failure",
      "it may have been done all the same" })
  end)
end)

describe("prometheus_textfile", function()
  local function write(path)
    return run(("%s examples/prometheus_textfile.lua %s cri-1 A B"):format(LUA, quoted(path)))
  end

  it("writes what node exporter reads", function()
    server:answer_for("B", "err.400.SYNC_TASK_NOT_EXIST")
    local path = desk.folder .. "/syncs.prom"
    files.write(path, "old")
    local output, status = write(path)
    assert.equal(0, status, output)
    has_all(output, { "SYNC_TASK_NOT_EXIST" })
    local labels = '{task="A",region="eu-west-1",repo="test/test",tag="master"}'
    local text = files.read(path)
    for _, line in ipairs { "# TYPE crsync_synced_bytes gauge", "crsync_synced_bytes" .. labels .. " 23655489",
      "crsync_ok" .. labels .. " 1", "crsync_unanswered 1" } do
      has_all(text, { line .. "\n" })
    end
    assert.is_nil(text:find("old", 1, true))
    assert.is_nil(io.open(path .. ".new"))
  end)

  it("leaves nothing behind where it cannot write", function()
    local taken = desk.folder .. "/taken.prom"
    assert(os.execute("mkdir " .. quoted(taken)))
    local output, status = write(taken)
    assert.equal(1, status, output)
    has_all(output, { taken .. ": " })
    assert.is_nil(io.open(taken .. ".new"))
    output, status = write(desk.folder .. "/none/syncs.prom")
    assert.equal(1, status, output)
    has_all(output, { "No such file or directory" })
  end)
end)

describe("nightly_report", function()
  local FAILED = { id = "rst-f", age = 600, fails_at = 0.5, issue = "NETWORK_ERROR", to = "us-east-1",
    repo = "team/web" }
  local FINE = { id = "rst-s", age = 600, to = "eu-west-1", repo = "team/web" }
  local OLD = { id = "rst-o", age = 200000, fails_at = 0.5, to = "us-east-1", repo = "team/web" }
  local page, box, sendmail

  before_each(function()
    page, box = desk.folder .. "/syncs.html", desk.folder .. "/box"
    os.remove(page)
    os.remove(box)
    sendmail = desk:put("sendmail", ("{ echo \"$@\"; cat; } >%s"):format(quoted(box)))
  end)

  -- Returns output, status, the mail, the page.
  local function report(scenario, variables, instance)
    local command = play(scenario)
    local more = { SENDMAIL = sendmail .. " -f nobody" }
    for name, value in pairs(variables or {}) do more[name] = value end
    local words = "examples/nightly_report.sh %s %s ops@example.com"
    local output, status = command(words:format(instance or "cri-sandbox", quoted(page)), more)
    local _, mail = pcall(files.read, box)
    local _, html = pcall(files.read, page)
    assert.is_nil(io.open(page .. ".new"))
    assert.equal("", files.output_of(("find %s -name 'tmp.*'"):format(quoted(desk.folder))))
    return output, status, mail, html
  end

  it("mails what failed, and writes the page", function()
    local output, status, mail, html = report { tasks = { FAILED, FINE, OLD } }
    assert.same({ "", 0 }, { output, status })
    assert.equal("-f nobody -i -t\nTo: ops@example.com\nSubject: Image syncs of cri-sandbox: 1 failed\n",
      mail:match "^[^\n]*\n[^\n]*\n[^\n]*\n")
    assert.truthy(mail:find "\n\ncri%-sandbox, [^\n]*: 2 tasks, 1 failed\n", mail)
    has_all(mail, { "charset=UTF-8", "NETWORK_ERROR: ", "rst-f" })
    assert.truthy(html:find "^<!DOCTYPE html>", html)
    has_all(html, { "rst-f" })
  end)

  it("mails when all is well, or is quiet then", function()
    local _, status, mail = report { tasks = { FINE, OLD } }
    assert.equal(0, status)
    has_all(mail, { "Subject: Image syncs of cri-sandbox: all is well\n" })
    os.remove(box)
    local output, quiet, none, html = report({ tasks = { FINE } }, { QUIET = "1" })
    assert.same({ "", 0 }, { output, quiet })
    assert.truthy(none:find "No such file", none)
    has_all(html, { "<!DOCTYPE html>" })
  end)

  it("mails why there is no report, though it is to be quiet, and leaves the page alone", function()
    files.write(page, "yesterday's")
    local _, status, mail, html = report({ tasks = { FINE } }, { QUIET = "1" }, "cri-mistyped")
    assert.equal(3, status)
    has_all(mail, { "Subject: Image syncs of cri-mistyped: the report could not be made\n", "INSTANCE_NOT_EXIST" })
    assert.equal("yesterday's", html)
  end)

  it("says so where the mail cannot be sent or the page not be written", function()
    local output, status = report({ tasks = { FAILED } }, { SENDMAIL = "false" })
    assert.equal(1, status, output)
    has_all(output, { "nightly_report: false did not take this mail: 1 failed\ncri-sandbox, " })
    page = desk.folder .. "/none/syncs.html"
    local _, unwritten, mail = report { tasks = { FINE } }
    assert.is_true(unwritten ~= 0)
    has_all(mail, { "the report could not be made\n", "none/syncs.html" })
  end)
end)

describe("demo", function()
  it("shows report, tables and an error", function()
    local output, status = run(LUA .. " examples/demo.lua")
    assert.equal(0, status)
    has_all(output, { "task      rst-small\nstatus    PENDING", "task = {\n  SyncTaskId = \"rst-small\"",
      "rst-web-eu  SUCCESS  100 %", "rst-web-us  ERROR", "1 of 2 succeeded, 1 failed", "TASK        STATUS" })
  end)
end)
