/* request.c - see request.h. */
#define _GNU_SOURCE
#include "request.h"
#include "luaaux.h"
#include "nonce.h"
#include "packages.h"

#include <openssl/err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define KEY_TYPE "crsync.key"
#define SIGN_TYPE "crsync.sign"

enum { MAX_NESTING = 8, DATE_SIZE = 21 };

/* ---- keys and requests that Lua owns ---------------------------------------------------------------- */

const char *request_problem(int status) {
  if (status == SIGN_OK) return NULL;
  ERR_clear_error();
  if (status == SIGN_NO_MEMORY) return "not enough memory";
  if (status == SIGN_BAD_HEADER) return "a header holds a character that no header may hold";
  return "OpenSSL cannot compute a signature: no memory is left, or it lacks SHA-256";
}

static void check(lua_State *L, int status) {
  const char *problem = request_problem(status);
  if (problem) luaL_error(L, "%s", problem);
}

static int key_gc(lua_State *L) {
  struct sign_key **own = luaL_checkudata(L, 1, KEY_TYPE);
  sign_key_drop(*own);
  *own = NULL;
  return 0;
}

static int sign_gc(lua_State *L) {
  struct sign **own = luaL_checkudata(L, 1, SIGN_TYPE);
  sign_free(*own);
  *own = NULL;
  return 0;
}

struct sign_key **request_push_key(lua_State *L) {
  struct sign_key **own = lua_newuserdatauv(L, sizeof(struct sign_key *), 0);
  *own = NULL;
  luaL_setmetatable(L, KEY_TYPE);
  return own;
}

struct sign_key *request_to_key(lua_State *L, int index) {
  return *(struct sign_key **)luaL_checkudata(L, index, KEY_TYPE);
}

static struct sign **push_sign(lua_State *L) {
  struct sign **own = lua_newuserdatauv(L, sizeof(struct sign *), 0);
  *own = NULL;
  luaL_setmetatable(L, SIGN_TYPE);
  return own;
}

void request_free(lua_State *L, int index) {
  struct sign **own = lua_touserdata(L, index);
  sign_free(*own);
  *own = NULL;
}

void request_open(lua_State *L) {
  static const luaL_Reg key_metamethods[] = {{"__gc", key_gc}, {NULL, NULL}};
  static const luaL_Reg sign_metamethods[] = {{"__gc", sign_gc}, {NULL, NULL}};
  static const luaL_Reg no_methods[] = {{NULL, NULL}};
  const struct bytes nothing = {"", 0};
  luaaux_register_type(L, KEY_TYPE, key_metamethods, no_methods, 0);
  luaaux_register_type(L, SIGN_TYPE, sign_metamethods, no_methods, 0);
  struct sign_key **own = request_push_key(L);
  *own = sign_key_new(NULL, nothing, nothing, nothing);
  if (!*own) luaL_error(L, "crsync: OpenSSL offers no SHA-256 or no HMAC");
}

