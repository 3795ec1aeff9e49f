/* request.h - turns what a script asks for into a signed request: flattens parameters, puts headers together, adds date
 * and nonce. Joins Lua with sign and nonce; sends nothing. */
#ifndef CRSYNC_REQUEST_H
#define CRSYNC_REQUEST_H

#include "compat.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

/* Pushes a userdata that owns a key without id and secret, which others share their algorithms with. Once per state;
 * raises when OpenSSL lacks an algorithm. */
void request_open(lua_State *L);

/* Pushes a userdata that holds a key, once one is put into the pointer returned; its collector drops it. */
struct sign_key **request_push_key(lua_State *L);

/* The key that the userdata at `index` holds; raises when it is something else. */
struct sign_key *request_to_key(lua_State *L, int index);

/* What is wrong when a function of sign.h did not return SIGN_OK, for people; NULL when it did. */
const char *request_problem(int status);

/* Gathers an attempt's request: pushes a userdata that owns it, and returns it. Runs Lua, as every reading of tables
 * may. Stack: 2 the operation, 3 its parameters; it is left as it was, but for what is pushed. */
struct sign *request_push(lua_State *L, const char *host);

/* Signs it for a fresh nonce and the date of now plus clock_offset seconds. Runs no Lua, so that key, nonce and date
 * are those of the moment in which it is sent. Returns SIGN_OK or another SIGN_ value. */
int request_sign(struct sign *s, const struct sign_key *key, double clock_offset, struct sign_text *text);

/* Frees what request_push has pushed at `index`, without waiting for the collector. */
void request_free(lua_State *L, int index);

/* Pushes the table of all headers, Authorization among them. */
void request_push_headers(lua_State *L, const struct sign *s, const struct sign_text *text);

/* The body of crsync.sign: takes the request table at 1; pushes headers, canonical query, canonical request
 * and string to sign, and returns 4. */
int request_sign_alone(lua_State *L, struct sign_key *const *like);

#pragma GCC visibility pop

#endif
