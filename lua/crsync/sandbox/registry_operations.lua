--- Operations with which scripts find ids: instances, namespaces, repositories, tags. As far as they need them; what
--- else the registry offers is refused as a key without the right is.

local other_operations = require "crsync.other_operations"
local page = require "crsync.sandbox.page"
local refusals = require "crsync.sandbox.refusals"
local tasks = require "crsync.sandbox.tasks"

local registry = { operations = {}, required = {}, without_instance = {} }

local operations = registry.operations

local REGIONS = { ["cn-hangzhou"] = "China (Hangzhou)", ["cn-shanghai"] = "China (Shanghai)",
  ["cn-beijing"] = "China (Beijing)", ["cn-shenzhen"] = "China (Shenzhen)", ["cn-hongkong"] = "China (Hong Kong)",
  ["ap-southeast-1"] = "Singapore", ["ap-northeast-1"] = "Japan (Tokyo)", ["eu-central-1"] = "Germany (Frankfurt)",
  ["eu-west-1"] = "UK (London)", ["us-east-1"] = "US (Virginia)", ["us-west-1"] = "US (Silicon Valley)" }

local RESOURCE_GROUP = "rg-sandbox"

local function asked_for(query, name, value) return (query[name] or "") == "" or query[name] == value end

-- ---- instances -----------------------------------------------------------------------------------------------

-- Those that are the account's own.
local function own_instances(world)
  local list = {}
  for _, row in ipairs(world.instances) do
    if not row.account then list[#list + 1] = row end
  end
  return list
end

local function instance_told(world, row)
  return { InstanceId = row.id, InstanceName = row.name or row.id, InstanceStatus = row.status or "RUNNING",
    InstanceSpecification = "Enterprise_Advanced", ResourceGroupId = RESOURCE_GROUP,
    CreateTime = world:epoch_ms(0), ModifiedTime = world:epoch_ms(0) }
end

function operations.ListInstance(world, query)
  local found = {}
  for _, row in ipairs(own_instances(world)) do
    local item = instance_told(world, row)
    if asked_for(query, "InstanceName", item.InstanceName) and asked_for(query, "InstanceStatus", item.InstanceStatus)
      and asked_for(query, "ResourceGroupId", item.ResourceGroupId) then
      item.RegionId = row.region
      item.CreateTime, item.ModifiedTime = tostring(item.CreateTime), tostring(item.ModifiedTime)
      found[#found + 1] = item
    end
  end
  return page(query, found, "Instances", "number")
end

function operations.GetInstance(world, query) return instance_told(world, world:instance(query.InstanceId)) end

function operations.GetInstanceCount(world) return { Count = #own_instances(world) } end

function operations.ListInstanceRegion(world)
  local found, seen = {}, {}
  for _, row in ipairs(world.instances) do
    if not seen[row.region] then
      found[#found + 1] = { RegionId = row.region, LocalName = REGIONS[row.region] or row.region }
    end
    seen[row.region] = true
  end
  return { Regions = found }
end

for _, action in ipairs { "ListInstance", "GetInstanceCount", "ListInstanceRegion" } do
  registry.without_instance[action] = true
end

-- ---- namespaces and repositories -------------------------------------------------------------------------------

local function is_home(world, query) return query.InstanceId == world.home.id end

function operations.ListNamespace(world, query)
  local found = {}
  for _, name in ipairs(is_home(world, query) and world:namespaces() or {}) do
    if asked_for(query, "NamespaceName", name) and asked_for(query, "NamespaceStatus", "NORMAL") then
      found[#found + 1] = { NamespaceId = "crn-" .. name:gsub("[^%w]", "-"), NamespaceName = name,
        NamespaceStatus = "NORMAL", InstanceId = query.InstanceId, AutoCreateRepo = true, DefaultRepoType = "PRIVATE",
        ResourceGroupId = RESOURCE_GROUP }
    end
  end
  return page(query, found, "Namespaces", "string")
end

local function repository_told(world, row)
  return { RepoId = row.id, RepoName = row.name, RepoNamespaceName = row.namespace, InstanceId = world.home.id,
    RepoStatus = "NORMAL", RepoType = "PRIVATE", RepoBuildType = "MANUAL", Summary = row.given.summary or "",
    TagImmutability = false, ResourceGroupId = RESOURCE_GROUP, CreateTime = world:epoch_ms(0),
    ModifiedTime = world:epoch_ms(0) }
end

function operations.ListRepository(world, query)
  local found = {}
  for _, row in ipairs(is_home(world, query) and world.repositories or {}) do
    if asked_for(query, "RepoNamespaceName", row.namespace) and asked_for(query, "RepoName", row.name)
      and (query.RepoStatus == "ALL" or asked_for(query, "RepoStatus", "NORMAL")) then
      found[#found + 1] = repository_told(world, row)
    end
  end
  return page(query, found, "Repositories", "string")
end

-- By its id, or by both its names.
local function repository_of(world, query)
  if not is_home(world, query) then return nil, refusals.of "REPO_NOT_EXIST" end
  if (query.RepoId or "") ~= "" then
    local row = world:repository(query.RepoId)
    return row, refusals.of "REPO_NOT_EXIST"
  end
  for _, name in ipairs { "RepoNamespaceName", "RepoName" } do
    if (query[name] or "") == "" then return nil, refusals.missing(name) end
  end
  return world:repository_named(query.RepoNamespaceName, query.RepoName), refusals.of "REPO_NOT_EXIST"
end

function operations.GetRepository(world, query)
  local row, refusal = repository_of(world, query)
  if not row then return nil, refusal end
  local answer = repository_told(world, row)
  answer.Detail = row.given.summary or ""
  return answer
end

-- ---- tags ------------------------------------------------------------------------------------------------------

local function tag_told(world, row, tag)
  local digest = tasks.digest(row.id .. ":" .. tag, 1):gsub("^sha256:", "")
  return { Tag = tag, Digest = digest, ImageId = tasks.digest(row.id .. ":" .. tag, 2):gsub("^sha256:", ""),
    ImageSize = 60001500, Status = "NORMAL", ImageCreate = world:epoch_ms(0), ImageUpdate = world:epoch_ms(0) }
end

function operations.ListRepoTag(world, query)
  local row, refusal = repository_of(world, query)
  if not row then return nil, refusal end
  local found = {}
  for i, tag in ipairs(row.tags) do
    local item = tag_told(world, row, tag)
    item.ImageCreate, item.ImageUpdate = tostring(item.ImageCreate), tostring(item.ImageUpdate)
    found[i] = item
  end
  return page(query, found, "Images", "string")
end

function operations.GetRepoTag(world, query)
  local row, refusal = repository_of(world, query)
  if not row then return nil, refusal end
  for _, tag in ipairs(row.tags) do
    if tag == query.Tag then return tag_told(world, row, tag) end
  end
  return nil, refusals.invalid("Tag", "there is no such tag")
end

registry.required = { ListRepoTag = { "RepoId" }, GetRepoTag = { "RepoId", "Tag" } }

-- ---- what else the registry offers -------------------------------------------------------------------------------

--- Whether the registry has an operation of that name which the sandbox does not play.
function registry.is_other(action) return other_operations.names[action] == true end

return registry
