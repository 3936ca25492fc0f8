/* session.c -- the feed loop: sessions without pointers, work memory on loan.
 *
 * Node 0 is the top; the layers of the links follow, link by link, head
 * first.  A ticket on its way is tag << 24 | the layer's own number, and the
 * tag is epoch << 5 | node + 1.  The epoch counts the resets of a link, so
 * an answer meant for a layer's former life is dropped. */
#include "ct.h"
#include <string.h>

enum { HOST = -1, NOWHERE = -2 };
enum { TAG_HOST = 31, NODE_BITS = 5, EPOCHS = 8, LOCAL = 0xffffff };
enum { RESERVE = 2 * IMP_LINKS, WHERE = 48 };

struct node {
	uint32_t off, len; /* the layer's state, from the session's start */
	uint64_t due;
};

struct link {
	uint8_t first, count, epoch, up;
	uint32_t mtu;
};

struct imp_session {
	uint32_t print; /* fingerprint of the stack */
	imp_status status;
	uint8_t nodes, over, broken, spare;
	uint16_t cap; /* messages in flight, in and out */
	uint16_t spare2;
	uint32_t work; /* imp_work_need of the stack */
	struct link link[IMP_LINKS];
	char where[WHERE];
	struct node node[];
};

struct entry {
	imp_msg m;
	int32_t at;
};

/* Lives at the start of work memory; the rings and the pool follow. */
struct run {
	imp_cx cx; /* first: a layer's cx is our run */
	imp_session *s;
	const imp_stack *t;
	struct entry *queue;
	imp_msg *out, done;
	size_t cap, qhead, qtail, ohead, otail;
	uint8_t *mem, *next, *end;
	const imp_channel *fed; /* across a cut: the fed message's channel */
	uint16_t fed_link, emitted;
	int me;
	imp_status fault; /* of emit: a step cannot ignore it */
};

/* --- the stack ---------------------------------------------------------- */

static size_t round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static unsigned depth(const imp_stack *t, unsigned l)
{
	unsigned d = 0;
	while (d < IMP_DEPTH && t->link[l][d])
		d++;
	return d;
}

/* The i-th layer in node order; NULL past the end, or an absent top. */
static const imp_layer *layer_at(const imp_stack *t, unsigned i)
{
	if (i-- == 0)
		return t->top;
	for (unsigned l = 0; l < IMP_LINKS; i -= depth(t, l++))
		if (i < depth(t, l))
			return t->link[l][i];
	return NULL;
}

static unsigned count_nodes(const imp_stack *t)
{
	unsigned n = 1;
	for (unsigned l = 0; l < IMP_LINKS; l++)
		n += depth(t, l);
	return n;
}

static int link_fits(const imp_stack *t, unsigned l)
{
	unsigned d = depth(t, l);
	if (d && t->top && t->top->needs[l] != t->link[l][0]->offers)
		return 0;
	for (unsigned i = 0; i + 1 < d; i++)
		if (t->link[l][i]->needs[0] != t->link[l][i + 1]->offers)
			return 0;
	return 1;
}

/* The fake crypto is for fuzzing: only test builds of the core take it. */
static int crypto_fits(const imp_crypto *c)
{
#ifdef IMP_TESTING
	(void)c;
	return 1;
#else
	return !c || strcmp(c->id, "imp.fake") != 0;
#endif
}

static int stack_fits(const imp_stack *t)
{
	const imp_manifest *f = t->top ? t->top->manifest : NULL;
	if (!crypto_fits(t->crypto))
		return 0;
	if (t->top && t->top->offers != IMP_L_NONE)
		return 0;
	for (unsigned l = 0; l < IMP_LINKS; l++)
		if (!link_fits(t, l))
			return 0;
	for (const int32_t *a = f ? f->algs : NULL; a && *a; a++)
		if (!t->crypto || !t->crypto->can(t->crypto, *a, 0))
			return 0;
	return 1;
}

