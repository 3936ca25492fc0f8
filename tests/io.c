/* io.c -- the event loop on loopback: whole stacks, a token-routed cut,
 * thousands of connections, late answers, limits. */
#include "io/io.h"
#include "t.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define NONE imp_bytes(0, 0)
#define TEXT(s) imp_bytes(s, sizeof(s) - 1)

extern const imp_layer toy_rest;

static imp_status random_(const imp_crypto *c, uint8_t *out, size_t len)
{
	(void)c;
	return getrandom(out, len, 0) == (ssize_t)len ? IMP_OK : IMP_ERANDOM;
}

static int can(const imp_crypto *c, int32_t alg, int32_t curve)
{
	(void)c;
	(void)alg;
	(void)curve;
	return 0;
}

static const imp_crypto dice = {.size = sizeof dice, .id = "test.dice", .can = can, .random = random_};

/* --- frame: datagrams in a stream, two bytes of length first ---------------- */

enum { FRAME = 512, KEY = 16 };

struct frame {
	uint16_t have;
	uint8_t buf[FRAME];
};

static size_t frame_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct frame);
}

static imp_status no_init(void *state, const imp_params *p)
{
	(void)state;
	(void)p;
	return IMP_OK;
}

static imp_status frame_rx(struct frame *f, imp_cx *cx, const imp_msg *m)
{
	imp_msg up = *m;
	size_t n;
	if (m->data.len > sizeof f->buf - f->have)
		return IMP_EBADMSG;
	memcpy(f->buf + f->have, m->data.ptr, m->data.len);
	f->have = (uint16_t)(f->have + m->data.len);
	while (f->have >= 2 && f->have >= (n = 2u + (size_t)(f->buf[0] << 8 | f->buf[1]))) {
		up.data = imp_bytes(f->buf + 2, n - 2);
		if (cx->emit(cx, &up) < 0)
			return IMP_ENOSPC;
		f->have = (uint16_t)(f->have - n);
		memmove(f->buf, f->buf + n, f->have);
	}
	return IMP_OK;
}

static imp_status frame_step(void *state, imp_cx *cx, const imp_msg *m)
{
	imp_msg tx = *m;
	uint8_t out[FRAME];
	if (m->verb == IMP_RX)
		return frame_rx(state, cx, m);
	if (m->verb != IMP_TX)
		return IMP_PASS;
	if (m->data.len > sizeof out - 2)
		return IMP_ENOSPC;
	out[0] = (uint8_t)(m->data.len >> 8);
	out[1] = (uint8_t)m->data.len;
	memcpy(out + 2, m->data.ptr, m->data.len);
	tx.data = imp_bytes(out, m->data.len + 2);
	return cx->emit(cx, &tx);
}

static const imp_layer frame = {.size = sizeof frame, .burst = 8, .id = "test.frame", .version = "1", .spec = "", .offers = IMP_L_DGRAM, .needs = {IMP_L_STREAM}, .need = frame_need, .init = no_init, .step = frame_step};

/* --- tok: ask for a token, come back with it, be admitted ------------------- */

struct tok {
	uint16_t role;
	uint8_t asked, has_key;
	uint8_t key[KEY];
	uint32_t request;
};

static size_t tok_need(const imp_params *p)
{
	(void)p;
	return sizeof(struct tok);
}

static imp_status tok_init(void *state, const imp_params *p)
{
	((struct tok *)state)->role = p->role;
	return IMP_OK;
}

static imp_status say(imp_cx *cx, uint16_t verb, uint16_t topic, int32_t code, uint32_t ticket, imp_span name, imp_span data)
{
	imp_msg m = imp_say(verb, topic, code, ticket, name, data);
	return cx->emit(cx, &m);
}

static imp_status tok_more(imp_cx *cx, imp_span key)
{
	uint8_t name[5 + KEY] = "more?";
	if (key.len != KEY)
		return say(cx, IMP_DONE, 0, IMP_EPROTO, 0, NONE, NONE);
	memcpy(name + 5, key.ptr, KEY);
	return say(cx, IMP_TX, 0, IMP_POST, 2, imp_bytes(name, sizeof name), NONE);
}

static imp_status tok_open(imp_cx *cx, const imp_msg *m)
{
	imp_msg open = imp_say(IMP_OPEN, 0, 0, 7, m->name, NONE);
	open.when = m->when;
	return cx->emit(cx, &open);
}

