--- `crsync list`: tasks, all pages.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"
local tables = require "crsync.print.table"

local function run(given, client)
  local namespace, name = arguments.repository(given.repo)
  local tasks = exit.unless(client:list_tasks(given.instance, { RepoNamespaceName = given.namespace or namespace,
    RepoName = name, Tag = given.tag, SyncRecordId = given.batch, limit = given.limit, since = given.since,
    till = given.till, status = given.status, to_region = given.to_region, deadline = given.timeout }))
  output.write_list(given, tasks, tables.TASKS)
  return exit_status.DONE
end

return {
  name = "list",
  about = "List tasks",
  arguments = { arguments.INSTANCE },
  options = {
    { name = "--namespace", value = "NAME", completes = "namespaces", about = "Only tasks of this namespace" },
    { name = "--repo", value = "NAME", completes = "repositories",
      about = "Only tasks of this repository: NAME, or NAMESPACE/NAME" },
    { name = "--tag", value = "TAG", completes = "tags", about = "Only tasks of this tag" },
    { name = "--batch", value = "ID", completes = "batches", about = "Only tasks of this batch: one push makes one" },
    arguments.since(),
    arguments.TILL,
    { name = "--status", value = "A,B", type = "statuses", completes = "statuses",
      about = "Only tasks of this status, or of one of these" },
    arguments.TO_REGION,
    { name = "--limit", value = "N", type = "count", about = "Stop after this many tasks" },
  },
  examples = { "crsync list cri-sandbox --repo team/web --tag 1.0.0",
    "crsync list cri-sandbox --since 24h --status ERROR,CANCELED -o markdown" },
  results = { { class = "crsync.ListedTask", is_array = true, columns = tables.TASKS } },
  formats = arguments.TABLE_FORMATS,
  run = run,
}
