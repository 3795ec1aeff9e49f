--- Keys from a URL that answers with them, ALIBABA_CLOUD_CREDENTIALS_URI.
--- https, or http where it cannot be overheard: this machine and its link. Of the URL only the host is ever shown.

local environment = require "crsync.util.environment"
local http = require "crsync.credentials.http"
local keys = require "crsync.credentials.keys"

local uri = {}

local POLICY = { max_attempts = 2, base_delay = 0.5, max_delay = 2 }
local RECHECK = 900 -- where the answer doesn't say how long the keys hold

--- Whether plain HTTP to the URL's host stays on this machine or its link.
---@param url string
---@return boolean
function uri.is_near(url)
  local name = environment.lower((http.host(url):gsub(":%d*$", "")))
  if name == "localhost" or name == "[::1]" or name == "100.100.100.200" then return true end
  if name:find "^%[fe[89ab]%x:[%x:]+%]$" then return true end
  local a, b = name:match "^(%d+)%.(%d+)%.%d+%.%d+$"
  return a == "127" or a == "169" and b == "254"
end

local function judge(response)
  if response.status == 200 then return nil end
  local passing = response.status >= 500 or response.status == 429
  return { kind = passing and "server" or "client", retryable = passing,
    message = "it answered with HTTP " .. response.status }
end

local function read(response)
  local fields, reason = keys.object(response.body)
  if not fields then return nil, "its answer is not JSON: " .. reason end
  if fields.Code ~= nil and fields.Code ~= "Success" then return nil, "its answer has a Code other than Success" end
  local set = keys.from_camel(fields)
  if (set.security_token == nil) ~= (set.expiration == nil) then
    return nil, "its answer should have SecurityToken and Expiration both or neither"
  end
  if not set.expiration then set.recheck = RECHECK end
  set.clock_difference = response.clock_difference
  return set
end

--- What is wrong with such a URL; nil when nothing is.
---@param url string
---@return string|nil
function uri.problem(url)
  local scheme = url:match "^(%a+)://[^/?#]"
  scheme = scheme and environment.lower(scheme)
  if url:find "[%c%s]" or (scheme ~= "http" and scheme ~= "https") then return "it is no http or https URL" end
  if scheme == "http" and not uri.is_near(url) then
    return "keys are fetched over http from this machine or its link only; use https"
  end
  return nil
end

--- Asks for keys.
---@param context crsync.FetchContext
---@param url string
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function uri.ask(context, url)
  local problem = uri.problem(url)
  if problem then return nil, problem end
  local response, failure = http.repeated(context, POLICY, function()
    return { url = url, timeout = 10, connect_timeout = 5, direct = uri.is_near(url) }
  end, judge)
  if not response then return nil, failure end
  return read(response)
end

return uri
