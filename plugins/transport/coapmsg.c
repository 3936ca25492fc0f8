/* coapmsg.c -- see coapmsg.h. */
#include "coapmsg.h"
#include "lines.h"

enum { VERSION = 1, MARKER = 0xff, EXTEND8 = 13, EXTEND16 = 14, MAX_NUMBER = 0xffff };

/* --- reading -------------------------------------------------------------- */

struct option {
	uint32_t number;
	imp_span value;
};

static uint32_t extended(imp_rd *r, uint8_t nibble)
{
	if (nibble < EXTEND8)
		return nibble;
	if (nibble == EXTEND8)
		return 13u + imp_rd_u8(r);
	if (nibble == EXTEND16)
		return 269u + imp_rd_be16(r);
	imp_rd_fail(r, IMP_EBADMSG);
	return 0;
}

/* The next option; 0: there are no more, and the marker, if any, is eaten. */
static int next_option(imp_rd *r, struct option *o)
{
	uint8_t head;
	uint32_t len;
	if (!imp_rd_left(r))
		return 0;
	head = imp_rd_u8(r);
	if (head == MARKER) {
		if (!imp_rd_left(r))
			imp_rd_fail(r, IMP_EBADMSG); /* a payload of no bytes */
		return 0;
	}
	o->number += extended(r, head >> 4);
	len = extended(r, head & 15);
	o->value = imp_rd_bytes(r, len);
	if (o->number > MAX_NUMBER)
		imp_rd_fail(r, IMP_EBADMSG);
	return r->err == IMP_OK;
}

static uint32_t number_of(imp_span v)
{
	uint32_t n = 0;
	for (size_t i = 0; i < v.len; i++)
		n = n << 8 | v.ptr[i];
	return n;
}

/* A number of at most `most` bytes that stands once.  0: it is not that. */
static int once(uint32_t *to, imp_span v, size_t most)
{
	if (*to != IMP_COAP_ABSENT || v.len > most)
		return 0;
	*to = number_of(v);
	return 1;
}

static int once_bytes(imp_span *to, imp_span v, size_t least, size_t most)
{
	if (to->len || v.len < least || v.len > most)
		return 0;
	*to = v;
	return 1;
}

static int block_fits(uint32_t *to, imp_span v)
{
	return once(to, v, 3) && imp_coap_size(*to) != 0;
}

/* 0: not understood, which matters if the option is critical. */
static int note(struct imp_coap_msg *m, const struct option *o)
{
	imp_span v = o->value;
	switch (o->number) {
	case IMP_COAP_URI_HOST:
		return v.len >= 1 && v.len <= 255;
	case IMP_COAP_URI_PORT:
		return v.len <= 2;
	case IMP_COAP_URI_PATH:
	case IMP_COAP_URI_QUERY:
	case IMP_COAP_LOCATION_PATH:
	case IMP_COAP_LOCATION_QUERY:
		return v.len <= 255;
	case IMP_COAP_CONTENT_FORMAT:
		return once(&m->format, v, 2);
	case IMP_COAP_ACCEPT:
		return once(&m->accept, v, 2);
	case IMP_COAP_MAX_AGE:
		return once(&m->max_age, v, 4);
	case IMP_COAP_NO_RESPONSE:
		return once(&m->no_response, v, 1);
	case IMP_COAP_BLOCK1:
		return block_fits(&m->block1, v);
	case IMP_COAP_BLOCK2:
		return block_fits(&m->block2, v);
	case IMP_COAP_ETAG:
		return once_bytes(&m->etag, v, 1, 8);
	case IMP_COAP_ECHO:
		return once_bytes(&m->echo, v, 1, 40);
	}
	return 0;
}

imp_status imp_coap_parse_body(imp_span in, struct imp_coap_msg *m)
{
	imp_rd r = imp_rd_of(in);
	struct option o = {0};
	m->format = m->accept = m->max_age = m->no_response = m->block1 = m->block2 = IMP_COAP_ABSENT;
	m->etag = m->echo = imp_bytes(NULL, 0);
	m->bad = 0;
	while (next_option(&r, &o))
		if (!note(m, &o) && o.number & 1 && !m->bad)
			m->bad = (uint16_t)o.number;
	m->options = imp_bytes(in.ptr, imp_rd_at(&r));
	m->payload = imp_rd_rest(&r);
	return imp_rd_end(&r);
}

