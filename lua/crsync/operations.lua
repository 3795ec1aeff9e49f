--- The service's operations: data only. Names, parameters and types are those of the API, product cr, version
--- 2018-12-01. https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-overview

---@class crsync.Operation
---@field action string        the operation's name
---@field version string       the API's version
---@field method string        how it is sent; the vendor's clients send POST with everything in the query
---@field ram string|nil       RAM action that permits it
---@field repeatable boolean   whether sending it twice does what sending it once does
---@field required string[]    parameters that must be given, InstanceId aside
---@field filter table<string, string>|nil  for a list: what may narrow it, and the type of each
---@field list string|nil      for a list: the field that holds the items
---@field id string|nil        for a creation: the field that holds the new id
---@field response table         documented types of the response's fields; a table stands for a sequence of objects

local VERSION = "2018-12-01"

local layer = { Size = "integer", SyncedSize = "integer", TaskStatus = "string" }

--- What a task has by itself.
local task = {
  IsSuccess = "boolean",
  TaskStatus = "string",
  Progress = "integer",
  SyncedSize = "integer",
  Priority = "integer",
  SyncTransAccelerate = "boolean",
  CrossUser = "boolean",
  ImageFrom = "object",
  ImageTo = "object",
  LayerTasks = layer,
}

--- What it has in a list: no layers, but times. `ModifedTime` is the service's own spelling.
local listed_task = {
  TaskStatus = "string",
  Priority = "integer",
  SyncTransAccelerate = "boolean",
  CrossUser = "boolean",
  CustomLink = "boolean",
  CreateTime = "integer",
  ModifedTime = "integer",
  ModifiedTime = "integer",
  ImageFrom = "object",
  ImageTo = "object",
}

local rule = { CrossUser = "boolean", Priority = "integer", CreateTime = "integer", ModifiedTime = "integer" }

-- TotalCount is a digit string for tasks and a number for rules.
local function list_of(field, item)
  return { IsSuccess = "boolean", TotalCount = "integer", PageNo = "integer", PageSize = "integer", [field] = item }
end

local plain = { IsSuccess = "boolean" }

---@type table<string, crsync.Operation>
local operations = {
  GetRepoSyncTask = {
    ram = "cr:GetRepositorySync",
    repeatable = true,
    required = { "SyncTaskId" },
    response = task,
  },
  ListRepoSyncTask = {
    ram = "cr:GetRepositorySync",
    repeatable = true,
    required = {},
    -- SyncRecordId takes a SyncBatchTaskId.
    filter = { RepoNamespaceName = "string", RepoName = "string", Tag = "string", SyncRecordId = "string" },
    list = "SyncTasks",
    response = list_of("SyncTasks", listed_task),
  },
  CreateRepoSyncTask = {
    ram = "cr:CreateRepositorySync",
    repeatable = false,
    required = { "RepoId", "Tag", "TargetRegionId", "TargetInstanceId", "TargetNamespace", "TargetRepoName",
      "TargetTag" },
    id = "SyncTaskId",
    response = plain,
  },
  CreateRepoSyncTaskByRule = {
    ram = "cr:CreateRepositorySync",
    repeatable = false,
    required = { "RepoId", "Tag", "SyncRuleId" },
    id = "SyncTaskId",
    response = plain,
  },
  CancelRepoSyncTask = {
    ram = "cr:CancelRepoSyncTask",
    repeatable = true,
    required = { "SyncTaskId" },
    response = plain,
  },
  ListRepoSyncRule = {
    ram = "cr:ListSyncRule",
    repeatable = true,
    required = {},
    filter = { NamespaceName = "string", RepoName = "string", TargetInstanceId = "string", TargetRegionId = "string" },
    list = "SyncRules",
    response = list_of("SyncRules", rule),
  },
  CreateRepoSyncRule = {
    ram = "cr:CreateSyncRule",
    repeatable = false,
    required = { "SyncRuleName", "SyncScope", "TagFilter", "TargetRegionId", "TargetInstanceId" },
    id = "SyncRuleId",
    response = plain,
  },
  DeleteRepoSyncRule = {
    ram = "cr:DeleteSyncRule",
    repeatable = true,
    required = { "SyncRuleId" },
    response = plain,
  },
}

for action, operation in pairs(operations) do
  operation.action, operation.version, operation.method = action, VERSION, "POST"
end

return operations
