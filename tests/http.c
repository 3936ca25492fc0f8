/* http.c -- the HTTP layer: pairs, segmentation, refusals, pieces, ends.
 *
 * Every host here is moved by memcpy between feeds. */
#include "http.h"
#include "t.h"
#include "uri.h"
#include <stdlib.h>
#include <string.h>

#define TEXT(s) imp_bytes(s, strlen(s))
#define NONE imp_bytes(0, 0)
#define FDO "/fdo/101/msg/60"

enum { MAX = 64, QUEUE = 64, WIRE = 1 << 17, LOG = 1 << 16 };

/* A host: polls, keeps what it heard in words, and the bytes for the wire. */
struct end {
	imp_stack t;
	imp_work w;
	imp_session *s;
	uint8_t *mem[2];
	size_t need, wire_len, log_len;
	int where, shut, opened, down;
	uint32_t ticket;   /* of the last RX */
	int32_t code;      /* of the last ANSWER, or of a request */
	imp_msg auto_reply; /* verb 0: the test answers itself */
	const char *pieces; /* left to send, at most MAX at a time */
	uint8_t wire[WIRE];
	char log[LOG];
};

static struct end A, B;

/* --- the host ------------------------------------------------------------- */

static void note(struct end *e, const char *s, size_t n)
{
	for (size_t i = 0; i < n && e->log_len + 5 < LOG; i++) {
		char c = s[i];
		if (c == '\n')
			c = '|';
		if (c >= 0x20 && c < 0x7f)
			e->log[e->log_len++] = c;
		else
			e->log_len += (size_t)snprintf(e->log + e->log_len, 5, "\\%02x", (uint8_t)c);
	}
	e->log[e->log_len] = 0;
}

static void note_message(struct end *e, const imp_msg *m)
{
	char head[64];
	const char *verb = m->verb == IMP_RX ? "RX" : m->verb == IMP_ANSWER ? "ANSWER" : m->verb == IMP_UP ? "UP" : m->verb == IMP_DOWN ? "DOWN" : m->verb == IMP_OPEN ? "OPEN" : m->verb == IMP_SHUT ? "SHUT" : "?";
	snprintf(head, sizeof head, "%s %d", verb, (int)m->code);
	note(e, head, strlen(head));
	if (m->verb == IMP_RX || m->verb == IMP_ANSWER) {
		snprintf(head, sizeof head, "%s %u ", m->flags & IMP_MORE ? " MORE" : "", m->topic);
		note(e, head, strlen(head));
	}
	note(e, "{", 1);
	note(e, (const char *)m->name.ptr, m->name.len);
	note(e, "}{", 2);
	note(e, (const char *)m->data.ptr, m->data.len);
	note(e, "} ", 2);
}

static imp_status feed(struct end *e, imp_msg m);

static imp_msg next_piece(struct end *e, imp_msg m)
{
	size_t n = strlen(e->pieces);
	m.data = imp_bytes(e->pieces, n < MAX ? n : MAX);
	m.flags = n > MAX ? IMP_MORE : 0;
	e->pieces += m.data.len;
	if (!m.flags)
		e->pieces = NULL;
	return m;
}

/* What the host above does about what it hears. */
static void react(struct end *e, const imp_msg *m)
{
	imp_msg r = e->auto_reply;
	if (m->verb == IMP_RX && r.verb) {
		r.ticket = m->ticket;
		if (m->flags & IMP_MORE)
			r = imp_say(IMP_ANSWER, 0xffff, 231, m->ticket, NONE, NONE);
		else if (e->pieces)
			r = next_piece(e, r);
		feed(e, r);
	}
	if (m->verb == IMP_ANSWER && m->code == 231 && e->pieces)
		feed(e, next_piece(e, imp_say(IMP_TX, 42, IMP_POST, 9, TEXT("/up"), NONE)));
	else if (m->verb == IMP_ANSWER && m->flags & IMP_MORE)
		feed(e, imp_say(IMP_TX, 0xffff, 231, 8, NONE, NONE));
}

static void heard(struct end *e, const imp_msg *m)
{
	if (m->verb == IMP_TX) {
		if (m->data.len <= WIRE - e->wire_len)
			memcpy(e->wire + e->wire_len, m->data.ptr, m->data.len);
		e->wire_len += m->data.len;
		return;
	}
	note_message(e, m);
	e->ticket = m->verb == IMP_RX ? m->ticket : e->ticket;
	e->code = m->verb == IMP_RX || m->verb == IMP_ANSWER ? m->code : e->code;
	e->shut += m->verb == IMP_SHUT;
	e->opened += m->verb == IMP_OPEN;
	e->down += m->verb == IMP_DOWN;
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
	while (n < QUEUE && imp_session_poll(e->s, &e->w, &kept[n])) {
		heard(e, &kept[n]);
		n++;
	}
	for (int i = 0; i < n; i++) /* tickets, codes and flags: spans are gone after the first */
		react(e, &kept[i]);
	return st;
}

