local compat = require "crsync.util.compat"
local lua_source = require "crsync.print.lua_source"
local examples = require "spec.support.examples"

local function back(value) return assert(compat.load("return " .. lua_source.of(value), "=source", _G))() end

describe("Lua source", function()
  it("is readable, in the order of the documentation", function()
    assert.equal([[{
  TaskStatus = "SUCCESS",
  SyncedSize = 5,
  ImageTo = {
    RegionId = "eu-west-1",
  },
  LayerTasks = {
    {
      Size = 5,
    },
  },
  ["and"] = true,
  ["odd key"] = {},
}]], lua_source.of { ["odd key"] = {}, ["and"] = true, LayerTasks = { { Size = 5 } }, TaskStatus = "SUCCESS",
      ImageTo = { RegionId = "eu-west-1" }, SyncedSize = 5 })
  end)

  it("gives back every example", function()
    for _, name in ipairs(examples.names()) do
      local task = examples.task(name)
      assert.same(task, back(task))
    end
  end)

  it("gives back numbers and strings exactly", function()
    for _, n in ipairs { 0, -1, math.maxinteger or 0, math.mininteger or 0, 0.1, 1e300, -2.5, 3.0, math.huge,
      -math.huge } do
      assert.equal(n, back(n))
      assert.equal(compat.is_integer(n), compat.is_integer(back(n)))
    end
    local nan = back(0 / 0)
    assert.is_true(nan ~= nan)
    for _, s in ipairs { "", "a\0001", "q\"\\\n\r\t", "é", "\255\1282", "\27[31m", "\194\155x" } do
      assert.equal(s, back(s))
    end
  end)

  it("holds no control character", function()
    assert.is_nil(lua_source.of({ "\27\7\0\127" }):gsub("\n", ""):find("%c"))
  end)

  it("gives back tables that are no lists", function()
    local t = { 1, 2, [5] = "x", [-1.5] = "y", name = "z" }
    assert.same(t, back(t))
  end)

  it("refuses functions and tables within themselves", function()
    assert.is_false(pcall(lua_source.of, { print }))
    local t = {}
    t.t = t
    assert.is_false(pcall(lua_source.of, t))
  end)
end)
