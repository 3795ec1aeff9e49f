-- Dates as sources of keys and clients write them.

local dates = require "crsync.util.dates"

local AT = 1767225845 -- 2026-01-01T00:04:05Z

describe("an expiration", function()
  for text, what in pairs {
    ["2026-01-01T00:04:05Z"] = "with Z", ["2026-01-01T00:04:05.123Z"] = "with a fraction",
    ["2026-01-01T00:04:05+00:00"] = "as Python writes it", ["2026-01-01T08:04:05+08:00"] = "with an offset",
    ["2025-12-31T19:04:05.123456-05:00"] = "west of Greenwich, with a fraction",
    ["2026-01-01T05:34:05+0530"] = "with an offset without a colon", ["1767225845"] = "as digits",
    ["1767225845000"] = "as digits in milliseconds",
  } do
    it("is taken " .. what, function() assert.equal(AT, dates.expiration(text)) end)
  end

  it("is taken as a number, in seconds or milliseconds", function()
    assert.equal(AT, dates.expiration(AT))
    assert.equal(AT, dates.expiration(AT * 1000))
  end)

  it("is none without a time zone, or when it is no date", function()
    for _, wrong in ipairs { "2026-01-01T00:04:05", "2026-01-01", "soon", "", "2026-01-01T00:04:05+8", {}, true } do
      assert.is_nil(dates.expiration(wrong))
    end
  end)
end)

describe("a date in UTC", function()
  it("is read in one form only", function()
    assert.equal(AT, dates.epoch "2026-01-01T00:04:05Z")
    assert.equal(951782399, dates.epoch "2000-02-28T23:59:59Z")
    for _, wrong in ipairs { "2026-01-01T00:04:05+00:00", "1767225845", "" } do assert.is_nil(dates.epoch(wrong)) end
  end)

  it("is written as it is read", function() assert.equal("2026-01-01T00:04:05Z", dates.rfc3339(AT)) end)
end)

describe("a moment as a person writes it", function()
  local now = 1718000000
  for value, expected in pairs {
    ["90s"] = now - 90, ["10m"] = now - 600, ["2h"] = now - 7200, ["1d"] = now - 86400, ["1.5h"] = now - 5400,
    ["1717999000"] = 1717999000, ["1717999000.5"] = 1717999000.5, ["1717999000000"] = 1717999000,
    ["2024-06-10T06:13:20Z"] = now, ["2024-06-10t06:13:20z"] = now, ["2024-06-10 06:13:20Z"] = now,
    ["2024-06-10T08:13:20+02:00"] = now, ["2024-06-10T06:13:20.5Z"] = now, ["2024-06-10T01:13:20-0500"] = now,
  } do
    it("is " .. value, function() assert.equal(expected, dates.moment(value, now)) end)
  end

  for _, value in ipairs { "", "yesterday", "10w", "-10m", "10 m", "2024-06-10", "2024-06-10T06:13:20",
    "2024-13-10T06:13:20Z", "2024-06-32T06:13:20Z", "2024-06-10T24:13:20Z", "2024-06-10T06:60:20Z", "m", "1e3", "0x10",
    "2024-06-10T06:13:61Z", "2024-00-10T06:13:20Z", "2024-06-10T06:13:20+2" } do
    it("is not '" .. value .. "'", function() assert.is_nil(dates.moment(value, now)) end)
  end
end)
