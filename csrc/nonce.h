/* nonce.h - the random text that makes each signed request another. Knows OpenSSL's generator, and no signature. */
#ifndef CRSYNC_NONCE_H
#define CRSYNC_NONCE_H

#pragma GCC visibility push(hidden)

enum { NONCE_SIZE = 33 }; /* 32 hexadecimal digits and a NUL */

/* Writes 128 random bits in hexadecimal. Threads share none of them, nor do a process and its forked child. Returns 0,
 * or -1 when OpenSSL has no random bytes. */
int nonce_make(char nonce[NONCE_SIZE]);

#pragma GCC visibility pop

#endif
