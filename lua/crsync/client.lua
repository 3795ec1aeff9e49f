--- A client and its methods: which operation, with which parameters, and what of the response is returned.

local call = require "crsync.call"
local chain = require "crsync.credentials.chain"
local again = require "crsync.again"
local argcheck = require "crsync.util.argcheck"
local batch = require "crsync.batch"
local config = require "crsync.config"
local core = require "crsync.core"
local errors = require "crsync.error"
local fields = require "crsync.print.fields"
local json = require "crsync.print.json"
local loop = require "crsync.loop"
local operations = require "crsync.operations"
local options_of = require "crsync.options"
local other_operations = require "crsync.other_operations"
local pages = require "crsync.pages"
local proxy = require "crsync.proxy"
local cli_profile = require "crsync.credentials.cli_profile"
local retry = require "crsync.retry"
local statuses = require "crsync.statuses"
local dates = require "crsync.util.dates"
local selection = require "crsync.selection"
local url = require "crsync.util.url"
local wait = require "crsync.wait"

--- Asks one endpoint with one key. Its parts are for the rooms that make up a call.
---@class crsync.Client
---@field private core crsync.Core
---@field private loop crsync.ClientLoop
---@field private settings crsync.Settings
---@field private source crsync.Source
---@field private host string                  that is asked
---@field private profile_name string|nil      option profile
---@field private retry_budget crsync.RetryBudget
---@field private trace crsync.Trace|nil      where somebody wants to see what happens
---@field private heard nil|fun(attempt: crsync.Attempt)
---@field private clock_offset number|nil      seconds to add to this machine's clock
---@field private slow_until number|nil        on core.now's clock: until then no call hurries
---@field private ends number|nil              on the same clock: no call goes on beyond it
---@field private closed boolean|nil
local Client = {}
Client.__index = Client
Client.__name = "crsync.client"

local client = {}

-- Every method's gate; the errors name the line of the script that called the method.
local function check_open(self)
  if type(self) ~= "table" then error("a client's methods are called with a colon: client:get_task(…)", 3) end
  if self.closed then error("client is closed", 3) end
end

-- The parameters with the instance among them; the caller's table stays as it is.
local function with_instance(instance_id, params)
  local all = { InstanceId = instance_id }
  for name, value in pairs(params or {}) do all[name] = value end
  return all
end

-- ---- tasks --------------------------------------------------------------------------------------------

-- One task; an error names it.
local function ask_for_task(self, instance_id, task_id, deadline)
  local task, err = call.perform(self, operations.GetRepoSyncTask, { InstanceId = instance_id, SyncTaskId = task_id },
    deadline)
  if err then err.task_id = task_id end
  return task, err
end

--- Asks how a sync task is doing. Mirrors GetRepoSyncTask.
--- Raises when an id is not a non-empty string of printable UTF-8, or when the client is closed.
---@param instance_id string  the source instance, "cri-…"
---@param task_id string      the task, "rst-…"
---@return crsync.Task? task
---@return crsync.ErrorOrNil err
function Client:get_task(instance_id, task_id)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "get_task", 1)
  argcheck.id(task_id, 2, "task_id", "get_task", 1)
  local task, err = ask_for_task(self, instance_id, task_id)
  return task, err
end

-- The ids, each once, in the order given.
local function distinct(ids)
  local seen, list = {}, {}
  for _, id in ipairs(ids) do
    if not seen[id] then list[#list + 1] = id end
    seen[id] = true
  end
  return list
end

local GET_TASKS = options_of.by_name(options_of.get_tasks)

--- Asks for many tasks at once. One that fails or is slow does not hold up the others.
---@param instance_id string
---@param ids string[]
---@param options? crsync.GetTasksOptions
---@return table<string, crsync.Task> tasks by id
---@return table<string, crsync.Error> errors by id
function Client:get_tasks(instance_id, ids, options)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "get_tasks", 1)
  argcheck.ids(ids, 2, "ids", "get_tasks", 1)
  options = options_of.filled(GET_TASKS, argcheck.options(options, 3, "get_tasks", GET_TASKS, 1))
  local list, tasks, failures = distinct(ids), {}, {}
  local ends = options.deadline and core.now() + options.deadline or math.huge
  self.loop:all(#list, options.concurrency, options.concurrency, function(i)
    local id, left = list[i], ends - core.now()
    if left <= 0 then
      failures[id] = errors.new { kind = "timeout", retryable = true, action = "GetRepoSyncTask", task_id = id,
        message = ("the deadline of %g s for all tasks has passed"):format(options.deadline),
        hint = "the limit is option deadline, in the command --timeout" }
      return
    end
    tasks[id], failures[id] = ask_for_task(self, instance_id, id, math.min(left, self.settings.deadline))
  end)
  return tasks, failures
