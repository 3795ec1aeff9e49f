-- Another Lua process that sees this tree, for what a process of its own shows: environment, signals, its end.

local files = require "spec.support.files"

local child = {}

local LUA = os.getenv "LUA" or "lua5.4"

--- A word that a shell takes as it is.
function child.quoted(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

--- The command that runs a script; prefix is words of a shell to stand before it: variables, a wrapper.
function child.command(script, prefix)
  local quoted = child.quoted
  return ("%s LUA_PATH=%s LUA_CPATH=%s %s -e %s"):format(prefix or "", quoted(package.path), quoted(package.cpath),
    LUA, quoted(script))
end

--- Starts the script and returns the pipe of its standard output.
function child.open(script, prefix) return assert(io.popen(child.command(script, prefix), "r")) end

--- Runs the script to its end and returns all that it wrote, errors too.
function child.run(script, prefix)
  return files.output_of("{ " .. child.command(script, prefix) .. "; } 2>&1")
end

return child
