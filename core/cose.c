/* cose.c -- see cose.h. */
#include "cose.h"
#include "ct.h"

enum { LABEL_CRIT = 2 };

/* What is signed, MACed or authenticated (RFC 9052 sections 4.4, 5.3, 6.3),
 * gathered: our own bytes in `head`, the rest where it lies. */
struct tbs {
	uint8_t  head[3][24];
	imp_span part[6];
	size_t   n;
};

static void tbs_part(struct tbs *t, imp_span head, imp_span content)
{
	t->part[t->n++] = head;
	t->part[t->n++] = content;
}

/* `payload` NULL: an Enc_structure, which has none. */
static void tbs_make(struct tbs *t, const char *context, imp_span prot, imp_span aad, const imp_span *payload)
{
	imp_wr w = imp_wr_to(t->head[0], sizeof t->head[0]);
	t->n = 0;
	imp_cbor_put_array(&w, payload ? 4 : 3);
	imp_cbor_put_text(&w, context);
	imp_cbor_put_bstr_head(&w, prot.len);
	tbs_part(t, imp_wr_span(&w), prot);
	w = imp_wr_to(t->head[1], sizeof t->head[1]);
	imp_cbor_put_bstr_head(&w, aad.len);
	tbs_part(t, imp_wr_span(&w), aad);
	if (!payload)
		return;
	w = imp_wr_to(t->head[2], sizeof t->head[2]);
	imp_cbor_put_bstr_head(&w, payload->len);
	tbs_part(t, imp_wr_span(&w), *payload);
}

/* Gather a header's labels; 0: too many, of a wrong type, twice, or crit. */
static int labels_ok(imp_span map, imp_span *seen, size_t *n)
{
	imp_rd r = imp_rd_of(map);
	for (size_t left = map.len ? imp_cbor_map(&r) : 0; left; left--) {
		int type = imp_cbor_peek(&r);
		imp_span label = imp_cbor_raw(&r);
		imp_cbor_raw(&r);
		if (*n == IMP_COSE_LABELS || (type != IMP_CBOR_UINT && type != IMP_CBOR_NINT && type != IMP_CBOR_TSTR))
			return 0;
		if (r.err || label.ptr[0] == LABEL_CRIT)
			return 0;
		for (size_t i = 0; i < *n; i++) {
			if (imp_same(seen[i], label))
				return 0;
		}
		seen[(*n)++] = label;
	}
	return imp_rd_end(&r) == IMP_OK;
}

static int headers_ok(const imp_cose *m)
{
	imp_span seen[IMP_COSE_LABELS];
	size_t n = 0;
	return labels_ok(m->protected_, seen, &n) && labels_ok(m->unprotected, seen, &n);
}

imp_span imp_cose_header(const imp_cose *m, int64_t label, int protected_)
{
	imp_span map = protected_ ? m->protected_ : m->unprotected;
	imp_rd r = imp_rd_of(map);
	uint8_t b[9];
	imp_wr w = imp_wr_to(b, sizeof b);
	imp_cbor_put_int(&w, label);
	for (size_t left = map.len ? imp_cbor_map(&r) : 0; left && !r.err; left--) {
		imp_span key = imp_cbor_raw(&r), value = imp_cbor_raw(&r);
		if (imp_same(key, imp_wr_span(&w)))
			return value;
	}
	return imp_bytes(NULL, 0);
}

static int32_t alg_of(const imp_cose *m)
{
	imp_rd r = imp_rd_of(imp_cose_header(m, IMP_COSE_ALG, 1));
	int64_t alg = imp_cbor_int(&r);
	return imp_rd_end(&r) || alg < INT32_MIN || alg > INT32_MAX ? 0 : (int32_t)alg;
}

void imp_cose_read(imp_rd *r, uint64_t kind, imp_cose *out)
{
	static const imp_cose none;
	imp_cose m = none;
	if (imp_cbor_peek(r) == IMP_CBOR_TAG) {
		m.tag = kind;
		imp_cbor_tag_of(r, kind);
	}
	imp_cbor_array_of(r, kind == IMP_COSE_ENCRYPT0 ? 3 : 4);
	m.protected_ = imp_cbor_bstr(r);
	m.unprotected = imp_cbor_raw(r);
	if (imp_cbor_is_null(r))
		imp_cbor_null(r);
	else
		m.payload = imp_cbor_bstr(r);
	if (kind != IMP_COSE_ENCRYPT0)
		m.sig = imp_cbor_bstr(r);
	if (!r->err && !headers_ok(&m))
		imp_rd_fail(r, IMP_EBADMSG);
	if (!r->err)
		m.alg = alg_of(&m);
	*out = r->err ? none : m;
}

