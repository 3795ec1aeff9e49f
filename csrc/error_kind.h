/* error_kind.h - turns what happened (a CURLcode, an HTTP status, a service code) into a kind of error; and the small
 * readers that error responses need. Tables and text; knows neither Lua nor libcurl's handles.
 * Codes: Alibaba Cloud's gateway and Container Registry error tables. */
#ifndef CRSYNC_ERROR_KIND_H
#define CRSYNC_ERROR_KIND_H

#include <stddef.h>
#include <time.h>

#pragma GCC visibility push(hidden)

enum error_kind {
  ERROR_KIND_MEMORY, /* not a kind: becomes Lua's memory error */
  ERROR_KIND_CONFIG,
  ERROR_KIND_AUTH,
  ERROR_KIND_NOT_FOUND,
  ERROR_KIND_THROTTLED,
  ERROR_KIND_SERVER,
  ERROR_KIND_CLIENT,
  ERROR_KIND_NETWORK,
  ERROR_KIND_TIMEOUT,
  ERROR_KIND_TLS,
  ERROR_KIND_DECODE
};

/* The kind's name as callers see it. Static. */
const char *error_kind_name(enum error_kind kind);

/* 1 when the same request, signed anew, may succeed. */
int error_kind_is_retryable(enum error_kind kind);

/* The kind of a transfer that ended with this CURLcode, another than CURLE_OK. */
enum error_kind error_kind_of_curl(int curl_code);

/* The kind of a refusal: the service's code decides, where it says nothing the HTTP status does. */
enum error_kind error_kind_of_service(long status, const char *code);

/* The kind of a response that is an error page (HTML, XML, nothing) instead of the service's JSON. */
enum error_kind error_kind_of_page(long status);

/* 1 if a code that came with HTTP 200 means that all is well. */
int error_kind_is_success_code(const char *code);

/* Milliseconds to wait that the response asks for: the largest of x-acs-retry-after (ms), TimeLeft (ms) in
 * the two rate-limit headers, and Retry-After (seconds or a date, held against `now`). -1 if none. */
long error_kind_retry_after_ms(const char *acs_retry_after, const char *ratelimit_user_api, const char *ratelimit_user,
                               const char *retry_after, time_t now);

/* Finds <name>text</name> in an XML error body. Returns its text and length, or NULL. */
const char *error_kind_xml_text(const char *body, size_t len, const char *name, size_t *text_len);

#pragma GCC visibility pop

#endif
