--- Waits as people watch them: redrawn in place at a terminal (wait_live.lua), plain lines anywhere else. Writes to a
--- stream that it is given; knows tasks and their numbers, not how they came.

local text = require "crsync.util.text"
local wait_live = require "crsync.cli.wait_live"
local wait_words = require "crsync.cli.wait_words"

---@class crsync.cli.WaitDisplay
---@field update fun(self, id: string, task: crsync.Task, p: crsync.Progress, trouble: crsync.Error|nil)  as on_progress
---@field stand fun(self)  shows where all tasks stand, before the command ends

local wait_display = {}

-- ---- plain lines ------------------------------------------------------------------------------------------

local Plain = {}
Plain.__index = Plain

function Plain:update(id, task, p, trouble)
  local line = text.printable(id) .. "  " .. wait_words.of(task, p, trouble)
  self.lines[id] = line
  if not p.news then return end
  self.stream:write(line, "\n")
  self.stream:flush()
end

function Plain:stand()
  for _, id in ipairs(self.ids) do
    self.stream:write(self.lines[id] or text.printable(id) .. "  " .. wait_words.UNSEEN, "\n")
  end
end

--- A display of waits for these tasks.
---@param options { stream: file*, live: boolean, color: boolean, utf8: boolean, size: fun(): integer, integer }
--- size: lines and columns of the terminal, for a live one
---@param ids string[]
---@return crsync.cli.WaitDisplay
function wait_display.new(options, ids)
  if options.live then return wait_live.new(options, ids) end
  return setmetatable({ stream = options.stream, ids = ids, lines = {} }, Plain)
end

return wait_display
