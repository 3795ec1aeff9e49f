--- Endpoints: what a person writes becoming scheme, host and port; the region's own hosts.

local environment = require "crsync.util.environment"
local errors = require "crsync.error"

local endpoint = {}

local function bad(given, source, why)
  return nil, errors.config("the endpoint %q (%s) %s; it should be host, host:port or a URL without a path",
    given, source, why)
end

local function split_port(rest)
  local host, port = rest:match("^(%[[%x:.]+%]):(%d+)$")
  if not host then host, port = rest:match("^([^:%[%]]+):(%d+)$") end
  if host then return host, tonumber(port) end
  if rest:match("^%[[%x:.]+%]$") or rest:match("^[^:%[%]]+$") then return rest end
  return nil
end

--- Checks an endpoint and gives it its scheme; https unless http:// is spelled out.
---@param given string
---@param source string  where it comes from, for the error
---@return string? url  scheme, host and port
---@return crsync.ErrorOrNil err
function endpoint.parse(given, source)
  local scheme, rest = given:match("^(%a[%w+.-]*)://(.*)$")
  scheme, rest = environment.lower(scheme or "https"), rest or given
  if scheme ~= "https" and scheme ~= "http" then return bad(given, source, "is neither http nor https") end
  if rest:find("@", 1, true) then -- not quoted: what stands before the @ may be a secret
    return nil, errors.config("the endpoint (%s) holds a user name or password, which have no place there", source)
  end
  rest = rest:gsub("/$", "")
  if rest:find("[/?#]") then return bad(given, source, "has a path or a query") end
  if rest:find("[^%w.:%[%]_-]") then return bad(given, source, "holds a character that no host name has") end
  if select(2, rest:gsub(":", "")) > 1 and not rest:find("[", 1, true) then
    return bad(given, source, "looks like an IPv6 address, which belongs in brackets")
  end
  local host, port = split_port(rest)
  if not host then return bad(given, source, "has no proper host or port") end
  if port and (port < 1 or port > 65535) then return bad(given, source, "has an impossible port") end
  return scheme .. "://" .. rest, nil
end

local HOSTS = { public = "https://cr.%s.aliyuncs.com", vpc = "https://cr-vpc.%s.aliyuncs.com" }

--- Whether there is such a network: "public" or "vpc".
---@param name any
---@return boolean
function endpoint.is_network(name) return HOSTS[name] ~= nil end

--- The service's endpoint in a region.
---@param region string
---@param network? string
---@return string? url
---@return crsync.ErrorOrNil err
function endpoint.of_region(region, network)
  if not region:find("^%w[%w-]*$") then
    return nil, errors.config("%q is not a region id, such as cn-hangzhou", region)
  end
  return HOSTS[network or "public"]:format(region), nil
end

return endpoint
