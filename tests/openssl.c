/* openssl.c -- what only the OpenSSL provider offers, or only it must do:
 * RSA, finite fields, Brainpool, threads, a clean error queue. */
#include "bytes.h"
#include "crypto.h"
#include "guard.h"
#include "t.h"
#include "vectors/numbers.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>

static const imp_crypto *const c = &imp_openssl;

#define ROWS(a) (sizeof (a) / sizeof (a)[0])

static imp_key key(int32_t alg, imp_span bits)
{
	imp_key k = { alg, 0, 0, bits };
	return k;
}

static imp_span hex(int slot, const char *text)
{
	static uint8_t room[6][4096];
	return t_hex(text, room[slot], sizeof room[slot]);
}

static int equal(imp_span a, const uint8_t *b, size_t n)
{
	return a.len == n && !memcmp(a.ptr, b, n);
}

static int32_t named(const char *alg)
{
	static const struct { const char *name; int32_t alg; } all[] = {
		{ "RS256", IMP_A_RS256 }, { "RS384", IMP_A_RS384 }, { "PS256", IMP_A_PS256 }, { "PS384", IMP_A_PS384 } };
	for (size_t i = 0; i < ROWS(all); i++)
		if (!strcmp(all[i].name, alg))
			return all[i].alg;
	abort();
}

/* ------------------------------------------------------------ threads -- */

/* Four threads meet a provider whose kept objects nobody has made yet. */
static void *sign_loop(void *failed)
{
	static const int32_t curves[] = { IMP_C_P256, IMP_C_P384, IMP_C_P521, IMP_C_BP256 };
	uint8_t priv[66], pub[133], sig[132], digest[32] = { 1 }, box[64];
	*(int *)failed = 0;
	for (int i = 0; i < 40; i++) {
		size_t n = sizeof priv, m = sizeof pub, l = sizeof sig, b = sizeof box;
		int32_t curve = i < 36 ? IMP_C_P256 : curves[i % 4];
		imp_span nonce = imp_bytes(digest, 12);
		imp_key k, p, a = key(IMP_A_A128GCM, imp_bytes(digest, 16));
		*(int *)failed += c->keygen(c, curve, priv, &n, pub, &m) != IMP_OK;
		k = key(curve, imp_bytes(priv, n));
		p = key(curve, imp_bytes(pub, m));
		*(int *)failed += c->sign(c, IMP_A_ES256, &k, imp_bytes(digest, 32), sig, &l) != IMP_OK;
		*(int *)failed += c->verify(c, IMP_A_ES256, &p, imp_bytes(digest, 32), imp_bytes(sig, l)) != IMP_OK;
		sig[i % 64] ^= 1;
		*(int *)failed += c->verify(c, IMP_A_ES256, &p, imp_bytes(digest, 32), imp_bytes(sig, l)) != IMP_EAUTH;
		*(int *)failed += c->seal(c, a.alg, &a, nonce, NULL, 0, nonce, box, &b) != IMP_OK;
		*(int *)failed += c->open(c, a.alg, &a, nonce, NULL, 0, imp_bytes(box, b), box, &b) != IMP_OK;
	}
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];
	int failed[4], sum = 0;
	char seen[64];
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, sign_loop, &failed[i]))
			abort();
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		sum += failed[i];
	}
	snprintf(seen, sizeof seen, "%d of 960 calls failed", sum);
	t_check("four threads sign, verify and seal at once", sum == 0, seen);
}

/* ---------------------------------------------------------------- RSA -- */

static void rsa_verify_rows(void)
{
	for (size_t i = 0; i < ROWS(rsa_rows); i++) {
		const struct rsa_row *r = &rsa_rows[i];
		imp_key k = key(0, hex(0, r->key));
		imp_span digest = guard_span(0, hex(1, r->digest)), sig = guard_span(1, hex(2, r->sig));
		imp_status st = c->verify(c, named(r->alg), &k, digest, sig);
		char claim[96];
		snprintf(claim, sizeof claim, "%s is %s", r->alg, r->good ? "verified" : "refused");
		t_check(claim, st == (r->good ? IMP_OK : IMP_EAUTH), r->why);
	}
}

