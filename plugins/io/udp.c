/* udp.c -- datagrams: connected sockets for OPEN, and ports that sort what
 * comes into sessions. */
#include "inner.h"
#include "ct.h"
#include <stdlib.h>

enum { ADDRESS_KEY = 'a', REPLY = 1024 };

/* Freed when its handle is closed and its name is resolved. */
struct udp {
	uv_udp_t h; /* first */
	uv_getaddrinfo_t dns;
	struct udp *next;
	imp_io_pool *pool; /* NULL: nobody hears of it any more */
	uint64_t id;       /* connected: whose */
	uint32_t label, sessions, most;
	uint16_t link;
	uint8_t listens, resolving, closed;
	int port;
	char local[ADDRESS], peer[ADDRESS];
};

/* --- addresses as names: 4 or 16 bytes, the port, a scope if there is one --- */

static uint8_t name_of(const struct sockaddr *a, uint8_t out[NAME])
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)(const void *)a;
	if (a->sa_family == AF_INET) {
		memcpy(out, &a4->sin_addr, 4);
		memcpy(out + 4, &a4->sin_port, 2);
		return 6;
	}
	memcpy(out, &a6->sin6_addr, 16);
	memcpy(out + 16, &a6->sin6_port, 2);
	memcpy(out + 18, &a6->sin6_scope_id, 4);
	return a6->sin6_scope_id ? 22 : 18;
}

static int address_of(imp_span name, struct sockaddr_storage *out)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)(void *)out;
	memset(out, 0, sizeof *out);
	if (name.len == 6) {
		a4->sin_family = AF_INET;
		memcpy(&a4->sin_addr, name.ptr, 4);
		memcpy(&a4->sin_port, name.ptr + 4, 2);
		return 1;
	}
	if (name.len != 18 && name.len != 22)
		return 0;
	a6->sin6_family = AF_INET6;
	memcpy(&a6->sin6_addr, name.ptr, 16);
	memcpy(&a6->sin6_port, name.ptr + 16, 2);
	if (name.len == 22)
		memcpy(&a6->sin6_scope_id, name.ptr + 18, 4);
	return 1;
}

/* --- ends ------------------------------------------------------------------- */

static void udp_unref(struct udp *u)
{
	if (u->closed == 2 && !u->resolving)
		free(u);
}

static void handle_closed(uv_handle_t *h)
{
	struct udp *u = (struct udp *)(void *)h;
	u->closed = 2;
	udp_unref(u);
}

static void udp_close(struct udp *u)
{
	if (u->closed)
		return;
	u->closed = 1;
	u->pool = NULL;
	if (u->resolving)
		uv_cancel((uv_req_t *)&u->dns);
	uv_close((uv_handle_t *)&u->h, handle_closed);
}

void udp_shut(struct slot *s, unsigned link)
{
	struct udp *u = s->udp[link];
	s->udp[link] = NULL;
	if (u && u->listens)
		u->sessions--;
	else if (u)
		udp_close(u);
}

void udp_ports_close(imp_io *io)
{
	while (io->ports) {
		struct udp *u = io->ports;
		io->ports = u->next;
		udp_close(u);
	}
}

void udp_names(const struct slot *s, unsigned link, const char **local, const char **peer)
{
	const struct udp *u = s->udp[link];
	struct sockaddr_storage a;
	*local = u->local;
	*peer = u->listens ? s->peer_text : u->peer;
	if (u->listens && !s->peer_text[0] && address_of(imp_bytes(s->peer, s->peer_len), &a))
		print_address(&a, (char *)(uintptr_t)s->peer_text);
}

static void lost(struct udp *u, imp_status code)
{
	imp_io_pool *p = u->pool;
	struct slot *s = p ? imp_slab_at(p->slab, u->id) : NULL;
	imp_msg down = imp_say(IMP_DOWN, 0, code, u->label, imp_bytes(0, 0), imp_bytes(0, 0));
	down.link = u->link;
	if (s && s->udp[u->link] == u)
		s->udp[u->link] = NULL;
	udp_close(u);
	if (s)
		feed(p, s, &down);
}

/* --- TX ----------------------------------------------------------------------- */

static int put(struct udp *u, const struct sockaddr *to, imp_span data)
{
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data.ptr, (unsigned)data.len);
	return uv_udp_try_send(&u->h, &buf, 1, to);
}

