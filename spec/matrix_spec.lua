-- Every fault that the local endpoint can play, for one call, for three at once, for a wait and in loops of others: the
-- kind of the error, the requests that the endpoint received, and that it takes no longer than it must.

local at_most = require "spec.support.at_most"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local examples = require "spec.support.examples"
local loops = require "spec.support.loops"
local ports = require "spec.support.ports"

local OK = "ok.GetRepoSyncTask"
local RETRY = { max_attempts = 3, base_delay = 0.002, max_delay = 0.004 }
local RETRYABLE = { network = true, timeout = true, server = true, throttled = true }

local function ok(more)
  local answer = { example = OK }
  for name, value in pairs(more) do answer[name] = value end
  return answer
end

-- A good answer that names no task: the endpoint does not look into compressed ones.
local function nameless(more)
  more.body = examples.read(OK):gsub('"SyncTaskId"%s*:%s*"[^"]*",?', "")
  return more
end

local function page(status) return { status = status, body = "<html>Sorry</html>", content_type = "text/html" } end

local function json(text) return { body = text } end

local function skewed() return os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 7200) end

local function nobody() return "http://127.0.0.1:" .. ports.free() end

local function other_scheme(server)
  local scheme = server.url:match "^%a+" == "http" and "https" or "http"
  return { endpoint = scheme .. "://" .. server.host }
end

local LIMIT = os.getenv "SLOWED" and 1 or 0.4 -- seconds of an attempt that is in vain
local SHORT, SMALL = { timeout = LIMIT }, { max_response_size = 100000 }
local LONG_NAME = ("x"):rep(64) .. ".invalid" -- no resolver is asked for a name that cannot be one
local HUGE_HEAD = { (("X-Filler: " .. ("x"):rep(1000) .. "\r\n"):rep(400):gsub("\r\n$", "")) }

