/* derive.c -- identifiers and keys: see wire.h. */
#include "alg.h"
#include "ct.h"
#include "wire.h"

enum { ROUNDS = 16384, PASSPHRASE_MIN = 6, PASSPHRASE_MAX = 255, NETWORK_MAX = 16, KEY_BLOCK = 40 };

imp_status thread_joiner_id(const imp_crypto *c, const uint8_t eui[THREAD_ID], uint8_t id[THREAD_ID])
{
	imp_span in = imp_bytes(eui, THREAD_ID);
	uint8_t hash[32];
	imp_status st = imp_hash(c, IMP_A_SHA256, &in, 1, hash);
	if (st)
		return st;
	memcpy(id, hash, THREAD_ID);
	id[0] |= 2;
	return IMP_OK;
}

static imp_status cmac(const imp_crypto *c, const uint8_t key[16], imp_span in, uint8_t out[16])
{
	imp_key k = {IMP_A_CMAC, IMP_KEY_PRIVATE, 0, imp_bytes(key, 16)};
	return c->mac(c, IMP_A_CMAC, &k, &in, 1, out, 16);
}

/* RFC 4615: a key of any length becomes one of 16 bytes. */
static imp_status prf_key(const imp_crypto *c, imp_span password, uint8_t key[16])
{
	static const uint8_t zero[16];
	if (password.len == 16) {
		memcpy(key, password.ptr, 16);
		return IMP_OK;
	}
	return cmac(c, zero, password, key);
}

imp_status thread_pskc(const imp_crypto *c, imp_span passphrase, const uint8_t extpanid[8], imp_span network, uint8_t out[THREAD_KEY])
{
	uint8_t key[16], u[16], salt[6 + 8 + NETWORK_MAX + 4];
	imp_wr w = imp_wr_to(salt, sizeof salt);
	imp_status st;
	if (passphrase.len < PASSPHRASE_MIN || passphrase.len > PASSPHRASE_MAX || network.len > NETWORK_MAX)
		return IMP_EARG;
	imp_wr_text(&w, "Thread");
	imp_wr_bytes(&w, imp_bytes(extpanid, 8));
	imp_wr_bytes(&w, network);
	imp_wr_be32(&w, 1); /* the only block */
	st = prf_key(c, passphrase, key);
	if (!st)
		st = cmac(c, key, imp_wr_span(&w), u);
	memcpy(out, u, st ? 0 : THREAD_KEY);
	for (int i = 1; !st && i < ROUNDS; i++) {
		st = cmac(c, key, imp_bytes(u, sizeof u), u);
		for (int j = 0; !st && j < THREAD_KEY; j++)
			out[j] ^= u[j];
	}
	imp_wipe(key, sizeof key);
	imp_wipe(u, sizeof u);
	if (st)
		imp_wipe(out, THREAD_KEY);
	return st;
}

imp_status thread_kek(const imp_crypto *c, const imp_channel *channel, uint8_t out[THREAD_KEY])
{
	uint8_t block[KEY_BLOCK], hash[32];
	imp_span in = imp_bytes(block, sizeof block);
	imp_status st = channel ? channel->derive(channel, "=key_block", imp_bytes(NULL, 0), block, sizeof block) : IMP_ELINK;
	if (!st)
		st = imp_hash(c, IMP_A_SHA256, &in, 1, hash);
	memcpy(out, hash, st ? 0 : THREAD_KEY);
	imp_wipe(block, sizeof block);
	imp_wipe(hash, sizeof hash);
	return st;
}
