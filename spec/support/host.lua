-- Programs with Lua in them, started by a spec in a folder of their own, with crsync of this tree in their reach.
--
--   local host = hosts.for_test(server, finally)   -- whose keys they get; for the length of a test
--   host:write("lighttpd.conf", "… $port … $root …")
--   host:start("lighttpd -D -f lighttpd.conf", "lua5.4")
--   host:get "/path"                               -- status, body
--   host:run("nvim …", "luajit")                   -- to its end: output

local child = require "spec.support.child"
local files = require "spec.support.files"
local http = require "socket.http"
local ports = require "spec.support.ports"
local socket = require "socket"

local Host = {}
Host.__index = Host

local hosts = {}

local PATIENCE = 15 -- seconds to begin to listen

local quoted = child.quoted

local ROOT = files.output_of "pwd":gsub("\n$", "")

--- A host that gets the keys of an endpoint.
function hosts.new(server)
  return setmetatable({ server = server, folder = files.temporary_folder(), port = ports.free() }, Host)
end

--- The same for the length of a test, whose `finally` this is.
function hosts.for_test(server, finally)
  local host = hosts.new(server)
  finally(function() host:stop() end)
  return host
end

--- The folder with a Lua's core; they are built without sanitizers, as the programs are.
function hosts.core(lua) return ROOT .. (lua == "lua5.4" and "/build" or "/build/" .. lua) end

--- Writes a file of the host's folder; $port, $root, $folder, $core_<lua> and $user are filled in. A host that changes
--- to another user may not be able to enter the tree: as $user it can.
function Host:write(name, text)
  local values = { port = self.port, root = ROOT, folder = self.folder, core_lua53 = hosts.core "lua5.3",
    core_luajit = hosts.core "luajit", user = files.output_of "id -un":gsub("\n", "") }
  files.write(self.folder .. "/" .. name, text:gsub("%$([%w_]+)", values) .. "\n")
end

function Host:command(line, lua)
  local variables = { HOME = self.folder, NO_PROXY = "127.0.0.1", LUA_CPATH = hosts.core(lua) .. "/?.so;;",
    LUA_PATH = ("%s/lua/?.lua;%s/lua/?/init.lua;;"):format(ROOT, ROOT), ALIBABA_CLOUD_ENDPOINT = self.server.url,
    ALIBABA_CLOUD_ACCESS_KEY_ID = self.server.access_key_id,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET = self.server.access_key_secret }
  local words = { "cd", quoted(self.folder), "&& exec env -u LD_PRELOAD PATH=\"$PATH:/usr/sbin:/sbin\"" }
  for name, value in pairs(variables) do words[#words + 1] = name .. "=" .. quoted(value) end
  return table.concat(words, " ") .. " " .. line:gsub("%$root", ROOT)
end

--- What the program has said.
function Host:log()
  local there, text = pcall(files.read, self.folder .. "/log")
  return there and text or ""
end

--- Starts the program; it listens on host.port. A shell reads its input, which ends when this process does.
function Host:start(line, lua)
  local watchdog = "sh -c %s >%s 2>&1 & { cat >/dev/null; kill $!; wait $!; } 2>/dev/null"
  self.process = assert(io.popen(watchdog:format(quoted(self:command(line, lua)), quoted(self.folder .. "/log")), "w"))
  local deadline = socket.gettime() + PATIENCE
  repeat
    local connected = socket.connect("127.0.0.1", self.port)
    if connected then return connected:close() end
    socket.sleep(0.02)
  until socket.gettime() > deadline
  error("the host does not listen: " .. self:log(), 0)
end

--- Runs the program to its end.
function Host:run(line, lua)
  return files.output_of("( " .. self:command(line, lua) .. " ) </dev/null 2>&1")
end

--- Asks the host; several paths are asked for side by side.
---@return integer status
---@return string body
function Host:get(path)
  local body, status = http.request(("http://127.0.0.1:%d%s"):format(self.port, path))
  return status, body
end

function Host:stop()
  if self.process then self.process:close() end
  os.execute("rm -rf " .. quoted(self.folder))
end

return hosts
