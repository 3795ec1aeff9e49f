-- Example answers as crsync decodes them, without a network.

local core = require "crsync.core"
local operations = require "crsync.operations"

local examples = {}

local engine = core.new { endpoint = "https://example", access_key_id = "id", access_key_secret = "secret" }

--- The text of spec/examples/NAME.json.
function examples.read(name)
  local file = assert(io.open("spec/examples/" .. name .. ".json", "rb"))
  local body = file:read "a"
  file:close()
  return body
end

--- The decoded task of that name, or of a body.
function examples.task(name, body)
  return assert(engine:answer(operations.GetRepoSyncTask, {}, 200, {}, body or examples.read(name)))
end

return examples
