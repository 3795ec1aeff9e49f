-- HAProxy: an applet that answers with a task as JSON, by HAProxy's own HTTP client; nothing blocks. See haproxy.md.

local crsync = require "crsync"

-- crsync signs, decodes and retries; HAProxy sends.
local function transport(request)
  local headers = { ["content-type"] = { "application/json" } }
  for name, value in pairs(request.headers) do
    if name:lower() ~= "host" then headers[name] = { value } end -- HAProxy makes that one itself
  end
  headers["content-type"] = nil
  local response = core.httpclient():post { url = request.url, headers = headers, body = request.body,
    timeout = math.ceil(request.timeout * 1000) }
  if not response or not response.status or response.status == 0 then return nil, "HAProxy got no answer" end
  local flat = {}
  for name, values in pairs(response.headers or {}) do flat[name] = values[0] or values[1] end
  return response.status, flat, response.body
end

local client = assert(crsync.new {
  transport = transport,
  loop = { sleep = function(seconds) core.msleep(math.max(1, math.ceil(seconds * 1000))) end },
  timeout = 5, deadline = 10,
})

local STATUS = { not_found = 404, throttled = 503, timeout = 504 }

core.register_service("sync_task", "http", function(applet)
  local instance, task_id = applet.path:match "^/sync/([^/]+)/([^/]+)$"
  local status, content_type, body = 404, "text/plain", "not_found\n"
  if instance then
    local task, err = client:get_task(instance, task_id)
    if task then
      status, content_type, body = 200, "application/json", crsync.to_json(task)
    else
      core.Warning(tostring(err))
      status, body = STATUS[err.kind] or 502, err.kind .. "\n"
    end
  end
  applet:set_status(status)
  applet:add_header("content-type", content_type)
  applet:add_header("content-length", tostring(#body))
  applet:start_response()
  applet:send(body)
end)
