--- Making a failed task again: what the new one is made with, from what the old one tells of source and target; and
--- whether that was done already. Pure.

local operations = require "crsync.operations"
local compat = require "crsync.util.compat"

local again = {}

-- What a creation by a rule does not take: whoever gives one of these means another target than the rule's.
local SPELLED_OUT = {}
for _, parameter in ipairs(operations.CreateRepoSyncTask.parameters) do SPELLED_OUT[parameter[1]] = true end
for _, parameter in ipairs(operations.CreateRepoSyncTaskByRule.parameters) do SPELLED_OUT[parameter[1]] = nil end

local function spells_out(params)
  for name in pairs(params) do
    if SPELLED_OUT[name] then return true end
  end
  return false
end

--- Of a task that is to be made again: what a creation takes. Whatever stands in `params` wins.
---@param task crsync.Task
---@param repo_id string|nil
---@param params table
---@param is_spelled_out boolean|nil  leave its rule aside
---@return "CreateRepoSyncTask"|"CreateRepoSyncTaskByRule" action
---@return table all
function again.params(task, repo_id, params, is_spelled_out)
  local from, to = task.ImageFrom or {}, task.ImageTo or {}
  local all = { RepoId = repo_id, Tag = from.ImageTag, Priority = compat.tointeger(task.Priority) }
  local has_rule = (task.SyncRuleId or "") ~= "" and not spells_out(params)
  local by_rule = params.SyncRuleId ~= nil or has_rule and not is_spelled_out
  if by_rule then
    all.SyncRuleId = task.SyncRuleId
  else
    all.TargetRegionId, all.TargetInstanceId = to.RegionId, to.InstanceId
    all.TargetNamespace, all.TargetRepoName, all.TargetTag = to.RepoNamespaceName, to.RepoName, to.ImageTag
  end
  for name, value in pairs(params) do all[name] = value end
  all.force = nil
  return by_rule and "CreateRepoSyncTaskByRule" or "CreateRepoSyncTask", all
end

-- Kinds of refusals after which certainly nothing was made; a nonce that was used may have been so by the same request.
local REFUSED = { client = true, not_found = true, auth = true }

--- Whether a creation by the task's rule was refused for what the rule is: the service documents it for rules that make
--- tasks by hand (INITIATIVE), and this one makes them by itself.
---@param task crsync.Task
---@param params table
---@param err crsync.Error
---@return boolean
function again.is_rule_refused(task, params, err)
  return task.TaskTrigger == "PASSIVE" and params.SyncRuleId == nil and REFUSED[err.kind] == true
    and err.code ~= "SignatureNonceUsed"
end

local IMAGE = { "RegionId", "InstanceId", "RepoNamespaceName", "RepoName", "ImageTag" }

local function same_image(a, b)
  for _, name in ipairs(IMAGE) do
    if type(a) ~= "table" or type(b) ~= "table" or a[name] ~= b[name] then return false end
  end
  return true
end

--- The newest of the tasks that was made after this one, from the same source to the same target; nil: there is none.
---@param task crsync.ListedTask
---@param tasks crsync.ListedTask[]
---@return crsync.ListedTask|nil
function again.newer(task, tasks)
  local best
  for _, other in ipairs(tasks) do
    local made = other.CreateTime or 0
    if other.SyncTaskId ~= task.SyncTaskId and made > (best or task).CreateTime
      and same_image(other.ImageFrom, task.ImageFrom) and same_image(other.ImageTo, task.ImageTo) then
      best = other
    end
  end
  return best
end

return again
