/* openssl.c -- a crypto provider on OpenSSL 3: hashes, MACs, ciphers, and
 * the table that leads to the public-key files. */
#define _DEFAULT_SOURCE /* getentropy() */
#include "openssl_in.h"
#include "siv.h"
#include "tlscbc.h"

#include <openssl/cmac.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#ifdef __linux__
#include <unistd.h>
#endif

void *ossl_kept(ossl_slot *slot, void *(*make)(const void *what), const void *what,
                void (*drop)(void *))
{
	void *have = atomic_load_explicit(slot, memory_order_acquire), *made;
	if (have)
		return have;
	made = make(what);
	if (!made)
		return NULL;
	if (atomic_compare_exchange_strong(slot, &have, made))
		return made;
	drop(made);
	return have;
}

/* Every call leaves OpenSSL's error queue as it was: between ERR_set_mark()
 * and this. */
static imp_status quiet(imp_status st)
{
	ERR_pop_to_mark();
	return st;
}

/* ------------------------------------------------------------- hashes -- */

/* OpenSSL's plain-data contexts: no pointer, may be copied. */
struct hash {
	int32_t  alg;
	uint32_t len, block;
	union {
		SHA_CTX    s1;
		SHA256_CTX s2;
		SHA512_CTX s5;
	} u;
};
_Static_assert(sizeof(struct hash) <= IMP_HASH_OWN, "a hash context is too large");

static imp_status start(struct hash *h, int32_t alg)
{
	memset(h, 0, sizeof *h);
	h->alg = alg;
	h->block = alg == IMP_A_SHA384 || alg == IMP_A_SHA512 ? 128 : 64;
	switch (alg) {
	case IMP_A_SHA1:   h->len = 20; SHA1_Init(&h->u.s1); return IMP_OK;
	case IMP_A_SHA256: h->len = 32; SHA256_Init(&h->u.s2); return IMP_OK;
	case IMP_A_SHA384: h->len = 48; SHA384_Init(&h->u.s5); return IMP_OK;
	case IMP_A_SHA512: h->len = 64; SHA512_Init(&h->u.s5); return IMP_OK;
	default: return IMP_EUNSUP;
	}
}

static void push(struct hash *h, imp_span in)
{
	switch (h->alg) {
	case IMP_A_SHA1:   SHA1_Update(&h->u.s1, in.ptr, in.len); break;
	case IMP_A_SHA256: SHA256_Update(&h->u.s2, in.ptr, in.len); break;
	default:           SHA512_Update(&h->u.s5, in.ptr, in.len); break;
	}
}

/* Ends the hash; h is erased. */
static size_t finish(struct hash *h, uint8_t *out)
{
	size_t len = h->len;
	switch (h->alg) {
	case IMP_A_SHA1:   SHA1_Final(out, &h->u.s1); break;
	case IMP_A_SHA256: SHA256_Final(out, &h->u.s2); break;
	default:           SHA512_Final(out, &h->u.s5); break;
	}
	OPENSSL_cleanse(h, sizeof *h);
	return len;
}

static imp_status hash_init(const imp_crypto *c, void *ctx, int32_t alg)
{
	struct hash h;
	imp_status st = start(&h, alg);
	(void)c;
	memcpy(ctx, &h, sizeof h);
	return st;
}

static void hash_push(const imp_crypto *c, void *ctx, imp_span in)
{
	struct hash h;
	(void)c;
	if (!in.len)
		return;
	if ((uintptr_t)ctx % _Alignof(struct hash) == 0) {
		push((struct hash *)ctx, in);
		return;
	}
	memcpy(&h, ctx, sizeof h);
	push(&h, in);
	memcpy(ctx, &h, sizeof h);
	OPENSSL_cleanse(&h, sizeof h);
}

static size_t hash_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	struct hash h;
	(void)c;
	memcpy(&h, ctx, sizeof h);
	return finish(&h, out);
}

/* --------------------------------------------------------------- MACs -- */

static int32_t hmac_hash(int32_t alg)
{
	switch (alg) {
	case IMP_A_HMAC256: return IMP_A_SHA256;
	case IMP_A_HMAC384: return IMP_A_SHA384;
	case IMP_A_HMAC512: return IMP_A_SHA512;
	default: return 0;
	}
}

/* RFC 2104 on the hash contexts above: EVP_MAC would fetch and allocate for
 * every call.  full: 64 bytes.  Yields its length. */
