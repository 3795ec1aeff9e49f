/* fuzz.c - libFuzzer's entry: hands its bytes to a function of Lua, with crsync's core linked in, instrumented and
 * sanitized. FUZZ_TARGET names the script that returns the function; whatever that raises is a finding. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int luaopen_crsync_core(lua_State *L);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static lua_State *L;

static void stop(const char *what) {
  fprintf(stderr, "%s: %s\n", what, lua_tostring(L, -1));
  abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  L = luaL_newstate();
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_crsync_core);
  lua_setfield(L, -2, "crsync.core");
  lua_pop(L, 1);
  if (luaL_loadfile(L, getenv("FUZZ_TARGET")) || lua_pcall(L, 0, 1, 0)) stop("target");
  return 0;
}

static int traceback(lua_State *state) {
  luaL_traceback(state, state, lua_tostring(state, 1), 1);
  return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_pushcfunction(L, traceback);
  lua_pushvalue(L, 1);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 2)) stop("finding");
  lua_settop(L, 1);
  return 0;
}
