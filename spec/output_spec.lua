-- What was asked for and cannot be written, and time limits of a whole command: the command as a process.

local child = require "spec.support.child"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

-- Runs the command with redirections; returns what it says on standard error, and its status.
local function run(words, redirections)
  local quoted, err = child.quoted, os.tmpname()
  local line = ("env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s "
    .. "NO_PROXY=127.0.0.1 LUA_PATH=%s LUA_CPATH=%s %s lua/crsync/bin.lua %s 2>%s %s"):format(quoted(server.url),
    quoted(server.access_key_id), quoted(server.access_key_secret), quoted(package.path), quoted(package.cpath),
    os.getenv "LUA" or "lua5.4", words, err, redirections or "")
  local status = files.output_of("{ " .. line .. "; } >/dev/null; echo $?")
  local said = files.read(err)
  os.remove(err)
  return said, tonumber(status)
end

local FULL = "crsync: the output could not be written: No space left on device\n"
local CREATE = "create cri-1 RepoId=crr-1 Tag=1 SyncRuleId=crsr-1 "
local RULE = "rules cri-1 --create SyncRuleName=n SyncScope=REPO TagFilter=.* TargetRegionId=r TargetInstanceId=i "

describe("output that cannot be written", function()
  for _, words in ipairs { "get cri-1 rst-1", "get cri-1 rst-1 -o json", "get cri-1 A B -o lua", "list cri-1",
    "list cri-1 -o json", "rules cri-1", "call ListInstance", "config", "completion bash", "--version", "--help",
    "wait --help", "get cri-1 rst-1 --field TaskStatus" } do
    it("ends " .. words .. " with a message and status 4", function()
      assert.same({ FULL, 4 }, { run(words, ">/dev/full") })
    end)
  end

  it("ends a wait likewise", function()
    local said, status = run("wait cri-1 rst-1 --interval 0.05 -o json", ">/dev/full")
    assert.same({ FULL, 4 }, { said:match "[^\n]*\n$", status })
  end)

  it("leaves the id of what was made on standard error", function()
    for words, what in pairs { [CREATE] = "task", [CREATE .. "-o json"] = "task", [RULE] = "rule" } do
      local said, status = run(words, ">/dev/full")
      assert.truthy(said:find("^crsync: the " .. what .. " was made, its id is [^\n]+\n"), said)
      assert.same({ FULL, 4 }, { said:match "\n(.*)", status })
    end
    local said, status = run(CREATE .. "--field Nope")
    assert.truthy(said:find "its id is rst%-[^\n]+\ncrsync: there is no field Nope\n$", said)
    assert.equal(2, status)
  end)

  it("leaves it there where nobody reads standard output any more, and the system would end the command", function()
    server:answer({ body = { IsSuccess = true, Code = "success", Made = "x-1" } })
    for _, words in ipairs { "call MakeSomething", CREATE, RULE } do
      local quoted, err = child.quoted, os.tmpname()
      local line = ("sleep 0.2; exec env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s "
        .. "ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s LUA_PATH=%s LUA_CPATH=%s NO_PROXY=127.0.0.1 %s "
        .. "lua/crsync/bin.lua %s"):format(quoted(server.url), quoted(server.access_key_id),
        quoted(server.access_key_secret), quoted(package.path), quoted(package.cpath), os.getenv "LUA" or "lua5.4",
        words)
      local told = files.output_of(("{ { sh -c %s 2>%s; echo $? >&3; } | true; } 3>&1"):format(quoted(line), err))
      local said = files.read(err)
      os.remove(err)
      assert.equal("141\n", told)
      assert.truthy(said:find "its id is %w+%-%w" or said:find 'was done: {.*"Made":"x%-1"', said)
    end
  end)

  it("is told where standard output is closed; nothing goes to the service instead", function()
    local said, status = run("get cri-1 rst-1", ">&-")
    assert.same({ "crsync: the output could not be written: Bad file descriptor\n", 4 }, { said, status })
    assert.equal(1, #server:requests())
    assert.equal(0, select(2, run("get cri-1 rst-1", "2>&-")))
    assert.equal(0, select(2, run("get cri-1 rst-1", "<&-")))
  end)

  it("is no matter where nobody reads it any more", function()
    for _, prefix in ipairs { "", "trap '' PIPE; " } do -- the system ends the command, or tells it
      local words = ("sleep 0.2; exec env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=a "
        .. "ALIBABA_CLOUD_ACCESS_KEY_SECRET=b LUA_PATH=%s LUA_CPATH=%s %s lua/crsync/bin.lua --help"):format(
        child.quoted(server.url), child.quoted(package.path), child.quoted(package.cpath), os.getenv "LUA" or "lua5.4")
      local told = files.output_of(("{ { sh -c %s; echo $? >&3; } 2>&3 | true; } 3>&1"):format(
        child.quoted(prefix .. words)))
      assert.equal("141\n", told)
    end
  end)
end)

describe("--timeout", function()
  local function page(number)
    return { delay = 0.4, body = { IsSuccess = true, Code = "success", PageNo = number, PageSize = 1, TotalCount = "9",
      SyncTasks = { { SyncTaskId = "rst-" .. number, TaskStatus = "SUCCESS" } } } }
  end

  it("bounds a list of many pages", function()
    server:answer(page(1), page(2), page(3), page(4), page(5), page(6), page(7), page(8), page(9))
    local said, status = run "list cri-1 --timeout 1"
    assert.equal(5, status)
    assert.truthy(said:find "the list's deadline of 1 s has passed after %d pages?; the last request: Operation timed",
      said)
    assert.truthy(said:find("Hint: the limit is option deadline, in the command --timeout", 1, true), said)
    assert.is_true(#server:requests() <= 4)
  end)

  it("bounds a question for many tasks", function()
    server:answer_always { hang = true }
    local ids = {}
    for i = 1, 40 do ids[i] = "rst-" .. i end
    local said, status = run("get cri-1 " .. table.concat(ids, " ") .. " --timeout 0.5")
    assert.equal(5, status)
    assert.truthy(said:find("the deadline of 0.5 s for all tasks has passed [task rst-40]", 1, true), said)
    assert.is_true(#server:requests() <= 32)
  end)
end)

describe("a wait", function()
  it("that never reaches the service ends with status 4, before its time", function()
    local said, status = run "wait cri-1 rst-1 --endpoint http://127.0.0.1:1 --interval 0.1 --unreachable-timeout 3"
    assert.equal(4, status)
    assert.truthy(said:find("rst-1  not seen yet  asking fails: ", 1, true), said)
    assert.truthy(said:find("the service was not reached once in", 1, true), said)
  end)

  it("for many says at once which id is refused, and again when it is interrupted", function()
    server:answer_for("no", "err.400.SYNC_TASK_NOT_EXIST")
    server:answer_for("yes", { body = { IsSuccess = true, TaskStatus = "PENDING", LayerTasks = {} } })
    local said = run("wait cri-1 no yes --interval 0.1 --timeout 0.5")
    local first, last = said:find "no  refused: SYNC_TASK_NOT_EXIST", said:find "crsync: GetRepoSyncTask"
    assert.is_true(first and first < last, said)
  end)

  it("for one says only once why it was refused", function()
    server:answer "err.400.SYNC_TASK_NOT_EXIST"
    local said, status = run "wait cri-1 rst-1"
    assert.same({ 1, 3 }, { select(2, said:gsub("\n", "")), status })
  end)
end)

describe("an empty list", function()
  it("is one in JSON, too", function()
    local function output(words)
      local quoted = child.quoted
      return files.output_of(("env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s "
        .. "ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s NO_PROXY=127.0.0.1 LUA_PATH=%s LUA_CPATH=%s %s "
        .. "lua/crsync/bin.lua %s -o json 2>/dev/null"):format(quoted(server.url), quoted(server.access_key_id),
        quoted(server.access_key_secret), quoted(package.path), quoted(package.cpath), os.getenv "LUA" or "lua5.4",
        words))
    end
    server:answer_always { body = { IsSuccess = true, TotalCount = 0, SyncTasks = {}, SyncRules = {} } }
    assert.equal("[]\n", output "list cri-1")
    assert.equal("[]\n", output "rules cri-1")
    server:answer_always "err.400.SYNC_TASK_NOT_EXIST"
    assert.equal("[]\n", output "get cri-1 A B")
    assert.equal("[]\n", output "wait cri-1 A B")
  end)
end)
