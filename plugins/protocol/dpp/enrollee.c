/* enrollee.c -- the enrollee once it is authenticated: it says what it is, is
 * given its networks, keeps them, and says so.
 *
 * What is kept is learnt in parts while the response is read and committed by
 * the last LEARN, with NOW; the result goes out when the host has answered it.
 * So a power cut leaves either nothing of this configuration or all of it. */
#include "enrollee.h"
#include "cbor.h"
#include "pkcs10.h"
#include "ct.h"
#include "jose.h"
#include "role.h"

#define NONE imp_bytes(NULL, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

enum { JSON = 512, QUERIES = 4, RESULTS = 3, CONNECT = 60000 };

size_t dpp_enrollee_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct dpp_enrollee);
}

imp_status dpp_enrollee_init(void *state, const imp_params *p)
{
	(void)state;
	return p->max_msg < DPP_MSG_LEAST ? IMP_EARG : IMP_OK;
}

/* The message, unwrapped, its objects decoded, and as many facts. */
size_t dpp_work(const imp_params *p)
{
	return 6 * (size_t)p->max_msg + 2 * sizeof(struct dpp_auth) + 4096;
}

static struct dpp_enrollee *enrollee(struct dpp_run *r)
{
	return (struct dpp_enrollee *)(void *)r;
}

/* --- what we are ----------------------------------------------------------------- */

static imp_span text_in(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(imp_cbor_find(map, key));
	return imp_rd_left(&r) ? imp_cbor_tstr(&r) : NONE;
}

/* CONFIG "dpp.enrollee", or what it is when it is missing. */
static int about(const imp_msg *in, dpp_who *who)
{
	imp_span map = in->code < 0 ? NONE : in->data, role = text_in(map, "role");
	memset(who, 0, sizeof *who);
	if (map.len && imp_cbor_check(map))
		return 0;
	who->name = text_in(map, "name");
	who->mudurl = text_in(map, "mudurl");
	who->bands = imp_cbor_find(map, "bands");
	who->role = role.len ? DPP_ROLE_NONE : DPP_ROLE_STA;
	for (int i = DPP_ROLE_STA; i <= DPP_ROLE_CONFIGURATOR; i++)
		if (imp_same(role, imp_bytes(dpp_role_name((enum dpp_netrole)i), strlen(dpp_role_name((enum dpp_netrole)i)))))
			who->role = (enum dpp_netrole)i;
	if (!who->name.len)
		who->name = TEXT("imprint");
	return who->role != DPP_ROLE_NONE;
}

static imp_status ask_about(struct dpp_run *r, imp_cx *cx, uint8_t state)
{
	return dpp_ask(r, cx, state, IMP_T_CONFIG, "dpp.enrollee", NONE);
}

imp_status dpp_enrollee_beliefs(struct dpp_run *r, imp_cx *cx)
{
	return ask_about(r, cx, DPP_E_ABOUT);
}

/* --- the query --------------------------------------------------------------------- */

/* challengePassword: base64 of what follows from bk. */
static imp_status challenge(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w)
{
	uint8_t cp[64];
	imp_status st = dpp_expand(c, dpp_auth_curve(a), a->bk, "CSR challengePassword", cp, sizeof cp);
	if (!st)
		imp_b64_put(w, imp_bytes(cp, sizeof cp), IMP_B64);
	imp_wipe(cp, sizeof cp);
	return st;
}

/* The request for a certificate of our protocol key. */
static imp_status put_csr(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, imp_span name)
{
	const dpp_curve *v = dpp_net_curve(a);
	imp_key pub = {v->curve, 0, 0, dpp_point(v, a->own_P)}, priv = {v->curve, IMP_KEY_PRIVATE, 0, {a->own_p, v->prime_len}};
	char cn[65];
	uint8_t cp[96];
	imp_wr text = imp_wr_to(cp, sizeof cp);
	imp_status st = challenge(a, c, &text);
	size_t n = name.len < sizeof cn - 1 ? name.len : sizeof cn - 1;
	memcpy(cn, name.ptr, n);
	cn[n] = 0;
	return st ? st : dpp_csr_create(c, w, cn, &pub, v->sign, &priv, imp_wr_span(&text));
}

