--- Names in the documents that the code does not have, and names of the code that the documents lack: variables,
--- functions and methods, options, fields of errors, and what the command is told. `make lint` runs it; every fault is
--- a line on standard error.

local arguments = require "crsync.cli.arguments"
local blocks = require "doc.blocks"
local commands = require "crsync.cli.commands"
local crsync = require "crsync"
local error_kinds = require "crsync.error_kinds"
local options = require "crsync.options"

local faults = 0

local function fault(...)
  faults = faults + 1
  io.stderr:write(string.format(...), "\n")
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return path:find "%.%d$" and text:gsub("\\%-", "-"):gsub("\\f%u", "") or text
end

local function listed(command)
  local list = {}
  for path in io.popen(command):lines() do list[#list + 1] = path end
  return list
end

local DOCUMENTS =
  listed "ls README.md HACKING.md doc/*.md doc/*.1 doc/guides/*.md examples/*.md examples/embedding/*.md"

local texts = {}
for _, path in ipairs(DOCUMENTS) do texts[path] = read(path) end

local function keys_of(rows)
  local set = {}
  for _, row in ipairs(rows) do set[row.name] = true end
  return set
end

-- ---- variables --------------------------------------------------------------------------------------------

local OURS = { "ALIBABA_?CLOUD_[%u%d_]+", "ALICLOUD_[%u%d_]+", "CRSYNC_[%u%d_]+", "SSL_CERT_%u+", "CURL_CA_%u+" }
local known = blocks.variable_names()

-- A name that ends with _ is the beginning of several.
local function each_variable(text, found)
  for _, pattern in ipairs(OURS) do
    for name in text:gmatch("%f[%w_]" .. pattern) do
      if not name:find "_$" then found(name) end
    end
  end
end

local HOLD_NAMES = { ["lua/crsync/options.lua"] = true, ["lua/crsync/variables.lua"] = true,
  ["lua/crsync/credentials/env.lua"] = true }

local function check_variables()
  for path, text in pairs(texts) do
    each_variable(text, function(name)
      if not known[name] then fault("%s names the variable %s, which nothing reads", path, name) end
    end)
  end
  for _, path in ipairs(listed "find lua -name '*.lua'") do
    each_variable(read(path):gsub("%-%-[^\n]*", ""), function(name)
      if not HOLD_NAMES[path] then fault("%s spells %s out: rows of variables.lua hold such names", path, name) end
    end)
  end
  for _, path in ipairs { "doc/command.md", "doc/crsync.1" } do
    for name in pairs(known) do
      if not texts[path]:find(name, 1, true) then fault("%s lacks the variable %s", path, name) end
    end
  end
end

-- ---- functions, methods, fields ---------------------------------------------------------------------------

local client = assert(crsync.new { region = "cn-hangzhou", access_key_id = "id", access_key_secret = "secret" })
local methods = getmetatable(client).__index

local function check_members(prefix, members, what)
  for path, text in pairs(texts) do
    for name in text:gmatch("`" .. prefix .. "([%l_][%w_]*)") do
      if members[name] == nil then fault("%s names %s%s, which is no %s", path, prefix:gsub("%%", ""), name, what) end
    end
  end
end

local function check_documented(prefix, members)
  for name in pairs(members) do
    if not name:find "^__" and not texts["doc/api.md"]:find(prefix .. name, 1, true) then
      fault("doc/api.md lacks %s%s", prefix, name)
    end
  end
end

local function module_and_parts()
  local members = { loop = true, sandbox = true, core = true } -- modules of their own
  for name in pairs(crsync) do members[name] = true end
  return members
end

-- ---- options in examples ----------------------------------------------------------------------------------

-- The keys of a table constructor, those of tables and functions within it aside.
local function keys_in(constructor, found)
  local flat = constructor:sub(2, -2):gsub("%-%-[^\n]*", ""):gsub('"[^"\n]*"', '""'):gsub("local [^\n]*", "")
  flat = "," .. flat:gsub("%b{}", "{}"):gsub("%b()", "()")
  for name in flat:gmatch "[,\n]%s*([%a_][%w_]*)%s*=[^=]" do found(name) end
end

local function check_tables(pattern, rows, what)
  local names = keys_of(rows)
  for path, text in pairs(texts) do
    for block in text:gmatch "```lua\n(.-)```" do
      for constructor in block:gmatch(pattern) do
        keys_in(constructor, function(name)
          if not names[name] then fault("%s gives %s the option %s, which it does not take", path, what, name) end
        end)
      end
    end
  end
end

-- ---- the command ------------------------------------------------------------------------------------------

local words = { ["--help"] = true }
for _, row in ipairs(arguments.COMMON) do
  for word in row.name:gmatch "%-%-[%w-]+" do words[word] = true end
end
for _, command in ipairs(commands) do
  for _, row in ipairs(command.options or {}) do
    for word in row.name:gmatch "%-%-[%w-]+" do words[word] = true end
  end
end

local function check_command()
  for _, path in ipairs { "doc/command.md", "doc/crsync.1" } do
    local text = texts[path]
    for word in text:gmatch "%f[%w-]%-%-%l[%w-]*" do
      if not words[word] then fault("%s names the option %s, which the command lacks", path, word) end
    end
    for word in pairs(words) do
      if not text:find(word, 1, true) then fault("%s lacks the option %s", path, word) end
    end
    for _, command in ipairs(commands) do
      if not text:find("%f[%w]" .. command.name .. "%f[%W]") then
        fault("%s lacks the command %s", path, command.name)
      end
    end
  end
end

check_variables()
check_members("client:", methods, "method")
check_members("crsync%.", module_and_parts(), "function")
check_members("err%.", keys_of(error_kinds.fields), "field of an error")
check_documented("client:", methods)
check_documented("crsync.", crsync)
check_tables("crsync%.new%s*%(?%s*(%b{})", options.client, "crsync.new")
check_tables(":wait%s*%([^{}]*(%b{})", options.wait, "client:wait")
check_tables(":wait_all%s*%([^{}]*(%b{})%s*%)", options.wait_all, "client:wait_all")
check_command()
client:close()
if faults > 0 then os.exit(1) end
