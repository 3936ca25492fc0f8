/* toolbox.c -- see toolbox.h. */
#include "toolbox.h"
#include "ct.h"
#include "wire.h"

static imp_status mac(const imp_crypto *c, int32_t alg, const uint8_t *key, const imp_span *in, size_t n, uint8_t *out)
{
	size_t len = alg == IMP_A_CMAC ? 16 : 32;
	imp_key k = {alg, IMP_KEY_PRIVATE, 0, imp_bytes(key, len)};
	return c->mac(c, alg, &k, in, n, out, len);
}

static const uint8_t zero[32];

imp_status btmesh_s1(const imp_crypto *c, const imp_span *m, size_t n, uint8_t out[16])
{
	return mac(c, IMP_A_CMAC, zero, m, n, out);
}

imp_status btmesh_s2(const imp_crypto *c, const imp_span *m, size_t n, uint8_t out[32])
{
	return mac(c, IMP_A_HMAC256, zero, m, n, out);
}

/* MAC(MAC(salt, N), P) */
static imp_status twice(const imp_crypto *c, int32_t alg, const imp_span *n, size_t count, const uint8_t *salt, imp_span p, uint8_t *out)
{
	uint8_t t[32];
	imp_status st = mac(c, alg, salt, n, count, t);
	st = st ? st : mac(c, alg, t, &p, 1, out);
	imp_wipe(t, sizeof t);
	return st;
}

imp_status btmesh_k1(const imp_crypto *c, imp_span n, const uint8_t salt[16], const char *p, uint8_t out[16])
{
	return twice(c, IMP_A_CMAC, &n, 1, salt, imp_bytes(p, strlen(p)), out);
}

imp_status btmesh_k5(const imp_crypto *c, const imp_span *n, size_t count, const uint8_t salt[32], const char *p, uint8_t out[32])
{
	return twice(c, IMP_A_HMAC256, n, count, salt, imp_bytes(p, strlen(p)), out);
}

static imp_status s1_of(const imp_crypto *c, const char *text, uint8_t out[16])
{
	imp_span m = imp_bytes(text, strlen(text));
	return btmesh_s1(c, &m, 1, out);
}

imp_status btmesh_k2(const imp_crypto *c, imp_span n, imp_span p, uint8_t out[33])
{
	uint8_t salt[16], t[16], block[3][16];
	imp_status st = s1_of(c, "smk2", salt);
	st = st ? st : mac(c, IMP_A_CMAC, salt, &n, 1, t);
	for (uint8_t i = 1; i <= 3 && !st; i++) {
		imp_span in[3] = {imp_bytes(block[(i + 1) % 3], i > 1 ? 16 : 0), p, imp_bytes(&i, 1)};
		st = mac(c, IMP_A_CMAC, t, in, 3, block[i - 1]);
	}
	if (!st) {
		out[0] = block[0][15] & 0x7f;
		memcpy(out + 1, block[1], 16);
		memcpy(out + 17, block[2], 16);
	}
	imp_wipe(t, sizeof t);
	imp_wipe(block, sizeof block);
	return st;
}

imp_status btmesh_k3(const imp_crypto *c, imp_span n, uint8_t out[8])
{
	uint8_t salt[16], t[16];
	imp_status st = s1_of(c, "smk3", salt);
	st = st ? st : twice(c, IMP_A_CMAC, &n, 1, salt, imp_bytes("id64\1", 5), t);
	if (!st)
		memcpy(out, t + 8, 8);
	imp_wipe(t, sizeof t);
	return st;
}

imp_status btmesh_k4(const imp_crypto *c, imp_span n, uint8_t out[1])
{
	uint8_t salt[16], t[16];
	imp_status st = s1_of(c, "smk4", salt);
	st = st ? st : twice(c, IMP_A_CMAC, &n, 1, salt, imp_bytes("id6\1", 4), t);
	if (!st)
		out[0] = t[15] & 0x3f;
	imp_wipe(t, sizeof t);
	return st;
}

imp_status btmesh_netkey(const imp_crypto *c, imp_span netkey, const char *which, uint8_t out[16])
{
	uint8_t salt[16];
	imp_status st = s1_of(c, which, salt);
	return st ? st : btmesh_k1(c, netkey, salt, "id128\1", out);
}

/* --- provisioning ----------------------------------------------------------- */

imp_status btmesh_salt(const imp_crypto *c, unsigned alg, const imp_span inputs[5], uint8_t out[32])
{
	return alg == BTMESH_HMAC ? btmesh_s2(c, inputs, 5, out) : btmesh_s1(c, inputs, 5, out);
}

imp_status btmesh_confirmation(const imp_crypto *c, unsigned alg, const btmesh_shared *s, const uint8_t *random, uint8_t *out)
{
	imp_span in[2] = {imp_bytes(s->ecdh, 32), imp_bytes(s->auth, 32)};
	uint8_t key[32];
	imp_status st;
	if (alg == BTMESH_HMAC) {
		st = btmesh_k5(c, in, 2, s->salt, "prck256", key);
		in[0] = imp_bytes(random, 32);
		st = st ? st : mac(c, IMP_A_HMAC256, key, in, 1, out);
	} else {
		st = btmesh_k1(c, in[0], s->salt, "prck", key);
		in[0] = imp_bytes(random, 16);
		in[1].len = 16;
		st = st ? st : mac(c, IMP_A_CMAC, key, in, 2, out);
	}
	imp_wipe(key, sizeof key);
	return st;
}

imp_status btmesh_session_keys(const imp_crypto *c, unsigned alg, const btmesh_shared *s, const uint8_t *provisioner, const uint8_t *device,
                               btmesh_session *out)
{
	size_t n = btmesh_width(alg);
	imp_span in[3] = {imp_bytes(s->salt, n), imp_bytes(provisioner, n), imp_bytes(device, n)};
	imp_span ecdh = imp_bytes(s->ecdh, sizeof s->ecdh);
	uint8_t salt[16], nonce[16];
	imp_status st = btmesh_s1(c, in, 3, salt);
	st = st ? st : btmesh_k1(c, ecdh, salt, "prsk", out->key);
	st = st ? st : btmesh_k1(c, ecdh, salt, "prsn", nonce);
	st = st ? st : btmesh_k1(c, ecdh, salt, "prdk", out->device);
	if (!st)
		memcpy(out->nonce, nonce + 3, sizeof out->nonce);
	imp_wipe(nonce, sizeof nonce);
	return st;
}
