/* ends.h -- two ends of a CoAP link, without a top, and the net between
 * them on a virtual clock.  What rises at an end is written into its log:
 * "RX 1 -1 {/path|accept: 40}{body} ". */
#ifndef IMPRINT_COAP_ENDS_H
#define IMPRINT_COAP_ENDS_H

#include "coap.h"
#include <stdio.h>
#include <stdlib.h>

#define NONE imp_bytes(NULL, 0)
#define TEXT(s) imp_bytes(s, strlen(s))

enum { LOG = 1 << 16, FLIGHT = 256, NO = 0xffff };

struct end {
	imp_stack t;
	imp_work w;
	imp_session *s;
	uint8_t *mem[2];
	size_t need, log_len;
	int where, received;
	uint32_t ticket;              /* of the last RX */
	imp_msg reply;                /* to every RX; verb 0: none */
	const char *body;             /* in pieces of `piece` bytes */
	size_t piece, at;
	int holds;                    /* does not pull */
	char log[LOG];
};

struct datagram {
	uint64_t at;
	int to;
	size_t len;
	uint8_t bytes[1400];
};

struct net {
	struct end e[2];
	struct datagram flight[FLIGHT];
	int n, sent;
	uint64_t now;
	/* what becomes of a datagram: 0 arrives, 1 lost, 2 twice, 3 late; may be changed */
	int (*fault)(struct net *net, struct datagram *d);
	int loss;                     /* percent, for fault_loss */
	struct datagram last[2];      /* the last each has sent */
};

