-- Modules that may be missing.

local optional = require "crsync.util.optional"

describe("a module that may be missing", function()
  it("is nil where it is not there", function()
    assert.is_nil(optional.module "crsync.nowhere")
    assert.equal(string, optional.module "string")
  end)

  it("raises what is wrong with it where it is there", function()
    local mine = {}
    finally(function() package.preload["crsync.broken"] = nil end)
    for _, raised in ipairs { mine, "interrupted!", "module 'what.it.needs' not found" } do
      package.preload["crsync.broken"] = function() error(raised, 0) end
      local ok, problem = pcall(optional.module, "crsync.broken")
      assert.is_false(ok)
      assert.truthy(problem == raised or problem:find(raised, 1, true), tostring(problem))
    end
  end)
end)
