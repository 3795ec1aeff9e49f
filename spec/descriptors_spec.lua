-- A process that has too many files open: it is said as such, whatever could not be opened.

local child = require "spec.support.child"
local endpoint = require "spec.support.endpoint"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)

-- Runs a script that may call hold(n): n descriptors are left then.
local function run(script)
  return child.run([[
    local crsync, core = require "crsync", require "crsync.core"
    require "crsync.credentials.external"
    local URL = ]] .. ("%q"):format(server.url) .. [[

    local function options(more)
      more.endpoint, more.proxy, more.retry, more.deadline = more.endpoint or URL, "", false, 5
      more.access_key_id, more.access_key_secret = "AK", more.credentials == nil and "SK" or nil
      return more
    end
    local held = {}
    local function hold(left)
      while true do
        local file = io.open("/dev/null")
        if not file then break end
        held[#held + 1] = file
      end
      for _ = 1, left do table.remove(held):close() end
    end
    local function told(err) print(err.kind, err.retryable, tostring(err)) end
    ]] .. script, "ulimit -n 60;")
end

local HINT = "Hint: raise the limit (ulimit -n)"

local function assert_told(kind, retryable, output)
  assert.equal(kind .. "\t" .. tostring(retryable), output:match "^%w+\t%w+", output)
  assert.truthy(output:find("too many open files", 1, true) and output:find(HINT, 1, true), output)
end

describe("too many open files", function()
  it("are told by a call that cannot connect, look a name up, or read certificates", function()
    for _, url in ipairs { server.url, "http://name.invalid", "https://127.0.0.1:1" } do
      assert_told("network", true, run(([[
        local client = assert(crsync.new(options { endpoint = %q }))
        hold(0)
        told(select(2, client:get_task("cri-1", "rst-1")))]]):format(url)))
    end
  end)

  it("are told by a client that cannot be made", function()
    assert_told("network", true, run [[hold(0) told(select(2, crsync.new(options {})))]])
    assert_told("config", false, run [[hold(0) told(select(2, crsync.new(options { ca_file = "Makefile" })))]])
    assert_told("credentials", true, run [[
      hold(0) told(select(2, crsync.new { region = "r", profile = "p" }))]])
  end)

  it("are told where keys come from a file or a program", function()
    assert.equal("nil\ttoo many open files in this process\ttrue\n", run [[
      hold(0) print(core.read_file "Makefile")]])
    assert.equal("nil\ttoo many open files in this process\n", run [[hold(2) print(core.spawn { "true" })]])
  end)

  it("are told by the sandbox", function()
    local output = run [[
      local sandbox = require "crsync.sandbox"
      require "crsync.sandbox.server"
      for left = 0, 1 do
        hold(left)
        print(sandbox.run({ port = 0 }, print))
        while held[1] do table.remove(held):close() end
      end]]
    local _, count = output:lower():gsub("nil\t[^\n]*too many open files", "")
    assert.equal(2, count, output)
  end)

  it("are told by a copas loop's timer", function()
    assert.truthy(run([[hold(0) print(pcall(core.timer, 1))]]):find "^false\tno timer can be made: too many open files")
  end)
end)
