--- HTTP requests that are no operations of the service's: what those who give keys are asked. They go through the
--- client's own engine and loop, or its host's transport, and never past the deadline of the call that needs the keys.

local core = require "crsync.core"
local retry = require "crsync.retry"

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
---@field direct boolean|nil              through no proxy

---@class crsync.FetchResponse
---@field status integer
---@field body string
---@field request_id string|nil
---@field retry_after number|nil       seconds
---@field clock_difference integer|nil seconds by which the other side's clock is ahead

---@class crsync.Failure  why there are no keys; becomes an error of kind "credentials"
---@field message string      begins in lower case, holds no secret
---@field kind string         as of an error, for the retry rules
---@field retryable boolean|nil
---@field cut boolean|nil     the call's deadline, not the other side, has ended it

local http = {}

local MAX_RESPONSE_SIZE = 64 * 1024

--- Host and port of a URL: what of it may be shown.
---@param url string
---@return string
function http.host(url) return (url:match "^%a+://([^/?#]*)" or url):gsub("^.*@", "") end

local function transported(context, request)
  local status, headers, body = context.client.settings.transport {
    method = request.method or "GET", url = request.url, headers = request.headers or {}, body = request.body or "",
    timeout = request.timeout,
  }
  if not status then
    return nil, { kind = "network", retryable = true, message = "transport: " .. tostring(headers) }
  end
  return { status = status, body = body or "" }
end

local function through_engine(context, request)
  local client = context.client
  local job = client.engine:fetch(request)
  client.loop:await(job)
  return client.engine:response(job)
end

--- One attempt.
---@param context crsync.FetchContext
---@param request crsync.FetchRequest
---@return crsync.FetchResponse|nil
---@return crsync.Failure|nil
function http.once(context, request)
  local left, wanted = context.deadline - core.now(), request.timeout
  if left <= 0 then return nil, { kind = "timeout", cut = true, message = "the call's deadline has passed" } end
  request.timeout, request.max_response_size = math.min(wanted, left), MAX_RESPONSE_SIZE
  request.connect_timeout = math.min(request.connect_timeout or wanted, left)
  local send = context.client.settings.transport and transported or through_engine
  local response, failure = send(context, request)
  if response then return response end
  failure.endpoint, failure.no_proxy = http.host(request.url), request.direct
  failure.cut = failure.kind == "timeout" and left < wanted or nil
  return nil, failure
end

--- Attempts until it is decided, by the rules of retry.lua.
---@param context crsync.FetchContext
---@param policy crsync.RetryPolicy
---@param make_request fun(): crsync.FetchRequest  called for each attempt
---@param judge fun(response: crsync.FetchResponse): crsync.Failure|nil  nil: it is what was asked for
---@return crsync.FetchResponse|nil
---@return crsync.Failure|nil
function http.repeated(context, policy, make_request, judge)
  local state = { attempt = 0, repeatable = true, can_renew = false, tried = {}, budget = context.client.retry_budget }
  while true do
    state.attempt = state.attempt + 1
    local request = make_request()
    local response, failure = http.once(context, request)
    if response then
      failure = judge(response)
      if not failure then return response end
      failure.endpoint, failure.status = http.host(request.url), response.status
      failure.retry_after, failure.clock_difference = response.retry_after, response.clock_difference
    end
    state.time_left, state.clock_offset = context.deadline - core.now(), context.clock_offset
    local decision = not failure.cut and retry.decide(policy, failure, state, core.random)
    if not decision then return nil, failure end
    context.clock_offset = decision.clock_offset or context.clock_offset
    context.client.loop:sleep(decision.pause)
  end
end

--- A text without secrets, however they are written in it: as they are, percent-encoded, with JSON's escaped slashes.
---@param s string
---@param secrets table  values that must not be in it; empty ones and nil are skipped
---@return string
function http.without(s, secrets)
  local function strike(form)
    local at = 1
    while true do
      local from, to = s:find(form, at, true)
      if not from then return end
      s, at = s:sub(1, from - 1) .. "***" .. s:sub(to + 1), from + 3
    end
  end
  for _, secret in pairs(secrets) do
    if #secret >= 4 then
      strike(secret)
      strike((http.encode(secret)))
      strike((secret:gsub("/", "\\/")))
    end
  end
  return s
end

--- Percent-encoding with the unreserved characters of RFC 3986.
---@param s string
---@return string
function http.encode(s)
  return (s:gsub("[^A-Za-z0-9_.~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

return http
