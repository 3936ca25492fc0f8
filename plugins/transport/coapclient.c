/* coapclient.c -- the one request of ours: sent, repeated, answered. */
#include "coapin.h"

/* --- sending -------------------------------------------------------------------- */

static uint32_t block_size(const struct coap *s)
{
	return 16u << s->q.szx;
}

static imp_span token_of(const struct coap *s)
{
	return imp_bytes(s->q.token, TOKEN);
}

/* Does the body go in blocks? */
static int in_blocks(const struct request_state *q, uint32_t size)
{
	return q->base || q->more || q->len > size;
}

/* The next block of the body, or the whole of it. */
static imp_span part(struct coap *s, uint32_t *block1)
{
	struct request_state *q = &s->q;
	uint32_t size = block_size(s), left = q->len - q->at, n = left < size ? left : size;
	*block1 = IMP_COAP_ABSENT;
	if (in_blocks(q, size))
		*block1 = (q->base + q->at) / size << 4 | (uint32_t)(left > size || q->more) << 3 | q->szx;
	return imp_bytes(coap_out(s) + q->at, n);
}

static void write_request(struct coap *s, imp_wr *w)
{
	struct request_state *q = &s->q;
	struct imp_coap_fields f = {.host = imp_bytes(s->host, s->host_len), .name = imp_bytes(coap_name(s), q->name_len),
	                            .echo = imp_bytes(q->echo, q->echo_len), .format = IMP_COAP_ABSENT, .block1 = IMP_COAP_ABSENT, .block2 = IMP_COAP_ABSENT};
	imp_span body = imp_bytes(NULL, 0);
	if (q->reply_at)
		f.block2 = q->reply_at / block_size(s) << 4 | q->szx;
	else
		body = part(s, &f.block1);
	if (q->topic != NO_FORMAT && body.len)
		f.format = q->topic;
	imp_coap_put_head(w, IMP_COAP_CON, (uint8_t)q->code, q->mid, token_of(s));
	imp_coap_put_fields(w, &f);
	imp_coap_put_payload(w, body);
}

static imp_status transmit(struct coap *s, imp_cx *cx)
{
	imp_wr w = imp_wr_to(NULL, 0);
	size_t n;
	write_request(s, &w);
	n = imp_wr_need(&w);
	if (w.err < 0)
		return w.err;
	w = imp_wr_to(cx->room(cx, n), n);
	if (!w.to)
		return IMP_ENOSPC;
	write_request(s, &w);
	coap_send(cx, imp_wr_span(&w));
	return IMP_OK;
}

static void end(struct coap *s)
{
	if (s->owner == REPLY_IN)
		s->owner = NOBODY;
	imp_wipe(&s->q, sizeof s->q);
}

void coap_client_fail(struct coap *s, imp_cx *cx, int32_t code)
{
	uint32_t ticket = s->q.ticket;
	if (s->q.state != REQ_NONE)
		end(s);
	coap_answer(cx, ticket, code);
}

/* A message of its own: a token and a message id that were never used. */
static void send_anew(struct coap *s, imp_cx *cx)
{
	struct request_state *q = &s->q;
	imp_status st;
	memcpy(q->token, s->prefix, sizeof s->prefix);
	s->tokens++;
	memcpy(q->token + sizeof s->prefix, &s->tokens, 4);
	q->mid = coap_mid(s);
	q->state = REQ_SENT;
	q->tries = 0;
	q->span = coap_jitter(s);
	q->due = cx->now + q->span;
	st = transmit(s, cx);
	if (st < 0)
		coap_client_fail(s, cx, st);
}

static void wait_for(struct coap *s, imp_cx *cx, uint64_t ms)
{
	s->q.until = cx->now + (ms ? ms : IMP_COAP_REPLY_MS);
}

/* Take the body that was given; 0: too large. */
static int load(struct coap *s, const imp_msg *m)
{
	struct request_state *q = &s->q;
	if (m->data.len > s->max || m->data.len > coap_room(s) - q->len)
		return 0;
	if (m->data.len)
		memcpy(coap_out(s) + q->len, m->data.ptr, m->data.len);
	q->len += (uint32_t)m->data.len;
	q->more = (m->flags & IMP_MORE) != 0;
	return 1;
}

/* A name that options can carry? */
static imp_status name_fits(const imp_msg *m)
{
	struct imp_coap_fields f = {.name = m->name, .format = IMP_COAP_ABSENT, .block1 = IMP_COAP_ABSENT, .block2 = IMP_COAP_ABSENT};
	imp_wr w = imp_wr_to(NULL, 0);
	if (m->name.len > IMP_COAP_NAME)
		return IMP_ENOSPC;
	if (m->code < IMP_GET || m->code > IMP_PATCH)
		return IMP_EARG;
	imp_coap_put_fields(&w, &f);
	return w.err;
}

