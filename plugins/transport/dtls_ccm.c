/* dtls_ccm.c -- records under AES-128-CCM with an 8-byte tag: RFC 6655. */
#include "ct.h"
#include "dtls_in.h"

enum { KEY = 16, SALT = 4, EXPLICIT = 8, TAG = 8, OVERHEAD = EXPLICIT + TAG };

static imp_key key_of(const uint8_t *keys, int server)
{
	imp_key k = {IMP_A_TLS_CCM8, 0, 0, {keys + (server ? KEY : 0), KEY}};
	return k;
}

static void make_nonce(uint8_t nonce[12], const uint8_t *keys, int server, const uint8_t *explicit)
{
	memcpy(nonce, keys + 2 * KEY + (server ? SALT : 0), SALT);
	memcpy(nonce + SALT, explicit, EXPLICIT);
}

/* aad and the plaintext's length. */
static void with_length(imp_span aad[2], imp_span given, uint8_t n[2], size_t len)
{
	n[0] = (uint8_t)(len >> 8);
	n[1] = (uint8_t)len;
	aad[0] = given;
	aad[1] = imp_bytes(n, 2);
}

static imp_status seal(const struct imp_dtls_run *r, const uint8_t *keys, int server, imp_span aad, uint64_t number, imp_span in, uint8_t *out, size_t *len)
{
	const imp_crypto *c = r->cx->crypto;
	imp_key k = key_of(keys, server);
	uint8_t nonce[12], n[2], explicit[EXPLICIT];
	imp_span all[2];
	imp_wr w = imp_wr_to(explicit, EXPLICIT);
	imp_status st;
	imp_wr_be64(&w, number);
	make_nonce(nonce, keys, server, explicit);
	with_length(all, aad, n, in.len);
	*len -= EXPLICIT;
	st = c->seal(c, IMP_A_TLS_CCM8, &k, imp_bytes(nonce, 12), all, 2, in, out + EXPLICIT, len);
	memcpy(out, explicit, EXPLICIT);
	*len += EXPLICIT;
	return st;
}

static imp_status open(const struct imp_dtls_run *r, const uint8_t *keys, int server, imp_span aad, imp_span in, uint8_t *out, size_t *len)
{
	const imp_crypto *c = r->cx->crypto;
	imp_key k = key_of(keys, server);
	uint8_t nonce[12], n[2];
	imp_span all[2];
	if (in.len < OVERHEAD)
		return IMP_EAUTH;
	make_nonce(nonce, keys, server, in.ptr);
	with_length(all, aad, n, in.len - OVERHEAD);
	return c->open(c, IMP_A_TLS_CCM8, &k, imp_bytes(nonce, 12), all, 2, imp_bytes(in.ptr + EXPLICIT, in.len - EXPLICIT), out, len);
}

static size_t fits(size_t room)
{
	return room > OVERHEAD ? room - OVERHEAD : 0;
}

const struct imp_dtls_bulk imp_dtls_ccm8 = {
	.key = KEY, .iv = SALT, .nonce = EXPLICIT, .most = OVERHEAD, .seal = seal, .open = open, .fits = fits,
};
