---@meta crsync.core
--- Types for editors: what the service tells, and the C core, which is this file's module for an editor. No program
--- requires it. Other types stand beside their code; doc/guides/editor.md says how to switch them on.
---
--- Tables that a script writes (options, parameters) end with a field [string] of a type that no value has, so that a
--- misspelt name is flagged. Tables that a script reads have no such field: there, an unknown name is flagged anyway.

-- ---- what the service tells ------------------------------------------------------------------------------

---- derived: objects

--- One end of a sync.
---@class crsync.Image
---@field RegionId string  its region
---@field InstanceId string  its instance, cri-…
---@field RepoNamespaceName string  namespace of the repository
---@field RepoName string  name of the repository
---@field ImageTag string  tag

--- A layer of a task.
---@class crsync.Layer
---@field SyncLayerTaskId string  rslt-…
---@field Digest string  sha256:…
---@field ArtifactDigest string  the artifact (manifest) that the layer belongs to
---@field TaskStatus string  as a task's
---@field Size integer  bytes
---@field SyncedSize integer  bytes copied

--- A task as GetRepoSyncTask returns it.
---@class crsync.Task
---@field SyncTaskId string  rst-…
---@field SyncRuleId? string  the rule that made it
---@field SyncBatchTaskId? string  shared by all tasks that one push made
--- PENDING, SYNCHRONIZING, SUCCESS, ERROR, CANCELED; any other word means that it goes on
---@field TaskStatus "PENDING"|"SYNCHRONIZING"|"SUCCESS"|"ERROR"|"CANCELED"|string
---@field TaskTrigger? "PASSIVE"|"INITIATIVE"|string  PASSIVE: made by a rule; INITIATIVE: by hand
---@field TaskIssue? string  why it failed
---@field Progress integer  0 or 1 only, and 0 for a failed task too; crsync.progress tells more
---@field SyncedSize integer  bytes copied
---@field Priority? integer  1 to 5, higher first; 3
---@field SyncTransAccelerate? boolean  transfer acceleration is used
---@field CrossUser? boolean  source and destination are in different accounts
---@field ImageFrom crsync.Image  source
---@field ImageTo crsync.Image  destination
---@field LayerTasks crsync.Layer[]  always a sequence, empty if there are none
---@field RequestId string  the service's id of the request
---@field Code string  success
---@field IsSuccess boolean  true

--- A task as ListRepoSyncTask returns it: times, but no layers.
---@class crsync.ListedTask
---@field SyncTaskId string  rst-…
---@field SyncRuleId? string  the rule that made it
---@field SyncBatchTaskId? string  shared by all tasks that one push made
---@field TaskStatus "PENDING"|"SYNCHRONIZING"|"SUCCESS"|"ERROR"|"CANCELED"|string  as in a task
---@field TaskTrigger? "PASSIVE"|"INITIATIVE"|string  as in a task
---@field TaskIssue? string  why it failed
---@field Priority? integer  1 to 5, higher first; 3
---@field SyncTransAccelerate? boolean  transfer acceleration is used
---@field CrossUser? boolean  source and destination are in different accounts
---@field CustomLink? boolean  a custom link is used
---@field LinkId? string  that link, stl-…
---@field CreateTime integer  milliseconds since 1970
---@field ModifedTime? integer  milliseconds since 1970; the service's own spelling, beside the next since 2026
---@field ModifiedTime? integer  milliseconds since 1970
---@field ImageFrom crsync.Image  source
---@field ImageTo crsync.Image  destination

--- A rule as ListRepoSyncRule returns it.
---@class crsync.Rule
---@field SyncRuleId string  crsr-…
---@field SyncRuleName string  its name
---@field SyncScope? "REPO"|"NAMESPACE"|"INSTANCE"|string  REPO, NAMESPACE or INSTANCE
---@field SyncTrigger? "PASSIVE"|"INITIATIVE"|string  PASSIVE: a push makes tasks; INITIATIVE: by hand
---@field SyncDirection? "FROM"|"TO"|string  FROM: from here; TO: to here
---@field TagFilter? string  regular expression
---@field RepoNameFilter? string  regular expression
---@field NamespaceNameFilter? string  regular expression
---@field LinkId? string  custom link, stl-…
---@field Priority? integer  1 to 5, higher first; 3
---@field LocalRegionId? string  source
---@field LocalInstanceId? string  source
---@field LocalNamespaceName? string  source
---@field LocalRepoName? string  source
---@field TargetRegionId? string  destination
---@field TargetInstanceId? string  destination
---@field TargetNamespaceName? string  destination
---@field TargetRepoName? string  destination
---@field CrossUser? boolean  source and destination are in different accounts
---@field CreateTime? integer  milliseconds since 1970
---@field ModifiedTime? integer  milliseconds since 1970

