/* tcp.c -- links: names, addresses; and connections: bytes in and out. */
#include "inner.h"
#include "ct.h"
#include <stdio.h>
#include <stdlib.h>

struct listener {
	uv_tcp_t tcp;
	struct listener *next;
	imp_io_pool *pool; /* NULL: closing */
	uint32_t conns, most;
	int waiting; /* a connection waits in the kernel */
};

/* Freed when its handles are closed, its name is resolved and the session
 * has let go of it. */
struct conn {
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_getaddrinfo_t dns;
	uv_connect_t connect;
	uv_shutdown_t shutdown;
	imp_io_pool *pool; /* NULL: no session hears of it any more */
	uint64_t id;
	struct listener *by;
	struct addrinfo *names, *next_name;
	size_t writing;
	uint32_t label;
	uint16_t link;
	uint8_t handles, resolving, tried, up, closing, paused;
	int port;
	char local[ADDRESS], peer[ADDRESS];
};

struct put {
	uv_write_t req;
	struct conn *c;
	uint32_t ticket;
	size_t len;
	uint8_t bytes[];
};

static void conn_next_address(struct conn *c);
static void listener_accept(struct listener *v);
static void alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *buf);
static void read_cb(uv_stream_t *h, ssize_t n, const uv_buf_t *buf);

/* --- ends ----------------------------------------------------------------- */

static void conn_unref(struct conn *c)
{
	struct listener *v = c->by;
	if (c->handles || c->resolving)
		return;
	if (c->names)
		uv_freeaddrinfo(c->names);
	free(c);
	if (v) {
		v->conns--;
		if (v->waiting && v->pool)
			listener_accept(v);
		if (!v->pool && !v->conns && !v->tcp.data)
			free(v);
	}
}

static void handle_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	c->handles--;
	conn_unref(c);
}

static void conn_close(struct conn *c)
{
	if (c->closing == 2)
		return;
	c->closing = 2;
	if (c->resolving)
		uv_cancel((uv_req_t *)&c->dns);
	if (!uv_is_closing((uv_handle_t *)&c->tcp))
		uv_close((uv_handle_t *)&c->tcp, handle_closed);
	uv_close((uv_handle_t *)&c->timer, handle_closed);
}

static struct slot *slot_of(const struct conn *c)
{
	return c->pool ? imp_slab_at(c->pool->slab, c->id) : NULL;
}

/* The session lets go of it. */
static void detach(struct conn *c)
{
	struct slot *s = slot_of(c);
	if (s && s->link[c->link] == c)
		s->link[c->link] = NULL;
	c->pool = NULL;
}

static void conn_lost(struct conn *c, imp_status code)
{
	imp_io_pool *p = c->pool;
	struct slot *s = slot_of(c);
	uint64_t id = c->id;
	imp_msg down = imp_say(IMP_DOWN, 0, code, c->label, imp_bytes(0, 0), imp_bytes(0, 0));
	down.link = c->link;
	detach(c);
	conn_close(c);
	if (!s)
		return;
	feed(p, s, &down);
	s = imp_slab_at(p->slab, id);
	if (s && s->accepted)
		slot_drop(p, s);
}

static void timed_out(uv_timer_t *t)
{
	struct conn *c = t->data;
	if (c->pool)
		conn_lost(c, IMP_ETIME);
	else
		conn_close(c);
}

static void shutdown_done(uv_shutdown_t *r, int status)
{
	struct conn *c = r->data;
	if (status < 0 || !uv_is_readable((uv_stream_t *)&c->tcp))
		conn_close(c);
}

/* Write what is left, tell the peer, wait a second for its end: an unread
 * byte would make the kernel take back our last words.  A client that has
 * nothing left to say just goes. */
static void conn_shut(struct conn *c)
{
	detach(c);
	if (c->closing)
		return;
	c->closing = 1;
	c->shutdown.data = c;
	if (!c->up || (!c->by && !c->writing) || uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, shutdown_done) < 0) {
		conn_close(c);
		return;
	}
	uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb);
	uv_timer_start(&c->timer, timed_out, LINGER_MS, 0);
}

void link_shut(struct slot *s, unsigned link)
{
	if (s->link[link])
		conn_shut(s->link[link]);
	if (s->udp[link])
		udp_shut(s, link);
}

/* --- beginnings ----------------------------------------------------------- */

static struct conn *conn_new(imp_io_pool *p, struct slot *s, unsigned link)
{
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	uv_tcp_init(p->io->loop, &c->tcp);
	uv_timer_init(p->io->loop, &c->timer);
	c->handles = 2;
	c->tcp.data = c->timer.data = c->dns.data = c->connect.data = c;
	c->pool = p;
	c->link = (uint16_t)link;
	if (s) {
		c->id = imp_slab_id(p->slab, s);
		s->link[link] = c;
	}
	return c;
}

