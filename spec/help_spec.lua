-- What --help and `crsync help` tell, and what is said of wrong words. The examples of each command run against the
-- sandbox, in the shell that they are for.

local arguments = require "crsync.cli.arguments"
local child = require "spec.support.child"
local commands = require "crsync.cli.commands"
local error_kinds = require "crsync.error_kinds"
local exit_status = require "crsync.cli.exit_status"
local files = require "spec.support.files"
local help = require "crsync.cli.help"
local operations = require "crsync.operations"
local options = require "crsync.options"
local sandbox = require "crsync.sandbox"
local sheet = require "crsync.cli.sheet"
local statuses = require "crsync.statuses"
local topics = require "crsync.cli.topics"

local quoted = child.quoted

local folder, server

-- A folder with a command crsync in it.
lazy_setup(function()
  server = assert(sandbox.start { lua = os.getenv "LUA" or "lua5.4", speed = 50 })
  folder = files.temporary_folder()
  files.write(folder .. "/crsync", ([[
#!/bin/sh
cd %s && LUA_PATH=%s LUA_CPATH=%s exec %s lua/crsync/bin.lua "$@"
]]):format(quoted((files.output_of "pwd":gsub("\n$", ""))), quoted(package.path), quoted(package.cpath),
    os.getenv "LUA" or "lua5.4"))
  assert(os.execute(("chmod +x %s/crsync"):format(quoted(folder))))
end)

lazy_teardown(function()
  server:stop()
  os.execute("rm -rf " .. quoted(folder))
end)

-- What a line prints in a shell in which the sandbox is what is asked, errors too, and its status.
local function run(line, shell)
  local given = server:options()
  local output, status = files.output_of(("ALIBABA_CLOUD_ENDPOINT=%s ALIBABA_CLOUD_ACCESS_KEY_ID=%s "
    .. "ALIBABA_CLOUD_ACCESS_KEY_SECRET=%s ALIBABA_CLOUD_REGION_ID=cn-hangzhou NO_PROXY=127.0.0.1 PATH=%s:$PATH "
    .. "HOME=%s timeout 60 %s -c %s 2>&1; echo status $?"):format(given.endpoint, given.access_key_id,
    given.access_key_secret, quoted(folder), quoted(folder), shell or "bash", quoted(line)))
    :match "^(.*)status (%d+)\n$"
  return output, tonumber(status)
end

local function has(output, part)
  assert.truthy(output:find(part, 1, true), ("%s is not in\n%s"):format(part, output))
end

