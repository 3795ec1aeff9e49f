--- Options, environment and defaults becoming one checked table of settings. Keys are credentials.lua's.

local errors = require "crsync.error"

---@class crsync.Options
---@field region string|nil            region id, such as "cn-hangzhou"; else ALIBABA_CLOUD_REGION_ID
---@field endpoint string|nil          host, host:port or URL; else ALIBABA_CLOUD_ENDPOINT, else made from the region
---@field network "public"|"vpc"|nil   which of the region's hosts
---@field access_key_id string|nil
---@field access_key_secret string|nil
---@field security_token string|nil
---@field credentials nil|fun(): crsync.Credentials|nil, string|nil
---@field connect_timeout number|nil   seconds
---@field timeout number|nil           seconds for one attempt
---@field deadline number|nil          seconds for the whole call
---@field retry crsync.RetryPolicy|false|nil
---@field proxy string|nil             URL, or "" for none
---@field ca_file string|nil           PEM file of trust anchors; else SSL_CERT_FILE
---@field ca_path string|nil           folder of hashed certificates; else SSL_CERT_DIR
---@field insecure_skip_tls_verify boolean|nil
---@field max_response_size integer|nil bytes
---@field user_agent string|nil        appended to crsync/X.Y.Z
---@field loop crsync.Loop|nil
---@field transport function|nil
---@field on_attempt function|nil

local config = {}

config.VERSION = "0.1.0"

local OPTION_TYPES = {
  region = "string", endpoint = "string", network = "string", profile = "string",
  access_key_id = "string", access_key_secret = "string", security_token = "string", credentials = "function",
  connect_timeout = "number", timeout = "number", deadline = "number", max_response_size = "number",
  retry = "table", proxy = "string", ca_file = "string", ca_path = "string", user_agent = "string",
  insecure_skip_tls_verify = "boolean", loop = "table", transport = "function", on_attempt = "function",
}

local RETRY_DEFAULTS = { max_attempts = 3, base_delay = 0.5, max_delay = 20 }
local NO_RETRY = { max_attempts = 1, base_delay = 0, max_delay = 0 }

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ", ")
end

--- A text without the blanks and line ends that stick to what is pasted; nil stays nil.
---@param s string|nil
---@return string|nil
function config.trimmed(s) return s and s:match("^%s*(.-)%s*$") end

--- A variable of the environment without outer blanks; nil when it is unset or empty.
---@param name string
---@return string|nil
function config.env(name)
  local value = config.trimmed(os.getenv(name))
  return value ~= "" and value or nil
end

-- ---- single values ------------------------------------------------------------------------------------

local function has_control_characters(s) return s:find("[%z\1-\31\127]") ~= nil end

local function check_types(options)
  for name, value in pairs(options) do
    local expected = OPTION_TYPES[name]
    if not expected then
      return errors.config("unknown option %q; the options are: %s", tostring(name), sorted_names(OPTION_TYPES))
    elseif type(value) ~= expected and not (name == "retry" and value == false) then
      return errors.config("option %s should be a %s and is a %s", name, expected, type(value))
    elseif expected == "string" and has_control_characters(config.trimmed(value)) then
      return errors.config("option %s holds a control character", name)
    end
  end
  return nil
end

local function positive(options, name, default)
  local value = options[name]
  if value == nil then return default end
  if value > 0 and value < math.huge then return value end
  return nil, errors.config("option %s should be a positive number of seconds and is %s", name, tostring(value))
end

local function response_limit(options)
  local value = options.max_response_size
  if value == nil then return 16 * 1024 * 1024 end
  if value >= 1 and value <= 2 ^ 40 and value == math.floor(value) then return value end
  return nil, errors.config("option max_response_size should be a whole number of bytes and is %s", tostring(value))
end

local function retry_policy(options)
  local given = options.retry
  if given == nil then return RETRY_DEFAULTS end
  if given == false then return NO_RETRY end
  local policy = {}
  for name, default in pairs(RETRY_DEFAULTS) do policy[name] = default end
  for name, value in pairs(given) do
    if RETRY_DEFAULTS[name] == nil then
      return nil, errors.config("unknown option retry.%s; there are: %s", tostring(name), sorted_names(RETRY_DEFAULTS))
    elseif type(value) ~= "number" or not (value >= 0 and value < math.huge) then
      return nil, errors.config("option retry.%s should be a number of at least 0 and is %s", name, tostring(value))
    end
    policy[name] = value
  end
  if policy.max_attempts < 1 or policy.max_attempts ~= math.floor(policy.max_attempts) then
    return nil, errors.config("option retry.max_attempts should be a whole number of at least 1 and is %s",
      tostring(policy.max_attempts))
  end
  return policy
end

-- Of the option, else of the environment; the latter is none of our business where there is no TLS.
local function trust_anchors(path, option, endpoint, variable)
  local source = path and "option " .. option or variable
  path = path or (endpoint or ""):find("^https:") and config.env(variable) or nil
  if not path then return nil end
  local file, reason = io.open(path, "r")
  if not file then return nil, errors.config("%s cannot be read: %s", source, reason) end
  file:close()
  return path
end

-- ---- the endpoint -------------------------------------------------------------------------------------

local function bad_endpoint(endpoint, source, why)
  return nil, errors.config("the endpoint %q (%s) %s; it should be host, host:port or a URL without a path",
    endpoint, source, why)
