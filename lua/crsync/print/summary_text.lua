--- A report of many tasks for people and spreadsheets: text, Markdown, CSV. Foreign text is made harmless.

local compat = require "crsync.util.compat"
local dates = require "crsync.util.dates"
local tables = require "crsync.print.table"
local text = require "crsync.util.text"

--- What a report is about.
---@class crsync.ReportAbout
---@field instance string
---@field since number     seconds since 1970
---@field till number
---@field tasks table[]    what the numbers are of
---@field unsized integer  ended tasks whose sizes are not known

local summary_text = {}

local function column(header, name, show)
  return { header = header, show = show, computed = { name = name:lower(), of = function(row) return row[name] end } }
end

local function region(row) return row.RegionId or "all" end

local function bytes(n) return n and text.bytes(n) or "-" end

local function rate(n) return n and text.bytes(n) .. "/s" or "-" end

-- Of each region. CSV has the names and the plain numbers, text and Markdown the headers and what people read.
---@type crsync.print.Column[]
summary_text.REGIONS = {
  { header = "TO", computed = { name = "ImageTo.RegionId", of = region } },
  column("TASKS", "tasks"),
  column("SUCCEEDED", "succeeded"),
  column("FAILED", "failed"),
  column("CANCELED", "canceled"),
  column("GOING", "going"),
  column("BYTES", "bytes", bytes),
  column("MEDIAN", "duration_median", tables.seconds),
  column("95 %", "duration_p95", tables.seconds),
  column("RATE", "throughput", rate),
}

local REGIONS = summary_text.REGIONS

---@type crsync.print.Column[]
local FAILURES = {
  { fields = { "SyncTaskId" } },
  { fields = { "CreateTime" }, show = tables.date },
  { fields = { "ImageFrom.RegionId", "ImageFrom.RepoNamespaceName", "ImageFrom.RepoName", "ImageFrom.ImageTag" } },
  { fields = { "ImageTo.RegionId", "TaskIssue" } },
  { computed = { name = "hint", of = function(failure) return failure.hint end } },
}

-- The regions, and below them all together where there are several.
local function rows_of(report)
  local rows = {}
  for i, row in ipairs(report.regions) do rows[i] = row end
  if #rows ~= 1 then rows[#rows + 1] = report.total end
  return rows
end

--- What the report is about, as one line of text.
---@param report crsync.Report
---@param about crsync.ReportAbout
---@return string
function summary_text.headline(report, about)
  local n = report.total.tasks
  return ("%s, %s to %s: %d task%s, %d failed"):format(text.printable(about.instance), dates.rfc3339(about.since),
    dates.rfc3339(about.till), n, n == 1 and "" or "s", report.total.failed)
end

--- What the numbers lack, as one line of text; nil: nothing.
---@param about crsync.ReportAbout
---@return string|nil
function summary_text.reservation(about)
  if about.unsized == 0 then return nil end
  return ("bytes and rate leave out %d task%s whose size is not known"):format(about.unsized,
    about.unsized == 1 and "" or "s")
end

--- Why a task has failed, and what to do.
---@param failure crsync.FailedTask
---@return string
function summary_text.reason(failure)
  local issue = failure.TaskIssue and text.printable(tostring(failure.TaskIssue)) or "no reason told by the service"
  return issue .. (failure.hint and ": " .. failure.hint or "")
end

-- The columns' cells as people read them, by header.
local function cells_of(row)
  local cells = {}
  for i, one in ipairs(REGIONS) do cells[i] = (one.show or tables.shown)(one.computed.of(row)) end
  return cells
end

