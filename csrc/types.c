/* types.c - see types.h. */
#include "types.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Where a field stands, for the reason: "LayerTasks[3].Size". */
struct place {
  const struct place *outer;
  const char *name;
  lua_Integer index; /* 0: not in a sequence */
};

static size_t write_place(const struct place *p, char *out, size_t size) {
  size_t n = p->outer ? write_place(p->outer, out, size) : 0;
  if (n >= size) return n;
  int more = p->index ? snprintf(out + n, size - n, "[%lld]", (long long)p->index)
                      : snprintf(out + n, size - n, "%s%s", n ? "." : "", p->name);
  return n + (more > 0 ? (size_t)more : 0);
}

/* The value at the top of the stack is not what it should be: writes the reason and returns 0. */
static int mismatch(lua_State *L, const struct place *p, const char *expected, char *reason) {
  char where[128], got[64] = "";
  write_place(p, where, sizeof where);
  if (lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) <= 40) /* whole or not at all: it may hold a secret */
    snprintf(got, sizeof got, " \"%s\"", lua_tostring(L, -1));
  snprintf(reason, DECODE_REASON_SIZE, "field %s should be %s and is a %s%s", where, expected, luaL_typename(L, -1),
           got);
  return 0;
}

static int is_integer_text(const char *text, size_t len) {
  size_t i = text[0] == '-';
  if (i == len || len > 40) return 0;
  for (; i < len; i++)
    if (text[i] < '0' || text[i] > '9') return 0;
  return 1;
}

/* What became of a value at the top of the stack. BETTER: the right one lies above it. */
enum { WRONG, RIGHT, BETTER };

static int conform_integer(lua_State *L, struct decode_repairs *repairs) {
  if (lua_type(L, -1) == LUA_TNUMBER) {
    if (!repairs->numbers) return RIGHT;
    repairs->numbers--;
    decode_push_number(L, lua_tonumber(L, -1));
    return BETTER;
  }
  if (lua_type(L, -1) != LUA_TSTRING) return WRONG;
  size_t len;
  const char *text = lua_tolstring(L, -1, &len);
  return is_integer_text(text, len) && lua_stringtonumber(L, text) ? BETTER : WRONG;
}

/* Makes a number its digits. */
static int conform_text(lua_State *L, struct decode_repairs *repairs) {
  if (lua_type(L, -1) != LUA_TNUMBER) return WRONG;
  if (repairs->numbers) repairs->numbers--;
  const lua_Number n = lua_tonumber(L, -1);
  if (decode_is_whole(n)) { /* where numbers are doubles, Lua's text has 14 digits */
    char digits[24];
    snprintf(digits, sizeof digits, "%.0f", n + 0.0);
    lua_pushstring(L, digits);
  } else {
    lua_pushvalue(L, -1);
    lua_tolstring(L, -1, NULL); /* changes the copy */
  }
  return BETTER;
}

static int conform_boolean(lua_State *L) {
  if (lua_isboolean(L, -1)) return RIGHT;
  if (lua_type(L, -1) != LUA_TSTRING) return WRONG;
  const char *text = lua_tostring(L, -1);
  int yes = !strcasecmp(text, "true");
  if (!yes && strcasecmp(text, "false") != 0) return WRONG;
  lua_pushboolean(L, yes);
  return BETTER;
}

static int conform_scalar(lua_State *L, const char *type, struct decode_repairs *repairs, const struct place *p,
                          char *reason) {
  switch (type[0]) {
  case 'i': {
    int found = conform_integer(L, repairs);
    return found != WRONG ? found : mismatch(L, p, "an integer", reason);
  }
  case 'b': {
    int found = conform_boolean(L);
    return found != WRONG ? found : mismatch(L, p, "true or false", reason);
  }
  default: {
    int found = lua_type(L, -1) == LUA_TSTRING ? RIGHT : type[0] == 't' ? conform_text(L, repairs) : WRONG;
    return found != WRONG ? found : mismatch(L, p, "a string", reason);
  }
  }
}

static int conform_object(lua_State *L, int shape, struct decode_repairs *repairs, const struct place *p, char *reason);

