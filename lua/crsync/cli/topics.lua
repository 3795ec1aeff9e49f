--- What `crsync help TOPIC` tells: short texts, made of the rows of which the documents' tables are made, too.

local arguments = require "crsync.cli.arguments"
local env = require "crsync.credentials.env"
local error_kinds = require "crsync.error_kinds"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local operations = require "crsync.operations"
local options = require "crsync.options"
local sheet = require "crsync.cli.sheet"
local statuses = require "crsync.statuses"
local variables = require "crsync.variables"

---@class crsync.cli.Topic
---@field name string
---@field also string[]|nil                        other words for it
---@field about string
---@field write fun(page: crsync.cli.Sheet, commands: crsync.cli.Command[])

local topics = {}

-- ---- the environment --------------------------------------------------------------------------------------

local function option_line(row)
  return ("option `%s`: %s%s"):format(row.name, row.unit == "s" and "seconds " or "", row.line)
end

--- Every variable that crsync reads: rows of names and meaning, keys first.
---@return { [1]: string[], [2]: string }[]
function topics.variables()
  local rows = {}
  for _, family in ipairs(env.KEYS) do
    rows[#rows + 1] = { { family.id, family.secret, family.token }, "an access key, its secret and, if it is temporary,"
      .. " its token; a whole set or nothing" }
  end
  for _, family in ipairs(env.ROLES) do
    rows[#rows + 1] = { { family.role_arn, family.oidc_provider_arn, family.oidc_token_file },
      "a pod's role (RRSA): its ARN, that of the OIDC provider, the token's file; all three or none" }
  end
  for _, row in ipairs(options.client) do
    if row.variables then rows[#rows + 1] = { row.variables, option_line(row) } end
  end
  for _, row in ipairs(variables.rows) do rows[#rows + 1] = { row.names, row.line } end
  return rows
end

local function write_environment(page)
  page:text "An option wins over a variable, a variable over a profile. An empty variable counts as unset."
  for _, row in ipairs(topics.variables()) do
    page:space()
    page:text(table.concat(row[1], ", "))
    page:text(row[2], 4)
  end
end

-- ---- keys -------------------------------------------------------------------------------------------------

-- The order of credentials/chain.lua and search.lua.
local function key_sources()
  local function name(key) return "`" .. variables.name(key) .. "`" end
  return {
    ("the environment: `%s`, `%s` and, for a temporary key, `%s`"):format(env.KEYS[1].id, env.KEYS[1].secret,
      env.KEYS[1].token),
    ("the role of a pod or CI job (OIDC): `%s` and the two beside it"):format(env.ROLES[1].role_arn),
    ("a profile of the aliyun CLI, in ~/.aliyun/config.json, or where %s says"):format(name "config_file"),
    ("the SDKs' ini file, ~/.alibabacloud/credentials, or where %s says"):format(name "credentials_file"),
    ("a URL: %s"):format(name "credentials_uri"),
    ("the metadata of an ECS instance with a RAM role; not where %s is true"):format(name "ecs_metadata_disabled"),
  }
end

local function write_keys(page)
  page:text "The key is that of the first source that is configured:"
  for i, line in ipairs(key_sources()) do page:row(i .. ".", line, 6) end
  page:space()
  page:text("With --profile keys in the environment do not count, and the profile must be there. A configured source"
    .. " that fails is an error; no other key is used instead. A key is never taken from the command line.")
  page:space()
  page:text "`crsync config` shows the key in effect, masked, and where it comes from. To set one:"
  page:space()
  page:code(("export %s=… %s=…"):format(env.KEYS[1].id, env.KEYS[1].secret))
  page:code("aliyun configure --profile ci")
end

-- ---- what the service says ------------------------------------------------------------------------------

local function write_issues(page)
  page:text(("A task's status (TaskStatus) is one of %s. Any other word means that it goes on. Why a task ended in"
    .. " ERROR (TaskIssue):"):format(table.concat(statuses.words, ", ")))
  for _, issue in ipairs(fields.sorted_keys(statuses.issues)) do
    page:space()
    page:text(issue)
    page:text(statuses.issues[issue], 4)
  end
  page:space()
  page:text "What failed can be made again:"
  page:space()
  page:code "crsync retry cri-sandbox --failed --since 24h --dry-run"
end

local function parameter_line(operation)
  local words = { "InstanceId=…" }
  for _, parameter in ipairs(operation.parameters) do
    words[#words + 1] = parameter.is_required and parameter[1] .. "=…" or "[" .. parameter[1] .. "=…]"
  end
  return table.concat(words, " ")
end

local function write_operations(page)
  page:text("`crsync call OPERATION NAME=VALUE…` calls any operation of the service. Those that other commands call,"
    .. " with their parameters and the RAM action that permits each:")
  for _, action in ipairs(fields.sorted_keys(operations)) do
    page:space()
    page:text(("%s (%s)"):format(action, operations[action].ram))
    page:text(parameter_line(operations[action]), 4)
  end
end

-- ---- errors -----------------------------------------------------------------------------------------------

local function write_statuses(page)
  for _, row in ipairs(exit_status.rows) do page:row(tostring(row.number), row.meaning, 8) end
  page:space()
  page:text "`crsync help errors` says which kind of error ends with which."
end

local function write_errors(page)
  page:text("An error is one line on standard error: what failed, the service's code and words, HTTP status, request"
    .. " id, host, attempts, and a remedy where one is known. Its kind decides whether it is tried again, and the exit"
    .. " status.")
  for _, row in ipairs(error_kinds.kinds) do
    local status = row.name == "task" and "1, or 5 if it took too long" or tostring(exit_status.of { kind = row.name })
    page:space()
    page:text(row.name)
    page:text(row.when, 4)
    page:text(("status %s; tried again: %s"):format(status, row.again or "no"), 4)
  end
end

-- ---- output and waiting -----------------------------------------------------------------------------------

local function write_output(page, commands)
  page:text("-o, --output says how a result is written. json is one line, jsonl an object a line, lua what `load`"
    .. " takes; csv and markdown have a line of the fields' names first. --field prints one bare value, of a list one a"
    .. " line. Progress and messages go to standard error. As json there is:")
  page:space()
  for _, command in ipairs(commands) do
    for _, line in ipairs(arguments.result_lines(command)) do
      page:row(command.name .. (line.of and ", " .. line.of or ""), line.json, 34)
    end
  end
  local formats = {}
  for _, command in ipairs(commands) do
    if command.formats then formats[#formats + 1] = command.name .. ": " .. table.concat(command.formats, ", ") end
  end
  page:space()
  page:text("Beside text, json, jsonl and lua there are, for " .. table.concat(formats, "; for ") .. ".")
end

local function write_waiting(page, commands)
  page:text("`wait`, `create --wait` and `retry --wait` ask again and again until every task has ended, and fail unless"
    .. " all are SUCCESS. A passing fault does not end a wait; a refusal does. What hinders is told every ten seconds.")
  page:space()
  page:text "Without ids, for a push: the moment from just before it, so that an older push of the tag is not meant."
  page:space()
  page:code "crsync wait cri-sandbox --repo team/web --tag 1.0.0 --since 10m"
  page:space()
  for _, command in ipairs(commands) do
    if command.name == "wait" then page:options(command.options) end
  end
  page:options { arguments.TIMEOUT_OF_WAIT }
end

---@type crsync.cli.Topic[]
topics.rows = {
  { name = "keys", also = { "key", "credentials", "profile", "profiles", "login", "auth" },
    about = "Where the access key comes from", write = write_keys },
  { name = "environment", also = { "variables", "env", "settings", "proxy" },
    about = "Every variable of the environment that counts", write = write_environment },
  { name = "output", also = { "formats", "json", "jsonl", "csv", "markdown", "shapes", "fields" },
    about = "What each command writes, in which form", write = write_output },
  { name = "waiting", also = { "push", "timeouts", "progress" }, about = "How a wait goes on, and how it ends",
    write = write_waiting },
  { name = "status", also = { "exit", "exit-status", "exit-statuses", "statuses" },
    about = "Exit statuses", write = write_statuses },
  { name = "errors", also = { "error", "kinds", "retries" }, about = "Kinds of errors, and which are tried again",
    write = write_errors },
  { name = "issues", also = { "issue", "failures", "task", "tasks" }, about = "Why tasks fail, and what to do",
    write = write_issues },
  { name = "operations", also = { "actions", "parameters", "permissions", "ram" },
    about = "The service's operations, their parameters and permissions", write = write_operations },
}

--- The topic of a name.
---@param name string
---@return crsync.cli.Topic|nil
function topics.find(name)
  for _, topic in ipairs(topics.rows) do
    if topic.name == name then return topic end
    for _, other in ipairs(topic.also or {}) do
      if other == name then return topic end
    end
  end
  return nil
end

--- A topic's text.
---@param topic crsync.cli.Topic
---@param commands crsync.cli.Command[]
---@param width integer  columns
---@return string
function topics.text(topic, commands, width)
  local page = sheet.new(width)
  page:text(topic.about .. ".")
  page:space()
  topic.write(page, commands)
  return page:close()
end

return topics
