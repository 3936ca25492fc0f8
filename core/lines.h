/* lines.h -- the header lines of REST messages (imprint.h, REQUESTS AND
 * REPLIES): "key: value" in lower case with '\n' between them, after a request's
 * path or alone in a reply.  [any] */
#ifndef IMPRINT_LINES_H
#define IMPRINT_LINES_H

#include "imprint.h"

/* The value of the first line with this key; empty: there is none. */
imp_span imp_line(imp_span name, const char *key);
/* A number of digits alone, at most 9 of them; -1: it is not one. */
int32_t  imp_line_number(imp_span value);

#endif
