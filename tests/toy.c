/* toy.c -- a protocol (join), a reliable REST-like layer (rest) and a layer
 * that seals datagrams with a PSK and offers a channel (seal). */
#include "imprint.h"
#include <string.h>

#define TEXT(s) imp_bytes(s, sizeof(s) - 1)
#define NONE imp_bytes(0, 0)

static int is(imp_span a, const char *text)
{
	return a.len == strlen(text) && (!a.len || !memcmp(a.ptr, text, a.len));
}

static imp_status say(imp_cx *cx, uint16_t verb, uint16_t topic, int32_t code, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	return cx->emit(cx, &m);
}

static imp_status answer(imp_cx *cx, uint32_t ticket, int32_t code, imp_span data)
{
	return ticket ? say(cx, IMP_ANSWER, 0, code, ticket, NONE, data) : IMP_OK;
}

/* --- seal: wire = 'D' sequence sealed-bytes tag -------------------------- */

enum { SEAL_IDLE, SEAL_ASKING, SEAL_UP, PSK = 16, SEAL_OVERHEAD = 3 };

struct seal {
	uint8_t state, seq, key[PSK];
	uint32_t tickets, psk, msk, label;
	int32_t mtu;
};

struct seal_channel {
	imp_channel c;
	const struct seal *s;
};

static size_t seal_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct seal);
}

static imp_status no_init(void *state, const imp_params *p)
{
	(void)state;
	(void)p;
	return IMP_OK;
}

static imp_status seal_derive(const imp_channel *self, const char *label, imp_span context, uint8_t *out, size_t len)
{
	const struct seal *s = ((const struct seal_channel *)(const void *)self)->s;
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < PSK; i++)
		h = (h ^ s->key[i]) * 16777619u;
	for (; *label; label++)
		h = (h ^ (uint8_t)*label) * 16777619u;
	for (size_t i = 0; i < context.len; i++)
		h = (h ^ context.ptr[i]) * 16777619u;
	for (size_t i = 0; i < len; i++, h *= 16777619u)
		out[i] = (uint8_t)(h >> 24);
	return IMP_OK;
}

static const imp_channel *seal_channel(const void *state, imp_cx *cx)
{
	const struct seal *s = state;
	struct seal_channel *c;
	if (s->state != SEAL_UP)
		return NULL;
	c = (struct seal_channel *)(void *)cx->room(cx, sizeof *c);
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->c.size = sizeof c->c;
	c->c.peer_id = TEXT("psk");
	c->c.derive = seal_derive;
	c->s = s;
	return &c->c;
}

static uint8_t seal_tag(const struct seal *s, const uint8_t *p, size_t n)
{
	uint8_t tag = s->key[0];
	for (size_t i = 0; i < n; i++)
		tag = (uint8_t)(tag * 31 + p[i]);
	return tag;
}

static void seal_xor(const struct seal *s, uint8_t seq, const uint8_t *in, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(in[i] ^ s->key[(i + seq) % PSK] ^ seq);
}

static imp_status seal_tx(struct seal *s, imp_cx *cx, const imp_msg *m)
{
	uint8_t *p;
	if (s->state != SEAL_UP)
		return answer(cx, m->ticket, IMP_ELINK, NONE);
	p = cx->room(cx, m->data.len + SEAL_OVERHEAD);
	if (!p)
		return IMP_ENOSPC;
	p[0] = 'D';
	p[1] = s->seq++;
	seal_xor(s, p[1], m->data.ptr, m->data.len, p + 2);
	p[2 + m->data.len] = seal_tag(s, p, m->data.len + 2);
	return say(cx, IMP_TX, 0, 0, 0, m->name, imp_bytes(p, m->data.len + SEAL_OVERHEAD));
}

