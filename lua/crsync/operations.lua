--- The operations of the API (product cr): names, parameters, what they return. How a call is made, checked and tried
--- again, the types for editors and the tables of the documentation come from here (`make docs`). Data.
--- https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-overview

---@class crsync.Operation
---@field action string        the operation's name
---@field version string       the API's version
---@field method string        how it is sent; the vendor's clients send POST with everything in the query
---@field ram string|nil       RAM action that permits it
---@field resource string|nil  what a RAM policy names beside the action, where that is not the source instance
---@field repeatable boolean   whether sending it twice does what sending it once does
---@field client string        the client's method
---@field parameters crsync.FieldRow[]  InstanceId aside, which all of them take
---@field params_class string|nil  for editors: the class of the table that a script gives
---@field required string[]    parameters that must be given
---@field ids string[]         parameters that are ids
---@field filter table<string, string>|nil  for a list: what may narrow it, and the type of each
---@field list string|nil      for a list: the field that holds the items
---@field item string|nil      for a list: the class of the items
---@field item_id string|nil   for a list: the field that tells one item from another
---@field id string|nil        for a creation: the field that holds the new id
---@field response table       documented types of the response's fields; a table stands for a sequence of objects
---@field holds string[]       a response with none of these fields is no result
---@field count string|nil     for a list: the field that counts the items; 0 stands for an empty list
---@field echo string|nil      the parameter that the response repeats

local objects = require "crsync.objects"

local VERSION = "2018-12-01"

local shape_of, PRIORITY = objects.shape_of, objects.PRIORITY

-- TotalCount is a digit string for tasks and a number for rules.
local function list_of(field, class)
  return { IsSuccess = "boolean", TotalCount = "integer", PageNo = "integer", PageSize = "integer",
    [field] = { shape_of(class) } }
end

local plain = { IsSuccess = "boolean" }

-- Of an operation that returns nothing else.
local SUCCESS = { "IsSuccess", "Code" }

local function with_id(name) return { IsSuccess = "boolean", [name] = "string" } end

-- ---- the operations -------------------------------------------------------------------------------------

local TASK_ID = { "SyncTaskId", "string", "the task, `rst-…`", is_required = true }
local RULE_ID = { "SyncRuleId", "string", "the rule, `crsr-…`", is_required = true }
local REPO_ID = { "RepoId", "string", "source repository, `crr-…`", is_required = true }
local TAG = { "Tag", "string", "source tag", is_required = true }
local TARGET_REGION = { "TargetRegionId", "string", "region of the destination", is_required = true }
local TARGET_INSTANCE = { "TargetInstanceId", "string", "instance of the destination, `cri-…`", is_required = true }
local TARGET_USER = { "TargetUserId", "string|integer", "account of the destination, if it is another one" }

