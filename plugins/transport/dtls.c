/* dtls.c -- the layer: what comes from below and above, and ends. */
#include "dtls_cert.h"
#include "alg.h"
#include "ct.h"
#include "uri.h"

enum { FATAL = 2, PLAIN_RECORDS = 6 };

/* --- ends ------------------------------------------------------------------------------ */

/* Forget all but what was built in; tickets go on counting. */
static void reset(struct imp_dtls *s)
{
	uint32_t kex = s->kex_cap, in = s->in_cap, out = s->out_cap, peer = s->peer_cap, tickets = s->tickets;
	imp_wipe(s, sizeof *s + kex + in + out + peer);
	s->kex_cap = kex;
	s->in_cap = in;
	s->out_cap = out;
	s->peer_cap = peer;
	s->tickets = tickets;
	s->resend_at = UINT64_MAX;
}

static void end(struct imp_dtls_run *r, imp_status code, int topic)
{
	imp_msg m = imp_say(IMP_SHUT, 0, code, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	uint32_t label = r->s->label;
	r->cx->emit(r->cx, &m);
	reset(r->s);
	r->cx->wake(r->cx, UINT64_MAX);
	m.verb = IMP_DOWN;
	m.topic = (uint16_t)topic;
	m.ticket = label;
	r->cx->emit(r->cx, &m);
}

/* The second handshake of a session came to nothing. */
static void fall_back(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	imp_wipe(&s->next, sizeof s->next);
	imp_wipe(imp_dtls_kex_at(s), s->kex_cap);
	s->in_len = s->out_len = s->out_at = s->out_part = 0;
	s->ticket = s->asked = s->hold = s->ccs = s->read = s->held_len = 0;
	s->state = IMP_DTLS_CONNECTED;
	s->resend_at = UINT64_MAX;
	r->cx->wake(r->cx, UINT64_MAX);
}

void imp_dtls_fail(struct imp_dtls_run *r, imp_status code, int alert)
{
	if (r->s->live.suite) {
		fall_back(r);
		return;
	}
	if (alert > 0)
		imp_dtls_alert(r, 1, alert);
	end(r, code, alert > 0 ? alert : 0);
}

void imp_dtls_ask(struct imp_dtls_run *r, int asked, uint16_t topic, int32_t code, imp_span name, imp_span data)
{
	struct imp_dtls *s = r->s;
	imp_msg m = imp_say(IMP_ASK, topic, code, 0, name, data);
	s->tickets = s->tickets % 0xffffff + 1;
	m.ticket = s->ticket = s->tickets;
	s->asked = (uint8_t)asked;
	imp_dtls_rest(r);
	r->cx->emit(r->cx, &m);
}

/* --- the channel ------------------------------------------------------------------------- */

struct channel {
	imp_channel c; /* first */
	const struct imp_dtls_epoch *e;
	const imp_crypto *crypto;
	size_t block;
	uint8_t id[32];
};

static imp_status derive(const imp_channel *self, const char *label, imp_span context, uint8_t *out, size_t len)
{
	const struct channel *h = (const struct channel *)(const void *)self;
	return imp_dtls_export(h->e, h->crypto, h->block, label, context, out, len);
}

/* Who the peer is: its PSK identity as it is, its leaf certificate or raw key by hash. */
static void name_peer(const struct imp_dtls_run *r, struct channel *h, const struct imp_dtls_suite *u)
{
	const struct imp_dtls *s = r->s;
	imp_span kept = imp_bytes(imp_dtls_peer_at(s), s->peer_len);
	imp_rd x = imp_rd_of(kept);
	if (!s->peer_live || !kept.len)
		return;
	h->c.peer_id = kept;
	if (!u->kex->certs)
		return;
	h->c.peer_chain = s->live.peer_type ? imp_bytes(NULL, 0) : kept;
	if (!s->live.peer_type)
		kept = imp_dtls_vec24(&x);
	h->c.peer_id = imp_bytes(NULL, 0);
	if (imp_hash(r->cx->crypto, IMP_A_SHA256, &kept, 1, h->id) == IMP_OK)
		h->c.peer_id = imp_bytes(h->id, sizeof h->id);
}

static const imp_channel *channel(const struct imp_dtls_run *r)
{
	const struct imp_dtls *s = r->s;
	const struct imp_dtls_suite *u = s->live.suite ? &r->p->suites[s->live.suite - 1] : NULL;
	struct channel *h = u ? (struct channel *)(void *)r->cx->room(r->cx, sizeof *h) : NULL;
	if (!h)
		return NULL;
	memset(h, 0, sizeof *h);
	h->c.size = sizeof h->c;
	h->c.kind = IMP_DTLS_12;
	h->c.suite = u->id;
	h->c.derive = derive;
	if (s->live.ems)
		h->c.binding = imp_bytes(s->live.unique, sizeof s->live.unique);
	h->e = &s->live;
	h->crypto = r->cx->crypto;
	h->block = 2u * ((size_t)u->bulk->mac + u->bulk->key + u->bulk->iv);
	name_peer(r, h, u);
	return &h->c;
}

const imp_channel *imp_dtls_channel(const imp_dtls_profile *p, const void *state, imp_cx *cx)
{
	struct imp_dtls_run r = {(struct imp_dtls *)(uintptr_t)state, cx, p, IMP_OK};
	return channel(&r);
}

/* --- connected --------------------------------------------------------------------------------- */

static void say_up(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	size_t most = s->below ? imp_dtls_fits(r, &s->live, s->below) : 0;
	imp_msg m = imp_say(IMP_UP, 0, (int32_t)most, s->label, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	m.channel = channel(r);
	if (!m.channel)
		r->fault = IMP_ENOSPC; /* UP without one would say that nothing is secured */
	r->cx->emit(r->cx, &m);
}

void imp_dtls_connected(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	imp_msg m = imp_say(IMP_DOWN, 0, IMP_ELINK, s->label, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	uint8_t key[1 + IMP_DTLS_CID];
	int again = s->live.suite != 0;
	s->live = s->next;
	imp_wipe(&s->next, sizeof s->next);
	s->state = IMP_DTLS_CONNECTED;
	s->read = s->ccs = s->held_len = 0;
	s->peer_live = 1;
	if (!s->server)
		imp_dtls_rest(r);
	if (again)
		r->cx->emit(r->cx, &m);
	if (s->live.cid_in) {
		key[0] = IMP_DTLS_WITH_CID;
		memcpy(key + 1, s->live.cid, IMP_DTLS_CID);
		m = imp_say(IMP_TELL, IMP_T_ROUTE, 0, 0, imp_bytes(key, sizeof key), imp_bytes(NULL, 0));
		r->cx->emit(r->cx, &m);
	}
	say_up(r);
}

/* --- handshake messages -------------------------------------------------------------------------- */

static int in_handshake(const struct imp_dtls *s)
{
	return s->state >= IMP_DTLS_EXPECT_SERVER_HELLO;
}

static int expects_finished(const struct imp_dtls *s)
{
	return s->state == IMP_DTLS_EXPECT_SERVER_FINISHED || s->state == IMP_DTLS_EXPECT_CLIENT_FINISHED;
}

static void open_held(struct imp_dtls_run *r);

/* One message whose turn it is: into the transcript, and to its side. */
static void take(struct imp_dtls_run *r, imp_span m)
{
	struct imp_dtls *s = r->s;
	uint8_t type = m.ptr[0];
	imp_span body = imp_bytes(m.ptr + IMP_DTLS_MSG_HEAD, m.len - IMP_DTLS_MSG_HEAD);
	int after = type == IMP_DTLS_CERT_VERIFY;
	if (type == IMP_DTLS_CLIENT_HELLO)
		imp_dtls_hash_start(r);
	if (!after && type != IMP_DTLS_FINISHED && type != IMP_DTLS_HELLO_VERIFY)
		imp_dtls_hash_push(r, m);
	if (s->server)
		r->p->server_takes(r, type, body);
	else
		r->p->client_takes(r, type, body);
	if (!in_handshake(s) && s->state != IMP_DTLS_CONNECTED)
		return; /* it ended, and nothing is left */
	if (after)
		imp_dtls_hash_push(r, m);
	if (!s->hold)
		imp_dtls_drop(s);
}

/* All messages whose turn has come; questions interrupt. */
static void pump(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	while (in_handshake(s) && !s->ticket) {
		imp_span m = imp_dtls_next(s);
		if (!m.len)
			break;
		if (expects_finished(s) != (m.ptr[0] == IMP_DTLS_FINISHED)) {
			imp_dtls_fail(r, IMP_EPROTO, IMP_DTLS_UNEXPECTED);
			return;
		}
		take(r, m);
	}
	if (s->ccs && !s->read && !s->ticket && expects_finished(s)) {
		s->read = 1;
		open_held(r);
	}
}

/* --- a new ClientHello ------------------------------------------------------------------------------ */

/* Server: does this begin a handshake, the first or another? */
static int begins(struct imp_dtls *s, const struct imp_dtls_fragment *f)
{
	struct imp_dtls_hello h;
	if (!s->server || f->type != IMP_DTLS_CLIENT_HELLO || (f->at && !s->first))
		return 0;
	if (s->first)
		return 1;
	if (imp_dtls_read_hello_start(f->part, &h) < 0 || !h.cookie.len)
		return 0;
	return memcmp(h.random.ptr, s->live.suite && s->state == IMP_DTLS_CONNECTED ? s->live.random : s->next.random, 32) != 0;
}

static void begin(struct imp_dtls_run *r, const struct imp_dtls_fragment *f, uint64_t seq)
{
	struct imp_dtls *s = r->s;
	struct imp_dtls_hello h;
	imp_wipe(&s->next, sizeof s->next);
	imp_wipe(imp_dtls_kex_at(s), s->kex_cap);
	if (!f->at && imp_dtls_read_hello_start(f->part, &h) == IMP_OK)
		memcpy(s->next.random, h.random.ptr, 32); /* by which its other copies are known */
	s->in_len = 0;
	s->next_in = s->next_out = f->seq;
	s->wseq = seq; /* as the HelloVerifyRequest: RFC 6347 4.2.1 */
	s->ticket = s->asked = s->hold = s->ccs = s->read = s->held_len = s->first = 0;
	imp_dtls_begin_flight(r);
	s->state = IMP_DTLS_EXPECT_CLIENT_HELLO;
	if (s->live.suite) {
		s->resend_at = r->cx->now + 4 * IMP_DTLS_TIMEOUT_MAX;
		r->cx->wake(r->cx, s->resend_at);
	}
}

/* Handshake records: epoch 0, or 1 where Finished is.  Sorted: triage() has
 * looked at the first fragment, and at its cookie. */
static void take_fragments(struct imp_dtls_run *r, imp_span in, uint16_t epoch, uint64_t seq, int sorted)
{
	struct imp_dtls *s = r->s;
	imp_rd x = imp_rd_of(in);
	struct imp_dtls_fragment f;
	imp_status st = IMP_OK;
	for (; imp_dtls_read_fragment(&x, &f); sorted = 0) {
		if (sorted && begins(s, &f))
			begin(r, &f, seq);
		else if ((int16_t)(uint16_t)(f.seq - s->next_in) < 0 && !f.at && (s->server || in_handshake(s)))
			imp_dtls_repeat(r); /* said before: our answer was lost */
		if (!in_handshake(s) || (f.type == IMP_DTLS_FINISHED) != (epoch != 0))
			continue;
		st = imp_dtls_collect(s, &f);
		if (st < 0) {
			imp_dtls_fail(r, st, IMP_DTLS_INTERNAL);
			return;
		}
	}
	pump(r);
}

/* --- records -------------------------------------------------------------------------------------------- */

static void take_alert(struct imp_dtls_run *r, imp_span in, int sealed)
{
	struct imp_dtls *s = r->s;
	if (in.len != 2 || (s->live.suite && !sealed))
		return;
	if (in.ptr[1] == IMP_DTLS_CLOSE) {
		if (sealed)
			imp_dtls_alert(r, 0, IMP_DTLS_CLOSE);
		end(r, sealed ? IMP_OK : IMP_ELINK, 0);
	} else if (in.ptr[0] == FATAL)
		end(r, IMP_EPEER, in.ptr[1]);
}

static void deliver(struct imp_dtls_run *r, const imp_msg *rx, imp_span data)
{
	imp_msg m = imp_say(IMP_RX, 0, 0, 0, rx->name, data);
	m.channel = channel(r);
	if (m.channel)
		r->cx->emit(r->cx, &m);
}

/* A handshake message under the live keys: renegotiation, or an old Finished. */
static void decline(struct imp_dtls_run *r, imp_span in)
{
	struct imp_dtls *s = r->s;
	if (in.len && in.ptr[0] == IMP_DTLS_FINISHED && s->server)
		imp_dtls_repeat(r);
	else if (in.len && in.ptr[0] == (s->server ? IMP_DTLS_CLIENT_HELLO : IMP_DTLS_HELLO_REQUEST))
		imp_dtls_alert(r, 0, IMP_DTLS_NO_RENEGOTIATION);
}

/* The peer has moved: only a verified record newer than all others tells. */
static void follow(struct imp_dtls *s, const imp_msg *rx, const struct imp_dtls_record *c)
{
	if (!c->cid.len || c->seq + 1 != s->live.top || rx->name.len > sizeof s->addr)
		return;
	if (rx->name.len)
		memcpy(s->addr, rx->name.ptr, rx->name.len);
	s->addr_len = (uint8_t)rx->name.len;
}

static void take_live(struct imp_dtls_run *r, const imp_msg *rx, const struct imp_dtls_record *c)
{
	imp_span in;
	uint8_t type;
	if (imp_dtls_open_record(r, &r->s->live, c, &type, &in) < 0)
		return;
	follow(r->s, rx, c);
	if (type == IMP_DTLS_DATA)
		deliver(r, rx, in);
	else if (type == IMP_DTLS_ALERT)
		take_alert(r, in, 1);
	else if (type == IMP_DTLS_HANDSHAKE)
		decline(r, in);
}

/* While Finished is awaited a record that does not open means a wrong key. */
static int take_next(struct imp_dtls_run *r, const struct imp_dtls_record *c)
{
	struct imp_dtls *s = r->s;
	imp_span in;
	uint8_t type;
	if (imp_dtls_open_record(r, &s->next, c, &type, &in) < 0) {
		if (!s->live.suite && c->seq >= s->next.top)
			imp_dtls_fail(r, IMP_EAUTH, IMP_DTLS_BAD_MAC);
		return 0;
	}
	if (type == IMP_DTLS_HANDSHAKE)
		take_fragments(r, in, 1, c->seq, 0);
	else if (type == IMP_DTLS_ALERT && s->live.suite)
		fall_back(r); /* it ends the second handshake alone */
	else if (type == IMP_DTLS_ALERT)
		take_alert(r, in, 1);
	return 1;
}

static void take_sealed(struct imp_dtls_run *r, const imp_msg *rx, const struct imp_dtls_record *c)
{
	struct imp_dtls *s = r->s;
	if (s->read && s->next.suite && take_next(r, c))
		return;
	if (s->live.suite) {
		take_live(r, rx, c);
		if (s->state == IMP_DTLS_CONNECTED || s->read)
			return;
	}
	if (in_handshake(s) && !s->read && c->head.len + c->payload.len <= sizeof s->held) { /* too early, perhaps */
		s->held_len = (uint8_t)(c->head.len + c->payload.len);
		memcpy(s->held, c->head.ptr, s->held_len);
	}
}

static void open_held(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	uint8_t bytes[IMP_DTLS_HELD];
	imp_rd x = imp_rd_of(imp_bytes(bytes, s->held_len));
	struct imp_dtls_record c;
	memcpy(bytes, s->held, s->held_len);
	s->held_len = 0;
	if (imp_dtls_read_record(&x, s->next.cid_in, &c))
		take_next(r, &c);
}

static void take_record(struct imp_dtls_run *r, const imp_msg *rx, const struct imp_dtls_record *c, int first)
{
	struct imp_dtls *s = r->s;
	if (c->epoch == 1 && c->type != IMP_DTLS_CCS)
		take_sealed(r, rx, c);
	if (c->epoch || c->type == IMP_DTLS_WITH_CID)
		return;
	if (c->type == IMP_DTLS_HANDSHAKE)
		take_fragments(r, c->payload, 0, c->seq, first);
	else if (c->type == IMP_DTLS_ALERT && in_handshake(s))
		take_alert(r, c->payload, 0);
	else if (c->type == IMP_DTLS_CCS && in_handshake(s) && c->payload.len == 1 && c->payload.ptr[0] == 1) {
		s->ccs = 1;
		pump(r);
	}
}

static void received(struct imp_dtls_run *r, const imp_msg *rx)
{
	struct imp_dtls *s = r->s;
	imp_rd x = imp_rd_of(rx->data);
	struct imp_dtls_record c;
	int known;
	if (s->first && rx->name.len <= sizeof s->addr && rx->name.len) {
		memcpy(s->addr, rx->name.ptr, rx->name.len);
		s->addr_len = (uint8_t)rx->name.len;
	}
	known = s->first || imp_same(rx->name, imp_bytes(s->addr, s->addr_len)); /* whoever has the address of one that moved is another */
	for (int i = 0; i < PLAIN_RECORDS || in_handshake(s); i++) {
		size_t cid = s->live.cid_in ? s->live.cid_in : s->next.cid_in;
		if (s->state < IMP_DTLS_CONNECTED || !imp_rd_left(&x) || !imp_dtls_read_record(&x, cid, &c))
			return;
		take_record(r, rx, &c, i == 0 && known);
	}
}

/* --- from above ------------------------------------------------------------------------------------------- */

static int same_text(imp_span a, const char *b)
{
	return imp_same_nocase(a, imp_bytes(b, strlen(b)));
}

/* A host name, not an address: what may stand in server_name. */
static int is_name(imp_span host)
{
	size_t digits = 0;
	for (size_t i = 0; i < host.len; i++) {
		if (host.ptr[i] == ':')
			return 0;
		digits += host.ptr[i] == '.' || (host.ptr[i] >= '0' && host.ptr[i] <= '9');
	}
	return digits < host.len;
}

static imp_status open(struct imp_dtls_run *r, const imp_msg *m)
{
	struct imp_dtls *s = r->s;
	imp_uri u;
	imp_status st = imp_uri_parse(m->name, &u);
	imp_msg down = imp_say(IMP_DOWN, 0, IMP_EARG, m->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	reset(s);
	r->cx->wake(r->cx, UINT64_MAX);
	s->label = m->ticket;
	if (st < 0 || !(same_text(u.scheme, "coaps") || same_text(u.scheme, "dtls"))) {
		s->state = IMP_DTLS_PLAIN;
		return IMP_PASS;
	}
	if (is_name(u.host) && u.host.len <= sizeof s->name) {
		memcpy(s->name, u.host.ptr, u.host.len);
		s->name_len = (uint8_t)u.host.len;
	}
	if (!r->p->start_client || imp_dtls_options(r, m->data) < 0) {
		reset(s);
		r->cx->emit(r->cx, &down);
		return IMP_OK;
	}
	s->state = IMP_DTLS_OPENING;
	return IMP_PASS;
}

static imp_status up(struct imp_dtls_run *r, const imp_msg *m)
{
	struct imp_dtls *s = r->s;
	if (s->state == IMP_DTLS_PLAIN)
		return IMP_PASS;
	s->below = (uint16_t)(m->code < 0 ? 0 : m->code > 0xffff ? 0xffff : m->code);
	if (s->state == IMP_DTLS_OPENING)
		r->p->start_client(r);
	else if (s->state == IMP_DTLS_IDLE && r->p->start_server) {
		s->server = 1;
		r->p->start_server(r);
	}
	return IMP_OK;
}

static imp_status transmit(struct imp_dtls_run *r, const imp_msg *m)
{
	struct imp_dtls *s = r->s;
	size_t room = s->live.suite ? imp_dtls_fits(r, &s->live, s->below ? s->below : 0xffff) : 0;
	imp_msg a = imp_say(IMP_ANSWER, 0, s->live.suite ? IMP_ENOSPC : IMP_ELINK, m->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	if (s->state == IMP_DTLS_PLAIN)
		return IMP_PASS;
	if (s->live.suite && m->data.len <= room)
		imp_dtls_send(r, &s->live, IMP_DTLS_DATA, m->data, m->ticket);
	else if (m->ticket)
		r->cx->emit(r->cx, &a);
	return IMP_OK;
}

static imp_status shut(struct imp_dtls_run *r)
{
	if (r->s->live.suite)
		imp_dtls_alert(r, 0, IMP_DTLS_CLOSE);
	else if (in_handshake(r->s) && !r->s->first)
		imp_dtls_alert(r, 1, IMP_DTLS_CANCELLED);
	reset(r->s);
	r->cx->wake(r->cx, UINT64_MAX);
	return IMP_PASS;
}

static imp_status answered(struct imp_dtls_run *r, const imp_msg *m)
{
	struct imp_dtls *s = r->s;
	int asked = s->asked;
	if (!s->ticket || m->ticket != s->ticket)
		return IMP_OK;
	s->ticket = s->asked = 0;
	if (s->server)
		r->p->server_hears(r, asked, m);
	else
		r->p->client_hears(r, asked, m);
	pump(r);
	if (in_handshake(s) && !s->ticket)
		imp_dtls_arm(r);
	return r->fault;
}

imp_status imp_dtls_step(const imp_dtls_profile *p, void *state, imp_cx *cx, const imp_msg *m)
{
	struct imp_dtls_run run = {state, cx, p, IMP_OK}, *r = &run;
	struct imp_dtls *s = state;
	switch (m->verb) {
	case IMP_RX:
		if (s->state == IMP_DTLS_PLAIN)
			return IMP_PASS;
		received(r, m);
		return r->fault;
	case IMP_UP:
		return up(r, m);
	case IMP_DOWN:
		reset(s);
		cx->wake(cx, UINT64_MAX);
		return IMP_PASS;
	case IMP_TX:
		return transmit(r, m);
	case IMP_OPEN:
		return open(r, m);
	case IMP_SHUT:
		return shut(r);
	case IMP_ANSWER:
		return answered(r, m);
	case IMP_TICK:
		imp_dtls_tick(r);
		return IMP_OK;
	}
	return IMP_PASS;
}

/* --- sizes -------------------------------------------------------------------------------------------------- */

static size_t round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static size_t chain_of(const imp_dtls_profile *p, const imp_params *q)
{
	return p->certs ? q->max_chain : 0;
}

static size_t peer_of(const imp_dtls_profile *p, const imp_params *q)
{
	size_t n = chain_of(p, q);
	return n > IMP_DTLS_IDENTITY ? n : IMP_DTLS_IDENTITY;
}

size_t imp_dtls_need(const imp_dtls_profile *p, const imp_params *q)
{
	size_t n = chain_of(p, q);
	return sizeof(struct imp_dtls) + round8(p->kex) + round8(p->in + n + n / 8) + round8(p->out + n) + round8(peer_of(p, q));
}

imp_status imp_dtls_init(const imp_dtls_profile *p, void *state, const imp_params *q)
{
	struct imp_dtls *s = state;
	size_t n = chain_of(p, q);
	if (n > 0x7000)
		return IMP_EARG;
	s->kex_cap = (uint32_t)round8(p->kex);
	s->in_cap = (uint32_t)round8(p->in + n + n / 8);
	s->out_cap = (uint32_t)round8(p->out + n);
	s->peer_cap = (uint32_t)round8(peer_of(p, q));
	s->resend_at = UINT64_MAX;
	return IMP_OK;
}

/* A few datagrams of a flight and their parts, a received datagram opened. */
size_t imp_dtls_work(const imp_params *q)
{
	return 2u * IMP_DTLS_FLIGHT * (IMP_DTLS_MTU + 64u) + 2u * ((size_t)q->max_msg + 256u) + q->max_chain;
}

const char *imp_dtls_where(const void *state)
{
	static const char names[][16] = {
		"idle", "opening", "plain", "connected", "server-hello", "server-cert", "server-kex", "server-done",
		"server-finished", "client-hello", "choosing", "client-cert", "client-kex", "cert-verify", "client-finished",
	};
	return names[((const struct imp_dtls *)state)->state];
}