static imp_status seal_rx(struct seal *s, imp_cx *cx, const imp_msg *m)
{
	size_t n = m->data.len;
	uint8_t *p;
	imp_msg up;
	if (n == 1 && m->data.ptr[0] == 'X')
		return IMP_ERANDOM; /* our own fault, for the tests */
	if (n == 1 && m->data.ptr[0] == 'R') /* the peer wants MSK keys */
		return say(cx, IMP_ASK, IMP_T_KEYS, IMP_K_MSK, s->msk = ++s->tickets, TEXT("msk"), NONE);
	if (s->state != SEAL_UP || n < SEAL_OVERHEAD || m->data.ptr[0] != 'D' || seal_tag(s, m->data.ptr, n - 1) != m->data.ptr[n - 1])
		return IMP_OK; /* peers' mistakes never break a layer */
	p = cx->room(cx, n - SEAL_OVERHEAD);
	if (!p)
		return IMP_ENOSPC;
	seal_xor(s, m->data.ptr[1], m->data.ptr + 2, n - SEAL_OVERHEAD, p);
	up = imp_say(IMP_RX, 0, 0, 0, m->name, imp_bytes(p, n - SEAL_OVERHEAD));
	up.channel = seal_channel(s, cx);
	return cx->emit(cx, &up);
}

static imp_status seal_answer(struct seal *s, imp_cx *cx, const imp_msg *m)
{
	imp_msg up;
	if (m->ticket == s->msk && s->msk) {
		s->msk = 0;
		return say(cx, IMP_TELL, 0x8000, m->code, 0, TEXT("msk"), m->data);
	}
	if (s->state != SEAL_ASKING || m->ticket != s->psk)
		return IMP_OK; /* stale */
	if (m->code < 0 || m->data.len != PSK) {
		s->state = SEAL_IDLE;
		return say(cx, IMP_DOWN, 0, IMP_EAUTH, 0, NONE, NONE);
	}
	memcpy(s->key, m->data.ptr, PSK);
	s->state = SEAL_UP;
	up = imp_say(IMP_UP, 0, s->mtu > SEAL_OVERHEAD ? s->mtu - SEAL_OVERHEAD : 0, s->label, NONE, NONE);
	up.channel = seal_channel(s, cx);
	return cx->emit(cx, &up);
}

static imp_status seal_step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct seal *s = state;
	switch (m->verb) {
	case IMP_UP:
		s->state = SEAL_ASKING;
		s->label = m->ticket;
		s->mtu = m->code;
		return say(cx, IMP_ASK, IMP_T_KEYS, IMP_K_PSK, s->psk = ++s->tickets, TEXT("psk"), NONE);
	case IMP_ANSWER:
		return seal_answer(s, cx, m);
	case IMP_TX:
		return seal_tx(s, cx, m);
	case IMP_RX:
		return seal_rx(s, cx, m);
	case IMP_DOWN:
	case IMP_SHUT:
		s->state = SEAL_IDLE;
		return IMP_PASS;
	}
	return IMP_PASS;
}

static const char *seal_where(const void *state)
{
	static const char *const names[] = {"idle", "asking", "up"};
	return names[((const struct seal *)state)->state % 3];
}

const imp_layer toy_seal = {sizeof(imp_layer), 0, 2, "toy.seal", "1", "toy", IMP_L_DGRAM, {IMP_L_DGRAM, 0, 0, 0}, NULL, seal_need, no_init, seal_step, seal_where, NULL, seal_channel, NULL, NULL};

/* --- rest: kind id[4] flags code[2] name-length name data ---------------- */

enum { REST_HEAD = 9, REST_BUF = 160, TRIES = 30, LINGER = 60000 };
enum { FREE, BUSY, REPLIED };

struct rest {
	uint32_t id, ticket, tickets;      /* client: one request at a time */
	uint32_t seen, asked;              /* server: the request in work */
	uint8_t busy, tries, serving, spare;
	uint16_t len, reply_len;
	uint8_t buf[REST_BUF], reply[REST_BUF];
};

static size_t rest_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct rest);
}

static size_t rest_pack(uint8_t out[REST_BUF], uint8_t kind, uint32_t id, const imp_msg *m)
{
	size_t n = REST_HEAD + m->name.len + m->data.len;
	if (n > REST_BUF || m->name.len > 255)
		return 0;
	out[0] = kind;
	memcpy(out + 1, &id, 4);
	out[5] = (m->flags & IMP_MORE) != 0;
	out[6] = (uint8_t)m->code;
	out[7] = (uint8_t)(m->code >> 8);
	out[8] = (uint8_t)m->name.len;
	if (m->name.len)
		memcpy(out + REST_HEAD, m->name.ptr, m->name.len);
	if (m->data.len)
		memcpy(out + REST_HEAD + m->name.len, m->data.ptr, m->data.len);
	return n;
}

