/* route.c -- the cut of token-routed servers: requests up, answers back. */
#include "inner.h"

enum { NOT_FOUND = 404, BUSY = 503, SECRET_MS = 3600000, LOCAL = 0xffffff };

void imp_io_route(imp_io_pool *front, const imp_layer *top, imp_io_choose choose, void *user)
{
	front->router = top;
	front->choose = choose;
	front->choose_user = user;
}

static void refuse(imp_io_pool *front, struct slot *s, uint32_t ticket, int32_t code)
{
	imp_msg no = imp_say(IMP_ANSWER, 0, code, ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	no.topic = 0xffff;
	if (ticket)
		feed(front, s, &no);
}

static struct slot *find(imp_io *io, const imp_layer *top, imp_span key, imp_io_pool **in)
{
	for (imp_io_pool *p = io->pools; p; p = p->next) {
		struct slot *s = p->stack.top == top && p->work == &io->work[1] ? imp_slab_find(p->slab, key) : NULL;
		*in = p;
		if (s && !s->over && !s->gone)
			return s;
	}
	return NULL;
}

/* Half of the secret is new every hour. */
imp_span io_secret(imp_io *io)
{
	uint64_t now = io_now();
	if (now - io->secret_at > SECRET_MS) {
		memcpy(io->secret + SECRET / 2, io->secret, SECRET / 2);
		io->secret_at = now;
		if (io->crypto->random(io->crypto, io->secret, SECRET / 2) < 0)
			memcpy(io->secret, io->secret + SECRET / 2, SECRET / 2); /* the old one still is one */
	}
	return imp_bytes(io->secret, SECRET);
}

static struct carried *carried_free(struct slot *s)
{
	for (int i = 0; i < MAPS; i++)
		if (!s->carried[i].ticket)
			return &s->carried[i];
	return NULL;
}

static void carry(imp_io_pool *front, struct slot *from, imp_io_pool *p, struct slot *s, const imp_msg *rx)
{
	struct carried *c = carried_free(s);
	imp_msg m = *rx;
	m.link = 0;
	if (rx->ticket && !c) {
		refuse(front, from, rx->ticket, BUSY);
		return;
	}
	if (rx->ticket) {
		s->tickets = s->tickets % LOCAL + 1;
		c->front = front;
		c->id = imp_slab_id(front->slab, from);
		c->front_ticket = rx->ticket;
		c->ticket = m.ticket = s->tickets;
	}
	feed(p, s, &m);
}

static void begin(imp_io_pool *front, struct slot *from, imp_span key, imp_span hint, const imp_msg *rx)
{
	imp_io_pool *p = front->choose(front->choose_user, hint);
	imp_msg start = imp_say(IMP_START, 0, 0, 0, key, imp_bytes(0, 0));
	struct slot *s = p ? slot_begin(p, key) : NULL;
	uint64_t id = s ? imp_slab_id(p->slab, s) : 0;
	if (!s) {
		refuse(front, from, rx->ticket, p ? BUSY : NOT_FOUND);
		return;
	}
	feed(p, s, &start);
	if (imp_slab_at(p->slab, id))
		carry(front, from, p, s, rx);
	else
		refuse(front, from, rx->ticket, BUSY);
}

void route_up(imp_io_pool *front, struct slot *from, const imp_msg *rx)
{
	uint8_t key[KEYS], buf[1024];
	size_t len = 0;
	imp_span hint = {NULL, 0};
	imp_msg reply = imp_say(0, 0, 0, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	imp_io *io = front->io;
	imp_io_pool *p = NULL;
	int kind = front->router->triage(io->crypto, io_secret(io), io_now(), rx, key, &len, &hint, &reply, buf, sizeof buf);
	struct slot *s = kind == IMP_KNOWN || kind == IMP_FRESH ? find(io, front->router, imp_bytes(key, len), &p) : NULL;
	if (s)
		carry(front, from, p, s, rx);
	else if (kind == IMP_FRESH)
		begin(front, from, imp_bytes(key, len), hint, rx);
	else if (reply.verb)
		feed(front, from, &reply);
	else
		refuse(front, from, rx->ticket, NOT_FOUND);
}

void route_lost(const struct carried lost[MAPS])
{
	for (int i = 0; i < MAPS; i++) {
		struct slot *to = lost[i].ticket ? imp_slab_at(lost[i].front->slab, lost[i].id) : NULL;
		if (to)
			refuse(lost[i].front, to, lost[i].front_ticket, BUSY);
	}
}

void route_back(imp_io_pool *p, struct slot *s, const imp_msg *answer)
{
	imp_msg m = *answer;
	(void)p;
	for (int i = 0; i < MAPS; i++) {
		struct carried *c = &s->carried[i];
		struct slot *to;
		if (!c->ticket || c->ticket != answer->ticket)
			continue;
		to = imp_slab_at(c->front->slab, c->id);
		m.ticket = c->front_ticket;
		c->ticket = 0;
		if (to)
			feed(c->front, to, &m);
		return;
	}
}
