--- `crsync completion`: prints the script by which a shell completes the command's words.

local arguments = require "crsync.cli.arguments"
local exit_status = require "crsync.cli.exit_status"

return {
  name = "completion",
  about = "Print the completion script of a shell",
  arguments = { { name = "shell", choices = { "bash", "zsh", "fish" } } },
  without_client = true,
  run = function(given)
    local parser = arguments.make_parser(require "crsync.cli.commands") -- not sooner: this row is among them
    local shells = { bash = parser.get_bash_complete, zsh = parser.get_zsh_complete, fish = parser.get_fish_complete }
    print(shells[given.shell](parser))
    return exit_status.DONE
  end,
}