static imp_status rest_send(struct rest *r, imp_cx *cx)
{
	cx->wake(cx, cx->now + (200u << (r->tries < 4 ? r->tries : 4)));
	return say(cx, IMP_TX, 0, 0, 0, NONE, imp_bytes(r->buf, r->len)); /* state is safe to emit */
}

static imp_status rest_request(struct rest *r, imp_cx *cx, const imp_msg *m)
{
	uint32_t id = (uint32_t)cx->now > r->id ? (uint32_t)cx->now : r->id + 1;
	size_t n = r->busy ? 0 : rest_pack(r->buf, 'Q', id, m);
	if (!n)
		return answer(cx, m->ticket, IMP_ENOSPC, NONE);
	r->id = id;
	r->len = (uint16_t)n;
	r->ticket = m->ticket;
	r->busy = 1;
	r->tries = 0;
	return rest_send(r, cx);
}

static imp_status rest_reply(struct rest *r, imp_cx *cx, const imp_msg *m)
{
	size_t n;
	if (r->serving != BUSY || m->ticket != r->asked)
		return IMP_OK;
	r->serving = FREE;
	n = m->code ? rest_pack(r->reply, 'S', r->seen, m) : 0;
	if (!n)
		return IMP_OK; /* code 0: no reply, free the exchange */
	r->serving = REPLIED;
	r->reply_len = (uint16_t)n;
	cx->wake(cx, cx->now + LINGER);
	return say(cx, IMP_TX, 0, 0, 0, NONE, imp_bytes(r->reply, n));
}

static imp_status rest_rx(struct rest *r, imp_cx *cx, const imp_msg *m)
{
	const uint8_t *p = m->data.ptr;
	imp_msg up;
	uint32_t id;
	if (m->data.len < REST_HEAD || (size_t)REST_HEAD + p[8] > m->data.len)
		return IMP_OK;
	memcpy(&id, p + 1, 4);
	up = imp_say(IMP_RX, 0, p[6] | p[7] << 8, 0, imp_bytes(p + REST_HEAD, p[8]), imp_bytes(p + REST_HEAD + p[8], m->data.len - REST_HEAD - p[8]));
	up.flags = p[5] ? IMP_MORE : 0;
	up.channel = m->channel;
	if (p[0] == 'S' && r->busy && id == r->id) {
		up.verb = IMP_ANSWER;
		up.ticket = r->ticket;
		r->busy = 0;
		cx->wake(cx, UINT64_MAX);
		return cx->emit(cx, &up);
	}
	if (p[0] != 'Q')
		return IMP_OK;
	if (id == r->seen && r->serving == REPLIED)
		return say(cx, IMP_TX, 0, 0, 0, NONE, imp_bytes(r->reply, r->reply_len));
	if ((int32_t)(id - r->seen) <= 0 || r->serving == BUSY)
		return IMP_OK;
	r->seen = id;
	r->serving = BUSY;
	up.ticket = r->asked = ++r->tickets;
	return cx->emit(cx, &up);
}

static imp_status rest_tick(struct rest *r, imp_cx *cx)
{
	if (!r->busy)
		return IMP_OK; /* the linger is over */
	if (++r->tries < TRIES)
		return rest_send(r, cx);
	r->busy = 0;
	return answer(cx, r->ticket, IMP_ETIME, NONE);
}

/* The link goes: who waits for a reply is told. */
static imp_status rest_stop(struct rest *r, imp_cx *cx)
{
	uint32_t ticket = r->busy ? r->ticket : 0;
	r->busy = 0;
	r->serving = FREE;
	cx->wake(cx, UINT64_MAX);
	return answer(cx, ticket, IMP_ELINK, NONE);
}

