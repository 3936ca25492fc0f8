/* ct.c -- secrets do not decide branches or addresses.
 *
 * Runs under valgrind.  Secret bytes are marked undefined; memcheck then
 * reports every branch and every address that depends on them, and a claim
 * holds if its count of reports did not grow.  What may be told to the world
 * (this key is invalid, this tag is wrong) is listed, one verdict each, in
 * ct.supp.  With the argument "leak" the program leaks on purpose and claims
 * that the method sees it. */
#include "crypto.h"
#include "ct.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

static void secret(void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void publish(void *p, size_t n)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

static unsigned before;

static void begin(void)
{
	before = (unsigned)VALGRIND_COUNT_ERRORS;
}

/* The claim that ends what begin() began; `worked` shows that it ran. */
static void quiet(const char *who, const char *what, int worked)
{
	unsigned now = (unsigned)VALGRIND_COUNT_ERRORS;
	char claim[100], detail[60];
	publish(&worked, sizeof worked);
	snprintf(claim, sizeof claim, "%s: %s depends on no secret", who, what);
	snprintf(detail, sizeof detail, "%u reports%s", now - before, worked ? "" : ", but it failed");
	t_check(claim, now == before && worked, detail);
}

/* --- core/ct.h ----------------------------------------------------------- */

static void small_algebra(void)
{
	uint8_t a[32] = {1}, b[32] = {1}, z[32] = {0};
	uint32_t x = 0, mask, picked;
	int same, zero;
	secret(a, sizeof a);
	secret(z, sizeof z);
	secret(&x, sizeof x);
	begin();
	mask = imp_ct_is0(x);
	picked = imp_ct_pick(mask, 5, 6);
	same = imp_ct_equal(a, b, sizeof a);
	zero = imp_ct_zero(z, sizeof z);
	publish(&picked, sizeof picked);
	publish(&same, sizeof same);
	publish(&zero, sizeof zero);
	quiet("core", "imp_ct_*", picked == 5 && same == 1 && zero == 1);
}

/* --- symmetric ------------------------------------------------------------- */

static const imp_crypto *providers[] = {&imp_bearssl, &imp_bearssl_ec, &imp_sodium, &imp_openssl};

static void digests(const imp_crypto *c)
{
	static const struct { const char *name; int32_t alg, mac; size_t len; } rows[] = {
		{"SHA-256 and its HMAC", IMP_A_SHA256, IMP_A_HMAC256, 32},
		{"SHA-384 and its HMAC", IMP_A_SHA384, IMP_A_HMAC384, 48},
		{"SHA-512 and its HMAC", IMP_A_SHA512, IMP_A_HMAC512, 64},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t key[48] = {0}, text[200] = {0}, out[64], ctx[IMP_HASH_CTX];
		imp_key k = {rows[i].mac, 0, 0, {key, sizeof key}};
		imp_span in = imp_bytes(text, sizeof text);
		imp_status st;
		if (!c->can(c, rows[i].alg, 0))
			continue;
		secret(key, sizeof key);
		secret(text, sizeof text);
		begin();
		st = c->mac(c, rows[i].mac, &k, &in, 1, out, rows[i].len);
		if (st == IMP_OK)
			st = c->hash_init(c, ctx, rows[i].alg);
		c->hash_push(c, ctx, in);
		quiet(c->id, rows[i].name, st == IMP_OK && c->hash_peek(c, ctx, out) == rows[i].len);
	}
}

static void ciphers(const imp_crypto *c)
{
	static const struct { const char *name; int32_t alg; size_t iv; } rows[] = {
		{"AES-CTR", IMP_A_AES_CTR, 16}, {"AES-CBC", IMP_A_AES_CBC, 16}, {"AES-ECB", IMP_A_AES_ECB, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t key[32] = {0}, iv[16] = {0}, text[64] = {0};
		imp_key k = {rows[i].alg, 0, 0, {key, sizeof key}};
		imp_status st, st2;
		if (!c->can(c, rows[i].alg, 0))
			continue;
		secret(key, sizeof key);
		secret(text, sizeof text);
		begin();
		st = c->cipher(c, rows[i].alg, 1, &k, imp_bytes(iv, rows[i].iv), imp_bytes(text, 64), text);
		st2 = c->cipher(c, rows[i].alg, 0, &k, imp_bytes(iv, rows[i].iv), imp_bytes(text, 64), text);
		publish(text, sizeof text);
		quiet(c->id, rows[i].name, st == IMP_OK && st2 == IMP_OK && imp_ct_zero(text, sizeof text));
	}
	if (c->can(c, IMP_A_CMAC, 0)) {
		uint8_t key[16] = {0}, text[50] = {0}, out[16];
		imp_key k = {IMP_A_CMAC, 0, 0, {key, sizeof key}};
		imp_span in = imp_bytes(text, sizeof text);
		secret(key, sizeof key);
		secret(text, sizeof text);
		begin();
		quiet(c->id, "CMAC", c->mac(c, IMP_A_CMAC, &k, &in, 1, out, 16) == IMP_OK);
	}
}

/* The right tag, and tags that are wrong in their first or last byte. */
static void aeads(const imp_crypto *c)
{
	static const struct { const char *name; int32_t alg; size_t key, nonce, tag; } rows[] = {
		{"AES-GCM", IMP_A_A256GCM, 32, 12, 16}, {"AES-CCM", IMP_A_CCM64_256, 32, 7, 16},
		{"AES-CCM-8", IMP_A_CCM8_128, 16, 13, 8}, {"ChaCha20-Poly1305", IMP_A_CHACHAPOLY, 32, 12, 16},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t key[32] = {0}, nonce[13] = {0}, text[50] = {0}, sealed[66], out[66];
		imp_key k = {rows[i].alg, 0, 0, {key, rows[i].key}};
		imp_span n = imp_bytes(nonce, rows[i].nonce), aad = imp_bytes(nonce, 5), in;
		size_t len = sizeof sealed, m, wrong[3] = {sizeof sealed, 50, 50 + rows[i].tag - 1};
		int good = 0;
		if (!c->can(c, rows[i].alg, 0))
			continue;
		secret(key, sizeof key);
		secret(text, sizeof text);
		begin();
		quiet(c->id, rows[i].name, c->seal(c, rows[i].alg, &k, n, &aad, 1, imp_bytes(text, 50), sealed, &len) == IMP_OK);
		begin();
		for (size_t j = 0; j < 3; j++) {
			uint8_t wire[66];
			imp_status st;
			memcpy(wire, sealed, len);
			publish(wire, len);
			if (wrong[j] < len)
				wire[wrong[j]] ^= 1;
			in = imp_bytes(wire, len);
			m = sizeof out;
			st = c->open(c, rows[i].alg, &k, n, &aad, 1, in, out, &m);
			publish(&st, sizeof st);
			good += st == (j ? IMP_EAUTH : IMP_OK);
		}
		quiet(c->id, "opening it", good == 3);
	}
}

/* CBC records: good ones, and ones with a wrong padding, a padding of another
 * length and a wrong MAC. */
static void cbc_records(const imp_crypto *c)
{
	uint8_t key[48] = {0}, iv[16] = {0}, text[100] = {0}, sealed[160], out[160];
	imp_key k = {IMP_A_TLS_CBC_SHA256, 0, 0, {key, sizeof key}}, enc = {IMP_A_AES_CBC, 0, 0, {key, 16}};
	imp_span n = imp_bytes(iv, 16), aad = imp_bytes(iv, 11);
	size_t len = sizeof sealed, m;
	int good = 0;
	if (!c->can(c, IMP_A_TLS_CBC_SHA256, 0))
		return;
	if (c->seal(c, IMP_A_TLS_CBC_SHA256, &k, n, &aad, 1, imp_bytes(text, sizeof text), sealed, &len) < 0)
		return;
	begin();
	for (int j = 0; j < 4; j++) {
		uint8_t wire[160];
		imp_status st = c->cipher(c, IMP_A_AES_CBC, 0, &enc, n, imp_bytes(sealed, len), wire);
		if (j == 1)
			wire[len - 2] ^= 1;
		else if (j == 2)
			memset(wire, 0x5f, len); /* padding all over */
		else if (j == 3)
			wire[100] ^= 1;
		st = c->cipher(c, IMP_A_AES_CBC, 1, &enc, n, imp_bytes(wire, len), wire);
		secret(key, sizeof key);
		m = sizeof out;
		st = st < 0 ? st : c->open(c, IMP_A_TLS_CBC_SHA256, &k, n, &aad, 1, imp_bytes(wire, len), out, &m);
		publish(key, sizeof key);
		publish(&st, sizeof st);
		good += st == (j ? IMP_EAUTH : IMP_OK);
	}
	quiet(c->id, "opening a CBC record", good == 4);
}

/* --- public key ------------------------------------------------------------- */

static imp_status poisoned_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(17 * i + 3);
	secret(out, len);
	return IMP_OK;
}

static void curves(const imp_crypto *base)
{
	static const struct { const char *name; int32_t curve, alg; } rows[] = {
		{"P-256", IMP_C_P256, IMP_A_ES256}, {"P-384", IMP_C_P384, IMP_A_ES384},
		{"P-521", IMP_C_P521, IMP_A_ES512}, {"X25519", IMP_C_X25519, 0}, {"Ed25519", IMP_C_ED25519, IMP_A_EDDSA},
	};
	imp_crypto c;
	imp_bearssl_with(&c, base, poisoned_random);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t priv[66], pub[133], out[132], digest[64] = {7}, what[40];
		size_t m = sizeof priv, p = sizeof pub, len = sizeof out;
		size_t digest_len = rows[i].alg == IMP_A_ES384 ? 48 : rows[i].alg == IMP_A_ES512 ? 64 : 32;
		imp_key k = {rows[i].curve, IMP_KEY_PRIVATE, 0, {priv, 0}};
		imp_status st;
		if (!c.can(&c, 0, rows[i].curve))
			continue;
		begin();
		st = c.keygen(&c, rows[i].curve, priv, &m, pub, &p);
		publish(&st, sizeof st);
		snprintf((char *)what, sizeof what, "%s: a new key", rows[i].name);
		quiet(c.id, (char *)what, st == IMP_OK);
		publish(pub, p);
		k.bits.len = m;
		if (rows[i].curve != IMP_C_ED25519) {
			begin();
			st = c.dh(&c, &k, imp_bytes(pub, p), out, &len);
			publish(&st, sizeof st);
			snprintf((char *)what, sizeof what, "%s: DH", rows[i].name);
			quiet(c.id, (char *)what, st == IMP_OK);
		}
		if (!rows[i].alg)
			continue;
		begin();
		len = sizeof out;
		st = c.sign(&c, rows[i].alg, &k, imp_bytes(digest, digest_len), out, &len);
		publish(&st, sizeof st);
		snprintf((char *)what, sizeof what, "%s: a signature", rows[i].name);
		quiet(c.id, (char *)what, st == IMP_OK);
	}
}

