-- The sandbox: the command as a process, the service and its scenario by themselves.

local certificates = require "spec.support.certificates"
local child = require "spec.support.child"
local compat = require "crsync.util.compat"
local crsync = require "crsync"
local http = require "socket.http"
local ltn12 = require "ltn12"
local scenario = require "crsync.sandbox.scenario"
local tasks = require "crsync.sandbox.tasks"

local LUA = os.getenv "LUA" or "lua5.4"

local sandboxes = {}

-- Starts one; returns what it exports. Its number comes first, however the system divides its time: without it nobody
-- would end it.
local function start(arguments)
  local pipe = io.popen(("exec 2>&1; echo \"export PID=$$\";"
    .. " exec env LUA_PATH='%s' LUA_CPATH='%s' %s lua/crsync/bin.lua sandbox --port 0 %s")
    :format(package.path, package.cpath, LUA, arguments or ""), "r")
  local exports, text = {}, {}
  for line in pipe:lines() do
    text[#text + 1] = line
    local name, value = line:match "^export (%S-)=(.*)$"
    if name then exports[name] = value end
    if line:find "crsync wait" then break end
  end
  exports.pipe, exports.text = pipe, table.concat(text, "\n")
  sandboxes[#sandboxes + 1] = exports
  return exports
end

local function client_of(exports, changes)
  local options = { endpoint = exports.ALIBABA_CLOUD_ENDPOINT, access_key_id = exports.ALIBABA_CLOUD_ACCESS_KEY_ID,
    access_key_secret = exports.ALIBABA_CLOUD_ACCESS_KEY_SECRET, proxy = "",
    retry = { base_delay = 0.01, max_delay = 0.02 } }
  for k, v in pairs(changes or {}) do options[k] = v end
  return assert(crsync.new(options))
end

local function with_file(text, body)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local results = compat.pack(body(path))
  os.remove(path)
  return compat.unpack(results, 1, results.n)
end

after_each(function()
  for _, exports in ipairs(sandboxes) do
    if exports.PID then os.execute("kill " .. exports.PID .. " 2>/dev/null") end
    exports.pipe:close()
  end
  sandboxes = {}
end)

describe("crsync sandbox", function()
  it("says first what to export, and plays a push of which one half fails", function()
    local exports = start "--speed 20"
    assert.truthy(exports.text:find "# crsync sandbox at http://127.0.0.1:%d+;.-\nexport ", exports.text)
    assert.equal("cn-hangzhou", exports.ALIBABA_CLOUD_REGION_ID)
    local client = client_of(exports)
    finally(function() client:close() end)
    local seen = {}
    local results, summary = client:wait_all("cri-sandbox", { "rst-small", "rst-web-eu", "rst-web-us" },
      { interval = 0.05, max_interval = 0.05, timeout = 10, on_progress = function(task)
        if task.SyncTaskId == "rst-web-us" then seen[task.TaskStatus] = true end
      end })
    assert.same({ 2, 1 }, { summary.success, summary.failed })
    assert.equal("NETWORK_ERROR", results[3].task.TaskIssue)
    assert.same({ PENDING = true, SYNCHRONIZING = true, ERROR = true }, seen)
    local list, total = client:list_tasks("cri-sandbox", { SyncRecordId = results[2].task.SyncBatchTaskId })
    assert.same({ 2, 2 }, { #list, total })
    assert.equal(1, #client:list_tasks("cri-sandbox", { PageSize = 1, limit = 1 }))
    assert.equal(3, #client:list_tasks("cri-sandbox", { PageSize = 1 }))
  end)

  it("makes, cancels and does not find", function()
    local client = client_of(start())
    finally(function() client:close() end)
    local id = assert(client:create_task_by_rule("cri-sandbox", { RepoId = "crr-sandbox-web", Tag = "2",
      SyncRuleId = "crsr-sandbox-manual" }))
    assert.equal("PENDING", client:get_task("cri-sandbox", id).TaskStatus)
    assert.is_true(client:cancel_task("cri-sandbox", id))
    assert.equal("CANCELED", client:get_task("cri-sandbox", id).TaskStatus)
    assert.equal("not_found", select(2, client:get_task("cri-sandbox", "rst-nope")).kind)
    assert.equal("INSTANCE_NOT_EXIST", select(2, client:get_task("cri-other", "rst-small")).code)
    local rule = assert(client:create_rule("cri-sandbox", { SyncRuleName = "n", SyncScope = "INSTANCE",
      TagFilter = ".*", TargetRegionId = "eu-west-1", TargetInstanceId = "cri-sandbox-eu" }))
    assert.equal(rule, client:list_rules("cri-sandbox")[4].SyncRuleId)
    assert.is_true(client:delete_rule("cri-sandbox", rule))
    assert.equal(3, #client:list_rules("cri-sandbox"))
    assert.equal("InvalidAction.NotFound", select(2, client:call("GetNothing", { InstanceId = "cri-sandbox" })).code)
  end)

  it("verifies signatures", function()
    local exports = start()
    local err = select(2, client_of(exports, { access_key_secret = "wrong" }):get_task("cri-sandbox", "rst-small"))
    assert.equal("SignatureDoesNotMatch", err.code)
    err = select(2, client_of(exports, { access_key_id = "Nobody" }):get_task("cri-sandbox", "rst-small"))
    assert.equal("InvalidAccessKeyId.NotFound", err.code)
    assert.is_table(client_of(exports):get_task("cri-sandbox", "rst-small"))
  end)

  it("refuses what the service refuses", function()
    local exports = start()
    local client = client_of(exports)
    finally(function() client:close() end)
    local function code(...) return select(2, client:call(...)).code end
    assert.equal("InvalidVersion", code("GetRepoSyncTask", { InstanceId = "cri-sandbox" }, { version = "2016-06-07" }))
    assert.equal("MissingInstanceId", code("GetRepoSyncTask", { SyncTaskId = "rst-small" }))
    assert.equal("SYNC_RULE_NOT_EXIST", select(2, client:delete_rule("cri-sandbox", "crsr-nope")).code)
    local params = { InstanceId = "cri-sandbox" }
    assert.equal("MissingRepoId", code("CreateRepoSyncTaskByRule", params))
    local old = { date = "2020-01-01T00:00:00Z", host = exports.ALIBABA_CLOUD_ENDPOINT:match "//(.*)", query = params,
      access_key_id = exports.ALIBABA_CLOUD_ACCESS_KEY_ID, action = "GetRepoSyncTask", version = "2018-12-01",
      access_key_secret = exports.ALIBABA_CLOUD_ACCESS_KEY_SECRET }
    local body = {}
    http.request { url = exports.ALIBABA_CLOUD_ENDPOINT .. "/?InstanceId=cri-sandbox", method = "POST",
      headers = crsync.sign(old), sink = ltn12.sink.table(body) }
    assert.truthy(table.concat(body):find('"InvalidTimeStamp.Expired"', 1, true), table.concat(body))
  end)

  it("plays a scenario's tasks and faults", function()
    local exports = with_file([[return {
      instance = "cri-mine",
      tasks = { { id = "rst-stuck", layers = { 100, 100 }, rate = 1e6, stalls_at = 0.5 } },
      faults = {
        { action = "GetRepoSyncTask", times = 2, code = "Throttling.User" },
        { action = "GetRepoSyncTask", after = 2, times = 1, reset = true },
        { action = "ListRepoSyncTask", delay = 0.2 },
      },
    }]], function(path) return start("--scenario " .. path) end)
    local codes = {}
    local client = client_of(exports, { on_attempt = function(a) codes[#codes + 1] = a.code or "none" end,
      retry = { max_attempts = 5, base_delay = 0.01, max_delay = 0.01 } })
    finally(function() client:close() end)
    assert.is_table(client:get_task("cri-mine", "rst-stuck"))
    codes[3] = codes[3] == "SignatureNonceUsed" and "none" or codes[3] -- libcurl may repeat what was reset by itself
    assert.same({ "Throttling.User", "Throttling.User", "none", "success" }, codes)
    local _, err = client:wait("cri-mine", "rst-stuck", { interval = 0.05, stall_timeout = 0.3 })
    assert.equal("stalled", err.code)
    assert.equal(100, err.task.SyncedSize)
    local started = os.time()
    assert.equal(1, #client:list_tasks "cri-mine")
    assert.is_true(os.time() - started <= 2)
  end)

  it("speaks HTTPS with a certificate that it is given", function()
    local folder = certificates.folder()
    local exports = start(("--tls-cert %s/good.pem --tls-key %s/good.key"):format(folder, folder))
    assert.truthy(exports.ALIBABA_CLOUD_ENDPOINT:find "^https://")
    local client = client_of(exports, { ca_file = folder .. "/ca.pem" })
    finally(function() client:close() end)
    assert.is_table(client:get_task("cri-sandbox", "rst-small"))
  end)

  it("says what is wrong instead of starting", function()
    local function problem(arguments)
      local exports = start(arguments)
      return exports.text
    end
    assert.truthy(problem "--scenario /nonexistent":find("/nonexistent: No such file", 1, true))
    assert.truthy(problem "--scenario /dev/null":find("/dev/null: it is neither a file nor a folder", 1, true))
    local fifo = os.tmpname()
    assert(os.execute(("rm '%s' && mkfifo '%s'"):format(fifo, fifo)))
    assert.truthy(problem("--scenario " .. fifo):find("it is neither a file nor a folder", 1, true))
    os.remove(fifo)
    assert.truthy(problem "--scenario /":find("/: it is a folder, and should be a file", 1, true))
    assert.truthy(problem "--tls-cert x":find("belong together", 1, true))
    local folder = certificates.folder()
    local pair = ("%s/good.pem and %s/ca.pem"):format(folder, folder)
    assert.truthy(problem(("--tls-cert %s/good.pem --tls-key %s/ca.pem"):format(folder, folder))
      :find(pair .. ": error loading private key", 1, true))
    assert.truthy(problem "--tls-cert /x --tls-key /y":find("/x: No such file", 1, true))
    local taken = start().ALIBABA_CLOUD_ENDPOINT:match "%d+$"
    assert.truthy(problem("--port " .. taken):find("; another port, or 0 for any free one", 1, true))
    assert.truthy(problem "--speed 0":find("not a number above 0", 1, true))
    local output = child.run [[
      package.preload.socket = function() error "module 'socket' not found: nowhere" end
      print(require "crsync.sandbox".run({}, print))]]
    assert.equal("nil\tthe sandbox needs luasocket (Debian: apt-get install lua-socket; LuaRocks: luarocks install "
      .. "luasocket)\n", output)
  end)

  it("outlives a mistake of its own, and tells of it", function()
    local output = child.run [[
      require "crsync.sandbox.loop".new():spawn(function() error "a mistake" end)
      print "went on"]]
    assert.truthy(output:find("a mistake\nstack traceback:", 1, true), output)
    assert.truthy(output:find("went on", 1, true), output)
  end)
end)

describe("a scenario file", function()
  local cases = {
    ["return {"] = ":1: ",
    ["return {\n  tasks = {\n    { id = 5 },\n}}"] = ":3: tasks[1].id: should be a non-empty string",
    ["return 5"] = "should return a table and returns a number", ["os.exit()"] = ":1: ",
    ["return { task = {} }"] = "task: there is no such field",
    ["return { tasks = { {} } }"] = ":1: tasks[1]: it needs id",
    ["return { tasks = { { id = 'a' }, { id = 'a' } } }"] = "tasks[2].id: a is there twice",
    ["return { tasks = { { id = 'a', layers = { 1, 'x' } } } }"] = "tasks[1].layers[2]: should be a number",
    ["return { tasks = { { id = 'a', fails_at = 2 } } }"] = "tasks[1].fails_at: should be a number from 0 to 1",
    ["return { faults = { { codes = 'x' } } }"] = "faults[1].codes: there is no such field",
    ["return { faults = { 5 } }"] = "faults[1]: should be a table",
  }
  for text, expected in pairs(cases) do
    it("that is wrong names place and reason: " .. expected, function()
      local value, problem = with_file(text, scenario.read)
      assert.is_nil(value)
      assert.truthy(problem:find(expected, 1, true), problem)
    end)
  end

  it("gets what it leaves out from the built-in one", function()
    local value = with_file("return { instance = 'cri-x' }", scenario.read)
    assert.same({ "cri-x", "cn-hangzhou", 3 }, { value.instance, value.region, #value.tasks })
  end)
end)

describe("a sandbox's task", function()
  local PLACE = { region = "r", instance = "cri", namespace = "team", name = "web", tag = "1" }

  local function new(course)
    return tasks.new { id = "rst-1", from = PLACE, to = PLACE, course = course, created = 0 }
  end

  local function at(course, ...)
    local task, words = new(course), {}
    tasks.look(task, 0)
    for i, now in ipairs { ... } do words[i] = tasks.look(task, now).TaskStatus end
    return words, task
  end

  it("moves through its states, layer by layer", function()
    local words, task = at({ layers = { 100, 300 }, pending = 1, rate = 100 }, 0.5, 1.5, 3, 5)
    assert.same({ "PENDING", "SYNCHRONIZING", "SYNCHRONIZING", "SUCCESS" }, words)
    local seen = tasks.look(task, 3)
    assert.same({ "SUCCESS", "SYNCHRONIZING" }, { seen.LayerTasks[1].TaskStatus, seen.LayerTasks[2].TaskStatus })
    assert.same({ 200, 100, 100 }, { seen.SyncedSize, seen.LayerTasks[1].SyncedSize, seen.LayerTasks[2].SyncedSize })
  end)

  it("fails, stalls and is cancelled where it is told to", function()
    local words, task = at({ layers = { 100 }, rate = 10, fails_at = 0.5, issue = "TAG_CONFLICT" }, 4, 6)
    assert.same({ "SYNCHRONIZING", "ERROR" }, words)
    assert.equal("TAG_CONFLICT", tasks.look(task, 7).TaskIssue)
    local stuck = at({ layers = { 9 }, rate = 9, stalls_at = 0.5 }, 1, 99)
    assert.same({ "SYNCHRONIZING", "SYNCHRONIZING" }, stuck)
    words, task = at({ layers = { 100 }, rate = 10 }, 2)
    tasks.cancel(task, 3)
    assert.equal("CANCELED", tasks.look(task, 99).TaskStatus)
    assert.equal("SYNCHRONIZING", words[1])
    assert.same({ "SYNCHRONIZING", "CANCELED" }, (at({ layers = { 100 }, rate = 10, canceled_after = 5 }, 4, 6)))
  end)

  it("stays as it ended when it is cancelled then", function()
    local _, task = at({ layers = { 100 }, rate = 100 }, 5)
    tasks.cancel(task, 6)
    assert.equal("SUCCESS", tasks.look(task, 7).TaskStatus)
  end)

  it("has times that say how long it took", function()
    local task = new { layers = { 100 }, pending = 2, rate = 10 }
    local function epoch_ms(t) return t * 1000 end
    local function times(now)
      local item = tasks.listed(task, now, epoch_ms)
      return { item.CreateTime, item.ModifiedTime }
    end
    assert.same({ 0, 0 }, times(1))
    tasks.look(task, 5)
    assert.same({ 5000, 5000 }, times(6))
    assert.same({ 5000, 9000 }, times(9))
    assert.same({ 5000, 17000 }, times(99))
    tasks.cancel(task, 99)
    local canceled = new { pending = 9 }
    tasks.cancel(canceled, 3)
    assert.same({ 3000, 3000 }, { tasks.listed(canceled, 9, epoch_ms).CreateTime,
      tasks.listed(canceled, 9, epoch_ms).ModifedTime })
  end)
end)
