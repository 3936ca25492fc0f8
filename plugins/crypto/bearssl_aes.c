/* bearssl_aes.c -- AES as cipher and MAC, and the AEADs. */
#include "bear.h"
#include "ct.h"
#include "siv.h"

enum { BLOCK = 16, GATHER = 256 };

typedef br_aes_gen_ctrcbc_keys ctrcbc_keys;

static int aes_key(const imp_key *k)
{
	return k->bits.len == 16 || k->bits.len == 24 || k->bits.len == 32;
}

static void copy(uint8_t *to, imp_span from)
{
	if (from.len && to != from.ptr)
		memmove(to, from.ptr, from.len);
}

/* --- CMAC: SP 800-38B, RFC 4493 ----------------------------------------- */

/* Times x in GF(2^128). */
static void times_x(uint8_t b[BLOCK])
{
	uint32_t carry = 0;
	for (size_t i = BLOCK; i--;) {
		uint32_t v = ((uint32_t)b[i] << 1) | carry;
		b[i] = (uint8_t)v;
		carry = v >> 8;
	}
	b[BLOCK - 1] ^= (uint8_t)(0x87u & (0u - carry));
}

/* The last block, padded and masked. */
static void last_block(const ctrcbc_keys *ks, uint8_t buf[BLOCK], size_t have)
{
	uint8_t mask[BLOCK] = {0}, zero[BLOCK] = {0};
	ks->vtable->mac(&ks->vtable, mask, zero, BLOCK);
	times_x(mask);
	if (have < BLOCK) {
		memset(buf + have, 0, BLOCK - have);
		buf[have] = 0x80;
		times_x(mask);
	}
	for (size_t i = 0; i < BLOCK; i++)
		buf[i] ^= mask[i];
	imp_wipe(mask, sizeof mask);
}

imp_status imp_bear_cmac(const imp_crypto *c, const imp_key *k, const imp_span *in, size_t n,
                         uint8_t *out, size_t len)
{
	ctrcbc_keys ks;
	uint8_t tag[BLOCK] = {0}, buf[BLOCK];
	size_t have = 0;
	if (len > BLOCK || !aes_key(k))
		return IMP_EARG;
	imp_bear_of(c)->ctrcbc->init(&ks.vtable, k->bits.ptr, k->bits.len);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < in[i].len; j++) {
			if (have == BLOCK) {
				ks.vtable->mac(&ks.vtable, tag, buf, BLOCK);
				have = 0;
			}
			buf[have++] = in[i].ptr[j];
		}
	last_block(&ks, buf, have);
	ks.vtable->mac(&ks.vtable, tag, buf, BLOCK);
	memcpy(out, tag, len);
	imp_wipe(&ks, sizeof ks);
	imp_wipe(buf, sizeof buf);
	imp_wipe(tag, sizeof tag);
	return IMP_OK;
}

/* --- ECB, CBC, CTR: SP 800-38A ------------------------------------------ */

static void ctr_crypt(const struct imp_bear *b, const imp_key *k, const uint8_t *iv, uint8_t *data, size_t len)
{
	ctrcbc_keys ks;
	uint8_t counter[BLOCK], tail[BLOCK] = {0};
	size_t whole = len & ~(size_t)(BLOCK - 1), rest = len - whole;
	memcpy(counter, iv, BLOCK);
	b->ctrcbc->init(&ks.vtable, k->bits.ptr, k->bits.len);
	ks.vtable->ctr(&ks.vtable, counter, data, whole);
	if (rest) {
		memcpy(tail, data + whole, rest);
		ks.vtable->ctr(&ks.vtable, counter, tail, BLOCK);
		memcpy(data + whole, tail, rest);
	}
	imp_wipe(&ks, sizeof ks);
	imp_wipe(tail, sizeof tail);
}

/* The CBC-MAC so far is the CBC ciphertext; ECB starts over every block. */
static void block_encrypt(const struct imp_bear *b, const imp_key *k, const uint8_t *iv, uint8_t *data, size_t len)
{
	ctrcbc_keys ks;
	uint8_t chain[BLOCK] = {0};
	if (iv)
		memcpy(chain, iv, BLOCK);
	b->ctrcbc->init(&ks.vtable, k->bits.ptr, k->bits.len);
	for (size_t i = 0; i < len; i += BLOCK) {
		if (!iv)
			memset(chain, 0, BLOCK);
		ks.vtable->mac(&ks.vtable, chain, data + i, BLOCK);
		memcpy(data + i, chain, BLOCK);
	}
	imp_wipe(&ks, sizeof ks);
	imp_wipe(chain, sizeof chain);
}

