/* host.c -- see host.h. */
#define _POSIX_C_SOURCE 200809L
#include "host.h"
#include "claims.h"
#include "fdo.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NONE imp_bytes(0, 0)

static const uint32_t nobody = UINT32_MAX; /* the client of world_post() */

enum { IMAGE_PART = 3000, LOST_MS = 5000, LATE_MS = 700, MTU = 1460 };
enum { FEED, ROUTE }; /* kinds of event */

struct event {
	struct event *next;
	uint64_t at;
	int kind;
	uint32_t to;     /* session, or number of the party */
	imp_msg m;       /* its spans are ours */
};

static _Noreturn void broken(const char *what)
{
	fprintf(stderr, "host: %s\n", what);
	abort();
}

uint32_t world_rnd(void)
{
	static uint64_t seed = 88172645463325252u;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

static imp_span copy(imp_span s)
{
	uint8_t *p = s.len ? malloc(s.len) : NULL;
	if (s.len)
		memcpy(p, s.ptr, s.len);
	return imp_bytes(p, s.len);
}

static void drop(imp_msg *m)
{
	free((void *)(uintptr_t)m->name.ptr);
	free((void *)(uintptr_t)m->data.ptr);
	m->name = m->data = NONE;
}

static imp_msg keep(const imp_msg *m)
{
	imp_msg x = *m;
	x.name = copy(m->name);
	x.data = copy(m->data);
	x.channel = NULL;
	return x;
}

/* In the order of time, and of arrival. */
static void later(struct world *w, uint64_t ms, int kind, uint32_t to, const imp_msg *m)
{
	struct event *e = calloc(1, sizeof *e), **at = &w->events;
	e->at = w->now + ms;
	e->kind = kind;
	e->to = to;
	e->m = keep(m);
	while (*at && (*at)->at <= e->at)
		at = &(*at)->next;
	e->next = *at;
	*at = e;
}

/* The ticket under which a server works on a request. */
static uint32_t exchange(struct world *w, uint32_t client, uint32_t ticket, int type)
{
	uint32_t e = w->exchanges++ % 4095 + 1;
	w->exchange[e] = (struct exchange){client, ticket, 0, type};
	return e;
}

struct sess *world_sess(struct world *w, uint32_t id)
{
	for (int i = 0; id && i < SESSIONS; i++)
		if (w->sess[i].id == id)
			return &w->sess[i];
	return NULL;
}

struct sess *world_server(struct world *w, const struct party *p)
{
	for (int i = 0; i < SESSIONS; i++)
		if (w->sess[i].id && w->sess[i].server && !w->sess[i].front && w->sess[i].p == p)
			return &w->sess[i];
	return NULL;
}

/* --- facts ------------------------------------------------------------------ */

static int named(const struct fact *f, uint16_t topic, imp_span name)
{
	return f->topic == topic && strlen(f->name) == name.len && !memcmp(f->name, name.ptr, name.len);
}

static int alive(const struct party *p, const struct fact *f)
{
	return f->until > p->w->now;
}

/* As session `id` sees it: its own first, then what is committed. */
static struct fact *find(const struct party *p, uint32_t id, uint16_t topic, imp_span name, int32_t code)
{
	struct fact *found = NULL;
	for (struct fact *f = p->facts; f; f = f->next)
		if (alive(p, f) && named(f, topic, name) && f->code == code && (f->owner == 0 || f->owner == id))
			if (!found || f->owner)
				found = f;
	return found && !(found->flags & IMP_FORGET) ? found : NULL;
}

static void unlink_fact(struct party *p, struct fact *gone)
{
	struct fact **at = &p->facts;
	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	free(gone->data);
	free(gone);
}

static struct fact *put(struct party *p, uint32_t id, uint16_t topic, imp_span name, int32_t code)
{
	struct fact *f = p->facts;
	while (f && !(named(f, topic, name) && f->code == code && f->owner == id))
		f = f->next;
	if (f)
		return f;
	f = calloc(1, sizeof *f);
	if (name.len >= sizeof f->name)
		broken("a fact's name is too long");
	memcpy(f->name, name.ptr, name.len);
	f->topic = topic;
	f->code = code;
	f->owner = id;
	f->until = UINT64_MAX;
	f->next = p->facts;
	p->facts = f;
	return f;
}

static void write_at(struct fact *f, size_t at, imp_span data)
{
	size_t len = at + data.len;
	f->data = realloc(f->data, len ? len : 1);
	if (at > f->len)
		memset(f->data + f->len, 0, at - f->len);
	if (data.len)
		memcpy(f->data + at, data.ptr, data.len);
	f->len = len;
}

void fact_set(struct party *p, uint16_t topic, const char *name, int32_t code, imp_span data)
{
	struct fact *f = put(p, 0, topic, imp_bytes(name, strlen(name)), code);
	write_at(f, 0, data);
}

const struct fact *fact_get(const struct party *p, uint16_t topic, const char *name, int32_t code)
{
	return find(p, 0, topic, imp_bytes(name, strlen(name)), code);
}

static int count_of(const struct party *p, uint32_t id, uint16_t topic, imp_span name)
{
	int n = 0;
	while (find(p, id, topic, name, n))
		n++;
	return n;
}

int fact_count(const struct party *p, uint16_t topic, const char *name)
{
	return count_of(p, 0, topic, imp_bytes(name, strlen(name)));
}

void fact_drop(struct party *p, uint16_t topic, const char *name)
{
	for (struct fact *f = p->facts, *next; f; f = next) {
		next = f->next;
		if (named(f, topic, imp_bytes(name, strlen(name))))
			unlink_fact(p, f);
	}
}

void fact_copy(struct party *to, const struct party *from, uint16_t topic, const char *name)
{
	for (const struct fact *f = to == from ? NULL : from->facts; f; f = f->next)
		if (!f->owner && named(f, topic, imp_bytes(name, strlen(name))))
			fact_set(to, topic, name, f->code, imp_bytes(f->data, f->len));
}

static void rollback(struct party *p, uint32_t id)
{
	for (struct fact *f = p->facts, *next; f; f = next) {
		next = f->next;
		if (f->owner == id)
			unlink_fact(p, f);
	}
}

static void commit(struct party *p, uint32_t id)
{
	struct fact *f = p->facts;
	while (f && f->owner != id)
		f = f->next;
	if (!f)
		return;
	for (struct fact *old = p->facts; old; old = old->next)
		if (!old->owner && old->code == f->code && named(old, f->topic, imp_bytes(f->name, strlen(f->name)))) {
			unlink_fact(p, old);
			break;
		}
	f->owner = 0;
	if (f->flags & IMP_FORGET)
		unlink_fact(p, f);
	commit(p, id);
}

/* --- the host: what rises --------------------------------------------------- */

static void answer(struct sess *s, uint64_t ms, uint32_t ticket, int32_t code, uint16_t flags, imp_span data)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, code, ticket, NONE, data);
	a.flags = flags;
	if (ticket)
		later(s->w, ms, FEED, s->id, &a);
}

