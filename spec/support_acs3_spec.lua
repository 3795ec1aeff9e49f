-- The endpoint's own verification of signatures, against what the vendor's clients computed.

local acs3 = require "spec.support.acs3"
local cjson = require "cjson"
local mime = require "mime"

local function vectors()
  local file = assert(io.open("spec/vectors/acs3.json", "rb"))
  local text = file:read "a"
  file:close()
  return cjson.decode(text).acs3
end

-- The target as Node's serialiser writes it: these five stay literal, though the signature has them encoded.
local function wire(text)
  return (text:gsub("[^A-Za-z0-9%-_.~!()*']", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function target_of(input)
  local pairs_ = {}
  for name, value in pairs(input.query) do pairs_[#pairs_ + 1] = wire(name) .. "=" .. wire(value) end
  return input.path .. "?" .. table.concat(pairs_, "&")
end

local function received(vector)
  local headers = { authorization = vector.expected.authorization }
  for name, value in pairs(vector.input.headers) do headers[name:lower()] = value:match "^%s*(.-)%s*$" end
  local body = vector.input.body_base64 and mime.unb64(vector.input.body_base64) or vector.input.body
  return { method = vector.input.method, target = target_of(vector.input), headers = headers, body = body }
end

local function verify(vector, request, nonces)
  local input = vector.input
  local token = input.security_token ~= cjson.null and input.security_token or nil
  local key = { access_key_id = input.access_key_id, access_key_secret = input.access_key_secret,
    security_token = token }
  return acs3.verify(request, { key }, acs3.epoch_of(input.date), nonces or {})
end

-- The text with its last, its middle or its first byte changed to a neighbour.
local function changed(text)
  local texts = {}
  for _, i in ipairs { #text, #text // 2 + 1, 1 } do
    local byte = text:byte(i)
    if byte then texts[#texts + 1] = text:sub(1, i - 1) .. string.char(byte ~ 1) .. text:sub(i + 1) end
  end
  return texts
end

local function refused(vector, change, what)
  local request = received(vector)
  change(request)
  local ok, code = verify(vector, request)
  assert.is_nil(ok, "accepted with another " .. what)
  assert.is_string(code)
end

describe("the verifier", function()
  local all = vectors()

  it("has all the vectors", function() assert.equal(53, #all) end)

  for _, vector in ipairs(all) do
    it("accepts " .. vector.id .. " once", function()
      local request, nonces = received(vector), {}
      assert.same({ true }, { verify(vector, request, nonces) })
      assert.equal("SignatureNonceUsed", select(2, verify(vector, request, nonces)))
    end)

    it("calculates for " .. vector.id .. " what the vendor does", function()
      local request = received(vector)
      request.headers.authorization = request.headers.authorization:gsub("%x+$", ("0"):rep(64))
      local _, code, message = verify(vector, request)
      assert.equal("SignatureDoesNotMatch", code)
      assert.truthy(message:find("[" .. vector.expected.string_to_sign .. "]", 1, true), message)
      assert.truthy(message:find("[" .. vector.expected.canonical_request .. "]", 1, true), message)
    end)

    it("refuses " .. vector.id .. " with one byte changed", function()
      local original = received(vector)
      for _, part in ipairs { "method", "target", "body" } do
        for _, text in ipairs(changed(original[part])) do
          refused(vector, function(request) request[part] = text end, part)
        end
      end
      for name, value in pairs(original.headers) do
        for _, text in ipairs(name:find "^x%-acs" and changed(value) or {}) do
          refused(vector, function(request) request.headers[name] = text end, name)
        end
      end
      for _, name in ipairs { "host", "content-type", "authorization" } do
        for _, text in ipairs(changed(original.headers[name] or "")) do
          refused(vector, function(request) request.headers[name] = text end, name)
        end
      end
      for _, text in ipairs(changed(vector.input.access_key_secret)) do
        local other = { id = vector.id, expected = vector.expected, input = setmetatable({ access_key_secret = text },
          { __index = vector.input }) }
        refused(other, function() end, "secret")
      end
    end)
  end

  it("lets nothing pass unsigned", function()
    local vector = all[1]
    refused(vector, function(request) request.headers["x-acs-security-token"] = "t" end, "header")
    refused(vector, function(request) request.headers["content-type"] = "text/plain" end, "type")
    refused(vector, function(request) request.headers.host = nil end, "host")
    refused(vector, function(request) request.headers.authorization = nil end, "authorization")
    assert.is_true(verify(vector, (function()
      local request = received(vector)
      request.headers["user-agent"], request.headers.accept = "another", nil
      return request
    end)()))
  end)

  it("refuses with the gateway's codes", function()
    local key = { access_key_id = "id", access_key_secret = "secret", security_token = "new", expired_token = "old" }
    local now = acs3.epoch_of "2024-02-29T23:59:59Z"
    assert.equal(1709251199, now)

    local function code_of(changes, signed_with)
      local request = { method = "GET", target = "/?A=b", body = "", headers = { host = "h", ["x-acs-action"] = "A",
        ["x-acs-version"] = "1", ["x-acs-date"] = "2024-02-29T23:59:59Z", ["x-acs-signature-nonce"] = "n",
        ["x-acs-content-sha256"] = acs3.sha256 "", ["x-acs-security-token"] = "new" } }
      for name, value in pairs(changes) do request.headers[name] = value or nil end
      request.headers.authorization = acs3.authorization(request, signed_with or key)
      return (select(2, acs3.verify(request, { key }, now, { used = true }))) or "fine"
    end
    assert.equal("fine", code_of {})
    assert.equal("InvalidAccessKeyId.NotFound", code_of({}, { access_key_id = "x", access_key_secret = "secret" }))
    assert.equal("SignatureDoesNotMatch", code_of({}, { access_key_id = "id", access_key_secret = "x" }))
    assert.equal("SignatureDoesNotMatch", code_of { ["x-acs-content-sha256"] = acs3.sha256 "x" })
    assert.equal("IncompleteSignature", code_of { ["x-acs-content-sha256"] = false })
    assert.equal("MissingSecurityToken", code_of { ["x-acs-security-token"] = false })
    assert.equal("InvalidSecurityToken.Expired", code_of { ["x-acs-security-token"] = "old" })
    assert.equal("InvalidSecurityToken.MismatchWithAccessKey", code_of { ["x-acs-security-token"] = "other" })
    assert.equal("InvalidTimeStamp.Format", code_of { ["x-acs-date"] = "Thu, 29 Feb 2024 23:59:59 GMT" })
    assert.equal("fine", code_of { ["x-acs-date"] = "2024-02-29T23:44:59Z" })
    assert.equal("InvalidTimeStamp.Expired", code_of { ["x-acs-date"] = "2024-02-29T23:44:58Z" })
    assert.equal("InvalidTimeStamp.Expired", code_of { ["x-acs-date"] = "2024-03-01T00:15:00Z" })
    assert.equal("SignatureNonceUsed", code_of { ["x-acs-signature-nonce"] = "used" })
    assert.equal("MissingParameter", code_of { ["x-acs-signature-nonce"] = "" })
    assert.same({ 404, 400 }, { acs3.status_of "InvalidAccessKeyId.NotFound", acs3.status_of "SignatureNonceUsed" })
  end)
end)