static inline uint32_t rnd(void)
{
	static uint64_t seed = 88172645463325252u;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

static inline int fault_loss(struct net *net, struct datagram *d)
{
	(void)d;
	return (int)(rnd() % 100) < net->loss ? 1 : (int)(rnd() % 100) < net->loss ? 2 + (int)(rnd() % 2) : 0;
}

static inline void launch(struct net *net, const struct datagram *d, uint64_t ms)
{
	if (net->n == FLIGHT)
		abort();
	net->flight[net->n] = *d;
	net->flight[net->n++].at = net->now + ms;
}

static inline void travel(struct net *net, int from, imp_span data)
{
	struct datagram d = {.to = !from, .len = data.len};
	int how;
	if (data.len > sizeof d.bytes)
		abort();
	memcpy(d.bytes, data.ptr, data.len);
	net->last[from] = d;
	net->sent++;
	how = net->fault ? net->fault(net, &d) : 0;
	if (how != 1)
		launch(net, &d, how == 3 ? 4000 : 1);
	if (how == 2)
		launch(net, &d, 3);
}

static inline void note(struct end *e, const char *s, size_t n)
{
	for (size_t i = 0; i < n && e->log_len + 2 < LOG; i++)
		e->log[e->log_len++] = s[i] == '\n' ? '|' : s[i];
	e->log[e->log_len] = 0;
}

static inline void note_msg(struct end *e, const imp_msg *m)
{
	char head[64];
	const char *verb = m->verb == IMP_RX ? "RX" : m->verb == IMP_ANSWER ? "ANSWER" : m->verb == IMP_UP ? "UP" : m->verb == IMP_DOWN ? "DOWN" : "?";
	if (m->verb == IMP_RX || m->verb == IMP_ANSWER) {
		snprintf(head, sizeof head, "%s %d %s%d {", verb, (int)m->code, m->flags & IMP_MORE ? "MORE " : "", m->topic == NO ? -1 : m->topic);
		note(e, head, strlen(head));
		note(e, (const char *)m->name.ptr, m->name.len);
		note(e, "}{", 2);
		note(e, (const char *)m->data.ptr, m->data.len);
		note(e, "} ", 2);
	} else {
		snprintf(head, sizeof head, "%s %d ", verb, (int)m->code);
		note(e, head, strlen(head));
	}
}

static inline imp_status feed(struct net *net, int at, imp_msg m);

/* The next piece of an end's body. */
static inline imp_msg next_piece(struct end *e, imp_msg m)
{
	size_t n = strlen(e->body) - e->at;
	m.data = imp_bytes(e->body + e->at, n < e->piece ? n : e->piece);
	m.flags = n > e->piece ? IMP_MORE : 0;
	e->at += m.data.len;
	return m;
}

static inline void react(struct net *net, int at, const imp_msg *m)
{
	struct end *e = &net->e[at];
	imp_msg r = e->reply;
	if (m->verb == IMP_RX && m->flags & IMP_MORE) {
		if (!e->holds)
			feed(net, at, imp_say(IMP_ANSWER, NO, 231, m->ticket, NONE, NONE));
	} else if (m->verb == IMP_RX && r.verb) {
		r.ticket = m->ticket;
		if (m->code != 231)
			e->at = 0;
		feed(net, at, e->body ? next_piece(e, r) : r);
	} else if (m->verb == IMP_ANSWER && m->code == 231 && e->body) {
		feed(net, at, next_piece(e, imp_say(IMP_TX, 42, IMP_POST, 8, TEXT("/up"), NONE)));
	} else if (m->verb == IMP_ANSWER && m->flags & IMP_MORE && !e->holds) {
		feed(net, at, imp_say(IMP_TX, NO, 231, 9, NONE, NONE));
	}
}

static inline imp_status feed(struct net *net, int at, imp_msg m)
{
	struct end *e = &net->e[at];
	imp_msg kept[32];
	int n = 0;
	imp_status st;
	memcpy(e->mem[!e->where], e->mem[e->where], e->need); /* it may lie anywhere */
	memset(e->mem[e->where], 0xdd, e->need);
	e->where = !e->where;
	e->s = (imp_session *)(void *)e->mem[e->where];
	e->w.now = net->now;
	st = imp_session_feed(e->s, &e->t, &e->w, &m);
	while (n < 32 && imp_session_poll(e->s, &e->w, &kept[n])) {
		if (kept[n].verb == IMP_TX)
			travel(net, at, kept[n].data);
		else if (kept[n].verb != IMP_OPEN && kept[n].verb != IMP_SHUT)
			note_msg(e, &kept[n]);
		e->received += kept[n].verb == IMP_RX;
		e->ticket = kept[n].verb == IMP_RX ? kept[n].ticket : e->ticket;
		n++;
	}
	for (int i = 0; i < n; i++)
		react(net, at, &kept[i]);
	return st;
}

/* Until nothing moves any more, at most `ms`. */
static inline void run(struct net *net, uint64_t ms)
{
	uint64_t until = net->now + ms;
	for (;;) {
		int first = -1, which = -1;
		uint64_t at = UINT64_MAX;
		for (int i = 0; i < net->n; i++)
			if (net->flight[i].at < at) {
				at = net->flight[i].at;
				first = i;
			}
		for (int i = 0; i < 2; i++)
			if (imp_session_deadline(net->e[i].s) < at) {
				at = imp_session_deadline(net->e[i].s);
				which = i;
			}
		if (at > until)
			break;
		net->now = at > net->now ? at : net->now;
		if (which >= 0) {
			feed(net, which, imp_say(IMP_TICK, 0, 0, 0, NONE, NONE));
		} else {
			struct datagram d = net->flight[first];
			net->flight[first] = net->flight[--net->n];
			feed(net, d.to, imp_say(IMP_RX, 0, 0, 0, TEXT("peer"), imp_bytes(d.bytes, d.len)));
		}
	}
	net->now = until;
}

/* Raw bytes from the wire. */
static inline void arrives(struct net *net, int at, const void *bytes, size_t len)
{
	feed(net, at, imp_say(IMP_RX, 0, 0, 0, TEXT("peer"), imp_bytes(bytes, len)));
}

static inline void forget(struct net *net)
{
	for (int i = 0; i < 2; i++) {
		net->e[i].log_len = 0;
		net->e[i].log[0] = 0;
		net->e[i].received = 0;
	}
	net->sent = 0;
}

static inline void make_end(struct end *e, const imp_crypto *c, uint32_t max_msg)
{
	free(e->mem[0]);
	free(e->mem[1]);
	free(e->w.mem);
	memset(e, 0, sizeof *e);
	e->t = (imp_stack){.size = sizeof e->t, .link = {{&imp_coap}}, .crypto = c, .params = {.size = sizeof(imp_params), .max_msg = max_msg, .exchanges = 2}};
	e->need = imp_session_need(&e->t);
	e->mem[0] = aligned_alloc(16, (e->need + 15) & ~(size_t)15);
	e->mem[1] = aligned_alloc(16, (e->need + 15) & ~(size_t)15);
	e->w.len = (imp_work_need(&e->t) + 15) & ~(size_t)15;
	e->w.mem = aligned_alloc(16, e->w.len);
	e->s = imp_session_init(e->mem[0], e->need, &e->t);
}

/* End 0 is opened to `uri`, end 1 is the other side; the link takes `mtu`. */
static inline void join(struct net *net, const imp_crypto *c, uint32_t max_msg, int32_t mtu, const char *uri)
{
	for (int i = 0; i < 2; i++)
		make_end(&net->e[i], c, max_msg);
	net->n = 0;
	net->now = 1000;
	net->fault = NULL;
	feed(net, 0, imp_say(IMP_OPEN, 0, 0, 5, TEXT(uri), NONE));
	for (int i = 0; i < 2; i++)
		feed(net, i, imp_say(IMP_UP, 0, mtu, i ? 0 : 5, NONE, NONE));
	forget(net);
}

static inline void part(struct net *net)
{
	for (int i = 0; i < 2; i++) {
		free(net->e[i].mem[0]);
		free(net->e[i].mem[1]);
		free(net->e[i].w.mem);
	}
}

#endif
