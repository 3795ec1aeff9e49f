local compat = require "crsync.util.compat"
local examples = require "spec.support.examples"
local progress = require "crsync.progress"

local function of(name) return progress.of(examples.task(name)) end

local function task(status, ...)
  local layers = {}
  for i, pair in ipairs { ... } do layers[i] = { SyncedSize = pair[1], Size = pair[2], TaskStatus = pair[3] } end
  return { TaskStatus = status, LayerTasks = layers }
end

describe("progress", function()
  it("adds up the layers", function()
    local p = of "get.synchronizing-multi"
    assert.same({ percent = 57, layers = 5, layers_done = 2, layers_failed = 0, final = false, ok = false,
      synced = p.synced, total = p.total }, p)
    assert.is_true(compat.is_integer(p.synced))
  end)

  it("leaves the field Progress out of account", function()
    local running = progress.of { TaskStatus = "SYNCHRONIZING", Progress = 0 }
    local failed = progress.of { TaskStatus = "ERROR", Progress = 0 }
    assert.same({ false, false, true, false }, { running.final, running.ok, failed.final, failed.ok })
  end)

  it("is 100 exactly for a task that succeeded", function()
    assert.equal(99, progress.of(task("SYNCHRONIZING", { 5, 5 })).percent)
    assert.equal(100, progress.of(task("SUCCESS", { 0, 5 })).percent)
    assert.equal(100, progress.of(task("SUCCESS")).percent)
    assert.equal(100, of "get.success-nothing-transferred".percent)
    assert.equal(99, progress.of(task("ERROR", { 5, 5 })).percent)
  end)

  it("is unknown while there is nothing to divide by", function()
    assert.is_nil(of "get.pending-empty".percent)
    assert.is_nil(of "get.nulls".percent)
    assert.is_nil(progress.of(task("SYNCHRONIZING", { 0, 0 })).percent)
    assert.is_nil(progress.of({}).percent)
  end)

  it("is never beyond its bounds, whatever the service says", function()
    for _, t in ipairs { task("SYNCHRONIZING", { 10, 5 }), task("SYNCHRONIZING", { -5, 5 }), task("X", { "a", 5 }),
      task("X", { 0 / 0, 5 }), task("X", { 1, 0 / 0 }), task("X", { math.huge, 7 }), task("X", { 0.5, 1 }) } do
      local p = progress.of(t)
      assert.is_true(p.percent == nil or (p.percent >= 0 and p.percent <= 99), tostring(p.percent))
      assert.is_true(p.synced <= p.total and p.synced >= 0)
    end
  end)

  it("does not wrap beyond int64", function()
    local largest = math.maxinteger or 2 ^ 63 -- before Lua 5.3 every number is a double
    local half = progress.of(task("SYNCHRONIZING", { 0, largest }, { largest, largest }))
    assert.equal(2.0 ^ 64, half.total)
    assert.equal(50, half.percent)
    local p = of "get.big-integers"
    assert.equal(9007199254740993, p.total)
    assert.equal(99, p.percent)
  end)

  it("takes an unknown status for running", function()
    assert.is_false(of "get.unknown-status".final)
  end)

  it("counts failed layers and final states", function()
    assert.equal(1, of "get.error-network-error".layers_failed)
    for status, final in pairs { SUCCESS = true, ERROR = true, CANCELED = true, PENDING = false, QUEUED = false } do
      assert.equal(final, progress.of(task(status)).final)
    end
  end)

  it("bears odd tables and refuses what is none", function()
    assert.equal(0, progress.of({ LayerTasks = "none" }).layers)
    assert.equal(1, progress.of({ LayerTasks = { 5, { Size = 1 } } }).layers)
    local ok, message = pcall(progress.of, nil)
    assert.is_false(ok)
    assert.truthy(message:find("bad argument #1 to 'progress'", 1, true))
  end)
end)

describe("progress over time", function()
  -- Feeds a list of byte counts, one a second, out of 1000; returns the last numbers.
  local function feed(bytes, total)
    local tracker, p = progress.tracker(100), nil
    for i, synced in ipairs(bytes) do p = tracker:update(task("SYNCHRONIZING", { synced, total or 1000 }), 100 + i) end
    return p, tracker
  end

  it("has a rate and the time elapsed", function()
    local p = feed { 0, 10, 20, 30 }
    assert.equal(10, p.rate)
    assert.equal(4, p.elapsed)
    assert.equal(0, p.idle)
  end)

  it("estimates only after a few samples", function()
    assert.is_nil(feed({ 0, 10 }).eta)
    assert.is_nil(feed({ 0, 10, 20 }).eta)
    assert.equal(97, feed({ 0, 10, 20, 30 }).eta)
  end)

  it("is not fooled by a jump", function()
    local eta = feed({ 0, 900, 910, 920, 930, 940 }).eta
    assert.is_true(eta >= 3 and eta <= 12, tostring(eta))
  end)

  it("reckons the time to go from the rate that it tells", function()
    for _, bytes in ipairs { { 0, 10, 20, 30 }, { 0, 900, 910, 920, 930, 940 }, { 0, 5, 30, 35, 90, 91 },
      { 0, 0, 90, 90, 90, 180, 180, 180, 270 } } do
      local p = feed(bytes)
      assert.equal((1000 - p.synced) / p.rate, p.eta)
    end
  end)

  it("leaves out the time before the first byte", function()
    assert.equal(10, feed({ 0, 0, 0, 0, 0, 0, 0, 10, 20, 30 }).rate)
  end)

  it("averages where most looks see nothing new", function()
    assert.equal(270 / 7, feed({ 0, 0, 90, 90, 90, 180, 180, 180, 270 }).rate)
  end)

  it("has no estimate while nothing moves, and tells how long that is", function()
    local p = feed { 100, 100, 100, 100, 100 }
    assert.is_nil(p.eta)
    assert.equal(0, p.rate)
    assert.equal(5, p.elapsed)
    assert.equal(5, p.idle)
  end)

  it("counts a change of status as movement", function()
    local _, tracker = feed { 0, 0, 0 }
    local p = tracker:update(task("QUEUED", { 0, 1000 }), 110)
    assert.equal(0, p.idle)
  end)

  it("forgets what lies behind the window", function()
    local tracker = progress.tracker(0)
    for second = 0, 300 do tracker:update(task("SYNCHRONIZING", { second * 100, 1e6 }), second) end
    local p
    for second = 301, 340 do p = tracker:update(task("SYNCHRONIZING", { 30000 + second - 300, 1e6 }), second) end
    assert.is_true(p.rate < 2)
    assert.is_true(#tracker.samples < 40)
  end)

  it("has neither rate nor estimate once the task has ended", function()
    local _, tracker = feed { 0, 10, 20, 30 }
    local p = tracker:update(task("SUCCESS", { 1000, 1000 }), 105)
    assert.is_nil(p.eta)
    assert.is_nil(p.rate)
    assert.equal(100, p.percent)
  end)

  it("is never negative when bytes go back", function()
    local p = feed { 500, 400, 300, 200, 100 }
    assert.equal(0, p.rate)
    assert.is_nil(p.eta)
  end)
end)
