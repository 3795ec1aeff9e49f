--- `crsync report`: what has become of the tasks of a period.

local arguments = require "crsync.cli.arguments"
local ci = require "crsync.cli.ci"
local core = require "crsync.core"
local crsync = require "crsync"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"
local summary_html = require "crsync.print.summary_html"
local summary_text = require "crsync.print.summary_text"
local text = require "crsync.util.text"

local DAY = 86400
local MOST_SIZED = 1000 -- tasks that are asked for their sizes, which lists do not tell

local FORMS = { text = summary_text.text, markdown = summary_text.markdown, csv = summary_text.csv,
  prometheus = summary_text.prometheus, html = summary_html.page }

local function newest_first(a, b) return (a.CreateTime or 0) > (b.CreateTime or 0) end

-- Whether the service's own word can be asked for.
local function is_id(id) return type(id) == "string" and id ~= "" and text.printable(id) == id end

-- Puts the sizes into the newest of the tasks. Returns how many remain without.
local function add_sizes(client, instance, tasks, deadline)
  table.sort(tasks, newest_first)
  local ids = {}
  for i = 1, math.min(#tasks, MOST_SIZED) do
    local id = tasks[i].SyncTaskId
    if is_id(id) then ids[#ids + 1] = id end
  end
  local details, errors = client:get_tasks(instance, ids, { deadline = deadline })
  local unsized = 0
  for _, task in ipairs(tasks) do
    local detail = task.SyncTaskId and details[task.SyncTaskId]
    if detail then
      task.LayerTasks, task.SyncedSize = detail.LayerTasks, detail.SyncedSize
    else
      unsized = unsized + 1
    end
  end
  local _, err = next(errors)
  if err then ci.say(tostring(err)) end
  return unsized
end

local function run(given, client)
  local ends = given.timeout and core.now() + given.timeout
  local till = given.till or os.time()
  local since = given.since or till - DAY
  local namespace, name = arguments.repository(given.repo)
  local tasks = exit.unless(client:list_tasks(given.instance, { RepoNamespaceName = namespace, RepoName = name,
    to_region = given.to_region, since = since, till = given.till, deadline = given.timeout }))
  local left = ends and math.max(ends - core.now(), 0.001)
  local about = { instance = given.instance, since = since, till = till, tasks = tasks,
    unsized = add_sizes(client, given.instance, tasks, left) }
  local report = crsync.report(tasks)
  output.write(given, report, function() return output.for_reader(given, FORMS[given.output](report, about)) end)
  return exit_status.DONE
end

return {
  name = "report",
  about = "Show what has become of the tasks of a period, by target region",
  arguments = { arguments.INSTANCE },
  options = {
    arguments.since(("%d h ago"):format(DAY / 3600)),
    arguments.TILL,
    { name = "--repo", value = "NAME", completes = "repositories",
      about = "Only tasks of this repository: NAME, or NAMESPACE/NAME" },
    arguments.TO_REGION,
  },
  examples = { "crsync report cri-sandbox", "crsync report cri-sandbox --since 7d -o markdown" },
  results = { { fields = { "regions", "total", "failures" }, columns = summary_text.REGIONS } },
  formats = { "csv", "markdown", "html", "prometheus" },
  run = run,
}
