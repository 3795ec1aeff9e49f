-- A wait as a person sees it: the command at a real terminal of some size, by script(1), and what stands on its screen.

local child = require "spec.support.child"
local files = require "spec.support.files"
local sandbox = require "crsync.sandbox"
local screen = require "spec.support.screen"
local text = require "crsync.util.text"

local server

local function play(scenario)
  server = assert(sandbox.start { lua = os.getenv "LUA" or "lua5.4", scenario = scenario })
end

after_each(function()
  server:stop()
end)

-- All bytes that the command writes to a terminal; `beside` runs beside it, there.
local function run_at_terminal(lines, columns, words, beside)
  local options = server:options()
  local line = ("stty rows %d cols %d; %s env LC_ALL=C.UTF-8 TERM=xterm ALIBABA_CLOUD_ENDPOINT=%s "
    .. "ALIBABA_CLOUD_ACCESS_KEY_ID=%s ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s NO_PROXY=127.0.0.1 LUA_PATH=%s LUA_CPATH=%s "
    .. "%s lua/crsync/bin.lua %s"):format(lines, columns, beside or "", server:url(), options.access_key_id,
    options.access_key_secret, child.quoted(package.path), child.quoted(package.cpath), os.getenv "LUA" or "lua5.4",
    words)
  return files.output_of("script -qec " .. child.quoted(line) .. " /dev/null </dev/null")
end

local function at_terminal(lines, columns, words, beside)
  return run_at_terminal(lines, columns, "wait cri-1 " .. words, beside)
end

