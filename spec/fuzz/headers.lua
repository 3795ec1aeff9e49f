-- What a response's headers say about time, and XML and pages in place of JSON.

local core = require "crsync.core"

local engine = core.new { endpoint = "https://h", access_key_id = "id", access_key_secret = "TheSecretOfTheFuzzer" }
local OPERATION = { action = "GetRepoSyncTask", version = "1", response = {} }
local NAMES = { "date", "retry-after", "x-acs-retry-after", "x-ratelimit-user-api", "x-ratelimit-user",
  "x-acs-request-id", "location", "content-type" }

return function(data)
  local headers, parts = {}, {}
  for part in (data .. "\n"):gmatch "(.-)\n" do parts[#parts + 1] = part end
  for i, name in ipairs(NAMES) do headers[name] = parts[i] end
  local body = table.concat(parts, "\n", math.min(#NAMES + 1, #parts))
  for _, status in ipairs { 200, 302, 403, 429, 503 } do
    local _, err = engine:receive(OPERATION, {}, status, headers, body)
    if err then
      assert(err.retry_after == nil or err.retry_after >= 0 and err.retry_after <= 86400, err.retry_after)
      assert(err.clock_difference == nil or math.type(err.clock_difference) == "integer")
    end
  end
end