/* What the kernel cannot take now is lost, as datagrams are. */
void udp_send(imp_io_pool *p, struct slot *s, const imp_msg *m)
{
	struct udp *u = s->udp[m->link];
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_ELINK, m->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	imp_span name = m->name.len ? m->name : imp_bytes(s->peer, s->peer_len);
	struct sockaddr_storage to;
	a.link = m->link;
	if (m->data.len && (!u->listens || address_of(name, &to)) && put(u, u->listens ? (struct sockaddr *)&to : NULL, m->data) >= 0)
		a.code = IMP_OK;
	if (m->ticket)
		feed(p, s, &a);
}

/* --- RX ----------------------------------------------------------------------- */

static void alloc_cb(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct udp *u = (struct udp *)(void *)h;
	(void)suggested;
	*buf = u->pool ? uv_buf_init((char *)u->pool->io->buf, READ) : uv_buf_init(NULL, 0);
}

static void give(imp_io_pool *p, struct slot *s, unsigned link, imp_span name, imp_span data)
{
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, name, data);
	rx.link = (uint16_t)link;
	feed(p, s, &rx);
}

/* The sorter is the lowest layer; without one an address is a session. */
static int sort(struct udp *u, const imp_msg *rx, uint8_t key[KEYS], size_t *len, imp_span *hint, imp_msg *reply, uint8_t *buf)
{
	imp_io *io = u->pool->io;
	const imp_layer *foot = NULL;
	for (unsigned d = 0; d < IMP_DEPTH && u->pool->stack.link[0][d]; d++)
		foot = u->pool->stack.link[0][d];
	if (foot && IMP_HAS(foot, imp_layer, triage) && foot->triage)
		return foot->triage(u->pool->stack.crypto, io_secret(io), io_now(), rx, key, len, hint, reply, buf, REPLY);
	key[0] = ADDRESS_KEY;
	memcpy(key + 1, rx->name.ptr, rx->name.len);
	*len = rx->name.len + 1;
	return IMP_FRESH;
}

static struct slot *begin(struct udp *u, imp_span key, imp_span hint, imp_span name)
{
	imp_io_pool *p = u->pool;
	imp_msg start = imp_say(IMP_START, 0, 0, 0, hint, imp_bytes(0, 0));
	imp_msg up = imp_say(IMP_UP, 0, UDP_MTU, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	struct slot *s = u->sessions < u->most ? slot_begin(p, key) : NULL;
	uint64_t id;
	if (!s)
		return NULL; /* full: the peer asks again */
	id = imp_slab_id(p->slab, s);
	s->accepted = 1;
	s->udp[0] = u;
	u->sessions++;
	memcpy(s->peer, name.ptr, name.len);
	s->peer_len = (uint8_t)name.len;
	if (p->stack.top)
		feed(p, s, &start);
	s = imp_slab_at(p->slab, id);
	if (s && !is_radio(p))
		feed(p, s, &up);
	return imp_slab_at(p->slab, id);
}

static void knock(struct udp *u, imp_span name, imp_span data)
{
	uint8_t key[KEYS], buf[REPLY];
	size_t len = 0;
	imp_span hint = {NULL, 0};
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, name, data), reply = imp_say(0, 0, 0, 0, imp_bytes(0, 0), imp_bytes(0, 0));
	int kind = sort(u, &rx, key, &len, &hint, &reply, buf);
	struct slot *s = kind == IMP_KNOWN || kind == IMP_FRESH ? imp_slab_find(u->pool->slab, imp_bytes(key, len)) : NULL;
	struct sockaddr_storage to;
	if (s && kind == IMP_FRESH && (!s->udp[0] || s->gone)) { /* its link is shut: it makes room */
		slot_drop(u->pool, s);
		s = NULL;
	}
	if (!s && kind == IMP_FRESH)
		s = begin(u, imp_bytes(key, len), hint, name);
	if (s && s->udp[0])
		give(u->pool, s, 0, name, data);
	else if (kind != IMP_FRESH && reply.verb == IMP_TX && address_of(name, &to))
		put(u, (struct sockaddr *)&to, reply.data);
}

