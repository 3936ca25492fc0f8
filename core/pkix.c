/* pkix.c -- see pkix.h. */
#include "pkix.h"

#include <string.h>
#include "alg.h"

enum params { ABSENT, NIL, CURVE };

/* One row per object identifier: fixed size, so that nothing is relocated. */
struct oid {
	int32_t alg;
	uint8_t params, len, bytes[10];
};

static const struct oid sig_algs[] = {
	{IMP_A_ES256, ABSENT, 8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}},
	{IMP_A_ES384, ABSENT, 8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3}},
	{IMP_A_ES512, ABSENT, 8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4}},
	{IMP_A_RS256, NIL, 9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b}},
	{IMP_A_RS384, NIL, 9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0c}},
	{IMP_A_EDDSA, ABSENT, 3, {0x2b, 0x65, 0x70}},
	{0, 0, 0, {0}},
};

static const struct oid key_algs[] = {
	{0, CURVE, 7, {0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}},
	{IMP_X509_RSA, NIL, 9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}},
	{IMP_C_ED25519, ABSENT, 3, {0x2b, 0x65, 0x70}},
	{IMP_C_X25519, ABSENT, 3, {0x2b, 0x65, 0x6e}},
	{0, 0, 0, {0}},
};

static const struct oid curves[] = {
	{IMP_C_P256, 0, 8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}},
	{IMP_C_P384, 0, 5, {0x2b, 0x81, 4, 0, 0x22}},
	{IMP_C_P521, 0, 5, {0x2b, 0x81, 4, 0, 0x23}},
	{IMP_C_BP256, 0, 9, {0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7}},
	{IMP_C_BP384, 0, 9, {0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11}},
	{IMP_C_BP512, 0, 9, {0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13}},
	{0, 0, 0, {0}},
};

static const struct oid *by_oid(const struct oid *t, imp_span oid)
{
	for (; t->len; t++) {
		if (imp_same(oid, imp_bytes(t->bytes, t->len)))
			return t;
	}
	return NULL;
}

static const struct oid *by_alg(const struct oid *t, int32_t alg)
{
	for (; t->len; t++) {
		if (t->alg == alg)
			return t;
	}
	return NULL;
}

static void put_oid(imp_wr *w, const struct oid *o)
{
	imp_der_put(w, IMP_DER_OID, imp_bytes(o->bytes, o->len));
}

/* The rest of an AlgorithmIdentifier after its OID, as `o` wants it; the
 * number that it stands for, 0: unknown.  Malformed: `in` fails. */
static int32_t params(imp_rd *in, const struct oid *o)
{
	const struct oid *curve;
	if (o->params == NIL && imp_der_take(in, IMP_DER_NULL).len)
		imp_rd_fail(in, IMP_EBADMSG);
	if (o->params != CURVE)
		return o->alg;
	if (imp_der_peek(in) != IMP_DER_OID) { /* explicit parameters */
		imp_rd_rest(in);
		return 0;
	}
	curve = by_oid(curves, imp_der_take(in, IMP_DER_OID));
	return curve ? curve->alg : 0;
}

/* A whole AlgorithmIdentifier; unknown ones are skipped and yield 0. */
static int32_t algorithm(imp_rd *r, const struct oid *table)
{
	imp_rd in = imp_der_in(r, IMP_DER_SEQ);
	const struct oid *o = by_oid(table, imp_der_take(&in, IMP_DER_OID));
	int32_t alg = 0;
	if (o)
		alg = params(&in, o);
	else
		imp_rd_rest(&in);
	if (imp_rd_end(&in))
		imp_rd_fail(r, IMP_EBADMSG);
	return r->err ? 0 : alg;
}

/* --- public keys ----------------------------------------------------------- */

static imp_status public_ok(int32_t alg, imp_span bits)
{
	size_t n = imp_curve_len(alg);
	if (alg == IMP_X509_RSA)
		return imp_rsa_bits(bits) ? IMP_OK : IMP_EBADMSG;
	if (alg == IMP_C_ED25519 || alg == IMP_C_X25519)
		return bits.len == n ? IMP_OK : IMP_EBADMSG;
	if (bits.len == 1 + n && (bits.ptr[0] == 2 || bits.ptr[0] == 3)) /* compressed */
		return IMP_EUNSUP;
	return bits.len == 1 + 2 * n && bits.ptr[0] == 4 ? IMP_OK : IMP_EBADMSG;
}

