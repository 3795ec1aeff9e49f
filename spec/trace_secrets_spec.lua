-- A hundred traces with bodies, from every source of keys, of responses that give back what they were sent in all sorts
-- of places and forms: none of the secrets is in them, nor a piece of one. Made by chance, from a seed that a failure
-- names.

local crsync = require "crsync"
local endpoint = require "spec.support.endpoint"
local surroundings = require "spec.support.surroundings"
local secret_forms = require "spec.support.secret_forms"
local traced = require "spec.support.traced"

local SEED = tonumber(os.getenv "TRACE_SEED" or 20261126)
local ROUNDS = 100
local PIECE = 9 -- characters of a secret that would be too many

local service, giver, forms

lazy_setup(function()
  service, giver = endpoint.start(), endpoint.start()
  forms = secret_forms.new(SEED)
end)
lazy_teardown(function()
  service:stop()
  giver:stop()
end)
before_each(surroundings.enter)
after_each(surroundings.leave)

-- ---- what is given back ------------------------------------------------------------------------------------------

local function in_some_form(secret)
  local form = forms.FORMS[forms.pick(forms.NAMES)](secret)
  if forms.random(3) == 1 then form = forms.base64(("!"):rep(forms.random(3) - 1) .. secret) end
  if forms.random(3) == 1 then form = forms.wrapped(form) end
  return form
end

local function gossip(secrets)
  local parts = {}
  for i = 1, #secrets do parts[i] = in_some_form(secrets[i]) end
  return table.concat(parts, forms.pick { " ", ", ", " and " })
end

local function one_line(secret)
  return forms.pick { secret, forms.FORMS.percent(secret), forms.base64(secret), forms.base64("x" .. secret) }
end

-- Named as secrets are, though nobody told us of them.
local function named(unknown)
  return forms.pick { ('{"AuthorizationToken":"%s","x":1}'):format(unknown),
    ('{"Message":"{\\"SecurityToken\\": \\"%s\\"}"}'):format(unknown),
    ("<Error><AccessKeySecret>%s</AccessKeySecret></Error>"):format(unknown) }
end

