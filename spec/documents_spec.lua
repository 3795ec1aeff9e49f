-- The documents: what they link to and name is there, what they show in Lua or JSON can be read, and the command takes
-- what they give it.

local cjson = require "cjson"
local compat = require "crsync.util.compat"
local files = require "spec.support.files"
local markdown = require "spec.support.markdown"

local LUA = os.getenv "LUA" or "lua5.4"

-- ---- reading them -------------------------------------------------------------------------------------------

local function lines_of(command)
  local list = {}
  local pipe = io.popen(command)
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

-- What lies in the folders that hold documents; build/ has copies of some.
local DOCUMENTS = lines_of "ls *.md doc/*.md doc/guides/*.md examples/*.md examples/embedding/*.md spec/*/README.md"

local documents = {}
for _, path in ipairs(DOCUMENTS) do
  local blocks, prose = markdown.parts_of(files.read(path))
  documents[path] = { path = path, folder = path:match "^(.*/)" or "", blocks = blocks, prose = prose }
end

-- Calls f for each document and collects what it complains about.
local function faults_in(f)
  local faults = {}
  for _, path in ipairs(DOCUMENTS) do
    f(documents[path], function(...) faults[#faults + 1] = path .. ": " .. string.format(...) end)
  end
  return faults
end

local function each_block(document, languages, f)
  for _, block in ipairs(document.blocks) do
    if languages[block.language] then f(block.text) end
  end
end

-- Code spans, which may not hold a line end.
local function spans_of(document)
  local list = {}
  for line in document.prose:gmatch "[^\n]+" do
    for span in line:gmatch "`([^`]+)`" do list[#list + 1] = span end
  end
  return list
end

-- ---- links and files ----------------------------------------------------------------------------------------

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

-- "doc/guides/../api.md" is "doc/api.md".
local function resolved(path)
  local again
  repeat path, again = path:gsub("[^/]+/%.%./", "", 1) until again == 0
  return path
end

-- The name by which a heading is linked to.
local function anchor_of(heading)
  return (heading:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

local function anchors_of(path)
  local anchors = {}
  for heading in ("\n" .. documents[path].prose):gmatch "\n#+ ([^\n]+)" do anchors[anchor_of(heading)] = true end
  return anchors
end

describe("a link", function()
  it("leads to a file, and to a heading that is in it", function()
    assert.same({}, faults_in(function(document, fault)
      for target in document.prose:gmatch "%]%(([^)]+)%)" do
        local name, anchor = target:match "^([^#]*)#?(.*)$"
        local path = name == "" and document.path or resolved(document.folder .. name)
        if not target:find "^https?:" then
          if not exists(path) then fault("nothing is at %s", target) end
          if anchor ~= "" and not (documents[path] and anchors_of(path)[anchor]) then
            fault("no heading is at %s", target)
          end
        end
      end
    end))
  end)
end)

-- Where a file that is named without its folder may lie.
local FOLDERS = { "", "lua/crsync/", "lua/crsync/credentials/", "lua/", "csrc/", "spec/", "examples/",
  "examples/embedding/", "doc/" }

local ENDINGS = { lua = true, c = true, h = true, md = true }

describe("a file that is named", function()
  it("is there", function()
    assert.same({}, faults_in(function(document, fault)
      for _, span in ipairs(spans_of(document)) do
        local ending = span:match "^[%w_][%w_/-]*%.(%l+)$"
        if ENDINGS[ending] then
          local found = exists(document.folder .. span)
          for _, folder in ipairs(FOLDERS) do found = found or exists(folder .. span) end
          if not found then fault("there is no %s", span) end
        end
      end
    end))
  end)
end)

describe("HACKING.md", function()
  local named = {}
  for _, span in ipairs(spans_of(documents["HACKING.md"])) do named[span] = true end

  it("says what each Lua file does", function()
    local missing = {}
    for _, path in ipairs(lines_of "cd lua/crsync && find . -name '*.lua' | sort") do
      local room = path:match "^%./(.*)%.lua$"
      local known = named[room] or named[room:match "[^/]+$"] or room:find "^cli/commands/"
      if not known then missing[#missing + 1] = room end
    end
    assert.same({}, missing)
  end)

  it("says what each C file knows", function()
    local missing = {}
    for _, path in ipairs(lines_of "ls csrc") do
      if not named[path] and not named[path:match "^[^.]+"] then missing[#missing + 1] = path end
    end
    assert.same({}, missing)
  end)
end)

-- ---- blocks -------------------------------------------------------------------------------------------------

describe("a block", function()
  it("of Lua can be loaded", function()
    local count = 0
    assert.same({}, faults_in(function(document, fault)
      each_block(document, { lua = true }, function(text)
        count = count + 1
        local chunk, problem = compat.load(text, "=block", {})
        if not chunk then fault("%s in\n%s", problem, text) end
      end)
    end))
    assert.is_true(count > 20)
  end)

  it("of JSON can be read", function()
    assert.same({}, faults_in(function(document, fault)
      each_block(document, { json = true }, function(text)
        local ok, problem = pcall(cjson.decode, text)
        if not ok then fault("%s in\n%s", problem, text) end
      end)
    end))
  end)
end)

-- ---- the command --------------------------------------------------------------------------------------------

-- What help says: commands, or the options of one.
local function help_of(command)
  local output = table.concat(lines_of(("%s lua/crsync/bin.lua %s --help 2>&1"):format(LUA, command)), "\n")
  local options, commands = {}, {}
  for option in output:gmatch "%f[%w-]%-%-?[%l-]+" do options[option] = true end
  for name in (output:match "\nCommands:\n(.-)\n\n" or ""):gmatch "%f[^\n%z]  (%l+) " do commands[name] = true end
  return options, commands
end

-- The words behind each `crsync` that stands where a command does; comments and what comes behind a pipe aside.
local function commands_in(text)
  local found = {}
  text = text:gsub("\\\n", " "):gsub("%f[^%s%z]#[^\n]*", ""):gsub("%$%(", "\n")
  for rest in ("\n" .. text):gmatch "%f[^%s%z(`]crsync ([^\n|;&)>`]+)" do
    local words = {}
    for word in rest:gmatch "%S+" do words[#words + 1] = word:gsub("^%[", ""):gsub("%]$", "") end
    if rest:find "^[%l-]" then found[#found + 1] = words end
  end
  return found
end

describe("a command line", function()
  local common, commands = help_of ""
  local own = {}
  for name in pairs(commands) do own[name] = help_of(name) end

  -- The command may stand behind options of its own: `crsync --region ID get …`.
  local function check(words, fault)
    local command
    for _, word in ipairs(words) do command = command or commands[word] and word end
    local line = "crsync " .. table.concat(words, " ")
    for i, word in ipairs(words) do
      local option = word:match "^%-%-?[%l-]+"
      if option and not (common[option] or command and own[command][option]) then
        fault("%s: there is no option %s", line, option)
      elseif i == 1 and not option and not command then
        fault("%s: there is no such command", line)
      end
    end
  end

  it("is one that the command takes", function()
    assert.is_true(commands.wait and commands.sandbox and own.wait["--stall-timeout"] and common["--region"])
    local count = 0
    assert.same({}, faults_in(function(document, fault)
      each_block(document, { [""] = true, sh = true, yaml = true, zsh = true, fish = true }, function(text)
        for _, words in ipairs(commands_in(text)) do
          count = count + 1
          check(words, fault)
        end
      end)
      for _, span in ipairs(spans_of(document)) do
        for _, words in ipairs(span:find "^crsync " and commands_in(span) or {}) do check(words, fault) end
      end
    end))
    assert.is_true(count > 40, count)
  end)

  it("is told apart from one that it does not take", function()
    local faults = {}
    local function fault(...) faults[#faults + 1] = string.format(...) end
    for _, words in ipairs(commands_in "crsync wat cri-1\ncrsync wait --stall 5 cri-1 # crsync nothing\n") do
      check(words, fault)
    end
    assert.same({ "crsync wat cri-1: there is no such command",
      "crsync wait --stall 5 cri-1: there is no option --stall" }, faults)
  end)
end)

describe("README.md", function()
  it("can be read whole", function()
    local _, lines = files.read "README.md":gsub("\n", "")
    assert.is_true(lines <= 130, lines)
  end)
end)
