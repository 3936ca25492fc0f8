/* bad.c -- what hostile peers and networks send: cookies, fragments, replays,
 * epochs, identities, points, proofs, bits. */
#include "crypto.h"
#include "dtls-kit.h"
#include "dtls_in.h"
#include "t.h"

#include <malloc.h>
#include <stdlib.h>

static void begin(struct net *n, const imp_layer *c, const imp_layer *s, void (*know)(struct end *))
{
	net_begin(n, c, s, 11);
	know(&n->client);
	know(&n->server);
}

static void connect(struct net *n)
{
	net_open(n, "coaps://[::1]");
	net_run(n, 400000);
}

/* --- cookies ---------------------------------------------------------------------- */

struct kept { uint8_t bytes[KIT_DATAGRAM]; size_t len; int seen; };

/* Keep the client's second datagram, the hello with its cookie; drop it. */
static int keep_second(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	struct kept *k = n->user;
	if (!to || ++k->seen < 2)
		return 1;
	if (k->seen == 2) {
		memcpy(k->bytes, bytes, *len);
		k->len = *len;
	}
	return 0;
}

static int sorted(struct net *n, const uint8_t *bytes, size_t len, const uint8_t *address, size_t address_len, size_t *reply_len)
{
	uint8_t key[24], buf[256];
	size_t key_len;
	imp_span hint;
	imp_msg reply = {0}, rx = imp_say(IMP_RX, 0, 0, 0, imp_bytes(address, address_len), imp_bytes(bytes, len));
	int kind = imp_dtls.triage(kit_crypto, imp_bytes(n->secret, 64), 0, &rx, key, &key_len, &hint, &reply, buf, sizeof buf);
	*reply_len = reply.data.len;
	return kind;
}

static void cookies(void)
{
	struct net n;
	struct kept k = {.seen = 0};
	uint8_t wrong[KIT_DATAGRAM];
	size_t len, at = 13 + 12 + 36;
	int refused = 0;
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.user = &k;
	n.tamper = keep_second;
	connect(&n);
	t_check("the hello with its cookie is FRESH", k.len && sorted(&n, k.bytes, k.len, n.address, 6, &len) == IMP_FRESH, "");
	t_check("... from another port it is not: BOUNCE", sorted(&n, k.bytes, k.len, (const uint8_t *)"\x7f\0\0\1\x16\x35", 6, &len) == IMP_BOUNCE, "");
	t_check("... from another address neither", sorted(&n, k.bytes, k.len, (const uint8_t *)"\x7f\0\0\2\x16\x34", 6, &len) == IMP_BOUNCE, "");
	for (size_t i = 0; i < 16; i++) {
		memcpy(wrong, k.bytes, k.len);
		wrong[at + i] ^= 1;
		refused += sorted(&n, wrong, k.len, n.address, 6, &len) == IMP_BOUNCE;
	}
	t_check("forged cookies, a bit in each byte: BOUNCE", refused == 16, "");
	memcpy(wrong, k.bytes, k.len);
	wrong[13 + 12 + 2] ^= 1;
	t_check("a cookie for another random number: BOUNCE", sorted(&n, wrong, k.len, n.address, 6, &len) == IMP_BOUNCE, "");
	memcpy(n.secret + 32, n.secret, 32);
	memset(n.secret, 7, 32);
	t_check("the host's previous secret still counts", sorted(&n, k.bytes, k.len, n.address, 6, &len) == IMP_FRESH, "");
	memset(n.secret + 32, 8, 32);
	t_check("... the one before it does not", sorted(&n, k.bytes, k.len, n.address, 6, &len) == IMP_BOUNCE, "");
	net_end(&n);
}

static void amplification(void)
{
	struct net n;
	struct kept k = {.seen = 1};
	size_t reply, worst_reply = 0, worst = 1;
	int more = 0;
	char text[80];
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.user = &k;
	n.tamper = keep_second; /* its first, here */
	net_open(&n, "coaps://[::1]");
	for (size_t len = 0; len <= k.len; len++) {
		uint8_t b[KIT_DATAGRAM];
		memcpy(b, k.bytes, len);
		if (len >= 25) { /* make it a whole record with a first fragment */
			b[11] = (uint8_t)((len - 13) >> 8);
			b[12] = (uint8_t)(len - 13);
			imp_dtls_put_be24(b + 22, len - 25);
		}
		sorted(&n, b, len, n.address, 6, &reply);
		more += reply > len;
		if (reply * worst > worst_reply * len) {
			worst_reply = reply;
			worst = len;
		}
	}
	snprintf(text, sizeof text, "at most %d bytes for %d", (int)worst_reply, (int)worst);
	t_check("before the cookie no answer is longer than what it answers", worst_reply > 0 && !more, text);
	net_end(&n);
}