static void group(const imp_crypto *c)
{
	uint8_t x[32] = {1, 2}, y[32] = {3, 4}, p[65], out[65], r[32];
	size_t len = sizeof p, m = sizeof out;
	imp_span none = imp_bytes(NULL, 0);
	imp_status st = c->muladd(c, IMP_C_P256, imp_bytes(x, 32), none, none, none, p, &len);
	imp_status st2;
	secret(x, sizeof x);
	secret(y, sizeof y);
	begin();
	if (st == IMP_OK)
		st = c->muladd(c, IMP_C_P256, imp_bytes(x, 32), none, imp_bytes(y, 32), imp_bytes(p, 65), out, &m);
	st2 = c->scalar(c, IMP_C_P256, imp_bytes(x, 32), imp_bytes(y, 32), imp_bytes(x, 32), 1, r);
	publish(&st, sizeof st);
	quiet(c->id, "x*G + y*Q and d - a*b", st == IMP_OK && st2 == IMP_OK);
}

/* --- does the method see anything? ------------------------------------------ */

static int leaky_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

static void leak(void)
{
	static const uint8_t table[256] = {5};
	uint8_t a[16] = {1}, b[16] = {1};
	volatile int sink;
	secret(a, sizeof a);
	begin();
	sink = leaky_equal(a, b, sizeof a);
	t_check("a compare that stops early is reported", VALGRIND_COUNT_ERRORS > before, "");
	begin();
	sink = table[a[3]];
	t_check("a table look-up by a secret is reported", VALGRIND_COUNT_ERRORS > before, "");
	(void)sink;
}

int main(int argc, char **argv)
{
	if (!RUNNING_ON_VALGRIND) {
		t_skip("constant time", "not under valgrind: needs valgrind, gcc and no sanitizer");
		return t_end();
	}
	if (argc > 1 && strcmp(argv[1], "leak") == 0) {
		leak();
		return t_end();
	}
	small_algebra();
	for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
		digests(providers[i]);
		ciphers(providers[i]);
		aeads(providers[i]);
		cbc_records(providers[i]);
		if (providers[i] != &imp_openssl) /* see openssl_ec.c for what OpenSSL's curves are */
			curves(providers[i]);
	}
	group(&imp_bearssl);
	return t_end();
}
