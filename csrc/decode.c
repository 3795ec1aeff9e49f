/* decode.c - see decode.h. */
#include "decode.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* No JSON text that passed the check can hold this byte, for it is not UTF-8. So a decoded string that
 * begins with it is a mark of ours: MARK 'n' digits, or MARK 'a' for an empty array. */
#define MARK '\xff'

#define ARRAY_METATABLE "crsync.array"

enum { LONGEST_EXACT_FLOAT = 15 }; /* digits that every double carries */

/* ---- checking the bytes -------------------------------------------------------------------------- */

struct scan {
  const char *begin, *at, *end;
  const char *problem; /* NULL while all is well */
  size_t marks;        /* tokens that must travel as marked strings */
  size_t numbers;      /* those that need no mark */
  size_t nulls;
  size_t growth;     /* bytes that the marks add */
  int foreign_point; /* the locale's decimal point is another: lua-cjson would misread any number */
  int depth;
};

static int fail(struct scan *s, const char *problem) {
  s->problem = problem;
  return 0;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* What stands between tokens: space, comma, colon. As bits of one number, for this is most of what a scan meets. */
static int is_between(char c) {
  const uint64_t bits =
      UINT64_C(1) << ' ' | 1 << '\t' | 1 << '\n' | 1 << '\r' | UINT64_C(1) << ',' | UINT64_C(1) << ':';
  return (unsigned char)c < 64 && (bits >> c & 1);
}

/* Length of the UTF-8 sequence at p, 0 if it is none. Overlong forms and surrogates are none. */
static size_t utf8_length(const unsigned char *p, size_t left) {
  unsigned char c = p[0];
  if (c < 0x80) return 1;
  size_t n = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (!n || left < n) return 0;
  for (size_t i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
      (c == 0xf4 && p[1] > 0x8f))
    return 0;
  return n;
}

/* How many of the eight bytes, from the first on, are printable ASCII other than the quote and the backslash. Eight at
 * once, as one number: what is subtracted borrows only from bytes behind one that is special, and the first decides. */
static size_t plain_bytes(const char *p) {
  const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
  uint64_t w, quote, slash, special;
  memcpy(&w, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  w = __builtin_bswap64(w);
#endif
  quote = w ^ (ones * '"');
  slash = w ^ (ones * '\\');
  special = (((w - ones * 0x20) | (quote - ones) | (slash - ones)) | w) & high;
  return special ? (size_t)__builtin_ctzll(special) / 8 : 8;
}

/* From behind the opening quote to behind the closing one. Escapes are lua-cjson's to judge. */
static int scan_string(struct scan *s) {
  for (;;) {
    size_t plain = 8;
    while (plain == 8 && s->end - s->at >= 8) s->at += plain = plain_bytes(s->at);
    if (s->at == s->end) return fail(s, "a string does not end");
    unsigned char c = (unsigned char)*s->at;
    if (c == '"') {
      s->at++;
      return 1;
    }
    if (c < 0x20) return fail(s, "a control character in a string");
    if (c == '\\') {
      if (s->end - s->at < 2) return fail(s, "a string does not end");
      s->at++;
    }
    size_t n = utf8_length((const unsigned char *)s->at, (size_t)(s->end - s->at));
    if (!n) return fail(s, "bytes that are not UTF-8");
    s->at += n;
  }
}

static int scan_digits(struct scan *s) {
  const char *first = s->at;
  while (s->at < s->end && is_digit(*s->at)) s->at++;
  return s->at > first;
}

static int at_byte(const struct scan *s, char a, char b) { return s->at < s->end && (*s->at == a || *s->at == b); }

static const char *skip_space(const char *at, const char *end) {
  while (at < end && is_space(*at)) at++;
  return at;
}

/* Behind the bracket that closes the array whose opening one stands at `at`; NULL when something is in it. */
static const char *empty_array_end(const char *at, const char *end) {
  at = skip_space(at + 1, end);
  return at < end && *at == ']' ? at + 1 : NULL;
}

/* A mark is a string: where a name is expected lua-cjson would take it for one. */
static int add_mark(struct scan *s, const char *after, size_t growth) {
  after = skip_space(after, s->end);
  if (after < s->end && *after == ':') return fail(s, "a name that is no string");
  s->marks++;
  s->growth += growth;
  return 1;
}

static int scan_number(struct scan *s) {
  int fraction = 0;
  if (*s->at == '-') s->at++;
  const char *digits = s->at;
  if (!scan_digits(s) || (*digits == '0' && s->at - digits > 1)) return fail(s, "a malformed number");
  size_t n = (size_t)(s->at - digits);
  if (at_byte(s, '.', '.')) {
    fraction = 1;
    s->at++;
    if (!scan_digits(s)) return fail(s, "a malformed number");
  }
  if (at_byte(s, 'e', 'E')) {
    fraction = 1;
    s->at++;
    if (at_byte(s, '+', '-')) s->at++;
    if (!scan_digits(s)) return fail(s, "a malformed number");
  }
  if (fraction || n > LONGEST_EXACT_FLOAT || s->foreign_point) return add_mark(s, s->at, 4); /* quotes, MARK, 'n' */
  s->numbers++;
  return 1;
}

static int scan_open(struct scan *s, char bracket) {
  const char *after = bracket == '[' ? empty_array_end(s->at, s->end) : NULL;
  s->at++;
  if (++s->depth > DECODE_MAX_DEPTH) return fail(s, "too deep: more than 100 levels");
  return after ? add_mark(s, after, 2) : 1; /* "[]" becomes quote, MARK, 'a', quote */
}

static int scan_token(struct scan *s) {
  switch (*s->at) {
  case '"':
    s->at++;
    return scan_string(s);
  case '{':
  case '[':
    return scan_open(s, *s->at);
  case '}':
  case ']':
    s->depth--;
    break;
  default:
    if (is_digit(*s->at) || *s->at == '-') return scan_number(s);
    if (*s->at >= 'a' && *s->at <= 'z') { /* of null, true and false only one has an n */
      s->nulls += *s->at == 'n';
      break;
    }
    return fail(s, *s->at ? "a character that JSON has no place for" : "a NUL byte");
  }
  s->at++;
  return 1;
}

/* Tokens one by one; that they stand in a right order is lua-cjson's to check. */
static int scan_text(struct scan *s) {
  for (;;) {
    while (s->at < s->end && is_between(*s->at)) s->at++;
    if (s->at == s->end) return 1;
    if (!scan_token(s)) return 0;
  }
}

/* ---- marking what lua-cjson cannot carry --------------------------------------------------------- */

static char *copy_bytes(char *out, const char *from, const char *to) {
  memcpy(out, from, (size_t)(to - from));
  return out + (to - from);
}

static const char *string_end(const char *at) {
  for (at++; *at != '"'; at++)
    if (*at == '\\') at++;
  return at + 1;
}

/* Found by the very function that counted it: were the two of different minds, the copy would outgrow its buffer. */
static const char *number_end(const struct scan *s, const char *at, int *needs_mark) {
  struct scan again = *s;
  again.at = at;
  again.marks = 0;
  (void)scan_number(&again);
  *needs_mark = again.marks > 0;
  return again.at;
}

/* Copies text, which passed the check, with marks in place of the tokens that need one. */
static size_t copy_marked(const struct scan *s, char *out) {
  const char *at = s->begin, *end = s->end, *next;
  char *begin = out;
  while (at < end) {
    int needs_mark = 0;
    if (*at == '"') {
      next = string_end(at);
      out = copy_bytes(out, at, next);
    } else if (is_digit(*at) || *at == '-') {
      next = number_end(s, at, &needs_mark);
      if (needs_mark) *out++ = '"', *out++ = MARK, *out++ = 'n';
      out = copy_bytes(out, at, next);
      if (needs_mark) *out++ = '"';
    } else if (*at == '[' && (next = empty_array_end(at, end))) {
      *out++ = '"', *out++ = MARK, *out++ = 'a', *out++ = '"';
    } else {
      next = at + 1;
      *out++ = *at;
    }
    at = next;
  }
  return (size_t)(out - begin);
}

/* Pushes the text as lua-cjson is to see it. */
static void push_for_cjson(lua_State *L, const struct scan *s) {
  size_t len = (size_t)(s->end - s->begin);
  if (!s->marks) {
    lua_pushlstring(L, s->begin, len);
    return;
  }
  char *copy = lua_newuserdatauv(L, len + s->growth, 0);
  lua_pushlstring(L, copy, copy_marked(s, copy));
  lua_remove(L, -2);
}

/* ---- repairing the values ------------------------------------------------------------------------ */

static void push_array(lua_State *L) {
  lua_newtable(L);
  if (luaL_newmetatable(L, ARRAY_METATABLE)) {
    lua_pushliteral(L, "array");
    lua_setfield(L, -2, "__jsontype");
  }
  lua_setmetatable(L, -2);
}

/* Pushes the number as an integer where it is one. */
static void push_number(lua_State *L, lua_Number n) {
  const lua_Number exact = 9007199254740992.0; /* 2^53 */
  if (n >= -exact && n <= exact && (lua_Number)(int64_t)n == n)
    lua_pushinteger(L, (lua_Integer)n);
  else
    lua_pushnumber(L, n);
}

/* What one repair has to do, and whether it came upon a number that no float holds. */
struct repair {
  int marks, out_of_range;
};

static void push_marked(lua_State *L, const char *mark, struct repair *r) {
  if (mark[1] == 'a') {
    push_array(L);
    return;
  }
  /* Lua's own reader: exact in int64, a float beyond, and at home in any locale. */
  if (!lua_stringtonumber(L, mark + 2)) {
    r->out_of_range = 1;
    lua_pushnil(L);
  } else if (!lua_isinteger(L, -1)) {
    lua_Number n = lua_tonumber(L, -1);
    if (!isfinite(n)) r->out_of_range = 1;
    lua_pop(L, 1);
    push_number(L, n);
  }
}

static void repair_table(lua_State *L, struct repair *r);

/* Looks at the value at the top of the stack. Returns 1 with the better value above it, or 0. */
static int push_better(lua_State *L, struct repair *r) {
  switch (lua_type(L, -1)) {
  case LUA_TNUMBER:
    if (lua_isinteger(L, -1)) return 0;
    push_number(L, lua_tonumber(L, -1));
    return 1;
  case LUA_TSTRING:
    if (!r->marks || lua_tostring(L, -1)[0] != MARK) return 0;
    push_marked(L, lua_tostring(L, -1), r);
    return 1;
  case LUA_TLIGHTUSERDATA: /* null */
    lua_pushnil(L);
    return 1;
  case LUA_TTABLE:
    repair_table(L, r);
    return 0;
  default:
    return 0;
  }
}

/* The same, with the better value in its place. */
static int repair_value(lua_State *L, struct repair *r) {
  if (!push_better(L, r)) return 0;
  lua_replace(L, -2);
  return 1;
}

/* Nulls go and the rest moves up, so that a sequence stays one. */
static void repair_sequence(lua_State *L, lua_Integer len, struct repair *r) {
  lua_Integer kept = 0;
  for (lua_Integer i = 1; i <= len; i++) {
    lua_rawgeti(L, -1, i);
    int changed = repair_value(L, r);
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

static void repair_object(lua_State *L, struct repair *r) {
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    if (push_better(L, r)) {
      lua_pushvalue(L, -3);
      lua_pushvalue(L, -2);
      lua_rawset(L, -6); /* an existing field: allowed during a traversal */
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
}

/* Keys of an object are strings, so whatever has an element 1 was an array. */
static void repair_table(lua_State *L, struct repair *r) {
  luaL_checkstack(L, 8, "JSON");
  lua_Integer len = (lua_Integer)lua_rawlen(L, -1);
  if (len > 0)
    repair_sequence(L, len, r);
  else
    repair_object(L, r);
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
  if (lua_pcall(L, 1, 1, 0))
    luaL_error(L,
               "crsync needs lua-cjson, which is not to be found (Debian: apt-get install lua-cjson; "
               "LuaRocks: luarocks install lua-cjson): %s",
               lua_tostring(L, -1));
  lua_getfield(L, -1, "new");
  lua_call(L, 0, 1);
  configure(L, "decode_invalid_numbers", 0);
  lua_getfield(L, -1, "decode");
  lua_replace(L, -3);
  lua_pop(L, 1);
}

static int refuse(char *reason, const char *why, const struct scan *s) {
  snprintf(reason, DECODE_REASON_SIZE, "%s at byte %zu", why, (size_t)(s->at - s->begin) + 1);
  return 0;
}

int decode_value(lua_State *L, int decoder, const char *text, size_t len, struct decode_debt *debt,
                 char reason[DECODE_REASON_SIZE]) {
  struct scan s = {.begin = text, .at = text, .end = text + len};
  s.foreign_point = strcmp(localeconv()->decimal_point, ".") != 0;
  if (!scan_text(&s)) return refuse(reason, s.problem, &s);
  decoder = lua_absindex(L, decoder);
  lua_pushvalue(L, decoder);
  push_for_cjson(L, &s);
  int status = lua_pcall(L, 1, 1, 0);
  if (status == LUA_ERRMEM) lua_error(L);
  if (status != LUA_OK && s.marks) { /* the place that it names is one in the marked text: ask for the true one */
    lua_pushvalue(L, decoder);
    lua_pushlstring(L, text, len);
    if (lua_pcall(L, 1, 1, 0) == LUA_ERRMEM) lua_error(L);
    lua_remove(L, lua_type(L, -1) == LUA_TSTRING ? -2 : -1);
  }
  if (status != LUA_OK) {
    const char *why = lua_tostring(L, -1);
    snprintf(reason, DECODE_REASON_SIZE, "%s", why ? why : "unknown reason");
    lua_pop(L, 1);
    return 0;
  }
  *debt = (struct decode_debt){.numbers = s.numbers, .nulls = s.nulls, .marks = s.marks};
  return 1;
}

int decode_settle(lua_State *L, struct decode_debt *debt, char reason[DECODE_REASON_SIZE]) {
  struct repair r = {.marks = debt->marks > 0};
  *debt = (struct decode_debt){0};
  repair_value(L, &r);
  if (!r.out_of_range) return 1;
  snprintf(reason, DECODE_REASON_SIZE, "a number beyond every float");
  lua_pop(L, 1);
  return 0;
}

/* ---- documented types ---------------------------------------------------------------------------- */

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

/* The value at the top of the stack is not what it should be. */
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
    if (!is_digit(text[i])) return 0;
  return 1;
}

/* Each of these looks at the value at the top of the stack. 1: it is right; 2: the right one lies above it. */
static int conform_integer(lua_State *L, struct decode_debt *debt) {
  if (lua_type(L, -1) == LUA_TNUMBER) {
    if (!debt->numbers) return 1;
    debt->numbers--;
    push_number(L, lua_tonumber(L, -1));
    return 2;
  }
  if (lua_type(L, -1) != LUA_TSTRING) return 0;
  size_t len;
  const char *text = lua_tolstring(L, -1, &len);
  return is_integer_text(text, len) && lua_stringtonumber(L, text) ? 2 : 0;
}

static int conform_boolean(lua_State *L) {
  if (lua_isboolean(L, -1)) return 1;
  if (lua_type(L, -1) != LUA_TSTRING) return 0;
  const char *text = lua_tostring(L, -1);
  int yes = !strcasecmp(text, "true");
  if (!yes && strcasecmp(text, "false") != 0) return 0;
  lua_pushboolean(L, yes);
  return 2;
}

static int conform_scalar(lua_State *L, const char *type, struct decode_debt *debt, const struct place *p,
                          char *reason) {
  switch (type[0]) {
  case 'i': {
    int found = conform_integer(L, debt);
    return found ? found : mismatch(L, p, "an integer", reason);
  }
  case 'b': {
    int found = conform_boolean(L);
    return found ? found : mismatch(L, p, "true or false", reason);
  }
  case 's':
    return lua_type(L, -1) == LUA_TSTRING ? 1 : mismatch(L, p, "a string", reason);
  default:
    return lua_istable(L, -1) && lua_rawlen(L, -1) == 0 ? 1 : mismatch(L, p, "an object", reason);
  }
}

static int conform_object(lua_State *L, int shape, struct decode_debt *debt, const struct place *p, char *reason);

/* A sequence at the top of the stack, each element an object of the given shape. */
static int conform_sequence(lua_State *L, int shape, struct decode_debt *debt, const struct place *p, char *reason) {
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
    int ok = lua_istable(L, -1) ? conform_object(L, shape, debt, &element, reason)
                                : mismatch(L, &element, "an object", reason);
    lua_pop(L, 1);
    if (!ok) return 0;
  }
  return 1;
}

/* One field of the object at index -3; its name at -2 and what it should be at -1 (both stay). */
static int conform_field(lua_State *L, struct decode_debt *debt, const struct place *outer, char *reason) {
  struct place p = {.outer = outer, .name = lua_tostring(L, -2)};
  int is_sequence = lua_istable(L, -1), shape = lua_absindex(L, -1);
  lua_pushvalue(L, -2);
  lua_rawget(L, -4);
  if (lua_isnil(L, -1) && is_sequence) {
    lua_pop(L, 1);
    push_array(L);
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -2);
    lua_rawset(L, -6);
  }
  int found = lua_isnil(L, -1) ? 1
              : is_sequence    ? conform_sequence(L, shape, debt, &p, reason)
                               : conform_scalar(L, lua_tostring(L, shape), debt, &p, reason);
  if (found == 2) {
    lua_pushvalue(L, -4);
    lua_insert(L, -2);
    lua_rawset(L, -6);
  }
  lua_pop(L, 1);
  return found != 0;
}

static int conform_object(lua_State *L, int shape, struct decode_debt *debt, const struct place *p, char *reason) {
  luaL_checkstack(L, 10, "JSON");
  lua_pushnil(L);
  while (lua_next(L, shape)) {
    if (!conform_field(L, debt, p, reason)) {
      lua_pop(L, 2);
      return 0;
    }
    lua_pop(L, 1);
  }
  return 1;
}

/* Every number is looked at once: as many as the text had, less those in fields that are documented. */
int decode_conform(lua_State *L, int shape, struct decode_debt *debt, char reason[DECODE_REASON_SIZE]) {
  shape = lua_absindex(L, shape);
  if ((debt->nulls || debt->marks) && !decode_settle(L, debt, reason)) return 0;
  if (!lua_istable(L, -1) || lua_rawlen(L, -1) > 0) {
    snprintf(reason, DECODE_REASON_SIZE, "the response should be an object and is a %s",
             lua_istable(L, -1) ? "sequence" : luaL_typename(L, -1));
    return 0;
  }
  return conform_object(L, shape, debt, NULL, reason) && (!debt->numbers || decode_settle(L, debt, reason));
}
