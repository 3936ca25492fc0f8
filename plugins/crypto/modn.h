/* modn.h -- scalars modulo a group's order n, for providers whose library
 * keeps that arithmetic to itself.
 *
 * Numbers are big endian and `w` bytes wide, w <= MODN_MAX; n is odd, and
 * its top bit may be clear.  Time depends on the widths only.  [any] */
#ifndef IMPRINT_MODN_H
#define IMPRINT_MODN_H

#include "imprint.h"

enum { MODN_MAX = 66 };

/* 1 if 0 < a < n. */
int imp_modn_valid(const uint8_t *a, const uint8_t *n, size_t w);

/* r = a mod n, for an `a` of any length. */
void imp_modn_reduce(uint8_t *r, imp_span a, const uint8_t *n, size_t w);

/* r = d + a*b mod n, or d - a*b; a and d below n, b of any length. */
void imp_modn_muladd(uint8_t *r, const uint8_t *a, imp_span b, const uint8_t *d,
                     int negate, const uint8_t *n, size_t w);

#endif
