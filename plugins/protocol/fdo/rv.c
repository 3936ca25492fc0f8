/* rv.c -- see rv.h. */
#include "rv.h"
#include "uri.h"

#include <string.h>

/* One directive, taken apart.  Ports and transports that are not stated are
 * 0: the port is the scheme's, the transport (REST) any that we have. */
struct parts {
	imp_span dns, ip;
	uint32_t seen; /* variables, a bit each */
	uint32_t number[FDO_RV_DELAY + 1];
};

enum { RV_HTTPS = 2, ADDR_HTTP = 3, ADDR_HTTPS = 5, HOST_MAX = 253, VARIABLES = 16,
       NUMBERS = 1 << FDO_RV_DEV_PORT | 1 << FDO_RV_OWNER_PORT | 1 << FDO_RV_PROTOCOL | 1 << FDO_RV_DELAY };

/* --- URIs --------------------------------------------------------------- */

/* A host and nothing else: no way to write a port, a path or a header. */
static int is_name(imp_span s)
{
	imp_uri u;
	return s.len <= HOST_MAX && imp_uri_authority(s, &u) == IMP_OK && imp_same(u.host, s);
}

/* URI number k of those that dns and ip give: names come first. */
static imp_status put_uri(imp_wr *w, int secure, const struct parts *p, size_t k, uint32_t port)
{
	imp_wr_text(w, secure ? "https://" : "http://");
	if (!k && is_name(p->dns))
		imp_wr_bytes(w, p->dns);
	else
		imp_uri_put_ip(w, p->ip);
	if (port) {
		imp_wr_u8(w, ':');
		imp_wr_decimal(w, port);
	}
	return imp_wr_end(w);
}

static size_t count_uris(const struct parts *p)
{
	return (size_t)is_name(p->dns) + (p->ip.len != 0);
}

static imp_span read_ip(imp_rd *r)
{
	imp_span ip = imp_cbor_bstr(r);
	if (ip.len != 4 && ip.len != 16)
		imp_rd_fail(r, IMP_EBADMSG);
	return ip;
}

/* --- RendezvousInfo ----------------------------------------------------- */

/* [variable] or [variable, bstr .cbor value].  What has no value may have one
 * all the same; what is not known may have any. */
static void instruction(imp_rd *r, struct parts *out)
{
	size_t n = imp_cbor_array(r);
	unsigned what = (unsigned)imp_cbor_uint_max(r, UINT8_MAX);
	uint32_t bit = what < VARIABLES ? 1u << what : 0;
	imp_rd v = imp_rd_of(n == 2 ? imp_cbor_bstr(r) : imp_bytes(NULL, 0));
	if (n - 1 > 1 || out->seen & bit)
		imp_rd_fail(r, IMP_EBADMSG);
	out->seen |= bit;
	if (what == FDO_RV_IP)
		out->ip = read_ip(&v);
	else if (what == FDO_RV_DNS)
		out->dns = imp_cbor_tstr(&v);
	else if (NUMBERS & bit)
		out->number[what] = (uint32_t)imp_cbor_uint_max(&v, what == FDO_RV_DELAY ? UINT32_MAX : UINT16_MAX);
	else if (imp_rd_left(&v))
		imp_cbor_raw(&v);
	if (imp_rd_end(&v))
		imp_rd_fail(r, IMP_EBADMSG);
}

static void directive(imp_rd *r, struct parts *out)
{
	memset(out, 0, sizeof *out);
	for (size_t n = imp_cbor_array(r); n && !r->err; n--)
		instruction(r, out);
}

imp_status fdo_rv_check(imp_span rvinfo)
{
	imp_rd r = imp_rd_of(rvinfo);
	struct parts p;
	size_t n = imp_cbor_array(&r);
	if (!n || n > FDO_RV_MOST)
		return IMP_EBADMSG;
	for (; n && !r.err; n--)
		directive(&r, &p);
	return imp_rd_end(&r);
}

