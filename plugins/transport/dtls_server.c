/* dtls_server.c -- the server's side of a handshake. */
#include "cbor.h"
#include "dtls_cert.h"

enum { P256 = 23 };

static void fail(struct imp_dtls_run *r, imp_status st)
{
	imp_dtls_fail(r, st, imp_dtls_alert_of(st));
}

void imp_dtls_start_server(struct imp_dtls_run *r)
{
	r->s->state = IMP_DTLS_EXPECT_CLIENT_HELLO;
	r->s->first = 1;
	r->s->resend_at = r->cx->now + 4 * IMP_DTLS_TIMEOUT_MAX;
	r->cx->wake(r->cx, r->s->resend_at);
}

/* --- ClientHello: what do both have? ------------------------------------------------------ */

/* The first of ours that the client lists; X.509 is what it means by nothing. */
static int choose_type(const struct imp_dtls *s, imp_span list, uint8_t *out)
{
	static const uint8_t x509;
	imp_span theirs = list.len ? list : imp_bytes(&x509, 1);
	for (int i = 0; i < s->types_n; i++)
		for (size_t k = 0; k < theirs.len; k++)
			if (theirs.ptr[k] == s->types[i]) {
				*out = s->types[i];
				return 1;
			}
	return 0;
}

static int acceptable(struct imp_dtls *s, const struct imp_dtls_suite *u, const struct imp_dtls_hello *h)
{
	if (!imp_dtls_lists(h->suites, u->id))
		return 0;
	if (u->kex->ecc && h->has_groups && !imp_dtls_lists(h->groups, P256))
		return 0;
	if (u->kex->take_hello && !h->jpake.len)
		return 0;
	if (!u->kex->certs)
		return 1;
	if (h->has_sigs && !imp_dtls_lists(h->sigs, IMP_DTLS_ES256))
		return 0;
	return choose_type(s, h->server_types, &s->my_type) && (!s->auth || choose_type(s, h->client_types, &s->next.peer_type));
}

/* The suite that was answered, or the first of ours that will do; -1: none. */
static int choose(struct imp_dtls_run *r, const struct imp_dtls_hello *h, uint16_t named)
{
	struct imp_dtls *s = r->s;
	int n = named ? imp_dtls_number_of(r->p, named) : -1;
	if (named)
		return n >= 0 && acceptable(s, &r->p->suites[n], h) ? n : -1;
	for (int i = 0; i < s->order_n; i++)
		if (acceptable(s, &r->p->suites[s->order[i]], h))
			return s->order[i];
	return -1;
}

static void ask_offer(struct imp_dtls_run *r, const struct imp_dtls_hello *h)
{
	uint8_t list[4 + 3 * IMP_DTLS_SUITES];
	imp_wr w = imp_wr_to(list, sizeof list), body;
	size_t n = 0;
	body = imp_wr_to(list + 1, sizeof list - 1);
	for (size_t i = 0; i + 1 < h->suites.len && n < IMP_DTLS_SUITES; i += 2) {
		uint16_t id = (uint16_t)(h->suites.ptr[i] << 8 | h->suites.ptr[i + 1]);
		if (imp_dtls_number_of(r->p, id) < 0)
			continue;
		imp_cbor_put_uint(&body, id);
		n++;
	}
	imp_cbor_put_array(&w, n);
	r->s->state = IMP_DTLS_CHOOSING;
	r->s->hold = 1; /* the hello is read once more when the answer is there */
	imp_dtls_ask(r, IMP_DTLS_ASKED_OFFER, IMP_T_KEYS, IMP_K_OFFER, imp_bytes(r->s->name, r->s->name_len), imp_bytes(list, w.len + body.len));
}

static imp_status take_client_hello(struct imp_dtls_run *r, imp_span body)
{
	struct imp_dtls *s = r->s;
	struct imp_dtls_hello h;
	imp_status st = imp_dtls_read_client_hello(body, &h);
	if (st < 0)
		return st;
	/* DTLS counts down: 0xfefd and what is newer will do */
	if (h.version > IMP_DTLS_12 || h.version >> 8 != 0xfe) {
		imp_dtls_fail(r, IMP_EUNSUP, IMP_DTLS_VERSION);
		return IMP_OK;
	}
	if (!h.null_compression)
		return IMP_EPROTO;
	memcpy(s->next.random, h.random.ptr, 32);
	s->name_len = 0;
	if (h.sni.len && h.sni.len <= sizeof s->name) {
		memcpy(s->name, h.sni.ptr, h.sni.len);
		s->name_len = (uint8_t)h.sni.len;
	}
	imp_dtls_begin_flight(r);
	ask_offer(r, &h);
	return IMP_OK;
}

