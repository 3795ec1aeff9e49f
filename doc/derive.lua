--- Writes into documents, sources and declarations what is derived from facts (doc/blocks.lua), between the marks
--- `derived: NAME` and `end: NAME`, each alone in a line, in comments. `make docs` runs it; with --check, as in
--- `make lint`, it writes nothing, names what is stale, and fails.

local blocks = require "doc.blocks"

-- The kind of a file says how its marks look, and which blocks are meant.
local FILES = {
  { "README.md", "<!-- %s -->", "" },
  { "HACKING.md", "<!-- %s -->", "" },
  { "doc/api.md", "<!-- %s -->", "" },
  { "doc/command.md", "<!-- %s -->", "" },
  { "doc/guides/keys.md", "<!-- %s -->", "" },
  { "doc/guides/sandbox.md", "<!-- %s -->", "" },
  { "doc/crsync.1", '.\\" %s', "man:" },
  { "lua/crsync/types.lua", "---- %s", "lua:" },
  { "csrc/packages.h", "/* %s */", "c:" },
  { "csrc/compat.h", "/* %s */", "c:" },
}

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local function plain(text) return (text:gsub("%p", "%%%0")) end

-- The text of a file with its blocks made anew; the names of those that are in it.
local function derived(text, mark, prefix)
  local pattern = "(" .. plain(mark):gsub("%%%%s", "derived: (%%S+)") .. "\n)(.-)(" .. plain(mark):gsub("%%%%s",
    "end: (%%S+)") .. "\n)"
  return (text:gsub(pattern, function(first, name, _, last, closing)
    assert(name == closing, ("the block %s ends as %s"):format(name, closing))
    local make = assert(blocks[prefix .. name], "there is no block " .. prefix .. name)
    return first .. table.concat(make(), "\n") .. "\n" .. last
  end))
end

local only_check, stale = arg[1] == "--check", 0
for _, file in ipairs(FILES) do
  local path = file[1]
  local text = read(path)
  local made = derived(text, file[2], file[3])
  if made ~= text then
    stale = stale + 1
    if only_check then io.stderr:write(path, " is stale: run make docs\n") else write(path, made) end
  end
end
if only_check and stale > 0 then os.exit(1) end
