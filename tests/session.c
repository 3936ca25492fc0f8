/* session.c -- two ends, a bad network, a host; every claim is one line. */
#define _POSIX_C_SOURCE 200809L
#include "imprint.h"
#include "starve.h"
#include "t.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NONE imp_bytes(0, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

extern const imp_layer toy_join, toy_rest, toy_seal;

enum { DEVICE, OWNER, WHOLE = 0, LOWER = 1, MEM = 2048, WORK = 16384, EVENTS = 512, LOCAL = 0xffffff, MTU = 200 };

struct half {
	imp_stack t;
	_Alignas(16) uint8_t mem[2][MEM];
	int where, draining;
	imp_session *s;
};

struct end {
	struct half half[2];
	int cut, done, opens, shown, kept, committed, msk, dones;
	imp_status code;
	uint32_t map[4096], mapped;
};

struct event {
	uint64_t at;
	int end, half;
	imp_msg m;
	uint8_t name[64], data[256];
};

static struct world {
	struct end end[2];
	imp_work w[2];
	_Alignas(16) uint8_t work[2][WORK];
	struct event event[EVENTS];
	int events, appended;
	uint32_t loss, feeds, processes;
	int moves, freeze, starved;
	imp_status policy;
} W;

static uint64_t seed = 88172645463325252u;

static void check(const char *claim, int true_, const char *detail)
{
	t_check(claim, true_, detail);
}

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

static imp_msg mk(uint16_t verb)
{
	return imp_say(verb, 0, 0, 0, NONE, NONE);
}

/* --- stacks -------------------------------------------------------------- */

static imp_stack stack(int end, int upper, int lower)
{
	imp_stack t;
	memset(&t, 0, sizeof t);
	t.size = sizeof t;
	t.top = upper ? &toy_join : NULL;
	if (lower) {
		t.link[0][0] = &toy_rest;
		t.link[0][1] = &toy_seal;
	}
	t.params.size = sizeof t.params;
	t.params.role = end == DEVICE ? IMP_DEVICE : IMP_OWNER;
	t.params.max_msg = 192;
	if (W.starved) {
		t.top = starve_layer(t.top);
		t.link[0][0] = starve_layer(t.link[0][0]);
		t.link[0][1] = starve_layer(t.link[0][1]);
	}
	return t;
}

/* --- the host ------------------------------------------------------------ */

static void feed(int end, int half, const imp_msg *m);

static void later(int end, int half, uint64_t delay, const imp_msg *m)
{
	struct event *e = &W.event[W.events];
	if (W.events == EVENTS || m->name.len > sizeof e->name || m->data.len > sizeof e->data)
		abort();
	W.events++;
	e->at = W.w[0].now + delay;
	e->end = end;
	e->half = half;
	e->m = *m;
	e->m.channel = NULL;
	if (m->name.len)
		memcpy(e->name, m->name.ptr, m->name.len);
	if (m->data.len)
		memcpy(e->data, m->data.ptr, m->data.len);
}

static void reply(int end, int half, uint64_t delay, uint32_t ticket, int32_t code, imp_span data)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, code, ticket, NONE, data);
	if (delay)
		later(end, half, delay, &a);
	else
		feed(end, half, &a); /* while draining: appends */
}

static int bottom(int end)
{
	return W.end[end].cut ? LOWER : WHOLE;
}

static void link_up(int end, uint32_t label)
{
	imp_msg up = imp_say(IMP_UP, 0, MTU, label, NONE, NONE);
	later(end, bottom(end), 1, &up);
}

static void asked(int end, int half, const imp_msg *m)
{
	if (m->topic == IMP_T_KEYS)
		reply(end, half, 0, m->ticket, 0, TEXT("0123456789abcdef"));
	else if (m->topic == IMP_T_READ)
		reply(end, half, 300, m->ticket, 0, TEXT("4711"));
	else if (m->topic == IMP_T_AUTHORIZE) /* a person thinks for 5 s */
		reply(end, half, 5000, m->ticket, W.policy, NONE);
	else
		reply(end, half, 0, m->ticket, IMP_EFACT, NONE);
}

static void learnt(int end, int half, const imp_msg *m)
{
	W.end[end].kept++;
	if (m->flags & IMP_NOW)
		W.end[end].committed = W.end[end].kept;
	if (m->ticket)
		reply(end, half, 20, m->ticket, 0, NONE);
}

