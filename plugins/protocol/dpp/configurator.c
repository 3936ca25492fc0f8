/* configurator.c -- the configurator once the enrollee is authenticated: it asks
 * whether the enrollee may join, makes its Connector and its objects out of the
 * host's facts, and waits to hear that they were kept. */
#include "configurator.h"
#include "cbor.h"
#include "ct.h"
#include "jose.h"
#include "pkcs10.h"
#include "role.h"

#define NONE imp_bytes(NULL, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { QUERY = 150000, RESULT = 30000, STATUS = 90000, CLAIMS = 512, OBJECT = 1600 };

size_t dpp_configurator_need(const imp_params *p)
{
	return sizeof(struct dpp_configurator) + (p->max_chain ? p->max_chain : DPP_HELD);
}

imp_status dpp_configurator_init(void *state, const imp_params *p)
{
	struct dpp_configurator *k = state;
	uint32_t cap = p->max_chain ? p->max_chain : DPP_HELD;
	k->cap = (uint16_t)(cap < UINT16_MAX ? cap : UINT16_MAX);
	return p->max_msg < DPP_MSG_LEAST ? IMP_EARG : IMP_OK;
}

static struct dpp_configurator *configurator(struct dpp_run *r)
{
	return (struct dpp_configurator *)(void *)r;
}

/* --- our keys --------------------------------------------------------------------- */

/* A flat private key, and its point. */
static imp_status take_key(struct dpp_configurator *k, const imp_crypto *c, imp_span flat, uint8_t *to, uint8_t *len, uint8_t *point)
{
	imp_key key = imp_key_from(flat), pub;
	size_t n = DPP_POINT;
	imp_status st;
	if (!dpp_curve_of(key.alg) || flat.len > DPP_FLAT)
		return IMP_EARG;
	st = imp_public_of(c, &key, point, &n, &pub);
	if (st)
		return st;
	memcpy(to, flat.ptr, flat.len);
	*len = (uint8_t)flat.len;
	k->csign_curve = key.alg;
	return IMP_OK;
}

static imp_status ready(struct dpp_configurator *k, imp_cx *cx);

/* A configurator without a key is a new one. */
static imp_status make_keys(struct dpp_configurator *k, imp_cx *cx, int32_t curve)
{
	struct dpp_run *r = &k->run;
	const dpp_curve *v = dpp_curve_of(curve);
	uint8_t priv[DPP_PRIME], pub[DPP_POINT];
	int both = !k->csign_len;
	imp_status st = IMP_OK;
	for (int i = both ? 0 : 1; i < 2 && !st; i++) {
		imp_key key = {curve, IMP_KEY_PRIVATE, 0, {priv, v->prime_len}};
		size_t n = sizeof priv, m = sizeof pub;
		uint8_t flat[DPP_FLAT];
		st = cx->crypto->keygen(cx->crypto, curve, priv, &n, pub, &m);
		imp_key_head(&key, flat);
		memcpy(flat + IMP_KEY_HEAD, priv, v->prime_len);
		if (!st)
			st = take_key(k, cx->crypto, imp_bytes(flat, IMP_KEY_HEAD + (size_t)v->prime_len), i ? k->ppkey : k->csign, i ? &k->ppkey_len : &k->csign_len, i ? k->ppkey_point : k->csign_point);
		if (!st)
			st = dpp_learn(cx, IMP_T_KEY, 0, IMP_SECRET | (i ? IMP_NOW : 0), i ? r->want = ++r->tickets : 0, i ? TEXT("dpp.ppkey") : TEXT("dpp.csign"), imp_bytes(flat, IMP_KEY_HEAD + (size_t)v->prime_len));
		imp_wipe(flat, sizeof flat);
	}
	imp_wipe(priv, sizeof priv);
	r->state = DPP_C_KEPT;
	return st;
}

static imp_status beliefs(struct dpp_run *r, imp_cx *cx)
{
	return dpp_ask(r, cx, DPP_C_CSIGN, IMP_T_KEY, "dpp.csign", NONE);
}

static imp_status on_csign(struct dpp_configurator *k, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0)
		return make_keys(k, cx, IMP_C_P256);
	if (take_key(k, cx->crypto, in->data, k->csign, &k->csign_len, k->csign_point))
		return dpp_lacks(&k->run, cx);
	return dpp_ask(&k->run, cx, DPP_C_PPKEY, IMP_T_KEY, "dpp.ppkey", NONE);
}

