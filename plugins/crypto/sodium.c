/* sodium.c -- libsodium: X25519, Ed25519, ChaCha20-Poly1305, SHA-2, HMAC,
 * random numbers. */
#include "crypto.h"
#include "ct.h"
#include <sodium.h>

enum { GATHER = 512, TAG = 16, NONCE = 12 };

/* --- digests ------------------------------------------------------------ */

/* libsodium's contexts hold no pointer. */
struct digest {
	int32_t alg, spare;
	union {
		crypto_hash_sha256_state s256;
		crypto_hash_sha512_state s512;
	} u;
};
_Static_assert(sizeof(struct digest) <= IMP_HASH_OWN, "imp_mux owns the end of a hash context");

static imp_status hash_init(const imp_crypto *c, void *ctx, int32_t alg)
{
	struct digest d;
	(void)c;
	if (alg != IMP_A_SHA256 && alg != IMP_A_SHA512)
		return IMP_EUNSUP;
	memset(&d, 0, sizeof d);
	d.alg = alg;
	if (alg == IMP_A_SHA256)
		crypto_hash_sha256_init(&d.u.s256);
	else
		crypto_hash_sha512_init(&d.u.s512);
	memcpy(ctx, &d, sizeof d);
	return IMP_OK;
}

static void hash_push(const imp_crypto *c, void *ctx, imp_span in)
{
	struct digest d;
	(void)c;
	memcpy(&d, ctx, sizeof d);
	if (d.alg == IMP_A_SHA256)
		crypto_hash_sha256_update(&d.u.s256, in.ptr, in.len);
	else if (d.alg == IMP_A_SHA512)
		crypto_hash_sha512_update(&d.u.s512, in.ptr, in.len);
	memcpy(ctx, &d, sizeof d);
	imp_wipe(&d, sizeof d);
}

static size_t hash_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	struct digest d;
	size_t len = 0;
	(void)c;
	memcpy(&d, ctx, sizeof d);
	if (d.alg == IMP_A_SHA256) {
		crypto_hash_sha256_final(&d.u.s256, out);
		len = crypto_hash_sha256_BYTES;
	} else if (d.alg == IMP_A_SHA512) {
		crypto_hash_sha512_final(&d.u.s512, out);
		len = crypto_hash_sha512_BYTES;
	}
	imp_wipe(&d, sizeof d);
	return len;
}

/* libsodium takes no NULL, not even of no bytes. */
static const uint8_t *bytes(imp_span s)
{
	static const uint8_t none;
	return s.ptr ? s.ptr : &none;
}

static void hmac256(const imp_key *k, const imp_span *in, size_t n, uint8_t *full)
{
	crypto_auth_hmacsha256_state s;
	crypto_auth_hmacsha256_init(&s, bytes(k->bits), k->bits.len);
	for (size_t i = 0; i < n; i++)
		crypto_auth_hmacsha256_update(&s, in[i].ptr, in[i].len);
	crypto_auth_hmacsha256_final(&s, full);
	imp_wipe(&s, sizeof s);
}

static void hmac512(const imp_key *k, const imp_span *in, size_t n, uint8_t *full)
{
	crypto_auth_hmacsha512_state s;
	crypto_auth_hmacsha512_init(&s, bytes(k->bits), k->bits.len);
	for (size_t i = 0; i < n; i++)
		crypto_auth_hmacsha512_update(&s, in[i].ptr, in[i].len);
	crypto_auth_hmacsha512_final(&s, full);
	imp_wipe(&s, sizeof s);
}

