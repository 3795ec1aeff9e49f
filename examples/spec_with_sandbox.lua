-- A spec for a script of one's own, with a sandbox in the service's place. Here the script is wait_for_push.lua.
--
--   busted --lua=lua5.4 examples/spec_with_sandbox.lua
--
-- The sandbox is a process of its own on a free port. It ends with stop(), and with this process.

local sandbox = require "crsync.sandbox"

-- A push a second ago, by two rules; how its tasks go is said for each case. The same tag was pushed an hour before.
local function scenario(made)
  return {
    rules = {
      { id = "crsr-eu", to = "eu-west-1", namespace = "team" },
      { id = "crsr-us", to = "us-east-1", namespace = "team" },
    },
    push = { { at = -3600, repo = "team/web", tag = "1.0.0", batch = "older" },
      { at = -1, repo = "team/web", tag = "1.0.0", layers = { 31e6, 88e6 } } },
    made = made,
    tasks = {},
  }
end

local server

local function start(options) server = assert(sandbox.start(options)) end

-- Runs the script as CI would: with variables of the environment. Returns its exit status and what it wrote.
local function run()
  local words = { "SYNC_INTERVAL=0.05" } -- seconds between looks: the sandbox goes twenty times as fast
  for name, value in pairs(server:env()) do words[#words + 1] = ("%s='%s'"):format(name, value) end
  words[#words + 1] = os.getenv "LUA" or "lua5.4"
  local script = "examples/wait_for_push.lua cri-sandbox team/web 1.0.0 %d 2 2>&1; echo $?"
  words[#words + 1] = script:format(os.time() - 60)
  local pipe = io.popen(table.concat(words, " "))
  local output = pipe:read "*a"
  pipe:close()
  return tonumber(output:match "(%d+)\n$"), output
end

describe("wait_for_push", function()
  after_each(function() server:stop() end)

  it("is content when all regions have the image", function()
    start { speed = 20, scenario = scenario { { pending = 1 } } }
    local status, output = run()
    assert.equal(0, status, output)
    assert.truthy(output:find("2 of 2 syncs succeeded", 1, true), output)
  end)

  it("fails, and names the region that has not", function()
    start { speed = 20, scenario = scenario { { region = "us-east-1", fails_at = 0.5, issue = "NETWORK_ERROR" } } }
    local status, output = run()
    assert.equal(1, status, output)
    assert.truthy(output:find "FAILED to us%-east%-1: .*NETWORK_ERROR", output)
  end)

  it("asks for the push's tasks alone", function()
    start { speed = 20, scenario = scenario() }
    run()
    local first = server:requests()[1]
    assert.equal("ListRepoSyncTask", first.action)
    assert.same({ "team", "web", "1.0.0" }, { first.parameters.RepoNamespaceName, first.parameters.RepoName,
      first.parameters.Tag })
  end)

  it("goes on where the service throttles and connections break", function()
    local faulty = scenario()
    faulty.faults = { { action = "GetRepoSyncTask", every = 3, times = 6, code = "Throttling.User" },
      { action = "GetRepoSyncTask", after = 1, times = 1, reset = true } }
    start { speed = 20, scenario = faulty }
    assert.equal(0, (run()))
  end)
end)
