/* io.c -- pools of sessions, what waits, and time. */
#include "inner.h"
#include "ct.h"
#include <stdlib.h>
#include <time.h>

static void run_waiting(imp_io *io);

uint64_t io_now(void)
{
	return uv_hrtime() / 1000000u;
}

imp_session *session_of(const imp_io_pool *p, const struct slot *s)
{
	return (imp_session *)(void *)((uint8_t *)(uintptr_t)s + p->at);
}

static struct slot **busy_of(const imp_io_pool *p)
{
	return &p->io->busy[p->work - p->io->work];
}

static void fill_clock(imp_io_pool *p)
{
	time_t t = time(NULL);
	p->work->now = io_now();
	p->work->unix_time = t > 0 ? (uint64_t)t : 0;
}

/* --- traces --------------------------------------------------------------- */

static void trace(imp_io_pool *p, const struct slot *s, int fed, const imp_msg *m)
{
	imp_io_event e = {p, 0, fed, *m, "", "", 0};
	if (!p->io->trace)
		return;
	if (m->verb == (fed ? IMP_RX : IMP_TX) && m->link < IMP_LINKS)
		e.wire = s->udp[m->link] ? IMP_L_DGRAM : s->link[m->link] ? IMP_L_STREAM : IMP_L_NONE;
	e.id = imp_slab_id(p->slab, s);
	if (m->flags & IMP_SECRET)
		e.m.data = imp_bytes(NULL, 0);
	link_names(s, m->link, &e.local, &e.peer);
	p->io->trace(p->io->trace_user, &e);
}

void imp_io_trace(imp_io *io, void (*fn)(void *, const imp_io_event *), void *user)
{
	io->trace = fn;
	io->trace_user = user;
}

/* --- what waits ----------------------------------------------------------- */

static void waiting_free(struct waiting *w)
{
	imp_wipe(w->bytes, w->len);
	free(w);
}

static imp_span put_aside(uint8_t **at, imp_span s)
{
	imp_span copy = imp_bytes(*at, s.len);
	if (s.len)
		memcpy(*at, s.ptr, s.len);
	*at += s.len;
	return copy;
}

/* No memory: the message is lost, as on any bad network. */
static void wait_for(imp_io_pool *p, const struct slot *s, const imp_msg *m)
{
	size_t len = m->name.len + m->data.len;
	struct waiting *w = malloc(sizeof *w + len);
	uint8_t *at;
	if (!w)
		return;
	at = w->bytes;
	w->next = NULL;
	w->pool = p;
	w->id = imp_slab_id(p->slab, s);
	w->len = len;
	w->m = *m;
	w->m.name = put_aside(&at, m->name);
	w->m.data = put_aside(&at, m->data);
	w->m.channel = NULL;
	*p->io->last = w;
	p->io->last = &w->next;
}

static int has_waiting(const imp_io_pool *p, const struct slot *s)
{
	uint64_t id = p->io->first ? imp_slab_id(p->slab, s) : 0;
	for (const struct waiting *w = p->io->first; w; w = w->next)
		if (w->pool == p && w->id == id)
			return 1;
	return 0;
}

/* --- what a session says -------------------------------------------------- */