-- The fault; what the endpoint answers, the same to every request; the error's kind (false: none) and its code or
-- status; the requests of one call, of three at once, and of a wait.
-- A wait meets a fault that may pass four times, then a good answer: it ends well, with the fifth request. Any other
-- fault ends it as it ends a call. All of it within a second, but for a slow machine.
--   options      of the client, or a function that makes them
--   tls          the certificate of the endpoint
--   clock        seconds by which the endpoint's clock is ahead
--   warm         the fault is that of a good call before, whose connection is kept
--   connections  of one call, that good call's included
--   once         it is none that may pass, whatever its kind
--   stays        it is not the endpoint's to end: no wait outlasts it, and a later call fails again
--   least        seconds that a call takes
--   look         requests of a wait's only look, whose deadline is one attempt's
local ROWS = {
  { "HTTP 500", "err.500.SystemError", "server", "SystemError", 3, 9, 5, connections = 1 },
  { "HTTP 503", "err.503.ServiceUnavailable", "server", "ServiceUnavailable", 3, 9, 5 },
  { "HTTP 500 in lower case", "err.500.lowercase-envelope", "server", "rpc_invalid_arg", 3, 9, 5 },
  { "HTTP 429", "err.429.Throttling.User", "throttled", 429, 3, 9, 5 },
  { "HTTP 400 that throttles", "err.400.Throttling.Api", "throttled", "Throttling.Api", 3, 9, 5 },
  { "HTTP 503 that throttles", "err.503.Throttling.User", "throttled", 503, 3, 9, 5 },
  { "HTTP 400", "err.400.InvalidParameter", "client", "InvalidParameter", 1, 3, 1 },
  { "HTTP 403", "err.403.NoPrivilege", "auth", 403, 1, 3, 1 },
  { "HTTP 404", { status = 404, body = "{}" }, "not_found", 404, 1, 3, 1 },
  { "HTTP 404 for an operation", "err.404.InvalidAction.NotFound", "client", 404, 1, 3, 1 },
  { "a refusal for the task", "err.400.SYNC_TASK_NOT_EXIST", "not_found", "SYNC_TASK_NOT_EXIST", 1, 3, 1 },
  { "a refusal with HTTP 200", "fail200.SYNC_TASK_NOT_EXIST", "not_found", 200, 1, 3, 1 },
  { "an expired token", "err.400.InvalidSecurityToken.Expired", "auth", "InvalidSecurityToken.Expired", 1, 3, 1 },
  { "a used nonce", "err.400.SignatureNonceUsed", "client", "SignatureNonceUsed", 2, 6, 2, connections = 2 },
  { "a clock that is off", nil, false, nil, 2, 6, 2, clock = 7200 },
  { "a clock that stays off", { example = "err.400.InvalidTimeStamp.Expired", headers = { Date = skewed() },
    verify = false }, "client", "InvalidTimeStamp.Expired", 2, 6, 2 },
  { "a redirect", { status = 302, headers = { Location = nobody() } }, "client", 302, 1, 3, 1 },
  { "an error with all secrets in it", { echo_secret = true }, "server", "InternalError", 3, 9, 5 },
  { "an error page", page(502), "server", 502, 3, 9, 5 },
  { "a page", page(200), "decode", 200, 1, 3, 1 },
  { "an empty error", { status = 504 }, "server", 504, 3, 9, 5 },
  { "an empty body", { body = "" }, "decode", 200, 1, 3, 1 },
  { "no content", { status = 204 }, "decode", 204, 1, 3, 1 },
  { "half of a JSON", json '{"IsSuccess":true,"TaskStatus":', "decode", 200, 1, 3, 1 },
  { "a JSON of wrong types", json '{"IsSuccess":true,"SyncedSize":"much"}', "decode", 200, 1, 3, 1 },
  { "a deep JSON", { deep = 1000 }, "decode", 200, 1, 3, 1 },
  { "a huge body", { huge = 5e7 }, "decode", 200, 1, 3, 1, options = SMALL },
  { "a huge body in chunks", { huge = 5e7, chunked = true }, "decode", 200, 1, 3, 1, options = SMALL },
  { "a gzip bomb", { gzip_bomb = 5e7 }, "decode", 200, 1, 3, 1, options = SMALL },
  { "a huge head", ok { headers_raw = HUGE_HEAD }, "decode", nil, 1, 3, 1 },
  { "a huge line in the head", ok { headers_raw = { "X-Filler: " .. ("x"):rep(200000) } }, "decode", nil, 1, 3, 1 },
  { "an encoding that it has not", ok { headers_raw = { "Content-Encoding: gzip" } }, "decode", nil, 1, 3, 1 },
  { "a body cut short", ok { cut = 200 }, "network", nil, 3, 9, 5, connections = 3 },
  { "a chunked body cut short", ok { chunked = true, cut = 700 }, "network", nil, 3, 9, 5 },
  { "a compressed body cut short", ok { gzip = true, cut = 200 }, "network", nil, 3, 9, 5 },
  { "bytes that are no HTTP", { raw = "220 ftp ready\r\n" }, "network", nil, 3, 9, 5 },
  { "a status line that is none", ok { status_line = "ICY 200 OK" }, "network", nil, 3, 9, 5 },
  { "a head without an end", { raw = "HTTP/1.1 200 OK\r\nX" }, "network", nil, 3, 9, 5 },
  { "a reset at the beginning", { reset = "accept" }, "network", nil, 0, 0, 1, connections = 3 },
  { "a reset instead of a response", { reset = "before" }, "network", nil, 3, 9, 5, connections = 3 },
  { "a reset in the middle", ok { reset = "middle" }, "network", nil, 3, 9, 5, connections = 3 },
  { "an end instead of a response", { die = true }, "network", nil, 3, 9, 5, connections = 3 },
  { "no answer", { hang = true }, "timeout", nil, 3, 9, 5, options = SHORT, least = 3 * LIMIT, look = 1,
    connections = 3 },
  { "a response too late", ok { delay = 10 * LIMIT }, "timeout", nil, 3, 9, 5, options = SHORT, least = 3 * LIMIT,
    look = 1 },
  { "a response too slow", ok { drip = { every = 0.05 } }, "timeout", nil, 3, 9, 5, options = SHORT, least = 3 * LIMIT,
    look = 1 },

  { "a connection that dies when used again", ok { die_on_reuse = true }, false, nil, 3, 5, 3, warm = true,
    connections = 3 },
  { "a silent end after a response", ok { close_silently = true }, false, nil, 1, 3, 1, warm = true, connections = 2 },
  { "an end after a response", ok { close = true }, false, nil, 1, 3, 1, warm = true, connections = 2 },
  { "interim heads", ok { interim = { 103, 103 } }, false, nil, 1, 3, 1 },
  { "HTTP/1.0", ok { http10 = true }, false, nil, 1, 3, 1 },
  { "another content type", ok { content_type = "text/plain" }, false, nil, 1, 3, 1 },
  { "a compressed answer in chunks, late and slow", nameless { deflate = true, chunked = true, delay = 0.05,
    drip = { bytes = 200, every = 0.01 } }, false, nil, 1, 3, 1, least = 0.05 },

  { "a certificate of a stranger's", nil, "tls", nil, 0, 0, 0, tls = "foreign", stays = true, connections = 1 },
  { "a certificate of its own", nil, "tls", nil, 0, 0, 0, tls = "stranger", stays = true, connections = 1 },
  { "an expired certificate", nil, "tls", nil, 0, 0, 0, tls = "expired", stays = true, connections = 1 },
  { "another host's certificate", nil, "tls", nil, 0, 0, 0, tls = "misnamed", stays = true, connections = 1 },
  { "TLS with who speaks none", nil, "tls", nil, 0, 0, 0, options = other_scheme, stays = true, connections = 1 },
  { "no TLS with who wants it", nil, "network", nil, 0, 0, nil, tls = "good", options = other_scheme, stays = true,
    connections = 3 },
  { "a reset after the handshake", { reset = "accept" }, "network", nil, 0, 0, 1, tls = "good", connections = 3 },
  { "HTTP 503 through TLS", "err.503.ServiceUnavailable", "server", 503, 3, 9, 5, tls = "good", connections = 1 },
  { "a closed port", nil, "network", nil, 0, 0, nil, stays = true,
    options = function() return { endpoint = nobody() } end },
  { "a name without an address", nil, "network", nil, 0, 0, nil, stays = true,
    options = { endpoint = "http://" .. LONG_NAME } },
  { "a proxy that is not there", nil, "network", nil, 0, 0, nil, stays = true,
    options = function() return { proxy = nobody() } end },
  { "a proxy that wants a password", { status = 407 }, "network", 407, 1, 3, 1, once = true,
    options = function(server) return { endpoint = "http://cr.example", proxy = server.url } end },
  { "a proxy that refuses a tunnel", nil, "network", nil, 3, 9, nil, stays = true,
    options = function(server) return { endpoint = "https://cr.example", proxy = server.url } end },
}

