/* error_kind.c - see error_kind.h. */
#define _GNU_SOURCE
#include "error_kind.h"
#include "packages.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_RETRY_AFTER_S = 24 * 3600 };

const char *error_kind_name(enum error_kind kind) {
  static const char *const names[] = {"",       "config",  "auth",    "not_found", "throttled", "server",
                                      "client", "network", "timeout", "tls",       "decode"};
  return names[kind];
}

int error_kind_is_retryable(enum error_kind kind) {
  return kind == ERROR_KIND_NETWORK || kind == ERROR_KIND_TIMEOUT || kind == ERROR_KIND_SERVER ||
         kind == ERROR_KIND_THROTTLED;
}

enum error_kind error_kind_of_curl(int curl_code) {
  switch (curl_code) {
  case CURLE_OUT_OF_MEMORY:
    return ERROR_KIND_MEMORY;
  case CURLE_URL_MALFORMAT:
  case CURLE_UNKNOWN_OPTION:
  case CURLE_NOT_BUILT_IN:
    return ERROR_KIND_CONFIG;
  case CURLE_OPERATION_TIMEDOUT:
    return ERROR_KIND_TIMEOUT;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CRL_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
  case CURLE_SSL_ENGINE_NOTFOUND:
  case CURLE_SSL_ENGINE_SETFAILED:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_USE_SSL_FAILED:
    return ERROR_KIND_TLS;
  case CURLE_BAD_CONTENT_ENCODING:
    return ERROR_KIND_DECODE;
  default: /* DNS, connect, reset, a cut body, a peer that doesn't speak HTTP, a proxy, a fork */
    return ERROR_KIND_NETWORK;
  }
}

/* ---- the service's codes ------------------------------------------------------------------------- */

struct rule {
  const char *text;
  enum { EXACT, PREFIX, SUFFIX } how;
  enum error_kind kind;
};

/* The first that fits decides: exceptions stand before the families they belong to. */
static const struct rule rules[] = {
    {"Throttling", PREFIX, ERROR_KIND_THROTTLED},
    {"InvalidAccessKeyId", PREFIX, ERROR_KIND_AUTH},
    {"InvalidAccessKeySecret", PREFIX, ERROR_KIND_AUTH},
    {"InvalidSecurityToken", PREFIX, ERROR_KIND_AUTH},
    {"SecurityToken", PREFIX, ERROR_KIND_AUTH},
    {"MissingSecurityToken", EXACT, ERROR_KIND_AUTH},
    {"MissingAccessKeyId", EXACT, ERROR_KIND_AUTH},
    {"SignatureNonceUsed", EXACT, ERROR_KIND_CLIENT},
    {"Signature", PREFIX, ERROR_KIND_AUTH},
    {"IncompleteSignature", PREFIX, ERROR_KIND_AUTH},
    {"InvalidSignature", PREFIX, ERROR_KIND_AUTH},
    {"Forbidden", PREFIX, ERROR_KIND_AUTH},
    {"NoPermission", PREFIX, ERROR_KIND_AUTH},
    {"NoPrivilege", PREFIX, ERROR_KIND_AUTH},
    {"Unauthorized", PREFIX, ERROR_KIND_AUTH},
    {"AUTHENTICATION_FAILED", EXACT, ERROR_KIND_AUTH},
    {"InvalidAction.NotFound", EXACT, ERROR_KIND_CLIENT}, /* the operation is unknown there, not the task */
    {"InvalidApi.NotFound", EXACT, ERROR_KIND_CLIENT},
    {"InvalidProduct.NotFound", EXACT, ERROR_KIND_CLIENT},
    {"InvalidVersion", PREFIX, ERROR_KIND_CLIENT},
    {"InvalidTimeStamp", PREFIX, ERROR_KIND_CLIENT},
    {"IllegalTimestamp", EXACT, ERROR_KIND_CLIENT},
    {"_NOT_EXIST", SUFFIX, ERROR_KIND_NOT_FOUND},
    {"_NOT_FOUND", SUFFIX, ERROR_KIND_NOT_FOUND},
    {".NotFound", SUFFIX, ERROR_KIND_NOT_FOUND},
    {".NotExist", SUFFIX, ERROR_KIND_NOT_FOUND},
    {"InternalError", PREFIX, ERROR_KIND_SERVER},
    {"InternalFailure", PREFIX, ERROR_KIND_SERVER},
    {"ServiceUnavailable", PREFIX, ERROR_KIND_SERVER},
    {"SystemError", EXACT, ERROR_KIND_SERVER},
};