/* The new key and its tag. */
static imp_status put_new_key(const struct dpp_auth *a, const imp_crypto *c, imp_wr *w, const uint8_t *e_nonce)
{
	uint8_t tag[DPP_HASH];
	imp_status st = dpp_new_key_tag(a, c, e_nonce, tag);
	dpp_put_attr(w, DPP_I_KEY, dpp_point_xy(dpp_net_curve(a), a->own_P));
	dpp_put_attr(w, DPP_I_AUTH, imp_bytes(tag, dpp_auth_curve(a)->hash_len));
	return st;
}

/* The configurator wants our key on the curve of its network. */
static imp_status take_new_key(struct dpp_enrollee *e, imp_cx *cx, const dpp_attrs *in)
{
	struct dpp_run *r = &e->run;
	const dpp_curve *v = dpp_curve_group(dpp_attr_group(in));
	imp_status st = v ? dpp_point_read(cx->crypto, v, dpp_attr(in, DPP_R_KEY), r->auth.peer_P) : IMP_EUNSUP;
	st = st ? st : dpp_new_key(&r->auth, cx->crypto, v);
	if (st == IMP_EUNSUP || st == IMP_EBADMSG)
		return dpp_fail(r, cx, st, DPP_NEW_KEY_NEEDED, "a new key that cannot be made");
	e->new_key = 1;
	return st ? st : ask_about(r, cx, DPP_E_ABOUT_AGAIN);
}

static imp_status send_query(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	struct dpp_run *r = &e->run;
	imp_wr json = dpp_room(cx, 2 * JSON + in->data.len), csr = dpp_room(cx, JSON), key = dpp_room(cx, JSON), w = dpp_room(cx, 3 * JSON + in->data.len), room = dpp_room(cx, 3 * JSON + in->data.len);
	imp_msg m = imp_say(IMP_TX, IMP_DPP_GAS, 0, r->want = ++r->tickets, imp_bytes(r->address, r->address_len), NONE);
	imp_status st;
	dpp_who who;
	if (!about(in, &who))
		return dpp_lacks(r, cx);
	if (e->csr) {
		st = put_csr(&r->auth, cx->crypto, &csr, who.name);
		if (st)
			return st;
		who.csr = imp_wr_span(&csr);
	}
	dpp_who_put(&json, &who);
	st = cx->crypto->random(cx->crypto, e->e_nonce, dpp_auth_curve(&r->auth)->nonce_len);
	if (st || imp_wr_end(&json))
		return st ? st : imp_wr_end(&json) == IMP_EARG ? dpp_lacks(r, cx) : IMP_ENOSPC;
	if (e->new_key)
		st = put_new_key(&r->auth, cx->crypto, &key, e->e_nonce);
	st = st ? st : dpp_config_query(&r->auth, cx->crypto, &w, e->e_nonce, imp_wr_span(&key), imp_wr_span(&json), room.to, room.cap);
	if (st)
		return st;
	e->queries++;
	m.data = imp_wr_span(&w);
	r->state = DPP_E_RESPONSE;
	cx->wake(cx, r->until = cx->now + DPP_PEOPLE);
	return cx->emit(cx, &m);
}

imp_status dpp_enrollee_authenticated(struct dpp_run *r, imp_cx *cx)
{
	return ask_about(r, cx, DPP_E_ABOUT_AGAIN);
}

/* --- what we are given --------------------------------------------------------------- */

static void put_bytes(imp_wr *w, const char *key, imp_span s)
{
	imp_cbor_put_text(w, key);
	imp_cbor_put_bstr(w, s);
}

static void put_tstr(imp_wr *w, const char *key, imp_span s)
{
	imp_cbor_put_text(w, key);
	imp_cbor_put_tstr(w, s);
}

/* The fact NETWORK "dpp.network" of one object. */
static void put_network(imp_wr *w, const dpp_object *o, const uint8_t *kid)
{
	int more = (o->pass.len > 0) + (o->has_psk > 0) + (o->csign.alg != 0) + (o->cert_bag.len > 0) + (o->ca.len > 0) + (o->server.len > 0);
	imp_cbor_put_map(w, 3 + (size_t)more);
	put_bytes(w, "ssid", o->ssid);
	put_tstr(w, "akm", o->akm_text);
	if (o->pass.len)
		put_tstr(w, "pass", o->pass);
	if (o->has_psk)
		put_bytes(w, "psk", imp_bytes(o->psk, 32));
	if (o->csign.alg)
		put_bytes(w, "csign", imp_bytes(kid, DPP_KID));
	if (o->cert_bag.len)
		put_bytes(w, "chain", o->cert_bag);
	if (o->ca.len)
		put_bytes(w, "ca", o->ca);
	if (o->server.len)
		put_tstr(w, "server", o->server);
	put_bytes(w, "object", o->json);
}

