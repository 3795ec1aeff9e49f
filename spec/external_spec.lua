-- Keys that a program prints.

local at_most = require "spec.support.at_most"
local child = require "spec.support.child"
local cjson = require "cjson"
local core = require "crsync.core"
local external = require "crsync.credentials.external"
local files = require "spec.support.files"
local key_giver = require "spec.support.key_giver"
local surroundings = require "spec.support.surroundings"

local scene = key_giver.scene()
lazy_setup(scene.start)
lazy_teardown(scene.stop)
before_each(scene.enter)
after_each(scene.leave)

local function printed(changes)
  local fields = { mode = "StsToken", access_key_id = key_giver.KEYS.access_key_id, expiration = key_giver.time(3600),
    access_key_secret = key_giver.KEYS.access_key_secret, sts_token = key_giver.KEYS.security_token }
  for name, value in pairs(changes or {}) do fields[name] = value or nil end
  return cjson.encode(fields)
end

-- A profile whose program is this script; arguments are added to the command line as they are.
local function program(script, arguments)
  local path = surroundings.write_program("get keys", script)
  surroundings.write_profiles { name = "ext", mode = "External",
    process_command = ("'%s'%s"):format(path, arguments and " " .. arguments or "") }
  return path
end

local function printing(changes) return "cat <<'END'\n" .. printed(changes) .. "\nEND" end

it("sign the call", function()
  program(printing())
  assert(scene.get())
  assert.is_true(scene.service:requests()[1].verified)
end)

it("come from a program without a shell, with the words of the command line", function()
  local log = surroundings.path "log"
  program(('for word in "$@"; do echo "<$word>"; done > %s\n'):format(log) .. printing(),
    [[--role 'cr sync' "a \"b\" \$c" d\ e $HOME ; rm *]])
  assert(scene.get())
  assert.equal('<--role>\n<cr sync>\n<a "b" $c>\n<d e>\n<$HOME>\n<;>\n<rm>\n<*>\n', files.read(log))
end)

it("of mode AK need no token, and hold a quarter of an hour unless it is said", function()
  scene.service:set { verify = false }
  program(printing { mode = "AK", sts_token = false, expiration = false })
  local client = scene.client()
  assert(client:get_task("cri-1", "rst-1"))
  assert.is_true(math.abs(client.source.advisory - core.now() - 900) < 5)
  assert.is_nil(scene.service:requests()[1].headers["x-acs-security-token"])
  scene.service:set { verify = true }
end)

describe("a program that fails", function()
  local SECRET = key_giver.KEYS.access_key_secret
  local cases = {
    { "exit 3", "get keys ended with status 3" },
    { "echo 'vault is sealed' >&2; echo more >&2; exit 1", "ended with status 1: vault is sealed" },
    { printing() .. "\necho 'got " .. SECRET .. "' >&2; exit 1", "ended with status 1: got ***" },
    { "echo 'the secret is " .. SECRET .. "' >&2; exit 1", "ended with status 1: the secret is ***" },
    { "echo 'cannot parse Xy7Invented0Invented1Invented2' >&2; exit 1", "ended with status 1: cannot parse ***" },
    { "echo 'cannot read the key: no such entry in /opt/acr/keys.json' >&2; exit 1",
      "ended with status 1: cannot read the key: no such entry in /opt/acr/keys.json" },
    { "echo 'client_secret=short, user=ann' >&2; exit 1", "client_secret=***, user=ann" },
    { "kill -9 $$", "ended with a signal" },
    { "echo " .. SECRET, "is not JSON" }, { "true", "is not JSON" }, { "echo '[1]'", "no JSON object" },
    { printing { mode = "Other" }, "a mode other than AK and StsToken" }, { printing { mode = false }, "a mode other" },
    { printing { sts_token = false }, "has no sts_token" },
    { printing { access_key_id = false }, "no access_key_id" },
    { printing { expiration = "soon" }, "expiration should be" },
    { "head -c 2000000 /dev/zero", "is not JSON" },
  }
  for i, case in ipairs(cases) do
    it("is told by its name and without what it printed, case " .. i, function()
      local path = program(case[1])
      local message = scene.problem()
      assert.truthy(message:find("profile ext in ", 1, true))
      assert.truthy(message:find(case[2], 1, true) or message:find(path, 1, true), message)
      assert.truthy(message:find(case[2]:gsub("^get keys ", ""), 1, true), message)
    end)
  end

  it("is told when it is not there, or may not be run", function()
    for command, why in pairs { ["/nonexistent/program x"] = "cannot be started: No such file",
      [surroundings.write("no program", ""):gsub(" ", "\\ ")] = "cannot be started: Permission denied",
      ["'unended"] = "a quote in process_command does not end", ['"unended\\"'] = "does not end",
      ["''"] = "cannot be started" } do
      surroundings.write_profiles { name = "ext", mode = "External", process_command = command }
      local message = scene.problem()
      assert.truthy(message:find(why, 1, true), message)
    end
  end)

  it("that takes too long is ended with all that it started, when the call's deadline comes", function()
    local log = surroundings.path "log"
    program(("( sleep 1; echo late > %s ) & sleep 30"):format(log))
    local started = core.now()
    local _, err = scene.get { deadline = 0.4 }
    assert.equal("timeout", err.kind)
    assert.is_true(core.now() - started < at_most(0.9))
    os.execute "sleep 1.2"
    assert.is_nil(io.open(log))
  end)

  it("waits for no input and sees no descriptors of ours", function()
    local log = surroundings.path "log"
    program(("cat > /dev/null; ls -l /proc/$$/fd > %s\n"):format(log) .. printing())
    local output = child.run(([[print(require "crsync".new { endpoint = %q }:get_task("cri-1", "rst-1").TaskStatus)]])
      :format(scene.service.url), "HOME=" .. surroundings.path "")
    assert.equal("SUCCESS\n", output)
    local list = files.read(log)
    assert.truthy(list:find("0 -> /dev/null", 1, true))
    assert.is_nil(list:find("socket:", 1, true), list)
  end)
end)

for value, runs in pairs { ["1"] = false, ["true"] = false, ["TRUE"] = false, ["0"] = true, [""] = true } do
  it(("is %s with ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS=%s"):format(runs and "run" or "not run", value), function()
    surroundings.variables.ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS = value
    program(printing())
    if runs then
      assert(scene.get())
    else
      assert.truthy(scene.problem():find("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS forbids", 1, true))
    end
  end)
end

describe("a command line", function()
  local lines = {
    { "a b  c", { "a", "b", "c" } }, { "\ta\n", { "a" } }, { "a'b c'd", { "ab cd" } }, { '""', { "" } },
    { [["a\b\"\\\$"]], { [[a\b"\$]] } }, { [[a\'b]], { "a'b" } }, { "a\\", { "a\\" } },
    { [['"' "x y' z"]], { '"', "x y' z" } },
  }
  for _, line in ipairs(lines) do
    it(("%q is split as a shell would"):format(line[1]), function()
      assert.same(line[2], (external.words(line[1])))
    end)
  end
end)
