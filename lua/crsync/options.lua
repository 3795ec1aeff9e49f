--- Every option that crsync takes, one row each. What is checked, where a value comes from, what `crsync config` shows,
--- the types for editors and the tables of the documentation come from these rows (`make docs`). Data.

---@class crsync.OptionRow
---@field name string
---@field type string              Lua's type of the value
---@field alternative any          another type's name, or another value, that is taken as well
---@field annotation string|nil    its type for editors, where Lua's says too little
---@field unit string|nil          of a number: "s", "bytes"
---@field default any              what holds where nothing is set
---@field default_text string|nil  the same for people, where the value says too little
---@field least number|nil         of a number: at least; 0
---@field above number|nil         of a number: more than
---@field most number|nil          of a number: at most
---@field whole boolean|nil        of a number: an integer
---@field items string|nil         of a table that is a sequence: Lua's type of each item
---@field variables string[]|nil   of the environment; the first that is set counts
---@field profile_fields string[]|nil  of a profile in config.json; the first that is set counts
---@field words string[]|nil       of a string: these alone are taken
---@field is_hidden boolean|nil    not among what `crsync config` shows: a function, or a secret
---@field line string              what it is, for people

local options = {}

local DAY = 86400
local LONGEST_WAIT = 366 * DAY

--- Of `crsync.new`. Names of variables and of profiles' fields are those of the vendor's tools, and so are their units:
--- seconds, and a count of retries.
---@type crsync.OptionRow[]
options.client = {
  { name = "region", type = "string",
    variables = { "ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID", "ALICLOUD_REGION" },
    profile_fields = { "region_id" },
    line = "region id of the source instance, such as `cn-hangzhou`" },
  { name = "network", type = "string", annotation = '"public"|"vpc"', default = "public",
    variables = { "ALIBABA_CLOUD_ENDPOINT_TYPE", "ALIBABACLOUD_ENDPOINT_TYPE", "ALICLOUD_ENDPOINT_TYPE" },
    profile_fields = { "endpoint_type" },
    line = '`"public"`, or `"vpc"` for the region\'s host within a VPC' },
  { name = "endpoint", type = "string", default_text = "`cr.<region>.aliyuncs.com`, or `cr-vpc.<region>.aliyuncs.com`",
    variables = { "ALIBABA_CLOUD_ENDPOINT" }, profile_fields = { "endpoint" },
    line = "`host`, `host:port` or a URL without a path; `http://` must be spelled out, IPv6 stands in brackets" },
  { name = "access_key_id", type = "string", is_hidden = true, default_text = "the first source of keys",
    line = "a static key; blanks and line ends around it are dropped" },
  { name = "access_key_secret", type = "string", is_hidden = true, line = "its secret" },
  { name = "security_token", type = "string", is_hidden = true, line = "its token, if it is a temporary one" },
  { name = "credentials", type = "function", alternative = "table", is_hidden = true,
    annotation = "crsync.Keys|crsync.KeySource",
    line = "a table `{ access_key_id=, access_key_secret=, security_token=, expiration= }`, or a function that returns"
      .. " one, or `nil, reason`" },
  { name = "profile", type = "string", is_hidden = true, default_text = "the file's current one",
    variables = { "ALIBABA_CLOUD_PROFILE", "ALIBABACLOUD_PROFILE", "ALICLOUD_PROFILE" },
    line = "a profile of the aliyun CLI, or a section of the SDKs' ini file; keys in the environment do not count"
      .. " then" },
  { name = "connect_timeout", type = "number", above = 0, unit = "s", default = 5,
    variables = { "ALIBABA_CLOUD_CONNECT_TIMEOUT" }, profile_fields = { "connect_timeout" },
    line = "for connecting, in one attempt" },
  { name = "timeout", type = "number", above = 0, unit = "s", default = 10,
    variables = { "ALIBABA_CLOUD_READ_TIMEOUT" }, profile_fields = { "read_timeout", "retry_timeout" },
    line = "for one attempt" },
  { name = "deadline", type = "number", above = 0, unit = "s", default = 60,
    line = "for the whole call: attempts, pauses and looking for keys" },
  { name = "retry", type = "table", alternative = false, annotation = "crsync.RetryOptions|false",
    default = { max_attempts = 3, base_delay = 0.5, max_delay = 20 },
    default_text = "`{ max_attempts = 3, base_delay = 0.5, max_delay = 20 }`",
    variables = { "ALIBABA_CLOUD_RETRY_COUNT" }, profile_fields = { "retry_count" },
    line = "attempts for one call, and the pauses between them in seconds; `false` for one attempt. The variable and"
      .. " the profile's field count retries: attempts less one" },
  { name = "proxy", type = "string", default_text = "libcurl's rules: `https_proxy`, `NO_PROXY`, …",
    line = 'URL of a proxy, or `""` for none' },
  { name = "ca_file", type = "string", variables = { "SSL_CERT_FILE", "CURL_CA_BUNDLE" }, default_text = "the system's",
    line = "file of trusted certificates (PEM)" },
  { name = "ca_path", type = "string", variables = { "SSL_CERT_DIR" }, default_text = "the system's",
    line = "folder of trusted certificates, named by their hashes" },
  { name = "insecure_skip_tls_verify", type = "boolean", default = false,
    line = "`true` switches the check of certificates off" },
  { name = "max_response_size", type = "number", annotation = "integer", whole = true, least = 1, most = 2 ^ 40,
    unit = "bytes", default = 16 * 1024 * 1024, default_text = "16 MiB",
    line = "the most that a response may have, after decompression; a larger one is an error of kind `decode`" },
  { name = "user_agent", type = "string", variables = { "ALIBABA_CLOUD_USER_AGENT" },
    line = "appended to `crsync/X.Y.Z`" },
  { name = "loop", type = "table", annotation = "crsync.Loop", is_hidden = true, default_text = "this thread blocks",
    line = 'who waits instead of this thread: `require "crsync.loop.cqueues"` or another adapter, or a table of your'
      .. " own with `wait(fd, seconds)` and `sleep(seconds)`" },
  { name = "transport", type = "function", is_hidden = true, default_text = "libcurl",
    annotation = "crsync.Transport",
    line = "who sends instead of libcurl: given `{ method, url, headers, body, timeout }`, returns `status, headers,"
      .. " body` or `nil, message`" },
  { name = "on_attempt", type = "function", is_hidden = true, annotation = "fun(attempt: crsync.Attempt)",
    line = "called after each attempt with a table: what it asked, what came of it, how long its parts took" },
  { name = "debug", type = "number", annotation = "0|1|2", whole = true, most = 2, default = 0,
    variables = { "CRSYNC_DEBUG" },
    line = "`1` writes each attempt to standard error, without any secret; `2` bodies, too" },
}

