/* transfer.c - see transfer.h. libcurl's callbacks only move bytes. */
#define _GNU_SOURCE
#include "transfer.h"
#include "ca_store.h"
#include "connections.h"
#include "descriptors.h"
#include "fork.h"
#include "packages.h"
#include "pollset.h"
#include "sigpipe.h"
#include "trace.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  MAX_IDLE_HANDLES = 64,         /* easy handles kept for the next request */
  MAX_HEADER_BYTES = 256 * 1024, /* of one response, interim heads included */
  FIRST_BODY_SIZE = 4096,
  KEYS_BODY_SIZE = 64 * 1024, /* what keys come in never moves, and leaves no copy */
  MAX_WAIT_MS = 24 * 3600 * 1000,
  LATE_MS = 100 /* how late libcurl may end a request that is out of time */
};

struct transfer_engine {
  struct connections *connections; /* NULL after memory ran out, until the next request */
  CURLSH *share;                   /* TLS sessions, so that a second connection handshakes faster */
  CURL *template;                  /* carries the settings; every other handle is its copy */
  struct ca_store ca_store;
  struct pollset *pollset;
  size_t max_response_size;
  int tunnel; /* as in the settings */
  struct transfer *running, *ended_first, *ended_last;
  size_t sharers; /* running ones that may share a connection */
  CURL *idle[MAX_IDLE_HANDLES];
  size_t idle_count;
  unsigned forks;            /* as many as when its handles were made: more mean that they are the parent's */
  int64_t first_deadline_ms; /* no running transfer's is earlier */
};

enum state { PREPARED, RUNNING, ENDED };

struct transfer {
  struct transfer_engine *engine;
  void *owner;
  enum state state;
  struct transfer *previous, *next; /* in the list of running transfers; next also in that of ended ones */
  CURL *easy;
  struct connections_pool *pool;
  int64_t started_ms, deadline_ms;
  long connect_timeout_ms;
  int may_wait;      /* for another's connection to be made, and to share it */
  int is_alone;      /* nobody shares its connection */
  int is_mixed;      /* another request was on its connection, which is right over HTTP/2 alone */
  int lacks_anchors; /* its handle was copied while ca_store was partial */
  size_t max_response_size;
  char *request_body;
  size_t request_body_len;
  int is_for_keys;
  int is_unusual;    /* its handle has settings that the next transfer must not inherit */
  char *header_text; /* "name: value" NUL … : wiped when the transfer ends */
  size_t header_len, header_size, header_count;
  struct curl_slist *header_list; /* one array, pointing into header_text */
  char *body;
  size_t body_len, body_size, header_bytes;
  int is_starved;    /* no memory was left for the body */
  int head_complete; /* the empty line after the headers was seen */
  char *content_type;
  char error[CURL_ERROR_SIZE];
  struct trace *trace; /* NULL: nobody asked */
  struct transfer_outcome outcome;
};

/* ---- once per process ---------------------------------------------------------------------------- */

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;
static int library_is_ready;

/* Never undone: the host may use libcurl as well. What failed for lack of memory is tried again. */
int transfer_library_init(void) {
  pthread_mutex_lock(&library_lock);
  if (!library_is_ready && !curl_global_init(CURL_GLOBAL_ALL) && !fork_watch()) {
    sigpipe_open();
    library_is_ready = 1;
  }
  int failed = !library_is_ready;
  pthread_mutex_unlock(&library_lock);
  return failed ? -1 : 0;
}

const char *transfer_curl_version(void) { return curl_version_info(CURLVERSION_NOW)->version; }

const char *transfer_tls_version(void) {
  const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return version ? version : "no TLS";
}

/* ---- what libcurl tells of a handle -------------------------------------------------------------- */

/* By which connections are told apart; 0 while there is none. */
static long local_port(CURL *easy) {
  long port = 0;
  curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
  return port;
}

/* Whether a connection was begun for it; else it is on a kept one, on another's, or on none. */
static int began_connection(CURL *easy) {
  long connects = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  return connects > 0;
}

/* Whether a byte of its request has left. */
static int has_sent(CURL *easy) {
  long size = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &size);
  return size > 0;
}

static int is_http2(CURL *easy) {
  long version = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  return version >= CURL_HTTP_VERSION_2_0;
}

/* ---- libcurl's callbacks ------------------------------------------------------------------------- */

