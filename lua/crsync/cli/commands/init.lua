--- The commands, in the order in which help shows them. A new one is a file beside this one, of the same name, and a
--- row here; cli/arguments.lua says what the file returns.

local NAMES = {
  "get",
  "wait",
  "list",
  "report",
  "create",
  "retry",
  "cancel",
  "rules",
  "call",
  "config",
  "sandbox",
  "completion",
  "help",
}

---@type crsync.cli.Command[]
local commands = {}
for i, name in ipairs(NAMES) do commands[i] = require("crsync.cli.commands." .. name) end

return commands
