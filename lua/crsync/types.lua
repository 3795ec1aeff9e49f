---@meta
--- Types of what the service answers and of the C core, for editors. Required by nobody.

---@class crsync.Image
---@field RegionId string
---@field InstanceId string
---@field RepoNamespaceName string
---@field RepoName string
---@field ImageTag string

---@class crsync.Layer
---@field SyncLayerTaskId string
---@field Digest string          "sha256:…"
---@field ArtifactDigest string  the artifact (manifest) that the layer belongs to
---@field TaskStatus string
---@field Size integer           bytes
---@field SyncedSize integer     bytes

--- A task as GetRepoSyncTask tells it. Fields that the service adds later are there as well.
---@class crsync.Task
---@field SyncTaskId string
---@field SyncRuleId string|nil
---@field SyncBatchTaskId string|nil  shared by all tasks that one push made
---@field TaskStatus "PENDING"|"SYNCHRONIZING"|"SUCCESS"|"ERROR"|"CANCELED"|string
---@field TaskTrigger "PASSIVE"|"INITIATIVE"|string|nil  a rule's doing, or by hand
---@field TaskIssue string|nil        why it failed
---@field Progress integer            0 or 1 only; see crsync.progress for more
---@field SyncedSize integer          bytes
---@field Priority integer|nil        1 to 5
---@field SyncTransAccelerate boolean|nil
---@field CrossUser boolean|nil       source and destination are in different accounts
---@field ImageFrom crsync.Image
---@field ImageTo crsync.Image
---@field LayerTasks crsync.Layer[]   always a sequence, empty if there are none
---@field RequestId string
---@field Code string
---@field IsSuccess boolean

--- A task as ListRepoSyncTask tells it: no layers, no sizes, but times.
---@class crsync.ListedTask
---@field SyncTaskId string
---@field SyncRuleId string|nil
---@field SyncBatchTaskId string|nil
---@field TaskStatus string
---@field TaskTrigger string|nil
---@field TaskIssue string|nil
---@field CreateTime integer        milliseconds since 1970
---@field ModifedTime integer|nil   milliseconds; the service's own spelling, beside ModifiedTime since 2026
---@field ModifiedTime integer|nil
---@field Priority integer|nil
---@field ImageFrom crsync.Image
---@field ImageTo crsync.Image

--- The C core's client: one attempt at a time, no retries. For those who bring their own loop.
---@class crsync.Core
local Core = {}

--- One attempt: nested tables, or nil and a plain error table. Blocks.
---@param instance_id string
---@param task_id string
---@return crsync.Task|nil, table|nil
function Core:get_task(instance_id, task_id) end

--- Signs a request and starts it. Never blocks.
---@param operation crsync.Operation
---@param params table
---@param attempt { timeout: number?, connect_timeout: number?, clock_offset: number?, fresh_connection: boolean? }|nil
---@return userdata job
function Core:start(operation, params, attempt) end

--- Signs a request for somebody else's HTTP.
---@return { method: string, url: string, headers: table<string, string>, body: string, request_hash: string }
function Core:prepare(operation, params, attempt) end

--- What somebody else's HTTP brought: as `result`. Header names in lower case.
---@return table|nil, table|nil
function Core:receive(operation, request, status, headers, body) end

--- The descriptor to poll for reading. Another one after fork.
---@return integer
function Core:pollfd() end

---@return "r"
function Core:events() end

--- Seconds until `step` must be called even if the descriptor stays quiet; nil for no limit.
---@return number|nil
function Core:timeout() end

--- Moves what can be moved, without waiting.
function Core:step() end

--- Waits and moves; returns when something happened, 200 ms at most.
---@param seconds number
function Core:wait(seconds) end

--- A job that has ended, each once; nil when there is none.
---@return userdata|nil
function Core:finished() end

--- Whether the job's result can be taken.
---@return boolean
function Core:has_ended(job) end

--- The response of a job that has ended. Once.
---@return table|nil, table|nil
function Core:result(job) end

--- Stops a job.
function Core:cancel(job) end

---@param access_key_id string
---@param access_key_secret string
---@param security_token string|nil
function Core:set_credentials(access_key_id, access_key_secret, security_token) end

--- Releases everything; twice is fine.
function Core:close() end
