/* sigpipe.c - see sigpipe.h. */
#define _GNU_SOURCE
#include "sigpipe.h"
#include "packages.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

static int is_needed;

/* Since 7.88 libcurl gives OpenSSL its own way to the socket, with MSG_NOSIGNAL. */
void sigpipe_open(void) {
#ifdef SIGPIPE_ALWAYS
  is_needed = 1;
#else
  const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
  is_needed =
      version->version_num < 0x075800 || !version->ssl_version || strncmp(version->ssl_version, "OpenSSL/", 8) != 0;
#endif
}

static sigset_t sigpipe_alone(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

void sigpipe_block(struct sigpipe *q) {
  sigset_t pipe = sigpipe_alone();
  pthread_sigmask(SIG_BLOCK, &pipe, &q->before);
  q->shield = !sigismember(&q->before, SIGPIPE); /* where it is not blocked, none can be pending */
}

static void take_pending(void) {
  sigset_t pending, pipe = sigpipe_alone();
  int signal_number;
  sigpending(&pending);
  if (sigismember(&pending, SIGPIPE)) sigwait(&pipe, &signal_number);
}

void sigpipe_unblock(const struct sigpipe *q) {
  if (q->shield) take_pending();
  pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

void sigpipe_begin(struct sigpipe *q) {
  if (is_needed) sigpipe_block(q);
}

void sigpipe_end(const struct sigpipe *q) {
  if (is_needed) sigpipe_unblock(q);
}