static void recv_cb(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	struct udp *u = (struct udp *)(void *)h;
	uint8_t name[NAME];
	struct slot *s;
	uint8_t len;
	if (!u->pool || (n >= 0 && !from))
		return;
	if (n < 0) {
		if (!u->listens && !is_radio(u->pool))
			lost(u, IMP_ELINK);
		return;
	}
	if (flags & UV_UDP_PARTIAL)
		return;
	len = name_of(from, name);
	s = u->listens ? NULL : imp_slab_at(u->pool->slab, u->id);
	if (u->listens)
		knock(u, imp_bytes(name, len), imp_bytes(buf->base, (size_t)n));
	else if (s)
		give(u->pool, s, u->link, imp_bytes(name, len), imp_bytes(buf->base, (size_t)n));
}

/* --- OPEN --------------------------------------------------------------------- */

static struct udp *udp_new(imp_io_pool *p)
{
	struct udp *u = calloc(1, sizeof *u);
	if (!u)
		return NULL;
	uv_udp_init(p->io->loop, &u->h);
	u->dns.data = u;
	u->pool = p;
	return u;
}

static void find_local(struct udp *u)
{
	struct sockaddr_storage a;
	int len = sizeof a;
	if (!uv_udp_getsockname(&u->h, (struct sockaddr *)&a, &len))
		print_address(&a, u->local);
}

static void connected(struct udp *u, const struct sockaddr_storage *a)
{
	imp_msg up = imp_say(IMP_UP, 0, UDP_MTU, u->label, imp_bytes(0, 0), imp_bytes(0, 0));
	struct slot *s = imp_slab_at(u->pool->slab, u->id);
	up.link = u->link;
	if (uv_udp_connect(&u->h, (const struct sockaddr *)a) < 0 || uv_udp_recv_start(&u->h, alloc_cb, recv_cb) < 0) {
		lost(u, IMP_ELINK);
		return;
	}
	find_local(u);
	print_address(a, u->peer);
	if (s && !is_radio(u->pool))
		feed(u->pool, s, &up);
}

static void resolved(uv_getaddrinfo_t *r, int status, struct addrinfo *list)
{
	struct udp *u = r->data;
	struct sockaddr_storage a;
	u->resolving = 0;
	if (u->closed)
		udp_unref(u);
	else if (status || !list)
		lost(u, IMP_ELINK);
	else {
		memset(&a, 0, sizeof a);
		memcpy(&a, list->ai_addr, list->ai_addrlen);
		set_port((struct sockaddr *)&a, u->port);
		connected(u, &a);
	}
	if (!status)
		uv_freeaddrinfo(list);
}

void udp_open(imp_io_pool *p, struct slot *s, const imp_msg *m, const char *host, int port)
{
	static const struct addrinfo udp = {.ai_socktype = SOCK_DGRAM, .ai_family = AF_UNSPEC};
	imp_msg down = imp_say(IMP_DOWN, 0, IMP_ENOSPC, m->ticket, imp_bytes(0, 0), imp_bytes(0, 0));
	struct sockaddr_storage a;
	struct udp *u = udp_new(p);
	down.link = m->link;
	if (!u) {
		feed(p, s, &down);
		return;
	}
	u->id = imp_slab_id(p->slab, s);
	u->link = m->link;
	u->label = m->ticket;
	u->port = port;
	s->udp[m->link] = u;
	if (!uv_ip4_addr(host, port, (struct sockaddr_in *)(void *)&a) || !uv_ip6_addr(host, port, (struct sockaddr_in6 *)(void *)&a)) {
		connected(u, &a);
		return;
	}
	u->resolving = 1;
	if (uv_getaddrinfo(p->io->loop, &u->dns, resolved, host, NULL, &udp) < 0) {
		u->resolving = 0;
		lost(u, IMP_ELINK);
	}
}

/* --- listening ------------------------------------------------------------------ */

imp_status udp_listen(imp_io_pool *p, const struct sockaddr_storage *a, uint32_t most, char bound[64])
{
	struct udp *u = udp_new(p);
	if (!u)
		return IMP_ENOSPC;
	u->listens = 1;
	u->most = most < p->count ? most : p->count;
	if (uv_udp_bind(&u->h, (const struct sockaddr *)a, 0) < 0 || uv_udp_recv_start(&u->h, alloc_cb, recv_cb) < 0) {
		udp_close(u);
		return IMP_ELINK;
	}
	find_local(u);
	u->next = p->io->ports;
	p->io->ports = u;
	if (bound)
		memcpy(bound, u->local, ADDRESS);
	return IMP_OK;
}
