/* host.c - a program with Lua in it whose memory can be made to run out: at any allocation of Lua's, of crsync's core,
 * of libcurl's or of OpenSSL's. Runs the script that is its first argument, with the functions below as `starve`.
 * The core is linked in, with its own malloc, calloc, realloc, strdup and free renamed to core_… (spec/checks.mk). */
#include <curl/curl.h>
#include <dirent.h>
#include <dlfcn.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int luaopen_crsync_core(lua_State *L);
void *core_malloc(size_t size);
void *core_calloc(size_t count, size_t size);
void *core_realloc(void *block, size_t size);
char *core_strdup(const char *text);
void core_free(void *block);

/* ---- supplies ------------------------------------------------------------------------------------ */

/* A supply of memory: from its `first` allocation on, `times` of them fail. first 0: none. */
struct supply {
  const char *name;
  unsigned long asked, first, times;
  long blocks; /* that were given and not returned */
};

enum { LUA, CORE, CURL_LIBRARY, OPENSSL, SUPPLIES };

static struct supply supplies[SUPPLIES] = {{.name = "lua"}, {.name = "core"}, {.name = "libcurl"}, {.name = "openssl"}};

static int is_denied(struct supply *s) {
  if (!s->first) return 0;
  s->asked++;
  return s->asked >= s->first && s->asked - s->first < s->times;
}

static void *give(struct supply *s, size_t size) {
  void *block = is_denied(s) ? NULL : malloc(size ? size : 1);
  s->blocks += block != NULL;
  return block;
}

static void take_back(struct supply *s, void *block) {
  s->blocks -= block != NULL;
  free(block);
}

static void *resize(struct supply *s, void *block, size_t size) {
  if (!block) return give(s, size);
  return is_denied(s) ? NULL : realloc(block, size ? size : 1);
}

static char *copy(struct supply *s, const char *text) {
  size_t size = strlen(text) + 1;
  char *block = give(s, size);
  return block ? memcpy(block, text, size) : NULL;
}

/* Lua relies on it that nothing fails that makes a block smaller. */
static void *lua_supply(void *data, void *block, size_t old_size, size_t size) {
  struct supply *s = data;
  if (!size) {
    take_back(s, block);
    return NULL;
  }
  return block && size <= old_size ? realloc(block, size) : resize(s, block, size);
}

void *core_malloc(size_t size) { return give(&supplies[CORE], size); }
void *core_realloc(void *block, size_t size) { return resize(&supplies[CORE], block, size); }
char *core_strdup(const char *text) { return copy(&supplies[CORE], text); }
void core_free(void *block) { take_back(&supplies[CORE], block); }

static void *give_zeros(struct supply *s, size_t count, size_t size) {
  void *block = give(s, count * size);
  return block ? memset(block, 0, count * size) : NULL;
}

void *core_calloc(size_t count, size_t size) { return give_zeros(&supplies[CORE], count, size); }

static void *curl_malloc(size_t size) { return give(&supplies[CURL_LIBRARY], size); }
static void curl_free_(void *block) { take_back(&supplies[CURL_LIBRARY], block); }
static void *curl_realloc(void *block, size_t size) { return resize(&supplies[CURL_LIBRARY], block, size); }
static char *curl_strdup(const char *text) { return copy(&supplies[CURL_LIBRARY], text); }
static void *curl_calloc(size_t count, size_t size) { return give_zeros(&supplies[CURL_LIBRARY], count, size); }

static void *openssl_malloc(size_t size, const char *file, int line) {
  (void)file, (void)line;
  return size ? give(&supplies[OPENSSL], size) : NULL;
}

static void openssl_free(void *block, const char *file, int line) {
  (void)file, (void)line;
  take_back(&supplies[OPENSSL], block);
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line) {
  if (size) return resize(&supplies[OPENSSL], block, size);
  openssl_free(block, file, line);
  return NULL;
}

/* ---- what the script has ------------------------------------------------------------------------- */

static struct supply *check_supply(lua_State *L, int index) {
  const char *name = luaL_checkstring(L, index);
  for (int i = 0; i < SUPPLIES; i++)
    if (!strcmp(supplies[i].name, name)) return &supplies[i];
  luaL_argerror(L, index, "no such supply");
  return NULL;
}

/* starve.begin(supply, first, times): its allocation number `first` from now on fails, and with it `times` in a row */
static int starve_begin(lua_State *L) {
  struct supply *s = check_supply(L, 1);
  lua_Number times = luaL_checknumber(L, 3);
  s->first = (unsigned long)luaL_checkinteger(L, 2);
  s->times = times > 1e9 ? ULONG_MAX : (unsigned long)times;
  s->asked = 0;
  return 0;
}

/* starve.finish(): there is memory again */
static int starve_finish(lua_State *L) {
  (void)L;
  for (int i = 0; i < SUPPLIES; i++) supplies[i].first = 0;
  return 0;
}

