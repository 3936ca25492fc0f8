/* udp.c -- sessions on UDP ports of loopback: sorted by address and by DTLS's
 * triage(). */
#include "crypto.h"
#include "dtls.h"
#include "io/io.h"
#include "t.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NONE imp_bytes(0, 0)

/* --- a layer that does nothing ------------------------------------------------ */

static size_t no_need(const imp_params *p)
{
	(void)p;
	return 16;
}

static imp_status no_init(void *state, const imp_params *p)
{
	(void)state, (void)p;
	return IMP_OK;
}

static imp_status pass(void *state, imp_cx *cx, const imp_msg *m)
{
	(void)state, (void)cx, (void)m;
	return IMP_PASS;
}

static const imp_layer plain = {.size = sizeof plain, .burst = 1, .id = "test.plain", .version = "1", .spec = "", .offers = IMP_L_DGRAM, .needs = {IMP_L_DGRAM}, .need = no_need, .init = no_init, .step = pass};

/* --- hosts -------------------------------------------------------------------- */

struct side {
	int ups, downs, rx, names;
	imp_status down;
	char text[64];
	const char *say; /* client: after UP */
	int echoes;      /* server: sends back what it hears */
};

static imp_msg key_answer(const imp_msg *ask)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_EFACT, ask->ticket, imp_bytes("dev", 3), NONE);
	if (ask->topic == IMP_T_KEYS && ask->code == IMP_K_PSK) {
		a.code = IMP_OK;
		a.data = imp_bytes("0123456789abcdef", 16);
	}
	return a;
}

static void heard(void *user, imp_io_pool *p, uint64_t id, const imp_msg *m)
{
	struct side *s = user;
	imp_msg tx = imp_say(IMP_TX, 0, 0, 0, m->name, m->data), a;
	if (m->verb == IMP_ASK) {
		a = key_answer(m);
		imp_io_feed(p, id, &a);
	} else if (m->verb == IMP_UP) {
		s->ups++;
		tx.data = imp_bytes(s->say, s->say ? strlen(s->say) : 0);
		if (s->say)
			imp_io_feed(p, id, &tx);
	} else if (m->verb == IMP_RX) {
		s->rx++;
		s->names += m->name.len == 6;
		snprintf(s->text, sizeof s->text, "%.*s", (int)m->data.len, (const char *)m->data.ptr);
		if (s->echoes)
			imp_io_feed(p, id, &tx);
	} else if (m->verb == IMP_DOWN) {
		s->downs++;
		s->down = m->code;
	}
}

static imp_io_pool *pool(imp_io *io, const imp_layer *y, uint32_t count, struct side *s)
{
	imp_stack t = {.size = sizeof t, .crypto = &imp_openssl, .params = {sizeof(imp_params), 0, 0, 1500, 0}};
	imp_io_options o = {.name = "", .stack = &t, .count = count, .user = s, .heard = heard};
	t.link[0][0] = y;
	return imp_io_pool_new(io, &o);
}

static void rang(uv_timer_t *t)
{
	uv_stop(t->loop);
}