/* A key as a fact. */
static imp_status learn_key(struct dpp_run *r, imp_cx *cx, uint16_t topic, const char *name, const imp_key *k, uint16_t flags, uint32_t ticket)
{
	imp_wr w = dpp_room(cx, IMP_KEY_HEAD + k->bits.len);
	uint8_t head[IMP_KEY_HEAD];
	imp_key_head(k, head);
	imp_wr_bytes(&w, imp_bytes(head, sizeof head));
	imp_wr_bytes(&w, k->bits);
	return imp_wr_end(&w) ? IMP_ENOSPC : dpp_learn(cx, topic, 0, flags, ticket, dpp_name(r, name, NULL, NONE), imp_wr_span(&w));
}

/* The Connector is about our key and signed by who came with it. */
static imp_status check_connector(struct dpp_run *r, imp_cx *cx, const dpp_object *o, imp_wr *room)
{
	const dpp_curve *v = dpp_net_curve(&r->auth);
	dpp_connector k;
	imp_status st = o->csign.alg ? dpp_connector_read(cx->crypto, o->connector, &o->csign, cx->unix_time, room->to, room->cap, &k) : IMP_EBADMSG;
	if (st)
		return st;
	return k.curve == v->curve && imp_same(dpp_point(v, k.point), dpp_point(v, r->auth.own_P)) ? IMP_OK : IMP_EAUTH;
}

static imp_status learn_object(struct dpp_enrollee *e, imp_cx *cx, imp_span json, int32_t entry, int *connectors)
{
	struct dpp_run *r = &e->run;
	imp_wr mem = dpp_room(cx, json.len), room = dpp_room(cx, json.len), w = dpp_room(cx, 2 * json.len + 128);
	uint8_t kid[DPP_KID] = {0};
	dpp_object o;
	imp_status st = imp_wr_end(&w) || imp_wr_end(&mem) || imp_wr_end(&room) ? IMP_ENOSPC : dpp_object_read(cx->crypto, json, mem.to, &o);
	if (!st && o.connector.len)
		st = check_connector(r, cx, &o, &room);
	if (!st && o.csign.alg)
		st = dpp_kid(cx->crypto, dpp_curve_of(o.csign.alg), o.csign_point, kid);
	if (st)
		return st;
	put_network(&w, &o, kid);
	if (!entry) {
		e->ssid_len = (uint8_t)o.ssid.len;
		memcpy(e->ssid, o.ssid.ptr, o.ssid.len);
	}
	st = dpp_learn(cx, IMP_T_NETWORK, entry, IMP_SECRET, 0, dpp_name(r, "dpp.network", NULL, NONE), imp_wr_span(&w));
	if (!st && o.connector.len && !*connectors) {
		++*connectors;
		st = dpp_learn(cx, IMP_T_CHAIN, 0, 0, 0, dpp_name(r, "dpp.connector", NULL, NONE), o.connector);
		st = st ? st : learn_key(r, cx, IMP_T_ANCHOR, "dpp.csign", &o.csign, 0, 0);
		if (!st && o.ppkey.alg)
			st = learn_key(r, cx, IMP_T_PEERKEY, "dpp.ppkey", &o.ppkey, 0, 0);
	}
	imp_wipe(&o, sizeof o);
	return st;
}

static imp_status learn_all(struct dpp_enrollee *e, imp_cx *cx, const dpp_attrs *in)
{
	const dpp_curve *v = dpp_net_curve(&e->run.auth);
	imp_key own = {v->curve, IMP_KEY_PRIVATE, 0, {e->run.auth.own_p, v->prime_len}};
	imp_span one = dpp_attr(in, DPP_CONFIG);
	int32_t entry = 0;
	int connectors = 0;
	if (!one.ptr)
		return IMP_EBADMSG;
	for (; one.ptr; one = dpp_attr_next(in, DPP_CONFIG, one)) {
		imp_status st = learn_object(e, cx, one, entry++, &connectors);
		if (st)
			return st;
	}
	e->run.state = DPP_E_COMMIT;
	cx->wake(cx, UINT64_MAX);
	return learn_key(&e->run, cx, IMP_T_KEY, "dpp.netkey", &own, IMP_NOW | IMP_SECRET, e->run.want = ++e->run.tickets);
}