static uint32_t mix(uint32_t h, const char *text, size_t n)
{
	for (; text && *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return (h ^ (uint32_t)n) * 16777619u;
}

/* What the bytes of a session depend on, so also the crypto provider: its
 * hash contexts lie in layers' states. */
static uint32_t fingerprint(const imp_stack *t)
{
	uint32_t h = mix(2166136261u, t->crypto ? t->crypto->id : "", sizeof(imp_session));
	h = mix(h, "", (size_t)t->params.role << 16 | t->params.exchanges);
	h = mix(h, "", t->params.max_msg);
	h = mix(h, "", t->params.max_chain);
	if (t->top)
		h = mix(mix(h, t->top->id, 0), t->top->version, t->top->need(&t->params));
	for (unsigned l = 0; l < IMP_LINKS; l++, h = mix(h, "", l))
		for (unsigned d = 0; d < IMP_DEPTH && t->link[l][d]; d++) {
			const imp_layer *y = t->link[l][d];
			h = mix(mix(h, y->id, d), y->version, y->need(&t->params));
		}
	return h;
}

size_t imp_session_need(const imp_stack *t)
{
	unsigned n = count_nodes(t);
	size_t z = round16(sizeof(imp_session) + n * sizeof(struct node));
	if (!stack_fits(t))
		return 0;
	for (unsigned i = 0; i < n; i++)
		if (layer_at(t, i))
			z += round16(layer_at(t, i)->need(&t->params));
	return z;
}

/* One feed: every layer may emit its burst, and hold a message going up and
 * one going down. */
static size_t feed_msgs(const imp_stack *t)
{
	size_t n = RESERVE + count_nodes(t);
	for (unsigned i = 0, k = count_nodes(t); i < k; i++)
		n += layer_at(t, i) ? layer_at(t, i)->burst : 0u;
	return n;
}

/* What one step of this layer may take. */
static size_t step_room(const imp_layer *y, const imp_params *p)
{
	if (y && IMP_HAS(y, imp_layer, work) && y->work)
		return round16(y->work(p));
	return 2 * round16(p->max_msg + 128);
}

static size_t feed_room(const imp_stack *t)
{
	size_t n = round16(t->params.max_msg + 128);
	for (unsigned i = 0, k = count_nodes(t); i < k; i++)
		n += step_room(layer_at(t, i), &t->params);
	return n;
}

size_t imp_work_need(const imp_stack *t)
{
	size_t ring = 2 * feed_msgs(t) * (sizeof(struct entry) + sizeof(imp_msg));
	return stack_fits(t) ? round16(sizeof(struct run)) + round16(ring) + 2 * feed_room(t) : 0;
}

static imp_status layer_init(imp_session *s, const imp_stack *t, unsigned i)
{
	struct node *k = &s->node[i];
	const imp_layer *y = layer_at(t, i);
	memset((uint8_t *)s + k->off, 0, k->len);
	k->due = UINT64_MAX;
	return y ? y->init((uint8_t *)s + k->off, &t->params) : IMP_OK;
}

imp_session *imp_session_init(void *mem, size_t len, const imp_stack *t)
{
	size_t need = imp_session_need(t), off;
	imp_session *s = mem;
	unsigned n = 1;
	if (!need || len < need || (uintptr_t)mem % 16 || need > UINT32_MAX)
		return NULL;
	memset(mem, 0, need);
	s->print = fingerprint(t);
	s->cap = (uint16_t)(2 * feed_msgs(t));
	s->work = (uint32_t)imp_work_need(t);
	for (unsigned l = 0; l < IMP_LINKS; l++) {
		s->link[l].first = (uint8_t)n;
		s->link[l].count = (uint8_t)depth(t, l);
		n += depth(t, l);
	}
	s->nodes = (uint8_t)n;
	off = round16(sizeof(imp_session) + n * sizeof(struct node));
	for (unsigned i = 0; i < n; i++) {
		s->node[i].off = (uint32_t)off;
		s->node[i].len = layer_at(t, i) ? (uint32_t)layer_at(t, i)->need(&t->params) : 0;
		off += round16(s->node[i].len);
		if (layer_init(s, t, i) < 0)
			return NULL;
	}
	return s;
}

/* --- where a message goes ----------------------------------------------- */

static unsigned link_of(const imp_session *s, int node)
{
	unsigned l = 0;
	while (l + 1 < IMP_LINKS && node >= s->link[l].first + s->link[l].count)
		l++;
	return l;
}

static int head_of(const struct link *k)
{
	return k->count ? k->first : HOST;
}

static int above_link(const struct run *r)
{
	return r->t->top ? 0 : HOST;
}

/* Who holds this ticket?  NOWHERE: nobody any more. */
static int holder(const imp_session *s, uint32_t ticket)
{
	uint32_t tag = ticket >> 24;
	int node = (int)(tag & ((1u << NODE_BITS) - 1)) - 1;
	if (tag == TAG_HOST)
		return HOST;
	if (node < 0 || node >= s->nodes)
		return NOWHERE;
	if (tag >> NODE_BITS != (node ? s->link[link_of(s, node)].epoch : 0u))
		return NOWHERE;
	return node;
}

static uint32_t tagged(const imp_session *s, int node, uint32_t ticket)
{
	uint32_t epoch = node > 0 ? s->link[link_of(s, node)].epoch : 0u;
	return (epoch << NODE_BITS | (uint32_t)(node + 1)) << 24 | (ticket & LOCAL);
}

/* OPEN's ticket is a label that UP echoes: it is not tagged. */
static int asks(const imp_msg *m)
{
	return m->ticket && m->verb != IMP_ANSWER && m->verb != IMP_OPEN && m->verb != IMP_UP && m->verb != IMP_DOWN;
}

static int next_hop(const struct run *r, int from, const imp_msg *m)
{
	const struct link *k;
	if (m->verb == IMP_ANSWER)
		return holder(r->s, m->ticket);
	if (from == 0)
		return IMP_SINKS(m->verb) ? head_of(&r->s->link[m->link]) : HOST;
	k = &r->s->link[link_of(r->s, from)];
	if (IMP_SINKS(m->verb))
		return from + 1 < k->first + k->count ? from + 1 : HOST;
	return from > k->first ? from - 1 : above_link(r);
}

/* --- the queue ---------------------------------------------------------- */

static size_t in_flight(const struct run *r)
{
	return (r->qtail - r->qhead) + (r->otail - r->ohead);
}

/* Never overflows: emit leaves RESERVE, and what else is pushed replaces
 * a message that was just taken (a reset: two, at most once per link). */
static void push(struct run *r, const imp_msg *m, int at)
{
	struct entry *e = &r->queue[r->qtail % r->cap];
	if (at == NOWHERE || in_flight(r) >= r->cap)
		return;
	e->m = *m;
	e->at = at;
	r->qtail++;
}

static int in_work(const struct run *r, const uint8_t *p)
{
	return p >= r->mem && p < r->next;
}

static uint8_t *room(imp_cx *cx, size_t len)
{
	struct run *r = (struct run *)cx;
	uint8_t *p = r->next;
	if (len > (size_t)(r->end - p) || round16(len) > (size_t)(r->end - p))
		return NULL;
	r->next += round16(len);
	return p;
}

/* LIFETIMES: copied into work memory unless it lies there already. */
static imp_status keep(struct run *r, imp_span *s)
{
	uint8_t *p;
	if (!s->len || in_work(r, s->ptr))
		return IMP_OK;
	p = room(&r->cx, s->len);
	if (!p)
		return IMP_ENOSPC;
	memcpy(p, s->ptr, s->len);
	s->ptr = p;
	return IMP_OK;
}

/* The ticket on `m`, if any, gets an error; else `m` is dropped. */
static void refuse(struct run *r, const imp_msg *m, imp_status code)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, code, m->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	a.link = m->link;
	if (asks(m))
		push(r, &a, holder(r->s, m->ticket));
}

