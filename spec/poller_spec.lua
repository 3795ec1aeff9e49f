-- core.poller: which descriptors are ready.

local core = require "crsync.core"
local socket = require "socket"

local function pair()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local client = assert(socket.connect("127.0.0.1", (select(2, listener:getsockname()))))
  local server = assert(listener:accept())
  listener:close()
  return client, server
end

describe("a poller", function()
  it("tells what can be read and written, and forgets", function()
    local poller, client, server = core.poller(), pair()
    finally(function()
      poller:close()
      client:close()
      server:close()
    end)
    poller:watch(server:getfd(), "r")
    assert.same({}, poller:wait(0))
    client:send "x"
    assert.same({ server:getfd() }, poller:wait(1))
    poller:watch(server:getfd(), "w")
    assert.same({ server:getfd() }, poller:wait(1))
    poller:watch(server:getfd(), nil)
    assert.same({}, poller:wait(0.01))
    assert.is_number(poller:pollfd())
  end)

  it("comes back from a long wait, so that a signal's hook gets its turn", function()
    local poller = core.poller()
    finally(function() poller:close() end)
    assert.same({}, poller:wait(3600))
  end)

  it("says what it cannot wait for, and that it is closed", function()
    local poller = core.poller()
    assert.has_error(function() poller:watch(9999, "r") end, "cannot wait for 9999: Bad file descriptor")
    poller:close()
    poller:close()
    assert.has_error(function() poller:wait(0) end, "poller is closed")
  end)
end)
