--- What is written into documents, sources and declarations from the facts in lua/crsync and .ci/packages: one function
--- a block, which gives its lines. doc/derive.lua puts them where they belong.

local commands = require "crsync.cli.commands"
local error_kinds = require "crsync.error_kinds"
local exit_status = require "crsync.cli.exit_status"
local fields = require "crsync.print.fields"
local objects = require "crsync.objects"
local operations = require "crsync.operations"
local options = require "crsync.options"
local scenario_fields = require "crsync.sandbox.scenario_fields"
local tables = require "crsync.print.table"
local topics = require "crsync.cli.topics"
local version = require "crsync.version"

local blocks = {}

-- ---- helpers ----------------------------------------------------------------------------------------------

local function cell(text) return (tostring(text or ""):gsub("|", "\\|")) end

local function markdown_table(head, rows)
  local lines = { "| " .. table.concat(head, " | ") .. " |", "|" .. (" --- |"):rep(#head) }
  for _, row in ipairs(rows) do
    local cells = {}
    for i = 1, #head do cells[i] = cell(row[i]) end
    lines[#lines + 1] = (("| " .. table.concat(cells, " | ") .. " |"):gsub("  +", " "))
  end
  return lines
end

local function code(text) return "`" .. text .. "`" end

local function coded(list)
  local spans = {}
  for i, text in ipairs(list or {}) do spans[i] = code(text) end
  return table.concat(spans, ", ")
end

-- Text with code spans as troff: bold in their place.
local function troff(text)
  text = text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("`([^`]*)`", "\\fB%1\\fP")
  return (text:gsub("^%.", "\\&."):gsub("…", "..."))
end

local function literal(value) return type(value) == "string" and '"' .. value .. '"' or tostring(value) end

local function default_of(row)
  if row.default_text then return row.default_text end
  return row.default ~= nil and code(literal(row.default)) or ""
end

-- What Lua calls the type, with an alternative where there is one.
local function type_of(row)
  if row.alternative == nil then return row.type end
  return row.type .. " or " .. (row.alternative == false and "`false`" or row.alternative)
end

local function with_unit(row)
  if row.unit == "s" then return "seconds " .. row.line end
  return row.line
end

-- ---- documents --------------------------------------------------------------------------------------------

function blocks.options()
  local rows = {}
  for i, row in ipairs(options.client) do
    rows[i] = { code(row.name), type_of(row), with_unit(row), default_of(row), coded(row.variables),
      coded(row.profile_fields) }
  end
  return markdown_table({ "option", "type", "meaning", "default", "variables", "profile" }, rows)
end

local function option_table(list)
  local rows = {}
  for i, row in ipairs(list) do rows[i] = { code(row.name), type_of(row), with_unit(row), default_of(row) } end
  return markdown_table({ "option", "type", "meaning", "default" }, rows)
end

blocks["wait-options"] = function() return option_table(options.wait_all) end
blocks["wait-push-options"] = function()
  local rows, known = {}, options.by_name(options.wait_all)
  for _, row in ipairs(options.wait_push) do
    if not known[row.name] then rows[#rows + 1] = row end
  end
  return option_table(rows)
end
blocks["call-options"] = function() return option_table(options.call) end
blocks["list-options"] = function() return option_table(options.list) end
blocks["list-tasks-options"] = function() return option_table(options.list_tasks) end
blocks["format-options"] = function() return option_table(options.format) end

function blocks.kinds()
  local rows = {}
  for i, row in ipairs(error_kinds.kinds) do rows[i] = { code(row.name), row.when, row.again or "no" } end
  return markdown_table({ "kind", "when", "tried again" }, rows)
end

blocks["error-fields"] = function()
  local rows = {}
  for i, row in ipairs(error_kinds.fields) do rows[i] = { code(row.name), code(row.annotation), row.line } end
  return markdown_table({ "field", "type", "meaning" }, rows)
end

blocks["exit-statuses"] = function()
  local rows = {}
  for i, row in ipairs(exit_status.rows) do rows[i] = { row.number, row.meaning } end
  return markdown_table({ "status", "meaning" }, rows)
end

local function parameters_of(operation, is_required)
  local spans = {}
  for _, parameter in ipairs(operation.parameters) do
    if (parameter.is_required or false) == is_required then spans[#spans + 1] = code(parameter[1]) end
  end
  return table.concat(spans, ", ")
end

function blocks.operations()
  local rows = {}
  for _, action in ipairs(fields.sorted_keys(operations)) do
    local operation = operations[action]
    rows[#rows + 1] = { code("client:" .. operation.client), action, parameters_of(operation, true),
      parameters_of(operation, false), code(operation.ram), operation.repeatable and "yes" or "no" }
  end
  return markdown_table({ "method", "operation", "required", "optional", "RAM action", "may be repeated" }, rows)
end

function blocks.parameters()
  local rows, seen = {}, {}
  for _, action in ipairs(fields.sorted_keys(operations)) do
    for _, parameter in ipairs(operations[action].parameters) do
      local key = parameter[1] .. "\0" .. parameter[3]
      if not seen[key] then rows[#rows + 1] = { code(parameter[1]), parameter[2], parameter[3] } end
      seen[key] = true
    end
  end
  table.sort(rows, function(a, b) return a[1] == b[1] and a[3] < b[3] or a[1] < b[1] end)
  return markdown_table({ "parameter", "type", "meaning" }, rows)
end

-- A table of fields for each class of objects.
for _, class in ipairs(objects.classes) do
  blocks[class.name:lower():gsub("^crsync%.", "object-")] = function()
    local rows = {}
    for i, field in ipairs(class.fields) do rows[i] = { code(field[1]), code(field[2]), field[3] } end
    return markdown_table({ "field", "type", "meaning" }, rows)
  end
end

-- What `make help` prints: a target, and what it does.
local SCENARIO_KINDS = { text = "string", texts = "list of strings", body = "string", repo = "string",
  expression = "string", trigger = "string", number = "number", size = "number from 0", seconds = "number from 0",
  rate = "number above 0", share = "number from 0 to 1", count = "integer from 1", priority = "integer from 1 to 5",
  status = "integer", flag = "boolean", sizes = "list of numbers", list = "list of tables" }

for _, section in ipairs(scenario_fields.sections) do
  blocks["scenario-" .. (section.name == "" and "top" or section.name)] = function()
    local rows = {}
    for i, row in ipairs(section.rows) do
      rows[i] = { code(row[1]), SCENARIO_KINDS[row[2]], row.is_required and "required" or row.default or "", row[3] }
    end
    return markdown_table({ "field", "type", "default", "" }, rows)
  end
end

function blocks.targets()
  local rows = {}
  for line in io.popen "make --no-print-directory help":lines() do
    local target, meaning = line:match "^%s*(make%s?[%w%s=_-]-)%s%s+(.+)$"
    if target then rows[#rows + 1] = { code(target:match "^(.-)%s*$"), meaning } end
  end
  return markdown_table({ "command", "what it does" }, rows)
end

-- ---- the environment --------------------------------------------------------------------------------------

--- Every variable that crsync reads, as a set.
function blocks.variable_names()
  local names = {}
  for _, row in ipairs(topics.variables()) do
    for _, name in ipairs(row[1]) do names[name] = true end
  end
  return names
end

function blocks.variables()
  local rows = {}
  for i, row in ipairs(topics.variables()) do rows[i] = { coded(row[1]), row[2] } end
  return markdown_table({ "variable", "meaning" }, rows)
end

-- ---- what the command writes ------------------------------------------------------------------------------

-- Where doc/api.md has the fields of a class.
local CLASS_LINKS = {
  ["crsync.Task"] = "[a task](api.md#a-task)",
  ["crsync.ListedTask"] = "[a listed task](api.md#a-listed-task)",
  ["crsync.Rule"] = "[a rule](api.md#a-rule)",
}

local function each_result(f)
  for _, command in ipairs(commands) do
    for _, result in ipairs(command.results or {}) do
      f(result, code(command.name) .. (result.of and ", " .. result.of:gsub("%-%-%l[%l-]*", code) or ""))
    end
  end
end

function blocks.shapes()
  local rows = {}
  each_result(function(result, label)
    local shown = CLASS_LINKS[result.class or ""] or coded(result.fields)
    rows[#rows + 1] = { label, result.is_array and "an array" or "an object", shown,
      result.is_array and "one object a line" or "the object" }
  end)
  return markdown_table({ "command", "`json`", "the object's, or each item's fields", "`jsonl`" }, rows)
end

function blocks.columns()
  local rows, by_columns = {}, {}
  each_result(function(result, label)
    if not result.columns then return end
    local names = coded(tables.names(result.columns))
    local row = by_columns[names]
    if row then
      row[1] = row[1] .. "; " .. label
    else
      by_columns[names] = { label, names }
      rows[#rows + 1] = by_columns[names]
    end
  end)
  return markdown_table({ "command", "columns" }, rows)
end

function blocks.topics()
  local rows = {}
  for i, topic in ipairs(topics.rows) do rows[i] = { code(topic.name), topic.about } end
  return markdown_table({ "topic", "" }, rows)
end

-- ---- packages ---------------------------------------------------------------------------------------------

-- system -> purpose -> names, of .ci/packages.
local function read_packages()
  local systems = {}
  for line in io.lines ".ci/packages" do
    local system, purpose, names = line:match "^(%w+)%s+(%S+)%s+(.+)$"
    if system then
      systems[system] = systems[system] or {}
      systems[system][purpose] = names
    end
  end
  return systems
end

local BUILD = { "compiler", "lua", "curl", "openssl", "cjson", "argparse" }
local SYSTEMS = {
  { "apt", "Debian, Ubuntu", "apt-get install" }, { "dnf", "Fedora", "dnf install" },
  { "apk", "Alpine", "apk add" }, { "brew", "Homebrew", "brew install" },
}

-- What a system lacks comes from LuaRocks.
local function lacking(packages, luarocks)
  local names = {}
  for _, purpose in ipairs { "cjson", "argparse" } do
    if not packages[purpose] then names[#names + 1] = code(luarocks[purpose]) end
  end
  return #names > 0 and "; " .. table.concat(names, " and ") .. " from LuaRocks" or ""
end

function blocks.packages()
  local all, rows = read_packages(), {}
  for _, system in ipairs(SYSTEMS) do
    local packages, names = all[system[1]], {}
    for _, purpose in ipairs(BUILD) do names[#names + 1] = packages[purpose] end
    local rocks = lacking(packages, all.luarocks)
    if rocks ~= "" then names[#names + 1] = packages.luarocks end
    rows[#rows + 1] = { system[2], code(system[3] .. " " .. table.concat(names, " ")) .. rocks }
  end
  return markdown_table({ "system", "packages" }, rows)
end

-- The compiler's message where a header is missing. Of a purpose's packages the last has the headers.
local function missing_header(what, purpose, elsewhere)
  local all, parts = read_packages(), {}
  for i, system in ipairs(SYSTEMS) do parts[i] = system[3] .. " " .. all[system[1]][purpose]:match "%S+$" end
  return { "/* clang-format off */", ('#error "%s headers are missing: %s%s"'):format(what, table.concat(parts, " | "),
    elsewhere), "/* clang-format on */" }
end

blocks["c:curl"] = function()
  return missing_header("libcurl's", "curl", "; elsewhere give CURL_DIR to LuaRocks or LIB_CFLAGS to make")
end

blocks["c:openssl"] = function()
  return missing_header("OpenSSL's", "openssl", "; elsewhere give OPENSSL_DIR to LuaRocks or LIB_CFLAGS to make")
end

blocks["c:lua"] = function()
  return missing_header("Lua's", "lua", " (or those of your Lua); elsewhere give LUA_INCDIR")
end

-- ---- the man page -----------------------------------------------------------------------------------------

blocks["man:title"] = function()
  return { ('.TH CRSYNC 1 "" "crsync %s" "User Commands"'):format(version) }
end

blocks["man:exit-statuses"] = function()
  local lines = {}
  for _, row in ipairs(exit_status.rows) do
    lines[#lines + 1] = ".TP"
    lines[#lines + 1] = ("\\fB%d\\fP"):format(row.number)
    lines[#lines + 1] = troff(row.meaning)
  end
  return lines
end

blocks["man:topics"] = function()
  local names = {}
  for i, topic in ipairs(topics.rows) do names[i] = topic.name end
  return { "topics are " .. table.concat(names, ", ") .. "." }
end

blocks["man:variables"] = function()
  local lines = {}
  for _, row in ipairs(topics.variables()) do
    lines[#lines + 1] = ".TP"
    lines[#lines + 1] = "\\fB" .. table.concat(row[1], "\\fP, \\fB") .. "\\fP"
    lines[#lines + 1] = troff(row[2])
  end
  return lines
end

-- ---- declarations for editors -----------------------------------------------------------------------------

-- Prose in a declaration: without the marks of code.
local function remark(text) return (text:gsub("`", "")) end

local LINE = 120 -- bytes

-- A line of a declaration with its text: behind it, or above where it is too long for that, or begins with a quoted
-- word, which LuaLS would take for all of it.
local function add_line(lines, declaration, text)
  text = remark(text)
  if #declaration + 2 + #text <= LINE and not text:find '^"' then
    lines[#lines + 1] = declaration .. "  " .. text
    return
  end
  local line = "---"
  for word in text:gmatch "%S+" do
    if #line + 1 + #word > LINE then
      lines[#lines + 1], line = line, "---"
    end
    line = line .. " " .. word
  end
  lines[#lines + 1] = line
  lines[#lines + 1] = declaration
end

local function add_field(lines, name, annotation, text)
  add_line(lines, ("---@field %s %s"):format(name, annotation), text)
end

-- A table that a script writes: a type that no value has for the names that are not listed, which flags a misspelt one.
local function close_class(lines, what)
  lines[#lines + 1] = ('---@field [string] "no such %s"'):format(what)
  lines[#lines + 1] = ""
end

local function add_options(lines, name, text, list)
  lines[#lines + 1] = "--- " .. text
  lines[#lines + 1] = "---@class " .. name
  for _, row in ipairs(list) do
    local default = default_of(row)
    add_field(lines, row.name .. "?", row.annotation or row.type,
      with_unit(row) .. (default ~= "" and "; default: " .. default or ""))
  end
  close_class(lines, "option")
end

blocks["lua:options"] = function()
  local lines = { "" }
  add_options(lines, "crsync.Options", "What crsync.new takes.", options.client)
  add_options(lines, "crsync.GetTasksOptions", "What client:get_tasks takes.", options.get_tasks)
  add_options(lines, "crsync.WaitOptions", "What client:wait takes.", options.wait)
  add_options(lines, "crsync.WaitAllOptions", "What client:wait_all takes.", options.wait_all)
  add_options(lines, "crsync.WaitBatchOptions", "What client:wait_batch takes.", options.wait_batch)
  add_options(lines, "crsync.WaitPushOptions", "What client:wait_push takes.", options.wait_push)
  add_options(lines, "crsync.CallOptions", "What client:call takes.", options.call)
  add_options(lines, "crsync.FormatOptions", "What crsync.format takes.", options.format)
  return lines
end

blocks["lua:error"] = function()
  local lines = { "", "---@alias crsync.Kind" }
  for _, row in ipairs(error_kinds.kinds) do
    lines[#lines + 1] = ('---| "%s" # %s'):format(row.name, remark(row.when))
  end
  for _, line in ipairs { "", "--- An error: tostring makes one line of it.", "---@class crsync.Error" } do
    lines[#lines + 1] = line
  end
  for _, row in ipairs(error_kinds.fields) do add_field(lines, row.name, row.annotation, row.line) end
  lines[#lines + 1] = ""
  return lines
end

-- A field of the service's: the documented words where there are any; a question mark where it may be absent.
local function add_service_field(lines, field)
  add_field(lines, field[1] .. (field.is_required and "" or "?"), field.words or field[2], field[3])
end

blocks["lua:operations"] = function()
  local lines = { "" }
  for _, action in ipairs(fields.sorted_keys(operations)) do
    local operation = operations[action]
    if operation.params_class then
      lines[#lines + 1] = ("--- What client:%s takes. Mirrors %s."):format(operation.client, action)
      lines[#lines + 1] = "---@class " .. operation.params_class
      for _, parameter in ipairs(operation.parameters) do add_service_field(lines, parameter) end
      for _, row in ipairs(operation.list and options.list or {}) do
        add_field(lines, row.name .. "?", row.annotation or row.type, row.line)
      end
      for _, row in ipairs(action == "ListRepoSyncTask" and options.list_tasks or {}) do
        add_field(lines, row.name .. "?", row.annotation or row.type, row.line)
      end
      close_class(lines, operation.list and "filter" or "parameter")
    end
  end
  return lines
end

blocks["lua:objects"] = function()
  local lines = { "" }
  for _, class in ipairs(objects.classes) do
    lines[#lines + 1] = "--- " .. class.line:gsub("^%l", string.upper) .. "."
    lines[#lines + 1] = "---@class " .. class.name
    for _, field in ipairs(class.fields) do add_service_field(lines, field) end
    lines[#lines + 1] = ""
  end
  return lines
end

return blocks