static void answer_fact(struct sess *s, const imp_msg *m)
{
	int many = m->topic == IMP_T_VOUCHER || (m->name.len > 12 && !memcmp(m->name.ptr + m->name.len - 12, "/serviceinfo", 12));
	const struct fact *f = find(s->p, s->id, m->topic, m->name, many ? m->code : 0);
	size_t at = many ? 0 : (size_t)m->code, n;
	int32_t total;
	if (!f || at > f->len) {
		answer(s, s->p->think, m->ticket, IMP_EFACT, 0, NONE);
		return;
	}
	n = f->len - at < IMAGE_PART || many || m->topic != IMP_T_IMAGE ? f->len - at : IMAGE_PART;
	total = many ? count_of(s->p, s->id, m->topic, m->name) : (int32_t)f->len;
	answer(s, s->p->think, m->ticket, total, (many ? m->code + 1 < total : at + n < f->len) ? IMP_MORE : 0, imp_bytes(f->data + at, n));
}

static void asked(struct sess *s, const imp_msg *m)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_OK, m->ticket, NONE, NONE);
	int how = s->p->hook ? s->p->hook(s->p, s, m, &a) : 0;
	char why[128];
	if (!claims_declared(s->t.top, s->t.params.role, m, why, sizeof why))
		printf("not ok - every claim is declared: %s\n", why);
	s->p->asks++;
	if (how > 0)
		later(s->w, s->p->think, FEED, s->id, &a);
	else if (how == 0 && m->topic == IMP_T_AUTHORIZE)
		answer(s, s->p->think, m->ticket, IMP_EDENIED, 0, NONE);
	else if (how == 0)
		answer_fact(s, m);
}

