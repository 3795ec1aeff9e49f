--- `crsync sandbox`: runs the local endpoint until it is interrupted.

local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"

local function run(given)
  local sandbox = require "crsync.sandbox" -- a program of its own, which other commands do without
  local _, problem = sandbox.run(given, function(s)
    io.stdout:write(s)
    io.stdout:flush()
  end)
  return exit.with(exit_status.CONFIGURATION, "crsync: " .. problem)
end

return {
  name = "sandbox",
  about = "runs a local endpoint to try things with",
  options = {
    { name = "--port", value = "N", type = "port", about = "8787 unless given; 0 for any" },
    { name = "--scenario", value = "FILE", type = "file", about = "what to play" },
    { name = "--tls-cert", value = "FILE", type = "file", about = "certificate for HTTPS" },
    { name = "--tls-key", value = "FILE", type = "file", about = "and its key" },
    { name = "--speed", value = "X", type = "speed", about = "how much faster than the clock" },
  },
  without_client = true,
  run = run,
}
