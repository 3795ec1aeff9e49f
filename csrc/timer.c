/* timer.c - see timer.h. */
#include "timer.h"
#include "pollset.h"

#include <errno.h>
#include <string.h>

#define TIMER_TYPE "crsync.timer"

enum { LONGEST_S = 1000000 };

struct timer {
  struct pollset *set; /* NULL: closed */
};

static int timer_close(lua_State *L) {
  struct timer *t = luaL_checkudata(L, 1, TIMER_TYPE);
  pollset_free(t->set);
  t->set = NULL;
  return 0;
}

static int timer_pollfd(lua_State *L) {
  const struct timer *t = luaL_checkudata(L, 1, TIMER_TYPE);
  lua_pushinteger(L, t->set ? pollset_fd(t->set) : -1);
  return 1;
}

int timer_new(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  int fd = lua_isnoneornil(L, 2) ? -1 : (int)luaL_checkinteger(L, 2);
  struct timer *t = lua_newuserdatauv(L, sizeof *t, 0);
  t->set = NULL;
  luaL_setmetatable(L, TIMER_TYPE);
  if (!(seconds > 0)) seconds = 0;
  if (seconds > LONGEST_S) seconds = LONGEST_S;
  t->set = pollset_new();
  if (!t->set || pollset_set_timer(t->set, (int64_t)(seconds * 1000 + 0.999)) ||
      (fd >= 0 && pollset_watch(t->set, fd, POLLSET_READ)))
    return luaL_error(L, "no timer can be made: %s", strerror(errno));
  return 1;
}

void timer_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"pollfd", timer_pollfd}, {"close", timer_close}, {NULL, NULL}};
  luaL_newmetatable(L, TIMER_TYPE);
  lua_pushcfunction(L, timer_close);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, timer_close);
  lua_setfield(L, -2, "__close");
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "crsync"); /* getmetatable shows no more */
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
