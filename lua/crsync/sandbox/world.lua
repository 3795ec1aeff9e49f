--- What there is in a sandbox: instances, repositories, rules, tasks, and pushes that make tasks as time goes by.

local chance = require "crsync.sandbox.chance"
local compat = require "crsync.util.compat"
local core = require "crsync.core"
local filter = require "crsync.sandbox.filter"
local tasks = require "crsync.sandbox.tasks"

local World = {}
World.__index = World

local world = {}

local DEFAULT_REPO, DEFAULT_TARGET_REGION = "team/image", "eu-west-1"

local LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"

-- ---- ids ---------------------------------------------------------------------------------------------------

--- An id that there has not been yet, as the service makes them.
---@param prefix string
function World:new_id(prefix)
  local letters = {}
  for i = 1, 16 do
    local at = math.floor(core.random() * #LETTERS) + 1
    letters[i] = LETTERS:sub(at, at)
  end
  local id = prefix .. table.concat(letters)
  if self.used_ids[id] then return self:new_id(prefix) end
  self.used_ids[id] = true
  return id
end

--- A UUID, version 4.
function world.uuid()
  local function hex(digits) return ("%0" .. digits .. "x"):format(math.floor(core.random() * 16 ^ digits)) end
  local variant = ("89ab"):sub(math.floor(core.random() * 4) + 1):sub(1, 1)
  return ("%s-%s-4%s-%s%s-%s%s"):format(hex(8), hex(4), hex(3), variant, hex(3), hex(6), hex(6))
end

-- ---- time --------------------------------------------------------------------------------------------------

--- Seconds since the start, as fast as the sandbox's time goes.
function World:now() return (core.now() - self.started) * self.speed end

--- A moment of that clock as milliseconds since 1970. What lies before the start, lies as far back as it says.
function World:epoch_ms(t) return math.floor((self.epoch + (t > 0 and t / self.speed or t)) * 1000) end

-- ---- instances and repositories ------------------------------------------------------------------------------

function World:instance(id) return self.instances_by_id[id] end

local function add_instance(self, row)
  if self.instances_by_id[row.id] then return end
  self.instances_by_id[row.id] = row
  self.instances[#self.instances + 1] = row
end

--- The instance of a region that tasks go to unless they say so.
local function target_in(self, region)
  for _, row in ipairs(self.instances) do
    if row.region == region and row.id ~= self.home.id then return row end
  end
  local row = { id = "cri-" .. region, region = region }
  add_instance(self, row)
  return row
end

local function parts_of(repo)
  local namespace, name = (repo or DEFAULT_REPO):match "^(.-)/(.*)$"
  return namespace or "team", name or repo
end

function World:repository(id) return self.repositories_by_id[id] end

function World:repository_named(namespace, name)
  for _, row in ipairs(self.repositories) do
    if row.namespace == namespace and row.name == name then return row end
  end
end

local function has_tag(row, tag)
  for _, other in ipairs(row.tags) do
    if other == tag then return true end
  end
  return false
end

-- A repository of the scenario, or one that a task or a push takes for granted.
local function add_repository(self, repo, given)
  local namespace, name = parts_of(repo)
  local row = self:repository_named(namespace, name)
  if not row then
    local id = given and given.id or "crr-" .. (namespace .. "-" .. name):gsub("[^%w]", "-")
    row = { id = id, namespace = namespace, name = name, tags = {}, created = 0, given = given or {} }
    self.repositories[#self.repositories + 1] = row
    self.repositories_by_id[id] = row
  end
  for _, tag in ipairs(given and given.tags or {}) do
    if not has_tag(row, tag) then row.tags[#row.tags + 1] = tag end
  end
  return row
end

function world.add_tag(row, tag)
  if not has_tag(row, tag) then row.tags[#row.tags + 1] = tag end
end

--- Names of namespaces, in the order of their repositories.
function World:namespaces()
  local list, seen = {}, {}
  for _, row in ipairs(self.repositories) do
    if not seen[row.namespace] then list[#list + 1] = row.namespace end
    seen[row.namespace] = true
  end
  return list
end

-- ---- tasks ---------------------------------------------------------------------------------------------------

local COURSE = { "layers", "pending", "rate", "fails_at", "stalls_at", "issue", "canceled_after" }

local function course_of(row)
  local course = {}
  for _, name in ipairs(COURSE) do course[name] = row[name] end
  return course
end

-- How a made task goes: as the first line of `made` that fits it says.
local function made_course(self, from, to)
  for _, row in ipairs(self.scenario.made) do
    local fits = (not row.region or row.region == to.region) and (not row.tag or row.tag == from.tag)
      and (not row.repo or row.repo == from.namespace .. "/" .. from.name)
    if fits and (not row.chance or self.chance:next() < row.chance) then return course_of(row) end
  end
  return { pending = 1 }
end

local function add_task(self, task)
  self.used_ids[task.id] = true
  self.tasks_by_id[task.id] = task
  self.tasks[#self.tasks + 1] = task
  return task
end

--- Makes a task that begins at once, or at a given moment.
---@param fields table  from, to, rule, batch, trigger, priority, link, starts, course
function World:make_task(fields)
  local at = fields.starts or self:now()
  fields.id, fields.starts, fields.created = self:new_id "rst-", at, at
  fields.batch = fields.batch or world.uuid()
  fields.course = fields.course or made_course(self, fields.from, fields.to)
  return add_task(self, tasks.new(fields))
end

--- A task that there is at the moment.
function World:task(instance, id)
  local task = self.tasks_by_id[id or ""]
  if task and task.from.instance == instance and task.created <= self:now() then return task end
end

--- The tasks of an instance that there are at the moment, newest first.
function World:tasks_of(instance)
  local now, list = self:now(), {}
  for i, task in ipairs(self.tasks) do
    if task.from.instance == instance and task.created <= now then list[#list + 1] = { task = task, number = i } end
  end
  table.sort(list, function(a, b)
    if a.task.created ~= b.task.created then return a.task.created > b.task.created end
    return a.number > b.number
  end)
  for i, entry in ipairs(list) do list[i] = entry.task end
  return list
end

local function place(instance, repo, tag)
  local namespace, name = parts_of(repo)
  return { region = instance.region, instance = instance.id, namespace = namespace, name = name, tag = tag or "latest" }
end

local function add_scenario_task(self, row)
  local target = row.target_instance and self.instances_by_id[row.target_instance]
    or target_in(self, row.to or DEFAULT_TARGET_REGION)
  local repository = add_repository(self, row.repo)
  world.add_tag(repository, row.tag or "latest")
  local to = place(target, row.target_repo or row.repo, row.target_tag or row.tag)
  to.account = row.account or target.account
  add_task(self, tasks.new { id = row.id, from = place(self.home, row.repo, row.tag), to = to, rule = row.rule,
    batch = row.batch, trigger = row.trigger, priority = row.priority, link = row.link, accelerate = row.accelerate,
    course = course_of(row), created = row.age and -row.age or 0, starts = row.age and -row.age or nil })
end

-- ---- rules ---------------------------------------------------------------------------------------------------

--- Where an image goes by a rule; nil if the rule is not for that repository.
---@param rule table   as ListRepoSyncRule tells it
---@param repository table
function world.destination(rule, repository)
  if rule.SyncScope ~= "INSTANCE" and rule.LocalNamespaceName ~= repository.namespace then return nil end
  if rule.SyncScope == "REPO" and rule.LocalRepoName ~= repository.name then return nil end
  if rule.NamespaceNameFilter and not filter.new(rule.NamespaceNameFilter)(repository.namespace) then return nil end
  if rule.RepoNameFilter and not filter.new(rule.RepoNameFilter)(repository.name) then return nil end
  return { region = rule.TargetRegionId, instance = rule.TargetInstanceId, account = rule.account,
    namespace = rule.TargetNamespaceName or repository.namespace,
    name = rule.SyncScope == "REPO" and rule.TargetRepoName or repository.name }
end

--- Adds a rule.
---@param rule table   fields as ListRepoSyncRule tells them; account: of the target, if it is another one
---@param created number
function World:add_rule(rule, created)
  rule.SyncRuleId = rule.SyncRuleId or self:new_id "crsr-"
  rule.created, self.used_ids[rule.SyncRuleId] = created, true
  self.rules[#self.rules + 1] = rule
  return rule
end

function World:rule(instance, id)
  for i, rule in ipairs(self.rules) do
    if rule.SyncRuleId == id and rule.LocalInstanceId == instance then return rule, i end
  end
end

function World:remove_rule(position) table.remove(self.rules, position) end

local function add_scenario_rule(self, row)
  local target = row.target_instance and self.instances_by_id[row.target_instance] or target_in(self, row.to)
  local namespace, name = row.namespace, nil
  if row.repo then
    namespace, name = parts_of(row.repo)
    add_repository(self, row.repo)
  end
  local target_namespace, target_name = namespace, name
  if row.target_repo then target_namespace, target_name = parts_of(row.target_repo) end
  self:add_rule({ SyncRuleId = row.id, SyncRuleName = row.name or row.id,
    SyncScope = row.repo and "REPO" or row.namespace and "NAMESPACE" or "INSTANCE",
    SyncTrigger = row.trigger or "PASSIVE", TagFilter = row.tag_filter or ".*", RepoNameFilter = row.repo_filter,
    NamespaceNameFilter = row.namespace_filter,
    LocalRegionId = self.home.region, LocalInstanceId = self.home.id, LocalNamespaceName = namespace,
    LocalRepoName = name, TargetRegionId = target.region, TargetInstanceId = target.id,
    TargetNamespaceName = row.target_namespace or target_namespace, TargetRepoName = target_name, LinkId = row.link,
    Priority = compat.tointeger(row.priority or 3), account = row.account or target.account }, -math.huge)
end

-- ---- pushes --------------------------------------------------------------------------------------------------

-- A task for each automatic rule that was there and fits, one after the other.
local function play(self, push)
  local namespace, name = parts_of(push.repo)
  local repository, batch, made = self:repository_named(namespace, name), push.batch or world.uuid(), 0
  local tag = push.tag or "latest"
  world.add_tag(repository, tag)
  for _, rule in ipairs(self.rules) do
    local to = rule.SyncTrigger == "PASSIVE" and rule.created <= push.at and rule.LocalInstanceId == self.home.id
      and filter.new(rule.TagFilter)(tag) and world.destination(rule, repository)
    if to then
      to.tag = tag
      local from = place(self.home, push.repo, tag)
      local course = made_course(self, from, to)
      course.layers = course.layers or push.layers
      self:make_task { from = from, to = to, rule = rule.SyncRuleId, batch = batch, priority = rule.Priority,
        link = rule.LinkId, starts = push.at + made * (push.gap or 0), course = course }
      made = made + 1
    end
  end
end

--- Lets come what is due: pushes whose time has come.
function World:catch_up()
  local now = self:now()
  while self.pushes[1] and self.pushes[1].at <= now do play(self, table.remove(self.pushes, 1)) end
end

local function add_pushes(self, rows)
  for i, row in ipairs(rows) do
    add_repository(self, row.repo)
    self.pushes[i] = { at = row.at or 0, number = i, repo = row.repo, tag = row.tag, layers = row.layers, gap = row.gap,
      batch = row.batch }
  end
  table.sort(self.pushes, function(a, b)
    if a.at ~= b.at then return a.at < b.at end
    return a.number < b.number
  end)
end

--- The world of a scenario.
---@param scenario table
---@param speed number  how much faster than the clock its time goes
function world.new(scenario, speed)
  local home = { id = scenario.instance, region = scenario.region, name = "sandbox" }
  local self = setmetatable({ scenario = scenario, speed = speed, started = core.now(), epoch = os.time(), home = home,
    instances = {}, instances_by_id = {}, repositories = {}, repositories_by_id = {}, rules = {}, tasks = {},
    tasks_by_id = {}, pushes = {}, used_ids = {}, chance = chance.new(scenario.seed or 1) }, World)
  for _, row in ipairs(scenario.instances) do add_instance(self, row) end
  if not self.instances_by_id[home.id] then add_instance(self, home) end
  self.home = self.instances_by_id[home.id]
  for _, row in ipairs(scenario.repositories) do add_repository(self, row.name, row) end
  for _, row in ipairs(scenario.rules) do add_scenario_rule(self, row) end
  for _, row in ipairs(scenario.tasks) do add_scenario_task(self, row) end
  add_pushes(self, scenario.push)
  self:catch_up()
  return self
end

return world
