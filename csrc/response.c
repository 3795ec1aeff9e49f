/* response.c - see response.h. */
#include "response.h"
#include "decode.h"
#include "descriptors.h"
#include "error_kind.h"
#include "packages.h"
#include "redact.h"
#include "types.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
  MAX_MESSAGE = 4096,
  MAX_XML_CODE = 127,
  EXCERPT = 160,          /* characters shown of a body that is no response */
  EXCERPT_SOURCE = 1024,  /* bytes of it that are looked at for them */
  EXCERPT_REDACTED = 8192 /* bytes cleaned first: a short piece at the cut would not be recognised */
};

/* ---- text without secrets ------------------------------------------------------------------------ */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Strikes out the key's secrets, and the request's own signature. */
static void clean(const struct response *r, char *text, size_t len) {
  sign_redact(r->key, text, len);
  if (!r->signature || !r->signature[0]) return;
  struct redact *signature = redact_new();
  if (signature && redact_add(signature, bytes_of(r->signature))) {
    redact_free(signature);
    signature = NULL;
  }
  redact_text(signature, text, len);
  redact_free(signature);
}

/* Pushes a copy of foreign text, secrets struck out. */
static void push_clean_whole(lua_State *L, const struct response *r, const char *text, size_t len) {
  char *copy = lua_newuserdatauv(L, len, 0);
  memcpy(copy, text, len);
  clean(r, copy, len);
  lua_pushlstring(L, copy, len);
  lua_remove(L, -2);
}

/* The same, at most so many bytes of it. Struck out first and cut afterwards: a short piece of a secret at the cut
 * would not be recognised. */
static void push_clean_most(lua_State *L, const struct response *r, const char *text, size_t len, size_t most) {
  push_clean_whole(L, r, text, smaller(len, EXCERPT_REDACTED));
  if (lua_rawlen(L, -1) <= most) return;
  lua_pushlstring(L, lua_tostring(L, -1), most);
  lua_remove(L, -2);
}

static void push_clean(lua_State *L, const struct response *r, const char *text, size_t len) {
  push_clean_most(L, r, text, len, MAX_MESSAGE);
}

static void set_text(lua_State *L, const struct response *r, const char *field, const char *text, size_t len) {
  if (!len) return;
  push_clean(L, r, text, len);
  lua_setfield(L, -2, field);
}

static void set_string(lua_State *L, const struct response *r, const char *field, const char *text) {
  set_text(L, r, field, text, strlen(text));
}

/* Sets the message of the error table at the top of the stack. */
__attribute__((format(printf, 3, 4))) static void set_message(lua_State *L, const struct response *r,
                                                              const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  set_string(L, r, "message", text);
}

/* A copy of a header's value without secrets; "" where it does not fit, since a cut secret would not be found. */
static const char *clean_copy(const struct response *r, const char *text, char *out, size_t size) {
  size_t len = strlen(text);
  if (len >= size) len = 0;
  memcpy(out, text, len);
  clean(r, out, len);
  out[len] = '\0';
  return out;
}

/* The beginning of a body on one line. Lua makes what is not printable readable. */
static void write_excerpt(const struct response *r, char out[EXCERPT + 1]) {
  char source[EXCERPT_REDACTED];
  size_t len = smaller(r->outcome->body_len, sizeof source), n = 0;
  memcpy(source, r->outcome->body, len);
  clean(r, source, len);
  len = smaller(len, EXCERPT_SOURCE);
  for (size_t i = 0; i < len && n < EXCERPT; i++) {
    char c = isspace((unsigned char)source[i]) ? ' ' : source[i];
    if (c == ' ' && (n == 0 || out[n - 1] == ' ')) continue;
    out[n++] = c ? c : '?';
  }
  out[n] = '\0';
}

/* ---- the error table ----------------------------------------------------------------------------- */

