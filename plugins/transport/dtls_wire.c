/* dtls_wire.c -- see dtls_wire.h. */
#include "dtls_wire.h"

enum { SCSV = 0x00ff };

size_t imp_dtls_be24(const uint8_t *p)
{
	return (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
}

void imp_dtls_put_be24(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 16);
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)v;
}

imp_span imp_dtls_vec8(imp_rd *r)
{
	return imp_rd_bytes(r, imp_rd_u8(r));
}

imp_span imp_dtls_vec16(imp_rd *r)
{
	return imp_rd_bytes(r, imp_rd_be16(r));
}

imp_span imp_dtls_vec24(imp_rd *r)
{
	imp_span n = imp_rd_bytes(r, 3);
	return imp_rd_bytes(r, n.len ? imp_dtls_be24(n.ptr) : 0);
}

void imp_dtls_put_vec8(imp_wr *w, imp_span s)
{
	imp_wr_u8(w, (uint8_t)s.len);
	imp_wr_bytes(w, s);
}

/* --- records --------------------------------------------------------------- */

int imp_dtls_read_record(imp_rd *r, size_t cid_len, struct imp_dtls_record *out)
{
	const uint8_t *start = r->p;
	uint64_t number;
	out->type = imp_rd_u8(r);
	out->version = imp_rd_be16(r);
	number = imp_rd_be64(r);
	out->epoch = (uint16_t)(number >> 48);
	out->seq = number & 0xffffffffffffu;
	out->cid = imp_rd_bytes(r, out->type == IMP_DTLS_WITH_CID ? cid_len : 0);
	out->payload = imp_dtls_vec16(r);
	if (r->err || (out->version >> 8) != 0xfe || (out->type == IMP_DTLS_WITH_CID && !cid_len))
		return 0;
	out->head = imp_bytes(start, (size_t)(out->payload.ptr - start));
	return 1;
}

void imp_dtls_put_head(imp_wr *w, uint8_t type, uint16_t epoch, uint64_t seq, imp_span cid, size_t len)
{
	imp_wr_u8(w, type);
	imp_wr_be16(w, IMP_DTLS_12);
	imp_wr_be64(w, (uint64_t)epoch << 48 | seq);
	imp_wr_bytes(w, cid);
	imp_wr_be16(w, (uint16_t)len);
}

int imp_dtls_read_fragment(imp_rd *r, struct imp_dtls_fragment *out)
{
	imp_span head = imp_rd_bytes(r, IMP_DTLS_MSG_HEAD);
	if (!head.len)
		return 0;
	out->type = head.ptr[0];
	out->len = (uint32_t)imp_dtls_be24(head.ptr + 1);
	out->seq = (uint16_t)(head.ptr[4] << 8 | head.ptr[5]);
	out->at = (uint32_t)imp_dtls_be24(head.ptr + 6);
	out->part = imp_rd_bytes(r, imp_dtls_be24(head.ptr + 9));
	return !r->err && out->at <= out->len && out->part.len <= out->len - out->at;
}

void imp_dtls_put_fragment(uint8_t head[IMP_DTLS_MSG_HEAD], uint8_t type, uint16_t seq, size_t len, size_t at, size_t part)
{
	head[0] = type;
	imp_dtls_put_be24(head + 1, len);
	head[4] = (uint8_t)(seq >> 8);
	head[5] = (uint8_t)seq;
	imp_dtls_put_be24(head + 6, at);
	imp_dtls_put_be24(head + 9, part);
}

/* --- hellos ---------------------------------------------------------------- */

int imp_dtls_lists(imp_span list, uint16_t v)
{
	for (size_t i = 0; i + 1 < list.len; i += 2)
		if (list.ptr[i] == v >> 8 && list.ptr[i + 1] == (v & 0xff))
			return 1;
	return 0;
}

/* A list of two-byte numbers with its own length; at least one. */
static imp_span numbers(imp_rd *x)
{
	imp_span list = imp_dtls_vec16(x);
	if (!list.len || list.len % 2)
		imp_rd_fail(x, IMP_EBADMSG);
	return list;
}

/* The first host_name of a ServerNameList (RFC 6066, 3). */
static imp_span read_sni(imp_rd *x)
{
	imp_rd list = imp_rd_of(imp_dtls_vec16(x));
	imp_span host = {NULL, 0};
	while (imp_rd_left(&list) && !list.err) {
		int is_host = imp_rd_u8(&list) == 0;
		imp_span name = imp_dtls_vec16(&list);
		if (is_host && !host.len)
			host = name;
	}
	if (imp_rd_end(&list) < 0)
		imp_rd_fail(x, IMP_EBADMSG);
	return host;
}