local servers = {}

local function server_of(row)
  local kind = row.tls or "none"
  servers[kind] = servers[kind] or endpoint.start { tls = row.tls }
  return servers[kind]
end

lazy_teardown(function()
  for _, server in pairs(servers) do server:stop() end
end)

for _, row in ipairs(ROWS) do
  local name, fault, kind, telling, for_one, for_three, for_wait = compat.unpack(row, 1, 7)
  local may_pass = not row.once and RETRYABLE[kind] or false
  local attempts = for_one > 0 and for_one or may_pass and RETRY.max_attempts or 1

  describe(name, function()
    local server, client, started, before

    before_each(function()
      server = server_of(row)
      server:reset()
      server:set { clock_offset = row.clock or 0 }
    end)

    local function call() return client:get_task("cri-1", "rst-1") end

    -- A client, and the fault before it: four times, which is more than a wait's first look tries, or always.
    local function begin(how_often, loop)
      local options = { retry = RETRY, loop = loop }
      local own = type(row.options) == "function" and row.options(server) or row.options or {}
      for option, value in pairs(own) do options[option] = value end
      client = server:client(options)
      if row.warm then
        server:answer(fault)
        assert(call())
      elseif how_often == "four times" then
        if fault then server:answer(fault, fault, fault, fault) end
      else
        server:answer_always(fault)
      end
      before, started = #server:requests(), core.now()
    end

    local function assert_cost(requests, least)
      local seconds = core.now() - started
      assert.equal(requests, #server:requests() - before)
      assert.is_true(seconds >= (least or 0) - 0.01 and seconds < at_most(1), seconds)
    end

    local function assert_discreet(err)
      local secret = server.access_key_secret:match "^%w+"
      for _, text in ipairs { tostring(err), err.message, crsync.to_json(setmetatable(err, nil)) } do
        assert.is_nil(text:find(secret, 1, true), text)
      end
    end

    local function assert_end(task, err)
      if not kind then return assert.equal("SUCCESS", task and task.TaskStatus, tostring(err)) end
      assert.is_nil(task)
      assert.is_true(crsync.is_error(err))
      assert.same({ kind, may_pass, attempts }, { err.kind, err.retryable, err.attempts }, tostring(err))
      if telling then assert.equal(telling, type(telling) == "number" and err.status or err.code) end
      assert_discreet(err)
    end

    -- The fault leaves no damage: once it is over, the same client gets what it asks for.
    local function assert_over(task, err)
      client:close()
      if row.stays then return assert_end(task, err) end
      assert.equal("SUCCESS", task and task.TaskStatus, tostring(err))
    end

    local function forget_fault()
      server:reset()
      return call()
    end

    it("ends one call", function()
      begin "always"
      assert_end(call())
      assert_cost(for_one, row.least)
      if row.connections then assert.equal(row.connections, server:connections()) end
      assert_over(forget_fault())
    end)

    it("ends three at once", function()
      begin "always"
      local tasks, errors = client:get_tasks("cri-1", { "rst-1", "rst-2", "rst-3" })
      assert_cost(for_three, row.least)
      for i = 1, 3 do assert_end(tasks["rst-" .. i], errors["rst-" .. i]) end
      assert_over(forget_fault())
    end)

    if for_wait then
      it(may_pass and "is outlasted by a wait" or "ends a wait", function()
        begin "four times"
        local task, err = client:wait("cri-1", "rst-1", { interval = 0.002, max_interval = 0.002 })
        assert_cost(for_wait, row.least)
        if may_pass then assert.equal("SUCCESS", task and task.TaskStatus, tostring(err)) else assert_end(task, err) end
        assert_over(forget_fault())
      end)
    end

    if may_pass then
      it("is told by a wait whose time is over", function()
        begin "always"
        local task, err = client:wait("cri-1", "rst-1", { timeout = 0 })
        assert_cost(row.look or for_one)
        assert.same({ nil, "task", "timeout", 1 }, { task, err.kind, err.code, err.attempts })
        assert_discreet(err)
        assert_over(forget_fault())
      end)
    end

    for _, loop in ipairs { "cqueues", "own" } do
      it("ends a call in " .. loop, function()
        local result, again
        loops.runner(loop)(function()
          begin("always", loops.adapter(loop))
          result = compat.pack(call())
          assert_cost(for_one, row.least)
          again = compat.pack(forget_fault())
        end)
        assert_end(compat.unpack(result, 1, 2))
        assert_over(compat.unpack(again, 1, 2))
      end)
    end
  end)
end
