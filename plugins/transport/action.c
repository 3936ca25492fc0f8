/* action.c -- see action.h. */
#include "action.h"
#include "dpplink.h"
#include "gas.h"
#include "rd.h"

enum { MAC = 6, CATEGORY = 4, BURST = 6, ROOM = 1 + IMP_GAS_HEAD };
static const uint8_t dpp_head[] = {CATEGORY, 0x09, 0x50, 0x6f, 0x9a, 0x1a, 0x01};

enum dialog { /* of GAS */
	NONE,
	QUERYING, /* ours: sent, no response yet; body is the query              */
	AWAY,     /* ours: to come back at `wake`; body is what has come         */
	BACK,     /* ours: came back, no fragment yet                            */
	ASKED,    /* the peer's: it is being thought about                       */
	PENDING,  /* the peer's: still, and it was told to come back             */
	ANSWERED  /* the peer's: body is the response, `done` bytes arrived      */
};

struct action {
	uint8_t  up, named, dialog, token;
	uint8_t  peer[MAC];  /* whom frames without a name go to              */
	uint8_t  other[MAC]; /* of the dialog                                 */
	uint8_t  fragment;   /* expected (ours), or to be sent (theirs)       */
	uint8_t  tries;
	uint16_t mtu;
	uint32_t above;      /* ticket of the last frame's TX, and ours for it */
	uint32_t below;
	uint32_t query;      /* dialog: the ticket that waits for an ANSWER   */
	uint32_t piece;      /* theirs: our ticket for the fragment sent last */
	uint32_t tickets;
	uint32_t max, len;   /* bytes of body                                 */
	uint32_t done, part; /* theirs: acknowledged; in the fragment sent last */
	uint64_t until, wake;
	uint8_t  body[];
};

static uint32_t next_ticket(struct action *s)
{
	return s->tickets = s->tickets % 0xffffff + 1;
}

static void tell(imp_cx *cx, uint16_t verb, uint16_t topic, int32_t code, uint32_t ticket, imp_span data)
{
	imp_msg m = {.verb = verb, .topic = topic, .code = code, .ticket = ticket, .data = data};
	cx->emit(cx, &m);
}

static imp_status reject(imp_cx *cx, const imp_msg *m, imp_status code)
{
	if (m->ticket)
		tell(cx, IMP_ANSWER, 0, code, m->ticket, imp_bytes(NULL, 0));
	return IMP_OK;
}

static void set_timer(const struct action *s, imp_cx *cx)
{
	int ours = s->dialog == QUERYING || s->dialog == AWAY || s->dialog == BACK;
	uint64_t at = s->dialog == NONE || s->dialog > ASKED ? UINT64_MAX : s->wake;
	cx->wake(cx, ours && s->until < at ? s->until : at);
}

static void reset(struct action *s, imp_cx *cx)
{
	uint32_t max = s->max, tickets = s->tickets;
	memset(s, 0, sizeof *s);
	s->max = max;
	s->tickets = tickets;
	cx->wake(cx, UINT64_MAX);
}

/* --- GAS: frames ------------------------------------------------------------------ */

static imp_status send_gas(const struct action *s, imp_cx *cx, const imp_gas *g, uint32_t ticket)
{
	size_t n = ROOM + g->body.len;
	uint8_t *room = cx->room(cx, n);
	imp_wr w = imp_wr_to(room, room ? n : 0);
	imp_msg m = {.verb = IMP_TX, .ticket = ticket, .name = imp_bytes(s->other, MAC)};
	imp_wr_u8(&w, CATEGORY);
	imp_gas_put(&w, g);
	m.data = imp_wr_span(&w);
	if (!m.data.ptr)
		return IMP_ENOSPC;
	cx->emit(cx, &m);
	return IMP_OK;
}

/* What the dialog says now, or says again. */
static imp_status say(struct action *s, imp_cx *cx)
{
	imp_gas g = {.action = s->dialog == QUERYING ? IMP_GAS_REQUEST : IMP_GAS_COMEBACK, .token = s->token};
	if (s->dialog == QUERYING)
		g.body = imp_bytes(s->body, s->len);
	s->tries++;
	s->wake = cx->now + IMP_GAS_RETRY_MS;
	set_timer(s, cx);
	return send_gas(s, cx, &g, 0);
}

/* --- GAS: our query ---------------------------------------------------------------- */

