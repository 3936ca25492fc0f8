/* udp.c -- joiners and a commissioner on UDP ports of loopback: sorted by DTLS's
 * triage(), several at once. */
#include "coap.h"
#include "crypto.h"
#include "dtls.h"
#include "io/io.h"
#include "t.h"
#include "thread.h"

#define NONE imp_bytes(0, 0)

enum { JOINERS = 5, LATEST_MS = 20000 };

static const uint8_t dataset[] = {5, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 0x12, 0x34};

struct side {
	char router[80];
	const char *pskd;
	int dones, good, learnt, asked;
};

static imp_msg answer(struct side *s, const imp_msg *m, uint8_t flat[64])
{
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_EFACT, m->ticket, NONE, NONE);
	imp_key key = {IMP_A_HMAC256, IMP_KEY_PRIVATE, 0, NONE};
	if (m->topic == IMP_T_SERVER) {
		a.data = imp_bytes(s->router, strlen(s->router));
	} else if (m->topic == IMP_T_NETWORK) {
		a.data = imp_bytes(dataset, sizeof dataset);
	} else if (m->topic == IMP_T_KEY) {
		imp_key_head(&key, flat);
		memcpy(flat + IMP_KEY_HEAD, s->pskd, strlen(s->pskd));
		a.data = imp_bytes(flat, IMP_KEY_HEAD + strlen(s->pskd));
	}
	a.code = a.data.len || m->topic == IMP_T_AUTHORIZE ? IMP_OK : IMP_EFACT;
	s->asked += m->topic == IMP_T_AUTHORIZE;
	return a;
}

static void heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	struct side *s = user;
	uint8_t flat[64];
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_OK, m->ticket, NONE, NONE);
	if (m->verb == IMP_DONE) {
		s->dones++;
		s->good += m->code == IMP_OK;
	}
	s->learnt += m->verb == IMP_LEARN && m->topic == IMP_T_NETWORK && m->data.len == sizeof dataset && !memcmp(m->data.ptr, dataset, sizeof dataset);
	if (m->verb == IMP_ASK)
		a = answer(s, m, flat);
	if (m->verb == IMP_ASK || (m->verb == IMP_LEARN && m->ticket))
		imp_io_feed(p, id, &a);
}

static imp_io_pool *pool(imp_io *io, uint16_t role, const imp_layer *dtls, struct side *s)
{
	imp_stack t = {.size = sizeof t, .top = &imp_thread, .link = {{&imp_coap, dtls}}, .crypto = &imp_openssl, .params = {sizeof(imp_params), role, 0, 512, 0}};
	imp_io_options o = {.name = "", .stack = &t, .count = JOINERS + 1, .user = s, .heard = heard};
	return imp_io_pool_new(io, &o);
}

static void rang(uv_timer_t *t)
{
	uv_stop(t->loop);
}

static void run(uv_loop_t *loop, const int *until, int value)
{
	uv_timer_t t;
	uint64_t end = uv_hrtime() / 1000000 + LATEST_MS;
	uv_timer_init(loop, &t);
	while (*until < value && uv_hrtime() / 1000000 < end) {
		uv_timer_start(&t, rang, 20, 0);
		uv_run(loop, UV_RUN_ONCE);
	}
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

int main(void)
{
	uv_loop_t loop;
	imp_io *io;
	struct side device = {.pskd = "J01NME"}, wrong = {.pskd = "WR0NGNE"}, owner = {.pskd = "J01NME"};
	imp_msg start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	imp_io_pool *joiners, *strangers, *ours;
	char bound[64] = "";
	uv_loop_init(&loop);
	io = imp_io_new(&loop, &imp_openssl);
	joiners = pool(io, IMP_DEVICE, &imp_dtls_jpake_client, &device);
	strangers = pool(io, IMP_DEVICE, &imp_dtls_jpake_client, &wrong);
	ours = pool(io, IMP_OWNER, &imp_dtls_jpake, &owner);
	t_check("a commissioner's port", imp_io_listen(ours, "udp:127.0.0.1:0", JOINERS + 1, bound) == IMP_OK, bound);
	snprintf(device.router, sizeof device.router, "coaps://%s", bound);
	memcpy(wrong.router, device.router, sizeof wrong.router);
	for (int i = 0; i < JOINERS; i++)
		imp_io_start(joiners, NONE, &start);
	run(&loop, &device.dones, JOINERS);
	run(&loop, &owner.dones, JOINERS);
	t_check("five joiners at once join", device.good == JOINERS && device.learnt == JOINERS, "");
	t_check("... each was asked for", owner.good == JOINERS && owner.asked == JOINERS, "");
	imp_io_start(strangers, NONE, &start);
	run(&loop, &wrong.dones, 1);
	t_check("one with a wrong PSKd does not", wrong.dones == 1 && !wrong.good && !wrong.learnt && owner.asked == JOINERS, "");
	imp_io_free(io);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return t_end();
}
