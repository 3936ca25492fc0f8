/* cose.c -- COSE objects: exactly which bytes are signed, what is refused,
 * published vectors on real providers. */
#include "bytes.h"
#include "cose.h"
#include "crypto.h"
#include "guard.h"
#include "t.h"
#include "x509.h"

static uint8_t buf[8192];

/* --- a provider that records what it is given ---------------------------- */

static uint8_t seen[1024];
static size_t seen_len;

static void record(const imp_span *in, size_t n)
{
	seen_len = 0;
	for (size_t i = 0; i < n; i++) {
		if (in[i].len)
			if (in[i].len)
			memcpy(seen + seen_len, in[i].ptr, in[i].len);
		seen_len += in[i].len;
	}
}

static imp_status rec_init(const imp_crypto *c, void *ctx, int32_t alg)
{
	(void)c;
	(void)ctx;
	(void)alg;
	seen_len = 0;
	return IMP_OK;
}

static void rec_push(const imp_crypto *c, void *ctx, imp_span in)
{
	(void)c;
	(void)ctx;
	if (in.len)
		memcpy(seen + seen_len, in.ptr, in.len);
	seen_len += in.len;
}

static size_t rec_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	(void)c;
	(void)ctx;
	memset(out, 0x11, 32);
	return 32;
}

static imp_status rec_sign(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span in, uint8_t *sig, size_t *len)
{
	size_t want = alg == IMP_A_RS256 ? 256 : imp_alg_sig_len(alg);
	(void)c;
	(void)k;
	(void)in;
	if (*len < want) {
		*len = want;
		return IMP_ENOSPC;
	}
	*len = want;
	memset(sig, 0x22, want);
	return IMP_OK;
}

static imp_status rec_fail(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span in, uint8_t *sig, size_t *len)
{
	(void)c;
	(void)alg;
	(void)k;
	(void)in;
	(void)sig;
	(void)len;
	return IMP_ERANDOM;
}

static imp_status rec_verify(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span in, imp_span sig)
{
	(void)c;
	(void)alg;
	(void)k;
	(void)in;
	return sig.len && sig.ptr[0] == 0x22 ? IMP_OK : IMP_EAUTH;
}

static imp_status rec_mac(const imp_crypto *c, int32_t alg, const imp_key *k, const imp_span *in, size_t n, uint8_t *out, size_t len)
{
	(void)c;
	(void)alg;
	(void)k;
	record(in, n);
	memset(out, 0x33, len);
	return IMP_OK;
}

static imp_status rec_seal(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce, const imp_span *aad, size_t n, imp_span in, uint8_t *out, size_t *len)
{
	(void)c;
	(void)alg;
	(void)k;
	(void)nonce;
	record(aad, n);
	memmove(out, in.ptr, in.len);
	memset(out + in.len, 0x44, 16);
	*len = in.len + 16;
	return IMP_OK;
}

static imp_status rec_open(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce, const imp_span *aad, size_t n, imp_span in, uint8_t *out, size_t *len)
{
	(void)c;
	(void)alg;
	(void)k;
	(void)nonce;
	record(aad, n);
	memmove(out, in.ptr, in.len - 16);
	*len = in.len - 16;
	return IMP_OK;
}

static const imp_crypto recorder = {
	.size = sizeof recorder, .id = "recorder", .hash_init = rec_init, .hash_push = rec_push, .hash_peek = rec_peek,
	.mac = rec_mac, .seal = rec_seal, .open = rec_open, .sign = rec_sign, .verify = rec_verify,
};

static int saw(const char *hex)
{
	uint8_t want[1024];
	return imp_same(imp_bytes(seen, seen_len), t_hex(hex, want, sizeof want));
}

static const char content[] = "This is the content.";
#define CONTENT "54546869732069732074686520636F6E74656E742E"
#define CONTENT_SIG "58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36"

static imp_cose read_hex(const char *hex, uint64_t kind, imp_status *end)
{
	imp_rd r = imp_rd_of(guard_span(0, t_hex(hex, buf, sizeof buf)));
	imp_cose m;
	imp_cose_read(&r, kind, &m);
	*end = imp_rd_end(&r);
	return m;
}

static void signed_bytes(void)
{
	imp_key k = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {0, 0}};
	imp_span plain = imp_bytes(content, sizeof content - 1), none = {0, 0};
	uint8_t aad[16], out[512], iv[12] = {0};
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_cose_sign1(&recorder, &w, IMP_A_ES256, &k, none, plain, none);
	t_check("Sig_structure without external data", saw("846A5369676E61747572653143A101264054546869732069732074686520636F6E74656E742E"), "");
	w = imp_wr_to(out, sizeof out);
	imp_cose_sign1(&recorder, &w, IMP_A_ES256, &k, none, plain, t_hex("11aa22bb33cc44dd55006699", aad, sizeof aad));
	t_check("Sig_structure with external data", saw("846A5369676E61747572653143A101264C11AA22BB33CC44DD5500669954546869732069732074686520636F6E74656E742E"), "");
	w = imp_wr_to(out, sizeof out);
	imp_cose_mac0(&recorder, &w, IMP_A_HMAC256, &k, plain, none);
	t_check("MAC_structure", saw("84644D41433043A101054054546869732069732074686520636F6E74656E742E"), "");
	w = imp_wr_to(out, sizeof out);
	imp_cose_seal0(&recorder, &w, IMP_A_A128GCM, &k, imp_bytes(iv, 12), plain, none);
	t_check("Enc_structure", saw("8368456E63727970743043A1010140"), "");
}

