/* core.c - the Lua binding, module "crsync.core". The one file that sees all rooms. It requires no Lua file of
 * crsync's.
 *
 * Two userdata: "crsync.core" is a client's engine, key and settings; "crsync.job" is one attempt.
 *   core:start(operation, params, attempt) -> job     signs and starts; never blocks
 *   core:pollfd(), :events(), :timeout(), :step()      for whoever waits; core:wait(seconds) waits itself
 *   core:finished(before) -> job or nil                each job that has ended, until it is given back as `before`
 *   core:has_ended(job) -> boolean
 *   core:result(job) -> table, or nil and an error table
 *   core:get_task(instance_id, task_id)                all of this for one attempt
 *   core:fetch(request) -> job, core:response(job)     the same for any other request, unsigned
 *
 * Ownership: the core owns the engine, a job its transfer, both hold the key. A job in flight is kept alive by the
 * core's first user value; a job keeps its core alive by its own. Closing a core frees what its jobs hold. Every
 * userdata is typed and empty before it acquires anything, so an error at any point leaks nothing.
 *
 * Whatever can run Lua can close this core or call it again: a finalizer in any allocation of Lua's, a metamethod, a
 * hook. So each function first reads what Lua holds, and what it is about to use of the core comes last, with no call
 * between that allocates in Lua: a core is checked again behind the last one. What is decoded is taken out of the core
 * before. */
#define _GNU_SOURCE
#include "compat.h"
#include "decode.h"
#include "descriptors.h"
#include "error_kind.h"
#include "file.h"
#include "luaaux.h"
#include "poller.h"
#include "pollset.h"
#include "process.h"
#include "redact.h"
#include "request.h"
#include "response.h"
#include "sign.h"
#include "signals.h"
#include "task_operation.h"
#include "terminal.h"
#include "timer.h"
#include "transfer.h"

#include <dlfcn.h>
#include <math.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CORE_TYPE "crsync.core"
#define JOB_TYPE "crsync.job"

enum {
  MAX_URL = 8000000,
  SLICE_MS = 200, /* no call stays longer in C: a hook, which is how an interrupt arrives, runs in Lua only */
  UP_DECODER = lua_upvalueindex(1),
  UP_KEY = lua_upvalueindex(2) /* one that knows the algorithms alone */
};

struct job;

struct core {
  struct transfer_engine *engine; /* NULL: closed */
  struct sign_key *key;
  int has_key;
  double timeout, connect_timeout;
  size_t max_response_size;
  struct job *jobs;
  struct job *handed; /* what finished() has given out and not got back */
};

/* The core's user values. */
enum { CORE_JOBS = 1, CORE_ORIGIN }; /* jobs in flight by address; "https://host:port" */

struct job {
  struct core *core; /* NULL: it has no core any more, or its result is being taken */
  struct transfer *transfer;
  struct sign_key *key; /* that the request was signed with, so that its secrets are kept out of the result */
  struct job *previous, *next;
  char request_hash[RESPONSE_HASH_SIZE], signature[RESPONSE_HASH_SIZE];
};

/* A job's. */
enum { JOB_CORE = 1, JOB_OPERATION, JOB_ASKED }; /* the last: the id that the response is to repeat, or nil */

static const char *const closed = "client is closed", *const no_memory = "not enough memory",
                         *const no_descriptors = "too many open files: libcurl cannot be started";

/* ---- arguments ----------------------------------------------------------------------------------- */

static struct core *check_core(lua_State *L) {
  struct core *c = luaL_checkudata(L, 1, CORE_TYPE);
  if (!c->engine) luaL_error(L, "%s", closed);
  return c;
}

static struct job *check_job(lua_State *L, int index, const struct core *c) {
  struct job *job = luaL_checkudata(L, index, JOB_TYPE);
  luaL_argcheck(L, job->core == c, index, "not a request of this client, or its result was taken already");
  return job;
}

/* Pushes the field, or an empty table in its place; returns where it lies. */
static int push_table_field(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
  }
  return lua_gettop(L);
}

static long milliseconds(double seconds) {
  if (!(seconds > 0)) return 1;
  double ms = ceil(seconds * 1000);
  return ms < 1 ? 1 : ms > 2000000000.0 ? 2000000000L : (long)ms;
}

/* So many bytes. What passes all memory is as good as no limit. */
static size_t whole_bytes(double n) {
  const double most = (double)(SIZE_MAX / 4);
  return !(n > 0) ? 0 : n < most ? (size_t)n : SIZE_MAX / 4;
}

/* Pushes the core's origin; returns it. `host`, if it is not NULL, is where the host begins in it. */
static const char *push_origin(lua_State *L, const char **host) {
  lua_getiuservalue(L, 1, CORE_ORIGIN);
  const char *origin = lua_tostring(L, -1);
  if (host) *host = strstr(origin, "//") + 2;
  return origin;
}

