--- Lists as tables for people, a line for each item. What a table shows is data: its columns, and of each the
--- documented fields that it is made of.

local compat = require "crsync.util.compat"
local dates = require "crsync.util.dates"
local fields = require "crsync.print.fields"
local text = require "crsync.util.text"

---@class crsync.print.Column
---@field header string
---@field fields string[]  of an item, dotted where they lie deeper: "ImageTo.RegionId"
---@field show nil|fun(...): string  makes the cell of these fields' values; without it the cell is the first one's text

local tables = {}

-- ---- cells ------------------------------------------------------------------------------------------------

--- A value as harmless text; what is absent as a dash.
---@param value any
---@return string
function tables.shown(value) return value == nil and "-" or text.printable(tostring(value)) end

local shown = tables.shown

local function image(region, namespace, repo, tag)
  return ("%s %s/%s:%s"):format(shown(region), shown(namespace), shown(repo), shown(tag))
end

local function place(region, namespace) return shown(region) .. " " .. shown(namespace) end

local function date(milliseconds)
  local whole = compat.tointeger(milliseconds)
  return whole and dates.rfc3339(whole / 1000) or "-"
end

-- Most items have none: a column of dashes would say less than an empty one.
local function rare(value) return value and shown(value) or "" end

-- ---- columns ------------------------------------------------------------------------------------------------

local function fields_of_image(name)
  return { name .. ".RegionId", name .. ".RepoNamespaceName", name .. ".RepoName", name .. ".ImageTag" }
end

---@type crsync.print.Column[]
tables.TASKS = {
  { header = "TASK", fields = { "SyncTaskId" } },
  { header = "STATUS", fields = { "TaskStatus" } },
  { header = "CREATED", fields = { "CreateTime" }, show = date },
  { header = "FROM", fields = fields_of_image "ImageFrom", show = image },
  { header = "TO", fields = fields_of_image "ImageTo", show = image },
  { header = "ISSUE", fields = { "TaskIssue" }, show = rare },
}

---@type crsync.print.Column[]
tables.RULES = {
  { header = "RULE", fields = { "SyncRuleId" } },
  { header = "NAME", fields = { "SyncRuleName" } },
  { header = "SCOPE", fields = { "SyncScope" } },
  { header = "TRIGGER", fields = { "SyncTrigger" } },
  { header = "TAGS", fields = { "TagFilter" } },
  { header = "FROM", fields = { "LocalRegionId", "LocalNamespaceName" }, show = place },
  { header = "TO", fields = { "TargetRegionId", "TargetNamespaceName" }, show = place },
}

-- ---- text ---------------------------------------------------------------------------------------------------

local function cell_of(column, item)
  local values = {}
  for i, path in ipairs(column.fields) do values[i] = fields.at(item, path) end
  return (column.show or shown)(compat.unpack(values, 1, #column.fields))
end

-- Rows of cells as lines whose columns line up.
local function aligned(rows)
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

--- A table for a terminal: a line of headers, then one for each item. No line end after the last.
---@param columns crsync.print.Column[]
---@param items table[]
---@return string
function tables.text(columns, items)
  local rows = { {} }
  for i, column in ipairs(columns) do rows[1][i] = column.header end
  for _, item in ipairs(items) do
    local row = {}
    for i, column in ipairs(columns) do row[i] = cell_of(column, item) end
    rows[#rows + 1] = row
  end
  return aligned(rows)
end

return tables
