--- The environment's variables as crsync reads them: without the blanks and line ends that stick to what is pasted, and
--- an empty one as if it were unset. Read when they are needed, never at load time. Its locale is kept out, too.

local environment = {}

--- A text without outer blanks; nil stays nil.
---@generic T: string|nil
---@param s T
---@return T
function environment.trimmed(s) return s and string.match(s, "^%s*(.-)%s*$") end

local function lower_letter(c) return string.char(c:byte() + 32) end

--- ASCII letters as small ones, whatever the locale makes of an I.
---@param s string
---@return string
function environment.lower(s) return (s:gsub("[A-Z]", lower_letter)) end

--- A variable, or nil.
---@param name string
---@return string|nil
function environment.get(name)
  local value = environment.trimmed(os.getenv(name))
  return value ~= "" and value or nil
end

--- The first of several variables that is set.
---@param names string[]
---@return string|nil value
---@return string|nil name
function environment.first(names)
  for _, name in ipairs(names) do
    local value = environment.get(name)
    if value then return value, name end
  end
  return nil
end

--- Whether a variable's value is "true", in any letter case; any other text, "1" among them, is not.
---@param value string|nil
---@return boolean
function environment.is_true(value) return value ~= nil and environment.lower(value) == "true" end

return environment
