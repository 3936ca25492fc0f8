/* crypto.c -- how fast each provider is, one JSON line per operation.
 *
 *   bench-crypto [PROVIDER [OPERATION [COUNT]]]    "-": all of them
 *
 * With COUNT each operation runs that often and is not timed: for callgrind,
 * where (cost of n + k - cost of n) / k is an operation without its start. */
#define _POSIX_C_SOURCE 200809L
#include "bytes.h"
#include "crypto.h"
#include "vectors/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const imp_crypto *const providers[] = { &imp_openssl, &imp_bearssl, &imp_sodium };

/* What the operations work on, made once per provider and curve. */
struct desk {
	const imp_crypto *c;
	uint8_t priv[2048], pub[512], sig[512], text[1024], out[1100], ctx[IMP_HASH_CTX];
	imp_key mine, theirs, secret;
	size_t  siglen, boxlen;
	int32_t alg;
};
typedef imp_status work(struct desk *d);

static imp_status do_random(struct desk *d)
{
	return d->c->random(d->c, d->out, 16);
}

static imp_status do_hash(struct desk *d)
{
	imp_status st = d->c->hash_init(d->c, d->ctx, d->alg);
	if (st == IMP_OK) {
		d->c->hash_push(d->c, d->ctx, imp_bytes(d->text, sizeof d->text));
		d->c->hash_peek(d->c, d->ctx, d->out);
	}
	return st;
}

static imp_status do_mac(struct desk *d)
{
	imp_span in = imp_bytes(d->text, 256);
	return d->c->mac(d->c, d->alg, &d->secret, &in, 1, d->out, 16);
}

static imp_status do_seal(struct desk *d)
{
	imp_span aad = imp_bytes(d->text, 16);
	size_t len = sizeof d->out, nonce = d->alg == IMP_A_CCM64_128 ? 7 : 12;
	return d->c->seal(d->c, d->alg, &d->secret, imp_bytes(d->text, nonce), &aad, 1, imp_bytes(d->text, 256), d->out, &len);
}

static imp_status do_keygen(struct desk *d)
{
	uint8_t priv[96], pub[384];
	size_t n = sizeof priv, m = sizeof pub;
	return d->c->keygen(d->c, d->alg, priv, &n, pub, &m);
}

static imp_status do_dh(struct desk *d)
{
	size_t len = sizeof d->out;
	return d->c->dh(d->c, &d->mine, d->theirs.bits, d->out, &len);
}

static imp_status do_sign(struct desk *d)
{
	d->siglen = sizeof d->sig;
	return d->c->sign(d->c, d->alg, &d->mine, imp_bytes(d->text, d->alg == IMP_A_ES384 ? 48 : 32), d->sig, &d->siglen);
}

static imp_status do_verify(struct desk *d)
{
	return d->c->verify(d->c, d->alg, &d->theirs, imp_bytes(d->text, d->alg == IMP_A_ES384 ? 48 : 32), imp_bytes(d->sig, d->siglen));
}