static imp_status rest_step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct rest *r = state;
	imp_msg up = *m;
	imp_status st;
	switch (m->verb) {
	case IMP_SHUT:
	case IMP_DOWN:
		st = rest_stop(r, cx);
		return st < 0 ? st : IMP_PASS;
	case IMP_TX:
		return rest_request(r, cx, m);
	case IMP_ANSWER:
		return rest_reply(r, cx, m);
	case IMP_RX:
		return rest_rx(r, cx, m);
	case IMP_TICK:
		return rest_tick(r, cx);
	case IMP_UP:
		up.code = m->code > REST_HEAD + 16 ? m->code - REST_HEAD - 16 : 0;
		return cx->emit(cx, &up);
	}
	return IMP_PASS;
}

static const char *rest_where(const void *state)
{
	return ((const struct rest *)state)->busy ? "requesting" : "quiet";
}

const imp_layer toy_rest = {sizeof(imp_layer), 0, 3, "toy.rest", "1", "toy", IMP_L_REST, {IMP_L_DGRAM, 0, 0, 0}, NULL, rest_need, no_init, rest_step, rest_where, NULL, NULL, NULL, NULL};

/* --- join: hello in two pieces, consent, PIN, credential in two pieces --- */

enum { IDLE, OPENING, HELLO_1, HELLO_2, READ_PIN, PROVE, PULL, KEEP, FINISH, /* device */
       AWAIT_1, AWAIT_2, CONSENT, AWAIT_PIN, AWAIT_PULL, AWAIT_FINISH, OVER };
enum { BIND = 4, PIN = 4, REOPEN = 8, LABEL = 7, CRED_MAX = 64, NEXT = 231 };

struct join {
	uint8_t role, state, opens, cred_len;
	uint32_t tickets, want, request;
	uint8_t bind[BIND], cred[CRED_MAX];
	char name[16];
};

static size_t join_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct join);
}

static imp_status join_init(void *state, const imp_params *p)
{
	struct join *j = state;
	j->role = (uint8_t)p->role;
	return p->role == IMP_DEVICE || p->role == IMP_OWNER ? IMP_OK : IMP_EARG;
}

static imp_status done(struct join *j, imp_cx *cx, imp_status code, uint64_t when)
{
	imp_msg m = imp_say(IMP_DONE, 0, code, 0, NONE, NONE);
	m.when = when;
	j->state = OVER;
	return cx->emit(cx, &m);
}

static imp_status post(struct join *j, imp_cx *cx, uint8_t next, uint16_t flags, int32_t code, imp_span path, imp_span data)
{
	imp_msg m = imp_say(IMP_TX, 0, code, j->want = ++j->tickets, path, data);
	m.flags = flags;
	j->state = next;
	return cx->emit(cx, &m);
}

static imp_status reply(struct join *j, imp_cx *cx, uint8_t next, uint16_t flags, int32_t code, imp_span data)
{
	imp_msg m = imp_say(IMP_ANSWER, 0, code, j->request, NONE, data);
	m.flags = flags;
	j->request = 0;
	j->state = next;
	return cx->emit(cx, &m);
}

static imp_status ask(struct join *j, imp_cx *cx, uint8_t next, uint16_t topic, int32_t code, imp_span name, imp_span data)
{
	j->state = next;
	return say(cx, IMP_ASK, topic, code, j->want = ++j->tickets, name, data);
}

static void binding(imp_cx *cx, uint8_t out[BIND])
{
	const imp_channel *c = cx->channel(cx, 0);
	memset(out, 0, BIND);
	if (c)
		c->derive(c, "toy.bind", NONE, out, BIND);
}

static imp_status open_link(struct join *j, imp_cx *cx)
{
	if (j->opens++ == REOPEN)
		return done(j, cx, IMP_ELINK, 0);
	j->state = OPENING;
	return say(cx, IMP_OPEN, 0, 0, LABEL, TEXT("toy://owner"), NONE);
}

static imp_status device_up(struct join *j, imp_cx *cx, const imp_msg *m)
{
	uint8_t piece[BIND + 6]; /* on the stack: emit copies */
	if (j->state != OPENING || m->ticket != LABEL)
		return IMP_OK;
	binding(cx, piece);
	memcpy(piece + BIND, "claims", 6);
	return post(j, cx, HELLO_1, IMP_MORE, IMP_POST, TEXT("hello?dev-1"), imp_bytes(piece, sizeof piece));
}

