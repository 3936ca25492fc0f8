/* fake.c -- crypto that everybody can forge, so that a fuzzer gets through.
 *
 * Deterministic and without state.  A digest, MAC or tag is FILL in every
 * byte, whatever it is over; ciphertext is plaintext; a signature is good if
 * it has the right length and is FILL; a shared secret is zeros; a private
 * key is FILL and its public key the same with a point's first byte; random
 * bytes and the y of a compressed point are FILL too.  Lengths are those of real crypto, and wrong ones are
 * refused as real crypto does, so that a length bug is still found.
 * The core refuses "imp.fake" unless it is built for tests (IMP_TESTING). */
#include "crypto.h"
#include "siv.h"

enum { FILL = 0xfa, TAG = 16 };

static int is_fill(imp_span s)
{
	uint8_t d = 0;
	for (size_t i = 0; i < s.len; i++)
		d |= s.ptr[i] ^ FILL;
	return d == 0;
}

static size_t digest_len(int32_t alg)
{
	switch (alg) {
	case IMP_A_SHA1:
		return 20;
	case IMP_A_SHA256: case IMP_A_HMAC256: case IMP_A_ES256: case IMP_A_RS256: case IMP_A_PS256:
		return 32;
	case IMP_A_SHA384: case IMP_A_HMAC384: case IMP_A_ES384: case IMP_A_RS384: case IMP_A_PS384:
		return 48;
	case IMP_A_SHA512: case IMP_A_HMAC512: case IMP_A_ES512:
		return 64;
	case IMP_A_CMAC:
		return 16;
	}
	return 0;
}

static size_t scalar_len(int32_t curve)
{
	switch (curve) {
	case IMP_C_P256: case IMP_C_BP256: case IMP_C_X25519: case IMP_C_ED25519:
		return 32;
	case IMP_C_P384: case IMP_C_BP384:
		return 48;
	case IMP_C_BP512:
		return 64;
	case IMP_C_P521:
		return 66;
	}
	return 0;
}

static size_t point_len(int32_t curve)
{
	if (curve == IMP_C_X25519 || curve == IMP_C_ED25519)
		return 32;
	return scalar_len(curve) ? 1 + 2 * scalar_len(curve) : 0;
}

static imp_status fill(uint8_t *out, size_t *len, size_t need, int byte)
{
	size_t room = *len;
	*len = need;
	if (room < need)
		return IMP_ENOSPC;
	memset(out, byte, need);
	return IMP_OK;
}

static int can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	(void)c, (void)alg;
	return !curve || scalar_len(curve) != 0;
}

static imp_status random_bytes(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	memset(out, FILL, len);
	return IMP_OK;
}

static imp_status hash_init(const imp_crypto *c, void *ctx, int32_t alg)
{
	(void)c;
	if (alg > IMP_A_SHA1 || !digest_len(alg))
		return IMP_EUNSUP;
	memcpy(ctx, &alg, sizeof alg);
	return IMP_OK;
}

static void hash_push(const imp_crypto *c, void *ctx, imp_span in)
{
	(void)c, (void)ctx, (void)in;
}

static size_t hash_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	int32_t alg;
	(void)c;
	memcpy(&alg, ctx, sizeof alg);
	memset(out, FILL, digest_len(alg));
	return digest_len(alg);
}

static imp_status mac(const imp_crypto *c, int32_t alg, const imp_key *k, const imp_span *in, size_t n,
                      uint8_t *out, size_t len)
{
	(void)c, (void)k, (void)in, (void)n;
	if (!digest_len(alg))
		return IMP_EUNSUP;
	if (!len || len > digest_len(alg))
		return IMP_EARG;
	memset(out, FILL, len);
	return IMP_OK;
}

static imp_status cipher(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span iv,
                         imp_span in, uint8_t *out)
{
	(void)c, (void)encrypt, (void)k;
	if (iv.len != (alg == IMP_A_AES_ECB ? 0u : 16u) || (alg != IMP_A_AES_CTR && in.len % 16))
		return IMP_EARG;
	if (in.len)
		memmove(out, in.ptr, in.len);
	return IMP_OK;
}

static size_t tag_len(int32_t alg)
{
	if (alg == IMP_A_TLS_CBC_SHA256)
		return 32;
	return alg == IMP_A_CCM8_128 || alg == IMP_A_TLS_CCM8 ? 8 : TAG;
}

static size_t nonce_len(int32_t alg)
{
	if (alg == IMP_A_CCM64_128 || alg == IMP_A_CCM64_256)
		return 7;
	if (alg == IMP_A_TLS_CBC_SHA256)
		return 16;
	return alg == IMP_A_CCM8_128 || alg == IMP_A_CCM16_128 ? 13 : 12;
}

static imp_status seal(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                       const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	size_t room = *len;
	if (alg == IMP_A_SIV)
		return imp_siv_seal(c, k, nonce, aad, naad, in, out, len);
	if (nonce.len != nonce_len(alg))
		return IMP_EARG;
	*len = in.len + tag_len(alg);
	if (room < *len)
		return IMP_ENOSPC;
	if (in.len)
		memmove(out, in.ptr, in.len);
	memset(out + in.len, FILL, tag_len(alg));
	return IMP_OK;
}

