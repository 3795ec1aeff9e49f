-- config.json and the ini file, whatever is in them: a response or a reason, never an error raised, and no text of
-- theirs in a reason.

local core = require "crsync.core"
local external = require "crsync.credentials.external"
local modes = require "crsync.credentials.modes"

local text
core.read_file = function() return text, false end -- the one function by which files are read
core.sleep = function() end -- before a file that is not JSON is read once more
os.getenv = function(name) return name == "HOME" and "/h" or nil end -- luacheck: ignore 122

local ini_profile = require "crsync.credentials.ini_profile"
local cli_profile = require "crsync.credentials.cli_profile"

return function(data)
  text = data
  local chosen = cli_profile.choose(nil)
  if chosen.fields then
    modes.of(chosen.fields)
    modes.is_empty(chosen.fields)
  else
    assert(type(chosen.problem) == "string" and #chosen.problem < 1000 + #data)
  end
  local fields, path, reason = ini_profile.read(nil)
  if fields then modes.of(fields) elseif reason then assert(path and reason:find "^/h/" and #reason < 200, reason) end
  local words = external.words(data)
  assert(not words or #words > 0)
end
