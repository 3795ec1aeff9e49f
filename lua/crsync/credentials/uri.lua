--- Keys from a URL that returns them.
--- https, or http where it cannot be overheard: this machine and its link. Of the URL only the host is ever shown.

local http = require "crsync.credentials.http"
local keys = require "crsync.credentials.keys"

local uri = {}

local POLICY = { max_attempts = 2, base_delay = 0.5, max_delay = 2 }
local RECHECK = 900 -- where the response doesn't say how long the keys hold

local function judge(response)
  if response.status == 200 then return nil end
  local passing = response.status >= 500 or response.status == 429
  return { kind = passing and "server" or "client", retryable = passing,
    message = "it answered with HTTP " .. response.status }
end

local function read(response)
  local fields, reason = keys.object(response.body)
  if not fields then return nil, "its response is not JSON: " .. reason end
  if fields.Code ~= nil and fields.Code ~= "Success" then return nil, "its response has a Code other than Success" end
  local set = keys.from_camel(fields)
  if (set.security_token == nil) ~= (set.expiration == nil) then
    return nil, "its response should have SecurityToken and Expiration both or neither"
  end
  if not set.expiration then set.recheck = RECHECK end
  set.clock_difference = response.clock_difference
  return set
end

--- Asks for keys.
---@param context crsync.FetchContext
---@param url string
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function uri.ask(context, url)
  local problem = http.problem(url)
  if problem then return nil, problem end
  local response, failure = http.repeated(context, POLICY, function()
    return { url = url, timeout = 10, connect_timeout = 5, direct = http.is_near(url) }
  end, judge)
  if not response then return nil, failure end
  return read(response)
end

return uri
