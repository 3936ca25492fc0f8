/* x509.c -- DER, keys, certificates, paths and requests: real chains, chains
 * made with OpenSSL, and our own that OpenSSL must accept. */
#include "bytes.h"
#include "crypto.h"
#include "guard.h"
#include "t.h"
#include "x509.h"
#include "alg.h"

static uint8_t files[8][4096];

/* x509/NAME in slot i, alive until the slot is used again. */
static imp_span load(unsigned i, const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "x509/%s", name);
	return t_file(path, files[i], sizeof files[i]);
}

/* --- DER ------------------------------------------------------------------- */

static imp_rd on(const char *hex)
{
	static uint8_t buf[1024];
	return imp_rd_of(guard_span(0, t_hex(hex, buf, sizeof buf)));
}

static const struct { const char *hex, *why; } bad_elements[] = {
	{"", "nothing"}, {"30", "no length"}, {"3080", "indefinite"}, {"30800000", "indefinite with its end"}, {"3001", "content is missing"},
	{"308100", "0 in two bytes"}, {"30817f", "127 in two bytes"}, {"3082007f", "127 in three"}, {"308200ff", "255 in three"},
	{"30830000ff", "255 in four"}, {"3083010000", "64 KiB that are not there"}, {"3084ffffffff", "4 GiB"}, {"308500000000010000", "five bytes of length"},
	{"30ff00", "the reserved length"}, {"3081", "a length is cut"}, {"308201", "a length is cut in the middle"}, {"1f8100", "a long tag"}, {"1f0105", "a long tag that could be a short one"}, {"bf2100", "a long context tag"},
	{"3088000000000000000100", "eight bytes of length"}, {"30feffffffffff", "126 bytes of length"},
};

static const struct { const char *hex; int ok; const char *why; } integers[] = {
	{"020100", 1, "0"}, {"02017f", 1, "127"}, {"02020080", 1, "128"}, {"02020100", 1, "256"}, {"0200", 0, "no byte"},
	{"02020000", 0, "0 in two bytes"}, {"0202007f", 0, "127 in two bytes"}, {"020180", 0, "-128"}, {"0202ff7f", 0, "-129"}, {"0202ff80", 0, "-128 in two bytes"},
	{"030100", 0, "a bit string"}, {"02810100", 0, "a long length"},
};

static const struct { const char *text; uint8_t tag; int64_t want; const char *why; } times[] = {
	{"700101000000Z", 0x17, 0, "the epoch"}, {"491231235959Z", 0x17, 2524607999, "the last UTCTime of this century"},
	{"500101000000Z", 0x17, -631152000, "and the first of the last"}, {"000229120000Z", 0x17, 951825600, "29 February 2000"},
	{"99991231235959Z", 0x18, 253402300799, "the end"}, {"20500101000000Z", 0x18, 2524608000, "2050"}, {"19700101000001Z", 0x18, 1, "the epoch, long"},
	{"21000228235959Z", 0x18, 4107542399, "28 February 2100"},
	{"210229000000Z", 0x17, -1, "29 February 2021"}, {"21000229000000Z", 0x18, -1, "29 February 2100"}, {"7001010000Z", 0x17, -1, "no seconds"},
	{"700101000000+0000", 0x17, -1, "an offset"}, {"700101000000", 0x17, -1, "no Z"}, {"19700101000000.0Z", 0x18, -1, "a fraction"},
	{"701301000000Z", 0x17, -1, "month 13"}, {"700001000000Z", 0x17, -1, "month 0"}, {"700100000000Z", 0x17, -1, "day 0"}, {"700132000000Z", 0x17, -1, "day 32"},
	{"700101240000Z", 0x17, -1, "hour 24"}, {"700101006000Z", 0x17, -1, "minute 60"}, {"700101000060Z", 0x17, -1, "second 60"},
	{"7001010000/0Z", 0x17, -1, "not a digit"}, {"7001010000:0Z", 0x17, -1, "not a digit either"}, {"", 0x17, -1, "empty"}, {"700101000000z", 0x17, -1, "a small z"},
};

static void put_get_time(uint64_t t)
{
	uint8_t b[32];
	imp_wr w = imp_wr_to(b, sizeof b);
	char detail[64];
	imp_rd r;
	imp_der_put_time(&w, t);
	r = imp_rd_of(imp_wr_span(&w));
	snprintf(detail, sizeof detail, "%llu, %zu bytes", (unsigned long long)t, w.len);
	t_check("a time is written and read", imp_der_time(&r) == (int64_t)t && !imp_rd_end(&r) && (b[0] == 0x17) == (t < 2524608000), detail);
}