/* Pushes nil and a table with what every error tells. The caller adds to the table. */
static void push_error(lua_State *L, const struct response *r, enum error_kind kind) {
  const struct transfer_outcome *o = r->outcome;
  lua_pushnil(L);
  lua_createtable(L, 0, 12);
  lua_pushstring(L, error_kind_name(kind));
  lua_setfield(L, -2, "kind");
  lua_pushboolean(L, error_kind_is_retryable(kind));
  lua_setfield(L, -2, "retryable");
  lua_pushstring(L, r->host);
  lua_setfield(L, -2, "endpoint");
  if (r->action) {
    lua_pushstring(L, r->action);
    lua_setfield(L, -2, "action");
  }
  lua_pushboolean(L, o->sent);
  lua_setfield(L, -2, "sent");
  if (o->shared) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "shared");
  }
  if (!o->status) return;
  lua_pushinteger(L, o->status);
  lua_setfield(L, -2, "status");
  set_string(L, r, "request_id", o->headers.request_id);
}

/* What the response's headers say about time: how long to wait, and how far the clocks are apart. */
static void set_times(lua_State *L, const struct response *r) {
  const struct transfer_response_headers *h = &r->outcome->headers;
  time_t now = time(NULL), date = h->date[0] ? curl_getdate(h->date, NULL) : -1;
  /* A date in Retry-After is by the clock of who wrote it. */
  long wait_ms = error_kind_retry_after_ms(h->acs_retry_after, h->ratelimit_user_api, h->ratelimit_user, h->retry_after,
                                           date != (time_t)-1 ? date : now);
  if (wait_ms >= 0) {
    lua_pushnumber(L, (lua_Number)wait_ms / 1000);
    lua_setfield(L, -2, "retry_after");
  }
  if (date != (time_t)-1) {
    lua_pushinteger(L, (lua_Integer)(date - now));
    lua_setfield(L, -2, "clock_difference");
  }
}

/* ---- libcurl's failures -------------------------------------------------------------------------- */

static int push_too_large(lua_State *L, const struct response *r) {
  push_error(L, r, ERROR_KIND_DECODE);
  if (r->outcome->too_large == TRANSFER_HEAD)
    set_message(L, r, "the response's head is too large, or no memory is left for it");
  else if (r->max_response_size)
    set_message(L, r, "the response is too large: more than max_response_size (%zu bytes)", r->max_response_size);
  else
    set_message(L, r, "the response is too large");
  return 2;
}

static int is_refused_by_proxy(const struct transfer_outcome *o) {
  const long refused = 407;
  return o->status == refused || (o->curl_code && (o->connect_status == refused || o->login_refused));
}

/* The login that the same URL would be sent again is the same. */
static int push_proxy_refusal(lua_State *L, const struct response *r) {
  push_error(L, r, ERROR_KIND_NETWORK);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "retryable");
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "login_refused");
  if (!r->outcome->login_refused) { /* SOCKS has no status */
    lua_pushinteger(L, 407);
    lua_setfield(L, -2, "status");
  }
  set_message(L, r, "the proxy refuses the login");
  return 2;
}

static int push_shortage(lua_State *L, const struct response *r) {
  push_error(L, r, ERROR_KIND_NETWORK);
  set_message(L, r, "%s: the request could not be sent", descriptors_words(r->outcome->shortage));
  return 2;
}

/* Its status says enough, a time to wait included. */
static int push_unreadable_page(lua_State *L, const struct response *r) {
  push_error(L, r, error_kind_of_page(r->outcome->status));
  set_times(L, r);
  set_message(L, r, "an error page in place of the service's response, whose compression is broken");
  return 2;
}

static int push_transfer_error(lua_State *L, const struct response *r) {
  const struct transfer_outcome *o = r->outcome;
  if (o->too_large || o->curl_code == CURLE_FILESIZE_EXCEEDED) return push_too_large(L, r);
  if (o->shortage) return push_shortage(L, r);
  enum error_kind kind = error_kind_of_curl(o->curl_code);
  if (kind == ERROR_KIND_MEMORY) return luaL_error(L, "not enough memory");
  if (kind == ERROR_KIND_DECODE && o->status >= 400) return push_unreadable_page(L, r);
  push_error(L, r, kind);
  if (o->curl_code == TRANSFER_FORKED) {
    set_message(L, r, "the process forked while the request was in flight");
    return 2;
  }
  set_message(L, r, "%s", o->error[0] ? o->error : curl_easy_strerror((CURLcode)o->curl_code));
  lua_pushinteger(L, o->curl_code);
  lua_setfield(L, -2, "curl_code");
  if (o->verify_result > 1) { /* 1, "unspecified", is what libcurl starts from */
    lua_pushinteger(L, o->verify_result);
    lua_setfield(L, -2, "verify_result");
  }
  return 2;
}

