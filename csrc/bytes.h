/* bytes.h - a pointer with a length, for what one room hands to another. Whoever makes one keeps the bytes alive; they
 * need not end in a NUL. */
#ifndef CRSYNC_BYTES_H
#define CRSYNC_BYTES_H

#include <stddef.h>
#include <string.h>

struct bytes {
  const char *data;
  size_t len;
};

/* The bytes of a text, its NUL left out. */
static inline struct bytes bytes_of(const char *text) { return (struct bytes){text, strlen(text)}; }

/* Writes 2 * len digits, and no NUL. */
static inline void bytes_to_hex(const unsigned char *data, size_t len, char *hex) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    hex[2 * i] = digits[data[i] >> 4];
    hex[2 * i + 1] = digits[data[i] & 15];
  }
}

#endif
