--- `crsync wait`: waits until tasks have ended; how it goes is shown on standard error.

local arguments = require "crsync.cli.arguments"
local core = require "crsync.core"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"
local terminal = require "crsync.cli.terminal"
local wait_display = require "crsync.cli.wait_display"

local function make_display(given)
  local live = os.getenv "TERM" ~= "dumb" and terminal.is_terminal(2)
  return wait_display.new({ stream = io.stderr, live = live, color = terminal.wants_color(given.color, 2),
    utf8 = terminal.speaks_utf8(), width = terminal.columns }, given.task)
end

local function wait_options(given, display)
  return {
    timeout = given.timeout, interval = given.interval, max_interval = given.max_interval,
    stall_timeout = given.stall_timeout, not_found_grace = given.not_found_grace, concurrency = given.concurrency,
    on_progress = function(task, p) display:update(task.SyncTaskId or "task", task, p, core.now()) end,
  }
end

local function write_tasks(given, results)
  local tasks = {}
  for _, result in ipairs(results) do tasks[#tasks + 1] = result.task end
  if #given.task == 1 then
    if tasks[1] then output.write(given, tasks[1], output.report(given)) end
  elseif given.output ~= "text" or given.field then
    output.write(given, tasks)
  end
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

local function run(given, client)
  local display = make_display(given)
  local ok, results, summary = pcall(client.wait_all, client, given.instance, given.task,
    wait_options(given, display))
  if not ok then
    display:stand()
    error(results, 0)
  end
  write_tasks(given, results)
  return conclude(results, summary)
end

return {
  name = "wait",
  about = "waits until tasks have ended",
  arguments = { arguments.INSTANCE, { name = "task", about = "the task, rst-…", many = "+" } },
  options = {
    { name = "--interval", value = "S", type = "seconds", about = "seconds between looks at first" },
    { name = "--max-interval", value = "S", type = "seconds", about = "seconds between looks at last" },
    { name = "--stall-timeout", value = "S", type = "seconds", about = "gives up when nothing has moved for so long" },
    { name = "--not-found-grace", value = "S", type = "seconds",
      about = "seconds in which a task may not be there yet" },
    { name = "--concurrency", value = "N", type = "count", about = "requests in flight at once" },
  },
  has_own_timeout = true,
  run = run,
}
