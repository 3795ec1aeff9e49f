-- Text that the service gives, wherever a person or a terminal may meet it: nothing of it moves a cursor, turns the
-- writing around or hides, and a long one takes time as its length does.

local at_most = require "spec.support.at_most"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local crsync = require "crsync"
local lua_source = require "crsync.print.lua_source"
local text = require "crsync.util.text"

local HARMFUL = {
  ["a C1 control"] = "\194\133", ["an override of direction"] = "\226\128\174", ["an isolate"] = "\226\129\166",
  ["a Hangul filler"] = "\227\133\164", ["a combining grapheme joiner"] = "\205\143",
  ["a selector of variants"] = "\243\160\132\128", ["a tag"] = "\243\160\129\129",
  ["a zero-width blank"] = "\226\128\139", ["a halfwidth filler"] = "\239\190\160",
  ["a line separator"] = "\226\128\168",
}

for what, bytes in pairs(HARMFUL) do
  describe(what, function()
    local value = "rst-" .. bytes .. "1"

    it("is an escape in text", function()
      assert.is_nil(text.printable(value):find(bytes, 1, true))
      assert.is_nil(crsync.format({ SyncTaskId = value, TaskStatus = value }):find(bytes, 1, true))
    end)

    it("is an escape in JSON, and reads back", function()
      local json = crsync.to_json { SyncTaskId = value, [value] = 1 }
      assert.is_nil(json:find(bytes, 1, true))
      assert.same({ SyncTaskId = value, [value] = 1 }, (core.decode(json)))
    end)

    it("is an escape in Lua source, and reads back", function()
      local source = lua_source.of { SyncTaskId = value, [value] = 1 }
      assert.is_nil(source:find(bytes, 1, true))
      assert.same({ SyncTaskId = value, [value] = 1 }, compat.load("return " .. source, "=source", {})())
    end)

    it("is an escape in an error", function()
      local body = crsync.to_json { Code = "TASK_NOT_EXIST" .. bytes, Message = "no " .. value, RequestId = value }
      local client = assert(crsync.new { endpoint = "http://127.0.0.1:9", access_key_id = "id",
        access_key_secret = "secret", transport = function() return 404, {}, body end })
      local _, err = client:get_task("cri-1", "rst-1")
      assert.is_nil(tostring(err):find(bytes, 1, true))
      assert.is_nil((err.message .. err.code .. err.request_id):find(bytes, 1, true))
    end)
  end)
end

describe("a long text", function()
  for what, make in pairs {
    ["ASCII in a report"] = function() return crsync.format { TaskStatus = "ERROR", TaskIssue = ("x"):rep(1e6) } end,
    ["Chinese in a report"] = function() return crsync.format { TaskStatus = "ERROR", TaskIssue = ("中"):rep(2e5) } end,
    ["in Lua source"] = function() return lua_source.of { ("…"):rep(3e5) } end,
    ["in JSON"] = function() return crsync.to_json { ("…"):rep(3e5) } end,
    ["that is no UTF-8 in JSON"] = function() return crsync.to_json { ("\255x"):rep(3e5) } end,
  } do
    it("takes no more time than its length, " .. what, function()
      local started = os.clock()
      assert.is_true(#make() > 3e5)
      assert.is_true(os.clock() - started < at_most(5))
    end)
  end
end)