/* The date of now, corrected by so many seconds where that leads to a year of four digits. */
static void write_date(double clock_offset, char date[DATE_SIZE]) {
  const double latest = sizeof(time_t) > 4 ? 253402300799.0 : INT32_MAX; /* the last second of 9999 */
  time_t now = time(NULL);
  double corrected = (double)now + clock_offset;
  if (corrected >= 0 && corrected <= latest) now = (time_t)corrected;
  struct tm utc;
  gmtime_r(&now, &utc);
  strftime(date, DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Adds the value at the top of the stack under `name`; tables flatten to Name.1, Name.2.Key. Pops nothing. */
static void add_param(lua_State *L, struct sign *s, const char *name, int depth);

static void add_params(lua_State *L, struct sign *s, const char *prefix, int depth) {
  if (depth > MAX_NESTING) luaL_error(L, "parameter %s is nested too deeply", prefix);
  luaL_checkstack(L, 8, "parameters");
  lua_pushnil(L);
  while (lua_next(L, -2)) {
    int type = lua_type(L, -2);
    if (type != LUA_TSTRING && !lua_isinteger(L, -2))
      luaL_error(L, "parameter names are strings or positions, not a %s", lua_typename(L, type));
    lua_pushvalue(L, -2);
    const char *key = lua_tostring(L, -1);
    if (strlen(key) != lua_rawlen(L, -1)) luaL_error(L, "a parameter's name holds a NUL byte");
    if (prefix) key = lua_pushfstring(L, "%s.%s", prefix, key);
    lua_pushvalue(L, prefix ? -3 : -2);
    add_param(L, s, key, depth);
    lua_pop(L, prefix ? 4 : 3);
  }
}

/* Where numbers are doubles, Lua itself writes no more than 14 digits. */
static void add_number(lua_State *L, struct sign *s, const char *name) {
  int whole;
  char digits[24];
  lua_Integer n = lua_tointegerx(L, -1, &whole);
  if (!whole) luaL_error(L, "parameter %s should be an integer", name);
  snprintf(digits, sizeof digits, "%lld", (long long)n);
  check(L, sign_query(s, bytes_of(name), bytes_of(digits)));
}

static void add_param(lua_State *L, struct sign *s, const char *name, int depth) {
  struct bytes value;
  switch (lua_type(L, -1)) {
  case LUA_TTABLE:
    add_params(L, s, name, depth + 1);
    return;
  case LUA_TBOOLEAN:
    value = bytes_of(lua_toboolean(L, -1) ? "true" : "false");
    break;
  case LUA_TNUMBER:
    add_number(L, s, name);
    return;
  case LUA_TSTRING:
    value = luaaux_to_bytes(L, -1);
    break;
  default:
    luaL_error(L, "parameter %s is a %s, which cannot be sent", name, luaL_typename(L, -1));
    return;
  }
  check(L, sign_query(s, bytes_of(name), value));
}

/* ---- an attempt of a client ----------------------------------------------------------------------- */

static void add_optional_header(lua_State *L, struct sign *s, const char *header, const char *value) {
  if (!value) return;
  int status = sign_header(s, bytes_of(header), bytes_of(value));
  if (status == SIGN_DUPLICATE) luaL_error(L, "header %s is given twice, with another spelling", header);
  check(L, status);
}

struct sign *request_push(lua_State *L, const char *host) {
  struct sign **own = push_sign(L);
  int top = lua_gettop(L);
  struct sign *s = *own = sign_new(bytes_of(luaaux_get_string(L, 2, "method", "POST")), bytes_of("/"));
  if (!s) luaL_error(L, "not enough memory");
  add_optional_header(L, s, "host", host);
  add_optional_header(L, s, "x-acs-action", luaaux_get_string(L, 2, "action", NULL));
  add_optional_header(L, s, "x-acs-version", luaaux_get_string(L, 2, "version", NULL));
  add_optional_header(L, s, "accept", "application/json");
  lua_pushvalue(L, 3);
  add_params(L, s, NULL, 0);
  lua_settop(L, top);
  return s;
}

/* Date and nonce, unless they came with the request. */
static int add_missing_headers(struct sign *s, double clock_offset) {
  char nonce[NONCE_SIZE], date[DATE_SIZE];
  if (nonce_make(nonce)) return SIGN_CRYPTO;
  write_date(clock_offset, date);
  int status = sign_header(s, bytes_of("x-acs-date"), bytes_of(date));
  if (status && status != SIGN_DUPLICATE) return status;
  status = sign_header(s, bytes_of("x-acs-signature-nonce"), bytes_of(nonce));
  return status == SIGN_DUPLICATE ? SIGN_OK : status;
}

int request_sign(struct sign *s, const struct sign_key *key, double clock_offset, struct sign_text *text) {
  int status = add_missing_headers(s, clock_offset);
  if (!status) status = sign_token(s, key);
  return status ? status : sign_finish(s, key, bytes_of(""), text);
}

/* ---- crsync.sign: the signature alone ------------------------------------------------------------ */

/* The caller's own headers. One may repeat what a named field says, and none may contradict it. */
static void add_given_headers(lua_State *L, struct sign *s, int headers) {
  lua_pushnil(L);
  while (lua_next(L, headers)) {
    if (lua_type(L, -2) != LUA_TSTRING || !lua_isstring(L, -1)) luaL_error(L, "headers should map names to strings");
    lua_pushvalue(L, -1);
    struct bytes name = luaaux_to_bytes(L, -3), value = luaaux_trim(L, -1, "a header");
    int status = sign_header(s, name, value);
    if (status == SIGN_DUPLICATE && !sign_has_header(s, name, value))
      luaL_error(L, "header %s contradicts what was given besides", name.data);
    if (status != SIGN_DUPLICATE) check(L, status);
    lua_pop(L, 2);
  }
}

static void push_bytes(lua_State *L, struct bytes p) { lua_pushlstring(L, p.data, p.len); }

void request_push_headers(lua_State *L, const struct sign *s, const struct sign_text *text) {
  struct sign_header h;
  lua_createtable(L, 0, 12);
  for (size_t i = 0; sign_header_at(s, i, &h); i++) {
    push_bytes(L, h.name);
    push_bytes(L, h.value);
    lua_rawset(L, -3);
  }
  push_bytes(L, text->authorization);
  lua_setfield(L, -2, "Authorization");
}

/* Pushes the key of the request at 1. */
static const struct sign_key *push_request_key(lua_State *L, struct sign_key *const *like) {
  struct sign_key **own = request_push_key(L);
  struct bytes id = luaaux_get_key(L, 1, "access_key_id"), secret = luaaux_get_key(L, 1, "access_key_secret"),
               token = luaaux_get_key(L, 1, "security_token");
  luaL_argcheck(L, id.len > 0, 1, "access_key_id is missing");
  luaL_argcheck(L, secret.len > 0, 1, "access_key_secret is missing");
  *own = sign_key_new(*like, id, secret, token);
  if (!*own) check(L, SIGN_CRYPTO);
  return *own;
}

/* Pushes the field of the request and tells whether it is there. */
static int push_table_field(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1) && !lua_istable(L, -1)) luaL_error(L, "%s should be a table", name);
  return !lua_isnil(L, -1);
}