/* starve.asked(supply) -> how many allocations there were between the last begin and finish */
static int starve_asked(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check_supply(L, 1)->asked);
  return 1;
}

/* starve.blocks(supply) -> how many are not returned */
static int starve_blocks(lua_State *L) {
  lua_pushinteger(L, check_supply(L, 1)->blocks);
  return 1;
}

/* starve.descriptors() -> how many this process has open */
static int starve_descriptors(lua_State *L) {
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) return luaL_error(L, "cannot count descriptors");
  lua_Integer count = -3; /* ".", "..", and the folder's own */
  while (readdir(folder)) count++;
  closedir(folder);
  lua_pushinteger(L, count);
  return 1;
}

/* starve.keep(library): it stays loaded to the end, so that what it leaks is known to be its */
static int starve_keep(lua_State *L) {
  if (!dlopen(luaL_checkstring(L, 1), RTLD_NOW | RTLD_NODELETE)) return luaL_error(L, "%s", dlerror());
  return 0;
}

static int open_libraries(lua_State *L) {
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_crsync_core);
  lua_setfield(L, -2, "crsync.core");
  lua_settop(L, 0);
  return 0;
}

/* Runs a script in a new state from a supply of the state's own, `first` and `times` as for starve.begin; then, with
 * memory, another one in the same state; closes it. */
struct life {
  struct supply supply;
  const char *script, *afterwards;
  char problem[512]; /* of the first script; "" when all went well */
  char later[512];   /* of the second */
};

static int run_script(lua_State *L) {
  const char *script = lua_touserdata(L, 1);
  if (luaL_loadstring(L, script)) return lua_error(L);
  lua_call(L, 0, 0);
  return 0;
}

static void protected_run(lua_State *L, lua_CFunction f, const char *script, char problem[512]) {
  if (problem[0]) return;
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, (void *)script);
  if (lua_pcall(L, 1, 0, 0)) {
    const char *message = lua_tostring(L, -1);
    snprintf(problem, 512, "%s", message ? message : "no message");
  }
  lua_settop(L, 0);
}

static void live(struct life *life) {
  lua_State *L = lua_newstate(lua_supply, &life->supply);
  if (!L) {
    snprintf(life->problem, sizeof life->problem, "not enough memory");
    return;
  }
  protected_run(L, open_libraries, NULL, life->problem);
  protected_run(L, run_script, life->script, life->problem);
  life->supply.first = 0;
  if (life->problem[0]) protected_run(L, open_libraries, NULL, life->later);
  protected_run(L, run_script, life->afterwards, life->later);
  lua_close(L);
}

/* starve.life(first, times, script, afterwards) -> how many allocations the script took, its problem or "", that of the
 * script afterwards or "", blocks that the state has left */
static int starve_life(lua_State *L) {
  struct life life = {.script = luaL_checkstring(L, 3), .afterwards = luaL_checkstring(L, 4)};
  life.supply.first = (unsigned long)luaL_checkinteger(L, 1);
  life.supply.times = luaL_checknumber(L, 2) > 1e9 ? ULONG_MAX : (unsigned long)luaL_checkinteger(L, 2);
  live(&life);
  lua_pushinteger(L, (lua_Integer)life.supply.asked);
  lua_pushstring(L, life.problem);
  lua_pushstring(L, life.later);
  lua_pushinteger(L, life.supply.blocks);
  return 4;
}

static const luaL_Reg functions[] = {{"begin", starve_begin},
                                     {"finish", starve_finish},
                                     {"asked", starve_asked},
                                     {"blocks", starve_blocks},
                                     {"descriptors", starve_descriptors},
                                     {"keep", starve_keep},
                                     {"life", starve_life},
                                     {NULL, NULL}};

/* ---- the program --------------------------------------------------------------------------------- */

static int traceback(lua_State *L) {
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static int run_file(lua_State *L, char **argv) {
  open_libraries(L);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  lua_setglobal(L, "starve");
  lua_pushcfunction(L, traceback);
  int failed = luaL_loadfile(L, argv[1]);
  for (char **argument = argv + 2; !failed && *argument; argument++) lua_pushstring(L, *argument);
  if (!failed) failed = lua_pcall(L, lua_gettop(L) - 2, 0, 1);
  if (failed) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  return failed;
}

int main(int argc, char **argv) {
  if (argc < 2 || !CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) ||
      curl_global_init_mem(CURL_GLOBAL_ALL, curl_malloc, curl_free_, curl_realloc, curl_strdup, curl_calloc)) {
    fprintf(stderr, "usage: starve SCRIPT [ARGUMENT…]\n");
    return 2;
  }
  lua_State *L = lua_newstate(lua_supply, &supplies[LUA]);
  int failed = !L || run_file(L, argv);
  if (L) lua_close(L);
  curl_global_cleanup();
  return failed ? 1 : 0;
}