static size_t hmac(int32_t hash, imp_span key, const imp_span *in, size_t n, uint8_t *full)
{
	struct hash h;
	uint8_t pad[128] = {0};
	size_t len, block;
	start(&h, hash);
	block = h.block;
	if (key.len > block) {
		push(&h, key);
		finish(&h, pad);
		start(&h, hash);
	} else if (key.len) {
		memcpy(pad, key.ptr, key.len);
	}
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36;
	push(&h, imp_bytes(pad, block));
	for (size_t i = 0; i < n; i++)
		if (in[i].len)
			push(&h, in[i]);
	len = finish(&h, full);
	for (size_t i = 0; i < block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	start(&h, hash);
	push(&h, imp_bytes(pad, block));
	push(&h, imp_bytes(full, len));
	finish(&h, full);
	OPENSSL_cleanse(pad, sizeof pad);
	return len;
}

/* ------------------------------------------------------------ ciphers -- */

/* Modes of AES times three key sizes, then ChaCha20: indices of names[]. */
enum { ECB = 0, CBC = 3, CTR = 6, GCM = 9, CCM = 12, CHACHA = 15, CIPHERS };

static const char names[CIPHERS][20] = {
	"AES-128-ECB", "AES-192-ECB", "AES-256-ECB", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC",
	"AES-128-CTR", "AES-192-CTR", "AES-256-CTR", "AES-128-GCM", "AES-192-GCM", "AES-256-GCM",
	"AES-128-CCM", "AES-192-CCM", "AES-256-CCM",
	"ChaCha20-Poly1305",
};

static void *make_cipher(const void *name)
{
	return EVP_CIPHER_fetch(NULL, (const char *)name, NULL);
}

static void drop_cipher(void *cipher)
{
	EVP_CIPHER_free((EVP_CIPHER *)cipher);
}

/* Fetching costs more than encrypting a message, so once is enough. */
static const EVP_CIPHER *cipher_of(int index)
{
	static ossl_slot kept[CIPHERS];
	return (const EVP_CIPHER *)ossl_kept(&kept[index], make_cipher, names[index], drop_cipher);
}

/* 0, 1, 2 for AES keys of 16, 24, 32 bytes; -1 for any other length. */
static int aes_size(size_t len)
{
	return len == 16 ? 0 : len == 24 ? 1 : len == 32 ? 2 : -1;
}

static imp_status cmac(imp_span key, const imp_span *in, size_t n, uint8_t *full)
{
	int size = aes_size(key.len), good;
	size_t len = 16;
	CMAC_CTX *x;
	if (size < 0)
		return IMP_EARG;
	ERR_set_mark();
	x = CMAC_CTX_new();
	good = x && CMAC_Init(x, key.ptr, key.len, cipher_of(CBC + size), NULL) == 1;
	for (size_t i = 0; good && i < n; i++)
		good = CMAC_Update(x, in[i].ptr, in[i].len) == 1;
	good = good && CMAC_Final(x, full, &len) == 1;
	CMAC_CTX_free(x);
	return quiet(good ? IMP_OK : IMP_ENOSPC);
}

static imp_status mac(const imp_crypto *c, int32_t alg, const imp_key *k,
                      const imp_span *in, size_t n, uint8_t *out, size_t len)
{
	int32_t hash = hmac_hash(alg);
	uint8_t full[64];
	size_t have = 16;
	imp_status st = IMP_OK;
	(void)c;
	if ((k->flags & IMP_KEY_OPAQUE) || (!hash && alg != IMP_A_CMAC))
		return IMP_EUNSUP;
	if (hash)
		have = hmac(hash, k->bits, in, n, full);
	else
		st = cmac(k->bits, in, n, full);
	if (st == IMP_OK && (!len || len > have))
		st = IMP_EARG;
	if (st == IMP_OK)
		memcpy(out, full, len);
	OPENSSL_cleanse(full, sizeof full);
	return st;
}

static int mode_of(int32_t alg)
{
	switch (alg) {
	case IMP_A_AES_ECB: return ECB;
	case IMP_A_AES_CBC: return CBC;
	case IMP_A_AES_CTR: return CTR;
	default: return -1;
	}
}

static imp_status cipher(const imp_crypto *c, int32_t alg, int encrypt,
                         const imp_key *k, imp_span iv, imp_span in, uint8_t *out)
{
	int mode = mode_of(alg), size = aes_size(k->bits.len), n = 0, good;
	EVP_CIPHER_CTX *x;
	(void)c;
	if (mode < 0 || (k->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (size < 0 || iv.len != (mode == ECB ? 0 : 16) || (mode != CTR && in.len % 16) || in.len > INT_MAX)
		return IMP_EARG;
	if (!in.len)
		return IMP_OK;
	ERR_set_mark();
	x = EVP_CIPHER_CTX_new();
	good = x && EVP_CipherInit_ex2(x, cipher_of(mode + size), k->bits.ptr, iv.ptr, encrypt != 0, NULL) == 1
		&& EVP_CIPHER_CTX_set_padding(x, 0) == 1
		&& EVP_CipherUpdate(x, out, &n, in.ptr, (int)in.len) == 1 && n == (int)in.len;
	EVP_CIPHER_CTX_free(x);
	return quiet(good ? IMP_OK : IMP_ENOSPC);
}

/* --------------------------------------------------------------- AEAD -- */

struct aead {
	int32_t alg;
	uint8_t mode, key, nonce, tag; /* sizes in bytes; key 0: 16 or 32 */
};
static const struct aead aeads[] = {
	{ IMP_A_A128GCM, GCM, 16, 12, 16 },
	{ IMP_A_A192GCM, GCM, 24, 12, 16 },
	{ IMP_A_A256GCM, GCM, 32, 12, 16 },
	{ IMP_A_CHACHAPOLY, CHACHA, 32, 12, 16 },
	{ IMP_A_CCM8_128, CCM, 16, 13, 8 },
	{ IMP_A_CCM16_128, CCM, 16, 13, 16 },
	{ IMP_A_CCM64_128, CCM, 16, 7, 16 },
	{ IMP_A_CCM64_256, CCM, 32, 7, 16 },
	{ IMP_A_TLS_CCM8, CCM, 0, 12, 8 },
	{ IMP_A_TLS_CCM, CCM, 0, 12, 16 },
};

static const struct aead *aead_of(int32_t alg)
{
	for (size_t i = 0; i < sizeof aeads / sizeof aeads[0]; i++)
		if (aeads[i].alg == alg)
			return &aeads[i];
	return NULL;
}

/* One operation: what seal and open have in common. */
struct job {
	int             encrypt;
	imp_span        key, nonce, in; /* in: without the tag */
	const imp_span *aad;
	size_t          naad;
	uint8_t        *out;            /* as long as in */
	uint8_t        *tag;            /* written by seal, read by open */
	int             taglen;
};

/* Feed all AAD, piece by piece. */
static int feed_aad(EVP_CIPHER_CTX *x, const imp_span *aad, size_t naad)
{
	int n, good = 1;
	for (size_t i = 0; good && i < naad; i++)
		if (aad[i].len)
			good = aad[i].len <= INT_MAX
				&& EVP_CipherUpdate(x, NULL, &n, aad[i].ptr, (int)aad[i].len) == 1;
	return good;
}

static int crypt_stream(EVP_CIPHER_CTX *x, const EVP_CIPHER *e, const struct job *j)
{
	int n = 0, left = 0;
	return EVP_CipherInit_ex2(x, e, j->key.ptr, j->nonce.ptr, j->encrypt, NULL) == 1
		&& (j->encrypt || EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, j->taglen, j->tag) == 1)
		&& feed_aad(x, j->aad, j->naad)
		&& (!j->in.len || EVP_CipherUpdate(x, j->out, &n, j->in.ptr, (int)j->in.len) == 1)
		&& EVP_CipherFinal_ex(x, j->out + n, &left) == 1
		&& (!j->encrypt || EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, j->taglen, j->tag) == 1);
}

/* CCM wants the length first and its AAD in one piece. */
static int feed_ccm_aad(EVP_CIPHER_CTX *x, const imp_span *aad, size_t naad)
{
	uint8_t small[512], *all = small;
	size_t len = 0, at = 0;
	imp_span whole;
	int good;
	for (size_t i = 0; i < naad; i++) {
		if (aad[i].len > INT_MAX - len)
			return 0;
		len += aad[i].len;
	}
	if (len > sizeof small)
		all = (uint8_t *)OPENSSL_malloc(len);
	if (!all)
		return 0;
	for (size_t i = 0; i < naad; at += aad[i++].len)
		if (aad[i].len)
			memcpy(all + at, aad[i].ptr, aad[i].len);
	whole = imp_bytes(all, len);
	good = feed_aad(x, &whole, 1);
	if (all != small)
		OPENSSL_free(all);
	return good;
}

static int crypt_ccm(EVP_CIPHER_CTX *x, const EVP_CIPHER *e, const struct job *j)
{
	static const uint8_t none[1] = {0};
	const uint8_t *in = j->in.len ? j->in.ptr : none;
	uint8_t spare[1], *out = j->in.len ? j->out : spare;
	int n = 0;
	return EVP_CipherInit_ex2(x, e, NULL, NULL, j->encrypt, NULL) == 1
		&& EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_IVLEN, (int)j->nonce.len, NULL) == 1
		&& EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, j->taglen, j->encrypt ? NULL : j->tag) == 1
		&& EVP_CipherInit_ex2(x, NULL, j->key.ptr, j->nonce.ptr, j->encrypt, NULL) == 1
		&& EVP_CipherUpdate(x, NULL, &n, NULL, (int)j->in.len) == 1
		&& feed_ccm_aad(x, j->aad, j->naad)
		&& EVP_CipherUpdate(x, out, &n, in, (int)j->in.len) == 1
		&& (!j->encrypt || EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, j->taglen, j->tag) == 1);
}

