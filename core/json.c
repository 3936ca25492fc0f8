/* json.c -- see json.h. */
#include "json.h"
#include "utf8.h"

enum { QUOTE = -1, WRONG = -2 }; /* what is no character of a string */

static int peek(const imp_rd *r)
{
	return imp_rd_left(r) ? *r->p : 0;
}

static void space(imp_rd *r)
{
	int c = peek(r);
	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		r->p++;
		c = peek(r);
	}
}

static void expect(imp_rd *r, int c)
{
	if (peek(r) == c && c)
		r->p++;
	else
		imp_rd_fail(r, IMP_EBADMSG);
}

static uint32_t hex4(imp_rd *r)
{
	imp_span s = imp_rd_bytes(r, 4);
	uint32_t v = 0;
	for (size_t i = 0; i < s.len; i++) {
		int c = s.ptr[i], low = c | 0x20;
		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (uint32_t)(low - 'a' + 10);
		else
			imp_rd_fail(r, IMP_EBADMSG);
	}
	return v;
}

/* After "\u": one escape, or the two of a surrogate pair. */
static int32_t escaped_utf16(imp_rd *r)
{
	uint32_t high = hex4(r), low;
	if (high < 0xd800 || high > 0xdfff)
		return (int32_t)high;
	expect(r, '\\');
	expect(r, 'u');
	low = hex4(r);
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		imp_rd_fail(r, IMP_EBADMSG);
	return (int32_t)(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

static int32_t escaped(imp_rd *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t c = imp_rd_u8(r);
	const char *at = c ? strchr(from, c) : NULL;
	if (c == 'u')
		return escaped_utf16(r);
	if (!at)
		imp_rd_fail(r, IMP_EBADMSG);
	return at ? to[at - from] : WRONG;
}

static int32_t raw_rune(imp_rd *r)
{
	size_t n = imp_rd_left(r) ? imp_utf8_len(r->p, imp_rd_left(r)) : 0;
	imp_span s = imp_rd_bytes(r, n);
	int32_t v = n == 0 ? WRONG : n == 1 ? s.ptr[0] : s.ptr[0] & (0xff >> (n + 1));
	for (size_t i = 1; i < s.len; i++)
		v = v << 6 | (s.ptr[i] & 0x3f);
	return v;
}

/* The next character of a string whose opening quote is behind us. */
static int32_t rune(imp_rd *r)
{
	int c = peek(r);
	int32_t v = WRONG;
	if (c == '"' || c == '\\')
		r->p++;
	if (c == '"')
		return QUOTE;
	v = c == '\\' ? escaped(r) : c < ' ' ? WRONG : raw_rune(r);
	if (v == WRONG)
		imp_rd_fail(r, IMP_EBADMSG);
	return r->err ? WRONG : v;
}

/* Over what is plain ASCII and neither quote nor escape, in one go. */
static void plain(imp_rd *r)
{
	while (!r->err && r->p < r->end && *r->p >= ' ' && *r->p < 0x80 && *r->p != '"' && *r->p != '\\')
		r->p++;
}

static void string(imp_rd *r)
{
	expect(r, '"');
	do
		plain(r);
	while (rune(r) >= 0);
}

static size_t digits(imp_rd *r)
{
	size_t n = 0;
	while (peek(r) >= '0' && peek(r) <= '9') {
		r->p++;
		n++;
	}
	return n;
}

static void number(imp_rd *r)
{
	int zero, ok;
	if (peek(r) == '-')
		r->p++;
	zero = peek(r) == '0';
	if (zero)
		r->p++;
	ok = zero || digits(r);
	if (ok && peek(r) == '.') {
		r->p++;
		ok = digits(r) != 0;
	}
	if (ok && (peek(r) | 0x20) == 'e') {
		r->p++;
		if (peek(r) == '+' || peek(r) == '-')
			r->p++;
		ok = digits(r) != 0;
	}
	if (!ok)
		imp_rd_fail(r, IMP_EBADMSG);
}

static void word(imp_rd *r, const char *s)
{
	if (!imp_same(imp_rd_bytes(r, strlen(s)), imp_bytes(s, strlen(s))))
		imp_rd_fail(r, IMP_EBADMSG);
}

static void scalar(imp_rd *r)
{
	switch (peek(r)) {
	case '"': string(r); break;
	case 't': word(r, "true"); break;
	case 'f': word(r, "false"); break;
	case 'n': word(r, "null"); break;
	default: number(r);
	}
}

static void member_key(imp_rd *r)
{
	space(r);
	string(r);
	space(r);
	expect(r, ':');
}

/* The kinds of what is open, innermost lowest: 1 an object, 0 an array, below
 * a leading 1.  So 1 alone: nothing is open. */
static uint32_t open_one(imp_rd *r, uint32_t nest)
{
	uint32_t object = peek(r) == '{';
	r->p++;
	if (nest >> IMP_JSON_DEPTH)
		imp_rd_fail(r, IMP_EBADMSG);
	return nest << 1 | object;
}

static int closes(const imp_rd *r, uint32_t nest)
{
	return nest > 1 && peek(r) == (nest & 1 ? '}' : ']');
}

/* Behind a value: close what ends here, and go to where the next begins. */
static uint32_t after(imp_rd *r, uint32_t nest)
{
	for (space(r); closes(r, nest) && !r->err; space(r)) {
		r->p++;
		nest >>= 1;
		if (nest == 1)
			return nest;
	}
	expect(r, ',');
	if (nest & 1)
		member_key(r);
	return nest;
}

imp_span imp_json_read(imp_rd *r)
{
	uint32_t nest = 1;
	const uint8_t *from;
	space(r);
	from = r->p;
	do {
		space(r);
		if (peek(r) == '{' || peek(r) == '[') {
			nest = open_one(r, nest);
			space(r);
			if (!closes(r, nest)) {
				if (nest & 1)
					member_key(r);
				continue;
			}
		} else {
			scalar(r);
		}
		if (nest > 1)
			nest = after(r, nest);
	} while (nest > 1 && !r->err);
	return r->err ? imp_bytes(NULL, 0) : imp_bytes(from, (size_t)(r->p - from));
}

static void fail(imp_status *err, imp_status st)
{
	if (!*err)
		*err = st;
}

imp_span imp_json_of(imp_span document, imp_status *err)
{
	imp_rd r = imp_rd_of(document);
	imp_span v = imp_json_read(&r);
	space(&r);
	fail(err, imp_rd_end(&r));
	return *err ? imp_bytes(NULL, 0) : v;
}

int imp_json_type(imp_span value)
{
	switch (value.len ? value.ptr[0] : 0) {
	case 0: return IMP_JSON_NONE;
	case '{': return IMP_JSON_OBJECT;
	case '[': return IMP_JSON_ARRAY;
	case '"': return IMP_JSON_STRING;
	case 't':
	case 'f': return IMP_JSON_BOOL;
	case 'n': return IMP_JSON_NULL;
	default: return IMP_JSON_NUMBER;
	}
}

/* The cursor keeps the closing bracket as its last byte, and so knows what it
 * walks over. */
imp_rd imp_json_open(imp_span v, imp_status *err)
{
	imp_rd r = imp_rd_of(v);
	int type = imp_json_type(v);
	if (type > IMP_JSON_ARRAY || (v.len && (v.len < 2 || v.ptr[v.len - 1] != v.ptr[0] + 2)))
		imp_rd_fail(&r, IMP_EBADMSG);
	if (v.len && !r.err)
		r.p++;
	fail(err, r.err);
	return r;
}

int imp_json_next(imp_rd *r, imp_span *key, imp_span *value, imp_status *err)
{
	int object = r->start && *r->start == '{';
	*key = *value = imp_bytes(NULL, 0);
	space(r);
	if (*err || r->err || imp_rd_left(r) <= 1)
		return 0;
	if (object) {
		const uint8_t *from = r->p;
		string(r);
		*key = imp_bytes(from, (size_t)(r->p - from));
		space(r);
		expect(r, ':');
	}
	*value = imp_json_read(r);
	space(r);
	if (imp_rd_left(r) > 1)
		expect(r, ',');
	fail(err, r->err);
	return !r->err;
}

/* Decode into `w`; the closing quote is the last byte of the value. */
static void unescape(imp_rd *r, imp_wr *w)
{
	uint8_t b[4];
	int32_t c;
	expect(r, '"');
	for (c = rune(r); c >= 0; c = rune(r))
		imp_wr_bytes(w, imp_bytes(b, imp_utf8_put((uint32_t)c, b)));
}

imp_span imp_json_text(imp_span value, uint8_t *to, size_t cap, imp_status *err)
{
	imp_rd r = imp_rd_of(value);
	imp_wr w = imp_wr_to(to, cap);
	if (!value.ptr || *err)
		return imp_bytes(NULL, 0);
	if (imp_json_type(value) != IMP_JSON_STRING || value.len < 2)
		imp_rd_fail(&r, IMP_EBADMSG);
	else if (!memchr(value.ptr, '\\', value.len))
		return imp_bytes(value.ptr + 1, value.len - 2);
	unescape(&r, &w);
	fail(err, r.err ? r.err : imp_wr_end(&w));
	return *err ? imp_bytes(NULL, 0) : imp_wr_span(&w);
}

int imp_json_is(imp_span value, const char *text)
{
	imp_rd r = imp_rd_of(value), t = imp_rd_of(imp_bytes(text, strlen(text)));
	int32_t c;
	expect(&r, '"');
	for (c = rune(&r); c >= 0; c = rune(&r)) {
		if (!imp_rd_left(&t) || raw_rune(&t) != c)
			return 0;
	}
	return c == QUOTE && imp_rd_end(&t) == IMP_OK;
}

imp_span imp_json_get(imp_span object, const char *key, imp_status *err)
{
	imp_span found = {NULL, 0}, k, v;
	imp_rd r = imp_json_open(object, err);
	if (imp_json_type(object) == IMP_JSON_ARRAY)
		fail(err, IMP_EBADMSG);
	while (imp_json_next(&r, &k, &v, err)) {
		if (!imp_json_is(k, key))
			continue;
		if (found.ptr)
			fail(err, IMP_EBADMSG);
		found = v;
	}
	return *err ? imp_bytes(NULL, 0) : found;
}

int64_t imp_json_int(imp_span value, imp_status *err)
{
	imp_rd r = imp_rd_of(value);
	int minus = peek(&r) == '-', ok = 1;
	uint64_t v = 0, most = (uint64_t)INT64_MAX + (uint64_t)minus;
	if (!value.ptr || *err)
		return 0;
	r.p += minus;
	for (; peek(&r) >= '0' && peek(&r) <= '9'; r.p++) {
		uint64_t d = (uint64_t)(peek(&r) - '0');
		ok = ok && v <= (most - d) / 10;
		v = v * 10 + d;
	}
	if (!ok || value.len == (size_t)minus || imp_rd_end(&r)) {
		fail(err, IMP_EBADMSG);
		return 0;
	}
	return minus ? (int64_t)(0 - v) : (int64_t)v;
}

int imp_json_bool(imp_span value, imp_status *err)
{
	if (value.ptr && imp_json_type(value) != IMP_JSON_BOOL)
		fail(err, IMP_EBADMSG);
	return !*err && value.ptr && value.ptr[0] == 't';
}

static void put_rune(imp_wr *w, imp_span s)
{
	static const char digit[] = "0123456789abcdef";
	uint8_t c = s.ptr[0];
	if (c >= ' ' && c != '"' && c != '\\') {
		imp_wr_bytes(w, s);
		return;
	}
	imp_wr_u8(w, '\\');
	if (c >= ' ') {
		imp_wr_u8(w, c);
		return;
	}
	imp_wr_text(w, "u00");
	imp_wr_u8(w, (uint8_t)digit[c >> 4]);
	imp_wr_u8(w, (uint8_t)digit[c & 15]);
}

void imp_json_put_text(imp_wr *w, imp_span text)
{
	imp_wr_u8(w, '"');
	for (size_t at = 0, n; at < text.len; at += n) {
		imp_rd r = imp_rd_of(imp_bytes(text.ptr + at, text.len - at));
		plain(&r);
		n = imp_rd_at(&r);
		if (n) {
			imp_wr_bytes(w, imp_bytes(text.ptr + at, n));
			continue;
		}
		n = imp_utf8_len(text.ptr + at, text.len - at);
		if (!n) {
			imp_wr_fail(w, IMP_EARG);
			return;
		}
		put_rune(w, imp_bytes(text.ptr + at, n));
	}
	imp_wr_u8(w, '"');
}

void imp_json_put_int(imp_wr *w, int64_t v)
{
	uint8_t b[20];
	size_t at = sizeof b;
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		b[--at] = (uint8_t)('0' + left % 10);
		left /= 10;
	} while (left);
	if (v < 0)
		b[--at] = '-';
	imp_wr_bytes(w, imp_bytes(b + at, sizeof b - at));
}

void imp_json_put_key(imp_wr *w, char before, const char *key)
{
	imp_wr_u8(w, (uint8_t)before);
	imp_wr_u8(w, '"');
	imp_wr_text(w, key);
	imp_wr_text(w, "\":");
}
