--- The scripts by which bash, zsh and fish complete the command's words. Each asks the command itself for every word,
--- by `crsync __complete SHELL …`, and only puts the answer where its shell wants it; candidates.lua knows what to
--- offer.

local candidates = require "crsync.cli.candidates"

local completions = {}

-- The answer is a line for each candidate, or this one: the shell's own names of files.
local FILES = ":files"

---@class crsync.cli.Shell
---@field script string
---@field words fun(given: string[]): string[], string  what the script tells: the words, and of the last one what the
--- shell has cut off, which it does not want back
---@field line fun(candidate: crsync.cli.Candidate): string

local function with_tab(candidate) return candidate[1] .. (candidate[2] and "\t" .. candidate[2] or "") end

-- ---- bash -------------------------------------------------------------------------------------------------------

local BASH = [==[
# Completions of crsync for bash. In ~/.bashrc: source <(crsync completion bash)

_crsync() {
    local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]}
    if [[ $word == [=:] ]]; then word=; fi # to bash they stand between words
    COMPREPLY=($(command crsync __complete bash "${COMP_LINE:0:COMP_POINT}" "$word" 2>/dev/null))
    if [[ ${COMPREPLY[0]} == :files ]]; then
        COMPREPLY=()
        compopt -o default 2>/dev/null
    elif [[ ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -F _crsync crsync
]==]

-- The words of a line, which may end within one: quotes and backslashes are taken away.
local function split(line)
  local words, word, quote = {}, nil, nil
  local i = 1
  while i <= #line do
    local c = line:sub(i, i)
    if c == "\\" and quote ~= "'" then
      i = i + 1
      word = (word or "") .. line:sub(i, i)
    elseif c == quote then
      quote = nil
    elseif not quote and (c == "'" or c == '"') then
      word, quote = word or "", c
    elseif not quote and c:find "%s" then
      if word then words[#words + 1] = word end
      word = nil
    else
      word = (word or "") .. c
    end
    i = i + 1
  end
  words[#words + 1] = word or ""
  return words
end

-- Bash takes words apart at "=" and ":", and knows only the last piece.
local function words_of_line(given)
  local words = split(given[1] or "")
  table.remove(words, 1)
  local word, piece = words[#words] or "", given[2] or ""
  local cut = word:sub(#word - #piece + 1) == piece and word:sub(1, #word - #piece) or ""
  return words, cut
end

-- ---- zsh --------------------------------------------------------------------------------------------------------

local ZSH = [==[
#compdef crsync
# Completions of crsync for zsh. In ~/.zshrc, after compinit: source <(crsync completion zsh)
# Or as a file _crsync in a folder of $fpath.

_crsync() {
  local -a lines
  lines=("${(@f)$(command crsync __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case $lines[1] in
    '') return 1 ;;
    :files) compset -P '--*='; _files ;;
    *=|*=:*) _describe -t words word lines -S '' ;;
    *) _describe -t words word lines ;;
  esac
}

# As a function of $fpath it is called; when sourced it is made known.
if [[ $funcstack[1] == _crsync ]]; then
  _crsync "$@"
else
  if (( ! $+functions[compdef] )); then autoload -Uz compinit && compinit; fi
  compdef _crsync crsync
fi
]==]

-- ---- fish -------------------------------------------------------------------------------------------------------

local FISH = [==[
# Completions of crsync for fish. In ~/.config/fish/config.fish: crsync completion fish | source

function __crsync_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct)
    set -e before[1]
    set -l lines (command crsync __complete fish $before "$word" 2>/dev/null)
    if test "$lines[1]" = :files
        set -l option (string match -r -- '^--[^=]*=' "$word"; or echo)
        printf '%s\n' $option(__fish_complete_path (string replace -- "$option" '' "$word"))
    else if set -q lines[1]
        printf '%s\n' $lines
    end
end

complete -c crsync -e
complete -c crsync -f -a '(__crsync_complete)'
]==]

-- ---- all ----------------------------------------------------------------------------------------------------------

local function as_given(given) return given, "" end

---@type table<string, crsync.cli.Shell>
local SHELLS = {
  bash = { script = BASH, words = words_of_line, line = function(candidate) return candidate[1] end },
  zsh = { script = ZSH, words = as_given, line = function(candidate)
    return candidate[1] .. (candidate[2] and ":" .. candidate[2] or "") -- no candidate has a colon in it
  end },
  fish = { script = FISH, words = as_given, line = with_tab },
}

--- A shell's script.
---@param shell "bash"|"zsh"|"fish"
---@return string
function completions.script(shell) return SHELLS[shell].script end

--- The answer to a shell's script: lines, each ended.
---@param shell string
---@param given string[]  what the script tells
---@param commands crsync.cli.Command[]
---@return string
function completions.answer(shell, given, commands)
  local dialect = SHELLS[shell]
  if not dialect then return "" end
  local words, cut = dialect.words(given)
  local found = candidates.of(words, commands)
  if found == candidates.FILES then return FILES .. "\n" end
  local lines = {}
  for i, candidate in ipairs(found --[[@as crsync.cli.Candidate[] ]]) do
    lines[i] = dialect.line { candidate[1]:sub(#cut + 1), candidate[2] }
  end
  lines[#lines + 1] = ""
  return table.concat(lines, "\n")
end

return completions
