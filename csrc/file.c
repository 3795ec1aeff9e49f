/* file.c - see file.h. */
#define _GNU_SOURCE
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SIZE = 1024 * 1024, MAX_PASSWD = 16 * 1024 };

static int refuse(lua_State *L, const char *reason, int exists) {
  lua_pushnil(L);
  lua_pushstring(L, reason);
  lua_pushboolean(L, exists);
  return 3;
}

/* Reads up to `size` bytes; returns how many, or -1. */
static ssize_t read_all(int fd, char *out, size_t size) {
  size_t len = 0;
  while (len < size) {
    ssize_t n = read(fd, out + len, size - len);
    if (n == 0) break;
    if (n < 0 && errno != EINTR) return -1;
    if (n > 0) len += (size_t)n;
  }
  return (ssize_t)len;
}

int file_read(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat about;
  /* The buffer first: it may raise, and nothing is open yet. One byte more shows that the file has grown. */
  char *text = lua_newuserdatauv(L, MAX_SIZE + 1, 0);
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  int reason = errno;
  if (fd < 0) return refuse(L, strerror(reason), reason != ENOENT && reason != ENOTDIR);
  int failed = fstat(fd, &about), is_file = !failed && S_ISREG(about.st_mode);
  ssize_t len = is_file ? read_all(fd, text, MAX_SIZE + 1) : 0;
  reason = errno;
  close(fd);
  if (failed || len < 0) return refuse(L, strerror(reason), 1);
  if (!is_file) return refuse(L, "it is no regular file", 1);
  if (len > MAX_SIZE) return refuse(L, "it is larger than 1 MiB", 1);
  lua_pushlstring(L, text, (size_t)len);
  OPENSSL_cleanse(text, (size_t)len);
  lua_pushboolean(L, (about.st_mode & (S_IRGRP | S_IROTH)) != 0);
  return 2;
}

int file_home(lua_State *L) {
  struct passwd user, *found = NULL;
  char *text = lua_newuserdatauv(L, MAX_PASSWD, 0);
  if (getpwuid_r(getuid(), &user, text, MAX_PASSWD, &found) || !found || !found->pw_dir[0]) return 0;
  lua_pushstring(L, found->pw_dir);
  return 1;
}