static void room(void)
{
	static const int32_t algs[] = {IMP_A_ES256, IMP_A_RS256};
	imp_key k = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {0, 0}};
	imp_span plain = imp_bytes(content, sizeof content - 1), none = {0, 0};
	imp_crypto broken = recorder;
	uint8_t out[512];
	imp_wr w;
	broken.sign = rec_fail;
	for (size_t a = 0; a < 2; a++) {
		size_t need, cap, refused = 0;
		w = imp_wr_to(out, sizeof out);
		imp_cose_sign1(&recorder, &w, algs[a], &k, none, plain, none);
		need = imp_wr_need(&w);
		for (cap = 0; cap < need; cap++) {
			w = imp_wr_to(guard_room(1, cap), cap);
			refused += imp_cose_sign1(&recorder, &w, algs[a], &k, none, plain, none) == IMP_ENOSPC && imp_wr_need(&w) >= need;
		}
		t_check("any smaller room is IMP_ENOSPC and counted", refused == need, algs[a] == IMP_A_ES256 ? "ES256" : "RS256");
		w = imp_wr_to(guard_room(1, need), need);
		t_check("the counted room is enough", imp_cose_sign1(&recorder, &w, algs[a], &k, none, plain, none) == IMP_OK && !imp_cbor_check(imp_wr_span(&w)), "");
	}
	w = imp_wr_to(out, sizeof out);
	t_check("a signer's failure is the writer's", imp_cose_sign1(&broken, &w, IMP_A_ES256, &k, none, plain, none) == IMP_ERANDOM && !imp_wr_span(&w).len, "");
	w = imp_wr_to(NULL, 0);
	imp_cose_mac0(&recorder, &w, IMP_A_HMAC256, &k, plain, none);
	t_check("measuring MACs nothing", imp_wr_need(&w) == 1 + 1 + 4 + 1 + 21 + 34, "");
}

static const struct { uint64_t kind; const char *hex, *why; } bad[] = {
	{18, "d18443a10126a04101" CONTENT_SIG, "tagged as a Mac0"},
	{18, "d03843a10126a04101" CONTENT_SIG, "tagged as an Encrypt0"},
	{18, "d903e68443a10126a04101" CONTENT_SIG, "tagged with 998"},
	{18, "d2d28443a10126a04101" CONTENT_SIG, "tagged twice"},
	{18, "d28343a10126a04101", "three elements"},
	{18, "d28543a10126a0410142000000", "five elements"},
	{18, "d284a10126a04101" CONTENT_SIG, "protected is a map, not bytes"},
	{18, "d2844126a04101" CONTENT_SIG, "protected holds no map"},
	{18, "d28444a1012600a04101" CONTENT_SIG, "something after the protected map"},
	{18, "d28442a101a04101" CONTENT_SIG, "the protected map is cut"},
	{18, "d28443a10126804101" CONTENT_SIG, "unprotected is an array"},
	{18, "d28443a10126404101" CONTENT_SIG, "unprotected is bytes"},
	{18, "d28443a10126f64101" CONTENT_SIG, "unprotected is null"},
	{18, "d28443a10126a06161" CONTENT_SIG, "the payload is text"},
	{18, "d28443a10126a04101f6", "no signature"},
	{18, "d28443a10126a041018101", "the signature is an array"},
	{18, "d28445a201260126a04101" CONTENT_SIG, "alg twice"},
	{18, "d28443a10126a101264101" CONTENT_SIG, "alg in both headers"},
	{18, "d28443a10126a204410104410141014100", "kid twice"},
	{18, "d28447a20126028103a04101" CONTENT_SIG, "crit"},
	{18, "d28443a10126a10281034101" CONTENT_SIG, "crit where it may not be"},
	{18, "d28443a10126a1f6004101" CONTENT_SIG, "null for a label"},
	{18, "d28443a10126a141aa004101" CONTENT_SIG, "bytes for a label"},
	{18, "d28443a10126b10300040005000600070008000900" "0a000b000c000d000e000f0010001100120013004101" CONTENT_SIG, "18 labels"},
	{18, "d284425fffa04101" CONTENT_SIG, "an indefinite protected header"},
	{18, "d28444a1011807a04101" CONTENT_SIG, "an alg that is not shortest"},
	{16, "d08443a10101a0410140", "an Encrypt0 with a signature"},
	{16, "d08243a10101a0", "an Encrypt0 without a ciphertext"},
	{17, "d28443a10105a0410140", "a Mac0 tagged as a Sign1"},
};

