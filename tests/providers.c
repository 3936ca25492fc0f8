/* providers.c -- what the vectors of crypto.c do not show: random numbers,
 * new keys, providers reading each other, contexts at rest, the mux, sealed
 * records and the fake. */
#include "crypto.h"
#include "sealed.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

static const struct { int32_t curve, alg; const char *name; } curves[] = {
	{IMP_C_P256, IMP_A_ES256, "P-256"}, {IMP_C_P384, IMP_A_ES384, "P-384"}, {IMP_C_P521, IMP_A_ES512, "P-521"},
	{IMP_C_X25519, 0, "X25519"}, {IMP_C_ED25519, IMP_A_EDDSA, "Ed25519"},
};
enum { CURVES = sizeof curves / sizeof *curves };

static const imp_crypto *const real[] = {&imp_bearssl, &imp_sodium, &imp_openssl};
enum { REAL = sizeof real / sizeof *real };

static const char *both(const char *a, const char *b)
{
	static char text[120];
	snprintf(text, sizeof text, "%s, %s", a, b);
	return text;
}

static imp_key key(int32_t alg, uint32_t flags, const uint8_t *p, size_t n)
{
	imp_key k = {alg, flags, 0, {p, n}};
	return k;
}

static size_t digest_len(int32_t alg)
{
	return alg == IMP_A_ES384 ? 48 : alg == IMP_A_ES512 ? 64 : 32;
}

/* --- random numbers and new keys ------------------------------------------ */

static void randoms(const imp_crypto *c)
{
	uint8_t a[64] = {0}, b[64] = {0}, seen[256] = {0};
	size_t kinds = 0;
	int good = c->random(c, a, sizeof a) == IMP_OK && c->random(c, b, sizeof b) == IMP_OK;
	for (size_t i = 0; i < sizeof a; i++) {
		kinds += !seen[a[i]];
		seen[a[i]] = 1;
	}
	t_check("two draws differ, and have many values", good && memcmp(a, b, sizeof a) != 0 && kinds > 30, c->id);
	a[0] = 7;
	t_check("a draw of nothing writes nothing", c->random(c, a, 0) == IMP_OK && a[0] == 7, c->id);
}

struct pair {
	uint8_t priv[66], pub[133];
	size_t m, p;
};

static imp_status fresh(const imp_crypto *c, int32_t curve, struct pair *k)
{
	k->m = sizeof k->priv;
	k->p = sizeof k->pub;
	return c->keygen(c, curve, k->priv, &k->m, k->pub, &k->p);
}

/* Keys of one provider, work of another. */
static void agree(const imp_crypto *c, const imp_crypto *d, size_t i)
{
	struct pair a, b;
	uint8_t x[66], y[66], sig[132], digest[64] = {9};
	size_t n = sizeof x, m = sizeof y, len = sizeof sig, in = digest_len(curves[i].alg);
	imp_key ka, kb, pub;
	if (!c->can(c, 0, curves[i].curve) || !d->can(d, 0, curves[i].curve))
		return;
	if (!t_check("new keys", fresh(c, curves[i].curve, &a) == IMP_OK && fresh(d, curves[i].curve, &b) == IMP_OK, both(c->id, curves[i].name)))
		return;
	t_check("two of them differ", a.m == b.m && memcmp(a.priv, b.priv, a.m) != 0, curves[i].name);
	ka = key(curves[i].curve, IMP_KEY_PRIVATE, a.priv, a.m);
	kb = key(curves[i].curve, IMP_KEY_PRIVATE, b.priv, b.m);
	pub = key(curves[i].curve, 0, a.pub, a.p);
	if (curves[i].curve != IMP_C_ED25519)
		t_check("they share a secret", c->dh(c, &ka, imp_bytes(b.pub, b.p), x, &n) == IMP_OK &&
			d->dh(d, &kb, imp_bytes(a.pub, a.p), y, &m) == IMP_OK && n == m && memcmp(x, y, n) == 0, both(c->id, d->id));
	if (curves[i].alg)
		t_check("one signs, the other verifies", c->sign(c, curves[i].alg, &ka, imp_bytes(digest, in), sig, &len) == IMP_OK &&
			d->verify(d, curves[i].alg, &pub, imp_bytes(digest, in), imp_bytes(sig, len)) == IMP_OK, both(c->id, d->id));
}