static imp_status on_ppkey(struct dpp_configurator *k, imp_cx *cx, const imp_msg *in)
{
	int32_t curve = k->csign_curve;
	if (in->code < 0)
		return make_keys(k, cx, curve);
	if (take_key(k, cx->crypto, in->data, k->ppkey, &k->ppkey_len, k->ppkey_point) || k->csign_curve != curve)
		return dpp_lacks(&k->run, cx);
	return ready(k, cx);
}

static imp_key csign_of(const struct dpp_configurator *k)
{
	return imp_key_from(imp_bytes(k->csign, k->csign_len));
}

/* --- who it is ---------------------------------------------------------------------- */

static imp_status peer_uri(struct dpp_run *r, imp_span uri)
{
	struct dpp_configurator *k = configurator(r);
	k->uri_len = uri.len <= sizeof k->uri ? (uint16_t)uri.len : 0;
	memcpy(k->uri, uri.ptr, k->uri_len);
	return IMP_OK;
}

/* Has the peer proved that it holds the key of its URI? */
static int proved(const struct dpp_run *r)
{
	return r->auth.initiator || r->auth.mutual;
}

static imp_status authenticated(struct dpp_run *r, imp_cx *cx)
{
	/* what was sent last stays, for who asks again */
	uint16_t last = r->last_len;
	dpp_wait(r, cx, DPP_C_QUERY, QUERY);
	r->last_len = last;
	return IMP_OK;
}

/* Names of facts about this enrollee. */
static imp_span about(struct dpp_configurator *k, const char *prefix)
{
	struct dpp_run *r = &k->run;
	return dpp_name(r, prefix, proved(r) ? r->auth.peer_hash : NULL, NONE);
}

static void put_null_or(imp_wr *w, imp_span s)
{
	if (s.ptr)
		imp_cbor_put_bstr(w, s);
	else
		imp_cbor_put_null(w);
}

static void put_said(imp_wr *w, const dpp_who *who)
{
	imp_cbor_put_map(w, 2 + (who->mudurl.len > 0));
	imp_cbor_put_text(w, "name");
	imp_cbor_put_tstr(w, who->name);
	imp_cbor_put_text(w, "role");
	imp_cbor_put_text(w, dpp_role_name(who->role));
	if (who->mudurl.len) {
		imp_cbor_put_text(w, "mudurl");
		imp_cbor_put_tstr(w, who->mudurl);
	}
}

static void put_pair(imp_wr *w, const char *key, imp_span s)
{
	if (s.len) {
		imp_cbor_put_text(w, key);
		imp_cbor_put_tstr(w, s);
	}
}

static void put_label(imp_wr *w, const dpp_uri *u)
{
	uint8_t mac[6];
	int has_mac = dpp_mac_read(u->mac, mac);
	imp_cbor_put_map(w, (size_t)has_mac + (u->info.len > 0) + (u->host.len > 0) + (u->channels.len > 0));
	put_pair(w, "info", u->info);
	put_pair(w, "host", u->host);
	put_pair(w, "channels", u->channels);
	if (has_mac) {
		imp_cbor_put_text(w, "mac");
		imp_cbor_put_bstr(w, imp_bytes(mac, 6));
	}
}

static const char *way(const struct dpp_run *r)
{
	return r->how == DPP_BY_RECONF ? "reconfig" : r->how == DPP_BY_PKEX ? "pkex" : r->auth.mutual ? "mutual" : "one-way";
}

static void put_claims(imp_wr *w, struct dpp_configurator *k, const dpp_who *who, imp_span json)
{
	struct dpp_run *r = &k->run;
	dpp_uri u;
	imp_cbor_put_map(w, 6);
	imp_cbor_put_uint(w, IMP_T_IDENTITY);
	put_said(w, who);
	imp_cbor_put_uint(w, IMP_T_PEERKEY);
	put_null_or(w, proved(r) ? imp_bytes(r->auth.peer_hash, DPP_KEY_HASH) : NONE);
	imp_cbor_put_uint(w, IMP_T_NETWORK);
	put_null_or(w, r->address_len == 6 ? imp_bytes(r->address, 6) : NONE);
	imp_cbor_put_uint(w, IMP_T_SERVER);
	if (dpp_uri_read(imp_bytes(k->uri, k->uri_len), &u))
		imp_cbor_put_null(w);
	else
		put_label(w, &u);
	imp_cbor_put_uint(w, IMP_T_CONFIG);
	imp_cbor_put_bstr(w, json);
	imp_cbor_put_uint(w, IMP_T_ASSOC);
	imp_cbor_put_text(w, way(r));
}

