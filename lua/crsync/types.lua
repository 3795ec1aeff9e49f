---@meta crsync.core
--- Types for editors: what the service tells, and the C core, which is this file's module for an editor. No program
--- requires it. Other types stand beside their code; doc/guides/editor.md says how to switch them on.
---
--- Tables that a script writes (options, parameters) end with a field [string] of a type that no value has, so that a
--- misspelt name is flagged. Tables that a script reads have no such field: there, an unknown name is flagged anyway.

-- ---- what the service tells ------------------------------------------------------------------------------

---@alias crsync.Status
---| "PENDING"
---| "SYNCHRONIZING"
---| "SUCCESS"
---| "ERROR"
---| "CANCELED"
---| string          # a newer one: the task goes on

---@alias crsync.Issue
---| "NETWORK_ERROR"           # a new task may succeed
---| "INTERNAL_ERROR"          # a new task may succeed
---| "TAG_CONFLICT"            # the tag exists at the destination, where tags are immutable
---| "OSS_POLICY_UNAUTHORIZED" # the registry may not write to its bucket
---| "UNSUPPORTED_FORMAT"
---| "DATA_LENGTH_EXCEEDED"
---| string                    # a newer one

---@class crsync.Image
---@field RegionId string
---@field InstanceId string
---@field RepoNamespaceName string
---@field RepoName string
---@field ImageTag string

---@class crsync.Layer
---@field SyncLayerTaskId string  "rslt-…"
---@field Digest string           "sha256:…"
---@field ArtifactDigest string   the artifact (manifest) that the layer belongs to
---@field TaskStatus crsync.Status
---@field Size integer            bytes
---@field SyncedSize integer      bytes copied

--- What every answer of the service has.
---@class crsync.Response
---@field RequestId string
---@field Code string
---@field IsSuccess boolean

--- A task as GetRepoSyncTask tells it. Fields that the service adds later are there as well.
---@class crsync.Task: crsync.Response
---@field SyncTaskId string            "rst-…"
---@field SyncRuleId? string           the rule that made it, "crsr-…"
---@field SyncBatchTaskId? string      shared by all tasks that one push made
---@field TaskStatus crsync.Status
---@field TaskTrigger? "PASSIVE"|"INITIATIVE"|string  a rule's doing, or by hand
---@field TaskIssue? crsync.Issue      why it failed
---@field Progress integer             0 or 1 only; crsync.progress knows more
---@field SyncedSize integer           bytes copied
---@field Priority? integer            1 to 5, higher first
---@field SyncTransAccelerate? boolean transfer acceleration is used
---@field CrossUser? boolean           source and destination are in different accounts
---@field ImageFrom crsync.Image
---@field ImageTo crsync.Image
---@field LayerTasks crsync.Layer[]    always a sequence, empty if there are none

--- A task as ListRepoSyncTask tells it: no layers, no sizes, but times.
---@class crsync.ListedTask
---@field SyncTaskId string            "rst-…"
---@field SyncRuleId? string           the rule that made it, "crsr-…"
---@field SyncBatchTaskId? string      shared by all tasks that one push made
---@field TaskStatus crsync.Status
---@field TaskTrigger? "PASSIVE"|"INITIATIVE"|string  a rule's doing, or by hand
---@field TaskIssue? crsync.Issue      why it failed
---@field CreateTime integer           milliseconds since 1970
---@field ModifedTime? integer         milliseconds; the service's own spelling, beside ModifiedTime since 2026
---@field ModifiedTime? integer        milliseconds
---@field Priority? integer            1 to 5, higher first
---@field SyncTransAccelerate? boolean transfer acceleration is used
---@field CrossUser? boolean           source and destination are in different accounts
---@field CustomLink? boolean          it goes over a link of the user's own
---@field LinkId? string               and this is the link, "stl-…"
---@field ImageFrom crsync.Image
---@field ImageTo crsync.Image

--- A rule as ListRepoSyncRule tells it.
---@class crsync.Rule
---@field SyncRuleId string            "crsr-…"
---@field SyncRuleName string
---@field SyncScope "REPO"|"NAMESPACE"|"INSTANCE"|string
---@field SyncTrigger "PASSIVE"|"INITIATIVE"|string  at each push, or by hand
---@field SyncDirection "FROM"|"TO"|string  from the local to the target instance, or the reverse
---@field TagFilter string             regular expression
---@field RepoNameFilter? string       regular expression
---@field NamespaceNameFilter? string  regular expression
---@field LinkId? string               a link of the user's own, "stl-…"
---@field Priority? integer            1 to 5, higher first
---@field LocalRegionId string
---@field LocalInstanceId string
---@field LocalNamespaceName? string
---@field LocalRepoName? string
---@field TargetRegionId string
---@field TargetInstanceId string
---@field TargetNamespaceName? string
---@field TargetRepoName? string
---@field CreateTime integer           milliseconds since 1970
---@field ModifiedTime integer         milliseconds since 1970
---@field CrossUser? boolean           source and destination are in different accounts

