-- What the suite ran and what not, from gcov's counts and from the lines that hook.c noted; every line that was not
-- run needs a reason. Usage: lua5.4 spec/coverage/report.lua folder reasons  (the folder holds the counts)

local folder, reasons_path = arg[1], arg[2]

-- file -> { [line] = whether it was run }, of the lines that can be
local lines = {}

local function note(file, line, was_run)
  lines[file] = lines[file] or {}
  lines[file][line] = lines[file][line] or was_run
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  assert(pipe:close(), command .. " failed")
  return text
end

-- The lines' texts, without the comments behind them.
local function texts_of(file)
  local texts = {}
  for text in io.lines(file) do
    texts[#texts + 1] = text:gsub("%s+/%*.*%*/%s*$", ""):gsub("%s+%-%-%s.*$", ""):match "^%s*(.-)%s*$"
  end
  return texts
end

-- A header is listed once for every file that includes it.
local function read_c()
  local file
  for row in output_of("gcov --stdout -o " .. folder .. " csrc/*.c"):gmatch "[^\n]+" do
    local count, line, rest = row:match "^%s*([^:]+):%s*(%d+):(.*)"
    if line == "0" then
      file = rest:match "^Source:(.*)" or file
    elseif line and count ~= "-" and file:find "^csrc/" then
      note(file, tonumber(line), not count:find "^[#=]")
    end
  end
end

-- The lines with instructions, but for VARARGPREP, of which no hook is told, and for those of closing words alone: what
-- is there, a function's last RETURN or a jump that is jumped over, is run or not as the compiler likes.
local function read_lua()
  for file in output_of "find lua/crsync -name '*.lua' ! -name types.lua":gmatch "[^\n]+" do
    local texts = texts_of(file)
    for digits, name in output_of("luac5.4 -l -p " .. file):gmatch "%[(%d+)%]%s+(%u+)" do
      local line = tonumber(digits)
      if name ~= "VARARGPREP" and texts[line]:gsub("end", ""):find "[^%s)}%],]" then note(file, line, false) end
    end
  end
  for file, digits in output_of("cat " .. folder .. "/lines"):gmatch "([^\n:]+):(%d+)" do
    local line = tonumber(digits)
    if lines[file] and lines[file][line] ~= nil then note(file, line, true) end
  end
end

-- The reasons by id, and which lines they excuse: file -> text -> a list of ids, one for each such line of the file.
local function read_reasons()
  local reasons, excused, file = {}, {}, nil
  for row in io.lines(reasons_path) do
    local new_id, reason = row:match "^(%S+): (.+)$"
    local id, text = row:match "^  (%S+) +(.+)$"
    if new_id then
      reasons[new_id] = reason
    elseif id then
      assert(reasons[id], "there is no such reason: " .. row)
      assert(file, "no file stands before " .. row)
      excused[file][text] = excused[file][text] or {}
      table.insert(excused[file][text], id)
    elseif row:find "^[^#]" then
      file = row
      excused[file] = excused[file] or {}
    end
  end
  return reasons, excused
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

read_c()
read_lua()
local reasons, excused = read_reasons()
local listing, faults = {}, 0
local run, all = 0, 0

local function fault(format, ...)
  faults = faults + 1
  listing[#listing + 1] = format:format(...)
end

for _, file in ipairs(sorted_keys(lines)) do
  local texts, run_here, all_here = texts_of(file), 0, 0
  for _, line in ipairs(sorted_keys(lines[file])) do
    all_here = all_here + 1
    if lines[file][line] then
      run_here = run_here + 1
    else
      local id = table.remove(excused[file] and excused[file][texts[line]] or {})
      local place = ("%s:%d: %s"):format(file, line, texts[line])
      if id then
        listing[#listing + 1] = ("%s  [%s]"):format(place, id)
      else
        fault("%s  NO REASON", place)
      end
    end
  end
  print(("%5d of %5d  %5.1f %%  %s"):format(run_here, all_here, 100 * run_here / all_here, file))
  run, all = run + run_here, all + all_here
end

for _, file in ipairs(sorted_keys(excused)) do
  for _, text in ipairs(sorted_keys(excused[file])) do
    for _, id in ipairs(excused[file][text]) do
      if not reasons[id]:find "^sometimes" then
        fault("%s: %s  [%s]: WAS RUN, or is no longer there", file, text, id)
      end
    end
  end
end

print(("%5d of %5d  %5.1f %%  lines were run. The others:"):format(run, all, 100 * run / all))
print(table.concat(listing, "\n"))
for _, id in ipairs(sorted_keys(reasons)) do print(("  [%s]  %s"):format(id, reasons[id])) end
if faults > 0 then
  print(("%d of them to be seen to: spec/coverage/README.md"):format(faults))
  os.exit(1)
end
