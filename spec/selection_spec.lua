-- Lists of tasks by time, status and destination, which the service has no filter for; and how far they are read.

local endpoint = require "spec.support.endpoint"

local server, client

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function()
  server:reset()
  client = server:client()
end)
after_each(function() client:close() end)

local ABSENT = {}

-- A task made at a second.
local function task(second, more)
  local t = { SyncTaskId = "rst-" .. second, TaskStatus = "SUCCESS", CreateTime = second * 1000,
    ImageTo = { RegionId = "eu-west-1" } }
  for name, value in pairs(more or {}) do t[name] = value ~= ABSENT and value or nil end
  return t
end

-- Plans pages of tasks: each is a sequence of seconds or of tasks.
local function plan(...)
  local total = 0
  for _, page in ipairs { ... } do total = total + #page end
  for _, page in ipairs { ... } do
    local tasks = {}
    for i, item in ipairs(page) do tasks[i] = type(item) == "number" and task(item) or item end
    server:answer { body = { IsSuccess = true, TotalCount = tostring(total), SyncTasks = tasks } }
  end
end

local function ids(filter)
  local found = {}
  for _, one in ipairs((assert(client:list_tasks("cri-1", filter)))) do found[#found + 1] = one.SyncTaskId end
  return table.concat(found, " ")
end

describe("a list of tasks", function()
  it("is narrowed by time, both ends included", function()
    plan { 10, 20, 30, 40 }
    assert.equal("rst-20 rst-30", ids { since = 20, till = 30 })
    plan { 10, 20, 30, 40, task(50, { CreateTime = ABSENT }) }
    assert.equal("rst-30 rst-40", ids { since = 20.5 })
  end)

  it("is narrowed by status and destination, one or several", function()
    local function offer()
      plan { task(1), task(2, { TaskStatus = "ERROR" }), task(3, { TaskStatus = "CANCELED",
        ImageTo = { RegionId = "us-east-1" } }), task(4, { ImageTo = ABSENT }) }
    end
    for _, case in ipairs {
      { { status = "ERROR" }, "rst-2" },
      { { status = { "ERROR", "CANCELED" } }, "rst-2 rst-3" },
      { { to_region = "us-east-1" }, "rst-3" },
      { { to_region = { "us-east-1", "eu-west-1" }, status = "SUCCESS" }, "rst-1" },
      { { status = "NONE" }, "" },
    } do
      offer()
      assert.equal(case[2], ids(case[1]))
    end
  end)

  it("ends at its limit after that, and the service is asked for whole pages", function()
    plan({ 1, 2, 3 }, { 4, 5, 6 })
    assert.equal("rst-3 rst-4", ids { since = 3, limit = 2 })
    local query = server:requests()[1].query
    assert.equal("50", query.PageSize)
    for _, name in ipairs { "since", "till", "status", "to_region", "limit" } do assert.is_nil(query[name]) end
  end)

  it("is so page by page as well", function()
    plan({ 1, 2, 3 }, { 4, 5, 6 })
    local found = {}
    for one in client:tasks("cri-1", { since = 2, till = 5 }) do found[#found + 1] = one.CreateTime end
    assert.same({ 2000, 3000, 4000, 5000 }, found)
  end)
end)

describe("reading", function()
  it("stops one page after sorted pages have left the span", function()
    plan({ 90, 80 }, { 70, 60 }, { 50, 40 }, { 30, 20 }, { 10 })
    assert.equal("rst-90 rst-80 rst-70", ids { since = 65 })
    assert.equal(3, #server:requests())
    server:reset()
    plan({ 10, 20 }, { 30, 40 }, { 50, 60 }, { 70 })
    assert.equal("rst-10 rst-20", ids { till = 25 })
    assert.equal(3, #server:requests())
  end)

  it("goes on to the end where they are not sorted, or tell no times", function()
    plan({ 90, 10 }, { 20, 8 }, { 7, 6 }, { 95, 5 }, { 4 })
    assert.equal("rst-90 rst-95", ids { since = 50 })
    assert.equal(5, #server:requests())
    server:reset()
    plan({ 90, 10 }, { 9, task(8, { CreateTime = ABSENT }) }, { 7, 6 }, { 91 })
    assert.equal("rst-90 rst-91", ids { since = 50 })
    assert.equal(4, #server:requests())
  end)

  it("goes on where all have the same time, or the span lies ahead", function()
    plan({ task(1, { SyncTaskId = "a" }), task(1, { SyncTaskId = "b" }) }, { task(1, { SyncTaskId = "c" }) },
      { task(1, { SyncTaskId = "d" }) }, { 60 })
    assert.equal("rst-60", ids { since = 50 })
    server:reset()
    plan({ 1, 2 }, { 3, 4 }, { 5, 6 }, { 70 }) -- upwards, towards it
    assert.equal("rst-70", ids { since = 50 })
    assert.equal(4, #server:requests())
  end)

  it("is not led astray by what moves to the next page while the list grows", function()
    plan({ 90, 80 }, { 80, 70 }, { 60, 50 }, { 40 })
    assert.equal("rst-90 rst-80", ids { since = 75 })
    assert.equal(3, #server:requests())
  end)
end)

describe("a wrong filter", function()
  for name, case in pairs {
    since = { "yesterday", "expected a number, got string" },
    till = { os.time() * 1000, "out of range" },
    status = { { 5 }, "expected strings, got a number" },
    to_region = { {}, "expected a sequence, got an empty table" },
    limit = { "5", "expected a number, got string" },
  } do
    it("is refused: " .. name, function()
      local ok, message = pcall(client.list_tasks, client, "cri-1", { [name] = case[1] })
      assert.is_false(ok)
      assert.truthy(message:find("bad argument #2 to 'list_tasks' (" .. name .. ": " .. case[2], 1, true), message)
      assert.has_error(function() client:list_rules("cri-1", { since = 5 }) end)
    end)
  end

  it("leaves no mark on the script's own", function()
    plan { 1 }
    local filter = { since = 1, status = "SUCCESS" }
    client:list_tasks("cri-1", filter)
    assert.same({ since = 1, status = "SUCCESS" }, filter)
  end)
end)