static void small_rooms(const imp_crypto *c)
{
	struct pair k;
	for (size_t i = 0; i < CURVES; i++) {
		size_t m, p;
		if (!c->can(c, 0, curves[i].curve) || fresh(c, curves[i].curve, &k) != IMP_OK)
			continue;
		m = k.m - 1, p = k.p;
		t_check("keygen says how much room it needs", c->keygen(c, curves[i].curve, k.priv, &m, k.pub, &p) == IMP_ENOSPC && m == k.m, c->id);
		m = k.m, p = k.p - 1;
		t_check("... and for the point", c->keygen(c, curves[i].curve, k.priv, &m, k.pub, &p) == IMP_ENOSPC && p == k.p, c->id);
	}
}

static void opaque(const imp_crypto *c)
{
	imp_key k = {IMP_C_P256, IMP_KEY_PRIVATE | IMP_KEY_OPAQUE, 5, {NULL, 0}};
	uint8_t out[512], in[32] = {0};
	size_t len = sizeof out;
	imp_span s = imp_bytes(in, 32);
	t_check("a slot is not its own", c->sign(c, IMP_A_ES256, &k, s, out, &len) == IMP_EUNSUP &&
		c->dh(c, &k, s, out, &len) == IMP_EUNSUP && c->mac(c, IMP_A_HMAC256, &k, &s, 1, out, 32) == IMP_EUNSUP &&
		c->seal(c, IMP_A_CHACHAPOLY, &k, imp_bytes(in, 12), NULL, 0, s, out, &len) == IMP_EUNSUP &&
		c->cipher(c, IMP_A_AES_CTR, 1, &k, imp_bytes(in, 16), s, out) == IMP_EUNSUP &&
		c->rsa(c, IMP_A_OAEP256, 1, &k, s, out, &len) == IMP_EUNSUP, c->id);
}

/* --- contexts at rest hold no pointer --------------------------------------- */

/* Does any aligned word of `p` point into this process?  Maps of more than
 * 1 GB are a sanitizer's, and every other number lies in them. */
static int points(const uint8_t *p, size_t n)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long low, high;
	char line[512];
	int found = 0;
	while (f && fgets(line, sizeof line, f))
		for (size_t i = 0; sscanf(line, "%lx-%lx", &low, &high) == 2 && i + sizeof low <= n; i += sizeof low) {
			unsigned long w;
			memcpy(&w, p + i, sizeof w);
			found |= w >= low && w < high && high - low < 1ul << 30;
		}
	if (f)
		fclose(f);
	return found;
}

static void at_rest(const imp_crypto *c)
{
	static const int32_t algs[] = {IMP_A_SHA1, IMP_A_SHA256, IMP_A_SHA384, IMP_A_SHA512};
	for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
		uint8_t ctx[IMP_HASH_CTX], *p = ctx;
		memset(ctx, 0, sizeof ctx);
		if (c->hash_init(c, ctx, algs[i]) != IMP_OK)
			continue;
		c->hash_push(c, ctx, imp_bytes("imprint", 7));
		t_check("a digest at rest holds no pointer", !points(ctx, sizeof ctx), c->id);
		memcpy(ctx + 64, &p, sizeof p);
		t_check("... and one would be seen", points(ctx, sizeof ctx), "");
	}
}

/* --- the application's own random numbers ------------------------------------ */

struct board {
	imp_crypto crypto; /* first: random() finds the board behind it */
	int drawn, dry, stuck;
};

static imp_status trng(const imp_crypto *c, uint8_t *out, size_t len)
{
	struct board *b = (struct board *)(uintptr_t)c;
	memset(out, b->drawn++ && !b->stuck ? 0x11 : 0xff, len); /* first a scalar above n */
	return b->dry ? IMP_ERANDOM : IMP_OK;
}

