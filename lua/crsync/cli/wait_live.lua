--- Waits at a terminal, redrawn in place: a line for each task, below it a bar for each layer in flight. What does not
--- fit is counted: first layers, then tasks.

local text = require "crsync.util.text"
local wait_words = require "crsync.cli.wait_words"

local wait_live = {}

local BAR = 20
local MOST_LAYERS = 8 -- bars of one task
local LEAST_WIDTH, LEAST_HEIGHT = 20, 2

local COLORS = { SUCCESS = "32", ERROR = "31", CANCELED = "33", SYNCHRONIZING = "36" }

local Live = {}
Live.__index = Live

-- ---- lines ------------------------------------------------------------------------------------------------

-- A line as it is drawn, and the columns that it takes.
local function line_of(s, color)
  return { text = color and "\27[" .. color .. "m" .. s .. "\27[0m" or s, width = text.width(s) }
end

local function dots(self) return self.utf8 and "…" or "..." end

local function task_line(self, id, width)
  local seen = self.seen[id]
  local name = text.printable(id) .. "  "
  local words = name .. (seen and wait_words.of(seen.task, seen.p, seen.trouble, width - text.width(name))
    or wait_words.UNSEEN)
  local color = self.color and seen and (seen.p.given_up and COLORS.ERROR or COLORS[seen.task.TaskStatus]) or nil
  return line_of(text.truncate(words, width), color)
end

local function bar(self, synced, total)
  local full = total > 0 and math.floor(math.min(synced, total) / total * BAR) or 0
  if self.utf8 then return ("█"):rep(full) .. ("░"):rep(BAR - full) end
  return "[" .. ("#"):rep(full) .. ("."):rep(BAR - full) .. "]"
end

local function layer_line(self, layer, width)
  local synced = type(layer.SyncedSize) == "number" and layer.SyncedSize or 0
  local digest = tostring(layer.Digest):match "^%w+:%x+" or "layer"
  return line_of(text.truncate(("  %s  %s  %s of %s"):format(digest:sub(1, 19), bar(self, synced, layer.Size),
    text.bytes(synced), text.bytes(layer.Size)), width))
end

local function is_in_flight(layer)
  return type(layer) == "table" and type(layer.Size) == "number" and layer.Size > 0 and layer.TaskStatus ~= "SUCCESS"
    and layer.TaskStatus ~= "PENDING"
end

local function layers_in_flight(seen)
  local list = {}
  if not seen or seen.p.final or seen.p.given_up then return list end
  for _, layer in ipairs(seen.task.LayerTasks or {}) do
    if is_in_flight(layer) then list[#list + 1] = layer end
  end
  return list
end

-- How many of a list are shown in so many lines, where a line more counts the rest.
local function fitting(count, room)
  if count <= room then return count end
  return math.max(room - 1, 0)
end

-- Bars of a task's layers, in no more lines than there is room for.
local function add_layers(self, lines, id, room, width)
  local layers = layers_in_flight(self.seen[id])
  local shown = fitting(#layers, math.min(room, MOST_LAYERS))
  for i = 1, shown do lines[#lines + 1] = layer_line(self, layers[i], width) end
  if shown == #layers or room < 1 then return shown end
  lines[#lines + 1] = line_of(("  %s and %d more layers"):format(dots(self), #layers - shown))
  return shown + 1
end

local function is_going_on(seen) return not seen or not (seen.p.final or seen.p.given_up) end

-- The tasks that fit, those that go on before those that have ended; each kind in the order given.
local function tasks_to_show(self, room)
  local count = fitting(#self.ids, room)
  if count == #self.ids then return self.ids end
  local chosen = {}
  for _, wanted in ipairs { true, false } do
    for _, id in ipairs(self.ids) do
      if #chosen < count and is_going_on(self.seen[id]) == wanted then chosen[#chosen + 1] = id end
    end
  end
  return chosen
end

local function rest_line(self, shown)
  local done = 0
  local is_shown = {}
  for _, id in ipairs(shown) do is_shown[id] = true end
  for _, id in ipairs(self.ids) do
    local seen = not is_shown[id] and self.seen[id]
    if seen and seen.task.TaskStatus == "SUCCESS" then done = done + 1 end
  end
  local rest = #self.ids - #shown
  local words = ("%s and %d more"):format(dots(self), rest)
  return line_of(words .. (done > 0 and (", %d of them SUCCESS"):format(done) or ""))
end

local function all_lines(self, height, width)
  local shown = tasks_to_show(self, height)
  local lines, room = {}, #shown < #self.ids and 0 or height - #shown
  for _, id in ipairs(shown) do
    lines[#lines + 1] = task_line(self, id, width)
    room = room - add_layers(self, lines, id, room, width)
  end
  if #shown < #self.ids then lines[#lines + 1] = rest_line(self, shown) end
  return lines
end

-- ---- drawing ----------------------------------------------------------------------------------------------

-- Lines of the terminal that were drawn: a window that was made narrower has broken the longer ones.
local function height_of(lines, columns)
  local height = 0
  for _, line in ipairs(lines) do height = height + math.max(math.ceil(line.width / columns), 1) end
  return height
end

local function draw(self, lines, columns)
  local height = height_of(self.drawn, columns)
  local out = height > 0 and { ("\27[%dA"):format(height) } or {}
  -- Line by line: tmux keeps a whole screen that is cleared at once in its history.
  for _, line in ipairs(lines) do out[#out + 1] = "\r\27[K" .. line.text .. "\n" end
  out[#out + 1] = "\27[J"
  self.drawn = lines
  self.stream:write(table.concat(out))
  self.stream:flush()
end

function Live:update(id, task, p, trouble)
  self.seen[id] = { task = task, p = p, trouble = trouble }
  local lines, columns = self.size()
  draw(self, all_lines(self, math.max(lines - 1, LEAST_HEIGHT), math.max(columns - 1, LEAST_WIDTH)), columns)
end

-- All tasks, however many: this is what is left on the screen.
function Live:stand()
  local _, columns = self.size()
  local lines = {}
  for i, id in ipairs(self.ids) do lines[i] = task_line(self, id, math.max(columns - 1, LEAST_WIDTH)) end
  draw(self, lines, columns)
end

--- As wait_display.new.
---@param options { stream: file*, color: boolean, utf8: boolean, size: fun(): integer, integer }
---@param ids string[]
---@return crsync.cli.WaitDisplay
function wait_live.new(options, ids)
  return setmetatable({ stream = options.stream, color = options.color, utf8 = options.utf8, size = options.size,
    ids = ids, seen = {}, drawn = {} }, Live)
end

return wait_live