int request_sign_alone(lua_State *L, struct sign_key *const *like) {
  struct sign_text text;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 40, "signing");
  const struct sign_key *key = push_request_key(L, like);
  struct sign **own = push_sign(L);
  const char *method = luaaux_get_string(L, 1, "method", "POST"), *path = luaaux_get_string(L, 1, "path", "/");
  struct sign *s = *own = sign_new(bytes_of(method), bytes_of(path));
  if (!s) luaL_error(L, "not enough memory");
  check(L, sign_token(s, key));
  const char *host = luaaux_get_string(L, 1, "host", NULL);
  luaL_argcheck(L, host && *host, 1, "host is missing");
  add_optional_header(L, s, "host", host);
  add_optional_header(L, s, "x-acs-action", luaaux_get_string(L, 1, "action", NULL));
  add_optional_header(L, s, "x-acs-version", luaaux_get_string(L, 1, "version", NULL));
  add_optional_header(L, s, "x-acs-date", luaaux_get_string(L, 1, "date", NULL));
  add_optional_header(L, s, "x-acs-signature-nonce", luaaux_get_string(L, 1, "nonce", NULL));
  if (push_table_field(L, "headers")) add_given_headers(L, s, lua_gettop(L));
  check(L, add_missing_headers(s, 0));
  if (push_table_field(L, "query")) add_params(L, s, NULL, 0);
  luaaux_get_string(L, 1, "body", NULL);
  struct bytes body = lua_isnil(L, -1) ? bytes_of("") : luaaux_to_bytes(L, -1);
  check(L, sign_finish(s, key, body, &text));
  request_push_headers(L, s, &text);
  push_bytes(L, text.canonical_query);
  push_bytes(L, text.canonical_request);
  push_bytes(L, text.string_to_sign);
  return 4;
}