/* --- the response -------------------------------------------------------------------- */

static imp_status no_response(struct dpp_configurator *k, imp_cx *cx)
{
	imp_msg m = imp_say(IMP_ANSWER, 0, IMP_EPROTO, k->gas, NONE, NONE);
	k->gas = 0;
	return m.ticket ? cx->emit(cx, &m) : IMP_OK;
}

static imp_status respond(struct dpp_configurator *k, imp_cx *cx, int status, imp_span body)
{
	struct dpp_run *r = &k->run;
	imp_msg m = imp_say(IMP_ANSWER, 0, IMP_OK, k->gas, NONE, NONE);
	imp_wr w = dpp_room(cx, body.len + 128), room = dpp_room(cx, body.len + 128);
	imp_status st = dpp_config_response(&r->auth, cx->crypto, &w, status, k->e_nonce, body, room.to, room.cap);
	if (st)
		return st;
	m.data = imp_wr_span(&w);
	k->gas = 0;
	return m.ticket ? cx->emit(cx, &m) : IMP_OK;
}

static imp_status refuse(struct dpp_configurator *k, imp_cx *cx, imp_status end, int status, const char *why)
{
	imp_status st = respond(k, cx, status, NONE);
	return st ? st : dpp_fail(&k->run, cx, end, status, why);
}

static imp_status keep_record(struct dpp_configurator *k, imp_cx *cx)
{
	struct dpp_run *r = &k->run;
	imp_wr w = dpp_room(cx, CLAIMS);
	const dpp_curve *v = dpp_net_curve(&r->auth);
	uint8_t kid[DPP_KID];
	imp_status st = dpp_kid(cx->crypto, v, r->auth.peer_P, kid);
	imp_cbor_put_map(&w, 3);
	imp_cbor_put_text(&w, "name");
	imp_cbor_put_tstr(&w, imp_bytes(k->device, k->device_len));
	imp_cbor_put_text(&w, "role");
	imp_cbor_put_text(&w, dpp_role_name((enum dpp_netrole)k->role));
	imp_cbor_put_text(&w, "key");
	imp_cbor_put_bstr(&w, dpp_point(v, r->auth.peer_P));
	if (st || imp_wr_end(&w))
		return st ? st : IMP_ENOSPC;
	return dpp_learn(cx, IMP_T_PEERKEY, 0, 0, 0, dpp_name(r, "dpp.enrollee/", proved(r) ? r->auth.peer_hash : kid, NONE), imp_wr_span(&w));
}

static imp_status finish(struct dpp_configurator *k, imp_cx *cx)
{
	imp_status st = keep_record(k, cx);
	return st ? st : dpp_done(&k->run, cx, IMP_OK, 0);
}

/* All objects are made. */
static imp_status respond_all(struct dpp_configurator *k, imp_cx *cx)
{
	imp_wr body = dpp_room(cx, (size_t)k->held_len + 4);
	imp_status st;
	if (!k->objects)
		return refuse(k, cx, IMP_EFACT, DPP_CONFIGURE_FAILURE, "no configuration for this enrollee");
	imp_wr_bytes(&body, imp_bytes(k->held + k->chain_len, (size_t)k->held_len - k->chain_len));
	k->send_status = k->send_status && k->run.auth.version >= 2 && k->role == DPP_ROLE_STA;
	if (k->send_status)
		dpp_put_attr(&body, DPP_SEND_STATUS, NONE);
	st = imp_wr_end(&body);
	st = st ? st : respond(k, cx, DPP_OK, imp_wr_span(&body));
	if (st)
		return st;
	if (k->run.auth.version < 2)
		return finish(k, cx);
	dpp_wait(&k->run, cx, DPP_C_RESULT, RESULT);
	return IMP_OK;
}

/* --- one object out of one entry -------------------------------------------------------- */

static imp_span text_in(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	if (!imp_rd_left(&r))
		return NONE;
	return imp_cbor_peek(&r) == IMP_CBOR_TSTR ? imp_cbor_tstr(&r) : imp_cbor_bstr(&r);
}

static uint64_t number_in(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	return imp_rd_left(&r) ? imp_cbor_uint(&r) : 0;
}

