/* As much of BSD's kqueue as csrc/pollset.c uses, made of epoll, so that make test-kqueue runs that half on Linux. It
 * shows that the calls are right, not how BSD carries them out. For one thread, as the specs are. */
#ifndef STUB_SYS_EVENT_H
#define STUB_SYS_EVENT_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVFILT_READ = -1, EVFILT_WRITE = -2, EVFILT_TIMER = -7 };
enum { EV_ADD = 1, EV_DELETE = 2, EV_ONESHOT = 0x10, EV_ERROR = 0x4000 };

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  void *udata;
};

#define EV_SET(event, i, f, fl, ff, d, u) \
  (*(event) = (struct kevent){(uintptr_t)(i), (int16_t)(f), (uint16_t)(fl), (ff), (d), (u)})

enum { STUB_MOST = 1024 };

/* By queue and descriptor: what is watched. */
static unsigned char stub_watched[STUB_MOST][STUB_MOST];

static inline int kqueue(void) {
  int queue = epoll_create1(EPOLL_CLOEXEC);
  for (int fd = 0; queue >= 0 && fd < STUB_MOST; fd++) stub_watched[queue][fd] = 0;
  return queue;
}

static inline int stub_timer(int queue, const struct kevent *event) {
  struct itimerspec after = {.it_value = {event->data / 1000, event->data % 1000 * 1000000}};
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); /* stays open: the process is a spec */
  struct epoll_event watch = {.events = EPOLLIN, .data.fd = timer};
  return timer < 0 || timerfd_settime(timer, 0, &after, NULL) || epoll_ctl(queue, EPOLL_CTL_ADD, timer, &watch);
}

static inline int stub_change(int queue, const struct kevent *event) {
  if (event->filter == EVFILT_TIMER) return stub_timer(queue, event);
  int fd = (int)event->ident, bit = event->filter == EVFILT_READ ? EPOLLIN : EPOLLOUT;
  int before = stub_watched[queue][fd % STUB_MOST], after = event->flags & EV_DELETE ? before & ~bit : before | bit;
  if (fd >= STUB_MOST || fcntl(fd, F_GETFD) < 0) {
    errno = EBADF;
    return -1;
  }
  if (event->flags & EV_DELETE && !(before & bit)) {
    errno = ENOENT;
    return -1;
  }
  struct epoll_event watch = {.events = (uint32_t)after, .data.fd = fd};
  int failed = epoll_ctl(queue, after ? EPOLL_CTL_MOD : EPOLL_CTL_DEL, fd, &watch);
  /* A closed descriptor has left by itself, as it has on BSD. */
  if (failed && errno == ENOENT && after) failed = epoll_ctl(queue, EPOLL_CTL_ADD, fd, &watch);
  if (failed && !after) failed = 0;
  if (!failed) stub_watched[queue][fd] = (unsigned char)after;
  return failed;
}

static inline int kevent(int queue, const struct kevent *changes, int count, struct kevent *events, int most,
                         const struct timespec *limit) {
  for (int i = 0; i < count; i++)
    if (stub_change(queue, changes + i)) return -1;
  if (!most) return 0;
  struct epoll_event found[64];
  int n = epoll_wait(queue, found, most > 64 ? 64 : most,
                     limit ? (int)(limit->tv_sec * 1000 + limit->tv_nsec / 1000000) : -1), stored = 0;
  for (int i = 0; i < n; i++) {
    int fd = found[i].data.fd, ready = (int)found[i].events, watched = stub_watched[queue][fd];
    if (ready & (EPOLLHUP | EPOLLERR)) ready |= watched;
    if (ready & EPOLLIN && stored < most) EV_SET(events + stored++, fd, EVFILT_READ, 0, 0, 0, NULL);
    if (ready & EPOLLOUT && stored < most) EV_SET(events + stored++, fd, EVFILT_WRITE, 0, 0, 0, NULL);
  }
  return n < 0 ? n : stored;
}

#endif
