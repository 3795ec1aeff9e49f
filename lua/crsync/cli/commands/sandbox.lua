--- `crsync sandbox`: runs the local endpoint until it is interrupted, or checks a scenario file.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"

local function check(sandbox, path)
  local summary, problem = sandbox.check(path)
  if not summary then return exit.with(exit_status.CONFIGURATION, "crsync: " .. problem) end
  output.put(summary .. "\n")
  return exit_status.DONE
end

local function run(given)
  if (given.tls_cert == nil) ~= (given.tls_key == nil) then exit.misused "--tls-cert and --tls-key belong together" end
  local sandbox = require "crsync.sandbox" -- a program of its own, which other commands do without
  if given.check then return check(sandbox, given.check) end
  local _, problem = sandbox.run(given, output.put)
  return exit.with(exit_status.CONFIGURATION, "crsync: " .. problem)
end

return {
  name = "sandbox",
  about = "Run a local endpoint to try things without an account",
  options = {
    { name = "--port", value = "N", type = "port", shown_default = arguments.default_of_sandbox "port",
      about = "Port to listen on; 0 takes any free one" },
    { name = "--listen", value = "ADDRESS", shown_default = arguments.default_of_sandbox "listen",
      about = "Address to listen on; without it this machine alone reaches it" },
    { name = "--scenario", value = "FILE", type = "file",
      about = "File that says which tasks there are and what happens to them" },
    { name = "--check", value = "FILE", type = "file", about = "Read a scenario file and say what is wrong with it" },
    { name = "--tls-cert", value = "FILE", type = "file", about = "Certificate, for HTTPS" },
    { name = "--tls-key", value = "FILE", type = "file", about = "Private key of the certificate" },
    { name = "--speed", value = "X", type = "speed", shown_default = arguments.default_of_sandbox "speed",
      about = "How many times faster than real time tasks move" },
  },
  usage = { "", "--check FILE" },
  examples = { "crsync sandbox --port 0 --speed 5" },
  without_client = true,
  without_common = true,
  run = run,
}
