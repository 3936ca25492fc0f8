/* fdo-tunnel.c -- TO2's key exchanges and its tunnel: both sides agree, known
 * answers, and what a bad peer sends is refused. */
#include "bytes.h"
#include "crypto.h"
#include "t.h"
#include "tunnel.h"

#include <stdlib.h>

#define NONE imp_bytes(NULL, 0)

static char line[160];

/* --- known answers -------------------------------------------------------- */

/* go-fdo internal/nistkdf: shared secret and 256 bits out of it. */
static void derivation(const imp_crypto *c)
{
	uint8_t shared[64], want[32];
	imp_span s = t_hex("08c9dc0cc5e9dd2558a12ae60cd00670d01a09cca52bae8a671a21e1babdb25bc21963c48b4aa77bb8ed338f0c5a15efee069ce10a09be2aacf857b8dcd9df8e", shared, sizeof shared);
	fdo_tunnel t;
	t_hex("e5e959c8cbdd5989c819f7ea8c69bcb3f70a442830ba235c5aa0b4047d0cda0b", want, sizeof want);
	t_check("the key of A256GCM is go-fdo's known answer", !fdo_tunnel_derive(c, IMP_A_A256GCM, s, NONE, &t) && !memcmp(t.key, want, 32), c->id);
	t_check("a cipher that is not known is refused", fdo_tunnel_derive(c, -17760703, s, NONE, &t) == IMP_EUNSUP && fdo_tunnel_derive(c, 0, s, NONE, &t) == IMP_EUNSUP, "");
}

static void names(void)
{
	int same = 1;
	for (int k = FDO_ECDH256; k <= FDO_ASYMKEX3072; k++) {
		const char *n = fdo_kex_name((enum fdo_kex)k);
		same &= fdo_kex_of(imp_bytes(n, strlen(n))) == (enum fdo_kex)k;
	}
	t_check("names of exchanges go both ways", same, "");
	t_check("others are none", fdo_kex_of(imp_bytes("ecdh256", 7)) == FDO_KEX_NONE && fdo_kex_of(NONE) == FDO_KEX_NONE && !*fdo_kex_name((enum fdo_kex)99), "");
}

/* Which exchange goes with which owner. */
static void fitting(void)
{
	static const struct { int32_t alg; size_t len; unsigned kex; } rows[] = {
		{IMP_C_P256, 65, 1u << FDO_ECDH256}, {IMP_C_P384, 97, 1u << FDO_ECDH384},
	};
	for (size_t i = 0; i < 2; i++) {
		fdo_key k = {.alg = rows[i].alg, .len = (uint16_t)rows[i].len, .bits = {4}};
		unsigned fits = 0;
		for (unsigned x = FDO_ECDH256; x <= FDO_ASYMKEX3072; x++)
			fits |= (unsigned)fdo_kex_fits((enum fdo_kex)x, &k) << x;
		snprintf(line, sizeof line, "%s: %#x", fdo_key_name(&k), fits);
		t_check("an owner's key admits the exchanges of its size only", fits == rows[i].kex, line);
	}
}

/* --- both sides ----------------------------------------------------------- */

static const int32_t ciphers[] = {IMP_A_A128GCM, IMP_A_A256GCM, IMP_A_CCM64_128, IMP_A_CCM64_256};

struct pair {
	fdo_offer  offer;
	fdo_tunnel device, owner;
	uint8_t    xa[512], xb[512];
	imp_span   a, b;
};

static imp_status exchange(const imp_crypto *dev, const imp_crypto *own, enum fdo_kex k, int32_t cipher, const imp_key *pub, const imp_key *priv, struct pair *p)
{
	imp_wr a = imp_wr_to(p->xa, sizeof p->xa), b = imp_wr_to(p->xb, sizeof p->xb);
	imp_status st = fdo_kex_offer(own, k, &p->offer, &a);
	p->a = imp_wr_span(&a);
	st = st ? st : fdo_kex_answer(dev, k, cipher, p->a, pub, &b, &p->device);
	p->b = imp_wr_span(&b);
	return st ? st : fdo_kex_finish(own, &p->offer, cipher, p->b, priv, &p->owner);
}

