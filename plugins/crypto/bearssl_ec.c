/* bearssl_ec.c -- elliptic curves: keys, ECDH, ECDSA, group arithmetic.
 *
 * BearSSL checks every point it is given, but leaves scalars to its caller:
 * each one is checked, or reduced, before it is used. */
#include "bear.h"
#include "ct.h"
#include "modn.h"

enum { POINT_MAX = 1 + 2 * MODN_MAX, TRIES = 64 };

struct group {
	const br_ec_impl *ec;
	const uint8_t *n; /* order */
	size_t width, point; /* bytes of a scalar, of a point */
	int id; /* BearSSL's number of the curve */
};

static int find(const imp_crypto *c, int32_t curve, struct group *g)
{
	const struct imp_bear *b = imp_bear_of(c);
	switch (curve) {
	case IMP_C_P256:
		g->ec = b->p256;
		g->id = BR_EC_secp256r1;
		break;
	case IMP_C_P384: case IMP_C_P521:
		g->ec = b->prime;
		g->id = curve == IMP_C_P384 ? BR_EC_secp384r1 : BR_EC_secp521r1;
		break;
	case IMP_C_X25519:
		g->ec = b->x25519;
		g->id = BR_EC_curve25519;
		break;
	default:
		return 0;
	}
	if (!g->ec)
		return 0;
	g->n = g->ec->order(g->id, &g->width);
	g->ec->generator(g->id, &g->point);
	return 1;
}

/* The curves with group arithmetic: all but X25519. */
static int find_prime(const imp_crypto *c, int32_t curve, struct group *g)
{
	return curve != IMP_C_X25519 && find(c, curve, g);
}

static int good_scalar(const struct group *g, imp_span x)
{
	return x.len == g->width && imp_modn_valid(x.ptr, g->n, g->width);
}

static imp_status take_room(size_t *len, size_t need)
{
	size_t room = *len;
	*len = need;
	return room < need ? IMP_ENOSPC : IMP_OK;
}

/* --- keys and ECDH ------------------------------------------------------ */

static imp_status fresh_scalar(const imp_crypto *c, const struct group *g, uint8_t *priv)
{
	uint8_t top = g->n[0];
	for (unsigned s = 1; s < 8; s <<= 1)
		top |= (uint8_t)(top >> s);
	for (int i = 0; i < TRIES; i++) {
		imp_status st = c->random(c, priv, g->width);
		if (st < 0)
			return st;
		priv[0] &= top;
		if (imp_modn_valid(priv, g->n, g->width))
			return IMP_OK;
	}
	return IMP_ERANDOM;
}

imp_status imp_bear_keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen,
                           uint8_t *pub, size_t *publen)
{
	struct group g;
	imp_status st, st2;
	if (!find(c, curve, &g))
		return IMP_EUNSUP;
	st = take_room(privlen, g.width);
	st2 = take_room(publen, g.point);
	if (st < 0 || st2 < 0)
		return IMP_ENOSPC;
	st = curve == IMP_C_X25519 ? c->random(c, priv, g.width) : fresh_scalar(c, &g, priv);
	if (st < 0) {
		imp_wipe(priv, g.width);
		return st;
	}
	g.ec->mulgen(pub, priv, g.width, g.id);
	return IMP_OK;
}

/* BearSSL clamps the scalar, and takes it as RFC 7748 writes it. */
static imp_status x25519(const struct group *g, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	uint8_t u[32];
	imp_status st;
	if (priv->bits.len != 32)
		return IMP_EARG;
	if (pub.len != 32)
		return IMP_EBADMSG;
	st = take_room(len, 32);
	if (st < 0)
		return st;
	memcpy(u, pub.ptr, 32);
	st = g->ec->mul(u, 32, priv->bits.ptr, 32, g->id) && !imp_ct_zero(u, 32) ? IMP_OK : IMP_EBADMSG;
	if (st == IMP_OK)
		memcpy(out, u, 32);
	imp_wipe(u, sizeof u);
	return st;
}

