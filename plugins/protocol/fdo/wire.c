/* wire.c -- see wire.h. */
#include "wire.h"

#include <string.h>

/* --- shared parts ------------------------------------------------------- */

static imp_span fixed(imp_rd *r, size_t n)
{
	return imp_cbor_bstr_of(r, n);
}

static int32_t int32(imp_rd *r)
{
	int64_t v = imp_cbor_int(r);
	if (v < INT32_MIN || v > INT32_MAX)
		imp_rd_fail(r, IMP_EBADMSG);
	return r->err ? 0 : (int32_t)v;
}

static uint16_t uint16(imp_rd *r)
{
	return (uint16_t)imp_cbor_uint_max(r, UINT16_MAX);
}

static uint8_t uint8(imp_rd *r)
{
	return (uint8_t)imp_cbor_uint_max(r, UINT8_MAX);
}

static uint16_t uint16_or_null(imp_rd *r)
{
	if (!imp_cbor_is_null(r))
		return uint16(r);
	imp_cbor_null(r);
	return 0;
}

static imp_rd start(imp_span in, size_t elements)
{
	imp_rd r = imp_rd_of(in);
	imp_cbor_array_of(&r, elements);
	return r;
}

/* The first of two readers' errors. */
static imp_status ends(const imp_rd *a, const imp_rd *b)
{
	imp_status st = imp_rd_end(a);
	return st ? st : imp_rd_end(b);
}

static void digest(imp_rd *r, fdo_hash *out, int32_t a, int32_t b)
{
	imp_cbor_array_of(r, 2);
	out->alg = int32(r);
	out->value = imp_cbor_bstr(r);
	if ((out->alg != a && out->alg != b) || out->value.len != imp_hash_len(out->alg))
		imp_rd_fail(r, IMP_EBADMSG);
}

void fdo_hash_read(imp_rd *r, fdo_hash *out)
{
	digest(r, out, IMP_A_SHA256, IMP_A_SHA384);
}

void fdo_hmac_read(imp_rd *r, fdo_hash *out)
{
	digest(r, out, IMP_A_HMAC256, IMP_A_HMAC384);
}

void fdo_hash_or_null(imp_rd *r, fdo_hash *out)
{
	*out = (fdo_hash){0, {NULL, 0}};
	if (imp_cbor_is_null(r))
		imp_cbor_null(r);
	else
		fdo_hash_read(r, out);
}

void fdo_put_hash(imp_wr *w, const fdo_hash *h)
{
	if (!h->alg) {
		imp_cbor_put_null(w);
		return;
	}
	imp_cbor_put_array(w, 2);
	imp_cbor_put_int(w, h->alg);
	imp_cbor_put_bstr(w, h->value);
}

void fdo_siginfo_read(imp_rd *r, fdo_siginfo *out)
{
	imp_cbor_array_of(r, 2);
	out->type = int32(r);
	out->info = imp_cbor_bstr(r);
}

void fdo_put_siginfo(imp_wr *w, const fdo_siginfo *s)
{
	imp_cbor_put_array(w, 2);
	imp_cbor_put_int(w, s->type);
	imp_cbor_put_bstr(w, s->info);
}

void fdo_pubkey_read(imp_rd *r, fdo_pubkey *out)
{
	imp_rd in;
	out->raw = imp_cbor_raw(r);
	in = start(out->raw, 3);
	out->type = uint8(&in);
	out->enc = (uint8_t)imp_cbor_uint_max(&in, FDO_ENC_COSEKEY);
	out->body = imp_cbor_raw(&in);
	if (imp_rd_end(&in))
		imp_rd_fail(r, IMP_EBADMSG);
}

void fdo_put_raw(imp_wr *w, imp_span raw)
{
	imp_wr_bytes(w, raw);
}

/* --- DI ----------------------------------------------------------------- */