/* What has hindered libcurl, which does not tell: descriptors where there are hardly any, else memory. */
static const char *what_lacks(const char *without_memory) {
  return descriptors_shortage() ? no_descriptors : without_memory;
}

/* ---- a job's life -------------------------------------------------------------------------------- */

static void leave_core(struct job *job) {
  struct core *c = job->core;
  if (!c) return;
  if (job->previous)
    job->previous->next = job->next;
  else
    c->jobs = job->next;
  if (job->next) job->next->previous = job->previous;
  if (c->handed == job) c->handed = NULL;
  job->previous = job->next = NULL;
  job->core = NULL;
}

/* Frees what the job holds. Any number of times. */
static void end_job(struct job *job) {
  leave_core(job);
  transfer_free(job->transfer);
  sign_key_drop(job->key);
  job->transfer = NULL;
  job->key = NULL;
}

static int job_gc(lua_State *L) {
  end_job(luaL_checkudata(L, 1, JOB_TYPE));
  return 0;
}

static int job_tostring(lua_State *L) {
  const struct job *job = luaL_checkudata(L, 1, JOB_TYPE);
  const char *state = !job->core ? "gone" : transfer_outcome(job->transfer) ? "ended" : "in flight";
  lua_pushfstring(L, "crsync.job (%s)", state);
  return 1;
}

static void anchor(lua_State *L, const struct job *job, int keep) {
  lua_getiuservalue(L, 1, CORE_JOBS);
  if (keep)
    lua_pushvalue(L, -2);
  else
    lua_pushnil(L);
  lua_rawsetp(L, -2, job);
  lua_pop(L, 1);
}

/* Pushes a job for the core at stack index 1 that has nothing yet but a place in which it is kept. */
static struct job *push_job(lua_State *L, int operation, int asked) {
  struct job *job = lua_newuserdatauv(L, sizeof *job, 3);
  memset(job, 0, sizeof *job);
  luaL_setmetatable(L, JOB_TYPE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, JOB_CORE);
  lua_pushvalue(L, operation);
  lua_setiuservalue(L, -2, JOB_OPERATION);
  lua_pushvalue(L, asked);
  lua_setiuservalue(L, -2, JOB_ASKED);
  anchor(L, job, 1);
  return job;
}

/* Makes the job one of the core's. Returns what hinders it, or NULL. */
static const char *enter_core(struct core *c, struct job *job) {
  if (!c->engine) return closed;
  job->transfer = transfer_new(c->engine, job);
  if (!job->transfer) return no_memory;
  job->key = sign_key_hold(c->key);
  job->core = c;
  job->next = c->jobs;
  if (c->jobs) c->jobs->previous = job;
  c->jobs = job;
  return NULL;
}

/* Returns the job at the top of the stack to Lua, or raises what has hindered it. */
static int return_job(lua_State *L, struct job *job, const char *problem) {
  if (!problem) return 1;
  anchor(L, job, 0);
  end_job(job);
  return luaL_error(L, "%s", problem);
}

/* ---- a core's life ------------------------------------------------------------------------------- */

/* It counts as closed before anything is freed. Closing it again does nothing. */
static int core_close(lua_State *L) {
  struct core *c = luaL_checkudata(L, 1, CORE_TYPE);
  struct transfer_engine *engine = c->engine;
  c->engine = NULL;
  while (c->jobs) end_job(c->jobs);
  transfer_engine_free(engine);
  sign_key_drop(c->key);
  c->key = NULL;
  return 0;
}

static int core_tostring(lua_State *L) {
  const struct core *c = luaL_checkudata(L, 1, CORE_TYPE);
  if (c->engine)
    lua_pushfstring(L, "crsync.core (%s)", push_origin(L, NULL));
  else
    lua_pushliteral(L, "crsync.core (closed)");
  return 1;
}

/* The functions that set a core up return what is wrong, or NULL: a caller must be able to tell that from what a hook
 * raises meanwhile. */

/* Gives the core at the top of the stack its origin. */
static const char *set_origin(lua_State *L) {
  int core = lua_gettop(L);
  const char *endpoint = luaaux_get_string(L, 1, "endpoint", "");
  const char *host = !strncmp(endpoint, "https://", 8)  ? endpoint + 8
                     : !strncmp(endpoint, "http://", 7) ? endpoint + 7
                                                        : "";
  if (!*host || strpbrk(host, "/?#@ \t\r\n")) return "endpoint should be https://host or http://host";
  lua_setiuservalue(L, core, CORE_ORIGIN);
  return NULL;
}

