--- Waits at a terminal, redrawn in place every second or so: a line for each task, below it a bar for each layer in
--- flight; a heading for each batch where there are several. What does not fit is counted: first layers, then tasks.

local columns = require "crsync.cli.columns"
local text = require "crsync.util.text"
local wait_groups = require "crsync.cli.wait_groups"
local wait_rows = require "crsync.cli.wait_rows"

local wait_live = {}

local BAR, LEAST_BAR = 20, 6
local MOST_LAYERS = 8  -- bars of one task
local LEAST_WIDTH, LEAST_HEIGHT = 10, 2
local LEAST_PAUSE = 0.1 -- seconds between two drawings

local COLORS = { SUCCESS = "32", ERROR = "31", CANCELED = "33", SYNCHRONIZING = "36" }
local BOLD = "1"

local Live = { counts_tasks = true }
Live.__index = Live

-- ---- lines ------------------------------------------------------------------------------------------------

-- A line as it is drawn, and the columns that it takes.
local function line_of(s, color)
  return { text = color and "\27[" .. color .. "m" .. s .. "\27[0m" or s, width = text.width(s) }
end

local function color_of(self, id)
  local seen = self.color and self.seen[id]
  return seen and (seen.p.given_up and COLORS.ERROR or COLORS[seen.task.TaskStatus]) or nil
end

-- Shorter names of all tasks, made anew when there are more.
local function short_names(self)
  if self.named ~= #self.ids then
    local names = {}
    for i, id in ipairs(self.ids) do names[i] = text.printable(id) end
    self.named, self.short = #self.ids, columns.abbreviated(names, self.dots)
  end
  return self.short
end

local function spinner(self) return wait_rows.spinner(self.clock() - self.started, self.utf8) end

-- The tasks' lines, by their ids.
local function task_lines(self, ids, width, is_moving)
  local around = { short = short_names(self), dots = self.dots, utf8 = self.utf8, started = self.started,
    spinner = is_moving and spinner(self) or nil }
  local rows, lines, now = {}, {}, self.clock()
  for i, id in ipairs(ids) do rows[i] = wait_rows.of(id, self.seen[id], now, around) end
  for i, line in ipairs(columns.lines(wait_rows.plan, rows, width, self.dots)) do
    lines[ids[i]] = line_of(line, color_of(self, ids[i]))
  end
  return lines
end

local function bar(self, synced, total, width)
  if not self.utf8 then width = width - 2 end -- for brackets
  local full = math.floor(math.min(synced, total) / total * width)
  if self.utf8 then return ("█"):rep(full) .. ("░"):rep(width - full) end
  return "[" .. ("#"):rep(full) .. ("."):rep(width - full) .. "]"
end

-- "    sha256:36fb85fcb5e9  ████░░░░  9.3 MB of 31.0 MB": in a narrow window a shorter bar without the digest, or none.
local function layer_line(self, layer, width)
  local synced = type(layer.SyncedSize) == "number" and layer.SyncedSize or 0
  local digest = tostring(layer.Digest):match "^%w+:%x+" or "layer"
  local line = ("    %-19s  %s  %s"):format(digest:sub(1, 19), bar(self, synced, layer.Size, BAR),
    wait_rows.sizes(synced, layer.Size))
  if text.width(line) <= width then return line_of(line) end
  local sizes = wait_rows.sizes(synced, layer.Size, true)
  local room = math.min(width - text.width(sizes) - 5, BAR)
  local short = room < LEAST_BAR and "  " .. sizes
    or ("  %s %s"):format(bar(self, synced, layer.Size, room), sizes)
  return line_of(text.truncate(short, width, self.dots))
end

local function is_in_flight(layer)
  return type(layer) == "table" and type(layer.Size) == "number" and layer.Size > 0 and layer.TaskStatus ~= "SUCCESS"
    and layer.TaskStatus ~= "PENDING"
end

local function layers_in_flight(seen)
  local list = {}
  if not seen or not wait_rows.is_going_on(seen) then return list end
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

