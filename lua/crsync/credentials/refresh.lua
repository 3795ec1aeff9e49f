--- When to ask for keys, and for how long they are used. They are handed to the core at once and kept in no table; what
--- stays here is the source's name and when its keys end. Where they come from is credentials/chain.lua's.

local chain = require "crsync.credentials.chain"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local dates = require "crsync.util.dates"
local errors = require "crsync.error"
local env = require "crsync.credentials.env"
local keys_of = require "crsync.credentials.keys"
local loop = require "crsync.loop"
local variables = require "crsync.variables"
local cli_profile = require "crsync.credentials.cli_profile"
local redact = require "crsync.util.redact"

---@diagnostic disable: invisible -- a client's parts are this room's business

local refresh = {}

-- ---- errors -------------------------------------------------------------------------------------------------

local LOOKED = ("options access_key_id, access_key_secret, credentials and profile; the environment variables"
  .. " %s and %s (also ALIBABACLOUD_… and ALICLOUD_…), %s and those beside it, %s"):format(env.KEYS[1].id,
  env.KEYS[1].secret, env.ROLES[1].role_arn, variables.name "credentials_uri")

local function nowhere(why)
  local path = cli_profile.path()
  local file = cli_profile.is_disabled() and "config.json is disabled" or path or "~/.aliyun/config.json"
  return errors.new { kind = "credentials",
    message = ("no access key was found; looked for: %s; %s; ~/.alibabacloud/credentials; ECS metadata%s"):format(
      LOOKED, file, why or "") }
end

-- A source's reason, text or table, as the error of the call.
local function source_failed(source, reason)
  local failure = type(reason) == "table" and reason or { message = tostring(reason or "it returned nothing") }
  if source.last_resort and not failure.cut then
    local err = nowhere(" (" .. failure.message .. ")")
    err.retryable = failure.retryable or false
    return err
  end
  return errors.new { kind = failure.cut and "timeout" or "credentials",
    message = source.name .. ": " .. failure.message,
    code = failure.code, status = failure.status, request_id = failure.request_id, endpoint = failure.endpoint,
    hint = failure.hint or errors.hint(failure), curl_code = failure.curl_code, verify_result = failure.verify_result,
    retryable = failure.retryable or false }
end

-- ---- asking -------------------------------------------------------------------------------------------------

-- Seconds: when half a life is near its end, and how long keys that nobody can replace are still used.
local ADVISORY, MANDATORY, LAST = 900, 180, 30
local PATIENCE = 5            -- for a response that is not urgent
local AFTER_FAILURE = 30      -- and up to as much again
local AFTER_EXPIRED = 60      -- where what was given had expired already
local LOOK = 0.02             -- how often a call looks whether another has the keys
local DROPPED = 1             -- after so long it looks whether the other can still go on

local WEAK = { __mode = "v" }

local function note_life(source, keys, context)
  local now = core.now()
  local expiration = keys.expiration and dates.expiration(keys.expiration)
  source.ends, source.advisory, source.mandatory = nil, nil, nil
  if not expiration then
    source.advisory = keys.recheck and now + keys.recheck
    return
  end
  local life = expiration - os.time() - (keys.clock_difference or context.clock_offset)
  source.ends = now + life
  source.advisory = source.ends - math.min(ADVISORY, life / 3)
  source.mandatory = source.ends - math.min(MANDATORY, life / 6)
  if life > 0 then return end
  source.mandatory, source.advisory = now, now
  if not source.is_function then -- there is nothing better: used all the same, and not asked at every call
    source.ends, source.mandatory, source.advisory = nil, nil, now + AFTER_EXPIRED * (1 + core.random() / 2)
  end
end

local function take(client, source, keys, context)
  local problem = keys_of.problem(keys)
  if problem then return source_failed(source, problem) end
  local taken = client.core:set_credentials(keys.access_key_id, keys.access_key_secret, keys.security_token)
  if not taken then return source_failed(source, "a key holds a character that no key has") end
  source.generation, source.key_id = source.generation + 1, redact.key_id(keys.access_key_id)
  note_life(source, keys, context)
  if client.trace then client.trace:keys(source) end
  return nil
end

local function ask_once(client, source, deadline)
  local context = { client = client, deadline = deadline, clock_offset = client.clock_offset or 0 }
  local keys, reason = source.ask(context)
  if context.clock_offset ~= (client.clock_offset or 0) then client.clock_offset = context.clock_offset end
  if keys == nil then return source_failed(source, reason) end
  return take(client, source, keys, context)
