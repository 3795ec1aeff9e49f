/* nonce.c - see nonce.h. */
#include "nonce.h"
#include "bytes.h"
#include "fork.h"
#include "packages.h"

#include <openssl/rand.h>

enum { NONCE_BYTES = (NONCE_SIZE - 1) / 2, MADE_AT_ONCE = 32 };

/* Random bytes for the next nonces: asking OpenSSL for few is hardly cheaper than asking for many. */
struct pool {
  unsigned char bytes[MADE_AT_ONCE * NONCE_BYTES];
  size_t left;
  unsigned forks; /* a forked child has its parent's bytes, and must not use them */
};

static _Thread_local struct pool pool;

int nonce_make(char nonce[NONCE_SIZE]) {
  if (pool.left == 0 || pool.forks != fork_count()) {
    pool.left = 0;
    if (RAND_bytes(pool.bytes, sizeof pool.bytes) != 1) return -1;
    pool.left = sizeof pool.bytes;
    pool.forks = fork_count();
  }
  pool.left -= NONCE_BYTES;
  bytes_to_hex(pool.bytes + pool.left, NONCE_BYTES, nonce);
  nonce[NONCE_SIZE - 1] = '\0';
  return 0;
}
