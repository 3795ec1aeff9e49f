-- Apache, mod_lua: GET /sync/<instance>/<task> answers with the task as JSON. See servers.md.

local crsync = require "crsync"

-- With LuaScope thread the client stays as long as its thread; connections are kept.
local client

local STATUS = { not_found = 404, throttled = 503, timeout = 504 }

function handle(request) -- luacheck: ignore 111 131
  local err
  if not client then client, err = crsync.new { timeout = 3, deadline = 5, retry = false } end
  local instance, id = request.uri:match "^/sync/([^/]+)/([^/]+)$"
  if not instance then return 404 end
  local task
  if client then task, err = client:get_task(instance, id) end
  if task then
    request.content_type = "application/json"
    request:puts(crsync.to_json(task))
    return 0 -- apache2.OK
  end
  request:err(tostring(err))
  return STATUS[err.kind] or 502
end