static int run(int (*crypt)(EVP_CIPHER_CTX *, const EVP_CIPHER *, const struct job *),
               int index, const struct job *j)
{
	const EVP_CIPHER *e = cipher_of(index);
	EVP_CIPHER_CTX *x = e ? EVP_CIPHER_CTX_new() : NULL;
	int good;
	ERR_set_mark();
	good = x && crypt(x, e, j);
	EVP_CIPHER_CTX_free(x);
	ERR_pop_to_mark();
	return good;
}

/* The cipher's index, or a status. */
static int aead_check(const struct aead *a, int encrypt, const imp_key *k, imp_span nonce, size_t len)
{
	size_t key = k->bits.len;
	unsigned wide = 8 * (15u - a->nonce); /* bits of CCM's length field */
	if (a->key ? key != a->key : key != 16 && key != 32)
		return IMP_EARG;
	if (nonce.len != a->nonce || len > INT_MAX)
		return IMP_EARG;
	if (a->mode == CCM && wide < 32 && len >> wide)
		return encrypt ? IMP_EARG : IMP_EAUTH;
	return a->mode == CHACHA ? CHACHA : a->mode + aes_size(key);
}

static void compress(uint32_t h[8], const uint8_t block[64])
{
	SHA256_CTX x = {.md_len = 32};
	memcpy(x.h, h, sizeof x.h);
	SHA256_Transform(&x, block);
	memcpy(h, x.h, sizeof x.h);
	OPENSSL_cleanse(&x, sizeof x);
}

