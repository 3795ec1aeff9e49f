-- What a function writes to standard error: the text, and its lines without their mark. Each has to have it.
--
--   local lines, text = traced(function() client:get_task("cri-1", "rst-1") end)

local assert = require "luassert"

local MARK = "[crsync] "

return function(run)
  local real, file = io.stderr, assert(io.tmpfile())
  io.stderr = file -- luacheck: ignore 122
  local ok, err = pcall(run)
  io.stderr = real -- luacheck: ignore 122
  file:seek "set"
  local text, lines = file:read "*a", {}
  file:close()
  if not ok then error(err, 0) end
  for line in text:gmatch "([^\n]*)\n" do
    assert.equal(MARK, line:sub(1, #MARK), text)
    lines[#lines + 1] = line:sub(#MARK + 1)
  end
  return lines, text
end
