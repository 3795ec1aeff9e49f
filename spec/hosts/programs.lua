-- crsync inside more programs than the suite has, by the very files of examples/embedding: make test-hosts.

local cjson = require "cjson"
local endpoint = require "spec.support.endpoint"
local hosts = require "spec.support.host"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

describe("Apache", function()
  it("answers with a task", function()
    local host = hosts.for_test(server, finally)
    host:write("httpd.conf", [[
      ServerRoot $folder
      ServerName localhost
      Listen 127.0.0.1:$port
      PidFile $folder/pid
      ErrorLog $folder/errors
      LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
      LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
      LoadModule lua_module /usr/lib/apache2/modules/mod_lua.so
      LuaPackagePath $root/lua/?.lua
      LuaPackagePath $root/lua/?/init.lua
      LuaPackageCPath $core_lua53/?.so
      LuaScope thread
      LuaMapHandler ^/sync/ $root/examples/embedding/apache.lua handle
    ]])
    host:start("apache2 -f $(pwd)/httpd.conf -DFOREGROUND", "lua5.3")
    local status, body = host:get "/sync/cri-1/rst-7"
    assert.equal(200, status, tostring(body))
    assert.equal("rst-7", cjson.decode(body).SyncTaskId)
    server:answer "err.400.SYNC_TASK_NOT_EXIST"
    assert.equal(404, (host:get "/sync/cri-1/rst-8"))
  end)
end)

describe("Tarantool", function()
  it("asks in fibers, side by side", function()
    server:answer_always { example = "ok.GetRepoSyncTask", delay = 0.3 }
    local host = hosts.for_test(server, finally)
    local output = host:run("tarantool $root/examples/embedding/tarantool.lua cri-1 rst-1 rst-2", "luajit")
    assert.equal(2, select(2, output:gsub('"SyncBatchTaskId"', "")), output)
  end)
end)

describe("PostgreSQL", function()
  -- Its server does not run as root. The environment is cleared, as Debian does.
  it("has a task as jsonb", function()
    local host = hosts.for_test(server, finally)
    host:write("paths.lua", [[
      package.path = "$root/lua/?.lua;$root/lua/?/init.lua;" .. package.path
      package.cpath = "$core_lua53/?.so;" .. package.cpath
    ]])
    host:write("run", [[
      PATH=/usr/lib/postgresql/15/bin:$PATH
      initdb -D db -A trust -U me >initdb.log || { cat initdb.log; exit 1; }
      cat >>db/postgresql.conf <<'END'
listen_addresses = ''
unix_socket_directories = '$folder'
pllua.on_init = 'dofile "$folder/paths.lua"'
END
      env -u LUA_PATH -u LUA_CPATH pg_ctl -D db -l log -w start >/dev/null || cat log
      trap 'pg_ctl -D db -m immediate stop >/dev/null' EXIT
      ask() { psql -h '$folder' -U me -d postgres -qAt "$@"; }
      ask -f $root/examples/embedding/plluau.sql
      ask -c "select sync_task('cri-1', 'rst-7')->>'TaskStatus'" -c "select sync_task('cri-1', 'rst-8')"
    ]])
    server:answer("ok.GetRepoSyncTask", "err.400.SYNC_TASK_NOT_EXIST")
    local output = host:run("sh -c '[ $(id -u) != 0 ] || set -- unshare --user --map-user=1000; \"$@\" sh ./run' -",
      "lua5.3")
    assert.truthy(output:find("^SUCCESS\n.*ERROR: .*SYNC_TASK_NOT_EXIST"), output)
  end)
end)

describe("Knot Resolver", function()
  it("waits for a task in its loop", function()
    local host = hosts.for_test(server, finally)
    host:write("config", [[
      for _, name in ipairs { "ta_update", "ta_signal_query", "priming" } do modules.unload(name) end -- ask nobody
      trust_anchors.remove "."
      dofile "$root/examples/embedding/kresd.lua"
    ]])
    server:answer { example = "get.synchronizing-multi" }
    local output = host:run("SYNC_INSTANCE=cri-1 SYNC_TASK=rst-1 timeout 6 kresd -n -c ./config .", "luajit")
    assert.truthy(output:find("task      rst-1\nstatus    SUCCESS", 1, true), output)
    assert.equal(2, #server:requests())
  end)
end)

describe("awesome", function()
  it("notifies of a task's end", function()
    local host = hosts.for_test(server, finally)
    host:write("rc.lua", [[
      local naughty, timer = require "naughty", require "gears.timer"
      local notify = naughty.notify
      naughty.notify = function(what)
        print(what.title, what.text)
        timer.start_new(0.2, function() awesome.quit() end)
        return notify(what)
      end
      dofile "$root/examples/embedding/awesome.lua" ("cri-1", "rst-1")
    ]])
    server:answer { example = "get.synchronizing-multi" }
    local output = host:run("timeout 20 xvfb-run -a awesome -c ./rc.lua", "lua5.3")
    assert.truthy(output:find("rst-1\tSUCCESS", 1, true), output)
  end)
end)

describe("collectd", function()
  local CONFIGURATION = [[
    BaseDir "$folder"
    PIDFile "$folder/pid"
    TypesDB "/usr/share/collectd/types.db"
    Interval 1
    LoadPlugin csv
    <Plugin csv>
      DataDir "stdout"
    </Plugin>
    <LoadPlugin lua>
      Globals %s
    </LoadPlugin>
    <Plugin lua>
      BasePath "$root/examples/embedding"
      Script "collectd.lua"
    </Plugin>
  ]]

  local function output_with(globals)
    local host = hosts.for_test(server, finally)
    host:write("collectd.conf", CONFIGURATION:format(globals))
    return host:run("SYNC_INSTANCE=cri-1 SYNC_TASK=rst-1 timeout 4 collectd -f -C collectd.conf", "lua5.3")
  end

  it("has the percentage of a task", function()
    local output = output_with "true"
    assert.truthy(output:find "sync/percent%-rst%-1[^\n]*100", output)
  end)

  it("is told why without Globals true", function()
    local output = output_with "false"
    assert.truthy(output:find("the program hides Lua's functions from C modules", 1, true), output)
  end)
end)

describe("mpv", function()
  it("shows a task", function()
    local host = hosts.for_test(server, finally)
    local output = host:run("timeout 6 mpv --no-config --idle=yes --vo=null --ao=null --ytdl=no --load-scripts=no"
      .. " --script=$root/examples/embedding/mpv.lua --script-opts=sync-instance=cri-1,sync-task=rst-1", "lua5.2")
    assert.truthy(output:find("rst-1 SUCCESS", 1, true), output)
  end)
end)

describe("WeeChat", function()
  it("tells of a task's end", function()
    local host = hosts.for_test(server, finally)
    host:write("crsync", "#!/bin/sh\nLUA_PATH='$root/lua/?.lua;$root/lua/?/init.lua;;' LUA_CPATH='$root/build/?.so;;'"
      .. " exec lua5.4 $root/lua/crsync/bin.lua \"$@\"")
    local output = host:run("sh -c 'chmod +x crsync; PATH=\"$PWD:$PATH\" timeout 10 weechat-headless -d \"$PWD/home\""
      .. " --stdout -r \"/lua load $root/examples/embedding/weechat.lua\" -r \"/sync cri-1 rst-1\"; cat home/logs/*'",
      "lua5.3")
    assert.truthy(output:find("SUCCESS", 1, true), output)
  end)
end)