end

-- ---- lists --------------------------------------------------------------------------------------------

local function filter_rules(action, more)
  local rules = options_of.by_name(options_of.list) ---@type table<string, table>
  for name, kind in pairs(operations[action].filter) do
    rules[name] = { type = kind, is_id = name:find "Id$" ~= nil }
  end
  for _, row in ipairs(more or {}) do rules[row.name] = row end
  return rules
end

local PAGE_SIZE = options_of.by_name(options_of.list).PageSize.default
local TASK_FILTER = filter_rules("ListRepoSyncTask", options_of.list_tasks)
local RULE_FILTER = filter_rules "ListRepoSyncRule"

-- The filter's fields that the service does not know.
local OURS = { limit = true, deadline = true }
for _, row in ipairs(options_of.list_tasks) do OURS[row.name] = true end

-- A function that returns the next item, or nil, err; and one that returns the service's count.
local function items(self, action, instance_id, filter)
  local operation, params = operations[action], with_instance(instance_id, filter)
  for name in pairs(OURS) do params[name] = nil end
  local function ask(number, size, seconds)
    params.PageNo, params.PageSize = number, size
    return call.perform(self, operation, params, seconds and math.min(seconds, self.settings.deadline))
  end
  local keep, span = selection.of(filter)
  return pages.read({ ask = ask, operation = operation, keep = keep, span = span }, filter, PAGE_SIZE)
end

local function collect(self, action, instance_id, filter)
  local next_item, total = items(self, action, instance_id, filter)
  local list = fields.as_list {}
  while true do
    local item, err = next_item()
    if err then return nil, err end
    if not item then return list, total() or #list end
    list[#list + 1] = item
  end
end

--- Lists tasks, all pages. Mirrors ListRepoSyncTask.
---@param instance_id string
---@param filter? crsync.TaskFilter
---@return crsync.ListedTask[]? tasks
---@return integer|crsync.Error total  the service's count of all; the error where there are no tasks
function Client:list_tasks(instance_id, filter)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "list_tasks", 1)
  return collect(self, "ListRepoSyncTask", instance_id, argcheck.options(filter, 2, "list_tasks", TASK_FILTER, 1))
end

--- The same, page by page as the loop goes on: `for task in client:tasks(…) do`. Raises the error table on failure.
---@param instance_id string
---@param filter? crsync.TaskFilter
---@return fun(): crsync.ListedTask?
function Client:tasks(instance_id, filter)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "tasks", 1)
  filter = argcheck.options(filter, 2, "tasks", TASK_FILTER, 1)
  local next_item = items(self, "ListRepoSyncTask", instance_id, filter)
  return function()
    local item, err = next_item()
    if err then error(err, 0) end
    return item
  end
end

--- Lists rules, all pages. Mirrors ListRepoSyncRule. Rules that lead to the instance are among them.
---@param instance_id string
---@param filter? crsync.RuleFilter
---@return crsync.Rule[]? rules
---@return integer|crsync.Error total  the service's count of all; the error where there are no rules
function Client:list_rules(instance_id, filter)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "list_rules", 1)
  return collect(self, "ListRepoSyncRule", instance_id, argcheck.options(filter, 2, "list_rules", RULE_FILTER, 1))
end

-- ---- making and ending --------------------------------------------------------------------------------

