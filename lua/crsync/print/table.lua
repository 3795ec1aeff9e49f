--- Many things as a table, a line each, for people.

local compat = require "crsync.util.compat"
local dates = require "crsync.util.dates"
local text = require "crsync.util.text"

local tables = {}

--- Rows of cells as columns that line up. Without a line end after the last.
---@param rows string[][]
---@return string
function tables.of(rows)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, text.width(cell)) end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do cells[i] = cell .. (" "):rep(widths[i] - text.width(cell)) end
    lines[#lines + 1] = (table.concat(cells, "  "):gsub(" +$", ""))
  end
  return table.concat(lines, "\n")
end

function tables.shown(value) return value == nil and "-" or text.printable(tostring(value)) end

local shown = tables.shown

local function image(i)
  i = type(i) == "table" and i or {}
  return ("%s %s/%s:%s"):format(shown(i.RegionId), shown(i.RepoNamespaceName), shown(i.RepoName), shown(i.ImageTag))
end

local function date(ms)
  local whole = compat.tointeger(ms)
  return whole and dates.rfc3339(whole / 1000) or "-"
end

function tables.tasks(tasks)
  local rows = { { "TASK", "STATUS", "CREATED", "FROM", "TO", "ISSUE" } }
  for _, t in ipairs(tasks) do
    rows[#rows + 1] = { shown(t.SyncTaskId), shown(t.TaskStatus), date(t.CreateTime), image(t.ImageFrom),
      image(t.ImageTo), t.TaskIssue and shown(t.TaskIssue) or "" }
  end
  return tables.of(rows)
end

function tables.rules(rules)
  local rows = { { "RULE", "NAME", "SCOPE", "TRIGGER", "TAGS", "FROM", "TO" } }
  for _, r in ipairs(rules) do
    rows[#rows + 1] = { shown(r.SyncRuleId), shown(r.SyncRuleName), shown(r.SyncScope), shown(r.SyncTrigger),
      shown(r.TagFilter), shown(r.LocalRegionId) .. " " .. shown(r.LocalNamespaceName),
      shown(r.TargetRegionId) .. " " .. shown(r.TargetNamespaceName) }
  end
  return tables.of(rows)
end

return tables
