-- What `make demo` shows, without an account: `crsync sandbox` plays the service on this machine over real HTTP and
-- verifies each signature. A push of a three-layer image to two regions, one of which fails, watched to the end.

local crsync = require "crsync"
local lua_source = require "crsync.print.lua_source"
local sandbox = require "crsync.sandbox"

local server = assert(sandbox.start { speed = 3 }) -- it ends with this process, however that ends
local client = assert(crsync.new(server:options()))

local function heading(...) print("\n>> " .. string.format(...) .. "\n") end

-- Runs the command of this tree as a user would, with what the sandbox says to export.
local function run(words, more)
  heading("%s: crsync %s", more, words)
  local line = { "env" }
  for name, value in pairs(server:env()) do line[#line + 1] = name .. "=" .. value end
  line[#line + 1] = os.getenv "LUA" or "lua5.4"
  line[#line + 1] = "lua/crsync/bin.lua " .. words
  io.stdout:flush()
  os.execute(table.concat(line, " "))
end

print("A sandbox plays the service at " .. server:url() .. ".")

heading 'client:get_task("cri-sandbox", "rst-small"), as a report'
local task = assert(client:get_task("cri-sandbox", "rst-small"))
print(crsync.format(task))

heading "the same as nested Lua tables"
print("task = " .. lua_source.of(task))

run("wait cri-sandbox rst-web-eu rst-web-us --interval 0.4 --max-interval 0.4", "a push to two regions, to its end")
run("list cri-sandbox", "what is there now")

client:close()
server:stop()
