/* sign.c - see sign.h. */
#include "sign.h"
#include "packages.h"
#include "redact.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/params.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "crsync needs OpenSSL 3"
#endif

#define ALGORITHM "ACS3-HMAC-SHA256"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define CONTENT_SHA256 "x-acs-content-sha256"

enum { SHA256_SIZE = 32, SHA256_HEX = 64 };

/* Text that may hold a token: it is wiped when it moves and when it is freed. */
struct text {
  char *data;
  size_t len, size;
};

/* A name and a value by their offsets in the signer's store, which moves while it grows. */
struct pair {
  size_t name, name_len, value, value_len;
  const char *sort_name;
};

struct pairs {
  struct pair *items;
  size_t count, size;
};

struct sign_key {
  size_t holders;
  struct sign_key *newer; /* what has taken its place meanwhile; held */
  EVP_MD *sha256;
  EVP_MAC *hmac;
  EVP_MD_CTX *digest;
  EVP_MAC_CTX *mac;
  struct text id, secret, token;
  struct redact *hidden; /* all three; NULL: not made yet */
};

struct sign {
  struct text method, path, store;
  struct pairs query, headers;
  struct text canonical_query, signed_headers, canonical_request, string_to_sign, authorization;
};

/* ---- growing text and lists ---------------------------------------------------------------------- */

static int text_reserve(struct text *t, size_t more) {
  if (more > SIZE_MAX / 4 - t->len) return SIGN_NO_MEMORY;
  size_t need = t->len + more;
  if (need <= t->size) return SIGN_OK;
  size_t size = t->size ? t->size : 512;
  while (size < need) size *= 2;
  char *data = OPENSSL_clear_realloc(t->data, t->len, size);
  if (!data) return SIGN_NO_MEMORY;
  t->data = data;
  t->size = size;
  return SIGN_OK;
}

static int text_add(struct text *t, const char *data, size_t len) {
  if (text_reserve(t, len)) return SIGN_NO_MEMORY;
  if (len) memcpy(t->data + t->len, data, len);
  t->len += len;
  return SIGN_OK;
}

static int text_add_byte(struct text *t, char byte) { return text_add(t, &byte, 1); }

static void text_free(struct text *t) {
  OPENSSL_clear_free(t->data, t->len);
  *t = (struct text){0};
}

static struct bytes text_bytes(const struct text *t) { return (struct bytes){t->data, t->len}; }

static int pairs_add(struct pairs *list, struct pair item) {
  if (list->count == list->size) {
    size_t size = list->size ? list->size * 2 : 16;
    struct pair *items = realloc(list->items, size * sizeof *items);
    if (!items) return SIGN_NO_MEMORY;
    list->items = items;
    list->size = size;
  }
  list->items[list->count++] = item;
  return SIGN_OK;
}

/* By name, in byte order. Not by the joined text "name=value": that would put Tag.1 before Tag. */
static int compare_names(const void *left, const void *right) {
  const struct pair *a = left, *b = right;
  size_t shorter = a->name_len < b->name_len ? a->name_len : b->name_len;
  int order = shorter ? memcmp(a->sort_name, b->sort_name, shorter) : 0;
  return order ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static void pairs_sort(struct pairs *list, const char *store) {
  for (size_t i = 0; i < list->count; i++) list->items[i].sort_name = store + list->items[i].name;
  if (list->count > 1) qsort(list->items, list->count, sizeof *list->items, compare_names);
}

/* ---- percent-encoding ---------------------------------------------------------------------------- */

static int is_unreserved(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

static int text_add_encoded(struct text *t, const char *data, size_t len) {
  static const char hex[] = "0123456789ABCDEF";
  if (len > SIZE_MAX / 16 || text_reserve(t, len * 3)) return SIGN_NO_MEMORY;
  char *out = t->data + t->len;
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)data[i];
    if (is_unreserved(c)) {
      *out++ = (char)c;
    } else {
      *out++ = '%';
      *out++ = hex[c >> 4];
      *out++ = hex[c & 15];
    }
  }
  t->len = (size_t)(out - t->data);
  return SIGN_OK;
}

/* ---- a key's life -------------------------------------------------------------------------------- */

