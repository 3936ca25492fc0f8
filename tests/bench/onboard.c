/* onboard.c -- how many complete onboardings (TO2) a second: an owner and its
 * devices, each side a thread with a loop of its own, over HTTP on loopback.
 *
 * Facts are in memory; a device forgets what it learnt, so that each run is
 * the same: a connection of its own, a voucher of one entry, devmod, a new
 * credential.
 *
 * usage: onboard [N [AT-A-TIME [KEY KEX CIPHER]]]
 *        (2000 8 ec256 ECDH256 A128GCM); prints the number */
#include "crypto.h"
#include "fdo-kit.h"
#include "io/io.h"
#include "http.h"
#include "rv.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* One thread's side. */
struct side {
	uv_loop_t loop;
	imp_io *io;
	imp_io_pool *pool;
};

static struct kit K;
static struct side owner, devices;
static atomic_int failed;
static int begun, done, wanted;

static void begin(void)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	if (begun == wanted)
		return;
	begun++;
	if (!imp_io_start(devices.pool, imp_bytes(0, 0), &start))
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

static void timer_free(uv_handle_t *t)
{
	free(t);
}

static void over(uv_timer_t *t)
{
	uv_close((uv_handle_t *)t, timer_free);
	begin();
}

static void ended(imp_io_pool *pool, uint64_t id, const imp_msg *m)
{
	uv_timer_t *next;
	if (m->code && !failed++)
		fprintf(stderr, "failed: %s\n", imp_session_where(imp_io_session(pool, id)));
	if (pool != devices.pool)
		return;
	done++;
	next = malloc(sizeof *next); /* its slot is free when this returns */
	uv_timer_init(&devices.loop, next);
	uv_timer_start(next, over, 0, 0);
}

static void heard(void *user, imp_io_pool *pool, uint64_t id, const imp_msg *m)
{
	imp_msg a = imp_say(IMP_ANSWER, m->topic, 0, m->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	if (m->verb == IMP_ASK)
		fact_answer(user, m, &a);
	if (m->ticket)
		imp_io_feed(pool, id, &a);
	if (m->verb == IMP_DONE)
		ended(pool, id, m);
}

static imp_io_pool *place(void *user, imp_span hint)
{
	(void)user;
	return hint.len == 3 && !memcmp(hint.ptr, "to2", 3) ? owner.pool : NULL;
}

static imp_io_pool *pool(struct side *at, const char *name, uint16_t role, const imp_layer *top, const imp_layer *link, void *user)
{
	imp_stack t = {.size = sizeof t, .top = top, .link = {{link}}, .crypto = kit_crypto,
	               .params = {.size = sizeof(imp_params), .role = role, .max_msg = 4096, .max_chain = 4096}};
	imp_io_options o = {.name = name, .stack = &t, .count = 256, .heard = heard, .user = user};
	imp_io_pool *p = imp_io_pool_new(at->io, &o);
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
	kit_begin(&K, kind == KIT_P384 ? KIT_P384 : KIT_P256, kind, fdo_kex_of(imp_bytes(kex, strlen(kex))), cipher, FDO_ENC_X509);
	uv_loop_init(&owner.loop);
	uv_loop_init(&devices.loop);
	owner.io = imp_io_new(&owner.loop, kit_crypto);
	devices.io = imp_io_new(&devices.loop, kit_crypto);
	front = pool(&owner, "front", IMP_RELAY, NULL, &imp_http, NULL);
	owner.pool = pool(&owner, "owner", IMP_OWNER, &imp_fdo, NULL, K.owner);
	devices.pool = pool(&devices, "device", IMP_DEVICE, &imp_fdo, &imp_http, K.device);
	imp_io_route(front, &imp_fdo, place, NULL);
	if (imp_io_listen(front, "127.0.0.1:0", 256, at) < 0)
		abort();
	set_bypass(K.maker, (uint16_t)atoi(strrchr(at, ':') + 1));
	if (!kit_di(&K) || !kit_extend(&K, K.maker, KIT_MAKER, K.owner, KIT_OWNER))
		abort();
}

static void serve(void *unused)
{
	(void)unused;
	uv_run(&owner.loop, UV_RUN_DEFAULT); /* until the process ends */
}

static void run(int n, int at_a_time)
{
	begun = done = 0;
	wanted = n;
	for (int i = 0; i < at_a_time; i++)
		begin();
	while (done < n && !failed)
		uv_run(&devices.loop, UV_RUN_ONCE);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 2000, at = argc > 2 ? atoi(argv[2]) : 8;
	const char *key = argc > 5 ? argv[3] : "ec256", *kex = argc > 5 ? argv[4] : "ECDH256", *cipher = argc > 5 ? argv[5] : "A128GCM";
	uv_thread_t thread;
	uint64_t from;
	double seconds;
	set_up(kind_of(key), kex, !strcmp(cipher, "A256GCM") ? IMP_A_A256GCM : IMP_A_A128GCM);
	if (uv_thread_create(&thread, serve, NULL))
		return 1;
	run(50, at); /* warm */
	from = uv_hrtime();
	run(n, at);
	seconds = (double)(uv_hrtime() - from) / 1e9;
	if (failed)
		return 1;
	printf("%.0f\n", n / seconds);
	return 0;
}
