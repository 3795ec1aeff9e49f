--- A task as a report that a person reads at a glance. Foreign text is made harmless; nothing here raises for
--- whatever a table holds.

local argcheck = require "crsync.util.argcheck"
local compat = require "crsync.util.compat"
local options_of = require "crsync.options"
local progress = require "crsync.progress"
local statuses = require "crsync.statuses"
local text = require "crsync.util.text"

local report = {}

local OPTIONS = options_of.by_name(options_of.format)
local LEAST_WIDTH = 40
local MOST_LAYERS = 12  -- listed one by one; of more, only those that are unfinished or failed
local MOST_SHOWN = 20   -- of these
local LABEL = 10        -- columns of the labels
local BAR = 10

local COLORS = { SUCCESS = "32", ERROR = "31", CANCELED = "33", SYNCHRONIZING = "36", PENDING = "2" }

local TRIGGERS = { PASSIVE = "by a rule", INITIATIVE = "by hand" }

-- ---- pieces -------------------------------------------------------------------------------------------

-- A scalar as harmless text; nil for what there is nothing to say of.
local function shown(value)
  local kind = type(value)
  if kind == "string" then return value ~= "" and text.printable(value) or nil end
  if kind == "number" or kind == "boolean" then return compat.tostring(value) end
  return nil
end

local function painted(s, status, color)
  local code = color and COLORS[status]
  return code and "\27[" .. code .. "m" .. s .. "\27[0m" or s
end

local function padded(s, columns) return s .. (" "):rep(columns - text.width(s)) end

local function right(s, columns) return (" "):rep(columns - text.width(s)) .. s end

