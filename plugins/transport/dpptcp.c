/* dpptcp.c -- see dpptcp.h. */
#include "dpptcp.h"
#include "dpplink.h"
#include "gas.h"
#include "rd.h"
#include "uri.h"

enum { IDLE, OPENING, READY };
enum { LENGTH = 4, URI = 280, BURST = IMP_DPPTCP_AT_ONCE + 2 };
static const uint8_t dpp_head[] = {0x09, 0x50, 0x6f, 0x9a, 0x1a, 0x01};

struct tcp {
	uint8_t  state;
	uint8_t  token;      /* of our query                                 */
	uint8_t  away;       /* our query: we come back at `back`            */
	uint8_t  peer_token; /* of the peer's                                */
	uint8_t  whole;      /* what is held may begin with whole messages   */
	uint32_t label;      /* OPEN's                                       */
	uint32_t query;      /* ticket of our query's TX; 0: there is none   */
	uint32_t asked;      /* ticket of the peer's, as it rose; 0: none    */
	uint32_t tickets;
	uint32_t max, held;  /* bytes of buf in use                          */
	uint64_t until;      /* our query must be answered                   */
	uint64_t back;
	uint64_t part;       /* the message that is held must be whole       */
	uint8_t  buf[];      /* LENGTH + GAS head + max                      */
};

static size_t largest(const struct tcp *s)
{
	return IMP_GAS_HEAD + (size_t)s->max;
}