static void der_times(void)
{
	uint8_t b[64];
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		imp_wr w = imp_wr_to(b, sizeof b);
		imp_rd r;
		int64_t t;
		imp_der_put(&w, times[i].tag, imp_bytes(times[i].text, strlen(times[i].text)));
		r = imp_rd_of(guard_span(0, imp_wr_span(&w)));
		t = imp_der_time(&r);
		t_check("time", times[i].want == -1 ? imp_rd_end(&r) == IMP_EBADMSG && !t : !imp_rd_end(&r) && t == times[i].want, times[i].why);
	}
	put_get_time(1);
	put_get_time(951782399 + 86400);
	put_get_time(2524607999);
	put_get_time(2524608000);
	put_get_time(4107542399);
	put_get_time(253402300799);
}

static void der_reading(void)
{
	imp_rd r;
	for (size_t i = 0; i < sizeof bad_elements / sizeof *bad_elements; i++) {
		r = on(bad_elements[i].hex);
		t_check("element refused", !imp_der_raw(&r).ptr && imp_rd_end(&r) == IMP_EBADMSG, bad_elements[i].why);
	}
	for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
		r = on(integers[i].hex);
		imp_der_uint(&r);
		t_check(integers[i].ok ? "number taken" : "number refused", imp_rd_end(&r) == (integers[i].ok ? IMP_OK : IMP_EBADMSG), integers[i].why);
	}
	r = on("03020780");
	t_check("a bit string with unused bits is not whole bytes", !imp_der_bits(&r).ptr && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("0300");
	t_check("nor one without its first byte", !imp_der_bits(&r).ptr && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = on("010101");
	t_check("true is ff", !imp_der_bool(&r) && imp_rd_end(&r) == IMP_EBADMSG, "");
}

static void der_writing(void)
{
	static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
	static uint8_t b[70000];
	size_t right = 0;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		imp_wr w = imp_wr_to(b, sizeof b), m = imp_wr_to(NULL, 0);
		imp_rd r;
		imp_wr_u8(&w, 0xee);
		imp_wr_gap(&w, sizes[i]);
		imp_wr_gap(&m, 1 + sizes[i]);
		if (sizes[i])
			memset(b + 1, (int)i + 1, sizes[i]);
		imp_der_wrap(&w, IMP_DER_OCTETS, 1);
		imp_der_wrap(&m, IMP_DER_OCTETS, 1);
		r = imp_rd_of(imp_bytes(b + 1, w.len - 1));
		right += imp_der_take(&r, IMP_DER_OCTETS).len == sizes[i] && !imp_rd_end(&r) && b[0] == 0xee && b[w.len - 1] == (sizes[i] ? i + 1 : 0) && m.len == w.len;
	}
	t_check("wrapped contents of all length forms", right == sizeof sizes / sizeof *sizes, "");
}

static const struct { const char *hex; int ok; const char *why; } sigs[] = {
	{"3006020101020102", 1, "1, 2"}, {"3008020200ff020200fe", 1, "padded"}, {"300602010102010200", 0, "trailing"}, {"3007020101020102", 0, "the length is wrong"},
	{"300702010102020002", 0, "not minimal"}, {"3006020181020102", 0, "negative"}, {"3009020101020102020103", 0, "three numbers"}, {"3003020101", 0, "one number"},
	{"3005020001020102", 0, "empty"}, {"30090204010203040201ff", 0, "negative and short"}, {"300a02050102030405020101", 0, "too long"},
};

static void der_sigs(void)
{
	uint8_t raw[8], b[32];
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) {
		imp_span in = guard_span(0, t_hex(sigs[i].hex, b, sizeof b));
		imp_status st = imp_der_sig_raw(in, raw, 4);
		imp_wr w = imp_wr_to(b, sizeof b);
		imp_der_put_sig(&w, imp_bytes(raw, 8));
		t_check(sigs[i].ok ? "signature both ways" : "signature refused", sigs[i].ok ? !st && imp_same(in, imp_wr_span(&w)) : st == IMP_EBADMSG, sigs[i].why);
	}
}

/* --- keys ------------------------------------------------------------------ */

static const struct { const char *file, *cert; int32_t alg; size_t len; } keys[] = {
	{"root-sec1.key", "root.der", IMP_C_P256, 32}, {"root-pkcs8.key", "root.der", IMP_C_P256, 32}, {"r384-pkcs8.key", "r384.der", IMP_C_P384, 48},
	{"r521-pkcs8.key", "r521.der", IMP_C_P521, 66}, {"rrsa-pkcs1.key", "rrsa.der", IMP_X509_RSA, 0}, {"rrsa-pkcs8.key", "rrsa.der", IMP_X509_RSA, 0},
	{"ed-pkcs8.key", "ed.der", IMP_C_ED25519, 32}, {"rfc7030-pkcs8.key", NULL, IMP_X509_RSA, 0}, {"rfc9148-pkcs8.key", NULL, IMP_C_P256, 32},
};

static int32_t natural(int32_t key_alg)
{
	return key_alg == IMP_C_P256 ? IMP_A_ES256 : key_alg == IMP_C_P384 ? IMP_A_ES384 : key_alg == IMP_C_P521 ? IMP_A_ES512 : key_alg == IMP_X509_RSA ? IMP_A_RS256 : IMP_A_EDDSA;
}

