/* dtls_jpake.c -- EC-JPAKE on P-256 with SHA-256: RFC 8236, its Schnorr proofs
 * RFC 8235, in TLS as draft-cragie-tls-ecjpake and Thread have it.
 *
 * Round one lies in both hellos (extension 256): two key pairs each, with
 * proofs over the base point.  Round two is ServerKeyExchange, then
 * ClientKeyExchange: one point each, with a proof over the sum of three
 * others.  An element on the wire: point V, scalar r, each with a length
 * byte, behind the public point X they are about.
 *
 *   mine x1, x2: X1 = x1 G, X2 = x2 G; the peer's X3, X4; the password s
 *   generator of mine: X3 + X4 + X1; of the peer's: X1 + X2 + X3
 *   round two: A = x2 s (X1 + X3 + X4); B comes
 *   secret: SHA-256 of the x coordinate of x2 (B - x2 s X4) */
#include "alg.h"
#include "ct.h"
#include "dtls_ec.h"
#include "wr.h"

enum { SCALAR = 32, POINT = IMP_DTLS_POINT };
/* In the kex area. */
struct jpake {
	uint8_t x2[SCALAR], x2s[SCALAR];
	uint8_t mine[2][POINT], peer[2][POINT], b[POINT];
};
_Static_assert(sizeof(struct jpake) <= IMP_DTLS_JPAKE_KEX, "the kex area holds it");

static struct jpake *state_of(const struct imp_dtls_run *r)
{
	return (struct jpake *)(void *)imp_dtls_kex_at(r->s);
}

static imp_span point(const uint8_t p[POINT])
{
	return imp_bytes(p, POINT);
}

/* --- arithmetic --------------------------------------------------------------------- */

static const uint8_t zero[SCALAR], one = 1;

/* out = x P + y Q; P empty: the base point; Q empty: one term. */
static imp_status muladd(const imp_crypto *c, const uint8_t *x, imp_span P, const uint8_t *y, imp_span Q, uint8_t out[POINT])
{
	size_t len = POINT;
	return c->muladd(c, IMP_C_P256, imp_bytes(x, SCALAR), P, imp_bytes(y, SCALAR), Q, out, &len);
}

static imp_status times(const imp_crypto *c, const uint8_t *x, imp_span P, uint8_t out[POINT])
{
	return muladd(c, x, P, x, imp_bytes(NULL, 0), out);
}

/* out = P + Q */
static imp_status add(const imp_crypto *c, const uint8_t *p, const uint8_t *q, uint8_t out[POINT])
{
	size_t len = POINT;
	return c->muladd(c, IMP_C_P256, imp_bytes(&one, 1), point(p), imp_bytes(&one, 1), point(q), out, &len);
}

static imp_status sum(const imp_crypto *c, const uint8_t *p, const uint8_t *q, const uint8_t *s, uint8_t out[POINT])
{
	uint8_t t[POINT];
	imp_status st = add(c, p, q, t);
	return st < 0 ? st : add(c, t, s, out);
}

/* r = d + a b, or d - a b, modulo the order. */
static imp_status scalar(const imp_crypto *c, const uint8_t *a, imp_span b, const uint8_t *d, int minus, uint8_t *r)
{
	return c->scalar(c, IMP_C_P256, imp_bytes(a, SCALAR), b, imp_bytes(d, SCALAR), minus, r);
}

static const uint8_t *base_point(void)
{
	static const uint8_t g[POINT] = {
		0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
		0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
		0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
	};
	return g;
}

/* --- Schnorr proofs -------------------------------------------------------------------- */

/* SHA-256 over generator, V, X and who proves, each with a 4-byte length. */
static imp_status challenge(const imp_crypto *c, const uint8_t *g, const uint8_t *v, const uint8_t *x, int server, uint8_t h[32])
{
	static const uint8_t point_len[4] = {0, 0, 0, POINT}, id_len[4] = {0, 0, 0, 6};
	imp_span part[8] = {{point_len, 4}, {g, POINT}, {point_len, 4}, {v, POINT}, {point_len, 4}, {x, POINT}, {id_len, 4}, imp_bytes(server ? "server" : "client", 6)};
	return imp_hash(c, IMP_A_SHA256, part, 8, h);
}

