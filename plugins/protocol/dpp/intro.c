/* intro.c -- see intro.h; and the enrollee's part in it: a station asks, an access
 * point answers.  Both have their Connector, the configurator's key and their own
 * from a configuration before.  The Connector is asked for when it is needed: once
 * to be sent, once to be compared with the peer's groups, which wait in run.last. */
#include "intro.h"
#include "alg.h"
#include "ct.h"
#include "enrollee.h"
#include "pkix.h"

#define NONE imp_bytes(NULL, 0)

void dpp_intro_put(imp_wr *w, uint8_t transaction, int status, imp_span connector)
{
	dpp_put_head(w, status < 0 ? DPP_PEER_REQ : DPP_PEER_RESP);
	dpp_put_attr_u8(w, DPP_TRANSACTION, transaction);
	if (status >= 0)
		dpp_put_attr_u8(w, DPP_STATUS, (uint8_t)status);
	if (connector.len)
		dpp_put_attr(w, DPP_CONNECTOR, connector);
	dpp_put_attr_u8(w, DPP_VERSION, DPP_PROTOCOL);
}

imp_status dpp_intro_pmk(const imp_crypto *c, const imp_key *priv, const dpp_connector *peer, uint8_t *out, size_t *len)
{
	const dpp_curve *v = dpp_curve_of(priv->alg);
	uint8_t nx[DPP_PRIME], own[DPP_POINT], id[32];
	size_t n = DPP_POINT;
	imp_span x[2];
	imp_key pub;
	imp_status st;
	if (!v || peer->curve != v->curve)
		return IMP_EAUTH;
	st = imp_public_of(c, priv, own, &n, &pub);
	n = v->prime_len;
	st = st ? st : c->dh(c, priv, dpp_point(v, peer->point), nx, &n);
	st = st ? st : dpp_hkdf(c, v, "DPP PMK", imp_bytes(nx, v->prime_len), out);
	imp_wipe(nx, sizeof nx);
	x[0] = dpp_point_x(v, own);
	x[1] = dpp_point_x(v, peer->point);
	if (memcmp(x[0].ptr, x[1].ptr, v->prime_len) > 0) {
		imp_span t = x[0];
		x[0] = x[1];
		x[1] = t;
	}
	st = st ? st : imp_hash(c, IMP_A_SHA256, x, 2, id);
	memcpy(out + v->hash_len, id, DPP_PMKID);
	*len = (size_t)v->hash_len + DPP_PMKID;
	return st;
}

/* --- the enrollee's part --------------------------------------------------------- */

static imp_status ask_connector(struct dpp_enrollee *e, imp_cx *cx, uint8_t state)
{
	return dpp_ask(&e->run, cx, state, IMP_T_CHAIN, "dpp.connector", NONE);
}

static imp_status beliefs(struct dpp_enrollee *e, imp_cx *cx)
{
	return dpp_ask(&e->run, cx, DPP_E_CSIGN, IMP_T_ANCHOR, "dpp.csign", NONE);
}

static imp_status on_csign(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	imp_key k = imp_key_from(in->data);
	const dpp_curve *v = dpp_curve_of(k.alg);
	if (in->code < 0 || !v || k.bits.len != 1 + 2 * (size_t)v->prime_len)
		return dpp_lacks(&e->run, cx);
	e->csign_curve = k.alg;
	memcpy(e->csign, k.bits.ptr, k.bits.len);
	return dpp_ask(&e->run, cx, DPP_E_NETKEY, IMP_T_KEY, "dpp.netkey", NONE);
}

static imp_status on_netkey(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	imp_key k = imp_key_from(in->data);
	if (in->code < 0 || !dpp_curve_of(k.alg) || in->data.len > sizeof e->netkey)
		return dpp_lacks(&e->run, cx);
	memcpy(e->netkey, in->data.ptr, in->data.len);
	e->netkey_len = (uint8_t)in->data.len;
	return dpp_run_ready(&e->run, cx, role);
}

static int is_ap(const struct dpp_run *r)
{
	return r->topic == (IMP_T_ACCESS & 0xff);
}

