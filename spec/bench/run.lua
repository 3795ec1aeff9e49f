-- make bench: what crsync costs, in multiples of what libcurl alone needs for the same transfers from the same server.
-- Rounds of each side alternate; the median of the ratios is printed. Nothing fails here.

local certificates = require "spec.support.certificates"
local child = require "spec.support.child"
local core = require "crsync.core"
local cjson = require "cjson"
local files = require "spec.support.files"
local hosts = require "spec.support.host"
local ports = require "spec.support.ports"

local LUA = os.getenv "LUA" or "lua5.4"
local ROUNDS = tonumber(os.getenv "BENCH_ROUNDS" or 5)

local output_of = files.output_of

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

-- ---- the server -------------------------------------------------------------------------------------------------

-- The documented answer, with as many layers, and without the id: it is the answer to all that are asked for.
local function task(n)
  local text = files.read "spec/examples/ok.GetRepoSyncTask.json":gsub('"SyncTaskId": "[^"]*",', "")
  text = text:gsub('"LayerTasks": %[%s*({.-})%s*%]', function(layer)
    return '"LayerTasks":[' .. (layer .. ","):rep(n):sub(1, -2) .. "]"
  end)
  return (text:gsub("\n%s*", ""))
end

local CONFIGURATION = [[
  load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
  daemon off;
  master_process off;
  pid $folder/pid;
  error_log stderr crit;
  worker_processes 1;
  events { worker_connections 1024; }
  http {
    access_log off;
    keepalive_requests 1000000;
    keepalive_timeout 300s;
    http2_max_concurrent_streams 2000;
    client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    default_type application/json;
    ssl_certificate $certificates/good.pem;
    ssl_certificate_key $certificates/good.key;
    map $arg_InstanceId $wanted { default /small.json; big /big.json; slow /slow.json; }
    server {
      listen 127.0.0.1:$port;
      listen 127.0.0.1:$tls_port ssl;
      listen 127.0.0.1:$h2_port ssl http2;
      root $folder;
      location = / { rewrite ^ $wanted last; }
      location = /slow.json { echo_sleep 0.05; echo '$small'; }
      location ~ json$ { error_page 405 =200 $uri; }
    }
  }
]]

local function start_server()
  local host = hosts.new { url = "http://127.0.0.1", access_key_id = "", access_key_secret = "" }
  host.tls_port, host.h2_port = ports.free(), ports.free()
  host:write("small.json", task(1))
  host:write("big.json", task(60))
  local values = { folder = host.folder, certificates = certificates.folder(), port = host.port,
    tls_port = host.tls_port, h2_port = host.h2_port, small = task(1) }
  host:write("nginx.conf", (CONFIGURATION:gsub("%$([%w_]+)", values)))
  host:start("nginx -p . -e stderr -c nginx.conf", "lua5.4")
  return host
end

-- ---- measuring --------------------------------------------------------------------------------------------------

local function lua_line(lua, core_folder, script)
  return ("env LUA_PATH='./lua/?.lua;./lua/?/init.lua;./?.lua;;' LUA_CPATH='%s/?.so;;' %s %s"):format(core_folder, lua,
    script)
end

local LIMIT, CLIENT = "build/bench/limit", lua_line(LUA, "build", "spec/bench/client.lua")

-- Processor time, the clock's, and memory at its highest, as the program printed them.
local function measured(program, arguments)
  local cpu, wall, peak = output_of(program .. " " .. arguments):match "([%d.]+) ([%d.]+)%s+(%d+)"
  assert(cpu, program .. " " .. arguments)
  return tonumber(cpu), tonumber(wall), tonumber(peak)
end

local function compare(name, arguments, both)
  local cpus, walls, peaks, cpu_of_limit, wall_of_limit = {}, {}, {}, {}, {}
  for i = 1, ROUNDS do
    local cpu, wall, peak = measured(LIMIT, arguments)
    local our_cpu, our_wall, our_peak = measured(CLIENT, arguments)
    cpus[i], walls[i], peaks[i] = our_cpu / cpu, our_wall / wall, our_peak / peak
    cpu_of_limit[i], wall_of_limit[i] = cpu, wall
  end
  if both then
    print(("%-52s  %8.0f ms  wall %.2f x   cpu %.2f x   memory %.2f x"):format(name, median(wall_of_limit) / 1000,
      median(walls), median(cpus), median(peaks)))
  else
    print(("%-52s  %8.1f µs  cpu  %.2f x"):format(name, median(cpu_of_limit), median(cpus)))
  end
end

-- A whole process with one call, by the clock.
local function cold(name, limit_arguments, client_arguments)
  local function timed(command)
    local started = core.now()
    output_of(command)
    return core.now() - started
  end
  local ratios, limits = {}, {}
  for i = 1, ROUNDS * 4 do
    local limit = timed(LIMIT .. " " .. limit_arguments)
    ratios[i], limits[i] = timed(CLIENT .. " " .. client_arguments) / limit, limit
  end
  print(("%-52s  %8.1f ms  wall %.2f x"):format(name, median(limits) * 1000, median(ratios)))
