-- PostgreSQL, plluau: a sync task as JSON. See servers.md.

create extension if not exists plluau;

create or replace function sync_task(instance text, task text) returns jsonb language plluau as $$
  local crsync = require "crsync"
  sync_client = sync_client or assert(crsync.new { deadline = 10, retry = false })
  local result, err = sync_client:get_task(instance, task)
  if not result then error(tostring(err), 0) end
  return crsync.to_json(result)
$$;