/* The link first, then the Connector, which the request carries. */
static imp_status begin(struct dpp_enrollee *e, imp_cx *cx)
{
	struct dpp_run *r = &e->run;
	imp_wr w = dpp_room(cx, 64);
	size_t n = strlen(r->reason); /* START.name: whom with */
	if (is_ap(r)) { /* the link is the host's */
		r->state = DPP_E_INTRO_LISTEN;
		return IMP_OK;
	}
	if (r->up)
		return ask_connector(e, cx, DPP_E_INTRO_REQUEST);
	imp_wr_text(&w, n ? "dpp://" : "dpp:");
	imp_wr_text(&w, r->reason);
	return imp_wr_end(&w) ? IMP_ENOSPC : dpp_open(r, cx, imp_wr_span(&w));
}

static imp_status send_request(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	imp_wr w = dpp_room(cx, in->data.len + 64);
	imp_status st = cx->crypto->random(cx->crypto, &e->transaction, 1);
	if (in->code < 0)
		return dpp_lacks(&e->run, cx);
	dpp_intro_put(&w, e->transaction, -1, in->data);
	e->run.tries = 0;
	return st ? st : dpp_send(&e->run, cx, DPP_E_INTRO_RESPONSE, &w);
}

/* The status that the peer's Connector deserves.  DPP_OK: the PMK is made, and
 * its groups are kept. */
static int look_at(struct dpp_enrollee *e, imp_cx *cx, imp_span connector, imp_status *st)
{
	const dpp_curve *v = dpp_curve_of(e->csign_curve);
	imp_wr room = dpp_room(cx, connector.len + 1);
	imp_key csign = {v->curve, 0, 0, dpp_point(v, e->csign)}, net = imp_key_from(imp_bytes(e->netkey, e->netkey_len));
	dpp_connector k;
	size_t len = 0;
	*st = imp_wr_end(&room) ? IMP_ENOSPC : dpp_connector_read(cx->crypto, connector, &csign, cx->unix_time, room.to, room.cap, &k);
	if (!*st && k.groups.len > sizeof e->run.last)
		*st = IMP_EUNSUP;
	if (!*st)
		*st = dpp_intro_pmk(cx->crypto, &net, &k, e->pmk, &len);
	if (*st)
		return DPP_INVALID_CONNECTOR;
	e->pmk_len = (uint8_t)len;
	memcpy(e->run.last, k.groups.ptr, k.groups.len);
	e->run.last_len = (uint16_t)k.groups.len;
	return DPP_OK;
}

/* An access point refuses in a frame of its own. */
static imp_status respond(struct dpp_enrollee *e, imp_cx *cx, int status, imp_span connector)
{
	imp_wr w = dpp_room(cx, connector.len + 64);
	dpp_intro_put(&w, e->transaction, status, connector);
	return imp_wr_end(&w) ? IMP_ENOSPC : dpp_transmit(&e->run, cx, imp_wr_span(&w), 0, 0, 0);
}

static imp_status on_request(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const dpp_frame *f)
{
	imp_span connector = dpp_attr(&f->attrs, DPP_CONNECTOR);
	int transaction = dpp_attr_u8(&f->attrs, DPP_TRANSACTION), status;
	imp_status st;
	if (transaction < 0 || !connector.ptr)
		return IMP_OK;
	dpp_note_address(&e->run, in->name);
	e->transaction = (uint8_t)transaction;
	status = look_at(e, cx, connector, &st);
	if (st == IMP_ENOSPC)
		return st;
	return status == DPP_OK ? ask_connector(e, cx, DPP_E_INTRO_MATCH) : respond(e, cx, status, NONE);
}

static imp_status on_response(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const dpp_frame *f)
{
	struct dpp_run *r = &e->run;
	imp_span connector = dpp_attr(&f->attrs, DPP_CONNECTOR);
	int status = dpp_attr_status(&f->attrs);
	imp_status st;
	if (dpp_attr_u8(&f->attrs, DPP_TRANSACTION) != e->transaction || status == DPP_NO_STATUS)
		return IMP_OK;
	if (status != DPP_OK)
		return dpp_fail(r, cx, IMP_EPEER, status, "the access point refused us");
	if (in->name.len == 6) {
		memcpy(r->address, in->name.ptr, 6);
		r->address_len = 6;
	}
	status = connector.ptr ? look_at(e, cx, connector, &st) : DPP_INVALID_CONNECTOR;
	if (connector.ptr && st == IMP_ENOSPC)
		return st;
	if (status != DPP_OK)
		return dpp_fail(r, cx, IMP_EAUTH, status, "the access point's Connector");
	return ask_connector(e, cx, DPP_E_INTRO_MATCH);
}

