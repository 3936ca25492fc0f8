/* ct.h -- a small constant-time algebra, and erasing.
 *
 * Masks are all ones or all zeros.  Nothing here branches on, or indexes
 * by, its arguments' values; lengths are public.  [any] */
#ifndef IMPRINT_CT_H
#define IMPRINT_CT_H

#include "imprint.h"

/* All ones if x is 0, else 0. */
static inline uint32_t imp_ct_is0(uint32_t x)
{
	return (uint32_t)0 - (1u ^ ((x | (0u - x)) >> 31));
}

static inline uint32_t imp_ct_pick(uint32_t mask, uint32_t a, uint32_t b)
{
	return b ^ (mask & (a ^ b));
}

/* 1 if the n bytes are the same, else 0, in a time that depends on n only. */
static inline int imp_ct_equal(const void *a, const void *b, size_t n)
{
	const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;
	uint32_t d = 0;
	for (size_t i = 0; i < n; i++)
		d |= (uint32_t)(p[i] ^ q[i]);
	return (int)(imp_ct_is0(d) & 1u);
}

/* 1 if all n bytes are zero. */
static inline int imp_ct_zero(const void *a, size_t n)
{
	const uint8_t *p = (const uint8_t *)a;
	uint32_t d = 0;
	for (size_t i = 0; i < n; i++)
		d |= p[i];
	return (int)(imp_ct_is0(d) & 1u);
}

/* Erase: never optimized away. */
void imp_wipe(void *p, size_t n);

#endif