-- Bars of a task's layers, in no more lines than there is room for. Returns the room that is left.
local function add_layers(self, lines, id, room, width)
  local layers = layers_in_flight(self.seen[id])
  local shown = fitting(#layers, math.min(room, MOST_LAYERS))
  for i = 1, shown do lines[#lines + 1] = layer_line(self, layers[i], width) end
  if shown == #layers or room < 1 then return room - shown end
  local more = ("    %s and %d more layers"):format(self.dots, #layers - shown)
  lines[#lines + 1] = line_of(text.truncate(more, width, self.dots))
  return room - shown - 1
end

-- ---- what is shown ----------------------------------------------------------------------------------------

-- How many tasks there are; nil while the list itself has a row, which says so.
local function count_of_tasks(self)
  for _, id in ipairs(self.ids) do
    if self.seen[id] and self.seen[id].p.found then return nil end
  end
  return #self.ids
end

-- What is said while tasks may still have to appear and nothing else tells that the wait goes on; nil: nothing.
local function awaited_line(self, width)
  local count = self.awaits and count_of_tasks(self)
  if not count or self.expect and count >= self.expect then return nil end
  local words = count == 0 and "no task has appeared yet"
  if not words and self.expect then words = ("%d of %d tasks have appeared"):format(count, self.expect) end
  for _, id in ipairs(words and {} or self.ids) do
    if wait_rows.is_going_on(self.seen[id]) then return nil end
  end
  local seconds = math.floor(self.clock() - self.started)
  words = ("%s %s  %d:%02d"):format(spinner(self), words or "more tasks may appear", math.floor(seconds / 60),
    seconds % 60)
  return line_of(text.truncate(words, width, self.dots))
end

local function heading(self, group, width)
  local counts = wait_groups.counted(group.ids, self.seen)
  local words = ("batch %s  %s"):format(group.name, counts)
  if text.width(words) > width then words = ("batch %s  %s"):format(group.short, counts) end
  return line_of(text.truncate(words, width, self.dots), self.color and BOLD or nil)
end

-- Tasks with their headings; and with their layers, as long as there is room for those.
local function lines_of_tasks(self, groups, is_shown, width, room, is_moving)
  local ids, lines = {}, {}
  for _, id in ipairs(self.ids) do ids[#ids + 1] = is_shown[id] and id or nil end
  local tasks = task_lines(self, ids, width, is_moving)
  for _, group in ipairs(groups) do
    local is_first = true
    for _, id in ipairs(group.ids) do
      if is_shown[id] then
        if is_first and group.has_heading then lines[#lines + 1] = heading(self, group, width) end
        is_first, lines[#lines + 1] = false, tasks[id]
        room = add_layers(self, lines, id, room, width)
      end
    end
  end
  return lines
end

local function all_lines(self, height, width)
  local awaited, groups = awaited_line(self, width), wait_groups.of(self.ids, self.seen, self.dots)
  if awaited then height = height - 1 end
  local is_shown, others = wait_groups.fitting(self.ids, self.seen, groups, height)
  local room = #others > 0 and 0 or height - wait_groups.height(groups, is_shown)
  local lines = lines_of_tasks(self, groups, is_shown, width, room, true)
  if #others > 0 then
    local words = ("%s and %d more: %s"):format(self.dots, #others, wait_groups.counted(others, self.seen))
    lines[#lines + 1] = line_of(text.truncate(words, width, self.dots))
  end
  lines[#lines + 1] = awaited
  return lines
end

-- ---- drawing ----------------------------------------------------------------------------------------------

-- Lines of the terminal that were drawn: a window that was made narrower has broken the longer ones.
local function height_of(lines, columns_now)
  local height = 0
  for _, line in ipairs(lines) do height = height + math.max(math.ceil(line.width / columns_now), 1) end
  return height
end

local function draw(self, lines, columns_now)
  local height = height_of(self.drawn, columns_now)
  local out = height > 0 and { ("\27[%dA"):format(height) } or {}
  -- Line by line: tmux keeps a whole screen that is cleared at once in its history.
  for _, line in ipairs(lines) do out[#out + 1] = "\r\27[K" .. line.text .. "\n" end
  out[#out + 1] = "\r\27[J" -- a terminal that shows ^C has moved on
  self.drawn, self.drawn_at = lines, self.clock()
  self.stream:write(table.concat(out))
  self.stream:flush()
end

function Live:tick()
  local lines, columns_now = self.size()
  draw(self, all_lines(self, math.max(lines - 1, LEAST_HEIGHT), math.max(columns_now - 1, LEAST_WIDTH)), columns_now)
end

-- Many waits may tell much at once: what is not drawn now is with the next one, or in a second.
function Live:update(id, task, p, trouble)
  local now = self.clock()
  self.seen[id] = { task = task, p = p, trouble = trouble, at = now }
  if now - self.drawn_at >= LEAST_PAUSE then self:tick() end
end

-- All tasks, however many: this is what is left on the screen.
function Live:stand()
  local _, columns_now = self.size()
  local is_shown = {}
  for _, id in ipairs(self.ids) do is_shown[id] = true end
  local groups, width = wait_groups.of(self.ids, self.seen, self.dots), math.max(columns_now - 1, LEAST_WIDTH)
  draw(self, lines_of_tasks(self, groups, is_shown, width, 0, false), columns_now)
end

function Live:finish(table_of)
  if not table_of then return self:stand() end
  local _, columns_now = self.size()
  local lines = {}
  for i, line in ipairs(table_of(math.max(columns_now - 1, LEAST_WIDTH), self.dots)) do
    lines[i] = line_of(line.text, self.color and COLORS[line.status] or nil)
  end
  draw(self, lines, columns_now)
end

---@class crsync.cli.LiveOptions
---@field stream file*
---@field color boolean
---@field utf8 boolean
---@field size fun(): integer, integer  lines and columns
---@field clock fun(): number
---@field awaits boolean                tasks may still have to appear
---@field expect integer|nil

--- As wait_display.new.
---@param options crsync.cli.LiveOptions
---@param ids string[]
---@return crsync.cli.WaitDisplay
function wait_live.new(options, ids)
  return setmetatable({ stream = options.stream, color = options.color, utf8 = options.utf8, size = options.size,
    clock = options.clock, awaits = options.awaits, expect = options.expect, ids = ids, seen = {}, drawn = {},
    dots = options.utf8 and "…" or "...", started = options.clock(), drawn_at = -math.huge }, Live)
end

return wait_live