static void key_free(struct sign_key *k) {
  redact_free(k->hidden);
  text_free(&k->id);
  text_free(&k->secret);
  text_free(&k->token);
  EVP_MAC_CTX_free(k->mac);
  EVP_MD_CTX_free(k->digest);
  EVP_MAC_free(k->hmac);
  EVP_MD_free(k->sha256);
  free(k);
}

static int fetch_algorithms(struct sign_key *k, const struct sign_key *like) {
  if (like) {
    k->sha256 = EVP_MD_up_ref(like->sha256) ? like->sha256 : NULL;
    k->hmac = EVP_MAC_up_ref(like->hmac) ? like->hmac : NULL;
  } else {
    k->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    k->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  }
  if (!k->sha256 || !k->hmac) return SIGN_CRYPTO;
  k->digest = EVP_MD_CTX_new();
  k->mac = EVP_MAC_CTX_new(k->hmac);
  return k->digest && k->mac ? SIGN_OK : SIGN_NO_MEMORY;
}

static int set_secret(struct sign_key *k, struct bytes secret) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
  if (text_add(&k->secret, secret.data, secret.len)) return SIGN_NO_MEMORY;
  return EVP_MAC_init(k->mac, (const unsigned char *)k->secret.data, k->secret.len, params) ? SIGN_OK : SIGN_CRYPTO;
}

struct sign_key *sign_key_new(const struct sign_key *like, struct bytes id, struct bytes secret, struct bytes token) {
  struct sign_key *k = calloc(1, sizeof *k);
  if (!k) return NULL;
  k->holders = 1;
  if (!fetch_algorithms(k, like) && !text_add(&k->id, id.data, id.len) && !text_add(&k->token, token.data, token.len) &&
      (!secret.len || !set_secret(k, secret)))
    return k;
  key_free(k);
  ERR_clear_error(); /* the host may look there for errors of its own */
  return NULL;
}

struct sign_key *sign_key_hold(struct sign_key *k) {
  k->holders++;
  return k;
}

void sign_key_drop(struct sign_key *k) {
  while (k && !--k->holders) {
    struct sign_key *newer = k->newer;
    key_free(k);
    k = newer;
  }
}

void sign_key_replace(struct sign_key **key, struct sign_key *newer) {
  (*key)->newer = sign_key_hold(newer);
  sign_key_drop(*key);
  *key = newer;
}

/* ---- one request --------------------------------------------------------------------------------- */

struct sign *sign_new(struct bytes method, struct bytes path) {
  struct sign *s = calloc(1, sizeof *s);
  if (s && (text_add(&s->method, method.data, method.len) || text_add(&s->path, path.data, path.len))) {
    sign_free(s);
    s = NULL;
  }
  return s;
}

void sign_free(struct sign *s) {
  if (!s) return;
  struct text *texts[] = {&s->method,          &s->path,           &s->store,
                          &s->canonical_query, &s->signed_headers, &s->canonical_request,
                          &s->string_to_sign,  &s->authorization};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) text_free(texts[i]);
  free(s->query.items);
  free(s->headers.items);
  free(s);
}

int sign_token(struct sign *s, const struct sign_key *k) {
  if (!k->token.len) return SIGN_OK;
  int status = sign_header(s, bytes_of("x-acs-accesskey-id"), text_bytes(&k->id));
  return status ? status : sign_header(s, bytes_of("x-acs-security-token"), text_bytes(&k->token));
}

int sign_query(struct sign *s, struct bytes name, struct bytes value) {
  struct pair item = {.name = s->store.len, .name_len = name.len};
  if (text_add(&s->store, name.data, name.len)) return SIGN_NO_MEMORY;
  item.value = s->store.len;
  if (text_add_encoded(&s->store, name.data, name.len) || text_add_byte(&s->store, '=') ||
      text_add_encoded(&s->store, value.data, value.len))
    return SIGN_NO_MEMORY;
  item.value_len = s->store.len - item.value;
  return pairs_add(&s->query, item);
}

static struct bytes trimmed(struct bytes p) {
  while (p.len && (p.data[0] == ' ' || p.data[0] == '\t')) p.data++, p.len--;
  while (p.len && (p.data[p.len - 1] == ' ' || p.data[p.len - 1] == '\t')) p.len--;
  return p;
}

static int is_token_char(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (c && strchr("!#$%&'*+-.^_`|~", c));
}

