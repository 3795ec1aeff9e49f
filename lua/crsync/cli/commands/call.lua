--- `crsync call`: any operation of the service.

local arguments = require "crsync.cli.arguments"
local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local json = require "crsync.print.json"
local output = require "crsync.cli.output"

local function run(given, client)
  local response = exit.unless(client:call(given.action, arguments.parameters(given.parameter),
    { method = given.method }))
  local function write()
    output.write(given, response, function(value) return json.encode(value, { indent = 2 }) end)
  end
  if given.action:find "^Get" or given.action:find "^List" then
    write()
  else -- it may have made something, whose id the response alone tells
    output.write_or_tell(write, function() return given.action .. " was done: " .. json.encode(response) end)
  end
  return exit_status.DONE
end

return {
  name = "call",
  about = "Call any operation of the service",
  arguments = {
    { name = "action", value = "OPERATION", completes = "operations",
      about = "Name of the operation, such as ListInstance" },
    { name = "parameter", value = "NAME=VALUE", many = "*", completes = "parameters", about = "Its parameters" },
  },
  options = {
    { name = "--method", choices = { "GET", "POST" },
      shown_default = "POST, or GET for operations that are known to take nothing else", about = "HTTP method" },
  },
  examples = { "crsync call ListInstance", "crsync call GetRepoSyncTask InstanceId=cri-sandbox SyncTaskId=rst-small" },
  results = { { fields = { "RequestId", "…" } } },
  run = run,
}
