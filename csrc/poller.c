/* poller.c - see poller.h. */
#include "poller.h"
#include "descriptors.h"
#include "luaaux.h"
#include "pollset.h"

#include <errno.h>
#include <string.h>

#define POLLER_TYPE "crsync.poller"

enum { MOST_EVENTS = 64, SLICE_MS = 200 }; /* a signal's hook gets its turn */

struct poller {
  struct pollset *set; /* NULL: closed */
};

static struct pollset *check_set(lua_State *L) {
  const struct poller *p = luaL_checkudata(L, 1, POLLER_TYPE);
  if (!p->set) luaL_error(L, "poller is closed");
  return p->set;
}

static int poller_close(lua_State *L) {
  struct poller *p = luaL_checkudata(L, 1, POLLER_TYPE);
  pollset_free(p->set);
  p->set = NULL;
  return 0;
}

static int poller_pollfd(lua_State *L) {
  lua_pushinteger(L, pollset_fd(check_set(L)));
  return 1;
}

static int poller_watch(lua_State *L) {
  struct pollset *set = check_set(L);
  int fd = (int)luaL_checkinteger(L, 2);
  const char *wanted = luaL_optstring(L, 3, "");
  int bits = (strchr(wanted, 'r') ? POLLSET_READ : 0) | (strchr(wanted, 'w') ? POLLSET_WRITE : 0);
  if (pollset_watch(set, fd, bits) && bits)
    return luaL_error(L, "cannot wait for %d: %s", fd, descriptors_words(errno));
  return 0;
}

static int poller_wait(lua_State *L) {
  struct pollset_event events[MOST_EVENTS];
  struct pollset *set = check_set(L);
  double ms = luaL_checknumber(L, 2) * 1000;
  int n = pollset_wait(set, events, MOST_EVENTS, ms >= SLICE_MS ? SLICE_MS : ms > 0 ? (int)(ms + 0.999) : 0);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    lua_pushinteger(L, events[i].fd);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

int poller_new(lua_State *L) {
  struct poller *p = lua_newuserdatauv(L, sizeof *p, 0);
  p->set = NULL;
  luaL_setmetatable(L, POLLER_TYPE);
  p->set = pollset_new();
  if (p->set) return 1;
  lua_pushnil(L);
  lua_pushfstring(L, "no set of descriptors can be made: %s", descriptors_words(errno));
  return 2;
}

void poller_open(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", poller_close}, {"__close", poller_close}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"watch", poller_watch}, {"wait", poller_wait}, {"pollfd", poller_pollfd}, {"close", poller_close}, {NULL, NULL}};
  luaaux_register_type(L, POLLER_TYPE, metamethods, methods, 0);
}
