-- Files, folders and what a command prints.

local files = {}

local function everything(stream)
  local text = stream:read "*a"
  stream:close()
  return text
end

function files.read(path) return everything(assert(io.open(path, "rb"))) end

function files.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- What a command of the shell's writes to its standard output.
function files.output_of(command) return everything(assert(io.popen(command, "r"))) end

--- A new folder, for its owner only.
function files.temporary_folder()
  local path = os.tmpname()
  assert(os.remove(path))
  assert(os.execute(("mkdir -m 700 '%s'"):format(path)))
  return path
end

return files
