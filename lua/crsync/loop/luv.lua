--- Waiting in libuv, by luv or in Neovim: `crsync.new { loop = require "crsync.loop.luv" }`, then call methods in a
--- coroutine while the loop runs. An error in that coroutine is raised in the loop's callback.

local vim = rawget(_G, "vim")
local uv = vim and (vim.uv or vim.loop) or require "luv"

---@type crsync.Loop
local adapter = {}

local function running()
  local co, is_main = coroutine.running()
  if not co or is_main then error("with crsync.loop.luv, call crsync in a coroutine", 3) end
  return co
end

local function resume(co)
  local ok, err = coroutine.resume(co)
  if not ok then error(debug.traceback(co, tostring(err)), 0) end
end

-- libuv takes one handle for a descriptor: fd → { handle, waiting = { [coroutine] = timer } }
local watched = {}

local function wake(entry, co)
  local timer = entry.waiting[co]
  if not timer then return end
  entry.waiting[co] = nil
  timer:stop()
  timer:close()
  resume(co)
end

local function wake_all(entry)
  local list = {}
  for co in pairs(entry.waiting) do list[#list + 1] = co end
  for _, co in ipairs(list) do wake(entry, co) end
end

local function watch(fd)
  local entry = watched[fd]
  if entry then return entry end
  entry = { handle = assert(uv.new_poll(fd)), waiting = {} }
  watched[fd] = entry
  entry.handle:start("r", function() wake_all(entry) end)
  return entry
end

-- Who still waits for it is woken by its timer.
function adapter.forget(fd)
  local entry = watched[fd]
  if not entry then return end
  watched[fd] = nil
  entry.handle:stop()
  entry.handle:close()
end

local function unwatch(fd, entry)
  if not next(entry.waiting) and watched[fd] == entry then adapter.forget(fd) end
end

local function milliseconds(seconds) return math.ceil(math.max(seconds, 0) * 1000) end

function adapter.wait(fd, seconds)
  local co, entry = running(), watch(fd)
  local timer = uv.new_timer()
  entry.waiting[co] = timer
  timer:start(milliseconds(seconds), 0, function() wake(entry, co) end)
  coroutine.yield()
  unwatch(fd, entry)
end

function adapter.sleep(seconds)
  local co, timer = running(), uv.new_timer()
  timer:start(milliseconds(seconds), 0, function()
    timer:close()
    resume(co)
  end)
  coroutine.yield()
end

return adapter
