/* http.c -- see http.h.
 *
 * buf holds name (`head` bytes), and behind it the line that is being
 * gathered, or the body so far, or while somebody above must act first, the
 * raw bytes that came too early (`held`).  Reading those again writes the
 * same buffer: what is written is never longer than what was read ("k:v" CR
 * LF becomes LF "k: v"), so that is safe. */
#include "http.h"
#include "ct.h"
#include "httpfield.h"
#include "uri.h"
#include "wr.h"

#define NONE imp_bytes(0, 0)

enum state {
	IDLE,      /* no link                                                */
	OPENING,   /* client: OPEN went down                                 */
	ASLEEP,    /* client: the connection is gone, TX opens another       */
	REOPENING, /* client: buf holds the request that waits for UP        */
	READY,     /* client: nothing in flight                              */
	SENDING,   /* client: part of a request is sent                      */
	READING,   /* a message is being read                                */
	PAUSED,    /* a piece was delivered, whoever has it must pull        */
	SERVING    /* server: the reply is awaited                           */
};

enum part { START, FIELDS, SIZED, SIZE, CHUNK, CHUNK_END, TRAILER, UNTIL_DOWN, WHOLE };
enum { PULL = 231, BURST = 6, NO_FORMAT = IMP_HTTP_NO_FORMAT };
enum { GONE = 1, BROKEN = 2 };

struct http {
	uint8_t state, part;
	uint8_t server, reopens;
	uint8_t closing; /* no further message on this connection            */
	uint8_t deaf;    /* held overflowed: what comes now is dropped       */
	uint8_t gone;    /* DOWN came early: GONE politely, BROKEN not       */
	uint8_t begun;   /* server: the reply's head is sent, chunks follow  */
	uint8_t more;    /* client: more of the request will follow          */
	/* of the message that is being read */
	uint8_t hosts, sized, coded, typed, expects, bodyless;
	uint8_t cr, digits, ext;
	uint16_t head, line, spent, format;
	int32_t code;
	uint32_t left; /* bytes of the body or the chunk to come             */
	uint32_t body, held, max;
	uint32_t ticket; /* client: who waits; server: what we asked         */
	uint32_t tickets, label;
	uint16_t uri_len, host_at, host_len, path_at, path_len;
	uint8_t uri[IMP_HTTP_URI]; /* client: OPEN's; server: the target's authority */
	uint8_t buf[];
};

static size_t capacity(uint32_t max_msg)
{
	return (size_t)IMP_HTTP_HEAD + max_msg;
}

static imp_status say(imp_cx *cx, uint16_t verb, int32_t code, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, 0, code, ticket, name, data);
	return cx->emit(cx, &m);
}

static imp_status answer(imp_cx *cx, uint32_t ticket, int32_t code)
{
	return ticket ? say(cx, IMP_ANSWER, code, ticket, NONE, NONE) : IMP_OK;
}

static void sleep_for(imp_cx *cx, uint64_t ms)
{
	cx->wake(cx, cx->now + ms);
}

/* --- ends ---------------------------------------------------------------- */

/* Forget the link; tickets go on counting, so that old ones stay dead. */
static void reset(struct http *s, imp_cx *cx)
{
	uint32_t max = s->max, tickets = s->tickets;
	imp_wipe(s, sizeof *s + capacity(max));
	s->max = max;
	s->tickets = tickets;
	cx->wake(cx, UINT64_MAX);
}

/* End the link, and say so in both directions. */
static imp_status end(struct http *s, imp_cx *cx, imp_status code)
{
	imp_status st = s->gone ? IMP_OK : say(cx, IMP_SHUT, code, 0, NONE, NONE);
	uint32_t label = s->label;
	reset(s, cx);
	return st < 0 ? st : say(cx, IMP_DOWN, code, label, NONE, NONE);
}

