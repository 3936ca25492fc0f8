/* auth.c -- see auth.h. */
#include "auth.h"
#include "alg.h"
#include "ct.h"
#include "pkix.h"

/* --- bootstrapping keys --------------------------------------------------- */

void dpp_put_spki(imp_wr *w, const dpp_curve *v, const uint8_t *point)
{
	uint8_t sec[1 + DPP_PRIME];
	imp_key k = {v->curve, 0, 0, {sec, 1 + (size_t)v->prime_len}};
	sec[0] = 2 | (point[2 * v->prime_len] & 1);
	memcpy(sec + 1, point + 1, v->prime_len);
	imp_spki_put(w, &k);
}

imp_status dpp_key_hash(const imp_crypto *c, const dpp_curve *v, const uint8_t *point, const char *prefix, uint8_t *out)
{
	uint8_t der[128];
	imp_wr w = imp_wr_to(der, sizeof der);
	imp_span in[2] = {{(const uint8_t *)prefix, strlen(prefix)}, {der, 0}};
	dpp_put_spki(&w, v, point);
	in[1].len = imp_wr_span(&w).len;
	return imp_wr_end(&w) ? IMP_ENOSPC : imp_hash(c, IMP_A_SHA256, in, 2, out);
}

static imp_status new_pair(const imp_crypto *c, const dpp_curve *v, uint8_t *priv, uint8_t *pub)
{
	size_t n = DPP_PRIME, m = DPP_POINT;
	return c->keygen(c, v->curve, priv, &n, pub, &m);
}

static uint8_t number_of(const dpp_curve *v)
{
	return (uint8_t)(v - dpp_curve_at(0));
}

imp_status dpp_auth_own(struct dpp_auth *a, const imp_crypto *c, const imp_key *priv)
{
	const dpp_curve *v = priv ? dpp_curve_of(priv->alg) : dpp_auth_curve(a);
	size_t m = DPP_POINT;
	imp_status st;
	if (!v)
		return IMP_EARG;
	if (!priv)
		st = new_pair(c, v, a->own_b, a->own_B);
	else if (priv->flags & IMP_KEY_OPAQUE || priv->bits.len != v->prime_len)
		st = IMP_EARG;
	else {
		memcpy(a->own_b, priv->bits.ptr, v->prime_len);
		st = c->muladd(c, v->curve, priv->bits, imp_bytes(NULL, 0), imp_bytes(NULL, 0), imp_bytes(NULL, 0), a->own_B, &m);
	}
	a->curve = number_of(v);
	return st ? st : dpp_key_hash(c, v, a->own_B, "", a->own_hash);
}

imp_status dpp_auth_peer(struct dpp_auth *a, const imp_crypto *c, const dpp_curve *v, const uint8_t *point)
{
	memcpy(a->peer_B, point, DPP_POINT);
	a->curve = number_of(v);
	a->known = 1;
	return dpp_key_hash(c, v, point, "", a->peer_hash);
}

/* --- keys and tags -------------------------------------------------------- */

/* bk and ke, out of M.x, N.x and (mutual) L.x. */
static imp_status session_keys(struct dpp_auth *a, const imp_crypto *c, const uint8_t *lx)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t salt[2 * DPP_NONCE];
	imp_span ikm[3] = {{a->mx, v->prime_len}, {a->nx, v->prime_len}, {lx, v->prime_len}};
	imp_status st;
	memcpy(salt, a->i_nonce, v->nonce_len);
	memcpy(salt + v->nonce_len, a->r_nonce, v->nonce_len);
	st = dpp_extract(c, v, imp_bytes(salt, 2 * (size_t)v->nonce_len), ikm, a->mutual ? 3 : 2, a->bk);
	return st ? st : dpp_expand(c, v, a->bk, "DPP Key", a->ke, v->hash_len);
}

/* L = bI * (BR + PR) */
static imp_status l_initiator(const struct dpp_auth *a, const imp_crypto *c, uint8_t *lx)
{
	const dpp_curve *v = dpp_auth_curve(a);
	imp_span b = imp_bytes(a->own_b, v->prime_len);
	uint8_t l[DPP_POINT];
	size_t n = sizeof l;
	imp_status st = c->muladd(c, v->curve, b, dpp_point(v, a->peer_B), b, dpp_point(v, a->peer_P), l, &n);
	memcpy(lx, l + 1, v->prime_len);
	imp_wipe(l, sizeof l);
	return st;
}

