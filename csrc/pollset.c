/* pollset.c - see pollset.h. */
#define _GNU_SOURCE
#include "pollset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct pollset {
  int fd;
  int timer; /* a descriptor of its own on Linux; -1: none */
  pid_t pid;
};

enum { MAX_EVENTS = 64 };

int pollset_fd(const struct pollset *p) { return p->fd; }

int64_t pollset_now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#if defined(__linux__) && !defined(POLLSET_KQUEUE) /* make test-kqueue defines it */
#include <sys/epoll.h>
#include <sys/timerfd.h>

static int open_set(void) { return epoll_create1(EPOLL_CLOEXEC); }

/* A child has its own descriptor of the parent's epoll set, and closes only that. */
static int owns_descriptor(const struct pollset *p) { return p->fd >= 0; }

int pollset_watch(struct pollset *p, int fd, int wanted) {
  struct epoll_event event = {.data.fd = fd};
  if (wanted & POLLSET_READ) event.events |= EPOLLIN;
  if (wanted & POLLSET_WRITE) event.events |= EPOLLOUT;
  if (!wanted) return epoll_ctl(p->fd, EPOLL_CTL_DEL, fd, &event);
  if (!epoll_ctl(p->fd, EPOLL_CTL_ADD, fd, &event)) return 0;
  return errno == EEXIST ? epoll_ctl(p->fd, EPOLL_CTL_MOD, fd, &event) : -1;
}

int pollset_set_timer(struct pollset *p, int64_t ms) {
  struct itimerspec after = {.it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};
  if (ms <= 0) after.it_value.tv_nsec = 1; /* 0 would switch it off */
  if (p->timer < 0) p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (p->timer < 0 || timerfd_settime(p->timer, 0, &after, NULL)) return -1;
  return pollset_watch(p, p->timer, POLLSET_READ);
}

int pollset_wait(struct pollset *p, struct pollset_event *events, int max, int timeout_ms) {
  struct epoll_event found[MAX_EVENTS];
  int n = epoll_wait(p->fd, found, max < MAX_EVENTS ? max : MAX_EVENTS, timeout_ms);
  for (int i = 0; i < n; i++) {
    events[i].fd = found[i].data.fd;
    events[i].ready = (found[i].events & EPOLLIN ? POLLSET_READ : 0) |
                      (found[i].events & EPOLLOUT ? POLLSET_WRITE : 0) |
                      (found[i].events & (EPOLLERR | EPOLLHUP) ? POLLSET_ERROR : 0);
  }
  return n > 0 ? n : 0;
}

#else
#include <sys/event.h>
#include <sys/types.h>

static int open_set(void) {
  int fd = kqueue();
  if (fd >= 0) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

/* A kqueue is not inherited: in a child the number may already mean another file. */
static int owns_descriptor(const struct pollset *p) { return p->fd >= 0 && p->pid == getpid(); }

static int change(struct pollset *p, int fd, int16_t filter, int on) {
  struct kevent event;
  EV_SET(&event, fd, filter, on ? EV_ADD : EV_DELETE, 0, 0, 0);
  int failed = kevent(p->fd, &event, 1, NULL, 0, NULL);
  return failed && !(!on && errno == ENOENT) ? -1 : 0;
}

int pollset_watch(struct pollset *p, int fd, int wanted) {
  int read = change(p, fd, EVFILT_READ, wanted & POLLSET_READ);
  int write = change(p, fd, EVFILT_WRITE, wanted & POLLSET_WRITE);
  return read || write ? -1 : 0;
}

int pollset_set_timer(struct pollset *p, int64_t ms) {
  struct kevent event;
  EV_SET(&event, 0, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, ms > 0 ? (intptr_t)ms : 1, 0);
  return kevent(p->fd, &event, 1, NULL, 0, NULL);
}

int pollset_wait(struct pollset *p, struct pollset_event *events, int max, int timeout_ms) {
  struct kevent found[MAX_EVENTS];
  struct timespec limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000000L};
  int n = kevent(p->fd, NULL, 0, found, max < MAX_EVENTS ? max : MAX_EVENTS, &limit);
  for (int i = 0; i < n; i++) {
    events[i].fd = (int)found[i].ident;
    events[i].ready = (found[i].filter == EVFILT_READ ? POLLSET_READ : POLLSET_WRITE) |
                      (found[i].flags & EV_ERROR ? POLLSET_ERROR : 0);
  }
  return n > 0 ? n : 0;
}
#endif

struct pollset *pollset_new(void) {
  struct pollset *p = malloc(sizeof *p);
  if (!p) return NULL;
  p->pid = getpid();
  p->timer = -1;
  p->fd = open_set();
  if (p->fd >= 0) return p;
  int reason = errno;
  free(p);
  errno = reason;
  return NULL;
}

void pollset_free(struct pollset *p) {
  if (!p) return;
  if (p->timer >= 0) close(p->timer);
  if (owns_descriptor(p)) close(p->fd);
  free(p);
}
