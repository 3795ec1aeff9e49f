-- Something that runs in the midst of a method of a client, at the n-th point of it, and closes that client, calls it,
-- calls another one, raises, or forks. Points are what a hook sees (instructions, calls, returns), or collections.
-- For a process of its own: it takes the interpreter's hook and sets its collector.
--
--   require("spec.support.meddling").run(place, "hooks", "get_task", 40)
--
-- place: url, access_key_id, access_key_secret of an endpoint that has been told the answers below. Raises at the first
-- thing that is not right: a call that is neither right nor raised what it should, or took too long, or a client that
-- does not go on.

local at_most = require "spec.support.at_most"
local core = require "crsync.core"
local crsync = require "crsync"
local operations = require "crsync.operations"
local process = require "spec_process"

local meddling = {}

local MARK = "raised in the midst"
local PATIENCE = 1 -- seconds for one call with all that meddles

--- What the endpoint answers, for endpoint:answer_for and endpoint:answer_in_turn.
meddling.answers = {
  ["rst-page"] = { body = "<html>no</html>" },
  ["rst-cut"] = { body = '{"Progress":0.5,"LayerTasks":[],"SyncedSize":tru}' },
}
meddling.answers_in_turn = {
  ["rst-moving"] = { { body = { TaskStatus = "PENDING" } }, { body = { TaskStatus = "SUCCESS" } } },
}

--- What an endpoint may see of it: InstanceId, and then the tasks or what else tells one request from another.
meddling.instances = { ["cri-1"] = "outer", ["cri-2"] = "inner", ["cri-3"] = "of another client" }

-- ---- methods ----------------------------------------------------------------------------------------------------

local NEW = { RepoId = "crr-1", Tag = "1.0", TargetRegionId = "cn-beijing", TargetInstanceId = "cri-9",
  TargetNamespace = "n", TargetRepoName = "r", TargetTag = "1.0", InstanceId = "cri-1" }
local DEEP = { InstanceId = "cri-1", SyncTaskId = "rst-1", List = { "a", "b", { Key = "c", Value = 4 } } }

local function is_task(task) return task ~= nil and task.SyncTaskId == "rst-1" end

local function ask_for_three(c) return c:get_tasks("cri-1", { "rst-1", "rst-2", "rst-3" }, { concurrency = 1 }) end

local function are_three(tasks) return tasks and tasks["rst-1"] and tasks["rst-2"] and tasks["rst-3"] end

local nested = false -- a callback of ours is calling

-- Each: what is called, and whether what came of it is right. options: the client's; catches: what is raised may end
-- in a callback; is_quick: raising is tried at every point.
local METHODS = {
  get_task = { call = function(c) return c:get_task("cri-1", "rst-1") end, is_right = is_task },
  core = { call = function(c) return c.core:get_task("cri-1", "rst-1") end, is_right = is_task },
  call = { call = function(c) return c:call("GetRepoSyncTask", DEEP) end, is_right = is_task },
  list_tasks = {
    call = function(c) return c:list_tasks("cri-1", { limit = 1 }) end,
    is_right = function(list) return list ~= nil and #list == 1 end,
  },
  create_task = {
    call = function(c) return c:create_task("cri-1", NEW) end,
    is_right = function(id) return type(id) == "string" end,
  },
  get_tasks = { call = ask_for_three, is_right = are_three },
  wait_all = {
    call = function(c)
      return c:wait_all("cri-1", { "rst-1", "rst-moving" }, { interval = 0.001, max_interval = 0.001,
        on_progress = function() end })
    end,
    is_right = function(_, summary) return summary ~= nil and summary.success == 2 end,
  },
  keys = {
    call = function(c) return c:get_task("cri-1", "rst-1") end, is_right = is_task,
    options = function(place)
      return { credentials = function()
        return { access_key_id = place.access_key_id, access_key_secret = place.access_key_secret }
      end }
    end,
    is_new_each_time = true,
  },
  transport = {
    call = function(c) return c:get_task("cri-1", "rst-1") end, is_right = is_task,
    options = function()
      local body = '{"SyncTaskId":"rst-1","Progress":0.5,"TaskStatus":"FAILED"}'
      return { transport = function() return 200, {}, body end }
    end,
  },
  page = {
    call = function(c) return c:get_task("cri-1", "rst-page") end,
    is_right = function(_, err) return err ~= nil and err.kind == "decode" and not err.message:find(MARK, 1, true) end,
  },
  cut = {
    call = function(c) return c:get_task("cri-1", "rst-cut") end,
    is_right = function(_, err) return err ~= nil and err.kind == "decode" and not err.message:find(MARK, 1, true) end,
  },
  new = {
    call = function(c)
      return crsync.new { endpoint = c.settings.endpoint, access_key_id = "id", access_key_secret = "secret" }
    end,
    is_right = function(c) return tostring(c):find("crsync.client (http", 1, true) ~= nil end, is_quick = true,
  },
  decode = {
    call = function(c) return c.core:receive(operations.GetRepoSyncTask, {}, 200, {}, '{"a":1.5,"b":[],"c":tru}') end,
    is_right = function(_, err)
      return err ~= nil and err.kind == "decode" and err.message:find("at character 21", 1, true) ~= nil
    end,
    is_quick = true,
  },
  callback = {
    call = ask_for_three, is_right = are_three, catches = true,
    options = function()
      local client
      return { on_attempt = function()
        if nested then return end
        nested = true
        pcall(function()
          client:get_task("cri-2", "rst-1")
          client:call("GetRepoSyncTask", { InstanceId = "cri-2", Unsendable = print })
        end)
        nested = false
      end }, function(c) client = c end
    end,
  },
}

