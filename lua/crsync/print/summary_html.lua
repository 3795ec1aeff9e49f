--- A report of many tasks as one page: a drawing of the tasks over time for each region, the numbers, the failures. It
--- loads nothing, runs nothing, and says the same without the drawing. Whatever comes from elsewhere is escaped.

local dates = require "crsync.util.dates"
local summary_text = require "crsync.print.summary_text"
local tables = require "crsync.print.table"
local text = require "crsync.util.text"

local summary_html = {}

-- What a bar is made of, from below. Colours of Okabe and Ito, which people tell apart whatever colours they see; the
-- darkest and the lightest stand for what differs most, and failures have an edge of their own.
local STATES = {
  { name = "succeeded", status = "SUCCESS" },
  { name = "going" },
  { name = "canceled", status = "CANCELED" },
  { name = "failed", status = "ERROR" },
}

local STYLE = [[
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --succeeded: #0072b2; --going: #56b4e9; --canceled: #9a9a9a; --failed: #d55e00; --edge: #5a2800; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9aa4af; --line: #30363d;
    --succeeded: #3a9ad9; --going: #9fd8f7; --canceled: #7d7d7d; --failed: #f0803c; --edge: #ffd9bf; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p { color: var(--soft); margin: .3rem 0 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: .85rem; }
.numbers td + td, .numbers th + th { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.failures td:nth-child(-n + 2), .failures td:nth-child(4) { white-space: nowrap; }
.failures td:nth-child(3) { min-width: 11rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
svg { display: block; width: 100%; min-width: 45rem; height: auto; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .soft { fill: var(--soft); font-size: 12px; } svg line { stroke: var(--line); }
svg .succeeded { fill: var(--succeeded); } svg .going { fill: var(--going); }
svg .canceled { fill: var(--canceled); }
svg .failed { fill: var(--failed); stroke: var(--edge); stroke-width: 1; }
@media print { body { font-size: 11px; margin: 0; max-width: none; padding: 0; } .scroll { overflow: visible; }
  svg { min-width: 0; } th, td { padding: .2rem .4rem; } tr { break-inside: avoid; } }]]

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escaped(value)
  return (text.printable(value == nil and "-" or tostring(value)):gsub("[&<>\"']", ESCAPES))
end

-- ---- the drawing ------------------------------------------------------------------------------------------

local WIDTH, LEFT, RIGHT = 960, 150, 10 -- of all; of the regions' names; of what stays free
local ROW, GAP, TOP, BOTTOM = 64, 22, 34, 26
local COLUMNS = 60

local HOW = {}
for _, state in ipairs(STATES) do
  if state.status then HOW[state.status] = state.name end
end

-- Region → column → counts by state; and the highest count of a column.
local function counted(about)
  local counts, most = {}, 1
  local span = math.max(about.till - about.since, 1)
  for _, task in ipairs(about.tasks) do
    local made = type(task.CreateTime) == "number" and task.CreateTime / 1000 or about.since
    local column = math.floor((made - about.since) / span * COLUMNS) + 1
    column = math.max(1, math.min(column, COLUMNS))
    local region = type(task.ImageTo) == "table" and task.ImageTo.RegionId or "unknown"
    counts[region] = counts[region] or {}
    local cell = counts[region][column] or { all = 0 }
    local how = HOW[task.TaskStatus] or "going"
    counts[region][column] = cell
    cell[how], cell.all = (cell[how] or 0) + 1, cell.all + 1
    most = math.max(most, cell.all)
  end
  return counts, most
end

local function moment(about, share)
  return (dates.rfc3339(about.since + (about.till - about.since) * share):gsub("T", " "):gsub(":%d%dZ$", " UTC"))
end

local function fixed(n) return (("%.1f"):format(n):gsub(",", ".")) end

-- One column of a region: a bar of the states, the failures on top.
local function add_bar(out, cell, x, width, base, scale, when)
  local words, y = {}, base
  for _, state in ipairs(STATES) do
    if cell[state.name] then words[#words + 1] = cell[state.name] .. " " .. state.name end
  end
  out[#out + 1] = ("<g><title>%s: %s</title>"):format(when, table.concat(words, ", "))
  for _, state in ipairs(STATES) do
    local height = (cell[state.name] or 0) * scale
    if height > 0 then
      y = y - height
      out[#out + 1] = ('<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>'):format(state.name, fixed(x), fixed(y),
        fixed(width), fixed(height))
    end
  end
  out[#out + 1] = "</g>"
end

local function add_legend(out)
  local x = LEFT
  for _, state in ipairs(STATES) do
    out[#out + 1] = ('<rect class="%s" x="%d" y="8" width="12" height="12"/><text x="%d" y="18">%s</text>'):format(
      state.name, x, x + 18, state.name)
    x = x + 110
  end
end

local function add_region(out, about, region, counts, most, top)
  local base, step = top + ROW, (WIDTH - LEFT - RIGHT) / COLUMNS
  out[#out + 1] = ('<text x="0" y="%d">%s</text><text class="soft" x="0" y="%d">%d task%s, %d failed</text>'):format(
    base - 20, escaped(text.truncate(region.RegionId, 20)), base - 4, region.tasks, region.tasks == 1 and "" or "s",
    region.failed)
  out[#out + 1] = ('<line x1="%d" y1="%d" x2="%d" y2="%d"/>'):format(LEFT, base, WIDTH - RIGHT, base)
  for column = 1, COLUMNS do
    local cell = counts[column]
    if cell then
      add_bar(out, cell, LEFT + (column - 1) * step + 0.5, step - 1, base, ROW / most,
        moment(about, (column - 1) / COLUMNS))
    end
  end
end

local function drawing(report, about)
  local counts, most = counted(about)
  local height = TOP + #report.regions * (ROW + GAP) + BOTTOM
  local out = { '<div class="scroll">',
    ('<svg viewBox="0 0 %d %d" role="img" aria-labelledby="drawing-title drawing-text">'):format(WIDTH, height),
    '<title id="drawing-title">Tasks over time, for each target region</title>',
    ('<desc id="drawing-text">A bar for each of %d parts of the time. The highest has %d task%s. The table below has'
      .. " the same in numbers.</desc>"):format(COLUMNS, most, most == 1 and "" or "s") }
  add_legend(out)
  for i, region in ipairs(report.regions) do
    add_region(out, about, region, counts[region.RegionId] or {}, most, TOP + (i - 1) * (ROW + GAP))
  end
  for _, mark in ipairs { { 0, LEFT, "start" }, { 0.5, (LEFT + WIDTH - RIGHT) / 2, "middle" },
    { 1, WIDTH - RIGHT, "end" } } do
    out[#out + 1] = ('<text class="soft" x="%d" y="%d" text-anchor="%s">%s</text>'):format(math.floor(mark[2]),
      height - 8, mark[3], moment(about, mark[1]))
  end
  out[#out + 1] = "</svg></div>"
  return table.concat(out, "\n")
end

-- ---- the tables -------------------------------------------------------------------------------------------

local function row_of(tag, cells) return "<tr><" .. tag .. ">" .. table.concat(cells, "</" .. tag .. "><" .. tag .. ">")
  .. "</" .. tag .. "></tr>" end

local function region_table(report)
  local lines = {}
  for i, row in ipairs(summary_text.cells(report)) do
    local cells = {}
    for k, cell in ipairs(row) do cells[k] = escaped(cell) end
    if i == 1 then for k, cell in ipairs(cells) do cells[k] = cell:sub(1, 1) .. cell:sub(2):lower() end end
    lines[i] = row_of(i == 1 and "th" or "td", cells)
  end
  return '<div class="scroll"><table class="numbers">\n' .. table.concat(lines, "\n") .. "\n</table></div>"
end

local function failure_table(failures)
  local lines = { row_of("th", { "Task", "Made", "Image", "To", "Reason, and what to do" }) }
  for _, failure in ipairs(failures) do
    local from, to = failure.ImageFrom, failure.ImageTo
    lines[#lines + 1] = row_of("td", { "<code>" .. escaped(failure.SyncTaskId) .. "</code>",
      tables.date(failure.CreateTime), "<code>" .. (type(from) == "table" and escaped(tables.image(from)) or "-")
      .. "</code>", escaped(type(to) == "table" and to.RegionId or nil), escaped(summary_text.reason(failure)) })
  end
  return '<div class="scroll"><table class="failures">\n' .. table.concat(lines, "\n") .. "\n</table></div>"
end

--- The page.
---@param report crsync.Report
---@param about crsync.ReportAbout
---@return string
function summary_html.page(report, about)
  local headline = escaped(summary_text.headline(report, about))
  local out = { "<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
    -- Were anything foreign to come through, it could neither run nor call home.
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; img-src'
      .. ' data:">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">', '<link rel="icon" href="data:,">',
    "<title>Image syncs: " .. headline .. "</title>", "<style>" .. STYLE .. "</style></head><body>",
    "<h1>Image syncs</h1>", "<p>" .. headline .. "</p>" }
  if #report.regions > 0 then out[#out + 1] = drawing(report, about) end
  out[#out + 1] = "<h2>By target region</h2>\n" .. region_table(report)
  local reservation = summary_text.reservation(about)
  if reservation then out[#out + 1] = "<p>" .. escaped(reservation) .. "</p>" end
  if #report.failures > 0 then
    out[#out + 1] = "<h2>Failed</h2>\n" .. failure_table(report.failures)
  else
    out[#out + 1] = "<p>Nothing failed.</p>"
  end
  out[#out + 1] = "</body></html>"
  return table.concat(out, "\n")
end

return summary_html