static int true_in(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	return imp_rd_left(&r) && imp_cbor_bool(&r);
}

/* What the host's entry says, but for keys and Connector. */
static int entry_of(imp_span map, dpp_object *o)
{
	imp_span psk = text_in(map, "psk");
	memset(o, 0, sizeof *o);
	o->ssid = text_in(map, "ssid");
	o->akm_text = text_in(map, "akm");
	o->akm = dpp_akm_read(o->akm_text);
	o->pass = text_in(map, "pass");
	o->ca = text_in(map, "ca");
	o->server = text_in(map, "server");
	o->has_psk = psk.len == 32;
	if (o->has_psk)
		memcpy(o->psk, psk.ptr, 32);
	return o->ssid.len && o->ssid.len <= 32 && o->akm && (o->has_psk || !psk.len);
}

static imp_status add_connector(struct dpp_configurator *k, imp_cx *cx, imp_span map, dpp_object *o, imp_wr *w)
{
	struct dpp_run *r = &k->run;
	const dpp_curve *v = dpp_net_curve(&r->auth), *cv = dpp_curve_of(k->csign_curve);
	imp_key csign = csign_of(k);
	imp_span group = text_in(map, "group");
	const char *role = dpp_role_name((enum dpp_netrole)k->role);
	imp_status st = dpp_connector_put(cx->crypto, w, &csign, k->kid, group.len ? group : TEXT("*"), imp_bytes(role, strlen(role)), v, r->auth.peer_P, number_in(map, "expiry"), r->auth.version < DPP_PROTOCOL ? r->auth.version : DPP_PROTOCOL);
	if (st)
		return st;
	o->connector = imp_wr_span(w);
	o->csign = (imp_key){cv->curve, 0, 0, dpp_point(cv, k->csign_point)};
	if (r->auth.version >= 2)
		o->ppkey = (imp_key){cv->curve, 0, 0, dpp_point(cv, k->ppkey_point)};
	return IMP_OK;
}

/* One more Config Object behind those that are held. */
static imp_status add_object(struct dpp_configurator *k, imp_cx *cx, imp_span map)
{
	struct dpp_run *r = &k->run;
	imp_wr jws = dpp_room(cx, DPP_CONNECTOR_MAX), json = dpp_room(cx, OBJECT + 2 * (size_t)k->chain_len), w = imp_wr_to(k->held + k->held_len, (size_t)k->cap - k->held_len);
	imp_status st = IMP_OK;
	dpp_object o;
	if (!entry_of(map, &o))
		return IMP_EFACT;
	if (o.akm & DPP_AKM_DOT1X)
		o.cert_bag = imp_bytes(k->held, k->chain_len);
	if (o.akm & (DPP_AKM_DPP | DPP_AKM_DOT1X) || r->auth.version >= 2)
		st = add_connector(k, cx, map, &o, &jws);
	if (!st) {
		dpp_object_put(&json, &o, k->kid);
		st = imp_wr_end(&json);
	}
	dpp_put_attr(&w, DPP_CONFIG, imp_wr_span(&json));
	imp_wipe(&o, sizeof o);
	if (st || imp_wr_end(&w))
		return st ? st : IMP_ENOSPC;
	k->held_len = (uint16_t)(k->held_len + w.len);
	k->objects++;
	return IMP_OK;
}

static imp_status ask_config(struct dpp_configurator *k, imp_cx *cx, int32_t entry)
{
	imp_span name = k->any ? dpp_name(&k->run, "dpp.config", NULL, NONE) : about(k, "dpp.config/");
	return dpp_ask_with(&k->run, cx, k->any ? DPP_C_CONFIG_ANY : DPP_C_CONFIG, IMP_T_CONFIG, entry, name, NONE);
}

/* Is the entry for an enrollee of this role? */
static int meant(const struct dpp_configurator *k, imp_span map)
{
	imp_span role = text_in(map, "role");
	const char *is = dpp_role_name((enum dpp_netrole)k->role);
	return !role.len || imp_same(role, imp_bytes(is, strlen(is)));
}

static imp_status need_csr(struct dpp_configurator *k, imp_cx *cx)
{
	imp_wr body = dpp_room(cx, 32);
	imp_status st;
	dpp_put_attr(&body, DPP_CSR_ATTRS, TEXT("MAsGCSqGSIb3DQEJBw==")); /* CsrAttrs: challengePassword */
	st = imp_wr_end(&body);
	st = st ? st : respond(k, cx, DPP_CSR_NEEDED, imp_wr_span(&body));
	dpp_wait(&k->run, cx, DPP_C_QUERY, QUERY);
	return st;
}

