-- What documents show is pasted, line by line, into a shell beside a sandbox: it does what they say.

local desks = require "spec.support.desk"
local files = require "spec.support.files"
local lyaml = require "lyaml"
local markdown = require "spec.support.markdown"
local sandbox = require "crsync.sandbox"

local LUA = os.getenv "LUA" or "lua5.4"
local ROOT = files.output_of "pwd":gsub("\n$", "")

local desk, server

local function stand_up()
  if not desk then return end
  server:stop()
  desk:clear()
  desk = nil
end

-- A sandbox and a desk in front of it, in place of others.
local function sit_down(options)
  stand_up()
  desk = desks.new()
  assert(os.execute(("ln -s '%s/examples' '%s/examples'"):format(ROOT, desk.folder)))
  server = assert(sandbox.start(options))
end

-- With the sandbox's own tasks, all ended: one of them in NETWORK_ERROR.
local function sit_down_late()
  sit_down { speed = 100 }
  desk:run("crsync wait cri-sandbox rst-small rst-web-eu rst-web-us", server:env())
end

-- Pastes lines into a shell; what fails in them is told as "FAILED status: command".
local function paste(lines, variables)
  local all = server:env()
  for name, value in pairs(variables or {}) do all[name] = value end
  return desk:run_here("trap 'echo \"FAILED $?: $BASH_COMMAND\"' ERR\n" .. lines, all, "bash -E")
end

local function run_lua(text)
  files.write(desk.folder .. "/script.lua", text)
  return desk:run_here(LUA .. " script.lua", server:env())
end

local function has_all(output, parts)
  for _, part in ipairs(parts) do assert.truthy(output:find(part, 1, true), output) end
end