imp_status imp_spki_read(imp_span spki, imp_key *out)
{
	imp_rd r = imp_rd_of(spki), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_key k = {0, 0, 0, {NULL, 0}};
	imp_status st;
	memset(out, 0, sizeof *out);
	k.alg = algorithm(&in, key_algs);
	k.bits = imp_der_bits(&in);
	if (imp_rd_end(&r) || imp_rd_end(&in))
		return IMP_EBADMSG;
	st = k.alg ? public_ok(k.alg, k.bits) : IMP_EUNSUP;
	if (!st)
		*out = k;
	return st;
}

imp_span imp_spki_bits(imp_span spki)
{
	imp_rd r = imp_rd_of(spki), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_span bits;
	imp_der_take(&in, IMP_DER_SEQ);
	bits = imp_der_bits(&in);
	return imp_rd_end(&r) || imp_rd_end(&in) ? imp_bytes(NULL, 0) : bits;
}

void imp_spki_put(imp_wr *w, const imp_key *pub)
{
	const struct oid *o = by_alg(key_algs, pub->alg), *curve = by_alg(curves, pub->alg);
	size_t all = w->len, mark = all;
	if (!o && !curve) {
		imp_wr_fail(w, IMP_EUNSUP);
		return;
	}
	put_oid(w, curve ? key_algs : o);
	if (curve)
		put_oid(w, curve);
	else if (o->params == NIL)
		imp_der_put(w, IMP_DER_NULL, imp_bytes(NULL, 0));
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	imp_der_put_bits(w, pub->bits);
	imp_der_wrap(w, IMP_DER_SEQ, all);
}

/* RSAPublicKey: the modulus, and the exponent through `e`. */
static imp_span rsa_parts(imp_span pkcs1_public, imp_span *e)
{
	imp_rd r = imp_rd_of(pkcs1_public), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_span n = imp_der_uint(&in);
	*e = imp_der_uint(&in);
	if (imp_rd_end(&r) || imp_rd_end(&in))
		return *e = imp_bytes(NULL, 0);
	return n;
}

size_t imp_rsa_bits(imp_span pkcs1_public)
{
	imp_span e, n = rsa_parts(pkcs1_public, &e);
	size_t bits = 8 * n.len;
	for (unsigned top = n.len ? n.ptr[0] : 0x80; bits && top < 0x80; top <<= 1)
		bits--;
	return bits;
}

uint64_t imp_rsa_exponent(imp_span pkcs1_public)
{
	imp_span e;
	uint64_t v = 0;
	rsa_parts(pkcs1_public, &e);
	if (e.len > 8)
		return 0;
	for (size_t i = 0; i < e.len; i++)
		v = v << 8 | e.ptr[i];
	return v;
}

/* --- private keys ---------------------------------------------------------- */

/* ECPrivateKey (SEC 1); `curve` 0: it must name its own. */
static imp_status sec1(imp_span der, int32_t curve, imp_key *k)
{
	imp_rd r = imp_rd_of(der), in = imp_der_in(&r, IMP_DER_SEQ), name;
	imp_span version = imp_der_uint(&in);
	k->bits = imp_der_take(&in, IMP_DER_OCTETS);
	if (imp_der_peek(&in) == IMP_DER_CTX0) {
		const struct oid *o;
		name = imp_der_in(&in, IMP_DER_CTX0);
		o = imp_der_peek(&name) == IMP_DER_OID ? by_oid(curves, imp_der_take(&name, IMP_DER_OID)) : NULL;
		k->alg = o ? o->alg : 0;
		if (curve && k->alg != curve)
			return IMP_EBADMSG;
	} else {
		k->alg = curve;
	}
	if (imp_der_peek(&in) == IMP_DER_CTX1)
		imp_der_take(&in, IMP_DER_CTX1);
	if (imp_rd_end(&in) || imp_rd_end(&r) || version.len != 1 || version.ptr[0] != 1)
		return IMP_EBADMSG;
	if (!k->alg)
		return IMP_EUNSUP;
	return k->bits.len == imp_curve_len(k->alg) ? IMP_OK : IMP_EBADMSG;
}

static imp_status pkcs1(imp_span der, imp_key *k)
{
	imp_rd r = imp_rd_of(der), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_span version = imp_der_uint(&in);
	for (int i = 0; i < 8; i++) /* n, e, d, p, q, dP, dQ, 1/q */
		imp_der_uint(&in);
	if (imp_rd_end(&in) || imp_rd_end(&r) || version.len != 1 || version.ptr[0] != 0)
		return IMP_EBADMSG;
	k->alg = IMP_X509_RSA;
	k->bits = der;
	return IMP_OK;
}

