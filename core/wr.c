/* wr.c -- see wr.h. */
#include "wr.h"

imp_wr imp_wr_to(void *to, size_t cap)
{
	imp_wr w = {to, cap, 0, IMP_OK};
	return w;
}

void imp_wr_fail(imp_wr *w, imp_status err)
{
	if (!w->err)
		w->err = err;
}

void imp_wr_decimal(imp_wr *w, uint32_t v)
{
	if (v >= 10)
		imp_wr_decimal(w, v / 10);
	imp_wr_u8(w, (uint8_t)('0' + v % 10));
}

uint8_t *imp_wr_gap(imp_wr *w, size_t n)
{
	size_t at = w->len;
	if (n > SIZE_MAX - w->len) {
		imp_wr_fail(w, IMP_ENOSPC);
		return NULL;
	}
	w->len += n;
	return w->to && w->len <= w->cap ? w->to + at : NULL;
}

void imp_wr_bytes(imp_wr *w, imp_span s)
{
	uint8_t *p = imp_wr_gap(w, s.len);
	if (p && s.len)
		memcpy(p, s.ptr, s.len);
}

void imp_wr_insert(imp_wr *w, size_t at, imp_span s)
{
	size_t tail = w->len - at;
	if (!imp_wr_gap(w, s.len) || !s.len)
		return;
	memmove(w->to + at + s.len, w->to + at, tail);
	memcpy(w->to + at, s.ptr, s.len);
}

void imp_wr_text(imp_wr *w, const char *s)
{
	imp_wr_bytes(w, imp_bytes(s, strlen(s)));
}

static void big_endian(imp_wr *w, uint64_t v, size_t n)
{
	uint8_t *p = imp_wr_gap(w, n);
	for (size_t i = 0; p && i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

void imp_wr_u8(imp_wr *w, uint8_t v)
{
	big_endian(w, v, 1);
}

void imp_wr_be16(imp_wr *w, uint16_t v)
{
	big_endian(w, v, 2);
}

void imp_wr_be32(imp_wr *w, uint32_t v)
{
	big_endian(w, v, 4);
}

void imp_wr_be64(imp_wr *w, uint64_t v)
{
	big_endian(w, v, 8);
}

size_t imp_wr_need(const imp_wr *w)
{
	return w->len;
}

imp_status imp_wr_end(const imp_wr *w)
{
	if (w->err)
		return w->err;
	return w->len > w->cap ? IMP_ENOSPC : IMP_OK;
}

imp_span imp_wr_span(const imp_wr *w)
{
	return imp_wr_end(w) ? imp_bytes(NULL, 0) : imp_bytes(w->to, w->len);
}
