-- The signature, against what the vendor's own clients computed.

local child = require "spec.support.child"
local cjson = require "cjson"
local core = require "crsync.core"
local files = require "spec.support.files"

local vectors = cjson.decode(files.read "spec/vectors/acs3.json")

-- Null is an absent field, at any depth.
local function without_nulls(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for k, v in pairs(value) do
    if v ~= cjson.null then copy[k] = without_nulls(v) end
  end
  return copy
end

local function request_of(input)
  return {
    method = input.method, path = input.path, query = input.query, headers = input.headers,
    host = input.headers.host or input.headers.Host,
    body = input.body_base64 and require "mime".unb64(input.body_base64) or input.body,
    access_key_id = input.access_key_id, access_key_secret = input.access_key_secret,
    security_token = input.security_token,
  }
end

local function changed(t, changes)
  local copy = {}
  for k, v in pairs(t) do copy[k] = v end
  for k, v in pairs(changes) do copy[k] = v end
  return copy
end

local plain = {
  host = "cr.cn-hangzhou.aliyuncs.com", action = "GetRepoSyncTask", version = "2018-12-01",
  query = { InstanceId = "cri-1", SyncTaskId = "rst-1" }, date = "2024-03-01T08:30:00Z", nonce = ("0"):rep(32),
  access_key_id = "id", access_key_secret = "secret",
}

describe("crsync.sign", function()
  it("has all the vectors", function() assert.equal(53, #vectors.acs3) end)

  for _, vector in ipairs(vectors.acs3) do
    local input, expected = without_nulls(vector.input), vector.expected

    it("signs " .. vector.id .. ": " .. vector.note, function()
      local headers, query, canonical, to_sign = core.sign(request_of(input))
      assert.equal(expected.canonical_query, query)
      assert.equal(expected.canonical_request, canonical)
      assert.equal(expected.string_to_sign, to_sign)
      assert.equal(expected.authorization, headers.Authorization)
      assert.equal(expected.hashed_payload, headers["x-acs-content-sha256"])
    end)

    if input.query_unflattened then
      it("flattens " .. vector.id, function()
        local _, query = core.sign(changed(request_of(input), { query = input.query_unflattened }))
        assert.equal(expected.canonical_query, query)
      end)
    end
  end

  it("reproduces the published example, headers made from named fields", function()
    local input, expected = vectors.documented[1].input, vectors.documented[1].expected
    local headers, _, _, to_sign = core.sign {
      host = input.headers.host, query = input.query, action = "RunInstances", version = "2014-05-26",
      date = "2023-10-26T10:22:32Z", nonce = input.headers["x-acs-signature-nonce"],
      access_key_id = input.access_key_id, access_key_secret = input.access_key_secret,
    }
    assert.equal(expected.string_to_sign, to_sign)
    assert.truthy(headers.Authorization:find("Signature=" .. expected.signature, 1, true))
  end)

  it("returns the complete header table", function()
    local headers = core.sign(changed(plain, { security_token = "token" }))
    local names = {}
    for name in pairs(headers) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "Authorization", "host", "x-acs-accesskey-id", "x-acs-action", "x-acs-content-sha256", "x-acs-date",
      "x-acs-security-token", "x-acs-signature-nonce", "x-acs-version" }, names)
  end)

  it("defaults to POST, /, now in UTC and a random nonce", function()
    local request = changed(plain, {})
    request.date, request.nonce = nil, nil
    local first, _, canonical = core.sign(request)
    local second = core.sign(request)
    assert.truthy(canonical:find("^POST\n/\n"))
    assert.truthy(first["x-acs-signature-nonce"]:find("^%x+$"))
    assert.equal(32, #first["x-acs-signature-nonce"])
    assert.not_equal(first["x-acs-signature-nonce"], second["x-acs-signature-nonce"])
    local before = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 2)
    assert.is_true(first["x-acs-date"] >= before and first["x-acs-date"] <= os.date("!%Y-%m-%dT%H:%M:%SZ"))
  end)

  it("trims keys that were pasted with blanks or a line end", function()
    local clean = core.sign(plain)
    local pasted = core.sign(changed(plain, { access_key_id = " id\r\n", access_key_secret = "\tsecret\n" }))
    assert.equal(clean.Authorization, pasted.Authorization)
  end)

  it("encodes integers and booleans in parameters", function()
    local _, query = core.sign(changed(plain, { query = { PageNo = 1, PageSize = 30.0, Override = true } }))
    assert.equal("Override=true&PageNo=1&PageSize=30", query)
  end)

  local refused = {
    { "a line end inside a key", { access_key_id = "AK\r\nX-A: 1" }, "control character" },
    { "a missing secret", { access_key_secret = "" }, "access_key_secret is missing" },
    { "a missing host", { host = "" }, "host is missing" },
    { "a line end in a header", { headers = { ["x-acs-a"] = "a\r\nb" } }, "control character" },
    { "a header name with a blank", { headers = { ["x acs"] = "a" } }, "no header may hold" },
    { "a header given twice", { headers = { ["x-acs-a"] = "1", ["X-ACS-A"] = "2" } }, "contradicts" },
    { "a header that contradicts a field", { headers = { ["x-acs-date"] = "other" } }, "contradicts" },
    { "a function as a parameter", { query = { a = print } }, "parameter a is a function" },
    { "a fraction as a parameter", { query = { a = 1.5 } }, "parameter a should be an integer" },
    { "a boolean as a parameter's name", { query = { [true] = "1" } }, "strings or positions, not a boolean" },
    { "a name with a NUL", { query = { ["a\0b"] = "1" } }, "NUL byte" },
    { "a table in itself", { query = (function() local t = {} t.a = t return t end)() }, "nested too deeply" },
    { "a number as the body", { body = 1 }, "body should be a string" },
    { "a string as the query", { query = "a=b" }, "query should be a table" },
    { "a string as the headers", { headers = "a: b" }, "headers should be a table" },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. case[1], function()
      local ok, message = pcall(core.sign, changed(plain, case[2]))
      assert.is_false(ok)
      assert.truthy(message:find(case[3], 1, true), message)
    end)
  end

  it("never repeats a nonce, in any of four processes started together", function()
    local script = [[local core = require "crsync.core"
      for _ = 1, 2500 do
        local headers = core.sign { host = "h", access_key_id = "i", access_key_secret = "s" }
        print(headers["x-acs-signature-nonce"])
      end]]
    local outputs, seen, count = {}, {}, 0
    for i = 1, 4 do outputs[i] = child.open(script) end
    for _, output in ipairs(outputs) do
      for nonce in output:lines() do
        assert.is_nil(seen[nonce])
        seen[nonce], count = true, count + 1
      end
      output:close()
    end
    assert.equal(10000, count)
  end)
end)
