-- Where undeclared globals are errors, as in Prosody, Tarantool's debug mode and Penlight's strict: crsync works, and
-- neither reads nor sets one. In the Lua that the suite runs in.

local child = require "spec.support.child"
local files = require "spec.support.files"
local sandbox = require "crsync.sandbox"

-- Other people's modules may be less strict: they come before.
local SCRIPT = [[
for _, name in ipairs { "argparse", "cjson", "socket", "ssl", "copas", "cqueues", "luv", "lgi", "luaevent" } do
  pcall(require, name)
end
setmetatable(_G, {
  __index = function(_, name) error("undeclared global read: " .. tostring(name), 2) end,
  __newindex = function(_, name) error("undeclared global set: " .. tostring(name), 2) end,
})
local URL, SCENARIO, MODULES = %q, %q, %q
local crsync = require "crsync"
local function try(what, f, ...)
  local ok, problem = pcall(f, ...)
  problem = tostring(problem)
  -- An adapter's own loop may not be installed.
  if not ok and not problem:find "module '[^']+' not found" then print(what .. ": " .. problem) end
end
for name in MODULES:gmatch "%%S+" do try(name, require, name) end
local client = assert(crsync.new { endpoint = URL, access_key_id = "SandboxAccessKey",
  access_key_secret = "sandbox-secret", proxy = "" })
local function command(...)
  local words = { ... }
  local stdout, output = io.stdout, io.tmpfile()
  try(table.concat(words, " "), function()
    io.stdout = output
    local status = require "crsync.cli".run(words)
    io.stdout = stdout
    assert(status == 0, "status " .. tostring(status))
  end)
  io.stdout = stdout
end
try("an id that is not ASCII", function() client:get_task("cri-sandbox", "rst-é") end)
try("list_tasks", function() assert(client:list_tasks("cri-sandbox")) end)
try("wait", function()
  assert(client:wait("cri-sandbox", "rst-small", { interval = 0.1, on_progress = function() end }))
end)
try("get_tasks", function() client:get_tasks("cri-sandbox", { "rst-small", "rst-web-eu" }) end)
try("a profile", function() crsync.new { profile = "nobody" } end)
try("keys that are asked for", function()
  local asked = crsync.new { endpoint = URL, proxy = "", credentials = function() return nil, "none" end }
  assert(asked:get_task("a", "b") == nil)
end)
try("to_json", function() crsync.to_json { a = "é\255", b = { 1, 2 } } end)
try("format", function() crsync.format { SyncTaskId = "é", TaskStatus = "SUCCESS" } end)
try("lua_source", function() require "crsync.print.lua_source".of { a = "é\255" } end)
try("report", function() crsync.report((client:list_tasks("cri-sandbox"))) end)
try("a scenario", function() assert(require "crsync.sandbox.scenario".read(SCENARIO)) end)
command("get", "cri-sandbox", "rst-small", "--endpoint", URL)
command("list", "cri-sandbox", "-o", "csv", "--endpoint", URL)
command("wait", "cri-sandbox", "rst-small", "--endpoint", URL)
command("report", "cri-sandbox", "-o", "html", "--endpoint", URL)
command("completion", "bash")
command("--help")
command("sandbox", "--check", SCENARIO)
print "done"
]]

local function modules()
  local names = {}
  for path in io.popen("cd lua && find crsync -name '*.lua'"):lines() do
    local name = path:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    if name ~= "crsync.bin" and name ~= "crsync.types" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

describe("undeclared globals", function()
  it("are neither read nor set", function()
    local server = assert(sandbox.start { speed = 20, lua = os.getenv "LUA" or "lua5.4" })
    local scenario = os.tmpname()
    finally(function()
      server:stop()
      os.remove(scenario)
    end)
    files.write(scenario, "return { tasks = { { id = 'rst-1' } } }")
    local keys = "ALIBABA_CLOUD_ACCESS_KEY_ID=SandboxAccessKey ALIBABA_CLOUD_ACCESS_KEY_SECRET=sandbox-secret"
      .. " NO_PROXY=127.0.0.1"
    local names = modules()
    assert.is_true(#names > 80)
    local output = child.run(SCRIPT:format(server:url(), scenario, table.concat(names, " ")), keys .. " 2>/dev/null")
    assert.equal("done\n", output)
  end)
end)
