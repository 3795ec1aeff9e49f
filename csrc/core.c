/* core.c - the Lua binding, module "crsync.core". The one file that sees all rooms. It requires no Lua file of
 * crsync's.
 *
 * There are two userdata. "crsync.core" is a client's engine, signer and settings; "crsync.job" is one attempt.
 *   core:start(operation, params, attempt) -> job     signs and starts; never blocks
 *   core:pollfd(), :events(), :timeout(), :step()      for whoever waits; core:wait(seconds) waits itself
 *   core:finished() -> job or nil                      each job that has ended, once
 *   core:has_ended(job) -> boolean
 *   core:result(job) -> table, or nil and an error table
 *   core:get_task(instance_id, task_id)                all of this for one attempt
 *   core:fetch(request) -> job, core:response(job)     the same for any other request, unsigned
 *
 * Ownership: the core owns its engine and its signer; a job owns its transfer. The core's first user value keeps the
 * jobs in flight alive; a job's first user value keeps its core alive. Closing a core detaches its jobs. A userdata has
 * its type and is empty before it acquires anything, so an error at any point leaks nothing. */
#define _GNU_SOURCE
#include "compat.h"
#include "decode.h"
#include "file.h"
#include "luaaux.h"
#include "pollset.h"
#include "process.h"
#include "request.h"
#include "response.h"
#include "sign.h"
#include "task_operation.h"
#include "timer.h"
#include "transfer.h"

#include <dlfcn.h>
#include <math.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CORE_TYPE "crsync.core"
#define JOB_TYPE "crsync.job"

enum {
  SLICE_MS = 200, /* no call stays longer in C: a hook, which is how an interrupt arrives, runs in Lua only */
  UP_DECODER = lua_upvalueindex(1),
  UP_SIGNER = lua_upvalueindex(2)
};

struct job;

struct core {
  struct transfer_engine *engine; /* NULL: closed */
  struct sign *signer;
  char *origin;     /* "https://host:port" */
  const char *host; /* within origin */
  double timeout, connect_timeout;
  size_t max_response_size;
  int has_key;
  struct job *jobs;
};

struct job {
  struct core *core; /* NULL: detached, or its result was taken */
  struct transfer *transfer;
  struct job *previous, *next;
  char request_hash[RESPONSE_HASH_SIZE];
};

/* ---- arguments ----------------------------------------------------------------------------------- */

