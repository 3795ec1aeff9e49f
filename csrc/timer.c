/* timer.c - see timer.h. */
#include "timer.h"
#include "descriptors.h"
#include "luaaux.h"
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
    return luaL_error(L, "no timer can be made: %s", descriptors_words(errno));
  return 1;
}

void timer_open(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", timer_close}, {"__close", timer_close}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"pollfd", timer_pollfd}, {"close", timer_close}, {NULL, NULL}};
  luaaux_register_type(L, TIMER_TYPE, metamethods, methods, 0);
}