---@class crsync.CreatedTask: crsync.Response
---@field SyncTaskId string            of the new task, "rst-…"

---@class crsync.CreatedRule: crsync.Response
---@field SyncRuleId string            of the new rule, "crsr-…"

-- ---- what a client is told -------------------------------------------------------------------------------

---- derived: options

--- The options of crsync.new.
---@class crsync.Options
---@field region? string  region id of the source instance, such as "cn-hangzhou"
---@field endpoint? string  host, host:port or URL; http:// must be spelled out
---@field network? "public"|"vpc"  which of the region's hosts; "public"
---@field profile? string  a profile of the aliyun CLI, or a section of the SDKs' ini file
---@field access_key_id? string  beside access_key_secret
---@field access_key_secret? string  beside access_key_id
---@field security_token? string  of a temporary key
---@field credentials? crsync.Keys|crsync.KeySource  a key, or a function that gives one
---@field connect_timeout? number  seconds for one attempt to connect; 5
---@field timeout? number  seconds for one attempt; 10
---@field deadline? number  seconds for the whole call: attempts, pauses and looking for keys; 60
---@field retry? crsync.RetryOptions|false  false: no retries
---@field proxy? string  URL, or "" for none
---@field ca_file? string  PEM file of trust anchors
---@field ca_path? string  folder of hashed certificates
---@field insecure_skip_tls_verify? boolean  true switches certificate checks off
---@field max_response_size? integer  bytes; 16 MiB
---@field user_agent? string  appended to crsync/X.Y.Z
---@field loop? crsync.Loop  who waits instead of this thread
---@field transport? crsync.Transport  who sends instead of libcurl
---@field on_attempt? fun(attempt: crsync.Attempt)  called after each attempt
---@field [string] "no such option"

---- end: options

---- derived: error

---@alias crsync.Kind
---| "config"      # missing or contradictory configuration
---| "credentials" # no keys found, or their source failed
---| "auth"        # refused: key, secret, token or permission
---| "not_found"   # the instance, task or rule is not there
---| "throttled"   # the service asks to slow down
---| "server"      # 5xx, an error page, a gateway fault
---| "client"      # any other refusal by the service
---| "network"     # DNS, connect, reset, a cut-off body, a proxy
---| "timeout"     # an attempt's or the call's limit
---| "tls"         # certificate or handshake
---| "decode"      # not JSON, wrong types, too large, too deep
---| "task"        # a wait ended without success

--- What went wrong. tostring makes one line of it.
---@class crsync.Error
---@field kind crsync.Kind
---@field message string
---@field code? string  the service's code; of a wait: "ERROR", "CANCELED", "timeout" or "stalled"
---@field status? integer  HTTP status
---@field request_id? string
---@field endpoint? string  host that was asked
---@field action? string  operation
---@field attempts integer  requests made for the call
---@field retryable boolean  whether the same call may succeed later
---@field hint? string  a known remedy
---@field retry_after? number  seconds that the service asks to wait
---@field task? crsync.Task  the last task seen, when a wait ended
---@field curl_code? integer  libcurl's CURLcode
---@field verify_result? integer  OpenSSL's X509_V_… code
---@field clock_difference? integer  seconds by which the service's clock is ahead of this machine's
---@field signature_verdict? "secret"|"request"  why signatures differ: another secret, or an altered request
---@field sent? boolean  whether any byte of the request may have left
---@field no_proxy? boolean  no proxy was used

---- end: error

--- An error in the making, a plain table: as the core gives it, and those who give keys.
---@class (partial) crsync.Failure: crsync.Error
---@field cut? boolean  the call's deadline, not the other side, has ended it

--- No error, which is nil. An editor does not see that a function returns either a result or an error, and would ask
--- for a second check in `if not task then print(err.kind) end`; so this nil passes for an error.
---@class crsync.NoError: crsync.Failure, nil

--- The second value that a function returns: nil where there is a result.
---@alias crsync.ErrorOrNil crsync.Error|crsync.NoError

--- The same of an error in the making.
---@alias crsync.FailureOrNil crsync.Failure|crsync.NoError

