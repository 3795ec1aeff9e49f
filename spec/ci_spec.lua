-- What logs of CI jobs are given: folds, annotations, no command in foreign text; and the job's summary.

local child = require "spec.support.child"
local ci = require "crsync.cli.ci"
local command = require "spec.support.command"
local endpoint = require "spec.support.endpoint"
local environment = require "crsync.util.environment"
local files = require "spec.support.files"

-- Runs the function with these variables set.
local function with(variables, run)
  local get = environment.get
  environment.get = function(name) return variables[name] end -- luacheck: ignore 122
  local ok, problem = pcall(run)
  environment.get = get -- luacheck: ignore 122
  if not ok then error(problem, 0) end
end

local GITHUB, GITLAB = { GITHUB_ACTIONS = "true" }, { GITLAB_CI = "true" }

describe("the log", function()
  it("is nobody's where the environment does not say so", function()
    for _, variables in ipairs { {}, { GITHUB_ACTIONS = "false" }, { GITLAB_CI = "1" } } do
      with(variables, function()
        assert.is_nil(ci.log())
        local log = ci.any_log()
        assert.same({ "", "" }, { log.fold "x" })
        assert.equal("::error::x", log.line "::error::x")
        assert.equal("message", log.failure("title", "message"))
      end)
    end
  end)

  it("of GitHub Actions has groups and errors, in which nothing is more than text", function()
    with(GITHUB, function()
      local log = ci.log()
      assert.same({ "::group::50%25%0A::x\n", "::endgroup::\n" }, { log.fold "50%\n::x" })
      assert.equal("::error title=a%2C b%3A%3Ac%25%0D%0A::d%25, e%253A is %0Anot: f",
        log.failure("a, b::c%\r\n", "d%, e%3A is \nnot: f"))
    end)
  end)

  it("of GitHub Actions finds no command in lines", function()
    local lines = {
      ["::error::x"] = "\\::error::x", ["  \t::stop-commands::x"] = "  \t\\::stop-commands::x",
      ["\194\160\227\128\128::set-output name=a::b"] = "\194\160\227\128\128\\::set-output name=a::b",
      ["rst-1  ##[error]x"] = "rst-1  ##\\[error]x", ["##[##[add-mask]x"] = "##\\[##\\[add-mask]x",
      ["fine\n::warning::x\r::debug::y"] = "fine\n\\::warning::x\r\\::debug::y",
      ["[::1]:443 and a::b"] = "[::1]:443 and a::b", [""] = "",
    }
    with(GITHUB, function()
      for given, expected in pairs(lines) do assert.equal(expected, ci.log().line(given)) end
    end)
  end)

  it("of GitLab has sections with names of their own", function()
    with(GITLAB, function()
      local log = ci.log()
      local opening, closing = log.fold "a title"
      local name = opening:match "^\27%[0Ksection_start:%d+:([%w_]+)%[collapsed=true%]\r\27%[0Ka title\n$"
      assert.truthy(name, opening)
      assert.equal(name, closing:match "^\27%[0Ksection_end:%d+:([%w_]+)\r\27%[0K\n$")
      assert.are_not.equal(name, log.fold("a title"):match "crsync_[%d_]+")
      assert.equal("message", log.failure("title", "message"))
    end)
  end)
end)

-- ---- the command ------------------------------------------------------------------------------------------

local server, summary

lazy_setup(function()
  server = endpoint.start()
  summary = os.tmpname()
end)
lazy_teardown(function()
  server:stop()
  os.remove(summary)
end)
before_each(function()
  server:reset()
  files.write(summary, "before\n\n")
end)

local function task(id, status, more)
  local body = { IsSuccess = true, Code = "success", SyncTaskId = id, TaskStatus = status, LayerTasks = {
    { Size = 1000, SyncedSize = status == "SUCCESS" and 1000 or 100, TaskStatus = status } },
    ImageTo = { RegionId = "eu-west-1", RepoNamespaceName = "team", RepoName = "web", ImageTag = "1.0" } }
  for name, value in pairs(more or {}) do body[name] = value end
  return { body = body }
end

-- Variables of the CI system that runs these specs do not count.
local function run(words, variables)
  return command.run(server, words:gsub("^wait", "%0 --interval 0.05"),
    "GITHUB_ACTIONS= GITHUB_STEP_SUMMARY= GITLAB_CI= NO_COLOR= " .. (variables or ""))
end

local function play_two()
  server:answer_for("A", task("A", "SUCCESS", { SyncBatchTaskId = "b-1" }))
  server:answer_for("B", task("B", "ERROR", { TaskIssue = "NETWORK_ERROR", SyncBatchTaskId = "b-2" }))
