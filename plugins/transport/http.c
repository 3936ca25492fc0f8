/* http.c -- see http.h.
 *
 * buf holds name (rd.head bytes), and behind it the body so far or, while
 * somebody above must act first, `held` raw bytes that came too early. */
#include "http.h"
#include "ct.h"
#include "httpfield.h"
#include "httpread.h"
#include "uri.h"
#include "wr.h"

enum state {
	IDLE,      /* no link                                                */
	OPENING,   /* client: OPEN went down                                 */
	ASLEEP,    /* client: the connection is gone, TX opens another       */
	REOPENING, /* client: buf holds the request that waits for UP        */
	READY,     /* client: nothing in flight                              */
	SENDING,   /* client: part of a request is sent                      */
	READING,   /* a message is being read                                */
	PAUSED,    /* a piece was delivered, whoever has it must pull        */
	RESUMING,  /* TICK reads what is held: one message or piece a feed,
	              however many the peer sent at once                     */
	SERVING    /* server: the reply is awaited                           */
};

enum { PULL = 231, BURST = 6, NO_FORMAT = IMP_HTTP_NO_FORMAT };
enum { GONE = 1, BROKEN = 2 };

struct http {
	uint8_t state;
	uint8_t reopens; /* client: the end of a connection may pass in silence */
	uint8_t deaf;    /* held overflowed: what comes now is dropped       */
	uint8_t gone;    /* DOWN came early: GONE politely, BROKEN not       */
	uint8_t begun;   /* server: the reply's head is sent, chunks follow  */
	uint8_t more;    /* client: more of the request will follow          */
	uint16_t uri_len, host_at, host_len, path_at, path_len;
	uint32_t held;   /* REOPENING: of the request, else raw              */
	uint32_t ticket; /* client: who waits; server: what we asked         */
	uint32_t tickets, label;
	struct imp_http_reader rd; /* rd.requests: we are the server         */
	uint8_t uri[IMP_HTTP_URI]; /* client: OPEN's                         */
	uint8_t buf[];
};

static size_t capacity(const struct http *s)
{
	return (size_t)IMP_HTTP_HEAD + s->rd.max;
}

/* What emit() says is left to the core: an error that a step ignores fails
 * the step. */
static void tell(imp_cx *cx, uint16_t verb, int32_t code, uint32_t ticket)
{
	imp_msg m = {.verb = verb, .code = code, .ticket = ticket};
	cx->emit(cx, &m);
}

static void answer(imp_cx *cx, uint32_t ticket, int32_t code)
{
	if (ticket)
		tell(cx, IMP_ANSWER, code, ticket);
}

static void transmit(imp_cx *cx, imp_span bytes)
{
	imp_msg m = {.verb = IMP_TX, .data = bytes};
	cx->emit(cx, &m);
}

static void sleep_for(imp_cx *cx, uint64_t ms)
{
	cx->wake(cx, cx->now + ms);
}

/* --- writing ------------------------------------------------------------- */

typedef void writer(imp_wr *w, const struct http *s, const imp_msg *m);

/* What `write` would write; 0: more than the buffer's size. */
static size_t measure(const struct http *s, const imp_msg *m, writer *write)
{
	imp_wr w = imp_wr_to(NULL, 0);
	write(&w, s, m);
	return imp_wr_need(&w) <= capacity(s) ? imp_wr_need(&w) : 0;
}

/* Write `n` bytes into work memory. */
static imp_span put(const struct http *s, imp_cx *cx, const imp_msg *m, writer *write, size_t n)
{
	imp_wr w = imp_wr_to(cx->room(cx, n), n);
	write(&w, s, m);
	return imp_wr_span(&w); /* ptr NULL: no room */
}

static void write_chunk(imp_wr *w, const struct http *s, const imp_msg *m)
{
	(void)s;
	if (m->data.len) {
		imp_http_put_number(w, (uint32_t)m->data.len, 16);
		imp_wr_text(w, "\r\n");
		imp_wr_bytes(w, m->data);
		imp_wr_text(w, "\r\n");
	}
	if (!(m->flags & IMP_MORE))
		imp_wr_text(w, "0\r\n\r\n");
}

