/* types.h - makes a decoded response keep the types that are documented for its fields. Knows Lua's values, and no
 * operation: the types are given. */
#ifndef CRSYNC_TYPES_H
#define CRSYNC_TYPES_H

#include "decode.h"

#pragma GCC visibility push(hidden)

/* Makes the object at the top of the stack keep the documented types; returns 1. `shape` is the stack index of a table
 * from field name to "integer", "boolean", "string" or "text", to a shape for an object, to { shape } for a sequence of
 * objects. Digit strings become integers, "true" and "false" booleans, a number that should be a text its digits, an
 * absent sequence an empty one. A field that cannot be what it should be is named in the reason; then 0.
 *
 * Makes the repairs that the value needs as well. Mostly these are numbers alone, all of them in documented fields;
 * then nothing else of the value is looked at. */
int types_conform(lua_State *L, int shape, struct decode_repairs *repairs, char reason[DECODE_REASON_SIZE]);

#pragma GCC visibility pop

#endif
