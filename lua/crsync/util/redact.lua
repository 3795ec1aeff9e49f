--- Secrets kept out of text that others wrote. What the service itself sends back is the core's to clean (csrc/sign.c).

local url = require "crsync.util.url"

local redact = {}

local SHORTEST = 4 -- bytes; anything shorter would strike out half of an ordinary text

--- A text without secrets, however they are written in it: as they are, percent-encoded, with JSON's escaped slashes.
---@param s string
---@param secrets table  values that must not be in it; empty ones and nil are skipped
---@return string
function redact.without(s, secrets)
  local function strike(form)
    local at = 1
    while true do
      local from, to = s:find(form, at, true)
      if not from then return end
      s, at = s:sub(1, from - 1) .. "***" .. s:sub(to + 1), from + 3
    end
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

--- What of an access key's id may be shown: enough to know it again.
---@param id string
---@return string
function redact.key_id(id)
  if #id < 12 then return "****" end
  return id:sub(1, 4) .. "…" .. id:sub(-4)
end

return redact