/* From Content-Type to the end.  `sized`: a length is said even if 0. */
static void write_body(imp_wr *w, const struct http *s, const imp_msg *m, int sized)
{
	const char *type = imp_http_media_type(m->topic);
	if (type && (m->data.len || m->flags & IMP_MORE)) {
		imp_wr_text(w, "Content-Type: ");
		imp_wr_text(w, type);
		imp_wr_text(w, "\r\n");
	}
	if (m->flags & IMP_MORE)
		imp_wr_text(w, "Transfer-Encoding: chunked\r\n\r\n");
	else if (sized || m->data.len) {
		imp_wr_text(w, "Content-Length: ");
		imp_http_put_number(w, (uint32_t)m->data.len, 10);
		imp_wr_text(w, "\r\n\r\n");
	} else
		imp_wr_text(w, "\r\n");
	if (s->rd.requests && s->rd.code == IMP_HTTP_HEAD_METHOD)
		return;
	if (m->flags & IMP_MORE)
		write_chunk(w, s, m);
	else
		imp_wr_bytes(w, m->data);
}

static void write_request(imp_wr *w, const struct http *s, const imp_msg *m)
{
	imp_span path = imp_http_first_line(m->name), own = imp_bytes(s->uri + s->path_at, s->path_len);
	if (path.len && own.len && own.ptr[own.len - 1] == '/')
		own.len--;
	imp_wr_text(w, imp_http_method_name(m->code));
	imp_wr_text(w, " ");
	imp_wr_bytes(w, own);
	if (path.len ? path.ptr[0] != '/' : !own.len)
		imp_wr_text(w, "/");
	imp_wr_bytes(w, path);
	imp_wr_text(w, " HTTP/1.1\r\nHost: ");
	imp_wr_bytes(w, imp_bytes(s->uri + s->host_at, s->host_len));
	imp_wr_text(w, "\r\n");
	imp_http_put_lines(w, imp_http_other_lines(m->name));
	write_body(w, s, m, m->code != IMP_GET && m->code != IMP_DELETE);
}

static void write_reply(imp_wr *w, const struct http *s, const imp_msg *m)
{
	imp_wr_text(w, "HTTP/1.1 ");
	imp_http_put_number(w, (uint32_t)m->code, 10);
	imp_wr_text(w, " \r\n");
	if (s->rd.close || s->deaf)
		imp_wr_text(w, "Connection: close\r\n");
	imp_http_put_lines(w, m->name);
	if (imp_http_is_bodyless(m->code))
		imp_wr_text(w, "\r\n");
	else
		write_body(w, s, m, 1);
}

static imp_status send(const struct http *s, imp_cx *cx, const imp_msg *m, writer *write)
{
	imp_span out = put(s, cx, m, write, measure(s, m, write));
	if (!out.ptr)
		return IMP_ENOSPC;
	transmit(cx, out);
	return IMP_OK;
}

static imp_status send_chunk(const struct http *s, imp_cx *cx, const imp_msg *m)
{
	return m->data.len || !(m->flags & IMP_MORE) ? send(s, cx, m, write_chunk) : IMP_OK;
}

/* --- ends ---------------------------------------------------------------- */

/* Forget the link; tickets go on counting, so that old ones stay dead. */
static void reset(struct http *s, imp_cx *cx)
{
	uint32_t max = s->rd.max, tickets = s->tickets;
	imp_wipe(s, sizeof *s + capacity(s));
	s->rd.max = max;
	s->tickets = tickets;
	cx->wake(cx, UINT64_MAX);
}

static void shut_below(const struct http *s, imp_cx *cx, imp_status code)
{
	if (!s->gone)
		tell(cx, IMP_SHUT, code, 0);
}

/* End the link, and say so in both directions. */
static void end(struct http *s, imp_cx *cx, imp_status code)
{
	uint32_t label = s->label;
	shut_below(s, cx, code);
	reset(s, cx);
	tell(cx, IMP_DOWN, code, label);
}

/* The same, and whoever waits is told. */
static void lose(struct http *s, imp_cx *cx, imp_status code)
{
	if (!s->rd.requests)
		answer(cx, s->ticket, code);
	end(s, cx, code);
}

/* Client: this connection is used up. */
static void drop(struct http *s, imp_cx *cx)
{
	if (!s->reopens) {
		end(s, cx, IMP_OK);
		return;
	}
	shut_below(s, cx, IMP_OK);
	s->state = ASLEEP;
	s->held = 0;
	s->gone = s->deaf = 0;
	cx->wake(cx, UINT64_MAX);
}

static imp_status status_of(int http)
{
	if (http == 413 || http == 414 || http == 431)
		return IMP_ENOSPC;
	if (http == 408)
		return IMP_ETIME;
	return http >= 500 ? IMP_EUNSUP : IMP_EBADMSG;
}