static int talk(const imp_crypto *c, fdo_tunnel *from, fdo_tunnel *to, const char *text)
{
	uint8_t wire[256], plain[256];
	imp_wr w = imp_wr_to(wire, sizeof wire);
	size_t len = sizeof plain;
	imp_span said = imp_bytes(text, strlen(text));
	if (fdo_tunnel_seal(c, from, said, &w) || imp_wr_end(&w) || w.len > said.len + FDO_TUNNEL_OVERHEAD)
		return 0;
	return !fdo_tunnel_open(c, to, imp_wr_span(&w), plain, &len) && imp_same(imp_bytes(plain, len), said);
}

static void agree(const imp_crypto *dev, const imp_crypto *own, enum fdo_kex k, const imp_key *pub, const imp_key *priv, size_t xa, size_t xb)
{
	struct pair p;
	for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
		imp_status st = exchange(dev, own, k, ciphers[i], pub, priv, &p);
		snprintf(line, sizeof line, "%s cipher %d, device %s, owner %s: %d, xA %zu, xB %zu bytes", fdo_kex_name(k), (int)ciphers[i], dev->id, own->id, (int)st, p.a.len, p.b.len);
		t_check("both sides agree and talk", !st && p.a.len == xa && p.b.len == xb && !memcmp(p.device.key, p.owner.key, 32)
		        && talk(dev, &p.device, &p.owner, "from device") && talk(own, &p.owner, &p.device, "from owner"), line);
	}
}

/* --- bad peers ------------------------------------------------------------ */

static const char p14[] = /* RFC 3526, group 14 */
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
	"302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
	"49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
	"670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
	"3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF";

/* The value p + delta, or delta itself if it is not negative. */
static imp_span dh_value(int delta, int from_p, uint8_t out[257])
{
	uint8_t p[256];
	t_hex(p14, p, sizeof p);
	memset(out, 0, 257);
	if (from_p)
		memcpy(out + 1, p, 256);
	out[256] = (uint8_t)(out[256] + delta); /* p ends in ff: no carry for -2..0 */
	if (from_p && delta > 0) {
		memset(out + 249, 0, 8);
		out[256] = (uint8_t)(delta - 1);
		for (int i = 248; i >= 0 && !++out[i]; i--)
			;
	}
	return imp_bytes(out + 1, 256);
}

static void bad_dh(const imp_crypto *c)
{
	static const struct { const char *what; int delta, from_p; } rows[] = {
		{"0", 0, 0}, {"1", 1, 0}, {"p - 1", -1, 1}, {"p", 0, 1}, {"p + 1", 1, 1},
	};
	struct pair p;
	uint8_t v[257];
	imp_wr b;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		imp_span x = dh_value(rows[i].delta, rows[i].from_p, v);
		imp_status dev, own;
		imp_wr a = imp_wr_to(p.xa, sizeof p.xa);
		fdo_kex_offer(c, FDO_DHKEXID14, &p.offer, &a);
		b = imp_wr_to(p.xb, sizeof p.xb);
		dev = fdo_kex_answer(c, FDO_DHKEXID14, IMP_A_A128GCM, x, NULL, &b, &p.device);
		own = fdo_kex_finish(c, &p.offer, IMP_A_A128GCM, x, NULL, &p.owner);
		snprintf(line, sizeof line, "%s: device %d, owner %d", rows[i].what, (int)dev, (int)own);
		t_check("a value outside of 2 to p - 2 is refused by both", dev < 0 && own < 0, line);
	}
	b = imp_wr_to(p.xb, sizeof p.xb);
	memset(v, 0, sizeof v);
	v[0] = 1;
	t_check("and one that is longer than p", fdo_kex_answer(c, FDO_DHKEXID14, IMP_A_A128GCM, imp_bytes(v, 257), NULL, &b, &p.device) == IMP_EBADMSG, "");
	t_check("and none", fdo_kex_answer(c, FDO_DHKEXID14, IMP_A_A128GCM, NONE, NULL, &b, &p.device) < 0, "");
}