local function rules_for(action, instance_id)
  return { required = operations[action].required, ids = operations[action].ids, instance_id = instance_id }
end

local function create(self, operation, instance_id, params)
  local response, err = call.perform(self, operation, with_instance(instance_id, params))
  if not response then return nil, err end
  return response[operation.id], response
end

--- Starts a sync of one tag. Mirrors CreateRepoSyncTask. Sent again only when it certainly was not done.
---@param instance_id string  the source instance
---@param params crsync.CreateTaskParams
---@return string? task_id
---@return crsync.CreatedTask|crsync.Error response  the error where there is no id
function Client:create_task(instance_id, params)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "create_task", 1)
  argcheck.params(params, 2, "create_task", rules_for("CreateRepoSyncTask", instance_id), 1)
  return create(self, operations.CreateRepoSyncTask, instance_id, params)
end

--- Starts a sync by a rule whose trigger is INITIATIVE. Mirrors CreateRepoSyncTaskByRule.
---@param instance_id string  the source instance
---@param params crsync.CreateTaskByRuleParams
---@return string? task_id
---@return crsync.CreatedTask|crsync.Error response  the error where there is no id
function Client:create_task_by_rule(instance_id, params)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "create_task_by_rule", 1)
  argcheck.params(params, 2, "create_task_by_rule", rules_for("CreateRepoSyncTaskByRule", instance_id), 1)
  return create(self, operations.CreateRepoSyncTaskByRule, instance_id, params)
end

local RETRY_IDS = {}
for _, action in ipairs { "CreateRepoSyncTask", "CreateRepoSyncTaskByRule" } do
  for _, name in ipairs(operations[action].ids) do RETRY_IDS[#RETRY_IDS + 1] = name end
end

-- Which parameter of a new task nothing tells; nil: all are there. The repository's id can be looked up by its name.
local function untold(task, action, all)
  local from = task.ImageFrom or {}
  local has_name = (from.RepoNamespaceName or "") ~= "" and (from.RepoName or "") ~= ""
  for _, name in ipairs(operations[action].required) do
    if (all[name] or "") == "" and not (name == "RepoId" and has_name) then return name end
  end
end

local function cannot_be_made(self, task, problem, ...)
  return errors.new { kind = "client", message = problem:format(task.SyncTaskId, ...), action = "CreateRepoSyncTask",
    task = task, issue = task.TaskIssue, endpoint = self.host }
end

-- Why a task cannot be made again so; nil: it can.
local function refuse_retry(self, task, params, is_spelled_out)
  if not statuses.failed[task.TaskStatus] and not params.force then
    return cannot_be_made(self, task, "task %s is %s: only one that ended in ERROR or CANCELED is made again",
      tostring(task.TaskStatus))
  end
  local action, all = again.params(task, params.RepoId, params, is_spelled_out)
  if task.CrossUser and action == "CreateRepoSyncTask" and not params.TargetUserId then
    return cannot_be_made(self, task, "task %s leads to another account, which it does not name: give TargetUserId")
  end
  local missing = untold(task, action, all)
  return missing and cannot_be_made(self, task, "task %s does not tell the new one's %s: give it", missing) or nil
end

-- What retry_task needs of it.
local GET_REPOSITORY = { action = "GetRepository", version = operations.GetRepoSyncTask.version, method = "POST",
  ram = "cr:GetRepository", repeatable = true, response = { IsSuccess = "boolean", RepoId = "string" },
  holds = { "RepoId" } }

local function make_again(self, instance_id, task_id, params)
  local task, err = ask_for_task(self, instance_id, task_id)
  if not task then return nil, err end
  task.SyncTaskId = (task.SyncTaskId or "") ~= "" and task.SyncTaskId or task_id
  local problem = refuse_retry(self, task, params)
  if problem then return nil, problem end
  local repo_id, from = params.RepoId, task.ImageFrom
  if not repo_id then
    local repository, refusal = call.perform(self, GET_REPOSITORY, { InstanceId = instance_id,
      RepoNamespaceName = from.RepoNamespaceName, RepoName = from.RepoName })
    if not repository then return nil, refusal end
    repo_id = repository.RepoId
  end
  local action, all = again.params(task, repo_id, params)
  local new_id, response = create(self, operations[action], instance_id, all)
  if new_id or action == "CreateRepoSyncTask" or not again.is_rule_refused(task, params, response) then
    return new_id, response
  end
  problem = refuse_retry(self, task, params, true)
  if problem then return nil, problem end
  action, all = again.params(task, repo_id, params, true)
  return create(self, operations[action], instance_id, all)
end

--- Makes a task again that ended in ERROR or CANCELED, from what it tells of source and target: by its rule where it
--- has one; spelled out where it has none, or where an automatic one is refused. Whether it was made again already is
--- not looked at.
---@param instance_id string  the source instance
---@param task_id string      the task that failed
---@param params? crsync.RetryTaskParams  these win over what the task tells; force: whatever its status is
---@return string? new_task_id
---@return crsync.CreatedTask|crsync.Error response  the error where there is no id; kind "client" for another status
function Client:retry_task(instance_id, task_id, params)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "retry_task", 1)
  argcheck.id(task_id, 2, "task_id", "retry_task", 1)
  params = argcheck.params(params, 3, "retry_task", { ids = RETRY_IDS, instance_id = instance_id }, 1)
  if params.force ~= nil and type(params.force) ~= "boolean" then
    argcheck.fail(3, "force", "retry_task", "expected a boolean, got " .. type(params.force), 1)
  end
  local new_id, response = make_again(self, instance_id, task_id, params)
  if not new_id then response.task_id = task_id end
  return new_id, response