/* ---- the service's refusals ---------------------------------------------------------------------- */

/* Pushes the field of the object at `index`, in whatever letter case its name is written; nil where there is none. */
static void push_field(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) return;
  while (lua_next(L, index)) {
    if (lua_type(L, -2) == LUA_TSTRING && curl_strequal(lua_tostring(L, -2), name)) {
      lua_remove(L, -2);
      return;
    }
    lua_pop(L, 1);
  }
  lua_pushnil(L);
}

/* The same as text: "" where it is none. */
static const char *push_text(lua_State *L, int index, const char *name, size_t *len) {
  push_field(L, index, name);
  if (lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1))
    decode_push_number(L, lua_tonumber(L, -1)); /* "404", not "404.0" */
  else if (lua_type(L, -1) != LUA_TNUMBER && lua_type(L, -1) != LUA_TSTRING)
    lua_pushliteral(L, "");
  return lua_tolstring(L, -1, len);
}

/* When a signature is wrong, the gateway's message holds the hash that it signed itself. Where that is ours, both sides
 * have the same request, so the secret differs. Where it is another, the request changed on its way. */
static const char *signature_verdict(const struct response *r, const char *message) {
  if (!r->request_hash[0]) return NULL;
  if (strstr(message, r->request_hash)) return "secret";
  return strstr(message, "ACS3-HMAC-SHA256") ? "request" : NULL;
}

/* Which action a RAM policy denies, where the gateway tells. */
static void set_denied_action(lua_State *L, const struct response *r, int body) {
  size_t len;
  int error = lua_gettop(L);
  push_field(L, body, "AccessDeniedDetail");
  if (lua_istable(L, -1)) {
    const char *action = push_text(L, error + 1, "AuthAction", &len);
    lua_pushvalue(L, error);
    set_text(L, r, "denied_action", action, len);
  }
  lua_settop(L, error);
}

/* A refusal in the service's own JSON, the table at `body`. */
static int push_refusal(lua_State *L, const struct response *r, int body) {
  size_t code_len, message_len, id_len;
  const char *code = push_text(L, body, "Code", &code_len);
  const char *message = push_text(L, body, "Message", &message_len);
  const char *request_id = push_text(L, body, "RequestId", &id_len);
  push_error(L, r, error_kind_of_service(r->outcome->status, code));
  if (!error_kind_is_success_code(code))
    set_text(L, r, "code", code, code_len);
  else if (r->outcome->status < 300)
    set_message(L, r, "IsSuccess is false, although Code is \"%s\"", code);
  if (!error_kind_is_success_code(message)) set_text(L, r, "message", message, message_len);
  set_text(L, r, "request_id", request_id, id_len);
  set_denied_action(L, r, body);
  set_times(L, r);
  if (!strcmp(code, "SignatureDoesNotMatch")) {
    lua_pushstring(L, signature_verdict(r, message));
    lua_setfield(L, -2, "signature_verdict");
  }
  return 2;
}

static void set_xml_field(lua_State *L, const struct response *r, const char *field, const char *element) {
  size_t len;
  const char *text = error_kind_xml_text(r->outcome->body, r->outcome->body_len, element, &len);
  if (text) set_text(L, r, field, text, len);
}

static int push_xml_refusal(lua_State *L, const struct response *r, const char *code, size_t code_len) {
  char name[MAX_XML_CODE + 1];
  memcpy(name, code, code_len);
  name[code_len] = '\0';
  push_error(L, r, error_kind_of_service(r->outcome->status, name));
  set_message(L, r, "the response is XML, not JSON");
  set_string(L, r, "code", name);
  set_xml_field(L, r, "message", "Message");
  set_xml_field(L, r, "request_id", "RequestId");
  set_times(L, r);
  return 2;
}

