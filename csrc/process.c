/* process.c - see process.h. Uses posix_spawn, since the host may have threads that fork would leave behind. The
 * program gets a process group of its own, so that whatever it starts ends with it. */
#define _GNU_SOURCE
#include "process.h"
#include "descriptors.h"
#include "luaaux.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESS_TYPE "crsync.process"
#define LEFT_RUNNING "crsync.process.left_running"

enum { MAX_OUTPUT = 64 * 1024, MAX_WORDS = 1000, MAX_READS = 64, PIPES = 2, MAX_REAP_MS = 200 };

#if defined(__APPLE__) /* whose loadable modules have no other way to it */
#include <crt_externs.h>
#define environ (*_NSGetEnviron())
#else
extern char **environ;
#endif

struct pipe_end {
  int fd; /* -1: at its end */
  size_t len;
  char data[MAX_OUTPUT];
};

struct process {
  pid_t pid;   /* 0: not started, or reaped */
  pid_t owner; /* who started it: a forked child of the host's must leave it alone */
  int status;  /* as of waitpid; -1: somebody else reaped it */
  struct pipe_end pipes[PIPES];
};

/* ---- its end ------------------------------------------------------------------------------------- */

static void close_pipe(struct pipe_end *p) {
  if (p->fd >= 0) close(p->fd);
  p->fd = -1;
}

static void wipe(struct process *p) {
  for (int i = 0; i < PIPES; i++) {
    OPENSSL_cleanse(p->pipes[i].data, p->pipes[i].len);
    p->pipes[i].len = 0;
  }
}

/* Waits a moment for a program that was killed. Returns 1 when there is nothing left to reap. */
static int reap(pid_t pid) {
  for (int ms = 0; ms < MAX_REAP_MS; ms++) {
    pid_t who = waitpid(pid, NULL, WNOHANG);
    if (who && (who > 0 || errno != EINTR)) return 1;
    poll(NULL, 0, 1);
  }
  return 0;
}

/* One that has become another user, as sudo does, cannot be killed and goes on. It is reaped when it has ended and the
 * next program is started: until then its number stands in a list of the Lua state's. */
static void leave_running(lua_State *L, pid_t pid) {
  lua_getfield(L, LUA_REGISTRYINDEX, LEFT_RUNNING);
  lua_pushinteger(L, (lua_Integer)pid);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

static void reap_left_running(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LEFT_RUNNING);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1), kept = 0;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    int is_running = waitpid((pid_t)lua_tointeger(L, -1), NULL, WNOHANG) == 0;
    if (is_running)
      lua_rawseti(L, -2, ++kept);
    else
      lua_pop(L, 1);
  }
  for (lua_Integer i = kept + 1; i <= count; i++) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
  lua_pop(L, 1);
}

static int process_close(lua_State *L) {
  struct process *p = luaL_checkudata(L, 1, PROCESS_TYPE);
  pid_t pid = p->owner == getpid() ? p->pid : 0;
  p->pid = 0;
  for (int i = 0; i < PIPES; i++) close_pipe(&p->pipes[i]);
  wipe(p);
  if (!pid) return 0;
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL); /* it may have left its group */
  if (!reap(pid)) leave_running(L, pid);
  return 0;
}

/* ---- its start ----------------------------------------------------------------------------------- */

/* Two pipes, [reading, writing], closed on exec. Returns 0, or -1 with none open. */
static int open_pipes(int fds[PIPES][2]) {
  for (int i = 0; i < PIPES; i++) {
#if defined(__linux__)
    int failed = pipe2(fds[i], O_CLOEXEC);
#else
    int failed = pipe(fds[i]) || fcntl(fds[i][0], F_SETFD, FD_CLOEXEC) || fcntl(fds[i][1], F_SETFD, FD_CLOEXEC);
#endif
    if (!failed) continue;
    int reason = errno;
    while (i--) close(fds[i][0]), close(fds[i][1]);
    errno = reason;
    return -1;
  }
  return 0;
}

/* The program gets signals as a shell would give them, whatever the host ignores or blocks. */
static int set_signals(posix_spawnattr_t *attributes) {
  sigset_t none, ordinary;
  sigemptyset(&none);
  sigemptyset(&ordinary);
  sigaddset(&ordinary, SIGPIPE);
  sigaddset(&ordinary, SIGCHLD);
  sigaddset(&ordinary, SIGINT);
  sigaddset(&ordinary, SIGTERM);
  return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ||
         posix_spawnattr_setpgroup(attributes, 0) || posix_spawnattr_setsigmask(attributes, &none) ||
         posix_spawnattr_setsigdefault(attributes, &ordinary);
}

/* The program inherits an empty input and the pipes; and no other descriptor of the host's, where the system can see to
 * that. Returns 0, or another number. */
static int set_descriptors(posix_spawn_file_actions_t *actions, int fds[PIPES][2]) {
  int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ||
               posix_spawn_file_actions_adddup2(actions, fds[0][1], STDOUT_FILENO) ||
               posix_spawn_file_actions_adddup2(actions, fds[1][1], STDERR_FILENO);
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 34)
  failed = failed || posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
#endif
  return failed;
}

