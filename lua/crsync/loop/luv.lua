--- Waiting in libuv, by luv or in Neovim: `crsync.new { loop = require "crsync.loop.luv" }`, then call methods in a
--- coroutine while the loop runs.  https://github.com/luvit/luv

local callbacks = require "crsync.loop.callbacks"

local vim = rawget(_G, "vim")
local uv = vim and (vim.uv or vim.loop) or require "luv"

return callbacks.new {
  watch = function(fd, f)
    local handle = assert(uv.new_poll(fd))
    handle:start("r", f)
    return function()
      handle:stop()
      handle:close()
    end
  end,
  after = function(seconds, f)
    local timer = uv.new_timer()
    local function stop()
      if not timer:is_closing() then timer:close() end
    end
    timer:start(math.ceil(math.max(seconds, 0) * 1000), 0, function()
      stop()
      f()
    end)
    return stop
  end,
}