imp_status imp_bear_dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	struct group g;
	uint8_t p[POINT_MAX];
	size_t xlen, xoff;
	imp_status st;
	if ((priv->flags & IMP_KEY_OPAQUE) || !find(c, priv->alg, &g))
		return IMP_EUNSUP;
	if (priv->alg == IMP_C_X25519)
		return x25519(&g, priv, pub, out, len);
	if (!good_scalar(&g, priv->bits))
		return IMP_EARG;
	if (pub.len != g.point)
		return IMP_EBADMSG;
	xoff = g.ec->xoff(g.id, &xlen);
	st = take_room(len, xlen);
	if (st < 0)
		return st;
	memcpy(p, pub.ptr, g.point);
	st = g.ec->mul(p, g.point, priv->bits.ptr, g.width, g.id) ? IMP_OK : IMP_EBADMSG;
	if (st == IMP_OK)
		memcpy(out, p + xoff, xlen);
	imp_wipe(p, sizeof p);
	return st;
}

/* --- signatures --------------------------------------------------------- */

static int is_ecdsa(int32_t alg)
{
	return alg == IMP_A_ES256 || alg == IMP_A_ES384 || alg == IMP_A_ES512;
}

static int is_rsa(int32_t alg)
{
	return alg == IMP_A_RS256 || alg == IMP_A_RS384;
}

static imp_status ecdsa_sign(const imp_crypto *c, const br_hash_class *h, const imp_key *priv, imp_span in,
                             uint8_t *sig, size_t *len)
{
	struct group g;
	br_ec_private_key k;
	imp_status st;
	if (!imp_bear_of(c)->ecdsa_sign || !find_prime(c, priv->alg, &g))
		return IMP_EUNSUP;
	if (!good_scalar(&g, priv->bits) || in.len != imp_bear_digest_len(h))
		return IMP_EARG;
	st = take_room(len, 2 * g.width);
	if (st < 0)
		return st;
	k.curve = g.id;
	k.x = (unsigned char *)priv->bits.ptr;
	k.xlen = priv->bits.len;
	return imp_bear_of(c)->ecdsa_sign(g.ec, h, in.ptr, &k, sig) == *len ? IMP_OK : IMP_EARG;
}

static imp_status ecdsa_verify(const imp_crypto *c, const br_hash_class *h, const imp_key *pub, imp_span in,
                               imp_span sig)
{
	struct group g;
	br_ec_public_key k;
	if (!imp_bear_of(c)->ecdsa_verify || !find_prime(c, pub->alg, &g))
		return IMP_EUNSUP;
	if (in.len != imp_bear_digest_len(h))
		return IMP_EARG;
	if (sig.len != 2 * g.width || pub->bits.len != g.point)
		return IMP_EAUTH;
	k.curve = g.id;
	k.q = (unsigned char *)pub->bits.ptr;
	k.qlen = pub->bits.len;
	return imp_bear_of(c)->ecdsa_verify(g.ec, in.ptr, in.len, &k, sig.ptr, sig.len) ? IMP_OK : IMP_EAUTH;
}

