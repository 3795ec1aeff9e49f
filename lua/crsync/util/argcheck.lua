--- Arguments of public functions: what cannot be right raises, in the name of the function and at the line of the
--- script that called it.

local text = require "crsync.util.text"

local argcheck = {}

--- Raises "bad argument #position to 'method' (name: problem)".
---@param position integer  which argument
---@param name string       its name
---@param method string     the public function's name
---@param problem string
---@param level integer     stack level of the public function, seen from the caller of this
function argcheck.fail(position, name, method, problem, level)
  error(("bad argument #%d to '%s' (%s: %s)"):format(position, method, name, problem), level + 2)
end

local function id_problem(value)
  if type(value) ~= "string" then return "expected a string, got " .. (value == nil and "no value" or type(value)) end
  if value:find "^[ -~]+$" then return nil end -- as the service's own ids are
  if value == "" then return "it is empty" end
  if value:find("[%z\1-\31\127]") or value:find("\194[\128-\159]") then return "it holds a control character" end
  if text.invalid_at(value) then return "it is not UTF-8" end
  return nil
end

--- An id: a non-empty string of printable UTF-8.
---@param value any
---@param position integer  which argument
---@param name string       its name
---@param method string     the public function's name
---@param level integer     stack level of the public function, seen from the caller of this
function argcheck.id(value, position, name, method, level)
  local problem = id_problem(value)
  if problem then argcheck.fail(position, name, method, problem, level + 1) end
end

--- A sequence of ids.
---@param value any
---@param position integer
---@param name string
---@param method string
---@param level integer  as of `id`
function argcheck.ids(value, position, name, method, level)
  if type(value) ~= "table" then
    argcheck.fail(position, name, method, "expected a sequence of ids, got " .. type(value), level + 1)
  end
  for i, id in ipairs(value) do argcheck.id(id, position, name .. "[" .. i .. "]", method, level + 1) end
  for key in pairs(value) do
    if type(key) ~= "number" or value[key - 1] == nil and key ~= 1 then
      argcheck.fail(position, name, method, "expected a sequence of ids; of this table "
        .. tostring(key) .. " would be left out", level + 1)
    end
  end
end

local function is_in_range(given, rule)
  return given == given and given >= (rule.least or 0) and given <= (rule.most or 1e9)
    and given > (rule.above or -1) and (not rule.whole or given == math.floor(given))
end

local function is_among(words, given)
  for _, word in ipairs(words) do
    if word == given then return true end
  end
  return false
end

---@param given any
---@param rule table
---@return string|nil
local function option_problem(given, rule)
  if type(given) ~= rule.type and (rule.alternative == nil or type(given) ~= rule.alternative) then
    return "expected a " .. rule.type .. ", got " .. type(given)
  elseif type(given) == "number" and not is_in_range(given, rule) then
    return "out of range: " .. tostring(given)
  elseif rule.words and not is_among(rule.words, given) then
    return "expected " .. table.concat(rule.words, " or ")
  elseif rule.is_id then
    return id_problem(given)
  elseif type(given) == "table" and rule.items then
    if #given == 0 then return "expected a sequence, got an empty table" end
    for _, item in ipairs(given) do
      if type(item) ~= rule.items then return "expected " .. rule.items .. "s, got a " .. type(item) end
    end
  end
  return nil
end

--- A table of options: known names, each of them a number within its bounds or a value of its type.
---@param value any
---@param position integer
---@param method string
---@param rules table<string, { type: string, alternative: any, items: string?, least: number?, most: number?,
--- above: number?, whole: boolean?, is_id: boolean? }>  by name
---@param level integer               as of `id`
---@return table options              the given ones, or none
function argcheck.options(value, position, method, rules, level)
  if value == nil then return {} end
  if type(value) ~= "table" then
    argcheck.fail(position, "options", method, "expected a table, got " .. type(value), level + 1)
  end
  for name, given in pairs(value) do
    local rule = rules[name]
    if not rule then argcheck.fail(position, tostring(name), method, "unknown option", level + 1) end
    local problem = option_problem(given, rule)
    if problem then argcheck.fail(position, name, method, problem, level + 1) end
  end
  return value
end

local UNSENDABLE = { ["function"] = true, thread = true, userdata = true }

-- The path and the kind of a value that no request can carry. A table that is too deep is left to whoever writes it.
local function unsendable_in(value, path, depth)
  if UNSENDABLE[type(value)] then return path, type(value) end
  if type(value) == "number" and value % 1 ~= 0 then return path, "number that is no integer" end
  if type(value) ~= "table" or depth == 0 then return nil end
  for name, inner in pairs(value) do
    local at, kind = unsendable_in(inner, path and path .. "." .. tostring(name) or tostring(name), depth - 1)
    if at then return at, kind end
  end
  return nil
end

-- Why parameters cannot be right: the name of one and the problem.
local function params_problem(params, rules)
  for name, value in pairs(params) do
    if type(name) ~= "string" then return tostring(name), "the name of a parameter should be a string" end
    if name == "InstanceId" and rules.instance_id and value ~= rules.instance_id then
      return name, "it is another than the first argument"
    end
  end
  for _, name in ipairs(rules.required or {}) do
    if params[name] == nil or params[name] == "" then return name, "it is missing" end
  end
  for _, name in ipairs(rules.ids or {}) do
    local problem = params[name] ~= nil and id_problem(params[name])
    if problem then return name, problem end
  end
  local path, kind = unsendable_in(params, nil, 10)
  if path then return path, "a " .. kind .. " cannot be sent" end
end

--- Parameters of an operation: a table that has those which are required, and nothing that cannot be sent.
---@param value any
---@param position integer
---@param method string
---@param rules { required: string[]?, ids: string[]?, instance_id: string? }  which must be there; which are ids; the
--- instance that was given beside them
---@param level integer  as of `id`
---@return table params  the given ones, or none
function argcheck.params(value, position, method, rules, level)
  local required = rules.required or {}
  if value == nil and #required == 0 then return {} end
  if type(value) ~= "table" then
    argcheck.fail(position, "params", method, "expected a table, got " .. (value == nil and "no value" or type(value)),
      level + 1)
  end
  local name, problem = params_problem(value, rules)
  if name then argcheck.fail(position, name, method, problem, level + 1) end
  return value
end

--- What option transport has returned: nil and whatever reason, or what can be a response. Else it raises.
---@param status any
---@param headers any
---@param body any
function argcheck.transported(status, headers, body)
  if not status then return end
  if tonumber(status) and type(headers or {}) == "table" and type(body or "") == "string" then return end
  error(("option transport should return a status, a table of headers and a string, and returned a %s, a %s and a %s")
    :format(type(status), type(headers), type(body)), 0)
end

return argcheck
