--- Operations on sync tasks and rules: what each answers. Required parameters are checked before (service.lua).
--- Each is a function (world, query) that returns an answer, or nil and a refusal.

local compat = require "crsync.util.compat"
local filter = require "crsync.sandbox.filter"
local page = require "crsync.sandbox.page"
local refusals = require "crsync.sandbox.refusals"
local tasks = require "crsync.sandbox.tasks"
local world_of = require "crsync.sandbox.world"

local operations = {}

local function refuse(...) return nil, refusals.of(...) end

-- ---- tasks ---------------------------------------------------------------------------------------------------

function operations.GetRepoSyncTask(world, query)
  local task = world:task(query.InstanceId, query.SyncTaskId)
  if not task then return refuse "SYNC_TASK_NOT_EXIST" end
  return tasks.look(task, world:now())
end

function operations.ListRepoSyncTask(world, query)
  local function asked_for(name, value) return (query[name] or "") == "" or query[name] == value end
  local function epoch_ms(t) return world:epoch_ms(t) end
  local found, now = {}, world:now()
  for _, task in ipairs(world:tasks_of(query.InstanceId)) do
    if asked_for("RepoNamespaceName", task.from.namespace) and asked_for("RepoName", task.from.name)
      and asked_for("Tag", task.from.tag) and asked_for("SyncRecordId", task.batch) then
      found[#found + 1] = tasks.listed(task, now, epoch_ms)
    end
  end
  return page(query, found, "SyncTasks", "string")
end

function operations.CancelRepoSyncTask(world, query)
  local task = world:task(query.InstanceId, query.SyncTaskId)
  if not task then return refuse "SYNC_TASK_NOT_EXIST" end
  tasks.cancel(task, world:now())
  return {}
end

local function source(world, query, repository)
  local instance = world:instance(query.InstanceId)
  world_of.add_tag(repository, query.Tag)
  return { region = instance.region, instance = instance.id, namespace = repository.namespace, name = repository.name,
    tag = query.Tag }
end

-- The instance that a request names as its destination.
local function target(world, query)
  local instance = world:instance(query.TargetInstanceId)
  if not instance or instance.region ~= query.TargetRegionId then return nil end
  if instance.account and instance.account ~= query.TargetUserId then return nil end
  return instance
end

-- The account of a destination, if it is another one.
local function account_of(world, instance, query)
  local account = instance.account or query.TargetUserId
  return account ~= "" and account ~= world.scenario.account and account or nil
end

local function priority_of(query, default)
  return compat.tointeger(tonumber(query.Priority or "") or default or 3)
end

local function created(task) return { SyncTaskId = task.id } end

function operations.CreateRepoSyncTask(world, query)
  local repository = world:repository(query.RepoId)
  if not repository then return refuse "REPO_NOT_EXIST" end
  local instance = target(world, query)
  if not instance then return refuse("INSTANCE_NOT_EXIST", "target instance is not exist.") end
  return created(world:make_task { from = source(world, query, repository), trigger = "INITIATIVE",
    priority = priority_of(query), to = { region = instance.region, instance = instance.id,
      account = account_of(world, instance, query), namespace = query.TargetNamespace, name = query.TargetRepoName,
      tag = query.TargetTag } })
end

function operations.CreateRepoSyncTaskByRule(world, query)
  local repository = world:repository(query.RepoId)
  if not repository then return refuse "REPO_NOT_EXIST" end
  local rule = world:rule(query.InstanceId, query.SyncRuleId)
  if not rule then return refuse "SYNC_RULE_NOT_EXIST" end
  if rule.SyncTrigger ~= "INITIATIVE" then
    return nil, refusals.invalid("SyncRuleId", "the rule's SyncTrigger is not INITIATIVE")
  end
  local to = world_of.destination(rule, repository)
  if not to then return nil, refusals.invalid("SyncRuleId", "the rule is not for this repository") end
  to.tag = query.Tag
  return created(world:make_task { from = source(world, query, repository), to = to, rule = rule.SyncRuleId,
    trigger = "INITIATIVE", priority = priority_of(query, rule.Priority), link = rule.LinkId })
end

-- ---- rules ---------------------------------------------------------------------------------------------------

local NEEDS = { REPO = { "NamespaceName", "TargetNamespaceName", "RepoName" },
  NAMESPACE = { "NamespaceName", "TargetNamespaceName" }, INSTANCE = {} }

local FILTERS = { "TagFilter", "RepoNameFilter", "NamespaceNameFilter" }

local function check_rule(world, query)
  for _, name in ipairs(NEEDS[query.SyncScope]) do
    if (query[name] or "") == "" then return refusals.missing(name) end
  end
  for _, name in ipairs(FILTERS) do
    local ok, problem = filter.new(query[name] or "")
    if not ok then return refusals.invalid(name, problem) end
  end
  local namespace, name = query.NamespaceName, query.RepoName
  if query.SyncScope == "REPO" and not world:repository_named(namespace, name) then
    return refusals.of "REPO_NOT_EXIST"
  elseif query.SyncScope == "NAMESPACE" then
    for _, known in ipairs(world:namespaces()) do
      if known == namespace then return nil end
    end
    return refusals.of "NAMESPACE_NOT_EXIST"
  end
end

-- What the request gives and the list repeats as it is.
local AS_GIVEN = { "SyncRuleName", "SyncScope", "TagFilter", "RepoNameFilter", "NamespaceNameFilter", "TargetRegionId",
  "TargetInstanceId", "TargetNamespaceName", "TargetRepoName", "LinkId" }

function operations.CreateRepoSyncRule(world, query)
  local instance = target(world, query)
  if not instance then return refuse("INSTANCE_NOT_EXIST", "target instance is not exist.") end
  local refusal = check_rule(world, query)
  if refusal then return nil, refusal end
  local rule = { SyncTrigger = query.SyncTrigger or "PASSIVE", Priority = priority_of(query),
    LocalRegionId = world:instance(query.InstanceId).region, LocalInstanceId = query.InstanceId,
    LocalNamespaceName = query.NamespaceName, LocalRepoName = query.RepoName,
    account = account_of(world, instance, query) }
  for _, name in ipairs(AS_GIVEN) do rule[name] = query[name] ~= "" and query[name] or nil end
  return { SyncRuleId = world:add_rule(rule, world:now()).SyncRuleId }
end

local function listed(world, rule, direction)
  local item = {}
  for name, value in pairs(rule) do
    if name:find "^%u" then item[name] = value end
  end
  item.CreateTime = world:epoch_ms(math.max(rule.created, 0))
  item.ModifiedTime, item.SyncDirection, item.CrossUser = item.CreateTime, direction, rule.account ~= nil
  return item
end

function operations.ListRepoSyncRule(world, query)
  local function asked_for(name, value) return (query[name] or "") == "" or query[name] == value end
  local found = {}
  for _, rule in ipairs(world.rules) do
    local direction = rule.LocalInstanceId == query.InstanceId and "FROM"
      or rule.TargetInstanceId == query.InstanceId and "TO"
    if direction and asked_for("NamespaceName", rule.LocalNamespaceName) and asked_for("RepoName", rule.LocalRepoName)
      and asked_for("TargetInstanceId", rule.TargetInstanceId) and asked_for("TargetRegionId", rule.TargetRegionId) then
      found[#found + 1] = listed(world, rule, direction)
    end
  end
  return page(query, found, "SyncRules", "number")
end

function operations.DeleteRepoSyncRule(world, query)
  local rule, position = world:rule(query.InstanceId, query.SyncRuleId)
  if not rule then return refuse "SYNC_RULE_NOT_EXIST" end
  world:remove_rule(position)
  return {}
end

return operations
