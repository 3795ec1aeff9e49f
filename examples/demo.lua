-- What `make demo` shows, without an account: `crsync sandbox` plays the service on this machine over real HTTP and
-- verifies each signature. A push of a three-layer image to two regions, one of which fails, watched to the end.

local crsync = require "crsync"
local lua_source = require "crsync.print.lua_source"

local LUA = os.getenv "LUA" or "lua5.4"

-- Starts the sandbox; returns what it says must be exported, and its process id.
local function start_sandbox()
  local pipe = io.popen(LUA .. " lua/crsync/bin.lua sandbox --port 0 --speed 3 & echo \"export PID=$!\"; wait", "r")
  local exports, lines = {}, 0
  for line in pipe:lines() do
    local name, value = line:match "^export (%S-)=(.*)$"
    if name then exports[name], lines = value, lines + 1 end
    if lines == 5 then break end
  end
  return exports, pipe
end

local exports, pipe = start_sandbox()
local client = assert(crsync.new {
  endpoint = exports.ALIBABA_CLOUD_ENDPOINT,
  access_key_id = exports.ALIBABA_CLOUD_ACCESS_KEY_ID,
  access_key_secret = exports.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
  proxy = "",
})

local function heading(...) print("\n>> " .. string.format(...) .. "\n") end

print("A sandbox plays the service at " .. exports.ALIBABA_CLOUD_ENDPOINT .. ".")

heading 'client:get_task("cri-sandbox", "rst-small"), as a report'
local task = assert(client:get_task("cri-sandbox", "rst-small"))
print(crsync.format(task))

heading "the same as nested Lua tables"
print("task = " .. lua_source.of(task))

heading "a push to two regions, watched to the end: crsync wait cri-sandbox rst-web-eu rst-web-us"
local environment = {}
for name, value in pairs(exports) do environment[#environment + 1] = name .. "=" .. value end
table.sort(environment)
os.execute(("env %s NO_PROXY=127.0.0.1 %s lua/crsync/bin.lua wait cri-sandbox rst-web-eu rst-web-us --interval 0.4"
  .. " --max-interval 0.4"):format(table.concat(environment, " "), LUA))

heading "what is there now: crsync list cri-sandbox"
os.execute(("env %s NO_PROXY=127.0.0.1 %s lua/crsync/bin.lua list cri-sandbox"):format(
  table.concat(environment, " "), LUA))

client:close()
os.execute("kill " .. exports.PID)
pipe:close()