static imp_status tok_client(struct tok *t, imp_cx *cx, const imp_msg *m)
{
	switch (m->verb) {
	case IMP_START: /* name: where, data: a token to try */
		t->has_key = m->data.len == KEY;
		if (t->has_key)
			memcpy(t->key, m->data.ptr, KEY);
		return tok_open(cx, m);
	case IMP_UP:
		if (m->ticket == 7 && m->code == 0 && t->has_key)
			return tok_more(cx, imp_bytes(t->key, KEY));
		return say(cx, IMP_TX, 0, IMP_POST, 1, TEXT("new"), NONE);
	case IMP_ANSWER:
		if (m->ticket == 1 && m->code == 201)
			return tok_more(cx, m->data);
		return m->code == IMP_ELINK ? IMP_OK : say(cx, IMP_DONE, (uint16_t)m->code, m->code == 204 ? 0 : IMP_EDENIED, 0, NONE, NONE);
	case IMP_DOWN:
		return say(cx, IMP_DONE, 0, m->code ? m->code : IMP_ELINK, 0, NONE, NONE);
	}
	return IMP_OK;
}

static imp_status tok_server(struct tok *t, imp_cx *cx, const imp_msg *m)
{
	imp_msg secret = imp_say(IMP_TELL, IMP_T_SHOW, IMP_M_PIN, 0, NONE, TEXT("a secret pin"));
	imp_status st;
	switch (m->verb) {
	case IMP_START:
		if (m->name.len)
			memcpy(t->key, m->name.ptr, m->name.len < KEY ? m->name.len : KEY);
		secret.flags = IMP_SECRET;
		return cx->emit(cx, &secret);
	case IMP_RX:
		if (m->name.len == 3)
			return say(cx, IMP_ANSWER, 0, 201, m->ticket, NONE, imp_bytes(t->key, KEY));
		t->request = m->ticket;
		return say(cx, IMP_ASK, IMP_T_AUTHORIZE, 0, 9, imp_bytes(t->key, KEY), NONE);
	case IMP_ANSWER:
		if (m->code == IMP_ERANDOM)
			return IMP_ERANDOM;
		st = say(cx, IMP_ANSWER, 0, m->code < 0 ? 403 : 204, t->request, NONE, NONE);
		return st < 0 ? st : say(cx, IMP_DONE, 0, m->code < 0 ? IMP_EDENIED : 0, 0, NONE, NONE);
	}
	return IMP_OK;
}

static imp_status tok_step(void *state, imp_cx *cx, const imp_msg *m)
{
	struct tok *t = state;
	return t->role == IMP_DEVICE ? tok_client(t, cx, m) : tok_server(t, cx, m);
}

static int tok_triage(const imp_crypto *c, imp_span secret, uint64_t now, const imp_msg *rx, uint8_t key[24], size_t *key_len, imp_span *hint, imp_msg *reply, uint8_t *buf, size_t cap)
{
	(void)secret;
	(void)now;
	(void)buf;
	(void)cap;
	*key_len = KEY;
	*hint = TEXT("tok");
	if (rx->name.len == 3 && !memcmp(rx->name.ptr, "new", 3))
		return c->random(c, key, KEY) < 0 ? IMP_DROP : IMP_FRESH;
	if (rx->name.len != 5 + KEY)
		return IMP_DROP;
	memcpy(key, rx->name.ptr + 5, KEY);
	*reply = imp_say(IMP_ANSWER, 0, 410, rx->ticket, NONE, NONE);
	return IMP_KNOWN;
}

static const imp_layer tok = {.size = sizeof tok, .burst = 2, .id = "test.tok", .version = "1", .spec = "", .needs = {IMP_L_REST}, .need = tok_need, .init = tok_init, .step = tok_step, .triage = tok_triage};

/* --- the world -------------------------------------------------------------- */

enum { LATE = 4096 };

static struct world {
	uv_loop_t loop;
	imp_io *io;
	imp_io_pool *client, *front, *upper;
	char at[64], uri[96];
	int ended, ok, denied, busy, code, secrets, requests, matched, admitted;
	imp_status policy, last;
	unsigned late_ms;
	int late;
	struct { uint64_t id; uint32_t ticket; } asked[LATE];
	uv_timer_t timer;
	char locals[4][64];
} W;

