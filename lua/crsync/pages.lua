--- A list that comes in pages: each item once, until the last page, a limit or a deadline. Who asks is passed in.
--- While a list is read it may grow: what moves to the next page comes twice, and is given once. An endpoint that knows
--- nothing of pages sends the same one again and again: one that brings nothing new is the last.

local core = require "crsync.core"
local errors = require "crsync.error"

---@class crsync.PageSource
---@field ask fun(number: integer, size: integer, seconds: number|nil): table|nil, crsync.Error|nil  a page in time
---@field operation crsync.Operation

local pages = {}

local function deadline_passed(r)
  return errors.new { kind = "timeout", retryable = true, action = r.source.operation.action,
    message = ("the list's deadline of %g s has passed after %d pages"):format(r.filter.deadline, r.number) }
end

-- Of a page's items those that have not come yet.
local function new_ones(r, items)
  local fresh = {}
  for _, item in ipairs(items) do
    local id = type(item) == "table" and item[r.source.operation.item_id]
    if not id or not r.seen[id] then fresh[#fresh + 1] = item end
    if id then r.seen[id] = true end
  end
  return fresh
end

-- Fetches pages until one brings something new. Returns false at the end of the list, nil and the error on failure.
local function turn(r)
  if r.is_last then return false end
  local left = r.ends and r.ends - core.now()
  if left and left <= 0 then return nil, deadline_passed(r) end
  local response, err = r.source.ask(r.number + 1, r.size, left)
  if not response then return nil, err end
  local items = response[r.source.operation.list]
  r.number, r.read = r.number + 1, r.read + #items
  r.total = response.TotalCount or r.total
  r.page, r.position = new_ones(r, items), 0
  r.is_last = #r.page == 0 or r.total ~= nil and r.read >= r.total
  return #r.page > 0
end

--- Reads a list.
---@param source crsync.PageSource
---@param filter { limit: integer?, deadline: number?, PageSize: integer? }
---@param page_size integer  where the filter names none
---@return fun(): table|nil, crsync.Error|nil next_item  nil at the end
---@return fun(): integer|nil total                      the service's count of all
function pages.read(source, filter, page_size)
  local r = {
    source = source, filter = filter,
    size = filter.PageSize or math.min(page_size, filter.limit or page_size),
    ends = filter.deadline and core.now() + filter.deadline,
    number = 0, read = 0, seen = {}, -- pages and items that have come, and their ids
    page = {}, position = 0,         -- what is new of the last one, and how much of it was given
    given = 0,
  }
  local function next_item()
    if r.given == filter.limit then return nil end
    if r.position == #r.page then
      local more, err = turn(r)
      if not more then return nil, err end
    end
    r.position, r.given = r.position + 1, r.given + 1
    return r.page[r.position]
  end
  return next_item, function() return r.total end
end

return pages
