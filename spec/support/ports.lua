-- Ports of this machine.

local socket = require "socket"

local ports = {}

--- One on which nobody listens, at the moment.
function ports.free()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return port
end

return ports
