-- Installing: with make, with LuaRocks, and what is said when it cannot work.

local child = require "spec.support.child"
local cjson = require "cjson"
local files = require "spec.support.files"

local function run(command)
  local clean = "unset LD_PRELOAD MAKEFLAGS MFLAGS MAKEOVERRIDES BUILD CFLAGS WRAPPER; "
  local pipe = io.popen(clean .. "{ " .. command .. "; } 2>&1; echo status $?")
  local output = pipe:read "*a"
  pipe:close()
  return output:match "status (%d+)%s*$" == "0", output
end

local function run_output(command) return (select(2, run(command)):gsub("%s*status %d+\n$", "")) end

local LUA = os.getenv "LUA" or "lua5.4"
local TREE = "./lua/?.lua;./lua/?/init.lua"
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
    local paths = {}
    for name, path in pairs(spec.build.modules) do
      if type(path) == "string" then
        paths[#paths + 1] = path
        local expected = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
        assert.equal(expected, name)
      end
    end
    table.sort(paths)
    assert.same(list "find lua -name '*.lua'", paths)
  end)

  it("lists every C file", function()
    local sources = spec.build.modules["crsync.core"].sources
    table.sort(sources)
    assert.same(list "find csrc -name '*.c'", sources)
  end)
end)

describe("make", function()
  local function make(words)
    local ok, output = run(("make --no-print-directory BUILD='%s/made' %s"):format(folder, words))
    assert.is_true(ok, output)
    return (output:gsub("status 0\n$", ""))
  end

  it("makes again what has changed, and for another Lua everything", function()
    local object = folder .. "/made/fork.o"
    local function makes_it(words)
      return make(object .. " " .. (words or "")):find(" -c csrc/fork.c -o ", 1, true) ~= nil
    end
    assert.is_true(makes_it())
    assert.is_false(makes_it())
    assert.is_true(makes_it "-W csrc/fork.h")
    assert.is_false(makes_it "-W csrc/sign.h")
    assert.is_true(makes_it "LUA=lua5.3")
    assert.is_false(makes_it "LUA=lua5.3")
    assert.is_true(makes_it())
  end)

  it("refuses another Lua's headers and names the packages", function()
    local headers = folder .. "/another"
    assert(run(("mkdir -p '%s'"):format(headers)))
    files.write(headers .. "/lua.h", '#define LUA_VERSION_NUM 503\n#define LUA_RELEASE "Lua 5.3.6"\n')
    local ok, output = run(("make BUILD='%s/refused' LUA=lua5.2 LUA_VERSION=5.2 LUA_INCDIR='%s'")
      :format(folder, headers))
    assert.is_false(ok)
    assert.truthy(output:find("crsync: the headers of lua5.2 are not there, only those of Lua 5.3.6: give LUA_INCDIR"
      .. " or another LUA, or install\n  apt: lua5.2 liblua5.2-dev\n", 1, true), output)
    assert.is_nil(output:find(" -c csrc/", 1, true))
    ok, output = run(("make BUILD='%s/refused' LUA_INCDIR='%s/none'"):format(folder, headers))
    assert.is_false(ok)
    assert.truthy(output:find("crsync: the headers of lua5.4 are not there: give LUA_INCDIR or another LUA, or"
      .. " install\n  apt: lua5.4 liblua5.4-dev\n", 1, true), output)
  end)

  it("knows the headers of Lua 5.5, which put numbers together", function()
    local headers = folder .. "/put-together"
    assert(run(("mkdir -p '%s'"):format(headers)))
    files.write(headers .. "/lua.h", '#define LUA_VERSION_NUM (5 * 100 + 5)\n'
      .. '#define LUA_RELEASE "Lua " "5" "." "5" "." "0"\n')
    assert(run(("make '%s/of-5.5/built-for' LUA=lua5.5 LUA_VERSION=5.5 LUA_INCDIR='%s'"):format(folder, headers)))
  end)

  it("knows Lua by its other name, too", function()
    assert(run(("mkdir -p '%s/names' && ln -s /bin/true '%s/names/lua-5.4'"):format(folder, folder)))
    local _, output = run(("unset LUA; PATH='%s/names' $(command -v make) -n run-specs"):format(folder))
    assert.truthy(output:find("LUA='lua-5.4'", 1, true), output)
  end)

  it("refuses a compiler that is neither gcc nor clang", function()
    local other = folder .. "/other-cc"
    files.write(other, "#!/bin/sh\necho __GNUC__ 1\n")
    for _, cc in ipairs { "sh " .. other, "false" } do
      local ok, output = run(("make BUILD='%s/refused' CC='%s'"):format(folder, cc))
      assert.is_false(ok)
      assert.truthy(output:find(("crsync: gcc or clang builds it, and %s is neither, or is not there: give CC, or"
        .. " install\n  apt: gcc libc6-dev make pkg-config\n"):format(cc), 1, true), output)
      assert.is_nil(output:find(" -c csrc/", 1, true))
    end
  end)

  it("makes everything again for other headers of the same Lua", function()
    local object = folder .. "/made/file.o"
    local more = "LUA_CFLAGS='-I/usr/local/include " .. run_output "pkg-config --cflags lua5.4" .. "'"
    assert.truthy(make(object .. " -W csrc/file.h"):find(" -c csrc/file.c", 1, true))
    assert.is_nil(make(object):find(" -c csrc/file.c", 1, true))
    assert.truthy(make(object .. " " .. more):find(" -c csrc/file.c", 1, true))
  end)

  it("knows LuaJIT's folder without LuaJIT's program", function()
    assert.truthy(make "LUA=luajit-not-here -n uninstall":find("/lib/lua/5.1/crsync", 1, true))
  end)

  it("takes warnings for errors only where it is told to", function()
    local object = folder .. "/made/file.o"
    assert.is_nil(make(object):find("-Werror", 1, true))
    assert.truthy(make(object .. " WERROR=1 -W csrc/file.h"):find("-Werror", 1, true))
  end)

  it("has a line of help for each target", function()
    local help = make "help"
    local targets = {}
    for _, path in ipairs { "Makefile", "spec/checks.mk" } do
      for name in files.read(path):gsub("\\\n", ""):match "\n%.PHONY:([^\n]+)":gmatch "%S+" do
        targets[#targets + 1] = name
      end
    end
    for _, name in ipairs(targets) do
      if name ~= "all" and name ~= "force" and not name:find "^lint%-" then
        assert.truthy(help:find("  make " .. name .. " ", 1, true), name)
      end
    end
  end)
end)

describe("make install", function()
  local quoted = child.quoted
  local prefix, modules

  -- Installs into a folder with all that a path may have in it.
  local function install(words)
    local ok, output = run("make -s install PREFIX=" .. quoted(prefix) .. " " .. (words or ""))
    assert.is_true(ok, output)
  end

  -- Runs the installed command from elsewhere, with nothing exported but `variables`.
  local function command(arguments, variables)
    local program = quoted(prefix .. "/bin/crsync")
    local _, output = run(("cd / && env -i %s %s %s"):format(variables or "", program, arguments))
    return output
  end

  lazy_setup(function()
    prefix = folder .. "/it's a \"pre\\fix\""
    modules = prefix .. "/share/lua/5.4/crsync"
    install()
  end)

  it("puts a working module under DESTDIR and PREFIX, and takes it away again", function()
    local root = folder .. "/stage/opt/crsync"
    local make = ("make %%s DESTDIR='%s/stage' PREFIX=/opt/crsync"):format(folder)
    assert(run(make:format "install"))
    works(root)
    local text = files.read(root .. "/bin/crsync")
    assert.truthy(text:find('package.path = "/opt/crsync/share/lua/5.4/?.lua;', 1, true), text)
    assert.is_nil(text:find(folder, 1, true), text)
    assert(run(make:format "uninstall"))
    local _, left = run(("find '%s' -type f"):format(folder .. "/stage"))
    assert.equal("status 0\n", left)
  end)

  it("gives a command that needs nothing exported, and can't be misled by what is", function()
    assert.truthy(command "--version":find "^crsync %d+%.%d+%.%d+\n.*\nstatus 0\n$")
    for _, name in ipairs { "crsync", "argparse" } do
      files.write(folder .. "/" .. name .. ".lua", "error 'not this'")
    end
    local misleading = ("LUA_PATH=%s/?.lua LUA_PATH_5_4=%s/?.lua LUA_CPATH=/none LUA_CPATH_5_4=/none"):format(folder,
      folder)
    assert.truthy(command("--version", misleading):find "^crsync %d+%.%d+%.%d+\n.*\nstatus 0\n$")
  end)

  it("gives one that can be linked to", function()
    local target, link = quoted(prefix .. "/bin/crsync"), folder .. "/linked"
    local _, output = run(("ln -s %s '%s' && env -i '%s' --version"):format(target, link, link))
    assert.truthy(output:find "^crsync %d+%.%d+%.%d+\n.*\nstatus 0\n$", output)
  end)

  it("refuses a prefix that Lua would read otherwise", function()
    for _, name in ipairs { "~/x", folder .. "/a?b", folder .. "/a;b" } do
      local ok, output = run("make -s install PREFIX=" .. quoted(name))
      assert.is_false(ok)
      assert.truthy(output:find("PREFIX is to be a path without", 1, true), output)
      assert.is_nil(io.open(name .. "/bin/crsync"))
    end
  end)

  it("tells when its Lua is gone", function()
    files.write(folder .. "/lua5.4", "#!/bin/sh\nexec lua5.4 \"$@\"\n")
    assert(run(("chmod +x '%s/lua5.4'"):format(folder)))
    install(("LUA='%s/lua5.4'"):format(folder))
    finally(install)
    assert.truthy(command("--version", "PATH=/usr/bin:/bin"):find "^crsync %d")
    assert(os.remove(folder .. "/lua5.4"))
    assert.equal(("crsync: %s/lua5.4, which it was installed for, is not there: install that, or crsync again\n"
      .. "status 6\n"):format(folder), command "--version")
  end)

  -- What the command says where a file is there only in part, or, if `change` gives nothing, not at all.
  local function damaged(path, change, arguments)
    local whole = files.read(path)
    local part = change(whole)
    if part then files.write(path, part) else assert(os.remove(path)) end
    local output = command(arguments or "--version")
    files.write(path, whole)
    return output
  end

  local function removed() end
  local function emptied() return "" end
  local function halved(text) return text:sub(1, #text // 2) end

  local BROKEN = "^crsync: [^\n]+: install crsync again\nstatus 6\n$"

  it("gives one that tells when a module is missing or half-written", function()
    local changes, told = { removed, emptied, halved }, { 0, 0, 0 }
    local n = 0
    for path in io.popen("find " .. quoted(modules) .. " -name '*.lua' | sort"):lines() do
      n = n % #changes + 1
      local output = damaged(path, changes[n])
      if not output:find "^crsync %d" then
        assert.truthy(output:find(BROKEN), path .. ": " .. output)
        told[n] = told[n] + 1
      end
    end
    for _, times in ipairs(told) do assert.is_true(times > 5, times) end
  end)

  it("gives one that tells so of what it loads only when it needs it", function()
    for _, change in ipairs { removed, emptied, halved } do
      local output = damaged(modules .. "/sandbox/scenario.lua", change, "sandbox --port 0")
      assert.truthy(output:find(BROKEN), output)
    end
  end)

  it("gives one that tells when the core is missing or empty", function()
    for _, change in ipairs { removed, emptied } do
      local output = damaged(prefix .. "/lib/lua/5.4/crsync/core.so", change)
      assert.truthy(output:find(BROKEN), output)
    end
  end)
end)

describe("the command", function()
  -- Runs it as it stands in this tree, with nothing but what is given here; standard output and error together.
  local function command(arguments, lua_path, cpath, lua)
    local _, output = run(("env LUA_PATH='%s' LUA_CPATH='%s' %s lua/crsync/bin.lua %s"):format(lua_path or TREE,
      cpath or "./build/?.so;;", lua or LUA, arguments))
    return output
  end

  lazy_setup(function() assert(run "make -s all") end)

  it("tells when it is run by another Lua than it was built for", function()
    for _, lua in ipairs { "lua5.1", "luajit" } do
      local output = command("--version", TREE .. ";;", nil, lua)
      assert.truthy(output:find "^crsync was built for another Lua; this is Lua[^\n]+\nstatus 6\n$", output)
    end
  end)

  it("tells when lua-cjson or argparse is missing, and how to get it", function()
    local output = command("--version", TREE .. ";;", "./build/?.so")
    assert.truthy(output:find "^crsync needs lua%-cjson[^\n]*apt%-get install lua%-cjson[^\n]*%)\nstatus 6\n$", output)
    output = command "--version"
    assert.truthy(output:find "^[^\n]*argparse[^\n]*apt%-get install lua%-argparse[^\n]*\nstatus 6\n$", output)
  end)

  it("tells so of an argparse that is empty", function()
    files.write(folder .. "/argparse.lua", "")
    local output = command("--version", TREE .. ";" .. folder .. "/?.lua")
    assert.truthy(output:find "^[^\n]*argparse[^\n]*apt%-get install lua%-argparse[^\n]*\nstatus 6\n$", output)
  end)

  it("tells of a module that can't be loaded", function()
    assert(run(("mkdir -p '%s/cut/crsync'"):format(folder)))
    files.write(folder .. "/cut/crsync/wait.lua", "local function wait(")
    local output = command("--version", ("%s/cut/?.lua;%s;;"):format(folder, TREE))
    assert.truthy(output:find "^crsync: this installation is broken: [^\n]*/wait%.lua:1:", output)
    assert.truthy(output:find "^[^\n]*: install crsync again\nstatus 6\n$", output)
  end)

  it("ends as interrupted when it is interrupted while it is loaded", function()
    assert(run(("mkdir '%s/interrupted'"):format(folder)))
    files.write(folder .. "/interrupted/crsync.lua", "error('interrupted!', 0)")
    assert.equal("crsync: interrupted\nstatus 130\n", command("--version", folder .. "/interrupted/?.lua;" .. TREE))
  end)

  it("tells when its output can't be written, and does not pass for done", function()
    for _, arguments in ipairs { "--version", "--help", "completion bash" } do
      local output = command(arguments .. " 2>&1 >/dev/full", TREE .. ";;")
      assert.equal("crsync: the output could not be written: No space left on device\nstatus 4\n", output)
    end
  end)
end)

describe("a checkout", function()
  it("has what busted needs to run by itself", function()
    assert(run "make -s all")
    local ok, output = run "env -u LUA_PATH -u LUA_CPATH busted spec/sign_spec.lua"
    assert.is_true(ok, output)
    assert.truthy(output:find("%d+ successes / 0 failures / 0 errors"), output)
  end)

  it("tells the editor's language server where its modules are", function()
    local settings = cjson.decode(files.read ".luarc.json")
    local path = table.concat(settings["runtime.path"], ";")
    for _, name in ipairs { "crsync", "crsync.util.text", "spec.support.files" } do
      assert.truthy(package.searchpath(name, path), name)
    end
  end)
end)

describe("luarocks make", function()
  -- Copies what it needs, and makes it for a version of Lua. lua-cjson and argparse are the system's: LuaRocks is told
  -- so, as one would in its configuration file.
  local function luarocks_make(version, root)
    local config = folder .. "/luarocks.lua"
    local file = assert(io.open(config, "w"))
    file:write('rocks_provided = { ["lua-cjson"] = "2.1.0-1", argparse = "0.7.1-1" }\n')
    file:close()
    local copy = ("cp -r csrc doc lua *.rockspec '%s/' && cd '%s' && rm -f csrc/*.o"):format(folder, folder)
    local make = "%s && env -u CFLAGS LUAROCKS_CONFIG='%s' luarocks --lua-version %s --tree '%s' make"
    return run(make:format(copy, config, version, root))
  end

  it("builds and installs with one plain command", function()
    local root = folder .. "/rocks"
    local ok, output = luarocks_make("5.4", root)
    assert.is_true(ok, output)
    assert.is_nil(output:lower():find("warning: [^\n]*%[%-W"), output)
    works(root)
    ok, output = run(("cd / && '%s/bin/crsync' --version"):format(root))
    assert.is_true(ok, output)
    assert.truthy(output:find "^crsync %d", output)
    assert(os.remove(root .. "/share/lua/5.4/crsync/wait.lua"))
    output = select(2, run(("cd / && '%s/bin/crsync' --version"):format(root)))
    assert.equal("crsync: the module crsync.wait is not there: install crsync again\nstatus 6\n", output)
  end)

  it("does so for another Lua", function()
    local root = folder .. "/rocks51"
    local ok, output = luarocks_make("5.1", root)
    assert.is_true(ok, output)
    ok, output = run(("cd / && env LUA_PATH='%s/share/lua/5.1/?.lua;%s/share/lua/5.1/?/init.lua;;' "
      .. "LUA_CPATH='%s/lib/lua/5.1/?.so;;' lua5.1 -e 'print(require \"crsync\"._VERSION, _VERSION)'"):format(root,
      root, root))
    assert.is_true(ok, output)
    assert.truthy(output:find "^crsync %d+%.%d+%.%d+\tLua 5%.1\n", output)
  end)
end)

-- What is unpacked from a release is no repository to make one of.
if run "git rev-parse --git-dir" then describe("a release", function()
  local release = "build/dist/crsync-" .. require "crsync.version"

  it("is the same bytes each time", function()
    local _, once = run(("make -s dist && sha256sum %s.tar.gz %s-1.rockspec"):format(release, release))
    run "sleep 1.1"
    local _, again = run(("make -s dist && sha256sum %s.tar.gz %s-1.rockspec"):format(release, release))
    assert.truthy(once:find("status 0", 1, true), once)
    assert.equal(once, again)
  end)

  it("can be packed, served from a folder and installed", function()
    local root, served = folder .. "/released", folder .. "/served"
    local ok, output = run(("make -s dist && mkdir -p '%s' && cp %s-1.rockspec '%s' && cd '%s' && "
      .. "luarocks --lua-version 5.4 pack %s-1.rockspec && rm -f *-1.rockspec && "
      .. "luarocks-admin --lua-version 5.4 make-manifest '%s' && "
      .. "env -u CFLAGS LUAROCKS_CONFIG='%s/luarocks.lua' luarocks --lua-version 5.4 --tree '%s' "
      .. "--only-server '%s' install crsync"):format(served, release,
      served, served, release:match "[^/]+$", served, folder, root, served))
    assert.is_true(ok, output)
    works(root)
    local version = release:match "[%d.]+$"
    assert(io.open(("%s/lib/luarocks/rocks-5.4/crsync/%s-1/doc/crsync.1"):format(root, version))):close()
  end)

  it("says where it is published, by whom and under which license, as far as that is given", function()
    local function rockspec(words)
      local ok, output = run("make -s dist " .. words)
      assert.is_true(ok, output)
      local spec = {}
      assert(loadfile(release .. "-1.rockspec", "t", spec))()
      return spec, select(2, run("luarocks lint " .. release .. "-1.rockspec"))
    end
    local spec, complaints = rockspec([[URL="https://x.example/a?b=c&d=e" HOMEPAGE="https://x.example/&" ]]
      .. [[ISSUES=https://x.example/issues MAINTAINER="P. O'Ckager <p@x.example>"]])
    assert.equal("status 0\n", complaints)
    assert.equal("https://x.example/a?b=c&d=e/" .. release:match "[^/]+$" .. ".tar.gz", spec.source.url)
    local d = spec.description
    assert.same({ "https://x.example/&", "https://x.example/issues", "P. O'Ckager <p@x.example>", "MIT" },
      { d.homepage, d.issues_url, d.maintainer, d.license })
    assert.truthy(#d.labels > 0)
    spec, complaints = rockspec ""
    assert.equal("status 0\n", complaints)
    d = spec.description
    assert.same({}, { d.homepage, d.issues_url, d.maintainer })
  end)
end) end

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

  it("is hardened", function()
    local _, output = run(("readelf -d -l '%s'; nm -D '%s'"):format(core, core))
    assert.truthy(output:find("GNU_RELRO", 1, true))
    assert.truthy(output:find("BIND_NOW", 1, true) or output:find("Flags: NOW", 1, true))
    assert.truthy(output:find("__stack_chk_fail", 1, true) or output:find("__asan", 1, true))
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
    local headers = ("(mkdir -p '%s' && cd '%s' && touch stddef.h stdint.h string.h)"):format(stub, stub)
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

describe(".ci/setup", function()
  -- Runs it where `installed` is all that there is, with an apt-get that writes down what it is told, has a package's
  -- script start a service, and refuses `refused`, for which it would have to remove something.
  local function setup(purpose, installed, refused)
    local calls, bin = folder .. "/calls", folder .. "/fakes"
    assert(run(("rm -rf '%s' '%s' && mkdir '%s'"):format(calls, bin, bin)))
    local programs = {
      id = "echo 0",
      ["dpkg-query"] = ('case " %s " in *" $4 "*) echo installed ;; esac'):format(installed),
      ["invoke-rc.d"] = ("echo started >>'%s'"):format(calls),
      ["deb-systemd-invoke"] = ("echo started >>'%s'"):format(calls),
      ["apt-get"] = ([[echo "$*" >>'%s'
        case " $* " in *" %s "*) exit 100 ;; *install*) ;; *) exit ;; esac
        for word; do case $word in DPkg::Path=*) first=${word#*=} PATH=${first%%%%:*}:$PATH ;; esac; done
        invoke-rc.d nginx start && deb-systemd-invoke start nginx.service]]):format(calls, refused or "none"),
    }
    for name, script in pairs(programs) do files.write(bin .. "/" .. name, "#!/bin/sh\n" .. script .. "\n") end
    local ok, output = run(("chmod +x '%s'/* && PATH='%s':\"$PATH\" LUA=lua5.4 .ci/setup %s"):format(bin, bin, purpose))
    assert.is_true(ok, output)
    return files.read(calls), output
  end

  it("removes no package and starts no service", function()
    local calls, output = setup("build", "gcc make lua5.4")
    local packages = " libc6-dev pkg-config liblua5.4-dev libcurl4-openssl-dev libssl-dev lua-cjson lua-argparse\n"
    assert.equal("crsync: installing with apt-get:" .. packages .. "status 0\n", output)
    local install = calls:match "\n(install [^\n]*\n)$"
    assert.truthy(install:find(" --no-remove ", 1, true) and install:find(packages, 1, true), calls)
    assert.is_nil(calls:find("started", 1, true), calls)
  end)

  it("is content with what will do as well", function()
    local _, output = setup("test", "luajit libluajit-5.1-2")
    assert.is_nil(output:find("luajit2 ", 1, true), output)
    assert.is_nil(output:find("libnginx-mod-http-lua", 1, true), output)
  end)

  it("takes the other of two that can't stand side by side, where one is there", function()
    local calls, output = setup("test", "libluajit-5.1-2", "libluajit2-5.1-dev")
    assert.truthy(output:find(" luajit libluajit-5.1-dev\n", 1, true), output)
    assert.truthy(calls:find " luajit libluajit%-5.1%-dev[^\n]*\n$", calls)
  end)
end)