static int header_is_sendable(struct bytes name, struct bytes value) {
  if (!name.len) return 0;
  for (size_t i = 0; i < name.len; i++)
    if (!is_token_char((unsigned char)name.data[i])) return 0;
  for (size_t i = 0; i < value.len; i++) {
    unsigned char c = (unsigned char)value.data[i];
    if ((c < 0x20 && c != '\t') || c == 0x7f) return 0;
  }
  return 1;
}

static char lowered(char c) { return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); }

static int is_lowered(const char *small, struct bytes name) {
  for (size_t i = 0; i < name.len; i++)
    if (small[i] != lowered(name.data[i])) return 0;
  return 1;
}

/* The header of that name, in whatever letter case; NULL if there is none. */
static const struct pair *find_header(const struct sign *s, struct bytes name) {
  for (size_t i = 0; i < s->headers.count; i++) {
    const struct pair *p = &s->headers.items[i];
    if (p->name_len == name.len && is_lowered(s->store.data + p->name, name)) return p;
  }
  return NULL;
}

int sign_has_header(const struct sign *s, struct bytes name, struct bytes value) {
  const struct pair *p = find_header(s, name);
  return p && p->value_len == value.len && !memcmp(s->store.data + p->value, value.data, value.len);
}

int sign_header(struct sign *s, struct bytes name, struct bytes value) {
  value = trimmed(value);
  if (!header_is_sendable(name, value)) return SIGN_BAD_HEADER;
  if (find_header(s, name)) return SIGN_DUPLICATE;
  if (text_reserve(&s->store, name.len + value.len)) return SIGN_NO_MEMORY;
  struct pair item = {.name = s->store.len, .name_len = name.len, .value_len = value.len};
  char *lower = s->store.data + s->store.len;
  for (size_t i = 0; i < name.len; i++) lower[i] = lowered(name.data[i]);
  s->store.len += name.len;
  item.value = s->store.len;
  text_add(&s->store, value.data, value.len);
  return pairs_add(&s->headers, item);
}

/* ---- the three stages ---------------------------------------------------------------------------- */

static int hash_hex(const struct sign_key *k, const char *data, size_t len, char hex[SHA256_HEX]) {
  unsigned char hash[SHA256_SIZE];
  if (!EVP_DigestInit_ex2(k->digest, k->sha256, NULL) || !EVP_DigestUpdate(k->digest, data, len) ||
      !EVP_DigestFinal_ex(k->digest, hash, NULL))
    return SIGN_CRYPTO;
  bytes_to_hex(hash, sizeof hash, hex);
  return SIGN_OK;
}

static int mac_hex(const struct sign_key *k, const struct text *t, char hex[SHA256_HEX]) {
  unsigned char mac[SHA256_SIZE];
  size_t len = 0;
  /* Without a key the context starts again with the one it has. */
  if (!EVP_MAC_init(k->mac, NULL, 0, NULL) || !EVP_MAC_update(k->mac, (const unsigned char *)t->data, t->len) ||
      !EVP_MAC_final(k->mac, mac, &len, sizeof mac))
    return SIGN_CRYPTO;
  bytes_to_hex(mac, sizeof mac, hex);
  return SIGN_OK;
}

static int build_canonical_query(struct sign *s) {
  struct text *out = &s->canonical_query;
  pairs_sort(&s->query, s->store.data);
  for (size_t i = 0; i < s->query.count; i++) {
    const struct pair *p = &s->query.items[i];
    if (i && text_add_byte(out, '&')) return SIGN_NO_MEMORY;
    if (text_add(out, s->store.data + p->value, p->value_len)) return SIGN_NO_MEMORY;
  }
  return SIGN_OK;
}

static int is_signed(const char *name, size_t len) {
  return (len == 4 && !memcmp(name, "host", 4)) || (len == 12 && !memcmp(name, "content-type", 12)) ||
         (len > 6 && !memcmp(name, "x-acs-", 6));
}

/* The lines "name:value" go to the canonical request, "name;name" to the list of what is signed. */
static int add_signed_headers(struct sign *s) {
  struct text *lines = &s->canonical_request, *names = &s->signed_headers;
  pairs_sort(&s->headers, s->store.data);
  for (size_t i = 0; i < s->headers.count; i++) {
    const struct pair *p = &s->headers.items[i];
    const char *name = s->store.data + p->name;
    if (!is_signed(name, p->name_len)) continue;
    if (names->len && text_add_byte(names, ';')) return SIGN_NO_MEMORY;
    if (text_add(names, name, p->name_len) || text_add(lines, name, p->name_len) || text_add_byte(lines, ':') ||
        text_add(lines, s->store.data + p->value, p->value_len) || text_add_byte(lines, '\n'))
      return SIGN_NO_MEMORY;
  }
  return SIGN_OK;
}

