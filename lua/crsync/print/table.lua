--- Lists as tables, a line for each item: for a terminal, as CSV (RFC 4180), as Markdown. What a table shows is data:
--- its columns, and of each the documented fields that it is made of. CSV and Markdown have a column for each field.

local compat = require "crsync.util.compat"
local dates = require "crsync.util.dates"
local duration = require "crsync.duration"
local fields = require "crsync.print.fields"
local text = require "crsync.util.text"

---@class crsync.print.Column
---@field header string|nil  of tables for people
---@field fields string[]|nil  of an item, dotted where they lie deeper: "ImageTo.RegionId"
---@field show nil|fun(...): string  makes the cell of these fields' values; without it the cell is the first one's text
---@field computed nil|{ name: string, of: fun(item: table): any }  instead of fields: what the service does not tell

local tables = {}

-- ---- cells ------------------------------------------------------------------------------------------------

--- A value as harmless text; what is absent as a dash.
---@param value any
---@return string
function tables.shown(value) return value == nil and "-" or text.printable(compat.tostring(value)) end

local shown = tables.shown

local function image_of(namespace, repo, tag) return ("%s/%s:%s"):format(shown(namespace), shown(repo), shown(tag)) end

--- An image without its region, as harmless text: namespace/name:tag.
---@param at crsync.Image
---@return string
function tables.image(at) return image_of(at.RepoNamespaceName, at.RepoName, at.ImageTag) end

-- One with it.
local function end_of_sync(region, ...) return shown(region) .. " " .. image_of(...) end

-- Where a rule leads: as far as it says.
local function place(region, namespace, repo)
  local path = namespace and " " .. shown(namespace) .. (repo and "/" .. shown(repo) or "") or ""
  return shown(region) .. path
end

--- A moment by RFC 3339, in UTC.
---@param milliseconds any  since 1970
---@return string
function tables.date(milliseconds)
  local whole = compat.tointeger(milliseconds)
  return whole and dates.rfc3339(whole / 1000) or "-"
end

local date = tables.date

--- A time taken: 1:05, or 1:02:03.
---@param value number|nil  seconds
---@return string
function tables.seconds(value)
  if not value then return "-" end
  value = math.floor(value + 0.5)
  if value < 3600 then return ("%d:%02d"):format(math.floor(value / 60), value % 60) end
  return ("%d:%02d:%02d"):format(math.floor(value / 3600), math.floor(value / 60) % 60, value % 60)
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
  { header = "TOOK", computed = { name = "duration", of = duration.of }, show = tables.seconds },
  { header = "FROM", fields = fields_of_image "ImageFrom", show = end_of_sync },
  { header = "TO", fields = fields_of_image "ImageTo", show = end_of_sync },
  { header = "ISSUE", fields = { "TaskIssue" }, show = rare },
  { header = "BATCH", fields = { "SyncBatchTaskId" }, show = rare },
}

---@type crsync.print.Column[]
tables.RULES = {
  { header = "RULE", fields = { "SyncRuleId" } },
  { header = "NAME", fields = { "SyncRuleName" } },
  { header = "SCOPE", fields = { "SyncScope" } },
  { header = "TRIGGER", fields = { "SyncTrigger" } },
  { header = "PRIORITY", fields = { "Priority" } },
  { header = "FROM", fields = { "LocalRegionId", "LocalNamespaceName", "LocalRepoName" }, show = place },
  { header = "TO", fields = { "TargetRegionId", "TargetNamespaceName", "TargetRepoName" }, show = place },
  { header = "TAGS", fields = { "TagFilter" } },
  { header = "REPOSITORIES", fields = { "RepoNameFilter" }, show = rare },
  { header = "NAMESPACES", fields = { "NamespaceNameFilter" }, show = rare },
}

-- ---- text ---------------------------------------------------------------------------------------------------

local function cell_of(column, item)
  local computed = column.computed
  if computed then return (column.show or shown)(computed.of(item)) end
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

-- ---- other forms --------------------------------------------------------------------------------------------

-- The fields of all columns, one after the other: how each is called, and its value as text; nil where there is none.
local function flat_fields(columns)
  local list = {}
  for _, column in ipairs(columns) do
    if column.computed then list[#list + 1] = { name = column.computed.name, of = column.computed.of } end
    for _, path in ipairs(column.fields or {}) do
      local as_date = column.show == date
      list[#list + 1] = { name = path, of = function(item)
        local value = fields.at(item, path)
        if as_date and value ~= nil then return date(value) end
        return value
      end }
    end
  end
  return list
end

-- Text, safe at a terminal but for the line ends within it; numbers without a locale's point.
local function text_of(value)
  if type(value) == "number" then return compat.is_integer(value) and compat.tostring(value)
    or (("%.3f"):format(value):gsub(",", "."):gsub("%.?0+$", "")) end
  return value == nil and "" or (tostring(value):gsub("[^\r\n\t]+", text.printable))
end

local function csv_cell(value)
  local s = text_of(value)
  return s:find '[",\r\n]' and '"' .. s:gsub('"', '""') .. '"' or s
end

--- A value as Markdown in which nothing is markup.
---@param value any
---@return string
function tables.markdown_cell(value)
  local s = text.printable(value == nil and "" or text_of(value))
  return (s:gsub("[\\`*_{}%[%]|~#]", "\\%0"):gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end

--- The names of the columns of CSV and Markdown.
---@param columns crsync.print.Column[]
---@return string[]
function tables.names(columns)
  local names = {}
  for i, field in ipairs(flat_fields(columns)) do names[i] = field.name end
  return names
end

-- Rows of values, the names of the fields first.
local function flat_rows(columns, items)
  local list = flat_fields(columns)
  local rows = { { n = #list } }
  for i, field in ipairs(list) do rows[1][i] = field.name end
  for _, item in ipairs(items) do
    local row = { n = #list }
    for i, field in ipairs(list) do row[i] = field.of(item) end
    rows[#rows + 1] = row
  end
  return rows
end

local function joined(row, cell, separator)
  local cells = {}
  for i = 1, row.n do cells[i] = cell(row[i]) end
  return table.concat(cells, separator)
end

--- CSV by RFC 4180: a line of the fields' names, then one for each item. No line end after the last.
---@param columns crsync.print.Column[]
---@param items table[]
---@return string
function tables.csv(columns, items)
  local lines = {}
  for i, row in ipairs(flat_rows(columns, items)) do lines[i] = joined(row, csv_cell, ",") end
  return table.concat(lines, "\r\n")
end

--- A table in Markdown, with the fields' names as headers. No line end after the last line.
---@param columns crsync.print.Column[]
---@param items table[]
---@return string
function tables.markdown(columns, items)
  local lines = {}
  for _, row in ipairs(flat_rows(columns, items)) do
    lines[#lines + 1] = "| " .. joined(row, tables.markdown_cell, " | ") .. " |"
    if #lines == 1 then lines[2] = "|" .. (" --- |"):rep(row.n) end
  end
  return table.concat(lines, "\n")
end

--- How lists are written, by the names of formats.
---@type table<string, fun(columns: crsync.print.Column[], items: table[]): string>
tables.forms = { text = tables.text, csv = tables.csv, markdown = tables.markdown }

return tables
