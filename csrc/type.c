/* type.c - see type.h. */
#include "type.h"

void type_register(lua_State *L, const char *name, const luaL_Reg *metamethods, const luaL_Reg *methods, int upvalues) {
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
