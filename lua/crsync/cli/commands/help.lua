--- `crsync help`: all about a command or a topic; without either, what there is.

local exit = require "crsync.cli.exit"
local exit_status = require "crsync.cli.exit_status"
local help = require "crsync.cli.help"
local output = require "crsync.cli.output"
local parser = require "crsync.cli.parser"
local topics = require "crsync.cli.topics"

local function text_about(name, commands)
  local names, width = {}, parser.width()
  for _, command in ipairs(commands) do
    if command.name == name then return help.command(command, width) end
    names[#names + 1] = command.name
  end
  local topic = topics.find(name)
  if topic then return topics.text(topic, commands, width) end
  for _, row in ipairs(topics.rows) do names[#names + 1] = row.name end
  return exit.misused(("there is no command and no topic %s%s"):format(name, parser.meant(name, names)))
end

local function run(given)
  local commands = require "crsync.cli.commands" -- not sooner: this row is one of them
  output.put((given.topic and text_about(given.topic, commands) or help.overview(commands, parser.width())) .. "\n")
  return exit_status.DONE
end

return {
  name = "help",
  about = "Tell all about a command or a topic",
  arguments = { { name = "topic", value = "COMMAND|TOPIC", many = "?", completes = "help",
    about = "Name of a command or a topic" } },
  examples = { "crsync help wait", "crsync help keys" },
  without_client = true,
  without_common = true,
  run = run,
}
