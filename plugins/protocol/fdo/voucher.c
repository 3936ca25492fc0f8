/* voucher.c -- see voucher.h. */
#include "voucher.h"
#include "ct.h"

#include <string.h>

/* --- keys --------------------------------------------------------------- */

enum { P256_POINT = 65, P384_POINT = 97, F4 = 65537 };

static int is_rsa(const fdo_key *k)
{
	return k->alg == IMP_X509_RSA;
}

static imp_span bits_of(const fdo_key *k)
{
	return imp_bytes(k->bits, k->len);
}

/* 0: not a key of FDO. */
static uint8_t natural_type(const imp_key *k)
{
	size_t bits;
	if (k->alg == IMP_C_P256 || k->alg == IMP_C_P384)
		return k->bits.len != (k->alg == IMP_C_P256 ? P256_POINT : P384_POINT) ? 0 : k->alg == IMP_C_P256 ? FDO_PK_P256 : FDO_PK_P384;
	bits = k->alg == IMP_X509_RSA ? imp_rsa_bits(k->bits) : 0;
	if (bits == 2048 && imp_rsa_exponent(k->bits) == F4)
		return FDO_PK_RSA2048RESTR;
	return bits == 2048 || bits == 3072 ? FDO_PK_RSAPKCS : 0;
}

imp_status fdo_key_from(const imp_key *pub, uint8_t type, fdo_key *out)
{
	uint8_t is = pub->bits.len <= FDO_KEY_BITS ? natural_type(pub) : 0;
	int other_rsa = (type == FDO_PK_RSAPKCS || type == FDO_PK_RSAPSS) && (is == FDO_PK_RSA2048RESTR || is == FDO_PK_RSAPKCS);
	memset(out, 0, sizeof *out);
	if (!is || (type && type != is && !other_rsa))
		return IMP_EUNSUP;
	out->alg = pub->alg;
	out->type = type ? type : is;
	out->len = (uint16_t)pub->bits.len;
	memcpy(out->bits, pub->bits.ptr, pub->bits.len);
	return IMP_OK;
}

/* The type has told the curve; the key must agree. */
static imp_status cose_key(const fdo_pubkey *pk, fdo_key *out)
{
	imp_key k = {0, 0, 0, {NULL, 0}};
	imp_status st = imp_cose_key_read(pk->body, pk->type == FDO_PK_P256 ? IMP_C_P256 : pk->type == FDO_PK_P384 ? IMP_C_P384 : 0, out->bits, &k);
	out->alg = k.alg;
	out->type = pk->type;
	out->len = (uint16_t)k.bits.len;
	return st;
}

imp_status fdo_key_read(const fdo_pubkey *pk, fdo_key *out)
{
	imp_rd r = imp_rd_of(pk->body);
	imp_cert cert;
	imp_key k;
	imp_status st;
	memset(out, 0, sizeof *out);
	if (pk->enc == FDO_ENC_COSEKEY)
		return cose_key(pk, out);
	if (pk->enc == FDO_ENC_CRYPTO)
		return IMP_EUNSUP;
	if (pk->enc == FDO_ENC_X5CHAIN) {
		st = imp_cert_read(fdo_chain_cert(pk->body, 0), &cert);
		return st ? st : pk->type ? fdo_key_from(&cert.key, pk->type, out) : IMP_EUNSUP;
	}
	st = imp_spki_read(imp_cbor_bstr(&r), &k);
	if (imp_rd_end(&r) || st)
		return st ? st : IMP_EBADMSG;
	return pk->type ? fdo_key_from(&k, pk->type, out) : IMP_EUNSUP;
}

imp_key fdo_key_view(const fdo_key *k)
{
	imp_key v = {k->alg, 0, 0, {k->bits, k->len}};
	return v;
}

imp_key fdo_key_flat(imp_span flat)
{
	return imp_key_from(flat);
}

int fdo_key_same(const fdo_key *a, const fdo_key *b)
{
	return a->alg == b->alg && imp_same(bits_of(a), bits_of(b));
}

