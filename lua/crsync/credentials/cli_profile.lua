--- Profiles of the aliyun CLI: its config.json found, read, never written. What a profile's keys mean is
--- credentials/modes.lua's, its settings config.lua's.

local core = require "crsync.core"
local environment = require "crsync.util.environment"
local options = require "crsync.options"
local variables = require "crsync.variables"

---@class crsync.Profile
---@field path string
---@field name string
---@field asked_by string|nil    the option or variable that asks for it by name; nil: the file's current one
---@field fields table|nil       holds secrets: not to be kept
---@field problem string|nil     why there are none
---@field present boolean        whether there is such a file
---@field unusable boolean|nil   the file is at fault: it cannot be read, lacks its current profile, or is not where a
--- variable says that it is
---@field open_to_others string|false|nil  what others than its owner may do: "read", "changed", "read and changed"

local cli_profile = {}

local HALF_WRITTEN = 0.05 -- seconds until a file that is not JSON is read once more
local NAMES = options.by_name(options.client).profile.variables --[[@as string[] ]]

--- The user's home folder; cron and cloud-init set no HOME.
---@return string|nil
function cli_profile.home() return variables.get "home" or core.home() end

--- The profile's name that the environment asks for.
---@return string|nil name
---@return string|nil variable
function cli_profile.name_from_environment() return environment.first(NAMES) end

--- Where the CLI's file is.
---@return string|nil path
---@return string|nil variable  that names it, if one does
function cli_profile.path()
  local named, variable = variables.get "config_file"
  if named then return named, variable end
  local home = cli_profile.home()
  return home and home .. "/.aliyun/config.json"
end

--- Whether the environment says to leave the file alone.
---@return boolean
function cli_profile.is_disabled()
  return variables.is_true "cli_profile_disabled" or variables.get "ignore_profile" == "TRUE"
end

-- Line and column for what the decoder tells as a byte.
local function in_lines(reason, text)
  return (reason:gsub(" at %a+ (%d+)$", function(at)
    local before = text:sub(1, tonumber(at) - 1)
    local _, breaks = before:gsub("\n", "")
    return (" at line %d, column %d"):format(breaks + 1, #before:match "[^\n]*$" + 1)
  end))
end

--- Reads config.json. The reason names path, line and column, and nothing of the text.
---@param path string
---@param is_second_look boolean|nil
---@return table|nil document
---@return string|nil reason
---@return boolean present        whether there is such a file
---@return string|false|nil open_to_others
function cli_profile.read(path, is_second_look)
  local text, reason, exists = core.read_file(path)
  if not text then return nil, ("%s cannot be read: %s"):format(path, reason), exists end
  local open_to_others = reason
  text = text:gsub("^\239\187\191", "")
  local document, problem = core.decode(text)
  if problem and not is_second_look then
    core.sleep(HALF_WRITTEN) -- it may be that it is being written
    return cli_profile.read(path, true)
  end
  if problem then return nil, ("%s is not JSON: %s"):format(path, in_lines(problem, text)), true end
  if type(document) ~= "table" or type(document.profiles) ~= "table" then
    return nil, path .. " has no list of profiles", true
  end
  return document, nil, true, open_to_others
end

--- The profile of that name in the document.
---@param document table
---@param name string
---@return table|nil
function cli_profile.find(document, name)
  for _, candidate in ipairs(document.profiles) do
    if type(candidate) == "table" and candidate.name == name then return candidate end
  end
  return nil
end

-- A file without any profile is one that nobody has filled in.
local function take_profile(chosen, document)
  local current = type(document.current) == "string" and document.current ~= "" and document.current
  chosen.name = chosen.name or current or "default"
  chosen.fields = cli_profile.find(document, chosen.name)
  if chosen.fields then return end
  chosen.problem = ("%s has no profile %q"):format(chosen.path, chosen.name)
  chosen.unusable = not chosen.asked_by and current and #document.profiles > 0
end

--- The profile's name that is asked for, and by what.
---@param name string|nil  option profile
---@return string|nil name
---@return string|nil asked_by
function cli_profile.asked(name)
  if name then return name, "option profile" end
  return cli_profile.name_from_environment()
end

--- The profile that applies: asked for by the option, by the environment, or the file's current one.
---@param name string|nil  option profile
---@return crsync.Profile|nil # nil: none, and none is missed
function cli_profile.choose(name)
  if not name and cli_profile.is_disabled() then return nil end
  local path, variable = cli_profile.path()
  if not path then return nil end
  local chosen = { path = path }
  chosen.name, chosen.asked_by = cli_profile.asked(name)
  local document
  document, chosen.problem, chosen.present, chosen.open_to_others = cli_profile.read(path)
  if document then
    take_profile(chosen, document)
  else
    chosen.unusable = chosen.present or variable ~= nil
    if variable then chosen.problem = variable .. ": " .. chosen.problem end
  end
  return chosen
end

return cli_profile