/* The curve that an entry wants the netAccessKey on; NULL: any. */
static const dpp_curve *wanted_curve(imp_span map)
{
	imp_span name = text_in(map, "curve");
	for (unsigned i = 0; i < DPP_CURVES && name.len; i++) {
		const char *is = imp_jose_curve(dpp_curve_at(i)->curve);
		if (imp_same(name, imp_bytes(is, strlen(is))))
			return dpp_curve_at(i);
	}
	return NULL;
}

static imp_status need_key(struct dpp_configurator *k, imp_cx *cx, const dpp_curve *v)
{
	struct dpp_auth *a = &k->run.auth;
	imp_wr body = dpp_room(cx, 256);
	imp_status st = dpp_new_key(a, cx->crypto, v);
	dpp_put_attr_group(&body, v->group);
	dpp_put_attr(&body, DPP_R_KEY, dpp_point_xy(v, a->own_P));
	st = st ? st : imp_wr_end(&body);
	st = st ? st : respond(k, cx, DPP_NEW_KEY_NEEDED, imp_wr_span(&body));
	k->wants_key = 1;
	dpp_wait(&k->run, cx, DPP_C_QUERY, QUERY);
	return st;
}

static imp_status on_config(struct dpp_configurator *k, imp_cx *cx, const imp_msg *in)
{
	imp_status st;
	if (in->code < 0 && !k->any) {
		k->any = 1;
		return ask_config(k, cx, 0);
	}
	if (in->code < 0)
		return respond_all(k, cx);
	if (imp_cbor_check(in->data))
		return refuse(k, cx, IMP_EFACT, DPP_CONFIGURE_FAILURE, "the configuration is no CBOR");
	if (meant(k, in->data)) {
		const dpp_curve *v = wanted_curve(in->data);
		if (v && k->wants_key != 2 && v != dpp_net_curve(&k->run.auth) && k->run.auth.version >= 3)
			return need_key(k, cx, v);
		if (v && k->wants_key == 1)
			return need_key(k, cx, v);
		if (dpp_akm_read(text_in(in->data, "akm")) & DPP_AKM_DOT1X && !k->has_csr)
			return need_csr(k, cx);
		k->send_status |= (uint8_t)true_in(in->data, "status");
		st = add_object(k, cx, in->data);
		if (st == IMP_ENOSPC && !k->objects)
			return st;
		if (st && st != IMP_ENOSPC)
			return refuse(k, cx, st, DPP_CONFIGURE_FAILURE, "the configuration cannot be used");
	}
	if (in->flags & IMP_MORE && k->run.auth.version >= 2)
		return ask_config(k, cx, ++k->run.tries);
	return respond_all(k, cx);
}

static imp_status configure(struct dpp_configurator *k, imp_cx *cx)
{
	k->objects = k->any = k->send_status = 0;
	k->run.tries = 0;
	k->any = !proved(&k->run);
	return ask_config(k, cx, 0);
}

/* --- certificates ------------------------------------------------------------------------- */

/* Signed by its key, and made for this session. */
static imp_status check_csr(struct dpp_configurator *k, imp_cx *cx, imp_span der)
{
	const struct dpp_auth *a = &k->run.auth;
	uint8_t cp[64], text[96];
	imp_wr w = imp_wr_to(text, sizeof text);
	imp_span password;
	imp_csr csr;
	imp_status st = imp_csr_read(der, &csr);
	st = st ? st : imp_csr_verify(cx->crypto, &csr);
	st = st ? st : dpp_expand(cx->crypto, dpp_auth_curve(a), a->bk, "CSR challengePassword", cp, sizeof cp);
	if (st)
		return st;
	imp_b64_put(&w, imp_bytes(cp, sizeof cp), IMP_B64);
	password = dpp_csr_password(&csr);
	st = password.len == w.len && imp_ct_equal(password.ptr, text, w.len) ? IMP_OK : IMP_EAUTH;
	imp_wipe(cp, sizeof cp);
	imp_wipe(text, sizeof text);
	return st;
}

