--- The scripts by which bash, zsh and fish complete the command's words, made of the rows of commands, arguments and
--- options. argparse can make some, but that of zsh fails when it is sourced, those of bash and fish do not know
--- arguments, and all offer names of files where none are meant.

local arguments = require "crsync.cli.arguments"

local completions = {}

local HELP = { name = "-h --help", about = "Show help and exit" }

-- ---- what the rows say ----------------------------------------------------------------------------------------

local function names_of(option)
  local names = {}
  for name in option.name:gmatch "%S+" do names[#names + 1] = name end
  return names
end

local function takes_value(option) return option.value ~= nil or option.choices ~= nil end

local function common_options()
  local options = { HELP }
  for _, option in ipairs(arguments.COMMON) do options[#options + 1] = option end
  return options
end

local function option_names(options)
  local names = {}
  for i, option in ipairs(options) do names[i] = option.name end
  return table.concat(names, " ")
end

local function command_names(commands)
  local names = {}
  for i, command in ipairs(commands) do names[i] = command.name end
  return table.concat(names, " ")
end

local function quoted(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

-- Puts parts in the places of their @names@: a text, or lines, each behind the blanks before the first.
local function filled(script, parts)
  return (script:gsub("( *)@(%w+)@", function(indent, name)
    local part = parts[name]
    return indent .. (type(part) == "table" and table.concat(part, "\n" .. indent) or part)
  end))
end

-- ---- bash -------------------------------------------------------------------------------------------------------

local BASH = [==[
# Completions of crsync for bash. In ~/.bashrc: source <(crsync completion bash)

_crsync() {
    local IFS=$' \t\n' word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= place=0 words= i
    # To bash --output=json is three words.
    if [[ $word == "=" ]]; then word=; elif [[ $before == "=" ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case $command:${COMP_WORDS[i]} in
            @withValue@
                ((i += 1))
                if [[ ${COMP_WORDS[i]} == "=" ]]; then ((i += 1)); fi ;;
            *:-*) ;;
            :*) command=${COMP_WORDS[i]} ;;
            *) ((place += 1)) ;;
        esac
    done
    COMPREPLY=()
    case $command:$before in
        @choices@
        @files@
            compopt -o default 2>/dev/null
            return ;;
        @withValue@
            return ;;
        *)
            if [[ $word == -* ]]; then
                words="@common@"
                case $command in
                    @options@
                esac
            else
                case $command:$place in
                    :0) words="@commands@" ;;
                    @arguments@
                esac
            fi ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}

complete -F _crsync crsync
]==]

local function bash(commands)
  local parts = { withValue = {}, choices = {}, files = {}, options = {}, arguments = {} }
  local function add(name, ...) table.insert(parts[name], string.format(...)) end
  local function add_option(option, command)
    local patterns = {}
    for i, name in ipairs(names_of(option)) do patterns[i] = (command and command.name or "*") .. ":" .. name end
    local pattern = table.concat(patterns, " | ")
    if takes_value(option) then add("withValue", "%s", pattern) end
    if option.type == "file" then add("files", "%s", pattern) end
    if option.choices then add("choices", '%s) words="%s" ;;', pattern, table.concat(option.choices, " ")) end
  end
  for _, option in ipairs(common_options()) do add_option(option) end
  for _, command in ipairs(commands) do
    for _, option in ipairs(command.options or {}) do add_option(option, command) end
    if command.options then add("options", '%s) words+=" %s" ;;', command.name, option_names(command.options)) end
    for i, argument in ipairs(command.arguments or {}) do
      if argument.choices then
        add("arguments", '%s:%d) words="%s" ;;', command.name, i - 1, table.concat(argument.choices, " "))
      end
    end
  end
  parts.withValue = { table.concat(parts.withValue, " | ") .. ")" }
  parts.files = { table.concat(parts.files, " | ") .. ")" }
  parts.common, parts.commands = option_names(common_options()), command_names(commands)
  return filled(BASH, parts)
end

-- ---- zsh --------------------------------------------------------------------------------------------------------

local ZSH = [==[
#compdef crsync
# Completions of crsync for zsh. In ~/.zshrc, after compinit: source <(crsync completion zsh)
# Or as a file _crsync in a folder of $fpath.

_crsync() {
  local curcontext=$curcontext state state_descr line ret=1
  local -A opt_args
  local -a commands=(
    @commands@
  )
  local -a common=(
    @common@
  )
  _arguments -C -s -S $common '1:command:->command' '*::argument:->argument' && ret=0
  case $state in
    command) _describe -t commands command commands && ret=0 ;;
    argument)
      case $words[1] in
        @arguments@
      esac ;;
  esac
  return ret
}