local concurrency = { name = "concurrency", type = "number", annotation = "integer", least = 1, most = 1000,
  whole = true, default = 16, line = "requests in flight at once" }

--- Of `client:get_tasks`.
---@type crsync.OptionRow[]
options.get_tasks = {
  concurrency,
  { name = "deadline", type = "number", above = 0, unit = "s", default_text = "none",
    line = "for all of them; those that it cuts off are errors of kind `timeout`" },
}

--- Of `client:wait`.
---@type crsync.OptionRow[]
options.wait = {
  { name = "timeout", type = "number", most = LONGEST_WAIT, unit = "s", default = 3600,
    line = "for the whole wait; 0 for a single look" },
  { name = "interval", type = "number", above = 0, most = LONGEST_WAIT, unit = "s", default = 2,
    line = "between looks at first; it grows, with jitter" },
  { name = "max_interval", type = "number", above = 0, most = LONGEST_WAIT, unit = "s", default = 15,
    line = "between looks at last" },
  { name = "stall_timeout", type = "number", above = 0, most = LONGEST_WAIT, unit = "s", default_text = "none",
    line = "after which it gives up, when neither status nor bytes have changed" },
  { name = "not_found_grace", type = "number", most = LONGEST_WAIT, unit = "s", default = 0,
    line = "for which the task may be missing at first" },
  { name = "unreachable_timeout", type = "number", above = 0, most = LONGEST_WAIT, unit = "s", default_text = "none",
    line = "after which it gives up, when the service was not reached once: its name does not resolve, or nobody"
      .. " listens" },
  { name = "on_progress", type = "function",
    annotation = "fun(task: crsync.Task, progress: crsync.Progress, trouble: crsync.Error|nil)",
    line = "called with `task, progress, trouble` after each look that has seen the task, as soon as asking fails, and"
      .. " every ten seconds at least" },
  { name = "on_tick", type = "function", annotation = "fun()",
    line = "called at once and then every second or so for as long as it waits, whatever there is to tell: for a"
      .. " display that moves" },
}