--- Names of all, in order.
function meddling.methods()
  local names = {}
  for name in pairs(METHODS) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- ---- who meddles -------------------------------------------------------------------------------------------------

local client, other

local function is_closed(value) return tostring(value):find("client is closed", 1, true) ~= nil end

local child -- of a fork: its pid in the parent, 0 in the child

-- Each: what is done, and whether a call may end in raising this.
local DEEDS = {
  again = { act = function() pcall(client.get_task, client, "cri-2", "rst-1") end },
  other = { act = function() pcall(other.get_task, other, "cri-3", "rst-1") end },
  close = { act = function() client:close() end, may_raise = is_closed, is_end = true },
  raise = {
    act = function() error(MARK, 0) end,
    may_raise = function(value) return tostring(value):find(MARK, 1, true) ~= nil end,
    must_raise = true,
  },
  fork = { act = function() child = process.fork() end, is_costly = true },
}
local NAMES = { "again", "other", "close", "raise", "fork" }

-- ---- at points of a hook -----------------------------------------------------------------------------------------

local hooks = {}

local seen, last, act, has_acted -- points so far, the one to act at, how, and whether it came

local function begin(n, deed) seen, last, act, has_acted = 0, n, deed, false end

local function pass()
  seen = seen + 1
  if seen ~= last then return end
  has_acted = true
  debug.sethook()
  act()
end

local function watch() debug.sethook(pass, "cr", 1) end

local create = coroutine.create

-- Runs f with `deed` at the n-th point. Coroutines have hooks of their own.
function hooks.run(n, deed, f)
  begin(n, deed)
  coroutine.create = function(body) -- luacheck: ignore 122
    return create(function(...)
      if seen < last then watch() end
      return body(...)
    end)
  end
  local first, second
  local ok, err = pcall(function()
    watch()
    first, second = f()
    last = 0
  end)
  debug.sethook()
  coroutine.create = create -- luacheck: ignore 122
  return ok, ok and first or err, second
end

-- ---- at collections ----------------------------------------------------------------------------------------------

local collections = {}

local is_on = false

local function when_collected(f)
  if not newproxy then -- luacheck: ignore 113
    setmetatable({}, { __gc = f })
  else
    getmetatable(newproxy(true)).__gc = f -- luacheck: ignore 113
  end
end

local function on_collection()
  if not is_on then return end
  when_collected(on_collection)
  pass()
end

-- As often as there is something to collect: a whole cycle whenever Lua looks whether it is time for one.
local function collect_always()
  if _VERSION == "Lua 5.4" then collectgarbage("incremental", 0, 1000, 40) end
  collectgarbage("setpause", 0)
  collectgarbage("setstepmul", _VERSION == "Lua 5.1" and 0 or 1000)
  collectgarbage() -- the pause before the next is reckoned at the end of one
