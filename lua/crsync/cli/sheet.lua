--- A page of help being written: paragraphs, rows of two columns, options; folded at a width. Knows no command.

local text = require "crsync.util.text"

---@class crsync.cli.Sheet
---@field lines string[]
---@field width integer
local Sheet = {}
Sheet.__index = Sheet

local INDENT = 2
local SECOND = 26 -- where the second column begins

-- Folds prose; the marks of code are for documents.
local function folded(prose, width)
  local lines, line = {}, ""
  for word in prose:gsub("`", ""):gmatch "%S+" do
    local longer = line == "" and word or line .. " " .. word
    if text.width(longer) > width and line ~= "" then
      lines[#lines + 1], line = line, word
    else
      line = longer
    end
  end
  lines[#lines + 1] = line
  return lines
end

--- Adds a paragraph.
---@param prose string
---@param indent integer|nil
function Sheet:text(prose, indent)
  local blanks = (" "):rep(indent or 0)
  for _, line in ipairs(folded(prose, self.width - #blanks)) do self.lines[#self.lines + 1] = blanks .. line end
end

--- Adds a line that is not folded: it is to be copied.
---@param line string
function Sheet:code(line) self:verbatim((" "):rep(INDENT) .. line) end

--- Adds lines as they are.
---@param lines string
function Sheet:verbatim(lines) self.lines[#self.lines + 1] = lines end

--- Adds an empty line.
function Sheet:space() self.lines[#self.lines + 1] = "" end

--- Adds a heading, an empty line above it.
---@param words string
function Sheet:heading(words)
  self:space()
  self.lines[#self.lines + 1] = words .. ":"
end

--- Adds a name, and what it means beside it, or below it where the name is long.
---@param name string
---@param meaning string
---@param second integer|nil  where the second column begins
function Sheet:row(name, meaning, second)
  second = second or SECOND
  local first = (" "):rep(INDENT) .. name
  if text.width(first) + 2 > second then
    self.lines[#self.lines + 1] = first
    first = ""
  end
  first = first .. (" "):rep(second - text.width(first))
  for i, line in ipairs(folded(meaning, self.width - second)) do
    self.lines[#self.lines + 1] = (i == 1 and first or (" "):rep(second)) .. line
  end
end

--- Adds a row for each option.
---@param rows crsync.cli.Option[]
function Sheet:options(rows)
  for _, row in ipairs(rows) do
    local value = row.value or row.choices and table.concat(row.choices, "|")
    local default = row.default or row.shown_default
    self:row(row.name:gsub(" ", ", ") .. (value and " " .. value or ""),
      row.about .. (default and (" (default: %s)"):format(default) or ""))
  end
end

--- The page: no line end after the last line.
---@return string
function Sheet:close() return table.concat(self.lines, "\n") end

local sheet = {}

--- An empty page.
---@param width integer  columns
---@return crsync.cli.Sheet
function sheet.new(width) return setmetatable({ lines = {}, width = width }, Sheet) end

return sheet