/* Names only the host of a Location header: the rest may repeat what was sent. */
static void set_redirect_message(lua_State *L, const struct response *r) {
  char copy[sizeof r->outcome->headers.location];
  const char *location = clean_copy(r, r->outcome->headers.location, copy, sizeof copy), *host = strstr(location, "//");
  host = host ? host + 2 : location;
  const char *at = strpbrk(host, "@/?#");
  if (at && *at == '@') host = at + 1;
  set_message(L, r, "redirected to %.*s, and redirects are never followed", (int)strcspn(host, "/?#"), host);
}

/* A response that is not the service's: a gateway's page, a proxy's, nothing at all. */
static int push_page(lua_State *L, const struct response *r, const char *reason) {
  const struct transfer_outcome *o = r->outcome;
  size_t code_len;
  const char *code = error_kind_xml_text(o->body, o->body_len, "Code", &code_len);
  if (code && code_len && code_len <= MAX_XML_CODE) return push_xml_refusal(L, r, code, code_len);
  char excerpt[EXCERPT + 1];
  write_excerpt(r, excerpt);
  push_error(L, r, error_kind_of_page(o->status));
  set_times(L, r);
  char copy[128];
  const char *type = clean_copy(r, o->content_type, copy, sizeof copy);
  if (!type[0]) type = "no content type";
  if (o->status >= 300 && o->status < 400 && o->headers.location[0])
    set_redirect_message(L, r);
  else if (!o->body_len)
    set_message(L, r, "the response is empty (%s)", type);
  else if (o->status >= 300)
    set_message(L, r, "an error page in place of the service's response (%s): %s", type, excerpt);
  else
    set_message(L, r, "the response is not JSON (%s): %s; it begins: %s", type, reason, excerpt);
  return 2;
}

/* ---- success, or not ----------------------------------------------------------------------------- */

/* Whether a field says so: a boolean, or the word. */
static int is_false(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return curl_strequal(lua_tostring(L, index), "false");
  return lua_isboolean(L, index) && !lua_toboolean(L, index);
}

/* HTTP 200 can still be a refusal: IsSuccess false, or a Code other than success. */
static int is_refused(lua_State *L, int body) {
  size_t len;
  int top = lua_gettop(L);
  push_field(L, body, "IsSuccess");
  int refused = is_false(L, -1);
  if (!refused) {
    const char *code = push_text(L, body, "Code", &len);
    refused = len > 0 && !error_kind_is_success_code(code);
  }
  lua_settop(L, top);
  return refused;
}

static int push_decode_error(lua_State *L, const struct response *r, int body, const char *reason) {
  size_t id_len = 0;
  const char *id = lua_istable(L, body) ? push_text(L, body, "RequestId", &id_len) : "";
  push_error(L, r, ERROR_KIND_DECODE);
  set_text(L, r, "request_id", id, id_len);
  set_message(L, r, "%s", reason);
  return 2;
}

/* ---- what a result must hold --------------------------------------------------------------------- */

static int is_absent(lua_State *L, int index) {
  return lua_isnil(L, index) || lua_islightuserdata(L, index) || /* null */
         (lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) == 0);
}

/* Whether the count of a list, which the operation names, is 0. */
static int is_empty_list(lua_State *L, int body, int operation) {
  int top = lua_gettop(L);
  lua_getfield(L, operation, "count");
  int is_empty = 0;
  if (lua_type(L, -1) == LUA_TSTRING) {
    lua_rawget(L, body);
    is_empty = lua_isnumber(L, -1) && lua_tonumber(L, -1) == 0;
  }
  lua_settop(L, top);
  return is_empty;
}

static int tells_success(const char *name) { return !strcmp(name, "IsSuccess") || !strcmp(name, "Code"); }

/* Whether the object has one of the fields in the list at `names`. Where it has none, writes their names. */
static int has_one(lua_State *L, int body, int names, char *missing, size_t size) {
  int count = (int)lua_rawlen(L, names);
  size_t n = 0;
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, names, i);
    if (lua_type(L, -1) != LUA_TSTRING) continue;
    const char *name = lua_tostring(L, -1);
    if (tells_success(name)) /* as tolerant as with a refusal */
      push_field(L, body, name);
    else
      lua_getfield(L, body, name);
    if (!is_absent(L, -1)) return 1;
    int more = snprintf(missing + n, size - n, "%s%s", n ? " and " : "", name);
    n = smaller(n + (more > 0 ? (size_t)more : 0), size - 1);
    lua_pop(L, 2);
  }
  return count == 0;
}

