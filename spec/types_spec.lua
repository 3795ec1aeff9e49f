-- Annotations for editors against the code that they speak of. What an editor makes of them, `make types` asks one.

local core = require "crsync.core"
local crsync = require "crsync"
local files = require "spec.support.files"

local function lines_of(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

local function lua_files()
  local paths = {}
  for path in files.output_of("find lua -name '*.lua'"):gmatch "[^\n]+" do paths[#paths + 1] = path end
  return paths
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- ---- functions ------------------------------------------------------------------------------------------

-- Where a function is defined: file and lines, first and last. One of C's is declared in types.lua.
local function place_of(f, name)
  local info = debug.getinfo(f, "S")
  if info.what ~= "C" then return info.source:match "^@%.?/?(.*)$", info.linedefined, info.lastlinedefined end
  for number, line in ipairs(lines_of "lua/crsync/types.lua") do
    if line:find("^function core%." .. name .. "%(") then return "lua/crsync/types.lua", number, number end
  end
end

-- Its parameters, as they are written, and those that are annotated above it; how many returns are, and whether it has
-- any.
local function signature(f, name)
  local path, first, last = place_of(f, name)
  assert(path, "the core's " .. name .. " is not declared")
  local lines = lines_of(path)
  local given, annotated, returns = {}, {}, 0
  for parameter in lines[first]:match "^function [%w_.:]+%(([^)]*)%)":gmatch "[%w_.]+" do
    given[#given + 1] = parameter
  end
  local number = first - 1
  while lines[number]:find "^%-%-%-" do
    local parameter = lines[number]:match "^%-%-%-@param ([%w_.]+)"
    if parameter then table.insert(annotated, 1, parameter) end
    if lines[number]:find "^%-%-%-@return " then returns = returns + 1 end
    number = number - 1
  end
  local body = table.concat(lines, "\n", first, last)
  local has_returns = path:find "types%.lua$" ~= nil or (body .. "\n"):find "%f[%w]return%s+[^\ne]" ~= nil
  return given, annotated, returns, has_returns, number < first - 1
end

local function assert_annotated(f, name)
  local given, annotated, returns, has_returns, has_text = signature(f, name)
  assert.is_true(has_text, name .. " has no comment")
  assert.same(given, annotated, "parameters of " .. name)
  assert.equal(has_returns, returns > 0, "returns of " .. name)
end

-- The client's methods, of which no client is needed to see them.
local function methods()
  local client = assert(crsync.new { endpoint = "http://127.0.0.1:1", access_key_id = "id", access_key_secret = "s" })
  local found = {}
  for name, value in pairs(getmetatable(client)) do
    if type(value) == "function" and not name:find "^__" then found[name] = value end
  end
  client:close()
  return found
end

describe("each function of", function()
  it("the module is annotated with its parameters and what it returns", function()
    for name, value in pairs(crsync) do
      if type(value) == "function" then assert_annotated(value, name) end
    end
  end)

  it("a client is annotated with its parameters and what it returns", function()
    local found = methods()
    assert.truthy(found.get_task)
    for name, value in pairs(found) do assert_annotated(value, name) end
  end)

  it("both is in the sample of what an editor has nothing to say to", function()
    local sample = files.read "spec/types/good.lua"
    for name, value in pairs(crsync) do
      local used = sample:find("crsync%." .. name .. "[ %(]") ~= nil
      assert.is_true(type(value) ~= "function" or used, name)
    end
    for name in pairs(methods()) do assert.truthy(sample:find(":" .. name .. "(", 1, true), name) end
  end)
end)

-- ---- classes --------------------------------------------------------------------------------------------

-- Class → where it is defined, and class → where it is named, in annotations. A last word in small letters is a module.
local function read_annotations()
  local defined, named = {}, {}
  for _, path in ipairs(lua_files()) do
    for _, line in ipairs(lines_of(path)) do
      local name = line:match "^%-%-%-@class %(%a+%) ([%w_.]+)" or line:match "^%-%-%-@%l+ (crsync[%w_.]*)"
      if name and line:find "^%-%-%-@class" or line:find "^%-%-%-@alias" then
        assert.is_nil(defined[name], name .. " is defined twice")
        defined[name] = path
      end
      local annotation = line:match "%-%-%-@.*" or line:match "%-%-%[%[@as .*" or ""
      for word in annotation:gmatch "crsync%.[%w_.]*%w" do
        if word:match "[%w_]+$":find "^%u" then named[word] = path end
      end
    end
  end
  return defined, named
end

describe("a class that is named in an annotation", function()
  it("is defined, once", function()
    local defined, named = read_annotations()
    assert.truthy(defined["crsync.Client"] and named["crsync.Task"])
    for name, path in pairs(named) do assert.truthy(defined[name], name .. " in " .. path) end
  end)
end)

describe("doc/guides/editor.md", function()
  it("names the classes of public functions and options, and only such as there are", function()
    local defined, guide = read_annotations(), files.read "doc/guides/editor.md"
    for class in guide:gmatch "crsync%.%u%w+" do assert.truthy(defined[class], class) end
    for _, path in ipairs { "lua/crsync/init.lua", "lua/crsync/client.lua" } do
      local public = files.read(path):gsub("%-%-%-@field private [^\n]+", "")
      for class in public:gmatch "%-%-%-@[pr][^\n]-(crsync%.%u%w+)" do
        assert.truthy(guide:find("`" .. class .. "`", 1, true), class)
      end
    end
  end)
end)

-- ---- the core -------------------------------------------------------------------------------------------

local function declared(prefix)
  local names = {}
  for _, line in ipairs(lines_of "lua/crsync/types.lua") do
    local name = line:match("^function " .. prefix .. "([%w_]+)%(")
    if name then names[name] = true end
  end
  return sorted(names)
end

local function methods_of(value) return sorted(debug.getmetatable(value).__index) end

describe("types.lua", function()
  it("declares the functions of the core's module, all of them and no more", function()
    assert.same(sorted(core), declared "core%.")
  end)

  it("declares the methods of what the core makes, all of them and no more", function()
    local bare = core.new { endpoint = "http://127.0.0.1:1" }
    assert.same(methods_of(bare), declared "Core:")
    bare:close()
    local timer = core.timer(0)
    assert.same(methods_of(timer), declared "Timer:")
    timer:close()
    local process = assert(core.spawn { "true" })
    assert.same(methods_of(process), declared "Process:")
    process:close()
  end)

  it("is required by nobody", function()
    for _, path in ipairs(lua_files()) do
      assert.is_nil(files.read(path):find 'require%(?%s*["\']crsync%.types["\']', path)
    end
  end)
end)
