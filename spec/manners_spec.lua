-- crsync as a guest: what it leaves as it was in its host's process, and how it gets on with little.

local child = require "spec.support.child"
local endpoint = require "spec.support.endpoint"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

-- A script with `client` and `get` at hand; what stands before "--" runs before crsync is loaded.
local function run(script, prefix)
  local before, after = script:match "^(.-)\n *%-%-\n(.*)$"
  local whole = ([[%s
    local crsync = require "crsync"
    local options = { endpoint = "%s", access_key_id = "%s", access_key_secret = "%s", proxy = "", retry = false }
    local client = assert(crsync.new(options))
    local function get(c) return (c or client):get_task("cri-1", "rst-1") end
    %s]]):format(before or "", server.url, server.access_key_id, server.access_key_secret, after or script)
  return child.run(whole, prefix)
end

describe("the host's", function()
  it("global variables stay those that it has", function()
    assert.equal("none\n", run [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      --
      assert(get())
      local new = {}
      for name in pairs(_G) do new[#new + 1] = not before[name] and tostring(name) or nil end
      print(new[1] or "none")]])
  end)

  it("signal handlers and mask stay as they are, with a program run for keys too", function()
    assert.equal("same\n", run [[
      local function signals()
        local file = assert(io.open "/proc/self/status")
        local lines = {}
        for line in file:lines() do
          if line:find "^Sig[BIC]" then lines[#lines + 1] = line end
        end
        file:close()
        return table.concat(lines, " ")
      end
      local before = signals()
      --
      assert(get())
      local program = require "crsync.core".spawn { "true" }
      repeat require "crsync.core".sleep(0.01) until program:poll()
      client:close()
      print(signals() == before and "same" or before .. " and " .. signals())]])
  end)

  it("streams keep their place and their buffers", function()
    assert.equal("ab", run [[
      io.write "a"
      assert(get())
      io.write "b"]])
  end)
end)

describe("descriptors", function()
  it("beyond 1024 are as good as any", function()
    assert.equal("true\trst-1\n", run([[
      local held = {}
      for i = 1, 1100 do held[i] = assert(io.open "/dev/null") end
      --
      local task = assert(get())
      print(client.core:pollfd() > 1024, task.SyncTaskId)]], "ulimit -n 4096;"))
  end)

  it("that have run out are told so, and once there are some again all works", function()
    local output = run([[
      assert(get())
      local held, file = {}, nil
      local function take_all()
        repeat
          file = io.open "/dev/null"
          held[#held + 1] = file
        until not file
      end
      take_all()
      local other, err = crsync.new(options)
      print(other, err and err.kind)
      client:close()
      for _, file in ipairs(held) do file:close() end
      client = assert(crsync.new(options))
      held = {}
      take_all()
      local task, problem = get()
      print(task, problem.kind)
      print(require "crsync.core".spawn { "true" })
      for _, file in ipairs(held) do file:close() end
      print(assert(get()).SyncTaskId)]], "ulimit -n 64;")
    assert.equal("nil\tnetwork\nnil\tnetwork\nnil\ttoo many open files in this process\nrst-1\n", output)
  end)

  it("are few, and all given back", function()
    assert.equal("few\tback\n", run [[
      local function count()
        local n, pipe = 0, io.popen "ls /proc/$PPID/fd"
        for _ in pipe:lines() do n = n + 1 end
        pipe:close()
        return n
      end
      local before = count()
      --
      assert(get())
      local during = count()
      client:close()
      collectgarbage()
      collectgarbage()
      print(during - before <= 12 and "few" or during - before, count() == before and "back" or count() - before)]])
  end)
end)

describe("a locale", function()
  it("in which I and i are no pair does not matter", function()
    server:answer { status = 403, body = '{"Code":"NoPrivilege","Message":"INSTANCE"}',
      headers = { ["X-ACS-REQUEST-ID"] = "from the header", ["RETRY-AFTER"] = "7" } }
    server:answer { body = '{"TaskStatus":"PENDING","ISSUCCESS":true,"IsSuccess":"TRUE","CrossUser":"FALSE",'
      .. '"Progress":0.5}' }
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute(("mkdir '%s' && env -u LD_PRELOAD localedef -i tr_TR -f ISO-8859-9 '%s/tr_TR' >/dev/null 2>&1")
      :format(folder, folder)))
    local output = run([[
      assert(os.setlocale "tr_TR")
      --
      local _, err = get()
      print(err.request_id, err.retry_after == 7)
      local task = assert(get())
      print(task.CrossUser, task.Progress == 0.5, crsync.to_json { task.Progress })]],
      "ASAN_OPTIONS=detect_leaks=0 LOCPATH='" .. folder .. "'")
    os.execute("rm -rf '" .. folder .. "'")
    assert.equal("from the header\ttrue\nfalse\ttrue\t[0.5]\n", output)
  end)
end)
