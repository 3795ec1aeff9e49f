/* connections.c - see connections.h. */
#define _GNU_SOURCE
#include "connections.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum {
  NOTES = 251 /* of connections in a pool; the port decides where. What is lost by a clash costs a little work */
};

/* What is known of a connection, which goes by its local port. */
struct note {
  long port; /* 0: nothing is noted */
  int64_t first_ms, latest_ms;
  int is_limited; /* its silence is */
};

struct connections_pool {
  struct connections *owner;
  struct connections_pool *next;
  CURLM *multi;
  int64_t due_ms;  /* when libcurl wants to run again, or -1 */
  int64_t used_ms; /* when a request was put in or taken out, on a clock that goes on while the machine sleeps */
  size_t in_flight;
  size_t made;        /* connections, by requests that have ended */
  size_t most;        /* connections to a host at once; 0: as many as there are requests */
  size_t settled_for; /* so many requests in flight at once have their connections */
  int was_used;       /* a request in it has ended */
  struct note notes[NOTES];
};

struct connections {
  struct pollset *pollset;
  struct connections_pool *pools;  /* all of them, retired ones too */
  struct connections_pool *shared; /* one of them, or NULL */
  struct connections_pool *fresh;  /* one of them that nothing has ended in when it was asked for last, or NULL */
  int is_http1;                    /* the host has spoken it */
  int tunnel;                      /* it is reached through an HTTP proxy's */
  int has_skipped, is_starved;
};

/* libcurl counts idle seconds on a clock that may stand still in a machine's sleep; connections age in it. */
static int64_t wakeful_or_asleep_ms(void) {
#ifdef CLOCK_BOOTTIME
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
#else
  return pollset_now_ms(); /* elsewhere it counts sleep */
#endif
}

/* ---- a pool -------------------------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data) {
  (void)easy, (void)socket_data;
  struct connections *c = data;
  int wanted = (what == CURL_POLL_IN || what == CURL_POLL_INOUT ? POLLSET_READ : 0) |
               (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? POLLSET_WRITE : 0);
  if (what == CURL_POLL_REMOVE) wanted = 0;
  if (pollset_watch(c->pollset, fd, wanted) && wanted) c->is_starved = 1; /* what is closed can't be forgotten again */
  return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *data) {
  (void)multi;
  struct connections_pool *pool = data;
  pool->due_ms = timeout_ms < 0 ? -1 : pollset_now_ms() + timeout_ms;
  return 0;
}

static int allow_connections(struct connections_pool *pool, size_t most) {
  pool->most = most;
  return curl_multi_setopt(pool->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)most) ? -1 : 0;
}

static int give_each_its_own(struct connections_pool *pool) {
  return curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) ? -1 : allow_connections(pool, 0);
}

static int set_up(struct connections_pool *pool) {
  return curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
                 curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool->owner) ||
                 curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
                 curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool) ||
                 /* How many streams a connection takes is the server's to say; libcurl's own limit would be 100. */
                 curl_multi_setopt(pool->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 2147483647L) ||
                 (pool->owner->is_http1 ? give_each_its_own(pool)
                                        : allow_connections(pool, pool->owner->tunnel ? 1 : 2))
             ? -1
             : 0;
}

static struct connections_pool *open_pool(struct connections *c) {
  struct connections_pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->owner = c;
  pool->due_ms = -1;
  pool->used_ms = wakeful_or_asleep_ms();
  pool->multi = curl_multi_init();
  if (pool->multi && !set_up(pool)) {
    pool->next = c->pools;
    c->pools = pool;
    return pool;
  }
  if (pool->multi) curl_multi_cleanup(pool->multi);
  free(pool);
  return NULL;
}

int connections_add(struct connections_pool *pool, CURL *easy) {
  if (curl_multi_add_handle(pool->multi, easy)) return -1;
  pool->in_flight++;
  pool->owner->has_skipped = 0;
  return 0;
}

static struct note *note_of(struct connections_pool *pool, long port) {
  struct note *note = port > 0 ? &pool->notes[port % NOTES] : NULL;
  return note && note->port == port ? note : NULL;
}

