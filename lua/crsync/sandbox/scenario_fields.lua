--- What a scenario file may say: a row for each field. Checks and the guide come from here. Data.

---@class crsync.sandbox.FieldRow
---@field [1] string   its name
---@field [2] string   what it is: a kind of scenario.lua's
---@field [3] string   what it does, for people
---@field default string|nil  for people
---@field is_required boolean|nil

local fields = {}

-- How a task goes; for tasks of the file and for those that are made.
local COURSE = {
  { "layers", "sizes", "bytes of each layer", default = "three layers, 60 MB" },
  { "pending", "seconds", "how long it waits before it moves", default = "0, for made ones 1" },
  { "rate", "rate", "bytes a second", default = "10e6" },
  { "fails_at", "share", "share of the bytes at which it ends in `ERROR`" },
  { "stalls_at", "share", "share of the bytes at which it stops moving" },
  { "issue", "text", "`TaskIssue` of a failed one, such as `NETWORK_ERROR`" },
  { "canceled_after", "seconds", "seconds after which somebody cancels it" },
}

local function with_course(rows)
  for _, row in ipairs(COURSE) do rows[#rows + 1] = row end
  return rows
end

local TRIGGER = { "trigger", "trigger", "`PASSIVE`: a push made it; `INITIATIVE`: made by hand", default = "`PASSIVE`" }

---@type { name: string, about: string, rows: crsync.sandbox.FieldRow[] }[]
fields.sections = {
  { name = "", about = "the whole", rows = {
    { "instance", "text", "the source instance", default = "`cri-sandbox`" },
    { "region", "text", "its region", default = "`cn-hangzhou`" },
    { "account", "text", "the account's number", default = "`1000000000000001`" },
    { "access_key_id", "text", "the key that the sandbox tells people", default = "`SandboxAccessKey`" },
    { "access_key_secret", "text", "its secret", default = "`sandbox-secret`" },
    { "seed", "number", "of chance: the same seed plays the same", default = "1" },
    { "keys", "list", "other keys: temporary, disabled" },
    { "instances", "list", "instances, above all destinations; those that tasks and rules need are there anyway" },
    { "repositories", "list", "repositories; those of tasks, rules and pushes are there anyway" },
    { "rules", "list", "sync rules" },
    { "tasks", "list", "tasks that there are at the start" },
    { "push", "list", "pushes: each makes a task for every automatic rule that fits" },
    { "made", "list", "how tasks go that requests and pushes make: the first that fits counts" },
    { "quota", "list", "how many calls are allowed in which time" },
    { "faults", "list", "what goes wrong: the first that fits counts" },
  } },
  { name = "keys", about = "another access key", rows = {
    { "id", "text", "the access key id", is_required = true },
    { "secret", "text", "its secret", is_required = true },
    { "token", "text", "makes it a temporary key, which is taken with this security token alone" },
    { "expires", "number", "seconds from the start on after which the token has expired; 0: it has" },
    { "disabled", "flag", "the key is refused as a disabled one" },
  } },
  { name = "instances", about = "an instance", rows = {
    { "id", "text", "`cri-…`", is_required = true },
    { "region", "text", "its region", is_required = true },
    { "name", "text", "its name", default = "its id" },
    { "status", "text", "its InstanceStatus", default = "`RUNNING`" },
    { "account", "text", "the account that it belongs to, if that is another one" },
  } },
  { name = "repositories", about = "a repository of the source instance", rows = {
    { "name", "repo", "`namespace/name`", is_required = true },
    { "id", "text", "its RepoId", default = "`crr-namespace-name`" },
    { "tags", "texts", "tags that it has" },
    { "summary", "text", "its Summary" },
  } },
  { name = "rules", about = "a rule. Its scope: with `repo` REPO, with `namespace` NAMESPACE, else INSTANCE", rows = {
    { "id", "text", "`crsr-…`", is_required = true },
    { "to", "text", "region of the destination", is_required = true },
    { "target_instance", "text", "instance of the destination, one of `instances`", default = "the region's" },
    { "name", "text", "its name", default = "its id" },
    { "repo", "repo", "`namespace/name` of the source" },
    { "namespace", "text", "namespace of the source" },
    { "target_repo", "repo", "`namespace/name` of the destination", default = "as the source" },
    { "target_namespace", "text", "namespace of the destination", default = "as the source" },
    { "tag_filter", "expression", "regular expression for tags", default = "`.*`" },
    { "repo_filter", "expression", "regular expression for names of repositories" },
    { "namespace_filter", "expression", "regular expression for namespaces" },
    TRIGGER,
    { "priority", "priority", "1 to 5", default = "3" },
    { "account", "text", "account of the destination, if that is another one" },
    { "link", "text", "custom link, `stl-…`" },
  } },
  { name = "tasks", about = "a task. Without `age` it begins when somebody first asks for it", rows = with_course {
    { "id", "text", "`rst-…`", is_required = true },
    { "age", "seconds", "seconds ago that it began: for reports" },
    { "repo", "repo", "`namespace/name` of the source", default = "`team/image`" },
    { "tag", "text", "its tag", default = "`latest`" },
    { "to", "text", "region of the destination", default = "`eu-west-1`" },
    { "target_instance", "text", "instance of the destination, one of `instances`", default = "the region's" },
    { "target_repo", "repo", "`namespace/name` of the destination", default = "as the source" },
    { "target_tag", "text", "tag of the destination", default = "as the source" },
    { "batch", "text", "its SyncBatchTaskId" },
    { "rule", "text", "its SyncRuleId" },
    TRIGGER,
    { "priority", "priority", "1 to 5", default = "3" },
    { "account", "text", "account of the destination, if that is another one" },
    { "link", "text", "custom link, `stl-…`" },
    { "accelerate", "flag", "transfer acceleration is used" },
  } },
  { name = "push", about = "a push", rows = {
    { "repo", "repo", "`namespace/name`", is_required = true },
    { "tag", "text", "its tag", default = "`latest`" },
    { "at", "number", "seconds after the start; below 0: before it", default = "0" },
    { "gap", "seconds", "seconds between its tasks, which appear one by one", default = "0" },
    { "layers", "sizes", "bytes of each layer" },
    { "batch", "text", "the SyncBatchTaskId of its tasks", default = "a new one" },
  } },
  { name = "made", about = "how a made task goes", rows = with_course {
    { "region", "text", "only to this region" },
    { "repo", "repo", "only from this repository" },
    { "tag", "text", "only with this tag" },
    { "chance", "share", "only in this share of cases" },
  } },
  { name = "quota", about = "a quota", rows = {
    { "calls", "count", "so many calls", is_required = true },
    { "seconds", "rate", "in so many seconds by the clock", default = "1" },
    { "action", "text", "only of this operation" },
    { "code", "text", "what is answered beyond", default = "`Throttling.User`, with `action` `Throttling.Api`" },
    { "status", "status", "and its HTTP status", default = "400" },
  } },
  { name = "faults", about = "a fault. The first rows say which requests it hits, the others what happens", rows = {
    { "action", "text", "only requests of this operation" },
    { "task", "text", "only requests for this task" },
    { "region", "text", "only those for tasks to this region" },
    { "starts", "seconds", "only from so many seconds after the start on" },
    { "ends", "seconds", "only until so many seconds after the start" },
    { "after", "size", "spares so many of these first" },
    { "times", "count", "then hits so many" },
    { "every", "count", "of these only each n-th" },
    { "share", "share", "of these only this share" },
    { "code", "text", "refuses with this code" },
    { "status", "status", "and this HTTP status", default = "the code's" },
    { "message", "text", "and these words" },
    { "retry_after", "seconds", "and an `x-acs-retry-after`" },
    { "delay", "seconds", "seconds by the clock before the first byte of the answer" },
    { "body", "body", "answers with this text instead" },
    { "cut", "size", "sends so many bytes of the body, then ends the connection" },
    { "close", "flag", "ends the connection after the answer, announced" },
    { "drop", "flag", "ends the connection without an answer" },
    { "reset", "flag", "the same with a reset" },
    { "hang", "flag", "never answers" },
    { "dead", "flag", "never answers, neither here nor on any other connection that is open now; new ones work" },
  } },
}

local in_order, by_section = {}, {}
for _, section in ipairs(fields.sections) do
  local rows = {}
  for _, row in ipairs(section.rows) do rows[row[1]] = row end
  in_order[section.name], by_section[section.name] = section.rows, rows
end

--- The rows of a section in order.
---@param section string
---@return crsync.sandbox.FieldRow[]
function fields.in_order(section) return in_order[section] end

--- The rows of a section by their names; "" is the whole.
---@param section string
---@return table<string, crsync.sandbox.FieldRow>
function fields.of(section) return by_section[section] end

return fields
