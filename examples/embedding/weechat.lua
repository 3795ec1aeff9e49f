-- WeeChat: /sync <instance> <task> waits for a task in a process of its own and tells its end. See desktop.md.

weechat.register("sync", "the authors of crsync", "1", "MIT", "waits for an image sync", "", "")

function sync_ended(_, _, _, output, errors) -- luacheck: ignore 111 131
  weechat.print("", output .. errors)
  return weechat.WEECHAT_RC_OK
end

-- The command, not the module: WeeChat's own thread draws the screen and must not wait.
function sync(_, _, words) -- luacheck: ignore 111 131
  local instance, task = words:match "^(%S+)%s+(%S+)$"
  if not instance then return weechat.WEECHAT_RC_ERROR end
  weechat.hook_process_hashtable("crsync", { arg1 = "wait", arg2 = "--", arg3 = instance, arg4 = task }, 3600 * 1000,
    "sync_ended", "")
  return weechat.WEECHAT_RC_OK
end

weechat.hook_command("sync", "waits for an image sync", "<instance> <task>", "", "", "sync", "")
