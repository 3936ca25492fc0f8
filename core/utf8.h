/* utf8.h -- UTF-8 (RFC 3629): no overlong forms, no surrogates.  [any] */
#ifndef IMPRINT_UTF8_H
#define IMPRINT_UTF8_H

#include "imprint.h"

/* The length of the sequence that p starts with; 0: it is not one, or there
 * are not `left` (at least 1) bytes enough. */
size_t imp_utf8_len(const uint8_t *p, size_t left);

/* A code point to 1 to 4 bytes; returns how many.  `rune` below 0x110000. */
size_t imp_utf8_put(uint32_t rune, uint8_t out[4]);

#endif
