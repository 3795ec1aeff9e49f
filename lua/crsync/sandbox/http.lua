--- HTTP/1.1 as a server speaks it: requests from a stream, heads of responses. A request that is no HTTP, or too large,
--- is refused before it is read. HTTP/2 is not offered: clients agree on HTTP/1.1 then, over TLS too.

local core = require "crsync.core"

local http = {}

--- Bytes and seconds that a client may take.
http.LIMITS = { head = 32 * 1024, body = 1024 * 1024, head_seconds = 20, body_seconds = 30, idle_seconds = 75 }

local LONGEST_CHUNK_LINE = 1024

local REASONS = { [100] = "Continue", [200] = "OK", [400] = "Bad Request", [403] = "Forbidden", [404] = "Not Found",
  [408] = "Request Timeout", [413] = "Content Too Large", [429] = "Too Many Requests",
  [431] = "Request Header Fields Too Large", [500] = "Internal Server Error", [501] = "Not Implemented",
  [503] = "Service Unavailable", [505] = "HTTP Version Not Supported" }

local function problem(status, message) return nil, { status = status, message = message } end

local function read_headers(stream, request, left, deadline)
  while true do
    local line = stream:line(left, deadline)
    if not line then return problem(431, "The head of the request is too large.") end
    if line == "" then return true end
    left = left - #line
    local name, value = line:match "^([^%s:]+):%s*(.-)%s*$"
    if not name then return problem(400, "The head of the request has a line that is no header.") end
    name = name:lower()
    local before = request.headers[name]
    request.headers[name] = before and before .. ", " .. value or value
  end
end

-- How the body comes: "length" and its bytes, "chunked", or what is wrong.
local function framing(request)
  local length, encoding = request.headers["content-length"], request.headers["transfer-encoding"]
  if encoding then
    if length then return problem(400, "A request has either a Content-Length or a Transfer-Encoding.") end
    if encoding:lower() ~= "chunked" then return problem(501, "Of transfer encodings only chunked is known.") end
    return "chunked"
  end
  if length and not length:find "^%d+$" then return problem(400, "Content-Length is not one number.") end
  return "length", tonumber(length or "0")
end

local TOO_LARGE = "The body of the request is too large."

local function read_chunks(stream, limit, deadline)
  local parts, total = {}, 0
  while true do
    local line = stream:line(LONGEST_CHUNK_LINE, deadline)
    local size = tonumber((line or ""):match "^(%x+)%s*$" or (line or ""):match "^(%x+)%s*;" or "", 16)
    if not size then return problem(400, "A chunk of the body has no size.") end
    total = total + size
    if total > limit then return problem(413, TOO_LARGE) end
    if size == 0 then break end
    parts[#parts + 1] = stream:bytes(size, deadline)
    if stream:line(2, deadline) ~= "" then return problem(400, "A chunk of the body is longer than its size.") end
  end
  local trailers = 0
  repeat -- trailers
    local line = stream:line(LONGEST_CHUNK_LINE, deadline)
    trailers = trailers + 1
    if not line or trailers > 100 then return problem(431, "The trailers of the request are too large.") end
  until line == ""
  return table.concat(parts)
end

---@return string|nil body
---@return table|nil refusal
local function read_body(stream, request, limits)
  local kind, length = framing(request)
  if not kind then return nil, length --[[@as table]] end
  if kind == "length" and length > limits.body then return problem(413, TOO_LARGE) end
  if (request.headers.expect or ""):lower() == "100-continue" then stream:send "HTTP/1.1 100 Continue\r\n\r\n" end
  local deadline = core.now() + limits.body_seconds
  if kind == "length" then return stream:bytes(length, deadline) end
  return read_chunks(stream, limits.body, deadline)
end

-- A proxy is sent the whole URL.
local function split_target(target)
  return target:gsub("^%a+://[^/?]*", ""):match "^([^?]*)%??(.*)$"
end

--- Reads a request.
---@return table|nil request  { method, target, path, query_text, headers (lower-case names), body, must_close }
---@return table|nil refusal  { status, message }: for one that is no HTTP or too large; the connection ends with it
function http.read(stream, limits)
  if stream.buffer == "" then stream:fill(core.now() + limits.idle_seconds) end
  local deadline = core.now() + limits.head_seconds
  local line = stream:line(limits.head, deadline)
  if line == "" then line = stream:line(limits.head, deadline) end -- some clients end a body with an empty line
  if not line then return problem(431, "The head of the request is too large.") end
  local method, target, major, minor = line:match "^(%u+) (%S+) HTTP/(%d)%.(%d)$"
  if not method then return problem(400, "The first line is not that of an HTTP request.") end
  if major ~= "1" then return problem(505, "HTTP/1.1 is spoken here.") end
  local request = { method = method, target = target, headers = {} }
  request.path, request.query_text = split_target(target)
  local ok, refusal = read_headers(stream, request, limits.head - #line, deadline)
  if not ok then return nil, refusal end
  local body, body_refusal = read_body(stream, request, limits)
  if not body then return nil, body_refusal end
  request.body = body
  local connection = (request.headers.connection or ""):lower()
  request.must_close = connection == "close" or minor == "0" and connection ~= "keep-alive"
  return request
end

--- The head of a response.
---@param headers (string|integer)[][]  { name, value } each
function http.head(status, headers)
  local lines = { ("HTTP/1.1 %d %s"):format(status, REASONS[status] or "Unknown"),
    "Date: " .. os.date "!%a, %d %b %Y %H:%M:%S GMT" }
  for _, header in ipairs(headers) do lines[#lines + 1] = header[1] .. ": " .. header[2] end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

return http
