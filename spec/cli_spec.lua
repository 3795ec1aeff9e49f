-- The command, run as a process: what goes where, and with which exit status.

local child = require "spec.support.child"
local cjson = require "cjson"
local compat = require "crsync.util.compat"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"

local server

lazy_setup(function() server = endpoint.start() end)
lazy_teardown(function() server:stop() end)
before_each(function() server:reset() end)

local quoted = child.quoted

-- Runs the command; returns its output, its errors and its status. `wrap` makes another command line of it.
local function run(arguments, environment, wrap)
  local err = os.tmpname()
  local line = ("env ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s "
    .. "NO_PROXY=127.0.0.1 LUA_PATH=%s LUA_CPATH=%s %s %s lua/crsync/bin.lua %s"):format(quoted(server.url),
    quoted(server.access_key_id), quoted(server.access_key_secret), quoted(package.path), quoted(package.cpath),
    environment or "", os.getenv "LUA" or "lua5.4", arguments)
  if wrap then line = wrap(line) end
  local pipe = io.popen("{ " .. line .. "; } 2>" .. err .. "; echo \"status $?\"")
  local output, status = pipe:read "*a":match "^(.*)status (%d+)\n$"
  pipe:close()
  local errors = files.read(err)
  os.remove(err)
  return output, errors, tonumber(status)
end

local function body(status, synced, id)
  local layer = { Digest = "sha256:" .. ("ab"):rep(32), Size = 1000, SyncedSize = synced or 0, TaskStatus = status }
  return { body = { IsSuccess = true, Code = "success", SyncTaskId = id or "rst-1", TaskStatus = status,
    LayerTasks = { layer } } }
end

