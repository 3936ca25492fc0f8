/* dtls-kit.c -- see dtls-kit.h. */
#include "dtls-kit.h"
#include "cbor.h"
#include "x509.h"

#include <stdio.h>
#include <stdlib.h>

enum { DELAY = 5, MTU = 1400 };

const imp_crypto *kit_crypto;
static int mtu = MTU;
static struct packet queue[KIT_QUEUE]; /* one network at a time */

uint32_t net_chance(struct net *n)
{
	uint32_t x = n->chance += 0x9e3779b9u;
	x = (x ^ x >> 16) * 0x21f0aaadu;
	x = (x ^ x >> 15) * 0x735a2d97u;
	return (x ^ x >> 15) >> 1;
}

static int happens(struct net *n, unsigned percent)
{
	return net_chance(n) % 100 < percent;
}

/* --- the network ----------------------------------------------------------- */

void net_put(struct net *n, int to, const uint8_t *bytes, size_t len)
{
	struct packet *p = &n->queue[n->queued];
	if (n->queued == KIT_QUEUE || len > KIT_DATAGRAM)
		return;
	p->at = n->now + DELAY + (happens(n, n->late) ? net_chance(n) % 400 : 0);
	p->to = to;
	p->len = len;
	memcpy(p->addr, n->address, sizeof p->addr);
	memcpy(p->bytes, bytes, len);
	n->queued++;
}

static void carry(struct net *n, struct end *from, const imp_msg *m)
{
	uint8_t bytes[KIT_DATAGRAM];
	size_t len = m->data.len;
	if (len > sizeof bytes)
		return;
	memcpy(bytes, m->data.ptr, len);
	from->to_len = m->name.len;
	if (m->name.len && m->name.len <= sizeof from->to)
		memcpy(from->to, m->name.ptr, m->name.len);
	from->datagrams++;
	from->bytes += len;
	from->alerts += bytes[0] == 21;
	from->largest = len > from->largest ? len : from->largest;
	n->sent++;
	if (happens(n, n->loss) || (n->tamper && !n->tamper(n, !from->server, bytes, &len)))
		return;
	net_put(n, !from->server, bytes, len);
	if (happens(n, n->twice))
		net_put(n, !from->server, bytes, len);
}

/* --- answers ----------------------------------------------------------------- */