static void make(struct end *e, const imp_layer *http)
{
	imp_msg none = {0};
	free(e->mem[0]);
	free(e->mem[1]);
	free(e->w.mem);
	memset(e, 0, sizeof *e);
	e->t = (imp_stack){.size = sizeof e->t, .link = {{http}}, .params = {.size = sizeof(imp_params), .max_msg = MAX}};
	e->need = imp_session_need(&e->t);
	e->mem[0] = aligned_alloc(16, (e->need + 15) / 16 * 16);
	e->mem[1] = aligned_alloc(16, (e->need + 15) / 16 * 16);
	e->w.len = imp_work_need(&e->t);
	e->w.mem = aligned_alloc(16, (e->w.len + 15) / 16 * 16);
	e->w.now = 1000;
	e->s = imp_session_init(e->mem[0], e->need, &e->t);
	e->auto_reply = none;
}

static void server(struct end *e)
{
	make(e, &imp_http);
	feed(e, imp_say(IMP_UP, 0, 0, 0, NONE, NONE));
	e->log_len = 0;
}

static void client(struct end *e, const char *uri)
{
	make(e, &imp_http);
	feed(e, imp_say(IMP_OPEN, 0, 0, 5, TEXT(uri), NONE));
	feed(e, imp_say(IMP_UP, 0, 0, 5, NONE, NONE));
	e->log_len = 0;
	e->log[0] = 0;
}

static void replies(struct end *e, int32_t code, uint16_t format, const char *name, const char *data)
{
	e->auto_reply = imp_say(IMP_ANSWER, format, code, 0, TEXT(name), TEXT(data));
}

/* `seg` bytes at a time, each in memory of its own so that ASan sees its end. */
static void feed_bytes(struct end *e, const void *p, size_t len, size_t seg)
{
	const uint8_t *at = p;
	for (size_t n; len && !e->shut; len -= n, at += n) {
		uint8_t *lent;
		n = seg < len ? seg : len;
		lent = malloc(n);
		memcpy(lent, at, n);
		feed(e, imp_say(IMP_RX, 0, 0, 0, NONE, imp_bytes(lent, n)));
		free(lent);
	}
}

static void tick(struct end *e)
{
	uint64_t due = imp_session_deadline(e->s);
	e->w.now = due > e->w.now && due != UINT64_MAX ? due : e->w.now;
	feed(e, imp_say(IMP_TICK, 0, 0, 0, NONE, NONE));
}

/* Carry bytes and due ticks both ways until all is quiet. */
static void run(struct end *a, struct end *b, size_t seg)
{
	static uint8_t bytes[WIRE];
	struct end *e[2] = {a, b};
	for (int quiet = 0, i = 0; quiet < 2; i = !i) {
		size_t n = e[i]->wire_len;
		memcpy(bytes, e[i]->wire, n);
		e[i]->wire_len = 0;
		feed_bytes(e[!i], bytes, n, seg);
		quiet = n ? 0 : quiet + 1;
		if (imp_session_deadline(e[i]->s) <= e[i]->w.now) {
			tick(e[i]);
			quiet = 0;
		}
	}
}

static int wire_is(const struct end *e, const char *text)
{
	return e->wire_len == strlen(text) && !memcmp(e->wire, text, e->wire_len);
}

static int says(const struct end *e, const char *text)
{
	return !strcmp(e->log, text);
}

/* --- claims ----------------------------------------------------------------- */

static void claims_of_an_exchange(void)
{
	imp_msg post = imp_say(IMP_TX, 60, IMP_POST, 7, TEXT(FDO "\nauthorization: Bearer xyz"), TEXT("body"));
	client(&A, "http://owner.example:8080/base/");
	server(&B);
	replies(&B, 200, 60, "message-type: 61\nauthorization: Bearer abc", "reply");
	feed(&A, post);
	t_check("a request as it stands on the wire", wire_is(&A, "POST /base" FDO " HTTP/1.1\r\nHost: owner.example:8080\r\nauthorization: Bearer xyz\r\nContent-Type: application/cbor\r\nContent-Length: 4\r\n\r\nbody"), "");
	run(&A, &B, 1000);
	t_check("as it rises on the other side", says(&B, "RX 2 60 {/base" FDO "|authorization: Bearer xyz}{body} "), B.log);
	t_check("its reply", says(&A, "ANSWER 200 60 {message-type: 61|authorization: Bearer abc}{reply} "), A.log);
	for (int i = 0; i < 20; i++)
		feed(&A, post), run(&A, &B, 1);
	t_check("twenty more on the same connection, byte by byte", A.opened == 1 && !A.down && !B.down && A.code == 200, "");
}

int main(void)
{
	claims_of_an_exchange();
	return t_end();
}
