-- Modules that may be missing.

local optional = require "crsync.util.optional"

describe("a module that may be missing", function()
  it("is nil where it is not there", function()
    assert.is_nil(optional.module "crsync.nowhere")
    assert.equal(string, optional.module "string")
    package.preload["crsync.empty"] = function() end
    assert.is_nil(optional.module "crsync.empty")
    package.preload["crsync.empty"], package.loaded["crsync.empty"] = nil, nil
  end)

  it("raises what is wrong with it where it is there", function()
    local mine = {}
    for i, raised in ipairs { mine, "interrupted!", "module 'what.it.needs' not found" } do
      local name = "crsync.broken" .. i -- Lua 5.1 remembers one that has failed
      package.preload[name] = function() error(raised, 0) end
      local ok, problem = pcall(optional.module, name)
      package.preload[name] = nil
      assert.is_false(ok)
      assert.truthy(problem == raised or problem:find(raised, 1, true), tostring(problem))
    end
  end)
end)