static void client_heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	(void)user;
	(void)p;
	(void)id;
	if (m->verb != IMP_DONE)
		return;
	W.ended++;
	W.ok += m->code == 0;
	W.denied += m->code == IMP_EDENIED;
	W.busy += m->topic == 503;
	W.code = m->topic;
	W.last = m->code;
}

static void admit(uint64_t id, uint32_t ticket)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, W.policy, ticket, NONE, NONE);
	W.admitted += imp_io_feed(W.upper, id, &a) == IMP_OK;
}

static void admit_late(uv_timer_t *t)
{
	(void)t;
	for (int i = 0; i < W.late; i++)
		admit(W.asked[i].id, W.asked[i].ticket);
	W.late = 0;
}

static void upper_heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	(void)user;
	(void)p;
	if (m->verb != IMP_ASK)
		return;
	if (!W.late_ms) {
		admit(id, m->ticket);
		return;
	}
	if (W.late == LATE)
		abort();
	W.asked[W.late].id = id;
	W.asked[W.late++].ticket = m->ticket;
	if (!uv_is_active((uv_handle_t *)&W.timer))
		uv_timer_start(&W.timer, admit_late, W.late_ms, 0);
}

static void see(void *user, const imp_io_event *e)
{
	(void)user;
	W.secrets += e->m.verb == IMP_TELL && e->m.data.len != 0;
	if (e->pool == W.client && e->m.verb == IMP_UP)
		snprintf(W.locals[0], sizeof W.locals[0], "%s", e->local);
	if (e->pool == W.front && e->m.verb == IMP_RX && !e->fed) {
		W.requests++;
		W.matched += !strcmp(W.locals[0], e->peer);
	}
}

static imp_io_pool *choose(void *user, imp_span hint)
{
	(void)user;
	return hint.len == 3 ? W.upper : NULL;
}

static imp_io_pool *pool(const char *name, uint16_t role, int top, int links, uint32_t count, uint64_t idle, void (*heard)(void *, imp_io_pool *, uint64_t, const imp_msg *))
{
	imp_stack t = {.size = sizeof t, .params = {.size = sizeof(imp_params), .role = role, .max_msg = 192}};
	imp_io_options o = {.name = name, .stack = &t, .count = count, .idle_ms = idle, .heard = heard};
	t.top = top ? &tok : NULL;
	t.link[0][0] = links ? &toy_rest : NULL;
	t.link[0][1] = links ? &frame : NULL;
	return imp_io_pool_new(W.io, &o);
}

/* A token-routed server of these limits, and room for 4000 clients. */
static void world(uint32_t conns, uint32_t uppers, uint64_t idle)
{
	memset(&W, 0, sizeof W);
	uv_loop_init(&W.loop);
	uv_timer_init(&W.loop, &W.timer);
	W.io = imp_io_new(&W.loop, &dice);
	W.client = pool("client", IMP_DEVICE, 1, 1, 4000, 0, client_heard);
	W.front = pool("front", IMP_OWNER, 0, 1, conns, idle, NULL);
	W.upper = pool("upper", IMP_OWNER, 1, 0, uppers, 60000, upper_heard);
	if (!W.client || !W.front || !W.upper || imp_io_listen(W.front, "127.0.0.1:0", conns, W.at) < 0)
		abort();
	imp_io_route(W.front, &tok, choose, NULL);
	imp_io_trace(W.io, see, NULL);
	snprintf(W.uri, sizeof W.uri, "toy://%s/x", W.at);
}

static void count_handle(uv_handle_t *h, void *user)
{
	if (!uv_is_closing(h))
		uv_close(h, NULL);
	++*(int *)user;
}

static int world_end(void)
{
	int left = 0;
	imp_io_free(W.io);
	uv_close((uv_handle_t *)&W.timer, NULL);
	uv_run(&W.loop, UV_RUN_DEFAULT);
	uv_walk(&W.loop, count_handle, &left);
	uv_run(&W.loop, UV_RUN_DEFAULT);
	return left + (uv_loop_close(&W.loop) != 0);
}

static void client_to(const char *uri, imp_span token)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, imp_bytes(uri, strlen(uri)), token);
	if (!imp_io_start(W.client, NONE, &start))
		abort();
}