/* Keep what was learnt: the commit's ANSWER is the barrier before "finish". */
static imp_status device_keep(struct join *j, imp_cx *cx, imp_span last)
{
	imp_msg m = imp_say(IMP_LEARN, IMP_T_ACCESS, 0, j->want = ++j->tickets, TEXT("owner"), last);
	imp_status st = say(cx, IMP_LEARN, IMP_T_NETWORK, 0, 0, TEXT("wifi"), imp_bytes(j->cred, j->cred_len));
	m.flags = IMP_NOW;
	j->state = KEEP;
	return st < 0 ? st : cx->emit(cx, &m);
}

static imp_status device_refused(struct join *j, imp_cx *cx, const imp_msg *m)
{
	if (m->code == 503)
		return done(j, cx, IMP_LATER, 20000);
	imp_status st;
	if (m->code == IMP_ELINK)
		return IMP_OK; /* DOWN will follow */
	if (m->code == 400) { /* the owner has forgotten us: from the start */
		st = say(cx, IMP_SHUT, 0, 0, 0, NONE, NONE);
		return st < 0 ? st : open_link(j, cx);
	}
	return done(j, cx, m->code == 403 ? IMP_EDENIED : m->code < 0 ? m->code : IMP_EPROTO, 0);
}

static imp_status device_answer(struct join *j, imp_cx *cx, const imp_msg *m)
{
	uint8_t state = j->state;
	if (m->ticket != j->want || !m->ticket)
		return IMP_OK; /* stale */
	if (state == HELLO_1 && m->code == NEXT)
		return post(j, cx, HELLO_2, 0, IMP_POST, TEXT("hello"), TEXT("model=lamp"));
	if (state == HELLO_2 && m->code == 401)
		return ask(j, cx, READ_PIN, IMP_T_READ, IMP_M_PIN, NONE, NONE);
	if (state == READ_PIN && m->code >= 0)
		return post(j, cx, PROVE, 0, IMP_POST, TEXT("pin"), m->data);
	if (state == PROVE && m->code == 205 && m->flags & IMP_MORE && m->data.len <= CRED_MAX) {
		memcpy(j->cred, m->data.ptr, m->data.len);
		j->cred_len = (uint8_t)m->data.len;
		return post(j, cx, PULL, 0, NEXT, TEXT("pin"), NONE);
	}
	if (state == PULL && m->code == 205)
		return device_keep(j, cx, m->data);
	if (state == KEEP && m->code >= 0)
		return post(j, cx, FINISH, 0, IMP_POST, TEXT("finish"), NONE);
	if (state == FINISH && m->code == 204)
		return done(j, cx, IMP_OK, 0);
	return device_refused(j, cx, m);
}

static imp_status owner_refuses(struct join *j, imp_cx *cx, int32_t http, imp_status code, uint64_t when)
{
	imp_status st = reply(j, cx, j->state, 0, http, NONE);
	return st < 0 ? st : done(j, cx, code, when);
}

static imp_status owner_hello(struct join *j, imp_cx *cx, const imp_msg *m)
{
	if (m->data.len < BIND || m->name.len < 7 || m->name.len - 6 >= sizeof j->name)
		return reply(j, cx, AWAIT_1, 0, 400, NONE);
	memcpy(j->bind, m->data.ptr, BIND);
	memset(j->name, 0, sizeof j->name);
	memcpy(j->name, m->name.ptr + 6, m->name.len - 6);
	return reply(j, cx, AWAIT_2, 0, NEXT, NONE);
}

static imp_status owner_pin(struct join *j, imp_cx *cx, const imp_msg *m)
{
	imp_msg hide = imp_say(IMP_TELL, IMP_T_SHOW, IMP_M_PIN, 0, NONE, NONE);
	imp_status st;
	hide.flags = IMP_FORGET;
	st = cx->emit(cx, &hide);
	if (st < 0)
		return st;
	if (!is(m->data, "4711"))
		return owner_refuses(j, cx, 403, IMP_EAUTH, 0);
	return reply(j, cx, AWAIT_PULL, IMP_MORE, 205, TEXT("ssid=lab,psk=0123456789"));
}

