--- What happens, for people who look for a fault: on standard error a block of lines for each attempt, where option
--- debug asks for it. Each line begins with MARK, and foreign text is kept within its line, so none can be forged. Of
--- whom keys are asked only what cannot be a key is shown.

local core = require "crsync.core"
local dates = require "crsync.util.dates"
local environment = require "crsync.util.environment"
local proxy = require "crsync.proxy"
local redact = require "crsync.util.redact"
local text = require "crsync.util.text"
local url = require "crsync.util.url"

--- One attempt, as it is traced.
---@class crsync.Exchange
---@field what string                  "GetRepoSyncTask", "keys from ECS metadata"
---@field attempt integer|nil
---@field method string
---@field url string|nil               that was asked; else told.url
---@field told crsync.Told
---@field status integer|nil
---@field failure table|nil            kind, code, message
---@field request_id string|nil
---@field elapsed number               seconds
---@field pause number|nil             seconds until the next attempt
---@field proxy crsync.Proxy|nil       that it went through
---@field is_transported boolean|nil   the host's own HTTP has sent it
---@field is_for_keys boolean|nil      its response holds keys

---@class crsync.Trace
---@field level 1|2                    2: with bodies
---@field private proxy string|nil     option proxy
---@field private user_agent string
local Trace = {}
Trace.__index = Trace

local trace = {}

--- What each line begins with.
trace.MARK = "[crsync] "

local MOST = 4096 -- bytes of a body
local LONGEST = 2000 -- columns of any other text

-- ---- foreign text -----------------------------------------------------------------------------------------

local function without_secrets(self, s)
  -- A secret is as long as its asterisks are many, which is nobody's business.
  return (redact.named(proxy.clean(s, self.proxy)):gsub("%*%*%*+", "***"))
end

-- On one line.
local function shown(self, s) return text.truncate(text.printable(without_secrets(self, s)), LONGEST) end

local function masked_authorization(value)
  local masked = value:gsub("(Credential=)([^,%s]+)", function(name, id)
    return name .. (id:find("*", 1, true) and id or redact.key_id(id))
  end):gsub("Signature=[^,%s]*", "Signature=***")
  return masked:find "^ACS3%-[%w-]+ Credential=" and masked or (masked:match "^%S+ " or "") .. "***"
end

local MASKED = { authorization = masked_authorization, ["x-acs-accesskey-id"] = function(value)
  return value:find("*", 1, true) and value or redact.key_id(value)
end }

local function masked_header(line)
  local name, value = line:match "^([^:]*):%s*(.*)$"
  if not name then return line end
  local lower = environment.lower(name)
  if MASKED[lower] then return name .. ": " .. MASKED[lower](value) end
  return name .. ": " .. (redact.is_secret_name(lower) and "***" or value)
end

-- ---- those who give keys --------------------------------------------------------------------------------------

-- Headers whose values are no secrets, by their forms.
local FORMS = {
  date = { "^%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT$" },
  ["content-length"] = { "^%d+$" },
  ["content-type"] = { "^application/json$", "^application/xml$", "^text/plain$", "^text/html$", "^text/xml$" },
  ["x-acs-request-id"] = { "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$" },
}

-- Those that crsync writes itself.
local SENT = { host = true, accept = true, ["content-type"] = true, ["x-acs-action"] = true, ["x-acs-version"] = true,
  ["x-acs-date"] = true, ["x-acs-content-sha256"] = true, ["x-acs-signature-nonce"] = true, authorization = true,
  ["x-acs-accesskey-id"] = true, ["x-aliyun-ecs-metadata-token-ttl-seconds"] = true }

local function is_of_form(name, value)
  value = value:gsub(";%s*charset=[Uu][Tt][Ff]%-8$", "")
  for _, form in ipairs(FORMS[name] or {}) do
    if value:find(form) then return true end
  end
  return false
end

local function sent_for_keys(line)
  local name = line:match "^[^:]*"
  local lower = environment.lower(name)
  if not SENT[lower] then return name .. ": ***" end
  return MASKED[lower] and masked_header(line) or line
end

