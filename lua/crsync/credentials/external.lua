--- Keys that a program prints, as a profile of mode External names it. It runs without a shell, a minute at most.
--- What it prints is never shown; of its errors the first line, unless it looks like a key.

local core = require "crsync.core"
local environment = require "crsync.util.environment"
local keys = require "crsync.credentials.keys"
local redact = require "crsync.util.redact"
local variables = require "crsync.variables"

local external = {}

local LIMIT, LOOK, RECHECK = 60, 0.02, 900 -- seconds
local LONGEST_LINE = 200

--- The words of a command line as a shell would split it: quotes and backslashes, nothing else.
---@param command string
---@return string[]|nil
---@return string|nil reason
function external.words(command)
  local words, word, at = {}, nil, 1
  while at <= #command do
    local c = command:sub(at, at)
    if c:find "%s" then
      words[#words + 1], word = word, nil
    elseif c == "'" then
      local close = command:find("'", at + 1, true)
      if not close then return nil, "a quote in process_command does not end" end
      word, at = (word or "") .. command:sub(at + 1, close - 1), close
    elseif c == '"' then
      local inside, from = "", at + 1
      while true do
        local stop = command:find('["\\]', from)
        if not stop then return nil, "a quote in process_command does not end" end
        inside = inside .. command:sub(from, stop - 1)
        if command:sub(stop, stop) == '"' then
          word, at = (word or "") .. inside, stop
          break
        end
        local escaped = command:sub(stop + 1, stop + 1)
        inside = inside .. (escaped:find '["\\$`]' and escaped or "\\" .. escaped)
        from = stop + 2
      end
    elseif c == "\\" and at < #command then
      at = at + 1
      word = (word or "") .. command:sub(at, at)
    else
      word = (word or "") .. c
    end
    at = at + 1
  end
  words[#words + 1] = word
  if #words == 0 then return nil, "process_command is empty" end
  return words
end

-- Waits for its end, giving way to whatever else there is to do.
local function run(context, words)
  local process, reason = core.spawn(words)
  if not process then return nil, ("%s cannot be started: %s"):format(words[1], reason) end
  local deadline = math.min(core.now() + LIMIT, context.deadline)
  local output, errors, status
  repeat
    output, errors, status = process:poll()
    if output then return { output = output, errors = errors, status = status } end
    context.client.loop:sleep(LOOK) -- an interrupt here leaves the program to the collector, which ends it
  until core.now() >= deadline
  process:close()
  local cut = deadline == context.deadline
  return nil, { kind = "timeout", cut = cut, retryable = true,
    message = cut and "the call's deadline has passed" or ("%s did not end within %d s"):format(words[1], LIMIT) }
end

-- What it says of its failure, without what it may have printed for us.
local function complaint(ended)
  local line = ended.errors:match "[^\r\n]+"
  if not line then return "" end
  local printed = {}
  for value in ended.output:gmatch '"([^"]*)"' do
    if #value >= 8 then printed[#printed + 1] = value:gsub("\\/", "/") end
  end
  return ": " .. redact.key_like(core.redact(line, printed)):sub(1, LONGEST_LINE)
end

local function read(words, ended)
  if ended.status ~= 0 then
    local how = ended.status and "status " .. ended.status or "a signal"
    return nil, ("%s ended with %s%s"):format(words[1], how, complaint(ended))
  end
  local fields, reason = keys.object(ended.output)
  if not fields then return nil, ("what %s prints is not JSON: %s"):format(words[1], reason) end
  local mode = type(fields.mode) == "string" and environment.lower(fields.mode) or ""
  if mode ~= "ak" and mode ~= "ststoken" then
    return nil, ("what %s prints has a mode other than AK and StsToken"):format(words[1])
  end
  local set = keys.from_snake(fields)
  if mode == "ak" then
    set.security_token = nil
  elseif not set.security_token then
    return nil, ("what %s prints has no sts_token"):format(words[1])
  end
  if not set.expiration then set.recheck = RECHECK end
  return set
end

--- Runs the program of a command line.
---@param context crsync.FetchContext
---@param command string
---@return crsync.Keys|nil
---@return crsync.Failure|string|nil
function external.ask(context, command)
  if variables.get "disable_external_process" == "1" or variables.is_true "disable_external_process" then
    return nil, variables.name "disable_external_process" .. " forbids to run a program"
  end
  local words, reason = external.words(command)
  if not words then return nil, reason end
  local ended
  ended, reason = run(context, words)
  if not ended then return nil, reason end
  return read(words, ended)
end

return external
