/* type.h - a type of userdata, registered in one way for all of them. Knows Lua alone. */
#ifndef CRSYNC_TYPE_H
#define CRSYNC_TYPE_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Registers the type `name` with its metamethods and methods; getmetatable shows no more than "crsync". Methods share
 * `upvalues` values from the top of the stack, which are popped. */
void type_register(lua_State *L, const char *name, const luaL_Reg *metamethods, const luaL_Reg *methods, int upvalues);

#pragma GCC visibility pop

#endif
