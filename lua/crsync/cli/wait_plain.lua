--- Waits where nothing is redrawn: a plain line for each change, within a fold where the log of a CI job has any.

local text = require "crsync.util.text"
local wait_words = require "crsync.cli.wait_words"

local wait_plain = {}

local Plain = {}
Plain.__index = Plain

local function write(self, s)
  self.stream:write(s)
  self.stream:flush()
end

local function line(self, id)
  return self.log.line(text.printable(id) .. "  " .. (self.lines[id] or wait_words.UNSEEN)) .. "\n"
end

local function fold(self)
  if self.closing then return end
  local opening
  opening, self.closing = self.log.fold(text.printable(self.title))
  if opening ~= "" then write(self, opening) end
end

-- Ends the fold. Returns whether there was one.
local function unfold(self)
  local closing = self.closing or ""
  self.closing = ""
  if closing ~= "" then write(self, closing) end
  return closing ~= ""
end

function Plain:update(id, task, p, trouble)
  self.lines[id] = wait_words.line(task, p, trouble)
  if not p.news then return end
  fold(self)
  write(self, line(self, id))
end

function Plain.tick() end -- nothing moves here

function Plain:stand()
  unfold(self)
  for _, id in ipairs(self.ids) do write(self, line(self, id)) end
end

-- The last line of each task is there already, unless it is folded away.
function Plain:finish(table_of)
  local was_folded = unfold(self)
  if not table_of and was_folded then self:stand() end
  for _, last in ipairs(table_of and table_of(math.huge, "...") or {}) do
    write(self, self.log.line(last.text) .. "\n")
  end
end

--- As wait_display.new.
---@param options { stream: file*, log: crsync.cli.Log, title: string }
---@param ids string[]
---@return crsync.cli.WaitDisplay
function wait_plain.new(options, ids)
  return setmetatable({ stream = options.stream, log = options.log, title = options.title, ids = ids, lines = {} },
    Plain)
end

return wait_plain
