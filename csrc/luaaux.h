/* luaaux.h - what Lua's own auxiliary library lacks: reading the fields of a table that a script gave, and registering
 * a type of userdata. The readers raise an error that names the field when it has the wrong type. */
#ifndef CRSYNC_LUAAUX_H
#define CRSYNC_LUAAUX_H

#include "bytes.h"
#include "compat.h"

#pragma GCC visibility push(hidden)

/* Pushes the field, so that the string lives; returns it, or `fallback` when it is nil. */
const char *luaaux_get_string(lua_State *L, int index, const char *name, const char *fallback);

/* Pushes nothing. */
double luaaux_get_number(lua_State *L, int index, const char *name, double fallback);

/* Pushes nothing. Any value counts as in Lua: nil and false are 0. */
int luaaux_get_boolean(lua_State *L, int index, const char *name);

/* The string at `index`, which keeps the bytes alive. */
struct bytes luaaux_to_bytes(lua_State *L, int index);

/* The string at `index`, without the blanks and line ends that stick to a pasted key. */
struct bytes luaaux_trimmed(lua_State *L, int index);

/* Whether there is no control character in it. */
int luaaux_is_plain(struct bytes b);

/* The string at `index`, trimmed. Raises when there is a control character inside it; `name` says what it is. */
struct bytes luaaux_trim(lua_State *L, int index, const char *name);

/* Pushes the field, so that the string lives; returns it trimmed, empty when it is nil. */
struct bytes luaaux_get_key(lua_State *L, int index, const char *name);

/* Registers the type `name` with its metamethods and methods; getmetatable shows no more than "crsync". Methods share
 * `upvalues` values from the top of the stack, which are popped. */
void luaaux_register_type(lua_State *L, const char *name, const luaL_Reg *metamethods, const luaL_Reg *methods,
                          int upvalues);

#pragma GCC visibility pop

#endif
