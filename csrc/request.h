/* request.h - turns what a script asks for into a signed request: flattens parameters, puts headers together, adds date
 * and nonce. Joins Lua with sign and nonce; sends nothing. */
#ifndef CRSYNC_REQUEST_H
#define CRSYNC_REQUEST_H

#include "compat.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

/* Pushes a userdata that owns a signer without a key. Other signers share its algorithms. Once per state; raises when
 * OpenSSL lacks an algorithm. */
const struct sign *request_open(lua_State *L);

/* Raises when a function of sign.h did not return SIGN_OK. */
void request_check(lua_State *L, int status);

/* Signs an attempt with a fresh date and nonce. Stack: 2 the operation, 3 its parameters, 4 the attempt, whose
 * clock_offset is added to the date. The stack is left as it was. The text belongs to the signer. */
void request_sign_attempt(lua_State *L, struct sign *s, const char *host, struct sign_text *text);

/* Pushes the table of all headers, Authorization among them. */
void request_push_headers(lua_State *L, const struct sign *s, const struct sign_text *text);

/* The body of crsync.sign: takes the request table at 1; pushes headers, canonical query, canonical request
 * and string to sign, and returns 4. */
int request_sign_alone(lua_State *L, const struct sign *like);

#pragma GCC visibility pop

#endif
