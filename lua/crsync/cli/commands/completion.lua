--- `crsync completion`: prints the script by which a shell completes the command's words.

local completions = require "crsync.cli.completions"
local exit_status = require "crsync.cli.exit_status"
local output = require "crsync.cli.output"

local function run(given)
  output.put(completions.script(given.shell))
  return exit_status.DONE
end

return {
  name = "completion",
  about = "Print the completion script of a shell",
  arguments = { { name = "shell", about = "The shell", choices = { "bash", "zsh", "fish" } } },
  examples = { "source <(crsync completion bash)", "crsync completion fish | source" },
  without_client = true,
  without_common = true,
  run = run,
}