/* L = (bR + pR mod q) * BI */
static imp_status l_responder(const struct dpp_auth *a, const imp_crypto *c, uint8_t *lx)
{
	static const uint8_t one = 1;
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t sum[DPP_PRIME];
	imp_status st = c->scalar(c, v->curve, imp_bytes(a->own_p, v->prime_len), imp_bytes(&one, 1), imp_bytes(a->own_b, v->prime_len), 0, sum);
	if (!st)
		st = dpp_dh(c, v, sum, a->peer_B, lx);
	imp_wipe(sum, sizeof sum);
	return st;
}

static imp_status all_keys(struct dpp_auth *a, const imp_crypto *c)
{
	uint8_t lx[DPP_PRIME] = {0};
	imp_status st = IMP_OK;
	if (a->mutual)
		st = a->initiator ? l_initiator(a, c, lx) : l_responder(a, c, lx);
	if (!st)
		st = session_keys(a, c, lx);
	imp_wipe(lx, sizeof lx);
	return st;
}

enum { TAG_R = 0, TAG_I = 1 };

/* R-auth or I-auth: nonces and keys, the tag's own side last. */
static imp_status tag(const struct dpp_auth *a, const imp_crypto *c, uint8_t which, uint8_t *out)
{
	const dpp_curve *v = dpp_auth_curve(a);
	const uint8_t *PI = a->initiator ? a->own_P : a->peer_P, *PR = a->initiator ? a->peer_P : a->own_P;
	const uint8_t *BI = a->initiator ? a->own_B : a->peer_B, *BR = a->initiator ? a->peer_B : a->own_B;
	imp_span in[7] = {{a->i_nonce, v->nonce_len}, {a->r_nonce, v->nonce_len}, dpp_point_x(v, PI), dpp_point_x(v, PR)};
	size_t n = 4;
	if (which == TAG_I) {
		imp_span t = in[0];
		in[0] = in[1];
		in[1] = t;
		t = in[2];
		in[2] = in[3];
		in[3] = t;
		in[n++] = dpp_point_x(v, BR);
	}
	if (a->mutual)
		in[n++] = dpp_point_x(v, BI);
	if (which == TAG_R)
		in[n++] = dpp_point_x(v, BR);
	in[n++] = imp_bytes(&which, 1);
	return imp_hash(c, v->hash, in, n, out);
}

static int tag_right(const struct dpp_auth *a, const imp_crypto *c, uint8_t which, const dpp_attrs *in)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t want[DPP_HASH];
	imp_span got = dpp_attr_of(in, which == TAG_R ? DPP_R_AUTH : DPP_I_AUTH, v->hash_len);
	int right = got.ptr && !tag(a, c, which, want) && imp_ct_equal(got.ptr, want, v->hash_len);
	imp_wipe(want, sizeof want);
	return right;
}

imp_status dpp_new_key(struct dpp_auth *a, const imp_crypto *c, const dpp_curve *v)
{
	a->net = (uint8_t)(number_of(v) + 1);
	return new_pair(c, v, a->own_p, a->own_P);
}

/* HMAC(k, E-nonce || Pc.x || Pe.x), k = HKDF(bk, "New DPP Protocol Key", S.x) */
imp_status dpp_new_key_tag(const struct dpp_auth *a, const imp_crypto *c, const uint8_t *e_nonce, uint8_t *out)
{
	const dpp_curve *v = dpp_auth_curve(a), *n = dpp_net_curve(a);
	int own_is_pe = a->caps & DPP_CAP_ENROLLEE;
	uint8_t sx[DPP_PRIME], k[DPP_HASH];
	imp_span ikm = imp_bytes(sx, n->prime_len), in[3];
	imp_key key = {v->hmac, 0, 0, {k, v->hash_len}};
	imp_status st = dpp_dh(c, n, a->own_p, a->peer_P, sx);
	in[0] = imp_bytes(e_nonce, v->nonce_len);
	in[1] = dpp_point_x(n, own_is_pe ? a->peer_P : a->own_P);
	in[2] = dpp_point_x(n, own_is_pe ? a->own_P : a->peer_P);
	st = st ? st : dpp_extract(c, v, imp_bytes(a->bk, v->hash_len), &ikm, 1, k);
	st = st ? st : dpp_expand(c, v, k, "New DPP Protocol Key", k, v->hash_len);
	st = st ? st : c->mac(c, v->hmac, &key, in, 3, out, v->hash_len);
	imp_wipe(sx, sizeof sx);
	imp_wipe(k, sizeof k);
	return st;
}

