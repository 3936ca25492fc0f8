/* dtls_ec.c -- see dtls_ec.h. */
#include "ct.h"
#include "dtls_cert.h"
#include "dtls_ec.h"

static const uint8_t curve[IMP_DTLS_CURVE_BYTES] = {3, 0, 23};

int imp_dtls_take_curve(imp_rd *x)
{
	imp_span c = imp_rd_bytes(x, sizeof curve);
	if (!imp_same(c, imp_bytes(curve, sizeof curve)))
		imp_rd_fail(x, IMP_EPROTO);
	return !x->err;
}

void imp_dtls_put_curve(imp_wr *w)
{
	imp_wr_bytes(w, imp_bytes(curve, sizeof curve));
}

imp_span imp_dtls_take_point(imp_rd *x)
{
	imp_span p = imp_dtls_vec8(x);
	if (!x->err && (p.len != IMP_DTLS_POINT || p.ptr[0] != 4))
		imp_rd_fail(x, IMP_EPROTO);
	return x->err ? imp_bytes(NULL, 0) : p;
}

imp_status imp_dtls_put_share(struct imp_dtls_run *r, imp_wr *w)
{
	const imp_crypto *c = r->cx->crypto;
	uint8_t pub[IMP_DTLS_POINT];
	size_t priv_len = 32, pub_len = sizeof pub;
	imp_status st = c->keygen(c, IMP_C_P256, imp_dtls_kex_at(r->s) + IMP_DTLS_EC_PRIV, &priv_len, pub, &pub_len);
	if (st == IMP_OK)
		imp_dtls_put_vec8(w, imp_bytes(pub, pub_len));
	return st;
}

imp_status imp_dtls_take_share(struct imp_dtls_run *r, imp_rd *x)
{
	imp_span p = imp_dtls_take_point(x);
	if (x->err)
		return x->err;
	memcpy(imp_dtls_kex_at(r->s) + IMP_DTLS_EC_PEER, p.ptr, IMP_DTLS_POINT);
	return IMP_OK;
}

imp_status imp_dtls_put_params(struct imp_dtls_run *r, imp_wr *w)
{
	imp_dtls_put_curve(w);
	return imp_dtls_put_share(r, w);
}

imp_status imp_dtls_take_params(struct imp_dtls_run *r, imp_rd *x)
{
	imp_dtls_take_curve(x);
	return imp_dtls_take_share(r, x);
}

imp_status imp_dtls_agree(const struct imp_dtls_run *r, uint8_t out[32])
{
	const imp_crypto *c = r->cx->crypto;
	const uint8_t *kex = imp_dtls_kex_at(r->s);
	imp_key k = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {kex + IMP_DTLS_EC_PRIV, 32}};
	size_t len = 32;
	imp_status st = c->dh(c, &k, imp_bytes(kex + IMP_DTLS_EC_PEER, IMP_DTLS_POINT), out, &len);
	return st == IMP_EBADMSG ? IMP_EPROTO : st;
}

/* --- ECDHE_ECDSA, ECDH_anon ------------------------------------------------------- */

/* Both random numbers and the parameters: what the server signs. */
static void signed_parts(const struct imp_dtls *s, imp_span params, imp_span out[2])
{
	out[0] = imp_bytes(s->next.random, 64);
	out[1] = params;
}

static imp_status put_signed(struct imp_dtls_run *r, imp_wr *w, imp_span flat_key)
{
	imp_span part[2];
	imp_status st = imp_dtls_put_params(r, w);
	if (st < 0 || imp_wr_end(w) < 0)
		return st < 0 ? st : IMP_ENOSPC;
	signed_parts(r->s, imp_wr_span(w), part);
	return imp_dtls_suite_of(r)->kex->certs->sign(r, w, flat_key, part, 2);
}

static imp_status take_signed(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_span part[2];
	imp_status st = imp_dtls_take_params(r, &x);
	if (st < 0)
		return st;
	signed_parts(r->s, imp_bytes(body.ptr, imp_rd_at(&x)), part);
	st = imp_dtls_suite_of(r)->kex->certs->check(r, &x, part, 2);
	return st < 0 ? st : imp_rd_end(&x);
}

static imp_status put_plain(struct imp_dtls_run *r, imp_wr *w, imp_span none)
{
	(void)none;
	return imp_dtls_put_params(r, w);
}

static imp_status take_plain(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_status st = imp_dtls_take_params(r, &x);
	return st < 0 ? st : imp_rd_end(&x);
}

static imp_status put_client(struct imp_dtls_run *r, imp_wr *w, imp_span identity, imp_span secret)
{
	(void)identity, (void)secret;
	return imp_dtls_put_share(r, w);
}

static imp_status take_client(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_status st = imp_dtls_take_share(r, &x);
	return st < 0 ? st : imp_rd_end(&x);
}

static imp_status premaster(struct imp_dtls_run *r, imp_span secret, struct imp_dtls_premaster *out)
{
	(void)secret;
	out->len = 32;
	return imp_dtls_agree(r, out->bytes);
}

const struct imp_dtls_kex imp_dtls_ecdhe_ecdsa_kex = {
	.ecc = 1, .certs = &imp_dtls_certs, .put_server = put_signed, .take_server = take_signed,
	.put_client = put_client, .take_client = take_client, .premaster = premaster,
};

const struct imp_dtls_kex imp_dtls_ecdh_anon_kex = {
	.ecc = 1, .put_server = put_plain, .take_server = take_plain,
	.put_client = put_client, .take_client = take_client, .premaster = premaster,
};
