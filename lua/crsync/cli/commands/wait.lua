--- `crsync wait`: waits until tasks have ended; how it goes is shown on standard error.

local arguments = require "crsync.cli.arguments"
local ci = require "crsync.cli.ci"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local job_summary = require "crsync.cli.job_summary"
local output = require "crsync.cli.output"
local tables = require "crsync.print.table"
local terminal = require "crsync.cli.terminal"
local wait_display = require "crsync.cli.wait_display"
local wait_outcome = require "crsync.cli.wait_outcome"

-- What is waited for, in words.
local function title_of(given)
  if given.batch then return "batch " .. given.batch end
  if given.repo then return ("a push of %s:%s"):format(given.repo, given.tag) end
  return #given.task == 1 and given.task[1] or #given.task .. " tasks"
end

local function make_display(given, client)
  return wait_display.new(given, given.task, { title = "crsync waits for " .. title_of(given),
    awaits = given.batch ~= nil or given.repo ~= nil, is_traced = client.trace ~= nil })
end

-- The tasks of a push are not known before they are seen; the display knows this same table.
local function join(given, id)
  for _, known in ipairs(given.task) do
    if known == id then return end
  end
  given.task[#given.task + 1] = id
end

local function leave(given, id)
  for i, known in ipairs(given.task) do
    if known == id then return table.remove(given.task, i) end
  end
end

-- The list in which tasks appear: a line of its own beside theirs, as long as it is hindered, or as nothing else says
-- that tasks are missing.
local function show_list(given, display, p, trouble)
  local is_wanting = not display.counts_tasks and p.found < (given.expect or 1)
  if not trouble and not is_wanting then return leave(given, p.task_id) end
  join(given, p.task_id)
  local status = p.found == 0 and "no task has appeared yet"
    or ("%d of %s tasks have appeared"):format(p.found, given.expect or "the")
  display:update(p.task_id, { TaskStatus = status }, p, trouble)
end

-- Notes in `seen_going` for how long each task was seen to go on.
local function wait_options(given, display, seen_going)
  local is_one = #given.task == 1
  local function on_progress(task, p, trouble)
    if p.found then return show_list(given, display, p, trouble) end
    local id = p.task_id
    if not p.final or seen_going[id] then seen_going[id] = p.elapsed end
    -- Why a wait has ended is said at the end, which comes at once: for one task, and for all whose time is up.
    if p.given_up and (is_one or trouble.code == "timeout") then return end
    join(given, id)
    display:update(id, task, p, trouble)
  end
  return {
    expect = given.expect, since = given.since, appear_timeout = given.appear_timeout, settle = given.settle,
    timeout = given.timeout, interval = given.interval, max_interval = given.max_interval,
    stall_timeout = given.stall_timeout, not_found_grace = given.not_found_grace, concurrency = given.concurrency,
    unreachable_timeout = given.unreachable_timeout, on_progress = on_progress,
    on_tick = function() display:tick() end,
  }
end

local function write_tasks(given, results)
  local tasks = fields.as_list {}
  for _, result in ipairs(results) do tasks[#tasks + 1] = result.task end
  if tables.forms[given.output] and given.output ~= "text" and not given.field then
    output.write_list(given, tasks, tables.TASKS)
  elseif #given.task == 1 and not (given.batch or given.repo) then
    if tasks[1] then output.write(given, tasks[1], output.report(given)) end
  elseif given.output ~= "text" or given.field then
    ---@diagnostic disable-next-line: missing-parameter -- it is not for people
    output.write_several(given, tasks)
  end
end

local function is_refusal(err) return exit_status.of(err) == exit_status.REFUSED end

-- "2 of 3 succeeded, 1 failed": what is zero is left out.
local function summary_line(results, summary)
  local refused = 0
  for _, result in ipairs(results) do refused = refused + (result.err and is_refusal(result.err) and 1 or 0) end
  local parts = { ("%d of %d succeeded"):format(summary.success, summary.total) }
  for _, count in ipairs {
    { summary.failed, "failed" },
    { summary.canceled, "canceled" },
    { summary.timeout, "timed out or stalled" },
    { refused, "refused" },
    { summary.error - refused, "unreachable" },
  } do
    if count[1] > 0 then parts[#parts + 1] = ("%d %s"):format(count[1], count[2]) end
  end
  return table.concat(parts, ", ")
end

-- A failure as the log shows it best: annotated, in red, or as it is.
local function say_failure(given, title, err)
  local log = ci.any_log()
  local line = log.failure(title, tostring(err))
  local is_red = log.shows_color and terminal.wants_color(given.color, 2, true)
  io.stderr:write(is_red and "\27[31m" .. line .. "\27[0m" or line, "\n")
end

local function title_of_failure(result)
  local to = result.task and result.task.ImageTo or {}
  return ("image sync %s%s"):format(result.id, to.RegionId and " to " .. tostring(to.RegionId) or "")
end

-- One line for each task that has not succeeded, and the counts.
local function conclude(given, results, summary)
  local status = exit_status.DONE
  for _, result in ipairs(results) do
    if result.err then
      say_failure(given, tables.shown(title_of_failure(result)), result.err)
      local this = exit_status.of(result.err)
      status = (status == exit_status.DONE or this == exit_status.TASK_FAILED) and this or status
    end
  end
  if summary.total > 1 then io.stderr:write(summary_line(results, summary), "\n") end
  return status
end

local function start(given, client, options)
  if given.batch then return client:wait_batch(given.instance, given.batch, options) end
  if not given.repo then return client:wait_all(given.instance, given.task, options) end
  local namespace, name = arguments.repository(given.repo)
  return client:wait_push(given.instance, { RepoNamespaceName = namespace, RepoName = name, Tag = given.tag }, options)
end

-- Returns what the client's method does, and for how long each task was seen to go on.
local function wait_for_all(given, client)
  local display, seen_going = make_display(given, client), {}
  local ok, results, summary = pcall(start, given, client, wait_options(given, display, seen_going))
  if not ok then
    local is_misuse = type(results) == "string" and results:find("bad argument #", 1, true) -- nothing was begun
    if not is_misuse then display:stand() end
    error(results, 0)
  end
  local known = results or summary.results or {}
  display:finish(#known > 1 and function(width, dots)
    return wait_outcome.lines(known, seen_going, width, dots)
  end or nil)
  return results, summary, seen_going
end

-- Waits for the tasks, and tells what has become of them. `write` is given those that there are.
local function watch(given, client, write)
  local results, summary, seen_going = wait_for_all(given, client)
  local known = results or summary.results
  local headline = results and summary_line(results, summary) or tostring(summary)
  local added = job_summary.add(given, wait_outcome.markdown("Image syncs: " .. headline, known or {}, seen_going))
  if write and known then write(given, known) end
  local status = results and conclude(given, results, summary)
  if not results then
    say_failure(given, "image sync of " .. title_of(given), summary)
    status = exit_status.of(summary)
  end
  return status ~= exit_status.DONE and status or added
end

local function check_words(given)
  local kinds = (#given.task > 0 and 1 or 0) + (given.batch and 1 or 0) + (given.repo and 1 or 0)
  if kinds ~= 1 then exit.misused "wait takes ids of tasks, or --batch, or --repo with --tag and --since" end
  if given.repo and not (given.tag and given.since) then
    exit.misused("--repo needs --tag and --since: the tasks of an older push of the tag are not meant"
      .. " (--since 10m: made within the last ten minutes)")
  elseif given.repo and not arguments.repository(given.repo) then
    exit.misused "--repo is NAMESPACE/NAME here"
  elseif not given.repo and (given.tag or given.since) then
    exit.misused "--tag and --since belong to --repo"
  elseif #given.task > 0 and (given.expect or given.settle or given.appear_timeout) then
    exit.misused "--expect, --settle and --appear-timeout belong to --batch or --repo"
  end
end

local function run(given, client)
  check_words(given)
  job_summary.check(given)
  return watch(given, client, write_tasks)
end

return {
  name = "wait",
  about = "Wait until tasks have ended: those named, those of a batch, or those that a push makes",
  usage = { "INSTANCE TASK…", "INSTANCE --batch ID", "INSTANCE --repo NS/NAME --tag TAG --since WHEN" },
  arguments = { arguments.INSTANCE, { name = "task", many = "*", completes = "tasks", about = "Ids of tasks, rst-…" } },
  options = {
    { name = "--batch", value = "ID", completes = "batches",
      about = "The tasks of this batch, which may still have to appear" },
    { name = "--repo", value = "NS/NAME", completes = "repositories",
      about = "The tasks that a push to this repository makes" },
    { name = "--tag", value = "TAG", completes = "tags", about = "The tag that was pushed" },
    { name = "--since", value = "WHEN", type = "moment",
      about = "When that was, or a little earlier: 2024-06-10T06:13:20Z, seconds since 1970, or how long ago: 10m" },
    { name = "--expect", value = "N", type = "count", about = "How many tasks there will be" },
    { name = "--appear-timeout", value = "S", type = "seconds",
      shown_default = arguments.default_of_wait "appear_timeout",
      about = "Give up when no task has appeared after this many seconds" },
    { name = "--settle", value = "S", type = "seconds",
      shown_default = arguments.default_of_wait "settle",
      about = "Without --expect: all tasks are there when none was added for this many seconds" },
    { name = "--interval", value = "S", type = "seconds", shown_default = arguments.default_of_wait "interval",
      about = "Seconds between polls at first; the pauses grow" },
    { name = "--max-interval", value = "S", type = "seconds",
      shown_default = arguments.default_of_wait "max_interval", about = "Longest pause between polls, in seconds" },
    { name = "--stall-timeout", value = "S", type = "seconds",
      shown_default = arguments.default_of_wait "stall_timeout",
      about = "Give up when neither status nor bytes change for this many seconds" },
    { name = "--not-found-grace", value = "S", type = "seconds",
      shown_default = arguments.default_of_wait "not_found_grace",
      about = "Go on for this many seconds though a task does not exist yet" },
    { name = "--unreachable-timeout", value = "S", type = "seconds", default = "60",
      about = "Give up when the service was not reached once in this many seconds" },
    { name = "--concurrency", value = "N", type = "count", shown_default = arguments.default_of_wait "concurrency",
      about = "Most requests in flight at once" },
    arguments.SUMMARY,
  },
  examples = { "crsync wait cri-sandbox rst-small",
    "crsync wait cri-sandbox --repo team/web --tag 1.0.0 --since 10m --expect 2" },
  results = {
    { of = "one task", class = "crsync.Task", columns = tables.TASKS },
    { of = "several, a batch, a push", class = "crsync.Task", is_array = true, columns = tables.TASKS },
  },
  statuses = { "TASK_FAILED" },
  formats = arguments.TABLE_FORMATS,
  has_own_timeout = true,
  run = run,
  watch = watch,
}
