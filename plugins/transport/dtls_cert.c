/* dtls_cert.c -- see dtls_cert.h. */
#include "dtls_cert.h"
#include "alg.h"
#include "dtls_psk.h"
#include "x509.h"

enum { ECDSA_SIGN = 64 };

/* --- our certificates --------------------------------------------------------------- */

static imp_status put(struct imp_dtls_run *r, imp_span chain)
{
	imp_wr w = imp_dtls_msg(r);
	uint8_t len[3];
	imp_dtls_put_be24(len, chain.len);
	imp_wr_bytes(&w, imp_bytes(len, 3));
	imp_wr_bytes(&w, chain); /* a raw key stands alone, behind the one length */
	return imp_dtls_msg_end(r, IMP_DTLS_CERTIFICATE, &w);
}

static imp_status put_request(struct imp_dtls_run *r)
{
	static const uint8_t body[] = {1, ECDSA_SIGN, 0, 2, 4, 3, 0, 0};
	imp_wr w = imp_dtls_msg(r);
	imp_wr_bytes(&w, imp_bytes(body, sizeof body));
	return imp_dtls_msg_end(r, IMP_DTLS_CERT_REQUEST, &w);
}

/* --- the peer's ----------------------------------------------------------------------- */

static imp_status leaf_key(const struct imp_dtls *s, imp_span all, imp_key *out)
{
	imp_rd x = imp_rd_of(all);
	imp_cert c;
	imp_status st;
	if (s->next.peer_type == IMP_DTLS_RAW)
		return imp_spki_read(all, out);
	st = imp_cert_read(imp_dtls_vec24(&x), &c);
	if (st < 0)
		return st;
	*out = c.key;
	return c.usage == IMP_USAGE_ABSENT || c.usage & IMP_USAGE_SIGN ? IMP_OK : IMP_EAUTH;
}

static imp_status take(struct imp_dtls_run *r, imp_span body)
{
	struct imp_dtls *s = r->s;
	imp_rd x = imp_rd_of(body);
	imp_span all = imp_dtls_vec24(&x);
	imp_status st = imp_rd_end(&x);
	imp_key k;
	if (st == IMP_OK)
		st = imp_dtls_keep_peer(s, all);
	if (st < 0 || !all.len)
		return st < 0 ? st : 1;
	st = leaf_key(s, all, &k);
	if (st < 0)
		return st;
	if (k.alg != IMP_C_P256 || k.bits.len != IMP_DTLS_POINT)
		return IMP_EUNSUP;
	memcpy(imp_dtls_kex_at(s) + IMP_DTLS_EC_LEAF, k.bits.ptr, IMP_DTLS_POINT);
	return IMP_OK;
}

/* ECDSA with SHA-256 must be among what the server takes; its list of
 * authorities is for whoever chooses the chain, and passed over here. */
static imp_status take_request(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	imp_span types = imp_dtls_vec8(&x), sigs = imp_dtls_vec16(&x);
	imp_dtls_vec16(&x);
	(void)r, (void)types;
	if (imp_rd_end(&x) < 0)
		return IMP_EBADMSG;
	return imp_dtls_lists(sigs, IMP_DTLS_ES256) ? IMP_OK : IMP_EUNSUP;
}

/* --- signatures ---------------------------------------------------------------------------- */

static imp_status sign_digest(struct imp_dtls_run *r, imp_wr *w, imp_span flat_key, const uint8_t hash[32])
{
	const imp_crypto *c = r->cx->crypto;
	imp_key k = imp_key_from(flat_key);
	uint8_t raw[64];
	size_t len = sizeof raw, mark;
	imp_status st = k.alg == IMP_C_P256 ? c->sign(c, IMP_A_ES256, &k, imp_bytes(hash, 32), raw, &len) : IMP_EARG;
	if (st < 0)
		return st;
	imp_wr_be16(w, IMP_DTLS_ES256);
	mark = w->len;
	imp_wr_be16(w, 0);
	imp_der_put_sig(w, imp_bytes(raw, len));
	imp_dtls_close16(w, mark);
	return imp_wr_end(w);
}

static imp_status check_digest(struct imp_dtls_run *r, imp_rd *x, const uint8_t hash[32])
{
	const imp_crypto *c = r->cx->crypto;
	imp_key k = {IMP_C_P256, 0, 0, {imp_dtls_kex_at(r->s) + IMP_DTLS_EC_LEAF, IMP_DTLS_POINT}};
	uint16_t alg = imp_rd_be16(x);
	imp_span der = imp_dtls_vec16(x);
	uint8_t raw[64];
	if (x->err)
		return x->err;
	if (alg != IMP_DTLS_ES256 || imp_der_sig_raw(der, raw, 32) < 0)
		return IMP_EAUTH;
	return c->verify(c, IMP_A_ES256, &k, imp_bytes(hash, 32), imp_bytes(raw, sizeof raw));
}

static imp_status sign(struct imp_dtls_run *r, imp_wr *w, imp_span flat_key, const imp_span *in, size_t n)
{
	uint8_t hash[32];
	imp_status st = imp_hash(r->cx->crypto, IMP_A_SHA256, in, n, hash);
	return st < 0 ? st : sign_digest(r, w, flat_key, hash);
}

static imp_status check(struct imp_dtls_run *r, imp_rd *x, const imp_span *in, size_t n)
{
	uint8_t hash[32];
	imp_status st = imp_hash(r->cx->crypto, IMP_A_SHA256, in, n, hash);
	return st < 0 ? st : check_digest(r, x, hash);
}

/* CertificateVerify: the digest is the transcript's. */
static imp_status put_verify(struct imp_dtls_run *r, imp_span flat_key)
{
	imp_wr w = imp_dtls_msg(r);
	uint8_t hash[32];
	imp_status st;
	imp_dtls_hash_peek(r, hash);
	st = sign_digest(r, &w, flat_key, hash);
	return st < 0 ? st : imp_dtls_msg_end(r, IMP_DTLS_CERT_VERIFY, &w);
}

static imp_status take_verify(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	uint8_t hash[32];
	imp_status st;
	imp_dtls_hash_peek(r, hash);
	st = check_digest(r, &x, hash);
	return st < 0 ? st : imp_rd_end(&x);
}

const struct imp_dtls_certs imp_dtls_certs = {
	put, put_request, take, take_request, sign, check, put_verify, take_verify,
};
