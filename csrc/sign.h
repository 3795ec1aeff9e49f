/* sign.h - the ACS3-HMAC-SHA256 signature of one request. Pure computation on what it is given: no clock,
 * no random pool, no socket, no Lua. Algorithm: Alibaba Cloud, "V3 request body and signature mechanism".
 *
 * A signer is used in this order, any number of times:
 *   sign_key, then for each request sign_begin, sign_query*, sign_header*, sign_finish.
 * It copies everything it is given. Functions that return an int return SIGN_OK or another SIGN_ value. */
#ifndef CRSYNC_SIGN_H
#define CRSYNC_SIGN_H

#include "bytes.h"
#include <stddef.h>

#pragma GCC visibility push(hidden)

enum { SIGN_OK, SIGN_NO_MEMORY, SIGN_CRYPTO, SIGN_DUPLICATE, SIGN_BAD_HEADER };

struct sign;

/* The stages of a signature, for sending and for debugging. Owned by the signer; valid until its next
 * sign_begin, sign_key or sign_free. */
struct sign_text {
  struct bytes canonical_query, canonical_request, string_to_sign, authorization;
};

struct sign_header {
  struct bytes name, value;
};

/* A new signer without a key, or NULL. Algorithms are fetched when `like` is NULL and shared with it
 * otherwise: OpenSSL looks them up by name, which is worth doing once per Lua state. Free with sign_free. */
struct sign *sign_new(const struct sign *like);

/* Wipes and frees the signer. NULL is fine. */
void sign_free(struct sign *s);

/* Sets the key pair and an optional security token (length 0: none). The former ones are wiped. */
int sign_key(struct sign *s, struct bytes id, struct bytes secret, struct bytes token);

/* Starts a request; forgets the one before. `path` is sent as it is given. With a security token in the
 * key, the two headers that carry it are added. */
int sign_begin(struct sign *s, struct bytes method, struct bytes path);

/* Adds one query parameter, decoded. */
int sign_query(struct sign *s, struct bytes name, struct bytes value);

/* Adds one header. The name is lowered, spaces around the value go. SIGN_DUPLICATE if there is one of that
 * name (nothing is changed), SIGN_BAD_HEADER for a character that no header may hold. */
int sign_header(struct sign *s, struct bytes name, struct bytes value);

/* 1 if there is a header of that name, in whatever letter case, with that very value. */
int sign_has_header(const struct sign *s, struct bytes name, struct bytes value);

/* Hashes the body, adds x-acs-content-sha256, and signs host, content-type and every x-acs- header. */
int sign_finish(struct sign *s, struct bytes body, struct sign_text *text);

/* The i-th header (from 0) of the request, Authorization not among them; 0 after the last. */
int sign_header_at(const struct sign *s, size_t i, struct sign_header *header);

/* Writes asterisks over the secret and the token wherever they occur in text, whether plain, percent-encoded or with
 * JSON's escaped slashes. The length stays. */
void sign_redact(const struct sign *s, char *text, size_t len);

#pragma GCC visibility pop

#endif