end

local function split_port(rest)
  local host, port = rest:match("^(%[[%x:.]+%]):(%d+)$")
  if not host then host, port = rest:match("^([^:%[%]]+):(%d+)$") end
  if host then return host, tonumber(port) end
  if rest:match("^%[[%x:.]+%]$") or rest:match("^[^:%[%]]+$") then return rest end
  return nil
end

--- Checks an endpoint and gives it its scheme; https unless http:// is spelled out.
---@param endpoint string
---@param source string  where it comes from, for the error
---@return string|nil url  scheme, host and port
---@return crsync.Error|nil
function config.parse_endpoint(endpoint, source)
  local scheme, rest = endpoint:match("^(%a[%w+.-]*)://(.*)$")
  scheme, rest = (scheme or "https"):lower(), rest or endpoint
  if scheme ~= "https" and scheme ~= "http" then return bad_endpoint(endpoint, source, "is neither http nor https") end
  if rest:find("@", 1, true) then -- not quoted: what stands before the @ may be a secret
    return nil, errors.config("the endpoint (%s) holds a user name or password, which have no place there", source)
  end
  rest = rest:gsub("/$", "")
  if rest:find("[/?#]") then return bad_endpoint(endpoint, source, "has a path or a query") end
  if rest:find("[^%w.:%[%]_-]") then
    return bad_endpoint(endpoint, source, "holds a character that no host name has")
  end
  if select(2, rest:gsub(":", "")) > 1 and not rest:find("[", 1, true) then
    return bad_endpoint(endpoint, source, "looks like an IPv6 address, which belongs in brackets")
  end
  local host, port = split_port(rest)
  if not host then return bad_endpoint(endpoint, source, "has no proper host or port") end
  if port and (port < 1 or port > 65535) then return bad_endpoint(endpoint, source, "has an impossible port") end
  return scheme .. "://" .. rest
end

local HOSTS = { public = "https://cr.%s.aliyuncs.com", vpc = "https://cr-vpc.%s.aliyuncs.com" }

local function region_endpoint(options)
  local region = config.trimmed(options.region) or config.env("ALIBABA_CLOUD_REGION_ID")
  if not region or region == "" then
    return nil, errors.config("no region and no endpoint: set option region or endpoint, or the environment variable"
      .. " ALIBABA_CLOUD_REGION_ID or ALIBABA_CLOUD_ENDPOINT (the region of the source instance, such as cn-hangzhou)")
  end
  if not region:find("^%w[%w-]*$") then
    return nil, errors.config("%q is not a region id, such as cn-hangzhou", region)
  end
  return HOSTS[options.network or "public"]:format(region)
end

local function endpoint_url(options)
  if options.network and not HOSTS[options.network] then
    return nil, errors.config("option network should be \"public\" or \"vpc\" and is %q", options.network)
  end
  if options.endpoint then return config.parse_endpoint(config.trimmed(options.endpoint), "option endpoint") end
  -- A region that is asked for in so many words goes before an endpoint that happens to be exported.
  local from_environment = not options.region and config.env("ALIBABA_CLOUD_ENDPOINT")
  if from_environment then return config.parse_endpoint(from_environment, "ALIBABA_CLOUD_ENDPOINT") end
  return region_endpoint(options)
end

-- ---- all of it ----------------------------------------------------------------------------------------

local function check_loop(host)
  if host == nil or (type(host.wait) == "function" and type(host.sleep) == "function") then return nil end
  return errors.config("option loop should have the functions wait(fd, seconds) and sleep(seconds)")
end

local function user_agent(options)
  local own = "crsync/" .. config.VERSION
  return options.user_agent and own .. " " .. options.user_agent or own
end

---@class crsync.Settings
---@field endpoint string
---@field timeout number
---@field connect_timeout number
---@field deadline number
---@field retry crsync.RetryPolicy

--- Checks the options and fills in environment and defaults.
---@param options crsync.Options
---@return crsync.Settings|nil
---@return crsync.Error|nil
function config.resolve(options)
  local settings, err = {}, check_types(options) or check_loop(options.loop)
  if err then return nil, err end
  if options.profile then
    return nil, errors.config("option profile: profiles of the aliyun CLI are not read by this version;"
      .. " give the keys as options or in the environment")
  end
  local function take(name, value, problem)
    settings[name] = value
    err = err or problem
  end
  take("endpoint", endpoint_url(options))
  take("connect_timeout", positive(options, "connect_timeout", 5))
  take("timeout", positive(options, "timeout", 10))
  take("deadline", positive(options, "deadline", 60))
  take("max_response_size", response_limit(options))
  take("retry", retry_policy(options))
  take("ca_file", trust_anchors(options.ca_file, "ca_file", settings.endpoint, "SSL_CERT_FILE"))
  take("ca_path", trust_anchors(options.ca_path, "ca_path", settings.endpoint, "SSL_CERT_DIR"))
  settings.proxy = options.proxy
  settings.insecure_skip_tls_verify = options.insecure_skip_tls_verify
  settings.user_agent = user_agent(options)
  settings.loop, settings.transport, settings.on_attempt = options.loop, options.transport, options.on_attempt
  if err then return nil, err end
  return settings
end

return config
