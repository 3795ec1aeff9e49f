--- Chance that is the same each time: numbers from a seed, so that a scenario plays alike on every run.

local Chance = {}
Chance.__index = Chance

local chance = {}

local MODULUS = 2147483647

---@param seed number
function chance.new(seed)
  return setmetatable({ state = math.floor(seed) % (MODULUS - 1) + 1 }, Chance)
end

--- The next number, from 0 to below 1.
function Chance:next()
  self.state = self.state * 48271 % MODULUS
  return self.state / MODULUS
end

return chance
