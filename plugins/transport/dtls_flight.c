/* dtls_flight.c -- handshake messages: put together from fragments, and sent
 * as flights until the peer answers.  RFC 6347 4.2.2 to 4.2.4.
 *
 * in: entries, each a message's 12-byte head, its body, and one bit per byte
 * of the body that has come.  The head's fragment offset counts the bytes
 * still missing, so a whole message's head is the one that is hashed.
 * out: the flight, messages with their heads; type CCS stands for
 * ChangeCipherSpec, and what follows it is sent under the new keys. */
#include "dtls_in.h"

enum { CCS_MARK = 0xfe, LEAST_PART = 16 };

/* --- in ------------------------------------------------------------------------ */

static size_t entry_len(size_t body)
{
	return IMP_DTLS_MSG_HEAD + body + (body + 7) / 8;
}

static uint16_t seq_of(const uint8_t *e)
{
	return (uint16_t)(e[4] << 8 | e[5]);
}

static uint8_t *find(const struct imp_dtls *s, uint16_t seq)
{
	uint8_t *e = imp_dtls_in_at(s), *end = e + s->in_len;
	while (e < end && seq_of(e) != seq)
		e += entry_len(imp_dtls_be24(e + 1));
	return e < end ? e : NULL;
}

static uint8_t *append(struct imp_dtls *s, const struct imp_dtls_fragment *f)
{
	size_t n = entry_len(f->len);
	uint8_t *e;
	if (f->seq == s->next_in && n > s->in_cap - s->in_len && !find(s, f->seq))
		s->in_len = 0; /* its turn: what came too early comes again */
	if (n > s->in_cap - s->in_len)
		return NULL;
	e = imp_dtls_in_at(s) + s->in_len;
	memset(e, 0, n);
	imp_dtls_put_fragment(e, f->type, f->seq, f->len, f->len, f->len);
	s->in_len = (uint16_t)(s->in_len + n);
	return e;
}

/* Bytes that came before stay as they are. */
static void fill(uint8_t *e, const struct imp_dtls_fragment *f)
{
	uint8_t *body = e + IMP_DTLS_MSG_HEAD, *bits = body + f->len;
	size_t missing = imp_dtls_be24(e + 6);
	for (size_t i = 0; i < f->part.len; i++) {
		size_t at = f->at + i;
		uint8_t bit = (uint8_t)(1u << (at & 7));
		if (bits[at >> 3] & bit)
			continue;
		bits[at >> 3] |= bit;
		body[at] = f->part.ptr[i];
		missing--;
	}
	imp_dtls_put_be24(e + 6, missing);
}

imp_status imp_dtls_collect(struct imp_dtls *s, const struct imp_dtls_fragment *f)
{
	uint8_t *e;
	if ((uint16_t)(f->seq - s->next_in) >= IMP_DTLS_AHEAD)
		return IMP_OK;
	if (entry_len(f->len) > s->in_cap)
		return f->seq == s->next_in ? IMP_ENOSPC : IMP_OK;
	e = find(s, f->seq);
	if (!e)
		e = append(s, f);
	if (e && e[0] == f->type && imp_dtls_be24(e + 1) == f->len)
		fill(e, f);
	return IMP_OK;
}

imp_span imp_dtls_next(const struct imp_dtls *s)
{
	const uint8_t *e = find(s, s->next_in);
	if (!e || imp_dtls_be24(e + 6))
		return imp_bytes(NULL, 0);
	return imp_bytes(e, IMP_DTLS_MSG_HEAD + imp_dtls_be24(e + 1));
}

void imp_dtls_drop(struct imp_dtls *s)
{
	uint8_t *e = find(s, s->next_in);
	size_t n;
	if (!e)
		return;
	n = entry_len(imp_dtls_be24(e + 1));
	memmove(e, e + n, (size_t)(imp_dtls_in_at(s) + s->in_len - (e + n)));
	s->in_len = (uint16_t)(s->in_len - n);
	s->next_in++;
}

/* --- out: writing ----------------------------------------------------------------- */

void imp_dtls_begin_flight(struct imp_dtls_run *r)
{
	r->s->out_len = r->s->out_at = r->s->out_part = 0;
}

imp_wr imp_dtls_msg(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	size_t at = (size_t)s->out_len + IMP_DTLS_MSG_HEAD;
	return imp_wr_to(imp_dtls_out_at(s) + at, s->out_cap > at ? s->out_cap - at : 0);
}

imp_status imp_dtls_msg_end(struct imp_dtls_run *r, uint8_t type, const imp_wr *w)
{
	struct imp_dtls *s = r->s;
	uint8_t *head = imp_dtls_out_at(s) + s->out_len;
	imp_status st = imp_wr_end(w);
	if (st < 0)
		return st;
	imp_dtls_put_fragment(head, type, s->next_out++, w->len, 0, w->len);
	s->out_len = (uint16_t)(s->out_len + IMP_DTLS_MSG_HEAD + w->len);
	imp_dtls_hash_push(r, imp_bytes(head, IMP_DTLS_MSG_HEAD + w->len));
	return IMP_OK;
}

void imp_dtls_put_ccs(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	uint8_t *head = imp_dtls_out_at(s) + s->out_len;
	if (s->out_cap - s->out_len < IMP_DTLS_MSG_HEAD)
		return; /* then Finished does not fit either, and that is told */
	memset(head, 0, IMP_DTLS_MSG_HEAD);
	head[0] = CCS_MARK;
	s->out_len = (uint16_t)(s->out_len + IMP_DTLS_MSG_HEAD);
}