/* Content of one extension; 0: not known here. */
static int read_extension(struct imp_dtls_hello *h, uint16_t type, imp_rd *x, int client)
{
	switch (type) {
	case IMP_DTLS_X_SNI:
		h->sni = client ? read_sni(x) : imp_rd_rest(x);
		return 1;
	case IMP_DTLS_X_GROUPS:
		h->groups = numbers(x);
		h->has_groups = 1;
		return 1;
	case IMP_DTLS_X_FORMATS:
		h->formats = imp_dtls_vec8(x);
		return 1;
	case IMP_DTLS_X_SIGS:
		h->sigs = numbers(x);
		h->has_sigs = 1;
		return 1;
	case IMP_DTLS_X_CLIENT_TYPE:
		h->client_types = client ? imp_dtls_vec8(x) : imp_rd_bytes(x, 1);
		return 1;
	case IMP_DTLS_X_SERVER_TYPE:
		h->server_types = client ? imp_dtls_vec8(x) : imp_rd_bytes(x, 1);
		return 1;
	case IMP_DTLS_X_EMS:
		h->ems = 1;
		return 1;
	case IMP_DTLS_X_CID:
		h->cid = imp_dtls_vec8(x);
		h->has_cid = 1;
		return 1;
	case IMP_DTLS_X_JPAKE:
		h->jpake = imp_rd_rest(x);
		return 1;
	case IMP_DTLS_X_RENEGOTIATION:
		h->renegotiation = 1;
		if (imp_dtls_vec8(x).len) /* of an initial handshake it is empty */
			imp_rd_fail(x, IMP_EBADMSG);
		return 1;
	}
	return 0;
}

/* Which of ours this type is, as a bit; 0: none. */
static uint32_t bit_of(uint16_t type)
{
	if (type < 31)
		return 1u << type;
	return type == IMP_DTLS_X_CID ? 1u << 31 : type == IMP_DTLS_X_JPAKE ? 1u << 30 : type == IMP_DTLS_X_RENEGOTIATION ? 1u << 29 : 0;
}

static void read_extensions(imp_rd *r, struct imp_dtls_hello *h, int client)
{
	imp_rd list;
	uint32_t seen = 0;
	if (!imp_rd_left(r) || r->err)
		return;
	list = imp_rd_of(imp_dtls_vec16(r));
	while (imp_rd_left(&list) && !list.err) {
		uint16_t type = imp_rd_be16(&list);
		imp_rd x = imp_rd_of(imp_dtls_vec16(&list));
		int known = read_extension(h, type, &x, client);
		if ((known && imp_rd_end(&x) < 0) || seen & bit_of(type))
			imp_rd_fail(r, IMP_EBADMSG);
		if (!known && !client)
			imp_rd_fail(r, IMP_EUNSUP);
		seen |= bit_of(type);
	}
	if (list.err)
		imp_rd_fail(r, IMP_EBADMSG);
}

static void read_start(imp_rd *r, struct imp_dtls_hello *h)
{
	memset(h, 0, sizeof *h);
	h->version = imp_rd_be16(r);
	h->random = imp_rd_bytes(r, 32);
	h->session = imp_dtls_vec8(r);
	if (h->session.len > 32)
		imp_rd_fail(r, IMP_EBADMSG);
}

imp_status imp_dtls_read_hello_start(imp_span part, struct imp_dtls_hello *h)
{
	imp_rd r = imp_rd_of(part);
	read_start(&r, h);
	h->cookie = imp_dtls_vec8(&r);
	return r.err;
}

imp_status imp_dtls_read_client_hello(imp_span body, struct imp_dtls_hello *h)
{
	imp_rd r = imp_rd_of(body);
	imp_span methods;
	read_start(&r, h);
	h->cookie = imp_dtls_vec8(&r);
	h->suites = numbers(&r);
	methods = imp_dtls_vec8(&r);
	for (size_t i = 0; i < methods.len; i++)
		h->null_compression |= !methods.ptr[i];
	h->renegotiation = imp_dtls_lists(h->suites, SCSV);
	read_extensions(&r, h, 1);
	return imp_rd_end(&r);
}

imp_status imp_dtls_read_server_hello(imp_span body, struct imp_dtls_hello *h)
{
	imp_rd r = imp_rd_of(body);
	read_start(&r, h);
	h->suite = imp_rd_be16(&r);
	h->null_compression = !imp_rd_u8(&r);
	read_extensions(&r, h, 0);
	return imp_rd_end(&r);
}

size_t imp_dtls_open_ext(imp_wr *w, uint16_t type)
{
	imp_wr_be16(w, type);
	imp_wr_be16(w, 0);
	return w->len - 2;
}

void imp_dtls_close16(imp_wr *w, size_t mark)
{
	size_t n = w->len - mark - 2;
	if (w->len > w->cap)
		return;
	w->to[mark] = (uint8_t)(n >> 8);
	w->to[mark + 1] = (uint8_t)n;
}
