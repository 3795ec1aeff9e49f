-- How the test endpoint answers: what a specification says (its options are listed in endpoint.lua) becomes bytes,
-- delays and broken connections.

local cjson = require "cjson"
local scheduler = require "spec.support.scheduler"

local responses = {}

local PIECE = 64 * 1024 -- of a body that is streamed
local CHUNK = 500       -- of one with a chunked encoding: small, so that an example has several

local root = (arg[0]:match "^(.*/)" or "./") .. "../../"

local function wants_close(request)
  local connection_header = (request.headers.connection or ""):lower()
  if request.version == "1.0" then return connection_header ~= "keep-alive" end
  return connection_header == "close"
end

local OPTIONS = {}
for name in ([[status headers body example content_type verify delay together drip cut reset hang die close
  close_silently linger die_on_reuse gzip deflate huge gzip_bomb deep headers_raw interim chunked status_line
  echo_secret http10 raw
  ]]):gmatch "%S+" do OPTIONS[name] = true end

local SHORT = { bomb = "gzip_bomb", drop = "close_silently", echo = "echo_secret" }

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local examples = {} -- text by name; false for one that there is not

function responses.example(name)
  if examples[name] == nil then
    local ok, text = pcall(read_file, ("%sspec/examples/%s.json"):format(root, name))
    examples[name] = ok and text
  end
  return examples[name]
end

local example_headers = {}
for _, entry in ipairs(cjson.decode(read_file(root .. "spec/examples/index.json"))) do
  example_headers[entry.file:gsub("%.json$", "")] = entry.headers
end

local function output_of(command)
  local pipe <close> = assert(io.popen(command, "r"))
  return pipe:read "a"
end

local function gzip(data)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(data)
  file:close()
  local packed = output_of(("gzip -nc '%s'"):format(path))
  os.remove(path)
  return packed
end

local function adler32(data)
  local a, b = 1, 0
  for i = 1, #data do
    a = (a + data:byte(i)) % 65521
    b = (b + a) % 65521
  end
  return string.pack(">I4", b << 16 | a)
end

-- The same compressed stream between zlib's ends instead of gzip's.
local function deflate(data) return "\x78\x9c" .. gzip(data):sub(11, -9) .. adler32(data) end

local bombs = {} -- by size, since they take a while

local function gzip_bomb(size)
  bombs[size] = bombs[size] or output_of(([[{ printf '{"Filler":"'; head -c %d /dev/zero | tr '\0' x; printf '"}'; } |
    gzip -nc]]):format(size))
  return bombs[size]
end

local function payload_of(response)
  if response.deep then return ('{"Deep":%s%s}'):format(("["):rep(response.deep), ("]"):rep(response.deep)) end
  if response.example then
    return responses.example(response.example) or error(("there is no example '%s'"):format(response.example), 0)
  end
  return response.body or ""
end

local made_up_ids = 0

function responses.made_up_id()
  made_up_ids = made_up_ids + 1
  return ("00000000-0000-4000-8000-%012d"):format(made_up_ids)
end

local function checked(spec)
  local response = {}
  for given, value in pairs(spec) do
    local name = SHORT[given] or given
    if not OPTIONS[name] then error(("a response has no option '%s'"):format(name), 0) end
    response[name] = value
  end
  return response
end

-- What can be done before the request comes: reading, compressing, finding mistakes.
function responses.prepare(spec)
  local response = checked(spec)
  local name = response.example or ""
  response.status = response.status or tonumber(name:match "^err%.(%d%d%d)%.") or 200
  response.headers = response.headers or example_headers[name] or {}
  response.payload = payload_of(response)
  response.request_id = response.payload:match '"[Rr]equestId"%s*:%s*"([%w-]+)"'
  if response.gzip then response.payload, response.encoding = gzip(response.payload), "gzip" end
  if response.deflate then response.payload, response.encoding = deflate(response.payload), "deflate" end
  if response.gzip_bomb then response.payload, response.encoding = gzip_bomb(response.gzip_bomb), "gzip" end
  return response
end

function responses.prepare_all(specs)
  local list = {}
  for i, spec in ipairs(specs) do list[i] = responses.prepare(spec) end
  return list
end

-- ---- sending them ----------------------------------------------------------------------------------------------

