/* dtls_client.c -- the client's side of a handshake. */
#include "dtls_cert.h"

enum { SCSV = 0x00ff, COOKIE_AT = 35, COOKIE_MAX = 255 };

static void fail(struct imp_dtls_run *r, imp_status st)
{
	imp_dtls_fail(r, st, imp_dtls_alert_of(st));
}

/* --- ClientHello --------------------------------------------------------------------- */

static int any_certs(const struct imp_dtls_run *r)
{
	for (int i = 0; i < r->s->order_n; i++)
		if (r->p->suites[r->s->order[i]].kex->certs)
			return 1;
	return 0;
}

static int any_ecc(const struct imp_dtls_run *r)
{
	for (int i = 0; i < r->s->order_n; i++)
		if (r->p->suites[r->s->order[i]].kex->ecc)
			return 1;
	return 0;
}

/* Both certificate type extensions, unless they would say what is assumed. */
static void put_types(const struct imp_dtls *s, imp_wr *w)
{
	if (s->types_n == 1 && !s->types[0])
		return;
	for (uint16_t x = IMP_DTLS_X_CLIENT_TYPE; x <= IMP_DTLS_X_SERVER_TYPE; x++) {
		size_t mark = imp_dtls_open_ext(w, x);
		imp_dtls_put_vec8(w, imp_bytes(s->types, s->types_n));
		imp_dtls_close16(w, mark);
	}
}

static void put_cert_extensions(const struct imp_dtls *s, imp_wr *w)
{
	static const uint8_t es256[] = {0, IMP_DTLS_X_SIGS, 0, 4, 0, 2, 4, 3};
	imp_wr_bytes(w, imp_bytes(es256, sizeof es256));
	put_types(s, w);
}

static void put_sni(const struct imp_dtls *s, imp_wr *w)
{
	size_t mark = imp_dtls_open_ext(w, IMP_DTLS_X_SNI);
	imp_wr_be16(w, (uint16_t)(s->name_len + 3));
	imp_wr_u8(w, 0);
	imp_wr_be16(w, s->name_len);
	imp_wr_bytes(w, imp_bytes(s->name, s->name_len));
	imp_dtls_close16(w, mark);
}

static imp_status put_extensions(struct imp_dtls_run *r, imp_wr *w)
{
	static const uint8_t ems[] = {0, IMP_DTLS_X_EMS, 0, 0}, cid[] = {0, IMP_DTLS_X_CID, 0, 1, 0};
	struct imp_dtls *s = r->s;
	size_t mark = w->len;
	imp_status st = IMP_OK;
	imp_wr_be16(w, 0);
	imp_wr_bytes(w, imp_bytes(ems, sizeof ems));
	if (s->name_len)
		put_sni(s, w);
	if (any_ecc(r))
		imp_dtls_put_curves(w, 1);
	if (any_certs(r))
		put_cert_extensions(s, w);
	if (s->cid_wanted)
		imp_wr_bytes(w, imp_bytes(cid, sizeof cid));
	for (int i = 0; st == IMP_OK && i < s->order_n; i++) {
		const struct imp_dtls_kex *k = r->p->suites[s->order[i]].kex;
		st = k->put_hello ? k->put_hello(r, w) : IMP_OK;
	}
	imp_dtls_close16(w, mark);
	return st;
}

static imp_status put_hello(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	imp_wr w = imp_dtls_msg(r);
	imp_status st;
	imp_wr_be16(&w, IMP_DTLS_12);
	imp_wr_bytes(&w, imp_bytes(s->next.random, 32));
	imp_wr_be16(&w, 0); /* no session, no cookie */
	imp_wr_be16(&w, (uint16_t)(2 * s->order_n + 2));
	for (int i = 0; i < s->order_n; i++)
		imp_wr_be16(&w, r->p->suites[s->order[i]].id);
	imp_wr_be16(&w, SCSV);
	imp_wr_be16(&w, 0x0100); /* one compression method: none */
	st = put_extensions(r, &w);
	return st < 0 ? st : imp_dtls_msg_end(r, IMP_DTLS_CLIENT_HELLO, &w);
}

void imp_dtls_start_client(struct imp_dtls_run *r)
{
	const imp_crypto *c = r->cx->crypto;
	imp_status st = c->random(c, r->s->next.random, 32);
	imp_dtls_hash_start(r);
	imp_dtls_begin_flight(r);
	if (st == IMP_OK)
		st = put_hello(r);
	if (st < 0) {
		fail(r, st);
		return;
	}
	r->s->state = IMP_DTLS_EXPECT_SERVER_HELLO;
	imp_dtls_send_flight(r);
}

