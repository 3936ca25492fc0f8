/* bearssl_cbc.c -- TLS's CBC records on BearSSL's SHA-256. */
#include "bear.h"
#include "tlscbc.h"

static void compress(uint32_t h[8], const uint8_t block[64])
{
	br_sha256_context x;
	uint8_t state[32];
	for (int i = 0; i < 32; i++)
		state[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
	br_sha256_init(&x);
	br_sha256_set_state(&x, state, 0);
	br_sha256_update(&x, block, 64);
	br_sha256_state(&x, state);
	for (int i = 0; i < 8; i++)
		h[i] = (uint32_t)state[4 * i] << 24 | (uint32_t)state[4 * i + 1] << 16 | (uint32_t)state[4 * i + 2] << 8 | state[4 * i + 3];
}

static imp_status open(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad,
                       imp_span in, uint8_t *out, size_t *len)
{
	return imp_tls_cbc_open(c, compress, k, nonce, aad, naad, in, out, len);
}

const struct imp_bear_cbc imp_bear_cbc = {imp_tls_cbc_seal, open};
