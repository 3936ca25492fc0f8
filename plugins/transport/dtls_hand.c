/* dtls_hand.c -- what client and server do alike. */
#include "cbor.h"
#include "ct.h"
#include "dtls_cert.h"

int imp_dtls_number_of(const imp_dtls_profile *p, uint16_t id)
{
	for (int i = 0; i < p->count; i++)
		if (p->suites[i].id == id)
			return i;
	return -1;
}

int imp_dtls_alert_of(imp_status st)
{
	switch (st) {
	case IMP_EBADMSG:
		return IMP_DTLS_DECODE;
	case IMP_EAUTH:
		return IMP_DTLS_DECRYPT;
	case IMP_EDENIED:
		return IMP_DTLS_ACCESS_DENIED;
	case IMP_EPROTO:
		return IMP_DTLS_ILLEGAL;
	case IMP_EUNSUP:
	case IMP_EFACT:
		return IMP_DTLS_HANDSHAKE_FAILURE;
	}
	return IMP_DTLS_INTERNAL;
}

/* --- options ---------------------------------------------------------------------- */

static void default_order(struct imp_dtls_run *r)
{
	r->s->order_n = 0;
	for (uint8_t i = 0; i < r->p->count; i++)
		if (!r->p->suites[i].named)
			r->s->order[r->s->order_n++] = i;
}

/* Suites that this layer has, in the order given. */
static imp_status read_suites(struct imp_dtls_run *r, imp_rd *x)
{
	size_t n = imp_cbor_array(x);
	r->s->order_n = 0;
	for (size_t i = 0; i < n && !x->err; i++) {
		int k = imp_dtls_number_of(r->p, (uint16_t)imp_cbor_uint_max(x, 0xffff));
		if (k >= 0 && r->s->order_n < IMP_DTLS_SUITES)
			r->s->order[r->s->order_n++] = (uint8_t)k;
	}
	return imp_rd_end(x) == IMP_OK && r->s->order_n ? IMP_OK : IMP_EARG;
}

static imp_status read_types(struct imp_dtls *s, imp_rd *x)
{
	size_t n = imp_cbor_array(x);
	if (n < 1 || n > sizeof s->types)
		return IMP_EARG;
	for (size_t i = 0; i < n; i++)
		s->types[i] = (uint8_t)imp_cbor_uint_max(x, 2);
	s->types_n = (uint8_t)n;
	return imp_rd_end(x) == IMP_OK ? IMP_OK : IMP_EARG;
}

static imp_status read_name(struct imp_dtls *s, imp_rd *x)
{
	imp_span name = imp_cbor_tstr(x);
	if (imp_rd_end(x) < 0 || name.len > sizeof s->name)
		return IMP_EARG;
	if (name.len)
		memcpy(s->name, name.ptr, name.len);
	s->name_len = (uint8_t)name.len;
	return IMP_OK;
}

static imp_status read_flag(imp_rd *x, uint8_t *out)
{
	*out = imp_cbor_bool(x) != 0;
	return imp_rd_end(x) == IMP_OK ? IMP_OK : IMP_EARG;
}

static imp_status read_option(struct imp_dtls_run *r, int which, imp_rd *x)
{
	struct imp_dtls *s = r->s;
	switch (which) {
	case 0:
		return read_suites(r, x);
	case 1:
		return read_types(s, x);
	case 2:
		return read_name(s, x);
	case 3:
		s->timeout = (uint16_t)imp_cbor_uint_max(x, IMP_DTLS_TIMEOUT_MAX);
		return imp_rd_end(x) == IMP_OK && s->timeout ? IMP_OK : IMP_EARG;
	case 4:
		return read_flag(x, &s->cid_wanted);
	default:
		return read_flag(x, &s->auth);
	}
}

imp_status imp_dtls_options(struct imp_dtls_run *r, imp_span map)
{
	static const char keys[][8] = {"suites", "types", "sni", "timeout", "cid", "auth"};
	struct imp_dtls *s = r->s;
	default_order(r);
	s->types[0] = 0;
	s->types_n = 1;
	s->timeout = IMP_DTLS_TIMEOUT;
	s->cid_wanted = 0;
	s->auth = 1;
	if (!map.len)
		return IMP_OK;
	if (imp_cbor_check(map) < 0)
		return IMP_EARG;
	for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) {
		imp_span value = imp_cbor_find(map, keys[i]);
		imp_rd x = imp_rd_of(value);
		if (value.len && read_option(r, i, &x) < 0)
			return IMP_EARG;
	}
	return IMP_OK;
}

/* --- pieces of hellos ---------------------------------------------------------------- */

/* supported_groups (client only) and ec_point_formats: P-256, uncompressed. */
void imp_dtls_put_curves(imp_wr *w, int groups)
{
	static const uint8_t both[] = {0, IMP_DTLS_X_GROUPS, 0, 4, 0, 2, 0, 23, 0, IMP_DTLS_X_FORMATS, 0, 2, 1, 0};
	size_t skip = groups ? 0 : 8;
	imp_wr_bytes(w, imp_bytes(both + skip, sizeof both - skip));
}

/* --- ends of a handshake -------------------------------------------------------------- */

imp_status imp_dtls_make_keys(struct imp_dtls_run *r, imp_span secret)
{
	struct imp_dtls_premaster pm = {.len = 0};
	const struct imp_dtls_kex *k = imp_dtls_suite_of(r)->kex;
	imp_status st = k->premaster(r, secret, &pm);
	if (st == IMP_OK)
		st = imp_dtls_derive(r, imp_bytes(pm.bytes, pm.len));
	imp_wipe(&pm, sizeof pm);
	imp_wipe(imp_dtls_kex_at(r->s), k->certs ? IMP_DTLS_EC_LEAF : r->s->kex_cap); /* the leaf's key is needed yet */
	return st;
}

void imp_dtls_ccs_and_finished(struct imp_dtls_run *r)
{
	imp_wr w;
	uint8_t verify[12];
	imp_status st = imp_dtls_finished(r, r->s->server, verify);
	imp_dtls_put_ccs(r);
	w = imp_dtls_msg(r);
	imp_wr_bytes(&w, imp_bytes(verify, sizeof verify));
	if (st == IMP_OK)
		st = imp_dtls_msg_end(r, IMP_DTLS_FINISHED, &w);
	if (!r->s->server)
		memcpy(r->s->next.unique, verify, sizeof verify);
	if (st < 0)
		imp_dtls_fail(r, st, IMP_DTLS_INTERNAL);
}

int imp_dtls_check_finished(struct imp_dtls_run *r, imp_span body, int server)
{
	uint8_t verify[12];
	imp_status st = imp_dtls_finished(r, server, verify);
	if (st == IMP_OK && (body.len != sizeof verify || !imp_ct_equal(verify, body.ptr, sizeof verify)))
		st = IMP_EAUTH;
	if (st < 0)
		imp_dtls_fail(r, st, imp_dtls_alert_of(st));
	else if (server == 0)
		memcpy(r->s->next.unique, verify, sizeof verify);
	return st == IMP_OK;
}
