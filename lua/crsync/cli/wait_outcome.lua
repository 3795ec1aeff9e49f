--- What has become of the tasks of a wait: a table for the end of the display, and one in Markdown for a job's summary.

local columns = require "crsync.cli.columns"
local duration = require "crsync.duration"
local statuses = require "crsync.statuses"
local summary = require "crsync.summary"
local tables = require "crsync.print.table"
local text = require "crsync.util.text"

local wait_outcome = {}

local MOST_ROWS = 1000 -- in Markdown: GitHub takes a MiB

---@type crsync.cli.ColumnPlan
local PLAN = {
  order = { "id", "region", "image", "status", "took", "bytes", "batch", "reason" },
  least = {},
  right = { took = true, bytes = true },
  give_way = {
    { shorten = "image", to = 24 },
    { shorten = "batch", to = 9 },
    { gap = 1 },
    { shorten = "image", to = 14 },
    { drop = "batch" },
    { drop = "image" },
    { shorten = "id" },
    { drop = "bytes" },
    { shorten = "reason", to = 13 },
    { drop = "took" },
    { shorten = "reason", to = 6 },
    { drop = "region" },
  },
  yield = {},
}

local HEADERS = { id = "TASK", region = "TO", image = "IMAGE", status = "STATUS", took = "TOOK", bytes = "BYTES",
  batch = "BATCH", reason = "REASON" }

-- Why a task has not succeeded; empty: it has.
local function reason_of(result)
  local err, task = result.err, result.task
  if not err then return "" end
  if err.kind ~= "task" then return err.code or tostring(err.message) end
  if not statuses.failed[err.code] then return err.code == "timeout" and "timed out" or tostring(err.code) end
  return task and task.TaskIssue and tostring(task.TaskIssue) or "no reason told"
end

-- How long it took, as far as that is known: lists tell it; this wait knows for how long it saw the task go on.
local function took(task, seen_going)
  local seconds = duration.of(task) or statuses.final[task.TaskStatus] and seen_going
  return seconds and tables.seconds(seconds) or nil
end

-- The cells of a task's row, as they came: nothing is harmless yet.
local function cells_of(result, seen_going)
  local task = result.task or {}
  local to = type(task.ImageTo) == "table" and task.ImageTo or {}
  local bytes = summary.bytes_of(task)
  return { id = result.id, region = to.RegionId, image = to.RepoName and tables.image(to),
    status = task.TaskStatus or "-", took = took(task, seen_going), bytes = bytes and text.bytes(bytes),
    batch = task.SyncBatchTaskId, reason = reason_of(result) }
end

local function has_batches(results)
  local first
  for _, result in ipairs(results) do
    local batch = result.task and result.task.SyncBatchTaskId
    if batch and first and batch ~= first then return true end
    first = first or batch
  end
  return false
end

-- The names of the columns that are shown, and a row of cells for each task.
local function rows_of(results, seen_going)
  local rows, shows_batch, names = {}, has_batches(results), {}
  for i, result in ipairs(results) do rows[i] = cells_of(result, seen_going[result.id]) end
  for _, name in ipairs(PLAN.order) do
    if name ~= "batch" or shows_batch then names[#names + 1] = name end
  end
  return names, rows
end

-- A row for a terminal.
local function column_row(names, cells, short, dots)
  local row = { cells = {}, shorter = {} }
  for _, name in ipairs(names) do row.cells[name] = cells[name] and tables.shown(cells[name]) or "" end
  row.shorter.id = function() return short[row.cells.id] end
  row.shorter.image = function(width) return columns.around_colon(row.cells.image, width, dots) end
  for _, name in ipairs { "batch", "reason" } do
    row.shorter[name] = function(width) return text.truncate(row.cells[name], width, dots) end
  end
  return row
end

--- The table as lines, each with the status of its task.
---@param results crsync.WaitResult[]
---@param seen_going table<string, number>  by id: for how many seconds the wait has seen a task go on
---@param width number
---@param dots string
---@return { text: string, status: string|nil }[]
function wait_outcome.lines(results, seen_going, width, dots)
  local names, rows = rows_of(results, seen_going)
  local ids, list, lines = {}, {}, {}
  for i, cells in ipairs(rows) do ids[i] = text.printable(cells.id) end
  local short = columns.abbreviated(ids, dots)
  list[1] = column_row(names, HEADERS, { [HEADERS.id] = HEADERS.id }, dots)
  for i, cells in ipairs(rows) do list[i + 1] = column_row(names, cells, short, dots) end
  for i, line in ipairs(columns.lines(PLAN, list, width, dots)) do
    lines[i] = { text = line, status = i > 1 and rows[i - 1].status or nil }
  end
  return lines
end

-- ---- Markdown ---------------------------------------------------------------------------------------------

local function markdown_row(cells) return "| " .. table.concat(cells, " | ") .. " |" end

local function first_letter_large(word) return word:sub(1, 1) .. word:sub(2):lower() end

local function cell_in_markdown(cells, name)
  local value = cells[name]
  local hint = name == "reason" and statuses.issues[value]
  return tables.markdown_cell(hint and value .. ": " .. hint or value)
end

--- The table in Markdown below a line in bold, of the first thousand tasks. No line end after the last line.
---@param headline string
---@param results crsync.WaitResult[]
---@param seen_going table<string, number>
---@return string
function wait_outcome.markdown(headline, results, seen_going)
  local names, rows = rows_of(results, seen_going)
  local heads, rules, lines = {}, {}, {}
  for i, name in ipairs(names) do
    heads[i], rules[i] = first_letter_large(HEADERS[name]), PLAN.right[name] and "---:" or "---"
  end
  lines[1], lines[2] = markdown_row(heads), markdown_row(rules)
  for i = 1, math.min(#rows, MOST_ROWS) do
    local row = {}
    for k, name in ipairs(names) do row[k] = cell_in_markdown(rows[i], name) end
    lines[#lines + 1] = markdown_row(row)
  end
  if #rows > MOST_ROWS then lines[#lines + 1] = ("\nand %d more"):format(#rows - MOST_ROWS) end
  local bold = "**" .. tables.markdown_cell(headline) .. "**"
  return #rows > 0 and bold .. "\n\n" .. table.concat(lines, "\n") or bold
end

return wait_outcome
