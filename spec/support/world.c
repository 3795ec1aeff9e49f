/* world.c - preloaded: a world that changes around a process. moving.example has the address that the file
 * $WORLD_ADDRESS names, and the machine has slept for as many seconds as the file $WORLD_ASLEEP says. The system's file
 * of certificates is $WORLD_ANCHORS, where that is set; its folder is as it was. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int read_word(const char *variable, char word[64]) {
  const char *path = getenv(variable);
  FILE *file = path ? fopen(path, "r") : NULL;
  int found = file && fscanf(file, "%63s", word) == 1;
  if (file) fclose(file);
  return found;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
  char word[64];
  int result = (int)syscall(SYS_clock_gettime, clock, t);
  if (clock == CLOCK_BOOTTIME && read_word("WORLD_ASLEEP", word)) t->tv_sec += atol(word);
  return result;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  char word[64];
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  if (name && !strcmp(name, "moving.example") && read_word("WORLD_ADDRESS", word)) name = word;
  return real(name, service, hints, found);
}

static const char *found_instead(const char *path) {
  static const char anchors[] = "/ca-certificates.crt";
  const char *instead = getenv("WORLD_ANCHORS");
  size_t n = strlen(path), most = sizeof anchors - 1;
  return instead && n >= most && !strcmp(path + n - most, anchors) ? instead : path;
}

/* OpenSSL opens it by the second name, where there are both. */
FILE *fopen(const char *path, const char *mode) {
  static FILE *(*real)(const char *, const char *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fopen");
  return real(found_instead(path), mode);
}

FILE *fopen64(const char *path, const char *mode) { return fopen(path, mode); }