/* The host stands where a link should be: there is none. */
static void no_link(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	imp_msg no = imp_say(m->verb == IMP_OPEN ? IMP_DOWN : IMP_ANSWER, 0, IMP_EUNSUP, m->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	no.link = m->link;
	if (m->verb == IMP_OPEN || (m->verb == IMP_TX && m->ticket))
		feed(p, s, &no);
}

static void tell_host(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	if (p->heard)
		p->heard(p->user, p, imp_slab_id(p->slab, s), m);
}

static void hear_sinking(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	if (m->verb == IMP_ANSWER && p->stack.top)
		route_back(p, s, m);
	else if (m->verb == IMP_ANSWER)
		tell_host(p, s, m); /* the host itself stands on the links */
	else if (!p->stack.link[m->link][0])
		no_link(p, s, m);
	else if (m->verb == IMP_TX)
		link_send(p, s, m);
	else if (m->verb == IMP_OPEN)
		link_open(p, s, m);
	else if (m->verb == IMP_SHUT)
		link_shut(s, m->link);
}

static void hear(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	if (s->gone)
		return;
	trace(p, s, 0, m);
	if (IMP_SINKS(m->verb))
		hear_sinking(p, s, m);
	else if (m->verb == IMP_RX && p->router)
		route_up(p, s, m);
	else if (m->verb == IMP_TELL && m->topic == IMP_T_ROUTE)
		imp_slab_also(p->slab, s, m->name);
	else if (m->verb >= IMP_ASK || !p->stack.top)
		tell_host(p, s, m);
	if (m->verb == IMP_DONE)
		s->over = 1;
	if (m->verb == IMP_SHUT && s->accepted && !p->stack.top)
		s->gone = 1;
}

/* --- feeding -------------------------------------------------------------- */

static void timer_due(uv_timer_t *t);

static void arm(imp_io *io, uint64_t at)
{
	uint64_t now = io_now();
	if (at >= io->armed)
		return;
	io->armed = at;
	uv_update_time(io->loop);
	uv_timer_start(io->timer, timer_due, at > now ? at - now : 0, 0);
}

static void settle(imp_io_pool *p, struct slot *s)
{
	uint64_t due = imp_session_deadline(session_of(p, s));
	if (s->gone || (s->over && due == UINT64_MAX)) {
		slot_drop(p, s);
		return;
	}
	if (p->idle_ms && due > s->fed_at + p->idle_ms)
		due = s->fed_at + p->idle_ms;
	imp_slab_wake(p->slab, s, due);
	arm(p->io, due);
}

static void drain(imp_io_pool *p, struct slot *s)
{
	imp_msg o;
	*busy_of(p) = s;
	while (imp_session_poll(session_of(p, s), p->work, &o))
		hear(p, s, &o);
	*busy_of(p) = NULL;
	settle(p, s);
}

static void feed_or_wait(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	struct slot *busy = *busy_of(p);
	imp_status st;
	if (s->gone)
		return;
	if (busy && busy != s) {
		wait_for(p, s, m);
		return;
	}
	fill_clock(p);
	if (m->verb != IMP_TICK)
		s->fed_at = p->work->now;
	st = imp_session_feed(session_of(p, s), &p->stack, p->work, m);
	if (busy && st == IMP_ENOSPC && imp_session_status(session_of(p, s)) == IMP_OK) {
		wait_for(p, s, m);
		return;
	}
	trace(p, s, 1, m);
	if (!busy)
		drain(p, s);
}

void feed(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	if (has_waiting(p, s))
		wait_for(p, s, m);
	else
		feed_or_wait(p, s, m);
	run_waiting(p->io);
}

static void run_waiting(imp_io *io)
{
	struct slot *s;
	if (io->running || io->busy[0] || io->busy[1])
		return;
	io->running = 1;
	while (io->first) {
		struct waiting *w = io->first;
		io->first = w->next;
		if (!io->first)
			io->last = &io->first;
		s = imp_slab_at(w->pool->slab, w->id);
		if (s)
			feed_or_wait(w->pool, s, &w->m);
		waiting_free(w);
	}
	io->running = 0;
}

imp_status imp_io_feed(imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	struct slot *s = imp_slab_at(p->slab, id);
	if (!s || s->gone)
		return IMP_EOVER;
	feed(p, s, m);
	return IMP_OK;
}

/* --- time ----------------------------------------------------------------- */

static void stop_idle(imp_io_pool *p, struct slot *s)
{
	imp_msg stop = imp_say(IMP_STOP, 0, IMP_ETIME, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	uint64_t id = imp_slab_id(p->slab, s);
	if (p->stack.top && !s->over)
		feed(p, s, &stop);
	imp_io_drop(p, id);
}

static void wake(imp_io_pool *p, struct slot *s, uint64_t now)
{
	imp_msg tick = imp_say(IMP_TICK, 0, 0, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	if (imp_session_deadline(session_of(p, s)) <= now)
		feed(p, s, &tick);
	else if (p->idle_ms && now >= s->fed_at + p->idle_ms)
		stop_idle(p, s);
	else
		settle(p, s);
}

static void timer_due(uv_timer_t *t)
{
	imp_io *io = t->data;
	uint64_t now = io_now(), next, soonest = UINT64_MAX;
	io->armed = UINT64_MAX;
	for (imp_io_pool *p = io->pools; p; p = p->next) {
		void *s;
		next = UINT64_MAX;
		for (uint32_t n = 0; n <= p->count && (s = imp_slab_due(p->slab, now, &next)); n++)
			wake(p, s, now);
		soonest = next < soonest ? next : soonest;
	}
	arm(io, soonest);
}

/* --- sessions ------------------------------------------------------------- */

struct slot *slot_begin(imp_io_pool *p, imp_span key)
{
	struct slot *s = imp_slab_take(p->slab, key);
	if (!s)
		return NULL;
	memset(s, 0, sizeof *s);
	s->fed_at = io_now();
	if (!imp_session_init(session_of(p, s), imp_session_need(&p->stack), &p->stack)) {
		imp_slab_drop(p->slab, s);
		return NULL;
	}
	s->next = p->first;
	s->back = &p->first;
	if (s->next)
		s->next->back = &s->next;
	p->first = s;
	p->alive++;
	return s;
}

void slot_drop(imp_io_pool *p, struct slot *s)
{
	struct carried waiting[MAPS];
	if (*busy_of(p) == s) { /* it is being drained */
		s->gone = 1;
		return;
	}
	memcpy(waiting, s->carried, sizeof waiting);
	for (unsigned l = 0; l < IMP_LINKS; l++)
		link_shut(s, l);
	*s->back = s->next;
	if (s->next)
		s->next->back = s->back;
	imp_slab_drop(p->slab, s);
	p->alive--;
	route_lost(waiting);
}

uint64_t imp_io_start(imp_io_pool *p, imp_span key, const imp_msg *start)
{
	struct slot *s = slot_begin(p, key);
	uint64_t id = s ? imp_slab_id(p->slab, s) : 0;
	imp_msg open = imp_say(IMP_OPEN, 0, 0, 0, imp_bytes(p->bearer, strlen(p->bearer)), imp_bytes(0, 0));
	if (s && p->bearer[0])
		link_open(p, s, &open);
	if (s)
		feed(p, s, start);
	return id;
}

void imp_io_drop(imp_io_pool *p, uint64_t id)
{
	struct slot *s = imp_slab_at(p->slab, id);
	if (s)
		slot_drop(p, s);
}

imp_session *imp_io_session(const imp_io_pool *p, uint64_t id)
{
	struct slot *s = imp_slab_at(p->slab, id);
	return s ? session_of(p, s) : NULL;
}

uint32_t imp_io_alive(const imp_io_pool *p)
{
	return p->alive;
}

/* --- pools and the whole -------------------------------------------------- */

int is_radio(const imp_io_pool *p)
{
	unsigned foot = 0;
	while (foot + 1 < IMP_DEPTH && p->stack.link[0][foot + 1])
		foot++;
	return p->stack.link[0][foot] && p->stack.link[0][foot]->needs[0] == IMP_L_ADV;
}

static int has_links(const imp_stack *t)
{
	for (unsigned l = 0; l < IMP_LINKS; l++)
		if (t->link[l][0])
			return 1;
	return 0;
}

/* Work memory grows with the pools that need it; never while one drains. */
static int work_for(imp_work *w, size_t need)
{
	uint8_t *mem;
	if (need <= w->len)
		return 1;
	need = (need + 15) & ~(size_t)15;
	mem = aligned_alloc(16, need);
	if (!mem)
		return 0;
	memset(mem, 0, need);
	if (w->len)
		imp_wipe(w->mem, w->len);
	free(w->mem);
	memset(w, 0, sizeof *w);
	w->mem = mem;
	w->len = need;
	return 1;
}

static imp_slab *slab_new(imp_io *io, size_t slot, uint32_t count)
{
	size_t need = imp_slab_need(slot, count);
	uint64_t seed;
	void *mem = need ? aligned_alloc(16, (need + 15) & ~(size_t)15) : NULL;
	if (!mem || io->crypto->random(io->crypto, (uint8_t *)&seed, sizeof seed) < 0) {
		free(mem);
		return NULL;
	}
	return imp_slab_init(mem, need, slot, count, seed);
}

static size_t round16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

imp_io_pool *imp_io_pool_new(imp_io *io, const imp_io_options *o)
{
	size_t need = imp_session_need(o->stack), at = round16(sizeof(struct slot));
	imp_io_pool *p = need && o->count && !io->busy[0] && !io->busy[1] ? calloc(1, sizeof *p) : NULL;
	if (!p)
		return NULL;
	p->io = io;
	p->name = o->name ? o->name : "";
	p->stack = *o->stack;
	p->at = at;
	p->count = o->count;
	p->idle_ms = o->idle_ms;
	if (o->bearer && strlen(o->bearer) < sizeof p->bearer)
		memcpy(p->bearer, o->bearer, strlen(o->bearer) + 1);
	p->user = o->user;
	p->heard = o->heard;
	p->work = &io->work[!has_links(o->stack)];
	p->slab = work_for(p->work, 2 * imp_work_need(o->stack)) ? slab_new(io, at + need, o->count) : NULL;
	if (!p->slab) {
		free(p);
		return NULL;
	}
	p->next = io->pools;
	io->pools = p;
	return p;
}

const char *imp_io_pool_name(const imp_io_pool *p)
{
	return p->name;
}

static void timer_closed(uv_handle_t *h)
{
	free(h);
}

imp_io *imp_io_new(uv_loop_t *loop, const imp_crypto *crypto)
{
	imp_io *io = calloc(1, sizeof *io);
	uv_timer_t *t = calloc(1, sizeof *t);
	if (!io || !t || crypto->random(crypto, io->secret, sizeof io->secret) < 0) {
		free(io);
		free(t);
		return NULL;
	}
	io->loop = loop;
	io->crypto = crypto;
	io->secret_at = io_now();
	io->last = &io->first;
	io->armed = UINT64_MAX;
	io->timer = t;
	t->data = io;
	uv_timer_init(loop, t);
	return io;
}

static void pool_free(imp_io_pool *p)
{
	while (p->first) {
		memset(p->first->carried, 0, sizeof p->first->carried); /* no pool is fed any more */
		slot_drop(p, p->first);
	}
	free(p->slab);
	free(p);
}

void imp_io_free(imp_io *io)
{
	while (io->pools) {
		imp_io_pool *p = io->pools;
		io->pools = p->next;
		pool_free(p);
	}
	while (io->first) {
		struct waiting *w = io->first;
		io->first = w->next;
		waiting_free(w);
	}
	listeners_close(io);
	udp_ports_close(io);
	uv_close((uv_handle_t *)io->timer, timer_closed);
	for (int i = 0; i < 2; i++)
		if (io->work[i].mem)
			imp_wipe(io->work[i].mem, io->work[i].len);
	free(io->work[0].mem);
	free(io->work[1].mem);
	imp_wipe(io, sizeof *io);
	free(io);
}
