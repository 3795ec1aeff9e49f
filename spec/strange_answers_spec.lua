-- Answers whose fields are absent or of another type than is documented, field by field: whatever is done with them
-- returns a result, or nil and an error. Nothing raises, and no message is the interpreter's.

local crsync = require "crsync"
local error_kinds = require "crsync.error_kinds"
local summary_html = require "crsync.print.summary_html"
local summary_text = require "crsync.print.summary_text"

local NOW = os.time()
local ABSENT = {}
local RAW = "\1" -- what stands between two of these in a text is JSON

local VALUES = { ABSENT, "", "text", -1.5, 1e300 }
for _, json in ipairs { "null", "true", "[]", "{}", "[1]", '{"a":1}' } do VALUES[#VALUES + 1] = RAW .. json .. RAW end

local function image()
  return { RegionId = "cn-beijing", InstanceId = "cri-1", RepoNamespaceName = "ns", RepoName = "app", ImageTag = "v1" }
end

local TASK = { SyncTaskId = "rst-1", SyncRuleId = "crsr-1", SyncBatchTaskId = "batch-1", TaskStatus = "ERROR",
  TaskTrigger = "INITIATIVE", TaskIssue = "NETWORK_ERROR", Progress = 0, SyncedSize = 5, Priority = 3,
  CrossUser = false, CreateTime = NOW * 1000, ModifedTime = NOW * 1000, ModifiedTime = NOW * 1000,
  ImageFrom = image(), ImageTo = image(), LayerTasks = { { SyncLayerTaskId = "rslt-1", Digest = "sha256:1",
    ArtifactDigest = "sha256:2", TaskStatus = "ERROR", Size = 5, SyncedSize = 5 } } }

local RULE = { SyncRuleId = "crsr-1", SyncRuleName = "rule", SyncScope = "REPO", SyncTrigger = "INITIATIVE",
  SyncDirection = "FROM", TagFilter = "v.*", RepoNameFilter = "a.*", LocalInstanceId = "cri-1", TargetRegionId = "cn-a",
  LocalNamespaceName = "ns", LocalRepoName = "app", Priority = 3, CreateTime = NOW * 1000 }

local ANSWERS = {
  GetRepoSyncTask = function(answer)
    for name, value in pairs(TASK) do answer[name] = value end
  end,
  ListRepoSyncTask = function(answer) answer.SyncTasks, answer.TotalCount = { TASK }, 1 end,
  ListRepoSyncRule = function(answer) answer.SyncRules, answer.TotalCount = { RULE }, 1 end,
  GetRepository = function(answer) answer.RepoId = "crr-1" end,
  CreateRepoSyncTask = function(answer) answer.SyncTaskId = "rst-2" end,
  CreateRepoSyncTaskByRule = function(answer) answer.SyncTaskId = "rst-2" end,
}

local function transport(request)
  local answer = { IsSuccess = true, Code = "success", RequestId = "id" }
  ANSWERS[request.headers["x-acs-action"]](answer)
  local json = crsync.to_json(answer):gsub('"\\u0001(.-)\\u0001"', function(raw) return (raw:gsub('\\"', '"')) end)
  return 200, {}, json
end

local is_kind = {}
for _, row in ipairs(error_kinds.kinds) do is_kind[row.name] = true end

local client
lazy_setup(function()
  client = assert(crsync.new { endpoint = "http://127.0.0.1:9", access_key_id = "id", access_key_secret = "secret",
    transport = transport, retry = false })
end)
lazy_teardown(function() client:close() end)

local ONCE = { timeout = 0, on_progress = function() end }
local ABOUT = { instance = "cri-1", since = NOW - 60, till = NOW, unsized = 1 }
local PUSH = { RepoNamespaceName = "ns", RepoName = "app", Tag = "v1" }

local function write_report(tasks)
  local report = crsync.report(tasks)
  for _, format in ipairs { "text", "markdown", "csv", "prometheus" } do
    assert.is_string(summary_text[format](report, ABOUT))
  end
  ABOUT.tasks = tasks
  return summary_html.page(report, ABOUT)
end

-- What is done with a task, and with a list of them; each is given what was read, where there is any.
local USES = {
  get = function() return client:get_task("cri-1", "rst-1") end,
  list = function()
    return client:list_tasks("cri-1", { since = NOW - 60, till = NOW + 60, status = "ERROR", to_region = "cn-beijing" })
  end,
  wait = function() return client:wait("cri-1", "rst-1", ONCE) end,
  wait_all = function() return client:wait_all("cri-1", { "rst-1" }, ONCE) end,
  wait_batch = function() return client:wait_batch("cri-1", "batch-1", { timeout = 0 }) end,
  ["wait_batch in vain"] = function() return client:wait_batch("cri-1", "batch-2", { timeout = 0 }) end,
  wait_push = function() return client:wait_push("cri-1", PUSH, { since = NOW - 60, timeout = 0 }) end,
  ["wait_push in vain"] = function() return client:wait_push("cri-1", PUSH, { since = NOW + 600, timeout = 0 }) end,
  retry = function() return client:retry_task("cri-1", "rst-1") end,
  rules = function() return client:list_rules("cri-1") end,
  format = function(read) return read.get and crsync.format(read.get) end,
  to_json = function(read) return crsync.to_json(read) end,
  progress = function(read) return read.get and crsync.progress(read.get) end,
  duration = function(read) return read.list and read.list[1] and crsync.duration(read.list[1]) end,
  report = function(read) return read.list and write_report(read.list) end,
}

local ORDER = { "get", "list", "wait", "wait_all", "wait_batch", "wait_batch in vain", "wait_push", "wait_push in vain",
  "retry", "rules", "format", "to_json", "progress", "duration", "report" }

local function use_all(what)
  local read = {}
  for _, name in ipairs(ORDER) do
    local ok, result, err = pcall(USES[name], read)
    local label = name .. ", " .. what .. ": "
    assert.is_true(ok, label .. tostring(result))
    if err and result == nil then
      assert.is_true(is_kind[err.kind], label .. tostring(err))
      local words = tostring(err)
      assert.is_nil(words:find "attempt to" or words:find "bad argument", label .. words)
    end
    read[name] = result or nil
  end
  return read
end

local function shown(value) return value == ABSENT and "absent" or (tostring(value):gsub(RAW, "")) end

-- Each field in turn has each of the values.
local function strangely(object, where)
  local names = {}
  for name in pairs(object) do names[#names + 1] = name end
  for _, name in ipairs(names) do
    local right, place = object[name], where .. "." .. name
    for _, value in ipairs(VALUES) do
      if value == ABSENT then object[name] = nil else object[name] = value end
      use_all(place .. " = " .. shown(value))
      object[name] = right
    end
    if type(right) == "table" then strangely(right, place) end
  end
end

describe("an answer", function()
  it("as it should be is read, and everything can be done with it", function()
    local read = use_all "as it is"
    for _, name in ipairs(ORDER) do
      if name ~= "wait" and not name:find "in vain" then assert.is_truthy(read[name], name) end
    end
  end)

  it("with a strange field of a task makes nothing raise", function() strangely(TASK, "task") end)

  it("with a strange field of a rule makes nothing raise", function() strangely(RULE, "rule") end)

  it("with hardly any field makes nothing raise", function()
    local all = TASK
    TASK = { SyncTaskId = "rst-1", TaskStatus = "ERROR" }
    use_all "bare"
    TASK = all
  end)
end)