static void own_random(void)
{
	struct board b = {.drawn = 0};
	struct pair k;
	size_t m = 66, p = 133;
	uint8_t same[32];
	memset(same, 0x11, sizeof same);
	t_check("the device table has no random numbers", imp_bearssl_ec.random(&imp_bearssl_ec, same, 0) == IMP_EUNSUP &&
		fresh(&imp_bearssl_ec, IMP_C_P256, &k) == IMP_EUNSUP, "");
	imp_bearssl_with(&b.crypto, &imp_bearssl_ec, trng);
	t_check("with the board's it makes keys, and throws away a scalar above n",
		fresh(&b.crypto, IMP_C_P256, &k) == IMP_OK && b.drawn == 2 && memcmp(k.priv, same, 32) == 0, "");
	b.dry = 1;
	t_check("a dry source fails keygen", b.crypto.keygen(&b.crypto, IMP_C_P256, k.priv, &m, k.pub, &p) == IMP_ERANDOM, "");
	memset(same, 0, sizeof same);
	t_check("... and leaves no half-made key", memcmp(k.priv, same, 32) == 0, "");
	b.dry = 0;
	b.stuck = 1;
	t_check("a source that is stuck above n ends", fresh(&b.crypto, IMP_C_P256, &k) == IMP_ERANDOM, "");
}

/* --- mux ------------------------------------------------------------------- */

static int asked[3];

static imp_status stub_random(const imp_crypto *c, uint8_t *out, size_t len)
{
	const int *me = (const int *)c->data;
	asked[me[0]]++;
	memset(out, me[0], len);
	return me[1];
}

static int stub_can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	(void)alg, (void)curve;
	return ((const int *)c->data)[1] != IMP_EUNSUP;
}

static void mux_order(void)
{
	static const int no[2] = {0, IMP_EUNSUP}, yes[2] = {1, IMP_OK}, broken[2] = {2, IMP_ERANDOM};
	imp_crypto a = {.size = sizeof a, .rank = 9, .id = "a", .data = no, .can = stub_can, .random = stub_random};
	imp_crypto b = {.size = sizeof b, .rank = 5, .id = "b", .data = yes, .can = stub_can, .random = stub_random};
	imp_crypto d = {.size = sizeof d, .rank = 5, .id = "d", .data = broken, .can = stub_can, .random = stub_random};
	const imp_crypto *l1[] = {&b, &d, &a, NULL}, *l2[] = {&d, &b, &a, NULL}, *l3[] = {&a, NULL}, *l4[] = {NULL};
	imp_crypto m;
	uint8_t byte = 9, pub[65], priv[32];
	size_t n = 32, p = 65;
	imp_mux(&m, l1);
	t_check("the highest rank is asked first, IMP_EUNSUP goes on", m.random(&m, &byte, 1) == IMP_OK && byte == 1 &&
		asked[0] == 1 && asked[1] == 1 && asked[2] == 0, "");
	t_check("it can what one can", m.can(&m, IMP_A_ES256, 0) && m.rank == 9, "");
	imp_mux(&m, l2);
	t_check("between equals the order of the list; another error is final", m.random(&m, &byte, 1) == IMP_ERANDOM && asked[1] == 1, "");
	imp_mux(&m, l3);
	t_check("nobody can: IMP_EUNSUP", m.random(&m, &byte, 1) == IMP_EUNSUP && !m.can(&m, IMP_A_ES256, 0), "");
	t_check("functions that a provider lacks are passed over", m.keygen(&m, IMP_C_P256, priv, &n, pub, &p) == IMP_EUNSUP && n == 32 && p == 65, "");
	imp_mux(&m, l4);
	t_check("an empty list can nothing", m.random(&m, &byte, 1) == IMP_EUNSUP && !m.can(&m, 0, 0), "");
}

static size_t digest(const imp_crypto *c, void *ctx, uint8_t *out)
{
	c->hash_push(c, ctx, imp_bytes("c", 1));
	return c->hash_peek(c, ctx, out);
}