static void reading(void)
{
	imp_status end;
	imp_cose m = read_hex("d28443a10126a2182a18631903e94401020304" CONTENT CONTENT_SIG, 18, &end);
	imp_span v;
	t_check("a Sign1 comes apart", !end && m.tag == 18 && m.alg == IMP_A_ES256 && m.protected_.len == 3 && m.payload.len == 20 && m.sig.len == 64, "");
	v = imp_cose_header(&m, 42, 0);
	t_check("a header by its label", v.len == 2 && v.ptr[1] == 0x63, "");
	v = imp_cose_header(&m, 1001, 0);
	t_check("another", v.len == 5 && !imp_cose_header(&m, 42, 1).len && !imp_cose_header(&m, 43, 0).len && imp_cose_header(&m, 1, 1).len == 1, "");
	m = read_hex("8440a0f640", 18, &end);
	t_check("untagged, detached, without alg", !end && !m.tag && !m.alg && !m.payload.ptr && m.sig.ptr && !m.sig.len, "");
	t_check("verifies under no alg", imp_cose_verify1(&recorder, &m, 0, NULL, imp_bytes(0, 0)) == IMP_EBADMSG, "");
	m = read_hex("d2844aa10167756e6b6e6f776ea0410140", 18, &end);
	t_check("an alg that is text is no alg", !end && !m.alg && imp_cose_verify1(&recorder, &m, 0, NULL, imp_bytes(0, 0)) == IMP_EAUTH, "");
	m = read_hex("d28447a1011a80000000a0410140", 18, &end);
	t_check("nor is 2^31", !end && !m.alg, "");
	m = read_hex("d28440a101264101" "4122", 18, &end);
	t_check("nor one that is not protected", !end && imp_cose_verify1(&recorder, &m, IMP_A_ES256, NULL, imp_bytes(0, 0)) == IMP_EAUTH, "");
	m = read_hex("d28443a10126a0410141" "22", 18, &end);
	t_check("another alg than the caller's", !end && imp_cose_verify1(&recorder, &m, IMP_A_ES384, NULL, imp_bytes(0, 0)) == IMP_EAUTH, "");
	t_check("the caller's", imp_cose_verify1(&recorder, &m, IMP_A_ES256, NULL, imp_bytes(0, 0)) == IMP_OK, "");
	m = read_hex("d28440a0410140f6", 18, &end);
	t_check("something after it is the cursor's business", end == IMP_EBADMSG && m.payload.len == 1, "");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		m = read_hex(bad[i].hex, bad[i].kind, &end);
		t_check("refused", end == IMP_EBADMSG && !m.payload.ptr && !m.protected_.ptr, bad[i].why);
	}
}

/* What the objects may not say, whatever the provider thinks of it. */
static const struct { uint64_t kind; int32_t alg; const char *hex; imp_status want; const char *why; } unfit[] = {
	{17, IMP_A_HMAC256, "d18443a10105a0410140", IMP_EAUTH, "an empty MAC"},
	{17, IMP_A_HMAC256, "d18443a10105a04101413" "3", IMP_EAUTH, "a MAC of one right byte"},
	{17, IMP_A_HMAC256, "d18443a10105a04101581f" "33333333333333333333333333333333333333333333333333333333333333", IMP_EAUTH, "a MAC of 31 right bytes"},
	{17, IMP_A_HMAC256, "d18443a10105a041015820" "3333333333333333333333333333333333333333333333333333333333333333", IMP_OK, "all 32"},
	{17, IMP_A_HMAC256, "d18443a10105a041015821" "333333333333333333333333333333333333333333333333333333333333333333", IMP_EAUTH, "33"},
	{17, IMP_A_HMAC256, "d18443a10106a041015820" "3333333333333333333333333333333333333333333333333333333333333333", IMP_EAUTH, "the longer hash's name"},
	{17, 4, "d18443a10104a04101483333333333333333", IMP_EUNSUP, "HMAC 256/64"},
	{17, IMP_A_HMAC256, "d18443a10105a0f65820" "3333333333333333333333333333333333333333333333333333333333333333", IMP_EBADMSG, "detached"},
	{16, IMP_A_A128GCM, "d08343a10101a05044444444444444444444444444444444", IMP_EBADMSG, "no IV"},
	{16, IMP_A_A128GCM, "d08343a10101a1054b01010101010101010101015044444444444444444444444444444444", IMP_EBADMSG, "an IV of 11 bytes"},
	{16, IMP_A_A128GCM, "d08343a10101a1054d010101010101010101010101015044444444444444444444444444444444", IMP_EBADMSG, "an IV of 13 bytes"},
	{16, IMP_A_A128GCM, "d08343a10101a1056c3030303030303030303030305044444444444444444444444444444444", IMP_EBADMSG, "an IV that is text"},
	{16, IMP_A_A128GCM, "d08343a10101a1054c0101010101010101010101014f444444444444444444444444444444", IMP_EBADMSG, "shorter than a tag"},
	{16, IMP_A_A128GCM, "d08343a10101a1054c010101010101010101010101f6", IMP_EBADMSG, "detached"},
	{16, IMP_A_A128GCM, "d08343a10101a1054c0101010101010101010101015044444444444444444444444444444444", IMP_OK, "just the tag"},
	{16, IMP_A_HMAC256, "d08343a10105a1054c0101010101010101010101015044444444444444444444444444444444", IMP_EBADMSG, "a MAC's name for a cipher"},
};