---- end: objects

--- What every answer of the service has.
---@class crsync.Response
---@field RequestId string
---@field Code string
---@field IsSuccess boolean

---@class crsync.CreatedTask: crsync.Response
---@field SyncTaskId string            of the new task, "rst-…"

--- What client:retry_task takes: parameters of CreateRepoSyncTask or CreateRepoSyncTaskByRule that win over what the
--- task tells.
---@class crsync.RetryTaskParams
---@field force? boolean  whatever the task's status is
---@field RepoId? string
---@field Tag? string
---@field SyncRuleId? string
---@field TargetRegionId? string
---@field TargetInstanceId? string
---@field TargetNamespace? string
---@field TargetRepoName? string
---@field TargetTag? string
---@field TargetUserId? string|integer
---@field Override? boolean
---@field Priority? integer
---@field [string] "no such parameter"

---@class crsync.CreatedRule: crsync.Response
---@field SyncRuleId string            of the new rule, "crsr-…"

-- ---- what a client is told -------------------------------------------------------------------------------

---- derived: options

--- What crsync.new takes.
---@class crsync.Options
---@field region? string  region id of the source instance, such as cn-hangzhou
--- "public", or "vpc" for the region's host within a VPC; default: "public"
---@field network? "public"|"vpc"
--- host, host:port or a URL without a path; http:// must be spelled out, IPv6 stands in brackets; default:
--- cr.<region>.aliyuncs.com, or cr-vpc.<region>.aliyuncs.com
---@field endpoint? string
--- a static key; blanks and line ends around it are dropped; default: the first source of keys
---@field access_key_id? string
---@field access_key_secret? string  its secret
---@field security_token? string  its token, if it is a temporary one
--- a table { access_key_id=, access_key_secret=, security_token=, expiration= }, or a function that returns one, or
--- nil, reason
---@field credentials? crsync.Keys|crsync.KeySource
--- a profile of the aliyun CLI, or a section of the SDKs' ini file; keys in the environment do not count then; default:
--- the file's current one
---@field profile? string
---@field connect_timeout? number  seconds for connecting, in one attempt; default: 5
---@field timeout? number  seconds for one attempt; default: 10
---@field deadline? number  seconds for the whole call: attempts, pauses and looking for keys; default: 60
--- attempts for one call, and the pauses between them in seconds; false for one attempt. The variable and the profile's
--- field count retries: attempts less one; default: { max_attempts = 3, base_delay = 0.5, max_delay = 20 }
---@field retry? crsync.RetryOptions|false
---@field proxy? string  URL of a proxy, or "" for none; default: libcurl's rules: https_proxy, NO_PROXY, …
---@field ca_file? string  file of trusted certificates (PEM); default: the system's
---@field ca_path? string  folder of trusted certificates, named by their hashes; default: the system's
---@field insecure_skip_tls_verify? boolean  true switches the check of certificates off; default: false
--- the most that a response may have, after decompression; a larger one is an error of kind decode; default: 16 MiB
---@field max_response_size? integer
---@field user_agent? string  appended to crsync/X.Y.Z
--- who waits instead of this thread: require "crsync.loop.cqueues" or another adapter, or a table of your own with
--- wait(fd, seconds) and sleep(seconds); default: this thread blocks
---@field loop? crsync.Loop
--- who sends instead of libcurl: given { method, url, headers, body, timeout }, returns status, headers, body or nil,
--- message; default: libcurl
---@field transport? crsync.Transport
--- called after each attempt with a table: what it asked, what came of it, how long its parts took
---@field on_attempt? fun(attempt: crsync.Attempt)
---@field debug? 0|1|2  1 writes each attempt to standard error, without any secret; 2 bodies, too; default: 0
---@field [string] "no such option"

