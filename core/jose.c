/* jose.c -- see jose.h. */
#include "jose.h"

static const struct name {
	int32_t curve, alg;
	char    crv[8], sig[8];
} names[] = {
	{IMP_C_P256, IMP_A_ES256, "P-256", "ES256"}, {IMP_C_P384, IMP_A_ES384, "P-384", "ES384"}, {IMP_C_P521, IMP_A_ES512, "P-521", "ES512"},
	{IMP_C_BP256, IMP_A_ES256, "BP-256", "BS256"}, {IMP_C_BP384, IMP_A_ES384, "BP-384", "BS384"}, {IMP_C_BP512, IMP_A_ES512, "BP-512", "BS512"},
};
enum { NAMES = sizeof names / sizeof *names };

static const struct name *of(int32_t curve)
{
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i].curve == curve)
			return &names[i];
	}
	return NULL;
}

const char *imp_jose_curve(int32_t curve)
{
	const struct name *n = of(curve);
	return n ? n->crv : NULL;
}

const char *imp_jose_alg(int32_t curve)
{
	const struct name *n = of(curve);
	return n ? n->sig : NULL;
}

int32_t imp_curve_alg(int32_t curve)
{
	const struct name *n = of(curve);
	return n ? n->alg : 0;
}

/* The bytes up to a dot, which is taken too, or to the end. */
static imp_span part(imp_rd *r, int last)
{
	size_t left = imp_rd_left(r);
	const uint8_t *dot = left ? memchr(r->p, '.', left) : NULL;
	imp_span s;
	if ((dot == NULL) != last)
		imp_rd_fail(r, IMP_EBADMSG);
	s = imp_rd_bytes(r, dot ? (size_t)(dot - r->p) : left);
	if (dot)
		imp_rd_bytes(r, 1);
	return s;
}

static imp_span decode(imp_span text, imp_wr *w, imp_status *err)
{
	imp_span s = imp_b64_read(text, IMP_B64URL, w->to + w->len, w->cap - w->len, err);
	w->len += s.len;
	return s;
}

imp_status imp_jws_read(imp_span compact, uint8_t *mem, size_t cap, imp_jws *out)
{
	static const imp_jws none;
	imp_jws m = none;
	imp_rd r = imp_rd_of(compact);
	imp_wr w = imp_wr_to(mem, cap);
	imp_span head = part(&r, 0), payload = part(&r, 0), sig = part(&r, 1);
	imp_status err = imp_rd_end(&r);
	*out = none;
	m.header = decode(head, &w, &err);
	m.payload = decode(payload, &w, &err);
	m.sig = decode(sig, &w, &err);
	m.header = imp_json_of(m.header, &err);
	if (!err && imp_json_type(m.header) != IMP_JSON_OBJECT)
		return IMP_EBADMSG;
	if (imp_json_get(m.header, "crit", &err).ptr)
		return IMP_EUNSUP;
	if (err)
		return err;
	m.signed_ = imp_bytes(compact.ptr, head.len + 1 + payload.len);
	*out = m;
	return IMP_OK;
}

imp_status imp_jws_verify(const imp_crypto *c, const imp_jws *m, const imp_key *pub)
{
	const struct name *n = of(pub->alg);
	imp_status err = IMP_OK;
	imp_span alg = imp_json_get(m->header, "alg", &err);
	if (!n)
		return IMP_EUNSUP;
	if (err || imp_json_type(alg) != IMP_JSON_STRING)
		return IMP_EBADMSG;
	if (!imp_json_is(alg, n->sig) || m->sig.len != imp_sig_len(n->alg, pub))
		return IMP_EAUTH;
	return imp_verify(c, n->alg, pub, &m->signed_, 1, m->sig);
}

imp_status imp_jws_sign(const imp_crypto *c, imp_wr *w, const imp_key *priv, imp_span header, imp_span payload)
{
	uint8_t sig[IMP_SIG_MAX];
	size_t from = w->len, to, len = imp_sig_len(imp_curve_alg(priv->alg), priv), want = len;
	imp_span tbs;
	imp_status st;
	if (!want) {
		imp_wr_fail(w, IMP_EUNSUP);
		return imp_wr_end(w);
	}
	imp_b64_put(w, header, IMP_B64URL);
	imp_wr_u8(w, '.');
	imp_b64_put(w, payload, IMP_B64URL);
	to = w->len;
	imp_wr_u8(w, '.');
	if (!imp_wr_gap(w, (want * 4 + 2) / 3))
		return imp_wr_end(w);
	w->len = to + 1;
	tbs = imp_bytes(w->to + from, to - from);
	st = imp_sign(c, imp_curve_alg(priv->alg), priv, &tbs, 1, sig, &len);
	if (st || len != want)
		imp_wr_fail(w, st ? st : IMP_EARG);
	else
		imp_b64_put(w, imp_bytes(sig, len), IMP_B64URL);
	return imp_wr_end(w);
}

/* One coordinate, exactly n bytes. */
static void coordinate(imp_span jwk, const char *key, uint8_t *to, size_t n, imp_status *err)
{
	uint8_t text[(IMP_POINT_MAX / 2 * 4 + 2) / 3];
	imp_span s = imp_json_text(imp_json_get(jwk, key, err), text, sizeof text, err);
	s = imp_b64_read(s, IMP_B64URL, to, n, err);
	if (*err == IMP_ENOSPC || (!*err && s.len != n))
		*err = IMP_EBADMSG;
}

imp_status imp_jwk_read(imp_span jwk, uint8_t point[IMP_POINT_MAX], imp_key *out)
{
	imp_status err = IMP_OK;
	imp_span kty = imp_json_get(jwk, "kty", &err), crv = imp_json_get(jwk, "crv", &err);
	size_t i = 0, n;
	if (err || imp_json_type(kty) != IMP_JSON_STRING || (crv.ptr && imp_json_type(crv) != IMP_JSON_STRING))
		return IMP_EBADMSG;
	while (i < NAMES && !imp_json_is(crv, names[i].crv))
		i++;
	if (i == NAMES || !imp_json_is(kty, "EC"))
		return IMP_EUNSUP;
	n = imp_curve_len(names[i].curve);
	point[0] = 4;
	coordinate(jwk, "x", point + 1, n, &err);
	coordinate(jwk, "y", point + 1 + n, n, &err);
	if (!err)
		*out = (imp_key){names[i].curve, 0, 0, {point, 1 + 2 * n}};
	return err;
}

static void put_coordinate(imp_wr *w, const char *key, const uint8_t *p, size_t n)
{
	imp_json_put_key(w, ',', key);
	imp_wr_u8(w, '"');
	imp_b64_put(w, imp_bytes(p, n), IMP_B64URL);
	imp_wr_u8(w, '"');
}

void imp_jwk_put(imp_wr *w, const imp_key *pub, imp_span kid)
{
	const char *crv = imp_jose_curve(pub->alg);
	size_t n = imp_curve_len(pub->alg);
	if (!crv || pub->bits.len != 1 + 2 * n) {
		imp_wr_fail(w, IMP_EUNSUP);
		return;
	}
	imp_wr_text(w, "{\"kty\":\"EC\",\"crv\":\"");
	imp_wr_text(w, crv);
	imp_wr_u8(w, '"');
	put_coordinate(w, "x", pub->bits.ptr + 1, n);
	put_coordinate(w, "y", pub->bits.ptr + 1 + n, n);
	if (kid.len) {
		imp_json_put_key(w, ',', "kid");
		imp_json_put_text(w, kid);
	}
	imp_wr_u8(w, '}');
}
