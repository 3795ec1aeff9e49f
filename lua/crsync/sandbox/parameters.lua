--- The parameters of a request, wherever a client put them: query, form, JSON, or split between them.

local compat = require "crsync.util.compat"
local core = require "crsync.core"

local parameters = {}

local function decode(s)
  return (s:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Decodes name=value&…
---@param text string
---@param into table<string, string>
function parameters.of_text(text, into)
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    into[decode(name)] = decode(value)
  end
  return into
end

local function text_of(value)
  return compat.tostring(type(value) == "number" and compat.tointeger(value) or value)
end

-- Lists and objects flatten to Name.1 and Name.Key; null is nothing.
local function flatten(value, prefix, into)
  for key, item in pairs(value) do
    local name = prefix .. text_of(key)
    if type(item) == "table" then
      flatten(item, name .. ".", into)
    elseif type(item) ~= "userdata" then
      into[name] = text_of(item)
    end
  end
end

--- All of them.
---@param request table  query_text, headers, body
---@return table<string, string>|nil parameters
---@return string|nil problem  with the body
function parameters.of(request)
  local all, kind = {}, (request.headers["content-type"] or ""):lower()
  if kind:find("^application/x%-www%-form%-urlencoded") then
    parameters.of_text(request.body, all)
  elseif kind:find("^application/json") and request.body:find "%S" then
    local value, problem = core.decode(request.body)
    if type(value) ~= "table" then return nil, "The body is not a JSON object: " .. (problem or type(value)) end
    flatten(value, "", all)
  end
  return parameters.of_text(request.query_text, all)
end

return parameters
