/* json_scan.c - see json_scan.h. */
#include "json_scan.h"

#include <locale.h>
#include <stdint.h>
#include <string.h>

enum { LONGEST_EXACT_FLOAT = 15 }; /* digits that every double carries */

/* ---- checking the bytes -------------------------------------------------------------------------- */

static int fail(struct json_scan *s, const char *problem) {
  s->problem = problem;
  return 0;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* What stands between tokens: space, comma, colon. As bits of one number, since it is most of what a scan meets. */
static int is_between(char c) {
  const uint64_t bits =
      UINT64_C(1) << ' ' | 1 << '\t' | 1 << '\n' | 1 << '\r' | UINT64_C(1) << ',' | UINT64_C(1) << ':';
  return (unsigned char)c < 64 && (bits >> c & 1);
}

/* Length of the UTF-8 sequence at p, 0 if it is none. Overlong forms and surrogates are none. */
static size_t utf8_length(const unsigned char *p, size_t left) {
  unsigned char c = p[0];
  if (c < 0x80) return 1;
  size_t n = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (!n || left < n) return 0;
  for (size_t i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
      (c == 0xf4 && p[1] > 0x8f))
    return 0;
  return n;
}

/* How many of the eight bytes, from the first on, are printable ASCII other than the quote and the backslash. Eight at
 * once, as one number: a subtraction borrows only from bytes behind a special one, and the first of those decides. */
static size_t plain_bytes(const char *p) {
  const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
  uint64_t w, quote, slash, special;
  memcpy(&w, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  w = __builtin_bswap64(w);
#endif
  quote = w ^ (ones * '"');
  slash = w ^ (ones * '\\');
  special = (((w - ones * 0x20) | (quote - ones) | (slash - ones)) | w) & high;
  return special ? (size_t)__builtin_ctzll(special) / 8 : 8;
}

/* From behind the opening quote to behind the closing one. Escapes are lua-cjson's to judge. */
static int scan_string(struct json_scan *s) {
  for (;;) {
    size_t plain = 8;
    while (plain == 8 && s->end - s->at >= 8) s->at += plain = plain_bytes(s->at);
    if (s->at == s->end) return fail(s, "a string does not end");
    unsigned char c = (unsigned char)*s->at;
    if (c == '"') {
      s->at++;
      return 1;
    }
    if (c < 0x20) return fail(s, "a control character in a string");
    if (c == '\\') {
      if (s->end - s->at < 2) return fail(s, "a string does not end");
      s->at++;
    }
    size_t n = utf8_length((const unsigned char *)s->at, (size_t)(s->end - s->at));
    if (!n) return fail(s, "bytes that are not UTF-8");
    s->at += n;
  }
}

static int scan_digits(struct json_scan *s) {
  const char *first = s->at;
  while (s->at < s->end && is_digit(*s->at)) s->at++;
  return s->at > first;
}

static int at_byte(const struct json_scan *s, char a, char b) { return s->at < s->end && (*s->at == a || *s->at == b); }

static const char *skip_space(const char *at, const char *end) {
  while (at < end && is_space(*at)) at++;
  return at;
}

/* Behind the bracket that closes the array whose opening one stands at `at`; NULL when something is in it. */
static const char *empty_array_end(const char *at, const char *end) {
  at = skip_space(at + 1, end);
  return at < end && *at == ']' ? at + 1 : NULL;
}

/* A mark is a string, so lua-cjson would take it where a name is expected. */
static int add_mark(struct json_scan *s, const char *after, size_t growth) {
  after = skip_space(after, s->end);
  if (after < s->end && *after == ':') return fail(s, "a name that is no string");
  s->marks++;
  s->growth += growth;
  return 1;
}

static int scan_number(struct json_scan *s) {
  int fraction = 0;
  if (*s->at == '-') s->at++;
  const char *digits = s->at;
  if (!scan_digits(s) || (*digits == '0' && s->at - digits > 1)) return fail(s, "a malformed number");
  size_t n = (size_t)(s->at - digits);
  if (at_byte(s, '.', '.')) {
    fraction = 1;
    s->at++;
    if (!scan_digits(s)) return fail(s, "a malformed number");
  }
  if (at_byte(s, 'e', 'E')) {
    fraction = 1;
    s->at++;
    if (at_byte(s, '+', '-')) s->at++;
    if (!scan_digits(s)) return fail(s, "a malformed number");
  }
  if (fraction || n > LONGEST_EXACT_FLOAT || s->foreign_point)
    return add_mark(s, s->at, 4); /* two quotes and the mark */
  s->numbers++;
  return 1;
}

static int scan_open(struct json_scan *s, char bracket) {
  const char *after = bracket == '[' ? empty_array_end(s->at, s->end) : NULL;
  s->at++;
  if (++s->depth > JSON_SCAN_MAX_DEPTH) return fail(s, "too deep: more than 100 levels");
  return after ? add_mark(s, after, 2) : 1; /* "[]" is two bytes, the mark in its quotes four */
}

static int scan_token(struct json_scan *s) {
  switch (*s->at) {
  case '"':
    s->at++;
    return scan_string(s);
  case '{':
  case '[':
    return scan_open(s, *s->at);
  case '}':
  case ']':
    s->depth--;
    break;
  default:
    if (is_digit(*s->at) || *s->at == '-') return scan_number(s);
    if (*s->at >= 'a' && *s->at <= 'z') { /* of null, true and false only one has an n */
      s->nulls += *s->at == 'n';
      break;
    }
    return fail(s, *s->at ? "a character that JSON has no place for" : "a NUL byte");
  }
  s->at++;
  return 1;
}

/* Tokens one by one; that they stand in a right order is lua-cjson's to check. */
int json_scan_text(struct json_scan *s, const char *text, size_t len) {
  *s = (struct json_scan){.begin = text, .at = text, .end = text + len};
  s->foreign_point = strcmp(localeconv()->decimal_point, ".") != 0;
  for (;;) {
    while (s->at < s->end && is_between(*s->at)) s->at++;
    if (s->at == s->end) return 1;
    if (!scan_token(s)) return 0;
  }
}

/* ---- marking what lua-cjson cannot carry --------------------------------------------------------- */

static char *copy_bytes(char *out, const char *from, const char *to) {
  memcpy(out, from, (size_t)(to - from));
  return out + (to - from);
}

static const char *string_end(const char *at) {
  for (at++; *at != '"'; at++)
    if (*at == '\\') at++;
  return at + 1;
}

/* Found by the function that counted the marks: if two functions disagreed, the copy would outgrow its buffer. */
static const char *number_end(const struct json_scan *s, const char *at, int *needs_mark) {
  struct json_scan again = *s;
  again.at = at;
  again.marks = 0;
  (void)scan_number(&again);
  *needs_mark = again.marks > 0;
  return again.at;
}

size_t json_scan_marked_size(const struct json_scan *s) { return (size_t)(s->end - s->begin) + s->growth; }

size_t json_scan_copy_marked(const struct json_scan *s, char *out) {
  const char *at = s->begin, *end = s->end, *next;
  char *begin = out;
  while (at < end) {
    int needs_mark = 0;
    if (*at == '"') {
      next = string_end(at);
      out = copy_bytes(out, at, next);
    } else if (is_digit(*at) || *at == '-') {
      next = number_end(s, at, &needs_mark);
      if (needs_mark) *out++ = '"', *out++ = JSON_SCAN_MARK, *out++ = JSON_SCAN_NUMBER;
      out = copy_bytes(out, at, next);
      if (needs_mark) *out++ = '"';
    } else if (*at == '[' && (next = empty_array_end(at, end))) {
      *out++ = '"', *out++ = JSON_SCAN_MARK, *out++ = JSON_SCAN_EMPTY_ARRAY, *out++ = '"';
    } else {
      next = at + 1;
      *out++ = *at;
    }
    at = next;
  }
  return (size_t)(out - begin);
}