--- Of `client:wait_all`: those of `client:wait`, and how many are asked for at once.
---@type crsync.OptionRow[]
options.wait_all = { concurrency }
for _, row in ipairs(options.wait) do table.insert(options.wait_all, #options.wait_all, row) end

--- Of `client:call`.
---@type crsync.OptionRow[]
options.call = {
  { name = "method", type = "string", words = { "GET", "POST" }, annotation = '"GET"|"POST"',
    default_text = "`\"POST\"`; `\"GET\"` for those that are known to take nothing else", line = "how it is sent" },
  { name = "repeatable", type = "boolean", default_text = "whether the name begins with Get or List, or is known to be",
    line = "whether it may be sent twice" },
  { name = "version", type = "string", default_text = "that of the other operations", line = "the API's version" },
  { name = "deadline", type = "number", above = 0, unit = "s", default_text = "the client's",
    line = "for the whole call" },
}

--- What every list takes beside the service's own filters.
---@type crsync.OptionRow[]
options.list = {
  { name = "limit", type = "number", annotation = "integer", least = 1, whole = true, default_text = "none",
    line = "ends the list after so many" },
  { name = "deadline", type = "number", above = 0, unit = "s", default_text = "none",
    line = "for all pages; each page has the client's as well" },
  { name = "PageSize", type = "number", annotation = "integer", least = 1, whole = true, default = 50,
    line = "asked for at once" },
}

local FAR_FUTURE = 1e11 -- more is milliseconds

--- What lists of tasks take as well. The service does not know these: the items that come are looked at here.
---@type crsync.OptionRow[]
options.list_tasks = {
  { name = "since", type = "number", most = FAR_FUTURE, default_text = "none",
    line = "tasks made at this time or later: seconds since 1970, as `os.time()` gives them" },
  { name = "till", type = "number", most = FAR_FUTURE, default_text = "none",
    line = "tasks made at this time or earlier" },
  { name = "status", type = "string", alternative = "table", items = "string", annotation = "string|string[]",
    default_text = "any", line = "tasks with this `TaskStatus`, or with one of these" },
  { name = "to_region", type = "string", alternative = "table", items = "string", annotation = "string|string[]",
    default_text = "any", line = "tasks whose destination is in this region, or in one of these" },
}

local function joined(...)
  local all = {}
  for _, list in ipairs { ... } do
    for _, row in ipairs(list) do all[#all + 1] = row end
  end
  return all
end

--- Of `client:wait_batch`: those of `client:wait_all`, and how long tasks may take to appear.
---@type crsync.OptionRow[]
options.wait_batch = joined(options.wait_all, {
  { name = "appear_timeout", type = "number", most = LONGEST_WAIT, unit = "s", default = 60,
    line = "until the first task is there" },
  { name = "expect", type = "number", annotation = "integer", least = 1, most = 1000, whole = true,
    default_text = "not known", line = "how many tasks there will be" },
  { name = "settle", type = "number", most = LONGEST_WAIT, unit = "s", default = 10,
    line = "for which no task was added: then all are there; without `expect`" },
})

--- Of `client:wait_push`: those of `client:wait_batch`, and when the push was.
---@type crsync.OptionRow[]
options.wait_push = joined({
  { name = "since", type = "number", most = FAR_FUTURE, default_text = "required",
    line = "tasks made at this time or later are meant: seconds since 1970, as `os.time()` gives them" },
}, options.wait_batch)

--- Of `crsync.format`.
---@type crsync.OptionRow[]
options.format = {
  { name = "color", type = "boolean", default = false, line = "whether to colour the status" },
  { name = "width", type = "number", annotation = "integer", default = 80, most = math.huge,
    line = "columns, 40 at least" },
}

--- Of `crsync sandbox`, what has a default.
---@type crsync.OptionRow[]
options.sandbox = {
  { name = "port", type = "number", annotation = "integer", whole = true, most = 65535, default = 8787,
    line = "to listen on; 0 for any that is free" },
  { name = "listen", type = "string", default = "127.0.0.1", line = "address to listen on" },
  { name = "speed", type = "number", above = 0, default = 1, line = "how much faster than the clock tasks move" },
}

--- The rows by their names.
---@param rows crsync.OptionRow[]
---@return table<string, crsync.OptionRow>
function options.by_name(rows)
  local map = {}
  for _, row in ipairs(rows) do map[row.name] = row end
  return map
end

--- The environment's variable for an option of `crsync.new`, for messages: the first of its names.
---@param name string
---@return string
function options.variable(name) return options.by_name(options.client)[name].variables[1] end

--- A table of options with the defaults of those that are not given; what is given stays as it is.
---@param rows table<string, crsync.OptionRow>  by name
---@param given table
---@return table
function options.filled(rows, given)
  local filled = {}
  for name, row in pairs(rows) do
    if given[name] ~= nil then filled[name] = given[name] else filled[name] = row.default end
  end
  return filled
end

return options
