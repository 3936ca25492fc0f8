/* gas.c -- see gas.h. */
#include "gas.h"
#include "rd.h"

/* The Advertisement Protocol element: a vendor's, DPP's.  The third byte says
 * how long responses may be; nobody is bound by it. */
static const uint8_t protocol[] = {0x6c, 0x08, 0x7f, 0xdd, 0x05, 0x50, 0x6f, 0x9a, 0x1a, 0x01};
enum { LIMIT = 2, MORE = 0x80 };

static uint16_t le16(imp_rd *r)
{
	uint8_t low = imp_rd_u8(r);
	return (uint16_t)(low | imp_rd_u8(r) << 8);
}

static void put_le16(imp_wr *w, size_t v)
{
	imp_wr_u8(w, (uint8_t)v);
	imp_wr_u8(w, (uint8_t)(v >> 8));
}

int imp_gas_is(uint8_t first)
{
	return first >= IMP_GAS_REQUEST && first <= IMP_GAS_COMEBACK_RESPONSE;
}

static void read_protocol(imp_rd *r)
{
	imp_span s = imp_rd_bytes(r, sizeof protocol);
	if (s.len && (memcmp(s.ptr, protocol, LIMIT) || memcmp(s.ptr + LIMIT + 1, protocol + LIMIT + 1, sizeof protocol - LIMIT - 1)))
		imp_rd_fail(r, IMP_EUNSUP);
}

imp_status imp_gas_read(imp_span in, imp_gas *out)
{
	imp_rd r = imp_rd_of(in);
	imp_gas g = {0};
	g.action = imp_rd_u8(&r);
	g.token = imp_rd_u8(&r);
	if (!imp_gas_is(g.action))
		imp_rd_fail(&r, IMP_EBADMSG);
	if (g.action == IMP_GAS_RESPONSE || g.action == IMP_GAS_COMEBACK_RESPONSE)
		g.status = le16(&r);
	if (g.action == IMP_GAS_COMEBACK_RESPONSE) {
		g.fragment = imp_rd_u8(&r);
		g.more = (g.fragment & MORE) != 0;
		g.fragment &= MORE - 1;
	}
	if (g.action == IMP_GAS_RESPONSE || g.action == IMP_GAS_COMEBACK_RESPONSE)
		g.delay = le16(&r);
	if (g.action != IMP_GAS_COMEBACK) {
		read_protocol(&r);
		g.body = imp_rd_bytes(&r, le16(&r));
	}
	if (g.status || g.delay)
		g.body.len = 0;
	if (!r.err)
		*out = g;
	return r.err;
}

void imp_gas_put(imp_wr *w, const imp_gas *g)
{
	int response = g->action == IMP_GAS_RESPONSE || g->action == IMP_GAS_COMEBACK_RESPONSE;
	imp_wr_u8(w, g->action);
	imp_wr_u8(w, g->token);
	if (response)
		put_le16(w, g->status);
	if (g->action == IMP_GAS_COMEBACK_RESPONSE)
		imp_wr_u8(w, (uint8_t)(g->fragment | (g->more ? MORE : 0)));
	if (response)
		put_le16(w, g->delay);
	if (g->action == IMP_GAS_COMEBACK)
		return;
	if (g->body.len > UINT16_MAX)
		imp_wr_fail(w, IMP_EARG);
	imp_wr_bytes(w, imp_bytes(protocol, sizeof protocol));
	put_le16(w, g->body.len);
	imp_wr_bytes(w, g->body);
}