/* Whether the response is about what was asked for, where it says. */
static int is_about_asked(lua_State *L, const struct response *r, int body) {
  if (!r->asked || lua_type(L, r->asked) != LUA_TSTRING) return 1;
  lua_getfield(L, r->operation, "echo");
  if (lua_type(L, -1) != LUA_TSTRING) return 1;
  lua_rawget(L, body);
  return is_absent(L, -1) || lua_rawequal(L, -1, r->asked);
}

/* What the response is about, at the top of the stack, is not what was asked for. */
static void write_other_id(lua_State *L, const struct response *r, char reason[DECODE_REASON_SIZE]) {
  if (lua_type(L, -1) == LUA_TSTRING) {
    snprintf(reason, DECODE_REASON_SIZE, "the response is about %.64s, and %.64s was asked for", lua_tostring(L, -1),
             lua_tostring(L, r->asked));
    return;
  }
  const char *got = luaL_typename(L, -1);
  lua_getfield(L, r->operation, "echo");
  snprintf(reason, DECODE_REASON_SIZE, "field %.64s should be a string and is a %s", lua_tostring(L, -1), got);
}

/* Whether the object is a result of the operation; else writes the reason. */
static int is_result(lua_State *L, const struct response *r, int body, char reason[DECODE_REASON_SIZE]) {
  char missing[128] = "";
  int top = lua_gettop(L), result = 1;
  lua_getfield(L, r->operation, "holds");
  if (lua_istable(L, -1) && !has_one(L, body, top + 1, missing, sizeof missing) &&
      !is_empty_list(L, body, r->operation)) {
    char excerpt[EXCERPT + 1];
    result = 0;
    write_excerpt(r, excerpt);
    snprintf(reason, DECODE_REASON_SIZE, "the response lacks %s; it begins: %s", missing, excerpt);
  }
  lua_settop(L, top);
  return result;
}

/* Whether it is about something else, perhaps one that came late, for an earlier request on its connection; then writes
 * the reason. */
static int is_anothers(lua_State *L, const struct response *r, int body, char reason[DECODE_REASON_SIZE]) {
  int top = lua_gettop(L), anothers = !is_about_asked(L, r, body);
  if (anothers) write_other_id(L, r, reason);
  lua_settop(L, top);
  return anothers;
}

/* A result is data, and left as it is; but not where it holds what nobody may see. */
static void push_body(lua_State *L, const struct response *r) {
  const struct transfer_outcome *o = r->outcome;
  if (sign_is_echoed(r->key, (struct bytes){o->body, o->body_len}))
    push_clean_whole(L, r, o->body, o->body_len);
  else
    lua_pushlstring(L, o->body, o->body_len);
}

int response_push(lua_State *L, struct response *r) {
  const struct transfer_outcome *o = r->outcome;
  char reason[DECODE_REASON_SIZE];
  struct decode_repairs repairs;
  if (is_refused_by_proxy(o)) return push_proxy_refusal(L, r);
  if (o->curl_code) return push_transfer_error(L, r);
  push_body(L, r);
  if (!decode_value(L, r->decoder, &repairs, reason)) return push_page(L, r, reason);
  if ((o->status >= 300 || repairs.marks) && !decode_repair(L, &repairs, reason)) return push_page(L, r, reason);
  int body = lua_gettop(L), is_object = decode_is_object(L, body);
  if (o->status >= 300) return is_object ? push_refusal(L, r, body) : push_page(L, r, "not an object");
  if (is_object && is_refused(L, body)) {
    (void)decode_repair(L, &repairs, reason); /* cannot fail: without marks no number is beyond every float */
    return push_refusal(L, r, body);
  }
  if (is_object && !is_result(L, r, body, reason)) return push_decode_error(L, r, body, reason);
  r->is_anothers = is_object && is_anothers(L, r, body, reason);
  if (r->is_anothers) return push_decode_error(L, r, body, reason);
  if (!types_conform(L, r->shape, &repairs, reason)) return push_decode_error(L, r, body, reason);
  return 1;
}

