-- The vendor's clients against the sandbox: spec/interop/README.md. Usage: lua5.4 spec/interop/run.lua MODULES
-- MODULES is where npm has installed them. Prints how many steps passed of how many; ends with 1 if it was not all.

local certificates = require "spec.support.certificates"
local sandbox = require "crsync.sandbox"

local modules = assert(arg[1], "usage: run.lua MODULES")

local SCENARIO = { keys = { { id = "STS.Temporary", secret = "temporary-secret", token = "a/token+with=signs" } } }

local function quoted(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

-- That the clients sent what the ways say.
local function check_ways(requests)
  local seen = {}
  for _, request in ipairs(requests) do
    local kind = (request.headers["content-type"] or "none"):match "^[^;]+"
    seen[request.method .. " " .. kind .. " " .. (request.headers["transfer-encoding"] or "whole")] = true
  end
  for _, way in ipairs { "GET none whole", "POST none whole", "POST application/x-www-form-urlencoded chunked",
    "POST application/json chunked" } do
    assert(seen[way], "no client has sent " .. way)
  end
end

-- Runs the steps against one sandbox; prints what they print but the count, which is returned.
local function run(options)
  options.scenario = SCENARIO
  local server = assert(sandbox.start(options))
  local command = ("NODE_EXTRA_CA_CERTS=%s INTEROP_MODULES=%s node spec/interop/run.js %s 2>&1"):format(
    quoted(certificates.folder() .. "/ca.pem"), quoted(modules), server:url())
  local pipe, passed, total = assert(io.popen(command, "r")), 0, 0
  for line in pipe:lines() do
    local some, all = line:match "^(%d+) of (%d+)$"
    if some then passed, total = tonumber(some), tonumber(all) else print(line) end
  end
  pipe:close()
  check_ways(server:requests())
  server:stop()
  return passed, total
end

local plain, plain_total = run {}
local folder = certificates.folder()
local secured, secured_total = run { tls_cert = folder .. "/good.pem", tls_key = folder .. "/good.key" }
local passed, total = plain + secured, plain_total + secured_total
print(("the vendor's clients: %d of %d steps passed"):format(passed, total))
os.exit(total > 0 and passed == total and 0 or 1)
