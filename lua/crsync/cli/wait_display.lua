--- Waits as people watch them: redrawn in place at a terminal (wait_live.lua), plain lines anywhere else
--- (wait_plain.lua). Both write to a stream that they are given, and know tasks and their numbers, not how they came.

local ci = require "crsync.cli.ci"
local core = require "crsync.core"
local terminal = require "crsync.cli.terminal"
local wait_live = require "crsync.cli.wait_live"
local wait_plain = require "crsync.cli.wait_plain"

---@class crsync.cli.WaitDisplay
---@field counts_tasks boolean|nil  says by itself how many tasks have appeared
---@field update fun(self, id: string, task: crsync.Task, p: crsync.Progress, trouble: crsync.Error|nil)  as on_progress
---@field tick fun(self)   as on_tick
---@field stand fun(self)  shows where all tasks stand, before the command ends
---@field finish fun(self, table_of: (fun(width: number, dots: string): { text: string, status: string|nil }[])|nil)
--- ends with these lines; nil: with how all tasks stand

local wait_display = {}

-- Whether standard error is redrawn in place. The log of a CI job keeps every line, even if it looks like a terminal.
local function is_live() return not ci.log() and terminal.is_able() and terminal.is_terminal(2) end

--- A display on standard error of waits for these tasks; more ids may be added to the table later.
---@param given table  from the command line: color, expect
---@param ids string[]
---@param what { title: string, awaits: boolean, is_traced: boolean }  awaits: tasks may still have to appear;
--- is_traced: other lines are written to standard error meanwhile
---@return crsync.cli.WaitDisplay
function wait_display.new(given, ids, what)
  if what.is_traced or not is_live() then
    return wait_plain.new({ stream = io.stderr, log = ci.any_log(), title = what.title }, ids)
  end
  return wait_live.new({ stream = io.stderr, color = terminal.wants_color(given.color, 2),
    utf8 = terminal.speaks_utf8(), size = terminal.size, clock = core.now, awaits = what.awaits,
    expect = given.expect }, ids)
end

return wait_display