/* What PKCS#8 wraps. */
static imp_status wrapped(int32_t alg, imp_span key, imp_key *k)
{
	imp_rd r = imp_rd_of(key);
	if (alg == IMP_X509_RSA)
		return pkcs1(key, k);
	if (alg != IMP_C_ED25519 && alg != IMP_C_X25519)
		return sec1(key, alg, k);
	k->alg = alg;
	k->bits = imp_der_take(&r, IMP_DER_OCTETS);
	return imp_rd_end(&r) || k->bits.len != 32 ? IMP_EBADMSG : IMP_OK;
}

static imp_status private_key(imp_span der, imp_key *k)
{
	imp_rd r = imp_rd_of(der), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_span version = imp_der_uint(&in), key;
	int32_t alg;
	if (imp_der_peek(&in) == IMP_DER_OCTETS)
		return sec1(der, 0, k);
	if (imp_der_peek(&in) == IMP_DER_INT)
		return pkcs1(der, k);
	alg = algorithm(&in, key_algs);
	key = imp_der_take(&in, IMP_DER_OCTETS);
	if (imp_der_peek(&in) == IMP_DER_CTX0) /* attributes */
		imp_der_take(&in, IMP_DER_CTX0);
	if (imp_der_peek(&in) == 0x81) /* the public key, in version 1 */
		imp_der_take(&in, 0x81);
	if (imp_rd_end(&in) || imp_rd_end(&r) || version.len != 1 || version.ptr[0] > 1)
		return IMP_EBADMSG;
	return alg ? wrapped(alg, key, k) : IMP_EUNSUP;
}

imp_status imp_priv_read(imp_span der, imp_key *out)
{
	imp_key k = {0, IMP_KEY_PRIVATE, 0, {NULL, 0}};
	imp_status st = private_key(der, &k);
	memset(out, 0, sizeof *out);
	if (!st)
		*out = k;
	return st;
}

/* --- signatures ------------------------------------------------------------ */

enum { RAW = 132, RSA_COUNTED = 512 }; /* the longest r||s; an RSA signature not yet made */

static int is_ecdsa(int32_t alg)
{
	return alg == IMP_A_ES256 || alg == IMP_A_ES384 || alg == IMP_A_ES512;
}

/* Is this key of the kind that the algorithm wants? */
static int fits(int32_t alg, const imp_key *k)
{
	if (is_ecdsa(alg))
		return by_alg(curves, k->alg) != NULL;
	return k->alg == (alg == IMP_A_EDDSA ? (int32_t)IMP_C_ED25519 : (int32_t)IMP_X509_RSA);
}

int32_t imp_sig_alg(imp_span algorithm_identifier)
{
	imp_rd r = imp_rd_of(algorithm_identifier);
	int32_t alg = algorithm(&r, sig_algs);
	return imp_rd_end(&r) ? 0 : alg;
}

void imp_sig_alg_put(imp_wr *w, int32_t alg)
{
	const struct oid *o = by_alg(sig_algs, alg);
	size_t mark = w->len;
	if (!o) {
		imp_wr_fail(w, IMP_EUNSUP);
		return;
	}
	put_oid(w, o);
	if (o->params == NIL)
		imp_der_put(w, IMP_DER_NULL, imp_bytes(NULL, 0));
	imp_der_wrap(w, IMP_DER_SEQ, mark);
}

imp_status imp_sig_check(const imp_crypto *c, int32_t alg, const imp_key *pub,
                         imp_span tbs, imp_span sig)
{
	uint8_t raw[RAW];
	if (!alg)
		return IMP_EUNSUP;
	if (!fits(alg, pub))
		return IMP_EAUTH;
	if (is_ecdsa(alg)) {
		if (imp_der_sig_raw(sig, raw, imp_curve_len(pub->alg)))
			return IMP_EAUTH;
		sig = imp_bytes(raw, 2 * imp_curve_len(pub->alg));
	}
	return imp_verify(c, alg, pub, &tbs, 1, sig);
}

/* An RSA signature tells its length only when it is there: sign behind the
 * place of its BIT STRING's five-byte head, then write that. */