static int32_t rsa_sig(size_t bits, uint8_t type)
{
	if (type == FDO_PK_RSAPSS)
		return bits == 2048 ? IMP_A_PS256 : bits == 3072 ? IMP_A_PS384 : 0;
	return bits == 2048 ? IMP_A_RS256 : bits == 3072 ? IMP_A_RS384 : 0;
}

int32_t fdo_key_sig(const fdo_key *k)
{
	if (k->alg == IMP_C_P256 || k->alg == IMP_C_P384)
		return k->alg == IMP_C_P256 ? IMP_A_ES256 : IMP_A_ES384;
	return is_rsa(k) ? rsa_sig(imp_rsa_bits(bits_of(k)), k->type) : 0;
}

int32_t fdo_private_sig(const imp_key *priv, uint8_t type)
{
	if (priv->alg == IMP_C_P256 || priv->alg == IMP_C_P384)
		return priv->alg == IMP_C_P256 ? IMP_A_ES256 : IMP_A_ES384;
	if (priv->flags & IMP_KEY_OPAQUE)
		return imp_alg_hash(priv->alg) ? priv->alg : 0;
	return priv->alg == IMP_X509_RSA ? rsa_sig(imp_rsa_private_bits(priv->bits), type) : 0;
}

const char *fdo_key_name(const fdo_key *k)
{
	if (k->alg == IMP_C_P256 || k->alg == IMP_C_P384)
		return k->alg == IMP_C_P256 ? "secp256r1" : "secp384r1";
	return imp_rsa_bits(bits_of(k)) == 2048 ? "rsa2048" : "rsa3072";
}

imp_status fdo_public_of(const imp_crypto *c, const imp_key *priv, fdo_key *out)
{
	uint8_t bits[FDO_KEY_BITS];
	size_t len = sizeof bits;
	imp_key pub = {0, 0, 0, {NULL, 0}};
	imp_status st = imp_public_of(c, priv, bits, &len, &pub);
	if (pub.alg != IMP_C_P256 && pub.alg != IMP_C_P384)
		pub.alg = IMP_X509_RSA;
	return st ? st : fdo_key_from(&pub, 0, out);
}

int32_t fdo_hash_alg(int32_t device_sig, int32_t owner_sig)
{
	return imp_alg_hash(device_sig) == IMP_A_SHA384 && imp_alg_hash(owner_sig) == IMP_A_SHA384 ? IMP_A_SHA384 : IMP_A_SHA256;
}

static void put_key_head(imp_wr *w, uint8_t type, uint8_t enc)
{
	imp_cbor_put_array(w, 3);
	imp_cbor_put_uint(w, type);
	imp_cbor_put_uint(w, enc);
}

void fdo_put_key(imp_wr *w, const fdo_key *k, uint8_t enc)
{
	imp_wr measure = imp_wr_to(NULL, 0);
	imp_key view = fdo_key_view(k);
	put_key_head(w, k->type, enc);
	if (enc == FDO_ENC_COSEKEY) {
		imp_cose_key_put(w, &view);
		return;
	}
	if (enc != FDO_ENC_X509)
		imp_wr_fail(w, IMP_EUNSUP);
	imp_spki_put(&measure, &view);
	imp_cbor_put_bstr_head(w, imp_wr_need(&measure));
	imp_spki_put(w, &view);
}

void fdo_put_key_chain(imp_wr *w, uint8_t type, const imp_span *certs, size_t n)
{
	put_key_head(w, type, FDO_ENC_X5CHAIN);
	imp_cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++)
		imp_cbor_put_bstr(w, certs[i]);
}

void fdo_put_key_x5chain(imp_wr *w, uint8_t type, imp_span chain)
{
	put_key_head(w, type, FDO_ENC_X5CHAIN);
	imp_wr_bytes(w, chain);
}

imp_status fdo_verify(const imp_crypto *c, const imp_cose *m, const fdo_key *k)
{
	imp_key view = fdo_key_view(k);
	return imp_cose_verify1(c, m, fdo_key_sig(k), &view, imp_bytes(NULL, 0));
}

/* --- hashes ------------------------------------------------------------- */

