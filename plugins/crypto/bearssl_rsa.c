/* bearssl_rsa.c -- RSA: PKCS#1 v1.5 signatures and OAEP (RFC 8017). */
#include "bear.h"
#include "ct.h"
#include "der.h"

enum { MODULUS_MIN = 2048 / 8, MODULUS_MAX = 4096 / 8 };

#if IMP_BEAR_15
#define RSA(what) br_rsa_i15_##what
#else
#define RSA(what) br_rsa_i31_##what
#endif

/* --- keys: PKCS#1 DER --------------------------------------------------- */

static imp_status sequence(imp_span der, imp_span *v, size_t n)
{
	imp_rd outer = imp_rd_of(der), inner = imp_der_in(&outer, IMP_DER_SEQ);
	for (size_t i = 0; i < n; i++)
		v[i] = imp_der_uint(&inner);
	return imp_rd_end(&outer) < 0 || imp_rd_end(&inner) < 0 ? IMP_EBADMSG : IMP_OK;
}

/* BearSSL's structs lack const; it does not write through them. */
static unsigned char *lent(imp_span s)
{
	return (unsigned char *)s.ptr;
}

static int sound(imp_span n)
{
	return n.len >= MODULUS_MIN && n.len <= MODULUS_MAX && (n.ptr[n.len - 1] & 1) &&
	       (n.len > MODULUS_MIN || n.ptr[0] & 0x80);
}

static imp_status read_public(imp_span der, br_rsa_public_key *k)
{
	imp_span v[2];
	if (sequence(der, v, 2) < 0 || !sound(v[0]))
		return IMP_EARG;
	if (!(v[1].ptr[v[1].len - 1] & 1) || (v[1].len == 1 && v[1].ptr[0] < 3))
		return IMP_EARG; /* an even exponent, or 1 */
	k->n = lent(v[0]);
	k->nlen = v[0].len;
	k->e = lent(v[1]);
	k->elen = v[1].len;
	return IMP_OK;
}

static imp_status read_private(imp_span der, br_rsa_private_key *k)
{
	imp_span v[9]; /* version, n, e, d, p, q, dp, dq, iq */
	uint32_t bits = 0;
	if (sequence(der, v, 9) < 0 || v[0].len != 1 || v[0].ptr[0] || !sound(v[1]))
		return IMP_EARG;
	for (unsigned top = v[1].ptr[0]; top; top >>= 1)
		bits++;
	k->n_bitlen = (uint32_t)(v[1].len - 1) * 8 + bits;
	k->p = lent(v[4]);
	k->plen = v[4].len;
	k->q = lent(v[5]);
	k->qlen = v[5].len;
	k->dp = lent(v[6]);
	k->dplen = v[6].len;
	k->dq = lent(v[7]);
	k->dqlen = v[7].len;
	k->iq = lent(v[8]);
	k->iqlen = v[8].len;
	return k->plen > 1 && k->qlen > 1 ? IMP_OK : IMP_EARG;
}

/* --- signatures --------------------------------------------------------- */

static const unsigned char *oid_of(const br_hash_class *h)
{
	return imp_bear_digest_len(h) == br_sha256_SIZE ? BR_HASH_OID_SHA256 : BR_HASH_OID_SHA384;
}

static imp_status sign(const br_hash_class *h, const imp_key *k, imp_span in, uint8_t *sig, size_t *len)
{
	br_rsa_private_key key;
	uint8_t digest[br_sha512_SIZE]; /* sig may be in */
	size_t room = *len;
	if (in.len != imp_bear_digest_len(h) || read_private(k->bits, &key) < 0)
		return IMP_EARG;
	*len = (key.n_bitlen + 7) / 8;
	if (room < *len)
		return IMP_ENOSPC;
	memcpy(digest, in.ptr, in.len);
	return RSA(pkcs1_sign)(oid_of(h), digest, in.len, &key, sig) ? IMP_OK : IMP_EARG;
}

static imp_status verify(const br_hash_class *h, const imp_key *k, imp_span in, imp_span sig)
{
	br_rsa_public_key key;
	uint8_t signed_digest[br_sha512_SIZE];
	if (in.len != imp_bear_digest_len(h))
		return IMP_EARG;
	if (read_public(k->bits, &key) < 0 || sig.len != key.nlen)
		return IMP_EAUTH;
	if (!RSA(pkcs1_vrfy)(sig.ptr, sig.len, oid_of(h), in.len, &key, signed_digest))
		return IMP_EAUTH;
	return imp_ct_equal(signed_digest, in.ptr, in.len) ? IMP_OK : IMP_EAUTH;
}

/* --- OAEP --------------------------------------------------------------- */

/* The provider's random() in the shape that BearSSL calls. */
struct source {
	const br_prng_class *vtable;
	const imp_crypto *c;
	imp_status st;
};

static void generate(const br_prng_class **ctx, void *out, size_t len)
{
	struct source *s = (struct source *)(void *)ctx;
	if (s->st == IMP_OK)
		s->st = s->c->random(s->c, out, len);
	if (s->st < 0)
		memset(out, 0, len);
}

static const br_prng_class source_class = {sizeof(struct source), NULL, generate, NULL};

static imp_status oaep_encrypt(const imp_crypto *c, const br_hash_class *h, const imp_key *k, imp_span in,
                               uint8_t *out, size_t *len)
{
	struct source s = {&source_class, c, IMP_OK};
	br_rsa_public_key key;
	size_t room = *len, done;
	if (read_public(k->bits, &key) < 0 || in.len > key.nlen - 2 - 2 * imp_bear_digest_len(h))
		return IMP_EARG;
	*len = key.nlen;
	if (room < *len)
		return IMP_ENOSPC;
	done = RSA(oaep_encrypt)(&s.vtable, h, NULL, 0, &key, out, room, in.ptr, in.len);
	if (s.st < 0 || !done) {
		imp_wipe(out, key.nlen);
		*len = s.st == IMP_EUNSUP ? room : 0;
		return s.st < 0 ? s.st : IMP_EARG;
	}
	return IMP_OK;
}

static imp_status oaep_decrypt(const br_hash_class *h, const imp_key *k, imp_span in, uint8_t *out, size_t *len)
{
	br_rsa_private_key key;
	uint8_t block[MODULUS_MAX];
	size_t n = in.len, room = *len;
	imp_status st;
	if (read_private(k->bits, &key) < 0)
		return IMP_EARG;
	if (in.len != (key.n_bitlen + 7) / 8)
		return IMP_EAUTH;
	memcpy(block, in.ptr, in.len);
	st = RSA(oaep_decrypt)(h, NULL, 0, &key, block, &n) ? IMP_OK : IMP_EAUTH;
	*len = st < 0 ? 0 : n;
	if (st == IMP_OK && room < n)
		st = IMP_ENOSPC;
	if (st == IMP_OK)
		memcpy(out, block, n);
	imp_wipe(block, sizeof block);
	return st;
}

static imp_status oaep(const imp_crypto *c, const br_hash_class *h, int encrypt, const imp_key *k,
                       imp_span in, uint8_t *out, size_t *len)
{
	if (encrypt)
		return oaep_encrypt(c, h, k, in, out, len);
	return oaep_decrypt(h, k, in, out, len);
}

const struct imp_bear_rsa imp_bear_rsa = {sign, verify, oaep};