imp_status fdo_read_app_start(imp_span in, fdo_mfginfo *out)
{
	imp_rd r = start(in, 1), m = imp_cbor_inside(&r);
	imp_cbor_array_of(&m, 5);
	out->type = uint8(&m);
	out->enc = (uint8_t)imp_cbor_uint_max(&m, FDO_ENC_COSEKEY);
	out->serial = imp_cbor_tstr(&m);
	out->info = imp_cbor_tstr(&m);
	out->csr = imp_cbor_bstr(&m);
	return ends(&r, &m);
}

static void mfginfo(imp_wr *w, const fdo_mfginfo *m)
{
	imp_cbor_put_array(w, 5);
	imp_cbor_put_uint(w, m->type);
	imp_cbor_put_uint(w, m->enc);
	imp_cbor_put_tstr(w, m->serial);
	imp_cbor_put_tstr(w, m->info);
	imp_cbor_put_bstr(w, m->csr);
}

void fdo_put_app_start(imp_wr *w, const fdo_mfginfo *m)
{
	imp_wr measure = imp_wr_to(NULL, 0);
	mfginfo(&measure, m);
	imp_cbor_put_array(w, 1);
	imp_cbor_put_bstr_head(w, imp_wr_need(&measure));
	mfginfo(w, m);
}

imp_status fdo_read_set_credentials(imp_span in, imp_span *ovheader)
{
	imp_rd r = start(in, 1);
	*ovheader = imp_cbor_bstr(&r);
	return imp_rd_end(&r);
}

void fdo_put_set_credentials(imp_wr *w, imp_span ovheader)
{
	imp_cbor_put_array(w, 1);
	imp_cbor_put_bstr(w, ovheader);
}

imp_status fdo_read_set_hmac(imp_span in, fdo_hash *hmac, imp_span *raw)
{
	imp_rd r = start(in, 1), m;
	*raw = imp_cbor_raw(&r);
	m = imp_rd_of(*raw);
	fdo_hmac_read(&m, hmac);
	return ends(&r, &m);
}

void fdo_put_set_hmac(imp_wr *w, const fdo_hash *hmac)
{
	imp_cbor_put_array(w, 1);
	fdo_put_hash(w, hmac);
}

imp_status fdo_read_empty(imp_span in)
{
	imp_rd r = start(in, 0);
	return imp_rd_end(&r);
}

void fdo_put_empty(imp_wr *w)
{
	imp_cbor_put_array(w, 0);
}

/* --- TO0 ---------------------------------------------------------------- */

imp_status fdo_read_nonce(imp_span in, imp_span *nonce)
{
	imp_rd r = start(in, 1);
	*nonce = fixed(&r, FDO_NONCE);
	return imp_rd_end(&r);
}

static void put_nonce(imp_wr *w, const uint8_t *nonce)
{
	imp_cbor_put_bstr(w, imp_bytes(nonce, FDO_NONCE));
}

void fdo_put_nonce(imp_wr *w, const uint8_t nonce[FDO_NONCE])
{
	imp_cbor_put_array(w, 1);
	put_nonce(w, nonce);
}

imp_status fdo_read_owner_sign(imp_span in, fdo_owner_sign *out)
{
	imp_rd r = start(in, 2), m;
	out->to0d = imp_cbor_bstr(&r);
	out->to1d = imp_cbor_raw(&r);
	m = start(out->to0d, 3);
	out->voucher = imp_cbor_raw(&m);
	out->wait = (uint32_t)imp_cbor_uint_max(&m, UINT32_MAX);
	out->nonce = fixed(&m, FDO_NONCE);
	return ends(&r, &m);
}

void fdo_put_to0d_start(imp_wr *w)
{
	imp_cbor_put_array(w, 3);
}

void fdo_put_to0d_end(imp_wr *w, uint32_t wait, const uint8_t nonce[FDO_NONCE])
{
	imp_cbor_put_uint(w, wait);
	put_nonce(w, nonce);
}