end

describe("crsync wait", function()
  it("ends with a table of all tasks", function()
    play_two()
    local _, errors, status = run "wait cri-1 A B"
    assert.equal(1, status)
    assert.truthy(errors:find("\nTASK  TO         IMAGE         STATUS   TOOK   BYTES  BATCH  REASON\n"
      .. "A     eu-west-1  team/web:1.0  SUCCESS        1.0 kB  b-1\n"
      .. "B     eu-west-1  team/web:1.0  ERROR           100 B  b-2    NETWORK_ERROR\n", 1, true)
      or errors:find("A     eu-west-1  team/web:1.0  SUCCESS  1.0 kB  b-1", 1, true), errors)
    assert.is_nil(errors:find("[\27\r]"))
    _, errors = run "wait cri-1 A"
    assert.is_nil(errors:find("TASK", 1, true))
  end)

  it("tells how long tasks took, as far as it saw them, and why others have not ended", function()
    server:answer_for("A", task("A", "PENDING"), task("A", "PENDING"), task("A", "SUCCESS"))
    server:answer_for("B", task("B", "SYNCHRONIZING"))
    server:answer_for("C", "err.400.SYNC_TASK_NOT_EXIST")
    server:answer_for("D", task("D", "ERROR"))
    local _, errors = run "wait cri-1 A B C D --timeout 0.6"
    local rows = errors:match "\nTASK [^\n]+\n(.*)"
    assert.truthy(rows:find "^A     eu%-west%-1  team/web:1.0  SUCCESS        0:00  1.0 kB\n", errors)
    assert.truthy(rows:find "\nB     eu%-west%-1  team/web:1.0  SYNCHRONIZING         100 B  timed out\n", errors)
    assert.truthy(rows:find "\nC +%- +SYNC_TASK_NOT_EXIST\n", errors)
    assert.truthy(rows:find "\nD +.- +ERROR +100 B  no reason told\n", errors)
  end)

  it("folds and annotates in GitHub Actions, and no task's text is a command there", function()
    play_two()
    local _, errors = run("wait cri-1 A B", "GITHUB_ACTIONS=true")
    assert.truthy(errors:find "^::group::crsync waits for 2 tasks\n.*\n::endgroup::\nTASK ", errors)
    assert.truthy(errors:find("\n::error title=image sync B to eu-west-1::crsync: GetRepoSyncTask", 1, true), errors)
    local evil = "::error::x ##[warning]y"
    server:answer_for(evil, task(evil, "ERROR", { TaskIssue = evil, ImageTo = { RegionId = evil } }))
    local output
    output, errors = run("wait cri-1 " .. child.quoted(evil), "GITHUB_ACTIONS=true")
    for line in (output .. errors):gmatch "[^\n]+" do
      local is_ours = line:find "^::e?n?d?group::" or line:find "^::error title=image sync %%3A%%3Aerror"
      assert.is_true(is_ours ~= nil or not line:find "^%s*::" and not line:find("##[", 1, true), line)
    end
  end)

  it("folds in GitLab, and says in red what has failed", function()
    play_two()
    local _, errors = run("wait cri-1 A B", "GITLAB_CI=true")
    assert.truthy(errors:find "^\27%[0Ksection_start:.*section_end:%d+:crsync_[%d_]+\r\27%[0K\nTASK ", errors)
    assert.truthy(errors:find("\n\27[31mcrsync: GetRepoSyncTask", 1, true), errors)
    for _, plain in ipairs { { "", "GITLAB_CI=true NO_COLOR=1" }, { " --color never", "GITLAB_CI=true" } } do
      local uncolored = select(2, run("wait cri-1 A B" .. plain[1], plain[2]))
      assert.truthy(uncolored:find("\ncrsync: GetRepoSyncTask", 1, true), uncolored)
    end
  end)

  it("shows how one task stands outside of the fold, and where all stand when it is interrupted", function()
    server:answer_for("A", task("A", "SUCCESS"))
    local _, errors = run("wait cri-1 A", "GITHUB_ACTIONS=true")
    assert.equal("::group::crsync waits for A\nA  SUCCESS  100 %  1.0 kB of 1.0 kB\n::endgroup::\n"
      .. "A  SUCCESS  100 %  1.0 kB of 1.0 kB\n", errors)
    server:answer_for("B", task("B", "SYNCHRONIZING"))
    _, errors = run("wait cri-1 A B", "GITHUB_ACTIONS=true timeout --foreground -s INT 2")
    assert.truthy(errors:find "\n::endgroup::\nA  SUCCESS[^\n]*\nB  SYNCHRONIZING[^\n]*\ncrsync: interrupted\n$",
      errors)
  end)
end)

