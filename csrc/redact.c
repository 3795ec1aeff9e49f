/* redact.c - see redact.h. */
#define _GNU_SOURCE
#include "redact.h"
#include "packages.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>

enum {
  SHORTEST = 4,   /* characters of a secret that is looked for */
  ID_SHOWN = 4,   /* of an id, at either end */
  ID_LEAST = 12,  /* an id shorter than this is shown at neither */
  MAX_SHORT = 16, /* secrets shorter than a piece, such as the middle of an id */
  MAX_LAYERS = 10,
  MAX_TAG = 8 /* <br clear> */
};

/* Pieces are looked up by their bytes, which a number holds. 0 is no piece: no character that counts is a NUL. */
struct redact {
  uint64_t *pieces; /* open addressing; 0: free */
  size_t count, size;
  struct {
    uint64_t piece, mask;
    size_t len;
  } shorter[MAX_SHORT];
  size_t shorter_count;
};

/* ---- the set ------------------------------------------------------------------------------------- */

struct redact *redact_new(void) {
  return OPENSSL_zalloc(sizeof(struct redact));
}

void redact_free(struct redact *r) {
  if (!r) return;
  OPENSSL_clear_free(r->pieces, r->size * sizeof *r->pieces);
  OPENSSL_clear_free(r, sizeof *r);
}

static size_t place_of(const struct redact *r, uint64_t piece) {
  uint64_t hash = piece * 0x9e3779b97f4a7c15u;
  size_t at = (size_t)(hash >> 32) & (r->size - 1);
  while (r->pieces[at] && r->pieces[at] != piece) at = (at + 1) & (r->size - 1);
  return at;
}

static int reserve(struct redact *r, size_t more) {
  if ((r->count + more) * 2 <= r->size) return 0;
  struct redact larger = {.size = 64};
  while (larger.size < (r->count + more) * 2) larger.size *= 2;
  larger.pieces = OPENSSL_zalloc(larger.size * sizeof *larger.pieces);
  if (!larger.pieces) return -1;
  for (size_t i = 0; i < r->size; i++)
    if (r->pieces[i]) larger.pieces[place_of(&larger, r->pieces[i])] = r->pieces[i];
  OPENSSL_clear_free(r->pieces, r->size * sizeof *r->pieces);
  r->pieces = larger.pieces;
  r->size = larger.size;
  return 0;
}

static int has_piece(const struct redact *r, uint64_t piece) {
  return r->size && piece && r->pieces[place_of(r, piece)] == piece;
}

/* A character as it is compared, or 0 for one that counts for nothing. Base64's second alphabet is its first. */
static unsigned char folded(unsigned char c) {
  if (c <= ' ' || c == 0x7f || c == '+' || c == '-' || c == '\\') return 0;
  return c == '_' ? '/' : c;
}

static void add_short(struct redact *r, uint64_t piece, size_t len) {
  if (len < SHORTEST || r->shorter_count == MAX_SHORT) return;
  r->shorter[r->shorter_count].piece = piece;
  r->shorter[r->shorter_count].mask = ((uint64_t)1 << (8 * len)) - 1;
  r->shorter[r->shorter_count++].len = len;
}

/* Adds all pieces of the text as it stands. */
static int add_pieces(struct redact *r, struct bytes b) {
  uint64_t piece = 0;
  size_t len = 0;
  if (reserve(r, b.len)) return -1;
  for (size_t i = 0; i < b.len; i++) {
    unsigned char c = folded((unsigned char)b.data[i]);
    if (!c) continue;
    piece = piece << 8 | c;
    if (++len < REDACT_PIECE) continue;
    size_t at = place_of(r, piece);
    if (!r->pieces[at]) r->count++;
    r->pieces[at] = piece;
  }
  if (len && len < REDACT_PIECE) add_short(r, piece, len);
  return 0;
}

/* ---- base64 -------------------------------------------------------------------------------------- */

static unsigned byte_at(struct bytes b, size_t lead, size_t i) {
  return i >= lead && i - lead < b.len ? (unsigned char)b.data[i - lead] : 0;
}

/* Writes base64 of the bytes behind `lead` others, but for the characters that those and what follows have a part in.
 * Returns how many. */
static size_t write_base64(struct bytes b, size_t lead, char *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t first = (lead * 8 + 5) / 6, last = (lead + b.len) * 8 / 6, n = 0;
  for (size_t i = first; i < last; i++) {
    size_t bit = i * 6, at = bit / 8;
    unsigned two = byte_at(b, lead, at) << 8 | byte_at(b, lead, at + 1);
    out[n++] = digits[two >> (10 - bit % 8) & 63];
  }
  return n;
}