static void host(int end, int half, const imp_msg *m)
{
	struct end *e = &W.end[end];
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, NONE, m->data);
	switch (m->verb) {
	case IMP_TX:
		if (rnd() % 100 >= W.loss)
			later(!end, bottom(!end), 1 + rnd() % 50, &rx);
		break;
	case IMP_OPEN:
		e->opens++;
		link_up(end, m->ticket);
		break;
	case IMP_SHUT: /* a server takes the next connection */
		if (end == OWNER)
			link_up(end, 0);
		break;
	case IMP_ASK:
		asked(end, half, m);
		break;
	case IMP_LEARN:
		learnt(end, half, m);
		break;
	case IMP_TELL:
		e->shown += m->topic == IMP_T_SHOW ? (m->flags & IMP_FORGET ? -1 : 1) : 0;
		e->msk += m->topic == 0x8000 && m->code == 0 && m->data.len == 7;
		break;
	case IMP_DONE:
		e->done = 1;
		e->dones++;
		e->code = m->code;
		break;
	}
}

/* Between the halves of a cut stack: the host keeps the map of tickets. */
static void carry(int end, int half, const imp_msg *m)
{
	struct end *e = &W.end[end];
	imp_msg x = *m;
	if (m->verb == IMP_ANSWER) {
		x.ticket = e->map[m->ticket & 4095];
	} else if (m->ticket && m->verb != IMP_OPEN && m->verb != IMP_UP) {
		e->map[++e->mapped & 4095] = m->ticket;
		x.ticket = e->mapped;
	}
	feed(end, !half, &x);
}

static void heard(int end, int half, const imp_msg *m)
{
	int outward = half == LOWER ? IMP_SINKS(m->verb) : !IMP_SINKS(m->verb);
	if (W.end[end].cut && (!outward || m->verb == IMP_ANSWER))
		carry(end, half, m);
	else
		host(end, half, m);
}

/* --- freeze: one process per message ------------------------------------- */

static void put_span(FILE *f, imp_span s)
{
	fwrite(&s.len, sizeof s.len, 1, f);
	if (s.len)
		fwrite(s.ptr, 1, s.len, f);
}

static imp_span get_span(FILE *f, uint8_t *to)
{
	size_t n = 0;
	if (fread(&n, sizeof n, 1, f) != 1 || n > 256 || fread(to, 1, n, f) != n)
		abort();
	return imp_bytes(to, n);
}

static void put_msg(FILE *f, const imp_msg *m)
{
	imp_msg x = *m;
	x.name = x.data = NONE;
	x.channel = NULL;
	fwrite(&x, sizeof x, 1, f);
	put_span(f, m->name);
	put_span(f, m->data);
}

static int get_msg(FILE *f, imp_msg *m, uint8_t name[256], uint8_t data[256])
{
	if (fread(m, sizeof *m, 1, f) != 1 || !m->verb)
		return 0;
	m->name = get_span(f, name);
	m->data = get_span(f, data);
	return 1;
}

static int thaw(const char *path, int end)
{
	imp_stack t = stack(end, 1, 1);
	size_t need = imp_session_need(&t);
	imp_session *s = aligned_alloc(16, need + 16);
	imp_work w = {0};
	uint8_t name[256], data[256];
	imp_msg m, o;
	FILE *f = fopen(path, "r+b");
	w.mem = aligned_alloc(16, WORK);
	w.len = WORK;
	if (!f || !s || !w.mem || fread(&w.now, 8, 1, f) != 1 || fread(s, need, 1, f) != 1 || !get_msg(f, &m, name, data))
		return 2;
	imp_session_feed(s, &t, &w, &m);
	rewind(f);
	while (imp_session_poll(s, &w, &o))
		put_msg(f, &o);
	o = mk(0);
	put_msg(f, &o);
	fwrite(s, need, 1, f);
	fclose(f);
	free(s);
	free(w.mem);
	return 0;
}

