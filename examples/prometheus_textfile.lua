-- Writes what Prometheus' node exporter reads from its textfile folder: bytes, percent and state of some tasks.
--
--   lua5.4 examples/prometheus_textfile.lua cri-sgedpenzw80e rst-1 rst-2 > /var/lib/node_exporter/crsync.prom

local crsync = require "crsync"

local ids = { (table.unpack or unpack)(arg, 2) } -- luacheck: ignore 113
local client = assert(crsync.new())
local tasks, errors = client:get_tasks(arg[1], ids)

local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

local function quoted(s) return '"' .. tostring(s or ""):gsub('[\\"\n]', ESCAPES) .. '"' end

local function labels(task)
  return ("{task=%s,region=%s,repo=%s,tag=%s}"):format(quoted(task.SyncTaskId), quoted(task.ImageTo.RegionId),
    quoted(task.ImageTo.RepoNamespaceName .. "/" .. task.ImageTo.RepoName), quoted(task.ImageTo.ImageTag))
end

local METRICS = {
  { "crsync_synced_bytes", "Bytes copied.", function(_, p) return p.synced end },
  { "crsync_total_bytes", "Bytes of all layers.", function(_, p) return p.total end },
  { "crsync_final", "1 when the task has ended.", function(_, p) return p.final and 1 or 0 end },
  { "crsync_ok", "1 when it has succeeded.", function(_, p) return p.ok and 1 or 0 end },
}

for _, metric in ipairs(METRICS) do
  print(("# HELP %s %s\n# TYPE %s gauge"):format(metric[1], metric[2], metric[1]))
  for _, id in ipairs(ids) do
    local task = tasks[id]
    if task then print(metric[1] .. labels(task) .. " " .. metric[3](task, crsync.progress(task))) end
  end
end
local failures = 0
for _ in pairs(errors) do failures = failures + 1 end
print("# HELP crsync_unanswered Tasks that could not be asked for.\n# TYPE crsync_unanswered gauge")
print("crsync_unanswered " .. failures)
client:close()
