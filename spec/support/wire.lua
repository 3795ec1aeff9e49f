-- Requests and answers as they go over the wire, for specs that send what no client would.
--
--   local s = wire.connect(port)                      -- or wire.connect(port, ca_file) for TLS
--   s:send(wire.request { host = "127.0.0.1:…", key = { id = …, secret = … }, query = { … } })
--   local answer = wire.answer(s)                      -- { status, headers, body, code }

local crsync = require "crsync"
local socket = require "socket"

local wire = {}

local nonces = 0

local function encode(text)
  return (text:gsub("[^%w%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- Parameters as a query or a form has them.
function wire.encoded(parameters)
  local parts = {}
  for name, value in pairs(parameters) do parts[#parts + 1] = encode(name) .. "=" .. encode(value) end
  table.sort(parts)
  return table.concat(parts, "&")
end

local function signed_headers(r)
  nonces = nonces + 1
  local headers = { ["x-acs-action"] = r.action or "GetRepoSyncTask", ["x-acs-version"] = "2018-12-01",
    ["x-acs-signature-nonce"] = ("wire-%d-%d"):format(os.time(), nonces), accept = "application/json" }
  for name, value in pairs(r.signed or {}) do headers[name] = value or nil end
  return crsync.sign { method = r.method or "POST", path = r.path or "/", query = r.query or {}, host = r.host,
    headers = headers, body = r.body or "", access_key_id = r.key.id, access_key_secret = r.key.secret,
    security_token = r.key.token, date = r.date }
end

local function chunked(body)
  local half = math.floor(#body / 2)
  return ("%x;x=y\r\n%s\r\n%X\r\n%s\r\n0\r\nTrailer: 1\r\n\r\n"):format(half, body:sub(1, half), #body - half,
    body:sub(half + 1))
end

--- The text of a signed request.
---@param r table  host, key { id, secret, token }, method, path, query, body, action, date; signed: headers that are
--- signed, with false to leave one out; changed: headers after it was signed, the same; extra: lines added as they are;
--- is_chunked; target: instead of path and query
function wire.request(r)
  local headers, lines = signed_headers(r), {}
  headers.host = headers.host or r.host
  for name, value in pairs(r.changed or {}) do headers[name] = value or nil end
  local query = wire.encoded(r.query or {})
  lines[1] = ("%s %s HTTP/1.1"):format(r.method or "POST",
    r.target or (r.path or "/") .. (query == "" and "" or "?" .. query))
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  local body = r.body or ""
  if r.is_chunked then
    lines[#lines + 1] = "Transfer-Encoding: chunked"
    body = chunked(body)
  elseif body ~= "" or (r.method or "POST") == "POST" then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  for _, line in ipairs(r.extra or {}) do lines[#lines + 1] = line end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

--- A connection.
---@param port integer
---@param ca_file string|nil  TLS, with the server's certificate checked
function wire.connect(port, ca_file)
  local s = assert(socket.connect("127.0.0.1", port))
  s:settimeout(20)
  if not ca_file then return s end
  s = assert(require "ssl".wrap(s, { mode = "client", protocol = "any", verify = "peer", cafile = ca_file }))
  assert(s:dohandshake())
  return s
end

--- Reads an answer; nil and the reason where the connection ends.
---@param s table
---@param method string|nil  HEAD has no body
function wire.answer(s, method)
  local line, reason = s:receive "*l"
  if not line then return nil, reason end
  local answer = { status = tonumber(line:match "^HTTP/%d%.%d (%d+)"), headers = {}, body = "" }
  while true do
    line, reason = s:receive "*l"
    if not line then return nil, reason end
    if line == "" then break end
    local name, value = line:match "^(.-): ?(.*)$"
    answer.headers[name:lower()] = value
  end
  local length = tonumber(answer.headers["content-length"] or "0")
  if length > 0 and method ~= "HEAD" then
    local part
    answer.body, reason, part = s:receive(length)
    if not answer.body then return nil, reason, part end
  end
  answer.code = answer.body:match '"[Cc]ode"%s*:%s*"([^"]*)"'
  return answer
end

--- Sends and reads on a connection of its own.
function wire.ask(port, text, method)
  local s = wire.connect(port)
  s:send(text)
  local answer, reason = wire.answer(s, method)
  s:close()
  return answer, reason
end

return wire
