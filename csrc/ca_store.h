/* ca_store.h - which certificates a libcurl handle trusts: what the user gives, or the system's, read the cheaper way.
 */
#ifndef CRSYNC_CA_STORE_H
#define CRSYNC_CA_STORE_H

#include "packages.h"
#include <curl/curl.h>

#pragma GCC visibility push(hidden)

/* For the service, and for a proxy that is reached over TLS; TLS 1.2 at least. A file or folder that is given stands in
 * for the system's; NULL and NULL: libcurl's own. Strings are copied. Returns 0, or -1 without memory. */
int ca_store_apply(CURL *easy, const char *file, const char *path, int skip_verify);

/* Where the system has its anchors in one file and, beside it, in a hashed folder, the folder is enough, and reading
 * the file would be most of a first call's time. Returns the file, to fall back on with ca_store_set_bundle: somebody
 * may have appended to it what the folder lacks; NULL when nothing was changed. The string is libcurl's, and stays. */
const char *ca_store_leave_bundle_out(CURL *easy);

/* The file, beside the folder that is set. Returns 0, or -1 without memory. */
int ca_store_set_bundle(CURL *easy, const char *file);

#pragma GCC visibility pop

#endif