/* The same hello with the cookie in it, as the first message that counts. */
static void take_hello_verify(struct imp_dtls_run *r, imp_span body)
{
	struct imp_dtls *s = r->s;
	imp_rd x = imp_rd_of(body);
	imp_span cookie, message;
	uint8_t *head = imp_dtls_out_at(s);
	imp_wr w = imp_wr_to(head, s->out_cap);
	imp_rd_be16(&x);
	cookie = imp_dtls_vec8(&x);
	if (imp_rd_end(&x) < 0 || !cookie.len || s->cookie) {
		imp_dtls_fail(r, IMP_EPROTO, IMP_DTLS_UNEXPECTED);
		return;
	}
	w.len = s->out_len;
	imp_wr_insert(&w, IMP_DTLS_MSG_HEAD + COOKIE_AT + 1, cookie);
	if (imp_wr_end(&w) < 0) {
		fail(r, IMP_ENOSPC);
		return;
	}
	s->cookie = 1;
	s->out_len = (uint16_t)w.len;
	head[IMP_DTLS_MSG_HEAD + COOKIE_AT] = (uint8_t)cookie.len;
	imp_dtls_put_fragment(head, IMP_DTLS_CLIENT_HELLO, s->next_out++, w.len - IMP_DTLS_MSG_HEAD, 0, w.len - IMP_DTLS_MSG_HEAD);
	message = imp_bytes(head, w.len);
	imp_dtls_hash_start(r);
	imp_dtls_hash_push(r, message);
	imp_dtls_send_flight(r);
}

/* --- ServerHello ------------------------------------------------------------------------ */

static int chosen(const struct imp_dtls_run *r, uint16_t id)
{
	int n = imp_dtls_number_of(r->p, id);
	for (int i = 0; i < r->s->order_n; i++)
		if (r->s->order[i] == n)
			return n;
	return -1;
}

static imp_status take_type(const struct imp_dtls *s, imp_span said, uint8_t *out)
{
	*out = said.len ? said.ptr[0] : 0;
	for (int i = 0; i < s->types_n; i++)
		if (s->types[i] == *out)
			return IMP_OK;
	return IMP_EPROTO;
}

static imp_status take_cid(struct imp_dtls *s, const struct imp_dtls_hello *h)
{
	if (!h->has_cid)
		return IMP_OK;
	if (!s->cid_wanted || h->cid.len > IMP_DTLS_CID_MAX)
		return IMP_EPROTO;
	if (h->cid.len)
		memcpy(s->next.cid_out, h->cid.ptr, h->cid.len);
	s->next.cid_out_len = (uint8_t)h->cid.len;
	return IMP_OK;
}

static imp_status take_server_hello(struct imp_dtls_run *r, imp_span body)
{
	struct imp_dtls *s = r->s;
	struct imp_dtls_hello h;
	imp_status st = imp_dtls_read_server_hello(body, &h);
	int n;
	if (st == IMP_EUNSUP) { /* an extension that we never sent */
		imp_dtls_fail(r, IMP_EPROTO, IMP_DTLS_UNSUPPORTED_EXT);
		return IMP_OK;
	}
	if (st < 0)
		return st;
	n = chosen(r, h.suite);
	if (h.version != IMP_DTLS_12)
		return IMP_EUNSUP;
	if (n < 0 || !h.null_compression)
		return IMP_EPROTO;
	s->suite = (uint16_t)n;
	s->next.ems = (uint8_t)h.ems;
	memcpy(s->next.random + 32, h.random.ptr, 32);
	st = take_cid(s, &h);
	if (st == IMP_OK && imp_dtls_suite_of(r)->kex->certs)
		st = take_type(s, h.server_types, &s->next.peer_type);
	if (st == IMP_OK && imp_dtls_suite_of(r)->kex->certs && h.client_types.len)
		st = take_type(s, h.client_types, &s->my_type);
	if (st == IMP_OK && imp_dtls_suite_of(r)->kex->take_hello)
		st = imp_dtls_suite_of(r)->kex->take_hello(r, &h);
	s->auth = 0; /* from here on: a certificate was asked for */
	s->state = imp_dtls_suite_of(r)->kex->certs ? IMP_DTLS_EXPECT_SERVER_CERT : IMP_DTLS_EXPECT_SERVER_KEX;
	return st;
}

/* --- the second flight --------------------------------------------------------------------- */

/* All questions are answered: the rest of the flight. */
static void finish_flight(struct imp_dtls_run *r, imp_span identity, imp_span secret)
{
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_wr w = imp_dtls_msg(r);
	imp_status st = k->put_client(r, &w, identity, secret);
	if (st == IMP_OK)
		st = imp_dtls_msg_end(r, IMP_DTLS_CLIENT_KEX, &w);
	if (st == IMP_OK)
		st = imp_dtls_make_keys(r, k->secret ? secret : imp_bytes(NULL, 0));
	if (st == IMP_OK && k->certs && secret.len)
		st = k->certs->put_verify(r, secret);
	if (st < 0) {
		fail(r, st);
		return;
	}
	imp_dtls_ccs_and_finished(r);
	if (r->s->state == IMP_DTLS_IDLE)
		return;
	r->s->state = IMP_DTLS_EXPECT_SERVER_FINISHED;
	imp_dtls_send_flight(r);
}

