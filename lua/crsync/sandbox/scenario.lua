--- What the sandbox plays: a scenario file, or the built-in one. Read as Lua that can do nothing; a mistake is told
--- with its place and the reason.

local compat = require "crsync.util.compat"

local scenario = {}

local BATCH = "5a2d0c1e-0000-4000-8000-00000000b001"

--- A push of a three-layer image to two regions, one of which fails, and a small task that just works.
scenario.BUILT_IN = {
  instance = "cri-sandbox",
  region = "cn-hangzhou",
  access_key_id = "SandboxAccessKey",
  access_key_secret = "sandbox-secret",
  tasks = {
    { id = "rst-small", to = "ap-southeast-1", repo = "team/tool", tag = "2.4", layers = { 3200000 }, pending = 1 },
    { id = "rst-web-eu", to = "eu-west-1", repo = "team/web", tag = "1.0.0", batch = BATCH,
      layers = { 31357624, 88291004, 5242880 }, pending = 2, rate = 14e6 },
    { id = "rst-web-us", to = "us-east-1", repo = "team/web", tag = "1.0.0", batch = BATCH,
      layers = { 31357624, 88291004, 5242880 }, pending = 2, rate = 16e6, fails_at = 0.7, issue = "NETWORK_ERROR" },
  },
  faults = {},
}

local function is_text(v) return type(v) == "string" and v ~= "" or "a non-empty string" end
local function is_size(v) return type(v) == "number" and v >= 0 and v < 2 ^ 62 or "a number of at least 0" end
local function is_count(v) return compat.tointeger(v) and v >= 1 or "a whole number of at least 1" end
local function is_share(v) return type(v) == "number" and v >= 0 and v <= 1 or "a number from 0 to 1" end
local function is_yes(v) return type(v) == "boolean" or "true or false" end
local function is_table(v) return type(v) == "table" or "a table" end
local function is_rate(v) return type(v) == "number" and v > 0 and v < 2 ^ 62 or "a number above 0" end

local TOP = { instance = is_text, region = is_text, access_key_id = is_text, access_key_secret = is_text,
  tasks = is_table, faults = is_table }

-- pending: seconds before it moves; rate: bytes a second; the shares are of all bytes.
local TASK = { id = is_text, to = is_text, repo = is_text, tag = is_text, batch = is_text, rule = is_text,
  layers = is_table, pending = is_size, rate = is_rate, fails_at = is_share, stalls_at = is_share, issue = is_text }

-- action, task: which requests; after: of these, how many are spared first; times: how many are hit then;
-- every: only each n-th is hit. status and code: the refusal; delay: seconds; reset, hang: no answer.
local FAULT = { action = is_text, task = is_text, after = is_size, times = is_count, every = is_count,
  status = is_count, code = is_text, message = is_text, delay = is_size, retry_after = is_size, reset = is_yes,
  hang = is_yes }

local function fail(place, problem) error({ problem = place .. ": " .. problem }, 0) end

local function check_fields(t, rules, place)
  if type(t) ~= "table" then fail(place, "should be a table and is a " .. type(t)) end
  for name, value in pairs(t) do
    local rule = rules[name]
    local where = place .. (place == "" and "" or ".") .. tostring(name)
    if not rule then fail(where, "there is no such field") end
    local verdict = rule(value)
    if verdict ~= true and type(verdict) == "string" then fail(where, "should be " .. verdict) end
    if not verdict then fail(where, "has a wrong value") end
  end
end

local function check_task(task, place, seen)
  check_fields(task, TASK, place)
  if not task.id then fail(place, "a task needs an id") end
  if seen[task.id] then fail(place .. ".id", ("%s is there twice"):format(task.id)) end
  seen[task.id] = true
  for i, size in ipairs(task.layers or {}) do
    local verdict = is_size(size)
    if verdict ~= true then fail(("%s.layers[%d]"):format(place, i), "should be " .. verdict) end
  end
end

local function check(s)
  check_fields(s, TOP, "")
  local seen = {}
  for i, task in ipairs(s.tasks or {}) do check_task(task, ("tasks[%d]"):format(i), seen) end
  for i, fault in ipairs(s.faults or {}) do check_fields(fault, FAULT, ("faults[%d]"):format(i)) end
end

--- Reads a scenario file: Lua source that returns a table, without any function to call.
---@param path string
---@return table|nil scenario  what it leaves out is the built-in one's
---@return string|nil problem  names file, line or place, and the reason
function scenario.read(path)
  local file, reason = io.open(path, "r")
  if not file then return nil, reason end
  local source = file:read "*a"
  file:close()
  local chunk, problem = compat.load(source, "@" .. path, {})
  if not chunk then return nil, problem end
  local ok, value = pcall(chunk)
  if not ok then return nil, tostring(value) end
  if type(value) ~= "table" then return nil, path .. ": should return a table and returns a " .. type(value) end
  ok, problem = pcall(check, value)
  if not ok then return nil, path .. ": " .. (type(problem) == "table" and problem.problem or tostring(problem)) end
  for name, default in pairs(scenario.BUILT_IN) do
    if value[name] == nil then value[name] = default end
  end
  return value
end

return scenario
