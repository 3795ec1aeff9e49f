/* connections.h - the connections of one engine, kept in pools. A pool is a curl multi handle: kept connections, the
 * addresses of hosts, certificates as they were read. Knows the pollset and libcurl, and no requests.
 *
 * Requests share one pool, over HTTP/2 one connection. When one of them fails, all that its pool keeps is in doubt: a
 * connection may lead nowhere any more, an address may be old. The pool is retired then: what is in flight in it goes
 * on, new requests get a new pool, and the old one closes when its last request has ended. */
#ifndef CRSYNC_CONNECTIONS_H
#define CRSYNC_CONNECTIONS_H

#include "packages.h"
#include "pollset.h"

#include <curl/curl.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Seconds after which an idle connection is not used again: NAT boxes and balancers keep 240 and more, most of them. */
enum { CONNECTIONS_MAX_IDLE_S = 60 };

/* How long the other end of a kept connection may leave bytes unacknowledged, which even a slow server does not. The
 * connection has failed then, and libcurl sends the request on a new one by itself. Where the system knows that. */
enum { CONNECTIONS_MAX_SILENCE_MS = 4000 };

struct connections;
struct connections_pool;

/* None yet, on a pollset that outlives them. tunnel: an HTTP proxy leads to the host. Over HTTP/2 a pool has one
 * connection then, and requests beyond the server's limit of streams wait: libcurl gives a second one out before its
 * tunnel is there. NULL without memory. */
struct connections *connections_new(struct pollset *pollset, int tunnel);

/* Closes all. Every handle must have been taken out. NULL is fine. */
void connections_free(struct connections *c);

/* Frees the memory and closes nothing: for a forked child, where connections are the parent's. NULL is fine. */
void connections_abandon(struct connections *c);

/* The pool that requests share; a new one where there is none, or where it has been idle for too long. NULL without
 * memory. */
struct connections_pool *connections_shared(struct connections *c);

/* A pool in which no request has ended yet, so that none of its connections is a kept one. NULL without memory. */
struct connections_pool *connections_fresh(struct connections *c);

/* A new pool for one request: it takes no kept connection, nobody joins it, and so libcurl never sends it twice. NULL
 * without memory. */
struct connections_pool *connections_alone(struct connections *c);

/* From now on no new request gets this pool. Any number of times. Returns 1 if it is given up only now. */
int connections_retire(struct connections *c, const struct connections_pool *pool);

/* The same for the pool that requests share now, if there is one. */
void connections_retire_shared(struct connections *c);

/* Makes it the shared one if there is none. */
void connections_offer(struct connections *c, struct connections_pool *pool);

/* Puts a handle in, which starts it. Returns 0, or -1 without memory. */
int connections_add(struct connections_pool *pool, CURL *easy);

/* Takes it out again, which stops it. */
void connections_remove(struct connections_pool *pool, CURL *easy);

/* Notes that the connection with this local port has brought an answer. */
void connections_note_answer(struct connections_pool *pool, long port);

/* When that connection brought its first and its latest answer, in milliseconds of pollset_now_ms; 0: not known. */
int64_t connections_first_answer(struct connections_pool *pool, long port);
int64_t connections_latest_answer(struct connections_pool *pool, long port);

/* Whether the host has spoken HTTP/1: each request in flight has a connection then, and none waits. Until all has been
 * idle for a while that is so over HTTP/2 too, as libcurl mixes up the responses of a host that speaks both. */
void connections_set_http1(struct connections *c);
int connections_are_http1(const struct connections *c);

/* What the requests that are in flight in a pool do. */
struct connections_use {
  size_t waiting, sent; /* requests without a connection; that have been sent */
  size_t making, made;  /* connections that are being made; that were made, by requests in flight */
};

/* The shared pool when some that are in flight in it may lack a connection, and else NULL. connections_settle is to be
 * told what they do then. It returns 1 when more connections were allowed: those who wait should be put in again. */
struct connections_pool *connections_unsettled(const struct connections *c);
int connections_settle(struct connections_pool *pool, const struct connections_use *use);

/* When libcurl wants to run again, in milliseconds of pollset_now_ms, or -1. */
int64_t connections_due_ms(const struct connections *c);

/* Waits for the sockets, up to timeout_ms, and lets libcurl do what can be done. Returns 0, or -1 when memory ran out
 * within: what libcurl still knows of its transfers is unsure then, and all of it must go. */
int connections_move(struct connections *c, int timeout_ms);

/* 1 if the last connections_move has done without a look at the sockets. */
int connections_have_skipped(const struct connections *c);

/* The next handle that has ended, with how; it is still in its pool. NULL when there is none. */
CURL *connections_ended(struct connections *c, CURLcode *code);

/* Closes the retired pools that nothing is in flight in. */
void connections_sweep(struct connections *c);

#pragma GCC visibility pop

#endif
