/* descriptors.c - see descriptors.h. */
#define _GNU_SOURCE
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What a connection needs at most: what has failed for want of one may have let go of the others meanwhile. */
enum { A_FEW = 4 };

int descriptors_shortage(void) {
  int fds[A_FEW], n = 0, reason = errno, shortage = 0;
  while (n < A_FEW && (fds[n] = open("/", O_RDONLY | O_CLOEXEC)) >= 0) n++;
  if (n < A_FEW && (errno == EMFILE || errno == ENFILE)) shortage = errno;
  while (n > 0) close(fds[--n]);
  errno = reason;
  return shortage;
}

const char *descriptors_words(int error_number) {
  if (error_number == EMFILE) return "too many open files in this process";
  if (error_number == ENFILE) return "too many open files on this machine";
  return strerror(error_number);
}
