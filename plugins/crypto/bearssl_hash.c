/* bearssl_hash.c -- digests, HMAC, and what a table can. */
#include "bear.h"
#include "ct.h"

/* A digest at rest: BearSSL's context without its vtable pointer, which is
 * put back from `alg` for the length of a call. */
struct resting {
	int32_t alg, spare;
	br_hash_compat_context h;
};
_Static_assert(sizeof(struct resting) <= IMP_HASH_OWN, "imp_mux owns the end of a hash context");

const br_hash_class *imp_bear_digest(const imp_crypto *c, int32_t alg)
{
	const struct imp_bear *b = imp_bear_of(c);
	switch (alg) {
	case IMP_A_SHA1:
		return b->sha1;
	case IMP_A_SHA256: case IMP_A_HMAC256: case IMP_A_ES256: case IMP_A_RS256: case IMP_A_OAEP256:
		return b->sha256;
	case IMP_A_SHA384: case IMP_A_HMAC384: case IMP_A_ES384: case IMP_A_RS384:
		return b->sha384;
	case IMP_A_SHA512: case IMP_A_HMAC512: case IMP_A_ES512:
		return b->sha512;
	}
	return NULL;
}

imp_status imp_bear_hash_init(const imp_crypto *c, void *ctx, int32_t alg)
{
	const br_hash_class *h = imp_bear_digest(c, alg);
	struct resting r;
	if (!h || (alg != IMP_A_SHA1 && alg != IMP_A_SHA256 && alg != IMP_A_SHA384 && alg != IMP_A_SHA512))
		return IMP_EUNSUP;
	memset(&r, 0, sizeof r);
	r.alg = alg;
	h->init(&r.h.vtable);
	r.h.vtable = NULL;
	memcpy(ctx, &r, sizeof r);
	imp_wipe(&r, sizeof r);
	return IMP_OK;
}

void imp_bear_hash_push(const imp_crypto *c, void *ctx, imp_span in)
{
	struct resting r;
	memcpy(&r, ctx, sizeof r);
	r.h.vtable = imp_bear_digest(c, r.alg);
	if (r.h.vtable && in.len)
		r.h.vtable->update(&r.h.vtable, in.ptr, in.len);
	r.h.vtable = NULL;
	memcpy(ctx, &r, sizeof r);
	imp_wipe(&r, sizeof r);
}

size_t imp_bear_hash_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	struct resting r;
	size_t len = 0;
	memcpy(&r, ctx, sizeof r);
	r.h.vtable = imp_bear_digest(c, r.alg);
	if (r.h.vtable) {
		r.h.vtable->out(&r.h.vtable, out);
		len = imp_bear_digest_len(r.h.vtable);
	}
	imp_wipe(&r, sizeof r);
	return len;
}

static imp_status hmac(const br_hash_class *h, const imp_key *k, const imp_span *in, size_t n,
                       uint8_t *out, size_t len)
{
	br_hmac_key_context key;
	br_hmac_context ctx;
	if (len > imp_bear_digest_len(h))
		return IMP_EARG;
	br_hmac_key_init(&key, h, k->bits.ptr, k->bits.len);
	br_hmac_init(&ctx, &key, len);
	for (size_t i = 0; i < n; i++)
		if (in[i].len)
			br_hmac_update(&ctx, in[i].ptr, in[i].len);
	br_hmac_out(&ctx, out);
	imp_wipe(&key, sizeof key);
	imp_wipe(&ctx, sizeof ctx);
	return IMP_OK;
}

imp_status imp_bear_mac(const imp_crypto *c, int32_t alg, const imp_key *k, const imp_span *in, size_t n,
                        uint8_t *out, size_t len)
{
	const br_hash_class *h = imp_bear_digest(c, alg);
	int is_hmac = alg == IMP_A_HMAC256 || alg == IMP_A_HMAC384 || alg == IMP_A_HMAC512;
	if ((k->flags & IMP_KEY_OPAQUE) || (is_hmac ? !h : alg != IMP_A_CMAC || !imp_bear_of(c)->ctrcbc))
		return IMP_EUNSUP;
	if (!len)
		return IMP_EARG;
	return is_hmac ? hmac(h, k, in, n, out, len) : imp_bear_cmac(c, k, in, n, out, len);
}

static int has_curve(const struct imp_bear *b, int32_t curve)
{
	switch (curve) {
	case IMP_C_P256:
		return b->p256 != NULL;
	case IMP_C_P384: case IMP_C_P521:
		return b->prime != NULL;
	case IMP_C_X25519:
		return b->x25519 != NULL;
	}
	return 0;
}

static int has_cipher(const struct imp_bear *b, int32_t alg)
{
	switch (alg) {
	case IMP_A_A128GCM: case IMP_A_A192GCM: case IMP_A_A256GCM:
		return b->ctr && b->ghash;
	case IMP_A_CHACHAPOLY:
		return b->chacha && b->poly;
	case IMP_A_CCM8_128: case IMP_A_CCM16_128: case IMP_A_CCM64_128: case IMP_A_CCM64_256:
	case IMP_A_TLS_CCM8: case IMP_A_TLS_CCM: case IMP_A_CMAC: case IMP_A_SIV: case IMP_A_AES_CTR:
		return b->ctrcbc != NULL;
	case IMP_A_AES_ECB: case IMP_A_AES_CBC:
		return b->ctrcbc && b->cbcdec;
	case IMP_A_TLS_CBC_SHA256:
		return b->ctrcbc && b->cbcdec && b->sha256 && b->cbc;
	}
	return 0;
}

int imp_bear_can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	const struct imp_bear *b = imp_bear_of(c);
	switch (alg) {
	case 0:
		return has_curve(b, curve);
	case IMP_A_ES256: case IMP_A_ES384: case IMP_A_ES512:
		return imp_bear_digest(c, alg) && b->ecdsa_verify && curve != IMP_C_X25519 &&
		       (curve ? has_curve(b, curve) : alg == IMP_A_ES256 ? b->p256 != NULL : b->prime != NULL);
	case IMP_A_RS256: case IMP_A_RS384: case IMP_A_OAEP256:
		return b->rsa && imp_bear_digest(c, alg);
	}
	return imp_bear_digest(c, alg) || has_cipher(b, alg);
}