/* What the peer sent cannot be served: `http` says why. */
static void refuse(struct http *s, imp_cx *cx, int http)
{
	imp_msg m = {.code = http};
	s->rd.close = 1;
	if (s->rd.requests)
		send(s, cx, &m, write_reply); /* no room: then without a word */
	lose(s, cx, status_of(http));
}

/* --- reading ------------------------------------------------------------- */

/* Make ready for the next message; what is held moves to the front. */
static void begin(struct http *s)
{
	if (s->held)
		memmove(s->buf, s->buf + s->rd.head, s->held);
	s->state = READING;
	s->begun = 0;
	imp_http_begin(&s->rd);
}

/* --- delivering ---------------------------------------------------------- */

static void deliver_request(struct http *s, imp_cx *cx, imp_msg *m)
{
	s->tickets = s->tickets % 0xffffff + 1;
	m->verb = IMP_RX;
	m->ticket = s->ticket = s->tickets;
	if (m->code == IMP_HTTP_HEAD_METHOD)
		m->code = IMP_GET;
	m->channel = cx->channel(cx, 0);
	s->state = m->flags & IMP_MORE ? PAUSED : SERVING;
	cx->emit(cx, m);
}

static void deliver_reply(struct http *s, imp_cx *cx, imp_msg *m)
{
	m->verb = IMP_ANSWER;
	m->ticket = s->ticket;
	s->ticket = 0;
	if (m->ticket)
		cx->emit(cx, m);
	s->state = m->flags & IMP_MORE ? PAUSED : READY;
	if (s->state == READY && (s->rd.close || s->gone || s->deaf))
		drop(s, cx);
}

static void deliver(struct http *s, imp_cx *cx, uint16_t flags)
{
	imp_msg m = {.topic = s->rd.format, .flags = flags, .code = s->rd.code};
	m.name = imp_bytes(s->buf, s->rd.head);
	m.data = imp_bytes(s->buf + s->rd.head, s->rd.body);
	s->rd.body = 0;
	cx->wake(cx, UINT64_MAX);
	if (s->rd.requests)
		deliver_request(s, cx, &m);
	else
		deliver_reply(s, cx, &m);
}

/* 100 Continue, for whoever waits for it. */
static void go_on(struct http *s, imp_cx *cx)
{
	static const char text[] = "HTTP/1.1 100 \r\n\r\n";
	sleep_for(cx, IMP_HTTP_BODY_MS);
	if (s->rd.expects && s->rd.part != IMP_HTTP_WHOLE)
		transmit(cx, imp_bytes(text, sizeof text - 1));
}

static void hold(struct http *s, imp_span in)
{
	if (s->deaf || in.len > capacity(s) - s->rd.head - s->held) {
		s->deaf = 1;
		return;
	}
	if (in.len)
		memmove(s->buf + s->rd.head + s->held, in.ptr, in.len);
	s->held += (uint32_t)in.len;
}

/* Read `in` as far as may be; the rest is held. */
static void eat(struct http *s, imp_cx *cx, imp_span in)
{
	while (s->state == READING) {
		size_t used = 0;
		int was = s->rd.part, bad = 0;
		if (s->rd.part == IMP_HTTP_WHOLE || imp_http_is_full(&s->rd, in.len)) {
			deliver(s, cx, s->rd.part == IMP_HTTP_WHOLE ? 0 : IMP_MORE);
			continue;
		}
		if (!in.len)
			return;
		bad = imp_http_take(&s->rd, s->buf, in, &used);
		if (bad) {
			refuse(s, cx, bad);
			return;
		}
		in = imp_bytes(in.ptr + used, in.len - used);
		if (s->rd.requests && was == IMP_HTTP_FIELDS && s->rd.part != IMP_HTTP_FIELDS)
			go_on(s, cx);
	}
	if (s->state == READY && in.len) /* bytes behind the reply */
		drop(s, cx);
	if (s->state == PAUSED || s->state == SERVING)
		hold(s, in);
}

/* Read on with what was held. */
static void resume(struct http *s, imp_cx *cx)
{
	imp_span in = imp_bytes(s->buf + s->rd.head, s->held);
	s->held = 0;
	eat(s, cx, in);
	if (s->state != READING)
		return;
	if (s->gone == GONE && s->rd.part == IMP_HTTP_UNTIL_DOWN) {
		s->rd.part = IMP_HTTP_WHOLE;
		eat(s, cx, imp_bytes(NULL, 0));
	} else if (s->gone) {
		lose(s, cx, IMP_ELINK);
	} else if (s->deaf) {
		refuse(s, cx, 413);
	}
}

