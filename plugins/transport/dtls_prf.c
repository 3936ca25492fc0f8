/* dtls_prf.c -- TLS 1.2's key schedule with SHA-256: RFC 5246 5 and 8, RFC 7627,
 * RFC 5705. */
#include "alg.h"
#include "ct.h"
#include "dtls_in.h"

enum { SEEDS = 4, HASH = 32 };

imp_status imp_dtls_prf(const imp_crypto *c, imp_span secret, const char *label, const imp_span *seed, size_t n, uint8_t *out, size_t len)
{
	imp_key k = {IMP_A_HMAC256, 0, 0, secret};
	imp_span part[SEEDS + 2];
	uint8_t a[HASH], block[HASH];
	imp_status st;
	if (n > SEEDS)
		return IMP_EARG;
	part[0] = imp_bytes(a, HASH);
	part[1] = imp_bytes(label, strlen(label));
	for (size_t i = 0; i < n; i++)
		part[i + 2] = seed[i];
	st = c->mac(c, IMP_A_HMAC256, &k, part + 1, n + 1, a, HASH);
	for (size_t at = 0; st == IMP_OK && at < len; at += HASH) {
		st = c->mac(c, IMP_A_HMAC256, &k, part, n + 2, block, HASH);
		if (st == IMP_OK) {
			memcpy(out + at, block, len - at < HASH ? len - at : HASH);
			st = c->mac(c, IMP_A_HMAC256, &k, part, 1, a, HASH);
		}
	}
	imp_wipe(a, sizeof a);
	imp_wipe(block, sizeof block);
	return st;
}

void imp_dtls_hash_start(struct imp_dtls_run *r)
{
	r->cx->crypto->hash_init(r->cx->crypto, r->s->hash, IMP_A_SHA256);
}

void imp_dtls_hash_push(struct imp_dtls_run *r, imp_span message)
{
	r->cx->crypto->hash_push(r->cx->crypto, r->s->hash, message);
}

void imp_dtls_hash_peek(const struct imp_dtls_run *r, uint8_t out[32])
{
	r->cx->crypto->hash_peek(r->cx->crypto, r->s->hash, out);
}

static size_t block_len(const struct imp_dtls_bulk *b)
{
	return 2u * ((size_t)b->mac + b->key + b->iv);
}

/* key_block: the server's random number first. */
static imp_status expand(const struct imp_dtls_epoch *e, const imp_crypto *c, uint8_t *out, size_t len)
{
	imp_span seed[2] = {imp_bytes(e->random + 32, 32), imp_bytes(e->random, 32)};
	return imp_dtls_prf(c, imp_bytes(e->master, sizeof e->master), "key expansion", seed, 2, out, len);
}

imp_status imp_dtls_derive(struct imp_dtls_run *r, imp_span secret)
{
	struct imp_dtls *s = r->s;
	uint8_t hash[HASH];
	imp_span seed = imp_bytes(s->next.random, 64);
	imp_status st;
	imp_dtls_hash_peek(r, hash);
	if (s->next.ems)
		seed = imp_bytes(hash, HASH);
	st = imp_dtls_prf(r->cx->crypto, secret, s->next.ems ? "extended master secret" : "master secret", &seed, 1, s->next.master, sizeof s->next.master);
	memset(&s->next, 0, offsetof(struct imp_dtls_epoch, cid_in)); /* counters */
	if (st == IMP_OK)
		st = expand(&s->next, r->cx->crypto, s->next.keys, block_len(imp_dtls_suite_of(r)->bulk));
	s->next.suite = (uint8_t)(s->suite + 1);
	return st;
}

imp_status imp_dtls_finished(const struct imp_dtls_run *r, int server, uint8_t out[12])
{
	uint8_t hash[HASH];
	imp_span seed = imp_bytes(hash, HASH);
	imp_dtls_hash_peek(r, hash);
	return imp_dtls_prf(r->cx->crypto, imp_bytes(r->s->next.master, sizeof r->s->next.master), server ? "server finished" : "client finished", &seed, 1, out, 12);
}

imp_status imp_dtls_export(const struct imp_dtls_epoch *e, const imp_crypto *c, size_t key_block, const char *label, imp_span context, uint8_t *out, size_t len)
{
	uint8_t n[2] = {(uint8_t)(context.len >> 8), (uint8_t)context.len};
	imp_span seed[3] = {imp_bytes(e->random, 64), imp_bytes(n, 2), context};
	if (context.len > 0xffff)
		return IMP_EARG;
	if (!strcmp(label, "=key_block"))
		return len <= key_block ? expand(e, c, out, len) : IMP_EARG;
	return imp_dtls_prf(c, imp_bytes(e->master, sizeof e->master), label, seed, context.ptr ? 3 : 1, out, len);
}
