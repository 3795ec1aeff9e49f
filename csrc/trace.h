/* trace.h - what a transfer tells beside its response: how long each part took, over which connection it went, what was
 * sent, the head as it came. Noted only for whoever asks. Knows libcurl's handles and no requests. */
#ifndef CRSYNC_TRACE_H
#define CRSYNC_TRACE_H

#include "packages.h"

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* How much is noted: times and connection; what was sent and the head, too; the body, too. */
enum { TRACE_TIMES, TRACE_HEADS, TRACE_BODIES };

enum { TRACE_HEAD_SIZE = 16384 }; /* bytes of a head that are kept; lines that do not fit are left out */

struct trace {
  int level;
  /* Microseconds from the start until the name was found, the connection made, TLS agreed, the first byte there, and
   * all of it over. 0: it did not come so far. */
  int64_t namelookup_us, connect_us, appconnect_us, starttransfer_us, total_us;
  long http_version; /* CURL_HTTP_VERSION_…, 0: none was spoken */
  int is_connected, is_new;
  char address[64]; /* the other side's, a proxy's where there is one; "" where there was no connection */
  long port;
  char *url;     /* NULL: not noted */
  char *request; /* "name: value" NUL … as crsync has given them, behind the head; NULL: none */
  size_t request_len;
  size_t head_len;
  char head[]; /* the lines of the last head, each with a NUL at its end */
};

/* Begins to note for a request with these headers, which are copied; or NULL. Free with trace_free. */
struct trace *trace_new(int level, const char *request, size_t request_len);

/* Wipes and frees it. NULL is fine. */
void trace_free(struct trace *trace);

/* Notes a line of a head; one that begins a new head drops the one before. */
void trace_note_line(struct trace *trace, const char *line, size_t len);

/* Takes what libcurl knows of a transfer that has ended, before its handle goes. */
void trace_collect(struct trace *trace, CURL *easy);

#pragma GCC visibility pop

#endif