static int body_reserve(struct transfer *t, size_t more) {
  size_t need = t->body_len + more, size = t->body_size     ? t->body_size
                                           : t->is_for_keys ? KEYS_BODY_SIZE
                                                            : FIRST_BODY_SIZE;
  if (need <= t->body_size) return 0;
  while (size < need) size *= 2;
  char *body = realloc(t->body, size);
  if (!body) return -1;
  t->body = body;
  t->body_size = size;
  return 0;
}

/* Where some of a host's connections speak HTTP/2 and others HTTP/1, libcurl lets requests share those others as well,
 * and whose response is whose nobody can tell. To be asked while the transfer has its connection. */
static void note_mixed(struct transfer *t) {
  long port = t->engine->sharers ? local_port(t->easy) : 0;
  if (!port || is_http2(t->easy)) return;
  for (struct transfer *other = t->engine->running; other; other = other->next)
    if (other != t && other->pool == t->pool && local_port(other->easy) == port) other->is_mixed = t->is_mixed = 1;
}

static size_t on_body(char *data, size_t one, size_t len, void *user) {
  (void)one;
  struct transfer *t = user;
  note_mixed(t);
  if (len > t->max_response_size - t->body_len) {
    t->outcome.too_large = TRANSFER_BODY;
    return 0;
  }
  t->is_starved = body_reserve(t, len) != 0;
  if (t->is_starved) return 0;
  if (len) memcpy(t->body + t->body_len, data, len);
  t->body_len += len;
  return len;
}

struct kept_header {
  const char *name;
  size_t offset, size; /* within struct transfer_response_headers */
};

#define KEPT(name, field)                                                                                              \
  { name, offsetof(struct transfer_response_headers, field), sizeof((struct transfer_response_headers *)0)->field }

static const struct kept_header kept_headers[] = {
    KEPT("x-acs-request-id", request_id),
    KEPT("date", date),
    KEPT("retry-after", retry_after),
    KEPT("x-acs-retry-after", acs_retry_after),
    KEPT("x-ratelimit-user-api", ratelimit_user_api),
    KEPT("x-ratelimit-user", ratelimit_user),
    KEPT("location", location),
};

void transfer_keep_header(struct transfer_response_headers *headers, const char *name, size_t name_len,
                          const char *value, size_t value_len) {
  for (size_t i = 0; i < sizeof kept_headers / sizeof *kept_headers; i++) {
    const struct kept_header *kept = &kept_headers[i];
    if (strlen(kept->name) != name_len || !curl_strnequal(kept->name, name, name_len)) continue;
    if (value_len >= kept->size) return; /* left out, since a cut value might show part of a secret */
    char *out = (char *)headers + kept->offset;
    memcpy(out, value, value_len);
    out[value_len] = '\0';
    return;
  }
}

static void keep_header_line(struct transfer *t, const char *line, size_t len) {
  const char *colon = memchr(line, ':', len);
  if (!colon) return;
  const char *value = colon + 1, *end = line + len;
  while (value < end && (*value == ' ' || *value == '\t')) value++;
  while (end > value && (unsigned char)end[-1] <= ' ') end--;
  transfer_keep_header(&t->outcome.headers, line, (size_t)(colon - line), value, (size_t)(end - value));
}

static size_t on_header(char *line, size_t one, size_t len, void *user) {
  (void)one;
  struct transfer *t = user;
  t->header_bytes += len;
  if (t->header_bytes > MAX_HEADER_BYTES) {
    t->outcome.too_large = TRANSFER_HEAD;
    return 0;
  }
  if (t->trace) trace_note_line(t->trace, line, len);
  if (len > 5 && !memcmp(line, "HTTP/", 5)) { /* a new head: interim ones don't count */
    memset(&t->outcome.headers, 0, sizeof t->outcome.headers);
    t->head_complete = 0;
    connections_note_answer(t->pool, local_port(t->easy));
    if (line[5] == '1') note_mixed(t);
  } else if (line[0] == '\r' || line[0] == '\n') {
    t->head_complete = 1;
  } else {
    keep_header_line(t, line, len);
  }
  return len;
}

/* ---- handles ------------------------------------------------------------------------------------- */

static int apply_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static CURL *make_template(struct ca_store *ca_store, const struct transfer_settings *s) {
  CURL *easy = curl_easy_init();
  if (!easy) return NULL;
  int failed = apply_protocols(easy) || ca_store_apply(ca_store, easy, s->ca_file, s->ca_path, s->skip_verify) ||
               curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) || curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) ||
               curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") ||
               curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) ||
               curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) ||
               curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) ||
               curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) ||
               curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)CONNECTIONS_MAX_IDLE_S);
