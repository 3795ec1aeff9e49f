local examples = require "spec.support.examples"
local task_report = require "crsync.print.report"
local text = require "crsync.util.text"

local function report(name, options) return task_report.task(examples.task(name), options) end

local function has(s, part) assert.truthy(s:find(part, 1, true), s) end

describe("a report", function()
  it("of the documented sample", function()
    assert.equal([=[
task      rst-zxjkiv5oil6f****
status    SUCCESS
from      cn-shanghai  cri-sgedpenzw80e****  test/test:master
to        eu-west-1    cri-leqzomz5vijc****  test/test:master
copied    23.7 MB of 23.7 MB in 1 layer
details   to another account, accelerated
rule      crsr-cllro6ho3wne****
batch     a9434731-95ef-4087-9cf4-369c8e90****
request   A6DEF8B0-5D45-46D6-867D-8C7FF0966B07
layers
  sha256:36fb85fcb5e9  SUCCESS  23.7 MB  100 %  [##########]]=], report "ok.GetRepoSyncTask")
  end)

  it("of a task under way", function()
    local r = report "get.synchronizing-multi"
    has(r, "status    SYNCHRONIZING  57 %\n")
    has(r, "copied    71.6 MB of 124.9 MB in 5 layers\n")
    has(r, "\n  sha256:030303030303  SYNCHRONIZING  88.3 MB   45 %  [####......]\n")
  end)

  it("of a failed task tells the reason and what to do", function()
    has(report "get.error-network-error", "reason    NETWORK_ERROR: the network between the registries was unstable")
    has(report "get.error-tag-conflict", "use another tag")
    has(report "get.error-no-issue", "reason    not told by the service")
    has(report "get.error-unknown-issue", "reason    ")
  end)

  it("says when nothing is known yet", function()
    has(report "get.pending-empty", "status    PENDING  -\n")
    has(report "get.pending-empty", "no layers told yet")
    has(report "get.unknown-status", "status    ")
  end)

  it("of many layers counts them and lists what is unfinished, failed ones first", function()
    local task = { TaskStatus = "ERROR", LayerTasks = {} }
    for i = 1, 5000 do
      local status = i <= 4000 and "SUCCESS" or i == 5000 and "ERROR" or "PENDING"
      task.LayerTasks[i] = { Digest = ("sha256:%064x"):format(i), Size = 10, SyncedSize = 0, TaskStatus = status }
    end
    local r = task_report.task(task)
    has(r, "layers    1 ERROR, 999 PENDING, 4000 SUCCESS\n  sha256:000000000000  ERROR  ")
    has(r, "... and 980 more that are not finished")
    assert.is_true(select(2, r:gsub("\n", "")) < 40)
  end)

  it("of many finished layers lists none", function()
    local task = { TaskStatus = "SUCCESS", LayerTasks = {} }
    for i = 1, 13 do task.LayerTasks[i] = { TaskStatus = "SUCCESS", Size = i, SyncedSize = i } end
    assert.truthy(task_report.task(task):find("layers    13 SUCCESS$"))
  end)
end)

describe("a report's form", function()
  local all = examples.names()

  it("takes any width, and no other options", function()
    local crsync = require "crsync"
    local sample = examples.task "get.synchronizing-multi"
    assert.equal(crsync.format(sample, { width = 40 }), crsync.format(sample, { width = 0 }))
    assert.equal(crsync.format(sample, { width = 60 }), crsync.format(sample, { width = 60.9 }))
    assert.equal(crsync.format(sample, { width = 1000 }), crsync.format(sample, { width = math.huge }))
    for problem, options in pairs { ["colour: unknown option"] = { colour = true },
      ["color: expected a boolean, got string"] = { color = "always" }, ["width: out of range"] = { width = -1 },
      ["options: expected a table, got string"] = "color" } do
      local ok, message = pcall(function() return (crsync.format(sample, options)) end)
      assert.is_false(ok)
      assert.truthy(message:find("report_spec.lua:%d+: bad argument #2 to 'format' %(" .. problem), message)
    end
  end)

  for _, width in ipairs { 40, 60, 80, 200 } do
    it("keeps to " .. width .. " columns", function()
      for _, name in ipairs(all) do
        for line in report(name, { width = width }):gmatch "[^\n]+" do
          assert.is_true(text.width(line) <= width, name .. ": " .. line)
        end
      end
    end)
  end

  it("keeps ids whole from 60 columns on", function()
    for _, name in ipairs(all) do
      local task = examples.task(name)
      has(task_report.task(task, { width = 60 }), task.SyncTaskId)
      has(task_report.task(task, { width = 60 }), task.RequestId)
    end
  end)

  it("has colours only when asked for", function()
    assert.is_nil(report("get.error-network-error"):find("\27", 1, true))
    has(report("get.error-network-error", { color = true }), "\27[31mERROR")
    assert.equal(report("get.success-multi"), (report("get.success-multi", { color = true }):gsub("\27%[%d*m", "")))
  end)

  it("lets nothing from the service reach the terminal raw", function()
    local evil = "\27]0;pwned\7\226\128\174x\r\n\0\255"
    local task = { TaskStatus = evil, SyncTaskId = evil, TaskIssue = evil, SyncRuleId = evil, RequestId = evil,
      TaskTrigger = evil, Priority = evil, ImageFrom = { RegionId = evil, RepoName = evil, ImageTag = evil },
      ImageTo = { InstanceId = evil }, LayerTasks = { { Digest = evil, TaskStatus = evil, Size = evil } } }
    for _, width in ipairs { 40, 80, 300 } do
      local r = task_report.task(task, { width = width })
      assert.is_nil(r:gsub("\n", ""):find("[%z\1-\31\127\255]"))
      assert.is_nil(r:find("\226\128\174", 1, true))
    end
  end)

  it("bears any table", function()
    for _, task in ipairs { {}, { 1, 2 }, { LayerTasks = { 1, "x", {}, false } }, { LayerTasks = 5, ImageTo = "x" },
      { TaskStatus = {}, SyncTaskId = 5, SyncedSize = "many", ImageFrom = {} },
      { TaskStatus = "ERROR", TaskIssue = {} },
      { LayerTasks = { { Size = 0 / 0, SyncedSize = math.huge, Digest = 7 } } } } do
      assert.is_string(task_report.task(task))
    end
  end)

  it("refuses what is no table", function()
    local ok, message = pcall(task_report.task, "rst-1")
    assert.is_false(ok)
    has(message, "bad argument #1 to 'format'")
    ok, message = pcall(task_report.task, {}, { colour = true })
    assert.is_false(ok)
    has(message, "bad argument #2 to 'format' (colour: unknown option)")
  end)
end)
