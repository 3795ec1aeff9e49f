/* compat.h - what differs between Lua 5.1 to 5.5 and LuaJIT, and nothing else. The code uses the API as Lua 5.4 has it;
 * what an older Lua lacks is made here of what it has.
 *
 * Before Lua 5.3 every number is a double: integers are exact to 2^53 and rounded beyond.
 *
 * The module exports its luaopen_ function alone; everything else is hidden by a pragma in each header, since
 * LuaRocks' builtin build takes no visibility flag: a host that carries symbols of the same names is not disturbed. */
#ifndef CRSYNC_COMPAT_H
#define CRSYNC_COMPAT_H

#if defined(__has_include)
#if !__has_include(<lua.h>)
/* derived: lua */
/* clang-format off */
#error "Lua's headers are missing: apt-get install liblua5.4-dev | dnf install lua-devel | apk add lua5.4-dev | brew install lua@5.4 (or those of your Lua); elsewhere give LUA_INCDIR"
/* clang-format on */
/* end: lua */
#endif
#endif

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM < 501
#error "crsync needs Lua 5.1 or newer: point LUA_INCDIR at the headers of your Lua"
#endif

#define CRSYNC_EXPORT __attribute__((visibility("default")))

/* ---- before 5.2, LuaJIT among them --------------------------------------------------------------- */

#if LUA_VERSION_NUM < 502

#undef LUA_OK
#define LUA_OK 0

#define lua_rawlen lua_objlen
#define lua_setuservalue lua_setfenv
#define lua_getuservalue lua_getfenv
#define luaL_checkversion(L) ((void)(L))

#define lua_absindex compat_absindex
static inline int compat_absindex(lua_State *L, int index) {
  return index > 0 || index <= LUA_REGISTRYINDEX ? index : lua_gettop(L) + index + 1;
}

#define lua_rawgetp compat_rawgetp
static inline void compat_rawgetp(lua_State *L, int index, const void *key) {
  index = lua_absindex(L, index);
  lua_pushlightuserdata(L, (void *)key);
  lua_rawget(L, index);
}

#define lua_rawsetp compat_rawsetp
static inline void compat_rawsetp(lua_State *L, int index, const void *key) {
  index = lua_absindex(L, index);
  lua_pushlightuserdata(L, (void *)key);
  lua_insert(L, -2);
  lua_rawset(L, index);
}

#define luaL_setmetatable compat_setmetatable
static inline void compat_setmetatable(lua_State *L, const char *name) {
  luaL_getmetatable(L, name);
  lua_setmetatable(L, -2);
}

#define luaL_setfuncs compat_setfuncs
static inline void compat_setfuncs(lua_State *L, const luaL_Reg *functions, int upvalues) {
  for (; functions->name; functions++) {
    for (int i = 0; i < upvalues; i++) lua_pushvalue(L, -upvalues);
    lua_pushcclosure(L, functions->func, upvalues);
    lua_setfield(L, -(upvalues + 2), functions->name);
  }
  lua_pop(L, upvalues);
}

#endif

/* ---- before 5.3: numbers ------------------------------------------------------------------------- */

#if LUA_VERSION_NUM < 503

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The API's own integers are as wide as a pointer. */
#define lua_Integer int64_t
#define lua_pushinteger(L, n) lua_pushnumber((L), (lua_Number)(n))

#define lua_tointegerx compat_tointegerx
static inline lua_Integer compat_tointegerx(lua_State *L, int index, int *is_integer) {
  lua_Number n = lua_tonumber(L, index);
  int is_one = lua_isnumber(L, index) && floor(n) == n && fabs(n) <= 9007199254740992.0;
  if (is_integer) *is_integer = is_one; /* lua_tointeger gives NULL */
  return is_one ? (lua_Integer)n : 0;
}

#define lua_isinteger compat_isinteger
static inline int compat_isinteger(lua_State *L, int index) {
  int is_integer = 0;
  if (lua_type(L, index) == LUA_TNUMBER) (void)lua_tointegerx(L, index, &is_integer);
  return is_integer;
}

/* For the digits of a JSON number, whatever the locale's decimal point is. */
#define lua_stringtonumber compat_stringtonumber
static inline size_t compat_stringtonumber(lua_State *L, const char *digits) {
  const char *local = luaL_gsub(L, digits, ".", localeconv()->decimal_point);
  char *end;
  lua_Number n = strtod(local, &end);
  int whole = end != local && !*end;
  lua_pop(L, 1);
  if (!whole) return 0;
  lua_pushnumber(L, n);
  return strlen(digits) + 1;
}

#endif

/* ---- before 5.4: several values of a userdata's own, kept in a table ------------------------------ */

#if LUA_VERSION_NUM < 504

#define lua_newuserdatauv compat_newuserdatauv
static inline void *compat_newuserdatauv(lua_State *L, size_t size, int values) {
  void *block = lua_newuserdata(L, size);
  if (values) {
    lua_createtable(L, values, 0);
    lua_setuservalue(L, -2);
  }
  return block;
}

#define lua_setiuservalue compat_setiuservalue
static inline void compat_setiuservalue(lua_State *L, int index, int n) {
  lua_getuservalue(L, index);
  lua_insert(L, -2);
  lua_rawseti(L, -2, n);
  lua_pop(L, 1);
}

#define lua_getiuservalue compat_getiuservalue
static inline void compat_getiuservalue(lua_State *L, int index, int n) {
  lua_getuservalue(L, index);
  lua_rawgeti(L, -1, n);
  lua_remove(L, -2);
}

#endif

#endif
