/* kdf.c -- HKDF and PBKDF2 on every provider of HMAC. */
#include "bytes.h"
#include "crypto.h"
#include "guard.h"
#include "kdf.h"
#include "rd.h"
#include "t.h"

#define COUNT(table) (sizeof table / sizeof *table)

static const struct { int32_t alg; const char *ikm, *salt, *info, *prk, *okm; } hkdf[] = {
	/* RFC 5869 appendix A.1, A.2, A.3 */
	{IMP_A_HMAC256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		"077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
	{IMP_A_HMAC256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
		"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		"b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		"06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
		"b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
	{IMP_A_HMAC256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "", "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
	/* computed with python3-cryptography: HKDF(no salt, "info") of "secret" */
	{IMP_A_HMAC384, "736563726574", "", "696e666f", NULL, "6de74199b86b27b1a33b4e18e4473424fb516ca5fbc062023258c3e6c265c54bafa7b6bb9dd4acd6236c923127c41b6aeefe268dc7495baf39a5efecc3576cfbe0e7ea7dcd12a8b7ea23f5b7d51f7370767cee407b791f484c5a66f89f917f0ec0cec1ab23ff628b039d623dc1ae12ea57446e8d4a7f85ec186e4ddd036fc63b9a53"},
	{IMP_A_HMAC512, "736563726574", "", "696e666f", NULL, "bd60fbd5828963ded074e6df8fdb1eedfd6695ce356c24fcf4b259aa91658f1118bdab0e63d856b2df6a36fbc60bd0ba19c759a636fc29a2d2caf23127d0d3b227e03f2d78699643527ccefe3454ed782414c9c194fa88abf1479edc827e9f252e5ab2d3a52a5422000ae8974df954a2b0ef4a72194b6bc95cbf371a5373f81e3961"},
};

static const struct { int32_t alg; const char *password, *salt; uint32_t rounds; const char *out; } pbkdf2[] = {
	/* RFC 7914 section 11 (the first), then computed with Python's hashlib */
	{IMP_A_HMAC256, "passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
	{IMP_A_HMAC256, "Password", "NaCl", 1000, "c27dad0abae39af4ebb9965719d584e8b4eb2ee69e1fc9f8f4784d1ca68696e28ffbab5f75a7f35d3ce6d5c788bb83890b3c842ecdd569d17150e7d3b1e942a2f539aa4e0f1bd786d3238f672e78f72a7e92cea37768f4f31abd0f8313744cee917a63bc"},
	{IMP_A_HMAC384, "passwd", "salt", 1, "cd3443723a41cf1460cca9efeede428a8898a82d2ad4d1fc5cca08ed3f4d3cb47a62a70b3cb9ce65dcbfb9fb9d425027a8be69b53e2a22674b0939e5e0a682f7"},
	{IMP_A_HMAC384, "Password", "NaCl", 1000, "7a403a9c7b6b2c00e52afab13e60236efb40897f8882985d739019a430378af8e235635058f5fd8242e018f94467baf42040afd4a348dacd8c08428bb68309828028a4d80a401fa27181e702ec270f92d4e53b0fa8c1404708e03ebd8a47fea34597a143"},
	{IMP_A_HMAC512, "passwd", "salt", 1, "c74319d99499fc3e9013acff597c23c5baf0a0bec5634c46b8352b793e324723d55caa76b2b25c43402dcfdc06cdcf66f95b7d0429420b39520006749c51a04e"},
	{IMP_A_HMAC512, "Password", "NaCl", 1000, "770848fb6d2da0ab075635d163e49e6c000d5238141cc78e70751e4dfd200e55f5a8ac244ed118138dad44855153518a2469925754b0a69a4b8213def142405cb20d76721cf7cf36c17a498e94a6dd7a7c181d8988a31505a0a41e63bed9c364c794770c"},
};

static imp_span text(const char *s)
{
	return imp_bytes(s, strlen(s));
}

static void run_hkdf(const imp_crypto *c)
{
	uint8_t b[5][200], prk[64];
	char claim[96];
	for (size_t i = 0; i < COUNT(hkdf); i++) {
		imp_span ikm = t_hex(hkdf[i].ikm, b[0], 200), salt = t_hex(hkdf[i].salt, b[1], 200), info = t_hex(hkdf[i].info, b[2], 200), okm = t_hex(hkdf[i].okm, b[3], 200);
		imp_span halves[2] = {{ikm.ptr, ikm.len / 2}, {ikm.ptr + ikm.len / 2, ikm.len - ikm.len / 2}};
		imp_span infos[2] = {{info.ptr, info.len / 2}, {info.ptr + info.len / 2, info.len - info.len / 2}};
		imp_span want = hkdf[i].prk ? t_hex(hkdf[i].prk, b[4], 200) : imp_bytes(prk, imp_hash_len(hkdf[i].alg));
		uint8_t *out = guard_room(0, okm.len);
		imp_status st = imp_hkdf_extract(c, hkdf[i].alg, salt, halves, 2, prk);
		snprintf(claim, sizeof claim, "%s: HKDF, row %zu", c->id, i);
		t_check(claim, !st && imp_same(imp_bytes(prk, want.len), want) && !imp_hkdf_expand(c, hkdf[i].alg, want, infos, 2, out, okm.len)
			&& imp_same(imp_bytes(out, okm.len), okm), "");
	}
}

static void run_pbkdf2(const imp_crypto *c)
{
	uint8_t b[200];
	char claim[96];
	for (size_t i = 0; i < COUNT(pbkdf2); i++) {
		imp_span want = t_hex(pbkdf2[i].out, b, sizeof b);
		uint8_t *out = guard_room(0, want.len);
		snprintf(claim, sizeof claim, "%s: PBKDF2, row %zu", c->id, i);
		t_check(claim, imp_pbkdf2(c, pbkdf2[i].alg, text(pbkdf2[i].password), text(pbkdf2[i].salt), pbkdf2[i].rounds, out, want.len) == IMP_OK
			&& imp_same(imp_bytes(out, want.len), want), "");
	}
}

static void refused(const imp_crypto *c)
{
	static uint8_t out[256 * 32], zeros[256 * 32];
	imp_span k = text("key"), parts[IMP_KDF_INFO + 1] = {{NULL, 0}};
	memset(out, 1, sizeof out);
	t_check("HKDF yields 255 blocks", imp_hkdf_expand(c, IMP_A_HMAC256, k, &k, 1, out, 255 * 32) == IMP_OK, "");
	t_check("and not a byte more", imp_hkdf_expand(c, IMP_A_HMAC256, k, &k, 1, out, 255 * 32 + 1) == IMP_EARG && !memcmp(out, zeros, 255 * 32 + 1), "");
	memset(out, 1, sizeof out);
	t_check("too many parts are the caller's mistake", imp_hkdf_expand(c, IMP_A_HMAC256, k, parts, IMP_KDF_INFO + 1, out, 8) == IMP_EARG && !memcmp(out, zeros, 8), "");
	t_check("PBKDF2 wants a round", imp_pbkdf2(c, IMP_A_HMAC256, k, k, 0, out, 32) == IMP_EARG && !memcmp(out, zeros, 32), "");
	memset(out, 1, sizeof out);
	t_check("only HMACs", imp_pbkdf2(c, IMP_A_CMAC, k, k, 1, out, 32) == IMP_EUNSUP && imp_hkdf_expand(c, IMP_A_CMAC, k, &k, 1, out, 32) == IMP_EUNSUP
		&& imp_hkdf_extract(c, IMP_A_CMAC, k, &k, 1, out) == IMP_EUNSUP && !memcmp(out, zeros, 32), "");
	memset(out, 1, sizeof out);
	t_check("a provider without the hash leaves zeros", imp_hkdf_expand(&imp_bearssl_ec, IMP_A_HMAC512, k, &k, 1, out, 70) == IMP_EUNSUP && !memcmp(out, zeros, 70)
		&& imp_pbkdf2(&imp_bearssl_ec, IMP_A_HMAC512, k, k, 1, out, 70) == IMP_EUNSUP, "");
}

int main(void)
{
	run_hkdf(&imp_openssl);
	run_hkdf(&imp_bearssl);
	run_pbkdf2(&imp_openssl);
	run_pbkdf2(&imp_bearssl);
	refused(&imp_openssl);
	return t_end();
}
