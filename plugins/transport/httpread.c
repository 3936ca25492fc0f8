/* httpread.c -- see httpread.h. */
#include "httpread.h"
#include "http.h"
#include "httpfield.h"
#include "uri.h"

void imp_http_begin(struct imp_http_reader *r)
{
	struct imp_http_reader next = {.requests = r->requests, .max = r->max, .format = IMP_HTTP_NO_FORMAT};
	*r = next;
}

/* --- lines ----------------------------------------------------------------- */

static int start_request(struct imp_http_reader *r, uint8_t *buf, imp_span line)
{
	static const char version[] = " HTTP/1.1";
	size_t space = 0, tail = sizeof version - 1;
	imp_span target;
	imp_uri u;
	while (space < line.len && line.ptr[space] != ' ')
		space++;
	r->code = imp_http_method(imp_bytes(line.ptr, space));
	if (line.len < space + 1 + tail || memcmp(line.ptr + line.len - tail, version, 6) != 0)
		return 400; /* HTTP/0.9, or no request at all */
	if (memcmp(line.ptr + line.len - tail, version, tail) != 0)
		return 505;
	if (!r->code)
		return 501;
	target = imp_bytes(line.ptr + space + 1, line.len - space - 1 - tail);
	if (imp_uri_parse(target, &u) == IMP_OK) {
		if (!imp_http_is_scheme(u.scheme) || (u.target.len && !u.path.len))
			return 400;
		r->host_at = (uint16_t)(u.authority.ptr - target.ptr);
		r->host_len = (uint16_t)u.authority.len;
	} else if (!imp_uri_is_target(target)) {
		return 400;
	}
	memmove(buf, target.ptr, target.len);
	r->head = (uint16_t)target.len;
	return 0;
}

/* Name is a path: cut off what an absolute target has before it. */
static void cut_target(struct imp_http_reader *r, uint8_t *buf)
{
	size_t n = (size_t)r->host_at + r->host_len;
	if (n && (n == r->head || buf[n] != '/'))
		buf[--n] = '/';
	memmove(buf, buf + n, r->head - n);
	r->head = (uint16_t)(r->head - n);
}

static int start_reply(struct imp_http_reader *r, imp_span line)
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
	r->code = (int32_t)code;
	return line.len > n + 3 && line.ptr[n + 3] != ' ' ? 400 : 0;
}

static int field_host(struct imp_http_reader *r, const uint8_t *buf, imp_span value)
{
	imp_uri u;
	if (!r->requests)
		return 0;
	if (r->hosts++ || imp_uri_authority(value, &u) < 0)
		return 400;
	return r->host_len && !imp_same_nocase(value, imp_bytes(buf + r->host_at, r->host_len)) ? 400 : 0;
}

static int field_length(struct imp_http_reader *r, imp_span value)
{
	int bad = imp_http_number(value, &r->left);
	return r->sized++ ? 400 : bad;
}

static int field_coding(struct imp_http_reader *r, imp_span value)
{
	if (r->coded++)
		return 400;
	return imp_same_nocase(value, imp_bytes("chunked", 7)) ? 0 : 501;
}

static int field_expect(struct imp_http_reader *r, imp_span value)
{
	r->expects = 1;
	return imp_same_nocase(value, imp_bytes("100-continue", 12)) || !r->requests ? 0 : 417;
}

/* Keep a line: it moves to its place behind name. */
static int field_keep(struct imp_http_reader *r, uint8_t *buf, imp_span name, imp_span value)
{
	size_t n = r->head, sep = r->requests || n ? 1 : 0;
	uint8_t *to = buf + n;
	if (n + sep + name.len + 2 + value.len > IMP_HTTP_HEAD)
		return 431;
	if (value.len)
		memmove(to + sep + name.len + 2, value.ptr, value.len);
	memmove(to + sep, name.ptr, name.len);
	if (sep)
		to[0] = '\n';
	to[sep + name.len] = ':';
	to[sep + name.len + 1] = ' ';
	r->head = (uint16_t)(n + sep + name.len + 2 + value.len);
	return 0;
}

static int field_type(struct imp_http_reader *r, uint8_t *buf, imp_span name, imp_span value)
{
	if (r->typed++)
		return 400;
	r->format = imp_http_format_of(value);
	return r->format == IMP_HTTP_NO_FORMAT ? field_keep(r, buf, name, value) : 0;
}

static int field(struct imp_http_reader *r, uint8_t *buf, size_t n)
{
	uint8_t *line = buf + r->head;
	imp_span name, value;
	if (!imp_http_split(imp_bytes(line, n), &name, &value))
		return 400;
	imp_http_lower(line, name.len);
	switch (imp_http_known(name)) {
	case IMP_HTTP_LENGTH:
		return field_length(r, value);
	case IMP_HTTP_CODING:
		return field_coding(r, value);
	case IMP_HTTP_HOST:
		return field_host(r, buf, value);
	case IMP_HTTP_CONNECTION:
		r->close |= (uint8_t)imp_http_has_token(value, "close");
		return 0;
	case IMP_HTTP_EXPECT:
		return field_expect(r, value);
	case IMP_HTTP_TYPE:
		return field_type(r, buf, name, value);
	case IMP_HTTP_OTHER:
		return field_keep(r, buf, name, value);
	default:
		return 0;
	}
}

int imp_http_is_bodyless(int32_t code)
{
	return code == 204 || code == 304;
}