/* Takes the three parts of a key, each a string or nil, from stack index `first` on. */
static const char *set_key(lua_State *L, struct core *c, int first) {
  static const char *const malformed[] = {"access_key_id holds a control character",
                                          "access_key_secret holds a control character",
                                          "security_token holds a control character"};
  struct bytes part[3] = {{"", 0}, {"", 0}, {"", 0}};
  for (int i = 0; i < 3; i++) {
    if (lua_isstring(L, first + i)) part[i] = luaaux_trimmed(L, first + i);
    if (!luaaux_is_plain(part[i])) return malformed[i];
  }
  if (!part[0].len || !part[1].len) return "access_key_id or access_key_secret is empty";
  struct sign_key *key = sign_key_new(c->key, part[0], part[1], part[2]);
  if (!key) return no_memory;
  sign_key_replace(&c->key, key);
  c->has_key = 1;
  return NULL;
}

static const char *open_engine(lua_State *L, struct core *c) {
  struct transfer_settings settings = {
      .user_agent = luaaux_get_string(L, 1, "user_agent", "crsync"),
      .proxy = luaaux_get_string(L, 1, "proxy", NULL),
      .ca_file = luaaux_get_string(L, 1, "ca_file", NULL),
      .ca_path = luaaux_get_string(L, 1, "ca_path", NULL),
      .skip_verify = luaaux_get_boolean(L, 1, "insecure_skip_tls_verify"),
      .tunnel = luaaux_get_boolean(L, 1, "tunnel"),
      .max_response_size = c->max_response_size,
  };
  c->engine = transfer_engine_new(&settings);
  return c->engine ? NULL : what_lacks("cannot start libcurl: no memory is left");
}

static const char *set_up(lua_State *L, struct core *c) {
  const struct bytes nothing = {"", 0};
  const char *problem = set_origin(L);
  if (problem) return problem;
  c->key = sign_key_new(*(struct sign_key **)lua_touserdata(L, UP_KEY), nothing, nothing, nothing);
  if (!c->key) luaL_error(L, "%s", no_memory);
  c->timeout = luaaux_get_number(L, 1, "timeout", 10);
  c->connect_timeout = luaaux_get_number(L, 1, "connect_timeout", 5);
  c->max_response_size = whole_bytes(luaaux_get_number(L, 1, "max_response_size", 16.0 * 1024 * 1024));
  int first = lua_gettop(L) + 1;
  luaaux_get_string(L, 1, "access_key_id", NULL);
  luaaux_get_string(L, 1, "access_key_secret", NULL);
  luaaux_get_string(L, 1, "security_token", NULL);
  if (!lua_isnil(L, first) || !lua_isnil(L, first + 1)) problem = set_key(L, c, first);
  return problem ? problem : open_engine(L, c);
}

/* new(settings) -> core, or nil, what is wrong with them, and the kind of the error. Settings as in crsync.new, checked
 * there; endpoint with its scheme. Raises for want of memory, and where a setting is of another type. */
static int core_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 20, "settings");
  struct core *c = lua_newuserdatauv(L, sizeof *c, 2);
  memset(c, 0, sizeof *c);
  luaL_setmetatable(L, CORE_TYPE);
  lua_newtable(L);
  lua_setiuservalue(L, -2, CORE_JOBS);
  const char *problem = set_up(L, c);
  lua_settop(L, 2);
  if (!problem) return 1;
  if (problem == no_memory) return luaL_error(L, "%s", problem);
  lua_pushnil(L);
  lua_pushstring(L, problem);
  lua_pushstring(L, error_kind_name(problem == no_descriptors ? ERROR_KIND_NETWORK : ERROR_KIND_CONFIG));
  return 3;
}

