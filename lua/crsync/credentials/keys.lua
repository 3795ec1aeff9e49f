--- What a source of keys has answered: read from JSON, checked, and its expiration as a number.

local core = require "crsync.core"
local dates = require "crsync.util.dates"

--- One set of keys: belongs together, is never mixed with another.
---@class crsync.Keys
---@field access_key_id string
---@field access_key_secret string
---@field security_token? string          of a temporary key
---@field expiration? string|number       RFC 3339 with a zone, or seconds (or milliseconds) since the epoch

--- Gives a set of keys, or nil and the reason. Asked again when they expire or are refused.
---@alias crsync.KeySource fun(): crsync.Keys?, string?

--- Keys that a source of ours was given.
---@class crsync.FetchedKeys: crsync.Keys
---@field recheck? number                 seconds after which to ask again, where no expiration is known
---@field clock_difference? integer       seconds by which the clock of who gave them is ahead of this machine's

local keys = {}

--- What is wrong with a set of keys; nil when nothing is.
---@param set any
---@return string|nil
function keys.problem(set)
  if type(set) ~= "table" then return "it should return a table and returned a " .. type(set) end
  for _, name in ipairs { "access_key_id", "access_key_secret" } do
    if type(set[name]) ~= "string" or not set[name]:find "%S" then return "there is no " .. name .. " in it" end
  end
  if set.security_token ~= nil and type(set.security_token) ~= "string" then
    return "security_token should be a string"
  end
  if set.expiration ~= nil and not dates.expiration(set.expiration) then
    return "expiration should be a date with a time zone (YYYY-MM-DDThh:mm:ssZ) or seconds since the epoch"
  end
  return nil
end

local CAMEL = { access_key_id = "AccessKeyId", access_key_secret = "AccessKeySecret",
  security_token = "SecurityToken", expiration = "Expiration" }
local SNAKE = { access_key_id = "access_key_id", access_key_secret = "access_key_secret",
  security_token = "sts_token", expiration = "expiration" }

local function from_fields(fields, names)
  local set = {}
  for name, field in pairs(names) do
    if fields[field] ~= "" then set[name] = fields[field] end
  end
  return set
end

--- A set under the names of STS, metadata and credentials URIs.
---@param fields table
---@return crsync.FetchedKeys
function keys.from_camel(fields) return from_fields(fields, CAMEL) end

--- A set under the names that programs and config.json use.
---@param fields table
---@return crsync.FetchedKeys
function keys.from_snake(fields) return from_fields(fields, SNAKE) end

--- Reads a JSON object. The reason tells the place, and nothing of the text.
---@param body string
---@return table|nil
---@return string|nil reason
function keys.object(body)
  local value, reason = core.decode((body:gsub("^\239\187\191", ""))) -- a byte-order mark is no matter
  if type(value) ~= "table" or #value > 0 then return nil, reason or "it is no JSON object" end
  return value
end

return keys