static void block_decrypt(const struct imp_bear *b, const imp_key *k, const uint8_t *iv, uint8_t *data, size_t len)
{
	br_aes_gen_cbcdec_keys ks;
	uint8_t chain[BLOCK];
	size_t step = iv ? len : BLOCK;
	b->cbcdec->init(&ks.vtable, k->bits.ptr, k->bits.len);
	for (size_t i = 0; i < len; i += step) {
		memset(chain, 0, BLOCK);
		if (iv)
			memcpy(chain, iv, BLOCK);
		ks.vtable->run(&ks.vtable, chain, data + i, step);
	}
	imp_wipe(&ks, sizeof ks);
}

imp_status imp_bear_cipher(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span iv,
                           imp_span in, uint8_t *out)
{
	const struct imp_bear *b = imp_bear_of(c);
	const uint8_t *chain = alg == IMP_A_AES_ECB ? NULL : iv.ptr;
	if ((k->flags & IMP_KEY_OPAQUE) || !b->ctrcbc)
		return IMP_EUNSUP;
	if (alg != IMP_A_AES_CTR && alg != IMP_A_AES_CBC && alg != IMP_A_AES_ECB)
		return IMP_EUNSUP;
	if (alg != IMP_A_AES_CTR && !encrypt && !b->cbcdec)
		return IMP_EUNSUP;
	if (!aes_key(k) || iv.len != (alg == IMP_A_AES_ECB ? 0u : BLOCK))
		return IMP_EARG;
	if (alg != IMP_A_AES_CTR && in.len % BLOCK)
		return IMP_EARG;
	copy(out, in);
	if (alg == IMP_A_AES_CTR)
		ctr_crypt(b, k, iv.ptr, out, in.len);
	else if (encrypt)
		block_encrypt(b, k, chain, out, in.len);
	else
		block_decrypt(b, k, chain, out, in.len);
	return IMP_OK;
}

/* --- AEAD --------------------------------------------------------------- */

struct aead {
	int32_t alg;
	uint8_t key, key2, nonce, tag; /* bytes; key2: another length it takes */
};
enum { BY_GCM, BY_CCM, BY_CHACHA };

static const struct aead aeads[] = {
	{IMP_A_A128GCM, 16, 16, 12, 16},
	{IMP_A_A192GCM, 24, 24, 12, 16},
	{IMP_A_A256GCM, 32, 32, 12, 16},
	{IMP_A_CHACHAPOLY, 32, 32, 12, 16},
	{IMP_A_CCM8_128, 16, 16, 13, 8},
	{IMP_A_CCM16_128, 16, 16, 13, 16},
	{IMP_A_CCM64_128, 16, 16, 7, 16},
	{IMP_A_CCM64_256, 32, 32, 7, 16},
	{IMP_A_TLS_CCM8, 16, 32, 12, 8},
	{IMP_A_TLS_CCM, 16, 32, 12, 16},
};

/* One AEAD call: `data` is worked on in place. */
struct job {
	const struct imp_bear *b;
	const struct aead *a;
	const imp_key *k;
	imp_span nonce;
	const imp_span *aad;
	size_t naad;
	int encrypt;
	uint8_t *data;
	size_t len;
};

static int kind_of(const struct aead *a)
{
	if (a->alg == IMP_A_CHACHAPOLY)
		return BY_CHACHA;
	return a->alg > 0 && a->alg <= IMP_A_A256GCM ? BY_GCM : BY_CCM;
}

static const struct aead *find(const imp_crypto *c, int32_t alg)
{
	for (size_t i = 0; i < sizeof aeads / sizeof *aeads; i++)
		if (aeads[i].alg == alg)
			return imp_bear_can(c, alg, 0) ? &aeads[i] : NULL;
	return NULL;
}

static imp_status gcm(const struct job *j, uint8_t *tag)
{
	br_aes_gen_ctr_keys ks;
	br_gcm_context g;
	j->b->ctr->init(&ks.vtable, j->k->bits.ptr, j->k->bits.len);
	br_gcm_init(&g, &ks.vtable, j->b->ghash);
	br_gcm_reset(&g, j->nonce.ptr, j->nonce.len);
	for (size_t i = 0; i < j->naad; i++)
		br_gcm_aad_inject(&g, j->aad[i].ptr, j->aad[i].len);
	br_gcm_flip(&g);
	br_gcm_run(&g, j->encrypt, j->data, j->len);
	br_gcm_get_tag(&g, tag);
	imp_wipe(&ks, sizeof ks);
	imp_wipe(&g, sizeof g);
	return IMP_OK;
}