/* core:set_credentials(access_key_id, access_key_secret, security_token or nil) -> true, or nil and what is wrong */
static int core_set_credentials(lua_State *L) {
  luaL_checktype(L, 2, LUA_TSTRING);
  luaL_checktype(L, 3, LUA_TSTRING);
  if (!lua_isnoneornil(L, 4)) luaL_checktype(L, 4, LUA_TSTRING);
  lua_settop(L, 4);
  const char *problem = set_key(L, check_core(L), 2);
  if (problem == no_memory) return luaL_error(L, "%s", problem);
  if (problem) {
    lua_pushnil(L);
    lua_pushstring(L, problem);
    return 2;
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* ---- starting an attempt ------------------------------------------------------------------------- */

/* libcurl takes no longer one. */
static const char *url_problem(size_t len) {
  return len < MAX_URL ? NULL
                       : "the request is too long: with its parameters the URL has more than 8 MB, which is"
                         " libcurl's limit";
}

/* The URL in memory of its own, or NULL; the canonical query is what goes over the wire. */
static char *make_url(const char *origin, struct bytes query) {
  size_t n = strlen(origin);
  char *url = malloc(n + query.len + 3);
  if (!url) return NULL;
  memcpy(url, origin, n);
  memcpy(url + n, "/?", 2);
  if (query.len) memcpy(url + n + 2, query.data, query.len);
  url[n + 2 + query.len] = '\0';
  return url;
}

static int give_headers(struct transfer *t, const struct sign *s, const struct sign_text *text) {
  struct sign_header h;
  for (size_t i = 0; sign_header_at(s, i, &h); i++)
    if (transfer_header(t, h.name.data, h.name.len, h.value.data, h.value.len)) return -1;
  return transfer_header(t, "Authorization", 13, text->authorization.data, text->authorization.len);
}

/* The digits of a hash that a text ends with. */
static struct bytes last_hash(struct bytes text) {
  const size_t n = RESPONSE_HASH_SIZE - 1;
  return (struct bytes){text.data + text.len - n, n};
}

/* The last line of the string to sign. The service repeats its own when the signatures differ. */
static struct bytes request_hash(const struct sign_text *text) { return last_hash(text->string_to_sign); }

static struct bytes signature(const struct sign_text *text) { return last_hash(text->authorization); }

static void check_start_arguments(lua_State *L) {
  check_core(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  if (lua_isnoneornil(L, 4)) {
    lua_settop(L, 3);
    lua_newtable(L);
  }
  luaL_checktype(L, 4, LUA_TTABLE);
  lua_settop(L, 4);
  luaL_checkstack(L, 40, "request");
}

/* Pushes the parameter that the response is to repeat, or nil. Stack: 2 the operation, 3 its parameters. */
static int push_asked(lua_State *L) {
  lua_getfield(L, 2, "echo");
  if (lua_type(L, -1) == LUA_TSTRING) lua_gettable(L, 3);
  return lua_gettop(L);
}

static const char *start_transfer(struct job *job, const struct transfer_request *request) {
  return transfer_start(job->transfer, request) ? what_lacks("cannot start a transfer: no memory is left") : NULL;
}

/* Signs what was gathered and starts it. Runs no Lua. Returns what hinders it, or NULL. */
static const char *start_signed(struct core *c, struct job *job, struct sign *s, const char *origin,
                                double clock_offset, struct transfer_request *request) {
  struct sign_text text;
  const char *problem = enter_core(c, job);
  if (problem) return problem;
  if (!c->has_key) return "no access key is set";
  if ((problem = request_problem(request_sign(s, job->key, clock_offset, &text)))) return problem;
  memcpy(job->request_hash, request_hash(&text).data, request_hash(&text).len);
  memcpy(job->signature, signature(&text).data, signature(&text).len);
  if ((problem = url_problem(strlen(origin) + 2 + text.canonical_query.len))) return problem;
  char *url = make_url(origin, text.canonical_query);
  if (!url || give_headers(job->transfer, s, &text)) problem = no_memory;
  request->url = url;
  if (!problem) problem = start_transfer(job, request);
  free(url);
  return problem;
}

/* core:start(operation, params, attempt) -> job
 * operation: action, version, method, repeatable, response (a shape, see types.h), holds, count, echo. attempt:
 * timeout, connect_timeout, clock_offset (seconds), fresh_connection. */
static int core_start(lua_State *L) {
  check_start_arguments(L);
  struct core *c = lua_touserdata(L, 1);
  const char *host, *origin = push_origin(L, &host);
  struct sign *s = request_push(L, host);
  int gathered = lua_gettop(L);
  double clock_offset = luaaux_get_number(L, 4, "clock_offset", 0);
  struct transfer_request request = {
      .timeout_ms = milliseconds(luaaux_get_number(L, 4, "timeout", c->timeout)),
      .connect_timeout_ms = milliseconds(luaaux_get_number(L, 4, "connect_timeout", c->connect_timeout)),
      .fresh_connection = luaaux_get_boolean(L, 4, "fresh_connection"),
      .once = !luaaux_get_boolean(L, 2, "repeatable"),
      .method = luaaux_get_string(L, 2, "method", "POST"),
  };
  int asked = push_asked(L);
  struct job *job = push_job(L, 2, asked);
  const char *problem = start_signed(c, job, s, origin, clock_offset, &request);
  request_free(L, gathered);
  return return_job(L, job, problem);
}

/* Gives the transfer the headers of the table at `headers`. Returns what hinders it, or NULL. */
static const char *give_plain_headers(lua_State *L, struct transfer *t, int headers) {
  lua_pushnil(L);
  while (lua_next(L, headers)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) return "headers map names to strings";
    struct bytes name = luaaux_to_bytes(L, -2), value = luaaux_to_bytes(L, -1);
    if (!luaaux_is_plain(name) || !luaaux_is_plain(value)) return "a header holds a control character";
    if (transfer_header(t, name.data, name.len, value.data, value.len)) return no_memory;
    lua_pop(L, 1);
  }
  return NULL;
}

/* core:fetch{ method, url, headers, body, timeout, connect_timeout, max_response_size, direct } -> job
 * Asks services that give keys, so nothing is signed. direct: through no proxy. */
static int core_fetch(lua_State *L) {
  struct core *c = check_core(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 20, "request");
  struct transfer_request request = {
      .url = luaaux_get_string(L, 2, "url", ""),
      .method = luaaux_get_string(L, 2, "method", "GET"),
      .timeout_ms = milliseconds(luaaux_get_number(L, 2, "timeout", c->timeout)),
      .connect_timeout_ms = milliseconds(luaaux_get_number(L, 2, "connect_timeout", c->connect_timeout)),
      .max_response_size = whole_bytes(luaaux_get_number(L, 2, "max_response_size", 0)),
      .is_for_keys = 1,
      .direct = luaaux_get_boolean(L, 2, "direct"),
  };
  request.body = luaaux_get_string(L, 2, "body", "");
  if (lua_isstring(L, -1)) request.body_len = lua_rawlen(L, -1);
  int headers = push_table_field(L, 2, "headers");
  lua_pushnil(L);
  struct job *job = push_job(L, headers + 1, headers + 1);
  const char *problem = enter_core(c, job);
  if (!problem) problem = url_problem(strlen(request.url));
  if (!problem) problem = give_plain_headers(L, job->transfer, headers);
  if (!problem) problem = start_transfer(job, &request);
  return return_job(L, job, problem);
}

/* Pushes the request that the text belongs to, for whoever sends it. */
static void push_request(lua_State *L, const char *origin, const struct sign *s, const struct sign_text *text) {
  lua_createtable(L, 0, 5);
  int request = lua_gettop(L);
  lua_pushstring(L, luaaux_get_string(L, 2, "method", "POST"));
  lua_setfield(L, request, "method");
  luaL_Buffer url;
  luaL_buffinit(L, &url);
  luaL_addstring(&url, origin);
  luaL_addstring(&url, "/?");
  luaL_addlstring(&url, text->canonical_query.data, text->canonical_query.len);
  luaL_pushresult(&url);
  lua_setfield(L, request, "url");
  request_push_headers(L, s, text);
  lua_setfield(L, request, "headers");
  lua_pushliteral(L, "");
  lua_setfield(L, request, "body");
  lua_pushlstring(L, request_hash(text).data, request_hash(text).len);
  lua_setfield(L, request, "request_hash");
  lua_pushlstring(L, signature(text).data, signature(text).len);
  lua_setfield(L, request, "signature");
  push_asked(L);
  lua_setfield(L, request, "asked");
  lua_settop(L, request);
}

/* Pushes a userdata that holds the core's key. */
static struct sign_key *push_key(lua_State *L) {
  struct sign_key **own = request_push_key(L);
  *own = sign_key_hold(check_core(L)->key);
  return *own;
}

/* core:prepare(operation, params, attempt) -> { method, url, headers, body }, key
 * For a transport of the host's; what it brings goes to receive, with the key. */
static int core_prepare(lua_State *L) {
  struct sign_text text;
  check_start_arguments(L);
  const char *host, *origin = push_origin(L, &host);
  struct sign *s = request_push(L, host);
  double clock_offset = luaaux_get_number(L, 4, "clock_offset", 0);
  const struct sign_key *key = push_key(L);
  int key_index = lua_gettop(L);
  const char *problem =
      check_core(L)->has_key ? request_problem(request_sign(s, key, clock_offset, &text)) : "no access key is set";
  if (problem) return luaL_error(L, "%s", problem);
  push_request(L, origin, s, &text);
  lua_pushvalue(L, key_index);
  return 2;
}

/* ---- waiting and stepping ------------------------------------------------------------------------ */

static int core_pollfd(lua_State *L) {
  lua_pushinteger(L, transfer_fd(check_core(L)->engine));
  return 1;
}

static int core_events(lua_State *L) {
  check_core(L);
  lua_pushliteral(L, "r");
  return 1;
}

/* core:timeout() -> seconds until step must be called, or nil */
static int core_timeout(lua_State *L) {
  long ms = transfer_timeout_ms(check_core(L)->engine);
  if (ms < 0) return 0;
  lua_pushnumber(L, (lua_Number)ms / 1000);
  return 1;
}

static int core_step(lua_State *L) {
  transfer_step(check_core(L)->engine);
  return 0;
}

static long slice_ms(double seconds) {
  long ms = milliseconds(seconds);
  return ms < SLICE_MS ? ms : SLICE_MS;
}

/* core:wait(seconds): does what can be done; returns when something happened, or after 200 ms at most */
static int core_wait(lua_State *L) {
  long ms = slice_ms(luaL_checknumber(L, 2));
  transfer_wait(check_core(L)->engine, ms);
  return 0;
}

/* core:finished(before) -> a job that has ended, or nil. The same one again until it is given back as `before`, taken
 * or cancelled: whoever is interrupted between getting it and telling who waits for it has not lost it. */
static int core_finished(lua_State *L) {
  struct core *c = check_core(L);
  lua_settop(L, 2);
  if (c->handed && lua_touserdata(L, 2) == c->handed) {
    anchor(L, c->handed, 0);
    c->handed = NULL;
  }
  if (!c->handed) c->handed = transfer_finished(c->engine);
  if (!c->handed) return 0;
  lua_getiuservalue(L, 1, CORE_JOBS);
  lua_rawgetp(L, -1, c->handed);
  return 1;
}

/* core:has_ended(job) -> whether its result can be taken */
static int core_has_ended(lua_State *L) {
  const struct job *job = check_job(L, 2, check_core(L));
  lua_pushboolean(L, transfer_outcome(job->transfer) != NULL);
  return 1;
}

/* core:cancel(job): stops it; does nothing when it is gone */
static int core_cancel(lua_State *L) {
  struct core *c = check_core(L);
  struct job *job = luaL_checkudata(L, 2, JOB_TYPE);
  if (job->core != c) return 0;
  lua_settop(L, 2);
  anchor(L, job, 0);
  end_job(job);
  return 0;
}

/* ---- results ------------------------------------------------------------------------------------- */

static const char *push_action(lua_State *L, int operation) {
  lua_getfield(L, operation, "action");
  return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
}

/* Pushes what came back, for the operation at a stack index. */
static int push_response(lua_State *L, struct response *r, int operation) {
  push_origin(L, &r->host);
  r->action = push_action(L, operation);
  r->shape = push_table_field(L, operation, "response");
  r->operation = operation;
  lua_pushvalue(L, UP_DECODER);
  r->decoder = lua_gettop(L);
  return response_push(L, r);
}

/* core:observe(job, level): notes from here on what the transfer tells of itself, for result or response. For a job
 * that was just started. level: a TRACE_ of trace.h. */
static int core_observe(lua_State *L) {
  const struct job *job = check_job(L, 2, check_core(L));
  transfer_observe(job->transfer, (int)luaL_checkinteger(L, 3));
  return 0;
}

/* Takes the job at index 2, which has ended, out of the core: what it holds is its own until end_job. A table at index
 * 3 is to be told what was noted of it. */
static struct job *take_job(lua_State *L) {
  const struct core *c = check_core(L);
  struct job *job = check_job(L, 2, c);
  if (!transfer_outcome(job->transfer)) luaL_error(L, "the request is still in flight");
  lua_settop(L, 3);
  luaL_checkstack(L, 40, "response");
  anchor(L, job, 0);
  leave_core(job);
  transfer_leave(job->transfer);
  return job;
}

static void tell(lua_State *L, const struct job *job, const struct response *r) {
  if (lua_istable(L, 3)) response_tell(L, r, transfer_trace(job->transfer), 3);
}

/* core:result(job, told) -> table, or nil and an error table. Once; the job is gone afterwards. told: a table for what
 * was noted of it since observe, response.h; or nil. */
static int core_result(lua_State *L) {
  struct job *job = take_job(L);
  const struct core *c = lua_touserdata(L, 1);
  struct response r = {
      .outcome = transfer_outcome(job->transfer),
      .key = job->key,
      .signature = job->signature,
      .request_hash = job->request_hash,
      .max_response_size = c->max_response_size,
  };
  tell(L, job, &r);
  lua_getiuservalue(L, 2, JOB_OPERATION);
  lua_getiuservalue(L, 2, JOB_ASKED);
  r.asked = 5;
  int count = push_response(L, &r, 4);
  if (r.is_anothers && c->engine) transfer_doubt(c->engine);
  end_job(job);
  return count;
}

/* core:response(job, told) -> { status, body, clock_difference, request_id }, or nil and an error table. Once. */
static int core_response(lua_State *L) {
  struct job *job = take_job(L);
  struct response r = {.outcome = transfer_outcome(job->transfer), .key = job->key, .host = ""};
  tell(L, job, &r);
  int count = response_push_plain(L, &r);
  end_job(job);
  return count;
}

static void keep_headers(lua_State *L, int headers, struct transfer_response_headers *kept) {
  lua_pushnil(L);
  while (lua_next(L, headers)) {
    if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING) {
      size_t name_len, value_len;
      const char *name = lua_tolstring(L, -2, &name_len), *value = lua_tolstring(L, -1, &value_len);
      transfer_keep_header(kept, name, name_len, value, value_len);
    }
    lua_pop(L, 1);
  }
}

/* core:receive(operation, request, status, headers, body, key): what a host's own transport brought. Header names in
 * lower case. key: what prepare gave with the request; the core's by default. */
static int core_receive(lua_State *L) {
  const struct core *c = check_core(L);
  struct transfer_outcome o = {.sent = 1, .error = ""};
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  o.status = (long)luaL_checkinteger(L, 4);
  luaL_checktype(L, 5, LUA_TTABLE);
  o.body = luaL_checklstring(L, 6, &o.body_len);
  lua_settop(L, 7);
  luaL_checkstack(L, 40, "response");
  o.too_large = o.body_len > c->max_response_size ? TRANSFER_BODY : 0;
  if (o.too_large) o.curl_code = 1; /* any code but 0: too_large is looked at first */
  keep_headers(L, 5, &o.headers);
  o.content_type = luaaux_get_string(L, 5, "content-type", "");
  struct response r = {
      .outcome = &o,
      .key = lua_isnil(L, 7) ? push_key(L) : request_to_key(L, 7),
      .signature = luaaux_get_string(L, 3, "signature", ""),
      .request_hash = luaaux_get_string(L, 3, "request_hash", ""),
      .max_response_size = c->max_response_size,
  };
  lua_getfield(L, 3, "asked");
  r.asked = lua_gettop(L);
  return push_response(L, &r, 2);
}

/* core:clean(text, key, signature) -> the text without the secrets of what prepare gave with a request, 8192 bytes */
static int core_clean(lua_State *L) {
  check_core(L);
  luaL_checktype(L, 2, LUA_TSTRING);
  struct sign_key *key = request_to_key(L, 3);
  response_push_clean(L, key, luaL_optstring(L, 4, ""), luaaux_to_bytes(L, 2));
  return 1;
}

/* ---- the bare binding ---------------------------------------------------------------------------- */

/* Lets a pending hook run, so that an interrupt ends the call; the job at the top of the stack then ends with it. */
static void run_hooks(lua_State *L) {
  struct job *job = lua_touserdata(L, -1);
  int status = luaL_loadstring(L, "return");
  if (status == LUA_OK) status = lua_pcall(L, 0, 0, 0);
  if (status == LUA_OK) return;
  anchor(L, job, 0);
  end_job(job);
  lua_error(L);
}

/* core:get_task(instance_id, task_id) -> the task as nested tables, or nil and an error table. One attempt. */
static int core_get_task(lua_State *L) {
  struct core *c = check_core(L);
  luaL_checktype(L, 2, LUA_TSTRING);
  luaL_checktype(L, 3, LUA_TSTRING);
  lua_settop(L, 3);
  lua_pushcfunction(L, core_start);
  lua_pushvalue(L, 1);
  task_operation_push(L);
  lua_createtable(L, 0, 2);
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, "InstanceId");
  lua_pushvalue(L, 3);
  lua_setfield(L, -2, "SyncTaskId");
  lua_call(L, 3, 1);
  const struct job *job = lua_touserdata(L, 4);
  while (job->core && !transfer_outcome(job->transfer)) {
    transfer_wait(c->engine, SLICE_MS);
    run_hooks(L);
  }
  lua_replace(L, 2);
  lua_settop(L, 2);
  return core_result(L);
}

