-- Prosody: GET /sync_tasks/<instance>/<task> answers with the task as JSON; nothing blocks. See prosody.md.

local crsync = require "crsync"
local callbacks = require "crsync.loop.callbacks"
local server = require "net.server"
local timer = require "util.timer"

module:depends "http"

local client = assert(crsync.new {
  loop = callbacks.new {
    watch = function(fd, f)
      local watcher = server.watchfd(fd, f)
      return function() watcher:close() end
    end,
    after = function(seconds, f)
      local task = timer.add_task(seconds, function() f() end)
      return function() timer.stop(task) end
    end,
  },
})

local STATUS = { not_found = 404, throttled = 503, timeout = 504 }

local function answer(response, instance, task_id)
  local ok, task, err = pcall(client.get_task, client, instance, task_id)
  if not ok then
    response.status_code = 400 -- an id that cannot be one
    return response:send()
  end
  if not task then
    module:log("warn", "%s", tostring(err))
    response.status_code = STATUS[err.kind] or 502
    return response:send(err.kind)
  end
  response.headers.content_type = "application/json"
  response:send(crsync.to_json(task))
end

module:provides("http", {
  route = {
    ["GET /*"] = function(event, path)
      local instance, task_id = path:match "^([^/]+)/([^/]+)$"
      if not instance then return 404 end
      coroutine.wrap(answer)(event.response, instance, task_id)
      return true -- the response follows
    end,
  },
})

function module.unload() client:close() end