void print_address(const struct sockaddr_storage *a, char out[ADDRESS])
{
	char ip[INET6_ADDRSTRLEN] = "";
	int v6 = a->ss_family == AF_INET6;
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)(const void *)a;
	if (v6)
		uv_ip6_name(a6, ip, sizeof ip);
	else
		uv_ip4_name(a4, ip, sizeof ip);
	snprintf(out, ADDRESS, v6 ? "[%s]:%d" : "%s:%d", ip, ntohs(v6 ? a6->sin6_port : a4->sin_port));
}

static void find_names(struct conn *c)
{
	struct sockaddr_storage a;
	int len = sizeof a;
	if (!uv_tcp_getsockname(&c->tcp, (struct sockaddr *)&a, &len))
		print_address(&a, c->local);
	len = sizeof a;
	if (!uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &len))
		print_address(&a, c->peer);
}

void link_names(const struct slot *s, unsigned link, const char **local, const char **peer)
{
	struct conn *c = link < IMP_LINKS ? s->link[link] : NULL;
	if (link < IMP_LINKS && s->udp[link]) {
		udp_names(s, link, local, peer);
		return;
	}
	if (c && c->up && !c->local[0])
		find_names(c);
	*local = c ? c->local : "";
	*peer = c ? c->peer : "";
}

static void alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct conn *c = h->data;
	static char sink[4096]; /* what is read after SHUT is nobody's */
	size_t most = c->pool ? c->pool->stack.params.max_msg : 0;
	(void)suggested;
	most = most && most < READ ? most : READ;
	*buf = c->pool ? uv_buf_init((char *)c->pool->io->buf, (unsigned)most) : uv_buf_init(sink, sizeof sink);
}

static void read_cb(uv_stream_t *h, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = h->data;
	struct slot *s = slot_of(c);
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, imp_bytes(0, 0), imp_bytes(buf->base, n > 0 ? (size_t)n : 0));
	rx.link = c->link;
	if (n > 0 && s)
		feed(c->pool, s, &rx);
	else if (n < 0 && c->pool)
		conn_lost(c, n == UV_EOF ? IMP_OK : IMP_ELINK);
	else if (n < 0)
		conn_close(c);
}

static void conn_up(struct conn *c)
{
	imp_msg up = imp_say(IMP_UP, 0, 0, c->label, imp_bytes(0, 0), imp_bytes(0, 0));
	up.link = c->link;
	c->up = 1;
	uv_tcp_nodelay(&c->tcp, 1);
	uv_timer_stop(&c->timer);
	uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb);
	if (slot_of(c))
		feed(c->pool, slot_of(c), &up);
}

/* --- OPEN: a name, its addresses, one that answers ------------------------ */

static void connect_cb(uv_connect_t *r, int status)
{
	struct conn *c = r->data;
	if (c->closing)
		return;
	if (!status)
		conn_up(c);
	else
		conn_next_address(c);
}

void set_port(struct sockaddr *a, int port)
{
	if (a->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)a)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)(void *)a)->sin_port = htons((uint16_t)port);
}

static void try_address(struct conn *c)
{
	struct sockaddr *a = c->next_name->ai_addr;
	c->next_name = c->next_name->ai_next;
	c->tried = 1;
	set_port(a, c->port);
	if (uv_tcp_connect(&c->connect, &c->tcp, a, connect_cb) < 0)
		conn_next_address(c);
}

static void reopened(uv_handle_t *h)
{
	struct conn *c = h->data;
	if (c->closing) {
		handle_closed(h);
		return;
	}
	uv_tcp_init(h->loop, &c->tcp);
	c->tcp.data = c;
	try_address(c);
}

static void conn_next_address(struct conn *c)
{
	if (!c->next_name)
		conn_lost(c, IMP_ELINK);
	else if (c->tried) /* a socket is good for one attempt */
		uv_close((uv_handle_t *)&c->tcp, reopened);
	else
		try_address(c);
}

static void resolved(uv_getaddrinfo_t *r, int status, struct addrinfo *list)
{
	struct conn *c = r->data;
	c->resolving = 0;
	c->names = c->next_name = status ? NULL : list;
	if (c->closing)
		conn_unref(c);
	else
		conn_next_address(c);
}

