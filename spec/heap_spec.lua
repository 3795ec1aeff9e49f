local heap = require "crsync.util.heap"

describe("a heap", function()
  local function sorted(numbers)
    local list, out = {}, {}
    for _, n in ipairs(numbers) do heap.push(list, "due", { due = n }) end
    while list[1] do out[#out + 1] = heap.pop(list, "due").due end
    return out
  end

  it("gives the smallest first, whatever the order they came in", function()
    local numbers, expected = {}, {}
    for i = 1, 200 do numbers[i] = i * 7919 % 211 % 50 end
    for i, n in ipairs(numbers) do expected[i] = n end
    table.sort(expected)
    assert.same(expected, sorted(numbers))
    assert.same({ 1, 2, 3 }, sorted { 3, 2, 1 })
    assert.same({ 1, 1 }, sorted { 1, 1 })
  end)

  it("gives nothing when it is empty", function()
    assert.is_nil(heap.pop({}, "due"))
    assert.same({}, sorted {})
  end)
end)
