-- Every failure of every source of keys, and of the call that they sign: whatever comes out of it is searched for the
-- secrets that went in.

local crsync = require "crsync"
local config_report = require "crsync.cli.config_report"
local key_giver = require "spec.support.key_giver"
local surroundings = require "spec.support.surroundings"

local scene = key_giver.scene()
lazy_teardown(scene.stop)
before_each(scene.enter)
after_each(scene.leave)

-- Each with characters that are escaped somewhere.
local KEYS = key_giver.KEYS
local SOURCE = { access_key_id = "LTAI5tOfTheSource", access_key_secret = "SourceSecret/+=&\"",
  security_token = "SourceTok/+=" }
local OIDC_TOKEN = "eyJhbGciOi.OidcTokenOfThePod.x_y-z"
local URI_KEY = "KeyInTheUri"
local SECRETS = { KEYS.access_key_secret, KEYS.security_token, SOURCE.access_key_secret, SOURCE.security_token,
  OIDC_TOKEN, URI_KEY }

lazy_setup(function()
  scene.start()
  scene.service:set { keys = { SOURCE, KEYS } } -- what the service gives away in its turn
end)

local function encoded(s) return (s:gsub("[^%w_.~-]", function(c) return ("%%%02X"):format(c:byte()) end)) end

local function forms_of(secret)
  return { secret, encoded(secret), (secret:gsub("/", "\\/")), (secret:gsub('"', '\\"')),
    (secret:gsub("/", "\\/"):gsub('"', '\\"')), secret:sub(1, 9) }
end

-- ---- what comes out ----------------------------------------------------------------------------------------------

