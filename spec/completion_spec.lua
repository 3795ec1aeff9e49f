-- Completions, in the real shells: each reads its script by the line that the documentation gives, and is asked what it
-- offers.

local child = require "spec.support.child"
local files = require "spec.support.files"

local quoted = child.quoted

local folder

-- A folder with a command crsync, as a shell finds one in PATH, and a file whose name can be completed.
lazy_setup(function()
  folder = files.temporary_folder()
  local root = files.output_of "pwd":gsub("\n$", "")
  files.write(folder .. "/crsync", ([[
#!/bin/sh
cd %s && LD_PRELOAD=%s LUA_PATH=%s LUA_CPATH=%s exec %s lua/crsync/bin.lua "$@"
]]):format(quoted(root), quoted(os.getenv "LD_PRELOAD" or ""), quoted(package.path), quoted(package.cpath),
    os.getenv "LUA" or "lua5.4"))
  files.write(folder .. "/scenario.lua", "return {}\n")
  assert(os.execute(("chmod +x %s/crsync"):format(quoted(folder))))
end)
lazy_teardown(function() os.execute("rm -rf " .. quoted(folder)) end)

local SURROUNDINGS = [[unset LD_PRELOAD; export HOME="$PWD" ZDOTDIR="$PWD" PATH="$PWD:$PATH" TERM=xterm]]

-- What a command prints in that folder, errors too. No sanitizer is preloaded into the shells.
local function output_of(command)
  return files.output_of(("cd %s && %s && timeout 60 %s 2>&1"):format(quoted(folder), SURROUNDINGS, command))
end

local SHELLS = {}

-- Calls what is registered for crsync as bash does, each line's words split at blanks and "=".
function SHELLS.bash(lines)
  local script = { [[
    source <(crsync completion bash)
    registered=$(complete -p crsync) || exit
    function=${registered#*-F }
    ask() {
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
      ${function% crsync}
      printf '%s\n' "${COMPREPLY[@]}" END
    }]] }
  for _, line in ipairs(lines) do
    local words = {}
    for word in line:gsub("=", " = "):gmatch "%S+" do words[#words + 1] = quoted(word) end
    if line:find " $" then words[#words + 1] = "''" end
    script[#script + 1] = "ask " .. table.concat(words, " ")
  end
  return output_of("bash --norc --noprofile -c " .. quoted(table.concat(script, "\n")))
end

function SHELLS.fish(lines)
  local script = { "crsync completion fish | source" }
  for _, line in ipairs(lines) do
    script[#script + 1] = ("complete -C %s | string replace -r '\\t.*' ''; echo END"):format(quoted(line))
  end
  return output_of("fish --no-config -c " .. quoted(table.concat(script, "\n")))
end

-- A zsh at a terminal, of another zsh's making: its completions work nowhere else. The tab key completes, and then
-- prints what was offered.
function SHELLS.zsh(lines)
  files.write(folder .. "/.zshrc", [[
    PS1='ready> '
    source <(crsync completion zsh)
    compadd() {
      if (( ! ${argv[(I)-[OAD]*]} )); then
        local -a matches
        builtin compadd -O matches "$@"
        offered+=($matches)
      fi
      builtin compadd "$@"
    }
    show() {
      offered=()
      zle complete-word
      print -rl -- $offered END >>offered
      BUFFER=
      print -n answered
    }
    zle -N show
    bindkey '^I' show
  ]])
  local script = { [[
    zmodload zsh/zpty
    : >offered
    zpty shell zsh -i
    zpty -r shell screen '*ready> *']] }
  for _, line in ipairs(lines) do
    script[#script + 1] = ("zpty -w -n shell %s$'\\t'; zpty -r shell screen '*answered*'"):format(quoted(line))
  end
  script[#script + 1] = "zpty -d shell; cat offered"
  return output_of("zsh -f -c " .. quoted(table.concat(script, "\n")))
end

-- What a shell offers for each of the lines, sorted.
local function offered(shell, lines)
  local answers = {}
  local output = SHELLS[shell](lines)
  for answer in output:gmatch "(.-)END\n" do
    local words = {}
    for word in answer:gmatch "%S+" do words[#words + 1] = word:match "[^=]*$" end -- fish: --output=json
    table.sort(words)
    answers[#answers + 1] = table.concat(words, " ")
  end
  assert.equal(#lines, #answers, output)
  return answers
end

local EXPECTED = {
  { "crsync wa", "wait" },
  { "crsync ca", "call cancel" },
  { "crsync --output json wa", "wait" },
  { "crsync completion ", "bash fish zsh" },
  { "crsync completion z", "zsh" },
  { "crsync completion zsh f", "" },
  { "crsync get --out", "--output" },
  { "crsync get --output ", "csv html json jsonl lua markdown prometheus text" },
  { "crsync get --output=j", "json jsonl" },
  { "crsync get cri-1 rst-1 -o m", "markdown" },
  { "crsync wait cri-1 --stall", "--stall-timeout" },
  { "crsync get cri-1 --stall", "" },
  -- No names of files where none are meant.
  { "crsync get s", "" },
  { "crsync --region s", "" },
}

local FILE_CASE = { "crsync sandbox --scenario sce", "scenario.lua" }

for _, shell in ipairs { "bash", "fish", "zsh" } do
  describe("completions in " .. shell, function()
    it("offer commands, options and values, each where it may stand", function()
      local lines, expected = {}, {}
      for i, case in ipairs(EXPECTED) do lines[i], expected[i] = case[1], case[2] end
      assert.same(expected, offered(shell, lines))
    end)

    it("offer names of files for a file", function()
      if shell == "bash" then
        -- readline itself looks for them: a bash at a terminal, in which crsync tells its words.
        files.write(folder .. "/bashrc", [[
          source <(crsync completion bash)
          crsync() { printf '<%s>' "$@"; }]])
        files.write(folder .. "/typed", FILE_CASE[1] .. "\t\nexit\n")
        local output = output_of "script -qec 'bash --rcfile bashrc -i' /dev/null <typed"
        assert.truthy(output:find("<sandbox><--scenario><scenario.lua>", 1, true), output)
      else
        assert.same({ FILE_CASE[2] }, offered(shell, { FILE_CASE[1] }))
      end
    end)
  end)
end