static imp_status start_query(struct action *s, imp_cx *cx, const imp_msg *m)
{
	if (s->dialog != NONE && s->dialog != ANSWERED)
		return reject(cx, m, IMP_EPROTO);
	if (!m->ticket || (!m->name.len && !s->named))
		return reject(cx, m, IMP_EARG);
	if (m->data.len > s->max || m->data.len + ROOM > s->mtu)
		return reject(cx, m, IMP_ENOSPC);
	memcpy(s->other, m->name.len == MAC ? m->name.ptr : s->peer, MAC);
	if (m->data.len)
		memmove(s->body, m->data.ptr, m->data.len);
	s->len = (uint32_t)m->data.len;
	s->dialog = QUERYING;
	s->token++;
	s->tries = 0;
	s->query = m->ticket;
	s->until = cx->now + (m->when ? m->when : IMP_GAS_REPLY_MS);
	return say(s, cx);
}

static void end_query(struct action *s, imp_cx *cx, imp_status code, uint16_t topic)
{
	imp_span data = imp_bytes(s->body, code ? 0 : s->len);
	s->dialog = NONE;
	set_timer(s, cx);
	tell(cx, IMP_ANSWER, topic, code, s->query, data);
}

static imp_status come_back(struct action *s, imp_cx *cx)
{
	s->dialog = BACK;
	s->tries = 0;
	return say(s, cx);
}

/* A fragment, or the whole; what is no fragment we wait for is nobody's. */
static imp_status take_fragment(struct action *s, imp_cx *cx, const imp_gas *g)
{
	if (g->fragment != s->fragment)
		return IMP_OK;
	if (g->body.len > s->max - s->len) {
		end_query(s, cx, IMP_ENOSPC, 0);
		return IMP_OK;
	}
	if (g->body.len)
		memcpy(s->body + s->len, g->body.ptr, g->body.len);
	s->len += (uint32_t)g->body.len;
	s->fragment++;
	if (g->more && s->fragment < 128)
		return come_back(s, cx);
	end_query(s, cx, g->more ? IMP_EBADMSG : IMP_OK, 0);
	return IMP_OK;
}

static imp_status heard_response(struct action *s, imp_cx *cx, const imp_gas *g)
{
	int first = s->dialog == QUERYING && g->action == IMP_GAS_RESPONSE;
	if (g->token != s->token || (!first && (s->dialog != BACK || g->action != IMP_GAS_COMEBACK_RESPONSE)))
		return IMP_OK;
	if (first)
		s->len = s->fragment = 0;
	if (g->status) {
		end_query(s, cx, IMP_EPEER, g->status);
		return IMP_OK;
	}
	if (!g->delay)
		return take_fragment(s, cx, g);
	s->dialog = AWAY;
	s->wake = cx->now + (uint64_t)g->delay * 1024 / 1000 + 1;
	set_timer(s, cx);
	return IMP_OK;
}

/* --- GAS: the peer's query ----------------------------------------------------------- */

/* The response, whole if it fits in one frame, else when to come back for it. */
static imp_status begin_response(const struct action *s, imp_cx *cx, uint16_t status, uint16_t delay)
{
	imp_gas g = {.action = IMP_GAS_RESPONSE, .token = s->token, .status = status, .delay = delay};
	if (!status && !delay && s->len + ROOM <= s->mtu)
		g.body = imp_bytes(s->body, s->len);
	else if (!status && !delay)
		g.delay = 1;
	return send_gas(s, cx, &g, 0);
}

/* The peer's query once more: it has not heard how we began. */
static imp_status repeat(const struct action *s, imp_cx *cx)
{
	if (s->dialog == PENDING)
		return begin_response(s, cx, 0, IMP_GAS_BACK_TU);
	return s->dialog == ANSWERED && !s->done ? begin_response(s, cx, 0, 0) : IMP_OK;
}

static imp_status heard_query(struct action *s, imp_cx *cx, const imp_gas *g, const imp_msg *in)
{
	imp_msg m = {.verb = IMP_RX, .topic = IMP_DPP_GAS, .code = in->code, .name = in->name, .data = g->body};
	if (s->dialog >= ASKED && g->token == s->token && !memcmp(s->other, in->name.ptr, MAC))
		return repeat(s, cx);
	if (s->dialog != NONE && s->dialog != ANSWERED)
		return IMP_OK;
	memcpy(s->other, in->name.ptr, MAC);
	s->token = g->token;
	s->dialog = ASKED;
	s->query = m.ticket = next_ticket(s);
	s->wake = cx->now + IMP_GAS_PATIENCE_MS;
	set_timer(s, cx);
	cx->emit(cx, &m);
	return IMP_OK;
}

static imp_status respond(struct action *s, imp_cx *cx, const imp_msg *m)
{
	int pending = s->dialog == PENDING;
	if ((!pending && s->dialog != ASKED) || m->ticket != s->query)
		return IMP_OK; /* stale */
	s->dialog = m->code < 0 ? NONE : ANSWERED;
	set_timer(s, cx);
	s->query = 0;
	if (m->code < 0)
		return IMP_OK;
	s->done = s->part = s->piece = 0;
	s->fragment = 0;
	s->len = (uint32_t)m->data.len;
	if (m->data.len > s->max || m->data.len / (s->mtu - ROOM) >= 127) {
		s->dialog = NONE;
		return pending ? IMP_OK : begin_response(s, cx, IMP_GAS_REFUSED, 0);
	}
	if (m->data.len)
		memmove(s->body, m->data.ptr, m->data.len);
	return pending ? IMP_OK : begin_response(s, cx, 0, 0);
}