#if LIBCURL_VERSION_NUM < 0x074500
  /* It takes an empty body for one that is not sent yet, and would close the connection after each error. */
  failed = failed || curl_easy_setopt(easy, CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
#endif
  if (s->user_agent) failed = failed || curl_easy_setopt(easy, CURLOPT_USERAGENT, s->user_agent);
  if (s->proxy) failed = failed || curl_easy_setopt(easy, CURLOPT_PROXY, s->proxy);
#if LIBCURL_VERSION_NUM >= 0x075700
  /* A name server that does not answer must not hold up an aborted call: the resolver's thread is not waited for. */
  failed = failed || curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  if (!failed) return easy;
  curl_easy_cleanup(easy);
  return NULL;
}

static void drop_idle_handles(struct transfer_engine *e) {
  while (e->idle_count) curl_easy_cleanup(e->idle[--e->idle_count]);
}

/* The share is no setting that a copy would have. */
static CURL *take_handle(struct transfer_engine *e) {
  if (e->idle_count) return e->idle[--e->idle_count];
  CURL *easy = curl_easy_duphandle(e->template);
  if (easy) (void)curl_easy_setopt(easy, CURLOPT_SHARE, e->share); /* without it, it does its own handshakes */
  return easy;
}

/* ---- an engine's life ---------------------------------------------------------------------------- */

static int is_ours(const struct transfer_engine *e) { return e->forks == fork_count(); }

static int open_connections(struct transfer_engine *e) {
  e->connections = connections_new(e->pollset, e->tunnel);
  return e->connections ? 0 : -1;
}

static void close_parts(struct transfer_engine *e) {
  connections_free(e->connections);
  if (e->share) curl_share_cleanup(e->share);
  pollset_free(e->pollset);
  e->connections = NULL;
  e->share = NULL;
  e->pollset = NULL;
}

/* The parts that a forked child must have of its own. */
static int open_parts(struct transfer_engine *e) {
  e->idle_count = 0;
  e->pollset = pollset_new();
  e->share = curl_share_init();
  if (e->pollset && e->share && !curl_share_setopt(e->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) &&
      !open_connections(e)) {
    e->forks = fork_count();
    return 0;
  }
  close_parts(e);
  return -1;
}

struct transfer_engine *transfer_engine_new(const struct transfer_settings *settings) {
  if (transfer_library_init()) return NULL;
  struct transfer_engine *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  e->max_response_size = settings->max_response_size;
  e->tunnel = settings->tunnel;
  if (!open_parts(e) && (e->template = make_template(&e->ca_store, settings))) return e;
  transfer_engine_free(e);
  return NULL;
}

static void close_engine(struct transfer_engine *e) {
  struct sigpipe q;
  sigpipe_begin(&q);
  drop_idle_handles(e);
  if (e->template) curl_easy_cleanup(e->template);
  close_parts(e);
  sigpipe_end(&q);
}

void transfer_engine_free(struct transfer_engine *e) {
  if (!e) return;
  /* In a forked child libcurl's handles are left unclosed: closing would speak on the parent's connections. */
  if (is_ours(e))
    close_engine(e);
  else
    connections_abandon(e->connections);
  pollset_free(e->pollset);
  free(e);
}

static void unlink_running(struct transfer *t) {
  t->engine->sharers -= (size_t)t->may_wait;
  if (t->previous)
    t->previous->next = t->next;
  else
    t->engine->running = t->next;
  if (t->next) t->next->previous = t->previous;
  t->previous = t->next = NULL;
}

static void wipe_request(struct transfer *t) {
  OPENSSL_clear_free(t->header_text, t->header_len);
  OPENSSL_clear_free(t->request_body, t->request_body_len);
  free(t->header_list);
  t->header_text = t->request_body = NULL;
  t->header_list = NULL;
  t->header_len = t->header_size = t->header_count = 0;
}

static void drop_handle(struct transfer *t) {
  if (t->pool) connections_remove(t->pool, t->easy);
  curl_easy_cleanup(t->easy);
  t->pool = NULL;
  t->easy = NULL;
}