/* v and V = v g.  Off the base point v is a number of 40 bytes, reduced. */
static imp_status commit(const imp_crypto *c, const uint8_t *g, uint8_t v[SCALAR], uint8_t V[POINT])
{
	uint8_t wide[40];
	size_t vlen = SCALAR, Vlen = POINT;
	imp_status st;
	if (g == base_point())
		return c->keygen(c, IMP_C_P256, v, &vlen, V, &Vlen);
	st = c->random(c, wide, sizeof wide);
	if (st == IMP_OK)
		st = c->scalar(c, IMP_C_P256, imp_bytes(&one, 1), imp_bytes(wide, sizeof wide), imp_bytes(zero, SCALAR), 0, v);
	imp_wipe(wide, sizeof wide);
	return st < 0 ? st : times(c, v, point(g), V);
}

/* X = x g with its proof: r = v - x h. */
static imp_status put_proven(struct imp_dtls_run *r, imp_wr *w, const uint8_t *g, const uint8_t *x, const uint8_t *X)
{
	const imp_crypto *c = r->cx->crypto;
	uint8_t v[SCALAR], V[POINT], h[32], proof[SCALAR];
	imp_status st = commit(c, g, v, V);
	if (st == IMP_OK)
		st = challenge(c, g, V, X, r->s->server, h);
	if (st == IMP_OK)
		st = scalar(c, x, imp_bytes(h, sizeof h), v, 1, proof);
	if (st == IMP_OK) {
		imp_dtls_put_vec8(w, point(X));
		imp_dtls_put_vec8(w, point(V));
		imp_dtls_put_vec8(w, imp_bytes(proof, sizeof proof));
	}
	imp_wipe(v, sizeof v);
	return st;
}

/* The peer's X, if V = r g + h X. */
static imp_status take_proven(struct imp_dtls_run *r, imp_rd *x, const uint8_t *g, uint8_t out[POINT])
{
	const imp_crypto *c = r->cx->crypto;
	imp_span X = imp_dtls_take_point(x), V = imp_dtls_take_point(x), said = imp_dtls_vec8(x);
	uint8_t h[32], proof[SCALAR] = {0}, good[POINT];
	imp_status st;
	if (!x->err && (!said.len || said.len > SCALAR))
		imp_rd_fail(x, IMP_EPROTO);
	if (x->err)
		return x->err;
	memcpy(proof + SCALAR - said.len, said.ptr, said.len);
	st = challenge(c, g, V.ptr, X.ptr, !r->s->server, h);
	if (st == IMP_OK)
		st = muladd(c, proof, g == base_point() ? imp_bytes(NULL, 0) : point(g), h, X, good);
	if (st < 0)
		return st == IMP_EBADMSG || st == IMP_EARG ? IMP_EAUTH : st; /* off the curve, or a scalar of zero */
	if (memcmp(good, V.ptr, POINT))
		return IMP_EAUTH;
	memcpy(out, X.ptr, POINT);
	return IMP_OK;
}

/* --- round one: the hellos ---------------------------------------------------------------- */

static imp_status put_pair(struct imp_dtls_run *r, imp_wr *w, int i)
{
	const imp_crypto *c = r->cx->crypto;
	struct jpake *j = state_of(r);
	uint8_t x[SCALAR];
	size_t len = sizeof x, pub = POINT;
	imp_status st = c->keygen(c, IMP_C_P256, x, &len, j->mine[i], &pub);
	if (st == IMP_OK)
		st = put_proven(r, w, base_point(), x, j->mine[i]);
	if (i)
		memcpy(j->x2, x, sizeof x); /* x1 has served its turn */
	imp_wipe(x, sizeof x);
	return st;
}

