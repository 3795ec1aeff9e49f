-- Programs and files as the core reads them.

local at_most = require "spec.support.at_most"
local child = require "spec.support.child"
local core = require "crsync.core"
local files = require "spec.support.files"
local process = require "spec_process"
local surroundings = require "spec.support.surroundings"

before_each(surroundings.enter)
after_each(surroundings.leave)

local function pause(seconds) os.execute("sleep " .. seconds) end

local function ended(p)
  local limit = core.now() + at_most(5)
  repeat
    local output, errors, status = p:poll()
    if output then return output, errors, status end
    pause(0.01)
  until core.now() > limit
  error "the program did not end"
end

-- One that nobody has waited for yet is dead all the same.
local function is_alive(pid)
  local path = ("/proc/%s/stat"):format(pid)
  return pcall(files.read, path) and not files.read(path):find "^%d+ %(.-%) Z"
end

local function pid_in(path)
  while true do
    local there, text = pcall(files.read, path)
    if there and text:find "\n" then return text:match "%d+" end
    pause(0.01)
  end
end

describe("a program", function()
  it("is told by what it wrote and how it ended", function()
    local p = assert(core.spawn { "sh", "-c", "echo out; echo err >&2; exit 7" })
    assert.same({ "out\n", "err\n", 7 }, { ended(p) })
    assert.same({ "", "", nil }, { ended(assert(core.spawn { "sh", "-c", "kill -9 $$" })) })
  end)

  it("may write more than is kept", function()
    local output, _, status = ended(assert(core.spawn { "head", "-c", "1000000", "/dev/zero" }))
    assert.same({ 65536, 0 }, { #output, status })
  end)

  it("starts with the signals that a shell would give it", function()
    local before = process.sigpipe()
    process.sigpipe "ignored"
    assert.is_nil(select(3, ended(assert(core.spawn { "sh", "-c", "kill -PIPE $$; exit 1" }))))
    process.sigpipe(before)
  end)

  for name, finish in pairs {
    closed = function(p) p:close() end,
    collected = function(p) getmetatable(p) end,
  } do
    it("is ended with what it has started when it is " .. name, function()
      local path = surroundings.path "pid"
      local p = assert(core.spawn { "sh", "-c", ("sleep 60 & echo $! > %s; wait"):format(path) })
      local pid = pid_in(path)
      assert.is_true(is_alive(pid))
      finish(p)
      p = nil -- luacheck: ignore 311
      collectgarbage()
      collectgarbage()
      pause(0.1)
      assert.is_false(is_alive(pid))
    end)
  end

  it("may be closed twice, and is at its end then", function()
    local p = assert(core.spawn { "sleep", "60" })
    finally(function() p:close() end)
    assert.is_nil(p:poll())
    p:close()
    p:close()
    assert.is_string((p:poll()))
  end)

  it("is killed though it has left its group", function()
    local path = surroundings.path "pid"
    local p = assert(core.spawn { "perl", "-e", ([[setpgrp(0, getpgrp(getppid())); open(F, ">%s"); print F "$$\n";
      close F; sleep 60]]):format(path) })
    local pid = pid_in(path)
    p:close()
    assert.is_false(is_alive(pid))
  end)

  it("that nobody may kill is left alone after a moment, and reaped when it has ended", function()
    local library = surroundings.path "kill.so"
    local source = surroundings.write("kill.c", [[
      #include <errno.h>
      #include <sys/types.h>
      int kill(pid_t pid, int number) { (void)pid, (void)number; errno = EPERM; return -1; }]])
    assert(os.execute(("env -u LD_PRELOAD cc -shared -fPIC -o '%s' '%s'"):format(library, source)))
    local output = child.run([[
      local core = require "crsync.core"
      local function zombies()
        local pipe = io.popen "env -u LD_PRELOAD ps -o stat= --ppid $PPID"
        local _, count = pipe:read "*a":gsub("Z", "")
        pipe:close()
        return count
      end
      local p = core.spawn { "sleep", "2" }
      local started = core.now()
      p:close()
      print(core.now() - started < 1.5, p:poll() ~= nil)
      local longer = core.spawn { "sleep", "5" }
      longer:close()
      os.execute "sleep 2.2"
      local before = zombies()
      local function after_another()
        local q = core.spawn { "true" }
        repeat os.execute "sleep 0.05" until q:poll()
        return zombies()
      end
      print(before, after_another())
      os.execute "sleep 3.2"
      print(zombies(), after_another())]],
      ("ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=\"$LD_PRELOAD:%s\""):format(library))
    assert.equal("true\ttrue\n1\t0\n1\t0\n", output)
  end)

  it("belongs to the process that started it, and outlives a fork's end", function()
    local path = surroundings.path "pid"
    local p = assert(core.spawn { "sh", "-c", ("echo $$ > %s; exec sleep 60"):format(path) })
    finally(function() p:close() end)
    local pid = pid_in(path)
    local forked = process.fork()
    if forked == 0 then
      p:close()
      process.exit(0)
    end
    process.wait(forked)
    assert.is_true(is_alive(pid))
  end)

  it("tells a forked child nothing, and its own process everything", function()
    local path = surroundings.path "told"
    local p = assert(core.spawn { "sh", "-c", ("echo all; until [ -e %s ]; do sleep 0.01; done"):format(path) })
    finally(function() p:close() end)
    pause(0.1)
    local forked = process.fork()
    if forked == 0 then
      local output, errors, status = p:poll()
      files.write(path, output .. errors .. tostring(status))
      process.exit(0)
    end
    process.wait(forked)
    assert.equal("nil", files.read(path))
    assert.same({ "all\n", "", 0 }, { ended(p) })
  end)

  it("that is not there is told by the system's words, and nonsense is refused", function()
    assert.same({ nil, "No such file or directory" }, { core.spawn { "/nonexistent/program" } })
    for _, words in ipairs { {}, { 5 }, { "a", true } } do
      assert.is_false(pcall(core.spawn, words))
    end
    assert.is_false(pcall(core.spawn, "ls"))
  end)
end)

describe("a file", function()
  it("is read whole, with what others may do with it", function()
    local path = surroundings.write("x", "a\0b\n")
    assert.same({ "a\0b\n", false }, { core.read_file(path) })
    os.execute(("chmod 640 '%s'"):format(path))
    assert.same({ "a\0b\n", "read" }, { core.read_file(path) })
    os.execute(("chmod 666 '%s'"):format(path))
    assert.same({ "a\0b\n", "read and changed" }, { core.read_file(path) })
    os.execute(("chmod 620 '%s'"):format(path))
    assert.same({ "a\0b\n", "changed" }, { core.read_file(path) })
    assert.same({ (" "):rep(1024 * 1024), false }, { core.read_file(surroundings.write("y", (" "):rep(1024 * 1024))) })
  end)

  it("that is none is told why, and whether there is one", function()
    assert.same({ nil, "No such file or directory", false }, { core.read_file(surroundings.path "none") })
    assert.same({ nil, "Not a directory", false }, { core.read_file(surroundings.write("x", "") .. "/y") })
    assert.same({ nil, "it is no regular file", true }, { core.read_file(surroundings.path "") })
    assert.same({ nil, "it is no regular file", true }, { core.read_file "/dev/null" })
    local large = surroundings.write("large", (" "):rep(1024 * 1024 + 1))
    assert.same({ nil, "it is larger than 1 MiB", true }, { core.read_file(large) })
  end)
end)
