--- The command `crsync`: arguments, output, exit status. Results go to standard output, all else to standard error.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local wait_display = require "crsync.cli.wait_display"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"
local config_report = require "crsync.cli.config_report"
local statuses = require "crsync.statuses"
local tables = require "crsync.print.table"
local terminal = require "crsync.cli.terminal"
local text = require "crsync.util.text"

local cli = {}

-- ---- arguments --------------------------------------------------------------------------------------------

local function seconds(s)
  local n = tonumber(s)
  if n and n >= 0 and n < math.huge then return n end
  return nil, ("'%s' is not a number of seconds"):format(s)
end

local function count(s)
  local n = compat.tointeger(tonumber(s))
  if n and n >= 1 then return n end
  return nil, ("'%s' is not a number of at least 1"):format(s)
end

local function speed(s)
  local n = tonumber(s)
  if n and n > 0 and n < math.huge then return n end
  return nil, ("'%s' is not a number above 0"):format(s)
end

local function add_common_options(parser)
  parser:option("-o --output", "how results are written"):choices { "text", "json", "lua" }:default "text"
  parser:option("--field", "one bare value, such as ImageTo.RegionId or LayerTasks.1.Size"):argname "PATH"
  parser:option("--region", "region of the source instance"):argname "ID"
  parser:option("--endpoint", "host, host:port or URL"):argname "URL"
  parser:option("--profile", "a profile of the aliyun CLI's"):argname "NAME"
  parser:option("--timeout", "seconds for the whole command, or for a wait"):convert(seconds):argname "S"
  parser:option("--color", "colours"):choices { "auto", "always", "never" }:default "auto"
  parser:flag("--version", "prints the version"):action(function()
    print(crsync._VERSION)
    os.exit(exit_status.DONE, true)
  end)
end

local function instance_command(parser, name, description)
  local command = parser:command(name, description)
  command:argument("instance", "the source instance, cri-…")
  return command
end

local function add_commands(parser)
  local get = instance_command(parser, "get", "how tasks are doing")
  get:argument("task", "the task, rst-…"):args "+"

  local wait = instance_command(parser, "wait", "waits until tasks have ended")
  wait:argument("task", "the task, rst-…"):args "+"
  wait:option("--interval", "seconds between looks at first"):convert(seconds):argname "S"
  wait:option("--max-interval", "seconds between looks at last"):convert(seconds):argname "S"
  wait:option("--stall-timeout", "gives up when nothing has moved for so long"):convert(seconds):argname "S"
  wait:option("--not-found-grace", "seconds in which a task may not be there yet"):convert(seconds):argname "S"
  wait:option("--concurrency", "requests in flight at once"):convert(count):argname "N"

  local list = instance_command(parser, "list", "lists tasks")
  list:option("--namespace", "of the repository"):argname "NAME"
  list:option("--repo", "name of the repository"):argname "NAME"
  list:option("--tag", "of the image"):argname "TAG"
  list:option("--batch", "the batch that one push made"):argname "ID"
  list:option("--limit", "ends the list after so many"):convert(count):argname "N"

  local create = instance_command(parser, "create", "starts a sync; prints the new task's id")
  create:argument("parameter", "RepoId=crr-… Tag=1.0 and SyncRuleId=…, or the Target… parameters"):args "+"

  local cancel = instance_command(parser, "cancel", "asks for a task's end")
  cancel:argument("task", "the task, rst-…")

  local rules = instance_command(parser, "rules", "lists, makes or deletes rules")
  rules:option("--namespace", "of the repositories"):argname "NAME"
  rules:option("--repo", "name of the repository"):argname "NAME"
  rules:option("--limit", "ends the list after so many"):convert(count):argname "N"
  rules:option("--create", "parameters of a new rule"):args "+":argname "NAME=VALUE"
  rules:option("--delete", "id of a rule, crsr-…"):argname "ID"

  local call = parser:command("call", "any operation of the service")
  call:argument("action", "its name, such as ListInstance")
  call:argument("parameter", "Name=value"):args "*"

  parser:command("config", "where each effective setting and the key come from")

  local sandbox = parser:command("sandbox", "runs a local endpoint to try things with")
  sandbox:option("--port", "8787 unless given; 0 for any"):convert(tonumber):argname "N"
  sandbox:option("--scenario", "what to play"):argname "FILE"
  sandbox:option("--tls-cert", "certificate for HTTPS"):argname "FILE"
  sandbox:option("--tls-key", "and its key"):argname "FILE"
  sandbox:option("--speed", "how much faster than the clock"):convert(speed):argname "X"

  parser:command("completion", "prints a shell's completions"):argument("shell"):choices { "bash", "zsh", "fish" }