/* --- our flight ------------------------------------------------------------------------------ */

static imp_status make_cid(struct imp_dtls_run *r, const struct imp_dtls_hello *h)
{
	struct imp_dtls *s = r->s;
	s->next.cid_in = s->next.cid_out_len = 0;
	if (!h->has_cid || !s->cid_wanted)
		return IMP_OK;
	if (h->cid.len > IMP_DTLS_CID_MAX)
		return IMP_EUNSUP;
	s->next.cid_in = IMP_DTLS_CID;
	s->next.cid_out_len = (uint8_t)h->cid.len;
	if (h->cid.len)
		memcpy(s->next.cid_out, h->cid.ptr, h->cid.len);
	return r->cx->crypto->random(r->cx->crypto, s->next.cid, IMP_DTLS_CID);
}

static void put_type(imp_wr *w, uint16_t extension, uint8_t type)
{
	imp_wr_be16(w, extension);
	imp_wr_be16(w, 1);
	imp_wr_u8(w, type);
}

/* Only what the client has spoken of. */
static imp_status put_extensions(struct imp_dtls_run *r, imp_wr *w, const struct imp_dtls_hello *h)
{
	static const uint8_t ems[] = {0, IMP_DTLS_X_EMS, 0, 0}, none[] = {0xff, 0x01, 0, 1, 0};
	struct imp_dtls *s = r->s;
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	size_t mark = w->len;
	imp_status st = IMP_OK;
	imp_wr_be16(w, 0);
	if (h->renegotiation)
		imp_wr_bytes(w, imp_bytes(none, sizeof none));
	if (h->ems)
		imp_wr_bytes(w, imp_bytes(ems, sizeof ems));
	if (k->ecc && h->formats.len)
		imp_dtls_put_curves(w, 0);
	if (k->certs && h->server_types.len)
		put_type(w, IMP_DTLS_X_SERVER_TYPE, s->my_type);
	if (k->certs && h->client_types.len && s->auth)
		put_type(w, IMP_DTLS_X_CLIENT_TYPE, s->next.peer_type);
	if (s->next.cid_in) {
		size_t at = imp_dtls_open_ext(w, IMP_DTLS_X_CID);
		imp_dtls_put_vec8(w, imp_bytes(s->next.cid, s->next.cid_in));
		imp_dtls_close16(w, at);
	}
	if (k->put_hello)
		st = k->put_hello(r, w);
	imp_dtls_close16(w, mark);
	if (w->len == mark + 2)
		w->len = mark;
	return st;
}

static imp_status put_hello(struct imp_dtls_run *r, const struct imp_dtls_hello *h)
{
	imp_wr w = imp_dtls_msg(r);
	imp_status st;
	imp_wr_be16(&w, IMP_DTLS_12);
	imp_wr_bytes(&w, imp_bytes(r->s->next.random + 32, 32));
	imp_wr_u8(&w, 0);
	imp_wr_be16(&w, imp_dtls_suite_of(r)->id);
	imp_wr_u8(&w, 0);
	st = put_extensions(r, &w, h);
	return st < 0 ? st : imp_dtls_msg_end(r, IMP_DTLS_SERVER_HELLO, &w);
}

/* ServerKeyExchange to the end; `secret`: password or flat key, if one was asked. */
static void finish_flight(struct imp_dtls_run *r, imp_span secret)
{
	struct imp_dtls *s = r->s;
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_wr w = imp_dtls_msg(r);
	imp_status st = k->put_server(r, &w, secret);
	if (st == IMP_OK && w.len)
		st = imp_dtls_msg_end(r, IMP_DTLS_SERVER_KEX, &w);
	if (st == IMP_OK && k->certs && s->auth)
		st = k->certs->put_request(r);
	w = imp_dtls_msg(r);
	if (st == IMP_OK)
		st = imp_dtls_msg_end(r, IMP_DTLS_SERVER_DONE, &w);
	if (st < 0) {
		fail(r, st);
		return;
	}
	s->state = k->certs && s->auth ? IMP_DTLS_EXPECT_CLIENT_CERT : IMP_DTLS_EXPECT_CLIENT_KEX;
	imp_dtls_send_flight(r);
}

