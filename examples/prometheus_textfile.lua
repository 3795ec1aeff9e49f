-- Writes what Prometheus' node exporter reads from its textfile folder: bytes and state of some tasks.
--
--   lua5.4 examples/prometheus_textfile.lua /var/lib/node_exporter/syncs.prom cri-sandbox rst-web-eu rst-web-us
--
-- For all tasks of a day by region, `crsync report -o prometheus` is enough. Exit status: 0 the file is written, 1 it
-- is not, 2 wrong usage. A file that is not written any more shows in node_textfile_mtime_seconds.

local crsync = require "crsync"

local path, instance = arg[1], arg[2]
local ids = {}
for i = 3, #arg do ids[#ids + 1] = arg[i] end
if #ids == 0 then
  io.stderr:write "usage: lua5.4 prometheus_textfile.lua FILE INSTANCE TASK…\n"
  os.exit(2)
end

local client, problem = crsync.new()
if not client then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1, true)
end
local tasks, errors = client:get_tasks(instance, ids)
client:close()

local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

local function quoted(s) return '"' .. tostring(s or ""):gsub('[\\"\n]', ESCAPES) .. '"' end

local function labels(id, to)
  return ("{task=%s,region=%s,repo=%s,tag=%s}"):format(quoted(id), quoted(to.RegionId),
    quoted(("%s/%s"):format(to.RepoNamespaceName, to.RepoName)), quoted(to.ImageTag))
end

local METRICS = {
  { "crsync_synced_bytes", "Bytes copied.", function(p) return p.synced end },
  { "crsync_total_bytes", "Bytes of all layers.", function(p) return p.total end },
  { "crsync_final", "1 when the task has ended.", function(p) return p.final and 1 or 0 end },
  { "crsync_ok", "1 when it has succeeded.", function(p) return p.ok and 1 or 0 end },
}

local lines = {}
for _, metric in ipairs(METRICS) do
  local gauge, help, value_of = metric[1], metric[2], metric[3]
  lines[#lines + 1] = ("# HELP %s %s\n# TYPE %s gauge"):format(gauge, help, gauge)
  for _, id in ipairs(ids) do
    local task = tasks[id]
    if task then
      lines[#lines + 1] = ("%s%s %d"):format(gauge, labels(id, task.ImageTo), value_of(crsync.progress(task)))
    end
  end
end
local unanswered = 0
for _, err in pairs(errors) do
  unanswered = unanswered + 1
  io.stderr:write(tostring(err), "\n")
end
lines[#lines + 1] = "# HELP crsync_unanswered Tasks that could not be asked for.\n# TYPE crsync_unanswered gauge"
lines[#lines + 1] = "crsync_unanswered " .. unanswered

-- The whole file or none: it is written beside the other, under a name that node exporter does not read, and renamed.
local function write_whole(text)
  local temporary = path .. ".new"
  local file, reason = io.open(temporary, "w")
  if not file then return nil, reason end
  local written, refused = file:write(text)
  local closed, lost = file:close() -- a full disk may tell only now
  local renamed, kept
  if written and closed then renamed, kept = os.rename(temporary, path) end
  if not renamed then os.remove(temporary) end
  return renamed, refused or lost or kept
end

local done, reason = write_whole(table.concat(lines, "\n") .. "\n")
if not done then io.stderr:write(("%s: %s\n"):format(path, reason)) end
os.exit(done and 0 or 1, true)
