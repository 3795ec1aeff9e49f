/* sigpipe.h - keeps SIGPIPE from the host while libcurl works. */
#ifndef CRSYNC_SIGPIPE_H
#define CRSYNC_SIGPIPE_H

#include <signal.h>

#pragma GCC visibility push(hidden)

/* The state of the calling thread. */
struct sigpipe {
  sigset_t before; /* signals that were blocked already */
  int shield;      /* 1: SIGPIPE was not among them, so one that is pending is libcurl's */
};

/* Finds out whether this libcurl can raise SIGPIPE at all; once, after curl_global_init. */
void sigpipe_open(void);

/* Stand around each use of libcurl that may write. Where TLS is written to sockets without MSG_NOSIGNAL, they block
 * SIGPIPE for this thread alone, and take away one that arose meanwhile. The host's handlers stay as they are. */
void sigpipe_begin(struct sigpipe *q);
void sigpipe_end(const struct sigpipe *q);

/* The same whatever libcurl does, for other writers. */
void sigpipe_block(struct sigpipe *q);
void sigpipe_unblock(const struct sigpipe *q);

#pragma GCC visibility pop

#endif
