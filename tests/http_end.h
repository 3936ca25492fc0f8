/* http_end.h -- a host for the HTTP layer's tests: a session that is moved by
 * memcpy before each feed, what it was told in words, its bytes for the wire. */
#ifndef IMPRINT_TESTS_HTTP_END_H
#define IMPRINT_TESTS_HTTP_END_H

#include "http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) imp_bytes(s, strlen(s))
#define NONE imp_bytes(0, 0)

enum { MAX = 64, QUEUE = 64, WIRE = 1 << 17, LOG = 1 << 16, POST_TICKET = 7, PULL_TICKET = 8, PIECE_TICKET = 9 };

struct end {
	imp_stack t;
	imp_work w;
	imp_session *s;
	uint8_t *mem[2];
	size_t need, wire_len, log_len;
	int where, shut, opened, down, answers;
	uint32_t ticket;    /* of the last RX                               */
	int32_t code;       /* of the last RX or ANSWER                     */
	int32_t shut_code;  /* of the last SHUT                             */
	imp_msg auto_reply; /* to every RX; verb 0: the test answers itself */
	const char *pieces; /* of a body, left to send, MAX at a time       */
	const char *forever; /* pieces of every reply                       */
	void (*listener)(const imp_msg *m); /* to what was heard            */
	int deafened;       /* do not pull, do not go on                    */
	uint8_t wire[WIRE];
	char log[LOG];
};

static void note(struct end *e, const char *s, size_t n)
{
	for (size_t i = 0; i < n && e->log_len + 5 < LOG; i++) {
		char c = s[i] == '\n' ? '|' : s[i];
		if (c >= 0x20 && c < 0x7f)
			e->log[e->log_len++] = c;
		else
			e->log_len += (size_t)snprintf(e->log + e->log_len, 5, "\\%02x", (unsigned)(uint8_t)c);
	}
	e->log[e->log_len] = 0;
}

static const char *verb_name(unsigned verb)
{
	switch (verb) {
	case IMP_RX: return "RX";
	case IMP_ANSWER: return "ANSWER";
	case IMP_UP: return "UP";
	case IMP_DOWN: return "DOWN";
	case IMP_OPEN: return "OPEN";
	case IMP_SHUT: return "SHUT";
	}
	return "?";
}

/* "RX 2 60 {/path|key: value}{body} ", "DOWN -9 " */
static void note_message(struct end *e, const imp_msg *m)
{
	char head[64];
	snprintf(head, sizeof head, "%s %d ", verb_name(m->verb), (int)m->code);
	note(e, head, strlen(head));
	if (m->verb != IMP_RX && m->verb != IMP_ANSWER)
		return;
	snprintf(head, sizeof head, "%s%d {", m->flags & IMP_MORE ? "MORE " : "", m->topic == 0xffff ? -1 : m->topic);
	note(e, head, strlen(head));
	note(e, (const char *)m->name.ptr, m->name.len);
	note(e, "}{", 2);
	note(e, (const char *)m->data.ptr, m->data.len);
	note(e, "} ", 2);
}

static void heard(struct end *e, const imp_msg *m)
{
	if (m->verb == IMP_TX) {
		if (m->data.len < WIRE - e->wire_len)
			memcpy(e->wire + e->wire_len, m->data.ptr, m->data.len);
		e->wire_len += m->data.len;
		e->wire[e->wire_len] = 0;
		return;
	}
	note_message(e, m);
	if (e->listener)
		e->listener(m);
	e->ticket = m->verb == IMP_RX ? m->ticket : e->ticket;
	e->code = m->verb == IMP_RX || m->verb == IMP_ANSWER ? m->code : e->code;
	e->answers += m->verb == IMP_ANSWER;
	e->shut += m->verb == IMP_SHUT;
	e->shut_code = m->verb == IMP_SHUT ? m->code : e->shut_code;
	e->opened += m->verb == IMP_OPEN;
	e->down += m->verb == IMP_DOWN;
}

static imp_status feed(struct end *e, imp_msg m);

static imp_msg next_piece(struct end *e, imp_msg m)
{
	size_t n = strlen(e->pieces);
	m.data = imp_bytes(e->pieces, n < MAX ? n : MAX);
	m.flags = n > MAX ? IMP_MORE : 0;
	e->pieces = m.flags ? e->pieces + MAX : NULL;
	return m;
}

/* What the host above does about what it hears. */
static void react(struct end *e, const imp_msg *m)
{
	imp_msg r = e->auto_reply;
	if (m->verb == IMP_RX && r.verb) {
		r.ticket = m->ticket;
		if (m->code != 231 && !e->pieces)
			e->pieces = e->forever;
		if (m->flags & IMP_MORE)
			r = imp_say(IMP_ANSWER, 0xffff, 231, m->ticket, NONE, NONE);
		else if (e->pieces)
			r = next_piece(e, r);
		feed(e, r);
	}
	if (m->verb == IMP_ANSWER && m->code == 231 && e->pieces)
		feed(e, next_piece(e, imp_say(IMP_TX, 42, IMP_POST, PIECE_TICKET, TEXT("/up"), NONE)));
	else if (m->verb == IMP_ANSWER && m->flags & IMP_MORE && !e->deafened)
		feed(e, imp_say(IMP_TX, 0xffff, 231, PULL_TICKET, NONE, NONE));
}

