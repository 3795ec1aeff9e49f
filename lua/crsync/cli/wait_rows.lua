--- A wait for one task as a row at a terminal: what each column says of it, and which columns give way in a narrow
--- window.

local columns = require "crsync.cli.columns"
local statuses = require "crsync.statuses"
local tables = require "crsync.print.table"
local text = require "crsync.util.text"
local wait_words = require "crsync.cli.wait_words"

--- What was told last of a wait.
---@class crsync.cli.Seen
---@field task crsync.Task
---@field p crsync.Progress
---@field trouble crsync.Error|nil
---@field at number  when, on the display's clock

local wait_rows = {}

local SPINNER = {
  utf8 = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" },
  ascii = { "|", "/", "-", "\\" },
}
local ENDED = { SUCCESS = "✓", ERROR = "✗", CANCELED = "✗" }

---@type crsync.cli.ColumnPlan
wait_rows.plan = {
  order = { "id", "region", "image", "elapsed", "status", "percent", "copied", "rate", "to_go" },
  least = { status = 13, percent = 5, rate = 9, to_go = 10 }, -- so that columns do not jump when these are filled
  right = { elapsed = true, percent = true, copied = true, rate = true, to_go = true },
  give_way = {
    { shorten = "copied" },
    { shorten = "id" },
    { shorten = "image", to = 24 },
    { drop = "copied" },
    { gap = 1 },
    { shorten = "image", to = 14 },
    { drop = "rate" },
    { drop = "image" },
    { drop = "elapsed" },
    { shorten = "status", to = 8 },
    { drop = "to_go" },
    { shorten = "status", to = 5 },
    { drop = "region" },
    { drop = "percent" },
  },
  yield = { { drop = "copied" }, { drop = "elapsed" }, { drop = "image", below = 44 }, { drop = "percent", below = 44 },
    { drop = "region", below = 44 }, { drop = "status", below = 44 } },
}

--- What moves: another sign each second.
---@param seconds number
---@param is_utf8 boolean
---@return string
function wait_rows.spinner(seconds, is_utf8)
  local frames = is_utf8 and SPINNER.utf8 or SPINNER.ascii
  return frames[math.floor(seconds) % #frames + 1]
end

--- Whether there is still something to wait for.
---@param seen crsync.cli.Seen|nil
---@return boolean
function wait_rows.is_going_on(seen) return not seen or not (seen.p.final or seen.p.given_up) end

-- The numbers as they are a while after they were told.
local function numbers_now(seen, now)
  local p, since = {}, math.max(now - seen.at, 0)
  for name, value in pairs(seen.p) do p[name] = value end
  if not wait_rows.is_going_on(seen) then return p end
  p.elapsed, p.idle = (p.elapsed or 0) + since, (p.idle or 0) + since
  if p.hindered then p.hindered = p.hindered + since end
  return p
end

--- How much of something is done: "71.6 MB of 124.9 MB"; in few columns "71.6/124.9 MB".
---@param synced number
---@param total number
---@param is_short boolean|nil
---@return string
function wait_rows.sizes(synced, total, is_short)
  local done, all = text.bytes(synced), text.bytes(total)
  if not is_short then return done .. " of " .. all end
  local number, unit = done:match "^(%S+) (%S+)$"
  return (unit and all:sub(-#unit - 1) == " " .. unit and number or done) .. "/" .. all
end

local function copied(p, is_short)
  if p.total <= 0 then return nil end
  return p.ok and p.synced == p.total and text.bytes(p.total) or wait_rows.sizes(p.synced, p.total, is_short)
end

local function fill(cells, task, p)
  local to = type(task.ImageTo) == "table" and task.ImageTo or {}
  if task.TaskStatus ~= statuses.unseen then
    cells.region, cells.image = to.RegionId and tables.shown(to.RegionId), to.RepoName and tables.image(to)
  end
  cells.elapsed, cells.status = tables.seconds(p.elapsed), wait_words.status(task)
  cells.percent, cells.copied = p.percent and p.percent .. " %", copied(p)
  if (p.rate or 0) > 0 then cells.rate = text.bytes(p.rate) .. "/s" end
  cells.to_go = p.eta and wait_words.to_go(p.eta)
end

-- What stands in place of the last columns: what hinders, that nothing moves, why it failed.
local function add_words(row, seen, p, dots)
  local task, trouble, idle = seen.task, seen.trouble, wait_words.idle(p)
  if trouble then
    row.words, row.last = function(room) return wait_words.trouble(trouble, p, room, dots) end, "status"
    if p.given_up and task.TaskStatus == statuses.unseen then row.cells.status = nil end
  elseif idle then
    row.words, row.last = function() return idle end, "copied"
  elseif task.TaskIssue then
    row.words, row.last = function() return text.printable(tostring(task.TaskIssue)) end, "copied"
  end
end

local function mark_of(seen, around)
  if wait_rows.is_going_on(seen) then return around.spinner or " " end
  return around.utf8 and (ENDED[seen.task.TaskStatus] or "✗") or " "
end

--- A task's row.
---@param id string
---@param seen crsync.cli.Seen|nil
---@param now number  on the display's clock
---@param around { short: table<string, string>, dots: string, utf8: boolean, started: number, spinner: string|nil }
--- short: by ids as they are shown; without a spinner nothing moves any more
---@return crsync.cli.ColumnRow
function wait_rows.of(id, seen, now, around)
  local name = text.printable(id)
  local mark = mark_of(seen, around)
  local row = { cells = { id = mark .. " " .. name }, shorter = {} }
  row.shorter.id = function() return mark .. " " .. around.short[name] end
  if not seen then
    row.cells.elapsed, row.cells.status = tables.seconds(now - around.started), wait_words.UNSEEN
    return row
  end
  local p = numbers_now(seen, now)
  fill(row.cells, seen.task, p)
  add_words(row, seen, p, around.dots)
  row.shorter.copied = function() return copied(p, true) end
  row.shorter.image = function(width) return columns.around_colon(row.cells.image, width, around.dots) end
  row.shorter.status = function(width) return text.truncate(row.cells.status, width, around.dots) end
  return row
end

return wait_rows
