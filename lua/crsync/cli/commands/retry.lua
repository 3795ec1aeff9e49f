--- `crsync retry`: makes tasks again that have failed, each once.

local again = require "crsync.again"
local arguments = require "crsync.cli.arguments"
local ci = require "crsync.cli.ci"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local nearest = require "crsync.util.nearest"
local output = require "crsync.cli.output"
local statuses = require "crsync.statuses"
local tables = require "crsync.print.table"
local wait_for = require "crsync.cli.wait_for"

local DAY = 86400

---@type crsync.print.Column[]
local MADE = { { header = "TASK", fields = { "SyncTaskId" } }, { header = "RETRY OF", fields = { "RetryOf" } } }

local function say(...) ci.say("crsync: " .. string.format(...)) end

-- The tasks of a task's source, among which a newer one would be. Lists tell times, which a task itself does not.
local function listed_beside(client, instance, task)
  local from = task.ImageFrom or {}
  return exit.unless(client:list_tasks(instance, { RepoNamespaceName = from.RepoNamespaceName,
    RepoName = from.RepoName, Tag = from.ImageTag }))
end

local function find(tasks, id)
  for _, task in ipairs(tasks) do
    if task.SyncTaskId == id then return task end
  end
end

-- Whether a task is left alone, and says why.
local function is_left_alone(task, tasks)
  local id = tables.shown(task.SyncTaskId)
  if not statuses.failed[task.TaskStatus] then
    say("%s is left alone: it is %s", id, tables.shown(task.TaskStatus))
    return true
  end
  local newer = task.CreateTime and again.newer(task, tasks)
  if newer then
    say("%s is left alone: it was made again already, as %s, which is %s", id, tables.shown(newer.SyncTaskId),
      tables.shown(newer.TaskStatus))
  end
  return newer ~= nil
end

-- Those of the ids that are to be made again, each once.
local function chosen_by_id(given, client)
  local chosen, seen = {}, {}
  for _, id in ipairs(given.task) do
    if not seen[id] then
      local task = exit.unless(client:get_task(given.instance, id))
      local tasks = statuses.failed[task.TaskStatus] and listed_beside(client, given.instance, task) or {}
      local listed = find(tasks, id) or task
      if not is_left_alone(listed, tasks) then chosen[#chosen + 1] = listed end
    end
    seen[id] = true
  end
  return chosen
end

-- Says which of the reasons no task failed for, if it looks like a slip: a job at night would repair nothing for ever.
local function tell_slips(issues, seen)
  for _, issue in ipairs(issues) do
    local meant = not seen[issue] and not statuses.issues[issue] and nearest(issue, fields.sorted_keys(statuses.issues))
    if meant then say("no task failed for %s; did you mean %s?", tables.shown(issue), meant) end
  end
end

-- Those that ended in ERROR in the period, for these reasons. What came after them is in the same list.
local function chosen_by_failure(given, client)
  local tasks = exit.unless(client:list_tasks(given.instance, { since = given.since or os.time() - DAY }))
  local issues, seen, chosen = {}, {}, {}
  for _, issue in ipairs(given.issue or {}) do issues[issue] = true end
  for _, task in ipairs(tasks) do
    seen[task.TaskIssue or ""] = true
    local is_meant = task.TaskStatus == "ERROR" and (not given.issue or issues[task.TaskIssue])
    if is_meant and not is_left_alone(task, tasks) then chosen[#chosen + 1] = task end
  end
  tell_slips(given.issue or {}, seen)
  return chosen
end

-- Writes what was made; for people the new ids, one a line.
local function write_made(given, items)
  if given.output ~= "text" then return output.write_list(given, items, MADE) end
  output.write_several(given, items, function()
    local lines = {}
    for i, item in ipairs(items) do lines[i] = output.single(item.SyncTaskId) end
    return table.concat(lines, "\n")
  end)
end

-- Makes them; puts the new ids into a list, one by one.
local function make_each(given, client, chosen, ids, items)
  local status = exit_status.DONE
  for _, task in ipairs(chosen) do
    local id, err = client:retry_task(given.instance, task.SyncTaskId)
    if id then
      ids[#ids + 1] = id
      items[#items + 1] = { SyncTaskId = id, RetryOf = task.SyncTaskId }
    else
      ci.say(tostring(err))
      status = math.max(status, exit_status.of(err))
    end
  end
  return status
end

-- An interrupt, or a reader that has gone, must not lose the ids of those that are made already.
local function make(given, client, chosen)
  local ids, items, status = {}, fields.as_list {}, exit_status.DONE
  output.write_or_tell(function()
    status = make_each(given, client, chosen, ids, items)
    write_made(given, items)
  end, function() return ids[1] and "these tasks were made: " .. tables.shown(table.concat(ids, " ")) end)
  return ids, status
end

local function check_words(given)
  if given.failed == (#given.task > 0) then
    exit.misused("retry takes ids of tasks, or --failed")
  elseif (given.issue or given.since) and not given.failed then
    exit.misused("--since and --issue choose among tasks with --failed")
  end
  wait_for.check(given)
end

local function run(given, client)
  given.failed = given.failed or false
  check_words(given)
  local chosen = (given.failed and chosen_by_failure or chosen_by_id)(given, client)
  if given.dry_run then
    output.write_list(given, chosen, tables.TASKS)
    return exit_status.DONE
  end
  if #chosen == 0 then
    say "there is nothing to make again"
    if given.output ~= "text" then write_made(given, fields.as_list {}) end
    return exit_status.DONE
  end
  local ids, status = make(given, client, chosen)
  if not given.wait or #ids == 0 then return status end
  return math.max(status, wait_for.end_of(given, client, ids))
end

return {
  name = "retry",
  about = "Make tasks again that ended in ERROR or CANCELED, and print the ids of the new ones",
  usage = { "INSTANCE TASK…", "INSTANCE --failed" },
  arguments = { arguments.INSTANCE, { name = "task", many = "*", completes = "tasks", about = "Ids of tasks, rst-…" } },
  options = {
    { name = "--failed", about = "Those that ended in ERROR, of the last day or since --since" },
    arguments.since(("%d h ago"):format(DAY / 3600)),
    { name = "--issue", value = "A,B", type = "words", completes = "issues",
      about = "With --failed: only those of this reason" },
    { name = "--dry-run", about = "Show which would be made again, and make none" },
    { name = "--wait", about = "Wait until the new ones have ended, for an hour at most without --timeout" },
    arguments.SUMMARY,
  },
  examples = { "crsync retry cri-sandbox --failed --since 24h --issue NETWORK_ERROR --dry-run" },
  results = {
    { fields = { "SyncTaskId", "RetryOf" }, is_array = true, columns = MADE },
    { of = "--dry-run", class = "crsync.ListedTask", is_array = true, columns = tables.TASKS },
  },
  statuses = { "TASK_FAILED" },
  formats = arguments.TABLE_FORMATS,
  run = run,
}
