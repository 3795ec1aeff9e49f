-- crsync inside programs from elsewhere, by the very files of examples/embedding.

local at_most = require "spec.support.at_most"
local child = require "spec.support.child"
local cjson = require "cjson"
local core = require "crsync.core"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"
local hosts = require "spec.support.host"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

-- Asks for a path n times side by side; returns how long it took, with the status of each.
local function side_by_side(host, path, n)
  local started, codes = core.now(), {}
  local one = ("curl -s -m 10 -o /dev/null -w '%%{http_code}\n' 'http://127.0.0.1:%d%s' & "):format(host.port, path)
  local pipe = io.popen("env -u LD_PRELOAD sh -c " .. child.quoted(one:rep(n) .. "wait"))
  for code in pipe:lines() do codes[#codes + 1] = tonumber(code) end
  pipe:close()
  return core.now() - started, codes
end

-- What each of the web servers should do.
local function answers_as_documented(host, prefix)
  local status, body = host:get(prefix .. "/cri-1/rst-7")
  assert.equal(200, status, tostring(body) .. host:log())
  assert.equal("rst-7", cjson.decode(body).SyncTaskId)
  assert.is_true(server:requests()[1].verified)
  server:answer "err.400.SYNC_TASK_NOT_EXIST"
  status = host:get(prefix .. "/cri-1/rst-8")
  assert.equal(404, status)
  assert.truthy(host:log():find("SYNC_TASK_NOT_EXIST", 1, true) or host.logs_elsewhere, host:log())
  assert.is_nil(host:log():find(server.access_key_secret, 1, true))
end

local function is_not_blocked(host, path)
  server:answer_always { example = "ok.GetRepoSyncTask", delay = 0.3 }
  local took, codes = side_by_side(host, path, 10)
  assert.same({ 200, 200, 200, 200, 200, 200, 200, 200, 200, 200 }, codes)
  assert.is_true(took < at_most(0.8), took) -- one after another it would be 3
end

describe("lighttpd", function()
  it("answers with a task", function()
    local host = hosts.for_test(server, finally)
    host:write("lighttpd.conf", [[
      server.document-root = "$folder"
      server.bind = "127.0.0.1"
      server.port = $port
      server.modules = ("mod_magnet")
      $HTTP["url"] =~ "^/sync/" { magnet.attract-raw-url-to = ("$root/examples/embedding/lighttpd.lua") }
    ]])
    host:start("lighttpd -D -f lighttpd.conf", "lua5.4")
    answers_as_documented(host, "/sync")
    server:answer_always { hang = true }
    local started = core.now()
    assert.equal(504, (host:get "/sync/cri-1/rst-1"))
    assert.is_true(core.now() - started < at_most(2.5))
  end)
end)

describe("Prosody", function()
  it("answers with a task, and goes on meanwhile", function()
    local host = hosts.for_test(server, finally)
    host:write("prosody.cfg.lua", [[
      run_as_root = true
      pidfile = "$folder/pid"
      data_path = "$folder"
      certificates = "$folder"
      plugin_paths = { "$root/examples/embedding" }
      modules_enabled = { "http", "sync_tasks" }
      modules_disabled = { "s2s", "c2s", "tls", "offline", "posix" }
      http_interfaces = { "127.0.0.1" }
      http_ports = { $port }
      https_ports = {}
      http_default_host = "localhost"
      log = { { levels = { min = "info" }, to = "console" } }
      VirtualHost "localhost"
    ]])
    host:start("prosody -F --config prosody.cfg.lua", "lua5.4")
    answers_as_documented(host, "/sync_tasks")
    is_not_blocked(host, "/sync_tasks/cri-1/rst-1")
  end)
end)

-- Debian's Lua module for nginx needs OpenResty's LuaJIT. Where the other is installed, which can't be beside it,
-- .ci/setup leaves it there and does without the module.
local other_luajit = files.output_of "dpkg-query -W -f '${db:Status-Status}' libluajit-5.1-2 2>/dev/null" == "installed"

if io.open "/usr/lib/nginx/modules/ngx_http_lua_module.so" or not other_luajit then describe("nginx", function()
  it("answers with a task, and its one worker goes on meanwhile", function()
    local host = hosts.for_test(server, finally)
    host:write("nginx.conf", [[
      user $user;
      load_module /usr/lib/nginx/modules/ndk_http_module.so;
      load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
      daemon off;
      worker_processes 1;
      pid $folder/pid;
      error_log stderr;
      env ALIBABA_CLOUD_ENDPOINT;
      env ALIBABA_CLOUD_ACCESS_KEY_ID;
      env ALIBABA_CLOUD_ACCESS_KEY_SECRET;
      env NO_PROXY;
      events { worker_connections 128; }
      http {
        access_log off;
        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
        scgi_temp_path scgi;
        lua_package_path "$root/examples/embedding/?.lua;$root/lua/?.lua;$root/lua/?/init.lua;;";
        lua_package_cpath "$core_luajit/?.so;;";
        server {
          listen 127.0.0.1:$port;
          location ~ ^/sync/([^/]+)/([^/]+)$ {
            content_by_lua_block { require("nginx").answer(ngx.var[1], ngx.var[2]) }
          }
          location /watch {
            content_by_lua_block {
              assert(ngx.timer.at(0, require("nginx").watch, "cri-1", "rst-watched"))
              ngx.say "started"
            }
          }
          location /many {
            content_by_lua_block {
              local client = assert(require "crsync".new { loop = { wait = function() ngx.sleep(0.005) end,
                sleep = ngx.sleep } })
              local tasks, errors = client:get_tasks("cri-1", { "A", "B", "C" })
              ngx.say(tasks.A.SyncTaskId, tasks.B.SyncTaskId, tasks.C.SyncTaskId, tostring(next(errors)))
            }
          }
        }
      }
    ]])
    host:start("nginx -p . -e stderr -c nginx.conf", "luajit")
    answers_as_documented(host, "/sync")
    is_not_blocked(host, "/sync/cri-1/rst-1")
    server:answer_always()
    assert.same({ 200, "ABCnil\n" }, { host:get "/many" })
    -- A task that never ends does not keep the worker from ending.
    server:answer_always { body = { TaskStatus = "SYNCHRONIZING" } }
    assert.same({ 200, "started\n" }, { host:get "/watch" })
    local stopping = core.now()
    os.execute(("kill -QUIT \"$(cat '%s/pid')\""):format(host.folder))
    while pcall(files.read, host.folder .. "/pid") and core.now() - stopping < at_most(20) do core.sleep(0.05) end
    assert.is_true(core.now() - stopping < at_most(20), host:log())
  end)
end) end

describe("HAProxy", function()
  it("answers with a task by its own HTTP client, and goes on meanwhile", function()
    local host = hosts.for_test(server, finally)
    host:write("haproxy.cfg", [[
      global
        lua-prepend-path "$root/lua/?.lua"
        lua-prepend-path "$root/lua/?/init.lua"
        lua-prepend-path "$core_lua53/?.so" cpath
        lua-load $root/examples/embedding/haproxy.lua
        nbthread 2
      defaults
        mode http
        timeout connect 1s
        timeout client 15s
        timeout server 15s
      frontend sync
        bind 127.0.0.1:$port
        http-request use-service lua.sync_task if { path_beg /sync/ }
    ]])
    host:start("env -u LUA_PATH -u LUA_CPATH haproxy -db -f haproxy.cfg", "lua5.3")
    answers_as_documented(host, "/sync")
    is_not_blocked(host, "/sync/cri-1/rst-1")
    server:answer_always()
    server:answer("err.503.ServiceUnavailable", "err.503.ServiceUnavailable") -- crsync's retries, HAProxy's requests
    assert.equal(200, (host:get "/sync/cri-1/rst-1"))
  end)
end)

describe("Neovim", function()
  it("watches a task while it is used", function()
    local host = hosts.for_test(server, finally)
    server:answer({ body = { TaskStatus = "PENDING", SyncTaskId = "rst-1" } }, "ok.GetRepoSyncTask")
    host:write("session.lua", [[
      local notes, ticks = {}, 0
      vim.notify = function(message) notes[#notes + 1] = message end
      local timer = vim.loop.new_timer()
      timer:start(10, 10, function() ticks = ticks + 1 end)
      vim.cmd "SyncTask cri-1 rst-1"
      vim.wait(20000, function() return #notes > 0 and notes[#notes]:find "^task " ~= nil end)
      io.write(table.concat(notes, "\n"), "\nticks ", ticks > 50 and "enough" or ticks, "\n")
    ]])
    local output = host:run("nvim --headless -u NONE -c 'luafile $root/examples/embedding/neovim.lua'"
      .. " -c 'luafile session.lua' -c 'qa!'", "luajit")
    assert.truthy(output:find("rst-1 PENDING", 1, true), output)
    assert.truthy(output:find("\ntask      rst%-1\n"), output)
    assert.truthy(output:find("ticks enough", 1, true), output)
  end)
end)

describe("nmap", function()
  it("tells of a task in a script", function()
    local host = hosts.for_test(server, finally)
    local output = host:run("nmap --script $root/examples/embedding/acr-sync-task.nse"
      .. " --script-args instance=cri-1,task=rst-7 -sn -n 127.0.0.1", "lua5.3")
    assert.truthy(output:find("| task      rst-7", 1, true), output)
  end)
end)

-- A program that keeps Lua's functions to itself, as some do that were linked without -Wl,-E.
local HIDING = [[
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

int main(int count, char **words) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (count > 1 && luaL_dostring(L, words[1])) puts(lua_tostring(L, -1));
  lua_close(L);
  return 0;
}]]

describe("a program that hides Lua's functions", function()
  it("is told what is wrong, and works once it shows them", function()
    local host = hosts.for_test(server, finally)
    host:write("hiding.c", HIDING)
    local function output_with(flags)
      return host:run(([==[sh -c 'cc %s hiding.c -o hiding $(pkg-config --cflags lua5.4) \
        "$(pkg-config --variable=libdir lua5.4)"/liblua5.4.a -lm -ldl && ./hiding "print(require [[crsync]].new)"']==])
        :format(flags), "lua5.4")
    end
    local output = output_with ""
    assert.truthy(output:find("^crsync was built for this Lua %(Lua 5.4%), but the program hides"), output)
    output = output_with "-Wl,-E"
    assert.truthy(output:find "^function: ", output)
  end)
end)