/* ---- the module's functions --------------------------------------------------------------------- */

/* sign(request) -> headers, canonical query, canonical request, string to sign */
static int core_sign(lua_State *L) { return request_sign_alone(L, lua_touserdata(L, UP_KEY)); }

/* task_operation() -> the operation that get_task starts, for core:start without crsync.operations */
static int core_task_operation(lua_State *L) {
  task_operation_push(L);
  return 1;
}

/* decode(text) -> the JSON value, or nil and what is wrong and where; nothing of the text is in that */
static int core_decode(lua_State *L) {
  char reason[DECODE_REASON_SIZE];
  struct decode_repairs repairs;
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  if (decode_value(L, UP_DECODER, &repairs, reason) && decode_repair(L, &repairs, reason)) return 1;
  lua_pushnil(L);
  lua_pushstring(L, reason);
  return 2;
}

/* redact(text, secrets, id) -> the text without the strings in a table and with an access key's id masked, in whatever
 * form they are in it: redact.h */
static int core_redact(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  luaL_checktype(L, 2, LUA_TTABLE);
  const char *id = luaL_optstring(L, 3, "");
  lua_settop(L, 3);
  char *copy = lua_newuserdatauv(L, len, 0);
  memcpy(copy, text, len);
  struct redact *hidden = redact_new(); /* Lua allocates nothing until it is freed */
  int failed = !hidden || redact_add_id(hidden, bytes_of(id));
  for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1))
    if (!failed && lua_type(L, -1) == LUA_TSTRING) failed = redact_add(hidden, luaaux_to_bytes(L, -1));
  if (failed) {
    redact_free(hidden);
    hidden = NULL;
  }
  redact_text(hidden, copy, len);
  redact_free(hidden);
  lua_pushlstring(L, copy, len);
  return 1;
}

