-- What commands write as JSON, JSON lines, CSV and Markdown, against the sandbox: the shapes and the columns that the
-- commands' rows tell, and so do help and doc/command.md.

local cjson = require "cjson"
local command = require "spec.support.command"
local commands = require "crsync.cli.commands"
local files = require "spec.support.files"
local objects = require "crsync.objects"
local sandbox = require "crsync.sandbox"
local tables = require "crsync.print.table"

local RULE = "crsr-sandbox-manual"

-- Words that lead to each result.
local CASES = {
  ["get, one task"] = "get cri-sandbox rst-small",
  ["get, several tasks"] = "get cri-sandbox rst-small rst-web-eu",
  ["wait, one task"] = "wait cri-sandbox rst-small",
  ["wait, several, a batch, a push"] = "wait cri-sandbox rst-small rst-web-eu",
  ["list"] = "list cri-sandbox",
  ["report"] = "report cri-sandbox",
  ["create"] = "create cri-sandbox RepoId=crr-sandbox-web Tag=1.0.0 SyncRuleId=" .. RULE,
  ["retry"] = "retry cri-sandbox --failed",
  ["retry, --dry-run"] = "retry cri-sandbox --failed --dry-run",
  ["rules"] = "rules cri-sandbox",
  ["rules, --create"] = "rules cri-sandbox --create SyncRuleName=n SyncScope=NAMESPACE TagFilter=1.* "
    .. "NamespaceName=team TargetNamespaceName=team TargetRegionId=eu-west-1 TargetInstanceId=cri-sandbox-eu "
    .. "RepoNameFilter=w.* Priority=5",
  ["call"] = "call GetRepository InstanceId=cri-sandbox RepoId=crr-sandbox-web",
  ["config"] = "config",
}

local server

-- One task fails in each sandbox: retry needs one that nobody has made again.
before_each(function()
  server = assert(sandbox.start { lua = os.getenv "LUA" or "lua5.4", speed = 1000 })
end)
after_each(function() server:stop() end)

local function run(words)
  local given = server:options()
  local output, errors, status = command.run({ url = given.endpoint, access_key_id = given.access_key_id,
    access_key_secret = given.access_key_secret }, words, "ALIBABA_CLOUD_REGION_ID=cn-hangzhou")
  assert.is_true(status <= 1, errors)
  return output
end

-- What each result is called, and what it is.
local function each_result(f)
  for _, row in ipairs(commands) do
    for _, result in ipairs(row.results or {}) do f(row.name .. (result.of and ", " .. result.of or ""), result) end
  end
end

-- Lets the task that fails in the sandbox fail.
local function prepare(label)
  if label:find "^retry" then run "wait cri-sandbox rst-web-us" end
end

-- The fields that an object may have, and those that it must.
local function known_fields(result)
  local known, required = {}, {}
  for _, class in ipairs(objects.classes) do
    if class.name == result.class then
      for _, field in ipairs(class.fields) do
        known[field[1]] = true
        if field.is_required then required[#required + 1] = field[1] end
      end
    end
  end
  for _, field in ipairs(result.fields or {}) do known[field] = true end
  return known, result.fields and {} or required
end

local function check_object(object, result, label)
  local known, required = known_fields(result)
  assert.is_nil(object[1], label)
  for name in pairs(object) do
    assert.is_true(known[name] or known["…"] or false, ("%s: %s is not documented"):format(label, name))
  end
  for _, name in ipairs(required) do assert.is_not_nil(object[name], ("%s lacks %s"):format(label, name)) end
end

local document = files.read "doc/command.md"

describe("the result of", function()
  each_result(function(label, result)
    it(label .. " has the shape that is documented", function()
      local words = assert(CASES[label], "no words lead there")
      prepare(label)
      local value = cjson.decode((run(words .. " -o json")))
      if result.is_array then
        assert.is_true(#value > 0, label)
        for _, item in ipairs(value) do check_object(item, result, label) end
      else
        check_object(value, result, label)
      end
    end)

    it(label .. " has an object on each line of jsonl", function()
      prepare(label)
      local count = 0
      for line in run(CASES[label] .. " -o jsonl"):gmatch "[^\n]+" do
        check_object(cjson.decode(line), result, label)
        count = count + 1
      end
      assert.is_true(result.is_array and count > 0 or count == 1)
    end)

    if result.columns then
      it(label .. " has the columns that are documented", function()
        prepare(label)
        local names = tables.names(result.columns)
        local csv = run(CASES[label] .. " -o csv")
        assert.equal(table.concat(names, ","), csv:match "^(.-)\r\n")
        assert.truthy(csv:find "\r\n.+\r\n$")
        assert.truthy(document:find("| `" .. table.concat(names, "`, `") .. "` |", 1, true), label)
        if label ~= "report" then
          local again = label == "retry" and "retry cri-sandbox --failed --issue NONE" or CASES[label]
          assert.equal("| " .. table.concat(names, " | ") .. " |", run(again .. " -o markdown"):match "^[^\n]+")
        end
      end)
    end
  end)
end)

describe("a list of rules", function()
  it("shows priority and filters in each form", function()
    run(CASES["rules, --create"])
    local text = run "rules cri-sandbox"
    assert.truthy(text:find "^RULE +NAME +SCOPE +TRIGGER +PRIORITY +FROM +TO +TAGS +REPOSITORIES +NAMESPACES\n")
    assert.truthy(text:find "%S+ +n +NAMESPACE +PASSIVE +5 +cn%-hangzhou team +eu%-west%-1 team +1%.%* +w%.%*\n", text)
    assert.truthy(run "rules cri-sandbox -o csv":find(
      ",n,NAMESPACE,PASSIVE,5,cn-hangzhou,team,,eu-west-1,team,,1.*,w.*,\r", 1, true))
    assert.truthy(run "rules cri-sandbox -o markdown":find("| NAMESPACE | PASSIVE | 5 |", 1, true))
  end)
end)

describe("nothing to make again", function()
  it("is an empty list for programs, and no line for people", function()
    local RETRY = "retry cri-sandbox --failed --issue TAG_CONFLICT"
    assert.equal("[]\n", run(RETRY .. " -o json"))
    assert.equal("SyncTaskId,RetryOf\r\n", run(RETRY .. " -o csv"))
    assert.equal("", run(RETRY))
  end)
end)

describe("the documentation", function()
  it("tells of each result, and of nothing else", function()
    local section = document:match "<!%-%- derived: shapes %-%->\n(.-)<!%-%- end: shapes"
    local count = 0
    each_result(function() count = count + 1 end)
    assert.equal(count + 2, select(2, section:gsub("\n", "")))
    for label in pairs(CASES) do
      assert.truthy(section:gsub("`", ""):find("| " .. label .. " |", 1, true), label)
    end
  end)
end)