/* --- writing -------------------------------------------------------------- */

static imp_span nonce(const struct dpp_auth *a, const uint8_t *n)
{
	return imp_bytes(n, dpp_auth_curve(a)->nonce_len);
}

/* A frame up to where Wrapped Data begins: its AD. */
static void ad_of(const imp_wr *w, size_t start, imp_span ad[2])
{
	ad[0] = imp_bytes(w->to + start + DPP_HEAD - DPP_AD, DPP_AD);
	ad[1] = imp_bytes(w->to + start + DPP_HEAD, w->len - start - DPP_HEAD);
}

/* Wrap `plain` behind what the frame has so far. */
static imp_status seal_frame(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, size_t start, const uint8_t *key, const imp_wr *plain)
{
	imp_span ad[2], text = imp_wr_span(plain);
	if (imp_wr_end(w) || imp_wr_end(plain))
		return IMP_ENOSPC;
	ad_of(w, start, ad);
	dpp_wrap(c, dpp_auth_curve(a), w, key, ad, 2, text);
	return imp_wr_end(w);
}

static void put_hashes(const struct dpp_auth *a, imp_wr *w)
{
	const uint8_t *i = a->initiator ? a->own_hash : a->peer_hash, *r = a->initiator ? a->peer_hash : a->own_hash;
	dpp_put_attr(w, DPP_R_HASH, imp_bytes(r, DPP_KEY_HASH));
	if (a->mutual)
		dpp_put_attr(w, DPP_I_HASH, imp_bytes(i, DPP_KEY_HASH));
}

imp_status dpp_auth_request(struct dpp_auth *a, const imp_crypto *c, imp_wr *w, uint16_t channel)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t plain[64], where[2] = {(uint8_t)(channel >> 8), (uint8_t)channel};
	imp_wr in = imp_wr_to(plain, sizeof plain);
	size_t start = w->len;
	imp_status st = c->random(c, a->i_nonce, v->nonce_len);
	a->initiator = 1;
	st = st ? st : new_pair(c, v, a->own_p, a->own_P);
	st = st ? st : dpp_dh(c, v, a->own_p, a->peer_B, a->mx);
	st = st ? st : dpp_hkdf(c, v, "first intermediate key", imp_bytes(a->mx, v->prime_len), a->k1);
	if (st)
		return st;
	dpp_put_head(w, DPP_AUTH_REQ);
	dpp_put_attr(w, DPP_R_HASH, imp_bytes(a->peer_hash, DPP_KEY_HASH));
	dpp_put_attr(w, DPP_I_HASH, imp_bytes(a->own_hash, DPP_KEY_HASH));
	dpp_put_attr(w, DPP_I_KEY, dpp_point_xy(v, a->own_P));
	if (channel)
		dpp_put_attr(w, DPP_CHANNEL, imp_bytes(where, 2));
	dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
	dpp_put_attr(&in, DPP_I_NONCE, nonce(a, a->i_nonce));
	dpp_put_attr_u8(&in, DPP_I_CAPS, a->caps);
	return seal_frame(a, c, w, start, a->k1, &in);
}

