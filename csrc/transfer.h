/* transfer.h - HTTP requests in flight: limits, timeouts, the response's bytes, and what one failure means for others.
 * Knows neither Lua nor signatures nor JSON. Nothing here blocks but transfer_wait.
 *
 * An engine belongs to one client and one thread. Its transfers must be freed before it. After fork() the
 * child's engine starts anew at its next use: transfers then in flight end with TRANSFER_FORKED, and the
 * parent's connections are left alone. */
#ifndef CRSYNC_TRANSFER_H
#define CRSYNC_TRANSFER_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

struct transfer_engine;
struct transfer;
struct trace;

/* What all requests of an engine share. Strings are copied; NULL leaves libcurl's default. */
struct transfer_settings {
  const char *user_agent, *proxy, *ca_file, *ca_path;
  int skip_verify;          /* 1: certificates are not checked */
  int tunnel;               /* 1: an HTTP proxy makes tunnels to the host */
  size_t max_response_size; /* bytes after decompression */
};

struct transfer_request {
  const char *url;    /* with the query, encoded; copied */
  const char *method; /* copied; "GET" is sent without a body, any other with one, even if it is empty */
  const char *body;   /* copied, and wiped when the transfer ends */
  size_t body_len;
  long timeout_ms, connect_timeout_ms;
  size_t max_response_size; /* bytes after decompression; 0: the engine's */
  int fresh_connection;     /* 1: not on a kept one */
  int once;                 /* 1: never sent twice by libcurl; on a connection of its own */
  int is_for_keys;          /* 1: the response holds keys, and is wiped when the transfer is freed */
  int direct;               /* 1: through no proxy, whatever settings and environment say */
};

enum { TRANSFER_FORKED = -1 };                 /* instead of a CURLcode */
enum { TRANSFER_BODY = 1, TRANSFER_HEAD = 2 }; /* what was too large */

/* The headers of a response that are used; empty when absent, or longer than any real one. */
struct transfer_response_headers {
  char request_id[96];          /* x-acs-request-id */
  char date[64];                /* Date */
  char retry_after[64];         /* Retry-After */
  char acs_retry_after[32];     /* x-acs-retry-after */
  char ratelimit_user_api[160]; /* x-ratelimit-user-api */
  char ratelimit_user[160];     /* x-ratelimit-user */
  char location[256];           /* Location */
};

/* How a transfer ended. Valid until transfer_free. */
struct transfer_outcome {
  int curl_code;       /* CURLcode, or TRANSFER_FORKED */
  long status;         /* HTTP status, 0 if none came */
  long connect_status; /* of a proxy's answer to CONNECT, 0 if none came */
  int login_refused;   /* 1: a SOCKS proxy wants another login, or one at all */
  long verify_result;  /* OpenSSL's X509_V_ value */
  int sent;            /* 1 if a byte of the request left */
  int shared;          /* 1: another has failed for the same cause: on its connection, or on one kept beside it */
  int shortage;        /* EMFILE or ENFILE: no descriptor was left for it; else 0 */
  int too_large;       /* TRANSFER_BODY: it was cut at max_response_size; TRANSFER_HEAD: its head was too long */
  const char *error;   /* libcurl's words, "" if none */
  const char *content_type;
  const char *body;
  size_t body_len;
  struct transfer_response_headers headers;
};

/* Keeps a header of a response if it is one of these. Names in any letter case. */
void transfer_keep_header(struct transfer_response_headers *headers, const char *name, size_t name_len,
                          const char *value, size_t value_len);

/* Initialises libcurl once per process, in a thread-safe way. Returns 0, or -1. */
int transfer_library_init(void);

/* The versions of libcurl, "7.88.1", and of its TLS library, "OpenSSL/3.0.17"; "no TLS" where it has none. Static. */
const char *transfer_curl_version(void);
const char *transfer_tls_version(void);

/* A new engine, or NULL when memory or descriptors run out. Free with transfer_engine_free. */
struct transfer_engine *transfer_engine_new(const struct transfer_settings *settings);
void transfer_engine_free(struct transfer_engine *e);

/* The descriptor to poll for reading, and the milliseconds until transfer_step must be called, readable or
 * not (-1: no limit). The descriptor changes after fork(). */
int transfer_fd(struct transfer_engine *e);
long transfer_timeout_ms(struct transfer_engine *e);

/* Waits until there is something to do, up to max_ms; a signal ends it early. */
void transfer_wait(struct transfer_engine *e, long max_ms);

/* Lets libcurl do what can be done now. */
void transfer_step(struct transfer_engine *e);

/* A new request, not started, or NULL. `owner` comes back from transfer_finished. */
struct transfer *transfer_new(struct transfer_engine *e, void *owner);

/* Adds a header. Returns 0, or -1 when memory runs out. */
int transfer_header(struct transfer *t, const char *name, size_t name_len, const char *value, size_t value_len);

/* Starts it. Returns 0, or -1 when memory runs out. */
int transfer_start(struct transfer *t, const struct transfer_request *request);

/* Notes from here on what it tells of itself, as much as a TRACE_ level of trace.h says. For one that was just started.
 * Without memory nothing is noted. */
void transfer_observe(struct transfer *t, int level);

/* What was noted, or NULL. Valid until transfer_free. */
const struct trace *transfer_trace(const struct transfer *t);

/* The owner of a transfer that has ended since, each once; NULL when there is none. */
void *transfer_finished(struct transfer_engine *e);

/* How it ended, or NULL while it runs. */
const struct transfer_outcome *transfer_outcome(const struct transfer *t);

/* What came on a kept connection was another's: none that are kept are used again. */
void transfer_doubt(struct transfer_engine *e);

/* Takes a transfer that has ended out of its engine, which it may outlive then. */
void transfer_leave(struct transfer *t);

/* Frees the transfer, stopping it first when it runs. NULL is fine. */
void transfer_free(struct transfer *t);

#pragma GCC visibility pop

#endif
