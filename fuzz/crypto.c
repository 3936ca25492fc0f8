/* crypto.c -- what a peer may send into public-key crypto: a key, a point, a
 * scalar, a signature.  Two providers that share no code must say the same
 * (but about a broken private RSA key, which is nobody's to send: BearSSL
 * does not look at its n).  The input is an operation, then fields of two length bytes each. */
#include "crypto.h"
#include "rd.h"
#include "span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { OUT = 1024, FIELDS = 5 };

static const int32_t curves[] = {IMP_C_P256, IMP_C_P384, IMP_C_P521};
static const int32_t algs[] = {IMP_A_ES256, IMP_A_ES384, IMP_A_ES512, IMP_A_RS256, IMP_A_RS384};
static const int32_t aeads[] = {IMP_A_A128GCM, IMP_A_A256GCM, IMP_A_CCM8_128, IMP_A_CCM16_128, IMP_A_CCM64_128,
                                IMP_A_CCM64_256, IMP_A_TLS_CCM8, IMP_A_CHACHAPOLY};

struct side {
	const imp_crypto *c;
	uint8_t out[OUT];
	size_t len;
	imp_status st;
};

/* OpenSSL takes RSA moduli above 4096 bits, expands points, and insists on
 * the NULL of PKCS#1: there the two may differ. */
static void same(const struct side *a, const struct side *b)
{
	if (a->st == IMP_EUNSUP || b->st == IMP_EUNSUP)
		return;
	must((a->st == IMP_OK) == (b->st == IMP_OK));
	must(a->st != IMP_OK || imp_same(imp_bytes(a->out, a->len), imp_bytes(b->out, b->len)));
}

static void verify(struct side *s, uint8_t how, const imp_span *f)
{
	int32_t alg = algs[how % 5];
	imp_key k = {curves[how / 5 % 3], 0, 0, f[0]};
	s->len = 0;
	s->st = s->c->verify(s->c, alg, &k, f[1], f[2]);
}

static void dh(struct side *s, uint8_t how, const imp_span *f)
{
	imp_key k = {how % 4 == 3 ? IMP_C_X25519 : curves[how % 4], IMP_KEY_PRIVATE, 0, f[0]};
	s->st = s->c->dh(s->c, &k, f[1], s->out, &s->len);
}

static void point(struct side *s, uint8_t how, const imp_span *f)
{
	s->st = s->c->point(s->c, curves[how % 3], f[0], s->out, &s->len);
}

static void muladd(struct side *s, uint8_t how, const imp_span *f)
{
	imp_span none = imp_bytes(NULL, 0), P = how & 4 ? f[1] : none, Q = how & 8 ? f[3] : none;
	if (how & 4 && !f[1].len)
		P = none;
	s->st = s->c->muladd(s->c, curves[(how & 3) % 3], f[0], P, f[2], Q, s->out, &s->len);
}

static void scalar(struct side *s, uint8_t how, const imp_span *f)
{
	int32_t curve = curves[(how & 3) % 3];
	s->len = curve == IMP_C_P256 ? 32 : curve == IMP_C_P384 ? 48 : 66;
	s->st = s->c->scalar(s->c, curve, f[0], f[1], f[2], how & 4, s->out);
}

static void open(struct side *s, uint8_t how, const imp_span *f)
{
	imp_key k = {aeads[how % 8], 0, 0, f[0]};
	s->st = s->c->open(s->c, k.alg, &k, f[1], &f[2], 2, f[4], s->out, &s->len);
}

static void seal(struct side *s, uint8_t how, const imp_span *f)
{
	imp_key k = {aeads[how % 8], 0, 0, f[0]};
	s->st = s->c->seal(s->c, k.alg, &k, f[1], &f[2], 2, f[4], s->out, &s->len);
}

static void decrypt(struct side *s, uint8_t how, const imp_span *f)
{
	imp_key k = {0, IMP_KEY_PRIVATE, 0, f[0]};
	(void)how;
	s->st = s->c->rsa(s->c, IMP_A_OAEP256, 0, &k, f[1], s->out, &s->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const operations[])(struct side *, uint8_t, const imp_span *) = {
		verify, dh, point, muladd, scalar, open, seal, decrypt,
	};
	struct side a = {.c = &imp_bearssl, .len = OUT}, b = {.c = &imp_openssl, .len = OUT};
	imp_rd r = imp_rd_of(imp_bytes(data, n));
	uint8_t op = imp_rd_u8(&r), how = imp_rd_u8(&r);
	imp_span f[FIELDS];
	for (int i = 0; i < FIELDS; i++)
		f[i] = imp_rd_bytes(&r, imp_rd_be16(&r));
	operations[op % 8](&a, how, f);
	operations[op % 8](&b, how, f);
	must(a.len <= OUT || a.st == IMP_ENOSPC);
	must(b.len <= OUT || b.st == IMP_ENOSPC);
	if (operations[op % 8] != decrypt)
		same(&a, &b);
	return 0;
}