imp_status fdo_hash_check(const imp_crypto *c, const fdo_hash *h, const imp_span *in, size_t n)
{
	uint8_t is[FDO_HASH_MAX];
	imp_status st = imp_hash(c, h->alg, in, n, is);
	if (st)
		return st;
	return imp_same(h->value, imp_bytes(is, imp_hash_len(h->alg))) ? IMP_OK : IMP_EAUTH;
}

imp_status fdo_hash_make(const imp_crypto *c, int32_t alg, const imp_span *in, size_t n,
                         uint8_t to[FDO_HASH_MAX], fdo_hash *out)
{
	out->alg = alg;
	out->value = imp_bytes(to, imp_hash_len(alg));
	return imp_hash(c, alg, in, n, to);
}

imp_status fdo_hmac_make(const imp_crypto *c, const imp_key *secret, int32_t alg, imp_span in,
                         uint8_t to[FDO_HASH_MAX], fdo_hash *out)
{
	out->alg = alg;
	out->value = imp_bytes(to, imp_hash_len(alg));
	return c->mac(c, alg, secret, &in, 1, to, out->value.len);
}

imp_status fdo_hmac_check(const imp_crypto *c, const imp_key *secret, const fdo_hash *h, imp_span in)
{
	uint8_t is[FDO_HASH_MAX];
	fdo_hash want;
	imp_status st = fdo_hmac_make(c, secret, h->alg, in, is, &want);
	if (!st && (want.value.len != h->value.len || !imp_ct_equal(is, h->value.ptr, h->value.len)))
		st = IMP_EAUTH;
	imp_wipe(is, sizeof is);
	return st;
}

/* --- the device's credential -------------------------------------------- */

imp_status fdo_read_credential(imp_span in, fdo_credential *out)
{
	imp_rd r = imp_rd_of(in);
	imp_cbor_array_of(&r, 6);
	out->active = imp_cbor_bool(&r);
	if (imp_cbor_uint(&r) != FDO_VERSION)
		imp_rd_fail(&r, IMP_EBADMSG);
	out->info = imp_cbor_tstr(&r);
	out->guid = imp_cbor_bstr_of(&r, FDO_GUID);
	out->rvinfo = imp_cbor_raw(&r);
	fdo_hash_read(&r, &out->key);
	return imp_rd_end(&r);
}

void fdo_put_credential(imp_wr *w, const fdo_credential *c)
{
	imp_cbor_put_array(w, 6);
	imp_cbor_put_bool(w, c->active);
	imp_cbor_put_uint(w, FDO_VERSION);
	imp_cbor_put_tstr(w, c->info);
	imp_cbor_put_bstr(w, c->guid);
	fdo_put_raw(w, c->rvinfo);
	fdo_put_hash(w, &c->key);
}

/* --- heads -------------------------------------------------------------- */

imp_status fdo_read_ovheader(imp_span in, fdo_ovheader *out)
{
	imp_rd r = imp_rd_of(in), rv;
	out->raw = in;
	imp_cbor_array_of(&r, 6);
	if (imp_cbor_uint(&r) != FDO_VERSION)
		imp_rd_fail(&r, IMP_EBADMSG);
	out->guid = imp_cbor_bstr_of(&r, FDO_GUID);
	out->rvinfo = imp_cbor_raw(&r);
	out->info = imp_cbor_tstr(&r);
	fdo_pubkey_read(&r, &out->key);
	fdo_hash_or_null(&r, &out->chain);
	rv = imp_rd_of(out->rvinfo);
	if (!imp_cbor_array(&rv) || !out->info.len)
		imp_rd_fail(&r, IMP_EBADMSG);
	return imp_rd_end(&r);
}

void fdo_put_ovheader(imp_wr *w, const fdo_ovheader *h)
{
	imp_cbor_put_array(w, 6);
	imp_cbor_put_uint(w, FDO_VERSION);
	imp_cbor_put_bstr(w, h->guid);
	fdo_put_raw(w, h->rvinfo);
	imp_cbor_put_tstr(w, h->info);
	fdo_put_raw(w, h->key.raw);
	fdo_put_hash(w, &h->chain);
}

