/* onboard.c -- how many complete onboardings (TO2) a second: device and owner
 * in this one process and thread, over HTTP on loopback, one after the other.
 *
 * Facts are in memory; the device forgets what it learnt, so that each run
 * is the same: a voucher of one entry, devmod, a new credential.
 *
 * usage: bench-onboard [N [KEY KEX CIPHER]]   (400 ec256 ECDH256 A128GCM) */
#include "crypto.h"
#include "fdo-kit.h"
#include "io/io.h"
#include "http.h"
#include "rv.h"
#include <stdio.h>
#include <stdlib.h>

static struct kit K;
static struct bench {
	uv_loop_t loop;
	imp_io *io;
	imp_io_pool *owner, *device;
	int left, done, failed;
} B;

static void begin(void)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	if (!imp_io_start(B.device, imp_bytes(0, 0), &start))
		abort();
}

static void fact_answer(const struct party *p, const imp_msg *ask, imp_msg *a)
{
	char name[96];
	const struct fact *f;
	snprintf(name, sizeof name, "%.*s", (int)ask->name.len, (const char *)ask->name.ptr);
	f = fact_get(p, ask->topic, name, ask->code);
	a->code = f ? fact_count(p, ask->topic, name) : ask->topic == IMP_T_AUTHORIZE ? IMP_OK : IMP_EFACT;
	if (f)
		a->data = imp_bytes(f->data, f->len);
	if (f && ask->code + 1 < a->code)
		a->flags = IMP_MORE;
}

static void heard(void *user, imp_io_pool *pool, uint64_t id, const imp_msg *m)
{
	imp_msg a = imp_say(IMP_ANSWER, m->topic, 0, m->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	if (m->verb == IMP_ASK)
		fact_answer(user, m, &a);
	if (m->ticket)
		imp_io_feed(pool, id, &a);
	if (m->verb == IMP_DONE)
		B.failed += m->code != 0;
	if (m->verb == IMP_DONE && m->code)
		fprintf(stderr, "failed: %s\n", imp_session_where(imp_io_session(pool, id)));
	if (m->verb == IMP_DONE && pool == B.device)
		B.done++;
}

static imp_io_pool *place(void *user, imp_span hint)
{
	(void)user;
	return hint.len == 3 && !memcmp(hint.ptr, "to2", 3) ? B.owner : NULL;
}

static imp_io_pool *pool(const char *name, uint16_t role, const imp_layer *top, const imp_layer *link, void *user)
{
	imp_stack t = {.size = sizeof t, .top = top, .link = {{link}}, .crypto = kit_crypto,
	               .params = {.size = sizeof(imp_params), .role = role, .max_msg = 4096, .max_chain = 4096}};
	imp_io_options o = {.name = name, .stack = &t, .count = 16, .heard = heard, .user = user};
	imp_io_pool *p = imp_io_pool_new(B.io, &o);
	if (!p)
		abort();
	return p;
}

static void var(imp_wr *w, uint64_t number, imp_span value)
{
	imp_cbor_put_array(w, value.len ? 2 : 1);
	imp_cbor_put_uint(w, number);
	if (value.len)
		imp_cbor_put_bstr(w, value);
}

/* Straight to the owner at this port of 127.0.0.1. */
static void set_bypass(struct party *maker, uint16_t port)
{
	const uint8_t ip[] = {0x44, 127, 0, 0, 1}, at[] = {0x19, (uint8_t)(port >> 8), (uint8_t)port}, http[] = {1};
	uint8_t raw[64];
	imp_wr w = imp_wr_to(raw, sizeof raw);
	imp_cbor_put_array(&w, 1);
	imp_cbor_put_array(&w, 4);
	var(&w, FDO_RV_BYPASS, imp_bytes(0, 0));
	var(&w, FDO_RV_IP, imp_bytes(ip, sizeof ip));
	var(&w, FDO_RV_DEV_PORT, imp_bytes(at, sizeof at));
	var(&w, FDO_RV_PROTOCOL, imp_bytes(http, sizeof http));
	fact_set(maker, IMP_T_CONFIG, "fdo.rvinfo", 0, imp_wr_span(&w));
}

static enum kit_kind kind_of(const char *name)
{
	static const char *const names[] = {"ec256", "ec384", "rsa2048", "rsa3072"};
	for (int i = 0; i < 4; i++)
		if (!strcmp(names[i], name))
			return (enum kit_kind)i;
	abort();
}

static void set_up(enum kit_kind kind, const char *kex, int32_t cipher)
{
	imp_io_pool *front;
	char at[64];
	kit_crypto = &imp_openssl;
	uv_loop_init(&B.loop);
	B.io = imp_io_new(&B.loop, kit_crypto);
	kit_begin(&K, kind == KIT_P384 ? KIT_P384 : KIT_P256, kind, fdo_kex_of(imp_bytes(kex, strlen(kex))), cipher, FDO_ENC_X509);
	front = pool("front", IMP_RELAY, NULL, &imp_http, NULL);
	B.owner = pool("owner", IMP_OWNER, &imp_fdo, NULL, K.owner);
	B.device = pool("device", IMP_DEVICE, &imp_fdo, &imp_http, K.device);
	imp_io_route(front, &imp_fdo, place, NULL);
	if (imp_io_listen(front, "127.0.0.1:0", 16, at) < 0)
		abort();
	set_bypass(K.maker, (uint16_t)atoi(strrchr(at, ':') + 1));
	if (!kit_di(&K) || !kit_extend(&K, K.maker, KIT_MAKER, K.owner, KIT_OWNER))
		abort();
}

static void run(int n)
{
	for (int i = 1; i <= n && !B.failed; i++) {
		begin();
		while (B.done < i)
			uv_run(&B.loop, UV_RUN_ONCE);
	}
	B.done = 0;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 400;
	const char *key = argc > 4 ? argv[2] : "ec256", *kex = argc > 4 ? argv[3] : "ECDH256", *cipher = argc > 4 ? argv[4] : "A128GCM";
	uint64_t from;
	double seconds;
	set_up(kind_of(key), kex, !strcmp(cipher, "A256GCM") ? IMP_A_A256GCM : IMP_A_A128GCM);
	run(20); /* warm */
	from = uv_hrtime();
	run(n);
	seconds = (double)(uv_hrtime() - from) / 1e9;
	if (B.failed)
		return 1;
	printf("{\"id\": \"onboard-%s\", \"what\": \"complete TO2 a second, device and owner over loopback HTTP in one thread (%s, %s, %s)\", \"value\": %.0f, \"unit\": \"/s\", \"n\": %d, \"detail\": true}\n",
		key, key, kex, cipher, n / seconds, n);
	return 0;
}