end

-- Asks for all: what others find meanwhile is that somebody is asking. An error that the source raises passes as it is.
local function ask(client, source, deadline)
  local ok, err = compat.pcall(function()
    source.asking = setmetatable({ till = deadline, thread = coroutine.running() }, WEAK)
    return ask_once(client, source, deadline)
  end)
  source.asking, source.failure = nil, nil
  if not ok then error(err, 0) end
  if not err then return nil end
  source.failure, source.failed_at = err, core.now()
  if client.trace then client.trace:say("no keys from %s: %s", source.name, err.message) end
  return err
end

-- Whether another call is asking and will go on. Lua 5.1's main thread, which has no name and cannot give way, is not.
local function is_busy(source)
  local asking = source.asking
  if not asking or not asking.thread or core.now() >= asking.till then return false end
  return loop.may_go_on(asking.thread)
end

-- What a host has dropped is gone with the next collection, which may be far.
local function collect_dropped(source, since)
  local asking = source.asking
  if not asking or asking.is_collected or core.now() - since < DROPPED then return end
  asking.is_collected = true
  collectgarbage()
end

-- Another call is asking: its response is ours, good or bad.
local function wait_for_answer(client, source, deadline)
  local since, generation = core.now(), source.generation
  if not is_busy(source) then return false end
  while is_busy(source) and core.now() < deadline do
    client.loop:sleep(LOOK)
    collect_dropped(source, since)
  end
  if source.failure and source.failed_at >= since then return true, source.failure end
  return source.generation > generation
end

-- While the keys hold, one call asks, not for long, and a failure is no matter.
local function ask_ahead(client, source, deadline)
  if is_busy(source) then return end
  local err = ask(client, source, math.min(deadline, core.now() + PATIENCE))
  if err then source.advisory = core.now() + AFTER_FAILURE * (1 + core.random()) end
end

-- The usual places may have changed while no key was found in them.
local function search_again(client)
  local source, keys = chain.find { profile = client.profile_name }
  if not source then return keys --[[@as crsync.Error]] end
  if source.name ~= client.source.name then client.source = source end
  if keys then return take(client, client.source, keys, { clock_offset = 0 }) end
  return nil
end

local function ask_first(client, deadline)
  if client.source.searched then
    local err = search_again(client)
    if err then return err end
  end
  local source = client.source
  if source.name == "none" then return nowhere() end
  if not source.ask then return nil end
  return ask(client, source, deadline)
end

-- Nothing goes on without a response; a bad one is no matter either while there are seconds left in the keys.
local function renew(client, source, deadline, is_refused)
  local now = core.now()
  local usable = not is_refused and source.ends and source.ends - now >= LAST
  if usable then deadline = math.min(deadline, now + PATIENCE) end
  local done, err = wait_for_answer(client, source, deadline)
  if not done then
    if source.generation == 0 then return ask_first(client, deadline) end
    err = ask(client, source, deadline)
  end
  return not usable and err or nil
end

-- What a refusal's code says where it means the key itself, not what the key may do.
local OF_THE_KEY = { "^InvalidAccessKey", "SecurityToken", "AccessKeyDisabled", "Signature" }

--- Notes that the service has refused keys: the next call asks for new ones. Where these are refused as well, asking
--- again at each call would help nobody: that waits a while.
---@param source crsync.Source
---@param generation integer  of the keys that were refused
---@param err table           the refusal, or another error
function refresh.note_refusal(source, generation, err)
  if err.kind ~= "auth" or core.now() < (source.patient_until or 0) then return end
  for _, pattern in ipairs(OF_THE_KEY) do
    if (err.code or ""):find(pattern) then
      source.refused = generation
      source.patient_until = core.now() + AFTER_FAILURE * (1 + core.random())
      return
    end
  end
end

--- Makes sure that the core has keys that hold. An error raised by the source passes unchanged.
---@param client crsync.Client
---@param deadline number         on core.now's clock
---@param refused integer|nil     generation of the keys that the service has refused in this call
---@return crsync.Error|nil
function refresh.ensure(client, deadline, refused)
  local source = client.source
  if not source.ask and source.name ~= "none" then return nil end
  local now = core.now()
  local is_refused = refused == source.generation or source.refused == source.generation
  if source.generation == 0 or is_refused or (source.mandatory and now >= source.mandatory) then
    return renew(client, source, deadline, is_refused)
  end
  if source.advisory and now >= source.advisory then ask_ahead(client, source, deadline) end
  return nil
end

return refresh
