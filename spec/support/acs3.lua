-- Verifies ACS3-HMAC-SHA256 over a request as it was received. Own code throughout: the product's signer must not be
-- its own judge. Refuses as the service's gateway does, with a code and a message.
--
-- A request here is { method, target, headers = { [lower-case name] = value }, body }.

local digest = require "openssl.digest"
local hmac = require "openssl.hmac"

local acs3 = {}

local ALGORITHM = "ACS3-HMAC-SHA256"
local AUTHORIZATION = "^ACS3%-HMAC%-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]+)$"
local WINDOW = 15 * 60 -- seconds that a date may be off, either way

local function hex(bytes) return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

local function sha256(text) return hex(digest.new("sha256"):final(text)) end

local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

local function encode(text)
  return (text:gsub("[^A-Za-z0-9%-_.~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function trim(text) return text:match "^%s*(.-)%s*$" end

-- A proxy is sent the whole URL.
local function split(target)
  return target:gsub("^%a+://[^/?]*", ""):match "^([^?]*)%??(.*)$"
end

local function parameters_of(target)
  local parameters = {}
  local _, text = split(target)
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    parameters[#parameters + 1] = { name = decode(name), value = decode(value) }
  end
  return parameters
end

--- The path of a request target.
function acs3.path_of(target) return (split(target)) end

--- The decoded parameters of a request target, by name.
function acs3.query_of(target)
  local query = {}
  for _, parameter in ipairs(parameters_of(target)) do query[parameter.name] = parameter.value end
  return query
end

-- Decoded and encoded again: the text on the wire need be neither sorted nor encoded in the canonical way.
local function canonical_query(target)
  local parameters, texts = parameters_of(target), {}
  table.sort(parameters, function(a, b) return a.name < b.name or a.name == b.name and a.value < b.value end)
  for i, parameter in ipairs(parameters) do texts[i] = encode(parameter.name) .. "=" .. encode(parameter.value) end
  return table.concat(texts, "&")
end

local function must_be_signed(name)
  return name == "host" or name == "content-type" or name:find "^x%-acs%-" ~= nil
end

local function canonical_request(request, names)
  local lines = { request.method, acs3.path_of(request.target), canonical_query(request.target) }
  for name in names:gmatch "[^;]+" do lines[#lines + 1] = name .. ":" .. trim(request.headers[name] or "") end
  lines[#lines + 1] = ""
  lines[#lines + 1] = names
  lines[#lines + 1] = sha256(request.body)
  return table.concat(lines, "\n")
end

local function sign(request, names, secret)
  local canonical = canonical_request(request, names)
  local to_sign = ALGORITHM .. "\n" .. sha256(canonical)
  return hex(hmac.new(secret, "sha256"):final(to_sign)), to_sign, canonical
end

--- The Authorization header of a request, for specs that send one of their own.
function acs3.authorization(request, key)
  local names = {}
  for name in pairs(request.headers) do
    if must_be_signed(name) then names[#names + 1] = name end
  end
  table.sort(names)
  local signed = table.concat(names, ";")
  return ("%s Credential=%s,SignedHeaders=%s,Signature=%s"):format(ALGORITHM, key.access_key_id, signed,
    (sign(request, signed, key.access_key_secret)))
end

acs3.sha256 = sha256

-- ---- the checks: each returns true, or nil with a code and a message -------------------------------------------

local function refuse(code, message) return nil, code, message end

local function check_names(request, names)
  local listed, previous = {}, ""
  for name in names:gmatch "[^;]+" do
    if name <= previous then return refuse("IncompleteSignature", "SignedHeaders is not sorted: " .. names) end
    if not request.headers[name] then return refuse("IncompleteSignature", name .. " is signed but absent.") end
    listed[name], previous = true, name
  end
  for name in pairs(request.headers) do
    if must_be_signed(name) and not listed[name] then
      return refuse("IncompleteSignature", name .. " is not in SignedHeaders.")
    end
  end
  for _, name in ipairs { "host", "x-acs-action", "x-acs-version", "x-acs-content-sha256" } do
    if not listed[name] then return refuse("IncompleteSignature", name .. " is mandatory.") end
  end
  return true
end

local function check_signature(request, key, names, signature)
  local expected, to_sign, canonical = sign(request, names, key.access_key_secret)
  if expected ~= signature then
    return refuse("SignatureDoesNotMatch", ("Specified signature does not match our calculation. "
      .. "server StringToSign is [%s] server CanonicalRequest is [%s]"):format(to_sign, canonical))
  elseif trim(request.headers["x-acs-content-sha256"]) ~= sha256(request.body) then
    return refuse("SignatureDoesNotMatch", "x-acs-content-sha256 is not the hash of the body.")
  end
  return true
end

local function check_token(request, key)
  local token = request.headers["x-acs-security-token"]
  if token and token == key.expired_token then
    return refuse("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
  elseif key.security_token and not token then
    return refuse("MissingSecurityToken", "SecurityToken is mandatory for this action.")
  elseif token ~= key.security_token then
    return refuse("InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatch with the AccessKey.")
  end
  return true
end

--- Seconds since 1970 of YYYY-MM-DDThh:mm:ssZ, whatever the time zone here; nil for another form.
function acs3.epoch_of(date)
  local year, month, day, hour, minute, second = date:match "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)Z$"
  if not year then return nil end
  year, month = math.tointeger(year), math.tointeger(month)
  if month <= 2 then year, month = year - 1, month + 12 end -- a year from March on: a leap day is its last
  local days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
  return ((days * 24 + hour) * 60 + minute) * 60 + second
end

local function check_freshness(request, now, nonces)
  local at = acs3.epoch_of(request.headers["x-acs-date"] or "")
  local nonce = request.headers["x-acs-signature-nonce"] or ""
  if not at then
    return refuse("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
  elseif math.abs(at - now) > WINDOW then
    return refuse("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
  elseif nonce == "" then
    return refuse("MissingParameter", "x-acs-signature-nonce is mandatory for this action.")
  elseif nonces[nonce] then
    return refuse("SignatureNonceUsed", "Specified signature nonce was used already.")
  end
  nonces[nonce] = true
  return true
end

local function find_key(keys, id)
  for _, key in ipairs(keys) do
    if key.access_key_id == id then return key end
  end
end

--- Checks a received request.
---@param keys table[]  { access_key_id, access_key_secret, security_token, expired_token }
---@param now number    the server's clock: seconds since 1970
---@param nonces table  those seen, to which that of an accepted request is added
---@return true|nil ok, string|nil code, string|nil message
function acs3.verify(request, keys, now, nonces)
  local id, names, signature = (request.headers.authorization or ""):match(AUTHORIZATION)
  if not id then return refuse("IncompleteSignature", "The Authorization header is missing or malformed.") end
  local key = find_key(keys, id)
  if not key then return refuse("InvalidAccessKeyId.NotFound", "Specified access key is not found.") end

  local ok, code, message = check_names(request, names)
  if ok then ok, code, message = check_signature(request, key, names, signature) end
  if ok then ok, code, message = check_token(request, key) end
  if ok then ok, code, message = check_freshness(request, now, nonces) end
  return ok, code, message
end

--- The HTTP status that goes with a refusal.
function acs3.status_of(code) return code == "InvalidAccessKeyId.NotFound" and 404 or 400 end

return acs3