static int default_port(imp_span scheme)
{
	static const struct { const char *scheme; int port; } known[] = {
		{"http", 80}, {"https", 443}, {"coap+tcp", 5683}, {"coaps+tcp", 5684}, {"coap", 5683}, {"coaps", 5684}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (scheme.len == strlen(known[i].scheme) && !memcmp(scheme.ptr, known[i].scheme, scheme.len))
			return known[i].port;
	return 0;
}

/* Does this URI's scheme mean datagrams? */
static int is_udp(imp_span uri)
{
	static const char *const schemes[] = {"udp://", "coap://", "coaps://", "dtls://"};
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (uri.len > strlen(schemes[i]) && !memcmp(uri.ptr, schemes[i], strlen(schemes[i])))
			return 1;
	return 0;
}

/* Port digits up to the end or a slash: 1 to 65535, else 0. */
static int read_port(const char *p)
{
	int n = 0, digits = 0;
	for (; *p >= '0' && *p <= '9' && digits < 6; p++, digits++)
		n = n * 10 + (*p - '0');
	return digits && n <= 65535 && (!*p || *p == '/' || *p == '?') ? n : 0;
}

/* "http://host:port/..." -> host and port; 0: not a URI we can open. */
static int read_uri(imp_span uri, char host[256], int *port)
{
	char text[320];
	const char *at, *end;
	if (!uri.len || uri.len >= sizeof text)
		return 0;
	memcpy(text, uri.ptr, uri.len);
	text[uri.len] = 0;
	at = strstr(text, "://");
	if (!at || strlen(text) != uri.len)
		return 0;
	*port = default_port(imp_bytes(text, (size_t)(at - text)));
	at += 3;
	end = *at == '[' ? strchr(at, ']') : at + strcspn(at, ":/?");
	if (!end || end == at || end - at >= 256)
		return 0;
	at += *at == '[';
	memcpy(host, at, (size_t)(end - at));
	host[end - at] = 0;
	end += *end == ']';
	if (*end == ':')
		*port = read_port(end + 1);
	return *port != 0;
}

void link_open(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	static const struct addrinfo tcp = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
	struct sockaddr_storage a;
	char host[256];
	struct conn *c;
	imp_msg down = imp_say(IMP_DOWN, 0, IMP_EARG, m->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	int port = 0;
	down.link = m->link;
	link_shut(s, m->link);
	if (read_uri(m->name, host, &port) && is_udp(m->name)) {
		udp_open(p, s, m, host, port);
		return;
	}
	if (!port || !(c = conn_new(p, s, m->link))) {
		feed(p, s, &down);
		return;
	}
	c->label = m->ticket;
	c->port = port;
	uv_timer_start(&c->timer, timed_out, m->when ? m->when : CONNECT_MS, 0);
	if (!uv_ip4_addr(host, port, (struct sockaddr_in *)(void *)&a) || !uv_ip6_addr(host, port, (struct sockaddr_in6 *)(void *)&a)) {
		if (uv_tcp_connect(&c->connect, &c->tcp, (struct sockaddr *)&a, connect_cb) < 0)
			conn_lost(c, IMP_ELINK);
		return;
	}
	c->resolving = 1;
	if (uv_getaddrinfo(p->io->loop, &c->dns, resolved, host, NULL, &tcp) < 0) {
		c->resolving = 0;
		conn_lost(c, IMP_ELINK);
	}
}

/* --- TX ------------------------------------------------------------------- */

static void sent(imp_io_pool *p, struct slot *s, unsigned link, uint32_t ticket, imp_status code)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, code, ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	a.link = (uint16_t)link;
	if (ticket && s)
		feed(p, s, &a);
}

static void written(uv_write_t *r, int status)
{
	struct put *put = (struct put *)(void *)r;
	struct conn *c = put->c;
	c->writing -= put->len;
	sent(c->pool, slot_of(c), c->link, put->ticket, status ? IMP_ELINK : IMP_OK);
	imp_wipe(put->bytes, put->len);
	free(put);
	if (status && !c->closing && c->pool)
		conn_lost(c, IMP_ELINK);
	else if (c->paused && !c->closing && c->writing < WRITE_HIGH) {
		c->paused = 0;
		uv_read_start((uv_stream_t *)&c->tcp, alloc_cb, read_cb);
	}
}

static void put_rest(struct conn *c, const imp_msg *m, size_t done)
{
	size_t len = m->data.len - done;
	struct put *put = malloc(sizeof *put + len);
	uv_buf_t buf;
	if (!put) {
		conn_lost(c, IMP_ENOSPC);
		return;
	}
	put->c = c;
	put->ticket = m->ticket;
	put->len = len;
	memcpy(put->bytes, m->data.ptr + done, len);
	buf = uv_buf_init((char *)put->bytes, (unsigned)len);
	c->writing += len;
	if (uv_write(&put->req, (uv_stream_t *)&c->tcp, &buf, 1, written) < 0) {
		c->writing -= len;
		free(put);
		conn_lost(c, IMP_ELINK);
	} else if (c->writing > WRITE_HIGH && !c->paused) {
		c->paused = 1;
		uv_read_stop((uv_stream_t *)&c->tcp);
	}
}

void link_send(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	struct conn *c = s->link[m->link];
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)m->data.ptr, (unsigned)m->data.len);
	int n;
	if (s->udp[m->link]) {
		udp_send(p, s, m);
		return;
	}
	if (!c || !c->up) {
		sent(p, s, m->link, m->ticket, IMP_ELINK);
		return;
	}
	n = c->writing || !m->data.len ? 0 : uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
	if (n < 0 && n != UV_EAGAIN) {
		sent(p, s, m->link, m->ticket, IMP_ELINK);
		conn_lost(c, IMP_ELINK);
		return;
	}
	n = n < 0 ? 0 : n;
	if ((size_t)n < m->data.len)
		put_rest(c, m, (size_t)n);
	else
		sent(p, s, m->link, m->ticket, IMP_OK);
}