static void half_open(void)
{
	enum { MANY = 100000 };
	struct net n;
	struct kept k = {.seen = 1};
	size_t reply, before, after;
	int bounced = 0;
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.user = &k;
	n.tamper = keep_second;
	net_open(&n, "coaps://[::1]");
	before = mallinfo2().uordblks;
	for (uint32_t i = 0; i < MANY; i++) {
		uint8_t address[6] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 1, 2};
		bounced += sorted(&n, k.bytes, k.len, address, 6, &reply) == IMP_BOUNCE;
	}
	after = mallinfo2().uordblks;
	t_check("100,000 half-open handshakes take 0 bytes", bounced == MANY && after == before && !n.server.s, "");
	net_end(&n);
}

/* --- fragments ----------------------------------------------------------------------- */

static void fragments(void)
{
	static const uint8_t a[40] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, b[40] = {99, 98, 97, 96, 95, 94, 93, 92, 91, 90};
	static uint64_t room[sizeof(struct imp_dtls) / 8 + 64];
	struct imp_dtls *s = (struct imp_dtls *)(void *)room;
	struct imp_dtls_fragment f;
	imp_span whole;
	s->in_cap = 256;
	f = (struct imp_dtls_fragment){1, 0, 10, 0, {a, 6}};
	imp_dtls_collect(s, &f);
	f = (struct imp_dtls_fragment){1, 0, 10, 4, {b, 4}};
	imp_dtls_collect(s, &f);
	f = (struct imp_dtls_fragment){1, 0, 10, 8, {a + 8, 2}};
	imp_dtls_collect(s, &f);
	whole = imp_dtls_next(s);
	t_check("fragments that overlap: what came first stays", whole.len == 22 && !memcmp(whole.ptr + 12, "\1\2\3\4\5\6\x61\x60\x09\x0a", 10), "");
	f = (struct imp_dtls_fragment){2, 0, 10, 0, {b, 10}};
	imp_dtls_collect(s, &f);
	f = (struct imp_dtls_fragment){1, 0, 11, 0, {b, 11}};
	imp_dtls_collect(s, &f);
	t_check("... one of another type or length is not of this message", imp_same(whole, imp_dtls_next(s)) && whole.ptr[12] == 1, "");
	f = (struct imp_dtls_fragment){1, 0, 0xffffff, 0, {b, 1}};
	t_check("a message of 16 MB is refused if it is its turn", (imp_dtls_drop(s), s->next_in == 1) && (f.seq = 1, imp_dtls_collect(s, &f)) == IMP_ENOSPC, "");
	f.seq = 2;
	t_check("... and passed over if not", imp_dtls_collect(s, &f) == IMP_OK && s->in_len == 0, "");
	for (unsigned i = 0; i < 65536; i++) {
		f = (struct imp_dtls_fragment){1, (uint16_t)i, 60, i % 60, {b, 1}};
		imp_dtls_collect(s, &f);
	}
	t_check("65,536 fragments of as many messages fill what there is and no more", s->in_len <= 256, "");
	for (uint32_t i = 0; i < 60; i++) {
		f = (struct imp_dtls_fragment){1, 1, 60, i, {b, 1}};
		imp_dtls_collect(s, &f);
	}
	t_check("... and the message whose turn it is still gets through", imp_dtls_next(s).len == 72, "");
}

/* --- records -------------------------------------------------------------------------- */

struct recorded { struct kept k[64]; int n; };

static int record_all(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	struct recorded *r = n->user;
	if (to && r->n < 64) {
		memcpy(r->k[r->n].bytes, bytes, *len);
		r->k[r->n++].len = *len;
	}
	return 1;
}