/* PMK and PMKID under the peer's address. */
static imp_status learn(struct dpp_enrollee *e, imp_cx *cx)
{
	struct dpp_run *r = &e->run;
	imp_key k = {0, 0, 0, {e->pmk, e->pmk_len}};
	imp_wr w = dpp_room(cx, IMP_KEY_HEAD + sizeof e->pmk), mac = dpp_room(cx, 12);
	uint8_t head[IMP_KEY_HEAD];
	imp_key_head(&k, head);
	imp_wr_bytes(&w, imp_bytes(head, sizeof head));
	imp_wr_bytes(&w, k.bits);
	for (unsigned i = 0; i < r->address_len && i < 6; i++) {
		imp_wr_u8(&mac, (uint8_t)"0123456789abcdef"[r->address[i] >> 4]);
		imp_wr_u8(&mac, (uint8_t)"0123456789abcdef"[r->address[i] & 15]);
	}
	imp_wipe(e->pmk, sizeof e->pmk);
	if (imp_wr_end(&w) || imp_wr_end(&mac))
		return IMP_ENOSPC;
	return dpp_learn(cx, IMP_T_KEY, 0, IMP_SECRET, 0, dpp_name(r, "dpp.pmk/", NULL, r->address_len == 6 ? imp_wr_span(&mac) : NONE), imp_wr_span(&w));
}

static imp_status on_match(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	struct dpp_run *r = &e->run;
	const dpp_curve *v = dpp_curve_of(e->csign_curve);
	imp_key csign = {v->curve, 0, 0, dpp_point(v, e->csign)};
	imp_wr room = dpp_room(cx, in->data.len + 1);
	int ap = is_ap(r), fits;
	dpp_connector own;
	imp_status st;
	if (in->code < 0)
		return dpp_lacks(r, cx);
	if (imp_wr_end(&room))
		return IMP_ENOSPC;
	st = dpp_connector_read(cx->crypto, in->data, &csign, cx->unix_time, room.to, room.cap, &own);
	fits = !st && dpp_connector_match(own.groups, imp_bytes(r->last, r->last_len));
	st = ap ? respond(e, cx, fits ? DPP_OK : st ? DPP_CONFIGURE_FAILURE : DPP_NO_MATCH, fits ? in->data : NONE) : IMP_OK;
	if (st)
		return st;
	if (!fits)
		return dpp_fail(r, cx, IMP_EAUTH, DPP_NO_MATCH, "the Connectors do not match");
	st = learn(e, cx);
	return st ? st : dpp_done(r, cx, IMP_OK, 0);
}

static imp_status answer(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	switch (e->run.state) {
	case DPP_E_CSIGN:
		return on_csign(e, cx, in);
	case DPP_E_NETKEY:
		return on_netkey(e, cx, in, role);
	case DPP_E_INTRO_REQUEST:
		return send_request(e, cx, in);
	case DPP_E_INTRO_MATCH:
		return on_match(e, cx, in);
	default:
		return IMP_OK;
	}
}

static imp_status receive(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in, const dpp_frame *f)
{
	if (e->run.state == DPP_E_INTRO_LISTEN && f->type == DPP_PEER_REQ)
		return on_request(e, cx, in, f);
	if (e->run.state == DPP_E_INTRO_RESPONSE && f->type == DPP_PEER_RESP)
		return on_response(e, cx, in, f);
	return IMP_OK;
}

static imp_status tick(struct dpp_enrollee *e, imp_cx *cx)
{
	struct dpp_run *r = &e->run;
	if (r->state != DPP_E_INTRO_RESPONSE)
		return IMP_OK;
	return dpp_tired(r, cx) ? dpp_done(r, cx, IMP_LATER, DPP_RETRY) : dpp_send_again(r, cx);
}

const struct dpp_more dpp_intro = {beliefs, begin, answer, receive, tick};