/* --- listening ------------------------------------------------------------ */

static void listener_accept(struct listener *v)
{
	imp_io_pool *p = v->pool;
	imp_msg start = imp_say(IMP_START, 0, 0, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	struct slot *s;
	struct conn *c;
	uint64_t id;
	v->waiting = v->conns >= v->most;
	if (v->waiting)
		return;
	s = slot_begin(p, imp_bytes(0, 0));
	v->waiting = !s;
	if (!s)
		return;
	s->accepted = 1;
	id = imp_slab_id(p->slab, s);
	c = conn_new(p, s, 0);
	if (!c) {
		slot_drop(p, s);
		return;
	}
	c->by = v;
	v->conns++;
	if (uv_accept((uv_stream_t *)&v->tcp, (uv_stream_t *)&c->tcp) < 0) {
		slot_drop(p, s);
		return;
	}
	if (p->stack.top)
		feed(p, s, &start);
	if (imp_slab_at(p->slab, id))
		conn_up(c);
}

static void knocked(uv_stream_t *h, int status)
{
	if (!status)
		listener_accept((struct listener *)(void *)h);
}

static int read_address(const char *text, struct sockaddr_storage *a)
{
	const char *colon = strrchr(text, ':');
	char ip[ADDRESS];
	size_t len = colon ? (size_t)(colon - text) : 0;
	int port = colon && !strcmp(colon, ":0") ? 0 : colon ? read_port(colon + 1) : 0;
	if (!len || len >= sizeof ip || (!port && strcmp(colon, ":0") != 0))
		return 0;
	if (*text == '[') {
		memcpy(ip, text + 1, len - 1);
		ip[len - 2] = 0;
		return text[len - 1] == ']' && !uv_ip6_addr(ip, port, (struct sockaddr_in6 *)(void *)a);
	}
	memcpy(ip, text, len);
	ip[len] = 0;
	return !uv_ip4_addr(ip, port, (struct sockaddr_in *)(void *)a);
}

static void listener_closed(uv_handle_t *h)
{
	struct listener *v = (struct listener *)(void *)h;
	h->data = NULL;
	if (!v->conns)
		free(v);
}

imp_status imp_io_listen(imp_io_pool *p, const char *address, uint32_t most, char bound[64])
{
	struct sockaddr_storage a;
	struct listener *v;
	int len = sizeof a, udp = !strncmp(address, "udp:", 4);
	memset(&a, 0, sizeof a);
	if (!read_address(udp ? address + 4 : address, &a))
		return IMP_EARG;
	if (udp)
		return udp_listen(p, &a, most, bound);
	v = calloc(1, sizeof *v);
	if (!v)
		return IMP_ENOSPC;
	uv_tcp_init(p->io->loop, &v->tcp);
	v->tcp.data = v;
	v->most = most < p->count ? most : p->count;
	if (uv_tcp_bind(&v->tcp, (struct sockaddr *)&a, 0) < 0 || uv_listen((uv_stream_t *)&v->tcp, 1024, knocked) < 0) {
		uv_close((uv_handle_t *)&v->tcp, listener_closed);
		return IMP_ELINK;
	}
	v->pool = p;
	v->next = p->io->listeners;
	p->io->listeners = v;
	if (bound && !uv_tcp_getsockname(&v->tcp, (struct sockaddr *)&a, &len))
		print_address(&a, bound);
	return IMP_OK;
}

void listeners_close(imp_io *io)
{
	while (io->listeners) {
		struct listener *v = io->listeners;
		io->listeners = v->next;
		v->pool = NULL;
		uv_close((uv_handle_t *)&v->tcp, listener_closed);
	}
}
