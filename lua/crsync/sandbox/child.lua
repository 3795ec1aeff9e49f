--- The child process of `sandbox.start`: is told over a connection what to play, and lives as long as that. See
--- handle.lua, which is the other end.

local compat = require "crsync.util.compat"
local core = require "crsync.core"
local json = require "crsync.print.json"
local loop_of = require "crsync.sandbox.loop"
local socket = require "socket"
local stream_of = require "crsync.sandbox.stream"

local child = {}

local PATIENCE = 30 -- seconds for who started it to connect
local LONGEST = 64 * 1024 * 1024
local FOREVER = 1e9

-- A child inherits the open descriptors of who started it; held here, their connections would outlive their end there.
local function let_go_of_inherited()
  local borrowed = socket.tcp()
  for descriptor = 3, 255 do
    borrowed:setfd(descriptor)
    borrowed:close()
  end
end

local function random_word()
  local parts = {}
  for i = 1, 4 do parts[i] = ("%08x"):format(math.floor(core.random() * 4294967296)) end
  return table.concat(parts)
end

local function read(stream)
  local length = tonumber(stream:line(20, core.now() + FOREVER) or "")
  if not length or length > LONGEST then error({ gone = "no length" }, 0) end
  return stream:bytes(length, core.now() + FOREVER)
end

local function write(stream, text) stream:send(#text .. "\n" .. text) end

-- Starts the server that the first message describes.
local function open(loop, text, word)
  local chunk = compat.load(text, "=settings", { math = math })
  local settings = chunk and chunk() or {}
  if settings.word ~= word then error({ gone = "a stranger" }, 0) end
  return require "crsync.sandbox".open(settings, { keeps_records = true, loop = loop })
end

local function obey(loop, control, word)
  local stream = stream_of.new(loop, control)
  local server, problem = open(loop, read(stream), word)
  write(stream, server and "ok " .. server.url or tostring(problem))
  while server and read(stream) == "requests" do
    write(stream, json.encode(setmetatable(server:requests(), { __jsontype = "array" })))
  end
end

--- Serves until whoever started it is gone.
function child.run()
  let_go_of_inherited()
  local loop, word = assert(loop_of.new()), random_word()
  local listener = assert(socket.bind("127.0.0.1", 0))
  listener:settimeout(0)
  io.stdout:write((select(2, listener:getsockname())), " ", word, "\n")
  io.stdout:flush()
  loop:spawn(function()
    if loop:wait(listener:getfd(), "r", core.now() + PATIENCE) then obey(loop, listener:accept(), word) end
  end, function(err)
    loop:stop()
    if err and not (type(err) == "table" and err.gone) then io.stderr:write("crsync sandbox: ", tostring(err), "\n") end
  end)
  local ok, err = pcall(loop.run, loop) -- an interrupt, which the terminal sends to both, ends it too
  local problem = not ok and not tostring(err):find("interrupted!", 1, true) and tostring(err)
  if problem then io.stderr:write("crsync sandbox: ", problem, "\n") end
  os.exit(0)
end

return child