/* A sequence at the top of the stack, each element an object of the given shape. */
static int conform_elements(lua_State *L, int shape, struct decode_repairs *repairs, const struct place *p,
                            char *reason) {
  if (!lua_istable(L, -1)) return mismatch(L, p, "a sequence", reason);
  lua_Integer len = (lua_Integer)lua_rawlen(L, -1);
  lua_pushnil(L);
  if (len == 0 && lua_next(L, -2)) {
    lua_pop(L, 2);
    return mismatch(L, p, "a sequence", reason);
  }
  if (len > 0) lua_pop(L, 1); /* the nil that lua_next did not take */
  for (lua_Integer i = 1; i <= len; i++) {
    struct place element = {.outer = p, .index = i};
    lua_rawgeti(L, -1, i);
    int ok = lua_istable(L, -1) ? conform_object(L, shape, repairs, &element, reason)
                                : mismatch(L, &element, "an object", reason);
    lua_pop(L, 1);
    if (!ok) return 0;
  }
  return 1;
}

static int conform_sequence(lua_State *L, int shape, struct decode_repairs *repairs, const struct place *p,
                            char *reason) {
  lua_rawgeti(L, shape, 1);
  lua_insert(L, -2);
  int ok = conform_elements(L, lua_absindex(L, -2), repairs, p, reason);
  lua_remove(L, -2);
  return ok;
}

static int conform_inner(lua_State *L, int shape, struct decode_repairs *repairs, const struct place *p, char *reason) {
  if (!decode_is_object(L, -1)) return mismatch(L, p, "an object", reason);
  return conform_object(L, shape, repairs, p, reason);
}

/* One field of the object at index -3; its name at -2 and what it should be at -1 (both stay). */
static int conform_field(lua_State *L, struct decode_repairs *repairs, const struct place *outer, char *reason) {
  struct place p = {.outer = outer, .name = lua_tostring(L, -2)};
  int shape = lua_absindex(L, -1), is_object = lua_istable(L, shape);
  int is_sequence = is_object && lua_rawlen(L, shape) > 0;
  lua_pushvalue(L, -2);
  lua_rawget(L, -4);
  if (lua_isnil(L, -1) && is_sequence) {
    lua_pop(L, 1);
    decode_push_array(L);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -2);
    lua_rawset(L, -6);
  }
  int found = lua_isnil(L, -1) ? RIGHT
              : is_sequence    ? conform_sequence(L, shape, repairs, &p, reason)
              : is_object      ? conform_inner(L, shape, repairs, &p, reason)
                               : conform_scalar(L, lua_tostring(L, shape), repairs, &p, reason);
  if (found == BETTER) {
    lua_pushvalue(L, -4);
    lua_insert(L, -2);
    lua_rawset(L, -6);
  }
  lua_pop(L, 1);
  return found != WRONG;
}

/* The quick way, as most fields are right. 0 says nothing of the field; integers mostly need a repair. */
static int is_right(lua_State *L) {
  const char type = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)[0] : 'i';
  if (type == 'i') return 0;
  lua_pushvalue(L, -2);
  lua_rawget(L, -4);
  int found = lua_type(L, -1);
  lua_pop(L, 1);
  return found == LUA_TSTRING ? type == 't' || type == 's' : found == LUA_TBOOLEAN ? type == 'b' : found == LUA_TNIL;
}

static int conform_object(lua_State *L, int shape, struct decode_repairs *repairs, const struct place *p,
                          char *reason) {
  luaL_checkstack(L, 10, "JSON");
  lua_pushnil(L);
  while (lua_next(L, shape)) {
    if (!is_right(L) && !conform_field(L, repairs, p, reason)) {
      lua_pop(L, 2);
      return 0;
    }
    lua_pop(L, 1);
  }
  return 1;
}

/* Where the documented fields held all the numbers of the text, no other number is left to repair. */
int types_conform(lua_State *L, int shape, struct decode_repairs *repairs, char reason[DECODE_REASON_SIZE]) {
  shape = lua_absindex(L, shape);
  if ((repairs->nulls || repairs->marks) && !decode_repair(L, repairs, reason)) return 0;
  if (!decode_is_object(L, -1)) {
    snprintf(reason, DECODE_REASON_SIZE, "the response should be an object and is %s%s", lua_isnil(L, -1) ? "" : "a ",
             lua_isnil(L, -1)     ? "null"
             : lua_istable(L, -1) ? "sequence"
                                  : luaL_typename(L, -1));
    return 0;
  }
  return conform_object(L, shape, repairs, NULL, reason) && (!repairs->numbers || decode_repair(L, repairs, reason));
}
