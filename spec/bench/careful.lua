-- The same transfers as a careful script makes them with Lua-cURL, lua-cjson and luaossl. Usage as client.lua's, mode
-- serial alone. Lua 5.1, since Debian has Lua-cURL for no later one but 5.2.

local cjson = require "cjson"
local curl = require "curl"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local rand = require "openssl.rand"

local url, n, ca_file = arg[2], tonumber(arg[3]), arg[4]
local host, query = url:match "^%a+://([^/]+)/%?(.*)$"

local function hex(bytes) return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

local EMPTY = hex(digest.new("sha256"):final "")

local function signed_headers()
  local values = {
    { "accept", "application/json" }, { "host", host }, { "x-acs-action", "GetRepoSyncTask" },
    { "x-acs-content-sha256", EMPTY }, { "x-acs-date", os.date "!%Y-%m-%dT%H:%M:%SZ" },
    { "x-acs-signature-nonce", hex(rand.bytes(16)) }, { "x-acs-version", "2018-12-01" },
  }
  local lines, names, canonical = {}, {}, {}
  for i, value in ipairs(values) do
    lines[i] = value[1] .. ": " .. value[2]
    if value[1] ~= "accept" then
      names[#names + 1] = value[1]
      canonical[#canonical + 1] = value[1] .. ":" .. value[2] .. "\n"
    end
  end
  local signed = table.concat(names, ";")
  local request = "POST\n/\n" .. query .. "\n" .. table.concat(canonical) .. "\n" .. signed .. "\n" .. EMPTY
  local to_sign = "ACS3-HMAC-SHA256\n" .. hex(digest.new("sha256"):final(request))
  lines[#lines + 1] = ("Authorization: ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s"):format(
    "LTAI5tBenchBenchBench00", signed, hex(hmac.new("secret", "sha256"):final(to_sign)))
  lines[#lines + 1] = "Content-Type:"
  return lines
end

local parts
local easy = curl.easy_init()
easy:setopt(curl.OPT_URL, url)
easy:setopt(curl.OPT_POST, 1)
easy:setopt(curl.OPT_POSTFIELDS, "")
easy:setopt(curl.OPT_PROXY, "")
easy:setopt(curl.OPT_WRITEFUNCTION, function(s)
  parts[#parts + 1] = s
  return #s
end)
if ca_file then easy:setopt(curl.OPT_CAINFO, ca_file) end

local function ask()
  parts = {}
  easy:setopt(curl.OPT_HTTPHEADER, signed_headers())
  assert(easy:perform())
  return assert(cjson.decode(table.concat(parts)).TaskStatus)
end

ask()
local cpu = os.clock()
for _ = 1, n do ask() end
print(("%f 0\n0"):format((os.clock() - cpu) / n * 1e6)) -- neither the clock's time nor memory is told