void fdo_put_to0d(imp_wr *w, imp_span voucher, uint32_t wait, const uint8_t nonce[FDO_NONCE])
{
	fdo_put_to0d_start(w);
	fdo_put_raw(w, voucher);
	fdo_put_to0d_end(w, wait, nonce);
}

void fdo_put_owner_sign(imp_wr *w, imp_span to0d, imp_span to1d)
{
	imp_cbor_put_array(w, 2);
	imp_cbor_put_bstr(w, to0d);
	fdo_put_raw(w, to1d);
}

imp_status fdo_read_wait(imp_span in, uint32_t *seconds)
{
	imp_rd r = start(in, 1);
	*seconds = (uint32_t)imp_cbor_uint_max(&r, UINT32_MAX);
	return imp_rd_end(&r);
}

void fdo_put_wait(imp_wr *w, uint32_t seconds)
{
	imp_cbor_put_array(w, 1);
	imp_cbor_put_uint(w, seconds);
}

imp_status fdo_read_to1d(imp_span payload, fdo_to1d *out)
{
	imp_rd r = start(payload, 2), a;
	out->addrs = imp_cbor_raw(&r);
	fdo_hash_read(&r, &out->to0d);
	a = imp_rd_of(out->addrs);
	if (!imp_cbor_array(&a))
		imp_rd_fail(&r, IMP_EBADMSG);
	return imp_rd_end(&r);
}

void fdo_put_to1d(imp_wr *w, imp_span addrs, const fdo_hash *to0d)
{
	imp_cbor_put_array(w, 2);
	fdo_put_raw(w, addrs);
	fdo_put_hash(w, to0d);
}

/* --- TO1 ---------------------------------------------------------------- */

imp_status fdo_read_hello_rv(imp_span in, fdo_hello_rv *out)
{
	imp_rd r = start(in, 2);
	out->guid = fixed(&r, FDO_GUID);
	fdo_siginfo_read(&r, &out->sig);
	return imp_rd_end(&r);
}

void fdo_put_hello_rv(imp_wr *w, const fdo_hello_rv *m)
{
	imp_cbor_put_array(w, 2);
	imp_cbor_put_bstr(w, m->guid);
	fdo_put_siginfo(w, &m->sig);
}

/* Two messages of one shape: 16 bytes and a SigInfo. */
imp_status fdo_read_hello_rv_ack(imp_span in, fdo_hello_rv_ack *out)
{
	fdo_hello_rv m;
	imp_status st = fdo_read_hello_rv(in, &m);
	out->nonce = m.guid;
	out->sig = m.sig;
	return st;
}

void fdo_put_hello_rv_ack(imp_wr *w, const fdo_hello_rv_ack *m)
{
	fdo_hello_rv same = {m->nonce, m->sig};
	fdo_put_hello_rv(w, &same);
}

static void eat_claim(imp_rd *r, fdo_eat *out)
{
	int64_t label = imp_cbor_int(r);
	imp_span *once = label == FDO_EAT_NONCE ? &out->nonce : label == FDO_EAT_UEID ? &out->guid : label == FDO_EAT_FDO ? &out->xb : NULL;
	if (once && once->ptr) /* twice */
		imp_rd_fail(r, IMP_EBADMSG);
	if (label == FDO_EAT_FDO) {
		imp_cbor_array_of(r, 1);
		out->xb = imp_cbor_bstr(r);
	} else if (once)
		*once = fixed(r, label == FDO_EAT_NONCE ? FDO_NONCE : FDO_UEID);
	else
		imp_cbor_raw(r);
}

