--- The tasks of a wait in groups of one batch: how many are doing how, and which of them fit into a window. Pure.

local columns = require "crsync.cli.columns"
local text = require "crsync.util.text"

---@class crsync.cli.WaitGroup
---@field name string         of the batch; empty: the tasks that tell none yet
---@field short string        as long as tells it from the others
---@field ids string[]
---@field has_heading boolean

local wait_groups = {}

-- ---- counting ---------------------------------------------------------------------------------------------

local KINDS = { "running", "waiting", "failed", "canceled", "given up", "succeeded" }
local KIND = { SUCCESS = "succeeded", ERROR = "failed", CANCELED = "canceled", PENDING = "waiting" }

local function kind_of(seen)
  if not seen then return "waiting" end
  return seen.p.given_up and "given up" or KIND[seen.task.TaskStatus] or seen.p.percent and "running" or "waiting"
end

--- How tasks are doing: "3 running, 1 succeeded".
---@param ids string[]
---@param seen table<string, crsync.cli.Seen>  by id
---@return string
function wait_groups.counted(ids, seen)
  local counts, parts = {}, {}
  for _, id in ipairs(ids) do
    local kind = kind_of(seen[id])
    counts[kind] = (counts[kind] or 0) + 1
  end
  for _, kind in ipairs(KINDS) do
    if counts[kind] then parts[#parts + 1] = counts[kind] .. " " .. kind end
  end
  return table.concat(parts, ", ")
end

-- ---- groups -----------------------------------------------------------------------------------------------

local function batch_of(seen)
  local batch = seen and seen.task.SyncBatchTaskId
  return type(batch) == "string" and text.printable(batch) or ""
end

--- All tasks in groups of one batch, in the order given. Those that tell no batch yet come first, without a heading;
--- there are headings where there are several batches.
---@param ids string[]
---@param seen table<string, crsync.cli.Seen>
---@param dots string
---@return crsync.cli.WaitGroup[]
function wait_groups.of(ids, seen, dots)
  local groups, by_name, names = {}, {}, {}
  for _, id in ipairs(ids) do
    local name = batch_of(seen[id])
    if not by_name[name] then
      by_name[name] = { name = name, ids = {} }
      table.insert(groups, name == "" and 1 or #groups + 1, by_name[name])
      names[#names + 1] = name
    end
    table.insert(by_name[name].ids, id)
  end
  local short = columns.abbreviated(names, dots)
  local has_headings = #groups - (by_name[""] and 1 or 0) > 1
  for _, group in ipairs(groups) do
    group.short, group.has_heading = short[group.name], has_headings and group.name ~= ""
  end
  return groups
end

-- ---- what fits --------------------------------------------------------------------------------------------

--- Lines that tasks take, with the headings of their batches.
---@param groups crsync.cli.WaitGroup[]
---@param is_shown table<string, boolean>  by id
---@return integer
function wait_groups.height(groups, is_shown)
  local height = 0
  for _, group in ipairs(groups) do
    local count = 0
    for _, id in ipairs(group.ids) do count = count + (is_shown[id] and 1 or 0) end
    height = height + count + (count > 0 and group.has_heading and 1 or 0)
  end
  return height
end

local RANKS = { running = 1, waiting = 2, failed = 3, canceled = 3, ["given up"] = 3, succeeded = 4 }

-- Those that run first, then those that wait, then those that have failed; each kind in the order given.
local function by_interest(ids, seen)
  local ranked = {}
  for rank = 1, 4 do
    for _, id in ipairs(ids) do
      if RANKS[kind_of(seen[id])] == rank then ranked[#ranked + 1] = id end
    end
  end
  return ranked
end

--- Which tasks fit into so many lines, one of which counts the others.
---@param ids string[]
---@param seen table<string, crsync.cli.Seen>
---@param groups crsync.cli.WaitGroup[]  of these ids
---@param room integer  lines
---@return table<string, boolean> is_shown  by id
---@return string[] others
function wait_groups.fitting(ids, seen, groups, room)
  local is_shown, others = {}, {}
  for _, id in ipairs(ids) do is_shown[id] = true end
  if wait_groups.height(groups, is_shown) <= room then return is_shown, others end
  local ranked = by_interest(ids, seen)
  for i = room, #ranked do is_shown[ranked[i]] = false end
  local count = math.min(room, #ranked) - 1
  while count > 0 and wait_groups.height(groups, is_shown) >= room do
    is_shown[ranked[count]] = false
    count = count - 1
  end
  for _, id in ipairs(ids) do others[#others + 1] = not is_shown[id] and id or nil end
  return is_shown, others
end

return wait_groups
