/* rv.c -- see rv.h. */
#include "rv.h"

#include <string.h>

/* One directive, taken apart.  Ports and transports that are not stated are
 * left to the URI's scheme. */
struct parts {
	imp_span dns, ip;
	uint32_t delay;
	uint16_t port;
	uint8_t  protocol, dev_only, owner_only, bypass;
};

enum { RV_REST = 0, RV_HTTP = 1, RV_HTTPS = 2, ADDR_HTTP = 3, ADDR_HTTPS = 5, HOST_MAX = 253 };

/* --- URIs --------------------------------------------------------------- */

static void put_decimal(imp_wr *w, unsigned v)
{
	if (v >= 10)
		put_decimal(w, v / 10);
	imp_wr_u8(w, (uint8_t)('0' + v % 10));
}

static void put_hex(imp_wr *w, unsigned v)
{
	if (v >= 16)
		put_hex(w, v / 16);
	imp_wr_u8(w, (uint8_t)"0123456789abcdef"[v % 16]);
}

static void put_ip(imp_wr *w, imp_span ip)
{
	int v6 = ip.len == 16;
	if (v6)
		imp_wr_u8(w, '[');
	for (size_t i = 0; i < ip.len; i += v6 ? 2 : 1) {
		if (i)
			imp_wr_u8(w, v6 ? ':' : '.');
		if (v6)
			put_hex(w, (unsigned)ip.ptr[i] << 8 | ip.ptr[i + 1]);
		else
			put_decimal(w, ip.ptr[i]);
	}
	if (v6)
		imp_wr_u8(w, ']');
}

/* Only what a name is made of: no way to write a path or a header. */
static int is_name(imp_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t ch = s.ptr[i];
		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '.' || ch == '_'))
			return 0;
	}
	return s.len && s.len <= HOST_MAX;
}

static void put_uri(imp_wr *w, int secure, imp_span dns, imp_span ip, uint16_t port)
{
	imp_wr_text(w, secure ? "https://" : "http://");
	if (dns.len)
		imp_wr_bytes(w, dns);
	else
		put_ip(w, ip);
	if (!port)
		return;
	imp_wr_u8(w, ':');
	put_decimal(w, port);
}

/* --- RendezvousInfo ----------------------------------------------------- */

static void variable(imp_rd *v, uint64_t what, int device, struct parts *out)
{
	switch (what) {
	case FDO_RV_DEV_ONLY:
		out->dev_only = 1;
		break;
	case FDO_RV_OWNER_ONLY:
		out->owner_only = 1;
		break;
	case FDO_RV_BYPASS:
		out->bypass = 1;
		break;
	case FDO_RV_IP:
		out->ip = imp_cbor_bstr(v);
		if (out->ip.len != 4 && out->ip.len != 16)
			imp_rd_fail(v, IMP_EBADMSG);
		break;
	case FDO_RV_DNS:
		out->dns = imp_cbor_tstr(v);
		break;
	case FDO_RV_DEV_PORT:
	case FDO_RV_OWNER_PORT: {
		uint16_t port = (uint16_t)imp_cbor_uint_max(v, UINT16_MAX);
		if (device == (what == FDO_RV_DEV_PORT))
			out->port = port;
		break;
	}
	case FDO_RV_PROTOCOL:
		out->protocol = (uint8_t)imp_cbor_uint_max(v, UINT8_MAX);
		break;
	case FDO_RV_DELAY:
		out->delay = (uint32_t)imp_cbor_uint_max(v, UINT32_MAX);
		break;
	default:
		imp_cbor_raw(v);
	}
}

/* [variable] or [variable, bstr .cbor value].  DevOnly, OwnerOnly and Bypass
 * have no value; one that is there all the same is not looked at. */
static void instruction(imp_rd *r, int device, struct parts *out, uint32_t *seen)
{
	size_t n = imp_cbor_array(r);
	uint64_t what = imp_cbor_uint_max(r, UINT8_MAX);
	int bare = what == FDO_RV_DEV_ONLY || what == FDO_RV_OWNER_ONLY || what == FDO_RV_BYPASS;
	imp_rd v = imp_rd_of(imp_bytes(NULL, 0));
	if (n != 1 && n != 2)
		imp_rd_fail(r, IMP_EBADMSG);
	if (what < 32 && *seen >> what & 1)
		imp_rd_fail(r, IMP_EBADMSG);
	*seen |= what < 32 ? (uint32_t)1 << what : 0;
	if (n == 2)
		v = imp_rd_of(imp_cbor_bstr(r));
	if (r->err)
		return;
	variable(&v, what, device, out);
	if (bare ? v.err : imp_rd_end(&v))
		imp_rd_fail(r, IMP_EBADMSG);
}

