--- The sandbox's service: what each operation answers. Knows requests and time, not sockets.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local dates = require "crsync.util.dates"
local json = require "crsync.print.json"
local known = require "crsync.operations"
local tasks = require "crsync.sandbox.tasks"

local Service = {}
Service.__index = Service

local service = {}

local WINDOW = 15 * 60 -- seconds that a request's date may be off

local function refusal(status, code, message) return { status = status, code = code, message = message } end

--- A service that plays a scenario.
---@param scenario table
---@param speed number  how much faster than the clock its time goes
---@return table service  with answer(request)
function service.new(scenario, speed)
  local self = setmetatable({ scenario = scenario, speed = speed, by_id = {}, order = {}, rules = {}, nonces = {},
    hits = {}, started = core.now(), made = 0 }, Service)
  for _, description in ipairs(scenario.tasks) do self:add(description) end
  return self
end

function Service:now() return (core.now() - self.started) * self.speed end

function Service:add(description)
  local task = tasks.new(description, self.scenario.instance, self.scenario.region, self:now())
  self.by_id[description.id] = task
  self.order[#self.order + 1] = task
  return task
end

-- ---- signatures -----------------------------------------------------------------------------------------

-- Signs what was received with the sandbox's own key: the same signature must come out.
local function signature_matches(self, request, signed)
  local headers = {}
  for name in signed:gmatch "[^;]+" do headers[name] = request.headers[name] end
  local ok, expected = pcall(core.sign, { method = request.method, path = request.path, query = request.query,
    host = request.headers.host or "", headers = headers, body = request.body,
    access_key_id = self.scenario.access_key_id, access_key_secret = self.scenario.access_key_secret })
  return ok and expected.Authorization == request.headers.authorization
end

local AUTHORIZATION = "^ACS3%-HMAC%-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),"

local function check_signature(self, request)
  local id, signed = (request.headers.authorization or ""):match(AUTHORIZATION)
  if not id then return refusal(400, "IncompleteSignature", "Authorization is missing or malformed.") end
  if id ~= self.scenario.access_key_id then
    return refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
  elseif not signature_matches(self, request, signed) then
    return refusal(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation.")
  end
  local at, nonce = dates.epoch(request.headers["x-acs-date"] or ""), request.headers["x-acs-signature-nonce"]
  if not at or math.abs(at - os.time()) > WINDOW then
    return refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
  elseif self.nonces[nonce] then
    return refusal(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
  end
  self.nonces[nonce] = true
  return nil
end

-- ---- faults ---------------------------------------------------------------------------------------------

-- The fault that the scenario has for this request, if any. Each counts all the requests that fit it.
local function fault_for(self, request)
  local found
  for i, fault in ipairs(self.scenario.faults) do
    local fits = (not fault.action or fault.action == request.headers["x-acs-action"])
      and (not fault.task or fault.task == request.query.SyncTaskId)
    if fits then
      local hits = (self.hits[i] or 0) + 1
      self.hits[i] = hits
      local due = hits - (fault.after or 0)
      local hit = due >= 1 and due <= (fault.times or math.huge) and due % (fault.every or 1) == 0
      found = found or hit and fault
    end
  end
  return found or nil
end

-- ---- operations -----------------------------------------------------------------------------------------

local operations = {}

function operations.GetRepoSyncTask(self, query)
  local task = self.by_id[query.SyncTaskId or ""]
  if not task then return refusal(400, "SYNC_TASK_NOT_EXIST", "Sync task is not exist.") end
  return tasks.look(task, self:now())
end

local function page_of(query, items, field, total)
  local function count(name, default) return math.max(1, compat.tointeger(tonumber(query[name])) or default) end
  local number, size = count("PageNo", 1), math.min(count("PageSize", 30), 100)
  local page = {}
  for i = (number - 1) * size + 1, math.min(number * size, #items) do page[#page + 1] = items[i] end
  return { PageNo = number, PageSize = size, TotalCount = total(#items), [field] = page }
end

function operations.ListRepoSyncTask(self, query)
  local found = {}
  for i = #self.order, 1, -1 do -- newest first
    local item = tasks.listed(self.order[i], self:now(), os.time())
    local from = item.ImageFrom
    if (not query.RepoNamespaceName or from.RepoNamespaceName == query.RepoNamespaceName)
      and (not query.RepoName or from.RepoName == query.RepoName) and (not query.Tag or from.ImageTag == query.Tag)
      and (not query.SyncRecordId or item.SyncBatchTaskId == query.SyncRecordId) then
      found[#found + 1] = item
    end
  end
  return page_of(query, found, "SyncTasks", tostring)
end

local function create(self, query, action)
  for _, name in ipairs(known[action].required) do
    if (query[name] or "") == "" then
      return refusal(400, "Missing" .. name, name .. " is mandatory for this action.")
    end
  end
  self.made = self.made + 1
  local repo = query.TargetNamespace and query.TargetNamespace .. "/" .. query.TargetRepoName or nil
  local task = self:add { id = ("rst-made-%d"):format(self.made), to = query.TargetRegionId, repo = repo,
    tag = query.Tag, rule = query.SyncRuleId, pending = 1 }
  task.by_hand = true
  return { SyncTaskId = task.description.id }
end

for _, action in ipairs { "CreateRepoSyncTask", "CreateRepoSyncTaskByRule" } do
  operations[action] = function(self, query) return create(self, query, action) end
end

function operations.CancelRepoSyncTask(self, query)
  local task = self.by_id[query.SyncTaskId or ""]
  if not task then return refusal(400, "SYNC_TASK_NOT_EXIST", "Sync task is not exist.") end
  tasks.cancel(task, self:now())
  return {}
end

function operations.CreateRepoSyncRule(self, query)
  self.made = self.made + 1
  local rule = { SyncRuleId = ("crsr-made-%d"):format(self.made), SyncDirection = "FROM",
    LocalRegionId = self.scenario.region, LocalInstanceId = self.scenario.instance,
    LocalNamespaceName = query.NamespaceName, LocalRepoName = query.RepoName,
    CreateTime = os.time() * 1000, ModifiedTime = os.time() * 1000, CrossUser = false }
  for _, name in ipairs { "SyncRuleName", "SyncScope", "SyncTrigger", "TagFilter", "TargetRegionId", "TargetInstanceId",
    "TargetNamespaceName", "TargetRepoName" } do
    rule[name] = query[name]
  end
  self.rules[#self.rules + 1] = rule
  return { SyncRuleId = rule.SyncRuleId }
end

function operations.ListRepoSyncRule(self, query)
  return page_of(query, self.rules, "SyncRules", function(n) return n end)
end

function operations.DeleteRepoSyncRule(self, query)
  for i, rule in ipairs(self.rules) do
    if rule.SyncRuleId == query.SyncRuleId then
      table.remove(self.rules, i)
      return {}
    end
  end
  return refusal(400, "SYNC_RULE_NOT_EXIST", "Sync rule is not exist.")
end

local function operate(self, request)
  if request.headers["x-acs-version"] ~= known.GetRepoSyncTask.version then
    return refusal(400, "InvalidVersion", "Specified parameter Version is not valid.")
  end
  local operation = operations[request.headers["x-acs-action"] or ""]
  if not operation then
    return refusal(404, "InvalidAction.NotFound", "Specified api is not found.")
  elseif (request.query.InstanceId or "") == "" then
    return refusal(400, "MissingInstanceId", "InstanceId is mandatory for this action.")
  elseif request.query.InstanceId ~= self.scenario.instance then
    return refusal(400, "INSTANCE_NOT_EXIST", "Instance is not exist.")
  end
  return operation(self, request.query)
end

--- Answers a request.
---@param request { method: string, path: string, query: table, headers: table, body: string }
---@return integer status
---@return string body
---@return table fault  delay, reset, hang, retry_after: what else is to happen; empty if nothing
function Service:answer(request)
  local id = ("00000000-0000-4000-8000-%012x"):format(math.floor(core.random() * 2 ^ 47))
  local result, fault = check_signature(self, request), {}
  if not result then
    fault = fault_for(self, request) or {}
    if fault.code or fault.status then
      local message = fault.message or "A fault of the scenario's."
      result = refusal(fault.status or 400, fault.code or "InternalError", message)
    end
  end
  result = result or operate(self, request)
  if result.code then
    return result.status, json.encode { RequestId = id, Code = result.code, Message = result.message,
      HostId = request.headers.host or "" }, fault
  end
  result.RequestId, result.Code, result.IsSuccess = id, "success", true
  return 200, json.encode(result), fault
end

return service