static imp_status seal(const imp_crypto *c, int32_t alg, const imp_key *k,
                       imp_span nonce, const imp_span *aad, size_t naad,
                       imp_span in, uint8_t *out, size_t *len)
{
	const struct aead *a = aead_of(alg);
	size_t room = *len, tag = a ? a->tag : 0;
	struct job j = { 1, k->bits, nonce, in, aad, naad, out, out + in.len, (int)tag };
	int index;
	if (alg == IMP_A_TLS_CBC_SHA256)
		return imp_tls_cbc_seal(c, k, nonce, aad, naad, in, out, len);
	if ((!a && alg != IMP_A_SIV) || (k->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (!a)
		return imp_siv_seal(c, k, nonce, aad, naad, in, out, len);
	*len = in.len + tag;
	if (room < *len)
		return IMP_ENOSPC;
	index = aead_check(a, 1, k, nonce, in.len);
	if (index < 0)
		return index;
	return run(a->mode == CCM ? crypt_ccm : crypt_stream, index, &j) ? IMP_OK : IMP_ENOSPC;
}

static imp_status open(const imp_crypto *c, int32_t alg, const imp_key *k,
                       imp_span nonce, const imp_span *aad, size_t naad,
                       imp_span in, uint8_t *out, size_t *len)
{
	const struct aead *a = aead_of(alg);
	size_t room = *len, size = a ? a->tag : 0;
	uint8_t tag[16];
	struct job j = { 0, k->bits, nonce, in, aad, naad, out, tag, (int)size };
	int index;
	if (alg == IMP_A_TLS_CBC_SHA256)
		return imp_tls_cbc_open(c, compress, k, nonce, aad, naad, in, out, len);
	if ((!a && alg != IMP_A_SIV) || (k->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	if (!a)
		return imp_siv_open(c, k, nonce, aad, naad, in, out, len);
	*len = 0;
	if (in.len < size)
		return IMP_EAUTH;
	*len = j.in.len = in.len - size;
	if (room < *len)
		return IMP_ENOSPC;
	index = aead_check(a, 0, k, nonce, j.in.len);
	if (index < 0)
		return index;
	memcpy(tag, in.ptr + j.in.len, size);
	if (run(a->mode == CCM ? crypt_ccm : crypt_stream, index, &j))
		return IMP_OK;
	OPENSSL_cleanse(out, j.in.len);
	return IMP_EAUTH;
}

/* --------------------------------------------------------- public key -- */

static void *make_md(const void *name)
{
	return EVP_MD_fetch(NULL, (const char *)name, NULL);
}

static void drop_md(void *md)
{
	EVP_MD_free((EVP_MD *)md);
}

const EVP_MD *ossl_md(int32_t alg)
{
	static ossl_slot kept[3];
	switch (alg) {
	case IMP_A_SHA256: case IMP_A_ES256: case IMP_A_RS256: case IMP_A_PS256: case IMP_A_OAEP256:
		return (const EVP_MD *)ossl_kept(&kept[0], make_md, "SHA2-256", drop_md);
	case IMP_A_SHA384: case IMP_A_ES384: case IMP_A_RS384: case IMP_A_PS384:
		return (const EVP_MD *)ossl_kept(&kept[1], make_md, "SHA2-384", drop_md);
	case IMP_A_SHA512: case IMP_A_ES512:
		return (const EVP_MD *)ossl_kept(&kept[2], make_md, "SHA2-512", drop_md);
	default:
		return NULL;
	}
}

imp_status ossl_put(const BIGNUM *v, size_t n, uint8_t *out, size_t *len)
{
	size_t room = *len;
	*len = n;
	if (room < n)
		return IMP_ENOSPC;
	return BN_bn2binpad(v, out, (int)n) == (int)n ? IMP_OK : IMP_ENOSPC;
}

BIGNUM *ossl_secret(imp_span in)
{
	BIGNUM *v = in.len <= INT_MAX ? BN_secure_new() : NULL;
	if (!v)
		return NULL;
	BN_set_flags(v, BN_FLG_CONSTTIME);
	if (BN_bin2bn(in.ptr, (int)in.len, v))
		return v;
	BN_clear_free(v);
	return NULL;
}

/* Digest bytes of an ECDSA algorithm; 0: not one. */
static size_t ecdsa_digest(int32_t alg)
{
	return alg == IMP_A_ES256 ? 32 : alg == IMP_A_ES384 ? 48 : alg == IMP_A_ES512 ? 64 : 0;
}

static int can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	struct hash h;
	(void)c;
	if (alg == IMP_A_EDDSA)
		return curve == 0 || curve == IMP_C_ED25519;
	if (ecdsa_digest(alg))
		return curve == 0 || ossl_ec_can(curve);
	if (curve)
		return alg == 0 && (ossl_ec_can(curve) || ossl_25519_can(curve) || ossl_modp_can(curve));
	return start(&h, alg) == IMP_OK || hmac_hash(alg) || alg == IMP_A_CMAC || alg == IMP_A_SIV
		|| alg == IMP_A_TLS_CBC_SHA256 || mode_of(alg) >= 0 || aead_of(alg) || ossl_rsa_can(alg);
}

/* Small draws, which are nearly all, come from the kernel: half the time of
 * OpenSSL's generator, and nothing to go wrong after a fork. */
static imp_status random_bytes(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
#ifdef __linux__
	if (len <= 256 && getentropy(out, len) == 0)
		return IMP_OK;
#endif
	ERR_set_mark();
	for (; len > INT_MAX; out += INT_MAX, len -= INT_MAX)
		if (RAND_bytes(out, INT_MAX) != 1)
			return quiet(IMP_ERANDOM);
	return quiet(RAND_bytes(out, (int)len) == 1 ? IMP_OK : IMP_ERANDOM);
}

static imp_status keygen(const imp_crypto *c, int32_t curve, uint8_t *priv,
                         size_t *privlen, uint8_t *pub, size_t *publen)
{
	imp_status st = IMP_EUNSUP;
	(void)c;
	ERR_set_mark();
	if (ossl_ec_can(curve))
		st = ossl_ec_keygen(curve, priv, privlen, pub, publen);
	else if (ossl_25519_can(curve))
		st = ossl_25519_keygen(curve, priv, privlen, pub, publen);
	else if (ossl_modp_can(curve))
		st = ossl_modp_keygen(curve, priv, privlen, pub, publen);
	return quiet(st);
}

static imp_status dh(const imp_crypto *c, const imp_key *priv, imp_span pub,
                     uint8_t *out, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	(void)c;
	if (priv->flags & IMP_KEY_OPAQUE)
		return st;
	ERR_set_mark();
	if (ossl_ec_can(priv->alg))
		st = ossl_ec_dh(priv, pub, out, len);
	else if (priv->alg == IMP_C_X25519)
		st = ossl_25519_dh(priv, pub, out, len);
	else if (ossl_modp_can(priv->alg))
		st = ossl_modp_dh(priv, pub, out, len);
	return quiet(st);
}

static imp_status sign(const imp_crypto *c, int32_t alg, const imp_key *priv,
                       imp_span in, uint8_t *sig, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	(void)c;
	if (priv->flags & IMP_KEY_OPAQUE)
		return st;
	ERR_set_mark();
	if (ecdsa_digest(alg) && ossl_ec_can(priv->alg))
		st = in.len == ecdsa_digest(alg) ? ossl_ec_sign(priv, in, sig, len) : IMP_EARG;
	else if (alg == IMP_A_EDDSA && priv->alg == IMP_C_ED25519)
		st = ossl_25519_sign(priv, in, sig, len);
	else if (ossl_rsa_can(alg) && alg != IMP_A_OAEP256)
		st = ossl_rsa_sign(alg, priv, in, sig, len);
	return quiet(st);
}

static imp_status verify(const imp_crypto *c, int32_t alg, const imp_key *pub,
                         imp_span in, imp_span sig)
{
	imp_status st = IMP_EUNSUP;
	(void)c;
	if (pub->flags & IMP_KEY_OPAQUE)
		return st;
	ERR_set_mark();
	if (ecdsa_digest(alg) && ossl_ec_can(pub->alg))
		st = in.len == ecdsa_digest(alg) ? ossl_ec_verify(pub, in, sig) : IMP_EARG;
	else if (alg == IMP_A_EDDSA && pub->alg == IMP_C_ED25519)
		st = ossl_25519_verify(pub, in, sig);
	else if (ossl_rsa_can(alg) && alg != IMP_A_OAEP256)
		st = ossl_rsa_verify(alg, pub, in, sig);
	return quiet(st == IMP_EBADMSG ? IMP_EAUTH : st);
}

static imp_status rsa(const imp_crypto *c, int32_t alg, int encrypt,
                      const imp_key *k, imp_span in, uint8_t *out, size_t *len)
{
	(void)c;
	if (alg != IMP_A_OAEP256 || (k->flags & IMP_KEY_OPAQUE))
		return IMP_EUNSUP;
	ERR_set_mark();
	return quiet(ossl_rsa_crypt(encrypt, k, in, out, len));
}

static imp_status muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P,
                         imp_span y, imp_span Q, uint8_t *out, size_t *len)
{
	(void)c;
	if (!ossl_ec_can(curve))
		return IMP_EUNSUP;
	ERR_set_mark();
	return quiet(ossl_ec_muladd(curve, x, P, y, Q, out, len));
}

static imp_status scalar(const imp_crypto *c, int32_t curve, imp_span a, imp_span b,
                         imp_span d, int negate, uint8_t *r)
{
	(void)c;
	if (!ossl_ec_can(curve))
		return IMP_EUNSUP;
	ERR_set_mark();
	return quiet(ossl_ec_scalar(curve, a, b, d, negate, r));
}

static imp_status point(const imp_crypto *c, int32_t curve, imp_span in,
                        uint8_t *out, size_t *len)
{
	(void)c;
	if (!ossl_ec_can(curve))
		return IMP_EUNSUP;
	ERR_set_mark();
	return quiet(ossl_ec_point(curve, in, out, len));
}

const imp_crypto imp_openssl = {
	.size = sizeof(imp_crypto),
	.rank = 100,
	.id = "imp.openssl",
	.can = can,
	.random = random_bytes,
	.hash_init = hash_init,
	.hash_push = hash_push,
	.hash_peek = hash_peek,
	.mac = mac,
	.cipher = cipher,
	.seal = seal,
	.open = open,
	.keygen = keygen,
	.dh = dh,
	.sign = sign,
	.verify = verify,
	.rsa = rsa,
	.muladd = muladd,
	.scalar = scalar,
	.point = point,
};

static const imp_crypto *const cryptos[] = { &imp_openssl, NULL };

IMP_PLUGIN(openssl) = {
	sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.openssl", "Apache-2.0", NULL, cryptos, NULL,
};
