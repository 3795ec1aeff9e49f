--- What looks like a key or is called one, kept out of text that others wrote, and what of a key's id may be shown. A
--- key that is known is the core's to find, in all its forms (core.redact).

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

local SECRET_WORDS = { "secret", "passw", "token", "cookie", "privatekey", "private_key", "authorization",
  "signature$", "accesskeyid" }

--- Whether what has this name is a secret, or belongs to one.
---@param name string
---@return boolean
function redact.is_secret_name(name)
  local lower = environment.lower(name)
  for _, word in ipairs(SECRET_WORDS) do
    if lower:find(word) then return true end
  end
  return false
end

-- Where a quoted text ends that began before `from`. A quote with other backslashes than the first one is part of it.
local function quote_ends(s, quote, from)
  while true do
    local last = s:find('["\']', from)
    if not last then return #s + 1 end
    local first = last
    while first > from and s:byte(first - 1) == 92 do first = first - 1 end
    if s:sub(first, last) == quote then return first end
    from = last + 1
  end
end

-- A name is taken whole or not at all (%f): a long text that is none would be read again from each of its letters.
local NAME = "%f[%w_.-]([%w_.-]+)"

-- "name": "value" and "name": ["value", …], also where the quotes have backslashes, as JSON within JSON has.
local function hide_quoted(s)
  local out, at = {}, 1
  while true do
    local _, last, name, from = s:find(NAME .. '\\*["\']%s*:%s*()\\*["\'%[]', at)
    if not name then break end
    local quote = s:sub(from, last)
    out[#out + 1] = s:sub(at, last)
    at = last + 1
    if redact.is_secret_name(name) then
      out[#out + 1] = "***"
      at = quote:find "%[$" and (s:find("]", at, true) or #s + 1) or quote_ends(s, quote, at)
    end
  end
  return table.concat(out) .. s:sub(at)
end

--- A text without the values of what is called a secret: in JSON, in queries and forms, in XML. Where the text is cut,
--- such a value ends with it.
---@param s string
---@return string
function redact.named(s)
  s = hide_quoted(s)
  s = s:gsub(NAME .. "=([^&%s,;\"'<>]+)", function(name)
    return redact.is_secret_name(name) and name .. "=***" or nil
  end)
  return (s:gsub("<([%w_.:-]+)%f[^%w_.:-]([^<>]*)>([^<]+)", function(name, more)
    return redact.is_secret_name(name) and ("<%s%s>***"):format(name, more) or nil
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
