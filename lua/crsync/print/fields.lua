--- Fields of the service's tables: the order in which documented ones are shown, which of them are lists, and how one
--- is found by its path. What printing in every form needs.

local compat = require "crsync.util.compat"

local fields = {}

-- What a reader looks for first stands first; the envelope, which says little once all is well, last.
local ORDER = {
  -- lists
  "TotalCount", "PageNo", "PageSize",
  -- a task, and its layers
  "SyncTaskId", "SyncLayerTaskId", "Digest", "ArtifactDigest", "TaskStatus", "TaskIssue", "Progress", "Size",
  "SyncedSize", "TaskTrigger", "Priority", "SyncRuleId",
  "SyncBatchTaskId", "CrossUser", "SyncTransAccelerate", "CustomLink", "LinkId", "CreateTime", "ModifedTime",
  "ModifiedTime", "ImageFrom", "ImageTo",
  -- a rule
  "SyncRuleName", "SyncScope", "SyncTrigger", "SyncDirection", "TagFilter", "RepoNameFilter", "NamespaceNameFilter",
  "LocalRegionId", "LocalInstanceId", "LocalNamespaceName", "LocalRepoName", "TargetRegionId", "TargetInstanceId",
  "TargetNamespaceName", "TargetRepoName",
  -- an image
  "RegionId", "InstanceId", "RepoNamespaceName", "RepoName", "ImageTag",
  -- what holds many
  "LayerTasks", "SyncTasks", "SyncRules",
  -- the envelope
  "RequestId", "HostId", "Code", "Message", "Recommend", "IsSuccess",
}

--- Position of a documented field.
---@type table<string, integer>
fields.rank = {}
for position, name in ipairs(ORDER) do fields.rank[name] = position end

--- Fields documented as lists: an empty table there is a list.
---@type table<string, boolean>
fields.lists = {
  LayerTasks = true, SyncTasks = true, SyncRules = true, Instances = true, Repositories = true, Images = true,
  Namespaces = true, Regions = true, Tags = true,
}

local LIST = { __jsontype = "array" }

--- Marks a table as a list, so that it is written as one when it is empty, too.
---@generic T: table
---@param t T
---@return T
function fields.as_list(t) return setmetatable(t, LIST) end

local function before(a, b)
  local left, right = fields.rank[a], fields.rank[b]
  if left and right then return left < right end
  if left or right then return left ~= nil end
  return a < b
end

--- The string keys of a table: documented ones in documented order, then the rest by their bytes.
---@param t table
---@return string[]
function fields.sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, before)
  return keys
end

--- The value at a path, or nil; a path of dots alone leads nowhere.
---@param value any
---@param path string  "TaskStatus", "ImageTo.RegionId", "LayerTasks.1.Size"
---@return any
function fields.at(value, path)
  if not path:find "[^.]" then return nil end
  for name in path:gmatch "[^.]+" do
    if type(value) ~= "table" then return nil end
    local position = value[name] == nil and compat.tointeger(tonumber(name))
    value = value[position or name]
  end
  return value
end

--- Whether a table is to be written as a list, an object, or neither.
---@param t table
---@param name string|nil  the field that holds it
---@return "list"|"object"|nil
---@return string|nil why  for nil: what is wrong with it
function fields.shape(t, name)
  local mark = (getmetatable(t) or {}).__jsontype
  if next(t) == nil then return (mark == "array" or mark ~= "object" and fields.lists[name]) and "list" or "object" end
  local count, strings = 0, 0
  for key in pairs(t) do
    count = count + 1
    if type(key) == "string" then strings = strings + 1 end
  end
  if strings == count then return "object" end
  if strings > 0 then return nil, "it mixes names and positions" end
  for i = 1, count do
    if t[i] == nil then return nil, "it is no sequence" end
  end
  return "list"
end

return fields
