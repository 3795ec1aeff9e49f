--- The API's operations beside those in operations.lua: client:call knows them by name alone, and here is what it must
--- know of some. From the vendor's published descriptions of the API, version 2018-12-01. Data.

local other_operations = {}

local function set(words)
  local names = {}
  for name in words:gmatch "%S+" do names[name] = true end
  return names
end

--- All of them.
---@type table<string, boolean>
other_operations.names = set [[
  CancelArtifactBuildTask CancelRepoBuildRecord ChangeResourceGroup CreateArtifactBuildRule
  CreateArtifactLifecycleRule CreateArtifactSubscriptionRule CreateArtifactSubscriptionTask
  CreateBuildRecordByRecord CreateBuildRecordByRule CreateChain CreateChartNamespace CreateChartRepository
  CreateInstanceEndpointAclPolicy CreateInstanceVpcEndpointLinkedVpc CreateNamespace CreateRepoBuildRule
  CreateRepoSourceCodeRepo CreateRepoTag CreateRepoTagScanTask CreateRepoTrigger CreateRepository CreateScanRule
  CreateStorageDomainRoutingRule DeleteArtifactLifecycleRule DeleteArtifactSubscriptionRule DeleteChain
  DeleteChartNamespace DeleteChartRelease DeleteChartRepository DeleteEventCenterRule
  DeleteInstanceEndpointAclPolicy DeleteInstanceVpcEndpointLinkedVpc DeleteNamespace DeleteRepoBuildRule
  DeleteRepoTag DeleteRepoTrigger DeleteRepository DeleteScanRule DeleteStorageDomainRoutingRule
  GetArtifactBuildRule GetArtifactBuildTask GetArtifactLifecycleRule GetArtifactSubscriptionRule
  GetArtifactSubscriptionTask GetArtifactSubscriptionTaskResult GetAuthorizationToken GetChain GetChartNamespace
  GetChartRepository GetInstance GetInstanceCount GetInstanceEndpoint GetInstanceUsage GetInstanceVpcEndpoint
  GetNamespace GetRepoBuildRecord GetRepoBuildRecordStatus GetRepoSourceCodeRepo GetRepoTag GetRepoTagLayers
  GetRepoTagManifest GetRepoTagScanStatus GetRepoTagScanSummary GetRepository GetScanRule
  GetStorageDomainRoutingRule ListArtifactBuildTaskLog ListArtifactLifecycleRule ListArtifactSubscriptionRule
  ListArtifactSubscriptionTask ListChain ListChainInstance ListChartNamespace ListChartRelease ListChartRepository
  ListEventCenterRecord ListEventCenterRuleName ListInstance ListInstanceEndpoint ListInstanceRegion ListNamespace
  ListRepoBuildRecord ListRepoBuildRecordLog ListRepoBuildRule ListRepoTag ListRepoTagScanResult ListRepoTrigger
  ListRepository ListScanBaselineByTask ListScanMaliciousFileByTask ListScanRule ListTagResources ResetLoginPassword
  TagResources UntagResources UpdateArtifactLifecycleRule UpdateArtifactSubscriptionRule UpdateChain
  UpdateChartNamespace UpdateChartRepository UpdateEventCenterRule UpdateInstanceEndpointStatus UpdateNamespace
  UpdateRepoBuildRule UpdateRepoSourceCodeRepo UpdateRepoTrigger UpdateRepository UpdateScanRule
  UpdateStorageDomainRoutingRule]]

--- Those that are to be sent with GET. The others take POST.
---@type table<string, boolean>
other_operations.get_only = set [[
  GetArtifactBuildRule GetArtifactBuildTask GetArtifactLifecycleRule GetArtifactSubscriptionRule
  GetArtifactSubscriptionTask GetArtifactSubscriptionTaskResult GetRepoTag ListArtifactBuildTaskLog
  ListArtifactLifecycleRule ListArtifactSubscriptionRule ListArtifactSubscriptionTask ListEventCenterRecord
  ListEventCenterRuleName ListScanBaselineByTask ListScanMaliciousFileByTask ListScanRule]]

-- What a parameter that is JSON text holds.
local LIST, OBJECT = "list", "object"

local SCOPE = { Namespaces = LIST, RepoNames = LIST }
local CONFIGURATION = { DefaultRepoConfiguration = OBJECT }
local ROUTES = { Routes = LIST }

--- Parameters that the API wants as JSON text, by operation, and what each of them holds.
---@type table<string, table<string, "list"|"object">>
other_operations.json = {
  CreateNamespace = CONFIGURATION,
  UpdateNamespace = CONFIGURATION,
  CreateScanRule = SCOPE,
  UpdateScanRule = SCOPE,
  UpdateEventCenterRule = SCOPE,
  CreateStorageDomainRoutingRule = ROUTES,
  UpdateStorageDomainRoutingRule = ROUTES,
}

return other_operations