static imp_msg answer_to(struct end *e, const imp_msg *ask)
{
	imp_msg a = imp_say(IMP_ANSWER, 0, IMP_EFACT, ask->ticket, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	imp_span what = {NULL, 0};
	a.link = ask->link;
	e->asks++;
	if (ask->topic == IMP_T_VERIFY) {
		e->verified_type = ask->code;
		e->verified_len = ask->data.len;
		a.code = e->verify;
		return a;
	}
	if (ask->topic == IMP_T_KEYS && ask->code == IMP_K_OFFER) {
		a.code = IMP_OK;
		a.topic = e->suite;
		a.data = e->options;
		return a;
	}
	if (ask->topic == IMP_T_KEY)
		what = e->key;
	else if (ask->code == IMP_K_PSK)
		what = e->psk;
	else if (ask->code == IMP_K_PASSWORD)
		what = e->password;
	else if (ask->code == IMP_K_CERT || ask->code == IMP_K_RAW)
		what = e->chain;
	if (ask->topic == IMP_T_KEYS && ask->code == IMP_K_PSK && e->server) {
		e->identity_len = ask->name.len;
		memcpy(e->identity_seen, ask->name.ptr, ask->name.len);
		if (ask->name.len != e->identity.len || memcmp(ask->name.ptr, e->identity.ptr, ask->name.len))
			return a;
	}
	if (!what.len)
		return a;
	a.code = IMP_OK;
	a.name = e->identity;
	a.data = what;
	return a;
}

static void answer(struct net *n, struct end *e, const imp_msg *ask)
{
	imp_msg a = answer_to(e, ask);
	if (!n->think) {
		net_feed(n, e, &a);
		return;
	}
	n->answer[e->server] = a;
	n->ticket[e->server] = ask->ticket;
	n->answer_at[e->server] = n->now + n->think;
}

/* --- what ends say -------------------------------------------------------------- */

static void note_up(struct end *e, const imp_msg *m)
{
	e->ups++;
	e->room = m->code;
	if (!m->channel)
		return;
	e->channel_suite = (uint16_t)m->channel->suite;
	e->chain_len = m->channel->peer_chain.len;
	m->channel->derive(m->channel, "=key_block", imp_bytes(NULL, 0), e->block, sizeof e->block);
	m->channel->derive(m->channel, "EXPORTER-imprint", imp_bytes("context", 7), e->exported, sizeof e->exported);
	if (m->channel->binding.len == sizeof e->binding)
		memcpy(e->binding, m->channel->binding.ptr, sizeof e->binding);
}

static void hear(struct net *n, struct end *e, const imp_msg *m)
{
	switch (m->verb) {
	case IMP_TX:
		carry(n, e, m);
		break;
	case IMP_ASK:
		answer(n, e, m);
		break;
	case IMP_UP:
		note_up(e, m);
		break;
	case IMP_DOWN:
		e->downs++;
		e->down = m->code;
		e->down_topic = m->topic;
		break;
	case IMP_RX:
		e->got_n++;
		e->got_len = m->data.len;
		if (m->data.len <= sizeof e->got)
			memcpy(e->got, m->data.ptr, m->data.len);
		break;
	case IMP_TELL:
		e->route_len = m->name.len;
		memcpy(e->route, m->name.ptr, m->name.len);
		break;
	}
}

/* A session may lie anywhere: it is moved, and its old place is spoilt. */
static void move(struct end *e)
{
	size_t need = (imp_session_need(&e->t) + 15) & ~(size_t)15;
	uint8_t *to = aligned_alloc(16, need);
	memcpy(to, e->mem, need);
	memset(e->mem, 0xee, need);
	free(e->mem);
	e->mem = to;
	e->s = (imp_session *)(void *)to;
}

void net_feed(struct net *n, struct end *e, const imp_msg *m)
{
	static int deep;
	imp_msg o;
	if (!e->s)
		return;
	n->work.now = n->now;
	imp_session_feed(e->s, &e->t, &n->work, m);
	if (deep)
		return; /* whoever drains goes on */
	deep = 1;
	while (imp_session_poll(e->s, &n->work, &o))
		hear(n, e, &o);
	deep = 0;
	if (n->move)
		move(e);
}

/* --- sessions ---------------------------------------------------------------------- */

static void make(struct net *n, struct end *e)
{
	size_t need = imp_session_need(&e->t);
	imp_msg up = imp_say(IMP_UP, 0, mtu, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	e->mem = aligned_alloc(16, (need + 15) & ~(size_t)15);
	e->s = imp_session_init(e->mem, need, &e->t);
	if (!e->s)
		abort();
	if (e->server)
		net_feed(n, e, &up);
}

static void to_server(struct net *n, const struct packet *p)
{
	struct end *e = &n->server;
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, imp_bytes(p->addr, sizeof p->addr), imp_bytes(p->bytes, p->len)), reply = {0};
	uint8_t key[24], buf[256];
	size_t len = 0;
	imp_span hint = {NULL, 0};
	int kind = IMP_KNOWN;
	if (e->t.link[0][0]->triage)
		kind = e->t.link[0][0]->triage(e->t.crypto, imp_bytes(n->secret, sizeof n->secret), n->now, &rx, key, &len, &hint, &reply, buf, sizeof buf);
	if (kind == IMP_BOUNCE && reply.verb == IMP_TX) {
		e->bounced++;
		carry(n, e, &reply);
	}
	if (kind == IMP_FRESH)
		e->fresh++;
	if (kind == IMP_FRESH && !e->s) {
		e->before = e->bytes;
		make(n, e);
	}
	if (kind == IMP_FRESH || kind == IMP_KNOWN)
		net_feed(n, e, &rx);
}

static void copy(struct packet *to, const struct packet *from)
{
	if (to != from)
		memcpy(to, from, offsetof(struct packet, bytes) + from->len);
}

static void deliver(struct net *n, int i)
{
	struct packet p;
	imp_msg rx = imp_say(IMP_RX, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(p.bytes, 0));
	copy(&p, &n->queue[i]);
	copy(&n->queue[i], &n->queue[--n->queued]);
	rx.data.len = p.len;
	if (p.to)
		to_server(n, &p);
	else
		net_feed(n, &n->client, &rx);
}

/* --- time ------------------------------------------------------------------------------ */

static uint64_t due(const struct end *e)
{
	return e->s ? imp_session_deadline(e->s) : UINT64_MAX;
}

static int earliest(const struct net *n)
{
	int best = -1;
	for (int i = 0; i < n->queued; i++)
		if (best < 0 || n->queue[i].at < n->queue[best].at)
			best = i;
	return best;
}

static void tick(struct net *n, struct end *e)
{
	imp_msg m = imp_say(IMP_TICK, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	if (due(e) <= n->now)
		net_feed(n, e, &m);
	if (n->ticket[e->server] && n->answer_at[e->server] <= n->now) {
		n->ticket[e->server] = 0;
		m = n->answer[e->server];
		net_feed(n, e, &m);
	}
}

static uint64_t soonest(const struct net *n)
{
	int i = earliest(n);
	uint64_t at = i < 0 ? UINT64_MAX : n->queue[i].at;
	at = due(&n->client) < at ? due(&n->client) : at;
	at = due(&n->server) < at ? due(&n->server) : at;
	for (int k = 0; k < 2; k++)
		if (n->ticket[k] && n->answer_at[k] < at)
			at = n->answer_at[k];
	return at;
}

void net_run(struct net *n, uint64_t ms)
{
	uint64_t until = n->now + ms;
	for (;;) {
		uint64_t at = soonest(n);
		int i = earliest(n);
		if (at > until)
			break;
		n->now = at > n->now ? at : n->now;
		if (i >= 0 && n->queue[i].at <= n->now)
			deliver(n, i);
		tick(n, &n->client);
		tick(n, &n->server);
	}
}

/* --- begin and end -------------------------------------------------------------------------- */

static void set_up(struct net *n, struct end *e, const imp_layer *y, int server)
{
	e->net = n;
	e->server = server;
	e->t.size = sizeof e->t;
	e->t.link[0][0] = y;
	e->t.crypto = kit_crypto;
	e->t.params = (imp_params){sizeof(imp_params), 0, 0, KIT_DATAGRAM, KIT_CHAIN};
}

void net_begin(struct net *n, const imp_layer *client, const imp_layer *server, uint32_t seed)
{
	memset(n, 0, sizeof *n);
	mtu = MTU;
	n->now = 1000;
	n->chance = seed;
	n->queue = queue;
	memset(n->secret, 0x5e, sizeof n->secret);
	memcpy(n->address, "\x7f\0\0\1\x16\x34", 6);
	set_up(n, &n->client, client, 0);
	set_up(n, &n->server, server, 1);
	n->work.len = imp_work_need(&n->server.t) + imp_work_need(&n->client.t);
	n->work.len = (n->work.len + 15) & ~(size_t)15;
	n->work.mem = aligned_alloc(16, n->work.len);
	memset(n->work.mem, 0, n->work.len);
}

void net_end(struct net *n)
{
	free(n->client.mem);
	free(n->server.mem);
	free(n->work.mem);
}

void net_mtu(struct net *n, int m)
{
	(void)n;
	mtu = m;
}

void net_open(struct net *n, const char *uri)
{
	imp_msg open = imp_say(IMP_OPEN, 0, 0, 77, imp_bytes(uri, strlen(uri)), n->client.options);
	imp_msg up = imp_say(IMP_UP, 0, mtu, 77, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	if (!n->client.s)
		make(n, &n->client);
	net_feed(n, &n->client, &open);
	net_feed(n, &n->client, &up);
}

void net_say(struct net *n, struct end *e, const char *text)
{
	imp_msg tx = imp_say(IMP_TX, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(text, strlen(text)));
	net_feed(n, e, &tx);
}

int net_heard(const struct end *e, const char *text)
{
	return e->got_len == strlen(text) && !memcmp(e->got, text, e->got_len);
}

imp_span net_suites(uint8_t *out, size_t cap, const uint16_t *ids, size_t n)
{
	imp_wr w = imp_wr_to(out, cap);
	imp_cbor_put_map(&w, 1);
	imp_cbor_put_text(&w, "suites");
	imp_cbor_put_array(&w, n);
	for (size_t i = 0; i < n; i++)
		imp_cbor_put_uint(&w, ids[i]);
	return imp_wr_span(&w);
}

/* --- what ends know ------------------------------------------------------------------------------ */

void know_psk(struct end *e)
{
	static const uint8_t psk[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	e->identity = imp_bytes("dev", 3);
	e->psk = imp_bytes(psk, sizeof psk);
}

void know_password(struct end *e)
{
	e->password = imp_bytes("J01NME", 6);
}

static uint8_t flat[2][IMP_KEY_HEAD + 32], spki[2][100], chain[2][600];
static size_t spki_len[2], chain_len[2];

static void make_key(int i)
{
	static const char *const names[] = {"client", "server"};
	imp_key priv = {IMP_C_P256, IMP_KEY_PRIVATE, 0, {flat[i] + IMP_KEY_HEAD, 32}}, pub = {IMP_C_P256, 0, 0, {NULL, 0}};
	uint8_t point[65];
	size_t len = 32, plen = sizeof point;
	imp_issue what = {.serial = {(const uint8_t *)"1", 1}, .issuer_cn = names[i], .subject_cn = names[i], .subject_key = &pub};
	imp_wr w = imp_wr_to(spki[i], sizeof spki[i]), c = imp_wr_to(chain[i] + 3, sizeof chain[i] - 3);
	if (kit_crypto->keygen(kit_crypto, IMP_C_P256, flat[i] + IMP_KEY_HEAD, &len, point, &plen) < 0)
		abort();
	imp_key_head(&priv, flat[i]);
	pub.bits = imp_bytes(point, plen);
	imp_spki_put(&w, &pub);
	spki_len[i] = w.len;
	if (imp_cert_issue(kit_crypto, &c, &what, IMP_A_ES256, &priv) < 0)
		abort();
	chain[i][1] = (uint8_t)(c.len >> 8);
	chain[i][2] = (uint8_t)c.len;
	chain_len[i] = c.len + 3;
}

static void know_key(struct end *e)
{
	if (!spki_len[e->server])
		make_key(e->server);
	e->key = imp_bytes(flat[e->server], sizeof flat[e->server]);
	e->identity = imp_bytes("key", 3);
}

void know_cert(struct end *e)
{
	know_key(e);
	e->chain = imp_bytes(chain[e->server], chain_len[e->server]);
}

void know_raw(struct end *e)
{
	static const uint8_t raw[] = {0xa1, 0x65, 't', 'y', 'p', 'e', 's', 0x81, 0x02};
	know_key(e);
	e->chain = imp_bytes(spki[e->server], spki_len[e->server]);
	e->options = imp_bytes(raw, sizeof raw);
}
