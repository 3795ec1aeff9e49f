-- A client that lives for weeks, while the world around it changes: the machine sleeps, the network forgets and breaks
-- connections, the server is gone for a while, its name leads elsewhere, a file of certificates is put right, a proxy
-- comes and goes. What was the matter once does not fail a second time.

local at_most = require "spec.support.at_most"
local child = require "spec.support.child"
local files = require "spec.support.files"

-- In a process of its own, whose clock and names are the script's to change.
local SCRIPT = [[
local certificates, files = require "spec.support.certificates", require "spec.support.files"
local endpoint, forwarder = require "spec.support.endpoint", require "spec.support.forwarder"
local nginx = require "spec.support.nginx"
local server = endpoint.start()
local front = nginx.start(server)
local way = forwarder.start(front.port)
local other = forwarder.start(front.port, "127.0.0.2", way.port)
files.write(os.getenv "WORLD_ADDRESS", "127.0.0.1")
local ca = os.getenv "WORLD_ADDRESS" .. ".pem"
files.write(ca, files.read(certificates.folder() .. "/stranger.pem"))

local attempts = 0
local client = server:client { endpoint = "https://moving.example:" .. way.port, ca_file = ca, timeout = TIMEOUT,
  connect_timeout = TIMEOUT, on_attempt = function() attempts = attempts + 1 end }

local function call()
  attempts = 0
  local task, err = client:get_task("cri-1", "rst-1")
  return task and attempts or err.kind, err
end

-- What happened costs so many attempts at most, once.
local function after(what, most)
  local found, err = call()
  if type(found) ~= "number" or found > most then print(what, found, err) end
  found, err = call()
  if found ~= 1 then print("after " .. what, found, err) end
end

print("with a stranger's certificate", (call()))
files.write(ca, files.read(certificates.folder() .. "/ca.pem"))
after("the certificates were put right", 1)

local asleep = 0
for round = 1, 3 do
  way:forget()
  other:forget()
  asleep = asleep + 3600
  files.write(os.getenv "WORLD_ASLEEP", tostring(asleep))
  after("an hour's sleep", 1)

  way:forget()
  other:forget()
  after("connections were forgotten", 2)

  way:reset()
  other:reset()
  after("connections were reset", 2)

  local here, there = way, other
  if round % 2 == 0 then here, there = other, way end
  here:refuse(true)
  here:reset()
  print("while the server is gone", (call()))
  here:refuse(false)
  after("the server came back", 1)

  here:refuse(true)
  here:reset()
  files.write(os.getenv "WORLD_ADDRESS", here == way and "127.0.0.2" or "127.0.0.1")
  after("the name leads elsewhere", 2)
  here:refuse(false)
  there:counts()
end
client:close()
way:stop()
other:stop()
front:stop()
server:stop()
]]

local PROXY = [[
local endpoint, forwarder = require "spec.support.endpoint", require "spec.support.forwarder"
local server = endpoint.start()
local proxy = forwarder.start(server.port)
local client = server:client { endpoint = "http://cr.example", proxy = "http://127.0.0.1:" .. proxy.port,
  timeout = TIMEOUT, connect_timeout = TIMEOUT }
local function call()
  local task, err = client:get_task("cri-1", "rst-1")
  print(task and "found" or err.kind)
end
call()
proxy:refuse(true)
proxy:reset()
call()
proxy:refuse(false)
call()
proxy:forget()
call()
client:close()
proxy:stop()
server:stop()
]]

-- Sixteen first calls at once, over HTTP/1 and HTTP/2; the system's file knows the CA, and its folder does not.
local ANCHORS = [[
local endpoint, nginx = require "spec.support.endpoint", require "spec.support.nginx"
local files = require "spec.support.files"
local plain, secure = endpoint.start(), endpoint.start { tls = "good" }
local front = nginx.start(plain)
files.write(os.getenv "WORLD_ANCHORS", files.read(front.ca_file))
for _, url in ipairs { secure.url, front.url } do
  local client, ids, found = plain:client { endpoint = url }, {}, 0
  for i = 1, 16 do ids[i] = "rst-" .. i end
  local tasks, errors = client:get_tasks("cri-1", ids)
  for _ in pairs(tasks) do found = found + 1 end
  print(found, (select(2, next(errors))))
  client:close()
end
front:stop()
secure:stop()
plain:stop()
]]

local folder
lazy_setup(function() folder = files.temporary_folder() end)
lazy_teardown(function() os.execute("rm -rf '" .. folder .. "'") end)

-- Built beside the core.
local function world()
  for template in package.cpath:gmatch "[^;]+" do
    local path = template:gsub("%?", "spec_world")
    local file = io.open(path)
    if file then
      file:close()
      return path
    end
  end
end

local function run(script, values)
  local prefix = ("LD_PRELOAD=\"$LD_PRELOAD %s\" WORLD_ADDRESS='%s/address' WORLD_ASLEEP='%s/asleep'"
    .. " WORLD_ANCHORS='%s/anchors.pem'"):format(world(), folder, folder, folder)
  return child.run(script:gsub("%u%u%u+", function(name) return values[name] end), prefix)
end

describe("a client that lives for weeks", function()
  local values = { TIMEOUT = tostring(math.min(at_most(0.2), 3)) }

  local EXPECTED = "with a stranger's certificate\ttls\n" .. ("while the server is gone\tnetwork\n"):rep(3)

  it("goes on over HTTP/2", function()
    assert.equal(EXPECTED, run(SCRIPT, values))
  end)

  it("finds its proxy again", function()
    assert.equal("found\nnetwork\nfound\nfound\n", run(PROXY, values))
  end)

  it("finds a CA that only the system's file knows, for all of its first calls", function()
    assert.equal("16\tnil\n16\tnil\n", run(ANCHORS, values))
  end)
end)
