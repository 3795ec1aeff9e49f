--- `crsync get`: the status of tasks.

local arguments = require "crsync.cli.arguments"
local ci = require "crsync.cli.ci"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local output = require "crsync.cli.output"
local statuses = require "crsync.statuses"

local function status_of(task)
  return statuses.failed[task.TaskStatus] and exit_status.TASK_FAILED or exit_status.DONE
end

local function get_one(given, client)
  local task = exit.unless(client:get_task(given.instance, given.task[1]))
  output.write(given, task, output.report(given))
  return status_of(task)
end

local function get_many(given, client)
  local tasks, errors = client:get_tasks(given.instance, given.task, { deadline = given.timeout })
  local list, status = fields.as_list {}, exit_status.DONE
  for _, id in ipairs(given.task) do
    if tasks[id] then
      list[#list + 1] = tasks[id]
      status = math.max(status, status_of(tasks[id]))
    else
      ci.say(tostring(errors[id]))
      status = math.max(status, exit_status.of(errors[id]))
    end
  end
  output.write_several(given, list, function()
    local reports = {}
    for i, task in ipairs(list) do reports[i] = output.report(given)(task) end
    return table.concat(reports, "\n\n")
  end)
  return status
end

return {
  name = "get",
  about = "Show the status of tasks",
  arguments = { arguments.INSTANCE, arguments.TASKS },
  examples = { "crsync get cri-sandbox rst-small", "crsync get cri-sandbox rst-small --field TaskStatus",
    "crsync get cri-sandbox rst-small rst-web-eu -o json" },
  results = {
    { of = "one task", class = "crsync.Task" },
    { of = "several tasks", class = "crsync.Task", is_array = true },
  },
  statuses = { "TASK_FAILED" },
  run = function(given, client) return (#given.task == 1 and get_one or get_many)(given, client) end,
}
