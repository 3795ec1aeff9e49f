/* fault.c - see fault.h. */
#define _GNU_SOURCE
#include "fault.h"
#include "packages.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_RETRY_AFTER_S = 24 * 3600 };

const char *fault_name(enum fault kind) {
  static const char *const names[] = {"",       "config",  "auth",    "not_found", "throttled", "server",
                                      "client", "network", "timeout", "tls",       "decode"};
  return names[kind];
}

int fault_is_retryable(enum fault kind) {
  return kind == FAULT_NETWORK || kind == FAULT_TIMEOUT || kind == FAULT_SERVER || kind == FAULT_THROTTLED;
}

enum fault fault_of_curl(int curl_code) {
  switch (curl_code) {
  case CURLE_OUT_OF_MEMORY:
    return FAULT_MEMORY;
  case CURLE_URL_MALFORMAT:
  case CURLE_UNKNOWN_OPTION:
  case CURLE_NOT_BUILT_IN:
    return FAULT_CONFIG;
  case CURLE_OPERATION_TIMEDOUT:
    return FAULT_TIMEOUT;
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
    return FAULT_TLS;
  case CURLE_BAD_CONTENT_ENCODING:
    return FAULT_DECODE;
  default: /* DNS, connect, reset, a cut body, a peer that doesn't speak HTTP, a proxy, a fork */
    return FAULT_NETWORK;
  }
}

/* ---- the service's codes ------------------------------------------------------------------------- */

struct rule {
  const char *text;
  enum { EXACT, PREFIX, SUFFIX } how;
  enum fault kind;
};

/* The first that fits decides: exceptions stand before the families they belong to. */
static const struct rule rules[] = {
    {"Throttling", PREFIX, FAULT_THROTTLED},
    {"InvalidAccessKeyId", PREFIX, FAULT_AUTH},
    {"InvalidAccessKeySecret", PREFIX, FAULT_AUTH},
    {"InvalidSecurityToken", PREFIX, FAULT_AUTH},
    {"SecurityToken", PREFIX, FAULT_AUTH},
    {"MissingSecurityToken", EXACT, FAULT_AUTH},
    {"MissingAccessKeyId", EXACT, FAULT_AUTH},
    {"SignatureNonceUsed", EXACT, FAULT_CLIENT},
    {"Signature", PREFIX, FAULT_AUTH},
    {"IncompleteSignature", PREFIX, FAULT_AUTH},
    {"InvalidSignature", PREFIX, FAULT_AUTH},
    {"Forbidden", PREFIX, FAULT_AUTH},
    {"NoPermission", PREFIX, FAULT_AUTH},
    {"NoPrivilege", PREFIX, FAULT_AUTH},
    {"Unauthorized", PREFIX, FAULT_AUTH},
    {"AUTHENTICATION_FAILED", EXACT, FAULT_AUTH},
    {"InvalidAction.NotFound", EXACT, FAULT_CLIENT}, /* the operation is unknown there, not the task */
    {"InvalidApi.NotFound", EXACT, FAULT_CLIENT},
    {"InvalidProduct.NotFound", EXACT, FAULT_CLIENT},
    {"InvalidVersion", PREFIX, FAULT_CLIENT},
    {"InvalidTimeStamp", PREFIX, FAULT_CLIENT},
    {"IllegalTimestamp", EXACT, FAULT_CLIENT},
    {"_NOT_EXIST", SUFFIX, FAULT_NOT_FOUND},
    {"_NOT_FOUND", SUFFIX, FAULT_NOT_FOUND},
    {".NotFound", SUFFIX, FAULT_NOT_FOUND},
    {".NotExist", SUFFIX, FAULT_NOT_FOUND},
    {"InternalError", PREFIX, FAULT_SERVER},
    {"InternalFailure", PREFIX, FAULT_SERVER},
    {"ServiceUnavailable", PREFIX, FAULT_SERVER},
    {"SystemError", EXACT, FAULT_SERVER},
};

static int rule_fits(const struct rule *rule, const char *code, size_t len) {
  size_t n = strlen(rule->text);
  if (len < n || (rule->how == EXACT && len != n)) return 0;
  return !memcmp(rule->how == SUFFIX ? code + len - n : code, rule->text, n);
}

enum fault fault_of_service(long status, const char *code) {
  size_t len = strlen(code);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (rule_fits(&rules[i], code, len)) return rules[i].kind;
  if (status == 429) return FAULT_THROTTLED;
  if (status == 407) return FAULT_NETWORK;
  if (status == 401 || status == 403) return FAULT_AUTH;
  if (status == 404) return FAULT_NOT_FOUND;
  if (status >= 500) return FAULT_SERVER;
  return FAULT_CLIENT;
}

enum fault fault_of_page(long status) {
  if (status == 429) return FAULT_THROTTLED;
  if (status == 407) return FAULT_NETWORK;
  if (status >= 300 && status < 400) return FAULT_CLIENT;
  return status >= 400 ? FAULT_SERVER : FAULT_DECODE;
}

int fault_is_success_code(const char *code) {
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

long fault_retry_after_ms(const char *acs_retry_after, const char *ratelimit_user_api, const char *ratelimit_user,
                          const char *retry_after, time_t now) {
  long limits = larger(parse_time_left(ratelimit_user_api), parse_time_left(ratelimit_user));
  return larger(larger(parse_ms(acs_retry_after), limits), parse_retry_after(retry_after, now));
}

/* ---- XML ----------------------------------------------------------------------------------------- */

const char *fault_xml_text(const char *body, size_t len, const char *name, size_t *text_len) {
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
