/* dtls_cbc.c -- records under AES-128-CBC with HMAC-SHA-256: RFC 5246 6.2.3.2.
 * The provider does MAC and padding, in constant time. */
#include "ct.h"
#include "dtls_in.h"

enum { MAC = 32, KEY = 16, IV = 16, BLOCK = 16 };

/* The cipher's key, then the MAC's. */
static imp_key key_of(uint8_t both[KEY + MAC], const uint8_t *keys, int server)
{
	imp_key k = {IMP_A_TLS_CBC_SHA256, 0, 0, {both, KEY + MAC}};
	memcpy(both, keys + 2 * MAC + (server ? KEY : 0), KEY);
	memcpy(both + KEY, keys + (server ? MAC : 0), MAC);
	return k;
}

static imp_status seal(const struct imp_dtls_run *r, const uint8_t *keys, int server, imp_span aad, uint64_t number, imp_span in, uint8_t *out, size_t *len)
{
	const imp_crypto *c = r->cx->crypto;
	uint8_t both[KEY + MAC], iv[IV];
	imp_key k = key_of(both, keys, server);
	imp_status st = c->random(c, iv, IV);
	(void)number;
	*len -= IV;
	if (st == IMP_OK)
		st = c->seal(c, IMP_A_TLS_CBC_SHA256, &k, imp_bytes(iv, IV), &aad, 1, in, out + IV, len);
	memcpy(out, iv, IV);
	*len += IV;
	imp_wipe(both, sizeof both);
	return st;
}

static imp_status open(const struct imp_dtls_run *r, const uint8_t *keys, int server, imp_span aad, imp_span in, uint8_t *out, size_t *len)
{
	const imp_crypto *c = r->cx->crypto;
	uint8_t both[KEY + MAC];
	imp_key k = key_of(both, keys, server);
	imp_status st = IMP_EAUTH;
	if (in.len > IV)
		st = c->open(c, IMP_A_TLS_CBC_SHA256, &k, imp_bytes(in.ptr, IV), &aad, 1, imp_bytes(in.ptr + IV, in.len - IV), out, len);
	imp_wipe(both, sizeof both);
	return st;
}

static size_t fits(size_t room)
{
	size_t n = room > IV ? (room - IV) & ~(size_t)(BLOCK - 1) : 0;
	return n > MAC ? n - MAC - 1 : 0;
}

const struct imp_dtls_bulk imp_dtls_cbc = {
	.mac = MAC, .key = KEY, .nonce = IV, .most = IV + MAC + BLOCK, .seal = seal, .open = open, .fits = fits,
};