static imp_status owner_rx(struct join *j, imp_cx *cx, const imp_msg *m)
{
	imp_status st;
	if (!m->ticket)
		return IMP_OK;
	j->request = m->ticket;
	if (m->name.len > 6 && !memcmp(m->name.ptr, "hello?", 6) && m->flags & IMP_MORE)
		return owner_hello(j, cx, m); /* at any time: the device starts over */
	if (j->state == AWAIT_2 && is(m->name, "hello"))
		return ask(j, cx, CONSENT, IMP_T_AUTHORIZE, 0, imp_bytes(j->name, strlen(j->name)), m->data);
	if (j->state == AWAIT_PIN && is(m->name, "pin"))
		return owner_pin(j, cx, m);
	if (j->state == AWAIT_PULL && m->code == NEXT)
		return reply(j, cx, AWAIT_FINISH, 0, 205, TEXT("owner=lab"));
	if (j->state == AWAIT_FINISH && is(m->name, "finish")) {
		st = reply(j, cx, OVER, 0, 204, NONE);
		return st < 0 ? st : done(j, cx, IMP_OK, 0);
	}
	return reply(j, cx, j->state, 0, 400, NONE);
}

static imp_status owner_answer(struct join *j, imp_cx *cx, const imp_msg *m)
{
	uint8_t now[BIND];
	imp_status st;
	if (j->state != CONSENT || m->ticket != j->want)
		return IMP_OK; /* stale */
	if (m->code == IMP_LATER)
		return owner_refuses(j, cx, 503, IMP_LATER, 20000);
	if (m->code < 0)
		return owner_refuses(j, cx, 403, IMP_EDENIED, 0);
	binding(cx, now); /* this message has no channel: fresh from below */
	if (memcmp(now, j->bind, BIND) != 0)
		return owner_refuses(j, cx, 403, IMP_EAUTH, 0);
	st = say(cx, IMP_TELL, IMP_T_SHOW, IMP_M_PIN, 0, NONE, TEXT("4711"));
	return st < 0 ? st : reply(j, cx, AWAIT_PIN, 0, 401, NONE);
}

static imp_status join_step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct join *j = state;
	int device = j->role == IMP_DEVICE;
	switch (m->verb) {
	case IMP_START:
		j->state = AWAIT_1;
		return device ? open_link(j, cx) : IMP_OK;
	case IMP_UP:
		return device ? device_up(j, cx, m) : IMP_OK;
	case IMP_DOWN:
		if (!device)
			j->state = AWAIT_1;
		return device ? open_link(j, cx) : IMP_OK;
	case IMP_RX:
		return device ? answer(cx, m->ticket, 400, NONE) : owner_rx(j, cx, m);
	case IMP_ANSWER:
		return device ? device_answer(j, cx, m) : owner_answer(j, cx, m);
	case IMP_STOP:
		return done(j, cx, IMP_EDENIED, 0);
	case IMP_ASK: /* the top knows the MSK, and may say it after DONE */
		if (m->topic == IMP_T_KEYS && m->code == IMP_K_MSK && j->state == OVER)
			return answer(cx, m->ticket, 0, TEXT("the msk"));
		return IMP_PASS;
	}
	return IMP_PASS;
}

static const char *join_where(const void *state)
{
	static const char *const names[] = {"idle", "opening", "hello_1", "hello_2", "read_pin", "prove", "pull", "keep", "finish", "await_1", "await_2", "consent", "await_pin", "await_pull", "await_finish", "over"};
	return names[((const struct join *)state)->state % 16];
}

static const imp_fact knows[] = {{IMP_T_NETWORK, IMP_FACT_SECRET, "wifi", "the network's secret"}, {0, 0, NULL, NULL}};
static const imp_manifest join_manifest = {.size = sizeof(imp_manifest), .roles = 1u << IMP_DEVICE | 1u << IMP_OWNER, .terms = "toy", .process = "toy", .knowledge = knows};
const imp_layer toy_join = {sizeof(imp_layer), 0, 4, "toy.join", "1", "toy", IMP_L_NONE, {IMP_L_REST, 0, 0, 0}, &join_manifest, join_need, join_init, join_step, join_where, NULL, NULL, NULL, NULL};