imp_status fdo_read_eat(imp_span in, imp_cose *cose, fdo_eat *out)
{
	imp_rd r = imp_rd_of(in), m;
	imp_span setup;
	memset(out, 0, sizeof *out);
	imp_cose_read(&r, IMP_COSE_SIGN1, cose);
	if (imp_rd_end(&r))
		return imp_rd_end(&r);
	m = imp_rd_of(cose->payload);
	for (size_t n = imp_cbor_map(&m); n && !m.err; n--)
		eat_claim(&m, out);
	if (out->guid.len && out->guid.ptr[0] == 1) /* EAT-RAND */
		out->guid = imp_bytes(out->guid.ptr + 1, FDO_GUID);
	else
		imp_rd_fail(&m, IMP_EBADMSG);
	if (!out->nonce.len)
		imp_rd_fail(&m, IMP_EBADMSG);
	setup = imp_cose_header(cose, FDO_EUPH_NONCE, 0);
	r = imp_rd_of(setup);
	if (setup.len)
		out->setup_nonce = fixed(&r, FDO_NONCE);
	return ends(&m, &r);
}

void fdo_put_eat_payload(imp_wr *w, const fdo_eat *m)
{
	imp_cbor_put_map(w, m->xb.len ? 3 : 2);
	imp_cbor_put_int(w, FDO_EAT_NONCE);
	imp_cbor_put_bstr(w, m->nonce);
	imp_cbor_put_int(w, FDO_EAT_UEID);
	imp_cbor_put_bstr_head(w, FDO_UEID);
	imp_wr_u8(w, 1);
	imp_wr_bytes(w, m->guid);
	if (!m->xb.len)
		return;
	imp_cbor_put_int(w, FDO_EAT_FDO);
	imp_cbor_put_array(w, 1);
	imp_cbor_put_bstr(w, m->xb);
}

void fdo_put_eat_header(imp_wr *w, const fdo_eat *m)
{
	imp_cbor_put_map(w, m->setup_nonce.len ? 1 : 0);
	if (!m->setup_nonce.len)
		return;
	imp_cbor_put_int(w, FDO_EUPH_NONCE);
	imp_cbor_put_bstr(w, m->setup_nonce);
}

/* --- TO2 ---------------------------------------------------------------- */

imp_status fdo_read_hello_device(imp_span in, fdo_hello_device *out)
{
	imp_rd r = start(in, 6);
	out->max_msg = uint16(&r);
	out->guid = fixed(&r, FDO_GUID);
	out->nonce = fixed(&r, FDO_NONCE);
	out->kex = imp_cbor_tstr(&r);
	out->cipher = int32(&r);
	fdo_siginfo_read(&r, &out->sig);
	return imp_rd_end(&r);
}

void fdo_put_hello_device(imp_wr *w, const fdo_hello_device *m)
{
	imp_cbor_put_array(w, 6);
	imp_cbor_put_uint(w, m->max_msg);
	imp_cbor_put_bstr(w, m->guid);
	imp_cbor_put_bstr(w, m->nonce);
	imp_cbor_put_tstr(w, m->kex);
	imp_cbor_put_int(w, m->cipher);
	fdo_put_siginfo(w, &m->sig);
}

static imp_status prove_ovhdr_header(const imp_cose *cose, fdo_prove_ovhdr *out)
{
	imp_rd nonce = imp_rd_of(imp_cose_header(cose, FDO_CUPH_NONCE, 0));
	imp_rd key = imp_rd_of(imp_cose_header(cose, FDO_CUPH_OWNER_KEY, 0));
	out->nonce_dv = fixed(&nonce, FDO_NONCE);
	fdo_pubkey_read(&key, &out->owner);
	return ends(&nonce, &key);
}