static void end_transfer(struct transfer *t, int code) {
  struct transfer_engine *e = t->engine;
  unlink_running(t);
  wipe_request(t);
  t->state = ENDED;
  t->outcome.curl_code = code;
  t->outcome.error = t->error;
  t->outcome.content_type = t->content_type ? t->content_type : "";
  t->outcome.body = t->body ? t->body : "";
  t->outcome.body_len = t->body_len;
  if (e->ended_last)
    e->ended_last->next = t;
  else
    e->ended_first = t;
  e->ended_last = t;
}

/* A handle that was not on one kept connection all the time is not used again: libcurl counts how often it has repeated
 * requests on dead ones over a handle's whole life, and gives up at the fifth. */
static int is_as_good_as_new(const struct transfer *t) {
  int64_t first_answer = connections_first_answer(t->pool, local_port(t->easy));
  return !t->is_unusual && first_answer && first_answer < t->started_ms;
}

static void give_handle_back(struct transfer *t) {
  struct transfer_engine *e = t->engine;
  if (e->idle_count == MAX_IDLE_HANDLES) {
    drop_handle(t);
    return;
  }
  connections_remove(t->pool, t->easy);
  curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL); /* all point into what is about to go */
  curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL);
  curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
  e->idle[e->idle_count++] = t->easy;
  t->pool = NULL;
  t->easy = NULL;
}

/* In a forked child: the parent's handles are abandoned, never cleaned up, and new ones made. Elsewhere connections
 * take the place of those that were starved. */
static int renew_engine(struct transfer_engine *e) {
  if (is_ours(e)) return e->connections ? 0 : open_connections(e);
  while (e->running) {
    e->running->easy = NULL;
    end_transfer(e->running, TRANSFER_FORKED);
  }
  connections_abandon(e->connections);
  pollset_free(e->pollset);
  e->connections = NULL;
  e->pollset = NULL; /* libcurl's are left as they are */
  return open_parts(e);
}

/* ---- how it ended -------------------------------------------------------------------------------- */

static int has_login_refused(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x074900
  long refusal = CURLPX_OK;
  curl_easy_getinfo(easy, CURLINFO_PROXY_ERROR, &refusal);
  return refusal == CURLPX_NO_AUTH || refusal == CURLPX_USER_REJECTED;
#else
  (void)easy;
  return 0;
#endif
}

/* Takes what libcurl knows before the handle goes back. */
static void collect_outcome(struct transfer *t) {
  struct transfer_outcome *o = &t->outcome;
  char *content_type = NULL;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &o->status);
  curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &o->connect_status);
  o->login_refused = has_login_refused(t->easy);
  curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &o->verify_result);
  o->verify_result = ca_store_verdict(o->verify_result);
  curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &content_type);
  o->sent = has_sent(t->easy);
  if (content_type) t->content_type = strdup(content_type); /* without memory: no content type */
  if (t->trace) trace_collect(t->trace, t->easy);
}

/* A line of the head is too long for libcurl: it calls that out of memory, and since 8.6 code 100. */
static int is_endless_head(const struct transfer *t, CURLcode code) {
  return t->outcome.sent && !t->head_complete && (code == CURLE_OUT_OF_MEMORY || (int)code == 100);
}

/* libcurl calls it a failed write whether no memory was left for a body, or more follows than it can decompress. */
static CURLcode failed_write(struct transfer *t) {
  if (t->is_starved) return CURLE_OUT_OF_MEMORY;
  snprintf(t->error, sizeof t->error, "the response's compression is broken");
  return CURLE_BAD_CONTENT_ENCODING;
}

static void fail_transfer(struct transfer *t, CURLcode code) {
  note_mixed(t); /* its response may come all the same */
  collect_outcome(t);
  /* libcurl only says what it could not do without one: connect, find a name's address, read certificates. */
  if (!t->outcome.sent && code != CURLE_OPERATION_TIMEDOUT) t->outcome.shortage = descriptors_shortage();
  if (is_endless_head(t, code)) t->outcome.too_large = TRANSFER_HEAD;
  if (code == CURLE_WRITE_ERROR && !t->outcome.too_large) code = failed_write(t);
  drop_handle(t);
  end_transfer(t, (int)code);
}

static void note_protocol(const struct transfer *t) {
  if (!t->is_for_keys && !is_http2(t->easy)) connections_set_http1(t->engine->connections);
}

/* Whether the response is about the connection, not about the request: it was idle for too long, or leads to a server
 * that does not know the host. What is kept beside it is likely to be told the same. */
static int is_about_connection(const struct transfer *t) {
  const long request_timeout = 408, misdirected_request = 421;
  return t->outcome.status == request_timeout || t->outcome.status == misdirected_request;
}

