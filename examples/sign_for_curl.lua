-- Signs a request and prints the curl command that sends it: to see on the wire what crsync would send, or to use the
-- signature from a tool of your own. The signature holds for 15 minutes and for one request; the secret is not in it.
--
--   lua5.4 examples/sign_for_curl.lua cr.cn-hangzhou.aliyuncs.com cri-sgedpenzw80e rst-zxjkiv5oil6f | sh

local crsync = require "crsync"

local headers, query = crsync.sign {
  host = arg[1],
  action = "GetRepoSyncTask",
  version = "2018-12-01",
  query = { InstanceId = arg[2], SyncTaskId = arg[3] },
  access_key_id = assert(os.getenv "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_ID is not set"),
  access_key_secret = assert(os.getenv "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set"),
  security_token = os.getenv "ALIBABA_CLOUD_SECURITY_TOKEN",
}

local function quoted(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local command = { "curl -sS -X POST -H 'accept: application/json' -H 'content-type:'" }
local names = {}
for name in pairs(headers) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do command[#command + 1] = "-H " .. quoted(name .. ": " .. headers[name]) end
local scheme = os.getenv "SCHEME" or "https"
command[#command + 1] = quoted(scheme .. "://" .. arg[1] .. "/?" .. query)
print(table.concat(command, " "))
