--- Rows of cells in columns that line up, within a width. Where there is too little room, columns become shorter or
--- give way, in an order that the plan says.

local text = require "crsync.util.text"

---@class crsync.cli.ColumnPlan
---@field order string[]              the columns' names, from the left
---@field right table<string, true>   those whose cells stand at the right
---@field least table<string, integer>  widths that columns have at least, until they are shortened
---@field give_way table[]            what is done, one step after the other, until all fits:
--- { shorten = NAME, to = N }, { drop = NAME } or { gap = N }
---@field yield { drop: string, below: integer|nil }[]  which columns a row's words take the place of, one after the
--- other, until they fit; one with `below` only where they have less room than that

---@class crsync.cli.ColumnRow
---@field cells table<string, string>  by the columns' names; an absent one is empty
---@field shorter table<string, fun(columns: integer|nil): string>  of cells that can be shorter
---@field words (fun(room: integer): string)|nil  free text for the room that there is, in place of the columns
--- behind `last`
---@field last string|nil

local columns = {}

local function new_layout(plan)
  local layout = { plan = plan, names = {}, to = {}, shortened = {}, widths = {}, gap = 2 }
  for i, name in ipairs(plan.order) do layout.names[i] = name end
  return layout
end

local function cell_of(layout, row, name)
  local cell = row.cells[name] or ""
  local to = layout.to[name]
  if not layout.shortened[name] or to and text.width(cell) <= to then return cell end
  local shorter = row.shorter[name]
  return shorter and shorter(to) or cell
end

local function without(names, dropped)
  local kept = {}
  for _, name in ipairs(names) do
    if name ~= dropped then kept[#kept + 1] = name end
  end
  return kept
end

-- Whether a row has a cell in a column: words stand in place of the last ones.
local function has_cell(layout, row, name)
  if not row.words then return true end
  for _, other in ipairs(layout.plan.order) do
    if other == name then return true end
    if other == row.last then return false end
  end
end

-- The widths of all columns, and of all of them together. Empty columns take no room.
local function measure(layout, rows)
  local total = -layout.gap
  layout.widths = {}
  for _, name in ipairs(layout.names) do
    local widest = not layout.shortened[name] and layout.plan.least[name] or 0
    for _, row in ipairs(rows) do
      if has_cell(layout, row, name) then widest = math.max(widest, text.width(cell_of(layout, row, name))) end
    end
    layout.widths[name] = widest
    if widest > 0 then total = total + widest + layout.gap end
  end
  return total
end

local function give_way(layout, step)
  if step.drop then layout.names = without(layout.names, step.drop) end
  if step.shorten then layout.shortened[step.shorten], layout.to[step.shorten] = true, step.to end
  if step.gap then layout.gap = step.gap end
end

local function padded(layout, row, name)
  local cell = cell_of(layout, row, name)
  local blanks = (" "):rep(layout.widths[name] - text.width(cell))
  return layout.plan.right[name] and blanks .. cell or cell .. blanks
end

-- A row's cells in these columns, up to the last one that is not empty.
local function joined(layout, row, names)
  local cells, last = {}, 0
  for _, name in ipairs(names) do
    if layout.widths[name] > 0 and has_cell(layout, row, name) then
      cells[#cells + 1] = padded(layout, row, name)
      if cell_of(layout, row, name) ~= "" then last = #cells end
    end
  end
  return table.concat(cells, (" "):rep(layout.gap), 1, last)
end

-- A row's cells and its words, for which columns yield.
local function with_words(layout, row, width)
  local names, wanted, gap = layout.names, text.width(row.words(math.huge)), (" "):rep(layout.gap)
  local function head_of() return joined(layout, row, names) .. gap end
  local head = head_of()
  for _, step in ipairs(layout.plan.yield) do
    if width - text.width(head) >= math.min(wanted, step.below or math.huge) then break end
    names = without(names, step.drop)
    head = head_of()
  end
  return head .. row.words(math.max(width - text.width(head), 0))
end

--- The rows as lines, none wider than the width.
---@param plan crsync.cli.ColumnPlan
---@param rows crsync.cli.ColumnRow[]
---@param width number
---@param dots string  for what was cut
---@return string[]
function columns.lines(plan, rows, width, dots)
  local layout, lines = new_layout(plan), {}
  local total = measure(layout, rows)
  for _, step in ipairs(plan.give_way) do
    if total <= width then break end
    give_way(layout, step)
    total = measure(layout, rows)
  end
  for i, row in ipairs(rows) do
    local line = row.words and with_words(layout, row, width) or joined(layout, row, layout.names)
    lines[i] = text.truncate((line:gsub(" +$", "")), width, dots)
  end
  return lines
end

-- ---- shorter texts ----------------------------------------------------------------------------------------

local LEAST_NAME = 8   -- columns that are left of a name
local LEAST_SAVING = 2 -- columns that make a shorter name worth while

local function all_cut(names, cut)
  local result, seen = {}, {}
  for _, name in ipairs(names) do
    local short = cut(name)
    if seen[short] then return nil end
    seen[short], result[name] = true, short
  end
  return result
end

--- Shorter forms of different names, all of which differ, too: their beginnings, or their ends where those do sooner.
---@param names string[]
---@param dots string
---@return table<string, string>  by name
function columns.abbreviated(names, dots)
  local longest, extra = 0, text.width(dots)
  for _, name in ipairs(names) do longest = math.max(longest, text.width(name)) end
  for n = LEAST_NAME, longest - extra - LEAST_SAVING do
    local function unless_short(cut)
      return function(name) return text.width(name) < n + extra + LEAST_SAVING and name or cut(name) end
    end
    local result = all_cut(names, unless_short(function(name) return text.head(name, n) .. dots end))
      or all_cut(names, unless_short(function(name) return dots .. text.tail(name, n) end))
    if result then return result end
  end
  return setmetatable({}, { __index = function(_, name) return name end })
end

--- A text that keeps its end, from the last colon on, as long as that leaves something of its beginning.
---@param s string
---@param width integer
---@param dots string
---@return string
function columns.around_colon(s, width, dots)
  local tail = dots .. (s:match ":[^:]*$" or "")
  local room = width - text.width(tail)
  if text.width(s) <= width or room < 3 then return text.truncate(s, width, dots) end
  return text.head(s, room) .. tail
end

return columns
