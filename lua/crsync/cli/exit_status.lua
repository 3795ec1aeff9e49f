--- What the exit status says. Data: one row a status, of which the documentation's tables are made, too.

---@class crsync.cli.ExitStatus
---@field number integer
---@field name string                how the code calls it: exit_status.DONE
---@field meaning string             for people
---@field of "tasks"|"service"|nil   which commands can end with it: those that see tasks end, or ask the service; all
---@field kinds string[]|nil         the kinds of errors that end with it
---@field task_codes string[]|nil    errors of kind "task" end by their code

---@type crsync.cli.ExitStatus[]
local ROWS = {
  { number = 0, name = "DONE", meaning = "done" },
  { number = 1, name = "TASK_FAILED", of = "tasks", task_codes = { "ERROR", "CANCELED" },
    meaning = "a task ended in ERROR or CANCELED; of several, at least one" },
  { number = 2, name = "USAGE", meaning = "wrong usage, or --field names a field that is not there" },
  { number = 3, name = "REFUSED", of = "service", kinds = { "auth", "not_found", "client" },
    meaning = "refused by the service" },
  { number = 4, name = "TROUBLE", kinds = { "network", "tls", "server", "decode" },
    meaning = "network, TLS or server trouble" },
  { number = 5, name = "LIMIT", of = "service", kinds = { "timeout", "throttled" },
    task_codes = { "timeout", "stalled" },
    meaning = "timed out, stalled, or still throttled after all attempts" },
  { number = 6, name = "CONFIGURATION", kinds = { "config", "credentials" },
    meaning = "configuration or credentials are missing or wrong" },
  { number = 130, name = "INTERRUPTED", meaning = "interrupted by Ctrl-C; a wait first prints where each task stands" },
  { number = 141, name = "NO_READER",
    meaning = "nobody reads standard output any more, as in `| head`: what the system says of other programs then" },
  { number = 143, name = "TERMINATED",
    meaning = "ended by SIGTERM, as containers and jobs are; a wait first prints where each task stands" },
}

---@class crsync.cli.ExitStatuses
---@field rows crsync.cli.ExitStatus[]
---@field [string] integer  the numbers by their names
local exit_status = { rows = ROWS }

local by_kind, by_task_code = {}, {}
for _, row in ipairs(ROWS) do
  exit_status[row.name] = row.number
  for _, kind in ipairs(row.kinds or {}) do by_kind[kind] = row.number end
  for _, code in ipairs(row.task_codes or {}) do by_task_code[code] = row.number end
end

--- The status that an error ends with.
---@param err crsync.Error|{ kind: crsync.Kind }
---@return integer
function exit_status.of(err)
  local by_code = err.kind == "task" and by_task_code[err.code]
  return by_code or by_kind[err.kind] or exit_status.TROUBLE
end

return exit_status
