/* openssl_modp.c -- Diffie-Hellman in the groups 14 and 15 of RFC 3526.
 *
 * Both primes are safe (p = 2q + 1), so a peer's value from 2 to p - 2
 * generates at least the subgroup of order q, and the shared secret shows at
 * most one bit of a private key. */
#include "openssl_in.h"

struct modp {
	int32_t id;
	size_t  len;    /* bytes of p                                         */
	size_t  secret; /* bytes of a new private key, as FDO 1.1 has them    */
	BIGNUM *(*prime)(BIGNUM *to);
};
static const struct modp groups[] = {
	{ IMP_C_MODP14, 256, 32, BN_get_rfc3526_prime_2048 },
	{ IMP_C_MODP15, 384, 96, BN_get_rfc3526_prime_3072 },
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

static const struct modp *modp_of(int32_t id)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

int ossl_modp_can(int32_t curve)
{
	return modp_of(curve) != NULL;
}

/* A Montgomery context for p; it keeps its own copy of p. */
static void *make_mont(const void *group)
{
	BIGNUM *p = ((const struct modp *)group)->prime(NULL);
	BN_MONT_CTX *m = BN_MONT_CTX_new();
	BN_CTX *ctx = BN_CTX_new();
	if (!p || !m || !ctx || !BN_MONT_CTX_set(m, p, ctx)) {
		BN_MONT_CTX_free(m);
		m = NULL;
	}
	BN_CTX_free(ctx);
	BN_free(p);
	return m;
}

static void drop_mont(void *mont)
{
	BN_MONT_CTX_free((BN_MONT_CTX *)mont);
}

static BN_MONT_CTX *mont_of(const struct modp *g)
{
	static ossl_slot kept[GROUPS];
	return (BN_MONT_CTX *)ossl_kept(&kept[g - groups], make_mont, g, drop_mont);
}

/* 1 if v is from 2 to p - 2. */
static int inside(const BIGNUM *v, const BIGNUM *p)
{
	BIGNUM *top = BN_dup(p);
	int good = top && BN_sub_word(top, 1) && !BN_is_zero(v) && !BN_is_one(v) && BN_cmp(v, top) < 0;
	BN_free(top);
	return good;
}

/* to = base^x, refused unless it is from 2 to p - 2. */
static imp_status power(const struct modp *g, const BIGNUM *p, const BIGNUM *base, const BIGNUM *x,
                        uint8_t *out, size_t *len)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *to = BN_secure_new();
	BN_MONT_CTX *m = mont_of(g);
	imp_status st = IMP_ENOSPC;
	if (ctx && to && m && BN_mod_exp_mont_consttime(to, base, x, p, ctx, m))
		st = inside(to, p) ? ossl_put(to, g->len, out, len) : IMP_EBADMSG;
	BN_clear_free(to);
	BN_CTX_free(ctx);
	return st;
}

imp_status ossl_modp_keygen(int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	const struct modp *g = modp_of(curve);
	size_t room = *privlen;
	BIGNUM *p, *two = BN_new(), *x = NULL;
	imp_status st = IMP_ENOSPC;
	*privlen = g->secret;
	if (room < g->secret || *publen < g->len) {
		*publen = g->len;
		BN_free(two);
		return st;
	}
	p = g->prime(NULL);
	if (RAND_priv_bytes(priv, (int)g->secret) != 1)
		st = IMP_ERANDOM;
	else
		x = ossl_secret(imp_bytes(priv, g->secret));
	if (p && two && x && BN_set_word(two, 2))
		st = power(g, p, two, x, pub, publen);
	BN_clear_free(x);
	BN_free(two);
	BN_free(p);
	return st == IMP_EBADMSG ? IMP_ERANDOM : st; /* a private key of zero */
}

/* A private key is 1 to g->len bytes, not zero. */
imp_status ossl_modp_dh(const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	const struct modp *g = modp_of(priv->alg);
	BIGNUM *p, *peer, *x;
	imp_status st = IMP_ENOSPC;
	if (priv->bits.len > g->len || imp_ct_zero(priv->bits.ptr, priv->bits.len))
		return IMP_EARG;
	while (pub.len && !pub.ptr[0])
		pub = imp_bytes(pub.ptr + 1, pub.len - 1);
	if (!pub.len || pub.len > g->len)
		return IMP_EBADMSG;
	p = g->prime(NULL);
	peer = BN_bin2bn(pub.ptr, (int)pub.len, NULL);
	x = ossl_secret(priv->bits);
	if (p && peer && x)
		st = inside(peer, p) ? power(g, p, peer, x, out, len) : IMP_EBADMSG;
	BN_clear_free(x);
	BN_free(peer);
	BN_free(p);
	return st;
}
