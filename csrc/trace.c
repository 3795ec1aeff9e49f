/* trace.c - see trace.h. */
#define _GNU_SOURCE
#include "trace.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct trace *trace_new(int level, const char *request, size_t request_len) {
  if (level < TRACE_HEADS) request_len = 0;
  struct trace *trace = calloc(1, sizeof *trace + (level < TRACE_HEADS ? 0 : TRACE_HEAD_SIZE + request_len));
  if (!trace) return NULL;
  trace->level = level;
  trace->request_len = request_len;
  if (request_len) trace->request = memcpy(trace->head + TRACE_HEAD_SIZE, request, request_len);
  return trace;
}

void trace_free(struct trace *trace) {
  if (!trace) return;
  OPENSSL_cleanse(trace->head, trace->head_len);
  if (trace->request_len) OPENSSL_cleanse(trace->request, trace->request_len);
  if (trace->url) OPENSSL_cleanse(trace->url, strlen(trace->url));
  free(trace->url);
  free(trace);
}

void trace_note_line(struct trace *trace, const char *line, size_t len) {
  if (trace->level < TRACE_HEADS) return;
  if (len > 5 && !memcmp(line, "HTTP/", 5)) trace->head_len = 0;
  while (len && (line[len - 1] == '\r' || line[len - 1] == '\n')) len--;
  if (!len || len >= TRACE_HEAD_SIZE - trace->head_len) return;
  char *out = trace->head + trace->head_len;
  for (size_t i = 0; i < len; i++) out[i] = line[i] ? line[i] : '?'; /* NUL ends a line here */
  out[len] = '\0';
  trace->head_len += len + 1;
}

static int64_t microseconds(CURL *easy, CURLINFO what) {
  curl_off_t us = 0;
  curl_easy_getinfo(easy, what, &us);
  return us;
}

void trace_collect(struct trace *trace, CURL *easy) {
  long connects = 0;
  char *address = NULL, *url = NULL;
  trace->namelookup_us = microseconds(easy, CURLINFO_NAMELOOKUP_TIME_T);
  trace->connect_us = microseconds(easy, CURLINFO_CONNECT_TIME_T);
  trace->appconnect_us = microseconds(easy, CURLINFO_APPCONNECT_TIME_T);
  trace->starttransfer_us = microseconds(easy, CURLINFO_STARTTRANSFER_TIME_T);
  trace->total_us = microseconds(easy, CURLINFO_TOTAL_TIME_T);
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &trace->http_version);
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &trace->port);
  trace->is_new = connects > 0;
  trace->is_connected = trace->connect_us > 0 || !trace->is_new;
  if (address && strlen(address) < sizeof trace->address) memcpy(trace->address, address, strlen(address) + 1);
  if (trace->level < TRACE_HEADS) return;
  curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
  if (url && !trace->url) trace->url = strdup(url); /* without memory: not noted */
}
