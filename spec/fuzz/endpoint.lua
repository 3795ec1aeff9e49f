-- Endpoints as people write them: what is taken is a scheme, a host and a port, which the core takes too.

local core = require "crsync.core"
local endpoint = require "crsync.endpoint"
local http = require "crsync.credentials.http"

return function(data)
  local url, err = endpoint.parse(data, "fuzzer")
  if url then
    assert(url:find "^https?://[%w.:%[%]_-]+$", url)
    assert(core.new { endpoint = url }):close()
  else
    assert(err.kind == "config" and #tostring(err) > 0)
  end
  local problem = http.problem(data)
  if not problem and data:find "^http:" then
    local host = data:match "^http://([^/?#]*)":gsub("^.*@", "")
    assert(host:find "^127%." or host:find "^169%.254%." or host:lower():find "^localhost" or host:find "^%["
      or host:find "^100%.100%.100%.200", host)
  end
end
