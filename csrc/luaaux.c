/* luaaux.c - see luaaux.h. */
#include "luaaux.h"

/* For lua/crsync/loading.lua, which reads it in the file when that cannot be loaded. */
__attribute__((used)) static const char built_for[] = "crsync core for " LUA_VERSION;

const char *luaaux_get_string(lua_State *L, int index, const char *name, const char *fallback) {
  lua_getfield(L, index, name);
  if (lua_isnil(L, -1)) return fallback;
  if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s should be a string and is a %s", name, luaL_typename(L, -1));
  return lua_tostring(L, -1);
}

double luaaux_get_number(lua_State *L, int index, const char *name, double fallback) {
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TNUMBER)
    luaL_error(L, "%s should be a number and is a %s", name, luaL_typename(L, -1));
  double n = lua_isnil(L, -1) ? fallback : lua_tonumber(L, -1);
  lua_pop(L, 1);
  return n;
}

int luaaux_get_boolean(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  int yes = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return yes;
}

struct bytes luaaux_to_bytes(lua_State *L, int index) {
  struct bytes b;
  b.data = lua_tolstring(L, index, &b.len);
  return b;
}

int luaaux_is_plain(struct bytes b) {
  for (size_t i = 0; i < b.len; i++)
    if ((unsigned char)b.data[i] < ' ' || b.data[i] == 0x7f) return 0;
  return 1;
}

struct bytes luaaux_trimmed(lua_State *L, int index) {
  struct bytes b = luaaux_to_bytes(L, index);
  while (b.len && (unsigned char)b.data[0] <= ' ') b.data++, b.len--;
  while (b.len && (unsigned char)b.data[b.len - 1] <= ' ') b.len--;
  return b;
}

struct bytes luaaux_trim(lua_State *L, int index, const char *name) {
  struct bytes b = luaaux_trimmed(L, index);
  if (!luaaux_is_plain(b)) luaL_error(L, "%s holds a control character", name);
  return b;
}

struct bytes luaaux_get_key(lua_State *L, int index, const char *name) {
  luaaux_get_string(L, index, name, NULL);
  if (lua_isnil(L, -1)) return (struct bytes){"", 0};
  return luaaux_trim(L, -1, name); /* the string stays on the stack */
}

void luaaux_register_type(lua_State *L, const char *name, const luaL_Reg *metamethods, const luaL_Reg *methods,
                          int upvalues) {
  luaL_newmetatable(L, name);
  lua_insert(L, -(upvalues + 1));
  lua_newtable(L);
  lua_insert(L, -(upvalues + 1));
  luaL_setfuncs(L, methods, upvalues);
  lua_setfield(L, -2, "__index");
  luaL_setfuncs(L, metamethods, 0);
  lua_pushliteral(L, "crsync");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