--- The table of regions as people read it: headers, then a row of cells for each.
---@param report crsync.Report
---@return string[][]
function summary_text.cells(report)
  local headers = {}
  for i, one in ipairs(REGIONS) do headers[i] = one.header end
  local rows = { headers }
  for _, row in ipairs(rows_of(report)) do rows[#rows + 1] = cells_of(row) end
  return rows
end

local function failure_lines(failure)
  local to = failure.ImageTo or {}
  return ("%s  %s  %s to %s\n  %s"):format(tables.shown(failure.SyncTaskId), tables.date(failure.CreateTime),
    tables.image(failure.ImageFrom or {}), tables.shown(to.RegionId), summary_text.reason(failure))
end

--- For a terminal. No line end after the last line.
---@param report crsync.Report
---@param about crsync.ReportAbout
---@return string
function summary_text.text(report, about)
  local parts = { summary_text.headline(report, about), tables.text(REGIONS, rows_of(report)) }
  local failures = {}
  for i, failure in ipairs(report.failures) do failures[i] = failure_lines(failure) end
  if #failures > 0 then parts[#parts + 1] = "failed\n" .. table.concat(failures, "\n") end
  parts[#parts + 1] = summary_text.reservation(about)
  return table.concat(parts, "\n\n")
end

--- For a CI job's summary, or a chat.
---@param report crsync.Report
---@param about crsync.ReportAbout
---@return string
function summary_text.markdown(report, about)
  local lines = {}
  for _, row in ipairs(summary_text.cells(report)) do
    for i, cell in ipairs(row) do row[i] = tables.markdown_cell(cell) end
    lines[#lines + 1] = "| " .. table.concat(row, " | ") .. " |"
    if #lines == 1 then lines[2] = "| --- |" .. (" ---: |"):rep(#row - 1) end
  end
  local parts = { "**Image syncs of " .. tables.markdown_cell(summary_text.headline(report, about)) .. "**",
    table.concat(lines, "\n") }
  if #report.failures > 0 then parts[#parts + 1] = tables.markdown(FAILURES, report.failures) end
  parts[#parts + 1] = summary_text.reservation(about)
  return table.concat(parts, "\n\n")
end

--- A line for each region, for a spreadsheet.
---@param report crsync.Report
---@return string
function summary_text.csv(report) return tables.csv(REGIONS, report.regions) end

-- ---- for Prometheus ---------------------------------------------------------------------------------------

local STATES = { "succeeded", "failed", "canceled", "going" }

local function label(value)
  return '"' .. text.printable(tostring(value)):gsub('[\\"]', "\\%0") .. '"'
end

local function number(value)
  return compat.is_integer(value) and compat.tostring(value) or (("%.6g"):format(value):gsub(",", "."))
end

-- A metric: its name and help, and samples of each region by `add(labels, value)`.
local function metric(lines, report, about, name, help, sample)
  lines[#lines + 1] = ("# HELP crsync_%s %s"):format(name, help)
  lines[#lines + 1] = ("# TYPE crsync_%s gauge"):format(name)
  for _, row in ipairs(report.regions) do
    local place = ("instance_id=%s,region=%s"):format(label(about.instance), label(row.RegionId))
    sample(row, function(labels, value)
      if value then
        lines[#lines + 1] = ("crsync_%s{%s%s} %s"):format(name, place, labels and "," .. labels or "", number(value))
      end
    end)
  end
end

--- For the textfile collector of Prometheus's node exporter.
---@param report crsync.Report
---@param about crsync.ReportAbout
---@return string
function summary_text.prometheus(report, about)
  local lines = {}
  metric(lines, report, about, "tasks", "Image sync tasks made in the period, by how they have ended.",
    function(row, add)
      for _, state in ipairs(STATES) do add('state="' .. state .. '"', row[state]) end
    end)
  metric(lines, report, about, "copied_bytes", "Bytes copied by those of them whose sizes are known.",
    function(row, add) add(nil, row.bytes) end)
  metric(lines, report, about, "task_duration_median_seconds", "Time that successful ones took, median.",
    function(row, add) add(nil, row.duration_median) end)
  metric(lines, report, about, "task_duration_p95_seconds", "Time that successful ones took, 95th percentile.",
    function(row, add) add(nil, row.duration_p95) end)
  metric(lines, report, about, "task_bytes_per_second", "Rate of a successful one, on average.",
    function(row, add) add(nil, row.throughput) end)
  for _, moment in ipairs { { "period_start", about.since }, { "period_end", about.till } } do
    lines[#lines + 1] = ("# HELP crsync_%s_timestamp_seconds The %s of the period."):format(moment[1],
      moment[1]:match "_(%a+)$")
    lines[#lines + 1] = ("# TYPE crsync_%s_timestamp_seconds gauge"):format(moment[1])
    lines[#lines + 1] = ("crsync_%s_timestamp_seconds{instance_id=%s} %d"):format(moment[1], label(about.instance),
      math.floor(moment[2]))
  end
  return table.concat(lines, "\n")
end

return summary_text