static struct core *check_core(lua_State *L) {
  struct core *c = luaL_checkudata(L, 1, CORE_TYPE);
  if (!c->engine) luaL_error(L, "client is closed");
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

/* ---- a job's life -------------------------------------------------------------------------------- */

/* Takes the job out of its core and frees what it holds. Doing it again does nothing. */
static void detach_job(struct job *job) {
  struct core *c = job->core;
  if (!c) return;
  if (job->previous)
    job->previous->next = job->next;
  else
    c->jobs = job->next;
  if (job->next) job->next->previous = job->previous;
  job->previous = job->next = NULL;
  job->core = NULL;
  transfer_free(job->transfer);
  job->transfer = NULL;
}

static int job_gc(lua_State *L) {
  detach_job(luaL_checkudata(L, 1, JOB_TYPE));
  return 0;
}

static int job_tostring(lua_State *L) {
  const struct job *job = luaL_checkudata(L, 1, JOB_TYPE);
  const char *state = !job->core ? "gone" : transfer_outcome(job->transfer) ? "ended" : "in flight";
  lua_pushfstring(L, "crsync.job (%s)", state);
  return 1;
}

/* Pushes a new job of the core at stack index 1. Only the stack keeps it alive until it is anchored. */
static struct job *push_job(lua_State *L, struct core *c, int operation) {
  struct job *job = lua_newuserdatauv(L, sizeof *job, 2);
  memset(job, 0, sizeof *job);
  luaL_setmetatable(L, JOB_TYPE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, operation);
  lua_setiuservalue(L, -2, 2);
  job->core = c;
  job->next = c->jobs;
  if (c->jobs) c->jobs->previous = job;
  c->jobs = job;
  job->transfer = transfer_new(c->engine, job);
  if (!job->transfer) luaL_error(L, "not enough memory");
  return job;
}

/* With `keep`, the core at stack index 1 keeps the job alive, which is at the top of the stack. Without, it lets go. */
static void anchor(lua_State *L, const struct job *job, int keep) {
  lua_getiuservalue(L, 1, 1);
  if (keep)
    lua_pushvalue(L, -2);
  else
    lua_pushnil(L);
  lua_rawsetp(L, -2, job);
  lua_pop(L, 1);
}

/* ---- a core's life ------------------------------------------------------------------------------- */

/* It counts as closed before anything is freed. Closing it again does nothing. */
static int core_close(lua_State *L) {
  struct core *c = luaL_checkudata(L, 1, CORE_TYPE);
  struct transfer_engine *engine = c->engine;
  c->engine = NULL;
  while (c->jobs) detach_job(c->jobs);
  transfer_engine_free(engine);
  sign_free(c->signer);
  free(c->origin);
  c->signer = NULL;
  c->origin = NULL;
  c->host = "";
  return 0;
}

static int core_tostring(lua_State *L) {
  const struct core *c = luaL_checkudata(L, 1, CORE_TYPE);
  if (c->engine)
    lua_pushfstring(L, "crsync.core (%s)", c->origin);
  else
    lua_pushliteral(L, "crsync.core (closed)");
  return 1;
}

static void set_origin(lua_State *L, struct core *c) {
  const char *endpoint = luaaux_get_string(L, 1, "endpoint", "");
  const char *host = !strncmp(endpoint, "https://", 8)  ? endpoint + 8
                     : !strncmp(endpoint, "http://", 7) ? endpoint + 7
                                                        : "";
  luaL_argcheck(L, *host && !strpbrk(host, "/?#@ \t\r\n"), 1, "endpoint should be https://host or http://host");
  c->origin = strdup(endpoint);
  if (!c->origin) luaL_error(L, "not enough memory");
  c->host = c->origin + (host - endpoint);
}

static int set_key(lua_State *L, struct core *c, struct bytes id, struct bytes secret, struct bytes token) {
  c->has_key = 0;
  if (!id.len || !secret.len) return 0;
  request_check(L, sign_key(c->signer, id, secret, token));
  c->has_key = 1;
  return 1;
}

static void open_engine(lua_State *L, struct core *c) {
  struct transfer_settings settings = {
      .user_agent = luaaux_get_string(L, 1, "user_agent", "crsync"),
      .proxy = luaaux_get_string(L, 1, "proxy", NULL),
      .ca_file = luaaux_get_string(L, 1, "ca_file", NULL),
      .ca_path = luaaux_get_string(L, 1, "ca_path", NULL),
      .skip_verify = luaaux_get_boolean(L, 1, "insecure_skip_tls_verify"),
      .max_response_size = c->max_response_size,
  };
  c->engine = transfer_engine_new(&settings);
  if (!c->engine) luaL_error(L, "cannot start libcurl: no memory or no descriptors are left");
}

/* new(settings) -> core. The settings are those of crsync.new, which checks them; the endpoint has its scheme. */
static int core_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 20, "settings");
  struct core *c = lua_newuserdatauv(L, sizeof *c, 1);
  memset(c, 0, sizeof *c);
  c->host = "";
  luaL_setmetatable(L, CORE_TYPE);
  lua_newtable(L);
  lua_setiuservalue(L, -2, 1);
  c->signer = sign_new(*(struct sign **)lua_touserdata(L, UP_SIGNER));
  if (!c->signer) return luaL_error(L, "not enough memory");
  set_origin(L, c);
  set_key(L, c, luaaux_get_key(L, 1, "access_key_id"), luaaux_get_key(L, 1, "access_key_secret"),
          luaaux_get_key(L, 1, "security_token"));
  c->timeout = luaaux_get_number(L, 1, "timeout", 10);
  c->connect_timeout = luaaux_get_number(L, 1, "connect_timeout", 5);
  c->max_response_size = (size_t)luaaux_get_number(L, 1, "max_response_size", 16.0 * 1024 * 1024);
  open_engine(L, c);
  lua_settop(L, 2);
  return 1;
}

