/* decode.c - see decode.h. */
#include "decode.h"
#include "json_scan.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_METATABLE "crsync.array"

/* ---- repairing the values ------------------------------------------------------------------------ */

void decode_push_array(lua_State *L) {
  lua_newtable(L);
  if (luaL_newmetatable(L, ARRAY_METATABLE)) {
    lua_pushliteral(L, "array");
    lua_setfield(L, -2, "__jsontype");
  }
  lua_setmetatable(L, -2);
}

int decode_is_object(lua_State *L, int index) {
  if (!lua_istable(L, index) || lua_rawlen(L, index) > 0) return 0;
  if (!lua_getmetatable(L, index)) return 1;
  lua_pop(L, 1);
  return 0;
}

int decode_is_whole(lua_Number n) {
  const lua_Number exact = 9007199254740992.0; /* 2^53 */
  return n >= -exact && n <= exact && (lua_Number)(int64_t)n == n;
}

void decode_push_number(lua_State *L, lua_Number n) {
  if (decode_is_whole(n))
    lua_pushinteger(L, (lua_Integer)n);
  else
    lua_pushnumber(L, n);
}

/* One walk through a value. */
struct walk {
  int has_marks;
  int out_of_range; /* it met a number that no float holds */
};

static void push_marked(lua_State *L, const char *mark, struct walk *w) {
  if (mark[1] == JSON_SCAN_EMPTY_ARRAY) {
    decode_push_array(L);
    return;
  }
  /* Lua's own reader: exact in int64, a float beyond, and at home in any locale. */
  if (!lua_stringtonumber(L, mark + 2)) {
    w->out_of_range = 1;
    lua_pushnil(L);
  } else if (!lua_isinteger(L, -1)) {
    lua_Number n = lua_tonumber(L, -1);
    if (!isfinite(n)) w->out_of_range = 1;
    lua_pop(L, 1);
    decode_push_number(L, n);
  }
}

static void repair_table(lua_State *L, struct walk *w);

/* Looks at the value at the top of the stack. Pushes a better one and returns 1, or returns 0. */
static int push_better(lua_State *L, struct walk *w) {
  switch (lua_type(L, -1)) {
  case LUA_TNUMBER:
    if (lua_isinteger(L, -1)) return 0;
    decode_push_number(L, lua_tonumber(L, -1));
    return 1;
  case LUA_TSTRING:
    if (!w->has_marks || lua_tostring(L, -1)[0] != JSON_SCAN_MARK) return 0;
    push_marked(L, lua_tostring(L, -1), w);
    return 1;
  case LUA_TLIGHTUSERDATA: /* null */
    lua_pushnil(L);
    return 1;
  case LUA_TTABLE:
    repair_table(L, w);
    return 0;
  default:
    return 0;
  }
}

/* The same, with the better value in its place. */
static int repair_value(lua_State *L, struct walk *w) {
  if (!push_better(L, w)) return 0;
  lua_replace(L, -2);
  return 1;
}

/* Nulls are left out and the rest moves up, so that a sequence stays one. */
static void repair_sequence(lua_State *L, lua_Integer len, struct walk *w) {
  lua_Integer kept = 0;
  for (lua_Integer i = 1; i <= len; i++) {
    lua_rawgeti(L, -1, i);
    int changed = repair_value(L, w);
    int keep = !lua_isnil(L, -1);
    kept += keep;
    if (keep && (changed || kept != i))
      lua_rawseti(L, -2, kept);
    else
      lua_pop(L, 1);
  }
  for (lua_Integer i = kept + 1; i <= len; i++) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
}