end

--- Makes a rule. Mirrors CreateRepoSyncRule.
---@param instance_id string  the source instance
---@param params crsync.CreateRuleParams  more of them are needed by scope
---@return string? rule_id
---@return crsync.CreatedRule|crsync.Error response  the error where there is no id
function Client:create_rule(instance_id, params)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "create_rule", 1)
  argcheck.params(params, 2, "create_rule", rules_for("CreateRepoSyncRule", instance_id), 1)
  return create(self, operations.CreateRepoSyncRule, instance_id, params)
end

-- What a first attempt has done already is not there for a second one: done all the same.
local function finish(self, action, instance_id, name, id)
  local response, err, attempts = call.perform(self, operations[action], { InstanceId = instance_id, [name] = id })
  if response or (err.kind == "not_found" and attempts > 1) then return true end
  return nil, err
end

--- Asks for a task's end. Mirrors CancelRepoSyncTask. The response accepts the request; the status follows.
---@param instance_id string
---@param task_id string
---@return true? done
---@return crsync.ErrorOrNil err
function Client:cancel_task(instance_id, task_id)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "cancel_task", 1)
  argcheck.id(task_id, 2, "task_id", "cancel_task", 1)
  local done, err = finish(self, "CancelRepoSyncTask", instance_id, "SyncTaskId", task_id)
  if err then err.task_id = task_id end
  return done, err
end

--- Deletes a rule. Mirrors DeleteRepoSyncRule.
---@param instance_id string
---@param rule_id string
---@return true? done
---@return crsync.ErrorOrNil err
function Client:delete_rule(instance_id, rule_id)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "delete_rule", 1)
  argcheck.id(rule_id, 2, "rule_id", "delete_rule", 1)
  return finish(self, "DeleteRepoSyncRule", instance_id, "SyncRuleId", rule_id)
end

local CALL_OPTIONS = options_of.by_name(options_of.call)

-- One that this version knows, or what can be said of one that it does not.
local function operation_named(action, options)
  local known = operations[action] or {}
  local repeatable = options.repeatable
  if repeatable == nil then repeatable = known.repeatable end
  if repeatable == nil then repeatable = action:find("^Get") ~= nil or action:find("^List") ~= nil end
  return { action = action, version = options.version or known.version or operations.GetRepoSyncTask.version,
    method = options.method or other_operations.get_only[action] and "GET" or "POST", ram = known.ram,
    repeatable = repeatable, response = known.response or { IsSuccess = "boolean" }, holds = known.holds,
    count = known.count, echo = known.echo }
