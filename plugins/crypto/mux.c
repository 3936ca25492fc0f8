/* mux.c -- a provider made of others. */
#include "crypto.h"

enum { MARK = IMP_HASH_OWN }; /* where a hash context names its provider */

static const imp_crypto *const *members(const imp_crypto *c)
{
	return (const imp_crypto *const *)c->data;
}

/* The member asked after `last` (NULL: the first): by falling rank, and
 * among equals in the order of the list. */
static const imp_crypto *next(const imp_crypto *c, const imp_crypto *last)
{
	const imp_crypto *best = NULL;
	int passed = 0;
	for (const imp_crypto *const *m = members(c); *m; m++) {
		int later = !last || (*m)->rank < last->rank || (passed && (*m)->rank == last->rank);
		if (*m == last)
			passed = 1;
		else if (later && (!best || (*m)->rank > best->rank))
			best = *m;
	}
	return best;
}

#define HAS(p, function) (IMP_HAS(p, imp_crypto, function) && (p)->function)

static int can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	for (const imp_crypto *p = next(c, NULL); p; p = next(c, p))
		if (p->can(p, alg, curve))
			return 1;
	return 0;
}

static imp_status random_bytes(const imp_crypto *c, uint8_t *out, size_t len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, random))
			st = p->random(p, out, len);
	return st;
}

/* --- digests: the context remembers whose it is ------------------------- */

/* From the id, not the place in the list: lists may change between runs. */
static uint32_t mark_of(const imp_crypto *p)
{
	uint32_t h = 2166136261u;
	for (const char *s = p->id; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static const imp_crypto *owner(const imp_crypto *c, const void *ctx)
{
	uint32_t mark;
	memcpy(&mark, (const uint8_t *)ctx + MARK, sizeof mark);
	for (const imp_crypto *const *m = members(c); *m; m++)
		if (mark_of(*m) == mark)
			return *m;
	return NULL;
}

static imp_status hash_init(const imp_crypto *c, void *ctx, int32_t alg)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p)) {
		uint32_t mark = mark_of(p);
		if (!HAS(p, hash_init))
			continue;
		st = p->hash_init(p, ctx, alg);
		memcpy((uint8_t *)ctx + MARK, &mark, sizeof mark);
	}
	return st;
}

static void hash_push(const imp_crypto *c, void *ctx, imp_span in)
{
	const imp_crypto *p = owner(c, ctx);
	if (p)
		p->hash_push(p, ctx, in);
}

static size_t hash_peek(const imp_crypto *c, const void *ctx, uint8_t *out)
{
	const imp_crypto *p = owner(c, ctx);
	return p ? p->hash_peek(p, ctx, out) : 0;
}

/* --- the rest: ask until one does not say IMP_EUNSUP -------------------- */

static imp_status mac(const imp_crypto *c, int32_t alg, const imp_key *k, const imp_span *in, size_t n,
                      uint8_t *out, size_t len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, mac))
			st = p->mac(p, alg, k, in, n, out, len);
	return st;
}

static imp_status cipher(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span iv,
                         imp_span in, uint8_t *out)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, cipher))
			st = p->cipher(p, alg, encrypt, k, iv, in, out);
	return st;
}

static imp_status seal(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                       const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, seal))
			st = p->seal(p, alg, k, nonce, aad, naad, in, out, len);
	return st;
}

static imp_status open(const imp_crypto *c, int32_t alg, const imp_key *k, imp_span nonce,
                       const imp_span *aad, size_t naad, imp_span in, uint8_t *out, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, open))
			st = p->open(p, alg, k, nonce, aad, naad, in, out, len);
	return st;
}

static imp_status keygen(const imp_crypto *c, int32_t curve, uint8_t *priv, size_t *privlen, uint8_t *pub,
                         size_t *publen)
{
	imp_status st = IMP_EUNSUP;
	size_t privroom = *privlen, pubroom = *publen;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p)) {
		*privlen = privroom;
		*publen = pubroom;
		if (HAS(p, keygen))
			st = p->keygen(p, curve, priv, privlen, pub, publen);
	}
	return st;
}

static imp_status dh(const imp_crypto *c, const imp_key *priv, imp_span pub, uint8_t *out, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, dh))
			st = p->dh(p, priv, pub, out, len);
	return st;
}

static imp_status sign(const imp_crypto *c, int32_t alg, const imp_key *priv, imp_span in, uint8_t *sig,
                       size_t *len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, sign))
			st = p->sign(p, alg, priv, in, sig, len);
	return st;
}

static imp_status verify(const imp_crypto *c, int32_t alg, const imp_key *pub, imp_span in, imp_span sig)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, verify))
			st = p->verify(p, alg, pub, in, sig);
	return st;
}

static imp_status rsa(const imp_crypto *c, int32_t alg, int encrypt, const imp_key *k, imp_span in,
                      uint8_t *out, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, rsa))
			st = p->rsa(p, alg, encrypt, k, in, out, len);
	return st;
}

static imp_status muladd(const imp_crypto *c, int32_t curve, imp_span x, imp_span P, imp_span y, imp_span Q,
                         uint8_t *out, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, muladd))
			st = p->muladd(p, curve, x, P, y, Q, out, len);
	return st;
}

static imp_status scalar(const imp_crypto *c, int32_t curve, imp_span a, imp_span b, imp_span d, int negate,
                         uint8_t *r)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, scalar))
			st = p->scalar(p, curve, a, b, d, negate, r);
	return st;
}

static imp_status point(const imp_crypto *c, int32_t curve, imp_span in, uint8_t *out, size_t *len)
{
	imp_status st = IMP_EUNSUP;
	for (const imp_crypto *p = next(c, NULL); p && st == IMP_EUNSUP; p = next(c, p))
		if (HAS(p, point))
			st = p->point(p, curve, in, out, len);
	return st;
}

static const void *extension(const imp_crypto *c, const char *id)
{
	const void *x = NULL;
	for (const imp_crypto *p = next(c, NULL); p && !x; p = next(c, p))
		if (HAS(p, extension))
			x = p->extension(p, id);
	return x;
}

static uint32_t top_rank(const imp_crypto *const *list)
{
	uint32_t rank = 0;
	for (; *list; list++)
		rank = (*list)->rank > rank ? (*list)->rank : rank;
	return rank;
}

void imp_mux(imp_crypto *out, const imp_crypto *const *list)
{
	*out = (imp_crypto){
		.size = sizeof(imp_crypto),
		.rank = top_rank(list),
		.id = "imp.mux",
		.data = list,
		.can = can,
		.random = random_bytes,
		.hash_init = hash_init,
		.hash_push = hash_push,
		.hash_peek = hash_peek,
		.mac = mac,
		.cipher = cipher,
		.seal = seal,
		.open = open,
		.keygen = keygen,
		.dh = dh,
		.sign = sign,
		.verify = verify,
		.rsa = rsa,
		.muladd = muladd,
		.scalar = scalar,
		.point = point,
		.extension = extension,
	};
}
