-- What scripts write: an editor has nothing to say to it. Read by lua-language-server, never run: spec/types/check.lua.

local crsync = require "crsync"

-- ---- clients --------------------------------------------------------------------------------------------

local client, problem = crsync.new { region = "cn-hangzhou", retry = { max_attempts = 2 } }
if not client then error(problem.message) end

---@type crsync.Options
local options = { endpoint = "http://127.0.0.1:8080", access_key_id = "id", access_key_secret = "secret" }
options.proxy, options.network, options.retry = "", "vpc", false
options.on_attempt = function(attempt)
  print(attempt.action, attempt.elapsed, attempt.delay or "last", attempt.kind, attempt.message, attempt.http_version)
  print(attempt.times and attempt.times.total, attempt.new_connection and attempt.address)
end
options.debug = 1
assert(crsync.new(options)):close()

assert(crsync.new { credentials = { access_key_id = "id", access_key_secret = "secret", expiration = 1700000000 } })
assert(crsync.new { credentials = function() return nil, "the vault is closed" end })
assert(crsync.new { credentials = function() return { access_key_id = "id", access_key_secret = "secret" } end })
assert(crsync.new { loop = require "crsync.loop.cqueues" })
assert(crsync.new { loop = { sleep = function(seconds) print(seconds) end }, transport = function(request)
  if request.method ~= "POST" then return nil, "what is this?" end
  return 200, { ["content-type"] = "application/json" }, "{}"
end })

-- ---- a task ---------------------------------------------------------------------------------------------

local task, err = client:get_task("cri-1", "rst-1")
if not task then
  print(err.kind, err.code, err.hint or "", err.attempts + 1)
  os.exit(err.retryable and 75 or 1)
end
print(task.TaskStatus, task.ImageTo.RegionId, #task.LayerTasks, task.LayerTasks[1].Size // 2)
print(crsync.format(task, { color = true, width = 100 }), crsync.to_json(task, { indent = 2 }))

local numbers = crsync.progress(task)
print(numbers.percent or 0, numbers.synced / math.max(numbers.total, 1), numbers.ok, numbers.final)

---@param failure crsync.Error
local function show(failure) print(tostring(failure), crsync.is_error(failure)) end
local missing, reason = crsync.get_task("cri-1", "rst-2")
if not missing then show(reason) end

local tasks, errors = client:get_tasks("cri-1", { "rst-1", "rst-2" }, { concurrency = 4 })
for id, one in pairs(tasks) do print(id, one.TaskStatus) end
for id, one in pairs(errors) do print(id, one.kind) end

-- ---- lists ----------------------------------------------------------------------------------------------

local list, total = client:list_tasks("cri-1", { RepoName = "web", SyncRecordId = "5a2d", limit = 10 })
if not list then error(total) end
for _, one in ipairs(list) do print(one.SyncTaskId, one.CreateTime // 1000, one.ModifiedTime or one.ModifedTime) end
print(total, crsync.progress(list[1]).ok, crsync.duration(list[1]) or 0.5)
local report = crsync.report(list)
for _, region in ipairs(report.regions) do print(region.RegionId, region.tasks, (region.bytes or 0) + 1) end
for _, one in ipairs(report.failures) do print(one.SyncTaskId, one.TaskIssue or one.hint, report.total.going) end
for one in client:tasks("cri-1", { Tag = "1.0", since = os.time() - 600, till = os.time(), status = { "ERROR" },
  to_region = "eu-west-1" }) do print(one.SyncTaskId, one.ImageFrom.ImageTag) end
local rules, failure = client:list_rules("cri-1", { NamespaceName = "team", PageSize = 100 })
if not rules then error(failure) end
print(rules[1].SyncRuleId, rules[1].TagFilter, rules[1].Priority or 3)

-- ---- making and ending ----------------------------------------------------------------------------------

local id, response = client:create_task("cri-1", { RepoId = "crr-1", Tag = "1.0", TargetRegionId = "eu-west-1",
  TargetInstanceId = "cri-2", TargetNamespace = "team", TargetRepoName = "web", TargetTag = "1.0", Override = true })
if not id then print(response.kind) else print(id, response.RequestId) end
id = client:create_task_by_rule("cri-1", { RepoId = "crr-1", Tag = "1.0", SyncRuleId = "crsr-1", Priority = 1 })
print(id)
local rule_id, answer = client:create_rule("cri-1", { SyncRuleName = "to Europe", SyncScope = "REPO", TagFilter = ".*",
  TargetRegionId = "eu-west-1", TargetInstanceId = "cri-2", NamespaceName = "team", RepoName = "web" })
if not rule_id then print(answer.code) end
local params = {} -- in steps
params.RepoId, params.Tag, params.SyncRuleId = "crr-1", "1.0", "crsr-1"
client:create_task_by_rule("cri-1", params)
id = client:retry_task("cri-1", "rst-1", { force = true, Override = true, TargetUserId = "17" })
print(id)
local done, refusal = client:cancel_task("cri-1", "rst-1")
if not done then print(refusal.kind) end
done, refusal = client:delete_rule("cri-1", "crsr-1")
if not done then show(refusal) end
local instances, trouble = client:call("ListInstance", { PageSize = 50, InstanceStatus = "RUNNING" }, { deadline = 5 })
if not instances then error(trouble) end
print(instances.Instances[1].InstanceId)

-- ---- waiting --------------------------------------------------------------------------------------------

local final, ended = client:wait("cri-1", "rst-1", {
  timeout = 600, interval = 2, max_interval = 15, stall_timeout = 60, not_found_grace = 10,
  on_progress = function(seen, p) print(seen.TaskStatus, p.percent, p.rate, p.eta, p.elapsed, p.idle) end,
})
if not final then print(ended.code, ended.task and ended.task.TaskIssue) end
local results, summary = client:wait_all("cri-1", { "rst-1" }, { timeout = 600, concurrency = 2 })
for _, result in ipairs(results) do
  if result.err then print(result.id, result.err.kind, result.task and result.task.TaskStatus) end
end
print(summary.total, summary.success, summary.failed, summary.canceled, summary.timeout, summary.error)

local pushed, counts = client:wait_push("cri-1", { RepoNamespaceName = "team", RepoName = "web", Tag = "1.0" },
  { since = os.time() - 60, expect = 2, settle = 5, appear_timeout = 30, timeout = 600, concurrency = 4 })
if not pushed then error(counts) end
print(#pushed, counts.success)
local batch, trouble_with_it = client:wait_batch("cri-1", "5a2d", { expect = 2 })
if not batch then print(trouble_with_it.results and #trouble_with_it.results) end

-- ---- signing, and the core alone ------------------------------------------------------------------------

local headers, query, request, signed = crsync.sign { host = "cr.cn-hangzhou.aliyuncs.com", action = "GetRepoSyncTask",
  version = "2018-12-01", query = { InstanceId = "cri-1" }, access_key_id = "id", access_key_secret = "secret" }
print(headers.Authorization, query, request, signed)

local core = require "crsync.core"
local bare = assert(core.new { endpoint = "https://cr.cn-hangzhou.aliyuncs.com", access_key_id = "id",
  access_key_secret = "secret" })
local plain, fault = bare:get_task("cri-1", "rst-1")
if not plain then print(fault.kind, fault.retryable) end
print(bare:pollfd() + 1, bare:timeout() or 1, core.now())

client:close()
print(crsync._VERSION)
