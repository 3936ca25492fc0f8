/* reconfig_enrollee.c -- the enrollee's part in reconfiguration: it announces itself
 * under a pseudonym, and when a configurator answers whose Connector its own
 * configurator has signed, they go on to configuration with a new key.  Until that
 * is committed, everything it has stays. */
#include "ct.h"
#include "enrollee.h"
#include "pkix.h"
#include "reconfig.h"

#define NONE imp_bytes(NULL, 0)

/* The privacy protection key is kept in auth.peer_B, our pseudonym in auth.own_B:
 * no bootstrapping keys take part in this run. */

static imp_status begin(struct dpp_enrollee *e, imp_cx *cx);

static imp_status announce(struct dpp_enrollee *e, imp_cx *cx)
{
	struct dpp_run *r = &e->run;
	const dpp_curve *v = dpp_curve_of(e->csign_curve), *own = dpp_curve_of(imp_key_from(imp_bytes(e->netkey, e->netkey_len)).alg);
	uint8_t rounds = r->channels ? r->channels : 1, kid[DPP_KID];
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	if (r->tries >= DPP_ROUND * rounds)
		return dpp_done(r, cx, IMP_LATER, DPP_PAUSE);
	st = dpp_kid(cx->crypto, v, e->csign, kid);
	st = st ? st : dpp_reconf_announce(cx->crypto, &w, kid, own->group, v, r->auth.peer_B, r->auth.own_B);
	if (st)
		return st;
	r->channel_at = (uint8_t)(r->tries % rounds);
	r->tries++;
	dpp_wait(r, cx, DPP_E_RECONF_REQUEST, r->tries % rounds ? DPP_DWELL : DPP_PAUSE);
	return dpp_transmit(r, cx, imp_wr_span(&w), IMP_GROUP, dpp_run_channel(r), DPP_DWELL);
}

static imp_status on_ppkey(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	struct dpp_run *r = &e->run;
	imp_key k = imp_key_from(in->data);
	const dpp_curve *v = dpp_curve_of(k.alg);
	uint8_t unused[DPP_PRIME];
	size_t n = sizeof unused, m = DPP_POINT;
	imp_status st;
	if (in->code < 0 || !v || k.alg != e->csign_curve || k.bits.len != 1 + 2 * (size_t)v->prime_len)
		return dpp_lacks(r, cx);
	memcpy(r->auth.peer_B, k.bits.ptr, k.bits.len);
	st = cx->crypto->keygen(cx->crypto, v->curve, unused, &n, r->auth.own_B, &m);
	imp_wipe(unused, sizeof unused);
	return st ? st : dpp_open(r, cx, imp_bytes("dpp:", 4));
}

/* Beliefs first, then the link, then the first announcement. */
static imp_status begin(struct dpp_enrollee *e, imp_cx *cx)
{
	e->run.tries = 0;
	if (e->run.up && e->run.opened)
		return announce(e, cx);
	return dpp_ask(&e->run, cx, DPP_E_RECONF_PPKEY, IMP_T_PEERKEY, "dpp.ppkey", NONE);
}

/* Keys with the configurator of a request; IMP_PASS: it is not ours. */
static imp_status take_request(struct dpp_enrollee *e, imp_cx *cx, const dpp_frame *f)
{
	struct dpp_run *r = &e->run;
	const dpp_curve *cv = dpp_curve_of(e->csign_curve);
	imp_key csign = {cv->curve, 0, 0, dpp_point(cv, e->csign)}, net = imp_key_from(imp_bytes(e->netkey, e->netkey_len));
	const dpp_curve *v = dpp_curve_of(net.alg);
	imp_span connector = dpp_attr(&f->attrs, DPP_CONNECTOR), c_nonce;
	imp_wr room = dpp_room(cx, connector.len + 1);
	int version = dpp_attr_u8(&f->attrs, DPP_VERSION), transaction = dpp_attr_u8(&f->attrs, DPP_TRANSACTION);
	size_t n = DPP_PRIME, m = DPP_POINT;
	dpp_connector k;
	imp_status st;
	if (imp_wr_end(&room))
		return IMP_ENOSPC;
	if (transaction < 0 || version < 2 || net.flags & IMP_KEY_OPAQUE || dpp_connector_read(cx->crypto, connector, &csign, cx->unix_time, room.to, room.cap, &k))
		return IMP_PASS;
	r->auth.curve = (uint8_t)(v - dpp_curve_at(0));
	c_nonce = dpp_reconf_nonce(&r->auth, &f->attrs, DPP_C_NONCE);
	if (k.curve != v->curve || !dpp_connector_has_role(k.groups, "configurator") || !c_nonce.ptr)
		return IMP_PASS;
	memcpy(r->auth.i_nonce, c_nonce.ptr, c_nonce.len);
	e->transaction = (uint8_t)transaction;
	r->auth.version = (uint8_t)version;
	st = cx->crypto->random(cx->crypto, r->auth.r_nonce, v->nonce_len);
	st = st ? st : cx->crypto->keygen(cx->crypto, v->curve, r->auth.own_p, &n, r->auth.own_P, &m);
	return st ? st : dpp_reconf_keys(&r->auth, cx->crypto, net.bits.ptr, k.point);
}

