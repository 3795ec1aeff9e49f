local text = require "crsync.util.text"

describe("text.printable", function()
  local cases = {
    ["plain"] = "plain", ["käse 中文 \240\159\154\128"] = "käse 中文 \240\159\154\128", ["a\27[31mb"] = "a\\x1b[31mb",
    ["a\nb\rc\td\0e\127"] = "a\\nb\\rc\\td\\x00e\\x7f", ["\194\15531m"] = "\\u{9b}31m",
    ["\226\128\174cba"] = "\\u{202e}cba", ["\226\129\166x\226\129\169"] = "\\u{2066}x\\u{2069}",
    ["a\226\128\139b"] = "a\\u{200b}b",
    ["\239\187\191a"] = "\\u{feff}a", ["\226\128\168"] = "\\u{2028}", ["\243\160\129\129"] = "\\u{e0041}",
    ["\216\156"] = "\\u{61c}", ["\244\143\191\189"] = "\244\143\191\189",
    ["\255a"] = "\\xffa", ["a\192\128"] = "a\\xc0\\x80", ["\237\160\128"] = "\\xed\\xa0\\x80",
    ["\226\130"] = "\\xe2\\x82",
    ["\244\144\128\128"] = "\\xf4\\x90\\x80\\x80", [""] = "",
  }
  for given, expected in pairs(cases) do
    it("makes " .. expected, function() assert.equal(expected, text.printable(given)) end)
  end
end)

describe("text.width and text.truncate", function()
  it("count columns", function()
    assert.equal(4, text.width "abcd")
    assert.equal(4, text.width "中文")
    assert.equal(1, text.width "e\204\129")
    assert.equal(2, text.width "\255\254")
    assert.equal(7, text.width "✅🚀⠹█…") -- the first two are wide
    assert.equal(3, text.width "นิ한") -- a mark above, and a wide syllable
  end)

  it("cut between characters", function()
    assert.equal("abcdef", text.truncate("abcdef", 6))
    assert.equal("ab...", text.truncate("abcdef", 5))
    assert.equal("中...", text.truncate("中文字", 5))
    assert.equal("中...", text.truncate("中文字幕", 6))
    assert.equal("..", text.truncate("abcdef", 2))
    assert.equal("", text.truncate("abc", 0))
    assert.equal("ab…", text.truncate("abcdef", 3, "…"))
  end)

  it("give the beginning and the end that fit", function()
    assert.same({ "abc", "abc", "" }, { text.head("abc", 9), text.head("abcd", 3), text.head("中", 1) })
    assert.same({ "abc", "bcd", "" }, { text.tail("abc", 9), text.tail("abcd", 3), text.tail("中", 1) })
    assert.same({ "中", "字" }, { text.head("中文字", 3), text.tail("中文字", 3) })
    assert.same({ "ae\204\129", "e\204\129b" }, { text.head("ae\204\129b", 2), text.tail("ae\204\129b", 2) })
    assert.equal("b", text.tail("e\204\129b", 1))
  end)
end)

describe("text.bytes", function()
  local cases = {
    [0] = "0 B", [1] = "1 B", [999] = "999 B", [1000] = "1.0 kB", [23655489] = "23.7 MB", [999949] = "999.9 kB",
    [999950] = "1.0 MB", [1e9] = "1.0 GB", [-5] = "-5 B",
    [math.maxinteger or 2 ^ 63] = "9.2 EB", [math.mininteger or -2 ^ 63] = "-9.2 EB",
    [0.4] = "0 B", [999.7] = "1.0 kB", [1e30] = "1000000000000.0 EB", [math.huge] = "?",
  }
  for n, expected in pairs(cases) do
    it("writes " .. tostring(n) .. " as " .. expected, function() assert.equal(expected, text.bytes(n)) end)
  end

  it("bears what is no number", function()
    assert.equal("?", text.bytes(0 / 0))
    assert.equal("?", text.bytes "x")
    assert.equal("?", text.bytes(nil))
  end)
end)
