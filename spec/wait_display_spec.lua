-- What people see of a wait: plain lines, and lines that are redrawn at a terminal of some size.

local ci = require "crsync.cli.ci"
local screen = require "spec.support.screen"
local text = require "crsync.util.text"
local wait_live = require "crsync.cli.wait_live"
local wait_plain = require "crsync.cli.wait_plain"

-- A stream that keeps what was written.
local function stream()
  return { written = {}, flush = function() end,
    write = function(self, ...) for _, s in ipairs { ... } do self.written[#self.written + 1] = s end end }
end

local function task(status, layers, more)
  local t = { TaskStatus = status, LayerTasks = {} }
  for i = 1, layers or 0 do
    t.LayerTasks[i] = { Digest = "sha256:" .. ("%02d"):format(i):rep(32), Size = 1000, SyncedSize = 100,
      TaskStatus = "SYNCHRONIZING" }
  end
  for name, value in pairs(more or {}) do t[name] = value end
  return t
end

local function to(region, repo, tag)
  return { RegionId = region, RepoNamespaceName = "team", RepoName = repo or "web", ImageTag = tag or "1.0.0" }
end

local function numbers(more)
  local p = { synced = 0, total = 0, final = false, ok = false, idle = 0, elapsed = 0, news = true, given_up = false }
  for name, value in pairs(more or {}) do p[name] = value end
  return p
end

local NOBODY = { kind = "network", message = "Could not resolve host: cr.cn-hangzou.aliyuncs.com" }
local SLOWED = { kind = "throttled", code = "Throttling.User", status = 429, message = "Request was denied." }
local UNKNOWN_ID = { kind = "not_found", code = "SYNC_TASK_NOT_EXIST", status = 400, message = "no such task" }

describe("plain lines", function()
  local out, display
  before_each(function()
    out = stream()
    display = wait_plain.new({ stream = out, log = ci.any_log(), title = "2 tasks" }, { "rst-1", "rst-2" })
  end)

  local function lines() return table.concat(out.written) end

  it("are written for news alone", function()
    display:update("rst-1", task "PENDING", numbers())
    display:update("rst-1", task "PENDING", numbers { news = false })
    assert.equal("rst-1  PENDING\n", lines())
  end)

  it("say what hinders, with its code, and for how long", function()
    display:update("rst-1", task "UNKNOWN", numbers { hindered = 0 }, NOBODY)
    display:update("rst-1", task "UNKNOWN", numbers { hindered = 20.2 }, NOBODY)
    display:update("rst-2", task "PENDING", numbers { hindered = 10, percent = 4, idle = 60 }, SLOWED)
    assert.equal("rst-1  not seen yet  asking fails: Could not resolve host: cr.cn-hangzou.aliyuncs.com; going on\n"
      .. "rst-1  not seen yet  asking fails: Could not resolve host: cr.cn-hangzou.aliyuncs.com, for 20 s; going on\n"
      .. "rst-2  PENDING  4 %  asking fails: Throttling.User: Request was denied, for 10 s; going on\n", lines())
  end)

  it("say why a wait has ended, and keep it to the end", function()
    display:update("rst-1", task "UNKNOWN", numbers { given_up = true }, UNKNOWN_ID)
    display:update("rst-2", task "QUEUED", numbers { given_up = true }, { kind = "task", code = "stalled" })
    local said = "rst-1  refused: SYNC_TASK_NOT_EXIST: no such task\nrst-2  QUEUED  given up: stalled\n"
    assert.equal(said, lines())
    display:stand()
    assert.equal(said .. said, lines())
  end)

  it("show neither rate nor time to go of a task that is stalled", function()
    display:update("rst-1", task "SYNCHRONIZING", numbers { percent = 5, rate = 10, eta = 50, idle = 29 })
    display:update("rst-1", task "SYNCHRONIZING", numbers { percent = 5, rate = 10, eta = 50, idle = 31 })
    assert.equal("rst-1  SYNCHRONIZING  5 %  10 B/s  0:50 to go\n"
      .. "rst-1  SYNCHRONIZING  5 %  no progress for 0:31\n", lines())
  end)

  it("say in hours what takes them", function()
    display:update("rst-1", task "SYNCHRONIZING", numbers { percent = 1, synced = 1, total = 100, eta = 7325 })
    assert.equal("rst-1  SYNCHRONIZING  1 %  1 B of 100 B  2:02:05 to go\n", lines())
  end)
end)

describe("at a terminal", function()
  local out, display, size, clock, ids

  local function show(given, lines, columns, more)
    out, size, clock, ids = stream(), { lines, columns }, 100, given
    local options = { stream = out, color = false, utf8 = true, size = function() return size[1], size[2] end,
      clock = function() return clock end, awaits = false }
    for name, value in pairs(more or {}) do options[name] = value end
    display = wait_live.new(options, given)
  end

  local function update(...)
    clock = clock + 0.5
    display:update(...)
  end

  -- The last drawing: its lines, and how far up it begins.
  local function drawn()
    local last, lines = out.written[#out.written], {}
    for line in last:gmatch "\27%[K([^\n]*)\n" do lines[#lines + 1] = line end
    return lines, tonumber(last:match "^\27%[(%d+)A") or 0
  end

  local function ids_to(n)
    local list = {}
    for i = 1, n do list[i] = "rst-" .. i end
    return list
  end

  local function widest()
    local width = 0
    for _, line in ipairs(drawn()) do width = math.max(width, text.width(line)) end
    return width
  end

  it("region, image, time and numbers stand in columns", function()
    show({ "rst-zxjkiv5oil6f", "rst-a" }, 24, 140)
    update("rst-zxjkiv5oil6f", task("SYNCHRONIZING", 0, { ImageTo = to "ap-southeast-1" }), numbers { percent = 57,
      synced = 71.6e6, total = 124.9e6, rate = 11.2e6, eta = 4.76, elapsed = 71 })
    update("rst-a", task("SUCCESS", 0, { ImageTo = to("eu-west-1", "名前") }), numbers { percent = 100, final = true,
      ok = true, synced = 3e6, total = 3e6, elapsed = 5 })
    assert.same({
      "⠙ rst-zxjkiv5oil6f  ap-southeast-1  team/web:1.0.0   1:12  SYNCHRONIZING   57 %  71.6 MB of 124.9 MB"
        .. "  11.2 MB/s  0:05 to go",
      "✓ rst-a             eu-west-1       team/名前:1.0.0  0:05  SUCCESS        100 %               3.0 MB",
    }, drawn())
  end)

  it("something moves between two looks", function()
    show({ "rst-1", "rst-2" }, 24, 80)
    update("rst-1", task("SYNCHRONIZING", 0, { ImageTo = to "eu-west-1" }), numbers { percent = 5, elapsed = 9 })
    clock = clock + 3
    display:tick()
    assert.same({ "⠸ rst-1 eu-west-1 team/web:1.0.0 0:12 SYNCHRONIZING   5 %",
      "⠸ rst-2                          0:04 not seen yet" }, drawn())
    clock = clock + 1
    display:tick()
    assert.same({ "⠼ rst-1 eu-west-1 team/web:1.0.0 0:13 SYNCHRONIZING   5 %",
      "⠼ rst-2                          0:05 not seen yet" }, drawn())
  end)

  it("what stands still for long is told while nothing is asked", function()
    show({ "rst-1" }, 24, 80, { utf8 = false })
    update("rst-1", task("SYNCHRONIZING", 0), numbers { percent = 5, rate = 10, eta = 50, idle = 25, elapsed = 40 })
    assert.equal("| rst-1  0:40  SYNCHRONIZING    5 %     10 B/s  0:50 to go", drawn()[1])
    clock = clock + 6
    display:tick()
    assert.equal("- rst-1  0:46  SYNCHRONIZING    5 %  no progress for 0:31", drawn()[1])
  end)

  it("many updates at once are drawn once", function()
    show(ids_to(3), 24, 80)
    update("rst-1", task "PENDING", numbers())
    display:update("rst-2", task "PENDING", numbers())
    display:update("rst-3", task "PENDING", numbers())
    assert.equal(1, #out.written)
    display:tick()
    assert.truthy(drawn()[3]:find("PENDING", 1, true))
  end)

  it("columns give way in narrow windows, and no name is ambiguous", function()
    show({ "rst-zxjkiv5oil6f", "rst-zxjkab5oil6f" }, 24, 200)
    local more = { ImageTo = to("ap-southeast-1", "a-name-that-is-rather-long") }
    for i, id in ipairs(ids) do
      update(id, task("SYNCHRONIZING", 1, more), numbers { percent = 57 + i, synced = 71.6e6, total = 124.9e6,
        rate = 11.2e6, eta = 4.76, elapsed = 71 })
    end
    local expected = {
      [200] = "⠙ rst-zxjkiv5oil6f  ap-southeast-1  team/a-name-that-is-rather-long:1.0.0  1:12  SYNCHRONIZING   58 %"
        .. "  71.6 MB of 124.9 MB  11.2 MB/s  0:05 to go",
      [110] = "⠙ …iv5oil6f  ap-southeast-1  team/a-name-that-…:1.0.0  1:12  SYNCHRONIZING   58 %  11.2 MB/s"
        .. "  0:05 to go",
      [80] = "⠙ …iv5oil6f ap-southeast-1 team/a-…:1.0.0 1:12 SYNCHRONIZING  58 % 0:05 to go",
      [60] = "⠙ …iv5oil6f ap-southeast-1 SYNCHRONIZING  58 % 0:05 to go",
      [40] = "⠙ …iv5oil6f ap-southeast-1 SYNC…  58 %",
      [20] = "⠙ …iv5oil6f SYNC…",
    }
    for columns, line in pairs(expected) do
      size[2] = columns
      display:tick()
      assert.equal(line, drawn()[1])
      assert.is_true(widest() < columns, columns)
    end
  end)

  it("layers have shorter bars in narrow windows, or none", function()
    show({ "rst-1" }, 24, 80)
    update("rst-1", task("SYNCHRONIZING", 1), numbers())
    for columns, line in pairs {
      [80] = "    sha256:010101010101  ██░░░░░░░░░░░░░░░░░░  100 B of 1.0 kB",
      [40] = "  ██░░░░░░░░░░░░░░░░░░ 100 B/1.0 kB",
      [25] = "  ░░░░░░░ 100 B/1.0 kB",
      [20] = "  100 B/1.0 kB",
    } do
      size[2] = columns
      display:tick()
      assert.equal(line, drawn()[2])
    end
  end)

  it("batches have headings where there are several", function()
    show(ids_to(4), 24, 80)
    update("rst-1", task("SYNCHRONIZING", 0, { SyncBatchTaskId = "5a2d0c1e-0000-4000" }), numbers { percent = 1 })
    assert.equal(4, #drawn())
    update("rst-2", task("ERROR", 0, { SyncBatchTaskId = "77777777-0000-4000" }), numbers { final = true })
    update("rst-3", task("PENDING", 0, { SyncBatchTaskId = "5a2d0c1e-0000-4000" }), numbers())
    local lines = drawn()
    assert.equal("rst-4", lines[1]:match "rst%-%d")
    assert.equal("batch 5a2d0c1e-0000-4000  1 running, 1 waiting", lines[2])
    assert.same({ "rst-1", "rst-3" }, { lines[3]:match "rst%-%d", lines[4]:match "rst%-%d" })
    assert.equal("batch 77777777-0000-4000  1 failed", lines[5])
    size[2] = 40
    display:tick()
    assert.equal("batch 5a2d0c1e…  1 running, 1 waiting", drawn()[2])
    display:stand()
    assert.equal(6, #drawn())
  end)

  it("tasks that do not fit are counted, those that go on come first, then those that failed", function()
    show(ids_to(15), 12, 80)
    update("rst-1", task "SUCCESS", numbers { final = true, ok = true })
    local lines = drawn()
    assert.equal(11, #lines)
    assert.truthy(lines[1]:find "^⠋ rst%-2 .*not seen yet$")
    assert.equal("… and 5 more: 4 waiting, 1 succeeded", lines[11])
    for i = 5, 15 do update("rst-" .. i, task "SUCCESS", numbers { final = true, ok = true }) end
    update("rst-3", task "CANCELED", numbers { final = true })
    update("rst-4", task "ERROR", numbers { final = true })
    update("rst-2", task("SYNCHRONIZING", 3), numbers { percent = 3 })
    lines = drawn()
    assert.same({ 11, "… and 5 more: 5 succeeded" }, { #lines, lines[11] })
    for i, id in ipairs { "rst-1 ", "rst-2 ", "rst-3 ", "rst-4 " } do assert.truthy(lines[i]:find(id, 1, true)) end
  end)

  it("headings count among what must fit", function()
    show(ids_to(12), 8, 80)
    for i, id in ipairs(ids) do
      update(id, task("SYNCHRONIZING", 0, { SyncBatchTaskId = "batch-" .. i % 3 }), numbers { percent = 3 })
    end
    local lines = drawn()
    assert.is_true(#lines <= 7)
    local tasks = 0
    for _, line in ipairs(lines) do tasks = tasks + (line:find "rst%-" and 1 or 0) end
    assert.equal(("… and %d more: %d running"):format(12 - tasks, 12 - tasks), lines[#lines])
    assert.equal("batch batch-1  4 running", lines[1]) -- in all, not of those that are shown
    update("rst-1", task("SUCCESS", 0, { SyncBatchTaskId = "batch-1" }), numbers { final = true, ok = true })
    assert.equal("batch batch-1  3 running, 1 succeeded", drawn()[1]) -- where it was
  end)

  it("tasks that run are shown before those that wait", function()
    show(ids_to(9), 5, 80)
    update("rst-9", task("SYNCHRONIZING", 0), numbers { percent = 3 })
    assert.same({ "rst-1", "rst-2", "rst-9", "… and 6 more: 6 waiting" }, { drawn()[1]:match "rst%-%d",
      drawn()[2]:match "rst%-%d", drawn()[3]:match "rst%-%d", drawn()[4] })
    size[1] = 1
    display:tick()
    assert.equal(2, #drawn())
  end)

  it("layers that do not fit are counted, too", function()
    show(ids_to(2), 8, 80)
    update("rst-1", task("SYNCHRONIZING", 3), numbers())
    update("rst-2", task("SYNCHRONIZING", 10), numbers())
    local lines = drawn()
    assert.equal(7, #lines)
    assert.equal("    … and 9 more layers", lines[7])
    show(ids_to(1), 50, 80)
    update("rst-1", task("SYNCHRONIZING", 10), numbers())
    assert.same({ 9, "    … and 3 more layers" }, { #drawn(), drawn()[9] })
  end)

  it("that tasks may still appear is told where nothing else goes on", function()
    show({}, 24, 80, { awaits = true, expect = 2 })
    display:tick()
    assert.same({ "⠋ no task has appeared yet  0:00" }, drawn())
    ids[1] = "the list"
    update("the list", task "no task has appeared yet", numbers { found = 0 })
    assert.equal(1, #drawn())
    ids[1] = "rst-1"
    update("rst-1", task "PENDING", numbers())
    assert.equal("⠙ 1 of 2 tasks have appeared  0:01", drawn()[2])
    update("rst-1", task "SUCCESS", numbers { final = true, ok = true })
    assert.equal("⠙ 1 of 2 tasks have appeared  0:01", drawn()[2])
    ids[2] = "rst-2"
    update("rst-2", task "SUCCESS", numbers { final = true, ok = true })
    assert.equal(2, #drawn())
    show({ "rst-1" }, 24, 80, { awaits = true })
    update("rst-1", task "PENDING", numbers())
    assert.equal(1, #drawn())
    update("rst-1", task "SUCCESS", numbers { final = true, ok = true })
    assert.equal("⠙ more tasks may appear  0:01", drawn()[2])
  end)

  it("all stand there at the end", function()
    show(ids_to(15), 12, 80)
    update("rst-15", task "UNKNOWN", numbers { given_up = true }, UNKNOWN_ID)
    display:finish()
    assert.equal(15, #drawn())
    assert.equal("  rst-1   0:01  not seen yet", drawn()[1])
    assert.equal("✗ rst-15  0:00  refused: SYNC_TASK_NOT_EXIST: no such task", drawn()[15])
  end)

  it("the end has the lines that are given, in their colours", function()
    show(ids_to(2), 24, 60, { color = true })
    update("rst-1", task "PENDING", numbers())
    display:finish(function(width, dots)
      return { { text = "TASK " .. width .. dots }, { text = "rst-1", status = "ERROR" } }
    end)
    assert.same({ { "TASK 59…", "\27[31mrst-1\27[0m" }, 2 }, { drawn() })
  end)

  it("what hinders stands in the task's line, cut so that its duration is seen", function()
    for columns, line in pairs {
      [120] = "⠋ rst-1  0:00  not seen yet   asking fails: Could not resolve host: cr.cn-hangzou.aliyuncs.com,"
        .. " for 20 s; going on",
      [80] = "⠋ rst-1  not seen yet   asking fails: Could not resolve host: cr.cn-hang…, for 20 s",
      [50] = "⠋ rst-1 asking fails: Could not resolve ho…, for 20 s",
    } do
      show(ids_to(1), 24, columns + 4)
      display:update("rst-1", task "UNKNOWN", numbers { hindered = 20 }, NOBODY)
      assert.is_true(text.width(drawn()[1]) < columns + 4)
      assert.equal(line, drawn()[1])
    end
  end)

  it("hostile text neither moves the cursor nor breaks the columns", function()
    local evil = "x\27[2J\r\n\194\155A::error::\226\128\174"
    for _, columns in ipairs { 20, 40, 80, 200 } do
      show({ evil, "rst-1" }, 24, columns)
      update(evil, task(evil, 1, { ImageTo = { RegionId = evil, RepoNamespaceName = evil, RepoName = evil,
        ImageTag = evil }, TaskIssue = evil, SyncBatchTaskId = evil }), numbers { percent = 3 })
      update("rst-1", task("ERROR", 0, { ImageTo = 5, SyncBatchTaskId = "b" }), numbers { final = true })
      local all = table.concat(out.written)
      assert.is_nil(all:find("\27[2J", 1, true))
      assert.is_nil(all:find("[\194][\128-\159]"))
      assert.is_true(widest() < columns)
    end
  end)

  it("a screen keeps nothing of what was drawn before, whatever its size", function()
    for _, columns in ipairs { 20, 40, 80, 200 } do
      show(ids_to(9), 8, columns)
      out = screen.new(8, columns)
      display.stream = out
      for percent = 1, 30 do
        for i = 1, 9 do
          update("rst-" .. i, task("SYNCHRONIZING", 2, { ImageTo = to "eu-west-1" }), numbers { percent = percent * 3,
            synced = percent * 3e6, total = 100e6, rate = 3e6, eta = 100 - percent })
        end
      end
      assert.same({}, out:scrolled())
      assert.equal(7, #out:lines())
      display:finish(function() return { { text = "the end" } } end)
      assert.same({ "the end" }, out:lines())
    end
  end)

  it("nothing is left of a wait that is interrupted before a task has appeared", function()
    show({}, 8, 40, { awaits = true })
    out = screen.new(8, 40)
    display.stream = out
    display:tick()
    out:write "^C" -- as the terminal shows it
    display:stand()
    out:write "crsync: interrupted\n"
    assert.same({ "crsync: interrupted" }, out:lines())
  end)

  it("a window that was made narrower keeps no stale lines", function()
    show(ids_to(2), 24, 100)
    update("rst-1", task("SYNCHRONIZING", 1), numbers { percent = 10, synced = 100, total = 1000 })
    local wide = drawn()
    assert.equal(3, #wide)
    size[2] = 30
    update("rst-2", task "PENDING", numbers())
    local height = 0
    for _, line in ipairs(wide) do height = height + math.ceil(text.width(line) / 30) end
    assert.is_true(height > 3)
    assert.equal(height, select(2, drawn()))
  end)
end)
