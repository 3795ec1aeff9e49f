--- A wait in words: what is known of a task, and what hinders asking for it.

local statuses = require "crsync.statuses"
local text = require "crsync.util.text"

local wait_words = {}

--- What is said of a task that was not seen yet.
wait_words.UNSEEN = "not seen yet"

local LONG_IDLE = 30  -- seconds without progress that are worth a word
local LEAST_ROOM = 44 -- columns in which the trouble is told beside the status

local function duration(seconds)
  seconds = math.floor(seconds + 0.5)
  if seconds < 3600 then return ("%d:%02d"):format(math.floor(seconds / 60), seconds % 60) end
  return ("%d:%02d:%02d"):format(math.floor(seconds / 3600), math.floor(seconds / 60) % 60, seconds % 60)
end

local function status_of(task)
  return task.TaskStatus == statuses.unseen and wait_words.UNSEEN or text.printable(tostring(task.TaskStatus))
end

-- What is known of a task: "SYNCHRONIZING  57 %  71.6 MB of 124.9 MB  1.2 MB/s  0:44 to go".
local function task_in_words(task, p)
  local words = { status_of(task) }
  local function word(...) words[#words + 1] = string.format(...) end
  local is_idle = not p.final and (p.idle or 0) >= LONG_IDLE
  if p.percent then word("%d %%", p.percent) end
  if p.total > 0 then word("%s of %s", text.bytes(p.synced), text.bytes(p.total)) end
  if not is_idle and (p.rate or 0) > 0 then word("%s/s", text.bytes(p.rate)) end
  if not is_idle and p.eta then word("%s to go", duration(p.eta)) end
  if is_idle and not p.hindered then word("no progress for %s", duration(p.idle)) end
  if task.TaskIssue then word("%s", text.printable(tostring(task.TaskIssue))) end
  return table.concat(words, "  ")
end

local function reason_of(trouble)
  local message = tostring(trouble.message):gsub("%.?%s*$", "")
  return (trouble.code and trouble.code .. ": " or "") .. message
end

-- Why no more is asked for this task.
local function end_in_words(trouble)
  if trouble.kind == "task" then return "given up: " .. trouble.code end
  return (trouble.status and "refused: " or "given up: ") .. reason_of(trouble)
end

-- What hinders: "asking fails: Could not resolve host: cr.cn-hangzou.aliyuncs.com, for 20 s; going on". Where there is
-- little room the reason is cut, and not for how long it has lasted.
local function trouble_in_words(trouble, p, room)
  if p.given_up then return end_in_words(trouble) end
  local seconds = math.floor((p.hindered or 0) + 0.5)
  local head, tail = "asking fails: ", seconds > 0 and (", for %d s"):format(seconds) or ""
  local reason, going_on = reason_of(trouble), "; going on"
  if text.width(head .. reason .. tail .. going_on) > room then going_on = "" end
  return head .. text.truncate(reason, math.max(room - #head - #tail, 8)) .. tail .. going_on
end

--- How the wait for a task goes.
---@param task crsync.Task
---@param p crsync.Progress
---@param trouble crsync.Error|nil
---@param room integer|nil  columns; nil: any number
---@return string
function wait_words.of(task, p, trouble, room)
  if not trouble then return task_in_words(task, p) end
  local known = (room and status_of(task) or task_in_words(task, p)) .. "  "
  local left = (room or math.huge) - text.width(known)
  if left < LEAST_ROOM or p.given_up and task.TaskStatus == statuses.unseen then
    known, left = "", room or math.huge
  end
  return known .. trouble_in_words(trouble, p, left)
end

return wait_words
