/* file.c - see file.h. */
#define _GNU_SOURCE
#include "file.h"
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SIZE = 1024 * 1024, SPARE = 4096, MAX_PASSWD = 16 * 1024 };

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

static int refuse_missing(lua_State *L, int reason) {
  return refuse(L, descriptors_words(reason), reason != ENOENT && reason != ENOTDIR);
}

/* Pushes what others than the owner may do with a file, in words; false: nothing. */
static void push_openness(lua_State *L, mode_t mode) {
  int read = (mode & (S_IRGRP | S_IROTH)) != 0, changed = (mode & (S_IWGRP | S_IWOTH)) != 0;
  if (read || changed)
    lua_pushstring(L, read && changed ? "read and changed" : read ? "read" : "changed");
  else
    lua_pushboolean(L, 0);
}

int file_read(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  struct stat about;
  if (stat(path, &about)) return refuse_missing(L, errno);
  if (!S_ISREG(about.st_mode)) return refuse(L, "it is no regular file", 1);
  if (about.st_size > MAX_SIZE) return refuse(L, "it is larger than 1 MiB", 1);
  /* The buffer comes before the file is open, since making it may raise. It has room to spare, so that a file that
   * grows meanwhile is noticed. */
  size_t size = (size_t)about.st_size + SPARE;
  char *text = lua_newuserdatauv(L, size, 0);
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return refuse_missing(L, errno);
  int failed = fstat(fd, &about), is_file = !failed && S_ISREG(about.st_mode);
  ssize_t len = is_file ? read_all(fd, text, size) : 0;
  int reason = errno;
  close(fd);
  int is_whole = !failed && is_file && len >= 0 && (size_t)len < size;
  if (is_whole) lua_pushlstring(L, text, (size_t)len);
  OPENSSL_cleanse(text, size);
  if (failed || len < 0) return refuse(L, descriptors_words(reason), 1);
  if (!is_whole) return refuse(L, "it changed while it was read", 1);
  push_openness(L, about.st_mode);
  return 2;
}

int file_check(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *wanted = luaL_optstring(L, 2, "");
  struct stat about = {0};
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  int reason = fd < 0 || fstat(fd, &about) ? errno : 0;
  if (fd >= 0) close(fd);
  if (reason) return refuse_missing(L, reason);
  if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return refuse(L, "it is neither a file nor a folder", 1);
  if (S_ISDIR(about.st_mode) && !strcmp(wanted, "file")) return refuse(L, "it is a folder, and should be a file", 1);
  if (S_ISREG(about.st_mode) && !strcmp(wanted, "folder")) return refuse(L, "it is a file, and should be a folder", 1);
  lua_pushboolean(L, 1);
  return 1;
}

int file_home(lua_State *L) {
  struct passwd user, *found = NULL;
  char *text = lua_newuserdatauv(L, MAX_PASSWD, 0);
  if (getpwuid_r(getuid(), &user, text, MAX_PASSWD, &found) || !found || !found->pw_dir[0]) return 0;
  lua_pushstring(L, found->pw_dir);
  return 1;
}
