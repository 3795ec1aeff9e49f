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
        ImageTo = "elsewhere", ModifedTime = 1718000065000, SyncBatchTaskId = "b-1" },
      {},
    })
    assert.equal("rst-1  ERROR   2024-06-10T06:13:20Z  1:05  cn-hangzhou team/web:1.0  - -/-:-  NETWORK_ERROR  b-1",
      lines[2])
    assert.equal("-      -       -                     -     - -/-:-                   - -/-:-", lines[3])
  end)

  it("has hours where a task took them", function()
    local task = { TaskStatus = "SUCCESS", CreateTime = 1718000000000, ModifedTime = 1718003725000 }
    assert.truthy(lines_of(tables.TASKS, { task })[2]:find(" 1:02:05 ", 1, true))
  end)

  it("of rules has source and target", function()
    local lines = lines_of(tables.RULES, { { SyncRuleId = "crsr-1", LocalRegionId = "cn-hangzhou",
      LocalNamespaceName = "a", TargetRegionId = "eu-west-1" } })
    assert.equal("crsr-1  -     -      -        -         cn-hangzhou a  eu-west-1  -", lines[2])
  end)
end)

describe("a list in another form", function()
  local columns = {
    { header = "NAME", fields = { "name" } },
    { header = "WHERE", fields = { "place.region", "place.zone" }, show = function() error "only for a terminal" end },
    tables.TASKS[3], tables.TASKS[4],
  }
  local items = {
    { name = 'a "quoted", b', place = { region = "eu|us", zone = 2 ^ 40 }, CreateTime = 1718000000000,
      ModifiedTime = 1718000001500, TaskStatus = "SUCCESS" },
    { name = "two\r\nlines\27[31m", place = { region = "<script>&*_`" }, CreateTime = 1718000000000 },
    {},
  }

  it("is CSV by RFC 4180, with the fields' names and dates by RFC 3339", function()
    assert.equal(table.concat({
      "name,place.region,place.zone,CreateTime,duration",
      '"a ""quoted"", b",eu|us,1099511627776,2024-06-10T06:13:20Z,1.5',
      '"two\r\nlines\\x1b[31m",<script>&*_`,,2024-06-10T06:13:20Z,',
      ",,,,",
    }, "\r\n"), tables.csv(columns, items))
    assert.equal("name,place.region,place.zone,CreateTime,duration", tables.csv(columns, {}))
  end)

  it("is Markdown, in which nothing foreign is markup", function()
    assert.equal(table.concat({
      "| name | place.region | place.zone | CreateTime | duration |",
      "| --- | --- | --- | --- | --- |",
      '| a "quoted", b | eu\\|us | 1099511627776 | 2024-06-10T06:13:20Z | 1.5 |',
      "| two\\\\r\\\\nlines\\\\x1b\\[31m | &lt;script&gt;&amp;\\*\\_\\` |  | 2024-06-10T06:13:20Z |  |",
      "|  |  |  |  |  |",
    }, "\n"), tables.markdown(columns, items))
  end)
end)
