--- The faults of a scenario: which of them a request meets.

local Faults = {}
Faults.__index = Faults

local faults = {}

--- Each fault counts all the requests that fit it.
---@param rows table[]
---@param chance table  where its shares come from
function faults.new(rows, chance) return setmetatable({ rows = rows, hits = {}, chance = chance }, Faults) end

local function fits(row, what)
  return (not row.action or row.action == what.action) and (not row.task or row.task == what.task)
    and (not row.region or row.region == what.region) and what.now >= (row.starts or 0)
    and what.now < (row.ends or math.huge)
end

local function is_due(self, i, row)
  local hits = (self.hits[i] or 0) + 1
  self.hits[i] = hits
  local due = hits - (row.after or 0)
  if due < 1 or due > (row.times or math.huge) or due % (row.every or 1) ~= 0 then return false end
  return not row.share or self.chance:next() < row.share
end

--- The first fault that a request meets, or nil.
---@param what { action: string|nil, task: string|nil, region: string|nil, now: number }  region: the target's
function Faults:meet(what)
  local met
  for i, row in ipairs(self.rows) do
    if fits(row, what) and is_due(self, i, row) then met = met or row end
  end
  return met
end

return faults
