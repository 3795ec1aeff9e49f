--- What the terminal is like: whether there is one, its size, whether it shows colours and UTF-8.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local variables = require "crsync.variables"

local terminal = {}

--- Whether a descriptor of this process is a terminal.
---@param descriptor integer
---@return boolean
function terminal.is_terminal(descriptor) return core.is_terminal(descriptor) end

-- What a variable says of the terminal, or a guess.
local function told(key, guess)
  local number = compat.tointeger(tonumber((variables.get(key)) or ""))
  return number and number > 0 and number or guess
end

--- Its lines and columns. A terminal that tells 0 knows nothing, such as one of `docker exec -t`.
---@return integer lines
---@return integer columns
function terminal.size()
  local lines, columns = core.terminal_size()
  return lines > 0 and lines or told("lines", 24), columns > 0 and columns or told("columns", 80)
end

--- Its width in columns.
---@return integer
function terminal.columns() return (select(2, terminal.size())) end

--- Whether it is one that can redraw: `TERM=dumb` cannot.
---@return boolean
function terminal.is_able() return variables.get "term" ~= "dumb" end

--- Whether to write in colours.
---@param choice "auto"|"always"|"never"
---@param descriptor integer     that is written to
---@param shows_color boolean|nil  whoever reads it shows colours, though it may be no terminal
---@return boolean
function terminal.wants_color(choice, descriptor, shows_color)
  if choice ~= "auto" then return choice == "always" end
  if variables.get "no_color" then return false end
  return shows_color or terminal.is_able() and terminal.is_terminal(descriptor)
end

--- Whether the locale is one of UTF-8.
---@return boolean
function terminal.speaks_utf8() return (variables.get "locale" or ""):upper():find "UTF%-?8" ~= nil end

return terminal