static void feed_frozen(int end, const imp_msg *m)
{
	struct half *h = &W.end[end].half[WHOLE];
	size_t need = imp_session_need(&h->t);
	uint8_t name[256], data[256], junk[256];
	char path[256], role[2] = {(char)('0' + end), 0};
	imp_msg o;
	int rc = -1, n = 0;
	static imp_msg out[32];
	static uint8_t keep[32][2][256];
	FILE *f;
	snprintf(path, sizeof path, "%s/imprint-frozen.%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
	f = fopen(path, "w+b");
	fwrite(&W.w[0].now, 8, 1, f);
	fwrite(h->s, need, 1, f);
	put_msg(f, m);
	fclose(f);
	if (!fork()) {
		execl("/proc/self/exe", "drive", "--thaw", path, role, (char *)NULL);
		_exit(3);
	}
	wait(&rc);
	if (rc)
		abort();
	W.processes++;
	f = fopen(path, "rb");
	while (n < 32 && get_msg(f, &out[n], keep[n][0], keep[n][1]))
		n++;
	get_span(f, name);
	get_span(f, data);
	(void)junk;
	if (fread(h->s, need, 1, f) != 1)
		abort();
	fclose(f);
	remove(path);
	for (int i = 0; i < n; i++) {
		o = out[i];
		if (o.verb == IMP_ASK && o.topic == IMP_T_KEYS)
			reply(end, WHOLE, 1, o.ticket, 0, TEXT("0123456789abcdef"));
		else
			heard(end, WHOLE, &o);
	}
}

/* --- running ------------------------------------------------------------- */

static void move(struct half *h)
{
	uint8_t *to = h->mem[!h->where], *from = h->mem[h->where];
	memcpy(to, from, MEM);
	memset(from, 0xdd, MEM);
	h->where = !h->where;
	h->s = (imp_session *)(void *)to;
}

static void feed(int end, int half, const imp_msg *m)
{
	struct half *h = &W.end[end].half[half];
	imp_work *w = &W.w[half];
	imp_status st;
	imp_msg o;
	W.feeds++;
	if (W.freeze) {
		feed_frozen(end, m);
		return;
	}
	st = imp_session_feed(h->s, &h->t, w, m);
	if (st == IMP_ENOSPC && h->draining && imp_session_status(h->s) == IMP_OK)
		later(end, half, 0, m); /* drain first */
	if (h->draining) {
		W.appended++;
		return;
	}
	h->draining = 1;
	while (imp_session_poll(h->s, w, &o))
		heard(end, half, &o);
	h->draining = 0;
	if (W.moves)
		move(h);
}

static void half_init(int end, int half, int upper, int lower)
{
	struct half *h = &W.end[end].half[half];
	h->t = stack(end, upper, lower);
	memset(h->mem, 0xee, sizeof h->mem);
	h->s = imp_session_init(h->mem[0], MEM, &h->t);
	if (!h->s)
		abort();
}

static void world(uint32_t loss, int cut_device)
{
	imp_msg m = mk(IMP_START);
	memset(W.end, 0, sizeof W.end);
	memset(W.w, 0, sizeof W.w);
	W.events = 0;
	W.loss = loss;
	for (int i = 0; i < 2; i++) {
		W.w[i].mem = W.work[i];
		W.w[i].len = WORK;
		W.w[i].now = W.w[i].unix_time = 1000;
		W.end[i].cut = i == DEVICE && cut_device;
		half_init(i, WHOLE, 1, !W.end[i].cut);
		if (W.end[i].cut)
			half_init(i, LOWER, 0, 1);
	}
	feed(OWNER, WHOLE, &m);
	link_up(OWNER, 0);
	feed(DEVICE, WHOLE, &m);
}

static uint64_t earliest(void)
{
	uint64_t t = UINT64_MAX;
	for (int i = 0; i < W.events; i++)
		t = W.event[i].at < t ? W.event[i].at : t;
	for (int i = 0; i < 4; i++)
		if (W.end[i / 2].half[i % 2].s && imp_session_deadline(W.end[i / 2].half[i % 2].s) < t)
			t = imp_session_deadline(W.end[i / 2].half[i % 2].s);
	return t;
}

/* One event or one round of deadlines. */
static int turn(void)
{
	uint64_t t = earliest();
	imp_msg tick = mk(IMP_TICK);
	if (t == UINT64_MAX)
		return 0;
	if (t > W.w[0].now)
		W.w[0].now = W.w[1].now = t;
	for (int i = 0; i < W.events; i++)
		if (W.event[i].at <= t) {
			struct event e = W.event[i];
			W.event[i] = W.event[--W.events];
			e.m.name.ptr = e.name;
			e.m.data.ptr = e.data;
			feed(e.end, e.half, &e.m);
			return 1;
		}
	for (int i = 0; i < 4; i++)
		if (W.end[i / 2].half[i % 2].s && imp_session_deadline(W.end[i / 2].half[i % 2].s) <= t)
			feed(i / 2, i % 2, &tick);
	return 1;
}

static int both(imp_status device, imp_status owner)
{
	return W.end[0].done && W.end[1].done && W.end[0].code == device && W.end[1].code == owner;
}

/* Until both are done, and then until the links are quiet. */
static int run(int break_end, int break_turn)
{
	imp_msg x = imp_say(IMP_RX, 0, 0, 0, NONE, TEXT("X"));
	int n = 0;
	while (turn() && W.w[0].now < 900000)
		if (++n == break_turn)
			feed(break_end, bottom(break_end), &x);
	return n;
}

static void claims_of_a_run(void)
{
	char text[96];
	int ok = 0, n = 0;
	world(0, 0);
	run(0, 0);
	snprintf(text, sizeof text, "%llu virtual ms, %u feeds, %d of them while draining", (unsigned long long)W.w[0].now, W.feeds, W.appended);
	check("no loss: both DONE(OK), 2 facts committed together, PIN withdrawn", both(0, 0) && W.end[0].committed == 2 && W.end[1].shown == 0 && W.end[0].dones == 1 && W.appended, text);
	W.policy = IMP_EDENIED;
	world(0, 0);
	run(0, 0);
	check("policy says no: both DONE(EDENIED), nothing kept", both(IMP_EDENIED, IMP_EDENIED) && !W.end[0].kept, imp_session_where(W.end[1].half[0].s));
	W.policy = IMP_LATER;
	world(0, 0);
	run(0, 0);
	check("policy says later: both DONE(LATER), a good end", both(IMP_LATER, IMP_LATER) && imp_session_status(W.end[0].half[0].s) == IMP_LATER, "");
	W.policy = 0;
	W.moves = 1;
	for (uint32_t l = 5; l <= 40; l += 5)
		for (int i = 0; i < 25; i++, n++) {
			world(l, 0);
			run(0, 0);
			ok += both(0, 0) && W.end[0].committed == 2;
		}
	W.moves = 0;
	snprintf(text, sizeof text, "%d of %d", ok, n);
	check("loss 5-40 %, jitter 50 ms, memcpy move after every feed", ok == n, text);
}

static void claims_of_freeze(void)
{
	char text[96];
	W.freeze = 1;
	W.processes = 0;
	world(0, 0);
	run(0, 0);
	snprintf(text, sizeof text, "%u processes", W.processes);
	check("frozen to a file, thawed in a new process for every message", both(0, 0), text);
	W.processes = 0;
	world(20, 0);
	run(0, 0);
	snprintf(text, sizeof text, "%u processes", W.processes);
	check("the same with 20 % loss", both(0, 0), text);
	W.freeze = 0;
}

static void claims_of_breaks(void)
{
	char text[160];
	int ok = 0, n = 0, reopened = 0, half = 0;
	for (int at = 1; at <= 40; at++)
		for (int end = 0; end < 2; end++, n++) {
			world(at % 3 ? 0 : 20, 0);
			run(end, at);
			ok += both(0, 0);
			reopened += W.end[0].opens > 1;
			/* the last reply was lost with the link: the owner is done, the
			 * device has committed and knows it; its next session says so */
			half += !both(0, 0) && W.end[1].done && W.end[1].code == 0 && W.end[0].committed >= 2;
		}
	snprintf(text, sizeof text, "%d of %d both done, %d done at the owner and committed at the device, %d reopened", ok, n, half, reopened);
	check("transport breaks at turn n, n = 1..40, either end: SHUT, DOWN, OPEN afresh", ok + half == n && half <= 4 && reopened >= 10, text);
}

static void claims_of_cuts(void)
{
	char text[96];
	int ok = 0;
	for (int i = 0; i < 20; i++) {
		world(i % 2 ? 20 : 0, 1);
		run(0, 0);
		ok += both(0, 0) && W.end[0].committed == 2;
	}
	snprintf(text, sizeof text, "%d of 20, %u tickets mapped in the last", ok, W.end[0].mapped);
	check("cut between join and rest: TX up-down, ASK down-up, channel on UP", ok == 20 && W.end[0].mapped >= 6, text);
}

static void claims_of_starving(void)
{
	char text[96];
	int clean = 0, n = 0, finished = 0;
	W.starved = 1;
	for (unsigned i = 1; i < 2000; i++) {
		starve_at(i);
		world(0, 0);
		run(0, 0);
		if (!starve_reached())
			break;
		n++;
		finished += both(0, 0);
		clean += W.end[0].dones <= 1 && W.end[1].dones <= 1 && (W.end[0].done || W.end[1].done) && W.w[0].now < 900000;
	}
	W.starved = 0;
	snprintf(text, sizeof text, "%d points, %d ended cleanly, %d of them onboarded all the same", n, clean, finished);
	check("ENOSPC at the n-th room or emit, for all n", n > 30 && clean == n, text);
}

/* --- single rules --------------------------------------------------------- */

static struct {
	imp_stack t;
	imp_session *s;
	imp_work w;
	_Alignas(16) uint8_t mem[MEM], work[WORK];
} L[2];

static void lone(int i, int end, int upper, int lower)
{
	memset(&L[i], 0, sizeof L[i]);
	L[i].t = stack(end, upper, lower);
	L[i].w.mem = L[i].work;
	L[i].w.len = WORK;
	L[i].s = imp_session_init(L[i].mem, MEM, &L[i].t);
}

static int lone_feed(int i, imp_msg m)
{
	return imp_session_feed(L[i].s, &L[i].t, &L[i].w, &m);
}

/* Drain until `verb`; 0: it did not come. */
static int until(int i, uint16_t verb, imp_msg *o)
{
	while (imp_session_poll(L[i].s, &L[i].w, o))
		if (o->verb == verb)
			return 1;
	return 0;
}

static void drain(int i)
{
	imp_msg o;
	while (imp_session_poll(L[i].s, &L[i].w, &o))
		;
}

static int behave; /* what the test layer does */
static imp_status odd_step(void *state, imp_cx *cx, const imp_msg *m)
{
	char text[24] = "written on the stack";
	imp_msg o = imp_say(IMP_TELL, 0x8001, 0, 0, imp_bytes(text, 20), imp_bytes(text + 8, 12));
	(void)state;
	if (behave == 3 && m->verb == IMP_UP) {
		o = imp_say(IMP_TX, 0, 1, 1, NONE, NONE);
		cx->emit(cx, &o);
		o.ticket = 2;
		return cx->emit(cx, &o);
	}
	if (behave == 3 && m->verb == IMP_ANSWER) {
		o = imp_say(IMP_TELL, 0x8002, m->code, 0, NONE, NONE);
		return cx->emit(cx, &o);
	}
	if (m->verb != IMP_START)
		return IMP_PASS;
	for (int i = 0; i < (behave == 1 ? 9 : 1); i++)
		cx->emit(cx, &o); /* rudely ignoring the status */
	memset(text, 'x', sizeof text);
	return behave == 2 ? IMP_EPROTO : IMP_OK;
}

static size_t odd_need(const imp_params *p) { (void)p; return 16; }
static imp_status odd_init(void *s, const imp_params *p) { (void)s; (void)p; return IMP_OK; }
static imp_status frail_step(void *s, imp_cx *cx, const imp_msg *m) { (void)s; (void)cx; return m->verb == IMP_TX ? IMP_ERANDOM : IMP_PASS; }
static const imp_layer frail = {sizeof(imp_layer), 0, 1, "frail", "1", "", IMP_L_NONE, {0, 0, 0, 0}, NULL, odd_need, odd_init, frail_step, NULL, NULL, NULL, NULL, NULL};
static const imp_layer odd = {sizeof(imp_layer), 0, 2, "odd", "1", "", IMP_L_NONE, {0, 0, 0, 0}, NULL, odd_need, odd_init, odd_step, NULL, NULL, NULL, NULL, NULL};

static void lone_odd(int what)
{
	memset(&L[0], 0, sizeof L[0]);
	behave = what;
	L[0].t.size = sizeof L[0].t;
	L[0].t.top = &odd;
	L[0].t.link[0][0] = what == 3 ? &frail : NULL;
	L[0].w.mem = L[0].work;
	L[0].w.len = WORK;
	L[0].s = imp_session_init(L[0].mem, MEM, &L[0].t);
}

static void claims_of_emit(void)
{
	uint8_t *lent = malloc(5);
	imp_msg o, m;
	imp_status st;
	int n = 0;
	lone_odd(0);
	lone_feed(0, mk(IMP_START));
	check("emitted stack buffers are safe", until(0, IMP_TELL, &o) && o.name.len == 20 && !memcmp(o.name.ptr, "written on the stack", 20) && !memcmp(o.data.ptr, "on the stack", 12), "");
	memcpy(lent, "hello", 5);
	m = imp_say(IMP_RX, 0, 0, 0, NONE, imp_bytes(lent, 5));
	lone_feed(0, m);
	free(lent);
	check("what the host lent and every layer passed is copied for poll", until(0, IMP_RX, &o) && !memcmp(o.data.ptr, "hello", 5), "");
	m.name = TEXT("a name longer than sixteen");
	m.data = TEXT("hello");
	lone_feed(0, m);
	until(0, IMP_RX, &o);
	o.name = TEXT("another name, long enough to lie on what was the data");
	lone_feed(0, o);
	check("a message drained last may be fed again from work memory", until(0, IMP_RX, &o) && o.data.len == 5 && !memcmp(o.data.ptr, "hello", 5), "");
	lone_odd(1);
	st = lone_feed(0, mk(IMP_START));
	while (imp_session_poll(L[0].s, &L[0].w, &o))
		n += o.verb == IMP_TELL ? 100 : o.verb == IMP_DONE && o.code == IMP_ENOSPC;
	check("more than a burst is ENOSPC even if the layer looks away; no trace of the step", st == IMP_ENOSPC && n == 1, imp_session_where(L[0].s));
	lone_odd(3);
	lone_feed(0, mk(IMP_UP));
	for (n = 0; imp_session_poll(L[0].s, &L[0].w, &o);)
		n += o.verb == IMP_TELL && o.code == IMP_ERANDOM ? 1 : o.verb == IMP_SHUT ? 10 : o.verb == IMP_DOWN ? 100 : 0;
	check("a request that breaks its link, and one queued behind it, are both answered; then DOWN", n == 112 && imp_session_status(L[0].s) == 0, imp_session_where(L[0].s));
	lone_odd(2);
	st = lone_feed(0, mk(IMP_START));
	n = until(0, IMP_DONE, &o);
	check("negative step of the top: DONE once, sticky, nothing runs again", st == IMP_EPROTO && n && lone_feed(0, mk(IMP_START)) == IMP_EPROTO && !imp_session_poll(L[0].s, &L[0].w, &o) && !strcmp(imp_session_where(L[0].s), "odd: EPROTO"), imp_session_where(L[0].s));
}

static void claims_of_work(void)
{
	imp_msg o, up = imp_say(IMP_UP, 0, MTU, 0, NONE, NONE), a;
	imp_stack other = stack(DEVICE, 1, 1);
	int n = 0, st = 0;
	lone(0, OWNER, 1, 1);
	lone(1, OWNER, 1, 1);
	lone_feed(0, mk(IMP_START));
	lone_feed(0, up);
	st = imp_session_feed(L[1].s, &L[1].t, &L[0].w, &up);
	check("one undrained work memory for two sessions: EARG", st == IMP_EARG, "");
	check("another stack than the session's own: EARG", imp_session_feed(L[0].s, &other, &L[0].w, &up) == IMP_EARG, "");
	st = 0;
	while (n++ < 200 && st == 0)
		st = lone_feed(0, up);
	drain(0);
	check("append without draining ends in ENOSPC that is not sticky", st == IMP_ENOSPC && imp_session_status(L[0].s) == 0 && lone_feed(0, up) == 0, "");
	drain(0);
	/* a late answer to a former life of the link */
	lone(0, OWNER, 1, 1);
	lone_feed(0, mk(IMP_START));
	lone_feed(0, up);
	n = until(0, IMP_ASK, &o);
	lone_feed(0, imp_say(IMP_RX, 0, 0, 0, NONE, TEXT("X")));
	n += until(0, IMP_SHUT, &a) && a.code == IMP_ERANDOM;
	lone_feed(0, up);
	n += until(0, IMP_ASK, &a);
	lone_feed(0, imp_say(IMP_ANSWER, 0, 0, o.ticket, NONE, TEXT("wrong wrong key!")));
	check("a link's ticket dies with its reset: the old ANSWER does not reach the new ASK", n == 3 && a.ticket != o.ticket && (a.ticket & LOCAL) == (o.ticket & LOCAL), imp_session_where(L[0].s));
	/* TX on a link that is down, too large; the host's own ticket */
	lone(0, DEVICE, 0, 1);
	lone_feed(0, imp_say(IMP_TX, 0, IMP_GET, 77, NONE, NONE));
	n = until(0, IMP_ANSWER, &o) && o.ticket == 77 && o.code == IMP_ELINK;
	lone_feed(0, imp_say(IMP_ANSWER, 0, 5, 78, NONE, NONE));
	n += until(0, IMP_ANSWER, &o) && o.ticket == 78 && o.code == 5;
	check("TX on a link that is down: ANSWER(ELINK) to the host's ticket", n == 2, "");
	check("a fed ticket of 2^24 or more, START without a top: EARG", lone_feed(0, imp_say(IMP_TX, 0, 0, 1u << 24, NONE, NONE)) == IMP_EARG && lone_feed(0, mk(IMP_START)) == IMP_EARG, "");
}

static void claims_of_ends(void)
{
	imp_msg o, rekey = imp_say(IMP_RX, 0, 0, 0, NONE, TEXT("R"));
	uint64_t due;
	world(0, 0);
	while (!W.end[OWNER].done && turn())
		;
	due = imp_session_deadline(W.end[OWNER].half[0].s);
	check("DONE: the top's deadline is gone, the link lingers", due != UINT64_MAX && due > W.w[0].now, "");
	imp_session_shift(W.end[OWNER].half[0].s, -500);
	check("imp_session_shift", imp_session_deadline(W.end[OWNER].half[0].s) == due - 500, "");
	feed(OWNER, WHOLE, &rekey);
	check("ASK(KEYS, MSK) after DONE is answered by the top, TELL passes it", W.end[OWNER].msk == 1, "");
	check("START after DONE: EOVER", imp_session_feed(W.end[OWNER].half[0].s, &W.end[OWNER].half[0].t, &W.w[0], &(imp_msg){.verb = IMP_START}) == IMP_EOVER, "");
	lone(0, OWNER, 1, 1);
	lone_feed(0, mk(IMP_STOP));
	check("STOP ends politely", until(0, IMP_DONE, &o) && o.code == IMP_EDENIED, imp_session_where(L[0].s));
}

/* --- many sessions -------------------------------------------------------- */

static uint64_t nanos(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static imp_span key_of(uint32_t i)
{
	static uint8_t key[24];
	memset(key, 0x20, sizeof key);
	memcpy(key, &i, 4);
	return imp_bytes(key, sizeof key);
}

static void claims_of_slab_ids(void)
{
	enum { N = 64, SLOT = 40 };
	size_t need = imp_slab_need(SLOT, N);
	void *mem = aligned_alloc(16, need), *a, *b;
	imp_slab *slab = imp_slab_init(mem, need, SLOT, N, 42);
	uint64_t id, next, last = 0;
	int ok = 1, n = 0;
	a = imp_slab_take(slab, key_of(1));
	id = imp_slab_id(slab, a);
	imp_slab_also(slab, a, TEXT("route"));
	ok = imp_slab_at(slab, id) == a && imp_slab_find(slab, TEXT("route")) == a;
	imp_slab_drop(slab, a);
	b = imp_slab_take(slab, key_of(2));
	check("late answer to a reused slot is refused: same slot, dead id, dead keys", ok && a == b && !imp_slab_at(slab, id) && !imp_slab_find(slab, TEXT("route")) && !imp_slab_find(slab, key_of(1)), "");
	check("sizes that no memory has are 0, not small", !imp_slab_need(SIZE_MAX, 1) && !imp_slab_need(SIZE_MAX / 2, 2) && !imp_slab_need(SIZE_MAX / 4, UINT32_MAX / 4) && !imp_slab_need(1, UINT32_MAX), "");
	imp_slab_drop(slab, b);
	for (int i = 0; i < 200000; i++) { /* churn against a plain model */
		static void *model[256];
		static uint8_t two[256];
		uint32_t k = rnd() % 256;
		imp_span key = key_of(k);
		ok &= imp_slab_find(slab, key) == model[k] && (two[k] ? imp_slab_find(slab, key_of(k + 1000)) == model[k] : 1);
		if (model[k]) {
			imp_slab_drop(slab, model[k]);
			ok &= !imp_slab_find(slab, key_of(k + 1000));
			model[k] = NULL;
			two[k] = 0;
		} else if ((model[k] = imp_slab_take(slab, key_of(k))) != NULL) {
			imp_slab_wake(slab, model[k], rnd() % 1000);
			imp_slab_wake(slab, model[k], rnd() % 1000);
			two[k] = imp_slab_also(slab, model[k], key_of(k + 1000)) != 0;
			n++;
		}
	}
	check("slab: 200,000 random takes, drops and second keys agree with a plain model", ok && n > 1000, "");
	for (void *s; (s = imp_slab_due(slab, 2000, &next)) != NULL; last = next)
		ok &= next >= last;
	check("slab: deadlines come in order", ok && next == UINT64_MAX, "");
	free(mem);
}

/* Feeds answered by each session in turn, in a scattered order: ns each. */
static double measure(imp_slab *slab, const imp_stack *t, imp_work *w, uint32_t count, uint32_t feeds)
{
	imp_msg junk = imp_say(IMP_RX, 0, 0, 0, NONE, TEXT("D0 some datagram of forty bytes, forged.")), o;
	uint64_t from = nanos();
	for (uint32_t i = 0; i < feeds; i++) {
		imp_session *s = imp_slab_find(slab, key_of((uint32_t)((uint64_t)i * 2654435761u % count)));
		imp_session_feed(s, t, w, &junk);
		while (imp_session_poll(s, w, &o))
			;
		imp_slab_wake(slab, s, i + 1000);
	}
	return (double)(nanos() - from) / feeds;
}

static void many(uint32_t count, uint32_t feeds)
{
	static _Alignas(16) uint8_t work[WORK];
	imp_stack t = stack(OWNER, 1, 1);
	size_t slot = imp_session_need(&t), need = imp_slab_need(slot, count);
	void *mem = aligned_alloc(16, need);
	imp_slab *slab = imp_slab_init(mem, need, slot, count, 0x1234567);
	imp_work w = {.mem = work, .len = imp_work_need(&t)};
	imp_msg start = mk(IMP_START), up = imp_say(IMP_UP, 0, MTU, 0, NONE, NONE), o;
	uint32_t ready = 0;
	char text[160];
	double ns;
	uint64_t from = nanos();
	for (uint32_t i = 0; i < count; i++) {
		imp_session *s = imp_session_init(imp_slab_take(slab, key_of(i)), slot, &t);
		imp_session_feed(s, &t, &w, &start);
		imp_session_feed(s, &t, &w, &up);
		while (imp_session_poll(s, &w, &o))
			if (o.verb == IMP_ASK) {
				imp_msg a = imp_say(IMP_ANSWER, 0, 0, o.ticket, NONE, TEXT("0123456789abcdef"));
				ready += imp_session_feed(s, &t, &w, &a) == IMP_OK;
			}
	}
	ns = (double)(nanos() - from) / count / 4;
	snprintf(text, sizeof text, "slot %zu B, slab %.1f MB = %zu B each, work %zu B shared; set-up %.0f ns, lookup+feed+poll+wake %.0f ns", slot, (double)need / 1e6, need / count, w.len, ns, measure(slab, &t, &w, count, feeds));
	t_check(count > 100 ? "100,000 sessions" : "100 sessions", ready == count, text);
	free(mem);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--thaw"))
		return thaw(argv[2], argv[3][0] - '0');
	claims_of_a_run();
	claims_of_freeze();
	claims_of_breaks();
	claims_of_cuts();
	claims_of_starving();
	claims_of_emit();
	claims_of_work();
	claims_of_ends();
	claims_of_slab_ids();
	many(100, 2000000);
	many(100000, 2000000);
	return t_end();
}
