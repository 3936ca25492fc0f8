/* der.c -- see der.h. */
#include "der.h"

static imp_span bad(imp_rd *r)
{
	imp_rd_fail(r, IMP_EBADMSG);
	return imp_bytes(NULL, 0);
}

int imp_der_peek(const imp_rd *r)
{
	return imp_rd_left(r) ? r->p[0] : -1;
}

/* The length field: shortest form only. */
static size_t length(imp_rd *r)
{
	uint32_t len = imp_rd_u8(r);
	unsigned n = len & 0x7f;
	if (len < 0x80)
		return len;
	if (n == 0 || n > 4) {
		bad(r);
		return 0;
	}
	len = 0;
	for (unsigned i = 0; i < n; i++)
		len = len << 8 | imp_rd_u8(r);
	if (len < 0x80 || (n > 1 && len >> 8 * (n - 1) == 0))
		bad(r);
	return len;
}

static imp_span element(imp_rd *r, uint8_t *tag)
{
	*tag = imp_rd_u8(r);
	if ((*tag & 0x1f) == 0x1f)
		return bad(r);
	return imp_rd_bytes(r, length(r));
}

imp_span imp_der_take(imp_rd *r, uint8_t tag)
{
	uint8_t t;
	return imp_der_peek(r) == tag ? element(r, &t) : bad(r);
}

imp_rd imp_der_in(imp_rd *r, uint8_t tag)
{
	imp_rd in = imp_rd_of(imp_der_take(r, tag));
	in.err = r->err;
	return in;
}

imp_span imp_der_raw(imp_rd *r)
{
	const uint8_t *from = r->p;
	uint8_t tag;
	element(r, &tag);
	return r->err ? imp_bytes(NULL, 0) : imp_bytes(from, (size_t)(r->p - from));
}

imp_span imp_der_int(imp_rd *r)
{
	imp_span s = imp_der_take(r, IMP_DER_INT);
	if (!s.len)
		return bad(r);
	if (s.len > 1 && ((s.ptr[0] == 0 && s.ptr[1] < 0x80) || (s.ptr[0] == 0xff && s.ptr[1] >= 0x80)))
		return bad(r);
	return s;
}

imp_span imp_der_uint(imp_rd *r)
{
	imp_span s = imp_der_int(r);
	if (!s.len || s.ptr[0] >= 0x80)
		return bad(r);
	return s.len > 1 && s.ptr[0] == 0 ? imp_bytes(s.ptr + 1, s.len - 1) : s;
}

imp_span imp_der_bits(imp_rd *r)
{
	imp_span s = imp_der_take(r, IMP_DER_BITS);
	return s.len && s.ptr[0] == 0 ? imp_bytes(s.ptr + 1, s.len - 1) : bad(r);
}

int imp_der_bool(imp_rd *r)
{
	imp_span s = imp_der_take(r, IMP_DER_BOOL);
	if (s.len != 1 || (s.ptr[0] != 0 && s.ptr[0] != 0xff))
		bad(r);
	return !r->err && s.ptr[0];
}

/* --- time ------------------------------------------------------------------ */

static int64_t days_before(int64_t year) /* 1 January, since year 0 */
{
	int64_t y = year - 1;
	return 365 * year + y / 4 - y / 100 + y / 400;
}

static int is_leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static unsigned month_days(int64_t year, unsigned month)
{
	static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[month] + (month == 1 && is_leap(year) ? 1u : 0);
}

static unsigned two_digits(imp_rd *r)
{
	unsigned a = imp_rd_u8(r) - (unsigned)'0', b = imp_rd_u8(r) - (unsigned)'0';
	if (a > 9 || b > 9)
		bad(r);
	return r->err ? 0 : 10 * a + b;
}

