/* kdf.c -- see kdf.h. */
#include "kdf.h"
#include "ct.h"

enum { DIGEST = 64 }; /* the longest */

static imp_status hmac(const imp_crypto *c, int32_t alg, imp_span key, const imp_span *in, size_t n, uint8_t *out)
{
	imp_key k = {alg, IMP_KEY_PRIVATE, 0, key};
	return c->mac && imp_hash_len(alg) ? c->mac(c, alg, &k, in, n, out, imp_hash_len(alg)) : IMP_EUNSUP;
}

imp_status imp_hkdf_extract(const imp_crypto *c, int32_t hmac_alg, imp_span salt, const imp_span *ikm, size_t n, uint8_t *prk)
{
	static const uint8_t zeros[DIGEST];
	size_t len = imp_hash_len(hmac_alg);
	imp_status st = hmac(c, hmac_alg, salt.len ? salt : imp_bytes(zeros, len), ikm, n, prk);
	if (st && len)
		imp_wipe(prk, len);
	return st;
}

imp_status imp_hkdf_expand(const imp_crypto *c, int32_t hmac_alg, imp_span prk, const imp_span *info, size_t n, uint8_t *out, size_t len)
{
	uint8_t t[DIGEST], counter = 0;
	imp_span part[IMP_KDF_INFO + 2] = {{t, 0}};
	size_t hash = imp_hash_len(hmac_alg), m;
	imp_status st = n > IMP_KDF_INFO || (hash && len > 255 * hash) ? IMP_EARG : hash ? IMP_OK : IMP_EUNSUP;
	for (size_t i = 0; !st && i < n; i++)
		part[1 + i] = info[i];
	for (size_t at = 0; !st && at < len; at += m) {
		counter++;
		part[1 + n] = imp_bytes(&counter, 1);
		m = len - at < hash ? len - at : hash;
		st = hmac(c, hmac_alg, prk, part, n + 2, t);
		memcpy(out + at, t, st ? 0 : m);
		part[0].len = hash;
	}
	imp_wipe(t, sizeof t);
	if (st && len)
		imp_wipe(out, len);
	return st;
}

/* One block: the XOR of `rounds` HMACs, each of the one before. */
static imp_status block(const imp_crypto *c, int32_t alg, imp_span password, imp_span salt, uint32_t rounds, uint32_t number, uint8_t *sum)
{
	uint8_t u[DIGEST], be[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
	imp_span first[2] = {salt, {be, 4}}, next = {u, imp_hash_len(alg)};
	imp_status st = hmac(c, alg, password, first, 2, u);
	memcpy(sum, u, st ? 0 : next.len);
	for (uint32_t i = 1; !st && i < rounds; i++) {
		st = hmac(c, alg, password, &next, 1, u);
		for (size_t j = 0; !st && j < next.len; j++)
			sum[j] ^= u[j];
	}
	imp_wipe(u, sizeof u);
	return st;
}

imp_status imp_pbkdf2(const imp_crypto *c, int32_t hmac_alg, imp_span password, imp_span salt, uint32_t rounds, uint8_t *out, size_t len)
{
	uint8_t sum[DIGEST];
	size_t hash = imp_hash_len(hmac_alg), m;
	imp_status st = !rounds || (hash && len / hash >= UINT32_MAX) ? IMP_EARG : hash ? IMP_OK : IMP_EUNSUP;
	uint32_t number = 0;
	for (size_t at = 0; !st && at < len; at += m) {
		m = len - at < hash ? len - at : hash;
		st = block(c, hmac_alg, password, salt, rounds, ++number, sum);
		memcpy(out + at, sum, st ? 0 : m);
	}
	imp_wipe(sum, sizeof sum);
	if (st && len)
		imp_wipe(out, len);
	return st;
}
