/* sigpipe.h - libcurl at work without a SIGPIPE for the host. */
#ifndef CRSYNC_SIGPIPE_H
#define CRSYNC_SIGPIPE_H

#include <signal.h>

#pragma GCC visibility push(hidden)

/* What this thread was like before. */
struct sigpipe {
  sigset_t before;
  int shield;
};

/* Finds out whether this libcurl can raise SIGPIPE at all; once, after curl_global_init. */
void sigpipe_open(void);

/* Around each use of libcurl that may write. Where TLS is written to sockets without MSG_NOSIGNAL, SIGPIPE is blocked
 * for this thread alone, and one that arose meanwhile is taken away. The host's handlers stay as they are. */
void sigpipe_begin(struct sigpipe *q);
void sigpipe_end(const struct sigpipe *q);

#pragma GCC visibility pop

#endif
