--- What the service and the files know, for completions: ids of tasks, batches, rules and instances, repositories,
--- tags, profiles. The service is asked once, within a deadline that nobody minds, and only where keys are at hand: no
--- program and no other host is asked for them. Whatever fails is nothing to offer.

local cli_profile = require "crsync.credentials.cli_profile"
local crsync = require "crsync"
local tables = require "crsync.print.table"

---@class crsync.cli.Candidate
---@field [1] string       the word
---@field [2] string|nil   what it is

local known = {}

local PATIENCE = 2 -- seconds
local MOST = 100   -- items of a list

-- ---- asking -----------------------------------------------------------------------------------------------

---@diagnostic disable: invisible -- where a client's keys come from

local function has_keys(client)
  local source = client.source
  return source.is_at_hand or not source.ask and source.name ~= "none"
end

-- What a call returns; nil where there is no client, no key, or no result.
local function asked(given, call)
  local client = crsync.new { region = given.region, endpoint = given.endpoint, profile = given.profile, retry = false,
    deadline = PATIENCE, timeout = PATIENCE, connect_timeout = PATIENCE, debug = 0 } -- the person is typing
  if not client then return nil end
  local ok, result = pcall(function() return has_keys(client) and call(client) or nil end)
  client:close()
  return ok and result or nil
end

---@diagnostic enable: invisible

local function tasks_of(given)
  if not given.instance then return {} end
  local namespace, name = (given.repo or ""):match "^([^/]+)/([^/]+)$"
  return asked(given, function(client)
    return client:list_tasks(given.instance, { limit = MOST, PageSize = MOST, deadline = PATIENCE,
      RepoNamespaceName = namespace, RepoName = name })
  end) or {}
end

-- The items of an operation's list.
local function items_of(given, action, list)
  local response = asked(given, function(client)
    return client:call(action, { InstanceId = given.instance, PageSize = MOST, PageNo = 1 })
  end)
  return type(response) == "table" and type(response[list]) == "table" and response[list] or {}
end

-- Of each item what `make` returns, each word once.
local function each(items, make)
  local candidates, seen = {}, {}
  for _, item in ipairs(items) do
    local word, about
    if type(item) == "table" then word, about = make(item) end
    if type(word) == "string" and not seen[word] then
      candidates[#candidates + 1] = { word, about }
      seen[word] = true
    end
  end
  return candidates
end

-- ---- what there is ------------------------------------------------------------------------------------------

local shown = tables.shown

local function image_of(task) return tables.image(task.ImageFrom or {}) end

function known.instances(given)
  return each(items_of(given, "ListInstance", "Instances"), function(item)
    return item.InstanceId, item.InstanceName and shown(item.InstanceName)
  end)
end

function known.tasks(given)
  return each(tasks_of(given), function(task)
    return task.SyncTaskId, ("%s %s to %s"):format(shown(task.TaskStatus), image_of(task),
      shown((task.ImageTo or {}).RegionId))
  end)
end

function known.batches(given)
  return each(tasks_of(given), function(task)
    return task.SyncBatchTaskId, ("%s %s"):format(tables.date(task.CreateTime), image_of(task))
  end)
end

function known.tags(given)
  return each(tasks_of(given), function(task) return (task.ImageFrom or {}).ImageTag, image_of(task) end)
end

function known.rules(given)
  if not given.instance then return {} end
  local rules = asked(given, function(client)
    return client:list_rules(given.instance, { limit = MOST, PageSize = MOST, deadline = PATIENCE })
  end)
  return each(rules or {}, function(rule)
    return rule.SyncRuleId, ("%s to %s"):format(shown(rule.SyncRuleName), shown(rule.TargetRegionId))
  end)
end

local function repositories(given, make)
  return given.instance and each(items_of(given, "ListRepository", "Repositories"), make) or {}
end

function known.repositories(given)
  return repositories(given, function(item)
    return item.RepoNamespaceName and item.RepoName and item.RepoNamespaceName .. "/" .. item.RepoName
  end)
end

function known.repository_ids(given)
  return repositories(given, function(item)
    return item.RepoId, ("%s/%s"):format(shown(item.RepoNamespaceName), shown(item.RepoName))
  end)
end

function known.names(given) return repositories(given, function(item) return item.RepoName end) end

function known.namespaces(given) return repositories(given, function(item) return item.RepoNamespaceName end) end

function known.profiles()
  local path = cli_profile.path()
  local document = path and not cli_profile.is_disabled() and cli_profile.read(path)
  return each(document and document.profiles or {}, function(profile) return profile.name, profile.mode end)
end

return known
