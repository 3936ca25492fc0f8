/* reconfig.c -- see reconfig.h. */
#include "reconfig.h"
#include "alg.h"
#include "ct.h"

static const uint8_t one = 1;

imp_status dpp_reconf_announce(const imp_crypto *c, imp_wr *w, const uint8_t *kid, uint16_t group, const dpp_curve *v, const uint8_t *ppkey, const uint8_t *id)
{
	uint8_t a[DPP_PRIME], A[DPP_POINT], hidden[DPP_POINT];
	size_t n = sizeof a, m = sizeof A, h = sizeof hidden;
	imp_status st = c->keygen(c, v->curve, a, &n, A, &m);
	st = st ? st : c->muladd(c, v->curve, imp_bytes(&one, 1), dpp_point(v, id), imp_bytes(a, n), dpp_point(v, ppkey), hidden, &h);
	imp_wipe(a, sizeof a);
	if (st)
		return st;
	dpp_put_head(w, DPP_RECONF_ANNOUNCE);
	dpp_put_attr(w, DPP_CSIGN_HASH, imp_bytes(kid, DPP_KID));
	dpp_put_attr_group(w, group);
	dpp_put_attr(w, DPP_A_NONCE, dpp_point_xy(v, A));
	dpp_put_attr(w, DPP_E_PRIME_ID, dpp_point_xy(v, hidden));
	return imp_wr_end(w);
}

const dpp_curve *dpp_reconf_announced(const imp_crypto *c, const dpp_frame *f, const uint8_t *kid, const dpp_curve *csign)
{
	imp_span hash = dpp_attr_of(&f->attrs, DPP_CSIGN_HASH, DPP_KID);
	uint8_t point[DPP_POINT];
	if (!hash.ptr || memcmp(hash.ptr, kid, DPP_KID))
		return NULL;
	if (dpp_point_read(c, csign, dpp_attr(&f->attrs, DPP_A_NONCE), point) || dpp_point_read(c, csign, dpp_attr(&f->attrs, DPP_E_PRIME_ID), point))
		return NULL;
	return dpp_curve_group(dpp_attr_group(&f->attrs));
}

static imp_span nonce(const struct dpp_auth *a, const uint8_t *n)
{
	return imp_bytes(n, dpp_auth_curve(a)->nonce_len);
}

imp_span dpp_reconf_nonce(const struct dpp_auth *a, const dpp_attrs *in, uint16_t id)
{
	return dpp_attr_of(in, id, dpp_auth_curve(a)->nonce_len);
}

void dpp_reconf_put_request(const struct dpp_auth *a, imp_wr *w, uint8_t transaction, imp_span connector)
{
	dpp_put_head(w, DPP_RECONF_REQ);
	dpp_put_attr_u8(w, DPP_TRANSACTION, transaction);
	dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
	dpp_put_attr(w, DPP_CONNECTOR, connector);
	dpp_put_attr(w, DPP_C_NONCE, nonce(a, a->i_nonce));
}

static imp_status seal(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, size_t start, const imp_wr *in)
{
	imp_span ad[2];
	if (imp_wr_end(w) || imp_wr_end(in))
		return IMP_ENOSPC;
	ad[0] = imp_bytes(w->to + start + DPP_HEAD - DPP_AD, DPP_AD);
	ad[1] = imp_bytes(w->to + start + DPP_HEAD, w->len - start - DPP_HEAD);
	dpp_wrap(c, dpp_auth_curve(a), w, a->ke, ad, 2, imp_wr_span(in));
	return imp_wr_end(w);
}

imp_status dpp_reconf_put_response(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint8_t transaction, imp_span connector, imp_span status)
{
	uint8_t plain[192];
	imp_wr in = imp_wr_to(plain, sizeof plain);
	size_t start = w->len;
	dpp_put_head(w, DPP_RECONF_RESP);
	dpp_put_attr_u8(w, DPP_TRANSACTION, transaction);
	dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
	dpp_put_attr(w, DPP_CONNECTOR, connector);
	dpp_put_attr(w, DPP_E_NONCE, nonce(a, a->r_nonce));
	dpp_put_attr(w, DPP_R_KEY, dpp_point_xy(dpp_auth_curve(a), a->own_P));
	dpp_put_attr(&in, DPP_C_NONCE, nonce(a, a->i_nonce));
	dpp_put_attr(&in, DPP_CONN_RESULT, status);
	return seal(a, c, w, start, &in);
}

imp_status dpp_reconf_put_confirm(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint8_t transaction)
{
	uint8_t plain[128];
	imp_wr in = imp_wr_to(plain, sizeof plain);
	size_t start = w->len;
	dpp_put_head(w, DPP_RECONF_CONF);
	dpp_put_attr_u8(w, DPP_STATUS, DPP_OK);
	dpp_put_attr_u8(&in, DPP_TRANSACTION, transaction);
	dpp_put_attr_u8(&in, DPP_VERSION, a->version);
	dpp_put_attr(&in, DPP_C_NONCE, nonce(a, a->i_nonce));
	dpp_put_attr(&in, DPP_E_NONCE, nonce(a, a->r_nonce));
	dpp_put_attr_u8(&in, DPP_RECONF_FLAGS, 1); /* its new key replaces the old one */
	return seal(a, c, w, start, &in);
}

/* x of the point that both have. */
static imp_status shared(const struct dpp_auth *a, const imp_crypto *c, const uint8_t *own, const uint8_t *peer, uint8_t *mx)
{
	const dpp_curve *v = dpp_auth_curve(a);
	imp_span p = imp_bytes(a->own_p, v->prime_len);
	uint8_t m[DPP_POINT];
	size_t n = sizeof m;
	imp_status st;
	if (own) {
		st = c->scalar(c, v->curve, p, imp_bytes(&one, 1), imp_bytes(own, v->prime_len), 0, m);
		st = st ? st : dpp_dh(c, v, m, peer, mx);
	} else {
		st = c->muladd(c, v->curve, p, dpp_point(v, peer), p, dpp_point(v, a->peer_P), m, &n);
		memcpy(mx, m + 1, v->prime_len);
	}
	imp_wipe(m, sizeof m);
	return st;
}

imp_status dpp_reconf_keys(struct dpp_auth *a, const imp_crypto *c, const uint8_t *own, const uint8_t *peer)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t salt[2 * DPP_NONCE], mx[DPP_PRIME];
	imp_span ikm = imp_bytes(mx, v->prime_len);
	imp_status st = shared(a, c, own, peer, mx);
	memcpy(salt, a->i_nonce, v->nonce_len);
	memcpy(salt + v->nonce_len, a->r_nonce, v->nonce_len);
	st = st ? st : dpp_extract(c, v, imp_bytes(salt, 2 * (size_t)v->nonce_len), &ikm, 1, a->bk);
	st = st ? st : dpp_expand(c, v, a->bk, "dpp reconfig key", a->ke, v->hash_len);
	imp_wipe(mx, sizeof mx);
	return st;
}