static void move(struct end *e)
{
	memcpy(e->mem[!e->where], e->mem[e->where], e->need);
	memset(e->mem[e->where], 0xdd, e->need);
	e->where = !e->where;
	e->s = (imp_session *)(void *)e->mem[e->where];
}

static imp_status feed(struct end *e, imp_msg m)
{
	imp_msg kept[QUEUE];
	int n = 0;
	imp_status st;
	move(e);
	st = imp_session_feed(e->s, &e->t, &e->w, &m);
	while (n < QUEUE && imp_session_poll(e->s, &e->w, &kept[n]))
		heard(e, &kept[n++]);
	for (int i = 0; i < n; i++) /* their spans are gone after the first, and not looked at */
		react(e, &kept[i]);
	return st;
}

static void *lend(size_t n)
{
	void *p = aligned_alloc(16, (n + 15) / 16 * 16);
	if (!p)
		abort();
	return p;
}

static void make_below(struct end *e, const imp_layer *top, const imp_layer *http, uint32_t max_msg)
{
	free(e->mem[0]);
	free(e->mem[1]);
	free(e->w.mem);
	memset(e, 0, sizeof *e);
	e->t = (imp_stack){.size = sizeof e->t, .top = top, .link = {{http}}, .params = {.size = sizeof(imp_params), .max_msg = max_msg}};
	e->need = imp_session_need(&e->t);
	e->mem[0] = lend(e->need);
	e->mem[1] = lend(e->need);
	e->w.len = imp_work_need(&e->t);
	e->w.mem = lend(e->w.len);
	e->w.now = 1000;
	e->s = imp_session_init(e->mem[0], e->need, &e->t);
}

static void make(struct end *e, const imp_layer *http, uint32_t max_msg)
{
	make_below(e, NULL, http, max_msg);
}

static void forget(struct end *e)
{
	e->log_len = e->wire_len = 0;
	e->log[0] = 0;
	e->answers = 0;
}

static inline void server(struct end *e, const imp_layer *http)
{
	make(e, http, MAX);
	feed(e, imp_say(IMP_UP, 0, 0, 0, NONE, NONE));
	forget(e);
}

static inline void up(struct end *e)
{
	feed(e, imp_say(IMP_UP, 0, 0, 5, NONE, NONE));
	forget(e);
}

static inline void client(struct end *e, const imp_layer *http, const char *uri)
{
	make(e, http, MAX);
	feed(e, imp_say(IMP_OPEN, 0, 0, 5, TEXT(uri), NONE));
	up(e);
}

static inline void replies(struct end *e, int32_t code, uint16_t format, const char *name, const char *data)
{
	e->auto_reply = imp_say(IMP_ANSWER, format, code, 0, TEXT(name), TEXT(data));
}

static inline void tick(struct end *e)
{
	uint64_t due = imp_session_deadline(e->s);
	e->w.now = due > e->w.now && due != UINT64_MAX ? due : e->w.now;
	feed(e, imp_say(IMP_TICK, 0, 0, 0, NONE, NONE));
}

/* TICK while something is due now. */
static inline void settle(struct end *e)
{
	while (imp_session_deadline(e->s) <= e->w.now)
		tick(e);
}

/* `seg` bytes at a time, each in memory of its own so that ASan sees its end. */
static inline void feed_bytes(struct end *e, const void *p, size_t len, size_t seg)
{
	const uint8_t *at = p;
	int shut = e->shut;
	for (size_t n; len && e->shut == shut; len -= n, at += n) {
		uint8_t *lent;
		n = seg < len ? seg : len;
		lent = malloc(n);
		memcpy(lent, at, n);
		feed(e, imp_say(IMP_RX, 0, 0, 0, NONE, imp_bytes(lent, n)));
		free(lent);
		settle(e);
	}
}

static inline void feed_text(struct end *e, const char *s)
{
	feed_bytes(e, s, strlen(s), WIRE);
}

static inline void down(struct end *e, imp_status code)
{
	feed(e, imp_say(IMP_DOWN, 0, code, 5, NONE, NONE));
}

/* Carry bytes and due ticks both ways until all is quiet. */
static inline void run(struct end *a, struct end *b, size_t seg)
{
	static uint8_t bytes[WIRE];
	struct end *e[2] = {a, b};
	for (int quiet = 0, i = 0; quiet < 2; i = !i) {
		size_t n = e[i]->wire_len;
		memcpy(bytes, e[i]->wire, n);
		e[i]->wire_len = 0;
		feed_bytes(e[!i], bytes, n, seg);
		quiet = n || imp_session_deadline(e[i]->s) <= e[i]->w.now ? 0 : quiet + 1;
		settle(e[i]);
	}
}

static inline int wire_is(const struct end *e, const char *text)
{
	return e->wire_len == strlen(text) && !memcmp(e->wire, text, e->wire_len);
}

static inline int says(const struct end *e, const char *text)
{
	return !strcmp(e->log, text);
}

#endif
