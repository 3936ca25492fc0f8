/* cose.c -- COSE objects: exactly which bytes are signed, what is refused,
 * published vectors on real providers. */
#include "bytes.h"
#include "cose.h"
#include "guard.h"
#include "t.h"

static uint8_t buf[8192];

/* --- a provider that records what it is given ---------------------------- */

static uint8_t seen[1024];
static size_t seen_len;

static void record(const imp_span *in, size_t n)
{
	seen_len = 0;
	for (size_t i = 0; i < n; i++) {
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

static const imp_crypto recorder = {
	.size = sizeof recorder, .id = "recorder", .hash_init = rec_init, .hash_push = rec_push, .hash_peek = rec_peek,
	.mac = rec_mac, .seal = rec_seal, .sign = rec_sign, .verify = rec_verify,
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

static void sizes(void)
{
	t_check("an HMAC tag of 8 bytes is not HMAC 256/256", imp_hash_len(IMP_A_HMAC256) == 32 && !imp_hash_len(4), "");
	t_check("unknown numbers have no sizes", !imp_alg_sig_len(0) && !imp_alg_hash(99) && !imp_aead_key_len(99) && !imp_aead_iv_len(99) && !imp_aead_tag_len(99), "");
}

int main(void)
{
	signed_bytes();
	room();
	reading();
	sizes();
	return t_end();
}
