/* wire.c -- see wire.h. */
#include "wire.h"

static uint16_t le16(imp_rd *r)
{
	uint16_t lo = imp_rd_u8(r);
	return (uint16_t)(lo | imp_rd_u8(r) << 8);
}

static imp_span next(imp_rd *r, uint16_t *id)
{
	*id = le16(r);
	return imp_rd_bytes(r, le16(r));
}

imp_status dpp_attrs_read(imp_span in, dpp_attrs *out)
{
	imp_rd r = imp_rd_of(in);
	dpp_attrs a = {in, in, {NULL, 0}};
	uint64_t seen = 0;
	memset(out, 0, sizeof *out);
	while (imp_rd_left(&r) && !r.err) {
		size_t at = imp_rd_at(&r);
		uint16_t id;
		imp_span value = next(&r, &id);
		unsigned bit = id - (unsigned)DPP_STATUS;
		if (r.err || a.wrapped.ptr)
			return IMP_EBADMSG;
		if (bit < 64 && id != DPP_CONFIG) {
			if (seen >> bit & 1)
				return IMP_EBADMSG;
			seen |= (uint64_t)1 << bit;
		}
		if (id == DPP_WRAPPED) {
			a.before = imp_bytes(in.ptr, at);
			a.wrapped = value;
		}
	}
	if (imp_rd_end(&r))
		return IMP_EBADMSG;
	*out = a;
	return IMP_OK;
}

static imp_span first(imp_span in, uint16_t id)
{
	imp_rd r = imp_rd_of(in);
	while (imp_rd_left(&r) && !r.err) {
		uint16_t is;
		imp_span value = next(&r, &is);
		if (is == id && !r.err)
			return value;
	}
	return imp_bytes(NULL, 0);
}

imp_span dpp_attr(const dpp_attrs *a, uint16_t id)
{
	return first(a->raw, id);
}

imp_span dpp_attr_of(const dpp_attrs *a, uint16_t id, size_t len)
{
	imp_span v = first(a->raw, id);
	return v.len == len ? v : imp_bytes(NULL, 0);
}

imp_span dpp_attr_next(const dpp_attrs *a, uint16_t id, imp_span prev)
{
	const uint8_t *end = a->raw.ptr + a->raw.len, *from = prev.ptr + prev.len;
	return first(imp_bytes(from, (size_t)(end - from)), id);
}

int dpp_attr_u8(const dpp_attrs *a, uint16_t id)
{
	imp_span v = dpp_attr_of(a, id, 1);
	return v.ptr ? v.ptr[0] : -1;
}

int dpp_attr_status(const dpp_attrs *a)
{
	int status = dpp_attr_u8(a, DPP_STATUS);
	return status >= 0 && status < DPP_STATUSES ? status : DPP_NO_STATUS;
}

uint16_t dpp_attr_group(const dpp_attrs *a)
{
	imp_span v = dpp_attr_of(a, DPP_GROUP, 2);
	return v.ptr ? (uint16_t)(v.ptr[0] | v.ptr[1] << 8) : 0;
}

static const uint8_t head[DPP_HEAD - 1] = {0x09, 0x50, 0x6f, 0x9a, 0x1a, 0x01};

imp_status dpp_frame_read(imp_span in, dpp_frame *out)
{
	dpp_frame f;
	memset(out, 0, sizeof *out);
	if (in.len < DPP_HEAD || memcmp(in.ptr, head, sizeof head))
		return IMP_EBADMSG;
	f.type = in.ptr[DPP_HEAD - 1];
	f.ad = imp_bytes(in.ptr + DPP_HEAD - DPP_AD, DPP_AD);
	if (dpp_attrs_read(imp_bytes(in.ptr + DPP_HEAD, in.len - DPP_HEAD), &f.attrs))
		return IMP_EBADMSG;
	*out = f;
	return IMP_OK;
}

void dpp_put_head(imp_wr *w, uint8_t type)
{
	imp_wr_bytes(w, imp_bytes(head, sizeof head));
	imp_wr_u8(w, type);
}

static void put_le16(imp_wr *w, size_t v)
{
	imp_wr_u8(w, (uint8_t)v);
	imp_wr_u8(w, (uint8_t)(v >> 8));
}

void dpp_put_attr_head(imp_wr *w, uint16_t id, size_t len)
{
	put_le16(w, id);
	put_le16(w, len);
	if (len > UINT16_MAX)
		imp_wr_fail(w, IMP_EARG);
}

void dpp_put_attr(imp_wr *w, uint16_t id, imp_span value)
{
	dpp_put_attr_head(w, id, value.len);
	imp_wr_bytes(w, value);
}

void dpp_put_attr_u8(imp_wr *w, uint16_t id, uint8_t value)
{
	dpp_put_attr(w, id, imp_bytes(&value, 1));
}

void dpp_put_attr_group(imp_wr *w, uint16_t group)
{
	dpp_put_attr_head(w, DPP_GROUP, 2);
	put_le16(w, group);
}
