/* tools.c -- crypto for testers: see face.h. */
#include "alg.h"
#include "cose.h"
#include "ct.h"
#include "inner.h"
#include <stdlib.h>

enum { KEY = 2400, SIG = 1024 };

static imp_blob *fails(int status)
{
	return blob_new(status, NULL, 0);
}

imp_blob *imp_tool_flat(int32_t alg, uint32_t flags, uint64_t slot, imp_span bits)
{
	imp_key k = {alg, flags, slot, bits};
	uint8_t *out;
	imp_blob *b = blob_room(IMP_KEY_HEAD + bits.len, &out);
	if (!b)
		return NULL;
	imp_key_head(&k, out);
	if (bits.len)
		memcpy(out + IMP_KEY_HEAD, bits.ptr, bits.len);
	return b;
}

imp_blob *imp_tool_random(const char *crypto, size_t len)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	uint8_t *out;
	imp_blob *b = c ? blob_room(len, &out) : fails(IMP_EARG);
	if (c && b)
		blob_cut(b, len ? c->random(c, out, len) : IMP_OK, len);
	return b;
}

imp_blob *imp_tool_keygen(const char *crypto, int32_t curve)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	uint8_t priv[KEY], pub[KEY], *out;
	size_t privlen = sizeof priv, publen = sizeof pub;
	imp_key k = {curve, IMP_KEY_PRIVATE, 0, {NULL, 0}}, p = {curve, 0, 0, {NULL, 0}};
	imp_status st = !c ? IMP_EARG : !c->keygen ? IMP_EUNSUP : c->keygen(c, curve, priv, &privlen, pub, &publen);
	uint32_t first = (uint32_t)(IMP_KEY_HEAD + privlen);
	imp_blob *b = st == IMP_OK ? blob_room(4 + first + IMP_KEY_HEAD + publen, &out) : fails(st);
	if (st == IMP_OK && b) {
		memcpy(out, &first, 4);
		imp_key_head(&k, out + 4);
		memcpy(out + 4 + IMP_KEY_HEAD, priv, privlen);
		imp_key_head(&p, out + 4 + first);
		memcpy(out + 4 + first + IMP_KEY_HEAD, pub, publen);
	}
	imp_wipe(priv, sizeof priv);
	return b;
}

imp_blob *imp_tool_sign(const char *crypto, int32_t alg, imp_span priv, imp_span message)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	imp_key k = imp_key_from(priv);
	uint8_t sig[SIG];
	size_t len = sizeof sig;
	imp_status st = c && k.alg ? imp_sign(c, alg, &k, &message, 1, sig, &len) : IMP_EARG;
	return st == IMP_OK ? blob_new(st, sig, len) : fails(st);
}

int imp_tool_verify(const char *crypto, int32_t alg, imp_span pub, imp_span message, imp_span sig)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	imp_key k = imp_key_from(pub);
	return c && k.alg ? imp_verify(c, alg, &k, &message, 1, sig) : IMP_EARG;
}

imp_blob *imp_tool_hash(const char *crypto, int32_t alg, imp_span in)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	uint8_t out[64];
	imp_status st = c ? imp_hash(c, alg, &in, 1, out) : IMP_EARG;
	return st == IMP_OK ? blob_new(st, out, imp_hash_len(alg)) : fails(st);
}

imp_blob *imp_tool_mac(const char *crypto, int32_t alg, imp_span key, imp_span in)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	imp_key k = {alg, 0, 0, key};
	uint8_t out[64];
	size_t len = alg == IMP_A_CMAC ? 16 : imp_hash_len(alg);
	imp_status st = !c || !len ? IMP_EARG : !c->mac ? IMP_EUNSUP : c->mac(c, alg, &k, &in, 1, out, len);
	return st == IMP_OK ? blob_new(st, out, len) : fails(st);
}

/* seal and open: at most a tag longer than the input. */
static imp_blob *aead(const char *crypto, int32_t alg, int encrypt, imp_span key, imp_span nonce, imp_span aad, imp_span in)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	imp_key k = {alg, 0, 0, key};
	size_t len = in.len + 64;
	uint8_t *out;
	imp_blob *b;
	imp_status st;
	if (!c || !c->seal || !c->open)
		return fails(c ? IMP_EUNSUP : IMP_EARG);
	b = blob_room(len, &out);
	if (!b)
		return NULL;
	st = encrypt ? c->seal(c, alg, &k, nonce, &aad, 1, in, out, &len) : c->open(c, alg, &k, nonce, &aad, 1, in, out, &len);
	blob_cut(b, st, len);
	return b;
}

imp_blob *imp_tool_seal(const char *crypto, int32_t alg, imp_span key, imp_span nonce, imp_span aad, imp_span in)
{
	return aead(crypto, alg, 1, key, nonce, aad, in);
}

imp_blob *imp_tool_open(const char *crypto, int32_t alg, imp_span key, imp_span nonce, imp_span aad, imp_span in)
{
	return aead(crypto, alg, 0, key, nonce, aad, in);
}

imp_blob *imp_tool_dh(const char *crypto, imp_span priv, imp_span point)
{
	imp_crypto mux;
	const imp_crypto *c = crypto_named(crypto, &mux);
	imp_key k = imp_key_from(priv);
	uint8_t out[512];
	size_t len = sizeof out;
	imp_status st = !c || !k.alg ? IMP_EARG : !c->dh ? IMP_EUNSUP : c->dh(c, &k, point, out, &len);
	imp_blob *b = st == IMP_OK ? blob_new(st, out, len) : fails(st);
	imp_wipe(out, sizeof out);
	return b;
}