/* Whether there is such a program, as far as one can tell without PATH. Some systems report a failed exec only as
 * status 127. Returns 0 or an error number. */
static int check_program(const char *word) {
  if (!word || !*word) return ENOENT;
  return strchr(word, '/') && access(word, X_OK) ? errno : 0;
}

/* Returns 0 or an error number. */
static int spawn(pid_t *pid, const char *const *words, int fds[PIPES][2]) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int missing = check_program(words[0]);
  if (missing) return missing;
  if (posix_spawn_file_actions_init(&actions)) return ENOMEM;
  if (posix_spawnattr_init(&attributes)) {
    posix_spawn_file_actions_destroy(&actions);
    return ENOMEM;
  }
  int reason = set_descriptors(&actions, fds) || set_signals(&attributes)
                   ? ENOMEM
                   : posix_spawnp(pid, words[0], &actions, &attributes, (char *const *)words, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return reason;
}

/* Makes an array of the sequence at index 1, in a userdata that is pushed; the strings stay the table's. */
static const char *const *push_words(lua_State *L) {
  size_t n = lua_rawlen(L, 1);
  luaL_argcheck(L, n >= 1 && n <= MAX_WORDS, 1, "a program and its arguments are expected");
  const char **words = lua_newuserdatauv(L, (n + 1) * sizeof *words, 0);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, 1, (lua_Integer)i + 1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "each word should be a string");
    words[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  words[n] = NULL;
  return words;
}

int process_spawn(lua_State *L) {
  int fds[PIPES][2];
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  reap_left_running(L);
  struct process *p = lua_newuserdatauv(L, sizeof *p, 0);
  p->pid = 0;
  p->owner = getpid();
  p->status = -1;
  for (int i = 0; i < PIPES; i++) p->pipes[i].fd = -1, p->pipes[i].len = 0;
  luaL_setmetatable(L, PROCESS_TYPE);
  const char *const *words = push_words(L); /* last: the strings are a table's that Lua may change */
  lua_pushvalue(L, 2);
  int reason = open_pipes(fds) ? errno : 0;
  if (!reason) {
    reason = spawn(&p->pid, words, fds);
    if (reason) p->pid = 0;
    for (int i = 0; i < PIPES; i++) {
      close(fds[i][1]);
      p->pipes[i].fd = fds[i][0];
      fcntl(fds[i][0], F_SETFL, O_NONBLOCK);
    }
  }
  if (!reason) return 1;
  lua_pushnil(L);
  lua_pushstring(L, descriptors_words(reason));
  return 2;
}

/* ---- its output ---------------------------------------------------------------------------------- */

/* Reads what is there. What passes the limit is read and dropped, so that the program never waits for a reader; one
 * that writes faster than this reads waits for the next time. */
static void drain(struct pipe_end *p) {
  char excess[4096] = "";
  for (int reads = 0; reads < MAX_READS && p->fd >= 0; reads++) {
    size_t room = MAX_OUTPUT - p->len;
    ssize_t n = read(p->fd, room ? p->data + p->len : excess, room ? room : sizeof excess);
    if (n > 0 && room) p->len += (size_t)n;
    if (n > 0 || (n < 0 && errno == EINTR)) continue;
    if (n == 0 || errno != EAGAIN) close_pipe(p);
    if (n < 0) break;
  }
  OPENSSL_cleanse(excess, sizeof excess);
}

/* In a forked child the program and what it writes are the parent's. */
static void leave_to_parent(struct process *p) {
  for (int i = 0; i < PIPES; i++) close_pipe(&p->pipes[i]);
  p->status = SIGKILL;
  p->pid = 0;
}

/* 1 once the program has ended. Where the host ignores SIGCHLD, there is no status to wait for. */
static int has_ended(struct process *p) {
  if (p->pid && p->owner != getpid()) leave_to_parent(p);
  if (!p->pid) return 1;
  pid_t who = waitpid(p->pid, &p->status, WNOHANG);
  if (who == 0 || (who < 0 && errno == EINTR)) return 0;
  if (who < 0) p->status = -1;
  p->pid = 0;
  return 1;
}

static int process_poll(lua_State *L) {
  struct process *p = luaL_checkudata(L, 1, PROCESS_TYPE);
  int ended = has_ended(p); /* first: what it wrote is in the pipes then */
  for (int i = 0; i < PIPES; i++) drain(&p->pipes[i]);
  if (!ended) return 0;
  for (int i = 0; i < PIPES; i++) {
    close_pipe(&p->pipes[i]); /* what it left running may hold the other end */
    lua_pushlstring(L, p->pipes[i].data, p->pipes[i].len);
  }
  wipe(p);
  if (p->status == -1)
    lua_pushinteger(L, 0);
  else if (WIFEXITED(p->status))
    lua_pushinteger(L, WEXITSTATUS(p->status));
  else
    lua_pushnil(L);
  return 3;
}

void process_open(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", process_close}, {"__close", process_close}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"poll", process_poll}, {"close", process_close}, {NULL, NULL}};
  luaaux_register_type(L, PROCESS_TYPE, metamethods, methods, 0);
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, LEFT_RUNNING);
}
