/* sessions.c -- what many live owner sessions cost: each has heard
 * HelloDevice, answered it, and hands out voucher entries; they are visited in
 * a scattered order.  Once with OpenSSL, as owners run, and once with the fake
 * crypto, so that imprint's own work and the memory it walks through show. */
#define _POSIX_C_SOURCE 200809L
#include "crypto.h"
#include "fdo-kit.h"
#include "wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NONE imp_bytes(NULL, 0)

enum { MANY = 100000, FEW = 100, TOKEN = 16, STRIDE = 61403 /* prime */ };

static struct kit k;
static imp_stack t;
static imp_work w;
static imp_slab *slab;

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static imp_span key_of(uint32_t i)
{
	static uint8_t key[TOKEN];
	memset(key, 0x20, sizeof key);
	memcpy(key, &i, sizeof i);
	return imp_bytes(key, sizeof key);
}

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(1);
}

/* What the owner's host knows; the voucher is entries, the rest is whole. */
static imp_msg answer_to(const imp_msg *ask)
{
	char name[96];
	int many = ask->topic == IMP_T_VOUCHER;
	const struct fact *f;
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_EFACT, ask->ticket, NONE, NONE);
	snprintf(name, sizeof name, "%.*s", (int)ask->name.len, (const char *)ask->name.ptr);
	f = fact_get(k.owner, ask->topic, name, many ? ask->code : 0);
	if (!f)
		return a;
	a.data = imp_bytes(f->data, f->len);
	a.code = many ? fact_count(k.owner, ask->topic, name) : (int32_t)f->len;
	a.flags = many && ask->code + 1 < a.code ? IMP_MORE : 0;
	return a;
}

/* Feed, answer, until the reply to the request: its code. */
static int32_t feed(imp_session *s, const imp_msg *m)
{
	imp_msg o, ask = {0};
	int32_t code = 0;
	for (const imp_msg *in = m; in;) {
		imp_msg a;
		if (imp_session_feed(s, &t, &w, in) < 0)
			return -1;
		for (in = NULL; imp_session_poll(s, &w, &o);) {
			if (o.verb == IMP_ASK) {
				ask = answer_to(&o); /* facts outlive the drain */
				a = ask;
				in = &a;
			} else if (o.verb == IMP_ANSWER) {
				code = o.code;
			}
		}
		if (in)
			in = &ask;
	}
	return code;
}

static int32_t request(imp_session *s, unsigned type, imp_span body)
{
	char name[32];
	imp_msg m;
	snprintf(name, sizeof name, "fdo/101/msg/%u", type);
	m = imp_say(IMP_RX, 0, IMP_POST, 1, imp_bytes(name, strlen(name)), body);
	return feed(s, &m);
}

static imp_span hello(void)
{
	static uint8_t bytes[256], guid[16], nonce[16];
	imp_wr to = imp_wr_to(bytes, sizeof bytes);
	const char *kex = fdo_kex_name(FDO_ECDH256);
	fdo_hello_device m = {1400, imp_bytes(guid, 16), imp_bytes(nonce, 16), imp_bytes(kex, strlen(kex)), IMP_A_A128GCM, {IMP_A_ES256, {NULL, 0}}};
	for (size_t i = 0; i < 16; i++) {
		unsigned v;
		sscanf(k.guid + 2 * i, "%2x", &v);
		guid[i] = (uint8_t)v;
	}
	fdo_put_hello_device(&to, &m);
	return imp_wr_span(&to);
}

/* One visit to each of `count` sessions; 1: all of them replied well. */
static int visit(uint32_t count, unsigned type, imp_span body)
{
	int ok = 1;
	for (uint32_t i = 0; i < count; i++) {
		imp_session *s = imp_slab_find(slab, key_of((uint32_t)((uint64_t)i * STRIDE % count)));
		ok &= s && request(s, type, body) == 200;
		imp_slab_wake(slab, s, imp_session_deadline(s));
	}
	return ok;
}

