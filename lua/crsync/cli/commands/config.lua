--- `crsync config`: which settings and key are in effect, and where each comes from.

local arguments = require "crsync.cli.arguments"
local config_report = require "crsync.cli.config_report"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"
local tables = require "crsync.print.table"
local text = require "crsync.util.text"

local function shown_with(separator)
  return function(value, remark) return tables.shown(value) .. (remark and separator .. remark or "") end
end

local COLUMNS = {
  { header = "SETTING", fields = { "setting" } },
  { header = "VALUE", fields = { "value", "unit" }, show = shown_with " " },
  { header = "FROM", fields = { "from", "life" }, show = shown_with ", " },
}

local function run(given)
  local rows, notes, errors = config_report.of(arguments.client_options(given))
  for _, row in ipairs(rows) do row.from = arguments.with_flags(row.from) end
  output.write_list(given, rows, COLUMNS)
  for _, note in ipairs(notes) do io.stderr:write("crsync: ", text.printable(note), "\n") end
  for _, err in ipairs(errors) do io.stderr:write(arguments.with_flags(tostring(err)), "\n") end
  return errors[1] and exit_status.of(errors[1]) or exit_status.DONE
end

return {
  name = "config",
  about = "Show the settings and the key in effect, and where each comes from",
  examples = { "crsync config", "crsync config -o json" },
  results = { { fields = { "setting", "value", "unit", "from", "life" }, is_array = true } },
  statuses = { "LIMIT" },
  without_client = true,
  run = run,
}
