local child = require "spec.support.child"
local cjson = require "cjson"
local examples = require "spec.support.examples"
local json = require "crsync.print.json"

local function refused(value, part)
  local ok, err = pcall(json.encode, value)
  assert.is_false(ok)
  assert.truthy(err:find(part, 1, true), err)
end

describe("to_json writes", function()
  local cases = {
    { 1, "1" }, { 9007199254740991, "9007199254740991" }, { 0.5, "0.5" }, { 0.1, "0.1" },
    { 1 / 3, "0.3333333333333333" },
    { 1e300, "1e+300" }, { 2.0 ^ 63, "9.223372036854776e+18" }, { true, "true" }, { "a/b", '"a/b"' },
    { "é\240\159\154\128", '"é\240\159\154\128"' }, { 'q"\\\n\r\t\b\f\0\127', [["q\"\\\n\r\t\b\f\u0000\u007f"]] },
    { "a\255b", '"a\239\191\189b"' }, { "\192\128", '"\239\191\189\239\191\189"' },
    { {}, "{}" }, { { 1, 2 }, "[1,2]" },
    { { LayerTasks = {} }, '{"LayerTasks":[]}' }, { { Foo = {} }, '{"Foo":{}}' }, { { { }, {} }, "[{},{}]" },
    { setmetatable({}, { __jsontype = "array" }), "[]" }, { { a = cjson.null }, '{"a":null}' },
    { { LayerTasks = setmetatable({}, { __jsontype = "object" }) }, '{"LayerTasks":{}}' },
    { { zebra = 1, Code = "c", apple = 2, SyncTaskId = "t", TaskStatus = "s" },
      '{"SyncTaskId":"t","TaskStatus":"s","Code":"c","apple":2,"zebra":1}' },
  }
  if math.maxinteger then -- before Lua 5.3 every number is a double
    cases[#cases + 1] = { math.maxinteger, "9223372036854775807" }
    cases[#cases + 1] = { math.mininteger, "-9223372036854775808" }
  end
  for _, case in ipairs(cases) do
    it(case[2], function() assert.equal(case[2], json.encode(case[1])) end)
  end

  it("nil as null", function() assert.equal("null", json.encode(nil)) end)

  it("levels apart when asked to", function()
    local written = json.encode({ a = { 1, 2 }, b = {} }, { indent = 2 })
    assert.equal('{\n  "a": [\n    1,\n    2\n  ],\n  "b": {}\n}', written)
  end)
end)

describe("to_json refuses, naming the place,", function()
  it("what JSON cannot hold", function()
    refused({ a = { b = print } }, "a.b: a function")
    refused({ 1, { x = 0 / 0 } }, "2.x: JSON has no")
    refused(math.huge, "the value: JSON has no inf")
    refused({ a = io.stdout }, "a: a userdata")
    refused({ a = { 1, nil, 3 } }, "a: it is no sequence")
    refused({ a = { 1, x = 2 } }, "a: it mixes")
    refused({ [1.5] = 1 }, "it is no sequence")
    refused({ [true] = 1 }, "it is no sequence")
  end)

  it("a table within itself", function()
    local t = {}
    t.a = { t }
    refused(t, "within itself")
  end)
end)

describe("to_json round trips", function()
  local function equal_json(a, b)
    assert.equal(type(a), type(b))
    if type(a) ~= "table" then return assert.equal(a, b) end
    for k, v in pairs(a) do equal_json(v, b[k]) end
    for k in pairs(b) do assert.is_not_nil(a[k]) end
  end

  it("every example of a task", function()
    for _, name in ipairs(examples.names()) do
      local task = examples.task(name)
      equal_json(task, examples.task(nil, json.encode(task)))
    end
  end)

  it("empty lists and objects that nobody documented", function()
    local body = '{"TaskStatus":"PENDING","LayerTasks":[],"Bar":{},"Foo":[]}'
    assert.equal(body, json.encode(examples.task(nil, body)))
  end)
end)

it("to_json takes 5,000 layers in its stride", function()
  local task = { LayerTasks = {} }
  for i = 1, 5000 do task.LayerTasks[i] = { Digest = "sha256:" .. ("0"):rep(64), Size = i, SyncedSize = i } end
  assert.equal(5000, select(2, json.encode(task):gsub("sha256:", "")))
end)

it("to_json writes the same bytes in 20 processes", function()
  local script = [[local e = require "spec.support.examples"
    io.write(require "crsync.print.json".encode(e.task "get.synchronizing-multi"))]]
  local seen
  for _ = 1, 20 do
    local bytes = child.run(script)
    assert.is_true(#bytes > 1000)
    assert.equal(seen or bytes, bytes)
    seen = bytes
  end
end)

it("numbers are written with a point where the locale has a comma", function()
  local real = string.format
  string.format = function(f, ...) return (real(f, ...):gsub("(%d)%.(%d)", "%1,%2")) end -- luacheck: ignore 122
  local ok, written = pcall(json.encode, { 0.5, 1.25e-7 })
  local size = require "crsync.util.text".bytes(23655489)
  string.format = real -- luacheck: ignore 122
  assert.is_true(ok)
  assert.equal("[0.5,1.25e-07]", written)
  assert.equal("23.7 MB", size)
end)
