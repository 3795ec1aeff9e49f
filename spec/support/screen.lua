-- A terminal in memory, as far as the command uses one: text, line ends, cursor up, clearing, colours.

local text = require "crsync.util.text"

local screen = {}

local Screen = {}
Screen.__index = Screen

--- A terminal of some size.
---@param lines integer
---@param columns integer
function screen.new(lines, columns)
  return setmetatable({ height = lines, width = columns, rows = { {} }, y = 1, x = 1, history = {} }, Screen)
end

local function go_down(self)
  if self.y == self.height then
    table.insert(self.history, table.remove(self.rows, 1))
  else
    self.y = self.y + 1
  end
  self.rows[self.y] = self.rows[self.y] or {}
end

local function put(self, character)
  local width = text.width(character)
  if self.x + width - 1 > self.width then
    self.x = 1
    go_down(self)
  end
  local row = self.rows[self.y]
  for i = #row + 1, self.x - 1 do row[i] = " " end
  if width == 0 then
    row[self.x - 1] = row[self.x - 1] .. character
    return
  end
  row[self.x] = character
  if width == 2 then row[self.x + 1] = "" end
  self.x = self.x + width
end

local function clear_row(self, y, from)
  for i = from, #(self.rows[y] or {}) do self.rows[y][i] = nil end
end

local COMMANDS = {
  A = function(self, n) self.y = math.max(1, self.y - n) end,
  K = function(self) clear_row(self, self.y, self.x) end,
  J = function(self)
    clear_row(self, self.y, self.x)
    for y = self.y + 1, #self.rows do clear_row(self, y, 1) end
  end,
  m = function() end,
}

--- Takes what a program writes; raises for what it does not know.
---@param bytes string
function Screen:write(bytes)
  local i = 1
  while i <= #bytes do
    local n, name, after = bytes:match("^\27%[(%d*)(%a)()", i)
    local c = bytes:sub(i, i)
    if name then
      assert(COMMANDS[name], "unknown: " .. name)(self, tonumber(n) or 1)
      i = after
    elseif c == "\r" then
      self.x, i = 1, i + 1
    elseif c == "\n" then
      go_down(self)
      self.x, i = 1, i + 1
    else
      assert(not c:find "%c", "a control character")
      local character = bytes:match("^[^\128-\191][\128-\191]*", i)
      put(self, character)
      i = i + #character
    end
  end
end

function Screen.flush() end

local function line_of(row) return (table.concat(row):gsub(" +$", "")) end

--- Its lines from the top, without empty ones at the end.
---@return string[]
function Screen:lines()
  local lines = {}
  for y, row in ipairs(self.rows) do lines[y] = line_of(row) end
  while lines[#lines] == "" do lines[#lines] = nil end
  return lines
end

--- What has gone beyond the top.
---@return string[]
function Screen:scrolled()
  local lines = {}
  for i, row in ipairs(self.history) do lines[i] = line_of(row) end
  return lines
end

return screen