static int64_t clock_of(imp_rd *r, int64_t year)
{
	unsigned month = two_digits(r) - 1, day = two_digits(r) - 1;
	unsigned hour = two_digits(r), minute = two_digits(r), second = two_digits(r);
	int64_t days = days_before(year) - days_before(1970) + day;
	if (imp_rd_u8(r) != 'Z' || month > 11 || day >= month_days(year, month) || hour > 23 || minute > 59 || second > 59)
		bad(r);
	for (unsigned m = 0; !r->err && m < month; m++)
		days += month_days(year, m);
	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

int64_t imp_der_time(imp_rd *r)
{
	int utc = imp_der_peek(r) == IMP_DER_UTCTIME;
	imp_rd in = imp_der_in(r, utc ? IMP_DER_UTCTIME : IMP_DER_GENTIME);
	int64_t year = two_digits(&in), t;
	if (utc)
		year += year < 50 ? 2000 : 1900;
	else
		year = year * 100 + two_digits(&in);
	t = clock_of(&in, year);
	if (imp_rd_end(&in))
		bad(r);
	return r->err ? 0 : t;
}

static void put_digits(imp_wr *w, uint64_t v)
{
	imp_wr_u8(w, (uint8_t)('0' + v / 10 % 10));
	imp_wr_u8(w, (uint8_t)('0' + v % 10));
}

void imp_der_put_time(imp_wr *w, uint64_t unix_time)
{
	static const uint64_t last = 253402300799u; /* 9999-12-31 23:59:59 */
	uint64_t t = unix_time && unix_time < last ? unix_time : last, days = t / 86400;
	size_t mark = w->len;
	int64_t year = 1970 + (int64_t)(days / 366);
	unsigned month = 0;
	while (days_before(year + 1) - days_before(1970) <= (int64_t)days)
		year++;
	days -= (uint64_t)(days_before(year) - days_before(1970));
	for (; days >= month_days(year, month); month++)
		days -= month_days(year, month);
	if (year >= 2050)
		put_digits(w, (uint64_t)year / 100);
	put_digits(w, (uint64_t)year % 100);
	put_digits(w, month + 1);
	put_digits(w, days + 1);
	put_digits(w, t / 3600 % 24);
	put_digits(w, t / 60 % 60);
	put_digits(w, t % 60);
	imp_wr_u8(w, 'Z');
	imp_der_wrap(w, year >= 2050 ? IMP_DER_GENTIME : IMP_DER_UTCTIME, mark);
}

/* --- writing --------------------------------------------------------------- */

/* Bytes of the length field. */
static size_t length_size(size_t len)
{
	size_t n = 1;
	for (size_t v = len; len >= 0x80 && v; v >>= 8)
		n++;
	return n;
}

static void head(imp_wr *w, uint8_t tag, size_t len)
{
	size_t n = length_size(len);
	imp_wr_u8(w, tag);
	if (n > 1)
		imp_wr_u8(w, (uint8_t)(0x80 | (n - 1)));
	for (size_t i = n > 1 ? n - 1 : 1; i--;)
		imp_wr_u8(w, (uint8_t)(len >> 8 * i));
}

void imp_der_put(imp_wr *w, uint8_t tag, imp_span content)
{
	head(w, tag, content.len);
	imp_wr_bytes(w, content);
}

void imp_der_put_uint(imp_wr *w, imp_span v)
{
	while (v.len > 1 && v.ptr[0] == 0)
		v = imp_bytes(v.ptr + 1, v.len - 1);
	if (v.len && v.ptr[0] < 0x80) {
		imp_der_put(w, IMP_DER_INT, v);
		return;
	}
	head(w, IMP_DER_INT, v.len + 1);
	imp_wr_u8(w, 0);
	imp_wr_bytes(w, v);
}

void imp_der_put_bits(imp_wr *w, imp_span bytes)
{
	head(w, IMP_DER_BITS, bytes.len + 1);
	imp_wr_u8(w, 0);
	imp_wr_bytes(w, bytes);
}

void imp_der_wrap(imp_wr *w, uint8_t tag, size_t mark)
{
	uint8_t b[2 + sizeof(size_t)];
	imp_wr h = imp_wr_to(b, sizeof b);
	head(&h, tag, w->len - mark);
	imp_wr_insert(w, mark, imp_wr_span(&h));
}

/* --- ECDSA signatures ------------------------------------------------------ */

imp_status imp_der_sig_raw(imp_span der, uint8_t *out, size_t half)
{
	imp_rd r = imp_rd_of(der), in = imp_der_in(&r, IMP_DER_SEQ);
	imp_span part[2];
	for (int i = 0; i < 2; i++) {
		part[i] = imp_der_uint(&in);
		if (part[i].len > half)
			bad(&in);
	}
	if (imp_rd_end(&r) || imp_rd_end(&in))
		return IMP_EBADMSG;
	memset(out, 0, 2 * half);
	memcpy(out + half - part[0].len, part[0].ptr, part[0].len);
	memcpy(out + 2 * half - part[1].len, part[1].ptr, part[1].len);
	return IMP_OK;
}

void imp_der_put_sig(imp_wr *w, imp_span raw)
{
	size_t mark = w->len, half = raw.len / 2;
	imp_der_put_uint(w, imp_bytes(raw.ptr, half));
	imp_der_put_uint(w, imp_bytes(raw.ptr + half, half));
	imp_der_wrap(w, IMP_DER_SEQ, mark);
}
