--- What `crsync --version` shows: its own version, and on a line each those of what it stands on.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local optional = require "crsync.util.optional"

local versions = {}

-- lua-cjson as the core has loaded it; forks name themselves.
local function of_cjson()
  local cjson = optional.module "cjson"
  return type(cjson) == "table" and tostring(cjson._VERSION or "of an unknown version") or "missing"
end

--- The text. Its first line is for programs: "crsync X.Y.Z".
---@return string
function versions.text()
  local built_on = core.versions()
  return table.concat({
    crsync._VERSION,
    ("libcurl %s (%s)"):format(built_on.libcurl, built_on.tls),
    "OpenSSL " .. built_on.openssl,
    "lua-cjson " .. of_cjson(),
    compat.jit and compat.jit.version or _VERSION,
  }, "\n")
end

return versions
