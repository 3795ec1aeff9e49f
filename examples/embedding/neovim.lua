-- Neovim: :SyncTask <instance> <task> waits for a task in the background and tells its progress. See neovim.md.

local crsync = require "crsync"

local client

local function the_client()
  if client then return client end
  local err
  client, err = crsync.new { loop = require "crsync.loop.luv" }
  return client, err
end

local function say(message, level)
  vim.schedule(function() vim.notify(message, level or vim.log.levels.INFO) end)
end

local function watch(instance, task_id)
  local made, err = the_client()
  local task
  if made then
    task, err = made:wait(instance, task_id, {
      on_progress = function(t, p)
        say(("%s %s %s"):format(task_id, t.TaskStatus, p.percent and p.percent .. " %" or ""))
      end,
    })
  end
  if task then return say(crsync.format(task)) end
  say(tostring(err), vim.log.levels.ERROR)
end

vim.api.nvim_create_user_command("SyncTask", function(command)
  coroutine.wrap(watch)(command.fargs[1], command.fargs[2])
end, { nargs = "+", desc = "waits for an image sync" })
