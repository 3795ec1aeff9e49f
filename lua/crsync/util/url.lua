--- URLs as text: which part of one may be shown, and percent-encoding.

local url = {}

--- Host and port of a URL: what of it may be shown. Never a user name, a password, a path or a query.
---@param s string
---@return string
function url.host(s) return (s:match "^%a[%w+.-]*://([^/?#]*)" or s:match "^[^/?#]*"):gsub("^.*@", "") end

--- A URL with its user name and password struck out.
---@param s string
---@return string
function url.without_user(s) return (s:gsub("//[^/]*@", "//***@"):gsub("^[^/]*@", "***@")) end

--- Percent-encoding with the unreserved characters of RFC 3986.
---@param s string
---@return string
function url.encode(s)
  return (s:gsub("[^A-Za-z0-9_.~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

return url