/* ENDS: TX on a link that is down, or too large. */
static imp_status link_refuses(const imp_session *s, const imp_msg *m)
{
	const struct link *k = &s->link[m->link];
	if (m->verb != IMP_TX)
		return IMP_OK;
	if (!k->up)
		return IMP_ELINK;
	return k->mtu && m->data.len > k->mtu ? IMP_ENOSPC : IMP_OK;
}

/* --- what a step may do ------------------------------------------------- */

static imp_status fail(struct run *r, imp_status code)
{
	r->fault = code;
	return code;
}

static imp_status emit(imp_cx *cx, const imp_msg *in)
{
	struct run *r = (struct run *)cx;
	imp_msg m = *in;
	imp_status refused;
	if (m.verb == IMP_DONE && (r->me || r->s->over || r->done.verb))
		return fail(r, r->me ? IMP_EARG : IMP_EOVER);
	if (m.link >= IMP_LINKS || (asks(&m) && m.ticket > LOCAL))
		return fail(r, IMP_EARG);
	if (++r->emitted > layer_at(r->t, (unsigned)r->me)->burst || in_flight(r) + RESERVE >= r->cap)
		return fail(r, IMP_ENOSPC);
	if (r->me)
		m.link = (uint16_t)link_of(r->s, r->me);
	if (asks(&m))
		m.ticket = tagged(r->s, r->me, m.ticket);
	if (keep(r, &m.name) < 0 || keep(r, &m.data) < 0)
		return fail(r, IMP_ENOSPC);
	refused = r->me ? IMP_OK : link_refuses(r->s, &m);
	if (refused)
		refuse(r, &m, refused);
	else if (m.verb == IMP_DONE)
		r->done = m; /* held back: the last thing the host hears */
	else
		push(r, &m, next_hop(r, r->me, &m));
	if (!r->me && m.verb == IMP_SHUT)
		r->s->link[m.link].up = 0;
	return IMP_OK;
}