/* Signatures with both keys; PKCS 1 ones are deterministic, so are the rows'. */
static void rsa_sign_rows(void)
{
	static const struct { const char *priv, *pub, *alg; int row; } rows[] = {
		{ k2048_priv, k2048_pub, "RS256", 0 }, { k3072_priv, k3072_pub, "RS384", 1 },
		{ k2048_priv, k2048_pub, "PS256", -1 }, { k3072_priv, k3072_pub, "PS384", -1 } };
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t sig[512];
		size_t len = sizeof sig, none = 10;
		imp_key k = key(0, hex(0, rows[i].priv)), p = key(0, hex(1, rows[i].pub));
		imp_span digest = imp_bytes(k2048_priv, i % 2 ? 48 : 32);
		if (rows[i].row >= 0)
			digest = hex(2, rsa_rows[rows[i].row].digest);
		imp_status st = c->sign(c, named(rows[i].alg), &k, digest, sig, &len);
		t_check("RSA signs and verifies", st == IMP_OK
			&& c->verify(c, named(rows[i].alg), &p, digest, imp_bytes(sig, len)) == IMP_OK, rows[i].alg);
		if (rows[i].row >= 0)
			t_check("the signature is the one of the row", equal(hex(3, rsa_rows[rows[i].row].sig), sig, len), rows[i].alg);
		st = c->sign(c, named(rows[i].alg), &k, digest, sig, &none);
		t_check("too little room tells how much is needed", st == IMP_ENOSPC && none == len, rows[i].alg);
		sig[5] ^= 4;
		t_check("a changed signature is refused",
			c->verify(c, named(rows[i].alg), &p, digest, imp_bytes(sig, len)) == IMP_EAUTH, rows[i].alg);
		t_check("a short signature is refused",
			c->verify(c, named(rows[i].alg), &p, digest, imp_bytes(sig, len - 1)) == IMP_EAUTH, rows[i].alg);
		digest.len--;
		t_check("a digest of another length is the caller's mistake",
			c->verify(c, named(rows[i].alg), &p, digest, imp_bytes(sig, len)) == IMP_EARG
			&& c->sign(c, named(rows[i].alg), &k, digest, sig, &len) == IMP_EARG, rows[i].alg);
	}
}

static void oaep(void)
{
	uint8_t out[256], back[256];
	size_t len = sizeof out, n = sizeof back;
	imp_key k = key(0, hex(0, k2048_priv)), p = key(0, hex(1, k2048_pub)), small = key(0, hex(2, k1024_pub));
	imp_span text = imp_bytes("attack at dawn", 14);
	for (size_t i = 0; i < ROWS(oaep_rows); i++) {
		const struct oaep_row *r = &oaep_rows[i];
		imp_status st;
		n = 200;
		st = c->rsa(c, IMP_A_OAEP256, 0, &k, guard_span(0, hex(3, r->in)), guard_room(1, n), &n);
		if (r->text)
			t_check("OAEP decrypts", st == IMP_OK && equal(hex(4, r->text), guard_room(1, 200), n), r->why);
		else
			t_check("OAEP refuses", st == IMP_EAUTH && n == 0, r->why);
	}
	t_check("OAEP encrypts what it decrypts", c->rsa(c, IMP_A_OAEP256, 1, &p, text, out, &len) == IMP_OK && len == 256
		&& (n = sizeof back, c->rsa(c, IMP_A_OAEP256, 0, &k, imp_bytes(out, len), back, &n)) == IMP_OK
		&& equal(text, back, n), "");
	n = 13;
	t_check("a text larger than the room is not written",
		c->rsa(c, IMP_A_OAEP256, 0, &k, imp_bytes(out, len), back, &n) == IMP_ENOSPC && n == 14, "");
	t_check("a short ciphertext is refused", c->rsa(c, IMP_A_OAEP256, 0, &k, imp_bytes(out, 255), back, &n) == IMP_EAUTH, "");
	n = sizeof back;
	t_check("191 bytes do not fit", c->rsa(c, IMP_A_OAEP256, 1, &p, imp_bytes(k1024_priv, 191), back, &n) == IMP_EARG, "");
	t_check("1024 bits do not encrypt", c->rsa(c, IMP_A_OAEP256, 1, &small, text, back, &n) == IMP_EARG, "");
}

