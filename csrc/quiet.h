/* quiet.h - libcurl at work without a SIGPIPE for the host. */
#ifndef CRSYNC_QUIET_H
#define CRSYNC_QUIET_H

#include <signal.h>

#pragma GCC visibility push(hidden)

/* What this thread was like before. */
struct quiet {
  sigset_t before;
  int shield;
};

/* Finds out whether this libcurl can raise SIGPIPE at all; once, after curl_global_init. */
void quiet_open(void);

/* Around each use of libcurl that may write. Where TLS is written to sockets without MSG_NOSIGNAL, SIGPIPE is blocked
 * for this thread alone, and one that arose meanwhile is taken away. The host's handlers stay as they are. */
void quiet_begin(struct quiet *q);
void quiet_end(const struct quiet *q);

#pragma GCC visibility pop

#endif