/* Go's big.Int strips leading zeros: the other side pads. */
static void stripped_dh(const imp_crypto *c)
{
	struct pair p;
	imp_wr a;
	imp_span x;
	int tries = 0;
	do {
		a = imp_wr_to(p.xa, sizeof p.xa);
		fdo_kex_offer(c, FDO_DHKEXID14, &p.offer, &a);
	} while (p.xa[0] && ++tries < 8000);
	x = imp_bytes(p.xa + (p.xa[0] ? 0 : 1), p.xa[0] ? 256 : 255);
	a = imp_wr_to(p.xb, sizeof p.xb);
	snprintf(line, sizeof line, "after %d tries, %zu bytes", tries, x.len);
	t_check("a stripped value is padded", x.len == 255 && !fdo_kex_answer(c, FDO_DHKEXID14, IMP_A_A128GCM, x, NULL, &a, &p.device)
	        && !fdo_kex_finish(c, &p.offer, IMP_A_A128GCM, imp_wr_span(&a), NULL, &p.owner) && !memcmp(p.device.key, p.owner.key, 32), line);
}

static void bad_ecdh(const imp_crypto *c)
{
	static const struct { const char *what; size_t at; uint8_t set; size_t len; } rows[] = {
		/* len16 X, len16 Y, len16 random: offsets 0, 34, 68; 86 bytes */
		{"X of 33 bytes", 1, 33, 86}, {"X of none", 1, 0, 86}, {"off the curve", 67, 0, 86}, {"random of 15", 69, 15, 86},
		{"a byte short", 85, 0, 85}, {"a byte more", 86, 0, 87}, {"half", 0, 0, 43}, {"nothing", 0, 0, 0},
	};
	struct pair p;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		imp_wr b = imp_wr_to(p.xb, sizeof p.xb);
		imp_status st;
		if (exchange(c, c, FDO_ECDH256, IMP_A_A128GCM, NULL, NULL, &p))
			abort();
		p.xa[rows[i].at] = rows[i].at == 67 ? (uint8_t)(p.xa[67] ^ 1) : rows[i].set;
		st = fdo_kex_answer(c, FDO_ECDH256, IMP_A_A128GCM, imp_bytes(p.xa, rows[i].len), NULL, &b, &p.device);
		snprintf(line, sizeof line, "%s: %d", rows[i].what, (int)st);
		t_check("a bad ECDH value is refused", st < 0, line);
	}
	t_check("no exchange has no offer", fdo_kex_offer(c, FDO_KEX_NONE, &p.offer, &(imp_wr){p.xa, sizeof p.xa, 0, 0}) == IMP_EUNSUP, "");
}

/* --- the tunnel ----------------------------------------------------------- */

static void bad_messages(const imp_crypto *c)
{
	struct pair p;
	uint8_t wire[128], plain[128], again[128];
	imp_wr w = imp_wr_to(wire, sizeof wire), w2 = imp_wr_to(again, sizeof again);
	size_t flips = 0, cuts = 0, len;
	if (exchange(c, c, FDO_ECDH256, IMP_A_A128GCM, NULL, NULL, &p) || fdo_tunnel_seal(c, &p.device, imp_bytes("hello", 5), &w))
		abort();
	for (size_t i = 0; i < w.len; i++) {
		wire[i] ^= (uint8_t)(1u << i % 8);
		len = sizeof plain;
		flips += fdo_tunnel_open(c, &p.owner, imp_wr_span(&w), plain, &len) == IMP_OK;
		wire[i] ^= (uint8_t)(1u << i % 8);
		len = sizeof plain;
		cuts += fdo_tunnel_open(c, &p.owner, imp_bytes(wire, i), plain, &len) == IMP_OK;
	}
	t_check("no flipped bit and no cut goes through", !flips && !cuts, c->id);
	fdo_tunnel_seal(c, &p.device, imp_bytes("hello", 5), &w2);
	t_check("the same words never look the same", w2.len == w.len && memcmp(wire, again, w.len) != 0 && p.device.sent == 2, "");
	p.device.sent = 0x7fffffff;
	t_check("the last nonce is used", fdo_tunnel_seal(c, &p.device, imp_bytes("x", 1), &(imp_wr){again, sizeof again, 0, 0}) == IMP_OK, "");
	t_check("and after it there is none", fdo_tunnel_seal(c, &p.device, imp_bytes("x", 1), &(imp_wr){again, sizeof again, 0, 0}) == IMP_EPROTO, "");
	p.device.cipher = 0;
	t_check("no tunnel, no message", fdo_tunnel_seal(c, &p.device, NONE, &w2) == IMP_EARG && fdo_tunnel_open(c, &p.device, imp_wr_span(&w), plain, &len) == IMP_EARG, "");
}