static void unfitting(void)
{
	uint8_t key[32] = {0}, out[64];
	for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
		imp_key k = {unfit[i].alg, IMP_KEY_PRIVATE, 0, imp_bytes(key, 32)};
		imp_status end, st;
		imp_cose m = read_hex(unfit[i].hex, unfit[i].kind, &end);
		size_t len = sizeof out;
		st = unfit[i].kind == 17 ? imp_cose_check_mac0(&recorder, &m, unfit[i].alg, &k, imp_bytes(0, 0)) : imp_cose_open0(&recorder, &m, unfit[i].alg, &k, imp_bytes(0, 0), out, &len);
		t_check(unfit[i].want ? "unfit" : "fit", !end && st == unfit[i].want, unfit[i].why);
	}
}

static void sizes(void)
{
	imp_key k = {IMP_A_A128GCM, IMP_KEY_PRIVATE, 0, {0, 0}};
	uint8_t out[64], iv[13] = {0};
	imp_wr w = imp_wr_to(out, sizeof out);
	t_check("an IV of another length seals nothing", imp_cose_seal0(&recorder, &w, IMP_A_A128GCM, &k, imp_bytes(iv, 13), imp_bytes(content, 20), imp_bytes(0, 0)) == IMP_EARG && !w.len, "");

	t_check("an HMAC tag of 8 bytes is not HMAC 256/256", imp_hash_len(IMP_A_HMAC256) == 32 && !imp_hash_len(4), "");
	t_check("unknown numbers have no sizes", !imp_alg_sig_len(0) && !imp_alg_hash(99) && !imp_aead_key_len(99) && !imp_aead_iv_len(99) && !imp_aead_tag_len(99), "");
}

/* --- published vectors ------------------------------------------------------ */