static imp_status put_hello(struct imp_dtls_run *r, imp_wr *w)
{
	size_t mark = imp_dtls_open_ext(w, IMP_DTLS_X_JPAKE);
	imp_status st = put_pair(r, w, 0);
	if (st == IMP_OK)
		st = put_pair(r, w, 1);
	imp_dtls_close16(w, mark);
	return st;
}

static imp_status take_hello(struct imp_dtls_run *r, const struct imp_dtls_hello *h)
{
	struct jpake *j = state_of(r);
	imp_rd x = imp_rd_of(h->jpake);
	imp_status st = take_proven(r, &x, base_point(), j->peer[0]);
	if (st == IMP_OK)
		st = take_proven(r, &x, base_point(), j->peer[1]);
	return st < 0 ? st : imp_rd_end(&x);
}

/* --- round two: the key exchanges ------------------------------------------------------------ */

static imp_status put_round_two(struct imp_dtls_run *r, imp_wr *w, imp_span password)
{
	const imp_crypto *c = r->cx->crypto;
	struct jpake *j = state_of(r);
	uint8_t g[POINT], A[POINT];
	imp_status st = password.len && password.len <= IMP_DTLS_SECRET ? IMP_OK : IMP_EARG;
	if (st == IMP_OK)
		st = scalar(c, j->x2, password, zero, 0, j->x2s);
	if (st == IMP_OK)
		st = sum(c, j->peer[0], j->peer[1], j->mine[0], g);
	if (st == IMP_OK)
		st = times(c, j->x2s, point(g), A);
	return st < 0 ? st : put_proven(r, w, g, j->x2s, A);
}

static imp_status take_round_two(struct imp_dtls_run *r, imp_rd *x)
{
	struct jpake *j = state_of(r);
	uint8_t g[POINT];
	imp_status st = sum(r->cx->crypto, j->mine[0], j->mine[1], j->peer[0], g);
	if (st == IMP_OK)
		st = take_proven(r, x, g, j->b);
	return st < 0 ? st : imp_rd_end(x);
}

static imp_status put_server(struct imp_dtls_run *r, imp_wr *w, imp_span password)
{
	imp_dtls_put_curve(w);
	return put_round_two(r, w, password);
}

static imp_status take_server(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	return imp_dtls_take_curve(&x) ? take_round_two(r, &x) : x.err;
}

static imp_status put_client(struct imp_dtls_run *r, imp_wr *w, imp_span identity, imp_span password)
{
	(void)identity;
	return put_round_two(r, w, password);
}

static imp_status take_client(struct imp_dtls_run *r, imp_span body)
{
	imp_rd x = imp_rd_of(body);
	return take_round_two(r, &x);
}

/* x2 B - (x2 x2 s) X4, and of that x. */
static imp_status premaster(struct imp_dtls_run *r, imp_span secret, struct imp_dtls_premaster *out)
{
	const imp_crypto *c = r->cx->crypto;
	struct jpake *j = state_of(r);
	uint8_t u[SCALAR], K[POINT];
	imp_span x = imp_bytes(K + 1, SCALAR);
	imp_status st = scalar(c, j->x2, imp_bytes(j->x2s, SCALAR), zero, 1, u);
	(void)secret;
	if (st == IMP_OK)
		st = muladd(c, j->x2, point(j->b), u, point(j->peer[1]), K);
	if (st == IMP_OK)
		st = imp_hash(c, IMP_A_SHA256, &x, 1, out->bytes);
	out->len = 32;
	imp_wipe(u, sizeof u);
	imp_wipe(K, sizeof K);
	return st == IMP_EBADMSG ? IMP_EAUTH : st;
}

const struct imp_dtls_kex imp_dtls_jpake_kex = {
	.secret = IMP_K_PASSWORD, .early = 1, .ecc = 1, .put_hello = put_hello, .take_hello = take_hello,
	.put_server = put_server, .take_server = take_server, .put_client = put_client, .take_client = take_client,
	.premaster = premaster,
};
