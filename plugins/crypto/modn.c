/* modn.c -- one bit at a time: slow, short and constant time. */
#include "ct.h"
#include "modn.h"

/* r -= n if r (with `carry` above its top byte) is not below n. */
static void subtract_once(uint8_t *r, uint32_t carry, const uint8_t *n, size_t w)
{
	uint32_t borrow = 0, mask;
	for (size_t i = w; i--;)
		borrow = (((uint32_t)r[i] - n[i] - borrow) >> 8) & 1u;
	mask = 0u - (carry | (borrow ^ 1u));
	borrow = 0;
	for (size_t i = w; i--;) {
		uint32_t v = (uint32_t)r[i] - (n[i] & mask) - borrow;
		r[i] = (uint8_t)v;
		borrow = (v >> 8) & 1u;
	}
}

/* r = 2r + bit; r < n before and after. */
static void shift_in(uint8_t *r, uint32_t bit, const uint8_t *n, size_t w)
{
	for (size_t i = w; i--;) {
		uint32_t v = ((uint32_t)r[i] << 1) | bit;
		r[i] = (uint8_t)v;
		bit = v >> 8;
	}
	subtract_once(r, bit, n, w);
}

/* r += a & mask. */
static void add(uint8_t *r, const uint8_t *a, uint32_t mask, const uint8_t *n, size_t w)
{
	uint32_t carry = 0;
	for (size_t i = w; i--;) {
		uint32_t v = (uint32_t)r[i] + (a[i] & mask) + carry;
		r[i] = (uint8_t)v;
		carry = v >> 8;
	}
	subtract_once(r, carry, n, w);
}

/* r = n - r, or 0 for 0. */
static void negated(uint8_t *r, const uint8_t *n, size_t w)
{
	uint32_t borrow = 0;
	for (size_t i = w; i--;) {
		uint32_t v = (uint32_t)n[i] - r[i] - borrow;
		r[i] = (uint8_t)v;
		borrow = (v >> 8) & 1u;
	}
	subtract_once(r, 0, n, w);
}

static uint32_t bit_of(imp_span b, size_t i)
{
	return (uint32_t)(b.ptr[i / 8] >> (7 - i % 8)) & 1u;
}

int imp_modn_valid(const uint8_t *a, const uint8_t *n, size_t w)
{
	uint32_t borrow = 0;
	for (size_t i = w; i--;)
		borrow = (((uint32_t)a[i] - n[i] - borrow) >> 8) & 1u;
	return (int)borrow & (imp_ct_zero(a, w) ^ 1);
}

void imp_modn_reduce(uint8_t *r, imp_span a, const uint8_t *n, size_t w)
{
	uint8_t v[MODN_MAX] = {0};
	for (size_t i = 0; i < a.len * 8; i++)
		shift_in(v, bit_of(a, i), n, w);
	memcpy(r, v, w);
	imp_wipe(v, sizeof v);
}

void imp_modn_muladd(uint8_t *r, const uint8_t *a, imp_span b, const uint8_t *d,
                     int negate, const uint8_t *n, size_t w)
{
	uint8_t v[MODN_MAX] = {0};
	for (size_t i = 0; i < b.len * 8; i++) {
		shift_in(v, 0, n, w);
		add(v, a, 0u - bit_of(b, i), n, w);
	}
	if (negate)
		negated(v, n, w);
	add(v, d, ~(uint32_t)0, n, w);
	memcpy(r, v, w);
	imp_wipe(v, sizeof v);
}