size_t fdo_rv_count(imp_span rvinfo)
{
	imp_rd r = imp_rd_of(rvinfo);
	return imp_cbor_array(&r);
}

/* HTTP is what we speak. */
imp_status fdo_rv_look(imp_span rvinfo, size_t i, size_t k, int device, imp_wr *uri, fdo_directive *out)
{
	imp_rd r = imp_rd_of(rvinfo);
	size_t n = imp_cbor_array(&r);
	struct parts p;
	memset(out, 0, sizeof *out);
	if (i >= n)
		return r.err ? r.err : IMP_EPROTO;
	out->last = i + 1 == n;
	while (i--)
		imp_cbor_raw(&r);
	directive(&r, &p);
	out->bypass = p.seen >> FDO_RV_BYPASS & 1;
	if (!(p.seen >> (device ? FDO_RV_OWNER_ONLY : FDO_RV_DEV_ONLY) & 1)) {
		out->delay = p.number[FDO_RV_DELAY];
		out->addresses = (uint16_t)(p.number[FDO_RV_PROTOCOL] <= RV_HTTPS ? count_uris(&p) : 0);
	}
	if (k < out->addresses && !r.err)
		return put_uri(uri, p.number[FDO_RV_PROTOCOL] == RV_HTTPS, &p, k, p.number[device ? FDO_RV_DEV_PORT : FDO_RV_OWNER_PORT]);
	return r.err;
}

imp_status fdo_rv_directive(imp_span rvinfo, size_t i, int device, fdo_directive *out)
{
	return fdo_rv_look(rvinfo, i, SIZE_MAX, device, NULL, out);
}

imp_status fdo_rv_uri(imp_span rvinfo, size_t i, size_t k, int device, imp_wr *uri)
{
	fdo_directive d;
	imp_status st = fdo_rv_look(rvinfo, i, k, device, uri, &d);
	return !st && k >= d.addresses ? IMP_EPROTO : st;
}

/* --- RVTO2AddrEntry ----------------------------------------------------- */

static void address(imp_rd *r, struct parts *out)
{
	memset(out, 0, sizeof *out);
	imp_cbor_array_of(r, 4);
	if (imp_cbor_is_null(r))
		imp_cbor_null(r);
	else
		out->ip = read_ip(r);
	if (imp_cbor_is_null(r))
		imp_cbor_null(r);
	else
		out->dns = imp_cbor_tstr(r);
	out->number[FDO_RV_DEV_PORT] = (uint32_t)imp_cbor_uint_max(r, UINT16_MAX);
	out->number[FDO_RV_PROTOCOL] = (uint32_t)imp_cbor_uint_max(r, UINT8_MAX);
	if (!out->ip.len && !out->dns.len)
		imp_rd_fail(r, IMP_EBADMSG);
}

imp_status fdo_addr_uri(imp_span addrs, size_t k, imp_wr *uri)
{
	imp_rd r = imp_rd_of(addrs);
	struct parts p;
	size_t n = imp_cbor_array(&r), has;
	if (!n)
		return IMP_EBADMSG;
	for (; n && !r.err; n--) {
		uint32_t how;
		address(&r, &p);
		how = p.number[FDO_RV_PROTOCOL];
		has = how == ADDR_HTTP || how == ADDR_HTTPS ? count_uris(&p) : 0;
		if (k < has && !r.err)
			return put_uri(uri, how == ADDR_HTTPS, &p, k, p.number[FDO_RV_DEV_PORT]);
		k -= has;
	}
	return imp_rd_end(&r) ? IMP_EBADMSG : IMP_EPROTO;
}

/* All of them are read when none is meant. */
imp_status fdo_addr_check(imp_span addrs)
{
	imp_status st = fdo_addr_uri(addrs, SIZE_MAX, NULL);
	return st == IMP_EPROTO ? IMP_OK : st;
}