static int add_base64(struct redact *r, struct bytes secret) {
  size_t size = secret.len / 3 * 4 + 8;
  char *text = OPENSSL_malloc(size);
  int failed = !text;
  for (size_t lead = 0; lead < 3 && !failed; lead++) {
    size_t len = write_base64(secret, lead, text);
    if (len >= REDACT_PIECE) failed = add_pieces(r, (struct bytes){text, len});
  }
  OPENSSL_clear_free(text, size);
  return failed ? -1 : 0;
}

int redact_add(struct redact *r, struct bytes secret) {
  if (secret.len < SHORTEST) return 0;
  return add_pieces(r, secret) || add_base64(r, secret) ? -1 : 0;
}

int redact_add_id(struct redact *r, struct bytes id) {
  struct bytes middle = id;
  if (id.len >= ID_LEAST) middle = (struct bytes){id.data + ID_SHOWN, id.len - 2 * (size_t)ID_SHOWN};
  if (id.len < SHORTEST) return 0;
  return add_pieces(r, middle) || add_base64(r, id) ? -1 : 0;
}

/* ---- layers of escapes --------------------------------------------------------------------------- */

/* A character of the text, and the bytes of the original that it came from. */
struct letter {
  uint32_t from, to;
  unsigned char c;
};

struct stream {
  struct letter *letters;
  size_t len;
};