/* Does the private key sign what the public key verifies? */
static int pair(const imp_key *priv, const imp_key *pub)
{
	uint8_t sig[512];
	size_t len = sizeof sig;
	imp_span m = imp_bytes("message", 7);
	int32_t alg = natural(priv->alg);
	return !imp_sign(&imp_openssl, alg, priv, &m, 1, sig, &len) && !imp_verify(&imp_openssl, alg, pub, &m, 1, imp_bytes(sig, len));
}

static void private_keys(void)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		imp_span der = load(0, keys[i].file);
		imp_key k;
		imp_cert c;
		size_t refused = 0;
		int ok = imp_priv_read(guard_span(0, der), &k) == IMP_OK && k.alg == keys[i].alg && k.flags == IMP_KEY_PRIVATE && (!keys[i].len || k.bits.len == keys[i].len);
		if (keys[i].cert)
			ok = ok && !imp_cert_read(load(1, keys[i].cert), &c) && pair(&k, &c.key);
		t_check("private key", ok, keys[i].file);
		for (size_t n = 0; n < der.len; n++)
			refused += imp_priv_read(guard_span(0, imp_bytes(der.ptr, n)), &k) == IMP_EBADMSG && !k.alg;
		t_check("and every prefix of it is refused", refused == der.len, "");
	}
}

static const struct { const char *hex; imp_status want; const char *why; } spkis[] = {
	{"302a300506032b6570032100" "0101010101010101010101010101010101010101010101010101010101010101", IMP_OK, "Ed25519"},
	{"302a300506032b6570032100" "01010101010101010101010101010101010101010101010101010101010101", IMP_EBADMSG, "cut"},
	{"3029300506032b6570032000" "01010101010101010101010101010101010101010101010101010101010101", IMP_EBADMSG, "a short Ed25519 key"},
	{"302a300506032b6571032100" "0101010101010101010101010101010101010101010101010101010101010101", IMP_EUNSUP, "Ed448's name"},
	{"302c300706032b65700500032100" "0101010101010101010101010101010101010101010101010101010101010101", IMP_EBADMSG, "Ed25519 with parameters"},
	{"3039301306072a8648ce3d020106082a8648ce3d030107032200" "02" "0101010101010101010101010101010101010101010101010101010101010101", IMP_EUNSUP, "a compressed point"},
	{"3039301306072a8648ce3d020106082a8648ce3d030107032200" "04" "0101010101010101010101010101010101010101010101010101010101010101", IMP_EBADMSG, "half a point"},
	{"3036301006072a8648ce3d020106052b8104000a032200" "02" "0101010101010101010101010101010101010101010101010101010101010101", IMP_EUNSUP, "secp256k1"},
	{"301a300d06092a864886f70d010101050003090030060201030201" "03", IMP_OK, "a tiny RSA key, for the provider to refuse"},
	{"3018300b06092a864886f70d010101030900300602010302010" "3", IMP_EBADMSG, "RSA without NULL"},
	{"301a300d06092a864886f70d01010105000309003006020183020103", IMP_EBADMSG, "a negative modulus"},
};

static void public_keys(void)
{
	uint8_t b[256], again[256];
	imp_key k;
	for (size_t i = 0; i < sizeof spkis / sizeof *spkis; i++) {
		imp_span in = guard_span(0, t_hex(spkis[i].hex, b, sizeof b));
		imp_wr w = imp_wr_to(again, sizeof again);
		imp_status st = imp_spki_read(in, &k);
		char detail[96];
		snprintf(detail, sizeof detail, "%s (%d)", spkis[i].why, (int)st);
		if (!st)
			imp_spki_put(&w, &k);
		t_check("public key", st == spkis[i].want && (st ? !k.alg : imp_same(imp_wr_span(&w), in)), detail);
	}
}

/* A key or signature of another kind than the algorithm's. */
static void kinds(void)
{
	static const struct { const char *cert; int32_t alg; } other[] = {{"root.der", IMP_A_RS256}, {"rrsa.der", IMP_A_ES256}, {"root.der", IMP_A_EDDSA}, {"ed.der", IMP_A_ES256}};
	imp_cert c;
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		imp_status st = imp_cert_read(load(0, other[i].cert), &c);
		t_check("a signature by a key of another kind is wrong", !st && imp_sig_check(&imp_openssl, other[i].alg, &c.key, c.tbs, c.sig) == IMP_EAUTH, other[i].cert);
	}
	imp_cert_read(load(0, "root.der"), &c);
	t_check("a raw signature is not in DER", imp_sig_check(&imp_openssl, IMP_A_ES256, &c.key, c.tbs, imp_bytes(c.tbs.ptr, 64)) == IMP_EAUTH, "");
	t_check("no algorithm", imp_sig_check(&imp_openssl, 0, &c.key, c.tbs, c.sig) == IMP_EUNSUP, "");
}

/* --- certificates ---------------------------------------------------------- */