static void complete_transfer(struct transfer *t) {
  collect_outcome(t);
  note_protocol(t);
  if (is_about_connection(t))
    connections_retire(t->engine->connections, t->pool);
  else if (t->is_alone)
    connections_offer(t->engine->connections, t->pool);
  if (is_as_good_as_new(t))
    give_handle_back(t);
  else
    drop_handle(t);
  end_transfer(t, CURLE_OK);
}

/* ---- what a failure means for others ------------------------------------------------------------- */

static int has_no_connection(const struct transfer *t) { return !began_connection(t->easy) && !has_sent(t->easy); }

static int waits_for_another(const struct transfer *t) { return t->may_wait && has_no_connection(t); }

static int add_anchors(struct transfer *t) {
  const struct ca_store *ca_store = &t->engine->ca_store;
  if (!t->lacks_anchors || ca_store->is_partial) return 0;
  t->lacks_anchors = 0;
  return ca_store_add_rest(ca_store, t->easy);
}

/* Starts it again in a pool, with the time that it has left. Without memory it is in none. */
static int move_to(struct transfer *t, struct connections_pool *pool) {
  int64_t left = t->deadline_ms - pollset_now_ms();
  connections_remove(t->pool, t->easy);
  int failed = !pool || curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, left < 1 ? 1L : (long)left) || add_anchors(t) ||
               connections_add(pool, t->easy);
  t->pool = failed ? NULL : pool;
  return failed ? -1 : 0;
}

/* The connection that it was on, or waited for, has failed with another's request. */
static void move_or_fail(struct transfer *t, const char *error, CURLcode code) {
  int64_t waited = pollset_now_ms() - t->started_ms, whole = t->deadline_ms - t->started_ms;
  int could_connect = !has_no_connection(t) || waited < t->connect_timeout_ms;
  int has_chance = !t->outcome.shared && could_connect && waited <= whole / 2; /* too late, it would fail there too */
  t->outcome.shared = 1;
  if (has_chance && !move_to(t, connections_shared(t->engine->connections))) return;
  memcpy(t->error, error, sizeof t->error);
  fail_transfer(t, code);
}

/* The first one made no connection: those that wait for one would try in turn, each for as long. */
static void move_waiting(const struct transfer *first, CURLcode code) {
  for (struct transfer *t = first->engine->running, *next; t; t = next) {
    next = t->next;
    if (t != first && t->pool == first->pool && waits_for_another(t)) move_or_fail(t, first->error, code);
  }
}

/* The first one got no answer, and its connection has been silent since: those that wait on it would wait in vain. */
static void move_unanswered(const struct transfer *first, CURLcode code) {
  long port = local_port(first->easy);
  if (connections_latest_answer(first->pool, port) >= first->started_ms) return;
  for (struct transfer *t = first->engine->running, *next; t; t = next) {
    next = t->next;
    if (t != first && t->pool == first->pool && t->may_wait && !t->header_bytes && local_port(t->easy) == port)
      move_or_fail(t, first->error, code);
  }
}

/* What has happened to one connection has most likely happened to all that were kept with it: they lead nowhere. Those
 * who are on them find out side by side, and the first fails for all. */
static void doubt_connections(struct transfer *t, CURLcode code) {
  int is_first = connections_retire(t->engine->connections, t->pool), sent = has_sent(t->easy);
  if (sent && !t->header_bytes && !is_first && !began_connection(t->easy)) t->outcome.shared = 1;
  if (!sent)
    move_waiting(t, code);
  else if (!t->header_bytes && code == CURLE_OPERATION_TIMEDOUT)
    move_unanswered(t, code);
}

/* Whether it was sent again, to be judged by all anchors. Those that wait for a connection would be refused in turn. */
static int try_with_all_anchors(struct transfer *refused, CURLcode code) {
  struct transfer_engine *e = refused->engine;
  if (code != CURLE_PEER_FAILED_VERIFICATION || !refused->lacks_anchors) return 0;
  if (ca_store_complete(&e->ca_store, e->template)) return 0;
  drop_idle_handles(e);
  for (struct transfer *t = e->running, *next; t; t = next) {
    next = t->next;
    if (t != refused && !(t->lacks_anchors && has_no_connection(t))) continue;
    if (move_to(t, t->pool)) fail_transfer(t, CURLE_OUT_OF_MEMORY);
  }
  return 1;
}

