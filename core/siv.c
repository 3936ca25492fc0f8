/* siv.c -- see siv.h. */
#include "siv.h"
#include "ct.h"

enum { BLOCK = 16 };

/* Times x in GF(2^128). */
static void twice(uint8_t d[BLOCK])
{
	unsigned carry = (0u - (d[0] >> 7)) & 0x87u;
	for (int i = 0; i < BLOCK - 1; i++)
		d[i] = (uint8_t)(d[i] << 1 | d[i + 1] >> 7);
	d[BLOCK - 1] = (uint8_t)((unsigned)d[BLOCK - 1] << 1 ^ carry);
}

static void mix(uint8_t *d, const uint8_t *with, size_t n)
{
	for (size_t i = 0; i < n; i++)
		d[i] ^= with[i];
}

/* One half of the key; the first MACs, the second encrypts. */
static imp_key half(const imp_key *k, int second)
{
	size_t n = k->bits.len / 2;
	imp_key h = {0, 0, 0, {k->bits.ptr + (second ? n : 0), n}};
	return h;
}

/* The RFC's S2V: a CMAC over each AAD for itself, then over the text. */
static imp_status s2v(const imp_crypto *c, const imp_key *k, const imp_span *aad, size_t naad, imp_span in, uint8_t v[BLOCK])
{
	static const uint8_t zero[BLOCK], one = 0x80;
	imp_key key = half(k, 0);
	uint8_t d[BLOCK], m[BLOCK];
	imp_span last[2] = {{zero, BLOCK}, {d, BLOCK}};
	imp_status st = c->mac(c, IMP_A_CMAC, &key, last, 1, d, BLOCK);
	for (size_t i = 0; !st && i < naad; i++) {
		twice(d);
		st = c->mac(c, IMP_A_CMAC, &key, &aad[i], 1, m, BLOCK);
		mix(d, m, st ? 0 : BLOCK);
	}
	last[0] = imp_bytes(in.ptr, in.len < BLOCK ? 0 : in.len - BLOCK);
	if (in.len < BLOCK) {
		twice(d);
		mix(d, in.ptr, in.len);
		mix(d + in.len, &one, 1);
	} else {
		mix(d, in.ptr + in.len - BLOCK, BLOCK);
	}
	if (!st)
		st = c->mac(c, IMP_A_CMAC, &key, last, 2, v, BLOCK);
	imp_wipe(d, sizeof d);
	imp_wipe(m, sizeof m);
	return st;
}

/* Encrypt or decrypt in place; the tag without two of its bits is the IV. */
static imp_status text(const imp_crypto *c, const imp_key *k, const uint8_t tag[BLOCK], uint8_t *data, size_t len)
{
	imp_key key = half(k, 1);
	uint8_t iv[BLOCK];
	memcpy(iv, tag, BLOCK);
	iv[8] &= 0x7f;
	iv[12] &= 0x7f;
	return len ? c->cipher(c, IMP_A_AES_CTR, 1, &key, imp_bytes(iv, BLOCK), imp_bytes(data, len), data) : IMP_OK;
}

static int fits(const imp_key *k, imp_span nonce)
{
	return !nonce.len && (k->bits.len == 32 || k->bits.len == 48 || k->bits.len == 64);
}

imp_status imp_siv_seal(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad,
                        imp_span in, uint8_t *out, size_t *len)
{
	uint8_t tag[BLOCK];
	size_t room = *len;
	imp_status st;
	if (!fits(k, nonce) || in.len > SIZE_MAX - BLOCK)
		return IMP_EARG;
	*len = in.len + BLOCK;
	if (room < *len)
		return IMP_ENOSPC;
	st = s2v(c, k, aad, naad, in, tag);
	if (st)
		return st;
	if (in.len)
		memmove(out + BLOCK, in.ptr, in.len);
	memcpy(out, tag, BLOCK);
	st = text(c, k, tag, out + BLOCK, in.len);
	if (st)
		imp_wipe(out, *len);
	return st;
}

imp_status imp_siv_open(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad, size_t naad,
                        imp_span in, uint8_t *out, size_t *len)
{
	uint8_t tag[BLOCK], want[BLOCK] = {0};
	size_t room = *len, n = in.len - BLOCK;
	imp_status st;
	if (!fits(k, nonce))
		return IMP_EARG;
	*len = 0;
	if (in.len < BLOCK)
		return IMP_EAUTH;
	*len = n;
	if (room < n)
		return IMP_ENOSPC;
	memcpy(tag, in.ptr, BLOCK);
	if (n)
		memmove(out, in.ptr + BLOCK, n);
	st = text(c, k, tag, out, n);
	if (!st)
		st = s2v(c, k, aad, naad, imp_bytes(out, n), want);
	if (!st && !imp_ct_equal(tag, want, BLOCK))
		st = IMP_EAUTH;
	if (st && n)
		imp_wipe(out, n);
	if (st)
		*len = 0;
	imp_wipe(want, sizeof want);
	return st;
}