static const struct { const char *file, *cn; int32_t sig_alg, key; int ca, path_len; unsigned usage; } certs[] = {
	{"root.der", "root", IMP_A_ES256, IMP_C_P256, 1, -1, 0x06}, {"leaf.der", "leaf", IMP_A_ES256, IMP_C_P256, 0, -1, 0x80},
	{"short.der", "path length 0", IMP_A_ES256, IMP_C_P256, 1, 0, 0x06}, {"v1.der", "version 1", IMP_A_ES256, IMP_C_P256, 0, -1, 0xffff},
	{"l384.der", "leaf 384", IMP_A_ES384, IMP_C_P384, 0, -1, 0x80}, {"mixed.der", "SHA-256 by P-384", IMP_A_ES256, IMP_C_P256, 0, -1, 0x80},
	{"l521.der", "leaf 521", IMP_A_ES512, IMP_C_P521, 0, -1, 0x80}, {"lrsa.der", "leaf RSA", IMP_A_RS384, IMP_X509_RSA, 0, -1, 0x80},
	{"ed.der", "Ed25519", IMP_A_EDDSA, IMP_C_ED25519, 1, -1, 0x06},
	{"brski-idevid.der", "", IMP_A_ES256, IMP_C_P256, 0, -1, 0xffff}, {"brski-ownerca.der", "fountain-test.example.com Unstrung Fountain Root CA", IMP_A_ES256, IMP_C_P384, 1, -1, 0x06},
	{"brski-jrc.der", "fountain-test.example.com", IMP_A_ES256, IMP_C_P256, 0, -1, 0x80}, {"cisco-sudi.der", "InsiemeHardware", IMP_A_RS256, IMP_X509_RSA, 0, -1, 0xe0},
	{"cbrski-masa_ca.der", "masa.stok.nl", IMP_A_ES256, IMP_C_P256, 1, 3, 0x86}, {"cbrski-registrar.der", "Custom-ER Registrar", IMP_A_ES256, IMP_C_P256, 0, -1, 0xf0},
	{"rfc7030-nwn.der", "estExampleCA NwN", 0 /* SHA-1 */, IMP_X509_RSA, 1, -1, 0x06}, {"rfc9148-root.der", "Root CA", IMP_A_ES256, IMP_C_P256, 1, -1, 0x06},
	{"rfc9148-issued.der", "", IMP_A_ES256, IMP_C_P256, 0, -1, 0xa0},
};

static void reading(void)
{
	char detail[160];
	for (size_t i = 0; i < sizeof certs / sizeof *certs; i++) {
		imp_span der = load(0, certs[i].file), cn;
		imp_cert c;
		size_t refused = 0, n;
		imp_status st = imp_cert_read(guard_span(0, der), &c);
		cn = imp_cert_cn(c.subject);
		snprintf(detail, sizeof detail, "%s: %d, CN=%.*s, sig %d, key %d, ca %d, path %d, usage %x", certs[i].file, (int)st, (int)cn.len, cn.ptr ? (const char *)cn.ptr : "",
		         (int)c.sig_alg, (int)c.key.alg, c.ca, c.path_len, (unsigned)c.usage);
		t_check("certificate", !st && imp_same(cn, imp_bytes(certs[i].cn, strlen(certs[i].cn))) && c.sig_alg == certs[i].sig_alg && c.key.alg == certs[i].key
		        && c.ca == certs[i].ca && c.path_len == certs[i].path_len && c.usage == certs[i].usage, detail);
		for (n = 0; n < der.len; n++)
			refused += imp_cert_read(guard_span(0, imp_bytes(der.ptr, n)), &c) == IMP_EBADMSG && !c.raw.ptr;
		files[0][n] = 0;
		refused += imp_cert_read(guard_span(0, imp_bytes(der.ptr, n + 1)), &c) == IMP_EBADMSG;
		t_check("every prefix of it and a trailing byte are refused", refused == der.len + 1, "");
	}
}

/* One byte of a good file changed, found by the bytes before it. */
static const struct { const char *file, *after, *to, *why; } changes[] = {
	{"leaf.der", "3082", "00", "the outer length"},
	{"leaf.der", "a003020102", "03", "the serial's tag"},
	{"leaf.der", "a0030201", "01", "version 2"},
	{"leaf.der", "a0030201", "00", "version 1 spelt out"},
	{"leaf.der", "300a06082a8648ce3d0403", "03", "the inner algorithm differs from the outer"},
	{"leaf.der", "0603551d0f0101", "01", "true is not ff"},
	{"leaf.der", "0603551d0f0101ff0404", "04", "key usage is no bit string"},
	{"leaf.der", "0603551d0f0101ff0404030207", "81", "key usage with an unused bit set"},
	{"leaf.der", "0603551d0f0101ff04040302", "08", "eight unused bits"},
	{"leaf.der", "0603551d0f0101ff040403", "01", "key usage is longer than it says"},
	{"purpose.der", "2b0601050507030230140603551d", "25", "extended key usage twice"},
	{"root.der", "0603551d130101ff0405", "31", "basic constraints is a set"},
	{"root.der", "0603551d130101ff04053003", "02", "CA is a number with nothing"},
	{"root.der", "0603551d130101ff040530030101", "7f", "CA is half true"},
	{"short.der", "0603551d130101ff040830060101", "00", "a path length without CA"},
	{"short.der", "0603551d130101ff040830060101ff0201", "80", "a negative path length"},
	{"root-pkcs8.key", "0201", "02", "a PKCS#8 of version 3"},
	{"root-sec1.key", "0201", "02", "a SEC 1 key of version 2"},
	{"rrsa-pkcs1.key", "0201", "01", "a multi-prime RSA key"},
	{"rfc9148-csr.der", "0201", "01", "a request of version 2"},
};