/* Broken keys: every shorter one, a longer one, and a byte changed. */
static void rsa_keys(void)
{
	uint8_t sig[512], der[2048];
	imp_span whole = hex(0, k2048_priv), pub = hex(1, k2048_pub), digest = hex(2, rsa_rows[0].digest);
	imp_span good = hex(3, rsa_rows[0].sig);
	imp_key p = key(0, pub), k;
	size_t len, lied = 0, accepted = 0;
	for (size_t n = 0; n < whole.len; n++) {
		k = key(0, guard_span(0, imp_bytes(whole.ptr, n)));
		len = sizeof sig;
		accepted += c->sign(c, IMP_A_RS256, &k, digest, sig, &len) != IMP_EARG;
	}
	t_check("no truncated private key signs", accepted == 0, "");
	for (size_t n = 0; n < pub.len; n++) {
		k = key(0, guard_span(0, imp_bytes(pub.ptr, n)));
		accepted += c->verify(c, IMP_A_RS256, &k, digest, good) != IMP_EAUTH;
	}
	t_check("no truncated public key verifies", accepted == 0, "");
	memcpy(der, pub.ptr, pub.len);
	der[pub.len] = 0;
	k = key(0, imp_bytes(der, pub.len + 1));
	t_check("a byte behind the key is refused", c->verify(c, IMP_A_RS256, &k, digest, good) == IMP_EAUTH, "");
	for (size_t i = 0; i < ROWS(key_rows); i++) {
		k = key(0, guard_span(0, hex(4, key_rows[i].key)));
		len = sizeof sig;
		t_check("a bad public key neither verifies nor encrypts", c->verify(c, IMP_A_RS256, &k, digest, good) == IMP_EAUTH
			&& c->rsa(c, IMP_A_OAEP256, 1, &k, digest, sig, &len) == IMP_EARG, key_rows[i].why);
	}
	for (size_t at = 0; at < whole.len; at += 11) {
		memcpy(der, whole.ptr, whole.len);
		der[at] ^= (uint8_t)(1u << at % 8);
		k = key(0, imp_bytes(der, whole.len));
		len = sizeof sig;
		if (c->sign(c, IMP_A_RS256, &k, digest, sig, &len) == IMP_OK && at > 280)
			lied += c->verify(c, IMP_A_RS256, &p, digest, imp_bytes(sig, len)) != IMP_OK;
	}
	t_check("a broken private key signs right or not at all", lied == 0, "");
}

/* ------------------------------------------------------- finite fields -- */

static void modp(const struct modp_row *r)
{
	uint8_t out[384], priv[96], pub[384], lead[512] = {0};
	size_t len = sizeof out, n = sizeof priv, m = sizeof pub;
	imp_span p = hex(0, r->p), A = hex(1, r->A), B = hex(2, r->B), s = hex(3, r->s);
	imp_key a = key(r->curve, hex(4, r->a)), b = key(r->curve, hex(5, r->b));
	const char *name = r->curve == IMP_C_MODP14 ? "group 14" : "group 15";
	imp_span strip = imp_bytes(B.ptr + 1, B.len - 1), longer = imp_bytes(lead, B.len + 2);
	t_check("both secrets are the row's", c->dh(c, &a, guard_span(0, B), out, &len) == IMP_OK && equal(s, out, len)
		&& c->dh(c, &b, A, out, &len) == IMP_OK && equal(s, out, len), name);
	t_check("the row's secret and B start with a zero byte", !s.ptr[0] && !B.ptr[0], name);
	memcpy(lead + 2, B.ptr, B.len);
	t_check("leading zeros may be there or not", c->dh(c, &a, strip, out, &len) == IMP_OK && equal(s, out, len)
		&& c->dh(c, &a, longer, out, &len) == IMP_OK && equal(s, out, len), name);
	t_check("keygen fills p's width", c->keygen(c, r->curve, priv, &n, pub, &m) == IMP_OK && m == p.len
		&& n == (r->curve == IMP_C_MODP14 ? 32 : 96), name);
	b = key(r->curve, imp_bytes(priv, n));
	{
		uint8_t again[384];
		size_t l = sizeof again;
		t_check("a new key agrees with the row's", c->dh(c, &b, A, out, &len) == IMP_OK
			&& c->dh(c, &a, imp_bytes(pub, m), again, &l) == IMP_OK && equal(imp_bytes(again, l), out, len), name);
	}
	len = 100;
	t_check("too little room", c->dh(c, &a, B, out, &len) == IMP_ENOSPC && len == p.len, name);
}

