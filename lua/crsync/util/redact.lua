--- What looks like a key, kept out of text that others wrote, and what of a key's id may be shown. A key that is known
--- is the core's to find, in all its forms (core.redact).

local environment = require "crsync.util.environment"

local redact = {}

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