/* libcurl does not look at the clock for who waits for another's connection, and begins to count anew when it sends a
 * request again by itself, as on the next kept connection after a dead one. */
static int64_t ends_ms(const struct transfer *t) { return t->deadline_ms + (waits_for_another(t) ? 0 : LATE_MS); }

static void fail_overdue(struct transfer *t) {
  if (waits_for_another(t)) {
    int is_single = !t->next && !t->previous;
    snprintf(t->error, sizeof t->error, "Operation timed out %s",
             is_single ? "before there was a connection" : "while another request made the connection");
  } else {
    snprintf(t->error, sizeof t->error, "Operation timed out on more than one connection");
    doubt_connections(t, CURLE_OPERATION_TIMEDOUT);
  }
  fail_transfer(t, CURLE_OPERATION_TIMEDOUT);
}

static struct transfer *find_overdue(struct transfer_engine *e, int64_t now) {
  e->first_deadline_ms = INT64_MAX;
  for (struct transfer *t = e->running; t; t = t->next) {
    int64_t ends = ends_ms(t);
    if (ends <= now) return t;
    if (ends < e->first_deadline_ms) e->first_deadline_ms = ends;
  }
  return NULL;
}

static void end_overdue(struct transfer_engine *e) {
  int64_t now = pollset_now_ms();
  if (now < e->first_deadline_ms) return;
  for (struct transfer *t; (t = find_overdue(e, now));) fail_overdue(t);
}

/* ---- as many connections as are needed ----------------------------------------------------------- */

static void count_use(const struct transfer *t, struct connections_use *use) {
  int connects = began_connection(t->easy), sent = has_sent(t->easy);
  use->sent += sent;
  use->waiting += !connects && !sent;
  use->making += connects && !sent;
  use->made += connects && sent;
}

/* Puts those in again that wait for a connection: libcurl wakes them one by one. */
static void wake_waiting(struct transfer_engine *e, struct connections_pool *pool) {
  for (struct transfer *t = e->running, *next; t; t = next) {
    next = t->next;
    if (t->pool == pool && has_no_connection(t) && move_to(t, pool)) fail_transfer(t, CURLE_OUT_OF_MEMORY);
  }
}

static void settle_connections(struct transfer_engine *e) {
  struct connections_use use = {0};
  struct connections_pool *pool = connections_unsettled(e->connections);
  if (!pool) return;
  for (const struct transfer *t = e->running; t; t = t->next)
    if (t->pool == pool) count_use(t, &use);
  if (connections_settle(pool, &use)) wake_waiting(e, pool);
}

/* ---- moving bytes -------------------------------------------------------------------------------- */

int transfer_fd(struct transfer_engine *e) { return renew_engine(e) ? -1 : pollset_fd(e->pollset); }

long transfer_timeout_ms(struct transfer_engine *e) {
  if (renew_engine(e)) return -1;
  if (e->ended_first) return 0;
  int64_t due = connections_due_ms(e->connections);
  if (e->running && (due < 0 || e->first_deadline_ms < due)) due = e->first_deadline_ms;
  if (due < 0) return -1;
  int64_t left = due - pollset_now_ms();
  return left < 0 ? 0 : left > MAX_WAIT_MS ? MAX_WAIT_MS : (long)left;
}

static CURLcode refuse_mixed(struct transfer *t) {
  note_protocol(t);
  t->outcome.shared = 1;
  snprintf(t->error, sizeof t->error, "the host speaks HTTP/1 and HTTP/2 by turns: the response may be another's");
  return CURLE_RECV_ERROR;
}

static void collect_ended(struct transfer_engine *e) {
  CURLcode code;
  for (CURL *easy; (easy = connections_ended(e->connections, &code));) {
    char *private = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    struct transfer *t = (struct transfer *)(void *)private;
    if (try_with_all_anchors(t, code)) continue;
    if (code == CURLE_OK && !t->head_complete) { /* libcurl takes a connection's end for a head's */
      code = CURLE_GOT_NOTHING;
      snprintf(t->error, sizeof t->error, "the connection ended within the head of the response");
    }
    if (code == CURLE_OK && t->is_mixed && !is_http2(t->easy)) code = refuse_mixed(t);
    if (code == CURLE_OK) {
      complete_transfer(t);
    } else {
      if (!t->outcome.too_large) doubt_connections(t, code);
      fail_transfer(t, code);
    }
  }
}

/* A transfer that libcurl has lost sight of would never end, and a socket that it has half forgotten makes it crash:
 * its connections go, with all that are in flight. */