/* now() -> seconds on a clock that is never set back */
static int core_now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)pollset_now_ms() / 1000);
  return 1;
}

/* sleep(seconds): sleeps that long, 200 ms at most; a signal ends it early */
static int core_sleep(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  if (seconds > 0) poll(NULL, 0, (int)slice_ms(seconds));
  return 0;
}

/* random() -> 0 ≤ x < 1, from OpenSSL: math.random belongs to the host, which may have seeded it */
static int core_random(lua_State *L) {
  uint32_t bits;
  if (RAND_bytes((unsigned char *)&bits, sizeof bits) != 1) return luaL_error(L, "OpenSSL has no random numbers");
  lua_pushnumber(L, bits / 4294967296.0);
  return 1;
}

/* ---- loading ------------------------------------------------------------------------------------- */

/* versions() -> { libcurl, tls, openssl }: of the libraries that are loaded. */
static int core_versions(lua_State *L) {
  lua_createtable(L, 0, 3);
  lua_pushstring(L, transfer_curl_version());
  lua_setfield(L, -2, "libcurl");
  lua_pushstring(L, transfer_tls_version());
  lua_setfield(L, -2, "tls");
  lua_pushstring(L, OpenSSL_version(OPENSSL_VERSION_STRING));
  lua_setfield(L, -2, "openssl");
  return 1;
}