--- What client:get_tasks takes.
---@class crsync.GetTasksOptions
---@field concurrency? integer  requests in flight at once; default: 16
---@field deadline? number  seconds for all of them; those that it cuts off are errors of kind timeout; default: none
---@field [string] "no such option"

--- What client:wait takes.
---@class crsync.WaitOptions
---@field timeout? number  seconds for the whole wait; 0 for a single look; default: 3600
---@field interval? number  seconds between looks at first; it grows, with jitter; default: 2
---@field max_interval? number  seconds between looks at last; default: 15
--- seconds after which it gives up, when neither status nor bytes have changed; default: none
---@field stall_timeout? number
---@field not_found_grace? number  seconds for which the task may be missing at first; default: 0
--- seconds after which it gives up, when the service was not reached once: its name does not resolve, or nobody
--- listens; default: none
---@field unreachable_timeout? number
--- called with task, progress, trouble after each look that has seen the task, as soon as asking fails, and every ten
--- seconds at least
---@field on_progress? fun(task: crsync.Task, progress: crsync.Progress, trouble: crsync.Error|nil)
--- called at once and then every second or so for as long as it waits, whatever there is to tell: for a display that
--- moves
---@field on_tick? fun()
---@field [string] "no such option"

--- What client:wait_all takes.
---@class crsync.WaitAllOptions
---@field timeout? number  seconds for the whole wait; 0 for a single look; default: 3600
---@field interval? number  seconds between looks at first; it grows, with jitter; default: 2
---@field max_interval? number  seconds between looks at last; default: 15
--- seconds after which it gives up, when neither status nor bytes have changed; default: none
---@field stall_timeout? number
---@field not_found_grace? number  seconds for which the task may be missing at first; default: 0
--- seconds after which it gives up, when the service was not reached once: its name does not resolve, or nobody
--- listens; default: none
---@field unreachable_timeout? number
--- called with task, progress, trouble after each look that has seen the task, as soon as asking fails, and every ten
--- seconds at least
---@field on_progress? fun(task: crsync.Task, progress: crsync.Progress, trouble: crsync.Error|nil)
--- called at once and then every second or so for as long as it waits, whatever there is to tell: for a display that
--- moves
---@field on_tick? fun()
---@field concurrency? integer  requests in flight at once; default: 16
---@field [string] "no such option"

--- What client:wait_batch takes.
---@class crsync.WaitBatchOptions
---@field timeout? number  seconds for the whole wait; 0 for a single look; default: 3600
---@field interval? number  seconds between looks at first; it grows, with jitter; default: 2
---@field max_interval? number  seconds between looks at last; default: 15
--- seconds after which it gives up, when neither status nor bytes have changed; default: none
---@field stall_timeout? number
---@field not_found_grace? number  seconds for which the task may be missing at first; default: 0
--- seconds after which it gives up, when the service was not reached once: its name does not resolve, or nobody
--- listens; default: none
---@field unreachable_timeout? number
--- called with task, progress, trouble after each look that has seen the task, as soon as asking fails, and every ten
--- seconds at least
---@field on_progress? fun(task: crsync.Task, progress: crsync.Progress, trouble: crsync.Error|nil)
--- called at once and then every second or so for as long as it waits, whatever there is to tell: for a display that
--- moves
---@field on_tick? fun()
---@field concurrency? integer  requests in flight at once; default: 16
---@field appear_timeout? number  seconds until the first task is there; default: 60
---@field expect? integer  how many tasks there will be; default: not known
---@field settle? number  seconds for which no task was added: then all are there; without expect; default: 10
---@field [string] "no such option"

