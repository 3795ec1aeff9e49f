/* fork.c - see fork.h. Forks are counted as they happen, since getpid is a system call. */
#include "fork.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint forks;

static void count_fork(void) { atomic_fetch_add(&forks, 1); }

int fork_watch(void) { return pthread_atfork(NULL, NULL, count_fork) ? -1 : 0; }

unsigned fork_count(void) { return atomic_load(&forks); }
