-- What people see of a wait: plain lines, and lines that are redrawn at a terminal of some size.

local text = require "crsync.util.text"
local wait_display = require "crsync.cli.wait_display"

-- A stream that keeps what was written.
local function stream()
  return { written = {}, flush = function() end,
    write = function(self, ...) for _, s in ipairs { ... } do self.written[#self.written + 1] = s end end }
end

local function task(status, layers)
  local t = { TaskStatus = status, LayerTasks = {} }
  for i = 1, layers or 0 do
    t.LayerTasks[i] = { Digest = "sha256:" .. ("%02d"):format(i):rep(32), Size = 1000, SyncedSize = 100,
      TaskStatus = "SYNCHRONIZING" }
  end
  return t
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
    display = wait_display.new({ stream = out, live = false }, { "rst-1", "rst-2" })
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
  local out, display, size

  local function show(ids, lines, columns)
    out, size = stream(), { lines, columns }
    display = wait_display.new({ stream = out, live = true, color = false, utf8 = true,
      size = function() return size[1], size[2] end }, ids)
  end

  -- The last drawing: its lines, and how far up it begins.
  local function drawn()
    local last, lines = out.written[#out.written], {}
    for line in last:gmatch "\27%[K([^\n]*)\n" do lines[#lines + 1] = line end
    return lines, tonumber(last:match "^\27%[(%d+)A") or 0
  end

  local function ids_to(n)
    local ids = {}
    for i = 1, n do ids[i] = "rst-" .. i end
    return ids
  end

  it("tasks that do not fit are counted, those that go on come first", function()
    show(ids_to(15), 12, 80)
    display:update("rst-1", task "SUCCESS", numbers { final = true, ok = true })
    local lines = drawn()
    assert.equal(11, #lines)
    assert.equal("rst-2  not seen yet", lines[1])
    assert.equal("… and 5 more, 1 of them SUCCESS", lines[11])
    display:update("rst-2", task("SYNCHRONIZING", 3), numbers())
    lines = drawn()
    assert.same({ 11, "… and 5 more, 1 of them SUCCESS" }, { #lines, lines[11] })
  end)

  it("layers that do not fit are counted, too", function()
    show(ids_to(2), 8, 80)
    display:update("rst-1", task("SYNCHRONIZING", 3), numbers())
    display:update("rst-2", task("SYNCHRONIZING", 10), numbers())
    local lines = drawn()
    assert.equal(7, #lines)
    assert.equal("  … and 9 more layers", lines[7])
    show(ids_to(1), 50, 80)
    display:update("rst-1", task("SYNCHRONIZING", 10), numbers())
    assert.same({ 9, "  … and 3 more layers" }, { #drawn(), drawn()[9] })
  end)

  it("all stand there at the end", function()
    show(ids_to(15), 12, 80)
    display:update("rst-15", task "UNKNOWN", numbers { given_up = true }, UNKNOWN_ID)
    display:stand()
    assert.equal(15, #drawn())
    assert.equal("rst-15  refused: SYNC_TASK_NOT_EXIST: no such task", drawn()[15])
  end)

  it("what hinders stands in the task's line, cut so that its duration is seen", function()
    for columns, line in pairs {
      [120] = "rst-1  not seen yet  asking fails: Could not resolve host: cr.cn-hangzou.aliyuncs.com, for 20 s;"
        .. " going on",
      [80] = "rst-1  not seen yet  asking fails: Could not resolve host: cr.cn-hangz..., for 20 s",
      [50] = "rst-1  asking fails: Could not resolve h..., for 20 s",
    } do
      show(ids_to(1), 24, columns + 4)
      display:update("rst-1", task "UNKNOWN", numbers { hindered = 20 }, NOBODY)
      assert.is_true(text.width(drawn()[1]) < columns + 4)
      assert.equal(line, drawn()[1])
    end
  end)

  it("a window that was made narrower keeps no stale lines", function()
    show(ids_to(2), 24, 100)
    display:update("rst-1", task("SYNCHRONIZING", 1), numbers { percent = 10, synced = 100, total = 1000 })
    local wide = drawn()
    assert.equal(3, #wide)
    size[2] = 30
    display:update("rst-2", task "PENDING", numbers())
    local height = 0
    for _, line in ipairs(wide) do height = height + math.ceil(text.width(line) / 30) end
    assert.is_true(height > 3)
    assert.equal(height, select(2, drawn()))
  end)
end)
