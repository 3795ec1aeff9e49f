/* signals.c - see signals.h. */
#define _GNU_SOURCE
#include "signals.h"
#include "sigpipe.h"

#include <signal.h>
#include <unistd.h>

enum { TERMINATED = 128 + SIGTERM }; /* the status that a shell gives to who was ended by it */

static volatile sig_atomic_t was_terminated; /* the process's, as signals are */

/* The interpreter's own handler of SIGINT knows how to interrupt a script. */
static void on_sigterm(int number) {
  struct sigaction interrupt;
  (void)number;
  if (was_terminated || sigaction(SIGINT, NULL, &interrupt) || interrupt.sa_handler == SIG_IGN ||
      interrupt.sa_handler == SIG_DFL)
    _exit(TERMINATED);
  was_terminated = 1;
  raise(SIGINT);
}

int signals_heed_sigterm(lua_State *L) {
  struct sigaction action = {.sa_handler = on_sigterm, .sa_flags = SA_RESTART};
  (void)L;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
  return 0;
}

int signals_was_terminated(lua_State *L) {
  lua_pushboolean(L, was_terminated != 0);
  return 1;
}

int signals_without_sigpipe(lua_State *L) {
  struct sigpipe q;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  sigpipe_block(&q);
  int status = lua_pcall(L, 0, 0, 0);
  sigpipe_unblock(&q);
  return status == LUA_OK ? 0 : lua_error(L);
}
