-- Signing: whatever the parameters are, the canonical query has each of them, decodes to them, is sorted, and holds
-- none but unreserved characters.

local core = require "crsync.core"

local function decode(s) return (s:gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end)) end

return function(data)
  local query, path = {}, "/"
  for name, value in data:gmatch "([^=&]+)=([^&]*)" do query[name] = value end
  local ok, headers, canonical = pcall(core.sign, { host = "h", path = path, query = query, body = data,
    access_key_id = "id", access_key_secret = "secret", date = "2026-01-02T03:04:05Z", nonce = "n" })
  if not ok then return end
  assert(not canonical:find "[^%w%%=&._~-]" and headers.Authorization)
  local previous, count = "", 0
  for name, value in canonical:gmatch "([^=&]*)=([^&]*)" do
    assert(query[decode(name)] == decode(value))
    assert(decode(name) >= previous)
    previous, count = decode(name), count + 1
  end
  for _ in pairs(query) do count = count - 1 end
  assert(count == 0)
end