static void power_cut(struct world *w)
{
	struct sess *s = world_sess(w, w->client);
	w->cuts++;
	if (s)
		world_kill(s);
}

static void learnt(struct sess *s, const imp_msg *m)
{
	struct world *w = s->w;
	int mine = s->id == w->client;
	struct fact *f;
	if (mine && ++w->learns == w->cut_learn) {
		power_cut(w);
		return;
	}
	if (m->flags & IMP_FORGET && !m->topic) {
		rollback(s->p, s->id);
		answer(s, 0, m->ticket, IMP_OK, 0, NONE);
		return;
	}
	f = put(s->p, s->id, m->topic, m->name, m->topic == IMP_T_IMAGE ? 0 : m->code);
	f->flags = m->flags & IMP_FORGET;
	write_at(f, m->topic == IMP_T_IMAGE ? (size_t)m->code : 0, m->data);
	f->until = m->when ? w->now + m->when : UINT64_MAX;
	if (m->flags & IMP_NOW)
		commit(s->p, s->id);
	if (mine && m->flags & IMP_NOW && ++w->commits == w->cut_commit) {
		power_cut(w);
		return;
	}
	answer(s, 0, m->ticket, IMP_OK, 0, NONE);
}

static void text_of(char *to, size_t cap, imp_span s)
{
	size_t n = s.len < cap - 1 ? s.len : cap - 1;
	if (n)
		memcpy(to, s.ptr, n);
	to[n] = 0;
}

static void ended(struct sess *s, const imp_msg *m)
{
	struct party *p = s->p;
	s->done++;
	s->code = m->code;
	s->topic = m->topic;
	s->when = m->when;
	text_of(s->why, sizeof s->why, m->data);
	snprintf(s->where, sizeof s->where, "%s", imp_session_where(s->s));
	if (m->code == IMP_OK)
		commit(p, s->id);
	else
		rollback(p, s->id);
	if (m->code < 0) {
		p->refusals++;
		p->last = m->code;
		p->last_topic = m->topic;
		memcpy(p->last_where, s->where, sizeof s->where);
	}
}

static struct party *party_of(struct world *w, imp_span uri)
{
	for (int i = 0; i < w->parties; i++) {
		size_t n = strlen(w->party[i].name);
		for (size_t at = 0; at + n <= uri.len; at++)
			if (!memcmp(uri.ptr + at, w->party[i].name, n) && at && uri.ptr[at - 1] == '/')
				return &w->party[i];
	}
	return NULL;
}

/* --- the network ------------------------------------------------------------ */

/* The number of an FDO message, out of a path or a header line. */
static int type_in(imp_span name)
{
	size_t i = 0;
	int n = 0;
	while (i < name.len && !(i >= 4 && !memcmp(name.ptr + i - 4, "msg/", 4)) && !(i >= 14 && !memcmp(name.ptr + i - 14, "message-type: ", 14)))
		i++;
	for (; i < name.len && name.ptr[i] >= '0' && name.ptr[i] <= '9'; i++)
		n = n * 10 + name.ptr[i] - '0';
	return n;
}

static void show(struct world *w, const char *what, const imp_msg *m)
{
	if (w->trace)
		fprintf(stderr, "# %8llu %s verb %x topic %x code %d ticket %x name %.*s data %zu\n", (unsigned long long)w->now, what, m->verb,
		        m->topic, m->code, m->ticket, (int)(m->name.len < 60 ? m->name.len : 60), (const char *)m->name.ptr, m->data.len);
}