static void wake(imp_cx *cx, uint64_t at)
{
	struct run *r = (struct run *)cx;
	r->s->node[r->me].due = at;
}

static const imp_channel *ask_layer(struct run *r, unsigned node)
{
	const imp_layer *y = layer_at(r->t, node);
	if (!IMP_HAS(y, imp_layer, channel) || !y->channel)
		return NULL;
	return y->channel((uint8_t *)r->s + r->s->node[node].off, &r->cx);
}

/* The nearest secured layer below the caller, asked afresh. */
static const imp_channel *channel(imp_cx *cx, unsigned link)
{
	struct run *r = (struct run *)cx;
	unsigned l = r->me ? link_of(r->s, r->me) : link;
	const imp_channel *c = NULL;
	if (l >= IMP_LINKS)
		return NULL;
	for (unsigned i = r->me ? (unsigned)r->me + 1u : r->s->link[l].first; !c && i < (unsigned)r->s->link[l].first + r->s->link[l].count; i++)
		c = ask_layer(r, i);
	return c || r->fed_link != l ? c : r->fed;
}

static const void *extension(imp_cx *cx, const char *id)
{
	(void)cx;
	(void)id;
	return NULL;
}

/* --- ends --------------------------------------------------------------- */

static const char *status_name(imp_status st)
{
	static const char *const names[] = {"OK", "EBADMSG", "EAUTH", "EDENIED", "EPROTO", "EUNSUP", "ENOSPC", "EARG", "ETIME", "ELINK", "EPEER", "ERANDOM", "EFACT", "EOVER"};
	return st > 0 ? "LATER" : st >= IMP_EOVER ? names[-st] : "?";
}

static size_t append(char *to, size_t at, const char *text)
{
	while (*text && at + 1 < WHERE)
		to[at++] = *text++;
	to[at] = 0;
	return at;
}

/* "toy.join.consent: EDENIED".  The one string a session keeps. */
static void note_where(struct run *r, int node, imp_status st)
{
	const imp_layer *y = layer_at(r->t, (unsigned)node);
	size_t n = append(r->s->where, 0, y ? y->id : "core");
	if (y && IMP_HAS(y, imp_layer, where) && y->where) {
		n = append(r->s->where, n, ".");
		n = append(r->s->where, n, y->where((uint8_t *)r->s + r->s->node[node].off));
	}
	n = append(r->s->where, n, ": ");
	append(r->s->where, n, status_name(st));
}

/* The top has said DONE: its deadline goes, its links linger. */
static void over(struct run *r)
{
	r->s->over = 1;
	r->s->status = r->done.code;
	r->s->node[0].due = UINT64_MAX;
	if (r->done.code < 0)
		note_where(r, 0, r->done.code);
}

/* The session is broken: nothing runs any more, the host hears DONE once. */
static void end(struct run *r, imp_status st)
{
	if (!r->s->over) {
		r->done = imp_say(IMP_DONE, 0, st, 0, imp_bytes(0, 0), imp_bytes(0, 0));
		r->s->status = st;
	}
	r->s->over = r->s->broken = 1;
	r->qhead = r->qtail;
	for (unsigned i = 0; i < r->s->nodes; i++)
		r->s->node[i].due = UINT64_MAX;
}

