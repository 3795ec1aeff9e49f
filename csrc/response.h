/* response.h - turns what came back into Lua: the decoded table, or nil and an error table. Joins the outcome of a
 * transfer with error_kind (what kind of failure), decode and types (JSON) and sign (no secret in any text). */
#ifndef CRSYNC_RESPONSE_H
#define CRSYNC_RESPONSE_H

#include "compat.h"
#include "sign.h"
#include "trace.h"
#include "transfer.h"

#pragma GCC visibility push(hidden)

enum { RESPONSE_HASH_SIZE = 65 };

struct response {
  const struct transfer_outcome *outcome;
  struct sign_key *key; /* whose secrets are kept out of every text */
  const char *host;     /* the endpoint, for the reader of an error */
  const char *action;
  const char *signature;    /* the request's, kept out as well; NULL or "": none */
  const char *request_hash; /* the hash that was signed: tells a wrong secret from an altered request */
  size_t max_response_size;
  /* Absolute stack indices: decode.h; types.h; the operation's table, lua/crsync/operations.lua; the id that was asked
   * for, or nil. */
  int decoder, shape, operation, asked;
  int is_anothers; /* set by response_push: what came is the response to another request */
};

/* Pushes the table and returns 1, or nil and a plain error table (kind, message, status, code, request_id,
 * endpoint, action, retryable, retry_after, …) and returns 2. Raises only when memory runs out. */
int response_push(lua_State *L, struct response *r);

/* The same for what is no operation's: pushes a table (status, body, request_id, clock_difference, retry_after) and
 * returns 1, whatever the status; or nil and an error table, where none came. Needs outcome, key and host alone. */
int response_push_plain(lua_State *L, const struct response *r);

/* Puts what was noted of the transfer into the table at stack index `into`: times, http_version, new_connection,
 * address, and by its level url, request_head, response_head, body and body_size. All without the key's secrets. Does
 * nothing where nothing was noted. */
void response_tell(lua_State *L, const struct response *r, const struct trace *trace, int into);

/* Pushes a text without the secrets of `key` and a request's signature, if they are not NULL; 8192 bytes of it. */
void response_push_clean(lua_State *L, struct sign_key *key, const char *signature, struct bytes text);

#pragma GCC visibility pop

#endif
