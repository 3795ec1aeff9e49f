/* fork.h - whether this process was forked since a thing was made, without a system call. */
#ifndef CRSYNC_FORK_H
#define CRSYNC_FORK_H

#pragma GCC visibility push(hidden)

/* Begins to count; once per process, before anything asks. Returns 0, or -1 when memory runs out. */
int fork_watch(void);

/* How many forks lie between the process that began to count and this one. What was made at another count belongs to a
 * parent. */
unsigned fork_count(void);

#pragma GCC visibility pop

#endif