imp_status dpp_auth_response(struct dpp_auth *a, const imp_crypto *c, imp_wr *w)
{
	const dpp_curve *v = dpp_auth_curve(a);
	uint8_t plain[224], mine[4 + DPP_HASH];
	imp_wr in = imp_wr_to(plain, sizeof plain), inner = imp_wr_to(mine, sizeof mine);
	uint8_t r_auth[DPP_HASH];
	size_t start = w->len;
	imp_status st = c->random(c, a->r_nonce, v->nonce_len);
	st = st ? st : new_pair(c, v, a->own_p, a->own_P);
	st = st ? st : dpp_dh(c, v, a->own_p, a->peer_P, a->nx);
	st = st ? st : dpp_hkdf(c, v, "second intermediate key", imp_bytes(a->nx, v->prime_len), a->k2);
	st = st ? st : all_keys(a, c);
	st = st ? st : tag(a, c, TAG_R, r_auth);
	if (st)
		return st;
	dpp_put_head(w, DPP_AUTH_RESP);
	dpp_put_attr_u8(w, DPP_STATUS, DPP_OK);
	put_hashes(a, w);
	dpp_put_attr(w, DPP_R_KEY, dpp_point_xy(v, a->own_P));
	dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
	dpp_put_attr(&inner, DPP_R_AUTH, imp_bytes(r_auth, v->hash_len));
	dpp_put_attr(&in, DPP_R_NONCE, nonce(a, a->r_nonce));
	dpp_put_attr(&in, DPP_I_NONCE, nonce(a, a->i_nonce));
	dpp_put_attr_u8(&in, DPP_R_CAPS, a->caps);
	dpp_wrap(c, v, &in, a->ke, NULL, 0, imp_wr_span(&inner));
	st = seal_frame(a, c, w, start, a->k2, &in);
	imp_wipe(mine, sizeof mine);
	imp_wipe(r_auth, sizeof r_auth);
	return st;
}

imp_status dpp_auth_status(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, int status)
{
	uint8_t plain[64];
	imp_wr in = imp_wr_to(plain, sizeof plain);
	size_t start = w->len;
	dpp_put_head(w, DPP_AUTH_RESP);
	dpp_put_attr_u8(w, DPP_STATUS, (uint8_t)status);
	put_hashes(a, w);
	dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
	dpp_put_attr(&in, DPP_I_NONCE, nonce(a, a->i_nonce));
	dpp_put_attr_u8(&in, DPP_R_CAPS, a->caps);
	return seal_frame(a, c, w, start, a->k1, &in);
}

imp_status dpp_auth_confirm(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, int status)
{
	uint8_t plain[4 + DPP_HASH], i_auth[DPP_HASH];
	imp_wr in = imp_wr_to(plain, sizeof plain);
	size_t start = w->len;
	imp_status st = tag(a, c, TAG_I, i_auth);
	dpp_put_head(w, DPP_AUTH_CONF);
	dpp_put_attr_u8(w, DPP_STATUS, (uint8_t)status);
	put_hashes(a, w);
	if (status == DPP_OK)
		dpp_put_attr(&in, DPP_I_AUTH, imp_bytes(i_auth, dpp_auth_curve(a)->hash_len));
	else
		dpp_put_attr(&in, DPP_R_NONCE, nonce(a, a->r_nonce));
	st = st ? st : seal_frame(a, c, w, start, status == DPP_OK ? a->ke : a->k2, &in);
	imp_wipe(i_auth, sizeof i_auth);
	imp_wipe(plain, sizeof plain);
	return st;
}

/* --- reading -------------------------------------------------------------- */

static int is_hash(const dpp_attrs *in, uint16_t id, const uint8_t *want)
{
	imp_span v = dpp_attr_of(in, id, DPP_KEY_HASH);
	return v.ptr && !memcmp(v.ptr, want, DPP_KEY_HASH);
}

static int is_nonce(const struct dpp_auth *a, const dpp_attrs *in, uint16_t id, const uint8_t *want)
{
	imp_span v = dpp_attr_of(in, id, dpp_auth_curve(a)->nonce_len);
	return v.ptr && !memcmp(v.ptr, want, v.len);
}

static imp_status unwrap_frame(const struct dpp_auth *a, const imp_crypto *c, const uint8_t *key, const dpp_frame *f, uint8_t *room, dpp_attrs *in)
{
	imp_span ad[2] = {f->ad, f->attrs.before};
	return dpp_unwrap(c, dpp_auth_curve(a), key, ad, 2, f->attrs.wrapped, room, in);
}

