/* dtls.c -- DTLS sessions on the fake crypto, whose keys and proofs anybody can
 * make, so that whole handshakes are within reach.
 *
 * The first byte: bits 0-1 which layer and what both ends know; bits 2-3 the
 * game; bit 4 small datagrams; bit 5 slow answers.
 *   pair    client and server; each further byte decides what happens to one
 *           datagram: passed on, lost, twice, a byte changed, cut, replaced
 *   server, client   one session alone: items, see enum; datagrams come as
 *           they are written
 * Whatever comes, no step breaks its link, and who is UP stays usable. */
#include "dtls-kit.h"
#include "crypto.h"
#include "dtls.h"
#include "rd.h"

#include <stdio.h>
#include <stdlib.h>

enum { PSK, CERT, JPAKE, WITH_CID };
enum { PAIR, SERVER, CLIENT };
enum { SMALL = 16, SLOW = 32 };
enum { DATAGRAM, SAY, WAIT, SHUT, LINK_DOWN, LINK_UP, REOPEN, ITEMS }; /* items: kind, length (2), bytes */

static imp_rd input;

static void must(int holds, const char *what, const struct end *e)
{
	if (holds)
		return;
	fprintf(stderr, "%s: %s\n", what, e->s ? imp_session_where(e->s) : "");
	abort();
}

static void sound(const struct end *e)
{
	must(!e->s || (imp_session_status(e->s) == IMP_OK && !imp_session_where(e->s)[0]), "a peer broke the layer", e);
}

static int tamper(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	uint8_t what = imp_rd_u8(&input);
	imp_span s;
	size_t at;
	switch (what & 7) {
	case 3:
		return 0;
	case 4:
		net_put(n, to, bytes, *len);
		return 1;
	case 5:
		at = imp_rd_be16(&input) % *len;
		bytes[at] = (uint8_t)(bytes[at] ^ (imp_rd_u8(&input) | 1));
		return 1;
	case 6:
		*len = 1 + imp_rd_be16(&input) % *len;
		return 1;
	case 7:
		s = imp_rd_bytes(&input, imp_rd_u8(&input));
		if (!s.len)
			return 0;
		memcpy(bytes, s.ptr, s.len);
		*len = s.len;
		return 1;
	}
	return 1;
}

static void pair(struct net *n)
{
	n->tamper = tamper;
	net_open(n, "coaps://h");
	net_run(n, 20000);
	net_say(n, &n->client, "ping");
	net_say(n, &n->server, "pong");
	net_run(n, 20000);
	must(n->client.ups <= 1 || n->client.downs, "UP twice", &n->client);
	if (input.err || !imp_rd_left(&input))
		return;
	net_open(n, "coaps://h"); /* once more, beside the server's live keys */
	net_run(n, 20000);
}

static void item(struct net *n, struct end *e, int kind, imp_span data)
{
	imp_msg m = imp_say(IMP_SHUT, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	char text[64];
	switch (kind) {
	case DATAGRAM:
		net_put(n, e->server, data.ptr, data.len);
		net_run(n, 5);
		return;
	case SAY:
		snprintf(text, sizeof text, "%.*s", (int)data.len, (const char *)data.ptr);
		net_say(n, e, text);
		return;
	case WAIT:
		net_run(n, 1000u * (uint64_t)(data.len + 1));
		return;
	case REOPEN:
		if (!e->server)
			net_open(n, "coaps://h");
		return;
	case LINK_DOWN:
		m.verb = IMP_DOWN;
		break;
	case LINK_UP:
		m.verb = IMP_UP;
		m.code = data.len ? data.ptr[0] : 0;
		break;
	}
	net_feed(n, e, &m);
}

/* What the session sends goes nowhere. */
static int swallow(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	(void)n, (void)to, (void)bytes, (void)len;
	return 0;
}

static void alone(struct net *n, int server)
{
	struct end *e = server ? &n->server : &n->client;
	n->tamper = swallow;
	if (!server)
		net_open(n, "coaps://h");
	while (imp_rd_left(&input)) {
		int kind = imp_rd_u8(&input) % ITEMS;
		size_t len = imp_rd_be16(&input);
		item(n, e, kind, imp_rd_bytes(&input, len > imp_rd_left(&input) ? imp_rd_left(&input) : len));
		sound(e);
	}
	net_run(n, 20000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t cid[] = {0xa1, 0x63, 'c', 'i', 'd', 0xf5};
	static const imp_layer *const layers[] = {&imp_dtls_psk, &imp_dtls, &imp_dtls_jpake, &imp_dtls};
	static void (*const know[])(struct end *) = {know_psk, know_cert, know_password, know_psk};
	static struct net n;
	int what = size ? data[0] & 3 : 0, game = size ? data[0] >> 2 & 3 : 0;
	if (size < 2 || size > 8192)
		return 0;
	kit_crypto = &imp_fake;
	input = imp_rd_of(imp_bytes(data + 1, size - 1));
	net_begin(&n, layers[what], layers[what], 1);
	know[what](&n.client);
	know[what](&n.server);
	if (what == WITH_CID) {
		n.client.options = n.server.options = imp_bytes(cid, sizeof cid);
		n.server.suite = IMP_DTLS_ECDHE_PSK_CBC;
	}
	if (data[0] & SMALL)
		net_mtu(&n, 120);
	if (data[0] & SLOW)
		n.think = 3000;
	if (game == SERVER || game == CLIENT)
		alone(&n, game == SERVER);
	else
		pair(&n);
	sound(&n.client);
	sound(&n.server);
	net_end(&n);
	return 0;
}