/* Replace the byte behind `after`'s first place; 0: not there. */
static int change(uint8_t *p, size_t n, imp_span after, uint8_t to)
{
	for (size_t i = 0; i + after.len < n; i++) {
		if (memcmp(p + i, after.ptr, after.len))
			continue;
		p[i + after.len] = to;
		return 1;
	}
	return 0;
}

/* IMP_EBADMSG from whatever reads this file. */
static imp_status read_any(const char *file, imp_span der)
{
	imp_key k;
	imp_csr q;
	imp_cert c;
	if (strstr(file, ".key"))
		return imp_priv_read(der, &k);
	return strstr(file, "-csr") ? imp_csr_read(der, &q) : imp_cert_read(der, &c);
}

static void changed(void)
{
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		uint8_t after[32], to[1] = {0};
		imp_span der = load(0, changes[i].file);
		int good = read_any(changes[i].file, der) == IMP_OK;
		t_hex(changes[i].to, to, 1);
		t_check("one byte changed, refused", good && change(files[0], der.len, t_hex(changes[i].after, after, sizeof after), to[0])
		        && read_any(changes[i].file, guard_span(0, der)) == IMP_EBADMSG, changes[i].why);
	}
}

/* --- paths ----------------------------------------------------------------- */

static const struct {
	const char *chain[4], *anchor; /* names of files; anchor NULL: none */
	imp_status  want;
	size_t      which;
	const char *why;
} paths[] = {
	{{"leaf", "mid"}, "root", IMP_OK, 0, ""}, {{"leaf", "mid", "root"}, "root", IMP_OK, 0, ""}, {{"leaf", "mid", "root"}, NULL, IMP_OK, 0, ""},
	{{"leaf"}, "mid", IMP_OK, 0, ""}, {{"leaf"}, "leaf", IMP_OK, 0, ""}, {{"leaf", "mid", "root"}, "mid", IMP_OK, 0, ""}, {{"leaf", "mid", "other"}, "root", IMP_OK, 0, ""},
	{{"root"}, NULL, IMP_OK, 0, ""}, {{"root"}, "root", IMP_OK, 0, ""},
	{{"l384"}, "r384", IMP_OK, 0, ""}, {{"mixed"}, "r384", IMP_OK, 0, ""}, {{"l521"}, "r521", IMP_OK, 0, ""}, {{"lrsa", "rrsa"}, NULL, IMP_OK, 0, ""}, {{"ed"}, NULL, IMP_OK, 0, ""},
	{{"harmless", "mid"}, "root", IMP_OK, 0, ""}, {{"purpose", "mid"}, "root", IMP_OK, 0, ""},
	{{"short_direct"}, "short", IMP_OK, 0, ""}, {{"short_direct", "short"}, NULL, IMP_OK, 0, ""}, {{"rolled_leaf", "rolled"}, "short", IMP_OK, 0, ""},
	/* real ones */
	{{"brski-jrc"}, "brski-ownerca", IMP_OK, 0, ""}, {{"brski-masa"}, "brski-vendor", IMP_OK, 0, ""}, {{"brski-idevid"}, "brski-vendor", IMP_OK, 0, ""}, {{"cbrski-registrar"}, "cbrski-domain_ca", IMP_OK, 0, ""},
	{{"cbrski-pledge", "cbrski-masa_ca"}, NULL, IMP_OK, 0, ""}, {{"cbrski-masa"}, "cbrski-masa_ca", IMP_OK, 0, ""}, {{"rfc9148-root"}, NULL, IMP_OK, 0, ""},
	{{"rfc7030-issued"}, "rfc7030-nwn", IMP_EUNSUP, 0, "unknown algorithm"}, {{"rfc7030-nwo", "rfc7030-owo"}, NULL, IMP_EUNSUP, 0, "unknown algorithm"}, /* SHA-1 */
	/* refused */
	{{NULL}, "root", IMP_EAUTH, 0, "empty chain"}, {{"leaf", "mid"}, "other", IMP_EAUTH, 1, "wrong signature"}, {{"leaf", "mid", "other"}, NULL, IMP_EAUTH, 1, "wrong signature"},
	{{"leaf", "mid"}, NULL, IMP_EAUTH, 1, "issuer name differs"}, {{"leaf"}, "root", IMP_EAUTH, 0, "no trust anchor"}, {{"leaf", "root"}, "root", IMP_EAUTH, 0, "issuer name differs"},
	{{"leaf", "leaf"}, "root", IMP_EAUTH, 1, "not a CA"}, {{"misnamed", "mid"}, "root", IMP_EAUTH, 0, "issuer name differs"}, {{"misnamed", "alias"}, "root", IMP_OK, 0, ""},
	{{"under_notca", "notca"}, "root", IMP_EAUTH, 1, "not a CA"}, {{"under_notca"}, "notca", IMP_EAUTH, 0, "not a CA"}, {{"under_v1", "v1"}, "root", IMP_EAUTH, 1, "not a CA"},
	{{"under_nosign", "nosign"}, "root", IMP_EAUTH, 1, "key is not for certificates"}, {{"short_leaf", "short_mid"}, "short", IMP_EAUTH, 1, "path too long"},
	{{"short_leaf", "short_mid", "short"}, NULL, IMP_EAUTH, 2, "path too long"}, {{"critical", "mid"}, "root", IMP_EAUTH, 0, "unknown critical extension"},
	{{"l384"}, "root", IMP_EAUTH, 0, "no trust anchor"}, {{"cisco-sudi"}, "root", IMP_EAUTH, 0, "no trust anchor"}, {{"rfc7030-csr"}, "root", IMP_EBADMSG, 0, "malformed"},
	{{"leaf", "rfc7030-csr"}, "root", IMP_EBADMSG, 1, "malformed"}, {{"under_strange"}, "strange", IMP_EAUTH, 0, "unknown critical extension"},
	{{"under_strange", "strange"}, NULL, IMP_EAUTH, 1, "unknown critical extension"}, {{"k1"}, NULL, IMP_EUNSUP, 0, "unknown algorithm"},
};

