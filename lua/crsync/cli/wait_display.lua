--- Waits as people watch them: redrawn in place at a terminal, plain lines anywhere else. Writes to a stream that it is
--- given; knows tasks and their numbers, not how they came.

local text = require "crsync.util.text"

local wait_display = {}

local REPORT_EVERY = 10 -- seconds between plain lines of one task whose status does not change
local BAR = 20
local MOST_LAYERS = 8   -- bars of one task

local COLORS = { SUCCESS = "32", ERROR = "31", CANCELED = "33", SYNCHRONIZING = "36" }

local function duration(seconds)
  seconds = math.floor(seconds + 0.5)
  if seconds < 3600 then return ("%d:%02d"):format(math.floor(seconds / 60), seconds % 60) end
  return ("%d:%02d:%02d"):format(math.floor(seconds / 3600), math.floor(seconds / 60) % 60, seconds % 60)
end

-- What is known of a task, in words: "SYNCHRONIZING  57 %  71.6 MB of 124.9 MB  1.2 MB/s  0:44 to go".
local function words_of(task, p)
  local words = { text.printable(tostring(task.TaskStatus)) }
  local function word(...) words[#words + 1] = string.format(...) end
  if p.percent then word("%d %%", p.percent) end
  if p.total > 0 then word("%s of %s", text.bytes(p.synced), text.bytes(p.total)) end
  if p.rate and p.rate > 0 then word("%s/s", text.bytes(p.rate)) end
  if p.eta then word("%s to go", duration(p.eta)) end
  if not p.final and p.idle and p.idle >= 30 then word("no progress for %s", duration(p.idle)) end
  if task.TaskIssue then word("%s", text.printable(tostring(task.TaskIssue))) end
  return table.concat(words, "  ")
end

local Plain = {}
Plain.__index = Plain

function Plain:update(id, task, p, now)
  local line = text.printable(id) .. "  " .. words_of(task, p)
  self.stands[id] = line
  local last = self.last[id]
  if last and last.status == task.TaskStatus and now - last.at < REPORT_EVERY then return end
  self.last[id] = { status = task.TaskStatus, at = now }
  self.stream:write(line, "\n")
  self.stream:flush()
end

function Plain:stand()
  for _, id in ipairs(self.ids) do
    self.stream:write(self.stands[id] or text.printable(id) .. "  not seen yet", "\n")
  end
end

local Live = {}
Live.__index = Live

local function bar(self, synced, total)
  local full = total > 0 and math.floor(math.min(synced, total) / total * BAR) or 0
  if self.utf8 then return ("█"):rep(full) .. ("░"):rep(BAR - full) end
  return "[" .. ("#"):rep(full) .. ("."):rep(BAR - full) .. "]"
end

local function is_in_flight(layer)
  return type(layer) == "table" and type(layer.Size) == "number" and layer.Size > 0 and layer.TaskStatus ~= "SUCCESS"
    and layer.TaskStatus ~= "PENDING"
end

local function layer_lines(self, task, lines, width)
  local shown = 0
  for _, layer in ipairs(task.LayerTasks or {}) do
    if is_in_flight(layer) and shown < MOST_LAYERS then
      shown = shown + 1
      local synced = type(layer.SyncedSize) == "number" and layer.SyncedSize or 0
      local digest = tostring(layer.Digest):match "^%w+:%x+" or "layer"
      lines[#lines + 1] = text.truncate(("  %s  %s  %s of %s"):format(digest:sub(1, 19), bar(self, synced, layer.Size),
        text.bytes(synced), text.bytes(layer.Size)), width)
    end
  end
end

local function lines_of(self)
  local lines, width = {}, math.max(self.width() - 1, 20)
  for _, id in ipairs(self.ids) do
    local seen = self.seen[id]
    local words = seen and words_of(seen.task, seen.p) or "not seen yet"
    local line = text.truncate(text.printable(id) .. "  " .. words, width)
    local color = self.color and seen and COLORS[seen.task.TaskStatus]
    lines[#lines + 1] = color and "\27[" .. color .. "m" .. line .. "\27[0m" or line
    if seen and not seen.p.final then layer_lines(self, seen.task, lines, width) end
  end
  return lines
end

local function redraw(self)
  local lines = lines_of(self)
  local out = self.height > 0 and { ("\27[%dA"):format(self.height) } or {}
  for _, line in ipairs(lines) do out[#out + 1] = "\r\27[K" .. line .. "\n" end
  out[#out + 1] = "\27[J"
  self.height = #lines
  self.stream:write(table.concat(out))
  self.stream:flush()
end

function Live:update(id, task, p)
  self.seen[id] = { task = task, p = p }
  redraw(self)
end

function Live:stand() redraw(self) end

--- A display of waits for these tasks.
---@param options { stream: file*, live: boolean, color: boolean, utf8: boolean, width: fun(): integer }
---@param ids string[]
---@return table display  with update(id, task, progress, now), and stand() to show where things stand
function wait_display.new(options, ids)
  if not options.live then
    return setmetatable({ stream = options.stream, ids = ids, last = {}, stands = {} }, Plain)
  end
  return setmetatable({ stream = options.stream, color = options.color, utf8 = options.utf8, width = options.width,
    ids = ids, seen = {}, height = 0 }, Live)
end

return wait_display