describe("README.md", function()
  lazy_setup(sit_down_late)
  lazy_teardown(stand_up)
  local readme = files.read "README.md"

  it("has a script that works", function()
    local scripts = markdown.blocks_of(readme, "lua")
    assert.equal(1, #scripts)
    local output, status = run_lua(scripts[1])
    assert.equal(0, status, output)
    assert.truthy(output:find "^SUCCESS\tap%-southeast%-1\t1\nsha256:", output)
  end)

  it("has a wait that tells what has not arrived", function()
    for _, block in ipairs(markdown.blocks_of(readme, "sh")) do
      if block:find("crsync wait", 1, true) then
        local output = paste(block)
        has_all(output, { "NETWORK_ERROR", "1 of 2 succeeded, 1 failed\n", "FAILED 1: crsync wait" })
        return
      end
    end
    error "there is none"
  end)
end)

describe("doc/api.md", function()
  lazy_setup(sit_down_late)
  lazy_teardown(stand_up)

  -- copas is not among Debian's packages for Lua 5.4: loop_spec.lua runs it elsewhere.
  local ELSEWHERE = 'require "copas"'

  local seen = 0
  for number, block in ipairs(markdown.blocks_of(files.read "doc/api.md", "lua")) do
    if not block:find(ELSEWHERE, 1, true) then
      seen = seen + 1
      it(("has example %d: %s"):format(number, block:match "client:([%w_]+)" or block:match "crsync%.([%w_]+)"
        or "require"), function()
        local output, status = run_lua(block)
        assert.equal(0, status, output)
        for line in output:gmatch "[^\n]+" do
          assert.is_true(not line:find("crsync: ", 1, true) or line:find("NETWORK_ERROR", 1, true) ~= nil, output)
        end
      end)
    end
  end
  it("has many", function() assert.is_true(seen > 20, seen) end)
end)

describe("doc/command.md", function()
  lazy_setup(sit_down_late)
  lazy_teardown(stand_up)

  -- Statuses that the text leads one to expect: the failed task, and what has ended already.
  local FAILS = { ["crsync wait"] = "1", ["crsync cancel"] = "3" }

  for _, block in ipairs(markdown.blocks_of(files.read "doc/command.md", "sh")) do
    if block:find("cri-sandbox", 1, true) then
      it("has " .. block:match "[^\n]+", function()
        local output = paste(block, { GITHUB_STEP_SUMMARY = desk.folder .. "/summary" })
        for status, command in output:gmatch "FAILED (%d+): (%S+ %S+)" do
          assert.equal(FAILS[command], status, output)
        end
      end)
    end
  end
end)

describe("doc/guides/sandbox.md", function()
  lazy_setup(sit_down)
  lazy_teardown(stand_up)
  local guide = files.read "doc/guides/sandbox.md"

  it("has lines for a script that bring their own sandbox", function()
    for _, block in ipairs(markdown.blocks_of(guide, "sh")) do
      if block:find("--port 0", 1, true) then
        local output = paste(block)
        assert.truthy(output:find "status    SUCCESS", output)
        assert.is_nil(output:find "FAILED %d", output)
        return
      end
    end
    error "there are none"
  end)

  for i, block in ipairs(markdown.blocks_of(guide, "lua")) do
    it("has Lua that works: block " .. i, function()
      local output, status
      if block:find "\nreturn {" or block:find "^return {" then
        files.write(desk.folder .. "/scenario.lua", block)
        output, status = desk:run_here("crsync sandbox --check scenario.lua", {})
      else
        output, status = run_lua(block)
      end
      assert.equal(0, status, output)
    end)
  end
end)

-- ---- CI -----------------------------------------------------------------------------------------------------

-- The instance of the guide, with a push that comes a second after the start.
local function release(made)
  return { speed = 20, scenario = { instance = "cri-sgedpenzw80e", tasks = {}, made = made,
    rules = { { id = "crsr-eu", to = "eu-west-1", repo = "team/web" },
      { id = "crsr-us", to = "us-east-1", repo = "team/web" } },
    push = { { at = 20, gap = 2, repo = "team/web", tag = "1.1.0" } } } }
end

local ARRIVES = { { layers = { 1e6 } } }
local FAILS = { { layers = { 1e6 }, region = "us-east-1", fails_at = 0.5, issue = "NETWORK_ERROR" }, ARRIVES[1] }

-- What a runner puts in place of ${{ name }}.
local function expand(text, names)
  return (tostring(text):gsub("%${{ *(.-) *}}", function(name) return assert(names[name], name) end))
end

-- One table of several; the later ones win.
local function merged(...)
  local all = {}
  for i = 1, select("#", ...) do
    for name, value in pairs((select(i, ...)) or {}) do all[name] = value end
  end
  return all
end

-- Runs one step's or job's lines as a runner does: to the first that fails.
local function run_lines(lines, env)
  return desk:run_here(lines, merged(env, server:env(), { ALIBABA_CLOUD_OIDC_TOKEN_FILE = desk.folder .. "/token" }),
    "bash -e -o pipefail")
end

-- Whether a step needs no more than there is here; docker is there in name.
local function is_for_here(step)
  return step.run and not step.run:find("apt-get", 1, true)
    and not step.run:find("ACTIONS_ID_TOKEN_REQUEST_URL", 1, true)
end

-- Plays a workflow of GitHub's; returns output and status of its last step.
local function run_workflow(workflow, names)
  local output, status
  for _, job_name in ipairs { "push", "arrived" } do
    local job = workflow.jobs[job_name] or { steps = {} }
    for _, step in ipairs(job.steps) do
      if is_for_here(step) then
        local env = merged(workflow.env, job.env, step.env, { GITHUB_ACTIONS = "true", GITHUB_REF_NAME = "1.1.0",
          GITHUB_OUTPUT = desk.folder .. "/output", GITHUB_STEP_SUMMARY = desk.folder .. "/summary" })
        for name, value in pairs(env) do env[name] = expand(value, names) end
        files.write(env.GITHUB_OUTPUT, "")
        output, status = run_lines(step.run, env)
        for name, value in files.read(env.GITHUB_OUTPUT):gmatch "([%w_]+)=([^\n]*)" do
          names[("steps.%s.outputs.%s"):format(step.id, name)] = value
        end
      end
    end
    for name, value in pairs(job.outputs or {}) do
      names[("needs.%s.outputs.%s"):format(job_name, name)] = expand(value, names)
    end
  end
  return output, status
end

-- Plays a pipeline of GitLab's.
local function run_pipeline(pipeline)
  local output, status
  local env = merged(pipeline.variables, { GITLAB_CI = "true", CI_COMMIT_TAG = "1.1.0", ACR_TOKEN = "token" })
  for _, stage in ipairs(pipeline.stages) do
    local job = pipeline[stage]
    output, status = run_lines(table.concat(job.script, "\n"), merged(env, job.variables))
    local variables = job.artifacts and job.artifacts.reports.dotenv
    for name, value in (variables and files.read(desk.folder .. "/" .. variables) or ""):gmatch "([%w_]+)=([^\n]*)" do
      env[name] = value
    end
  end
  return output, status
end

describe("doc/guides/ci.md", function()
  local guide = files.read "doc/guides/ci.md"
  local files_of_ci = {}
  for i, text in ipairs(markdown.blocks_of(guide, "yaml")) do files_of_ci[i] = lyaml.load(text) end
  local SECRETS = { ["secrets.ACR_ACCESS_KEY_ID"] = "", ["secrets.ACR_ACCESS_KEY_SECRET"] = "" }

  local function play(made)
    sit_down(release(made))
    finally(stand_up)
    desk:put("docker", "exit 0")
  end

  local function arrives(output, status)
    assert.equal(0, status, output)
    has_all(output, { "2 of 2 succeeded" })
  end

  local function fails(output, status)
    assert.equal(1, status, output)
    has_all(output, { "1 of 2 succeeded, 1 failed", "ended in ERROR: NETWORK_ERROR", "a new task may succeed" })
  end

  it("has files that can be read", function() assert.is_true(#files_of_ci >= 3) end)

  it("has a job for GitHub that waits for the push, and fails with it", function()
    play(ARRIVES)
    arrives(run_workflow(files_of_ci[1], merged(SECRETS)))
    play(FAILS)
    fails(run_workflow(files_of_ci[1], merged(SECRETS)))
  end)

  it("has one with a role, of the same lines", function()
    play(ARRIVES)
    arrives(run_workflow(files_of_ci[2], { ["needs.push.outputs.since"] = tostring(os.time() - 60) }))
  end)

  it("has a job for GitLab that waits for the push, and fails with it", function()
    play(ARRIVES)
    arrives(run_pipeline(files_of_ci[3]))
    assert.equal("token", files.read(desk.folder .. "/token"))
    play(FAILS)
    fails(run_pipeline(files_of_ci[3]))
  end)

  it("has lines for a shell that do the same", function()
    play(FAILS)
    for _, block in ipairs(markdown.blocks_of(guide, "sh")) do
      if block:find("docker push", 1, true) then
        fails(run_lines(block, { INSTANCE = "cri-sgedpenzw80e", TAG = "1.1.0", REGISTRY = "registry.example.com" }))
      end
    end
  end)

  it("has a dry run that brings its own sandbox", function()
    sit_down()
    finally(stand_up)
    local blocks = markdown.blocks_of(guide, "sh")
    local output, status = run_lines(blocks[#blocks], {})
    assert.equal(0, status, output)
    has_all(output, { "2 of 2 succeeded", "team/web:1.1.0: 2 of 2 syncs succeeded" })
  end)
end)

-- ---- cron ---------------------------------------------------------------------------------------------------

describe("doc/guides/cron.md", function()
  local blocks = markdown.blocks_of(files.read "doc/guides/cron.md", "sh")

  local function block_with(part)
    for _, block in ipairs(blocks) do
      if block:find(part, 1, true) then return block end
    end
    error("no block has " .. part)
  end

  before_each(function()
    sit_down { speed = 100 }
    files.write(desk.folder .. "/quietly", block_with "tail -n 20")
    assert(os.execute("chmod +x " .. desk.folder .. "/quietly"))
  end)
  after_each(stand_up)

  it("has a wrapper that speaks only of what went wrong", function()
    assert.same({ "", 0 }, { paste "quietly crsync wait cri-sandbox rst-small" })
    local output = paste "quietly crsync wait cri-sandbox rst-web-us"
    has_all(output, { "NETWORK_ERROR", "FAILED 1: quietly" })
  end)

  -- Where the guide has put things, and where they are here.
  local PLACES = { ["/usr/local/lib/"] = "examples/", ["/run/lock/"] = "", ["/var/www/html/"] = "",
    ["/var/lib/node_exporter"] = "." }

  local function commands_of_crontabs()
    local commands = {}
    for _, block in ipairs(markdown.blocks_of(files.read "doc/guides/cron.md", "")) do
      for line in block:gmatch "%f[^%z\n][%d*/]+ [%d*]+ %* %* %* +([^\n]+)" do
        local command = line
        for there, here in pairs(PLACES) do command = command:gsub(there, here) end
        commands[#commands + 1] = command
      end
    end
    return commands
  end

  it("has lines of a crontab that work", function()
    desk:put("nightly_report", "exec examples/nightly_report.sh \"$@\"")
    local variables = { SYNC_INTERVAL = "0.1", SENDMAIL = desk:put("show-mail", "cat") }
    paste "crsync wait cri-sandbox rst-web-us"
    local commands = commands_of_crontabs()
    assert.equal(5, #commands)
    for _, command in ipairs(commands) do
      local output = paste(command, variables)
      assert.is_nil(output:find "FAILED %d", command .. ": " .. output)
    end
    has_all(files.read(desk.folder .. "/syncs.html"), { "<!DOCTYPE html>" })
    has_all(files.read(desk.folder .. "/syncs.prom"), { 'crsync_tasks{instance_id="cri-sandbox",region="us-east-1"' })
  end)

  it("has a report that can be tried, and a repair", function()
    local output = paste(block_with "show-mail")
    has_all(output, { "Subject: Image syncs of cri-sandbox: 1 failed\n", "rst-web-us" })
    output = paste(block_with "crsync retry")
    assert.truthy(output:find "1 of 1 succeeded" or output:find "rst%-%w+  SUCCESS", output)
    assert.is_nil(output:find "FAILED %d", output)
  end)
end)
