-- JSON bodies becoming Lua values: exact, strict, the same on every lua-cjson. No network: a body is handed in
-- as if a host's own transport had brought it.

local child = require "spec.support.child"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local examples = require "spec.support.examples"
local operations = require "crsync.operations"

local client_core = core.new { endpoint = "https://h", access_key_id = "id", access_key_secret = "the-secret" }

local function answer(body, shape, content_type)
  local operation = { action = "Test", version = "1", response = shape or {} }
  return client_core:receive(operation, {}, 200, { ["content-type"] = content_type or "application/json" }, body)
end

local function value(json) return assert(answer('{"v":' .. json .. "}")).v end

local function task(body) return answer(body, operations.GetRepoSyncTask.response) end

describe("numbers", function()
  local integers = {
    ["0"] = 0, ["-0"] = 0, ["23655489"] = 23655489, ["999999999999999"] = 999999999999999,
    ["1000000000000000"] = 1000000000000000, ["9007199254740993"] = 9007199254740993,
    ["-9007199254740993"] = -9007199254740993, ["1.0"] = 1, ["1e3"] = 1000, ["-2.50e1"] = -25,
  }
  if math.maxinteger then -- before Lua 5.3 every number is a double
    integers["9223372036854775807"], integers["-9223372036854775808"] = math.maxinteger, math.mininteger
  end
  for text, expected in pairs(integers) do
    it("reads " .. text .. " as an integer", function()
      assert.is_true(compat.is_integer(value(text)))
      assert.equal(expected, value(text))
    end)
  end

  local floats = {
    ["0.5"] = 0.5, ["1.5e-7"] = 1.5e-7, ["9223372036854775808"] = 2.0 ^ 63, ["-9223372036854775809"] = -2.0 ^ 63,
    ["1e300"] = 1e300, ["123456789012345678901234567890"] = 123456789012345678901234567890.0, ["1e17"] = 1e17,
  }
  for text, expected in pairs(floats) do
    it("reads " .. text .. " as a float", function()
      assert.is_false(compat.is_integer(value(text)) and math.type ~= nil)
      assert.equal(expected, value(text))
    end)
  end

  it("has integers in arrays and below", function()
    local v = value '[1,[9007199254740993,{"a":2}],0.25]'
    assert.same({ 1, { 9007199254740993, { a = 2 } }, 0.25 }, v)
    assert.is_true(compat.is_integer(v[2][1]))
    assert.is_true(compat.is_integer(v[2][2].a))
  end)
end)

describe("what looks like one long number", function()
  -- Each of these has several short numbers in a row, which is no JSON, beside one that is marked.
  for _, text in ipairs { "555555555-5545-554 0e4", "[0.5,123456789012345-1]", "1234567890-1234567890-1234567890 0.5",
    '{"v":999999999-999999999,"w":0.5}', "0.5 " .. ("123456789-"):rep(1000) .. "1" } do
    it("is refused, and written nowhere: " .. text:sub(1, 40), function()
      assert.is_nil((core.decode(text)))
      assert.is_nil((answer(text)))
    end)
  end
end)

describe("a name", function()
  for _, text in ipairs { "{1.5:1}", "{ 12345678901234567890 : 1}", "{[]:1}", '{"a":1,[ ]\n:2}', "{1:1}", "{true:1}",
  } do
    it("cannot be what it is in " .. text, function() assert.is_nil((core.decode(text))) end)
  end
end)

describe("values", function()
  it("leaves null fields out, and nulls in arrays", function()
    local v = value '{"a":null,"b":[null,1,null,2,null],"c":[null]}'
    assert.same({ b = { 1, 2 }, c = {} }, v)
    assert.is_nil(next(v.c))
  end)

  it("tells [] from {}", function()
    local v = value '{"list":[ ],"object":{},"nested":[[],{}]}'
    assert.equal("array", getmetatable(v.list).__jsontype)
    assert.equal("array", getmetatable(v.nested[1]).__jsontype)
    assert.is_nil(getmetatable(v.object))
    assert.is_nil(getmetatable(v.nested[2]))
  end)

  it("keeps strings byte for byte", function()
    assert.equal("a\0b", value [["a\u0000b"]])
    assert.equal("é\240\159\154\128\"\\/\n", value [["é\ud83d\ude80\"\\\/\n"]])
    assert.equal("[]9007199254740993", value '"[]9007199254740993"')
    assert.equal("\\", value [["\\"]])
  end)

  it("keeps strings beside what travels as marks", function()
    local v = value [=[{"s":"\"[ ] 1.5 \\","n":12345678901234567,"e":[],"t":"[]"}]=]
    assert.same({ s = '"[ ] 1.5 \\', n = 12345678901234567, e = {}, t = "[]" }, v)
  end)

  it("takes the last of equal names", function() assert.equal(2, answer('{"v":1,"v":2}').v) end)
end)