static const struct op { const char *name; work *run; int32_t alg, curve; size_t key; } ops[] = {
	{ "random-16", do_random, 0, 0, 0 },
	{ "sha256-1k", do_hash, IMP_A_SHA256, 0, 0 },
	{ "sha384-1k", do_hash, IMP_A_SHA384, 0, 0 },
	{ "hmac256-256", do_mac, IMP_A_HMAC256, 0, 32 },
	{ "cmac-256", do_mac, IMP_A_CMAC, 0, 16 },
	{ "a128gcm-256", do_seal, IMP_A_A128GCM, 0, 16 },
	{ "a256gcm-256", do_seal, IMP_A_A256GCM, 0, 32 },
	{ "ccm64-128-256", do_seal, IMP_A_CCM64_128, 0, 16 },
	{ "chachapoly-256", do_seal, IMP_A_CHACHAPOLY, 0, 32 },
	{ "p256-keygen", do_keygen, IMP_C_P256, IMP_C_P256, 0 },
	{ "p256-dh", do_dh, 0, IMP_C_P256, 0 },
	{ "p256-sign", do_sign, IMP_A_ES256, IMP_C_P256, 0 },
	{ "p256-verify", do_verify, IMP_A_ES256, IMP_C_P256, 0 },
	{ "p384-keygen", do_keygen, IMP_C_P384, IMP_C_P384, 0 },
	{ "p384-dh", do_dh, 0, IMP_C_P384, 0 },
	{ "p384-sign", do_sign, IMP_A_ES384, IMP_C_P384, 0 },
	{ "p384-verify", do_verify, IMP_A_ES384, IMP_C_P384, 0 },
	{ "x25519-keygen", do_keygen, IMP_C_X25519, IMP_C_X25519, 0 },
	{ "x25519-dh", do_dh, 0, IMP_C_X25519, 0 },
	{ "ed25519-sign", do_sign, IMP_A_EDDSA, IMP_C_ED25519, 0 },
	{ "ed25519-verify", do_verify, IMP_A_EDDSA, IMP_C_ED25519, 0 },
	{ "modp14-keygen", do_keygen, IMP_C_MODP14, IMP_C_MODP14, 0 },
	{ "modp14-dh", do_dh, 0, IMP_C_MODP14, 0 },
	{ "modp15-dh", do_dh, 0, IMP_C_MODP15, 0 },
	{ "rs256-sign", do_sign, IMP_A_RS256, 0, 0 },
	{ "rs256-verify", do_verify, IMP_A_RS256, 0, 0 },
	{ "ps256-sign", do_sign, IMP_A_PS256, 0, 0 },
};

/* Keys for the operation, and a signature to verify. */
static imp_status prepare(struct desk *d, const imp_crypto *c, const struct op *o)
{
	size_t n = sizeof d->priv, m = sizeof d->pub;
	imp_status st = IMP_OK;
	memset(d, 0x5a, sizeof *d);
	d->c = c;
	d->mine.flags = d->theirs.flags = d->secret.flags = 0;
	d->alg = o->alg;
	d->secret.alg = o->alg;
	d->secret.bits = imp_bytes(d->text, o->key);
	if (o->curve)
		st = c->keygen(c, o->curve, d->priv, &n, d->pub, &m);
	d->mine.alg = d->theirs.alg = o->curve;
	d->mine.bits = imp_bytes(d->priv, n);
	d->theirs.bits = imp_bytes(d->pub, m);
	if (!o->curve && (o->run == do_sign || o->run == do_verify)) {
		d->mine.bits = t_hex(k2048_priv, d->priv, sizeof d->priv);
		d->theirs.bits = t_hex(k2048_pub, d->pub, sizeof d->pub);
	}
	return st == IMP_OK && o->run == do_verify ? do_sign(d) : st;
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may use the machine */
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 0 if the provider does not offer it. */
static int bench(const imp_crypto *c, const struct op *o, long count)
{
	struct desk d;
	double start, taken = 0;
	long n = 0;
	if (prepare(&d, c, o) != IMP_OK || o->run(&d) != IMP_OK)
		return 0;
	start = seconds();
	for (; count ? n < count : taken < 0.2; n++) {
		if (o->run(&d) != IMP_OK)
			return 0;
		if (n % 16 == 0)
			taken = seconds() - start;
	}
	taken = seconds() - start;
	if (count)
		printf("%s %s ran %ld times\n", c->id, o->name, count);
	else
		printf("{\"id\":\"%s-%s\",\"what\":\"%s %s\",\"value\":%.0f,\"unit\":\"/s\",\"detail\":true}\n", c->id, o->name, c->id, o->name, (double)n / taken);
	fflush(stdout);
	return 1;
}

static int wanted(int argc, char **argv, int i, const char *name)
{
	return argc <= i || !strcmp(argv[i], "-") || !strcmp(argv[i], name);
}

int main(int argc, char **argv)
{
	long count = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
	int done = 0;
	for (size_t p = 0; p < sizeof providers / sizeof providers[0]; p++)
		for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
			if (wanted(argc, argv, 1, providers[p]->id) && wanted(argc, argv, 2, ops[i].name))
				done += bench(providers[p], &ops[i], count);
	return done == 0;
}