/* Code classes 1, 6 and 7 are reserved; an empty message is only its header. */
static int code_fits(const struct imp_coap_msg *m, size_t left)
{
	uint8_t class = m->code >> 5;
	if (m->code == 0)
		return m->token.len == 0 && left == 0;
	return class != 1 && class < 6 && m->type != IMP_COAP_RST;
}

imp_status imp_coap_parse(imp_span in, struct imp_coap_msg *m)
{
	imp_rd r = imp_rd_of(in);
	uint8_t first = imp_rd_u8(&r);
	memset(m, 0, sizeof *m);
	m->code = imp_rd_u8(&r);
	m->mid = imp_rd_be16(&r);
	m->type = IMP_COAP_NON;
	if (r.err < 0 || first >> 6 != VERSION)
		return IMP_EBADMSG;
	m->type = first >> 4 & 3;
	if ((first & 15) > 8)
		return IMP_EBADMSG;
	m->token = imp_rd_bytes(&r, first & 15);
	if (r.err < 0 || !code_fits(m, imp_rd_left(&r)))
		return IMP_EBADMSG;
	return imp_coap_parse_body(imp_rd_rest(&r), m);
}

/* --- names ---------------------------------------------------------------- */

static const char hex[] = "0123456789abcdef";

static int stands_in_path(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~!$'()*+,;=:@", c));
}

/* '/' and '?' may stand in a query, '&' separates there; in a path it may stand. */
static void put_encoded(imp_wr *w, imp_span s, const char *also)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (stands_in_path(c) || (c && strchr(also, c))) {
			imp_wr_u8(w, c);
			continue;
		}
		imp_wr_u8(w, '%');
		imp_wr_u8(w, (uint8_t)hex[c >> 4]);
		imp_wr_u8(w, (uint8_t)hex[c & 15]);
	}
}

/* "/a/b?c&d" from the options `path` and `query`. */
static void put_path(imp_wr *w, const struct imp_coap_msg *m, uint32_t path, uint32_t query)
{
	imp_rd r = imp_rd_of(m->options);
	struct option o = {0};
	const char *mark = "?";
	int any = 0;
	while (next_option(&r, &o)) {
		if (o.number == path) {
			imp_wr_text(w, "/");
			put_encoded(w, o.value, "&");
			any = 1;
		} else if (o.number == query) {
			imp_wr_text(w, any ? mark : "/?");
			put_encoded(w, o.value, "/?");
			any = 1;
			mark = "&";
		}
	}
	if (!any)
		imp_wr_text(w, "/");
}

static void begin_line(imp_wr *w, size_t start, const char *key)
{
	if (imp_wr_need(w) > start)
		imp_wr_text(w, "\n");
	imp_wr_text(w, key);
	imp_wr_text(w, ": ");
}

static void put_number_line(imp_wr *w, size_t start, const char *key, uint32_t v)
{
	if (v == IMP_COAP_ABSENT)
		return;
	begin_line(w, start, key);
	imp_wr_decimal(w, v);
}

static void put_hex_line(imp_wr *w, size_t start, const char *key, imp_span v)
{
	if (!v.len)
		return;
	begin_line(w, start, key);
	for (size_t i = 0; i < v.len; i++) {
		imp_wr_u8(w, (uint8_t)hex[v.ptr[i] >> 4]);
		imp_wr_u8(w, (uint8_t)hex[v.ptr[i] & 15]);
	}
}

static int has(const struct imp_coap_msg *m, uint32_t number)
{
	imp_rd r = imp_rd_of(m->options);
	struct option o = {0};
	while (next_option(&r, &o))
		if (o.number == number)
			return 1;
	return 0;
}

void imp_coap_put_name(imp_wr *w, const struct imp_coap_msg *m)
{
	size_t start = imp_wr_need(w);
	if (m->code >> 5 == 0)
		put_path(w, m, IMP_COAP_URI_PATH, IMP_COAP_URI_QUERY);
	else if (has(m, IMP_COAP_LOCATION_PATH) || has(m, IMP_COAP_LOCATION_QUERY)) {
		begin_line(w, start, "location");
		put_path(w, m, IMP_COAP_LOCATION_PATH, IMP_COAP_LOCATION_QUERY);
	}
	put_number_line(w, start, "accept", m->accept);
	put_number_line(w, start, "max-age", m->max_age);
	put_hex_line(w, start, "etag", m->etag);
	put_hex_line(w, start, "echo", m->echo);
}

