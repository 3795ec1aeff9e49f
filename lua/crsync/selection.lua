--- Which tasks of a list are meant, where the service has no filter: by time, status and destination. Pure.

local selection = {}

local function as_set(words)
  if words == nil then return nil end
  local set = {}
  for _, word in ipairs(type(words) == "table" and words or { words }) do set[word] = true end
  return set
end

local function region_of(image) return type(image) == "table" and image.RegionId or nil end

--- What a filter leaves to us. The service's times are milliseconds.
---@param filter { since: number?, till: number?, status: string|string[]|nil, to_region: string|string[]|nil }
---@return nil|fun(task: crsync.ListedTask): boolean keep  nil: every task is meant
---@return crsync.TimeSpan|nil span
function selection.of(filter)
  local since, till = filter.since and filter.since * 1000, filter.till and filter.till * 1000
  local statuses, regions = as_set(filter.status), as_set(filter.to_region)
  if not (since or till or statuses or regions) then return nil end
  local function keep(task)
    local made = task.CreateTime
    if (since or till) and type(made) ~= "number" then return false end
    return not (since and made < since or till and made > till or statuses and not statuses[task.TaskStatus]
      or regions and not regions[region_of(task.ImageTo)])
  end
  return keep, (since or till) and { field = "CreateTime", since = since, till = till } or nil
end

return selection