# As a function of $fpath it is called; when sourced it is made known.
if [[ $funcstack[1] == _crsync ]]; then
  _crsync "$@"
else
  if (( ! $+functions[compdef] )); then autoload -Uz compinit && compinit; fi
  compdef _crsync crsync
fi
]==]

local function zsh_escaped(s) return (s:gsub("[%[%]:\\]", "\\%0")) end

-- What may stand there, as _arguments writes it: a blank for nothing to offer.
local function zsh_candidates(row)
  if row.choices then return "(" .. table.concat(row.choices, " ") .. ")" end
  return row.type == "file" and "_files" or " "
end

-- An option by each of its names, which exclude each other.
local function zsh_option(option)
  local names, specs = names_of(option), {}
  for i, name in ipairs(names) do
    local spec = #names > 1 and "(" .. table.concat(names, " ") .. ")" or ""
    local joined = takes_value(option) and not option.many and (name:find "^%-%-" and "=" or "+") or ""
    spec = spec .. name .. joined .. "[" .. zsh_escaped(option.about) .. "]"
    if takes_value(option) then
      spec = spec .. (option.many and ":*-*:" or ":") .. zsh_escaped(option.value or "value") .. ":"
        .. zsh_candidates(option)
    end
    specs[i] = quoted(spec)
  end
  return specs
end

local function zsh_argument(argument)
  local place = argument.many and "*:" or ":"
  return quoted(place .. zsh_escaped(argument.about or argument.name) .. ":" .. zsh_candidates(argument))
end

local function zsh(commands)
  local parts = { commands = {}, common = {}, arguments = {} }
  for _, option in ipairs(common_options()) do
    for _, spec in ipairs(zsh_option(option)) do table.insert(parts.common, spec) end
  end
  for i, command in ipairs(commands) do
    parts.commands[i] = quoted(command.name .. ":" .. zsh_escaped(command.about))
    local lines = parts.arguments
    lines[#lines + 1] = command.name .. ") _arguments -s -S $common \\"
    for _, option in ipairs(command.options or {}) do
      for _, spec in ipairs(zsh_option(option)) do lines[#lines + 1] = "  " .. spec .. " \\" end
    end
    for _, argument in ipairs(command.arguments or {}) do
      lines[#lines + 1] = "  " .. zsh_argument(argument) .. " \\"
    end
    lines[#lines + 1] = "  && ret=0 ;;"
  end
  return filled(ZSH, parts)
end

-- ---- fish -------------------------------------------------------------------------------------------------------

local FISH = [==[
# Completions of crsync for fish. In ~/.config/fish/config.fish: crsync completion fish | source

complete -c crsync -f
@lines@
]==]

local function fish_quoted(s) return "'" .. s:gsub("[\\']", "\\%0") .. "'" end

local function fish_option(option)
  local words = {}
  for _, name in ipairs(names_of(option)) do
    words[#words + 1] = name:find "^%-%-" and "-l " .. name:sub(3) or "-s " .. name:sub(2)
  end
  if option.choices then
    words[#words + 1] = "-x -a " .. fish_quoted(table.concat(option.choices, " "))
  elseif option.value then
    words[#words + 1] = option.type == "file" and "-r -F" or "-x"
  end
  words[#words + 1] = "-d " .. fish_quoted(option.about)
  return table.concat(words, " ")
end

local function fish(commands)
  local lines = {}
  local function add(condition, format, ...)
    condition = condition and "-n " .. fish_quoted(condition) .. " " or ""
    lines[#lines + 1] = "complete -c crsync " .. condition .. format:format(...)
  end
  for _, option in ipairs(common_options()) do add(nil, "%s", fish_option(option)) end
  local no_command = "not __fish_seen_subcommand_from " .. command_names(commands)
  for _, command in ipairs(commands) do
    local seen = "__fish_seen_subcommand_from " .. command.name
    add(no_command, "-a %s -d %s", command.name, fish_quoted(command.about))
    for _, option in ipairs(command.options or {}) do add(seen, "%s", fish_option(option)) end
    for _, argument in ipairs(command.arguments or {}) do
      local choices = argument.choices and table.concat(argument.choices, " ")
      if choices then
        add(seen .. "; and not __fish_seen_subcommand_from " .. choices, "-a %s", fish_quoted(choices))
      end
    end
  end
  return filled(FISH, { lines = lines })
end

local SHELLS = { bash = bash, zsh = zsh, fish = fish }

--- A shell's script.
---@param shell "bash"|"zsh"|"fish"
---@param commands crsync.cli.Command[]
---@return string
function completions.script(shell, commands) return SHELLS[shell](commands) end

return completions
