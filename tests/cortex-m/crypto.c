/* crypto.c -- the providers of a board for tests/crypto.c.  BearSSL finds no
 * entropy there; these random numbers are good for tests only. */
#include "crypto.h"
#include "crypto-list.h"

static imp_status toy_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	static uint32_t x = 1;
	(void)c;
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		out[i] = (uint8_t)(x >> 24);
	}
	return IMP_OK;
}

size_t t_providers(struct provider *list)
{
	static imp_crypto full, small;
	imp_bearssl_with(&full, &imp_bearssl, toy_random);
	imp_bearssl_with(&small, &imp_bearssl_ec, toy_random);
	list[0] = (struct provider){"bearssl", &full, must_bearssl, 0};
	list[1] = (struct provider){"bearssl.ec", &small, must_small, 0};
	return 2;
}
