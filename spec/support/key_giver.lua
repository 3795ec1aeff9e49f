-- Two endpoints for the specs of where keys come from: `giver` plays who gives them (metadata, STS, a URL), `service`
-- takes no others than those. And the surroundings in which a client looks for them.
--
--   local scene = key_giver.scene()
--   lazy_setup(scene.start)  lazy_teardown(scene.stop)  before_each(scene.enter)  after_each(scene.leave)
--   scene.giver:answer(key_giver.plain "a token", key_giver.keys())
--   local task, err = scene.get()        -- one call of a new client
--   scene.paths()                        -- what the giver was asked: "PUT /latest/api/token", …

local assert = require "luassert"
local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local surroundings = require "spec.support.surroundings"

local key_giver = {}

--- What is given: the only keys that the service of a scene takes.
key_giver.KEYS = { access_key_id = "STS.NTgivenToCrsync", access_key_secret = "SecretThatWasGiven/+=",
  security_token = "TokenThatWasGiven/+=" }

function key_giver.time(offset) return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + offset) end

--- A response with the keys as metadata and credentials URIs give them, good for an hour.
function key_giver.keys(changes)
  local body = { Code = "Success", AccessKeyId = key_giver.KEYS.access_key_id, Expiration = key_giver.time(3600),
    AccessKeySecret = key_giver.KEYS.access_key_secret, SecurityToken = key_giver.KEYS.security_token }
  for name, value in pairs(changes or {}) do body[name] = value or nil end
  return { body = body, verify = false }
end

--- A response of plain text.
function key_giver.plain(text) return { body = text, content_type = "text/plain", verify = false } end

--- A response without a body.
function key_giver.status(status) return { status = status, body = "", verify = false } end

--- Both endpoints; tls: of the giver.
function key_giver.scene(tls)
  local scene = {}

  function scene.start()
    scene.giver = endpoint.start { tls = tls }
    scene.service = endpoint.start { keys = { key_giver.KEYS } }
  end

  function scene.stop()
    scene.giver:stop()
    scene.service:stop()
  end

  function scene.enter()
    surroundings.enter()
    scene.giver:reset()
    scene.service:reset()
  end

  scene.leave = surroundings.leave

  --- A client of the service with short pauses.
  function scene.client(options)
    local all = { endpoint = scene.service.url, ca_file = scene.giver.ca_file,
      retry = { base_delay = 0.01, max_delay = 0.02 } }
    for name, value in pairs(options or {}) do all[name] = value end
    return assert(crsync.new(all))
  end

  --- One call of a new client.
  function scene.get(options)
    local client = scene.client(options)
    local task, err = client:get_task("cri-1", "rst-1")
    client:close()
    return task, err
  end

  --- The message of a call that fails for want of keys, without any that was given.
  function scene.problem(options)
    local task, err = scene.get(options)
    assert.is_nil(task)
    assert.equal("credentials", err.kind)
    for _, secret in pairs { key_giver.KEYS.access_key_secret, key_giver.KEYS.security_token } do
      assert.is_nil(tostring(err):find(secret, 1, true))
    end
    return err.message, err
  end

  --- What the giver was asked, in order.
  function scene.paths()
    local list = {}
    for i, request in ipairs(scene.giver:requests()) do list[i] = request.method .. " " .. request.path end
    return list
  end

  return scene
end

return key_giver
