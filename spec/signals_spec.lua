-- What the command does with signals, of which its process is the only owner.

local child = require "spec.support.child"
local core = require "crsync.core"
local files = require "spec.support.files"

describe("SIGTERM, once it is heeded,", function()
  it("interrupts the script, and can be told from Ctrl-C", function()
    assert.is_false(core.was_terminated())
    local output = child.run [[
      local core = require "crsync.core"
      core.heed_sigterm()
      print(pcall(function()
        io.popen("kill -TERM $PPID"):close()
        for _ = 1, 100 do core.sleep(0.1) end
      end))
      print(core.was_terminated())]]
    assert.truthy(output:find "^false\t[^\n]*interrupted!\ntrue\n$", output)
  end)

  it("ends the process at once where nobody hears an interrupt, and when it comes again", function()
    for _, act in ipairs {
      [[os.execute "kill -TERM $PPID; sleep 2"]], -- Lua ignores interrupts meanwhile
      [[pcall(function() io.popen("kill -TERM $PPID"):close() while true do core.sleep(0.1) end end)
        io.popen("kill -TERM $PPID"):close() core.sleep(0.2) core.sleep(0.2)]],
    } do
      local output = child.run([[local core = require "crsync.core" core.heed_sigterm() ]] .. act
        .. [[ print "went on"]])
      assert.equal("", output)
    end
  end)
end)

describe("without_sigpipe", function()
  it("gives an error instead of a signal, and passes errors on unchanged", function()
    local raised = {}
    assert.same({ false, raised }, { pcall(core.without_sigpipe, function() error(raised) end) })
    assert.equal("true\tBroken pipe\n", child.run [[
      local core = require "crsync.core"
      local pipe = io.popen("exec <&-; sleep 0.3", "w")
      core.sleep(0.15)
      local reason
      print(pcall(core.without_sigpipe, function()
        pipe:setvbuf "no"
        reason = select(2, pipe:write "x")
      end), reason)]])
  end)
end)

describe("the terminal", function()
  local script = [[local core = require "crsync.core" print(core.is_terminal(1), core.terminal_size())]]

  it("is known, and its size", function()
    local line = child.quoted("stty rows 7 cols 33; " .. child.command(script))
    local output = files.output_of("script -qec " .. line .. " /dev/null </dev/null")
    assert.equal("true\t7\t33", (output:gsub("\r?\n$", "")))
  end)

  it("may be none", function()
    assert.equal("false\t0\t0\n", child.run(script, "setsid -w env"))
  end)
end)