-- Every text that is reachable from a value, as a debugger or a dump would come by it.
local function collect(value, texts, seen)
  if type(value) == "string" or type(value) == "userdata" then texts[#texts + 1] = tostring(value) end
  if type(value) ~= "table" or seen[value] then return end
  seen[value] = true
  texts[#texts + 1] = tostring(value)
  for key, item in next, value do
    collect(key, texts, seen)
    collect(item, texts, seen)
  end
  collect(debug.getmetatable(value), texts, seen)
end

local function outputs_of(options)
  local texts, seen, attempts = {}, {}, {}
  local all = { endpoint = scene.service.url, retry = { max_attempts = 2, base_delay = 0.01, max_delay = 0.01 },
    deadline = 3, on_attempt = function(attempt) attempts[#attempts + 1] = attempt end }
  for name, value in pairs(options or {}) do all[name] = value end
  local client, err = crsync.new(all)
  if client then
    local task
    task, err = client:get_task("cri-1", "rst-1")
    assert.is_nil(task)
    collect(client, texts, seen)
    collect({ pcall(tostring, client.core) }, texts, seen)
  end
  collect(err, texts, seen)
  collect(crsync.to_json(err), texts, seen)
  collect(attempts, texts, seen)
  collect({ config_report.of(all) }, texts, seen)
  return table.concat(texts, "\n"), err
end

local function check(options)
  local output, err = outputs_of(options)
  assert.is_true(crsync.is_error(err))
  for _, secret in ipairs(SECRETS) do
    for _, form in ipairs(forms_of(secret)) do
      local at = output:find(form, 1, true)
      assert.is_nil(at, at and output:sub(math.max(1, at - 200), at + 100))
    end
  end
end

-- ---- what goes wrong ---------------------------------------------------------------------------------------------

local function set(variables)
  for name, value in pairs(variables) do surroundings.variables[name] = value end
end

-- Answers that have secrets in all sorts of places, and none of which will do. In refusals, whose words are shown,
-- those that the other side was sent (nobody can know others); where keys are expected, any.
local function gossip(sent)
  local function json(list)
    local text = table.concat(list, " "):gsub('"', '\\"')
    return ('{"Code":"Gossip%s","Message":"%s","RequestId":"%s"'):format(text, text, text)
  end
  local all = table.concat(SECRETS, " ")
  return {
    { status = 400, body = json(sent) .. "}", verify = false },
    { status = 429, body = json(sent) .. "}", verify = false, headers = { ["x-acs-request-id"] = sent[1] } },
    { status = 403, body = json(SECRETS), verify = false }, -- no whole object, and so not read
    { status = 500, body = all, verify = false }, { status = 200, body = all, verify = false },
    { status = 200, body = json(SECRETS) .. "}", verify = false },
    { status = 404, body = "<p>" .. all .. "</p>", verify = false },
    { status = 302, headers = { Location = "http://" .. URI_KEY .. "/" }, body = all, verify = false },
    { status_line = "HTTP/1.1 200 " .. OIDC_TOKEN, body = '{"x":"' .. KEYS.access_key_secret, verify = false },
    { raw = all .. "\r\n\r\n", verify = false },
    { status = 200, verify = false, body = { Code = "Success", AccessKeyId = KEYS.access_key_id,
      AccessKeySecret = KEYS.access_key_secret, SecurityToken = KEYS.security_token,
      Expiration = KEYS.access_key_secret, Credentials = { AccessKeyId = 5, AccessKeySecret = KEYS.access_key_secret,
        SecurityToken = KEYS.security_token, Expiration = OIDC_TOKEN } } },
  }
end

local SOURCES = {
  ["the environment"] = function()
    set { ALIBABA_CLOUD_ACCESS_KEY_ID = SOURCE.access_key_id,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET = SOURCE.access_key_secret, ALIBABA_CLOUD_SECURITY_TOKEN = SOURCE.security_token }
  end,
  ["half an environment"] = function() set { ALICLOUD_SECRET_KEY = SOURCE.access_key_secret } end,
  ["a profile with keys"] = function()
    surroundings.write_profiles { name = "p", mode = "StsToken", access_key_id = SOURCE.access_key_id,
      access_key_secret = SOURCE.access_key_secret, sts_token = SOURCE.security_token }
  end,
  ["a profile with a wrong mode"] = function()
    surroundings.write_profiles { name = "p", mode = "Nope", access_key_id = SOURCE.access_key_id,
      access_key_secret = SOURCE.access_key_secret }
  end,
  ["a malformed profile"] = function()
    surroundings.write(".aliyun/config.json",
      '{"profiles":[{"access_key_secret":"' .. KEYS.access_key_secret .. '",}]}')
  end,
  ["a malformed ini file"] = function()
    surroundings.write(".alibabacloud/credentials", "[default]\n" .. OIDC_TOKEN .. "\n")
  end,
  ["a role"] = function()
    surroundings.write_profiles { name = "p", mode = "RamRoleArn", access_key_id = SOURCE.access_key_id,
      access_key_secret = SOURCE.access_key_secret, sts_token = SOURCE.security_token, ram_role_arn = "acs:r",
      sts_endpoint = scene.giver.url }
    return { SOURCE.access_key_secret, SOURCE.security_token }
  end,
  ["a pod"] = function()
    set { ALIBABA_CLOUD_ROLE_ARN = "acs:r", ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "acs:p",
      ALIBABA_CLOUD_OIDC_TOKEN_FILE = surroundings.write("token", OIDC_TOKEN),
      ALIBABA_CLOUD_STS_ENDPOINT = scene.giver.url }
    return { OIDC_TOKEN }
  end,
  ["a credentials URI"] = function()
    set { ALIBABA_CLOUD_CREDENTIALS_URI = ("%s/%s?key=%s"):format(scene.giver.url, URI_KEY, URI_KEY) }
  end,
  ["a profile with a URI"] = function()
    surroundings.write_profiles { name = "p", mode = "CredentialsURI",
      credentials_uri = ("%s/?key=%s"):format(scene.giver.url:gsub("//", "//user:" .. URI_KEY .. "@"), URI_KEY) }
  end,
  ["the metadata"] = function()
    set { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "", ALIBABA_CLOUD_ECS_METADATA = "role",
      CRSYNC_METADATA_ENDPOINT = scene.giver.url, ALIBABA_CLOUD_CREDENTIALS_URI = "" }
  end,
}

for name, prepare in pairs(SOURCES) do
  it(name .. " gives nothing away, whatever is answered", function()
    local sent = prepare()
    scene.service:answer_always { echo_secret = true, status = 403, verify = false }
    for _, answer in ipairs(gossip(sent or SECRETS)) do
      scene.giver:answer_always(answer)
      check()
    end
    scene.giver:answer_always()
  end)
end

local JSON = [[echo '{"mode":"'$MODE'","access_key_id":"x","access_key_secret":"'$SECRET'","expiration":"'$SECRET'"}']]

local PROGRAMS = {
  'echo "$SECRET" >&2; exit 1', JSON .. " | tee /dev/stderr; exit 1", 'echo "$SECRET"', "MODE=$SECRET; " .. JSON,
  "MODE=AK; " .. JSON, 'echo "my token: $SECRET" >&2; kill -9 $$',
}

for i, script in ipairs(PROGRAMS) do
  it("a program's output is not shown, case " .. i, function()
    local path = surroundings.write_program("program", "SECRET='" .. KEYS.access_key_secret .. "'\n" .. script)
    surroundings.write_profiles { name = "p", mode = "External", process_command = path }
    check()
  end)
end

it("keys in options give nothing away, right or wrong, in the service's refusals", function()
  for _, answer in ipairs { { echo_secret = true, status = 400, verify = false },
    { status = 400, body = { Code = SOURCE.access_key_secret, Message = SOURCE.security_token }, verify = false },
    { status = 200, body = SOURCE.access_key_secret, verify = false }, "err.400.SignatureDoesNotMatch" } do
    scene.service:answer_always(answer)
    check { access_key_id = SOURCE.access_key_id, access_key_secret = SOURCE.access_key_secret,
      security_token = SOURCE.security_token }
    check { credentials = SOURCE }
    check { credentials = function() return SOURCE end }
  end
  check { credentials = { access_key_secret = SOURCE.access_key_secret } }
  check { access_key_id = "a\nb", access_key_secret = SOURCE.access_key_secret }
  check { access_key_id = SOURCE.access_key_id, access_key_secret = SOURCE.access_key_secret .. "\1" }
end)

it("the request's own signature is struck out, and the key's id masked", function()
  scene.service:reset()
  for _, transported in ipairs { false, true } do
    local output
    if transported then
      local client = assert(crsync.new { endpoint = scene.service.url, credentials = SOURCE, retry = false,
        transport = function(request)
          return 400, {}, ('{"Code":"X","Message":"%s"}'):format(request.headers.Authorization)
        end })
      output = tostring(select(2, client:get_task("cri-1", "rst-1")))
      client:close()
    else
      scene.service:answer { echo_secret = true, status = 400, verify = false }
      output = outputs_of { credentials = SOURCE, retry = false }
      local requests = scene.service:requests()
      local signature = requests[#requests].headers.authorization:match "Signature=(%x+)"
      assert.is_nil(output:find(signature:sub(1, 8), 1, true))
    end
    assert.truthy(output:find("Credential=LTAI%*+urce,SignedHeaders=[%w;-]+,Signature=%*+"), output)
    assert.is_nil(output:find(SOURCE.access_key_id, 1, true))
  end
end)

it("a result that holds a secret is given without it, and any other as it is", function()
  local client = assert(crsync.new { endpoint = scene.service.url, credentials = SOURCE, retry = false })
  finally(function() client:close() end)
  local function issue_of(text)
    local body = ('{"IsSuccess":true,"SyncTaskId":"rst-1","TaskStatus":"ERROR","TaskIssue":"%s"}'):format(text)
    scene.service:answer { body = body, verify = false }
    return assert(client:get_task("cri-1", "rst-1")).TaskIssue
  end
  for _, secret in ipairs { SOURCE.access_key_secret, SOURCE.security_token } do
    for _, form in ipairs { (secret:gsub('"', '\\"')), encoded(secret), (secret:gsub('[/"]', "\\%0")) } do
      local shown = issue_of("no key " .. form .. " here")
      assert.truthy(shown:find "^no key %*+ here$", shown)
    end
  end
  local harmless = "SourceSecre and SourceTo, " .. SOURCE.access_key_id
  assert.equal(harmless, issue_of(harmless))
end)

it("keys renewed while the request was in flight are struck out, old and new", function()
  local core = require "crsync.core"
  local old, new = "OldSecretOfTheKey/+=1", "NewSecretOfTheKey/+=2"
  local bare = core.new { endpoint = "https://h", access_key_id = "id", access_key_secret = old }
  local request, key = bare:prepare({ action = "A", version = "1" }, {})
  bare:set_credentials("id", new, "TokenOfTheNewKey")
  for _, form in ipairs { old, new, "TokenOfTheNewKey", encoded(old), encoded(encoded(new)), (old:gsub("/", "&#x2F;")),
    new:sub(3, 14) } do
    for _, body in ipairs { ('{"Code":"X","Message":"%s"}'):format(form), "<p>" .. form .. "</p>" } do
      local _, err = bare:receive({ action = "A", version = "1" }, request, 400, {}, body, key)
      assert.is_nil(err.message:find("[%w%%]*e[yw]Key", 1), err.message)
      assert.is_nil(err.message:find("SecretOf", 1, true), err.message)
    end
  end
end)
