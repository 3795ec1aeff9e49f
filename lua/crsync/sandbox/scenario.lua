--- What the sandbox plays: a scenario file, a table, or the built-in one. A file is Lua that can do nothing but
--- compute; a mistake is told with its line, its place and the reason.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local fields = require "crsync.sandbox.scenario_fields"
local filter = require "crsync.sandbox.filter"
local places = require "crsync.sandbox.places"

local scenario = {}

local BATCH = "5a2d0c1e-0000-4000-8000-00000000b001"

--- A push of a three-layer image to two regions, one of which fails, and a small task that just works.
scenario.BUILT_IN = {
  instance = "cri-sandbox",
  region = "cn-hangzhou",
  account = "1000000000000001",
  access_key_id = "SandboxAccessKey",
  access_key_secret = "sandbox-secret",
  seed = 1,
  instances = {
    { id = "cri-sandbox-eu", region = "eu-west-1" },
    { id = "cri-sandbox-us", region = "us-east-1" },
    { id = "cri-sandbox-ap", region = "ap-southeast-1" },
  },
  repositories = {
    { id = "crr-sandbox-web", name = "team/web", tags = { "1.0.0" } },
    { id = "crr-sandbox-tool", name = "team/tool", tags = { "2.4" } },
  },
  rules = {
    { id = "crsr-sandbox-eu", to = "eu-west-1", repo = "team/web" },
    { id = "crsr-sandbox-us", to = "us-east-1", repo = "team/web" },
    { id = "crsr-sandbox-manual", to = "ap-southeast-1", namespace = "team", trigger = "INITIATIVE" },
  },
  tasks = {
    { id = "rst-small", to = "ap-southeast-1", repo = "team/tool", tag = "2.4", layers = { 3200000 }, pending = 1 },
    { id = "rst-web-eu", to = "eu-west-1", repo = "team/web", tag = "1.0.0", batch = BATCH, rule = "crsr-sandbox-eu",
      layers = { 31357624, 88291004, 5242880 }, pending = 2, rate = 14e6 },
    { id = "rst-web-us", to = "us-east-1", repo = "team/web", tag = "1.0.0", batch = BATCH, rule = "crsr-sandbox-us",
      layers = { 31357624, 88291004, 5242880 }, pending = 2, rate = 16e6, fails_at = 0.7, issue = "NETWORK_ERROR" },
  },
  keys = {}, push = {}, made = {}, quota = {}, faults = {},
}

-- ---- what a field can be: true, or what it should be -----------------------------------------------------------

local function is_number(v) return type(v) == "number" and v == v and math.abs(v) < 2 ^ 62 end

local function is_text(v) return type(v) == "string" and v ~= "" and not v:find "[%z\1-\31\127]" end

local function each(check)
  return function(v)
    if type(v) ~= "table" then return "a list" end
    for i, item in ipairs(v) do
      local verdict = check(item)
      if verdict ~= true then return verdict, i end
    end
    return true
  end
end

local KINDS = {}

function KINDS.text(v) return is_text(v) or "a non-empty string without control characters" end
function KINDS.body(v) return type(v) == "string" or "a string" end
function KINDS.repo(v) return is_text(v) and v:find "^[^/]+/.+$" ~= nil or "namespace/name" end
function KINDS.number(v) return is_number(v) or "a number" end
function KINDS.size(v) return is_number(v) and v >= 0 or "a number of at least 0" end
KINDS.seconds = KINDS.size
function KINDS.rate(v) return is_number(v) and v > 0 or "a number above 0" end
function KINDS.share(v) return is_number(v) and v >= 0 and v <= 1 or "a number from 0 to 1" end
function KINDS.count(v) return is_number(v) and v >= 1 and v == math.floor(v) or "a whole number of at least 1" end
function KINDS.flag(v) return type(v) == "boolean" or "true or false" end
function KINDS.list(v) return type(v) == "table" or "a list of tables" end
function KINDS.trigger(v) return v == "PASSIVE" or v == "INITIATIVE" or '"PASSIVE" or "INITIATIVE"' end

function KINDS.status(v)
  return is_number(v) and v >= 200 and v <= 599 and v == math.floor(v) or "a number from 200 to 599"
end

function KINDS.priority(v)
  return is_number(v) and v >= 1 and v <= 5 and v == math.floor(v) or "a whole number from 1 to 5"
end

function KINDS.expression(v)
  if type(v) ~= "string" then return "a regular expression" end
  local ok, problem = filter.new(v)
  return ok and true or "a regular expression: " .. problem
end

KINDS.sizes, KINDS.texts = each(KINDS.size), each(KINDS.text)

-- ---- checks ----------------------------------------------------------------------------------------------------

local function fail(place, problem) error({ place = place, problem = problem }, 0) end

local function check_fields(t, section, place)
  if type(t) ~= "table" then fail(place, "should be a table and is a " .. type(t)) end
  local rows = fields.of(section)
  for name, value in pairs(t) do
    local where = place .. (place == "" and "" or ".") .. tostring(name)
    if not rows[name] then fail(where, "there is no such field") end
    local verdict, at = KINDS[rows[name][2]](value)
    if verdict ~= true then fail(at and ("%s[%d]"):format(where, at) or where, "should be " .. verdict) end
  end
  for _, row in ipairs(fields.in_order(section)) do
    if row.is_required and t[row[1]] == nil then fail(place, "it needs " .. row[1]) end
  end
