-- Installing: with make, with LuaRocks, and what is said when it cannot work.

local function run(command)
  local clean = "unset LD_PRELOAD MAKEFLAGS MFLAGS MAKEOVERRIDES BUILD CFLAGS WRAPPER; "
  local pipe = io.popen(clean .. "{ " .. command .. "; } 2>&1; echo status $?")
  local output = pipe:read "*a"
  pipe:close()
  return output:match "status (%d+)%s*$" == "0", output
end

local LUA = os.getenv "LUA" or "lua5.4"
local folder

lazy_setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(run("mkdir '" .. folder .. "'"))
end)
lazy_teardown(function() run("rm -rf '" .. folder .. "'") end)

-- Runs a line of Lua that sees nothing of this tree.
local function lua_in(root, line, lua)
  return run(("cd / && env -u LUA_PATH -u LUA_CPATH LUA_PATH_5_4='%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua;;'"
    .. " LUA_CPATH_5_4='%s/lib/lua/5.4/?.so;;' %s -e '%s'"):format(root, root, root, lua or LUA, line))
end

local PROOF = [[local c = require "crsync"
  local client = assert(c.new { region = "cn-hangzhou", access_key_id = "i", access_key_secret = "s" })
  print(c._VERSION, client, c.sign { host = "h", access_key_id = "i", access_key_secret = "s" }.host)]]

local function works(root)
  local ok, output = lua_in(root, PROOF)
  assert.is_true(ok, output)
  assert.truthy(output:find("crsync %d+%.%d+%.%d+\tcrsync.client %(https://cr.cn%-hangzhou.aliyuncs.com%)\th"), output)
end

describe("the rockspec", function()
  local spec = {}
  assert(loadfile("crsync-scm-1.rockspec", "t", spec))()

  local function list(command)
    local names = {}
    for name in io.popen(command):lines() do names[#names + 1] = name end
    table.sort(names)
    return names
  end

  it("lists every Lua file under its module's name", function()
    local files = {}
    for name, path in pairs(spec.build.modules) do
      if type(path) == "string" then
        files[#files + 1] = path
        local expected = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
        assert.equal(expected, name)
      end
    end
    table.sort(files)
    assert.same(list "find lua -name '*.lua'", files)
  end)

  it("lists every C file", function()
    local sources = spec.build.modules["crsync.core"].sources
    table.sort(sources)
    assert.same(list "find csrc -name '*.c'", sources)
  end)
end)

describe("make install", function()
  it("puts a working module under DESTDIR and PREFIX, and takes it away again", function()
    local root = folder .. "/stage/opt/crsync"
    local make = ("make %%s DESTDIR='%s/stage' PREFIX=/opt/crsync"):format(folder)
    assert(run(make:format "install"))
    works(root)
    local paths = ("LUA_PATH_5_4='%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua;;'"):format(root, root)
    local command = ("env -u LUA_PATH -u LUA_CPATH %s LUA_CPATH_5_4='%s/lib/lua/5.4/?.so;;' '%s/bin/crsync' --version")
    local ok, output = run(command:format(paths, root, root))
    assert.is_true(ok, output)
    assert.truthy(output:find "^crsync %d", output)
    assert(run(make:format "uninstall"))
    local _, left = run(("find '%s' -type f"):format(folder .. "/stage"))
    assert.equal("status 0\n", left)
  end)
end)

describe("luarocks make", function()
  -- lua-cjson is the system's: LuaRocks is told so, as one would in its configuration file.
  it("builds and installs with one plain command", function()
    local root = folder .. "/rocks"
    local config = folder .. "/luarocks.lua"
    local file = assert(io.open(config, "w"))
    file:write('rocks_provided = { ["lua-cjson"] = "2.1.0-1", argparse = "0.7.1-1" }\n')
    file:close()
    local ok, output = run(("cp -r csrc lua *.rockspec '%s/' && cd '%s' && rm -f csrc/*.o && env -u CFLAGS "
      .. "LUAROCKS_CONFIG='%s' luarocks --lua-version 5.4 --tree '%s' make"):format(folder, folder, config, root))
    assert.is_true(ok, output)
    assert.is_nil(output:lower():find("warning: [^\n]*%[%-W"), output)
    works(root)
    ok, output = run(("cd / && '%s/bin/crsync' --version"):format(root))
    assert.is_true(ok, output)
    assert.truthy(output:find "^crsync %d", output)
  end)

  it("is refused for Lua 5.1 by its dependency, not by the compiler", function()
    local ok, output = run(("cd '%s' && luarocks --lua-version 5.1 --tree '%s/51' make"):format(folder, folder))
    assert.is_false(ok)
    assert.truthy(output:find("lua >= 5.4", 1, true) or output:find("lua 5.4", 1, true) or
      output:find("LUA_INCDIR", 1, true) or output:find("depends on lua", 1, true), output)
  end)
end)

describe("the C module", function()
  local core = package.searchpath("crsync.core", package.cpath)

  it("needs libcurl, libcrypto and the C library, and no Lua", function()
    local _, output = run("readelf -d '" .. core .. "' | grep NEEDED")
    local needed = {}
    for name in output:gmatch "%[lib(%w+)[.%w-]*%]" do
      if name ~= "asan" and name ~= "ubsan" then needed[#needed + 1] = name end
    end
    table.sort(needed)
    assert.same({ "c", "crypto", "curl" }, needed)
  end)

  it("exports one symbol", function()
    local _, output = run("nm -D --defined-only '" .. core .. "' | grep -v -e __asan -e __ubsan -e __odr_asan")
    assert.truthy(output:find("^%x+ T luaopen_crsync_core\nstatus"), output)
  end)
end)

describe("another Lua", function()
  it("is told in one clear line", function()
    local command = ("env LUA_PATH='./lua/?.lua;./lua/?/init.lua' LUA_CPATH='%s' lua5.1 -e 'require \"crsync\"'")
      :format(package.cpath)
    local ok, output = run(command)
    assert.is_false(ok)
    assert.truthy(output:find("crsync was built for another Lua; this is Lua 5.1: build it again", 1, true), output)
    assert.is_nil(output:find("undefined symbol", 1, true))
  end)
end)

describe("a missing package", function()
  -- A system whose only headers are C's own, and these empty.
  local function compile(file)
    local stub = folder .. "/headers"
    local headers = ("mkdir -p '%s' && touch '%s/stddef.h' '%s/stdint.h'"):format(stub, stub, stub)
    return run(("%s && cc -E -nostdinc -isystem '%s' csrc/%s -o /dev/null"):format(headers, stub, file))
  end

  it("is named by the compiler", function()
    for file, package_name in pairs { ["transfer.c"] = "libcurl4-openssl-dev", ["sign.c"] = "libssl-dev",
      ["decode.c"] = "liblua5.4-dev" } do
      local ok, output = compile(file)
      assert.is_false(ok)
      assert.truthy(output:find("apt-get install " .. package_name, 1, true), output)
    end
  end)

  it("is named for other systems, where there is no apt-get, and nothing is done", function()
    local ok, output = run(("mkdir -p '%s/bin' && ln -sf \"$(command -v cat)\" '%s/bin/cat' && PATH='%s/bin' "
      .. "/bin/sh .ci/setup test"):format(folder, folder, folder))
    assert.is_false(ok)
    for _, name in ipairs { "dnf ", "apk ", "brew ", "libcurl-devel", "curl-dev", "openssl@3",
      "nothing was installed" } do
      assert.truthy(output:find(name, 1, true), output)
    end
  end)
end)