/* One message on its way; what arrives goes to `kind`, `to`. */
static void cross(struct world *w, int reply, int type, int kind, uint32_t to, const imp_msg *in)
{
	imp_msg m = *in;
	uint8_t *data = malloc(m.data.len + 64);
	struct crossing x = {++w->crossings, type, reply, &m, data, m.data.len + 64};
	struct exchange *ex = m.ticket < 4096 ? &w->exchange[m.ticket] : NULL;
	struct sess *t = kind == FEED ? world_sess(w, to) : NULL;
	int how, wired = t && t->wired;
	if (m.data.len)
		memcpy(data, m.data.ptr, m.data.len);
	m.data.ptr = data;
	show(w, reply ? "<-" : "->", &m);
	if (w->cut_crossing == w->crossings)
		power_cut(w);
	how = w->fault ? w->fault(w, &x) : PASS;
	if (how == PASS || how == LATE || how == TWICE)
		later(w, wired && how == LATE ? LATE_MS : 1, kind, to, &m);
	if (how == TWICE && wired)
		later(w, 2, kind, to, &m);
	if (how == DROP && type) { /* whoever sent the request hears that nothing came */
		imp_msg none = imp_say(IMP_ANSWER, 0, IMP_ETIME, reply ? m.ticket : ex->ticket, NONE, NONE);
		later(w, LOST_MS, FEED, reply ? to : ex->client, &none);
	}
	if ((how == TWICE || how == LATE) && !reply && type) { /* nobody waits for the second reply */
		m.ticket = exchange(w, 0, 0, type);
		later(w, how == LATE ? LATE_MS : 2, kind, to, &m);
	}
	free(data);
}

static imp_stack stack_of(struct party *p, int role, int front)
{
	imp_stack t = {0};
	t.size = sizeof t;
	t.top = front ? NULL : p->layer ? p->layer : &imp_fdo;
	t.crypto = p->crypto;
	t.params = p->params;
	t.params.size = sizeof t.params;
	t.params.role = (uint16_t)role;
	return t;
}

static struct sess *make(struct party *p, imp_stack t)
{
	struct world *w = p->w;
	struct sess *s = w->sess;
	while (s < w->sess + SESSIONS && s->id)
		s++;
	if (s == w->sess + SESSIONS)
		broken("too many sessions");
	memset(s, 0, sizeof *s);
	s->w = w;
	s->p = p;
	s->id = ++w->ids;
	s->t = t;
	if (w->wrap) {
		s->t.top = w->wrap(t.top);
		for (int i = 0; i < IMP_DEPTH && t.link[0][i]; i++)
			s->t.link[0][i] = w->wrap(t.link[0][i]);
	}
	s->need = imp_session_need(&s->t);
	s->mem = aligned_alloc(16, (s->need + 31) & ~(size_t)15);
	s->s = imp_session_init(s->mem, s->need, &s->t);
	if (!s->s)
		broken("a session that does not begin");
	if (s->need > p->largest && t.top)
		p->largest = s->need;
	return s;
}

/* Requests that nobody will answer any more: no reply came. */
static void orphan(struct world *w, uint32_t server)
{
	for (int i = 0; i < 4096; i++) {
		struct exchange *ex = &w->exchange[i];
		imp_msg none = imp_say(IMP_ANSWER, 0, IMP_ELINK, ex->ticket, NONE, NONE);
		if (ex->server == server && world_sess(w, ex->client))
			later(w, 1, FEED, ex->client, &none);
		if (ex->server == server)
			ex->server = 0;
	}
}

void world_kill(struct sess *s)
{
	orphan(s->w, s->id);
	rollback(s->p, s->id);
	imp_session_wipe(s->s);
	free(s->mem);
	s->id = 0;
}

static void feed(struct sess *s, const imp_msg *m);

