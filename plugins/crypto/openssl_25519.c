/* openssl_25519.c -- X25519 (RFC 7748) and Ed25519 (RFC 8032) of the OpenSSL
 * provider. */
#include "openssl_in.h"

#include <openssl/core_names.h>

enum { KEY = 32, SIG = 64 };

int ossl_25519_can(int32_t curve)
{
	return curve == IMP_C_X25519 || curve == IMP_C_ED25519;
}

static EVP_PKEY *private_key(int type, imp_span bits)
{
	return EVP_PKEY_new_raw_private_key(type, NULL, bits.ptr, bits.len);
}

imp_status ossl_25519_keygen(int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub, size_t *publen)
{
	size_t room = *privlen < *publen ? *privlen : *publen;
	EVP_PKEY *k;
	imp_status st;
	*privlen = *publen = KEY;
	if (room < KEY)
		return IMP_ENOSPC;
	if (RAND_priv_bytes(priv, KEY) != 1)
		return IMP_ERANDOM;
	k = private_key(curve == IMP_C_X25519 ? EVP_PKEY_X25519 : EVP_PKEY_ED25519, imp_bytes(priv, KEY));
	st = k && EVP_PKEY_get_raw_public_key(k, pub, publen) == 1 ? IMP_OK : IMP_ENOSPC;
	EVP_PKEY_free(k);
	return st;
}

/* A private key for X25519 alone.  It comes with a public key, and as the
 * derivation never looks at that one, any will do: computing the right one
 * would take as long as the derivation. */
static EVP_PKEY *x25519_key(imp_span bits, imp_span any)
{
	OSSL_PARAM p[3];
	EVP_PKEY *k = NULL;
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
	p[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)(uintptr_t)bits.ptr, bits.len);
	p[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)any.ptr, any.len);
	p[2] = OSSL_PARAM_construct_end();
	if (x && EVP_PKEY_fromdata_init(x) == 1)
		EVP_PKEY_fromdata(x, &k, EVP_PKEY_KEYPAIR, p);
	EVP_PKEY_CTX_free(x);
	return k;
}

/* OpenSSL refuses the all-zero secret of a point of low order. */
static imp_status derive(EVP_PKEY *mine, EVP_PKEY *peer, uint8_t *out, size_t *len)
{
	EVP_PKEY_CTX *x = mine ? EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL) : NULL;
	imp_status st = IMP_ENOSPC;
	if (x && peer && EVP_PKEY_derive_init(x) == 1)
		st = EVP_PKEY_derive_set_peer_ex(x, peer, 0) == 1 && EVP_PKEY_derive(x, out, len) == 1
			? IMP_OK : IMP_EBADMSG;
	EVP_PKEY_CTX_free(x);
	return st;
}

imp_status ossl_25519_dh(const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	size_t room = *len;
	EVP_PKEY *mine, *peer;
	imp_status st;
	*len = KEY;
	if (priv->bits.len != KEY)
		return IMP_EARG;
	if (pub.len != KEY)
		return IMP_EBADMSG;
	if (room < KEY)
		return IMP_ENOSPC;
	mine = x25519_key(priv->bits, pub);
	peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pub.ptr, KEY);
	st = derive(mine, peer, out, len);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(peer);
	return st;
}

imp_status ossl_25519_sign(const imp_key *priv, imp_span message, uint8_t *sig, size_t *len)
{
	uint8_t made[SIG]; /* sig may be the message, which is read twice */
	size_t room = *len;
	EVP_PKEY *k;
	EVP_MD_CTX *x;
	imp_status st;
	*len = SIG;
	if (priv->bits.len != KEY)
		return IMP_EARG;
	if (room < SIG)
		return IMP_ENOSPC;
	k = private_key(EVP_PKEY_ED25519, priv->bits);
	x = EVP_MD_CTX_new();
	st = k && x && EVP_DigestSignInit_ex(x, NULL, NULL, NULL, NULL, k, NULL) == 1
		&& EVP_DigestSign(x, made, len, message.ptr, message.len) == 1 ? IMP_OK : IMP_ENOSPC;
	if (st == IMP_OK)
		memcpy(sig, made, SIG);
	EVP_MD_CTX_free(x);
	EVP_PKEY_free(k);
	return st;
}

imp_status ossl_25519_verify(const imp_key *pub, imp_span message, imp_span sig)
{
	EVP_PKEY *k;
	EVP_MD_CTX *x;
	imp_status st = IMP_ENOSPC;
	if (pub->bits.len != KEY)
		return IMP_EBADMSG;
	if (sig.len != SIG)
		return IMP_EAUTH;
	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub->bits.ptr, KEY);
	x = EVP_MD_CTX_new();
	if (k && x && EVP_DigestVerifyInit_ex(x, NULL, NULL, NULL, NULL, k, NULL) == 1)
		st = EVP_DigestVerify(x, sig.ptr, SIG, message.ptr, message.len) == 1 ? IMP_OK : IMP_EAUTH;
	EVP_MD_CTX_free(x);
	EVP_PKEY_free(k);
	return st;
}