local operations = {
  GetRepoSyncTask = {
    client = "get_task",
    ram = "cr:GetRepositorySync",
    repeatable = true,
    parameters = { TASK_ID },
    response = shape_of "crsync.Task",
    holds = { "TaskStatus" },
    echo = "SyncTaskId",
  },
  ListRepoSyncTask = {
    client = "list_tasks",
    ram = "cr:GetRepositorySync",
    repeatable = true,
    params_class = "crsync.TaskFilter",
    parameters = {
      { "RepoNamespaceName", "string", "namespace of the repository" },
      { "RepoName", "string", "name of the repository" },
      { "Tag", "string", "source tag" },
      { "SyncRecordId", "string", "a batch: takes a `SyncBatchTaskId`" },
    },
    list = "SyncTasks",
    item_id = "SyncTaskId",
    item = "crsync.ListedTask",
    response = list_of("SyncTasks", "crsync.ListedTask"),
    holds = { "SyncTasks" },
    count = "TotalCount",
  },
  CreateRepoSyncTask = {
    client = "create_task",
    ram = "cr:CreateRepositorySync",
    repeatable = false,
    params_class = "crsync.CreateTaskParams",
    parameters = { REPO_ID, TAG, TARGET_REGION, TARGET_INSTANCE,
      { "TargetNamespace", "string", "namespace of the destination", is_required = true },
      { "TargetRepoName", "string", "repository of the destination", is_required = true },
      { "TargetTag", "string", "tag of the destination", is_required = true },
      TARGET_USER,
      { "Override", "boolean", "whether an image that is there is overwritten" },
      PRIORITY,
    },
    id = "SyncTaskId",
    response = with_id "SyncTaskId",
    holds = { "SyncTaskId" },
  },
  CreateRepoSyncTaskByRule = {
    client = "create_task_by_rule",
    ram = "cr:CreateRepositorySync",
    resource = "*",
    repeatable = false,
    params_class = "crsync.CreateTaskByRuleParams",
    parameters = { REPO_ID, TAG,
      { "SyncRuleId", "string", "a rule, `crsr-…`, whose SyncTrigger is INITIATIVE", is_required = true },
      PRIORITY },
    id = "SyncTaskId",
    response = with_id "SyncTaskId",
    holds = { "SyncTaskId" },
  },
  CancelRepoSyncTask = {
    client = "cancel_task",
    ram = "cr:CancelRepoSyncTask",
    repeatable = true,
    parameters = { TASK_ID },
    response = plain,
    holds = SUCCESS,
  },
  ListRepoSyncRule = {
    client = "list_rules",
    ram = "cr:ListSyncRule",
    repeatable = true,
    params_class = "crsync.RuleFilter",
    parameters = {
      { "NamespaceName", "string", "namespace of the repositories" },
      { "RepoName", "string", "name of the repository" },
      { "TargetInstanceId", "string", "instance of the destination" },
      { "TargetRegionId", "string", "region of the destination" },
    },
    list = "SyncRules",
    item_id = "SyncRuleId",
    item = "crsync.Rule",
    response = list_of("SyncRules", "crsync.Rule"),
    holds = { "SyncRules" },
    count = "TotalCount",
  },
  CreateRepoSyncRule = {
    client = "create_rule",
    ram = "cr:CreateSyncRule",
    repeatable = false,
    params_class = "crsync.CreateRuleParams",
    parameters = {
      { "SyncRuleName", "string", "its name", is_required = true },
      { "SyncScope", "string", "`REPO`, `NAMESPACE` or `INSTANCE`", is_required = true,
        words = '"REPO"|"NAMESPACE"|"INSTANCE"' },
      { "TagFilter", "string", "regular expression, such as `.*`", is_required = true },
      TARGET_REGION, TARGET_INSTANCE,
      { "NamespaceName", "string", "namespace of the source; not for scope INSTANCE" },
      { "TargetNamespaceName", "string", "namespace of the destination; not for scope INSTANCE" },
      { "RepoName", "string", "repository of the source, for scope REPO" },
      { "TargetRepoName", "string", "repository of the destination, for scope REPO" },
      { "RepoNameFilter", "string", "regular expression, for scopes NAMESPACE and INSTANCE" },
      { "NamespaceNameFilter", "string", "regular expression, for scope INSTANCE" },
      { "SyncTrigger", "string", "`PASSIVE`: a push makes tasks; `INITIATIVE`: by hand",
        words = '"PASSIVE"|"INITIATIVE"' },
      TARGET_USER,
      { "LinkId", "string", "custom link, `stl-…`" },
      PRIORITY,
    },
    id = "SyncRuleId",
    response = with_id "SyncRuleId",
    holds = { "SyncRuleId" },
  },
  DeleteRepoSyncRule = {
    client = "delete_rule",
    ram = "cr:DeleteSyncRule",
    repeatable = true,
    parameters = { RULE_ID },
    response = plain,
    holds = SUCCESS,
  },
}

for action, operation in pairs(operations) do
  operation.action, operation.version, operation.method = action, VERSION, "POST"
  operation.required, operation.ids = {}, {}
  operation.filter = operation.list and {} or nil
  for _, parameter in ipairs(operation.parameters) do
    if parameter.is_required then operation.required[#operation.required + 1] = parameter[1] end
    if parameter[2] == "string" and parameter[1]:find "Id$" then operation.ids[#operation.ids + 1] = parameter[1] end
    if operation.filter then operation.filter[parameter[1]] = parameter[2] end
  end
end

return operations --[[@as table<string, crsync.Operation>]]
