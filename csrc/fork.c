/* fork.c - see fork.h. Forks are counted as they happen, since getpid is a system call. A child counts before it has a
 * second thread, and nobody else ever does: the count needs no lock. */
#include "fork.h"

#include <pthread.h>

static unsigned forks;

static void count_fork(void) { forks++; }

int fork_watch(void) { return pthread_atfork(NULL, NULL, count_fork) ? -1 : 0; }

unsigned fork_count(void) { return forks; }