---- derived: operations

--- What narrows a list of tasks.
---@class crsync.TaskFilter
---@field RepoNamespaceName? string
---@field RepoName? string
---@field Tag? string
---@field SyncRecordId? string  takes a SyncBatchTaskId
---@field PageSize? integer  tasks asked for at once; 50
---@field limit? integer  ends the list after so many
---@field [string] "no such filter"

--- What narrows a list of rules.
---@class crsync.RuleFilter
---@field NamespaceName? string
---@field RepoName? string
---@field TargetInstanceId? string
---@field TargetRegionId? string
---@field PageSize? integer  rules asked for at once; 50
---@field limit? integer  ends the list after so many
---@field [string] "no such filter"

--- Parameters of CreateRepoSyncTask.
---@class crsync.CreateTaskParams
---@field RepoId string  the source repository, "crr-…"
---@field Tag string  the tag to copy
---@field TargetRegionId string
---@field TargetInstanceId string  "cri-…"
---@field TargetNamespace string
---@field TargetRepoName string
---@field TargetTag string
---@field TargetUserId? string  account of the destination, where it is another
---@field Override? boolean  overwrites an existing image
---@field Priority? integer  1 to 5, higher first; 3
---@field [string] "no such parameter"

--- Parameters of CreateRepoSyncTaskByRule.
---@class crsync.CreateTaskByRuleParams
---@field RepoId string  the source repository, "crr-…"
---@field Tag string  the tag to copy
---@field SyncRuleId string  a rule whose trigger is INITIATIVE, "crsr-…"
---@field Priority? integer  1 to 5, higher first; 3
---@field [string] "no such parameter"

--- Parameters of CreateRepoSyncRule.
---@class crsync.CreateRuleParams
---@field SyncRuleName string
---@field SyncScope "REPO"|"NAMESPACE"|"INSTANCE"
---@field TagFilter string  regular expression, such as ".*"
---@field TargetRegionId string
---@field TargetInstanceId string  "cri-…"
---@field NamespaceName? string  the source; for scope INSTANCE not needed
---@field TargetNamespaceName? string  for scope INSTANCE not needed
---@field RepoName? string  for scope REPO
---@field TargetRepoName? string  for scope REPO
---@field RepoNameFilter? string  regular expression, for scopes NAMESPACE and INSTANCE
---@field NamespaceNameFilter? string  regular expression, for scope INSTANCE
---@field SyncTrigger? "PASSIVE"|"INITIATIVE"  at each push, or by hand
---@field TargetUserId? string  account of the destination, where it is another
---@field LinkId? string  a link of the user's own, "stl-…"
---@field Priority? integer  1 to 5, higher first; 3
---@field [string] "no such parameter"

---- end: operations

-- ---- the core --------------------------------------------------------------------------------------------

--- What the core's client is made of: options as crsync.new resolves them, the endpoint with its scheme.
---@class crsync.CoreSettings
---@field endpoint string                 "https://host" or "http://host"
---@field access_key_id? string
---@field access_key_secret? string
---@field security_token? string
---@field timeout? number                 seconds for one attempt; 10
---@field connect_timeout? number         seconds; 5
---@field max_response_size? integer      bytes; 16 MiB
---@field user_agent? string
---@field proxy? string                   URL, or "" for none
---@field ca_file? string
---@field ca_path? string
---@field insecure_skip_tls_verify? boolean

--- How one attempt differs from the next.
---@class crsync.CoreAttempt
---@field timeout? number                 seconds, instead of the core's
---@field connect_timeout? number         seconds, instead of the core's
---@field clock_offset? number            seconds to add to this machine's clock
---@field fresh_connection? boolean       no kept connection

--- An attempt in flight.
---@class crsync.Job: userdata

--- The C core's client: one attempt at a time, no retries. For those who bring their own loop.
---@class crsync.Core: userdata
local Core = {}

--- One attempt: nested tables, or nil and a plain error table. Blocks.
---@param instance_id string
---@param task_id string
---@return crsync.Task? task
---@return crsync.FailureOrNil failure
function Core:get_task(instance_id, task_id) end

--- Signs a request and starts it. Never blocks.
---@param operation crsync.Operation
---@param params table
---@param attempt? crsync.CoreAttempt
---@return crsync.Job job
function Core:start(operation, params, attempt) end

--- Signs a request for somebody else's HTTP.
---@param operation crsync.Operation
---@param params table
---@param attempt? crsync.CoreAttempt
---@return crsync.TransportRequest
function Core:prepare(operation, params, attempt) end

