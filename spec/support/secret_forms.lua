-- Secrets by chance, and the forms in which others give them back. From a seed the same in every Lua.
--
--   local forms = require("spec.support.secret_forms").new(seed)
--   local secret = forms.secret "/+="          letters, digits and some of these
--   forms.FORMS[forms.pick(forms.NAMES)](secret)   percent-encoded, with entities, escaped …
--   forms.wrapped(s), forms.base64(s)

local secret_forms = {}

local state

local function random(n)
  state = state * 16807 % 2147483647
  return state % n + 1
end

local function pick(list) return list[random(#list)] end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local function random_secret(specials)
  local letters = ALPHABET .. specials
  local chars = { pick { "A", "q", "7" } }
  for i = 2, 12 + random(60) do
    local at = random(#letters)
    chars[i] = letters:sub(at, at)
  end
  return table.concat(chars) .. pick { "x", "=", "==", "/" }
end

local function each(s, write) return (s:gsub(".", write)) end

local function sometimes(s, pattern, write)
  return (s:gsub(pattern, function(c) return random(3) > 1 and write(c) or nil end))
end

local function hex(c, format) return format:format(c:byte()) end

local ENTITIES = { ["/"] = "&sol;", ["+"] = "&plus;", ["="] = "&equals;", ["&"] = "&amp;", ['"'] = "&quot;",
  ["<"] = "&lt;", [">"] = "&gt;" }

local function percent(s)
  local format = pick { "%%%02X", "%%%02x" }
  return (s:gsub("[^%w_.~-]", function(c) return hex(c, format) end))
end

local FORMS = {
  plain = function(s) return s end,
  percent = percent,
  percent_twice = function(s) return percent(percent(s)) end,
  percent_all = function(s) return each(s, function(c) return hex(c, pick { "%%%02X", "%%%02x" }) end) end,
  slashes = function(s) return (s:gsub('[/"]', "\\%0")) end,
  unicode = function(s)
    return sometimes(s, '[/+=&<>"%w]', function(c) return hex(c, pick { "\\u%04x", "\\u%04X", "\\x%02x" }) end)
  end,
  entities = function(s) return sometimes(s, "[/+=&<>\"]", function(c) return ENTITIES[c] end) end,
  numbers = function(s)
    return sometimes(s, ".", function(c) return hex(c, pick { "&#%d;", "&#x%x;", "&#X%X;" }) end)
  end,
}

local NAMES = {}
for name in pairs(FORMS) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function wrapped(s)
  local width, stop = 3 + random(70), pick { "\n", "\r\n", " ", "\n  ", "\\n", "<br>", "<br/>\n", "&#10;", "%0A" }
  local lines = {}
  for at = 1, #s, width do lines[#lines + 1] = s:sub(at, at + width - 1) end
  return table.concat(lines, stop)
end

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(s)
  local out = {}
  for at = 1, #s, 3 do
    local a, b, c = s:byte(at, at + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for i, shift in ipairs { 262144, 4096, 64, 1 } do
      local digit = math.floor(n / shift) % 64
      out[#out + 1] = i <= (c and 4 or b and 3 or 2) and DIGITS:sub(digit + 1, digit + 1) or "="
    end
  end
  return table.concat(out)
end

--- Begins anew.
function secret_forms.new(seed)
  state = seed % 2147483647
  return { random = random, pick = pick, secret = random_secret, FORMS = FORMS, NAMES = NAMES, wrapped = wrapped,
    base64 = base64 }
end

return secret_forms