/* core:set_credentials(access_key_id, access_key_secret, security_token or nil) */
static int core_set_credentials(lua_State *L) {
  struct core *c = check_core(L);
  luaL_checktype(L, 2, LUA_TSTRING);
  luaL_checktype(L, 3, LUA_TSTRING);
  if (!lua_isnoneornil(L, 4)) luaL_checktype(L, 4, LUA_TSTRING);
  struct bytes token = lua_isnoneornil(L, 4) ? (struct bytes){"", 0} : luaaux_trim(L, 4, "security_token");
  if (!set_key(L, c, luaaux_trim(L, 2, "access_key_id"), luaaux_trim(L, 3, "access_key_secret"), token))
    return luaL_error(L, "access_key_id or access_key_secret is empty");
  return 0;
}

/* ---- starting an attempt ------------------------------------------------------------------------- */

static void sign_attempt(lua_State *L, struct core *c, struct sign_text *text) {
  if (!c->has_key) luaL_error(L, "no access key is set");
  luaL_checkstack(L, 30, "request");
  request_sign_attempt(L, c->signer, c->host, text);
}

/* Pushes the URL. Its query is the canonical one: what was signed is what is sent. */
static const char *push_url(lua_State *L, const struct core *c, const struct sign_text *text) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, c->origin);
  luaL_addstring(&b, "/?");
  luaL_addlstring(&b, text->canonical_query.data, text->canonical_query.len);
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

static void check_memory(lua_State *L, int failed) {
  if (failed) luaL_error(L, "not enough memory");
}

static void give_headers(lua_State *L, struct transfer *t, const struct sign *s, const struct sign_text *text) {
  struct sign_header h;
  for (size_t i = 0; sign_header_at(s, i, &h); i++)
    check_memory(L, transfer_header(t, h.name.data, h.name.len, h.value.data, h.value.len));
  check_memory(L, transfer_header(t, "Authorization", 13, text->authorization.data, text->authorization.len));
}

/* The last line of the string to sign. The service repeats its own when the signatures differ. */
static struct bytes request_hash(const struct sign_text *text) {
  const size_t n = RESPONSE_HASH_SIZE - 1;
  return (struct bytes){text->string_to_sign.data + text->string_to_sign.len - n, n};
}

static void check_start_arguments(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  if (lua_isnoneornil(L, 4)) {
    lua_settop(L, 3);
    lua_newtable(L);
  }
  luaL_checktype(L, 4, LUA_TTABLE);
  lua_settop(L, 4);
}

/* Starts the transfer of the job at the top of the stack, and leaves the job there. */
static int start_job(lua_State *L, struct job *job, const struct transfer_request *request) {
  anchor(L, job, 1);
  if (!transfer_start(job->transfer, request)) return 1;
  anchor(L, job, 0);
  detach_job(job);
  return luaL_error(L, "cannot start a transfer: no memory or no descriptors are left");
}

/* core:start(operation, params, attempt) -> job
 * operation: action, version, method, response (a shape, see types.h). attempt: timeout, connect_timeout,
 * clock_offset (seconds), fresh_connection. */
static int core_start(lua_State *L) {
  struct core *c = check_core(L);
  struct sign_text text;
  check_start_arguments(L);
  sign_attempt(L, c, &text);
  struct transfer_request request = {
      .url = push_url(L, c, &text),
      .timeout_ms = milliseconds(luaaux_get_number(L, 4, "timeout", c->timeout)),
      .connect_timeout_ms = milliseconds(luaaux_get_number(L, 4, "connect_timeout", c->connect_timeout)),
      .fresh_connection = luaaux_get_boolean(L, 4, "fresh_connection"),
      .method = luaaux_get_string(L, 2, "method", "POST"),
  };
  struct job *job = push_job(L, c, 2);
  memcpy(job->request_hash, request_hash(&text).data, request_hash(&text).len);
  give_headers(L, job->transfer, c->signer, &text);
  return start_job(L, job, &request);
}

/* Gives the job the headers of the table at `headers`. */
static void give_plain_headers(lua_State *L, struct transfer *t, int headers) {
  lua_pushnil(L);
  while (lua_next(L, headers)) {
    size_t name_len, value_len;
    luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING, 2,
                  "headers map names to strings");
    const char *name = lua_tolstring(L, -2, &name_len), *value = lua_tolstring(L, -1, &value_len);
    luaL_argcheck(L, !strpbrk(value, "\r\n") && strlen(value) == value_len, 2, "a header holds a control character");
    check_memory(L, transfer_header(t, name, name_len, value, value_len));
    lua_pop(L, 1);
  }
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
      .body = luaaux_get_string(L, 2, "body", ""),
      .timeout_ms = milliseconds(luaaux_get_number(L, 2, "timeout", c->timeout)),
      .connect_timeout_ms = milliseconds(luaaux_get_number(L, 2, "connect_timeout", c->connect_timeout)),
      .max_response_size = (size_t)luaaux_get_number(L, 2, "max_response_size", 0),
      .is_for_keys = 1,
      .direct = luaaux_get_boolean(L, 2, "direct"),
  };
  if (lua_isstring(L, -1)) request.body_len = lua_rawlen(L, -1);
  int headers = push_table_field(L, 2, "headers");
  lua_pushnil(L);
  struct job *job = push_job(L, c, headers + 1);
  give_plain_headers(L, job->transfer, headers);
  return start_job(L, job, &request);
}

