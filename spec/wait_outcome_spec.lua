-- The table of what has become of the tasks of a wait: in windows of any width, and in Markdown.

local text = require "crsync.util.text"
local wait_outcome = require "crsync.cli.wait_outcome"

local function result(id, status, more)
  local task = { TaskStatus = status, SyncBatchTaskId = "5a2d0c1e-0000-4000-8000-00000000b001",
    LayerTasks = { { Size = 90e6, SyncedSize = 83.3e6 } }, TaskIssue = status == "ERROR" and "NETWORK_ERROR" or nil,
    ImageTo = { RegionId = "ap-southeast-1", RepoNamespaceName = "team", RepoName = "web", ImageTag = "1.0.0" } }
  for name, value in pairs(more or {}) do task[name] = value end
  return { id = id, task = task, err = status ~= "SUCCESS" and { kind = "task", code = status } or nil }
end

local function lines(results, width)
  local list = {}
  for i, line in ipairs(wait_outcome.lines(results, { ["rst-zxjkiv5oil6f"] = 71 }, width, "…")) do
    list[i] = line.text
    assert.is_true(text.width(line.text) <= width)
  end
  return list
end

describe("the table at the end of a wait", function()
  it("leaves out in narrow windows what says least", function()
    local results = { result("rst-zxjkiv5oil6f", "ERROR"),
      result("rst-abcdefghijkl", "SUCCESS", { SyncBatchTaskId = "77777777-0000-4000-8000-00000000b002" }) }
    for width, expected in pairs {
      [200] = { "TASK              TO              IMAGE           STATUS   TOOK    BYTES"
          .. "  BATCH                                 REASON",
        "rst-zxjkiv5oil6f  ap-southeast-1  team/web:1.0.0  ERROR    1:11  83.3 MB"
          .. "  5a2d0c1e-0000-4000-8000-00000000b001  NETWORK_ERROR",
        "rst-abcdefghijkl  ap-southeast-1  team/web:1.0.0  SUCCESS        83.3 MB"
          .. "  77777777-0000-4000-8000-00000000b002" },
      [79] = { "TASK             TO             STATUS  TOOK   BYTES REASON",
        "rst-zxjkiv5oil6f ap-southeast-1 ERROR   1:11 83.3 MB NETWORK_ERROR",
        "rst-abcdefghijkl ap-southeast-1 SUCCESS      83.3 MB" },
      [39] = { "TASK      TO             STATUS  REASON", "rst-zxjk… ap-southeast-1 ERROR   NETWO…",
        "rst-abcd… ap-southeast-1 SUCCESS" },
      [30] = { "TASK      STATUS  REASON", "rst-zxjk… ERROR   NETWO…", "rst-abcd… SUCCESS" },
    } do
      assert.same(expected, lines(results, width))
    end
    for width = 5, 200 do lines(results, width) end
  end)

  it("takes times from the service where it tells them", function()
    local listed = result("rst-1", "SUCCESS", { CreateTime = 1000, ModifiedTime = 64000 })
    assert.truthy(lines({ listed }, 200)[2]:find("SUCCESS  1:03", 1, true))
  end)

  it("bears tasks that were never seen, and odd ones", function()
    local results = { { id = "rst-1", err = { kind = "network", message = "no route" } },
      { id = "rst-2", err = { kind = "task", code = "stalled" }, task = { TaskStatus = "QUEUED", ImageTo = 5 } },
      result("\27[2J", "ERROR", { TaskIssue = "a\nb", ImageTo = { RegionId = "\r" } }) }
    local shown = lines(results, 200)
    assert.truthy(shown[2]:find "^rst%-1 +%- +no route$")
    assert.truthy(shown[3]:find "^rst%-2 +QUEUED +stalled$")
    assert.truthy(shown[4]:find("\\x1b[2J", 1, true))
    assert.is_nil(table.concat(shown):find "%c")
  end)
end)

describe("the table in Markdown", function()
  it("has the first thousand tasks, and counts the others", function()
    local results = {}
    for i = 1, 1002 do results[i] = result("rst-" .. i, "SUCCESS") end
    local markdown = wait_outcome.markdown("many", results, {})
    assert.truthy(markdown:find "\n| rst%-1000 |[^\n]*\n\nand 2 more$")
    assert.is_nil(markdown:find("| rst-1001 |", 1, true))
  end)

  it("is left out where there are no tasks", function()
    assert.equal("**none \\| \\*at\\* all**", wait_outcome.markdown("none | *at* all", {}, {}))
  end)
end)