/* Forget what was on its way into a link; whoever asked is told. */
static void flush(struct run *r, unsigned l, imp_status st)
{
	const struct link *k = &r->s->link[l];
	for (size_t n = r->qtail - r->qhead; n; n--) {
		struct entry e = r->queue[r->qhead++ % r->cap];
		if (e.m.verb == IMP_UP && e.m.link == l)
			continue; /* it is not up any more: DOWN follows */
		if (e.at < k->first || e.at >= k->first + k->count)
			push(r, &e.m, e.at);
		else if (holder(r->s, e.m.ticket) < k->first || holder(r->s, e.m.ticket) >= k->first + k->count)
			refuse(r, &e.m, st);
	}
}

/* ENDS: a broken transport.  Zero and re-init its link, SHUT, DOWN. */
static void reset_link(struct run *r, unsigned l, imp_status st)
{
	struct link *k = &r->s->link[l];
	imp_msg m = imp_say(IMP_SHUT, 0, st, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	flush(r, l, st);
	k->up = 0;
	k->mtu = 0;
	k->epoch = (uint8_t)((k->epoch + 1) % EPOCHS);
	for (unsigned i = k->first; i < (unsigned)k->first + k->count; i++)
		if (layer_init(r->s, r->t, i) < 0) {
			end(r, st);
			return;
		}
	m.link = (uint16_t)l;
	push(r, &m, HOST);
	m.verb = IMP_DOWN;
	push(r, &m, above_link(r));
}

/* --- the loop ----------------------------------------------------------- */

/* Is this message's own ticket the host's?  Then it reads as the host fed it. */
static void to_host(struct run *r, imp_msg m)
{
	if (keep(r, &m.name) < 0 || keep(r, &m.data) < 0) {
		end(r, IMP_ENOSPC);
		return;
	}
	if (m.ticket >> 24 == TAG_HOST)
		m.ticket &= LOCAL;
	r->out[r->otail++ % r->cap] = m;
}

static void track_link(struct run *r, const imp_msg *m)
{
	struct link *k = &r->s->link[m->link];
	if (m->verb == IMP_UP) {
		k->up = 1;
		k->mtu = m->code > 0 ? (uint32_t)m->code : 0;
	} else if (m->verb == IMP_DOWN) {
		k->up = 0;
	}
}

static void broken(struct run *r, const imp_msg *m, imp_status st)
{
	if (r->me == 0 && r->s->over) {
		refuse(r, m, st); /* an ASK after DONE went wrong: no new end */
		return;
	}
	note_where(r, r->me, st);
	if (r->me == 0) {
		end(r, st);
		return;
	}
	if (holder(r->s, m->ticket) <= 0 && m->verb == IMP_TX)
		refuse(r, m, st); /* the request that broke it came from above */
	reset_link(r, link_of(r->s, r->me), st);
}

/* START, STOP, TICK and ANSWER have an address and do not travel on. */
static int travels(const imp_msg *m)
{
	return m->verb != IMP_START && m->verb != IMP_STOP && m->verb != IMP_TICK && m->verb != IMP_ANSWER;
}

static void step(struct run *r, const struct entry *e)
{
	const imp_layer *y = layer_at(r->t, (unsigned)e->at);
	imp_msg m = e->m, was = r->done;
	size_t mark = r->qtail;
	imp_status st;
	if (!y)
		return; /* an ANSWER for a top that this half does not have */
	r->me = e->at;
	r->emitted = 0;
	r->fault = IMP_OK;
	if (m.verb == IMP_ANSWER)
		m.ticket &= LOCAL;
	st = y->step((uint8_t *)r->s + r->s->node[e->at].off, &r->cx, &m);
	if (r->fault)
		st = r->fault;
	if (st < 0) { /* it leaves no trace: not what it emitted either */
		r->qtail = mark;
		r->done = was;
		broken(r, &e->m, st);
		return;
	}
	if (r->done.verb && !r->s->over)
		over(r);
	if (st == IMP_PASS && travels(&e->m))
		push(r, &e->m, next_hop(r, e->at, &e->m));
	if (r->s->over)
		r->s->node[0].due = UINT64_MAX;
}

static void deliver(struct run *r, const struct entry *e)
{
	if (e->at == above_link(r))
		track_link(r, &e->m);
	if (e->at == HOST)
		to_host(r, e->m);
	else if (e->at == 0 && r->s->over && !IMP_SINKS(e->m.verb) && e->m.verb != IMP_ASK)
		to_host(r, e->m); /* ENDS: rising messages pass a finished top */
	else if (e->at != 0 || !r->s->over || e->m.verb == IMP_ASK)
		step(r, e);
}

static void run(struct run *r)
{
	while (r->qhead != r->qtail) {
		struct entry e = r->queue[r->qhead++ % r->cap];
		deliver(r, &e);
	}
}

static void feed_tick(struct run *r, const imp_msg *m)
{
	for (unsigned i = 0; i < r->s->nodes; i++)
		if (r->s->node[i].due <= r->cx.now) {
			r->s->node[i].due = UINT64_MAX;
			push(r, m, (int)i);
		}
}

/* Where a fed message enters; NOWHERE: the host broke a rule. */
static int entrance(const struct run *r, const imp_msg *m)
{
	const struct link *k = &r->s->link[m->link];
	if (m->verb == IMP_START || m->verb == IMP_STOP)
		return r->t->top ? 0 : NOWHERE;
	if (m->verb == IMP_DONE)
		return NOWHERE;
	if (IMP_SINKS(m->verb))
		return k->count ? k->first : NOWHERE;
	if (k->count)
		return k->first + k->count - 1;
	return r->t->top ? 0 : NOWHERE;
}

static imp_status feed_one(struct run *r, imp_msg m)
{
	int at = entrance(r, &m);
	imp_status refused = IMP_OK;
	if (m.verb == IMP_ANSWER) { /* TICKETS: below 2^24 is the host's own */
		if (m.ticket == 0 || m.ticket >> 24 == TAG_HOST)
			return IMP_EARG;
		push(r, &m, m.ticket <= LOCAL ? HOST : holder(r->s, m.ticket));
		return IMP_OK;
	}
	if (at == NOWHERE || (asks(&m) && m.ticket > LOCAL))
		return IMP_EARG;
	if (asks(&m))
		m.ticket |= (uint32_t)TAG_HOST << 24;
	if (IMP_SINKS(m.verb) && at > 0)
		refused = link_refuses(r->s, &m);
	if (refused)
		refuse(r, &m, refused);
	else
		push(r, &m, at);
	if (m.verb == IMP_SHUT)
		r->s->link[m.link].up = 0;
	return IMP_OK;
}

/* --- work memory -------------------------------------------------------- */

static int undrained(const imp_work *w)
{
	const struct run *r = (const struct run *)(const void *)w->mem;
	return w->own[0] && (r->ohead != r->otail || r->done.verb);
}

/* The spans of `m` may lie in the work memory that is about to be reused
 * (the host feeds on what it drained last): move them to its start. */
static imp_status rescue(const imp_work *w, uint8_t *to, imp_msg *m)
{
	imp_span *part[2] = {&m->name, &m->data};
	const uint8_t *low = w->mem + w->len, *high = w->mem;
	for (int i = 0; i < 2; i++)
		if (part[i]->len && part[i]->ptr >= w->mem && part[i]->ptr < w->mem + w->len) {
			low = part[i]->ptr < low ? part[i]->ptr : low;
			high = part[i]->ptr + part[i]->len > high ? part[i]->ptr + part[i]->len : high;
		}
	if (low >= high)
		return 0;
	if ((size_t)(w->mem + w->len - to) < (size_t)(high - low))
		return IMP_ENOSPC;
	memmove(to, low, (size_t)(high - low));
	for (int i = 0; i < 2; i++)
		if (part[i]->len && part[i]->ptr >= w->mem && part[i]->ptr < w->mem + w->len)
			part[i]->ptr = to + (part[i]->ptr - low);
	return (imp_status)(high - low);
}

/* Start afresh in drained work memory. */
static imp_status begin(imp_session *s, const imp_stack *t, imp_work *w, imp_msg *m)
{
	struct run *r = (struct run *)(void *)w->mem;
	size_t queue = round16(sizeof *r), out = queue + s->cap * sizeof(struct entry);
	size_t pool = queue + round16(s->cap * (sizeof(struct entry) + sizeof(imp_msg)));
	imp_status kept = rescue(w, w->mem + pool, m);
	if (kept < 0)
		return kept;
	memset(r, 0, sizeof *r);
	r->cx.size = sizeof r->cx;
	r->cx.rev = IMP_REV;
	r->cx.crypto = t->crypto;
	r->cx.emit = emit;
	r->cx.room = room;
	r->cx.wake = wake;
	r->cx.channel = channel;
	r->cx.extension = extension;
	r->s = s;
	r->cap = s->cap;
	r->queue = (struct entry *)(void *)(w->mem + queue);
	r->out = (imp_msg *)(void *)(w->mem + out);
	r->mem = w->mem + pool;
	r->next = r->mem + round16((size_t)kept);
	r->end = w->mem + (w->len & ~(size_t)15);
	w->own[0] = 1;
	return IMP_OK;
}

/* Is there enough left to append one more feed?  If not the host drains
 * first and feeds the same message again; nothing has happened. */
static int can_append(const struct run *r)
{
	return (size_t)(r->end - r->next) >= feed_room(r->t) && in_flight(r) + r->cap / 2 <= r->cap;
}

imp_status imp_session_feed(imp_session *s, const imp_stack *t, imp_work *w, const imp_msg *in)
{
	struct run *r = (struct run *)(void *)w->mem;
	imp_msg m = *in;
	imp_status st;
	if (s->print != fingerprint(t) || w->len < s->work || (uintptr_t)w->mem % 16 || m.link >= IMP_LINKS)
		return IMP_EARG;
	if (undrained(w) && r->s != s)
		return IMP_EARG; /* LIFETIMES: one undrained work memory, two sessions */
	if (s->broken)
		return s->status;
	if (s->over && (m.verb == IMP_START || m.verb == IMP_STOP))
		return IMP_EOVER;
	if (undrained(w) && !can_append(r))
		return IMP_ENOSPC;
	if (!undrained(w) && (st = begin(s, t, w, &m)) < 0)
		return st;
	r->t = t;
	r->cx.now = w->now;
	r->cx.unix_time = w->unix_time;
	r->fed = m.channel;
	r->fed_link = m.link;
	if (m.verb == IMP_TICK)
		feed_tick(r, &m);
	else if ((st = feed_one(r, m)) < 0)
		return st;
	run(r);
	return s->status;
}

int imp_session_poll(imp_session *s, imp_work *w, imp_msg *out)
{
	struct run *r = (struct run *)(void *)w->mem;
	if (!undrained(w) || r->s != s)
		return 0;
	if (r->ohead != r->otail) {
		*out = r->out[r->ohead++ % r->cap];
		return 1;
	}
	*out = r->done;
	r->done.verb = 0;
	return 1;
}

/* --- small ones --------------------------------------------------------- */

uint64_t imp_session_deadline(const imp_session *s)
{
	uint64_t due = UINT64_MAX;
	for (unsigned i = 0; i < s->nodes; i++)
		due = s->node[i].due < due ? s->node[i].due : due;
	return due;
}

void imp_session_shift(imp_session *s, int64_t ms)
{
	for (unsigned i = 0; i < s->nodes; i++) {
		uint64_t *due = &s->node[i].due;
		if (*due == UINT64_MAX)
			continue;
		if (ms < 0)
			*due = *due > (uint64_t)-ms ? *due - (uint64_t)-ms : 0;
		else
			*due = *due < UINT64_MAX - 1 - (uint64_t)ms ? *due + (uint64_t)ms : UINT64_MAX - 1;
	}
}

imp_status imp_session_status(const imp_session *s)
{
	return s->status;
}

const char *imp_session_where(const imp_session *s)
{
	return s->where;
}

void imp_session_wipe(imp_session *s)
{
	const struct node *last = &s->node[s->nodes ? s->nodes - 1 : 0];
	imp_wipe(s, last->off + round16(last->len));
}
