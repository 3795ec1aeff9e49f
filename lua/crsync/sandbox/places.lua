--- On which line of a scenario's source a field stands, for messages. It follows the table that is written after
--- `return`; what the file computes is not followed, and has no line then.

local places = {}

-- The words of the source, one by one: kind and text. Comments and blanks are left out.
local function reader(source)
  local at, line = 1, 1
  local function take(pattern, kind)
    local from, stop, text = source:find("^(" .. pattern .. ")", at)
    if not from then return nil end
    at = stop + 1
    line = line + select(2, text:gsub("\n", ""))
    return kind, text
  end
  local function long(prefix)
    local equals = source:match("^" .. prefix .. "%[(=*)%[", at)
    if not equals then return nil end
    return take(prefix .. "%[" .. equals .. "%[.-%]" .. equals .. "%]", "string")
  end
  local function quoted(quote)
    local i = at + 1
    while i <= #source and source:sub(i, i) ~= quote do i = i + (source:sub(i, i) == "\\" and 2 or 1) end
    local text = source:sub(at, i)
    at, line = i + 1, line + select(2, text:gsub("\n", ""))
    return "string", text
  end
  local function next_word()
    take("%s+", "blank")
    while source:find("^%-%-", at) do
      if not long "%-%-" then take("[^\n]*", "comment") end
      take("%s+", "blank")
    end
    if at > #source then return "end", "", line end
    local before = line
    local c = source:sub(at, at)
    local kind, text = long ""
    if not kind and (c == '"' or c == "'") then kind, text = quoted(c) end
    if not kind then kind, text = take("[%a_][%w_]*", "name") end
    if not kind then kind, text = take("[%d.][%w.]*", "number") end
    if not kind then kind, text = take(".", "sign") end
    return kind, text, before
  end
  return next_word
end

-- The words as a list, so that one can be looked at ahead.
local function words_of(source)
  local words, next_word = {}, reader(source)
  repeat
    local kind, text, line = next_word()
    words[#words + 1] = { kind = kind, text = text, line = line }
  until kind == "end"
  return words
end

local function unquoted(text) return (text:gsub("^['\"]", ""):gsub("['\"]$", "")) end

-- Reads the table that begins at word i and returns where it ends.
local function read_table(words, i, path, lines)
  local position = 0
  i = i + 1
  while words[i].kind ~= "end" and words[i].text ~= "}" do
    local word = words[i]
    local key = position + 1
    if word.kind == "name" and words[i + 1].text == "=" and words[i + 2].text ~= "=" then
      key, i = word.text, i + 2
    elseif word.text == "[" and words[i + 1].kind == "string" and words[i + 2].text == "]" then
      key, i = unquoted(words[i + 1].text), i + 4
    else
      position = key
    end
    local where = type(key) == "number" and ("%s[%d]"):format(path, key) or path == "" and key or path .. "." .. key
    lines[where] = word.line
    local depth = 0
    while words[i].kind ~= "end" and not (depth == 0 and (words[i].text:find "^[,;}]$")) do
      if words[i].text == "{" and depth == 0 then
        i = read_table(words, i, where, lines)
      elseif words[i].text:find "^[({]$" then
        depth = depth + 1
      elseif words[i].text:find "^[)}]$" then
        depth = depth - 1
      end
      i = i + 1
    end
    if words[i].text:find "^[,;]$" then i = i + 1 end
  end
  return i
end

--- The line of the first method call other than a text's format, nil if there is none.
---@param source string
---@return integer|nil
function places.of_method(source)
  local words = words_of(source)
  for i, word in ipairs(words) do
    if word.text == ":" and (words[i + 1] or {}).text ~= "format" then return word.line end
  end
end

--- The lines of all fields.
---@param source string  Lua that compiles
---@return table<string, integer>  by place: "instance", "tasks[2]", "tasks[2].fails_at"
function places.of(source)
  local words, lines = words_of(source), {}
  for i = #words, 1, -1 do
    if words[i].kind == "name" and words[i].text == "return" and words[i + 1].text == "{" then
      read_table(words, i + 1, "", lines)
      break
    end
  end
  return lines
end

return places
