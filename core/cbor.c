/* cbor.c -- see cbor.h. */
#include "cbor.h"
#include "utf8.h"

#include <cbor/encoding.h>
#include <cbor/streaming.h>

/* libcbor's lengths, 64 bits everywhere since 0.10. */
#if CBOR_MAJOR_VERSION == 0 && CBOR_MINOR_VERSION < 10
typedef size_t cbor_length;
#else
typedef uint64_t cbor_length;
#endif

/* What libcbor reports of one item. */
struct item {
	int      type; /* enum imp_cbor_type; IMP_CBOR_END: nothing usable */
	uint64_t value; /* number, count, length, or 1 for true            */
	const uint8_t *bytes;
};

/* What the head alone says, read before libcbor sees it. */
struct head {
	unsigned major, info;
	size_t   size;
	uint64_t value;
};

static void got(void *to, int type, uint64_t value)
{
	struct item *it = to;
	it->type = type;
	it->value = value;
}

static void on_u8(void *to, uint8_t v) { got(to, IMP_CBOR_UINT, v); }
static void on_u16(void *to, uint16_t v) { got(to, IMP_CBOR_UINT, v); }
static void on_u32(void *to, uint32_t v) { got(to, IMP_CBOR_UINT, v); }
static void on_u64(void *to, uint64_t v) { got(to, IMP_CBOR_UINT, v); }
static void on_n8(void *to, uint8_t v) { got(to, IMP_CBOR_NINT, v); }
static void on_n16(void *to, uint16_t v) { got(to, IMP_CBOR_NINT, v); }
static void on_n32(void *to, uint32_t v) { got(to, IMP_CBOR_NINT, v); }
static void on_n64(void *to, uint64_t v) { got(to, IMP_CBOR_NINT, v); }
static void on_tag(void *to, uint64_t v) { got(to, IMP_CBOR_TAG, v); }
static void on_array(void *to, cbor_length n) { got(to, IMP_CBOR_ARRAY, n); }
static void on_map(void *to, cbor_length n) { got(to, IMP_CBOR_MAP, n); }
static void on_bool(void *to, bool v) { got(to, IMP_CBOR_SIMPLE, v); }
static void on_simple(void *to) { got(to, IMP_CBOR_SIMPLE, 0); }
static void on_refused(void *to) { got(to, IMP_CBOR_END, 0); }

static void on_float(void *to, float v)
{
	(void)v;
	on_simple(to);
}

static void on_double(void *to, double v)
{
	(void)v;
	on_simple(to);
}

static void on_bstr(void *to, const unsigned char *p, cbor_length n)
{
	got(to, IMP_CBOR_BSTR, n);
	((struct item *)to)->bytes = p;
}

static void on_tstr(void *to, const unsigned char *p, cbor_length n)
{
	got(to, IMP_CBOR_TSTR, n);
	((struct item *)to)->bytes = p;
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_u8, .uint16 = on_u16, .uint32 = on_u32, .uint64 = on_u64,
	.negint8 = on_n8, .negint16 = on_n16, .negint32 = on_n32, .negint64 = on_n64,
	.byte_string = on_bstr, .byte_string_start = on_refused,
	.string = on_tstr, .string_start = on_refused,
	.array_start = on_array, .indef_array_start = on_refused,
	.map_start = on_map, .indef_map_start = on_refused,
	.tag = on_tag, .float2 = on_float, .float4 = on_float, .float8 = on_double,
	.undefined = on_simple, .null = on_simple, .boolean = on_bool,
	.indef_break = on_refused,
};

/* The head at the cursor: 0 unless it is whole, definite and shortest. */
static int head_at(const imp_rd *r, struct head *h)
{
	size_t left = imp_rd_left(r), n;
	if (!left)
		return 0;
	h->major = r->p[0] >> 5;
	h->info = r->p[0] & 31u;
	h->size = 1;
	h->value = h->info;
	if (h->info < 24)
		return 1;
	n = (size_t)1 << (h->info - 24);
	if (h->info > 27 || left <= n)
		return 0;
	h->size = 1 + n;
	h->value = 0;
	for (size_t i = 1; i <= n; i++)
		h->value = h->value << 8 | r->p[i];
	if (h->major == IMP_CBOR_SIMPLE)
		return n > 1; /* floats; the simple values in use take one byte */
	return n == 1 ? h->value >= 24 : h->value >> (n * 4) != 0;
}

/* Can what the head promises be in the `left` bytes after it? */
static int fits(const struct head *h, size_t left)
{
	switch (h->major) {
	case IMP_CBOR_BSTR:
	case IMP_CBOR_TSTR:
	case IMP_CBOR_ARRAY:
		return h->value <= left;
	case IMP_CBOR_MAP:
		return h->value <= left / 2;
	default:
		return 1;
	}
}