/* The four parts of a head, alone or at the start of a voucher. */
static void head_parts(imp_rd *r, fdo_head *out)
{
	imp_rd mac, certs;
	if (imp_cbor_uint(r) != FDO_VERSION)
		imp_rd_fail(r, IMP_EBADMSG);
	if (fdo_read_ovheader(imp_cbor_bstr(r), &out->header))
		imp_rd_fail(r, IMP_EBADMSG);
	out->hmac_raw = imp_cbor_raw(r);
	mac = imp_rd_of(out->hmac_raw);
	fdo_hmac_read(&mac, &out->hmac);
	if (imp_rd_end(&mac))
		imp_rd_fail(r, IMP_EBADMSG);
	if (imp_cbor_is_null(r)) {
		imp_cbor_null(r);
		return;
	}
	out->chain = imp_cbor_raw(r);
	certs = imp_rd_of(out->chain);
	if (!imp_cbor_array(&certs))
		imp_rd_fail(r, IMP_EBADMSG);
	while (imp_rd_left(&certs) && !certs.err)
		imp_cbor_bstr(&certs);
	if (certs.err)
		imp_rd_fail(r, IMP_EBADMSG);
}

imp_status fdo_read_head(imp_span in, fdo_head *out)
{
	imp_rd r = imp_rd_of(in);
	memset(out, 0, sizeof *out);
	imp_cbor_array_of(&r, 4);
	head_parts(&r, out);
	return imp_rd_end(&r);
}

static void put_parts(imp_wr *w, imp_span ovheader, imp_span hmac_raw, imp_span chain)
{
	imp_cbor_put_uint(w, FDO_VERSION);
	imp_cbor_put_bstr(w, ovheader);
	fdo_put_raw(w, hmac_raw);
	if (chain.len)
		fdo_put_raw(w, chain);
	else
		imp_cbor_put_null(w);
}

void fdo_put_head(imp_wr *w, imp_span ovheader, imp_span hmac_raw, imp_span chain)
{
	imp_cbor_put_array(w, 4);
	put_parts(w, ovheader, hmac_raw, chain);
}

imp_span fdo_chain_cert(imp_span chain, size_t i)
{
	imp_rd r = imp_rd_of(chain);
	size_t n = imp_cbor_array(&r);
	imp_span cert = {NULL, 0};
	if (i >= n)
		return cert;
	for (i++; i; i--)
		cert = imp_cbor_bstr(&r);
	return cert;
}

/* Certificates are hashed without what CBOR puts between them. */
imp_status fdo_chain_hash(const imp_crypto *c, int32_t alg, imp_span chain,
                          uint8_t to[FDO_HASH_MAX], fdo_hash *out)
{
	_Alignas(16) uint8_t ctx[IMP_HASH_CTX];
	imp_rd r = imp_rd_of(chain);
	imp_status st = imp_hash_len(alg) ? c->hash_init(c, ctx, alg) : IMP_EUNSUP;
	if (st)
		return st;
	for (size_t n = imp_cbor_array(&r); n && !r.err; n--)
		c->hash_push(c, ctx, imp_cbor_bstr(&r));
	out->alg = alg;
	out->value = imp_bytes(to, c->hash_peek(c, ctx, to));
	return imp_rd_end(&r);
}

imp_status fdo_head_check(const imp_crypto *c, const fdo_head *h, fdo_key *device, const char **why)
{
	uint8_t is[FDO_HASH_MAX];
	fdo_hash want;
	imp_cert leaf;
	imp_status st;
	*why = "no device certificate chain";
	if (!h->chain.len || !h->header.chain.alg)
		return h->chain.len || h->header.chain.alg ? IMP_EAUTH : IMP_EUNSUP;
	*why = "certificate chain hash";
	st = fdo_chain_hash(c, h->header.chain.alg, h->chain, is, &want);
	if (st || !imp_same(want.value, h->header.chain.value))
		return st ? st : IMP_EAUTH;
	*why = "device certificate";
	st = imp_cert_read(fdo_chain_cert(h->chain, 0), &leaf);
	return st ? st : fdo_key_from(&leaf.key, 0, device);
}

/* --- entries ------------------------------------------------------------ */