int response_push_plain(lua_State *L, const struct response *r) {
  const struct transfer_outcome *o = r->outcome;
  if (is_refused_by_proxy(o)) return push_proxy_refusal(L, r);
  if (o->curl_code) return push_transfer_error(L, r);
  lua_createtable(L, 0, 5);
  lua_pushinteger(L, o->status);
  lua_setfield(L, -2, "status");
  lua_pushlstring(L, o->body, o->body_len);
  lua_setfield(L, -2, "body");
  set_string(L, r, "request_id", o->headers.request_id);
  set_times(L, r);
  return 1;
}

/* ---- what was noted of the transfer --------------------------------------------------------------- */

void response_push_clean(lua_State *L, struct sign_key *key, const char *signature, struct bytes text) {
  const struct response r = {.key = key, .signature = signature};
  push_clean_most(L, &r, text.data, text.len, EXCERPT_REDACTED);
}

static void set_seconds(lua_State *L, const char *field, int64_t us) {
  if (!us) return;
  lua_pushnumber(L, (lua_Number)us / 1000000);
  lua_setfield(L, -2, field);
}

static void set_times_of(lua_State *L, const struct trace *trace, int into) {
  lua_createtable(L, 0, 5);
  set_seconds(L, "namelookup", trace->namelookup_us);
  set_seconds(L, "connect", trace->connect_us);
  set_seconds(L, "appconnect", trace->appconnect_us);
  set_seconds(L, "starttransfer", trace->starttransfer_us);
  set_seconds(L, "total", trace->total_us);
  lua_setfield(L, into, "times");
}

static const char *version_name(long version) {
  static const char *const names[] = {
      [CURL_HTTP_VERSION_1_0] = "1.0", [CURL_HTTP_VERSION_1_1] = "1.1", [CURL_HTTP_VERSION_2_0] = "2"};
  if (version == CURL_HTTP_VERSION_3) return "3";
  return version > 0 && version < (long)(sizeof names / sizeof *names) ? names[version] : NULL;
}

static void set_connection(lua_State *L, const struct trace *trace, int into) {
  lua_pushstring(L, version_name(trace->http_version)); /* nil for NULL */
  lua_setfield(L, into, "http_version");
  if (!trace->is_connected || !trace->address[0]) return;
  lua_pushboolean(L, trace->is_new);
  lua_setfield(L, into, "new_connection");
  const char *format = strchr(trace->address, ':') ? "[%s]:%d" : "%s:%d";
  lua_pushfstring(L, format, trace->address, (int)trace->port);
  lua_setfield(L, into, "address");
}

/* Lines that end with NUL, as a list. */
static void set_lines(lua_State *L, const struct response *r, int into, const char *field, struct bytes text) {
  lua_Integer n = 0;
  lua_newtable(L);
  for (size_t at = 0; at < text.len; at += strlen(text.data + at) + 1) {
    push_clean(L, r, text.data + at, strlen(text.data + at));
    lua_rawseti(L, -2, ++n);
  }
  lua_setfield(L, into, field);
}

void response_tell(lua_State *L, const struct response *r, const struct trace *trace, int into) {
  if (!trace) return;
  set_times_of(L, trace, into);
  set_connection(L, trace, into);
  if (trace->level < TRACE_HEADS) return;
  lua_pushvalue(L, into);
  set_string(L, r, "url", trace->url ? trace->url : "");
  lua_pop(L, 1);
  set_lines(L, r, into, "request_head", (struct bytes){trace->request, trace->request_len});
  set_lines(L, r, into, "response_head", (struct bytes){trace->head, trace->head_len});
  if (trace->level < TRACE_BODIES) return;
  push_clean_most(L, r, r->outcome->body, r->outcome->body_len, EXCERPT_REDACTED);
  lua_setfield(L, into, "body");
  lua_pushnumber(L, (lua_Number)r->outcome->body_len);
  lua_setfield(L, into, "body_size");
}