/* The fragment that was sent last has arrived. */
static void arrived(struct action *s)
{
	s->done += s->part;
	s->fragment = (uint8_t)(s->fragment + (s->part != 0));
	s->part = s->piece = 0;
}

/* The peer came back: the next fragment, or "later". */
static imp_status heard_comeback(struct action *s, imp_cx *cx, const imp_gas *in, const imp_msg *m)
{
	imp_gas g = {.action = IMP_GAS_COMEBACK_RESPONSE, .token = s->token};
	if ((s->dialog != PENDING && s->dialog != ANSWERED) || in->token != s->token || memcmp(s->other, m->name.ptr, MAC))
		return IMP_OK;
	if (s->dialog == PENDING) {
		g.delay = IMP_GAS_BACK_TU;
		return send_gas(s, cx, &g, 0);
	}
	if (s->piece && s->done + s->part < s->len) /* not known to be lost: it would not ask otherwise */
		arrived(s);
	if (s->done == s->len && s->fragment)
		return IMP_OK;
	s->part = s->len - s->done;
	if (s->part > (uint32_t)s->mtu - ROOM)
		s->part = (uint32_t)s->mtu - ROOM;
	g.fragment = s->fragment;
	g.body = imp_bytes(s->body + s->done, s->part);
	g.more = s->done + s->part < s->len;
	s->piece = next_ticket(s);
	return send_gas(s, cx, &g, s->piece);
}

/* --- frames ----------------------------------------------------------------------------- */

static imp_status transmit(struct action *s, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	uint8_t *room;
	if (!s->up)
		return reject(cx, in, IMP_ELINK);
	if (in->topic == IMP_DPP_GAS)
		return start_query(s, cx, in);
	if (!in->data.len || (in->name.len && in->name.len != MAC) || (!in->name.len && !s->named && !(in->flags & IMP_GROUP)))
		return reject(cx, in, IMP_EARG);
	if (in->data.len + 1 > s->mtu || in->data.len > s->max)
		return reject(cx, in, IMP_ENOSPC);
	room = cx->room(cx, in->data.len + 1);
	if (!room)
		return IMP_ENOSPC;
	room[0] = CATEGORY;
	memcpy(room + 1, in->data.ptr, in->data.len);
	m.data = imp_bytes(room, in->data.len + 1);
	if (!m.name.len && !(in->flags & IMP_GROUP))
		m.name = imp_bytes(s->peer, MAC);
	if (in->ticket && s->above)
		tell(cx, IMP_ANSWER, 0, IMP_ETIME, s->above, imp_bytes(NULL, 0));
	if (in->ticket) {
		s->above = in->ticket;
		s->below = m.ticket = next_ticket(s);
	}
	m.topic = 0;
	cx->emit(cx, &m);
	return IMP_OK;
}

static imp_status received(struct action *s, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	imp_gas g;
	if (!s->up || in->name.len != MAC || in->data.len < 2 || in->data.ptr[0] != CATEGORY)
		return IMP_OK;
	m.data = imp_bytes(in->data.ptr + 1, in->data.len - 1);
	if (in->data.len > sizeof dpp_head && !memcmp(in->data.ptr, dpp_head, sizeof dpp_head)) {
		if (m.data.len > s->max)
			return IMP_OK;
		memcpy(s->peer, in->name.ptr, MAC);
		s->named = 1;
		m.topic = IMP_DPP_FRAME;
		m.ticket = 0;
		cx->emit(cx, &m);
		return IMP_OK;
	}
	if (!imp_gas_is(m.data.ptr[0]) || imp_gas_read(m.data, &g))
		return IMP_OK;
	if (g.action == IMP_GAS_REQUEST)
		return g.body.len <= s->max ? heard_query(s, cx, &g, in) : IMP_OK;
	if (g.action == IMP_GAS_COMEBACK)
		return heard_comeback(s, cx, &g, in);
	return memcmp(s->other, in->name.ptr, MAC) ? IMP_OK : heard_response(s, cx, &g);
}

