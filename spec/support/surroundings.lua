-- What crsync finds around it, as a spec wants it: variables of the environment, and a home folder with files in it.
--
--   before_each(surroundings.enter)
--   after_each(surroundings.leave)
--   surroundings.variables.ALIBABA_CLOUD_PROFILE = "ci"
--   local path = surroundings.write(".aliyun/config.json", { current = "ci", profiles = { … } })
--
-- Variables are those of this process only: a program that it starts has the real ones.

local cjson = require "cjson"
local files = require "spec.support.files"

local surroundings = { variables = {} }

local real_getenv = os.getenv
local home

local function run(command) assert(os.execute(command)) end

local function getenv(name) return surroundings.variables[name] end

--- An empty environment but for HOME, which is empty too. No metadata service unless a spec says where.
function surroundings.enter()
  home = files.temporary_folder()
  surroundings.variables = { HOME = home, ALIBABA_CLOUD_ECS_METADATA_DISABLED = "true" }
  os.getenv = getenv -- luacheck: ignore 122
end

--- The real environment again.
function surroundings.leave()
  os.getenv = real_getenv -- luacheck: ignore 122
  run(("rm -rf '%s'"):format(home))
end

--- The path of a file in the home folder.
function surroundings.path(name) return home .. "/" .. name end

--- Writes a file into the home folder, for its owner only; a table becomes JSON.
---@return string path
function surroundings.write(name, content)
  local path = surroundings.path(name)
  run(("umask 077; mkdir -p \"$(dirname '%s')\"; : > '%s'"):format(path, path))
  files.write(path, type(content) == "table" and cjson.encode(content) or content)
  return path
end

--- A program in the home folder.
---@return string path
function surroundings.write_program(name, script)
  local path = surroundings.write(name, "#!/bin/sh\n" .. script .. "\n")
  run(("chmod 700 '%s'"):format(path))
  return path
end

--- config.json with these profiles, the first of them the current one.
---@return string path
function surroundings.write_profiles(...)
  local profiles = { ... }
  return surroundings.write(".aliyun/config.json", { current = profiles[1].name, profiles = profiles })
end

return surroundings