end

-- The parameters with those as JSON text that the API wants so. What is text already stays as it is.
local function with_json(action, params)
  local kinds = type(params) == "table" and other_operations.json[action]
  if not kinds then return params end
  local all = {}
  for name, value in pairs(params) do
    if kinds[name] and type(value) == "table" then
      local is_empty_list = kinds[name] == "list" and next(value) == nil
      local ok, text = pcall(json.encode, is_empty_list and fields.as_list {} or value)
      local is_ours = type(text) == "string" and text:find("cannot be written as JSON", 1, true)
      if not ok and not is_ours then error(text, 0) end
      if not ok then argcheck.fail(2, name, "call", text, 2) end
      all[name] = text
    else
      all[name] = value
    end
  end
  return all
end

--- What a parameter may be; a table is a sequence or an object of such, or becomes JSON text where the API wants that.
---@alias crsync.Value string|integer|boolean|table

--- Any operation of the service.
---@param action string                         its name, such as "ListInstance"
---@param params? table<string, crsync.Value>   in the service's spelling
---@param options? crsync.CallOptions
---@return table? response
---@return crsync.ErrorOrNil err
function Client:call(action, params, options)
  check_open(self)
  if type(action) ~= "string" or not action:find("^%a%w*$") then
    argcheck.fail(1, "action", "call", "expected the name of an operation", 1)
  end
  params = argcheck.params(with_json(action, params), 2, "call", {}, 1)
  options = argcheck.options(options, 3, "call", CALL_OPTIONS, 1)
  local response, err = call.perform(self, operation_named(action, options), params, options.deadline)
  if err and type(params.SyncTaskId) == "string" then err.task_id = params.SyncTaskId end
  return response, err
end

-- ---- waiting ------------------------------------------------------------------------------------------

local WAIT = options_of.by_name(options_of.wait)
local WAIT_ALL = options_of.by_name(options_of.wait_all)

-- The client as a call sees it, but each attempt is told to one more; what the call notes is noted in the client.
local function overheard(self, heard)
  return setmetatable({ heard = heard }, { __index = self, __newindex = self })
end

-- What wait.lua needs of a client: a look at the task within some seconds, and a pause.
local function watcher(self, instance_id, task_id)
  local depth -- of the one that waits, before its first look
  return {
    id = task_id,
    host = self.host,
    look = function(seconds, heard)
      depth = depth or self.loop:depth()
      return ask_for_task(overheard(self, heard), instance_id, task_id, math.min(self.settings.deadline, seconds))
    end,
    least = self.settings.timeout,
    pause = function(seconds)
      self.loop:settle(depth)
      self.loop:sleep(seconds)
    end,
  }
end

local function somebody_listens(options) return options.on_progress ~= nil or options.on_tick ~= nil end

-- Waits side by side. Where somebody listens, a clock runs beside them: a look may take long, and so may a pause.
local function run_waits(self, instance_id, ids, options, concurrency)
  local waits = { are_all = true } ---@type crsync.Waits
  local results = {}
  for i, id in ipairs(ids) do waits[i] = wait.new(watcher(self, instance_id, id), options) end
  local count = #ids + (somebody_listens(options) and #ids > 0 and 1 or 0)
  self.loop:all(count, math.max(count, 1), concurrency, function(i)
    if not waits[i] then
      return wait.keep_telling(waits, function(seconds) self.loop:sleep(seconds) end, options.on_tick)
    end
    local task, err = wait.run(waits[i] --[[@as table]])
    results[i] = { id = ids[i], task = task or err.task, err = err }
  end)
  return results
end

