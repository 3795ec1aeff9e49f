--- A list that comes in pages: each item once, until the last page, a limit or a deadline. Who asks is passed in.
--- While a list is read it may grow: what moves to the next page comes twice, and is given once. An endpoint that knows
--- nothing of pages sends the same one again and again: one that brings nothing new is the last.
--- Where a span of time is asked for, reading stops early if the pages show that they are sorted by time and have left
--- it: not at the first page that ends outside, but at the next, in case the order is not as strict as it looks.

local core = require "crsync.core"
local errors = require "crsync.error"

---@class crsync.PageSource
---@field ask fun(number: integer, size: integer, seconds: number|nil): table|nil, crsync.Error|nil  a page in time
---@field operation crsync.Operation
---@field keep? fun(item: table): boolean  items that are wanted, where the service cannot tell
---@field span? crsync.TimeSpan

--- Milliseconds since 1970, as the items' field has them.
---@class crsync.TimeSpan
---@field field string
---@field since? number
---@field till? number

local pages = {}

local NEARLY = 0.1 -- seconds before the deadline in which a request's own clock may end it

-- The list's deadline has passed: between two pages, or in the midst of one, whose error says how.
local function deadline_passed(r, err)
  err = err or errors.new { kind = "timeout", retryable = true, action = r.source.operation.action }
  local reason = err.curl_code and "; the last request: " .. err.message or ""
  err.message = ("the list's deadline of %g s has passed after %d page%s%s"):format(r.filter.deadline, r.number,
    r.number == 1 and "" or "s", reason)
  err.hint = "the limit is option deadline, in the command --timeout"
  return err
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

local PAGES_BEYOND = 2 -- that end outside the span, one after the other, before the rest is left unread

-- Which way the items' times have gone so far: 1 up, -1 down, 0 not told yet; nil where they are in no order.
local function direction_of(r)
  local direction, last = r.direction, r.last_time
  for _, item in ipairs(r.page) do
    local time = type(item) == "table" and item[r.source.span.field]
    if type(time) ~= "number" then return nil end
    local step = last and time ~= last and (time > last and 1 or -1) or 0
    if step ~= 0 and direction == -step then return nil end
    direction, last = step ~= 0 and step or direction, time
  end
  r.last_time = last
  return direction
end

-- Whether this page and the one before show that all that is wanted has come.
local function has_left_span(r)
  local span = r.source.span
  if not span or not r.direction then return false end
  r.direction = direction_of(r)
  local is_outside = r.direction == -1 and span.since and r.last_time < span.since
    or r.direction == 1 and span.till and r.last_time > span.till
  r.beyond = is_outside and r.beyond + 1 or 0
  return r.beyond >= PAGES_BEYOND
end

-- Fetches pages until one brings something new. Returns false at the end of the list, nil and the error on failure.
local function turn(r)
  if r.is_last then return false end
  local left = r.ends and r.ends - core.now()
  if left and left <= 0 then return nil, deadline_passed(r) end
  local response, err = r.source.ask(r.number + 1, r.size, left)
  if not response then
    local is_over = err.kind == "timeout" and r.ends and core.now() >= r.ends - NEARLY
    return nil, is_over and deadline_passed(r, err) or err
  end
  local items = response[r.source.operation.list]
  r.number, r.read = r.number + 1, r.read + #items
  r.total = response.TotalCount or r.total
  r.page, r.position = new_ones(r, items), 0
  r.is_last = #r.page == 0 or r.total ~= nil and r.read >= r.total or has_left_span(r)
  return #r.page > 0
end

--- Reads a list.
---@param source crsync.PageSource
---@param filter { limit: integer?, deadline: number?, PageSize: integer? }
---@param page_size integer  where the filter names none
---@return fun(): table|nil, crsync.Error|nil next_item  nil at the end
---@return fun(): integer|nil total                      the service's count of all
function pages.read(source, filter, page_size)
  local enough = not source.keep and filter.limit or page_size
  local r = {
    source = source, filter = filter,
    size = filter.PageSize or math.min(page_size, enough),
    ends = filter.deadline and core.now() + filter.deadline,
    number = 0, read = 0, seen = {}, -- pages and items that have come, and their ids
    page = {}, position = 0,         -- what is new of the last one, and how much of it was given
    given = 0,
    direction = 0, beyond = 0,       -- of the items' times, and pages that ended outside the span
  }
  local function next_item()
    while r.given ~= filter.limit do
      if r.position == #r.page then
        local more, err = turn(r)
        if not more then return nil, err end
      end
      r.position = r.position + 1
      local item = r.page[r.position]
      if not source.keep or source.keep(item) then
        r.given = r.given + 1
        return item
      end
    end
  end
  return next_item, function() return r.total end
end

return pages
