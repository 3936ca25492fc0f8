/* bearssl_small.c -- the table for devices: P-256, SHA-256 and SHA-384, AES. */
#include "bear.h"

static const struct imp_bear small = {
	.sha256 = &br_sha256_vtable,
	.sha384 = &br_sha384_vtable,
	.ctrcbc = &br_aes_ct_ctrcbc_vtable,
	.ctr = &br_aes_ct_ctr_vtable,
	.ghash = IMP_BEAR_15 ? br_ghash_ctmul32 : br_ghash_ctmul,
	.p256 = IMP_BEAR_15 ? &br_ec_p256_m15 : &br_ec_p256_m31,
	.ecdsa_sign = IMP_BEAR_15 ? br_ecdsa_i15_sign_raw : br_ecdsa_i31_sign_raw,
	.ecdsa_verify = IMP_BEAR_15 ? br_ecdsa_i15_vrfy_raw : br_ecdsa_i31_vrfy_raw,
};

imp_status imp_bear_no_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	(void)out;
	(void)len;
	return IMP_EUNSUP;
}

const imp_crypto imp_bearssl_ec = {
	.size = sizeof(imp_crypto),
	.rank = 9,
	.id = "imp.bearssl.ec",
	.data = &small,
	IMP_BEAR_FUNCTIONS(imp_bear_no_random),
};

void imp_bearssl_with(imp_crypto *out, const imp_crypto *base, imp_random_fn *random)
{
	*out = *base;
	out->random = random;
}