static int is_utf8(const uint8_t *p, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = imp_utf8_len(p + at, len - at);
		if (!n)
			return 0;
	}
	return 1;
}

static int decode(const imp_rd *r, const struct head *h, struct item *it)
{
	struct cbor_decoder_result res;
	if (h->major == IMP_CBOR_TAG) { /* libcbor 0.8 refuses tags 6 to 20 */
		got(it, IMP_CBOR_TAG, h->value);
		return 1;
	}
	res = cbor_stream_decode(r->p, imp_rd_left(r), &callbacks, it);
	if (res.status != CBOR_DECODER_FINISHED || it->type != (int)h->major)
		return 0;
	return it->type != IMP_CBOR_TSTR || is_utf8(it->bytes, (size_t)it->value);
}

/* Consume one head, and a string's bytes with it. */
static struct item next(imp_rd *r)
{
	static const struct item none = {IMP_CBOR_END, 0, NULL};
	struct item it = none;
	struct head h;
	size_t size;
	if (!head_at(r, &h) || !fits(&h, imp_rd_left(r) - h.size) || !decode(r, &h, &it)) {
		imp_rd_fail(r, IMP_EBADMSG);
		return none;
	}
	size = h.size + (it.bytes ? (size_t)it.value : 0);
	imp_rd_bytes(r, size);
	return it;
}

static struct item expect(imp_rd *r, int type)
{
	static const struct item none = {IMP_CBOR_END, 0, NULL};
	if (imp_cbor_peek(r) == type)
		return next(r);
	imp_rd_fail(r, IMP_EBADMSG);
	return none;
}

int imp_cbor_peek(const imp_rd *r)
{
	return imp_rd_left(r) ? r->p[0] >> 5 : IMP_CBOR_END;
}

int imp_cbor_is_null(const imp_rd *r)
{
	return imp_rd_left(r) && r->p[0] == 0xf6;
}

uint64_t imp_cbor_uint(imp_rd *r)
{
	return expect(r, IMP_CBOR_UINT).value;
}

uint64_t imp_cbor_uint_max(imp_rd *r, uint64_t max)
{
	uint64_t v = imp_cbor_uint(r);
	if (v <= max)
		return v;
	imp_rd_fail(r, IMP_EBADMSG);
	return 0;
}

int64_t imp_cbor_int(imp_rd *r)
{
	struct item it = expect(r, imp_cbor_peek(r) == IMP_CBOR_NINT ? IMP_CBOR_NINT : IMP_CBOR_UINT);
	if (it.value > INT64_MAX) {
		imp_rd_fail(r, IMP_EBADMSG);
		return 0;
	}
	return it.type == IMP_CBOR_NINT ? -1 - (int64_t)it.value : (int64_t)it.value;
}

imp_span imp_cbor_bstr(imp_rd *r)
{
	struct item it = expect(r, IMP_CBOR_BSTR);
	return imp_bytes(it.bytes, (size_t)it.value);
}

imp_span imp_cbor_bstr_of(imp_rd *r, size_t len)
{
	imp_span s = imp_cbor_bstr(r);
	if (s.len == len)
		return s;
	imp_rd_fail(r, IMP_EBADMSG);
	return imp_bytes(NULL, 0);
}

imp_span imp_cbor_tstr(imp_rd *r)
{
	struct item it = expect(r, IMP_CBOR_TSTR);
	return imp_bytes(it.bytes, (size_t)it.value);
}

size_t imp_cbor_array(imp_rd *r)
{
	return (size_t)expect(r, IMP_CBOR_ARRAY).value;
}

void imp_cbor_array_of(imp_rd *r, size_t n)
{
	if (imp_cbor_array(r) != n)
		imp_rd_fail(r, IMP_EBADMSG);
}

size_t imp_cbor_map(imp_rd *r)
{
	return (size_t)expect(r, IMP_CBOR_MAP).value;
}

uint64_t imp_cbor_tag(imp_rd *r)
{
	return expect(r, IMP_CBOR_TAG).value;
}

void imp_cbor_tag_of(imp_rd *r, uint64_t tag)
{
	if (imp_cbor_tag(r) != tag)
		imp_rd_fail(r, IMP_EBADMSG);
}

int imp_cbor_bool(imp_rd *r)
{
	if (imp_rd_left(r) && (r->p[0] == 0xf4 || r->p[0] == 0xf5))
		return next(r).value != 0;
	imp_rd_fail(r, IMP_EBADMSG);
	return 0;
}

void imp_cbor_null(imp_rd *r)
{
	if (imp_cbor_is_null(r))
		next(r);
	else
		imp_rd_fail(r, IMP_EBADMSG);
}