end

local function make_parser()
  local found, argparse = pcall(require, "argparse")
  if not found then
    exit.with(exit_status.CONFIGURATION, "the command crsync needs argparse (Debian: apt-get install lua-argparse; "
      .. "LuaRocks: luarocks install argparse)")
  end
  local parser = argparse("crsync", "How Alibaba Cloud Container Registry image syncs are doing.")
  parser:command_target "command"
  parser:require_command(true)
  add_common_options(parser)
  add_commands(parser)
  return parser
end

local function parse(arguments)
  local parser = make_parser()
  local ok, result = parser:pparse(arguments)
  if ok then return result, parser end
  exit.with(exit_status.USAGE, parser:get_usage() .. "\n\ncrsync: " .. result)
end

-- Name=value words as parameters; what looks like a number stays text, as the service takes it either way.
local function parameters(words)
  local params = {}
  for _, word in ipairs(words) do
    local name, value = word:match "^([%w_.-]+)=(.*)$"
    if not name then exit.with(exit_status.USAGE, ("crsync: '%s' is not of the form Name=value"):format(word)) end
    params[name] = value
  end
  return params
end

-- ---- commands -----------------------------------------------------------------------------------------------

local commands = {}

local function options_for(arguments)
  return { region = arguments.region, endpoint = arguments.endpoint, profile = arguments.profile,
    deadline = arguments.command ~= "wait" and arguments.timeout or nil }
end

local function client_for(arguments)
  return (exit.unless(crsync.new(options_for(arguments))))
end

local function status_of_task(task)
  return statuses.failed[task.TaskStatus] and exit_status.TASK_FAILED or exit_status.DONE
end

