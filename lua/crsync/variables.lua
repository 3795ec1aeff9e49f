--- The environment's variables that are no option's own (those are in options.lua) and belong to no set of keys (those
--- are in credentials/env.lua). Each name stands here alone; whoever reads one asks for it by its key. Data, and how to
--- read them.

local environment = require "crsync.util.environment"

---@class crsync.VariableRow
---@field key string       what the code calls it
---@field names string[]   the first that is set counts
---@field line string      what it does, for people
---@field is_foreign boolean|nil  libcurl or the system reads it, too

local variables = {}

---@type crsync.VariableRow[]
variables.rows = {
  { key = "config_file", names = { "ALIBABA_CLOUD_CONFIG_FILE" }, line = "another place of `~/.aliyun/config.json`" },
  { key = "credentials_file", names = { "ALIBABA_CLOUD_CREDENTIALS_FILE" },
    line = "another place of the SDKs' ini file, `~/.alibabacloud/credentials`" },
  { key = "cli_profile_disabled", names = { "ALIBABA_CLOUD_CLI_PROFILE_DISABLED" },
    line = "`true` leaves `config.json` alone" },
  { key = "ignore_profile", names = { "ALIBABA_CLOUD_IGNORE_PROFILE", "ALIBABACLOUD_IGNORE_PROFILE" },
    line = "`TRUE` leaves `config.json` alone" },
  { key = "role_session_name", names = { "ALIBABA_CLOUD_ROLE_SESSION_NAME" },
    line = "name of the session when a role is assumed; `crsync`" },
  { key = "credentials_uri", names = { "ALIBABA_CLOUD_CREDENTIALS_URI" }, line = "a URL that returns keys" },
  { key = "ecs_metadata", names = { "ALIBABA_CLOUD_ECS_METADATA" },
    line = "name of the ECS instance's RAM role; without it the metadata service is asked for the name" },
  { key = "ecs_metadata_disabled", names = { "ALIBABA_CLOUD_ECS_METADATA_DISABLED" },
    line = "`true` leaves the ECS metadata service alone" },
  { key = "imdsv1_disabled", names = { "ALIBABA_CLOUD_IMDSV1_DISABLED" },
    line = "`true` never asks the ECS metadata service without a session token" },
  { key = "metadata_endpoint", names = { "CRSYNC_METADATA_ENDPOINT" },
    line = "another address of the ECS metadata service, such as a container's proxy of it" },
  { key = "disable_external_process", names = { "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS" },
    line = "`1` or `true` never runs the program of a profile of mode External" },
  { key = "sts_endpoint", names = { "ALIBABA_CLOUD_STS_ENDPOINT" }, line = "host of STS, where roles are assumed" },
  { key = "sts_region", names = { "ALIBABA_CLOUD_STS_REGION" }, line = "region of STS; without it `sts.aliyuncs.com`" },
  { key = "vpc_endpoint_enabled", names = { "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED" },
    line = "`true` asks STS within the VPC" },
  { key = "https_proxy", names = { "https_proxy", "HTTPS_PROXY" }, is_foreign = true,
    line = "URL of a proxy for https endpoints; libcurl reads it" },
  { key = "http_proxy", names = { "http_proxy" }, is_foreign = true,
    line = "URL of a proxy for http endpoints, in small letters only; libcurl reads it" },
  { key = "all_proxy", names = { "all_proxy", "ALL_PROXY" }, is_foreign = true,
    line = "URL of a proxy where the two above name none; libcurl reads it" },
  { key = "no_proxy", names = { "no_proxy", "NO_PROXY" }, is_foreign = true,
    line = "hosts, ends of names and networks that need no proxy, with commas between; libcurl reads it" },
  { key = "home", names = { "HOME" }, is_foreign = true,
    line = "where the files above are; without it the system's list of users tells" },
  { key = "no_color", names = { "NO_COLOR" }, is_foreign = true,
    line = "not empty: the command writes without colours" },
  { key = "term", names = { "TERM" }, is_foreign = true,
    line = "`dumb`: the command writes plain lines without colours" },
  { key = "columns", names = { "COLUMNS" }, is_foreign = true,
    line = "the terminal's columns, where it does not tell them" },
  { key = "lines", names = { "LINES" }, is_foreign = true, line = "its lines, likewise" },
  { key = "github_actions", names = { "GITHUB_ACTIONS" }, is_foreign = true,
    line = "`true`: a wait writes folds and annotations of GitHub Actions" },
  { key = "github_step_summary", names = { "GITHUB_STEP_SUMMARY" }, is_foreign = true,
    line = "the file that a wait appends its table to, without `--summary`" },
  { key = "gitlab_ci", names = { "GITLAB_CI" }, is_foreign = true, line = "`true`: a wait writes folds of GitLab" },
  { key = "locale", names = { "LC_ALL", "LC_CTYPE", "LANG" }, is_foreign = true,
    line = "whether the terminal takes UTF-8: bars are drawn with blocks then" },
}

local by_key = {}
for _, row in ipairs(variables.rows) do by_key[row.key] = row end

--- A variable's value and its name; nil where it is unset or empty.
---@param key string
---@return string|nil value
---@return string|nil name
function variables.get(key) return environment.first(by_key[key].names) end

--- Whether a variable says "true", in any letter case; any other text, "1" among them, is not.
---@param key string
---@return boolean
function variables.is_true(key) return environment.is_true((variables.get(key))) end

--- All names of a variable.
---@param key string
---@return string[]
function variables.names(key) return by_key[key].names end

--- A variable's name, for messages.
---@param key string
---@return string
function variables.name(key) return by_key[key].names[1] end

return variables