/* How many items stand directly inside this one. */
static size_t children(const struct item *it)
{
	switch (it->type) {
	case IMP_CBOR_ARRAY:
		return (size_t)it->value;
	case IMP_CBOR_MAP:
		return 2 * (size_t)it->value; /* fits() keeps this from wrapping */
	case IMP_CBOR_TAG:
		return 1;
	default:
		return 0;
	}
}

imp_span imp_cbor_raw(imp_rd *r)
{
	size_t todo[IMP_CBOR_DEPTH + 1] = {1}; /* items still to come, per level */
	size_t level = 0, n;
	const uint8_t *from = r->p;
	do {
		struct item it = next(r);
		todo[level]--;
		n = children(&it);
		if (n && level == IMP_CBOR_DEPTH)
			imp_rd_fail(r, IMP_EBADMSG);
		else if (n)
			todo[++level] = n;
		while (level && !todo[level])
			level--;
	} while (!r->err && todo[level]);
	return r->err ? imp_bytes(NULL, 0) : imp_bytes(from, (size_t)(r->p - from));
}

imp_rd imp_cbor_inside(imp_rd *r)
{
	imp_rd in = imp_rd_of(imp_cbor_bstr(r));
	in.err = r->err;
	return in;
}

imp_span imp_cbor_find(imp_span map, const char *key)
{
	imp_rd r = imp_rd_of(map);
	for (size_t n = imp_cbor_map(&r); n && !r.err; n--) {
		imp_span k = imp_cbor_peek(&r) == IMP_CBOR_TSTR ? imp_cbor_tstr(&r) : (imp_cbor_raw(&r), imp_bytes(NULL, 0));
		imp_span value = imp_cbor_raw(&r);
		if (k.ptr && imp_same(k, imp_bytes(key, strlen(key))))
			return value;
	}
	return imp_bytes(NULL, 0);
}

imp_span imp_cbor_at(imp_span map, uint64_t key)
{
	imp_rd r = imp_rd_of(map);
	imp_span found = imp_bytes(NULL, 0), value;
	size_t n;
	if (!map.len || imp_cbor_check(map) != IMP_OK || imp_cbor_peek(&r) != IMP_CBOR_MAP)
		return imp_bytes(NULL, 0);
	for (n = imp_cbor_map(&r); n; n--) {
		int here = imp_cbor_peek(&r) == IMP_CBOR_UINT;
		imp_rd k = imp_rd_of(imp_cbor_raw(&r));
		value = imp_cbor_raw(&r);
		if (here && imp_cbor_uint(&k) == key)
			found = value;
	}
	return imp_rd_end(&r) == IMP_OK ? found : imp_bytes(NULL, 0);
}

imp_status imp_cbor_check(imp_span in)
{
	imp_rd r = imp_rd_of(in);
	imp_cbor_raw(&r);
	return imp_rd_end(&r);
}

enum { HEAD = 9 }; /* the longest */

void imp_cbor_put_uint(imp_wr *w, uint64_t v)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_uint(v, b, HEAD)));
}

void imp_cbor_put_int(imp_wr *w, int64_t v)
{
	uint8_t b[HEAD];
	if (v >= 0)
		imp_cbor_put_uint(w, (uint64_t)v);
	else
		imp_wr_bytes(w, imp_bytes(b, cbor_encode_negint((uint64_t)(-1 - v), b, HEAD)));
}

void imp_cbor_put_bstr_head(imp_wr *w, size_t len)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_bytestring_start(len, b, HEAD)));
}

void imp_cbor_put_bstr(imp_wr *w, imp_span s)
{
	imp_cbor_put_bstr_head(w, s.len);
	imp_wr_bytes(w, s);
}

void imp_cbor_put_tstr_head(imp_wr *w, size_t len)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_string_start(len, b, HEAD)));
}

void imp_cbor_put_tstr(imp_wr *w, imp_span s)
{
	imp_cbor_put_tstr_head(w, s.len);
	imp_wr_bytes(w, s);
}

void imp_cbor_put_text(imp_wr *w, const char *s)
{
	imp_cbor_put_tstr(w, imp_bytes(s, strlen(s)));
}

void imp_cbor_put_array(imp_wr *w, size_t n)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_array_start(n, b, HEAD)));
}

void imp_cbor_put_map(imp_wr *w, size_t pairs)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_map_start(pairs, b, HEAD)));
}

void imp_cbor_put_tag(imp_wr *w, uint64_t tag)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_tag(tag, b, HEAD)));
}

void imp_cbor_put_bool(imp_wr *w, int v)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_bool(v != 0, b, HEAD)));
}

void imp_cbor_put_null(imp_wr *w)
{
	uint8_t b[HEAD];
	imp_wr_bytes(w, imp_bytes(b, cbor_encode_null(b, HEAD)));
}