static void end_starved(struct transfer_engine *e) {
  while (e->running) {
    struct transfer *t = e->running;
    drop_handle(t);
    end_transfer(t, CURLE_OUT_OF_MEMORY);
  }
  connections_free(e->connections);
  e->connections = NULL;
}

static void run_engine(struct transfer_engine *e, int timeout_ms) {
  struct sigpipe q;
  if (renew_engine(e)) return;
  sigpipe_begin(&q);
  int is_starved = connections_move(e->connections, timeout_ms);
  collect_ended(e);
  end_overdue(e);
  settle_connections(e);
  if (is_starved)
    end_starved(e);
  else
    connections_sweep(e->connections);
  sigpipe_end(&q);
}

void transfer_step(struct transfer_engine *e) { run_engine(e, 0); }

void transfer_doubt(struct transfer_engine *e) {
  if (is_ours(e) && e->connections) connections_retire_shared(e->connections);
}

static void wait_once(struct transfer_engine *e, long max_ms) {
  long due = transfer_timeout_ms(e);
  run_engine(e, (int)(due >= 0 && due < max_ms ? due : max_ms));
}

void transfer_wait(struct transfer_engine *e, long max_ms) {
  wait_once(e, max_ms);
  if (e->connections && connections_have_skipped(e->connections) && !e->ended_first) wait_once(e, max_ms);
}

/* ---- one transfer -------------------------------------------------------------------------------- */

struct transfer *transfer_new(struct transfer_engine *e, void *owner) {
  struct transfer *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->engine = e;
  t->owner = owner;
  t->max_response_size = e->max_response_size;
  return t;
}

int transfer_header(struct transfer *t, const char *name, size_t name_len, const char *value, size_t value_len) {
  size_t need = t->header_len + name_len + value_len + 3;
  if (need > t->header_size) {
    size_t size = t->header_size ? t->header_size * 2 : 1024;
    while (size < need) size *= 2;
    char *text = OPENSSL_clear_realloc(t->header_text, t->header_len, size);
    if (!text) return -1;
    t->header_text = text;
    t->header_size = size;
  }
  char *out = t->header_text + t->header_len;
  memcpy(out, name, name_len);
  out += name_len;
  *out++ = value_len ? ':' : ';'; /* libcurl's spelling of a header without a value */
  if (value_len) *out++ = ' ';
  memcpy(out, value, value_len);
  out += value_len;
  *out++ = '\0';
  t->header_len = (size_t)(out - t->header_text);
  t->header_count++;
  return 0;
}

/* A name with a bare colon tells libcurl to leave its own header of that name out. */
static int list_headers(struct transfer *t) {
  static char no_expect[] = "Expect:", no_type[] = "Content-Type:";
  struct curl_slist *list = calloc(t->header_count + 2, sizeof *list);
  if (!list) return -1;
  size_t n = 0;
  int has_type = 0;
  for (char *line = t->header_text; n < t->header_count; line += strlen(line) + 1) {
    has_type |= curl_strnequal(line, no_type, sizeof no_type - 1);
    list[n++].data = line;
  }
  list[n++].data = no_expect;
  if (!has_type) list[n++].data = no_type;
  for (size_t i = 0; i + 1 < n; i++) list[i].next = &list[i + 1];
  t->header_list = list;
  return 0;
}

static int apply_body(struct transfer *t, const struct transfer_request *r) {
  if (r->body_len && !(t->request_body = OPENSSL_malloc(r->body_len))) return -1;
  if (r->body_len) memcpy(t->request_body, r->body, r->body_len);
  t->request_body_len = r->body_len;
  return curl_easy_setopt(t->easy, CURLOPT_POST, 1L) ||
                 curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len) ||
                 curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body_len ? t->request_body : "")
             ? -1
             : 0;
}