/* Not sooner: while it is made, the limit would end that, which has a limit of its own. Of several requests on it
 * libcurl names its socket to the one that leaves last. */
static void limit_silence(struct connections_pool *pool, CURL *easy, int is_made) {
#ifdef TCP_USER_TIMEOUT
  const unsigned ms = CONNECTIONS_MAX_SILENCE_MS;
  curl_socket_t fd = CURL_SOCKET_BAD;
  long port = 0;
  curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
  struct note *note = note_of(pool, port);
  if (!note || (note->is_limited && !is_made)) return;
  note->is_limited = !curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) && fd != CURL_SOCKET_BAD;
  if (note->is_limited) (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
#else
  (void)pool, (void)easy, (void)is_made;
#endif
}

void connections_remove(struct connections_pool *pool, CURL *easy) {
  long made = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made);
  pool->made += (size_t)made;
  limit_silence(pool, easy, made > 0);
  curl_multi_remove_handle(pool->multi, easy);
  pool->in_flight--;
  pool->was_used = 1;
  pool->used_ms = wakeful_or_asleep_ms();
}

/* ---- what is known of one connection ------------------------------------------------------------- */

void connections_note_answer(struct connections_pool *pool, long port) {
  if (port <= 0) return;
  struct note *note = &pool->notes[port % NOTES];
  int64_t now = pollset_now_ms();
  if (note->port != port) *note = (struct note){.port = port, .first_ms = now};
  note->latest_ms = now;
}

int64_t connections_first_answer(struct connections_pool *pool, long port) {
  const struct note *note = note_of(pool, port);
  return note ? note->first_ms : 0;
}

int64_t connections_latest_answer(struct connections_pool *pool, long port) {
  const struct note *note = note_of(pool, port);
  return note ? note->latest_ms : 0;
}

/* ---- which pool ---------------------------------------------------------------------------------- */

struct connections *connections_new(struct pollset *pollset, int tunnel) {
  struct connections *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->pollset = pollset;
  c->tunnel = tunnel;
  return c;
}

struct connections_pool *connections_shared(struct connections *c) {
  struct connections_pool *pool = c->shared;
  if (pool && !pool->in_flight && wakeful_or_asleep_ms() - pool->used_ms > CONNECTIONS_MAX_IDLE_S * (int64_t)1000) {
    connections_retire(c, pool);
    c->is_http1 = 0; /* the host may have learned HTTP/2 */
  }
  if (!c->shared) c->shared = open_pool(c);
  return c->shared;
}

struct connections_pool *connections_fresh(struct connections *c) {
  if (!c->shared || !c->shared->was_used) return connections_shared(c);
  if (!c->fresh || c->fresh->was_used) c->fresh = open_pool(c);
  return c->fresh;
}

struct connections_pool *connections_alone(struct connections *c) {
  return open_pool(c);
}

int connections_retire(struct connections *c, const struct connections_pool *pool) {
  int is_current = c->shared == pool || c->fresh == pool;
  if (c->shared == pool) c->shared = NULL;
  if (c->fresh == pool) c->fresh = NULL;
  return is_current;
}

void connections_retire_shared(struct connections *c) { c->shared = NULL; }

void connections_offer(struct connections *c, struct connections_pool *pool) {
  if (!c->shared) c->shared = pool;
}

static void close_pool(struct connections_pool *pool) {
  curl_multi_cleanup(pool->multi);
  free(pool);
}

void connections_sweep(struct connections *c) {
  for (struct connections_pool **at = &c->pools; *at;) {
    struct connections_pool *pool = *at;
    if (pool == c->shared || pool->in_flight) {
      at = &pool->next;
    } else {
      if (pool == c->fresh) c->fresh = NULL;
      *at = pool->next;
      close_pool(pool);
    }
  }
}

void connections_free(struct connections *c) {
  if (!c) return;
  c->shared = NULL;
  connections_sweep(c);
  free(c);
}