describe("the help of", function()
  for _, command in ipairs(commands) do
    it(command.name .. " tells all about it", function()
      local output, status = run("crsync " .. command.name .. " --help")
      assert.equal(0, status)
      assert.equal(output, (run("crsync help " .. command.name)))
      assert.equal(output, help.command(command, 80) .. "\n")
      has(output:gsub("%s+", " "), command.about .. ".")
      for _, line in ipairs(help.usage(command)) do has(output, line) end
      for _, rows in ipairs { command.options or {}, command.without_common and {} or arguments.COMMON } do
        for _, row in ipairs(rows) do has(output, "\n  " .. row.name:gsub(" ", ", ")) end
      end
      for _, row in ipairs(command.arguments or {}) do has(output, help.argument(row)) end
      for _, line in ipairs(command.examples) do has(output, "\n  " .. line .. "\n") end
      for line in output:gmatch "[^\n]+" do
        assert.is_true(line:find "^  crsync" ~= nil or require "crsync.util.text".width(line) <= 80, line)
      end
    end)

    it(command.name .. " has examples that run", function()
      assert.is_true(#command.examples > 0)
      for _, line in ipairs(command.examples) do
        local is_server = command.name == "sandbox"
        local output, status = run((is_server and "timeout 2 " or "") .. line, line:find "fish" and "fish" or "bash")
        local may_fail = command.statuses and command.statuses[1] == "TASK_FAILED" -- one of the sandbox's tasks does
        assert.truthy(status == (is_server and 124 or 0) or may_fail and status == 1, line .. "\n" .. output)
      end
    end)
  end

  it("a wait has the library's defaults", function()
    local unfolded = run "crsync wait --help":gsub("\n +", " ")
    local rows = options.by_name(options.wait_push)
    for name, flag in pairs { interval = "--interval S", max_interval = "--max-interval S", settle = "--settle S",
      not_found_grace = "--not-found-grace S", appear_timeout = "--appear-timeout S", timeout = "--timeout S",
      concurrency = "--concurrency N" } do
      local line = unfolded:match(flag:gsub("%p", "%%%0") .. " [^(]*%(default: ([^)]*)%)")
      assert.equal(rows[name].default, tonumber(line), name)
    end
    has(unfolded, "(default: none)")
    unfolded = run "crsync sandbox --help":gsub("\n +", " ")
    for _, row in ipairs(options.sandbox) do
      has(unfolded:match("%-%-" .. row.name .. " .-%)"), ("(default: %s)"):format(row.default))
    end
    has(run "crsync list --help":gsub("\n +", " "), "(default: 60 for each call of the service)")
  end)

  it("a command has the exit statuses that it can give, and no other", function()
    local function numbers(name)
      local found = {}
      local section = run("crsync help " .. name):match "\nExit status:\n(.-)\n\n"
      for number in ("\n" .. section):gmatch "\n  (%d+) " do found[#found + 1] = number end
      return table.concat(found, " ")
    end
    assert.truthy(numbers "wait":find "^0 1 2 3 4 5 6 130 ")
    assert.truthy(numbers "list":find "^0 2 3 4 5 6 130 ")
    assert.truthy(numbers "config":find "^0 2 4 5 6 130 ")
    assert.truthy(numbers "completion":find "^0 2 4 6 130 ")
  end)

  it("all lists commands, topics and common options", function()
    local output, status = run "crsync help"
    assert.equal(0, status)
    assert.same({ output, 0 }, { run "crsync --help" })
    for _, command in ipairs(commands) do has(output, "\n  " .. command.name .. " ") end
    for _, topic in ipairs(topics.rows) do has(output, "\n  " .. topic.name .. " ") end
  end)
end)

describe("the topic", function()
  local function text(name) return (run("crsync help " .. name)) end

  for _, topic in ipairs(topics.rows) do
    it(topic.name .. " is found by each of its names, and no command has one", function()
      local expected = topics.text(topic, commands, 80) .. "\n"
      assert.equal(expected, text(topic.name))
      for _, name in ipairs(topic.also) do assert.equal(topic, topics.find(name)) end
      for _, command in ipairs(commands) do assert.is_nil(topics.find(command.name)) end
    end)
  end

  it("tells all rows there are", function()
    local environment, keys = text "variables", text "credentials"
    for _, row in ipairs(topics.variables()) do
      for _, name in ipairs(row[1]) do has(environment, name) end
    end
    has(keys, "ALIBABA_CLOUD_ACCESS_KEY_ID")
    for _, row in ipairs(exit_status.rows) do has(text "exit", ("\n  %d "):format(row.number)) end
    for _, row in ipairs(error_kinds.kinds) do has(text "errors", "\n" .. row.name .. "\n") end
    for issue in pairs(statuses.issues) do has(text "issues", "\n" .. issue .. "\n") end
    for action, operation in pairs(operations) do has(text "operations", action .. " (" .. operation.ram .. ")") end
    for _, command in ipairs(commands) do
      for _, result in ipairs(command.results or {}) do
        has(text "output", command.name .. (result.of and ", " .. result.of or "") .. " ")
      end
    end
    has(text "waiting", "--settle S")
  end)
end)

describe("wrong words", function()
  for words, expected in pairs {
    ["help kyes"] = { "there is no command and no topic kyes\nDid you mean 'keys'?", "crsync help [COMMAND|TOPIC]" },
    ["help wiat"] = { "no topic wiat\nDid you mean 'wait'?", "crsync help [COMMAND|TOPIC]" },
    ["help qqqq"] = { "there is no command and no topic qqqq\n", "crsync help [COMMAND|TOPIC]" },
    ["retyr a b"] = { "unknown command 'retyr'\nDid you mean 'retry'?", "crsync COMMAND [options] …" },
    ["cncle a b"] = { "unknown command 'cncle'\n", "crsync COMMAND [options] …" },
    ["wait a b --stl-timout 3"] = { "Did you mean '--stall-timeout'?", "crsync wait [options] INSTANCE --batch ID" },
    ["get a b --outptu x"] = { "Did you mean '--output'?", "crsync get [options] INSTANCE TASK…" },
    ["get a b -o jsno"] = { "its formats are text, json, jsonl, lua\nDid you mean 'json'?",
      "crsync get [options] INSTANCE TASK…" },
    ["list a --status ERRO"] = { "Did you mean 'ERROR'?", "crsync list [options] INSTANCE" },
    ["call"] = { "missing OPERATION", "crsync call [options] OPERATION [NAME=VALUE…]" },
    ["create a"] = { "missing NAME=VALUE", "crsync create [options] INSTANCE NAME=VALUE…" },
    ["rules a --create x=1 --delete"] = { "option '--delete' requires an argument",
      "crsync rules [options] INSTANCE --delete ID" },
  } do
    it("are answered with the nearest, and with how it is used: " .. words, function()
      local output, status = run("crsync " .. words .. " >/dev/null")
      assert.equal(2, status)
      assert.truthy(output:find "^Usage: crsync ")
      has(output, "tells more\n\ncrsync: ")
      has(output, expected[1])
      has(output, expected[2])
    end)
  end

  it("of a setting are told by the option's name", function()
    local output, status = run "crsync list a --endpoint x/y"
    assert.equal(6, status)
    has(output, 'the endpoint "x/y" (--endpoint) has a path')
    has(run "crsync config --endpoint x/y", "(--endpoint)")
    has(run "crsync list a --profile nope", "--profile asks for profile")
  end)
end)

describe("a page of help", function()
  it("is folded, and puts what is beside a long name below it", function()
    local page = sheet.new(20)
    page:text "one `two` three four five"
    page:row("name", "its meaning", 8)
    page:row("long-name", "its meaning", 8)
    page:code "not folded however long it is"
    assert.equal("one two three four\nfive\n  name  its meaning\n  long-name\n        its meaning\n"
      .. "  not folded however long it is", page:close())
  end)
end)
