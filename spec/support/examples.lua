-- Example answers as crsync decodes them, without a network.

local core = require "crsync.core"
local files = require "spec.support.files"
local operations = require "crsync.operations"

local examples = {}

local engine = core.new { endpoint = "https://example", access_key_id = "id", access_key_secret = "secret" }

--- The text of spec/examples/NAME.json.
function examples.read(name) return files.read("spec/examples/" .. name .. ".json") end

--- The names of all examples of a task.
function examples.names()
  local names = {}
  for name in io.popen "ls spec/examples":lines() do
    if name:find "^get%." or name:find "^ok%.GetRepoSyncTask" then names[#names + 1] = name:match "^(.*)%.json$" end
  end
  return names
end

--- The decoded task of that name, or of a body.
function examples.task(name, body)
  return assert(engine:receive(operations.GetRepoSyncTask, {}, 200, {}, body or examples.read(name)))
end

return examples
