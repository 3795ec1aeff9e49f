-- What an editor flags, asked of lua-language-server, which must be on the PATH: nothing in lua/ and good.lua, and in
-- bad.lua what its comments name, no more and no less.  Usage: make types

local core = require "crsync.core"
local files = require "spec.support.files"

local here = files.output_of("pwd"):match "[^\n]+"
local folder = here .. "/build/types"
local wrong = 0

local function complain(...)
  wrong = wrong + 1
  io.stderr:write(string.format(...), "\n")
end

-- "line: finding" → message, of each file that has any.
local function read_report(path)
  local found = {}
  for uri, list in pairs(assert(core.decode(files.read(path)))) do
    local file = uri:gsub("^file://", ""):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
    found[file] = {}
    for _, finding in ipairs(list) do
      local key = ("%d: %s"):format(finding.range.start.line + 1, finding.code)
      found[file][key] = finding.message:match "[^\n]+"
    end
  end
  return found
end

local function findings_in(what, settings)
  local report, config = folder .. "/report.json", folder .. "/luarc.json"
  os.remove(report)
  files.write(config, settings)
  os.execute(("lua-language-server --check='%s/%s' --checklevel=Warning --configpath='%s' --logpath='%s/log'"
    .. " --check_format=json --check_out_path='%s' >'%s/output' 2>&1"):format(here, what, config, folder, report,
    folder))
  local file = io.open(report)
  if not file then
    io.stderr:write("lua-language-server has checked nothing:\n", files.read(folder .. "/output"))
    os.exit(1)
  end
  file:close()
  return read_report(report)
end

local function expect_none(found)
  for file, findings in pairs(found) do
    for place, message in pairs(findings) do complain("%s:%s: %s", file, place, message) end
  end
end

local function expect_what_comments_say(file, findings)
  local number = 0
  for line in io.lines(file) do
    number = number + 1
    local code = line:match "%-%-> (%S+)$"
    local place = code and ("%d: %s"):format(number, code)
    if place and not findings[place] then complain("%s:%s was expected and is not flagged", file, place) end
    if place then findings[place] = nil end
  end
  expect_none { [file] = findings }
end

os.execute(("mkdir -p '%s'"):format(folder))
expect_none(findings_in("lua", "{}"))

-- As a user's workspace sees an installed crsync.
local samples = findings_in("spec/types", ('{ "workspace.library": ["%s/lua/crsync"] }'):format(here))
local bad, own = here .. "/spec/types/bad.lua", here .. "/spec/types/check.lua"
expect_what_comments_say(bad, samples[bad] or {})
samples[bad], samples[own] = nil, nil
expect_none(samples)

if wrong > 0 then os.exit(1) end
print("lua/ and spec/types: an editor flags what it should")