static imp_status open(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                       const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	size_t room = *len;
	if (alg == IMP_A_SIV)
		return imp_siv_open(c, k, nonce, aad, naad, in, out, len);
	if (nonce.len != nonce_len(alg))
		return IMP_EARG;
	if (in.len < tag_len(alg))
		return IMP_EAUTH;
	*len = in.len - tag_len(alg);
	if (room < *len)
		return IMP_ENOSPC;
	if (!is_fill(imp_bytes(in.ptr + *len, tag_len(alg)))) {
		memset(out, 0, *len);
		*len = 0;
		return IMP_EAUTH;
	}
	if (*len)
		memmove(out, in.ptr, *len);
	return IMP_OK;
}

static imp_status keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub,
                         size_t *publen)
{
	imp_status a = fill(priv, privlen, scalar_len(curve), FILL), b = fill(pub, publen, point_len(curve), FILL);
	(void)c;
	if (!scalar_len(curve))
		return IMP_EUNSUP;
	if (a < 0 || b < 0)
		return IMP_ENOSPC;
	if (*publen > *privlen)
		pub[0] = 4;
	return IMP_OK;
}

static imp_status dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	(void)c;
	if (!scalar_len(priv->alg))
		return IMP_EUNSUP;
	if (pub.len != point_len(priv->alg))
		return IMP_EBADMSG;
	return fill(out, len, scalar_len(priv->alg), 0);
}

/* Bytes of a signature by this key; 0: it does not fit the algorithm. */
static size_t sig_len(int32_t alg, const imp_key *k)
{
	if (alg == IMP_A_RS256 || alg == IMP_A_RS384 || alg == IMP_A_PS256 || alg == IMP_A_PS384)
		return 256;
	return 2 * scalar_len(k->alg);
}

static imp_status sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig,
                       size_t *len)
{
	(void)c;
	if (!sig_len(alg, priv) || (alg != IMP_A_EDDSA && !digest_len(alg)))
		return IMP_EUNSUP;
	if (alg != IMP_A_EDDSA && in.len != digest_len(alg))
		return IMP_EARG;
	return fill(sig, len, sig_len(alg, priv), FILL);
}

static imp_status verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	(void)c;
	if (!sig_len(alg, pub) || (alg != IMP_A_EDDSA && !digest_len(alg)))
		return IMP_EUNSUP;
	if (alg != IMP_A_EDDSA && in.len != digest_len(alg))
		return IMP_EARG;
	return sig.len == sig_len(alg, pub) && is_fill(sig) ? IMP_OK : IMP_EAUTH;
}

/* A block of 256 bytes that starts with the plaintext's length. */
static imp_status rsa(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span in,
                      uint8_t *out, size_t *len)
{
	uint8_t block[256] = {0};
	(void)c, (void)alg, (void)k;
	if (encrypt) {
		imp_status st;
		if (in.len > 190)
			return IMP_EARG;
		block[0] = (uint8_t)in.len;
		if (in.len)
			memcpy(block + 1, in.ptr, in.len);
		st = fill(out, len, sizeof block, 0);
		if (st == IMP_OK)
			memcpy(out, block, sizeof block);
		return st;
	}
	if (in.len != sizeof block || in.ptr[0] > 190)
		return IMP_EAUTH;
	memcpy(block, in.ptr, sizeof block);
	if (fill(out, len, block[0], 0) < 0)
		return IMP_ENOSPC;
	memcpy(out, block + 1, block[0]);
	return IMP_OK;
}

static imp_status muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q,
                         uint8_t *out, size_t *len)
{
	imp_status st;
	(void)c, (void)x, (void)y;
	if (!scalar_len(curve))
		return IMP_EUNSUP;
	if ((P.ptr && P.len != point_len(curve)) || (Q.len && Q.len != point_len(curve)))
		return IMP_EBADMSG;
	st = fill(out, len, point_len(curve), FILL);
	if (st == IMP_OK)
		out[0] = 4;
	return st;
}

static imp_status scalar(const imp_crypto *c, int32_t curve, imp_span a, imp_span b, imp_span d, int negate,
                         uint8_t *r)
{
	(void)c, (void)a, (void)b, (void)d, (void)negate;
	memset(r, FILL, scalar_len(curve));
	return scalar_len(curve) ? IMP_OK : IMP_EUNSUP;
}

static imp_status point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	size_t room = *len;
	(void)c;
	if (!scalar_len(curve))
		return IMP_EUNSUP;
	if (in.len && in.len == 1 + scalar_len(curve) && (in.ptr[0] | 1) == 3) {
		imp_status st = fill(out, len, point_len(curve), FILL);
		if (st == IMP_OK) {
			memcpy(out + 1, in.ptr + 1, in.len - 1);
			out[0] = 4;
		}
		return st;
	}
	if (in.len != point_len(curve) || in.ptr[0] != 4)
		return IMP_EBADMSG;
	*len = in.len;
	if (room < in.len)
		return IMP_ENOSPC;
	memmove(out, in.ptr, in.len);
	return IMP_OK;
}

const imp_crypto imp_fake = {
	.size = sizeof(imp_crypto),
	.rank = 0,
	.id = "imp.fake",
	.can = can,
	.random = random_bytes,
	.hash_init = hash_init,
	.hash_push = hash_push,
	.hash_peek = hash_peek,
	.mac = mac,
	.cipher = cipher,
	.seal = seal,
	.open = open,
	.keygen = keygen,
	.dh = dh,
	.sign = sign,
	.verify = verify,
	.rsa = rsa,
	.muladd = muladd,
	.scalar = scalar,
	.point = point,
};

static const imp_crypto *const cryptos[] = {&imp_fake, NULL};

IMP_PLUGIN(fake) = {
	sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.fake", "Apache-2.0", NULL, cryptos, NULL,
};