/* A request has reached a server: whose is it?  m->ticket: the exchange. */
static void route(struct party *p, const imp_msg *m)
{
	struct world *w = p->w;
	uint8_t key[24], buf[512];
	size_t len = 0;
	imp_span hint;
	imp_msg reply, start;
	struct exchange *ex = &w->exchange[m->ticket % 4096];
	int how = imp_fdo.triage(p->crypto, NONE, w->now, m, key, &len, &hint, &reply, buf, sizeof buf);
	struct sess *s = NULL;
	for (int i = 0; i < SESSIONS && len; i++)
		if (w->sess[i].id && w->sess[i].server && w->sess[i].p == p && w->sess[i].key_len == len && !memcmp(w->sess[i].key, key, len))
			s = &w->sess[i];
	if (how == IMP_FRESH && !s && !p->down) {
		s = make(p, stack_of(p, p->params.role, 0));
		s->server = 1;
		memcpy(s->key, key, len);
		s->key_len = len;
		start = imp_say(IMP_START, 0, 0, 0, imp_bytes(key, len), NONE);
		feed(s, &start);
	}
	if (s) {
		ex->server = s->id;
		feed(s, m);
		return;
	}
	if (how == IMP_DROP)
		return;
	reply.ticket = ex->ticket;
	if (ex->client == nobody) {
		drop(&w->reply);
		w->reply = keep(&reply);
	} else if (world_sess(w, ex->client))
		cross(w, 1, type_in(reply.name), FEED, ex->client, &reply);
}

/* The other end of a connection hears that it is gone. */
static void hang_up(struct sess *s)
{
	struct sess *o = world_sess(s->w, s->other);
	imp_msg x = imp_say(IMP_DOWN, 0, IMP_OK, 0, NONE, NONE);
	s->other = 0;
	if (!o)
		return;
	later(s->w, 2, FEED, o->id, &x);
	o->other = 0;
}

/* The client's side of a link that has no transport, or bytes. */
static void sinks(struct sess *s, const imp_msg *m)
{
	struct world *w = s->w;
	imp_msg x = imp_say(IMP_UP, 0, 65535, m->ticket, NONE, NONE);
	struct sess *o;
	switch (m->verb) {
	case IMP_OPEN:
		s->peer = party_of(w, m->name);
		if (!s->peer || s->peer->down) {
			x = imp_say(IMP_DOWN, 0, IMP_ELINK, m->ticket, NONE, NONE);
			s->peer = NULL;
		} else if (s->t.link[0][0]) { /* a connection of bytes */
			imp_stack t = stack_of(s->peer, IMP_OWNER, 1);
			t.link[0][0] = s->peer->http;
			o = make(s->peer, t);
			o->front = o->server = 1;
			o->other = s->id;
			s->other = o->id;
			x.code = 0;
			x.ticket = 0;
			later(w, 2, FEED, o->id, &x);
			x.ticket = m->ticket;
		}
		later(w, 2, FEED, s->id, &x);
		break;
	case IMP_TX:
		if (s->t.link[0][0]) {
			x = imp_say(IMP_RX, 0, 0, 0, NONE, NONE);
			for (size_t at = 0; at < m->data.len && world_sess(w, s->other); at += MTU) {
				x.data = imp_bytes(m->data.ptr + at, m->data.len - at < MTU ? m->data.len - at : MTU);
				cross(w, s->front, 0, FEED, s->other, &x);
			}
			break;
		}
		if (!s->peer)
			break;
		x = *m;
		x.verb = IMP_RX;
		x.ticket = exchange(w, s->id, m->ticket, type_in(m->name));
		cross(w, 0, type_in(m->name), ROUTE, (uint32_t)(s->peer - w->party), &x);
		break;
	case IMP_SHUT:
		s->peer = NULL;
		hang_up(s);
		break;
	}
}