static void directive(imp_rd *r, int device, struct parts *out)
{
	uint32_t seen = 0;
	memset(out, 0, sizeof *out);
	out->protocol = RV_REST;
	for (size_t n = imp_cbor_array(r); n && !r->err; n--)
		instruction(r, device, out, &seen);
}

static imp_status nth(imp_span rvinfo, size_t i, int device, struct parts *out)
{
	imp_rd r = imp_rd_of(rvinfo);
	size_t n = imp_cbor_array(&r);
	if (r.err || i >= n)
		return r.err ? r.err : IMP_EPROTO;
	while (i--)
		imp_cbor_raw(&r);
	directive(&r, device, out);
	return r.err;
}

imp_status fdo_rv_check(imp_span rvinfo)
{
	imp_rd r = imp_rd_of(rvinfo);
	struct parts p;
	size_t n = imp_cbor_array(&r);
	if (!n)
		return IMP_EBADMSG;
	for (; n && !r.err; n--)
		directive(&r, 1, &p);
	return imp_rd_end(&r);
}

size_t fdo_rv_count(imp_span rvinfo)
{
	imp_rd r = imp_rd_of(rvinfo);
	return imp_cbor_array(&r);
}

/* HTTP is what we speak; REST leaves the choice to us. */
static int usable(const struct parts *p)
{
	return p->protocol == RV_REST || p->protocol == RV_HTTP || p->protocol == RV_HTTPS;
}

imp_status fdo_rv_directive(imp_span rvinfo, size_t i, int device, fdo_directive *out)
{
	struct parts p;
	imp_status st = nth(rvinfo, i, device, &p);
	memset(out, 0, sizeof *out);
	if (st)
		return st;
	out->bypass = p.bypass;
	out->delay = p.delay;
	if (usable(&p) && !(device ? p.owner_only : p.dev_only))
		out->addresses = (uint16_t)(is_name(p.dns) + (p.ip.len != 0));
	out->skip = !out->addresses;
	return IMP_OK;
}

imp_status fdo_rv_uri(imp_span rvinfo, size_t i, size_t k, int device, imp_wr *uri)
{
	struct parts p;
	fdo_directive d;
	imp_status st = fdo_rv_directive(rvinfo, i, device, &d);
	if (st || k >= d.addresses)
		return st ? st : IMP_EPROTO;
	nth(rvinfo, i, device, &p);
	put_uri(uri, p.protocol == RV_HTTPS, !k && is_name(p.dns) ? p.dns : imp_bytes(NULL, 0), p.ip, p.port);
	return imp_wr_end(uri);
}

/* --- RVTO2AddrEntry ----------------------------------------------------- */

static void address(imp_rd *r, struct parts *out)
{
	memset(out, 0, sizeof *out);
	imp_cbor_array_of(r, 4);
	if (imp_cbor_is_null(r))
		imp_cbor_null(r);
	else {
		out->ip = imp_cbor_bstr(r);
		if (out->ip.len != 4 && out->ip.len != 16)
			imp_rd_fail(r, IMP_EBADMSG);
	}
	if (imp_cbor_is_null(r))
		imp_cbor_null(r);
	else
		out->dns = imp_cbor_tstr(r);
	out->port = (uint16_t)imp_cbor_uint_max(r, UINT16_MAX);
	out->protocol = (uint8_t)imp_cbor_uint_max(r, UINT8_MAX);
}

imp_status fdo_addr_check(imp_span addrs)
{
	imp_rd r = imp_rd_of(addrs);
	struct parts p;
	size_t n = imp_cbor_array(&r);
	if (!n)
		return IMP_EBADMSG;
	for (; n && !r.err; n--) {
		address(&r, &p);
		if (!p.ip.len && !p.dns.len)
			imp_rd_fail(&r, IMP_EBADMSG);
	}
	return imp_rd_end(&r);
}

imp_status fdo_addr_uri(imp_span addrs, size_t k, imp_wr *uri)
{
	imp_rd r = imp_rd_of(addrs);
	struct parts p;
	for (size_t n = imp_cbor_array(&r); n && !r.err; n--) {
		size_t dns, has;
		address(&r, &p);
		if (r.err || (p.protocol != ADDR_HTTP && p.protocol != ADDR_HTTPS))
			continue;
		dns = (size_t)is_name(p.dns);
		has = dns + (p.ip.len != 0);
		if (k < has) {
			put_uri(uri, p.protocol == ADDR_HTTPS, dns && !k ? p.dns : imp_bytes(NULL, 0), p.ip, p.port);
			return imp_wr_end(uri);
		}
		k -= has;
	}
	return r.err ? r.err : IMP_EPROTO;
}
