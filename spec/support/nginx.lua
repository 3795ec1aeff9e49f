-- A real nginx with TLS and HTTP/2 in front of an endpoint, for the specs:
--
--   local front = nginx.start(server)
--   or nginx.start(server, { http1 = true, directives = "keepalive_requests 9;" })
--   … front.url, front.ca_file …
--   front:protocols()   → { "HTTP/2.0", … }, one for each request
--   front:connections(count)  → over how many connections the first so many requests came
--   front:stop()

local certificates = require "spec.support.certificates"
local files = require "spec.support.files"
local ports = require "spec.support.ports"
local socket = require "socket"

local Front = {}
Front.__index = Front

local nginx = {}

local PATIENCE = 5 -- seconds for nginx to listen, or to write its log

-- One process, which runs as whoever starts it.
local CONFIGURATION = [[
daemon off;
master_process off;
pid $folder/pid;
error_log $folder/error.log;
events { worker_connections 1024; }
http {
  log_format protocol '$server_protocol $connection';
  access_log $folder/access.log protocol;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  server {
    listen 127.0.0.1:$port ssl $protocol;
    $directives
    ssl_certificate $certificates/good.pem;
    ssl_certificate_key $certificates/good.key;
    location / {
      proxy_pass $url;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection '';
    }
  }
}
]]

-- A shell stands between: it reads its input, which ends when this process does, however that happens.
local WATCHDOG = [[
trap : INT TERM
PATH=$PATH:/usr/sbin:/sbin env -u LD_PRELOAD nginx -p '$folder' -e '$folder/error.log' -c '$folder/conf' </dev/null &
cat >/dev/null
kill $! 2>/dev/null
wait $!
rm -rf '$folder'
]]

-- nginx's and the shell's own variables stay.
local function fill(template, values) return (template:gsub("%$(%w+)", values)) end

local function read_file(path)
  local there, text = pcall(files.read, path)
  return there and text or ""
end

local function wait_for(condition)
  local deadline = socket.gettime() + PATIENCE
  while not condition() do
    if socket.gettime() > deadline then return false end
    socket.sleep(0.01)
  end
  return true
end

local function listens(port)
  local connected = socket.connect("127.0.0.1", port)
  if connected then connected:close() end
  return connected ~= nil
end

-- nginx writes its log after the response: with a count, waits for so many.
local function logged(self, word, count)
  local words
  wait_for(function()
    words = {}
    for line in read_file(self.folder .. "/access.log"):gmatch "[^\n]+" do table.insert(words, (line:match(word))) end
    return #words >= (count or 0)
  end)
  return words
end

--- The protocol of each request so far.
function Front:protocols(count) return logged(self, "^%S+", count) end

--- How many connections they came over.
function Front:connections(count)
  local seen, number = {}, 0
  for _, connection in ipairs(logged(self, "%S+$", count)) do
    if not seen[connection] then number = number + 1 end
    seen[connection] = true
  end
  return number
end

function Front:stop()
  if self.watchdog then self.watchdog:close() end
  self.watchdog = nil
end

Front.__gc, Front.__close = Front.stop, Front.stop

--- Starts nginx in front of an endpoint.
---@param options { http1: boolean?, directives: string? }|nil  directives: for the server
function nginx.start(server, options)
  options = options or {}
  local port, folder = ports.free(), files.temporary_folder()
  local values = { folder = folder, port = port, url = server.url, certificates = certificates.folder(),
    protocol = options.http1 and "" or "http2", directives = options.directives or "" }
  files.write(folder .. "/conf", fill(CONFIGURATION, values))
  local self = setmetatable({
    watchdog = assert(io.popen(fill(WATCHDOG, values), "w")), folder = folder,
    port = port, host = "127.0.0.1:" .. port, url = "https://127.0.0.1:" .. port,
    ca_file = certificates.folder() .. "/ca.pem",
  }, Front)
  if not wait_for(function() return listens(port) end) then
    local log = read_file(folder .. "/error.log")
    self:stop()
    error("nginx did not start: " .. log, 2)
  end
  return self
end

return nginx
