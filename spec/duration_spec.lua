-- How long a task has taken.

local crsync = require "crsync"

describe("a task's duration", function()
  it("is the time between its creation and its last change, in both spellings", function()
    assert.equal(2.5, crsync.duration { TaskStatus = "SUCCESS", CreateTime = 1000000, ModifedTime = 1002500 })
    assert.equal(61, crsync.duration { TaskStatus = "ERROR", CreateTime = 1000000, ModifiedTime = 1061000 })
    assert.equal(3, crsync.duration { TaskStatus = "CANCELED", CreateTime = 1, ModifiedTime = 3001, ModifedTime = 9 })
    assert.equal(0, crsync.duration { TaskStatus = "SUCCESS", CreateTime = 1000, ModifiedTime = 1000 })
  end)

  it("is nil where there is none to tell", function()
    for _, task in ipairs {
      { TaskStatus = "SYNCHRONIZING", CreateTime = 1000, ModifiedTime = 2000 },
      { TaskStatus = "SOMETHING_NEW", CreateTime = 1000, ModifiedTime = 2000 },
      { TaskStatus = "SUCCESS" },
      { TaskStatus = "SUCCESS", CreateTime = 1000 },
      { TaskStatus = "SUCCESS", CreateTime = 1000, ModifiedTime = 999 },
      { TaskStatus = "SUCCESS", CreateTime = "1000", ModifiedTime = 2000 },
      {},
    } do assert.is_nil(crsync.duration(task)) end
  end)

  it("is refused for what is no task", function()
    assert.has_error(function() crsync.duration(5) end, "bad argument #1 to 'duration' (expected a task, got number)")
  end)
end)
