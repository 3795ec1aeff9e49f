--- One call of the service: keys, attempts, pauses, until it is decided. How bytes move is the core's, who waits is
--- loop.lua's, what is tried again retry.lua's.

local core = require "crsync.core"
local refresh = require "crsync.credentials.refresh"
local environment = require "crsync.util.environment"
local errors = require "crsync.error"
local proxy = require "crsync.proxy"
local retry = require "crsync.retry"

---@diagnostic disable: invisible -- a client's parts are this room's business

--- What option on_attempt is told. No secret is in it.
---@class crsync.Attempt
---@field action string        the operation
---@field attempt integer      its number, from 1
---@field status? integer      HTTP status
---@field code? string         the service's code
---@field request_id? string
---@field elapsed number       seconds
---@field delay? number        seconds until the next attempt; nil: it was the last

--- What option transport is given to send.
---@class crsync.TransportRequest
---@field method string
---@field url string
---@field headers table<string, string>
---@field body string
---@field timeout number       seconds

--- Sends a request. Returns status, headers and body, or nil and a message.
---@alias crsync.Transport fun(request: crsync.TransportRequest): integer?, table<string, string>|string|nil, string?

local call = {}

-- ---- one attempt --------------------------------------------------------------------------------------

local function lower_names(headers)
  local lower = {}
  for name, value in pairs(headers or {}) do lower[environment.lower(tostring(name))] = tostring(value) end
  return lower
end

-- Through the host's own HTTP.
local function attempt_transported(self, operation, params, attempt)
  local request, key = self.core:prepare(operation, params, attempt)
  request.timeout = attempt.timeout
  local status, headers, body = self.settings.transport(request)
  if not status then
    return nil, { kind = "network", retryable = true, action = operation.action, endpoint = self.host,
      message = "transport: " .. tostring(headers or "it failed without a reason") }
  end
  return self.core:receive(operation, request, status, lower_names(headers), body or "", key)
end

local function attempt_once(self, operation, params, attempt)
  if self.settings.transport then return attempt_transported(self, operation, params, attempt) end
  local job = self.core:start(operation, params, attempt)
  self.loop:await(job)
  return self.core:result(job)
end

-- ---- one call: attempts until it is decided -----------------------------------------------------------

local function deadline_error(self, operation, state)
  return { kind = "timeout", retryable = true, action = operation.action, endpoint = self.host,
    message = string.format("the call's deadline of %g s has passed", state.deadline - state.started)
      .. (state.last and "; the last attempt failed: " .. tostring(state.last.message) or "") }
end

local function report_attempt(self, operation, state, started, response, err, decision)
  local on_attempt = self.settings.on_attempt
  if not on_attempt then return end
  on_attempt {
    action = operation.action,
    attempt = state.attempt,
    status = err and err.status or response and 200 or nil,
    code = err and err.code or response and response.Code or nil,
    request_id = err and err.request_id or response and response.RequestId or nil,
    elapsed = core.now() - started,
    delay = decision and decision.pause or nil,
  }
  self.loop:settle(state.depth)
end

-- Keys, leave to send, then one request. The error is a plain table; `final` tells that no retry rule applies to it.
local function try(self, operation, params, state, attempt)
  local err = refresh.ensure(self, state.deadline, attempt.refused_keys)
  if err then return nil, err, true end
  attempt.generation = self.source.generation
  state.attempt = state.attempt + 1
  self.loop:settle(state.depth)
  self.loop:acquire()
  local time_left = math.max(state.deadline - core.now(), 0.001)
  attempt.clock_offset = self.clock_offset
  attempt.timeout = math.min(self.settings.timeout, time_left)
  attempt.connect_timeout = math.min(self.settings.connect_timeout, time_left)
  local response
  response, err = attempt_once(self, operation, params, attempt)
  self.loop:settle(state.depth)
  return response, err
end

local function new_state(self, operation, timeout)
  local now = core.now()
  return {
    attempt = 0,
    started = now,
    deadline = now + timeout,
    repeatable = operation.repeatable,
    tried = {},
    budget = self.retry_budget,
    depth = self.loop:depth(),
  }
end

local HELD_BACK = "not tried again, as most of this client's latest calls have failed"

local function finish_error(self, err, state)
  err.attempts = state.attempt
  if state.is_too_long then
    err.hint = ("the service asks to wait %g s, and the call has %.0f s left until its deadline"):format(
      err.retry_after, math.max(0, state.deadline - core.now()))
  end
  if state.held_back then err.hint = err.hint or HELD_BACK end
  proxy.note(err, not self.settings.transport and proxy.of(self.settings.endpoint, self.settings.proxy) or nil)
  return errors.new(err)
end

-- One throttled call slows all of the client's a little, instead of each running into the limit by itself.
local function slow_down(self, err, pause)
  if err.kind ~= "throttled" then return end
  self.slow_until = math.max(self.slow_until or 0, core.now() + pause)
end

local function wait_while_slowed(self, state)
  local now = self.slow_until and core.now()
  if not now or self.slow_until <= now then return end
  local pause = (self.slow_until - now) * (1 + core.random() / 2) -- not all at the same moment
  self.loop:sleep(math.min(pause, state.deadline - now))
end

-- The attempt's error, and what is to be done about it.
local function decide(self, operation, state, attempt, err, final)
  err.action = err.action or operation.action
  state.last = err
  state.time_left = state.deadline - core.now()
  -- What this request was dated with: another call may have set the client's clock right meanwhile.
  state.can_renew, state.clock_offset = self.source.ask ~= nil, attempt.clock_offset or 0
  if final then return nil end
  return retry.decide(self.settings.retry, err, state, core.random)
end

--- Does one operation, with retries.
---@param self crsync.Client
---@param operation crsync.Operation
---@param params table
---@param timeout? number  seconds for all of it, instead of the client's option deadline
---@return table? response
---@return crsync.ErrorOrNil err
---@return integer attempts
function call.perform(self, operation, params, timeout)
  local state, attempt = new_state(self, operation, timeout or self.settings.deadline), {}
  while true do
    wait_while_slowed(self, state)
    local started = core.now()
    if started >= state.deadline then
      return nil, finish_error(self, deadline_error(self, operation, state), state), state.attempt
    end
    local response, err, final = try(self, operation, params, state, attempt)
    local decision = err and decide(self, operation, state, attempt, err, final)
    if not final then report_attempt(self, operation, state, started, response, err, decision) end
    if not err then
      retry.succeeded(state)
      return response, nil, state.attempt
    end
    if not decision then return nil, finish_error(self, err, state), state.attempt end
    self.clock_offset = decision.clock_offset or self.clock_offset
    -- Where one kept connection was dead, the others are likely to be: libcurl would repeat the request on each.
    attempt = { fresh_connection = decision.fresh_connection or err.kind == "network",
      refused_keys = decision.new_credentials and attempt.generation or nil }
    slow_down(self, err, decision.pause)
    self.loop:sleep(decision.pause)
  end
end

return call