-- A response of one who has been sent these secrets; `unknown` it has from elsewhere.
local function response_of(secrets, unknown)
  local text = forms.random(2) == 1 and gossip(secrets) or secrets[1] or "nothing"
  local quoted = text:gsub('["\\]', "\\%0"):gsub("\n", "\\n"):gsub("\r", "\\r")
  local body = forms.pick { ('{"Code":"Gossip","Message":"%s","RequestId":"%s"}'):format(quoted, quoted), text,
    ("<html>%s</html>"):format(text), '{"Message":"' .. quoted, ("<Error><Code>X</Code><Message>%s</Message></Error>")
      :format(text), ("x"):rep(4096 - forms.random(80)) .. text, ("x"):rep(8192 - forms.random(80)) .. text,
    named(unknown) }
  local echo = secrets[1] and one_line(secrets[forms.random(#secrets)]) or "x"
  return { status = forms.pick { 200, 302, 400, 403, 404, 407, 429, 500, 503 }, verify = false, body = body,
    content_type = forms.pick { "application/json", "text/html", one_line(secrets[1] or "x"):gsub("[\r\n]", "") },
    echo_secret = forms.random(5) == 1 or nil,
    headers = { ["x-acs-request-id"] = echo, ["Set-Cookie"] = "session=" .. unknown, ["X-Odd"] = echo,
      Location = "https://elsewhere.example/?Signature=" .. unknown .. "&echo=" .. one_line(secrets[1] or "x") } }
end

-- ---- where keys come from ------------------------------------------------------------------------------------------

-- Each sets one up with keys of its own, and returns options, what the service is told, and what the giver.
local function pair(prefix)
  return { access_key_id = prefix .. forms.secret "", access_key_secret = forms.secret "/+=",
    security_token = forms.secret '/+=&"_.' }
end

local function given_by(answer)
  local keys = pair "STS."
  keys.body = { Code = "Success", AccessKeyId = keys.access_key_id, AccessKeySecret = keys.access_key_secret,
    SecurityToken = keys.security_token, Expiration = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600) }
  giver:answer_always { body = answer and answer(keys.body) or keys.body, verify = false,
    headers = { ["X-Token"] = keys.security_token, ["X-Odd"] = keys.access_key_secret,
      ["x-acs-request-id"] = keys.access_key_secret, ["Content-Type"] = "application/" .. keys.access_key_id } }
  return keys
end

local function set(variables)
  for name, value in pairs(variables) do surroundings.variables[name] = value end
end

local function profile(fields)
  fields.name = "p"
  surroundings.write_profiles(fields)
end

local function within(body) return { Credentials = body } end

local SOURCES = {
  options = function()
    local keys = pair "LTAI"
    return keys, keys
  end,
  ["option credentials"] = function()
    local keys = pair "LTAI"
    return { credentials = function() return keys end }, keys
  end,
  environment = function()
    local keys = pair "LTAI"
    set { ALIBABA_CLOUD_ACCESS_KEY_ID = keys.access_key_id, ALIBABA_CLOUD_SECURITY_TOKEN = keys.security_token,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET = keys.access_key_secret }
    return {}, keys
  end,
  ["a profile"] = function()
    local keys = pair "LTAI"
    profile { mode = "StsToken", access_key_id = keys.access_key_id, access_key_secret = keys.access_key_secret,
      sts_token = keys.security_token }
    return {}, keys
  end,
  ["the ini file"] = function()
    local keys = { access_key_id = "LTAI" .. forms.secret "", access_key_secret = forms.secret "/+" }
    surroundings.write(".alibabacloud/credentials", ("[default]\ntype = access_key\naccess_key_id = %s\n"
      .. "access_key_secret = %s\n"):format(keys.access_key_id, keys.access_key_secret))
    return {}, keys
  end,
  ["a role"] = function()
    local source = pair "LTAI"
    profile { mode = "RamRoleArn", access_key_id = source.access_key_id, ram_role_arn = "acs:ram::1:role/r",
      access_key_secret = source.access_key_secret, sts_token = source.security_token, sts_endpoint = giver.url,
      external_id = "an external id", policy = '{"Statement":[]}' }
    return {}, given_by(within), source
  end,
  ["a pod"] = function()
    local token = "eyJ" .. forms.secret "_-" .. "." .. forms.secret "_-"
    set { ALIBABA_CLOUD_ROLE_ARN = "acs:r", ALIBABA_CLOUD_OIDC_PROVIDER_ARN = "acs:p",
      ALIBABA_CLOUD_OIDC_TOKEN_FILE = surroundings.write("token", token), ALIBABA_CLOUD_STS_ENDPOINT = giver.url }
    return {}, given_by(within), { token }
  end,
  ["a URL"] = function()
    local secret = forms.secret "_-":gsub("[/=]", "")
    set { ALIBABA_CLOUD_CREDENTIALS_URI = ("%s/%s?key=%s"):format(giver.url, secret, secret) }
    return {}, given_by(), { secret }
  end,
  ["a URL with a login"] = function()
    local secret = forms.secret "_-":gsub("[/=]", "")
    profile { mode = "CredentialsURI", credentials_uri = giver.url:gsub("//", "//user:" .. secret .. "@") }
    return {}, given_by(), { secret }
  end,
  metadata = function()
    set { ALIBABA_CLOUD_ECS_METADATA_DISABLED = "", ALIBABA_CLOUD_ECS_METADATA = "role",
      CRSYNC_METADATA_ENDPOINT = giver.url }
    local keys, token = given_by(), forms.secret "_-"
    giver:answer { body = token, content_type = "text/plain", verify = false }
    return {}, keys, { token }
  end,
  ["a program"] = function()
    local keys = { access_key_id = "LTAI" .. forms.secret "", access_key_secret = forms.secret "/+" }
    local path = surroundings.write_program("program", ([[echo '{"mode":"AK","access_key_id":"%s",]]
      .. [["access_key_secret":"%s"}']]):format(keys.access_key_id, keys.access_key_secret))
    profile { mode = "External", process_command = path }
    return {}, keys
  end,
}

local ASKED = { ["a role"] = true, ["a pod"] = true, ["a URL"] = true, ["a URL with a login"] = true, metadata = true }

local NAMES = {}
for name in pairs(SOURCES) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

-- ---- looking for them --------------------------------------------------------------------------------------------

local ENTITIES = { amp = "&", quot = '"', sol = "/", plus = "+", equals = "=", lt = "<", gt = ">" }

local function byte(n, base) return n and string.char(tonumber(n, base) % 256) end

-- One layer of escapes less.
local function decoded(s)
  s = s:gsub("%%(%x%x)", function(n) return byte(n, 16) end)
  s = s:gsub("\\u00(%x%x)", function(n) return byte(n, 16) end):gsub("\\x(%x%x)", function(n) return byte(n, 16) end)
  s = s:gsub("&#(%d+);", function(n) return byte(n, 10) end):gsub("&#[xX](%x+);", function(n) return byte(n, 16) end)
  s = s:gsub("&(%a+);", ENTITIES)
  return (s:gsub("\\[nr]", ""):gsub('\\([/"\\])', "%1"))
end

-- The trace as somebody might read it who knows what was done to the secrets: without marks, ends of lines and blanks.
local function readings(text)
  local bare = text:gsub("%[crsync%]   [<>|]? ?", "")
  local list = { text }
  for _ = 1, 3 do
    list[#list + 1] = bare:gsub("<br/?>", ""):gsub("[%s%c]", "")
    bare = decoded(bare)
  end
  return list
end

-- Pieces of a secret's base64, wherever in a longer text it began.
local function encoded_pieces(secret)
  local list = {}
  for lead = 0, 2 do
    local encoded = forms.base64(("!"):rep(lead) .. secret):sub(lead > 0 and 5 or 1):gsub("=+$", "")
    for at = 1, #encoded - 15, 8 do list[#list + 1] = encoded:sub(at, at + 15) end
  end
  return list
end

local function check(text, secrets, what)
  local pieces, encoded = {}, {}
  for _, secret in ipairs(secrets) do
    for at = 1, #secret - PIECE + 1 do pieces[secret:sub(at, at + PIECE - 1)] = true end
    for _, piece in ipairs(encoded_pieces(secret)) do encoded[#encoded + 1] = piece end
  end
  for _, reading in ipairs(readings(text)) do
    local found
    for at = 1, #reading - PIECE + 1 do
      if pieces[reading:sub(at, at + PIECE - 1)] then found = found or at end
    end
    for _, piece in ipairs(encoded) do found = found or reading:find(piece, 1, true) end
    assert(not found, found and ("TRACE_SEED=%d, %s: %q in\n%s"):format(SEED, what, reading:sub(found, found + 15),
      reading:sub(math.max(1, found - 300), found + 200)))
  end
end

-- Every text in a table, or in what it holds.
local function texts_of(value, texts)
  if type(value) == "string" then texts[#texts + 1] = value end
  for _, item in pairs(type(value) == "table" and value or {}) do texts_of(item, texts) end
  return texts
end

local function secrets_of(keys, others)
  local list = {}
  for name, value in pairs(keys or {}) do
    if type(value) == "string" then
      list[#list + 1] = name == "access_key_id" and value:sub(5, -5) or value
    end
  end
  for _, value in ipairs(others or {}) do list[#list + 1] = value end
  return list
end

local function trace_of(options)
  local attempts, client, err = {}, nil, nil
  local _, text = traced(function()
    options.on_attempt = function(attempt) attempts[#attempts + 1] = attempt end
    client, err = crsync.new(options)
    if client then
      err = select(2, client:get_task("cri-1", "rst-1"))
      client:close()
    end
  end)
  return text, table.concat(texts_of(attempts, { tostring(err) }), "\n")
end

-- What the host has sent itself comes in tables of Lua's, bodies of those who give keys among it.
it("traces of a host's own transport hold none either", function()
  for _ = 1, ROUNDS / 4 do
    surroundings.leave()
    surroundings.enter()
    local options, keys, source = SOURCES[forms.pick { "a role", "a pod", "a URL" }]()
    local unknown = forms.secret "_-":gsub("[/=]", "")
    local secrets = secrets_of(keys, secrets_of(source))
    options.endpoint, options.debug = "http://cr.example.invalid", 2
    options.retry = { max_attempts = 2, base_delay = 0 }
    options.transport = function(request)
      for _, value in pairs(request.headers) do secrets[#secrets + 1] = value:match "Signature=(%x+)" end
      if request.url:find(giver.url, 1, true) then
        local headers = { ["X-Odd"] = keys.access_key_secret, Date = keys.security_token }
        local body = source and source.access_key_secret and { Credentials = keys.body } or keys.body
        return 200, headers, crsync.to_json(request.url:find "AssumeRole" and { Credentials = keys.body } or body)
      end
      local response = response_of(secrets_of(keys), unknown)
      return response.status, response.headers, response.body
    end
    local text = trace_of(options)
    secrets[#secrets + 1] = unknown
    check(text, secrets, "a transport")
  end
end)

it("a hundred traces hold no secret", function()
  local calls, fetches = 0, 0
  for round = 1, ROUNDS do
    local name = NAMES[round % #NAMES + 1]
    surroundings.leave()
    surroundings.enter()
    service:reset()
    giver:reset()
    local password = forms.secret "_-":gsub("[/=]", "")
    local unknown = forms.secret "_-":gsub("[/=]", "")
    local options, told, to_giver = SOURCES[name]()
    local to_service = secrets_of(told, { password })
    local sent = secrets_of(to_giver)
    if ASKED[name] and round % 3 == 0 then giver:answer_always(response_of(sent, unknown)) end
    service:answer_always(response_of(to_service, unknown))
    local all = { endpoint = "http://cr.example.invalid", debug = 2, deadline = 5, timeout = 2,
      proxy = service.url:gsub("//", "//jdoe:" .. password .. "@"),
      retry = { max_attempts = 2, base_delay = 0.001, max_delay = 0.002 } }
    for option, value in pairs(options) do all[option] = value end
    local text, said = trace_of(all)
    local secrets = to_service
    for _, secret in ipairs(sent) do secrets[#secrets + 1] = secret end
    for _, request in ipairs(service:requests()) do
      secrets[#secrets + 1] = (request.headers.authorization or ""):match "Signature=(%x+)"
      calls = calls + 1
    end
    for _, request in ipairs(giver:requests()) do
      secrets[#secrets + 1] = (request.headers.authorization or ""):match "Signature=(%x+)"
      fetches = fetches + 1
    end
    check(said, secrets, name .. ", what on_attempt and the error say")
    secrets[#secrets + 1] = unknown
    check(text, secrets, name)
  end
  assert.is_true(calls > 60 and fetches > 40) -- it was not for want of traces
end)
