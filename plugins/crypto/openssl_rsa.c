/* openssl_rsa.c -- RSA (RFC 8017) of the OpenSSL provider: PKCS#1 v1.5 and
 * PSS signatures, OAEP encryption.  Keys are PKCS#1 DER, nothing behind it. */
#include "openssl_in.h"

#include <openssl/objects.h>
#include <openssl/rsa.h>

enum { MIN_BITS = 2048, MAX_BITS = 8192, MAX_BYTES = MAX_BITS / 8 };

int ossl_rsa_can(int32_t alg)
{
	return alg == IMP_A_RS256 || alg == IMP_A_RS384 || alg == IMP_A_PS256 || alg == IMP_A_PS384
		|| alg == IMP_A_OAEP256;
}

static int sane(const RSA *k)
{
	const BIGNUM *n = RSA_get0_n(k), *e = RSA_get0_e(k);
	int size = RSA_bits(k);
	return size >= MIN_BITS && size <= MAX_BITS && BN_is_odd(n)
		&& BN_num_bits(e) <= 64 && BN_is_odd(e) && !BN_is_one(e);
}

/* OpenSSL reads BER, and negative numbers as positive ones: what it read
 * must be what it would have written. */
static int is_der(const RSA *k, imp_span bits)
{
	unsigned char *again = NULL;
	int len = i2d_RSAPublicKey(k, &again);
	int same = len > 0 && (size_t)len == bits.len && !memcmp(again, bits.ptr, bits.len);
	OPENSSL_free(again);
	return same;
}

/* NULL: not one whole key of an allowed size with a sane exponent. */
static RSA *load(imp_span bits, int private)
{
	const unsigned char *at = bits.ptr;
	RSA *k;
	if (!bits.len || bits.len > 16 * MAX_BYTES)
		return NULL;
	k = private ? d2i_RSAPrivateKey(NULL, &at, (long)bits.len) : d2i_RSAPublicKey(NULL, &at, (long)bits.len);
	if (k && at == bits.ptr + bits.len && sane(k) && (private || is_der(k, bits)))
		return k;
	RSA_free(k);
	return NULL;
}

static int is_pss(int32_t alg)
{
	return alg == IMP_A_PS256 || alg == IMP_A_PS384;
}

static size_t digest_len(int32_t alg)
{
	return alg == IMP_A_RS256 || alg == IMP_A_PS256 ? 32 : 48;
}

static int nid_of(int32_t alg)
{
	return alg == IMP_A_RS256 ? NID_sha256 : NID_sha384;
}

static int sign_pss(RSA *k, const EVP_MD *md, imp_span digest, uint8_t *sig)
{
	uint8_t em[MAX_BYTES];
	int size = RSA_size(k);
	return RSA_padding_add_PKCS1_PSS_mgf1(k, em, digest.ptr, md, md, RSA_PSS_SALTLEN_DIGEST) == 1
		&& RSA_private_encrypt(size, em, sig, k, RSA_NO_PADDING) == size;
}

imp_status ossl_rsa_sign(int32_t alg, const imp_key *priv, imp_span digest, uint8_t *sig, size_t *len)
{
	size_t room = *len;
	unsigned n = 0;
	int good;
	RSA *k;
	if (digest.len != digest_len(alg))
		return IMP_EARG;
	k = load(priv->bits, 1);
	if (!k)
		return IMP_EARG;
	*len = (size_t)RSA_size(k);
	if (room < *len) {
		RSA_free(k);
		return IMP_ENOSPC;
	}
	if (is_pss(alg))
		good = sign_pss(k, ossl_md(alg), digest, sig);
	else
		good = RSA_sign(nid_of(alg), digest.ptr, (unsigned)digest.len, sig, &n, k) == 1;
	RSA_free(k);
	return good ? IMP_OK : IMP_EARG;
}

static int verify_pss(RSA *k, const EVP_MD *md, imp_span digest, imp_span sig)
{
	uint8_t em[MAX_BYTES];
	int size = RSA_size(k);
	return RSA_public_decrypt(size, sig.ptr, em, k, RSA_NO_PADDING) == size
		&& RSA_verify_PKCS1_PSS_mgf1(k, digest.ptr, md, md, em, RSA_PSS_SALTLEN_DIGEST) == 1;
}

imp_status ossl_rsa_verify(int32_t alg, const imp_key *pub, imp_span digest, imp_span sig)
{
	int good;
	RSA *k;
	if (digest.len != digest_len(alg))
		return IMP_EARG;
	k = load(pub->bits, 0);
	if (!k)
		return IMP_EAUTH;
	if (sig.len != (size_t)RSA_size(k))
		good = 0;
	else if (is_pss(alg))
		good = verify_pss(k, ossl_md(alg), digest, sig);
	else
		good = RSA_verify(nid_of(alg), digest.ptr, (unsigned)digest.len, sig.ptr, (unsigned)sig.len, k) == 1;
	RSA_free(k);
	return good ? IMP_OK : IMP_EAUTH;
}

static imp_status encrypt_oaep(RSA *k, imp_span in, uint8_t *out, size_t room, size_t *len)
{
	const EVP_MD *md = ossl_md(IMP_A_OAEP256);
	uint8_t em[MAX_BYTES];
	int size = RSA_size(k), good;
	*len = (size_t)size;
	if (in.len > (size_t)size - 66)
		return IMP_EARG;
	if (room < (size_t)size)
		return IMP_ENOSPC;
	good = RSA_padding_add_PKCS1_OAEP_mgf1(em, size, in.ptr, (int)in.len, NULL, 0, md, md) == 1
		&& RSA_public_encrypt(size, em, out, k, RSA_NO_PADDING) == size;
	OPENSSL_cleanse(em, sizeof em);
	return good ? IMP_OK : IMP_ENOSPC;
}

/* Whatever is wrong with the padding looks and lasts the same. */
static imp_status decrypt_oaep(RSA *k, imp_span in, uint8_t *out, size_t room, size_t *len)
{
	const EVP_MD *md = ossl_md(IMP_A_OAEP256);
	uint8_t em[MAX_BYTES], text[MAX_BYTES];
	int size = RSA_size(k), n = -1;
	imp_status st = IMP_EAUTH;
	*len = 0;
	if (in.len == (size_t)size && RSA_private_decrypt(size, in.ptr, em, k, RSA_NO_PADDING) == size)
		n = RSA_padding_check_PKCS1_OAEP_mgf1(text, size, em, size, size, NULL, 0, md, md);
	if (n >= 0) {
		*len = (size_t)n;
		st = room < *len ? IMP_ENOSPC : IMP_OK;
	}
	if (st == IMP_OK)
		memcpy(out, text, *len);
	OPENSSL_cleanse(em, sizeof em);
	OPENSSL_cleanse(text, sizeof text);
	return st;
}

imp_status ossl_rsa_crypt(int encrypt, const imp_key *k, imp_span in, uint8_t *out, size_t *len)
{
	RSA *r = load(k->bits, !encrypt);
	imp_status st;
	if (!r)
		return IMP_EARG;
	st = encrypt ? encrypt_oaep(r, in, out, *len, len) : decrypt_oaep(r, in, out, *len, len);
	RSA_free(r);
	return st;
}
