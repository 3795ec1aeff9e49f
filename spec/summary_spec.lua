-- Many tasks as numbers.

local crsync = require "crsync"

local function task(region, status, seconds, bytes, more)
  local t = { SyncTaskId = "rst-1", TaskStatus = status, CreateTime = 1000, ModifiedTime = 1000 + (seconds or 0) * 1000,
    ImageTo = { RegionId = region }, LayerTasks = bytes and { { Size = bytes, SyncedSize = bytes } } or nil }
  for name, value in pairs(more or {}) do t[name] = value end
  return t
end

describe("a report", function()
  it("counts by region how tasks have ended", function()
    local report = crsync.report {
      task("eu", "SUCCESS", 2), task("us", "ERROR"), task("eu", "CANCELED"), task("eu", "PENDING"), task("eu", "NEW"),
      { TaskStatus = "SUCCESS", SyncTaskId = "rst-x" },
    }
    local names = {}
    for i, region in ipairs(report.regions) do names[i] = region.RegionId end
    assert.same({ "eu", "unknown", "us" }, names)
    assert.same({ RegionId = "eu", tasks = 4, succeeded = 1, failed = 0, canceled = 1, going = 2, sized = 0,
      duration_median = 2, duration_p95 = 2 }, report.regions[1])
    assert.same({ tasks = 6, succeeded = 2, failed = 1, canceled = 1, going = 2, sized = 0,
      duration_median = 2, duration_p95 = 2 }, report.total)
  end)

  it("has bytes and throughput where sizes are known", function()
    local total = crsync.report {
      task("eu", "SUCCESS", 10, 1000), task("eu", "SUCCESS", 30, 3000), task("eu", "SUCCESS", 50),
      task("eu", "ERROR", 5, 70), { TaskStatus = "SYNCHRONIZING", SyncedSize = 5 },
    }.total
    assert.same({ 4075, 4, 100 }, { total.bytes, total.sized, total.throughput })
    assert.is_nil(crsync.report({ task("eu", "SUCCESS", 0, 5) }).total.throughput)
  end)

  it("has the median and the 95th percentile of what succeeded", function()
    local tasks = { task("eu", "ERROR", 9999), task("eu", "CANCELED", 9999) }
    for i = 100, 1, -1 do tasks[#tasks + 1] = task("eu", "SUCCESS", i) end
    local total = crsync.report(tasks).total
    assert.same({ 50.5, 95 }, { total.duration_median, total.duration_p95 })
    total = crsync.report({ task("eu", "SUCCESS", 3), task("eu", "SUCCESS", 1), task("eu", "SUCCESS", 2) }).total
    assert.same({ 2, 3 }, { total.duration_median, total.duration_p95 })
  end)

  it("has each failure with its reason and what to do, the newest first", function()
    local failures = crsync.report({
      task("eu", "ERROR", 4, nil, { SyncTaskId = "rst-old", TaskIssue = "NETWORK_ERROR" }),
      task("eu", "ERROR", 4, nil, { SyncTaskId = "rst-new", TaskIssue = "BRAND_NEW", CreateTime = 2000 }),
      task("eu", "ERROR", 4, nil, { SyncTaskId = "rst-a" }), task("eu", "CANCELED"),
    }).failures
    local ids = {}
    for i, failure in ipairs(failures) do ids[i] = failure.SyncTaskId end
    assert.same({ "rst-new", "rst-a", "rst-old" }, ids)
    assert.truthy(failures[3].hint:find("a new task may succeed", 1, true))
    assert.is_nil(failures[1].hint)
    assert.equal(4, failures[3].duration)
    assert.equal("eu", failures[3].ImageTo.RegionId)
  end)

  it("of nothing is one", function()
    local report = crsync.report {}
    assert.same({ {}, {}, 0 }, { report.regions, report.failures, report.total.tasks })
    assert.equal('{"failures":[],"regions":[],"total":{"canceled":0,"failed":0,"going":0,"sized":0,"succeeded":0,'
      .. '"tasks":0}}', crsync.to_json(report))
  end)

  it("leaves the tasks as they are, and is refused for what is none", function()
    local one = task("eu", "SUCCESS", 2, 5)
    local before = crsync.to_json(one)
    crsync.report { one }
    assert.equal(before, crsync.to_json(one))
    assert.has_error(function() crsync.report(nil) end,
      "bad argument #1 to 'report' (expected a sequence of tasks, got nil)")
    assert.has_error(function() crsync.report { {}, "rst-1" } end,
      "bad argument #1 to 'report' (expected a sequence of tasks, got a string at 2)")
  end)
end)