--- What somebody else's HTTP brought: as `result`.
---@param operation crsync.Operation
---@param request crsync.TransportRequest  what `prepare` has given
---@param status integer
---@param headers table<string, string>    names in lower case
---@param body string
---@return table? response
---@return crsync.FailureOrNil failure
function Core:receive(operation, request, status, headers, body) end

--- Starts a request that is no operation's and is not signed. Never blocks.
---@param request crsync.FetchRequest
---@return crsync.Job job
function Core:fetch(request) end

--- The response of such a job that has ended. Once.
---@param job crsync.Job
---@return crsync.FetchResponse? response
---@return crsync.FailureOrNil failure
function Core:response(job) end

--- The descriptor to poll for reading. Another one after fork.
---@return integer fd
function Core:pollfd() end

--- What to poll it for.
---@return "r"
function Core:events() end

--- Seconds until `step` must be called even if the descriptor stays quiet; nil for no limit.
---@return number? seconds
function Core:timeout() end

--- Moves what can be moved, without waiting.
function Core:step() end

--- Waits and moves; returns when something happened, 200 ms at most.
---@param seconds number
function Core:wait(seconds) end

--- A job that has ended, each once; nil when there is none.
---@return crsync.Job? job
function Core:finished() end

--- Whether the job's result can be taken.
---@param job crsync.Job
---@return boolean
function Core:has_ended(job) end

--- The response of a job that has ended. Once.
---@param job crsync.Job
---@return table? response
---@return crsync.FailureOrNil failure
function Core:result(job) end

--- Stops a job; fine for one that is gone.
---@param job crsync.Job
function Core:cancel(job) end

--- Changes the key, for the attempts that follow.
---@param access_key_id string
---@param access_key_secret string
---@param security_token? string
function Core:set_credentials(access_key_id, access_key_secret, security_token) end

--- Releases everything; twice is fine.
function Core:close() end

--- A descriptor that becomes readable when time is over, or when another one is readable.
---@class crsync.Timer: userdata
local Timer = {}

---@return integer fd
function Timer:pollfd() end

function Timer:close() end

--- A program that was started.
---@class crsync.Process: userdata
local Process = {}

--- What it wrote, once it has ended; nil before.
---@return string? output
---@return string? errors
---@return integer? status  nil: a signal ended it
function Process:poll() end

--- Ends it.
function Process:close() end

--- What crsync.sign signs.
---@class crsync.SignRequest
---@field host string                     "host" or "host:port"
---@field access_key_id string
---@field access_key_secret string
---@field security_token? string
---@field method? string                  "POST"
---@field path? string                    "/"
---@field query? table<string, crsync.Value>
---@field headers? table<string, string>  more of them to sign
---@field body? string                    ""
---@field action? string                  "GetRepoSyncTask" and the like
---@field version? string                 the API's, "2018-12-01"
---@field date? string                    YYYY-MM-DDThh:mm:ssZ; now
---@field nonce? string                   random
---@field [string] "no such field"

--- The module crsync.core.
---@class crsync.CoreModule
local core = {}

--- A client for one endpoint.
---@param settings crsync.CoreSettings
---@return crsync.Core
function core.new(settings) end

--- The signature alone, for those who send the request themselves.
---@param request crsync.SignRequest
---@return table<string, string> headers  all that must be sent: Authorization, host, x-acs-…
---@return string canonical_query         as it must stand in the URL
---@return string canonical_request       for debugging
---@return string string_to_sign          for debugging
function core.sign(request) end

--- A JSON text as a Lua value.
---@param text string
---@return any value
---@return string? reason  what is wrong, and where; nothing of the text is in it
function core.decode(text) end

--- Seconds on a clock that is never set back.
---@return number seconds
function core.now() end

--- Sleeps so long, or 200 ms, or until a signal.
---@param seconds number
function core.sleep(seconds) end

--- A random number, 0 ≤ x < 1.
---@return number
function core.random() end

--- The whole of a regular file of at most 1 MiB.
---@param path string
---@return string? text
---@return any open_to_others  whether others than its owner may read it; without a text, the reason
---@return boolean exists      without a text: whether there is such a file
function core.read_file(path) end

--- The user's home folder, from the system's list of users.
---@return string? path
function core.home() end

--- Starts a program, without a shell.
---@param words string[]  the program and its arguments
---@return crsync.Process? process
---@return string? reason
function core.spawn(words) end

--- A timer of so many seconds, which watches another descriptor as well.
---@param seconds number
---@param fd? integer
---@return crsync.Timer
function core.timer(seconds, fd) end

return core