/* A wire: what a session says arrives at the other end as it is. */
static void on_wire(struct sess *s, const imp_msg *m)
{
	struct world *w = s->w;
	struct sess *o = world_sess(w, s->other);
	imp_msg x = imp_say(IMP_UP, 0, w->mtu ? w->mtu : 65535, m->ticket, NONE, NONE);
	switch (m->verb) {
	case IMP_OPEN:
		s->opened = 1;
		later(w, 2, FEED, s->id, &x);
		x.ticket = 0;
		if (o && !o->opened)
			later(w, 2, FEED, o->id, &x);
		break;
	case IMP_TX:
		x = *m;
		x.verb = IMP_RX;
		if (!m->name.len || m->name.ptr[0] != '/') /* requests keep their paths */
			x.name = imp_bytes(s->p->name, strlen(s->p->name));
		if (m->ticket)
			x.ticket = exchange(w, s->id, m->ticket, 0);
		if (o)
			cross(w, s->server, 0, FEED, o->id, &x);
		break;
	case IMP_ANSWER:
		x = *m;
		x.ticket = w->exchange[m->ticket % 4096].ticket;
		if (o && w->exchange[m->ticket % 4096].client == o->id)
			cross(w, 1, 0, FEED, o->id, &x);
		break;
	case IMP_SHUT:
		hang_up(s);
		break;
	}
}

/* What a server session or a connection answers and asks for. */
static void heard(struct sess *s, const imp_msg *in)
{
	struct world *w = s->w;
	imp_msg m = *in;
	struct exchange *ex;
	struct sess *c;
	if (w->sink && IMP_SINKS(m.verb)) {
		w->sink(w, s, &m);
		return;
	}
	if (s->wired && IMP_SINKS(m.verb)) {
		on_wire(s, &m);
		return;
	}
	if (s->front && m.verb == IMP_RX) { /* a whole request has come through http */
		m.ticket = exchange(w, s->id, m.ticket, type_in(m.name));
		later(w, 0, ROUTE, (uint32_t)(s->p - w->party), &m);
		return;
	}
	if (m.verb == IMP_ANSWER && s->server && !s->front) {
		ex = &w->exchange[m.ticket % 4096];
		ex->server = 0;
		m.ticket = ex->ticket;
		c = world_sess(w, ex->client);
		if (ex->client == nobody) {
			drop(&w->reply);
			w->reply = keep(&m);
		}
		if (c && c->front)
			later(w, 0, FEED, c->id, &m);
		else if (c)
			cross(w, 1, type_in(m.name), FEED, c->id, &m);
		return;
	}
	if (IMP_SINKS(m.verb)) {
		sinks(s, &m);
		return;
	}
	if (s->front)
		return; /* UP and DOWN of a connection */
	if (s->p->sees && m.verb != IMP_ASK)
		s->p->sees(s->p, s, &m);
	if (m.verb == IMP_ASK)
		asked(s, &m);
	else if (m.verb == IMP_LEARN)
		learnt(s, &m);
	else if (m.verb == IMP_DONE)
		ended(s, &m);
}

/* --- feeding ---------------------------------------------------------------- */

struct list {
	imp_msg *m;
	size_t n;
};

static void append(struct list *l, const imp_msg *m)
{
	l->m = realloc(l->m, (l->n + 1) * sizeof *l->m);
	l->m[l->n++] = keep(m);
}

static void feed_here(struct sess *s, const imp_msg *m, struct list *out)
{
	imp_work w = {0};
	imp_msg o;
	w.len = (imp_work_need(&s->t) + 15) & ~(size_t)15;
	w.mem = aligned_alloc(16, w.len);
	w.now = s->w->now;
	w.unix_time = s->w->unix_time + s->w->now / 1000;
	imp_session_feed(s->s, &s->t, &w, m);
	while (imp_session_poll(s->s, &w, &o))
		append(out, &o);
	free(w.mem);
}

static void put_msg(FILE *f, const imp_msg *m)
{
	fwrite(m, sizeof *m, 1, f);
	if (m->name.len)
		fwrite(m->name.ptr, 1, m->name.len, f);
	if (m->data.len)
		fwrite(m->data.ptr, 1, m->data.len, f);
}

static imp_span get_span(FILE *f, size_t n)
{
	uint8_t *p = n ? malloc(n) : NULL;
	if (n && fread(p, 1, n, f) != n)
		broken("a torn frozen file");
	return imp_bytes(p, n);
}

