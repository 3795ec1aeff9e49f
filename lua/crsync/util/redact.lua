--- Secrets kept out of text that others wrote. What the service itself sends back is the core's to clean (csrc/sign.c).

local environment = require "crsync.util.environment"
local url = require "crsync.util.url"

local redact = {}

local SHORTEST = 4 -- bytes; anything shorter would strike out half of an ordinary text

--- A text without secrets, however they are written in it: as they are, percent-encoded, with JSON's escaped slashes.
---@param s string
---@param secrets table  values that must not be in it; empty ones and nil are skipped
---@return string
function redact.without(s, secrets)
  local function strike(form)
    local pieces, at = {}, 1
    while true do
      local from, to = s:find(form, at, true)
      if not from then break end
      pieces[#pieces + 1], at = s:sub(at, from - 1), to + 1
    end
    pieces[#pieces + 1] = s:sub(at)
    s = table.concat(pieces, "***")
  end
  for _, secret in pairs(secrets) do
    if #secret >= SHORTEST then
      strike(secret)
      strike((url.encode(secret)))
      strike((secret:gsub("/", "\\/")))
    end
  end
  return s
end

local LEAST_KEY = 16 -- characters; the shortest that a key has

-- Keys are digits and letters of both cases at random. Words, numbers and most paths are not.
local function looks_like_key(run)
  if #run < LEAST_KEY then return false end
  local has_mixed_letters = run:find "%l.*%u" ~= nil
  return has_mixed_letters or (run:find "%d" ~= nil and run:find "%a" ~= nil and not run:find "/")
end

--- A text without whatever looks like a key, for foreign text that may hold some: long runs of letters and digits, and
--- what is called a secret, a password or a token in so many words.
---@param s string
---@return string
function redact.key_like(s)
  s = s:gsub("[%w+/=_-]+", function(run) return looks_like_key(run) and "***" or nil end)
  return (s:gsub("([%w_-]+)([\"']?%s*[=:]%s*)[^%s,;]+", function(name, sign)
    local lower = environment.lower(name)
    local is_secret = lower:find "secret" or lower:find "password" or lower:find "token"
    return is_secret and name .. sign .. "***" or nil
  end))
end

--- What of an access key's id may be shown: enough to know it again.
---@param id string
---@return string
function redact.key_id(id)
  if #id < 12 then return "****" end
  return id:sub(1, 4) .. "…" .. id:sub(-4)
end

return redact
