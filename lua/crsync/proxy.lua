--- Which proxy a request goes through, by libcurl's rules, so that only one that is used is blamed. libcurl itself
--- decides; this tells people what it has decided, and never shows a password, whatever the URL looks like.
--- https://curl.se/libcurl/c/CURLOPT_PROXY.html, https://curl.se/libcurl/c/CURLOPT_NOPROXY.html

local core = require "crsync.core"
local environment = require "crsync.util.environment"
local url = require "crsync.util.url"
local variables = require "crsync.variables"

---@class crsync.Proxy
---@field host string|nil  host and port; nil for a URL that is malformed
---@field scheme string    "http" where the URL has none
---@field from string      the option or variable that names it
---@field has_user boolean whether there is a user name in it, and perhaps a password

local proxy = {}

-- ---- hosts without a proxy --------------------------------------------------------------------------------

local function ipv4(s)
  local a, b, c, d = s:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
  return a and ((tonumber(a) * 256 + tonumber(b)) * 256 + tonumber(c)) * 256 + tonumber(d)
end

-- A network such as 10.0.0.0/8.
local function is_in_network(address, entry)
  local network, bits = entry:match "^([%d.]+)/(%d+)$"
  local first = network and ipv4(network)
  if not address or not first or tonumber(bits) > 32 then return false end
  local size = 2 ^ (32 - tonumber(bits))
  return math.floor(address / size) == math.floor(first / size)
end

-- A name, or the end of one at a dot.
local function matches(host, entry)
  local name = entry:gsub("%.$", ""):gsub("^%.", "")
  if host == name then return true end
  return name ~= "" and not ipv4(host) and host:sub(-#name - 1) == "." .. name
end

local function entries_of(list)
  local entries = {}
  for entry in list:gmatch "[^,%s]+" do entries[#entries + 1] = environment.lower(entry) end
  return entries
end

local function bare_host(address)
  local host = environment.lower(url.host(address))
  return host:match "^%[(.*)%]" or host:gsub(":%d*$", "")
end

--- Whether NO_PROXY takes the URL's host out.
---@param address string
---@return boolean
function proxy.is_excepted(address)
  local list = variables.get "no_proxy"
  if not list then return false end
  local host = bare_host(address)
  for _, entry in ipairs(entries_of(list)) do
    if list == "*" or matches(host, entry) or is_in_network(ipv4(host), entry) then return true end
  end
  return false
end

--- Entries of NO_PROXY that look as if they meant something and that libcurl does not understand: `*.domain`,
--- `host:443`, a URL.
---@return string[]
function proxy.ignored_entries()
  local ignored = {}
  for _, entry in ipairs(entries_of(variables.get "no_proxy" or "")) do
    local has_port = entry:find ":%d+$" and not entry:find ":.*:"
    if entry:find "%*." or entry:find "^%*%." or has_port or entry:find "://" then ignored[#ignored + 1] = entry end
  end
  return ignored
end

-- ---- the proxy --------------------------------------------------------------------------------------------

local function named(address, option)
  if option then return option, "option proxy" end
  local given, name = variables.get(environment.lower(address:match "^(%a+)://" or "https") .. "_proxy")
  if given then return given, name end
  return variables.get "all_proxy"
end

--- The proxy for a URL; nil where none is used.
---@param address string       what is asked for
---@param option string|nil    option proxy
---@return crsync.Proxy|nil
function proxy.of(address, option)
  local given, from = named(address, option)
  if not given or given == "" or proxy.is_excepted(address) then return nil end
  return { host = url.proxy_host(given), from = from, has_user = given:find("@", 1, true) ~= nil,
    scheme = environment.lower(given:match "^(%a%w*)://" or "http") }
end

--- Whether a proxy makes tunnels to a URL's host, as HTTP proxies do for https.
---@param address string
---@param option string|nil
---@return boolean
function proxy.makes_tunnels(address, option)
  local used = address:find "^https:" and proxy.of(address, option)
  return used and not used.scheme:find "^socks" or false
end

-- ---- what is said of it -------------------------------------------------------------------------------------

local function decoded(s)
  return (s:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- The password in a URL, as it is written and as it is sent; where nobody can tell user and password, both.
local function add_password(secrets, address)
  local login = address and address:gsub("^%a[%w+.-]*://", ""):match "^(.*)@"
  if not login then return end
  local password = login:match "^[^:]*:(.*)$" or login
  secrets[#secrets + 1], secrets[#secrets + 2] = password, decoded(password)
end

local VARIABLES = { "https_proxy", "http_proxy", "all_proxy" }

--- A text without the passwords of proxies, in whatever form a proxy gives them back.
---@param s string
---@param option string|nil  option proxy
---@return string
function proxy.clean(s, option)
  local secrets = {}
  add_password(secrets, option)
  for _, key in ipairs(VARIABLES) do
    for _, name in ipairs(variables.names(key)) do add_password(secrets, environment.get(name)) end
  end
  return #secrets > 0 and core.redact(s, secrets) or s
end

local COULDNT_RESOLVE_PROXY = 5 -- a CURLcode

local FOREIGN = { "message", "code", "request_id", "denied_action" }

-- Whatever stands between can give back what it was sent.
local function clean_failure(failure, option)
  for _, field in ipairs(FOREIGN) do
    if type(failure[field]) == "string" then failure[field] = proxy.clean(failure[field], option) end
  end
end

--- Notes the proxy that was used with a failure. What libcurl says may repeat a part of the URL, and so a part
--- of a password: such words are replaced.
---@param failure table           an error, or what one is made of
---@param used crsync.Proxy|nil
---@param option string|nil       option proxy
function proxy.note(failure, used, option)
  failure.proxy = used
  if not used then return end
  if used.has_user then clean_failure(failure, option) end
  if not (failure.kind == "network" or failure.kind == "timeout") then return end
  local message = failure.message or ""
  if not used.host or message:find("proxy syntax", 1, true) then
    failure.message = "the URL of the proxy is malformed"
  elseif used.has_user and failure.curl_code == COULDNT_RESOLVE_PROXY then
    failure.message = "no address was found for the proxy " .. used.host
  end
end

return proxy