/* May this object be looked at under `alg`? */
static imp_status acceptable(const imp_cose *m, int32_t alg)
{
	if (!m->payload.ptr)
		return IMP_EBADMSG;
	return alg && m->alg == alg ? IMP_OK : IMP_EAUTH;
}

/* The protected header that names alg and nothing else; b: 8 bytes. */
static imp_span protect(int32_t alg, uint8_t *b)
{
	imp_wr w = imp_wr_to(b, 8);
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_uint(&w, IMP_COSE_ALG);
	imp_cbor_put_int(&w, alg);
	return imp_wr_span(&w);
}

static void begin(imp_wr *w, uint64_t kind, imp_span prot)
{
	imp_cbor_put_tag(w, kind);
	imp_cbor_put_array(w, kind == IMP_COSE_ENCRYPT0 ? 3 : 4);
	imp_cbor_put_bstr(w, prot);
}

static imp_status finish(imp_wr *w, imp_status st)
{
	if (st)
		imp_wr_fail(w, st);
	return imp_wr_end(w);
}

imp_status imp_cose_verify1(const imp_crypto *c, const imp_cose *m, int32_t alg,
                            const imp_key *pub, imp_span aad)
{
	struct tbs t;
	imp_status st = acceptable(m, alg);
	if (st)
		return st;
	tbs_make(&t, "Signature1", m->protected_, aad, &m->payload);
	return imp_verify(c, alg, pub, t.part, t.n, m->sig);
}

/* An RSA signature tells its length only when it is there: sign behind the
 * place of its three-byte head, then write that. */
static imp_status put_rsa_sig(const imp_crypto *c, imp_wr *w, int32_t alg, const imp_key *priv, const struct tbs *t)
{
	enum { HEAD = 3, COUNTED = 512 };
	size_t room = w->to && !imp_wr_end(w) && w->cap - w->len > HEAD ? w->cap - w->len - HEAD : 0, len = room;
	imp_status st = room ? imp_sign(c, alg, priv, t->part, t->n, w->to + w->len + HEAD, &len) : IMP_ENOSPC;
	if (st == IMP_ENOSPC) {
		imp_wr_gap(w, HEAD + (len > room ? len : COUNTED));
		return imp_wr_end(w);
	}
	if (!st && (len < 256 || len > UINT16_MAX))
		st = IMP_EARG;
	if (st)
		return finish(w, st);
	imp_cbor_put_bstr_head(w, len);
	imp_wr_gap(w, len);
	return imp_wr_end(w);
}

static imp_status put_sig(const imp_crypto *c, imp_wr *w, int32_t alg, const imp_key *priv, const struct tbs *t)
{
	size_t want = imp_sig_len(alg, priv), len = want;
	uint8_t *to;
	imp_status st;
	if (!want)
		return put_rsa_sig(c, w, alg, priv, t);
	imp_cbor_put_bstr_head(w, want);
	to = imp_wr_gap(w, want);
	if (!to)
		return imp_wr_end(w);
	st = imp_sign(c, alg, priv, t->part, t->n, to, &len);
	return finish(w, !st && len != want ? IMP_EARG : st);
}

imp_status imp_cose_sign1(const imp_crypto *c, imp_wr *w, int32_t alg,
                          const imp_key *priv, imp_span unprotected,
                          imp_span payload, imp_span aad)
{
	uint8_t b[8];
	imp_span prot = protect(alg, b);
	struct tbs t;
	tbs_make(&t, "Signature1", prot, aad, &payload);
	begin(w, IMP_COSE_SIGN1, prot);
	if (unprotected.len)
		imp_wr_bytes(w, unprotected);
	else
		imp_cbor_put_map(w, 0);
	imp_cbor_put_bstr(w, payload);
	return put_sig(c, w, alg, priv, &t);
}

