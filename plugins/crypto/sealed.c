/* sealed.c -- one nonce per record, drawn at random: 24 bytes do not meet. */
#include "sealed.h"
#include <sodium.h>

enum { VERSION = 1, NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };
enum { HEAD = 1 + NONCE };
_Static_assert(IMP_SEALED_EXTRA == HEAD + crypto_aead_xchacha20poly1305_ietf_ABYTES, "as sealed.h says");
_Static_assert(IMP_SEALED_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "as sealed.h says");

imp_status imp_sealed_seal(imp_span key, imp_span name, imp_span in, uint8_t *out, size_t *len)
{
	size_t room = *len;
	if (key.len != IMP_SEALED_KEY || in.len > SIZE_MAX - IMP_SEALED_EXTRA)
		return IMP_EARG;
	*len = in.len + IMP_SEALED_EXTRA;
	if (room < *len)
		return IMP_ENOSPC;
	if (sodium_init() < 0)
		return IMP_ERANDOM;
	out[0] = VERSION;
	randombytes_buf(out + 1, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + HEAD, NULL, in.ptr, in.len, name.ptr, name.len, NULL,
	                                           out + 1, key.ptr);
	return IMP_OK;
}

imp_status imp_sealed_open(imp_span key, imp_span name, imp_span in, uint8_t *out, size_t *len)
{
	size_t room = *len;
	if (key.len != IMP_SEALED_KEY)
		return IMP_EARG;
	if (in.len < IMP_SEALED_EXTRA || in.ptr[0] != VERSION)
		return IMP_EAUTH;
	*len = in.len - IMP_SEALED_EXTRA;
	if (room < *len)
		return IMP_ENOSPC;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, in.ptr + HEAD, in.len - HEAD, name.ptr,
	                                               name.len, in.ptr + 1, key.ptr) == 0)
		return IMP_OK;
	*len = 0;
	return IMP_EAUTH;
}