--- What client:wait_push takes.
---@class crsync.WaitPushOptions
--- tasks made at this time or later are meant: seconds since 1970, as os.time() gives them; default: required
---@field since? number
---@field timeout? number  seconds for the whole wait; 0 for a single look; default: 3600
---@field interval? number  seconds between looks at first; it grows, with jitter; default: 2
---@field max_interval? number  seconds between looks at last; default: 15
--- seconds after which it gives up, when neither status nor bytes have changed; default: none
---@field stall_timeout? number
---@field not_found_grace? number  seconds for which the task may be missing at first; default: 0
--- seconds after which it gives up, when the service was not reached once: its name does not resolve, or nobody
--- listens; default: none
---@field unreachable_timeout? number
--- called with task, progress, trouble after each look that has seen the task, as soon as asking fails, and every ten
--- seconds at least
---@field on_progress? fun(task: crsync.Task, progress: crsync.Progress, trouble: crsync.Error|nil)
--- called at once and then every second or so for as long as it waits, whatever there is to tell: for a display that
--- moves
---@field on_tick? fun()
---@field concurrency? integer  requests in flight at once; default: 16
---@field appear_timeout? number  seconds until the first task is there; default: 60
---@field expect? integer  how many tasks there will be; default: not known
---@field settle? number  seconds for which no task was added: then all are there; without expect; default: 10
---@field [string] "no such option"

--- What client:call takes.
---@class crsync.CallOptions
---@field method? "GET"|"POST"  how it is sent; default: "POST"; "GET" for those that are known to take nothing else
--- whether it may be sent twice; default: whether the name begins with Get or List, or is known to be
---@field repeatable? boolean
---@field version? string  the API's version; default: that of the other operations
---@field deadline? number  seconds for the whole call; default: the client's
---@field [string] "no such option"

--- What crsync.format takes.
---@class crsync.FormatOptions
---@field color? boolean  whether to colour the status; default: false
---@field width? integer  columns, 40 at least; default: 80
---@field [string] "no such option"

---- end: options

---- derived: error

---@alias crsync.Kind
---| "config" # missing or contradictory configuration; says what was looked for
---| "credentials" # no keys found, or their source failed
---| "auth" # refused: wrong key or secret, expired token, missing permission (the hint names the RAM action)
---| "not_found" # the instance, task or rule is not there (…_NOT_EXIST, ….NotFound, 404)
---| "throttled" # Throttling…, 429
---| "server" # 5xx; an HTML, XML or empty page in place of an error
---| "client" # any other refusal; a redirect, which is never followed
---| "network" # name look-up, connect, reset, cut-off response, proxy, a peer that speaks no HTTP
---| "timeout" # an attempt's or the call's limit
---| "tls" # certificate, its name, its expiry, the handshake
---| "decode" # HTTP 200 that is no JSON or no result, a documented field of the wrong type, too large, too deep
---| "task" # a wait ended without success: code is ERROR, CANCELED, timeout or stalled

--- An error: tostring makes one line of it.
---@class crsync.Error
---@field kind crsync.Kind  one of the kinds above
---@field message string  what failed, in words
---@field code string|nil  the service's code; for kind task how the wait ended
---@field status integer|nil  HTTP status
---@field request_id string|nil  the service's id of the request
---@field endpoint string|nil  host that was asked
---@field action string|nil  operation
---@field attempts integer  requests made for the call
---@field retryable boolean  whether the same call may succeed later
---@field denied_action string|nil  the RAM action that a policy denies, where the service says which
---@field hint string|nil  a known remedy
---@field retry_after number|nil  seconds that the service asks to wait
---@field task crsync.Task|nil  the last task seen, when a wait ended
---@field task_id string|nil  the id of the task that was asked for
---@field issue string|nil  the TaskIssue of the last task seen, when a wait ended
---@field trouble crsync.Error|nil  when a wait timed out or stalled while asking failed: what the last look failed with
---@field results crsync.WaitResult[]|nil  when fewer tasks appeared than were expected: how those that did have ended
---@field sent boolean|nil  false: no byte of the request has left this machine
---@field shared boolean|nil  true: the connection, or one kept beside it, had failed another call too
---@field login_refused boolean|nil  true: the proxy wants another login, or one at all
---@field curl_code integer|nil  libcurl's CURLcode
---@field verify_result integer|nil  OpenSSL's verdict on the certificate
---@field clock_difference integer|nil  seconds by which the service's clock is ahead of this machine's

---- end: error

--- An error in the making, a plain table: as the core gives it, and those who give keys.
---@class (partial) crsync.Failure: crsync.Error
---@field cut? boolean  the call's deadline, not the other side, has ended it
---@field proxy? crsync.Proxy  the proxy that it went through
---@field signature_verdict? "secret"|"request"  why signatures differ: another secret, or an altered request

--- No error, which is nil. An editor does not see that a function returns either a result or an error, and would ask
--- for a second check in `if not task then print(err.kind) end`; so this nil passes for an error.
---@class crsync.NoError: crsync.Failure, nil

