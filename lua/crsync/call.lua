--- One call of the service: keys, attempts, pauses, until it is decided. How bytes move is the core's, who waits is
--- loop.lua's, what is tried again retry.lua's.

local argcheck = require "crsync.util.argcheck"
local core = require "crsync.core"
local refresh = require "crsync.credentials.refresh"
local environment = require "crsync.util.environment"
local errors = require "crsync.error"
local proxy = require "crsync.proxy"
local retry = require "crsync.retry"
local text = require "crsync.util.text"

---@diagnostic disable: invisible -- a client's parts are this room's business

--- Seconds from the start of an attempt until its parts were done, by libcurl's names; nil: it did not come so far, or
--- there was nothing to do, as on a kept connection.
---@class crsync.Times
---@field namelookup? number     the host's name was found
---@field connect? number        the connection was made
---@field appconnect? number     TLS was agreed
---@field starttransfer? number  the first byte was there
---@field total? number          all of it was over

--- What option on_attempt is told. No secret is in it.
---@class crsync.Attempt
---@field action string        the operation
---@field attempt integer      its number, from 1
---@field status? integer      HTTP status
---@field kind? crsync.Kind  of its error; nil: it has succeeded
---@field code? string         the service's code
---@field message? string      what went wrong
---@field request_id? string
---@field elapsed number       seconds, keys looked for among them
---@field delay? number        seconds until the next attempt; nil: it was the last
---@field times? crsync.Times  nil where option transport has sent it
---@field http_version? string "1.1", "2"; nil: no response came
---@field new_connection? boolean  nil: there was none
---@field address? string      host and port that it was connected to, a proxy's where there is one

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
local function attempt_transported(self, operation, params, attempt, told)
  local request, key = self.core:prepare(operation, params, attempt)
  request.timeout = attempt.timeout
  local status, headers, body = self.settings.transport(request)
  argcheck.transported(status, headers, body)
  if self.trace then
    local function clean(s) return self.core:clean(s, key, request.signature) end
    self.trace.tell_transported(told, clean, request, status, headers, body)
  end
  if not status then
    return nil, { kind = "network", retryable = true, action = operation.action, endpoint = self.host,
      message = "transport: " .. tostring(headers or "it failed without a reason") }
  end
  return self.core:receive(operation, request, status, lower_names(headers), body or "", key)
end

-- told: a table for what the attempt tells beside its response; nil: nobody asks.
local function attempt_once(self, operation, params, attempt, told)
  if self.settings.transport then return attempt_transported(self, operation, params, attempt, told) end
  local job = self.core:start(operation, params, attempt)
  if told then self.core:observe(job, self.trace and self.trace.level or 0) end
  self.loop:await(job)
  return self.core:result(job, told)
end

-- ---- one call: attempts until it is decided -----------------------------------------------------------

local function deadline_error(self, operation, state)
  local span = state.deadline - state.started
  return { kind = "timeout", retryable = true, action = operation.action, endpoint = self.host,
    message = (span > 0 and string.format("the call's deadline of %g s has passed", span) or "no time is left for it")
      .. (state.last and "; the last attempt failed: " .. tostring(state.last.message) or "") }
end

local function printable(s) return type(s) == "string" and text.printable(s) or s end

local function report_attempt(self, operation, state, started, response, err, decision)
  local on_attempt, heard = self.settings.on_attempt, self.heard
  if not (on_attempt or heard or self.trace) then return end
  local told, failure = state.told or {}, err or {}
  local attempt = {
    action = operation.action,
    attempt = state.attempt,
    status = failure.status or response and 200 or nil,
    kind = failure.kind,
    code = printable(err and err.code or response and response.Code),
    message = printable(failure.message),
    request_id = printable(failure.request_id or response and response.RequestId),
    elapsed = core.now() - started,
    delay = decision and decision.pause or nil,
    times = told.times,
    http_version = told.http_version,
    new_connection = told.new_connection,
    address = told.address,
  }
  if self.trace then self.trace:call(self.settings, operation, attempt, told) end
  if heard then heard(attempt) end
  if on_attempt then on_attempt(attempt) end
  self.loop:settle(state.depth)
end

