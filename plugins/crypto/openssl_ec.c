/* openssl_ec.c -- the short Weierstrass curves of the OpenSSL provider.
 *
 * Everything but ECDSA stands on EC_POINT_mul(), which is constant time as
 * long as it is given one term: an EC_KEY would copy its group and derive a
 * public key that is not asked for.  ECDSA needs an EC_KEY; it is made
 * without a public key to sign.
 *
 * How constant "constant time" is: OpenSSL has code of its own for P-256
 * and P-521; the other curves go up a ladder on blinded coordinates, whose
 * arithmetic varies with the blinded numbers.  Numbers lose their leading
 * zero bytes on the way in, as everywhere in OpenSSL. */
#include "openssl_in.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

struct curve {
	int32_t  id;
	int      nid;
	uint16_t len; /* bytes of a coordinate and of a scalar */
};
static const struct curve curves[] = {
	{ IMP_C_P256, NID_X9_62_prime256v1, 32 },
	{ IMP_C_P384, NID_secp384r1, 48 },
	{ IMP_C_P521, NID_secp521r1, 66 },
	{ IMP_C_BP256, NID_brainpoolP256r1, 32 },
	{ IMP_C_BP384, NID_brainpoolP384r1, 48 },
	{ IMP_C_BP512, NID_brainpoolP512r1, 64 },
};
enum { CURVES = sizeof curves / sizeof curves[0], MAX_POINT = 1 + 2 * 66 };

/* A curve made ready, and what one operation on it holds. */
struct op {
	const EC_GROUP *g;
	const BIGNUM   *order;
	size_t          len;
	EC_POINT       *p, *q;
	BIGNUM         *d; /* the secret scalar */
};

static const struct curve *curve_of(int32_t id)
{
	for (size_t i = 0; i < CURVES; i++)
		if (curves[i].id == id)
			return &curves[i];
	return NULL;
}

int ossl_ec_can(int32_t curve)
{
	return curve_of(curve) != NULL;
}

static void *make_group(const void *nid)
{
	return EC_GROUP_new_by_curve_name(*(const int *)nid);
}

static void drop_group(void *group)
{
	EC_GROUP_free((EC_GROUP *)group);
}

/* Fill in the group and one point; the caller ends with op_end(). */
static int op_begin(struct op *o, int32_t id)
{
	static ossl_slot kept[CURVES];
	const struct curve *c = curve_of(id);
	memset(o, 0, sizeof *o);
	o->g = (const EC_GROUP *)ossl_kept(&kept[c - curves], make_group, &c->nid, drop_group);
	if (!o->g)
		return 0;
	o->order = EC_GROUP_get0_order(o->g);
	o->len = c->len;
	o->p = EC_POINT_new(o->g);
	return o->p != NULL;
}

static imp_status op_end(struct op *o, imp_status st)
{
	EC_POINT_clear_free(o->p);
	EC_POINT_clear_free(o->q);
	BN_clear_free(o->d);
	return st;
}

/* A private key: fixed width, from 1 to n - 1. */
static imp_status load_scalar(struct op *o, imp_span bits)
{
	if (bits.len != o->len)
		return IMP_EARG;
	o->d = ossl_secret(bits);
	if (!o->d)
		return IMP_ENOSPC;
	return BN_is_zero(o->d) || BN_cmp(o->d, o->order) >= 0 ? IMP_EARG : IMP_OK;
}

/* An uncompressed point on the curve. */
static imp_status load_point(const struct op *o, EC_POINT *p, imp_span in)
{
	if (in.len != 1 + 2 * o->len || in.ptr[0] != 4)
		return IMP_EBADMSG;
	return EC_POINT_oct2point(o->g, p, in.ptr, in.len, NULL) == 1 ? IMP_OK : IMP_EBADMSG;
}

static imp_status put_point(const struct op *o, const EC_POINT *p, uint8_t *out, size_t *len)
{
	size_t room = *len;
	*len = 1 + 2 * o->len;
	if (room < *len)
		return IMP_ENOSPC;
	return EC_POINT_point2oct(o->g, p, POINT_CONVERSION_UNCOMPRESSED, out, *len, NULL) == *len
		? IMP_OK : IMP_ENOSPC;
}