static void take_done(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_span host = imp_bytes(s->name, s->name_len), hint = imp_bytes(imp_dtls_peer_at(s), s->peer_len);
	imp_dtls_begin_flight(r);
	if (k->certs && s->auth)
		imp_dtls_ask(r, IMP_DTLS_ASKED_CHAIN, IMP_T_KEYS, s->my_type ? IMP_K_RAW : IMP_K_CERT, host, imp_bytes(NULL, 0));
	else if (k->secret)
		imp_dtls_ask(r, IMP_DTLS_ASKED_SECRET, IMP_T_KEYS, k->secret, k->secret == IMP_K_PSK ? hint : host, imp_bytes(NULL, 0));
	else
		finish_flight(r, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
}

/* --- messages ---------------------------------------------------------------------------------- */

static imp_status take_certificate(struct imp_dtls_run *r, imp_span body)
{
	struct imp_dtls *s = r->s;
	imp_status st = imp_dtls_suite_of(r)->kex->certs->take(r, body);
	if (st)
		return st < 0 ? st : IMP_EPROTO; /* a server shows one */
	s->state = IMP_DTLS_EXPECT_SERVER_KEX;
	imp_dtls_ask(r, IMP_DTLS_ASKED_VERIFY, IMP_T_VERIFY, s->next.peer_type, imp_bytes(s->name, s->name_len), imp_bytes(imp_dtls_peer_at(s), s->peer_len));
	return IMP_OK;
}

static imp_status take_kex(struct imp_dtls_run *r, uint8_t type, imp_span body)
{
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_status st = IMP_EPROTO;
	r->s->state = IMP_DTLS_EXPECT_DONE;
	if (type == IMP_DTLS_SERVER_KEX)
		st = k->take_server(r, body);
	else if (type == IMP_DTLS_SERVER_DONE && k->silent && !body.len) {
		take_done(r);
		return IMP_OK;
	}
	return st;
}

static imp_status take_last(struct imp_dtls_run *r, uint8_t type, imp_span body)
{
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	if (type == IMP_DTLS_CERT_REQUEST && k->certs && !r->s->auth) {
		r->s->auth = 1;
		return k->certs->take_request(r, body);
	}
	if (type != IMP_DTLS_SERVER_DONE || body.len)
		return IMP_EPROTO;
	take_done(r);
	return IMP_OK;
}

static imp_status take(struct imp_dtls_run *r, uint8_t type, imp_span body)
{
	switch (r->s->state) {
	case IMP_DTLS_EXPECT_SERVER_HELLO:
		return type == IMP_DTLS_SERVER_HELLO ? take_server_hello(r, body) : IMP_EPROTO;
	case IMP_DTLS_EXPECT_SERVER_CERT:
		return type == IMP_DTLS_CERTIFICATE ? take_certificate(r, body) : IMP_EPROTO;
	case IMP_DTLS_EXPECT_SERVER_KEX:
		return take_kex(r, type, body);
	case IMP_DTLS_EXPECT_DONE:
		return take_last(r, type, body);
	}
	return IMP_EPROTO;
}

void imp_dtls_client_takes(struct imp_dtls_run *r, uint8_t type, imp_span body)
{
	imp_status st;
	if (r->s->state == IMP_DTLS_EXPECT_SERVER_HELLO && type == IMP_DTLS_HELLO_VERIFY) {
		take_hello_verify(r, body);
		return;
	}
	if (r->s->state == IMP_DTLS_EXPECT_SERVER_FINISHED && type == IMP_DTLS_FINISHED) {
		if (imp_dtls_check_finished(r, body, 1))
			imp_dtls_connected(r);
		return;
	}
	st = take(r, type, body);
	if (st < 0 && r->s->state != IMP_DTLS_IDLE)
		fail(r, st);
}

/* --- answers --------------------------------------------------------------------------------------- */

static void got_chain(struct imp_dtls_run *r, const imp_msg *a)
{
	imp_status st = imp_dtls_suite_of(r)->kex->certs->put(r, a->code < 0 ? imp_bytes(NULL, 0) : a->data);
	if (st < 0)
		fail(r, st);
	else if (a->code < 0 || !a->data.len)
		finish_flight(r, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	else
		imp_dtls_ask(r, IMP_DTLS_ASKED_KEY, IMP_T_KEY, 0, a->name, imp_bytes(NULL, 0));
}

void imp_dtls_client_hears(struct imp_dtls_run *r, int asked, const imp_msg *a)
{
	if (asked == IMP_DTLS_ASKED_CHAIN)
		got_chain(r, a);
	else if (a->code < 0)
		imp_dtls_fail(r, a->code, asked == IMP_DTLS_ASKED_VERIFY ? IMP_DTLS_UNKNOWN_CA : imp_dtls_alert_of(a->code));
	else if (asked != IMP_DTLS_ASKED_VERIFY)
		finish_flight(r, a->name, a->data);
}