static imp_status put_rsa_sig(const imp_crypto *c, imp_wr *w, int32_t alg, const imp_key *priv, imp_span tbs)
{
	enum { HEAD = 5 };
	size_t room = w->cap - w->len > HEAD ? w->cap - w->len - HEAD : 0, len = room;
	imp_status st = room ? imp_sign(c, alg, priv, &tbs, 1, w->to + w->len + HEAD, &len) : IMP_ENOSPC;
	if (st == IMP_ENOSPC) {
		imp_wr_gap(w, HEAD + (len > room ? len : RSA_COUNTED));
		return IMP_OK;
	}
	if (!st && (len < 256 || len >= UINT16_MAX))
		st = IMP_EARG;
	if (st)
		return st;
	imp_wr_be16(w, IMP_DER_BITS << 8 | 0x82);
	imp_wr_be16(w, (uint16_t)(len + 1));
	imp_wr_u8(w, 0);
	imp_wr_gap(w, len);
	return IMP_OK;
}

static imp_status put_sig(const imp_crypto *c, imp_wr *w, int32_t alg, const imp_key *priv, imp_span tbs)
{
	uint8_t raw[RAW];
	size_t want = imp_sig_len(alg, priv), len = sizeof raw, mark = w->len;
	imp_status st;
	if (!want)
		return put_rsa_sig(c, w, alg, priv, tbs);
	st = imp_sign(c, alg, priv, &tbs, 1, raw, &len);
	if (st || len != want)
		return st ? st : IMP_EARG;
	if (!is_ecdsa(alg)) {
		imp_der_put_bits(w, imp_bytes(raw, len));
		return IMP_OK;
	}
	imp_wr_u8(w, 0);
	imp_der_put_sig(w, imp_bytes(raw, len));
	imp_der_wrap(w, IMP_DER_BITS, mark);
	return IMP_OK;
}

imp_status imp_sig_seal(const imp_crypto *c, imp_wr *w, size_t mark, int32_t alg,
                        const imp_key *priv)
{
	size_t tbs = w->len - mark, sig = imp_sig_len(alg, priv);
	imp_status st = fits(alg, priv) ? IMP_OK : IMP_EARG;
	imp_sig_alg_put(w, alg);
	if (!st && imp_wr_end(w) == IMP_OK)
		st = put_sig(c, w, alg, priv, imp_bytes(w->to + mark, tbs));
	else
		imp_wr_gap(w, sig ? sig + 13 : 5 + RSA_COUNTED);
	if (st)
		imp_wr_fail(w, st);
	imp_der_wrap(w, IMP_DER_SEQ, mark);
	return imp_wr_end(w);
}

/* --- private to public ---------------------------------------------------- */

/* Modulus and exponent of an RSAPrivateKey. */
static imp_status rsa_numbers(imp_span priv, imp_span *n, imp_span *e)
{
	imp_rd r = imp_rd_of(priv), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_der_uint(&in); /* version */
	*n = imp_der_uint(&in);
	*e = imp_der_uint(&in);
	return in.err;
}

size_t imp_rsa_private_bits(imp_span pkcs1_private)
{
	imp_span n, e;
	return rsa_numbers(pkcs1_private, &n, &e) ? 0 : n.len * 8;
}

static imp_status rsa_public(imp_span priv, uint8_t *to, size_t *len)
{
	imp_wr w = imp_wr_to(to, *len);
	imp_span n, e;
	imp_status st = rsa_numbers(priv, &n, &e);
	imp_der_put_uint(&w, n);
	imp_der_put_uint(&w, e);
	imp_der_wrap(&w, IMP_DER_SEQ, 0);
	*len = w.len;
	return st ? st : imp_wr_end(&w);
}

imp_status imp_public_of(const imp_crypto *c, const imp_key *priv, uint8_t *to, size_t *len, imp_key *out)
{
	const imp_span none = {NULL, 0};
	imp_status st = IMP_OK;
	if (priv->flags & IMP_KEY_OPAQUE) {
		if (!priv->bits.len || priv->bits.len > *len)
			return priv->bits.len ? IMP_ENOSPC : IMP_EUNSUP;
		memcpy(to, priv->bits.ptr, *len = priv->bits.len);
	} else if (priv->alg == IMP_X509_RSA)
		st = rsa_public(priv->bits, to, len);
	else
		st = c->muladd(c, priv->alg, priv->bits, none, none, none, to, len);
	*out = (imp_key){priv->alg, 0, 0, {to, *len}};
	return st;
}
