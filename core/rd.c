/* rd.c -- see rd.h. */
#include "rd.h"

imp_rd imp_rd_of(imp_span in)
{
	imp_rd r = {in.ptr, in.ptr ? in.ptr + in.len : in.ptr, in.ptr, IMP_OK};
	return r;
}

void imp_rd_fail(imp_rd *r, imp_status err)
{
	if (!r->err)
		r->err = err;
}

size_t imp_rd_left(const imp_rd *r)
{
	return r->err ? 0 : (size_t)(r->end - r->p);
}

size_t imp_rd_at(const imp_rd *r)
{
	return (size_t)(r->p - r->start);
}

imp_span imp_rd_bytes(imp_rd *r, size_t n)
{
	imp_span s = {NULL, 0};
	if (n > imp_rd_left(r)) {
		imp_rd_fail(r, IMP_EBADMSG);
		return s;
	}
	s = imp_bytes(r->p, n);
	if (n)
		r->p += n;
	return s;
}

imp_span imp_rd_rest(imp_rd *r)
{
	return imp_rd_bytes(r, imp_rd_left(r));
}

static uint64_t big_endian(imp_rd *r, size_t n)
{
	imp_span s = imp_rd_bytes(r, n);
	uint64_t v = 0;
	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

uint8_t imp_rd_u8(imp_rd *r)
{
	return (uint8_t)big_endian(r, 1);
}

uint16_t imp_rd_be16(imp_rd *r)
{
	return (uint16_t)big_endian(r, 2);
}

uint32_t imp_rd_be32(imp_rd *r)
{
	return (uint32_t)big_endian(r, 4);
}

uint64_t imp_rd_be64(imp_rd *r)
{
	return big_endian(r, 8);
}

imp_status imp_rd_end(const imp_rd *r)
{
	if (r->err)
		return r->err;
	return r->p == r->end ? IMP_OK : IMP_EBADMSG;
}

int imp_same(imp_span a, imp_span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.ptr, b.ptr, a.len));
}
