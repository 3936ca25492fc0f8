/* link_end.h -- a host for tests of one transport layer: a session without a
 * top, moved by memcpy before each feed; what came out of it in words, and
 * the bytes for the wire apart. */
#ifndef IMPRINT_TESTS_LINK_END_H
#define IMPRINT_TESTS_LINK_END_H

#include "imprint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) imp_bytes(s, strlen(s))
#define BYTES(literal) imp_bytes(literal, sizeof literal - 1)
#define NONE imp_bytes(0, 0)

enum { WIRE = 1 << 16, LOG = 1 << 16, QUEUE = 64, PACKETS = 64 };

struct packet { size_t at, len; uint32_t ticket; int32_t code; uint64_t when; uint16_t flags; };

struct end {
	imp_stack t;
	imp_work w;
	imp_session *s;
	uint8_t *mem[2];
	size_t need, wire_len, log_len;
	int where, packets, answers; /* answers: ANSWERs heard */
	uint32_t ticket;        /* of the last RX or TX that had one     */
	int32_t code;           /* of the last message                   */
	struct packet packet[PACKETS]; /* every TX, in `wire`            */
	uint8_t wire[WIRE];
	char log[LOG];
};

static inline void note(struct end *e, imp_span s)
{
	for (size_t i = 0; i < s.len && e->log_len + 5 < LOG; i++) {
		uint8_t c = s.ptr[i];
		if (c >= 0x20 && c < 0x7f)
			e->log[e->log_len++] = (char)c;
		else
			e->log_len += (size_t)snprintf(e->log + e->log_len, 5, "\\%02x", (unsigned)c);
	}
	e->log[e->log_len] = 0;
}

static inline const char *verb_name(unsigned verb)
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

/* "RX 0 0 {name}{data} ", "DOWN -9 0 ": verb, code, topic. */
static inline void note_message(struct end *e, const imp_msg *m)
{
	char head[64];
	snprintf(head, sizeof head, "%s %d %d ", verb_name(m->verb), (int)m->code, (int)m->topic);
	note(e, TEXT(head));
	if (m->verb != IMP_RX && m->verb != IMP_ANSWER && m->verb != IMP_OPEN)
		return;
	note(e, TEXT("{"));
	note(e, m->name);
	note(e, TEXT("}{"));
	note(e, m->data);
	note(e, TEXT("} "));
}

static inline void heard(struct end *e, const imp_msg *m)
{
	e->code = m->code;
	e->answers += m->verb == IMP_ANSWER;
	if (m->ticket && (m->verb == IMP_RX || m->verb == IMP_TX))
		e->ticket = m->ticket;
	if (m->verb != IMP_TX) {
		note_message(e, m);
		return;
	}
	if (m->data.len > WIRE - e->wire_len || e->packets == PACKETS)
		abort();
	e->packet[e->packets++] = (struct packet){e->wire_len, m->data.len, m->ticket, m->code, m->when, m->flags};
	if (m->data.len)
		memcpy(e->wire + e->wire_len, m->data.ptr, m->data.len);
	e->wire_len += m->data.len;
}

static inline imp_status feed(struct end *e, imp_msg m)
{
	imp_msg out;
	imp_status st;
	memcpy(e->mem[!e->where], e->mem[e->where], e->need);
	memset(e->mem[e->where], 0xdd, e->need);
	e->where = !e->where;
	e->s = (imp_session *)(void *)e->mem[e->where];
	st = imp_session_feed(e->s, &e->t, &e->w, &m);
	while (imp_session_poll(e->s, &e->w, &out))
		heard(e, &out);
	return st;
}

/* Time passes; TICKs are fed when they are due, one at a time. */
static inline void pass(struct end *e, uint64_t ms)
{
	uint64_t end = e->w.now + ms;
	while (imp_session_deadline(e->s) <= end) {
		if (imp_session_deadline(e->s) > e->w.now)
			e->w.now = imp_session_deadline(e->s);
		feed(e, imp_say(IMP_TICK, 0, 0, 0, NONE, NONE));
	}
	e->w.now = end;
}

static inline uint8_t *lend(size_t n)
{
	void *p = aligned_alloc(16, (n + 15) / 16 * 16);
	if (!p)
		abort();
	return (uint8_t *)p;
}

static inline void make(struct end *e, const imp_layer *layer, uint32_t max_msg)
{
	free(e->mem[0]);
	free(e->mem[1]);
	free(e->w.mem);
	memset(e, 0, sizeof *e);
	e->t = (imp_stack){.size = sizeof e->t, .link = {{layer}}, .params = {.size = sizeof(imp_params), .max_msg = max_msg}};
	e->need = imp_session_need(&e->t);
	e->mem[0] = lend(e->need);
	e->mem[1] = lend(e->need);
	e->w.len = imp_work_need(&e->t);
	e->w.mem = lend(e->w.len);
	e->w.now = 1000;
	e->s = imp_session_init(e->mem[0], e->need, &e->t);
}

static inline void forget(struct end *e)
{
	e->log_len = e->wire_len = 0;
	e->packets = 0;
	e->log[0] = 0;
}

static inline int says(const struct end *e, const char *log)
{
	return strcmp(e->log, log) == 0;
}

static inline int wire_is(const struct end *e, imp_span want)
{
	return e->wire_len == want.len && !memcmp(e->wire, want.ptr, want.len);
}

#endif