/* core:prepare(operation, params, attempt) -> { method, url, headers, body }, for a transport of the host's */
static int core_prepare(lua_State *L) {
  struct core *c = check_core(L);
  struct sign_text text;
  check_start_arguments(L);
  sign_attempt(L, c, &text);
  lua_createtable(L, 0, 5);
  lua_pushstring(L, luaaux_get_string(L, 2, "method", "POST"));
  lua_setfield(L, 5, "method");
  push_url(L, c, &text);
  lua_setfield(L, 5, "url");
  request_push_headers(L, c->signer, &text);
  lua_setfield(L, 5, "headers");
  lua_pushliteral(L, "");
  lua_setfield(L, 5, "body");
  lua_pushlstring(L, request_hash(&text).data, request_hash(&text).len);
  lua_setfield(L, 5, "request_hash");
  lua_settop(L, 5);
  return 1;
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
  struct core *c = check_core(L);
  transfer_wait(c->engine, slice_ms(luaL_checknumber(L, 2)));
  return 0;
}

/* core:finished() -> a job that has ended, or nil */
static int core_finished(lua_State *L) {
  struct core *c = check_core(L);
  struct job *job = transfer_finished(c->engine);
  if (!job) return 0;
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, 1);
  lua_rawgetp(L, 2, job);
  anchor(L, job, 0);
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
  check_core(L);
  struct job *job = luaL_checkudata(L, 2, JOB_TYPE);
  lua_settop(L, 2);
  anchor(L, job, 0);
  detach_job(job);
  return 0;
}

/* ---- results ------------------------------------------------------------------------------------- */

static const char *push_action(lua_State *L, int operation) {
  lua_getfield(L, operation, "action");
  return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
}

static int push_response(lua_State *L, const struct core *c, const struct transfer_outcome *outcome, int operation,
                         const char *request_hash) {
  struct response r = {
      .outcome = outcome,
      .signer = c->signer,
      .host = c->host,
      .request_hash = request_hash,
      .max_response_size = c->max_response_size,
      .action = push_action(L, operation),
      .shape = push_table_field(L, operation, "response"), /* see types.h */
  };
  lua_pushvalue(L, UP_DECODER);
  r.decoder = lua_gettop(L);
  return response_push(L, &r);
}

/* The job at index 2, which has ended. */
static struct job *check_ended(lua_State *L, const struct core *c) {
  struct job *job = check_job(L, 2, c);
  if (!transfer_outcome(job->transfer)) luaL_error(L, "the request is still in flight");
  lua_settop(L, 2);
  luaL_checkstack(L, 30, "response");
  lua_getiuservalue(L, 2, 2);
  return job;
}

static int finish_job(lua_State *L, struct job *job, int count) {
  anchor(L, job, 0);
  detach_job(job);
  return count;
}

/* core:result(job) -> table, or nil and an error table. Once; the job is gone afterwards. */
static int core_result(lua_State *L) {
  struct core *c = check_core(L);
  struct job *job = check_ended(L, c);
  return finish_job(L, job, push_response(L, c, transfer_outcome(job->transfer), 3, job->request_hash));
}