function commands.get(arguments, client)
  if #arguments.task == 1 then
    local task = exit.unless(client:get_task(arguments.instance, arguments.task[1]))
    output.write(arguments, task, output.report(arguments))
    return status_of_task(task)
  end
  local tasks, errors = client:get_tasks(arguments.instance, arguments.task)
  local list, status = {}, exit_status.DONE
  for _, id in ipairs(arguments.task) do
    if tasks[id] then
      list[#list + 1] = tasks[id]
      status = math.max(status, status_of_task(tasks[id]))
    else
      io.stderr:write(tostring(errors[id]), "\n")
      status = math.max(status, exit_status.of(errors[id]))
    end
  end
  output.write(arguments, list, function()
    local reports = {}
    for i, task in ipairs(list) do reports[i] = output.report(arguments)(task) end
    return table.concat(reports, "\n\n")
  end)
  return status
end

local function wait_options(arguments, shows)
  return {
    timeout = arguments.timeout, interval = arguments.interval, max_interval = arguments.max_interval,
    stall_timeout = arguments.stall_timeout, not_found_grace = arguments.not_found_grace,
    concurrency = arguments.concurrency,
    on_progress = function(task, p) shows:update(task.SyncTaskId or "task", task, p, core.now()) end,
  }
end

-- One line for each task that has not succeeded, and what the whole comes to.
local function conclude(results, summary)
  local status = exit_status.DONE
  for _, result in ipairs(results) do
    if result.err then
      io.stderr:write(tostring(result.err), "\n")
      local this = exit_status.of(result.err)
      status = (status == exit_status.DONE or this == exit_status.TASK_FAILED) and this or status
    end
  end
  if summary.total > 1 then
    local counts = "%d of %d succeeded, %d failed, %d canceled, %d ran out of time, %d could not be asked for\n"
    io.stderr:write(counts:format(summary.success, summary.total, summary.failed, summary.canceled,
      summary.timeout, summary.error))
  end
  return status
end

function commands.wait(arguments, client)
  local live = os.getenv "TERM" ~= "dumb" and terminal.is_terminal(2)
  local shows = wait_display.new({ stream = io.stderr, live = live, color = terminal.wants_color(arguments.color, 2),
    utf8 = terminal.speaks_utf8(), width = terminal.columns }, arguments.task)
  local ok, results, summary = pcall(client.wait_all, client, arguments.instance, arguments.task,
    wait_options(arguments, shows))
  if not ok then
    shows:stand()
    error(results, 0)
  end
  local tasks = {}
  for _, result in ipairs(results) do tasks[#tasks + 1] = result.task end
  if #arguments.task == 1 then
    if tasks[1] then output.write(arguments, tasks[1], output.report(arguments)) end
  elseif arguments.output ~= "text" or arguments.field then
    output.write(arguments, tasks)
  end
  return conclude(results, summary)
end

function commands.list(arguments, client)
  local tasks = exit.unless(client:list_tasks(arguments.instance, { RepoNamespaceName = arguments.namespace,
    RepoName = arguments.repo, Tag = arguments.tag, SyncRecordId = arguments.batch, limit = arguments.limit }))
  output.write(arguments, tasks, tables.tasks)
  return exit_status.DONE
end

function commands.create(arguments, client)
  local params = parameters(arguments.parameter)
  local create = params.SyncRuleId and client.create_task_by_rule or client.create_task
  local id, response = exit.unless(create(client, arguments.instance, params))
  output.write(arguments, response, function() return id end)
  return exit_status.DONE
end

function commands.cancel(arguments, client)
  exit.unless(client:cancel_task(arguments.instance, arguments.task))
  io.stderr:write("asked for; the status follows\n")
  return exit_status.DONE
end

function commands.rules(arguments, client)
  if arguments.delete then
    exit.unless(client:delete_rule(arguments.instance, arguments.delete))
    io.stderr:write("deleted\n")
  elseif arguments.create then
    local id, response = exit.unless(client:create_rule(arguments.instance, parameters(arguments.create)))
    output.write(arguments, response, function() return id end)
  else
    local rules = exit.unless(client:list_rules(arguments.instance, { NamespaceName = arguments.namespace,
      RepoName = arguments.repo, limit = arguments.limit }))
    output.write(arguments, rules, tables.rules)
  end
  return exit_status.DONE
end

function commands.call(arguments, client)
  local response = exit.unless(client:call(arguments.action, parameters(arguments.parameter)))
  output.write(arguments, response, function(value)
    return require "crsync.print.json".encode(value, { indent = 2 })
  end)
  return exit_status.DONE
end

local function setting_table(rows)
  local cells = { { "SETTING", "VALUE", "FROM" } }
  for _, row in ipairs(rows) do
    cells[#cells + 1] = { row.setting, tables.shown(row.value) .. (row.unit and " " .. row.unit or ""),
      tables.shown(row.from) .. (row.life and ", " .. row.life or "") }
  end
  return tables.of(cells)
end

local function show_config(arguments)
  local rows, notes, errors = config_report.of(options_for(arguments))
  output.write(arguments, rows, setting_table)
  for _, note in ipairs(notes) do io.stderr:write("crsync: ", text.printable(note), "\n") end
  for _, err in ipairs(errors) do io.stderr:write(tostring(err), "\n") end
  return errors[1] and exit_status.of(errors[1]) or exit_status.DONE
end

local function completion(arguments, parser)
  local shells = { bash = parser.get_bash_complete, zsh = parser.get_zsh_complete, fish = parser.get_fish_complete }
  print(shells[arguments.shell](parser))
  return exit_status.DONE
end

local function sandbox(arguments)
  local _, problem = require "crsync.sandbox".run(arguments, function(s)
    io.stdout:write(s)
    io.stdout:flush()
  end)
  exit.with(exit_status.CONFIGURATION, "crsync: " .. problem)
end

-- ---- running ------------------------------------------------------------------------------------------------

local function run(words)
  local arguments, parser = parse(words)
  if arguments.command == "completion" then return completion(arguments, parser) end
  if arguments.command == "config" then return show_config(arguments) end
  if arguments.command == "sandbox" then return sandbox(arguments) end
  local client = client_for(arguments)
  local result = compat.pack(pcall(commands[arguments.command], arguments, client))
  client:close()
  if not result[1] then error(result[2], 0) end
  return compat.unpack(result, 2, result.n)
end

--- Runs the command.
---@param words string[]  its arguments
---@return integer status  exit_status.lua says what each means
function cli.run(words)
  local ok, status = pcall(run, words)
  if ok then return status end
  local message
  status, message = exit.reason(status)
  io.stderr:write(message, "\n")
  return status
end

return cli