static imp_status mac(const imp_crypto *c, int32_t alg, const imp_key *k, const imp_span *in, size_t n,
                      uint8_t *out, size_t len)
{
	uint8_t full[64];
	(void)c;
	if ((alg != IMP_A_HMAC256 && alg != IMP_A_HMAC512) || (k->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (!len || len > (alg == IMP_A_HMAC256 ? 32u : 64u))
		return IMP_EARG;
	if (alg == IMP_A_HMAC256)
		hmac256(k, in, n, full);
	else
		hmac512(k, in, n, full);
	memcpy(out, full, len);
	imp_wipe(full, sizeof full);
	return IMP_OK;
}

/* --- ChaCha20-Poly1305 -------------------------------------------------- */

/* libsodium wants the AAD in one piece. */
static imp_status one_piece(const imp_span *aad, size_t naad, uint8_t buf[GATHER], imp_span *out)
{
	*out = naad == 1 ? aad[0] : imp_bytes(buf, 0);
	for (size_t i = 0; naad > 1 && i < naad; i++) {
		if (aad[i].len > GATHER - out->len)
			return IMP_EUNSUP;
		if (aad[i].len)
			memcpy(buf + out->len, aad[i].ptr, aad[i].len);
		out->len += aad[i].len;
	}
	return IMP_OK;
}

static imp_status aead_fits(int32_t alg, const imp_key *k, imp_span nonce)
{
	if (alg != IMP_A_CHACHAPOLY || (k->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	return nonce.len == NONCE && k->bits.len == 32 ? IMP_OK : IMP_EARG;
}

static imp_status seal(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                       const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	uint8_t buf[GATHER];
	imp_span all;
	imp_status st = aead_fits(alg, k, nonce);
	size_t room = *len;
	(void)c;
	if (st == IMP_OK)
		st = one_piece(aad, naad, buf, &all);
	if (st < 0)
		return st;
	if (in.len > SIZE_MAX - TAG)
		return IMP_EARG;
	*len = in.len + TAG;
	if (room < *len)
		return IMP_ENOSPC;
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in.ptr, in.len, all.ptr, all.len, NULL, nonce.ptr,
	                                          k->bits.ptr);
	return IMP_OK;
}

static imp_status open(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                       const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	uint8_t buf[GATHER];
	imp_span all;
	imp_status st = aead_fits(alg, k, nonce);
	size_t room = *len;
	(void)c;
	if (st == IMP_OK)
		st = one_piece(aad, naad, buf, &all);
	if (st < 0)
		return st;
	if (in.len < TAG)
		return IMP_EAUTH;
	*len = in.len - TAG;
	if (room < *len)
		return IMP_ENOSPC;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in.ptr, in.len, all.ptr, all.len, nonce.ptr,
	                                              k->bits.ptr) == 0)
		return IMP_OK;
	imp_wipe(out, *len);
	*len = 0;
	return IMP_EAUTH;
}

/* --- Curve25519 --------------------------------------------------------- */

static imp_status keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub,
                         size_t *publen)
{
	uint8_t pair[crypto_sign_SECRETKEYBYTES];
	int fits = *privlen >= 32 && *publen >= 32;
	imp_status st;
	if (curve != IMP_C_X25519 && curve != IMP_C_ED25519)
		return IMP_EUNSUP;
	*privlen = *publen = 32;
	if (!fits)
		return IMP_ENOSPC;
	st = c->random(c, priv, 32);
	if (st < 0)
		return st;
	if (curve == IMP_C_X25519)
		crypto_scalarmult_base(pub, priv);
	else
		crypto_sign_seed_keypair(pub, pair, priv);
	imp_wipe(pair, sizeof pair);
	return IMP_OK;
}