static imp_status hold(struct dpp_configurator *k, imp_span s)
{
	if (s.len > k->cap)
		return IMP_ENOSPC;
	if (s.len)
		memcpy(k->held, s.ptr, s.len);
	k->chain_len = k->held_len = (uint16_t)s.len;
	return IMP_OK;
}

static imp_status after_authorize(struct dpp_configurator *k, imp_cx *cx)
{
	if (k->has_csr)
		return dpp_ask_with(&k->run, cx, DPP_C_ISSUE, IMP_T_ISSUE, 0, about(k, ""), imp_bytes(k->held, k->chain_len));
	return configure(k, cx);
}

static imp_status on_issue(struct dpp_configurator *k, imp_cx *cx, const imp_msg *in)
{
	imp_status st;
	if (in->code < 0 || !in->data.len)
		return refuse(k, cx, IMP_EFACT, DPP_CONFIGURE_FAILURE, "no certificate was issued");
	st = hold(k, in->data);
	return st ? refuse(k, cx, st, DPP_CONFIGURE_FAILURE, "the certificates are too large") : configure(k, cx);
}

/* --- the request ---------------------------------------------------------------------------- */

/* Does policy know all this already?  Only the CSR may be new. */
static imp_status same_as_decided(struct dpp_configurator *k, imp_cx *cx, const dpp_who *who, size_t most)
{
	imp_wr w = dpp_room(cx, CLAIMS + most);
	uint8_t before[sizeof k->said];
	imp_span said;
	imp_status st;
	put_said(&w, who);
	imp_wr_bytes(&w, who->bands);
	memcpy(before, k->said, sizeof before);
	said = imp_wr_span(&w);
	st = imp_wr_end(&w) ? IMP_ENOSPC : imp_hash(cx->crypto, IMP_A_SHA256, &said, 1, k->said);
	k->authorized = k->authorized && !st && !memcmp(before, k->said, sizeof before);
	return st;
}

/* The enrollee's new key, if we have asked for one. */
static int take_key_of(struct dpp_configurator *k, imp_cx *cx, const dpp_attrs *in)
{
	struct dpp_auth *a = &k->run.auth;
	size_t n = dpp_auth_curve(a)->hash_len;
	imp_span P = dpp_attr(in, DPP_I_KEY), got = dpp_attr_of(in, DPP_I_AUTH, n);
	uint8_t want[DPP_HASH];
	int right;
	if (!P.ptr)
		return 1;
	if (!k->wants_key || !got.ptr || dpp_point_read(cx->crypto, dpp_net_curve(a), P, a->peer_P))
		return 0;
	right = !dpp_new_key_tag(a, cx->crypto, k->e_nonce, want) && imp_ct_equal(got.ptr, want, n);
	imp_wipe(want, sizeof want);
	k->wants_key = 2;
	return right;
}

static imp_status take_query(struct dpp_configurator *k, imp_cx *cx, const dpp_attrs *in)
{
	struct dpp_run *r = &k->run;
	imp_span json = dpp_attr(in, DPP_CONFIG_ATTRS);
	imp_wr mem = dpp_room(cx, json.len + 1), claims = dpp_room(cx, CLAIMS + DPP_URI_MAX + 2 * json.len);
	imp_status st;
	dpp_who who;
	if (imp_wr_end(&claims) || imp_wr_end(&mem))
		return IMP_ENOSPC;
	if (!take_key_of(k, cx, in))
		return refuse(k, cx, IMP_EAUTH, DPP_CONFIGURE_FAILURE, "the enrollee's new key");
	if (dpp_who_read(json, mem.to, &who))
		return refuse(k, cx, IMP_EBADMSG, DPP_CONFIGURE_FAILURE, "the enrollee's JSON");
	k->role = (uint8_t)who.role;
	k->device_len = (uint8_t)(who.name.len < sizeof k->device ? who.name.len : 0);
	memcpy(k->device, who.name.ptr, k->device_len);
	k->has_csr = who.csr.len > 0;
	if (k->has_csr && check_csr(k, cx, who.csr))
		return refuse(k, cx, IMP_EAUTH, DPP_CSR_BAD, "certification request");
	if (hold(k, who.csr))
		return refuse(k, cx, IMP_ENOSPC, DPP_CSR_BAD, "the certification request is too large");
	st = same_as_decided(k, cx, &who, json.len);
	if (st || k->authorized)
		return st ? st : after_authorize(k, cx);
	put_claims(&claims, k, &who, json);
	if (imp_wr_end(&claims))
		return IMP_ENOSPC;
	return dpp_ask_with(r, cx, DPP_C_AUTHORIZE, IMP_T_AUTHORIZE, 0, about(k, ""), imp_wr_span(&claims));
}