imp_status fdo_read_entry(imp_span in, fdo_entry *out)
{
	imp_rd r = imp_rd_of(in), p;
	out->raw = in;
	out->extra = imp_bytes(NULL, 0);
	imp_cose_read(&r, IMP_COSE_SIGN1, &out->cose);
	if (imp_rd_end(&r) || out->cose.tag != IMP_COSE_SIGN1)
		return IMP_EBADMSG;
	p = imp_rd_of(out->cose.payload);
	imp_cbor_array_of(&p, 4);
	fdo_hash_read(&p, &out->prev);
	fdo_hash_read(&p, &out->info);
	if (imp_cbor_is_null(&p))
		imp_cbor_null(&p);
	else
		out->extra = imp_cbor_bstr(&p);
	fdo_pubkey_read(&p, &out->key);
	return imp_rd_end(&p);
}

/* Where in prev and info the hash of this algorithm lies. */
static size_t slot(int32_t alg)
{
	return alg == IMP_A_SHA384 ? 32 : 0;
}

/* Both hashes, since the first entry chooses. */
static imp_status hash_both(const imp_crypto *c, imp_span a, imp_span b, uint8_t *to)
{
	const imp_span in[2] = {a, b};
	imp_status st = imp_hash(c, IMP_A_SHA256, in, 2, to);
	return st ? st : imp_hash(c, IMP_A_SHA384, in, 2, to + slot(IMP_A_SHA384));
}

imp_status fdo_walk_start(const imp_crypto *c, fdo_walk *w, const fdo_ovheader *h, imp_span hmac_raw)
{
	imp_status st = fdo_key_read(&h->key, &w->owner);
	w->alg = 0;
	w->count = 0;
	w->mfg_type = w->owner.type;
	st = st ? st : hash_both(c, h->raw, hmac_raw, w->prev);
	return st ? st : hash_both(c, h->guid, h->info, w->info);
}

static const char *entry_fault(const fdo_walk *w, const fdo_entry *e)
{
	int32_t alg = w->count ? w->alg : e->prev.alg;
	if (e->prev.alg != alg || e->info.alg != alg)
		return "hash algorithm";
	if (!imp_same(e->prev.value, imp_bytes(w->prev + slot(alg), imp_hash_len(alg))))
		return "previous hash";
	if (!imp_same(e->info.value, imp_bytes(w->info + slot(alg), imp_hash_len(alg))))
		return "info hash";
	return NULL;
}

imp_status fdo_walk_next(const imp_crypto *c, fdo_walk *w, imp_span entry, const char **why)
{
	fdo_entry e;
	fdo_key next;
	imp_status st = fdo_read_entry(entry, &e);
	*why = "encoding";
	if (st)
		return st;
	*why = entry_fault(w, &e);
	if (*why)
		return IMP_EAUTH;
	*why = "signature";
	st = fdo_verify(c, &e.cose, &w->owner);
	if (st)
		return st;
	*why = "owner key";
	st = fdo_key_read(&e.key, &next);
	if (st || next.type != w->mfg_type || fdo_key_sig(&next) != fdo_key_sig(&w->owner))
		return st ? st : IMP_EAUTH;
	if (w->count == UINT8_MAX)
		return IMP_EUNSUP;
	st = imp_hash(c, e.prev.alg, &entry, 1, w->prev + slot(e.prev.alg));
	if (st)
		return st;
	w->alg = e.prev.alg;
	w->count++;
	w->owner = next;
	return IMP_OK;
}

static void entry_payload(imp_wr *w, const fdo_walk *at, int32_t alg, imp_span next, imp_span extra)
{
	fdo_hash prev = {alg, {at->prev + slot(alg), imp_hash_len(alg)}};
	fdo_hash info = {alg, {at->info + slot(alg), imp_hash_len(alg)}};
	imp_cbor_put_array(w, 4);
	fdo_put_hash(w, &prev);
	fdo_put_hash(w, &info);
	if (extra.len)
		imp_cbor_put_bstr(w, extra);
	else
		imp_cbor_put_null(w);
	fdo_put_raw(w, next);
}

