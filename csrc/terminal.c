/* terminal.c - see terminal.h. */
#define _GNU_SOURCE
#include "terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_is(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

int terminal_size(lua_State *L) {
  struct winsize size = {0};
  int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0) {
    if (ioctl(fd, TIOCGWINSZ, &size)) size = (struct winsize){0};
    close(fd);
  }
  lua_pushinteger(L, size.ws_row);
  lua_pushinteger(L, size.ws_col);
  return 2;
}