/* A query, the first or again: the newest is the one that is answered. */
static imp_status on_query(struct dpp_configurator *k, imp_cx *cx, const imp_msg *in)
{
	struct dpp_run *r = &k->run;
	imp_wr room = dpp_room(cx, in->data.len + 1);
	imp_msg none = imp_say(IMP_ANSWER, 0, IMP_EPROTO, in->ticket, NONE, NONE);
	imp_span e_nonce;
	dpp_attrs a;
	imp_status st = imp_wr_end(&room) ? IMP_ENOSPC : dpp_config_query_read(&r->auth, cx->crypto, in->data, room.to, &a);
	if (st == IMP_ENOSPC)
		return st;
	e_nonce = dpp_attr_of(&a, DPP_E_NONCE, dpp_auth_curve(&r->auth)->nonce_len);
	if (st || !e_nonce.ptr || !in->ticket) /* anybody's */
		return in->ticket ? cx->emit(cx, &none) : IMP_OK;
	st = no_response(k, cx);
	if (st)
		return st;
	memcpy(k->e_nonce, e_nonce.ptr, e_nonce.len);
	k->gas = in->ticket;
	if (r->state == DPP_C_AUTHORIZE || r->state == DPP_C_ISSUE) /* it is being thought about */
		return IMP_OK;
	cx->wake(cx, r->until = cx->now + DPP_PEOPLE);
	return take_query(k, cx, &a);
}

static imp_status on_authorize(struct dpp_configurator *k, imp_cx *cx, const imp_msg *in)
{
	if (in->code < 0)
		return refuse(k, cx, IMP_EDENIED, DPP_CONFIGURE_FAILURE, "policy");
	k->authorized = 1;
	return after_authorize(k, cx);
}

/* --- the result -------------------------------------------------------------------------------- */

static imp_status on_result(struct dpp_configurator *k, imp_cx *cx, const dpp_frame *f)
{
	struct dpp_run *r = &k->run;
	imp_wr room = dpp_room(cx, f->attrs.raw.len + 1);
	int status = 0;
	if (imp_wr_end(&room))
		return IMP_ENOSPC;
	if (dpp_result_read(&r->auth, cx->crypto, f, k->e_nonce, room.to, &status))
		return IMP_OK;
	if (f->type == DPP_CONF_RESULT && status != DPP_OK)
		return dpp_fail(r, cx, IMP_EPEER, status, "the enrollee refused the configuration");
	if (f->type == DPP_CONF_RESULT && k->send_status) {
		dpp_wait(r, cx, DPP_C_STATUS, STATUS);
		return IMP_OK;
	}
	if (f->type == DPP_CONN_STATUS) {
		imp_msg m = imp_say(IMP_TELL, IMP_T_NETWORK, status, 0, about(k, "dpp.status/"), NONE);
		imp_status st = cx->emit(cx, &m);
		if (st)
			return st;
	}
	return finish(k, cx);
}

/* --- reconfiguration ------------------------------------------------------------------------------ */

static imp_status listening(struct dpp_run *r, imp_cx *cx, const dpp_frame *f)
{
	return f->type == DPP_RECONF_ANNOUNCE ? dpp_reconf_heard(configurator(r), cx, f) : IMP_OK;
}

static imp_status reconfigure(struct dpp_configurator *k, imp_cx *cx, const dpp_frame *f)
{
	imp_status st = dpp_reconf_on_response(k, cx, f);
	return st || k->run.state != DPP_C_QUERY ? st : authenticated(&k->run, cx);
}

/* --- the state machine --------------------------------------------------------------------------- */

