/* luaaux.h - reading the fields of a table that a script gave. Each raises an error that names the field when
 * it has the wrong type. */
#ifndef CRSYNC_LUAAUX_H
#define CRSYNC_LUAAUX_H

#include "compat.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

/* Pushes the field, so that the string lives; returns it, or `fallback` when it is nil. */
const char *field_string(lua_State *L, int index, const char *name, const char *fallback);

double field_number(lua_State *L, int index, const char *name, double fallback);

int field_boolean(lua_State *L, int index, const char *name);

/* The string at `index`, without the blanks and line ends that stick to a pasted key. Raises when there is a
 * control character inside it; `name` says what it is. */
struct sign_piece field_trim(lua_State *L, int index, const char *name);

/* Pushes the field and trims it; empty when it is nil. */
struct sign_piece field_key(lua_State *L, int index, const char *name);

#pragma GCC visibility pop

#endif
