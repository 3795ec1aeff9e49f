--- The SDKs' ini file, ~/.alibabacloud/credentials: found and read, its sections under the names that config.json uses.

local core = require "crsync.core"
local variables = require "crsync.variables"
local cli_profile = require "crsync.credentials.cli_profile"

local ini_profile = {}

local NAMES = { "credentials", "credentials.ini" } -- of the SDKs in Go and Node; in Python and Java

--- The file: named by the environment, or the first of the default ones that is there.
---@return string|nil path
---@return string|nil text
---@return string|nil reason    why it cannot be read
---@return string|nil variable  that names it, if one does
local function open()
  local named, variable = variables.get "credentials_file"
  local home = cli_profile.home()
  local paths = named and { named } or {}
  if not named and home then
    for i, name in ipairs(NAMES) do paths[i] = ("%s/.alibabacloud/%s"):format(home, name) end
  end
  for _, path in ipairs(paths) do
    local text, reason, exists = core.read_file(path)
    if text or exists or named then return path, text, reason, variable end
  end
  return nil
end

-- One section's values. `#` and `;` begin a comment only at the start of a line: a secret may hold them.
local function section(text, wanted, path)
  local found, inside, number = nil, false, 0
  for line in (text:gsub("^\239\187\191", "") .. "\n"):gmatch "(.-)\r?\n" do
    number = number + 1
    local name = line:match "^%s*%[%s*(.-)%s*%]%s*$"
    local key, value = line:match "^%s*([^=%s]+)%s*=%s*(.-)%s*$"
    if name then
      inside = name == wanted
      found = inside and (found or {}) or found
    elseif line:find "^%s*[^#;%s]" and not key then
      return nil, ("%s: line %d is no [section], no name = value and no comment"):format(path, number)
    elseif inside and key and not line:find "^%s*[#;]" then
      found[key] = value
    end
  end
  return found
end

local MODES = { access_key = "AK", sts = "StsToken", ecs_ram_role = "EcsRamRole", ram_role_arn = "RamRoleArn",
  oidc_role_arn = "OIDC", rsa_key_pair = "RsaKeyPair" }

local RENAMED = { role_name = "ram_role_name", role_arn = "ram_role_arn", role_session_name = "ram_session_name",
  oidc_token_file_path = "oidc_token_file", security_token = "sts_token" }

local function as_profile(values, wanted)
  local fields = { name = wanted }
  for name, value in pairs(values) do fields[RENAMED[name] or name] = value end
  fields.mode = MODES[values.type] or values.type
  return fields
end

--- The section that applies: that of the profile's name, or [default].
---@param name string|nil
---@return table|nil fields    under the names of config.json
---@return string|nil path     of the file, if there is one
---@return string|nil reason   why the file cannot be used
function ini_profile.read(name)
  local path, text, reason, variable = open()
  if not path then return nil end
  if not text then
    return nil, path, ("%s%s cannot be read: %s"):format(variable and variable .. ": " or "", path, reason)
  end
  local values
  values, reason = section(text, name or "default", path)
  if not values then return nil, path, reason end
  return as_profile(values, name or "default"), path
end

return ini_profile
