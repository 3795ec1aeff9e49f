-- nginx with its Lua module, or OpenResty: answers with a task as JSON; no worker is blocked. See nginx.md.

local crsync = require "crsync"

-- No function of nginx's waits for a descriptor of somebody else's: a short sleep in its place, after which crsync
-- looks for itself.
local LOOP = {
  wait = function(_, seconds) ngx.sleep(math.min(seconds, 0.005)) end,
  sleep = ngx.sleep,
}

-- One client for each worker: its connections are kept.
local client

local function the_client()
  if client then return client end
  local err
  client, err = crsync.new { loop = LOOP, timeout = 5, deadline = 10 }
  return client, err
end

local STATUS = { not_found = 404, throttled = 503, timeout = 504 }

local handler = {}

function handler.answer(instance, task_id)
  local made, err = the_client()
  local task
  if made then task, err = made:get_task(instance, task_id) end
  if task then
    ngx.header.content_type = "application/json"
    return ngx.print(crsync.to_json(task))
  end
  ngx.log(ngx.ERR, tostring(err))
  ngx.status = STATUS[err.kind] or 502
  return ngx.say(err.kind)
end

-- For a timer: waits for a task until it ends or this worker does. A wait that went on would keep the worker from
-- ending when nginx reloads.
function handler.watch(is_premature, instance, task_id)
  local made, err = the_client()
  while made and not is_premature and not ngx.worker.exiting() do
    local task
    task, err = made:wait(instance, task_id, { timeout = 5 })
    if task then return ngx.log(ngx.NOTICE, crsync.to_json(task)) end
    if err.code ~= "timeout" then break end
  end
  if err then ngx.log(ngx.ERR, tostring(err)) end
end

return handler