static imp_status answer_hello(struct imp_dtls_run *r, const struct imp_dtls_hello *h)
{
	struct imp_dtls *s = r->s;
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_status st = make_cid(r, h);
	if (st == IMP_OK)
		st = r->cx->crypto->random(r->cx->crypto, s->next.random + 32, 32);
	if (st == IMP_OK && k->take_hello)
		st = k->take_hello(r, h);
	s->next.ems = (uint8_t)h->ems;
	if (st == IMP_OK)
		st = put_hello(r, h);
	return st;
}

/* The offer was answered: the hello, which was held, is dealt with. */
static void got_offer(struct imp_dtls_run *r, const imp_msg *a)
{
	struct imp_dtls *s = r->s;
	struct imp_dtls_hello h;
	imp_span m = imp_dtls_next(s), host;
	imp_status st = imp_dtls_options(r, a->code < 0 ? imp_bytes(NULL, 0) : a->data);
	int n = -1;
	s->hold = 0;
	if (st == IMP_OK && m.len && imp_dtls_read_client_hello(imp_bytes(m.ptr + IMP_DTLS_MSG_HEAD, m.len - IMP_DTLS_MSG_HEAD), &h) == IMP_OK)
		n = choose(r, &h, a->code < 0 ? 0 : a->topic);
	if (n < 0) {
		imp_dtls_fail(r, st < 0 ? st : IMP_EUNSUP, IMP_DTLS_HANDSHAKE_FAILURE);
		return;
	}
	s->suite = (uint16_t)n;
	st = answer_hello(r, &h);
	host = h.sni.len <= sizeof s->name ? h.sni : imp_bytes(NULL, 0);
	if (st < 0)
		fail(r, st);
	else if (imp_dtls_suite_of(r)->kex->certs)
		imp_dtls_ask(r, IMP_DTLS_ASKED_CHAIN, IMP_T_KEYS, s->my_type ? IMP_K_RAW : IMP_K_CERT, host, imp_bytes(NULL, 0));
	else if (imp_dtls_suite_of(r)->kex->early)
		imp_dtls_ask(r, IMP_DTLS_ASKED_SECRET, IMP_T_KEYS, imp_dtls_suite_of(r)->kex->secret, host, imp_bytes(NULL, 0));
	else
		finish_flight(r, imp_bytes(NULL, 0));
	if (st == IMP_OK)
		imp_dtls_drop(s);
}

/* --- the client's flight ---------------------------------------------------------------------------- */

static imp_status take_certificate(struct imp_dtls_run *r, imp_span body)
{
	struct imp_dtls *s = r->s;
	imp_status st = imp_dtls_suite_of(r)->kex->certs->take(r, body);
	if (st < 0)
		return st;
	s->auth = !st; /* a proof will follow */
	s->state = IMP_DTLS_EXPECT_CLIENT_KEX;
	imp_dtls_ask(r, IMP_DTLS_ASKED_VERIFY, IMP_T_VERIFY, s->next.peer_type, imp_bytes(s->name, s->name_len), imp_bytes(imp_dtls_peer_at(s), s->peer_len));
	return IMP_OK;
}

/* The secret is there, or none is needed. */
static imp_status got_secret(struct imp_dtls_run *r, imp_span secret)
{
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	r->s->state = k->certs && r->s->auth ? IMP_DTLS_EXPECT_CERT_VERIFY : IMP_DTLS_EXPECT_CLIENT_FINISHED;
	return imp_dtls_make_keys(r, secret);
}

static imp_status take_kex(struct imp_dtls_run *r, imp_span body)
{
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_status st = k->take_client(r, body);
	imp_span identity = imp_bytes(imp_dtls_peer_at(r->s), r->s->peer_len);
	if (st < 0)
		return st;
	if (!k->secret || k->early)
		return got_secret(r, imp_bytes(NULL, 0));
	imp_dtls_ask(r, IMP_DTLS_ASKED_SECRET, IMP_T_KEYS, k->secret, identity, imp_bytes(NULL, 0));
	return IMP_OK;
}