/* The version that the frame names; 0: it is no version. */
static uint8_t version_of(const dpp_frame *f)
{
	int v = dpp_attr_u8(&f->attrs, DPP_VERSION);
	return v > 0 ? (uint8_t)v : dpp_attr(&f->attrs, DPP_VERSION).ptr ? 0 : 1;
}

static imp_status read_request(struct dpp_auth *t, const imp_crypto *c, const dpp_frame *f, uint8_t *room)
{
	const dpp_curve *v = dpp_auth_curve(t);
	imp_span i_hash = dpp_attr_of(&f->attrs, DPP_I_HASH, DPP_KEY_HASH), i_nonce;
	dpp_attrs in;
	int caps;
	if (!is_hash(&f->attrs, DPP_R_HASH, t->own_hash) || !i_hash.ptr || !f->attrs.wrapped.ptr)
		return IMP_PASS;
	t->version = version_of(f);
	if (!t->version || dpp_point_read(c, v, dpp_attr(&f->attrs, DPP_I_KEY), t->peer_P))
		return IMP_PASS;
	if (dpp_dh(c, v, t->own_b, t->peer_P, t->mx) || dpp_hkdf(c, v, "first intermediate key", imp_bytes(t->mx, v->prime_len), t->k1))
		return IMP_PASS;
	if (unwrap_frame(t, c, t->k1, f, room, &in))
		return IMP_PASS;
	i_nonce = dpp_attr_of(&in, DPP_I_NONCE, v->nonce_len);
	caps = dpp_attr_u8(&in, DPP_I_CAPS);
	if (!i_nonce.ptr || caps < 0)
		return IMP_PASS;
	memcpy(t->i_nonce, i_nonce.ptr, v->nonce_len);
	if (!t->known)
		memcpy(t->peer_hash, i_hash.ptr, DPP_KEY_HASH);
	t->peer_caps = caps & (DPP_CAP_ENROLLEE | DPP_CAP_CONFIGURATOR);
	return !t->known || !memcmp(t->peer_hash, i_hash.ptr, DPP_KEY_HASH) ? IMP_OK : IMP_PASS;
}

static imp_status not_ok(struct dpp_auth *t, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int said)
{
	dpp_attrs in;
	int caps;
	if (unwrap_frame(t, c, t->k1, f, room, &in) || !is_nonce(t, &in, DPP_I_NONCE, t->i_nonce))
		return IMP_PASS;
	caps = dpp_attr_u8(&in, DPP_R_CAPS);
	if (caps < 0)
		return IMP_PASS;
	t->peer_caps = (uint8_t)caps;
	if (said == DPP_RESPONSE_PENDING)
		return IMP_LATER;
	return said == DPP_NOT_COMPATIBLE ? IMP_EPEER : IMP_PASS;
}

/* The responder has to take the one role that we do not, of those we offered. */
static int roles_fit(struct dpp_auth *t)
{
	uint8_t role = t->peer_caps & (DPP_CAP_ENROLLEE | DPP_CAP_CONFIGURATOR);
	if (role != DPP_CAP_ENROLLEE && role != DPP_CAP_CONFIGURATOR)
		return 0;
	return (t->caps & ~role & (DPP_CAP_ENROLLEE | DPP_CAP_CONFIGURATOR)) != 0;
}

