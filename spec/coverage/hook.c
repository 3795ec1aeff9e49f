/* hook.c - a line hook that notes which lines of lua/crsync/ were ever run. In C, since only such a hook is
   inherited by every coroutine, those that C libraries make too. LUA_INIT loads it into each Lua process (see
   spec/checks.mk).

   A line is appended to the file COVERAGE_LINES as soon as it is first met, not at exit, so that processes which are
   killed or forked count; and the file is closed again, since specs look at open descriptors. */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>

enum { SLOTS = 1 << 16 }; /* many times the lines that there are */

static uint64_t met[SLOTS];

/* Where this line is, or belongs, in the table. */
static uint64_t *slot_of(uint64_t hash) {
  size_t slot = hash % SLOTS;
  while (met[slot] && met[slot] != hash) slot = (slot + 1) % SLOTS;
  return &met[slot];
}

static uint64_t hash_of(const char *file, int line) {
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (; *file; file++) hash = (hash ^ (unsigned char)*file) * 1099511628211u;
  return (hash ^ (uint64_t)line) * 1099511628211u;
}

static void on_line(lua_State *L, lua_Debug *info) {
  lua_getinfo(L, "Sl", info);
  const char *file = strstr(info->source, "lua/crsync/");
  if (*info->source != '@' || !file) return;
  uint64_t hash = hash_of(file, info->currentline), *slot = slot_of(hash);
  if (*slot == hash) return;
  int fd = open(getenv("COVERAGE_LINES"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) return; /* a spec has used up all descriptors: the next time, then */
  char text[256];
  int length = snprintf(text, sizeof text, "%s:%d\n", file, info->currentline);
  if (write(fd, text, (size_t)length) == length) *slot = hash;
  close(fd);
}

/* Instead of debug.gethook: a hook in C cannot be handed to debug.sethook, as Prosody does for its coroutines. */
static int no_hook(lua_State *L) {
  (void)L;
  return 0;
}

int luaopen_hook(lua_State *L) {
  lua_sethook(L, on_line, LUA_MASKLINE, 0);
  lua_getglobal(L, "debug");
  lua_pushcfunction(L, no_hook);
  lua_setfield(L, -2, "gethook");
  return 0;
}