-- Breaks at blanks and slashes where it can, anywhere where it must: what is copied must stay whole.
local function wrapped(s, columns)
  local lines, from = {}, 1
  repeat
    local cut, width, at = nil, 0, from
    while at <= #s do
      local stop = s:find("[^\128-\191]", at + 1) or #s + 1
      width = width + text.width(s:sub(at, stop - 1))
      if width > columns then break end
      if s:find("^[ /]", at) then cut = stop - 1 end
      at = stop
    end
    if at > #s then
      lines[#lines + 1] = s:sub(from)
    else
      cut = cut or math.max(at - 1, from)
      lines[#lines + 1] = (s:sub(from, cut):gsub(" $", ""))
      from = cut + 1
    end
  until at > #s
  return lines
end

local function add_line(page, label, value)
  if not value then return end
  for i, line in ipairs(wrapped(value, page.width - LABEL)) do
    page[#page + 1] = padded(i == 1 and label or "", LABEL) .. line
  end
end

-- Source and destination, in columns of the same width.
local function image_lines(from, to)
  local function cell(image, name) return type(image) == "table" and shown(image[name]) or "?" end
  local function widest_of(name) return math.max(text.width(cell(from, name)), text.width(cell(to, name))) end
  local regions, instances = widest_of("RegionId"), widest_of("InstanceId")
  local function line(image)
    if type(image) ~= "table" then return nil end
    local tag = shown(image.ImageTag)
    return padded(cell(image, "RegionId"), regions) .. "  " .. padded(cell(image, "InstanceId"), instances) .. "  "
      .. cell(image, "RepoNamespaceName") .. "/" .. cell(image, "RepoName") .. (tag and ":" .. tag or "")
  end
  return line(from), line(to)
end

local function percent_text(p) return p.percent and p.percent .. " %" or "-" end

-- ---- the head -----------------------------------------------------------------------------------------

local function add_status(page, task, p)
  local status = shown(task.TaskStatus) or "unknown status"
  local line = status
  if not p.ok then line = line .. "  " .. percent_text(p) end
  page[#page + 1] = padded("status", LABEL) .. painted(text.truncate(line, page.width - LABEL),
    task.TaskStatus, page.color)
end

local function add_reason(page, task)
  local issue = shown(task.TaskIssue)
  if not issue then
    if task.TaskStatus == "ERROR" then add_line(page, "reason", "not told by the service") end
    return
  end
  local meaning = statuses.issues[task.TaskIssue]
  add_line(page, "reason", issue .. (meaning and ": " .. meaning or ""))
end

local function size_text(task, p)
  if p.layers == 0 then
    local synced = type(task.SyncedSize) == "number" and task.SyncedSize > 0 and task.SyncedSize
    return synced and text.bytes(synced) .. " copied, layers not told" or "no layers told yet"
  end
  return ("%s of %s in %d layer%s"):format(text.bytes(p.synced), text.bytes(p.total), p.layers,
    p.layers == 1 and "" or "s")
end

local function details_of(task)
  local parts = {}
  local function part(s) parts[#parts + 1] = s end
  if TRIGGERS[task.TaskTrigger] then part("started " .. TRIGGERS[task.TaskTrigger]) end
  if shown(task.Priority) then part("priority " .. shown(task.Priority)) end
  if task.CrossUser == true then part("to another account") end
  if task.SyncTransAccelerate == true then part("accelerated") end
  return #parts > 0 and table.concat(parts, ", ") or nil
end

local function add_head(page, task, p)
  add_line(page, "task", shown(task.SyncTaskId) or "unknown id")
  add_status(page, task, p)
  add_reason(page, task)
  local from, to = image_lines(task.ImageFrom, task.ImageTo)
  add_line(page, "from", from)
  add_line(page, "to", to)
  add_line(page, "copied", size_text(task, p))
  add_line(page, "details", details_of(task))
  add_line(page, "rule", shown(task.SyncRuleId))
  add_line(page, "batch", shown(task.SyncBatchTaskId))
  add_line(page, "request", shown(task.RequestId))
end

-- ---- the layers ---------------------------------------------------------------------------------------

local function short_digest(digest)
  local s = shown(digest) or "unknown digest"
  local algorithm, hex = s:match("^(%w+:)(%x+)$")
  return algorithm and algorithm .. hex:sub(1, 12) or text.truncate(s, 19)
end

local function bar_of(percent)
  if not percent then return (" "):rep(BAR + 2) end
  local full = math.floor(percent * BAR / 100)
  return "[" .. ("#"):rep(full) .. ("."):rep(BAR - full) .. "]"
end

local function layer_percent(layer)
  ---@diagnostic disable-next-line: missing-fields -- a layer as a task of its own
  local p = progress.of { TaskStatus = layer.TaskStatus, LayerTasks = { layer } }
  return p.percent
end

-- The columns of one layer: digest, status, size, percent.
local function layer_cells(layer)
  if type(layer) ~= "table" then layer = {} end
  local percent = layer_percent(layer)
  return {
    digest = short_digest(layer.Digest),
    status = shown(layer.TaskStatus) or "-",
    key = layer.TaskStatus,
    size = type(layer.Size) == "number" and text.bytes(layer.Size) or "-",
    percent = percent and percent .. " %" or "-",
    bar = bar_of(percent),
  }
end

local function widest(rows, name, most)
  local width = 0
  for _, row in ipairs(rows) do width = math.max(width, text.width(row[name])) end
  return math.min(width, most)
end

local function add_layer_rows(page, layers)
  local rows = {}
  for i, layer in ipairs(layers) do rows[i] = layer_cells(layer) end
  local digests, states, sizes = widest(rows, "digest", 24), widest(rows, "status", 13), widest(rows, "size", 9)
  for _, row in ipairs(rows) do
    local left = "  " .. padded(row.digest, digests) .. "  "
    local status = padded(text.truncate(row.status, states), states)
    local rest = "  " .. right(row.size, sizes) .. "  " .. right(row.percent, 5)
    local used = text.width(left) + states + text.width(rest)
    if used + #row.bar + 2 <= page.width then rest = rest .. "  " .. row.bar end
    if used <= page.width then
      page[#page + 1] = left .. painted(status, row.key, page.color) .. rest
    else
      page[#page + 1] = text.truncate(left .. status .. rest, page.width)
    end
  end
end

-- Failed layers first, then those under way, then those that wait; each in the service's order.
local function noteworthy(layers)
  local failed, moving, others = {}, {}, {}
  for _, layer in ipairs(layers) do
    local status = type(layer) == "table" and layer.TaskStatus or nil
    local list = status == "SYNCHRONIZING" and moving or others
    if statuses.failed[status] then list = failed end
    if status ~= "SUCCESS" then list[#list + 1] = layer end
  end
  for _, list in ipairs { moving, others } do
    for _, layer in ipairs(list) do failed[#failed + 1] = layer end
  end
  return failed
end

local function counts_of(layers)
  local counts, names = {}, {}
  for _, layer in ipairs(layers) do
    local status = type(layer) == "table" and shown(layer.TaskStatus) or "unknown"
    if not counts[status] then names[#names + 1] = status end
    counts[status] = (counts[status] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = counts[name] .. " " .. name end
  return table.concat(names, ", ")
end

local function add_many_layers(page, layers)
  add_line(page, "layers", counts_of(layers))
  local all, some = noteworthy(layers), {}
  for i = 1, math.min(#all, MOST_SHOWN) do some[i] = all[i] end
  add_layer_rows(page, some)
  if #all > #some then page[#page + 1] = ("  ... and %d more that are not finished"):format(#all - #some) end
end

local function add_layers(page, task)
  local layers = type(task.LayerTasks) == "table" and task.LayerTasks or {}
  if #layers > MOST_LAYERS then return add_many_layers(page, layers) end
  if #layers > 0 then page[#page + 1] = "layers" end
  add_layer_rows(page, layers)
end

--- A report of one task: several lines, the last without a line end. The same bytes for the same task.
---@param task crsync.Task|crsync.ListedTask
---@param options? crsync.FormatOptions
---@return string
function report.task(task, options)
  if type(task) ~= "table" then
    error("bad argument #1 to 'format' (expected a task, got " .. type(task) .. ")", 2)
  end
  options = options_of.filled(OPTIONS, argcheck.options(options, 2, "format", OPTIONS, 1))
  local page = { width = math.max(math.floor(options.width), LEAST_WIDTH), color = options.color }
  add_head(page, task, progress.of(task))
  add_layers(page, task)
  return table.concat(page, "\n")
end

return report
