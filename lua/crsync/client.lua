--- A client and its methods: joins operations, credentials, retry and loop. How bytes move is the core's.

local config = require "crsync.config"
local core = require "crsync.core"
local credentials = require "crsync.credentials"
local errors = require "crsync.error"
local loop = require "crsync.loop"
local operations = require "crsync.operations"
local retry = require "crsync.retry"

---@class crsync.Client
---@field private engine table
---@field private settings crsync.Settings
---@field private source table
local Client = {}
Client.__index = Client
Client.__name = "crsync.client"

local client = {}

-- ---- arguments ----------------------------------------------------------------------------------------

local function id_problem(value)
  if type(value) ~= "string" then return "expected a string, got " .. (value == nil and "no value" or type(value)) end
  if value == "" then return "it is empty" end
  if value:find("[%z\1-\31\127]") or value:find("\194[\128-\159]") then return "it holds a control character" end
  if not utf8.len(value) then return "it is not UTF-8" end
  return nil
end

--- Raises, in the name of the public function, when an id cannot be one.
---@param value any
---@param position integer  which argument
---@param name string       its name
---@param method string     the public function's name
---@param level integer     stack level of the public function's caller, seen from here
function client.check_id(value, position, name, method, level)
  local problem = id_problem(value)
  if problem then
    error(string.format("bad argument #%d to '%s' (%s: %s)", position, method, name, problem), level + 1)
  end
end

-- ---- one attempt --------------------------------------------------------------------------------------

local function lower_names(headers)
  local lower = {}
  for name, value in pairs(headers or {}) do lower[tostring(name):lower()] = tostring(value) end
  return lower
end

-- Through the host's own HTTP.
local function attempt_transported(self, operation, params, attempt)
  local request = self.engine:prepare(operation, params, attempt)
  request.timeout = attempt.timeout
  local status, headers, body = self.settings.transport(request)
  if not status then
    return nil, { kind = "network", retryable = true, action = operation.action, endpoint = self.host,
      message = "transport: " .. tostring(headers or "it failed without a reason") }
  end
  return self.engine:answer(operation, request, status, lower_names(headers), body or "")
end

local function attempt_once(self, operation, params, attempt)
  if self.settings.transport then return attempt_transported(self, operation, params, attempt) end
  local job = self.engine:start(operation, params, attempt)
  loop.await(self.settings.loop, self.engine, self.ended, job)
  return self.engine:result(job)
end

-- ---- one call: attempts until it is decided -----------------------------------------------------------

local function deadline_error(self, operation, last)
  return { kind = "timeout", retryable = true, action = operation.action, endpoint = self.host,
    message = string.format("the call's deadline of %g s has passed", self.settings.deadline)
      .. (last and "; the last attempt failed: " .. tostring(last.message) or "") }
end

local function report_attempt(self, operation, state, started, answer, err, decision)
  local on_attempt = self.settings.on_attempt
  if not on_attempt then return end
  on_attempt {
    action = operation.action,
    attempt = state.attempt,
    status = err and err.status or answer and 200 or nil,
    code = err and err.code or answer and answer.Code or nil,
    request_id = err and err.request_id or answer and answer.RequestId or nil,
    elapsed = core.now() - started,
    delay = decision and decision.pause or nil,
  }
end

-- Keys, then one request. The error is a plain table; `final` tells that no retry rule applies to it.
local function try(self, operation, params, state, attempt)
  local err = credentials.ensure(self.source, self.engine, attempt.new_credentials)
  if err then return nil, err, true end
  attempt.clock_offset = self.clock_offset
  attempt.timeout = math.min(self.settings.timeout, state.time_left)
  attempt.connect_timeout = math.min(self.settings.connect_timeout, state.time_left)
  if not operation.repeatable then attempt.fresh_connection = true end
  return attempt_once(self, operation, params, attempt)
end

local function new_state(self, operation)
  return {
    attempt = 0,
    time_left = self.settings.deadline,
    repeatable = operation.repeatable,
    can_renew = self.source.ask ~= nil,
    tried = {},
  }
end

--- Does one operation, with retries.
---@param operation crsync.Operation
---@param params table
---@return table|nil answer
---@return crsync.Error|nil
function Client:perform(operation, params)
  local deadline = core.now() + self.settings.deadline
  local state, attempt, last = new_state(self, operation), {}, nil
  while true do
    local started = core.now()
    state.time_left = deadline - started
    if state.time_left <= 0 then return nil, self:finish_error(deadline_error(self, operation, last), state) end
    state.attempt = state.attempt + 1
    local answer, err, final = try(self, operation, params, state, attempt)
    if not answer then err.action = err.action or operation.action end
    state.time_left = deadline - core.now()
    local decision = not answer and not final and retry.decide(self.settings.retry, err, state, core.random) or nil
    if final then state.attempt = state.attempt - 1 else
      report_attempt(self, operation, state, started, answer, err, decision)
    end
    if answer then return answer end
    if not decision then return nil, self:finish_error(err, state) end
    self.clock_offset = decision.clock_offset or self.clock_offset
    attempt = { fresh_connection = decision.fresh_connection, new_credentials = decision.new_credentials }
    loop.sleep(self.settings.loop, decision.pause)
    last = err
  end
end

---@private
function Client:finish_error(err, state)
  err.attempts = state.attempt
  err.no_proxy = self.settings.proxy == ""
  return errors.new(err)
end

-- ---- methods ------------------------------------------------------------------------------------------

-- Every method's gate; the error names the line of the script that called the method.
local function check_open(self)
  if self.closed then error("client is closed", 3) end
end

--- Asks how a sync task is doing. Mirrors GetRepoSyncTask.
--- Raises when an id is not a non-empty string of printable UTF-8, or when the client is closed.
---@param instance_id string  the source instance, "cri-…"
---@param task_id string      the task, "rst-…"
---@return crsync.Task|nil task
---@return crsync.Error|nil err
function Client:get_task(instance_id, task_id)
  check_open(self)
  client.check_id(instance_id, 1, "instance_id", "get_task", 2)
  client.check_id(task_id, 2, "task_id", "get_task", 2)
  return self:perform(operations.GetRepoSyncTask, { InstanceId = instance_id, SyncTaskId = task_id })
end

--- Releases everything. Twice is fine; any other method raises "client is closed" afterwards.
function Client:close()
  self.closed = true
  self.engine:close()
end

Client.__close = Client.close

function Client:__tostring()
  return "crsync.client (" .. (self.closed and "closed" or self.settings.endpoint) .. ")"
end

--- Makes a client.
---@param options crsync.Options
---@return crsync.Client|nil
---@return crsync.Error|nil
function client.new(options)
  local settings, err = config.resolve(options)
  if not settings then return nil, err end
  local source, keys = credentials.find(options)
  if not source then return nil, keys end
  local core_settings = {}
  for name, value in pairs(settings) do core_settings[name] = value end
  for name, value in pairs(keys or {}) do core_settings[name] = value end
  return setmetatable({
    engine = core.new(core_settings),
    settings = settings,
    source = source,
    host = settings.endpoint:gsub("^%a+://", ""),
    ended = setmetatable({}, { __mode = "k" }),
  }, Client)
end

return client