static int add_line(struct text *out, const struct text *line) {
  return text_add(out, line->data, line->len) || text_add_byte(out, '\n') ? SIGN_NO_MEMORY : SIGN_OK;
}

static int build_canonical_request(struct sign *s, const char *payload_hash) {
  struct text *out = &s->canonical_request;
  if (add_line(out, &s->method) || add_line(out, &s->path) || add_line(out, &s->canonical_query) ||
      add_signed_headers(s) || text_add_byte(out, '\n') || add_line(out, &s->signed_headers))
    return SIGN_NO_MEMORY;
  return text_add(out, payload_hash, SHA256_HEX);
}

static int build_authorization(struct sign *s, const struct sign_key *k) {
  struct text *todo = &s->string_to_sign, *out = &s->authorization;
  char hex[SHA256_HEX];
  int status = hash_hex(k, s->canonical_request.data, s->canonical_request.len, hex);
  if (status) return status;
  if (text_add(todo, ALGORITHM "\n", sizeof ALGORITHM) || text_add(todo, hex, sizeof hex)) return SIGN_NO_MEMORY;
  if ((status = mac_hex(k, todo, hex))) return status;
  static const char credential[] = ALGORITHM " Credential=", headers[] = ",SignedHeaders=", signature[] = ",Signature=";
  if (text_add(out, credential, sizeof credential - 1) || text_add(out, k->id.data, k->id.len) ||
      text_add(out, headers, sizeof headers - 1) || text_add(out, s->signed_headers.data, s->signed_headers.len) ||
      text_add(out, signature, sizeof signature - 1))
    return SIGN_NO_MEMORY;
  return text_add(out, hex, sizeof hex);
}

int sign_finish(struct sign *s, const struct sign_key *k, struct bytes body, struct sign_text *text) {
  char payload_hash[SHA256_HEX + 1] = EMPTY_SHA256;
  int status = body.len ? hash_hex(k, body.data, body.len, payload_hash) : SIGN_OK;
  if (status) return status;
  status = sign_header(s, bytes_of(CONTENT_SHA256), (struct bytes){payload_hash, SHA256_HEX});
  if (status && status != SIGN_DUPLICATE) return status;
  if ((status = build_canonical_query(s))) return status;
  if ((status = build_canonical_request(s, payload_hash))) return status;
  if ((status = build_authorization(s, k))) return status;
  text->canonical_query = text_bytes(&s->canonical_query);
  text->canonical_request = text_bytes(&s->canonical_request);
  text->string_to_sign = text_bytes(&s->string_to_sign);
  text->authorization = text_bytes(&s->authorization);
  return SIGN_OK;
}

int sign_header_at(const struct sign *s, size_t i, struct sign_header *header) {
  if (i >= s->headers.count) return 0;
  const struct pair *p = &s->headers.items[i];
  header->name = (struct bytes){s->store.data + p->name, p->name_len};
  header->value = (struct bytes){s->store.data + p->value, p->value_len};
  return 1;
}

/* ---- secrets out of other people's text ---------------------------------------------------------- */

/* Made when it is first needed: most keys meet no error. NULL for want of memory. */
static const struct redact *hidden_of(struct sign_key *k) {
  if (k->hidden) return k->hidden;
  k->hidden = redact_new();
  if (k->hidden && !redact_add(k->hidden, text_bytes(&k->secret)) && !redact_add(k->hidden, text_bytes(&k->token)) &&
      !redact_add_id(k->hidden, text_bytes(&k->id)))
    return k->hidden;
  redact_free(k->hidden);
  k->hidden = NULL;
  return NULL;
}

void sign_redact(struct sign_key *k, char *text, size_t len) {
  for (; k; k = k->newer) redact_text(hidden_of(k), text, len);
}

int sign_is_echoed(const struct sign_key *k, struct bytes text) {
  for (; k; k = k->newer)
    if (redact_is_echoed(text_bytes(&k->secret), text) || redact_is_echoed(text_bytes(&k->token), text)) return 1;
  return 0;
}
