-- Bodies of errors: JSON, XML, a gateway's page. They become an error in one printable line that tells its kind, and
-- the secret that a byte 1 stands for is never in it.

local core = require "crsync.core"
local errors = require "crsync.error"
local operations = require "crsync.operations"
local text = require "crsync.util.text"

local KEY, SECRET, TOKEN = "IdOfTheFuzzer", "TheSecret/OfThe+Fuzzer=", "TheToken/OfThe+Fuzzer=="
local HIDDEN = { SECRET, "TheSecret%2FOfThe%2BFuzzer%3D", TOKEN }
local STATUS = { 400, 401, 403, 404, 407, 429, 500, 503 }
local TYPES = { "application/json;charset=utf-8", "text/xml", "text/html", "" }
local HASH = ("0123456789abcdef"):rep(4)

local engine = core.new { endpoint = "https://h", access_key_id = KEY, access_key_secret = SECRET,
  security_token = TOKEN }

return function(data)
  local status, kind = STATUS[(data:byte(1) or 0) % #STATUS + 1], TYPES[(data:byte(2) or 0) % #TYPES + 1]
  local body = data:sub(3):gsub("\1(.?)", function(which) return HIDDEN[(which:byte() or 0) % #HIDDEN + 1] end)
  local headers = { ["content-type"] = kind, ["x-acs-request-id"] = "r-1", date = "Wed, 21 Oct 2026 07:28:00 GMT" }
  local task, err = engine:receive(operations.GetRepoSyncTask, { request_hash = HASH }, status, headers, body)
  assert(task == nil and type(err.kind) == "string" and err.status == status)
  err.action = "GetRepoSyncTask"
  local line = tostring(errors.new(err))
  assert(not line:find "%c" and not text.invalid_at(line), line)
  for name, value in pairs(err) do
    for _, hidden in ipairs(HIDDEN) do assert(not tostring(value):find(hidden, 1, true), name) end
  end
  for _, hidden in ipairs(HIDDEN) do assert(not line:find(hidden, 1, true), line) end
end