/* A resolver's thread may outlive its transfer, and lua_close unloads modules. So this module stays loaded. */
static void stay_loaded(void) {
  static const char inside_this_module;
  Dl_info info;
  if (dladdr(&inside_this_module, &info) && info.dli_fname)
    (void)dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE); /* the handle is kept on purpose */
}

CRSYNC_EXPORT int luaopen_crsync_core(lua_State *L);

int luaopen_crsync_core(lua_State *L) {
  static const luaL_Reg core_metamethods[] = {
      {"__gc", core_close}, {"__close", core_close}, {"__tostring", core_tostring}, {NULL, NULL}};
  static const luaL_Reg core_methods[] = {{"set_credentials", core_set_credentials},
                                          {"start", core_start},
                                          {"prepare", core_prepare},
                                          {"pollfd", core_pollfd},
                                          {"events", core_events},
                                          {"timeout", core_timeout},
                                          {"step", core_step},
                                          {"wait", core_wait},
                                          {"finished", core_finished},
                                          {"has_ended", core_has_ended},
                                          {"cancel", core_cancel},
                                          {"observe", core_observe},
                                          {"result", core_result},
                                          {"fetch", core_fetch},
                                          {"response", core_response},
                                          {"receive", core_receive},
                                          {"clean", core_clean},
                                          {"get_task", core_get_task},
                                          {"close", core_close},
                                          {NULL, NULL}};
  static const luaL_Reg job_metamethods[] = {{"__gc", job_gc}, {"__tostring", job_tostring}, {NULL, NULL}};
  static const luaL_Reg no_methods[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", core_new},
                                       {"sign", core_sign},
                                       {"decode", core_decode},
                                       {"redact", core_redact},
                                       {"now", core_now},
                                       {"sleep", core_sleep},
                                       {"random", core_random},
                                       {"read_file", file_read},
                                       {"check_file", file_check},
                                       {"home", file_home},
                                       {"spawn", process_spawn},
                                       {"timer", timer_new},
                                       {"poller", poller_new},
                                       {"task_operation", core_task_operation},
                                       {"versions", core_versions},
                                       {"heed_sigterm", signals_heed_sigterm},
                                       {"was_terminated", signals_was_terminated},
                                       {"without_sigpipe", signals_without_sigpipe},
                                       {"is_terminal", terminal_is},
                                       {"terminal_size", terminal_size},
                                       {NULL, NULL}};
  luaL_checkversion(L);
  if (transfer_library_init()) return luaL_error(L, "crsync: libcurl cannot be initialised");
  stay_loaded();
  decode_open(L);
  request_open(L);
  process_open(L);
  timer_open(L);
  poller_open(L);
  lua_pushvalue(L, -2); /* decoder */
  lua_pushvalue(L, -2); /* key */
  luaaux_register_type(L, CORE_TYPE, core_metamethods, core_methods, 2);
  luaaux_register_type(L, JOB_TYPE, job_metamethods, no_methods, 0);
  lua_newtable(L);
  lua_insert(L, -3);
  luaL_setfuncs(L, functions, 2);
  return 1;
}