/* The empty line has come: how does the body end? */
static int head_done(struct imp_http_reader *r, uint8_t *buf)
{
	if (r->coded && r->sized)
		return 400;
	if (r->requests && r->hosts != 1)
		return 400;
	if (!r->requests && r->code < 200) {
		uint16_t spent = r->spent;
		if (r->code == 101)
			return 400;
		imp_http_begin(r); /* an interim reply; the block's limit goes on */
		r->spent = spent;
		return 0;
	}
	if (r->requests)
		cut_target(r, buf);
	r->part = r->coded ? IMP_HTTP_SIZE : r->left ? IMP_HTTP_SIZED : IMP_HTTP_WHOLE;
	if (!r->requests && imp_http_is_bodyless(r->code))
		r->part = IMP_HTTP_WHOLE;
	else if (!r->requests && !r->coded && !r->sized)
		r->part = IMP_HTTP_UNTIL_DOWN;
	return 0;
}

static int line_done(struct imp_http_reader *r, uint8_t *buf)
{
	size_t n = r->line;
	r->line = 0;
	if (r->part == IMP_HTTP_FIELDS)
		return n ? field(r, buf, n) : head_done(r, buf);
	if (!n && r->requests)
		return 0; /* an empty line before a request is forgiven */
	r->part = IMP_HTTP_FIELDS;
	return r->requests ? start_request(r, buf, imp_bytes(buf, n)) : start_reply(r, imp_bytes(buf, n));
}

/* Is `c` fit for a line?  CR is followed by LF, LF follows CR. */
static int fit(struct imp_http_reader *r, uint8_t c)
{
	int cr = r->cr;
	r->cr = c == '\r';
	if (cr)
		return c == '\n';
	return c == '\r' || c == '\t' || (c >= 0x20 && c != 0x7f);
}

static int spend(struct imp_http_reader *r)
{
	return ++r->spent > IMP_HTTP_BLOCK ? 431 : 0;
}

static int take_line(struct imp_http_reader *r, uint8_t *buf, uint8_t c)
{
	if (spend(r))
		return 431;
	if (!fit(r, c))
		return 400;
	if (c == '\n')
		return line_done(r, buf);
	if (c == '\r')
		return 0;
	if (r->head + r->line >= IMP_HTTP_HEAD)
		return r->part == IMP_HTTP_START ? 414 : 431;
	buf[r->head + r->line++] = c;
	return 0;
}

/* --- bodies ----------------------------------------------------- */

/* "1a;ext=1" CR LF */
static int take_size(struct imp_http_reader *r, uint8_t c)
{
	int v = imp_http_digit(c);
	if (!fit(r, c))
		return 400;
	if (c == '\n') {
		r->part = r->left ? IMP_HTTP_CHUNK : IMP_HTTP_TRAILER;
		r->digits = r->ext = 0;
		r->line = 0;
		return 0;
	}
	if (c == '\r')
		return r->digits ? 0 : 400;
	if (r->ext)
		return spend(r);
	if (c == ';' && r->digits) {
		r->ext = 1;
		return spend(r);
	}
	if (v < 0 || r->left >> 28)
		return 400;
	r->left = r->left << 4 | (uint32_t)v;
	r->digits = 1;
	return 0;
}

/* Trailers are checked and dropped: `ext` is 1 behind a line's colon. */
static int take_trailer(struct imp_http_reader *r, uint8_t c)
{
	if (spend(r))
		return 431;
	if (!fit(r, c))
		return 400;
	if (c == '\r')
		return r->line && !r->ext ? 400 : 0;
	if (c == '\n') {
		r->part = r->line ? IMP_HTTP_TRAILER : IMP_HTTP_WHOLE;
		r->line = r->ext = 0;
		return 0;
	}
	if (!r->ext && c != ':' && !imp_http_is_token(c))
		return 400;
	if (c == ':' && !r->line)
		return 400;
	r->ext |= c == ':';
	r->line = 1;
	return 0;
}

static int take_chunk_end(struct imp_http_reader *r, uint8_t c)
{
	if (!fit(r, c) || (c != '\r' && c != '\n'))
		return 400;
	if (c == '\n')
		r->part = IMP_HTTP_SIZE;
	return 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Bytes of the body itself. */
static size_t take_body(struct imp_http_reader *r, uint8_t *buf, imp_span in)
{
	size_t n = least(in.len, r->max - r->body);
	if (r->part != IMP_HTTP_UNTIL_DOWN) {
		n = least(n, r->left);
		r->left -= (uint32_t)n;
	}
	memmove(buf + r->head + r->body, in.ptr, n);
	r->body += (uint32_t)n;
	if (r->part == IMP_HTTP_SIZED && !r->left)
		r->part = IMP_HTTP_WHOLE;
	if (r->part == IMP_HTTP_CHUNK && !r->left)
		r->part = IMP_HTTP_CHUNK_END;
	return n;
}

int imp_http_take(struct imp_http_reader *r, uint8_t *buf, imp_span in, size_t *used)
{
	*used = 1;
	switch (r->part) {
	case IMP_HTTP_START:
	case IMP_HTTP_FIELDS:
		return take_line(r, buf, in.ptr[0]);
	case IMP_HTTP_SIZE:
		return take_size(r, in.ptr[0]);
	case IMP_HTTP_CHUNK_END:
		return take_chunk_end(r, in.ptr[0]);
	case IMP_HTTP_TRAILER:
		return take_trailer(r, in.ptr[0]);
	}
	*used = take_body(r, buf, in);
	return 0;
}

int imp_http_is_full(const struct imp_http_reader *r, size_t more)
{
	if (r->body < r->max)
		return 0;
	return r->part == IMP_HTTP_SIZED || r->part == IMP_HTTP_CHUNK || (r->part == IMP_HTTP_UNTIL_DOWN && more);
}
