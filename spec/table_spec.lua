-- Lists as tables: columns that line up, cells of what is there, of what is absent and of what would harm a terminal.

local tables = require "crsync.print.table"

local function lines_of(columns, items)
  local lines = {}
  for line in (tables.text(columns, items) .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  return lines
end

describe("a table", function()
  it("has a line of headers and one for each item, in columns that line up", function()
    local columns = {
      { header = "NAME", fields = { "name" } },
      { header = "WHERE", fields = { "place.region", "place.zone" }, show = function(region, zone)
        return region .. "-" .. tostring(zone)
      end },
      { header = "NOTE", fields = { "note" } },
    }
    assert.same({
      "NAME     WHERE       NOTE",
      "webfr    eu-1        -",
      "größer…  eu-nil      x\\x1b",
      "名前     asia-false  true",
    }, lines_of(columns, {
      { name = "webfr", place = { region = "eu", zone = 1 } },
      { name = "größer…", place = { region = "eu" }, note = "x\27" },
      { name = "名前", place = { region = "asia", zone = false }, note = true },
    }))
    assert.same({ "NAME  WHERE  NOTE" }, lines_of(columns, {}))
  end)

  it("of tasks shows what little there may be", function()
    local lines = lines_of(tables.TASKS, {
      { SyncTaskId = "rst-1", TaskStatus = "ERROR", CreateTime = 1718000000000, TaskIssue = "NETWORK_ERROR",
        ImageFrom = { RegionId = "cn-hangzhou", RepoNamespaceName = "team", RepoName = "web", ImageTag = "1.0" },
        ImageTo = "elsewhere" },
      {},
    })
    assert.equal("rst-1  ERROR   2024-06-10T06:13:20Z  cn-hangzhou team/web:1.0  - -/-:-  NETWORK_ERROR", lines[2])
    assert.equal("-      -       -                     - -/-:-                   - -/-:-", lines[3])
  end)

  it("of rules has source and target", function()
    local lines = lines_of(tables.RULES, { { SyncRuleId = "crsr-1", LocalRegionId = "cn-hangzhou",
      LocalNamespaceName = "a", TargetRegionId = "eu-west-1" } })
    assert.equal("crsr-1  -     -      -        -     cn-hangzhou a  eu-west-1 -", lines[2])
  end)
end)