static imp_status verify(const imp_crypto *c, const char *const *names, const char *anchor, uint64_t now, const char **why, size_t *which)
{
	imp_span chain[4], trust;
	char file[64];
	size_t n = 0;
	for (; n < 4 && names[n]; n++) {
		snprintf(file, sizeof file, "%s.der", names[n]);
		chain[n] = load((unsigned)n, file);
	}
	snprintf(file, sizeof file, "%s.der", anchor ? anchor : "root");
	trust = load(4, file);
	return imp_chain_verify(c, chain, n, &trust, anchor != NULL, now, why, which);
}

static void verifying(const imp_crypto *c)
{
	char detail[160];
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const char *why, *first = paths[i].chain[0];
		size_t which;
		imp_status st = verify(c, paths[i].chain, paths[i].anchor, 0, &why, &which);
		int ok = st == paths[i].want && !strcmp(why, paths[i].why) && (!st || which == paths[i].which);
		snprintf(detail, sizeof detail, "%s: %s to %s: %d %s %zu", c->id, first ? first : "nothing", paths[i].anchor ? paths[i].anchor : "itself", (int)st, why, which);
		if (st == IMP_EUNSUP && st != paths[i].want)
			t_skip(detail, "the provider does not offer the algorithm");
		else
			t_check(paths[i].want ? "path refused" : "path", ok, detail);
	}
}

static void date(uint64_t now, imp_status want, const char *expected)
{
	static const char *const chain[4] = {"leaf", "mid"};
	const char *why;
	size_t which;
	imp_status st = verify(&imp_openssl, chain, "root", now, &why, &which);
	char detail[64];
	snprintf(detail, sizeof detail, "%llu: %s", (unsigned long long)now, *why ? why : "valid");
	t_check("date", st == want && !strcmp(why, expected), detail);
}

static void dates(void)
{
	imp_cert leaf, mid;
	uint64_t from, to;
	imp_cert_read(load(5, "leaf.der"), &leaf);
	imp_cert_read(load(6, "mid.der"), &mid);
	from = (uint64_t)(leaf.not_before > mid.not_before ? leaf.not_before : mid.not_before);
	to = (uint64_t)leaf.not_after;
	date(from, IMP_OK, "");
	date(to, IMP_OK, "");
	date(from - 10, IMP_EAUTH, "not yet valid");
	date(to + 1, IMP_EAUTH, "expired");
	date(UINT64_MAX, IMP_EAUTH, "expired");
	date(0, IMP_OK, ""); /* no clock */
}

/* Every byte of the leaf changed in turn: no change survives. */
static void flips(void)
{
	imp_span der = load(0, "leaf.der"), mid = load(1, "mid.der"), chain[2] = {der, mid}, root = load(2, "root.der");
	const char *why;
	size_t which, refused = 0;
	char detail[64];
	for (size_t i = 0; i < der.len; i++) {
		files[0][i] ^= 0x10;
		refused += imp_chain_verify(&imp_openssl, chain, 2, &root, 1, 0, &why, &which) != IMP_OK;
		files[0][i] ^= 0x10;
	}
	snprintf(detail, sizeof detail, "%zu of %zu", refused, der.len);
	t_check("a changed bit anywhere is refused", refused == der.len, detail);
}