static void replays(void)
{
	static struct recorded r;
	struct net n;
	int heard;
	uint8_t bytes[KIT_DATAGRAM];
	memset(&r, 0, sizeof r);
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.user = &r;
	n.tamper = record_all;
	connect(&n);
	for (int i = 0; i < 5; i++)
		net_say(&n, &n.client, "once");
	net_run(&n, 1000);
	heard = n.server.got_n;
	for (int i = 0; i < r.n; i++)
		net_put(&n, 1, r.k[i].bytes, r.k[i].len);
	net_run(&n, 400000);
	t_check("the whole conversation once more: nothing is heard twice", heard == 5 && n.server.got_n == 5 && n.server.ups == 1 && n.server.downs == 0, "");
	memcpy(bytes, r.k[r.n - 1].bytes, r.k[r.n - 1].len);
	bytes[10] ^= 0x40; /* another number: forged */
	net_put(&n, 1, bytes, r.k[r.n - 1].len);
	bytes[10] ^= 0x40;
	bytes[4] = 0; /* epoch 0 */
	net_put(&n, 1, bytes, r.k[r.n - 1].len);
	bytes[4] = 2;
	net_put(&n, 1, bytes, r.k[r.n - 1].len);
	net_run(&n, 1000);
	t_check("data under another number, in epoch 0 or in epoch 2 is dropped", n.server.got_n == 5 && n.server.downs == 0, "");
	net_put(&n, 1, (const uint8_t *)"\x15\xfe\xfd\0\0\0\0\0\0\0\x63\0\2\2\x28", 15);
	net_put(&n, 1, (const uint8_t *)"\x15\xfe\xfd\0\0\0\0\0\0\0\x64\0\2\1\0", 15);
	net_put(&n, 0, (const uint8_t *)"\x15\xfe\xfd\0\0\0\0\0\0\0\x63\0\2\2\x28", 15);
	net_put(&n, 0, (const uint8_t *)"\x14\xfe\xfd\0\0\0\0\0\0\0\x64\0\1\1", 14);
	net_run(&n, 1000);
	net_say(&n, &n.client, "alive");
	net_run(&n, 1000);
	t_check("alerts and ChangeCipherSpec in the clear do not touch a live association", n.server.downs == 0 && n.client.downs == 0 && net_heard(&n.server, "alive"), "");
	net_end(&n);
}

/* A plain Finished right after the client's hello. */
static int early_finished(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	static const uint8_t finished[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 24, 20, 0, 0, 12, 0, 2, 0, 0, 0, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	static const uint8_t ccs[] = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 1};
	(void)bytes, (void)len;
	net_put(n, to, ccs, sizeof ccs);
	net_put(n, to, finished, sizeof finished);
	return 1;
}

static void epochs(void)
{
	struct net n;
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.tamper = early_finished;
	connect(&n);
	t_check("Finished in the clear and ChangeCipherSpec too early change nothing", n.client.ups == 1 && n.server.ups == 1 && !memcmp(n.client.block, n.server.block, 40), "");
	net_end(&n);
}

/* The client's ChangeCipherSpec arrives, its Finished does not. */
static int cut_finished(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	(void)n;
	for (size_t at = 0; to && at + 13 < *len; at += 13u + bytes[at + 12])
		if (bytes[at] == IMP_DTLS_CCS)
			*len = at + 14;
	return 1;
}

/* Keys that no Finished has proven do not end a live association. */
static void unproven_alert(void)
{
	struct net n;
	imp_msg shut = imp_say(IMP_SHUT, 0, 0, 0, imp_bytes(NULL, 0), imp_bytes(NULL, 0));
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	connect(&n);
	n.tamper = cut_finished;
	net_open(&n, "coaps://server");
	net_run(&n, 500);
	net_feed(&n, &n.client, &shut);
	net_run(&n, 500);
	t_check("an alert under keys that are not proven yet does not touch a live association", n.server.ups == 1 && n.server.downs == 0 && n.server.asks >= 3, "");
	net_end(&n);
}

/* A hello with a made-up cookie, behind a record or a fragment that triage()
 * lets through: nobody has proven that address. */
