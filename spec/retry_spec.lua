-- Which error is tried again and after how long. Pure: nothing is sent.

local retry = require "crsync.retry"

local POLICY = { max_attempts = 3, base_delay = 0.5, max_delay = 20 }
local function most() return 0.999999 end
local function none() return 0 end

local function state(changes)
  local s = { attempt = 1, time_left = 60, repeatable = true, can_renew = false, tried = {},
    clock_offset = 0, budget = retry.new_budget() }
  for k, v in pairs(changes or {}) do s[k] = v end
  return s
end

local function decide(err, changes, policy) return retry.decide(policy or POLICY, err, state(changes), most) end

describe("pauses", function()
  it("grow exponentially to a cap, with full jitter", function()
    for attempt, ceiling in pairs { [1] = 0.5, [2] = 1, [3] = 2, [6] = 16, [7] = 20, [100] = 20 } do
      local pause = retry.pause(POLICY, attempt, nil, most)
      assert.is_true(pause <= ceiling and pause > ceiling * 0.99, attempt)
      assert.equal(0, retry.pause(POLICY, attempt, nil, none))
    end
  end)

  it("are never shorter than the service asks", function()
    assert.equal(3, retry.pause(POLICY, 1, 3, most))
    assert.equal(30, retry.pause(POLICY, 1, 30, most))
  end)
end)

describe("a retry", function()
  for _, kind in ipairs { "network", "timeout", "server", "throttled" } do
    it("follows a " .. kind .. " error", function()
      assert.is_number(decide({ kind = kind, retryable = true }).pause)
    end)
  end
  for _, kind in ipairs { "auth", "client", "not_found", "tls", "decode", "config", "credentials" } do
    it("never follows a " .. kind .. " error", function() assert.is_nil(decide { kind = kind, retryable = false }) end)
  end

  it("ends with the attempts", function()
    assert.is_table(decide({ kind = "server", retryable = true }, { attempt = 2 }))
    assert.is_nil(decide({ kind = "server", retryable = true }, { attempt = 3 }))
    local once = { max_attempts = 1, base_delay = 0, max_delay = 0 }
    assert.is_nil(decide({ kind = "server", retryable = true }, nil, once))
  end)

  it("is not begun when its pause would pass the deadline", function()
    assert.is_nil(decide({ kind = "throttled", retryable = true, retry_after = 30 }, { time_left = 29 }))
    assert.equal(30, decide({ kind = "throttled", retryable = true, retry_after = 30 }, { time_left = 31 }).pause)
  end)

  it("of what must not be done twice follows only where nothing was done", function()
    local once = { repeatable = false }
    assert.is_table(decide({ kind = "throttled", retryable = true, sent = true }, once))
    assert.is_table(decide({ kind = "network", retryable = true, sent = false }, once))
    assert.is_table(decide({ kind = "timeout", retryable = true, sent = false }, once))
    assert.is_nil(decide({ kind = "network", retryable = true, sent = true }, once))
    assert.is_nil(decide({ kind = "network", retryable = true }, once))
    assert.is_nil(decide({ kind = "timeout", retryable = true, sent = true }, once))
    assert.is_nil(decide({ kind = "server", retryable = true, sent = true }, once))
    assert.is_nil(decide({ code = "SignatureNonceUsed", kind = "client" }, once))
  end)
end)

describe("one fresh signature", function()
  it("with the service's clock follows a skew refusal", function()
    for _, code in ipairs { "InvalidTimeStamp.Expired", "IllegalTimestamp" } do
      local err = { code = code, kind = "client", clock_difference = 7200 }
      assert.same({ pause = 0, clock_offset = 7200 }, decide(err))
      assert.is_nil(decide(err, { tried = { clock = true } }))
      assert.same({ pause = 0 }, decide { code = code, kind = "client" }) -- with a fresh date alone
      assert.same({ pause = 0 }, decide({ code = code, kind = "client" }, { repeatable = false })) -- nothing was done
      for _, same in ipairs { 0, -1, 59, -59 } do -- Date has whole seconds, and an answer may lie before it is read
        assert.same({ pause = 0 }, decide { code = code, kind = "client", clock_difference = same })
        assert.same({ pause = 0 },
          decide({ code = code, kind = "client", clock_difference = 7200 + same }, { clock_offset = 7200 }))
      end
      assert.same({ pause = 0, clock_offset = 0 },
        decide({ code = code, kind = "client", clock_difference = 0 }, { clock_offset = 7200 }))
    end
  end)

  it("on a fresh connection follows a used nonce, and costs no attempt", function()
    local err = { code = "SignatureNonceUsed", kind = "client" }
    assert.same({ pause = 0, fresh_connection = true }, decide(err))
    assert.is_nil(decide(err, { tried = { nonce = true } }))
    assert.is_table(decide(err, { attempt = 3 }))
    assert.is_nil(decide(err, { attempt = 3, tried = { nonce = true } }))
  end)

  it("with new credentials follows an expired token, where they can be had", function()
    for _, code in ipairs { "InvalidSecurityToken.Expired", "SecurityTokenExpired" } do
      local err = { code = code, kind = "auth" }
      assert.is_nil(decide(err))
      assert.same({ pause = 0, new_credentials = true }, decide(err, { can_renew = true }))
      assert.is_nil(decide(err, { can_renew = true, tried = { token = true } }))
    end
  end)

  it("is remembered", function()
    local s = state { can_renew = true }
    retry.decide(POLICY, { code = "SecurityTokenExpired" }, s, most)
    assert.same({ token = true }, s.tried)
  end)
end)

describe("the budget", function()
  local FAULT, TIMEOUT = { kind = "server", retryable = true }, { kind = "timeout", retryable = true }

  local function retries(err, budget)
    local count, s = 0
    repeat
      s = state { budget = budget }
      count = count + 1
    until not retry.decide(POLICY, err, s, none)
    assert.is_true(s.held_back)
    return count - 1
  end

  it("is shared by all calls and ends", function()
    assert.equal(100, retries(FAULT, retry.new_budget()))
    assert.equal(50, retries(TIMEOUT, retry.new_budget()))
    local budget = retry.new_budget()
    retries(FAULT, budget)
    assert.equal(0, retries(FAULT, budget))
  end)

  it("gets the cost back from a call that succeeds after all, a little from any other, and never grows", function()
    local budget = retry.new_budget()
    retries(FAULT, budget)
    budget.left = 10
    local s = state { budget = budget }
    retry.decide(POLICY, FAULT, s, none)
    assert.equal(5, budget.left)
    retry.succeeded(s)
    assert.equal(10, budget.left)
    retry.succeeded(state { budget = budget })
    assert.equal(11, budget.left)
    local full = retry.new_budget()
    retry.succeeded(state { budget = full })
    assert.same(retry.new_budget(), full)
  end)

  it("is not touched by an error that is given back or cured by a fresh signature", function()
    local budget = retry.new_budget()
    decide(FAULT, { budget = budget, attempt = 3 })
    decide({ kind = "client", code = "SignatureNonceUsed" }, { budget = budget })
    decide({ kind = "throttled", retryable = true, retry_after = 99 }, { budget = budget })
    assert.same(retry.new_budget(), budget)
  end)
end)