imp_status ossl_ec_keygen(int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	struct op o;
	imp_status st;
	if (!op_begin(&o, curve))
		return op_end(&o, IMP_ENOSPC);
	if (*privlen < o.len || *publen < 1 + 2 * o.len) {
		*privlen = o.len;
		*publen = 1 + 2 * o.len;
		return op_end(&o, IMP_ENOSPC);
	}
	o.d = BN_secure_new();
	if (!o.d)
		return op_end(&o, IMP_ENOSPC);
	BN_set_flags(o.d, BN_FLG_CONSTTIME);
	do
		if (!BN_priv_rand_range(o.d, o.order))
			return op_end(&o, IMP_ERANDOM);
	while (BN_is_zero(o.d));
	if (EC_POINT_mul(o.g, o.p, o.d, NULL, NULL, NULL) != 1)
		return op_end(&o, IMP_ENOSPC);
	st = ossl_put(o.d, o.len, priv, privlen);
	return op_end(&o, st == IMP_OK ? put_point(&o, o.p, pub, publen) : st);
}

imp_status ossl_ec_dh(const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	struct op o;
	BIGNUM *x = NULL;
	imp_status st = op_begin(&o, priv->alg) ? load_scalar(&o, priv->bits) : IMP_ENOSPC;
	if (st == IMP_OK)
		st = load_point(&o, o.p, pub);
	if (st == IMP_OK) {
		x = BN_secure_new();
		st = x && EC_POINT_mul(o.g, o.p, NULL, o.p, o.d, NULL) == 1
			&& EC_POINT_get_affine_coordinates(o.g, o.p, x, NULL, NULL) == 1
			? ossl_put(x, o.len, out, len) : IMP_EBADMSG;
	}
	BN_clear_free(x);
	return op_end(&o, st);
}

static EC_KEY *key_of(const struct op *o)
{
	EC_KEY *k = EC_KEY_new();
	if (k && EC_KEY_set_group(k, o->g) == 1)
		return k;
	EC_KEY_free(k);
	return NULL;
}

imp_status ossl_ec_sign(const imp_key *priv, imp_span digest, uint8_t *sig, size_t *len)
{
	struct op o;
	EC_KEY *k = NULL;
	ECDSA_SIG *s = NULL;
	imp_status st = op_begin(&o, priv->alg) ? load_scalar(&o, priv->bits) : IMP_ENOSPC;
	if (st == IMP_OK) {
		size_t room = *len;
		*len = 2 * o.len;
		st = room < *len ? IMP_ENOSPC : IMP_OK;
	}
	if (st == IMP_OK) {
		k = key_of(&o);
		if (k && EC_KEY_set_private_key(k, o.d) == 1)
			s = ECDSA_do_sign(digest.ptr, (int)digest.len, k);
		if (!s || BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, (int)o.len) < 0
		    || BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + o.len, (int)o.len) < 0)
			st = IMP_ERANDOM;
	}
	ECDSA_SIG_free(s);
	EC_KEY_free(k);
	return op_end(&o, st);
}

/* r || s; OpenSSL checks that both are from 1 to n - 1. */
static ECDSA_SIG *load_sig(const struct op *o, imp_span sig)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig.ptr, (int)o->len, NULL);
	BIGNUM *t = BN_bin2bn(sig.ptr + o->len, (int)o->len, NULL);
	if (s && r && t && ECDSA_SIG_set0(s, r, t) == 1)
		return s;
	ECDSA_SIG_free(s);
	BN_free(r);
	BN_free(t);
	return NULL;
}

imp_status ossl_ec_verify(const imp_key *pub, imp_span digest, imp_span sig)
{
	struct op o;
	EC_KEY *k = NULL;
	ECDSA_SIG *s = NULL;
	imp_status st = op_begin(&o, pub->alg) ? load_point(&o, o.p, pub->bits) : IMP_ENOSPC;
	if (st == IMP_OK && sig.len != 2 * o.len)
		st = IMP_EAUTH;
	if (st == IMP_OK) {
		k = key_of(&o);
		s = load_sig(&o, sig);
		if (!k || !s || EC_KEY_set_public_key(k, o.p) != 1)
			st = IMP_ENOSPC;
		else
			st = ECDSA_do_verify(digest.ptr, (int)digest.len, s, k) == 1 ? IMP_OK : IMP_EAUTH;
	}
	ECDSA_SIG_free(s);
	EC_KEY_free(k);
	return op_end(&o, st);
}

