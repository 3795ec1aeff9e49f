-- Completions, in the real shells: each reads its script by the line that the documentation gives, and is asked what it
-- offers.

local at_most = require "spec.support.at_most"
local child = require "spec.support.child"
local core = require "crsync.core"
local endpoint = require "spec.support.endpoint"
local files = require "spec.support.files"
local sandbox = require "crsync.sandbox"

local quoted = child.quoted

local folder, server

-- A folder with a command crsync, as a shell finds one in PATH, and a file whose name can be completed; a service.
lazy_setup(function()
  server = assert(sandbox.start { lua = os.getenv "LUA" or "lua5.4" })
  folder = files.temporary_folder()
  local root = files.output_of "pwd":gsub("\n$", "")
  files.write(folder .. "/crsync", ([[
#!/bin/sh
cd %s && LD_PRELOAD=%s LUA_PATH=%s LUA_CPATH=%s exec %s lua/crsync/bin.lua "$@"
]]):format(quoted(root), quoted(os.getenv "LD_PRELOAD" or ""), quoted(package.path), quoted(package.cpath),
    os.getenv "LUA" or "lua5.4"))
  files.write(folder .. "/scenario.lua", "return {}\n")
  assert(os.execute(("chmod +x %s/crsync"):format(quoted(folder))))
end)
lazy_teardown(function()
  server:stop()
  os.execute("rm -rf " .. quoted(folder))
end)

local SURROUNDINGS = [[unset LD_PRELOAD; export HOME="$PWD" ZDOTDIR="$PWD" PATH="$PWD:$PATH" TERM=xterm
  export NO_PROXY=127.0.0.1
  export ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s]]

-- What a command prints in that folder, errors too. No sanitizer is preloaded into the shells.
local function output_of(command)
  local given = server:options()
  return files.output_of(("cd %s && %s && timeout 60 %s 2>&1"):format(quoted(folder),
    SURROUNDINGS:format(given.endpoint, given.access_key_id, given.access_key_secret), command))
end

local SHELLS = {}

