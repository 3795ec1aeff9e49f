--- What `crsync config` shows: every setting and the key, each with the place that it comes from, and what is amiss.
--- The key's source is asked as a call would; of the key itself only a masked id is shown.

local chain = require "crsync.credentials.chain"
local client = require "crsync.client"
local config = require "crsync.config"
local core = require "crsync.core"
local refresh = require "crsync.credentials.refresh"
local environment = require "crsync.util.environment"
local option_rows = require "crsync.options"
local cli_profile = require "crsync.credentials.cli_profile"
local env = require "crsync.credentials.env"
local proxy = require "crsync.proxy"
local variables = require "crsync.variables"

---@class crsync.ConfigRow
---@field setting string
---@field value string|number|boolean|nil
---@field unit string|nil   of a number: "s", "bytes"
---@field life string|nil   of a key that ends
---@field from string

local config_report = {}

local MAKE_VALUE = {
  retry = function(policy)
    return ("%d attempts, pauses from %g s up to %g s"):format(policy.max_attempts, policy.base_delay, policy.max_delay)
  end,
}

-- The proxy that calls go through, or why they go through none.
local function proxy_row(settings)
  local endpoint = settings.endpoint or "https://"
  local used = proxy.of(endpoint, settings.proxy)
  local row = { setting = "proxy", from = used and used.from or settings.sources.proxy or "default" }
  if used then
    row.value = used.host or "a malformed URL"
  elseif settings.proxy or proxy.is_excepted(endpoint) then
    row.value = "none"
    row.from = proxy.is_excepted(endpoint) and select(2, variables.get "no_proxy") or row.from
  end
  return row
end

-- What libcurl and OpenSSL add where nothing is set.
local function fallback(name)
  if name == "ca_file" then return "the system's", "default" end
  if name == "insecure_skip_tls_verify" then return false, "default" end
  return nil
end

local function row_of(option, settings)
  local name = option.name
  local value, from = settings[name], settings.sources[name]
  if value ~= nil and MAKE_VALUE[name] then value = MAKE_VALUE[name](value) end
  if value == nil then
    local other, place = fallback(name)
    value, from = other, place or from
  end
  return { setting = name, value = value, unit = option.unit, from = from or "default" }
end

local function settings_of(settings)
  local rows = {}
  for _, option in ipairs(option_rows.client) do
    local make = option.name == "proxy" and proxy_row or nil
    if not option.is_hidden then rows[#rows + 1] = make and make(settings) or row_of(option, settings) end
  end
  return rows
end

-- Seconds left in keys that end.
local function life_of(source)
  return source.ends and ("%.0f s left"):format(math.max(0, source.ends - core.now()))
end

local function key_of(source)
  return { setting = "access_key_id", value = source and source.key_id, from = source and source.name or "none",
    life = source and life_of(source) }
end

-- ---- what is amiss --------------------------------------------------------------------------------------

local function note_profile(notes, chosen, is_needed)
  if not chosen then return end
  if chosen.open_to_others then
    notes[#notes + 1] = ("%s can be %s by other users: run chmod 600 on it"):format(chosen.path, chosen.open_to_others)
  end
  if chosen.unusable and not is_needed then notes[#notes + 1] = chosen.problem .. "; it is ignored" end
end

-- The variables that rows come from; of a key, all of its family.
local function variables_used(rows)
  local names = {}
  for _, row in ipairs(rows) do
    if row.from:find "^[%u%d_]+$" then names[#names + 1] = row.from end
  end
  local family = rows[#rows].from:find "^environment" and env.find() or {}
  for _, field in ipairs { "id", "secret", "token" } do names[#names + 1] = family[field] end
  return names
end

-- Blanks and line ends around a variable's value, of which a shell shows nothing.
local function note_padding(notes, names)
  local seen = {}
  for _, name in ipairs(names) do
    local raw = not seen[name] and os.getenv(name)
    seen[name] = true
    if raw and raw ~= environment.trimmed(raw) then
      notes[#notes + 1] = name .. " has spaces or a line break around its value; they are ignored"
    end
  end
end

-- Forms that other programs take and libcurl does not.
local function note_no_proxy(notes)
  for _, entry in ipairs(proxy.ignored_entries()) do
    notes[#notes + 1] = ("NO_PROXY: libcurl does not understand %s; write %s"):format(entry,
      (entry:gsub("^%a+://", ""):gsub(":%d+$", ""):gsub("^%*", "")))
  end
end

local function notes_on(rows, chosen, errs)
  local notes = {}
  note_profile(notes, chosen, #errs > 0)
  note_padding(notes, variables_used(rows))
  note_no_proxy(notes)
  return notes
end

--- Resolves settings and keys, and says what came of it.
---@param options crsync.Options
---@return crsync.ConfigRow[] rows
---@return string[] notes          what works, and yet had better be seen to
---@return crsync.Error[] errors   what does not
function config_report.of(options)
  local errs, chosen = {}, cli_profile.choose(options.profile)
  local settings, err, partial = config.resolve(options, chosen)
  errs[#errs + 1] = err
  local rows, source = settings_of(partial), nil
  if settings then
    local made
    made, err = client.new(options)
    if made then
      err = refresh.ensure(made, core.now() + settings.deadline)
      source = made.source ---@diagnostic disable-line: invisible
      made:close()
    end
  else
    source, err = chain.find(options, chosen) ---@diagnostic disable-line: cast-local-type -- keys are let go below
    if source then err = nil end
  end
  errs[#errs + 1] = err
  rows[#rows + 1] = key_of(source)
  return rows, notes_on(rows, chosen, errs), errs
end

return config_report
