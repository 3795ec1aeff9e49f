/* sign.h - the ACS3-HMAC-SHA256 signature of one request. Pure computation on what it is given: no clock,
 * no random pool, no socket, no Lua. Algorithm: Alibaba Cloud, "V3 request body and signature mechanism".
 *
 * A key (sign_key) is shared by all that it signs, and by whoever keeps it out of other people's text. A struct sign is
 * one request, and never another: sign_new, then sign_query*, sign_header*, sign_token, and at last sign_finish.
 * Everything given is copied. Functions that return an int return SIGN_OK or another SIGN_ value. */
#ifndef CRSYNC_SIGN_H
#define CRSYNC_SIGN_H

#include "bytes.h"
#include <stddef.h>

#pragma GCC visibility push(hidden)

enum { SIGN_OK, SIGN_NO_MEMORY, SIGN_CRYPTO, SIGN_DUPLICATE, SIGN_BAD_HEADER };

struct sign_key;
struct sign;

/* The stages of a signature, for sending and for debugging. Owned by the request; valid until its sign_free. */
struct sign_text {
  struct bytes canonical_query, canonical_request, string_to_sign, authorization;
};

struct sign_header {
  struct bytes name, value;
};

/* A new key pair with an optional security token (length 0: none), held once; or NULL. Without id and secret it only
 * knows the algorithms: they are fetched when `like` is NULL and shared with it otherwise, for OpenSSL looks them up
 * by name, which is worth doing once per Lua state. */
struct sign_key *sign_key_new(const struct sign_key *like, struct bytes id, struct bytes secret, struct bytes token);

/* Holds the key once more. */
struct sign_key *sign_key_hold(struct sign_key *k);

/* Lets go of it; the last to do so wipes and frees it. NULL is fine. */
void sign_key_drop(struct sign_key *k);

/* Puts `newer`, which is taken over, in the place of *key. Whoever still holds the old one knows both. */
void sign_key_replace(struct sign_key **key, struct sign_key *newer);

/* A new request, or NULL. `path` is sent as it is given. Free with sign_free. */
struct sign *sign_new(struct bytes method, struct bytes path);

/* Wipes and frees the request. NULL is fine. */
void sign_free(struct sign *s);

/* Adds the two headers that carry the key's security token, where it has one. */
int sign_token(struct sign *s, const struct sign_key *k);

/* Adds one query parameter, decoded. */
int sign_query(struct sign *s, struct bytes name, struct bytes value);

/* Adds one header. The name is lowered, spaces around the value go. SIGN_DUPLICATE if there is one of that
 * name (nothing is changed), SIGN_BAD_HEADER for a character that no header may hold. */
int sign_header(struct sign *s, struct bytes name, struct bytes value);

/* 1 if there is a header of that name, in whatever letter case, with that very value. */
int sign_has_header(const struct sign *s, struct bytes name, struct bytes value);

/* Hashes the body, adds x-acs-content-sha256, and signs host, content-type and every x-acs- header. Once. */
int sign_finish(struct sign *s, const struct sign_key *k, struct bytes body, struct sign_text *text);

/* The i-th header (from 0) of the request, Authorization not among them; 0 after the last. */
int sign_header_at(const struct sign *s, size_t i, struct sign_header *header);

/* Overwrites secret, token and the middle of the id, the key's and those of all that have replaced it since, by
 * asterisks, in whatever form they are in the text: redact.h. The length stays. NULL: no key. */
void sign_redact(struct sign_key *k, char *text, size_t len);

/* 1 if redact_is_echoed holds for the secret or the token of one of those. NULL: no key. */
int sign_is_echoed(const struct sign_key *k, struct bytes text);

#pragma GCC visibility pop

#endif