--- The second value that a function returns: nil where there is a result.
---@alias crsync.ErrorOrNil crsync.Error|crsync.NoError

--- The same of an error in the making.
---@alias crsync.FailureOrNil crsync.Failure|crsync.NoError

---- derived: operations

--- What client:create_rule takes. Mirrors CreateRepoSyncRule.
---@class crsync.CreateRuleParams
---@field SyncRuleName string  its name
---@field SyncScope "REPO"|"NAMESPACE"|"INSTANCE"  REPO, NAMESPACE or INSTANCE
---@field TagFilter string  regular expression, such as .*
---@field TargetRegionId string  region of the destination
---@field TargetInstanceId string  instance of the destination, cri-…
---@field NamespaceName? string  namespace of the source; not for scope INSTANCE
---@field TargetNamespaceName? string  namespace of the destination; not for scope INSTANCE
---@field RepoName? string  repository of the source, for scope REPO
---@field TargetRepoName? string  repository of the destination, for scope REPO
---@field RepoNameFilter? string  regular expression, for scopes NAMESPACE and INSTANCE
---@field NamespaceNameFilter? string  regular expression, for scope INSTANCE
---@field SyncTrigger? "PASSIVE"|"INITIATIVE"  PASSIVE: a push makes tasks; INITIATIVE: by hand
---@field TargetUserId? string|integer  account of the destination, if it is another one
---@field LinkId? string  custom link, stl-…
---@field Priority? integer  1 to 5, higher first; 3
---@field [string] "no such parameter"

--- What client:create_task takes. Mirrors CreateRepoSyncTask.
---@class crsync.CreateTaskParams
---@field RepoId string  source repository, crr-…
---@field Tag string  source tag
---@field TargetRegionId string  region of the destination
---@field TargetInstanceId string  instance of the destination, cri-…
---@field TargetNamespace string  namespace of the destination
---@field TargetRepoName string  repository of the destination
---@field TargetTag string  tag of the destination
---@field TargetUserId? string|integer  account of the destination, if it is another one
---@field Override? boolean  whether an image that is there is overwritten
---@field Priority? integer  1 to 5, higher first; 3
---@field [string] "no such parameter"

--- What client:create_task_by_rule takes. Mirrors CreateRepoSyncTaskByRule.
---@class crsync.CreateTaskByRuleParams
---@field RepoId string  source repository, crr-…
---@field Tag string  source tag
---@field SyncRuleId string  a rule, crsr-…, whose SyncTrigger is INITIATIVE
---@field Priority? integer  1 to 5, higher first; 3
---@field [string] "no such parameter"

--- What client:list_rules takes. Mirrors ListRepoSyncRule.
---@class crsync.RuleFilter
---@field NamespaceName? string  namespace of the repositories
---@field RepoName? string  name of the repository
---@field TargetInstanceId? string  instance of the destination
---@field TargetRegionId? string  region of the destination
---@field limit? integer  ends the list after so many
---@field deadline? number  for all pages; each page has the client's as well
---@field PageSize? integer  asked for at once
---@field [string] "no such filter"

--- What client:list_tasks takes. Mirrors ListRepoSyncTask.
---@class crsync.TaskFilter
---@field RepoNamespaceName? string  namespace of the repository
---@field RepoName? string  name of the repository
---@field Tag? string  source tag
---@field SyncRecordId? string  a batch: takes a SyncBatchTaskId
---@field limit? integer  ends the list after so many
---@field deadline? number  for all pages; each page has the client's as well
---@field PageSize? integer  asked for at once
---@field since? number  tasks made at this time or later: seconds since 1970, as os.time() gives them
---@field till? number  tasks made at this time or earlier
---@field status? string|string[]  tasks with this TaskStatus, or with one of these
---@field to_region? string|string[]  tasks whose destination is in this region, or in one of these
---@field [string] "no such filter"

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
---@field tunnel? boolean                 an HTTP proxy makes tunnels to the host

--- How one attempt differs from the next.
---@class crsync.CoreAttempt
---@field timeout? number                 seconds, instead of the core's
---@field connect_timeout? number         seconds, instead of the core's
---@field clock_offset? number            seconds to add to this machine's clock
---@field fresh_connection? boolean       no kept connection