-- Calls what is registered for crsync as bash does, each line's words split at blanks, "=" and ":".
function SHELLS.bash(lines)
  local script = { [[
    source <(crsync completion bash)
    registered=$(complete -p crsync) || exit
    function=${registered#*-F }
    ask() {
      COMP_LINE=$1 COMP_POINT=${#1}
      shift
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
      ${function% crsync}
      printf '%s\n' "${COMPREPLY[@]}" END
    }]] }
  for _, line in ipairs(lines) do
    local words = {}
    for word in line:gsub("[=:]+", " %0 "):gmatch "%S+" do words[#words + 1] = quoted(word) end
    if line:find " $" then words[#words + 1] = "''" end
    script[#script + 1] = "ask " .. quoted(line) .. " " .. table.concat(words, " ")
  end
  return output_of("bash --norc --noprofile -c " .. quoted(table.concat(script, "\n")))
end

function SHELLS.fish(lines)
  local script = { "crsync completion fish | source" }
  for _, line in ipairs(lines) do
    script[#script + 1] = ("complete -C %s | string replace -r '\\t.*' ''; echo END"):format(quoted(line))
  end
  return output_of("fish --no-config -c " .. quoted(table.concat(script, "\n")))
end

-- A zsh at a terminal, of another zsh's making: its completions work nowhere else. The tab key completes, and then
-- prints what was offered.
function SHELLS.zsh(lines)
  files.write(folder .. "/.zshrc", [[
    PS1='ready> '
    source <(crsync completion zsh)
    compadd() {
      if (( ! ${argv[(I)-[OAD]*]} )); then
        local -a matches
        builtin compadd -O matches "$@"
        offered+=($matches)
      fi
      builtin compadd "$@"
    }
    show() {
      offered=()
      zle complete-word
      print -rl -- $offered END >>offered
      BUFFER=
      print -n answered
    }
    zle -N show
    bindkey '^I' show
  ]])
  local script = { [[
    zmodload zsh/zpty
    : >offered
    zpty shell zsh -i
    zpty -r shell screen '*ready> *']] }
  for _, line in ipairs(lines) do
    script[#script + 1] = ("zpty -w -n shell %s$'\\t'; zpty -r shell screen '*answered*'"):format(quoted(line))
  end
  script[#script + 1] = "zpty -d shell; cat offered"
  return output_of("zsh -f -c " .. quoted(table.concat(script, "\n")))
end

-- What a shell offers for each of the lines, sorted.
local function offered(shell, lines)
  local answers = {}
  local output = SHELLS[shell](lines)
  for answer in output:gmatch "(.-)END\n" do
    local words = {}
    for word in answer:gmatch "%S+" do words[#words + 1] = word:match "[^=]+=?$" end -- fish: --output=json
    table.sort(words)
    answers[#answers + 1] = table.concat(words, " ")
  end
  assert.equal(#lines, #answers, output)
  return answers
end

local EXPECTED = {
  { "crsync wa", "wait" },
  { "crsync ca", "call cancel" },
  { "crsync --output json wa", "wait" },
  { "crsync completion ", "bash fish zsh" },
  { "crsync completion z", "zsh" },
  { "crsync completion zsh f", "" },
  { "crsync get --out", "--output" },
  { "crsync get --output ", "json jsonl lua text" },
  { "crsync --output ", "csv html json jsonl lua markdown prometheus text" },
  { "crsync get --output=j", "json jsonl" },
  { "crsync list cri-1 -o m", "markdown" },
  { "crsync get cri-1 rst-1 -o m", "" },
  { "crsync list cri-1 --status E", "ERROR" },
  { "crsync list cri-1 --status ERROR,CAN", "ERROR,CANCELED" },
  { "crsync list cri-1 --to-region eu-c", "eu-central-1" },
  { "crsync --region me-", "me-central-1 me-east-1" },
  { "crsync retry cri-1 --failed --issue NET", "NETWORK_ERROR" },
  { "crsync get cri-1 rst-1 --field ImageTo.RepoN", "ImageTo.RepoName ImageTo.RepoNamespaceName" },
  { "crsync get cri-1 rst-1 --field LayerTasks.1.S", "LayerTasks.1.Size LayerTasks.1.SyncLayerTaskId "
    .. "LayerTasks.1.SyncedSize" },
  { "crsync list cri-1 --field=Mod", "ModifedTime ModifiedTime" },
  { "crsync retry cri-1 --failed --field Retr", "RetryOf" },
  { "crsync help ke", "keys" },
  { "crsync call GetRepoS", "GetRepoSourceCodeRepo GetRepoSyncTask" },
  { "crsync call GetRepoSyncTask S", "SyncTaskId=" },
  { "crsync create cri-1 Tag", "Tag=" },
  { "crsync create cri-1 TargetR", "TargetRegionId= TargetRepoName=" },
  { "crsync create cri-1 TargetRegionId=us-s", "us-southeast-1" },
  { "crsync rules cri-1 --create SyncRuleName=x SyncScope=N", "NAMESPACE" },
  -- What the service knows.
  { "crsync get cri-sandbox rst-w", "rst-web-eu rst-web-us" },
  { "crsync get cri-sandbox rst-small rst-sm", "rst-small" },
  { "crsync get cri-sandbox-", "cri-sandbox-ap cri-sandbox-eu cri-sandbox-us" },
  { "crsync wait cri-sandbox --batch 5a2", "5a2d0c1e-0000-4000-8000-00000000b001" },
  { "crsync list cri-sandbox --repo team/w", "team/web" },
  { "crsync list cri-sandbox --repo team/web --tag ", "1.0.0" },
  { "crsync list cri-sandbox --namespace t", "team" },
  { "crsync rules cri-sandbox --repo team/w", "team/web" },
  { "crsync rules cri-sandbox --create RepoName=w", "web" },
  { "crsync rules cri-sandbox --delete crsr-sandbox-e", "crsr-sandbox-eu" },
  { "crsync create cri-sandbox RepoId=crr-sandbox-w", "crr-sandbox-web" },
  { "crsync call GetRepoSyncTask InstanceId=cri-sandbox SyncTaskId=rst-s", "rst-small" },
  { "crsync get --endpoint http://127.0.0.1:1 cri-sandbox rst-w", "" },
  { "crsync get --endpoint=http://127.0.0.1:1 cri-sandbox rst-w", "" },
  { "crsync create cri-sandbox SyncRuleId=crsr-sandbox-m", "crsr-sandbox-manual" },
  { "crsync wait cri-1 --stall", "--stall-timeout" },
  { "crsync get cri-1 --stall", "" },
  -- No names of files where none are meant.
  { "crsync get s", "" },
  { "crsync --region s", "" },
}

local FILE_CASE = { "crsync sandbox --scenario sce", "scenario.lua" }
local JOINED_CASE = "crsync sandbox --scenario=sce"

for _, shell in ipairs { "bash", "fish", "zsh" } do
  describe("completions in " .. shell, function()
    it("offer commands, options and values, each where it may stand", function()
      local lines, expected = {}, {}
      for i, case in ipairs(EXPECTED) do lines[i], expected[i] = case[1], case[2] end
      assert.same(expected, offered(shell, lines))
    end)

    it("offer names of files for a file", function()
      if shell == "bash" then
        -- readline itself looks for them: a bash at a terminal, in which crsync tells its words.
        files.write(folder .. "/bashrc", [[
          source <(crsync completion bash)
          crsync() { printf '<%s>' "$@"; }]]) -- the completions ask the program, not this
        files.write(folder .. "/typed", FILE_CASE[1] .. "\t\nexit\n")
        local output = output_of "script -qec 'bash --rcfile bashrc -i' /dev/null <typed"
        assert.truthy(output:find("<sandbox><--scenario><scenario.lua>", 1, true), output)
      else
        assert.same({ FILE_CASE[2], FILE_CASE[2] }, offered(shell, { FILE_CASE[1], JOINED_CASE }))
      end
    end)
  end)
end

-- ---- what is asked, and what is not -------------------------------------------------------------------------

describe("ids are offered", function()
  -- What is offered after `crsync get cri-1 `, in an environment of its own; errors, too.
  local function offered_with(variables, words)
    return files.output_of(([[cd %s && env -i LUA_INIT_5_4="$LUA_INIT_5_4" COVERAGE_LINES="$COVERAGE_LINES" HOME=%s \
      PATH="$PATH" NO_PROXY=127.0.0.1 %s ./crsync __complete fish %s 2>&1]]):format(quoted(folder), quoted(folder),
      variables, words or "get cri-1 ''"))
  end

  local service

  lazy_setup(function() service = endpoint.start() end)
  lazy_teardown(function() service:stop() end)
  before_each(function() service:reset() end)

  local function asked() return "ALIBABA_CLOUD_ENDPOINT=" .. service.url end

  local function with_keys()
    return ("%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s"):format(asked(),
      service.access_key_id, service.access_key_secret)
  end

  local function offer(...)
    local tasks = {}
    for i, id in ipairs { ... } do tasks[i] = { SyncTaskId = id, TaskStatus = "PENDING" } end
    service:answer { body = { IsSuccess = true, TotalCount = tostring(#tasks), SyncTasks = tasks } }
  end

  it("where keys are in the environment", function()
    offer("rst-1", "rst-2")
    assert.equal("rst-1\tPENDING -/-:- to -\nrst-2\tPENDING -/-:- to -\n", offered_with(with_keys()))
    assert.equal(1, #service:requests())
    offer "rst-1"
    assert.equal("rst-1\tPENDING -/-:- to -\n", offered_with(with_keys() .. " CRSYNC_DEBUG=2"))
  end)

  it("where they are in a profile", function()
    files.write(folder .. "/config.json", ([[{ "profiles": [{ "name": "ci", "mode": "AK", "access_key_id": "%s",
      "access_key_secret": "%s" }, { "name": "role", "mode": "EcsRamRole" }] }]]):format(service.access_key_id,
      service.access_key_secret))
    local variables = ("%s ALIBABA_CLOUD_CONFIG_FILE=%s/config.json"):format(asked(), folder)
    offer "rst-1"
    assert.truthy(offered_with(variables, "--profile ci get cri-1 ''"):find "^rst%-1\t")
    assert.equal("ci\tAK\nrole\tEcsRamRole\n", offered_with(variables, "--profile ''"))
  end)

  it("and nobody is asked for keys: no program, no metadata, no STS", function()
    files.write(folder .. "/config.json", ([[{ "profiles": [
      { "name": "program", "mode": "External", "process_command": "touch %s/was-run" },
      { "name": "instance", "mode": "EcsRamRole", "ram_role_name": "r" },
      { "name": "role", "mode": "RamRoleArn", "access_key_id": "a", "access_key_secret": "b", "ram_role_arn": "c",
        "sts_endpoint": "%s" }] }]]):format(folder, service.url))
    local variables = ("%s ALIBABA_CLOUD_CONFIG_FILE=%s/config.json CRSYNC_METADATA_ENDPOINT=%s"):format(asked(),
      folder, service.url)
    for _, profile in ipairs { "program", "instance", "role" } do
      assert.equal("", offered_with(variables, "--profile " .. profile .. " get cri-1 ''"))
    end
    assert.equal("", offered_with(asked() .. " CRSYNC_METADATA_ENDPOINT=" .. service.url))
    assert.equal("", offered_with(asked() .. " ALIBABA_CLOUD_ACCESS_KEY_ID=a")) -- half a key
    assert.is_nil(io.open(folder .. "/was-run"))
    assert.equal(0, #service:requests())
  end)

  it("unless the service refuses, hangs or talks nonsense: then there are none, soon and in silence", function()
    for _, answer in ipairs { "err.403.NoPrivilege", "err.503.ServiceUnavailable", { status = 200, body = "<html>" },
      { body = { SyncTasks = { "x", 7, { SyncTaskId = {} } }, TotalCount = "3" } } } do
      service:reset()
      service:answer(answer)
      assert.equal("", offered_with(with_keys()))
      assert.equal(1, #service:requests())
    end
    service:answer_always { hang = true }
    local before = core.now()
    assert.equal("", offered_with(with_keys()))
    assert.is_true(core.now() - before < at_most(3))
    assert.equal("", offered_with(with_keys(), "get '' ''"))
  end)

  it("only if no shell takes them apart, and with what they are made harmless", function()
    offer("rst-$(id)", "rst-`id`", "rst-1 2", "rst-\27[2J", "rst-*", "rst-fine")
    assert.equal("rst-fine\tPENDING -/-:- to -\n", offered_with(with_keys()))
    service:answer { body = { IsSuccess = true, TotalCount = "1", SyncTasks = { { SyncTaskId = "rst-1",
      TaskStatus = "\27[2J\n\t" } } } }
    assert.equal("rst-1\t\\x1b[2J\\n\\t -/-:- to -\n", offered_with(with_keys()))
  end)

  it("and nothing is offered by words that nobody knows", function()
    for _, words in ipairs { "nothing ''", "get --nothing=x", "get --help=x", "cancel a b ''", "config x",
      "get --nothing -- ''", "rules --delete ''", "call Nothing Sy", "create cri-1 Nothing=x" } do
      assert.equal("", offered_with(with_keys(), words), words)
    end
    assert.equal("", files.output_of(("cd %s && ./crsync __complete tcsh get 2>&1"):format(quoted(folder))))
    assert.equal("", files.output_of(("cd %s && ./crsync __complete 2>&1"):format(quoted(folder))))
  end)
end)

describe("a line of bash's", function()
  local function answer(line, piece)
    return files.output_of(("cd %s && ./crsync __complete bash %s %s 2>&1"):format(quoted(folder), quoted(line),
      quoted(piece)))
  end

  it("is taken apart as bash takes it apart", function()
    assert.equal("json\njsonl\n", answer("crsync get 'a b' \"c\\\"d\" e\\ f -o j", "j"))
    assert.equal("json\njsonl\n", answer("crsync --endpoint http://127.0.0.1:80 get cri-1 --output=j", "j"))
    assert.equal("--output=json\n--output=jsonl\n", answer("crsync get --output=j", "--output=j")) -- no "=" there
    assert.equal("json\njsonl\n", answer("crsync get -o 'j", "'j"):gsub("^'", ""))
  end)
end)
