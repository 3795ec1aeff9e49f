-- Writes seeds for a fuzzing target into a folder: the examples' bodies, and texts of the right sort.
-- Usage: lua5.4 spec/fuzz/seeds.lua TARGET FOLDER

local files = require "spec.support.files"

local target, folder = arg[1], arg[2]

local SEEDS = {
  sign = { "InstanceId=cri-1&SyncTaskId=rst-a b*c~d/+=%", "a=&b=\195\169&A=1&a.1=x" },
  endpoint = { "cr.cn-hangzhou.aliyuncs.com", "https://h:443/", "http://[::1]:8080", "http://127.0.0.1/keys?x=y",
    "https://user:password@h", "h/path" },
  headers = {
    "Wed, 21 Oct 2026 07:28:00 GMT\n120\n1500\nLimit:30,Remain:0,TimeLeft:800,Reset:1732500000\nTimeLeft:9\nid\n"
      .. "https://u@other/x\ntext/xml\n<Error><Code>NoPrivilege</Code><Message>m</Message></Error>",
    "x\nFri, 01 Jan 2100 00:00:00 GMT\n-1\n\n\n\n\ntext/html\n<html>\0</html>",
  },
  files = {
    '{"current":"ci","profiles":[{"name":"ci","mode":"AK","access_key_id":"i","access_key_secret":"s"}]}',
    "[default]\ntype = sts\naccess_key_id = i\n# c\nsecurity_token=t\n", '/opt/get "a b" \'c d\' e\\ f',
  },
}

-- Two bytes choose status and type; a byte 1 and one more stand for a secret.
SEEDS.refusal = {
  '\0\0{"Code":"SignatureDoesNotMatch","Message":"Specified signature is not matched with our calculation. server'
    .. ' string to sign is:ACS3-HMAC-SHA256\n\1\0","RequestId":"r","HostId":"h"}',
  "\2\1<?xml version='1.0'?><Error><Code>NoPrivilege</Code><Message>\1\1</Message><RequestId>r</RequestId></Error>",
  "\6\2<html><body>502 Bad Gateway \1\2 \226\128\174</body></html>",
}

local function write(name, text) files.write(folder .. "/" .. name, text) end

for i, text in ipairs(SEEDS[target] or {}) do write("seed" .. i, text) end

local BEFORE = { response = "\0", differential = "", refusal = "\0\0" }

if BEFORE[target] then
  local list = assert(io.popen "ls spec/examples/*.json")
  for path in list:lines() do
    write(path:match "[^/]+$", BEFORE[target] .. files.read(path))
  end
  list:close()
end