/* Whoever had to act has acted: read on, for so many ms. */
static void read_on(struct http *s, imp_cx *cx, uint64_t ms)
{
	s->state = s->held || s->gone || s->deaf ? RESUMING : READING;
	sleep_for(cx, s->state == READING ? ms : 0);
}

/* --- client -------------------------------------------------------------- */

/* The request is out: what next? */
static void sent(struct http *s, imp_cx *cx)
{
	if (s->more) {
		s->state = SENDING;
		s->rd.head = 0;
		cx->wake(cx, cx->now); /* TICK asks for the next piece */
		return;
	}
	begin(s);
	resume(s, cx);
}

static imp_status check_request(const imp_msg *m)
{
	imp_span path = imp_http_first_line(m->name);
	imp_uri absolute;
	if (m->code < IMP_GET || m->code == PULL)
		return m->code == PULL ? IMP_EPROTO : IMP_EARG;
	if (!imp_http_method_name(m->code))
		return IMP_EUNSUP;
	if (!imp_uri_is_tail(path) || imp_uri_parse(path, &absolute) == IMP_OK)
		return IMP_EARG;
	return imp_http_lines_fit(imp_http_other_lines(m->name), m->topic) ? IMP_OK : IMP_EARG;
}

/* This TX is not for us. */
static imp_status reject(imp_cx *cx, const imp_msg *m, imp_status code)
{
	answer(cx, m->ticket, code);
	return IMP_OK;
}

/* The connection has to be opened again first: keep the request. */
static void reopen(struct http *s, imp_cx *cx, imp_span request)
{
	imp_msg m = {.verb = IMP_OPEN, .ticket = s->label, .name = imp_bytes(s->uri, s->uri_len)};
	memcpy(s->buf, request.ptr, request.len);
	s->held = (uint32_t)request.len;
	s->state = REOPENING;
	cx->emit(cx, &m);
}

static imp_status request(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_status st = check_request(m);
	size_t n = st < 0 ? 0 : measure(s, m, write_request);
	imp_span out;
	if (!n)
		return reject(cx, m, st < 0 ? st : IMP_ENOSPC);
	out = put(s, cx, m, write_request, n);
	if (!out.ptr)
		return IMP_ENOSPC;
	s->ticket = m->ticket;
	s->more = (m->flags & IMP_MORE) != 0;
	sleep_for(cx, m->when ? m->when : IMP_HTTP_REPLY_MS);
	if (s->state == ASLEEP) {
		reopen(s, cx, out);
		return IMP_OK;
	}
	transmit(cx, out);
	sent(s, cx);
	return IMP_OK;
}

/* The next piece of a request. */
static imp_status piece(struct http *s, imp_cx *cx, const imp_msg *m)
{
	if (s->ticket || m->code == PULL)
		return reject(cx, m, IMP_EPROTO);
	if (m->data.len > s->rd.max)
		return reject(cx, m, IMP_ENOSPC);
	sleep_for(cx, m->when ? m->when : IMP_HTTP_REPLY_MS);
	if (!s->gone && send_chunk(s, cx, m) < 0)
		return IMP_ENOSPC;
	s->ticket = m->ticket;
	s->more = m->flags & IMP_MORE && !s->gone; /* gone: perhaps there is a reply already */
	sent(s, cx);
	return IMP_OK;
}

/* The next piece of a reply, or another request instead. */
static imp_status pull(struct http *s, imp_cx *cx, const imp_msg *m)
{
	if (m->code == PULL) {
		s->ticket = m->ticket;
		read_on(s, cx, IMP_HTTP_BODY_MS);
		return IMP_OK;
	}
	drop(s, cx);
	return s->state == ASLEEP ? request(s, cx, m) : reject(cx, m, IMP_ELINK);
}

static imp_status client_tx(struct http *s, imp_cx *cx, const imp_msg *m)
{
	switch (s->state) {
	case READY:
	case ASLEEP:
		return request(s, cx, m);
	case SENDING:
		return piece(s, cx, m);
	case PAUSED:
		return pull(s, cx, m);
	case IDLE:
	case OPENING:
		return reject(cx, m, IMP_ELINK);
	}
	return reject(cx, m, IMP_EPROTO);
}