end

local function collect_usually()
  collectgarbage("setpause", 200)
  collectgarbage("setstepmul", 200)
  if _VERSION == "Lua 5.4" then collectgarbage("incremental", 200, 100, 13) end
end

function collections.run(n, deed, f)
  if jit then jit.off() end -- luacheck: ignore 113 -- whose traces do not outlive finalizers that do so much
  collect_always()
  begin(n, deed)
  is_on = true
  when_collected(on_collection)
  local ok, first, second = pcall(f)
  is_on = false
  collect_usually()
  return ok, first, second
end

-- ---- sweeps ------------------------------------------------------------------------------------------------------

local POINTS = { hooks = hooks, collections = collections }

local function new(place, method)
  local all = { endpoint = place.url, access_key_id = place.access_key_id, access_key_secret = place.access_key_secret,
    proxy = "", deadline = 5, retry = { base_delay = 0.001, max_delay = 0.001 } }
  local options, take
  if method.options then options, take = method.options(place) end
  if options and options.credentials then all.access_key_id, all.access_key_secret = nil, nil end
  for name, value in pairs(options or {}) do all[name] = value end
  local c = assert(crsync.new(all))
  if take then take(c) end
  return c
end

local function check(method, deed, points, took, ok, first, second)
  if took > at_most(PATIENCE) then error(("it took %.1f s"):format(took)) end
  if not ok then
    if deed.may_raise and deed.may_raise(first) then return end
    error("raised: " .. tostring(first))
  end
  if not method.is_right(first, second) then
    error(("neither right nor raised: %s, %s"):format(tostring(first), tostring(second)))
  end
  -- A finalizer's error is a warning in Lua 5.4.
  if deed.must_raise and not method.catches and points == hooks then error "it was swallowed" end
end

local function goes_on()
  local tasks, errors = client:get_tasks("cri-1", { "rst-1" }, { concurrency = 1 })
  if not (tasks["rst-1"] or errors["rst-1"].kind == "decode") then error(tostring(errors["rst-1"])) end
end

-- In a child what was in flight may have failed: it is the parent's.
local function end_child(took, ok)
  process.exit(ok and took < at_most(PATIENCE) and 0 or 1)
end

local function once(place, method, deed, points, n)
  if not client or method.is_new_each_time then client = new(place, method) end
  child = nil
  local started = core.now()
  local ok, first, second = points.run(n, deed.act, function() return method.call(client) end)
  local took = core.now() - started
  if child == 0 then end_child(took, ok) end
  if child and process.wait(child) ~= 0 then error "the child saw something else" end
  check(method, has_acted and deed or {}, points, took, ok, first, second)
  if deed.is_end then client = nil elseif not method.is_quick then goes_on() end
end

local function count_points(place, method, points)
  client = new(place, method)
  check(method, {}, points, 0, points.run(math.huge, print, function() return method.call(client) end))
  return seen
end

--- Sweeps over the points of a method, for each deed.
---@param place table
---@param kind string   "hooks" or "collections"
---@param name string   of the method
---@param most integer  points for each deed; 0: all there are
---@return integer runs
function meddling.run(place, kind, name, most)
  local points, method, runs = POINTS[kind], METHODS[name], 0
  other = new(place, {})
  count_points(place, method, points) -- loads what is loaded at first use
  local total = count_points(place, method, points)
  for _, what in ipairs(NAMES) do
    local deed = DEEDS[what]
    local tried = deed.is_costly and most / 8 or most
    local is_all = most == 0 or (method.is_quick and deed.must_raise)
    local step = is_all and 1 or math.max(1, math.floor(total / tried))
    client = nil
    for n = 1, total, step do
      local fine, why = xpcall(function() once(place, method, deed, points, n) end, debug.traceback)
      if child == 0 then process.exit(1) end
      if not fine then error(("%s, %s at %d of %d: %s"):format(name, what, n, total, why), 0) end
      runs = runs + 1
    end
  end
  return runs
end

return meddling
