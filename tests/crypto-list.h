/* crypto-list.h -- which providers tests/crypto.c tries; a host and a board
 * have lists of their own (crypto-list.c, cortex-m/crypto.c). */
#ifndef IMPRINT_CRYPTO_LIST_H
#define IMPRINT_CRYPTO_LIST_H

#include "imprint.h"

enum { MOST = 8 };

struct provider {
	const char *name;
	const imp_crypto *c;
	const int32_t *must; /* it may not lack these; 0 ends */
	int random_ecdsa;    /* its ECDSA signatures are not those of RFC 6979 */
};

/* Fills `list`, at most MOST, and says how many. */
size_t t_providers(struct provider *list);

static const int32_t must_bearssl[] = {
	IMP_A_SHA1, IMP_A_SHA256, IMP_A_SHA384, IMP_A_SHA512, IMP_A_HMAC256, IMP_A_HMAC384, IMP_A_HMAC512,
	IMP_A_CMAC, IMP_A_SIV, IMP_A_AES_ECB, IMP_A_AES_CBC, IMP_A_AES_CTR, IMP_A_A128GCM, IMP_A_A192GCM, IMP_A_A256GCM,
	IMP_A_CHACHAPOLY, IMP_A_CCM8_128, IMP_A_CCM16_128, IMP_A_CCM64_128, IMP_A_CCM64_256, IMP_A_TLS_CCM8,
	IMP_A_TLS_CCM, IMP_A_ES256, IMP_A_ES384, IMP_A_ES512, IMP_A_RS256, IMP_A_RS384, IMP_A_OAEP256, 0,
};
static const int32_t must_small[] = {
	IMP_A_SHA256, IMP_A_SHA384, IMP_A_HMAC256, IMP_A_HMAC384, IMP_A_CMAC, IMP_A_SIV, IMP_A_AES_CTR, IMP_A_A128GCM,
	IMP_A_A192GCM, IMP_A_A256GCM, IMP_A_CCM8_128, IMP_A_CCM16_128, IMP_A_CCM64_128, IMP_A_CCM64_256,
	IMP_A_TLS_CCM8, IMP_A_TLS_CCM, IMP_A_ES256, 0,
};

#endif