static void modp_refused(const struct modp_row *r)
{
	static const char *const why[] = { "0", "1", "p - 1", "p", "all ones", "nothing", "a byte too long" };
	uint8_t v[7][385] = {{0}}, out[384], big[385] = { 1 };
	imp_span p = hex(0, r->p);
	imp_key a = key(r->curve, hex(1, r->a)), zero = key(r->curve, imp_bytes(v[0], 32)), wide = key(r->curve, imp_bytes(big, p.len + 1));
	size_t n[7] = { p.len, p.len, p.len, p.len, p.len, 0, p.len + 1 }, len = sizeof out;
	char claim[64];
	v[1][p.len - 1] = 1;
	for (int i = 2; i < 4; i++)
		memcpy(v[i], p.ptr, p.len);
	v[2][p.len - 1] = 0xfe;
	memset(v[4], 0xff, p.len);
	v[6][0] = 1;
	for (int i = 0; i < 7; i++) {
		snprintf(claim, sizeof claim, "group %d refuses", r->curve == IMP_C_MODP14 ? 14 : 15);
		len = sizeof out;
		t_check(claim, c->dh(c, &a, guard_span(0, imp_bytes(v[i], n[i])), out, &len) == IMP_EBADMSG, why[i]);
	}
	t_check("a private key of zero or too wide is the caller's mistake",
		c->dh(c, &zero, hex(2, r->B), out, &len) == IMP_EARG && c->dh(c, &wide, hex(2, r->B), out, &len) == IMP_EARG, "");
}

/* ----------------------------------------------------------- symmetric -- */

/* CCM: gathered AAD that is longer than the buffer on the stack. */
static void long_aad(void)
{
	static uint8_t many[3000], one[8], two[40], text[4];
	imp_key k = key(IMP_A_CCM64_128, imp_bytes(many, 16));
	imp_span parts[3] = { { many, 999 }, { many + 999, 1 }, { many + 1000, 2000 } }, whole = { many, 3000 };
	size_t a = sizeof two, b = sizeof two, d = sizeof text;
	uint8_t other[40];
	for (size_t i = 0; i < sizeof many; i++)
		many[i] = (uint8_t)(i * 7);
	t_check("AAD may come in pieces", c->seal(c, k.alg, &k, imp_bytes(one, 7), parts, 3, imp_bytes(text, 4), two, &a) == IMP_OK
		&& c->seal(c, k.alg, &k, imp_bytes(one, 7), &whole, 1, imp_bytes(text, 4), other, &b) == IMP_OK
		&& a == b && !memcmp(two, other, a)
		&& c->open(c, k.alg, &k, imp_bytes(one, 7), parts, 3, imp_bytes(two, a), text, &d) == IMP_OK, "CCM, 3000 bytes");
	t_check("a text too long for CCM's length field is the caller's mistake", (b = 70016, k.alg = IMP_A_CCM16_128,
		c->seal(c, k.alg, &k, imp_bytes(many, 13), NULL, 0, imp_bytes(many, 65536), other, &b)) == IMP_EARG, "65536 bytes, 13-byte nonce");
}

/* A context may be frozen at one address and go on at another. */
static void hash_moves(void)
{
	static const int32_t algs[] = { IMP_A_SHA1, IMP_A_SHA256, IMP_A_SHA384, IMP_A_SHA512 };
	for (size_t i = 0; i < ROWS(algs); i++) {
		uint8_t here[IMP_HASH_CTX + 1], there[IMP_HASH_CTX], straight[IMP_HASH_CTX], out[64], want[64], mid[64];
		imp_span text = imp_bytes(k2048_priv, 300);
		c->hash_init(c, straight, algs[i]);
		c->hash_push(c, straight, text);
		c->hash_init(c, here + 1, algs[i]);
		c->hash_push(c, here + 1, imp_bytes(text.ptr, 101));
		memcpy(there, here + 1, IMP_HASH_OWN);
		memset(here, 0xee, sizeof here);
		c->hash_peek(c, there, mid);
		c->hash_push(c, there, imp_bytes(text.ptr + 101, 199));
		t_check("a hash goes on after a move and a peek", c->hash_peek(c, there, out) == c->hash_peek(c, straight, want)
			&& !memcmp(out, want, c->hash_peek(c, straight, want)) && memcmp(mid, out, 20), "");
	}
}

/* ------------------------------------------------------------- curves -- */

