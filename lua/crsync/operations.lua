--- The service's operations: data only. Names, parameters and types are those of the API, product cr, version
--- 2018-12-01. https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-overview

---@class crsync.Operation
---@field action string       the operation's name
---@field version string      the API's version
---@field method string       how it is sent; the vendor's clients send POST with everything in the query
---@field ram string          RAM action that permits it
---@field repeatable boolean  whether sending it twice does what sending it once does
---@field answer table        documented types of the answer's fields; a table stands for a sequence of objects

local VERSION = "2018-12-01"

local layer = { Size = "integer", SyncedSize = "integer", TaskStatus = "string" }

--- What every answer has, and the fields that a task has by itself.
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

---@type table<string, crsync.Operation>
return {
  GetRepoSyncTask = {
    action = "GetRepoSyncTask",
    version = VERSION,
    method = "POST",
    ram = "cr:GetRepositorySync",
    repeatable = true,
    answer = task,
  },
}
