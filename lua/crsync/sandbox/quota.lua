--- Quotas: how many calls the scenario allows in a time, told in the headers that the gateway has for it.

local refusals = require "crsync.sandbox.refusals"

local Quota = {}
Quota.__index = Quota

local quota = {}

--- The quotas of a scenario.
---@param rows table[]  { calls, seconds, action, code, status }
function quota.new(rows)
  return setmetatable({ rows = rows, windows = {} }, Quota)
end

local function window_at(self, i, row, now)
  local window = self.windows[i]
  if not window or now >= window.ends then
    window = { ends = now + (row.seconds or 1), used = 0 }
    self.windows[i] = window
  end
  return window
end

--- Counts a call.
---@param action string|nil
---@param now number  seconds
---@return string[][] headers  to be sent with the answer
---@return crsync.sandbox.Refusal|nil  if it was one too many
function Quota:count(action, now)
  local headers, refusal = {}, nil
  for i, row in ipairs(self.rows) do
    if not row.action or row.action == action then
      local window = window_at(self, i, row, now)
      window.used = window.used + 1
      local left = math.max(0, math.ceil((window.ends - now) * 1000))
      headers[#headers + 1] = { row.action and "X-RateLimit-User-API" or "X-RateLimit-User",
        ("Limit:%d,Remain:%d,TimeLeft:%d,Reset:%d"):format(row.calls, math.max(0, row.calls - window.used), left,
          os.time() + math.ceil(left / 1000)) }
      if window.used > row.calls then
        local code = row.code or row.action and "Throttling.Api" or "Throttling.User"
        refusal = refusal or refusals.of(code, nil, row.status)
      end
    end
  end
  return headers, refusal
end

return quota
