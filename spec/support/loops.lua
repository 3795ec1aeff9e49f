-- Event loops that are not ours, for the specs: by name the adapter that a client is given, and a function that runs
-- functions side by side until all have returned.
--
--   local run = loops.runner "cqueues"
--   local client = server:client { loop = loops.adapter "cqueues" }
--   run(function() … client:get_task(…) end, …)

local compat = require "crsync.util.compat"
local core = require "crsync.core"

local LOOPS = {}

function LOOPS.cqueues()
  local cqueues = require "cqueues"
  return function(...)
    local controller = cqueues.new()
    for _, f in ipairs { ... } do controller:wrap(f) end
    assert(controller:loop())
  end
end

function LOOPS.luv()
  local uv = require "luv"
  return function(...)
    for _, f in ipairs { ... } do coroutine.wrap(f)() end
    uv.run()
  end
end

function LOOPS.copas()
  local copas = require "copas"
  return function(...)
    local left = select("#", ...)
    for _, f in ipairs { ... } do
      copas.addthread(function()
        local ok, err = compat.pcall(f)
        left = left - 1
        if not ok then error(err, 0) end
      end)
    end
    while left > 0 do copas.step(1) end
  end
end

-- Starts functions in coroutines; returns a function that tells whether all have returned.
local function started(functions)
  local left = #functions
  for _, f in ipairs(functions) do
    coroutine.wrap(function()
      f()
      left = left - 1
    end)()
  end
  return function() return left == 0 end
end

function LOOPS.glib()
  local context = require "lgi".GLib.MainContext.default()
  return function(...)
    local is_over = started { ... }
    while not is_over() do context:iteration(true) end
  end
end

-- luaevent tells nobody of an error in a callback.
local base

function LOOPS.luaevent()
  return function(...)
    local is_over = started { ... }
    while not is_over() do base:loop(1) end -- EVLOOP_ONCE
  end
end

function LOOPS.select()
  local own, socket = require "crsync.loop.select", require "socket"
  return function(...)
    local is_over = started { ... }
    while not is_over() do own.turn((socket.select(own.sockets {}, nil, own.timeout(1)))) end
  end
end

-- A host's own: coroutines over poll(2), one at a time.
function LOOPS.own()
  return function(...)
    local alive = {}
    for i, f in ipairs { ... } do alive[i] = coroutine.create(f) end
    while #alive > 0 do
      for i = #alive, 1, -1 do
        assert(coroutine.resume(alive[i]))
        if coroutine.status(alive[i]) == "dead" then table.remove(alive, i) end
      end
      core.sleep(0.002)
    end
  end
end

local OWN = {
  wait = function(_, seconds)
    local till = core.now() + math.min(seconds, 0.005)
    repeat coroutine.yield() until core.now() >= till
  end,
  sleep = function(seconds)
    local till = core.now() + seconds
    repeat coroutine.yield() until core.now() >= till
  end,
}

local loops = { OWN = OWN }

--- What option `loop` takes.
function loops.adapter(name)
  if name == "own" then return OWN end
  local adapter = require("crsync.loop." .. name)
  if name ~= "luaevent" then return adapter end
  base = base or require "luaevent.core".new()
  return adapter.new(base)
end

--- Runs the functions that it is given, side by side, until all have returned.
function loops.runner(name) return LOOPS[name]() end

return loops