static imp_status read_ok(struct dpp_auth *t, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int *status)
{
	const dpp_curve *v = dpp_auth_curve(t);
	uint8_t *room2 = room + f->attrs.wrapped.len;
	imp_span r_nonce;
	dpp_attrs in, inner;
	int caps;
	if (dpp_point_read(c, v, dpp_attr(&f->attrs, DPP_R_KEY), t->peer_P))
		return IMP_PASS;
	if (dpp_dh(c, v, t->own_p, t->peer_P, t->nx) || dpp_hkdf(c, v, "second intermediate key", imp_bytes(t->nx, v->prime_len), t->k2))
		return IMP_PASS;
	if (unwrap_frame(t, c, t->k2, f, room, &in) || !is_nonce(t, &in, DPP_I_NONCE, t->i_nonce))
		return IMP_PASS;
	r_nonce = dpp_attr_of(&in, DPP_R_NONCE, v->nonce_len);
	caps = dpp_attr_u8(&in, DPP_R_CAPS);
	if (!r_nonce.ptr || caps < 0)
		return IMP_PASS;
	memcpy(t->r_nonce, r_nonce.ptr, v->nonce_len);
	t->peer_caps = (uint8_t)caps;
	*status = DPP_NOT_COMPATIBLE;
	if (!roles_fit(t))
		return IMP_EPROTO;
	*status = DPP_AUTH_FAILURE;
	if (all_keys(t, c) || !in.wrapped.ptr || dpp_unwrap(c, v, t->ke, NULL, 0, in.wrapped, room2, &inner))
		return IMP_EAUTH;
	if (!tag_right(t, c, TAG_R, &inner))
		return IMP_EAUTH;
	*status = DPP_OK;
	return IMP_OK;
}

static imp_status read_response(struct dpp_auth *t, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int *status)
{
	int said = dpp_attr_status(&f->attrs);
	t->version = version_of(f);
	t->mutual = dpp_attr(&f->attrs, DPP_I_HASH).ptr != NULL;
	if (!f->attrs.wrapped.ptr || !t->version || !is_hash(&f->attrs, DPP_R_HASH, t->peer_hash))
		return IMP_PASS;
	if (t->mutual && !is_hash(&f->attrs, DPP_I_HASH, t->own_hash))
		return IMP_PASS;
	return said == DPP_OK ? read_ok(t, c, f, room, status) : not_ok(t, c, f, room, said);
}

static imp_status read_confirm(struct dpp_auth *t, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int *status)
{
	int said = dpp_attr_status(&f->attrs);
	dpp_attrs in;
	if (!f->attrs.wrapped.ptr || !is_hash(&f->attrs, DPP_R_HASH, t->own_hash))
		return IMP_PASS;
	if (t->mutual ? !is_hash(&f->attrs, DPP_I_HASH, t->peer_hash) : dpp_attr(&f->attrs, DPP_I_HASH).ptr != NULL)
		return IMP_PASS;
	if (said == DPP_OK)
		return unwrap_frame(t, c, t->ke, f, room, &in) || !tag_right(t, c, TAG_I, &in) ? IMP_PASS : IMP_OK;
	if (said != DPP_NOT_COMPATIBLE && said != DPP_AUTH_FAILURE)
		return IMP_PASS;
	if (unwrap_frame(t, c, t->k2, f, room, &in) || !is_nonce(t, &in, DPP_R_NONCE, t->r_nonce))
		return IMP_PASS;
	*status = said;
	return IMP_EPEER;
}

/* The copy that a reader works on lies first in `room`. */
static struct dpp_auth *copy_of(const struct dpp_auth *a, uint8_t *room)
{
	struct dpp_auth *t = (struct dpp_auth *)(void *)room;
	memcpy(t, a, sizeof *t);
	return t;
}

static imp_status keep(struct dpp_auth *a, struct dpp_auth *t, imp_status st, int always)
{
	if (st == IMP_OK || st == IMP_LATER || always)
		memcpy(a, t, sizeof *a);
	imp_wipe(t, sizeof *t);
	return st;
}

imp_status dpp_auth_read_request(struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room)
{
	struct dpp_auth *t = copy_of(a, room);
	return keep(a, t, read_request(t, c, f, room + sizeof *t), 0);
}

imp_status dpp_auth_read_response(struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int *status)
{
	struct dpp_auth *t = copy_of(a, room);
	imp_status st = read_response(t, c, f, room + sizeof *t, status);
	return keep(a, t, st, st < 0); /* to tell the peer why not */
}

imp_status dpp_auth_read_confirm(struct dpp_auth *a, const imp_crypto *c, const dpp_frame *f, uint8_t *room, int *status)
{
	struct dpp_auth *t = copy_of(a, room);
	return keep(a, t, read_confirm(t, c, f, room + sizeof *t, status), 0);
}