-- Keys, leave to send, then one request. The error is a plain table; `final` tells that no retry rule applies to it.
local function try(self, operation, params, state)
  local err = refresh.ensure(self, state.deadline, state.refused_keys)
  if err then return nil, err, true end
  state.generation = self.source.generation
  state.attempt = state.attempt + 1
  self.loop:settle(state.depth)
  self.loop:acquire()
  state.asked = core.now()
  local time_left = math.max(state.deadline - state.asked, 0.001)
  state.clock_offset = self.clock_offset or 0
  state.told = (self.trace or self.settings.on_attempt) and {} or nil
  local response
  response, err = attempt_once(self, operation, params, {
    timeout = math.min(self.settings.timeout, time_left),
    connect_timeout = math.min(self.settings.connect_timeout, time_left),
    clock_offset = state.clock_offset,
    fresh_connection = state.fresh_connection,
  }, state.told)
  self.loop:settle(state.depth)
  return response, err
end

local function new_state(self, operation, timeout)
  local now = core.now()
  return {
    attempt = 0,
    started = now,
    deadline = math.min(now + timeout, self.ends or math.huge),
    repeatable = operation.repeatable,
    tried = {},
    budget = self.retry_budget,
    depth = self.loop:depth(),
    generation = 0,    -- of the keys that the latest request was signed with
    clock_offset = 0,  -- that it was dated with: another call may have set the client's clock right meanwhile
  }
end

local HELD_BACK = "not tried again, as most of this client's latest calls have failed"

local function note_proxy(self, err)
  local settings = self.settings
  proxy.note(err, not settings.transport and proxy.of(settings.endpoint, settings.proxy) or nil, settings.proxy)
end

local NEARLY = 0.1 -- seconds before a deadline in which libcurl's clock may end a request

-- Which limit has cut a call off, by the names that it is set with.
local function limit_hint(self, state)
  if core.now() >= state.deadline - NEARLY then return "the limit is option deadline, in the command --timeout" end
  return ("an attempt may take %g s to connect and %g s in all: options connect_timeout and timeout"):format(
    self.settings.connect_timeout, self.settings.timeout)
end

-- What may not be done twice, and perhaps was done once.
local UNSURE = "it may have been done all the same: look at what is there before you repeat it"

local function is_unsure(err, state)
  if state.repeatable or state.attempt == 0 or err.sent == false then return false end
  return err.kind == "decode" or err.retryable and err.kind ~= "throttled"
end

local function finish_error(self, err, state)
  err.attempts = state.attempt
  if state.is_too_long then
    err.hint = ("the service asks to wait %g s, and the call has %.0f s left until its deadline"):format(
      err.retry_after, math.max(0, state.deadline - core.now()))
  end
  if state.held_back then err.hint = err.hint or HELD_BACK end
  note_proxy(self, err)
  if err.kind == "timeout" and not err.proxy then err.hint = err.hint or limit_hint(self, state) end
  local made = errors.new(err)
  if is_unsure(err, state) then made.hint = (made.hint and made.hint .. "; " or "") .. UNSURE end
  return made
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
  pause = math.min(pause, state.deadline - now)
  if self.trace then self.trace:sleep("slowed down, as another call was throttled", pause) end
  self.loop:sleep(pause)
end

-- An attempt that was left no time tells less than the one before it.
local function was_cut_short(self, state, err)
  local left = state.deadline - core.now()
  return err.kind == "timeout" and state.last and left < NEARLY and core.now() - state.asked < self.settings.timeout / 2
end

-- The attempt's error, and what is to be done about it.
local function decide(self, operation, state, err, final)
  err.action = err.action or operation.action
  note_proxy(self, err) -- before anybody is told
  if was_cut_short(self, state, err) then
    err.message = deadline_error(self, operation, state).message
  else
    state.last = err
  end
  state.time_left = state.deadline - core.now()
  state.can_renew = self.source.ask ~= nil
  if final then return nil end
  refresh.note_refusal(self.source, state.generation, err)
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
  local state = new_state(self, operation, timeout or self.settings.deadline)
  while true do
    wait_while_slowed(self, state)
    local started = core.now()
    if started >= state.deadline then
      return nil, finish_error(self, deadline_error(self, operation, state), state), state.attempt
    end
    local response, err, final = try(self, operation, params, state)
    local decision = err and decide(self, operation, state, err, final)
    if not final then report_attempt(self, operation, state, started, response, err, decision) end
    if not err then
      retry.succeeded(state)
      return response, nil, state.attempt
    end
    if not decision then return nil, finish_error(self, err, state), state.attempt end
    self.clock_offset = decision.clock_offset or self.clock_offset
    -- Where one kept connection was dead, the others are likely to be: libcurl would repeat the request on each.
    state.fresh_connection = decision.fresh_connection or err.kind == "network"
    state.refused_keys = decision.new_credentials and state.generation or nil
    slow_down(self, err, decision.pause)
    self.loop:sleep(decision.pause)
  end
end

return call