static void expire(uv_timer_t *t)
{
	*(int *)t->data = 1;
}

/* Until n clients have ended, at most so many seconds. */
static int run(int n, unsigned seconds)
{
	uv_timer_t t;
	int late = 0;
	uv_timer_init(&W.loop, &t);
	t.data = &late;
	uv_timer_start(&t, expire, seconds * 1000, 0);
	while (W.ended < n && !late)
		uv_run(&W.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&W.loop, UV_RUN_NOWAIT);
	return W.ended == n;
}

static void claims_of_one(void)
{
	char text[96];
	world(8, 8, 0);
	client_to(W.uri, NONE);
	run(1, 5);
	snprintf(text, sizeof text, "%d requests, %d from the client's own address, %u sessions left", W.requests, W.matched, imp_io_alive(W.upper));
	t_check("one client through the cut: admitted, nothing left above", W.ok == 1 && imp_io_alive(W.upper) == 0 && imp_io_alive(W.client) == 0, text);
	t_check("the trace names both ends of a connection and shows no secret", W.requests == 2 && W.matched == 2 && !W.secrets, "");
	snprintf(W.uri, sizeof W.uri, "toy://localhost%s", strrchr(W.at, ':'));
	client_to(W.uri, NONE);
	run(2, 5);
	t_check("a name is resolved and its addresses tried in turn", W.ok == 2, W.uri);
	W.policy = IMP_EDENIED;
	client_to(W.uri, NONE);
	run(3, 5);
	t_check("policy says no: 403 comes back through the cut", W.denied == 1 && W.code == 403, "");
	client_to(W.uri, TEXT("an unknown token"));
	run(4, 5);
	t_check("a token of a session that is gone: triage's own reply", W.denied == 2 && W.code == 410, "");
	t_check("nothing stays open", world_end() == 0, "");
}

static void claims_of_late(void)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, 0, 1, NONE, NONE);
	world(8, 8, 0);
	W.late_ms = 60;
	client_to(W.uri, NONE);
	while (!W.late)
		uv_run(&W.loop, UV_RUN_ONCE);
	uint64_t id = W.asked[0].id;
	t_check("an answer may come later", run(1, 5) && W.ok == 1, "");
	t_check("and one for a session that is gone goes nowhere", imp_io_feed(W.upper, id, &a) == IMP_EOVER, "");
	world_end();
}

/* Nobody is left without a reply because a session above has gone. */
static void claims_of_gone(void)
{
	world(8, 8, 0);
	W.late_ms = 60000;
	client_to(W.uri, NONE);
	while (!W.late)
		uv_run(&W.loop, UV_RUN_ONCE);
	imp_io_drop(W.upper, W.asked[0].id);
	t_check("the host drops a session: who waits for its reply gets 503", run(1, 2) && W.busy == 1, "");
	W.late_ms = 0;
	W.policy = IMP_ERANDOM;
	client_to(W.uri, NONE);
	t_check("a session that breaks: the same", run(2, 2) && W.busy == 2 && imp_io_alive(W.upper) == 0, "");
	W.late_ms = 60000;
	W.late = 0;
	client_to(W.uri, NONE);
	while (!W.late)
		uv_run(&W.loop, UV_RUN_ONCE);
	t_check("nothing stays open when all ends in the middle", world_end() == 0, "");
}

static void claims_of_many(int n)
{
	char claim[96], text[96];
	uint64_t began;
	world((uint32_t)n, (uint32_t)n, 0);
	W.late_ms = 100;
	began = uv_hrtime();
	for (int i = 0; i < n; i++)
		client_to(W.uri, NONE);
	run(n, 30);
	snprintf(claim, sizeof claim, "%d connections at once, every answer late", n);
	snprintf(text, sizeof text, "%d admitted, %d ended, %.0f ms", W.ok, W.ended, (double)(uv_hrtime() - began) / 1e6);
	t_check(claim, W.ok == n && imp_io_alive(W.upper) == 0, text);
	t_check("nothing stays open", world_end() == 0, "");
}

