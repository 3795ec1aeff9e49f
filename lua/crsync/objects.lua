--- What the service's tables are made of: tasks, layers, rules. The core's checks of types, the types for editors and
--- the tables of the documentation come from here (`make docs`). Data.
--- https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-overview

---@class crsync.FieldRow
---@field [1] string             its name
---@field [2] string             "string", "integer", "boolean", a class of ours, or such a class and []
---@field [3] string             what it is, for people
---@field is_required boolean|nil  of a parameter: it must be given; of a response: it is always there
---@field is_strict boolean|nil  of a string in a response: a number in its place is an error
---@field is_free boolean|nil    of a string in a response: it is not looked at
---@field words string|nil       for editors: the words that are documented

local objects = {}

local STATUS_WORDS = '"PENDING"|"SYNCHRONIZING"|"SUCCESS"|"ERROR"|"CANCELED"|string'
local TRIGGER_WORDS = '"PASSIVE"|"INITIATIVE"|string'

--- Of tasks and rules, and of what makes them.
objects.PRIORITY = { "Priority", "integer", "1 to 5, higher first; 3" }

--- Each class of tables that the service returns. Fields that it adds later are there as well.
---@type { name: string, line: string, fields: crsync.FieldRow[] }[]
objects.classes = {
  { name = "crsync.Image", line = "one end of a sync", fields = {
    { "RegionId", "string", "its region", is_required = true },
    { "InstanceId", "string", "its instance, `cri-…`", is_required = true },
    { "RepoNamespaceName", "string", "namespace of the repository", is_required = true },
    { "RepoName", "string", "name of the repository", is_required = true },
    { "ImageTag", "string", "tag", is_required = true },
  } },
  { name = "crsync.Layer", line = "a layer of a task", fields = { -- there may be hundreds
    { "SyncLayerTaskId", "string", "`rslt-…`", is_required = true, is_free = true },
    { "Digest", "string", "`sha256:…`", is_required = true, is_free = true },
    { "ArtifactDigest", "string", "the artifact (manifest) that the layer belongs to", is_required = true,
      is_free = true },
    { "TaskStatus", "string", "as a task's", is_required = true, is_strict = true },
    { "Size", "integer", "bytes", is_required = true },
    { "SyncedSize", "integer", "bytes copied", is_required = true },
  } },
  { name = "crsync.Task", line = "a task as GetRepoSyncTask returns it", fields = {
    { "SyncTaskId", "string", "`rst-…`", is_required = true },
    { "SyncRuleId", "string", "the rule that made it" },
    { "SyncBatchTaskId", "string", "shared by all tasks that one push made" },
    { "TaskStatus", "string", "`PENDING`, `SYNCHRONIZING`, `SUCCESS`, `ERROR`, `CANCELED`; any other word means that it"
      .. " goes on", is_required = true, is_strict = true, words = STATUS_WORDS },
    { "TaskTrigger", "string", "`PASSIVE`: made by a rule; `INITIATIVE`: by hand", words = TRIGGER_WORDS },
    { "TaskIssue", "string", "why it failed" },
    { "Progress", "integer", "0 or 1 only, and 0 for a failed task too; `crsync.progress` tells more",
      is_required = true },
    { "SyncedSize", "integer", "bytes copied", is_required = true },
    objects.PRIORITY,
    { "SyncTransAccelerate", "boolean", "transfer acceleration is used" },
    { "CrossUser", "boolean", "source and destination are in different accounts" },
    { "ImageFrom", "crsync.Image", "source", is_required = true },
    { "ImageTo", "crsync.Image", "destination", is_required = true },
    { "LayerTasks", "crsync.Layer[]", "always a sequence, empty if there are none", is_required = true },
    { "RequestId", "string", "the service's id of the request", is_required = true },
    { "Code", "string", "`success`", is_required = true },
    { "IsSuccess", "boolean", "true", is_required = true },
  } },
  { name = "crsync.ListedTask", line = "a task as ListRepoSyncTask returns it: times, but no layers", fields = {
    { "SyncTaskId", "string", "`rst-…`", is_required = true },
    { "SyncRuleId", "string", "the rule that made it" },
    { "SyncBatchTaskId", "string", "shared by all tasks that one push made" },
    { "TaskStatus", "string", "as in a task", is_required = true, is_strict = true, words = STATUS_WORDS },
    { "TaskTrigger", "string", "as in a task", words = TRIGGER_WORDS },
    { "TaskIssue", "string", "why it failed" },
    objects.PRIORITY,
    { "SyncTransAccelerate", "boolean", "transfer acceleration is used" },
    { "CrossUser", "boolean", "source and destination are in different accounts" },
    { "CustomLink", "boolean", "a custom link is used" },
    { "LinkId", "string", "that link, `stl-…`" },
    { "CreateTime", "integer", "milliseconds since 1970", is_required = true },
    { "ModifedTime", "integer", "milliseconds since 1970; the service's own spelling, beside the next since 2026" },
    { "ModifiedTime", "integer", "milliseconds since 1970" },
    { "ImageFrom", "crsync.Image", "source", is_required = true },
    { "ImageTo", "crsync.Image", "destination", is_required = true },
  } },
  { name = "crsync.Rule", line = "a rule as ListRepoSyncRule returns it", fields = {
    { "SyncRuleId", "string", "`crsr-…`", is_required = true },
    { "SyncRuleName", "string", "its name", is_required = true },
    { "SyncScope", "string", "`REPO`, `NAMESPACE` or `INSTANCE`", words = '"REPO"|"NAMESPACE"|"INSTANCE"|string' },
    { "SyncTrigger", "string", "`PASSIVE`: a push makes tasks; `INITIATIVE`: by hand", words = TRIGGER_WORDS },
    { "SyncDirection", "string", "`FROM`: from here; `TO`: to here", words = '"FROM"|"TO"|string' },
    { "TagFilter", "string", "regular expression" },
    { "RepoNameFilter", "string", "regular expression" },
    { "NamespaceNameFilter", "string", "regular expression" },
    { "LinkId", "string", "custom link, `stl-…`" },
    objects.PRIORITY,
    { "LocalRegionId", "string", "source" },
    { "LocalInstanceId", "string", "source" },
    { "LocalNamespaceName", "string", "source" },
    { "LocalRepoName", "string", "source" },
    { "TargetRegionId", "string", "destination" },
    { "TargetInstanceId", "string", "destination" },
    { "TargetNamespaceName", "string", "destination" },
    { "TargetRepoName", "string", "destination" },
    { "CrossUser", "boolean", "source and destination are in different accounts" },
    { "CreateTime", "integer", "milliseconds since 1970" },
    { "ModifiedTime", "integer", "milliseconds since 1970" },
  } },
}

