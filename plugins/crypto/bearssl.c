/* bearssl.c -- the table with everything that BearSSL has. */
#include "bear.h"
#include "ct.h"

#if UINTPTR_MAX > 0xffffffffu
#define AES(what) br_aes_ct64_##what##_vtable
#define GHASH br_ghash_ctmul64
#else
#define AES(what) br_aes_ct_##what##_vtable
#define GHASH (IMP_BEAR_15 ? br_ghash_ctmul32 : br_ghash_ctmul)
#endif

static const struct imp_bear all = {
	.sha1 = &br_sha1_vtable,
	.sha256 = &br_sha256_vtable,
	.sha384 = &br_sha384_vtable,
	.sha512 = &br_sha512_vtable,
	.ctrcbc = &AES(ctrcbc),
	.cbcdec = &AES(cbcdec),
	.ctr = &AES(ctr),
	.ghash = GHASH,
	.chacha = br_chacha20_ct_run,
	.poly = IMP_BEAR_15 ? br_poly1305_ctmul32_run : br_poly1305_ctmul_run,
	.p256 = IMP_BEAR_15 ? &br_ec_p256_m15 : &br_ec_p256_m31,
	.prime = IMP_BEAR_15 ? &br_ec_prime_i15 : &br_ec_prime_i31,
	.x25519 = IMP_BEAR_15 ? &br_ec_c25519_m15 : &br_ec_c25519_m31,
	.ecdsa_sign = IMP_BEAR_15 ? br_ecdsa_i15_sign_raw : br_ecdsa_i31_sign_raw,
	.ecdsa_verify = IMP_BEAR_15 ? br_ecdsa_i15_vrfy_raw : br_ecdsa_i31_vrfy_raw,
	.rsa = &imp_bear_rsa,
	.cbc = &imp_bear_cbc,
};

/* Seeded anew from the operating system for every call: nothing to keep. */
imp_status imp_bear_system_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	br_hmac_drbg_context g;
	br_prng_seeder seed = br_prng_seeder_system(NULL);
	int seeded;
	(void)c;
	br_hmac_drbg_init(&g, &br_sha256_vtable, NULL, 0);
	seeded = seed && seed(&g.vtable);
	if (seeded)
		br_hmac_drbg_generate(&g, out, len);
	imp_wipe(&g, sizeof g);
	return seeded ? IMP_OK : IMP_ERANDOM;
}

const imp_crypto imp_bearssl = {
	.size = sizeof(imp_crypto),
	.rank = 10,
	.id = "imp.bearssl",
	.data = &all,
	IMP_BEAR_FUNCTIONS(imp_bear_system_random),
};

static const imp_crypto *const cryptos[] = {&imp_bearssl, &imp_bearssl_ec, NULL};

IMP_PLUGIN(bearssl) = {
	sizeof(imp_plugin), IMP_ABI, IMP_REV, "imp.bearssl", "Apache-2.0 (BearSSL: MIT)", NULL, cryptos, NULL,
};
