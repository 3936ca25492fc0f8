/* reconfig_owner.c -- the configurator's part in reconfiguration: who announces
 * itself under our kid is asked for its Connector, and shown one of ours, of a key
 * made for this exchange. */
#include "configurator.h"
#include "ct.h"
#include "reconfig.h"

#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { TRANSACTION = 1 };

imp_status dpp_reconf_heard(struct dpp_configurator *k, imp_cx *cx, const dpp_frame *f)
{
	struct dpp_run *r = &k->run;
	const dpp_curve *v = dpp_reconf_announced(cx->crypto, f, k->kid, dpp_curve_of(k->csign_curve));
	imp_key csign = imp_key_from(imp_bytes(k->csign, k->csign_len));
	imp_wr jws = dpp_room(cx, DPP_CONNECTOR_MAX), w = dpp_room(cx, DPP_CONNECTOR_MAX + 128);
	size_t n = DPP_PRIME, m = DPP_POINT;
	imp_status st;
	if (!v)
		return IMP_OK;
	r->auth.curve = (uint8_t)(v - dpp_curve_at(0));
	st = cx->crypto->random(cx->crypto, r->auth.i_nonce, v->nonce_len);
	st = st ? st : cx->crypto->keygen(cx->crypto, v->curve, r->auth.own_p, &n, r->auth.own_P, &m);
	st = st ? st : dpp_connector_put(cx->crypto, &jws, &csign, k->kid, TEXT("*"), TEXT("configurator"), v, r->auth.own_P, 0, DPP_PROTOCOL);
	if (st)
		return st;
	dpp_reconf_put_request(&r->auth, &w, TRANSACTION, imp_wr_span(&jws));
	return dpp_send(r, cx, DPP_C_RECONF_RESPONSE, &w);
}

static imp_status take_response(struct dpp_configurator *k, imp_cx *cx, const dpp_frame *f, struct dpp_auth *t)
{
	const dpp_curve *v = dpp_auth_curve(t), *cv = dpp_curve_of(k->csign_curve);
	imp_key csign = {cv->curve, 0, 0, dpp_point(cv, k->csign_point)};
	imp_span connector = dpp_attr(&f->attrs, DPP_CONNECTOR), e_nonce = dpp_reconf_nonce(t, &f->attrs, DPP_E_NONCE), c_nonce;
	imp_span ad[2] = {f->ad, f->attrs.before};
	imp_wr room = dpp_room(cx, f->attrs.raw.len + 1);
	int version = dpp_attr_u8(&f->attrs, DPP_VERSION);
	dpp_connector con;
	dpp_attrs in;
	if (imp_wr_end(&room))
		return IMP_ENOSPC;
	if (!f->attrs.wrapped.ptr || !e_nonce.ptr || version < 2 || dpp_attr_u8(&f->attrs, DPP_TRANSACTION) != TRANSACTION)
		return IMP_PASS;
	if (dpp_point_read(cx->crypto, v, dpp_attr(&f->attrs, DPP_R_KEY), t->peer_P))
		return IMP_PASS;
	/* one that has expired is about to be replaced */
	if (dpp_connector_read(cx->crypto, connector, &csign, 0, room.to, room.cap, &con) || con.curve != v->curve)
		return IMP_PASS;
	memcpy(t->r_nonce, e_nonce.ptr, e_nonce.len);
	t->version = (uint8_t)version;
	if (dpp_reconf_keys(t, cx->crypto, NULL, con.point) || dpp_kid(cx->crypto, v, con.point, t->peer_hash))
		return IMP_PASS;
	if (dpp_unwrap(cx->crypto, v, t->ke, ad, 2, f->attrs.wrapped, room.to, &in))
		return IMP_PASS;
	c_nonce = dpp_reconf_nonce(t, &in, DPP_C_NONCE);
	return c_nonce.ptr && !memcmp(c_nonce.ptr, t->i_nonce, c_nonce.len) && dpp_attr(&in, DPP_CONN_RESULT).ptr ? IMP_OK : IMP_PASS;
}

imp_status dpp_reconf_on_response(struct dpp_configurator *k, imp_cx *cx, const dpp_frame *f)
{
	struct dpp_run *r = &k->run;
	struct dpp_auth *t = (struct dpp_auth *)(void *)cx->room(cx, sizeof *t);
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	if (!t)
		return IMP_ENOSPC;
	memcpy(t, &r->auth, sizeof *t);
	st = take_response(k, cx, f, t);
	if (!st)
		memcpy(&r->auth, t, sizeof *t);
	imp_wipe(t, sizeof *t);
	if (st)
		return st == IMP_PASS ? IMP_OK : st;
	r->how = DPP_BY_RECONF;
	r->auth.initiator = 1; /* the peer has proved itself, by its Connector */
	st = dpp_reconf_put_confirm(&r->auth, cx->crypto, &w, TRANSACTION);
	return st ? st : dpp_send(r, cx, DPP_C_QUERY, &w);
}