static int apply_unusual(struct transfer *t, const struct transfer_request *r, int other_method) {
  t->is_unusual = 1;
  if (other_method && curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method)) return -1;
  if (r->direct && (curl_easy_setopt(t->easy, CURLOPT_PROXY, "") || curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*")))
    return -1;
  return 0;
}

static int apply_request(struct transfer *t, const struct transfer_request *r) {
  CURL *easy = t->easy;
  int is_get = !strcmp(r->method, "GET"), is_post = !strcmp(r->method, "POST");
  if (r->max_response_size) t->max_response_size = r->max_response_size;
  int failed = curl_easy_setopt(easy, CURLOPT_URL, r->url) ||
               curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->header_list) ||
               curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error) || curl_easy_setopt(easy, CURLOPT_PRIVATE, t) ||
               curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) || curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) ||
               curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, r->timeout_ms) ||
               curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, r->connect_timeout_ms) ||
               curl_easy_setopt(easy, CURLOPT_PIPEWAIT, (long)t->may_wait) ||
               curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_response_size);
  t->is_for_keys = r->is_for_keys;
  if (failed || (is_get ? curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) != CURLE_OK : apply_body(t, r))) return -1;
  return r->direct || !(is_get || is_post) ? apply_unusual(t, r, !(is_get || is_post)) : 0;
}

static struct connections_pool *choose_pool(struct connections *c, const struct transfer_request *r) {
  /* Those who give keys are other hosts: their failures say nothing about the service's connections. */
  if (r->once || r->is_for_keys) return connections_alone(c);
  return r->fresh_connection ? connections_fresh(c) : connections_shared(c);
}

static void link_running(struct transfer *t) {
  struct transfer_engine *e = t->engine;
  t->state = RUNNING;
  t->next = e->running;
  if (e->running) e->running->previous = t;
  if (!e->running || t->deadline_ms < e->first_deadline_ms) e->first_deadline_ms = t->deadline_ms;
  e->running = t;
  e->sharers += (size_t)t->may_wait;
}

static int add_to_pool(struct transfer *t, const struct transfer_request *r) {
  struct connections_pool *pool = choose_pool(t->engine->connections, r);
  if (!pool || connections_add(pool, t->easy)) return -1;
  t->pool = pool;
  t->is_alone = r->once;
  link_running(t);
  return 0;
}

int transfer_start(struct transfer *t, const struct transfer_request *request) {
  struct transfer_engine *e = t->engine;
  if (renew_engine(e) || list_headers(t)) return -1;
  t->started_ms = pollset_now_ms();
  t->deadline_ms = t->started_ms + request->timeout_ms;
  t->connect_timeout_ms = request->connect_timeout_ms;
  if (!request->is_for_keys && strncmp(request->url, "https:", 6) != 0) connections_set_http1(e->connections);
  t->may_wait = !request->once && !request->is_for_keys && !connections_are_http1(e->connections);
  t->lacks_anchors = e->ca_store.is_partial;
  t->easy = take_handle(e);
  if (t->easy && !apply_request(t, request) && !add_to_pool(t, request)) return 0;
  if (t->easy) {
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
  }
  return -1;
}

void transfer_observe(struct transfer *t, int level) {
  if (!t->trace) t->trace = trace_new(level, t->header_text, t->header_len);
}

const struct trace *transfer_trace(const struct transfer *t) { return t->trace; }

void *transfer_finished(struct transfer_engine *e) {
  struct transfer *t = e->ended_first;
  if (!t) return NULL;
  e->ended_first = t->next;
  if (!e->ended_first) e->ended_last = NULL;
  t->next = NULL;
  return t->owner;
}

const struct transfer_outcome *transfer_outcome(const struct transfer *t) {
  return t->state == ENDED ? &t->outcome : NULL;
}

static void unlink_ended(struct transfer *t) {
  struct transfer_engine *e = t->engine;
  if (!e) return; /* it has left */
  struct transfer *before = NULL, *at = e->ended_first;
  while (at && at != t) before = at, at = at->next;
  if (!at) return; /* it was handed out already */
  if (before)
    before->next = t->next;
  else
    e->ended_first = t->next;
  if (e->ended_last == t) e->ended_last = before;
}

static void stop_transfer(struct transfer *t) {
  struct sigpipe q;
  if (t->state == RUNNING) unlink_running(t);
  if (!t->easy || !is_ours(t->engine)) return;
  sigpipe_begin(&q);
  note_mixed(t);
  drop_handle(t);
  connections_sweep(t->engine->connections);
  sigpipe_end(&q);
}

void transfer_leave(struct transfer *t) {
  unlink_ended(t);
  t->engine = NULL;
}

void transfer_free(struct transfer *t) {
  if (!t) return;
  if (t->state == RUNNING) stop_transfer(t);
  if (t->state == ENDED) unlink_ended(t);
  wipe_request(t);
  free(t->content_type);
  trace_free(t->trace);
  if (t->body) OPENSSL_cleanse(t->body, t->body_len); /* it may hold keys, or repeat what was sent */
  free(t->body);
  free(t);
}