/* Two tunnels' nonces: side and counter keep them apart. */
static void nonces(const imp_crypto *c)
{
	struct pair p;
	uint8_t head[2][64], wire[128];
	int apart = 1;
	if (exchange(c, c, FDO_ECDH256, IMP_A_CCM64_128, NULL, NULL, &p))
		abort();
	for (int i = 0; i < 64; i++) {
		imp_wr w = imp_wr_to(wire, sizeof wire);
		fdo_tunnel_seal(c, i % 2 ? &p.owner : &p.device, imp_bytes("x", 1), &w);
		memcpy(head[i % 2], wire, 32);
		for (size_t at = 0; at + 8 < 32; at++) /* {5: bstr of 7} */
			if (wire[at] == 0xa1 && wire[at + 1] == 5 && wire[at + 2] == 0x47)
				apart &= wire[at + 3] == (i % 2 ? 0x80 : 0) && wire[at + 6] == i / 2;
	}
	t_check("a nonce is side, counter and random", apart && memcmp(head[0], head[1], 32), "");
}

/* --- RSA owners ----------------------------------------------------------- */

struct rsa { uint8_t priv[2048], pub[512]; imp_key k, p; };

static int rsa_key(const char *file, struct rsa *r)
{
	uint8_t pem[4096];
	imp_span text = t_file(file, pem, sizeof pem);
	fdo_key pub;
	imp_key k;
	if (!text.len || imp_priv_read(text, &k))
		return 0;
	memcpy(r->priv, k.bits.ptr, k.bits.len);
	r->k = k;
	r->k.bits.ptr = r->priv;
	if (fdo_public_of(&imp_openssl, &r->k, &pub))
		return 0;
	memcpy(r->pub, pub.bits, pub.len);
	r->p = (imp_key){IMP_X509_RSA, 0, 0, imp_bytes(r->pub, pub.len)};
	return 1;
}

static void asym(const imp_crypto *c, const char *file, enum fdo_kex k, size_t x, size_t xb)
{
	static struct rsa r;
	struct pair p;
	imp_wr b = imp_wr_to(p.xb, sizeof p.xb);
	if (!t_check("an RSA key for the owner", rsa_key(file, &r), file))
		return;
	agree(c, c, k, &r.p, &r.k, x, xb);
	if (exchange(c, c, k, IMP_A_A128GCM, &r.p, &r.k, &p))
		return;
	p.xb[10] ^= 1;
	t_check("a spoilt ciphertext yields no keys", fdo_kex_finish(c, &p.offer, IMP_A_A128GCM, p.b, &r.k, &p.owner) < 0, fdo_kex_name(k));
	t_check("nor does no key", fdo_kex_finish(c, &p.offer, IMP_A_A128GCM, p.b, NULL, &p.owner) == IMP_EARG, "");
	t_check("xA of another length is refused", fdo_kex_answer(c, k, IMP_A_A128GCM, imp_bytes(p.xa, x - 1), &r.p, &b, &p.device) == IMP_EBADMSG, "");
}

int main(void)
{
	const imp_crypto *o = &imp_openssl, *b = &imp_bearssl;
	derivation(o);
	derivation(b);
	names();
	fitting();
	agree(b, o, FDO_ECDH256, NULL, NULL, 86, 86);
	agree(o, b, FDO_ECDH384, NULL, NULL, 150, 150);
	agree(o, o, FDO_DHKEXID14, NULL, NULL, 256, 256);
	agree(o, o, FDO_DHKEXID15, NULL, NULL, 384, 384);
	asym(o, "fdo/rsa2048.der", FDO_ASYMKEX2048, 32, 256);
	asym(o, "fdo/rsa3072.der", FDO_ASYMKEX3072, 96, 384);
	bad_ecdh(o);
	bad_ecdh(b);
	bad_dh(o);
	stripped_dh(o);
	bad_messages(o);
	bad_messages(b);
	nonces(o);
	return t_end();
}
