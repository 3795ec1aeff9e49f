-- Mistakes that an editor must flag, each in the line whose comment names the finding; nothing else is found here. Read
-- by lua-language-server, never run: spec/types/check.lua.

local crsync = require "crsync"

-- ---- options --------------------------------------------------------------------------------------------

assert(crsync.new { regoin = "cn-hangzhou" })                                         --> assign-type-mismatch
assert(crsync.new { timeout = "5" })                                                  --> assign-type-mismatch
assert(crsync.new { network = "intranet" })                                           --> assign-type-mismatch
assert(crsync.new { retry = { max_attemps = 2 } })                                    --> assign-type-mismatch
assert(crsync.new { retry = true })                                                   --> assign-type-mismatch
assert(crsync.new { credentials = { access_key_id = "id" } })                         --> missing-fields
assert(crsync.new { loop = { wait = function() end } })                               --> missing-fields
assert(crsync.new { on_attempt = function(attempt) print(attempt.tries) end })        --> undefined-field
assert(crsync.new { transport = function(request) return request.adress, {}, "" end }) --> undefined-field

---@type crsync.Options
local options = {}
options.proxi = ""                                                                    --> assign-type-mismatch

-- ---- the module -----------------------------------------------------------------------------------------

crsync.gettask("cri-1", "rst-1")                                                      --> undefined-field
print(crsync.VERSION)                                                                 --> undefined-field
crsync.get_task("cri-1")                                                              --> missing-parameter
crsync.get_task("cri-1", 7)                                                           --> param-type-mismatch

-- ---- a task, its numbers, its error ---------------------------------------------------------------------

local client = assert(crsync.new(options))
local task, err = client:get_task("cri-1", "rst-1")
print(task.TaskStatus)                                                                --> need-check-nil
if not task then error(err.massage) end                                               --> undefined-field
print(task.TaskStats)                                                                 --> undefined-field
print(task.ImageTo.Region)                                                            --> undefined-field
print(task.LayerTasks[1].Synced)                                                      --> undefined-field
print(crsync.progress(task).percentage)                                               --> undefined-field
print(crsync.format(task, { colour = true }))                                         --> assign-type-mismatch
print(crsync.to_json(task, { indents = 2 }))                                          --> assign-type-mismatch
client:gettask("cri-1", "rst-1")                                                      --> undefined-field
print(client.core)                                                                    --> invisible

-- ---- many -----------------------------------------------------------------------------------------------

client:get_tasks("cri-1", { "rst-1" }, { concurency = 4 })                            --> assign-type-mismatch
client:get_tasks("cri-1", "rst-1")                                                    --> param-type-mismatch
client:list_tasks("cri-1", { Repo = "web" })                                          --> assign-type-mismatch
client:list_tasks("cri-1", { RepoName = 5 })                                          --> assign-type-mismatch
for one in client:tasks("cri-1", { RepoNamespace = "team" }) do                       --> assign-type-mismatch
  print(one.LayerTasks)                                                               --> undefined-field
end
local rules = assert(client:list_rules("cri-1", { Namespace = "team" }))              --> assign-type-mismatch
print(rules[1].RuleName)                                                              --> undefined-field

-- ---- making and ending ----------------------------------------------------------------------------------

client:create_task("cri-1", { RepoId = "crr-1", Tag = "1.0" })                        --> missing-fields
client:create_task_by_rule("cri-1", { RepoId = "crr-1", Tag = "1", SyncRuleId = "crsr-1",
  Prio = 1 })                                                                         --> assign-type-mismatch
client:create_rule("cri-1", { SyncRuleName = "r", SyncScope = "REPO", TagFilter = ".*", TargetRegionId = "eu-west-1",
  TargetInstanceId = "cri-2", Namespace = "team" })                                   --> assign-type-mismatch
client:call("ListInstance", {}, { dedline = 5 })                                      --> assign-type-mismatch
client:call("ListInstance", { PageNo = print })                                       --> assign-type-mismatch
local _, response = client:create_task_by_rule("cri-1", { RepoId = "crr-1", Tag = "1", SyncRuleId = "crsr-1" })
print(response.TaskId)                                                                --> undefined-field

-- ---- waiting --------------------------------------------------------------------------------------------

client:wait("cri-1", "rst-1", { time_out = 60 })                                      --> assign-type-mismatch
client:wait("cri-1", "rst-1", { interval = "2" })                                     --> assign-type-mismatch
client:wait("cri-1", "rst-1", { concurrency = 2 })                                    --> assign-type-mismatch
client:wait("cri-1", "rst-1", { on_progress = function(_, p) print(p.speed) end })    --> undefined-field
local results, summary = client:wait_all("cri-1", { "rst-1" }, { stall_time = 60 })   --> assign-type-mismatch
print(results[1].error)                                                               --> undefined-field
print(summary.succeeded)                                                              --> undefined-field

-- ---- signing, and the core alone ------------------------------------------------------------------------

crsync.sign { host = "h", access_key_id = "id", access_key_secret = "s", querry = {} } --> assign-type-mismatch
crsync.sign { access_key_id = "id", access_key_secret = "secret" }                    --> missing-fields
print(require "crsync.core".time())                                                   --> undefined-field