static void claims_of_limits(void)
{
	char text[96];
	world(4, 64, 0);
	for (int i = 0; i < 40; i++)
		client_to(W.uri, NONE);
	run(40, 10);
	snprintf(text, sizeof text, "%d of 40", W.ok);
	t_check("more connections than the listener takes wait their turn", W.ok == 40, text);
	world_end();
	world(64, 8, 0);
	W.late_ms = 100;
	for (int i = 0; i < 40; i++)
		client_to(W.uri, NONE);
	run(40, 10);
	snprintf(text, sizeof text, "%d admitted, %d refused with 503", W.ok, W.denied);
	t_check("a full pool refuses and lives on", W.ok == 8 && W.denied == 32 && W.busy == 32, text);
	world_end();
}

static int connect_slowly(const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK))
		abort();
	(void)!connect(fd, (const struct sockaddr *)a, sizeof *a);
	return fd;
}

static void silent_connected(uv_connect_t *r, int status)
{
	*(int *)r->data = status ? -1 : 1;
}

static void claims_of_idle(void)
{
	struct sockaddr_in a;
	uv_tcp_t c;
	uv_connect_t r;
	int up = 0;
	uint64_t began;
	world(8, 8, 150);
	uv_ip4_addr("127.0.0.1", atoi(strrchr(W.at, ':') + 1), &a);
	uv_tcp_init(&W.loop, &c);
	r.data = &up;
	uv_tcp_connect(&r, &c, (struct sockaddr *)&a, silent_connected);
	began = uv_hrtime();
	while (!up || !imp_io_alive(W.front))
		uv_run(&W.loop, UV_RUN_ONCE);
	while (imp_io_alive(W.front) && uv_hrtime() - began < 3000000000u)
		uv_run(&W.loop, UV_RUN_ONCE);
	t_check("a connection that says nothing is dropped when its time is over", !imp_io_alive(W.front) && uv_hrtime() - began >= 140000000u, "");
	uv_close((uv_handle_t *)&c, NULL);
	world_end();
}

static void claims_of_bad_names(void)
{
	static const struct { const char *uri, *why; imp_status code; } row[] = {
		{"toy://127.0.0.1:1/", "nobody listens", IMP_ELINK},
		{"toy://no-such-host.invalid:80/", "no such name", IMP_ELINK},
		{"toy://127.0.0.1", "no port, and the scheme has none", IMP_EARG},
		{"127.0.0.1:80", "no scheme", IMP_EARG},
		{"toy://:80/", "no host", IMP_EARG},
		{"toy://h:0/", "port 0", IMP_EARG},
		{"toy://h:65536/", "port too large", IMP_EARG},
		{"toy://h:80x/", "port is no number", IMP_EARG},
		{"toy://[::1/", "bracket left open", IMP_EARG},
	};
	static const struct { const char *address, *why; } bad[] = {
		{"", "empty"}, {"127.0.0.1", "no port"}, {"127.0.0.1:x", "port is no number"}, {"localhost:80", "a name"}, {"[::1:80", "bracket left open"}, {"1.2.3:80", "not an address"}, {"127.0.0.1:70000", "port too large"}};
	char text[96];
	world(4, 4, 0);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		client_to(row[i].uri, NONE);
		run((int)i + 1, 10);
		snprintf(text, sizeof text, "%s (%s): %d", row[i].uri, row[i].why, W.last);
		t_check("a name that cannot be opened is DOWN", W.ended == (int)i + 1 && W.last == row[i].code, text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		t_check("not an address to listen on", imp_io_listen(W.front, bad[i].address, 1, NULL) == IMP_EARG, bad[i].why);
	t_check("an address that is taken", imp_io_listen(W.front, W.at, 1, NULL) == IMP_ELINK, W.at);
	world_end();
}

/* A listener that is full: the kernel answers nobody any more. */
static void claims_of_patience(void)
{
	imp_msg start = imp_say(IMP_START, 0, 0, 0, NONE, NONE);
	struct sockaddr_in a;
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0), fill[4];
	char uri[64], at[32];
	uint64_t began;
	uv_ip4_addr("127.0.0.1", 0, &a);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 0) || getsockname(fd, (struct sockaddr *)&a, &len))
		abort();
	snprintf(at, sizeof at, ":%d", ntohs(a.sin_port));
	for (int i = 0; i < 4; i++)
		fill[i] = connect_slowly(&a);
	world(4, 4, 0);
	snprintf(uri, sizeof uri, "toy://127.0.0.1%s/", at);
	start.name = imp_bytes(uri, strlen(uri));
	start.when = 200;
	began = uv_hrtime();
	imp_io_start(W.client, NONE, &start);
	run(1, 5);
	t_check("OPEN.when: nobody answers in time", W.last == IMP_ETIME && uv_hrtime() - began >= 190000000u, "");
	for (int i = 0; i < 4; i++)
		close(fill[i]);
	close(fd);
	world_end();
}