static void brainpool(void)
{
	/* RFC 7027 appendix A: dA, QA, dB, QB, x of the secret */
	static const struct { int32_t curve; const char *a, *A, *b, *B, *x; } rows[] = {
		{ IMP_C_BP256, "81DB1EE100150FF2EA338D708271BE38300CB54241D79950F77B063039804F1D",
		  "04 44106E913F92BC02A1705D9953A8414DB95E1AAA49E81D9E85F929A8E3100BE5 8AB4846F11CACCB73CE49CBDD120F5A900A69FD32C272223F789EF10EB089BDC",
		  "55E40BC41E37E3E2AD25C3C6654511FFA8474A91A0032087593852D3E7D76BD3",
		  "04 8D2D688C6CF93E1160AD04CC4429117DC2C41825E1E9FCA0ADDD34E6F1B39F7B 990C57520812BE512641E47034832106BC7D3E8DD0E4C7F1136D7006547CEC6A",
		  "89AFC39D41D3B327814B80940B042590F96556EC91E6AE7939BCE31F3A18BF2B" },
		{ IMP_C_BP384, "1E20F5E048A5886F1F157C74E91BDE2B98C8B52D58E5003D57053FC4B0BD65D6F15EB5D1EE1610DF870795143627D042",
		  "04 68B665DD91C195800650CDD363C625F4E742E8134667B767B1B476793588F885AB698C852D4A6E77A252D6380FCAF068"
		  "55BC91A39C9EC01DEE36017B7D673A931236D2F1F5C83942D049E3FA20607493E0D038FF2FD30C2AB67D15C85F7FAA59",
		  "032640BC6003C59260F7250C3DB58CE647F98E1260ACCE4ACDA3DD869F74E01F8BA5E0324309DB6A9831497ABAC96670",
		  "04 4D44326F269A597A5B58BBA565DA5556ED7FD9A8A9EB76C25F46DB69D19DC8CE6AD18E404B15738B2086DF37E71D1EB4"
		  "62D692136DE56CBE93BF5FA3188EF58BC8A3A0EC6C1E151A21038A42E9185329B5B275903D192F8D4E1F32FE9CC78C48",
		  "0BD9D3A7EA0B3D519D09D8E48D0785FB744A6B355E6304BC51C229FBBCE239BBADF6403715C35D4FB2A5444F575D4F42" },
		{ IMP_C_BP512, "16302FF0DBBB5A8D733DAB7141C1B45ACBC8715939677F6A56850A38BD87BD59B09E80279609FF333EB9D4C061231FB26F92EEB04982A5F1D1764CAD57665422",
		  "04 0A420517E406AAC0ACDCE90FCD71487718D3B953EFD7FBEC5F7F27E28C6149999397E91E029E06457DB2D3E640668B392C2A7E737A7F0BF04436D11640FD09FD"
		  "72E6882E8DB28AAD36237CD25D580DB23783961C8DC52DFA2EC138AD472A0FCEF3887CF62B623B2A87DE5C588301EA3E5FC269B373B60724F5E82A6AD147FDE7",
		  "230E18E1BCC88A362FA54E4EA3902009292F7F8033624FD471B5D8ACE49D12CFABBC19963DAB8E2F1EBA00BFFB29E4D72D13F2224562F405CB80503666B25429",
		  "04 9D45F66DE5D67E2E6DB6E93A59CE0BB48106097FF78A081DE781CDB31FCE8CCBAAEA8DD4320C4119F1E9CD437A2EAB3731FA9668AB268D871DEDA55A5473199F"
		  "2FDC313095BCDD5FB3A91636F07A959C8E86B5636A1E930E8396049CB481961D365CC11453A06C719835475B12CB52FC3C383BCE35E27EF194512B71876285FA",
		  "A7927098655F1F9976FA50A9D566865DC530331846381C87256BAF3226244B76D36403C024D7BBF0AA0803EAFF405D3D24F11A9B5C0BEF679FE1454B21C4CD1F" },
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		imp_key a = key(rows[i].curve, hex(0, rows[i].a)), b = key(rows[i].curve, hex(1, rows[i].b));
		imp_span A = hex(2, rows[i].A), B = hex(3, rows[i].B), x = hex(4, rows[i].x), none = imp_bytes(NULL, 0);
		uint8_t out[160];
		size_t len = sizeof out;
		t_check("Brainpool agrees as RFC 7027", c->dh(c, &a, B, out, &len) == IMP_OK && equal(x, out, len)
			&& c->dh(c, &b, A, out, &len) == IMP_OK && equal(x, out, len), "");
		len = sizeof out;
		t_check("the base point yields the public key", c->muladd(c, rows[i].curve, a.bits, none, none, none, out, &len) == IMP_OK
			&& equal(A, out, len), "");
	}
}

static const int32_t curves[] = { IMP_C_P256, IMP_C_P384, IMP_C_P521, IMP_C_BP256, IMP_C_BP384, IMP_C_BP512 };
static const size_t widths[] = { 32, 48, 66, 32, 48, 64 };

