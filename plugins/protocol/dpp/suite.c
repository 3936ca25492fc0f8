/* suite.c -- see suite.h. */
#include "suite.h"
#include "ct.h"
#include "kdf.h"

static const dpp_curve curves[DPP_CURVES] = {
	{IMP_C_P256, IMP_A_SHA256, IMP_A_HMAC256, IMP_A_ES256, 19, 32, 16, 32},
	{IMP_C_P384, IMP_A_SHA384, IMP_A_HMAC384, IMP_A_ES384, 20, 48, 24, 48},
	{IMP_C_P521, IMP_A_SHA512, IMP_A_HMAC512, IMP_A_ES512, 21, 64, 32, 66},
	{IMP_C_BP256, IMP_A_SHA256, IMP_A_HMAC256, IMP_A_ES256, 28, 32, 16, 32},
	{IMP_C_BP384, IMP_A_SHA384, IMP_A_HMAC384, IMP_A_ES384, 29, 48, 24, 48},
	{IMP_C_BP512, IMP_A_SHA512, IMP_A_HMAC512, IMP_A_ES512, 30, 64, 32, 64},
};

const dpp_curve *dpp_curve_at(unsigned i)
{
	return i < DPP_CURVES ? &curves[i] : NULL;
}

const dpp_curve *dpp_curve_of(int32_t curve)
{
	for (unsigned i = 0; i < DPP_CURVES; i++)
		if (curves[i].curve == curve)
			return &curves[i];
	return NULL;
}

const dpp_curve *dpp_curve_group(uint16_t group)
{
	for (unsigned i = 0; i < DPP_CURVES; i++)
		if (curves[i].group == group)
			return &curves[i];
	return NULL;
}

imp_status dpp_extract(const imp_crypto *c, const dpp_curve *v, imp_span salt, const imp_span *parts, size_t n, uint8_t *out)
{
	return imp_hkdf_extract(c, v->hmac, salt, parts, n, out);
}

imp_status dpp_expand(const imp_crypto *c, const dpp_curve *v, const uint8_t *prk, const char *info, uint8_t *out, size_t len)
{
	imp_span text = imp_bytes(info, strlen(info));
	return imp_hkdf_expand(c, v->hmac, imp_bytes(prk, v->hash_len), &text, 1, out, len);
}

imp_status dpp_hkdf(const imp_crypto *c, const dpp_curve *v, const char *info, imp_span ikm, uint8_t *out)
{
	uint8_t prk[DPP_HASH];
	imp_status st = dpp_extract(c, v, imp_bytes(NULL, 0), &ikm, 1, prk);
	if (!st)
		st = dpp_expand(c, v, prk, info, out, v->hash_len);
	imp_wipe(prk, sizeof prk);
	return st;
}

static imp_key siv_key(const dpp_curve *v, const uint8_t *key)
{
	imp_key k = {IMP_A_SIV, 0, 0, {key, v->hash_len}};
	return k;
}

void dpp_wrap(const imp_crypto *c, const dpp_curve *v, imp_wr *w, const uint8_t *key, const imp_span *ad, size_t n, imp_span plain)
{
	imp_key k = siv_key(v, key);
	size_t len = plain.len + DPP_TAG;
	uint8_t *to;
	dpp_put_attr_head(w, DPP_WRAPPED, len);
	to = imp_wr_gap(w, len);
	if (to) {
		imp_status st = c->seal(c, IMP_A_SIV, &k, imp_bytes(NULL, 0), ad, n, plain, to, &len);
		if (st)
			imp_wr_fail(w, st);
	}
}

imp_status dpp_unwrap(const imp_crypto *c, const dpp_curve *v, const uint8_t *key, const imp_span *ad, size_t n, imp_span wrapped, uint8_t *out, dpp_attrs *in)
{
	imp_key k = siv_key(v, key);
	size_t len = wrapped.len;
	imp_status st;
	memset(in, 0, sizeof *in);
	if (wrapped.len < DPP_TAG)
		return IMP_EAUTH;
	st = c->open(c, IMP_A_SIV, &k, imp_bytes(NULL, 0), ad, n, wrapped, out, &len);
	return st ? st : dpp_attrs_read(imp_bytes(out, len), in);
}

imp_status dpp_point_read(const imp_crypto *c, const dpp_curve *v, imp_span xy, uint8_t *out)
{
	uint8_t sec[DPP_POINT];
	size_t len = DPP_POINT;
	if (xy.len != 2 * (size_t)v->prime_len)
		return IMP_EBADMSG;
	sec[0] = 4;
	memcpy(sec + 1, xy.ptr, xy.len);
	return c->point(c, v->curve, imp_bytes(sec, 1 + xy.len), out, &len);
}

imp_span dpp_point(const dpp_curve *v, const uint8_t *point)
{
	return imp_bytes(point, 1 + 2 * (size_t)v->prime_len);
}

imp_span dpp_point_xy(const dpp_curve *v, const uint8_t *point)
{
	return imp_bytes(point + 1, 2 * (size_t)v->prime_len);
}

imp_span dpp_point_x(const dpp_curve *v, const uint8_t *point)
{
	return imp_bytes(point + 1, v->prime_len);
}

imp_status dpp_dh(const imp_crypto *c, const dpp_curve *v, const uint8_t *k, const uint8_t *point, uint8_t *out)
{
	imp_key priv = {v->curve, IMP_KEY_PRIVATE, 0, {k, v->prime_len}};
	size_t len = v->prime_len;
	return c->dh(c, &priv, dpp_point(v, point), out, &len);
}
