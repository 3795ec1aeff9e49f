-- Signs a request and prints the curl command that sends it: to see on the wire what crsync would send, or to use the
-- signature from a tool of your own. It holds for 15 minutes and for one request. The secret is not in it; a temporary
-- key's token is, so keep the output out of logs.
--
--   lua5.4 examples/sign_for_curl.lua cr.cn-hangzhou.aliyuncs.com cri-sgedpenzw80e rst-zxjkiv5oil6f | sh
--   lua5.4 examples/sign_for_curl.lua http://127.0.0.1:8787 cri-sandbox rst-small | sh     # the sandbox

local crsync = require "crsync"

local id, secret = os.getenv "ALIBABA_CLOUD_ACCESS_KEY_ID", os.getenv "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
if #arg ~= 3 or not (id and secret) then
  io.stderr:write("usage: lua5.4 sign_for_curl.lua HOST INSTANCE TASK\n",
    "       with ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET in the environment\n")
  os.exit(2)
end
local scheme, host = arg[1]:match "^(https?)://([^/]+)"

local headers, query = crsync.sign {
  host = host or arg[1],
  action = "GetRepoSyncTask",
  version = "2018-12-01",
  query = { InstanceId = arg[2], SyncTaskId = arg[3] },
  access_key_id = id,
  access_key_secret = secret,
  security_token = os.getenv "ALIBABA_CLOUD_SECURITY_TOKEN",
}

local function quoted(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local command = { "curl -sS -X POST -H 'accept: application/json' -H 'content-type:'" }
local names = {}
for name in pairs(headers) do names[#names + 1] = name end
table.sort(names) -- the same order each time
for _, name in ipairs(names) do command[#command + 1] = "-H " .. quoted(name .. ": " .. headers[name]) end
command[#command + 1] = quoted((scheme or "https") .. "://" .. (host or arg[1]) .. "/?" .. query)
print(table.concat(command, " "))