imp_status fdo_put_entry(const imp_crypto *c, imp_wr *w, const fdo_walk *at, const imp_key *priv,
                         imp_span next, imp_span extra, int32_t alg)
{
	imp_wr payload = imp_wr_to(NULL, 0);
	imp_rd r = imp_rd_of(next);
	fdo_pubkey pk;
	fdo_key to;
	imp_status st;
	alg = at->count ? at->alg : alg;
	fdo_pubkey_read(&r, &pk);
	st = imp_rd_end(&r) ? imp_rd_end(&r) : fdo_key_read(&pk, &to);
	if (st)
		return st;
	if (to.type != at->mfg_type || fdo_key_sig(&to) != fdo_key_sig(&at->owner) || !imp_hash_len(alg))
		return IMP_EARG;
	entry_payload(&payload, at, alg, next, extra);
	if (w->err || w->len > w->cap || imp_wr_need(&payload) > w->cap - w->len)
		return IMP_ENOSPC;
	/* At the far end of what is free: signing copies it to the near end. */
	payload = imp_wr_to(w->to + w->cap - imp_wr_need(&payload), imp_wr_need(&payload));
	entry_payload(&payload, at, alg, next, extra);
	{
		imp_wr near = imp_wr_to(w->to + w->len, w->cap - w->len - imp_wr_need(&payload));
		st = imp_cose_sign1(c, &near, fdo_key_sig(&at->owner), priv, imp_bytes(NULL, 0), imp_wr_span(&payload), imp_bytes(NULL, 0));
		st = st ? st : imp_wr_end(&near);
		w->len += st ? 0 : near.len;
	}
	return st;
}

/* --- whole vouchers ----------------------------------------------------- */

imp_status fdo_read_voucher(imp_span in, fdo_voucher *out)
{
	imp_rd r = imp_rd_of(in);
	memset(out, 0, sizeof *out);
	imp_cbor_array_of(&r, 5);
	head_parts(&r, &out->head);
	out->count = imp_cbor_array(&r);
	if (r.err || out->count > UINT8_MAX)
		return IMP_EBADMSG;
	out->entries = imp_bytes(r.p, imp_rd_left(&r));
	for (size_t i = 0; i < out->count && !r.err; i++)
		imp_cbor_raw(&r);
	return imp_rd_end(&r);
}

imp_span fdo_voucher_pop(imp_span *entries)
{
	imp_rd r = imp_rd_of(*entries);
	imp_span e = entries->len ? imp_cbor_raw(&r) : imp_bytes(NULL, 0);
	*entries = r.err ? imp_bytes(NULL, 0) : imp_bytes(r.p, imp_rd_left(&r));
	return r.err ? imp_bytes(NULL, 0) : e;
}

void fdo_put_voucher_start(imp_wr *w, imp_span ovheader, imp_span hmac_raw, imp_span chain, size_t count)
{
	imp_cbor_put_array(w, 5);
	put_parts(w, ovheader, hmac_raw, chain);
	imp_cbor_put_array(w, count);
}

static imp_status verify_head(const imp_crypto *c, const fdo_head *h, const imp_key *secret, fdo_walk *w, const char **why)
{
	imp_status st = fdo_head_check(c, h, &w->owner, why);
	if (st)
		return st;
	*why = "header HMac";
	st = secret ? fdo_hmac_check(c, secret, &h->hmac, h->header.raw) : IMP_OK;
	if (st)
		return st;
	*why = "manufacturer key";
	return fdo_walk_start(c, w, &h->header, h->hmac_raw);
}

imp_status fdo_voucher_verify(const imp_crypto *c, imp_span in, const imp_key *secret,
                              fdo_walk *at_end, const char **why, size_t *offset)
{
	fdo_voucher v;
	imp_span rest;
	imp_status st = fdo_read_voucher(in, &v);
	size_t at = 0;
	*why = "encoding";
	st = st ? st : verify_head(c, &v.head, secret, at_end, why);
	for (rest = v.entries; !st && rest.len;) {
		at = (size_t)(rest.ptr - in.ptr);
		st = fdo_walk_next(c, at_end, fdo_voucher_pop(&rest), why);
	}
	if (offset)
		*offset = at;
	if (!st)
		*why = "";
	return st;
}