imp_status imp_cose_open0(const imp_crypto *c, const imp_cose *m, int32_t alg,
                          const imp_key *k, imp_span aad, uint8_t *out, size_t *len)
{
	imp_rd r = imp_rd_of(imp_cose_header(m, IMP_COSE_IV, 0));
	imp_span iv = imp_cbor_bstr_of(&r, imp_aead_iv_len(alg));
	size_t tag = imp_aead_tag_len(alg);
	struct tbs t;
	imp_status st = acceptable(m, alg);
	if (st)
		return st;
	if (imp_rd_end(&r) || m->payload.len < tag)
		return IMP_EBADMSG;
	if (!tag || !c->open)
		return IMP_EUNSUP;
	if (*len < m->payload.len - tag)
		return IMP_ENOSPC;
	tbs_make(&t, "Encrypt0", m->protected_, aad, NULL);
	return c->open(c, alg, k, iv, t.part, t.n, m->payload, out, len);
}

imp_status imp_cose_seal0(const imp_crypto *c, imp_wr *w, int32_t alg,
                          const imp_key *k, imp_span iv, imp_span plain, imp_span aad)
{
	uint8_t b[8], *to;
	imp_span prot = protect(alg, b);
	size_t want = plain.len + imp_aead_tag_len(alg), len = want;
	struct tbs t;
	imp_status st;
	if (!imp_aead_tag_len(alg) || iv.len != imp_aead_iv_len(alg) || !c->seal)
		return finish(w, imp_aead_tag_len(alg) && c->seal ? IMP_EARG : IMP_EUNSUP);
	tbs_make(&t, "Encrypt0", prot, aad, NULL);
	begin(w, IMP_COSE_ENCRYPT0, prot);
	imp_cbor_put_map(w, 1);
	imp_cbor_put_uint(w, IMP_COSE_IV);
	imp_cbor_put_bstr(w, iv);
	imp_cbor_put_bstr_head(w, want);
	to = imp_wr_gap(w, want);
	if (!to)
		return imp_wr_end(w);
	st = c->seal(c, alg, k, iv, t.part, t.n, plain, to, &len);
	return finish(w, !st && len != want ? IMP_EARG : st);
}

/* The MAC of an object, whole; out: imp_hash_len(alg) bytes. */
static imp_status mac0(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span prot,
                       imp_span aad, imp_span payload, uint8_t *out)
{
	struct tbs t;
	tbs_make(&t, "MAC0", prot, aad, &payload);
	return c->mac ? c->mac(c, alg, k, t.part, t.n, out, imp_hash_len(alg)) : IMP_EUNSUP;
}

static int is_hmac(int32_t alg)
{
	return alg == IMP_A_HMAC256 || alg == IMP_A_HMAC384 || alg == IMP_A_HMAC512;
}

imp_status imp_cose_check_mac0(const imp_crypto *c, const imp_cose *m, int32_t alg,
                               const imp_key *k, imp_span aad)
{
	uint8_t tag[64];
	imp_status st = acceptable(m, alg);
	if (st)
		return st;
	if (!is_hmac(alg))
		return IMP_EUNSUP;
	st = mac0(c, alg, k, m->protected_, aad, m->payload, tag);
	if (!st && (m->sig.len != imp_hash_len(alg) || !imp_ct_equal(tag, m->sig.ptr, m->sig.len)))
		st = IMP_EAUTH;
	imp_wipe(tag, sizeof tag);
	return st;
}

imp_status imp_cose_mac0(const imp_crypto *c, imp_wr *w, int32_t alg, const imp_key *k,
                         imp_span payload, imp_span aad)
{
	uint8_t b[8], *to;
	imp_span prot = protect(alg, b);
	if (!is_hmac(alg))
		return finish(w, IMP_EUNSUP);
	begin(w, IMP_COSE_MAC0, prot);
	imp_cbor_put_map(w, 0);
	imp_cbor_put_bstr(w, payload);
	imp_cbor_put_bstr_head(w, imp_hash_len(alg));
	to = imp_wr_gap(w, imp_hash_len(alg));
	return to ? finish(w, mac0(c, alg, k, prot, aad, payload, to)) : imp_wr_end(w);
}