/* The same, and whoever waits is told. */
static imp_status lose(struct http *s, imp_cx *cx, imp_status code)
{
	imp_status st = s->server ? IMP_OK : answer(cx, s->ticket, code);
	return st < 0 ? st : end(s, cx, code);
}

/* Client: this connection is used up. */
static imp_status drop(struct http *s, imp_cx *cx)
{
	imp_status st;
	if (!s->reopens)
		return end(s, cx, IMP_OK);
	st = s->gone ? IMP_OK : say(cx, IMP_SHUT, IMP_OK, 0, NONE, NONE);
	s->state = ASLEEP;
	s->held = 0;
	s->gone = s->deaf = s->closing = 0;
	cx->wake(cx, UINT64_MAX);
	return st;
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
static imp_status refuse(struct http *s, imp_cx *cx, int http)
{
	uint8_t room[64];
	imp_wr w = imp_wr_to(room, sizeof room);
	imp_status st = IMP_OK;
	if (s->server) {
		imp_wr_text(&w, "HTTP/1.1 ");
		imp_http_put_number(&w, (uint32_t)http, 10);
		imp_wr_text(&w, " \r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
		st = say(cx, IMP_TX, 0, 0, NONE, imp_wr_span(&w));
	}
	return st < 0 ? st : lose(s, cx, status_of(http));
}

/* --- reading: lines ------------------------------------------------------ */

/* Make ready for the next message; what is held moves to the front. */
static void begin(struct http *s)
{
	if (s->held)
		memmove(s->buf, s->buf + s->head, s->held);
	s->state = READING;
	s->part = START;
	s->hosts = s->sized = s->coded = s->typed = s->expects = s->bodyless = 0;
	s->cr = s->digits = s->ext = 0;
	s->head = s->line = s->spent = 0;
	s->format = NO_FORMAT;
	s->body = s->left = 0;
	s->code = 0;
	s->begun = 0;
}

static int start_request(struct http *s, imp_span line)
{
	static const char version[] = " HTTP/1.1";
	size_t space = 0, tail = sizeof version - 1;
	imp_span target;
	imp_uri u;
	while (space < line.len && line.ptr[space] != ' ')
		space++;
	s->code = imp_http_method(imp_bytes(line.ptr, space));
	if (line.len < space + 1 + tail || memcmp(line.ptr + line.len - tail, version, 6) != 0)
		return 400; /* HTTP/0.9, or no request at all */
	if (memcmp(line.ptr + line.len - tail, version, tail) != 0)
		return 505;
	if (!s->code)
		return 501;
	target = imp_bytes(line.ptr + space + 1, line.len - space - 1 - tail);
	s->uri_len = 0;
	if (imp_uri_parse(target, &u) == IMP_OK) {
		if (!imp_http_is_scheme(u.scheme) || u.authority.len > sizeof s->uri)
			return 400;
		memcpy(s->uri, u.authority.ptr, u.authority.len);
		s->uri_len = (uint16_t)u.authority.len;
		target = u.target.len ? u.target : imp_bytes("/", 1);
	}
	if (!imp_uri_is_target(target))
		return 400;
	memmove(s->buf, target.ptr, target.len);
	s->head = (uint16_t)target.len;
	return 0;
}

static int start_reply(struct http *s, imp_span line)
{
	static const char version[] = "HTTP/1.1 ";
	size_t n = sizeof version - 1;
	uint32_t code;
	if (line.len < n + 3 || memcmp(line.ptr, version, 5) != 0)
		return 400;
	if (memcmp(line.ptr, version, n) != 0)
		return 505;
	if (imp_http_number(imp_bytes(line.ptr + n, 3), &code) || code < 100 || code > 599)
		return 400;
	s->code = (int32_t)code;
	return line.len > n + 3 && line.ptr[n + 3] != ' ' ? 400 : 0;
}

static int field_host(struct http *s, imp_span value)
{
	imp_uri u;
	if (!s->server)
		return 0;
	if (s->hosts++ || imp_uri_authority(value, &u) < 0)
		return 400;
	return s->uri_len && !imp_same_nocase(value, imp_bytes(s->uri, s->uri_len)) ? 400 : 0;
}

static int field_length(struct http *s, imp_span value)
{
	int bad = imp_http_number(value, &s->left);
	return s->sized++ ? 400 : bad;
}

static int field_coding(struct http *s, imp_span value)
{
	if (s->coded++)
		return 400;
	return imp_same_nocase(value, imp_bytes("chunked", 7)) ? 0 : 501;
}

static int field_expect(struct http *s, imp_span value)
{
	s->expects = 1;
	return imp_same_nocase(value, imp_bytes("100-continue", 12)) || !s->server ? 0 : 417;
}

/* Keep a line: it moves to its place behind name. */
static int field_keep(struct http *s, imp_span name, imp_span value)
{
	size_t n = s->head, sep = s->server || n ? 1 : 0;
	uint8_t *to = s->buf + n;
	if (n + sep + name.len + 2 + value.len > IMP_HTTP_HEAD)
		return 431;
	if (value.len)
		memmove(to + sep + name.len + 2, value.ptr, value.len);
	memmove(to + sep, name.ptr, name.len);
	if (sep)
		to[0] = '\n';
	to[sep + name.len] = ':';
	to[sep + name.len + 1] = ' ';
	s->head = (uint16_t)(n + sep + name.len + 2 + value.len);
	return 0;
}

static int field_type(struct http *s, imp_span name, imp_span value)
{
	if (s->typed++)
		return 400;
	s->format = imp_http_format_of(value);
	return s->format == NO_FORMAT ? field_keep(s, name, value) : 0;
}

static int field(struct http *s, uint8_t *line, size_t n)
{
	imp_span name, value;
	if (!imp_http_split(imp_bytes(line, n), &name, &value))
		return 400;
	imp_http_lower(line, name.len);
	switch (imp_http_known(name)) {
	case IMP_HTTP_LENGTH:
		return field_length(s, value);
	case IMP_HTTP_CODING:
		return field_coding(s, value);
	case IMP_HTTP_HOST:
		return field_host(s, value);
	case IMP_HTTP_CONNECTION:
		s->closing |= (uint8_t)imp_http_has_token(value, "close");
		return 0;
	case IMP_HTTP_EXPECT:
		return field_expect(s, value);
	case IMP_HTTP_TYPE:
		return field_type(s, name, value);
	case IMP_HTTP_OTHER:
		return field_keep(s, name, value);
	default:
		return 0;
	}
}

/* The empty line has come: how does the body end? */
static int head_done(struct http *s)
{
	if (s->coded && s->sized)
		return 400;
	if (s->server && s->hosts != 1)
		return 400;
	if (!s->server && s->code < 200) {
		uint16_t spent = s->spent;
		if (s->code == 101)
			return 400;
		begin(s); /* an interim reply; the block's limit goes on */
		s->spent = spent;
		return 0;
	}
	s->part = s->coded ? SIZE : s->left ? SIZED : WHOLE;
	if (!s->server && (s->code == 204 || s->code == 304))
		s->part = WHOLE;
	else if (!s->server && !s->coded && !s->sized)
		s->part = UNTIL_DOWN;
	return 0;
}

static int line_done(struct http *s)
{
	uint8_t *line = s->buf + s->head;
	size_t n = s->line;
	s->line = 0;
	if (s->part == FIELDS)
		return n ? field(s, line, n) : head_done(s);
	if (!n && s->server)
		return 0; /* an empty line before a request is forgiven */
	s->part = FIELDS;
	return s->server ? start_request(s, imp_bytes(line, n)) : start_reply(s, imp_bytes(line, n));
}

/* Is `c` fit for a line?  CR is followed by LF, LF follows CR. */
static int fit(struct http *s, uint8_t c)
{
	int cr = s->cr;
	s->cr = c == '\r';
	if (cr)
		return c == '\n';
	return c == '\r' || c == '\t' || (c >= 0x20 && c != 0x7f);
}

static int spend(struct http *s)
{
	return ++s->spent > IMP_HTTP_BLOCK ? 431 : 0;
}

static int take_line(struct http *s, uint8_t c)
{
	if (spend(s))
		return 431;
	if (!fit(s, c))
		return 400;
	if (c == '\n')
		return line_done(s);
	if (c == '\r')
		return 0;
	if (s->head + s->line >= IMP_HTTP_HEAD)
		return s->part == START ? 414 : 431;
	s->buf[s->head + s->line++] = c;
	return 0;
}

/* --- reading: bodies ----------------------------------------------------- */

/* "1a;ext=1" CR LF */
static int take_size(struct http *s, uint8_t c)
{
	int v = imp_http_digit(c);
	if (!fit(s, c))
		return 400;
	if (c == '\n') {
		s->part = s->left ? CHUNK : TRAILER;
		s->digits = s->ext = 0;
		s->line = 0;
		return 0;
	}
	if (c == '\r')
		return s->digits ? 0 : 400;
	if (s->ext)
		return spend(s);
	if (c == ';' && s->digits) {
		s->ext = 1;
		return spend(s);
	}
	if (v < 0 || s->left >> 28)
		return 400;
	s->left = s->left << 4 | (uint32_t)v;
	s->digits = 1;
	return 0;
}

/* Trailers are checked and dropped: `ext` is 1 behind a line's colon. */
static int take_trailer(struct http *s, uint8_t c)
{
	if (spend(s))
		return 431;
	if (!fit(s, c))
		return 400;
	if (c == '\r')
		return s->line && !s->ext ? 400 : 0;
	if (c == '\n') {
		s->part = s->line ? TRAILER : WHOLE;
		s->line = s->ext = 0;
		return 0;
	}
	if (!s->ext && c != ':' && !imp_http_is_token(c))
		return 400;
	if (c == ':' && !s->line)
		return 400;
	s->ext |= c == ':';
	s->line = 1;
	return 0;
}

static int take_chunk_end(struct http *s, uint8_t c)
{
	if (!fit(s, c) || (c != '\r' && c != '\n'))
		return 400;
	if (c == '\n')
		s->part = SIZE;
	return 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Bytes of the body itself. */
static size_t take_body(struct http *s, imp_span in)
{
	size_t n = least(in.len, s->max - s->body);
	if (s->part != UNTIL_DOWN) {
		n = least(n, s->left);
		s->left -= (uint32_t)n;
	}
	memmove(s->buf + s->head + s->body, in.ptr, n);
	s->body += (uint32_t)n;
	if (s->part == SIZED && !s->left)
		s->part = WHOLE;
	if (s->part == CHUNK && !s->left)
		s->part = CHUNK_END;
	return n;
}

/* Take some of `in`, at least a byte; 0, or the HTTP code of the mistake. */
static int take(struct http *s, imp_span in, size_t *used)
{
	*used = 1;
	switch (s->part) {
	case START:
	case FIELDS:
		return take_line(s, in.ptr[0]);
	case SIZE:
		return take_size(s, in.ptr[0]);
	case CHUNK_END:
		return take_chunk_end(s, in.ptr[0]);
	case TRAILER:
		return take_trailer(s, in.ptr[0]);
	}
	*used = take_body(s, in);
	return 0;
}

/* --- delivering ---------------------------------------------------------- */

static imp_status deliver_request(struct http *s, imp_cx *cx, imp_msg *m)
{
	s->tickets = s->tickets % 0xffffff + 1;
	m->verb = IMP_RX;
	m->ticket = s->ticket = s->tickets;
	m->channel = cx->channel(cx, 0);
	s->bodyless = s->code == IMP_HTTP_HEAD_METHOD;
	m->code = s->bodyless ? IMP_GET : s->code;
	s->state = m->flags & IMP_MORE ? PAUSED : SERVING;
	cx->wake(cx, UINT64_MAX);
	return cx->emit(cx, m);
}

static imp_status deliver_reply(struct http *s, imp_cx *cx, imp_msg *m)
{
	imp_status st;
	m->verb = IMP_ANSWER;
	m->ticket = s->ticket;
	m->code = s->code;
	s->ticket = 0;
	cx->wake(cx, UINT64_MAX);
	st = m->ticket ? cx->emit(cx, m) : IMP_OK;
	s->state = m->flags & IMP_MORE ? PAUSED : READY;
	if (st < 0 || s->state == PAUSED)
		return st;
	return s->closing || s->gone || s->deaf ? drop(s, cx) : IMP_OK;
}

static imp_status deliver(struct http *s, imp_cx *cx, uint16_t flags)
{
	imp_msg m = imp_say(0, s->format, 0, 0, imp_bytes(s->buf, s->head), imp_bytes(s->buf + s->head, s->body));
	m.flags = flags;
	s->body = 0;
	return s->server ? deliver_request(s, cx, &m) : deliver_reply(s, cx, &m);
}

/* Is there more of the body than fits? */
static int is_full(const struct http *s, size_t more)
{
	if (s->body < s->max)
		return 0;
	return s->part == SIZED || s->part == CHUNK || (s->part == UNTIL_DOWN && more);
}

/* 100 Continue, for whoever waits for it. */
static imp_status go_on(struct http *s, imp_cx *cx)
{
	static const char text[] = "HTTP/1.1 100 \r\n\r\n";
	sleep_for(cx, IMP_HTTP_BODY_MS);
	if (!s->expects || s->part == WHOLE)
		return IMP_OK;
	s->expects = 0;
	return say(cx, IMP_TX, 0, 0, NONE, imp_bytes(text, sizeof text - 1));
}

static void hold(struct http *s, imp_span in)
{
	if (s->deaf || in.len > capacity(s->max) - s->head - s->held) {
		s->deaf = 1;
		return;
	}
	if (in.len)
		memmove(s->buf + s->head + s->held, in.ptr, in.len);
	s->held += (uint32_t)in.len;
}

/* Read `in` as far as may be; the rest is held. */
static imp_status eat(struct http *s, imp_cx *cx, imp_span in)
{
	imp_status st = IMP_OK;
	while (s->state == READING && st >= 0) {
		size_t used = 0;
		int was = s->part, bad = 0;
		if (s->part == WHOLE || is_full(s, in.len)) {
			st = deliver(s, cx, s->part == WHOLE ? 0 : IMP_MORE);
			continue;
		}
		if (!in.len)
			return IMP_OK;
		bad = take(s, in, &used);
		if (bad)
			return refuse(s, cx, bad);
		in = imp_bytes(in.ptr + used, in.len - used);
		if (s->server && was == FIELDS && s->part != FIELDS)
			st = go_on(s, cx);
	}
	if (st < 0 || !in.len)
		return st;
	if (s->state == READY) /* bytes behind the reply */
		return drop(s, cx);
	if (s->state == PAUSED || s->state == SERVING)
		hold(s, in);
	return IMP_OK;
}

/* Read on with what was held. */
static imp_status resume(struct http *s, imp_cx *cx)
{
	imp_span in = imp_bytes(s->buf + s->head, s->held);
	imp_status st;
	s->held = 0;
	st = eat(s, cx, in);
	if (st < 0 || s->state != READING)
		return st;
	if (s->deaf)
		return refuse(s, cx, 413);
	if (!s->gone)
		return IMP_OK;
	if (s->part != UNTIL_DOWN || s->gone == BROKEN)
		return lose(s, cx, IMP_ELINK);
	s->part = WHOLE;
	return eat(s, cx, NONE);
}

/* --- writing ------------------------------------------------------------- */

typedef void writer(imp_wr *w, const struct http *s, const imp_msg *m);

/* What `write` would write; 0: more than the buffer's size. */
static size_t measure(const struct http *s, const imp_msg *m, writer *write)
{
	imp_wr w = imp_wr_to(NULL, 0);
	write(&w, s, m);
	return imp_wr_need(&w) <= capacity(s->max) ? imp_wr_need(&w) : 0;
}

/* Write `n` bytes into work memory. */
static imp_status put(const struct http *s, imp_cx *cx, const imp_msg *m, writer *write, size_t n, imp_span *out)
{
	imp_wr w = imp_wr_to(cx->room(cx, n), n);
	write(&w, s, m);
	*out = imp_wr_span(&w);
	return out->ptr ? IMP_OK : IMP_ENOSPC;
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
	if (s->server && s->bodyless)
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
	if (s->closing || s->deaf)
		imp_wr_text(w, "Connection: close\r\n");
	imp_http_put_lines(w, m->name);
	if (m->code == 204 || m->code == 304)
		imp_wr_text(w, "\r\n");
	else
		write_body(w, s, m, 1);
}

static imp_status send_chunk(const struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_span out;
	imp_status st = IMP_OK;
	if (m->data.len || !(m->flags & IMP_MORE)) {
		st = put(s, cx, m, write_chunk, measure(s, m, write_chunk), &out);
		st = st < 0 ? st : say(cx, IMP_TX, 0, 0, NONE, out);
	}
	return st;
}

/* --- client -------------------------------------------------------------- */

/* The request is out: what next? */
static imp_status sent(struct http *s, imp_cx *cx)
{
	if (s->more) {
		s->state = SENDING;
		s->head = 0;
		cx->wake(cx, cx->now); /* TICK asks for the next piece */
		return IMP_OK;
	}
	begin(s);
	return resume(s, cx);
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

static imp_status request(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_status st = check_request(m);
	size_t n = st < 0 ? 0 : measure(s, m, write_request);
	imp_span out;
	if (!n)
		return answer(cx, m->ticket, st < 0 ? st : IMP_ENOSPC);
	st = put(s, cx, m, write_request, n, &out);
	if (st < 0)
		return st;
	s->ticket = m->ticket;
	s->more = (m->flags & IMP_MORE) != 0;
	sleep_for(cx, m->when ? m->when : IMP_HTTP_REPLY_MS);
	if (s->state == READY) {
		st = say(cx, IMP_TX, 0, 0, NONE, out);
		return st < 0 ? st : sent(s, cx);
	}
	memcpy(s->buf, out.ptr, out.len);
	s->body = (uint32_t)out.len;
	s->state = REOPENING;
	return say(cx, IMP_OPEN, 0, s->label, imp_bytes(s->uri, s->uri_len), NONE);
}

/* The next piece of a request. */
static imp_status piece(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_status st;
	if (s->ticket || m->code == PULL)
		return answer(cx, m->ticket, IMP_EPROTO);
	if (m->data.len > s->max)
		return answer(cx, m->ticket, IMP_ENOSPC);
	s->ticket = m->ticket;
	s->more = (m->flags & IMP_MORE) != 0;
	if (s->gone) {
		s->more = 0; /* perhaps there is a reply already */
		return sent(s, cx);
	}
	sleep_for(cx, m->when ? m->when : IMP_HTTP_REPLY_MS);
	st = send_chunk(s, cx, m);
	return st < 0 ? st : sent(s, cx);
}

/* The next piece of a reply, or another request instead. */
static imp_status pull(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_status st;
	if (m->code == PULL) {
		s->ticket = m->ticket;
		s->state = READING;
		sleep_for(cx, IMP_HTTP_BODY_MS);
		return resume(s, cx);
	}
	st = drop(s, cx);
	if (st < 0)
		return st;
	return s->state == ASLEEP ? request(s, cx, m) : answer(cx, m->ticket, IMP_ELINK);
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
		return answer(cx, m->ticket, IMP_ELINK);
	}
	return answer(cx, m->ticket, IMP_EPROTO);
}

static imp_status client_open(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_uri u;
	reset(s, cx);
	s->label = m->ticket;
	if (imp_uri_parse(m->name, &u) < 0 || !imp_http_is_scheme(u.scheme) || m->name.len > sizeof s->uri) {
		s->label = 0;
		return say(cx, IMP_DOWN, IMP_EARG, m->ticket, NONE, NONE);
	}
	memcpy(s->uri, m->name.ptr, m->name.len);
	s->uri_len = (uint16_t)m->name.len;
	s->host_at = (uint16_t)(u.authority.ptr - m->name.ptr);
	s->host_len = (uint16_t)u.authority.len;
	s->path_at = (uint16_t)(u.path.ptr - m->name.ptr);
	s->path_len = (uint16_t)u.path.len;
	s->reopens = m->data.len == 0;
	s->state = OPENING;
	return IMP_PASS;
}

static imp_status client_up(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_msg up = *m;
	imp_status st;
	if (s->state == REOPENING) {
		st = say(cx, IMP_TX, 0, 0, NONE, imp_bytes(s->buf, s->body));
		s->head = 0;
		s->body = 0;
		return st < 0 ? st : sent(s, cx);
	}
	s->state = READY;
	s->reopens = s->reopens && !m->channel;
	up.code = 0;
	return cx->emit(cx, &up);
}

static imp_status client_down(struct http *s, imp_cx *cx, const imp_msg *m)
{
	s->gone = m->code < 0 ? BROKEN : GONE;
	switch (s->state) {
	case ASLEEP:
		s->gone = 0;
		return IMP_OK;
	case READY:
		if (s->reopens)
			return drop(s, cx);
		break;
	case SENDING:
	case PAUSED:
		return IMP_OK; /* what is held may still be wanted */
	case READING:
		return resume(s, cx);
	case REOPENING:
		return lose(s, cx, m->code < 0 ? m->code : IMP_ELINK);
	}
	reset(s, cx);
	return IMP_PASS;
}

/* --- server -------------------------------------------------------------- */

/* The reply is out: the next request, some of which may be held. */
static imp_status replied(struct http *s, imp_cx *cx)
{
	if (s->closing || s->deaf)
		return end(s, cx, IMP_OK);
	begin(s);
	sleep_for(cx, s->held ? IMP_HTTP_HEAD_MS : IMP_HTTP_IDLE_MS);
	return resume(s, cx);
}

static imp_status reply(struct http *s, imp_cx *cx, const imp_msg *in)
{
	imp_msg m = *in;
	imp_span out;
	imp_status st;
	if (m.code == 0)
		return end(s, cx, IMP_OK);
	if (m.code < 200 || m.code > 599 || m.code == PULL || !imp_http_lines_fit(m.name, m.topic) || !measure(s, &m, write_reply))
		m = imp_say(IMP_ANSWER, NO_FORMAT, m.code < 0 ? 502 : 500, 0, NONE, NONE);
	st = put(s, cx, &m, write_reply, measure(s, &m, write_reply), &out);
	if (st == IMP_OK)
		st = say(cx, IMP_TX, 0, 0, NONE, out);
	if (st < 0)
		return st;
	s->begun = m.flags & IMP_MORE && !s->bodyless;
	if (!s->begun)
		return replied(s, cx);
	s->state = SERVING;
	cx->wake(cx, cx->now); /* TICK asks for the next piece */
	return IMP_OK;
}

static imp_status reply_piece(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_status st;
	if (m->code < 200 || m->data.len > s->max)
		return end(s, cx, IMP_OK); /* cut short, and the peer can tell */
	st = send_chunk(s, cx, m);
	if (st < 0)
		return st;
	if (!(m->flags & IMP_MORE))
		return replied(s, cx);
	cx->wake(cx, cx->now);
	return IMP_OK;
}

static imp_status server_answer(struct http *s, imp_cx *cx, const imp_msg *m)
{
	if (!s->ticket || m->ticket != s->ticket)
		return IMP_OK; /* stale */
	s->ticket = 0;
	if (s->state == PAUSED && m->code == PULL) {
		s->state = READING;
		sleep_for(cx, IMP_HTTP_BODY_MS);
		return resume(s, cx);
	}
	if (s->state == PAUSED)
		s->closing = 1; /* the rest of the request stays unread */
	return s->begun ? reply_piece(s, cx, m) : reply(s, cx, m);
}

static imp_status server_up(struct http *s, imp_cx *cx, const imp_msg *m)
{
	imp_msg up = *m;
	reset(s, cx);
	s->server = 1;
	begin(s);
	sleep_for(cx, IMP_HTTP_HEAD_MS);
	up.code = 0;
	return cx->emit(cx, &up);
}

/* --- the layer ----------------------------------------------------------- */

static imp_status received(struct http *s, imp_cx *cx, imp_span in)
{
	switch (s->state) {
	case READING:
		if (s->server && in.len && s->part == START && !s->spent)
			sleep_for(cx, IMP_HTTP_HEAD_MS);
		return eat(s, cx, in);
	case SENDING:
	case PAUSED:
	case SERVING:
		hold(s, in);
		return IMP_OK;
	case READY:
		return in.len ? drop(s, cx) : IMP_OK; /* nobody asked for it */
	}
	return IMP_OK;
}

static imp_status tick(struct http *s, imp_cx *cx)
{
	imp_msg m;
	uint32_t ticket = s->ticket;
	switch (s->state) {
	case SENDING:
		s->ticket = 0;
		return answer(cx, ticket, PULL);
	case SERVING:
		m = imp_say(IMP_RX, NO_FORMAT, 0, 0, imp_bytes(s->buf, s->head), NONE);
		s->code = PULL;
		return s->begun ? deliver_request(s, cx, &m) : IMP_OK;
	case READING:
		if (s->server && s->part == START && !s->spent)
			return end(s, cx, IMP_ETIME);
		return refuse(s, cx, 408);
	case REOPENING:
		return lose(s, cx, IMP_ETIME);
	}
	return IMP_OK;
}

static imp_status shut(struct http *s, imp_cx *cx)
{
	int below = s->state != ASLEEP && !s->gone;
	imp_status st = s->server ? IMP_OK : answer(cx, s->ticket, IMP_ELINK);
	reset(s, cx);
	return st < 0 || !below ? st : IMP_PASS;
}

static imp_status step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct http *s = state;
	switch (m->verb) {
	case IMP_RX:
		return received(s, cx, m->data);
	case IMP_UP:
		return s->state == OPENING || s->state == REOPENING ? client_up(s, cx, m) : server_up(s, cx, m);
	case IMP_DOWN:
		if (!s->server)
			return client_down(s, cx, m);
		reset(s, cx);
		return IMP_PASS;
	case IMP_TX:
		return s->server ? answer(cx, m->ticket, IMP_EPROTO) : client_tx(s, cx, m);
	case IMP_OPEN:
		return client_open(s, cx, m);
	case IMP_SHUT:
		return shut(s, cx);
	case IMP_ANSWER:
		return s->server ? server_answer(s, cx, m) : IMP_OK;
	case IMP_TICK:
		return tick(s, cx);
	}
	return IMP_PASS;
}

static size_t need(const imp_params *p)
{
	return sizeof(struct http) + capacity(p->max_msg);
}

static imp_status init(void *state, const imp_params *p)
{
	((struct http *)state)->max = p->max_msg;
	return p->max_msg ? IMP_OK : IMP_EARG;
}

/* A message written, and one delivered (its copy). */
static size_t work(const imp_params *p)
{
	return 2 * (capacity(p->max_msg) + 512);
}

static const char *where(const void *state)
{
	static const char names[][10] = {"idle", "opening", "asleep", "reopening", "ready", "sending", "reading", "paused", "serving"};
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
