/* decode.h - turns a JSON text into Lua values, through lua-cjson. Knows neither HTTP nor operations.
 *
 * lua-cjson differs between its releases (2.1.0 makes every number a float, newer ones round what passes int64) and
 * accepts more than JSON. So json_scan checks the bytes before lua-cjson sees them, what lua-cjson cannot carry travels
 * through it as marked strings, and its value is repaired afterwards. Every release gives the same result:
 *   integers       Lua integers, exact over int64; a float beyond
 *   other numbers  floats; a whole one up to 2^53 becomes an integer
 *   null           an absent field; in an array it is left out and the rest moves up
 *   []             an empty table whose metatable has __jsontype = "array"
 *   strings        byte for byte; a body that is not UTF-8 is refused */
#ifndef CRSYNC_DECODE_H
#define CRSYNC_DECODE_H

#include "compat.h"
#include <stddef.h>

#pragma GCC visibility push(hidden)

enum { DECODE_REASON_SIZE = 320 };

/* Makes a lua-cjson instance of our own and pushes its decode function. Raises when there is no lua-cjson. */
void decode_open(lua_State *L);

/* What lua-cjson's value still needs, and how many of each. */
struct decode_repairs {
  size_t numbers; /* may be floats where they should be integers */
  size_t nulls;   /* should be absent */
  size_t marks;   /* stand for what lua-cjson cannot carry */
};

/* Puts the value in the place of the text at the top of the stack and tells which repairs it needs; returns 1. Where
 * the text is not JSON, takes it away, writes the reason and returns 0. `decoder` is the stack index of what
 * decode_open pushed. Raises for want of memory, and what a hook or a finalizer raises meanwhile. */
int decode_value(lua_State *L, int decoder, struct decode_repairs *repairs, char reason[DECODE_REASON_SIZE]);

/* Repairs the value at the top of the stack, by looking at all that is in it; returns 1, and no repair is left. Where a
 * number is beyond every float, takes the value away, writes the reason and returns 0. */
int decode_repair(lua_State *L, struct decode_repairs *repairs, char reason[DECODE_REASON_SIZE]);

/* 1 if the value at `index` is an object: a table that was no array. Not before marks are repaired. */
int decode_is_object(lua_State *L, int index);

/* Pushes an empty array, as [] becomes one. */
void decode_push_array(lua_State *L);

/* Whether the number is an integer that a double holds exactly. */
int decode_is_whole(lua_Number n);

/* Pushes the number, as an integer where it is one. */
void decode_push_number(lua_State *L, lua_Number n);

#pragma GCC visibility pop

#endif