static void take_all(uint32_t count, size_t slot)
{
	for (uint32_t i = 0; i < count; i++) {
		imp_session *s = imp_session_init(imp_slab_take(slab, key_of(i)), slot, &t);
		imp_msg start = imp_say(IMP_START, 0, 0, 0, key_of(i), NONE);
		if (!s || feed(s, &start))
			fail("a session did not begin");
	}
}

/* Processor time per message with `count` live sessions. */
static double cost(uint32_t count, size_t slot)
{
	static const uint8_t first[] = {0x81, 0x00}; /* GetOVNextEntry [0] */
	double spent = 0;
	for (uint32_t r = 0; r < MANY / count; r++) {
		take_all(count, slot);
		spent -= seconds();
		if (!visit(count, 60, hello()) || !visit(count, 62, imp_bytes(first, sizeof first)))
			fail("an owner refused");
		spent += seconds();
		for (uint32_t i = 0; i < count; i++)
			imp_slab_drop(slab, imp_slab_find(slab, key_of(i)));
	}
	return spent / MANY / 2;
}

static double measure(uint32_t count, size_t slot)
{
	size_t need = imp_slab_need(slot, count);
	void *mem = aligned_alloc(16, need);
	double c;
	if (!mem)
		fail("no memory");
	slab = imp_slab_init(mem, need, slot, count, 0x1234567);
	c = cost(count, slot);
	free(mem);
	return c;
}

struct result {
	double few, many; /* seconds per message, the best of the passes */
	size_t slot;
};

static struct result run(const imp_crypto *c, int passes)
{
	struct result r = {1e9, 1e9, 0};
	kit_crypto = c;
	kit_begin(&k, KIT_P256, KIT_P256, FDO_ECDH256, IMP_A_A128GCM, FDO_ENC_X509);
	if (!kit_di(&k) || !kit_extend(&k, k.maker, KIT_MAKER, k.owner, KIT_OWNER) || !kit_extend(&k, k.owner, KIT_OWNER, k.owner, KIT_OWNER))
		fail("no voucher");
	t = (imp_stack){.size = sizeof t, .top = &imp_fdo, .crypto = c};
	t.params = (imp_params){.size = sizeof t.params, .role = IMP_OWNER, .max_msg = 4096};
	r.slot = imp_session_need(&t);
	w = (imp_work){.len = imp_work_need(&t)};
	w.mem = aligned_alloc(16, (w.len + 15) & ~(size_t)15);
	if (!r.slot || !w.mem)
		fail("the stack does not fit together");
	for (int i = 0; i < passes; i++) {
		double few = measure(FEW, r.slot), many = measure(MANY, r.slot);
		r.few = few < r.few ? few : r.few;
		r.many = many < r.many ? many : r.many;
		printf("%s: %.2f us a message at %d sessions, %.2f at %d\n", c->id, few * 1e6, FEW, many * 1e6, MANY);
		fflush(stdout);
	}
	kit_end(&k);
	free(w.mem);
	return r;
}

int main(void)
{
	struct result real = run(&imp_openssl, 2), bare = run(&imp_fake, 3);
	printf("{\"id\": \"sessions\", \"what\": \"100,000 live owner sessions (openssl): cost of a message per that at 100 sessions\", \"value\": %.3f, \"unit\": \"x\", \"max\": 1.5, \"timed\": true}\n", real.many / real.few);
	printf("{\"id\": \"sessions-bare\", \"what\": \"... without any crypto\", \"value\": %.3f, \"unit\": \"x\"}\n", bare.many / bare.few);
	printf("{\"id\": \"session-bytes\", \"what\": \"memory of one of them, index and deadline included\", \"value\": %zu, \"unit\": \"B\"}\n", imp_slab_need(real.slot, MANY) / MANY);
	printf("{\"id\": \"message-us\", \"what\": \"a message at 100,000 sessions, processor time (openssl)\", \"value\": %.2f, \"unit\": \"µs\"}\n", real.many * 1e6);
	printf("{\"id\": \"message-us-bare\", \"what\": \"... without any crypto, processor time\", \"value\": %.2f, \"unit\": \"µs\"}\n", bare.many * 1e6);
	return 0;
}
