/* crypto-list.c -- the providers of a host.  A new one is a line in
 * t_providers() and a list of what it must offer. */
#include "crypto.h"
#include "crypto-list.h"

static const int32_t must_sodium[] = {
	IMP_A_SHA256, IMP_A_SHA512, IMP_A_HMAC256, IMP_A_HMAC512, IMP_A_CHACHAPOLY, IMP_A_EDDSA, 0,
};
static const int32_t must_openssl[] = {
	IMP_A_SHA1, IMP_A_SHA256, IMP_A_SHA384, IMP_A_SHA512, IMP_A_HMAC256, IMP_A_HMAC384, IMP_A_HMAC512,
	IMP_A_CMAC, IMP_A_SIV, IMP_A_AES_ECB, IMP_A_AES_CBC, IMP_A_AES_CTR, IMP_A_A128GCM, IMP_A_A192GCM, IMP_A_A256GCM,
	IMP_A_CHACHAPOLY, IMP_A_CCM8_128, IMP_A_CCM16_128, IMP_A_CCM64_128, IMP_A_CCM64_256, IMP_A_TLS_CCM8,
	IMP_A_TLS_CCM, IMP_A_ES256, IMP_A_ES384, IMP_A_ES512, IMP_A_RS256, IMP_A_RS384, IMP_A_PS256, IMP_A_PS384,
	IMP_A_OAEP256, IMP_A_EDDSA, 0,
};

size_t t_providers(struct provider *list)
{
	static const imp_crypto *const both[] = {&imp_bearssl, &imp_sodium, NULL};
	static imp_crypto mux;
	size_t n = 0;
	imp_mux(&mux, both);
	list[n++] = (struct provider){"bearssl", &imp_bearssl, must_bearssl, 0};
	list[n++] = (struct provider){"bearssl.ec", &imp_bearssl_ec, must_small, 0};
	list[n++] = (struct provider){"sodium", &imp_sodium, must_sodium, 0};
	list[n++] = (struct provider){"openssl", &imp_openssl, must_openssl, 1};
	list[n++] = (struct provider){"mux of bearssl and sodium", &mux, must_bearssl, 0};
	return n;
}