/* --- requests -------------------------------------------------------------- */

static void requests(void)
{
	static const char *const good[] = {"rfc9148-csr.der", "rfc9148-skg.der", "fountain-csr.der", "rfc7030-csr.der", "rfc7030-skg.der", "k1-csr.der"};
	enum { SHA1 = 3 }; /* from here on hash or curve are not supported */
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		imp_span der = load(0, good[i]);
		imp_csr q;
		size_t refused = 0, n;
		t_check("request and its proof of possession", !imp_csr_read(guard_span(0, der), &q) && imp_csr_verify(&imp_openssl, &q) == (i < SHA1 ? IMP_OK : IMP_EUNSUP), good[i]);
		for (n = 0; n < der.len; n++)
			refused += imp_csr_read(guard_span(0, imp_bytes(der.ptr, n)), &q) == IMP_EBADMSG && !q.raw.ptr;
		files[0][n] = 0;
		refused += imp_csr_read(imp_bytes(der.ptr, n + 1), &q) == IMP_EBADMSG;
		t_check("every prefix and a trailing byte are refused", refused == n + 1, "");
		files[0][n - 1] ^= 1;
		t_check("a changed signature is wrong", imp_csr_read(der, &q) || imp_csr_verify(&imp_openssl, &q) == (i < SHA1 ? IMP_EAUTH : IMP_EUNSUP), "");
	}
}

/* --- ours, judged by OpenSSL ------------------------------------------------ */

static int save(const char *dir, const char *name, imp_span s)
{
	char path[256];
	FILE *f;
	size_t n;
	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	n = f ? fwrite(s.ptr, 1, s.len, f) : 0;
	return f && !fclose(f) && n == s.len && n;
}

static int run(const char *dir, const char *how)
{
	char line[512];
	snprintf(line, sizeof line, "cd %s && { %s; } >log 2>&1", dir, how);
	return system(line);
}

static const struct { int32_t curve, alg; const char *issuer_key, *issuer; } makers[] = {
	{IMP_C_P256, IMP_A_ES256, "root-sec1.key", "root.der"}, {IMP_C_P384, IMP_A_ES384, "r384-pkcs8.key", "r384.der"}, {IMP_C_P256, IMP_A_RS256, "rrsa-pkcs8.key", "rrsa.der"},
	{IMP_C_P521, IMP_A_ES512, "r521-pkcs8.key", "r521.der"}, {IMP_C_ED25519, IMP_A_EDDSA, "ed-pkcs8.key", "ed.der"}, {IMP_C_P256, IMP_A_ES256, "r384-pkcs8.key", "r384.der"},
};