--- Waits until a task has ended. The options are wait.lua's.
---@param instance_id string
---@param task_id string
---@param options? crsync.WaitOptions
---@return crsync.Task? task        once it is SUCCESS
---@return crsync.ErrorOrNil err  kind "task" and code "ERROR", "CANCELED", "timeout" or "stalled", or a refusal;
--- err.task is the last task seen
function Client:wait(instance_id, task_id, options)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "wait", 1)
  argcheck.id(task_id, 2, "task_id", "wait", 1)
  options = argcheck.options(options, 3, "wait", WAIT, 1)
  if not somebody_listens(options) then
    local task, err = wait.run(wait.new(watcher(self, instance_id, task_id), options))
    return task, err
  end
  local result = run_waits(self, instance_id, { task_id }, options, 1)[1]
  if result.err then return nil, result.err end
  return result.task, nil
end

--- Waits for many tasks at once.
---@param instance_id string
---@param ids string[]  one given twice counts once
---@param options? crsync.WaitAllOptions
---@return crsync.WaitResult[] results  in the order given
---@return crsync.WaitSummary summary
function Client:wait_all(instance_id, ids, options)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "wait_all", 1)
  argcheck.ids(ids, 2, "ids", "wait_all", 1)
  options = options_of.filled(WAIT_ALL, argcheck.options(options, 3, "wait_all", WAIT_ALL, 1))
  local results = run_waits(self, instance_id, distinct(ids), options, options.concurrency)
  return results, wait.summary(results)
end

local WAIT_BATCH = options_of.by_name(options_of.wait_batch)
local WAIT_PUSH = options_of.by_name(options_of.wait_push)

local INSTEAD = 10 -- seconds that looking for what is there instead may take

-- The options that a wait for one task knows, with another timeout.
local function wait_options(options, seconds)
  local chosen = {}
  for name in pairs(WAIT) do chosen[name] = options[name] end
  chosen.timeout = seconds
  return chosen
end

-- Waits for the tasks that a filter finds, now or later.
local function wait_listed(self, instance_id, filter, options, awaited)
  awaited.host, awaited.least = self.host, self.settings.timeout
  awaited.list = function(seconds, heard)
    local asked = { deadline = seconds }
    for name, value in pairs(filter) do asked[name] = value end
    local tasks, err = collect(overheard(self, heard), "ListRepoSyncTask", instance_id, asked)
    return tasks, not tasks and err or nil
  end
  -- The list may know a task sooner than the rest of the service.
  local settings = wait_options(options)
  settings.not_found_grace = math.max(settings.not_found_grace, options.settle)
  local waits = { are_all = false }
  awaited.wait = function(id, seconds)
    local one = wait.new(watcher(self, instance_id, id), wait_options(settings, seconds))
    waits[#waits + 1] = one
    return wait.run(one)
  end
  -- The clock is the second member, if there is one.
  local clock = somebody_listens(options) and 1 or 0
  awaited.all = function(body, listing)
    waits[1] = listing
    self.loop:all(1 + clock, math.huge, options.concurrency, function(number, more)
      if number == 1 + clock and clock == 1 then
        return wait.keep_telling(waits, function(seconds) self.loop:sleep(seconds) end, options.on_tick)
      end
      body(number == 1 and 1 or number - clock, more)
      if number == 1 then waits.are_all = true end
    end)
  end
  awaited.pause = function(seconds) self.loop:sleep(seconds) end
  return batch.run(awaited, options)
end

--- Waits for the tasks of a batch to appear and to end. Those that appear while others are waited for join in.
---@param instance_id string
---@param batch_id string  a SyncBatchTaskId
---@param options? crsync.WaitBatchOptions
---@return crsync.WaitResult[]? results  in the order in which the tasks were made
---@return crsync.WaitSummary|crsync.Error summary  the error where there are no results: no task has appeared (kind
--- "task", code "timeout"), fewer than expected (err.results has those), or the list was refused
function Client:wait_batch(instance_id, batch_id, options)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "wait_batch", 1)
  argcheck.id(batch_id, 2, "batch_id", "wait_batch", 1)
  options = options_of.filled(WAIT_BATCH, argcheck.options(options, 3, "wait_batch", WAIT_BATCH, 1))
  return wait_listed(self, instance_id, { SyncRecordId = batch_id }, options, {
    what = "batch " .. batch_id,
    is_meant = function(task) return (task.SyncBatchTaskId or batch_id) == batch_id end,
    instead = function()
      local tasks = collect(self, "ListRepoSyncTask", instance_id, { limit = 100, deadline = INSTEAD })
      return batch.instead_of_batch(tasks)
    end,
  })