static void repair_object(lua_State *L, struct walk *w) {
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (push_better(L, w)) {
      lua_pushvalue(L, -3);
      lua_pushvalue(L, -2);
      lua_rawset(L, -6); /* an existing field: allowed during a traversal */
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
}

/* Keys of an object are strings, so whatever has an element 1 was an array. */
static void repair_table(lua_State *L, struct walk *w) {
  luaL_checkstack(L, 8, "JSON");
  lua_Integer len = (lua_Integer)lua_rawlen(L, -1);
  if (len > 0)
    repair_sequence(L, len, w);
  else
    repair_object(L, w);
}

/* ---- decoding ------------------------------------------------------------------------------------ */

/* Calls the method of the instance at the top of the stack with one boolean; older releases may lack it. */
static void configure(lua_State *L, const char *method, int value) {
  lua_getfield(L, -1, method);
  if (lua_isfunction(L, -1)) {
    lua_pushboolean(L, value);
    lua_call(L, 1, 0);
  } else {
    lua_pop(L, 1);
  }
}

void decode_open(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "cjson");
  if (lua_pcall(L, 1, 1, 0)) {
    if (lua_type(L, -1) != LUA_TSTRING) lua_error(L); /* a hook's */
    luaL_error(L,
               "crsync needs lua-cjson, which is not to be found (Debian: apt-get install lua-cjson; "
               "LuaRocks: luarocks install lua-cjson): %s",
               lua_tostring(L, -1));
  }
  lua_getfield(L, -1, "new");
  lua_call(L, 0, 1);
  configure(L, "decode_invalid_numbers", 0);
  lua_getfield(L, -1, "decode");
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Pushes the text at the top of the stack once more, as lua-cjson is to see it. */
static void push_for_cjson(lua_State *L, const struct json_scan *s) {
  if (!s->marks) {
    lua_pushvalue(L, -1);
    return;
  }
  char *copy = lua_newuserdatauv(L, json_scan_marked_size(s), 0);
  lua_pushlstring(L, copy, json_scan_copy_marked(s, copy));
  lua_remove(L, -2);
}

static int refuse(char *reason, const char *why, const struct json_scan *s) {
  snprintf(reason, DECODE_REASON_SIZE, "%s at byte %zu", why, (size_t)(s->at - s->begin) + 1);
  return 0;
}

/* Whether lua-cjson itself has raised what lies at the top of the stack, about the text: whatever a hook, a finalizer
 * or the want of memory raises in it goes on. All that it says of a text begins like this, in every release. */
static int is_about_text(lua_State *L, int status) {
  const char *why = status == LUA_ERRRUN && lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  return !strncmp(why, "Expected ", 9) || !strncmp(why, "Found too many nested ", 22);
}

/* Calls the decoder with the text at the top of the stack. Returns 1 with the value in its place, or 0 with what
 * lua-cjson says about it. */
static int call_decoder(lua_State *L, int decoder) {
  lua_pushvalue(L, decoder);
  lua_insert(L, -2);
  int status = lua_pcall(L, 1, 1, 0);
  if (status != LUA_OK && !is_about_text(L, status)) lua_error(L);
  return status == LUA_OK;
}

/* Leaves what decode_value leaves, above the text at the top of the stack. */
static int push_value(lua_State *L, int decoder, struct decode_repairs *repairs, char *reason) {
  size_t len;
  struct json_scan s;
  const char *text = lua_tolstring(L, -1, &len);
  if (!json_scan_text(&s, text, len)) return refuse(reason, s.problem, &s);
  push_for_cjson(L, &s);
  int is_json = call_decoder(L, decoder);
  if (!is_json && s.marks) { /* the place that it names is one in the marked text: ask for the true one */
    lua_pushvalue(L, -2);
    lua_remove(L, call_decoder(L, decoder) ? -1 : -2);
  }
  if (!is_json) {
    snprintf(reason, DECODE_REASON_SIZE, "%s", lua_tostring(L, -1));
    lua_pop(L, 1);
    return 0;
  }
  *repairs = (struct decode_repairs){.numbers = s.numbers, .nulls = s.nulls, .marks = s.marks};
  return 1;
}

int decode_value(lua_State *L, int decoder, struct decode_repairs *repairs, char reason[DECODE_REASON_SIZE]) {
  int text = lua_gettop(L), is_json = push_value(L, lua_absindex(L, decoder), repairs, reason);
  lua_remove(L, text);
  return is_json;
}

int decode_repair(lua_State *L, struct decode_repairs *repairs, char reason[DECODE_REASON_SIZE]) {
  struct walk w = {.has_marks = repairs->marks > 0};
  *repairs = (struct decode_repairs){0};
  repair_value(L, &w);
  if (!w.out_of_range) return 1;
  snprintf(reason, DECODE_REASON_SIZE, "a number beyond every float");
  lua_pop(L, 1);
  return 0;
}