/* A CA below the issuer, a device below that CA by a request; all by us. */
static void issue(const imp_crypto *c, size_t m, const char *dir)
{
	static uint8_t ca_der[2048], dev_der[2048], csr_der[2048];
	uint8_t priv[2][66], pub[2][133], serial[2] = {0x80, 0x01};
	size_t privlen[2] = {66, 66}, publen[2] = {133, 133}, need;
	imp_key issuer_key, k[2], pk[2];
	imp_cert issuer, ca, dev;
	imp_csr csr;
	imp_issue what = {0};
	imp_wr w;
	imp_span chain[2], root = load(1, makers[m].issuer);
	const char *why;
	size_t which, refused = 0;
	char detail[96];
	imp_priv_read(load(0, makers[m].issuer_key), &issuer_key);
	imp_cert_read(root, &issuer);
	for (int i = 0; i < 2; i++) {
		if (c->keygen(c, makers[m].curve, priv[i], &privlen[i], pub[i], &publen[i])) {
			t_skip(c->id, "issuing: the provider makes no such key");
			return;
		}
		k[i] = (imp_key){makers[m].curve, IMP_KEY_PRIVATE, 0, imp_bytes(priv[i], privlen[i])};
		pk[i] = (imp_key){makers[m].curve, 0, 0, imp_bytes(pub[i], publen[i])};
	}
	snprintf(detail, sizeof detail, "%s: curve %d by alg %d", c->id, (int)makers[m].curve, (int)makers[m].alg);
	what.serial = imp_bytes(serial, 2);
	what.issuer = issuer.subject;
	what.issuer_key_id = issuer.key_id;
	what.subject_cn = "device CA";
	what.not_before = (uint64_t)issuer.not_before;
	what.not_after = (uint64_t)issuer.not_before + 1000 * 86400;
	what.subject_key = &pk[0];
	what.ca = 1;
	w = imp_wr_to(ca_der, sizeof ca_der);
	if (imp_cert_issue(c, &w, &what, makers[m].alg, &issuer_key) == IMP_EUNSUP) {
		t_skip(detail, "issuing: the provider does not offer the algorithm");
		return;
	}
	t_check("a CA certificate is written and read", !imp_cert_read(imp_wr_span(&w), &ca) && ca.ca && ca.usage == 0x06 && ca.key_id.len == 20, detail);
	need = w.len;
	for (size_t cap = 0; cap < need; cap += cap + 40 < need ? 7 : 1) {
		imp_wr small = imp_wr_to(guard_room(1, cap), cap);
		imp_status st = imp_cert_issue(c, &small, &what, makers[m].alg, &issuer_key);
		if (st == IMP_OK && small.len <= cap) /* an ECDSA signature may come out shorter */
			continue;
		refused += st != IMP_ENOSPC || small.len + 4 < need;
	}
	t_check("too small a room is IMP_ENOSPC and counted", !refused, detail);
	w = imp_wr_to(csr_der, sizeof csr_der);
	t_check("a request is written, read and proven", !imp_csr_create(c, &w, "device 1", &pk[1], natural(makers[m].curve), &k[1])
	        && !imp_csr_read(imp_wr_span(&w), &csr) && !imp_csr_verify(c, &csr), detail);
	what.issuer = ca.subject;
	what.issuer_key_id = ca.key_id;
	what.subject = csr.subject;
	what.subject_key = NULL;
	what.subject_spki = csr.spki;
	what.not_after = 0;
	what.ca = 0;
	w = imp_wr_to(dev_der, sizeof dev_der);
	t_check("a device certificate is made of it", !imp_cert_issue(c, &w, &what, natural(makers[m].curve), &k[0]) && !imp_cert_read(imp_wr_span(&w), &dev)
	        && !dev.ca && dev.usage == 0x80 && dev.not_after == 253402300799 && imp_same(imp_cert_cn(dev.subject), imp_bytes("device 1", 8)), detail);
	chain[0] = dev.raw;
	chain[1] = ca.raw;
	refused = imp_chain_verify(&imp_openssl, chain, 2, &root, 1, what.not_before, &why, &which) != 0;
	t_check("and verified to the root", !refused, why);
	if (system("command -v openssl >/dev/null")) {
		t_skip("openssl accepts all of this", "there is no openssl command here");
		return;
	}
	if (!save(dir, "root.der", root) || !save(dir, "ca.der", ca.raw) || !save(dir, "dev.der", dev.raw) || !save(dir, "csr.der", csr.raw)
	    || run(dir, "for f in root ca dev; do openssl x509 -inform DER -in $f.der -out $f.pem || exit 1; done"))
		t_check("files for openssl", 0, detail);
	t_check("openssl verify accepts the chain", !run(dir, "openssl verify -x509_strict -check_ss_sig -CAfile root.pem -untrusted ca.pem dev.pem"), detail);
	t_check("openssl verify refuses it without the CA", run(dir, "openssl verify -CAfile root.pem dev.pem") != 0, detail);
	t_check("openssl req accepts the request", !run(dir, "openssl req -inform DER -in csr.der -verify -noout && grep -q 'verify OK' log"), detail);
}

static void misuse(void)
{
	uint8_t out[1024], zero[2] = {0, 0}, long_serial[20] = {0x80};
	imp_key k;
	imp_issue what = {0};
	imp_wr w = imp_wr_to(out, sizeof out);
	imp_priv_read(load(0, "root-sec1.key"), &k);
	what.subject_key = &k;
	t_check("no serial", imp_cert_issue(&imp_openssl, &w, &what, IMP_A_ES256, &k) == IMP_EARG, "");
	what.serial = imp_bytes(zero, 2);
	w = imp_wr_to(out, sizeof out);
	t_check("serial 0", imp_cert_issue(&imp_openssl, &w, &what, IMP_A_ES256, &k) == IMP_EARG, "");
	what.serial = imp_bytes(long_serial, 20);
	w = imp_wr_to(out, sizeof out);
	t_check("a serial of 21 octets", imp_cert_issue(&imp_openssl, &w, &what, IMP_A_ES256, &k) == IMP_EARG, "");
	what.serial = imp_bytes(out, 1);
	out[0] = 1;
	w = imp_wr_to(NULL, 0);
	t_check("an algorithm that is not the key's", imp_cert_issue(&imp_openssl, &w, &what, IMP_A_RS256, &k) == IMP_EARG && !imp_wr_span(&w).len, "");
}

int main(void)
{
	static const imp_crypto *const providers[] = {&imp_openssl, &imp_bearssl};
	char dir[] = "/tmp/imprint-x509-XXXXXX";
	der_reading();
	der_times();
	der_writing();
	der_sigs();
	private_keys();
	public_keys();
	kinds();
	reading();
	changed();
	verifying(&imp_openssl);
	verifying(&imp_bearssl);
	dates();
	flips();
	requests();
	misuse();
	if (!mkdtemp(dir))
		return 1;
	for (size_t i = 0; i < 2; i++) {
		for (size_t m = 0; m < sizeof makers / sizeof *makers; m++)
			issue(providers[i], m, dir);
	}
	run(dir, "rm -f *.der *.pem log; rmdir $PWD");
	return t_end();
}
