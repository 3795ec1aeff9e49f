-- Lists on the command line: what narrows them, and the forms in which they are written.

local cjson = require "cjson"
local command = require "spec.support.command"
local compat = require "crsync.util.compat"
local endpoint = require "spec.support.endpoint"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

local function run(...) return command.run(server, ...) end

local MADE = 1718000000 -- 2024-06-10T06:13:20Z

local function task(number, status, region, issue)
  local image = { RegionId = region, InstanceId = "cri-2", RepoNamespaceName = "team", RepoName = "web",
    ImageTag = "1.0" }
  return { SyncTaskId = "rst-" .. number, TaskStatus = status, TaskIssue = issue, CreateTime = (MADE + number) * 1000,
    ModifedTime = (MADE + number + 90) * 1000, SyncBatchTaskId = "batch-1", ImageFrom = image, ImageTo = image }
end

local function offer(...)
  server:answer { body = { IsSuccess = true, TotalCount = tostring(select("#", ...)), SyncTasks = { ... } } }
end

local function offer_three()
  offer(task(1, "SUCCESS", "eu-west-1"), task(2, "ERROR", "us-east-1", "NETWORK_ERROR"),
    task(3, "PENDING", "us-east-1"))
end

describe("crsync list", function()
  for words, expected in pairs {
    ["--since 2024-06-10T06:13:22Z"] = "rst-2\nrst-3\n",
    ["--since 1718000001 --till 1718000002"] = "rst-1\nrst-2\n",
    ["--since 1s"] = "",
    ["--status error,SUCCESS"] = "rst-1\nrst-2\n",
    ["--status ERROR,PENDING --to-region us-east-1 --limit 1"] = "rst-2\n",
    ["--to-region eu-west-1,ap-south-1"] = "rst-1\n",
  } do
    it("takes " .. words, function()
      offer_three()
      local output, errors, status = run("list cri-1 --field SyncTaskId " .. words)
      assert.same({ expected, "", 0 }, { output, errors, status })
    end)
  end

  it("takes a repository with its namespace", function()
    offer_three()
    run "list cri-1 --repo team/web"
    local query = server:requests()[1].query
    assert.same({ "team", "web" }, { query.RepoNamespaceName, query.RepoName })
  end)

  for words, part in pairs {
    ["--since yesterday"] = "'yesterday' is no time: write 2024-06-10T06:13:20Z",
    ["--till 10w"] = "is no time",
    ["--status FAILED"] = "'FAILED' is no status: there are PENDING",
    ["--status ,"] = "names nothing",
    ["-o html"] = "list does not write html; its formats are text, json, jsonl, lua, csv, markdown",
  } do
    it("refuses " .. words, function()
      local output, errors, status = run("list cri-1 " .. words)
      assert.same({ "", 2 }, { output, status })
      assert.truthy(errors:find(part, 1, true), errors)
    end)
  end

  it("has columns for the batch and the time taken", function()
    offer_three()
    local output = run "list cri-1"
    assert.truthy(output:find "^TASK +STATUS +CREATED +TOOK +FROM +TO +ISSUE +BATCH\n")
    assert.truthy(output:find "rst%-2 +ERROR +2024%-06%-10T06:13:22Z +1:30 .* NETWORK_ERROR +batch%-1\n")
    assert.truthy(output:find "rst%-3 +PENDING +2024%-06%-10T06:13:23Z +%- ")
  end)

  it("is written as JSON, as one object a line, as Lua, CSV and Markdown", function()
    local function output_as(format)
      offer_three()
      return (run("list cri-1 -o " .. format))
    end
    assert.equal(3, #cjson.decode(output_as "json"))
    assert.equal("rst-2", compat.load(output_as "lua", "=output", {})()[2].SyncTaskId)
    local ids = {}
    for line in output_as "jsonl":gmatch "([^\n]*)\n" do ids[#ids + 1] = cjson.decode(line).SyncTaskId end
    assert.same({ "rst-1", "rst-2", "rst-3" }, ids)
    local csv = output_as "csv"
    assert.equal("SyncTaskId,TaskStatus,CreateTime,duration,ImageFrom.RegionId,ImageFrom.RepoNamespaceName,"
      .. "ImageFrom.RepoName,ImageFrom.ImageTag,ImageTo.RegionId,ImageTo.RepoNamespaceName,ImageTo.RepoName,"
      .. "ImageTo.ImageTag,TaskIssue,SyncBatchTaskId\r\n", csv:match "^.-\n")
    assert.truthy(csv:find("\r\nrst-2,ERROR,2024-06-10T06:13:22Z,90,us-east-1,team,web,1.0,us-east-1,team,web,1.0,"
      .. "NETWORK_ERROR,batch-1\r\n", 1, true))
    assert.truthy(output_as "markdown":find "^| SyncTaskId | TaskStatus | CreateTime | duration |.-|\n| %-%-%- |")
  end)

  it("without an item is so in every form", function()
    for format, expected in pairs { json = "[]\n", jsonl = "", lua = "return {}\n" } do
      offer()
      assert.same({ expected, "", 0 }, { run("list cri-1 -o " .. format) })
    end
    offer()
    assert.same({ "", "", 0 }, { run "list cri-1 --field SyncTaskId" })
  end)
end)

describe("--field over a list", function()
  it("gives one value a line, an empty one where an item has none", function()
    offer_three()
    assert.equal("\nNETWORK_ERROR\n\n", (run "list cri-1 --field TaskIssue"))
    offer_three()
    assert.equal("eu-west-1\nus-east-1\nus-east-1\n", (run "list cri-1 --field ImageTo.RegionId"))
    offer(task(1, "SUCCESS", "eu\n\27[2J"))
    assert.equal("eu\\n\\x1b[2J\n", (run "list cri-1 --field ImageTo.RegionId"))
  end)

  it("takes positions, too", function()
    offer_three()
    assert.equal("rst-2\n", (run "list cri-1 --field 2.SyncTaskId"))
  end)

  it("is an error where no item has it", function()
    offer_three()
    local output, errors, status = run "list cri-1 --field Nope"
    assert.same({ "", "crsync: there is no field Nope\n", 2 }, { output, errors, status })
  end)

  it("works for several tasks", function()
    assert.equal("A\nB\n", (run "get cri-1 A B --field SyncTaskId"))
    assert.equal(2, select(2, (run "get cri-1 A B -o jsonl"):gsub("\n", "")))
    assert.equal(1, select(2, (run "get cri-1 A -o jsonl"):gsub("\n", "")))
  end)
end)

describe("crsync rules", function()
  it("is written as CSV and Markdown, too", function()
    assert.truthy((run "rules cri-1 -o csv"):find "^SyncRuleId,SyncRuleName,SyncScope,")
    assert.truthy((run "rules cri-1 -o markdown"):find "^| SyncRuleId | SyncRuleName |")
  end)
end)