-- The headers of one who gives keys: what else is in them is counted.
local function received_for_keys(lines)
  local out, others = {}, 0
  for i, line in ipairs(lines) do
    local name, value = line:match "^([^:]*):%s*(.*)$"
    if i == 1 then
      out[1] = line:match "^HTTP/?[%d.]* %d%d%d" or "no HTTP status line"
    elseif name and is_of_form(environment.lower(name), value) then
      out[#out + 1] = line
    else
      others = others + 1
    end
  end
  if others > 0 then out[#out + 1] = ("(%d more, left out)"):format(others) end
  return out
end

-- ---- a block --------------------------------------------------------------------------------------------------

-- Whatever the locale's point is.
local function number(format, n) return (format:format(n):gsub("[^%d]", ".")) end

local function now() return dates.rfc3339(os.time()) end

local function write(lines)
  local stream = io.stderr
  if io.type(stream) ~= "file" then return end
  -- As one text, so that no other gets between.
  stream:write(trace.MARK .. table.concat(lines, "\n" .. trace.MARK) .. "\n")
end

local function summary(self, x)
  local failure, parts = x.failure, {}
  if x.status then parts[1] = "HTTP " .. x.status end
  if failure and failure.code then parts[#parts + 1] = shown(self, tostring(failure.code)) end
  if failure and not x.status then parts[#parts + 1] = tostring(failure.kind) .. " failure" end
  if x.request_id then parts[#parts + 1] = "request " .. shown(self, tostring(x.request_id)) end
  parts[#parts + 1] = number("%.3f", x.elapsed) .. " s"
  return ("%s  %s%s: %s"):format(now(), shown(self, x.what), x.attempt and ", attempt " .. x.attempt or "",
    table.concat(parts, ", "))
end

local function connection(self, x)
  local told, proxied = x.told, ""
  if x.is_transported then return "sent by option transport, which does not tell how" end
  if x.proxy then
    proxied = (", through the proxy %s of %s"):format(shown(self, x.proxy.host or "(a malformed URL)"), x.proxy.from)
  end
  if not told.address then return "no connection" .. proxied .. ": nothing was sent" end
  return ("%s connection to %s%s%s"):format(told.new_connection and "new" or "kept", told.address,
    told.http_version and ", HTTP/" .. told.http_version or "", proxied)
end

local SPANS = { { "namelookup", "name" }, { "connect", "connect" }, { "appconnect", "TLS" },
  { "starttransfer", "first byte" }, { "total", "all" } }

local function seconds(told)
  local parts = {}
  for _, span in ipairs(SPANS) do
    local value = told.times and told.times[span[1]]
    if value then parts[#parts + 1] = span[2] .. " " .. number("%.4f", value) end
  end
  return #parts > 0 and "seconds until: " .. table.concat(parts, ", ") or nil
end

local function body_lines(self, x, add)
  local told = x.told
  if x.is_for_keys then return add("| ", "(the body is left out: it may hold keys)") end
  if (told.body_size or 0) == 0 then return add("| ", "(no body)") end
  -- Before it is cut, and cut into lines: a secret may go over both.
  local body = without_secrets(self, told.body):sub(1, MOST)
  for line in (body .. "\n"):gmatch "(.-)\r?\n" do add("| ", text.printable(line)) end
  if told.body_size > MOST then
    add("| ", ("(cut: %d of %d bytes)"):format(MOST, told.body_size))
  end
end

--- Writes one attempt.
---@param x crsync.Exchange
function Trace:attempt(x)
  local lines, told = { summary(self, x) }, x.told
  local function add(sign, line) lines[#lines + 1] = "  " .. sign .. line end
  add("", connection(self, x))
  add("> ", x.method .. " " .. shown(self, x.url or told.url or "?"))
  for _, line in ipairs(told.request_head or {}) do
    add("> ", shown(self, (x.is_for_keys and sent_for_keys or masked_header)(line)))
  end
  if not x.is_transported then add("> ", "User-Agent: " .. shown(self, self.user_agent)) end
  local head = told.response_head or {}
  for _, line in ipairs(x.is_for_keys and received_for_keys(head) or head) do
    add("< ", (shown(self, x.is_for_keys and line or masked_header(line)):gsub("%s+$", "")))
  end
  if self.level > 1 and x.status then body_lines(self, x, add) end
  local times = seconds(told)
  if times then add("", times) end
  if x.failure then add("", ("%s: %s"):format(x.failure.kind, shown(self, tostring(x.failure.message)))) end
  if x.pause then add("", ("sleeping %s s, then again"):format(number("%.2f", x.pause))) end
  write(lines)
end

--- Writes an attempt of a call.
---@param settings crsync.Settings
---@param operation crsync.Operation
---@param attempt crsync.Attempt
---@param told crsync.Told
function Trace:call(settings, operation, attempt, told)
  self:attempt { what = attempt.action, attempt = attempt.attempt, method = operation.method or "POST", told = told,
    status = attempt.status, failure = attempt.kind and attempt or nil, request_id = attempt.request_id,
    elapsed = attempt.elapsed, pause = attempt.delay, is_transported = settings.transport ~= nil,
    proxy = not settings.transport and proxy.of(settings.endpoint, settings.proxy) or nil }
end

--- Writes a line of its own.
---@param format string
---@param ... any        text in it may be foreign
function Trace:say(format, ...)
  write { now() .. "  " .. shown(self, format:format(...)) }
end

--- Writes which keys are used from here on.
---@param source crsync.Source
function Trace:keys(source)
  local life = source.ends and (", good for %.0f s"):format(math.max(0, source.ends - core.now())) or ""
  self:say("keys from %s: %s%s", source.name, source.key_id or "?", life)
end

--- Writes that time passes until something is done.
---@param why string
---@param pause number  seconds
function Trace:sleep(why, pause) self:say("%s: sleeping %s s", why, number("%.2f", pause)) end

-- ---- a host's own HTTP ----------------------------------------------------------------------------------------

local function header_lines(headers, clean_text)
  local lines = {}
  for name, value in pairs(type(headers) == "table" and headers or {}) do
    lines[#lines + 1] = clean_text(("%s: %s"):format(tostring(name), tostring(value)))
  end
  table.sort(lines)
  return lines
end

--- Notes what can be told of a request that a host has sent itself.
---@param told crsync.Told
---@param clean_text fun(s: string): string  takes the key's secrets out, and cuts what is longer than MOST
---@param request crsync.TransportRequest
---@param status integer|nil
---@param headers any
---@param body any
function Trace.tell_transported(told, clean_text, request, status, headers, body)
  told.url, told.request_head = clean_text(tostring(request.url)), header_lines(request.headers, clean_text)
  if not status then return end
  told.response_head = header_lines(headers, clean_text)
  table.insert(told.response_head, 1, "HTTP " .. tostring(status))
  body = type(body) == "string" and body or ""
  told.body, told.body_size = clean_text(body), #body
end

--- Of a client.
---@param settings crsync.Settings  with debug, 1 or 2
---@return crsync.Trace
function trace.new(settings)
  return setmetatable({ level = settings.debug, proxy = settings.proxy, user_agent = settings.user_agent }, Trace)
end

--- What may be shown of a URL that keys come from.
---@param address string
---@param path string|nil  where it is known to be no secret
---@return string
function Trace.key_url(address, path)
  return (address:match "^%a+://" or "") .. (url.safe_host(address) or "***") .. (path or "/***")
end

return trace