/* --- the result ------------------------------------------------------------------------ */

static imp_status send_result(struct dpp_enrollee *e, imp_cx *cx, int status)
{
	struct dpp_run *r = &e->run;
	imp_wr w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	e->status = (uint8_t)status;
	r->tries = 0;
	st = dpp_result(&r->auth, cx->crypto, &w, e->e_nonce, status, NONE);
	return st ? st : dpp_send(r, cx, DPP_E_RESULT, &w);
}

static imp_status ended(struct dpp_enrollee *e, imp_cx *cx)
{
	return e->status == DPP_OK ? dpp_done(&e->run, cx, IMP_OK, 0) : dpp_fail(&e->run, cx, IMP_EPROTO, e->status, "the configuration is not for us");
}

/* The result has gone out often enough. */
static imp_status after_result(struct dpp_enrollee *e, imp_cx *cx)
{
	struct dpp_run *r = &e->run;
	if (e->status != DPP_OK || !e->wants_status)
		return ended(e, cx);
	dpp_wait(r, cx, DPP_E_CONNECT, CONNECT);
	return dpp_ask_with(r, cx, DPP_E_CONNECT, IMP_T_RUN, 0, dpp_name(r, "dpp.connect", NULL, NONE), imp_bytes(e->ssid, e->ssid_len));
}

static imp_status result(struct dpp_enrollee *e, imp_cx *cx, int status)
{
	imp_status st;
	e->status = (uint8_t)status;
	if (e->run.auth.version < 2) /* release 1 has no result */
		return ended(e, cx);
	st = send_result(e, cx, status);
	return st || !e->run.reliable ? st : after_result(e, cx);
}

static imp_status on_connect(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	imp_wr json = dpp_room(cx, 256), w = dpp_room(cx, DPP_FRAME_MAX);
	imp_status st;
	if (in->code < 0 || in->code >= DPP_STATUSES)
		return ended(e, cx);
	dpp_conn_put(&json, in->code, imp_bytes(e->ssid, e->ssid_len), in->data.len < 64 ? in->data : NONE);
	if (imp_wr_end(&json))
		return ended(e, cx);
	st = dpp_result(&e->run.auth, cx->crypto, &w, e->e_nonce, in->code, imp_wr_span(&json));
	e->wants_status = 0;
	e->run.tries = 0;
	st = st ? st : dpp_send(&e->run, cx, DPP_E_RESULT, &w);
	return st || !e->run.reliable ? st : ended(e, cx);
}

/* The configuration is refused: nothing of it is kept, and the peer hears it. */
static imp_status refuse(struct dpp_enrollee *e, imp_cx *cx, imp_status st)
{
	imp_status dropped;
	if (st == IMP_ENOSPC || st == IMP_ERANDOM)
		return st;
	dropped = dpp_learn(cx, 0, 0, IMP_FORGET, 0, NONE, NONE);
	return dropped ? dropped : result(e, cx, DPP_CONFIG_REJECTED);
}

/* Perhaps the responder has not heard our confirmation; then we ask again. */
static imp_status no_response(struct dpp_enrollee *e, imp_cx *cx, imp_status st, int status, const char *why)
{
	struct dpp_run *r = &e->run;
	if (e->queries >= QUERIES)
		return dpp_fail(r, cx, st, status, why);
	r->state = DPP_E_RETRY;
	cx->wake(cx, cx->now + DPP_REPEAT);
	return r->auth.initiator && !r->reliable ? dpp_send_again(r, cx) : IMP_OK;
}

static imp_status on_response(struct dpp_enrollee *e, imp_cx *cx, const imp_msg *in)
{
	struct dpp_run *r = &e->run;
	imp_wr room = dpp_room(cx, in->data.len + 1);
	int status = DPP_NO_STATUS;
	imp_status st;
	dpp_attrs a;
	if (in->code < 0)
		return no_response(e, cx, IMP_ETIME, 0, "no configuration");
	if (imp_wr_end(&room))
		return IMP_ENOSPC;
	st = dpp_config_response_read(&r->auth, cx->crypto, in->data, e->e_nonce, room.to, &status, &a);
	if (st) /* anybody's */
		return no_response(e, cx, st, DPP_CONFIGURE_FAILURE, "configuration response");
	if (status == DPP_CSR_NEEDED && !e->csr) {
		e->csr = 1;
		return ask_about(r, cx, DPP_E_ABOUT_AGAIN);
	}
	if (status == DPP_NEW_KEY_NEEDED && !e->new_key)
		return take_new_key(e, cx, &a);
	if (status != DPP_OK)
		return dpp_fail(r, cx, IMP_EPEER, status, "the configurator refused us");
	e->wants_status = dpp_attr(&a, DPP_SEND_STATUS).ptr != NULL;
	st = learn_all(e, cx, &a);
	return st ? refuse(e, cx, st) : IMP_OK;
}