static void run(uv_loop_t *loop, const int *until, int value, unsigned ms)
{
	uv_timer_t t;
	uint64_t end = uv_hrtime() / 1000000 + ms;
	uv_timer_init(loop, &t);
	while (*until < value && uv_hrtime() / 1000000 < end) {
		uv_timer_start(&t, rang, 5, 0);
		uv_run(loop, UV_RUN_ONCE);
	}
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

static imp_msg open_of(const char *scheme, const char *bound)
{
	static char uri[100];
	snprintf(uri, sizeof uri, "%s://%s", scheme, bound);
	return imp_say(IMP_OPEN, 0, 0, 5, imp_bytes(uri, strlen(uri)), NONE);
}

/* --- tests ---------------------------------------------------------------------- */

static void addresses(uv_loop_t *loop, imp_io *io)
{
	struct side a = {.say = "one"}, b = {.say = "two"}, c = {.say = "three"}, server = {.echoes = 1};
	imp_io_pool *clients = pool(io, &plain, 1, &a), *more = pool(io, &plain, 1, &b), *third = pool(io, &plain, 1, &c), *ours = pool(io, &plain, 2, &server);
	char bound[64] = "";
	imp_msg open;
	t_check("a port on UDP", imp_io_listen(ours, "udp:127.0.0.1:0", 2, bound) == IMP_OK && !strncmp(bound, "127.0.0.1:", 10), bound);
	t_check("a port that is none is IMP_EARG", imp_io_listen(ours, "udp:nowhere:1", 2, bound) == IMP_EARG, "");
	t_check("one that is taken IMP_ELINK", imp_io_listen(ours, (snprintf(c.text, sizeof c.text, "udp:%s", bound), c.text), 2, bound) == IMP_ELINK, "");
	open = open_of("udp", bound);
	imp_io_start(clients, NONE, &open);
	imp_io_start(more, NONE, &open);
	run(loop, &a.rx, 1, 2000);
	run(loop, &b.rx, 1, 2000);
	t_check("two addresses are two sessions, and each hears its own", imp_io_alive(ours) == 2 && !strcmp(a.text, "one") && !strcmp(b.text, "two"), "");
	t_check("RX names the peer", server.names == 2 && a.names == 1, "");
	imp_io_start(third, NONE, &open);
	run(loop, &c.rx, 1, 100);
	t_check("a third does not fit and is not heard", imp_io_alive(ours) == 2 && c.rx == 0, "");
}

static void nobody(uv_loop_t *loop, imp_io *io)
{
	struct side a = {.say = "anybody?"};
	imp_io_pool *clients = pool(io, &plain, 1, &a);
	imp_msg open = open_of("udp", "127.0.0.1:9");
	imp_io_start(clients, NONE, &open);
	run(loop, &a.downs, 1, 2000);
	t_check("where nobody listens: DOWN(ELINK)", a.downs == 1 && a.down == IMP_ELINK, "");
}

static void secured(uv_loop_t *loop, imp_io *io)
{
	struct side a = {.say = "sealed"}, server = {.echoes = 1};
	imp_io_pool *clients = pool(io, &imp_dtls_psk_client, 1, &a), *ours = pool(io, &imp_dtls_psk, 8, &server);
	char bound[64] = "";
	uint8_t hello[80] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 55, 1, 0, 0, 43, 0, 0, 0, 0, 0, 0, 0, 43, 0xfe, 0xfd};
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), never = 0;
	uint8_t back[100];
	ssize_t n;
	imp_msg open;
	imp_io_listen(ours, "udp:127.0.0.1:0", 8, bound);
	to.sin_port = htons((uint16_t)atoi(strrchr(bound, ':') + 1));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sendto(fd, hello, 68, 0, (struct sockaddr *)&to, sizeof to);
	run(loop, &never, 1, 30);
	n = recv(fd, back, sizeof back, MSG_DONTWAIT);
	close(fd);
	t_check("a ClientHello without a cookie is answered by HelloVerifyRequest, shorter than itself", n > 0 && n < 68 && back[13] == 3, "");
	t_check("... and no session is made for it", imp_io_alive(ours) == 0, "");
	open = open_of("coaps", bound);
	imp_io_start(clients, NONE, &open);
	run(loop, &a.rx, 1, 3000);
	t_check("a handshake over loopback: data there and back", a.ups == 1 && server.ups == 1 && !strcmp(a.text, "sealed"), a.text);
	t_check("... one session", imp_io_alive(ours) == 1, "");
}

int main(void)
{
	uv_loop_t loop;
	imp_io *io;
	uv_loop_init(&loop);
	io = imp_io_new(&loop, &imp_openssl);
	addresses(&loop, io);
	nobody(&loop, io);
	secured(&loop, io);
	imp_io_free(io);
	uv_run(&loop, UV_RUN_DEFAULT);
	t_check("all handles are closed", uv_loop_close(&loop) == 0, "");
	return t_end();
}
