/* redact.h - secrets out of text that others wrote, in whatever form they come back. Pure: knows bytes alone.
 *
 * Text is read as it stands, and once more each time a layer of escapes has been taken off it: percent-encoding, HTML
 * entities, JSON's and C's backslashes. What breaks lines (blanks, control characters, hyphens, <br>) counts for
 * nothing, nor does '+', which forms write for a blank. Base64 of a secret is looked for like the secret, wherever in a
 * longer text it began. A piece of REDACT_PIECE characters is enough, so that one that was cut off is found. */
#ifndef CRSYNC_REDACT_H
#define CRSYNC_REDACT_H

#include "bytes.h"

#pragma GCC visibility push(hidden)

enum { REDACT_PIECE = 8 };

struct redact;

/* An empty set of secrets, or NULL. Free with redact_free. */
struct redact *redact_new(void);

/* Wipes and frees the set. NULL is fine. */
void redact_free(struct redact *r);

/* Adds a secret. One of less than 4 characters is left alone: it would hide ordinary words. Returns 0, or -1 when
 * memory runs out. */
int redact_add(struct redact *r, struct bytes secret);

/* Adds an access key's id, of which the first and the last four characters may be seen. */
int redact_add_id(struct redact *r, struct bytes id);

/* Overwrites by asterisks each piece of a secret in the text, whose length stays. Where there is no memory to look, or
 * the text has more layers of escapes than anybody reads, all of it. `r` may be NULL for want of memory. */
void redact_text(const struct redact *r, char *text, size_t len);

/* 1 if the text holds the secret as it is, or with no more than its special characters escaped: a look that costs
 * little, for texts that hardly ever hold it. A secret that redact_add would leave alone is never echoed. */
int redact_is_echoed(struct bytes secret, struct bytes text);

#pragma GCC visibility pop

#endif