/* NON: sent from what was given, kept nowhere. */
static void send_non(struct coap *s, imp_cx *cx, const imp_msg *m)
{
	struct imp_coap_fields f = {.host = imp_bytes(s->host, s->host_len), .name = m->name, .format = IMP_COAP_ABSENT,
	                            .block1 = IMP_COAP_ABSENT, .block2 = IMP_COAP_ABSENT};
	size_t n = 4 + HOST + 8 + 2 * m->name.len + m->data.len + 8;
	imp_wr w;
	if (m->data.len > 1024 || m->flags & IMP_MORE || name_fits(m) < 0)
		return;
	w = imp_wr_to(cx->room(cx, n), n);
	if (!w.to)
		return;
	if (m->topic != NO_FORMAT && m->data.len)
		f.format = m->topic;
	imp_coap_put_head(&w, IMP_COAP_NON, (uint8_t)m->code, coap_mid(s), imp_bytes(NULL, 0));
	imp_coap_put_fields(&w, &f);
	imp_coap_put_payload(&w, m->data);
	if (imp_wr_end(&w) == IMP_OK)
		coap_send(cx, imp_wr_span(&w));
}

static void begin(struct coap *s, imp_cx *cx, const imp_msg *m)
{
	struct request_state *q = &s->q;
	imp_status st = name_fits(m);
	if (st < 0 || m->data.len > s->max) {
		coap_answer(cx, m->ticket, st < 0 ? st : IMP_ENOSPC);
		return;
	}
	memset(q, 0, sizeof *q);
	load(s, m);
	memcpy(coap_name(s), m->name.ptr, m->name.len);
	q->name_len = (uint16_t)m->name.len;
	q->code = m->code;
	q->topic = m->topic;
	q->ticket = m->ticket;
	q->szx = s->szx;
	wait_for(s, cx, m->when);
	if (q->more && q->len < block_size(s)) { /* not a block yet */
		q->state = REQ_HUNGRY;
		q->due = cx->now;
		return;
	}
	send_anew(s, cx);
}

/* The next piece of the body. */
static void fed(struct coap *s, imp_cx *cx, const imp_msg *m)
{
	struct request_state *q = &s->q;
	if (m->code == PULL || !load(s, m)) {
		coap_answer(cx, m->ticket, m->code == PULL ? IMP_EPROTO : IMP_ENOSPC);
		return;
	}
	q->ticket = m->ticket;
	wait_for(s, cx, m->when);
	if (q->more && q->len < block_size(s)) {
		q->state = REQ_HUNGRY;
		q->due = cx->now;
		return;
	}
	send_anew(s, cx);
}

void coap_client_tx(struct coap *s, imp_cx *cx, const imp_msg *m)
{
	struct request_state *q = &s->q;
	if (!m->ticket && m->code != PULL && q->state != REQ_FED) {
		send_non(s, cx, m);
	} else if (q->state == REQ_FED) {
		fed(s, cx, m);
	} else if (q->state == REQ_PAUSED && m->code == PULL) {
		q->ticket = m->ticket;
		s->in_len = 0;
		wait_for(s, cx, m->when);
		send_anew(s, cx);
	} else if ((q->state == REQ_NONE || q->state == REQ_PAUSED) && m->code != PULL) {
		end(s);
		begin(s, cx, m);
	} else {
		coap_answer(cx, m->ticket, IMP_EPROTO);
	}
}

/* --- replies ---------------------------------------------------------------------- */

int coap_client_is_ours(const struct coap *s, const struct imp_coap_msg *m)
{
	const struct request_state *q = &s->q;
	if ((q->state != REQ_SENT && q->state != REQ_WAITING) || !imp_same(m->token, token_of(s)))
		return 0;
	return m->type != IMP_COAP_ACK || m->mid == q->mid;
}

/* The exchange is over, or paused: whoever asked hears. */
static void deliver(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m, imp_span body, int more)
{
	imp_msg a = {.verb = IMP_ANSWER, .code = imp_coap_rest(m->code), .ticket = s->q.ticket, .data = body};
	a.topic = m->format == IMP_COAP_ABSENT ? NO_FORMAT : (uint16_t)m->format;
	a.flags = more ? IMP_MORE : 0;
	a.name = coap_room_name(cx, m);
	a.channel = cx->channel(cx, 0);
	if (!a.name.ptr) {
		coap_client_fail(s, cx, IMP_ENOSPC);
		return;
	}
	if (cx->emit(cx, &a) < 0)
		return;
	if (!more) {
		end(s);
		return;
	}
	s->q.state = REQ_PAUSED;
	s->q.ticket = 0;
}

/* 2.31, or the same with a smaller block: the next block; 0: it does not fit. */
static int advance(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	struct request_state *q = &s->q;
	uint32_t size = block_size(s), sent = q->base + q->at, left;
	if (imp_coap_num(m->block1) != sent / size && imp_coap_num(m->block1) * imp_coap_size(m->block1) != sent)
		return 0;
	q->at += size;
	if ((m->block1 & 7) < q->szx)
		q->szx = m->block1 & 7;
	left = q->len - q->at;
	if (q->more && left < block_size(s)) { /* what is left moves to the front */
		memmove(coap_out(s), coap_out(s) + q->at, left);
		q->base += q->at;
		q->at = 0;
		q->len = left;
		q->state = REQ_HUNGRY;
		q->due = cx->now;
		return 1;
	}
	send_anew(s, cx);
	return 1;
}