static void hidden_hello(void)
{
	static const uint8_t data[] = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 99, 0, 1, 0};
	struct net n;
	struct kept k = {.seen = 0};
	uint8_t bytes[KIT_DATAGRAM];
	size_t len;
	int asks, sent;
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.user = &k;
	n.tamper = keep_second;
	connect(&n);
	net_end(&n);
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	connect(&n);
	asks = n.server.asks;
	sent = n.server.datagrams;
	k.bytes[13 + 12 + 2] ^= 1; /* another random number: its cookie is a forgery now */
	memcpy(bytes, data, sizeof data);
	memcpy(bytes + sizeof data, k.bytes, k.len);
	net_put(&n, 1, bytes, sizeof data + k.len);
	memcpy(bytes, k.bytes, 13);
	imp_dtls_put_fragment(bytes + 13, IMP_DTLS_FINISHED, 2, 0, 0, 0);
	memcpy(bytes + 25, k.bytes + 13, k.len - 13);
	len = k.len + 12;
	bytes[11] = (uint8_t)((len - 13) >> 8);
	bytes[12] = (uint8_t)(len - 13);
	net_put(&n, 1, bytes, len);
	net_run(&n, 10000);
	t_check("a hello behind another record or fragment, its cookie forged, begins nothing", k.len && n.server.asks == asks && n.server.datagrams == sent, "");
	net_end(&n);
}

/* --- keys and passwords -------------------------------------------------------------------- */

static void secrets(void)
{
	struct net n;
	static const uint8_t other[16] = {7};
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.client.identity = imp_bytes("nobody", 6);
	connect(&n);
	t_check("an unknown PSK identity: alert 115, nobody is UP", n.client.ups + n.server.ups == 0 && n.client.down == IMP_EPEER && n.client.down_topic == 115 && n.server.down == IMP_EFACT, "");
	net_end(&n);
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.client.psk = imp_bytes(other, sizeof other);
	connect(&n);
	t_check("a wrong PSK: EAUTH, alert 20", n.client.ups + n.server.ups == 0 && n.server.down == IMP_EAUTH && n.client.down_topic == 20, "");
	net_end(&n);
	begin(&n, &imp_dtls_jpake_client, &imp_dtls_jpake, know_password);
	n.client.password = imp_bytes("J01NMF", 6);
	connect(&n);
	t_check("a wrong password: EAUTH, alert 20", n.client.ups + n.server.ups == 0 && n.server.down == IMP_EAUTH && n.client.down_topic == 20, "");
	net_end(&n);
	begin(&n, &imp_dtls_psk_client, &imp_dtls_psk, know_psk);
	n.client.psk = imp_bytes(NULL, 0);
	connect(&n);
	t_check("a client without a key gives up", n.client.ups == 0 && n.client.down == IMP_EFACT, "");
	net_end(&n);
	begin(&n, &imp_dtls, &imp_dtls, know_cert);
	n.client.verify = IMP_EAUTH;
	connect(&n);
	t_check("a server's certificate that the host refuses: alert 48, nobody is UP", n.client.ups + n.server.ups == 0 && n.server.down == IMP_EPEER && n.server.down_topic == 48, "");
	net_end(&n);
	begin(&n, &imp_dtls, &imp_dtls, know_cert);
	n.client.chain = imp_bytes(NULL, 0);
	n.server.verify = IMP_EDENIED;
	connect(&n);
	t_check("a client without a certificate is for the host to judge", n.server.ups == 0 && n.server.verified_len == 0 && n.server.down == IMP_EDENIED, "");
	net_end(&n);
	begin(&n, &imp_dtls, &imp_dtls, know_cert);
	n.client.key = n.server.key;
	connect(&n);
	t_check("a client's proof with another key than its certificate's: EAUTH", n.server.ups == 0 && n.server.down == IMP_EAUTH, "");
	net_end(&n);
}

/* --- handshake messages, changed on their way ------------------------------------------------ */

struct change {
	uint8_t type;      /* message */
	int to_server;
	int at;            /* byte of its body; negative: from the end */
	uint8_t bytes[70];
	size_t len;        /* 0: xor with bytes[0] */
	int done;
};

/* Messages lie whole in records: datagrams are large here. */
static int change(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	struct change *c = n->user;
	if (to != c->to_server)
		return 1;
	for (size_t r = 0; r + 13 <= *len; r += 13u + (size_t)(bytes[r + 11] << 8 | bytes[r + 12])) {
		uint8_t *m = bytes + r + 13;
		size_t body = imp_dtls_be24(m + 1), at = c->at < 0 ? body - (size_t)-c->at : (size_t)c->at;
		if (bytes[r] != 22 || bytes[r + 4] || m[0] != c->type)
			continue;
		if (c->len)
			memcpy(m + 12 + at, c->bytes, c->len);
		else
			m[12 + at] ^= c->bytes[0];
		c->done = 1;
	}
	return 1;
}

