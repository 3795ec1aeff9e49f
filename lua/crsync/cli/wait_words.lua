--- A wait in words: what is known of a task, and what hinders asking for it.

local statuses = require "crsync.statuses"
local tables = require "crsync.print.table"
local text = require "crsync.util.text"

local wait_words = {}

--- What is said of a task that was not seen yet.
wait_words.UNSEEN = "not seen yet"

local LONG_IDLE = 30 -- seconds without progress that are worth a word

--- A task's status.
---@param task crsync.Task
---@return string
function wait_words.status(task)
  return task.TaskStatus == statuses.unseen and wait_words.UNSEEN or text.printable(tostring(task.TaskStatus))
end

--- That a task has not moved for long; nil: it has, or its wait is over.
---@param p crsync.Progress
---@return string|nil
function wait_words.idle(p)
  if p.final or p.given_up or (p.idle or 0) < LONG_IDLE then return nil end
  return "no progress for " .. tables.seconds(p.idle)
end

--- How long it will take, a second at least.
---@param seconds number
---@return string
function wait_words.to_go(seconds) return tables.seconds(math.max(seconds, 1)) .. " to go" end

-- What is known of a task: "SYNCHRONIZING  57 %  71.6 MB of 124.9 MB  1.2 MB/s  0:44 to go".
local function task_in_words(task, p)
  local words = { wait_words.status(task) }
  local function word(...) words[#words + 1] = string.format(...) end
  local idle = wait_words.idle(p)
  if p.percent then word("%d %%", p.percent) end
  if p.total > 0 then word("%s of %s", text.bytes(p.synced), text.bytes(p.total)) end
  if not idle and (p.rate or 0) > 0 then word("%s/s", text.bytes(p.rate)) end
  if not idle and p.eta then word("%s", wait_words.to_go(p.eta)) end
  if idle and not p.hindered then word("%s", idle) end
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

--- What hinders: "asking fails: Could not resolve host: cr.cn-hangzou.aliyuncs.com, for 20 s; going on"; or why the
--- wait for this task is over. Where there is little room the reason is cut, and not for how long it has lasted.
---@param trouble crsync.Error
---@param p crsync.Progress
---@param room number  columns
---@param dots string|nil  for what was cut
---@return string
function wait_words.trouble(trouble, p, room, dots)
  if p.given_up then return end_in_words(trouble) end
  local seconds = math.floor((p.hindered or 0) + 0.5)
  local head, tail = "asking fails: ", seconds > 0 and (", for %d s"):format(seconds) or ""
  local reason, going_on = reason_of(trouble), "; going on"
  if text.width(head .. reason .. tail .. going_on) > room then going_on = "" end
  return head .. text.truncate(reason, math.max(room - #head - #tail, 8), dots) .. tail .. going_on
end

--- How the wait for a task goes, as a line.
---@param task crsync.Task
---@param p crsync.Progress
---@param trouble crsync.Error|nil
---@return string
function wait_words.line(task, p, trouble)
  if not trouble then return task_in_words(task, p) end
  local words = wait_words.trouble(trouble, p, math.huge)
  if p.given_up and task.TaskStatus == statuses.unseen then return words end
  return task_in_words(task, p) .. "  " .. words
end

return wait_words
