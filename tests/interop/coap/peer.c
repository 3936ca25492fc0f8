/* peer.c -- our CoAP layer on real sockets, for the interop tests.
 *
 *   coap-peer METHOD URI PATH [FILE]  one request (get post put delete); FILE is
 *                                     its body.  Prints the code, a newline, and
 *                                     the reply's body.  Exit 0: a reply came.
 *   coap-peer serve ADDRESS:PORT      says where it listens, then serves:
 *                                     /hello, /store (PUT, POST, GET, DELETE),
 *                                     /slow (after 2.5 s) until stdin ends */
#include "coap.h"
#include "crypto.h"
#include "io/io.h"
#include <stdio.h>
#include <stdlib.h>

enum { MAX = 16384, NO = 0xffff };

static imp_io *io;
static uv_loop_t loop;
static int result = 1;

/* --- client ----------------------------------------------------------------- */

static struct {
	int32_t method;
	const char *path;
	uint8_t body[MAX];
	size_t len;
} ask;

static void client_heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	imp_msg tx = imp_say(IMP_TX, NO, ask.method, 1, imp_bytes(ask.path, strlen(ask.path)), imp_bytes(ask.body, ask.len));
	(void)user;
	if (m->verb == IMP_UP) {
		tx.topic = ask.len ? 42 : NO;
		imp_io_feed(p, id, &tx);
	} else if (m->verb == IMP_ANSWER || m->verb == IMP_DOWN) {
		printf("%d\n", (int)m->code);
		fwrite(m->data.ptr, 1, m->data.len, stdout);
		result = m->verb == IMP_DOWN || m->code < 0;
		uv_stop(&loop);
	}
}

static int32_t method(const char *name)
{
	static const char *const names[] = {"", "get", "post", "put", "delete"};
	for (int32_t i = 1; i < 5; i++)
		if (!strcmp(name, names[i]))
			return i;
	fprintf(stderr, "coap-peer: no method %s\n", name);
	exit(2);
}

static void request(imp_io_pool *p, char **argv)
{
	imp_msg open = imp_say(IMP_OPEN, 0, 0, 9, imp_bytes(argv[2], strlen(argv[2])), imp_bytes(NULL, 0));
	ask.method = method(argv[1]);
	ask.path = argv[3];
	if (argv[4]) {
		FILE *f = fopen(argv[4], "rb");
		if (!f)
			exit(2);
		ask.len = fread(ask.body, 1, sizeof ask.body, f);
		fclose(f);
	}
	imp_io_start(p, imp_bytes(NULL, 0), &open);
	uv_run(&loop, UV_RUN_DEFAULT);
}

/* --- server ----------------------------------------------------------------- */

static uint8_t store[MAX];
static size_t store_len;

struct later {
	uv_timer_t timer;
	imp_io_pool *p;
	uint64_t id;
	uint32_t ticket;
};

static void slow(uv_timer_t *t)
{
	struct later *k = t->data;
	imp_msg a = imp_say(IMP_ANSWER, 0, 205, k->ticket, imp_bytes(NULL, 0), imp_bytes("at last", 7));
	imp_io_feed(k->p, k->id, &a);
}

static void answer_later(imp_io_pool *p, uint64_t id, uint32_t ticket)
{
	struct later *k = calloc(1, sizeof *k);
	*k = (struct later){.p = p, .id = id, .ticket = ticket};
	uv_timer_init(&loop, &k->timer);
	k->timer.data = k;
	uv_timer_start(&k->timer, slow, 2500, 0);
}

static int is_path(const imp_msg *m, const char *path)
{
	size_t n = strlen(path);
	return m->name.len >= n && !memcmp(m->name.ptr, path, n) && (m->name.len == n || m->name.ptr[n] == '?' || m->name.ptr[n] == '\n');
}

static void serve_store(imp_msg *a, const imp_msg *m)
{
	a->code = 204;
	if (m->code == IMP_GET) {
		a->code = 205;
		a->topic = 42;
		a->data = imp_bytes(store, store_len);
	} else if (m->code == IMP_DELETE) {
		a->code = 202;
		store_len = 0;
	} else {
		store_len = m->data.len;
		memcpy(store, m->data.ptr, m->data.len);
	}
}

static void server_heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	imp_msg a = imp_say(IMP_ANSWER, NO, 404, m->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	(void)user;
	if (m->verb != IMP_RX)
		return;
	if (is_path(m, "/slow")) {
		answer_later(p, id, m->ticket);
		return;
	}
	if (is_path(m, "/hello")) {
		a.code = 205;
		a.topic = 0;
		a.data = imp_bytes("hello", 5);
	} else if (is_path(m, "/store")) {
		serve_store(&a, m);
	}
	imp_io_feed(p, id, &a);
}

static void fill(uv_handle_t *h, size_t n, uv_buf_t *b)
{
	static char room[64];
	(void)h, (void)n;
	*b = uv_buf_init(room, sizeof room);
}

static void input(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	(void)s, (void)b;
	if (n < 0)
		uv_stop(&loop);
}

static void serve(imp_io_pool *p, const char *address)
{
	char bound[64], where[80];
	uv_pipe_t in;
	snprintf(where, sizeof where, "udp:%s", address);
	if (imp_io_listen(p, where, 64, bound) < 0) {
		fprintf(stderr, "coap-peer: cannot listen on %s\n", where);
		exit(1);
	}
	puts(bound);
	fflush(stdout);
	uv_pipe_init(&loop, &in, 0);
	uv_pipe_open(&in, 0);
	uv_read_start((uv_stream_t *)&in, fill, input);
	uv_run(&loop, UV_RUN_DEFAULT);
	result = 0;
}

int main(int argc, char **argv)
{
	imp_stack t = {.size = sizeof t, .link = {{&imp_coap}}, .crypto = &imp_openssl, .params = {.size = sizeof t.params, .max_msg = MAX}};
	imp_io_options o = {.name = "coap", .stack = &t, .count = 64};
	int serving = argc == 3 && !strcmp(argv[1], "serve");
	if (!serving && (argc < 4 || argc > 5)) {
		fprintf(stderr, "usage: coap-peer METHOD URI PATH [FILE] | serve ADDRESS:PORT\n");
		return 2;
	}
	uv_loop_init(&loop);
	io = imp_io_new(&loop, &imp_openssl);
	o.heard = serving ? server_heard : client_heard;
	if (serving)
		serve(imp_io_pool_new(io, &o), argv[2]);
	else
		request(imp_io_pool_new(io, &o), argv);
	imp_io_free(io);
	return result;
}