/* core:response(job) -> { status, body, clock_difference, request_id }, or nil and an error table. Once. */
static int core_response(lua_State *L) {
  struct core *c = check_core(L);
  struct job *job = check_ended(L, c);
  struct response r = {.outcome = transfer_outcome(job->transfer), .signer = c->signer, .host = ""};
  return finish_job(L, job, response_push_plain(L, &r));
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

/* core:receive(operation, request, status, headers, body): what a host's own transport brought. Header names
 * in lower case. */
static int core_receive(lua_State *L) {
  struct core *c = check_core(L);
  struct transfer_outcome o = {.sent = 1, .error = ""};
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  o.status = (long)luaL_checkinteger(L, 4);
  luaL_checktype(L, 5, LUA_TTABLE);
  o.body = luaL_checklstring(L, 6, &o.body_len);
  lua_settop(L, 6);
  luaL_checkstack(L, 30, "response");
  o.too_large = o.body_len > c->max_response_size ? TRANSFER_BODY : 0;
  if (o.too_large) o.curl_code = 1; /* any code but 0: too_large is looked at first */
  keep_headers(L, 5, &o.headers);
  o.content_type = luaaux_get_string(L, 5, "content-type", "");
  return push_response(L, c, &o, 2, luaaux_get_string(L, 3, "request_hash", ""));
}

/* ---- the bare binding ---------------------------------------------------------------------------- */

/* Calls an empty Lua function, so that a pending hook runs. When the hook raises, as an interrupt does, the job ends as
 * well. Stack: core … job */
static void run_hooks(lua_State *L) {
  int job = lua_gettop(L);
  int status = luaL_loadstring(L, "return");
  if (status == LUA_OK) status = lua_pcall(L, 0, 0, 0);
  if (status == LUA_OK) return;
  lua_pushvalue(L, job);
  lua_replace(L, 2);
  lua_replace(L, 3);
  lua_settop(L, 3);
  anchor(L, luaL_checkudata(L, 2, JOB_TYPE), 0);
  detach_job(luaL_checkudata(L, 2, JOB_TYPE));
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
  while (!transfer_outcome(job->transfer)) {
    transfer_wait(c->engine, SLICE_MS);
    run_hooks(L);
    if (!job->core) return luaL_error(L, "client is closed");
  }
  lua_replace(L, 2);
  lua_settop(L, 2);
  return core_result(L);
}

/* ---- the module's functions --------------------------------------------------------------------- */

/* sign(request) -> headers, canonical query, canonical request, string to sign */
static int core_sign(lua_State *L) { return request_sign_alone(L, *(struct sign **)lua_touserdata(L, UP_SIGNER)); }

/* task_operation() -> the operation that get_task starts, for core:start without crsync.operations */
static int core_task_operation(lua_State *L) {
  task_operation_push(L);
  return 1;
}

/* decode(text) -> the JSON value, or nil and what is wrong and where; nothing of the text is in that */
static int core_decode(lua_State *L) {
  size_t len;
  char reason[DECODE_REASON_SIZE];
  struct decode_repairs repairs;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_settop(L, 1);
  if (decode_value(L, UP_DECODER, text, len, &repairs, reason) && decode_repair(L, &repairs, reason)) return 1;
  lua_pushnil(L);
  lua_pushstring(L, reason);
  return 2;
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
                                          {"result", core_result},
                                          {"fetch", core_fetch},
                                          {"response", core_response},
                                          {"receive", core_receive},
                                          {"get_task", core_get_task},
                                          {"close", core_close},
                                          {NULL, NULL}};
  static const luaL_Reg job_metamethods[] = {{"__gc", job_gc}, {"__tostring", job_tostring}, {NULL, NULL}};
  static const luaL_Reg no_methods[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", core_new},
                                       {"sign", core_sign},
                                       {"decode", core_decode},
                                       {"now", core_now},
                                       {"sleep", core_sleep},
                                       {"random", core_random},
                                       {"read_file", file_read},
                                       {"home", file_home},
                                       {"spawn", process_spawn},
                                       {"timer", timer_new},
                                       {"task_operation", core_task_operation},
                                       {NULL, NULL}};
  luaL_checkversion(L);
  if (transfer_library_init()) return luaL_error(L, "crsync: libcurl cannot be initialised");
  stay_loaded();
  decode_open(L);
  request_open(L);
  process_open(L);
  timer_open(L);
  lua_pushvalue(L, -2); /* decoder */
  lua_pushvalue(L, -2); /* signer */
  luaaux_register_type(L, CORE_TYPE, core_metamethods, core_methods, 2);
  luaaux_register_type(L, JOB_TYPE, job_metamethods, no_methods, 0);
  lua_newtable(L);
  lua_insert(L, -3);
  luaL_setfuncs(L, functions, 2);
  return 1;
}
