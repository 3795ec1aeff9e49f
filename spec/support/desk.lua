-- A user's desk: a shell where `crsync` is this tree's command, with a folder for what is written.
--
--   local desk = desks.new()
--   local output, status = desk:run("crsync get cri-sandbox rst-small", server:env())
--   desk:clear()

local child = require "spec.support.child"
local files = require "spec.support.files"

local Desk = {}
Desk.__index = Desk

local desks = {}

local LUA = os.getenv "LUA" or "lua5.4"
local ROOT = files.output_of "pwd":gsub("\n$", "")
local quoted = child.quoted

local function absolute(path) return (path:gsub("%f[^;%z]%./", ROOT .. "/"):gsub("^%./", ROOT .. "/")) end

--- Puts a program into the desk's folder, which is first in PATH: a text that a shell runs.
function Desk:put(name, text)
  local path = self.folder .. "/" .. name
  files.write(path, "#!/bin/sh\n" .. text .. "\n")
  assert(os.execute("chmod +x " .. quoted(path)))
  return path
end

--- Runs a shell's lines in this tree's root.
---@param lines string
---@param variables table<string, string>
---@param shell string|nil  another one than sh, with its options
---@return string output  of both streams
---@return integer status
function Desk:run(lines, variables, shell)
  local words = { "env", "PATH=" .. quoted(self.folder) .. ":\"$PATH\"", "LUA_PATH=" .. quoted(absolute(package.path)),
    "LUA_CPATH=" .. quoted(absolute(package.cpath)), "NO_PROXY=127.0.0.1", "TMPDIR=" .. quoted(self.folder) }
  for name, value in pairs(variables) do words[#words + 1] = name .. "=" .. quoted(value) end
  local command = ("%s %s -c %s </dev/null 2>&1; echo \"status $?\""):format(table.concat(words, " "), shell or "sh",
    quoted(lines))
  -- What was started in the background and ended at last may still say something.
  local output, status, late = files.output_of(command):match "^(.*)status (%d+)\n(.*)$"
  return output .. late, tonumber(status)
end

--- The same in the desk's folder.
function Desk:run_here(lines, variables, shell)
  return self:run(("cd %s\n%s"):format(quoted(self.folder), lines), variables, shell)
end

function Desk:clear() os.execute("rm -rf " .. quoted(self.folder)) end

function desks.new()
  local desk = setmetatable({ folder = files.temporary_folder() }, Desk)
  desk:put("crsync", ("exec %s %s \"$@\""):format(LUA, quoted(ROOT .. "/lua/crsync/bin.lua")))
  return desk
end

return desks