/* r = d +- a*b, checked where it matters: r*G = d*G +- a*(b*G). */
static void identities(int32_t curve, size_t n)
{
	uint8_t a[66], b[66], d[66], r[66], A[133], B[133], D[133], left[133], right[133];
	size_t la = n, lb = n, ld = n, lA = 133, lB = 133, lD = 133, l = 133, m = 133;
	imp_span none = imp_bytes(NULL, 0), P;
	c->keygen(c, curve, a, &la, A, &lA);
	c->keygen(c, curve, b, &lb, B, &lB);
	c->keygen(c, curve, d, &ld, D, &lD);
	P = imp_bytes(B, lB);
	t_check("(d + ab) G = a B + d G", c->scalar(c, curve, imp_bytes(a, n), imp_bytes(b, n), imp_bytes(d, n), 0, r) == IMP_OK
		&& c->muladd(c, curve, imp_bytes(r, n), none, none, none, left, &l) == IMP_OK
		&& c->muladd(c, curve, imp_bytes(d, n), none, imp_bytes(a, n), P, right, &m) == IMP_OK
		&& equal(imp_bytes(left, l), right, m), "");
	l = m = 133;
	t_check("(d - ab) G + a B = d G", c->scalar(c, curve, imp_bytes(a, n), imp_bytes(b, n), imp_bytes(d, n), 1, r) == IMP_OK
		&& c->muladd(c, curve, imp_bytes(r, n), none, imp_bytes(a, n), P, left, &l) == IMP_OK
		&& equal(imp_bytes(D, lD), left, l), "");
	t_check("a B = b A, one term", (l = m = 133, c->muladd(c, curve, imp_bytes(a, n), P, none, none, left, &l)) == IMP_OK
		&& c->muladd(c, curve, imp_bytes(b, n), imp_bytes(A, lA), none, none, right, &m) == IMP_OK
		&& equal(imp_bytes(left, l), right, m), "");
	t_check("x Q + x Q doubles", (l = m = 133, c->scalar(c, curve, imp_bytes("\2", 1), imp_bytes(a, n), imp_bytes("\0", 1), 0, r)) == IMP_OK
		&& c->muladd(c, curve, imp_bytes(a, n), P, imp_bytes(a, n), P, left, &l) == IMP_OK
		&& c->muladd(c, curve, imp_bytes(r, n), P, none, none, right, &m) == IMP_OK
		&& equal(imp_bytes(left, l), right, m), "");
}

/* n - 1 = 0 - 1*1: from it come n and the scalars that must be refused. */
static void scalar_edges(int32_t curve, size_t n)
{
	uint8_t top[66], order[66], r[66], priv[66], pub[133], out[133], digest[32] = { 9 }, sig[132], zero[66] = {0};
	imp_span one = imp_bytes("\1", 1), nought = imp_bytes(zero, n), none = imp_bytes(NULL, 0), G;
	size_t lp = n, lP = 133, l = 133, ls = 132;
	imp_key bad[3], p;
	c->scalar(c, curve, one, one, nought, 1, top);
	memcpy(order, top, n);
	for (size_t i = n; i-- && !++order[i];)
		continue;
	c->keygen(c, curve, priv, &lp, pub, &lP);
	G = imp_bytes(pub, lP);
	t_check("scalars are reduced", c->scalar(c, curve, imp_bytes(order, n), one, one, 0, r) == IMP_OK
		&& !memcmp(r, zero, n - 1) && r[n - 1] == 1, "n * 1 + 1 = 1");
	t_check("a point and its opposite meet at infinity: refused",
		c->muladd(c, curve, one, G, imp_bytes(top, n), G, out, &l) == IMP_EBADMSG, "1 P + (n - 1) P");
	t_check("zero scalars are refused", c->muladd(c, curve, nought, G, none, none, out, &l) == IMP_EARG
		&& c->muladd(c, curve, imp_bytes(order, n), G, none, none, out, &l) == IMP_EARG
		&& c->muladd(c, curve, one, G, nought, G, out, &l) == IMP_EARG, "0, n, and as the second");
	bad[0] = key(curve, nought);
	bad[1] = key(curve, imp_bytes(order, n));
	bad[2] = key(curve, imp_bytes(priv, n - 1));
	for (int i = 0; i < 3; i++)
		t_check("a private key of 0, n or too short neither signs nor agrees",
			(l = 133, c->dh(c, &bad[i], G, out, &l)) == IMP_EARG
			&& c->sign(c, IMP_A_ES256, &bad[i], imp_bytes(digest, 32), sig, &ls) == IMP_EARG, "");
	p = key(curve, imp_bytes(priv, n));
	ls = sizeof sig;
	c->sign(c, IMP_A_ES256, &p, imp_bytes(digest, 32), sig, &ls);
	p = key(curve, G);
	for (int i = 0; i < 4; i++) { /* r, s = 0, n */
		uint8_t forged[132];
		memcpy(forged, sig, ls);
		memcpy(forged + (i & 1 ? n : 0), i & 2 ? order : zero, n);
		t_check("r and s of 0 or n are refused",
			c->verify(c, IMP_A_ES256, &p, imp_bytes(digest, 32), imp_bytes(forged, ls)) == IMP_EAUTH, "");
	}
	t_check("the untouched signature holds", c->verify(c, IMP_A_ES256, &p, imp_bytes(digest, 32), imp_bytes(sig, ls)) == IMP_OK, "");
	t_check("a signature of another length is refused",
		c->verify(c, IMP_A_ES256, &p, imp_bytes(digest, 32), imp_bytes(sig, ls - 1)) == IMP_EAUTH, "");
}