imp_status fdo_read_prove_ovhdr(imp_span in, imp_cose *cose, fdo_prove_ovhdr *out)
{
	imp_rd r = imp_rd_of(in), mac;
	imp_cose_read(&r, IMP_COSE_SIGN1, cose);
	if (imp_rd_end(&r))
		return imp_rd_end(&r);
	r = start(cose->payload, 8);
	out->ovheader = imp_cbor_bstr(&r);
	out->entries = uint8(&r);
	out->hmac_raw = imp_cbor_raw(&r);
	out->nonce_ov = fixed(&r, FDO_NONCE);
	fdo_siginfo_read(&r, &out->sig);
	out->xa = imp_cbor_bstr(&r);
	fdo_hash_read(&r, &out->hello);
	out->max_msg = uint16(&r);
	mac = imp_rd_of(out->hmac_raw);
	fdo_hmac_read(&mac, &out->hmac);
	if (imp_rd_end(&r) || imp_rd_end(&mac))
		return IMP_EBADMSG;
	return prove_ovhdr_header(cose, out);
}

void fdo_put_prove_ovhdr_payload(imp_wr *w, const fdo_prove_ovhdr *m)
{
	imp_cbor_put_array(w, 8);
	imp_cbor_put_bstr(w, m->ovheader);
	imp_cbor_put_uint(w, m->entries);
	fdo_put_raw(w, m->hmac_raw);
	imp_cbor_put_bstr(w, m->nonce_ov);
	fdo_put_siginfo(w, &m->sig);
	imp_cbor_put_bstr(w, m->xa);
	fdo_put_hash(w, &m->hello);
	imp_cbor_put_uint(w, m->max_msg);
}

void fdo_put_prove_ovhdr_header(imp_wr *w, const fdo_prove_ovhdr *m)
{
	imp_cbor_put_map(w, 2);
	imp_cbor_put_int(w, FDO_CUPH_NONCE);
	imp_cbor_put_bstr(w, m->nonce_dv);
	imp_cbor_put_int(w, FDO_CUPH_OWNER_KEY);
	fdo_put_raw(w, m->owner.raw);
}

imp_status fdo_read_get_entry(imp_span in, uint8_t *number)
{
	imp_rd r = start(in, 1);
	*number = uint8(&r);
	return imp_rd_end(&r);
}

void fdo_put_get_entry(imp_wr *w, uint8_t number)
{
	imp_cbor_put_array(w, 1);
	imp_cbor_put_uint(w, number);
}

imp_status fdo_read_next_entry(imp_span in, uint8_t *number, imp_span *entry)
{
	imp_rd r = start(in, 2);
	*number = uint8(&r);
	*entry = imp_cbor_raw(&r);
	return imp_rd_end(&r);
}

void fdo_put_next_entry(imp_wr *w, uint8_t number, imp_span entry)
{
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, number);
	fdo_put_raw(w, entry);
}

imp_status fdo_read_setup_device(imp_span in, imp_cose *cose, fdo_setup_device *out)
{
	imp_rd r = imp_rd_of(in);
	imp_cose_read(&r, IMP_COSE_SIGN1, cose);
	if (imp_rd_end(&r))
		return imp_rd_end(&r);
	r = start(cose->payload, 4);
	out->rvinfo = imp_cbor_raw(&r);
	out->guid = fixed(&r, FDO_GUID);
	out->nonce = fixed(&r, FDO_NONCE);
	fdo_pubkey_read(&r, &out->owner2);
	return imp_rd_end(&r);
}

void fdo_put_setup_device_payload(imp_wr *w, const fdo_setup_device *m)
{
	imp_cbor_put_array(w, 4);
	fdo_put_raw(w, m->rvinfo);
	imp_cbor_put_bstr(w, m->guid);
	imp_cbor_put_bstr(w, m->nonce);
	fdo_put_raw(w, m->owner2.raw);
}

static void put_uint_or_null(imp_wr *w, uint16_t v)
{
	if (v)
		imp_cbor_put_uint(w, v);
	else
		imp_cbor_put_null(w);
}

imp_status fdo_read_device_ready(imp_span in, fdo_hash *hmac, uint16_t *max)
{
	imp_rd r = start(in, 2);
	*hmac = (fdo_hash){0, {NULL, 0}};
	if (imp_cbor_is_null(&r))
		imp_cbor_null(&r);
	else
		fdo_hmac_read(&r, hmac);
	*max = uint16_or_null(&r);
	return imp_rd_end(&r);
}