/* --- the state machine ------------------------------------------------------------------ */

/* The business of this run's topic; NULL: it is none of these. */
static const struct dpp_more *more_of(const struct dpp_run *r, const struct dpp_role *role)
{
	const struct dpp_more *const *all = role->more;
	if (!all)
		return NULL;
	return r->topic == (IMP_T_CONFIG & 0xff) ? all[1] : r->topic == (IMP_T_ACCESS & 0xff) || r->topic == (IMP_T_NETWORK & 0xff) ? all[0] : NULL;
}

imp_status dpp_enrollee_receive(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const dpp_frame *f, const struct dpp_role *role)
{
	imp_msg m = imp_say(IMP_ANSWER, 0, IMP_EPROTO, in->ticket, NONE, NONE);
	if (!f)
		return in->ticket ? cx->emit(cx, &m) : IMP_OK;
	if (r->state >= DPP_E_CSIGN)
		return more_of(r, role)->receive(enrollee(r), cx, in, f);
	/* the responder has not heard our confirmation */
	if (r->auth.initiator && f->type == DPP_AUTH_RESP && r->state >= DPP_E_RESPONSE && r->state <= DPP_E_RETRY)
		return dpp_send_again(r, cx);
	return IMP_OK;
}

imp_status dpp_enrollee_begin(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role)
{
	if (more_of(r, role))
		return more_of(r, role)->begin(enrollee(r), cx);
	return dpp_fail(r, cx, IMP_EUNSUP, 0, "no such run");
}

imp_status dpp_enrollee_tick(struct dpp_run *r, imp_cx *cx, const struct dpp_role *role)
{
	struct dpp_enrollee *e = enrollee(r);
	switch (r->state) {
	case DPP_E_RESPONSE:
		return no_response(e, cx, IMP_ETIME, 0, "no configuration");
	case DPP_E_RETRY:
		return ask_about(r, cx, DPP_E_ABOUT_AGAIN);
	case DPP_E_RESULT:
		if (++r->tries >= RESULTS)
			return after_result(e, cx);
		dpp_tired(r, cx);
		return dpp_send_again(r, cx);
	case DPP_E_CONNECT:
		return ended(e, cx);
	default:
		return more_of(r, role) ? more_of(r, role)->tick(e, cx) : IMP_OK;
	}
}

imp_status dpp_enrollee_answer(struct dpp_run *r, imp_cx *cx, const imp_msg *in, const struct dpp_role *role)
{
	struct dpp_enrollee *e = enrollee(r);
	dpp_who who;
	switch (r->state) {
	case DPP_E_ABOUT:
		if (!about(in, &who))
			return dpp_lacks(r, cx);
		e->role = (uint8_t)who.role;
		if (more_of(r, role))
			return more_of(r, role)->beliefs(e, cx);
		return dpp_run_ready(r, cx, role);
	case DPP_E_ABOUT_AGAIN:
		return send_query(e, cx, in);
	case DPP_E_RESPONSE:
		return on_response(e, cx, in);
	case DPP_E_COMMIT:
		if (in->code < 0)
			return dpp_fail(r, cx, in->code, 0, "the host could not keep it");
		return result(e, cx, DPP_OK);
	case DPP_E_CONNECT:
		return on_connect(e, cx, in);
	default:
		return more_of(r, role) ? more_of(r, role)->answer(e, cx, in, role) : IMP_OK;
	}
}

static const char *const names[] = {
	"authenticated", "about", "response", "about_again", "retry", "commit", "result", "connect",
	"csign", "netkey", "intro_listen", "intro_request", "intro_response", "intro_match",
	"reconf_ppkey", "reconf_request", "reconf_connector", "reconf_confirm",
};

const char *dpp_enrollee_where(const void *state)
{
	const struct dpp_enrollee *e = state;
	const char *common = dpp_run_where(&e->run);
	unsigned n = (unsigned)e->run.state - DPP_S_ROLE;
	return common ? common : n < sizeof names / sizeof names[0] ? names[n] : "?";
}