static imp_status receive(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *own)
{
	struct dpp_configurator *k = configurator(r);
	imp_msg none = imp_say(IMP_ANSWER, 0, IMP_EPROTO, in->ticket, NONE, NONE);
	int asking = r->state >= DPP_C_QUERY && r->state <= DPP_C_RESULT;
	(void)own;
	if (!f && asking)
		return on_query(k, cx, in);
	if (!f)
		return in->ticket ? cx->emit(cx, &none) : IMP_OK;
	if (r->state == DPP_C_RECONF_RESPONSE && f->type == DPP_RECONF_RESP)
		return reconfigure(k, cx, f);
	if (r->state == DPP_C_QUERY && r->how == DPP_BY_RECONF && f->type == DPP_RECONF_RESP) /* it has not heard our confirmation */
		return dpp_send_again(r, cx);
	if (r->state == DPP_C_RESULT && f->type == DPP_CONF_RESULT)
		return on_result(k, cx, f);
	if ((r->state == DPP_C_STATUS || r->state == DPP_C_RESULT) && f->type == DPP_CONN_STATUS && k->send_status)
		return on_result(k, cx, f);
	if (r->state == DPP_C_QUERY && r->auth.initiator && f->type == DPP_AUTH_RESP) /* it has not heard our confirmation */
		return dpp_send_again(r, cx);
	return IMP_OK;
}

static imp_status tick(struct dpp_run *r, imp_cx *cx, const struct dpp_role *own)
{
	struct dpp_configurator *k = configurator(r);
	(void)own;
	switch (r->state) {
	case DPP_C_QUERY:
		return cx->now < r->until ? IMP_OK : dpp_fail(r, cx, IMP_ETIME, 0, "no configuration request");
	case DPP_C_RECONF_RESPONSE:
		return dpp_tired(r, cx) ? dpp_fail(r, cx, IMP_ETIME, 0, "no Connector came") : dpp_send_again(r, cx);
	case DPP_C_RESULT:
		return dpp_fail(r, cx, IMP_ETIME, 0, "no configuration result");
	case DPP_C_STATUS:
		return finish(k, cx);
	default: /* a question is with the host */
		return r->state >= DPP_C_AUTHORIZE ? refuse(k, cx, IMP_ETIME, DPP_CONFIGURE_FAILURE, "nobody decided") : IMP_OK;
	}
}

static imp_status begin(struct dpp_run *r, imp_cx *cx, const struct dpp_role *own)
{
	(void)own;
	return dpp_fail(r, cx, IMP_EARG, 0, "no such run");
}

static imp_status answer(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *own)
{
	struct dpp_configurator *k = configurator(r);
	(void)own;
	switch (r->state) {
	case DPP_C_CSIGN:
		return on_csign(k, cx, in);
	case DPP_C_PPKEY:
		return on_ppkey(k, cx, in);
	case DPP_C_KEPT:
		return in->code < 0 ? dpp_fail(r, cx, in->code, 0, "the host could not keep our keys") : ready(k, cx);
	case DPP_C_AUTHORIZE:
		return on_authorize(k, cx, in);
	case DPP_C_ISSUE:
		return on_issue(k, cx, in);
	case DPP_C_CONFIG: case DPP_C_CONFIG_ANY:
		return on_config(k, cx, in);
	default:
		return IMP_OK;
	}
}

static const struct dpp_role role = {
	.caps = DPP_CAP_CONFIGURATOR,
	.beliefs = beliefs,
	.peer_uri = peer_uri,
	.begin = begin,
	.authenticated = authenticated,
	.answer = answer,
	.receive = receive,
	.tick = tick,
	.listen = listening,
	.exchange = &dpp_exchange,
};

static imp_status ready(struct dpp_configurator *k, imp_cx *cx)
{
	imp_status st = dpp_kid(cx->crypto, dpp_curve_of(k->csign_curve), k->csign_point, k->kid);
	return st ? st : dpp_run_ready(&k->run, cx, &role);
}

imp_status dpp_configurator_step(void *state, imp_cx *cx, const imp_msg *in)
{
	struct dpp_configurator *k = state;
	imp_status st = dpp_run_step(&k->run, cx, in, &role);
	if (k->run.state == DPP_S_OVER) { /* what was emitted is a copy */
		imp_wipe(k->csign, sizeof k->csign);
		imp_wipe(k->ppkey, sizeof k->ppkey);
		imp_wipe(k->held, k->cap);
	}
	return st;
}

static const char *const names[] = {
	"authenticated", "csign", "ppkey", "kept", "query", "authorize", "issue", "config", "config_any", "result", "status", "reconf_response",
};

const char *dpp_configurator_where(const void *state)
{
	const struct dpp_configurator *k = state;
	const char *common = dpp_run_where(&k->run);
	unsigned n = (unsigned)k->run.state - DPP_S_ROLE;
	return common ? common : n < sizeof names / sizeof names[0] ? names[n] : "?";
}