/* How a frame of ours fared, or the ANSWER to the peer's query. */
static imp_status answered(struct action *s, imp_cx *cx, const imp_msg *m)
{
	uint32_t above = s->above;
	if (m->ticket == s->below && above) {
		s->above = s->below = 0;
		tell(cx, IMP_ANSWER, 0, m->code, above, imp_bytes(NULL, 0));
		return IMP_OK;
	}
	if (m->ticket == s->piece && s->piece && s->dialog == ANSWERED) {
		if (m->code >= 0)
			arrived(s);
		s->part = s->piece = 0;
		return IMP_OK;
	}
	return respond(s, cx, m);
}

/* --- the layer ------------------------------------------------------------------------------ */

static int hex(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "dpp://aabbccddeeff" or "dpp:", which names nobody, and perhaps lines behind it. */
static imp_status open_link(struct action *s, imp_cx *cx, const imp_msg *in)
{
	const uint8_t *end = in->name.len ? memchr(in->name.ptr, '\n', in->name.len) : NULL;
	imp_span name = imp_bytes(in->name.ptr, end ? (size_t)(end - in->name.ptr) : in->name.len);
	imp_rd r = imp_rd_of(name);
	int good = imp_same(imp_rd_bytes(&r, 4), imp_bytes("dpp:", 4));
	reset(s, cx);
	s->named = good && imp_rd_left(&r);
	if (s->named)
		good = imp_same(imp_rd_bytes(&r, 2), imp_bytes("//", 2)) && imp_rd_left(&r) == 2 * MAC;
	for (size_t i = 0; good && s->named && i < MAC; i++) {
		int high = hex(imp_rd_u8(&r)), low = hex(imp_rd_u8(&r));
		good = high >= 0 && low >= 0;
		s->peer[i] = good ? (uint8_t)(high << 4 | low) : 0;
	}
	if (good)
		return IMP_PASS;
	reset(s, cx);
	tell(cx, IMP_DOWN, 0, IMP_EARG, in->ticket, imp_bytes(NULL, 0));
	return IMP_OK;
}

static void link_up(struct action *s, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	uint32_t mtu = in->code > ROOM + 64 ? (uint32_t)in->code : IMP_ACTION_MTU;
	s->up = 1;
	s->mtu = (uint16_t)(mtu < UINT16_MAX ? mtu : UINT16_MAX);
	m.topic = IMP_DPP_LOSSY;
	m.code = (int32_t)(s->max < s->mtu - 1u ? s->max : s->mtu - 1u);
	cx->emit(cx, &m);
}

static imp_status tick(struct action *s, imp_cx *cx)
{
	int ours = s->dialog == QUERYING || s->dialog == AWAY || s->dialog == BACK;
	if (ours && (cx->now >= s->until || (s->dialog != AWAY && cx->now >= s->wake && s->tries >= IMP_GAS_TRIES))) {
		end_query(s, cx, IMP_ETIME, 0);
		return IMP_OK;
	}
	if (cx->now < s->wake) {
		set_timer(s, cx);
		return IMP_OK;
	}
	switch (s->dialog) {
	case QUERYING:
	case BACK:
		return say(s, cx);
	case AWAY:
		return come_back(s, cx);
	case ASKED:
		s->dialog = PENDING;
		set_timer(s, cx);
		return begin_response(s, cx, 0, IMP_GAS_BACK_TU);
	}
	return IMP_OK;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct action *s = state;
	switch (m->verb) {
	case IMP_TX:
		return transmit(s, cx, m);
	case IMP_RX:
		return received(s, cx, m);
	case IMP_ANSWER:
		return answered(s, cx, m);
	case IMP_TICK:
		return tick(s, cx);
	case IMP_UP:
		link_up(s, cx, m);
		return IMP_OK;
	case IMP_OPEN:
		return open_link(s, cx, m);
	case IMP_DOWN:
	case IMP_SHUT:
		reset(s, cx);
		return IMP_PASS;
	}
	return IMP_PASS;
}

static size_t need(const imp_params *p)
{
	return sizeof(struct action) + p->max_msg;
}

static imp_status init(void *state, const imp_params *p)
{
	((struct action *)state)->max = p->max_msg;
	return p->max_msg ? IMP_OK : IMP_EARG;
}

static const char *where(const void *state)
{
	static const char names[][9] = {"quiet", "querying", "away", "back", "asked", "pending", "answered"};
	return names[((const struct action *)state)->dialog];
}

const imp_layer imp_action = {
	.size = sizeof(imp_layer),
	.burst = BURST,
	.id = "imp.action",
	.version = "1",
	.spec = "IEEE 802.11-2020 9.6.7, 11.22.3; Wi-Fi Easy Connect 3.0",
	.offers = IMP_L_DPP,
	.needs = {IMP_L_ACTION},
	.need = need,
	.init = init,
	.step = step,
	.where = where,
};

static const imp_layer *const layers[] = {&imp_action, NULL};

IMP_PLUGIN(action) = {sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.action", "Apache-2.0", layers, NULL, NULL};