imp_status imp_bear_sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in,
                         uint8_t *sig, size_t *len)
{
	const br_hash_class *h = imp_bear_digest(c, alg);
	if (!h || (priv->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (is_ecdsa(alg))
		return ecdsa_sign(c, h, priv, in, sig, len);
	if (is_rsa(alg) && imp_bear_of(c)->rsa)
		return imp_bear_of(c)->rsa->sign(h, priv, in, sig, len);
	return IMP_EUNSUP;
}

imp_status imp_bear_verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	const br_hash_class *h = imp_bear_digest(c, alg);
	if (!h || (pub->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (is_ecdsa(alg))
		return ecdsa_verify(c, h, pub, in, sig);
	if (is_rsa(alg) && imp_bear_of(c)->rsa)
		return imp_bear_of(c)->rsa->verify(h, pub, in, sig);
	return IMP_EUNSUP;
}

imp_status imp_bear_rsa_crypt(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span in,
                              uint8_t *out, size_t *len)
{
	const br_hash_class *h = imp_bear_digest(c, alg);
	if (!h || alg != IMP_A_OAEP256 || !imp_bear_of(c)->rsa || (k->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	return imp_bear_of(c)->rsa->oaep(c, h, encrypt, k, in, out, len);
}

/* --- group arithmetic --------------------------------------------------- */

/* p = x*P + y*Q; P is in p already, or NULL and means the base point. */
static int sum(const struct group *g, imp_span x, const uint8_t *P, imp_span y, imp_span Q, uint8_t *p)
{
	if (!Q.len && !P)
		return g->ec->mulgen(p, x.ptr, x.len, g->id) == g->point;
	if (!Q.len)
		return g->ec->mul(p, g->point, x.ptr, x.len, g->id) != 0;
	if (P)
		return g->ec->muladd(p, Q.ptr, g->point, x.ptr, x.len, y.ptr, y.len, g->id) != 0;
	memcpy(p, Q.ptr, g->point);
	return g->ec->muladd(p, NULL, g->point, y.ptr, y.len, x.ptr, x.len, g->id) != 0;
}

/* The last bytes of a reduced scalar, as many as it was given in. */
static imp_span as_long(const uint8_t *reduced, size_t width, size_t given)
{
	size_t n = given && given < width ? given : width;
	return imp_bytes(reduced + width - n, n);
}

imp_status imp_bear_muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y,
                           imp_span Q, uint8_t *out, size_t *len)
{
	struct group g;
	uint8_t p[POINT_MAX], a[MODN_MAX], b[MODN_MAX];
	imp_status st;
	if (!find_prime(c, curve, &g))
		return IMP_EUNSUP;
	if ((P.ptr && P.len != g.point) || (Q.len && Q.len != g.point))
		return IMP_EBADMSG;
	if (take_room(len, g.point) < 0)
		return IMP_ENOSPC;
	imp_modn_reduce(a, x, g.n, g.width);
	imp_modn_reduce(b, Q.len ? y : imp_bytes("\1", 1), g.n, g.width);
	if (P.ptr)
		memcpy(p, P.ptr, g.point);
	st = imp_ct_zero(a, g.width) || imp_ct_zero(b, g.width) ? IMP_EARG : IMP_EBADMSG;
	if (st == IMP_EBADMSG && sum(&g, as_long(a, g.width, x.len), P.ptr, as_long(b, g.width, y.len), Q, p)) {
		memcpy(out, p, g.point);
		st = IMP_OK;
	}
	imp_wipe(a, sizeof a);
	imp_wipe(b, sizeof b);
	imp_wipe(p, sizeof p);
	return st;
}

imp_status imp_bear_scalar(const imp_crypto *c, int32_t curve, imp_span a, imp_span b, imp_span d,
                           int negate, uint8_t *r)
{
	struct group g;
	uint8_t va[MODN_MAX], vd[MODN_MAX];
	if (!find_prime(c, curve, &g))
		return IMP_EUNSUP;
	imp_modn_reduce(va, a, g.n, g.width);
	imp_modn_reduce(vd, d, g.n, g.width);
	imp_modn_muladd(r, va, b, vd, negate, g.n, g.width);
	imp_wipe(va, sizeof va);
	imp_wipe(vd, sizeof vd);
	return IMP_OK;
}

imp_status imp_bear_point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	static const uint8_t one = 1;
	struct group g;
	uint8_t p[POINT_MAX];
	if (!find_prime(c, curve, &g))
		return IMP_EUNSUP;
	if (in.len == 1 + (g.point - 1) / 2 && (in.ptr[0] == 2 || in.ptr[0] == 3))
		return IMP_EUNSUP;
	if (in.len != g.point)
		return IMP_EBADMSG;
	if (take_room(len, g.point) < 0)
		return IMP_ENOSPC;
	memcpy(p, in.ptr, g.point);
	if (!g.ec->mul(p, g.point, &one, 1, g.id))
		return IMP_EBADMSG;
	memmove(out, in.ptr, g.point);
	return IMP_OK;
}