void fdo_put_device_ready(imp_wr *w, const fdo_hash *hmac, uint16_t max)
{
	imp_cbor_put_array(w, 2);
	fdo_put_hash(w, hmac);
	put_uint_or_null(w, max);
}

imp_status fdo_read_owner_ready(imp_span in, uint16_t *max)
{
	imp_rd r = start(in, 1);
	*max = uint16_or_null(&r);
	return imp_rd_end(&r);
}

void fdo_put_owner_ready(imp_wr *w, uint16_t max)
{
	imp_cbor_put_array(w, 1);
	put_uint_or_null(w, max);
}

/* The pairs, all checked; null stands for none (Go's nil). */
static void info_pairs(imp_rd *r, fdo_info *out)
{
	const uint8_t *from;
	size_t n;
	if (imp_cbor_is_null(r)) {
		imp_cbor_null(r);
		return;
	}
	n = imp_cbor_array(r);
	if (n > UINT16_MAX)
		imp_rd_fail(r, IMP_EBADMSG);
	from = r->p;
	for (size_t i = 0; i < n && !r->err; i++) {
		imp_cbor_array_of(r, 2);
		imp_cbor_tstr(r);
		imp_cbor_bstr(r);
	}
	out->count = (uint16_t)n;
	out->pairs = imp_bytes(from, (size_t)(r->p - from));
}

imp_status fdo_read_device_info(imp_span in, fdo_info *out)
{
	imp_rd r = start(in, 2);
	memset(out, 0, sizeof *out);
	out->more = (uint8_t)imp_cbor_bool(&r);
	info_pairs(&r, out);
	return imp_rd_end(&r);
}

imp_status fdo_read_owner_info(imp_span in, fdo_info *out)
{
	imp_rd r = start(in, 3);
	memset(out, 0, sizeof *out);
	out->more = (uint8_t)imp_cbor_bool(&r);
	out->done = (uint8_t)imp_cbor_bool(&r);
	info_pairs(&r, out);
	return imp_rd_end(&r);
}

/* --- 255 ---------------------------------------------------------------- */

imp_status fdo_read_error(imp_span in, fdo_err *out)
{
	imp_rd r = start(in, 5);
	out->code = uint16(&r);
	out->previous = uint8(&r);
	out->text = imp_cbor_tstr(&r);
	imp_cbor_raw(&r); /* timestamp: int, tag 0 or 1, null */
	imp_cbor_raw(&r);
	return imp_rd_end(&r);
}

void fdo_error_said(const fdo_err *e, char out[FDO_SAID])
{
	imp_wr w = imp_wr_to(out, FDO_SAID - 1);
	imp_wr_decimal(&w, e->previous);
	imp_wr_text(&w, ": ");
	for (size_t i = 0; i < e->text.len && w.len < w.cap; i++)
		imp_wr_u8(&w, (uint8_t)(e->text.ptr[i] - ' ') < 0x5f ? e->text.ptr[i] : '?');
	out[w.len] = 0;
}

/* The timestamp is a bare 0: peers that were seen want an integer. */
void fdo_put_error(imp_wr *w, uint16_t code, uint8_t previous, const char *text)
{
	imp_cbor_put_array(w, 5);
	imp_cbor_put_uint(w, code);
	imp_cbor_put_uint(w, previous);
	imp_cbor_put_text(w, text);
	imp_cbor_put_uint(w, 0);
	imp_cbor_put_null(w);
}

uint16_t fdo_error_of(imp_status st)
{
	if (st == IMP_EBADMSG)
		return FDO_E_BODY;
	return st == IMP_EAUTH || st == IMP_EPROTO || st == IMP_EUNSUP ? FDO_E_INVALID : FDO_E_INTERNAL;
}
