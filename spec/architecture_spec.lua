-- The plan of the house: who stands on what. A room requires (Lua) or includes (C) what lies on a floor below its own,
-- and on its own floor only where the plan says so. Whoever adds a file finds its floor here first.

-- ---- the plan, from the ground up -------------------------------------------------------------------------

-- Lua, under lua/crsync. A name that ends with a slash is a folder. `within`: its rooms may use each other.
local LUA = {
  { "util/", within = true }, -- knows nothing of crsync
  { "version", "statuses", "error_kinds", "options", "objects", "variables",
    "other_operations" }, -- facts
  { "operations" }, -- facts, made of objects
  { "core" }, -- the C core
  { "error", "loop", "retry", "progress", "duration", "selection",
    "again", "proxy", "print/fields" }, -- what a call is made of
  { "endpoint", "summary", "trace", "print/", within = true },
  { "credentials/", within = true }, -- where keys come from
  { "config" },
  { "call", "wait", "pages" },
  { "batch" },
  { "client" },
  { "loading" },
  { "init" }, -- the library's face
  { "loop/", within = true }, -- an adapter a file, for hosts; nothing requires one
  { "sandbox/", within = true }, -- programs, which nothing of the library requires
  { "cli/", within = true },
  { "bin" }, -- the installed command
}

-- Beside its floor's rules: what programs and adapters leave alone, though it lies below them.
local LUA_LEAVES_ALONE = {
  ["loop/"] = { "init", "client", "call", "config", "credentials/" },
  ["sandbox/"] = { "init", "client", "call", "wait", "loop/" }, -- it is the other side of the wire
}

-- C, in csrc: files by their names without an ending.
local C = {
  { "compat", "packages", "bytes" }, -- headers alone
  { "redact", "descriptors" },
  { "fork", "pollset", "file", "sigpipe", "ca_store", "json_scan", "error_kind", "sign", "luaaux", "task_operation",
    "trace" },
  { "nonce", "timer", "poller", "process", "decode", "connections", "signals", "terminal" },
  { "transfer", "request", "types" },
  { "response" },
  { "core" }, -- sees all rooms
}

-- Which rooms of C know which library. What is not named must not.
local KNOWS = {
  ["lua.h"] = { "compat" },
  ["compat.h"] = { "luaaux", "file", "timer", "poller", "process", "signals", "terminal", "decode", "types",
    "task_operation", "request", "response", "core" },
  ["curl/"] = { "packages", "ca_store", "sigpipe", "connections", "trace", "transfer", "error_kind", "response" },
  ["openssl/"] = { "packages", "ca_store", "redact", "sign", "nonce", "trace", "transfer", "request", "file", "process",
    "core" },
}

-- ---- reading the tree -------------------------------------------------------------------------------------