static imp_status client_open(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_uri u;
	reset(s, cx);
	if (imp_uri_parse(m->name, &u) < 0 || !imp_http_is_scheme(u.scheme) || m->name.len > sizeof s->uri) {
		tell(cx, IMP_DOWN, IMP_EARG, m->ticket);
		return IMP_OK;
	}
	memcpy(s->uri, m->name.ptr, m->name.len);
	s->label = m->ticket;
	s->uri_len = (uint16_t)m->name.len;
	s->host_at = (uint16_t)(u.authority.ptr - m->name.ptr);
	s->host_len = (uint16_t)u.authority.len;
	s->path_at = (uint16_t)(u.path.ptr - m->name.ptr);
	s->path_len = (uint16_t)u.path.len;
	s->reopens = m->data.len == 0;
	s->state = OPENING;
	return IMP_PASS;
}

/* UP, to whoever is above: any size will do. */
static void say_up(imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	m.code = 0;
	cx->emit(cx, &m);
}

static void client_up(struct http *s, imp_cx *cx, const imp_msg *m)
{
	if (s->state == REOPENING) {
		transmit(cx, imp_bytes(s->buf, s->held));
		s->held = 0;
		sent(s, cx);
		return;
	}
	s->state = READY;
	s->reopens = s->reopens && !m->channel;
	say_up(cx, m);
}

static imp_status client_down(struct http *s, imp_cx *cx, const imp_msg *m)
{
	s->gone = m->code < 0 ? BROKEN : GONE;
	switch (s->state) {
	case READING:
		resume(s, cx);
		return IMP_OK;
	case REOPENING:
		lose(s, cx, m->code < 0 ? m->code : IMP_ELINK);
		return IMP_OK;
	case SENDING:
	case PAUSED:
	case RESUMING:
		return IMP_OK; /* what is held may still be wanted */
	}
	if (s->reopens && (s->state == READY || s->state == ASLEEP)) {
		drop(s, cx);
		return IMP_OK;
	}
	reset(s, cx);
	return IMP_PASS;
}

/* --- server -------------------------------------------------------------- */

/* The reply is out: the next request, some of which may be held. */
static void replied(struct http *s, imp_cx *cx)
{
	if (s->rd.close || s->deaf) {
		end(s, cx, IMP_OK);
		return;
	}
	begin(s);
	read_on(s, cx, IMP_HTTP_IDLE_MS);
}

/* Some of a reply is out, or all of it. */
static void reply_sent(struct http *s, imp_cx *cx, int more)
{
	s->begun = more != 0;
	s->state = SERVING;
	if (more)
		cx->wake(cx, cx->now); /* TICK asks for the next piece */
	else
		replied(s, cx);
}

static imp_status reply(struct http *s, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	if (m.code < 200 || m.code > 599 || m.code == PULL || !imp_http_lines_fit(m.name, m.topic) || !measure(s, &m, write_reply))
		m = (imp_msg){.code = m.code < 0 ? 502 : 500, .topic = NO_FORMAT};
	if (send(s, cx, &m, write_reply) < 0)
		return IMP_ENOSPC;
	reply_sent(s, cx, m.flags & IMP_MORE && s->rd.code != IMP_HTTP_HEAD_METHOD && !imp_http_is_bodyless(m.code));
	return IMP_OK;
}

static imp_status reply_piece(struct http *s, imp_cx *cx, const imp_msg *m)
{
	if (send_chunk(s, cx, m) < 0)
		return IMP_ENOSPC;
	reply_sent(s, cx, m->flags & IMP_MORE);
	return IMP_OK;
}

static imp_status server_answer(struct http *s, imp_cx *cx, const imp_msg *m)
{
	if (!s->ticket || m->ticket != s->ticket)
		return IMP_OK; /* stale */
	s->ticket = 0;
	if (s->state == PAUSED && m->code == PULL) {
		read_on(s, cx, IMP_HTTP_BODY_MS);
		return IMP_OK;
	}
	/* No reply, or one that cannot go on: it is cut, so that the peer can tell. */
	if (m->code == 0 || (s->begun && (m->code < 200 || m->data.len > s->rd.max))) {
		end(s, cx, IMP_OK);
		return IMP_OK;
	}
	if (s->state == PAUSED)
		s->rd.close = 1; /* the rest of the request stays unread */
	return s->begun ? reply_piece(s, cx, m) : reply(s, cx, m);
}