/* --- writing ---------------------------------------------------------------- */

void imp_coap_put_head(imp_wr *w, uint8_t type, uint8_t code, uint16_t mid, imp_span token)
{
	imp_wr_u8(w, (uint8_t)(VERSION << 6 | type << 4 | (int)(token.len & 15)));
	imp_wr_u8(w, code);
	imp_wr_be16(w, mid);
	imp_wr_bytes(w, token);
}

static uint8_t nibble(uint32_t v)
{
	return v < 13 ? (uint8_t)v : v < 269 ? EXTEND8 : EXTEND16;
}

static void put_extended(imp_wr *w, uint32_t v)
{
	if (v >= 269)
		imp_wr_be16(w, (uint16_t)(v - 269));
	else if (v >= 13)
		imp_wr_u8(w, (uint8_t)(v - 13));
}

/* The head of an option whose value of `len` bytes follows. */
static void option_head(struct imp_coap_put *p, uint16_t number, size_t len)
{
	uint32_t delta = number - p->last;
	if (number < p->last || len > 1034)
		imp_wr_fail(p->w, IMP_EARG);
	imp_wr_u8(p->w, (uint8_t)(nibble(delta) << 4 | nibble((uint32_t)len)));
	put_extended(p->w, delta);
	put_extended(p->w, (uint32_t)len);
	p->last = number;
}

void imp_coap_put_option(struct imp_coap_put *p, uint16_t number, imp_span value)
{
	option_head(p, number, value.len);
	imp_wr_bytes(p->w, value);
}

void imp_coap_put_number(struct imp_coap_put *p, uint16_t number, uint32_t value)
{
	uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
	size_t skip = 0;
	if (value == IMP_COAP_ABSENT)
		return;
	while (skip < 4 && !b[skip])
		skip++;
	imp_coap_put_option(p, number, imp_bytes(b + skip, 4 - skip));
}

void imp_coap_put_payload(imp_wr *w, imp_span payload)
{
	if (!payload.len)
		return;
	imp_wr_u8(w, MARKER);
	imp_wr_bytes(w, payload);
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One segment, percent-decoded; the length is known only after counting. */
static void put_segment(struct imp_coap_put *p, uint16_t number, imp_span s)
{
	size_t n = s.len;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '%')
			n = i + 2 < s.len && digit(s.ptr[i + 1]) >= 0 && digit(s.ptr[i + 2]) >= 0 ? n - 2 : SIZE_MAX / 2;
	if (n > 255) {
		imp_wr_fail(p->w, IMP_EARG);
		return;
	}
	option_head(p, number, n);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '%') {
			imp_wr_u8(p->w, s.ptr[i]);
			continue;
		}
		imp_wr_u8(p->w, (uint8_t)(digit(s.ptr[i + 1]) << 4 | digit(s.ptr[i + 2])));
		i += 2;
	}
}

/* An option for each part of `s` between separators. */
static void put_parts(struct imp_coap_put *p, uint16_t number, imp_span s, char separator)
{
	size_t from = 0;
	for (size_t i = 0; i <= s.len; i++)
		if (i == s.len || s.ptr[i] == (uint8_t)separator) {
			put_segment(p, number, imp_bytes(s.ptr + from, i - from));
			from = i + 1;
		}
}

/* Where `c` stands in s, or its end. */
static size_t find(imp_span s, char c)
{
	size_t i = 0;
	while (i < s.len && s.ptr[i] != (uint8_t)c)
		i++;
	return i;
}

/* "/a/b" as options: none for "" and "/". */
static void put_path_options(struct imp_coap_put *p, uint16_t number, imp_span path)
{
	if (path.len && path.ptr[0] == '/')
		path = imp_bytes(path.ptr + 1, path.len - 1);
	if (path.len)
		put_parts(p, number, path, '/');
}

static void put_query_options(struct imp_coap_put *p, uint16_t number, imp_span target)
{
	size_t q = find(target, '?');
	if (q < target.len)
		put_parts(p, number, imp_bytes(target.ptr + q + 1, target.len - q - 1), '&');
}

