--- crsync: how Alibaba Cloud Container Registry image syncs are doing, as nested Lua tables.
--- The public face; nothing is done here.

local loading = require "crsync.loading"

local argcheck, client, core, duration, errors, json, progress, report, summary, version

loading.all_or_nothing(function()
  core = require "crsync.core"
  argcheck = require "crsync.util.argcheck"
  client = require "crsync.client"
  duration = require "crsync.duration"
  errors = require "crsync.error"
  json = require "crsync.print.json"
  progress = require "crsync.progress"
  report = require "crsync.print.report"
  summary = require "crsync.summary"
  version = require "crsync.version"
end)

---@class crsync
---@field _VERSION string  "crsync X.Y.Z"
---@field duration fun(task: crsync.ListedTask|crsync.Task): number|nil
---@field format fun(task: crsync.Task|crsync.ListedTask, options?: crsync.FormatOptions): string
---@field is_error fun(value: any): boolean
---@field progress fun(task: crsync.Task|crsync.ListedTask): crsync.Progress
---@field report fun(tasks: (crsync.ListedTask|crsync.Task)[]): crsync.Report
---@field sign fun(request: crsync.SignRequest): table<string, string>, string, string, string
---@field to_json fun(value: any, options?: crsync.JsonOptions|integer|crsync.Error): string
local crsync = {
  _VERSION = "crsync " .. version,
  duration = duration.of,
  format = report.task,
  is_error = errors.is_error,
  progress = progress.of,
  report = summary.of,
  sign = core.sign,
  to_json = json.encode,
}

--- Makes a client from options, environment and defaults.
---@param options? crsync.Options
---@return crsync.Client? client
---@return crsync.ErrorOrNil err
function crsync.new(options)
  if options ~= nil and type(options) ~= "table" then
    error("bad argument #1 to 'new' (expected a table of options, got " .. type(options) .. ")", 2)
  end
  return client.new(options or {})
end

local default_client

--- Asks how a sync task is doing, with a client made from the environment at the first call.
--- Mirrors GetRepoSyncTask. Raises when an id is not a non-empty string of printable UTF-8.
---@param instance_id string  the source instance, "cri-…"
---@param task_id string      the task, "rst-…"
---@return crsync.Task? task
---@return crsync.ErrorOrNil err
function crsync.get_task(instance_id, task_id)
  argcheck.id(instance_id, 1, "instance_id", "get_task", 1)
  argcheck.id(task_id, 2, "task_id", "get_task", 1)
  if not default_client then
    local made, err = client.new {}
    if not made then return nil, err end
    default_client = made
  end
  return default_client:get_task(instance_id, task_id)
end

return crsync