static const struct { const char *name; uint64_t kind; int32_t alg, key_alg; const char *key, *aad, *object; imp_status want; } vectors[] = {
	{"Appendix_C_2_1", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D28443A10126A10442313154546869732069732074686520636F6E74656E742E58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36", IMP_OK},
	{"Appendix_C_4_1", 16, IMP_A_CCM8_128, IMP_A_CCM8_128, "849b5786457c1491be3a76dcea6c4271",
	 "", "D08343A1010AA1054D89F52F65A1C580933B5261A78C581C5974E1B99A3A4CC09A659AA2E9E7FFF161D38CE71CB45CE460FFB569", IMP_OK},
	{"sign-pass-02", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "11aa22bb33cc44dd55006699", "D28443A10126A10442313154546869732069732074686520636F6E74656E742E584010729CD711CB3813D8D8E944A8DA7111E7B258C9BDCA6135F7AE1ADBEE9509891267837E1E33BD36C150326AE62755C6BD8E540C3E8F92D7D225E8DB72B8820B", IMP_OK},
	{"sign-pass-03", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "8443A10126A10442313154546869732069732074686520636F6E74656E742E58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36", IMP_OK},
	{"sign-fail-02", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D28443A10126A10442313154546869732069732074686520636F6E74656E742F58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36", IMP_EAUTH},
	{"sign-fail-03", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D28445A1013903E6A10442313154546869732069732074686520636F6E74656E742E58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36", IMP_EAUTH},
	{"sign-fail-04", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D2844AA10167756E6B6E6F776EA10442313154546869732069732074686520636F6E74656E742E58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36", IMP_EAUTH},
	{"sign-fail-06", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D28445A201260300A10442313154546869732069732074686520636F6E74656E742E58408EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36", IMP_EAUTH},
	{"sign-fail-07", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D28443A10126A10442313154546869732069732074686520636F6E74656E742E58406520BBAF2081D7E0ED0F95F76EB0733D667005F7467CEC4B87B9381A6BA1EDE8E00DF29F32A37230F39A842A54821FDD223092819D7728EFB9D3A0080B75380B", IMP_EAUTH},
	{"ecdsa-sig-01", 18, IMP_A_ES256, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D28445A201260300A10442313154546869732069732074686520636F6E74656E742E58406520BBAF2081D7E0ED0F95F76EB0733D667005F7467CEC4B87B9381A6BA1EDE8E00DF29F32A37230F39A842A54821FDD223092819D7728EFB9D3A0080B75380B", IMP_OK},
	{"ecdsa-sig-02", 18, IMP_A_ES384, IMP_C_P384, "9132723f6292b010619dbe248d698c17b58756c639e7150f81bee4eb8ac37236ad0a1a19d67be32a66263e1e524d129c98cd3078c554d832ac603c4326410ff61662459b41f1f3df5dbcc83598ff7c5ed8411ca735679d1c4cb3009397d9ef2c",
	 "", "D28444A1013822A104445033383454546869732069732074686520636F6E74656E742E58605F150ABD1C7D25B32065A14E05D6CB1F665D10769FF455EA9A2E0ADAB5DE63838DB257F0949C41E13330E110EBA7B912F34E1546FB1366A2568FAA91EC3E6C8D42F4A67A0EDF731D88C9AEAD52258B2E2C4740EF614F02E9D91E9B7B59622A3C", IMP_OK},
	{"ecdsa-sig-03", 18, IMP_A_ES512, IMP_C_P521, "0072992cb3ac08ecf3e5c63dedec0d51a8c1f79ef2f82f94f3c737bf5de7986671eac625fe8257bbd0394644caaa3aaf8f27a4585fbbcad0f2457620085e5c8f42ad01dca6947bce88bc5790485ac97427342bc35f887d86d65a089377e247e60baa55e4e8501e2ada5724ac51d6909008033ebc10ac999b9d7f5cc2519f3fe1ea1d9475",
	 "", "D28444A1013823A104581E62696C626F2E62616767696E7340686F626269746F6E2E6578616D706C6554546869732069732074686520636F6E74656E742E588401664DD6962091B5100D6E1833D503539330EC2BC8FD3E8996950CE9F70259D9A30F73794F603B0D3E7C5E9C4C2A57E10211F76E79DF8FFD1B79D7EF5B9FA7DA109001965FA2D37E093BB13C040399C467B3B9908C09DB2B0F1F4996FE07BB02AAA121A8E1C671F3F997ADE7D651081017057BD3A8A5FBF394972EA71CFDC15E6F8FE2E1", IMP_OK},
	{"ecdsa-sig-04", 18, IMP_A_ES512, IMP_C_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
	 "", "D28444A1013823A10442313154546869732069732074686520636F6E74656E742E5840EB18B84ED674284E5ED861C3943E101BED5DB9F560C0F0292B34362990D1C59B10DF7946CBC6CA3DCBD6C17A6DD1D711F50337BAA6B4FCFAE0EFC70E52C1DE0F", IMP_OK},
	{"HMac-enc-01", 17, IMP_A_HMAC256, IMP_A_HMAC256, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188",
	 "", "D18443A10105A054546869732069732074686520636F6E74656E742E5820A1A848D3471F9D61EE49018D244C824772F223AD4F935293F1789FC3A08D8C58", IMP_OK},
	{"HMac-enc-02", 17, IMP_A_HMAC384, IMP_A_HMAC384, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c42718800112233778899aa2122232425262728",
	 "", "D18443A10106A054546869732069732074686520636F6E74656E742E5830998D26C6459AAEECF44ED20CE00C8CCEDF0A1F3D22A92FC05DB08C5AEB1CB594CAAF5A5C5E2E9D01CCE7E77A93AA8C62", IMP_OK},
	{"HMac-enc-03", 17, IMP_A_HMAC512, IMP_A_HMAC512, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c42718800112233778899aa2122232425262728aabbccddeeffa5a6a7a8a9a0b1b2b3b4",
	 "", "D18443A10107A054546869732069732074686520636F6E74656E742E58404A555BF971F7C1891D9DDF304A1A132E2D6F817449474D813E6D04D65962BED8BBA70C17E1F5308FA39962959A4B9B8D7DA8E6D849B209DCD3E98CC0F11EDDF2", IMP_OK},
	{"HMac-enc-04", 17, IMP_A_HMAC256, IMP_A_HMAC256, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188",
	 "", "D18443A10105A054546869732069732074686520636F6E74656E742E5820A1A848D3471F9D61EE49018D244C824772F223AD4F935293F1789FC3A08D8C59", IMP_EAUTH},
	{"mac-fail-02", 17, IMP_A_HMAC256, IMP_A_HMAC256, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188",
	 "", "D18443A10105A054546869732069732074686520636F6E74656E742E5820A1A848D3471F9D61EE49018D244C824772F223AD4F935293F1789FC3A08D8C59", IMP_EAUTH},
	{"mac-fail-03", 17, IMP_A_HMAC256, IMP_A_HMAC256, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188",
	 "", "D18445A1013903E6A054546869732069732074686520636F6E74656E742E5820A1A848D3471F9D61EE49018D244C824772F223AD4F935293F1789FC3A08D8C58", IMP_EAUTH},
	{"mac-fail-04", 17, IMP_A_HMAC256, IMP_A_HMAC256, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188",
	 "", "D1844AA10167556E6B6E6F776EA054546869732069732074686520636F6E74656E742E5820A1A848D3471F9D61EE49018D244C824772F223AD4F935293F1789FC3A08D8C58", IMP_EAUTH},
	{"mac-fail-06", 17, IMP_A_HMAC256, IMP_A_HMAC256, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188",
	 "", "D18445A201050300A054546869732069732074686520636F6E74656E742E5820A1A848D3471F9D61EE49018D244C824772F223AD4F935293F1789FC3A08D8C58", IMP_EAUTH},
	{"mac-fail-07", 17, IMP_A_HMAC256, IMP_A_HMAC256, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188",
	 "", "D18443A10105A054546869732069732074686520636F6E74656E742E5820BB9E11EF2BD673F766A398D4E3FAD78E0F0BE2806BF73FB647471E40B3D98734", IMP_EAUTH},
	{"aes-gcm-enc-01", 16, IMP_A_A128GCM, IMP_A_A128GCM, "849b57219dae48de646d07dbb533566e",
	 "", "D08343A10101A1054C02D1F7E6F26C43D4868D87CE582460973A94BB2898009EE52ECFD9AB1DD25867374B162E2C03568B41F57C3CC16F9166250A", IMP_OK},
	{"aes-gcm-enc-02", 16, IMP_A_A192GCM, IMP_A_A192GCM, "0f1e2d3c4b5a69788796a5b4c3d2e1f01f2e3d4c5b6a7988",
	 "", "D08343A10102A1054C02D1F7E6F26C43D4868D87CE5824134D3B9223A00C1552C77585C157F467F295919D530FBE21F7689AB3CD4D18FFE8E17CEB", IMP_OK},
	{"aes-gcm-enc-03", 16, IMP_A_A256GCM, IMP_A_A256GCM, "0f1e2d3c4b5a69788796a5b4c3d2e1f01f2e3d4c5b6a798897a6b5c4d3e2f100",
	 "", "D08343A10103A1054C02D1F7E6F26C43D4868D87CE58249D64A5A59A3B04867DCCF6B8EF82F7D1A3B25EF84ECA2BC5D7593A96E943859A9CC24AD3", IMP_OK},
	{"aes-gcm-enc-04", 16, IMP_A_A128GCM, IMP_A_A128GCM, "849b57219dae48de646d07dbb533566e",
	 "", "D08343A10101A1054C02D1F7E6F26C43D4868D87CE582460973A94BB2898009EE52ECFD9AB1DD25867374B162E2C03568B41F57C3CC16F9166250B", IMP_EAUTH},
	{"aes-ccm-enc-01", 16, IMP_A_CCM8_128, IMP_A_CCM8_128, "849b57219dae48de646d07dbb533566e",
	 "", "D08343A1010AA1054D89F52F65A1C580933B5261A72F581C6899DA0A132BD2D2B9B10915743EE1F7B92A4680E7C51BDBC1B320EA", IMP_OK},
	{"aes-ccm-enc-02", 16, IMP_A_CCM16_128, IMP_A_CCM16_128, "849b57219dae48de646d07dbb533566e",
	 "", "D08344A101181EA1054D89F52F65A1C580933B5261A72F58246899DA0A132BD2D2B9B10915743EE1F7B92A4680903F2C00D37E14D4EBDC7EF2C03CF5A9", IMP_OK},
	{"aes-ccm-enc-04", 16, IMP_A_CCM64_128, IMP_A_CCM64_128, "849b57219dae48de646d07dbb533566e",
	 "", "D08344A1011820A1054789F52F65A1C5805824191BD858DEC79FC11DA3428BDFA446AC240D591F3965FA7CA156FE666BC262807DF0EE99", IMP_OK},
	{"aes-ccm-enc-08", 16, IMP_A_CCM64_256, IMP_A_CCM64_256, "0f1e2d3c4b5a69788796a5b4c3d2e1f01f2e3d4c5b6a798897a6b5c4d3e2f100",
	 "", "D08344A1011821A1054789F52F65A1C5805824721908D60812806F2660054238E931ADB575771E723C6FFD415A07CDB9FA9CEECC6C81FC", IMP_OK},
};

static imp_status judge(const imp_crypto *c, size_t i)
{
	uint8_t key[160] = {4}, aad[64], in[512], out[64];
	size_t lead = vectors[i].kind == IMP_COSE_SIGN1, len = sizeof out;
	imp_span bits = t_hex(vectors[i].key, key + lead, sizeof key - lead), ext = t_hex(vectors[i].aad, aad, sizeof aad);
	imp_key k = {vectors[i].key_alg, 0, 0, imp_bytes(key, bits.len + lead)};
	imp_rd r = imp_rd_of(guard_span(0, t_hex(vectors[i].object, in, sizeof in)));
	imp_cose m;
	imp_status st;
	imp_cose_read(&r, vectors[i].kind, &m);
	if (imp_rd_end(&r))
		return IMP_EBADMSG;
	if (vectors[i].kind == IMP_COSE_SIGN1)
		return imp_cose_verify1(c, &m, vectors[i].alg, &k, ext);
	if (vectors[i].kind == IMP_COSE_MAC0)
		return imp_cose_check_mac0(c, &m, vectors[i].alg, &k, ext);
	memset(out, 0x55, sizeof out);
	st = imp_cose_open0(c, &m, vectors[i].alg, &k, ext, out, &len);
	if (!st && (len != 20 || memcmp(out, content, 20)))
		return IMP_EPROTO;
	if (st == IMP_EAUTH && !memcmp(out, content, 4))
		return IMP_EPROTO; /* plaintext before its proof */
	len = 19;
	return st || imp_cose_open0(c, &m, vectors[i].alg, &k, ext, out, &len) == IMP_ENOSPC ? st : IMP_EPROTO;
}

static void published(const imp_crypto *c)
{
	char detail[96];
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		imp_status st = judge(c, i);
		snprintf(detail, sizeof detail, "%s %s: %d", c->id, vectors[i].name, (int)st);
		if (st == IMP_EUNSUP)
			t_skip("cose-wg", detail);
		else
			t_check(vectors[i].want ? "cose-wg, refused" : "cose-wg", st == vectors[i].want, detail);
	}
}

/* A key of FDO's PublicKey array: X.509 encoding or a chain. */
static imp_status fdo_key(imp_rd *r, imp_key *k)
{
	uint64_t how;
	imp_cert cert;
	imp_status st;
	imp_cbor_array_of(r, 3);
	imp_cbor_uint(r);
	how = imp_cbor_uint(r);
	if (how == 1)
		return imp_spki_read(imp_cbor_bstr(r), k);
	for (size_t n = imp_cbor_array(r), i = 0; i < n; i++) {
		imp_span der = imp_cbor_bstr(r);
		st = i ? IMP_OK : imp_cert_read(der, &cert);
		if (st)
			return st;
	}
	*k = cert.key;
	return IMP_OK;
}

/* A voucher's header: the manufacturer's key. */
static imp_status fdo_header(imp_rd *r, imp_key *k)
{
	imp_rd h;
	imp_cbor_array_of(r, 5);
	imp_cbor_uint(r);
	h = imp_cbor_inside(r);
	imp_cbor_array_of(&h, 6);
	for (int i = 0; i < 4; i++)
		imp_cbor_raw(&h);
	imp_cbor_raw(r);
	imp_cbor_raw(r);
	return fdo_key(&h, k);
}

static void voucher(const imp_crypto *c)
{
	imp_span whole = t_file("fdo/ov_extended.cbor", buf, sizeof buf);
	imp_rd r = imp_rd_of(whole), in;
	imp_key owner = {0, 0, 0, {0, 0}}, next = owner;
	imp_status st = fdo_header(&r, &owner);
	size_t n = imp_cbor_array(&r), good = 0, wrong = 0;
	char detail[96];
	for (size_t i = 0; i < n; i++) {
		imp_cose m, other;
		imp_cose_read(&r, IMP_COSE_SIGN1, &m);
		in = imp_rd_of(m.payload);
		imp_cbor_array_of(&in, 4);
		for (int skip = 0; skip < 3; skip++)
			imp_cbor_raw(&in);
		st = st ? st : fdo_key(&in, &next);
		good += !imp_rd_end(&in) && imp_cose_verify1(c, &m, IMP_A_RS256, &owner, imp_bytes(0, 0)) == IMP_OK;
		other = m;
		other.payload.len--;
		wrong += imp_cose_verify1(c, &other, IMP_A_RS256, &owner, imp_bytes(0, 0)) == IMP_EAUTH;
		owner = next;
	}
	snprintf(detail, sizeof detail, "%s: %zu of %zu entries, status %d", c->id, good, n, (int)st);
	t_check("a voucher's entries, each signed by the owner before it", !st && !imp_rd_end(&r) && n == 6 && good == 6, detail);
	t_check("and none of them with a shorter payload", wrong == 6, "");
}

static const struct { const char *object, *cert; } constrained[] = {
	{"pvr", "cbrski-pledge"}, {"rvr", "cbrski-registrar"}, {"voucher", "cbrski-masa_ca"}, {"vr-2019", "brski-idevid"},
};

static void cbrski(const imp_crypto *c)
{
	static uint8_t der[2048];
	char file[64], detail[96];
	for (size_t i = 0; i < sizeof constrained / sizeof *constrained; i++) {
		imp_cert cert;
		imp_cose m;
		imp_rd r;
		imp_status st;
		snprintf(file, sizeof file, "x509/%s.der", constrained[i].cert);
		st = imp_cert_read(t_file(file, der, sizeof der), &cert);
		snprintf(file, sizeof file, "cbrski/%s.cose", constrained[i].object);
		r = imp_rd_of(t_file(file, buf, sizeof buf));
		imp_cose_read(&r, IMP_COSE_SIGN1, &m);
		st = st ? st : imp_rd_end(&r) ? IMP_EBADMSG : imp_cose_verify1(c, &m, IMP_A_ES256, &cert.key, imp_bytes(0, 0));
		snprintf(detail, sizeof detail, "%s %s by %s: %d", c->id, constrained[i].object, constrained[i].cert, (int)st);
		t_check("constrained voucher artifact", !st, detail);
	}
}

/* --- both ways -------------------------------------------------------------- */

static void round_trip_sign(const imp_crypto *c, int32_t curve, int32_t alg)
{
	uint8_t priv[66], pub[133], out[512], aad[3] = {1, 2, 3}, kid[] = {0xa1, 4, 0x42, 0x31, 0x31};
	size_t privlen = sizeof priv, publen = sizeof pub;
	imp_key k = {curve, IMP_KEY_PRIVATE, 0, {priv, 0}}, p = {curve, 0, 0, {pub, 0}};
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_cose m;
	imp_rd r;
	imp_status st;
	if (c->keygen(c, curve, priv, &privlen, pub, &publen)) {
		t_skip("sign and verify", c->id);
		return;
	}
	k.bits.len = privlen;
	p.bits.len = publen;
	st = imp_cose_sign1(c, &w, alg, &k, imp_bytes(kid, sizeof kid), imp_bytes(content, 20), imp_bytes(aad, 3));
	r = imp_rd_of(imp_wr_span(&w));
	imp_cose_read(&r, IMP_COSE_SIGN1, &m);
	t_check("signed and verified", !st && !imp_rd_end(&r) && m.alg == alg && imp_cose_header(&m, 4, 0).len == 3 && !imp_cose_verify1(c, &m, alg, &p, imp_bytes(aad, 3)), c->id);
	t_check("not with other external data", imp_cose_verify1(c, &m, alg, &p, imp_bytes(aad, 2)) == IMP_EAUTH, c->id);
	m.sig.len--;
	t_check("nor with a short signature", imp_cose_verify1(c, &m, alg, &p, imp_bytes(aad, 3)) == IMP_EAUTH, c->id);
}

static void round_trip_seal(const imp_crypto *c, int32_t alg)
{
	uint8_t key[32] = {7}, iv[13] = {9}, out[128], plain[64];
	size_t len = sizeof plain;
	imp_key k = {alg, IMP_KEY_PRIVATE, 0, imp_bytes(key, imp_aead_key_len(alg))};
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_cose m;
	imp_rd r;
	char detail[64];
	imp_status st = imp_cose_seal0(c, &w, alg, &k, imp_bytes(iv, imp_aead_iv_len(alg)), imp_bytes(content, 20), imp_bytes(iv, 2));
	snprintf(detail, sizeof detail, "%s alg %d", c->id, (int)alg);
	if (st == IMP_EUNSUP) {
		t_skip("seal and open", detail);
		return;
	}
	r = imp_rd_of(imp_wr_span(&w));
	imp_cose_read(&r, IMP_COSE_ENCRYPT0, &m);
	t_check("sealed and opened", !st && !imp_rd_end(&r) && !imp_cose_open0(c, &m, alg, &k, imp_bytes(iv, 2), plain, &len) && len == 20 && !memcmp(plain, content, 20), detail);
	len = sizeof plain;
	t_check("not with other external data", imp_cose_open0(c, &m, alg, &k, imp_bytes(iv, 3), plain, &len) == IMP_EAUTH, detail);
	len = sizeof plain;
	t_check("nor under another alg", imp_cose_open0(c, &m, alg == 1 ? 3 : 1, &k, imp_bytes(iv, 2), plain, &len) == IMP_EAUTH, detail);
	memcpy(plain, m.payload.ptr, m.payload.len);
	m.payload.ptr = plain;
	len = sizeof plain;
	t_check("opened where it lies", !imp_cose_open0(c, &m, alg, &k, imp_bytes(iv, 2), plain, &len) && !memcmp(plain, content, 20), detail);
	w = imp_wr_to(out, sizeof out);
	t_check("an IV of another length is the caller's mistake", imp_cose_seal0(c, &w, alg, &k, imp_bytes(iv, 5), imp_bytes(content, 20), imp_bytes(0, 0)) == IMP_EARG, detail);
}

/* go-fdo's known answer for ECDH256 (internal/nistkdf): L = 256 bits. */
static void deriving(const imp_crypto *c)
{
	uint8_t secret[64], want[32], out[256], part[256];
	imp_span s = t_hex("08c9dc0cc5e9dd2558a12ae60cd00670d01a09cca52bae8a671a21e1babdb25bc21963c48b4aa77bb8ed338f0c5a15efee069ce10a09be2aacf857b8dcd9df8e", secret, sizeof secret);
	imp_span ctx = imp_bytes("AutomaticOnboardTunnel", 22), halves[2] = {imp_bytes("Automatic", 9), imp_bytes("OnboardTunnel", 13)};
	t_hex("e5e959c8cbdd5989c819f7ea8c69bcb3f70a442830ba235c5aa0b4047d0cda0b", want, sizeof want);
	t_check("SP 800-108 as FDO's", !imp_kdf108(c, IMP_A_HMAC256, s, "FIDO-KDF", &ctx, 1, out, 32) && !memcmp(out, want, 32), c->id);
	t_check("with its context in parts", !imp_kdf108(c, IMP_A_HMAC256, s, "FIDO-KDF", halves, 2, out, 32) && !memcmp(out, want, 32), c->id);
	t_check("more than one block", !imp_kdf108(c, IMP_A_HMAC384, s, "FIDO-KDF", &ctx, 1, out, 100) && !imp_kdf108(c, IMP_A_HMAC384, s, "FIDO-KDF", &ctx, 1, part, 96) && memcmp(out, part, 48), c->id);
	t_check("bounds", imp_kdf108(c, IMP_A_HMAC256, s, "x", &ctx, 5, out, 32) == IMP_EARG && imp_kdf108(c, IMP_A_HMAC256, s, "x", &ctx, 1, out, 8192) == IMP_EARG
	        && imp_kdf108(c, 99, s, "x", &ctx, 1, out, 32) == IMP_EUNSUP, c->id);
}

static void on_provider(const imp_crypto *c)
{
	static const int32_t aeads[] = {IMP_A_A128GCM, IMP_A_A192GCM, IMP_A_A256GCM, IMP_A_CHACHAPOLY, IMP_A_CCM8_128, IMP_A_CCM16_128, IMP_A_CCM64_128, IMP_A_CCM64_256};
	published(c);
	voucher(c);
	cbrski(c);
	deriving(c);
	round_trip_sign(c, IMP_C_P256, IMP_A_ES256);
	round_trip_sign(c, IMP_C_P384, IMP_A_ES384);
	round_trip_sign(c, IMP_C_P521, IMP_A_ES512);
	for (size_t i = 0; i < sizeof aeads / sizeof *aeads; i++)
		round_trip_seal(c, aeads[i]);
}

int main(void)
{
	signed_bytes();
	room();
	reading();
	unfitting();
	sizes();
	on_provider(&imp_openssl);
	on_provider(&imp_bearssl);
	return t_end();
}