/* A line's number, or nothing. */
static void put_number_of(struct imp_coap_put *p, uint16_t number, imp_span name, const char *key)
{
	imp_span v = imp_line(name, key);
	int32_t n = v.len ? imp_line_number(v) : -1;
	if (v.len && n < 0)
		imp_wr_fail(p->w, IMP_EARG);
	if (n >= 0)
		imp_coap_put_number(p, number, (uint32_t)n);
}

static void put_hex_of(struct imp_coap_put *p, uint16_t number, imp_span name, const char *key, size_t most)
{
	imp_span v = imp_line(name, key);
	if (!v.len)
		return;
	if (v.len % 2 || v.len / 2 > most) {
		imp_wr_fail(p->w, IMP_EARG);
		return;
	}
	option_head(p, number, v.len / 2);
	for (size_t i = 0; i < v.len; i += 2) {
		if (digit(v.ptr[i]) < 0 || digit(v.ptr[i + 1]) < 0)
			imp_wr_fail(p->w, IMP_EARG);
		imp_wr_u8(p->w, (uint8_t)(digit(v.ptr[i]) << 4 | digit(v.ptr[i + 1])));
	}
}

/* Every line has an option? */
static int lines_fit(imp_span lines, int reply)
{
	static const char *const keys[] = {"accept: ", "no-response: ", "echo: ", "location: ", "max-age: ", "etag: "};
	while (lines.len) {
		size_t end = find(lines, '\n'), k = reply ? 2u : 0u, last = reply ? 6u : 3u;
		while (k < last && !(end > strlen(keys[k]) && !memcmp(lines.ptr, keys[k], strlen(keys[k]))))
			k++;
		if (k == last)
			return 0;
		end += end < lines.len ? 1u : 0u;
		lines = imp_bytes(lines.ptr + end, lines.len - end);
	}
	return 1;
}

static void put_request_fields(struct imp_coap_put *p, const struct imp_coap_fields *f, imp_span target)
{
	if (f->host.len)
		imp_coap_put_option(p, IMP_COAP_URI_HOST, f->host);
	put_path_options(p, IMP_COAP_URI_PATH, imp_bytes(target.ptr, find(target, '?')));
	imp_coap_put_number(p, IMP_COAP_CONTENT_FORMAT, f->format);
	put_query_options(p, IMP_COAP_URI_QUERY, target);
	put_number_of(p, IMP_COAP_ACCEPT, f->name, "accept");
}

static void put_reply_fields(struct imp_coap_put *p, const struct imp_coap_fields *f)
{
	imp_span location = imp_line(f->name, "location");
	put_hex_of(p, IMP_COAP_ETAG, f->name, "etag", 8);
	put_path_options(p, IMP_COAP_LOCATION_PATH, imp_bytes(location.ptr, find(location, '?')));
	imp_coap_put_number(p, IMP_COAP_CONTENT_FORMAT, f->format);
	put_number_of(p, IMP_COAP_MAX_AGE, f->name, "max-age");
	put_query_options(p, IMP_COAP_LOCATION_QUERY, location);
}

void imp_coap_put_fields(imp_wr *w, const struct imp_coap_fields *f)
{
	struct imp_coap_put p = {w, 0};
	size_t first = f->reply ? 0 : find(f->name, '\n');
	imp_span target = imp_bytes(f->name.ptr, first);
	size_t skip = f->reply ? 0u : first + (first < f->name.len ? 1u : 0u);
	if (f->name.len > skip && !lines_fit(imp_bytes(f->name.ptr + skip, f->name.len - skip), f->reply))
		imp_wr_fail(w, IMP_EARG);
	if (f->reply)
		put_reply_fields(&p, f);
	else
		put_request_fields(&p, f, target);
	imp_coap_put_number(&p, IMP_COAP_BLOCK2, f->block2);
	imp_coap_put_number(&p, IMP_COAP_BLOCK1, f->block1);
	if (f->echo.len)
		imp_coap_put_option(&p, IMP_COAP_ECHO, f->echo);
	else
		put_hex_of(&p, IMP_COAP_ECHO, f->name, "echo", 40);
	if (!f->reply)
		put_number_of(&p, IMP_COAP_NO_RESPONSE, f->name, "no-response");
}

uint8_t imp_coap_code(int32_t rest)
{
	int32_t class = rest / 100, detail = rest % 100;
	return rest > 0 && (class == 2 || class == 4 || class == 5) && detail < 32 ? (uint8_t)(class << 5 | detail) : 0;
}