local function files(command)
  local list = {}
  for path in io.popen(command):lines() do list[#list + 1] = path end
  table.sort(list)
  return list
end

local function text_of(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

-- Where a room lies: the floor's number and its entry in the plan. The longest name wins.
local function floor_of(plan, room)
  local floor, best
  for number, rooms in ipairs(plan) do
    for _, name in ipairs(rooms) do
      local is_it = name == room or name:find "/$" and room:sub(1, #name) == name
      if is_it and (not best or #name > #best) then floor, best = number, name end
    end
  end
  return floor, best
end

local function room_of_module(name)
  local room = name:gsub("^crsync%.?", ""):gsub("%.", "/")
  if room == "" then return "init" end
  return io.open("lua/crsync/" .. room .. "/init.lua") and room .. "/init" or room
end

-- ---- the rules --------------------------------------------------------------------------------------------

local function check(plan, room, used, faults)
  local floor, entry = floor_of(plan, room)
  local other_floor, other_entry = floor_of(plan, used)
  if not floor or not other_floor then
    faults[#faults + 1] = ("%s is in no floor of the plan"):format(floor and used or room)
  elseif other_floor > floor then
    faults[#faults + 1] = ("%s uses %s, which lies above it"):format(room, used)
  elseif other_floor == floor and not (plan[floor].within and entry == other_entry) and room ~= used then
    faults[#faults + 1] = ("%s uses %s, which lies beside it"):format(room, used)
  end
  for _, name in ipairs(LUA_LEAVES_ALONE[entry] or {}) do
    if other_entry == name or used == name then
      faults[#faults + 1] = ("%s uses %s, which it leaves alone"):format(room, used)
    end
  end
end

local function is_one_of(list, name)
  for _, other in ipairs(list) do
    if other == name then return true end
  end
  return false
end

describe("the plan of the house", function()
  it("holds for what Lua files require", function()
    local faults = {}
    for _, path in ipairs(files "find lua/crsync -name '*.lua'") do
      local room = path:gsub("^lua/crsync/", ""):gsub("%.lua$", "")
      if not floor_of(LUA, room) and room ~= "types" then
        faults[#faults + 1] = room .. " is in no floor of the plan"
      end
      local source = text_of(path):gsub("%-%-[^\n]*", "")
      for name in source:gmatch "[^`]require%s*%(?%s*\"(crsync[%w_.]*)\"" do
        check(LUA, room, room_of_module(name), faults)
      end
    end
    assert.same({}, faults)
  end)

  it("holds for what C files include", function()
    local faults = {}
    for _, path in ipairs(files "ls csrc/*.c csrc/*.h") do
      local room = path:match "([%w_]+)%.%a$"
      for name in text_of(path):gmatch '#include "([%w_]+)%.h"' do check(C, room, name, faults) end
      for header in text_of(path):gmatch '#include ["<]([^">]+)' do
        for library, rooms in pairs(KNOWS) do
          if header:sub(1, #library) == library and not is_one_of(rooms, room) then
            faults[#faults + 1] = ("%s knows of %s"):format(path, header)
          end
        end
      end
    end
    assert.same({}, faults)
  end)

  it("has no room that is not there", function()
    local faults = {}
    for _, floor in ipairs(LUA) do
      for _, room in ipairs(floor) do
        if not (room == "core" or io.open("lua/crsync/" .. room .. ".lua") or io.open("lua/crsync/" .. room)) then
          faults[#faults + 1] = room
        end
      end
    end
    for _, floor in ipairs(C) do
      for _, room in ipairs(floor) do
        if not io.open("csrc/" .. room .. ".h") and room ~= "core" then faults[#faults + 1] = room end
      end
    end
    assert.same({}, faults)
  end)

  -- Lua ignores interrupts while os.execute waits for its shell.
  it("has no shell for which interrupts are lost", function()
    for _, path in ipairs(files "find lua -name '*.lua'") do
      assert.is_nil(text_of(path):find("os.execute", 1, true), path)
    end
  end)

  it("lets the core require lua-cjson and nothing else", function()
    for _, path in ipairs(files "ls csrc/*.c") do
      if path ~= "csrc/decode.c" then assert.is_nil(text_of(path):find('"require"', 1, true), path) end
    end
  end)
end)

describe("a require that points upward", function()
  it("is a fault", function()
    local faults = {}
    check(LUA, "util/text", "client", faults)
    check(LUA, "retry", "client", faults)
    check(LUA, "call", "wait", faults)
    check(LUA, "sandbox/service", "client", faults)
    check(C, "sign", "transfer", faults)
    assert.same({ "util/text uses client, which lies above it", "retry uses client, which lies above it",
      "call uses wait, which lies beside it", "sandbox/service uses client, which it leaves alone",
      "sign uses transfer, which lies above it" }, faults)
  end)
end)

-- A loop's variable is a constant in Lua 5.5. Lua 5.4 finds out with one of the same name, a constant, within each loop
-- that begins a line.
local function with_constants(source)
  local function constants(head, names, rest)
    return head .. names .. rest .. " local " .. names:gsub("[%w_]+", "%0 <const>") .. " = " .. names .. " "
  end
  source = ("\n" .. source:gsub("^#", "--")):gsub("(\n%s*for%s+)([%w_][%w_,%s]-)(%s+in%s.-%f[%w]do%f[%W])", constants)
  return (source:gsub("(\n%s*for%s+)([%w_]+)(%s*=[^\n]-%f[%w]do%f[%W])", constants))
end

describe("a loop's variable", function()
  it("is never assigned to", function()
    for _, path in ipairs(files "find lua spec doc examples -name '*.lua' -o -name '*.nse'") do
      assert(load(with_constants(text_of(path)), "@" .. path))
    end
  end)

  it("that is assigned to is found", function()
    for _, loop in ipairs { "for i = 1, 2 do i = 3 end", "for k, v in pairs(t) do\n v = k end" } do
      assert.truthy(select(2, load(with_constants(loop))):find("const variable", 1, true), loop)
    end
  end)
end)