static int rule_fits(const struct rule *rule, const char *code, size_t len) {
  size_t n = strlen(rule->text);
  if (len < n || (rule->how == EXACT && len != n)) return 0;
  return !memcmp(rule->how == SUFFIX ? code + len - n : code, rule->text, n);
}

/* Some gateways answer with HTTP 200 and have the status as the code. */
static int is_status(const char *code) { return strlen(code) == 3 && strspn(code, "0123456789") == 3; }

enum error_kind error_kind_of_service(long status, const char *code) {
  size_t len = strlen(code);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (rule_fits(&rules[i], code, len)) return rules[i].kind;
  if (status < 300 && is_status(code)) status = strtol(code, NULL, 10);
  if (status == 429) return ERROR_KIND_THROTTLED;
  if (status == 407) return ERROR_KIND_NETWORK;
  if (status == 401 || status == 403) return ERROR_KIND_AUTH;
  if (status == 404) return ERROR_KIND_NOT_FOUND;
  if (status >= 500) return ERROR_KIND_SERVER;
  return ERROR_KIND_CLIENT;
}

enum error_kind error_kind_of_page(long status) {
  if (status == 429) return ERROR_KIND_THROTTLED;
  if (status >= 300 && status < 400) return ERROR_KIND_CLIENT;
  return status >= 400 ? ERROR_KIND_SERVER : ERROR_KIND_DECODE;
}

int error_kind_is_success_code(const char *code) {
  return !strcasecmp(code, "success") || !strcasecmp(code, "ok") || !strcmp(code, "200");
}

/* ---- how long to wait ---------------------------------------------------------------------------- */

static long parse_ms(const char *digits) {
  char *end;
  long n = strtol(digits, &end, 10);
  if (end == digits || n < 0) return -1;
  return n > MAX_RETRY_AFTER_S * 1000L ? MAX_RETRY_AFTER_S * 1000L : n;
}

/* Where the name stands in the header; ASCII letters alone are alike, whatever the locale says. NULL: nowhere. */
static const char *find_name(const char *header, const char *name) {
  for (; *header; header++)
    if (curl_strnequal(header, name, strlen(name))) return header;
  return NULL;
}

/* "Limit:30,Remain:0,TimeLeft:800,Reset:1732500000" */
static long parse_time_left(const char *header) {
  const char *at = find_name(header, "TimeLeft:");
  return at ? parse_ms(at + strlen("TimeLeft:")) : -1;
}

static long parse_retry_after(const char *header, time_t now) {
  char *end;
  long seconds = strtol(header, &end, 10);
  if (end == header || *end) {
    time_t date = *header ? curl_getdate(header, NULL) : -1;
    if (date == (time_t)-1) return -1;
    seconds = date > now ? (long)(date - now) : 0;
  }
  if (seconds < 0) return -1;
  return (seconds > MAX_RETRY_AFTER_S ? MAX_RETRY_AFTER_S : seconds) * 1000L;
}

static long larger(long a, long b) { return a > b ? a : b; }

long error_kind_retry_after_ms(const char *acs_retry_after, const char *ratelimit_user_api, const char *ratelimit_user,
                               const char *retry_after, time_t now) {
  long limits = larger(parse_time_left(ratelimit_user_api), parse_time_left(ratelimit_user));
  return larger(larger(parse_ms(acs_retry_after), limits), parse_retry_after(retry_after, now));
}

/* ---- XML ----------------------------------------------------------------------------------------- */

const char *error_kind_xml_text(const char *body, size_t len, const char *name, size_t *text_len) {
  size_t name_len = strlen(name);
  const char *end = body + len;
  for (const char *at = body; (at = memchr(at, '<', (size_t)(end - at))); at++) {
    if ((size_t)(end - at) < name_len + 2 || memcmp(at + 1, name, name_len) != 0 || at[1 + name_len] != '>') continue;
    const char *text = at + name_len + 2;
    const char *close = memchr(text, '<', (size_t)(end - text));
    if (!close) return NULL;
    *text_len = (size_t)(close - text);
    return text;
  }
  return NULL;
}