static int hex_value(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static unsigned char letter_at(const struct stream *s, size_t i) { return i < s->len ? s->letters[i].c : 0; }

/* Reads up to `most` digits from i on; returns how many there are. */
static size_t read_digits(const struct stream *s, size_t i, unsigned base, size_t most, uint32_t *value) {
  size_t n = 0;
  *value = 0;
  for (; n < most; n++) {
    int digit = hex_value(letter_at(s, i + n));
    if (digit < 0 || (unsigned)digit >= base) break;
    *value = *value * base + (unsigned)digit;
  }
  return n;
}

static size_t read_named(const struct stream *s, size_t i, uint32_t *code) {
  static const struct {
    const char *name;
    char c;
  } entities[] = {{"amp", '&'},  {"quot", '"'}, {"apos", '\''}, {"lt", '<'},     {"gt", '>'},
                  {"plus", '+'}, {"sol", '/'},  {"bsol", '\\'}, {"equals", '='}, {"percnt", '%'}};
  for (size_t e = 0; e < sizeof entities / sizeof *entities; e++) {
    size_t n = 0;
    while (entities[e].name[n] && letter_at(s, i + n) == (unsigned char)entities[e].name[n]) n++;
    if (entities[e].name[n]) continue;
    *code = (unsigned char)entities[e].c;
    return n + (letter_at(s, i + n) == ';');
  }
  return 0;
}

/* &#47; &#x2F; &sol; with i behind the ampersand. */
static size_t read_entity(const struct stream *s, size_t i, uint32_t *code) {
  if (letter_at(s, i) != '#') return read_named(s, i, code);
  size_t mark = letter_at(s, i + 1) == 'x' || letter_at(s, i + 1) == 'X' ? 2 : 1;
  size_t n = read_digits(s, i + mark, mark == 2 ? 16 : 10, 8, code);
  int is_closed = letter_at(s, i + mark + n) == ';';
  if (!n || (!is_closed && *code <= ' ')) return 0; /* a break may follow within the digits */
  return mark + n + (size_t)is_closed;
}

/* \u002f \x2f \n, with i behind the backslash. */
static size_t read_backslash(const struct stream *s, size_t i, uint32_t *code) {
  unsigned char c = letter_at(s, i);
  size_t n = c == 'u' ? 4 : c == 'x' ? 2 : 0;
  if (n) return read_digits(s, i + 1, 16, n, code) == n ? n + 1 : 0;
  *code = ' ';
  return c == 'n' || c == 'r' || c == 't';
}

/* <br/>, with i behind the bracket. */
static size_t read_tag(const struct stream *s, size_t i, uint32_t *code) {
  size_t n = 0;
  *code = ' ';
  while (n < MAX_TAG && (letter_at(s, i + n) == '/' || (letter_at(s, i + n) | 32u) >= 'a') &&
         letter_at(s, i + n) <= 'z')
    n++;
  return n && letter_at(s, i + n) == '>' ? n + 1 : 0;
}

/* Reads an escape at i; returns how many letters it has, 0 if there is none. */
static size_t read_escape(const struct stream *s, size_t i, uint32_t *code) {
  size_t n = 0;
  switch (letter_at(s, i)) {
  case '%':
    n = read_digits(s, i + 1, 16, 2, code) == 2 ? 2 : 0;
    break;
  case '&':
    n = read_entity(s, i + 1, code);
    break;
  case '\\':
    n = read_backslash(s, i + 1, code);
    break;
  case '<':
    n = read_tag(s, i + 1, code);
    break;
  default:
    break;
  }
  return n ? n + 1 : 0;
}

/* Writes a code point in UTF-8, a byte as itself. */
static size_t write_code(uint32_t code, int is_byte, unsigned char out[3]) {
  if (code < 0x80 || is_byte) {
    out[0] = (unsigned char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (unsigned char)(0xc0 | code >> 6);
    out[1] = (unsigned char)(0x80 | (code & 63));
    return 2;
  }
  out[0] = (unsigned char)(0xe0 | (code >> 12 & 15));
  out[1] = (unsigned char)(0x80 | (code >> 6 & 63));
  out[2] = (unsigned char)(0x80 | (code & 63));
  return 3;
}

/* What only breaks a line may stand within an escape, too. */
static void put(struct stream *s, unsigned char c, uint32_t from, uint32_t to) {
  if (c > ' ' && c != 0x7f) s->letters[s->len++] = (struct letter){from, to, c};
}

/* Takes one layer of escapes off, or of those that stand for breaks alone; in place, for none is shorter than what it
 * stands for. Returns whether there was one. */
static int unescape(struct stream *s, int breaks_alone) {
  struct stream out = {s->letters, 0};
  int found = 0;
  for (size_t i = 0; i < s->len;) {
    uint32_t code;
    size_t n = read_escape(s, i, &code);
    if (!n || (breaks_alone && code > ' ')) {
      out.letters[out.len++] = s->letters[i++];
      continue;
    }
    unsigned char bytes[3];
    uint32_t from = s->letters[i].from, to = s->letters[i + n - 1].to;
    size_t count = write_code(code, letter_at(s, i) == '%', bytes);
    for (size_t k = 0; k < count; k++) put(&out, bytes[k], from, to);
    found = 1;
    i += n;
  }
  s->len = out.len;
  return found;
}

/* ---- striking out -------------------------------------------------------------------------------- */

static size_t matching(const struct redact *r, uint64_t latest, size_t seen) {
  if (seen >= REDACT_PIECE && has_piece(r, latest)) return REDACT_PIECE;
  for (size_t i = 0; i < r->shorter_count; i++)
    if (seen >= r->shorter[i].len && (latest & r->shorter[i].mask) == r->shorter[i].piece) return r->shorter[i].len;
  return 0;
}

static void strike(const struct redact *r, const struct stream *s, char *text) {
  uint32_t begins[REDACT_PIECE]; /* of the latest letters, by their number */
  uint64_t latest = 0;
  size_t seen = 0;
  for (size_t i = 0; i < s->len; i++) {
    unsigned char c = folded(s->letters[i].c);
    if (!c) continue;
    begins[seen++ % REDACT_PIECE] = s->letters[i].from;
    latest = latest << 8 | c;
    size_t n = matching(r, latest, seen);
    if (!n) continue;
    uint32_t from = begins[(seen - n) % REDACT_PIECE];
    memset(text + from, '*', s->letters[i].to - from);
  }
}

/* Returns 0 when every layer was looked at. */
static int strike_layers(const struct redact *r, char *text, size_t len) {
  if (len >= UINT32_MAX / sizeof(struct letter)) return -1;
  struct stream s = {OPENSSL_malloc(len * sizeof(struct letter)), 0};
  if (!s.letters) return -1;
  for (size_t i = 0; i < len; i++) put(&s, (unsigned char)text[i], (uint32_t)i, (uint32_t)i + 1);
  int layers = 0;
  do strike(r, &s, text); /* a break may stand within an escape, so breaks go first */
  while ((unescape(&s, 1) || unescape(&s, 0)) && ++layers < MAX_LAYERS);
  OPENSSL_clear_free(s.letters, len * sizeof(struct letter));
  return layers < MAX_LAYERS ? 0 : -1;
}

void redact_text(const struct redact *r, char *text, size_t len) {
  if (len && (!r || strike_layers(r, text, len))) memset(text, '*', len);
}

/* ---- a quick look -------------------------------------------------------------------------------- */

/* The longest part of a secret that no usual form escapes; all of it where none is as long as a piece. */
static struct bytes plain_part(struct bytes secret) {
  struct bytes longest = {secret.data, 0};
  for (size_t from = 0, i = 0; i <= secret.len; i++) {
    if (i < secret.len && (isalnum((unsigned char)secret.data[i]) || strchr("-._", secret.data[i]))) continue;
    if (i - from > longest.len) longest = (struct bytes){secret.data + from, i - from};
    from = i + 1;
  }
  return longest.len < REDACT_PIECE ? secret : longest;
}

int redact_is_echoed(struct bytes secret, struct bytes text) {
  if (secret.len < SHORTEST) return 0;
  struct bytes part = plain_part(secret);
  return memmem(text.data, text.len, part.data, part.len) != NULL;
}
