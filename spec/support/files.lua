-- Reading files.

local files = {}

function files.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

--- The names that match, in the folder's order.
function files.names(folder, pattern)
  local names = {}
  for name in io.popen("ls '" .. folder .. "'"):lines() do
    if name:find(pattern) then names[#names + 1] = name end
  end
  return names
end

return files
