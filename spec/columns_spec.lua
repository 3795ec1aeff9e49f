-- Columns that line up within a width, and texts made shorter.

local columns = require "crsync.cli.columns"
local text = require "crsync.util.text"

local PLAN = {
  order = { "name", "size", "note" }, right = { size = true }, least = { size = 4 },
  give_way = { { shorten = "note", to = 5 }, { gap = 1 }, { drop = "size" }, { shorten = "name" } },
  yield = { { drop = "note" }, { drop = "size", below = 10 } },
}

local function row(name, size, note)
  local cells = { name = name, size = size, note = note }
  return { cells = cells, shorter = {
    name = function() return name:sub(1, 3) end,
    note = function(to) return text.truncate(note, to, "…") end,
  } }
end

local function lines(width, rows)
  return columns.lines(PLAN, rows or { row("alpha", "1", "a word"), row("beta", "22") }, width, "…")
end

describe("columns", function()
  it("line up, numbers at the right, and empty cells keep their places", function()
    assert.same({ "alpha     1  a word", "beta     22" }, lines(80))
    assert.same({ "名前     1  x", "e\204\129       22  y" },
      lines(80, { row("名前", "1", "x"), row("e\204\129", "22", "y") }))
  end)

  it("give way one after the other", function()
    local expected = { [19] = "alpha     1  a word", [18] = "alpha     1  a wo…", [17] = "alpha    1 a wo…",
      [15] = "alpha a wo…", [9] = "alp a wo…", [5] = "alp …" }
    for width, line in pairs(expected) do assert.equal(line, lines(width)[1]) end
    for width = 1, 80 do
      for _, line in ipairs(lines(width)) do assert.is_true(text.width(line) <= width) end
    end
  end)

  it("yield to words, some of them only where there is little room", function()
    local rooms = {}
    local function with_words(words)
      local one = row("alpha", "1", "note")
      one.last = "size"
      one.words = function(room)
        rooms[#rooms + 1] = room
        return words:sub(1, math.min(room, #words))
      end
      return one
    end
    assert.same({ "alpha     1  twelve signs", "beta     22  more" },
      lines(30, { with_words "twelve signs", row("beta", "22", "more") }))
    assert.equal("alpha     1  twelve sig", lines(23, { with_words "twelve signs" })[1])
    assert.equal("alpha  twelve signs", lines(20, { with_words "twelve signs" })[1])
    assert.equal(math.huge, rooms[1])
    assert.equal(17, rooms[2])
  end)
end)

describe("abbreviated names", function()
  local function of(names) return columns.abbreviated(names, "…") end

  it("are as long as tells them apart, at their beginnings or at their ends", function()
    assert.same({ ["rst-zxjkiv5oil6f"] = "rst-zxjk…", ["rst-abcdiv5oil6f"] = "rst-abcd…" },
      of { "rst-zxjkiv5oil6f", "rst-abcdiv5oil6f" })
    assert.same({ ["rst-the-same-way-a"] = "…me-way-a", ["rst-the-same-way-b"] = "…me-way-b" },
      of { "rst-the-same-way-a", "rst-the-same-way-b" })
    assert.same({ ["rst-1"] = "rst-1", ["rst-1234567890ab"] = "rst-1234…" }, of { "rst-1", "rst-1234567890ab" })
  end)

  it("are whole where nothing shorter tells them apart", function()
    local names = { "aaaaaaaaaaaaXbbbbbbbbbbbb", "aaaaaaaaaaaaYbbbbbbbbbbbb" }
    local short = of(names)
    assert.are_not.equal(short[names[1]], short[names[2]])
    assert.same({ "rst-1", "x" }, { of({ "rst-1" })["rst-1"], of({})["x"] })
    assert.equal("rst-web-eu", of({ "rst-web-eu", "rst-web-us" })["rst-web-eu"])
  end)

  it("never are the same, whatever the names", function()
    math.randomseed(5)
    for _ = 1, 200 do
      local names, seen = {}, {}
      for _ = 1, 40 do
        local letters = {}
        for k = 1, math.random(1, 24) do letters[k] = ("ab中"):match("[^\128-\191][\128-\191]*", math.random(1, 3)) end
        local name = table.concat(letters)
        if not seen[name] then names[#names + 1] = name end
        seen[name] = true
      end
      local short, taken = of(names), {}
      for _, name in ipairs(names) do
        assert.is_nil(taken[short[name]])
        taken[short[name]] = true
        assert.is_true(text.width(short[name]) <= text.width(name))
      end
    end
  end)
end)

describe("a text with a colon", function()
  it("keeps its end", function()
    assert.equal("team/web:1.0", columns.around_colon("team/web:1.0", 12, "…"))
    assert.equal("team/w…:1.0", columns.around_colon("team/web:1.0", 11, "…"))
    assert.equal("team…:1.0.0-rc.1", columns.around_colon("team/web:1.0.0-rc.1", 16, "…"))
    assert.equal("team/web:1.0…", columns.around_colon("team/web:1.0.0-rc.1", 13, "…"))
    assert.equal("team/lon…", columns.around_colon("team/long-name", 9, "…"))
  end)
end)
