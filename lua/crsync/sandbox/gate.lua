--- Who may come in: the signature of a request (ACS3-HMAC-SHA256) checked as the service's gateway does, step by step.
--- https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature

local core = require "crsync.core"
local dates = require "crsync.util.dates"
local parameters = require "crsync.sandbox.parameters"
local refusals = require "crsync.sandbox.refusals"

local Gate = {}
Gate.__index = Gate

local gate = {}

local WINDOW = 15 * 60 -- seconds that a request's date may be off

local MANDATORY = { "host", "x-acs-action", "x-acs-version", "x-acs-content-sha256" }

--- The gate of a sandbox.
---@param keys table[]  { id, secret, token, expires, disabled }; expires: in seconds of core.now
function gate.new(keys)
  local by_id = {}
  for _, key in ipairs(keys) do by_id[key.id] = key end
  return setmetatable({ keys = by_id, nonces = {}, older_nonces = {}, nonces_since = core.now() }, Gate)
end

-- ---- the steps: each returns a refusal, or nothing ---------------------------------------------------------

local OLD_SIGNATURE = "This is the older RPC signature (HMAC-SHA1), which the sandbox does not verify: let the"
  .. " client sign with ACS3-HMAC-SHA256 (signatureAlgorithm, or signature version 3, of the vendor's clients; pop-core"
  .. " cannot, its successors do)."

local function has_old_signature(request)
  local given = parameters.of(request) or {}
  return given.Signature ~= nil and given.SignatureNonce ~= nil
end

local PARTS = "^Credential=([^,%s]+),%s*SignedHeaders=([^,%s]+),%s*Signature=(%x+)$"

-- Its three parts; blanks may follow the commas.
local function read_authorization(request)
  local header = request.headers.authorization
  if not header or header == "" then
    if has_old_signature(request) then return nil, refusals.of("InvalidSignatureMethod", OLD_SIGNATURE) end
    return nil, refusals.of("IncompleteSignature", "The Authorization header is missing.")
  end
  local algorithm, rest = header:match "^(%S+)%s+(.*)$"
  if algorithm ~= "ACS3-HMAC-SHA256" and (algorithm or ""):find "^ACS%d?%-" then
    return nil, refusals.of("InvalidSignatureMethod", "The sandbox verifies ACS3-HMAC-SHA256, not " .. algorithm .. ".")
  end
  local id, names, signature = (rest or ""):match(PARTS)
  if algorithm ~= "ACS3-HMAC-SHA256" or not id then
    return nil, refusals.of("IncompleteSignature", "The Authorization header is malformed.")
  end
  return { id = id, names = names, signature = signature }
end

local function must_be_signed(name)
  return name == "host" or name == "content-type" or name:find "^x%-acs%-" ~= nil
end

local function check_names(request, names)
  local function incomplete(problem) return refusals.of("IncompleteSignature", problem) end
  local listed, previous = {}, ""
  for name in names:gmatch "[^;]+" do
    if name <= previous then return incomplete("SignedHeaders is not sorted: " .. names) end
    if not request.headers[name] then return incomplete(name .. " is signed but absent.") end
    listed[name], previous = true, name
  end
  local unsigned
  for name in pairs(request.headers) do
    if must_be_signed(name) and not listed[name] and name < (unsigned or "~") then unsigned = name end
  end
  if unsigned then return incomplete(unsigned .. " is not in SignedHeaders.") end
  for _, name in ipairs(MANDATORY) do
    if not listed[name] then return incomplete(name .. " is mandatory.") end
  end
end

local function check_presence(request)
  if not dates.epoch(request.headers["x-acs-date"] or "") or #request.headers["x-acs-date"] ~= 20 then
    return refusals.of "InvalidTimeStamp.Format"
  elseif (request.headers["x-acs-signature-nonce"] or "") == "" then
    return refusals.of("MissingParameter", "x-acs-signature-nonce is mandatory for this action.")
  end
end

-- Signs what was received with the key that it names: the same must come out.
local function check_signature(request, given, key)
  local headers = {}
  for name in given.names:gmatch "[^;]+" do headers[name] = request.headers[name] end
  headers["x-acs-content-sha256"] = nil -- made anew, of the body
  local ok, signed, _, canonical, to_sign = pcall(core.sign, { method = request.method, path = request.path,
    query = parameters.of_text(request.query_text, {}), host = request.headers.host, headers = headers,
    body = request.body, access_key_id = key.id, access_key_secret = key.secret })
  if not ok and tostring(signed):find("interrupted!", 1, true) then error(signed, 0) end
  if not ok then return refusals.of "SignatureDoesNotMatch" end
  if signed.Authorization:match "Signature=(%x+)$" ~= given.signature then
    return refusals.of("SignatureDoesNotMatch", ("Specified signature does not match our calculation. server "
      .. "StringToSign is [%s] server CanonicalRequest is [%s]"):format(to_sign, canonical))
  elseif signed["x-acs-content-sha256"] ~= request.headers["x-acs-content-sha256"] then
    return refusals.of("SignatureDoesNotMatch", "x-acs-content-sha256 is not the hash of the body.")
  end
end

local function check_token(request, key)
  local token = request.headers["x-acs-security-token"]
  if key.token and not token then
    return refusals.of "MissingSecurityToken"
  elseif token ~= key.token then
    return refusals.of "InvalidSecurityToken.MismatchWithAccessKey"
  elseif key.expires and key.expires <= core.now() then
    return refusals.of "InvalidSecurityToken.Expired"
  end
end

-- A nonce counts as long as a date can be fresh; it is kept for twice that time at most.
local function check_freshness(self, request)
  if math.abs(dates.epoch(request.headers["x-acs-date"]) - os.time()) > WINDOW then
    return refusals.of "InvalidTimeStamp.Expired"
  end
  if core.now() - self.nonces_since > 2 * WINDOW then
    self.older_nonces, self.nonces, self.nonces_since = self.nonces, {}, core.now()
  end
  local nonce = request.headers["x-acs-signature-nonce"]
  if self.nonces[nonce] or self.older_nonces[nonce] then return refusals.of "SignatureNonceUsed" end
  self.nonces[nonce] = true
end

--- What is wrong with a request; nil if nothing is, and then its nonce is used up.
---@param request table  method, path, query_text, headers, body
---@return crsync.sandbox.Refusal|nil
function Gate:refuses(request)
  local given, refusal = read_authorization(request)
  if not given then return refusal end
  local key = self.keys[given.id]
  if not key then return refusals.of "InvalidAccessKeyId.NotFound" end
  if key.disabled then return refusals.of "InvalidAccessKeyId.Inactive" end
  return check_names(request, given.names) or check_presence(request) or check_signature(request, given, key)
    or check_token(request, key) or check_freshness(self, request)
end

return gate