static int get_msg(FILE *f, imp_msg *m)
{
	if (fread(m, sizeof *m, 1, f) != 1 || !m->verb)
		return 0;
	m->channel = NULL;
	m->name = get_span(f, m->name.len);
	m->data = get_span(f, m->data.len);
	return 1;
}

struct frozen {
	imp_params params;
	uint64_t now, unix_time;
	size_t need;
};

const imp_layer *world_thaws;

int world_thaw(int argc, char **argv, const imp_crypto *c)
{
	struct frozen z;
	struct party p = {0};
	struct world w = {0};
	struct sess s = {0};
	struct list out = {0};
	imp_msg m, none = imp_say(0, 0, 0, 0, NONE, NONE);
	FILE *f;
	if (argc != 3 || strcmp(argv[1], "--thaw"))
		return -1;
	f = fopen(argv[2], "r+b");
	if (!f || fread(&z, sizeof z, 1, f) != 1)
		return 2;
	p.crypto = c;
	p.layer = world_thaws;
	p.params = z.params;
	s.w = &w;
	s.p = &p;
	s.t = stack_of(&p, z.params.role, 0);
	s.need = z.need;
	s.mem = aligned_alloc(16, (z.need + 31) & ~(size_t)15);
	if (fread(s.mem, z.need, 1, f) != 1 || !get_msg(f, &m))
		return 2;
	s.s = (imp_session *)(void *)s.mem;
	w.now = z.now;
	w.unix_time = z.unix_time;
	feed_here(&s, &m, &out);
	rewind(f);
	fwrite(s.mem, z.need, 1, f);
	for (size_t i = 0; i < out.n; i++) {
		put_msg(f, &out.m[i]);
		drop(&out.m[i]);
	}
	put_msg(f, &none);
	drop(&m);
	free(out.m);
	free(s.mem);
	return fclose(f) != 0;
}

static void feed_frozen(struct sess *s, const imp_msg *m, struct list *out)
{
	struct frozen z = {s->t.params, s->w->now, s->w->unix_time, s->need};
	char path[256];
	imp_msg o;
	int rc = -1;
	FILE *f;
	snprintf(path, sizeof path, "%s/imprint-frozen.%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
	f = fopen(path, "w+b");
	fwrite(&z, sizeof z, 1, f);
	fwrite(s->mem, s->need, 1, f);
	put_msg(f, m);
	fclose(f);
	if (!fork()) {
		execl("/proc/self/exe", "thaw", "--thaw", path, (char *)NULL);
		_exit(3);
	}
	wait(&rc);
	f = fopen(path, "rb");
	if (rc || !f || fread(s->mem, s->need, 1, f) != 1)
		broken("the process that was to thaw failed");
	while (get_msg(f, &o)) {
		append(out, &o);
		drop(&o);
	}
	fclose(f);
	remove(path);
	s->w->processes++;
}

static void move(struct sess *s)
{
	size_t room = (s->need + 31) & ~(size_t)15;
	uint8_t *to = aligned_alloc(16, room);
	memcpy(to, s->mem, s->need);
	memset(s->mem, 0xdd, s->need);
	free(s->mem);
	s->mem = to;
	s->s = (imp_session *)(void *)to;
}

static void feed(struct sess *s, const imp_msg *m)
{
	struct world *w = s->w;
	uint32_t id = s->id;
	struct list out = {0};
	w->feeds++;
	show(w, s->p->name, m);
	if (w->record)
		w->record(w, s, m);
	if (w->freeze && !s->t.link[0][0] && s->t.top)
		feed_frozen(s, m, &out);
	else
		feed_here(s, m, &out);
	if (w->move)
		move(s);
	for (size_t i = 0; i < out.n; i++) {
		s = world_sess(w, id); /* a power cut may have taken it */
		if (s)
			show(w, s->p->name, &out.m[i]), heard(s, &out.m[i]);
		drop(&out.m[i]);
	}
	free(out.m);
	s = world_sess(w, id);
	if (s && s->server && !s->wired && (s->front ? m->verb == IMP_DOWN : s->done))
		world_kill(s);
}

/* --- the clock -------------------------------------------------------------- */

static struct sess *due(struct world *w, uint64_t *at)
{
	struct sess *first = NULL;
	*at = UINT64_MAX;
	for (int i = 0; i < SESSIONS; i++) {
		uint64_t d = w->sess[i].id ? imp_session_deadline(w->sess[i].s) : UINT64_MAX;
		if (d < *at) {
			*at = d;
			first = &w->sess[i];
		}
	}
	return first;
}

static void happen(struct world *w, struct event *e)
{
	struct sess *s = e->kind == FEED ? world_sess(w, e->to) : NULL;
	if (s)
		feed(s, &e->m);
	else if (e->kind == ROUTE)
		route(&w->party[e->to], &e->m);
	drop(&e->m);
	free(e);
}

void world_run(struct world *w, uint64_t ms)
{
	uint64_t until = w->now + ms, at;
	imp_msg tick = imp_say(IMP_TICK, 0, 0, 0, NONE, NONE);
	for (;;) {
		struct sess *s = due(w, &at);
		struct event *e = w->events;
		uint64_t next = e && e->at <= at ? e->at : at;
		if (next > until)
			break;
		w->now = next > w->now ? next : w->now;
		if (e && e->at <= at) {
			w->events = e->next;
			happen(w, e);
		} else {
			feed(s, &tick);
		}
	}
	if (until > w->now && (w->events || due(w, &at)))
		w->now = until;
}

/* --- worlds ----------------------------------------------------------------- */

void world_begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	w->now = 1000;
	w->unix_time = 1760000000;
}