static void tell(imp_cx *cx, uint16_t verb, uint16_t topic, int32_t code, uint32_t ticket)
{
	imp_msg m = {.verb = verb, .topic = topic, .code = code, .ticket = ticket};
	cx->emit(cx, &m);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void set_timer(const struct tcp *s, imp_cx *cx)
{
	uint64_t at = s->whole ? cx->now : s->held ? s->part : UINT64_MAX;
	if (s->query)
		at = earlier(at, s->away ? earlier(s->back, s->until) : s->until);
	cx->wake(cx, at);
}

/* Forget the link; tickets go on counting, so that old ones stay dead. */
static void reset(struct tcp *s, imp_cx *cx)
{
	uint32_t max = s->max, tickets = s->tickets;
	memset(s, 0, sizeof *s);
	s->max = max;
	s->tickets = tickets;
	cx->wake(cx, UINT64_MAX);
}

static void lose(struct tcp *s, imp_cx *cx, imp_status code)
{
	uint32_t label = s->label;
	tell(cx, IMP_SHUT, 0, code, 0);
	reset(s, cx);
	tell(cx, IMP_DOWN, 0, code, label);
}

/* --- sending --------------------------------------------------------------- */

/* Room for a message of `n` bytes, behind its length. */
static imp_wr message(imp_cx *cx, size_t n)
{
	uint8_t *room = cx->room(cx, LENGTH + n);
	imp_wr w = imp_wr_to(room, room ? LENGTH + n : 0);
	imp_wr_be32(&w, (uint32_t)n);
	return w;
}

static imp_status send(imp_cx *cx, const imp_wr *w)
{
	imp_msg m = {.verb = IMP_TX, .data = imp_wr_span(w)};
	if (!m.data.ptr)
		return IMP_ENOSPC;
	cx->emit(cx, &m);
	return IMP_OK;
}

static imp_status send_gas(imp_cx *cx, const imp_gas *g)
{
	imp_wr w = imp_wr_to(NULL, 0);
	imp_gas_put(&w, g);
	w = message(cx, w.len);
	imp_gas_put(&w, g);
	return send(cx, &w);
}

static imp_status reject(imp_cx *cx, const imp_msg *m, imp_status code)
{
	if (m->ticket)
		tell(cx, IMP_ANSWER, 0, code, m->ticket);
	return IMP_OK;
}

static imp_status send_query(struct tcp *s, imp_cx *cx, const imp_msg *m)
{
	imp_gas g = {.action = IMP_GAS_REQUEST, .body = m->data};
	imp_status st;
	if (s->query || !m->ticket)
		return reject(cx, m, IMP_EPROTO);
	g.token = (uint8_t)(s->token + 1);
	st = send_gas(cx, &g);
	if (st)
		return st;
	s->token = g.token;
	s->query = m->ticket;
	s->away = 0;
	s->until = cx->now + (m->when ? m->when : IMP_DPPTCP_REPLY_MS);
	set_timer(s, cx);
	return IMP_OK;
}

static imp_status transmit(struct tcp *s, imp_cx *cx, const imp_msg *m)
{
	imp_wr w;
	imp_status st;
	if (s->state != READY)
		return reject(cx, m, IMP_ELINK);
	if (m->data.len > s->max || m->data.len > UINT16_MAX)
		return reject(cx, m, IMP_ENOSPC);
	if (m->topic == IMP_DPP_GAS)
		return send_query(s, cx, m);
	if (!m->data.len)
		return reject(cx, m, IMP_EARG);
	w = message(cx, m->data.len);
	imp_wr_bytes(&w, m->data);
	st = send(cx, &w);
	return st ? st : reject(cx, m, IMP_OK);
}

/* The response to the peer's query. */
static imp_status respond(struct tcp *s, imp_cx *cx, const imp_msg *m)
{
	imp_gas g = {.action = IMP_GAS_RESPONSE, .token = s->peer_token, .body = m->data};
	if (!s->asked || m->ticket != s->asked)
		return IMP_OK; /* stale */
	s->asked = 0;
	if (m->code < 0)
		return IMP_OK;
	if (m->data.len > s->max || m->data.len > UINT16_MAX)
		g = (imp_gas){.action = IMP_GAS_RESPONSE, .token = s->peer_token, .status = IMP_GAS_REFUSED};
	return send_gas(cx, &g);
}

/* --- receiving --------------------------------------------------------------- */

static void heard_query(struct tcp *s, imp_cx *cx, const imp_gas *g)
{
	imp_msg m = {.verb = IMP_RX, .topic = IMP_DPP_GAS, .data = g->body};
	if (s->asked)
		return;
	s->tickets = s->tickets % 0xffffff + 1;
	s->asked = m.ticket = s->tickets;
	s->peer_token = g->token;
	cx->emit(cx, &m);
}

static void heard_response(struct tcp *s, imp_cx *cx, const imp_gas *g)
{
	imp_msg m = {.verb = IMP_ANSWER, .ticket = s->query, .data = g->body};
	if (!s->query || g->token != s->token)
		return;
	if (!g->status && g->delay) {
		s->away = 1;
		s->back = cx->now + (uint64_t)g->delay * 1024 / 1000 + 1;
		return;
	}
	s->query = 0;
	m.code = g->status ? IMP_EPEER : g->more || g->fragment ? IMP_EUNSUP : g->body.len > s->max ? IMP_ENOSPC : IMP_OK;
	m.topic = g->status;
	if (m.code)
		m.data.len = 0;
	cx->emit(cx, &m);
}

static void heard(struct tcp *s, imp_cx *cx, imp_span in)
{
	imp_msg m = {.verb = IMP_RX, .topic = IMP_DPP_FRAME, .data = in};
	imp_gas g;
	if (in.len > sizeof dpp_head && !memcmp(in.ptr, dpp_head, sizeof dpp_head)) {
		if (in.len <= s->max)
			cx->emit(cx, &m);
		return;
	}
	if (!imp_gas_is(in.ptr[0]) || imp_gas_read(in, &g))
		return;
	if (g.action == IMP_GAS_REQUEST && g.body.len <= s->max)
		heard_query(s, cx, &g);
	else if (g.action == IMP_GAS_RESPONSE || g.action == IMP_GAS_COMEBACK_RESPONSE)
		heard_response(s, cx, &g);
}

/* How many bytes the message that `in` begins with has, its length with them;
 * the length alone while that is not there; 0: it is unfit. */
static size_t whole(const struct tcp *s, imp_span in)
{
	imp_rd r = imp_rd_of(in);
	size_t n = imp_rd_be32(&r);
	if (r.err)
		return LENGTH;
	return n && n <= largest(s) ? LENGTH + n : 0;
}

/* Let what is held grow by what its message, or its length, still wants. */
static void fill(struct tcp *s, imp_span *in)
{
	size_t n = whole(s, imp_bytes(s->buf, s->held)) - s->held;
	if (n > in->len)
		n = in->len;
	memcpy(s->buf + s->held, in->ptr, n);
	s->held += (uint32_t)n;
	*in = imp_bytes(in->ptr + n, in->len - n);
}

/* Deliver the first message of what is held and `in`.  0: it is not there yet;
 * negative: it is unfit. */
static int take(struct tcp *s, imp_cx *cx, imp_span *in)
{
	int held = s->held != 0;
	imp_span from;
	size_t n;
	while (held && in->len && whole(s, imp_bytes(s->buf, s->held)) > s->held)
		fill(s, in);
	from = held ? imp_bytes(s->buf, s->held) : *in;
	n = whole(s, from);
	if (!n)
		return IMP_EBADMSG;
	if (n > from.len || n == LENGTH)
		return 0;
	heard(s, cx, imp_bytes(from.ptr + LENGTH, n - LENGTH));
	if (held) {
		s->held -= (uint32_t)n;
		memmove(s->buf, s->buf + n, s->held);
	} else {
		*in = imp_bytes(in->ptr + n, in->len - n);
	}
	return 1;
}

/* Deliver some messages; keep the rest, for TICK or for more of it. */
static void eat(struct tcp *s, imp_cx *cx, imp_span in)
{
	int n = 0, more = 1;
	while (n < IMP_DPPTCP_AT_ONCE && more > 0) {
		more = take(s, cx, &in);
		n += more > 0;
	}
	if (more >= 0 && in.len > LENGTH + largest(s) - s->held)
		more = IMP_ENOSPC;
	if (more < 0) {
		lose(s, cx, more);
		return;
	}
	if (in.len)
		memcpy(s->buf + s->held, in.ptr, in.len);
	if (n || s->held == 0)
		s->part = cx->now + IMP_DPPTCP_PART_MS;
	s->held += (uint32_t)in.len;
	s->whole = more > 0;
	set_timer(s, cx);
}

/* --- the layer ----------------------------------------------------------------- */

/* "dpp://HOST[:PORT]" and perhaps lines behind it. */
static void open_link(struct tcp *s, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	const uint8_t *end = in->name.len ? memchr(in->name.ptr, '\n', in->name.len) : NULL;
	imp_span name = imp_bytes(in->name.ptr, end ? (size_t)(end - in->name.ptr) : in->name.len);
	uint8_t uri[URI];
	imp_wr w = imp_wr_to(uri, sizeof uri);
	imp_uri u = {0};
	reset(s, cx);
	if (imp_uri_parse(name, &u) || !imp_same(u.scheme, imp_bytes("dpp", 3)) || u.target.len)
		imp_wr_fail(&w, IMP_EARG);
	imp_wr_text(&w, "tcp://");
	imp_wr_bytes(&w, u.authority);
	if (!u.port) {
		imp_wr_u8(&w, ':');
		imp_wr_decimal(&w, IMP_DPP_PORT);
	}
	if (imp_wr_end(&w)) {
		tell(cx, IMP_DOWN, 0, IMP_EARG, in->ticket);
		return;
	}
	s->state = OPENING;
	s->label = in->ticket;
	m.name = imp_wr_span(&w);
	cx->emit(cx, &m);
}

static void up(struct tcp *s, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	if (s->state != OPENING)
		reset(s, cx); /* a server's */
	s->state = READY;
	m.topic = IMP_DPP_RELIABLE;
	m.code = (int32_t)(s->max < UINT16_MAX ? s->max : UINT16_MAX);
	m.name = imp_bytes(NULL, 0);
	cx->emit(cx, &m);
}

static void come_back(struct tcp *s, imp_cx *cx)
{
	imp_gas g = {.action = IMP_GAS_COMEBACK, .token = s->token};
	s->away = 0;
	send_gas(cx, &g);
}

static void tick(struct tcp *s, imp_cx *cx)
{
	if (s->query && cx->now >= s->until) {
		tell(cx, IMP_ANSWER, 0, IMP_ETIME, s->query);
		s->query = 0;
	}
	if (s->query && s->away && cx->now >= s->back)
		come_back(s, cx);
	if (s->held && !s->whole && cx->now >= s->part)
		lose(s, cx, IMP_ETIME);
	else if (s->whole)
		eat(s, cx, imp_bytes(NULL, 0));
	else
		set_timer(s, cx);
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct tcp *s = state;
	switch (m->verb) {
	case IMP_RX:
		if (s->state == READY)
			eat(s, cx, m->data);
		return IMP_OK;
	case IMP_UP:
		up(s, cx, m);
		return IMP_OK;
	case IMP_DOWN:
	case IMP_SHUT:
		reset(s, cx);
		return IMP_PASS;
	case IMP_TX:
		return transmit(s, cx, m);
	case IMP_OPEN:
		open_link(s, cx, m);
		return IMP_OK;
	case IMP_ANSWER:
		return respond(s, cx, m);
	case IMP_TICK:
		tick(s, cx);
		return IMP_OK;
	}
	return IMP_PASS;
}

static size_t need(const imp_params *p)
{
	return sizeof(struct tcp) + LENGTH + IMP_GAS_HEAD + p->max_msg;
}

static imp_status init(void *state, const imp_params *p)
{
	((struct tcp *)state)->max = p->max_msg;
	return p->max_msg ? IMP_OK : IMP_EARG;
}

/* What is held and what just came, delivered (copies), and a message sent. */
static size_t work(const imp_params *p)
{
	return 3 * ((size_t)p->max_msg + IMP_GAS_HEAD + 128u);
}

static const char *where(const void *state)
{
	static const char names[][8] = {"idle", "opening", "ready"};
	return names[((const struct tcp *)state)->state];
}

const imp_layer imp_dpptcp = {
	.size = sizeof(imp_layer),
	.burst = BURST,
	.id = "imp.dpptcp",
	.version = "1",
	.spec = "Wi-Fi Easy Connect 3.0, DPP over TCP",
	.offers = IMP_L_DPP,
	.needs = {IMP_L_STREAM},
	.need = need,
	.init = init,
	.step = step,
	.where = where,
	.work = work,
};

static const imp_layer *const layers[] = {&imp_dpptcp, NULL};

IMP_PLUGIN(dpptcp) = {sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.dpptcp", "Apache-2.0", layers, NULL, NULL};