static imp_status take_verify(struct imp_dtls_run *r, imp_span body)
{
	r->s->state = IMP_DTLS_EXPECT_CLIENT_FINISHED;
	return imp_dtls_suite_of(r)->kex->certs->take_verify(r, body);
}

static void take_finished(struct imp_dtls_run *r, imp_span body)
{
	uint8_t head[IMP_DTLS_MSG_HEAD];
	if (!imp_dtls_check_finished(r, body, 0))
		return;
	imp_dtls_put_fragment(head, IMP_DTLS_FINISHED, r->s->next_in, body.len, 0, body.len);
	imp_dtls_hash_push(r, imp_bytes(head, sizeof head));
	imp_dtls_hash_push(r, body);
	imp_dtls_begin_flight(r);
	imp_dtls_ccs_and_finished(r);
	if (r->s->state != IMP_DTLS_EXPECT_CLIENT_FINISHED)
		return; /* it failed: there are no keys */
	imp_dtls_send_flight(r);
	imp_dtls_rest(r);
	imp_dtls_connected(r);
}

static imp_status take(struct imp_dtls_run *r, uint8_t type, imp_span body)
{
	switch (r->s->state) {
	case IMP_DTLS_EXPECT_CLIENT_HELLO:
		return type == IMP_DTLS_CLIENT_HELLO ? take_client_hello(r, body) : IMP_EPROTO;
	case IMP_DTLS_EXPECT_CLIENT_CERT:
		return type == IMP_DTLS_CERTIFICATE ? take_certificate(r, body) : IMP_EPROTO;
	case IMP_DTLS_EXPECT_CLIENT_KEX:
		return type == IMP_DTLS_CLIENT_KEX ? take_kex(r, body) : IMP_EPROTO;
	case IMP_DTLS_EXPECT_CERT_VERIFY:
		return type == IMP_DTLS_CERT_VERIFY ? take_verify(r, body) : IMP_EPROTO;
	}
	return IMP_EPROTO;
}

void imp_dtls_server_takes(struct imp_dtls_run *r, uint8_t type, imp_span body)
{
	imp_status st;
	if (r->s->state == IMP_DTLS_EXPECT_CLIENT_FINISHED && type == IMP_DTLS_FINISHED) {
		take_finished(r, body);
		return;
	}
	st = take(r, type, body);
	if (st < 0)
		fail(r, st);
}

/* --- answers ------------------------------------------------------------------------------------------- */

static void got_chain(struct imp_dtls_run *r, const imp_msg *a)
{
	imp_status st = a->data.len ? imp_dtls_suite_of(r)->kex->certs->put(r, a->data) : IMP_EFACT;
	if (st < 0)
		fail(r, st);
	else
		imp_dtls_ask(r, IMP_DTLS_ASKED_KEY, IMP_T_KEY, 0, a->name, imp_bytes(NULL, 0));
}

static int refusal(int asked, const struct imp_dtls_kex *k, imp_status code)
{
	if (asked == IMP_DTLS_ASKED_VERIFY)
		return IMP_DTLS_UNKNOWN_CA;
	return asked == IMP_DTLS_ASKED_SECRET && k->secret == IMP_K_PSK ? IMP_DTLS_UNKNOWN_PSK : imp_dtls_alert_of(code);
}

void imp_dtls_server_hears(struct imp_dtls_run *r, int asked, const imp_msg *a)
{
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_status st = IMP_OK;
	if (asked == IMP_DTLS_ASKED_OFFER) {
		got_offer(r, a);
		return;
	}
	if (a->code < 0) {
		imp_dtls_fail(r, a->code, refusal(asked, k, a->code));
		return;
	}
	if (asked == IMP_DTLS_ASKED_CHAIN)
		got_chain(r, a);
	else if (asked == IMP_DTLS_ASKED_KEY || (asked == IMP_DTLS_ASKED_SECRET && k->early))
		finish_flight(r, a->data);
	else if (asked == IMP_DTLS_ASKED_SECRET)
		st = got_secret(r, a->data);
	if (st < 0)
		fail(r, st);
}
