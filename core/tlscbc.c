/* tlscbc.c -- see tlscbc.h. */
#include "tlscbc.h"
#include "ct.h"

enum { BLOCK = 16, MAC = 32, HASHED = 64, PADS = 256, LEAST = 48 };

static const uint32_t iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* All ones if a < b; both below 2^31. */
static uint32_t less(uint32_t a, uint32_t b)
{
	return (uint32_t)0 - ((a - b) >> 31);
}

static uint32_t same(uint32_t a, uint32_t b)
{
	return imp_ct_is0(a ^ b);
}

/* aad in one piece, with two bytes left for the length; 0: too long. */
static size_t gather(uint8_t out[IMP_TLS_CBC_AAD + 2], const imp_span *aad, size_t naad)
{
	size_t n = 0;
	for (size_t i = 0; i < naad; i++) {
		if (aad[i].len > IMP_TLS_CBC_AAD - n)
			return 0;
		if (aad[i].len)
			memcpy(out + n, aad[i].ptr, aad[i].len);
		n += aad[i].len;
	}
	return n;
}

static imp_status check(const imp_key *k, imp_span nonce)
{
	if (k->flags & IMP_KEY_OPAQUE)
		return IMP_EUNSUP;
	return nonce.len == BLOCK && (k->bits.len == 16 + MAC || k->bits.len == 32 + MAC) ? IMP_OK : IMP_EARG;
}

static imp_key half(const imp_key *k, int mac)
{
	size_t cipher = k->bits.len - MAC;
	imp_key out = {mac ? IMP_A_HMAC256 : IMP_A_AES_CBC, 0, 0, {k->bits.ptr + (mac ? cipher : 0), mac ? MAC : cipher}};
	return out;
}

imp_status imp_tls_cbc_seal(const imp_crypto *c, const imp_key *k, imp_span nonce, const imp_span *aad,
                            size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	uint8_t head[IMP_TLS_CBC_AAD + 2];
	size_t n = gather(head, aad, naad), room = *len, pad = BLOCK - (in.len + MAC) % BLOCK;
	imp_status st = check(k, nonce);
	imp_key enc = half(k, 0), mac = half(k, 1);
	imp_span part[2];
	if (st < 0 || in.len > 0xffff - MAC - BLOCK)
		return st < 0 ? st : IMP_EARG;
	if (naad && !n)
		return IMP_EUNSUP;
	*len = in.len + MAC + pad;
	if (room < *len)
		return IMP_ENOSPC;
	head[n] = (uint8_t)(in.len >> 8);
	head[n + 1] = (uint8_t)in.len;
	if (in.len && out != in.ptr)
		memmove(out, in.ptr, in.len);
	part[0] = imp_bytes(head, n + 2);
	part[1] = imp_bytes(out, in.len);
	st = c->mac(c, IMP_A_HMAC256, &mac, part, 2, out + in.len, MAC);
	memset(out + in.len + MAC, (int)(pad - 1), pad);
	return st < 0 ? st : c->cipher(c, IMP_A_AES_CBC, 1, &enc, nonce, imp_bytes(out, *len), out);
}

/* --- opening -------------------------------------------------------------------- */

/* All ones if the padding is good; its length, 0 if it is not, goes to *pad. */
static uint32_t check_padding(const uint8_t *p, uint32_t n, uint32_t *pad)
{
	uint32_t said = p[n - 1], good = less(said + MAC, n), most = n < PADS ? n : PADS;
	for (uint32_t i = 0; i < most; i++) {
		uint32_t inside = ~less(said, i);
		good &= ~inside | same(p[n - 1 - i], said);
	}
	*pad = good & said;
	return good;
}

struct inner {
	uint8_t first[HASHED + IMP_TLS_CBC_AAD + 2]; /* key ^ ipad, aad, length */
	uint32_t head;                               /* bytes of it             */
	uint32_t end;                                /* secret: where the content ends, from the start */
};

/* One byte of the padded message: `t` is public, where it ends is not. */
static uint8_t byte_at(const struct inner *m, const uint8_t *content, uint32_t most, uint32_t t)
{
	uint32_t v = t < m->head ? m->first[t] : t - m->head < most ? content[t - m->head] : 0;
	return (uint8_t)((v & less(t, m->end)) | (0x80 & same(t, m->end)));
}

