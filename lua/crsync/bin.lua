#!/usr/bin/env lua5.4
--- The installed command: the way in and the only way out. An installation that is broken ends here, with one sentence
--- and status 6, whenever what it lacks is first asked for.

local CONFIGURATION, INTERRUPTED, TERMINATED = 6, 130, 143 -- the others are crsync.cli's, which may be what is missing

local load_module = require

local function leave(status, sentence)
  io.stderr:write(sentence, "\n")
  os.exit(status, true)
end

local function leave_interrupted()
  local core = package.loaded["crsync.core"]
  if core and core.was_terminated() then leave(TERMINATED, "crsync: ended by SIGTERM") end
  leave(INTERRUPTED, "crsync: interrupted")
end

-- What Lua's loaders say takes a line for each place that was searched.
local function broken(problem)
  if problem:find("interrupted!", 1, true) then leave_interrupted() end
  local missing = problem:match "^module '([^']+)' not found"
  if missing then leave(CONFIGURATION, ("crsync: the module %s is not there: install crsync again"):format(missing)) end
  local own_words = problem:match "^crsync [^\n]+"
  if own_words then leave(CONFIGURATION, (own_words:gsub("%): .*", ")"))) end
  problem = problem:gsub("%s+", " ")
  leave(CONFIGURATION, ("crsync: this installation is broken: %s: install crsync again"):format(problem))
end

-- As every file of crsync asks for another, some only when they need it.
function require(name) -- luacheck: ignore 121
  local found, module = pcall(load_module, name)
  if found and module ~= true then return module end
  local problem = found and ("module '%s' is empty"):format(name) or module
  -- crsync itself knows best why its core can't be loaded.
  if name:find "^crsync" and name ~= "crsync.core" then broken(tostring(problem)) end
  error(problem, 0)
end

require "crsync"
require "crsync.core".heed_sigterm()
os.exit(require "crsync.cli".run(arg), true)