--- An attempt in flight.
---@class crsync.Job: userdata

--- What an attempt tells beside its response.
---@class crsync.Told
---@field times? crsync.Times
---@field http_version? string        "1.0", "1.1", "2", "3"
---@field new_connection? boolean
---@field address? string             that was connected to: a proxy's, where there is one
---@field url? string
---@field request_head? string[]      "name: value"
---@field response_head? string[]     the status line, then "name: value"
---@field body? string                8192 bytes of it
---@field body_size? integer

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
---@param told? crsync.Told  a table to put into what was noted
---@return crsync.FetchResponse? response
---@return crsync.FailureOrNil failure
function Core:response(job, told) end

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

--- Notes from here on what the request tells beside its response. For a job that was just started.
---@param job crsync.Job
---@param level 0|1|2  0: times and connection; 1: what is sent, and the head of the response, too; 2: its body, too
function Core:observe(job, level) end

--- The response of a job that has ended. Once.
---@param job crsync.Job
---@param told? crsync.Told  a table to put into what was noted
---@return table? response
---@return crsync.FailureOrNil failure
function Core:result(job, told) end

--- A text without the secrets of what `prepare` has given; 8192 bytes of it.
---@param text string
---@param key userdata        as `prepare` gives it
---@param signature? string   the request's
---@return string
function Core:clean(text, key, signature) end

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

--- Descriptors to wait for, for servers in Lua.
---@class crsync.Poller: userdata
local Poller = {}

--- What to wait for there; nothing: no more, as must be said before it is closed.
---@param fd integer
---@param what? "r"|"w"|"rw"
function Poller:watch(fd, what) end

--- Waits so long, or 200 ms, or until a signal.
---@param seconds number
---@return integer[] fds  those that are ready
function Poller:wait(seconds) end

--- Readable when one of them is ready.
---@return integer fd
function Poller:pollfd() end

function Poller:close() end

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
---@return crsync.Core? core
---@return string? problem
---@return crsync.Kind? kind  of the error
function core.new(settings) end

--- The signature alone, for those who send the request themselves.
---@param request crsync.SignRequest
---@return table<string, string> headers  all that must be sent: Authorization, host, x-acs-…
---@return string canonical_query         as it must stand in the URL
---@return string canonical_request       for debugging
---@return string string_to_sign          for debugging
function core.sign(request) end

--- The operation of `Core:get_task`, for whoever starts it without crsync.operations.
---@return crsync.Operation
function core.task_operation() end

--- The versions of what is loaded: of libcurl, of its TLS library, of OpenSSL.
---@return { libcurl: string, tls: string, openssl: string }
function core.versions() end

--- A JSON text as a Lua value.
---@param text string
---@return any value
---@return string? reason  what is wrong, and where; nothing of the text is in it
function core.decode(text) end

--- A text without secrets, in whatever form they are in it, and with an access key's id masked.
---@param text string
---@param secrets table    strings; others are skipped
---@param id? string
---@return string
function core.redact(text, secrets, id) end

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
---@return any open_to_others  what others than its owner may do with it, or false; without a text, the reason
---@return boolean exists      without a text: whether there is such a file
function core.read_file(path) end

--- Whether a file or folder can be opened, or the one of them that is wanted; never blocks.
---@param path string
---@param wanted? "file"|"folder"
---@return boolean? is_there
---@return string? reason
---@return boolean exists  where it cannot be: whether there is such a thing
function core.check_file(path, wanted) end

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

--- A set of descriptors to wait for.
---@return crsync.Poller? poller
---@return string? reason  no descriptor is left for it
function core.poller() end

--- SIGTERM interrupts the script from now on. For programs; a host's signals are its own.
function core.heed_sigterm() end

--- Whether SIGTERM has come since.
---@return boolean
function core.was_terminated() end

--- Calls a function in which writing where nobody reads is an error, and no signal.
---@param f fun()
function core.without_sigpipe(f) end

--- Whether a descriptor of this process is a terminal.
---@param descriptor integer
---@return boolean
function core.is_terminal(descriptor) end

--- The size of the process's terminal; 0 and 0 where there is none, or none that knows.
---@return integer lines
---@return integer columns
function core.terminal_size() end

return core
