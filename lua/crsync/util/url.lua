--- URLs as text: which part of one may be shown, and percent-encoding.

local url = {}

--- Host and port of a URL: what of it may be shown. Never a user name, a password, a path or a query.
---@param s string
---@return string
function url.host(s) return (s:match "^%a[%w+.-]*://([^/?#]*)" or s:match "^[^/?#]*"):gsub("^.*@", "") end

--- Host and port of a proxy's URL; nil where it is malformed. A password in it may hold what should be encoded and is
--- not: then nobody can tell what of it is host and what password.
---@param s string
---@return string|nil
function url.proxy_host(s)
  local rest = s:gsub("^%a[%w+.-]*://", "")
  local user, host = rest:match "^(.*)@(.*)$"
  if user and user:find "[/?#@%s]" then return nil end
  host = (host or rest):gsub("[/?#].*$", "")
  if host:find "^[%w._-]+:?%d*$" or host:find "^%[[%x:.]+%]:?%d*$" then return host end
  return nil
end

--- Host and port of a URL that keys come from; nil where a password in it makes unclear what of it is the host.
---@param s string
---@return string|nil
function url.safe_host(s)
  if s:find("@", 1, true) then return url.proxy_host(s) end
  return url.host(s)
end

--- Percent-encoding with the unreserved characters of RFC 3986.
---@param s string
---@return string
function url.encode(s)
  return (s:gsub("[^A-Za-z0-9_.~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

return url