describe("crsync get", function()
  it("prints a report, JSON, Lua or one field", function()
    local output, errors, status = run "get cri-1 rst-7"
    assert.same({ "", 0 }, { errors, status })
    assert.truthy(output:find "^task      rst%-7\n")
    assert.equal("rst-7", cjson.decode((run "get cri-1 rst-7 --output json")).SyncTaskId)
    assert.equal("rst-7", compat.load((run "get cri-1 rst-7 -o lua"), "=output", {})().SyncTaskId)
    assert.equal("eu-west-1\n", (run "get cri-1 rst-7 --field ImageTo.RegionId"))
    assert.equal("23655489\n", (run "get cri-1 rst-7 --field LayerTasks.1.Size"))
    assert.equal("true\n", (run "get cri-1 rst-7 --field CrossUser"))
    server:answer { body = { TaskStatus = "SUCCESS", CrossUser = false } }
    assert.equal("false\n", (run "get cri-1 rst-7 --field CrossUser"))
  end)

  it("says when a field is not there", function()
    for _, path in ipairs { "ImageTo.Nope", "Nope", "LayerTasks.9", "TaskStatus.x", "LayerTasks.0" } do
      local output, errors, status = run("get cri-1 rst-7 --field " .. path)
      assert.same({ "", "crsync: there is no field " .. path .. "\n", 2 }, { output, errors, status })
    end
    for path, meant in pairs { TaskStaus = "TaskStatus", ["ImageTo.RegionID"] = "ImageTo.RegionId",
      ["ImageTo.RegionId.x"] = false, ["LayerTasks.1.Sise.x"] = "LayerTasks.1.Size" } do
      assert.equal(("crsync: there is no field %s\n%s"):format(path, meant and ("Did you mean '%s'?\n"):format(meant)
        or ""), (select(2, run("get cri-1 rst-7 --field " .. path))))
    end
  end)

  it("asks for several", function()
    server:answer_for("B", "err.400.SYNC_TASK_NOT_EXIST")
    local output, errors, status = run "get cri-1 A B C -o json"
    assert.equal(2, #cjson.decode(output))
    assert.truthy(errors:find("SYNC_TASK_NOT_EXIST", 1, true))
    assert.equal(3, status)
    assert.truthy((run "get cri-1 A C"):find "^task      A\n.*\n\ntask      C\n")
  end)
end)

describe("the exit status", function()
  local cases = {
    { 0, "get.success-multi" }, { 1, "get.error-network-error" }, { 1, "get.canceled-partial" },
    { 0, "get.synchronizing-multi" }, { 3, "err.403.NoPrivilege" }, { 3, "err.400.SYNC_TASK_NOT_EXIST" },
    { 3, "err.400.InvalidParameter" }, { 4, { status = 200, body = "<html>" } },
    { 5, { example = "err.429.Throttling.User", headers = { ["Retry-After"] = "1000" } } },
  }
  for _, case in ipairs(cases) do
    it(("is %d for %s"):format(case[1], type(case[2]) == "string" and case[2] or "another answer"), function()
      server:answer(case[2])
      assert.equal(case[1], select(3, run "get cri-1 rst-1"))
    end)
  end

  it("is 4 without a network, 5 out of time, 6 without a key", function()
    assert.equal(4, select(3, run "get cri-1 rst-1 --endpoint http://127.0.0.1:1"))
    server:answer_always { hang = true }
    assert.equal(5, select(3, run "get cri-1 rst-1 --timeout 0.3"))
    assert.equal(6, select(3, run("get cri-1 rst-1", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=")))
    assert.equal(6, select(3, run("get cri-1 rst-1", "ALIBABA_CLOUD_ENDPOINT=")))
  end)

  it("is 2 for wrong usage, and the nearest is suggested", function()
    for words, part in pairs { [""] = "Usage", ["get"] = "missing INSTANCE", ["gett a b"] = "Did you mean 'get'",
      ["get a b --outptu json"] = "Did you mean '--output'",
      ["get a b -o yaml"] = "get does not write yaml; its formats are text, json, jsonl, lua\n",
      ["get a ''"] = "TASK: it is empty",
      ["wait a b --interval soon"] = "--interval: 'soon' is not a number of seconds",
      ["list a --limit 0"] = "at least 1",
      ["sandbox --port 70000"] = "'70000' is no port: a whole number from 0 to 65535",
      ["sandbox --port 1.5"] = "Usage: crsync sandbox", ["sandbox --port 0x1F"] = "is no port",
      ["sandbox --port -1"] = "-1", ["sandbox --tls-key x"] = "--tls-cert and --tls-key belong together",
      ["sandbox --port abc"] = "is no port", ["sandbox --speed nan"] = "'nan'",
      ["sandbox --speed 0x2"] = "'0x2'", ["wait a b --timeout inf"] = "'inf'",
      ["list a --limit 1.5"] = "crsync: --limit: '1.5' is not a whole",
      ["wait a b --expect 1e99"] = "'1e99'", ["wait a b --concurrency 5000"] = "Usage: crsync wait",
      ["wait a b --timeout 0x9"] = "'0x9'",
      ["get a b --field ''"] = "'' is no path: write names", ["get a b --field ."] = "'.' is no path",
      ["get a b --field LayerTasks."] = "is no path", ["get a b --field .TaskStatus"] = "is no path",
      ["list a --field ImageTo..RegionId"] = "is no path",
      ["wait a b --interval 0"] = "--interval: out of range",
      ["create a Tag"] = "Usage: crsync create",
      ["create a Tag=1"] = "create needs RepoId; SyncRuleId, or TargetRegionId, TargetInstanceId, TargetNamespace, ",
      ["create a RepoId=a Tag=1 TargetRegionId=a TargetInstanceId=b TargetTag=1"] =
        "crsync: create needs TargetNamespace, TargetRepoName\n",
      ["create a RepoId=a SyncRuleId=b"] = "create needs Tag\n",
      ["rules a --create SyncScope=REPO"] = "a rule needs SyncRuleName, TagFilter, TargetRegionId, TargetInstanceId\n",
      ["get a b ''"] = "Usage: crsync get", ["rules a --delete ''"] = "--delete: it is empty",
      ["list a --repo ''"] = "--repo: it is empty", ["report a --repo ' '"] = "--repo: it is empty",
      ["get a b --profile ''"] = "--profile: it is empty",
      ["list a -o ''"] = "--output: it is empty", ["wait a --batch ''"] = "--batch: it is empty",
      ["rules a --create A=1 --delete b"] = "--create and --delete are two commands",
      ["list '' "] = "INSTANCE: it is empty", ["list a --timeout 0"] = "--timeout",
      ["call 'a b'"] = "OPERATION: expected" } do
      local output, errors, status = run(words)
      assert.same({ "", 2 }, { output, status }, words)
      assert.is_nil(errors:find("not seen yet", 1, true), errors)
      assert.truthy(errors:find(part, 1, true), errors)
    end
  end)

  it("is 6 where argparse lacks", function()
    local output = child.run [[
      package.preload.argparse = function() error "module 'argparse' not found: nowhere" end
      require "crsync.cli".run { "--version" }]]
    assert.truthy(output:find("needs argparse (Debian: apt-get install lua-argparse", 1, true), output)
  end)

  it("is 0 for help and version", function()
    local output, _, status = run "--version"
    assert.equal(0, status)
    assert.truthy(output:find("^crsync %d+%.%d+%.%d+\nlibcurl %d[^\n]+ %(.+%)\nOpenSSL %d[^\n]+\n"
      .. "lua%-cjson %d[^\n]+\nLua[^\n]+\n$"), output)
    assert.equal(0, select(3, run "wait --help"))
  end)
end)

describe("crsync wait", function()
  it("writes plain lines to standard error and the result to standard output", function()
    server:answer(body("PENDING"), body("SYNCHRONIZING", 100), body("SYNCHRONIZING", 200), body("SUCCESS", 1000))
    local output, errors, status = run "wait cri-1 rst-1 --interval 0.05 -o json"
    assert.equal(0, status)
    assert.equal("SUCCESS", cjson.decode(output).TaskStatus)
    assert.equal("rst-1  PENDING  0 %  0 B of 1.0 kB\nrst-1  SYNCHRONIZING  10 %", errors:match "^(.-10 %%)")
    assert.equal(3, select(2, errors:gsub("\n", "")))
    assert.is_nil(errors:find "[\r\27]")
  end)

  it("tells how many have failed, and fails", function()
    server:answer_for("A", body("SUCCESS", 1000, "A"))
    server:answer_for("B", body("ERROR", 0, "B"))
    local output, errors, status = run "wait cri-1 A B --interval 0.05"
    assert.same({ "", 1 }, { output, status })
    assert.truthy(errors:find("task B ended in ERROR", 1, true))
    assert.truthy(errors:find("\n1 of 2 succeeded, 1 failed\n", 1, true), errors)
    output = run "wait cri-1 A B --interval 0.05 -o json"
    assert.same({ "A", "B" }, { cjson.decode(output)[1].SyncTaskId, cjson.decode(output)[2].SyncTaskId })
  end)

  it("counts what has become of many, and leaves out what is zero", function()
    server:answer_for("A", body("SUCCESS", 1000, "A"))
    server:answer_for("B", body("CANCELED", 0, "B"))
    server:answer_for("C", body("SYNCHRONIZING", 100, "C"))
    server:answer_for("D", "err.400.SYNC_TASK_NOT_EXIST")
    server:answer_for("E", { status = 200, body = "<html>" })
    local _, errors = run "wait cri-1 A B C D E --interval 0.05 --timeout 0.3"
    assert.truthy(errors:find("\n1 of 5 succeeded, 1 canceled, 1 timed out or stalled, 1 refused, 1 unreachable\n", 1,
      true), errors)
    errors = select(2, run "wait cri-1 A A2 --interval 0.05 --timeout 3")
    assert.truthy(errors:find "\n2 of 2 succeeded\n$", errors)
  end)

  it("has an end of its own", function()
    server:answer_always(body("SYNCHRONIZING", 100))
    local _, errors, status = run "wait cri-1 rst-1 --timeout 0.3 --interval 0.1"
    assert.equal(5, status)
    assert.truthy(errors:find("has not ended within 0.3 s", 1, true))
    assert.equal(5, select(3, run "wait cri-1 rst-1 --stall-timeout 0.3 --interval 0.1"))
  end)

  it("interrupted prints where things stand", function()
    server:answer_always(body("SYNCHRONIZING", 100))
    local _, errors, status = run("wait cri-1 rst-1 --interval 0.1", nil, function(line)
      return "timeout --foreground --preserve-status -s INT 2 " .. line
    end)
    assert.equal(130, status)
    assert.truthy(errors:find "rst%-1  SYNCHRONIZING  10 %%[^\n]*\ncrsync: interrupted\n$", errors)
  end)

  it("ended by SIGTERM prints where things stand, too", function()
    server:answer_always(body("SYNCHRONIZING", 100))
    local _, errors, status = run("wait cri-1 rst-1 --interval 0.1", nil, function(line)
      return "timeout --foreground --preserve-status -s TERM 2 " .. line
    end)
    assert.equal(143, status)
    assert.truthy(errors:find "rst%-1  SYNCHRONIZING  10 %%[^\n]*\ncrsync: ended by SIGTERM\n$", errors)
  end)

  -- A terminal of 60 columns, by script(1).
  local function at_terminal(environment, arguments)
    server:answer(body("PENDING"), body("SYNCHRONIZING", 500), body("SUCCESS", 1000))
    local output = run("wait cri-1 rst-1 --interval 0.2 " .. (arguments or ""), environment, function(line)
      return "script -qec " .. quoted("stty cols 60; " .. line) .. " /dev/null </dev/null"
    end)
    return output
  end

  it("redraws in place at a terminal", function()
    local output = at_terminal "LC_ALL=C.UTF-8 TERM=xterm"
    assert.truthy(output:find("\27[1A\r\27[K", 1, true), output)
    assert.truthy(output:find("██████████░░░░░░░░░░", 1, true))
    assert.truthy(output:find("\27[32m✓ rst-1  0:0", 1, true))
    for line in output:gmatch "[^\n]+" do
      assert.is_true(require "crsync.util.text".width((line:gsub("\27%[%d*%a", ""):gsub("\r", ""))) <= 80, line)
    end
  end)

  it("writes ids harmlessly at a terminal, and as they are in a pipe", function()
    local id = "rst-\27[2Jx"
    local created = { IsSuccess = true, SyncTaskId = id, SyncRuleId = id }
    local function at(arguments)
      return (run(arguments, "TERM=xterm", function(line)
        return "script -qec " .. quoted(line) .. " /dev/null </dev/null"
      end))
    end
    for arguments, answer in pairs {
      ["create cri-1 RepoId=crr-1 Tag=1 SyncRuleId=crsr-1"] = created,
      ["rules cri-1 --create SyncRuleName=n SyncScope=INSTANCE TagFilter=x TargetRegionId=r TargetInstanceId=i"] =
        created,
      ["get cri-1 rst-1 --field ImageTo.RepoName"] = { TaskStatus = "PENDING", ImageTo = { RepoName = id } },
    } do
      server:answer({ body = answer }, { body = answer })
      assert.equal(id .. "\n", (run(arguments)))
      local shown = at(arguments)
      assert.is_nil(shown:find("\27[2J", 1, true), arguments)
      assert.truthy(shown:find("rst-", 1, true), shown)
    end
  end)

  it("keeps to ASCII, to no colour, to plain lines where it should", function()
    assert.truthy(at_terminal "LC_ALL=C TERM=xterm":find("[#########.........]", 1, true))
    assert.is_nil(at_terminal "LC_ALL=C TERM=xterm NO_COLOR=1":find("\27[32m", 1, true))
    assert.truthy(at_terminal "LC_ALL=C TERM=xterm NO_COLOR=":find("\27[32m", 1, true))
    assert.truthy(at_terminal("LC_ALL=C TERM=xterm NO_COLOR=1", "--color always"):find("\27[32m", 1, true))
    assert.is_nil(at_terminal "TERM=dumb":find("\27", 1, true))
  end)
end)

describe("the other commands", function()
  it("print tables for people and JSON for programs", function()
    local output = run "list cri-1 --limit 1"
    assert.truthy(output:find "^TASK +STATUS +CREATED")
    assert.equal(1, #cjson.decode((run "list cri-1 --limit 1 -o json")))
    assert.truthy((run "rules cri-1"):find "^RULE +NAME")
    local created = run "create cri-1 RepoId=crr-1 Tag=1 SyncRuleId=crsr-1"
    assert.truthy(created:find "^rst%-%S+\n$")
    local _, errors, status = run "cancel cri-1 rst-1"
    assert.same({ "cancel requested; check with crsync get\n", 0 }, { errors, status })
    assert.truthy((run "call ListInstance PageSize=1"):find('"Instances": [', 1, true))
    local requests = server:requests()
    assert.equal("1", requests[#requests].query.PageSize)
    run "rules cri-1 --repo team/web"
    requests = server:requests()
    assert.same({ "team", "web" }, { requests[#requests].query.NamespaceName, requests[#requests].query.RepoName })
    assert.equal(0, select(3, run "rules cri-1 --delete crsr-1"))
    output = run("rules cri-1 --create SyncRuleName=n SyncScope=REPO TagFilter=.* TargetRegionId=r TargetInstanceId=i "
      .. "SyncTrigger=PASSIVE NamespaceName=a RepoName=b TargetNamespaceName=a TargetRepoName=b")
    assert.truthy(output:find "^crsr%-%S+\n$", output)
  end)

  it("complete in three shells", function()
    for shell, part in pairs { bash = "complete", zsh = "#compdef crsync", fish = "complete -c crsync" } do
      local output, _, status = run("completion " .. shell)
      assert.equal(0, status)
      assert.truthy(output:find(part, 1, true))
    end
  end)

  it("never show the secret", function()
    server:answer_always { status = 400, echo = true }
    local output, errors = run "get cri-1 rst-1 --timeout 2"
    assert.is_nil((output .. errors):find("SecretOfTheEndpoint", 1, true))
  end)
end)