/* --- out: sending ------------------------------------------------------------------ */

static size_t datagram(const struct imp_dtls *s)
{
	return s->below ? s->below : IMP_DTLS_MTU;
}

/* The keys of the flight's message at `at`: NULL before ChangeCipherSpec. */
static struct imp_dtls_epoch *keys_at(struct imp_dtls *s, size_t at)
{
	const uint8_t *out = imp_dtls_out_at(s);
	for (size_t i = 0; i < at; i += IMP_DTLS_MSG_HEAD + imp_dtls_be24(out + i + 1))
		if (out[i] == CCS_MARK)
			return s->next.suite ? &s->next : &s->live;
	return NULL;
}

/* The next record of the flight into `w`; 0: it does not fit any more. */
static int put_part(struct imp_dtls_run *r, imp_wr *w)
{
	static const uint8_t one = 1;
	struct imp_dtls *s = r->s;
	uint8_t *head = imp_dtls_out_at(s) + s->out_at, *part = head + IMP_DTLS_MSG_HEAD + s->out_part;
	uint8_t piece[IMP_DTLS_MSG_HEAD];
	size_t len = imp_dtls_be24(head + 1), n = len - s->out_part;
	struct imp_dtls_epoch *e = keys_at(s, s->out_at);
	size_t room = imp_dtls_fits(r, e, w->cap - w->len);
	uint8_t *whole;
	int done;
	if (head[0] == CCS_MARK) {
		if (room < 1 || imp_dtls_put_record(r, w, NULL, IMP_DTLS_CCS, imp_bytes(&one, 1)) < 0)
			return 0;
		s->out_at = (uint16_t)(s->out_at + IMP_DTLS_MSG_HEAD);
		return 1;
	}
	if (room < IMP_DTLS_MSG_HEAD + (n < LEAST_PART ? n : LEAST_PART))
		return 0;
	if (n > room - IMP_DTLS_MSG_HEAD)
		n = room - IMP_DTLS_MSG_HEAD;
	imp_dtls_put_fragment(piece, head[0], seq_of(head), len, s->out_part, n);
	whole = r->cx->room(r->cx, IMP_DTLS_MSG_HEAD + n);
	if (!whole)
		return 0;
	memcpy(whole, piece, IMP_DTLS_MSG_HEAD);
	memcpy(whole + IMP_DTLS_MSG_HEAD, part, n);
	if (imp_dtls_put_record(r, w, e, IMP_DTLS_HANDSHAKE, imp_bytes(whole, IMP_DTLS_MSG_HEAD + n)) < 0)
		return 0;
	done = s->out_part + n == len;
	s->out_at = (uint16_t)(done ? s->out_at + IMP_DTLS_MSG_HEAD + len : s->out_at);
	s->out_part = (uint16_t)(done ? 0 : s->out_part + n);
	return 1;
}

static int send_datagram(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	imp_wr w = imp_wr_to(r->cx->room(r->cx, datagram(s)), datagram(s));
	imp_msg m;
	if (!w.to)
		return 0;
	while (s->out_at < s->out_len && put_part(r, &w))
		;
	if (!w.len)
		return 0;
	m = imp_dtls_tx(s, imp_wr_span(&w));
	r->cx->emit(r->cx, &m);
	return 1;
}

void imp_dtls_send_on(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	for (int i = 0; i < IMP_DTLS_FLIGHT && s->out_at < s->out_len; i++)
		if (!send_datagram(r)) {
			s->out_at = s->out_len;
			break;
		}
	r->cx->wake(r->cx, s->out_at < s->out_len ? r->cx->now : s->resend_at);
}

static void send_again(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	s->out_at = s->out_part = 0;
	s->sent_at = r->cx->now;
	imp_dtls_send_on(r);
}

void imp_dtls_send_flight(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	s->tries = 0;
	s->rto = s->timeout;
	s->resend_at = r->cx->now + s->rto;
	send_again(r);
}

void imp_dtls_rest(struct imp_dtls_run *r)
{
	r->s->resend_at = UINT64_MAX;
	r->cx->wake(r->cx, r->s->out_at < r->s->out_len ? r->cx->now : UINT64_MAX);
}

void imp_dtls_arm(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	if (s->resend_at != UINT64_MAX || s->out_at < s->out_len)
		return;
	s->resend_at = r->cx->now + (s->rto ? s->rto : IMP_DTLS_TIMEOUT_MAX);
	r->cx->wake(r->cx, s->resend_at);
}

void imp_dtls_repeat(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	if (s->out_len && s->out_at == s->out_len && r->cx->now - s->sent_at >= s->timeout / 2u)
		send_again(r);
}

void imp_dtls_tick(struct imp_dtls_run *r)
{
	struct imp_dtls *s = r->s;
	if (s->out_at < s->out_len) {
		imp_dtls_send_on(r);
		return;
	}
	if (r->cx->now < s->resend_at) {
		r->cx->wake(r->cx, s->resend_at);
		return;
	}
	if (s->tries == IMP_DTLS_TRIES || !s->out_len) {
		imp_dtls_fail(r, IMP_ETIME, s->out_len ? IMP_DTLS_CANCELLED : 0);
		return;
	}
	s->tries++;
	s->rto = (uint16_t)(2u * s->rto < IMP_DTLS_TIMEOUT_MAX ? 2u * s->rto : IMP_DTLS_TIMEOUT_MAX);
	s->resend_at = r->cx->now + s->rto;
	send_again(r);
}
