/* pollset.h - many descriptors behind one, and the monotonic clock. epoll on Linux, kqueue on macOS and BSD.
 * A host's event loop watches the one descriptor; when it is readable, one of the many is ready. */
#ifndef CRSYNC_POLLSET_H
#define CRSYNC_POLLSET_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

enum { POLLSET_READ = 1, POLLSET_WRITE = 2, POLLSET_ERROR = 4 };

struct pollset;

struct pollset_event {
  int fd;
  int ready; /* POLLSET_ bits */
};

/* A new empty set, or NULL with errno set. Free with pollset_free. */
struct pollset *pollset_new(void);

/* Closes the set's descriptor. NULL is fine. Safe in a forked child too: the parent's set is not touched. */
void pollset_free(struct pollset *p);

/* The descriptor to poll for reading. */
int pollset_fd(const struct pollset *p);

/* Watches fd for the POLLSET_ bits in `wanted`; 0 forgets it. Returns 0, or -1 with errno set. */
int pollset_watch(struct pollset *p, int fd, int wanted);

/* Makes the set's descriptor readable once `ms` milliseconds have passed; for sets that are watched from outside, not
 * for pollset_wait. Returns 0, or -1 with errno set. */
int pollset_set_timer(struct pollset *p, int64_t ms);

/* Waits up to timeout_ms (0: not at all) and stores at most `max` events. Returns their number; 0 also
 * when a signal came first. */
int pollset_wait(struct pollset *p, struct pollset_event *events, int max, int timeout_ms);

/* Milliseconds on a clock that is never set back. */
int64_t pollset_now_ms(void);

#pragma GCC visibility pop

#endif
