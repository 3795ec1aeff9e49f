--- Which error is tried again, and after how long. Pure: clock and random numbers are passed in.
---
--- All calls of a client draw on one budget, the token bucket that other clouds' SDKs call the "standard" mode: where
--- most calls fail, trying each of them again only adds to what the service suffers from.

--- Option retry.
---@class crsync.RetryOptions
---@field max_attempts? integer  requests for one call at most, the first among them; 3
---@field base_delay? number     seconds; the first pause is up to this, each next up to twice as much; 0.5
---@field max_delay? number      seconds; no pause of our own choice is longer; 20
---@field [string] "no such option"

--- The same with nothing left open.
---@class crsync.RetryPolicy
---@field max_attempts integer  requests for one call at most, the first among them
---@field base_delay number     seconds; the first pause is up to this, each next up to twice as much
---@field max_delay number      seconds; no pause of our own choice is longer

---@class crsync.RetryDecision
---@field pause number                 seconds until the next attempt
---@field clock_offset number|nil      seconds to add to this machine's clock from now on
---@field fresh_connection boolean|nil the next attempt must not take a kept connection
---@field new_credentials boolean|nil  ask for the keys anew

local error_kinds = require "crsync.error_kinds"

local retry = {}

-- Refusals that one fresh signature can cure, and what has to change for it.
local REMEDIES = {
  ["InvalidTimeStamp.Expired"] = "clock",
  IllegalTimestamp = "clock",
  SignatureNonceUsed = "nonce",
  ["InvalidSecurityToken.Expired"] = "token",
  SecurityTokenExpired = "token",
  ["SecurityToken.Expired"] = "token",
}

---@class crsync.RetryState  what is known of the call so far; `decide` writes to `tried`
---@field attempt integer           number of the attempt that failed, from 1
---@field time_left number          seconds until the call's deadline
---@field repeatable boolean        whether the operation may be done twice
---@field clock_offset number       seconds by which the request was dated ahead of this machine's clock
---@field can_renew boolean         whether there is a source to ask for new credentials
---@field tried table<string, boolean>  remedies used up
---@field budget crsync.RetryBudget  the client's
---@field held_back boolean|nil     set when the budget, and nothing else, forbids another attempt
---@field is_too_long boolean|nil   set when the service asks for a longer pause than the deadline leaves
---@field paid integer|nil          what the last retry has cost

---@class crsync.RetryBudget
---@field left integer

-- Where the clocks agree, the request was held up on its way: a fresh date alone may do.
local function clock_remedy(err, state)
  local difference = err.clock_difference
  local is_off = difference and math.abs(difference - state.clock_offset) >= error_kinds.SAME_CLOCK
  return { pause = 0, clock_offset = is_off and difference or nil }
end

local function nonce_remedy(_, state)
  -- For a request that must not be done twice, a used nonce may mean that it was done.
  return state.repeatable and { pause = 0, fresh_connection = true } or nil
end

local function token_remedy(_, state)
  return state.can_renew and { pause = 0, new_credentials = true } or nil
end

local MAKE_REMEDY = { clock = clock_remedy, nonce = nonce_remedy, token = token_remedy }

-- libcurl repeats a request by itself when a kept connection proves dead. The service then sees the nonce
-- twice: not a failure of the call's, so it costs no attempt.
local function attempts_spent(state) return state.attempt - (state.tried.nonce and 1 or 0) end

-- Whether trying again cannot do the work twice.
local function is_safe(err, state)
  if state.repeatable or err.kind == "throttled" then return true end
  return (err.kind == "network" or err.kind == "timeout") and err.sent == false
end

-- ---- the budget ---------------------------------------------------------------------------------------

local BUDGET, COST, COST_OF_TIMEOUT, REWARD = 500, 5, 10, 1

--- A full budget, for a client.
---@return crsync.RetryBudget
function retry.new_budget() return { left = BUDGET } end

-- One cause is one failure, however many calls it has met.
local function cost_of(err)
  if err.shared then return 0 end
  return err.kind == "timeout" and COST_OF_TIMEOUT or COST
end

local function pay(err, state)
  local cost = cost_of(err)
  if cost > state.budget.left then
    state.held_back = true
    return false
  end
  state.budget.left, state.paid = state.budget.left - cost, cost
  return true
end

--- A call has succeeded: what its last retry has cost comes back, or a little for one that needed none.
---@param state crsync.RetryState
function retry.succeeded(state)
  state.budget.left = math.min(BUDGET, state.budget.left + (state.paid or REWARD))
end

-- ---- the decision -------------------------------------------------------------------------------------

--- Seconds to pause after the n-th attempt: full jitter, exponential, capped; longer if the service says so.
---@param policy crsync.RetryPolicy
---@param attempt integer
---@param retry_after number|nil seconds
---@param random fun(): number  0 ≤ x < 1
---@return number seconds
function retry.pause(policy, attempt, retry_after, random)
  local ceiling = math.min(policy.max_delay, policy.base_delay * 2 ^ (attempt - 1))
  return math.max(random() * ceiling, retry_after or 0)
end

--- Decides about a failed attempt.
---@param policy crsync.RetryPolicy
---@param err crsync.Error
---@param state crsync.RetryState
---@param random fun(): number
---@return crsync.RetryDecision|nil # nil: give the error back
function retry.decide(policy, err, state, random)
  local remedy = REMEDIES[err.code]
  if remedy then
    if state.tried[remedy] then return nil end
    state.tried[remedy] = true
    if attempts_spent(state) >= policy.max_attempts then return nil end
    return MAKE_REMEDY[remedy](err, state)
  end
  local attempts_left = attempts_spent(state) < policy.max_attempts
  if not (err.retryable and attempts_left and is_safe(err, state)) then return nil end
  local pause = retry.pause(policy, state.attempt, err.retry_after, random)
  if pause >= state.time_left then
    state.is_too_long = err.retry_after ~= nil and err.retry_after >= state.time_left
    return nil
  end
  return pay(err, state) and { pause = pause } or nil
end

return retry