end

local function decoding()
  local text, ratios, limits, decode = task(60), {}, {}, cjson.new().decode
  local function timed(f)
    local started = os.clock()
    for _ = 1, 300 do f(text) end
    return (os.clock() - started) / 300
  end
  for i = 1, ROUNDS * 2 do
    local limit = timed(decode)
    ratios[i], limits[i] = timed(core.decode) / limit, limit
  end
  print(("%-52s  %8.1f µs  cpu  %.2f x cjson.decode"):format("decoding alone, 60 layers", median(limits) * 1e6,
    median(ratios)))
end

-- The most that a process ever had, and what it grows by from one number of calls to another.
local function memory(name, one)
  local function peak(program, n)
    return tonumber((output_of(("%s serial %s %d"):format(program, one, n)):match "(%d+)%s*$"))
  end
  local ratios, limits, grown = {}, {}, {}
  for i = 1, ROUNDS do
    limits[i] = peak(LIMIT, 3000)
    local few = peak(CLIENT, 3000)
    ratios[i], grown[i] = few / limits[i], peak(CLIENT, 6000) - few
  end
  print(("%-52s  %8.1f MiB peak %.2f x; 3000 more calls: %d KiB"):format(name, median(limits) / 1024, median(ratios),
    median(grown)))
end

-- The system's anchors and the server's issuer, as a file and as a folder of hashed names.
local function make_anchors(folder, ca)
  local made = os.execute(("cd %s && mkdir anchors && cat /etc/ssl/certs/ca-certificates.crt %s > bundle.pem && "
    .. "cp -RL /etc/ssl/certs/*.pem anchors && cp %s anchors/own.pem && openssl rehash anchors"):format(folder, ca, ca))
  return (made == true or made == 0) and folder .. "/bundle.pem", folder .. "/anchors/"
end

local function careful(name, arguments)
  local line = lua_line("lua5.1", "build/lua5.1", "spec/bench/careful.lua")
  if not output_of("lua5.1 -e 'print(pcall(require, \"curl\"))' 2>&1"):find "^true" then return end
  local ratios = {}
  for i = 1, ROUNDS do ratios[i] = measured(line, arguments) / (measured(LIMIT, arguments)) end
  print(("%-52s  %11s  cpu  %.2f x"):format(name, "", median(ratios)))
end

-- ---- all of it --------------------------------------------------------------------------------------------------

local host = start_server()
local ca = certificates.folder() .. "/ca.pem"
local http = "http://127.0.0.1:" .. host.port
local https = "https://127.0.0.1:" .. host.tls_port
local h2 = "https://127.0.0.1:" .. host.h2_port

local function url(origin, instance)
  return child.quoted(("%s/?InstanceId=%s&SyncTaskId=rst-1"):format(origin, instance))
end

print(("%s; %s; %s"):format(output_of "uname -sm":gsub("\n", ""), output_of "curl-config --version":gsub("\n", ""),
  output_of(LUA .. " -v"):gsub("  .*", ""):gsub("\n", "")))
print(("%-52s  %11s"):format("", "limit"))
compare("a call, kept connection, http, 1 layer", "serial " .. url(http, "small") .. " 3000")
careful("  a careful script with Lua-cURL", "serial " .. url(http, "small") .. " 3000")
compare("a call, kept connection, https, 1 layer", "serial " .. url(https, "small") .. " 2000 " .. ca)
compare("a call, kept connection, HTTP/2, 1 layer", "serial " .. url(h2, "small") .. " 2000 " .. ca)
compare("a call, kept connection, http, 60 layers", "serial " .. url(http, "big") .. " 2000")
careful("  a careful script with Lua-cURL", "serial " .. url(http, "big") .. " 2000")
decoding()
local one = url(http, "small")
cold("cold start and one call, http", "serial " .. one .. " 1", "serial " .. one .. " 1")
local bundle, anchors = make_anchors(host.folder, ca)
if bundle then
  local over_tls = ("serial %s 1 "):format(url(https, "small"))
  cold("the same, https; limit: bundle, crsync: hashed folder", over_tls .. bundle, over_tls .. anchors)
end
memory("memory", one)
compare("1000 tasks answered after 50 ms, 64 at once, http", "many " .. url(http, "slow") .. " 1000 64", true)
compare("the same over https", "many " .. url(https, "slow") .. " 1000 64 " .. ca, true)
compare("the same over HTTP/2", "many " .. url(h2, "slow") .. " 1000 64 " .. ca, true)
compare("1000 tasks over HTTP/2, all at once", "many " .. url(h2, "small") .. " 1000 1000 " .. ca, true)
compare("the same, answered after 50 ms", "many " .. url(h2, "slow") .. " 1000 1000 " .. ca, true)
host:stop()