local REASONS = {
  [100] = "Continue", [102] = "Processing", [103] = "Early Hints", [200] = "OK", [204] = "No Content",
  [301] = "Moved Permanently", [302] = "Found", [307] = "Temporary Redirect", [308] = "Permanent Redirect",
  [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found", [408] = "Request Timeout",
  [413] = "Content Too Large", [417] = "Expectation Failed", [429] = "Too Many Requests",
  [500] = "Internal Server Error", [502] = "Bad Gateway", [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

local function status_line(version, status)
  return ("HTTP/%s %d %s"):format(version, status, REASONS[status] or "Unknown")
end

local function http_date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(seconds)) end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do table.insert(keys, key) end
  table.sort(keys)
  return keys
end

-- lua-cjson decodes every number as a float.
local function text_of(value) return math.type(value) and ("%.14g"):format(value) or value end

-- A length of nil: the body ends with the connection. The response's own headers stand in for those made here.
local function head_of(response, length, connection_header, now)
  local own, lines = {}, { response.status_line or status_line(response.http10 and "1.0" or "1.1", response.status) }
  for name in pairs(response.headers) do own[name:lower()] = true end

  local function header(name, value)
    if value and not own[name:lower()] then table.insert(lines, name .. ": " .. value) end
  end
  header("Date", http_date(now))
  header("x-acs-request-id", response.request_id or responses.made_up_id())
  header("Content-Type", response.content_type or "application/json;charset=utf-8")
  header("Content-Encoding", response.encoding)
  header("Transfer-Encoding", response.chunked and "chunked")
  header("Content-Length", not response.chunked and length and text_of(length))
  header("Connection", connection_header)

  for _, name in ipairs(sorted_keys(response.headers)) do
    table.insert(lines, name .. ": " .. text_of(response.headers[name]))
  end
  for _, line in ipairs(response.headers_raw or {}) do table.insert(lines, line) end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function in_chunks(body)
  local chunks = {}
  for i = 1, #body, CHUNK do
    local chunk = body:sub(i, i + CHUNK - 1)
    table.insert(chunks, ("%x\r\n%s\r\n"):format(#chunk, chunk))
  end
  return table.concat(chunks) .. "0\r\n\r\n"
end

-- An error that gives away all that the request was signed with.
local function indiscretion(request, keys)
  local id = (request.headers.authorization or ""):match "Credential=([^,]*)"
  local key = keys[1]
  for _, candidate in ipairs(keys) do
    if candidate.access_key_id == id then key = candidate end
  end
  return cjson.encode { Code = "InternalError", HostId = request.headers.host, RequestId = key.access_key_secret,
    Message = ("secret %s token %s header %s"):format(key.access_key_secret, key.security_token or "",
      request.headers.authorization or "") }
end

local function send_pieces(conn, text, drip)
  if not drip then return conn:send(text) end
  for i = 1, #text, drip.bytes or 1 do
    conn:send(text:sub(i, i + (drip.bytes or 1) - 1))
    scheduler.sleep(drip.every or 1)
  end
end

local function send_body(conn, response, body)
  local text = response.chunked and in_chunks(body) or body
  if response.cut then text = text:sub(1, response.cut) end
  if response.reset == "middle" then text = text:sub(1, #text // 2) end
  send_pieces(conn, text, response.drip)
end

-- A JSON string of that many bytes, never held as a whole.
local function send_huge(conn, response)
  local function send(text)
    scheduler.wait_writable(conn.socket) -- others have their turn between the pieces
    conn:send(response.chunked and ("%x\r\n%s\r\n"):format(#text, text) or text)
  end
  local piece, left = ("x"):rep(PIECE), response.huge
  send '{"Filler":"'
  while left > 0 do
    send(left < PIECE and piece:sub(1, left) or piece)
    left = left - PIECE
  end
  send '"}'
  if response.chunked then conn:send "0\r\n\r\n" end
end

local function reset(conn)
  conn:reset()
  return false
end

local function connection_header_of(response, request)
  if response.close_silently then return "keep-alive" end
  if response.close or response.http10 or wants_close(request) then return "close" end
end

-- An example of a task is about the task that is asked for.
local function body_for(request, response)
  local id, name = (request.query or {}).SyncTaskId, response.example or ""
  if not id or response.encoding or not (name:find "^get%." or name:find "^ok%.GetRepoSyncTask") then
    return response.payload
  end
  return (response.payload:gsub('("SyncTaskId": *)"[^"]*"', function(field) return field .. cjson.encode(id) end))
end

local function send_whole(conn, response, request, service)
  for _, status in ipairs(response.interim or {}) do
    conn:send(status_line("1.1", status) .. "\r\nx-acs-request-id: interim\r\n\r\n")
  end
  local connection_header = connection_header_of(response, request)
  if response.huge then
    conn:send(head_of(response, #'{"Filler":""}' + response.huge, connection_header, service.now))
    send_huge(conn, response)
  else
    local body = response.echo_secret and indiscretion(request, service.keys) or body_for(request, response)
    conn:send(head_of(response, not response.http10 and #body or nil, connection_header, service.now))
    send_body(conn, response, body)
  end
  return not (connection_header or response.cut)
end

local function wait_until_gone(conn)
  while true do conn:bytes(#conn.buffer + 1) end -- ends with an error, as the connection does
end

local function wait_for_others(response)
  response.waiting = (response.waiting or 0) + 1
  while response.waiting < response.together do scheduler.sleep(0.002) end
end

--- Answers a request, well or badly. Returns whether the connection may carry another one.
---@param service { now: number, keys: table[] }
function responses.respond(conn, response, request, service)
  if response.delay then scheduler.sleep(response.delay) end
  if response.together then wait_for_others(response) end
  if response.hang then wait_until_gone(conn) end
  if response.die then return false end
  if response.reset == "before" or response.reset == "accept" then return reset(conn) end
  if response.raw then
    conn:send(response.raw)
    return false
  end
  local stays = send_whole(conn, response, request, service)
  if response.reset == "middle" then
    scheduler.sleep(0.02) -- so that what was sent arrives before the reset
    return reset(conn)
  end
  if response.linger then scheduler.sleep(response.linger) end
  return stays
end

return responses
