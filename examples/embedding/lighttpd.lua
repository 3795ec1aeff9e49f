-- lighttpd, mod_magnet: GET /sync/<instance>/<task> answers with the task as JSON. See lighttpd.md.

local crsync = require "crsync"

-- lighttpd does nothing else meanwhile, so this call must be a short one. The client stays: connections are kept.
local client = package.loaded["sync client"]
  or assert(crsync.new { connect_timeout = 0.5, timeout = 1.5, deadline = 2, retry = false })
package.loaded["sync client"] = client

local instance, task_id = lighty.r.req_attr["uri.path"]:match "^/sync/([^/]+)/([^/]+)$"
if not instance then return 404 end

local STATUS = { not_found = 404, throttled = 503, timeout = 504 }

local ok, task, err = pcall(client.get_task, client, instance, task_id)
if not ok then return 400 end -- an id that cannot be one
if task then
  lighty.r.resp_header["Content-Type"] = "application/json"
  lighty.r.resp_body:set { crsync.to_json(task) }
  return 200
end
io.stderr:write(tostring(err), "\n") -- lighttpd's error log
lighty.r.resp_header["Content-Type"] = "text/plain"
lighty.r.resp_body:set { err.kind, "\n" }
return STATUS[err.kind] or 502