static void whole_heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, 0, m->ticket, NONE, NONE);
	(void)user;
	if (m->verb == IMP_ASK)
		imp_io_feed(p, id, &a);
}

static void claims_of_whole(void)
{
	imp_io_pool *p;
	world(4, 4, 0);
	p = pool("whole", IMP_OWNER, 1, 1, 4, 0, whole_heard);
	imp_io_listen(p, "127.0.0.1:0", 4, W.at);
	snprintf(W.uri, sizeof W.uri, "toy://%s", W.at);
	for (int i = 0; i < 20; i++)
		client_to(W.uri, NONE);
	run(20, 5);
	t_check("whole stacks behind a listener, no cut", W.ok == 20, "");
	world_end();
}

/* --- a peer that does not read ------------------------------------------------ */

static imp_status echo_step(void *state, imp_cx *cx, const imp_msg *m)
{
	(void)state;
	return m->verb == IMP_RX ? say(cx, IMP_TX, 0, 0, 0, NONE, m->data) : IMP_PASS;
}

static const imp_layer echo = {.size = sizeof echo, .burst = 1, .id = "test.echo", .version = "1", .spec = "", .offers = IMP_L_STREAM, .needs = {IMP_L_STREAM}, .need = frame_need, .init = no_init, .step = echo_step};

enum { FLOOD = 64 << 20, QUIET = 200 };

static int connect_to(const char *at)
{
	struct sockaddr_in a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uv_ip4_addr("127.0.0.1", atoi(strrchr(at, ':') + 1), &a);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) || fcntl(fd, F_SETFL, O_NONBLOCK))
		abort();
	return fd;
}

/* What was sent before nothing moved any more. */
static size_t flood(int fd)
{
	static uint8_t block[65536];
	size_t sent = 0;
	for (int quiet = 0; quiet < QUIET && sent < FLOOD; quiet++) {
		ssize_t n = send(fd, block, sizeof block, MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		quiet = n > 0 ? 0 : quiet;
		uv_run(&W.loop, UV_RUN_NOWAIT);
	}
	return sent;
}

static size_t swallow(int fd, size_t want)
{
	static uint8_t block[65536];
	size_t got = 0;
	for (int quiet = 0; quiet < 20000 && got < want; quiet++) {
		ssize_t n = recv(fd, block, sizeof block, 0);
		got += n > 0 ? (size_t)n : 0;
		quiet = n > 0 ? 0 : quiet;
		uv_run(&W.loop, UV_RUN_NOWAIT);
	}
	return got;
}

static void claims_of_backpressure(void)
{
	imp_stack t = {.size = sizeof t, .link = {{&echo}}, .params = {.size = sizeof(imp_params), .role = IMP_OWNER, .max_msg = 16384}};
	imp_io_options o = {.name = "echo", .stack = &t, .count = 4};
	char text[96];
	size_t sent, got;
	int fd;
	world(4, 4, 0);
	if (imp_io_listen(imp_io_pool_new(W.io, &o), "127.0.0.1:0", 4, W.at) < 0)
		abort();
	fd = connect_to(W.at);
	sent = flood(fd);
	got = swallow(fd, sent);
	snprintf(text, sizeof text, "stood still after %zu kB, %zu kB came back", sent >> 10, got >> 10);
	t_check("from a peer that does not read nothing more is read; nothing is lost", sent < FLOOD && got == sent, text);
	close(fd);
	t_check("nothing stays open", world_end() == 0, "");
}

int main(void)
{
	struct rlimit l;
	int most;
	getrlimit(RLIMIT_NOFILE, &l);
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
	most = l.rlim_cur > 6200 ? 3000 : (int)(l.rlim_cur - 100) / 2;
	claims_of_one();
	claims_of_late();
	claims_of_gone();
	claims_of_limits();
	claims_of_idle();
	claims_of_bad_names();
	claims_of_patience();
	claims_of_whole();
	claims_of_backpressure();
	claims_of_many(most);
	return t_end();
}