static void server_up(struct http *s, imp_cx *cx, const imp_msg *m)
{
	reset(s, cx);
	s->rd.requests = 1;
	begin(s);
	sleep_for(cx, IMP_HTTP_HEAD_MS);
	say_up(cx, m);
}

/* --- the layer ----------------------------------------------------------- */

/* Nothing of the next request has come yet. */
static int is_idle(const struct http *s)
{
	return s->rd.requests && s->rd.part == IMP_HTTP_START && !s->rd.spent;
}

static void received(struct http *s, imp_cx *cx, imp_span in)
{
	switch (s->state) {
	case READING:
		if (in.len && is_idle(s))
			sleep_for(cx, IMP_HTTP_HEAD_MS);
		eat(s, cx, in);
		break;
	case SENDING:
	case PAUSED:
	case RESUMING:
	case SERVING:
		hold(s, in);
		break;
	case READY: /* nobody asked for it */
		drop(s, cx);
		break;
	}
}

static void tick(struct http *s, imp_cx *cx)
{
	uint32_t ticket = s->ticket;
	switch (s->state) {
	case SENDING:
		s->ticket = 0;
		answer(cx, ticket, PULL);
		break;
	case SERVING:
		s->rd.code = PULL;
		s->rd.format = NO_FORMAT;
		deliver(s, cx, 0);
		break;
	case RESUMING:
		s->state = READING;
		sleep_for(cx, s->rd.part == IMP_HTTP_START ? IMP_HTTP_HEAD_MS : IMP_HTTP_BODY_MS);
		resume(s, cx);
		break;
	case READING:
		if (is_idle(s))
			end(s, cx, IMP_ETIME);
		else
			refuse(s, cx, 408);
		break;
	case REOPENING:
		lose(s, cx, IMP_ETIME);
		break;
	}
}

static imp_status shut(struct http *s, imp_cx *cx)
{
	int below = s->state != ASLEEP && !s->gone;
	if (!s->rd.requests)
		answer(cx, s->ticket, IMP_ELINK);
	reset(s, cx);
	return below ? IMP_PASS : IMP_OK;
}

static imp_status down(struct http *s, imp_cx *cx, const imp_msg *m)
{
	if (!s->rd.requests)
		return client_down(s, cx, m);
	reset(s, cx);
	return IMP_PASS;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct http *s = state;
	switch (m->verb) {
	case IMP_RX:
		received(s, cx, m->data);
		return IMP_OK;
	case IMP_UP:
		if (s->state == OPENING || s->state == REOPENING)
			client_up(s, cx, m);
		else
			server_up(s, cx, m);
		return IMP_OK;
	case IMP_DOWN:
		return down(s, cx, m);
	case IMP_TX:
		return s->rd.requests ? reject(cx, m, IMP_EPROTO) : client_tx(s, cx, m);
	case IMP_OPEN:
		return client_open(s, cx, m);
	case IMP_SHUT:
		return shut(s, cx);
	case IMP_ANSWER:
		return s->rd.requests ? server_answer(s, cx, m) : IMP_OK;
	case IMP_TICK:
		tick(s, cx);
		return IMP_OK;
	}
	return IMP_PASS;
}

static size_t need(const imp_params *p)
{
	return sizeof(struct http) + IMP_HTTP_HEAD + p->max_msg;
}

static imp_status init(void *state, const imp_params *p)
{
	((struct http *)state)->rd.max = p->max_msg;
	return p->max_msg ? IMP_OK : IMP_EARG;
}

/* A message written, and one delivered (its copy). */
static size_t work(const imp_params *p)
{
	return 2 * (p->max_msg + IMP_HTTP_HEAD + 512u);
}

static const char *where(const void *state)
{
	static const char names[][10] = {"idle", "opening", "asleep", "reopening", "ready", "sending", "reading", "paused", "resuming", "serving"};
	return names[((const struct http *)state)->state];
}

const imp_layer imp_http = {
    .size = sizeof(imp_layer),
    .burst = BURST,
    .id = "imp.http",
    .version = "1",
    .spec = "RFC 9110, RFC 9112",
    .offers = IMP_L_REST,
    .needs = {IMP_L_STREAM},
    .need = need,
    .init = init,
    .step = step,
    .where = where,
    .work = work,
};

static const imp_layer *const layers[] = {&imp_http, NULL};

IMP_PLUGIN(http) = {sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.http", "Apache-2.0", layers, NULL, NULL};