/* The body so far and this block of it. */
static imp_status collect(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	struct request_state *q = &s->q;
	uint32_t size = imp_coap_size(m->block2), kept = q->reply_at ? s->in_len : 0;
	int more = imp_coap_more(m->block2);
	if (imp_coap_num(m->block2) != q->reply_at / size || q->reply_at % size || m->payload.len > size || (more && m->payload.len != size))
		return IMP_EPROTO;
	if (q->reply_at && !imp_same(m->etag, imp_bytes(q->etag, q->etag_len)))
		return IMP_EPROTO;
	if (m->payload.len > s->max - kept) /* blocks may grow */
		return IMP_ENOSPC;
	if (q->reply_at == 0) {
		s->in_len = 0;
		q->etag_len = (uint8_t)m->etag.len;
		if (m->etag.len)
			memcpy(q->etag, m->etag.ptr, m->etag.len);
	}
	s->owner = REPLY_IN;
	q->szx = m->block2 & 7;
	if (m->payload.len)
		memcpy(coap_in(s) + s->in_len, m->payload.ptr, m->payload.len);
	s->in_len += (uint32_t)m->payload.len;
	q->reply_at += (uint32_t)m->payload.len;
	if (more && s->in_len + size <= s->max)
		send_anew(s, cx);
	else
		deliver(s, cx, m, imp_bytes(coap_in(s), s->in_len), more);
	return IMP_OK;
}

static int in_pieces(const struct imp_coap_msg *m)
{
	return m->block2 != IMP_COAP_ABSENT && (imp_coap_num(m->block2) || imp_coap_more(m->block2));
}

/* 4.01 with Echo: once more, with it. */
static int challenged(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	struct request_state *q = &s->q;
	if (m->code != 0x81 || !m->echo.len || q->echoed || q->base)
		return 0;
	memcpy(q->echo, m->echo.ptr, m->echo.len);
	q->echo_len = (uint8_t)m->echo.len;
	q->echoed = 1;
	q->at = 0;
	send_anew(s, cx);
	return 1;
}

/* 4.13 with a smaller block: from the start, in those. */
static int shrunk(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	struct request_state *q = &s->q;
	if (m->code != 0x8d || m->block1 == IMP_COAP_ABSENT || (m->block1 & 7) >= q->szx || q->base || q->at)
		return 0;
	q->szx = m->block1 & 7;
	send_anew(s, cx);
	return 1;
}

void coap_client_reply(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	struct request_state *q = &s->q;
	imp_status st = IMP_OK;
	if (m->bad) {
		coap_client_fail(s, cx, IMP_EBADMSG);
	} else if (m->code == 0x5f) { /* 2.31 */
		if (m->block1 == IMP_COAP_ABSENT || q->reply_at || !in_blocks(q, block_size(s)) || (q->len - q->at <= block_size(s) && !q->more) || !advance(s, cx, m))
			coap_client_fail(s, cx, IMP_EPROTO);
	} else if (!challenged(s, cx, m) && !shrunk(s, cx, m)) {
		if (in_pieces(m) || s->q.reply_at)
			st = m->block2 == IMP_COAP_ABSENT || m->code >> 5 != 2 ? IMP_EPROTO : collect(s, cx, m);
		else
			deliver(s, cx, m, m->payload, 0);
		if (st < 0)
			coap_client_fail(s, cx, st);
	}
}

void coap_client_empty(struct coap *s, imp_cx *cx, const struct imp_coap_msg *m)
{
	struct request_state *q = &s->q;
	if ((q->state != REQ_SENT && q->state != REQ_WAITING) || m->mid != q->mid)
		return;
	if (m->type == IMP_COAP_RST)
		coap_client_fail(s, cx, IMP_ELINK);
	else
		q->state = REQ_WAITING;
}

/* --- time --------------------------------------------------------------------------- */

void coap_client_tick(struct coap *s, imp_cx *cx)
{
	struct request_state *q = &s->q;
	uint32_t ticket = q->ticket;
	if (q->state == REQ_HUNGRY) {
		q->state = REQ_FED;
		q->ticket = 0;
		coap_answer(cx, ticket, PULL);
	} else if (q->state != REQ_NONE && cx->now >= q->until) {
		coap_client_fail(s, cx, IMP_ETIME);
	} else if (q->state == REQ_SENT && cx->now >= q->due) {
		if (q->tries++ == IMP_COAP_RETRIES || transmit(s, cx) < 0) {
			coap_client_fail(s, cx, IMP_ETIME);
			return;
		}
		q->span *= 2;
		q->due = cx->now + q->span;
	}
}

uint64_t coap_client_due(const struct coap *s)
{
	const struct request_state *q = &s->q;
	if (q->state == REQ_NONE)
		return UINT64_MAX;
	if (q->state == REQ_HUNGRY)
		return q->due;
	return q->state == REQ_SENT && q->due < q->until ? q->due : q->until;
}