/* The inner hash, over as many blocks as the longest content would take. */
static void inner_hash(imp_sha256_block *compress, const struct inner *m, const uint8_t *content, uint32_t most, uint32_t out[8])
{
	uint32_t h[8], last = (m->end + 8) / HASHED, blocks = (m->head + most + 8) / HASHED + 1, bits = m->end * 8;
	uint8_t block[HASHED];
	memcpy(h, iv, sizeof h);
	memset(out, 0, sizeof iv);
	for (uint32_t b = 0; b < blocks; b++) {
		uint32_t here = same(b, last);
		for (uint32_t i = 0; i < HASHED; i++)
			block[i] = byte_at(m, content, most, b * HASHED + i);
		for (uint32_t i = 0; i < 4; i++)
			block[HASHED - 1 - i] |= (uint8_t)((bits >> 8 * i) & here);
		compress(h, block);
		for (int i = 0; i < 8; i++)
			out[i] |= h[i] & here;
	}
	imp_wipe(block, sizeof block);
	imp_wipe(h, sizeof h);
}

static void put_words(uint8_t *out, const uint32_t h[8])
{
	for (int i = 0; i < 32; i++)
		out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* HMAC over head and content[0, end), as if it did not know where that is. */
static void hidden_mac(imp_sha256_block *compress, imp_span key, struct inner *m, const uint8_t *content, uint32_t most, uint8_t out[MAC])
{
	uint8_t block[HASHED];
	uint32_t h[8];
	memset(m->first, 0x36, HASHED);
	for (size_t i = 0; i < MAC; i++)
		m->first[i] ^= key.ptr[i];
	inner_hash(compress, m, content, most, h);
	memset(block, 0, sizeof block);
	put_words(block, h);
	block[32] = 0x80;
	block[62] = 3; /* 768 bits */
	memcpy(h, iv, sizeof h);
	for (size_t i = 0; i < HASHED; i++)
		m->first[i] ^= 0x36 ^ 0x5c;
	compress(h, m->first);
	compress(h, block);
	put_words(out, h);
	imp_wipe(block, sizeof block);
	imp_wipe(h, sizeof h);
}

/* The MAC that the record carries at `at`, a secret between `from` and `to`. */
static void hidden_copy(const uint8_t *p, uint32_t from, uint32_t to, uint32_t at, uint8_t out[MAC])
{
	memset(out, 0, MAC);
	for (uint32_t i = from; i <= to; i++) {
		uint32_t here = same(i, at);
		for (uint32_t j = 0; j < MAC; j++)
			out[j] |= (uint8_t)(p[i + j] & here);
	}
}

/* One verdict for all that may be wrong: the only thing that is told. */
__attribute__((noinline)) static imp_status verdict(uint32_t good, uint8_t *out, size_t n, uint32_t plain, size_t *len)
{
	*len = plain & good;
	if (good)
		return IMP_OK;
	imp_wipe(out, n);
	return IMP_EAUTH;
}

imp_status imp_tls_cbc_open(const imp_crypto *c, imp_sha256_block *compress, const imp_key *k, imp_span nonce,
                            const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	struct inner m;
	uint8_t good_mac[MAC], said_mac[MAC];
	imp_status st = check(k, nonce);
	imp_key enc = half(k, 0);
	uint32_t n = (uint32_t)in.len, most, pad, plain, good, least;
	size_t head = gather(m.first + HASHED, aad, naad);
	if (st < 0 || (naad && !head))
		return st < 0 ? st : IMP_EUNSUP;
	if (in.len < LEAST || in.len % BLOCK || in.len > 0xffff)
		return IMP_EAUTH;
	if (*len < in.len)
		return IMP_ENOSPC;
	st = c->cipher(c, IMP_A_AES_CBC, 0, &enc, nonce, in, out);
	if (st < 0)
		return st;
	good = check_padding(out, n, &pad);
	most = n - MAC - 1;
	least = most > PADS - 1 ? most - (PADS - 1) : 0;
	plain = most - pad;
	m.head = (uint32_t)(HASHED + head + 2);
	m.end = m.head + plain;
	m.first[m.head - 2] = (uint8_t)(plain >> 8);
	m.first[m.head - 1] = (uint8_t)plain;
	hidden_mac(compress, imp_bytes(k->bits.ptr + k->bits.len - MAC, MAC), &m, out, most, good_mac);
	hidden_copy(out, least, most, plain, said_mac);
	good &= (uint32_t)0 - (uint32_t)imp_ct_equal(good_mac, said_mac, MAC);
	imp_wipe(&m, sizeof m);
	return verdict(good, out, in.len, plain, len);
}