local class_named = {}
for _, class in ipairs(objects.classes) do class_named[class.name] = class end

--- What a class is, for people.
---@param name string
---@return string
function objects.line_of(name) return class_named[name].line end

--- The paths of all its fields, and what each is; of a sequence those of its first item.
---@param name string
---@return string[][]  path and line
function objects.paths(name)
  local paths = {}
  for _, field in ipairs(class_named[name].fields) do
    local item = field[2]:match "^(.*)%[%]$"
    paths[#paths + 1] = { field[1], field[3] }
    for _, inner in ipairs(class_named[item or field[2]] and objects.paths(item or field[2]) or {}) do
      paths[#paths + 1] = { field[1] .. (item and ".1." or ".") .. inner[1], inner[2] }
    end
  end
  return paths
end

local NOTHING_KNOWN = { string = "?", integer = 0, boolean = false }

--- A table of a class of which nothing is known: a question mark for a text, 0 for a number.
---@param name string
---@return table
function objects.unknown(name)
  local object = {}
  for _, field in ipairs(class_named[name].fields) do
    if field.is_required and class_named[field[2]] then
      object[field[1]] = objects.unknown(field[2])
    elseif field.is_required then
      object[field[1]] = field[2]:find "%[%]$" and {} or NOTHING_KNOWN[field[2]]
    end
  end
  return object
end

--- The types of a class's fields as the core checks them (csrc/types.h).
---@param name string
---@return table
function objects.shape_of(name)
  local shape = {}
  for _, field in ipairs(class_named[name].fields) do
    local item = field[2]:match "^(.*)%[%]$"
    local inner = class_named[item or field[2]] and objects.shape_of(item or field[2])
    local plain = field[2] == "string" and not field.is_strict and "text" or field[2]
    shape[field[1]] = item and { inner } or inner or not field.is_free and plain or nil
  end
  return shape
end

return objects