end

local function check_once(seen, value, place)
  if value == nil then return end
  if seen[value] then fail(place, ("%s is there twice"):format(value)) end
  seen[value] = true
end

-- The destination that a rule or a task names.
local function check_target(row, regions, place)
  local region = row.target_instance and regions[row.target_instance]
  if row.target_instance and not region then fail(place .. ".target_instance", "there is no such one in instances") end
  if region and row.to and region ~= row.to then
    fail(place .. ".to", ("%s lies in %s"):format(row.target_instance, region))
  end
end

local function check(s)
  check_fields(s, "", "")
  local regions = {}
  for _, section in ipairs(fields.sections) do
    local rows = s[section.name] or {}
    local ids, names = {}, {}
    for i, row in ipairs(rows) do
      local place = ("%s[%d]"):format(section.name, i)
      check_fields(row, section.name, place)
      check_once(ids, row.id, place .. ".id")
      if section.name == "repositories" then check_once(names, row.name, place .. ".name") end
      if section.name == "instances" then regions[row.id] = row.region end
      check_target(row, regions, place)
    end
    for key in pairs(section.name ~= "" and rows or {}) do
      if type(key) ~= "number" or key > #rows then fail(section.name .. "." .. tostring(key), "this is a list") end
    end
  end
end

local function complete(value)
  local whole = {}
  for name, default in pairs(scenario.BUILT_IN) do whole[name] = default end
  for name, given in pairs(value) do whole[name] = given end
  return whole
end

--- A scenario from a table.
---@param value table
---@return table|nil scenario  what it leaves out is the built-in one's
---@return string|nil problem  names place and reason
---@return string|nil place
function scenario.of(value)
  local ok, problem = pcall(check, value)
  if ok then return complete(value) end
  if type(problem) ~= "table" then error(problem, 0) end
  return nil, (problem.place == "" and "" or problem.place .. ": ") .. problem.problem, problem.place
end

-- ---- files -------------------------------------------------------------------------------------------------------

local MOST_STEPS, MOST_KILOBYTES = 2e6, 16 * 1024

-- All that a file can call: nothing that touches the system, nothing that makes much of little.
local function surroundings()
  return { ipairs = ipairs, pairs = pairs, tostring = tostring, tonumber = tonumber, type = type,
    math = { huge = math.huge, floor = math.floor, ceil = math.ceil, min = math.min, max = math.max } }
end

-- Runs the chunk, step by step, so that none goes on for ever or fills the memory.
local function run(chunk)
  if compat.jit then compat.jit.off(chunk, true) end -- compiled code has no steps
  local steps, limit, verdict = 0, collectgarbage "count" + MOST_KILOBYTES, nil
  local co = coroutine.create(chunk)
  debug.sethook(co, function()
    if verdict then return end -- LuaJIT has one hook for all coroutines, which outlives the error
    steps = steps + 1
    if steps > MOST_STEPS then verdict = "it does not come to an end" end
    if collectgarbage "count" > limit then verdict = "it takes too much memory" end
    if verdict then error(verdict, 0) end
  end, "", 1)
  local ok, value = coroutine.resume(co)
  debug.sethook(co)
  return ok, value
end

--- A scenario from its source.
---@param source string
---@param name string  of the file, for messages
---@return table|nil scenario
---@return string|nil problem  names file, line, place, and the reason
function scenario.of_source(source, name)
  local chunk, problem = compat.load(source, "@" .. name, surroundings())
  if not chunk then return nil, problem end
  local method = places.of_method(source)
  if method then return nil, ("%s:%d: a scenario can call no methods but format"):format(name, method) end
  local ok, value = run(chunk)
  if not ok then return nil, tostring(value):find(name, 1, true) and value or name .. ": " .. tostring(value) end
  if type(value) ~= "table" then return nil, name .. ": should return a table and returns a " .. type(value) end
  local whole, place
  whole, problem, place = scenario.of(value)
  if whole then return whole end
  local line = places.of(source)[place]
  return nil, ("%s:%s %s"):format(name, line and line .. ":" or "", problem)
end

--- Reads a scenario file.
---@param path string
---@return table|nil scenario
---@return string|nil problem
function scenario.read(path)
  local is_there, reason = core.check_file(path, "file") -- a pipe would be waited for
  if not is_there then return nil, ("%s: %s"):format(path, reason) end
  local file
  file, reason = io.open(path, "r")
  if not file then return nil, reason end
  local source = file:read "*a"
  file:close()
  if not source then return nil, path .. ": cannot be read" end
  return scenario.of_source(source, path)
end

--- A scenario as people give it: a table, the path of a file, or nothing for the built-in one.
---@param given table|string|nil
---@return table|nil scenario
---@return string|nil problem
function scenario.find(given)
  if type(given) == "string" then return scenario.read(given) end
  return scenario.of(given or {})
end

return scenario
