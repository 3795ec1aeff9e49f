--- The sandbox's service: what each request is answered. Knows requests and time, not sockets.

local core = require "crsync.core"
local faults = require "crsync.sandbox.faults"
local gate = require "crsync.sandbox.gate"
local json = require "crsync.print.json"
local known = require "crsync.operations"
local other_operations = require "crsync.other_operations"
local parameters = require "crsync.sandbox.parameters"
local quota = require "crsync.sandbox.quota"
local refusals = require "crsync.sandbox.refusals"
local registry = require "crsync.sandbox.registry_operations"
local sync_operations = require "crsync.sandbox.sync_operations"
local world = require "crsync.sandbox.world"

local Service = {}
Service.__index = Service

local service = {}

-- The scenario's own key and those beside it; ages of tokens count from now on.
local function keys_of(scenario)
  local keys = { { id = scenario.access_key_id, secret = scenario.access_key_secret } }
  for _, row in ipairs(scenario.keys) do
    keys[#keys + 1] = { id = row.id, secret = row.secret, token = row.token, disabled = row.disabled,
      expires = row.expires and core.now() + row.expires }
  end
  return keys
end

--- A service that plays a scenario.
---@param scenario table  complete, see scenario.lua
---@param speed number    how much faster than the clock its time goes
function service.new(scenario, speed)
  local its_world = world.new(scenario, speed)
  return setmetatable({ world = its_world, speed = speed, gate = gate.new(keys_of(scenario)),
    quota = quota.new(scenario.quota), faults = faults.new(scenario.faults, its_world.chance) }, Service)
end

-- ---- parameters ------------------------------------------------------------------------------------------------

local function is_given(query, name) return (query[name] or "") ~= "" end

local CHECKS = {
  integer = function(value)
    return value:find "^[1-5]$" ~= nil or "it is a whole number from 1 to 5" -- Priority is the only one
  end,
  boolean = function(value) return value == "true" or value == "false" or "it is true or false" end,
}

local function check_value(row, value)
  local check = CHECKS[row[2]]
  local verdict = not check or check(value)
  if verdict ~= true then return refusals.invalid(row[1], verdict) end
  if row.words and not row.words:find('"' .. value .. '"', 1, true) then
    return refusals.invalid(row[1], "it is one of " .. row.words:gsub('"', ""):gsub("|", ", "))
  end
end

-- Names the first parameter that is missing, as the gateway does; then what a value cannot be.
local function check_parameters(self, action, query)
  if not registry.without_instance[action] then
    if not is_given(query, "InstanceId") then return refusals.missing "InstanceId" end
  end
  for _, name in ipairs(known[action] and known[action].required or registry.required[action] or {}) do
    if not is_given(query, name) then return refusals.missing(name) end
  end
  for _, row in ipairs(known[action] and known[action].parameters or {}) do
    local refusal = is_given(query, row[1]) and check_value(row, query[row[1]])
    if refusal then return refusal end
  end
  local instance = self.world:instance(query.InstanceId or "")
  if not registry.without_instance[action] and (not instance or instance.account) then
    return refusals.of "INSTANCE_NOT_EXIST"
  end
end

-- ---- an answer --------------------------------------------------------------------------------------------------

local function check_request(request)
  local action = request.headers["x-acs-action"]
  if request.headers["x-acs-version"] ~= known.GetRepoSyncTask.version then return refusals.of "InvalidVersion" end
  if request.path ~= "/" then return refusals.of "InvalidAction.NotFound" end
  local is_known = sync_operations[action] or registry.operations[action]
  if not is_known and not registry.is_other(action) then return refusals.of "InvalidAction.NotFound" end
  if request.method ~= "GET" and request.method ~= "POST" and request.method ~= "HEAD"
    or other_operations.get_only[action] and request.method == "POST" then
    return refusals.of "UnsupportedHTTPMethod"
  end
  if not is_known then
    return refusals.of("NoPrivilege", "Access denied for this user. (The sandbox does not play this operation.)")
  end
end

local function operate(self, request, query)
  local refusal = check_request(request)
  if refusal then return nil, refusal end
  local action = request.headers["x-acs-action"]
  refusal = check_parameters(self, action, query)
  if refusal then return nil, refusal end
  return (sync_operations[action] or registry.operations[action])(self.world, query)
end

-- What the fault says instead of the answer, if it says anything.
local function refusal_of_fault(fault)
  if not (fault.code or fault.status) then return nil end
  return refusals.of(fault.code or "InternalError", fault.message, fault.status)
end

local function region_of(self, query)
  local task = self.world.tasks_by_id[query.SyncTaskId or ""]
  return query.TargetRegionId or task and task.to.region
end

local function decide(self, request)
  local query, problem = parameters.of(request)
  request.parameters = query or {}
  local refusal = self.gate:refuses(request)
  if refusal then return nil, refusal, {}, {} end
  if not query then return nil, refusals.of("InvalidParameter", problem), {}, {} end
  local action, world_now = request.headers["x-acs-action"], self.world:now()
  self.world:catch_up()
  local headers, throttled = self.quota:count(action, core.now())
  if throttled then return nil, throttled, headers, {} end
  local fault = self.faults:meet { action = action, task = query.SyncTaskId, region = region_of(self, query),
    now = world_now } or {}
  refusal = refusal_of_fault(fault)
  if refusal then return nil, refusal, headers, fault end
  local answer
  answer, refusal = operate(self, request, query)
  return answer, refusal, headers, fault
end

local RECOMMEND = "https://api.aliyun.com/troubleshoot?q=%s&product=cr&requestId=%s"

--- The body of a refusal.
function service.envelope(id, refusal, host)
  return json.encode { RequestId = id, Code = refusal.code, Message = refusal.message, HostId = host or "",
    Recommend = RECOMMEND:format(refusal.code:gsub("[^%w._-]", ""), id) }
end

---@class crsync.sandbox.Answer
---@field status integer
---@field headers string[][]
---@field body string
---@field fault table        what else is to happen; empty if nothing
---@field code string        "success", or that of the refusal
---@field request_id string

--- Answers a request.
---@param request { method: string, path: string, query_text: string, headers: table, body: string }
---@return crsync.sandbox.Answer
function Service:answer(request)
  local id = world.uuid()
  local result, refusal, headers, fault = decide(self, request)
  headers[#headers + 1] = { "x-acs-request-id", id }
  if refusal then
    return { status = refusal.status, headers = headers, body = service.envelope(id, refusal, request.headers.host),
      fault = fault, request_id = id, code = refusal.code }
  end
  result.RequestId, result.Code, result.IsSuccess = id, "success", true
  return { status = 200, headers = headers, body = json.encode(result), fault = fault, request_id = id,
    code = "success" }
end

return service