/* A secret scalar of any width, reduced modulo the order.  NULL: no memory. */
static BIGNUM *reduced(const struct op *o, imp_span in)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *v = ossl_secret(in);
	if (ctx && v && BN_nnmod(v, v, o->order, ctx)) {
		BN_CTX_free(ctx);
		return v;
	}
	BN_CTX_free(ctx);
	BN_clear_free(v);
	return NULL;
}

/* to = x*P, one term, in constant time. */
static imp_status term(struct op *o, EC_POINT *to, imp_span x, imp_span P)
{
	imp_status st = P.ptr ? load_point(o, to, P) : IMP_OK;
	if (st != IMP_OK || (P.ptr && x.len == 1 && x.ptr[0] == 1))
		return st;
	BN_clear_free(o->d);
	o->d = reduced(o, x);
	if (!o->d)
		return IMP_ENOSPC;
	if (BN_is_zero(o->d))
		return IMP_EARG;
	return EC_POINT_mul(o->g, to, P.ptr ? NULL : o->d, P.ptr ? to : NULL, P.ptr ? o->d : NULL, NULL) == 1
		? IMP_OK : IMP_ENOSPC;
}

imp_status ossl_ec_muladd(int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q,
                          uint8_t *out, size_t *len)
{
	struct op o;
	imp_status st = op_begin(&o, curve) ? term(&o, o.p, x, P) : IMP_ENOSPC;
	if (st == IMP_OK && Q.len) {
		o.q = EC_POINT_new(o.g);
		st = o.q ? term(&o, o.q, y, Q) : IMP_ENOSPC;
		if (st == IMP_OK && EC_POINT_add(o.g, o.p, o.p, o.q, NULL) != 1)
			st = IMP_ENOSPC;
	}
	if (st == IMP_OK && EC_POINT_is_at_infinity(o.g, o.p))
		st = IMP_EBADMSG;
	return op_end(&o, st == IMP_OK ? put_point(&o, o.p, out, len) : st);
}

/* v[0] = v[2] +- v[0]*v[1] modulo the order; Montgomery and fixed width. */
static int combine(const struct op *o, BIGNUM *v[3], int negate, BN_CTX *ctx)
{
	BN_MONT_CTX *m = EC_GROUP_get_mont_data(o->g);
	return m && BN_to_montgomery(v[0], v[0], m, ctx) && BN_mod_mul_montgomery(v[0], v[0], v[1], m, ctx)
		&& (negate ? BN_mod_sub_quick(v[0], v[2], v[0], o->order) : BN_mod_add_quick(v[0], v[2], v[0], o->order));
}

imp_status ossl_ec_scalar(int32_t curve, imp_span a, imp_span b, imp_span d, int negate, uint8_t *r)
{
	struct op o;
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *v[3] = {0};
	imp_status st = IMP_ENOSPC;
	if (ctx && op_begin(&o, curve)) {
		size_t len = o.len;
		v[0] = reduced(&o, a);
		v[1] = reduced(&o, b);
		v[2] = reduced(&o, d);
		if (v[0] && v[1] && v[2] && combine(&o, v, negate, ctx))
			st = ossl_put(v[0], o.len, r, &len);
		op_end(&o, st);
	}
	for (int i = 0; i < 3; i++)
		BN_clear_free(v[i]);
	BN_CTX_free(ctx);
	return st;
}

/* A point compressed (2, 3) or not (4); the hybrid form is nobody's. */
imp_status ossl_ec_point(int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	struct op o;
	imp_status st = op_begin(&o, curve) ? IMP_EBADMSG : IMP_ENOSPC;
	if (st == IMP_EBADMSG && in.len == 1 + o.len && (in.ptr[0] | 1) == 3)
		st = EC_POINT_oct2point(o.g, o.p, in.ptr, in.len, NULL) == 1 ? IMP_OK : IMP_EBADMSG;
	else if (st == IMP_EBADMSG)
		st = load_point(&o, o.p, in);
	return op_end(&o, st == IMP_OK ? put_point(&o, o.p, out, len) : st);
}
