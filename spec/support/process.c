/* process.c - what specs need of a process and Lua does not have: fork, wait, an exit without finalizers, whether
 * SIGPIPE still kills, and sockets that hear nothing. Built for the tests alone. */
#include "../../csrc/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork() -> 0 in the child, its pid in the parent */
static int process_fork(lua_State *L) {
  fflush(NULL); /* the child may write what is buffered, too */
  lua_pushinteger(L, fork());
  return 1;
}

/* wait(pid) -> exit status, or -1 if a signal ended it */
static int process_wait(lua_State *L) {
  int status = 0;
  waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0);
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

/* exit(status): of a forked child. By way of another program, so that a leak checker does not report what the
 * child has abandoned on purpose: the parent's connections. Only gcov needs an ordinary end, to write its counts. */
static int process_exit(lua_State *L) {
  if (getenv("COVERAGE_LINES")) exit((int)luaL_checkinteger(L, 1));
  char command[32];
  snprintf(command, sizeof command, "exit %d", (int)luaL_checkinteger(L, 1));
  execl("/bin/sh", "sh", "-c", command, (char *)NULL);
  _exit(99);
}

/* sigpipe("default"), sigpipe("ignored") set it; sigpipe() -> "default", "ignored" or "handled", and whether it is
 * blocked */
static int process_sigpipe(lua_State *L) {
  struct sigaction action = {.sa_handler = luaL_optstring(L, 1, "default")[0] == 'i' ? SIG_IGN : SIG_DFL};
  if (!lua_isnoneornil(L, 1)) sigaction(SIGPIPE, &action, NULL);
  sigset_t blocked;
  sigaction(SIGPIPE, NULL, &action);
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  lua_pushstring(L, action.sa_handler == SIG_DFL ? "default" : action.sa_handler == SIG_IGN ? "ignored" : "handled");
  lua_pushboolean(L, sigismember(&blocked, SIGPIPE));
  return 2;
}

/* deafen(port) -> whether it can be done here: no packet that comes to this process from that port is taken any more,
 * not even an acknowledgement. What the other end sees is a machine that is gone. */
static int process_deafen(lua_State *L) {
#ifdef SO_ATTACH_FILTER
  const struct {
    uint16_t code;
    uint8_t if_true, if_false;
    uint32_t value;
  } nothing = {6, 0, 0, 0}; /* "return 0 bytes" */
  const struct {
    unsigned short len;
    const void *filter;
  } program = {1, &nothing};
  for (int fd = 3; fd < 1024; fd++) {
    struct sockaddr_in other = {0};
    socklen_t size = sizeof other;
    if (!getpeername(fd, (struct sockaddr *)&other, &size) && other.sin_family == AF_INET &&
        ntohs(other.sin_port) == luaL_checkinteger(L, 1))
      setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  }
  lua_pushboolean(L, 1);
#else
  lua_pushboolean(L, 0);
#endif
  return 1;
}

int luaopen_spec_process(lua_State *L);

int luaopen_spec_process(lua_State *L) {
  static const luaL_Reg functions[] = {{"fork", process_fork},       {"wait", process_wait},     {"exit", process_exit},
                                       {"sigpipe", process_sigpipe}, {"deafen", process_deafen}, {NULL, NULL}};
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