static void changed(void)
{
	enum { SH = 2, SKE = 12, CKE = 16, CERT = 11, CV = 15 };
	static const struct { const char *what; const imp_layer *y; void (*know)(struct end *); struct change c; } rows[] = {
		{"ServerHello with version 1.0", &imp_dtls_psk, know_psk, {SH, 0, 0, "\xfe\xff", 2, 0}},
		{"... with a suite that was not offered", &imp_dtls_psk, know_psk, {SH, 0, 35, "\xc0\xae", 2, 0}},
		{"... with compression", &imp_dtls_psk, know_psk, {SH, 0, 37, "\1", 1, 0}},
		{"... with a changed random number", &imp_dtls_psk, know_psk, {SH, 0, 2, "\1", 0, 0}},
		{"... without the extended master secret that was sent", &imp_dtls_psk, know_psk, {SH, 0, -1, "\1", 0, 0}},
		{"ServerKeyExchange with another curve", &imp_dtls, know_cert, {SKE, 0, 2, "\x18", 1, 0}},
		{"... with a point of zeros", &imp_dtls, know_cert, {SKE, 0, 5, "", 64, 0}},
		{"... with a signature that is wrong in its last byte", &imp_dtls, know_cert, {SKE, 0, -1, "\1", 0, 0}},
		{"... with another signature algorithm", &imp_dtls, know_cert, {SKE, 0, 69, "\4\1", 2, 0}},
		{"ClientKeyExchange with a point of zeros", &imp_dtls, know_cert, {CKE, 1, 2, "", 64, 0}},
		{"... with a point off the curve", &imp_dtls, know_cert, {CKE, 1, -1, "\1", 0, 0}},
		{"... with a compressed point", &imp_dtls, know_cert, {CKE, 1, 1, "\2", 1, 0}},
		{"... with a wrong length", &imp_dtls, know_cert, {CKE, 1, 0, "\x40", 1, 0}},
		{"Certificate with a changed key", &imp_dtls, know_raw, {CERT, 1, -1, "\1", 0, 0}},
		{"... that is no certificate", &imp_dtls, know_cert, {CERT, 0, 6, "\x31", 1, 0}},
		{"CertificateVerify with a wrong signature", &imp_dtls, know_cert, {CV, 1, -1, "\1", 0, 0}},
		{"EC-JPAKE: round two with a point of zeros", &imp_dtls_jpake, know_password, {SKE, 0, 5, "", 64, 0}},
		{"... with a wrong proof", &imp_dtls_jpake, know_password, {SKE, 0, -1, "\1", 0, 0}},
		{"... with a proof of zeros", &imp_dtls_jpake, know_password, {SKE, 0, -32, "", 32, 0}},
		{"... with a wrong commitment", &imp_dtls_jpake, know_password, {SKE, 0, -34, "\1", 0, 0}},
		{"... the client's with a wrong proof", &imp_dtls_jpake, know_password, {CKE, 1, -1, "\1", 0, 0}},
		{"... the client's off the curve", &imp_dtls_jpake, know_password, {CKE, 1, 64, "\1", 0, 0}},
		{"EC-JPAKE: round one with a wrong proof", &imp_dtls_jpake, know_password, {SH, 0, -1, "\1", 0, 0}},
		{"... with its first point of zeros", &imp_dtls_jpake, know_password, {SH, 0, -328, "", 64, 0}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct net n;
		struct change c = rows[i].c;
		char text[80];
		begin(&n, rows[i].y, rows[i].y, rows[i].know);
		n.user = &c;
		n.tamper = change;
		connect(&n);
		snprintf(text, sizeof text, "client %d alert %u, server %d alert %u", n.client.down, n.client.down_topic, n.server.down, n.server.down_topic);
		t_check(rows[i].what, c.done && n.client.ups + n.server.ups == 0 && n.client.downs == 1, text);
		net_end(&n);
	}
}

/* The client's own round one comes back to it as the server's. */
static int reflect(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	struct kept *k = n->user;
	size_t proofs = 330; /* four points and two scalars twice, with their lengths */
	if (to && bytes[13] == 1) {
		memcpy(k->bytes, bytes + *len - proofs, proofs);
	} else if (!to && bytes[13] == 2) {
		size_t end = 25 + imp_dtls_be24(bytes + 14);
		memcpy(bytes + end - proofs, k->bytes, proofs);
		k->seen = 1;
	}
	return 1;
}

static void swapped(void)
{
	struct net n;
	struct kept k = {.seen = 0};
	begin(&n, &imp_dtls_jpake_client, &imp_dtls_jpake, know_password);
	n.user = &k;
	n.tamper = reflect;
	connect(&n);
	t_check("EC-JPAKE: the client's own proofs, sent back as the server's, are refused", k.seen && n.client.ups == 0 && n.client.down == IMP_EAUTH, "");
	net_end(&n);
}

/* --- one bit, anywhere ------------------------------------------------------------------------- */

struct flip { int which, count; uint32_t bit; };

static int flip(struct net *n, int to, uint8_t *bytes, size_t *len)
{
	struct flip *f = n->user;
	(void)to;
	if (f->count++ == f->which)
		bytes[f->bit / 8 % *len] ^= (uint8_t)(1u << f->bit % 8);
	return 1;
}

static void bits(const char *name, const imp_layer *y, void (*know)(struct end *))
{
	enum { RUNS = 600 };
	int up = 0, failed = 0, wrong = 0;
	char claim[120], text[80];
	for (int i = 0; i < RUNS; i++) {
		struct net n;
		struct flip f = {i % 6, 0, 0};
		begin(&n, y, y, know);
		n.chance = (uint32_t)i;
		f.bit = net_chance(&n);
		n.user = &f;
		n.tamper = flip;
		connect(&n);
		if (n.client.ups && n.server.ups && n.client.ups == n.server.ups)
			up++;
		else
			failed++;
		wrong += n.client.ups && n.server.ups && memcmp(n.client.block, n.server.block, 40) != 0;
		net_end(&n);
	}
	snprintf(claim, sizeof claim, "%s: %d handshakes with one bit flipped: both sides agree or fail", name, RUNS);
	snprintf(text, sizeof text, "%d agreed, %d failed", up, failed);
	t_check(claim, !wrong && up + failed == RUNS, text);
}

/* --- connection ids ------------------------------------------------------------------------------ */

static void connection_ids(const imp_layer *y, uint16_t suite)
{
	static const uint8_t on[] = {0xa1, 0x63, 'c', 'i', 'd', 0xf5};
	static struct recorded r;
	struct net n;
	char claim[80];
	memset(&r, 0, sizeof r);
	begin(&n, y, y, know_psk);
	n.client.options = n.server.options = imp_bytes(on, sizeof on);
	n.server.suite = suite;
	n.user = &r;
	n.tamper = record_all;
	connect(&n);
	net_say(&n, &n.client, "first");
	net_run(&n, 1000);
	snprintf(claim, sizeof claim, "%04x with connection ids: data, and a route to the session", n.client.channel_suite);
	t_check(claim, net_heard(&n.server, "first") && r.k[r.n - 1].bytes[0] == 25 && n.server.route_len == 9 && n.server.route[0] == 25 && !memcmp(n.server.route + 1, r.k[r.n - 1].bytes + 11, 8), "");
	memcpy(n.address, "\x0a\0\0\x07\x11\x11", 6);
	net_say(&n, &n.client, "moved");
	net_run(&n, 1000);
	net_say(&n, &n.server, "found");
	net_run(&n, 1000);
	t_check("... a client that moved is heard and answered where it is", net_heard(&n.server, "moved") && net_heard(&n.client, "found") && !memcmp(n.server.to, n.address, 6), "");
	memcpy(n.address, "\x0a\0\0\x08\x22\x22", 6);
	net_put(&n, 1, r.k[r.n - 1].bytes, r.k[r.n - 1].len);
	net_run(&n, 1000);
	net_say(&n, &n.server, "still");
	t_check("... an old record from elsewhere moves nobody", !memcmp(n.server.to, "\x0a\0\0\x07\x11\x11", 6), "");
	net_end(&n);
}

int main(void)
{
	kit_crypto = &imp_openssl;
	cookies();
	amplification();
	half_open();
	fragments();
	replays();
	epochs();
	unproven_alert();
	hidden_hello();
	secrets();
	changed();
	swapped();
	bits("C0A8", &imp_dtls_psk, know_psk);
	bits("C0AE", &imp_dtls, know_cert);
	bits("C0FF", &imp_dtls_jpake, know_password);
	connection_ids(&imp_dtls_psk, 0);
	connection_ids(&imp_dtls, IMP_DTLS_PSK_CCM8);
	connection_ids(&imp_dtls, IMP_DTLS_ECDHE_PSK_CBC);
	return t_end();
}
