-- Integers beyond 2^31, in both directions: where lua_Integer has 32 bits as anywhere else.

local crsync = require "crsync"

local BODY = [[{"Code":"success","IsSuccess":true,"SyncTaskId":"t","TaskStatus":"SUCCESS","SyncedSize":"23655489123",
  "CreateTime":1572839126000.0,"ModifiedTime":1.572839126e12,"LayerTasks":[{"Size":3000000000,"SyncedSize":3000000001}],
  "Largest":9007199254740992,"Least":-9007199254740992}]]

describe("an integer beyond 2^31", function()
  local url, client

  lazy_setup(function()
    client = assert(crsync.new { endpoint = "http://127.0.0.1:1", access_key_id = "a", access_key_secret = "b",
      loop = { sleep = function() end }, transport = function(request)
        url = request.url
        return 200, { ["content-type"] = "application/json" }, BODY
      end })
  end)

  it("comes as it was sent, and is written so", function()
    local task = assert(client:get_task("i", "t"))
    assert.same({ 23655489123, 1572839126000, 1572839126000, 3000000000, 2 ^ 53, -2 ^ 53 }, { task.SyncedSize,
      task.CreateTime, task.ModifiedTime, task.LayerTasks[1].Size, task.Largest, task.Least })
    local written = crsync.to_json(task)
    for _, field in ipairs { '"SyncedSize":23655489123,', '"CreateTime":1572839126000,', '"Size":3000000000,',
      '"SyncedSize":3000000001}', '"Largest":9007199254740992', '"Least":-9007199254740992' } do
      assert.truthy(written:find(field, 1, true), written)
    end
  end)

  it("is sent whole", function()
    assert(client:call("GetX", { Big = 3000000000, Largest = 2 ^ 53, List = { -3000000000 } }))
    assert.equal("3000000000", url:match "Big=([^&]*)")
    assert.equal("9007199254740992", url:match "Largest=([^&]*)")
    assert.equal("-3000000000", url:match "List.1=([^&]*)")
  end)
end)
