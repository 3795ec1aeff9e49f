-- The command, run as a process against an endpoint: its output, its errors, its status.

local child = require "spec.support.child"
local files = require "spec.support.files"

local command = {}

--- Runs `crsync` with these words.
---@param server { url: string, access_key_id: string, access_key_secret: string }
---@param words string              for the shell
---@param environment string|nil    NAME=value …
---@return string output
---@return string errors
---@return integer status
function command.run(server, words, environment)
  local err = os.tmpname()
  local line = ("env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s "
    .. "NO_PROXY=127.0.0.1 LUA_PATH=%s LUA_CPATH=%s %s %s lua/crsync/bin.lua %s"):format(child.quoted(server.url),
    child.quoted(server.access_key_id), child.quoted(server.access_key_secret), child.quoted(package.path),
    child.quoted(package.cpath), environment or "", os.getenv "LUA" or "lua5.4", words)
  local pipe = io.popen("{ " .. line .. "; } 2>" .. err .. "; echo \"status $?\"")
  local output, status = pipe:read "*a":match "^(.*)status (%d+)\n$"
  pipe:close()
  local errors = files.read(err)
  os.remove(err)
  return output, errors, tonumber(status)
end

return command