static imp_status ccm(const struct job *j, uint8_t *tag)
{
	ctrcbc_keys ks;
	br_ccm_context m;
	size_t aad = 0;
	int fits;
	for (size_t i = 0; i < j->naad; i++)
		aad += j->aad[i].len;
	j->b->ctrcbc->init(&ks.vtable, j->k->bits.ptr, j->k->bits.len);
	br_ccm_init(&m, &ks.vtable);
	fits = br_ccm_reset(&m, j->nonce.ptr, j->nonce.len, aad, j->len, j->a->tag);
	if (fits) {
		for (size_t i = 0; i < j->naad; i++)
			br_ccm_aad_inject(&m, j->aad[i].ptr, j->aad[i].len);
		br_ccm_flip(&m);
		br_ccm_run(&m, j->encrypt, j->data, j->len);
		br_ccm_get_tag(&m, tag);
	}
	imp_wipe(&ks, sizeof ks);
	imp_wipe(&m, sizeof m);
	return fits ? IMP_OK : j->encrypt ? IMP_EARG : IMP_EAUTH;
}

/* BearSSL wants the AAD in one piece. */
static imp_status chacha(const struct job *j, uint8_t *tag)
{
	uint8_t buf[GATHER];
	imp_span aad = j->naad == 1 ? j->aad[0] : imp_bytes(buf, 0);
	for (size_t i = 0; j->naad > 1 && i < j->naad; i++) {
		if (j->aad[i].len > sizeof buf - aad.len)
			return IMP_EUNSUP;
		copy(buf + aad.len, j->aad[i]);
		aad.len += j->aad[i].len;
	}
	j->b->poly(j->k->bits.ptr, j->nonce.ptr, j->data, j->len, aad.ptr, aad.len, tag, j->b->chacha, j->encrypt);
	return IMP_OK;
}

static imp_status run(const struct job *j, uint8_t *tag)
{
	switch (kind_of(j->a)) {
	case BY_GCM:
		return gcm(j, tag);
	case BY_CCM:
		return ccm(j, tag);
	default:
		return chacha(j, tag);
	}
}

/* IMP_PASS: it is SIV, which has a file of its own. */
static imp_status set_up(struct job *j, const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce)
{
	j->b = imp_bear_of(c);
	j->a = find(c, alg);
	j->k = k;
	j->nonce = nonce;
	if (k->flags & IMP_KEY_OPAQUE)
		return IMP_EUNSUP;
	if (!j->a)
		return alg == IMP_A_SIV && j->b->ctrcbc ? IMP_PASS : IMP_EUNSUP;
	if (nonce.len != j->a->nonce || (k->bits.len != j->a->key && k->bits.len != j->a->key2))
		return IMP_EARG;
	return IMP_OK;
}

imp_status imp_bear_seal(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                         const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	struct job j = {.aad = aad, .naad = naad, .encrypt = 1, .data = out, .len = in.len};
	uint8_t tag[BLOCK];
	imp_status st = set_up(&j, c, alg, k, nonce);
	size_t room = *len;
	if (st == IMP_PASS)
		return imp_siv_seal(c, k, nonce, aad, naad, in, out, len);
	if (alg == IMP_A_TLS_CBC_SHA256)
		return imp_bear_can(c, alg, 0) ? imp_bear_of(c)->cbc->seal(c, k, nonce, aad, naad, in, out, len) : IMP_EUNSUP;
	if (st < 0)
		return st;
	if (in.len > SIZE_MAX - j.a->tag)
		return IMP_EARG;
	*len = in.len + j.a->tag;
	if (room < *len)
		return IMP_ENOSPC;
	copy(out, in);
	st = run(&j, tag);
	if (st < 0) {
		imp_wipe(out, in.len);
		*len = room;
		return st;
	}
	memcpy(out + in.len, tag, j.a->tag);
	return IMP_OK;
}

imp_status imp_bear_open(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                         const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	struct job j = {.aad = aad, .naad = naad, .data = out};
	uint8_t tag[BLOCK];
	imp_status st = set_up(&j, c, alg, k, nonce);
	size_t room = *len;
	if (st == IMP_PASS)
		return imp_siv_open(c, k, nonce, aad, naad, in, out, len);
	if (alg == IMP_A_TLS_CBC_SHA256)
		return imp_bear_can(c, alg, 0) ? imp_bear_of(c)->cbc->open(c, k, nonce, aad, naad, in, out, len) : IMP_EUNSUP;
	if (st < 0)
		return st;
	if (in.len < j.a->tag)
		return IMP_EAUTH;
	j.len = *len = in.len - j.a->tag;
	if (room < j.len)
		return IMP_ENOSPC;
	copy(out, imp_bytes(in.ptr, j.len));
	st = run(&j, tag);
	if (st == IMP_OK && !imp_ct_equal(tag, in.ptr + j.len, j.a->tag))
		st = IMP_EAUTH;
	imp_wipe(tag, sizeof tag);
	if (st < 0) {
		imp_wipe(out, j.len);
		*len = st == IMP_EUNSUP ? room : 0;
	}
	return st;
}