describe("a job's summary", function()
  local function read() return files.read(summary) end

  it("gets the table, after what is there", function()
    play_two()
    for _, way in ipairs { { "--summary " .. summary, "" }, { "", "GITHUB_STEP_SUMMARY=" .. summary } } do
      files.write(summary, "before\n\n")
      assert.equal(1, select(3, run("wait cri-1 A B " .. way[1], way[2])))
      assert.equal("before\n\n**Image syncs: 1 of 2 succeeded, 1 failed**\n\n"
        .. "| Task | To | Image | Status | Took | Bytes | Batch | Reason |\n"
        .. "| --- | --- | --- | --- | ---: | ---: | --- | --- |\n"
        .. "| A | eu-west-1 | team/web:1.0 | SUCCESS |  | 1.0 kB | b-1 |  |\n"
        .. "| B | eu-west-1 | team/web:1.0 | ERROR |  | 100 B | b-2 | NETWORK\\_ERROR: the network between the"
        .. " registries was unstable; a new task may succeed |\n\n", read())
    end
  end)

  it("is left alone where an empty one is asked for", function()
    server:answer_for("A", task("A", "SUCCESS"))
    assert.equal(0, select(3, run("wait cri-1 A --summary ''", "GITHUB_STEP_SUMMARY=" .. summary)))
    assert.equal("before\n\n", read())
  end)

  it("has no markup of foreign text", function()
    server:answer_for("A", task("A", "ERROR", { TaskIssue = "|<script>\n# x" }))
    run("wait cri-1 A --summary " .. summary)
    assert.truthy(read():find("| \\|&lt;script&gt;\\\\n\\# x |", 1, true), read())
  end)

  it("says that nothing has appeared", function()
    server:answer_always { body = { IsSuccess = true, TotalCount = 0, SyncTasks = {}, SyncRules = {} } }
    local _, errors, status = run("wait cri-1 --batch b-1 --appear-timeout 0.2 --summary " .. summary,
      "GITHUB_ACTIONS=true")
    assert.equal(5, status)
    assert.truthy(read():find "^before\n\n%*%*Image syncs: crsync: .*no task of batch b%-1 has appeared.*%*%*\n\n$",
      read())
    assert.truthy(errors:find "^::error title=image sync of batch b%-1::crsync: [^\n]*\n$", errors)
  end)

  it("that cannot be written is told: before the wait, or with status 4 after a good one", function()
    server:answer_for("A", task("A", "SUCCESS"))
    local _, errors, status = run "wait cri-1 A --summary /nowhere/s.md"
    assert.same({ "crsync: the summary could not be written to /nowhere/s.md: No such file or directory\n", 4 },
      { errors, status })
    assert.equal(0, #server:requests())
    _, errors, status = run "wait cri-1 A --summary /dev/full"
    assert.truthy(errors:find("crsync: the summary could not be written to /dev/full: No space left", 1, true), errors)
    assert.equal(4, status)
    _, errors, status = run("wait cri-1 A", "GITHUB_STEP_SUMMARY=/dev/full")
    assert.truthy(errors:find("crsync: the summary could not be written to /dev/full: No space left", 1, true), errors)
    assert.equal(0, status)
    play_two()
    assert.equal(1, select(3, run "wait cri-1 A B --summary /dev/full"))
  end)

  it("is kept by create and retry, too, where they wait", function()
    server:answer_for("A", task("A", "SUCCESS"))
    local output, errors, status = run("create cri-1 RepoId=crr-1 Tag=1 SyncRuleId=crsr-1 --summary " .. summary)
    assert.same({ "", 2 }, { output, status })
    assert.truthy(errors:find("crsync: --summary goes with --wait", 1, true), errors)
    assert.equal(4, select(3, run "create cri-1 RepoId=crr-1 Tag=1 SyncRuleId=crsr-1 --wait --summary /nowhere/s.md"))
    assert.equal(0, #server:requests())
    server:answer { body = { IsSuccess = true, SyncTaskId = "A" } }
    output, errors, status = run("create cri-1 RepoId=crr-1 Tag=1 SyncRuleId=crsr-1 --wait --summary " .. summary)
    assert.same({ "A\n", 0 }, { output, status }, errors)
    assert.truthy(read():find("\n| A | eu-west-1 | team/web:1.0 | SUCCESS |", 1, true), read())
  end)
end)
