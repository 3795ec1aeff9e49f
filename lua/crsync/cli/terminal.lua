--- What the terminal is like: whether there is one, its width, whether it shows colours and UTF-8.

local environment = require "crsync.util.environment"

local terminal = {}

--- Whether a descriptor of this process is a terminal.
---@param descriptor integer
---@return boolean
function terminal.is_terminal(descriptor)
  -- Lua cannot ask; the shell that it starts has the same descriptors.
  local done = os.execute("test -t " .. descriptor)
  return done == true or done == 0 -- the latter in Lua 5.1
end

--- Its width in columns; 80 where nothing tells.
---@return integer
function terminal.columns()
  local pipe = assert(io.popen("stty size 2>/dev/null </dev/tty", "r"))
  local size = pipe:read "*l"
  pipe:close()
  return tonumber(size and size:match "%d+ (%d+)") or 80
end

--- Whether to write in colours.
---@param choice "auto"|"always"|"never"
---@param descriptor integer  that is written to
---@return boolean
function terminal.wants_color(choice, descriptor)
  if choice ~= "auto" then return choice == "always" end
  if (os.getenv "NO_COLOR" or "") ~= "" then return false end
  return os.getenv "TERM" ~= "dumb" and terminal.is_terminal(descriptor)
end

--- Whether the locale is one of UTF-8.
---@return boolean
function terminal.speaks_utf8()
  local locale = environment.get "LC_ALL" or environment.get "LC_CTYPE" or environment.get "LANG" or ""
  return locale:upper():find "UTF%-?8" ~= nil
end

return terminal