-- The screens that a person sees one after the other: that after each drawing, and the last.
local function screens(bytes, lines, columns)
  local terminal, seen = screen.new(lines, columns), {}
  for drawing, cleared in bytes:gmatch "(.-)(\27%[J)" do
    terminal:write(drawing .. cleared)
    seen[#seen + 1] = terminal:lines()
  end
  terminal:write(bytes:match ".*\27%[J(.*)$" or bytes)
  return seen, terminal
end

local LAYERS = { 3e6, 3e6 }

local function push()
  return { instance = "cri-1",
    instances = { { id = "cri-eu", region = "eu-west-1" }, { id = "cri-us", region = "us-east-1" } },
    rules = { { id = "crsr-eu", to = "eu-west-1", repo = "team/web" },
      { id = "crsr-us", to = "us-east-1", repo = "team/web" } },
    made = { { region = "us-east-1", layers = LAYERS, pending = 0.2, rate = 3e6, fails_at = 0.5,
      issue = "NETWORK_ERROR" }, { layers = LAYERS, pending = 0.2, rate = 3e6 } },
    tasks = {}, push = { { repo = "team/web", tag = "1.0", at = 0, batch = "batch-one" },
      { repo = "team/web", tag = "1.0", at = 0.3, batch = "batch-two" } } }
end

local QUICK = " --interval 0.3 --max-interval 0.4 --timeout 60"

describe("a wait at a terminal", function()
  for _, columns in ipairs { 20, 40, 80, 200 } do
    it("of " .. columns .. " columns keeps to them, and shows both batches", function()
      play(push())
      local bytes = at_terminal(30, columns, "--repo team/web --tag 1.0 --since 10m --expect 4 --color never" .. QUICK)
      local seen = screens(bytes, 30, columns)
      local headings, widest, moving = 0, 0, {}
      for i = 1, #seen - 1 do
        local count = 0
        for _, line in ipairs(seen[i]) do
          widest = math.max(widest, text.width(line))
          count = count + (line:find "^batch " and 1 or 0)
          local sign = line:match "^[^\128-\191][\128-\191]+"
          if sign then moving[sign] = true end
        end
        headings = math.max(headings, count)
      end
      assert.same({ 2, true }, { headings, widest < columns }, bytes)
      local signs = 0
      for _ in pairs(moving) do signs = signs + 1 end
      assert.is_true(signs >= 2)
      assert.truthy(bytes:find("2 of 4 succeeded, 2 failed", 1, true), bytes)
    end)
  end

  it("of a usual size tells all, and ends with a table", function()
    play(push())
    local bytes = at_terminal(30, 100, "--repo team/web --tag 1.0 --since 10m --expect 4 --color never" .. QUICK)
    local seen, terminal = screens(bytes, 30, 100)
    local some = {}
    for i = 1, #seen - 1 do some[i] = table.concat(seen[i], "\n") end
    local all = table.concat(some, "\n\n")
    for _, part in ipairs { "⠋ no task has appeared yet  0:00",
      "eu%-west%-1 +team/web:1.0 +0:0%d +SYNCHRONIZING +%d+ %%",
      "\n    sha256:%x+  █", "%d MB/s", "✗ rst%-[^ ]+ +us%-east%-1 .*ERROR +%d+ %% [^\n]*NETWORK_ERROR",
      "batch batch%-one  [^\n]*1 failed" } do
      assert.truthy(all:find(part), part .. "\n" .. all)
    end
    local last = table.concat(terminal:lines(), "\n")
    assert.truthy(last:find "^TASK +TO +IMAGE +STATUS +TOOK +BYTES +BATCH +REASON\nrst%-", last)
    assert.is_nil(last:find("█", 1, true))
  end)

  it("of few lines counts what does not fit, and keeps nothing in its history", function()
    local tasks = {}
    for i = 1, 15 do tasks[i] = { id = ("rst-%02d"):format(i), layers = LAYERS, pending = 0.2, rate = 4e6 } end
    play { instance = "cri-1", tasks = tasks }
    local ids = {}
    for i, task in ipairs(tasks) do ids[i] = task.id end
    local bytes = at_terminal(10, 80, table.concat(ids, " ") .. " --color never" .. QUICK)
    local terminal, is_counted = screen.new(10, 80), false
    local before_end = bytes:match "^(.*)\27%[%d+A\r\27%[KTASK "
    for drawing in before_end:gmatch ".-\27%[J" do
      terminal:write(drawing)
      local lines = terminal:lines()
      assert.same({ {}, 9 }, { terminal:scrolled(), #lines })
      is_counted = is_counted or lines[9]:find "^… and 7 more: %d+ running" ~= nil
    end
    assert.is_true(is_counted)
  end)

  it("that becomes narrower is followed", function()
    play { instance = "cri-1", tasks = { { id = "rst-1", layers = { 9e6 }, pending = 0, rate = 3e6 } } }
    local bytes = at_terminal(24, 120, "rst-1 --color never" .. QUICK, "{ sleep 1.5; stty cols 30 </dev/tty; } &")
    local first, last = bytes:match "(⠋ rst%-1[^\n]*)", bytes:match "SYNC.*(⠹ rst%-1[^\n]*)"
    assert.is_true(text.width(first) > 12, bytes)
    assert.is_true(text.width((last:gsub("\r", ""))) < 30, bytes)
    assert.truthy(bytes:find("SYNCHRONIZING", 1, true), bytes)
  end)

  it("that tells no size has 80 columns, or as many as COLUMNS says", function()
    play { instance = "cri-1", tasks = { { id = "rst-1", layers = { 4e6 }, pending = 0, rate = 3e6 } } }
    local bytes = at_terminal(0, 0, "rst-1 --color never" .. QUICK)
    assert.truthy(bytes:find("eu-west-1 team/image:latest", 1, true) or bytes:find("team/i…:latest", 1, true), bytes)
    for line in bytes:gsub("\27%[%d*%a", ""):gmatch "[^\r\n]+" do assert.is_true(text.width(line) <= 80, line) end
  end)
end)

describe("a list at a terminal", function()
  it("keeps to its columns", function()
    play(push())
    local seen = 0
    for line in run_at_terminal(30, 40, "list cri-1"):gmatch "[^\r\n]+" do
      assert.is_true(text.width(line) <= 40, line)
      seen = seen + (line:find("…", 1, true) and 1 or 0)
    end
    assert.is_true(seen >= 2, seen) -- a line of each task
  end)
end)