describe("what is not JSON", function()
  local bad = {
    ["nothing"] = "", ["a page"] = "<html>", ["a cut object"] = '{"a":1', ["a cut string"] = '{"a":"x',
    ["a cut escape"] = '{"a":"x\\', ["two values"] = '{"a":1}{"b":2}', ["a word"] = "{a:1}",
    ["a NUL byte"] = '{"a":1}\0',
    ["a trailing comma"] = '{"a":1,}', ["a trailing comma in an array"] = '{"a":[1,]}', ["NaN"] = '{"a":NaN}',
    ["Infinity"] = '{"a":Infinity}', ["-Infinity"] = '{"a":-Infinity}', ["a hexadecimal number"] = '{"a":0x10}',
    ["a leading zero"] = '{"a":012}', ["a bare point"] = '{"a":1.}', ["a plus sign"] = '{"a":+1}',
    ["no digits"] = '{"a":-}', ["a bare exponent"] = '{"a":1e}', ["a number beyond every float"] = '{"a":1e400}',
    ["a raw control character"] = '{"a":"x\ny"}', ["a bad escape"] = '{"a":"\\x"}', ["a bad \\u"] = '{"a":"\\u12g4"}',
    ["half a surrogate pair"] = '{"a":"\\ud800"}', ["the other half"] = '{"a":"\\udc00"}',
    ["a byte that is not UTF-8"] = '{"a":"\255"}', ["an overlong form"] = '{"a":"\192\128"}',
    ["an encoded surrogate"] = '{"a":"\237\160\128"}', ["beyond Unicode"] = '{"a":"\244\144\128\128"}',
    ["a byte order mark"] = '\239\187\191{"a":1}', ["single quotes"] = "{'a':1}", ["a comment"] = '{"a":1}//',
  }
  for name, body in pairs(bad) do
    it("refuses " .. name, function()
      local result, err = answer(body, nil, "text/plain")
      assert.is_nil(result)
      assert.equal("decode", err.kind)
      assert.equal(200, err.status)
      assert.is_false(err.retryable)
      assert.truthy(err.message:find("text/plain", 1, true), err.message)
    end)
  end

  it("shows a short excerpt, without the secret", function()
    local _, err = answer("<html>\n\n  the-secret, the%2Dsecret" .. ("x"):rep(500), nil, "text/html")
    assert.truthy(err.message:find("<html> ", 1, true))
    assert.is_nil(err.message:find("the-secret", 1, true))
    assert.is_nil(err.message:find("the%2Dsecret", 1, true))
    assert.is_true(#err.message < 400)
  end)

  it("stops at 100 levels", function()
    assert.is_table(answer(("["):rep(99) .. ("]"):rep(99)) == nil and value(("["):rep(99) .. ("]"):rep(99)))
    local _, err = answer('{"v":' .. ("["):rep(100) .. ("]"):rep(100) .. "}")
    assert.truthy(err.message:find("too deep", 1, true))
    _, err = answer(("["):rep(100000))
    assert.truthy(err.message:find("too deep", 1, true))
  end)

  for name, body in pairs { array = "[1,2]", number = "1", string = '"s"', null = "null", boolean = "true" } do
    it("refuses a bare " .. name, function()
      local result, err = answer(body)
      assert.is_nil(result)
      assert.equal("decode", err.kind)
    end)
  end
end)

describe("documented types", function()
  it("makes digit strings integers and words booleans", function()
    local t = assert(task('{"SyncedSize":"23655489","Progress":"1","CrossUser":"true",'
      .. '"SyncTransAccelerate":"False","LayerTasks":[{"Size":"9223372036854775807","SyncedSize":"-1"}]}'))
    assert.equal(23655489, t.SyncedSize)
    assert.is_true(compat.is_integer(t.SyncedSize))
    assert.is_true(t.CrossUser)
    assert.is_false(t.SyncTransAccelerate)
    assert.equal(math.maxinteger or 2 ^ 63, t.LayerTasks[1].Size)
    assert.equal(-1, t.LayerTasks[1].SyncedSize)
  end)

  it("makes a number that should be a text its digits", function()
    local t = assert(task('{"SyncBatchTaskId":9007199254740991,"TaskIssue":0.5,"SyncRuleId":-1,'
      .. '"ImageTo":{"ImageTag":20240610}}'))
    assert.equal("9007199254740991", t.SyncBatchTaskId)
    assert.same({ "0.5", "-1", "20240610" }, { t.TaskIssue, t.SyncRuleId, t.ImageTo.ImageTag })
  end)

  it("keeps a fraction and a float beyond int64", function()
    local t = assert(task '{"Progress":0.5,"SyncedSize":9223372036854775808}')
    assert.equal(0.5, t.Progress)
    assert.equal(2.0 ^ 63, t.SyncedSize)
  end)

  for _, body in ipairs { "{}", '{"LayerTasks":null}', '{"LayerTasks":[]}', '{"LayerTasks":{}}' } do
    it("always has a sequence of layers: " .. body, function()
      local t = assert(task(body))
      assert.equal("table", type(t.LayerTasks))
      assert.equal(0, #t.LayerTasks)
    end)
  end

  local wrong = {
    SyncedSize = '{"SyncedSize":"many"}', Progress = '{"Progress":true}', CrossUser = '{"CrossUser":1}',
    ["LayerTasks[2].Size"] = '{"LayerTasks":[{"Size":1},{"Size":"1.5"}]}', LayerTasks = '{"LayerTasks":"none"}',
    ["LayerTasks[1]"] = '{"LayerTasks":[5]}', ImageTo = '{"ImageTo":"here"}', TaskStatus = '{"TaskStatus":5}',
    ImageFrom = '{"ImageFrom":[1]}', ["ImageFrom.ImageTag"] = '{"ImageFrom":{"ImageTag":["v1"]}}',
    TaskIssue = '{"TaskIssue":{"Code":"x"}}', SyncBatchTaskId = '{"SyncBatchTaskId":true}',
    Priority = '{"Priority":""}',
  }
  for field, body in pairs(wrong) do
    it("names " .. field .. " when it cannot be what it should be", function()
      local result, err = task(body)
      assert.is_nil(result)
      assert.equal("decode", err.kind)
      assert.truthy(err.message:find("field " .. field .. " ", 1, true), err.message)
    end)
  end

  it("refuses an object where a sequence should be", function()
    local _, err = task '{"LayerTasks":{"a":1}}'
    assert.truthy(err.message:find("LayerTasks should be a sequence", 1, true))
  end)

  it("keeps what it does not know", function()
    local t = assert(task '{"TaskStatus":"SUCCESS","Foo":{"a":[1]},"LayerTasks":[{"Bar":"x"}]}')
    assert.equal(1, t.Foo.a[1])
    assert.equal("x", t.LayerTasks[1].Bar)
  end)

  it("decodes every example of a task", function()
    for _, name in ipairs(examples.names()) do
      local t = assert(task(examples.read(name)))
      assert.equal("string", type(t.TaskStatus), name)
      for _, layer in ipairs(t.LayerTasks) do assert.is_true(compat.is_integer(layer.Size), name) end
    end
    assert.is_true(#examples.names() >= 25)
  end)

  it("is exact in the example with sizes beyond 2^53", function()
    local t = assert(task(examples.read "get.big-integers"))
    assert.equal(9007199254740993, t.LayerTasks[1].Size)
    assert.equal("9007199254740991", ("%.0f"):format(t.SyncedSize))
  end)
end)

describe("the host's lua-cjson", function()
  it("is neither used nor changed", function()
    local cjson = require "cjson"
    local before = { cjson.decode_max_depth(), cjson.decode_invalid_numbers(), cjson.encode_number_precision() }
    cjson.decode_max_depth(5)
    assert.is_table(value "[[[[[[[[1]]]]]]]]")
    cjson.decode_max_depth(before[1])
    assert.same(before, { cjson.decode_max_depth(), cjson.decode_invalid_numbers(), cjson.encode_number_precision() })
    assert.equal(1, cjson.decode("[0x1]")[1])
  end)

  it("may be a release with fewer settings", function()
    assert.equal("1\t2.5\n", child.run [[
      local own = require "cjson".new()
      package.loaded.cjson = { new = function() return { decode = own.decode } end }
      local list = require "crsync.core".decode "[1,2.5]"
      print(list[1], list[2])]])
  end)

  it("is named with its packages where it lacks", function()
    local output = child.run [[
      package.preload.cjson = function() error("not here", 0) end
      print(select(2, pcall(require, "crsync")))]]
    assert.truthy(output:find "^crsync needs lua%-cjson.*apt%-get install lua%-cjson.*: not here", output)
  end)
end)
