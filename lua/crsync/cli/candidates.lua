--- What may stand at the end of a command line that is being written: commands, options, values, ids. Follows the rows
--- of commands and options; what only the service knows is known.lua's.

local arguments = require "crsync.cli.arguments"
local fields = require "crsync.print.fields"
local known = require "crsync.cli.known"
local objects = require "crsync.objects"
local operations = require "crsync.operations"
local other_operations = require "crsync.other_operations"
local regions = require "crsync.cli.regions"
local statuses = require "crsync.statuses"
local text = require "crsync.util.text"
local topics = require "crsync.cli.topics"

local candidates = {}

--- Instead of candidates: names of files.
candidates.FILES = "files"

-- ---- the words before -------------------------------------------------------------------------------------------

local function takes_value(row) return row and (row.value or row.choices) end

local function command_named(name, commands)
  for _, command in ipairs(commands) do
    if command.name == name then return command end
  end
  return nil
end

-- The argument in a place; the last one may stand in several.
local function argument_at(command, place)
  local rows = command.arguments or {}
  local last = rows[#rows]
  return rows[place] or last and (last.many == "+" or last.many == "*") and last or nil
end

local Line = {}
Line.__index = Line

-- A word that is the value of an option, or a parameter.
function Line:note(row, word)
  local name = row.name:match "%-%-([%w-]+)" or row.name
  self.given[name] = word
  local parameter, value = word:match "^(%w+)=(.*)$"
  if parameter then self.given[parameter == "InstanceId" and "instance" or parameter] = value end
end

function Line:take(word)
  local name, value = word:match "^(%-%-[%w-]+)=(.*)$"
  if name then
    local row = arguments.option_named(name, self.command)
    if row then self:note(row, value) end
  elseif word:find "^%-" then
    local row = arguments.option_named(word, self.command)
    self.open = takes_value(row) and row or nil
  elseif self.open then
    self:note(self.open, word)
    self.open = self.open.many and self.open or nil
  elseif self.command == nil then
    self.command = command_named(word, self.commands) or false -- false: nobody knows what follows
  elseif self.command then
    self.place = self.place + 1
    local row = argument_at(self.command, self.place)
    if row then self:note(row, word) end
  end
end

-- What words say: the command, what is given, and `open`: the option whose value is next.
local function read(words, commands)
  local line = setmetatable({ commands = commands, given = {}, place = 0 }, Line)
  for _, word in ipairs(words) do line:take(word) end
  return line
end

-- ---- what may stand there -----------------------------------------------------------------------------------------

local function plain(words)
  local list = {}
  for i, word in ipairs(words) do list[i] = { word } end
  return list
end

local function named(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = { row.name, row.about } end
  return list
end

-- An empty list, and what adds a word to it that it does not have yet.
local function new_list()
  local list, has = {}, {}
  return list, function(word, about)
    if not has[word] then list[#list + 1] = { word, about and about:gsub("`", "") } end
    has[word] = true
  end
end

-- Parameters, with what comes behind their names.
local function parameters(actions)
  local list, add = new_list()
  for _, action in ipairs(actions) do
    for _, parameter in ipairs(operations[action].parameters) do add(parameter[1] .. "=", parameter[3]) end
  end
  return list
end

-- By the names that rows have in `completes`: made of the line that is written so far.
local OFFERS = {}

function OFFERS.formats(line)
  if line.command then return plain(arguments.formats_of(line.command)) end
  local formats, add = new_list()
  for _, command in ipairs(line.commands) do
    for _, format in ipairs(arguments.formats_of(command)) do add(format) end
  end
  return formats
end

function OFFERS.fields(line)
  local list, add = new_list()
  for _, result in ipairs(line.command and line.command.results or {}) do
    for _, path in ipairs(result.class and objects.paths(result.class) or plain(result.fields)) do
      add(path[1], path[2])
    end
  end
  return list
end

function OFFERS.regions() return regions end

function OFFERS.statuses() return plain(statuses.words) end

function OFFERS.issues()
  local list = {}
  for i, issue in ipairs(fields.sorted_keys(statuses.issues)) do list[i] = { issue, statuses.issues[issue] } end
  return list
end

function OFFERS.help(line)
  local list = named(line.commands)
  for _, topic in ipairs(topics.rows) do list[#list + 1] = { topic.name, topic.about } end
  return list
end

function OFFERS.operations()
  local list = plain(fields.sorted_keys(operations))
  for _, action in ipairs(fields.sorted_keys(other_operations.names)) do list[#list + 1] = { action } end
  return list
end

function OFFERS.parameters(line)
  local operation = operations[line.given.action]
  local list = operation and parameters { operation.action } or {}
  table.insert(list, 1, { "InstanceId=", "the source instance, cri-…" })
  return list
end

function OFFERS.create() return parameters { "CreateRepoSyncTaskByRule", "CreateRepoSyncTask" } end

function OFFERS.rule() return parameters { "CreateRepoSyncRule" } end

for _, what in ipairs { "instances", "tasks", "batches", "tags", "rules", "repositories", "repository_ids", "names",
  "namespaces", "profiles" } do
  OFFERS[what] = function(line) return known[what](line.given) end
end

-- Values of parameters that are more than any text.
local VALUES = { InstanceId = "instances", RepoId = "repository_ids", RepoName = "names", SyncRecordId = "batches",
  RepoNamespaceName = "namespaces", NamespaceName = "namespaces", SyncRuleId = "rules", SyncTaskId = "tasks",
  Tag = "tags", TargetRegionId = "regions" }

local WORDS = { SyncScope = { "REPO", "NAMESPACE", "INSTANCE" }, SyncTrigger = { "PASSIVE", "INITIATIVE" },
  Override = { "true", "false" } }

-- ---- choosing -----------------------------------------------------------------------------------------------------

-- Those that go on from what is written, each behind `before`. Words that a shell would take apart are left out.
local function chosen(list, before, begun)
  local found = {}
  for _, candidate in ipairs(list) do
    local word, about = candidate[1], candidate[2]
    if word:sub(1, #begun) == begun and word:find "^[%w._/@+=-]+$" then
      found[#found + 1] = { before .. word, about and text.truncate(text.printable(about), 70) }
    end
  end
  return found
end

-- The value of an option, or an argument. Of a list of words the last is written; parameters have a value in turn.
local function values(row, line, before, begun)
  if row.type == "file" then return candidates.FILES end
  if row.choices then return chosen(plain(row.choices), before, begun) end
  if not row.completes then return {} end
  local name, value = begun:match "^(%w+)=(.*)$"
  if name then
    local list = WORDS[name] and plain(WORDS[name]) or VALUES[name] and OFFERS[VALUES[name]](line) or {}
    return chosen(list, before .. name .. "=", value)
  end
  if row.type == "words" or row.type == "statuses" then
    local words, last = begun:match "^(.*,)([^,]*)$"
    before, begun = before .. (words or ""), last or begun
  end
  return chosen(OFFERS[row.completes](line), before, begun)
end

--- What may stand in the place of the last word, which may be begun.
---@param words string[]  without the command's own name
---@param commands crsync.cli.Command[]
---@return crsync.cli.Candidate[]|"files"
function candidates.of(words, commands)
  local before = {}
  for i = 1, #words - 1 do before[i] = words[i] end
  local begun = words[#words] or ""
  local line = read(before, commands)
  local name, value = begun:match "^(%-%-[%w-]+)=(.*)$"
  local row = name and arguments.option_named(name, line.command) or nil
  if name then return takes_value(row) and values(row, line, name .. "=", value) or {} end
  if begun:find "^%-" then return chosen(named(arguments.option_names(line.command)), "", begun) end
  if line.open then return values(line.open, line, "", begun) end
  if line.command == nil then return chosen(named(commands), "", begun) end
  row = line.command and argument_at(line.command, line.place + 1) or nil
  return row and values(row, line, "", begun) or {}
end

return candidates
