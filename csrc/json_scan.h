/* json_scan.h - checks the bytes of a JSON text, and marks what lua-cjson cannot carry. Pure C: no Lua.
 *
 * The check is for what lua-cjson lets pass, or reads differently from release to release: UTF-8, numbers, names,
 * control characters, depth. Whether the tokens stand in a right order is left to lua-cjson.
 *
 * Marked tokens travel through lua-cjson as strings. These are numbers with a fraction, an exponent or more than 15
 * digits; all numbers where the locale has another decimal point; and empty arrays, which lua-cjson cannot tell from
 * empty objects. */
#ifndef CRSYNC_JSON_SCAN_H
#define CRSYNC_JSON_SCAN_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

enum { JSON_SCAN_MAX_DEPTH = 100 };

/* A text that passed the check cannot hold this byte, since it is not UTF-8. So a decoded string that begins with it is
 * a mark: JSON_SCAN_MARK JSON_SCAN_NUMBER digits, or JSON_SCAN_MARK JSON_SCAN_EMPTY_ARRAY. */
#define JSON_SCAN_MARK '\xff'
#define JSON_SCAN_NUMBER 'n'
#define JSON_SCAN_EMPTY_ARRAY 'a'

/* One scan of a text, which must outlive it. */
struct json_scan {
  const char *begin, *at, *end;
  const char *problem; /* what is wrong at `at`; NULL while all is well */
  size_t marks;        /* tokens that must travel as marked strings */
  size_t numbers;      /* those that need no mark */
  size_t nulls;
  size_t growth;     /* bytes that the marks add */
  int foreign_point; /* the locale's decimal point is another: lua-cjson would misread any number */
  int depth;
};

/* Scans the text. Returns 1, or 0 with the problem and where it is. */
int json_scan_text(struct json_scan *s, const char *text, size_t len);

/* After a scan without a problem: the bytes of the text with its marks, and the copy itself, as long. */
size_t json_scan_marked_size(const struct json_scan *s);
size_t json_scan_copy_marked(const struct json_scan *s, char *out);

#pragma GCC visibility pop

#endif