end

local PUSH = { "RepoNamespaceName", "RepoName", "Tag" }

--- Waits for the tasks that a push of a tag makes. A tag that is pushed twice within the time makes tasks twice: all of
--- them are waited for.
---@param instance_id string  the source instance
---@param push { RepoNamespaceName: string, RepoName: string, Tag: string }
---@param options crsync.WaitPushOptions  since is required: an older push's tasks never pass for this one's
---@return crsync.WaitResult[]? results  as of wait_batch
---@return crsync.WaitSummary|crsync.Error summary
function Client:wait_push(instance_id, push, options)
  check_open(self)
  argcheck.id(instance_id, 1, "instance_id", "wait_push", 1)
  argcheck.params(push, 2, "wait_push", { required = PUSH, ids = PUSH }, 1)
  options = options_of.filled(WAIT_PUSH, argcheck.options(options, 3, "wait_push", WAIT_PUSH, 1))
  if not options.since then argcheck.fail(3, "since", "wait_push", "it is missing", 1) end
  local filter = { RepoNamespaceName = push.RepoNamespaceName, RepoName = push.RepoName, Tag = push.Tag }
  local function instead()
    filter.deadline, filter.since = INSTEAD, nil
    local tasks = collect(self, "ListRepoSyncTask", instance_id, filter)
    local rules = collect(self, "ListRepoSyncRule", instance_id, { deadline = INSTEAD })
    return batch.instead_of_push(tasks, rules, instance_id, push.RepoNamespaceName, push.RepoName)
  end
  filter.since = options.since
  return wait_listed(self, instance_id, filter, options, {
    what = ("%s/%s:%s made since %s"):format(push.RepoNamespaceName, push.RepoName, push.Tag,
      dates.rfc3339(options.since)),
    is_meant = function(task)
      local from = type(task.ImageFrom) == "table" and task.ImageFrom or {}
      return (from.ImageTag or push.Tag) == push.Tag and (from.RepoName or push.RepoName) == push.RepoName
        and (from.RepoNamespaceName or push.RepoNamespaceName) == push.RepoNamespaceName
    end,
    instead = instead,
  })
end

-- ---- life ---------------------------------------------------------------------------------------------

--- Releases everything. Twice is fine; any other method raises "client is closed" afterwards.
function Client:close()
  local is_open = not self.closed
  self.closed = true -- first: the host's function may close it, too
  if is_open then self.loop:close() end
  self.core:close()
end

Client.__close = Client.close

function Client:__tostring()
  return "crsync.client (" .. (self.closed and "closed" or self.settings.endpoint) .. ")"
end

--- Makes a client.
---@param options crsync.Options
---@return crsync.Client? client
---@return crsync.ErrorOrNil err
function client.new(options)
  local chosen = cli_profile.choose(options.profile) -- read once for both
  local settings, err = config.resolve(options, chosen)
  if not settings then return nil, err end
  local source, keys = chain.find(options, chosen)
  if not source then return nil, keys --[[@as crsync.Error]] end
  local core_settings = {}
  for name, value in pairs(settings) do core_settings[name] = value end
  for name, value in pairs(keys or {}) do core_settings[name] = value end
  core_settings.tunnel = proxy.makes_tunnels(settings.endpoint, settings.proxy)
  local client_core, problem, kind = core.new(core_settings)
  if not client_core then
    return nil, errors.new { kind = kind, message = problem, retryable = kind == "network" }
  end
  local traced = settings.debug > 0 and require "crsync.trace".new(settings) or nil -- when it is made: see chain.lua
  if traced and source.key_id then traced:keys(source) end
  return setmetatable({
    core = client_core,
    loop = loop.new(settings.loop, client_core),
    settings = settings,
    trace = traced,
    source = source,
    profile_name = options.profile,
    retry_budget = retry.new_budget(),
    host = url.host(settings.endpoint),
  }, Client), nil
end

return client
