/* ca_store.h - which certificates the handles of one engine trust: what the user gives, or the system's, read the
 * cheaper way. Knows libcurl's options, and no transfer.
 *
 * Where the system has its anchors in one file and, beside it, in a folder, one of both is enough, and reading the
 * other would be most of a first call's time: for OpenSSL and a hashed folder the file, for GnuTLS, which reads all of
 * the folder, the folder. So that is left out, until a certificate is refused: somebody may have put there what the
 * other lacks. */
#ifndef CRSYNC_CA_STORE_H
#define CRSYNC_CA_STORE_H

#include "packages.h"
#include <curl/curl.h>

#pragma GCC visibility push(hidden)

/* Zeroed before its first use. Owns nothing: the texts are libcurl's own, and stay. */
struct ca_store {
  const char *file, *path; /* libcurl's, where one of them was left out; else NULL */
  int is_partial;          /* 1: the handle that others are copied from still lacks it */
};

/* Sets what `easy`, which others are copied from, trusts: for the service, and for a proxy that is reached over TLS;
 * TLS 1.2 at least. A file or folder that is given stands in for the system's; NULL and NULL: the system's. Strings are
 * copied. Returns 0, or -1 when memory runs out. */
int ca_store_apply(struct ca_store *s, CURL *easy, const char *file, const char *path, int skip_verify);

/* Gives what was left out to the handle that others are copied from. Returns 0, or -1 when memory runs out. */
int ca_store_complete(struct ca_store *s, CURL *easy);

/* The same for one that was copied before: it should be in no pool. */
int ca_store_add_rest(const struct ca_store *s, CURL *easy);

/* libcurl's verdict on a certificate, whose numbers are those of its TLS library, as one of OpenSSL's X509_V_. */
long ca_store_verdict(long verdict);

#pragma GCC visibility pop

#endif