static imp_status dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	uint8_t shared[32];
	size_t room = *len;
	imp_status st;
	(void)c;
	if (priv->alg != IMP_C_X25519 || (priv->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (priv->bits.len != 32)
		return IMP_EARG;
	if (pub.len != 32)
		return IMP_EBADMSG;
	*len = 32;
	if (room < 32)
		return IMP_ENOSPC;
	st = crypto_scalarmult(shared, priv->bits.ptr, pub.ptr) == 0 ? IMP_OK : IMP_EBADMSG;
	if (st == IMP_OK)
		memcpy(out, shared, 32);
	imp_wipe(shared, sizeof shared);
	return st;
}

static imp_status sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig,
                       size_t *len)
{
	uint8_t pair[crypto_sign_SECRETKEYBYTES], pub[32];
	uint8_t made[crypto_sign_BYTES]; /* sig may be the message, which is read twice */
	size_t room = *len;
	(void)c;
	if (alg != IMP_A_EDDSA || priv->alg != IMP_C_ED25519 || (priv->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (priv->bits.len != 32)
		return IMP_EARG;
	*len = crypto_sign_BYTES;
	if (room < *len)
		return IMP_ENOSPC;
	crypto_sign_seed_keypair(pub, pair, priv->bits.ptr);
	crypto_sign_detached(made, NULL, in.ptr, in.len, pair);
	memcpy(sig, made, sizeof made);
	imp_wipe(pair, sizeof pair);
	return IMP_OK;
}

static imp_status verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	(void)c;
	if (alg != IMP_A_EDDSA || pub->alg != IMP_C_ED25519 || (pub->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (pub->bits.len != 32 || sig.len != crypto_sign_BYTES)
		return IMP_EAUTH;
	return crypto_sign_verify_detached(sig.ptr, in.ptr, in.len, pub->bits.ptr) == 0 ? IMP_OK : IMP_EAUTH;
}

/* --- the table ---------------------------------------------------------- */

static int can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	(void)c;
	switch (alg) {
	case 0:
		return curve == IMP_C_X25519 || curve == IMP_C_ED25519;
	case IMP_A_EDDSA:
		return !curve || curve == IMP_C_ED25519;
	case IMP_A_SHA256: case IMP_A_SHA512: case IMP_A_HMAC256: case IMP_A_HMAC512: case IMP_A_CHACHAPOLY:
		return 1;
	}
	return 0;
}

static imp_status random_bytes(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	if (sodium_init() < 0)
		return IMP_ERANDOM;
	randombytes_buf(out, len);
	return IMP_OK;
}

static imp_status no_cipher(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span iv,
                            imp_span in, uint8_t *out)
{
	(void)c, (void)alg, (void)encrypt, (void)k, (void)iv, (void)in, (void)out;
	return IMP_EUNSUP;
}

static imp_status no_rsa(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span in,
                         uint8_t *out, size_t *len)
{
	(void)c, (void)alg, (void)encrypt, (void)k, (void)in, (void)out, (void)len;
	return IMP_EUNSUP;
}

static imp_status no_muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q,
                            uint8_t *out, size_t *len)
{
	(void)c, (void)curve, (void)x, (void)P, (void)y, (void)Q, (void)out, (void)len;
	return IMP_EUNSUP;
}

static imp_status no_scalar(const imp_crypto *c, int32_t curve, imp_span a, imp_span b, imp_span d, int negate,
                            uint8_t *r)
{
	(void)c, (void)curve, (void)a, (void)b, (void)d, (void)negate, (void)r;
	return IMP_EUNSUP;
}

static imp_status no_point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	(void)c, (void)curve, (void)in, (void)out, (void)len;
	return IMP_EUNSUP;
}

const imp_crypto imp_sodium = {
	.size = sizeof(imp_crypto),
	.rank = 30,
	.id = "imp.sodium",
	.can = can,
	.random = random_bytes,
	.hash_init = hash_init,
	.hash_push = hash_push,
	.hash_peek = hash_peek,
	.mac = mac,
	.cipher = no_cipher,
	.seal = seal,
	.open = open,
	.keygen = keygen,
	.dh = dh,
	.sign = sign,
	.verify = verify,
	.rsa = no_rsa,
	.muladd = no_muladd,
	.scalar = no_scalar,
	.point = no_point,
};

static const imp_crypto *const cryptos[] = {&imp_sodium, NULL};

IMP_PLUGIN(sodium) = {
	sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.sodium", "Apache-2.0 (libsodium: ISC)", NULL, cryptos, NULL,
};
