/* descriptors.h - whether files and sockets can still be opened, and how it is told when not. POSIX alone. */
#ifndef CRSYNC_DESCRIPTORS_H
#define CRSYNC_DESCRIPTORS_H

#pragma GCC visibility push(hidden)

/* EMFILE or ENFILE when hardly a descriptor is left, to this process or to any; else 0. Finds out by opening some, so
 * it is for those who have failed and do not know why. Leaves errno as it was. */
int descriptors_shortage(void);

/* strerror, but for these two in words that are the same everywhere. Static, or strerror's. */
const char *descriptors_words(int error_number);

#pragma GCC visibility pop

#endif
