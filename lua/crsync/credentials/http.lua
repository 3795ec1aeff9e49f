--- HTTP requests that are no operations of the service's: what those who give keys are asked. They go through the
--- client's own core and loop, or its host's transport, and never past the deadline of the call that needs the keys.

local argcheck = require "crsync.util.argcheck"
local core = require "crsync.core"
local environment = require "crsync.util.environment"
local proxy = require "crsync.proxy"
local retry = require "crsync.retry"
local url = require "crsync.util.url"

---@diagnostic disable: invisible -- a client's parts are this room's business

---@class crsync.FetchContext  on whose behalf
---@field client crsync.Client
---@field deadline number      on core.now's clock
---@field clock_offset number  seconds to add to this machine's clock

---@class crsync.FetchRequest
---@field url string
---@field method string|nil               "GET"
---@field headers table<string, string>|nil
---@field body string|nil
---@field timeout number                  seconds for one attempt
---@field connect_timeout number|nil      seconds
---@field max_response_size integer|nil   bytes
---@field direct boolean|nil              through no proxy
---@field shown_path string|nil           what of its path and query is no secret
---@field attempt integer|nil             its number, where there may be several

---@class crsync.FetchResponse
---@field status integer
---@field body string
---@field request_id string|nil
---@field retry_after number|nil       seconds
---@field clock_difference integer|nil seconds by which the other side's clock is ahead

local http = {}

local MAX_RESPONSE_SIZE = 64 * 1024

-- ---- where it may be asked -----------------------------------------------------------------------------------

--- Whether plain HTTP to the URL's host stays on this machine or its link.
---@param address string
---@return boolean
function http.is_near(address)
  local name = environment.lower((url.host(address):gsub(":%d*$", "")))
  if name == "localhost" or name == "[::1]" or name == "100.100.100.200" then return true end
  if name:find "^%[fe[89ab]%x:[%x:]+%]$" then return true end
  local a, b, c, d = name:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
  -- Else it is a name, if anything.
  if not a or math.max(tonumber(b) or 0, tonumber(c) or 0, tonumber(d) or 0) > 255 then return false end
  return a == "127" or a == "169" and b == "254"
end

--- What is wrong with a URL that keys are to come from; nil when nothing is. Keys travel in clear only where nobody
--- else listens.
---@param address string
---@return string|nil
function http.problem(address)
  local scheme = address:match "^(%a+)://[^/?#]"
  scheme = scheme and environment.lower(scheme)
  if address:find "[%c%s]" or (scheme ~= "http" and scheme ~= "https") then return "it is no http or https URL" end
  if scheme == "http" and not http.is_near(address) then
    return "keys are fetched over http from this machine or its link only; use https"
  end
  return nil
end

-- ---- asking -------------------------------------------------------------------------------------------------

local function same(s) return s end -- what of it may be shown is the trace's affair

---@param context crsync.FetchContext
---@param request crsync.FetchRequest
---@param told crsync.Told|nil
---@return crsync.FetchResponse? response
---@return crsync.FailureOrNil failure
local function transported(context, request, told)
  local sent = { method = request.method or "GET", url = request.url, headers = request.headers or {},
    body = request.body or "", timeout = request.timeout }
  local status, headers, body = context.client.settings.transport(sent)
  argcheck.transported(status, headers, body)
  if told then context.client.trace.tell_transported(told, same, sent, status, headers, body) end
  if not status then
    return nil, { kind = "network", retryable = true,
      message = "transport: " .. tostring(headers or "it failed without a reason") }
  end
  return { status = status, body = body or "" }, nil
end

local function through_core(context, request, told)
  local client = context.client
  local job = client.core:fetch(request)
  if told then client.core:observe(job, 1) end -- never the body
  client.loop:await(job)
  return client.core:response(job, told)
end

local function report(context, request, told, response, failure, started)
  local client = context.client
  local settings = client.settings
  client.trace:attempt { what = "keys from " .. client.source.name, attempt = request.attempt,
    method = request.method or "GET", url = client.trace.key_url(request.url, request.shown_path), told = told,
    status = (response or failure).status, failure = failure, elapsed = core.now() - started, is_for_keys = true,
    is_transported = settings.transport ~= nil,
    proxy = not (request.direct or settings.transport) and proxy.of(request.url, settings.proxy) or nil }
end

local function note_failure(context, request, failure, is_short)
  local settings = context.client.settings
  local is_ours = not request.direct and not settings.transport
  failure.endpoint, failure.request_id = url.safe_host(request.url), nil -- the latter may repeat what was sent
  proxy.note(failure, is_ours and proxy.of(request.url, settings.proxy) or nil, settings.proxy)
  failure.cut = failure.kind == "timeout" and is_short or nil
end

--- One attempt.
---@param context crsync.FetchContext
---@param request crsync.FetchRequest
---@return crsync.FetchResponse? response
---@return crsync.FailureOrNil failure
function http.once(context, request)
  local left, wanted = context.deadline - core.now(), request.timeout
  if left <= 0 then return nil, { kind = "timeout", cut = true, message = "the call's deadline has passed" } end
  request.timeout, request.max_response_size = math.min(wanted, left), MAX_RESPONSE_SIZE
  request.connect_timeout = math.min(request.connect_timeout or wanted, left)
  local send = context.client.settings.transport and transported or through_core
  local told, started = context.client.trace and {} or nil, core.now()
  local response, failure = send(context, request, told)
  if failure then note_failure(context, request, failure, left < wanted) end
  if told then report(context, request, told, response, failure, started) end
  return response, failure
end

--- Attempts until it is decided, by the rules of retry.lua.
---@param context crsync.FetchContext
---@param policy crsync.RetryPolicy
---@param make_request fun(): crsync.FetchRequest  called for each attempt
---@param judge fun(response: crsync.FetchResponse): crsync.Failure|nil  nil: it is what was asked for
---@return crsync.FetchResponse? response
---@return crsync.FailureOrNil failure
function http.repeated(context, policy, make_request, judge)
  local state = { attempt = 0, repeatable = true, can_renew = false, tried = {}, budget = context.client.retry_budget }
  while true do
    state.attempt = state.attempt + 1
    local request = make_request()
    request.attempt = state.attempt
    local response, failure = http.once(context, request)
    if response then
      failure = judge(response)
      if not failure then return response, nil end
      failure.endpoint, failure.status = url.safe_host(request.url), response.status
      failure.retry_after, failure.clock_difference = response.retry_after, response.clock_difference
    end
    state.time_left, state.clock_offset = context.deadline - core.now(), context.clock_offset
    local decision = not failure.cut and retry.decide(policy, failure, state, core.random)
    if not decision then return nil, failure end
    context.clock_offset = decision.clock_offset or context.clock_offset
    if context.client.trace then context.client.trace:sleep("asking for keys again", decision.pause) end
    context.client.loop:sleep(decision.pause)
  end
end

return http