/* A context finds its provider again, or nobody. */
static void mux_contexts(void)
{
	const imp_crypto *l1[] = {&imp_bearssl, &imp_sodium, NULL}, *l2[] = {&imp_openssl, &imp_sodium, &imp_bearssl, NULL};
	const imp_crypto *l3[] = {&imp_openssl, NULL};
	static const uint8_t abc[4] = {0xba, 0x78, 0x16, 0xbf};
	imp_crypto m1, m2, m3;
	uint8_t ctx[IMP_HASH_CTX], again[IMP_HASH_CTX], out[64] = {0};
	imp_mux(&m1, l1);
	imp_mux(&m2, l2);
	imp_mux(&m3, l3);
	t_check("a mux hashes", m1.hash_init(&m1, ctx, IMP_A_SHA256) == IMP_OK, "");
	m1.hash_push(&m1, ctx, imp_bytes("ab", 2));
	memcpy(again, ctx, sizeof again);
	t_check("and goes on under another list with the same member", digest(&m2, ctx, out) == 32 && memcmp(out, abc, 4) == 0, "");
	t_check("without that member there is no digest", digest(&m3, again, out) == 0, "");
}

/* --- sealed records ---------------------------------------------------------- */

static void sealed(void)
{
	static const uint8_t fact[] = "a device credential";
	uint8_t key1[32] = {1}, key2[32] = {2}, r1[100], r2[100], out[100] = {0};
	imp_span k = imp_bytes(key1, 32), name = imp_bytes("fdo/dc", 6), in = imp_bytes(fact, sizeof fact);
	size_t n = sizeof r1, m = sizeof r2, len = sizeof out, bad = 0, written = 0;
	t_check("a record is sealed", imp_sealed_seal(k, name, in, r1, &n) == IMP_OK && n == in.len + IMP_SEALED_EXTRA, "");
	t_check("twice, and differs", imp_sealed_seal(k, name, in, r2, &m) == IMP_OK && m == n && memcmp(r1, r2, n) != 0, "");
	t_check("it opens", imp_sealed_open(k, name, imp_bytes(r1, n), out, &len) == IMP_OK && len == in.len && memcmp(out, fact, len) == 0, "");
	memset(out, 0xee, sizeof out);
	for (size_t i = 0; i < n * 8; i++) {
		r1[i / 8] ^= (uint8_t)(1u << i % 8);
		len = sizeof out;
		bad += imp_sealed_open(k, name, imp_bytes(r1, n), out, &len) != IMP_EAUTH;
		r1[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < n; i++, len = sizeof out)
		bad += imp_sealed_open(k, name, imp_bytes(r1, i), out, &len) != IMP_EAUTH;
	for (size_t i = 0; i < sizeof out; i++)
		written += out[i] != 0xee && out[i] != 0;
	t_check("no flipped bit and no shorter record opens, or shows", bad == 0 && written == 0, "");
	len = sizeof out;
	t_check("not under another name", imp_sealed_open(k, imp_bytes("fdo/dd", 6), imp_bytes(r1, n), out, &len) == IMP_EAUTH, "");
	len = sizeof out;
	t_check("not with another key", imp_sealed_open(imp_bytes(key2, 32), name, imp_bytes(r1, n), out, &len) == IMP_EAUTH, "");
	len = in.len - 1;
	t_check("says how much room it needs", imp_sealed_open(k, name, imp_bytes(r1, n), out, &len) == IMP_ENOSPC && len == in.len, "");
	len = n - 1;
	t_check("... and to seal", imp_sealed_seal(k, name, in, r2, &len) == IMP_ENOSPC && len == n, "");
	len = sizeof out;
	t_check("a short key is the caller's mistake", imp_sealed_open(imp_bytes(key1, 31), name, imp_bytes(r1, n), out, &len) == IMP_EARG, "");
	len = sizeof r2;
	t_check("an empty fact is sealed too", imp_sealed_seal(k, name, imp_bytes(NULL, 0), r2, &len) == IMP_OK && len == IMP_SEALED_EXTRA, "");
	n = sizeof out;
	t_check("and opens", imp_sealed_open(k, name, imp_bytes(r2, len), out, &n) == IMP_OK && n == 0, "");
}

/* --- the fake ------------------------------------------------------------------ */

static void fake(void)
{
	const imp_crypto *c = &imp_fake;
	imp_stack t = {.size = sizeof t, .crypto = c};
	uint8_t forged[64], digest_[32] = {1}, out[80];
	imp_key pub = key(IMP_C_P256, 0, forged, 64), k = key(0, 0, forged, 16);
	size_t len = sizeof out;
	memset(forged, 0xfa, sizeof forged);
	t_check("a core that is not built for tests refuses it", imp_session_need(&t) == 0, "");
	t.crypto = &imp_bearssl;
	t_check("... and not another", imp_session_need(&t) > 0, "");
	t_check("anybody forges a signature", c->verify(c, IMP_A_ES256, &pub, imp_bytes(digest_, 32), imp_bytes(forged, 64)) == IMP_OK, "");
	t_check("but not of any length", c->verify(c, IMP_A_ES256, &pub, imp_bytes(digest_, 32), imp_bytes(forged, 63)) == IMP_EAUTH, "");
	t_check("and a tag", c->open(c, IMP_A_A128GCM, &k, imp_bytes(forged, 12), NULL, 0, imp_bytes(forged, 40), out, &len) == IMP_OK && len == 24, "");
	forged[39] = 0;
	len = sizeof out;
	t_check("which may still be wrong", c->open(c, IMP_A_A128GCM, &k, imp_bytes(forged, 12), NULL, 0, imp_bytes(forged, 40), out, &len) == IMP_EAUTH, "");
}

/* A scalar of one byte is the same number as one of 32. */
static void short_scalars(const imp_crypto *c)
{
	uint8_t priv[32], p[65], q[65], sum[65], same[65], wide[32] = {[31] = 1}, one = 1;
	size_t n = sizeof priv, len = sizeof p;
	if (!c->can(c, 0, IMP_C_P256) || c->keygen(c, IMP_C_P256, priv, &n, p, &len) < 0)
		return;
	n = sizeof priv, len = sizeof q;
	c->keygen(c, IMP_C_P256, priv, &n, q, &len);
	len = sizeof sum;
	if (c->muladd(c, IMP_C_P256, imp_bytes(&one, 1), imp_bytes(p, 65), imp_bytes(&one, 1), imp_bytes(q, 65), sum, &len) == IMP_EUNSUP)
		return;
	c->muladd(c, IMP_C_P256, imp_bytes(wide, 32), imp_bytes(p, 65), imp_bytes(wide, 32), imp_bytes(q, 65), same, &len);
	t_check("P + Q with scalars of one byte and of 32", !memcmp(sum, same, sizeof sum), c->id);
	q[1] ^= 1;
	t_check("... a point off the curve is refused with one byte too", c->muladd(c, IMP_C_P256, imp_bytes(&one, 1), imp_bytes(p, 65), imp_bytes(&one, 1), imp_bytes(q, 65), sum, &len) == IMP_EBADMSG, c->id);
	one = 0;
	t_check("... and a zero", c->muladd(c, IMP_C_P256, imp_bytes(&one, 1), imp_bytes(p, 65), imp_bytes(wide, 32), imp_bytes(p, 65), sum, &len) == IMP_EARG, c->id);
}

static void plugins(void)
{
	static const imp_plugin *const all[] = {&imp_plugin_bearssl, &imp_plugin_sodium, &imp_plugin_openssl, &imp_plugin_fake};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const char *why = "";
		t_check("a sane plugin", imp_plugin_check(all[i], &why) == IMP_OK && all[i]->cryptos[0], all[i]->id);
	}
}

int main(void)
{
	plugins();
	for (size_t i = 0; i < REAL; i++) {
		randoms(real[i]);
		small_rooms(real[i]);
		opaque(real[i]);
		short_scalars(real[i]);
		at_rest(real[i]);
		for (size_t j = 0; j < REAL; j++)
			for (size_t n = 0; n < CURVES; n++)
				agree(real[i], real[j], n);
	}
	own_random();
	mux_order();
	mux_contexts();
	sealed();
	fake();
	return t_end();
}
