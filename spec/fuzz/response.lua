-- Bodies of answers, with any status: never an error raised, never a secret told, and what is decoded is written and
-- read back the same.

local core = require "crsync.core"
local json = require "crsync.print.json"
local operations = require "crsync.operations"
local same = require "spec.fuzz.same"

local SECRET = "TheSecretOfTheFuzzer"
local engine = core.new { endpoint = "https://h", access_key_id = "id", access_key_secret = SECRET }
local STATUS = { 200, 400, 403, 404, 429, 500, 503, 302 }

return function(data)
  local status = STATUS[(data:byte(1) or 0) % #STATUS + 1]
  local task, err = engine:receive(operations.GetRepoSyncTask, {}, status, {}, data:sub(2))
  if not task then
    assert(type(err.kind) == "string" and not tostring(err.message):find(SECRET, 1, true))
    return
  end
  local written = json.encode(task)
  local again = assert(core.decode(written))
  assert(same(task, again), written)
end