static void bad_points(int32_t curve, size_t n)
{
	uint8_t priv[66], pub[133], v[8][134] = {{0}}, out[133], digest[32] = {0}, sig[132] = { 1 };
	static const char *const why[] = { "off the curve", "infinity", "infinity, padded", "x and y not below p", "hybrid", "no first byte", "a byte more", "nothing" };
	size_t lp = n, lP = 133, len[8] = { 1 + 2 * n, 1, 1 + 2 * n, 1 + 2 * n, 1 + 2 * n, 2 * n, 2 + 2 * n, 0 }, l, m;
	imp_key k, p;
	c->keygen(c, curve, priv, &lp, pub, &lP);
	k = key(curve, imp_bytes(priv, lp));
	for (int i = 0; i < 8; i++)
		if (i != 1 && i != 2)
			memcpy(v[i], pub, lP);
	v[0][lP - 1] ^= 1;
	memset(v[3] + 1, 0xff, 2 * n);
	v[4][0] = (uint8_t)(6 | (pub[lP - 1] & 1));
	memmove(v[5], v[5] + 1, 2 * n);
	for (int i = 0; i < 8; i++) {
		imp_span bad = guard_span(0, imp_bytes(v[i], len[i]));
		l = m = 133;
		p = key(curve, bad);
		t_check("a bad point is refused by dh, point and verify", c->dh(c, &k, bad, out, &l) == IMP_EBADMSG
			&& c->point(c, curve, bad, out, &m) == IMP_EBADMSG
			&& c->verify(c, IMP_A_ES256, &p, imp_bytes(digest, 32), imp_bytes(sig, 2 * n)) == IMP_EAUTH, why[i]);
		if (len[i])
			t_check("... and by muladd", c->muladd(c, curve, k.bits, bad, imp_bytes(NULL, 0), imp_bytes(NULL, 0), out, &l) == IMP_EBADMSG, why[i]);
	}
	v[0][0] = (uint8_t)(2 | (pub[lP - 1] & 1));
	memcpy(v[0] + 1, pub + 1, n);
	l = 133;
	t_check("a compressed point expands", c->point(c, curve, imp_bytes(v[0], 1 + n), out, &l) == IMP_OK && equal(imp_bytes(pub, lP), out, l), "");
	v[0][0] ^= 1;
	t_check("... and its sibling is another", c->point(c, curve, imp_bytes(v[0], 1 + n), out, &l) == IMP_OK && !equal(imp_bytes(pub, lP), out, l), "");
	l = 133;
	t_check("dh wants it expanded", c->dh(c, &k, imp_bytes(v[0], 1 + n), out, &l) == IMP_EBADMSG, "");
}