void connections_abandon(struct connections *c) {
  if (!c) return;
  while (c->pools) {
    struct connections_pool *pool = c->pools;
    c->pools = pool->next;
    free(pool);
  }
  free(c);
}

/* ---- how many connections ------------------------------------------------------------------------ */

void connections_set_http1(struct connections *c) {
  if (c->is_http1) return;
  c->is_http1 = 1;
  for (struct connections_pool *pool = c->pools; pool; pool = pool->next) give_each_its_own(pool);
}

int connections_are_http1(const struct connections *c) { return c->is_http1; }

struct connections_pool *connections_unsettled(const struct connections *c) {
  struct connections_pool *pool = c->shared;
  return pool && pool->most > 1 && pool->in_flight > pool->settled_for ? pool : NULL;
}

/* Two connections are allowed at first. The second is made when the first takes no more: over HTTP/1 with the second
 * request, over HTTP/2 at the server's limit of streams. What the first has taken tells how many are needed. */
int connections_settle(struct connections_pool *pool, const struct connections_use *use) {
  size_t connections = pool->made + use->making + use->made, ready = pool->made + use->made;
  if (use->waiting && (connections < pool->most || !ready || use->sent < ready)) return 0;
  pool->settled_for = pool->in_flight;
  if (!use->waiting) return 0;
  size_t streams = use->sent / ready, needed = (pool->in_flight + streams - 1) / streams;
  return needed > pool->most && !allow_connections(pool, needed);
}

/* ---- moving bytes -------------------------------------------------------------------------------- */

int64_t connections_due_ms(const struct connections *c) {
  int64_t due = -1;
  for (const struct connections_pool *pool = c->pools; pool; pool = pool->next)
    if (pool->due_ms >= 0 && (due < 0 || pool->due_ms < due)) due = pool->due_ms;
  return due;
}

int connections_have_skipped(const struct connections *c) { return c->has_skipped; }

static void act(struct connections_pool *pool, curl_socket_t fd, int ready) {
  int still_running;
  if (curl_multi_socket_action(pool->multi, fd, ready, &still_running)) pool->owner->is_starved = 1;
}

static void act_on_socket(struct connections *c, const struct pollset_event *event) {
  int ready = (event->ready & POLLSET_READ ? CURL_CSELECT_IN : 0) |
              (event->ready & POLLSET_WRITE ? CURL_CSELECT_OUT : 0) |
              (event->ready & POLLSET_ERROR ? CURL_CSELECT_ERR : 0);
  /* A pool passes over sockets that are not its own. */
  for (struct connections_pool *pool = c->pools; pool && !c->is_starved; pool = pool->next) act(pool, event->fd, ready);
}

static void act_on_time(struct connections *c) {
  int64_t now = pollset_now_ms();
  for (struct connections_pool *pool = c->pools; pool && !c->is_starved; pool = pool->next) {
    if (pool->due_ms < 0 || pool->due_ms > now) continue;
    pool->due_ms = -1;
    act(pool, CURL_SOCKET_TIMEOUT, 0);
  }
}

int connections_move(struct connections *c, int timeout_ms) {
  struct pollset_event events[64];
  int n = 0;
  int64_t due = connections_due_ms(c);
  /* What libcurl wants done now, a request's first step most likely, does not wait for a look at the sockets. */
  c->has_skipped = !c->has_skipped && due >= 0 && due <= pollset_now_ms();
  if (!c->has_skipped) n = pollset_wait(c->pollset, events, 64, timeout_ms);
  for (int i = 0; i < n; i++) act_on_socket(c, &events[i]);
  act_on_time(c);
  return c->is_starved ? -1 : 0;
}

CURL *connections_ended(struct connections *c, CURLcode *code) {
  int left;
  for (struct connections_pool *pool = c->pools; pool; pool = pool->next) {
    const CURLMsg *message;
    while ((message = curl_multi_info_read(pool->multi, &left))) {
      if (message->msg != CURLMSG_DONE) continue;
      *code = message->data.result;
      return message->easy_handle;
    }
  }
  return NULL;
}
