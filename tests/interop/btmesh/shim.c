/* shim.c -- lets Debian's bluetooth-meshd run in a container (LD_PRELOAD): its
 * library does AES through the kernel (AF_ALG), which need not be there, and its
 * unit bearer sends on a socket that nobody has connected.
 *
 * The crypto is OpenSSL's.  MESH_PEER: path of the socket that gets the frames. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { BLOCK = 16, TAG = 16 };

struct key {
	uint8_t bits[32];
	size_t  len, tag;
};

static void *new_key(const void *bits, size_t len, size_t tag)
{
	struct key *k = calloc(1, sizeof *k);
	memcpy(k->bits, bits, len < sizeof k->bits ? len : sizeof k->bits);
	k->len = len;
	k->tag = tag;
	return k;
}

/* --- AES-CCM ---------------------------------------------------------------- */

void *l_aead_cipher_new(int type, const void *bits, size_t len, size_t tag)
{
	(void)type;
	return new_key(bits, len, tag);
}

void l_aead_cipher_free(void *k)
{
	free(k);
}

static EVP_CIPHER_CTX *ccm(const struct key *k, int encrypt, const void *nonce, size_t nonce_len, void *tag, size_t len, const void *ad, size_t ad_len)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;
	EVP_CipherInit_ex(c, EVP_aes_128_ccm(), NULL, NULL, NULL, encrypt);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_len, NULL);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, (int)k->tag, tag);
	EVP_CipherInit_ex(c, NULL, NULL, k->bits, nonce, encrypt);
	EVP_CipherUpdate(c, NULL, &n, NULL, (int)len);
	if (ad && ad_len)
		EVP_CipherUpdate(c, NULL, &n, ad, (int)ad_len);
	return c;
}

bool l_aead_cipher_encrypt(void *key, const void *in, size_t len, const void *ad, size_t ad_len, const void *nonce, size_t nonce_len, void *out, size_t out_len)
{
	const struct key *k = key;
	uint8_t *buf = malloc(len + TAG);
	EVP_CIPHER_CTX *c = ccm(k, 1, nonce, nonce_len, NULL, len, ad, ad_len);
	int n, ok = EVP_CipherUpdate(c, buf, &n, in, (int)len) && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, (int)k->tag, buf + len);
	(void)out_len;
	memcpy(out, buf, len + k->tag); /* out may be in */
	free(buf);
	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool l_aead_cipher_decrypt(void *key, const void *in, size_t len, const void *ad, size_t ad_len, const void *nonce, size_t nonce_len, void *out, size_t out_len)
{
	const struct key *k = key;
	size_t plain = len - k->tag;
	uint8_t *buf = malloc(len + TAG);
	EVP_CIPHER_CTX *c = len < k->tag ? NULL : ccm(k, 0, nonce, nonce_len, (uint8_t *)(uintptr_t)in + plain, plain, ad, ad_len);
	int n, ok = c && EVP_CipherUpdate(c, buf, &n, in, (int)plain) > 0;
	(void)out_len;
	if (ok)
		memcpy(out, buf, plain);
	free(buf);
	EVP_CIPHER_CTX_free(c);
	return ok;
}

/* --- AES-ECB ---------------------------------------------------------------- */

void *l_cipher_new(int type, const void *bits, size_t len)
{
	(void)type;
	return new_key(bits, len, 0);
}

void l_cipher_free(void *k)
{
	free(k);
}

bool l_cipher_encrypt(void *key, const void *in, void *out, size_t len)
{
	const struct key *k = key;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t *buf = malloc(len + BLOCK);
	int n, ok = EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, k->bits, NULL);
	EVP_CIPHER_CTX_set_padding(c, 0);
	ok = ok && EVP_EncryptUpdate(c, buf, &n, in, (int)len);
	memcpy(out, buf, len);
	free(buf);
	EVP_CIPHER_CTX_free(c);
	return ok;
}

/* --- CMAC ------------------------------------------------------------------- */

void *l_checksum_new_cmac_aes(const void *bits, size_t len)
{
	EVP_MAC *m = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *c = EVP_MAC_CTX_new(m);
	OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, (char *)(uintptr_t)"AES-128-CBC", 0), OSSL_PARAM_construct_end()};
	EVP_MAC_free(m);
	EVP_MAC_init(c, bits, len, p);
	return c;
}

void l_checksum_free(void *c)
{
	EVP_MAC_CTX_free(c);
}

bool l_checksum_update(void *c, const void *data, size_t len)
{
	return EVP_MAC_update(c, data, len);
}

ssize_t l_checksum_get_digest(void *c, void *out, size_t len)
{
	uint8_t tag[BLOCK];
	size_t n = 0;
	EVP_MAC_final(c, tag, &n, sizeof tag);
	len = len < n ? len : n;
	memcpy(out, tag, len);
	return (ssize_t)len;
}

/* --- the rest --------------------------------------------------------------- */

bool l_getrandom(void *out, size_t len)
{
	return getrandom(out, len, 0) == (ssize_t)len;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	static ssize_t (*real)(int, const void *, size_t, int);
	const char *path = getenv("MESH_PEER");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	ssize_t n;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "send");
	n = real(fd, data, len, flags);
	if (n >= 0 || !path || (errno != ENOTCONN && errno != EDESTADDRREQ))
		return n;
	strncpy(to.sun_path, path, sizeof to.sun_path - 1);
	return sendto(fd, data, len, flags, (const struct sockaddr *)&to, sizeof to);
}