/* Curve25519's points of low order, and p - 1, p, p + 1 (RFC 7748, 6.1). */
static void low_order(void)
{
	static const char *const rows[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	uint8_t priv[32], pub[32], out[32];
	size_t n = 32, m = 32, l = 32;
	imp_key k;
	c->keygen(c, IMP_C_X25519, priv, &n, pub, &m);
	k = key(IMP_C_X25519, imp_bytes(priv, 32));
	for (size_t i = 0; i < ROWS(rows); i++)
		t_check("X25519 refuses a point of low order", c->dh(c, &k, hex(0, rows[i]), out, &l) == IMP_EBADMSG, rows[i]);
	t_check("X25519 refuses 31 bytes", c->dh(c, &k, imp_bytes(pub, 31), out, &l) == IMP_EBADMSG, "");
}

/* RFC 8032, 7.1, test 2; then the same signature with the order added to S. */
static void ed25519(void)
{
	uint8_t sig[64];
	size_t len = sizeof sig;
	imp_key k = key(IMP_C_ED25519, hex(0, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
	imp_key p = key(IMP_C_ED25519, hex(1, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
	imp_span want = hex(2, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
	imp_span l = hex(3, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"), text = imp_bytes("r", 1);
	unsigned carry = 0;
	t_check("Ed25519 signs as RFC 8032", c->sign(c, IMP_A_EDDSA, &k, text, sig, &len) == IMP_OK && equal(want, sig, len), "");
	t_check("Ed25519 verifies", c->verify(c, IMP_A_EDDSA, &p, text, want) == IMP_OK, "");
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + l.ptr[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	t_check("Ed25519 refuses S + L", c->verify(c, IMP_A_EDDSA, &p, text, imp_bytes(sig, 64)) == IMP_EAUTH, "");
}

/* ------------------------------------------------------------- manners -- */

/* An application's own OpenSSL errors are neither hidden nor added to. */
static void error_queue(void)
{
	uint8_t out[300] = {0};
	size_t l = sizeof out;
	imp_key k = key(IMP_C_P256, imp_bytes(out, 32)), r = key(0, imp_bytes(out, 20)), g = key(IMP_A_A128GCM, imp_bytes(out, 16));
	for (int round = 0; round < 2; round++) {
		unsigned long mine = 0;
		ERR_clear_error();
		if (round)
			ERR_raise(ERR_LIB_USER, 77);
		mine = ERR_peek_error();
		k.bits = imp_bytes(rsa_rows, 65);
		c->verify(c, IMP_A_ES256, &k, imp_bytes(out, 32), imp_bytes(out, 64));
		out[0] = 4;
		c->point(c, IMP_C_P256, imp_bytes(out, 65), out, &l);
		c->verify(c, IMP_A_RS256, &r, imp_bytes(out, 32), imp_bytes(out, 256));
		c->open(c, g.alg, &g, imp_bytes(out, 12), NULL, 0, imp_bytes(out, 40), out, &l);
		t_check("OpenSSL's error queue is left as it was", ERR_get_error() == mine && ERR_get_error() == 0,
			round ? "one error before" : "empty before");
	}
}

static void offers(void)
{
	static const int32_t yes[] = { IMP_A_SHA1, IMP_A_SHA512, IMP_A_HMAC384, IMP_A_CMAC, IMP_A_SIV, IMP_A_AES_ECB, IMP_A_A192GCM,
		IMP_A_CCM64_256, IMP_A_TLS_CCM8, IMP_A_CHACHAPOLY, IMP_A_RS384, IMP_A_PS256, IMP_A_OAEP256, IMP_A_ES512, IMP_A_EDDSA };
	static const int32_t no[] = { -9, 12345 };
	uint8_t x[64];
	size_t l = sizeof x;
	imp_key opaque = { IMP_C_P256, IMP_KEY_OPAQUE | IMP_KEY_PRIVATE, 3, { NULL, 0 } };
	for (size_t i = 0; i < ROWS(yes); i++)
		t_check("can", c->can(c, yes[i], 0), "");
	for (size_t i = 0; i < ROWS(no); i++)
		t_check("cannot", !c->can(c, no[i], 0), "");
	t_check("can, with a curve", c->can(c, IMP_A_ES256, IMP_C_BP256) && c->can(c, 0, IMP_C_MODP15) && c->can(c, IMP_A_EDDSA, IMP_C_ED25519)
		&& !c->can(c, IMP_A_ES256, IMP_C_X25519) && !c->can(c, IMP_A_EDDSA, IMP_C_P256) && !c->can(c, 0, 77), "");
	t_check("keys in slots are not ours", c->sign(c, IMP_A_ES256, &opaque, imp_bytes(x, 32), x, &l) == IMP_EUNSUP
		&& c->dh(c, &opaque, imp_bytes(x, 65), x, &l) == IMP_EUNSUP
		&& c->mac(c, IMP_A_HMAC256, &opaque, NULL, 0, x, 32) == IMP_EUNSUP, "");
}

int main(void)
{
	threads();
	rsa_verify_rows();
	rsa_sign_rows();
	oaep();
	rsa_keys();
	for (size_t i = 0; i < ROWS(modp_rows); i++) {
		modp(&modp_rows[i]);
		modp_refused(&modp_rows[i]);
	}
	long_aad();
	hash_moves();
	brainpool();
	for (size_t i = 0; i < ROWS(curves); i++) {
		identities(curves[i], widths[i]);
		scalar_edges(curves[i], widths[i]);
		bad_points(curves[i], widths[i]);
	}
	low_order();
	ed25519();
	error_queue();
	offers();
	return t_end();
}
