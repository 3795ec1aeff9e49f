-- require "crsync" where it fails: what is said of the core, and that nothing of crsync stays loaded.

local child = require "spec.support.child"
local files = require "spec.support.files"

local LIST = [[ for name in pairs(package.loaded) do
    local is_ground = name == 'crsync.loading' or name:find 'util'
    if name:find '^crsync' and not is_ground then print(name) end
  end ]]

-- The loader's complaint of a core that is at a path.
local function complaint(path, script)
  return child.run(([[package.preload['crsync.core'] = function()
    error("error loading module 'crsync.core' from file '%s':\n\t%s: undefined symbol: lua_next", 0)
  end %s print(select(2, pcall(require, 'crsync')))]]):format(path, path, script or ""))
end

describe("a core that finds no functions of Lua's", function()
  local path, own

  lazy_setup(function()
    path = os.tmpname()
    for template in package.cpath:gmatch "[^;]+" do
      local candidate = template:gsub("%?", "crsync/core")
      own = own or (pcall(files.read, candidate) and candidate)
    end
  end)
  lazy_teardown(function() os.remove(path) end)

  local HIDDEN = "^crsync was built for this Lua %(Lua %d%.%d%), but the program hides"
  local OTHER = "^crsync was built for another"

  it("is told why: the program hides them", function()
    assert.truthy(complaint(own):find(HIDDEN), complaint(own))
  end)

  it("is told why: they are another Lua's", function()
    files.write(path, files.read(own):gsub("crsync core for Lua %d", "crsync core for Lua 9"))
    assert.truthy(complaint(path):find(OTHER))
  end)

  it("is told the likely reason where it cannot be read", function()
    assert.truthy(complaint(path .. ".not"):find(OTHER))
    assert.truthy(complaint(own, "io.open = function() error 'not here' end"):find(OTHER))
    assert.truthy(complaint(own, "io = nil"):find(OTHER))
  end)

  it("gives way to an interrupt", function()
    assert.truthy(complaint(own, "io.open = function() error('interrupted!', 0) end"):find "^interrupted!\n")
  end)
end)

describe("a require that fails halfway", function()
  it("leaves nothing loaded, and succeeds once the reason is gone", function()
    local output = child.run([[package.preload['crsync.client'] = function() error('not now', 0) end
      print(pcall(require, 'crsync'))]] .. LIST .. [[package.preload['crsync.client'] = nil
      print(type(require 'crsync'.new))]])
    assert.equal("false\tnot now\nfunction\n", output)
  end)

  it("passes on what is no text", function()
    assert.equal("false\tnil\n", child.run([[package.preload['crsync.core'] = function() error(nil) end
      local ok, problem = pcall(require, 'crsync') print(ok, (problem or "nil"):match "^nil")]]))
  end)
end)

describe("LuaJIT and Lua 5.1", function()
  it("are told apart behind a _G of the host's own", function()
    local script = [[local real = _G
      _G = setmetatable({}, { __index = real })
      if setfenv then setfenv(0, _G) setfenv(1, _G) end
      require 'crsync'
      local compat = require 'crsync.util.compat'
      print(compat.jit == real.jit, (compat.pcall == pcall) == (_VERSION ~= 'Lua 5.1' or real.jit ~= nil))]]
    assert.equal("true\ttrue\n", child.run(script))
  end)
end)