void world_end(struct world *w)
{
	for (int i = 0; i < SESSIONS; i++)
		if (w->sess[i].id)
			world_kill(&w->sess[i]);
	for (struct event *e = w->events, *next; e; e = next) {
		next = e->next;
		drop(&e->m);
		free(e);
	}
	drop(&w->reply);
	for (int i = 0; i < w->parties; i++)
		while (w->party[i].facts)
			unlink_fact(&w->party[i], w->party[i].facts);
	memset(w, 0, sizeof *w);
}

struct party *world_party(struct world *w, const char *name, const imp_crypto *c, int role)
{
	struct party *p = &w->party[w->parties++];
	p->w = w;
	p->name = name;
	p->crypto = c;
	p->params.size = sizeof p->params;
	p->params.role = (uint16_t)role;
	p->params.max_msg = 8192;
	return p;
}

int world_post(struct party *p, imp_msg request)
{
	struct world *w = p->w;
	drop(&w->reply);
	memset(&w->reply, 0, sizeof w->reply);
	request.verb = IMP_RX;
	request.ticket = exchange(w, nobody, 1, 0);
	later(w, 0, ROUTE, (uint32_t)(p - w->party), &request);
	world_run(w, 0);
	return type_in(w->reply.name);
}

int world_reply_type(const struct world *w)
{
	return type_in(w->reply.name);
}

struct sess *world_session(struct party *p, int server, int on_link)
{
	imp_stack t = stack_of(p, p->params.role, 0);
	struct sess *s;
	if (on_link)
		memcpy(t.link[0], p->below, sizeof p->below);
	if (on_link && p->http)
		t.link[0][0] = p->http;
	s = make(p, t);
	s->server = server;
	return s;
}

void world_wire(struct sess *a, struct sess *b)
{
	a->wired = b->wired = 1;
	a->other = b->id;
	b->other = a->id;
	a->w->client = a->id;
}

void world_feed(struct sess *s, const imp_msg *m)
{
	feed(s, m);
}

struct sess *world_start(struct party *p, uint16_t topic, imp_span name)
{
	imp_stack t = stack_of(p, p->params.role, 0);
	imp_msg start = imp_say(IMP_START, topic, 0, 0, name, NONE);
	struct sess *s;
	uint32_t id;
	t.link[0][0] = p->http;
	s = make(p, t);
	id = s->id;
	p->w->client = id;
	feed(s, &start);
	return world_sess(p->w, id);
}