static imp_status on_request(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const dpp_frame *f)
{
	imp_status st = take_request(e, cx, f);
	if (st == IMP_PASS)
		return IMP_OK;
	dpp_note_address(&e->run, in->name);
	return st ? st : dpp_ask(&e->run, cx, DPP_E_RECONF_CONNECTOR, IMP_T_CHAIN, "dpp.connector", NONE);
}

static imp_status respond(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	uint8_t json[64];
	imp_wr w = dpp_room(cx, in->data.len + 512), status = imp_wr_to(json, sizeof json);
	imp_status st;
	if (in->code < 0)
		return dpp_lacks(&e->run, cx);
	dpp_conn_put(&status, DPP_NO_AP, NONE, NONE);
	st = dpp_reconf_put_response(&e->run.auth, cx->crypto, &w, e->transaction, in->data, imp_wr_span(&status));
	return st ? st : dpp_send(&e->run, cx, DPP_E_RECONF_CONFIRM, &w);
}

static int same(imp_span got, const uint8_t *want)
{
	return got.ptr && !memcmp(got.ptr, want, got.len);
}

static imp_status on_confirm(struct dpp_enrollee *e, imp_cx *cx, const dpp_frame *f)
{
	struct dpp_run *r = &e->run;
	struct dpp_auth *a = &r->auth;
	const dpp_curve *v = dpp_auth_curve(a);
	imp_span ad[2] = {f->ad, f->attrs.before};
	imp_wr room = dpp_room(cx, f->attrs.raw.len + 1);
	imp_key old = imp_key_from(imp_bytes(e->netkey, e->netkey_len));
	size_t n = DPP_POINT;
	dpp_attrs in;
	int flags;
	if (imp_wr_end(&room))
		return IMP_ENOSPC;
	if (!f->attrs.wrapped.ptr || dpp_unwrap(cx->crypto, v, a->ke, ad, 2, f->attrs.wrapped, room.to, &in))
		return IMP_OK;
	flags = dpp_attr_u8(&in, DPP_RECONF_FLAGS);
	if (dpp_attr_status(&f->attrs) != DPP_OK || dpp_attr_u8(&in, DPP_TRANSACTION) != e->transaction || dpp_attr_u8(&in, DPP_VERSION) != DPP_PROTOCOL || flags < 0)
		return IMP_OK;
	if (!same(dpp_reconf_nonce(a, &in, DPP_C_NONCE), a->i_nonce) || !same(dpp_reconf_nonce(a, &in, DPP_E_NONCE), a->r_nonce))
		return IMP_OK;
	r->how = DPP_BY_RECONF;
	r->last_len = 0;
	if (!(flags & 1)) { /* the old key stays */
		imp_key pub;
		imp_status st = imp_public_of(cx->crypto, &old, a->own_P, &n, &pub);
		memcpy(a->own_p, old.bits.ptr, v->prime_len);
		if (st)
			return st;
	}
	return dpp_enrollee_authenticated(r, cx);
}

static imp_status answer(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	switch (e->run.state) {
	case DPP_E_RECONF_PPKEY:
		return on_ppkey(e, cx, in);
	case DPP_E_RECONF_CONNECTOR:
		return respond(e, cx, in);
	default: /* csign and netkey */
		return dpp_intro.answer(e, cx, in, role);
	}
}

static imp_status receive(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const dpp_frame *f)
{
	if (e->run.state == DPP_E_RECONF_REQUEST && f->type == DPP_RECONF_REQ)
		return on_request(e, cx, in, f);
	if (e->run.state == DPP_E_RECONF_CONFIRM && f->type == DPP_RECONF_CONF)
		return on_confirm(e, cx, f);
	return IMP_OK;
}

static imp_status tick(struct dpp_enrollee *e, imp_cx *cx)
{
	return announce(e, cx);
}

static imp_status beliefs(struct dpp_enrollee *e, imp_cx *cx)
{
	return dpp_intro.beliefs(e, cx);
}

const struct dpp_more dpp_reconfig = {beliefs, begin, answer, receive, tick};
