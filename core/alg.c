/* alg.c -- see alg.h. */
#include "alg.h"
#include "ct.h"

enum { DIGEST = 64 }; /* the longest */

int32_t imp_alg_hash(int32_t sig_alg)
{
	switch (sig_alg) {
	case IMP_A_ES256:
	case IMP_A_RS256:
	case IMP_A_PS256:
		return IMP_A_SHA256;
	case IMP_A_ES384:
	case IMP_A_RS384:
	case IMP_A_PS384:
		return IMP_A_SHA384;
	case IMP_A_ES512:
		return IMP_A_SHA512;
	default:
		return 0;
	}
}

size_t imp_alg_sig_len(int32_t alg)
{
	switch (alg) {
	case IMP_A_ES256:
	case IMP_A_EDDSA:
		return 64;
	case IMP_A_ES384:
		return 96;
	case IMP_A_ES512:
		return 132;
	default:
		return 0;
	}
}

size_t imp_curve_len(int32_t curve)
{
	switch (curve) {
	case IMP_C_P256:
	case IMP_C_X25519:
	case IMP_C_ED25519:
	case IMP_C_BP256:
		return 32;
	case IMP_C_P384:
	case IMP_C_BP384:
		return 48;
	case IMP_C_BP512:
		return 64;
	case IMP_C_P521:
		return 66;
	default:
		return 0;
	}
}

size_t imp_sig_len(int32_t alg, const imp_key *k)
{
	return imp_alg_sig_len(alg) ? 2 * imp_curve_len(k->alg) : 0;
}

size_t imp_hash_len(int32_t hash_alg)
{
	switch (hash_alg) {
	case IMP_A_SHA1:
		return 20;
	case IMP_A_SHA256:
	case IMP_A_HMAC256:
		return 32;
	case IMP_A_SHA384:
	case IMP_A_HMAC384:
		return 48;
	case IMP_A_SHA512:
	case IMP_A_HMAC512:
		return 64;
	default:
		return 0;
	}
}

size_t imp_aead_key_len(int32_t alg)
{
	switch (alg) {
	case IMP_A_A128GCM:
	case IMP_A_CCM8_128:
	case IMP_A_CCM16_128:
	case IMP_A_CCM64_128:
		return 16;
	case IMP_A_A192GCM:
		return 24;
	case IMP_A_A256GCM:
	case IMP_A_CHACHAPOLY:
	case IMP_A_CCM64_256:
		return 32;
	default:
		return 0;
	}
}

size_t imp_aead_iv_len(int32_t alg)
{
	switch (alg) {
	case IMP_A_CCM8_128:
	case IMP_A_CCM16_128:
		return 13;
	case IMP_A_CCM64_128:
	case IMP_A_CCM64_256:
		return 7;
	default:
		return imp_aead_key_len(alg) ? 12 : 0;
	}
}

size_t imp_aead_tag_len(int32_t alg)
{
	if (alg == IMP_A_CCM8_128)
		return 8;
	return imp_aead_key_len(alg) ? 16 : 0;
}

imp_status imp_hash(const imp_crypto *c, int32_t alg, const imp_span *in, size_t n, uint8_t *out)
{
	_Alignas(16) uint8_t ctx[IMP_HASH_CTX];
	imp_status st = c->hash_init ? c->hash_init(c, ctx, alg) : IMP_EUNSUP;
	if (st)
		return st;
	for (size_t i = 0; i < n; i++)
		c->hash_push(c, ctx, in[i]);
	c->hash_peek(c, ctx, out);
	imp_wipe(ctx, sizeof ctx);
	return IMP_OK;
}

/* What the provider signs: the digest in `buf`, or EdDSA's whole message. */
static imp_status to_sign(const imp_crypto *c, int32_t alg, const imp_span *in, size_t n,
                          uint8_t *buf, imp_span *out)
{
	int32_t hash = imp_alg_hash(alg);
	*out = imp_bytes(buf, imp_hash_len(hash));
	if (hash)
		return imp_hash(c, hash, in, n, buf);
	if (alg != IMP_A_EDDSA || n != 1)
		return IMP_EUNSUP;
	*out = in[0];
	return IMP_OK;
}

imp_status imp_sign(const imp_crypto *c, int32_t alg, const imp_key *priv,
                    const imp_span *in, size_t n, uint8_t *sig, size_t *len)
{
	uint8_t digest[DIGEST];
	imp_span what;
	imp_status st = c->sign ? to_sign(c, alg, in, n, digest, &what) : IMP_EUNSUP;
	return st ? st : c->sign(c, alg, priv, what, sig, len);
}

imp_status imp_verify(const imp_crypto *c, int32_t alg, const imp_key *pub,
                      const imp_span *in, size_t n, imp_span sig)
{
	uint8_t digest[DIGEST];
	imp_span what;
	imp_status st = c->verify ? to_sign(c, alg, in, n, digest, &what) : IMP_EUNSUP;
	return st ? st : c->verify(c, alg, pub, what, sig);
}

imp_status imp_kdf108(const imp_crypto *c, int32_t hmac_alg, imp_span key,
                      const char *label, const imp_span *context, size_t n,
                      uint8_t *out, size_t len)
{
	imp_key k = {hmac_alg, IMP_KEY_PRIVATE, 0, key};
	uint8_t block[DIGEST], i = 0, bits[2] = {(uint8_t)(len >> 5), (uint8_t)(len << 3)};
	imp_span part[IMP_KDF_PARTS + 3] = {imp_bytes(&i, 1), imp_bytes(label, strlen(label) + 1)};
	size_t hash = imp_hash_len(hmac_alg), at = 0, m;
	imp_status st = c->mac && hash ? IMP_OK : IMP_EUNSUP;
	if (n > IMP_KDF_PARTS || len > UINT16_MAX / 8 || (hash && len > 255 * hash))
		return IMP_EARG;
	for (m = 0; m < n; m++)
		part[2 + m] = context[m];
	part[2 + n] = imp_bytes(bits, 2);
	for (; !st && at < len; at += m) {
		i++;
		m = len - at < hash ? len - at : hash;
		st = c->mac(c, hmac_alg, &k, part, n + 3, block, hash);
		if (!st)
			memcpy(out + at, block, m);
	}
	imp_wipe(block, sizeof block);
	if (st)
		imp_wipe(out, len);
	return st;
}
